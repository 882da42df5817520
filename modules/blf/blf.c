/**
 * @file modules/blf/blf.c  The panel: accounts, lamps, one timer
 *
 * Wires the pure parts (blf_state, blf_sched_model, blf_gate_model,
 * lamp_model) to libre (blf_sip) and to the decoder. A lamp is watched by
 * one subscription, its root; each further branch of a forked SUBSCRIBE is
 * one more, that lives and ends with the root. Or a list tells it
 * (blf_list.c), then its root rests.
 */
#include <stddef.h>
#include <string.h>
#include <re.h>
#include "app/log.h"
#include "modules/blf/blf.h"
#include "modules/blf/blf_int.h"
#include "modules/blf/list_model.h"


enum {
	WINDOW = 32,
	HURRY_MS = 2000,       /* all are looked at again within         */
	HURRY_PAUSE_MS = 30000,
	TAG_SZ = 256,
	HOLD_MS = 3000,        /* lamps wait so long for a list          */
	TAKEN_MS = 2000,       /* the news of our own pickup takes       */
};

/* ------------------------------------------------------------------------ */
/* What is shown                                                             */

static const char *scode_text(uint16_t scode)
{
	switch (scode) {

	case 400: return "400 Bad Request: the server dislikes our SUBSCRIBE";
	case 401:
	case 407: return "password refused";
	case 403: return "403 Forbidden: may not be watched";
	case 404: return "404 Not Found: no hint for this spot?";
	case 405: return "405: the server has no lamps";
	case 406: return "406: the server has no dialog-info";
	case 408: return "408: the server had no answer";
	case 410: return "410: this number is gone";
	case 421: return "421: the server tells it in a list only";
	case 423: return "423: any interval is too brief for the server";
	case 480: return "480: not available at the moment";
	case 481: return "481: the server does not know the subscription";
	case 486: return "486: the server is busy";
	case 489: return "489 Bad Event: the server tells no dialog state";
	case 500: return "500: error of the server";
	case 501: return "501: the server knows no SUBSCRIBE";
	case 503: return "503: the server is overloaded";
	default:  return NULL;
	}
}


void blf_watch_reason(char *buf, size_t sz, const struct watch *w)
{
	const struct acct *acct = w->acct;
	const char *text;

	if (acct->gate.mode == BLF_GATE_SHUT &&
	    w->root.sub.state == BLF_OFF) {
		(void)re_snprintf(buf, sz, "not registered%s%s",
				  acct->reason[0] ? ": " : "", acct->reason);
		return;
	}

	switch (w->why) {

	case WHY_SILENT:
		str_ncpy(buf, "no answer from the server", sz);
		break;

	case WHY_UNSENT:
		str_ncpy(buf, "the server cannot be reached", sz);
		break;

	case WHY_STATELESS:
		str_ncpy(buf, "the server answers, but tells no state", sz);
		break;

	case WHY_SCODE:
		text = scode_text(w->scode);
		if (text)
			str_ncpy(buf, text, sz);
		else
			(void)re_snprintf(buf, sz, "refused with %u",
					  w->scode);
		break;

	case WHY_ENDED:
		(void)re_snprintf(buf, sz, "ended by the server%s%s",
				  w->word[0] ? ": " : "", w->word);
		break;

	case WHY_RAN_OUT:
		str_ncpy(buf, "the subscription ran out", sz);
		break;

	case WHY_RESTARTED:
		str_ncpy(buf, "the server was restarted", sz);
		break;

	case WHY_DENIED:
		str_ncpy(buf, "the server does not accept this account", sz);
		break;

	case WHY_METHOD:
		(void)re_snprintf(buf, sz, "%u: the server wants a proof that"
				  " is unknown here", w->scode);
		break;

	case WHY_PASSWORD:
		(void)re_snprintf(buf, sz, "%u: the server wants a password,"
				  " and there is none", w->scode);
		break;

	default:
		str_ncpy(buf, acct->silent ? "no answer from the server"
			 : "asking the server", sz);
		break;
	}
}


void blf_watch_useless(struct watch *w, const char *reason)
{
	/* static texts: the same one is the same */
	if (reason && reason != w->logged)
		applog(APPLOG_INFO, "blf: %s %s: %s", w->roster ? "list"
		       : "lamp", w->spot, reason);

	w->logged = reason;
}


void blf_watch_overdue(struct watch *w, uint64_t now_ms)
{
	/* sooner: what is asked now will tell. Of several that wait there
	   only one is ours */
	if (w->taken_ms && now_ms - w->taken_ms >= TAKEN_MS &&
	    w->lamp.state == LAMP_PARKED && w->lamp.calls < 2)
		(void)lamp_doubt(&w->lamp, NULL, "you have taken the call,"
				 " but the server does not say so");

	w->taken_ms = 0;
}


/* FNV-1a, but of eight bytes at a time, and mixed downwards after each: a
   multiplication carries upwards only. A fact has 80 words */
static uint64_t fact_hash(const struct lamp_fact *fact)
{
	uint64_t h = 0xcbf29ce484222325ull, wordv[sizeof(*fact) / 8];

	_Static_assert(sizeof(*fact) % 8 == 0, "bytes would be left out");
	memcpy(wordv, fact, sizeof(wordv));

	for (size_t i=0; i<ARRAY_SIZE(wordv); i++) {
		h = (h ^ wordv[i]) * 0x9e3779b97f4a7c15ull;
		h ^= h >> 32;
	}

	return h ? h : 1;
}


static bool all_fresh(const struct watch *w)
{
	const struct le *le;

	if (w->feeder)
		return w->listed && w->feeder->root.sub.fresh;

	if (w->fed)
		return w->acct->gate.mode != BLF_GATE_SHUT;

	if (!w->root.sub.fresh)
		return false;

	for (le = w->forkl.head; le; le = le->next) {

		const struct leg *leg = le->data;

		if (!leg->sub.fresh)
			return false;
	}

	return true;
}


/* Tell the lamp's fact if it is another than the last one told. Keeping a
   hash instead of the fact saves 600 bytes a lamp */
void blf_watch_tell(struct watch *w)
{
	struct blf *blf = w->blf;
	struct lamp_fact fact;
	uint64_t hash;

	if (blf->closing || w->quiet)
		return;

	if (w->roster) {
		blf_list_tell(w);
		return;
	}

	memset(&fact, 0, sizeof(fact));
	fact.idx     = w->idx;
	fact.kind    = w->lamp.kind;
	fact.account = w->acct->idx;
	str_ncpy(fact.spot, w->spot, sizeof(fact.spot));
	str_ncpy(fact.label, w->label, sizeof(fact.label));

	lamp_view(&w->lamp, &fact);

	if (!all_fresh(w)) {
		fact.stale = fact.state != LAMP_UNKNOWN;
		memset(fact.reason, 0, sizeof(fact.reason));
		blf_watch_reason(fact.reason, sizeof(fact.reason),
				 w->feeder ? w->feeder : w);
	}
	else if ((fact.state == LAMP_UNKNOWN || fact.stale) &&
		 !fact.reason[0]) {
		str_ncpy(fact.reason, w->pending
			 ? "the server has not decided yet"
			 : "the server tells no state", sizeof(fact.reason));
	}

	hash = fact_hash(&fact);
	if (hash == w->shown)
		return;

	w->shown = hash;

	++blf->depth;
	blf->h(&fact, blf->arg);
	--blf->depth;
}


