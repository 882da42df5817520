/**
 * @file tests/unit/test_park.c  Parking as a whole, on a phone of the test's
 *
 * The files of modules/park and the desk model are real, what they ask of
 * the phone is written down here. Time moves only when the test says so.
 */
#include "../lib/test.h"
#include <errno.h>
#include <re.h>
#include "app/cmd.h"
#include "app/desk_model.h"
#include "app/phone.h"
#include "modules/park/park_int.h"


enum {
	SENT = 64,               /* What the phone was told to do, in all */
	SENT_SZ = 320,
};

static struct world {
	struct fake_clock fc;
	struct bus *bus;
	struct commands *commands;
	struct desk desk;
	struct profile ways;
	struct park *park;
	struct call_fact callv[8];
	size_t callc;
	struct phone_account accv[2];
	phone_call_h *callh;
	phone_wanted_h *wantedh;
	void *callarg;
	struct {
		unsigned id;
		phone_refer_h *h;
		void *arg;
	} refer;                 /* the last one                         */
	char sent[SENT][SENT_SZ];
	size_t sentc;
	char told[SENT][REASON_SZ];
	size_t toldc;
	char reply[256];
	uint32_t heard;          /* RTP packets, of whatever call        */
} w;


/* --- the phone -------------------------------------------------------- */

static void sent(const char *fmt, ...)
{
	va_list ap;

	assert_true(w.sentc < SENT);
	va_start(ap, fmt);
	(void)re_vsnprintf(w.sent[w.sentc++], SENT_SZ, fmt, ap);
	va_end(ap);
}


static struct call_fact *call_of(unsigned id)
{
	for (size_t i = 0; i < w.callc; i++) {
		if (w.callv[i].id == id)
			return &w.callv[i];
	}

	return NULL;
}


static void call_emit(struct call_fact *call, enum deskcall_state state)
{
	struct event ev = {.type = EVENT_CALL};

	call->state = state;
	ev.u.call = *call;
	bus_emit(w.bus, &ev);
}


void phone_set_call_handler(struct phone *phone, phone_call_h *h, void *arg)
{
	(void)phone;
	w.callh = h;
	w.callarg = arg;
}


size_t phone_accountc(const struct phone *phone)
{
	(void)phone;

	return ROWS(w.accv);
}


void phone_set_wanted_handler(struct phone *phone, phone_wanted_h *h,
			      void *arg)
{
	(void)phone;
	w.wantedh = h;
	w.callarg = h ? arg : w.callarg;
}


struct phone_account *phone_account(const struct phone *phone, unsigned idx)
{
	(void)phone;

	return idx < ROWS(w.accv) ? &w.accv[idx] : NULL;
}


int phone_uri(char *buf, size_t size, const struct phone_account *acc,
	      const char *where)
{
	if (!strncmp(where, "sip:", 4))
		return re_snprintf(buf, size, "%s", where) < 0 ? ENOMEM : 0;

	return re_snprintf(buf, size, "sip:%s@%s", where,
			   acc->hostport) < 0 ? ENOMEM : 0;
}


const struct call_fact *phone_call(const struct phone *phone, unsigned id)
{
	(void)phone;

	return call_of(id);
}


const struct call_fact *phone_first(const struct phone *phone,
				    enum deskcall_state state)
{
	(void)phone;

	for (size_t i = 0; i < w.callc; i++) {
		if (w.callv[i].state == state)
			return &w.callv[i];
	}

	return NULL;
}


const struct call_fact *phone_active(const struct phone *phone)
{
	return phone_first(phone, DESKCALL_ACTIVE);
}


int phone_refer(struct phone *phone, unsigned id, const char *uri,
		phone_refer_h *h, void *arg)
{
	(void)phone;
	sent("REFER %u %s", id, uri);
	w.refer.id = id;
	w.refer.h = h;
	w.refer.arg = arg;

	return 0;
}


void phone_refer_forget(struct phone *phone, unsigned id)
{
	(void)phone;
	if (w.refer.id == id)
		w.refer.h = NULL;
}


int phone_replaces_uri(char *buf, size_t size, const struct phone *phone,
		       unsigned id)
{
	(void)phone;

	return re_snprintf(buf, size, "sip:x@pbx?Replaces=%u", id) < 0 ?
		ENOMEM : 0;
}


int phone_hangup(struct phone *phone, unsigned id, unsigned scode)
{
	(void)phone;
	(void)scode;
	sent("BYE %u", id);
	call_emit(call_of(id), DESKCALL_CLOSED);

	return 0;
}


int phone_hold(struct phone *phone, unsigned id, bool hold)
{
	struct call_fact *call = call_of(id);
	(void)phone;

	if (call->held == hold) {
		call_emit(call, hold ? DESKCALL_HELD : DESKCALL_ACTIVE);
		return 0;
	}

	sent("%s %u", hold ? "HOLD" : "RESUME", id);
	call->held = hold;
	call_emit(call, hold ? DESKCALL_HELD : DESKCALL_ACTIVE);

	return 0;
}


unsigned phone_hold_active(struct phone *phone, unsigned except)
{
	for (size_t i = 0; i < w.callc; i++) {

		if (w.callv[i].id == except ||
		    w.callv[i].state != DESKCALL_ACTIVE)
			continue;

		(void)phone_hold(phone, w.callv[i].id, true);
		return w.callv[i].id;
	}

	return 0;
}


int phone_background(struct phone *phone, unsigned id, bool on)
{
	(void)phone;
	(void)id;
	(void)on;

	return 0;
}


