/**
 * @file tests/unit/test_status.c  The desk and its facts as JSON
 */
#include "tests/lib/test.h"
#include <re.h>
#include "app/clock.h"
#include "app/desk_model.h"
#include "app/jsonw.h"
#include "app/status.h"
#include "app/text_model.h"

enum {
	NOW_MS = 100000,
};

struct fixture {
	struct desk desk;
	struct fake_clock clock;
	struct status_prm prm;
};


static void retrieve_handler(char *buf, size_t size, const char *spot,
			     unsigned account, void *arg)
{
	(void)arg;
	(void)re_snprintf(buf, size, "*88%s/%u", spot, account);
}


static void fixture_init(struct fixture *fx)
{
	desk_init(&fx->desk);
	fake_clock_init(&fx->clock, NOW_MS);
	fx->prm.desk = &fx->desk;
	fx->prm.clock = &fx->clock.clock;
	fx->prm.retrieveh = retrieve_handler;
	fx->prm.arg = NULL;
}


static char *print(const struct status_prm *prm)
{
	struct mbuf *mb = mbuf_alloc(256);
	char *str = NULL;

	assert_non_null(mb);
	assert_int_equal(0, mbuf_printf(mb, "%H", status_print, prm));
	mb->pos = 0;
	assert_int_equal(0, mbuf_strdup(mb, &str, mb->end));
	mem_deref(mb);

	return str;
}


static void step(struct fixture *fx, const struct event *ev)
{
	assert_int_equal(0, desk_step(&fx->desk, ev, NOW_MS));
}


static void test_empty(void **state)
{
	struct fixture fx;
	char *str;
	(void)state;

	fixture_init(&fx);
	str = print(&fx.prm);
	assert_string_equal(str, "{\"accounts\":[],\"calls\":[],\"lamps\":[],"
			    "\"parked\":[],\"message\":\"\","
			    "\"message_level\":\"info\","
			    "\"sound\":{\"ok\":false,\"text\":\"\"}}");
	mem_deref(str);
}


static void test_calls_accounts(void **state)
{
	struct fixture fx;
	struct event ev;
	char *str;
	(void)state;

	fixture_init(&fx);

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_ACCOUNT;
	strcpy(ev.u.account.aor, "sip:101@pbx");
	strcpy(ev.u.account.reason, "403 Forbidden");
	step(&fx, &ev);

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_CALL;
	ev.u.call.id = 4;
	ev.u.call.state = DESKCALL_HELD;
	ev.u.call.held = true;
	ev.u.call.outgoing = true;
	ev.u.call.answered_ms = NOW_MS - 61999;
	ev.u.call.since_ms = NOW_MS - 1000;
	strcpy(ev.u.call.peer, "200");
	strcpy(ev.u.call.name, "Bob \"B\"");
	step(&fx, &ev);
	ev.u.call.id = 5;
	ev.u.call.state = DESKCALL_INCOMING;
	ev.u.call.outgoing = ev.u.call.held = false;
	ev.u.call.answered_ms = ev.u.call.since_ms = 0;
	step(&fx, &ev);

	str = print(&fx.prm);
	assert_non_null(strstr(str, "\"accounts\":[{\"aor\":\"sip:101@pbx\","
			       "\"registered\":false,"
			       "\"reason\":\"403 Forbidden\"}]"));
	assert_non_null(strstr(str, "{\"id\":4,\"state\":\"held\","
			       "\"peer\":\"200\","
			       "\"name\":\"Bob \\\"B\\\"\","
			       "\"direction\":\"outgoing\",\"seconds\":61,"
			       "\"held\":true,"));
	assert_non_null(strstr(str, "{\"id\":5,\"state\":\"incoming\","
			       "\"peer\":\"200\","
			       "\"name\":\"Bob \\\"B\\\"\","
			       "\"direction\":\"incoming\",\"seconds\":0,"
			       "\"held\":false,"));
	mem_deref(str);
	desk_reset(&fx.desk);
}


