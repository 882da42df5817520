/**
 * @file tests/unit/test_ctl.c  Control socket: both ends, over a real socket
 *
 *	client                    phone (this test's loop)
 *	  |  "status\n"             |
 *	  |------------------------>|
 *	  |  {"ok":true,…}          |
 *	  |<------------------------|
 *	  |  "events\n"             |
 *	  |------------------------>|
 *	  |  {"ok":true}            |
 *	  |<------------------------|
 *	  |  {"event":"lamp",…}     |
 *	  |<------------------------|  bus_emit()
 *
 * The client's end is driven by the same loop, so nothing waits on a clock;
 * a timer of the loop only ends a test that hangs.
 */
#include "tests/lib/test.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <re.h>
#include "app/clock.h"
#include "app/cmd.h"
#include "app/ctl.h"
#include "app/ctl_client.h"
#include "app/event.h"
#include "app/log.h"

enum {
	TIMEOUT_MS = 20000,
	IN_SZ = 65536,
};

static const char conf_dir[] = "/nowhere/conf";

struct fixture {
	struct commands *commands;
	struct bus *bus;
	struct ctl *ctl;
	struct fake_clock clock;
	char runtime[64];
	char *runtime_old;
	char err[256];
};

/** A client in the loop: sends, and stops the loop at what it waits for */
struct peer {
	int fd;
	char in[IN_SZ];
	size_t inlen;
	size_t lines;           /* Stop at so many lines                 */
	bool eof;               /* The other end has closed              */
};


static void timeout_handler(void *arg)
{
	bool *expired = arg;

	*expired = true;
	re_cancel();
}


/* Run the loop until someone cancels it */
#define run() run_(__LINE__)

static void run_(int line)
{
	bool expired = false;
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, TIMEOUT_MS, timeout_handler, &expired);
	(void)re_main(NULL);
	tmr_cancel(&tmr);
	if (expired)
		row_fail(line, "nothing came (the row is the line)");
}


static void peer_handler(int flags, void *arg)
{
	struct peer *peer = arg;
	size_t n = 0;
	ssize_t len;
	(void)flags;

	len = recv(peer->fd, peer->in + peer->inlen,
		   IN_SZ - 1 - peer->inlen, MSG_DONTWAIT);
	if (len < 0 && errno == EAGAIN)
		return;

	if (len <= 0) {
		peer->eof = true;
		fd_close(peer->fd);
		re_cancel();
		return;
	}

	peer->inlen += (size_t)len;
	peer->in[peer->inlen] = '\0';

	for (size_t i = 0; i < peer->inlen; i++)
		n += peer->in[i] == '\n';

	if (n >= peer->lines)
		re_cancel();
}


static int dial(const struct ctl *ctl)
{
	struct sockaddr_un sun;
	int fd;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	strcpy(sun.sun_path, ctl_sock(ctl));

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(0, connect(fd, (struct sockaddr *)&sun,
				    sizeof(sun)));

	return fd;
}


static void peer_open(struct peer *peer, const struct ctl *ctl)
{
	memset(peer, 0, sizeof(*peer));
	peer->fd = dial(ctl);
	assert_int_equal(0, fd_listen(peer->fd, FD_READ, peer_handler, peer));
}


static void peer_close(struct peer *peer)
{
	fd_close(peer->fd);
	(void)close(peer->fd);
}


static void peer_send(struct peer *peer, const char *p, size_t len)
{
	if (len)
		assert_int_equal(len, send(peer->fd, p, len, MSG_NOSIGNAL));
}


/* Send, then wait for so many lines, or the end if 0 */
#define ask(peer, p, lines) ask_(__LINE__, (peer), (p), (lines))

static const char *ask_(int line, struct peer *peer, const char *p,
			size_t lines)
{
	peer->inlen = 0;
	peer->in[0] = '\0';
	peer->lines = lines ? lines : SIZE_MAX;
	peer_send(peer, p, strlen(p));
	run_(line);

	return peer->in;
}


static int echo_handler(const struct command *cmd, struct re_printf *reply,
			void *arg)
{
	(void)arg;

	switch (cmd->id) {

	case COMMAND_DIAL:
		(void)re_hprintf(reply, "{\"to\":\"%s\"}", cmd->argv[0]);
		return 0;

	case COMMAND_STATUS:
		(void)re_hprintf(reply, "{\"accounts\":[],\n"
				 "\"message\":\"x\"}");
		return 0;

	case COMMAND_UNDO:
		(void)re_hprintf(reply, "{}");
		return 0;

	case COMMAND_MUTE:
		return 0;

	case COMMAND_HOLD:
		(void)re_hprintf(reply, "plain \"text\"");
		return 0;

	case COMMAND_NOTE:
		(void)re_hprintf(reply, "{\"spot\":\"%s\",\"words\":%zu}",
				 cmd->argv[0], cmd->argc);
		return 0;

	case COMMAND_PARK:
		(void)re_hprintf(reply, "spot \"%s\" is\n\x1b" "occupied",
				 cmd->argc ? cmd->argv[0] : "?");
		return EBUSY;

	default:
		return ENOENT;          /* and no sentence */
	}
}


