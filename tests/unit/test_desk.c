/**
 * @file tests/unit/test_desk.c  The desk model: facts in, picture out
 */
#include "tests/lib/test.h"
#include <errno.h>
#include "app/desk_model.h"


static struct event ev_lamps(unsigned n)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_LAMPS;
	ev.u.lamps = n;

	return ev;
}


static struct event ev_lamp(unsigned idx, const char *spot,
			    enum lamp_state lstate, bool stale)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_LAMP;
	ev.u.lamp.idx = idx;
	ev.u.lamp.state = lstate;
	ev.u.lamp.stale = stale;
	strcpy(ev.u.lamp.spot, spot);

	return ev;
}


static struct event ev_call(unsigned id, enum deskcall_state cstate)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_CALL;
	ev.u.call.id = id;
	ev.u.call.state = cstate;

	return ev;
}


static struct event ev_book(const char *spot, unsigned account,
			    const char *who, bool gone)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_BOOK;
	ev.u.book.account = account;
	ev.u.book.gone = gone;
	strcpy(ev.u.book.spot, spot);
	strcpy(ev.u.book.who, who);

	return ev;
}


static void step(struct desk *desk, struct event ev, uint64_t now_ms)
{
	assert_int_equal(0, desk_step(desk, &ev, now_ms));
}


static void test_calls(void **state)
{
	static const struct {
		unsigned id;
		enum deskcall_state st;
		int err;
		const char *ids;        /* Of the calls that are there   */
	} rowv[] = {
		{3, DESKCALL_INCOMING, 0, "3 "},
		{1, DESKCALL_DIALING,  0, "1 3 "},
		{2, DESKCALL_HELD,     0, "1 2 3 "},
		{3, DESKCALL_ACTIVE,   0, "1 2 3 "},
		{9, DESKCALL_CLOSED,   0, "1 2 3 "},     /* never seen   */
		{1, DESKCALL_NONE,     0, "1 2 3 "},     /* no state     */
		{1, DESKCALL_STATES,   0, "1 2 3 "},
		{2, DESKCALL_CLOSED,   0, "1 3 "},
		{1, DESKCALL_CLOSED,   0, "3 "},
		{3, DESKCALL_CLOSED,   0, ""},
	};
	struct desk desk;
	(void)state;

	desk_init(&desk);

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct event ev = ev_call(rowv[i].id, rowv[i].st);
		char ids[64] = "";

		row_int(i, rowv[i].err, desk_step(&desk, &ev, 0));

		for (size_t k = 0; k < desk.callc; k++)
			snprintf(ids + strlen(ids), sizeof(ids) - strlen(ids),
				 "%u ", desk.callv[k].id);
		row_str(i, rowv[i].ids, ids);
	}

	/* as many as the phone takes, and not one more */
	for (unsigned id = 1; id <= CALLS_MAX; id++)
		step(&desk, ev_call(id, DESKCALL_HELD), 0);

	struct event ev = ev_call(CALLS_MAX + 1, DESKCALL_INCOMING);
	const uint64_t version = desk.version;

	assert_int_equal(ENOMEM, desk_step(&desk, &ev, 0));
	assert_int_equal(version, desk.version);
	assert_null(desk_call(&desk, CALLS_MAX + 1));
	assert_non_null(desk_call(&desk, CALLS_MAX));
	assert_null(desk_call_in(&desk, DESKCALL_ACTIVE));
	step(&desk, ev_call(5, DESKCALL_ACTIVE), 0);
	assert_int_equal(5, desk_call_in(&desk, DESKCALL_ACTIVE)->id);

	desk_reset(&desk);
}


static void test_version(void **state)
{
	struct desk desk;
	struct event ev;
	uint64_t v;
	(void)state;

	desk_init(&desk);
	step(&desk, ev_lamps(2), 0);

	/* told twice, changed once */
	step(&desk, ev_lamp(0, "701", LAMP_FREE, false), 10);
	v = desk.version;
	step(&desk, ev_lamp(0, "701", LAMP_FREE, false), 20);
	row_uint(0, v, desk.version);
	step(&desk, ev_lamp(0, "701", LAMP_PARKED, false), 30);
	row_true(1, desk.version > v);

	/* out of bounds, unknown kinds: nothing */
	v = desk.version;
	step(&desk, ev_lamp(2, "703", LAMP_FREE, false), 40);
	step(&desk, ev_lamp(1, "702", LAMP_STATES, false), 40);
	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_ACCOUNT;
	ev.u.account.idx = ACCOUNTS_MAX;
	step(&desk, ev, 40);
	ev.type = EVENT_TYPES;
	step(&desk, ev, 40);
	row_uint(2, v, desk.version);
	row_uint(3, 0, desk.accountc);

	ev.type = EVENT_ACCOUNT;
	ev.u.account.idx = 1;
	step(&desk, ev, 40);
	row_uint(4, 2, desk.accountc);
	row_true(5, desk.version > v);

	desk_reset(&desk);
	row_true(6, desk.version > v);
}


