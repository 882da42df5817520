/**
 * @file tests/ui/test_term.c  The terminal: drawn right, given back always
 *
 * Each scenario runs in a child on a pseudo-terminal of its own; libvterm
 * reads the screen.
 */
#include "tests/lib/test.h"
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>
#include <vterm.h>
#include "ui/term_curses.h"


enum {
	W = 60,
	H = 12,
	OUT_MAX = 1 << 20,
};

/** What a child does on its terminal; returns its exit status */
typedef int (scenario_h)(int arg);

struct result {
	char *out;                 /* all that came out of the terminal  */
	size_t outn;
	int status;                /* of waitpid()                       */
	struct termios before, after;
};


static const int signalv[] = {
	SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGTERM, SIGINT,
};


/** In the child: nobody else's handlers, cmocka's and ASan's included */
static void signals_default(void)
{
	for (size_t i = 0; i < ROWS(signalv); i++)
		(void)signal(signalv[i], SIG_DFL);
	(void)signal(SIGHUP, SIG_DFL);
}


static void run(struct result *res, const char *term, const char *locale,
		scenario_h *h, int arg)
{
	struct winsize ws = {.ws_row = H, .ws_col = W};
	int master, slave;
	ssize_t n;
	pid_t pid;

	memset(res, 0, sizeof(*res));
	res->out = malloc(OUT_MAX);
	assert_non_null(res->out);

	assert_int_equal(0, openpty(&master, &slave, NULL, NULL, &ws));
	assert_int_equal(0, tcgetattr(slave, &res->before));

	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		int status;

		close(master);
		(void)login_tty(slave);
		setenv("TERM", term, 1);
		setenv("LC_ALL", locale, 1);
		signals_default();
		status = h(arg);
		fflush(NULL);
		_exit(status);
	}

	/* our own end of the slave stays open, so there is no end of file:
	   read until the child is gone and nothing is left */
	for (;;) {
		struct pollfd pfd = {.fd = master, .events = POLLIN};
		const bool gone = waitpid(pid, &res->status, WNOHANG) == pid;

		while (poll(&pfd, 1, gone ? 0 : 10) > 0) {
			n = read(master, res->out + res->outn,
				 OUT_MAX - 1 - res->outn);
			if (n <= 0)
				break;
			res->outn += (size_t)n;
		}
		if (gone)
			break;
	}
	res->out[res->outn] = '\0';

	assert_int_equal(0, tcgetattr(slave, &res->after));
	close(slave);
	close(master);
}


static void free_result(struct result *res)
{
	free(res->out);
}


static const char *find_last(const char *hay, const char *needle)
{
	const char *p, *last = NULL;

	for (p = strstr(hay, needle); p; p = strstr(p + 1, needle))
		last = p;

	return last;
}


static int flush_all(void)
{
	struct pollfd pfd = {.fd = term_out_fd(), .events = POLLOUT};
	int err;

	while ((err = term_flush()) == EAGAIN)
		(void)poll(&pfd, 1, 1000);

	return err;
}


/* Pictures */

static void picture(struct grid *g, unsigned seed)
{
	static const char *const textv[] = {
		"Anna Smith", "王小明 Wang", "Jo\xcc\x88rg", "● parked 2:05",
		"     ", "한국어", "▸ 1 ○ free", "────", "Ωμέγα", "é",
	};

	grid_clear(g);
	for (int i = 0; i < 20; i++) {
		seed = seed * 1664525 + 1013904223;
		grid_text(g, NULL, (int)(seed >> 16) % g->w - 3,
			  (int)(seed >> 24) % g->h,
			  (enum role)((seed >> 8) % ROLES),
			  textv[(seed >> 4) % ROWS(textv)]);
	}
	/* the corner, where terminals like to scroll */
	grid_text(g, NULL, g->w - 2, g->h - 1, ROLE_TEXT, "ok");
	g->cursor_x = (int)(seed >> 16) % g->w;
	g->cursor_y = (int)(seed >> 24) % g->h;
	g->cursor_shown = seed & 0x10000000;
}


