/**
 * @file modules/park/park_back.c  Retrievals under way
 */
#include <string.h>
#include <re.h>
#include "app/log.h"
#include "app/text_model.h"
#include "park_int.h"


static void retrieving_destructor(void *data)
{
	struct retrieving *rt = data;

	tmr_cancel(&rt->tmr);
	list_unlink(&rt->le);
}


static void retrieving_due(void *arg)
{
	struct retrieving *rt = arg;
	const struct desk_lamp *lamp;

	lamp = park_lamp(rt->park, rt->account, rt->spot);

	/* another call at the same spot says nothing about this one */
	park_back_event(rt, lamp && desk_lamp_parked(lamp) &&
			!rt->park->told_lampc && !rt->park->ways->several &&
			lamp->f.since_ms <= rt->start_ms ?
			RETRIEVE_EV_DUE_PARKED : RETRIEVE_EV_DUE);
}


static void resume_held(const struct retrieving *rt)
{
	struct park *park = rt->park;
	const struct call_fact *held = phone_call(park->phone, rt->held);

	if (held && held->state == DESKCALL_HELD && !phone_active(park->phone))
		(void)phone_hold(park->phone, rt->held, false);
}


/* What the dialplan calls the spot is nobody's name */
static bool is_place(const struct retrieving *rt, const char *number)
{
	return !strcmp(number, rt->spot) || !strcmp(number, rt->target) ||
		park_is_place(rt->park, number);
}


void park_back_answered(struct retrieving *rt)
{
	const unsigned id = rt->id;
	struct park *park = rt->park;
	const struct desk_lamp *lamp;

	park_back_event(rt, RETRIEVE_EV_ANSWERED);

	rt = park_back_find(park, id);
	if (!rt)
		return;

	/* a PBX that finds nothing to pick up refuses */
	if (rt->pickup) {
		park_back_event(rt, RETRIEVE_EV_IDENTITY);
		return;
	}

	if (rt->life.state != RETRIEVE_CLAIMED)
		return;

	/* a lamp may be faster than the answer */
	lamp = desk_lamp_of(park->desk, rt->account, rt->spot);
	if (rt->known)
		park_back_event(rt, RETRIEVE_EV_IDENTITY);
	else if (lamp && rt->occupied && lamp->f.state == LAMP_FREE &&
		 !lamp->f.stale)
		park_back_event(rt, RETRIEVE_EV_FREE);
}


void park_back_named(struct retrieving *rt, const char *number)
{
	if (is_place(rt, number))
		return;

	rt->known = number_same(number, rt->number);
	park_back_event(rt, RETRIEVE_EV_NAMED);
}


void park_back_reinvite(struct retrieving *rt, const char *number)
{
	if (number[0] && !is_place(rt, number))
		park_back_event(rt, RETRIEVE_EV_IDENTITY);
}


static void won(const struct retrieving *rt)
{
	struct park *park = rt->park;
	const struct call_fact *call = phone_call(park->phone, rt->id);

	/* who it is: the server's word, else what we knew of him */
	if (call && (rt->who[0] || rt->number[0]) && is_place(rt, call->peer))
		(void)phone_set_peer(park->phone, rt->id, rt->who,
				     rt->number);

	/* the lamp may follow later: its news is ours already */
	if (!rt->pickup) {
		park_book_remove(park, rt->account, rt->spot);
		if (!rt->told_gone)
			park_told_taken(park, rt->account, rt->spot,
					rt->told);
	}

	(void)phone_set_phase(park->phone, rt->id, PHONE_PHASE_NONE,
			      rt->spot);

	call = phone_call(park->phone, rt->id);
	if (!call)
		return;

	if (!rt->pickup)
		park_out_taken(park, call);

	if (rt->pickup)
		bus_message(park->bus, MESSAGE_INFO, "the call for %s is"
			    " yours", rt->spot);
	else
		bus_message(park->bus, MESSAGE_INFO, "%s is back from %s",
			    call->name[0] ? call->name : call->peer,
			    rt->spot);
}


