/**
 * @file modules/blf/blf_state.c  Life of one subscription, as a table
 */
#include <stddef.h>
#include <string.h>
#include "modules/blf/blf_state.h"


enum {
	REFRESH_FLOOR_MS = 500,    /* for an Expires of next to nothing */
	GRID_MS = 500,             /* refreshes fall on it, if they are */
	GRID_FROM_MS = 10000,      /* so far away                       */
	BACK_SMALL = 2000,         /* FreeSWITCH counts 50 a second     */
	LATE_MS = 40000,           /* 64*T1 and some way                */
	LATE_MAX = 2,
};

struct rule {
	uint8_t set;               /* an entry, not an empty place      */
	uint8_t to;
	uint8_t act;
};

#define GO(s, a) {1, BLF_ ## s, BLF_ACT_ ## a}

/* What ends any subscription that has a dialog */
#define OVER							\
	[BLF_EV_START]   = GO(QUEUED,  QUEUE),			\
	[BLF_EV_CLOSE]   = GO(CLOSING, UNSUBSCRIBE),		\
	[BLF_EV_GONE]    = GO(RETRY,   FORGET),			\
	[BLF_EV_REFUSED] = GO(REFUSED, FORGET),			\
	[BLF_EV_AGAIN]   = GO(RETRY,   FORGET),			\
	[BLF_EV_ENDED]   = GO(RETRY,   FORGET)

static const struct rule rulev[BLF_STATES][BLF_EVENTS] = {
[BLF_OFF] = {
	[BLF_EV_START]   = GO(QUEUED,  QUEUE),
	[BLF_EV_CLOSE]   = GO(CLOSED,  FORGET),
},
[BLF_QUEUED] = {
	[BLF_EV_STOP]    = GO(OFF,     NONE),
	[BLF_EV_SLOT]    = GO(WAIT,    SUBSCRIBE),
	[BLF_EV_REFUSED] = GO(REFUSED, FORGET),
	[BLF_EV_CLOSE]   = GO(CLOSED,  FORGET),
},
[BLF_WAIT] = {
	OVER,
	[BLF_EV_STOP]    = GO(OFF,     FORGET),
	[BLF_EV_OK]      = GO(WAIT,    NONE),
	[BLF_EV_BRIEF]   = GO(QUEUED,  QUEUE),
	[BLF_EV_ERROR]   = GO(RETRY,   FORGET),
	[BLF_EV_TIMEOUT] = GO(RETRY,   FORGET),
	[BLF_EV_DUE]     = GO(RETRY,   UNSUBSCRIBE),
	[BLF_EV_NOTIFY]  = GO(LIVE,    NONE),
},
[BLF_LIVE] = {
	OVER,
	[BLF_EV_STOP]    = GO(OFF,     NONE),
	[BLF_EV_OK]      = GO(LIVE,    NONE),
	[BLF_EV_NOTIFY]  = GO(LIVE,    NONE),
	[BLF_EV_DUE]     = GO(RENEW,   QUEUE),
	[BLF_EV_ASK]     = GO(RENEW,   QUEUE),
	[BLF_EV_BRIEF]   = GO(RENEW,   QUEUE),
	[BLF_EV_ERROR]   = GO(DOUBT,   NONE),
	[BLF_EV_TIMEOUT] = GO(DOUBT,   NONE),
	[BLF_EV_EXPIRED] = GO(QUEUED,  QUEUE),
},
[BLF_RENEW] = {
	OVER,
	[BLF_EV_STOP]    = GO(OFF,     NONE),
	[BLF_EV_NOTIFY]  = GO(RENEW,   NONE),
	[BLF_EV_SLOT]    = GO(REFRESH, REFRESH),
	[BLF_EV_EXPIRED] = GO(QUEUED,  QUEUE),
},
[BLF_REFRESH] = {
	OVER,
	[BLF_EV_STOP]    = GO(OFF,     NONE),
	[BLF_EV_OK]      = GO(REFRESH, NONE),
	[BLF_EV_NOTIFY]  = GO(LIVE,    NONE),
	[BLF_EV_BRIEF]   = GO(RENEW,   QUEUE),
	[BLF_EV_ERROR]   = GO(DOUBT,   NONE),
	[BLF_EV_TIMEOUT] = GO(RETRY,   FORGET),
	[BLF_EV_DUE]     = GO(RETRY,   UNSUBSCRIBE),
	[BLF_EV_EXPIRED] = GO(RETRY,   UNSUBSCRIBE),
},
[BLF_DOUBT] = {
	OVER,
	[BLF_EV_STOP]    = GO(OFF,     NONE),
	[BLF_EV_NOTIFY]  = GO(LIVE,    NONE),
	[BLF_EV_DUE]     = GO(RENEW,   QUEUE),
	[BLF_EV_EXPIRED] = GO(QUEUED,  QUEUE),
},
[BLF_RETRY] = {
	[BLF_EV_START]   = GO(QUEUED,  QUEUE),
	[BLF_EV_STOP]    = GO(OFF,     NONE),
	[BLF_EV_DUE]     = GO(QUEUED,  QUEUE),
	[BLF_EV_CLOSE]   = GO(CLOSED,  FORGET),
},
[BLF_REFUSED] = {
	[BLF_EV_START]   = GO(QUEUED,  QUEUE),
	[BLF_EV_STOP]    = GO(OFF,     NONE),
	[BLF_EV_DUE]     = GO(QUEUED,  QUEUE),
	[BLF_EV_CLOSE]   = GO(CLOSED,  FORGET),
},
[BLF_CLOSING] = {
	[BLF_EV_OK]      = GO(CLOSING, NONE),
	[BLF_EV_BRIEF]   = GO(CLOSED,  FORGET),
	[BLF_EV_GONE]    = GO(CLOSED,  FORGET),
	[BLF_EV_ERROR]   = GO(CLOSED,  FORGET),
	[BLF_EV_REFUSED] = GO(CLOSED,  FORGET),
	[BLF_EV_TIMEOUT] = GO(CLOSED,  FORGET),
	[BLF_EV_AGAIN]   = GO(CLOSED,  FORGET),
	[BLF_EV_ENDED]   = GO(CLOSED,  FORGET),
	[BLF_EV_STOP]    = GO(CLOSED,  FORGET),
	[BLF_EV_DUE]     = GO(CLOSED,  FORGET),
},
};

