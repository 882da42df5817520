/**
 * @file app/ctl.c  Control socket: commands and events for scripts
 *
 * Everything is non-blocking and bounded: a reader who does not read is
 * dropped, a writer who does not end his line is told so, and while a reply
 * waits to be read no further command is taken from that client.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1           /* struct ucred, accept4() */
#endif
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <re.h>
#include "app/clock.h"
#include "app/cmd.h"
#include "app/ctl.h"
#include "app/event.h"
#include "app/jsonw.h"
#include "app/log.h"
#include "app/status.h"

enum {
	OUT_KEEP = 65536,       /* A larger buffer is given back          */
	ACCEPT_BATCH = 8,       /* Connections taken per turn of the loop */
};

struct ctl {
	int fd;                 /* Listening socket                       */
	int lockfd;
	int sparefd;            /* To turn a client away when none is left */
	struct list connl;      /* struct conn                            */
	struct commands *commands;
	struct bus *bus;
	const struct clock *clock;
	struct ctl_place place;
	bool bound;
};

struct conn {
	struct le le;
	struct ctl *ctl;        /* NULL: closed, not to be used any more  */
	int fd;
	pid_t pid;              /* Of the other side, for the log         */
	struct mbuf *out;       /* From pos to end waits to be sent       */
	char in[COMMAND_LINE];
	size_t inlen;
	bool skip;              /* The rest of an over-long line          */
	bool eof;               /* No more commands will come             */
	bool events;
};

static void conn_handler(int flags, void *arg);


static void conn_destructor(void *arg)
{
	struct conn *conn = arg;

	mem_deref(conn->out);
}


/* Gone at once, freed when the last function that works on it is done */
static void conn_close(struct conn *conn)
{
	if (!conn->ctl)
		return;

	conn->ctl = NULL;
	list_unlink(&conn->le);
	fd_close(conn->fd);
	(void)close(conn->fd);
	conn->fd = -1;
	mem_deref(conn);
}


static size_t waiting(const struct conn *conn)
{
	return conn->out->end - conn->out->pos;
}


/* Wake us for what can be done next; may close the connection too */
static void conn_listen(struct conn *conn)
{
	int flags = FD_EXCEPT;

	if (waiting(conn))
		flags |= FD_WRITE;
	else if (!conn->eof)
		flags |= FD_READ;

	if (fd_listen(conn->fd, flags, conn_handler, conn))
		conn_close(conn);
}


/* Send what can be sent; may close the connection, so hold a reference */
static void conn_flush(struct conn *conn)
{
	struct mbuf *mb = conn->out;

	while (conn->ctl && waiting(conn)) {

		const ssize_t n = send(conn->fd, mb->buf + mb->pos,
				       waiting(conn),
				       MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			if (errno != EAGAIN && errno != EWOULDBLOCK)
				conn_close(conn);
			return;
		}

		mb->pos += (size_t)n;
	}

	if (mb->size > OUT_KEEP)
		mbuf_reset(mb);
	else
		mbuf_rewind(mb);
}


/* Put a line behind what waits; what is long sent gives its room back */
static int out_append(struct conn *conn, const struct mbuf *line)
{
	struct mbuf *mb = conn->out;
	size_t pos;
	int err;

	if (mb->pos > OUT_KEEP) {
		memmove(mb->buf, mb->buf + mb->pos, waiting(conn));
		mb->end -= mb->pos;
		mb->pos = 0;
	}

	pos = mb->pos;
	mb->pos = mb->end;
	err = mbuf_write_mem(mb, line->buf, line->end);
	mb->pos = pos;

	return err;
}


static int mbuf_handler(const char *p, size_t size, void *arg)
{
	struct mbuf *mb = arg;

	if (mb->end + size > CTL_REPLY_MAX)
		return ENOSPC;

	return mbuf_write_mem(mb, (const uint8_t *)p, size);
}


/* A line end between two members is allowed in JSON, but not in our lines;
   inside a string there is none */
