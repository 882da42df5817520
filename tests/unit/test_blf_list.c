/**
 * @file tests/unit/test_blf_list.c  Lists of the panel against a scripted
 *                                   notifier
 *
 * As test_blf.c: two SIP stacks in one loop, the panel's clock stands still
 * until a test moves it.
 */
#include "tests/lib/test.h"
#include <re.h>
#include "app/clock.h"
#include "app/log.h"
#include "modules/blf/blf.h"
#include "tests/lib/notifier.h"
#include "tests/lib/notifier_list.h"


enum {
	LAMPS = 1024,
	PATIENCE_MS = 20000,
};

/** What the notifier does with the list's SUBSCRIBE */
enum list_how {
	HOW_FULL = 0,          /* 200 and all of it                      */
	HOW_STATELESS,         /* 200, no NOTIFY                         */
	HOW_REFUSE,            /* f.scode                                */
	HOW_THREES,            /* partial, three in each                 */
	HOW_QUIET,             /* 200; the test sends the NOTIFYs        */
};

struct fix {
	struct notifier *n;
	struct notifier_list list;
	enum list_how how;
	uint16_t scode;
	unsigned listc;        /* SUBSCRIBEs to the list, goodbyes apart */
	unsigned lampc;        /* those to lamps                         */
	struct sa src;         /* of the last one to the list            */
	char supported[64];    /* of the same                            */
	bool accepts;          /* all three types                        */
	struct notifier_sub *sub;
	struct sip *sip;
	struct sip_lsnr *lsnr;
	struct sa laddr;
	struct fake_clock fc;
	struct blf *blf;
	struct blf_account acc;
	struct blf_prm prm;
	struct blf_spec specv[LAMPS];
	char spotv[LAMPS][16];
	char targetv[LAMPS][64];
	char list_target[64];
	struct blf_list spec;
	struct lamp_fact factv[LAMPS];
	size_t grown;          /* lamps, as last told                    */
	unsigned growc;
	unsigned sayc;
	char said[256];
	unsigned factc;
	unsigned livec;
	unsigned pongc;
	struct tmr tmr;
	bool closed;
	unsigned server_of;            /* they come from whose server      */
	bool stranger;         /* requests come from elsewhere           */
	unsigned infoc;
	char info[64];
	uint16_t scode_info;
	const char *to_tag;    /* of those that are out of dialogs       */
};


static void tick(void *arg)
{
	struct fix *f = arg;

	tmr_start(&f->tmr, 20, tick, f);
	re_cancel();
}


#define WAIT(f, cond) do {						\
	const uint64_t end_ = tmr_jiffies() + PATIENCE_MS;		\
	while (!(cond)) {						\
		if (tmr_jiffies() > end_)				\
			fail_msg("waited in vain for " #cond);		\
		(void)re_main(NULL);					\
	}								\
} while (0)


static void pong_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct fix *f = arg;
	(void)err;

	if (msg && msg->scode == 200)
		++f->pongc;
	re_cancel();
}


/* As in test_blf.c: loopback keeps the order of datagrams */
static void flush(struct fix *f)
{
	const unsigned pongc = f->pongc + 1;
	char uri[64];

	(void)re_snprintf(uri, sizeof(uri), "sip:ping@%J", &f->n->laddr);
	assert_int_equal(sip_requestf(NULL, f->sip, true, "OPTIONS", uri,
				      NULL, NULL, NULL, pong_handler, f,
				      "To: <%s>\r\nFrom: <%s>;tag=x\r\n"
				      "Call-ID: ping%u\r\nCSeq: 1 OPTIONS\r\n"
				      "Content-Length: 0\r\n\r\n",
				      uri, uri, pongc), 0);
	WAIT(f, f->pongc == pongc);
}


static void move(struct fix *f, uint64_t ms)
{
	fake_clock_add(&f->fc, ms);
	blf_poll(f->blf);
	flush(f);
}


static bool server_handler(unsigned account, const struct sip_msg *msg,
			   void *arg)
{
	const struct fix *f = arg;
	(void)msg;

	return !f->stranger && account == f->server_of;
}


static bool request_handler(const struct sip_msg *msg, void *arg)
{
	struct fix *f = arg;

	if (!blf_request(f->blf, msg, server_handler, f) &&
	    !blf_unsolicited(f->blf, msg, server_handler, f))
		(void)sip_reply(f->sip, msg, 481, "No such subscription");

	return true;
}


static int auth_handler(char **user, char **pass, const char *realm,
			void *arg)
{
	(void)realm;
	(void)arg;

	return str_dup(user, "101") | str_dup(pass, "secret");
}


static bool live(const struct lamp_fact *fact)
{
	return fact->state != LAMP_UNKNOWN && !fact->stale;
}


static void lamp_handler(const struct lamp_fact *fact, void *arg)
{
	struct fix *f = arg;
	struct lamp_fact *old = &f->factv[fact->idx];

	assert_true(fact->idx < f->grown);
	++f->factc;
	f->livec += live(fact) - live(old);
	*old = *fact;
	re_cancel();
}


static void grow_handler(size_t lampc, void *arg)
{
	struct fix *f = arg;

	assert_true(lampc > f->grown);
	f->grown = lampc;
	++f->growc;
}


static void say_handler(const char *text, void *arg)
{
	struct fix *f = arg;

	++f->sayc;
	str_ncpy(f->said, text, sizeof(f->said));
}


/* The list is "parking", all else are lamps */
static bool subscribe_handler(struct notifier *n, const struct sip_msg *msg,
			      struct notifier_sub *sub, void *arg)
{
	struct fix *f = arg;
	const bool list = sub ? !strcmp(sub->user, "parking")
		: !pl_strcmp(&msg->uri.user, "parking");

	if (!list) {
		f->lampc += n->seen.expires_s != 0;
		return false;
	}

	f->listc += n->seen.expires_s != 0;
	f->src = msg->src;
	str_ncpy(f->supported, n->seen.supported, sizeof(f->supported));
	f->accepts = sip_msg_hdr_has_value(msg, SIP_HDR_ACCEPT,
					   "application/dialog-info+xml") &&
		sip_msg_hdr_has_value(msg, SIP_HDR_ACCEPT,
				      "application/rlmi+xml") &&
		sip_msg_hdr_has_value(msg, SIP_HDR_ACCEPT,
				      "multipart/related");

	if (f->how == HOW_REFUSE) {
		(void)sip_reply(n->sip, msg, f->scode, "No");
		return true;
	}

	if (!sub)
		notifier_list_reset(&f->list);

