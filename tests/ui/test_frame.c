/**
 * @file tests/ui/test_frame.c  Floods of changes: one picture per frame
 *
 * The screen on a pseudo terminal of its own, in a child, with a clock that
 * the test moves: as long as it stands, so does the frame.
 */
#include "tests/lib/test.h"
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>
#include <re.h>
#include <vterm.h>
#include "app/clock.h"
#include "app/cmd.h"
#include "app/desk_model.h"
#include "app/event.h"
#include "ui/term_curses.h"
#include "ui/ui.h"


enum {
	W = 80,
	H = 24,
	LAMPS = 20,
	FLOODS = 100,
	FLOOD = 1000,
	TURN = 50,             /* facts between two turns of the loop    */
	PATIENCE_MS = 60000,
};

struct screen_of {
	struct fake_clock clock;
	struct desk desk;
	struct bus *bus;
	struct commands *commands;
	struct ui *ui;
};


static void desk_handler(const struct event *ev, void *arg)
{
	struct screen_of *s = arg;

	(void)desk_step(&s->desk, ev, s->clock.ms);
}


static void lamp(struct screen_of *s, unsigned idx, enum lamp_state state,
		 const char *who)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_LAMP;
	ev.u.lamp.idx = idx;
	ev.u.lamp.state = state;
	ev.u.lamp.since_ms = s->clock.ms;
	snprintf(ev.u.lamp.spot, TEXT_SZ, "%u", 701 + idx);
	snprintf(ev.u.lamp.who, TEXT_SZ, "%s", who);
	bus_emit(s->bus, &ev);
}


static void cancel_handler(void *arg)
{
	(void)arg;
	re_cancel();
}


static void turn(uint32_t ms)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, ms, cancel_handler, NULL);
	(void)re_main(NULL);
	tmr_cancel(&tmr);
}


static bool pictures_come_to(size_t want)
{
	const uint64_t end = tmr_jiffies() + PATIENCE_MS;

	while (term_pictures() < want && tmr_jiffies() < end)
		turn(1);

	return term_pictures() >= want;
}


static int wrong(unsigned flood, const char *what, size_t want, size_t got)
{
	fprintf(stderr, "\r\nflood %u: %s: expected %zu, got %zu\r\n", flood,
		what, want, got);

	return 1;
}


/* @return 0 if each flood made one picture */
static int floods(struct screen_of *s)
{
	size_t pictures = term_pictures();
	char who[16] = "";

	for (unsigned f = 0; f < FLOODS; f++) {

		/* the frame of the last picture is not over */
		for (unsigned i = 1; i <= FLOOD; i++) {

			snprintf(who, sizeof(who), "%02u-%04u", f, i);
			lamp(s, 3, i % 2 ? LAMP_FREE : LAMP_PARKED,
			     i % 2 ? "" : who);
			if (i % TURN == 0)
				turn(0);
		}
		if (term_pictures() != pictures)
			return wrong(f, "pictures within a frame", pictures,
				     term_pictures());

		fake_clock_add(&s->clock, UI_FRAME_MS);
		if (!pictures_come_to(pictures + 1) ||
		    term_pictures() != pictures + 1)
			return wrong(f, "pictures of a flood", pictures + 1,
				     term_pictures());
		++pictures;
	}

	/* from its rest a change is drawn at once, by the same turn */
	fake_clock_add(&s->clock, UI_FRAME_MS);
	lamp(s, 4, LAMP_PARKED, "Anna");
	turn(0);
	if (term_pictures() != pictures + 1)
		return wrong(FLOODS, "pictures after a rest", pictures + 1,
			     term_pictures());

	return 0;
}


static int child(void)
{
	struct screen_of s;
	struct event ev = {.type = EVENT_LAMPS, .u.lamps = LAMPS};
	struct ui_prm prm;
	int err;

	memset(&s, 0, sizeof(s));
	fake_clock_init(&s.clock, 1000000);
	desk_init(&s.desk);

	err  = libre_init();
	err |= bus_alloc(&s.bus);
	err |= commands_alloc(&s.commands);
	if (err)
		return 2;

	err = bus_listen(s.bus, desk_handler, &s);
	bus_emit(s.bus, &ev);
	for (unsigned i = 0; i < LAMPS; i++)
		lamp(&s, i, LAMP_FREE, "");

	memset(&prm, 0, sizeof(prm));
	prm.clock    = &s.clock.clock;
	prm.desk     = &s.desk;
	prm.bus      = s.bus;
	prm.commands = s.commands;
	err |= ui_alloc(&s.ui, &prm);
	if (err)
		return 3;

	err = floods(&s);

	/* what is on the screen stays for the parent to see */
	(void)term_flush();
	_exit(err);
}


static void test_flood(void **state)
{
	const struct winsize ws = {.ws_row = H, .ws_col = W};
	const VTermRect all = {0, H, 0, W};
	static char text[H * W * 4], buf[65536];
	int master, slave, status = -1;
	VTermScreen *screen;
	VTerm *vt;
	size_t n;
	pid_t pid;
	(void)state;

	assert_int_equal(0, openpty(&master, &slave, NULL, NULL, &ws));

	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(master);
		(void)login_tty(slave);
		setenv("TERM", "xterm-256color", 1);
		setenv("LC_ALL", "C.UTF-8", 1);
		for (int sig = 1; sig < 32; sig++)
			(void)signal(sig, SIG_DFL);
		_exit(child());
	}

	vt = vterm_new(H, W);
	vterm_set_utf8(vt, 1);
	screen = vterm_obtain_screen(vt);
	/* the picture before the terminal is given back */
	vterm_screen_reset(screen, 1);

	/* our own end of the slave stays open, so there is no end of file */
	for (;;) {
		struct pollfd pfd = {.fd = master, .events = POLLIN};
		const bool gone = waitpid(pid, &status, WNOHANG) == pid;

		while (poll(&pfd, 1, gone ? 0 : 10) > 0) {

			const ssize_t k = read(master, buf, sizeof(buf));

			if (k <= 0)
				break;
			vterm_input_write(vt, buf, (size_t)k);
		}
		if (gone)
			break;
	}

	n = vterm_screen_get_text(screen, text, sizeof(text) - 1, all);
	text[n] = '\0';
	vterm_free(vt);
	close(slave);
	close(master);

	if (!WIFEXITED(status) || WEXITSTATUS(status))
		fail_msg("the child ended with 0x%x:\n%s", status, text);

	/* the last state of the last flood, and no other */
	assert_non_null(strstr(text, "99-1000"));
	assert_null(strstr(text, "99-09"));
	assert_non_null(strstr(text, "Anna"));
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_flood),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
