/**
 * @file modules/park/park_state.c  Life of one park, from REFER to the lamp
 */
#include <stddef.h>
#include "park_state.h"


enum {
	/* a re-INVITE is answered or not within Timer B; who waits for that
	   has the caller in his ear no more */
	HOLD_MS     = 10000,
	/* libre's Timer F ends a REFER after 32 s; this is the net below */
	REFER_MS    = 33000,
	CONFIRM_MS  = 32000,
	/* A re-INVITE after the REFER: Asterisk joins us with the caller
	   again when its lot is full, and says 200 in a sipfrag when it has
	   said so (1.7 s); it also moves the media of a park that goes well,
	   and speaks the spot's number then */
	REJOIN_MS   = 6000,
	/* what is under way of an announcement; then the time to listen. A
	   call that is parked sends nothing to the one who parked it, from
	   the sipfrag 2xx on; a full lot, of which not one byte of SIP
	   differs, leaves us 50 packets a second of the caller */
	GRACE_MS    = 600,
	LISTEN_MS   = 1000,
	DOUBT_MS    = 1500,
	LEFT_MS     = 3000,
	/* Asterisk sends the sipfrag when the number was spoken, and ends the
	   leg itself a minute after the REFER */
	SHOWN_MS    = 70000,
};

static const char *const state_namev[PARK_STATES] = {
	[PARK_IDLE]     = "IDLE",
	[PARK_HOLDING]  = "HOLDING",
	[PARK_REFERRED] = "REFERRED",
	[PARK_ACCEPTED] = "ACCEPTED",
	[PARK_CHECKING] = "CHECKING",
	[PARK_REJOINED] = "REJOINED",
	[PARK_SHOWN]    = "SHOWN",
	[PARK_VACANT]   = "VACANT",
	[PARK_DOUBT]    = "DOUBT",
	[PARK_PROVEN]   = "PROVEN",
	[PARK_CONFIRMED] = "CONFIRMED",
	[PARK_LISTENING] = "LISTENING",
	[PARK_LEFT]     = "LEFT",
	[PARK_DONE]     = "DONE",
	[PARK_UNKNOWN]  = "UNKNOWN",
	[PARK_FAILED]   = "FAILED",
	[PARK_GONE]     = "GONE",
	[PARK_VACATED]  = "VACATED",
};

static const char *const event_namev[PARK_EVENTS] = {
	[PARK_EV_START]     = "START",
	[PARK_EV_HELD]      = "HELD",
	[PARK_EV_NOT_HELD]  = "NOT_HELD",
	[PARK_EV_ACCEPTED]  = "ACCEPTED",
	[PARK_EV_REFUSED]   = "REFUSED",
	[PARK_EV_TIMEOUT]   = "TIMEOUT",
	[PARK_EV_FRAG_TRYING] = "FRAG_TRYING",
	[PARK_EV_FRAG_OK]   = "FRAG_OK",
	[PARK_EV_FRAG_FAIL] = "FRAG_FAIL",
	[PARK_EV_LAMP]      = "LAMP",
	[PARK_EV_DARK]      = "DARK",
	[PARK_EV_REJOIN]    = "REJOIN",
	[PARK_EV_BYE]       = "BYE",
	[PARK_EV_TAKEN]     = "TAKEN",
	[PARK_EV_HANGUP]    = "HANGUP",
	[PARK_EV_DUE]       = "DUE",
	[PARK_EV_DUE_DARK]  = "DUE_DARK",
	[PARK_EV_DUE_HEARD] = "DUE_HEARD",
};

struct rule {
	enum park_state next;
	enum park_action act;
	uint32_t wait_ms;      /* 0: no time limit in the next state      */
	bool set;
};

#define GO(state, action, wait) {PARK_##state, PARK_ACT_##action, wait, true}

