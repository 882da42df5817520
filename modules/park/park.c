/**
 * @file modules/park/park.c  Park, retrieve, and who was parked by us
 */
#include <string.h>
#include <time.h>
#include <re.h>
#include "app/log.h"
#include "book_file.h"
#include "park.h"
#include "park_state.h"
#include "profile_model.h"
#include "retrieve_state.h"


enum {
	CANDIDATES_MAX = 4,
	LOOK_S = 4,             /* without a packet nobody is there      */
	BOOK_AGE_S = 900,       /* where the recall time is not known   */
	RECALL_MS = 5000,       /* from the lamp going free to the INVITE */
	DOUBT_MS = 1500,        /* another's lamp may come as late as ours */
};

struct way {
	enum lamp_kind kind;
	unsigned account;
	char *spot;
	char *park;
	char *retrieve;
};

/** A park under way */
struct parking {
	struct le le;
	struct park *park;
	struct park_life life;
	struct park_habit habit;
	struct tmr tmr;
	unsigned id;                /* of the call                      */
	unsigned account;
	uint64_t start_ms;
	char chosen[TEXT_SZ];       /* the spot asked for, "" for a lot */
	char who[TEXT_SZ];
	char number[TEXT_SZ];
	char reason[REASON_SZ];
	char spotv[CANDIDATES_MAX][TEXT_SZ];
	size_t spotc;               /* spots that turned occupied       */
	size_t told;                /* spots that the user was told of  */
	bool bye;                   /* we ended the leg ourselves       */
	bool transfer;              /* to a person, no park             */
};

/** A retrieval under way */
struct retrieving {
	struct le le;
	struct park *park;
	struct retrieve_life life;
	struct tmr tmr;
	unsigned id;
	unsigned held;              /* the call held for it, or 0       */
	uint64_t start_ms;
	char spot[TEXT_SZ];
	char target[TEXT_SZ];       /* what is dialled for it           */
	char who[TEXT_SZ];          /* the caller, as far as known ...  */
	char number[TEXT_SZ];       /* ... when the spot was dialled    */
	bool occupied;              /* its lamp showed a call           */
};

/** A call that we parked */
struct booked {
	struct le le;
	struct book_fact fact;
};

struct park {
	const struct clock *clock;
	struct bus *bus;
	struct phone *phone;
	const struct desk *desk;
	struct commands *commands;
	char *profile;
	char *lot;
	char *park;
	char *retrieve;
	bool announce;
	bool blind;
	uint32_t announce_s;
	struct way *wayv;
	size_t wayc;
	struct list parkingl;
	struct list retrievingl;
	struct list bookl;          /* oldest first                     */
	char *book_path;            /* NULL: not kept on disk           */
	uint32_t recall_s;
	struct book_fact gone;      /* the last that left its spot ...  */
	uint64_t gone_ms;           /* ... and when; 0: none            */
};


static void parking_event(struct parking *pk, enum park_event ev);
static void retrieving_event(struct retrieving *rt, enum retrieve_event ev);
static void event_handler(const struct event *ev, void *arg);


static void parking_destructor(void *data)
{
	struct parking *pk = data;

	tmr_cancel(&pk->tmr);
	list_unlink(&pk->le);

	/* what its REFER still brings is of no meaning any more */
	phone_refer_forget(pk->park->phone, pk->id);
}


static void retrieving_destructor(void *data)
{
	struct retrieving *rt = data;

	tmr_cancel(&rt->tmr);
	list_unlink(&rt->le);
}


static void booked_destructor(void *data)
{
	struct booked *bk = data;

	list_unlink(&bk->le);
}


static void park_destructor(void *data)
{
	struct park *park = data;
	static const enum command_id idv[] = {
		COMMAND_PARK, COMMAND_RETRIEVE, COMMAND_UNDO, COMMAND_SPOT,
		COMMAND_NOTE, COMMAND_TRANSFER, COMMAND_ATTENDED
	};

	for (size_t i = 0; i < ARRAY_SIZE(idv); i++)
		commands_attach(park->commands, idv[i], NULL, NULL);

	phone_set_call_handler(park->phone, NULL, NULL);
	bus_unlisten(park->bus, event_handler, park);

	list_flush(&park->parkingl);
	list_flush(&park->retrievingl);
	list_flush(&park->bookl);

	for (size_t i = 0; i < park->wayc; i++) {
		mem_deref(park->wayv[i].spot);
		mem_deref(park->wayv[i].park);
		mem_deref(park->wayv[i].retrieve);
	}
	mem_deref(park->wayv);
	mem_deref(park->profile);
	mem_deref(park->lot);
	mem_deref(park->park);
	mem_deref(park->retrieve);
	mem_deref(park->book_path);
}


static const struct way *way_find(const struct park *park, const char *spot)
{
	for (size_t i = 0; i < park->wayc; i++) {
		if (!strcmp(park->wayv[i].spot, spot))
			return &park->wayv[i];
	}

	return NULL;
}


/* --- who was parked by us ------------------------------------------- */

static void book_save(const struct park *park)
{
	struct book_fact *factv;
	struct le *le;
	size_t n = 0;
	int err;

	if (!park->book_path)
		return;

	factv = mem_zalloc((list_count(&park->bookl) + 1) * sizeof(*factv),
			   NULL);
	if (!factv)
		return;

	for (le = park->bookl.head; le; le = le->next) {

		const struct booked *bk = le->data;

		factv[n++] = bk->fact;
	}

	err = book_file_save(park->book_path, factv, n,
			     clock_ms(park->clock), (int64_t)time(NULL));
	if (err)
		applog(APPLOG_WARN, "park: cannot write %s: %m",
		       park->book_path, err);

	mem_deref(factv);
}


