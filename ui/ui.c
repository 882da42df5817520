/**
 * @file ui/ui.c  The screen: wires bus, keys, time and terminal together
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <re.h>
#include "app/log.h"
#include "ui/grid.h"
#include "ui/keyin_state.h"
#include "ui/screen_state.h"
#include "ui/term_curses.h"
#include "ui/text.h"
#include "ui/theme.h"
#include "ui/ui.h"
#include "ui/view.h"


struct ui {
	struct ui_prm prm;
	struct term_ability able;
	struct theme theme;
	struct screen screen;
	struct keyin keyin;
	struct grid grid;
	struct tmr tmr;
	bool dirty;            /* the picture is no longer true           */
	bool listening;        /* to the bus                              */
	bool stalled;          /* the terminal takes no more now          */
	bool gone;             /* it was hung up                          */
	uint64_t drawn_ms;
	char title[TEXT_SZ];
	char banner[64];
};


static void tick(void *arg);


static uint64_t now(const struct ui *ui)
{
	return clock_ms(ui->prm.clock);
}


static uint64_t sooner(uint64_t a, uint64_t b)
{
	return !a || (b && b < a) ? b : a;
}


/** Arm the one timer for whatever comes first */
static void schedule(struct ui *ui)
{
	const uint64_t now_ms = now(ui);
	uint64_t due = keyin_due_ms(&ui->keyin);

	due = sooner(due, screen_due_ms(&ui->screen, ui->prm.desk, now_ms));

	/* the clock's next minute */
	due = sooner(due, now_ms + 1000 *
		     (60 - (uint64_t)(time(NULL) % 60)));

	if (ui->dirty && !ui->stalled && !ui->gone)
		due = sooner(due, ui->drawn_ms + UI_FRAME_MS);

	/* flashes are no reason to draw more often than once a frame */
	if (due < ui->drawn_ms + UI_FRAME_MS &&
	    due != keyin_due_ms(&ui->keyin))
		due = ui->drawn_ms + UI_FRAME_MS;

	tmr_start(&ui->tmr, due > now_ms ? due - now_ms : 0, tick, ui);
}


static void dirty(struct ui *ui)
{
	ui->dirty = true;
	schedule(ui);
}


/* Output */

static void writable(int flags, void *arg)
{
	struct ui *ui = arg;
	(void)flags;

	if (term_flush() == EAGAIN)
		return;

	fd_close(term_out_fd());
	ui->stalled = false;
	screen_drawn(&ui->screen, ui->prm.desk, now(ui));
	schedule(ui);
}


static void flush(struct ui *ui)
{
	if (ui->stalled || term_flush() != EAGAIN)
		return;

	ui->stalled = !fd_listen(term_out_fd(), FD_WRITE, writable, ui);
}


static void draw(struct ui *ui, uint64_t now_ms)
{
	const time_t t = time(NULL);
	char hhmm[8] = "";
	struct tm tm;
	const struct view view = {
		.screen = &ui->screen,
		.desk   = ui->prm.desk,
		.theme  = &ui->theme,
		.title  = ui->title,
		.banner = ui->banner[0] ? ui->banner : NULL,
		.clock  = hhmm,
		.now_ms = now_ms,
	};

	if (localtime_r(&t, &tm))
		(void)strftime(hhmm, sizeof(hhmm), "%H:%M", &tm);

	view_draw(&ui->grid, &view);
	term_draw(&ui->grid, &ui->theme);
	ui->drawn_ms = now_ms;
	ui->dirty = false;
	flush(ui);
	if (!ui->stalled)
		screen_drawn(&ui->screen, ui->prm.desk, now_ms);
}


static void resize(struct ui *ui)
{
	int w, h;

	term_size(&w, &h);
	if (grid_resize(&ui->grid, w, h))
		return;

	screen_resize(&ui->screen, ui->prm.desk, w, h);
}


/* Wishes */

static void copy(const char *text)
{
	char base64[4 * TEXT_SZ];
	size_t n = sizeof(base64);

	if (!base64_encode((const uint8_t *)text, strlen(text), base64, &n))
		term_copy(base64, n);
}


