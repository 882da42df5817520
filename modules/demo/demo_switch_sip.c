/**
 * @file modules/demo/demo_switch_sip.c  Built-in PBX: who is put through
 *
 * Every move is written into the books first; legs and lamps follow.
 */
#include <string.h>
#include "app/log.h"
#include "modules/demo/demo_int.h"


enum {
	EAR_MS = 300,            /**< Silent for longer: hears nothing   */
	CLAIMED_MS = 1000,       /**< Recall again after                 */
	REJOINED_MS = 1740,      /**< "Parking failed", spoken           */
	REASON_CAUSE_BUSY = 17,
};


static void recall_handler(void *arg);
static bool returned(struct demo_party *p);


/* ---- parties ---- */

static void party_destructor(void *data)
{
	struct demo_party *p = data;

	demo_job_cancel(p->d, NULL, p);
	list_unlink(&p->le);
}


struct demo_party *demo_party_alloc(struct demo *d, enum demo_kind kind,
				    struct demo_ext *ext, const char *name,
				    const char *number)
{
	struct demo_party *p = mem_zalloc(sizeof(*p), party_destructor);
	struct demo_row *row;

	if (!p)
		return NULL;

	p->d = d;
	row = demo_books_add(&d->books, kind, name, number, demo_now(d));
	if (!row) {
		mem_deref(p);
		return NULL;
	}

	p->id = row->id;
	p->ext = ext;

	if (kind == DEMO_CALLER)
		p->hz = DEMO_HZ_CALLER + 30 * (int)(d->callers++ % 50);
	else if (kind == DEMO_COLLEAGUE)
		p->hz = ext->hz;

	row->plays_hz = p->hz;
	list_append(&d->partyl, &p->le, p);

	return p;
}


struct demo_party *demo_party_find(const struct demo *d, unsigned id)
{
	struct le *le;

	for (le = d->partyl.head; id && le; le = le->next) {

		struct demo_party *p = le->data;

		if (p->id == id)
			return p;
	}

	return NULL;
}


struct demo_row *demo_row(const struct demo_party *p)
{
	return p ? demo_books_find(&p->d->books, p->id) : NULL;
}


static struct demo_party *peer(const struct demo_party *p)
{
	const struct demo_row *row = demo_row(p);

	return row ? demo_party_find(p->d, row->with) : NULL;
}


/** Out of the game: leg hung up, row closed; whoever is with him is not
    looked after here */
static void part(struct demo_party *p, enum demo_fate fate,
		 const char *reason, unsigned cause)
{
	struct demo *d = p->d;
	struct demo_leg *leg = p->leg;
	const struct demo_row *row = demo_row(p);

	applog(APPLOG_DEBUG, "demo: %u <%s> %s: %s\n", p->id,
	       row ? row->number : "?", demo_fate_name(fate), reason);

	(void)demo_books_end(&d->books, p->id, fate, reason, demo_now(d));
	p->leg = NULL;
	demo_leg_hangup(leg, cause);
	mem_deref(p);
}


/** Somebody is gone: what becomes of those who waited for him? */
static void bereft(struct demo *d, unsigned with, enum demo_place place,
		   enum demo_fate fate)
{
	struct demo_party *other = demo_party_find(d, with);

	if (!other)
		return;

	switch (place) {

	case DEMO_TALKING:
		part(other, fate == DEMO_LOST ? DEMO_LOST : DEMO_HUNG_UP,
		     "the other hung up", 16);
		break;

	case DEMO_RINGING:              /* the caller gave up */
		part(other, DEMO_HUNG_UP, "the caller gave up", 16);
		break;

	case DEMO_RUNG:                 /* the callee vanished */
		demo_switch_refused(other, 480);
		break;

	default:
		break;
	}
}


/** Tell the one who sent him there how it went */
static void owed(struct demo *d, unsigned id, uint16_t code)
{
	struct demo_party *p = demo_party_find(d, id);

	if (!p || !p->leg)
		return;

	demo_leg_frag(p->leg, code);
	if (code < 300 && d->m.bye_parker)
		part(p, DEMO_HUNG_UP, "transferred", 16);
}