static void one_line(struct mbuf *mb)
{
	size_t i;

	for (i = 0; i < mb->end; i++) {

		if (mb->buf[i] == '\n' || mb->buf[i] == '\r')
			mb->buf[i] = ' ';
	}
}


/* What the command printed, as one line of ours */
static int reply_encode(struct mbuf *line, struct mbuf *text, int cmd_err)
{
	struct re_printf pf = {mbuf_handler, line};
	char reason[128];
	const char *str;
	struct jsonw js;
	int err;

	one_line(text);

	/* an object: our first member goes before its own */
	if (!cmd_err && text->end > 1 && text->buf[0] == '{') {

		const bool empty = text->end == 2;

		err  = re_hprintf(&pf, "{\"ok\":true%s", empty ? "" : ",");
		err |= mbuf_handler((char *)text->buf + 1, text->end - 1,
				    line);
		goto out;
	}

	err = mbuf_write_u8(text, 0);
	if (err)
		return err;

	str = (char *)text->buf;

	jsonw_init(&js, &pf);
	jsonw_open(&js, NULL, '{');
	jsonw_bool(&js, "ok", !cmd_err);

	if (cmd_err)
		jsonw_str(&js, "error", *str ? str :
			  str_error(cmd_err, reason, sizeof(reason)));
	else if (*str)
		jsonw_str(&js, "text", str);

	jsonw_close(&js, '}');
	err = js.err;

 out:
	if (!err)
		err = mbuf_write_u8(line, '\n');

	return err;
}


static int print_help(struct re_printf *pf)
{
	struct jsonw js;
	int id;

	jsonw_init(&js, pf);
	jsonw_open(&js, NULL, '{');
	jsonw_open(&js, "commands", '[');

	for (id = COMMAND_NONE + 1; id < COMMAND_IDS; id++) {
		jsonw_open(&js, NULL, '{');
		jsonw_str(&js, "name", command_name(id));
		jsonw_str(&js, "args", command_args(id));
		jsonw_str(&js, "help", command_help(id));
		jsonw_close(&js, '}');
	}

	jsonw_close(&js, ']');
	jsonw_close(&js, '}');

	return js.err;
}


/* Carry a line out; the answer is in `text` */
static int run_line(struct conn *conn, struct mbuf *text, const char *line,
		    size_t len)
{
	struct re_printf pf = {mbuf_handler, text};
	struct command cmd;
	char buf[COMMAND_LINE], why[256];

	if (memchr(line, 0, len)) {
		(void)re_hprintf(&pf, "the line holds a NUL byte: only text"
				 " is expected");
		return EINVAL;
	}

	memcpy(buf, line, len);
	buf[len] = '\0';

	if (!command_decode(&cmd, buf, why, sizeof(why))) {

		if (cmd.id == COMMAND_EVENTS) {
			conn->events = true;
			return 0;
		}

		if (cmd.id == COMMAND_HELP)
			return print_help(&pf);
	}

	return commands_run(conn->ctl->commands, buf, &pf);
}


/* Every line gets exactly one answer, or the connection ends */
static void answer(struct conn *conn, struct mbuf *text, int cmd_err)
{
	struct mbuf *line;
	int err = ENOMEM;

	line = mbuf_alloc(text->end + 64);
	if (line)
		err = reply_encode(line, text, cmd_err);
	if (!err)
		err = out_append(conn, line);

	mem_deref(line);

	if (err) {
		applog(APPLOG_WARN, "ctl: no reply to pid %d: %m",
		       (int)conn->pid, err);
		conn_close(conn);
		return;
	}

	conn_flush(conn);
}


static void step_line(struct conn *conn, const char *line, size_t len)
{
	struct mbuf *text;
	int err;

	if (len && line[len - 1] == '\r')
		--len;

	text = mbuf_alloc(256);
	if (!text) {
		conn_close(conn);
		return;
	}

	err = run_line(conn, text, line, len);

	/* the command may have ended the phone */
	if (conn->ctl)
		answer(conn, text, err);

	mem_deref(text);
}