/* ------------------------------------------------------------------------ */
/* One subscription                                                          */

static struct leg *dlg_leg(struct blf_dlg *dlg)
{
	return (struct leg *)(void *)((char *)dlg -
				      offsetof(struct leg, dlg));
}


static void window_enter(struct leg *leg, uint64_t now_ms)
{
	if (!leg->in_window) {
		leg->in_window = true;
		++leg->watch->blf->busy;
		blf_gate_sent(&leg->watch->acct->gate, now_ms);
	}
}


static void window_leave(struct leg *leg)
{
	if (leg->in_window) {
		leg->in_window = false;
		--leg->watch->blf->busy;
		blf_gate_done(&leg->watch->acct->gate);
	}
}


/* Nobody waits for an answer any more */
static void leg_cancel(struct leg *leg)
{
	blf_dlg_cancel(&leg->dlg);
	window_leave(leg);
}


static void leg_forget(struct leg *leg, uint64_t now_ms)
{
	blf_dlg_forget(&leg->dlg, now_ms);
	window_leave(leg);
}


static void leg_close(struct leg *leg, uint64_t now_ms)
{
	blf_dlg_close(&leg->dlg, now_ms);
	window_leave(leg);
	list_unlink(&leg->qle);
	(void)blf_sched_set(&leg->watch->blf->sched, &leg->item,
			    BLF_SCHED_NEVER);
}


static void fork_destructor(void *arg)
{
	struct leg *leg = arg;

	leg_close(leg, clock_ms(leg->watch->blf->clock));
	list_unlink(&leg->le);
}


static void log_move(const struct leg *leg, enum blf_state from,
		     enum blf_event ev)
{
	const enum blf_state to = leg->sub.state;
	const bool bad = to == BLF_DOUBT || to == BLF_RETRY ||
		to == BLF_REFUSED;

	if (from == to)
		return;

	applog(bad ? APPLOG_INFO : APPLOG_DEBUG, "blf: %s%s %s -> %s on %s",
	       leg->watch->spot, leg->fork ? " (fork)" : "",
	       blf_state_name(from), blf_state_name(to), blf_event_name(ev));
}


static void hurry_leg(struct leg *leg, bool live, bool refused,
		      uint64_t now_ms)
{
	if ((leg->sub.state == BLF_LIVE) != live)
		return;

	blf_nudge(&leg->sub, now_ms + blf_jitter(&leg->sub, HURRY_MS),
		  refused);
	(void)blf_sched_set(&leg->watch->blf->sched, &leg->item,
			    leg->sub.due_ms);
}


/* All of an account that wait for better times, or that are live after the
   server was seen to have forgotten one: within two seconds, not at once */
static void hurry(struct blf *blf, struct acct *acct, bool live,
		  bool refused, uint64_t now_ms)
{
	if (live) {
		if (acct->hurried_ms &&
		    now_ms - acct->hurried_ms < HURRY_PAUSE_MS)
			return;
		acct->hurried_ms = now_ms ? now_ms : 1;

		if (blf->restarth) {
			++blf->depth;
			blf->restarth(acct->idx, blf->arg);
			--blf->depth;
		}
	}

	for (size_t i=0; i<blf_watch_count(blf); i++) {

		struct watch *w = blf_watch_at(blf, i);

		if (w->acct != acct)
			continue;

		hurry_leg(&w->root, live, refused, now_ms);

		for (struct le *le = w->forkl.head; le; le = le->next)
			hurry_leg(le->data, live, refused, now_ms);
	}
}


/* What was live has ended: were others lost with it? */
static void ended_sign(struct leg *leg, enum blf_gate_sign sign,
		       uint64_t now_ms)
{
	struct acct *acct = leg->watch->acct;
	struct blf *blf = leg->watch->blf;

	if (!blf->closing && blf_gate_sign(&acct->gate, sign, now_ms))
		hurry(blf, acct, true, false, now_ms);
}


/* Those in the queue learn why they wait */
static void acct_silent(struct blf *blf, struct acct *acct, bool silent)
{
	if (acct->silent == silent)
		return;

	acct->silent = silent;

	for (size_t i=0; i<blf_watch_count(blf); i++) {

		struct watch *w = blf_watch_at(blf, i);

		if (w->acct == acct)
			blf_watch_tell(w);
	}
}


static void gate_news(struct leg *leg, enum blf_gate_news news,
		      uint64_t sent_ms, uint64_t now_ms)
{
	struct blf *blf = leg->watch->blf;
	struct acct *acct = leg->watch->acct;
	const uint8_t before = acct->gate.mode;

	if (blf_gate_step(&acct->gate, news, sent_ms, now_ms))
		hurry(blf, acct, false, before == BLF_GATE_DENIED, now_ms);

	if (news != BLF_GATE_SILENCE)
		acct_silent(blf, acct, false);
	else if (acct->gate.mode == BLF_GATE_PROBE)
		acct_silent(blf, acct, true);

	if (acct->gate.mode != before)
		applog(acct->gate.mode == BLF_GATE_DENIED ? APPLOG_WARN
		       : APPLOG_INFO, "blf: account %u: %s", acct->idx,
		       acct->gate.mode == BLF_GATE_OPEN
		       ? "the server answers"
		       : acct->gate.mode == BLF_GATE_DENIED
		       ? "the server does not accept us"
		       : "the server is silent");
}


static void forks_drop(struct watch *w)
{
	list_flush(&w->forkl);
}


/* A fork is not subscribed again: its root is, which asks all branches */
static void fork_over(struct leg *leg, const char *tag, enum blf_event ev,
		      uint64_t now_ms)
{
	struct watch *w = leg->watch;

	(void)lamp_forget(&w->lamp, tag, "", now_ms);
	mem_deref(leg);

	if (ev != BLF_EV_REFUSED)
		blf_leg_step(&w->root, BLF_EV_AGAIN, 0, now_ms);
	else
		blf_watch_tell(w);
}


static void unsubscribe(struct leg *leg, uint64_t now_ms)
{
	struct watch *w = leg->watch;

	if (leg->sub.state == BLF_CLOSING) {
		leg_cancel(leg);
		list_append(&w->blf->byel, &leg->qle, leg);
		return;
	}

	/* Timer N: the server may hold a subscription that we gave up. If
	   it is silent there is no point in telling it so */
	if (w->acct->gate.mode == BLF_GATE_OPEN)
		(void)blf_dlg_unsubscribe(&leg->dlg, BLF_BYE_LEAVE, now_ms);

	leg_forget(leg, now_ms);
}


