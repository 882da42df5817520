/**
 * @file tests/unit/test_demo_models.c  Test: pure parts of the built-in PBX
 */
#include <errno.h>
#include <math.h>
#include <re.h>
#include <rem.h>
#include "tests/lib/test.h"
#include "modules/demo/demo_books_model.h"
#include "modules/demo/demo_info_model.h"
#include "modules/demo/demo_manner_model.h"
#include "modules/demo/demo_rls_model.h"
#include "modules/demo/demo_sdp_model.h"
#include "modules/demo/demo_tone_model.h"


/* ---- tones ---- */

/* Our G.711 against that of librem: another author's */
static void test_g711(void **state)
{
	(void)state;

	for (int i = 0; i < 256; i++) {
		/* G.711: the smallest step is zero; librem says 2 */
		row_int(i, (i | 0x80) == 0xff ? 0 : g711_ulaw2pcm((uint8_t)i),
			demo_ulaw_decode((uint8_t)i));
		row_int(i, g711_alaw2pcm((uint8_t)i),
			demo_alaw_decode((uint8_t)i));
	}

	/* what is coded comes back within half a step */
	for (int v = -32768; v < 32768; v += 7) {

		int u = demo_ulaw_decode(demo_ulaw_encode((int16_t)v));
		int a = demo_alaw_decode(demo_alaw_encode((int16_t)v));

		row_true(v + 32768, abs(u - v) <= 8 + abs(v) / 16);
		row_true(v + 32768, abs(a - v) <= 8 + abs(v) / 16);
	}
}


static void test_ear(void **state)
{
	(void)state;
	static const int hzv[] = {DEMO_HZ_MUSIC, DEMO_HZ_INVALID,
		DEMO_HZ_RING, DEMO_HZ_CALLER, DEMO_HZ_CALLER + 30,
		DEMO_HZ_CALLER + 49 * 30, DEMO_HZ_COLLEAGUE,
		DEMO_HZ_DIGIT + 360, 0};
	static struct demo_ear ear;
	int16_t frame[DEMO_FRAME];

	for (size_t i = 0; i < ROWS(hzv); i++) {

		struct demo_tone tone = {0};

		memset(&ear, 0, sizeof(ear));

		for (int f = 0; f < 13; f++) {

			row_int(i, f < 10 ? 0 : hzv[i], demo_ear_hz(&ear));

			demo_tone_fill(&tone, frame, DEMO_FRAME, hzv[i]);
			for (size_t n = 0; n < DEMO_FRAME; n++)
				frame[n] = demo_ulaw_decode(
					demo_ulaw_encode(frame[n]));
			demo_ear_hear(&ear, frame, DEMO_FRAME);
		}
	}
}


/* Two tones at once, or noise, are nobody */
static void test_ear_mixed(void **state)
{
	(void)state;
	static struct demo_ear ear;
	struct demo_tone a = {0}, b = {0};
	int16_t fa[DEMO_FRAME], fb[DEMO_FRAME];
	unsigned x = 1;

	for (int f = 0; f < 10; f++) {
		demo_tone_fill(&a, fa, DEMO_FRAME, 500);
		demo_tone_fill(&b, fb, DEMO_FRAME, 900);
		for (size_t n = 0; n < DEMO_FRAME; n++)
			fa[n] = (int16_t)(fa[n] + fb[n]);
		demo_ear_hear(&ear, fa, DEMO_FRAME);
	}
	assert_int_equal(0, demo_ear_hz(&ear));

	for (int f = 0; f < 10; f++) {
		for (size_t n = 0; n < DEMO_FRAME; n++) {
			x = x * 1103515245 + 12345;
			fa[n] = (int16_t)((int)(x >> 18) - 8192);
		}
		demo_ear_hear(&ear, fa, DEMO_FRAME);
	}
	assert_int_equal(0, demo_ear_hz(&ear));
}


