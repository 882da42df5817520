/**
 * @file tests/e2e/test_ends.c  Test: start and end, good and bad
 *
 * However the program ends, the terminal is as it was. What it cannot work
 * with it says in words, before it touches the screen.
 */
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include <re.h>
#include "tests/lib/test.h"
#include "tests/lib/vt.h"

enum {
	EXIT_CONFIG = 2,
};


static int setup(void **state)
{
	struct vt_home *home = calloc(1, sizeof(*home));

	*state = home;

	return home ? vt_home_init(home) : -1;
}


static int teardown(void **state)
{
	struct vt_home *home = *state;

	vt_end_all();
	if (home)
		vt_home_close(home);
	free(home);

	return 0;
}


/** The demo, up to its first picture with all that it knows by then */
static struct vt *start_demo(const struct vt_home *home)
{
	const struct vt_prm prm = {.home = home, .argv = {"demo"}};
	struct vt *vt = NULL;

	assert_int_equal(0, vt_alloc(&vt, &prm));
	vt_wait(vt, "incoming");

	/* else the check that they are off again would be none */
	vt_check(vt, vt->alt && !vt->cursor && vt->mouse && vt_paste_on(vt));

	return vt;
}


/* ---- ends ---- */

static void test_crash(void **state)
{
	static const int sigv[] = {
		SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGQUIT,
	};

	for (size_t i = 0; i < ROWS(sigv); i++) {

		struct vt *vt = start_demo(*state);

		vt_check(vt, !kill(vt->pid, sigv[i]));
		vt_expect_signal(vt, sigv[i]);
		vt_end(vt);
	}
}


static void test_asked_to_end(void **state)
{
	static const int sigv[] = {
		SIGTERM, SIGINT, SIGHUP,
	};

	for (size_t i = 0; i < ROWS(sigv); i++) {

		struct vt *vt = start_demo(*state);

		vt_check(vt, !kill(vt->pid, sigv[i]));
		vt_expect_exit(vt, 0);
		vt_nothing_left(vt);
		vt_end(vt);
	}
}


/** The window is closed, the line is cut */
static void test_terminal_gone(void **state)
{
	struct vt *vt = start_demo(*state);

	vt_hangup(vt);
	vt_expect_exit(vt, 0);
	vt_nothing_left(vt);
	vt_end(vt);
}


/** Ctrl-C asks, Ctrl-\ and Ctrl-Z are bytes as others */
static void test_no_signal_keys(void **state)
{
	struct vt *vt = start_demo(*state);

	vt_send(vt, "\034\032");
	vt_send(vt, "\003");
	vt_wait(vt, "Quit?");
	vt_check(vt, vt->pid);
	vt_send(vt, "y");
	vt_expect_exit(vt, 0);
	vt_end(vt);
}


/* ---- terminals ---- */

#define UNKNOWN "this terminal (TERM) is unknown"

enum glyphs {
	FINE = 0,
	PLAIN,                   /* signs that every console's font has   */
	ASCII,
};