static void test_lamps(void **state)
{
	static const struct {
		enum lamp_kind kind;
		enum lamp_state st;
		bool stale;
		uint64_t since;
		const char *who, *booked;       /* booked: our book's    */
		const char *lamp;       /* From "state" to "since_s"     */
		const char *parked;     /* From "who" on; NULL: not in it */
	} rowv[] = {
		{LAMP_SPOT, LAMP_UNKNOWN, false, 0, "", NULL,
		 "\"state\":\"unknown\",\"reason\":\"r\",\"who\":\"\","
		 "\"since_s\":null,", NULL},
		{LAMP_SPOT, LAMP_FREE, false, NOW_MS - 5000, "", NULL,
		 "\"state\":\"free\",\"reason\":\"r\",\"who\":\"\","
		 "\"since_s\":5,", NULL},
		{LAMP_SPOT, LAMP_PARKED, false, NOW_MS - 9000, "Carl", NULL,
		 "\"state\":\"parked\",\"reason\":\"r\",\"who\":\"Carl\","
		 "\"since_s\":9,",
		 "\"who\":\"Carl\",\"by\":\"Kim\",\"retrieve\":\"*88701/0\","
		 "\"since_s\":9,"},
		{LAMP_SPOT, LAMP_PARKED, false, NOW_MS - 9000, "Carl", "Anna",
		 "\"state\":\"parked\",\"reason\":\"r\",\"who\":\"Anna\","
		 "\"since_s\":9,",
		 "\"who\":\"Anna\",\"by\":\"me\",\"retrieve\":\"*88701/0\","
		 "\"since_s\":9,"},
		/* lost, but our book has it */
		{LAMP_SPOT, LAMP_PARKED, true, NOW_MS - 9000, "", "Anna",
		 "\"state\":\"stale\",\"reason\":\"r\",\"who\":\"Anna\","
		 "\"since_s\":9,",
		 "\"who\":\"Anna\",\"by\":\"me\",\"retrieve\":\"*88701/0\","
		 "\"since_s\":20,"},
		/* lost, and nobody knows */
		{LAMP_SPOT, LAMP_PARKED, true, NOW_MS - 9000, "", NULL,
		 "\"state\":\"stale\",\"reason\":\"r\",\"who\":\"\","
		 "\"since_s\":9,", NULL},
		/* just parked, its lamp does not tell yet */
		{LAMP_SPOT, LAMP_FREE, false, NOW_MS - 9000, "", "Anna",
		 "\"state\":\"free\",\"reason\":\"r\",\"who\":\"\","
		 "\"since_s\":9,",
		 "\"who\":\"Anna\",\"by\":\"me\",\"retrieve\":\"*88701/0\","
		 "\"since_s\":20,"},
		{LAMP_EXTENSION, LAMP_BUSY, false, NOW_MS + 5, "Bob", NULL,
		 "\"state\":\"busy\",\"reason\":\"r\",\"who\":\"Bob\","
		 "\"since_s\":0,", NULL},
		{LAMP_EXTENSION, LAMP_RINGING, false, 0, "Bob", NULL,
		 "\"state\":\"ringing\",\"reason\":\"r\",\"who\":\"Bob\","
		 "\"since_s\":null,", NULL},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		char want[300];
		struct fixture fx;
		struct event ev;
		char *str;

		fixture_init(&fx);
		memset(&ev, 0, sizeof(ev));
		ev.type = EVENT_LAMPS;
		ev.u.lamps = 1;
		step(&fx, &ev);

		memset(&ev, 0, sizeof(ev));
		ev.type = EVENT_LAMP;
		ev.u.lamp.kind = rowv[i].kind;
		ev.u.lamp.state = rowv[i].st;
		ev.u.lamp.stale = rowv[i].stale;
		ev.u.lamp.since_ms = rowv[i].since;
		strcpy(ev.u.lamp.spot, "701");
		strcpy(ev.u.lamp.label, "Desk");
		strcpy(ev.u.lamp.reason, "r");
		strcpy(ev.u.lamp.who, rowv[i].who);
		strcpy(ev.u.lamp.by, "Kim");
		step(&fx, &ev);

		if (rowv[i].booked) {
			memset(&ev, 0, sizeof(ev));
			ev.type = EVENT_BOOK;
			strcpy(ev.u.book.spot, "701");
			strcpy(ev.u.book.who, rowv[i].booked);
			strcpy(ev.u.book.by, "me");
			ev.u.book.since_ms = NOW_MS - 20000;
			step(&fx, &ev);
		}

		str = print(&fx.prm);

		snprintf(want, sizeof(want),
			 "\"lamps\":[{\"spot\":\"701\",\"label\":\"Desk\",%s",
			 rowv[i].lamp);
		if (!strstr(str, want))
			row_str(i, want, str);

		/* "me" only as long as it may be our call */
		row_true(i, strstr(str, rowv[i].booked &&
				   (rowv[i].st != LAMP_FREE || rowv[i].stale)
				   ? "\"account\":0,\"by\":\"me\""
				   : "\"account\":0,\"by\":\"Kim\""));

		if (rowv[i].parked)
			snprintf(want, sizeof(want),
				 "\"parked\":[{\"where\":\"701\",%s",
				 rowv[i].parked);
		else
			snprintf(want, sizeof(want), "\"parked\":[],");
		if (!strstr(str, want))
			row_str(i, want, str);

		row_bool(i, rowv[i].stale, strstr(str, "\"last\":\"parked\"")
			 != NULL);

		mem_deref(str);
		desk_reset(&fx.desk);
	}
}