static void test_digits(void **state)
{
	(void)state;
	static const struct {
		const char *digits;
		uint32_t at_ms, all_ms;
		int hz;
	} rowv[] = {
		{"701",    0, 2400, DEMO_HZ_DIGIT + 280},
		{"701",  599, 2400, DEMO_HZ_DIGIT + 280},
		{"701",  600, 2400, 0},
		{"701",  800, 2400, DEMO_HZ_DIGIT},
		{"701", 1600, 2400, DEMO_HZ_DIGIT + 40},
		{"701", 2400, 2400, 0},
		{"*59",    0,  300, 0},
		{"*59",  100,  300, DEMO_HZ_DIGIT + 200},
		{"",       0,  300, 0},
		{"701",    0,    2, 0},
	};

	for (size_t i = 0; i < ROWS(rowv); i++)
		row_int(i, rowv[i].hz, demo_tone_digit(rowv[i].digits,
						       rowv[i].at_ms,
						       rowv[i].all_ms));
}


/* ---- descriptions ---- */

#define HEAD "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
#define C "c=IN IP4 127.0.0.1\r\n"

static void test_sdp_decode(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int err;
		uint16_t port;
		int pt, pt_event;
		enum demo_dir dir;
	} rowv[] = {
		{HEAD C "t=0 0\r\nm=audio 4000 RTP/AVP 0 8 101\r\n"
		 "a=rtpmap:101 telephone-event/8000\r\n", 0, 4000, 0, 101,
		 DEMO_SENDRECV},
		{HEAD C "m=audio 4000 RTP/AVP 9 8 0\r\na=sendonly\r\n", 0,
		 4000, 8, -1, DEMO_SENDONLY},
		{HEAD "a=inactive\n" C "m=audio 4000 RTP/AVP 0\n", 0, 4000,
		 0, -1, DEMO_INACTIVE},
		{HEAD "a=inactive\r\nm=audio 4 RTP/AVP 0\r\n" C
		 "a=recvonly\r\n", 0, 4, 0, -1, DEMO_RECVONLY},
		/* the old way to hold */
		{HEAD "c=IN IP4 0.0.0.0\r\nm=audio 4000 RTP/AVP 0\r\n", 0,
		 4000, 0, -1, DEMO_SENDONLY},
		/* a second stream changes nothing */
		{HEAD C "m=audio 4000 RTP/AVP 0\r\nm=video 5000 RTP/AVP 8\r\n"
		 "a=inactive\r\n", 0, 4000, 0, -1, DEMO_SENDRECV},
		{HEAD C "m=video 5000 RTP/AVP 31\r\n"
		 "m=audio 4000 RTP/AVP 0\r\n", 0, 4000, 0, -1,
		 DEMO_SENDRECV},
		{HEAD C "m=audio 0 RTP/AVP 0\r\n", 0, 0, 0, -1,
		 DEMO_SENDRECV},
		{HEAD C "m=audio 4000 RTP/SAVP 0\r\n", EBADMSG, 0, 0, 0, 0},
		{HEAD C "m=audio 4000 RTP/AVP 9 18\r\n", EBADMSG, 0, 0, 0,
		 0},
		{HEAD C "m=audio 99999 RTP/AVP 0\r\n", EBADMSG, 0, 0, 0, 0},
		{HEAD "m=audio 4000 RTP/AVP 0\r\n", EBADMSG, 0, 0, 0, 0},
		{HEAD C "m=audio 4000 RTP/AVP -5 300 99999999999999999999"
		 "\r\n", EBADMSG, 0, 0, 0, 0},
		{"", EBADMSG, 0, 0, 0, 0},
	};

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct demo_sdp sdp;

		row_int(i, rowv[i].err,
			demo_sdp_decode(&sdp, rowv[i].text,
					strlen(rowv[i].text)));
		if (rowv[i].err)
			continue;

		row_uint(i, rowv[i].port, sdp.port);
		row_int(i, rowv[i].pt, sdp.pt);
		row_int(i, rowv[i].pt_event, sdp.pt_event);
		row_int(i, rowv[i].dir, sdp.dir);
	}
}


