/**
 * @file app/desk_model.c  All that is shown, built from facts alone
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "app/desk_model.h"


void desk_init(struct desk *desk)
{
	if (desk)
		memset(desk, 0, sizeof(*desk));
}


void desk_reset(struct desk *desk)
{
	uint64_t version;

	if (!desk)
		return;

	version = desk->version;
	free(desk->lampv);
	free(desk->waitv);
	free(desk->bookv);
	desk_init(desk);
	desk->version = version + 1;
}


static void terminate(char *str, size_t size)
{
	str[size - 1] = '\0';
}


static void step_account(struct desk *desk, const struct account_fact *f)
{
	struct account_fact *a;

	if (f->idx >= ACCOUNTS_MAX)
		return;

	a = &desk->accountv[f->idx];
	if (f->idx < desk->accountc && !memcmp(a, f, sizeof(*a)))
		return;

	*a = *f;
	terminate(a->aor, sizeof(a->aor));
	terminate(a->reason, sizeof(a->reason));

	if (f->idx >= desk->accountc)
		desk->accountc = f->idx + 1;

	++desk->version;
}


static void lamp_recalled(struct desk *desk, const struct call_fact *call)
{
	size_t i;

	for (i = 0; i < desk->lampc; i++) {

		struct desk_lamp *l = &desk->lampv[i];

		if (l->f.account == call->account &&
		    !strcmp(l->f.spot, call->spot))
			l->recalled = true;
	}
}


static int step_call(struct desk *desk, const struct call_fact *f)
{
	struct call_fact *c = desk->callv;
	size_t i;

	if (f->state <= DESKCALL_NONE || f->state >= DESKCALL_STATES)
		return 0;

	for (i = 0; i < desk->callc && c[i].id < f->id; i++)
		;

	if (i < desk->callc && c[i].id == f->id) {

		if (f->state == DESKCALL_CLOSED) {
			--desk->callc;
			memmove(&c[i], &c[i + 1],
				(desk->callc - i) * sizeof(*c));
			++desk->version;
			return 0;
		}

		if (!memcmp(&c[i], f, sizeof(*f)))
			return 0;
	}
	else {
		if (f->state == DESKCALL_CLOSED)
			return 0;

		if (desk->callc >= CALLS_MAX)
			return ENOMEM;

		memmove(&c[i + 1], &c[i], (desk->callc - i) * sizeof(*c));
		++desk->callc;
	}

	/* a call that rings and was at a spot: the PBX gave it back */
	if (f->state == DESKCALL_INCOMING && f->spot[0])
		lamp_recalled(desk, f);

	c[i] = *f;
	terminate(c[i].peer, sizeof(c[i].peer));
	terminate(c[i].name, sizeof(c[i].name));
	terminate(c[i].spot, sizeof(c[i].spot));
	terminate(c[i].reason, sizeof(c[i].reason));
	++desk->version;

	return 0;
}


/* The first of that place */
static struct book_fact *book_find(struct desk *desk, const char *spot,
				   unsigned account)
{
	size_t i;

	for (i = 0; i < desk->bookc; i++) {

		struct book_fact *b = &desk->bookv[i];

		if (b->account == account && !strcmp(b->spot, spot))
			return b;
	}

	return NULL;
}


static struct book_fact *book_same(struct desk *desk,
				   const struct book_fact *fact)
{
	size_t i;

	for (i = 0; i < desk->bookc; i++) {

		struct book_fact *b = &desk->bookv[i];

		if (b->account == fact->account && b->id == fact->id &&
		    !strcmp(b->spot, fact->spot))
			return b;
	}

	return NULL;
}


/* ---- Who waits, longest first: a heap, since each picture asks ---- */


/* Waited longer: an earlier start, or the same but from before we looked */
static bool longer(const struct desk_wait *a, const struct desk_wait *b)
{
	if (a->since_ms != b->since_ms)
		return a->since_ms < b->since_ms;

	if (a->at_least != b->at_least)
		return a->at_least;

	return a->lamp < b->lamp;
}


static void wait_put(struct desk *desk, size_t i, struct desk_wait wait)
{
	desk->waitv[i] = wait;
	desk->lampv[wait.lamp].wait = (uint32_t)i + 1;
}


/* Place one whose neighbours are in order, from i on */
static void wait_place(struct desk *desk, size_t i, struct desk_wait wait)
{
	struct desk_wait *v = desk->waitv;

	while (i && longer(&wait, &v[(i - 1) / 2])) {
		wait_put(desk, i, v[(i - 1) / 2]);
		i = (i - 1) / 2;
	}

	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < desk->waitc &&
		    longer(&v[child + 1], &v[child]))
			++child;

		if (child >= desk->waitc || longer(&wait, &v[child]))
			break;

		wait_put(desk, i, v[child]);
		i = child;
	}

	wait_put(desk, i, wait);
}