void park_back_event(struct retrieving *rt, enum retrieve_event ev)
{
	struct park *park = rt->park;
	const uint64_t now = clock_ms(park->clock);
	const enum retrieve_state old = rt->life.state;
	enum retrieve_action act;

	/* what its end makes others say, a lamp that goes out, comes back
	   here before it is gone */
	if (retrieve_ended(old))
		return;

	act = retrieve_step(&rt->life, ev, now);

	if (old != rt->life.state)
		applog(APPLOG_INFO, "retrieve: call %u %s: %s -> %s on %s",
		       rt->id, rt->spot, retrieve_state_name(old),
		       retrieve_state_name(rt->life.state),
		       retrieve_event_name(ev));

	tmr_cancel(&rt->tmr);
	if (rt->life.due_ms)
		tmr_start(&rt->tmr, rt->life.due_ms > now ?
			  rt->life.due_ms - now : 0, retrieving_due, rt);

	switch (act) {

	case RETRIEVE_ACT_WON:
		won(rt);
		break;

	case RETRIEVE_ACT_LOST:
		if (rt->occupied)
			bus_message(park->bus, MESSAGE_WARN,
				    "%s was taken by another phone, or the"
				    " caller hung up", rt->spot);
		else
			bus_message(park->bus, MESSAGE_WARN,
				    "no call was waiting at %s", rt->spot);

		if (!rt->told_gone)
			park_told_taken(park, rt->account, rt->spot,
					rt->told);

		/* no lamp will tell that he is not there any more */
		if (!desk_lamp_of(park->desk, rt->account, rt->spot))
			park_book_remove(park, rt->account, rt->spot);
		resume_held(rt);
		break;

	case RETRIEVE_ACT_FAILED:
		bus_message(park->bus, MESSAGE_ERROR, rt->pickup ?
			    "cannot pick up the call for %s: %s" :
			    "cannot retrieve %s: %s", rt->spot,
			    rt->reason[0] ? rt->reason : "the call ended");
		resume_held(rt);
		break;

	case RETRIEVE_ACT_NONE:
	case RETRIEVE_ACT_DIAL:
		break;
	}

	if (retrieve_ended(rt->life.state))
		mem_deref(rt);
}


bool park_back_under_way(const struct park *park, unsigned account,
			 const char *spot)
{
	struct le *le;

	for (le = park->retrievingl.head; le; le = le->next) {

		const struct retrieving *rt = le->data;

		if (rt->account == account && !strcmp(rt->spot, spot))
			return true;
	}

	return false;
}


/* What is held for it comes back if it fails; `rt` is gone then */
static int dial(struct retrieving *rt, const struct phone_replaces *replaces,
		struct re_printf *reply)
{
	struct park *park = rt->park;
	char err_text[REASON_SZ];
	int err;

	list_append(&park->retrievingl, &rt->le, rt);

	rt->held = phone_hold_active(park->phone, 0);

	err = replaces ?
		phone_dial_replaces(park->phone, rt->account, rt->target,
				    replaces, &rt->id, err_text,
				    sizeof(err_text)) :
		phone_dial(park->phone, rt->account, rt->target, &rt->id,
			   err_text, sizeof(err_text));
	if (err) {
		(void)re_hprintf(reply, "%s", err_text);
		resume_held(rt);
		mem_deref(rt);
		return err;
	}

	park_back_event(rt, RETRIEVE_EV_START);
	(void)phone_set_phase(park->phone, rt->id, PHONE_PHASE_RETRIEVING,
			      rt->spot);

	return 0;
}


int park_back_start(struct park *park, const struct place *wanted,
		    struct re_printf *reply)
{
	const struct desk_lamp *lamp;
	const struct booked *bk;
	const struct way *way;
	struct retrieving *rt;
	char target[256], spot[TEXT_SZ];
	unsigned account;
	const char *tmpl;
	struct place told;
	bool shared = false;
	int err;

	/* where nobody can be asked who waits, the PBX knows */
	if (park->told_lampc) {
		told = wanted ? *wanted : park_told_longest(park);
		wanted = &told;
	}

	lamp = wanted ? park_lamp(park, wanted->account, wanted->spot) :
		desk_longest(park->desk);
	if (!wanted && !lamp) {
		(void)re_hprintf(reply, "no parked call is known");
		return ENOENT;
	}

	/* the desk's own memory changes with the events that follow */
	account = wanted ? wanted->account : lamp->f.account;
	str_ncpy(spot, wanted ? wanted->spot : lamp->f.spot, sizeof(spot));

	if (lamp && lamp->f.state == LAMP_FREE && !lamp->f.stale &&
	    !park->told_lampc) {
		(void)re_hprintf(reply, "%s is free: no call waits there",
				 spot);
		return ENOENT;
	}

	if (park_back_under_way(park, account, spot)) {
		(void)re_hprintf(reply, "%s is being retrieved", spot);
		return EALREADY;
	}