/* What we write we read, cut anywhere it is an error or still sound */
static void test_sdp_cut(void **state)
{
	(void)state;
	char buf[DEMO_SDP_MAX], small[64];
	struct demo_sdp sdp;
	size_t n;

	n = demo_sdp_answer(buf, sizeof(buf), "127.0.0.1", 4000, 1, 2,
			    DEMO_PT_ALAW, 101, DEMO_SENDONLY);
	assert_true(n > 0);
	assert_int_equal(0, demo_sdp_decode(&sdp, buf, n));
	assert_int_equal(DEMO_SENDONLY, sdp.dir);
	assert_int_equal(8, sdp.pt);
	assert_int_equal(101, sdp.pt_event);
	assert_string_equal("127.0.0.1", sdp.host);

	n = demo_sdp_offer(buf, sizeof(buf), "127.0.0.1", 4000, 1, 2, true);
	assert_true(n > 0);

	for (size_t i = 0; i <= n; i++) {

		char *cut = malloc(i ? i : 1);

		memcpy(cut, buf, i);
		int err = demo_sdp_decode(&sdp, cut, i);

		row_true(i, err == 0 || err == EBADMSG);
		free(cut);
	}

	assert_int_equal(0, demo_sdp_offer(small, sizeof(small), "127.0.0.1",
					   1, 1, 1, false));
}


/* ---- documents ---- */

#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"		\
	"<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" "

static void test_info(void **state)
{
	(void)state;
	static const struct {
		const char *manner;
		enum demo_lamp lamp;
		bool first;
		const char *text;
	} rowv[] = {
		{"asterisk", DEMO_LAMP_PARKED, false,
		 XML "version=\"7\" state=\"full\" "
		 "entity=\"sip:701@127.0.0.1:5060\">\n"
		 " <dialog id=\"701\">\n  <state>confirmed</state>\n"
		 " </dialog>\n</dialog-info>\n"},
		{"asterisk", DEMO_LAMP_FREE, true,
		 XML "version=\"7\" state=\"full\" "
		 "entity=\"sip:701@127.0.0.1:5060\">\n"
		 " <dialog id=\"701\">\n  <state>terminated</state>\n"
		 " </dialog>\n</dialog-info>\n"},
		{"freeswitch", DEMO_LAMP_FREE, true,
		 XML "version=\"7\" state=\"full\" "
		 "entity=\"sip:701@127.0.0.1:5060\">\n</dialog-info>\n"},
		{"freeswitch", DEMO_LAMP_FREE, false,
		 XML "version=\"7\" state=\"full\" "
		 "entity=\"sip:701@127.0.0.1:5060\">\n"
		 " <dialog id=\"701\">\n  <state>terminated</state>\n"
		 " </dialog>\n</dialog-info>\n"},
		{"kazoo", DEMO_LAMP_PARKED, false,
		 XML "version=\"7\"          state=\"full\" "
		 "entity=\"sip:701@127.0.0.1:5060\">\n"
		 "<dialog id=\"0000002a5a1e0000002a\" "
		 "call-id=\"0000002a5a1e0000002a\" local-tag=\"lt42\" "
		 "remote-tag=\"rt42\" direction=\"recipient\">"
		 "<state>early</state><local><identity display=\"0155\">"
		 "sip:0155@127.0.0.1</identity></local><remote>"
		 "<identity display=\"701\">sip:701@127.0.0.1:5060"
		 "</identity></remote></dialog>\n</dialog-info>\n"},
		{"broken", DEMO_LAMP_FREE, false,
		 XML "version=\"7\" state=\"full\" "
		 "entity=\"sip:701@127.0.0.1:5060\">\n</dialog-info>\n"},
		{"generic", DEMO_LAMP_PARKED, false,
		 XML "version=\"7\" state=\"partial\" "
		 "entity=\"sip:701@127.0.0.1:5060\">\n"
		 " <dialog id=\"701\" direction=\"recipient\">\n"
		 "  <remote>\n"
		 "   <identity display=\"A&quot;&lt;&amp;&gt;B\">"
		 "sip:0155@127.0.0.1</identity>\n"
		 "   <target uri=\"sip:0155@127.0.0.1\" />\n"
		 "  </remote>\n  <local>\n"
		 "   <identity display=\"701\">sip:701@127.0.0.1</identity>\n"
		 "   <target uri=\"sip:701@127.0.0.1:5060\" />\n"
		 "  </local>\n  <state>confirmed</state>\n"
		 " </dialog>\n</dialog-info>\n"},
	};
	char buf[DEMO_INFO_MAX];

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct demo_info info = {
			.entity = "701@127.0.0.1:5060", .id = "701",
			.host = "127.0.0.1", .version = 7,
			.first = rowv[i].first, .lamp = rowv[i].lamp,
			.who = "A\"<&>\001B", .number = "0155",
			.local_name = "701", .call = 42,
		};
		const struct demo_manner *m =
			demo_manner_find(rowv[i].manner);
		size_t n = demo_info_write(buf, sizeof(buf), &info, m);

		row_uint(i, strlen(rowv[i].text), n);
		row_str(i, rowv[i].text, buf);

		/* no half documents */
		for (size_t sz = 0; sz <= n; sz += 13)
			row_uint(i, 0, demo_info_write(buf, sz, &info, m));
	}
}