/* After whatever changed of a lamp */
static void wait_step(struct desk *desk, struct desk_lamp *lamp)
{
	const struct desk_wait wait = {
		.since_ms = desk_lamp_since(lamp),
		.lamp     = (uint32_t)(lamp - desk->lampv),
		.at_least = lamp->f.at_least,
	};
	const size_t i = lamp->wait ? lamp->wait - 1 : desk->waitc;

	if (desk_lamp_parked(lamp)) {
		if (!lamp->wait)
			++desk->waitc;
		wait_place(desk, i, wait);
	}
	else if (lamp->wait) {
		lamp->wait = 0;
		if (i < --desk->waitc)
			wait_place(desk, i, desk->waitv[desk->waitc]);
	}
}


/* Whoever draws a lamp needs no look-up */
static void lamp_book(struct desk *desk, struct desk_lamp *lamp)
{
	lamp->book = lamp->f.kind == LAMP_SPOT && lamp->f.spot[0] ?
		book_find(desk, lamp->f.spot, lamp->f.account) : NULL;
	wait_step(desk, lamp);
}


static void step_lamp(struct desk *desk, const struct lamp_fact *f,
		      uint64_t now_ms)
{
	struct desk_lamp *l;

	if (f->idx >= desk->lampc || (unsigned)f->state >= LAMP_STATES)
		return;

	l = &desk->lampv[f->idx];
	if (l->told && !memcmp(&l->f, f, sizeof(*f)))
		return;

	/* the next call at a spot is another state, if the same word */
	if (!l->told || l->f.state != f->state || l->f.stale != f->stale ||
	    l->f.since_ms != f->since_ms)
		l->shown_ms = now_ms;

	if (desk_lamp_parked(l) && f->state == LAMP_FREE && !f->stale) {
		const char *who = desk_lamp_who(l);

		(void)snprintf(l->left, sizeof(l->left), "%s", who[0] ? who :
			       "the caller");
		l->left_ms = now_ms;
		l->recalled = false;
	}

	l->told = true;
	l->f = *f;
	terminate(l->f.spot, sizeof(l->f.spot));
	terminate(l->f.label, sizeof(l->f.label));
	terminate(l->f.reason, sizeof(l->f.reason));
	terminate(l->f.who, sizeof(l->f.who));
	terminate(l->f.number, sizeof(l->f.number));
	terminate(l->f.by, sizeof(l->f.by));
	lamp_book(desk, l);
	++desk->version;
}


/* The grid is made anew: its lamps tell themselves again. Or lamps grow at
   its end, then those before them have nothing new to say */
static int step_lamps(struct desk *desk, unsigned n)
{
	struct desk_lamp *lampv = NULL;
	struct desk_wait *waitv = NULL;
	const size_t old = desk->lampc;

	if (n > LAMPS_MAX)
		n = LAMPS_MAX;

	if (old && n > old) {
		waitv = realloc(desk->waitv, n * sizeof(*waitv));
		if (!waitv)
			return ENOMEM;
		desk->waitv = waitv;

		lampv = realloc(desk->lampv, n * sizeof(*lampv));
		if (!lampv)
			return ENOMEM;
		memset(&lampv[old], 0, (n - old) * sizeof(*lampv));
	}
	else {
		if (n) {
			lampv = calloc(n, sizeof(*lampv));
			waitv = calloc(n, sizeof(*waitv));
			if (!lampv || !waitv) {
				free(lampv);
				free(waitv);
				return ENOMEM;
			}
		}

		free(desk->lampv);
		free(desk->waitv);
		desk->waitv = waitv;
		desk->waitc = 0;
	}

	desk->lampv = lampv;
	desk->lampc = n;
	++desk->version;

	return 0;
}


static int step_book(struct desk *desk, const struct book_fact *f)
{
	struct book_fact fact = *f, *b;
	size_t i;

	terminate(fact.spot, sizeof(fact.spot));
	terminate(fact.who, sizeof(fact.who));
	terminate(fact.number, sizeof(fact.number));
	terminate(fact.by, sizeof(fact.by));
	terminate(fact.note, sizeof(fact.note));

	terminate(fact.retrieve, sizeof(fact.retrieve));

	b = book_same(desk, &fact);

	if (fact.gone) {
		if (!b)
			return 0;

		i = (size_t)(b - desk->bookv);
		--desk->bookc;
		memmove(b, b + 1, (desk->bookc - i) * sizeof(*b));
	}
	else {
		if (!b) {
			if (desk->bookc >= BOOK_MAX)
				return ENOMEM;

			b = realloc(desk->bookv,
				    (desk->bookc + 1) * sizeof(*b));
			if (!b)
				return ENOMEM;

			desk->bookv = b;
			b += desk->bookc++;
		}

		*b = fact;
	}

	/* entries have moved */
	for (i = 0; i < desk->lampc; i++) {

		struct desk_lamp *l = &desk->lampv[i];

		if (l->book || (l->f.account == fact.account &&
				!strcmp(l->f.spot, fact.spot)))
			lamp_book(desk, l);
	}

	++desk->version;

	return 0;
}


