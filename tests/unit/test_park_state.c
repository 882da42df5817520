/**
 * @file tests/unit/test_park_state.c  Life of a park, every way out
 */
#include "../lib/test.h"
#include "modules/park/park_state.h"


enum {STEPS = 10};

struct step {
	uint32_t wait_ms;
	enum park_event ev;
	enum park_action act;
	enum park_state state;
};

struct story {
	const char *name;
	struct park_habit habit;
	struct step stepv[STEPS];
	size_t stepc;
	uint32_t due_ms;         /* after the last step, 0: never        */
};

#define LOT   {.announce = true, .announce_ms = 8000}
#define SPOT  {.announce = false}
#define HOLD  {.hold = true}
#define EV(w, e, a, s) {w, PARK_EV_##e, PARK_ACT_##a, PARK_##s}

static const struct story storyv[] = {
	{"stock Asterisk: 202, lamp, number spoken, sipfrag, our BYE", LOT, {
		EV(0,    START,       REFER,      REFERRED),
		EV(1,    ACCEPTED,    NONE,       ACCEPTED),
		EV(1,    LAMP,        BACKGROUND, SHOWN),
		EV(2600, FRAG_TRYING, NONE,       SHOWN),
		EV(0,    FRAG_OK,     NONE,       CONFIRMED),
		EV(600,  DUE,         LISTEN,     LISTENING),
		EV(1000, DUE,         BYE,        DONE)}, 7, 0},
	{"... the lamp was another's, and the caller is on the line", LOT, {
		EV(0,    START,       REFER,      REFERRED),
		EV(1,    ACCEPTED,    NONE,       ACCEPTED),
		EV(1,    LAMP,        BACKGROUND, SHOWN),
		EV(1740, FRAG_OK,     NONE,       CONFIRMED),
		EV(600,  DUE,         LISTEN,     LISTENING),
		EV(1000, DUE_HEARD,   GIVE_BACK,  FAILED)}, 6, 0},
	{"on hold first, where it is asked for", HOLD, {
		EV(0,    START,       HOLD,       HOLDING),
		EV(20,   HELD,        REFER,      REFERRED),
		EV(1,    ACCEPTED,    NONE,       ACCEPTED),
		EV(1,    FRAG_OK,     BACKGROUND, CONFIRMED),
		EV(600,  DUE,         LISTEN,     LISTENING),
		EV(1000, DUE,         BYE,        DONE)}, 6, 0},
	{"... hold is refused", HOLD, {
		EV(0,    START,       HOLD,       HOLDING),
		EV(20,   NOT_HELD,    GIVE_BACK,  FAILED)}, 2, 0},
	{"... never answered", HOLD, {
		EV(0,     START,      HOLD,       HOLDING),
		EV(10000, DUE,        GIVE_BACK,  FAILED)}, 2, 0},
	{"... the caller hangs up meanwhile", HOLD, {
		EV(0,    START,       HOLD,       HOLDING),
		EV(20,   BYE,         END,        GONE)}, 2, 0},
	{"the lamp is faster than the 202", LOT, {
		EV(0, START,    REFER,      REFERRED),
		EV(1, LAMP,     BACKGROUND, SHOWN),
		EV(1, ACCEPTED, NONE,       SHOWN),
		EV(1, FRAG_OK,  NONE,       CONFIRMED),
		EV(1, BYE,      END,        DONE)}, 5, 0},
	{"sipfrag before the 202 (RFC 3515 2.4.4)", SPOT, {
		EV(0,    START,    REFER,      REFERRED),
		EV(1,    FRAG_OK,  BACKGROUND, CONFIRMED),
		EV(1,    ACCEPTED, NONE,       CONFIRMED),
		EV(599,  DUE,      LISTEN,     LISTENING),
		EV(1000, DUE,      BYE,        DONE)}, 5, 0},
	{"a chosen spot, no lamp: sipfrag is proof enough", SPOT, {
		EV(0,    START,    REFER,      REFERRED),
		EV(1,    ACCEPTED, NONE,       ACCEPTED),
		EV(1,    FRAG_OK,  BACKGROUND, CONFIRMED),
		EV(600,  DUE,      LISTEN,     LISTENING),
		EV(1000, DUE,      BYE,        DONE)}, 5, 0},
	{"... but he is heard all the same", SPOT, {
		EV(0,    START,    REFER,      REFERRED),
		EV(1,    FRAG_OK,  BACKGROUND, CONFIRMED),
		EV(600,  DUE,      LISTEN,     LISTENING),
		EV(1000, DUE_HEARD, GIVE_BACK, FAILED)}, 4, 0},
	{"a lot without lamps: hear the number, then BYE", LOT, {
		EV(0,    START,    REFER, REFERRED),
		EV(1,    ACCEPTED, NONE,  ACCEPTED),
		EV(1,    FRAG_OK,  NONE,  PROVEN),
		EV(8000, DUE,      LISTEN, LISTENING),
		EV(1000, DUE,      BYE,   DONE)}, 5, 0},
	{"... the user has heard enough", LOT, {
		EV(0,    START,    REFER, REFERRED),
		EV(1,    FRAG_OK,  NONE,  PROVEN),
		EV(900,  HANGUP,   LISTEN, LISTENING),
		EV(1,    HANGUP,   NONE,  LISTENING),
		EV(999,  DUE,      BYE,   DONE)}, 5, 0},
	{"... the lot was full, and nothing in SIP says so", LOT, {
		EV(0,    START,    REFER, REFERRED),
		EV(1,    ACCEPTED, NONE,  ACCEPTED),
		EV(1740, FRAG_OK,  NONE,  PROVEN),
		EV(900,  HANGUP,   LISTEN, LISTENING),
		EV(1000, DUE_HEARD, GIVE_BACK, FAILED)}, 5, 0},
	{"... the lamp comes while it is spoken", LOT, {
		EV(0, START,    REFER, REFERRED),
		EV(1, ACCEPTED, NONE,  ACCEPTED),
		EV(1, FRAG_OK,  NONE,  PROVEN),
		EV(1, LAMP,     BACKGROUND, CONFIRMED),
		EV(600, DUE,    LISTEN, LISTENING),
		EV(1000, DUE,   BYE,   DONE)}, 6, 0},
	{"... known lamps stay dark and the line is empty: look", LOT, {
		EV(0,    START,    REFER,     REFERRED),
		EV(1,    ACCEPTED, NONE,      ACCEPTED),
		EV(1,    FRAG_OK,  NONE,      PROVEN),
		EV(8000, DUE_DARK, LISTEN,    LISTENING),
		EV(1000, DUE_DARK, LOOK,      VACATED)}, 5, 0},
	{"lot full: sipfrag 200, then joined again", LOT, {
		EV(0,    START,    REFER,     REFERRED),
		EV(1,    ACCEPTED, NONE,      ACCEPTED),
		EV(1,    FRAG_OK,  NONE,      PROVEN),
		EV(1,    REJOIN,   NONE,      CONFIRMED),
		EV(600,  DUE,      LISTEN,    LISTENING),
		EV(1000, DUE_HEARD, GIVE_BACK, FAILED)}, 6, 0},
	{"lot full: joined again, then sipfrag 200", LOT, {
		EV(0,    START,    REFER,     REFERRED),
		EV(1,    ACCEPTED, NONE,      ACCEPTED),
		EV(1,    REJOIN,   HEAR,      REJOINED),
		EV(1740, FRAG_OK,  NONE,      CONFIRMED),
		EV(600,  DUE,      LISTEN,    LISTENING),
		EV(1000, DUE_HEARD, GIVE_BACK, FAILED)}, 6, 0},
	{"media moved for the spoken number by a re-INVITE: parked", LOT, {
		EV(0,    START,    REFER,     REFERRED),
		EV(1,    ACCEPTED, NONE,      ACCEPTED),
		EV(1,    REJOIN,   HEAR,      REJOINED),
		EV(1,    LAMP,     NONE,      REJOINED),
		EV(2600, FRAG_OK,  NONE,      CONFIRMED),
		EV(600,  DUE,      LISTEN,    LISTENING),
		EV(1000, DUE,      BYE,       DONE)}, 7, 0},
	{"... and again while we listen", LOT, {
		EV(0,    START,    REFER,     REFERRED),
		EV(1,    FRAG_OK,  NONE,      PROVEN),
		EV(8000, DUE,      LISTEN,    LISTENING),
		EV(900,  REJOIN,   HEAR,      CONFIRMED),
		EV(600,  DUE,      LISTEN,    LISTENING),
		EV(1000, DUE_HEARD, GIVE_BACK, FAILED)}, 6, 0},
	{"lot full while another parks: lamp, sipfrag 200, joined again", LOT, {
		EV(0,    START,    REFER,      REFERRED),
		EV(1,    ACCEPTED, NONE,       ACCEPTED),
		EV(1,    LAMP,     BACKGROUND, SHOWN),
		EV(1,    FRAG_OK,  NONE,       CONFIRMED),
		EV(1,    REJOIN,   HEAR,       CONFIRMED),
		EV(600,  DUE,      LISTEN,     LISTENING),
		EV(1000, DUE_HEARD, GIVE_BACK,  FAILED)}, 7, 0},
	{"... the PBX hangs up itself", LOT, {
		EV(0, START,    REFER, REFERRED),
		EV(1, ACCEPTED, NONE,  ACCEPTED),
		EV(1, FRAG_OK,  NONE,  PROVEN),
		EV(1, BYE,      END,   DONE)}, 4, 0},
	{"REFER refused", LOT, {
		EV(0, START,   REFER,     REFERRED),
		EV(1, REFUSED, GIVE_BACK, FAILED)}, 2, 0},
	{"REFER never answered", LOT, {
		EV(0,     START,   REFER,     REFERRED),
		EV(32000, TIMEOUT, GIVE_BACK, FAILED)}, 2, 0},
	{"... and the transaction tells nothing either", LOT, {
		EV(0,     START, REFER,     REFERRED),
		EV(33000, DUE,   GIVE_BACK, FAILED)}, 2, 0},
	{"202, then silence: never BYE on 202 alone", LOT, {
		EV(0,     START,    REFER,     REFERRED),
		EV(1,     ACCEPTED, NONE,      ACCEPTED),
		EV(32000, DUE,      LISTEN,    CHECKING),
		EV(1000,  DUE_HEARD, GIVE_BACK, FAILED)}, 4, 0},
	{"... and nobody is on the line", LOT, {
		EV(0,     START,    REFER,     REFERRED),
		EV(1,     ACCEPTED, NONE,      ACCEPTED),
		EV(32000, DUE,      LISTEN,    CHECKING),
		EV(1000,  DUE,      LOOK,      VACATED)}, 4, 0},
	{"... the sipfrag comes at last", SPOT, {
		EV(0,     START,    REFER,     REFERRED),
		EV(1,     ACCEPTED, NONE,      ACCEPTED),
		EV(32000, DUE_DARK, LISTEN,    CHECKING),
		EV(500,   FRAG_OK,  BACKGROUND, CONFIRMED)}, 4, 600},
	{"202, 100, 180: it goes on, and the time begins anew", SPOT, {
		EV(0,     START,       REFER, REFERRED),
		EV(1,     ACCEPTED,    NONE,  ACCEPTED),
		EV(20000, FRAG_TRYING, NONE,  ACCEPTED)}, 3, 32000},
	{"sipfrag 503", SPOT, {
		EV(0, START,     REFER,     REFERRED),
		EV(1, ACCEPTED,  NONE,      ACCEPTED),
		EV(1, FRAG_FAIL, GIVE_BACK, FAILED)}, 3, 0},
	{"sipfrag 503 although a lamp (another's) turned", LOT, {
		EV(0, START,     REFER,      REFERRED),
		EV(1, ACCEPTED,  NONE,       ACCEPTED),
		EV(1, LAMP,      BACKGROUND, SHOWN),
		EV(1, FRAG_FAIL, GIVE_BACK,  FAILED)}, 4, 0},
	{"lot full: joined again by a re-INVITE, and no sipfrag", LOT, {
		EV(0,    START,    REFER,     REFERRED),
		EV(1,    ACCEPTED, NONE,      ACCEPTED),
		EV(1,    REJOIN,   HEAR,      REJOINED),
		EV(6000, DUE,      GIVE_BACK, FAILED)}, 4, 0},
	{"lot full while another parks: his lamp must not mute our leg", LOT, {
		EV(0,    START,    REFER,     REFERRED),
		EV(1,    ACCEPTED, NONE,      ACCEPTED),
		EV(1,    REJOIN,   HEAR,      REJOINED),
		EV(500,  LAMP,     NONE,      REJOINED),
		EV(5500, DUE,      GIVE_BACK, FAILED)}, 5, 0},
	{"... his lamp first", LOT, {
		EV(0,    START,    REFER,      REFERRED),
		EV(1,    ACCEPTED, NONE,       ACCEPTED),
		EV(1,    LAMP,     BACKGROUND, SHOWN),
		EV(1,    REJOIN,   HEAR,       REJOINED),
		EV(6000, DUE,      GIVE_BACK,  FAILED)}, 5, 0},
	{"a lamp, but never a sipfrag: looked at, not ended blindly", LOT, {
		EV(0,     START,    REFER,      REFERRED),
		EV(1,     ACCEPTED, NONE,       ACCEPTED),
		EV(1,     LAMP,     BACKGROUND, SHOWN),
		EV(70000, DUE,      LOOK,       VACATED)}, 4, 0},
	{"BYE instead of a sipfrag, then the lamp", SPOT, {
		EV(0, START,    REFER, REFERRED),
		EV(1, ACCEPTED, NONE,  ACCEPTED),
		EV(1, BYE,      NONE,  LEFT),
		EV(1, LAMP,     END,   DONE)}, 4, 0},
	{"BYE, then the sipfrag", SPOT, {
		EV(0, START,    REFER, REFERRED),
		EV(1, ACCEPTED, NONE,  ACCEPTED),
		EV(1, BYE,      NONE,  LEFT),
		EV(1, FRAG_OK,  END,   DONE)}, 4, 0},
	{"BYE, then a failed sipfrag: the caller had hung up", SPOT, {
		EV(0, START,     REFER, REFERRED),
		EV(1, ACCEPTED,  NONE,  ACCEPTED),
		EV(1, BYE,       NONE,  LEFT),
		EV(1, FRAG_FAIL, END,   GONE)}, 4, 0},
	{"BYE, then the REFER refused: the caller had hung up", SPOT, {
		EV(0, START,   REFER, REFERRED),
		EV(1, BYE,     NONE,  LEFT),
		EV(1, REFUSED, END,   GONE)}, 3, 0},
	{"BYE and nothing else", SPOT, {
		EV(0,    START,    REFER, REFERRED),
		EV(1,    ACCEPTED, NONE,  ACCEPTED),
		EV(1,    BYE,      NONE,  LEFT),
		EV(3000, DUE,      END,   UNKNOWN)}, 4, 0},
	{"parked, and the caller hangs up while it is announced", LOT, {
		EV(0,    START,     REFER,      REFERRED),
		EV(1,    ACCEPTED,  NONE,       ACCEPTED),
		EV(1,    LAMP,      BACKGROUND, SHOWN),
		EV(900,  DARK,      NONE,       VACANT),
		EV(1,    FRAG_FAIL, NONE,       DOUBT),
		EV(1500, DUE,       LOOK,       VACATED)}, 6, 0},
	{"... it was another's lamp, and the lot was full", LOT, {
		EV(0,    START,     REFER,      REFERRED),
		EV(1,    ACCEPTED,  NONE,       ACCEPTED),
		EV(1,    LAMP,      BACKGROUND, SHOWN),
		EV(900,  DARK,      NONE,       VACANT),
		EV(1,    FRAG_FAIL, NONE,       DOUBT),
		EV(1,    REJOIN,    HEAR,       REJOINED),
		EV(6000, DUE,       GIVE_BACK,  FAILED)}, 7, 0},
	{"parked and taken at once by another, then the sipfrag", LOT, {
		EV(0,    START,     REFER,      REFERRED),
		EV(1,    LAMP,      BACKGROUND, SHOWN),
		EV(900,  DARK,      NONE,       VACANT),
		EV(1,    FRAG_OK,   NONE,       CONFIRMED),
		EV(600,  DUE,       LISTEN,     LISTENING),
		EV(1000, DUE,       BYE,        DONE)}, 6, 0},
	{"taken back while the line is still open, and no sipfrag", LOT, {
		EV(0,    START, REFER,      REFERRED),
		EV(1,    LAMP,  BACKGROUND, SHOWN),
		EV(900,  TAKEN, BYE,        DONE)}, 3, 0},
	{"... when it has gone already", LOT, {
		EV(0,    START, REFER,      REFERRED),
		EV(1,    BYE,   NONE,       LEFT),
		EV(900,  TAKEN, NONE,       LEFT)}, 3, 2100},
	{"refused after the lamp of another turned", LOT, {
		EV(0, START,   REFER,      REFERRED),
		EV(1, LAMP,    BACKGROUND, SHOWN),
		EV(1, REFUSED, GIVE_BACK,  FAILED)}, 3, 0},
};