static void book_emit(struct park *park, const struct book_fact *fact,
		      bool gone)
{
	struct event ev = {.type = EVENT_BOOK};

	ev.u.book = *fact;
	ev.u.book.gone = gone;
	bus_emit(park->bus, &ev);
}


static struct booked *book_find(const struct park *park, const char *spot)
{
	struct le *le;

	for (le = park->bookl.head; le; le = le->next) {

		struct booked *bk = le->data;

		if (!strcmp(bk->fact.spot, spot))
			return bk;
	}

	return NULL;
}


static void book_remove(struct park *park, const char *spot)
{
	struct booked *bk = book_find(park, spot);

	if (!bk)
		return;

	book_emit(park, &bk->fact, true);
	mem_deref(bk);
	book_save(park);
}


static void book_add(struct park *park, const struct parking *pk,
		     const char *spot)
{
	struct booked *bk;

	book_remove(park, spot);

	bk = mem_zalloc(sizeof(*bk), booked_destructor);
	if (!bk)
		return;

	str_ncpy(bk->fact.spot, spot, sizeof(bk->fact.spot));
	str_ncpy(bk->fact.who, pk->who, sizeof(bk->fact.who));
	str_ncpy(bk->fact.number, pk->number, sizeof(bk->fact.number));
	str_ncpy(bk->fact.by, "me", sizeof(bk->fact.by));
	bk->fact.account  = pk->account;
	bk->fact.since_ms = pk->start_ms;

	list_append(&park->bookl, &bk->le, bk);
	book_emit(park, &bk->fact, false);
	book_save(park);
}


/*
 * What a phone that fell over knew. An entry that is older than the PBX's
 * recall is of no use: the call at its spot is another one by now. The
 * spot's first NOTIFY removes it if nobody waits there.
 */
static int book_load(struct park *park)
{
	struct book_fact *factv;
	const uint64_t now = clock_ms(park->clock);
	const uint64_t limit_ms = 1000ull * (park->recall_s ?
					     park->recall_s : BOOK_AGE_S);
	size_t n;
	int err = 0;

	if (!park->book_path)
		return 0;

	factv = mem_zalloc(BOOK_FILE_MAX * sizeof(*factv), NULL);
	if (!factv)
		return ENOMEM;

	n = book_file_load(park->book_path, factv, BOOK_FILE_MAX, now,
			   (int64_t)time(NULL));

	for (size_t i = 0; i < n; i++) {

		struct booked *bk;

		if (now - factv[i].since_ms > limit_ms ||
		    book_find(park, factv[i].spot))
			continue;

		bk = mem_zalloc(sizeof(*bk), booked_destructor);
		if (!bk) {
			err = ENOMEM;
			break;
		}

		bk->fact = factv[i];
		list_append(&park->bookl, &bk->le, bk);
		book_emit(park, &bk->fact, false);
	}

	mem_deref(factv);

	return err;
}


/* --- park ------------------------------------------------------------ */

static const char *caller(const struct parking *pk)
{
	if (pk->who[0])
		return pk->who;

	return pk->number[0] ? pk->number : "the caller";
}


/* "703", "703 or 705", or "" if no lamp told */
static void where(char *buf, size_t size, const struct parking *pk)
{
	size_t n = 0;

	buf[0] = '\0';

	for (size_t i = 0; i < pk->spotc && n < size; i++) {
		int r = re_snprintf(&buf[n], size - n, "%s%s",
				    i ? " or " : "", pk->spotv[i]);
		if (r < 0)
			break;
		n += (size_t)r;
	}
}


/* Lamps that are known and dark prove that the call is not where the PBX
   says; lamps that are not known prove nothing */
static bool dark(const struct parking *pk)
{
	const struct desk *desk = pk->park->desk;

	if (pk->spotc || pk->transfer)
		return false;

	for (size_t i = 0; i < desk->lampc; i++) {

		const struct lamp_fact *f = &desk->lampv[i].f;

		if (f->kind == LAMP_SPOT && f->account == pk->account &&
		    f->state != LAMP_UNKNOWN && !f->stale &&
		    (!pk->chosen[0] || !strcmp(pk->chosen, f->spot)))
			return true;
	}

	return false;
}


static void parking_due(void *arg)
{
	struct parking *pk = arg;

	parking_event(pk, dark(pk) ? PARK_EV_DUE_DARK : PARK_EV_DUE);
}


/* The leg belongs to the user again: in his ear, or held if he has another
   call there by now */
static void give_back(struct parking *pk)
{
	struct park *park = pk->park;
	const struct call_fact *active = phone_active(park->phone);
	char spots[REASON_SZ];

	/* a spot that answered may be the caller's voice already */
	if (!active)
		active = phone_first(park->phone, DESKCALL_RETRIEVING);

	for (size_t i = 0; i < pk->spotc; i++)
		book_remove(park, pk->spotv[i]);

	where(spots, sizeof(spots), pk);

	(void)phone_set_phase(park->phone, pk->id, PHONE_PHASE_NONE, "");
	(void)phone_background(park->phone, pk->id, false);

	(void)phone_hold(park->phone, pk->id, active && active->id != pk->id);

	bus_message(park->bus, MESSAGE_ERROR, "not %s: %s; %s is %s",
		    pk->transfer ? "transferred" : "parked",
		    pk->reason[0] ? pk->reason : "the PBX did not confirm it",
		    caller(pk),
		    active && active->id != pk->id ? "on hold" : "with you");
}


/* He was parked and has left again. Should the lamp have been another's, he
   is on this leg: so it is heard, and ended only if nothing comes from it */