static void test_shown(void **state)
{
	static const struct {
		uint64_t now_ms;
		enum lamp_state st;
		bool stale;
		uint64_t shown_ms;
	} rowv[] = {
		/* now   state         stale   shown since                */
		{ 100, LAMP_UNKNOWN, false,   100},     /* first word     */
		{ 200, LAMP_FREE,    false,   200},
		{ 300, LAMP_FREE,    false,   200},
		{ 400, LAMP_PARKED,  false,   400},
		{ 500, LAMP_PARKED,  true,    500},
		{ 600, LAMP_PARKED,  true,    500},
		{ 700, LAMP_PARKED,  false,   700},
	};
	struct desk desk;
	(void)state;

	desk_init(&desk);
	step(&desk, ev_lamps(1), 0);

	for (size_t i = 0; i < ROWS(rowv); i++) {
		struct event ev = ev_lamp(0, "701", rowv[i].st,
					  rowv[i].stale);

		/* another reason each time: a change that shows nothing */
		ev.u.lamp.reason[0] = (char)('a' + i);
		step(&desk, ev, rowv[i].now_ms);
		row_uint(i, rowv[i].shown_ms, desk.lampv[0].shown_ms);
	}

	desk_reset(&desk);
}


static void test_book(void **state)
{
	const struct desk_lamp *l;
	struct desk desk;
	(void)state;

	desk_init(&desk);
	step(&desk, ev_lamps(2), 0);
	step(&desk, ev_lamp(0, "701", LAMP_PARKED, false), 0);
	step(&desk, ev_lamp(1, "702", LAMP_PARKED, false), 0);

	l = desk_lamp(&desk, "701");
	assert_ptr_equal(l, &desk.lampv[0]);
	assert_null(desk_lamp(&desk, "70"));
	assert_null(desk_lamp(&desk, ""));

	/* another account's spot of the same number is another spot */
	step(&desk, ev_book("701", 1, "Eve", false), 0);
	assert_null(l->book);
	step(&desk, ev_book("701", 0, "Anna", false), 0);
	assert_non_null(l->book);
	assert_string_equal("Anna", desk_lamp_who(l));
	assert_string_equal("", desk_lamp_who(&desk.lampv[1]));

	/* one more at the end: those before it stay */
	step(&desk, ev_lamps(3), 0);
	assert_int_equal(3, desk.lampc);
	assert_ptr_equal(desk_lamp(&desk, "701"), &desk.lampv[0]);
	assert_non_null(desk.lampv[0].book);
	assert_false(desk.lampv[2].told);

	/* the grid is made anew, in another order */
	step(&desk, ev_lamps(0), 0);
	step(&desk, ev_lamps(3), 0);
	assert_null(desk_lamp(&desk, "701"));
	step(&desk, ev_lamp(2, "701", LAMP_UNKNOWN, false), 0);
	assert_non_null(desk.lampv[2].book);
	assert_string_equal("Anna", desk_lamp_who(&desk.lampv[2]));

	/* the place of a lamp is taken by another spot */
	step(&desk, ev_lamp(2, "709", LAMP_FREE, false), 0);
	assert_null(desk.lampv[2].book);
	step(&desk, ev_lamp(2, "701", LAMP_FREE, false), 0);
	assert_non_null(desk.lampv[2].book);

	/* an entry that moves takes its lamps along */
	step(&desk, ev_book("709", 0, "Bob", false), 0);
	step(&desk, ev_lamp(1, "709", LAMP_PARKED, false), 0);
	assert_string_equal("Bob", desk_lamp_who(&desk.lampv[1]));

	step(&desk, ev_book("701", 0, "", true), 0);
	assert_null(desk.lampv[2].book);
	assert_string_equal("Bob", desk_lamp_who(&desk.lampv[1]));
	step(&desk, ev_book("709", 0, "", true), 0);
	assert_int_equal(1, desk.bookc);
	step(&desk, ev_book("701", 1, "", true), 0);
	step(&desk, ev_book("701", 1, "", true), 0);
	assert_int_equal(0, desk.bookc);

	/* bounded */
	for (unsigned i = 0; i < BOOK_MAX; i++) {
		char spot[16];

		snprintf(spot, sizeof(spot), "%u", i);
		step(&desk, ev_book(spot, 0, "x", false), 0);
	}
	struct event ev = ev_book("one more", 0, "x", false);
	assert_int_equal(ENOMEM, desk_step(&desk, &ev, 0));

	desk_reset(&desk);
}