	f->sub = notifier_accept(n, msg, 200, "Require: eventlist\r\n");
	if (!f->sub->expires_s) {
		f->sub->over = true;
		notifier_notify(n, f->sub, "terminated;reason=timeout", NULL);
		return true;
	}

	switch (f->how) {

	case HOW_FULL:
		notifier_list_notify(n, f->sub, &f->list, true, 0,
				     f->list.count);
		break;

	case HOW_THREES:
		for (unsigned i=0; i<f->list.count; i += 3)
			notifier_list_notify(n, f->sub, &f->list, false, i,
					     MIN(3, f->list.count - i));
		break;

	default:
		break;
	}

	return true;
}


static struct fix *opened;


static void fix_open(struct fix *f, size_t lampc, unsigned resources)
{
	memset(f, 0, sizeof(*f));
	opened = f;
	assert_int_equal(applog_open(NULL, APPLOG_ERROR), 0);

	assert_int_equal(libre_init(), 0);
	assert_int_equal(notifier_alloc(&f->n), 0);
	f->n->h       = subscribe_handler;
	f->n->arg     = f;
	f->list.first = 701;
	f->list.count = resources;
	f->list.host  = "pbx";

	assert_int_equal(sip_alloc(&f->sip, NULL, 4096, 16, 16, "test", NULL,
				   NULL), 0);
	assert_int_equal(sa_set_str(&f->laddr, "127.0.0.1", 0), 0);
	assert_int_equal(sip_transp_add(f->sip, SIP_TRANSP_UDP, &f->laddr),
			 0);
	assert_int_equal(sip_listen(&f->lsnr, f->sip, true, request_handler,
				    f), 0);

	fake_clock_init(&f->fc, 1000000);
	f->acc.sip   = f->sip;
	f->acc.aor   = "sip:101@pbx";
	f->acc.cuser = "0b9e1c4e-7d3a";
	f->acc.authh = auth_handler;
	f->prm.seed  = 7;

	for (size_t i=0; i<lampc; i++) {
		(void)re_snprintf(f->spotv[i], sizeof(f->spotv[i]), "%zu",
				  701 + i);
		(void)re_snprintf(f->targetv[i], sizeof(f->targetv[i]),
				  "sip:%zu@%J", 701 + i, &f->n->laddr);
		f->specv[i].kind   = LAMP_SPOT;
		f->specv[i].spot   = f->spotv[i];
		f->specv[i].label  = i ? NULL : "Front";
		f->specv[i].target = f->targetv[i];
	}

	(void)re_snprintf(f->list_target, sizeof(f->list_target),
			  "sip:parking@%J", &f->n->laddr);
	f->spec.name   = "Parking";
	f->spec.target = f->list_target;
	f->spec.watch  = "{spot}";
	f->grown       = lampc;
	f->to_tag      = "";

	tick(f);
}


static void fix_panel(struct fix *f, size_t lampc)
{
	assert_int_equal(blf_alloc(&f->blf, &f->fc.clock, &f->prm, &f->acc,
				   1, f->specv, lampc, lamp_handler, f), 0);
	assert_int_equal(blf_set_lists(f->blf, &f->spec, 1, grow_handler,
				       say_handler), 0);
}


/* Resources answer to single subscriptions too, at the notifier's own
   address */
static void own_host(struct fix *f)
{
	static char host[64];

	(void)re_snprintf(host, sizeof(host), "%J", &f->n->laddr);
	f->list.host = host;
}


static void go(struct fix *f)
{
	blf_registered(f->blf, 0, true, true, NULL);
}


static void fix_close(struct fix *f)
{
	opened = NULL;
	f->blf = mem_deref(f->blf);
	tmr_cancel(&f->tmr);
	mem_deref(f->lsnr);
	sip_close(f->sip, true);
	mem_deref(f->sip);
	mem_deref(f->n);
	tmr_debug();
	libre_close();
	applog_close();
}


static int teardown(void **state)
{
	if (opened)
		fix_close(opened);

	return test_leaks(state);
}


#define SHOWS(f, i, st, old, why)					\
	shows(f, i, st, old, why, __FILE__, __LINE__)

static void shows(const struct fix *f, unsigned i, enum lamp_state state,
		  bool stale, const char *reason, const char *file, int line)
{
	const struct lamp_fact *fact = &f->factv[i];

	if (fact->state == state && fact->stale == stale &&
	    (!reason || strstr(fact->reason, reason)))
		return;

	print_error("%s:%d: lamp %u: expected %d stale %d \"%s\", got %d "
		    "stale %d \"%s\"\n", file, line, i, state, stale,
		    reason ? reason : "", fact->state, fact->stale,
		    fact->reason);
	_fail(file, line);
}


static void park(struct fix *f, unsigned i, bool parked)
{
	f->list.parkedv[i] = parked;
	notifier_list_notify(f->n, f->sub, &f->list, false, i, 1);
}


/* ------------------------------------------------------------------------ */

/*
 * phone                    notifier
 *   | SUBSCRIBE parking --> |   Supported: eventlist
 *   | <---------------- 200 |
 *   | <------------- NOTIFY |   full: three lamps grow, two were there
 *   | <------------- NOTIFY |   partial: one is parked
 */
static void test_grow(void **state)
{
	static struct fix f;
	(void)state;

	fix_open(&f, 2, 5);
	fix_panel(&f, 2);
	go(&f);
	WAIT(&f, f.livec == 5);

	assert_string_equal(f.supported, "eventlist");
	assert_true(f.accepts);
	assert_int_equal(f.growc, 1);
	assert_int_equal(f.grown, 5);
	for (unsigned i=0; i<5; i++) {
		char spot[16];

		(void)re_snprintf(spot, sizeof(spot), "%u", 701 + i);
		SHOWS(&f, i, LAMP_FREE, false, "");
		assert_string_equal(f.factv[i].spot, spot);
		assert_int_equal(f.factv[i].kind, LAMP_SPOT);
	}

	/* the user's words count; a name that is the number is none */
	assert_string_equal(f.factv[0].label, "Front");
	assert_string_equal(f.factv[2].label, "");

	/* one subscription for all, also later */
	move(&f, 10000);
	assert_int_equal(f.listc, 1);
	assert_int_equal(f.lampc, 0);

	park(&f, 0, true);
	WAIT(&f, f.factv[0].state == LAMP_PARKED);
	park(&f, 4, true);
	WAIT(&f, f.factv[4].state == LAMP_PARKED);
	park(&f, 0, false);
	WAIT(&f, f.factv[0].state == LAMP_FREE);
	SHOWS(&f, 4, LAMP_PARKED, false, "");
	WAIT(&f, f.n->okc == 4);
	assert_int_equal(f.sayc, 0);

	/* the refresh brings the whole list again; nothing is new */
	move(&f, 240000);
	WAIT(&f, f.n->okc == 5);
	assert_int_equal(f.listc, 2);
	assert_int_equal(f.growc, 1);
	assert_int_equal(f.livec, 5);
	SHOWS(&f, 4, LAMP_PARKED, false, "");

	fix_close(&f);
}


