/**
 * @file modules/reg/reg_state.c  Life of one registration
 */
#include <stddef.h>
#include "reg_state.h"


enum {
	BACKOFF_MIN_MS = 1000,
	BACKOFF_MAX_MS = 60 * 1000,
	SLOW_MS        = 300 * 1000,
	PASSWORD_MS    = 5 * 1000,
	FLOW_MS        = 500,
	EXPIRES_MIN_S  = 2,
	RETRY_MAX_S    = 3600,
};

static const char *const state_namev[REGC_STATES] = {
	[REGC_OFF]        = "OFF",
	[REGC_TRYING]     = "TRYING",
	[REGC_OK]         = "OK",
	[REGC_REFRESHING] = "REFRESHING",
	[REGC_RETRY]      = "RETRY",
	[REGC_REFUSED]    = "REFUSED",
	[REGC_CLOSING]    = "CLOSING",
};

static const char *const event_namev[REGC_EVENTS] = {
	[REGC_EV_START]    = "START",
	[REGC_EV_OK]       = "OK",
	[REGC_EV_FAIL]     = "FAIL",
	[REGC_EV_PASSWORD] = "PASSWORD",
	[REGC_EV_FLOW]     = "FLOW",
	[REGC_EV_NET]      = "NET",
	[REGC_EV_DUE]      = "DUE",
	[REGC_EV_STOP]     = "STOP",
};

enum due {
	NEVER = 0,
	REFRESH,             /* before the registration runs out        */
	BACKOFF,             /* later with each failure                 */
	SOON,                /* the connection fell: at once, nearly    */
};

struct rule {
	enum regc_state next;
	enum regc_action act;
	enum due due;
	bool set;
};