uint32_t phone_heard(const struct phone *phone, unsigned id)
{
	(void)phone;
	(void)id;

	return w.heard;
}


int phone_watch(struct phone *phone, unsigned id, uint32_t timeout_s)
{
	(void)phone;
	sent("WATCH %u %u", id, timeout_s);

	return 0;
}


int phone_set_phase(struct phone *phone, unsigned id,
		    enum phone_phase phase, const char *spot)
{
	struct call_fact *call = call_of(id);
	(void)phone;

	str_ncpy(call->spot, spot, sizeof(call->spot));
	call_emit(call, phase == PHONE_PHASE_PARKING ? DESKCALL_PARKING :
		  phase == PHONE_PHASE_RETRIEVING ? DESKCALL_RETRIEVING :
		  call->held ? DESKCALL_HELD : DESKCALL_ACTIVE);

	return 0;
}


int phone_set_peer(struct phone *phone, unsigned id, const char *name,
		   const char *number)
{
	struct call_fact *call = call_of(id);
	(void)phone;

	str_ncpy(call->name, name, sizeof(call->name));
	str_ncpy(call->peer, number, sizeof(call->peer));

	return 0;
}


static struct call_fact *call_new(unsigned account, const char *name,
				  const char *number)
{
	struct call_fact *call = &w.callv[w.callc++];

	assert_true(w.callc <= ROWS(w.callv));
	call->id = (unsigned)w.callc;
	call->account = account;
	str_ncpy(call->name, name, sizeof(call->name));
	str_ncpy(call->peer, number, sizeof(call->peer));

	return call;
}


int phone_dial(struct phone *phone, unsigned account, const char *where,
	       unsigned *idp, char *err, size_t errsz)
{
	struct call_fact *call;
	(void)phone;
	(void)err;
	(void)errsz;

	sent("DIAL %u %s", account, where);
	call = call_new(account, "", where);
	call->outgoing = true;
	call_emit(call, DESKCALL_DIALING);
	if (idp)
		*idp = call->id;

	return 0;
}


int phone_dial_replaces(struct phone *phone, unsigned account,
			const char *where,
			const struct phone_replaces *replaces,
			unsigned *idp, char *err, size_t errsz)
{
	char text[SENT_SZ];

	(void)re_snprintf(text, sizeof(text), "%s Replaces %s to %s from %s",
			  where, replaces->call_id, replaces->to_tag,
			  replaces->from_tag);

	return phone_dial(phone, account, text, idp, err, errsz);
}


static int dialog_handler(struct park_dialog *dlg, unsigned account,
			  const char *spot, void *arg)
{
	(void)arg;

	if (strcmp(spot, "103"))
		return ENOENT;

	(void)re_snprintf(dlg->target, sizeof(dlg->target), "sip:c@%u",
			  account);
	str_ncpy(dlg->call_id, "id", sizeof(dlg->call_id));
	str_ncpy(dlg->to_tag, "t", sizeof(dlg->to_tag));
	str_ncpy(dlg->from_tag, "f", sizeof(dlg->from_tag));

	return 0;
}


/* --- the world around it ---------------------------------------------- */

static void desk_handler(const struct event *ev, void *arg)
{
	(void)arg;

	(void)desk_step(&w.desk, ev, clock_ms(&w.fc.clock));

	if (ev->type == EVENT_MESSAGE) {
		assert_true(w.toldc < SENT);
		str_ncpy(w.told[w.toldc++], ev->u.message.text, REASON_SZ);
	}
}


static void lamps(unsigned n)
{
	const struct event ev = {.type = EVENT_LAMPS, .u.lamps = n};

	bus_emit(w.bus, &ev);
}


static void lamp(unsigned idx, unsigned account, const char *spot,
		 enum lamp_state state)
{
	struct event ev = {.type = EVENT_LAMP};

	ev.u.lamp.idx = idx;
	ev.u.lamp.account = account;
	ev.u.lamp.state = state;
	ev.u.lamp.since_ms = clock_ms(&w.fc.clock);
	str_ncpy(ev.u.lamp.spot, spot, sizeof(ev.u.lamp.spot));
	bus_emit(w.bus, &ev);
}


static void open_world(const char *profile, const struct park_spot *spotv,
		       size_t spotc)
{
	struct park_prm prm;

	memset(&w, 0, sizeof(w));
	fake_clock_init(&w.fc, 1000000);
	assert_int_equal(0, bus_alloc(&w.bus));
	assert_int_equal(0, commands_alloc(&w.commands));
	assert_int_equal(0, bus_listen(w.bus, desk_handler, NULL));
	desk_init(&w.desk);
	w.ways = *profile_find(profile);

	for (unsigned i = 0; i < ROWS(w.accv); i++) {
		w.accv[i].idx = i;
		w.accv[i].user = i ? "201" : "101";
		w.accv[i].hostport = i ? "pbx.two" : "pbx.one";
		w.accv[i].aor = i ? "sip:201@pbx.two" : "sip:101@pbx.one";
	}

	prm = (struct park_prm){
		.clock = &w.fc.clock,
		.bus = w.bus,
		.phone = (struct phone *)&w,
		.desk = &w.desk,
		.commands = w.commands,
		.ways = &w.ways,
		.announce_s = 8,
		.dialogh = dialog_handler,
	};
	assert_int_equal(0, park_alloc(&w.park, &prm, spotv, spotc));
}


static void close_world(void)
{
	w.park = mem_deref(w.park);
	bus_unlisten(w.bus, desk_handler, NULL);
	desk_reset(&w.desk);
	mem_deref(w.commands);
	mem_deref(w.bus);
}


