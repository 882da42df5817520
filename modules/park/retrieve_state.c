/**
 * @file modules/park/retrieve_state.c  Life of one retrieval
 */
#include <stddef.h>
#include "retrieve_state.h"


enum {
	/* Asterisk tells the loser of a race, and who finds a spot empty,
	   "invalid" and hangs up after 5.5 s */
	PROOF_MS = 7000,
};

static const char *const state_namev[RETRIEVE_STATES] = {
	[RETRIEVE_IDLE]     = "IDLE",
	[RETRIEVE_DIALING]  = "DIALING",
	[RETRIEVE_NAMED]    = "NAMED",
	[RETRIEVE_ANSWERED] = "ANSWERED",
	[RETRIEVE_CLAIMED]  = "CLAIMED",
	[RETRIEVE_WAITING]  = "WAITING",
	[RETRIEVE_WON]      = "WON",
	[RETRIEVE_LOST]     = "LOST",
	[RETRIEVE_FAILED]   = "FAILED",
};

static const char *const event_namev[RETRIEVE_EVENTS] = {
	[RETRIEVE_EV_START]      = "START",
	[RETRIEVE_EV_ANSWERED]   = "ANSWERED",
	[RETRIEVE_EV_NAMED]      = "NAMED",
	[RETRIEVE_EV_IDENTITY]   = "IDENTITY",
	[RETRIEVE_EV_FREE]       = "FREE",
	[RETRIEVE_EV_DUE]        = "DUE",
	[RETRIEVE_EV_DUE_PARKED] = "DUE_PARKED",
	[RETRIEVE_EV_CLOSED]     = "CLOSED",
};

struct rule {
	enum retrieve_state next;
	enum retrieve_action act;
	uint32_t wait_ms;
	bool set;
};

#define GO(state, action, wait) \
	{RETRIEVE_##state, RETRIEVE_ACT_##action, wait, true}

static const struct rule rulev[RETRIEVE_STATES][RETRIEVE_EVENTS] = {

	[RETRIEVE_IDLE][RETRIEVE_EV_START]        = GO(DIALING, DIAL, 0),

	[RETRIEVE_DIALING][RETRIEVE_EV_ANSWERED]  = GO(ANSWERED, NONE,
						       PROOF_MS),
	[RETRIEVE_DIALING][RETRIEVE_EV_NAMED]     = GO(NAMED, NONE, 0),
	[RETRIEVE_DIALING][RETRIEVE_EV_CLOSED]    = GO(FAILED, FAILED, 0),

	[RETRIEVE_NAMED][RETRIEVE_EV_ANSWERED]    = GO(CLAIMED, NONE,
						       PROOF_MS),
	[RETRIEVE_NAMED][RETRIEVE_EV_CLOSED]      = GO(FAILED, FAILED, 0),

	/* named, and the lamp goes out: that is he */
	[RETRIEVE_CLAIMED][RETRIEVE_EV_IDENTITY]  = GO(WON, WON, 0),
	[RETRIEVE_CLAIMED][RETRIEVE_EV_FREE]      = GO(WON, WON, 0),
	[RETRIEVE_CLAIMED][RETRIEVE_EV_DUE]       = GO(WON, WON, 0),
	[RETRIEVE_CLAIMED][RETRIEVE_EV_DUE_PARKED] = GO(WAITING, NONE, 0),
	[RETRIEVE_CLAIMED][RETRIEVE_EV_CLOSED]    = GO(LOST, LOST, 0),

	/* without a name a lamp that goes out tells of any phone's success */
	[RETRIEVE_ANSWERED][RETRIEVE_EV_IDENTITY] = GO(WON, WON, 0),
	[RETRIEVE_ANSWERED][RETRIEVE_EV_DUE]      = GO(WON, WON, 0),
	[RETRIEVE_ANSWERED][RETRIEVE_EV_DUE_PARKED] = GO(WAITING, NONE, 0),
	[RETRIEVE_ANSWERED][RETRIEVE_EV_CLOSED]   = GO(LOST, LOST, 0),

	[RETRIEVE_WAITING][RETRIEVE_EV_IDENTITY]  = GO(WON, WON, 0),
	[RETRIEVE_WAITING][RETRIEVE_EV_FREE]      = GO(WON, WON, 0),
	[RETRIEVE_WAITING][RETRIEVE_EV_CLOSED]    = GO(LOST, LOST, 0),
};


enum retrieve_action retrieve_step(struct retrieve_life *life,
				   enum retrieve_event ev, uint64_t now_ms)
{
	const struct rule *rule;

	if (!life || life->state >= RETRIEVE_STATES || ev >= RETRIEVE_EVENTS)
		return RETRIEVE_ACT_NONE;

	rule = &rulev[life->state][ev];
	if (!rule->set)
		return RETRIEVE_ACT_NONE;

	life->state = rule->next;
	life->due_ms = rule->wait_ms ? now_ms + rule->wait_ms : 0;

	return rule->act;
}


bool retrieve_ended(enum retrieve_state state)
{
	return state >= RETRIEVE_WON;
}


const char *retrieve_state_name(enum retrieve_state state)
{
	return state < RETRIEVE_STATES ? state_namev[state] : "?";
}


const char *retrieve_event_name(enum retrieve_event ev)
{
	return ev < RETRIEVE_EVENTS ? event_namev[ev] : "?";
}