static const char *const statev[BLF_STATES] = {
	[BLF_OFF]     = "OFF",
	[BLF_QUEUED]  = "QUEUED",
	[BLF_WAIT]    = "WAIT",
	[BLF_LIVE]    = "LIVE",
	[BLF_RENEW]   = "RENEW",
	[BLF_REFRESH] = "REFRESH",
	[BLF_DOUBT]   = "DOUBT",
	[BLF_RETRY]   = "RETRY",
	[BLF_REFUSED] = "REFUSED",
	[BLF_CLOSING] = "CLOSING",
	[BLF_CLOSED]  = "CLOSED",
};

static const char *const eventv[BLF_EVENTS] = {
	[BLF_EV_NONE]    = "NONE",
	[BLF_EV_START]   = "START",
	[BLF_EV_STOP]    = "STOP",
	[BLF_EV_SLOT]    = "SLOT",
	[BLF_EV_DUE]     = "DUE",
	[BLF_EV_ASK]     = "ASK",
	[BLF_EV_CLOSE]   = "CLOSE",
	[BLF_EV_OK]      = "OK",
	[BLF_EV_BRIEF]   = "BRIEF",
	[BLF_EV_GONE]    = "GONE",
	[BLF_EV_ERROR]   = "ERROR",
	[BLF_EV_REFUSED] = "REFUSED",
	[BLF_EV_TIMEOUT] = "TIMEOUT",
	[BLF_EV_NOTIFY]  = "NOTIFY",
	[BLF_EV_AGAIN]   = "AGAIN",
	[BLF_EV_ENDED]   = "ENDED",
	[BLF_EV_EXPIRED] = "EXPIRED",
};