static void closed(struct blf *blf, uint64_t now_ms)
{
	if (blf->openc && --blf->openc == 0)
		(void)blf_sched_set(&blf->sched, &blf->close, now_ms);
}


/* @return 0, or why nothing could be sent */
static int act(struct leg *leg, enum blf_action action, uint64_t now_ms)
{
	struct watch *w = leg->watch;
	struct acct *acct = w->acct;
	int err = 0;

	switch (action) {

	case BLF_ACT_QUEUE:
		leg_cancel(leg);
		list_append(leg->sub.state == BLF_RENEW ? &acct->renewl
			    : &acct->newl, &leg->qle, leg);
		break;

	case BLF_ACT_SUBSCRIBE:
		if (leg->sub.expires_s < acct->expires_s)
			leg->sub.expires_s = acct->expires_s;
		leg->version_known = false;
		forks_drop(w);
		if (!w->fed)
			(void)lamp_reset(&w->lamp, "");
		blf_list_reset(w);
		window_enter(leg, now_ms);
		err = blf_dlg_subscribe(&leg->dlg, leg->sub.expires_s,
					now_ms);
		break;

	case BLF_ACT_REFRESH:
		window_enter(leg, now_ms);
		err = blf_dlg_refresh(&leg->dlg, leg->sub.expires_s, now_ms);
		break;

	case BLF_ACT_FORGET:
		leg_forget(leg, now_ms);
		break;

	case BLF_ACT_UNSUBSCRIBE:
		unsubscribe(leg, now_ms);
		break;

	default:
		break;
	}

	return err;
}


static bool is_over(enum blf_state state)
{
	return state == BLF_QUEUED || state == BLF_RETRY ||
		state == BLF_REFUSED;
}


void blf_leg_step(struct leg *leg, enum blf_event ev, uint32_t val_s,
		  uint64_t now_ms)
{
	struct watch *w = leg->watch;
	struct blf *blf = w->blf;
	const bool fresh = leg->sub.fresh;
	enum blf_action action;
	enum blf_state from;
	char tag[TAG_SZ];
	int err;

	str_ncpy(tag, leg->fork && leg->dlg.remote ? leg->dlg.remote : "",
		 sizeof(tag));

	++blf->depth;

 again:
	from   = leg->sub.state;
	action = blf_step(&leg->sub, ev, val_s, now_ms);

	log_move(leg, from, ev);

	if (from != leg->sub.state)
		list_unlink(&leg->qle);

	err = act(leg, action, now_ms);
	if (err) {
		applog(APPLOG_INFO, "blf: %s cannot be sent: %m", w->spot,
		       err);
		window_leave(leg);
		gate_news(leg, BLF_GATE_SILENCE, now_ms, now_ms);
		w->why = WHY_UNSENT;
		ev = BLF_EV_TIMEOUT;
		val_s = 0;
		goto again;
	}

	(void)blf_sched_set(&blf->sched, &leg->item, leg->sub.due_ms);

	if (from != leg->sub.state && leg->sub.state == BLF_CLOSED)
		closed(blf, now_ms);

	if (leg->sub.fresh && !leg->fork)
		w->why = WHY_NONE;
	else if (fresh && !leg->sub.fresh) {
		(void)lamp_lost(&w->lamp, "");
		blf_list_lost(w);
	}

	if (leg->fork && is_over(leg->sub.state)) {
		fork_over(leg, tag, ev, now_ms);
		goto out;
	}

	/* a root that is over takes its branches along */
	if (!leg->fork && is_over(leg->sub.state))
		forks_drop(w);

	blf_watch_tell(w);

 out:
	--blf->depth;
}


/* ------------------------------------------------------------------------ */
/* The window and the timer                                                  */

static void poll_handler(void *arg)
{
	blf_poll(arg);
}


static void arm(struct blf *blf, uint64_t now_ms)
{
	const uint64_t next = blf_sched_next_ms(&blf->sched);

	/* each start of a timer walks libre's list: one that fires too
	   early is cheaper than to move it back with each NOTIFY */
	if (next >= blf->armed_ms)
		return;

	blf->armed_ms = next;
	tmr_start(&blf->tmr, next > now_ms ? next - now_ms : 0,
		  poll_handler, blf);
}


static void pump_acct(struct blf *blf, struct acct *acct, uint64_t now_ms)
{
	struct leg *leg;

	while (blf->busy < blf->window &&
	       blf_gate_may(&acct->gate, now_ms)) {

		leg = list_ledata(acct->renewl.head);
		if (!leg)
			leg = list_ledata(acct->newl.head);
		if (!leg)
			break;

		blf_leg_step(leg, BLF_EV_SLOT, 0, now_ms);
	}

	if (acct->gate.mode == BLF_GATE_DENIED && !acct->gate.busy &&
	    !blf_gate_may(&acct->gate, now_ms)) {

		while ((leg = list_ledata(acct->newl.head))) {
			if (leg->watch->why != WHY_SCODE &&
			    leg->watch->why != WHY_METHOD &&
			    leg->watch->why != WHY_PASSWORD)
				leg->watch->why = WHY_DENIED;
			blf_leg_step(leg, BLF_EV_REFUSED, 0, now_ms);
		}
	}

	(void)blf_sched_set(&blf->sched, &acct->item,
			    acct->renewl.head || acct->newl.head
			    ? blf_gate_due_ms(&acct->gate)
			    : BLF_SCHED_NEVER);
}


/* After whatever happened: send what may be sent, set the timer */
static void work(struct blf *blf, uint64_t now_ms)
{
	struct leg *leg;

	if (blf->depth)
		return;

	while (blf->busy < blf->window &&
	       (leg = list_ledata(blf->byel.head))) {

		list_unlink(&leg->qle);
		window_enter(leg, now_ms);

		if (blf_dlg_unsubscribe(&leg->dlg, BLF_BYE_WAIT, now_ms)) {
			window_leave(leg);
			blf_leg_step(leg, BLF_EV_TIMEOUT, 0, now_ms);
		}
	}

	for (size_t i=0; i<blf->acctc; i++)
		pump_acct(blf, &blf->acctv[i], now_ms);

	arm(blf, now_ms);
}