static void done(void *arg)
{
	struct fix *f = arg;

	f->closed = true;
	re_cancel();
}


/* Registration lost: all of them are old. Back: one SUBSCRIBE brings all.
   At the end one goes out */
static void test_registration(void **state)
{
	static struct fix f;
	(void)state;

	fix_open(&f, 1, 3);
	fix_panel(&f, 1);
	go(&f);
	WAIT(&f, f.livec == 3);

	blf_registered(f.blf, 0, false, false, "gone");
	assert_int_equal(f.livec, 0);
	SHOWS(&f, 0, LAMP_FREE, true, "not registered: gone");
	SHOWS(&f, 2, LAMP_FREE, true, "not registered: gone");

	/* what changes meanwhile is seen */
	f.list.parkedv[2] = true;
	go(&f);
	WAIT(&f, f.livec == 3);
	SHOWS(&f, 2, LAMP_PARKED, false, "");
	assert_int_equal(f.listc, 2);
	assert_int_equal(f.lampc, 0);
	assert_int_equal(f.growc, 1);

	WAIT(&f, f.n->okc == 2);
	blf_close(f.blf, done, &f);
	WAIT(&f, f.closed);
	assert_int_equal(f.n->byec, 1);

	fix_close(&f);
}


/* A call of the list that we took ourselves, of which it tells nothing */
static void test_taken(void **state)
{
	static struct fix f;
	(void)state;

	fix_open(&f, 1, 2);
	fix_panel(&f, 1);
	go(&f);
	WAIT(&f, f.livec == 2);
	park(&f, 1, true);
	WAIT(&f, f.factv[1].state == LAMP_PARKED);
	WAIT(&f, f.n->okc == 2);

	blf_taken(f.blf, 0, "702");
	f.how = HOW_QUIET;
	move(&f, 2000);
	SHOWS(&f, 0, LAMP_FREE, false, "");
	SHOWS(&f, 1, LAMP_PARKED, true, "you have taken");
	WAIT(&f, f.listc == 2);
	f.list.parkedv[1] = false;
	notifier_list_notify(f.n, f.sub, &f.list, true, 0, 2);
	WAIT(&f, f.livec == 2);
	SHOWS(&f, 1, LAMP_FREE, false, "");

	fix_close(&f);
}


/* 200, then nothing (Asterisk, when the list does not fit a datagram) */
static void test_stateless(void **state)
{
	static struct fix f;
	(void)state;

	fix_open(&f, 2, 5);
	f.how = HOW_STATELESS;
	fix_panel(&f, 2);
	go(&f);
	WAIT(&f, f.n->subscribec == 1);
	flush(&f);
	SHOWS(&f, 0, LAMP_UNKNOWN, false, "asking");

	/* what is configured does not wait for Timer N */
	move(&f, 3000);
	WAIT(&f, f.livec == 2);
	assert_int_equal(f.sayc, 0);

	move(&f, 29000);
	assert_int_equal(f.sayc, 1);
	assert_string_equal(f.said, "list Parking: the server accepts it, but"
			    " tells nothing; its lamps are watched one by"
			    " one");
	assert_int_equal(f.livec, 2);

	/* it is not asked for again by itself, but when the user wants */
	move(&f, 400000);
	flush(&f);
	assert_int_equal(f.listc, 1);
	f.how = HOW_FULL;
	assert_int_equal(blf_resubscribe(f.blf, "Parking"), 0);
	WAIT(&f, f.livec == 5);
	assert_int_equal(f.listc, 2);
	assert_int_equal(f.grown, 5);
	assert_int_equal(f.sayc, 1);

	/* the single ones are given up */
	WAIT(&f, f.n->byec == 3);

	fix_close(&f);
}


static void test_refused(void **state)
{
	static const struct {
		uint16_t scode;
		const char *said;
	} rowv[] = {
		{404, "refuses it with 404"},
		{421, "refuses it with 421"},
		{489, "refuses it with 489"},
		{403, "refuses it with 403"},
	};
	(void)state;

	for (size_t row=0; row<ARRAY_SIZE(rowv); row++) {

		static struct fix f;

		fix_open(&f, 2, 5);
		f.how   = HOW_REFUSE;
		f.scode = rowv[row].scode;
		fix_panel(&f, 2);
		go(&f);

		/* at once: there is nothing to wait for */
		WAIT(&f, f.livec == 2);
		row_int(row, 1, f.sayc);
		row_true(row, strstr(f.said, rowv[row].said));
		row_int(row, 2, f.grown);

		/* asked again in 5 minutes; a second refusal is not said */
		move(&f, 340000);
		WAIT(&f, f.listc == 2);
		flush(&f);
		row_int(row, 1, f.sayc);
		row_int(row, 2, f.livec);

		/* now there is one: it takes over */
		f.how = HOW_FULL;
		move(&f, 340000);
		WAIT(&f, f.grown == 5);
		WAIT(&f, f.livec == 5);

		fix_close(&f);
		if (test_leaks(state))
			fail_msg("row %zu: memory was lost", row);
	}
}


/* It worked, and is then taken away: its lamps go on by themselves, those
   that have grown too */
static void test_fall(void **state)
{
	static struct fix f;
	(void)state;

	fix_open(&f, 2, 5);
	own_host(&f);
	fix_panel(&f, 2);
	go(&f);
	WAIT(&f, f.livec == 5);
	assert_int_equal(f.lampc, 0);

	f.how   = HOW_REFUSE;
	f.scode = 404;
	f.n->how.parked = true;
	notifier_notify(f.n, f.sub, "terminated;reason=deactivated", NULL);
	WAIT(&f, f.sayc == 1);
	WAIT(&f, f.lampc == 5);
	WAIT(&f, f.livec == 5);
	SHOWS(&f, 4, LAMP_PARKED, false, "");

	fix_close(&f);
}


