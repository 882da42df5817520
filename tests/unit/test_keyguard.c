/**
 * @file tests/unit/test_keyguard.c  What must not happen by a slip
 */
#include "tests/lib/test.h"
#include "ui/keyguard_state.h"


/** One digit, or time that passes (digit 0) */
struct step {
	uint64_t at_ms;
	char digit;
	bool tone;
	int verdict;               /* enum keyguard_digit                 */
	char acts;                 /* by keyguard_step() at that time     */
};


static void run(const struct step *v, size_t n)
{
	struct keyguard kg;

	keyguard_init(&kg, false);

	for (size_t i = 0; i < n; i++) {
		const uint64_t now = 5000 + v[i].at_ms;

		row_int(i, v[i].acts, keyguard_step(&kg, now));
		if (!v[i].digit)
			continue;

		row_int(i, v[i].verdict,
			keyguard_digit(&kg, v[i].digit, v[i].tone, now));
		if (v[i].verdict == KEYGUARD_DIGIT_NUMBER)
			row_true(i, keyguard_flush(&kg) != 0);
	}
}


#define DROP   KEYGUARD_DIGIT_DROP
#define WAIT   KEYGUARD_DIGIT_WAIT
#define NUMBER KEYGUARD_DIGIT_NUMBER
#define TONE   KEYGUARD_DIGIT_TONE

static void test_lone_digit(void **state)
{
	static const struct step stepv[] = {
		{   0, '1', false, WAIT,   0},
		{ 199, 0,   false, 0,      0},
		{ 200, 0,   false, 0,    '1'},
		{ 201, 0,   false, 0,      0},
		/* another one soon after */
		{ 300, '2', false, WAIT,   0},
		{ 500, 0,   false, 0,    '2'},
	};
	(void)state;
	run(stepv, ROWS(stepv));
}


static void test_number(void **state)
{
	static const struct step stepv[] = {
		{   0, '7', false, WAIT,   0},
		{ 199, '0', false, NUMBER, 0},
		{ 900, 0,   false, 0,      0},
		{1000, '1', false, WAIT,   0},
		{1000, '1', false, NUMBER, 0},      /* pasted, no brackets */
	};
	(void)state;
	run(stepv, ROWS(stepv));
}


/** Held down: acts once, whatever the keyboard's delay and rate */
static void test_held_digit(void **state)
{
	static const struct step slowv[] = {
		{   0, '1', false, WAIT,   0},
		{ 200, 0,   false, 0,    '1'},
		{ 500, '1', false, DROP,   0},
		{ 530, '1', false, DROP,   0},
		{ 560, '1', false, DROP,   0},
		{1190, '1', false, DROP,   0},
		{1890, '1', false, WAIT,   0},      /* pressed anew */
		{2090, 0,   false, 0,    '1'},
	};
	(void)state;
	run(slowv, ROWS(slowv));
}


static void test_tones(void **state)
{
	static const struct step stepv[] = {
		{   0, '1', true, TONE,   0},
		{  10, '2', true, TONE,   0},
		{  11, '#', true, TONE,   0},
		/* the same twice: typed, or in one packet of a slow line */
		{ 300, '4', true, TONE,   0},
		{ 450, '4', true, WAIT,   0},
		{ 545, 0,   true, 0,    '4'},
		{1700, '5', true, TONE,   0},
		{1700, '5', true, TONE,   0},
		{1702, '5', true, TONE,   0},
		/* long after */
		{4000, '5', true, TONE,   0},
		{5000, '5', true, TONE,   0},
		/* held down: one tone, the first repeat included */
		{8000, '6', true, TONE,   0},
		{8500, '6', true, WAIT,   0},
		{8530, '6', true, DROP,   0},
		{8560, '6', true, DROP,   0},
		{9000, 0,   true, 0,      0},
	};
	(void)state;
	run(stepv, ROWS(stepv));
}


static void test_press(void **state)
{
	static const struct {
		uint64_t at_ms;
		uint32_t id;
		bool held;
	} rowv[] = {
		{0, 'p', false}, {500, 'p', true}, {530, 'p', true},
		{1229, 'p', true}, {1929, 'p', false}, {1930, 'x', false},
		{1931, 'p', false}, {1932, 'p', true},
	};
	struct keyguard kg;
	(void)state;

	keyguard_init(&kg, false);
	for (size_t i = 0; i < ROWS(rowv); i++)
		row_bool(i, rowv[i].held,
			 keyguard_press(&kg, rowv[i].id,
					5000 + rowv[i].at_ms));
}


static void add_call(struct desk *desk, unsigned id,
		     enum deskcall_state call_state, bool outgoing,
		     const char *spot)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_CALL;
	ev.u.call.id = id;
	ev.u.call.state = call_state;
	ev.u.call.outgoing = outgoing;
	snprintf(ev.u.call.spot, sizeof(ev.u.call.spot), "%s", spot);
	assert_int_equal(0, desk_step(desk, &ev, 0));
}


static struct desk_lamp lamp_of(const char *spot, uint64_t shown_ms)
{
	struct desk_lamp l;

