/**
 * @file modules/park/park.c  Park, retrieve, and who was parked by us
 */
#include <string.h>
#include <re.h>
#include "app/text_model.h"
#include "park_int.h"


enum {
	RECALL_MS = 5000,       /* from the lamp going free to the INVITE */
};


static void event_handler(const struct event *ev, void *arg);


static void park_destructor(void *data)
{
	struct park *park = data;
	static const enum command_id idv[] = {
		COMMAND_PARK, COMMAND_RETRIEVE, COMMAND_UNDO, COMMAND_SPOT,
		COMMAND_NOTE, COMMAND_TRANSFER, COMMAND_ATTENDED,
		COMMAND_VOICEMAIL
	};

	for (size_t i = 0; i < ARRAY_SIZE(idv); i++)
		commands_attach(park->commands, idv[i], NULL, NULL);

	tmr_cancel(&park->tmr_told);
	phone_set_call_handler(park->phone, NULL, NULL);
	phone_set_wanted_handler(park->phone, NULL, NULL);
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
	mem_deref(park->book_path);
}


const struct way *park_way_find(const struct park *park, unsigned account,
				const char *spot)
{
	for (size_t i = 0; i < park->wayc; i++) {
		if (park->wayv[i].account == account &&
		    !strcmp(park->wayv[i].spot, spot))
			return &park->wayv[i];
	}

	return NULL;
}


/* A call waits there; of two the one that has waited longer */
static const struct desk_lamp *lamp_parked(const struct park *park,
					   const char *spot)
{
	const struct desk_lamp *best = NULL;

	for (size_t i = 0; i < park->desk->lampc; i++) {

		const struct desk_lamp *l = &park->desk->lampv[i];

		if (!strcmp(l->f.spot, spot) && desk_lamp_parked(l) &&
		    (!best || desk_lamp_since(l) < desk_lamp_since(best)))
			best = l;
	}

	return best;
}


const struct desk_lamp *park_lamp(const struct park *park, unsigned account,
				  const char *spot)
{
	const struct desk_lamp *lamp;

	lamp = desk_lamp_of(park->desk, account, spot);

	return lamp && lamp->f.kind == LAMP_SPOT ? lamp : NULL;
}


bool park_place(struct place *place, const struct park *park, const char *arg)
{
	const struct call_fact *call = phone_active(park->phone);
	const char *at = strrchr(arg, '@');
	const struct desk_lamp *lamp;
	struct le *le;

	if (at && at > arg && at[1] && !at[1 + strspn(at + 1, "0123456789")]) {

		const struct pl pl = {at + 1, strlen(at + 1)};

		place->account = pl_u32(&pl);
		place->told = 0;
		str_ncpy(place->spot, arg, min(sizeof(place->spot),
					       (size_t)(at - arg) + 1));
		return true;
	}

	str_ncpy(place->spot, arg, sizeof(place->spot));
	place->account = call ? call->account : 0;
	place->told = 0;

	lamp = lamp_parked(park, arg);
	if (!lamp && !desk_lamp_of(park->desk, place->account, arg))
		lamp = desk_lamp(park->desk, arg);

	if (lamp) {
		place->account = lamp->f.account;
		return false;
	}

	/* parked by us where no lamp is */
	for (le = park->bookl.head; le; le = le->next) {

		const struct booked *bk = le->data;

		if (!strcmp(bk->fact.spot, arg) && !bk->unseen &&
		    !desk_lamp_of(park->desk, place->account, arg))
			place->account = bk->fact.account;
	}

	return false;
}


bool park_is_place(const struct park *park, const char *number)
{
	if (park->ways->lot && !strcmp(number, park->ways->lot))
		return true;

	for (size_t i = 0; i < park->wayc; i++) {
		if (park->wayv[i].kind == LAMP_SPOT &&
		    !strcmp(park->wayv[i].spot, number))
			return true;
	}

	for (size_t i = 0; i < park->desk->lampc; i++) {
		if (park->desk->lampv[i].f.kind == LAMP_SPOT &&
		    !strcmp(park->desk->lampv[i].f.spot, number))
			return true;
	}

	return !strcasecmp(number, "park") || !strncasecmp(number, "park+", 5);
}


