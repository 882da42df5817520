/**
 * @file tests/bench/bench_draw.c  Bench: what does a picture cost?
 *
 * Answers: what does a whole picture of 100 lamps cost, what one changed
 * lamp, what a beat of the flash, and how many bytes go to the terminal.
 * Runs on a pseudo-terminal of its own; prints n, median and 95th
 * percentile, from the desk model to bytes ready to be written.
 *
 * usage: bench_draw
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>
#include "tests/lib/bench.h"
#include "ui/term_curses.h"
#include "ui/view.h"


enum {
	ROUNDS = 500,
	LAMPS = 100,
};

/** What changes between two pictures */
enum change {
	NOTHING = 0,
	ONE_LAMP,
	FLASH,
	EVERYTHING,
};


static struct desk desk;
static struct screen screen;
static struct theme theme;
static struct grid grid;


static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);

	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}


static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}


static int lamp(unsigned idx, enum lamp_state state, const char *who)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_LAMP;
	ev.u.lamp.idx = idx;
	ev.u.lamp.state = state;
	snprintf(ev.u.lamp.spot, TEXT_SZ, "%u", 701 + idx);
	snprintf(ev.u.lamp.who, TEXT_SZ, "%s", who);
	ev.u.lamp.since_ms = 1000 * idx;

	return desk_step(&desk, &ev, 0);
}


static int desk_fill(void)
{
	struct event ev;
	unsigned i;
	int err;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_LAMPS;
	ev.u.lamps = LAMPS;
	err = desk_step(&desk, &ev, 0);

	/* one in five is parked */
	for (i = 0; i < LAMPS; i++)
		err |= lamp(i, i % 5 ? LAMP_FREE : LAMP_PARKED,
			    i % 5 ? "" : "Jörg Müller");

	return err;
}


static int drain(void)
{
	struct pollfd pfd = {.fd = term_out_fd(), .events = POLLOUT};
	int err;

	while ((err = term_flush()) == EAGAIN)
		(void)poll(&pfd, 1, -1);

	return err;
}


static int measure(FILE *out, const char *name, int w, int h,
		   enum change change)
{
	static uint64_t drawv[ROUNDS], termv[ROUNDS];
	struct view view = {
		.screen = &screen,
		.desk = &desk,
		.theme = &theme,
		.title = "parkdeck",
		.clock = "14:05",
		.now_ms = 1000000,
	};
	size_t bytes;
	int i, err;

	err = grid_resize(&grid, w, h);
	if (err)
		return err;

	screen_resize(&screen, &desk, w, h);
	view_draw(&grid, &view);
	term_redraw();
	term_draw(&grid, &theme);
	err = drain();
	bytes = term_bytes();

	for (i = 0; !err && i < ROUNDS; i++) {

		uint64_t start, drawn;

		if (change == ONE_LAMP)
			err = lamp(7, i & 1 ? LAMP_FREE : LAMP_PARKED,
				   i & 1 ? "" : "Anna");
		else if (change == FLASH)
			view.now_ms += SCREEN_FLASH_SLOW_MS;
		else if (change == EVERYTHING)
			term_redraw();

		start = now_ns();
		view_draw(&grid, &view);
		drawn = now_ns();
		term_draw(&grid, &theme);
		drawv[i] = drawn - start;
		termv[i] = now_ns() - drawn;
		err |= drain();
	}

	bytes = (term_bytes() - bytes) / ROUNDS;
	qsort(drawv, ROUNDS, sizeof(*drawv), compare);
	qsort(termv, ROUNDS, sizeof(*termv), compare);
	fprintf(out, "%-24s %3dx%-3d n=%d  cells: median %5.0f us p95 %5.0f "
		"us  terminal: median %5.0f us p95 %5.0f us  %6zu bytes\n",
		name, w, h, ROUNDS, (double)drawv[ROUNDS / 2] / 1e3,
		(double)drawv[ROUNDS * 95 / 100] / 1e3,
		(double)termv[ROUNDS / 2] / 1e3,
		(double)termv[ROUNDS * 95 / 100] / 1e3, bytes);

	return err;
}


static int child(FILE *out)
{
	static const struct {
		const char *name;
		enum change change;
	} rowv[] = {
		{"nothing changed", NOTHING},
		{"one lamp", ONE_LAMP},
		{"flash of 20 lamps", FLASH},
		{"everything", EVERYTHING},
	};
	static const struct {
		int w, h;
	} sizev[] = {{80, 24}, {200, 60}};
	const struct screen_prm prm = {0};
	struct term_ability able;
	size_t i, k;
	int err;

	err = term_open(&able, STDOUT_FILENO, true);
	if (err) {
		fprintf(out, "terminal: %s\n", term_strerror(err));
		return err;
	}

	desk_init(&desk);
	screen_init(&screen, &prm);
	grid_init(&grid);
	err = desk_fill();

	for (k = 0; k < sizeof(sizev) / sizeof(*sizev); k++) {
		for (i = 0; !err && i < sizeof(rowv) / sizeof(*rowv); i++)
			err = measure(out, rowv[i].name, sizev[k].w,
				      sizev[k].h, rowv[i].change);
	}

	term_close();
	grid_reset(&grid);
	desk_reset(&desk);

	return err;
}


int main(void)
{
	struct winsize ws = {.ws_row = 60, .ws_col = 200};
	int master, slave, status = 1;
	FILE *out;
	pid_t pid;

	bench_begin("bench_draw");

	out = fdopen(dup(STDOUT_FILENO), "w");
	if (!out || openpty(&master, &slave, NULL, NULL, &ws)) {
		perror("bench_draw");
		return 1;
	}

	pid = fork();
	if (pid < 0) {
		perror("bench_draw");
		return 1;
	}
	if (!pid) {
		int err;

		close(master);
		(void)login_tty(slave);
		setenv("TERM", "xterm-256color", 1);
		setenv("LC_ALL", "C.UTF-8", 1);
		err = child(out);
		fflush(out);
		_exit(err ? 1 : 0);
	}

	/* be a terminal that reads all and shows nothing */
	close(slave);
	for (;;) {
		char buf[65536];

		if (read(master, buf, sizeof(buf)) <= 0)
			break;
	}

	(void)waitpid(pid, &status, 0);
	close(master);
	fclose(out);

	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
