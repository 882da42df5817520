/**
 * @file app/status.c  The desk model as JSON
 */
#include <string.h>
#include <re.h>
#include "app/clock.h"
#include "app/desk_model.h"
#include "app/jsonw.h"
#include "app/status.h"


/* Zero stands for "not known" in every fact */
static void put_since(struct jsonw *js, const char *name, uint64_t since_ms,
		      uint64_t now_ms)
{
	if (!since_ms)
		jsonw_null(js, name);
	else if (since_ms > now_ms)
		jsonw_int(js, name, 0);
	else
		jsonw_int(js, name, (int64_t)((now_ms - since_ms) / 1000));
}


static void put_account(struct jsonw *js, const struct account_fact *f)
{
	jsonw_str(js, "aor", f->aor);
	jsonw_bool(js, "registered", f->registered);
	jsonw_str(js, "reason", f->reason);
}


static void put_call(struct jsonw *js, const struct call_fact *f,
		     uint64_t now_ms)
{
	jsonw_int(js, "id", f->id);
	jsonw_str(js, "state", deskcall_state_name(f->state));
	jsonw_str(js, "peer", f->peer);
	jsonw_str(js, "name", f->name);
	jsonw_str(js, "direction", f->outgoing ? "outgoing" : "incoming");

	if (f->answered_ms)
		put_since(js, "seconds", f->answered_ms, now_ms);
	else
		jsonw_int(js, "seconds", 0);

	jsonw_bool(js, "held", f->held);
	jsonw_bool(js, "held_remote", f->held_remote);
	jsonw_bool(js, "muted", f->muted);
	jsonw_str(js, "spot", f->spot);
	jsonw_str(js, "reason", f->reason);
	jsonw_int(js, "account", f->account);
	put_since(js, "since_s", f->since_ms, now_ms);
}


static const char *fact_who(const struct lamp_fact *f)
{
	return f->who[0] ? f->who : f->number;
}


static void put_lamp(struct jsonw *js, const struct lamp_fact *f,
		     const char *who, const char *by, const char *note, uint64_t since_ms,
		     uint64_t now_ms)
{
	if (f->state == LAMP_UNKNOWN)
		since_ms = 0;

	jsonw_str(js, "spot", f->spot);
	jsonw_str(js, "label", f->label);
	jsonw_str(js, "state", lamp_state_name(f->state, f->stale));
	jsonw_str(js, "reason", f->reason);
	jsonw_str(js, "who", who);
	put_since(js, "since_s", since_ms, now_ms);
	jsonw_bool(js, "at_least", f->at_least);
	jsonw_str(js, "kind",
		  f->kind == LAMP_EXTENSION ? "extension" : "spot");
	jsonw_int(js, "account", f->account);
	jsonw_str(js, "by", by);
	jsonw_int(js, "calls", f->calls);
	jsonw_bool(js, "held", f->held);
	jsonw_str(js, "ended", lamp_end_name(f->ended));

	if (note)
		jsonw_str(js, "note", note);

	if (f->stale)
		jsonw_str(js, "last", lamp_state_name(f->state, false));
}


/* Who waits there: our book only while a call does, or may, wait */
static const char *lamp_who(const struct desk_lamp *lamp)
{
	if (lamp->f.state == LAMP_FREE && !lamp->f.stale)
		return "";

	return desk_lamp_who(lamp);
}


/* Who parked it: our own book knows best */
static const char *lamp_by(const struct desk_lamp *lamp)
{
	const bool waits = lamp->f.state != LAMP_FREE || lamp->f.stale;

	return waits && lamp->book && lamp->book->by[0] ? lamp->book->by
		: lamp->f.by;
}