static void wishes_run(struct ui *ui)
{
	struct wish wish;

	while (screen_wish(&ui->screen, &wish)) {

		char out[REASON_SZ] = "";
		int err;

		if (wish.kind == WISH_REDRAW) {
			term_redraw();
			continue;
		}

		if (wish.kind == WISH_COPY) {
			copy(wish.line);
			text_print(out, sizeof(out), "%s is in the clipboard,"
				   " if the terminal allows it", wish.line);
			screen_message(&ui->screen, MESSAGE_INFO, out,
				       now(ui));
			continue;
		}

		err = commands_runf(ui->prm.commands, out, sizeof(out), "%s",
				    wish.line);
		if (err && !out[0])
			text_print(out, sizeof(out), "%s: %s", wish.line,
				   strerror(err));
		if (out[0] && (err || wish.kind == WISH_TYPED))
			screen_message(&ui->screen, err ? MESSAGE_ERROR :
				       MESSAGE_INFO, out, now(ui));
	}
}


static void key_handler(const struct key *key, void *arg)
{
	const struct event help = {.type = EVENT_HELP};
	struct ui *ui = arg;
	const bool open = ui->screen.mode == SCREEN_HELP;

	screen_key(&ui->screen, ui->prm.desk, key, now(ui));
	wishes_run(ui);

	if (ui->screen.mode == SCREEN_HELP && !open)
		bus_emit(ui->prm.bus, &help);
}


/** The terminal is gone: calls must end properly all the same */
static void hangup(struct ui *ui)
{
	char out[REASON_SZ] = "";

	if (ui->gone)
		return;
	ui->gone = true;

	applog(APPLOG_WARN, "ui: the terminal is gone, quitting");
	fd_close(STDIN_FILENO);
	if (commands_runf(ui->prm.commands, out, sizeof(out), "quit"))
		applog(APPLOG_ERROR, "ui: quit: %s", out);
}


static void read_keys(struct ui *ui)
{
	char buf[256];
	ssize_t n, i;

	if (ui->gone)
		return;

	while ((n = term_read(buf, sizeof(buf))) > 0) {

		const uint64_t now_ms = now(ui);

		for (i = 0; i < n; i++)
			keyin_step(&ui->keyin, (uint8_t)buf[i], now_ms,
				   key_handler, ui);
	}

	if (n < 0)
		hangup(ui);
}


static void readable(int flags, void *arg)
{
	struct ui *ui = arg;
	(void)flags;

	read_keys(ui);
	dirty(ui);
}


static void signalled(int flags, void *arg)
{
	struct ui *ui = arg;
	(void)flags;

	switch (term_signal()) {

	case TERM_SIGNAL_RESIZED:
		resize(ui);
		dirty(ui);
		break;

	case TERM_SIGNAL_HANGUP:
		hangup(ui);
		break;

	case TERM_SIGNAL_NONE:
		break;
	}
}


static void tick(void *arg)
{
	struct ui *ui = arg;
	uint64_t now_ms;

	/* what was typed before a time-out counts before it */
	read_keys(ui);

	now_ms = now(ui);
	keyin_timeout(&ui->keyin, now_ms, key_handler, ui);
	if (screen_step(&ui->screen, ui->prm.desk, now_ms)) {
		term_bell();
		flush(ui);
	}
	wishes_run(ui);

	ui->dirty = true;
	if (!ui->stalled && !ui->gone && now_ms >= ui->drawn_ms + UI_FRAME_MS)
		draw(ui, now_ms);

	schedule(ui);
}


static void bus_handler(const struct event *ev, void *arg)
{
	struct ui *ui = arg;

	screen_event(&ui->screen, ui->prm.desk, ev, now(ui));

	/* thousands of lamps may speak at once: the frame is under way */
	if (!ui->dirty)
		dirty(ui);
}


