/**
 * @file tests/unit/test_retrieve_state.c  Won, lost, refused
 */
#include "../lib/test.h"
#include "modules/park/retrieve_state.h"


enum {STEPS = 5};

struct step {
	uint32_t wait_ms;
	enum retrieve_event ev;
	enum retrieve_action act;
	enum retrieve_state state;
};

struct story {
	const char *name;
	struct step stepv[STEPS];
	size_t stepc;
	uint32_t due_ms;
};

#define EV(w, e, a, s) \
	{w, RETRIEVE_EV_##e, RETRIEVE_ACT_##a, RETRIEVE_##s}

static const struct story storyv[] = {
	{"answered, and named by a re-INVITE", {
		EV(0,   START,    DIAL, DIALING),
		EV(3,   ANSWERED, NONE, ANSWERED),
		EV(500, IDENTITY, WON,  WON)}, 3, 0},
	{"named in the 200 itself, and the lamp goes out", {
		EV(0,   START,    DIAL, DIALING),
		EV(3,   NAMED,    NONE, NAMED),
		EV(0,   ANSWERED, NONE, CLAIMED),
		EV(100, FREE,     WON,  WON)}, 4, 0},
	{"... it names who is known to wait there", {
		EV(0, START,    DIAL, DIALING),
		EV(3, NAMED,    NONE, NAMED),
		EV(0, ANSWERED, NONE, CLAIMED),
		EV(0, IDENTITY, WON,  WON)}, 4, 0},
	{"... the dialplan's name for the spot: a voice, BYE", {
		EV(0,    START,    DIAL, DIALING),
		EV(3,    NAMED,    NONE, NAMED),
		EV(0,    ANSWERED, NONE, CLAIMED),
		EV(5500, CLOSED,   LOST, LOST)}, 4, 0},
	{"... no lamp, and nobody hangs up", {
		EV(0,    START,    DIAL, DIALING),
		EV(3,    NAMED,    NONE, NAMED),
		EV(0,    ANSWERED, NONE, CLAIMED),
		EV(7000, DUE,      WON,  WON)}, 4, 0},
	{"... the lamp stays on: perhaps another's", {
		EV(0,    START,    DIAL, DIALING),
		EV(3,    NAMED,    NONE, NAMED),
		EV(0,    ANSWERED, NONE, CLAIMED),
		EV(7000, DUE_PARKED, NONE, WAITING),
		EV(1,    CLOSED,   LOST, LOST)}, 5, 0},
	{"named while it rings, and refused", {
		EV(0, START,    DIAL, DIALING),
		EV(3, NAMED,    NONE, NAMED),
		EV(1, CLOSED,   FAILED, FAILED)}, 3, 0},
	{"answered: nothing is proven yet", {
		EV(0, START,    DIAL, DIALING),
		EV(3, ANSWERED, NONE, ANSWERED)}, 2, 7000},
	{"no name is sent: the lamp is free and nobody hung up", {
		EV(0,    START,    DIAL, DIALING),
		EV(3,    ANSWERED, NONE, ANSWERED),
		EV(500,  FREE,     NONE, ANSWERED),
		EV(6500, DUE,      WON,  WON)}, 4, 0},
	{"no name is sent, the lamp is late", {
		EV(0,    START,      DIAL, DIALING),
		EV(3,    ANSWERED,   NONE, ANSWERED),
		EV(7000, DUE_PARKED, NONE, WAITING),
		EV(900,  FREE,       WON,  WON)}, 4, 0},
	{"a lost race: 200, a voice, BYE", {
		EV(0,    START,    DIAL, DIALING),
		EV(3,    ANSWERED, NONE, ANSWERED),
		EV(500,  FREE,     NONE, ANSWERED),
		EV(5000, CLOSED,   LOST, LOST)}, 4, 0},
	{"refused", {
		EV(0, START,  DIAL,   DIALING),
		EV(3, CLOSED, FAILED, FAILED)}, 2, 0},
	{"the lamp's news before the answer mean nothing", {
		EV(0, START,    DIAL, DIALING),
		EV(1, FREE,     NONE, DIALING),
		EV(3, ANSWERED, NONE, ANSWERED)}, 3, 7000},
};


static void test_stories(void **state)
{
	(void)state;

	for (size_t i = 0; i < ROWS(storyv); i++) {

		const struct story *st = &storyv[i];
		struct retrieve_life life = {0};
		uint64_t now = 1000000;

		for (size_t k = 0; k < st->stepc; k++) {

			const struct step *s = &st->stepv[k];
			enum retrieve_action act;

			now += s->wait_ms;
			act = retrieve_step(&life, s->ev, now);

			if (act != s->act || life.state != s->state)
				row_fail(i, "%s: step %zu on %s: expected %s"
					 " action %d, got %s action %d",
					 st->name, k,
					 retrieve_event_name(s->ev),
					 retrieve_state_name(s->state),
					 s->act,
					 retrieve_state_name(life.state),
					 act);
		}

		row_uint(i, st->due_ms ? now + st->due_ms : 0, life.due_ms);
	}
}


/* Once it has ended it stays so, and won is never said before a 200 */
static void test_any_order(void **state)
{
	uint32_t x = 3;
	(void)state;

	for (size_t round = 0; round < 20000; round++) {

		struct retrieve_life life = {0};
		bool answered = false, ended = false;

		(void)retrieve_step(&life, RETRIEVE_EV_START, 0);

		for (size_t i = 0; i < 20; i++) {

			enum retrieve_action act;
			enum retrieve_event ev;

			x = x * 1664525u + 1013904223u;
			ev = (enum retrieve_event)((x >> 16) %
						   RETRIEVE_EVENTS);
			answered |= ev == RETRIEVE_EV_ANSWERED;
			act = retrieve_step(&life, ev, i);

			if (act == RETRIEVE_ACT_WON && !answered)
				row_fail(round, "won without an answer");
			if (ended && act != RETRIEVE_ACT_NONE)
				row_fail(round, "acts after its end");
			ended |= retrieve_ended(life.state);
		}
	}
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_stories),
		unit_test(test_any_order),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