static void put_parked(struct jsonw *js, const struct status_prm *prm,
		       const char *spot, unsigned account, const char *who,
		       const char *by, const struct book_fact *book, const char *state,
		       uint64_t since_ms, uint64_t now_ms)
{
	char retrieve[TEXT_SZ] = "";

	if (book && book->retrieve[0])
		(void)str_ncpy(retrieve, book->retrieve, sizeof(retrieve));
	else if (prm->retrieveh)
		prm->retrieveh(retrieve, sizeof(retrieve), spot, account,
			       prm->arg);
	retrieve[sizeof(retrieve) - 1] = '\0';

	jsonw_open(js, NULL, '{');
	jsonw_str(js, "where", spot);
	jsonw_str(js, "who", who);
	jsonw_str(js, "by", by);
	jsonw_str(js, "retrieve", retrieve);
	put_since(js, "since_s", since_ms, now_ms);
	jsonw_int(js, "call", book ? book->id : 0);
	jsonw_str(js, "number", book ? book->number : "");
	jsonw_str(js, "note", book ? book->note : "");
	jsonw_str(js, "lamp", state);
	jsonw_int(js, "account", account);
	jsonw_close(js, '}');
}


/* Of whom our book knows nothing */
static void put_parked_lamps(struct jsonw *js, const struct status_prm *prm,
			     uint64_t now_ms)
{
	size_t i;

	for (i = 0; i < prm->desk->lampc; i++) {

		const struct desk_lamp *l = &prm->desk->lampv[i];

		if (desk_lamp_parked(l) && !l->book && !l->f.booked)
			put_parked(js, prm, l->f.spot, l->f.account,
				   desk_lamp_who(l), l->f.by, NULL,
				   lamp_state_name(l->f.state, l->f.stale),
				   desk_lamp_since(l), now_ms);
	}
}


static const struct desk_lamp *lamp_of(const struct desk *desk,
				       const struct book_fact *book)
{
	size_t i;

	for (i = 0; i < desk->lampc; i++) {

		const struct desk_lamp *l = &desk->lampv[i];

		if (l->book && l->book->account == book->account &&
		    !strcmp(l->book->spot, book->spot))
			return l;
	}

	return NULL;
}


/* Parked by us, or told of by the PBX; with a lamp or without */
static void put_parked_book(struct jsonw *js, const struct status_prm *prm,
			    uint64_t now_ms)
{
	size_t i;

	for (i = 0; i < prm->desk->bookc; i++) {

		const struct book_fact *b = &prm->desk->bookv[i];
		const struct desk_lamp *l = lamp_of(prm->desk, b);
		const char *who = b->who[0] ? b->who : b->number;

		/* one call, one lamp: what the lamp says counts too */
		if (l && !b->id)
			put_parked(js, prm, b->spot, b->account,
				   desk_lamp_who(l),
				   b->by[0] ? b->by : l->f.by, b,
				   lamp_state_name(l->f.state, l->f.stale),
				   desk_lamp_parked(l) ? desk_lamp_since(l) :
				   b->since_ms, now_ms);
		else
			put_parked(js, prm, b->spot, b->account, who, b->by,
				   b, l ?
				   lamp_state_name(l->f.state, l->f.stale) :
				   "none", b->since_ms, now_ms);
	}
}


static const char *level_name(enum message_level level)
{
	switch (level) {

	case MESSAGE_INFO:  return "info";
	case MESSAGE_WARN:  return "warn";
	case MESSAGE_ERROR: return "error";
	}

	return "?";
}


int status_print(struct re_printf *pf, const struct status_prm *prm)
{
	const struct desk *desk;
	struct jsonw js;
	uint64_t now;
	size_t i;

	if (!pf || !prm || !prm->desk)
		return EINVAL;

	desk = prm->desk;
	now  = clock_ms(prm->clock);

	jsonw_init(&js, pf);
	jsonw_open(&js, NULL, '{');

	jsonw_open(&js, "accounts", '[');
	for (i = 0; i < desk->accountc; i++) {
		jsonw_open(&js, NULL, '{');
		put_account(&js, &desk->accountv[i]);
		jsonw_close(&js, '}');
	}
	jsonw_close(&js, ']');

	jsonw_open(&js, "calls", '[');
	for (i = 0; i < desk->callc; i++) {
		jsonw_open(&js, NULL, '{');
		put_call(&js, &desk->callv[i], now);
		jsonw_close(&js, '}');
	}
	jsonw_close(&js, ']');

	jsonw_open(&js, "lamps", '[');
	for (i = 0; i < desk->lampc; i++) {

		const struct desk_lamp *l = &desk->lampv[i];

		jsonw_open(&js, NULL, '{');
		put_lamp(&js, &l->f, lamp_who(l), lamp_by(l),
			 l->book ? l->book->note : "", desk_lamp_since(l),
			 now);
		jsonw_close(&js, '}');
	}
	jsonw_close(&js, ']');

	jsonw_open(&js, "parked", '[');
	put_parked_lamps(&js, prm, now);
	put_parked_book(&js, prm, now);
	jsonw_close(&js, ']');

	jsonw_str(&js, "message", desk->message.text);
	jsonw_str(&js, "message_level", level_name(desk->message.level));

	jsonw_open(&js, "sound", '{');
	jsonw_bool(&js, "ok", desk->sound.ok);
	jsonw_str(&js, "text", desk->sound.text);
	jsonw_close(&js, '}');

	jsonw_close(&js, '}');

	return js.err;
}


