/**
 * @file modules/demo/demo_hint_model.c  The demo's hint line
 */
#include <stdio.h>
#include <string.h>
#include "modules/demo/demo_hint_model.h"


enum {
	NAME_MAX_SZ = 40,        /**< Of a name in a hint [bytes]        */
};


static void copy(char *dst, const char *src)
{
	(void)snprintf(dst, TEXT_SZ, "%s", src);
}


/** A name that fits, cut between characters (UTF-8) */
static void copy_name(char *dst, const char *src)
{
	size_t n = strlen(src);

	if (n > NAME_MAX_SZ) {
		n = NAME_MAX_SZ;
		while (n && ((unsigned char)src[n] & 0xc0) == 0x80)
			--n;
	}

	(void)snprintf(dst, TEXT_SZ, "%.*s", (int)n, src);
}


static const struct demo_hint_lamp *lamp_at(const struct demo_hint *h,
					    const char *spot)
{
	size_t i;

	for (i = 0; i < DEMO_HINT_LAMPS; i++) {

		if (h->lampv[i].used && !strcmp(h->lampv[i].spot, spot))
			return &h->lampv[i];
	}

	return NULL;
}


/** A call that a colleague parked; the leftmost lamp */
static const struct demo_hint_lamp *lamp_other(const struct demo_hint *h)
{
	const struct demo_hint_lamp *lamp = NULL;
	size_t i;

	for (i = 0; i < DEMO_HINT_LAMPS; i++) {

		const struct demo_hint_lamp *l = &h->lampv[i];

		if (l->used && strcmp(l->spot, h->mine) &&
		    (!lamp || l->idx < lamp->idx))
			lamp = l;
	}

	return lamp;
}


static void lamp_set(struct demo_hint *h, const struct lamp_fact *f)
{
	struct demo_hint_lamp *lamp = NULL;
	size_t i;

	for (i = 0; i < DEMO_HINT_LAMPS; i++) {

		struct demo_hint_lamp *l = &h->lampv[i];

		if (l->used && l->idx == f->idx) {
			lamp = l;
			break;
		}

		if (!l->used && !lamp)
			lamp = l;
	}

	if (!lamp)
		return;

	lamp->used = f->state == LAMP_PARKED;
	lamp->idx = f->idx;
	copy(lamp->spot, f->spot);
	copy(lamp->who, f->who);
}


/** How to take the call at that lamp: the keys of the first ten have a
    digit */
static void press(char *buf, size_t sz, unsigned idx)
{
	if (idx < 10)
		(void)snprintf(buf, sz, "press %u", (idx + 1) % 10);
	else
		(void)snprintf(buf, sz, "go there with the arrows, press "
			       "Enter");
}


static void text_take(struct demo_hint *h)
{
	const struct demo_hint_lamp *lamp = lamp_at(h, h->mine);
	char key[48];

	/* on an extension: there is no lamp of his */
	if (!lamp && h->booked) {
		(void)snprintf(h->text, sizeof(h->text),
			       "%.40s waits at %.24s. To take the call back,"
			       " press u.", h->who, h->mine);
		return;
	}

	if (!lamp) {
		copy(h->text, h->call ? "One moment."
		     : "The caller is gone. The next call will ring soon.");
		return;
	}

	press(key, sizeof(key), lamp->idx);
	(void)snprintf(h->text, sizeof(h->text),
		       "%.24s flashes: %s to take %.40s back.", h->mine, key,
		       h->who);
}


static void text_colleague(struct demo_hint *h)
{
	const struct demo_hint_lamp *lamp = lamp_other(h);
	char key[48];

	if (!lamp) {
		(void)snprintf(h->text, sizeof(h->text), "%s",
			       h->call ? "You have the call again. Press b "
			       "to hang up; a colleague will park a call "
			       "soon."
			       : "Soon a colleague parks a call: watch the "
			       "lamps.");
		return;
	}

	press(key, sizeof(key), lamp->idx);
	(void)snprintf(h->text, sizeof(h->text),
		       "A colleague parked a call at %.24s: %s to take it.",
		       lamp->spot, key);
}


static void write_text(struct demo_hint *h)
{
	switch (h->step) {

	case DEMO_HINT_WAIT:
		copy(h->text, "A call will ring in a moment. (:skip ends "
		     "these hints)");
		break;

	case DEMO_HINT_ANSWER:
		(void)snprintf(h->text, sizeof(h->text),
			       "Press a to answer %.40s. (:skip ends these "
			       "hints)", h->who);
		break;

	case DEMO_HINT_PARK:
		(void)snprintf(h->text, sizeof(h->text),
			       "Press p to park %.40s.", h->who);
		break;

	case DEMO_HINT_PARKING:
		(void)snprintf(h->text, sizeof(h->text),
			       "%.40s is being parked: watch the lamps.",
			       h->who);
		break;

	case DEMO_HINT_TAKE:
		text_take(h);
		break;

	case DEMO_HINT_COLLEAGUE:
		text_colleague(h);
		break;

	case DEMO_HINT_HELP:
		copy(h->text, "Press ? for help, q to quit. That is all it "
		     "takes.");
		break;

	default:
		h->text[0] = '\0';
		break;
	}
}