static void keys_bind(struct ui *ui, const char *p)
{
	char line[256], err[REASON_SZ], *keys;

	while (p && *p) {

		const size_t n = strcspn(p, "\n");

		text_print(line, sizeof(line), "%.*s", (int)n, p);
		p += n + (p[n] == '\n');

		keys = line + strcspn(line, " ");
		if (*keys)
			*keys++ = '\0';
		if (line[0] && keymap_bind(&ui->screen.keymap, line, keys,
					   err, sizeof(err)))
			screen_message(&ui->screen, MESSAGE_ERROR, err,
				       now(ui));
	}
}


static void theme_set(struct ui *ui, const struct ui_prm *prm)
{
	const char *no_color = getenv("NO_COLOR");

	ui->theme.ascii = prm->ascii || !ui->able.utf8;
	ui->theme.plain_glyphs = ui->able.linux_console;
	ui->theme.mono = prm->mono || !ui->able.colours ||
		(no_color && *no_color && !prm->colour);
}


static struct screen_prm screen_prm_of(const struct ui *ui,
				       const struct ui_prm *prm)
{
	const struct screen_prm screen_prm = {
		.digits_phone = prm->digits_phone,
		.bell_off     = !prm->bell,
		.park_asks    = prm->park_asks,
		.deedh        = ui->prm.deedh,
		.deedarg      = ui->prm.deedarg,
		.park_one     = prm->park_one,
		.voicemail    = prm->voicemail,
		.reminder_s   = prm->reminder_s,
		.reminder_all = prm->reminder_all,
	};

	return screen_prm;
}


void ui_configure(struct ui *ui, const struct ui_prm *prm)
{
	struct screen_prm screen_prm;

	if (!ui || !prm)
		return;

	screen_prm = screen_prm_of(ui, prm);
	screen_configure(&ui->screen, &screen_prm);
	keys_bind(ui, prm->keys);
	theme_set(ui, prm);
	term_mouse(!prm->no_mouse);
	term_redraw();
	dirty(ui);
}


static void destructor(void *arg)
{
	struct ui *ui = arg;

	tmr_cancel(&ui->tmr);
	if (ui->listening)
		bus_unlisten(ui->prm.bus, bus_handler, ui);

	fd_close(STDIN_FILENO);
	if (term_signal_fd() >= 0)
		fd_close(term_signal_fd());
	if (ui->stalled)
		fd_close(term_out_fd());

	term_close();
	grid_reset(&ui->grid);
}


int ui_alloc(struct ui **uip, const struct ui_prm *prm)
{
	struct screen_prm screen_prm;
	struct term_ability able;
	struct ui *ui;
	int err;

	if (!uip || !prm || !prm->clock || !prm->desk || !prm->bus ||
	    !prm->commands)
		return EINVAL;

	err = term_open(&able, prm->out ? prm->out : STDOUT_FILENO,
			!prm->no_mouse);
	if (err)
		return err;

	ui = mem_zalloc(sizeof(*ui), destructor);
	if (!ui) {
		term_close();
		return ENOMEM;
	}

	ui->prm = *prm;
	text_print(ui->title, sizeof(ui->title), "%s",
		   prm->title ? prm->title : "");
	ui->prm.title = ui->title;
	text_print(ui->banner, sizeof(ui->banner), "%s",
		   prm->banner ? prm->banner : "");
	ui->prm.banner = ui->banner;

	ui->prm.keys = NULL;
	ui->able = able;
	theme_set(ui, prm);

	screen_prm = screen_prm_of(ui, prm);
	screen_init(&ui->screen, &screen_prm);
	keyin_init(&ui->keyin);
	keys_bind(ui, prm->keys);

	resize(ui);
	if (!ui->grid.cellv) {
		err = ENOMEM;
		goto out;
	}

	err = bus_listen(prm->bus, bus_handler, ui);
	if (err)
		goto out;
	ui->listening = true;

	err  = fd_listen(STDIN_FILENO, FD_READ, readable, ui);
	err |= fd_listen(term_signal_fd(), FD_READ, signalled, ui);
	if (err)
		goto out;

	draw(ui, now(ui));
	schedule(ui);

 out:
	if (err)
		mem_deref(ui);
	else
		*uip = ui;

	return err;
}


const char *ui_strerror(int err)
{
	return term_strerror(err);
}


void ui_restore_terminal(void)
{
	term_restore();
}