/* --- what others tell ------------------------------------------------ */

static void call_handler(enum phone_call_event ev, unsigned id,
			 unsigned scode, const char *text, void *arg)
{
	struct park *park = arg;
	struct parking *pk = park_out_find(park, id);
	struct retrieving *rt = park_back_find(park, id);

	switch (ev) {

	case PHONE_CALL_ESTABLISHED:
		if (rt)
			park_back_answered(rt);
		break;

	case PHONE_CALL_IDENTITY:
		if (rt && scode)
			park_back_named(rt, text);
		break;

	case PHONE_CALL_REINVITE:
		if (rt)
			park_back_reinvite(rt, text);
		if (pk)
			park_out_reinvite(pk, text);
		break;

	case PHONE_CALL_CLOSED:
		if (pk && !pk->bye)
			park_out_event(pk, PARK_EV_BYE);

		if (rt) {
			str_ncpy(rt->reason, text, sizeof(rt->reason));
			park_back_event(rt, RETRIEVE_EV_CLOSED);
		}
		break;

	case PHONE_CALL_HELD:
		if (pk) {
			if (scode >= 300)
				(void)re_snprintf(pk->reason,
						  sizeof(pk->reason),
						  "the PBX refused the hold"
						  " that it wants first (%u"
						  " %s)", scode, text);
			park_out_event(pk, scode < 300 ? PARK_EV_HELD :
				       PARK_EV_NOT_HELD);
		}
		/* on hold all the same as far as we go: nothing is sent */
		else if (scode >= 300)
			bus_message(park->bus, MESSAGE_WARN, "hold was refused"
				    " (%u %s): the far end hears nothing",
				    scode, text);
		break;
	}
}


static void lamp_free(struct park *park, const struct lamp_fact *lamp)
{
	struct le *le;
	const struct booked *bk = park_book_find(park, lamp->account,
						 lamp->spot);

	if (bk) {
		park->gone = bk->fact;
		park->gone_ms = clock_ms(park->clock);

		if (!park_back_under_way(park, lamp->account, lamp->spot))
			bus_message(park->bus, MESSAGE_INFO, "%s is no longer"
				    " parked at %s: %s",
				    bk->fact.who[0] ? bk->fact.who :
				    bk->fact.number, lamp->spot,
				    lamp->ended ? lamp_end_name(lamp->ended) :
				    "taken, or hung up");
	}

	park_book_remove(park, lamp->account, lamp->spot);

	le = park->parkingl.head;
	while (le) {
		struct parking *pk = le->data;

		le = le->next;

		/* in doubt between two spots neither says anything */
		if (pk->spotc == 1 && pk->account == lamp->account &&
		    !strcmp(pk->spotv[0], lamp->spot))
			park_out_event(pk, PARK_EV_DARK);
	}
}


/* Free, or not known any more: then nothing better will come. But only what
   is known makes a proof of a name */
static void lamp_not_occupied(struct park *park, const struct lamp_fact *lamp)
{
	struct le *le = park->retrievingl.head;

	while (le) {
		struct retrieving *rt = le->data;

		le = le->next;

		if (rt->account == lamp->account &&
		    !strcmp(rt->spot, lamp->spot) &&
		    (rt->life.state != RETRIEVE_CLAIMED ||
		     (!lamp->stale && lamp->state == LAMP_FREE)))
			park_back_event(rt, RETRIEVE_EV_FREE);
	}
}


/* Referred-By names who transferred the call here (RFC 3892 3) */
static bool sent_by_us(const struct park *park, unsigned account,
		       const char *referred_by)
{
	const struct phone_account *acc = phone_account(park->phone, account);

	return acc && referred_by[0] && !strcmp(referred_by, acc->user);
}


/* Whom we parked must not hear busy when the PBX gives him back */
static bool wanted_handler(unsigned account, const char *number,
			   const char *referred_by, void *arg)
{
	const struct park *park = arg;

	return sent_by_us(park, account, referred_by) ||
		park_book_caller(park, account, number) ||
		(park->gone_ms && park->gone.account == account &&
		 number_same(park->gone.number, number) &&
		 clock_ms(park->clock) <= park->gone_ms + RECALL_MS);
}