#define GO(state, action, when) \
	{REGC_##state, REGC_ACT_##action, when, true}

static const struct rule rulev[REGC_STATES][REGC_EVENTS] = {

	[REGC_OFF][REGC_EV_START]       = GO(TRYING, SEND, NEVER),
	[REGC_OFF][REGC_EV_STOP]        = GO(OFF, DONE, NEVER),

	[REGC_TRYING][REGC_EV_OK]       = GO(OK, NONE, REFRESH),
	[REGC_TRYING][REGC_EV_FAIL]     = GO(RETRY, NONE, BACKOFF),
	[REGC_TRYING][REGC_EV_PASSWORD] = GO(RETRY, NONE, BACKOFF),
	[REGC_TRYING][REGC_EV_NET]      = GO(TRYING, SEND, NEVER),
	[REGC_TRYING][REGC_EV_STOP]     = GO(OFF, DONE, NEVER),

	[REGC_OK][REGC_EV_START]        = GO(REFRESHING, SEND, NEVER),
	[REGC_OK][REGC_EV_DUE]          = GO(REFRESHING, SEND, NEVER),
	[REGC_OK][REGC_EV_FLOW]         = GO(RETRY, NONE, SOON),
	[REGC_OK][REGC_EV_NET]          = GO(TRYING, SEND, NEVER),
	[REGC_OK][REGC_EV_STOP]         = GO(CLOSING, UNSEND, NEVER),

	[REGC_REFRESHING][REGC_EV_OK]       = GO(OK, NONE, REFRESH),
	[REGC_REFRESHING][REGC_EV_FAIL]     = GO(RETRY, NONE, BACKOFF),
	[REGC_REFRESHING][REGC_EV_PASSWORD] = GO(RETRY, NONE, BACKOFF),
	[REGC_REFRESHING][REGC_EV_FLOW]     = GO(RETRY, CANCEL, SOON),
	[REGC_REFRESHING][REGC_EV_NET]      = GO(TRYING, SEND, NEVER),
	[REGC_REFRESHING][REGC_EV_STOP]     = GO(CLOSING, UNSEND, NEVER),

	[REGC_RETRY][REGC_EV_START]     = GO(TRYING, SEND, NEVER),
	[REGC_RETRY][REGC_EV_DUE]       = GO(TRYING, SEND, NEVER),
	[REGC_RETRY][REGC_EV_NET]       = GO(TRYING, SEND, NEVER),
	[REGC_RETRY][REGC_EV_STOP]      = GO(OFF, DONE, NEVER),

	[REGC_REFUSED][REGC_EV_START]   = GO(TRYING, SEND, NEVER),
	[REGC_REFUSED][REGC_EV_STOP]    = GO(OFF, DONE, NEVER),

	[REGC_CLOSING][REGC_EV_OK]      = GO(OFF, DONE, NEVER),
	[REGC_CLOSING][REGC_EV_FAIL]    = GO(OFF, DONE, NEVER),
	[REGC_CLOSING][REGC_EV_PASSWORD] = GO(OFF, DONE, NEVER),
};


/* xorshift32: the jitter must not need a clock or a device */
static uint32_t jitter(struct regc_life *life, uint32_t range)
{
	uint32_t x = life->seed ? life->seed : 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	life->seed = x;

	return range ? x % range : 0;
}


static uint32_t backoff_ms(struct regc_life *life, const struct regc_arg *arg)
{
	uint32_t ms;

	if (arg && arg->retry_after_s) {
		uint32_t s = arg->retry_after_s;

		s = s > RETRY_MAX_S ? RETRY_MAX_S : s;
		return s * 1000 + jitter(life, 1000);
	}

	if (arg && arg->slow)
		return SLOW_MS + jitter(life, SLOW_MS / 10);

	ms = BACKOFF_MAX_MS;
	if (life->failc < 7)
		ms = BACKOFF_MIN_MS << (life->failc ? life->failc - 1 : 0);
	if (ms > BACKOFF_MAX_MS)
		ms = BACKOFF_MAX_MS;

	/* three quarters to the whole of it */
	return ms - jitter(life, ms / 4 + 1);
}


enum regc_action regc_step(struct regc_life *life, enum regc_event ev,
			   const struct regc_arg *arg, uint64_t now_ms)
{
	const struct rule *rule;
	uint32_t s;

	if (!life || life->state >= REGC_STATES || ev >= REGC_EVENTS)
		return REGC_ACT_NONE;

	rule = &rulev[life->state][ev];
	if (!rule->set)
		return REGC_ACT_NONE;

	switch (ev) {

	case REGC_EV_OK:
		life->failc = life->refusedc = 0;
		break;

	case REGC_EV_FAIL:
		++life->failc;
		break;

	case REGC_EV_PASSWORD:
		++life->failc;
		++life->refusedc;
		break;

	case REGC_EV_START:
		life->refusedc = 0;
		/*@fallthrough@*/

	case REGC_EV_NET:
		life->failc = 0;
		break;

	default:
		break;
	}

	life->state = rule->next;

	switch (rule->due) {

	case NEVER:
		life->due_ms = 0;
		break;

	case REFRESH:
		s = arg ? arg->expires_s : 0;
		s = s < EXPIRES_MIN_S ? EXPIRES_MIN_S : s;
		/* at 75 to 85 % of the time: two more tries fit in */
		life->due_ms = now_ms + 750ull * s +
			jitter(life, 100 * (s < 10000 ? s : 10000));
		break;

	case BACKOFF:
		if (ev == REGC_EV_PASSWORD && life->refusedc >= 2) {
			life->state = REGC_REFUSED;
			life->due_ms = 0;
			break;
		}
		life->due_ms = now_ms + (ev == REGC_EV_PASSWORD ?
					 PASSWORD_MS : backoff_ms(life, arg));
		break;

	case SOON:
		life->due_ms = now_ms + FLOW_MS + jitter(life, FLOW_MS);
		break;
	}

	return rule->act;
}


bool regc_registered(const struct regc_life *life)
{
	return life && (life->state == REGC_OK ||
			life->state == REGC_REFRESHING);
}


const char *regc_state_name(enum regc_state state)
{
	return state < REGC_STATES ? state_namev[state] : "?";
}


const char *regc_event_name(enum regc_event ev)
{
	return ev < REGC_EVENTS ? event_namev[ev] : "?";
}