int desk_step(struct desk *desk, const struct event *ev, uint64_t now_ms)
{
	if (!desk || !ev)
		return 0;

	switch (ev->type) {

	case EVENT_ACCOUNT:
		step_account(desk, &ev->u.account);
		return 0;

	case EVENT_CALL:
		return step_call(desk, &ev->u.call);

	case EVENT_LAMP:
		step_lamp(desk, &ev->u.lamp, now_ms);
		return 0;

	case EVENT_LAMPS:
		return step_lamps(desk, ev->u.lamps);

	case EVENT_BOOK:
		return step_book(desk, &ev->u.book);

	case EVENT_MESSAGE:
		desk->message = ev->u.message;
		terminate(desk->message.text, sizeof(desk->message.text));
		++desk->version;
		return 0;

	case EVENT_SOUND:
		desk->sound = ev->u.sound;
		terminate(desk->sound.text, sizeof(desk->sound.text));
		++desk->version;
		return 0;

	case EVENT_HINT:
		memcpy(desk->hint, ev->u.message.text, sizeof(desk->hint));
		terminate(desk->hint, sizeof(desk->hint));
		++desk->version;
		return 0;

	case EVENT_NONE:
	case EVENT_SITE:
		desk->site = ev->u.site;
		++desk->version;
		return 0;

	case EVENT_HELP:
	case EVENT_QUIT:
	case EVENT_TYPES:
		break;
	}

	return 0;
}


const struct call_fact *desk_call(const struct desk *desk, unsigned id)
{
	size_t i;

	for (i = 0; desk && i < desk->callc; i++) {

		if (desk->callv[i].id == id)
			return &desk->callv[i];
	}

	return NULL;
}


const struct call_fact *desk_call_in(const struct desk *desk,
				     enum deskcall_state state)
{
	size_t i;

	for (i = 0; desk && i < desk->callc; i++) {

		if (desk->callv[i].state == state)
			return &desk->callv[i];
	}

	return NULL;
}


const struct desk_lamp *desk_lamp(const struct desk *desk, const char *spot)
{
	size_t i;

	if (!desk || !spot || !spot[0])
		return NULL;

	for (i = 0; i < desk->lampc; i++) {

		if (!strcmp(desk->lampv[i].f.spot, spot))
			return &desk->lampv[i];
	}

	return NULL;
}


const struct desk_lamp *desk_lamp_of(const struct desk *desk,
				     unsigned account, const char *spot)
{
	size_t i;

	if (!desk || !spot || !spot[0])
		return NULL;

	for (i = 0; i < desk->lampc; i++) {

		if (desk->lampv[i].f.account == account &&
		    !strcmp(desk->lampv[i].f.spot, spot))
			return &desk->lampv[i];
	}

	return NULL;
}


static bool free_for_park(const struct desk *desk, unsigned account,
			  const struct desk_lamp *l)
{
	size_t i;

	if (l->f.kind != LAMP_SPOT || l->f.account != account ||
	    l->f.state != LAMP_FREE || l->f.stale || !l->f.spot[0])
		return false;

	for (i = 0; i < desk->callc; i++) {

		const struct call_fact *c = &desk->callv[i];

		if (c->state == DESKCALL_PARKING && c->account == account &&
		    !strcmp(c->spot, l->f.spot))
			return false;
	}

	return true;
}


/* FNV-1a: extensions that differ in one digit are far apart */
static uint32_t hash(const char *s)
{
	uint32_t h = 2166136261u;

	while (s && *s)
		h = (h ^ (unsigned char)*s++) * 16777619u;

	return h;
}


const struct desk_lamp *desk_lamp_free(const struct desk *desk,
				       unsigned account, const char *own,
				       const char *after)
{
	const struct desk_lamp *first = NULL;
	bool behind = false;
	size_t i, n = 0, k;

	for (i = 0; desk && i < desk->lampc; i++) {

		const struct desk_lamp *l = &desk->lampv[i];

		if (after && l->f.account == account &&
		    !strcmp(l->f.spot, after)) {
			behind = true;
			continue;
		}

		if (!free_for_park(desk, account, l))
			continue;

		if (behind)
			return l;
		if (!first)
			first = l;
		++n;
	}

	if (after || !own || !n)
		return first;

	k = hash(own) % n;
	for (i = 0; i < desk->lampc; i++) {

		const struct desk_lamp *l = &desk->lampv[i];

		if (free_for_park(desk, account, l) && !k--)
			return l;
	}

	return first;
}


