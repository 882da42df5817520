/**
 * @file tests/e2e/test_panel.c  Test: the keys of the panel, on real calls
 *
 * Moving, pages, panes, finding, notes, the mouse, giving a call to others,
 * what the lamps tell of who waits. The verdict on calls is in the PBX's
 * books, that on the selection in the detail line.
 */
#include <re.h>
#include "tests/lib/test.h"
#include "tests/lib/e2e.h"

#define ESC "\033"
#define DOWN "\033[B"
#define RIGHT "\033[C"

enum {
	SHOWN_MS = 750,          /* what has just changed asks            */
	HELD_MS = 700,
	DEAD_MS = 1000,
	TAKES = 8,
};


/* ---- moving about: 701 to 712 and four colleagues, four in a row ---- */

static void test_moves(void **state)
{
	static const struct {
		const char *keys, *at;
	} rowv[] = {
		{RIGHT, "702: free"},            {"\033l", "702: free"},
		{DOWN, "705: free"},             {"\033j", "705: free"},
		{DOWN "\033[A", "701: free"},    {"\033j\033k", "701: free"},
		{RIGHT "\033[D", "701: free"},   {"\033l\033h", "701: free"},
		{"G", "105 Emma Fischer: free"}, {"Gg", "701: free"},
		{"\033[F", "105 Emma Fischer: free"}, {"G\033[H", "701: free"},
		{"\033OB\033OC", "706: free"},

		{"/carla\r", "103 Carla Diaz: free"},
		{"/71\r", "710: free"},          {"/71\rn", "711: free"},
		{"/71\rnn", "712: free"},        {"/71\rnN", "710: free"},
		{"/71\rN", "712: free"},         {"/xyz\r", "701: free"},
	};
	struct e2e *e = *state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		/* a key again within a moment would be one that is held */
		vt_send(e->vt, "g");
		vt_wait(e->vt, " 701: free");
		vt_send(e->vt, rowv[i].keys);
		e2e_settle(e);
		if (!vt_has(e->vt, rowv[i].at))
			vt_fail(e->vt, __FILE__, __LINE__, "row %zu: expected"
				" \"%s\"", i, rowv[i].at);
	}
}


static void test_pages(void **state)
{
	struct e2e *e = *state;

	vt_resize(e->vt, 40, 10);
	vt_wait(e->vt, "1/2");

	vt_send(e->vt, "\033[6~");
	vt_wait(e->vt, "2/2");
	vt_wait(e->vt, "105 Emma");
	vt_send(e->vt, "\033[6~");
	e2e_settle(e);
	vt_check(e->vt, vt_has(e->vt, "2/2"));
	vt_send(e->vt, "\033[5~");
	vt_wait(e->vt, "1/2");

	/* the wheel does the same */
	vt_send(e->vt, "\033[<65;5;3M");
	vt_wait(e->vt, "2/2");
	vt_send(e->vt, "\033[<64;5;3M");
	vt_wait(e->vt, "1/2");

	/* and scrolls what is open */
	vt_send(e->vt, "?");
	vt_wait(e->vt, "1-6 of");
	vt_send(e->vt, "\033[<65;5;3M");
	vt_wait(e->vt, "4-9 of");
	vt_send(e->vt, "\033[<64;5;3M");
	vt_wait(e->vt, "1-6 of");
}


/** A page that was just turned has not been seen: its key asks */
static void test_page_asks(void **state)
{
	struct e2e *e = *state;

	vt_pause(SHOWN_MS);
	vt_resize(e->vt, 40, 10);
	vt_wait(e->vt, "1/2");
	for (unsigned take = 0; ; take++) {

		const uint64_t begin = vt_now();

		vt_check(e->vt, take < TAKES);
		vt_send(e->vt, "\033[6~" "\033OP");
		vt_until(e->vt, vt_has(e->vt, "was not in view") ||
			 vt_has(e->vt, "is free, and"));
		if (vt_has(e->vt, "was not in view"))
			break;

		/* acted: right only if the machine was that slow */
		vt_check(e->vt, vt_now() - begin >= 700);
		vt_send(e->vt, "\033[5~");
		vt_wait(e->vt, "1/2");
		vt_pause(DEAD_MS + SHOWN_MS);
	}

	vt_send(e->vt, "n");
	vt_wait_gone(e->vt, "y/n");
	vt_pause(SHOWN_MS);
	vt_send(e->vt, "\033OP");
	vt_wait(e->vt, "711 is free, and");
}


