/**
 * @file ui/term_curses.c  The terminal: the only file that touches it
 */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>
#include <ncurses.h>
#include <term.h>
#include "ui/term_curses.h"
#include "ui/text.h"

/* term.h defines short names of capabilities as macros */
#undef columns
#undef lines


enum {
	RESTORE_SZ = 512,
	RESTORE_WAIT_MS = 200,
	PAIRS = 64,            /* what a terminal of 8 colours has        */
	ALTSTACK_SZ = 65536,
	RUN_MAX = 256,         /* characters written at a time            */
};

static const char paste_on[]  = "\033[?2004h";
static const char paste_off[] = "\033[?2004l";

/** Buttons, reported in SGR form */
static const char mouse_on[]  = "\033[?1000h\033[?1006h";
static const char mouse_off[] = "\033[?1006l\033[?1000l";

/** Signals that end the program: the terminal comes first */
static const int deadlyv[] = {
	SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGTERM, SIGINT,
	SIGHUP,
};

enum {
	DEADLY = sizeof(deadlyv) / sizeof(deadlyv[0]),
};

static struct {
	bool open;
	bool mouse;
	SCREEN *screen;
	FILE *mem;             /* what curses writes to: a memory file    */
	struct grid shown;
	bool anew;             /* `shown` is not what the terminal shows  */
	int pairv[PAIRS][2];   /* colours of each pair, fg and bg         */
	int pairc;
	bool default_colours;
	int pipe[2];

	char *outv;            /* bytes that wait to be written           */
	size_t outn, outsz;
	size_t bytes;
	size_t pictures;

	struct sigaction oldv[DEADLY];
	struct sigaction old_winch, old_cont, old_tstp;
	void *altstack;
} term = {
	.pipe = {-1, -1},
};

/** What a signal handler may touch: set up before it is installed */
static struct {
	volatile sig_atomic_t taken;
	volatile sig_atomic_t hangups;
	struct termios tio;
	char bytev[RESTORE_SZ];
	size_t bytec;
	int fd;                /* never blocks, if it could be opened     */
	int out;               /* as given to term_open()                 */
	int pipe;
} saved = {
	.fd = -1,
	.out = -1,
	.pipe = -1,
};


const char *term_strerror(int err)
{
	switch (err) {

	case ENOTTY:
		return "standard input or output is no terminal; "
			"the screen needs one";
	case ENOTSUP:
		return "this terminal (TERM) is unknown or cannot position "
			"its cursor; expected one like xterm-256color, "
			"screen, linux or vt100";
	default:
		return strerror(err);
	}
}


/* Restoring: async-signal-safe from here ... */

static void write_patiently(int fd, const char *p, size_t n)
{
	while (n) {
		const ssize_t k = write(fd, p, n);

		if (k > 0) {
			p += k;
			n -= (size_t)k;
		}
		else if (k < 0 && errno == EAGAIN) {
			struct pollfd pfd = {.fd = fd, .events = POLLOUT};

			if (poll(&pfd, 1, RESTORE_WAIT_MS) <= 0)
				return;
		}
		else if (k >= 0 || errno != EINTR) {
			return;
		}
	}
}


void term_restore(void)
{
	const int err = errno;

	if (!saved.taken)
		return;
	saved.taken = 0;

	/* CAN ends a sequence of which only a part was written */
	if (term.outn)
		write_patiently(saved.fd, "\030", 1);
	write_patiently(saved.fd, saved.bytev, saved.bytec);
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &saved.tio);

	errno = err;
}


static void deadly_handler(int sig)
{
	size_t i;

	/* a lost terminal is told to the loop once, calls end properly */
	if (sig == SIGHUP && saved.taken && !saved.hangups++) {
		const int err = errno;
		const ssize_t k = write(saved.pipe, "H", 1);

		errno = err;
		if (k == 1)
			return;
	}

	term_restore();

	for (i = 0; i < DEADLY; i++) {
		if (deadlyv[i] == sig)
			(void)sigaction(sig, &term.oldv[i], NULL);
	}
	(void)raise(sig);
}


static void news_handler(int sig)
{
	const int err = errno;
	const ssize_t k = write(saved.pipe, sig == SIGCONT ? "C" : "W", 1);

	/* a full pipe has news enough */
	(void)k;
	errno = err;
}

/* ... to here */