static const char *const actionv[BLF_ACTIONS] = {
	[BLF_ACT_NONE]        = "NONE",
	[BLF_ACT_QUEUE]       = "QUEUE",
	[BLF_ACT_SUBSCRIBE]   = "SUBSCRIBE",
	[BLF_ACT_REFRESH]     = "REFRESH",
	[BLF_ACT_FORGET]      = "FORGET",
	[BLF_ACT_UNSUBSCRIBE] = "UNSUBSCRIBE",
};


static uint64_t min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}


/* xorshift32: enough to keep 10,000 lamps out of step */
uint32_t blf_jitter(struct blf_sub *sub, uint32_t n)
{
	uint32_t x;

	if (!sub || !n)
		return 0;

	x = sub->rng;
	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	sub->rng = x;

	return (uint32_t)(((uint64_t)x * n) >> 32);
}


void blf_sub_init(struct blf_sub *sub, uint32_t expires_s, uint32_t seed)
{
	if (!sub)
		return;

	memset(sub, 0, sizeof(*sub));

	sub->due_ms     = BLF_NEVER;
	sub->exp_ms     = BLF_NEVER;
	sub->refresh_ms = BLF_NEVER;
	sub->recheck_ms = BLF_NEVER;
	sub->expires_s  = expires_s ? expires_s : BLF_EXPIRES_S;
	sub->rng        = (seed ^ 0x9e3779b9u) ? seed ^ 0x9e3779b9u : 1;

	/* neighbouring seeds must not give neighbouring numbers */
	for (int i=0; i<4; i++)
		(void)blf_jitter(sub, 1);
}


/* Between 50 and 80 per cent of the time that is left, so that a panel's
   refreshes spread by themselves and a lost one can be tried again */
static void plan_refresh(struct blf_sub *sub, uint64_t now_ms)
{
	const uint64_t left = sub->exp_ms > now_ms ? sub->exp_ms - now_ms : 0;
	uint64_t wait;

	wait = left * 500 / 1000 + left * blf_jitter(sub, 300) / 1000;
	if (wait < REFRESH_FLOOR_MS)
		wait = REFRESH_FLOOR_MS;

	sub->refresh_ms = now_ms + wait;

	/* of thousands, those of half a second together: to wake up for one
	   costs more than its refresh does */
	if (wait >= GRID_FROM_MS) {
		sub->refresh_ms -= sub->refresh_ms % GRID_MS;
		if (sub->refresh_ms < now_ms + left / 2)
			sub->refresh_ms += GRID_MS;
	}
}


static uint64_t backoff_ms(struct blf_sub *sub)
{
	uint32_t base = BLF_RETRY_MIN_MS;

	for (unsigned i=0; i<sub->failc && base < BLF_RETRY_MAX_MS; i++)
		base *= 2;

	if (2 * base > BLF_RETRY_MAX_MS)
		return BLF_RETRY_MAX_MS
			- blf_jitter(sub, BLF_RETRY_MAX_MS / 4);

	return base + blf_jitter(sub, base);
}


/* Spread what comes after a fixed time too: many are told the same */
static uint64_t after_ms(struct blf_sub *sub, uint32_t val_s)
{
	uint64_t ms;

	if (val_s > BLF_AFTER_MAX_S)
		val_s = BLF_AFTER_MAX_S;

	ms = val_s * 1000ull;

	return ms + blf_jitter(sub, (uint32_t)(ms / 10) + 1);
}


static void fail(struct blf_sub *sub, uint64_t now_ms)
{
	if (sub->live_ms && now_ms - sub->live_ms >= BLF_STEADY_MS)
		sub->failc = 0;

	sub->live_ms = 0;
	sub->fresh   = false;
}


static void fail_count(struct blf_sub *sub)
{
	if (sub->failc < UINT8_MAX)
		++sub->failc;
}