static const struct rule rulev[PARK_STATES][PARK_EVENTS] = {

	[PARK_IDLE][PARK_EV_START]     = GO(REFERRED, REFER, REFER_MS),

	/* the REFER goes out when the hold was answered, not before: the two
	   would cross */
	[PARK_HOLDING][PARK_EV_HELD]     = GO(REFERRED, REFER, REFER_MS),
	[PARK_HOLDING][PARK_EV_NOT_HELD] = GO(FAILED, GIVE_BACK, 0),
	[PARK_HOLDING][PARK_EV_BYE]      = GO(GONE, END, 0),
	[PARK_HOLDING][PARK_EV_DUE]      = GO(FAILED, GIVE_BACK, 0),

	/* a NOTIFY may come before the answer to its REFER (RFC 3515 2.4.4);
	   so may the lamp's */
	[PARK_REFERRED][PARK_EV_ACCEPTED]  = GO(ACCEPTED, NONE, CONFIRM_MS),
	[PARK_REFERRED][PARK_EV_REFUSED]   = GO(FAILED, GIVE_BACK, 0),
	[PARK_REFERRED][PARK_EV_TIMEOUT]   = GO(FAILED, GIVE_BACK, 0),
	[PARK_REFERRED][PARK_EV_FRAG_OK]   = GO(PROVEN, NONE, 0),
	[PARK_REFERRED][PARK_EV_FRAG_FAIL] = GO(FAILED, GIVE_BACK, 0),
	[PARK_REFERRED][PARK_EV_LAMP]      = GO(SHOWN, BACKGROUND, SHOWN_MS),
	[PARK_REFERRED][PARK_EV_BYE]       = GO(LEFT, NONE, LEFT_MS),
	[PARK_REFERRED][PARK_EV_DUE]       = GO(FAILED, GIVE_BACK, 0),

	[PARK_ACCEPTED][PARK_EV_FRAG_TRYING] = GO(ACCEPTED, NONE, CONFIRM_MS),
	[PARK_ACCEPTED][PARK_EV_FRAG_OK]   = GO(PROVEN, NONE, 0),
	[PARK_ACCEPTED][PARK_EV_FRAG_FAIL] = GO(FAILED, GIVE_BACK, 0),
	[PARK_ACCEPTED][PARK_EV_LAMP]      = GO(SHOWN, BACKGROUND, SHOWN_MS),
	[PARK_ACCEPTED][PARK_EV_REJOIN]    = GO(REJOINED, HEAR, REJOIN_MS),
	[PARK_ACCEPTED][PARK_EV_BYE]       = GO(LEFT, NONE, LEFT_MS),
	[PARK_ACCEPTED][PARK_EV_DUE]       = GO(CHECKING, LISTEN, LISTEN_MS),

	/* the leg is the user's in any case; what he is told of it differs */
	[PARK_CHECKING][PARK_EV_FRAG_OK]   = GO(PROVEN, NONE, 0),
	[PARK_CHECKING][PARK_EV_FRAG_FAIL] = GO(FAILED, GIVE_BACK, 0),
	[PARK_CHECKING][PARK_EV_LAMP]      = GO(SHOWN, BACKGROUND, SHOWN_MS),
	[PARK_CHECKING][PARK_EV_REJOIN]    = GO(REJOINED, HEAR, REJOIN_MS),
	[PARK_CHECKING][PARK_EV_BYE]       = GO(LEFT, NONE, LEFT_MS),
	[PARK_CHECKING][PARK_EV_DUE]       = GO(VACATED, LOOK, 0),
	[PARK_CHECKING][PARK_EV_DUE_HEARD] = GO(FAILED, GIVE_BACK, 0),

	/* neither a lamp nor a sipfrag 2xx is proof any more: the lamp may be
	   another's, the sipfrag comes from a full lot too */
	[PARK_REJOINED][PARK_EV_FRAG_OK]   = GO(CONFIRMED, NONE, GRACE_MS),
	[PARK_REJOINED][PARK_EV_FRAG_FAIL] = GO(FAILED, GIVE_BACK, 0),
	[PARK_REJOINED][PARK_EV_BYE]       = GO(LEFT, NONE, LEFT_MS),
	[PARK_REJOINED][PARK_EV_DUE]       = GO(FAILED, GIVE_BACK, 0),

	/* the lamp may have been another's call: a failed sipfrag counts
	   more, since it is about ours alone */
	[PARK_SHOWN][PARK_EV_REFUSED]   = GO(FAILED, GIVE_BACK, 0),
	[PARK_SHOWN][PARK_EV_TIMEOUT]   = GO(FAILED, GIVE_BACK, 0),
	[PARK_SHOWN][PARK_EV_FRAG_OK]   = GO(CONFIRMED, NONE, GRACE_MS),
	[PARK_SHOWN][PARK_EV_FRAG_FAIL] = GO(FAILED, GIVE_BACK, 0),
	[PARK_SHOWN][PARK_EV_REJOIN]    = GO(REJOINED, HEAR, REJOIN_MS),
	[PARK_SHOWN][PARK_EV_BYE]       = GO(DONE, END, 0),
	[PARK_SHOWN][PARK_EV_DUE]       = GO(VACATED, LOOK, 0),

	/* The caller hung up, or was taken, before the number was spoken to
	   the end: Asterisk then says 503. Only if no re-INVITE names him it
	   is so; and since the lamp may have been another's all the same,
	   the leg is looked at before it is ended */
	[PARK_SHOWN][PARK_EV_DARK]      = GO(VACANT, NONE, SHOWN_MS),
	[PARK_VACANT][PARK_EV_REFUSED]  = GO(FAILED, GIVE_BACK, 0),
	[PARK_VACANT][PARK_EV_TIMEOUT]  = GO(FAILED, GIVE_BACK, 0),
	[PARK_VACANT][PARK_EV_FRAG_OK]  = GO(CONFIRMED, NONE, GRACE_MS),
	[PARK_VACANT][PARK_EV_FRAG_FAIL] = GO(DOUBT, NONE, DOUBT_MS),
	[PARK_VACANT][PARK_EV_REJOIN]   = GO(REJOINED, HEAR, REJOIN_MS),
	[PARK_VACANT][PARK_EV_BYE]      = GO(DONE, END, 0),
	[PARK_VACANT][PARK_EV_DUE]      = GO(VACATED, LOOK, 0),

	[PARK_DOUBT][PARK_EV_REJOIN]    = GO(REJOINED, HEAR, REJOIN_MS),
	[PARK_DOUBT][PARK_EV_BYE]       = GO(GONE, END, 0),
	[PARK_DOUBT][PARK_EV_DUE]       = GO(VACATED, LOOK, 0),

	[PARK_PROVEN][PARK_EV_LAMP]     = GO(CONFIRMED, BACKGROUND, GRACE_MS),
	[PARK_PROVEN][PARK_EV_REJOIN]   = GO(CONFIRMED, NONE, GRACE_MS),
	[PARK_PROVEN][PARK_EV_BYE]      = GO(DONE, END, 0),
	[PARK_PROVEN][PARK_EV_HANGUP]   = GO(LISTENING, LISTEN, LISTEN_MS),
	[PARK_PROVEN][PARK_EV_DUE]      = GO(LISTENING, LISTEN, LISTEN_MS),

	[PARK_CONFIRMED][PARK_EV_REJOIN] = GO(CONFIRMED, HEAR, GRACE_MS),
	[PARK_CONFIRMED][PARK_EV_BYE]   = GO(DONE, END, 0),
	[PARK_CONFIRMED][PARK_EV_DUE]   = GO(LISTENING, LISTEN, LISTEN_MS),

	/* before every BYE of ours. Dark lamps and an empty line: parked
	   where we do not watch, or a caller whose phone sends nothing */
	[PARK_LISTENING][PARK_EV_REJOIN] = GO(CONFIRMED, HEAR, GRACE_MS),
	[PARK_LISTENING][PARK_EV_BYE]   = GO(DONE, END, 0),
	[PARK_LISTENING][PARK_EV_DUE]   = GO(DONE, BYE, 0),
	[PARK_LISTENING][PARK_EV_DUE_DARK] = GO(VACATED, LOOK, 0),
	[PARK_LISTENING][PARK_EV_DUE_HEARD] = GO(FAILED, GIVE_BACK, 0),

	/* both went at the same time: there was no call left to park */
	[PARK_LEFT][PARK_EV_REFUSED]    = GO(GONE, END, 0),
	[PARK_LEFT][PARK_EV_FRAG_OK]    = GO(DONE, END, 0),
	[PARK_LEFT][PARK_EV_FRAG_FAIL]  = GO(GONE, END, 0),
	[PARK_LEFT][PARK_EV_LAMP]       = GO(DONE, END, 0),
	[PARK_LEFT][PARK_EV_DUE]        = GO(UNKNOWN, END, 0),
};