static void test_who(void **state)
{
	static const struct {
		bool booked;
		const char *bwho, *bnum, *who, *num, *want;
	} rowv[] = {
		{false, "",     "",    "",    "",    ""},
		{false, "",     "",    "Bob", "200", "Bob"},
		{false, "",     "",    "",    "200", "200"},
		{true,  "Anna", "100", "Bob", "200", "Anna"},
		{true,  "",     "100", "Bob", "200", "100"},
		{true,  "",     "",    "Bob", "200", "Bob"},
		{false, "Anna", "100", "Bob", "200", "Bob"},
	};
	struct desk_lamp lamp;
	struct book_fact book;
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		memset(&lamp, 0, sizeof(lamp));
		memset(&book, 0, sizeof(book));
		lamp.book = rowv[i].booked ? &book : NULL;
		strcpy(book.who, rowv[i].bwho);
		strcpy(book.number, rowv[i].bnum);
		strcpy(lamp.f.who, rowv[i].who);
		strcpy(lamp.f.number, rowv[i].num);
		row_str(i, rowv[i].want, desk_lamp_who(&lamp));
	}

	assert_string_equal("", desk_lamp_who(NULL));
}


static void test_longest(void **state)
{
	/* one lamp each; longest is the index, -1: none */
	static const struct {
		struct {
			enum lamp_kind kind;
			enum lamp_state st;
			bool stale, at_least;
			uint64_t since, book;
		} v[3];
		int longest;
	} rowv[] = {
#define S LAMP_SPOT
#define E LAMP_EXTENSION
		{{{S, LAMP_FREE,   0, 0,  1, 0}}, -1},
		{{{S, LAMP_PARKED, 0, 0, 50, 0},
		  {S, LAMP_PARKED, 0, 0, 40, 0},
		  {S, LAMP_PARKED, 0, 0, 60, 0}}, 1},
		/* stale: perhaps long gone */
		{{{S, LAMP_PARKED, 1, 0, 10, 0},
		  {S, LAMP_PARKED, 0, 0, 40, 0}}, 1},
		/* a colleague who talks is not parked */
		{{{E, LAMP_PARKED, 0, 0, 10, 0},
		  {S, LAMP_PARKED, 0, 0, 40, 0}}, 1},
		/* seen at the same time, but one was there before us */
		{{{S, LAMP_PARKED, 0, 0, 40, 0},
		  {S, LAMP_PARKED, 0, 1, 40, 0}}, 1},
		/* our book knows how long before */
		{{{S, LAMP_PARKED, 0, 1, 40, 0},
		  {S, LAMP_PARKED, 0, 1, 40, 5}}, 1},
		/* the book of an earlier call says nothing */
		{{{S, LAMP_PARKED, 0, 0, 40, 5},
		  {S, LAMP_PARKED, 0, 0, 30, 0}}, 1},
#undef S
#undef E
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		const struct desk_lamp *l;
		struct desk desk;

		desk_init(&desk);
		step(&desk, ev_lamps(3), 0);

		for (unsigned k = 0; k < 3; k++) {
			static const char *const spotv[] = {"1", "2", "3"};
			struct event ev = ev_lamp(k, spotv[k],
						  rowv[i].v[k].st,
						  rowv[i].v[k].stale);

			ev.u.lamp.kind     = rowv[i].v[k].kind;
			ev.u.lamp.at_least = rowv[i].v[k].at_least;
			ev.u.lamp.since_ms = rowv[i].v[k].since;
			step(&desk, ev, 100);

			if (!rowv[i].v[k].book)
				continue;

			ev = ev_book(spotv[k], 0, "me", false);
			ev.u.book.since_ms = rowv[i].v[k].book;
			step(&desk, ev, 100);
		}

		l = desk_longest(&desk);
		row_int(i, rowv[i].longest, l ? l - desk.lampv : -1);
		desk_reset(&desk);
	}
}