static void too_long(struct conn *conn)
{
	struct mbuf *text = mbuf_alloc(128);

	if (!text || mbuf_printf(text, "the line is too long: a command has"
				 " at most %u bytes",
				 (unsigned)COMMAND_LINE - 1))
		conn_close(conn);
	else
		answer(conn, text, E2BIG);

	mem_deref(text);
}


/* Take the lines that are there, as long as their answers can be sent */
static void step_lines(struct conn *conn)
{
	while (conn->ctl && !waiting(conn)) {

		char line[COMMAND_LINE];
		size_t len;
		char *nl = memchr(conn->in, '\n', conn->inlen);

		if (!nl) {
			if (conn->inlen < sizeof(conn->in))
				return;

			conn->inlen = 0;
			if (!conn->skip)
				too_long(conn);
			conn->skip = true;
			continue;
		}

		len = (size_t)(nl - conn->in);
		memcpy(line, conn->in, len);
		conn->inlen -= len + 1;
		memmove(conn->in, nl + 1, conn->inlen);

		if (conn->skip)
			conn->skip = false;
		else
			step_line(conn, line, len);
	}
}


static void conn_read(struct conn *conn)
{
	ssize_t n;

	do {
		n = recv(conn->fd, conn->in + conn->inlen,
			 sizeof(conn->in) - conn->inlen, MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);

	if (n > 0)
		conn->inlen += (size_t)n;
	else if (n == 0)
		conn->eof = true;
	else if (errno != EAGAIN && errno != EWOULDBLOCK)
		conn_close(conn);
}


static void conn_handler(int flags, void *arg)
{
	struct conn *conn = arg;

	mem_ref(conn);

	if (flags & FD_WRITE)
		conn_flush(conn);

	if (conn->ctl && flags & FD_READ && !waiting(conn) && !conn->eof &&
	    conn->inlen < sizeof(conn->in))
		conn_read(conn);

	step_lines(conn);

	/* nothing to read, and nobody to write to */
	if (conn->ctl && flags & FD_EXCEPT && !(flags & FD_READ))
		conn_close(conn);

	/* half closed: answers still go out, and events as long as wanted */
	if (conn->ctl && conn->eof && !waiting(conn) && !conn->events)
		conn_close(conn);

	if (conn->ctl)
		conn_listen(conn);

	mem_deref(conn);
}


static void event_handler(const struct event *ev, void *arg)
{
	struct ctl *ctl = arg;
	struct status_event se = {ev, 0};
	struct mbuf *line = NULL;
	struct re_printf pf;
	struct le *le;

	for (le = ctl->connl.head; le;) {

		struct conn *conn = le->data;

		le = le->next;

		if (!conn->events)
			continue;

		if (!line) {
			line = mbuf_alloc(512);
			if (!line)
				return;

			pf.vph = mbuf_handler;
			pf.arg = line;
			se.now_ms = clock_ms(ctl->clock);
			if (status_event_print(&pf, &se) ||
			    mbuf_write_u8(line, '\n'))
				break;
		}

		if (waiting(conn) + line->end > CTL_BACKLOG ||
		    out_append(conn, line)) {
			applog(APPLOG_WARN, "ctl: pid %d reads its events too"
			       " slowly, %zu bytes wait: dropped",
			       (int)conn->pid, waiting(conn));
			conn_close(conn);
			continue;
		}

		mem_ref(conn);
		conn_flush(conn);
		if (conn->ctl)
			conn_listen(conn);
		mem_deref(conn);
	}

	mem_deref(line);
}


static void turn_away(int fd, const char *why)
{
	char text[160];
	const int n = re_snprintf(text, sizeof(text),
				  "{\"ok\":false,\"error\":\"%s\"}\n", why);

	if (n > 0)
		(void)send(fd, text, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)close(fd);
}


/* The folder keeps others out; this holds where it cannot (a root's) */
static bool peer_ok(int fd, pid_t *pidp)
{
	struct ucred uc = {0, (uid_t)-1, (gid_t)-1};
	socklen_t len = sizeof(uc);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &uc, &len))
		return false;

	*pidp = uc.pid;

	return uc.uid == geteuid() || uc.uid == 0;
}