static void look(struct parking *pk)
{
	struct park *park = pk->park;
	const struct call_fact *active = phone_active(park->phone);
	char spots[REASON_SZ];

	where(spots, sizeof(spots), pk);

	(void)phone_set_phase(park->phone, pk->id, PHONE_PHASE_NONE, "");
	(void)phone_background(park->phone, pk->id,
			       active && active->id != pk->id);
	(void)phone_watch(park->phone, pk->id, LOOK_S);

	bus_message(park->bus, MESSAGE_WARN, "%s has left %s again: hung up,"
		    " or taken by another phone", caller(pk), spots);
}


/* Said once, as soon as a lamp tells, and again only if it was in doubt */
static void tell_spot(struct parking *pk)
{
	char spots[REASON_SZ];

	where(spots, sizeof(spots), pk);
	if (pk->told == pk->spotc)
		return;

	pk->told = pk->spotc;
	bus_message(pk->park->bus, MESSAGE_INFO, "%s is parked at %s",
		    caller(pk), spots);
}


static void tell_end(struct parking *pk)
{
	char spots[REASON_SZ];

	where(spots, sizeof(spots), pk);

	if (pk->transfer) {
		bool done = pk->life.state == PARK_DONE ||
			pk->life.state == PARK_UNKNOWN;

		if (pk->life.state != PARK_FAILED)
			bus_message(pk->park->bus, done ? MESSAGE_INFO :
				    MESSAGE_WARN, done ?
				    "%s is transferred to %s" :
				    "%s hung up, not transferred to %s",
				    caller(pk), pk->chosen);
		return;
	}

	switch (pk->life.state) {

	case PARK_DONE:
		if (spots[0])
			tell_spot(pk);
		else if (pk->chosen[0])
			bus_message(pk->park->bus, MESSAGE_INFO,
				    "%s is parked at %s, says the PBX; its"
				    " lamp has not changed", caller(pk),
				    pk->chosen);
		else
			bus_message(pk->park->bus, MESSAGE_WARN,
				    "%s is parked, but no lamp tells where",
				    caller(pk));
		break;

	case PARK_UNKNOWN:
		bus_message(pk->park->bus, MESSAGE_WARN,
			    "the call with %s ended while it was being"
			    " parked; no lamp shows it", caller(pk));
		break;

	case PARK_GONE:
		bus_message(pk->park->bus, MESSAGE_WARN,
			    "%s hung up while being parked", caller(pk));
		break;

	default:
		break;
	}
}


static void parking_event(struct parking *pk, enum park_event ev)
{
	struct park *park = pk->park;
	const uint64_t now = clock_ms(park->clock);
	const enum park_state old = pk->life.state;
	enum park_action act;

	act = park_step(&pk->life, ev, &pk->habit, now);

	if (old != pk->life.state)
		applog(APPLOG_INFO, "park: call %u %s -> %s on %s%s%s",
		       pk->id, park_state_name(old),
		       park_state_name(pk->life.state), park_event_name(ev),
		       pk->reason[0] ? ": " : "", pk->reason);

	tmr_cancel(&pk->tmr);
	if (pk->life.due_ms)
		tmr_start(&pk->tmr, pk->life.due_ms > now ?
			  pk->life.due_ms - now : 0, parking_due, pk);

	switch (act) {

	case PARK_ACT_BACKGROUND:
		(void)phone_background(park->phone, pk->id, true);
		tell_spot(pk);
		break;

	case PARK_ACT_BYE:
		pk->bye = true;
		(void)phone_hangup(park->phone, pk->id, 0);
		break;

	case PARK_ACT_GIVE_BACK:
		if (old == PARK_PROVEN && !pk->reason[0])
			str_ncpy(pk->reason, "the PBX says it is, but no"
				 " lamp shows it", sizeof(pk->reason));
		give_back(pk);
		break;

	case PARK_ACT_LOOK:
		look(pk);
		break;

	case PARK_ACT_NONE:
	case PARK_ACT_REFER:
	case PARK_ACT_END:
		break;
	}

	if (park_ended(pk->life.state)) {
		tell_end(pk);
		mem_deref(pk);
	}
}


static void refer_handler(enum phone_refer_event ev, unsigned id,
			  unsigned scode, const char *text, void *arg)
{
	struct parking *pk = arg;
	(void)id;

	switch (ev) {

	case PHONE_REFER_ACCEPTED:
		parking_event(pk, PARK_EV_ACCEPTED);
		break;

	case PHONE_REFER_REFUSED:
		(void)re_snprintf(pk->reason, sizeof(pk->reason),
				  "the PBX refused it (%u %s)", scode, text);
		parking_event(pk, PARK_EV_REFUSED);
		break;

	case PHONE_REFER_TIMEOUT:
		str_ncpy(pk->reason, "the PBX did not answer within 32 s",
			 sizeof(pk->reason));
		parking_event(pk, PARK_EV_TIMEOUT);
		break;

	case PHONE_REFER_FRAG:
		if (scode < 200)
			parking_event(pk, PARK_EV_FRAG_TRYING);
		else if (scode < 300)
			parking_event(pk, PARK_EV_FRAG_OK);
		else {
			(void)re_snprintf(pk->reason, sizeof(pk->reason),
					  "the PBX could not do it (%u%s%s)",
					  scode, text[0] ? " " : "", text);
			parking_event(pk, PARK_EV_FRAG_FAIL);
		}
		break;
	}
}


static bool reserved(const struct park *park, const char *spot)
{
	struct le *le;

	for (le = park->parkingl.head; le; le = le->next) {

		const struct parking *pk = le->data;

		if (!strcmp(pk->chosen, spot))
			return true;
	}

	return false;
}