/** He leaves; the one he was with is looked after */
void demo_switch_end(struct demo_party *p, enum demo_fate fate,
		     const char *reason)
{
	const struct demo_row *row = demo_row(p);
	struct demo *d = p->d;
	unsigned with = row ? row->with : 0;
	enum demo_place place = row ? row->place : DEMO_ENDED;
	const unsigned transferor = p->transferor;
	struct le *le;

	/* those whom he was about to take out wait on */
	for (le = d->partyl.head; le; le = le->next) {

		struct demo_party *o = le->data;

		if (o->claim == p->id)
			o->claim = 0;
	}

	part(p, fate, reason, 16);
	bereft(d, with, place, fate);
	owed(d, transferor, 408);
	demo_lamps(d);
}


/* ---- what is heard ---- */

/** Tone that the PBX plays to a party; -1: another telephone speaks */
int demo_switch_hz(const struct demo_party *p)
{
	const struct demo_row *row = demo_row(p);
	const struct demo_party *o;

	if (!row)
		return 0;

	switch (row->place) {

	case DEMO_TALKING:
		o = demo_party_find(p->d, row->with);
		if (!o)
			return 0;
		if (!o->leg)
			return o->hz;
		return demo_leg_holds(o->leg) ? DEMO_HZ_MUSIC : -1;

	case DEMO_PARKED:
		return DEMO_HZ_MUSIC;

	case DEMO_RINGING:
		return DEMO_HZ_RING;

	case DEMO_SERVED:
		break;

	default:
		return 0;
	}

	switch (p->service) {

	case DEMO_SERVICE_INVALID:
		return DEMO_HZ_INVALID;

	case DEMO_SERVICE_NUMBER:
		return demo_tone_digit(p->digits,
				       (uint32_t)(demo_now(p->d) -
						  p->service_ms),
				       p->d->m.announce_ms);

	case DEMO_SERVICE_ECHO:
		return -1;

	default:
		return 0;
	}
}


/** Nothing is sent to him, not even silence: no channel is left behind him.
    So it is at Asterisk for one whose REFER is done, and for one who dialled
    a spot until he is put through */
bool demo_switch_alone(const struct demo_party *p)
{
	const struct demo_row *row = demo_row(p);

	return row && row->place == DEMO_SERVED &&
		p->service == DEMO_SERVICE_NONE;
}


/** A telephone said something */
void demo_switch_heard(struct demo_party *p, const int16_t *sampv)
{
	const struct demo_row *row = demo_row(p);
	struct demo_party *o;

	if (!row)
		return;

	if (row->place == DEMO_SERVED && p->service == DEMO_SERVICE_ECHO) {
		demo_media_send(p->leg->media, sampv);
		return;
	}

	if (row->place != DEMO_TALKING)
		return;

	o = demo_party_find(p->d, row->with);
	if (!o)
		return;

	if (o->leg && o->leg->media) {
		demo_media_send(o->leg->media, sampv);
	}
	else if (!o->leg) {
		demo_ear_hear(&o->ear, sampv, DEMO_FRAME);
		o->heard_ms = tmr_jiffies();
	}
}


/** The books, with what everybody hears at this moment */
const struct demo_books *demo_books(struct demo *d)
{
	struct le *le;

	if (!d)
		return NULL;

	for (le = d->partyl.head; le; le = le->next) {

		const struct demo_party *p = le->data;
		struct demo_row *row = demo_row(p);
		const struct demo_party *o = peer(p);

		if (!row)
			continue;

		row->held = row->place == DEMO_TALKING && o && o->leg &&
			demo_leg_holds(o->leg);

		if (p->leg)
			row->plays_hz = demo_media_hz(p->leg->media);

		row->hears_hz = demo_switch_hz(p);
		if (row->hears_hz >= 0)
			continue;

		/* a telephone's voice */
		if (p->leg)
			row->hears_hz = demo_media_hz(o && o->leg
						      ? o->leg->media
						      : p->leg->media);
		else
			row->hears_hz = tmr_jiffies() - p->heard_ms > EAR_MS
				? 0 : demo_ear_hz(&p->ear);
	}

	return &d->books;
}


/* ---- being put through ---- */

static void unclaim(struct demo_party *p)
{
	p->claim = 0;
	demo_job_cancel(p->d, recall_handler, p);
}


/** The two talk from now on */
int demo_switch_connect(struct demo_party *a, struct demo_party *c)
{
	struct demo *d = a->d;
	int err = demo_books_talk(&d->books, a->id, c->id, demo_now(d));
	if (err)
		return err;

	unclaim(a);
	unclaim(c);
	memset(&a->ear, 0, sizeof(a->ear));
	memset(&c->ear, 0, sizeof(c->ear));

	return 0;
}