/* By looking at all of them */
static const struct desk_lamp *longest_of(const struct desk *desk, size_t *n)
{
	const struct desk_lamp *best = NULL;

	*n = 0;

	for (size_t i = 0; i < desk->lampc; i++) {

		const struct desk_lamp *l = &desk->lampv[i];

		if (!desk_lamp_parked(l))
			continue;

		++*n;
		if (!best || desk_lamp_since(l) < desk_lamp_since(best) ||
		    (desk_lamp_since(l) == desk_lamp_since(best) &&
		     l->f.at_least && !best->f.at_least))
			best = l;
	}

	return best;
}


/* Lamps, books and grids come and go: who waits longest is always known */
static void test_waiting(void **state)
{
	struct desk desk;
	unsigned seed = 4711;
	(void)state;

	desk_init(&desk);
	step(&desk, ev_lamps(20), 0);

	for (unsigned i = 0; i < 50000; i++) {

		struct event ev;
		char spot[16];
		unsigned r, idx;
		size_t n;

		seed = seed * 1103515245u + 12345u;
		r = seed >> 16;
		idx = r % 40;
		snprintf(spot, sizeof(spot), "%u", idx);

		seed = seed * 1103515245u + 12345u;
		switch (seed >> 16 & 63) {

		case 0:
			ev = ev_lamps(r % 4 ? (unsigned)desk.lampc + 1
				      : r % 40);
			if (ev.u.lamps > 40)
				ev.u.lamps = 40;
			break;

		case 1: case 2: case 3: case 4:
			ev = ev_book(spot, 0, "me", r & 64);
			ev.u.book.since_ms = seed >> 22 & 15;
			break;

		default:
			ev = ev_lamp(idx, spot, seed >> 22 & 1 ? LAMP_PARKED :
				     LAMP_FREE, !(seed >> 23 & 7));
			ev.u.lamp.since_ms = seed >> 26 & 15;
			ev.u.lamp.at_least = r & 128;
			if (!(r >> 8 & 7))
				ev.u.lamp.kind = LAMP_EXTENSION;
			break;
		}

		step(&desk, ev, i);

		row_true(i, longest_of(&desk, &n) == desk_longest(&desk));
		row_uint(i, n, desk.waitc);
	}

	desk_reset(&desk);
}


/* Where the next call may be parked */
static void test_free_spot(void **state)
{
	static const char *const ownv[] = {"101", "102", "103", "104", "105",
					   "106", "107", "108"};
	struct desk desk;
	struct event ev;
	bool seenv[3] = {false};
	size_t distinct = 0;
	(void)state;

	desk_init(&desk);
	assert_null(desk_lamp_free(&desk, 0, NULL, NULL));
	step(&desk, ev_lamps(7), 1);
	step(&desk, ev_lamp(0, "701", LAMP_PARKED, false), 1);
	step(&desk, ev_lamp(1, "702", LAMP_FREE, true), 1);
	step(&desk, ev_lamp(2, "703", LAMP_FREE, false), 1);
	step(&desk, ev_lamp(3, "704", LAMP_FREE, false), 1);
	step(&desk, ev_lamp(4, "705", LAMP_FREE, false), 1);
	ev = ev_lamp(5, "706", LAMP_FREE, false);
	ev.u.lamp.account = 1;
	step(&desk, ev, 1);
	ev = ev_lamp(6, "107", LAMP_FREE, false);
	ev.u.lamp.kind = LAMP_EXTENSION;
	step(&desk, ev, 1);

	assert_string_equal("703", desk_lamp_free(&desk, 0, NULL,
						  NULL)->f.spot);
	assert_string_equal("704", desk_lamp_free(&desk, 0, NULL,
						  "703")->f.spot);
	assert_string_equal("703", desk_lamp_free(&desk, 0, NULL,
						  "705")->f.spot);
	assert_string_equal("706", desk_lamp_free(&desk, 1, "101",
						  NULL)->f.spot);
	assert_null(desk_lamp_free(&desk, 2, NULL, NULL));

	/* desks that look at the same moment */
	for (size_t i = 0; i < ROWS(ownv); i++) {

		const struct desk_lamp *l;

		l = desk_lamp_free(&desk, 0, ownv[i], NULL);
		assert_in_range(l->f.idx, 2, 4);
		distinct += !seenv[l->f.idx - 2];
		seenv[l->f.idx - 2] = true;
	}
	assert_int_equal(3, distinct);

	/* a park under way keeps its spot, on its own account */
	ev = ev_call(1, DESKCALL_PARKING);
	strcpy(ev.u.call.spot, "703");
	step(&desk, ev, 1);
	ev = ev_call(2, DESKCALL_PARKING);
	strcpy(ev.u.call.spot, "704");
	ev.u.call.account = 1;
	step(&desk, ev, 1);
	assert_string_equal("704", desk_lamp_free(&desk, 0, NULL,
						  NULL)->f.spot);

	assert_ptr_equal(&desk.lampv[5], desk_lamp_of(&desk, 1, "706"));
	assert_null(desk_lamp_of(&desk, 0, "706"));
	assert_null(desk_lamp_of(&desk, 0, ""));
	desk_reset(&desk);
}