/* Where there is no lot: a spot that is known to be free */
static const char *free_spot(const struct park *park)
{
	for (size_t i = 0; i < park->desk->lampc; i++) {

		const struct desk_lamp *lamp = &park->desk->lampv[i];

		if (lamp->f.kind == LAMP_SPOT && lamp->f.state == LAMP_FREE &&
		    !lamp->f.stale && !reserved(park, lamp->f.spot))
			return lamp->f.spot;
	}

	return NULL;
}


static const char *park_template(const struct park *park, const char *spot)
{
	const struct way *way = way_find(park, spot);

	return way && way->park ? way->park : park->park;
}


static struct parking *parking_find(const struct park *park, unsigned id)
{
	struct le *le;

	for (le = park->parkingl.head; le; le = le->next) {

		struct parking *pk = le->data;

		if (pk->id == id)
			return pk;
	}

	return NULL;
}


/* `chosen` NULL: the lot */
static int refer(struct park *park, const struct call_fact *call,
		 const char *uri, const char *chosen, bool transfer,
		 struct re_printf *reply)
{
	struct parking *pk;
	int err;

	if (parking_find(park, call->id)) {
		(void)re_hprintf(reply, "this call is on its way already");
		return EALREADY;
	}

	pk = mem_zalloc(sizeof(*pk), parking_destructor);
	if (!pk)
		return ENOMEM;

	pk->park = park;
	pk->id = call->id;
	pk->account = call->account;
	pk->transfer = transfer;
	pk->start_ms = clock_ms(park->clock);
	pk->habit.announce = !chosen && park->announce;
	pk->habit.announce_ms = 1000 * park->announce_s;
	if (chosen)
		str_ncpy(pk->chosen, chosen, sizeof(pk->chosen));
	str_ncpy(pk->who, call->name, sizeof(pk->who));
	str_ncpy(pk->number, call->peer, sizeof(pk->number));

	err = phone_refer(park->phone, pk->id, uri, refer_handler, pk);
	if (err) {
		(void)re_hprintf(reply, "cannot send the REFER: %m", err);
		mem_deref(pk);
		return err;
	}

	list_append(&park->parkingl, &pk->le, pk);
	parking_event(pk, PARK_EV_START);
	if (!transfer)
		(void)phone_set_phase(park->phone, pk->id,
				      PHONE_PHASE_PARKING,
				      chosen ? chosen : park->lot);

	return 0;
}


/* `spot` NULL: the lot, or a free spot */
static int park_start(struct park *park, const char *spot,
		      struct re_printf *reply)
{
	const struct call_fact *call = phone_active(park->phone);
	const struct phone_account *acc;
	const struct desk_lamp *lamp;
	const char *tmpl = NULL;
	char target[256], uri[512], who[TEXT_SZ];
	int err;

	if (!call) {
		const struct call_fact *other;

		other = phone_first(park->phone, DESKCALL_NONE);
		(void)re_hprintf(reply, other ? "no call to park: only an"
				 " active call can be parked, this one is %s" :
				 "no call to park",
				 other ? deskcall_state_name(other->state) :
				 "");
		return ENOENT;
	}

	if (spot) {
		tmpl = park_template(park, spot);
		if (!tmpl && park->lot && !strcmp(spot, park->lot)) {
			spot = NULL;
		}
		else if (!tmpl) {
			(void)re_hprintf(reply, "pbx %s: a call cannot be"
					 " parked at a spot of one's choice,"
					 " it would be lost; `park` alone"
					 " parks on the lot %s, and where the"
					 " PBX knows how, `park TEMPLATE` in"
					 " the configuration says it",
					 park->profile,
					 park->lot ? park->lot : "");
			return ENOTSUP;
		}
	}
	else if (!park->lot) {
		spot = free_spot(park);
		tmpl = spot ? park_template(park, spot) : NULL;
		if (!tmpl) {
			(void)re_hprintf(reply, "no spot is known to be free;"
					 " `park SPOT` says which to try");
			return ENOENT;
		}
	}

	if (spot) {
		lamp = desk_lamp(park->desk, spot);
		if (lamp && desk_lamp_parked(lamp)) {
			const char *next = free_spot(park);

			(void)re_hprintf(reply, "%s is taken%s%s", spot,
					 next ? "; the next free one is " :
					 "", next ? next : "");
			return EBUSY;
		}
		if (reserved(park, spot)) {
			(void)re_hprintf(reply, "a park at %s is under way",
					 spot);
			return EBUSY;
		}
	}

	str_ncpy(who, call->name[0] ? call->name : call->peer, sizeof(who));
	acc = phone_account(park->phone, call->account);
	err = spot ? profile_expand(target, sizeof(target), tmpl, spot) :
		profile_expand(target, sizeof(target), park->lot, "");
	err = err ? err : phone_uri(uri, sizeof(uri), acc, target);
	if (err) {
		(void)re_hprintf(reply, "'%s' is no target to park at",
				 spot ? tmpl : park->lot);
		return err;
	}

	err = refer(park, call, uri, spot, false, reply);
	if (err)
		return err;

	bus_message(park->bus, MESSAGE_INFO, "parking %s at %s ...",
		    who[0] ? who : "the call", spot ? spot : park->lot);

	return 0;
}


static bool same_address(const struct uri *to, const struct phone_account *acc,
			 const char *number)
{
	struct uri uri;
	char buf[512];
	struct pl pl;

	if (!number || phone_uri(buf, sizeof(buf), acc, number))
		return false;

	pl_set_str(&pl, buf);

	return !uri_decode(&uri, &pl) && !pl_cmp(&uri.user, &to->user) &&
		!pl_casecmp(&uri.host, &to->host);
}


/* A blind transfer to a person. A spot's number is never transferred to as
   such, however it is written ("7 01", "701@pbx"): that may lose the caller */
static int transfer_start(struct park *park, const char *dest,
			  struct re_printf *reply)
{
	const struct call_fact *call = phone_active(park->phone);
	const struct phone_account *acc;
	char uri[512];
	struct uri to;
	struct pl pl;
	int err;

