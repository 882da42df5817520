/**
 * @file tests/unit/test_probe_state.c  Does the server still live?
 */
#include "../lib/test.h"
#include "app/clock.h"
#include "modules/reg/probe_state.h"


enum what {
	START,
	STOP,
	DUE,
	ANSWER,
};

struct row {
	uint32_t wait_ms;
	enum what what;
	enum probe_action act;
	uint32_t due_ms;         /* from now on; 0: never                */
};


static void run(const struct row *rowv, size_t n)
{
	struct probe probe = {0};
	struct fake_clock fc;

	fake_clock_init(&fc, 1000);

	for (size_t i = 0; i < n; i++) {

		enum probe_action act = PROBE_ACT_NONE;
		uint64_t now;

		fake_clock_add(&fc, rowv[i].wait_ms);
		now = clock_ms(&fc.clock);

		switch (rowv[i].what) {
		case START:  probe_start(&probe, now);    break;
		case STOP:   probe_stop(&probe);          break;
		case DUE:    act = probe_due(&probe, now); break;
		case ANSWER: probe_answered(&probe, now); break;
		}

		row_int(i, rowv[i].act, act);
		row_uint(i, rowv[i].due_ms ? now + rowv[i].due_ms : 0,
			 probe.due_ms);
	}
}


static void test_lives_and_dies(void **state)
{
	static const struct row rowv[] = {
		{    0, START,  PROBE_ACT_NONE,     1},
		{    1, DUE,    PROBE_ACT_ASK,  25000},
		{   20, ANSWER, PROBE_ACT_NONE, 25000},
		{24999, DUE,    PROBE_ACT_NONE,     1},
		{    1, DUE,    PROBE_ACT_ASK,   8000},
		{   20, ANSWER, PROBE_ACT_NONE, 25000},
		/* registered again meanwhile: the rhythm stays */
		{10000, START,  PROBE_ACT_NONE, 15000},
		{15000, DUE,    PROBE_ACT_ASK,   8000},
		{ 7999, DUE,    PROBE_ACT_NONE,     1},
		{    1, DUE,    PROBE_ACT_DEAD,     0},
		/* too late, and nobody is registered */
		{   10, ANSWER, PROBE_ACT_NONE,     0},
		{    0, DUE,    PROBE_ACT_NONE,     0},
		/* it registers us, but answers no OPTIONS any more: alive */
		{  500, START,  PROBE_ACT_NONE,     1},
		{    1, DUE,    PROBE_ACT_ASK,  25000},
		{25000, DUE,    PROBE_ACT_ASK,  25000},
		{25000, DUE,    PROBE_ACT_ASK,  25000},
		{ 9000, ANSWER, PROBE_ACT_NONE, 25000},
		{25000, DUE,    PROBE_ACT_ASK,   8000},
	};
	(void)state;

	run(rowv, ROWS(rowv));
}


static void test_never_answers(void **state)
{
	static const struct row rowv[] = {
		{    0, DUE,    PROBE_ACT_NONE,     0},
		{    0, ANSWER, PROBE_ACT_NONE,     0},
		{    0, START,  PROBE_ACT_NONE,     1},
		{    1, DUE,    PROBE_ACT_ASK,  25000},
		{25000, DUE,    PROBE_ACT_ASK,  25000},
		{25000, DUE,    PROBE_ACT_ASK,  25000},
		{    5, STOP,   PROBE_ACT_NONE,     0},
		{25000, DUE,    PROBE_ACT_NONE,     0},
		{    0, START,  PROBE_ACT_NONE,     1},
	};
	(void)state;

	run(rowv, ROWS(rowv));
}


/* Not registered for a while, but not since it was silent */
static void test_keeps_what_it_knows(void **state)
{
	static const struct row rowv[] = {
		{    0, START,  PROBE_ACT_NONE,     1},
		{    1, DUE,    PROBE_ACT_ASK,  25000},
		{    1, ANSWER, PROBE_ACT_NONE, 25000},
		{25000, DUE,    PROBE_ACT_ASK,   8000},
		{    1, STOP,   PROBE_ACT_NONE,     0},
		{  100, START,  PROBE_ACT_NONE, 25000},
		{25000, DUE,    PROBE_ACT_ASK,   8000},
		{ 8000, DUE,    PROBE_ACT_DEAD,     0},
	};
	(void)state;

	run(rowv, ROWS(rowv));
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_lives_and_dies),
		unit_test(test_never_answers),
		unit_test(test_keeps_what_it_knows),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