static void test_terminals(void **state)
{
	/* words: said instead of a screen, NULL: it works */
	static const struct {
		const char *term;
		const char *lang;
		enum glyphs glyphs;
		bool mono;
		const char *words;
	} rowv[] = {
		{"xterm-256color", "C.UTF-8", FINE,  false, NULL},
		/* no word on the terminal, and today's are UTF-8: names are
		   names */
		{"xterm-256color", "C",       FINE,  false, NULL},
		{"xterm-256color", "",        FINE,  false, NULL},
		/* not generated here, but the terminal is of that kind */
		{"xterm-256color", "xx_YY.UTF-8", FINE,  false, NULL},
		{"screen",         "C.UTF-8", FINE,  false, NULL},
		{"linux",          "C.UTF-8", PLAIN, false, NULL},
		{"vt100",          "C.UTF-8", FINE,  true,  NULL},
		{"vt100",          "C",       FINE,  true,  NULL},
		/* said in the configuration */
		{"vt100",          "C.UTF-8", ASCII, true,  NULL},
		{"dumb",           "C.UTF-8", FINE,  false, UNKNOWN},
		{"",               "C.UTF-8", FINE,  false, UNKNOWN},
		{"no-such",        "C.UTF-8", FINE,  false, UNKNOWN},
		{"../../etc/passwd", "C",     FINE,  false, UNKNOWN},
	};

	for (size_t i = 0; i < ROWS(rowv); i++) {

		const struct vt_prm prm = {
			.home = *state,
			.argv = {"demo", rowv[i].glyphs == ASCII ? "--set" :
				 NULL, "ascii yes"},
			.term = rowv[i].term,
			.lang = rowv[i].lang,
			.err_piped = true,
		};
		struct vt *vt = NULL;

		assert_int_equal(0, vt_alloc(&vt, &prm));

		if (rowv[i].words) {
			vt_expect_exit(vt, 1);
			row_uint(i, 0, vt->bytes);
			if (!strstr(vt->said, rowv[i].words))
				vt_fail(vt, __FILE__, __LINE__, "row %zu: "
					"expected \"%s\"", i, rowv[i].words);
			vt_nothing_left(vt);
			vt_end(vt);
			continue;
		}

		vt_wait(vt, "incoming");
		vt_check(vt, vt_has(vt, "701") && vt_has(vt, "not connected"));
		if ((rowv[i].glyphs == ASCII) != !vt->high)
			vt_fail(vt, __FILE__, __LINE__, "row %zu: %zu bytes "
				"beyond ASCII", i, vt->high);
		vt_check(vt, vt_has(vt, rowv[i].glyphs == FINE ? "○ free" :
				    ". free"));
		if (rowv[i].mono != vt_colourless(vt))
			vt_fail(vt, __FILE__, __LINE__, "row %zu: expected %s",
				i, rowv[i].mono ? "no colour" : "colours");

		vt_send(vt, "a");
		vt_wait(vt, "active");
		vt_send(vt, "q");
		vt_wait(vt, "Quit?");
		vt_send(vt, "y");
		vt_expect_exit(vt, 0);
		vt_end(vt);
	}
}


/** From 1x1 on: no crash, and an answer to a bigger one */
static void test_sizes(void **state)
{
	static const struct {
		int w, h;
	} sizev[] = {
		{1, 1}, {2, 1}, {1, 2}, {10, 3}, {19, 6}, {39, 9}, {40, 10},
		{500, 2}, {3, 200}, {300, 100}, {80, 24},
	};
	struct vt *vt = start_demo(*state);

	for (size_t i = 0; i < ROWS(sizev); i++) {

		const size_t bytes = vt->bytes;

		vt_resize(vt, sizev[i].w, sizev[i].h);
		vt_until(vt, vt->bytes > bytes);
		vt_check(vt, vt->pid);
	}
	vt_wait(vt, "not connected");

	/* all at once: only the last one counts */
	for (int i = 0; i < 50; i++)
		vt_resize(vt, 20 + 3 * i, 10 + i);
	vt_resize(vt, 80, 24);
	vt_send(vt, "?");
	vt_wait(vt, "Up Down PgUp PgDn");
	vt_send(vt, "z");
	vt_wait(vt, "not connected");

	vt_send(vt, "q");
	vt_wait(vt, "Quit?");
	vt_send(vt, "y");
	vt_expect_exit(vt, 0);
	vt_end(vt);
}


static void test_no_terminal(void **state)
{
	static const struct {
		bool in_closed, out_piped;
	} rowv[] = {
		{true, false}, {false, true}, {true, true},
	};

	for (size_t i = 0; i < ROWS(rowv); i++) {

		const struct vt_prm prm = {
			.home = *state,
			.argv = {"demo"},
			.in_closed = rowv[i].in_closed,
			.out_piped = rowv[i].out_piped,
			.err_piped = true,
		};
		struct vt *vt = NULL;

		assert_int_equal(0, vt_alloc(&vt, &prm));
		vt_expect_exit(vt, 1);
		vt_check(vt, strstr(vt->said, "no terminal"));
		row_uint(i, 0, vt->bytes);
		vt_nothing_left(vt);
		vt_end(vt);
	}
}


/* ---- configuration ---- */