	memset(&l, 0, sizeof(l));
	snprintf(l.f.spot, sizeof(l.f.spot), "%s", spot);
	l.told = true;
	l.shown_ms = shown_ms;

	return l;
}


enum {
	SEEN = KEYGUARD_SHOWN_MS,
};


static void test_spot_shown(void **state)
{
	static const struct {
		uint64_t shown_ms, now_ms;
		bool told;
		int verdict;
	} rowv[] = {
		{5000, 5000, true,  KEYGUARD_ASK},
		{5000, 5699, true,  KEYGUARD_ASK},
		{5000, 5700, true,  KEYGUARD_ACT},
		{5000, 5000, false, KEYGUARD_ACT},
	};
	struct keyguard kg;
	(void)state;

	keyguard_init(&kg, false);
	for (size_t i = 0; i < ROWS(rowv); i++) {
		struct desk_lamp l = lamp_of("701", rowv[i].shown_ms);

		l.told = rowv[i].told;
		row_int(i, rowv[i].verdict,
			keyguard_spot(&kg, &l, rowv[i].now_ms -
				      rowv[i].shown_ms, rowv[i].now_ms));
	}
}


/** Dead from its park until one second after it ended; others are not */
static void test_spot_dead(void **state)
{
	static const struct {
		uint64_t now_ms;
		int call_state;            /* of the call that parks to 701 */
		int v701, v702;
	} rowv[] = {
		{10000, DESKCALL_ACTIVE,     KEYGUARD_ACT,  KEYGUARD_ACT},
		{10100, DESKCALL_PARKING,    KEYGUARD_DROP, KEYGUARD_ACT},
		{30000, DESKCALL_PARKING,    KEYGUARD_DROP, KEYGUARD_ACT},
		{40000, DESKCALL_CLOSED,     KEYGUARD_DROP, KEYGUARD_ACT},
		{40999, DESKCALL_CLOSED,     KEYGUARD_DROP, KEYGUARD_ACT},
		{41000, DESKCALL_CLOSED,     KEYGUARD_ACT,  KEYGUARD_ACT},
		{50000, DESKCALL_RETRIEVING, KEYGUARD_DROP, KEYGUARD_ACT},
		{51000, DESKCALL_ACTIVE,     KEYGUARD_DROP, KEYGUARD_ACT},
		{52000, DESKCALL_ACTIVE,     KEYGUARD_ACT,  KEYGUARD_ACT},
	};
	const struct desk_lamp a = lamp_of("701", 0), b = lamp_of("702", 0);
	struct keyguard kg;
	struct desk desk;
	(void)state;

	desk_init(&desk);
	keyguard_init(&kg, false);

	for (size_t i = 0; i < ROWS(rowv); i++) {
		add_call(&desk, 1, (enum deskcall_state)rowv[i].call_state,
			 false, "701");
		keyguard_desk(&kg, &desk, rowv[i].now_ms);
		row_int(i, rowv[i].v701,
			keyguard_spot(&kg, &a, SEEN, rowv[i].now_ms));
		row_int(i, rowv[i].v702,
			keyguard_spot(&kg, &b, SEEN, rowv[i].now_ms));
	}

	/* the key acted, but the call has not told yet */
	keyguard_acted(&kg, "702", 0, 60000);
	assert_int_equal(KEYGUARD_DROP,
			 keyguard_spot(&kg, &b, SEEN, 60999));
	assert_int_equal(KEYGUARD_ACT, keyguard_spot(&kg, &b, SEEN, 61000));

	desk_reset(&desk);
}


/** The key of 703 sent the call to the lot: it rests until that has ended */
static void test_spot_dead_lot(void **state)
{
	static const struct {
		uint64_t now_ms;
		unsigned id;
		int call_state;            /* on the lot, 700             */
		int v703, v702;
	} rowv[] = {
		{10000, 1, DESKCALL_ACTIVE,  KEYGUARD_DROP, KEYGUARD_ACT},
		{10500, 1, DESKCALL_PARKING, KEYGUARD_DROP, KEYGUARD_ACT},
		{30000, 1, DESKCALL_PARKING, KEYGUARD_DROP, KEYGUARD_ACT},
		{40000, 1, DESKCALL_CLOSED,  KEYGUARD_DROP, KEYGUARD_ACT},
		{40999, 1, DESKCALL_CLOSED,  KEYGUARD_DROP, KEYGUARD_ACT},
		{41000, 1, DESKCALL_CLOSED,  KEYGUARD_ACT,  KEYGUARD_ACT},
		/* another call's park is no affair of this key */
		{50000, 2, DESKCALL_PARKING, KEYGUARD_ACT,  KEYGUARD_ACT},
	};
	const struct desk_lamp a = lamp_of("703", 0), b = lamp_of("702", 0);
	struct keyguard kg;
	struct desk desk;
	(void)state;

	desk_init(&desk);
	keyguard_init(&kg, false);
	add_call(&desk, 1, DESKCALL_ACTIVE, false, "");
	keyguard_acted(&kg, "703", 1, 9600);

	for (size_t i = 0; i < ROWS(rowv); i++) {
		add_call(&desk, rowv[i].id,
			 (enum deskcall_state)rowv[i].call_state, false,
			 "700");
		keyguard_desk(&kg, &desk, rowv[i].now_ms);
		row_int(i, rowv[i].v703,
			keyguard_spot(&kg, &a, SEEN, rowv[i].now_ms));
		row_int(i, rowv[i].v702,
			keyguard_spot(&kg, &b, SEEN, rowv[i].now_ms));
	}

	desk_reset(&desk);
}