static int big_handler(const struct command *cmd, struct re_printf *reply,
		       void *arg)
{
	const size_t *size = arg;
	static char chunk[1024];
	int err = 0;
	(void)cmd;

	memset(chunk, 'x', sizeof(chunk));

	err |= re_hprintf(reply, "{\"big\":\"");
	for (size_t n = 0; n < *size && !err; n += sizeof(chunk))
		err |= reply->vph(chunk, sizeof(chunk), reply->arg);
	err |= re_hprintf(reply, "\"}");

	return err;
}


static int quit_handler(const struct command *cmd, struct re_printf *reply,
			void *arg)
{
	struct fixture *fx = arg;
	(void)cmd;
	(void)reply;

	/* the socket is gone while its own command is being carried out */
	fx->ctl = mem_deref(fx->ctl);

	return 0;
}


static int emit_handler(const struct command *cmd, struct re_printf *reply,
			void *arg)
{
	struct fixture *fx = arg;
	(void)cmd;
	(void)reply;

	bus_message(fx->bus, MESSAGE_INFO, "from the command");

	return 0;
}


static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));
	const char *xdg = getenv("XDG_RUNTIME_DIR");
	static const enum command_id idv[] = {
		COMMAND_DIAL, COMMAND_STATUS, COMMAND_UNDO, COMMAND_MUTE,
		COMMAND_HOLD, COMMAND_NOTE, COMMAND_PARK, COMMAND_RETRIEVE,
	};

	if (!fx || libre_init())
		return -1;

	*state = fx;
	fx->runtime_old = xdg ? strdup(xdg) : NULL;
	strcpy(fx->runtime, "/tmp/parkdeck-test-XXXXXX");
	if (!mkdtemp(fx->runtime))
		return -1;
	setenv("XDG_RUNTIME_DIR", fx->runtime, 1);

	fake_clock_init(&fx->clock, 1000000);
	if (bus_alloc(&fx->bus) || commands_alloc(&fx->commands))
		return -1;

	for (size_t i = 0; i < ROWS(idv); i++)
		commands_attach(fx->commands, idv[i], echo_handler, NULL);
	commands_attach(fx->commands, COMMAND_QUIT, quit_handler, fx);

	return ctl_alloc(&fx->ctl, conf_dir, fx->commands, fx->bus,
			 &fx->clock.clock, fx->err, sizeof(fx->err));
}


static int teardown(void **state)
{
	struct fixture *fx = *state;
	struct ctl_place place;

	mem_deref(fx->ctl);
	mem_deref(fx->bus);
	mem_deref(fx->commands);

	if (!ctl_place(&place, 0, conf_dir, false)) {
		char folder[128];

		if (!access(place.sock, F_OK))
			return -1;      /* left behind */
		(void)unlink(place.lock);
		snprintf(folder, sizeof(folder), "%s/parkdeck", fx->runtime);
		(void)rmdir(folder);
	}
	if (rmdir(fx->runtime))
		return -1;

	unsetenv("XDG_RUNTIME_DIR");
	if (fx->runtime_old)
		setenv("XDG_RUNTIME_DIR", fx->runtime_old, 1);
	free(fx->runtime_old);
	free(fx);
	libre_close();
	tmr_debug();

	return test_leaks(state);
}