/* Grandstream: three in each NOTIFY, never all of them */
static void test_threes(void **state)
{
	static struct fix f;
	(void)state;

	fix_open(&f, 0, 10);
	f.how = HOW_THREES;
	fix_panel(&f, 0);
	go(&f);
	WAIT(&f, f.livec == 10);
	assert_int_equal(f.grown, 10);

	/* asked once for all of it, not for ever */
	move(&f, 60000);
	move(&f, 60000);
	flush(&f);
	assert_true(f.listc <= 3);
	assert_int_equal(f.livec, 10);

	park(&f, 9, true);
	WAIT(&f, f.factv[9].state == LAMP_PARKED);
	assert_int_equal(f.sayc, 0);
	assert_int_equal(f.lampc, 0);

	fix_close(&f);
}


/* The first NOTIFY was too large; changes come, but never all of it */
static void test_never_whole(void **state)
{
	static struct fix f;
	(void)state;

	fix_open(&f, 2, 5);
	own_host(&f);
	f.how = HOW_QUIET;
	fix_panel(&f, 2);
	go(&f);
	WAIT(&f, f.sub);
	f.list.version = 1;
	park(&f, 4, true);
	WAIT(&f, f.grown == 3);
	WAIT(&f, f.factv[2].state == LAMP_PARKED);

	/* asked for it, in vain */
	WAIT(&f, f.listc == 2);
	move(&f, 3000);
	WAIT(&f, f.livec == 3);
	move(&f, 20000);
	park(&f, 4, false);
	WAIT(&f, f.factv[2].state == LAMP_FREE);
	assert_int_equal(f.sayc, 0);
	move(&f, 13000);
	park(&f, 4, true);
	WAIT(&f, f.sayc == 1);
	assert_non_null(strstr(f.said, "never tells the whole"));

	/* the one that has grown goes on */
	f.n->how.parked = true;
	WAIT(&f, f.lampc == 3);
	WAIT(&f, f.livec == 3);

	fix_close(&f);
}


/* The connection breaks each time the list is told (over 64 kB on TCP) */
static void test_flow(void **state)
{
	static struct fix f;
	(void)state;

	fix_open(&f, 2, 5);
	f.how = HOW_QUIET;
	fix_panel(&f, 2);
	go(&f);
	WAIT(&f, f.listc == 1);
	flush(&f);
	blf_registered(f.blf, 0, false, false, "connection lost");
	go(&f);
	WAIT(&f, f.listc == 2);
	flush(&f);
	assert_int_equal(f.sayc, 0);
	blf_registered(f.blf, 0, false, false, "connection lost");
	assert_int_equal(f.sayc, 1);
	assert_non_null(strstr(f.said, "connection breaks"));

	go(&f);
	WAIT(&f, f.livec == 2);
	flush(&f);
	assert_int_equal(f.listc, 2);

	fix_close(&f);
}


/* A list of more than 64 kB over TCP, where libre would close the connection
   and the registration with it: over the connection that we opened, as most
   servers do it, and over one that the server opens */
static void test_large(void **state)
{
	enum {RESOURCES = 1000};
	(void)state;

	for (unsigned i=0; i<2; i++) {

		static struct fix f;
		struct sa tcp, src;

		fix_open(&f, 0, RESOURCES);
		assert_int_equal(sa_set_str(&tcp, "127.0.0.1", 0), 0);
		assert_int_equal(sip_transp_add(f.sip, SIP_TRANSP_TCP, &tcp),
				 0);
		(void)re_snprintf(f.list_target, sizeof(f.list_target),
				  "sip:parking@%J;transport=tcp", &f.n->tcp);
		f.how = HOW_QUIET;
		fix_panel(&f, 0);
		go(&f);
		WAIT(&f, f.sub);
		src = f.src;
		if (!i)
			(void)re_snprintf(f.sub->contact,
					  sizeof(f.sub->contact),
					  "sip:x@%J;transport=tcp", &src);

		notifier_list_notify(f.n, f.sub, &f.list, true, 0, RESOURCES);
		WAIT(&f, f.livec == RESOURCES);
		assert_true(f.list.bytes > 65536);
		WAIT(&f, f.n->okc == 1);

		/* the connection is the same as before */
		f.list.parkedv[RESOURCES - 1] = true;
		f.how = HOW_FULL;
		fake_clock_add(&f.fc, 240000);
		blf_poll(f.blf);
		WAIT(&f, f.listc == 2);
		WAIT(&f, f.factv[RESOURCES - 1].state == LAMP_PARKED);
		assert_true(sa_cmp(&src, &f.src, SA_ALL));
		assert_int_equal(f.sayc, 0);
		assert_int_equal(f.lampc, 0);

		fix_close(&f);
	}
}


/* Messages cut on their way: Content-Length says more than there is */
static void test_cut(void **state)
{
	static struct fix f;
	static const char rest[] =
		"Event: dialog\r\n"
		"Subscription-State: active;expires=300\r\n"
		"Content-Type: multipart/related;boundary=x\r\n"
		"Content-Length: 9999\r\n\r\n--x\r\n";
	(void)state;

	fix_open(&f, 2, 5);
	f.how = HOW_QUIET;
	fix_panel(&f, 2);
	go(&f);
	WAIT(&f, f.sub);
	flush(&f);
	notifier_raw(f.n, f.sub, ++f.sub->cseq, rest);
	WAIT(&f, f.n->answerc == 1);
	assert_int_equal(f.sayc, 0);
	SHOWS(&f, 0, LAMP_UNKNOWN, false, NULL);
	notifier_raw(f.n, f.sub, ++f.sub->cseq, rest);
	WAIT(&f, f.sayc == 1);
	assert_non_null(strstr(f.said, "cuts"));
	WAIT(&f, f.livec == 2);
	fix_close(&f);

	/* one that was told before: its lamps are old at once */
	fix_open(&f, 2, 2);
	fix_panel(&f, 2);
	go(&f);
	WAIT(&f, f.livec == 2);
	f.how = HOW_QUIET;
	notifier_raw(f.n, f.sub, ++f.sub->cseq, rest);
	WAIT(&f, f.livec == 0);
	SHOWS(&f, 1, LAMP_FREE, true, "was cut");
	WAIT(&f, f.listc == 2);
	fix_close(&f);
}


/* A server that knows no lists tells the state of one number */
static void test_no_list(void **state)
{
	static struct fix f;
	(void)state;

	fix_open(&f, 2, 5);
	f.how = HOW_QUIET;
	fix_panel(&f, 2);
	go(&f);
	WAIT(&f, f.sub);
	notifier_notify(f.n, f.sub, NULL, "terminated");
	WAIT(&f, f.n->okc == 1);
	flush(&f);
	notifier_notify(f.n, f.sub, NULL, "terminated");
	WAIT(&f, f.sayc == 1);
	assert_non_null(strstr(f.said, "is no list"));
	WAIT(&f, f.livec == 2);

	fix_close(&f);
}