static void leg_due(struct leg *leg, uint64_t now_ms)
{
	const enum blf_state was = leg->sub.state;
	struct watch *w = leg->watch;

	switch (leg->sub.state) {

	case BLF_WAIT:
	case BLF_REFRESH:
		if (leg->dlg.accepted) {
			w->why = WHY_STATELESS;
			break;
		}
		w->why = WHY_SILENT;
		gate_news(leg, BLF_GATE_SILENCE, leg->dlg.sent_ms, now_ms);
		break;

	case BLF_LIVE:
	case BLF_RENEW:
	case BLF_DOUBT:
		if (now_ms >= leg->sub.exp_ms && !w->why)
			w->why = WHY_RAN_OUT;

		if (was == BLF_LIVE && w->roster)
			blf_list_overdue(w, now_ms);
		else if (was == BLF_LIVE)
			blf_watch_overdue(w, now_ms);
		break;

	default:
		break;
	}

	blf_leg_step(leg, BLF_EV_DUE, 0, now_ms);

	if (w->roster)
		blf_list_due(w, was, now_ms);
}


static void tell_all(struct blf *blf)
{
	(void)blf_sched_set(&blf->sched, &blf->tell, BLF_SCHED_NEVER);

	for (size_t i=0; i<blf->watchc; i++)
		blf_watch_tell(blf->watchv[i]);
}


static void close_now(struct blf *blf, uint64_t now_ms)
{
	void (*closeh)(void *arg) = blf->closeh;
	struct leg *leg;

	(void)blf_sched_set(&blf->sched, &blf->close, BLF_SCHED_NEVER);

	/* those whose turn never came get at least one datagram */
	while ((leg = list_ledata(blf->byel.head))) {
		list_unlink(&leg->qle);
		(void)blf_dlg_unsubscribe(&leg->dlg, BLF_BYE_ONCE, now_ms);
		blf_leg_step(leg, BLF_EV_TIMEOUT, 0, now_ms);
	}

	blf->closeh = NULL;
	if (closeh)
		closeh(blf->closearg);
}


static struct acct *item_acct(struct blf_sched_item *item)
{
	return (struct acct *)(void *)((char *)item -
				       offsetof(struct acct, hold));
}


void blf_acct_release(struct blf *blf, struct acct *acct, uint64_t now_ms)
{
	(void)blf_sched_set(&blf->sched, &acct->hold, BLF_SCHED_NEVER);

	if (acct->gate.mode == BLF_GATE_SHUT || blf->closing)
		return;

	for (size_t i=0; i<blf->watchc; i++) {

		struct watch *w = blf->watchv[i];

		if (w->acct == acct && !w->feeder &&
		    w->root.sub.state == BLF_OFF)
			blf_leg_step(&w->root, BLF_EV_START, 0, now_ms);
	}
}


void blf_poll(struct blf *blf)
{
	struct blf_sched_item *item;
	bool closed_now = false;
	uint64_t now_ms;

	if (!blf || blf->depth)
		return;

	now_ms = clock_ms(blf->clock);

	/* whatever was armed was for a time that is over */
	blf->armed_ms = BLF_SCHED_NEVER;

	while (!closed_now && (item = blf_sched_due(&blf->sched, now_ms))) {

		switch (item->kind) {

		case ITEM_LEG:
			leg_due((struct leg *)(void *)item, now_ms);
			break;

		case ITEM_TELL:
			tell_all(blf);
			break;

		case ITEM_CLOSE:
			closed_now = true;
			break;

		case ITEM_HOLD:
			blf_acct_release(blf, item_acct(item), now_ms);
			break;

		default:
			(void)blf_sched_set(&blf->sched, item,
					    BLF_SCHED_NEVER);
			break;
		}
	}

	work(blf, now_ms);

	/* the last word: the handler may well end all this */
	if (closed_now)
		close_now(blf, now_ms);
}


/* ------------------------------------------------------------------------ */
/* What the SIP side tells                                                   */

static void answer_handler(struct blf_dlg *dlg, enum blf_event ev,
			   uint16_t scode, uint32_t val_s, uint64_t now_ms,
			   void *arg)
{
	struct leg *leg = dlg_leg(dlg);
	struct watch *w = leg->watch;
	struct blf *blf = arg;
	enum blf_gate_news news = BLF_GATE_ALIVE;

	window_leave(leg);

	if (ev == BLF_EV_TIMEOUT)
		news = BLF_GATE_SILENCE;
	else if (ev == BLF_EV_OK)
		news = BLF_GATE_ACCEPTED;
	else if (scode == 401 || scode == 407)
		news = BLF_GATE_PASSWORD;
	else if (scode == 403)
		news = BLF_GATE_FORBID;

	gate_news(leg, news, leg->dlg.sent_ms, now_ms);

	if (ev != BLF_EV_OK) {
		w->why   = ev == BLF_EV_TIMEOUT ? WHY_SILENT : WHY_SCODE;
		w->scode = scode;
		if (scode == 401 || scode == 407)
			w->why = dlg->deny == BLF_DENY_METHOD ? WHY_METHOD
				: dlg->deny == BLF_DENY_PASSWORD ?
				WHY_PASSWORD : WHY_SCODE;
		applog(APPLOG_DEBUG, "blf: %s answered %u", w->spot, scode);
	}

	if (ev == BLF_EV_GONE)
		ended_sign(leg, blf_gate_sign_of(scode), now_ms);

	blf_leg_step(leg, ev, val_s, now_ms);

	if (ev == BLF_EV_BRIEF && w->root.sub.expires_s > w->acct->expires_s)
		w->acct->expires_s = w->root.sub.expires_s;

	if (w->roster && ev == BLF_EV_REFUSED)
		blf_list_refused(w, scode, now_ms);

	work(blf, now_ms);
}


/* @return True if full state is to be asked for */
static bool document(struct leg *leg, const struct blf_notify *n,
		     uint64_t now_ms)
{
	struct watch *w = leg->watch;
	struct blf *blf = w->blf;
	unsigned out;
	int err;

	if (w->roster)
		return blf_list_document(w, n, now_ms);

	if (w->info) {
		const char *why = n->bad ? n->bad : n->cut ? BLF_CUT : NULL;

		blf_watch_useless(w, why);
		if (!why && blf->infoh && !blf->closing)
			blf->infoh(w->acct->idx, n->body, n->len, blf->arg);
		return why != NULL;
	}

	blf_watch_unfeed(w);

	if (n->cut || n->bad) {
		const char *why = n->bad ? n->bad : BLF_CUT;

		blf_watch_useless(w, why);
		(void)lamp_doubt(&w->lamp, leg->dlg.remote, why);
		return true;
	}

	err = dialoginfo_decode(blf->di, blf->dec, n->body, n->len);
	blf_watch_useless(w, err ? blf->di->reason : NULL);

	out = lamp_step(&w->lamp, leg->dlg.remote, blf->di, now_ms);
	if (!err)
		w->taken_ms = 0;

	if (!err && !(out & LAMP_OUT_DISCARDED)) {
		leg->version       = blf->di->version;
		leg->version_known = blf->di->version_known;
	}

	return out & (LAMP_OUT_REFRESH_WANTED | LAMP_OUT_NOT_UNDERSTOOD);
}


/* The server gives a parked call back after its time: a spot that is taken
   for longer is looked at, so that a lost NOTIFY does not lie for long */