static void test_replies(void **state)
{
	static const struct {
		const char *line, *want;
	} rowv[] = {
		{"dial 100\n", "{\"ok\":true,\"to\":\"100\"}\n"},
		{"dial 100\r\n", "{\"ok\":true,\"to\":\"100\"}\n"},
		{"undo\n", "{\"ok\":true}\n"},
		{"mute\n", "{\"ok\":true}\n"},
		{"hold\n", "{\"ok\":true,\"text\":\"plain \\\"text\\\"\"}\n"},
		{"status\n", "{\"ok\":true,\"accounts\":[], \"message\":\"x\""
		 "}\n"},
		{"note 7 \"a b\"\n", "{\"ok\":true,\"spot\":\"7\",\"words\":2"
		 "}\n"},
		{"park 701\n", "{\"ok\":false,\"error\":\"spot \\\"701\\\" is"
		 " \\u001boccupied\"}\n"},
		{"retrieve\n", "{\"ok\":false,\"error\":\"No such file or"
		 " directory\"}\n"},
		{"transfer 1\n", "{\"ok\":false,\"error\":\"'transfer' cannot"
		 " be done here\"}\n"},
		{"prak\n", "{\"ok\":false,\"error\":\"unknown command 'prak';"
		 " did you mean 'park'?\"}\n"},
		{"\n", "{\"ok\":false,\"error\":\"a command is expected;"
		 " 'help' lists them\"}\n"},
		{"dial 1\t\n", "{\"ok\":false,\"error\":\"the line holds a"
		 " control character: only text is expected\"}\n"},
		{"mute\nmute\nundo\n",
		 "{\"ok\":true}\n{\"ok\":true}\n{\"ok\":true}\n"},
	};
	struct fixture *fx = *state;
	struct peer *peer = calloc(1, sizeof(*peer));

	assert_non_null(peer);
	peer_open(peer, fx->ctl);

	for (size_t i = 0; i < ROWS(rowv); i++) {

		size_t lines = 0;

		for (const char *p = rowv[i].want; *p; p++)
			lines += *p == '\n';
		row_str(i, rowv[i].want, ask(peer, rowv[i].line, lines));
	}

	/* a NUL byte; a command in two pieces; the list of commands */
	peer->inlen = 0;
	peer->lines = 1;
	peer_send(peer, "mute\0x\n", 7);
	run();
	assert_string_equal("{\"ok\":false,\"error\":\"the line holds a NUL"
			    " byte: only text is expected\"}\n", peer->in);

	peer->inlen = 0;
	peer_send(peer, "mu", 2);
	assert_string_equal("{\"ok\":true}\n", ask(peer, "te\n", 1));

	assert_non_null(strstr(ask(peer, "help\n", 1), "{\"name\":\"park\","
			       "\"args\":\"[SPOT]\",\"help\":\"Park"));
	assert_int_equal(0, strncmp(peer->in, "{\"ok\":true,\"commands\":[",
				    23));

	peer_close(peer);
	free(peer);
}


/* Too long a line: one error, and the next line is a command again */
static void test_long_line(void **state)
{
	static const char want[] = "{\"ok\":false,\"error\":\"the line is too"
		" long: a command has at most 1023 bytes\"}\n";
	static char line[10 * COMMAND_LINE];
	struct fixture *fx = *state;
	struct peer *peer = calloc(1, sizeof(*peer));

	assert_non_null(peer);
	peer_open(peer, fx->ctl);

	memset(line, 'x', sizeof(line));
	peer_send(peer, line, sizeof(line));
	assert_string_equal(want, ask(peer, "", 1));
	assert_string_equal("{\"ok\":true}\n", ask(peer, "yy\nmute\n", 1));

	/* the longest that is taken, and one byte more */
	memcpy(line, "dial ", 5);
	line[COMMAND_LINE - 1] = '\n';
	line[COMMAND_LINE] = '\0';
	assert_int_equal(0, strncmp("{\"ok\":true,\"to\":\"xx",
				    ask(peer, line, 1), 19));
	line[COMMAND_LINE - 1] = 'x';
	line[COMMAND_LINE] = '\n';
	line[COMMAND_LINE + 1] = '\0';
	assert_string_equal(want, ask(peer, line, 1));

	peer_close(peer);
	free(peer);
}


static void test_events(void **state)
{
	struct fixture *fx = *state;
	struct peer *peer = calloc(2, sizeof(*peer));
	struct event ev;

	assert_non_null(peer);
	peer_open(&peer[0], fx->ctl);
	peer_open(&peer[1], fx->ctl);
	commands_attach(fx->commands, COMMAND_RELOAD, emit_handler, fx);

	/* nobody listens, nothing is sent */
	bus_message(fx->bus, MESSAGE_INFO, "early");
	assert_string_equal("{\"ok\":true}\n", ask(&peer[0], "events\n", 1));

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_LAMP;
	ev.u.lamp.state = LAMP_PARKED;
	ev.u.lamp.since_ms = 998000;
	strcpy(ev.u.lamp.spot, "701");
	bus_emit(fx->bus, &ev);
	assert_string_equal("{\"event\":\"lamp\",\"idx\":0,\"spot\":\"701\","
			    "\"label\":\"\",\"state\":\"parked\","
			    "\"reason\":\"\",\"who\":\"\",\"since_s\":2,"
			    "\"at_least\":false,\"kind\":\"spot\","
			    "\"account\":0,\"by\":\"\",\"calls\":0,"
			    "\"held\":false,\"ended\":\"\"}\n", ask(&peer[0], "", 1));

	/* commands go on; what they cause comes before their answer */
	assert_string_equal("{\"event\":\"message\",\"level\":\"info\","
			    "\"text\":\"from the command\"}\n"
			    "{\"ok\":true}\n", ask(&peer[0], "reload\n", 2));

	/* the other one asked for none */
	assert_string_equal("{\"ok\":true}\n", ask(&peer[1], "mute\n", 1));

	/* half closed: events still come, until the phone ends */
	assert_int_equal(0, shutdown(peer[0].fd, SHUT_WR));
	assert_string_equal("{\"ok\":true}\n", ask(&peer[1], "mute\n", 1));
	bus_message(fx->bus, MESSAGE_INFO, "late");
	assert_string_equal("{\"event\":\"message\",\"level\":\"info\","
			    "\"text\":\"late\"}\n", ask(&peer[0], "", 1));
	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_QUIT;
	bus_emit(fx->bus, &ev);
	fx->ctl = mem_deref(fx->ctl);
	assert_string_equal("{\"event\":\"quit\"}\n", ask(&peer[0], "", 1));
	if (!peer[0].eof)
		run();
	assert_true(peer[0].eof);

	peer_close(&peer[0]);
	peer_close(&peer[1]);
	free(peer);
}


