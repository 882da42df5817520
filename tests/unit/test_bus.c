/**
 * @file tests/unit/test_bus.c  Facts: who hears them, in which order
 */
#include "tests/lib/test.h"
#include <re.h>
#include "app/event.h"
#include "app/text_model.h"

enum {
	HEARD_MAX = 32,
};

struct ear {
	struct bus *bus;
	unsigned heardv[HEARD_MAX];     /* Of EVENT_LAMPS                */
	size_t heardc;
	unsigned answer_to;             /* Emits answer_to + 100         */
	struct ear *cut;                /* Unlistens this one            */
	char text[REASON_SZ];
	enum message_level level;
	bool drop_bus;
};


static void emit_lamps(struct bus *bus, unsigned n)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_LAMPS;
	ev.u.lamps = n;
	bus_emit(bus, &ev);
}


static void ear_handler(const struct event *ev, void *arg)
{
	struct ear *ear = arg;

	if (ev->type == EVENT_MESSAGE) {
		ear->level = ev->u.message.level;
		memcpy(ear->text, ev->u.message.text, sizeof(ear->text));
		return;
	}

	if (ear->heardc < HEARD_MAX)
		ear->heardv[ear->heardc++] = ev->u.lamps;

	if (ear->cut)
		bus_unlisten(ear->bus, ear_handler, ear->cut);

	if (ear->answer_to && ev->u.lamps == ear->answer_to)
		emit_lamps(ear->bus, ear->answer_to + 100);

	if (ear->drop_bus)
		ear->bus = mem_deref(ear->bus);
}


static void check_heard(const struct ear *ear, const unsigned *wantv,
			size_t wantc)
{
	assert_int_equal(ear->heardc, wantc);

	for (size_t i = 0; i < wantc; i++)
		row_uint(i, wantv[i], ear->heardv[i]);
}


static void test_order(void **state)
{
	static const unsigned wantv[] = {1, 2, 102, 3};
	struct ear a = {0}, b = {0};
	struct bus *bus = NULL;
	(void)state;

	assert_int_equal(0, bus_alloc(&bus));
	a.bus = b.bus = bus;
	a.answer_to = 2;
	assert_int_equal(0, bus_listen(bus, ear_handler, &a));
	assert_int_equal(0, bus_listen(bus, ear_handler, &b));

	emit_lamps(bus, 1);
	emit_lamps(bus, 2);
	emit_lamps(bus, 3);

	/* b hears 2 before the answer to it, although a emitted in between */
	check_heard(&a, wantv, ROWS(wantv));
	check_heard(&b, wantv, ROWS(wantv));

	mem_deref(bus);
}


static void test_unlisten(void **state)
{
	static const unsigned onev[] = {1}, twov[] = {1, 2};
	struct ear a = {0}, b = {0}, c = {0};
	struct bus *bus = NULL;
	(void)state;

	assert_int_equal(0, bus_alloc(&bus));
	a.bus = bus;
	a.cut = &b;
	assert_int_equal(0, bus_listen(bus, ear_handler, &a));
	assert_int_equal(0, bus_listen(bus, ear_handler, &b));
	assert_int_equal(0, bus_listen(bus, ear_handler, &c));

	/* a unhooks its neighbour while the fact is being told */
	emit_lamps(bus, 1);
	check_heard(&b, NULL, 0);
	check_heard(&c, onev, ROWS(onev));

	a.cut = NULL;
	bus_unlisten(bus, ear_handler, &a);
	bus_unlisten(bus, ear_handler, &b);
	emit_lamps(bus, 2);
	check_heard(&a, onev, ROWS(onev));
	check_heard(&c, twov, ROWS(twov));

	mem_deref(bus);
}


static void test_last_reference(void **state)
{
	static const unsigned wantv[] = {7};
	struct ear a = {0}, b = {0};
	(void)state;

	assert_int_equal(0, bus_alloc(&a.bus));
	a.drop_bus = true;
	assert_int_equal(0, bus_listen(a.bus, ear_handler, &a));
	assert_int_equal(0, bus_listen(a.bus, ear_handler, &b));

	emit_lamps(a.bus, 7);
	check_heard(&b, wantv, ROWS(wantv));
	assert_null(a.bus);
}


static void test_message(void **state)
{
	char longtext[400];
	struct ear a = {0};
	struct bus *bus = NULL;
	(void)state;

	assert_int_equal(0, bus_alloc(&bus));
	assert_int_equal(0, bus_listen(bus, ear_handler, &a));

	bus_message(bus, MESSAGE_WARN, "spot %s: %u", "701", 9u);
	assert_string_equal(a.text, "spot 701: 9");
	assert_int_equal(a.level, MESSAGE_WARN);

	bus_message(bus, MESSAGE_ERROR, "%s", "bell \a and \xff");
	assert_string_equal(a.text, "bell   and \xef\xbf\xbd");

	/* too long: cut, between two characters */
	for (size_t i = 0; i + 2 < sizeof(longtext); i += 2)
		memcpy(longtext + i, "\xc3\xa4", 2);
	longtext[sizeof(longtext) - 2] = '\0';
	bus_message(bus, MESSAGE_INFO, "%s", longtext);
	assert_int_equal(strlen(a.text), REASON_SZ - 2);
	assert_int_equal(uchar_check(a.text, strlen(a.text)), UCHAR_OK);

	mem_deref(bus);
}


static void test_names(void **state)
{
	static const char *const callv[DESKCALL_STATES] = {
		"none", "dialing", "ringing", "incoming", "active", "held",
		"parking", "retrieving", "closed",
	};
	static const char *const lampv[LAMP_STATES] = {
		"unknown", "free", "parked", "ringing", "busy",
	};
	(void)state;

	for (size_t i = 0; i < ROWS(callv); i++)
		row_str(i, callv[i], deskcall_state_name(i));

	for (size_t i = 0; i < ROWS(lampv); i++) {
		row_str(i, lampv[i], lamp_state_name(i, false));
		row_str(i, "stale", lamp_state_name(i, true));
	}

	assert_string_equal("?", deskcall_state_name(DESKCALL_STATES));
	assert_string_equal("?", lamp_state_name(LAMP_STATES, false));
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_order),
		unit_test(test_unlisten),
		unit_test(test_last_reference),
		unit_test(test_message),
		unit_test(test_names),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