static void signals_take(void)
{
	struct sigaction sa;
	stack_t ss;
	size_t i;

	/* a stack that overflowed has no room for a handler */
	if (!sigaltstack(NULL, &ss) && ss.ss_flags & SS_DISABLE) {
		memset(&ss, 0, sizeof(ss));
		term.altstack = malloc(ALTSTACK_SZ);
		ss.ss_sp = term.altstack;
		ss.ss_size = ALTSTACK_SZ;
		if (term.altstack)
			(void)sigaltstack(&ss, NULL);
	}

	memset(&sa, 0, sizeof(sa));
	sigemptyset(&sa.sa_mask);
	sa.sa_handler = deadly_handler;
	sa.sa_flags = SA_ONSTACK | SA_NODEFER;
	for (i = 0; i < DEADLY; i++)
		(void)sigaction(deadlyv[i], &sa, &term.oldv[i]);

	sa.sa_handler = news_handler;
	sa.sa_flags = SA_RESTART;
	(void)sigaction(SIGWINCH, &sa, &term.old_winch);
	(void)sigaction(SIGCONT, &sa, &term.old_cont);

	/* calls do not survive a process that stands still */
	sa.sa_handler = SIG_IGN;
	(void)sigaction(SIGTSTP, &sa, &term.old_tstp);
}


static void signals_return(void)
{
	struct sigaction sa;
	size_t i;

	/* who set a handler after us keeps it */
	for (i = 0; i < DEADLY; i++) {
		if (!sigaction(deadlyv[i], NULL, &sa) &&
		    sa.sa_handler == deadly_handler)
			(void)sigaction(deadlyv[i], &term.oldv[i], NULL);
	}

	(void)sigaction(SIGWINCH, &term.old_winch, NULL);
	(void)sigaction(SIGCONT, &term.old_cont, NULL);
	(void)sigaction(SIGTSTP, &term.old_tstp, NULL);

	if (term.altstack) {
		stack_t ss;

		memset(&ss, 0, sizeof(ss));
		ss.ss_flags = SS_DISABLE;
		(void)sigaltstack(&ss, NULL);
		free(term.altstack);
		term.altstack = NULL;
	}
}


/* Output */

static bool out_add(const char *p, size_t n)
{
	if (term.outn + n > term.outsz) {
		const size_t sz = (term.outn + n) * 2;
		char *v = realloc(term.outv, sz);

		if (!v)
			return false;
		term.outv = v;
		term.outsz = sz;
	}

	memcpy(term.outv + term.outn, p, n);
	term.outn += n;
	term.bytes += n;

	return true;
}


/** Take over what curses has written into its memory file */
static void out_collect(void)
{
	const int fd = fileno(term.mem);
	char buf[4096];
	off_t pos = 0;
	ssize_t n;

	(void)fflush(term.mem);
	while ((n = pread(fd, buf, sizeof(buf), pos)) > 0) {
		if (!out_add(buf, (size_t)n))
			term.anew = true;
		pos += n;
	}

	if (ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET))
		term.anew = true;
}


int term_flush(void)
{
	size_t done = 0;
	int err = 0;

	while (done < term.outn) {
		const ssize_t k = write(saved.fd, term.outv + done,
					term.outn - done);

		if (k > 0) {
			done += (size_t)k;
		}
		else if (k < 0 && errno != EINTR) {
			err = errno == EWOULDBLOCK ? EAGAIN : errno;
			break;
		}
	}

	/* a terminal that fails takes nothing any more */
	if (err && err != EAGAIN)
		done = term.outn;

	memmove(term.outv, term.outv + done, term.outn - done);
	term.outn -= done;

	return err;
}


size_t term_bytes(void)
{
	return term.bytes;
}


size_t term_pictures(void)
{
	return term.pictures;
}


int term_out_fd(void)
{
	return saved.fd;
}


/* Opening */

static void saved_add(const char *p)
{
	const size_t n = p && p != (char *)-1 ? strlen(p) : 0;

	if (saved.bytec + n > sizeof(saved.bytev))
		return;

	memcpy(saved.bytev + saved.bytec, p, n);
	saved.bytec += n;
}


/** Terminfo strings may hold "$<5>", a delay; there is none from us */
static void saved_add_cap(const char *name)
{
	const char *p = tigetstr(name);
	char buf[128];
	size_t n = 0;

	if (!p || p == (char *)-1)
		return;

	while (*p && n + 1 < sizeof(buf)) {
		const char *end = p[0] == '$' && p[1] == '<' ?
			strchr(p, '>') : NULL;

		if (end)
			p = end + 1;
		else
			buf[n++] = *p++;
	}
	buf[n] = '\0';
	saved_add(buf);
}