/* Whatever comes: bounds hold, calls are sorted, ids are there once */
static void test_random(void **state)
{
	struct desk desk;
	unsigned seed = 12345;
	(void)state;

	desk_init(&desk);

	for (unsigned i = 0; i < 20000; i++) {

		struct event ev;
		unsigned char *p = (unsigned char *)&ev.u;

		memset(&ev, 0, sizeof(ev));
		seed = seed * 1103515245u + 12345u;
		ev.type = (enum event_type)(seed >> 16) % (EVENT_TYPES + 1);

		for (size_t k = 0; k < sizeof(ev.u); k += 7) {
			seed = seed * 1103515245u + 12345u;
			p[k] = (unsigned char)(seed >> 16);
		}

		seed = seed * 1103515245u + 12345u;
		if (ev.type == EVENT_CALL) {
			ev.u.call.id = seed >> 16 & 127;
			ev.u.call.state = (enum deskcall_state)
				((seed >> 24) % (DESKCALL_STATES + 1));
		}
		if (ev.type == EVENT_LAMP) {
			ev.u.lamp.idx = seed >> 16 & 63;
			ev.u.lamp.stale = false;
			ev.u.lamp.at_least = false;
		}
		if (ev.type == EVENT_LAMPS)
			ev.u.lamps = seed >> 16 & 63;
		if (ev.type == EVENT_ACCOUNT)
			ev.u.account.registered = false;
		if (ev.type == EVENT_CALL) {
			ev.u.call.outgoing = ev.u.call.held = false;
			ev.u.call.held_remote = ev.u.call.muted = false;
		}
		if (ev.type == EVENT_BOOK)
			ev.u.book.gone = seed >> 20 & 1;
		if (ev.type == EVENT_SOUND)
			ev.u.sound.ok = false;

		(void)desk_step(&desk, &ev, i);

		row_true(i, desk.callc <= CALLS_MAX);
		row_true(i, desk.accountc <= ACCOUNTS_MAX);
		row_true(i, desk.lampc < 64);
		for (size_t k = 1; k < desk.callc; k++)
			row_true(i, desk.callv[k - 1].id < desk.callv[k].id);
		(void)desk_longest(&desk);
	}

	desk_reset(&desk);
	assert_int_equal(0, desk.lampc);
}