static void invalid_handler(void *arg)
{
	struct demo_party *p = arg;
	const bool bot = !p->leg;

	struct demo *d = p->d;

	/* a caller hears it because somebody sent him there */
	part(p, bot ? DEMO_DROPPED : DEMO_HUNG_UP, "invalid", 0);
	demo_lamps(d);
}


static void serve(struct demo_party *p, enum demo_service service)
{
	(void)demo_books_serve(&p->d->books, p->id, demo_now(p->d));
	p->service = service;
	p->service_ms = demo_now(p->d);
}


static void invalid(struct demo_party *p, uint32_t ms)
{
	demo_job_cancel(p->d, NULL, p);
	serve(p, DEMO_SERVICE_INVALID);
	(void)demo_job(p->d, ms, invalid_handler, p);
}


/** A recall came to nothing: back to where he waited? */
static bool returned(struct demo_party *p)
{
	char parker[DEMO_TEXT];

	if (!p->d->m.recall_returns || p->errand != DEMO_ERRAND_RECALL)
		return false;

	str_ncpy(parker, p->parker, sizeof(parker));

	return !demo_switch_parks(p->d, p, p->spot, parker);
}


static void patience_handler(void *arg)
{
	struct demo_party *p = arg;
	const bool recall = p->errand == DEMO_ERRAND_RECALL;
	struct demo_party *phone = peer(p);

	if (returned(p)) {
		part(phone, DEMO_UNANSWERED, "did not take the recall", 16);
		demo_lamps(p->d);
		return;
	}

	demo_switch_end(p, recall ? DEMO_DROPPED : DEMO_UNANSWERED,
			recall ? "nobody took the recall" : "no answer");
}


static void talked_handler(void *arg)
{
	demo_switch_end(arg, DEMO_LEFT, "had enough");
}


static void bot_answer_handler(void *arg)
{
	demo_switch_answered(arg);
}


/** A colleague's telephone rings */
static uint16_t ring_bot(struct demo_party *p, struct demo_ext *ext)
{
	struct demo *d = p->d;
	struct demo_party *bot;
	struct le *le;

	if (ext->habit.refuse)
		return ext->habit.refuse;

	for (le = d->partyl.head; le; le = le->next) {

		const struct demo_party *o = le->data;

		if (o->ext == ext && !o->leg)
			return 486;
	}

	bot = demo_party_alloc(d, DEMO_COLLEAGUE, ext, ext->name,
			       ext->number);
	if (!bot)
		return 503;

	(void)demo_books_ring(&d->books, p->id, bot->id, demo_now(d));
	demo_leg_ring(p->leg);

	if (ext->habit.answer_ms != UINT32_MAX)
		(void)demo_job(d, ext->habit.answer_ms, bot_answer_handler,
			       bot);

	return 0;
}


static uint16_t ring_phone(struct demo_party *p, struct demo_ext *ext)
{
	struct demo *d = p->d;
	const struct demo_row *row = demo_row(p);
	const bool recall = p->errand == DEMO_ERRAND_RECALL;
	struct demo_party *phone;
	char name[2 * DEMO_TEXT];
	int err;

	phone = demo_party_alloc(d, DEMO_PHONE, ext, ext->name, ext->number);
	if (!phone)
		return 503;

	(void)re_snprintf(name, sizeof(name), "%s%s",
			  recall && d->m.recall_name ? d->m.recall_name : "",
			  recall && d->m.recall_spot ? p->spot : row->name);

	err = demo_leg_call(&phone->leg, phone, ext, name, row->number,
			    recall ? p->parker : NULL);
	if (err) {
		part(phone, DEMO_REFUSED, "cannot be reached", 16);
		return err == EUSERS ? 503 : 480;
	}

	(void)demo_books_ring(&d->books, p->id, phone->id, demo_now(d));

	return 0;
}


/* ---- retrieving ---- */

static void connect_handler(void *arg)
{
	struct demo_party *p = arg;
	struct demo *d = p->d;
	struct demo_party *waiting = NULL;
	struct demo_row *row;
	struct le *le;

	for (le = d->partyl.head; le && !waiting; le = le->next) {

		struct demo_party *o = le->data;

		if (o->claim == p->id)
			waiting = o;
	}

	if (!waiting) {
		/* he hung up in between */
		invalid(p, d->m.invalid_ms);
		return;
	}

	if (demo_switch_connect(waiting, p))
		return;

	row = demo_row(waiting);
	++row->retrieved_n;
	str_ncpy(row->by, p->ext ? p->ext->number : "", sizeof(row->by));

	demo_leg_tell(p->leg, row, false);
	demo_leg_tell(waiting->leg, demo_row(p), false);
	demo_lamps(d);
}