/* Parked where no lamp is: only our book can tell */
static void test_book_only(void **state)
{
	struct fixture fx;
	struct event ev;
	char *str;
	(void)state;

	fixture_init(&fx);
	fx.prm.retrieveh = NULL;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_BOOK;
	strcpy(ev.u.book.spot, "799");
	strcpy(ev.u.book.number, "200");
	step(&fx, &ev);

	str = print(&fx.prm);
	assert_non_null(strstr(str, "\"parked\":[{\"where\":\"799\","
			       "\"who\":\"200\",\"by\":\"\","
			       "\"retrieve\":\"\",\"since_s\":null,"));
	mem_deref(str);
	desk_reset(&fx.desk);
}


static void test_text(void **state)
{
	static const struct {
		const char *in, *want;
	} rowv[] = {
		{"plain",              "plain"},
		{"",                   ""},
		{NULL,                 ""},
		{"a\"b\\c/",           "a\\\"b\\\\c/"},
		{"\n\t\r\b\x01",       "\\n\\t\\u000d\\u0008\\u0001"},
		{"\x7f",               "\\u007f"},
		{"\xc2\x9b" "2J",      "\\u009b2J"},
		{"\xe2\x80\xa8",       "\\u2028"},
		{"M\xc3\xbcller",      "M\xc3\xbcller"},
		{"\xf0\x9f\x93\x9e",   "\xf0\x9f\x93\x9e"},
		{"a\xff" "b",          "a\xef\xbf\xbd" "b"},
		{"cut \xc3",           "cut \xef\xbf\xbd"},
		{"\xed\xa0\x80",       "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		char buf[64];

		row_true(i, re_snprintf(buf, sizeof(buf), "%H", jsonw_text,
					rowv[i].in) >= 0);
		row_str(i, rowv[i].want, buf);
		row_int(i, UCHAR_OK, uchar_check(buf, strlen(buf)));
	}
}


static void test_events(void **state)
{
	static const struct {
		struct event ev;
		const char *want;
	} rowv[] = {
		{{EVENT_ACCOUNT, {.account = {1, "sip:a@b", true, ""}}},
		 "{\"event\":\"account\",\"idx\":1,\"aor\":\"sip:a@b\","
		 "\"registered\":true,\"reason\":\"\"}"},
		{{EVENT_CALL, {.call = {.id = 2, .state = DESKCALL_CLOSED,
					.reason = "486 Busy"}}},
		 "{\"event\":\"call\",\"id\":2,\"state\":\"closed\","
		 "\"peer\":\"\",\"name\":\"\",\"direction\":\"incoming\","
		 "\"seconds\":0,\"held\":false,\"held_remote\":false,"
		 "\"muted\":false,\"spot\":\"\",\"reason\":\"486 Busy\","
		 "\"account\":0,\"since_s\":null}"},
		{{EVENT_LAMP, {.lamp = {.idx = 3, .spot = "701",
					.state = LAMP_PARKED, .number = "99",
					.since_ms = NOW_MS - 1500}}},
		 "{\"event\":\"lamp\",\"idx\":3,\"spot\":\"701\","
		 "\"label\":\"\",\"state\":\"parked\",\"reason\":\"\","
		 "\"who\":\"99\",\"since_s\":1,\"at_least\":false,"
		 "\"kind\":\"spot\",\"account\":0,\"by\":\"\","
		 "\"calls\":0,\"held\":false,\"ended\":\"\"}"},
		{{EVENT_LAMP, {.lamp = {.idx = 3, .spot = "701",
					.state = LAMP_PARKED, .by = "Kim",
					.calls = 2, .held = true}}},
		 "{\"event\":\"lamp\",\"idx\":3,\"spot\":\"701\","
		 "\"label\":\"\",\"state\":\"parked\",\"reason\":\"\","
		 "\"who\":\"\",\"since_s\":null,\"at_least\":false,"
		 "\"kind\":\"spot\",\"account\":0,\"by\":\"Kim\","
		 "\"calls\":2,\"held\":true,\"ended\":\"\"}"},
		{{EVENT_LAMP, {.lamp = {.idx = 3, .spot = "701",
					.state = LAMP_FREE,
					.ended = LAMP_END_CALLER}}},
		 "{\"event\":\"lamp\",\"idx\":3,\"spot\":\"701\","
		 "\"label\":\"\",\"state\":\"free\",\"reason\":\"\","
		 "\"who\":\"\",\"since_s\":null,\"at_least\":false,"
		 "\"kind\":\"spot\",\"account\":0,\"by\":\"\","
		 "\"calls\":0,\"held\":false,"
		 "\"ended\":\"caller hung up\"}"},
		{{EVENT_LAMPS, {.lamps = 20}},
		 "{\"event\":\"lamps\",\"count\":20}"},
		{{EVENT_BOOK, {.book = {.spot = "701", .gone = true}}},
		 "{\"event\":\"book\",\"where\":\"701\",\"gone\":true,"
		 "\"who\":\"\",\"number\":\"\",\"by\":\"\","
		 "\"retrieve\":\"\",\"call\":0,\"note\":\"\",\"account\":0,\"since_s\":null}"},
		{{EVENT_MESSAGE, {.message = {MESSAGE_WARN, "a\nb"}}},
		 "{\"event\":\"message\",\"level\":\"warn\","
		 "\"text\":\"a\\nb\"}"},
		{{EVENT_SOUND, {.sound = {true, "USB"}}},
		 "{\"event\":\"sound\",\"ok\":true,\"text\":\"USB\"}"},
		{{EVENT_QUIT, {.lamps = 0}}, "{\"event\":\"quit\"}"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		const struct status_event se = {&rowv[i].ev, NOW_MS};
		char buf[512];

		row_true(i, re_snprintf(buf, sizeof(buf), "%H",
					status_event_print, &se) >= 0);
		row_str(i, rowv[i].want, buf);
	}

	static const struct event none = {EVENT_NONE, {.lamps = 0}};
	const struct status_event se = {&none, 0};
	char buf[64];

	assert_int_equal(-1, re_snprintf(buf, sizeof(buf), "%H",
					 status_event_print, &se));
}


/* Whatever bytes the facts hold: a strict parser reads it, in UTF-8 */
static void test_hostile(void **state)
{
	struct fixture fx;
	struct odict *od;
	unsigned seed = 4711;
	struct event ev;
	char *str;
	(void)state;

	for (unsigned n = 0; n < 200; n++) {

		fixture_init(&fx);
		memset(&ev, 0, sizeof(ev));
		ev.type = EVENT_LAMPS;
		ev.u.lamps = 1;
		step(&fx, &ev);

		memset(&ev, 0, sizeof(ev));
		ev.type = EVENT_LAMP;
		for (size_t i = 0; i < sizeof(ev.u.lamp.who) - 1; i++) {
			seed = seed * 1103515245u + 12345u;
			ev.u.lamp.who[i] = (char)(1 + (seed >> 16) % 255);
			ev.u.lamp.spot[i] = (char)(1 + (seed >> 20) % 255);
		}
		ev.u.lamp.state = LAMP_PARKED;
		step(&fx, &ev);

		str = print(&fx.prm);
		row_int(n, UCHAR_OK, uchar_check(str, strlen(str)));
		od = NULL;
		row_int(n, 0, json_decode_odict(&od, 8, str, strlen(str), 8));
		mem_deref(od);
		mem_deref(str);
		desk_reset(&fx.desk);
	}
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_empty),
		unit_test(test_calls_accounts),
		unit_test(test_lamps),
		unit_test(test_book_only),
		unit_test(test_text),
		unit_test(test_events),
		unit_test(test_hostile),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
