/**
 * @file app/ctl_client.c  `parkdeck ctl COMMAND…`
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1           /* struct ucred */
#endif
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include <re.h>
#include "app/cmd.h"
#include "app/ctl.h"
#include "app/ctl_client.h"
#include "app/text_model.h"

static const char ok_text[] = "{\"ok\":true";


static int put(char *line, size_t size, size_t *posp, char c)
{
	if (*posp + 1 >= size)
		return E2BIG;

	line[(*posp)++] = c;
	line[*posp] = '\0';

	return 0;
}


static int put_word(char *line, size_t size, size_t *posp, const char *word)
{
	const bool quote = !word[0] || strpbrk(word, " \"");
	int err = 0;

	if (quote)
		err |= put(line, size, posp, '"');

	for (; *word; word++) {

		/* outside of quotes a \ is itself */
		if (quote && (*word == '"' || *word == '\\'))
			err |= put(line, size, posp, '\\');

		err |= put(line, size, posp, *word);
	}

	if (quote)
		err |= put(line, size, posp, '"');

	return err ? E2BIG : 0;
}


int ctl_client_join(char *line, size_t size, int argc, char *const argv[])
{
	size_t pos = 0;
	int i, err;

	if (!line || !size || argc < 1 || !argv)
		return EINVAL;

	line[0] = '\0';

	for (i = 0; i < argc; i++) {

		if (uchar_check(argv[i], strlen(argv[i])) != UCHAR_OK)
			return EINVAL;

		if (argc == 1) {
			if (strlen(argv[0]) >= size)
				return E2BIG;

			str_ncpy(line, argv[0], size);
			return 0;
		}

		err = i ? put(line, size, &pos, ' ') : 0;
		if (!err)
			err = put_word(line, size, &pos, argv[i]);
		if (err)
			return err;
	}

	return 0;
}


/* Whoever waits behind that name must be we ourselves */
static bool peer_ok(int fd)
{
	struct ucred uc = {0, (uid_t)-1, (gid_t)-1};
	socklen_t len = sizeof(uc);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &uc, &len) &&
		(uc.uid == geteuid() || uc.uid == 0);
}


/* @return The connection, or -1: no phone runs for that folder */
static int dial(const char *dir)
{
	unsigned n;

	for (n = 0; n < CTL_PLACES; n++) {

		struct sockaddr_un sun;
		struct ctl_place place;
		int fd;

		if (ctl_place(&place, n, dir, false))
			continue;

		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			return -1;

		memset(&sun, 0, sizeof(sun));
		sun.sun_family = AF_UNIX;
		str_ncpy(sun.sun_path, place.sock, sizeof(sun.sun_path));

		if (!connect(fd, (struct sockaddr *)&sun, sizeof(sun)) &&
		    peer_ok(fd))
			return fd;

		(void)close(fd);
	}

	return -1;
}


static int set_timeout(int fd, unsigned seconds)
{
	const struct timeval tv = {(time_t)seconds, 0};

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)))
		return errno;

	return 0;
}


static int send_line(int fd, const char *line)
{
	size_t len = strlen(line), pos = 0;

	while (pos < len) {

		const ssize_t n = send(fd, line + pos, len - pos,
				       MSG_NOSIGNAL);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return errno;
		}

		pos += (size_t)n;
	}

	return 0;
}


/* The sentence inside {"ok":false,"error":"…"}, fit for a terminal */
static void print_error(FILE *errout, const char *reply, size_t len)
{
	struct odict *od = NULL;
	const char *text = NULL;
	char clean[1024];

	if (!json_decode_odict(&od, 8, reply, len, 8))
		text = odict_string(od, "error");

	if (text) {
		(void)uchar_clean(clean, sizeof(clean), text, strlen(text));
		(void)fprintf(errout, "%s\n", clean);
	}
	else {
		(void)fprintf(errout, "the phone's reply is not understood\n");
	}

	mem_deref(od);
}


/* Of a status its own object; of everything else the reply as it is */
static void print_reply(FILE *out, const char *reply, bool bare)
{
	const size_t skip = sizeof(ok_text);    /* with the comma */

	if (bare && reply[skip - 1] == ',')
		(void)fprintf(out, "{%s", reply + skip);
	else
		(void)fputs(reply, out);
}


static bool is_ok(const char *reply)
{
	return !strncmp(reply, ok_text, sizeof(ok_text) - 1);
}


static int read_reply(FILE *f, const char *dir, bool bare, bool events,
		      FILE *out, FILE *errout)
{
	size_t size = 0;
	char *reply = NULL;
	int ret = 1;
	ssize_t n;

	n = getline(&reply, &size, f);
	if (n <= 0) {
		if (ferror(f) && (errno == EAGAIN || errno == EWOULDBLOCK))
			(void)fprintf(errout, "the phone for %s does not"
				      " answer\n", dir);
		else
			(void)fprintf(errout, "the phone for %s ended before"
				      " it answered\n", dir);
		goto out;
	}

	if (!is_ok(reply)) {
		print_error(errout, reply, (size_t)n);
		goto out;
	}

	ret = 0;

	if (!events) {
		print_reply(out, reply, bare);
	}
	else {
		if (set_timeout(fileno(f), 0))
			ret = 1;

		while (!ret && getline(&reply, &size, f) > 0) {
			if (fputs(reply, out) < 0 || fflush(out))
				ret = 1;
		}
	}

	/* whoever reads us may be gone: no more than an exit code */
	if (fflush(out) || ferror(out))
		ret = 1;

 out:
	free(reply);

	return ret;
}


int ctl_client(const char *dir, int argc, char *const argv[],
	       unsigned timeout_s, FILE *out, FILE *errout)
{
	char line[COMMAND_LINE + 1], why[256];
	struct command cmd;
	FILE *f = NULL;
	int err, fd, ret = 1;

	if (!dir || !out || !errout)
		return 1;

	if (argc < 1 || !argv) {
		(void)fprintf(errout, "a command is expected, such as"
			      " 'parkdeck ctl status'\n");
		return 1;
	}

	err = ctl_client_join(line, sizeof(line) - 1, argc, argv);
	if (err) {
		(void)fprintf(errout, err == E2BIG ?
			      "the command is too long\n" :
			      "the command holds a control character or is"
			      " not UTF-8\n");
		return 1;
	}

	/* told here already, also when no phone runs */
	if (command_decode(&cmd, line, why, sizeof(why))) {
		(void)fprintf(errout, "%s\n", why);
		return 1;
	}

	fd = dial(dir);
	if (fd < 0) {
		(void)fprintf(errout, "no parkdeck runs for %s: start it with"
			      " 'parkdeck -f %s'\n", dir, dir);
		return 1;
	}

	strcat(line, "\n");
	if (set_timeout(fd, timeout_s ? timeout_s : CTL_TIMEOUT_S) ||
	    send_line(fd, line)) {
		(void)fprintf(errout, "the phone for %s does not listen\n",
			      dir);
		goto out;
	}

	f = fdopen(fd, "r");
	if (!f) {
		(void)fprintf(errout, "out of memory\n");
		goto out;
	}

	ret = read_reply(f, dir, cmd.id == COMMAND_STATUS,
			 cmd.id == COMMAND_EVENTS, out, errout);

 out:
	if (f)
		(void)fclose(f);
	else
		(void)close(fd);

	return ret;
}