/* ---- Enter, mouse, panes ---- */

static void test_enter(void **state)
{
	struct e2e *e = *state;

	e2e_park(e, E2E_ANNA, "702");
	vt_pause(SHOWN_MS);
	vt_send(e->vt, "g" RIGHT "\r");
	vt_until(e->vt, e2e_talks(e, E2E_ANNA));
}


static void test_mouse(void **state)
{
	static const char click[] = "\033[<0;5;3M\033[<0;5;3m";
	struct e2e *e = *state;

	e2e_park(e, E2E_ANNA, "701");
	vt_pause(SHOWN_MS);

	/* one selects */
	vt_send(e->vt, "G");
	vt_wait(e->vt, "105 Emma Fischer: free");
	vt_send(e->vt, click);
	vt_wait(e->vt, " 701: parked");
	e2e_at_rest(e);
	vt_check(e->vt, e2e_parked(e, E2E_ANNA, "701"));
	vt_pause(HELD_MS);

	/* two act, also while a line is open */
	vt_send(e->vt, "d");
	vt_wait(e->vt, "Dial:");
	vt_send(e->vt, click);
	vt_send(e->vt, click);
	vt_until(e->vt, e2e_talks(e, E2E_ANNA));
	vt_wait_gone(e->vt, "Dial:");
}


static void test_panes(void **state)
{
	struct e2e *e = *state;

	e2e_ring(e, E2E_ANNA);
	e2e_ring(e, E2E_BERT);

	/* the second of the calls that ring, not the first */
	vt_send(e->vt, "\t" DOWN "\r");
	vt_until(e->vt, e2e_talks(e, E2E_BERT));
	vt_check(e->vt, e2e_rings(e, E2E_ANNA));

	/* back among the lamps the arrows are theirs again */
	vt_send(e->vt, "\t" "g" RIGHT);
	vt_wait(e->vt, " 702: free");
}


static void test_zero(void **state)
{
	struct e2e *e = *state;

	vt_pause(SHOWN_MS);
	vt_send(e->vt, "0");
	vt_until(e->vt, e2e_talks(e, "105"));
}


static int setup_phone(void **state)
{
	return e2e_setup_with(state, "digits phone\n", true, 0);
}


/** `digits phone`: a digit is a tone in every call */
static void test_digits_phone(void **state)
{
	struct e2e *e = *state;

	vt_pause(SHOWN_MS);
	e2e_talk(e, E2E_ANNA);
	vt_wait(e->vt, "leave keypad");
	vt_send(e->vt, "2");
	vt_until(e->vt, !strcmp(e2e_keys(e, E2E_ANNA), "2"));
	e2e_at_rest(e);
	vt_check(e->vt, e2e_talks(e, E2E_ANNA));

	/* F-keys are spot keys all the same */
	vt_send(e->vt, "\033OQ");
	vt_until(e->vt, e2e_parked(e, E2E_ANNA, "702"));
}


/* ---- parking with a word, and giving away ---- */

static void test_note(void **state)
{
	struct e2e *e = *state;
	int x, y;

	/* nothing to note on: what is typed then is not a key each */
	vt_send(e->vt, "g");
	vt_send(e->vt, "ebqp");
	vt_wait(e->vt, "notes are for parked calls");
	vt_pause(HELD_MS);
	e2e_settle(e);
	vt_check(e->vt, !vt_has(e->vt, "Quit?"));

	vt_pause(HELD_MS);
	e2e_talk(e, E2E_ANNA);
	vt_send(e->vt, "P");
	vt_wait(e->vt, "Park on:");
	vt_send(e->vt, "705\r");
	vt_until(e->vt, e2e_parked(e, E2E_ANNA, "705"));
	vt_wait(e->vt, "is parked at 705");

	vt_send(e->vt, "g" DOWN RIGHT);
	vt_wait(e->vt, " 705: parked");
	vt_send(e->vt, "e");
	vt_wait(e->vt, "Note for 705:");
	vt_send(e->vt, "wants Bob\r");
	vt_wait(e->vt, "✎ wants Bob");
	vt_wait(e->vt, "by me, note: wants Bob");

	/* in the list, and by what is noted it is found */
	vt_send(e->vt, "R");
	vt_wait(e->vt, "note: wants Bob");
	vt_wait(e->vt, "by me");
	vt_send(e->vt, ESC);
	vt_wait_gone(e->vt, "longest first");
	vt_send(e->vt, "g/wants\r");
	vt_wait(e->vt, " 705: parked");
	vt_check(e->vt, vt_find(e->vt, "✎", 1, &x, &y));
}