/* How its lamps learn that something of the list cannot be read */
static void test_doubt(void **state)
{
#define MULTI "multipart/related;boundary=b"
#define LIST(version, inst) "--b\r\nContent-Type: application/rlmi+xml\r\n" \
	"\r\n<list xmlns=\"urn:ietf:params:xml:ns:rlmi\" version=\"" \
	version "\" fullState=\"0\"><resource uri=\"sip:701@pbx\">" inst \
	"</resource></list>\r\n"
#define ACTIVE "<instance id=\"a\" state=\"active\" cid=\"d@x\"/>"
#define PART(type) "--b\r\nContent-ID: <d@x>\r\nContent-Type: " type \
	"\r\n\r\n<dialog-info version=\"7\" state=\"full\"><dialog id=" \
	"\"1\"><state>confirmed</state></dialog></dialog-info>\r\n--b--\r\n"
	static const struct {
		const char *type, *body;
		const char *why[2];    /* of 701 and 702; NULL: live      */
		uint16_t scode;
	} rowv[] = {
		{MULTI, "--c\r\n", {"", ""}, 200},
		{MULTI, "--b\r\nContent-Type: application/rlmi+xml\r\n\r\n"
		 "<list><\r\n--b--\r\n", {"", ""}, 200},
		{"application/rlmi+xml", "<list", {"", ""}, 200},
		{"application/dialog-info+xml", "<dialog-info/>",
		 {"is no list", "is no list"}, 200},
		{"text/plain", "hi", {"unknown form", "unknown form"}, 415},
		{MULTI, LIST("1", ACTIVE), {"is missing", NULL}, 200},
		{MULTI, LIST("1", "<instance id=\"a\" state=\"active\"/>"),
		 {"is missing", NULL}, 200},
		{MULTI, LIST("1", ACTIVE)
		 PART("application/dialog-info+xml\r\n"
		      "Content-Transfer-Encoding: base64"),
		 {"is encoded", NULL}, 200},
		{MULTI, LIST("1", ACTIVE) PART("application/pidf+xml"),
		 {"another type", NULL}, 200},
		{MULTI, LIST("1", ACTIVE) "--b\r\nContent-ID: <d@x>\r\n"
		 "Content-Type: application/dialog-info+xml\r\n\r\n<a"
		 "\r\n--b--\r\n", {"", NULL}, 200},
		/* a gap: 702 is not named */
		{MULTI, LIST("5", ACTIVE) PART("application/dialog-info+xml"),
		 {NULL, "message of the list was lost"}, 200},
	};
	(void)state;

	for (size_t row=0; row<ARRAY_SIZE(rowv); row++) {

		static struct fix f;

		fix_open(&f, 1, 2);
		fix_panel(&f, 1);
		go(&f);
		WAIT(&f, f.livec == 2);
		WAIT(&f, f.n->okc == 1);

		f.how = HOW_QUIET;
		notifier_list_raw(f.n, f.sub, rowv[row].type, rowv[row].body);
		WAIT(&f, f.n->answerc == 2);
		row_int(row, rowv[row].scode, f.n->scode);

		for (unsigned i=0; i<2; i++) {
			const char *why = rowv[row].why[i];

			row_bool(row, why != NULL, f.factv[i].stale);
			row_bool(row, why != NULL, f.factv[i].reason[0]);
			if (why && !strstr(f.factv[i].reason, why))
				row_fail(row, "\"%s\"", f.factv[i].reason);
		}

		/* full state is asked for, and heals */
		WAIT(&f, f.listc == 2);
		f.list.version = 9;
		f.list.versionv[0] = f.list.versionv[1] = 9;
		notifier_list_notify(f.n, f.sub, &f.list, true, 0, 2);
		WAIT(&f, f.livec == 2);
		row_uint(row, 0, f.sayc);

		fix_close(&f);
	}
}


/* Content-Types as servers spell them, from the header to the lamp */
static void test_types(void **state)
{
#define FULL "<list xmlns=\"urn:ietf:params:xml:ns:rlmi\" version=\"0\" " \
	"fullState=\"1\"><resource uri=\"sip:701@pbx\">" ACTIVE \
	"</resource></list>"
#define BODY "--b\r\nContent-ID: <r@x>\r\nContent-Type: " \
	"Application/RLMI+XML ; charset=UTF-8\r\n\r\n" FULL "\r\n" \
	PART("Application/Dialog-Info+XML;charset=\"utf-8\"")
	static const struct {
		const char *type;
		uint16_t scode;
		enum lamp_state state;
	} rowv[] = {
		{"multipart/related;boundary=b", 200, LAMP_PARKED},
		{"Multipart/Related; Type=\"application/rlmi+xml\"; "
		 "Boundary=b", 200, LAMP_PARKED},
		{"MULTIPART/RELATED ; boundary=\"b\" ; start=\"<r@x>\";"
		 "charset=utf-8", 200, LAMP_PARKED},
		{"multipart/related;\r\n boundary=b", 200, LAMP_PARKED},
		{"multipart/mixed;boundary=b", 415, LAMP_UNKNOWN},
		{"multipart/relatedness;boundary=b", 415, LAMP_UNKNOWN},
	};
	(void)state;

	for (size_t row=0; row<ARRAY_SIZE(rowv); row++) {

		static struct fix f;

		fix_open(&f, 1, 1);
		f.how = HOW_QUIET;
		fix_panel(&f, 1);
		go(&f);
		WAIT(&f, f.sub);
		flush(&f);
		notifier_list_raw(f.n, f.sub, rowv[row].type, BODY);
		WAIT(&f, f.n->answerc == 1);
		row_int(row, rowv[row].scode, f.n->scode);
		row_int(row, rowv[row].state, f.factv[0].state);

		fix_close(&f);
	}
}


/* A list that worked, and is then of no use: given up as any other */
static void test_turns_bad(void **state)
{
	static struct fix f;
	(void)state;

	fix_open(&f, 2, 2);
	fix_panel(&f, 2);
	go(&f);
	WAIT(&f, f.livec == 2);
	f.how = HOW_QUIET;

	/* once is nothing */
	notifier_list_raw(f.n, f.sub, MULTI, "--c\r\n");
	WAIT(&f, f.livec == 0);
	f.list.version = 5;
	notifier_list_notify(f.n, f.sub, &f.list, true, 0, 2);
	WAIT(&f, f.livec == 2);
	notifier_list_raw(f.n, f.sub, "text/plain", "hi");
	WAIT(&f, f.livec == 0);
	assert_int_equal(f.sayc, 0);

	notifier_list_raw(f.n, f.sub, MULTI, "--c\r\n");
	WAIT(&f, f.sayc == 1);
	assert_non_null(strstr(f.said, "is no list"));
	WAIT(&f, f.livec == 2);
	assert_int_equal(f.lampc, 2);

	fix_close(&f);
}