void blf_watch_recall(const struct watch *w, struct leg *leg,
		      uint64_t now_ms)
{
	const struct lamp *lamp = &w->lamp;
	const uint64_t period = w->blf->recall_s * 1000ull;
	uint64_t since;

	if (!period || lamp->state != LAMP_PARKED || lamp->stale)
		return;

	since = now_ms > lamp->since_ms ? now_ms - lamp->since_ms : 0;

	blf_nudge(&leg->sub, now_ms + period - since % period, false);
	(void)blf_sched_set(&leg->watch->blf->sched, &leg->item,
			    leg->sub.due_ms);
}


static void notify_handler(struct blf_dlg *dlg, const struct blf_notify *n,
			   uint64_t now_ms, void *arg)
{
	struct leg *leg = dlg_leg(dlg);
	struct watch *w = leg->watch;
	struct blf *blf = arg;
	bool ask = false;

	gate_news(leg, BLF_GATE_ALIVE, 0, now_ms);

	if (n->late) {
		applog(APPLOG_DEBUG, "blf: %s: late NOTIFY dropped", w->spot);
		blf_leg_step(leg, BLF_EV_ASK, 0, now_ms);
	}
	else if (n->restart) {
		applog(APPLOG_INFO, "blf: %s: the notifier counts anew",
		       w->spot);
		w->why = WHY_RESTARTED;
		ended_sign(leg, BLF_SIGN_OF_ALL, now_ms);
		blf_leg_step(leg, BLF_EV_AGAIN, 0, now_ms);
	}
	else {
		if (!n->bad)
			w->pending = n->pending;

		if (n->body || n->cut || n->bad)
			ask = document(leg, n, now_ms);

		if (n->ev != BLF_EV_NOTIFY) {
			w->why  = WHY_ENDED;
			w->word = n->reason;
		}

		if (n->ev == BLF_EV_AGAIN)
			ended_sign(leg, blf_gate_sign_of(0), now_ms);

		/* one that is refused is no sign of life */
		if (!n->bad || n->ev != BLF_EV_NOTIFY)
			blf_leg_step(leg, n->ev, n->val_s, now_ms);

		if (n->ev == BLF_EV_NOTIFY) {
			if (ask)
				blf_leg_step(leg, BLF_EV_ASK, 0, now_ms);
			blf_watch_recall(w, leg, now_ms);
		}

		if (w->roster && n->ev == BLF_EV_REFUSED)
			blf_list_refused(w, 0, now_ms);
		else if (w->roster)
			blf_list_notified(w, now_ms);
	}

	work(blf, now_ms);
}


static bool known_handler(struct blf_dlg *dlg, const struct blf_notify *n,
			  void *arg)
{
	const struct leg *leg = dlg_leg(dlg);
	struct blf *blf = arg;

	if (leg->watch->roster)
		return blf_list_known(leg->watch, n);

	/* these have no version: what is late is late */
	if (leg->watch->info)
		return true;

	if (dialoginfo_decode(blf->di, blf->dec, n->body, n->len))
		return true;

	return !blf->di->version_known || !leg->version_known ||
		blf->di->version <= leg->version;
}


static void leg_init(struct leg *leg, struct watch *w, uint32_t expires_s,
		     uint32_t seed)
{
	leg->watch     = w;
	leg->item.kind = ITEM_LEG;
	blf_sub_init(&leg->sub, expires_s, seed);
	blf_dlg_init(&leg->dlg, w->blf->bs, w->acct->idx, w->target);
	leg->dlg.pack = w->roster ? BLF_PACK_LIST : BLF_PACK_DIALOG;
}


static struct blf_dlg *fork_handler(struct blf_dlg *dlg, void *arg)
{
	struct leg *root = dlg_leg(dlg), *leg;
	struct watch *w = root->watch;
	struct blf *blf = arg;
	const uint64_t now_ms = clock_ms(blf->clock);

	if (w->roster || w->info || list_count(&w->forkl) + 1 >= LAMP_FORKS_MAX)
		return NULL;

	switch (root->sub.state) {

	case BLF_WAIT:
	case BLF_LIVE:
	case BLF_RENEW:
	case BLF_REFRESH:
	case BLF_DOUBT:
		break;

	default:
		return NULL;
	}

	/* room for it, so that the schedule never fails later */
	if (blf_sched_reserve(&blf->sched, blf->sched.itemc + 1))
		return NULL;

	leg = mem_zalloc(sizeof(*leg), fork_destructor);
	if (!leg)
		return NULL;

	leg_init(leg, w, root->sub.expires_s, 0);
	blf_sub_fork(&leg->sub, &root->sub, 0, now_ms);
	leg->fork = true;
	list_append(&w->forkl, &leg->le, leg);

	applog(APPLOG_INFO, "blf: %s forked, branch %u", w->spot,
	       list_count(&w->forkl));

	return &leg->dlg;
}


struct wanted {
	const struct acct *acct;
	const struct pl *key;
};


static bool spot_cmp(struct le *le, void *arg)
{
	const struct watch *w = le->data;
	const struct wanted *want = arg;

	return w->acct == want->acct && !pl_strcmp(want->key, w->spot);
}


static bool user_cmp(struct le *le, void *arg)
{
	const struct watch *w = le->data;
	const struct wanted *want = arg;
	struct uri uri;
	struct pl pl;

	pl_set_str(&pl, w->target);

	return w->acct == want->acct && !uri_decode(&uri, &pl) &&
		!pl_cmp(&uri.user, want->key);
}


struct watch *blf_watch_find(const struct blf *blf, const struct acct *acct,
			     const struct pl *user, const struct pl *number)
{
	struct wanted want = {acct, number};
	struct watch *w;

	w = list_ledata(hash_lookup(blf->ht_spot,
				    hash_joaat_pl(number), spot_cmp, &want));
	if (w || !user)
		return w;

	want.key = user;

	return list_ledata(hash_lookup(blf->ht_user,
				       hash_joaat_pl(user), user_cmp, &want));
}


void blf_taken(struct blf *blf, unsigned account, const char *spot)
{
	struct watch *w;
	struct leg *leg;
	uint64_t now_ms;
	struct pl pl;

	if (!blf || !spot || account >= blf->acctc || blf->closing)
		return;

	pl_set_str(&pl, spot);
	w = blf_watch_find(blf, &blf->acctv[account], NULL, &pl);
	if (!w || w->lamp.state != LAMP_PARKED || w->lamp.stale)
		return;

	now_ms = clock_ms(blf->clock);
	leg    = w->feeder ? &w->feeder->root : &w->root;

	w->taken_ms = now_ms ? now_ms : 1;

	blf_nudge(&leg->sub, now_ms + TAKEN_MS, false);
	(void)blf_sched_set(&blf->sched, &leg->item, leg->sub.due_ms);
	arm(blf, now_ms);
}