static void enter_live(struct blf_sub *sub, enum blf_state from,
		       enum blf_event ev, uint32_t val_s, uint64_t now_ms)
{
	const uint64_t exp = val_s ? now_ms + val_s * 1000ull : BLF_NEVER;
	bool plan = from == BLF_WAIT || from == BLF_REFRESH;

	if (ev == BLF_EV_OK) {
		/* what a NOTIFY said counts for more than a later 2xx */
		if (exp < sub->exp_ms) {
			sub->exp_ms = exp;
			plan = true;
		}
	}
	else {
		sub->fresh = true;

		if (!sub->live_ms)
			sub->live_ms = now_ms ? now_ms : 1;

		if (val_s)
			sub->exp_ms = exp;
		else if (sub->exp_ms == BLF_NEVER || from == BLF_REFRESH)
			sub->exp_ms = now_ms + sub->expires_s * 1000ull;
	}

	/* a notifier may shorten it at any time */
	if (from == BLF_LIVE && sub->refresh_ms > sub->exp_ms)
		plan = true;

	if (plan)
		plan_refresh(sub, now_ms);

	/* out of doubt: the refresh is still missing, soon */
	if (from == BLF_DOUBT)
		sub->refresh_ms = min64(sub->due_ms, sub->exp_ms);

	sub->due_ms = min64(sub->refresh_ms, sub->recheck_ms);
}


/* What the server asks for is kept apart: whatever may bring the next try
   forward later, it must not come sooner */
static void rest(struct blf_sub *sub, uint32_t val_s, uint64_t now_ms)
{
	sub->not_before_ms = val_s ? now_ms + 1000ull *
		min64(val_s, BLF_AFTER_MAX_S) : 0;
}


static void enter(struct blf_sub *sub, enum blf_state from,
		  enum blf_event ev, uint32_t val_s, uint64_t now_ms)
{
	switch (sub->state) {

	case BLF_OFF:
	case BLF_QUEUED:
	case BLF_CLOSED:
		sub->fresh  = false;
		sub->due_ms = BLF_NEVER;
		break;

	case BLF_WAIT:
		if (from == BLF_QUEUED) {
			sub->due_ms     = now_ms + BLF_N_MS;
			sub->exp_ms     = BLF_NEVER;
			sub->recheck_ms = BLF_NEVER;
		}
		if (ev == BLF_EV_OK && val_s)
			sub->exp_ms = now_ms + val_s * 1000ull;
		break;

	case BLF_LIVE:
		enter_live(sub, from, ev, val_s, now_ms);
		break;

	case BLF_RENEW:
		if (ev == BLF_EV_NOTIFY) {
			sub->fresh = true;
			if (val_s)
				sub->exp_ms = now_ms + val_s * 1000ull;
		}
		sub->due_ms = sub->exp_ms;
		break;

	case BLF_REFRESH:
		if (ev == BLF_EV_SLOT) {
			sub->recheck_ms = BLF_NEVER;
			sub->due_ms = min64(now_ms + BLF_N_MS, sub->exp_ms);
		}
		if (ev == BLF_EV_OK && val_s) {
			sub->exp_ms = now_ms + val_s * 1000ull;
			sub->due_ms = min64(sub->due_ms, sub->exp_ms);
		}
		break;

	case BLF_DOUBT:
		fail(sub, now_ms);
		rest(sub, val_s, now_ms);
		sub->due_ms = min64(now_ms + (val_s ? after_ms(sub, val_s)
					      : backoff_ms(sub)),
				    sub->exp_ms);
		fail_count(sub);
		break;

	case BLF_RETRY:
		fail(sub, now_ms);
		rest(sub, val_s, now_ms);
		if (val_s)
			sub->due_ms = now_ms + after_ms(sub, val_s);
		else if ((ev == BLF_EV_AGAIN || ev == BLF_EV_GONE)
			 && !sub->failc)
			sub->due_ms = now_ms;
		else
			sub->due_ms = now_ms + backoff_ms(sub);
		fail_count(sub);
		break;

	case BLF_REFUSED:
		fail(sub, now_ms);
		rest(sub, val_s, now_ms);
		sub->due_ms = now_ms + after_ms(sub, val_s > BLF_SLOW_MS/1000
						? val_s : BLF_SLOW_MS/1000);
		fail_count(sub);
		break;

	case BLF_CLOSING:
		sub->fresh  = false;
		if (ev == BLF_EV_CLOSE)
			sub->due_ms = now_ms + BLF_CLOSE_MS;
		else
			sub->due_ms = min64(sub->due_ms,
					    now_ms + BLF_LAST_MS);
		break;

	default:
		break;
	}
}


