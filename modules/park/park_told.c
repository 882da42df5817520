/**
 * @file modules/park/park_told.c  Calls that the PBX tells us of by itself
 *
 * Where calls are parked on extensions there is no spot to watch. Each
 * account has one lamp, its own extension's: unknown until the PBX says a
 * word, since nobody can be asked what was parked before.
 */
#include <string.h>
#include <re.h>
#include "app/log.h"
#include "app/text_model.h"
#include "park_int.h"


enum {
	TTL_S = 900,         /* believed for, if the recall is not known */
	MARGIN_S = 30,       /* the word that a recall rings may be late */
};


static bool own(const struct park *park, unsigned account, const char *place)
{
	const struct phone_account *acc = phone_account(park->phone, account);

	return acc && !strcmp(acc->user, place);
}


static const struct told_call *oldest(const struct park *park,
				      unsigned account)
{
	for (size_t i = 0; i < park->told.c; i++) {
		if (park->told.v[i].account == account)
			return &park->told.v[i];
	}

	return NULL;
}


static void lamp_emit(struct park *park, unsigned account)
{
	const struct phone_account *acc = phone_account(park->phone, account);
	const struct told_lamp *tl = &park->told_lampv[account];
	const struct told_call *call = oldest(park, account);
	struct event ev = {.type = EVENT_LAMP};
	struct lamp_fact *f = &ev.u.lamp;

	if (!acc || account >= park->told_lampc)
		return;

	f->idx = account;
	f->kind = LAMP_SPOT;
	f->account = account;
	str_ncpy(f->spot, acc->user, sizeof(f->spot));
	str_ncpy(f->label, "Parked for me", sizeof(f->label));

	f->booked = true;
	if (call) {
		f->state = LAMP_PARKED;
		f->calls = (unsigned)told_count(&park->told, account);
		f->since_ms = call->since_ms;
		if (told_count(&park->told, account) == 1) {
			str_ncpy(f->who, call->who, sizeof(f->who));
			str_ncpy(f->number, call->number, sizeof(f->number));
		}
	}
	else if (tl->heard) {
		f->state = LAMP_FREE;
		f->since_ms = tl->since_ms;
	}

	if (!tl->registered) {
		f->stale = f->state != LAMP_UNKNOWN;
		str_ncpy(f->reason, tl->reason, sizeof(f->reason));
	}
	else if (f->state == LAMP_UNKNOWN) {
		str_ncpy(f->reason, "the PBX tells when a call is parked,"
			 " not what was before", sizeof(f->reason));
	}

	bus_emit(park->bus, &ev);
}


static void call_emit(struct park *park, const struct told_call *call,
		      bool gone)
{
	struct book_fact f = {
		.account  = call->account,
		.id       = call->id,
		.since_ms = call->since_ms,
	};

	str_ncpy(f.spot, call->place, sizeof(f.spot));
	str_ncpy(f.who, call->who, sizeof(f.who));
	str_ncpy(f.number, call->number, sizeof(f.number));
	str_ncpy(f.by, call->by, sizeof(f.by));
	(void)park_told_target(park, f.retrieve, sizeof(f.retrieve),
			       call->account, call->place, call->id);

	park_book_emit(park, &f, gone);
}


static const char *caller(const struct told_call *call)
{
	return call->who[0] ? call->who :
		call->number[0] ? call->number : "a call";
}


/*
 * Our own park of the same call, in the book already: one call is one row. If
 * it was parked for the group, the PBX has chosen the place and tells it now.
 */
static bool mine(struct park *park, const struct told_call *call)
{
	struct booked *bk;
	struct le *le;

	bk = park_book_find(park, call->account, PARK_GROUP);
	if (bk && number_same(call->number, bk->fact.number)) {
		park_book_emit(park, &bk->fact, true);
		str_ncpy(bk->fact.spot, call->place, sizeof(bk->fact.spot));
		(void)park_told_target(park, bk->fact.retrieve,
				       sizeof(bk->fact.retrieve),
				       call->account, call->place, call->id);
		park_book_emit(park, &bk->fact, false);
		park_book_save(park);
		return true;
	}

	bk = park_book_find(park, call->account, call->place);
	if (bk && (!call->number[0] || !bk->fact.number[0] ||
		   number_same(call->number, bk->fact.number)))
		return true;

	/* told before the park was answered */
	for (le = park->parkingl.head; le; le = le->next) {

		const struct parking *pk = le->data;

		if (!pk->transfer && pk->account == call->account &&
		    number_same(pk->number, call->number))
			return true;
	}

	return false;
}