/** Somebody dials a spot */
static uint16_t retrieve(struct demo_party *p, const char *spot)
{
	struct demo *d = p->d;
	const struct demo_row *row = demo_books_at(&d->books, spot);
	struct demo_party *waiting = row ? demo_party_find(d, row->id)
		: NULL;

	/* only one can have him, whoever asks first */
	if (!waiting || waiting->claim) {

		if (d->m.empty == DEMO_EMPTY_REFUSES && p->leg)
			return d->m.empty_code;

		(void)demo_leg_answer(p->leg, NULL);
		invalid(p, p->leg ? d->m.invalid_ms : d->m.refused_ms);
		return 0;
	}

	waiting->claim = p->id;
	(void)demo_leg_answer(p->leg, d->m.tell == DEMO_TELL_IN_200 ? row
			      : NULL);

	if (!p->leg) {
		connect_handler(p);
		return 0;
	}

	serve(p, DEMO_SERVICE_NONE);
	if (demo_job(d, d->m.connect_ms, connect_handler, p))
		return 500;

	return 0;
}


bool demo_is_spot(const struct demo *d, const char *number)
{
	unsigned i;

	for (i = 0; i < d->spotc; i++) {

		if (!strcmp(d->spotv[i], number))
			return true;
	}

	return false;
}


/** Where one's own calls are parked: on one's extension, or for the group */
static const char *own_spot(const struct demo *d, const struct demo_party *p)
{
	const char *own = p->ext ? p->ext->number : "";
	struct le *le;

	if (demo_books_at(&d->books, own))
		return own;

	for (le = d->partyl.head; le; le = le->next) {

		const struct demo_party *o = le->data;
		const struct demo_row *row = demo_row(o);

		if (o->group && row && row->place == DEMO_PARKED)
			return row->spot;
	}

	return own;
}


/** @return The spot that dialling this takes a call from, or NULL */
static const char *retrieve_target(const struct demo_party *p,
				   const char *number)
{
	const struct demo *d = p->d;
	const char *prefix = d->m.retrieve_prefix;

	if (d->m.personal && prefix && !strcmp(number, prefix))
		return own_spot(d, p);

	if (prefix) {
		if (strncmp(number, prefix, strlen(prefix)))
			return NULL;
		number += strlen(prefix);
	}

	return demo_is_spot(d, number) ? number : NULL;
}


/** Does a transfer there try to take a call from a spot? */
static bool picks_up(const struct demo *d, const char *number)
{
	return d->m.bare == DEMO_BARE_PICKS_UP && demo_is_spot(d, number);
}


/** @return The first free spot, or NULL: the lot is full */
const char *demo_spot_free(const struct demo *d)
{
	unsigned i;

	/* a colleague's, of his own accord: for who lives here */
	if (d->m.personal && d->life)
		return d->life->number;

	for (i = 0; i < d->spotc; i++) {

		if (!demo_books_at(&d->books, d->spotv[i]))
			return d->spotv[i];
	}

	return NULL;
}


/**
 * Somebody calls a number
 *
 * @return 0, or a SIP code: nobody rings, the caller is to be told
 */
uint16_t demo_switch_call(struct demo_party *p, const char *number,
			  enum demo_errand errand)
{
	struct demo *d = p->d;
	struct demo_ext *ext;
	const char *spot;
	uint16_t code;

	p->errand = errand;

	spot = retrieve_target(p, number);
	if (spot)
		return retrieve(p, spot);

	if (!strcmp(number, "600") && p->leg) {
		(void)demo_leg_answer(p->leg, NULL);
		serve(p, DEMO_SERVICE_ECHO);
		demo_lamps(d);
		return 0;
	}

	ext = demo_ext_find(d, number);
	if (!ext)
		return 404;

	if (demo_binding(d, ext))
		code = ring_phone(p, ext);
	else if (ext->bot)
		code = ring_bot(p, ext);
	else
		code = 480;

	demo_lamps(d);

	return code;
}