/* Whoever does not read is dropped; everybody else does not notice */
static void test_slow_reader(void **state)
{
	struct fixture *fx = *state;
	struct peer *peer = calloc(2, sizeof(*peer));
	char log[100], line[300] = "";
	size_t n;
	FILE *f;

	assert_non_null(peer);
	snprintf(log, sizeof(log), "%s/log", fx->runtime);
	assert_int_equal(0, applog_open(log, APPLOG_INFO));

	peer_open(&peer[0], fx->ctl);
	peer_open(&peer[1], fx->ctl);
	assert_string_equal("{\"ok\":true}\n", ask(&peer[0], "events\n", 1));
	fd_close(peer[0].fd);           /* from now on it sleeps */

	/* the kernel's buffer and ours, and then some */
	for (n = 0; n < 100000 && !line[0]; n++) {
		bus_message(fx->bus, MESSAGE_INFO, "%0100u", (unsigned)n);

		f = n % 1000 ? NULL : fopen(log, "r");
		if (f) {
			if (!fgets(line, sizeof(line), f))
				line[0] = '\0';
			fclose(f);
		}
	}

	applog_close();
	(void)unlink(log);
	assert_non_null(strstr(line, "WARN ctl: pid "));
	assert_non_null(strstr(line, " reads its events too slowly, "));
	assert_true(n * strlen("{\"event\":\"message\",\"level\":\"info\","
			       "\"text\":\"\"}") + n * 100 > CTL_BACKLOG);

	/* what was sent is still there to read, then comes the end */
	for (;;) {
		char buf[4096];
		const ssize_t len = recv(peer[0].fd, buf, sizeof(buf), 0);

		assert_true(len >= 0 || errno == ECONNRESET);
		if (len <= 0)
			break;
	}

	assert_string_equal("{\"ok\":true}\n", ask(&peer[1], "mute\n", 1));

	(void)close(peer[0].fd);
	peer_close(&peer[1]);
	free(peer);
}


/* A reply larger than any buffer comes whole; no command is lost behind it */
static void test_big_reply(void **state)
{
	struct fixture *fx = *state;
	size_t size = 8 << 20, got = 0, lines = 0;
	struct peer *peer = calloc(1, sizeof(*peer));

	assert_non_null(peer);
	commands_attach(fx->commands, COMMAND_RELOAD, big_handler, &size);
	peer_open(peer, fx->ctl);
	peer_send(peer, "reload\nmute\n", 12);
	peer->lines = 1;

	while (lines < 2) {
		peer->inlen = 0;
		peer->lines = 0;
		run();
		assert_false(peer->eof);
		for (size_t i = 0; i < peer->inlen; i++)
			lines += peer->in[i] == '\n';
		got += peer->inlen;
	}

	assert_int_equal(strlen("{\"ok\":true,\"big\":\"\"}\n") + size +
			 strlen("{\"ok\":true}\n"), got);

	/* beyond all bounds: refused, not sent */
	size = CTL_REPLY_MAX + 1;
	assert_int_equal(0, strncmp("{\"ok\":false,\"error\":",
				    ask(peer, "reload\n", 0), 20));

	peer_close(peer);
	free(peer);
}


static void test_quit(void **state)
{
	struct fixture *fx = *state;
	struct peer *peer = calloc(1, sizeof(*peer));

	assert_non_null(peer);
	peer_open(peer, fx->ctl);
	(void)ask(peer, "quit\nmute\n", 0);
	assert_true(peer->eof);
	assert_null(fx->ctl);

	peer_close(peer);
	free(peer);
}


/* Closed right after the command: it is carried out all the same */
static void test_write_and_go(void **state)
{
	struct fixture *fx = *state;
	const int fd = dial(fx->ctl);
	struct peer *peer = calloc(1, sizeof(*peer));

	assert_non_null(peer);
	peer_open(peer, fx->ctl);
	assert_int_equal(5, send(fd, "quit\n", 5, MSG_NOSIGNAL));
	assert_int_equal(0, close(fd));
	(void)ask(peer, "", 0);
	assert_null(fx->ctl);

	peer_close(peer);
	free(peer);
}