enum park_action park_step(struct park_life *life, enum park_event ev,
			   const struct park_habit *habit, uint64_t now_ms)
{
	const struct rule *rule;
	enum park_action act;
	uint32_t wait_ms;

	if (!life || life->state >= PARK_STATES || ev >= PARK_EVENTS)
		return PARK_ACT_NONE;

	rule = &rulev[life->state][ev];
	/* there is no better proof that this line is empty */
	if (ev == PARK_EV_TAKEN && life->state > PARK_IDLE &&
	    life->state < PARK_LEFT) {
		life->state = PARK_DONE;
		life->due_ms = 0;
		return PARK_ACT_BYE;
	}

	if (!rule->set &&
	    (ev == PARK_EV_DUE_DARK || ev == PARK_EV_DUE_HEARD))
		rule = &rulev[life->state][PARK_EV_DUE];
	if (!rule->set)
		return PARK_ACT_NONE;

	life->state = rule->next;
	act = rule->act;
	wait_ms = rule->wait_ms;

	if (act == PARK_ACT_REFER && ev == PARK_EV_START &&
	    habit && habit->hold) {
		life->state = PARK_HOLDING;
		act = PARK_ACT_HOLD;
		wait_ms = HOLD_MS;
	}

	/* a spot that was chosen has nothing to say */
	if (life->state == PARK_PROVEN) {
		if (habit && habit->announce && habit->announce_ms) {
			wait_ms = habit->announce_ms;
		}
		else {
			life->state = PARK_CONFIRMED;
			act = PARK_ACT_BACKGROUND;
			wait_ms = GRACE_MS;
		}
	}

	life->due_ms = wait_ms ? now_ms + wait_ms : 0;

	return act;
}


bool park_ended(enum park_state state)
{
	return state >= PARK_DONE;
}


const char *park_state_name(enum park_state state)
{
	return state < PARK_STATES ? state_namev[state] : "?";
}


const char *park_event_name(enum park_event ev)
{
	return ev < PARK_EVENTS ? event_namev[ev] : "?";
}
