/**
 * @file ui/keyguard_state.c  What must not happen by a slip of the finger
 */
#include <string.h>
#include "ui/keyguard_state.h"


void keyguard_init(struct keyguard *kg, bool digits_phone)
{
	memset(kg, 0, sizeof(*kg));
	kg->digits_phone = digits_phone;
}


static bool call_busy(const struct call_fact *call)
{
	return (call->state == DESKCALL_PARKING ||
		call->state == DESKCALL_RETRIEVING) && call->spot[0];
}


/** Does the key rest because of that call? */
static bool dead_by(const struct keyguard_dead *d,
		    const struct call_fact *call)
{
	return call_busy(call) &&
		(!strcmp(call->spot, d->spot) || call->id == d->call);
}


static struct keyguard_dead *dead_find(struct keyguard *kg, const char *spot)
{
	size_t i;

	for (i = 0; i < CALLS_MAX; i++) {
		if (!strcmp(kg->deadv[i].spot, spot))
			return &kg->deadv[i];
	}

	return NULL;
}


/** Find the entry of a spot, else one that is free or lapses first */
static struct keyguard_dead *dead_get(struct keyguard *kg, const char *spot)
{
	struct keyguard_dead *d = dead_find(kg, spot);
	size_t i;

	if (d)
		return d;

	for (i = 0; i < CALLS_MAX; i++) {

		struct keyguard_dead *e = &kg->deadv[i];

		if (!e->busy && (!d || e->until_ms < d->until_ms))
			d = e;
	}

	if (d) {
		memset(d, 0, sizeof(*d));
		strncpy(d->spot, spot, sizeof(d->spot) - 1);
	}

	return d;
}


static bool done_has(const struct keyguard *kg, unsigned id)
{
	size_t i;

	for (i = 0; i < kg->donec; i++) {
		if (kg->donev[i] == id)
			return true;
	}

	return false;
}


static void keypads(struct keyguard *kg, const struct desk *desk)
{
	size_t i, n = 0;

	for (i = 0; i < kg->donec; i++) {
		if (desk_call(desk, kg->donev[i]))
			kg->donev[n++] = kg->donev[i];
	}
	kg->donec = n;

	if (kg->keypad && !desk_call(desk, kg->keypad))
		kg->keypad = 0;

	for (i = 0; i < desk->callc; i++) {

		const struct call_fact *c = &desk->callv[i];

		/* a parked call taken back was dialled, but not by number */
		const bool dialled = c->outgoing && !c->spot[0];

		if (c->state != DESKCALL_ACTIVE || done_has(kg, c->id) ||
		    !(dialled || kg->digits_phone))
			continue;

		if (kg->donec < CALLS_MAX)
			kg->donev[kg->donec++] = c->id;
		kg->keypad = c->id;
	}
}


void keyguard_desk(struct keyguard *kg, const struct desk *desk,
		   uint64_t now_ms)
{
	size_t i, k;

	for (i = 0; i < CALLS_MAX; i++) {

		struct keyguard_dead *d = &kg->deadv[i];

		if (!d->busy && (!d->call || now_ms >= d->until_ms)) {
			d->call = 0;
			continue;
		}

		for (k = 0; k < desk->callc; k++) {
			if (dead_by(d, &desk->callv[k]))
				break;
		}
		if (k < desk->callc) {
			d->busy = true;
		}
		else if (d->busy) {
			d->busy = false;
			d->call = 0;
			d->until_ms = now_ms + KEYGUARD_DEAD_MS;
		}
	}

	for (k = 0; k < desk->callc; k++) {

		struct keyguard_dead *d;

		if (!call_busy(&desk->callv[k]))
			continue;

		d = dead_get(kg, desk->callv[k].spot);
		if (d)
			d->busy = true;
	}

	keypads(kg, desk);
}


bool keyguard_press(struct keyguard *kg, uint32_t id, uint64_t now_ms)
{
	const bool held = id == kg->last_id && id &&
		now_ms - kg->last_id_ms < KEYGUARD_HELD_MS;

	kg->last_id = id;
	kg->last_id_ms = now_ms;

	return held;
}


static enum keyguard_digit wait(struct keyguard *kg, char c, uint64_t due_ms)
{
	kg->digit = c;
	kg->due_ms = due_ms;

	return KEYGUARD_DIGIT_WAIT;
}


enum keyguard_digit keyguard_digit(struct keyguard *kg, char c, bool tone,
				   uint64_t now_ms)
{
	const uint64_t since = now_ms - kg->last_digit_ms;
	const bool same = c == kg->last_digit;

	kg->last_digit = c;
	kg->last_digit_ms = now_ms;

	if (!tone) {
		if (kg->digit)
			return KEYGUARD_DIGIT_NUMBER;
		if (same && since < KEYGUARD_HELD_MS)
			return KEYGUARD_DIGIT_DROP;

		return wait(kg, c, now_ms + KEYGUARD_DIGIT_MS);
	}

	if (!same || since >= KEYGUARD_HELD_MS || since < KEYGUARD_BUNCH_MS)
		return KEYGUARD_DIGIT_TONE;

	/* a run of repeats: the first of them waits still, drop it too */
	if (since < KEYGUARD_REPEAT_MS) {
		kg->digit = 0;
		return KEYGUARD_DIGIT_DROP;
	}

	/* "11", or the first repeat of a held key: the next will tell */
	return wait(kg, c, now_ms + KEYGUARD_REPEAT_MS);
}


char keyguard_step(struct keyguard *kg, uint64_t now_ms)
{
	if (!kg->digit || now_ms < kg->due_ms)
		return 0;

	return keyguard_flush(kg);
}


char keyguard_flush(struct keyguard *kg)
{
	const char c = kg->digit;

	kg->digit = 0;

	return c;
}


uint64_t keyguard_due_ms(const struct keyguard *kg)
{
	return kg->digit ? kg->due_ms : 0;
}


enum keyguard_verdict keyguard_spot(const struct keyguard *kg,
				    const struct desk_lamp *lamp,
				    uint64_t seen_ms, uint64_t now_ms)
{
	size_t i;

	for (i = 0; i < CALLS_MAX; i++) {

		const struct keyguard_dead *d = &kg->deadv[i];

		if (!strcmp(d->spot, lamp->f.spot) &&
		    (d->busy || now_ms < d->until_ms))
			return KEYGUARD_DROP;
	}

	if (lamp->told && seen_ms < KEYGUARD_SHOWN_MS)
		return KEYGUARD_ASK;

	return KEYGUARD_ACT;
}


void keyguard_acted(struct keyguard *kg, const char *spot, unsigned call,
		    uint64_t now_ms)
{
	struct keyguard_dead *d = dead_get(kg, spot);

	if (!d)
		return;

	d->call = call;
	d->until_ms = now_ms + KEYGUARD_DEAD_MS;
}


unsigned keyguard_keypad(const struct keyguard *kg, const struct desk *desk)
{
	const struct call_fact *c;

	if (!kg->keypad)
		return 0;

	c = desk_call(desk, kg->keypad);

	return c && c->state == DESKCALL_ACTIVE ? kg->keypad : 0;
}


void keyguard_set_keypad(struct keyguard *kg, unsigned id)
{
	kg->keypad = id;
}