/* RFC 6665 4.2.1.1 wants a Min-Expires in a 423; without one we double */
static bool longer(struct blf_sub *sub, uint32_t min_s)
{
	if (min_s > sub->expires_s && min_s <= BLF_MIN_EXPIRES_S) {
		sub->expires_s = min_s;
		return true;
	}

	if (min_s > BLF_MIN_EXPIRES_S || sub->expires_s >= BLF_EXPIRES_MAX_S)
		return false;

	sub->expires_s *= 2;
	if (sub->expires_s > BLF_EXPIRES_MAX_S)
		sub->expires_s = BLF_EXPIRES_MAX_S;

	return true;
}


static bool expires(enum blf_state state)
{
	return state == BLF_LIVE || state == BLF_RENEW ||
		state == BLF_REFRESH || state == BLF_DOUBT;
}


enum blf_action blf_step(struct blf_sub *sub, enum blf_event ev,
			 uint32_t val_s, uint64_t now_ms)
{
	const struct rule *rule;
	enum blf_state from;

	if (!sub || sub->state >= BLF_STATES ||
	    ev <= BLF_EV_NONE || ev >= BLF_EV_EXPIRED)
		return BLF_ACT_NONE;

	from = sub->state;

	if (ev == BLF_EV_DUE) {
		if (now_ms < sub->due_ms)
			return BLF_ACT_NONE;
		if (expires(from) && now_ms >= sub->exp_ms)
			ev = BLF_EV_EXPIRED;

		/* it ran out while the server wants rest */
		if (ev == BLF_EV_EXPIRED && from == BLF_DOUBT &&
		    now_ms < sub->not_before_ms) {
			ev    = BLF_EV_ENDED;
			val_s = (uint32_t)((sub->not_before_ms - now_ms +
					    999) / 1000);
		}
	}
	else if (ev == BLF_EV_ASK && from == BLF_LIVE) {
		/* a body that we never understand must not become a storm */
		if (sub->asked_ms && now_ms - sub->asked_ms < BLF_ASK_MS) {
			blf_nudge(sub, sub->asked_ms + BLF_ASK_MS, false);
			return BLF_ACT_NONE;
		}
		sub->asked_ms = now_ms ? now_ms : 1;
	}
	else if (ev == BLF_EV_BRIEF && rulev[from][ev].set &&
		 from != BLF_CLOSING && !longer(sub, val_s)) {
		ev = BLF_EV_REFUSED;
		val_s = 0;
	}

	rule = &rulev[from][ev];
	if (!rule->set)
		return BLF_ACT_NONE;

	sub->state = rule->to;
	enter(sub, from, ev, val_s, now_ms);

	return rule->act;
}


void blf_sub_fork(struct blf_sub *sub, const struct blf_sub *of,
		  uint32_t exp, uint64_t now_ms)
{
	if (!sub || !of)
		return;

	blf_sub_init(sub, of->expires_s, of->rng + 1);
	sub->state = BLF_WAIT;
	(void)blf_step(sub, BLF_EV_NOTIFY, exp, now_ms);
}