static int draw_scenario(int pictures)
{
	struct term_ability able;
	struct theme theme = {0};
	struct grid g;

	if (term_open(&able, STDOUT_FILENO, true))
		return 1;

	theme.mono = !able.colours;
	grid_init(&g);
	if (grid_resize(&g, W, H))
		return 2;

	for (int i = 0; i < pictures; i++) {
		picture(&g, (unsigned)i);
		term_draw(&g, &theme);
	}
	if (flush_all())
		return 3;

	/* not closed: the screen is still there to be read */
	return able.utf8 ? 0 : 4;
}


static int cell_text(char *buf, VTermScreen *vts, int x, int y)
{
	const VTermPos pos = {.row = y, .col = x};
	VTermScreenCell cell;
	size_t n = 0;

	buf[0] = '\0';
	if (!vterm_screen_get_cell(vts, pos, &cell))
		return 0;
	if (!cell.chars[0])
		strcpy(buf, " ");
	if (cell.chars[0] == (uint32_t)-1)
		return 0;

	for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++) {
		n += text_encode(buf + n, cell.chars[i]);
		buf[n] = '\0';
	}

	return cell.width;
}


/** After any number of pictures the terminal shows exactly the last */
static void test_pictures(void **state)
{
	static const struct {
		const char *term;
		int pictures;
	} rowv[] = {
		{"xterm-256color", 1}, {"xterm-256color", 2},
		{"xterm-256color", 25}, {"xterm", 10}, {"vt100", 1},
		{"vt100", 10}, {"screen", 10}, {"screen-256color", 10},
		{"tmux-256color", 10}, {"linux", 10}, {"rxvt", 10},
		{"xterm-mono", 10},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		struct result res;
		VTermScreen *vts;
		struct grid g;
		VTerm *vt;

		run(&res, rowv[i].term, "C.UTF-8", draw_scenario,
		    rowv[i].pictures);
		row_int(i, 0, WEXITSTATUS(res.status));

		vt = vterm_new(H, W);
		vterm_set_utf8(vt, 1);
		vts = vterm_obtain_screen(vt);
		vterm_screen_reset(vts, 1);
		vterm_input_write(vt, res.out, res.outn);

		grid_init(&g);
		assert_int_equal(0, grid_resize(&g, W, H));
		picture(&g, (unsigned)rowv[i].pictures - 1);

		for (int y = 0; y < H; y++) {
			for (int x = 0; x < W; x++) {
				const struct cell *c = grid_cell(&g, x, y);
				char text[64];
				int w = cell_text(text, vts, x, y);

				if (c->width == w && !strcmp(c->ch, text))
					continue;
				row_fail(i, "TERM=%s at %d,%d: expected "
					 "\"%s\", got \"%s\"", rowv[i].term,
					 x, y, c->ch, text);
			}
		}

		grid_reset(&g);
		vterm_free(vt);
		free_result(&res);
	}
}


/* Giving back */

static void open_and_draw(void)
{
	struct term_ability able;
	struct theme theme = {0};
	struct grid g;

	if (term_open(&able, STDOUT_FILENO, true))
		_exit(1);
	grid_init(&g);
	if (grid_resize(&g, W, H))
		_exit(2);
	picture(&g, 1);
	term_draw(&g, &theme);
	(void)flush_all();
	grid_reset(&g);
}


static int close_scenario(int arg)
{
	(void)arg;

	open_and_draw();
	term_close();
	term_close();

	return 0;
}


static int exit_scenario(int arg)
{
	open_and_draw();
	exit(arg);
}


static int signal_scenario(int sig)
{
	open_and_draw();
	(void)raise(sig);

	return 9;
}


/** The first one is for the loop, the second means it */
static int hangup_scenario(int arg)
{
	(void)arg;

	open_and_draw();
	(void)raise(SIGHUP);
	if (term_signal() != TERM_SIGNAL_HANGUP)
		return 9;
	(void)raise(SIGHUP);

	return 8;
}


/** Half a sequence is out when it dies: CAN ends that one first */
static int stuck_scenario(int sig)
{
	struct theme theme = {0};
	struct grid g;

	open_and_draw();
	grid_init(&g);
	if (grid_resize(&g, W, H))
		return 2;
	picture(&g, 2);
	term_draw(&g, &theme);     /* and not flushed */
	(void)raise(sig);

	return 9;
}


