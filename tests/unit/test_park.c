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
	SENT_SZ = 160,
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
   that is confirmed may be hung up */
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
		{"2o",   PARK_PROVEN,    EBUSY},
		{"2lo",  PARK_CONFIRMED, 0},
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


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_transfer_to_a_spot),
		unit_test(test_pending),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