int blf_dialog_of(const struct blf *blf, unsigned account, const char *spot,
		  struct blf_dialog *dlg)
{
	const struct watch *w;
	struct lamp_dialog d;
	struct pl pl;

	if (!blf || !spot || !dlg)
		return EINVAL;

	if (account >= blf->acctc)
		return ENOENT;

	pl_set_str(&pl, spot);
	w = blf_watch_find(blf, &blf->acctv[account], NULL, &pl);

	if (!w || w->lamp.stale || !all_fresh(w) || !lamp_dialog(&w->lamp, &d)
	    || d.state != DIALOGINFO_EARLY ||
	    d.direction != DIALOGINFO_RECIPIENT || !d.call_id[0] ||
	    !d.local_tag[0] || !d.remote_tag[0] || !d.target[0])
		return ENOENT;

	/* a part of one means something else */
	if (strlen(d.target) >= sizeof(dlg->target) ||
	    strlen(d.call_id) >= sizeof(dlg->call_id) ||
	    strlen(d.remote_tag) >= sizeof(dlg->to_tag) ||
	    strlen(d.local_tag) >= sizeof(dlg->from_tag))
		return ENOENT;

	str_ncpy(dlg->target, d.target, sizeof(dlg->target));
	str_ncpy(dlg->call_id, d.call_id, sizeof(dlg->call_id));
	str_ncpy(dlg->to_tag, d.remote_tag, sizeof(dlg->to_tag));
	str_ncpy(dlg->from_tag, d.local_tag, sizeof(dlg->from_tag));

	return 0;
}


bool blf_request(struct blf *blf, const struct sip_msg *msg,
		 blf_server_h *serverh, void *arg)
{
	return blf && blf_sip_request(blf->bs, msg, serverh, arg);
}


void blf_set_info_handler(struct blf *blf, blf_info_h *h)
{
	if (blf)
		blf->infoh = h;
}


void blf_set_restart_handler(struct blf *blf, blf_restart_h *h)
{
	if (blf)
		blf->restarth = h;
}


void blf_watch_unfeed(struct watch *w)
{
	if (!w->fed)
		return;

	w->fed = mem_deref(w->fed);
	(void)lamp_reset(&w->lamp, "");
}


/* "sip:102@pbx:5060", "<sip:102@pbx>", "102": who is meant */
static bool entity_user(struct pl *user, const char *entity)
{
	struct sip_addr addr;
	struct pl pl;

	pl_set_str(&pl, entity);
	if (sip_addr_decode(&addr, &pl) || !pl_isset(&addr.uri.user))
		*user = pl;
	else
		*user = addr.uri.user;

	return pl_isset(user);
}


static struct watch *unasked_watch(const struct blf *blf,
				   const struct blf_unasked *u)
{
	const struct acct *acct = &blf->acctv[u->account];
	struct watch *w = NULL;
	struct pl user;

	if (!blf->di->err && entity_user(&user, blf->di->entity))
		w = blf_watch_find(blf, acct, &user, &user);

	return w ? w : blf_watch_find(blf, acct, u->user, u->user);
}


/* A lamp is told without having asked */
static void feed(struct watch *w, const struct blf_unasked *u,
		 const char *bad, uint64_t now_ms)
{
	struct blf *blf = w->blf;
	char *callid = NULL;
	unsigned out;

	blf_watch_useless(w, bad);

	if (bad) {
		(void)lamp_doubt(&w->lamp, NULL, bad);
		return;
	}

	if (pl_strdup(&callid, u->callid)) {
		(void)lamp_doubt(&w->lamp, NULL, "out of memory");
		return;
	}

	if (!w->fed)
		(void)lamp_reset(&w->lamp, "");

	out = lamp_step(&w->lamp, callid, blf->di, now_ms);

	/* versions count within a Call-ID (RFC 4235 4.1) */
	if (w->fed && strcmp(w->fed, callid))
		(void)lamp_forget(&w->lamp, w->fed, "", now_ms);

	mem_deref(w->fed);
	w->fed = callid;

	if ((out & LAMP_OUT_DISCARDED) && (out & LAMP_OUT_REFRESH_WANTED))
		(void)lamp_doubt(&w->lamp, NULL,
				 "the server told it out of turn");
}


static void unasked_dialog(struct blf *blf, const struct blf_unasked *u,
			   const struct sip_msg *msg)
{
	const uint64_t now_ms = clock_ms(blf->clock);
	const char *bad = u->n.bad ? u->n.bad : u->n.cut ? BLF_CUT : NULL;
	struct watch *w;

	if (dialoginfo_decode(blf->di, blf->dec, u->n.body, u->n.len) &&
	    !bad && u->n.body)
		bad = blf->di->reason;

	w = unasked_watch(blf, u);

	blf_sip_unasked_answer(blf->bs, u, msg, w ? u->scode : 481);

	/* who is told by what he asked for needs no other */
	if (!w || blf->closing || w->feeder || w->root.sub.fresh ||
	    w->acct->gate.mode == BLF_GATE_SHUT || (!u->n.body && !bad))
		return;

	feed(w, u, bad, now_ms);
	blf_watch_tell(w);
	work(blf, now_ms);
}


static void unasked_info(struct blf *blf, const struct blf_unasked *u,
			 const struct sip_msg *msg)
{
	const size_t len = mbuf_get_left(msg->mb);

	blf_sip_unasked_answer(blf->bs, u, msg, 200);

	applog(APPLOG_INFO, "blf: account %u: park-info, %zu bytes: %b",
	       u->account, len, mbuf_buf(msg->mb), MIN(len, (size_t)1024));

	if (blf->infoh && !blf->closing) {
		++blf->depth;
		blf->infoh(u->account, mbuf_buf(msg->mb), len, blf->arg);
		--blf->depth;
	}
}


bool blf_unsolicited(struct blf *blf, const struct sip_msg *msg,
		     blf_server_h *serverh, void *arg)
{
	struct blf_unasked u;
	bool handled;

	if (!blf || !blf_sip_unasked(blf->bs, &u, &handled, msg, serverh,
				     arg))
		return false;

	if (handled)
		return true;

	if (u.info)
		unasked_info(blf, &u, msg);
	else
		unasked_dialog(blf, &u, msg);

	return true;
}


/* ------------------------------------------------------------------------ */
/* Life of the panel                                                         */

bool blf_leg_subscribed(const struct leg *leg)
{
	switch (leg->sub.state) {

	case BLF_LIVE:
	case BLF_RENEW:
	case BLF_REFRESH:
	case BLF_DOUBT:
	case BLF_CLOSING:
		return true;

	default:
		return false;
	}
}


static void leg_bye(struct leg *leg, uint64_t now_ms)
{
	if (leg->watch->acct->gate.mode != BLF_GATE_SHUT &&
	    blf_leg_subscribed(leg))
		(void)blf_dlg_unsubscribe(&leg->dlg, BLF_BYE_ONCE, now_ms);
}


