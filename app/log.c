/**
 * @file app/log.c  The log: one file, never the terminal
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <re.h>
#include "app/log.h"
#include "app/text_model.h"

enum {
	TEXT_MAX  = 4096,               /* One line [bytes]              */
	LIMIT_MIN = 4096,
	LIMIT_DEF = 5 * 1024 * 1024,
	PATH_SZ   = 4096,
};

static struct {
	int fd;                 /* -1: standard error                    */
	enum applog_level min;
	size_t size;            /* Bytes in the file                     */
	size_t limit;
	char path[PATH_SZ];
} lg = {-1, APPLOG_INFO, 0, LIMIT_DEF, ""};


static int file_open(int *fdp, size_t *sizep, const char *path)
{
	struct stat st;
	int err = 0, fd;

	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW |
		  O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (fd < 0)
		return errno;

	if (fstat(fd, &st)) {
		err = errno;
	}
	else if (!S_ISREG(st.st_mode)) {
		err = EINVAL;
	}
	else if (st.st_mode & 077 && fchmod(fd, 0600)) {
		/* an older log of ours, made with another umask */
		err = errno;
	}

	if (err) {
		(void)close(fd);
	}
	else {
		*fdp   = fd;
		*sizep = (size_t)st.st_size;
	}

	return err;
}


/* What cannot be rotated goes on growing: a log is worth more than a limit */
static void rotate(void)
{
	char old[PATH_SZ + 2];
	size_t size;
	int fd;

	(void)snprintf(old, sizeof(old), "%s.1", lg.path);

	if (rename(lg.path, old) || file_open(&fd, &size, lg.path)) {
		lg.size = 0;    /* try again after as many bytes */
		return;
	}

	(void)close(lg.fd);
	lg.fd   = fd;
	lg.size = size;
}


int applog_open(const char *path, enum applog_level min)
{
	size_t size = 0;
	int err, fd = -1;

	if (path) {
		if (strlen(path) >= sizeof(lg.path))
			return ENAMETOOLONG;

		err = file_open(&fd, &size, path);
		if (err)
			return err;
	}

	applog_close();

	lg.fd   = fd;
	lg.min  = min;
	lg.size = size;
	str_ncpy(lg.path, path ? path : "", sizeof(lg.path));

	return 0;
}


void applog_level(enum applog_level min)
{
	lg.min = min;
}


void applog_close(void)
{
	if (lg.fd >= 0)
		(void)close(lg.fd);

	lg.fd      = -1;
	lg.min     = APPLOG_INFO;
	lg.size    = 0;
	lg.path[0] = '\0';
}


void applog_limit(size_t bytes)
{
	if (!bytes)
		bytes = LIMIT_DEF;

	lg.limit = bytes < LIMIT_MIN ? LIMIT_MIN : bytes;
}


static const char *level_name(enum applog_level level)
{
	switch (level) {

	case APPLOG_DEBUG: return "DEBUG";
	case APPLOG_INFO:  return "INFO";
	case APPLOG_WARN:  return "WARN";
	case APPLOG_ERROR: return "ERROR";
	}

	return "?";
}


static size_t stamp(char *buf, size_t size, enum applog_level level)
{
	struct timespec ts = {0, 0};
	struct tm tm;
	int n;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	memset(&tm, 0, sizeof(tm));
	(void)localtime_r(&ts.tv_sec, &tm);

	n = snprintf(buf, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03d %s ",
		     tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
		     tm.tm_hour, tm.tm_min, tm.tm_sec,
		     (int)(ts.tv_nsec / 1000000), level_name(level));

	return n > 0 && (size_t)n < size ? (size_t)n : 0;
}


struct cut {
	char *p;
	size_t left;
};


/* Cuts where libre's own would drop the whole piece that does not fit */
static int cut_handler(const char *p, size_t size, void *arg)
{
	struct cut *cut = arg;

	if (size > cut->left)
		size = cut->left;

	memcpy(cut->p, p, size);
	cut->p    += size;
	cut->left -= size;

	return 0;
}


void applog(enum applog_level level, const char *fmt, ...)
{
	char line[TEXT_MAX + 128], text[TEXT_MAX];
	const int errno_saved = errno;
	struct cut cut = {text, sizeof(text)};
	size_t len, textlen;
	va_list ap;

	if (!fmt || level < lg.min)
		return;

	va_start(ap, fmt);
	(void)re_vhprintf(fmt, ap, cut_handler, &cut);
	va_end(ap);

	textlen = sizeof(text) - cut.left;
	while (textlen && (text[textlen - 1] == '\n' ||
			   text[textlen - 1] == '\r'))
		--textlen;

	len  = stamp(line, sizeof(line) - 1, level);
	len += uchar_clean(line + len, sizeof(line) - 1 - len, text, textlen);
	line[len++] = '\n';

	if (lg.fd >= 0 && lg.size && lg.size + len > lg.limit)
		rotate();

	/* one write: lines of two programs in one file do not mix */
	if (write(lg.fd >= 0 ? lg.fd : STDERR_FILENO, line, len) > 0)
		lg.size += len;

	errno = errno_saved;
}