static struct call_fact *talk(unsigned account, const char *name,
			      const char *number)
{
	struct call_fact *call = call_new(account, name, number);

	call_emit(call, DESKCALL_ACTIVE);

	return call;
}


static int run(const char *line)
{
	return commands_runf(w.commands, w.reply, sizeof(w.reply), "%s", line);
}


static const char *last_sent(void)
{
	return w.sentc ? w.sent[w.sentc - 1] : "";
}


static void frag(unsigned scode)
{
	assert_non_null(w.refer.h);
	w.refer.h(PHONE_REFER_FRAG, w.refer.id, scode, "", w.refer.arg);
}


static void accepted(void)
{
	assert_non_null(w.refer.h);
	w.refer.h(PHONE_REFER_ACCEPTED, w.refer.id, 202, "", w.refer.arg);
}


/* --- where a call is sent --------------------------------------------- */

/* A bare spot of a PBX that would take it for a retrieval */
static void test_transfer_to_a_spot(void **state)
{
	static const struct park_spot spotv[] = {
		{.kind = LAMP_SPOT, .spot = "701"},
		{.kind = LAMP_EXTENSION, .spot = "102"},
	};
	static const struct {
		const char *dest;
		const char *sent;
	} rowv[] = {
		{"701",         ""},
		{"sip:701@pbx.one", ""},
		{"705",         ""},
		{"102",         "REFER 1 sip:102@pbx.one"},
		{"sip:705@elsewhere", "REFER 1 sip:705@elsewhere"},
		{"700",         "REFER 1 sip:700@pbx.one"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		char line[64];

		open_world("asterisk", spotv, ROWS(spotv));
		lamps(2);
		lamp(0, 0, "701", LAMP_FREE);
		lamp(1, 0, "705", LAMP_FREE);     /* of a list */
		(void)talk(0, "Anna", "5550101");

		(void)re_snprintf(line, sizeof(line), "transfer %s",
				  rowv[i].dest);
		row_bool(i, !rowv[i].sent[0], run(line) != 0);
		row_str(i, rowv[i].sent, last_sent());
		close_world();
	}
}


/* --- quitting and hanging up meanwhile -------------------------------- */

/* Whatever the state, a park that has not ended is waited for, and only one
   that is confirmed may be hung up: when the line was listened to */
static void test_pending(void **state)
{
	static const struct {
		const char *steps;   /* 2: 202, o: sipfrag 200, l: lamp on,
					d: lamp off again, f: sipfrag 503 */
		enum park_state state;
		int hangup;
	} rowv[] = {
		{"",     PARK_REFERRED,  EBUSY},
		{"2",    PARK_ACCEPTED,  EBUSY},
		{"2l",   PARK_SHOWN,     EBUSY},
		{"2ld",  PARK_VACANT,    EBUSY},
		{"2ldf", PARK_DOUBT,     EBUSY},
		{"2o",   PARK_PROVEN,    EINPROGRESS},
		{"2lo",  PARK_CONFIRMED, EINPROGRESS},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		const struct parking *pk;
		const char *s;

		open_world("asterisk", NULL, 0);
		lamps(1);
		lamp(0, 0, "701", LAMP_FREE);
		(void)talk(0, "Anna", "5550101");
		row_int(i, 0, run("park"));

		for (s = rowv[i].steps; *s; s++) {
			if (*s == '2')
				accepted();
			else if (*s == 'o')
				frag(200);
			else if (*s == 'f')
				frag(503);
			else
				lamp(0, 0, "701", *s == 'l' ? LAMP_PARKED :
				     LAMP_FREE);
		}

		pk = list_ledata(w.park->parkingl.head);
		assert_non_null(pk);
		row_str(i, park_state_name(rowv[i].state),
			park_state_name(pk->life.state));
		row_uint(i, 1, park_pending(w.park));
		row_int(i, rowv[i].hangup, park_user_hangup(w.park, 1));
		close_world();
	}
}


/* The park's timer runs out */
static void due(void)
{
	struct parking *pk = list_ledata(w.park->parkingl.head);

	assert_non_null(pk);
	assert_true(pk->life.due_ms > 0);
	w.fc.ms = pk->life.due_ms;
	pk->tmr.th(pk->tmr.arg);
}


static bool told(const char *text)
{
	for (size_t i = 0; i < w.toldc; i++) {
		if (strstr(w.told[i], text))
			return true;
	}

	return false;
}


/* Before every BYE of ours: is anybody on the line? */
static void test_listen(void **state)
{
	enum {
		SPOKE = 1,       /* the caller was heard until now       */
		HEARD = 2,       /* and is still                         */
		LAMP = 4,        /* a lamp turned on                     */
		RENEWED = 8,     /* a re-INVITE came that names nobody   */
		UNWATCHED = 16,  /* no lamps at all                      */
		STALE = 32,      /* one of two lamps is not known        */
		PLACE = 64,      /* the re-INVITE names the spot         */
	};
	static const struct {
		unsigned what;
		const char *sent;
		const char *told;
	} rowv[] = {
		{SPOKE | LAMP,         "BYE 1", "Anna is parked at 701"},
		{SPOKE | LAMP | HEARD, "", "not parked: the PBX says so, but"
		 " the call is still on the line"},
		{SPOKE | UNWATCHED,    "BYE 1", "no lamp tells where"},
		{SPOKE | UNWATCHED | HEARD, "", "not parked: "},
		{SPOKE,                "WATCH 1 4", "no lamp shows where"},
		{SPOKE | HEARD,        "", "not parked: "},
		{SPOKE | STALE,        "BYE 1", "no lamp tells where"},
		{SPOKE | RENEWED | LAMP, "BYE 1", "is parked"},
		{SPOKE | RENEWED | UNWATCHED, "BYE 1", "is parked"},
		{LAMP,                 "BYE 1", "Anna is parked at 701"},
		{0,                    "", "not parked: "},
		{UNWATCHED,            "BYE 1", "no lamp tells where"},
		{RENEWED | LAMP,       "", "not parked: the PBX gave the call"
		 " back"},
		{RENEWED | UNWATCHED,  "", "not parked: the PBX gave"},
		{PLACE | UNWATCHED,    "BYE 1", "no lamp tells where"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		const unsigned what = rowv[i].what;
		struct call_fact *call;

		open_world("asterisk", NULL, 0);
		if (!(what & UNWATCHED)) {
			lamps(2);
			lamp(0, 0, "701", LAMP_FREE);
			if (!(what & STALE))
				lamp(1, 0, "702", LAMP_FREE);
			else
				lamp(1, 0, "702", LAMP_UNKNOWN);
		}

		call = talk(0, "Anna", "5550101");
		call->answered_ms = w.fc.ms;
		w.fc.ms += 10000;
		w.heard = what & SPOKE ? 500 : 0;
		row_int(i, 0, run("park"));
		w.sentc = 0;

		accepted();
		if (what & (RENEWED | PLACE))
			w.callh(PHONE_CALL_REINVITE, 1, 0,
				what & PLACE ? "700" : "", w.callarg);
		if (what & LAMP)
			lamp(0, 0, "701", LAMP_PARKED);
		frag(200);

		while (list_head(&w.park->parkingl)) {
			if (what & HEARD)
				w.heard += 50;
			due();
		}

		row_str(i, rowv[i].sent, last_sent());
		if (!told(rowv[i].told))
			row_fail(i, "not told: \"%s\", but \"%s\"",
				 rowv[i].told, w.told[w.toldc - 1]);
		close_world();
	}
}


/* --- two PBXs, both with a 701 ---------------------------------------- */

static void two_pbxs(void)
{
	static const struct park_spot spotv[] = {
		{.kind = LAMP_SPOT, .account = 0, .spot = "701"},
		{.kind = LAMP_SPOT, .account = 1, .spot = "701",
		 .park = "*1{spot}", .retrieve = "*2{spot}"},
		{.kind = LAMP_SPOT, .account = 1, .spot = "702",
		 .park = "*1{spot}"},
	};

	open_world("generic", spotv, ROWS(spotv));
	lamps(4);
	lamp(0, 0, "701", LAMP_FREE);
	lamp(1, 1, "701", LAMP_FREE);
	lamp(2, 1, "702", LAMP_FREE);
	lamp(3, 0, "709", LAMP_FREE);            /* of a list of the first */
}


static void park_through(unsigned idx, unsigned account, const char *spot)
{
	accepted();
	lamp(idx, account, spot, LAMP_PARKED);
	frag(200);
	while (list_head(&w.park->parkingl))
		due();
}


static void test_accounts(void **state)
{
	struct call_fact *call;
	(void)state;

	/* each call is parked on its own PBX, in its own way */
	two_pbxs();
	(void)talk(1, "Anna", "5550101");
	assert_int_equal(0, run("park 701"));
	assert_string_equal("REFER 1 sip:*1701@pbx.two", last_sent());

	/* the other's 701 is not reserved, nor is it this park's lamp */
	lamp(0, 0, "701", LAMP_PARKED);
	assert_int_equal(0, w.desk.bookc);
	lamp(0, 0, "701", LAMP_FREE);
	park_through(1, 1, "701");
	assert_int_equal(1, w.desk.bookc);
	assert_int_equal(1, w.desk.bookv[0].account);

	/* what becomes free there says nothing of ours */
	lamp(0, 0, "701", LAMP_PARKED);
	lamp(0, 0, "701", LAMP_FREE);
	assert_int_equal(1, w.desk.bookc);

	/* his call is on the first PBX: the second has not got it */
	call = talk(0, "Boris", "5550102");
	assert_int_equal(EINVAL, run("park 702"));
	assert_non_null(strstr(w.reply, "sip:201@pbx.two"));
	assert_int_equal(EINVAL, run("park 701@1"));
	assert_int_equal(0, run("park 701"));
	assert_string_equal("REFER 2 sip:701@pbx.one", last_sent());
	park_through(0, 0, "701");
	assert_int_equal(2, w.desk.bookc);
	(void)call;

	/* each is taken back where he is */
	assert_int_equal(0, run("retrieve 701@1"));
	assert_string_equal("DIAL 1 *2701", last_sent());
	assert_int_equal(0, run("retrieve 701@0"));
	assert_string_equal("DIAL 0 701", last_sent());
	assert_int_equal(EALREADY, run("retrieve 701@1"));
	close_world();

	/* without a word of which: where somebody waits */
	two_pbxs();
	lamp(1, 1, "701", LAMP_PARKED);
	assert_int_equal(0, run("spot 701"));
	assert_string_equal("DIAL 1 *2701", last_sent());
	close_world();

	/* the last one parked, and one whom a list's lamp shows */
	two_pbxs();
	(void)talk(1, "Anna", "5550101");
	assert_int_equal(0, run("park 702"));
	park_through(2, 1, "702");
	assert_int_equal(0, run("undo"));
	assert_string_equal("DIAL 1 702", last_sent());
	w.fc.ms += 1000;
	lamp(3, 0, "709", LAMP_PARKED);
	assert_int_equal(0, run("retrieve 709"));
	assert_string_equal("DIAL 0 709", last_sent());
	close_world();

	/* a free spot is one of the call's own PBX */
	two_pbxs();
	lamp(0, 0, "701", LAMP_PARKED);
	lamp(3, 0, "709", LAMP_PARKED);
	(void)talk(0, "Anna", "5550101");
	assert_int_equal(ENOENT, run("park"));
	close_world();
}


/* --- where no lamp tells ---------------------------------------------- */

static void test_unwatched(void **state)
{
	(void)state;

	/* the PBX's word is enough: in the book, and to be taken back */
	open_world("generic", NULL, 0);
	(void)talk(0, "Anna", "5550101");
	assert_int_equal(0, run("park 701"));
	accepted();
	frag(200);
	due();
	due();
	assert_true(told("Anna is parked at 701"));
	assert_int_equal(1, w.desk.bookc);
	assert_int_equal(0, run("undo"));
	assert_string_equal("DIAL 0 701", last_sent());
	close_world();

	/* a lamp that is known and dark contradicts it, until it lights up */
	open_world("generic", NULL, 0);
	lamps(1);
	lamp(0, 0, "701", LAMP_FREE);
	(void)talk(0, "Anna", "5550101");
	assert_int_equal(0, run("park 701"));
	accepted();
	frag(200);
	due();
	due();
	assert_true(told("its lamp has not changed"));
	assert_int_equal(0, w.desk.bookc);
	assert_int_equal(ENOENT, run("undo"));
	w.fc.ms += 3000;
	lamp(0, 0, "701", LAMP_PARKED);
	assert_int_equal(1, w.desk.bookc);
	assert_string_equal("Anna", w.desk.bookv[0].who);
	close_world();
}


/* --- retrieving ------------------------------------------------------- */

static void back_due(void)
{
	struct retrieving *rt = list_ledata(w.park->retrievingl.head);

	assert_non_null(rt);
	assert_true(rt->life.due_ms > 0);
	w.fc.ms = rt->life.due_ms;
	rt->tmr.th(rt->tmr.arg);
}


/* 200 proves nothing; what does? */
static void test_won(void **state)
{
	static const struct {
		const char *named;   /* in the 200, or NULL              */
		const char *then;    /* f: lamp free, s: lamp stale, d: time
					is up, r: re-INVITE with the caller,
					p: ... with the spot, b: BYE,
					m: the spot takes several calls  */
		const char *told;    /* NULL: nothing is proven yet      */
		const char *peer;
	} rowv[] = {
		{NULL,      "",   NULL,                       "701"},
		{NULL,      "f",  NULL,                       "701"},
		{NULL,      "r",  "5550101 is back from 701", "5550101"},
		{NULL,      "p",  NULL,                       "701"},
		{NULL,      "fd", "Anna is back from 701",    "5550101"},
		{NULL,      "d",  NULL,                       "701"},
		{NULL,      "df", "Anna is back from 701",    "5550101"},
		{NULL,      "fb", "701 was taken by another", NULL},
		{"701",     "",   NULL,                       "701"},
		{"park",    "f",  NULL,                       "park"},
		{"700",     "fd", "Anna is back from 701",    "5550101"},
		{"5550101", "",   "is back from 701",         "5550101"},
		{"+49305550101", "", "is back from 701", "+49305550101"},
		{"990",     "",   NULL,                       "990"},
		{"990",     "s",  NULL,                       "990"},
		{"990",     "f",  "is back from 701",         "990"},
		{"990",     "d",  NULL,                       "990"},
		{"990",     "b",  "701 was taken by another", NULL},
		{"990",     "md", "990 is back from 701",     "990"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct call_fact *call;

		open_world("asterisk", NULL, 0);
		lamps(1);
		lamp(0, 0, "701", LAMP_FREE);
		(void)talk(0, "Anna", "5550101");
		row_int(i, 0, run("park"));
		park_through(0, 0, "701");
		(void)talk(0, "Boris", "5550102");
		w.fc.ms += 1000;

		row_int(i, 0, run("retrieve 701"));
		row_str(i, "DIAL 0 701", last_sent());
		row_int(i, DESKCALL_HELD, call_of(2)->state);
		call = call_of(3);
		if (rowv[i].named) {
			str_ncpy(call->peer, rowv[i].named,
				 sizeof(call->peer));
			w.callh(PHONE_CALL_IDENTITY, 3, 200, call->peer,
				w.callarg);
		}
		w.callh(PHONE_CALL_ESTABLISHED, 3, 200, "", w.callarg);

		for (const char *s = rowv[i].then; *s; s++) {

			w.fc.ms += 100;

			switch (*s) {

			case 'f':
				lamp(0, 0, "701", LAMP_FREE);
				break;
			case 's':
				lamp(0, 0, "701", LAMP_UNKNOWN);
				break;
			case 'd':
				back_due();
				break;
			case 'm':
				w.ways.several = true;
				break;
			case 'r':
				str_ncpy(call->peer, "5550101",
					 sizeof(call->peer));
				w.callh(PHONE_CALL_REINVITE, 3, 0, "5550101",
					w.callarg);
				break;
			case 'p':
				w.callh(PHONE_CALL_REINVITE, 3, 0, "701",
					w.callarg);
				break;
			case 'b':
				call_emit(call, DESKCALL_CLOSED);
				w.callh(PHONE_CALL_CLOSED, 3, 0, "", w.callarg);
				row_str(i, "RESUME 2", last_sent());
				break;
			}
		}

		row_bool(i, !rowv[i].told,
			 list_head(&w.park->retrievingl) != NULL);
		if (rowv[i].told && !told(rowv[i].told))
			row_fail(i, "not told: \"%s\", but \"%s\"",
				 rowv[i].told, w.told[w.toldc - 1]);
		if (rowv[i].peer)
			row_str(i, rowv[i].peer, call->peer);
		close_world();
	}
}


/* --- colleagues ------------------------------------------------------- */

/* His key by his state, and whether a call is in hand */
static void test_person(void **state)
{
	enum {
		NONE = -1,       /* no call in hand                      */
		SAME = 0,        /* one of his server ...                */
		OTHER = 1,       /* ... of another                       */
	};
	static const struct {
		const char *ext;
		enum lamp_state state;
		int call;
		bool blind;
		const char *pickup;
		const char *voicemail;
		int err;
		const char *sent;
	} rowv[] = {
		{"102", LAMP_FREE, NONE, false, NULL, NULL, 0, "DIAL 0 102"},
		{"102", LAMP_FREE, SAME, false, NULL, NULL, 0, "DIAL 0 102"},
		{"102", LAMP_FREE, SAME, true, NULL, NULL, 0,
		 "REFER 1 sip:102@pbx.one"},
		/* 102 is somebody else there */
		{"102", LAMP_FREE, OTHER, true, NULL, NULL, 0, "DIAL 0 102"},
		{"102", LAMP_UNKNOWN, SAME, true, NULL, NULL, 0,
		 "REFER 1 sip:102@pbx.one"},
		{"102", LAMP_RINGING, NONE, false, "*8{ext}", NULL, 0,
		 "DIAL 0 *8102"},
		{"102", LAMP_RINGING, SAME, true, "*8{ext}", NULL, 0,
		 "DIAL 0 *8102"},
		{"102", LAMP_RINGING, NONE, false, NULL, NULL, ENOTSUP, ""},
		{"103", LAMP_RINGING, NONE, false, NULL, NULL, 0,
		 "DIAL 0 sip:c@0 Replaces id to t from f"},
		{"103", LAMP_RINGING, NONE, false, "*8{ext}", NULL, 0,
		 "DIAL 0 *8103"},
		{"104", LAMP_RINGING, NONE, false, "*8{ext}", NULL, 0,
		 "DIAL 0 *9104"},
		{"102", LAMP_BUSY, NONE, false, NULL, "*{ext}", 0,
		 "DIAL 0 102"},
		{"102", LAMP_BUSY, SAME, true, NULL, NULL, 0,
		 "REFER 1 sip:102@pbx.one"},
		{"102", LAMP_BUSY, SAME, true, NULL, "*{ext}", EBUSY, ""},
	};
	static const struct park_spot spotv[] = {
		{.kind = LAMP_EXTENSION, .spot = "102"},
		{.kind = LAMP_EXTENSION, .spot = "104",
		 .retrieve = "*9{ext}"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct event ev = {.type = EVENT_LAMP};
		char line[32];

		open_world("generic", spotv, ROWS(spotv));
		w.ways.pickup = rowv[i].pickup;
		w.ways.voicemail = rowv[i].voicemail;
		w.park->blind = rowv[i].blind;
		lamps(1);
		ev.u.lamp.kind = LAMP_EXTENSION;
		ev.u.lamp.state = rowv[i].state;
		str_ncpy(ev.u.lamp.spot, rowv[i].ext,
			 sizeof(ev.u.lamp.spot));
		bus_emit(w.bus, &ev);
		if (rowv[i].call != NONE)
			(void)talk((unsigned)rowv[i].call, "Anna", "5550101");

		(void)re_snprintf(line, sizeof(line), "spot %s", rowv[i].ext);
		row_int(i, rowv[i].err, run(line));
		row_str(i, rowv[i].sent, last_sent());
		close_world();
	}
}


/* The call in hand comes back if there was nothing to pick up */
static void test_pickup(void **state)
{
	static const struct {
		unsigned scode;      /* 200: answered                     */
		const char *told;
		const char *sent;
		enum deskcall_state state;
	} rowv[] = {
		{200, "the call for 103 is yours", "DIAL 0 *8103",
		 DESKCALL_HELD},
		{480, "cannot pick up the call for 103: gone", "RESUME 1",
		 DESKCALL_ACTIVE},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct event ev = {.type = EVENT_LAMP};

		open_world("generic", NULL, 0);
		w.ways.pickup = "*8{ext}";
		lamps(1);
		ev.u.lamp.kind = LAMP_EXTENSION;
		ev.u.lamp.state = LAMP_RINGING;
		str_ncpy(ev.u.lamp.spot, "103", sizeof(ev.u.lamp.spot));
		bus_emit(w.bus, &ev);
		(void)talk(0, "Anna", "5550101");
		row_int(i, 0, run("spot 103"));
		row_int(i, EALREADY, run("spot 103"));
		if (rowv[i].scode == 200) {
			w.callh(PHONE_CALL_ESTABLISHED, 2, 200, "", w.callarg);
		}
		else {
			call_emit(call_of(2), DESKCALL_CLOSED);
			w.callh(PHONE_CALL_CLOSED, 2, rowv[i].scode, "gone",
				w.callarg);
		}
		row_true(i, told(rowv[i].told));
		row_str(i, rowv[i].sent, last_sent());
		row_int(i, rowv[i].state, call_of(1)->state);
		row_true(i, !list_head(&w.park->retrievingl));
		close_world();
	}
}


static void test_voicemail(void **state)
{
	(void)state;

	open_world("generic", NULL, 0);
	assert_int_equal(ENOTSUP, run("voicemail 102"));
	w.ways.voicemail = "*{ext}";
	assert_int_equal(0, run("voicemail 102"));
	assert_string_equal("DIAL 0 *102", last_sent());
	(void)talk(0, "Anna", "5550101");
	assert_int_equal(0, run("voicemail 102"));
	assert_string_equal("REFER 2 sip:*102@pbx.one", last_sent());
	close_world();
}


/* Taken back from an extension: its end puts the lamp out, which tells of the
   same retrieval */
static void test_won_told(void **state)
{
	struct event ev = {.type = EVENT_ACCOUNT};
	struct call_fact *call;
	(void)state;

	open_world("broadworks", NULL, 0);
	lamps(1);
	ev.u.account.registered = true;
	bus_emit(w.bus, &ev);

	park_told(w.park, 0, &(struct park_info){
			  .who = "Anna", .number = "5550101", .by = "",
			  .place = "", .retrieve = ""});
	assert_int_equal(LAMP_PARKED, w.desk.lampv[0].f.state);

	assert_int_equal(0, run("retrieve"));
	assert_string_equal("DIAL 0 *88", last_sent());
	call = call_of(1);
	str_ncpy(call->peer, "5550101", sizeof(call->peer));
	w.callh(PHONE_CALL_IDENTITY, 1, 200, call->peer, w.callarg);
	w.callh(PHONE_CALL_ESTABLISHED, 1, 200, "", w.callarg);

	assert_null(list_head(&w.park->retrievingl));
	assert_true(told("is back from 101"));
	assert_int_equal(LAMP_FREE, w.desk.lampv[0].f.state);
	close_world();
}


/* --- back again ------------------------------------------------------- */

static void test_bounced(void **state)
{
	struct call_fact *call;
	(void)state;

	/* taken in the same moment: the lamp is another's, and he rings us */
	open_world("generic", NULL, 0);
	lamps(1);
	lamp(0, 0, "701", LAMP_FREE);
	(void)talk(0, "Anna", "5550101");
	assert_int_equal(0, run("park 701"));
	park_through(0, 0, "701");
	assert_int_equal(1, w.desk.bookc);
	call = call_new(0, "Anna", "0305550101");
	call_emit(call, DESKCALL_INCOMING);
	assert_true(told("Anna is back from 701, the PBX did not keep"));
	assert_int_equal(0, w.desk.bookc);
	close_world();

	/* while the PBX still says that all goes well */
	open_world("asterisk", NULL, 0);
	lamps(1);
	lamp(0, 0, "701", LAMP_FREE);
	(void)talk(0, "Anna", "5550101");
	assert_int_equal(0, run("park"));
	accepted();
	call = call_new(0, "Anna", "5550101");
	call_emit(call, DESKCALL_INCOMING);
	assert_true(told("Anna is back from 700, the PBX did not keep"));
	frag(200);
	due();
	due();
	assert_string_equal("BYE 1", last_sent());
	assert_false(told("is parked"));
	close_world();

	/* a moment after it said so */
	open_world("asterisk", NULL, 0);
	(void)talk(0, "Anna", "5550101");
	assert_int_equal(0, run("park"));
	accepted();
	frag(200);
	due();
	due();
	assert_true(told("no lamp tells where"));
	call = call_new(0, "Anna", "5550101");
	call_emit(call, DESKCALL_INCOMING);
	assert_true(told("Anna is back from 700, the PBX did not keep"));
	close_world();

	/* there is room for him however many calls are up */
	open_world("generic", NULL, 0);
	lamps(1);
	lamp(0, 0, "701", LAMP_FREE);
	(void)talk(0, "Anna", "5550101");
	assert_int_equal(0, run("park 701"));
	park_through(0, 0, "701");
	assert_true(w.wantedh(0, "+49305550101", "", w.callarg));
	assert_true(w.wantedh(0, "", "101", w.callarg));
	assert_false(w.wantedh(0, "5550102", "", w.callarg));
	assert_false(w.wantedh(0, "", "102", w.callarg));
	assert_false(w.wantedh(1, "5550101", "", w.callarg));
	lamp(0, 0, "701", LAMP_FREE);
	assert_true(w.wantedh(0, "5550101", "", w.callarg));
	w.fc.ms += 6000;
	assert_false(w.wantedh(0, "5550101", "", w.callarg));
	close_world();

	/* somebody else of the same switchboard, a while later */
	open_world("generic", NULL, 0);
	lamps(1);
	lamp(0, 0, "701", LAMP_FREE);
	(void)talk(0, "Anna", "5550101");
	assert_int_equal(0, run("park 701"));
	park_through(0, 0, "701");
	w.fc.ms += 30000;
	call = call_new(0, "Anton", "5550101");
	call_emit(call, DESKCALL_INCOMING);
	assert_int_equal(1, w.desk.bookc);

	/* but this one was sent by us */
	call = call_new(0, "Anna", "5550101");
	str_ncpy(call->referred_by, "101", sizeof(call->referred_by));
	call_emit(call, DESKCALL_INCOMING);
	assert_true(told("Anna is back from 701, nobody took the call"));
	assert_int_equal(0, w.desk.bookc);
	close_world();
}


/* --- taken, and the next one ------------------------------------------ */

static void test_taken(void **state)
{
	(void)state;

	open_world("generic", NULL, 0);
	lamps(4);
	lamp(0, 0, "701", LAMP_PARKED);
	lamp(1, 0, "702", LAMP_FREE);
	lamp(2, 0, "703", LAMP_FREE);
	lamp(3, 0, "704", LAMP_UNKNOWN);
	(void)talk(0, "Anna", "5550101");
	assert_int_equal(EBUSY, run("park 701"));
	assert_string_equal("701 is taken; the next free one is 702",
			    w.reply);
	assert_int_equal(0, w.sentc);
	assert_int_equal(0, run("park 702"));

	/* a spot that a park is on its way to is not offered twice */
	(void)talk(0, "Boris", "5550102");
	assert_int_equal(EBUSY, run("park 702"));
	assert_string_equal("702 is about to be taken by another call of"
			    " yours; the next free one is 703", w.reply);
	assert_int_equal(EBUSY, run("park 701"));
	assert_string_equal("701 is taken; the next free one is 703",
			    w.reply);
	assert_int_equal(0, run("park"));
	assert_string_equal("REFER 2 sip:703@pbx.one", last_sent());
	(void)talk(0, "Clara", "5550103");
	assert_int_equal(EBUSY, run("park 701"));
	assert_string_equal("701 is taken, and no other is known to be free",
			    w.reply);
	assert_int_equal(ENOENT, run("park"));
	close_world();
}


/* The chosen spot was taken in the same moment: the PBX says 200 and parks
   beside it (Asterisk's Park() does so). No lamp may get the wrong name */
static void test_taken_meanwhile(void **state)
{
	static const struct {
		const char *lamps;   /* 1-4: 701-704 turn on; w: two seconds
					pass                             */
		const char *told;
		const char *who;     /* in the book at 703, or NULL      */
	} rowv[] = {
		{"3",   "Anna is parked at 703", "Anna"},
		{"34",  "Anna is parked at 703 or 704", NULL},
		{"43",  "Anna is parked at 703 or 704", NULL},
		{"3w4", "Anna is parked at 703", "Anna"},
		{"4w3", "Anna is parked at 703", "Anna"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		open_world("asterisk-spots", NULL, 0);
		lamps(4);
		lamp(0, 0, "701", LAMP_FREE);
		lamp(1, 0, "702", LAMP_FREE);
		lamp(2, 0, "703", LAMP_FREE);
		lamp(3, 0, "704", LAMP_FREE);
		(void)talk(0, "Anna", "5550101");
		row_int(i, 0, run("park 703"));
		accepted();

		for (const char *s = rowv[i].lamps; *s; s++) {

			const char spot[] = {'7', '0', *s, '\0'};

			if (*s == 'w')
				w.fc.ms += 2000;
			else
				lamp((unsigned)(*s - '1'), 0, spot,
				     LAMP_PARKED);
		}
		frag(200);
		while (list_head(&w.park->parkingl))
			due();

		row_true(i, told(rowv[i].told));
		row_uint(i, rowv[i].who ? 1 : 0, w.desk.bookc);
		if (rowv[i].who)
			row_str(i, "703", w.desk.bookv[0].spot);
		if (rowv[i].who && told(" or "))
			row_fail(i, "in doubt");
		close_world();
	}

	/* our own two, each at its own spot: no doubt at all */
	open_world("asterisk-spots", NULL, 0);
	lamps(2);
	lamp(0, 0, "701", LAMP_FREE);
	lamp(1, 0, "702", LAMP_FREE);
	(void)talk(0, "Anna", "5550101");
	assert_int_equal(0, run("park 701"));
	(void)talk(0, "Boris", "5550102");
	assert_int_equal(0, run("park 702"));
	lamp(1, 0, "702", LAMP_PARKED);
	lamp(0, 0, "701", LAMP_PARKED);
	assert_int_equal(2, w.desk.bookc);
	assert_false(told(" or "));
	close_world();
}


/* --- hold first, where it is wanted ----------------------------------- */

static void test_hold_first(void **state)
{
	(void)state;

	open_world("generic", NULL, 0);
	w.ways.hold = true;
	(void)talk(0, "Anna", "5550101");
	assert_int_equal(0, run("park 701"));
	assert_string_equal("HOLD 1", last_sent());
	w.callh(PHONE_CALL_HELD, 1, 200, "OK", w.callarg);
	assert_string_equal("REFER 1 sip:701@pbx.one", last_sent());
	w.refer.h(PHONE_REFER_REFUSED, 1, 603, "Decline", w.refer.arg);
	assert_string_equal("RESUME 1", last_sent());
	assert_true(told("not parked: the PBX refused it (603 Decline); Anna"
			 " is with you"));
	close_world();

	open_world("generic", NULL, 0);
	w.ways.hold = true;
	(void)talk(0, "Anna", "5550101");
	assert_int_equal(0, run("park 701"));
	w.callh(PHONE_CALL_HELD, 1, 488, "Not Acceptable Here", w.callarg);
	assert_string_equal("RESUME 1", last_sent());
	assert_true(told("not parked: the PBX refused the hold"));
	close_world();
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_transfer_to_a_spot),
		unit_test(test_pending),
		unit_test(test_listen),
		unit_test(test_accounts),
		unit_test(test_unwatched),
		unit_test(test_won),
		unit_test(test_won_told),
		unit_test(test_person),
		unit_test(test_pickup),
		unit_test(test_voicemail),
		unit_test(test_bounced),
		unit_test(test_taken),
		unit_test(test_taken_meanwhile),
		unit_test(test_hold_first),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