static void test_stories(void **state)
{
	(void)state;

	for (size_t i = 0; i < ROWS(storyv); i++) {

		const struct story *st = &storyv[i];
		struct park_life life = {0};
		uint64_t now = 1000000;

		for (size_t k = 0; k < st->stepc; k++) {

			const struct step *s = &st->stepv[k];
			enum park_action act;

			now += s->wait_ms;
			act = park_step(&life, s->ev, &st->habit, now);

			if (act != s->act || life.state != s->state)
				row_fail(i, "%s: step %zu on %s: expected"
					 " %s action %d, got %s action %d",
					 st->name, k,
					 park_event_name(s->ev),
					 park_state_name(s->state), s->act,
					 park_state_name(life.state), act);
		}

		row_uint(i, st->due_ms ? now + st->due_ms : 0, life.due_ms);
	}
}


/*
 * The promise: whatever comes in whatever order, the leg is ended by us only
 * after a positive sipfrag and a look whether anybody is left on it, and each
 * park comes to an end.
 */
static void test_never_lost(void **state)
{
	uint32_t x = 7;
	(void)state;

	for (size_t round = 0; round < 20000; round++) {

		static const struct park_habit habitv[] = {LOT, SPOT, HOLD};
		const struct park_habit *habit = &habitv[round % 3];
		struct park_life life = {0};
		uint64_t now = 1000;
		bool frag = false, listened = false;

		(void)park_step(&life, PARK_EV_START, habit, now);

		for (size_t i = 0; i < 40 && !park_ended(life.state); i++) {

			enum park_action act;
			enum park_event ev;

			x = x * 1664525u + 1013904223u;
			ev = (enum park_event)((x >> 16) % PARK_EVENTS);
			if (ev >= PARK_EV_DUE)
				now = life.due_ms ? life.due_ms : now;
			if (ev == PARK_EV_FRAG_OK)
				frag = true;

			act = park_step(&life, ev, habit, now);

			if (act == PARK_ACT_LISTEN)
				listened = true;
			if (act == PARK_ACT_BYE && ev != PARK_EV_TAKEN &&
			    (!frag || !listened))
				row_fail(round, "BYE without a %s on %s",
					 frag ? "look at the line" : "sipfrag",
					 park_event_name(ev));
			if (!park_ended(life.state) && !life.due_ms)
				row_fail(round, "stuck in %s",
					 park_state_name(life.state));
			if (park_ended(life.state) &&
			    act == PARK_ACT_NONE)
				row_fail(round, "ended in %s and nobody is"
					 " told", park_state_name(life.state));
		}

		/* silence from here on: time alone must end it */
		for (size_t i = 0; i < 10 && !park_ended(life.state); i++) {
			now = life.due_ms;
			(void)park_step(&life, PARK_EV_DUE, habit, now);
		}

		if (!park_ended(life.state))
			row_fail(round, "never ends: %s",
				 park_state_name(life.state));
	}
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_stories),
		unit_test(test_never_lost),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