void demo_switch_ringing(struct demo_party *p)
{
	const struct demo_party *caller = peer(p);
	const struct demo_row *row = demo_row(p);

	if (caller && row->place == DEMO_RUNG)
		demo_leg_ring(caller->leg);
}


/** The one who rings has answered */
void demo_switch_answered(struct demo_party *p)
{
	struct demo *d = p->d;
	struct demo_party *caller = peer(p);
	struct demo_row *row;
	unsigned transferor;

	if (!caller) {
		demo_switch_end(p, DEMO_DROPPED, "answered nobody");
		return;
	}

	demo_job_cancel(d, patience_handler, caller);

	if (demo_switch_connect(caller, p))
		return;

	row = demo_row(caller);
	if (caller->errand == DEMO_ERRAND_RECALL)
		++row->recalled_n;

	if (caller->leg && caller->leg->state == DEMO_LEG_ASKED)
		(void)demo_leg_answer(caller->leg,
				      d->m.tell == DEMO_TELL_NOT ? NULL
				      : demo_row(p));
	else
		demo_leg_tell(caller->leg, demo_row(p), false);

	if (!p->leg && p->ext && p->ext->habit.talk_ms)
		(void)demo_job(d, p->ext->habit.talk_ms, talked_handler, p);

	transferor = caller->transferor;
	caller->transferor = 0;
	owed(d, transferor, 200);

	demo_lamps(d);
}


/**
 * A call came to nothing
 *
 * @param p The one who rang and refused, or the caller himself
 */
void demo_switch_refused(struct demo_party *p, uint16_t code)
{
	struct demo *d = p->d;
	const struct demo_row *row = demo_row(p);
	struct demo_party *caller = p;
	unsigned transferor;

	if (row && row->place == DEMO_RUNG) {
		caller = peer(p);
		part(p, DEMO_REFUSED, demo_reason(code), 16);
	}

	if (!caller)
		goto out;

	transferor = caller->transferor;
	caller->transferor = 0;

	if (returned(caller))
		goto out;

	if (caller->leg && caller->leg->state == DEMO_LEG_ASKED) {

		struct demo_leg *leg = caller->leg;

		demo_leg_reject(leg, code);
		part(caller, DEMO_REFUSED, demo_reason(code), 16);
	}
	else {
		part(caller, caller->errand == DEMO_ERRAND_CALL
		     ? DEMO_REFUSED : DEMO_DROPPED, demo_reason(code),
		     code == 486 ? REASON_CAUSE_BUSY : 16);
	}

	owed(d, transferor, code);

 out:
	demo_lamps(d);
}


/* ---- parking ---- */

static void recall_handler(void *arg)
{
	struct demo_party *p = arg;
	struct demo *d = p->d;
	char parker[DEMO_TEXT];
	uint16_t code;

	/* being taken out at this moment */
	if (p->claim) {
		(void)demo_job(d, CLAIMED_MS, recall_handler, p);
		return;
	}

	str_ncpy(parker, p->parker, sizeof(parker));
	(void)demo_books_free(&d->books, p->id, demo_now(d));
	demo_lamps(d);

	code = demo_switch_call(p, parker, DEMO_ERRAND_RECALL);
	if (code && returned(p))
		return;
	if (code) {
		part(p, DEMO_DROPPED, "nobody took the recall", 16);
		demo_lamps(d);
		return;
	}

	(void)demo_job(d, 1000 * d->m.comeback_s, patience_handler, p);
}


/**
 * Put somebody into a spot
 *
 * @return 0, or a SIP code: taken
 */
uint16_t demo_switch_parks(struct demo *d, struct demo_party *p,
			   const char *spot, const char *by)
{
	int err = demo_books_park(&d->books, p->id, spot, by, demo_now(d));
	if (err)
		return err == EBUSY ? 486 : 500;

	str_ncpy(p->parker, by, sizeof(p->parker));
	str_ncpy(p->spot, spot, sizeof(p->spot));
	p->claim = 0;
	demo_job_cancel(d, NULL, p);
	(void)demo_job(d, 1000 * d->m.park_s, recall_handler, p);
	demo_lamps(d);

	return 0;
}


static void parker_handler(void *arg)
{
	struct demo_party *p = arg;
	struct demo *d = p->d;

	part(p, DEMO_HUNG_UP, "stayed after the park", 16);
	demo_lamps(d);
}