static void conn_accept(struct ctl *ctl, int fd)
{
	struct conn *conn = NULL;
	pid_t pid = 0;

	if (!peer_ok(fd, &pid)) {
		turn_away(fd, "this phone belongs to another user");
		return;
	}

	if (list_count(&ctl->connl) >= CTL_CLIENTS) {
		turn_away(fd, "too many programs talk to this phone already");
		return;
	}

	conn = mem_zalloc(sizeof(*conn), conn_destructor);
	if (conn)
		conn->out = mbuf_alloc(512);
	if (!conn || !conn->out) {
		mem_deref(conn);
		turn_away(fd, "out of memory");
		return;
	}

	conn->fd  = fd;
	conn->pid = pid;
	conn->ctl = ctl;
	list_append(&ctl->connl, &conn->le, conn);
	conn_listen(conn);
}


static void accept_handler(int flags, void *arg)
{
	struct ctl *ctl = arg;
	int i;
	(void)flags;

	for (i = 0; i < ACCEPT_BATCH; i++) {

		const int fd = accept4(ctl->fd, NULL, NULL,
				       SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			conn_accept(ctl, fd);
			continue;
		}

		if (errno == EINTR || errno == ECONNABORTED)
			continue;

		/* without a descriptor the connection would stay in the
		   queue and wake us without end */
		if ((errno == EMFILE || errno == ENFILE) &&
		    ctl->sparefd >= 0) {

			int one;

			(void)close(ctl->sparefd);
			one = accept4(ctl->fd, NULL, NULL, SOCK_CLOEXEC);
			if (one >= 0)
				turn_away(one, "no more files can be opened");

			ctl->sparefd = open("/dev/null",
					    O_RDONLY | O_CLOEXEC);
		}

		return;
	}
}


static void destructor(void *arg)
{
	struct ctl *ctl = arg;

	bus_unlisten(ctl->bus, event_handler, ctl);

	while (!list_isempty(&ctl->connl)) {

		struct conn *conn = list_ledata(list_head(&ctl->connl));

		/* the last words, as far as they go out at once */
		mem_ref(conn);
		conn_flush(conn);
		conn_close(conn);
		mem_deref(conn);
	}

	if (ctl->fd >= 0) {
		fd_close(ctl->fd);
		(void)close(ctl->fd);
	}

	/* the lock is still ours, so the name is too */
	if (ctl->bound)
		(void)unlink(ctl->place.sock);

	if (ctl->lockfd >= 0)
		(void)close(ctl->lockfd);

	if (ctl->sparefd >= 0)
		(void)close(ctl->sparefd);
}


static int lock_open(int *fdp, const char *path, int flags)
{
	const int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW |
			    O_NONBLOCK | flags, 0600);
	int err;

	if (fd < 0)
		return errno;

	if (flock(fd, LOCK_EX | LOCK_NB)) {
		err = errno == EWOULDBLOCK ? EADDRINUSE : errno;
		*fdp = fd;
		return err;
	}

	*fdp = fd;

	return 0;
}


/* Who holds the lock wrote its pid into it */
static void say_running(char *err, size_t errsz, const char *dir, int fd)
{
	char pid[16];
	ssize_t n;

	n = pread(fd, pid, sizeof(pid) - 1, 0);
	pid[n > 0 ? n : 0] = '\0';
	pid[strspn(pid, "0123456789")] = '\0';

	(void)re_snprintf(err, errsz, "parkdeck is already running for %s%s%s",
			  dir, pid[0] ? ", pid " : "", pid);
}