/*
 * Nothing in the INVITE says that it is a recall. But the caller is the one
 * whose lamp went free a moment ago; or whom we parked a moment ago, and the
 * PBX sends him back since the spot was taken; and we are said to have sent
 * him.
 */
static void incoming(struct park *park, const struct call_fact *call)
{
	const uint64_t now = clock_ms(park->clock);
	const struct book_fact *gone = &park->gone;
	const char *name = call->name[0] ? call->name : call->peer;
	char spot[TEXT_SZ];
	struct booked *bk;
	bool by_us;

	/* with a spot it is known to be one already */
	if (call->outgoing || call->spot[0])
		return;

	by_us = sent_by_us(park, call->account, call->referred_by);

	if (park_out_bounced(park, call, by_us))
		return;

	bk = park_book_caller(park, call->account, call->peer);
	if (bk && (now < bk->fact.since_ms + BOUNCE_MS ||
		   by_us)) {

		bus_message(park->bus, MESSAGE_WARN, "%s is back from %s, %s",
			    name, bk->fact.spot,
			    now < bk->fact.since_ms + BOUNCE_MS ?
			    "the PBX did not keep the call there" :
			    "nobody took the call");
		str_ncpy(spot, bk->fact.spot, sizeof(spot));
		park_book_remove(park, bk->fact.account, spot);
		(void)phone_set_phase(park->phone, call->id,
				      PHONE_PHASE_NONE, spot);
		return;
	}

	if (!park->gone_ms || call->account != gone->account ||
	    !number_same(gone->number, call->peer) ||
	    now > park->gone_ms + RECALL_MS)
		return;

	park->gone_ms = 0;
	bus_message(park->bus, MESSAGE_WARN, "%s is back from %s, nobody took"
		    " the call", name, gone->spot);
	(void)phone_set_phase(park->phone, call->id, PHONE_PHASE_NONE,
			      gone->spot);
}


static void event_handler(const struct event *ev, void *arg)
{
	struct park *park = arg;

	if (ev->type == EVENT_ACCOUNT)
		park_told_account(park, &ev->u.account);

	if (ev->type == EVENT_CALL && ev->u.call.state == DESKCALL_INCOMING)
		incoming(park, &ev->u.call);

	if (ev->type != EVENT_LAMP || ev->u.lamp.kind != LAMP_SPOT)
		return;

	if (ev->u.lamp.stale || ev->u.lamp.state != LAMP_PARKED)
		lamp_not_occupied(park, &ev->u.lamp);

	if (ev->u.lamp.stale)
		return;

	if (ev->u.lamp.state == LAMP_PARKED)
		park_out_occupied(park, &ev->u.lamp);
	else if (ev->u.lamp.state == LAMP_FREE)
		lamp_free(park, &ev->u.lamp);
}


/* --- commands -------------------------------------------------------- */

static int park_command(const struct command *cmd, struct re_printf *reply,
			void *arg)
{
	return park_out_start(arg, cmd->argc ? cmd->argv[0] : NULL, reply);
}


static int transfer_command(const struct command *cmd,
			    struct re_printf *reply, void *arg)
{
	return park_out_transfer(arg, cmd->argv[0], reply);
}


static int attended_command(const struct command *cmd,
			    struct re_printf *reply, void *arg)
{
	struct park *park = arg;
	const struct call_fact *call = phone_active(park->phone);

	/* Replaces names a dialog of the same server */
	if (cmd->argc)
		return park_out_consult(park, call ? call->account : 0,
					cmd->argv[0], reply);

	return park_out_join(park, reply);
}


static int retrieve_command(const struct command *cmd,
			    struct re_printf *reply, void *arg)
{
	struct place place;

	if (!cmd->argc)
		return park_back_start(arg, NULL, reply);

	(void)park_place(&place, arg, cmd->argv[0]);

	if (cmd->argc > 1 && park_told_place(&place, arg, cmd->argv[1])) {
		(void)re_hprintf(reply, "%s is no parked call that the PBX"
				 " told of (`status`: \"call\")",
				 cmd->argv[1]);
		return ENOENT;
	}

	return park_back_start(arg, &place, reply);
}