static void test_clients(void **state)
{
	struct fixture *fx = *state;
	struct peer *peerv = calloc(CTL_CLIENTS + 1, sizeof(*peerv));
	struct peer *last;

	assert_non_null(peerv);
	last = &peerv[CTL_CLIENTS];

	for (unsigned i = 0; i < CTL_CLIENTS; i++) {
		peer_open(&peerv[i], fx->ctl);
		row_str(i, "{\"ok\":true}\n", ask(&peerv[i], "mute\n", 1));
	}

	peer_open(last, fx->ctl);
	assert_string_equal("{\"ok\":false,\"error\":\"too many programs talk"
			    " to this phone already\"}\n", ask(last, "", 0));
	assert_true(last->eof);
	peer_close(last);

	/* one goes, one comes */
	peer_close(&peerv[7]);
	assert_string_equal("{\"ok\":true}\n", ask(&peerv[0], "mute\n", 1));
	peer_open(last, fx->ctl);
	assert_string_equal("{\"ok\":true}\n", ask(last, "mute\n", 1));

	for (unsigned i = 0; i <= CTL_CLIENTS; i++) {
		if (i != 7)
			peer_close(&peerv[i]);
	}
	free(peerv);
}


/* No descriptor is left: the caller is told, and the loop does not spin on
   a connection that it cannot take */
static void test_no_descriptor(void **state)
{
	static const char why[] = "{\"ok\":false,\"error\":\"no more files can"
		" be opened\"}\n";
	struct fixture *fx = *state;
	struct peer *peer = calloc(2, sizeof(*peer));
	int fdv[128], n = 0;
	struct rlimit old, low;

	assert_non_null(peer);
	peer_open(&peer[0], fx->ctl);
	assert_string_equal("{\"ok\":true}\n", ask(&peer[0], "mute\n", 1));
	peer_open(&peer[1], fx->ctl);

	assert_int_equal(0, getrlimit(RLIMIT_NOFILE, &old));
	low = old;
	low.rlim_cur = 100;
	assert_int_equal(0, setrlimit(RLIMIT_NOFILE, &low));
	while (n < 128 && (fdv[n] = open("/dev/null", O_CLOEXEC)) >= 0)
		++n;
	assert_true(n < 128);

	/* the first goes on, the second finds no room */
	assert_string_equal(why, ask(&peer[1], "", 0));
	assert_true(peer[1].eof);
	assert_string_equal("{\"ok\":true}\n", ask(&peer[0], "mute\n", 1));

	while (n)
		(void)close(fdv[--n]);
	assert_int_equal(0, setrlimit(RLIMIT_NOFILE, &old));

	peer_close(&peer[1]);
	peer_open(&peer[1], fx->ctl);
	assert_string_equal("{\"ok\":true}\n", ask(&peer[1], "mute\n", 1));

	peer_close(&peer[0]);
	peer_close(&peer[1]);
	free(peer);
}


static void test_one_per_dir(void **state)
{
	struct fixture *fx = *state;
	struct ctl *ctl = NULL;
	struct stat st;
	char err[256], want[256];

	assert_int_equal(0, stat(ctl_sock(fx->ctl), &st));
	assert_int_equal(0600, st.st_mode & 0777);

	snprintf(want, sizeof(want), "parkdeck is already running for %s, pid"
		 " %d", conf_dir, (int)getpid());
	assert_int_equal(EADDRINUSE, ctl_alloc(&ctl, conf_dir, fx->commands,
					       fx->bus, NULL, err,
					       sizeof(err)));
	assert_string_equal(want, err);
	assert_null(ctl);

	/* the first one is as it was; another folder is another phone */
	struct peer *peer = calloc(1, sizeof(*peer));

	assert_non_null(peer);
	peer_open(peer, fx->ctl);
	assert_string_equal("{\"ok\":true}\n", ask(peer, "mute\n", 1));
	peer_close(peer);
	free(peer);

	assert_int_equal(0, ctl_alloc(&ctl, "/nowhere/other", fx->commands,
				      fx->bus, NULL, err, sizeof(err)));
	assert_string_not_equal(ctl_sock(ctl), ctl_sock(fx->ctl));
	mem_deref(ctl);

	struct ctl_place place;

	assert_int_equal(0, ctl_place(&place, 0, "/nowhere/other", false));
	assert_int_equal(0, unlink(place.lock));
}