static void test_config(void **state)
{
	static const struct {
		const char *text;        /* NULL: there is none           */
		mode_t mode;
		const char *wordv[3];
	} rowv[] = {
		{NULL, 0, {"no account is configured", "parkdeck/config"}},
		{"", 0600, {"no account", "nothing was started"}},
		{"pbx asterisk\nspots 701-7x\n", 0600,
		 {"config:2:", "nothing was started"}},
		{"acount <sip:101@127.0.0.1>\n", 0600,
		 {"config:1:", "account"}},
		{"account <sip:101@127.0.0.1>\npbx asterix\n", 0600,
		 {"config:2:", "asterix", "asterisk"}},
		{"account <sip:101@127.0.0.1>\nkey prk p\n", 0600,
		 {"config:2:", "prk"}},
		{"account <sip:101@127.0.0.1>;auth_pass=x\n", 0644,
		 {"others"}},
		{"account <sip:101@127.0.0.1>;auth_pass=x\n", 0604,
		 {"others"}},
		{"account <sip:101@127.0.0.1\n\001\377\n", 0600,
		 {"config:1:", "config:2:"}},
	};
	const struct vt_home *home = *state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		const struct vt_prm prm = {.home = home, .err_piped = true};
		struct vt *vt = NULL;

		if (rowv[i].text)
			assert_int_equal(0, vt_home_write(home,
				"config/parkdeck/config", rowv[i].text,
				rowv[i].mode));

		assert_int_equal(0, vt_alloc(&vt, &prm));
		vt_expect_exit(vt, EXIT_CONFIG);
		row_uint(i, 0, vt->bytes);
		for (size_t k = 0; k < 3 && rowv[i].wordv[k]; k++) {
			if (!strstr(vt->said, rowv[i].wordv[k]))
				vt_fail(vt, __FILE__, __LINE__, "row %zu: "
					"expected \"%s\"", i,
					rowv[i].wordv[k]);
		}
		vt_end(vt);
	}
}


/** A command without a password: said before the screen */
static void test_pass_cmd(void **state)
{
	const struct vt_prm prm = {.home = *state, .err_piped = true};
	struct vt *vt = NULL;

	assert_int_equal(0, vt_home_write(*state, "config/parkdeck/config",
		"account <sip:101@127.0.0.1>;regint=0;auth_pass_cmd=\"echo"
		" locked >&2; exit 2\"\n", 0600));
	assert_int_equal(0, vt_alloc(&vt, &prm));
	vt_expect_exit(vt, 1);
	vt_check(vt, strstr(vt->said, "locked"));
	vt_check(vt, strstr(vt->said, "config:1: auth_pass_cmd of"
			    " sip:101@127.0.0.1 gave no password: it ended"
			    " with 2"));
	assert_int_equal(0, vt->bytes);
	vt_end(vt);
}


/** What the screen is made with changes by a reload */
static void test_reload(void **state)
{
	static const char text[] =
		"account <sip:101@127.0.0.1:9>\n"
		"net_interface 127.0.0.1\naudio_source none\n"
		"audio_player none\nspots 701-703\n%s";
	const struct vt_prm prm = {.home = *state};
	struct vt *vt = NULL;
	char buf[512];

	(void)snprintf(buf, sizeof(buf), text, "");
	assert_int_equal(0, vt_home_write(*state, "config/parkdeck/config",
					  buf, 0600));
	assert_int_equal(0, vt_alloc(&vt, &prm));
	vt_wait(vt, "701");
	vt_wait(vt, "─ Calls");
	vt_wait(vt, "not registered");
	vt_check(vt, vt->mouse && !vt_colourless(vt));

	(void)snprintf(buf, sizeof(buf), text, "ascii yes\ncolour no\n"
		       "mouse no\nkey quit Ctrl-X\nkey help F9\n");
	assert_int_equal(0, vt_home_write(*state, "config/parkdeck/config",
					  buf, 0600));
	vt_send(vt, ":reload\r");
	vt_wait(vt, "was read anew");
	vt_wait_gone(vt, "─ Calls");
	vt_wait(vt, "not registered");
	vt_check(vt, vt_has(vt, "701") && vt_colourless(vt));
	vt_until(vt, !vt->mouse);

	/* q and ? are nobody's keys now */
	vt_send(vt, "q?");
	vt_send(vt, "\033[20~");
	vt_wait(vt, "Up Down PgUp PgDn");
	vt_send(vt, "z");
	vt_wait_gone(vt, "any other key");

	/* and back */
	(void)snprintf(buf, sizeof(buf), text, "");
	assert_int_equal(0, vt_home_write(*state, "config/parkdeck/config",
					  buf, 0600));
	vt_send(vt, ":reload\r");
	vt_until(vt, vt->mouse && !vt_colourless(vt));
	vt_send(vt, "\030");
	vt_send(vt, "?");
	vt_wait(vt, "Up Down PgUp PgDn");
	vt_send(vt, "z");
	vt_wait_gone(vt, "any other key");
	vt_send(vt, "q");
	vt_expect_exit(vt, 0);
	vt_end(vt);
}