static void restored(size_t i, const struct result *res)
{
	static const char *const endv[] = {
		"\033[?2004l", "\033[?1000l", "\033[?1006l", "\033[?1049l",
	};
	static const char *const onv[] = {
		"\033[?2004h", "\033[?1000h", "\033[?1006h", "\033[?1049h",
	};

	row_mem(i, &res->before.c_iflag, sizeof(tcflag_t) * 4,
		&res->after.c_iflag, sizeof(tcflag_t) * 4);
	row_mem(i, res->before.c_cc, NCCS, res->after.c_cc, NCCS);

	for (size_t k = 0; k < ROWS(endv); k++) {
		const char *on = find_last(res->out, onv[k]);
		const char *off = find_last(res->out, endv[k]);

		row_true(i, on != NULL);
		row_true(i, off != NULL && off > on);
	}

	/* the cursor is visible again */
	row_true(i, find_last(res->out, "\033[?25h") >
		 find_last(res->out, "\033[?25l"));
}


static void test_restore(void **state)
{
	struct result res;
	(void)state;

	run(&res, "xterm-256color", "C.UTF-8", close_scenario, 0);
	row_int(0, 0, res.status);
	restored(0, &res);
	free_result(&res);

	run(&res, "xterm-256color", "C.UTF-8", exit_scenario, 3);
	row_true(1, WIFEXITED(res.status));
	restored(1, &res);
	free_result(&res);

	for (size_t i = 0; i < ROWS(signalv); i++) {
		run(&res, "xterm-256color", "C.UTF-8", signal_scenario,
		    signalv[i]);
		row_true(10 + i, WIFSIGNALED(res.status));
		row_int(10 + i, signalv[i], WTERMSIG(res.status));
		restored(10 + i, &res);
		free_result(&res);
	}

	run(&res, "xterm-256color", "C.UTF-8", hangup_scenario, 0);
	row_true(20, WIFSIGNALED(res.status));
	row_int(20, SIGHUP, WTERMSIG(res.status));
	restored(20, &res);
	free_result(&res);

	run(&res, "xterm-256color", "C.UTF-8", stuck_scenario, SIGSEGV);
	row_int(21, SIGSEGV, WTERMSIG(res.status));
	row_true(21, strchr(res.out, '\030') != NULL);
	restored(21, &res);
	free_result(&res);
}


/* The clipboard (OSC 52) gets what is copied, whole and once */

static int copy_scenario(int arg)
{
	struct term_ability able;
	int err;
	(void)arg;

	err = term_open(&able, STDOUT_FILENO, false);
	if (err)
		return err;

	term_copy("Kjg4MTAy", 8);
	err = flush_all();
	term_close();

	return err;
}


static void test_copy(void **state)
{
	static const char osc[] = "\033]52;c;Kjg4MTAy\a";
	struct result res;
	const char *p;
	(void)state;

	run(&res, "xterm-256color", "C.UTF-8", copy_scenario, 0);
	row_int(0, 0, res.status);
	p = strstr(res.out, osc);
	row_true(0, p != NULL);
	row_true(0, p == find_last(res.out, "\033]52"));
	free_result(&res);
}


/* Terminals that cannot be used */

static int open_scenario(int want)
{
	struct term_ability able;
	const int err = term_open(&able, STDOUT_FILENO, true);

	if (!err)
		term_close();

	return err == want ? 0 : 1;
}


static int notty_scenario(int fd)
{
	const int null = open("/dev/null", O_RDWR);

	(void)dup2(null, fd);

	return open_scenario(ENOTTY);
}


static void test_refused(void **state)
{
	static const struct {
		const char *term;
		scenario_h *h;
		int arg;
	} rowv[] = {
		{"dumb", open_scenario, ENOTSUP},
		{"unknown", open_scenario, ENOTSUP},
		{"", open_scenario, ENOTSUP},
		{"no-such-terminal", open_scenario, ENOTSUP},
		{"xterm", notty_scenario, STDIN_FILENO},
		{"xterm", notty_scenario, STDOUT_FILENO},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		struct result res;

		run(&res, rowv[i].term, "C.UTF-8", rowv[i].h, rowv[i].arg);
		row_int(i, 0, res.status);
		row_uint(i, 0, res.outn);
		row_mem(i, &res.before.c_iflag, sizeof(tcflag_t) * 4,
			&res.after.c_iflag, sizeof(tcflag_t) * 4);
		free_result(&res);
	}

	row_true(10, strstr(term_strerror(ENOTSUP), "TERM") != NULL);
	row_true(11, strstr(term_strerror(ENOTTY), "terminal") != NULL);
}