void blf_nudge(struct blf_sub *sub, uint64_t at_ms, bool refused)
{
	if (!sub)
		return;

	switch (sub->state) {

	case BLF_LIVE:
		sub->recheck_ms = min64(sub->recheck_ms, at_ms);
		sub->due_ms     = min64(sub->due_ms, at_ms);
		break;

	case BLF_REFUSED:
		if (!refused)
			break;
		/*@fallthrough@*/
	case BLF_RETRY:
		if (at_ms < sub->not_before_ms)
			at_ms = sub->not_before_ms;
		sub->due_ms = min64(sub->due_ms, at_ms);
		break;

	default:
		break;
	}
}


enum blf_event blf_classify(uint16_t scode, bool in_dialog)
{
	if (scode >= 200 && scode < 300)
		return BLF_EV_OK;

	switch (scode) {

	case 423:
		return BLF_EV_BRIEF;

	/* RFC 6665 4.1.2.2: these end the subscription */
	case 404: case 405: case 410: case 416: case 482: case 483:
	case 484: case 485: case 489: case 501: case 604:
		return in_dialog ? BLF_EV_GONE : BLF_EV_REFUSED;

	/* as those, but there is hope for a new one: FreeSWITCH gives 481
	   to what it cannot place at the moment */
	case 480: case 481:
		return in_dialog ? BLF_EV_GONE : BLF_EV_ERROR;

	/* will not become better soon */
	case 400: case 401: case 402: case 403: case 406: case 407:
	case 413: case 414: case 415: case 420: case 421: case 488:
	case 493: case 505: case 513: case 600: case 603: case 606:
		return in_dialog ? BLF_EV_ERROR : BLF_EV_REFUSED;

	default:
		break;
	}

	if (scode >= 300 && scode < 400)
		return in_dialog ? BLF_EV_ERROR : BLF_EV_REFUSED;

	return BLF_EV_ERROR;
}


enum blf_order blf_order(struct blf_order_state *os, uint32_t cseq,
			 bool known, uint64_t now_ms)
{
	if (!os || !os->answer || cseq > os->cseq)
		return BLF_ORDER_NEW;

	if (blf_order_answer(os, cseq))
		return BLF_ORDER_SAME;

	if (!known || os->cseq - cseq > BACK_SMALL ||
	    now_ms - os->new_ms > LATE_MS || os->latec >= LATE_MAX)
		return BLF_ORDER_RESTART;

	++os->latec;

	return BLF_ORDER_LATE;
}


uint16_t blf_order_answer(const struct blf_order_state *os, uint32_t cseq)
{
	if (!os || !os->answer)
		return 0;

	if (cseq == os->cseq)
		return os->answer;

	for (unsigned i=0; i<BLF_ORDER_PAST; i++) {
		if (os->answerv[i] && os->pastv[i] == cseq)
			return os->answerv[i];
	}

	return 0;
}


static void past_add(struct blf_order_state *os, uint32_t cseq,
		     uint16_t answer)
{
	os->pastv[os->next]   = cseq;
	os->answerv[os->next] = answer;
	os->next = (uint8_t)((os->next + 1) % BLF_ORDER_PAST);
}


void blf_order_take(struct blf_order_state *os, uint32_t cseq,
		    uint16_t answer, uint64_t now_ms)
{
	if (!os)
		return;

	if (os->answer && cseq < os->cseq) {
		past_add(os, cseq, answer);
		return;
	}

	if (os->answer && cseq > os->cseq)
		past_add(os, os->cseq, os->answer);

	os->cseq   = cseq;
	os->answer = answer;
	os->new_ms = now_ms;
	os->latec  = 0;
}


const char *blf_state_name(enum blf_state state)
{
	return (unsigned)state < BLF_STATES ? statev[state] : "?";
}


const char *blf_event_name(enum blf_event ev)
{
	return (unsigned)ev < BLF_EVENTS ? eventv[ev] : "?";
}


const char *blf_action_name(enum blf_action act)
{
	return (unsigned)act < BLF_ACTIONS ? actionv[act] : "?";
}
