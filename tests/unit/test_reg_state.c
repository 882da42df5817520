/**
 * @file tests/unit/test_reg_state.c  Life of a registration, as a table
 */
#include "../lib/test.h"
#include "modules/reg/reg_state.h"


struct row {
	uint32_t wait_ms;
	enum regc_event ev;
	struct regc_arg arg;
	enum regc_action act;
	enum regc_state state;
	uint32_t due_min_ms;      /* 0 and 0: never                      */
	uint32_t due_max_ms;
};


static void run(const struct row *rowv, size_t n)
{
	struct regc_life life = {0};
	uint64_t now = 5000;

	for (size_t i = 0; i < n; i++) {

		const struct row *r = &rowv[i];
		enum regc_action act;

		now += r->wait_ms;
		act = regc_step(&life, r->ev, &r->arg, now);

		row_int(i, r->act, act);
		row_str(i, regc_state_name(r->state),
			regc_state_name(life.state));

		if (!r->due_max_ms) {
			row_uint(i, 0, life.due_ms);
			continue;
		}

		if (life.due_ms < now + r->due_min_ms ||
		    life.due_ms > now + r->due_max_ms)
			row_fail(i, "due in %lld ms, expected %u to %u",
				 (long long)(life.due_ms - now),
				 r->due_min_ms, r->due_max_ms);
	}
}


static void test_good_day(void **state)
{
	static const struct row rowv[] = {
		{0, REGC_EV_START, {0}, REGC_ACT_SEND, REGC_TRYING, 0, 0},
		{5, REGC_EV_OK, {.expires_s = 300}, REGC_ACT_NONE, REGC_OK,
		 225000, 255000},
		{240000, REGC_EV_DUE, {0}, REGC_ACT_SEND, REGC_REFRESHING,
		 0, 0},
		{5, REGC_EV_OK, {.expires_s = 60}, REGC_ACT_NONE, REGC_OK,
		 45000, 51000},
		{10, REGC_EV_STOP, {0}, REGC_ACT_UNSEND, REGC_CLOSING, 0, 0},
		{10, REGC_EV_OK, {0}, REGC_ACT_DONE, REGC_OFF, 0, 0},
	};
	(void)state;

	run(rowv, ROWS(rowv));
}


static void test_backoff_is_capped_at_a_minute(void **state)
{
	static const struct row rowv[] = {
		{0, REGC_EV_START, {0}, REGC_ACT_SEND, REGC_TRYING, 0, 0},
		{0, REGC_EV_FAIL, {0}, REGC_ACT_NONE, REGC_RETRY, 750, 1000},
		{0, REGC_EV_DUE, {0}, REGC_ACT_SEND, REGC_TRYING, 0, 0},
		{0, REGC_EV_FAIL, {0}, REGC_ACT_NONE, REGC_RETRY, 1500, 2000},
		{0, REGC_EV_DUE, {0}, REGC_ACT_SEND, REGC_TRYING, 0, 0},
		{0, REGC_EV_FAIL, {0}, REGC_ACT_NONE, REGC_RETRY, 3000, 4000},
		{0, REGC_EV_DUE, {0}, REGC_ACT_SEND, REGC_TRYING, 0, 0},
		{0, REGC_EV_FAIL, {0}, REGC_ACT_NONE, REGC_RETRY, 6000, 8000},
		{0, REGC_EV_DUE, {0}, REGC_ACT_SEND, REGC_TRYING, 0, 0},
		{0, REGC_EV_FAIL, {0}, REGC_ACT_NONE, REGC_RETRY,
		 12000, 16000},
		{0, REGC_EV_DUE, {0}, REGC_ACT_SEND, REGC_TRYING, 0, 0},
		{0, REGC_EV_FAIL, {0}, REGC_ACT_NONE, REGC_RETRY,
		 24000, 32000},
		{0, REGC_EV_DUE, {0}, REGC_ACT_SEND, REGC_TRYING, 0, 0},
		{0, REGC_EV_FAIL, {0}, REGC_ACT_NONE, REGC_RETRY,
		 45000, 60000},
		{0, REGC_EV_DUE, {0}, REGC_ACT_SEND, REGC_TRYING, 0, 0},
		{0, REGC_EV_FAIL, {0}, REGC_ACT_NONE, REGC_RETRY,
		 45000, 60000},
		/* one success, and it begins anew */
		{0, REGC_EV_DUE, {0}, REGC_ACT_SEND, REGC_TRYING, 0, 0},
		{0, REGC_EV_OK, {.expires_s = 100}, REGC_ACT_NONE, REGC_OK,
		 75000, 85000},
		{0, REGC_EV_DUE, {0}, REGC_ACT_SEND, REGC_REFRESHING, 0, 0},
		{0, REGC_EV_FAIL, {0}, REGC_ACT_NONE, REGC_RETRY, 750, 1000},
	};
	(void)state;

	run(rowv, ROWS(rowv));
}


