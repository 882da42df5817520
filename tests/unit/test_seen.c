/**
 * @file tests/unit/test_seen.c  For how long something has been in the picture
 */
#include "tests/lib/test.h"
#include "ui/seen_state.h"


enum {
	LAMPS = 20,
};


static void lamp(struct desk *desk, unsigned idx, enum lamp_state st,
		 uint64_t now_ms)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_LAMP;
	ev.u.lamp.idx = idx;
	ev.u.lamp.state = st;
	ev.u.lamp.since_ms = now_ms;
	snprintf(ev.u.lamp.spot, TEXT_SZ, "%u", 701 + idx);
	assert_int_equal(0, desk_step(desk, &ev, now_ms));
}


static void book(struct desk *desk, const char *spot, bool gone,
		 uint64_t since_ms)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_BOOK;
	ev.u.book.gone = gone;
	ev.u.book.since_ms = since_ms;
	snprintf(ev.u.book.spot, TEXT_SZ, "%s", spot);
	snprintf(ev.u.book.by, TEXT_SZ, "me");
	assert_int_equal(0, desk_step(desk, &ev, since_ms));
}


static void setup(struct desk *desk, struct seen *seen)
{
	struct event ev;

	memset(seen, 0, sizeof(*seen));
	desk_init(desk);
	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_LAMPS;
	ev.u.lamps = LAMPS;
	assert_int_equal(0, desk_step(desk, &ev, 0));
	for (unsigned i = 0; i < LAMPS; i++)
		lamp(desk, i, LAMP_FREE, 1000);
}


/** Pictures of one lamp that turned on at 5000 */
static void test_lamp(void **state)
{
	enum {NONE = -1, END = -2};
	static const struct {
		struct {
			int page;          /* NONE: covered; END: no more */
			uint64_t at_ms;
		} drawnv[7];
		uint64_t now_ms, seen_ms;
	} rowv[] = {
		{{{0, 2000}, {0, 5016}, {END, 0}},               5700, 700},
		{{{0, 2000}, {0, 5016}, {0, 5500}, {END, 0}},    5700, 700},
		/* the picture came late */
		{{{0, 2000}, {0, 9000}, {END, 0}},               9300, 300},
		{{{0, 2000}, {0, 9000}, {0, 9200}, {END, 0}},    9300, 300},
		/* another page, then this one */
		{{{1, 2000}, {1, 5016}, {0, 8000}, {END, 0}},    8500, 500},
		{{{0, 2000}, {1, 7000}, {0, 8000}, {END, 0}},    8500, 500},
		/* covered too soon: not seen, and again from the beginning */
		{{{0, 2000}, {0, 5016}, {NONE, 5699}, {END, 0}}, 9000, 0},
		{{{0, 2000}, {0, 5016}, {NONE, 5699}, {0, 8000}, {END, 0}},
							         8200, 200},
		/* seen, then covered */
		{{{0, 2000}, {0, 5016}, {NONE, 5700}, {END, 0}}, 9000, 4000},
		{{{0, 2000}, {0, 5016}, {NONE, 5700}, {0, 8000}, {NONE, 8010},
		  {END, 0}},				         9000, 4000},
		/* it changed behind the cover */
		{{{0, 2000}, {NONE, 4000}, {END, 0}},            9000, 0},
		{{{0, 2000}, {NONE, 4000}, {0, 8000}, {END, 0}}, 8100, 100},
		/* it is of another page: only the change counts */
		{{{1, 2000}, {END, 0}},                          5300, 300},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct seen_page page = {80, 24, LAMPS, 0, LAMPS / 2};
		struct desk desk;
		struct seen seen;
		bool on = false;

		setup(&desk, &seen);
		for (size_t k = 0; rowv[i].drawnv[k].page != END; k++) {

			const uint64_t at = rowv[i].drawnv[k].at_ms;
			const int n = rowv[i].drawnv[k].page;

			if (at >= 5000 && !on) {
				lamp(&desk, 3, LAMP_PARKED, 5000);
				on = true;
			}
			if (n != NONE)
				page.first = (size_t)n * LAMPS / 2;
			seen_drawn(&seen, n == NONE ? NULL : &page, &desk,
				   at);
		}
		if (!on)
			lamp(&desk, 3, LAMP_PARKED, 5000);

		row_uint(i, rowv[i].seen_ms,
			 seen_lamp(&seen, &page, &desk, &desk.lampv[3],
				   rowv[i].now_ms));

		/* the next picture is another one: nothing was seen of it */
		page.w = 200;
		row_uint(i, page.first ? rowv[i].now_ms - 5000 : 0,
			 seen_lamp(&seen, &page, &desk, &desk.lampv[3],
				   rowv[i].now_ms));
		desk_reset(&desk);
	}
}


/** Who waits longest, and whom I parked last */
static void test_choice(void **state)
{
	const struct seen_page page = {80, 24, LAMPS, 0, LAMPS};
	struct desk desk;
	struct seen seen;
	(void)state;

	setup(&desk, &seen);
	seen_drawn(&seen, &page, &desk, 2000);
	assert_int_equal(0, seen_choice(&seen.longest, 0, "701", 3000));

	lamp(&desk, 0, LAMP_PARKED, 3000);
	lamp(&desk, 1, LAMP_PARKED, 3500);
	book(&desk, "701", false, 3000);
	book(&desk, "702", false, 3500);
	seen_drawn(&seen, &page, &desk, 4000);
	assert_int_equal(500, seen_choice(&seen.longest, 0, "701", 4500));
	assert_int_equal(0, seen_choice(&seen.longest, 0, "702", 4500));
	assert_int_equal(0, seen_choice(&seen.longest, 1, "701", 4500));

	/* what I parked myself is known at once */
	assert_int_equal(4500, seen_choice(&seen.mine, 0, "702", 4500));

	/* all were taken: there is no choice */
	lamp(&desk, 0, LAMP_FREE, 5000);
	lamp(&desk, 1, LAMP_FREE, 5000);
	seen_drawn(&seen, &page, &desk, 5000);
	assert_int_equal(0, seen_choice(&seen.mine, 0, "701", 6000));
	assert_int_equal(0, seen_choice(&seen.longest, 0, "701", 6000));

	lamp(&desk, 0, LAMP_PARKED, 6000);
	lamp(&desk, 1, LAMP_PARKED, 6500);
	seen_drawn(&seen, &page, &desk, 7000);
	book(&desk, "702", true, 7000);
	seen_drawn(&seen, &page, &desk, 7100);
	assert_int_equal(400, seen_choice(&seen.mine, 0, "701", 7500));
	desk_reset(&desk);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_lamp),
		unit_test(test_choice),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