static int undo_command(const struct command *cmd, struct re_printf *reply,
			void *arg)
{
	struct park *park = arg;
	const struct booked *bk = park_book_last(park);
	struct place place;
	(void)cmd;

	if (!bk) {
		(void)re_hprintf(reply, "nothing to take back: no call that"
				 " you parked still waits");
		return ENOENT;
	}

	place.account = bk->fact.account;
	place.told = 0;
	str_ncpy(place.spot, bk->fact.spot, sizeof(place.spot));

	return park_back_start(park, &place, reply);
}


static int note_command(const struct command *cmd, struct re_printf *reply,
			void *arg)
{
	struct park *park = arg;
	struct place place;
	struct booked *bk;
	char *note;
	size_t n = 0;

	(void)park_place(&place, park, cmd->argv[0]);
	bk = park_book_find(park, place.account, place.spot);
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

	park_book_emit(park, &bk->fact, false);
	park_book_save(park);

	return 0;
}


static int voicemail_command(const struct command *cmd,
			     struct re_printf *reply, void *arg)
{
	struct place place;

	(void)park_place(&place, arg, cmd->argv[0]);

	return park_person_voicemail(arg, &place, reply);
}


/* A spot's key does what its state allows */
static int spot_command(const struct command *cmd, struct re_printf *reply,
			void *arg)
{
	struct park *park = arg;
	const char *spot = cmd->argv[0];
	const struct desk_lamp *lamp;
	struct place place;

	(void)park_place(&place, park, spot);
	lamp = desk_lamp_of(park->desk, place.account, place.spot);
	if (!lamp) {
		(void)re_hprintf(reply, "%s is no lamp of this panel", spot);
		return ENOENT;
	}

	if (lamp->f.kind == LAMP_EXTENSION)
		return park_person_key(park, lamp, reply);

	if (lamp->f.state == LAMP_PARKED)
		return park_back_start(park, &place, reply);

	if (lamp->f.state == LAMP_FREE && !lamp->f.stale &&
	    phone_active(park->phone)) {

		int err;

		if (park_out_template(park, place.account, place.spot))
			return park_out_start(park, spot, reply);

		err = park_out_start(park, NULL, reply);
		if (!err)
			bus_message(park->bus, MESSAGE_INFO,
				    "parking on the lot %s: this PBX chooses"
				    " the spot itself",
				    park->ways->lot ? park->ways->lot : "");
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
	    !prm->desk || !prm->commands || !prm->ways || (spotc && !spotv))
		return EINVAL;

	park = mem_zalloc(sizeof(*park), park_destructor);
	if (!park)
		return ENOMEM;

	park->clock    = prm->clock;
	park->bus      = prm->bus;
	park->phone    = prm->phone;
	park->desk     = prm->desk;
	park->commands = prm->commands;
	park->ways     = prm->ways;
	park->told_lampc = park_lampc(prm->ways, phone_accountc(prm->phone));
	park->blind    = prm->blind;
	park->announce_s = prm->announce_s;
	park->dialogh  = prm->dialogh;
	park->dialogarg = prm->arg;

	err = dup_opt(&park->book_path, prm->book_path);
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
	err |= park_book_load(park);
	if (err)
		goto out;

	phone_set_call_handler(park->phone, call_handler, park);
	phone_set_wanted_handler(park->phone, wanted_handler, park);
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
	commands_attach(park->commands, COMMAND_VOICEMAIL, voicemail_command,
			park);

 out:
	if (err)
		mem_deref(park);
	else
		*parkp = park;

	return err;
}


size_t park_pending(const struct park *park)
{
	/* whatever has not ended is not proven to its end */
	return park ? list_count(&park->parkingl) : 0;
}


const struct park_failure *park_failure(const struct park *park)
{
	static const struct park_failure none;

	return park ? &park->failure : &none;
}


int park_user_hangup(struct park *park, unsigned id)
{
	struct parking *pk;
	struct retrieving *rt;

	if (!park)
		return 0;

	pk = park_out_find(park, id);
	if (pk)
		return park_out_let_go(pk);

	rt = park_back_find(park, id);
	mem_deref(rt);

	return 0;
}
