/**
 * @file modules/demo/demo_books_model.c  Books: who is where, every fate
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "modules/demo/demo_books_model.h"


static const char *const placev[DEMO_PLACES] = {
	[DEMO_NOWHERE] = "nowhere",
	[DEMO_RINGING] = "ringing",
	[DEMO_RUNG]    = "rung",
	[DEMO_TALKING] = "talking",
	[DEMO_PARKED]  = "parked",
	[DEMO_SERVED]  = "served",
	[DEMO_ENDED]   = "ended",
};

static const char *const fatev[DEMO_FATES] = {
	[DEMO_LIVES]      = "lives",
	[DEMO_LEFT]       = "hung up himself",
	[DEMO_HUNG_UP]    = "was hung up on",
	[DEMO_REFUSED]    = "was refused",
	[DEMO_UNANSWERED] = "got no answer",
	[DEMO_DROPPED]    = "was dropped",
	[DEMO_LOST]       = "was lost",
};


static void copy(char *dst, const char *src)
{
	(void)snprintf(dst, DEMO_TEXT, "%s", src ? src : "");
}


void demo_books_init(struct demo_books *b)
{
	memset(b, 0, sizeof(*b));
}


/**
 * Open a row
 *
 * @return The row, DEMO_NOWHERE; NULL if all rows are in use
 */
struct demo_row *demo_books_add(struct demo_books *b, enum demo_kind kind,
				const char *name, const char *number,
				uint64_t now_ms)
{
	struct demo_row *row = NULL;
	size_t i;

	/* an unused row, else the one that ended first */
	for (i = 0; i < DEMO_ROWS; i++) {

		struct demo_row *r = &b->rowv[i];

		if (r->id && r->place != DEMO_ENDED)
			continue;

		if (!row || r->id < row->id)
			row = r;
	}

	if (!row)
		return NULL;

	memset(row, 0, sizeof(*row));
	row->id = ++b->last;
	row->kind = kind;
	row->since_ms = now_ms;
	copy(row->name, name);
	copy(row->number, number);

	return row;
}


struct demo_row *demo_books_find(struct demo_books *b, unsigned id)
{
	size_t i;

	for (i = 0; id && i < DEMO_ROWS; i++) {

		if (b->rowv[i].id == id)
			return &b->rowv[i];
	}

	return NULL;
}


/** @return The row with this id, or NULL; ids are never used twice */
const struct demo_row *demo_books_get(const struct demo_books *b,
				      unsigned id)
{
	return demo_books_find((struct demo_books *)b, id);
}


/** @return The newest row of that number, living ones first; or NULL */
const struct demo_row *demo_books_number(const struct demo_books *b,
					 const char *number)
{
	const struct demo_row *row = NULL;
	size_t i;

	for (i = 0; i < DEMO_ROWS; i++) {

		const struct demo_row *r = &b->rowv[i];
		bool lives = r->place != DEMO_ENDED;

		if (!r->id || strcmp(r->number, number))
			continue;

		if (!row || lives > (row->place != DEMO_ENDED) ||
		    (lives == (row->place != DEMO_ENDED) &&
		     r->id > row->id))
			row = r;
	}

	return row;
}


/** @return Who is parked at a spot (longest, if there are several), or
	    NULL */
const struct demo_row *demo_books_at(const struct demo_books *b,
				     const char *spot)
{
	const struct demo_row *row = NULL;
	size_t i;

	for (i = 0; i < DEMO_ROWS; i++) {

		const struct demo_row *r = &b->rowv[i];

		if (!r->id || r->place != DEMO_PARKED ||
		    strcmp(r->spot, spot))
			continue;

		if (!row || r->since_ms < row->since_ms ||
		    (r->since_ms == row->since_ms && r->id < row->id))
			row = r;
	}

	return row;
}


static int living(struct demo_books *b, struct demo_row **rowp, unsigned id)
{
	struct demo_row *row = demo_books_find(b, id);

	if (!row)
		return ENOENT;

	if (row->place == DEMO_ENDED)
		return EALREADY;

	*rowp = row;
	return 0;
}


static void leave(struct demo_books *b, struct demo_row *row,
		  uint64_t now_ms)
{
	struct demo_row *other = demo_books_find(b, row->with);

	if (other && other->with == row->id) {
		other->with = 0;
		other->held = false;
		other->place = DEMO_NOWHERE;
		other->since_ms = now_ms;
	}

	row->with = 0;
	row->held = false;
	row->spot[0] = '\0';
	row->place = DEMO_NOWHERE;
	row->since_ms = now_ms;
}


static int pair(struct demo_books *b, unsigned a, unsigned c,
		enum demo_place pa, enum demo_place pc, uint64_t now_ms)
{
	struct demo_row *ra, *rc;
	int err;

	if (a == c)
		return EINVAL;

	err = living(b, &ra, a);
	if (err)
		return err;

	err = living(b, &rc, c);
	if (err)
		return err;