/** A file that cannot be read, or is none */
static void test_config_unreadable(void **state)
{
	const struct vt_home *home = *state;
	const struct vt_prm prm = {.home = home, .err_piped = true};
	const char *path = vt_home_path(home, "config/parkdeck/config");

	for (int i = 0; i < 4; i++) {

		struct vt *vt = NULL;

		(void)remove(path);
		switch (i) {

		case 0:
			assert_int_equal(0, mkdir(path, 0700));
			break;

		case 1:
			assert_int_equal(0, mkfifo(path, 0600));
			break;

		case 2:
			assert_int_equal(0, symlink("config", path));
			break;

		default:
			/* root reads everything */
			if (!geteuid())
				continue;
			assert_int_equal(0, vt_home_write(home,
				"config/parkdeck/config",
				"account <sip:101@127.0.0.1>\n", 0));
			break;
		}

		assert_int_equal(0, vt_alloc(&vt, &prm));
		vt_expect_exit(vt, EXIT_CONFIG);
		row_uint((size_t)i, 0, vt->bytes);
		vt_check(vt, strstr(vt->said, "parkdeck/config"));
		vt_check(vt, !strstr(vt->said, "no account is configured"));
		vt_end(vt);
		path = vt_home_path(home, "config/parkdeck/config");
	}
}


static void test_arguments(void **state)
{
	static const struct {
		const char *argv[4];
		const char *words;
	} rowv[] = {
		{{"--nonsense"},            "'--nonsense' is not known"},
		{{"demo", "--as", "nobody"}, "cannot play 'nobody'"},
		{{"demo", "x"},             "'x' is not known"},
		{{"-f"},                    "'-f' is not known"},
	};

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct vt_prm prm = {.home = *state, .err_piped = true};
		struct vt *vt = NULL;

		for (size_t k = 0; k < 4; k++)
			prm.argv[k] = rowv[i].argv[k];

		assert_int_equal(0, vt_alloc(&vt, &prm));
		vt_expect_exit(vt, EXIT_CONFIG);
		row_uint(i, 0, vt->bytes);
		if (!strstr(vt->said, rowv[i].words))
			vt_fail(vt, __FILE__, __LINE__, "row %zu: expected "
				"\"%s\"", i, rowv[i].words);
		vt_nothing_left(vt);
		vt_end(vt);
	}
}


#define ENDS_TEST(f) \
	cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest testv[] = {
		ENDS_TEST(test_crash),
		ENDS_TEST(test_asked_to_end),
		ENDS_TEST(test_terminal_gone),
		ENDS_TEST(test_no_signal_keys),
		ENDS_TEST(test_terminals),
		ENDS_TEST(test_sizes),
		ENDS_TEST(test_no_terminal),
		ENDS_TEST(test_config),
		ENDS_TEST(test_config_unreadable),
		ENDS_TEST(test_pass_cmd),
		ENDS_TEST(test_reload),
		ENDS_TEST(test_arguments),
	};
	int failed;

	if (libre_init())
		return 1;
	failed = cmocka_run_group_tests(testv, NULL, NULL);
	libre_close();

	return failed;
}