/* The same folder under another name of the runtime folder: a phone that
   was started from a login and one that was not */
static int check_others(const char *dir, unsigned mine, char *err,
			size_t errsz)
{
	unsigned n;

	for (n = 0; n < CTL_PLACES; n++) {

		struct ctl_place place;
		int fd = -1, e;

		if (n == mine || ctl_place(&place, n, dir, false))
			continue;

		e = lock_open(&fd, place.lock, 0);
		if (e == EADDRINUSE)
			say_running(err, errsz, dir, fd);
		if (fd >= 0)
			(void)close(fd);
		if (e == EADDRINUSE)
			return e;
	}

	return 0;
}


static int lock(struct ctl *ctl, const char *dir, char *err, size_t errsz)
{
	char pid[16];
	int e, n;

	e = lock_open(&ctl->lockfd, ctl->place.lock, O_CREAT);
	if (e == EADDRINUSE) {
		say_running(err, errsz, dir, ctl->lockfd);
		return e;
	}

	if (e)
		return e;

	n = re_snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (ftruncate(ctl->lockfd, 0) ||
	    pwrite(ctl->lockfd, pid, (size_t)n, 0) != n)
		return errno ? errno : EIO;

	return 0;
}


static int listen_sock(struct ctl *ctl)
{
	struct sockaddr_un sun;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	str_ncpy(sun.sun_path, ctl->place.sock, sizeof(sun.sun_path));

	ctl->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			 0);
	if (ctl->fd < 0)
		return errno;

	/* left behind by a phone that died: nobody holds its lock */
	if (unlink(ctl->place.sock) && errno != ENOENT)
		return errno;

	/* before bind(2) already: Linux takes the modes over */
	if (fchmod(ctl->fd, 0600))
		return errno;

	if (bind(ctl->fd, (struct sockaddr *)&sun, sizeof(sun)))
		return errno;

	ctl->bound = true;

	if (chmod(ctl->place.sock, 0600) || listen(ctl->fd, CTL_CLIENTS))
		return errno;

	return fd_listen(ctl->fd, FD_READ, accept_handler, ctl);
}


int ctl_alloc(struct ctl **ctlp, const char *dir, struct commands *commands,
	      struct bus *bus, const struct clock *clock,
	      char *errbuf, size_t errsz)
{
	struct ctl *ctl;
	unsigned n;
	int err = ENOENT;

	if (!ctlp || !dir || !commands || !bus || !errbuf || !errsz)
		return EINVAL;

	errbuf[0] = '\0';

	ctl = mem_zalloc(sizeof(*ctl), destructor);
	if (!ctl)
		return ENOMEM;

	ctl->fd = ctl->lockfd = ctl->sparefd = -1;
	ctl->commands = commands;
	ctl->bus   = bus;
	ctl->clock = clock;
	list_init(&ctl->connl);

	for (n = 0; n < CTL_PLACES && err; n++)
		err = ctl_place(&ctl->place, n, dir, true);
	if (err) {
		(void)re_snprintf(errbuf, errsz, "no folder for the control"
				  " socket: set XDG_RUNTIME_DIR to a folder"
				  " of your own (%m)", err);
		goto out;
	}

	err = check_others(dir, n - 1, errbuf, errsz);
	if (err)
		goto out;

	err = lock(ctl, dir, errbuf, errsz);
	if (err)
		goto out;

	ctl->sparefd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	err = listen_sock(ctl);
	if (err)
		goto out;

	err = bus_listen(bus, event_handler, ctl);

 out:
	if (err && !errbuf[0])
		(void)re_snprintf(errbuf, errsz, "control socket %s: %m",
				  ctl->place.sock, err);
	if (err)
		mem_deref(ctl);
	else
		*ctlp = ctl;

	return err;
}


const char *ctl_sock(const struct ctl *ctl)
{
	return ctl ? ctl->place.sock : NULL;
}