int status_command(const struct command *cmd, struct re_printf *reply,
		   void *arg)
{
	(void)cmd;

	return status_print(reply, arg);
}


int status_event_print(struct re_printf *pf, const struct status_event *se)
{
	const struct event *ev;
	struct jsonw js;

	if (!pf || !se || !se->ev)
		return EINVAL;

	ev = se->ev;
	jsonw_init(&js, pf);
	jsonw_open(&js, NULL, '{');

	switch (ev->type) {

	case EVENT_ACCOUNT:
		jsonw_str(&js, "event", "account");
		jsonw_int(&js, "idx", ev->u.account.idx);
		put_account(&js, &ev->u.account);
		break;

	case EVENT_CALL:
		jsonw_str(&js, "event", "call");
		put_call(&js, &ev->u.call, se->now_ms);
		break;

	case EVENT_LAMP:
		jsonw_str(&js, "event", "lamp");
		jsonw_int(&js, "idx", ev->u.lamp.idx);
		put_lamp(&js, &ev->u.lamp, fact_who(&ev->u.lamp),
			 ev->u.lamp.by, NULL, ev->u.lamp.since_ms,
			 se->now_ms);
		break;

	case EVENT_LAMPS:
		jsonw_str(&js, "event", "lamps");
		jsonw_int(&js, "count", ev->u.lamps);
		break;

	case EVENT_BOOK:
		jsonw_str(&js, "event", "book");
		jsonw_str(&js, "where", ev->u.book.spot);
		jsonw_bool(&js, "gone", ev->u.book.gone);
		jsonw_str(&js, "who", ev->u.book.who);
		jsonw_str(&js, "number", ev->u.book.number);
		jsonw_str(&js, "by", ev->u.book.by);
		jsonw_str(&js, "retrieve", ev->u.book.retrieve);
		jsonw_int(&js, "call", ev->u.book.id);
		jsonw_str(&js, "note", ev->u.book.note);
		jsonw_int(&js, "account", ev->u.book.account);
		put_since(&js, "since_s", ev->u.book.since_ms, se->now_ms);
		break;

	case EVENT_MESSAGE:
		jsonw_str(&js, "event", "message");
		jsonw_str(&js, "level", level_name(ev->u.message.level));
		jsonw_str(&js, "text", ev->u.message.text);
		break;

	case EVENT_SOUND:
		jsonw_str(&js, "event", "sound");
		jsonw_bool(&js, "ok", ev->u.sound.ok);
		jsonw_str(&js, "text", ev->u.sound.text);
		break;

	case EVENT_HINT:
		jsonw_str(&js, "event", "hint");
		jsonw_str(&js, "text", ev->u.message.text);
		break;

	case EVENT_SITE:
		jsonw_str(&js, "event", "site");
		jsonw_int(&js, "recall_s", ev->u.site.recall_s);
		break;

	case EVENT_HELP:
		jsonw_str(&js, "event", "help");
		break;

	case EVENT_QUIT:
		jsonw_str(&js, "event", "quit");
		break;

	case EVENT_NONE:
	case EVENT_TYPES:
		return EINVAL;
	}

	jsonw_close(&js, '}');

	return js.err;
}