static void announced_handler(void *arg)
{
	struct demo_party *p = arg;
	struct demo *d = p->d;

	p->service = DEMO_SERVICE_NONE;

	if (d->fault.refer == DEMO_REFER_BYE_FIRST ||
	    d->fault.refer == DEMO_REFER_BYE_ONLY) {
		part(p, DEMO_HUNG_UP, "transferred", 16);
		demo_lamps(d);
		return;
	}

	demo_leg_frag(p->leg, 200);

	if (d->m.bye_parker) {
		part(p, DEMO_HUNG_UP, "transferred", 16);
		demo_lamps(d);
	}
}


/** The parker, alone on his leg */
static void parked(struct demo_party *parker, const char *spot, bool lot)
{
	struct demo *d = parker->d;
	const uint32_t ms = lot ? d->m.announce_ms : 0;

	demo_leg_owe(parker->leg, 200);
	(void)demo_job(d, 1000 * d->m.parker_s, parker_handler, parker);

	serve(parker, ms ? DEMO_SERVICE_NUMBER : DEMO_SERVICE_NONE);
	str_ncpy(parker->digits, spot, sizeof(parker->digits));

	if (ms)
		(void)demo_job(d, ms, announced_handler, parker);
	else
		announced_handler(parker);
}


static void rejoined_handler(void *arg)
{
	const struct demo_party *p = arg;

	if (p->leg)
		demo_leg_frag(p->leg, 200);
}


/** The two stay together after a park that failed. When that was told the
    sipfrag says that all went well, as Asterisk's does */
static void rejoin(struct demo_party *caller, struct demo_party *parker)
{
	struct demo *d = parker->d;

	demo_leg_owe(parker->leg, 503);
	demo_leg_tell(caller->leg, demo_row(parker), false);
	if (d->m.tell != DEMO_TELL_NOT && !d->fault.no_identity)
		demo_leg_tell(parker->leg, demo_row(caller), true);
	(void)demo_job(d, REJOINED_MS, rejoined_handler, parker);
}


/** The one who sent REFER stays behind with nobody */
static void alone(struct demo_party *parker)
{
	(void)demo_job(parker->d, 1000 * parker->d->m.parker_s,
		       parker_handler, parker);
	serve(parker, DEMO_SERVICE_NONE);
}


/** He rings the one who sent him, who is told that all went well */
static void bounce(struct demo_party *caller, struct demo_party *parker,
		   const char *spot)
{
	struct demo *d = caller->d;

	str_ncpy(caller->parker, parker->ext->number, sizeof(caller->parker));
	str_ncpy(caller->spot, spot, sizeof(caller->spot));
	alone(parker);
	demo_leg_frag(parker->leg, 200);
	if (d->m.bye_parker)
		part(parker, DEMO_HUNG_UP, "transferred", 16);
	recall_handler(caller);
}


static void park_at(struct demo_party *caller, struct demo_party *parker,
		    const char *spot, bool lot)
{
	struct demo *d = caller->d;
	struct demo_leg *leg = parker->leg;
	const bool room = d->fault.refer != DEMO_REFER_NO_ROOM;

	if (d->fault.refer == DEMO_REFER_BOUNCED) {
		bounce(caller, parker, spot);
		demo_lamps(d);
		return;
	}

	if (d->fault.refer == DEMO_REFER_RACE &&
	    !demo_books_at(&d->books, spot)) {

		/* another was faster */
		struct demo_party *o = demo_party_alloc(d, DEMO_CALLER, NULL,
							"Faster", "0199");

		if (o)
			(void)demo_switch_parks(d, o, spot, "102");
		if (lot && demo_spot_free(d))
			spot = demo_spot_free(d);
	}

	if (room &&
	    !demo_switch_parks(d, caller, spot, parker->ext->number)) {

		parked(parker, spot, lot);

		if (d->fault.refer == DEMO_REFER_CALLER_GONE)
			demo_switch_end(caller, DEMO_LEFT, "hung up while "
					"being parked");
		return;
	}

	switch (d->m.taken) {

	case DEMO_TAKEN_REFUSES:
		demo_leg_frag(leg, 486);
		return;

	case DEMO_TAKEN_DROPS:
		alone(parker);
		demo_leg_frag(leg, 503);
		part(caller, DEMO_DROPPED, "the spot was taken",
		     REASON_CAUSE_BUSY);
		break;

	case DEMO_TAKEN_BOUNCES:
		bounce(caller, parker, spot);
		break;
	}

	demo_lamps(d);
}