/** All that gives the terminal back; made in advance for the handlers */
static void restore_make(void)
{
	const char *cup = tigetstr("cup");
	int w, h;

	term_size(&w, &h);

	saved.bytec = 0;
	if (term.mouse)
		saved_add(mouse_off);
	saved_add(paste_off);
	saved_add_cap("sgr0");
	saved_add_cap("op");
	saved_add_cap("cnorm");
	if (cup && cup != (char *)-1)
		saved_add(tparm(cup, (long)h - 1, 0L, 0L, 0L, 0L, 0L, 0L, 0L,
				0L));
	saved_add_cap("el");
	saved_add_cap("rmcup");
}


static int pipe_open(void)
{
	if (pipe2(term.pipe, O_CLOEXEC | O_NONBLOCK))
		return errno;

	saved.pipe = term.pipe[1];

	return 0;
}


static int mem_open(void)
{
	const int fd = memfd_create("parkdeck screen", MFD_CLOEXEC);
	int err;

	if (fd < 0)
		return errno;

	term.mem = fdopen(fd, "w+");
	if (!term.mem) {
		err = errno;
		(void)close(fd);
		return err;
	}

	return 0;
}


/** newterm() prints and exits on some terminals: ask first */
static int known(void)
{
	const char *cup;
	int errret, err = 0;

	if (setupterm(NULL, saved.out, &errret) != OK || errret != 1)
		return ENOTSUP;

	cup = tigetstr("cup");
	if (!cup || cup == (char *)-1 || tigetflag("hc") > 0 ||
	    tigetflag("gn") > 0)
		err = ENOTSUP;

	(void)del_curterm(cur_term);

	return err;
}


static int curses_open(void)
{
	int w, h, err;

	err = known();
	if (err)
		return err;

	term.screen = newterm(NULL, term.mem, stdin);
	if (!term.screen)
		return ENOTSUP;

	term_size(&w, &h);
	(void)resizeterm(h, w);
	(void)nonl();
	(void)leaveok(stdscr, FALSE);
	(void)scrollok(stdscr, FALSE);

	if (has_colors()) {
		(void)start_color();
		term.default_colours = use_default_colors() == OK;
	}

	return 0;
}


static void tty_raw(void)
{
	struct termios tio = saved.tio;

	cfmakeraw(&tio);
	tio.c_cc[VMIN] = 0;
	tio.c_cc[VTIME] = 0;
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &tio);
}


static void modes_on(void)
{
	(void)out_add(paste_on, sizeof(paste_on) - 1);
	if (term.mouse)
		(void)out_add(mouse_on, sizeof(mouse_on) - 1);
}


static void release(void)
{
	if (term.screen) {
		delscreen(term.screen);
		term.screen = NULL;
	}
	if (term.mem) {
		(void)fclose(term.mem);
		term.mem = NULL;
	}
	if (saved.fd != saved.out)
		(void)close(saved.fd);
	saved.fd = saved.out = -1;

	saved.pipe = -1;
	if (term.pipe[0] >= 0) {
		(void)close(term.pipe[0]);
		(void)close(term.pipe[1]);
	}
	term.pipe[0] = term.pipe[1] = -1;

	grid_reset(&term.shown);
	free(term.outv);
	term.outv = NULL;
	term.outn = term.outsz = 0;
	term.pairc = 0;
}


int term_open(struct term_ability *able, int out, bool mouse)
{
	static bool at_exit;
	const char *name;
	int err;

	if (term.open)
		return EALREADY;
	if (!isatty(STDIN_FILENO) || !isatty(out))
		return ENOTTY;
	if (tcgetattr(STDIN_FILENO, &saved.tio))
		return errno;

	/* the program's own choice, if it has made one */
	if (!strcmp(setlocale(LC_CTYPE, NULL), "C"))
		(void)setlocale(LC_CTYPE, "");
	able->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");

	/* a file description of our own: O_NONBLOCK on standard output
	   would hit the shell that shares it */
	name = ttyname(out);
	saved.fd = name ? open(name, O_WRONLY | O_NOCTTY | O_NONBLOCK |
			       O_CLOEXEC) : -1;
	if (saved.fd < 0)
		saved.fd = out;
	saved.out = out;
	term.mouse = mouse;

	err = pipe_open();
	if (err) {
		release();
		return err;
	}

	/* before curses: it sets handlers of its own where there are none,
	   and they exit */
	signals_take();

	err = mem_open();
	if (!err)
		err = curses_open();
	if (err) {
		signals_return();
		release();
		return err;
	}

	able->colours = has_colors();
	name = getenv("TERM");
	able->linux_console = name && !strncmp(name, "linux", 5);

	restore_make();
	saved.hangups = 0;
	saved.taken = 1;
	term.open = true;
	term.anew = true;
	if (!at_exit)
		at_exit = !atexit(term_restore);

	tty_raw();
	out_collect();
	modes_on();

	return 0;
}