static void test_age(void **state)
{
	static const struct {
		uint32_t recall_s;
		uint64_t age_ms;
		enum desk_age age;
		uint64_t left_ms;
	} rowv[] = {
		{45,      0, DESK_AGE_FRESH, 45000},
		{45,  22499, DESK_AGE_FRESH, 22501},
		{45,  22500, DESK_AGE_LONG,  22500},
		{45,  33749, DESK_AGE_LONG,  11251},
		{45,  33750, DESK_AGE_DUE,   11250},
		{45,  45000, DESK_AGE_DUE,       0},
		{45,  49999, DESK_AGE_DUE,       0},
		/* it was not given back */
		{45,  50000, DESK_AGE_LONG,      0},
		{900, 884999, DESK_AGE_LONG, 15001},
		{900, 885000, DESK_AGE_DUE,  15000},
		{0,       0, DESK_AGE_FRESH,     0},
		{0,  119999, DESK_AGE_FRESH,     0},
		{0,  120000, DESK_AGE_LONG,      0},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct event ev = ev_lamps(1);
		struct desk desk;
		uint64_t left;

		desk_init(&desk);
		row_int(i, 0, desk_step(&desk, &ev, 0));
		memset(&ev, 0, sizeof(ev));
		ev.type = EVENT_SITE;
		ev.u.site.recall_s = rowv[i].recall_s;
		row_int(i, 0, desk_step(&desk, &ev, 0));
		ev = ev_lamp(0, "701", LAMP_PARKED, false);
		ev.u.lamp.since_ms = 5000;
		row_int(i, 0, desk_step(&desk, &ev, 5000));

		row_int(i, (int)rowv[i].age,
			(int)desk_lamp_age(&desk, &desk.lampv[0],
					   5000 + rowv[i].age_ms, &left));
		row_uint(i, rowv[i].left_ms, left);

		/* what is not known has no age */
		ev.u.lamp.stale = true;
		row_int(i, 0, desk_step(&desk, &ev, 5000));
		row_int(i, DESK_AGE_NONE,
			(int)desk_lamp_age(&desk, &desk.lampv[0], 5000,
					   &left));
		row_uint(i, 0, left);
		desk_reset(&desk);
	}
}


/** Who has gone, and why */
static void test_left(void **state)
{
	static const struct {
		enum lamp_state before, after;
		bool stale, recalled;
		enum lamp_end ended;
		const char *left, *why;
	} rowv[] = {
		{LAMP_PARKED, LAMP_FREE, false, false, LAMP_END_TAKEN,
		 "Anna", "taken"},
		{LAMP_PARKED, LAMP_FREE, false, false, LAMP_END_CALLER,
		 "Anna", "caller hung up"},
		{LAMP_PARKED, LAMP_FREE, false, false, LAMP_END_NONE,
		 "Anna", ""},
		{LAMP_PARKED, LAMP_FREE, false, true, LAMP_END_TIMEOUT,
		 "Anna", "back with you"},
		/* not known is not gone */
		{LAMP_PARKED, LAMP_FREE, true, false, LAMP_END_NONE, "", ""},
		{LAMP_PARKED, LAMP_UNKNOWN, false, false, LAMP_END_NONE, "",
		 ""},
		{LAMP_PARKED, LAMP_PARKED, false, false, LAMP_END_NONE, "",
		 ""},
		{LAMP_UNKNOWN, LAMP_FREE, false, false, LAMP_END_NONE, "",
		 ""},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct event ev = ev_lamps(1);
		const char *why;
		struct desk desk;

		desk_init(&desk);
		row_int(i, 0, desk_step(&desk, &ev, 0));
		ev = ev_lamp(0, "701", rowv[i].before, false);
		snprintf(ev.u.lamp.who, TEXT_SZ, "Anna");
		row_int(i, 0, desk_step(&desk, &ev, 5000));
		ev = ev_lamp(0, "701", rowv[i].after, rowv[i].stale);
		ev.u.lamp.ended = rowv[i].ended;
		row_int(i, 0, desk_step(&desk, &ev, 9000));

		if (rowv[i].recalled) {
			memset(&ev, 0, sizeof(ev));
			ev.type = EVENT_CALL;
			ev.u.call.id = 1;
			ev.u.call.state = DESKCALL_INCOMING;
			row_int(i, 0, desk_step(&desk, &ev, 9500));
			snprintf(ev.u.call.spot, TEXT_SZ, "701");
			row_int(i, 0, desk_step(&desk, &ev, 9500));
		}

		row_str(i, rowv[i].left,
			desk_lamp_left(&desk.lampv[0], 18999, &why));
		if (rowv[i].left[0])
			row_str(i, rowv[i].why, why);
		row_str(i, "", desk_lamp_left(&desk.lampv[0], 19000, NULL));
		desk_reset(&desk);
	}
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_age),
		unit_test(test_left),
		unit_test(test_calls),
		unit_test(test_version),
		unit_test(test_shown),
		unit_test(test_book),
		unit_test(test_who),
		unit_test(test_longest),
		unit_test(test_free_spot),
		unit_test(test_waiting),
		unit_test(test_random),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