/** @return The first colleague on whom nobody is parked, or NULL */
static const char *group_free(const struct demo *d)
{
	struct le *le;

	for (le = d->extl.head; le; le = le->next) {

		const struct demo_ext *ext = le->data;

		if (ext->bot && !demo_books_at(&d->books, ext->number))
			return ext->number;
	}

	return NULL;
}


/** @return The spot that a transfer's target parks at, or NULL */
static const char *park_target(const struct demo_party *p,
			       const char *number)
{
	const struct demo *d = p->d;
	const char *prefix = d->m.park_prefix;

	if (d->m.bare == DEMO_BARE_PARKS && demo_is_spot(d, number))
		return number;

	if (d->m.group && !strcmp(d->m.group, number))
		return group_free(d);

	if (!prefix || !*prefix || strncmp(number, prefix, strlen(prefix)))
		return NULL;

	number += strlen(prefix);
	if (!*number && d->m.personal)
		number = p->ext->number;

	return demo_is_spot(d, number) ? number : NULL;
}


static bool is_lot(const struct demo *d, const char *number)
{
	return d->m.lot && !strcmp(d->m.lot, number);
}


/**
 * May a telephone send its caller there?
 *
 * @return 0, or the SIP code to refuse REFER with
 */
uint16_t demo_switch_refer(struct demo_party *p, const char *number)
{
	const struct demo_row *row = demo_row(p);
	const struct demo *d = p->d;

	if (!row || row->place != DEMO_TALKING)
		return 481;

	if (is_lot(d, number) || park_target(p, number) ||
	    picks_up(d, number) || demo_ext_find(d, number))
		return 0;

	return 404;
}


static void replace(struct demo_party *caller, struct demo_party *parker,
		    struct demo_party *replaced)
{
	struct demo *d = caller->d;
	const struct demo_row *row = demo_row(replaced);
	struct demo_party *other = peer(replaced);
	struct demo_leg *leg = parker->leg;

	if (row->place != DEMO_TALKING || !other || other == parker ||
	    replaced == caller) {
		demo_leg_frag(leg, 481);
		return;
	}

	if (demo_switch_connect(caller, other))
		return;

	demo_leg_tell(caller->leg, demo_row(other), false);
	demo_leg_tell(other->leg, demo_row(caller), false);
	alone(parker);
	part(replaced, DEMO_HUNG_UP, "replaced", 16);
	demo_leg_frag(leg, 200);
	demo_lamps(d);
}


/** REFER was accepted: do it */
void demo_switch_refer_go(struct demo_party *p, const char *number,
			  struct demo_party *replaced)
{
	struct demo *d = p->d;
	struct demo_party *caller = peer(p);
	const char *spot = park_target(p, number);
	struct demo_leg *leg = p->leg;
	uint16_t code;

	if (!caller) {
		demo_leg_frag(leg, 481);
		return;
	}

	if (replaced) {
		replace(caller, p, replaced);
		return;
	}

	switch (d->fault.refer) {

	case DEMO_REFER_CUT:
		demo_cut(d);
		break;

	case DEMO_REFER_NOTHING:
		leg->owed.pending = false;
		return;

	case DEMO_REFER_FRAG_BARE:
		if (!d->fault.frag_code)
			break;
		/*@fallthrough@*/

	case DEMO_REFER_FRAG_FAILS:
		demo_leg_frag(leg, d->fault.frag_code ? d->fault.frag_code
			      : 503);
		return;

	default:
		break;
	}

	if (is_lot(d, number)) {

		spot = d->fault.refer == DEMO_REFER_NO_ROOM ? NULL :
			demo_spot_free(d);

		if (spot)
			park_at(caller, p, spot, true);
		else if (d->m.full == DEMO_FULL_REJOINS)
			rejoin(caller, p);
		else
			demo_leg_frag(leg, 503);
		return;
	}

	if (spot) {
		caller->group = d->m.group && !strcmp(number, d->m.group);
		park_at(caller, p, spot, false);
		return;
	}

	/* an ordinary blind transfer: he calls there himself */
	alone(p);

	if (picks_up(d, number)) {
		/* ... and the PBX believes that any spot answers */
		demo_leg_owe(leg, 200);
		demo_leg_frag(leg, 200);
	}
	else {
		caller->transferor = p->id;
	}