/* As a module of Asterisk tells it in BroadWorks' manner */
static void test_info_park(void **state)
{
	static const struct {
		const char *who, *number, *text;
	} rowv[] = {
		{NULL, NULL, "<callpark/>"},
		{"A<B", "0155", "<callpark><parked><identity "
		 "display=\"A&lt;B\">sip:0155@127.0.0.1;user=phone</identity>"
		 "</parked></callpark>"},
	};
	char buf[512], want[512];
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		size_t n;

		(void)snprintf(want, sizeof(want), "<?xml version=\"1.0\" "
			       "encoding=\"UTF-8\"?>\n"
			       "<x-broadworks-callpark-info xmlns="
			       "\"http://schema.broadsoft.com/callpark\">%s"
			       "</x-broadworks-callpark-info>\n",
			       rowv[i].text);
		n = demo_info_park(buf, sizeof(buf), rowv[i].who,
				   rowv[i].number, "127.0.0.1");
		row_uint(i, strlen(want), n);
		row_str(i, want, buf);
		row_uint(i, 0, demo_info_park(buf, n, rowv[i].who,
					      rowv[i].number, "127.0.0.1"));
	}
}


/* ---- lists ---- */

static void test_rls(void **state)
{
	static const struct demo_rls_part partv[] = {
		{"701@127.0.0.1", "701", "<one/>"},
		{"702@127.0.0.1", "702", NULL},
	};
	static const struct demo_rls rls = {
		.uri = "parking@127.0.0.1", .host = "127.0.0.1",
		.version = 3, .full = true, .partv = partv, .partc = 2,
	};
	static const char want[] =
		"--ucm5c2e\r\nContent-ID: <list@127.0.0.1>\r\n"
		"Content-Type: application/rlmi+xml;charset=\"UTF-8\"\r\n"
		"\r\n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<list xmlns=\"urn:ietf:params:xml:ns:rlmi\" "
		"uri=\"sip:parking@127.0.0.1\" version=\"3\" "
		"fullState=\"true\">\n"
		" <resource uri=\"sip:701@127.0.0.1\">\n"
		"  <name>701</name>\n"
		"  <instance id=\"701\" state=\"active\" "
		"cid=\"3.701@127.0.0.1\"/>\n </resource>\n"
		" <resource uri=\"sip:702@127.0.0.1\">\n"
		"  <name>702</name>\n </resource>\n</list>\n\r\n"
		"--ucm5c2e\r\nContent-ID: <3.701@127.0.0.1>\r\n"
		"Content-Type: application/dialog-info+xml\r\n\r\n"
		"<one/>\r\n--ucm5c2e--\r\n";
	char buf[sizeof(want)];
	(void)state;

	row_uint(0, sizeof(want) - 1, demo_rls_write(buf, sizeof(buf),
						     &rls));
	assert_string_equal(want, buf);

	/* no half bodies */
	for (size_t sz = 0; sz < sizeof(want); sz += 7)
		row_uint(sz, 0, demo_rls_write(buf, sz, &rls));
}