static void test_transfer(void **state)
{
	struct e2e *e = *state;

	/* at once */
	e2e_talk(e, E2E_ANNA);
	vt_send(e->vt, "t");
	vt_wait(e->vt, "Transfer to:");
	vt_send(e->vt, "104\r");
	vt_until(e->vt, e2e_together(e, E2E_ANNA, "104"));
	vt_wait(e->vt, "no call");

	/* after a word */
	e2e_talk(e, E2E_BERT);
	vt_pause(HELD_MS);
	vt_send(e->vt, "T");
	vt_wait(e->vt, "Attended transfer to:");
	vt_send(e->vt, "103\r");
	vt_until(e->vt, e2e_talks(e, "103"));
	vt_check(e->vt, e2e_held(e, E2E_BERT));
	vt_wait(e->vt, "► active     Carla Diaz 103");
	vt_pause(HELD_MS);
	vt_send(e->vt, "T");
	vt_until(e->vt, e2e_together(e, E2E_BERT, "103"));
	vt_wait(e->vt, "no call");
}


/** A colleague's key in a call: a word with him, then the two */
static void test_colleague(void **state)
{
	struct e2e *e = *state;

	vt_pause(SHOWN_MS);
	e2e_talk(e, E2E_ANNA);
	vt_send(e->vt, "\0339");
	vt_until(e->vt, e2e_talks(e, "104"));
	vt_check(e->vt, e2e_held(e, E2E_ANNA));
	vt_wait(e->vt, "► active     David Engel 104");
	vt_send(e->vt, "T");
	vt_until(e->vt, e2e_together(e, E2E_ANNA, "104"));
	vt_wait(e->vt, "no call");
}


static int setup_lot(void **state)
{
	return e2e_setup_with(state, "", false, 0);
}


/** On a lot the PBX chooses the spot; the key that was pressed rests */
static void test_lot(void **state)
{
	const struct demo_fault late = {.notify_delay_ms = 1000};
	struct e2e *e = *state;

	vt_pause(SHOWN_MS);
	e2e_talk(e, E2E_ANNA);
	demo_set_fault(e->demo, &late);
	vt_send(e->vt, "\033OR" "\0333");
	vt_wait(e->vt, "703 is at work, its key rests");
	vt_until(e->vt, e2e_parked(e, E2E_ANNA, "701"));
	demo_set_fault(e->demo, NULL);
	vt_wait(e->vt, "● parked");
	vt_wait(e->vt, "no call");
	vt_pause(DEAD_MS + SHOWN_MS);

	/* what just changed asks, and says that it is the lot */
	for (unsigned take = 0; ; take++) {

		vt_check(e->vt, take < TAKES);
		e2e_park(e, E2E_BERT, "702");
		vt_pause(SHOWN_MS);
		vt_send(e->vt, "\033OP");
		vt_until(e->vt, e2e_talks(e, E2E_ANNA));
		vt_wait(e->vt, "► active");
		vt_wait(e->vt, "○ free");
		vt_check(e->vt, !demo_retrieve_by_colleague(e->demo, "103",
							    "702", 500));
		vt_wait_gone(e->vt, "● parked");
		vt_send(e->vt, "\033OQ");
		vt_until(e->vt, vt_has(e->vt, "has just changed") ||
			 vt_has(e->vt, "parking "));
		if (vt_has(e->vt, "has just changed"))
			break;

		/* the machine was too slow for that: once more */
		vt_until(e->vt, e2e_parked(e, E2E_ANNA, "701"));
		vt_wait(e->vt, "no call");
		vt_pause(DEAD_MS + SHOWN_MS);
	}

	vt_wait(e->vt, "Park Anna on the lot 700, where the PBX chooses");
	vt_send(e->vt, "n");
	vt_wait_gone(e->vt, "has just changed");
	vt_check(e->vt, e2e_talks(e, E2E_ANNA));
}