static void due_handler(void *arg);


static uint64_t ttl_ms(const struct park *park)
{
	return 1000ull * (park->ways->recall_s ?
			  park->ways->recall_s + MARGIN_S : TTL_S);
}


/* When the first of those that we parked is not believed any more */
static const struct booked *booked_first(const struct park *park)
{
	struct le *le = park->told_lampc ? park->bookl.head : NULL;

	for (; le; le = le->next) {

		const struct booked *bk = le->data;

		if (!bk->unseen)
			return bk;
	}

	return NULL;
}


static void arm(struct park *park)
{
	const uint64_t now = clock_ms(park->clock);
	const struct booked *bk = booked_first(park);
	uint64_t due = told_due_ms(&park->told);

	if (bk)
		due = MIN(due, bk->fact.since_ms + ttl_ms(park));

	tmr_cancel(&park->tmr_told);
	if (due != UINT64_MAX)
		tmr_start(&park->tmr_told, due > now ? due - now : 0,
			  due_handler, park);
}


static void gone(struct park *park, const struct told_call *call)
{
	struct told_lamp *tl = &park->told_lampv[call->account];

	tl->since_ms = clock_ms(park->clock);
	call_emit(park, call, true);
	lamp_emit(park, call->account);
	arm(park);
}


static void due_handler(void *arg)
{
	struct park *park = arg;
	struct told_call call;
	const struct booked *bk;

	while (told_expire(&park->told, clock_ms(park->clock), &call) ==
	       TOLD_GONE) {

		applog(APPLOG_INFO, "park: nothing more was told of %s at %s:"
		       " forgotten", caller(&call), call.place);

		/* nor do we know that nobody waits there */
		park->told_lampv[call.account].heard = false;
		gone(park, &call);
	}

	/* nor does anybody tell what became of those that we parked */
	while ((bk = booked_first(park)) && bk->fact.since_ms +
	       ttl_ms(park) <= clock_ms(park->clock))
		park_book_remove(park, bk->fact.account, bk->fact.spot);

	arm(park);
}


/* The PBX says who left: if we are taking one from there, it is he */
static bool taken_by_us(struct park *park, const struct told_call *call)
{
	struct le *le;

	for (le = park->retrievingl.head; le; le = le->next) {

		struct retrieving *rt = le->data;

		if (rt->account != call->account || rt->told_gone ||
		    (rt->told && rt->told != call->id) ||
		    strcmp(rt->spot, call->place))
			continue;

		rt->told_gone = true;
		if (!rt->who[0] && !rt->number[0]) {
			str_ncpy(rt->who, call->who, sizeof(rt->who));
			str_ncpy(rt->number, call->number,
				 sizeof(rt->number));
		}
		return true;
	}

	return false;
}


void park_told(struct park *park, unsigned account,
	       const struct park_info *info)
{
	const struct phone_account *acc;
	struct told_call in, call;

	if (!park || !info || account >= park->told_lampc)
		return;

	acc = phone_account(park->phone, account);
	if (!acc)
		return;

	memset(&in, 0, sizeof(in));
	in.account = account;
	str_ncpy(in.place, str_isset(info->place) ? info->place : acc->user,
		 sizeof(in.place));
	str_ncpy(in.who, info->who, sizeof(in.who));
	str_ncpy(in.number, info->number, sizeof(in.number));
	str_ncpy(in.by, info->by, sizeof(in.by));
	str_ncpy(in.retrieve, info->retrieve, sizeof(in.retrieve));

	park->told_lampv[account].heard = true;

	if (info->cleared) {
		if (told_clear(&park->told, &in, &call) != TOLD_GONE) {
			lamp_emit(park, account);
			return;
		}

		applog(APPLOG_INFO, "park: told that %s has left %s",
		       caller(&call), call.place);
		if (!taken_by_us(park, &call))
			bus_message(park->bus, MESSAGE_INFO, "%s is no longer"
				    " parked %s%s: taken, or hung up",
				    caller(&call), own(park, account,
						       call.place) ?
				    "for you" : "on ",
				    own(park, account, call.place) ? "" :
				    call.place);
		if (mine(park, &call))
			park_book_remove(park, call.account, call.place);
		gone(park, &call);
		return;
	}

	switch (told_park(&park->told, &in, ttl_ms(park),
			  clock_ms(park->clock), &call)) {

	case TOLD_NEW:
		/* a park of ours may take the lamp for its proof, and writes
		   the call into our book */
		lamp_emit(park, account);
		arm(park);
		if (mine(park, &call))
			return;
		bus_message(park->bus, MESSAGE_INFO, "%s is parked for you%s%s",
			    caller(&call), call.by[0] ? ", by " : "",
			    call.by);
		call_emit(park, &call, false);
		break;

	case TOLD_CHANGED:
		if (!mine(park, &call))
			call_emit(park, &call, false);
		lamp_emit(park, account);
		arm(park);
		break;

	case TOLD_NOTHING:
	case TOLD_GONE:
		arm(park);
		break;
	}
}