	code = demo_switch_call(caller, number, DEMO_ERRAND_TRANSFER);
	if (code)
		demo_switch_refused(caller, code);
	else if (!picks_up(d, number))
		(void)demo_job(d, 1000 * d->m.comeback_s, patience_handler,
			       caller);

	demo_lamps(d);
}


/* ---- triggers ---- */

int demo_call(struct demo *d, const char *ext, const char *name,
	      const char *number, uint32_t patience_ms, unsigned *idp)
{
	struct demo_party *p;
	uint16_t code;

	if (!d || !ext || !name || !number)
		return EINVAL;

	p = demo_party_alloc(d, DEMO_CALLER, NULL, name, number);
	if (!p)
		return ENOMEM;

	if (idp)
		*idp = p->id;

	code = demo_switch_call(p, ext, DEMO_ERRAND_CALL);
	if (code) {
		demo_switch_refused(p, code);
		return ENOTCONN;
	}

	return demo_job(d, patience_ms ? patience_ms : 60000,
			patience_handler, p);
}


int demo_hangup(struct demo *d, unsigned id)
{
	struct demo_party *p = d ? demo_party_find(d, id) : NULL;

	if (!p)
		return ENOENT;

	demo_switch_end(p, DEMO_LEFT, "wished so");

	return 0;
}


int demo_park_by_colleague(struct demo *d, const char *ext,
			   const char *spot, const char *name,
			   const char *number, unsigned *idp)
{
	struct demo_ext *colleague;
	struct demo_party *p;

	if (!d || !ext || !name || !number)
		return EINVAL;

	colleague = demo_ext_find(d, ext);
	if (!colleague || (spot && !demo_is_spot(d, spot)))
		return ENOENT;

	if (!spot)
		spot = demo_spot_free(d);
	if (!spot || (!d->m.several && demo_books_at(&d->books, spot)))
		return EBUSY;

	p = demo_party_alloc(d, DEMO_CALLER, NULL, name, number);
	if (!p)
		return ENOMEM;

	if (idp)
		*idp = p->id;

	return demo_switch_parks(d, p, spot, colleague->number) ? EBUSY : 0;
}


int demo_retrieve_by_colleague(struct demo *d, const char *ext,
			       const char *spot, uint32_t talk_ms)
{
	struct demo_ext *colleague;
	const struct demo_row *row;
	struct demo_party *p, *waiting;

	if (!d || !ext || !spot)
		return EINVAL;

	colleague = demo_ext_find(d, ext);
	row = demo_books_at(&d->books, spot);
	waiting = row ? demo_party_find(d, row->id) : NULL;

	if (!colleague || !waiting || waiting->claim)
		return ENOENT;

	p = demo_party_alloc(d, DEMO_COLLEAGUE, colleague, colleague->name,
			     colleague->number);
	if (!p)
		return ENOMEM;

	waiting->claim = p->id;
	connect_handler(p);

	return talk_ms ? demo_job(d, talk_ms, talked_handler, p) : 0;
}


int demo_books_check(struct demo *d, char *buf, size_t sz)
{
	struct le *le;
	size_t i;
	int err;

	if (!d || !buf)
		return EINVAL;

	err = demo_books_consistent(demo_books(d), buf, sz);
	if (err)
		return err;

	for (le = d->partyl.head; le; le = le->next) {

		const struct demo_party *p = le->data;
		const struct demo_row *row = demo_row(p);
		const bool phone = row && row->kind == DEMO_PHONE;

		if (row && row->place != DEMO_ENDED && phone == !!p->leg &&
		    (!p->leg || p->leg->party == p) &&
		    (!p->leg || row->place == DEMO_RUNG ||
		     row->place == DEMO_RINGING ||
		     p->leg->state == DEMO_LEG_UP))
			continue;

		(void)re_snprintf(buf, sz, "party %u <%s> %s, leg %s", p->id,
				  row ? row->number : "?",
				  row ? demo_place_name(row->place) : "?",
				  p->leg ? "yes" : "no");
		return EPROTO;
	}

	for (i = 0; i < DEMO_ROWS; i++) {

		const struct demo_row *row = &d->books.rowv[i];

		if (!row->id || row->place == DEMO_ENDED ||
		    demo_party_find(d, row->id))
			continue;

		(void)re_snprintf(buf, sz, "row %u <%s> %s without a party",
				  row->id, row->number,
				  demo_place_name(row->place));
		return EPROTO;
	}

	return 0;
}