/* ---- manners ---- */

static void test_manners(void **state)
{
	(void)state;
	static const char *const namev[] = {"asterisk", "asterisk-spots",
		"freepbx", "freeswitch", "fusionpbx", "3cx", "yeastar",
		"grandstream-ucm", "broadworks", "kazoo", "vodia",
		"generic", "portsip",
		"broken"};
	size_t i;

	for (i = 0; i < ROWS(namev); i++)
		row_true(i, demo_manner_find(namev[i]) != NULL);

	assert_null(demo_manner_find("nobody"));
	assert_ptr_equal(demo_manner_find(NULL),
			 demo_manner_find("asterisk"));

	for (i = 0; demo_manner_at(i); i++) {

		const struct demo_manner *m = demo_manner_at(i);

		row_true(i, m->source && m->source[0]);
		row_true(i, m->software && m->realm && m->cuser);
		row_true(i, m->profile && m->spot_prefix);
		row_true(i, m->sub_code && m->nohint_code && m->fetch_code);
		row_true(i, m->park_s && m->comeback_s && m->parker_s);
		row_true(i, m->sub_max_s > m->sub_min_s);
		row_true(i, m->invalid_ms && m->nonce_s && m->badauth_code);
		row_true(i, !m->list || m->list_step);
	}
	row_uint(i, ROWS(namev), i);
}


/* ---- books ---- */

enum op { ADD, RING, TALK, PARK, SERVE, FREE, END };

/* Where a spot takes several calls, who came first is served first */
static void test_several(void **state)
{
	struct demo_books b;
	unsigned idv[3];
	char buf[160];
	(void)state;

	demo_books_init(&b);
	b.several = true;

	for (size_t i = 0; i < ROWS(idv); i++)
		idv[i] = demo_books_add(&b, DEMO_CALLER, "x", "1", 0)->id;

	row_int(0, 0, demo_books_park(&b, idv[2], "0", "101", 5));
	row_int(1, 0, demo_books_park(&b, idv[0], "0", "101", 6));
	row_int(2, 0, demo_books_park(&b, idv[1], "0", "101", 6));
	assert_int_equal(0, demo_books_consistent(&b, buf, sizeof(buf)));

	for (size_t i = 0; i < ROWS(idv); i++) {

		static const size_t orderv[] = {2, 0, 1};
		const struct demo_row *row = demo_books_at(&b, "0");

		row_uint(i, idv[orderv[i]], row ? row->id : 0);
		(void)demo_books_end(&b, idv[orderv[i]], DEMO_LEFT, "", 9);
	}

	assert_null(demo_books_at(&b, "0"));
}


static void test_books(void **state)
{
	(void)state;
	static const struct {
		enum op op;
		unsigned a, b;
		const char *spot;
		int err;
		bool good;               /* all accounted for after it   */
	} rowv[] = {
		{ADD,   DEMO_CALLER, 0, NULL, 0, false},         /* 1 */
		{SERVE, 1, 0, NULL, 0, true},
		{ADD,   DEMO_PHONE, 0, NULL, 0, false},          /* 2 */
		{RING,  1, 2, NULL, 0, true},
		{TALK,  1, 2, NULL, 0, true},
		{TALK,  1, 1, NULL, EINVAL, true},
		{TALK,  1, 9, NULL, ENOENT, true},
		{PARK,  1, 0, "701", 0, false},    /* the parker is nowhere */
		{SERVE, 2, 0, NULL, 0, true},
		{ADD,   DEMO_CALLER, 0, NULL, 0, false},         /* 3 */
		{PARK,  3, 0, "701", EBUSY, false},
		{PARK,  3, 0, "702", 0, true},
		{TALK,  2, 1, NULL, 0, true},
		{END,   1, DEMO_HUNG_UP, NULL, 0, false},
		{END,   2, DEMO_LEFT, NULL, 0, true},
		{END,   2, DEMO_LEFT, NULL, EALREADY, true},
		{FREE,  3, 0, NULL, 0, false},
		{END,   3, DEMO_LOST, NULL, 0, false},
	};
	static struct demo_books b;
	char buf[256];

	demo_books_init(&b);

	for (size_t i = 0; i < ROWS(rowv); i++) {

		unsigned x = rowv[i].a, y = rowv[i].b;
		int err = 0;

		switch (rowv[i].op) {

		case ADD:
			row_true(i, demo_books_add(&b, (enum demo_kind)x,
						   "n", "1", i) != NULL);
			break;

		case RING:  err = demo_books_ring(&b, x, y, i); break;
		case TALK:  err = demo_books_talk(&b, x, y, i); break;
		case PARK:
			err = demo_books_park(&b, x, rowv[i].spot, "101", i);
			break;
		case SERVE: err = demo_books_serve(&b, x, i); break;
		case FREE:  err = demo_books_free(&b, x, i); break;
		case END:
			err = demo_books_end(&b, x, (enum demo_fate)y, "r",
					     i);
			break;
		}

		row_int(i, rowv[i].err, err);
		row_int(i, rowv[i].good ? 0 : EPROTO,
			demo_books_consistent(&b, buf, sizeof(buf)));
		row_bool(i, rowv[i].good, buf[0] == '\0');
	}

	assert_int_equal(1, b.fatev[DEMO_HUNG_UP]);
	assert_int_equal(1, b.fatev[DEMO_LOST]);
	assert_int_equal(0, b.fatev[DEMO_LEFT]);   /* not a caller */
}