bool desk_lamp_parked(const struct desk_lamp *lamp)
{
	return lamp && lamp->f.kind == LAMP_SPOT &&
		lamp->f.state == LAMP_PARKED && !lamp->f.stale;
}


uint64_t desk_lamp_since(const struct desk_lamp *lamp)
{
	if (!lamp)
		return 0;

	/* we only saw it late, but our book knows when it began */
	if (lamp->book && lamp->book->since_ms && lamp->f.at_least &&
	    lamp->f.state == LAMP_PARKED &&
	    lamp->book->since_ms < lamp->f.since_ms)
		return lamp->book->since_ms;

	return lamp->f.since_ms;
}


const struct desk_lamp *desk_longest(const struct desk *desk)
{
	return desk && desk->waitc ? &desk->lampv[desk->waitv[0].lamp] : NULL;
}


const struct book_fact *desk_mine(const struct desk *desk)
{
	const struct book_fact *best = NULL;
	size_t i;

	for (i = 0; desk && i < desk->bookc; i++) {

		const struct book_fact *b = &desk->bookv[i];
		const struct desk_lamp *l;

		if (b->id || strcmp(b->by, "me") ||
		    (best && b->since_ms < best->since_ms))
			continue;

		l = desk_lamp_of(desk, b->account, b->spot);
		if (!l || l->f.stale || l->f.state != LAMP_FREE)
			best = b;
	}

	return best;
}


void desk_spot_print(char *buf, size_t sz, const struct desk *desk,
		     unsigned account, const char *spot)
{
	size_t i;

	for (i = 0; desk && i < desk->lampc; i++) {

		const struct lamp_fact *f = &desk->lampv[i].f;

		if (f->account != account && !strcmp(f->spot, spot)) {
			(void)snprintf(buf, sz, "%s@%u", spot, account);
			return;
		}
	}

	(void)snprintf(buf, sz, "%s", spot);
}


enum desk_age desk_age(const struct desk *desk, uint64_t since_ms,
		       uint64_t now_ms, uint64_t *recall_ms)
{
	const uint64_t age = now_ms > since_ms ? now_ms - since_ms : 0;
	const uint64_t end = (uint64_t)desk->site.recall_s * 1000;
	const uint64_t left = age < end ? end - age : 0;
	uint64_t due = DESK_DUE_S * 1000;

	if (recall_ms)
		*recall_ms = left;

	if (!end)
		return age >= DESK_LONG_S * 1000 ? DESK_AGE_LONG :
			DESK_AGE_FRESH;

	if (due > end / 4)
		due = end / 4;

	/* it was not given back: that time was not the PBX's */
	if (age >= end + DESK_GRACE_MS)
		return DESK_AGE_LONG;

	return left <= due ? DESK_AGE_DUE : left <= end / 2 ? DESK_AGE_LONG :
		DESK_AGE_FRESH;
}


enum desk_age desk_lamp_age(const struct desk *desk,
			    const struct desk_lamp *lamp, uint64_t now_ms,
			    uint64_t *recall_ms)
{
	if (recall_ms)
		*recall_ms = 0;

	if (!desk_lamp_parked(lamp))
		return DESK_AGE_NONE;

	return desk_age(desk, desk_lamp_since(lamp), now_ms, recall_ms);
}


const char *desk_lamp_left(const struct desk_lamp *lamp, uint64_t now_ms,
			   const char **why)
{
	if (why)
		*why = lamp->recalled ? "back with you" :
			lamp_end_name(lamp->f.ended);

	return lamp->left[0] && lamp->f.state == LAMP_FREE &&
		!lamp->f.stale && now_ms < lamp->left_ms + DESK_LEFT_MS ?
		lamp->left : "";
}


const char *desk_lamp_by(const struct desk_lamp *lamp)
{
	if (!lamp)
		return "";

	return lamp->book && lamp->book->by[0] ? lamp->book->by : lamp->f.by;
}


const char *desk_lamp_who(const struct desk_lamp *lamp)
{
	if (!lamp)
		return "";

	if (lamp->book && lamp->book->who[0])
		return lamp->book->who;

	if (lamp->book && lamp->book->number[0])
		return lamp->book->number;

	if (lamp->f.who[0])
		return lamp->f.who;

	return lamp->f.number;
}