void term_mouse(bool on)
{
	if (!term.open || term.mouse == on)
		return;

	term.mouse = on;
	if (on)
		(void)out_add(mouse_on, sizeof(mouse_on) - 1);
	else
		(void)out_add(mouse_off, sizeof(mouse_off) - 1);

	restore_make();
}


void term_close(void)
{
	if (!term.open)
		return;

	signals_return();
	term_restore();
	release();
	term.open = false;
}


/* Size, signals, input */

void term_size(int *w, int *h)
{
	struct winsize ws;

	*w = 80;
	*h = 24;

	if (!ioctl(saved.out, TIOCGWINSZ, &ws) && ws.ws_col &&
	    ws.ws_row) {
		*w = ws.ws_col < GRID_W_MAX ? ws.ws_col : GRID_W_MAX;
		*h = ws.ws_row < GRID_H_MAX ? ws.ws_row : GRID_H_MAX;
	}
}


int term_signal_fd(void)
{
	return term.pipe[0];
}


enum term_signal term_signal(void)
{
	enum term_signal news = TERM_SIGNAL_NONE;
	char buf[64];
	ssize_t n, i;
	int w, h;

	while ((n = read(term.pipe[0], buf, sizeof(buf))) > 0) {
		for (i = 0; i < n; i++) {

			if (buf[i] == 'H') {
				news = TERM_SIGNAL_HANGUP;
				continue;
			}

			/* a shell that had the terminal left its modes */
			if (buf[i] == 'C') {
				tty_raw();
				modes_on();
			}
			if (news != TERM_SIGNAL_HANGUP)
				news = TERM_SIGNAL_RESIZED;
		}
	}

	if (news == TERM_SIGNAL_RESIZED) {
		term_size(&w, &h);
		(void)resizeterm(h, w);
		restore_make();
		term_redraw();
	}

	return news;
}


ssize_t term_read(char *buf, size_t sz)
{
	struct pollfd pfd = {.fd = STDIN_FILENO, .events = POLLIN};
	ssize_t n;

	/* with VMIN 0 a read of nothing and the end look alike: ask */
	if (poll(&pfd, 1, 0) < 1)
		return 0;

	n = read(STDIN_FILENO, buf, sz);
	if (n > 0)
		return n;
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;

	return pfd.revents & (POLLHUP | POLLERR | POLLNVAL) || n < 0 ? -1 : 0;
}


/* Drawing */

static short pair_of(const struct style *st)
{
	int fg = st->fg, bg = st->bg, i;

	if (fg < 0 && bg < 0)
		return 0;

	if (!term.default_colours) {
		fg = fg < 0 ? COLOR_WHITE : fg;
		bg = bg < 0 ? COLOR_BLACK : bg;
	}

	for (i = 0; i < term.pairc; i++) {
		if (term.pairv[i][0] == fg && term.pairv[i][1] == bg)
			return (short)(i + 1);
	}

	if (i + 1 >= PAIRS || i + 1 >= COLOR_PAIRS ||
	    init_pair((short)(i + 1), (short)fg, (short)bg) != OK)
		return 0;

	term.pairv[i][0] = fg;
	term.pairv[i][1] = bg;
	++term.pairc;

	return (short)(i + 1);
}


static void set_style(const struct theme *theme, const struct cell *c)
{
	const struct style st = theme_style(theme, (enum role)c->role,
					    c->selected);
	attr_t attr = A_NORMAL;

	if (st.attr & STYLE_BOLD)
		attr |= A_BOLD;
	if (st.attr & STYLE_DIM)
		attr |= A_DIM;
	if (st.attr & STYLE_REVERSE)
		attr |= A_REVERSE;
	if (st.attr & STYLE_UNDERLINE)
		attr |= A_UNDERLINE;

	(void)wattr_set(stdscr, attr, pair_of(&st), NULL);
}


