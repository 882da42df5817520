/**
 * @file tests/unit/test_demo_hint_model.c  Test: the demo's hint line
 */
#include "tests/lib/test.h"
#include "modules/demo/demo_hint_model.h"


/** A fact in short */
struct row {
	enum { CALL, LAMP, BOOK, HELP, SKIP } what;
	unsigned id;                 /* call, or index of the lamp       */
	int state;
	const char *who;
	const char *spot;
	bool outgoing;
	enum demo_hint_step step;    /* after it                         */
	const char *text;            /* NULL: as before                  */
};


static bool feed(struct demo_hint *h, const struct row *r)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));

	switch (r->what) {

	case CALL:
		ev.type = EVENT_CALL;
		ev.u.call.id = r->id;
		ev.u.call.state = (enum deskcall_state)r->state;
		ev.u.call.outgoing = r->outgoing;
		snprintf(ev.u.call.name, TEXT_SZ, "%s", r->who);
		snprintf(ev.u.call.spot, TEXT_SZ, "%s", r->spot);
		break;

	case LAMP:
		ev.type = EVENT_LAMP;
		ev.u.lamp.idx = r->id;
		ev.u.lamp.state = (enum lamp_state)r->state;
		snprintf(ev.u.lamp.spot, TEXT_SZ, "%s", r->spot);
		break;

	case BOOK:
		ev.type = EVENT_BOOK;
		snprintf(ev.u.book.spot, TEXT_SZ, "%s", r->spot);
		snprintf(ev.u.book.who, TEXT_SZ, "%s", r->who);
		snprintf(ev.u.book.by, TEXT_SZ, "me");
		break;

	case HELP:
		ev.type = EVENT_HELP;
		break;

	case SKIP:
		return demo_hint_skip(h);
	}

	return demo_hint_event(h, &ev);
}


static void play(const struct row *rowv, size_t n)
{
	struct demo_hint h;
	char before[REASON_SZ];

	demo_hint_init(&h);
	row_str(0, "A call will ring in a moment. (:skip ends these hints)", demo_hint_text(&h));

	for (size_t i = 0; i < n; i++) {

		bool changed;

		snprintf(before, sizeof(before), "%s", demo_hint_text(&h));
		changed = feed(&h, &rowv[i]);

		row_int(i, rowv[i].step, h.step);
		row_str(i, rowv[i].text ? rowv[i].text : before,
			demo_hint_text(&h));
		row_bool(i, rowv[i].text != NULL, changed);
	}
}


static void test_course(void **state)
{
	(void)state;
	static const struct row rowv[] = {
		{LAMP, 0, LAMP_FREE, "", "701", false, DEMO_HINT_WAIT, NULL},
		{CALL, 1, DESKCALL_INCOMING, "Anna", "", false,
		 DEMO_HINT_ANSWER, "Press a to answer Anna. (:skip ends these hints)"},
		{CALL, 1, DESKCALL_ACTIVE, "Anna", "", false,
		 DEMO_HINT_PARK,
		 "Press p to park Anna."},
		{CALL, 1, DESKCALL_PARKING, "Anna", "", false,
		 DEMO_HINT_PARKING,
		 "Anna is being parked: watch the lamps."},
		{LAMP, 2, LAMP_PARKED, "", "703", false, DEMO_HINT_TAKE,
		 "703 flashes: press 3 to take Anna back."},
		{CALL, 1, DESKCALL_CLOSED, "Anna", "703", false,
		 DEMO_HINT_TAKE, NULL},
		{LAMP, 0, LAMP_PARKED, "", "701", false, DEMO_HINT_TAKE,
		 NULL},
		{CALL, 2, DESKCALL_RETRIEVING, "703", "703", true,
		 DEMO_HINT_TAKE, NULL},
		{LAMP, 2, LAMP_FREE, "", "703", false, DEMO_HINT_TAKE,
		 "One moment."},
		{CALL, 2, DESKCALL_ACTIVE, "Anna", "703", true,
		 DEMO_HINT_COLLEAGUE,
		 "A colleague parked a call at 701: press 1 to take it."},
		{LAMP, 0, LAMP_FREE, "", "701", false, DEMO_HINT_COLLEAGUE,
		 "You have the call again. Press b to hang up; a colleague "
		 "will park a call soon."},
		{CALL, 2, DESKCALL_CLOSED, "Anna", "703", true,
		 DEMO_HINT_COLLEAGUE,
		 "Soon a colleague parks a call: watch the lamps."},
		{LAMP, 9, LAMP_PARKED, "", "710", false,
		 DEMO_HINT_COLLEAGUE,
		 "A colleague parked a call at 710: press 0 to take it."},
		{CALL, 3, DESKCALL_ACTIVE, "Jonas", "710", true,
		 DEMO_HINT_HELP,
		 "Press ? for help, q to quit. That is all it takes."},
		{SKIP, 0, 0, "", "", false, DEMO_HINT_DONE, ""},
		{CALL, 4, DESKCALL_INCOMING, "Eve", "", false,
		 DEMO_HINT_DONE, NULL},
	};

	play(rowv, ROWS(rowv));
}