/** It acted, but the park was refused at once and is tried again by p */
static void test_spot_dead_other_way(void **state)
{
	const struct desk_lamp a = lamp_of("703", 0);
	struct keyguard kg;
	struct desk desk;
	(void)state;

	desk_init(&desk);
	keyguard_init(&kg, false);
	add_call(&desk, 1, DESKCALL_ACTIVE, false, "");
	keyguard_acted(&kg, "703", 1, 10000);
	add_call(&desk, 1, DESKCALL_PARKING, false, "700");
	keyguard_desk(&kg, &desk, 20000);
	assert_int_equal(KEYGUARD_ACT,
			 keyguard_spot(&kg, &a, SEEN, 20000));
	desk_reset(&desk);
}


/** More spots than places: those at work are never forgotten */
static void test_spot_dead_many(void **state)
{
	const struct desk_lamp l = lamp_of("701", 0);
	struct keyguard kg;
	struct desk desk;
	char spot[16];
	(void)state;

	desk_init(&desk);
	keyguard_init(&kg, false);
	add_call(&desk, 1, DESKCALL_PARKING, false, "701");
	keyguard_desk(&kg, &desk, 10000);

	for (int i = 0; i < 1000; i++) {
		snprintf(spot, sizeof(spot), "%d", 1000 + i);
		keyguard_acted(&kg, spot, 0, 10000);
	}

	assert_int_equal(KEYGUARD_DROP,
			 keyguard_spot(&kg, &l, SEEN, 99000));
	desk_reset(&desk);
}


static void test_keypad(void **state)
{
	static const struct {
		unsigned id;
		int call_state;
		bool outgoing;
		const char *spot;
		int set;                   /* keypad set to; -1: left alone */
		unsigned spots, phone;     /* keypad of `digits spots|phone` */
	} rowv[] = {
		/* rings here, answered: the rule of `digits` decides */
		{1, DESKCALL_INCOMING, false, "",   -1, 0, 0},
		{1, DESKCALL_ACTIVE,   false, "",   -1, 0, 1},
		{1, DESKCALL_HELD,     false, "",   -1, 0, 0},
		/* dialled: opens by itself, once */
		{2, DESKCALL_RINGING,  true,  "",   -1, 0, 0},
		{2, DESKCALL_ACTIVE,   true,  "",   -1, 2, 2},
		{2, DESKCALL_ACTIVE,   true,  "",    0, 0, 0},
		{2, DESKCALL_HELD,     true,  "",   -1, 0, 0},
		{2, DESKCALL_ACTIVE,   true,  "",   -1, 0, 0},
		{2, DESKCALL_ACTIVE,   true,  "",    2, 2, 2},
		{2, DESKCALL_HELD,     true,  "",   -1, 0, 0},
		{2, DESKCALL_ACTIVE,   true,  "",   -1, 2, 2},
		{2, DESKCALL_CLOSED,   true,  "",   -1, 0, 0},
		/* a parked call taken back is no number that was dialled */
		{3, DESKCALL_RETRIEVING, true, "701", -1, 0, 0},
		{3, DESKCALL_ACTIVE,   true,  "701", -1, 0, 3},
	};
	struct keyguard spots, phone;
	struct desk desk;
	(void)state;

	desk_init(&desk);
	keyguard_init(&spots, false);
	keyguard_init(&phone, true);

	for (size_t i = 0; i < ROWS(rowv); i++) {
		add_call(&desk, rowv[i].id,
			 (enum deskcall_state)rowv[i].call_state,
			 rowv[i].outgoing, rowv[i].spot);
		keyguard_desk(&spots, &desk, 1000);
		keyguard_desk(&phone, &desk, 1000);
		if (rowv[i].set >= 0) {
			keyguard_set_keypad(&spots, (unsigned)rowv[i].set);
			keyguard_set_keypad(&phone, (unsigned)rowv[i].set);
		}
		row_uint(i, rowv[i].spots, keyguard_keypad(&spots, &desk));
		row_uint(i, rowv[i].phone, keyguard_keypad(&phone, &desk));
	}

	desk_reset(&desk);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_lone_digit),
		unit_test(test_number),
		unit_test(test_held_digit),
		unit_test(test_tones),
		unit_test(test_press),
		unit_test(test_spot_shown),
		unit_test(test_spot_dead),
		unit_test(test_spot_dead_lot),
		unit_test(test_spot_dead_other_way),
		unit_test(test_spot_dead_many),
		unit_test(test_keypad),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