/* What a phone that died leaves behind does not keep the next from starting */
static void test_stale(void **state)
{
	struct fixture *fx = *state;
	struct sockaddr_un sun;
	struct ctl_place place;
	FILE *f;
	int fd;

	fx->ctl = mem_deref(fx->ctl);
	assert_int_equal(0, ctl_place(&place, 0, conf_dir, false));

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	strcpy(sun.sun_path, place.sock);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(0, bind(fd, (struct sockaddr *)&sun, sizeof(sun)));
	assert_int_equal(0, close(fd));
	f = fopen(place.lock, "w");
	assert_non_null(f);
	fprintf(f, "1234567890\n");
	assert_int_equal(0, fclose(f));

	assert_int_equal(0, ctl_alloc(&fx->ctl, conf_dir, fx->commands,
				      fx->bus, &fx->clock.clock, fx->err,
				      sizeof(fx->err)));

	struct peer *peer = calloc(1, sizeof(*peer));

	assert_non_null(peer);
	peer_open(peer, fx->ctl);
	assert_string_equal("{\"ok\":true}\n", ask(peer, "mute\n", 1));
	peer_close(peer);
	free(peer);
}


/* A runtime folder that is not ours alone, or no folder, is not used */
static void test_places(void **state)
{
	struct fixture *fx = *state;
	char folder[128], other[128], longdir[CTL_PATH_SZ + 20];
	struct ctl_place place, place2;
	struct stat st;

	assert_int_equal(0, ctl_place(&place, 0, conf_dir, false));
	snprintf(folder, sizeof(folder), "%s/parkdeck", fx->runtime);
	assert_int_equal(0, strncmp(folder, place.sock, strlen(folder)));
	assert_int_equal(0, ctl_place(&place2, 0, "/nowhere/conf2", false));
	assert_string_not_equal(place.sock, place2.sock);

	/* others may look in: they are kept out again */
	assert_int_equal(0, chmod(folder, 0777));
	assert_int_equal(0, ctl_place(&place, 0, conf_dir, false));
	assert_int_equal(0, stat(folder, &st));
	assert_int_equal(0700, st.st_mode & 0777);

	fx->ctl = mem_deref(fx->ctl);
	assert_int_equal(0, unlink(place.lock));
	assert_int_equal(0, rmdir(folder));
	row_int(0, ENOENT, ctl_place(&place, 0, conf_dir, false));

	/* somebody laid a link there, or a file */
	snprintf(other, sizeof(other), "%s/other", fx->runtime);
	assert_int_equal(0, mkdir(other, 0700));
	assert_int_equal(0, symlink(other, folder));
	row_int(1, EPERM, ctl_place(&place, 0, conf_dir, true));
	assert_int_equal(0, unlink(folder));
	assert_int_equal(0, rmdir(other));

	const int fd = open(folder, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	(void)close(fd);
	row_int(2, EPERM, ctl_place(&place, 0, conf_dir, true));
	assert_int_equal(0, unlink(folder));

	/* /proc belongs to root and takes no folder, also from root */
	setenv("XDG_RUNTIME_DIR", "/proc", 1);
	row_true(3, ctl_place(&place, 0, conf_dir, true) != 0);
	setenv("XDG_RUNTIME_DIR", "relative", 1);
	row_int(4, ENOENT, ctl_place(&place, 0, conf_dir, true));
	memset(longdir, 'x', sizeof(longdir) - 1);
	longdir[0] = '/';
	longdir[sizeof(longdir) - 1] = '\0';
	setenv("XDG_RUNTIME_DIR", longdir, 1);
	row_int(5, ENAMETOOLONG, ctl_place(&place, 0, conf_dir, true));
	unsetenv("XDG_RUNTIME_DIR");
	row_int(6, ENOENT, ctl_place(&place, 0, conf_dir, true));
	row_int(7, ENOENT, ctl_place(&place, CTL_PLACES, conf_dir, true));
	setenv("XDG_RUNTIME_DIR", fx->runtime, 1);
}


/* The same configuration from a shell without XDG_RUNTIME_DIR */
static void test_other_place(void **state)
{
	struct fixture *fx = *state;
	struct ctl_place place;
	struct ctl *ctl = NULL;
	char err[256], want[256], elsewhere[64];
	int fd;

	/* a phone holds the lock in /tmp; it was started without */
	fx->ctl = mem_deref(fx->ctl);
	assert_int_equal(0, ctl_place(&place, 2, fx->runtime, true));
	fd = open(place.lock, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(0, flock(fd, LOCK_EX | LOCK_NB));
	assert_int_equal(3, pwrite(fd, "77\n", 3, 0));

	strcpy(elsewhere, fx->runtime);
	assert_int_equal(EADDRINUSE, ctl_alloc(&ctl, elsewhere, fx->commands,
					       fx->bus, NULL, err,
					       sizeof(err)));
	snprintf(want, sizeof(want), "parkdeck is already running for %s, pid"
		 " 77", elsewhere);
	assert_string_equal(want, err);

	(void)close(fd);
	assert_int_equal(0, unlink(place.lock));
}


struct client_run {
	pid_t pid;
	int code;
};


static void child_handler(void *arg);


struct waiter {
	struct client_run *run;
	struct tmr tmr;
};


static void child_handler(void *arg)
{
	struct waiter *w = arg;
	int st;

	if (waitpid(w->run->pid, &st, WNOHANG) == w->run->pid) {
		w->run->code = WIFEXITED(st) ? WEXITSTATUS(st) :
			128 + WTERMSIG(st);
		re_cancel();
		return;
	}

	tmr_start(&w->tmr, 5, child_handler, w);
}


static void slurp(char *buf, size_t size, FILE *f)
{
	rewind(f);
	buf[fread(buf, 1, size - 1, f)] = '\0';
	fclose(f);
}


/* The client blocks, so it has a process of its own */
static int client(char *out, char *errout, size_t size, int argc,
		  char *const argv[])
{
	FILE *fo = tmpfile(), *fe = tmpfile();
	struct client_run cr = {0, -1};
	struct waiter w = {&cr, {.le = LE_INIT}};

	assert_non_null(fo);
	assert_non_null(fe);
	fflush(NULL);

	cr.pid = fork();
	assert_true(cr.pid >= 0);

	if (!cr.pid) {
		const int code = ctl_client(conf_dir, argc, argv, 0, fo, fe);

		fflush(fo);
		fflush(fe);
		_exit(code);
	}

	tmr_init(&w.tmr);
	tmr_start(&w.tmr, 1, child_handler, &w);
	run();
	tmr_cancel(&w.tmr);
	slurp(out, size, fo);
	slurp(errout, size, fe);

	return cr.code;
}


static void test_client(void **state)
{
	static const struct {
		char *argv[4];
		int code;
		const char *out, *err;
	} rowv[] = {
		{{"status"}, 0, "{\"accounts\":[], \"message\":\"x\"}\n", ""},
		{{"stat"}, 0, "{\"accounts\":[], \"message\":\"x\"}\n", ""},
		{{"mute"}, 0, "{\"ok\":true}\n", ""},
		{{"dial", "100"}, 0, "{\"ok\":true,\"to\":\"100\"}\n", ""},
		{{"dial 100"}, 0, "{\"ok\":true,\"to\":\"100\"}\n", ""},
		{{"dial", "a b\"\\c"}, 0, "{\"ok\":true,\"to\":\"a b\"\\c\"}"
		 "\n", ""},
		{{"note", "7", ""}, 0, "{\"ok\":true,\"spot\":\"7\","
		 "\"words\":2}\n", ""},
		{{"park", "701"}, 1, "", "spot \"701\" is  occupied\n"},
		{{"retrieve"}, 1, "", "No such file or directory\n"},
		{{"prak"}, 1, "", "unknown command 'prak'; did you mean"
		 " 'park'?\n"},
		{{"dial", "1\nquit"}, 1, "", "the command holds a control"
		 " character or is not UTF-8\n"},
		{{NULL}, 1, "", "a command is expected, such as 'parkdeck ctl"
		 " status'\n"},
	};
	struct fixture *fx = *state;
	char out[4096], err[4096];

	for (size_t i = 0; i < ROWS(rowv); i++) {

		int argc = 0;

		while (argc < 4 && rowv[i].argv[argc])
			++argc;

		row_int(i, rowv[i].code, client(out, err, sizeof(out), argc,
						rowv[i].argv));
		row_str(i, rowv[i].out, out);
		row_str(i, rowv[i].err, err);
	}

	char *const argv[] = {"status"};

	fx->ctl = mem_deref(fx->ctl);
	assert_int_equal(1, client(out, err, sizeof(out), 1, argv));
	assert_string_equal("", out);
	assert_string_equal("no parkdeck runs for /nowhere/conf: start it with"
			    " 'parkdeck -f /nowhere/conf'\n", err);
}


static void emit_quit(void *arg)
{
	struct fixture *fx = arg;

	bus_message(fx->bus, MESSAGE_INFO, "hello");
	fx->ctl = mem_deref(fx->ctl);
}


static int events_seen(const struct command *cmd, struct re_printf *reply,
		       void *arg)
{
	(void)cmd;
	(void)reply;
	emit_quit(arg);

	return 0;
}


/* `events` prints what happens and ends with the phone */
static void test_client_events(void **state)
{
	static const char ping[] = "{\"event\":\"message\",\"level\":\"info\""
		",\"text\":\"ping\"}\n";
	struct fixture *fx = *state;
	FILE *fo = tmpfile(), *fe = tmpfile();
	struct client_run cr = {0, -1};
	struct waiter w = {&cr, {.le = LE_INIT}};
	char *const argv[] = {"events"};
	static char out[1 << 20];
	char err[1024];

	assert_non_null(fo);
	assert_non_null(fe);
	commands_attach(fx->commands, COMMAND_RELOAD, events_seen, fx);
	fflush(NULL);

	cr.pid = fork();
	assert_true(cr.pid >= 0);
	if (!cr.pid) {
		const int code = ctl_client(conf_dir, 1, argv, 0, fo, fe);

		fflush(fo);
		fflush(fe);
		_exit(code);
	}

	struct peer *peer = calloc(1, sizeof(*peer));
	struct stat st = {.st_size = 0};

	assert_non_null(peer);
	peer_open(peer, fx->ctl);

	/* our own command is a turn of the loop; when the other one's file
	   grows, it listens */
	for (unsigned n = 0; !st.st_size; n++) {
		(void)ask(peer, "mute\n", 1);
		if (n % 100 == 0)
			bus_message(fx->bus, MESSAGE_INFO, "ping");
		assert_int_equal(0, fstat(fileno(fo), &st));
	}

	(void)ask(peer, "reload\n", 0);
	assert_null(fx->ctl);

	tmr_init(&w.tmr);
	tmr_start(&w.tmr, 1, child_handler, &w);
	run();
	tmr_cancel(&w.tmr);

	slurp(out, sizeof(out), fo);
	slurp(err, sizeof(err), fe);
	assert_int_equal(0, cr.code);
	assert_string_equal("", err);
	assert_int_equal(0, strncmp(ping, out, strlen(ping)));
	assert_non_null(strstr(out, "\"text\":\"hello\"}\n"));
	assert_null(strstr(out, "\"ok\""));

	peer_close(peer);
	free(peer);
}


/* A phone that takes the line and says nothing, and one that hangs up */
static void test_client_deaf(void **state)
{
	struct fixture *fx = *state;
	struct sockaddr_un sun;
	struct ctl_place place;
	char *const argv[] = {"mute"};
	char out[1024], err[1024];
	int fd;

	fx->ctl = mem_deref(fx->ctl);
	assert_int_equal(0, ctl_place(&place, 0, conf_dir, false));
	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	strcpy(sun.sun_path, place.sock);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(0, bind(fd, (struct sockaddr *)&sun, sizeof(sun)));
	assert_int_equal(0, listen(fd, 5));

	FILE *fo = tmpfile(), *fe = tmpfile();

	assert_int_equal(1, ctl_client(conf_dir, 1, argv, 1, fo, fe));
	slurp(out, sizeof(out), fo);
	slurp(err, sizeof(err), fe);
	assert_string_equal("", out);
	assert_string_equal("the phone for /nowhere/conf does not answer\n",
			    err);

	const pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		char line[64];
		int conn;

		/* the first one is still in the queue */
		(void)close(accept(fd, NULL, NULL));
		conn = accept(fd, NULL, NULL);
		(void)!read(conn, line, sizeof(line));
		_exit(0);
	}

	fo = tmpfile();
	fe = tmpfile();
	assert_int_equal(1, ctl_client(conf_dir, 1, argv, 0, fo, fe));
	slurp(out, sizeof(out), fo);
	slurp(err, sizeof(err), fe);
	assert_string_equal("the phone for /nowhere/conf ended before it"
			    " answered\n", err);
	assert_int_equal(pid, waitpid(pid, NULL, 0));

	(void)close(fd);
	(void)unlink(place.sock);
}


static void test_join(void **state)
{
	static const struct {
		char *argv[4];
		size_t size;
		int err;
		const char *want;
	} rowv[] = {
		{{"park"}, 64, 0, "park"},
		{{"park 701"}, 64, 0, "park 701"},
		{{"park", "701"}, 64, 0, "park 701"},
		{{"note", "7", "a b"}, 64, 0, "note 7 \"a b\""},
		{{"note", "7", "a\"b\\c"}, 64, 0, "note 7 \"a\\\"b\\\\c\""},
		{{"dial", "a\\b"}, 64, 0, "dial a\\b"},
		{{"note", "7", ""}, 64, 0, "note 7 \"\""},
		{{"park", "701"}, 8, E2BIG, NULL},
		{{"park", "701"}, 9, 0, "park 701"},
		{{"parking"}, 7, E2BIG, NULL},
		{{"a\nb"}, 64, EINVAL, NULL},
		{{"a\xff"}, 64, EINVAL, NULL},
		{{NULL}, 64, EINVAL, NULL},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		char line[64];
		int argc = 0;

		while (argc < 4 && rowv[i].argv[argc])
			++argc;

		row_int(i, rowv[i].err, ctl_client_join(line, rowv[i].size,
							argc, rowv[i].argv));
		if (rowv[i].want)
			row_str(i, rowv[i].want, line);
	}
}


#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest testv[] = {
		T(test_replies),
		T(test_long_line),
		T(test_events),
		T(test_slow_reader),
		T(test_big_reply),
		T(test_quit),
		T(test_write_and_go),
		T(test_clients),
		T(test_no_descriptor),
		T(test_one_per_dir),
		T(test_stale),
		T(test_places),
		T(test_other_place),
		T(test_client),
		T(test_client_events),
		T(test_client_deaf),
		unit_test(test_join),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