	if (!call) {
		(void)re_hprintf(reply, "no active call to transfer");
		return ENOENT;
	}

	acc = phone_account(park->phone, call->account);
	err = phone_uri(uri, sizeof(uri), acc, dest);
	if (!err) {
		pl_set_str(&pl, uri);
		err = uri_decode(&to, &pl);
	}
	if (err) {
		(void)re_hprintf(reply, "'%s' is no number or address to"
				 " transfer to", dest);
		return err;
	}

	if (same_address(&to, acc, park->lot))
		return park_start(park, NULL, reply);

	for (size_t i = 0; i < park->wayc; i++) {
		if (park->wayv[i].kind == LAMP_SPOT &&
		    same_address(&to, acc, park->wayv[i].spot))
			return park_start(park, park->wayv[i].spot, reply);
	}

	err = refer(park, call, uri, dest, true, reply);
	if (!err)
		bus_message(park->bus, MESSAGE_INFO, "transferring to %s ...",
			    dest);

	return err;
}


/* The call that was put on hold last */
static const struct call_fact *held_last(const struct park *park)
{
	const struct call_fact *call, *found = NULL;

	for (size_t i = 0; i < park->desk->callc; i++) {

		call = &park->desk->callv[i];
		if (call->state == DESKCALL_HELD &&
		    (!found || call->since_ms >= found->since_ms))
			found = call;
	}

	return found;
}


/* The held one is sent to the one in hand, in our place (RFC 5589 7.1) */
static int attended_join(struct park *park, struct re_printf *reply)
{
	const struct call_fact *to = phone_active(park->phone);
	const struct call_fact *held = held_last(park);
	char uri[1024], dest[TEXT_SZ];
	int err;

	if (!to || !held) {
		(void)re_hprintf(reply, "an attended transfer joins the call"
				 " on hold with the one in hand: `attended"
				 " WHERE` first");
		return ENOENT;
	}

	err = phone_replaces_uri(uri, sizeof(uri), park->phone, to->id);
	if (err) {
		(void)re_hprintf(reply, "cannot join the two: %m", err);
		return err;
	}

	str_ncpy(dest, to->name[0] ? to->name : to->peer, sizeof(dest));
	err = refer(park, held, uri, dest, true, reply);
	if (!err)
		bus_message(park->bus, MESSAGE_INFO, "transferring to %s ...",
			    dest);

	return err;
}


static int consult(struct park *park, unsigned account, const char *dest,
		   struct re_printf *reply)
{
	const bool talking = phone_active(park->phone) != NULL;
	char err_text[REASON_SZ];
	int err;

	err = phone_dial(park->phone, account, dest, NULL, err_text,
			 sizeof(err_text));
	if (err)
		(void)re_hprintf(reply, "%s", err_text);
	else if (talking)
		bus_message(park->bus, MESSAGE_INFO, "when %s answers,"
			    " `attended` joins the two", dest);

	return err;
}


/* --- retrieve -------------------------------------------------------- */