/**
 * Convert a cell for curses
 *
 * curses goes by the C library's idea of width: where that differs from
 * ours, a row would shift, so such a character is replaced.
 *
 * @return Characters written to out, at most TEXT_MARKS + 1
 */
static size_t cell_wide(wchar_t *out, const struct cell *c)
{
	size_t len = strlen(c->ch), pos = 0, n = 0;
	uint32_t cp;

	if (len == 1) {
		out[0] = (wchar_t)c->ch[0];
		return 1;
	}

	while (pos < len) {
		pos += text_decode(&cp, c->ch + pos, len - pos);
		if (wcwidth((wchar_t)cp) != (n ? 0 : c->width))
			break;
		out[n++] = (wchar_t)cp;
	}

	if (!n) {
		out[n++] = L'?';
		if (c->width == 2)
			out[n++] = L' ';
	}

	return n;
}


static bool same_look(const struct cell *a, const struct cell *b)
{
	return a->role == b->role && a->selected == b->selected;
}


/** Write the cells from..to of a row */
static void draw_span(const struct grid *grid, const struct theme *theme,
		      int y, int from, int to)
{
	wchar_t run[RUN_MAX];
	int x = from;

	while (x <= to) {

		const struct cell *first = grid_cell(grid, x, y), *c = first;
		const int start = x;
		size_t n = 0;

		while (x <= to && same_look(first, c) &&
		       n + TEXT_MARKS + 2 < RUN_MAX) {
			if (c->width)
				n += cell_wide(run + n, c);
			++x;
			++c;
		}

		set_style(theme, first);
		(void)mvwaddnwstr(stdscr, y, start, run, (int)n);
	}
}


static void draw_row(const struct grid *grid, const struct theme *theme,
		     int y)
{
	int from = 0, to = grid->w - 1;

	if (!term.anew) {
		const struct cell *a = grid_cell(grid, 0, y);
		const struct cell *b = grid_cell(&term.shown, 0, y);

		while (!memcmp(&a[from], &b[from], sizeof(*a)))
			++from;
		while (!memcmp(&a[to], &b[to], sizeof(*a)))
			--to;

		/* whole characters only */
		while (from && !(a[from].width && b[from].width))
			--from;
		while (to + 1 < grid->w &&
		       !(a[to + 1].width && b[to + 1].width))
			++to;
	}

	draw_span(grid, theme, y, from, to);
}


void term_draw(const struct grid *grid, const struct theme *theme)
{
	struct grid *shown = &term.shown;
	bool changed = false;
	int y;

	if (!term.open)
		return;

	if (shown->w != grid->w || shown->h != grid->h) {
		if (grid_resize(shown, grid->w, grid->h))
			return;
		term.anew = true;
	}

	if (term.anew) {
		(void)clearok(curscr, TRUE);
		changed = true;
	}

	for (y = 0; y < grid->h; y++) {
		if (!term.anew && grid_row_same(grid, shown, y))
			continue;

		draw_row(grid, theme, y);
		memcpy(shown->cellv + (size_t)y * (size_t)grid->w,
		       grid->cellv + (size_t)y * (size_t)grid->w,
		       sizeof(*grid->cellv) * (size_t)grid->w);
		changed = true;
	}

	if (grid->cursor_shown != shown->cursor_shown || term.anew) {
		(void)curs_set(grid->cursor_shown ? 1 : 0);
		changed = true;
	}
	if (grid->cursor_x != shown->cursor_x ||
	    grid->cursor_y != shown->cursor_y)
		changed = true;

	shown->cursor_shown = grid->cursor_shown;
	shown->cursor_x = grid->cursor_x;
	shown->cursor_y = grid->cursor_y;
	term.anew = false;

	if (!changed)
		return;

	(void)wmove(stdscr, grid->cursor_y, grid->cursor_x);
	(void)wnoutrefresh(stdscr);
	(void)doupdate();
	out_collect();
	++term.pictures;
}


void term_redraw(void)
{
	term.anew = true;
}


void term_bell(void)
{
	(void)out_add("\a", 1);
}


void term_copy(const char *base64, size_t n)
{
	static const char begin[] = "\033]52;c;";

	(void)out_add(begin, sizeof(begin) - 1);
	(void)out_add(base64, n);
	(void)out_add("\a", 1);
}