/* Resources of every kind, in one message after the other */
static void test_resources(void **state)
{
#define HEAD "<list xmlns=\"urn:ietf:params:xml:ns:rlmi\" "
	static const struct {
		const char *list;
		enum lamp_state state;
		bool stale;
		const char *reason;
	} rowv[] = {
		/* no instance: the server knows nothing */
		{HEAD "version=\"0\" fullState=\"1\"><resource uri=\"sip:701@"
		 "pbx\"/></list>",
		 LAMP_UNKNOWN, false, "tells no state of it"},
		{HEAD "version=\"1\" fullState=\"0\"><resource uri=\"sip:701@"
		 "pbx\"><instance id=\"a\" state=\"pending\"/></resource>"
		 "</list>",
		 LAMP_UNKNOWN, false, NULL},
		{HEAD "version=\"2\" fullState=\"0\"><resource uri=\"sip:701@"
		 "pbx\"><instance id=\"a\" state=\"active\" cid=\"d@x\"/>"
		 "</resource></list>",
		 LAMP_PARKED, false, ""},
		{HEAD "version=\"3\" fullState=\"0\"><resource uri=\"sip:701@"
		 "pbx\"><instance id=\"a\" state=\"terminated\" "
		 "reason=\"noresource\"/></resource></list>",
		 LAMP_PARKED, true, "no such number"},
		/* late: not used */
		{HEAD "version=\"2\" fullState=\"0\"><resource uri=\"sip:701@"
		 "pbx\"><instance id=\"a\" state=\"active\" cid=\"d@x\"/>"
		 "</resource></list>",
		 LAMP_PARKED, true, "no such number"},
		{HEAD "version=\"4\" fullState=\"0\"><resource uri=\"sip:701@"
		 "pbx\"><instance id=\"b\" state=\"active\" cid=\"d@x\"/>"
		 "</resource></list>",
		 LAMP_PARKED, false, ""},
		/* another resource; this one is not named */
		{HEAD "version=\"5\" fullState=\"0\"><resource uri=\"sip:702@"
		 "pbx\"/></list>",
		 LAMP_PARKED, false, ""},
		/* all of it, without this one */
		{HEAD "version=\"6\" fullState=\"1\"><resource uri=\"sip:702@"
		 "pbx\"/></list>",
		 LAMP_PARKED, true, "not in the list any more"},
		{HEAD "version=\"7\" fullState=\"1\"><resource uri=\"sip:701@"
		 "pbx\"><instance id=\"c\" state=\"active\" cid=\"d@x\"/>"
		 "</resource></list>",
		 LAMP_PARKED, false, ""},
	};
	static struct fix f;
	(void)state;

	fix_open(&f, 0, 0);
	f.how = HOW_QUIET;
	fix_panel(&f, 0);
	go(&f);
	WAIT(&f, f.sub);

	for (size_t row=0; row<ARRAY_SIZE(rowv); row++) {

		const unsigned okc = f.n->okc;
		char *body;

		assert_int_equal(re_sdprintf(&body, "--b\r\n"
			"Content-Type: application/rlmi+xml\r\n\r\n%s\r\n"
			"--b\r\nContent-Type: application/dialog-info+xml\r\n"
			"Content-ID: <d@x>\r\n\r\n<dialog-info version=\"0\" "
			"state=\"full\" entity=\"sip:701@pbx\"><dialog "
			"id=\"1\"><state>confirmed</state></dialog>"
			"</dialog-info>\r\n--b--\r\n", rowv[row].list), 0);
		notifier_list_raw(f.n, f.sub, "multipart/related; boundary="
				  "\"b\"; type=\"application/rlmi+xml\"",
				  body);
		mem_deref(body);
		WAIT(&f, f.n->okc == okc + 1);

		if (f.factv[0].state != rowv[row].state ||
		    f.factv[0].stale != rowv[row].stale ||
		    (rowv[row].reason &&
		     !strstr(f.factv[0].reason, rowv[row].reason)))
			fail_msg("row %zu: expected %d stale %d \"%s\", got "
				 "%d stale %d \"%s\"", row, rowv[row].state,
				 rowv[row].stale, rowv[row].reason ?
				 rowv[row].reason : "", f.factv[0].state,
				 f.factv[0].stale, f.factv[0].reason);
	}

	assert_int_equal(f.grown, 2);
	fix_close(&f);
}


/* Numbers are made of users by the site's way to watch; kinds and names */
static void test_names(void **state)
{
	static const char list[] = HEAD "version=\"0\" fullState=\"true\">"
		"<resource uri=\"sip:park+701@pbx\"><name>Front</name>"
		"</resource>"
		"<resource uri=\"sip:%2372@pbx;transport=tcp\"><name>Gate"
		"</name></resource>"
		"<resource uri=\"sip:102@pbx\"><name>Anna</name></resource>"
		"<resource uri=\"tel:55\"/><resource uri=\"sip:pbx\"/>"
		"<resource uri=\"sip:1&gt;2@pbx\"/></list>";
	static struct fix f;
	(void)state;

	fix_open(&f, 1, 0);
	f.how        = HOW_QUIET;
	f.spec.kind  = LAMP_EXTENSION;
	f.spec.watch = "park+{spot}";
	fix_panel(&f, 1);
	go(&f);
	WAIT(&f, f.sub);
	notifier_list_raw(f.n, f.sub, "application/rlmi+xml", list);
	WAIT(&f, f.n->okc == 1);
	flush(&f);

	/* 701 was there already, as a spot */
	assert_int_equal(f.grown, 3);
	assert_string_equal(f.factv[0].spot, "701");
	assert_int_equal(f.factv[0].kind, LAMP_SPOT);
	SHOWS(&f, 0, LAMP_UNKNOWN, false, "tells no state of it");
	assert_string_equal(f.factv[1].spot, "#72");
	assert_string_equal(f.factv[1].label, "Gate");
	assert_int_equal(f.factv[1].kind, LAMP_EXTENSION);
	assert_string_equal(f.factv[2].spot, "102");
	assert_string_equal(f.factv[2].label, "Anna");

	fix_close(&f);
}