static void test_refusals(void **state)
{
	static const struct row rowv[] = {
		{0, REGC_EV_START, {0}, REGC_ACT_SEND, REGC_TRYING, 0, 0},
		/* the server's own wish counts */
		{0, REGC_EV_FAIL, {.retry_after_s = 120}, REGC_ACT_NONE,
		 REGC_RETRY, 120000, 121000},
		/* but not for a day */
		{0, REGC_EV_DUE, {0}, REGC_ACT_SEND, REGC_TRYING, 0, 0},
		{0, REGC_EV_FAIL, {.retry_after_s = 86400}, REGC_ACT_NONE,
		 REGC_RETRY, 3600000, 3601000},
		/* 405 and the like: slowly */
		{0, REGC_EV_DUE, {0}, REGC_ACT_SEND, REGC_TRYING, 0, 0},
		{0, REGC_EV_FAIL, {.slow = true}, REGC_ACT_NONE, REGC_RETRY,
		 300000, 330000},
		/* a wrong password: once more, then no more */
		{0, REGC_EV_DUE, {0}, REGC_ACT_SEND, REGC_TRYING, 0, 0},
		{0, REGC_EV_PASSWORD, {0}, REGC_ACT_NONE, REGC_RETRY,
		 5000, 5000},
		{5000, REGC_EV_DUE, {0}, REGC_ACT_SEND, REGC_TRYING, 0, 0},
		{0, REGC_EV_PASSWORD, {0}, REGC_ACT_NONE, REGC_REFUSED, 0, 0},
		{0, REGC_EV_DUE, {0}, REGC_ACT_NONE, REGC_REFUSED, 0, 0},
		{0, REGC_EV_NET, {0}, REGC_ACT_NONE, REGC_REFUSED, 0, 0},
		/* by hand it tries again, twice again */
		{0, REGC_EV_START, {0}, REGC_ACT_SEND, REGC_TRYING, 0, 0},
		{0, REGC_EV_PASSWORD, {0}, REGC_ACT_NONE, REGC_RETRY,
		 5000, 5000},
	};
	(void)state;

	run(rowv, ROWS(rowv));
}


static void test_flow_and_network(void **state)
{
	static const struct row rowv[] = {
		{0, REGC_EV_START, {0}, REGC_ACT_SEND, REGC_TRYING, 0, 0},
		{0, REGC_EV_OK, {.expires_s = 300}, REGC_ACT_NONE, REGC_OK,
		 225000, 255000},
		{0, REGC_EV_FLOW, {0}, REGC_ACT_NONE, REGC_RETRY, 500, 1000},
		{600, REGC_EV_DUE, {0}, REGC_ACT_SEND, REGC_TRYING, 0, 0},
		{0, REGC_EV_OK, {.expires_s = 300}, REGC_ACT_NONE, REGC_OK,
		 225000, 255000},
		/* it falls while a refresh is under way: not waited for */
		{230000, REGC_EV_DUE, {0}, REGC_ACT_SEND, REGC_REFRESHING,
		 0, 0},
		{10, REGC_EV_FLOW, {0}, REGC_ACT_CANCEL, REGC_RETRY,
		 500, 1000},
		{600, REGC_EV_DUE, {0}, REGC_ACT_SEND, REGC_TRYING, 0, 0},
		{0, REGC_EV_OK, {.expires_s = 300}, REGC_ACT_NONE, REGC_OK,
		 225000, 255000},
		{0, REGC_EV_NET, {0}, REGC_ACT_SEND, REGC_TRYING, 0, 0},
		{0, REGC_EV_STOP, {0}, REGC_ACT_DONE, REGC_OFF, 0, 0},
		{0, REGC_EV_STOP, {0}, REGC_ACT_DONE, REGC_OFF, 0, 0},
		{0, REGC_EV_DUE, {0}, REGC_ACT_NONE, REGC_OFF, 0, 0},
	};
	(void)state;

	run(rowv, ROWS(rowv));
}


/* Whatever happens in whatever order: it ends in a state from which it goes
   on by itself, or has been told to stop */
static void test_any_order(void **state)
{
	uint32_t x = 1;
	(void)state;

	for (size_t round = 0; round < 2000; round++) {

		struct regc_life life = {.seed = (uint32_t)round};
		uint64_t now = 1000;

		(void)regc_step(&life, REGC_EV_START, NULL, now);

		for (size_t i = 0; i < 60; i++) {

			struct regc_arg arg = {0};
			enum regc_event ev;
			enum regc_action act;
			uint64_t due;

			x = x * 1664525u + 1013904223u;
			ev = (enum regc_event)((x >> 16) % REGC_EVENTS);
			arg.expires_s = (x >> 8) % 4000;
			now += (x >> 4) % 10000;
			if (ev == REGC_EV_STOP && i < 50)
				continue;

			due = life.due_ms;
			act = regc_step(&life, ev, &arg, now);

			if (life.due_ms != due && life.due_ms &&
			    life.due_ms < now)
				row_fail(round, "due in the past");
			if (life.due_ms > now + 3700000)
				row_fail(round, "due in %llu ms",
					 (unsigned long long)
					 (life.due_ms - now));
			if ((life.state == REGC_RETRY ||
			     life.state == REGC_OK) && !life.due_ms)
				row_fail(round, "stuck in %s after %s",
					 regc_state_name(life.state),
					 regc_event_name(ev));
			if (act == REGC_ACT_SEND &&
			    life.state != REGC_TRYING &&
			    life.state != REGC_REFRESHING)
				row_fail(round, "sends in %s",
					 regc_state_name(life.state));
		}
	}
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_good_day),
		unit_test(test_backoff_is_capped_at_a_minute),
		unit_test(test_refusals),
		unit_test(test_flow_and_network),
		unit_test(test_any_order),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
