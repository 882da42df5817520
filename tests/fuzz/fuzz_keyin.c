/**
 * @file tests/fuzz/fuzz_keyin.c  Fuzz: whatever a terminal sends, and when
 *
 * Bytes and pauses (0xff and how long) become keys, keys become wishes. The
 * screen stays in order, and each wish is a command that can be read.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "app/cmd.h"
#include "ui/keyin_state.h"
#include "ui/screen_state.h"

enum {
	LAMPS = 30,
	PAUSE_MS = 50,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct play {
	struct desk desk;
	struct screen screen;
	uint64_t now_ms;
};


static void tell(struct play *p, const struct event *ev)
{
	if (desk_step(&p->desk, ev, p->now_ms))
		abort();
	screen_event(&p->screen, &p->desk, ev, p->now_ms);
}


static void begin(struct play *p)
{
	const struct screen_prm prm = {.park_asks = false};
	struct event ev;

	memset(p, 0, sizeof(*p));
	p->now_ms = 100000;
	desk_init(&p->desk);
	screen_init(&p->screen, &prm);
	screen_resize(&p->screen, &p->desk, 80, 24);

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_LAMPS;
	ev.u.lamps = LAMPS;
	tell(p, &ev);

	for (unsigned i = 0; i < LAMPS; i++) {
		memset(&ev, 0, sizeof(ev));
		ev.type = EVENT_LAMP;
		ev.u.lamp.idx = i;
		ev.u.lamp.state = (enum lamp_state)(i % LAMP_STATES);
		(void)snprintf(ev.u.lamp.spot, TEXT_SZ, "%u", 701 + i);
		tell(p, &ev);
	}

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_CALL;
	ev.u.call.id = 1;
	ev.u.call.state = DESKCALL_ACTIVE;
	tell(p, &ev);
	screen_drawn(&p->screen, &p->desk, p->now_ms);
	p->now_ms += 5000;
}


static void check(struct play *p)
{
	struct command cmd;
	struct wish wish;
	char err[256];

	if (p->screen.mode >= SCREEN_MODES || p->screen.lamp >= LAMPS)
		abort();

	while (screen_wish(&p->screen, &wish)) {

		int e;

		/* what was typed may be nonsense, what a key means not */
		if (wish.kind != WISH_COMMAND)
			continue;

		e = command_decode(&cmd, wish.line, err, sizeof(err));
		if (e && e != E2BIG) {
			(void)fprintf(stderr, "%s: %s\n", wish.line, err);
			abort();
		}
	}
}


static void key_handler(const struct key *key, void *arg)
{
	struct play *p = arg;

	if (key->code == KEYIN_NONE || key->code > KEYIN_MOUSE ||
	    (key->code < KEYIN_NONE &&
	     (key->code < 0x20 || key->code == 0x7f)))
		abort();

	screen_key(&p->screen, &p->desk, key, p->now_ms);
	check(p);
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keyin in;
	struct play p;

	begin(&p);
	keyin_init(&in);

	for (size_t i = 0; i < size; i++) {

		if (data[i] != 0xff) {
			keyin_step(&in, data[i], p.now_ms, key_handler, &p);
			continue;
		}

		if (++i < size)
			p.now_ms += (uint64_t)data[i] * PAUSE_MS;
		keyin_timeout(&in, p.now_ms, key_handler, &p);
		(void)screen_step(&p.screen, &p.desk, p.now_ms);
		check(&p);
		screen_drawn(&p.screen, &p.desk, p.now_ms);
	}

	desk_reset(&p.desk);

	return 0;
}