void park_told_account(struct park *park, const struct account_fact *acc)
{
	struct told_lamp *tl;

	if (acc->idx >= park->told_lampc)
		return;

	tl = &park->told_lampv[acc->idx];

	/* what was parked while we were away nobody tells us */
	if (!acc->registered && tl->registered && !oldest(park, acc->idx))
		tl->heard = false;

	tl->registered = acc->registered;
	(void)re_snprintf(tl->reason, sizeof(tl->reason), "not registered%s%s",
			  acc->reason[0] ? ": " : "", acc->reason);
	lamp_emit(park, acc->idx);
}


const char *park_told_spot(const struct park *park, unsigned account,
			   const char *spot)
{
	return park->ways->personal && own(park, account, spot) ? "" : spot;
}


struct place park_told_longest(const struct park *park)
{
	const struct phone_account *acc = phone_account(park->phone, 0);
	struct place place = {0};

	if (park->told.c) {
		const struct told_call *call = &park->told.v[0];

		place.account = call->account;
		place.told = call->id;
		str_ncpy(place.spot, call->place, sizeof(place.spot));
	}
	else if (acc) {
		str_ncpy(place.spot, acc->user, sizeof(place.spot));
	}

	return place;
}


static const struct told_call *find(const struct park *park,
				    unsigned account, const char *place,
				    unsigned id)
{
	return id ? told_find(&park->told, id) :
		told_at(&park->told, account, place);
}


int park_told_place(struct place *place, const struct park *park,
		    const char *id)
{
	const struct told_call *call;
	struct pl pl;

	pl_set_str(&pl, id);
	call = told_find(&park->told, pl_u32(&pl));
	if (!call || strcmp(call->place, place->spot))
		return ENOENT;

	place->account = call->account;
	place->told = call->id;

	return 0;
}


bool park_told_shared(const struct park *park, unsigned account,
		      const char *place, const char *target)
{
	char other[TEXT_SZ];
	unsigned n = 0;

	for (size_t i = 0; i < park->told.c; i++) {

		const struct told_call *call = &park->told.v[i];

		if (call->account != account || strcmp(call->place, place))
			continue;

		n += !park_told_target(park, other, sizeof(other), account,
				       place, call->id) &&
			!strcmp(other, target);
	}

	return n > 1;
}


bool park_told_who(const struct park *park, unsigned account,
		   const char *place, unsigned id, char *who, char *number)
{
	const struct told_call *call = find(park, account, place, id);

	if (!call)
		return false;

	str_ncpy(who, call->who, TEXT_SZ);
	str_ncpy(number, call->number, TEXT_SZ);

	return true;
}


int park_told_target(const struct park *park, char *buf, size_t size,
		     unsigned account, const char *place, unsigned id)
{
	const struct told_call *call = find(park, account, place, id);
	const struct way *way = park_way_find(park, account, place);

	if (call && call->retrieve[0]) {
		str_ncpy(buf, call->retrieve, size);
		return 0;
	}

	return profile_expand(buf, size, way && way->retrieve ?
			      way->retrieve : park->ways->retrieve,
			      own(park, account, place) ||
			      !strcmp(place, PARK_GROUP) ? "" : place);
}


void park_told_taken(struct park *park, unsigned account, const char *place,
		     unsigned id)
{
	struct told_call info = {.account = account}, call;

	str_ncpy(info.place, place, sizeof(info.place));

	if ((id ? told_remove(&park->told, id, &call) :
	     told_clear(&park->told, &info, &call)) == TOLD_GONE)
		gone(park, &call);
}


void park_told_own(struct park *park, const struct book_fact *fact)
{
	arm(park);

	/* told before we knew */
	for (size_t i = 0; i < park->told.c; i++) {

		const struct told_call *call = &park->told.v[i];

		if (call->account == fact->account && mine(park, call))
			call_emit(park, call, true);
	}
}


size_t park_lampc(const struct profile *ways, size_t accountc)
{
	return ways && ways->told != PROFILE_TOLD_DIALOG ?
		MIN(accountc, (size_t)ACCOUNTS_MAX) : 0;
}