/* The help ends the last hint, and only that; skip ends any */
static void test_help(void **state)
{
	static const struct row rowv[] = {
		{HELP, 0, 0, "", "", false, DEMO_HINT_WAIT, NULL},
		{CALL, 1, DESKCALL_ACTIVE, "Anna", "", false,
		 DEMO_HINT_PARK, "Press p to park Anna."},
		{HELP, 0, 0, "", "", false, DEMO_HINT_PARK, NULL},
		{CALL, 1, DESKCALL_PARKING, "Anna", "701", false,
		 DEMO_HINT_PARKING,
		 "Anna is being parked: watch the lamps."},
		{LAMP, 0, LAMP_PARKED, "", "701", false, DEMO_HINT_TAKE,
		 "701 flashes: press 1 to take Anna back."},
		{CALL, 2, DESKCALL_ACTIVE, "Anna", "701", true,
		 DEMO_HINT_COLLEAGUE,
		 "A colleague parked a call at 701: press 1 to take it."},
		{LAMP, 0, LAMP_FREE, "", "701", false, DEMO_HINT_COLLEAGUE,
		 "You have the call again. Press b to hang up; a colleague "
		 "will park a call soon."},
		{CALL, 3, DESKCALL_ACTIVE, "Eve", "702", true,
		 DEMO_HINT_HELP,
		 "Press ? for help, q to quit. That is all it takes."},
		{HELP, 0, 0, "", "", false, DEMO_HINT_DONE, ""},
	};
	static const struct row skipv[] = {
		{CALL, 1, DESKCALL_INCOMING, "Anna", "", false,
		 DEMO_HINT_ANSWER,
		 "Press a to answer Anna. (:skip ends these hints)"},
		{SKIP, 0, 0, "", "", false, DEMO_HINT_DONE, ""},
		{CALL, 1, DESKCALL_ACTIVE, "Anna", "", false,
		 DEMO_HINT_DONE, NULL},
		{SKIP, 0, 0, "", "", false, DEMO_HINT_DONE, NULL},
	};
	(void)state;

	play(rowv, ROWS(rowv));
	play(skipv, ROWS(skipv));
}


/* What comes to nothing goes back */
static void test_setbacks(void **state)
{
	(void)state;
	static const struct row rowv[] = {
		{CALL, 1, DESKCALL_INCOMING, "Anna", "", false,
		 DEMO_HINT_ANSWER, "Press a to answer Anna. (:skip ends these hints)"},
		{CALL, 2, DESKCALL_CLOSED, "Eve", "", false,
		 DEMO_HINT_ANSWER, NULL},
		{CALL, 1, DESKCALL_CLOSED, "Anna", "", false,
		 DEMO_HINT_WAIT, "A call will ring in a moment. (:skip ends these hints)"},
		{CALL, 3, DESKCALL_INCOMING, "Eve", "", false,
		 DEMO_HINT_ANSWER, "Press a to answer Eve. (:skip ends these hints)"},
		{CALL, 3, DESKCALL_ACTIVE, "Eve", "", false,
		 DEMO_HINT_PARK,
		 "Press p to park Eve."},
		{CALL, 3, DESKCALL_PARKING, "Eve", "", false,
		 DEMO_HINT_PARKING, "Eve is being parked: watch the lamps."},
		/* the park failed, the caller is back */
		{CALL, 3, DESKCALL_ACTIVE, "Eve", "", false,
		 DEMO_HINT_PARK,
		 "Press p to park Eve."},
		{CALL, 3, DESKCALL_PARKING, "Eve", "", false,
		 DEMO_HINT_PARKING, "Eve is being parked: watch the lamps."},
		/* two lamps at once: the book knows which is mine */
		{LAMP, 0, LAMP_PARKED, "", "701", false, DEMO_HINT_TAKE,
		 "701 flashes: press 1 to take Eve back."},
		{LAMP, 12, LAMP_PARKED, "", "713", false, DEMO_HINT_TAKE,
		 NULL},
		{BOOK, 0, 0, "Eve", "713", false, DEMO_HINT_TAKE,
		 "713 flashes: go there with the arrows, press Enter to take "
		 "Eve back."},
		/* the caller leaves, or is recalled */
		{LAMP, 12, LAMP_FREE, "", "713", false, DEMO_HINT_TAKE,
		 "The caller is gone. The next call will ring soon."},
		{CALL, 5, DESKCALL_INCOMING, "Eve", "", false,
		 DEMO_HINT_ANSWER, "Press a to answer Eve. (:skip ends these hints)"},
		/* parked on an extension, where no lamp is */
		{CALL, 5, DESKCALL_ACTIVE, "Eve", "", false,
		 DEMO_HINT_PARK,
		 "Press p to park Eve."},
		{CALL, 5, DESKCALL_PARKING, "Eve", "102", false,
		 DEMO_HINT_PARKING, "Eve is being parked: watch the lamps."},
		{BOOK, 0, 0, "Eve", "102", false, DEMO_HINT_TAKE,
		 "Eve waits at 102. To take the call back, press u."},
	};

	play(rowv, ROWS(rowv));
}


/* Facts of any kind in any order: a sentence that fits, always ended */
static void test_random(void **state)
{
	(void)state;
	static const char *const spotv[] = {"", "701", "702", "*5901"};
	static const char *const whov[] = {
		"Anna", "", "a name that is as long as names may be and then "
		"goes on until nobody cares any more, as hostile ones do"};
	struct demo_hint h;
	unsigned x = 1;

	demo_hint_init(&h);

	for (size_t i = 0; i < 20000; i++) {

		struct row r;

		x = x * 1103515245 + 12345;
		r.what = (x >> 16) % 3;
		r.id = (x >> 18) % 40;
		r.state = (int)((x >> 20) % DESKCALL_STATES);
		if (r.what == LAMP)
			r.state %= LAMP_STATES;
		r.who = whov[(x >> 8) % ROWS(whov)];
		r.spot = spotv[(x >> 24) % ROWS(spotv)];
		r.outgoing = x >> 31;

		feed(&h, &r);

		row_true(i, h.step < DEMO_HINT_DONE);
		row_true(i, memchr(h.text, '\0', sizeof(h.text)) != NULL);
		row_true(i, h.text[0] != '\0');
	}
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_course),
		unit_test(test_help),
		unit_test(test_setbacks),
		unit_test(test_random),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
