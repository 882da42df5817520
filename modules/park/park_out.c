/**
 * @file modules/park/park_out.c  Parks and transfers under way
 */
#include <string.h>
#include <re.h>
#include "app/log.h"
#include "app/text_model.h"
#include "park_int.h"


enum {
	LOOK_S = 4,             /* without a packet nobody is there      */
	DOUBT_MS = 1500,        /* another's lamp may come as late as ours */
	STRAY = 2,              /* packets in a second that mean nobody  */
	SPEAKS_PPS = 10,        /* packets a second of one who sends all
				   the time, also while he is silent     */
};


static int send_refer(struct parking *pk);


static void parking_destructor(void *data)
{
	struct parking *pk = data;

	tmr_cancel(&pk->tmr);
	list_unlink(&pk->le);

	/* what its REFER still brings is of no meaning any more */
	phone_refer_forget(pk->park->phone, pk->id);
}


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
   says, if no spot is left that we do not know */
static bool dark(const struct parking *pk)
{
	const struct desk *desk = pk->park->desk;
	size_t known = 0;

	if (pk->spotc || pk->transfer || pk->chosen[0])
		return false;

	for (size_t i = 0; i < desk->lampc; i++) {

		const struct lamp_fact *f = &desk->lampv[i].f;

		if (f->kind != LAMP_SPOT || f->account != pk->account)
			continue;

		if (f->state == LAMP_UNKNOWN || f->stale)
			return false;

		++known;
	}

	return known > 0;
}


/* Is the caller on the line? What is heard says so; silence says that he is
   not, if he was heard all the time before */
static bool on_line(struct parking *pk)
{
	const uint32_t n = phone_heard(pk->park->phone, pk->id) - pk->rx;

	if (n > STRAY) {
		if (pk->life.state == PARK_LISTENING)
			str_ncpy(pk->reason, "the PBX says so, but the call"
				 " is still on the line (is the lot full?)",
				 sizeof(pk->reason));
		return true;
	}

	if (pk->spoke || pk->elsewhere)
		return false;

	/* nothing says that he is anywhere else */
	if (pk->life.state == PARK_CHECKING)
		return true;

	if (pk->renewed)
		str_ncpy(pk->reason, "the PBX gave the call back (is the lot"
			 " full?)", sizeof(pk->reason));
	else if (dark(pk))
		str_ncpy(pk->reason, "the PBX says it is, but no lamp shows"
			 " it", sizeof(pk->reason));
	else
		return false;

	return true;
}


static void parking_due(void *arg)
{
	struct parking *pk = arg;
	enum park_event ev = PARK_EV_DUE;

	if ((pk->life.state == PARK_LISTENING ||
	     pk->life.state == PARK_CHECKING) && on_line(pk))
		ev = PARK_EV_DUE_HEARD;
	else if (dark(pk) && !pk->elsewhere)
		ev = PARK_EV_DUE_DARK;
	else if (pk->life.state == PARK_REJOINED)
		str_ncpy(pk->reason, "the PBX gave the call back (is the lot"
			 " full?)", sizeof(pk->reason));
	else if (pk->life.state == PARK_HOLDING)
		str_ncpy(pk->reason, "the PBX does not answer the hold that"
			 " it wants first", sizeof(pk->reason));

	park_out_event(pk, ev);
}


static void failed(const struct parking *pk, const char *reason)
{
	struct park_failure *failure = &pk->park->failure;

	++failure->count;
	failure->id = pk->id;
	str_ncpy(failure->who, caller(pk), sizeof(failure->who));
	str_ncpy(failure->reason, reason, sizeof(failure->reason));
}


/* The leg belongs to the user again: in his ear, or held if he has another
   call there by now */
static void give_back(struct parking *pk)
{
	struct park *park = pk->park;
	const struct call_fact *active = phone_active(park->phone);
	const char *reason;

	/* a spot that answered may be the caller's voice already */
	if (!active)
		active = phone_first(park->phone, DESKCALL_RETRIEVING);

	for (size_t i = 0; i < pk->spotc; i++)
		park_book_remove(park, pk->account, pk->spotv[i]);

	(void)phone_set_phase(park->phone, pk->id, PHONE_PHASE_NONE, "");
	(void)phone_background(park->phone, pk->id, false);

	(void)phone_hold(park->phone, pk->id, active && active->id != pk->id);

	reason = pk->reason[0] ? pk->reason : "the PBX did not confirm it";
	failed(pk, reason);

	bus_message(park->bus, MESSAGE_ERROR, "not %s: %s; %s is %s",
		    pk->transfer ? "transferred" : "parked", reason,
		    caller(pk),
		    active && active->id != pk->id ? "on hold" : "with you");
}