void demo_hint_init(struct demo_hint *h)
{
	memset(h, 0, sizeof(*h));
	write_text(h);
}


static bool in_course(enum deskcall_state state)
{
	return state == DESKCALL_ACTIVE || state == DESKCALL_HELD;
}


static void on_call(struct demo_hint *h, const struct call_fact *f)
{
	const bool mine = h->call == f->id;

	if (f->state == DESKCALL_INCOMING &&
	    (h->step == DEMO_HINT_WAIT ||
	     (h->step == DEMO_HINT_TAKE && !lamp_at(h, h->mine)))) {
		h->step = DEMO_HINT_ANSWER;
		h->call = f->id;
		h->mine[0] = '\0';
	}
	else if (f->state == DESKCALL_RETRIEVING &&
		 h->step == DEMO_HINT_TAKE) {
		h->call = f->id;
		return;
	}
	else if (f->state == DESKCALL_CLOSED) {

		if (!mine)
			return;

		h->call = 0;

		/* hung up before it was parked: the next one will do */
		if (h->step == DEMO_HINT_ANSWER || h->step == DEMO_HINT_PARK)
			h->step = DEMO_HINT_WAIT;
		return;
	}
	else if (f->state == DESKCALL_PARKING && h->step <= DEMO_HINT_PARK) {
		h->step = DEMO_HINT_PARKING;
		h->call = f->id;
		copy(h->mine, f->spot);
	}
	else if (in_course(f->state) &&
		 (h->step <= DEMO_HINT_PARK ||
		  (h->step == DEMO_HINT_PARKING && mine))) {
		h->step = DEMO_HINT_PARK;
		h->call = f->id;
	}
	else if (in_course(f->state) && f->outgoing && f->spot[0]) {

		if (h->step == DEMO_HINT_TAKE && !strcmp(f->spot, h->mine))
			h->step = DEMO_HINT_COLLEAGUE;
		else if (h->step == DEMO_HINT_COLLEAGUE &&
			 strcmp(f->spot, h->mine))
			h->step = DEMO_HINT_HELP;
		else
			return;

		h->call = f->id;
		h->mine[0] = '\0';
		return;
	}

	if (h->call == f->id)
		copy_name(h->who, f->name[0] ? f->name : f->peer);
}


static void on_lamp(struct demo_hint *h, const struct lamp_fact *f)
{
	bool had;

	if (f->kind != LAMP_SPOT)
		return;

	had = lamp_at(h, f->spot) != NULL;
	lamp_set(h, f);
	if (f->state != LAMP_PARKED && !strcmp(f->spot, h->mine))
		h->booked = false;

	/* the one that turned on after p was pressed is ours, unless we
	   know better */
	if (h->step == DEMO_HINT_PARKING && f->state == LAMP_PARKED && !had &&
	    (!h->mine[0] || !strcmp(h->mine, f->spot))) {
		copy(h->mine, f->spot);
		h->step = DEMO_HINT_TAKE;
		h->call = 0;
	}
}


static void on_book(struct demo_hint *h, const struct book_fact *f)
{
	if (f->gone && !f->id && !strcmp(f->spot, h->mine))
		h->booked = false;

	if (strcmp(f->by, "me") || f->gone)
		return;

	if (h->step != DEMO_HINT_PARKING && h->step != DEMO_HINT_TAKE)
		return;

	copy(h->mine, f->spot);
	h->booked = true;
	if (f->who[0])
		copy_name(h->who, f->who);
	if (h->step == DEMO_HINT_PARKING) {
		h->step = DEMO_HINT_TAKE;
		h->call = 0;
	}
}


bool demo_hint_event(struct demo_hint *h, const struct event *ev)
{
	char before[REASON_SZ];

	if (h->step == DEMO_HINT_DONE)
		return false;

	memcpy(before, h->text, sizeof(before));

	switch (ev->type) {

	case EVENT_CALL:
		on_call(h, &ev->u.call);
		break;

	case EVENT_LAMP:
		on_lamp(h, &ev->u.lamp);
		break;

	case EVENT_LAMPS:
		memset(h->lampv, 0, sizeof(h->lampv));
		break;

	case EVENT_BOOK:
		on_book(h, &ev->u.book);
		break;

	/* the last thing to know is where all others are told */
	case EVENT_HELP:
		if (h->step != DEMO_HINT_HELP)
			return false;
		h->step = DEMO_HINT_DONE;
		break;

	default:
		return false;
	}

	write_text(h);

	return strcmp(before, h->text) != 0;
}


bool demo_hint_skip(struct demo_hint *h)
{
	bool had = h->text[0] != '\0';

	h->step = DEMO_HINT_DONE;
	write_text(h);

	return had;
}


const char *demo_hint_text(const struct demo_hint *h)
{
	return h->text;
}