static void info_handler(unsigned account, const void *body, size_t len,
			 void *arg)
{
	struct fix *f = arg;

	assert_int_equal(account, 0);
	++f->infoc;
	(void)re_snprintf(f->info, sizeof(f->info), "%b", body, len);
}


static void info_resp_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct fix *f = arg;

	assert_int_equal(err, 0);
	f->scode_info = msg->scode;
	re_cancel();
}


/* A NOTIFY out of any dialog. @return Its answer */
static uint16_t unasked(struct fix *f, const char *user, const char *from,
			unsigned call, unsigned cseq, const char *rest)
{
	struct sa laddr;
	char uri[128];

	assert_int_equal(sip_transp_laddr(f->sip, &laddr, SIP_TRANSP_UDP,
					  &f->n->laddr), 0);
	(void)re_snprintf(uri, sizeof(uri), "sip:%s%s%J", user,
			  user[0] ? "@" : "", &laddr);

	f->scode_info = 0;
	assert_int_equal(sip_requestf(NULL, f->n->sip, true, "NOTIFY", uri,
		NULL, NULL, NULL, info_resp_handler, f,
		"To: <%s>%s\r\nFrom: <sip:%s>;tag=y\r\n"
		"Call-ID: info%u\r\nCSeq: %u NOTIFY\r\n%s", uri,
		f->to_tag, from, call, cseq, rest), 0);
	WAIT(f, f->scode_info);

	return f->scode_info;
}


/* park-info: taken from that account's server, and only for its Contact */
static void test_unsolicited(void **state)
{
	static const struct {
		const char *user, *event, *tag;
		bool stranger;
		unsigned server_of;
		uint16_t scode;
	} rowv[] = {
		{"0b9e1c4e-7d3a", "park-info",      "",       false, 0, 200},
		{"0b9e1c4e-7d3a", "Park-Info;id=3", "",       false, 0, 200},
		{"0b9e1c4e-7d3a", "park-info",      "",       true,  0, 481},
		{"0b9e1c4e-7d3a", "park-info",      ";tag=x", false, 0, 481},
		{"101",           "park-info",      "",       false, 0, 481},
		{"",              "park-info",      "",       false, 0, 481},
		/* of another account's server */
		{"0b9e1c4e-7d3a", "park-info",      "",       false, 1, 481},
		/* nobody has allowed it */
		{"0b9e1c4e-7d3a", "dialog",         "",       false, 0, 481},
		{"0b9e1c4e-7d3a", "park-information", "",     false, 0, 481},
		{"0b9e1c4e-7d3a", "",               "",       false, 0, 481},
	};
	static struct fix f;
	unsigned told = 0;
	(void)state;

	fix_open(&f, 1, 1);
	fix_panel(&f, 1);
	blf_set_info_handler(f.blf, info_handler);

	for (size_t row=0; row<ARRAY_SIZE(rowv); row++) {

		char rest[256];

		(void)re_snprintf(rest, sizeof(rest), "%s%s%sContent-Type: "
			"text/plain\r\nContent-Length: 6\r\n\r\nrow %02zu",
			rowv[row].event[0] ? "Event: " : "", rowv[row].event,
			rowv[row].event[0] ? "\r\n" : "", row);
		f.to_tag    = rowv[row].tag;
		f.stranger  = rowv[row].stranger;
		f.server_of = rowv[row].server_of;
		row_int(row, rowv[row].scode,
			unasked(&f, rowv[row].user, "pbx", (unsigned)row, 1,
				rest));
		told += rowv[row].scode == 200;
		row_int(row, told, f.infoc);
		row_str(row, row ? "row 01" : "row 00", f.info);
	}

	/* a repeat is answered, and not told again; for 32 s */
	f.to_tag    = "";
	f.stranger  = false;
	f.server_of = 0;
	for (unsigned i=0; i<3; i++) {
		static const char rest[] = "Event: park-info\r\n"
			"Content-Length: 3\r\n\r\nnew";

		assert_int_equal(unasked(&f, "0b9e1c4e-7d3a", "pbx", 99, 7,
					 rest), 200);
		assert_int_equal(f.infoc, told + 1 + (i == 2));
		if (i == 1)
			fake_clock_add(&f.fc, 32000);
	}

	assert_false(blf_unsolicited(NULL, NULL, NULL, NULL));
	fix_close(&f);
}