/*
 * Nobody ought to be on this leg, but that is not proven: it is heard, and
 * ended only if nothing comes from it. Either he was parked and has left
 * again, but the lamp may have been another's; or the PBX says that he is
 * parked and no lamp shows it, or the other way round.
 */
static void look(struct parking *pk, enum park_state old)
{
	struct park *park = pk->park;
	const struct call_fact *active = phone_active(park->phone);
	char spots[REASON_SZ], text[REASON_SZ];

	where(spots, sizeof(spots), pk);

	(void)phone_set_phase(park->phone, pk->id, PHONE_PHASE_NONE, "");
	(void)phone_background(park->phone, pk->id,
			       active && active->id != pk->id);
	(void)phone_hold(park->phone, pk->id, false);

	/* without a word of the PBX the user alone may end it */
	if (old != PARK_CHECKING)
		(void)phone_watch(park->phone, pk->id, LOOK_S);

	switch (old) {

	case PARK_CHECKING:
		(void)re_snprintf(text, sizeof(text), "the PBX never said"
				  " whether %s is %s, and nothing is heard on"
				  " the line: it is yours", caller(pk),
				  pk->transfer ? "transferred" : "parked");
		break;

	case PARK_SHOWN:
		(void)re_snprintf(text, sizeof(text), "the lamp shows %s at"
				  " %s, but the PBX never said so", caller(pk),
				  spots);
		break;

	case PARK_LISTENING:
		(void)re_snprintf(text, sizeof(text), "%s is parked, says the"
				  " PBX, but no lamp shows where", caller(pk));
		break;

	default:
		(void)re_snprintf(text, sizeof(text), "%s has left %s again:"
				  " hung up, or taken by another phone",
				  caller(pk), spots);
		break;
	}

	failed(pk, old == PARK_SHOWN || old == PARK_LISTENING ?
	       "lamp and PBX do not agree" : old == PARK_CHECKING ?
	       "the PBX never said so" : "the spot is empty again");
	bus_message(park->bus, MESSAGE_WARN, "%s", text);
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


/* The PBX says that he is at the spot that was chosen, and no lamp does: it
   is not watched, or late */
static void tell_chosen(const struct parking *pk)
{
	struct park *park = pk->park;
	const struct desk_lamp *lamp;
	const struct booked *bk;
	bool unseen;

	/* on an extension: no lamp to wait for, but a code to pass on */
	if (park->ways->personal) {
		park_book_add(park, pk, pk->chosen, false);
		bk = park_book_last(park);  /* the group's has moved */
		bus_message(park->bus, MESSAGE_INFO, "%s is parked for %s; %s"
			    " takes the call, c copies that", caller(pk),
			    !strcmp(pk->chosen, PARK_GROUP) ? "the group" :
			    *park_told_spot(park, pk->account, pk->chosen) ?
			    pk->chosen : "you", bk ? bk->fact.retrieve : "?");
		return;
	}

	lamp = park_lamp(park, pk->account, pk->chosen);
	unseen = lamp && lamp->f.state == LAMP_FREE && !lamp->f.stale;
	park_book_add(park, pk, pk->chosen, unseen);

	bus_message(park->bus, MESSAGE_INFO, "%s is parked at %s%s",
		    caller(pk), pk->chosen, unseen ? ", says the PBX; its"
		    " lamp has not changed" : lamp ? "" : "; no lamp watches"
		    " it");
}


/* Somewhere; if the PBX sends him back it was not for long */
static void tell_lot(const struct parking *pk)
{
	struct park *park = pk->park;

	park->sent.account = pk->account;
	str_ncpy(park->sent.number, pk->number, sizeof(park->sent.number));
	park->sent_ms = clock_ms(park->clock);

	bus_message(park->bus, MESSAGE_WARN, "%s is parked, but no lamp tells"
		    " where", caller(pk));
}


static void tell_end(struct parking *pk)
{
	char spots[REASON_SZ];

	where(spots, sizeof(spots), pk);

	if (pk->transfer) {
		bool done = pk->life.state == PARK_DONE ||
			pk->life.state == PARK_UNKNOWN;

		if (pk->life.state != PARK_FAILED &&
		    pk->life.state != PARK_VACATED)
			bus_message(pk->park->bus, done ? MESSAGE_INFO :
				    MESSAGE_WARN, done ?
				    "%s is transferred to %s" :
				    "%s hung up, not transferred to %s",
				    caller(pk), pk->chosen);
		return;
	}

	switch (pk->life.state) {

	case PARK_DONE:
		if (pk->elsewhere)
			break;
		if (spots[0])
			tell_spot(pk);
		else if (pk->chosen[0])
			tell_chosen(pk);
		else
			tell_lot(pk);
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


void park_out_event(struct parking *pk, enum park_event ev)
{
	struct park *park = pk->park;
	const uint64_t now = clock_ms(park->clock);
	const enum park_state old = pk->life.state;
	enum park_action act;

	/* what its end makes others say comes back here before it is gone */
	if (park_ended(old))
		return;

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

	case PARK_ACT_HOLD:
		if (phone_hold(park->phone, pk->id, true)) {
			park_out_event(pk, PARK_EV_NOT_HELD);
			return;
		}
		break;

	case PARK_ACT_REFER:
		pk->err = send_refer(pk);
		if (pk->err && old != PARK_IDLE) {
			(void)re_snprintf(pk->reason, sizeof(pk->reason),
					  "the REFER cannot be sent (%m)",
					  pk->err);
			park_out_event(pk, PARK_EV_REFUSED);
			return;
		}
		break;

	case PARK_ACT_BACKGROUND:
		(void)phone_background(park->phone, pk->id, true);
		tell_spot(pk);
		break;

	case PARK_ACT_HEAR:
		if (!phone_active(park->phone))
			(void)phone_background(park->phone, pk->id, false);
		break;

	case PARK_ACT_LISTEN:
		pk->rx = phone_heard(park->phone, pk->id);
		break;

	case PARK_ACT_BYE:
		pk->bye = true;
		(void)phone_hangup(park->phone, pk->id, 0);
		break;

	case PARK_ACT_GIVE_BACK:
		give_back(pk);
		break;

	case PARK_ACT_LOOK:
		look(pk, old);
		break;

	case PARK_ACT_NONE:
	case PARK_ACT_END:
		break;
	}

	if (park_ended(pk->life.state)) {
		tell_end(pk);
		mem_deref(pk);
	}
}


void park_out_reinvite(struct parking *pk, const char *number)
{
	/* told where it is parked, not who is there */
	if (number[0] && (park_is_place(pk->park, number) ||
			  !strcmp(number, pk->chosen)))
		return;

	pk->renewed = true;

	/* a colleague who is to answer first may take his time; a re-INVITE
	   meanwhile only moves the media */
	if (!pk->transfer)
		park_out_event(pk, PARK_EV_REJOIN);
}


static void tell_bounced(struct park *park, const struct call_fact *call,
			 const char *spot)
{
	bus_message(park->bus, MESSAGE_WARN, "%s is back from %s, the PBX did"
		    " not keep the call there", call->name[0] ? call->name :
		    call->peer, spot[0] ? spot : park->ways->lot ?
		    park->ways->lot : "the lot");
}


bool park_out_bounced(struct park *park, const struct call_fact *call,
		      bool by_us)
{
	const struct book_fact *b = &park->sent;
	struct le *le;

	for (le = park->parkingl.head; le; le = le->next) {

		struct parking *pk = le->data;

		if (pk->transfer || pk->elsewhere ||
		    pk->account != call->account ||
		    !number_same(pk->number, call->peer) ||
		    (!by_us && strcmp(pk->who, call->name)))
			continue;

		/* whatever lamp turned on, it was another's */
		for (size_t i = 0; i < pk->spotc; i++)
			park_book_remove(park, pk->account, pk->spotv[i]);

		pk->elsewhere = true;
		tell_bounced(park, call, pk->chosen);
		return true;
	}

	if (park->sent_ms && b->account == call->account &&
	    number_same(b->number, call->peer) &&
	    clock_ms(park->clock) <= park->sent_ms + BOUNCE_MS) {
		park->sent_ms = 0;
		tell_bounced(park, call, "");
		return true;
	}

	return false;
}


void park_out_taken(struct park *park, const struct call_fact *call)
{
	struct le *le = park->parkingl.head;

	while (le) {
		struct parking *pk = le->data;

		le = le->next;

		if (pk->transfer || pk->id == call->id ||
		    pk->account != call->account ||
		    !number_same(pk->number, call->peer))
			continue;

		pk->elsewhere = true;
		park_out_event(pk, PARK_EV_TAKEN);
	}
}


int park_out_let_go(struct parking *pk)
{
	/* a lamp alone may be another's */
	if (pk->life.state != PARK_PROVEN &&
	    pk->life.state != PARK_CONFIRMED &&
	    pk->life.state != PARK_LISTENING)
		return EBUSY;

	/* a sipfrag 2xx comes from a full lot too: not before we listened */
	park_out_event(pk, PARK_EV_HANGUP);

	return EINPROGRESS;
}


static void refer_handler(enum phone_refer_event ev, unsigned id,
			  unsigned scode, const char *text, void *arg)
{
	struct parking *pk = arg;
	(void)id;

	switch (ev) {

	case PHONE_REFER_ACCEPTED:
		park_out_event(pk, PARK_EV_ACCEPTED);
		break;

	case PHONE_REFER_REFUSED:
		(void)re_snprintf(pk->reason, sizeof(pk->reason),
				  "the PBX refused it (%u %s)", scode, text);
		park_out_event(pk, PARK_EV_REFUSED);
		break;

	case PHONE_REFER_TIMEOUT:
		str_ncpy(pk->reason, "the PBX did not answer within 32 s",
			 sizeof(pk->reason));
		park_out_event(pk, PARK_EV_TIMEOUT);
		break;

	case PHONE_REFER_LOST:
		(void)re_snprintf(pk->reason, sizeof(pk->reason),
				  "the PBX cannot be reached (%s)", text);
		park_out_event(pk, PARK_EV_TIMEOUT);
		break;

	case PHONE_REFER_FRAG:
		if (scode < 200)
			park_out_event(pk, PARK_EV_FRAG_TRYING);
		else if (scode < 300)
			park_out_event(pk, PARK_EV_FRAG_OK);
		else {
			(void)re_snprintf(pk->reason, sizeof(pk->reason),
					  "the PBX could not do it (%u%s%s)",
					  scode, text[0] ? " " : "", text);
			park_out_event(pk, PARK_EV_FRAG_FAIL);
		}
		break;
	}
}


static int send_refer(struct parking *pk)
{
	struct park *park = pk->park;
	const struct call_fact *call = phone_call(park->phone, pk->id);
	const uint64_t now = clock_ms(park->clock);

	if (!call)
		return ENOENT;

	pk->spoke = !pk->habit.hold && !call->held && call->answered_ms &&
		1000ull * phone_heard(park->phone, pk->id) >=
		SPEAKS_PPS * (now - call->answered_ms);

	/* what a lamp told before was no answer to it */
	pk->start_ms = now;

	return phone_refer(park->phone, pk->id, pk->uri, refer_handler, pk);
}


static bool reserved(const struct park *park, unsigned account,
		     const char *spot)
{
	struct le *le;

	for (le = park->parkingl.head; le; le = le->next) {

		const struct parking *pk = le->data;

		if (pk->account == account && !strcmp(pk->chosen, spot))
			return true;
	}

	return false;
}


const char *park_out_template(const struct park *park, unsigned account,
			      const char *spot)
{
	const struct way *way = park_way_find(park, account, spot);

	return way && way->park ? way->park : park->ways->park;
}


struct parking *park_out_find(const struct park *park, unsigned id)
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
	unsigned id;
	int err;

	if (park_out_find(park, call->id)) {
		(void)re_hprintf(reply, "this call is on its way already");
		return EALREADY;
	}

	pk = mem_zalloc(sizeof(*pk), parking_destructor);
	if (!pk)
		return ENOMEM;

	pk->park = park;
	pk->id = id = call->id;
	pk->account = call->account;
	pk->transfer = transfer;
	pk->start_ms = clock_ms(park->clock);
	pk->habit.hold = !transfer && park->ways->hold;
	pk->habit.announce = !chosen && park->ways->announce;
	pk->habit.announce_ms = 1000 * park->announce_s;
	if (chosen)
		str_ncpy(pk->chosen, chosen, sizeof(pk->chosen));
	str_ncpy(pk->who, call->name, sizeof(pk->who));
	str_ncpy(pk->number, call->peer, sizeof(pk->number));
	str_ncpy(pk->uri, uri, sizeof(pk->uri));

	list_append(&park->parkingl, &pk->le, pk);
	park_out_event(pk, PARK_EV_START);

	pk = park_out_find(park, id);
	if (!pk) {
		(void)re_hprintf(reply, "the call cannot be put on hold,"
				 " which this PBX wants first");
		return ENOTCONN;
	}

	err = pk->err;
	if (err) {
		(void)re_hprintf(reply, "cannot send the REFER: %m", err);
		mem_deref(pk);
		return err;
	}

	if (!transfer)
		(void)phone_set_phase(park->phone, id, PHONE_PHASE_PARKING,
				      chosen ? chosen : park->ways->lot);

	return 0;
}


/* Taken, or about to be: say so before anything is sent, and what is left */
static int spot_refused(const struct park *park, unsigned account,
			const char *spot, struct re_printf *reply)
{
	const struct desk_lamp *lamp, *next;
	const char *why;

	lamp = park_lamp(park, account, spot);

	if (lamp && desk_lamp_parked(lamp) && !park->ways->several)
		why = "is taken";
	else if (reserved(park, account, spot) && !park->ways->several)
		why = "is about to be taken by another call of yours";
	else
		return 0;

	next = desk_lamp_free(park->desk, account, NULL, spot);
	(void)re_hprintf(reply, "%s %s%s%s", spot, why, next ?
			 "; the next free one is " : ", and no other is known"
			 " to be free", next ? next->f.spot : "");

	return EBUSY;
}


static const char *aor_of(const struct park *park, unsigned account)
{
	const struct phone_account *acc = phone_account(park->phone, account);

	return acc ? acc->aor : "none";
}


/* `wanted` NULL: the lot, or a free spot */
int park_out_start(struct park *park, const char *wanted,
		   struct re_printf *reply)
{
	const struct call_fact *call = phone_active(park->phone);
	const struct phone_account *acc;
	const struct desk_lamp *lamp;
	const char *tmpl = NULL, *spot = NULL;
	struct place place;
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

	acc = phone_account(park->phone, call->account);

	if (wanted) {
		const bool own = park_place(&place, park, wanted);

		/* another PBX has not got this call */
		if (place.account != call->account &&
		    (own || (desk_lamp(park->desk, place.spot) &&
			     !desk_lamp_of(park->desk, call->account,
					   place.spot)))) {
			(void)re_hprintf(reply, "%s is a spot of %s, and this"
					 " call is of %s: it can be parked"
					 " there only", place.spot,
					 aor_of(park, place.account),
					 aor_of(park, call->account));
			return EINVAL;
		}

		spot = place.spot;
	}
	else if (park->ways->personal && acc) {
		spot = acc->user;
	}
	else if (!park->ways->lot) {
		lamp = desk_lamp_free(park->desk, call->account,
				      acc ? acc->user : NULL, NULL);
		if (!lamp) {
			(void)re_hprintf(reply, "no spot is known to be free;"
					 " `park SPOT` says which to try");
			return ENOENT;
		}
		str_ncpy(place.spot, lamp->f.spot, sizeof(place.spot));
		spot = place.spot;
	}

	if (spot && park->ways->personal && !strcmp(spot, PARK_GROUP)) {
		tmpl = park->ways->group;
		if (!tmpl) {
			(void)re_hprintf(reply, "pbx %s: how to park for a"
					 " group is not known; `group CODE` in"
					 " the configuration says it",
					 park->ways->name);
			return ENOTSUP;
		}
	}
	else if (spot) {
		tmpl = park_out_template(park, call->account, spot);
		if (!tmpl && park->ways->lot &&
		    !strcmp(spot, park->ways->lot)) {
			spot = NULL;
		}
		else if (!tmpl) {
			(void)re_hprintf(reply, "pbx %s: a call cannot be"
					 " parked at a spot of one's choice,"
					 " it would be lost; `park` alone"
					 " parks on the lot %s, and where the"
					 " PBX knows how, `park TEMPLATE` in"
					 " the configuration says it",
					 park->ways->name,
					 park->ways->lot ? park->ways->lot :
					 "");
			return ENOTSUP;
		}
	}

	if (spot) {
		err = spot_refused(park, call->account, spot, reply);
		if (err)
			return err;
	}

	str_ncpy(who, call->name[0] ? call->name : call->peer, sizeof(who));
	err = spot ? profile_expand(target, sizeof(target), tmpl,
				    park_told_spot(park, call->account,
						   spot)) :
		profile_expand(target, sizeof(target), park->ways->lot, "");
	err = err ? err : phone_uri(uri, sizeof(uri), acc, target);
	if (err) {
		(void)re_hprintf(reply, "'%s' is no target to park at",
				 spot ? tmpl : park->ways->lot);
		return err;
	}

	err = refer(park, call, uri, spot, false, reply);
	if (err)
		return err;

	bus_message(park->bus, MESSAGE_INFO, "parking %s at %s ...",
		    who[0] ? who : "the call", spot ? spot : park->ways->lot);

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
int park_out_transfer(struct park *park, const char *dest,
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

	if (same_address(&to, acc, park->ways->lot))
		return park_out_start(park, NULL, reply);

	/* those of the configuration, and those that a list brought */
	for (size_t i = 0; i < park->wayc; i++) {
		if (park->wayv[i].kind == LAMP_SPOT &&
		    park->wayv[i].account == call->account &&
		    same_address(&to, acc, park->wayv[i].spot))
			return park_out_start(park, park->wayv[i].spot, reply);
	}

	for (size_t i = 0; i < park->desk->lampc; i++) {

		const struct lamp_fact *f = &park->desk->lampv[i].f;
		char spot[TEXT_SZ];

		if (f->kind != LAMP_SPOT || f->account != call->account ||
		    !same_address(&to, acc, f->spot))
			continue;

		str_ncpy(spot, f->spot, sizeof(spot));
		return park_out_start(park, spot, reply);
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
int park_out_join(struct park *park, struct re_printf *reply)
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


int park_out_consult(struct park *park, unsigned account, const char *dest,
		   struct re_printf *reply)
{
	const struct call_fact *call = phone_active(park->phone);
	const bool talking = call && call->account == account;
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


/*
 * Asterisk's Park() goes on to the next free spot if the chosen one was taken
 * in the same moment, and says the same 200. So a lamp beside the chosen one
 * that turns on just then may be ours as well, and the chosen one another's.
 */
static bool beside(const struct parking *pk, const struct lamp_fact *lamp)
{
	return pk->chosen[0] && strcmp(pk->chosen, lamp->spot) &&
		lamp->since_ms <= pk->start_ms + DOUBT_MS &&
		!reserved(pk->park, pk->account, lamp->spot);
}


/* Could this lamp be that park's? */
static bool eligible(const struct parking *pk, const struct lamp_fact *lamp)
{
	if (pk->transfer || lamp->account != pk->account || lamp->at_least ||
	    lamp->since_ms < pk->start_ms)
		return false;

	if (pk->chosen[0] && strcmp(pk->chosen, lamp->spot) &&
	    !(pk->spotc && beside(pk, lamp)))
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
void park_out_occupied(struct park *park, const struct lamp_fact *lamp)
{
	struct le *le;
	size_t waiting = 0;
	bool taken = false;

	for (le = park->parkingl.head; le; le = le->next) {

		const struct parking *pk = le->data;

		waiting += eligible(pk, lamp) && !pk->spotc;
	}

	le = park->parkingl.head;
	while (le) {
		struct parking *pk = le->data;

		le = le->next;

		if (!eligible(pk, lamp)) {
			/* the chosen one's may come yet */
			if (!pk->transfer && !pk->spotc && !waiting &&
			    lamp->account == pk->account && !lamp->at_least &&
			    lamp->since_ms >= pk->start_ms &&
			    beside(pk, lamp))
				str_ncpy(pk->beside, lamp->spot,
					 sizeof(pk->beside));
			continue;
		}

		if (waiting ? pk->spotc > 0 :
		    lamp->since_ms > pk->start_ms + DOUBT_MS)
			continue;

		str_ncpy(pk->spotv[pk->spotc++], lamp->spot, TEXT_SZ);
		taken = true;

		if (pk->beside[0] && !strcmp(pk->chosen, lamp->spot) &&
		    lamp->since_ms <= pk->start_ms + DOUBT_MS)
			str_ncpy(pk->spotv[pk->spotc++], pk->beside, TEXT_SZ);

		if (pk->spotc > 1)
			park_book_remove(park, pk->account, pk->spotv[0]);
		else if (waiting == 1)
			park_book_add(park, pk, lamp->spot, false);

		park_out_event(pk, PARK_EV_LAMP);
	}

	if (!taken)
		park_book_seen(park, lamp);
}