/* ---- what a lamp tells ---- */

/** r asks when who is meant has changed within the moment */
static void test_other_longest(void **state)
{
	struct e2e *e = *state;

	for (unsigned take = 0; ; take++) {

		const uint64_t begin = vt_now();

		vt_check(e->vt, take < TAKES);
		e2e_park(e, E2E_BERT, "704");
		e2e_park(e, E2E_ANNA, "701");
		vt_pause(SHOWN_MS);
		vt_check(e->vt, !demo_retrieve_by_colleague(e->demo, "103",
							    "704", 500));
		vt_wait(e->vt, "1 parked");
		vt_send(e->vt, "r");
		vt_until(e->vt, vt_has(e->vt, "Who waits longest has just "
				       "changed") || e2e_talks(e, E2E_ANNA));
		if (!e2e_talks(e, E2E_ANNA))
			break;

		vt_check(e->vt, vt_now() - begin >= SHOWN_MS + 700);
		vt_wait(e->vt, "► active");
		vt_send(e->vt, "b");
		vt_until(e->vt, e2e_gone(e, E2E_ANNA));
		vt_wait(e->vt, "no call");
		vt_pause(DEAD_MS + SHOWN_MS);
	}

	vt_check(e->vt, vt_has(e->vt, "Retrieve the call from 701? y/n"));
	vt_check(e->vt, e2e_parked(e, E2E_ANNA, "701"));
	vt_send(e->vt, "y");
	vt_until(e->vt, e2e_talks(e, E2E_ANNA));
}


static int setup_recall(void **state)
{
	return e2e_setup_with(state, "reminder 3\n", true, 12);
}


/** It ages, one is reminded of it, it comes back */
static void test_ages(void **state)
{
	struct e2e *e = *state;
	unsigned bells;

	e2e_talk(e, E2E_ANNA);
	vt_send(e->vt, "p");
	vt_until(e->vt, e2e_parked(e, E2E_ANNA, "701"));
	vt_wait(e->vt, "no call");
	bells = e->vt->bells;
	vt_wait(e->vt, "back in 0:");
	vt_wait(e->vt, "Anna waits at 701, 0:0");
	vt_until(e->vt, e->vt->bells > bells);
	vt_wait(e->vt, "● waits long");
	vt_wait(e->vt, "● back soon");

	vt_wait(e->vt, "♪ recall");
	vt_wait(e->vt, "Anna is back from 701, nobody took the call");
	vt_wait(e->vt, "← 701");
	vt_wait(e->vt, "Anna: back with you");
	vt_send(e->vt, "a");
	vt_until(e->vt, e2e_talks(e, E2E_ANNA));
	vt_wait(e->vt, "► active");
}


#define PANEL_TEST(f, setup) \
	cmocka_unit_test_setup_teardown(f, setup, e2e_teardown)

int main(void)
{
	const struct CMUnitTest testv[] = {
		PANEL_TEST(test_moves, e2e_setup_12),
		PANEL_TEST(test_pages, e2e_setup_12),
		PANEL_TEST(test_page_asks, e2e_setup_12),
		PANEL_TEST(test_enter, e2e_setup),
		PANEL_TEST(test_mouse, e2e_setup),
		PANEL_TEST(test_panes, e2e_setup),
		PANEL_TEST(test_zero, e2e_setup),
		PANEL_TEST(test_digits_phone, setup_phone),
		PANEL_TEST(test_note, e2e_setup),
		PANEL_TEST(test_transfer, e2e_setup),
		PANEL_TEST(test_colleague, e2e_setup),
		PANEL_TEST(test_lot, setup_lot),
		PANEL_TEST(test_other_longest, e2e_setup),
		PANEL_TEST(test_ages, setup_recall),
	};
	int failed;

	if (libre_init())
		return 1;
	failed = cmocka_run_group_tests(testv, NULL, NULL);
	libre_close();

	return failed;
}