static void retrieving_due(void *arg)
{
	struct retrieving *rt = arg;
	const struct desk_lamp *lamp = desk_lamp(rt->park->desk, rt->spot);

	/* the next call at the same spot says nothing about this one */
	retrieving_event(rt, lamp && desk_lamp_parked(lamp) &&
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


static void retrieving_event(struct retrieving *rt, enum retrieve_event ev)
{
	struct park *park = rt->park;
	const uint64_t now = clock_ms(park->clock);
	const enum retrieve_state old = rt->life.state;
	const struct call_fact *call;
	enum retrieve_action act;

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
		/* who it is: the server's word, else what we knew of him */
		call = phone_call(park->phone, rt->id);
		if (call && (rt->who[0] || rt->number[0]) &&
		    !strcmp(call->peer, rt->target))
			(void)phone_set_peer(park->phone, rt->id, rt->who,
					     rt->number);

		/* the lamp may follow later: its news is ours already */
		book_remove(park, rt->spot);

		call = phone_call(park->phone, rt->id);
		(void)phone_set_phase(park->phone, rt->id, PHONE_PHASE_NONE,
				      rt->spot);
		if (call)
			bus_message(park->bus, MESSAGE_INFO,
				    "%s is back from %s",
				    call->name[0] ? call->name : call->peer,
				    rt->spot);
		break;

	case RETRIEVE_ACT_LOST:
		if (rt->occupied)
			bus_message(park->bus, MESSAGE_WARN,
				    "%s was taken by another phone, or the"
				    " caller hung up", rt->spot);
		else
			bus_message(park->bus, MESSAGE_WARN,
				    "no call was waiting at %s", rt->spot);
		resume_held(rt);
		break;

	case RETRIEVE_ACT_FAILED:
		resume_held(rt);
		break;

	case RETRIEVE_ACT_NONE:
	case RETRIEVE_ACT_DIAL:
		break;
	}

	if (retrieve_ended(rt->life.state))
		mem_deref(rt);
}


static bool retrieving_spot(const struct park *park, const char *spot)
{
	struct le *le;

	for (le = park->retrievingl.head; le; le = le->next) {

		const struct retrieving *rt = le->data;

		if (!strcmp(rt->spot, spot))
			return true;
	}

	return false;
}


static int retrieve_start(struct park *park, const char *wanted,
			  struct re_printf *reply)
{
	const struct desk_lamp *lamp;
	const struct booked *bk;
	const struct way *way;
	struct retrieving *rt;
	char target[256], err_text[REASON_SZ], spot[TEXT_SZ];
	const char *tmpl;
	int err;

	if (!wanted) {
		lamp = desk_longest(park->desk);
		if (!lamp) {
			(void)re_hprintf(reply, "no parked call is known");
			return ENOENT;
		}
		wanted = lamp->f.spot;
	}
	else {
		lamp = desk_lamp(park->desk, wanted);
	}

	/* the desk's own memory changes with the events that follow */
	str_ncpy(spot, wanted, sizeof(spot));

	if (lamp && lamp->f.state == LAMP_FREE && !lamp->f.stale) {
		(void)re_hprintf(reply, "%s is free: no call waits there",
				 spot);
		return ENOENT;
	}

	if (retrieving_spot(park, spot)) {
		(void)re_hprintf(reply, "%s is being retrieved", spot);
		return EALREADY;
	}

	way = way_find(park, spot);
	tmpl = way && way->retrieve ? way->retrieve : park->retrieve;
	err = profile_expand(target, sizeof(target), tmpl, spot);
	if (err) {
		(void)re_hprintf(reply, "'%s' is no way to retrieve %s",
				 tmpl ? tmpl : "", spot);
		return err;
	}

	rt = mem_zalloc(sizeof(*rt), retrieving_destructor);
	if (!rt)
		return ENOMEM;

	rt->park = park;
	rt->start_ms = clock_ms(park->clock);
	rt->occupied = lamp && desk_lamp_parked(lamp);
	str_ncpy(rt->spot, spot, sizeof(rt->spot));
	str_ncpy(rt->target, target, sizeof(rt->target));

	/* the book's entry goes with the lamp, long before the proof */
	bk = book_find(park, spot);
	if (bk) {
		str_ncpy(rt->who, bk->fact.who, sizeof(rt->who));
		str_ncpy(rt->number, bk->fact.number, sizeof(rt->number));
	}
	else if (rt->occupied) {
		str_ncpy(rt->who, lamp->f.who, sizeof(rt->who));
		str_ncpy(rt->number, lamp->f.number, sizeof(rt->number));
	}
	list_append(&park->retrievingl, &rt->le, rt);

	rt->held = phone_hold_active(park->phone, 0);

	err = phone_dial(park->phone, way ? way->account : 0, target, &rt->id,
			 err_text, sizeof(err_text));
	if (err) {
		(void)re_hprintf(reply, "%s", err_text);
		resume_held(rt);
		mem_deref(rt);
		return err;
	}

	retrieving_event(rt, RETRIEVE_EV_START);
	(void)phone_set_phase(park->phone, rt->id, PHONE_PHASE_RETRIEVING,
			      spot);
	bus_message(park->bus, MESSAGE_INFO, "retrieving %s ...", spot);

	return 0;
}


/* --- what others tell ------------------------------------------------ */

static struct retrieving *retrieving_find(const struct park *park,
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


static void call_handler(enum phone_call_event ev, unsigned id,
			 unsigned scode, const char *text, void *arg)
{
	struct park *park = arg;
	struct parking *pk = parking_find(park, id);
	struct retrieving *rt = retrieving_find(park, id);

	switch (ev) {

	case PHONE_CALL_ESTABLISHED:
		if (rt)
			retrieving_event(rt, RETRIEVE_EV_ANSWERED);
		break;

	case PHONE_CALL_IDENTITY:
		if (rt && strcmp(text, rt->spot) && strcmp(text, rt->target))
			retrieving_event(rt, RETRIEVE_EV_IDENTITY);
		break;

	case PHONE_CALL_REINVITE:
		if (pk && text[0] && !strcmp(text, pk->number)) {
			str_ncpy(pk->reason, "the PBX gave the call back (is"
				 " the lot full?)", sizeof(pk->reason));
			parking_event(pk, PARK_EV_REJOIN);
		}
		break;

	case PHONE_CALL_CLOSED:
		if (pk && !pk->bye)
			parking_event(pk, PARK_EV_BYE);

		if (rt) {
			if (scode >= 300)
				bus_message(park->bus, MESSAGE_ERROR,
					    "cannot retrieve %s: %s",
					    rt->spot, text);
			else if (rt->life.state == RETRIEVE_DIALING)
				bus_message(park->bus, MESSAGE_ERROR,
					    "cannot retrieve %s: %s",
					    rt->spot, text[0] ? text :
					    "the call ended");
			retrieving_event(rt, RETRIEVE_EV_CLOSED);
		}
		break;

	case PHONE_CALL_HELD:
		/* on hold all the same as far as we go: nothing is sent */
		if (scode >= 300)
			bus_message(park->bus, MESSAGE_WARN, "hold was refused"
				    " (%u %s): the far end hears nothing",
				    scode, text);
		break;
	}
}


/* Could this lamp be that park's? */
static bool eligible(const struct parking *pk, const struct lamp_fact *lamp)
{
	if (pk->transfer || lamp->account != pk->account || lamp->at_least ||
	    lamp->since_ms < pk->start_ms)
		return false;

	if (pk->chosen[0] && strcmp(pk->chosen, lamp->spot))
		return false;

	for (size_t i = 0; i < pk->spotc; i++) {
		if (!strcmp(pk->spotv[i], lamp->spot))
			return false;
	}

	return pk->spotc < CANDIDATES_MAX;
}


/*
 * Which spot was it? The one that turned occupied after our REFER. A park
 * that has its lamp takes another one only in the first moment, and only if
 * no other park of ours still waits for its own; what then remains in doubt
 * is said to be so, since a name on the wrong lamp would be a lie.
 */
static void lamp_occupied(struct park *park, const struct lamp_fact *lamp)
{
	struct le *le;
	size_t waiting = 0;

	for (le = park->parkingl.head; le; le = le->next) {

		const struct parking *pk = le->data;

		waiting += eligible(pk, lamp) && !pk->spotc;
	}

	le = park->parkingl.head;
	while (le) {
		struct parking *pk = le->data;

		le = le->next;

		if (!eligible(pk, lamp))
			continue;

		if (waiting ? pk->spotc > 0 :
		    lamp->since_ms > pk->start_ms + DOUBT_MS)
			continue;

		str_ncpy(pk->spotv[pk->spotc++], lamp->spot, TEXT_SZ);

		if (pk->spotc > 1)
			book_remove(park, pk->spotv[0]);
		else if (waiting == 1)
			book_add(park, pk, lamp->spot);

		parking_event(pk, PARK_EV_LAMP);
	}
}


static void lamp_free(struct park *park, const struct lamp_fact *lamp)
{
	struct le *le;
	const struct booked *bk = book_find(park, lamp->spot);

	if (bk) {
		park->gone = bk->fact;
		park->gone_ms = clock_ms(park->clock);

		if (!retrieving_spot(park, lamp->spot))
			bus_message(park->bus, MESSAGE_INFO, "%s is no longer"
				    " parked at %s: taken, or hung up",
				    bk->fact.who[0] ? bk->fact.who :
				    bk->fact.number, lamp->spot);
	}

	book_remove(park, lamp->spot);

	le = park->parkingl.head;
	while (le) {
		struct parking *pk = le->data;

		le = le->next;

		/* in doubt between two spots neither says anything */
		if (pk->spotc == 1 && !strcmp(pk->spotv[0], lamp->spot))
			parking_event(pk, PARK_EV_DARK);
	}
}


/* Free, or not known any more: then nothing better will come */
static void lamp_not_occupied(struct park *park, const struct lamp_fact *lamp)
{
	struct le *le = park->retrievingl.head;

	while (le) {
		struct retrieving *rt = le->data;

		le = le->next;

		if (!strcmp(rt->spot, lamp->spot))
			retrieving_event(rt, RETRIEVE_EV_FREE);
	}
}


/*
 * Nothing in the INVITE says that it is a recall; but the caller is the one
 * whose lamp went free a moment ago, and we are said to have sent him.
 */
static void incoming(struct park *park, const struct call_fact *call)
{
	const struct book_fact *b = &park->gone;

	if (!park->gone_ms || call->outgoing || !b->number[0] ||
	    strcmp(b->number, call->peer) ||
	    clock_ms(park->clock) > park->gone_ms + RECALL_MS)
		return;

	park->gone_ms = 0;
	bus_message(park->bus, MESSAGE_WARN, "%s is back from %s, nobody took"
		    " the call", call->name[0] ? call->name : call->peer,
		    b->spot);
}


static void event_handler(const struct event *ev, void *arg)
{
	struct park *park = arg;

	if (ev->type == EVENT_CALL && ev->u.call.state == DESKCALL_INCOMING)
		incoming(park, &ev->u.call);

	if (ev->type != EVENT_LAMP || ev->u.lamp.kind != LAMP_SPOT)
		return;

	if (ev->u.lamp.stale || ev->u.lamp.state != LAMP_PARKED)
		lamp_not_occupied(park, &ev->u.lamp);

	if (ev->u.lamp.stale)
		return;

	if (ev->u.lamp.state == LAMP_PARKED)
		lamp_occupied(park, &ev->u.lamp);
	else if (ev->u.lamp.state == LAMP_FREE)
		lamp_free(park, &ev->u.lamp);
}


/* --- commands -------------------------------------------------------- */

static int park_command(const struct command *cmd, struct re_printf *reply,
			void *arg)
{
	return park_start(arg, cmd->argc ? cmd->argv[0] : NULL, reply);
}


static int transfer_command(const struct command *cmd,
			    struct re_printf *reply, void *arg)
{
	return transfer_start(arg, cmd->argv[0], reply);
}


static int attended_command(const struct command *cmd,
			    struct re_printf *reply, void *arg)
{
	struct park *park = arg;
	const struct call_fact *call = phone_active(park->phone);

	/* Replaces names a dialog of the same server */
	if (cmd->argc)
		return consult(park, call ? call->account : 0, cmd->argv[0],
			       reply);

	return attended_join(park, reply);
}


static int retrieve_command(const struct command *cmd,
			    struct re_printf *reply, void *arg)
{
	return retrieve_start(arg, cmd->argc ? cmd->argv[0] : NULL, reply);
}


static int undo_command(const struct command *cmd, struct re_printf *reply,
			void *arg)
{
	struct park *park = arg;
	const struct booked *bk = list_ledata(park->bookl.tail);
	(void)cmd;

	if (!bk) {
		(void)re_hprintf(reply, "nothing to take back: no call that"
				 " you parked still waits");
		return ENOENT;
	}

	return retrieve_start(park, bk->fact.spot, reply);
}


static int note_command(const struct command *cmd, struct re_printf *reply,
			void *arg)
{
	struct park *park = arg;
	struct booked *bk = book_find(park, cmd->argv[0]);
	char *note;
	size_t n = 0;

	if (!bk) {
		(void)re_hprintf(reply, "no call that you parked waits at %s",
				 cmd->argv[0]);
		return ENOENT;
	}

	note = bk->fact.note;
	note[0] = '\0';
	for (size_t i = 1; i < cmd->argc && n < TEXT_SZ; i++) {
		int r = re_snprintf(&note[n], TEXT_SZ - n, "%s%s",
				    i > 1 ? " " : "", cmd->argv[i]);
		if (r < 0)
			break;
		n += (size_t)r;
	}

	book_emit(park, &bk->fact, false);
	book_save(park);

	return 0;
}


/* A colleague's key: pick up what rings there, where it is known how; with
   a call in hand send it to him; else dial him */
static int extension_key(struct park *park, const struct desk_lamp *lamp,
			 struct re_printf *reply)
{
	const struct way *way = way_find(park, lamp->f.spot);
	char dest[TEXT_SZ], target[256];

	str_ncpy(dest, lamp->f.spot, sizeof(dest));

	if (lamp->f.state == LAMP_RINGING && way && way->retrieve &&
	    !profile_expand(target, sizeof(target), way->retrieve, dest))
		return consult(park, lamp->f.account, target, reply);

	if (park->blind && phone_active(park->phone))
		return transfer_start(park, dest, reply);

	return consult(park, lamp->f.account, dest, reply);
}


/* A spot's key does what its state allows */
static int spot_command(const struct command *cmd, struct re_printf *reply,
			void *arg)
{
	struct park *park = arg;
	const char *spot = cmd->argv[0];
	const struct desk_lamp *lamp = desk_lamp(park->desk, spot);

	if (!lamp) {
		(void)re_hprintf(reply, "%s is no lamp of this panel", spot);
		return ENOENT;
	}

	if (lamp->f.kind == LAMP_EXTENSION)
		return extension_key(park, lamp, reply);

	if (lamp->f.state == LAMP_PARKED)
		return retrieve_start(park, spot, reply);

	if (lamp->f.state == LAMP_FREE && !lamp->f.stale &&
	    phone_active(park->phone)) {

		int err;

		if (park_template(park, spot))
			return park_start(park, spot, reply);

		err = park_start(park, NULL, reply);
		if (!err)
			bus_message(park->bus, MESSAGE_INFO,
				    "parking on the lot %s: this PBX chooses"
				    " the spot itself",
				    park->lot ? park->lot : "");
		return err;
	}

	if (lamp->f.state == LAMP_FREE && !lamp->f.stale)
		(void)re_hprintf(reply, "%s is free, and there is no active"
				 " call to park", spot);
	else
		(void)re_hprintf(reply, "what is at %s is not known (%s);"
				 " `retrieve %s` tries all the same", spot,
				 lamp->f.reason[0] ? lamp->f.reason :
				 "no answer yet", spot);

	return ENOENT;
}


static int dup_opt(char **dst, const char *src)
{
	return src && *src ? str_dup(dst, src) : 0;
}


int park_alloc(struct park **parkp, const struct park_prm *prm,
	       const struct park_spot *spotv, size_t spotc)
{
	struct park *park;
	int err;

	if (!parkp || !prm || !prm->clock || !prm->bus || !prm->phone ||
	    !prm->desk || !prm->commands || (spotc && !spotv))
		return EINVAL;

	park = mem_zalloc(sizeof(*park), park_destructor);
	if (!park)
		return ENOMEM;

	park->clock    = prm->clock;
	park->bus      = prm->bus;
	park->phone    = prm->phone;
	park->desk     = prm->desk;
	park->commands = prm->commands;
	park->announce = prm->announce;
	park->blind    = prm->blind;
	park->announce_s = prm->announce_s;

	err  = dup_opt(&park->profile, prm->profile);
	err |= dup_opt(&park->lot, prm->lot);
	err |= dup_opt(&park->park, prm->park);
	err |= dup_opt(&park->retrieve, prm->retrieve);
	err |= dup_opt(&park->book_path, prm->book_path);
	park->recall_s = prm->recall_s;
	if (err)
		goto out;

	if (spotc) {
		park->wayv = mem_zalloc(spotc * sizeof(*park->wayv), NULL);
		if (!park->wayv) {
			err = ENOMEM;
			goto out;
		}
	}

	for (size_t i = 0; i < spotc; i++) {

		struct way *way = &park->wayv[i];

		park->wayc = i + 1;
		way->kind = spotv[i].kind;
		way->account = spotv[i].account;
		err  = str_dup(&way->spot, spotv[i].spot);
		err |= dup_opt(&way->park, spotv[i].park);
		err |= dup_opt(&way->retrieve, spotv[i].retrieve);
		if (err)
			goto out;
	}

	err  = bus_listen(park->bus, event_handler, park);
	err |= book_load(park);
	if (err)
		goto out;

	phone_set_call_handler(park->phone, call_handler, park);
	commands_attach(park->commands, COMMAND_PARK, park_command, park);
	commands_attach(park->commands, COMMAND_RETRIEVE, retrieve_command,
			park);
	commands_attach(park->commands, COMMAND_TRANSFER, transfer_command,
			park);
	commands_attach(park->commands, COMMAND_ATTENDED, attended_command,
			park);
	commands_attach(park->commands, COMMAND_UNDO, undo_command, park);
	commands_attach(park->commands, COMMAND_SPOT, spot_command, park);
	commands_attach(park->commands, COMMAND_NOTE, note_command, park);

 out:
	if (err)
		mem_deref(park);
	else
		*parkp = park;

	return err;
}


size_t park_pending(const struct park *park)
{
	struct le *le;
	size_t n = 0;

	for (le = park ? park->parkingl.head : NULL; le; le = le->next) {

		const struct parking *pk = le->data;

		if (pk->life.state == PARK_REFERRED ||
		    pk->life.state == PARK_ACCEPTED ||
		    pk->life.state == PARK_REJOINED)
			++n;
	}

	return n;
}


int park_user_hangup(struct park *park, unsigned id)
{
	struct parking *pk;
	struct retrieving *rt;

	if (!park)
		return 0;

	pk = parking_find(park, id);
	if (pk) {
		/* a lamp alone may be another's */
		if (pk->life.state != PARK_PROVEN &&
		    pk->life.state != PARK_CONFIRMED)
			return EBUSY;
		pk->bye = true;
		pk->life.state = PARK_DONE;
		tell_end(pk);
		mem_deref(pk);
	}

	rt = retrieving_find(park, id);
	mem_deref(rt);

	return 0;
}