	way = park_way_find(park, account, spot);
	tmpl = way && way->retrieve ? way->retrieve : park->ways->retrieve;
	err = park->told_lampc ?
		park_told_target(park, target, sizeof(target), account, spot,
				 wanted->told) :
		profile_expand(target, sizeof(target), tmpl, spot);
	if (err) {
		(void)re_hprintf(reply, "'%s' is no way to retrieve %s",
				 tmpl ? tmpl : "", spot);
		return err;
	}

	rt = mem_zalloc(sizeof(*rt), retrieving_destructor);
	if (!rt)
		return ENOMEM;

	rt->park = park;
	rt->account = account;
	if (park_told_shared(park, account, spot, target)) {
		bus_message(park->bus, MESSAGE_INFO, "several calls wait at"
			    " %s, the PBX chooses", spot);
		shared = true;
	}
	else if (wanted) {
		rt->told = wanted->told;
	}
	rt->start_ms = clock_ms(park->clock);
	rt->occupied = lamp && desk_lamp_parked(lamp);
	str_ncpy(rt->spot, spot, sizeof(rt->spot));
	str_ncpy(rt->target, target, sizeof(rt->target));

	/* the book's entry goes with the lamp, long before the proof */
	bk = park_book_find(park, account, spot);
	if (bk) {
		str_ncpy(rt->who, bk->fact.who, sizeof(rt->who));
		str_ncpy(rt->number, bk->fact.number, sizeof(rt->number));
	}
	else if (shared || park_told_who(park, account, spot, rt->told,
					 rt->who, rt->number)) {
		/* the PBX will say who it is, or it is he */
	}
	else if (rt->occupied) {
		str_ncpy(rt->who, lamp->f.who, sizeof(rt->who));
		str_ncpy(rt->number, lamp->f.number, sizeof(rt->number));
	}

	err = dial(rt, NULL, reply);
	if (!err)
		bus_message(park->bus, MESSAGE_INFO, "retrieving %s ...",
			    spot);

	return err;
}


/*
 * By the PBX's code; else by taking the place of the one who is called in the
 * caller's dialog, if the lamp's document tells of it (RFC 3891 3)
 */
int park_back_pickup(struct park *park, const struct place *at,
		     struct re_printf *reply)
{
	const struct way *way = park_way_find(park, at->account, at->spot);
	const char *tmpl = way && way->retrieve ? way->retrieve :
		park->ways->pickup;
	struct phone_replaces replaces;
	struct retrieving *rt;
	struct park_dialog dlg;
	char target[256];
	int err;

	if (park_back_under_way(park, at->account, at->spot)) {
		(void)re_hprintf(reply, "the call for %s is being picked up",
				 at->spot);
		return EALREADY;
	}

	if (tmpl) {
		err = profile_expand(target, sizeof(target), tmpl, at->spot);
		if (err) {
			(void)re_hprintf(reply, "'%s' is no way to pick up a"
					 " call", tmpl);
			return err;
		}
	}
	else if (park->dialogh &&
		 !park->dialogh(&dlg, at->account, at->spot,
				park->dialogarg)) {
		str_ncpy(target, dlg.target, sizeof(target));
		replaces.call_id = dlg.call_id;
		replaces.to_tag = dlg.to_tag;
		replaces.from_tag = dlg.from_tag;
	}
	else {
		(void)re_hprintf(reply, "how to pick up a call for %s is not"
				 " known: `pickup` in the configuration says"
				 " it", at->spot);
		return ENOTSUP;
	}

	rt = mem_zalloc(sizeof(*rt), retrieving_destructor);
	if (!rt)
		return ENOMEM;

	rt->park = park;
	rt->account = at->account;
	rt->pickup = true;
	rt->start_ms = clock_ms(park->clock);
	str_ncpy(rt->spot, at->spot, sizeof(rt->spot));
	str_ncpy(rt->target, target, sizeof(rt->target));

	err = dial(rt, tmpl ? NULL : &replaces, reply);
	if (!err)
		bus_message(park->bus, MESSAGE_INFO, "picking up the call for"
			    " %s ...", at->spot);

	return err;
}


struct retrieving *park_back_find(const struct park *park,
					  unsigned id)
{
	struct le *le;

	for (le = park->retrievingl.head; le; le = le->next) {

		struct retrieving *rt = le->data;

		if (rt->id == id)
			return rt;
	}

	return NULL;
}