static int ability_scenario(int arg)
{
	struct term_ability able;
	int bits;
	(void)arg;

	if (term_open(&able, STDOUT_FILENO, false))
		return 99;
	term_close();

	bits  = able.utf8 ? 1 : 0;
	bits |= able.colours ? 2 : 0;
	bits |= able.linux_console ? 4 : 0;

	return bits;
}


static void test_ability(void **state)
{
	static const struct {
		const char *term, *locale;
		int bits;
	} rowv[] = {
		{"xterm-256color", "C.UTF-8", 1 | 2},
		{"xterm-256color", "C", 2},
		{"vt100", "C.UTF-8", 1},
		{"linux", "C.UTF-8", 1 | 2 | 4},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		struct result res;

		run(&res, rowv[i].term, rowv[i].locale, ability_scenario, 0);
		row_int(i, rowv[i].bits, WEXITSTATUS(res.status));
		/* no mouse was asked for */
		row_true(i, strstr(res.out, "?1000h") == NULL);
		free_result(&res);
	}
}


/* A terminal that takes nothing: nobody reads the other side */

static void test_stalled(void **state)
{
	struct winsize ws = {.ws_row = H, .ws_col = W};
	int master, slave, status;
	pid_t pid;
	(void)state;

	assert_int_equal(0, openpty(&master, &slave, NULL, NULL, &ws));
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		struct term_ability able;
		struct theme theme = {0};
		struct grid g;
		int i, err = 0;

		close(master);
		(void)login_tty(slave);
		setenv("TERM", "xterm-256color", 1);
		setenv("LC_ALL", "C.UTF-8", 1);
		signals_default();
		if (term_open(&able, STDOUT_FILENO, true))
			_exit(1);
		grid_init(&g);
		if (grid_resize(&g, W, H))
			_exit(2);
		for (i = 0; i < 10000 && !err; i++) {
			picture(&g, (unsigned)i);
			term_draw(&g, &theme);
			err = term_flush();
		}

		/* it came back, it did not wait */
		_exit(err == EAGAIN ? 0 : 3);
	}

	close(slave);
	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_true(WIFEXITED(status));
	assert_int_equal(0, WEXITSTATUS(status));
	close(master);
}


/* Size */

static int resize_scenario(int arg)
{
	struct winsize ws = {.ws_row = 33, .ws_col = 99};
	struct pollfd pfd = {.events = POLLIN};
	struct term_ability able;
	int w, h;
	(void)arg;

	if (term_open(&able, STDOUT_FILENO, true))
		return 1;
	term_size(&w, &h);
	if (w != W || h != H)
		return 2;
	if (term_signal() != TERM_SIGNAL_NONE)
		return 3;

	/* sends SIGWINCH to ourselves: we lead the terminal's session */
	if (ioctl(STDOUT_FILENO, TIOCSWINSZ, &ws))
		return 4;
	pfd.fd = term_signal_fd();
	if (poll(&pfd, 1, 5000) != 1)
		return 5;
	if (term_signal() != TERM_SIGNAL_RESIZED)
		return 6;
	term_size(&w, &h);
	if (w != 99 || h != 33)
		return 7;

	/* as after fg: the modes are set anew */
	(void)raise(SIGCONT);
	if (term_signal() != TERM_SIGNAL_RESIZED)
		return 8;
	term_close();

	return 0;
}


static void test_resize(void **state)
{
	struct result res;
	(void)state;

	run(&res, "xterm-256color", "C.UTF-8", resize_scenario, 0);
	assert_true(WIFEXITED(res.status));
	assert_int_equal(0, WEXITSTATUS(res.status));
	free_result(&res);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_pictures),
		unit_test(test_restore),
		unit_test(test_copy),
		unit_test(test_refused),
		unit_test(test_ability),
		unit_test(test_stalled),
		unit_test(test_resize),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