/* Dialog state that nobody has asked for, where that is allowed */
static void test_unsolicited_dialog(void **state)
{
#define DI "application/dialog-info+xml"
#define DOC(version, entity, st) "<dialog-info version=\"" version \
	"\" state=\"full\" entity=\"" entity "\"><dialog id=\"1\"><state>" st \
	"</state></dialog></dialog-info>"
	static const struct {
		const char *from;
		unsigned call, cseq;
		const char *hdrs;       /* beyond Event                   */
		const char *type, *body;
		unsigned server_of;
		uint16_t scode;
		unsigned lamp;          /* that is looked at then         */
		enum lamp_state state;
		const char *stale;      /* NULL: not                      */
	} rowv[] = {
		/* by its entity, by From */
		{"pbx", 1, 1, "Subscription-State: active\r\n", DI,
		 DOC("0", "sip:701@pbx", "terminated"), 0, 200,
		 0, LAMP_FREE, NULL},
		{"702@pbx", 2, 1, "Subscription-State: active\r\n", DI,
		 DOC("0", "", "confirmed"), 0, 200, 1, LAMP_PARKED, NULL},
		{"702@pbx", 2, 2, "", DI, DOC("1", "702", "terminated"), 0,
		 200, 1, LAMP_FREE, NULL},
		{"702@pbx", 1, 2, "", DI,
		 DOC("1", "&lt;sip:701@pbx:5070>", "early"), 0, 200,
		 0, LAMP_PARKED, NULL},
		/* a repeat, and one that was overtaken */
		{"pbx", 1, 1, "", DI, DOC("0", "sip:701@pbx", "terminated"),
		 0, 200, 0, LAMP_PARKED, NULL},
		{"pbx", 1, 0, "", DI, DOC("0", "sip:701@pbx", "terminated"),
		 0, 200, 0, LAMP_PARKED, "out of turn"},
		{"pbx", 1, 3, "", DI, DOC("2", "sip:701@pbx", "early"),
		 0, 200, 0, LAMP_PARKED, NULL},
		/* another Call-ID counts anew */
		{"pbx", 7, 1, "", DI, DOC("0", "sip:701@pbx", "terminated"),
		 0, 200, 0, LAMP_FREE, NULL},
		{"pbx", 7, 2, "", DI, DOC("1", "sip:701@pbx", "confirmed"),
		 0, 200, 0, LAMP_PARKED, NULL},
		/* unreadable, of an unknown type, cut */
		{"701@pbx", 7, 3, "", DI, "<dialog-info", 0, 200,
		 0, LAMP_PARKED, ""},
		{"701@pbx", 7, 4, "", DI, DOC("2", "", "confirmed"), 0, 200,
		 0, LAMP_PARKED, NULL},
		{"701@pbx", 7, 5, "", "text/plain", "hi", 0, 415,
		 0, LAMP_PARKED, "unknown form"},
		{"701@pbx", 7, 6, "", DI, DOC("3", "", "confirmed"), 0, 200,
		 0, LAMP_PARKED, NULL},
		/* only a part of it: never free by default */
		{"701@pbx", 9, 1, "", DI, "<dialog-info version=\"5\" "
		 "state=\"partial\"><dialog id=\"1\"><state>terminated"
		 "</state></dialog></dialog-info>", 0, 200,
		 0, LAMP_PARKED, "part"},
		{"701@pbx", 9, 2, "", DI, DOC("6", "", "terminated"), 0, 200,
		 0, LAMP_FREE, NULL},
		/* nobody's lamp; another account's server */
		{"777@pbx", 3, 1, "", DI, DOC("0", "sip:777@pbx",
		 "confirmed"), 0, 481, 0, LAMP_FREE, NULL},
		{"701@pbx", 4, 1, "", DI, DOC("0", "sip:701@pbx",
		 "confirmed"), 1, 481, 0, LAMP_FREE, NULL},
		/* no body: nothing is told */
		{"701@pbx", 5, 1, "", DI, "", 0, 200, 0, LAMP_FREE, NULL},
	};
	static struct fix f;
	char rest[1024];
	(void)state;

	fix_open(&f, 2, 0);
	f.acc.unsolicited = true;
	f.n->how.scode    = 489;
	assert_int_equal(blf_alloc(&f.blf, &f.fc.clock, &f.prm, &f.acc, 1,
				   f.specv, 2, lamp_handler, &f), 0);
	go(&f);
	WAIT(&f, strstr(f.factv[1].reason, "489"));

	for (size_t row=0; row<ARRAY_SIZE(rowv); row++) {

		const struct lamp_fact *fact = &f.factv[rowv[row].lamp];

		(void)re_snprintf(rest, sizeof(rest), "Event: dialog\r\n"
				  "%sContent-Type: %s\r\nContent-Length: "
				  "%zu\r\n\r\n%s", rowv[row].hdrs,
				  rowv[row].type, strlen(rowv[row].body),
				  rowv[row].body);
		f.server_of = rowv[row].server_of;
		row_int(row, rowv[row].scode,
			unasked(&f, "0b9e1c4e-7d3a", rowv[row].from,
				rowv[row].call, rowv[row].cseq, rest));
		row_int(row, rowv[row].state, fact->state);
		row_bool(row, rowv[row].stale != NULL, fact->stale);
		if (rowv[row].stale && (!fact->reason[0] ||
		    !strstr(fact->reason, rowv[row].stale)))
			row_fail(row, "\"%s\"", fact->reason);
	}
	f.server_of = 0;

	/* it is asked again all the same, slowly; that changes nothing */
	move(&f, 340000);
	WAIT(&f, f.lampc == 4);
	flush(&f);
	SHOWS(&f, 0, LAMP_FREE, false, "");

	/* as long as it is registered */
	blf_registered(f.blf, 0, false, false, "gone");
	SHOWS(&f, 0, LAMP_FREE, true, "not registered");
	go(&f);
	WAIT(&f, strstr(f.factv[0].reason, "489"));
	SHOWS(&f, 0, LAMP_FREE, true, "489");
	(void)re_snprintf(rest, sizeof(rest), "Event: dialog\r\nContent-Type:"
			  " " DI "\r\n\r\n%s",
			  DOC("9", "sip:701@pbx", "confirmed"));
	assert_int_equal(unasked(&f, "0b9e1c4e-7d3a", "pbx", 9, 3, rest),
			 200);
	SHOWS(&f, 0, LAMP_PARKED, false, "");

	/* what it is told by its own subscription counts for more */
	f.n->how.scode = 0;
	assert_int_equal(blf_resubscribe(f.blf, "701"), 0);
	WAIT(&f, f.factv[0].state == LAMP_FREE);
	SHOWS(&f, 0, LAMP_FREE, false, "");
	assert_int_equal(unasked(&f, "0b9e1c4e-7d3a", "pbx", 9, 4, rest),
			 200);
	SHOWS(&f, 0, LAMP_FREE, false, "");

	fix_close(&f);
}


static void test_args(void **state)
{
	static struct fix f;
	struct blf_list bad;
	(void)state;

	fix_open(&f, 1, 1);
	assert_int_equal(blf_alloc(&f.blf, &f.fc.clock, &f.prm, &f.acc, 1,
				   f.specv, 1, lamp_handler, &f), 0);
	assert_int_equal(blf_set_lists(NULL, &f.spec, 1, NULL, NULL),
			 EINVAL);
	assert_int_equal(blf_set_lists(f.blf, NULL, 1, NULL, NULL), EINVAL);
	assert_int_equal(blf_set_lists(f.blf, NULL, 0, NULL, NULL), 0);

	bad = f.spec;
	bad.account = 1;
	assert_int_equal(blf_set_lists(f.blf, &bad, 1, NULL, NULL), EINVAL);
	assert_int_equal(blf_set_lists(f.blf, &f.spec, 1, NULL, NULL),
			 EALREADY);
	fix_close(&f);
}


#define blf_test(f) cmocka_unit_test_setup_teardown(f, NULL, teardown)

int main(void)
{
	const struct CMUnitTest testv[] = {
		blf_test(test_grow),
		blf_test(test_registration),
		blf_test(test_taken),
		blf_test(test_stateless),
		blf_test(test_refused),
		blf_test(test_fall),
		blf_test(test_threes),
		blf_test(test_never_whole),
		blf_test(test_flow),
		blf_test(test_large),
		blf_test(test_cut),
		blf_test(test_no_list),
		blf_test(test_doubt),
		blf_test(test_types),
		blf_test(test_turns_bad),
		blf_test(test_resources),
		blf_test(test_names),
		blf_test(test_unsolicited),
		blf_test(test_unsolicited_dialog),
		blf_test(test_args),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