	leave(b, ra, now_ms);
	leave(b, rc, now_ms);

	ra->place = pa;
	ra->with = c;
	rc->place = pc;
	rc->with = a;

	return 0;
}


int demo_books_ring(struct demo_books *b, unsigned caller, unsigned callee,
		    uint64_t now_ms)
{
	return pair(b, caller, callee, DEMO_RINGING, DEMO_RUNG, now_ms);
}


int demo_books_talk(struct demo_books *b, unsigned a, unsigned c,
		    uint64_t now_ms)
{
	const int err = pair(b, a, c, DEMO_TALKING, DEMO_TALKING, now_ms);

	if (!err) {
		++demo_books_find(b, a)->talked_n;
		++demo_books_find(b, c)->talked_n;
	}

	return err;
}


/** He sent a keypad tone: at the end of those before it */
int demo_books_key(struct demo_books *b, unsigned id, char key)
{
	struct demo_row *row = demo_books_find(b, id);
	size_t n;

	if (!row)
		return ENOENT;

	n = strlen(row->keys);
	if (n + 1 < sizeof(row->keys))
		row->keys[n] = key;

	return 0;
}


int demo_books_park(struct demo_books *b, unsigned id, const char *spot,
		    const char *by, uint64_t now_ms)
{
	struct demo_row *row;
	int err;

	if (!b->several && demo_books_at(b, spot))
		return EBUSY;

	err = living(b, &row, id);
	if (err)
		return err;

	leave(b, row, now_ms);

	row->place = DEMO_PARKED;
	++row->parked_n;
	copy(row->spot, spot);
	copy(row->by, by);

	return 0;
}


int demo_books_serve(struct demo_books *b, unsigned id, uint64_t now_ms)
{
	struct demo_row *row;
	int err = living(b, &row, id);
	if (err)
		return err;

	leave(b, row, now_ms);
	row->place = DEMO_SERVED;

	return 0;
}


/** Out of its place, to be put in another at once */
int demo_books_free(struct demo_books *b, unsigned id, uint64_t now_ms)
{
	struct demo_row *row;
	int err = living(b, &row, id);
	if (err)
		return err;

	leave(b, row, now_ms);

	return 0;
}


int demo_books_end(struct demo_books *b, unsigned id, enum demo_fate fate,
		   const char *reason, uint64_t now_ms)
{
	struct demo_row *row;
	int err = living(b, &row, id);
	if (err)
		return err;

	leave(b, row, now_ms);
	row->place = DEMO_ENDED;
	row->fate = fate;
	copy(row->reason, reason);

	if (row->kind == DEMO_CALLER)
		++b->fatev[fate];

	return 0;
}


static const char *fault_of(const struct demo_books *b,
			    const struct demo_row *r)
{
	static const enum demo_place otherv[DEMO_PLACES] = {
		[DEMO_RINGING] = DEMO_RUNG,
		[DEMO_RUNG]    = DEMO_RINGING,
		[DEMO_TALKING] = DEMO_TALKING,
	};
	const struct demo_row *other = demo_books_get(b, r->with);
	size_t i;

	if (r->fate == DEMO_LOST)
		return "is lost";

	if ((r->place == DEMO_ENDED) != (r->fate != DEMO_LIVES))
		return "has a fate that his place denies";

	if (r->place == DEMO_NOWHERE)
		return "lives nowhere";

	if ((otherv[r->place] != DEMO_NOWHERE) != (r->with != 0))
		return "is with nobody, or with one too many";

	if (r->with && (!other || other->with != r->id ||
			other->place != otherv[r->place]))
		return "is with one who is elsewhere";

	if ((r->place == DEMO_PARKED) != (r->spot[0] != '\0'))
		return "is parked at no spot";

	for (i = 0; r->place == DEMO_PARKED && !b->several &&
	     i < DEMO_ROWS; i++) {

		const struct demo_row *o = &b->rowv[i];

		if (o != r && o->id && o->place == DEMO_PARKED &&
		    !strcmp(o->spot, r->spot))
			return "shares a spot";
	}

	return NULL;
}


int demo_books_consistent(const struct demo_books *b, char *buf, size_t sz)
{
	size_t i;

	if (sz)
		buf[0] = '\0';

	for (i = 0; i < DEMO_ROWS; i++) {

		const struct demo_row *r = &b->rowv[i];
		const char *fault;

		if (!r->id)
			continue;

		fault = fault_of(b, r);
		if (!fault)
			continue;

		(void)snprintf(buf, sz, "%u \"%s\" <%s> %s (%s, %s)",
			       r->id, r->name, r->number, fault,
			       demo_place_name(r->place), r->reason);
		return EPROTO;
	}

	return 0;
}


const char *demo_place_name(enum demo_place place)
{
	return (unsigned)place < DEMO_PLACES ? placev[place] : "?";
}


const char *demo_fate_name(enum demo_fate fate)
{
	return (unsigned)fate < DEMO_FATES ? fatev[fate] : "?";
}