/* Random moves: the pairs stay pairs, the spots have one each */
static void test_books_random(void **state)
{
	(void)state;
	static const char *const spotv[] = {"701", "702", "703"};
	static struct demo_books b;
	unsigned x = 7;

	demo_books_init(&b);

	for (size_t i = 0; i < 30000; i++) {

		unsigned a, c;

		x = x * 1103515245 + 12345;
		a = 1 + (x >> 16) % (b.last ? b.last : 1);
		c = 1 + (x >> 8) % (b.last ? b.last : 1);

		switch ((x >> 27) % 6) {

		case 0:
			if (b.last < 40 || !((x >> 20) % 8))
				(void)demo_books_add(&b, DEMO_CALLER, "n",
						     "1", i);
			break;
		case 1: (void)demo_books_ring(&b, a, c, i); break;
		case 2: (void)demo_books_talk(&b, a, c, i); break;
		case 3:
			(void)demo_books_park(&b, a, spotv[x % 3], "1", i);
			break;
		case 4: (void)demo_books_serve(&b, a, i); break;
		case 5:
			if (!((x >> 20) % 8))
				(void)demo_books_end(&b, a, DEMO_LEFT, "",
						     i);
			break;
		}

		for (size_t r = 0; r < 64; r++) {

			const struct demo_row *row = &b.rowv[r];
			const struct demo_row *o;

			if (!row->id || !row->with)
				continue;

			o = demo_books_get(&b, row->with);
			row_true(i, o && o->with == row->id);
		}
	}
}


/* A full book makes room where somebody ended, else says no */
static void test_books_full(void **state)
{
	(void)state;
	static struct demo_books b;

	demo_books_init(&b);

	for (unsigned i = 0; i < DEMO_ROWS; i++)
		assert_non_null(demo_books_add(&b, DEMO_CALLER, "n", "1",
					       0));

	assert_null(demo_books_add(&b, DEMO_CALLER, "n", "1", 0));
	assert_int_equal(0, demo_books_end(&b, 5, DEMO_LEFT, "", 0));
	assert_non_null(demo_books_add(&b, DEMO_CALLER, "n", "1", 0));
	assert_null(demo_books_get(&b, 5));
	assert_non_null(demo_books_get(&b, DEMO_ROWS + 1));
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_g711),
		unit_test(test_ear),
		unit_test(test_ear_mixed),
		unit_test(test_digits),
		unit_test(test_sdp_decode),
		unit_test(test_sdp_cut),
		unit_test(test_info),
		unit_test(test_info_park),
		unit_test(test_rls),
		unit_test(test_manners),
		unit_test(test_books),
		unit_test(test_several),
		unit_test(test_books_random),
		unit_test(test_books_full),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