void blf_leg_quit(struct leg *leg, uint64_t now_ms)
{
	if (blf_leg_subscribed(leg)) {
		leg_cancel(leg);
		(void)blf_dlg_unsubscribe(&leg->dlg, BLF_BYE_LEAVE, now_ms);
	}

	blf_leg_step(leg, BLF_EV_STOP, 0, now_ms);
	leg_forget(leg, now_ms);
	if (!leg->fork)
		forks_drop(leg->watch);
}


struct watch *blf_watch_at(const struct blf *blf, size_t i)
{
	if (i < blf->watchc)
		return blf->watchv[i];

	i -= blf->watchc;

	return i < blf->listc ? blf->listv[i] : blf->infov[i - blf->listc];
}


size_t blf_watch_count(const struct blf *blf)
{
	return blf->watchc + blf->listc + blf->infoc;
}


static void watch_destructor(void *arg)
{
	struct watch *w = arg;
	const uint64_t now_ms = clock_ms(w->blf->clock);
	struct le *le;

	leg_bye(&w->root, now_ms);
	for (le = w->forkl.head; le; le = le->next)
		leg_bye(le->data, now_ms);

	forks_drop(w);
	leg_close(&w->root, now_ms);
	hash_unlink(&w->spot_he);
	hash_unlink(&w->user_he);
	lamp_close(&w->lamp);
	mem_deref(w->roster);
	mem_deref(w->fed);
	mem_deref(w->text);
}


static void destructor(void *arg)
{
	struct blf *blf = arg;

	tmr_cancel(&blf->tmr);

	for (size_t i=0; i<blf_watch_count(blf); i++)
		mem_deref(blf_watch_at(blf, i));

	blf_sched_reset(&blf->sched);
	dialoginfo_decoder_free(blf->dec);
	rlmi_decoder_free(blf->rlmi);
	rls_work_free(blf->work);
	mem_deref(blf->bs);
	mem_deref(blf->ht_spot);
	mem_deref(blf->ht_user);
	mem_deref(blf->watchv);
	mem_deref(blf->listv);
	mem_deref(blf->infov);
	mem_deref(blf->acctv);
	mem_deref(blf->di);
}


/* Room for all that may be due: lamps, lists, accounts, ourselves */
static int sched_room(struct blf *blf)
{
	return blf_sched_reserve(&blf->sched, blf->sched.itemc +
				 blf_watch_count(blf) + 2 * blf->acctc + 8);
}


/* "sip:*5901@pbx": without the user part there is nothing to find it by */
static void hash_user(struct blf *blf, struct watch *w)
{
	struct uri uri;
	struct pl pl;

	pl_set_str(&pl, w->target);
	if (!uri_decode(&uri, &pl) && pl_isset(&uri.user))
		hash_append(blf->ht_user, hash_joaat_pl(&uri.user),
			    &w->user_he, w);
}


int blf_watch_append(struct blf *blf, struct watch *w)
{
	int err;

	if (blf->watchc >= blf->watchsz) {

		const size_t size = blf->watchsz ? 2 * blf->watchsz : 16;
		void *v;

		v = mem_reallocarray(blf->watchv, size,
				     sizeof(*blf->watchv), NULL);
		if (!v)
			return ENOMEM;

		blf->watchv  = v;
		blf->watchsz = size;
	}

	blf->watchv[blf->watchc++] = w;

	err = sched_room(blf);
	if (err) {
		--blf->watchc;
		return err;
	}

	w->idx = (unsigned)blf->watchc - 1;
	hash_append(blf->ht_spot, hash_joaat_str(w->spot), &w->spot_he, w);
	hash_user(blf, w);

	return 0;
}


int blf_watch_alloc(struct watch **wp, struct blf *blf,
		    const struct blf_spec *spec, struct blf_roster *roster)
{
	const char *label = spec->label ? spec->label : "";
	struct watch *w;
	char *text;
	int err;

	if (!spec->spot || !spec->target || spec->account >= blf->acctc)
		return EINVAL;

	err = re_sdprintf(&text, "%s%c%s%c%s", spec->spot, 0, label, 0,
			  spec->target);
	if (err)
		return err;

	w = mem_zalloc(sizeof(*w), watch_destructor);
	if (!w) {
		mem_deref(text);
		return ENOMEM;
	}

	w->blf    = blf;
	w->acct   = &blf->acctv[spec->account];
	w->text   = text;
	w->spot   = w->text;
	w->label  = w->spot + strlen(w->spot) + 1;
	w->target = w->label + strlen(w->label) + 1;
	w->word   = "";
	w->roster = roster;

	lamp_init(&w->lamp, spec->kind, w->spot, spec->rules);
	leg_init(&w->root, w, blf->expires_s, blf->seed++);

	*wp = w;

	return 0;
}


int blf_watch_info(struct blf *blf, unsigned account, const char *target)
{
	const struct blf_spec spec = {
		.account = account,
		.spot    = "call-info",
		.target  = target,
	};
	struct watch *w;
	int err;

	if (!blf || !target || account >= blf->acctc)
		return EINVAL;

	if (blf->infoc >= blf->acctc)
		return EALREADY;

	if (!blf->infov) {
		blf->infov = mem_zalloc(blf->acctc * sizeof(*blf->infov),
					NULL);
		if (!blf->infov)
			return ENOMEM;
	}

	err = blf_watch_alloc(&w, blf, &spec, NULL);
	if (err)
		return err;

	w->info  = true;
	w->quiet = true;
	w->root.dlg.pack = BLF_PACK_CALL_INFO;
	blf->infov[blf->infoc++] = w;

	return sched_room(blf);
}


int blf_alloc(struct blf **blfp, const struct clock *clock,
	      const struct blf_prm *prm,
	      const struct blf_account *accv, size_t accc,
	      const struct blf_spec *specv, size_t specc,
	      blf_h *h, void *arg)
{
	static const struct blf_sip_handlers handlers = {
		.answerh = answer_handler,
		.notifyh = notify_handler,
		.forkh   = fork_handler,
		.knownh  = known_handler,
	};
	struct blf *blf;
	uint32_t hashc;
	int err;

	if (!blfp || !clock || !accv || !accc || (specc && !specv) || !h)
		return EINVAL;

	blf = mem_zalloc(sizeof(*blf), destructor);
	if (!blf)
		return ENOMEM;

	blf->clock    = clock;
	blf->h        = h;
	blf->arg      = arg;
	blf->armed_ms = BLF_SCHED_NEVER;
	blf->window   = prm && prm->window ? prm->window : WINDOW;
	blf->recall_s = prm ? prm->recall_s : 0;
	blf->expires_s = prm ? prm->expires_s : 0;
	blf->seed     = prm && prm->seed ? prm->seed : rand_u32();
	blf_sched_init(&blf->sched);

	blf->tell.kind  = ITEM_TELL;
	blf->close.kind = ITEM_CLOSE;

	blf->acctv  = mem_zalloc(accc * sizeof(*blf->acctv), NULL);
	blf->watchv = mem_zalloc((specc + 1) * sizeof(*blf->watchv), NULL);
	blf->di     = mem_zalloc(sizeof(*blf->di), NULL);
	if (!blf->acctv || !blf->watchv || !blf->di) {
		err = ENOMEM;
		goto out;
	}

	blf->acctc   = accc;
	blf->watchsz = specc + 1;

	for (size_t i=0; i<accc; i++) {
		blf->acctv[i].idx       = (unsigned)i;
		blf->acctv[i].item.kind = ITEM_ACCT;
		blf->acctv[i].hold.kind = ITEM_HOLD;
	}

	err = dialoginfo_decoder_alloc(&blf->dec);
	if (err)
		goto out;

	err = blf_sip_alloc(&blf->bs, clock, accv, accc, specc,
			    &handlers, blf);
	if (err)
		goto out;

	hashc = hash_valid_size((uint32_t)MAX(specc, 256));
	err  = hash_alloc(&blf->ht_spot, hashc);
	err |= hash_alloc(&blf->ht_user, hashc);
	if (err)
		goto out;

	err = sched_room(blf);
	if (err)
		goto out;

	for (size_t i=0; i<specc; i++) {

		struct watch *w;

		err = blf_watch_alloc(&w, blf, &specv[i], NULL);
		if (err)
			goto out;

		err = blf_watch_append(blf, w);
		if (err) {
			mem_deref(w);
			goto out;
		}
	}

	(void)blf_sched_set(&blf->sched, &blf->tell, clock_ms(clock));
	arm(blf, clock_ms(clock));

 out:
	if (err)
		mem_deref(blf);
	else
		*blfp = blf;

	return err;
}


void blf_registered(struct blf *blf, unsigned account, bool registered,
		    bool fresh, const char *reason)
{
	struct acct *acct;
	uint64_t now_ms;
	struct le *le;
	bool held;

	if (!blf || account >= blf->acctc || blf->closing)
		return;

	acct   = &blf->acctv[account];
	now_ms = clock_ms(blf->clock);

	++blf->depth;

	str_ncpy(acct->reason, reason ? reason : "", sizeof(acct->reason));

	acct->silent = false;

	if (!registered)
		blf_gate_shut(&acct->gate);
	else if (fresh || acct->gate.mode == BLF_GATE_SHUT) {
		blf_gate_start(&acct->gate);
		blf_sip_fresh(blf->bs, account);
	}

	for (size_t i=0; i<blf->listc; i++) {
		if (blf->listv[i]->acct == acct && (!registered || fresh))
			blf_list_flow(blf->listv[i], now_ms);
	}

	/* a list spares its lamps a subscription each */
	held = registered && blf_list_awaited(blf, acct);
	if (held && !acct->hold.pos)
		(void)blf_sched_set(&blf->sched, &acct->hold,
				    now_ms + HOLD_MS);
	else if (!held)
		(void)blf_sched_set(&blf->sched, &acct->hold,
				    BLF_SCHED_NEVER);

	for (size_t i=0; i<blf_watch_count(blf); i++) {

		struct watch *w = blf_watch_at(blf, i);

		if (w->acct != acct)
			continue;

		/* what changes meanwhile is told to nobody */
		if (!registered || fresh)
			blf_watch_unfeed(w);

		if (!registered) {
			blf_leg_step(&w->root, BLF_EV_STOP, 0, now_ms);
			for (le = w->forkl.head; le; ) {
				struct leg *leg = le->data;

				le = le->next;
				blf_leg_step(leg, BLF_EV_STOP, 0, now_ms);
			}
			blf_watch_tell(w);
		}
		else if (w->roster ? !blf_list_wanted(w)
			 : w->feeder || (held && acct->hold.pos &&
					 w->root.sub.state == BLF_OFF)) {
			blf_watch_tell(w);
		}
		else if (fresh || w->root.sub.state == BLF_OFF) {
			w->why = WHY_NONE;
			blf_leg_step(&w->root, BLF_EV_START, 0, now_ms);
		}
	}

	if (blf->tell.pos)
		tell_all(blf);

	--blf->depth;

	work(blf, now_ms);
}


static bool lost(enum blf_state state)
{
	return state == BLF_DOUBT || state == BLF_RETRY ||
		state == BLF_REFUSED;
}


int blf_resubscribe(struct blf *blf, const char *spot)
{
	uint64_t now_ms;
	bool found = false;

	if (!blf)
		return EINVAL;

	if (blf->closing)
		return ESHUTDOWN;

	now_ms = clock_ms(blf->clock);

	for (size_t i=0; i<blf->acctc; i++) {
		if (blf->acctv[i].gate.mode == BLF_GATE_DENIED)
			blf_gate_start(&blf->acctv[i].gate);
	}

	for (size_t i=0; i<blf_watch_count(blf); i++) {

		struct watch *w = blf_watch_at(blf, i);

		if (spot && str_cmp(spot, w->spot) && !blf_list_is(w, spot))
			continue;

		if (!spot && !lost(w->root.sub.state) && blf_list_wanted(w))
			continue;

		found = true;

		/* what tells it, or told it before it was given up */
		if (w->feeder)
			w = w->feeder;
		blf_list_revive(w);

		if (w->acct->gate.mode == BLF_GATE_SHUT)
			continue;

		/* not left behind to count against us */
		if (blf_leg_subscribed(&w->root)) {
			leg_cancel(&w->root);
			(void)blf_dlg_unsubscribe(&w->root.dlg,
						  BLF_BYE_LEAVE, now_ms);
		}

		w->why = WHY_NONE;
		blf_leg_step(&w->root, BLF_EV_START, 0, now_ms);
	}

	work(blf, now_ms);

	return found || !spot ? 0 : ENOENT;
}


void blf_close(struct blf *blf, void (*h)(void *arg), void *arg)
{
	uint64_t now_ms;
	struct le *le;

	if (!blf || blf->closing)
		return;

	now_ms = clock_ms(blf->clock);

	blf->closing  = true;
	blf->closeh   = h;
	blf->closearg = arg;
	blf->openc    = 1;

	(void)blf_sched_set(&blf->sched, &blf->close, now_ms + BLF_CLOSE_MS);

	++blf->depth;

	for (size_t i=0; i<blf_watch_count(blf); i++) {

		struct watch *w = blf_watch_at(blf, i);

		++blf->openc;
		blf_leg_step(&w->root, BLF_EV_CLOSE, 0, now_ms);

		for (le = w->forkl.head; le; le = le->next) {
			++blf->openc;
			blf_leg_step(le->data, BLF_EV_CLOSE, 0, now_ms);
		}
	}

	--blf->depth;

	closed(blf, now_ms);
	work(blf, now_ms);
}
