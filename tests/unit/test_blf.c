/**
 * @file tests/unit/test_blf.c  The panel against a scripted notifier
 *
 * Two SIP stacks in one loop, on loopback, ports chosen by the system. The
 * panel's clock stands still until a test moves it; libre's own timers run
 * by the real one, but no test waits for any of them.
 */
#include "tests/lib/test.h"
#include <unistd.h>
#include <re.h>
#include "app/clock.h"
#include "app/log.h"
#include "modules/blf/blf.h"
#include "modules/reg/reg_state.h"
#include "tests/lib/notifier.h"


enum {
	LAMPS = 2000,
	PATIENCE_MS = 20000,    /* of a test that waits for a message     */
};

struct fix {
	unsigned server_of;            /* they come from whose server      */
	bool stranger;                 /* requests come from elsewhere     */
	struct notifier *n;
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
	struct lamp_fact factv[LAMPS];
	unsigned factc;         /* facts told                             */
	unsigned livec;         /* lamps that are neither unknown nor old */
	const char *pass;
	unsigned authc;         /* times the password was asked for       */
	unsigned pongc;         /* answers to OPTIONS                     */
	unsigned foreignc;      /* NOTIFYs that were not for the panel    */
	unsigned restartc;      /* told that the server was restarted     */
	struct tmr tmr;
	bool closed;
};


/* ------------------------------------------------------------------------ */
/* The loop                                                                  */

static void tick(void *arg)
{
	struct fix *f = arg;

	tmr_start(&f->tmr, 20, tick, f);
	re_cancel();
}

/* Let the loop run until something is so */
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


/* Once this is answered, all that was sent before has arrived, and so have
   the answers: loopback keeps the order of datagrams of two sockets */
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


/* ------------------------------------------------------------------------ */
/* The phone                                                                 */

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

	if (!blf_request(f->blf, msg, server_handler, f)) {
		++f->foreignc;
		(void)sip_reply(f->sip, msg, 481, "No such subscription");
	}

	return true;
}


static int auth_handler(char **user, char **pass, const char *realm,
			void *arg)
{
	struct fix *f = arg;

	++f->authc;
	assert_string_equal(realm, "pbx");

	return f->pass ? str_dup(user, "101") | str_dup(pass, f->pass)
		: ENOENT;
}


static bool live(const struct lamp_fact *fact)
{
	return fact->state != LAMP_UNKNOWN && !fact->stale;
}


static void lamp_handler(const struct lamp_fact *fact, void *arg)
{
	struct fix *f = arg;
	struct lamp_fact *old = &f->factv[fact->idx];

	++f->factc;
	f->livec += live(fact) - live(old);

	if (!memcmp(old, fact, sizeof(*old)))
		fail_msg("lamp %u told twice", fact->idx);

	*old = *fact;
}


static void restart_handler(unsigned account, void *arg)
{
	struct fix *f = arg;

	assert_int_equal(account, 0);
	++f->restartc;
}


/* Of a test that fails in the middle; see teardown() */
static struct fix *opened;


static void fix_open(struct fix *f, size_t lampc)
{
	memset(f, 0, sizeof(*f));
	opened = f;
	assert_int_equal(applog_open(NULL, APPLOG_ERROR), 0);

	assert_int_equal(libre_init(), 0);
	assert_int_equal(notifier_alloc(&f->n), 0);
	assert_int_equal(sip_alloc(&f->sip, NULL, 4096, 16, 16, "test", NULL,
				   NULL), 0);
	assert_int_equal(sa_set_str(&f->laddr, "127.0.0.1", 0), 0);
	assert_int_equal(sip_transp_add(f->sip, SIP_TRANSP_UDP, &f->laddr),
			 0);
	assert_int_equal(sip_listen(&f->lsnr, f->sip, true, request_handler,
				    f), 0);

	fake_clock_init(&f->fc, 1000000);
	f->pass      = "secret";
	f->acc.sip   = f->sip;
	f->acc.aor   = "sip:101@pbx";
	f->acc.dname = "Anna \"A\"";
	f->acc.cuser = "0b9e1c4e-7d3a";
	f->acc.authh = auth_handler;
	f->acc.arg   = f;
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

	tick(f);
}


static void fix_panel(struct fix *f, size_t lampc)
{
	assert_int_equal(blf_alloc(&f->blf, &f->fc.clock, &f->prm, &f->acc,
				   1, f->specv, lampc, lamp_handler, f), 0);
	blf_set_restart_handler(f->blf, restart_handler);
}


static void start(struct fix *f, size_t lampc)
{
	fix_open(f, lampc);
	fix_panel(f, lampc);
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


/* A panel of one lamp that is live and free */
static void start_live(struct fix *f)
{
	start(f, 1);
	go(f);
	WAIT(f, f->livec == 1);
	WAIT(f, f->n->okc == 1);
}


/* What the lamp shows; texts may be NULL: not looked at */
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


/* ------------------------------------------------------------------------ */

/*
 * phone                    notifier
 *   | SUBSCRIBE ----------> |
 *   | <---------------- 200 |
 *   | <------------- NOTIFY |   terminated: free
 *   | 200 ----------------> |
 *   | SUBSCRIBE ----------> |   in the dialog, before it expires
 */
static void test_initial(void **state)
{
	static struct fix f;
	char callid[64], ttag[32];
	(void)state;

	start(&f, 1);

	/* nothing before the registration, however long */
	WAIT(&f, f.factc == 1);
	SHOWS(&f, 0, LAMP_UNKNOWN, false, "not registered");
	move(&f, 600000);
	assert_int_equal(f.n->subscribec, 0);

	go(&f);
	SHOWS(&f, 0, LAMP_UNKNOWN, false, "asking");
	WAIT(&f, f.livec == 1);
	SHOWS(&f, 0, LAMP_FREE, false, "");
	assert_string_equal(f.factv[0].spot, "701");
	assert_string_equal(f.factv[0].label, "Front");
	assert_int_equal(f.factc, 3);

	assert_string_equal(f.n->seen.ruri, f.targetv[0]);
	assert_string_equal(f.n->seen.event, "dialog");
	assert_string_equal(f.n->seen.accept, "application/dialog-info+xml");
	assert_string_equal(f.n->seen.supported, "");
	assert_int_equal(f.n->seen.expires_s, 300);
	assert_non_null(strstr(f.n->seen.contact, "<sip:0b9e1c4e-7d3a@"));
	assert_string_equal(f.n->seen.ttag, "");
	assert_false(f.n->seen.auth);
	str_ncpy(callid, f.n->seen.callid, sizeof(callid));
	str_ncpy(ttag, notifier_last(f.n, 0)->ltag, sizeof(ttag));
	WAIT(&f, f.n->okc == 1);

	/* a call is parked, and fetched: two facts */
	notifier_notify(f.n, notifier_last(f.n, 0), NULL, "confirmed");
	WAIT(&f, f.factv[0].state == LAMP_PARKED);
	assert_int_equal(f.factv[0].since_ms, f.fc.ms);
	notifier_notify(f.n, notifier_last(f.n, 0), NULL, "terminated");
	WAIT(&f, f.factv[0].state == LAMP_FREE);
	assert_int_equal(f.factc, 5);

	/* the same again tells nothing */
	notifier_notify(f.n, notifier_last(f.n, 0), NULL, "terminated");
	WAIT(&f, f.n->okc == 4);
	assert_int_equal(f.factc, 5);

	/* refresh between 50 and 80 per cent */
	move(&f, 149999);
	assert_int_equal(f.n->subscribec, 1);
	move(&f, 90001);
	WAIT(&f, f.n->okc == 5);
	assert_int_equal(f.n->subscribec, 2);
	assert_string_equal(f.n->seen.callid, callid);
	assert_string_equal(f.n->seen.ttag, ttag);
	assert_memory_equal(f.n->seen.ruri, "sip:127.0.0.1:", 14);
	assert_int_equal(f.factc, 5);
	SHOWS(&f, 0, LAMP_FREE, false, "");

	fix_close(&f);
}


static void test_digest(void **state)
{
	static const struct {
		const char *name;
		struct notifier_how how;
		unsigned challengec, subscribec; /* of ten lamps, at most */
	} testv[] = {
		{"nonce used again", {.auth = true}, 1, 11},
		{"proxy", {.auth = true, .proxy = true}, 1, 11},
		{"unknown first", {.auth = true, .unknown_first = true},
		 1, 11},
		{"SHA-256", {.auth = true, .sha256 = true}, 1, 11},
		/* never says stale, takes each nonce once */
		{"once", {.auth = true, .once = true}, 12, 22},
	};
	(void)state;

	for (size_t i=0; i<ROWS(testv); i++) {

		static struct fix f;

		start(&f, 10);
		f.n->how = testv[i].how;
		go(&f);
		WAIT(&f, f.livec == 10);

		if (f.n->challengec > testv[i].challengec ||
		    f.n->subscribec > testv[i].subscribec)
			row_fail(i, "%s: expected %u challenges and %u "
				 "SUBSCRIBEs, got %u and %u", testv[i].name,
				 testv[i].challengec, testv[i].subscribec,
				 f.n->challengec, f.n->subscribec);
		row_uint(i, 0, f.n->badpassc);
		row_uint(i, 1, f.authc);

		/* registered anew: what was learned is forgotten */
		go(&f);
		WAIT(&f, f.livec == 0);
		WAIT(&f, f.livec == 10);
		row_uint(i, 2, f.authc);

		/* a nonce that expired is no refused password */
		f.n->nonce = 4711;
		row_int(i, 0, blf_resubscribe(f.blf, "701"));
		WAIT(&f, f.livec == 9);
		WAIT(&f, f.livec == 10);
		row_uint(i, 0, f.n->badpassc);

		fix_close(&f);
	}
}


/* A server that takes each nonce once is not offered used ones for ever */
static void test_nonce_once(void **state)
{
	static struct fix f;
	(void)state;

	fix_open(&f, 20);
	f.prm.window = 1;
	fix_panel(&f, 20);
	f.n->how.auth = true;
	f.n->how.once = true;
	go(&f);
	WAIT(&f, f.livec == 20);
	assert_in_range(f.n->usedc, 1, 3);
	fix_close(&f);
}


static void test_password(void **state)
{
	static struct fix f;
	(void)state;

	start(&f, 200);
	f.n->how.auth = true;
	f.pass = "wrong";
	go(&f);
	WAIT(&f, strstr(f.factv[0].reason, "password"));
	move(&f, 0);

	/* two tries, and none by the other 199 */
	assert_int_equal(f.n->badpassc, 2);
	assert_int_equal(f.n->subscribec, 3);
	SHOWS(&f, 0, LAMP_UNKNOWN, false, "password refused");
	SHOWS(&f, 199, LAMP_UNKNOWN, false, "does not accept");

	/* for five minutes; then one asks for all */
	move(&f, 280000);
	assert_int_equal(f.n->subscribec, 3);
	move(&f, 60000);
	WAIT(&f, f.n->badpassc == 4);
	flush(&f);
	assert_true(f.n->subscribec <= 6);

	/* the user corrects it and asks again */
	f.pass = "secret";
	assert_int_equal(blf_resubscribe(f.blf, NULL), 0);
	WAIT(&f, f.livec == 200);
	assert_int_equal(f.n->badpassc, 4);

	fix_close(&f);
}


static bool challenge(struct notifier *n, const struct sip_msg *msg,
		      struct notifier_sub *sub, void *arg)
{
	(void)sub;

	(void)sip_replyf(n->sip, msg, 401, "Unauthorized",
			 "WWW-Authenticate: %s\r\nContent-Length: 0\r\n\r\n",
			 (const char *)arg);

	return true;
}


/* A challenge that cannot be answered is no refused password */
static void test_challenge(void **state)
{
	static const struct {
		const char *challenge, *pass, *reason;
		unsigned subscribec;
	} rowv[] = {
		{"Digest realm=\"pbx\", nonce=\"1\", algorithm=FOO-512",
		 "secret", "401: the server wants a proof that is unknown", 1},
		{"Negotiate", "secret", "wants a proof that is unknown", 1},
		{"Digest realm=\"pbx\", nonce=\"1\"",
		 NULL, "401: the server wants a password, and there is", 1},
		{"Digest realm=\"pbx\", nonce=\"1\"",
		 "wrong", "password refused", 3},
	};
	(void)state;

	for (size_t i=0; i<ROWS(rowv); i++) {

		static struct fix f;

		start(&f, 2);
		f.pass   = rowv[i].pass;
		f.n->h   = challenge;
		f.n->arg = (void *)rowv[i].challenge;
		go(&f);
		WAIT(&f, strstr(f.factv[0].reason, rowv[i].reason));
		flush(&f);
		SHOWS(&f, 1, LAMP_UNKNOWN, false, "does not accept");
		row_uint(i, rowv[i].subscribec, f.n->subscribec);

		fix_close(&f);
	}
}


static void test_before_2xx(void **state)
{
	static struct fix f;
	(void)state;

	/* NOTIFY overtakes the 2xx, which is 202 */
	start(&f, 1);
	f.n->how.first = true;
	f.n->how.scode = 202;
	go(&f);
	WAIT(&f, f.livec == 1);
	WAIT(&f, f.n->okc == 1);
	assert_int_equal(f.n->subscribec, 1);
	SHOWS(&f, 0, LAMP_FREE, false, "");
	fix_close(&f);

	/* 202, NOTIFY after it */
	start(&f, 1);
	f.n->how.scode = 202;
	go(&f);
	WAIT(&f, f.livec == 1);
	fix_close(&f);

	/* a shorter time than asked for: refreshed within it */
	start(&f, 1);
	f.n->how.expires_s = 60;
	go(&f);
	WAIT(&f, f.livec == 1);
	move(&f, 48001);
	WAIT(&f, f.n->subscribec == 2);
	fix_close(&f);
}


static bool ttag_seen(struct notifier *n, const struct sip_msg *msg,
		      struct notifier_sub *sub, void *arg)
{
	unsigned *bitsp = arg;
	(void)msg;

	for (unsigned i=0; sub && i<n->subc; i++) {
		if (sub == &n->subv[i])
			*bitsp |= 1u << i;
	}

	return false;
}


/* A From tag that nobody has seen makes no branch if it does not come from the
   server; who knows the tags of a dialog is heard from anywhere */
static void test_stranger(void **state)
{
	struct notifier_sub *known, *forged;
	static struct fix f;
	(void)state;

	start_live(&f);
	known = notifier_last(f.n, 0);

	f.stranger = true;
	forged = notifier_fork(f.n, known, "forged");
	notifier_notify(f.n, forged, NULL, "confirmed");
	WAIT(&f, f.n->scode == 481);
	SHOWS(&f, 0, LAMP_FREE, false, "");

	/* nor if it comes from that of another account */
	f.n->scode  = 0;
	f.stranger  = false;
	f.server_of = 1;
	notifier_notify(f.n, forged, NULL, "confirmed");
	WAIT(&f, f.n->scode == 481);
	SHOWS(&f, 0, LAMP_FREE, false, "");

	notifier_notify(f.n, known, NULL, "confirmed");
	WAIT(&f, f.factv[0].state == LAMP_PARKED);

	fix_close(&f);
}


static void test_fork(void **state)
{
	struct notifier_sub *subv[5];
	unsigned bits = 0;
	static struct fix f;
	(void)state;

	start_live(&f);
	subv[0] = notifier_last(f.n, 0);

	/* another branch holds a call: the lamp shows it */
	subv[1] = notifier_fork(f.n, subv[0], "branch1");
	notifier_notify(f.n, subv[1], NULL, "confirmed");
	WAIT(&f, f.factv[0].state == LAMP_PARKED);

	/* what the first one says does not take it away */
	notifier_notify(f.n, subv[0], NULL, "terminated");
	WAIT(&f, f.n->okc == 3);
	SHOWS(&f, 0, LAMP_PARKED, false, "");

	/* four are taken in, the fifth is not */
	subv[2] = notifier_fork(f.n, subv[0], "branch2");
	subv[3] = notifier_fork(f.n, subv[0], "branch3");
	subv[4] = notifier_fork(f.n, subv[0], "branch4");
	notifier_notify(f.n, subv[2], NULL, "terminated");
	WAIT(&f, f.n->scode == 200);
	notifier_notify(f.n, subv[3], NULL, "terminated");
	WAIT(&f, f.n->scode == 200);
	notifier_notify(f.n, subv[4], NULL, "terminated");
	WAIT(&f, f.n->scode == 481);
	SHOWS(&f, 0, LAMP_PARKED, false, "");

	/* each is refreshed by itself */
	f.n->h   = ttag_seen;
	f.n->arg = &bits;
	move(&f, 240000);
	WAIT(&f, bits == 0xf);
	WAIT(&f, f.n->okc == 9);
	SHOWS(&f, 0, LAMP_FREE, false, "");

	/* one is over: the others go on; noresource asks for nothing */
	notifier_notify(f.n, subv[1], NULL, "confirmed");
	WAIT(&f, f.factv[0].state == LAMP_PARKED);
	notifier_notify(f.n, subv[1], "terminated;reason=noresource", NULL);
	WAIT(&f, f.factv[0].state == LAMP_FREE);
	assert_int_equal(f.n->initialc, 1);

	/* one is forgotten: all of them are subscribed anew */
	notifier_notify(f.n, subv[2], "terminated;reason=deactivated", NULL);
	WAIT(&f, f.n->initialc == 2);
	WAIT(&f, f.livec == 1);
	SHOWS(&f, 0, LAMP_FREE, false, "");

	/* and no NOTIFY of the old ones is taken any more */
	f.n->scode = 0;
	notifier_notify(f.n, subv[3], NULL, "confirmed");
	WAIT(&f, f.n->scode == 481);
	SHOWS(&f, 0, LAMP_FREE, false, "");

	/* what ends the first one ends its branches */
	subv[1] = notifier_fork(f.n, notifier_last(f.n, 0), "branch8");
	notifier_notify(f.n, subv[1], NULL, "confirmed");
	WAIT(&f, f.factv[0].state == LAMP_PARKED);
	notifier_notify(f.n, notifier_last(f.n, 1),
			"terminated;reason=rejected", NULL);
	WAIT(&f, f.n->scode == 200);
	SHOWS(&f, 0, LAMP_PARKED, true, "rejected");
	notifier_notify(f.n, subv[1], NULL, "terminated");
	WAIT(&f, f.n->scode == 481);
	SHOWS(&f, 0, LAMP_PARKED, true, "rejected");
	assert_int_equal(blf_resubscribe(f.blf, NULL), 0);
	WAIT(&f, f.livec == 1);

	/* too late for a branch: Timer N has passed */
	move(&f, 33000);
	subv[1] = notifier_fork(f.n, notifier_last(f.n, 0), "branch9");
	notifier_notify(f.n, subv[1], NULL, "confirmed");
	WAIT(&f, f.n->scode == 481);

	fix_close(&f);
}


static bool brief(struct notifier *n, const struct sip_msg *msg,
		  struct notifier_sub *sub, void *arg)
{
	const char *hdrs = arg;
	(void)sub;

	if (n->seen.expires_s >= 1000)
		return false;

	(void)sip_replyf(n->sip, msg, 423, "Interval Too Brief",
			 "%sContent-Length: 0\r\n\r\n", hdrs);

	return true;
}


static void test_brief(void **state)
{
	static const struct {
		const char *hdrs;
		uint32_t expires_s;
		unsigned subscribec;    /* of three lamps                 */
	} testv[] = {
		{"Min-Expires: 1800\r\n", 1800, 4},
		/* Asterisk: none. 300, 600, 1200, then the others know */
		{"", 1200, 5},
		{"Min-Expires: 10\r\n", 1200, 5},
	};
	(void)state;

	for (size_t i=0; i<ROWS(testv); i++) {

		static struct fix f;

		fix_open(&f, 3);
		f.prm.window = 1;
		fix_panel(&f, 3);
		f.n->h   = brief;
		f.n->arg = (void *)testv[i].hdrs;
		go(&f);
		WAIT(&f, f.livec == 3);
		row_uint(i, testv[i].expires_s, f.n->seen.expires_s);
		row_uint(i, testv[i].subscribec, f.n->subscribec);
		fix_close(&f);
	}
}


static void test_refused(void **state)
{
	static const struct {
		uint16_t scode;
		const char *hdrs;
		const char *reason;
		unsigned quiet_ms;      /* not asked again for so long    */
		unsigned again_ms;      /* but within so long             */
	} testv[] = {
		{404, NULL, "404 Not Found: no hint", 299000, 330000},
		{403, NULL, "403", 299000, 330000},
		{489, NULL, "489", 299000, 330000},
		{603, NULL, "603", 299000, 330000},
		{302, NULL, "302", 299000, 330000},
		{421, NULL, "421: the server tells it in a list only",
		 299000, 330000},
		{404, "Retry-After: 900\r\n", "404", 899000, 990000},
		{480, NULL, "480", 900, 2000},
		{481, NULL, "481", 900, 2000},
		{500, NULL, "500", 900, 2000},
		{503, "Retry-After: 20 (busy)\r\n", "503", 19900, 22001},
	};
	(void)state;

	for (size_t i=0; i<ROWS(testv); i++) {

		static struct fix f;

		start(&f, 1);
		f.n->how.scode = testv[i].scode;
		f.n->how.hdrs  = testv[i].hdrs;
		go(&f);
		WAIT(&f, strstr(f.factv[0].reason, testv[i].reason));
		SHOWS(&f, 0, LAMP_UNKNOWN, false, testv[i].reason);

		move(&f, testv[i].quiet_ms);
		row_uint(i, 1, f.n->subscribec);
		move(&f, testv[i].again_ms - testv[i].quiet_ms);
		WAIT(&f, f.n->subscribec == 2);

		/* by hand at any time */
		f.n->how.scode = 0;
		f.n->how.hdrs  = NULL;
		flush(&f);
		row_int(i, 0, blf_resubscribe(f.blf, "701"));
		WAIT(&f, f.livec == 1);
		row_int(i, ENOENT, blf_resubscribe(f.blf, "999"));

		fix_close(&f);
	}
}


/* Refuse what comes inside a dialog, once */
static bool refuse_refresh(struct notifier *n, const struct sip_msg *msg,
			   struct notifier_sub *sub, void *arg)
{
	const uint16_t *scodep = arg;

	if (!sub)
		return false;

	n->h = NULL;
	(void)sip_reply(n->sip, msg, *scodep, "No");

	return true;
}


static void test_refresh_fails(void **state)
{
	static const struct {
		uint16_t scode;
		bool anew;       /* a new subscription at once             */
	} testv[] = {
		{404, true}, {405, true}, {410, true}, {416, true},
		{480, true}, {481, true}, {482, true}, {483, true},
		{484, true}, {485, true}, {489, true}, {501, true},
		{604, true},
		{400, false}, {403, false}, {500, false}, {503, false},
		{600, false},
	};
	(void)state;

	for (size_t i=0; i<ROWS(testv); i++) {

		char callid[64], ftag[32];
		static struct fix f;

		start_live(&f);
		str_ncpy(callid, f.n->seen.callid, sizeof(callid));
		str_ncpy(ftag, f.n->seen.ftag, sizeof(ftag));

		f.n->h   = refuse_refresh;
		f.n->arg = (void *)&testv[i].scode;
		f.n->how.stateless = true;
		move(&f, 240000);
		WAIT(&f, f.livec == 0);
		SHOWS(&f, 0, LAMP_FREE, true, NULL);
		row_true(i, f.factv[0].reason[0] != '\0');

		if (testv[i].anew) {
			WAIT(&f, f.n->subc == 2);
			notifier_notify(f.n, notifier_last(f.n, 0), NULL,
					"terminated");
			WAIT(&f, f.livec == 1);
			row_uint(i, 2, f.n->initialc);
			row_true(i, strcmp(f.n->seen.callid, callid) != 0);
			row_true(i, strcmp(f.n->seen.ftag, ftag) != 0);
		}
		else {
			/* still valid: what it tells is taken */
			notifier_notify(f.n, notifier_last(f.n, 0), NULL,
					"confirmed");
			WAIT(&f, f.livec == 1);
			SHOWS(&f, 0, LAMP_PARKED, false, "");
			row_uint(i, 1, f.n->initialc);

			/* and it is refreshed again, soon */
			f.n->how.stateless = false;
			move(&f, 4000);
			WAIT(&f, f.factv[0].state == LAMP_FREE);
			row_str(i, callid, f.n->seen.callid);
			row_uint(i, 1, f.n->initialc);
		}

		fix_close(&f);
	}
}


static void test_timer_n(void **state)
{
	struct notifier_sub *old;
	static struct fix f;
	(void)state;

	/* answered, but no NOTIFY */
	start(&f, 1);
	f.n->how.stateless = true;
	go(&f);
	WAIT(&f, f.n->subscribec == 1);
	flush(&f);
	move(&f, 31999);
	SHOWS(&f, 0, LAMP_UNKNOWN, false, "asking");
	WAIT(&f, f.n->subc == 1);
	move(&f, 1);
	SHOWS(&f, 0, LAMP_UNKNOWN, false, "tells no state");

	/* the notifier is told that we gave up, with what the 2xx told */
	WAIT(&f, f.n->byec == 1);
	old = notifier_last(f.n, 0);
	assert_string_equal(f.n->seen.ttag, old->ltag);

	/* too late */
	notifier_notify(f.n, old, NULL, "confirmed");
	WAIT(&f, f.n->scode == 481);
	SHOWS(&f, 0, LAMP_UNKNOWN, false, "tells no state");

	/* but its last word is what we asked for; and the repeat of that */
	for (unsigned i=0; i<2; i++) {
		notifier_notify(f.n, old, "terminated", "confirmed");
		WAIT(&f, f.n->scode == 200);
		--old->cseq;
	}
	SHOWS(&f, 0, LAMP_UNKNOWN, false, "tells no state");

	f.n->how.stateless = false;
	move(&f, 2000);
	WAIT(&f, f.livec == 1);
	assert_int_equal(f.n->initialc, 2);

	/* the same after a refresh */
	f.n->how.stateless = true;
	move(&f, 240000);
	WAIT(&f, f.n->subscribec == 4);
	flush(&f);
	SHOWS(&f, 0, LAMP_FREE, false, "");
	move(&f, 32000);
	SHOWS(&f, 0, LAMP_FREE, true, "tells no state");
	WAIT(&f, f.n->byec == 2);
	old = notifier_last(f.n, 0);
	notifier_notify(f.n, old, "terminated", "confirmed");
	WAIT(&f, f.n->scode == 200);
	SHOWS(&f, 0, LAMP_FREE, true, "tells no state");
	notifier_notify(f.n, old, NULL, "confirmed");
	WAIT(&f, f.n->scode == 481);

	fix_close(&f);
}


static void test_silence(void **state)
{
	static struct fix f;
	(void)state;

	start(&f, 200);
	f.n->how.silent = true;
	go(&f);

	for (unsigned s=0; s<62; s++)
		move(&f, 500);

	/* a few go ahead, all know that they wait in vain */
	assert_in_range(f.n->initialc, 1, 4 * 8);
	move(&f, 1500);
	SHOWS(&f, 0, LAMP_UNKNOWN, false, "no answer from the server");
	SHOWS(&f, 199, LAMP_UNKNOWN, false, "no answer from the server");

	/* it is there again: within a few probes all are */
	f.n->how.silent = false;
	for (unsigned s=0; s<80 && f.livec < 200; s++)
		move(&f, 500);
	WAIT(&f, f.livec == 200);

	/* one that it never answers is no silence of the server */
	f.n->how.silent = true;
	assert_int_equal(blf_resubscribe(f.blf, "705"), 0);
	flush(&f);
	f.n->how.silent = false;
	assert_int_equal(blf_resubscribe(f.blf, "706"), 0);
	WAIT(&f, f.livec == 199);
	move(&f, 32000);
	SHOWS(&f, 4, LAMP_FREE, true, "no answer");
	assert_int_equal(blf_resubscribe(f.blf, NULL), 0);
	WAIT(&f, f.livec == 200);

	fix_close(&f);
}


/* A registration that goes over the same link as the lamps */
struct link {
	struct regc_life life;
	uint64_t answer_ms;            /* Timer F of the REGISTER, or 0    */
	bool down;
};


static void link_step(struct link *l, struct fix *f)
{
	static const struct regc_arg granted = {.expires_s = 300};
	const bool was = regc_registered(&l->life);
	bool is;

	if (l->life.due_ms && f->fc.ms >= l->life.due_ms &&
	    regc_step(&l->life, REGC_EV_DUE, NULL, f->fc.ms) ==
	    REGC_ACT_SEND)
		l->answer_ms = f->fc.ms + (l->down ? 32000 : 0);

	/* one under way is repeated every four seconds: it gets through */
	if (l->answer_ms && (!l->down || f->fc.ms >= l->answer_ms)) {
		l->answer_ms = 0;
		(void)regc_step(&l->life, l->down ? REGC_EV_FAIL :
				REGC_EV_OK, &granted, f->fc.ms);
	}

	is = regc_registered(&l->life);
	if (is != was)
		blf_registered(f->blf, 0, is, is, is ? NULL : "no answer");
}


/*
 * The link is down for an hour, while every spot gets a call. Lamps are
 * stale within a second of the loss being known, by the registration or,
 * if there is none to tell, when a refresh is not answered (Timer N) or the
 * subscription has run out. When the link is back, the next try is at most
 * a minute away, and each lamp then gets its NOTIFY within Timer N.
 */
static void test_hour_down(void **state)
{
	static const struct {
		const char *name;
		bool registers;
		uint32_t stale_ms;     /* all of them, since it went down  */
	} testv[] = {
		{"known by the registration",  true,  255000 + 32000 + 1000},
		{"known by the lamps alone",   false, 300000 + 1000},
	};
	enum {LAMPS_N = 50, STEP_MS = 500};
	(void)state;

	for (size_t i=0; i<ROWS(testv); i++) {

		static struct fix f;
		struct link l = {.life = {.seed = 3}};
		uint64_t down_ms, up_ms, stale_ms = 0;
		size_t parkedc = 0;

		start(&f, LAMPS_N);
		go(&f);
		if (testv[i].registers) {
			const struct regc_arg ok = {.expires_s = 300};

			(void)regc_step(&l.life, REGC_EV_START, NULL,
					f.fc.ms);
			(void)regc_step(&l.life, REGC_EV_OK, &ok, f.fc.ms);
		}
		WAIT(&f, f.livec == LAMPS_N);
		WAIT(&f, f.n->okc == LAMPS_N);

		l.down = f.n->how.silent = f.n->how.parked = true;
		down_ms = f.fc.ms;

		while (f.fc.ms < down_ms + 3600000) {

			fake_clock_add(&f.fc, STEP_MS);
			link_step(&l, &f);
			blf_poll(f.blf);

			if (f.livec)
				stale_ms = f.fc.ms - down_ms;

			/* a lost registration is known at once */
			if (testv[i].registers &&
			    !regc_registered(&l.life) && f.livec)
				row_fail(i, "%s: %u lamps are not stale",
					 testv[i].name, f.livec);
			if (f.fc.ms % 10000 == 0)
				flush(&f);
		}

		if (stale_ms > testv[i].stale_ms)
			row_fail(i, "%s: stale after %llu ms", testv[i].name,
				 (unsigned long long)stale_ms);
		for (unsigned k=0; k<LAMPS_N; k++)
			SHOWS(&f, k, LAMP_FREE, true, NULL);

		l.down = f.n->how.silent = false;
		up_ms = f.fc.ms;

		while (f.livec < LAMPS_N &&
		       f.fc.ms < up_ms + 60000 + 32000) {
			link_step(&l, &f);
			move(&f, STEP_MS);
		}

		for (unsigned k=0; k<LAMPS_N; k++)
			parkedc += f.factv[k].state == LAMP_PARKED &&
				!f.factv[k].stale;

		print_message("an hour down, %s: limit 92 s, %.1f s taken,"
			      " %zu/%d lamps right\n", testv[i].name,
			      (double)(f.fc.ms - up_ms) / 1000, parkedc,
			      LAMPS_N);
		row_uint(i, LAMPS_N, parkedc);

		fix_close(&f);
	}
}


static void test_window(void **state)
{
	static struct fix f;
	(void)state;

	fix_open(&f, 50);
	f.prm.window = 5;
	fix_panel(&f, 50);

	go(&f);
	WAIT(&f, f.livec == 50);
	assert_int_equal(f.n->initialc, 50);

	/* none of these is answered: five are under way, no more */
	f.n->how.silent = true;
	for (unsigned i=0; i<50; i++)
		assert_int_equal(blf_resubscribe(f.blf, f.spotv[i]), 0);
	flush(&f);
	assert_int_equal(f.n->initialc, 55);


	fix_close(&f);
}


static void test_server_restart(void **state)
{
	static struct fix f;
	(void)state;

	start(&f, 100);
	go(&f);
	WAIT(&f, f.livec == 100);

	/* it has forgotten all: the first refresh finds out, the others are
	   looked at within two seconds, not when they are due */
	for (unsigned i=0; i<f.n->subc; i++)
		f.n->subv[i].over = true;

	while (f.n->subscribec == 100)
		move(&f, 500);
	WAIT(&f, f.n->initialc >= 101);
	for (unsigned i=0; i<20; i++)
		move(&f, 100);
	WAIT(&f, f.n->initialc == 200);
	WAIT(&f, f.livec == 100);

	/* the registration may be gone as well: said once, not per lamp */
	assert_int_equal(f.restartc, 1);

	fix_close(&f);
}


/* Refuse a refresh of the first lamps */
struct ending {
	unsigned left;
	uint16_t scode;
};

static bool refuse_some(struct notifier *n, const struct sip_msg *msg,
			struct notifier_sub *sub, void *arg)
{
	struct ending *e = arg;

	if (!sub || !e->left)
		return false;

	--e->left;
	sub->over = true;
	(void)sip_reply(n->sip, msg, e->scode, "No");

	return true;
}


/* What ends a few subscriptions may have ended all: those that are live are
   looked at, branches of forks too. One alone is no such sign */
static void test_signs(void **state)
{
	static const struct {
		unsigned n;
		uint16_t scode;         /* 0: terminated;reason=deactivated */
		bool all;
	} rowv[] = {
		{1, 404, false},
		{2, 404, true},
		{1, 489, true},
		{1, 501, true},
		{1, 481, true},
		{2, 0, false},
		{3, 0, true},
	};
	(void)state;

	for (size_t i=0; i<ROWS(rowv); i++) {

		struct ending ending = {0, rowv[i].scode};
		struct notifier_sub *subv[20], *branch;
		static struct fix f;
		unsigned bits = 0, before;

		start(&f, ROWS(subv));
		go(&f);
		WAIT(&f, f.livec == ROWS(subv));
		WAIT(&f, f.n->okc == ROWS(subv));
		for (unsigned k=0; k<ROWS(subv); k++)
			subv[k] = &f.n->subv[k];

		branch = notifier_fork(f.n, subv[19], "branch");
		notifier_notify(f.n, branch, NULL, "terminated");
		WAIT(&f, f.n->scode == 200);

		f.n->h   = refuse_some;
		f.n->arg = &ending;
		for (unsigned k=0; k<rowv[i].n; k++) {
			ending.left = 1;
			before = f.n->subscribec;
			if (rowv[i].scode)
				notifier_raw(f.n, subv[k], ++subv[k]->cseq,
					     "Event: dialog\r\n"
					     "Content-Length: 0\r\n\r\n");
			else
				notifier_notify(f.n, subv[k], "terminated;"
						"reason=deactivated", NULL);
			WAIT(&f, f.n->subscribec >= before + 1 +
			     !!rowv[i].scode);
			ending.left = 0;
			flush(&f);
		}

		/* within two seconds all but the last one, which is new, and
		   the branch; or when their own time has come */
		before   = f.n->subscribec;
		f.n->h   = ttag_seen;
		f.n->arg = &bits;
		for (unsigned k=0; k<30; k++)
			move(&f, 100);
		flush(&f);
		row_uint(i, rowv[i].all ? ROWS(subv) : 0,
			 f.n->subscribec - before);
		row_bool(i, rowv[i].all, bits & (1u << (branch -
							f.n->subv)));
		WAIT(&f, f.livec == ROWS(subv));

		fix_close(&f);
	}
}


static void test_cseq(void **state)
{
	struct notifier_sub *sub;
	char callid[64];
	unsigned factc;
	uint32_t cseq;
	static struct fix f;
	(void)state;

	start_live(&f);
	sub = notifier_last(f.n, 0);
	str_ncpy(callid, f.n->seen.callid, sizeof(callid));
	sub->cseq += 20000;
	cseq = sub->cseq + 1;
	notifier_notify(f.n, sub, NULL, "confirmed");
	WAIT(&f, f.factv[0].state == LAMP_PARKED);
	WAIT(&f, f.n->scode == 200);
	factc = f.factc;

	/* the same CSeq: the same answer, whatever it says */
	--sub->cseq;
	notifier_notify(f.n, sub, NULL, "terminated");
	WAIT(&f, f.n->scode == 200);
	SHOWS(&f, 0, LAMP_PARKED, false, "");

	/* overtaken on its way: answered, not painted, but asked about */
	sub->cseq -= 2;
	sub->version = 0;
	notifier_notify(f.n, sub, NULL, "terminated");
	WAIT(&f, f.n->scode == 200);
	SHOWS(&f, 0, LAMP_PARKED, false, "");
	assert_int_equal(f.factc, factc);
	sub->cseq = cseq;
	sub->version = 5;
	f.n->how.parked = true;
	WAIT(&f, f.n->subscribec == 2);
	WAIT(&f, f.n->okc == 5);
	assert_string_equal(f.n->seen.callid, callid);

	/* far back: the notifier counts anew. The lamp does not freeze */
	f.n->how.parked = false;
	sub->cseq = 50;
	notifier_notify(f.n, sub, NULL, "confirmed");
	WAIT(&f, f.n->scode == 481);
	WAIT(&f, f.n->initialc == 2);
	WAIT(&f, f.livec == 1);
	SHOWS(&f, 0, LAMP_FREE, false, "");
	assert_string_not_equal(f.n->seen.callid, callid);

	/* a little back, but its documents go on: counts anew as well */
	sub = notifier_last(f.n, 0);
	WAIT(&f, f.n->okc == 6);
	sub->cseq -= 10;
	sub->version += 5;
	notifier_notify(f.n, sub, NULL, "confirmed");
	WAIT(&f, f.n->scode == 481);
	move(&f, 4000);
	WAIT(&f, f.n->initialc == 3);
	WAIT(&f, f.livec == 1);

	fix_close(&f);
}


/* Answers that are lost: a whole burst comes again, some of it many times.
   Nothing is late, nothing is asked for, each gets its own answer */
static void test_burst(void **state)
{
	static const uint16_t answerv[] = {200, 415, 200, 200};
	struct notifier_sub *sub;
	unsigned answerc, factc = 0;
	static struct fix f;
	uint32_t first;
	(void)state;

	start_live(&f);
	sub = notifier_last(f.n, 0);
	first = sub->cseq + 1;
	f.n->how.stateless = true;

	for (unsigned round=0; round<5; round++) {

		for (unsigned i=0; i<ROWS(answerv); i++) {
			sub->cseq    = first + i - 1;
			sub->version = 1 + i;
			answerc      = f.n->answerc;
			if (answerv[i] == 415)
				notifier_raw(f.n, sub, ++sub->cseq, "Event: "
				     "dialog\r\nSubscription-State: active"
				     "\r\nContent-Type: text/plain\r\n"
				     "Content-Length: 2\r\n\r\nhi");
			else
				notifier_notify(f.n, sub, NULL, i == 3 ?
						"confirmed" : "terminated");
			WAIT(&f, f.n->answerc > answerc);
			row_uint(i, answerv[i], f.n->scode);
		}

		factc = round ? factc : f.factc;
		row_uint(round, factc, f.factc);
		row_int(round, LAMP_PARKED, f.factv[0].state);
	}

	/* asked once: for what was refused */
	flush(&f);
	assert_int_equal(f.n->subscribec, 2);
	assert_int_equal(f.n->initialc, 1);

	/* the same when the subscription is no more */
	f.n->how.silent = true;
	sub->cseq = first + 3;
	notifier_notify(f.n, sub, "terminated;reason=noresource", NULL);
	WAIT(&f, f.factv[0].stale);
	for (unsigned i=0; i<ROWS(answerv); i++) {
		sub->cseq = first + i - 1;
		answerc   = f.n->answerc;
		notifier_notify(f.n, sub, NULL, "terminated");
		WAIT(&f, f.n->answerc > answerc);
		row_uint(i, answerv[i], f.n->scode);
	}
	assert_int_equal(f.foreignc, 0);

	fix_close(&f);
}


static void test_terminated(void **state)
{
	static const struct {
		const char *substate;
		unsigned quiet_ms, again_ms;   /* new SUBSCRIBE            */
	} testv[] = {
		{"terminated;reason=deactivated",
		 0, 0},
		{"terminated;reason=timeout",
		 0, 0},
		{"terminated;reason=timeout;retry-after=60",
		 0, 0},
		{"terminated;reason=probation;retry-after=60",
		 59999, 66001},
		{"terminated;reason=giveup;retry-after=30",
		 29999, 33001},
		{"terminated;reason=giveup",
		 999, 2000},
		{"terminated;reason=probation",
		 999, 2000},
		{"terminated;reason=rejected",
		 299999, 330001},
		{"terminated;reason=noresource",
		 299999, 330001},
		{"terminated;reason=invariant",
		 299999, 330001},
		{"terminated;reason=rejected;retry-after=900",
		 899999, 990001},
		{"terminated",
		 999, 2000},
		{"terminated;retry-after=20",
		 19999, 22001},
		{"terminated ; reason=somethingnew",
		 999, 2000},
		{"Terminated;Reason=Deactivated;expires=50",
		 0, 0},
	};
	(void)state;

	for (size_t i=0; i<2*ROWS(testv); i++) {

		const size_t k = i / 2;
		char callid[64];
		static struct fix f;

		start_live(&f);
		str_ncpy(callid, f.n->seen.callid, sizeof(callid));

		/* with and without a body */
		f.n->how.silent = true;
		notifier_notify(f.n, notifier_last(f.n, 0),
				testv[k].substate,
				i % 2 ? "confirmed" : NULL);
		WAIT(&f, f.n->scode == 200);
		WAIT(&f, f.livec == 0);
		SHOWS(&f, 0, i % 2 ? LAMP_PARKED : LAMP_FREE, true,
		      "ended by the server");

		if (testv[k].quiet_ms) {
			move(&f, testv[k].quiet_ms);
			row_uint(i, 1, f.n->subscribec);
		}
		move(&f, testv[k].again_ms - testv[k].quiet_ms);
		WAIT(&f, f.n->subscribec == 2);
		row_true(i, strcmp(f.n->seen.callid, callid) != 0);
		row_str(i, "", f.n->seen.ttag);

		fix_close(&f);
	}
}


static void test_bad_notify(void **state)
{
#define HEAD "Contact: <sip:127.0.0.1:9>\r\n"
#define DOC "<dialog-info version=\"9\" state=\"full\"><dialog id=\"1\">" \
	"<state>confirmed</state></dialog></dialog-info>"
	static const struct {
		const char *rest;
		uint16_t scode;
		enum lamp_state state;
		bool stale;
	} testv[] = {
		/* refused: what it would have told is not known */
		{"Subscription-State: active\r\nContent-Length: 0\r\n\r\n",
		 489, LAMP_FREE, true},
		{"Event: presence\r\nSubscription-State: active\r\n"
		 "Content-Length: 0\r\n\r\n", 489, LAMP_FREE, true},
		{"Event: dialogue\r\nSubscription-State: active\r\n"
		 "Content-Length: 0\r\n\r\n", 489, LAMP_FREE, true},
		{"Event: dialog\r\nContent-Length: 0\r\n\r\n",
		 400, LAMP_FREE, true},
		{"Event: dialog\r\nSubscription-State: ;expires=5\r\n"
		 "Content-Length: 0\r\n\r\n", 400, LAMP_FREE, true},
		{"Event: dialog\r\nSubscription-State: active\r\n"
		 "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi",
		 415, LAMP_FREE, true},
		{"Event: dialog\r\nSubscription-State: active\r\n"
		 "Content-Length: 2\r\n\r\nhi", 415, LAMP_FREE, true},
		{"Event: dialog\r\nSubscription-State: active\r\n"
		 "Content-Type: application/dialog-info+xml\r\n"
		 "Content-Encoding: gzip\r\n"
		 "Content-Length: 2\r\n\r\nhi", 415, LAMP_FREE, true},
		/* fine, though odd */
		{"Event: dialog\r\nSubscription-State: active\r\n"
		 "Content-Type: text/plain\r\nContent-Length: 0\r\n\r\n",
		 200, LAMP_FREE, false},
		{"o: DIALOG;id=7\r\nSubscription-State: pending;expires=9\r\n"
		 "l: 0\r\n\r\n", 200, LAMP_FREE, false},
		{"Event: dialog\r\nSubscription-State: flourishing\r\n"
		 "Content-Length: 0\r\n\r\n", 200, LAMP_FREE, false},
		{"Event: dialog\r\nSubscription-State: active\r\n"
		 "c: Application/Dialog-Info+XML;charset=utf-8\r\n\r\n" DOC,
		 200, LAMP_PARKED, false},
		{"Event: dialog\r\nSubscription-State: active\r\n"
		 HEAD HEAD
		 "Content-Type: application/dialog-info+xml\r\n"
		 "Content-Length:     104  \r\n\r\n" DOC "trailing",
		 200, LAMP_PARKED, false},
		/* the end is the end, whatever stands in it */
		{"Event: dialog\r\nSubscription-State: terminated;"
		 "reason=noresource\r\nContent-Type: text/plain\r\n"
		 "Content-Length: 2\r\n\r\nhi", 415, LAMP_FREE, true},
		/* not understood: shown as old, and asked about */
		{"Event: dialog\r\nSubscription-State: active\r\n"
		 "Content-Type: application/dialog-info+xml\r\n"
		 "Content-Length: 5\r\n\r\n<a><b", 200, LAMP_FREE, true},
		{"Event: dialog\r\nSubscription-State: active\r\n"
		 "Content-Type: application/dialog-info+xml\r\n"
		 "Content-Length: 9000\r\n\r\n" DOC, 200, LAMP_FREE, true},
		{"Event: dialog\r\nSubscription-State: active\r\n"
		 "Content-Type: application/dialog-info+xml\r\n"
		 "Content-Length: 99999999999999999999\r\n\r\n" DOC, 200,
		 LAMP_FREE, true},
	};
	(void)state;

	for (size_t i=0; i<ROWS(testv); i++) {

		struct notifier_sub *sub;
		static struct fix f;

		start_live(&f);
		sub = notifier_last(f.n, 0);
		f.n->how.silent = true;

		notifier_raw(f.n, sub, ++sub->cseq, testv[i].rest);
		WAIT(&f, f.n->answerc == 2);
		row_uint(i, testv[i].scode, f.n->scode);
		row_int(i, testv[i].state, f.factv[0].state);
		row_bool(i, testv[i].stale, f.factv[0].stale);
		row_bool(i, testv[i].stale, f.factv[0].reason[0]);

		/* repeated: the same answer, nothing changes */
		notifier_raw(f.n, sub, sub->cseq, testv[i].rest);
		WAIT(&f, f.n->answerc == 3);
		row_uint(i, testv[i].scode, f.n->scode);
		row_int(i, testv[i].state, f.factv[0].state);

		flush(&f);
		row_uint(i, testv[i].stale && !strstr(testv[i].rest,
			 "terminated") ? 2 : 1, f.n->subscribec);

		fix_close(&f);
	}
}


/* A refused NOTIFY: the lamp is old until full state comes, and says why */
static void test_refused_notify(void **state)
{
	struct notifier_sub *sub;
	static struct fix f;
	(void)state;

	start_live(&f);
	sub = notifier_last(f.n, 0);
	f.n->how.parked = true;
	f.n->how.stateless = true;
	notifier_raw(f.n, sub, ++sub->cseq, "Event: dialog\r\n"
		     "Subscription-State: active\r\nContent-Type: "
		     "text/plain\r\nContent-Length: 2\r\n\r\nhi");
	WAIT(&f, f.n->scode == 415);
	SHOWS(&f, 0, LAMP_FREE, true, "unknown form");
	WAIT(&f, f.n->subscribec == 2);

	/* neither the 2xx nor a NOTIFY without state mends it */
	notifier_notify(f.n, sub, NULL, NULL);
	WAIT(&f, f.n->scode == 200);
	SHOWS(&f, 0, LAMP_FREE, true, "unknown form");
	notifier_notify(f.n, sub, NULL, "confirmed");
	WAIT(&f, f.factv[0].state == LAMP_PARKED);
	SHOWS(&f, 0, LAMP_PARKED, false, "");
	fix_close(&f);

	/* of a subscription that tells nothing else it is no sign of life:
	   Timer N goes on */
	start(&f, 1);
	f.n->how.stateless = true;
	go(&f);
	WAIT(&f, f.n->subc == 1);
	flush(&f);
	sub = notifier_last(f.n, 0);
	notifier_raw(f.n, sub, ++sub->cseq, "Event: dialog\r\n"
		     "Content-Length: 0\r\n\r\n");
	WAIT(&f, f.n->scode == 400);
	move(&f, 32000);
	SHOWS(&f, 0, LAMP_UNKNOWN, false, "tells no state");
	fix_close(&f);
}


/* How often a text stands in the log */
static unsigned log_count(const char *path, const char *text)
{
	char line[1024];
	unsigned n = 0;
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		n += strstr(line, text) != NULL;
	fclose(file);

	return n;
}


/* Why nothing can be read is logged when that changes, not each time */
static void test_log_once(void **state)
{
	static const struct {
		const char *type, *body;
		unsigned n, unclosedc, formc;
	} rowv[] = {
		{"application/dialog-info+xml", "<a><b", 1, 1, 0},
		{"application/dialog-info+xml", "<a><b", 3, 1, 0},
		{"text/plain",                  "hi",    3, 1, 1},
		{"application/dialog-info+xml", "<a><b", 2, 2, 1},
		{"application/dialog-info+xml", DOC,     1, 2, 1},
		{"application/dialog-info+xml", "<a><b", 2, 3, 1},
	};
	char dir[] = "/tmp/parkdeck-test-XXXXXX", path[64];
	struct notifier_sub *sub;
	static struct fix f;
	(void)state;

	start_live(&f);
	sub = notifier_last(f.n, 0);
	f.n->how.silent = true;
	assert_non_null(mkdtemp(dir));
	(void)re_snprintf(path, sizeof(path), "%s/log", dir);
	assert_int_equal(applog_open(path, APPLOG_INFO), 0);

	for (size_t i=0; i<ROWS(rowv); i++) {

		char rest[512];

		(void)re_snprintf(rest, sizeof(rest), "Event: dialog\r\n"
				  "Subscription-State: active\r\n"
				  "Content-Type: %s\r\n"
				  "Content-Length: %zu\r\n\r\n%s",
				  rowv[i].type, strlen(rowv[i].body),
				  rowv[i].body);

		for (unsigned k=0; k<rowv[i].n; k++) {
			const unsigned answerc = f.n->answerc;

			notifier_raw(f.n, sub, ++sub->cseq, rest);
			WAIT(&f, f.n->answerc > answerc);
		}

		row_uint(i, rowv[i].unclosedc,
			 log_count(path, "lamp 701: The document"));
		row_uint(i, rowv[i].formc, log_count(path, "unknown form"));
	}

	applog_close();
	(void)unlink(path);
	(void)rmdir(dir);
	fix_close(&f);
}


static void tell_doc(struct fix *f, struct notifier_sub *sub,
		     const char *dialogs)
{
	const unsigned okc = f->n->okc;
	char *doc, *rest;

	assert_int_equal(re_sdprintf(&doc, "<dialog-info version=\"%u\" "
		"state=\"full\" entity=\"sip:701@pbx\">%s</dialog-info>",
		sub->version++, dialogs), 0);
	assert_int_equal(re_sdprintf(&rest, "Event: dialog\r\n"
		"Subscription-State: active;expires=300\r\nContent-Type: "
		"application/dialog-info+xml\r\nContent-Length: %zu\r\n\r\n"
		"%s", strlen(doc), doc), 0);
	notifier_raw(f->n, sub, ++sub->cseq, rest);
	mem_deref(rest);
	mem_deref(doc);
	WAIT(f, f->n->okc > okc);
}


/* More than the state: who parked, how many, on hold, why it ended */
static void test_details(void **state)
{
	static const struct {
		const char *dialogs;
		enum lamp_state state;
		const char *by;
		unsigned calls;
		bool held;
		enum lamp_end ended;
	} rowv[] = {
		{"<dialog id='1'><state>confirmed</state></dialog>",
		 LAMP_PARKED, "", 1, false, LAMP_END_NONE},
		{"<dialog id='1'><state>confirmed</state><referred-by display="
		 "'Kim'>sip:104@pbx</referred-by></dialog>",
		 LAMP_PARKED, "Kim", 1, false, LAMP_END_NONE},
		{"<dialog id='1'><state>confirmed</state></dialog>"
		 "<dialog id='2'><state>confirmed</state></dialog>",
		 LAMP_PARKED, "Kim", 2, false, LAMP_END_NONE},
		{"<dialog id='2'><state>confirmed</state><local><target uri="
		 "'sip:x'><param pname='+sip.rendering' pval='no'/></target>"
		 "</local></dialog>",
		 LAMP_PARKED, "", 1, true, LAMP_END_NONE},
		{"<dialog id='2'><state event='replaced'>terminated</state>"
		 "</dialog>", LAMP_FREE, "", 0, false, LAMP_END_TAKEN},
	};
	struct notifier_sub *sub;
	static struct fix f;
	(void)state;

	start_live(&f);
	sub = notifier_last(f.n, 0);

	for (size_t i=0; i<ROWS(rowv); i++) {

		const unsigned factc = f.factc;

		tell_doc(&f, sub, rowv[i].dialogs);
		row_uint(i, factc + 1, f.factc);
		row_int(i, rowv[i].state, f.factv[0].state);
		row_str(i, rowv[i].by, f.factv[0].by);
		row_uint(i, rowv[i].calls, f.factv[0].calls);
		row_bool(i, rowv[i].held, f.factv[0].held);
		row_int(i, rowv[i].ended, f.factv[0].ended);
	}

	fix_close(&f);
}


/* What rings can be taken by Replaces, as the caller sees it; nothing else */
static void test_dialog_of(void **state)
{
#define IDS "call-id='c1' local-tag='l1' remote-tag='r1'"
#define TO(uri) "<remote><target uri='" uri "'/></remote>"
	static const struct {
		const char *dialogs;
		int err;
	} rowv[] = {
		{"<dialog id='1' " IDS " direction='recipient'><state>early"
		 "</state>" TO("sip:77@x") "</dialog>", 0},
		/* he did not call: RFC 3891 4 */
		{"<dialog id='2' " IDS " direction='initiator'><state>early"
		 "</state>" TO("sip:77@x") "</dialog>", ENOENT},
		{"<dialog id='3' " IDS "><state>early</state>"
		 TO("sip:77@x") "</dialog>", ENOENT},
		{"<dialog id='4' " IDS " direction='recipient'><state>confirmed"
		 "</state>" TO("sip:77@x") "</dialog>", ENOENT},
		{"<dialog id='5' call-id='c1' local-tag='l1' direction="
		 "'recipient'><state>early</state>" TO("sip:77@x")
		 "</dialog>", ENOENT},
		{"<dialog id='6' " IDS " direction='recipient'><state>early"
		 "</state></dialog>", ENOENT},
		{"", ENOENT},
	};
	struct blf_dialog dlg;
	struct notifier_sub *sub;
	static struct fix f;
	(void)state;

	fix_open(&f, 1);
	f.specv[0].kind = LAMP_EXTENSION;
	fix_panel(&f, 1);
	go(&f);
	WAIT(&f, f.livec == 1);
	WAIT(&f, f.n->okc == 1);
	sub = notifier_last(f.n, 0);

	for (size_t i=0; i<ROWS(rowv); i++) {

		tell_doc(&f, sub, rowv[i].dialogs);
		memset(&dlg, 0, sizeof(dlg));
		row_int(i, rowv[i].err, blf_dialog_of(f.blf, 0, "701",
						      &dlg));
		row_str(i, rowv[i].err ? "" : "sip:77@x", dlg.target);
		row_str(i, rowv[i].err ? "" : "c1", dlg.call_id);
		row_str(i, rowv[i].err ? "" : "r1", dlg.to_tag);
		row_str(i, rowv[i].err ? "" : "l1", dlg.from_tag);
	}

	tell_doc(&f, sub, rowv[0].dialogs);
	assert_int_equal(blf_dialog_of(f.blf, 0, "701", &dlg), 0);
	assert_int_equal(blf_dialog_of(f.blf, 1, "701", &dlg), ENOENT);
	assert_int_equal(blf_dialog_of(f.blf, 0, "702", &dlg), ENOENT);
	assert_int_equal(blf_dialog_of(NULL, 0, "701", &dlg), EINVAL);

	/* what is old may not ring any more */
	blf_registered(f.blf, 0, false, false, "gone");
	assert_int_equal(blf_dialog_of(f.blf, 0, "701", &dlg), ENOENT);

	fix_close(&f);
}


/* A server that never sends what can be read is not asked for ever */
static void test_no_storm(void **state)
{
	struct notifier_sub *sub;
	static struct fix f;
	(void)state;

	start_live(&f);
	sub = notifier_last(f.n, 0);

	for (unsigned i=0; i<50; i++) {
		f.n->answerc = 0;
		notifier_raw(f.n, sub, ++sub->cseq, "Event: dialog\r\n"
			     "Subscription-State: active\r\nContent-Type: "
			     "application/dialog-info+xml\r\n"
			     "Content-Length: 4\r\n\r\n<a><");
		WAIT(&f, f.n->answerc >= 1);
		move(&f, 1000);
	}

	assert_in_range(f.n->subscribec, 2, 4);
	fix_close(&f);
}


static void test_big(void **state)
{
	struct notifier_sub *sub;
	struct mbuf *mb, *doc;
	static struct fix f;
	(void)state;

	start_live(&f);
	sub = notifier_last(f.n, 0);

	/* 20 kB: libre alone reads 8 of them */
	doc = mbuf_alloc(32768);
	mb  = mbuf_alloc(32768);
	(void)mbuf_printf(doc, "<dialog-info version=\"7\" state=\"full\">");
	for (unsigned i=0; i<20; i++)
		(void)mbuf_printf(doc, "<dialog id=\"%u\"><!-- %1000s -->"
				  "<state>%s</state></dialog>\n", i, "x",
				  i == 19 ? "confirmed" : "terminated");
	(void)mbuf_printf(doc, "</dialog-info>");
	assert_true(doc->end > 20000);
	doc->pos = 0;
	(void)mbuf_printf(mb, "Event: dialog\r\nSubscription-State: active"
			  "\r\nContent-Type: application/dialog-info+xml\r\n"
			  "Content-Length: %zu\r\n\r\n%b%c", doc->end,
			  mbuf_buf(doc), mbuf_get_left(doc), 0);
	notifier_raw(f.n, sub, ++sub->cseq, (char *)mb->buf);
	WAIT(&f, f.factv[0].state == LAMP_PARKED);
	SHOWS(&f, 0, LAMP_PARKED, false, "");

	mem_deref(mb);
	mem_deref(doc);
	fix_close(&f);
}


static void test_registration(void **state)
{
	struct notifier_sub *sub;
	char callid[64];
	static struct fix f;
	(void)state;

	start_live(&f);
	sub = notifier_last(f.n, 0);
	str_ncpy(callid, f.n->seen.callid, sizeof(callid));

	/* lost: old at once, nothing is sent */
	blf_registered(f.blf, 0, false, false, "503 Service Unavailable");
	SHOWS(&f, 0, LAMP_FREE, true,
	      "not registered: 503 Service Unavailable");
	move(&f, 600000);
	assert_int_equal(f.n->subscribec, 1);
	assert_int_equal(blf_resubscribe(f.blf, NULL), 0);
	assert_int_equal(blf_resubscribe(f.blf, "701"), 0);
	flush(&f);
	assert_int_equal(f.n->subscribec, 1);

	/* what the server goes on telling is shown, but not believed */
	notifier_notify(f.n, sub, NULL, "confirmed");
	WAIT(&f, f.n->scode == 200);
	SHOWS(&f, 0, LAMP_PARKED, true, "not registered");

	/* back */
	blf_registered(f.blf, 0, true, true, NULL);
	WAIT(&f, f.livec == 1);
	SHOWS(&f, 0, LAMP_FREE, false, "");
	assert_int_equal(f.n->initialc, 2);
	assert_string_not_equal(f.n->seen.callid, callid);

	/* the old one is no more */
	notifier_notify(f.n, sub, NULL, "confirmed");
	WAIT(&f, f.n->scode == 481);
	SHOWS(&f, 0, LAMP_FREE, false, "");

	/* a mere refresh of the registration changes nothing */
	blf_registered(f.blf, 0, true, false, NULL);
	flush(&f);
	assert_int_equal(f.n->subscribec, 2);

	/* unknown accounts are none of ours */
	blf_registered(f.blf, 7, true, true, NULL);
	blf_registered(NULL, 0, true, true, NULL);

	fix_close(&f);
}


static void done(void *arg)
{
	struct fix *f = arg;

	f->closed = true;
	re_cancel();
}


/*
 * phone                    notifier
 *   | SUBSCRIBE, 0 -------> |
 *   | <---------------- 200 |
 *   | <------------- NOTIFY |   terminated
 *   | 200 ----------------> |
 *   | <------------- NOTIFY |   its repeat: 200 as well
 */
static void test_close(void **state)
{
	struct notifier_sub *sub;
	unsigned factc;
	static struct fix f;
	(void)state;

	start(&f, 40);
	go(&f);
	WAIT(&f, f.livec == 40);
	WAIT(&f, f.n->okc == 40);
	factc = f.factc;

	blf_close(f.blf, done, &f);
	WAIT(&f, f.closed);
	assert_int_equal(f.n->byec, 40);
	WAIT(&f, f.n->okc == 80);
	assert_int_equal(f.foreignc, 0);
	assert_int_equal(f.factc, factc);

	/* repeats of the last NOTIFY for 32 s; nothing else, nothing later */
	sub = notifier_last(f.n, 0);
	--sub->cseq;
	notifier_notify(f.n, sub, "terminated", "terminated");
	WAIT(&f, f.n->scode == 200);
	notifier_notify(f.n, sub, NULL, "confirmed");
	WAIT(&f, f.n->scode == 481);
	fake_clock_add(&f.fc, 32000);
	sub->cseq -= 2;
	notifier_notify(f.n, sub, "terminated", "terminated");
	WAIT(&f, f.n->scode == 481);

	/* closed is closed */
	go(&f);
	assert_int_equal(blf_resubscribe(f.blf, NULL), ESHUTDOWN);
	flush(&f);
	assert_int_equal(f.n->initialc, 40);
	fix_close(&f);

	/* a server that does not answer is not waited for */
	start_live(&f);
	f.n->how.silent = true;
	blf_close(f.blf, done, &f);
	flush(&f);
	assert_int_equal(f.n->byec, 1);
	assert_false(f.closed);
	fake_clock_add(&f.fc, 1000);
	blf_poll(f.blf);
	assert_true(f.closed);
	fix_close(&f);

	/* no lamps, or not registered: at once, but not from within */
	start(&f, 3);
	blf_close(f.blf, done, &f);
	assert_false(f.closed);
	WAIT(&f, f.closed);
	assert_int_equal(f.n->subscribec, 0);
	fix_close(&f);

	/* simply dropped: one datagram each */
	start(&f, 3);
	go(&f);
	WAIT(&f, f.livec == 3);
	f.blf = mem_deref(f.blf);
	flush(&f);
	assert_int_equal(f.n->byec, 3);
	fix_close(&f);
}


/* A NOTIFY that comes again after its subscription was removed */
static void test_repeat(void **state)
{
	struct notifier_sub *sub;
	static struct fix f;
	(void)state;

	start_live(&f);
	sub = notifier_last(f.n, 0);
	f.n->how.silent = true;

	notifier_notify(f.n, sub, "terminated;reason=noresource", NULL);
	WAIT(&f, f.n->scode == 200);
	--sub->cseq;
	notifier_notify(f.n, sub, "terminated;reason=noresource", NULL);
	WAIT(&f, f.n->scode == 200);
	assert_int_equal(f.foreignc, 0);

	/* of another dialog, and of nobody */
	str_ncpy(sub->ltag, "other", sizeof(sub->ltag));
	--sub->cseq;
	notifier_notify(f.n, sub, "terminated", NULL);
	WAIT(&f, f.n->scode == 481);
	str_ncpy(sub->callid, "other", sizeof(sub->callid));
	notifier_notify(f.n, sub, "terminated", NULL);
	WAIT(&f, f.n->scode == 481);
	assert_int_equal(f.foreignc, 2);

	fix_close(&f);
}


static void test_recall(void **state)
{
	static struct fix f;
	(void)state;

	fix_open(&f, 1);
	f.prm.recall_s = 45;
	fix_panel(&f, 1);
	go(&f);
	WAIT(&f, f.livec == 1);

	f.n->how.parked = true;
	notifier_notify(f.n, notifier_last(f.n, 0), NULL, "confirmed");
	WAIT(&f, f.factv[0].state == LAMP_PARKED);
	WAIT(&f, f.n->okc == 2);

	/* parked for longer than a recall takes: looked at, once */
	move(&f, 44999);
	assert_int_equal(f.n->subscribec, 1);
	move(&f, 1);
	WAIT(&f, f.n->okc == 3);
	assert_int_equal(f.n->subscribec, 2);
	move(&f, 44999);
	assert_int_equal(f.n->subscribec, 2);

	/* the last NOTIFY was lost: the truth comes now */
	f.n->how.parked = false;
	move(&f, 1);
	WAIT(&f, f.factv[0].state == LAMP_FREE);
	assert_int_equal(f.n->subscribec, 3);

	fix_close(&f);
}


/* Our own pickup: the server may keep silent of it (RFC 4235 3.3) */
static void test_taken(void **state)
{
	struct notifier_sub *sub;
	static struct fix f;
	(void)state;

	start_live(&f);
	sub = notifier_last(f.n, 0);
	notifier_notify(f.n, sub, NULL, "confirmed");
	WAIT(&f, f.factv[0].state == LAMP_PARKED);
	WAIT(&f, f.n->okc == 2);

	/* it tells in time: that counts */
	blf_taken(f.blf, 0, "701");
	notifier_notify(f.n, sub, NULL, "terminated");
	WAIT(&f, f.factv[0].state == LAMP_FREE);
	notifier_notify(f.n, sub, NULL, "confirmed");
	WAIT(&f, f.n->okc == 4);
	f.n->how.parked = true;
	move(&f, 2000);
	WAIT(&f, f.n->okc == 5);
	SHOWS(&f, 0, LAMP_PARKED, false, "");

	/* it does not: what is shown is not believed any more */
	blf_taken(f.blf, 0, "701");
	blf_taken(f.blf, 0, "702");
	blf_taken(f.blf, 7, "701");
	blf_taken(NULL, 0, "701");
	f.n->how.stateless = true;
	move(&f, 1999);
	SHOWS(&f, 0, LAMP_PARKED, false, "");
	move(&f, 1);
	SHOWS(&f, 0, LAMP_PARKED, true, "you have taken the call");
	WAIT(&f, f.n->subscribec == 3);
	notifier_notify(f.n, sub, NULL, "terminated");
	WAIT(&f, f.factv[0].state == LAMP_FREE);
	SHOWS(&f, 0, LAMP_FREE, false, "");

	/* of two that wait there one is left */
	f.n->how.stateless = false;
	tell_doc(&f, sub, "<dialog id='1'><state>confirmed</state></dialog>"
		 "<dialog id='2'><state>confirmed</state></dialog>");
	blf_taken(f.blf, 0, "701");
	f.n->how.silent = true;
	move(&f, 2000);
	SHOWS(&f, 0, LAMP_PARKED, false, "");

	fix_close(&f);
}


static void test_route(void **state)
{
	struct notifier_sub *sub;
	char rest[512], want[128], proxy[64];
	static struct fix f;
	(void)state;

	/* the record route of the first NOTIFY, for good */
	fix_open(&f, 1);
	(void)re_snprintf(proxy, sizeof(proxy), "sip:%J", &f.n->laddr);
	f.acc.route = proxy;
	(void)re_snprintf(f.targetv[0], sizeof(f.targetv[0]),
			  "sip:701@pbx.invalid");
	fix_panel(&f, 1);
	f.n->how.stateless = true;
	go(&f);
	WAIT(&f, f.n->subc == 1);

	/* first to the outbound proxy */
	(void)re_snprintf(want, sizeof(want), "<sip:%J;lr>", &f.n->laddr);
	assert_string_equal(f.n->seen.route, want);
	assert_string_equal(f.n->seen.ruri, "sip:701@pbx.invalid");

	sub = notifier_last(f.n, 0);
	(void)re_snprintf(rest, sizeof(rest),
			  "Contact: <sip:701@192.0.2.1:9>\r\n"
			  "Record-Route: <sip:%J;lr;x=1>\r\n"
			  "Record-Route: <sip:second.invalid;lr>\r\n"
			  "Event: dialog\r\n"
			  "Subscription-State: active;expires=60\r\n"
			  "Content-Length: 0\r\n\r\n", &f.n->laddr);
	notifier_raw(f.n, sub, ++sub->cseq, rest);
	WAIT(&f, f.n->scode == 200);
	SHOWS(&f, 0, LAMP_UNKNOWN, false, "tells no state");

	move(&f, 48000);
	WAIT(&f, f.n->subscribec == 2);
	(void)re_snprintf(want, sizeof(want), "<sip:%J;lr;x=1>",
			  &f.n->laddr);
	assert_string_equal(f.n->seen.route, want);
	assert_string_equal(f.n->seen.ruri, "sip:701@192.0.2.1:9");

	/* a new target: the route stays */
	(void)re_snprintf(rest, sizeof(rest),
			  "Contact: <sip:702@192.0.2.2>\r\n"
			  "Event: dialog\r\n"
			  "Subscription-State: active;expires=60\r\n"
			  "Content-Length: 0\r\n\r\n");
	notifier_raw(f.n, sub, ++sub->cseq, rest);
	WAIT(&f, f.n->scode == 200);
	move(&f, 48000);
	WAIT(&f, f.n->subscribec == 3);
	assert_string_equal(f.n->seen.route, want);
	assert_string_equal(f.n->seen.ruri, "sip:702@192.0.2.2");

	/* nothing may break out of a header: the target stays as it was,
	   that of the last 2xx */
	f.n->how.silent = true;
	notifier_raw(f.n, sub, ++sub->cseq,
		     "Contact: <sip:703@192.0.2.3\r\n X: y>\r\n"
		     "Event: dialog\r\n"
		     "Subscription-State: active;expires=60\r\n"
		     "Content-Length: 0\r\n\r\n");
	WAIT(&f, f.n->scode == 200);
	move(&f, 48000);
	WAIT(&f, f.n->subscribec == 4);
	(void)re_snprintf(want, sizeof(want), "sip:%J", &f.n->laddr);
	assert_string_equal(f.n->seen.ruri, want);

	fix_close(&f);
}


static void test_unsent(void **state)
{
	static struct fix f;
	(void)state;

	/* an address that nothing can be sent to */
	fix_open(&f, 20);
	for (unsigned i=0; i<20; i++)
		(void)re_snprintf(f.targetv[i], sizeof(f.targetv[i]),
				  "sip:%u@127.0.0.1;transport=tls", i);
	fix_panel(&f, 20);
	go(&f);
	SHOWS(&f, 0, LAMP_UNKNOWN, false, "cannot be reached");
	SHOWS(&f, 19, LAMP_UNKNOWN, false, "no answer");
	for (unsigned i=0; i<100; i++)
		move(&f, 1000);
	SHOWS(&f, 19, LAMP_UNKNOWN, false, "cannot be reached");
	fix_close(&f);
}


/* Bytes of a NOTIFY changed at random: no crash, no lamp that lies */
static void test_mutated(void **state)
{
	static const char *const template =
		"NOTIFY sip:101@127.0.0.1 SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKx;rport\r\n"
		"Contact: <sip:127.0.0.1:9>\r\n"
		"To: <sip:101@pbx>;tag=%s\r\n"
		"From: <sip:701@pbx>;tag=%s\r\n"
		"Call-ID: %s\r\n"
		"CSeq: %u NOTIFY\r\n"
		"Record-Route: <sip:127.0.0.1:9;lr>\r\n"
		"Event: dialog\r\n"
		"Subscription-State: active;expires=300\r\n"
		"Content-Type: application/dialog-info+xml\r\n"
		"Content-Length: 104\r\n\r\n" DOC;
	struct notifier_sub *sub;
	uint32_t rng = 1;
	static struct fix f;
	(void)state;

	start_live(&f);
	sub = notifier_last(f.n, 0);

	for (unsigned i=0; i<4000; i++) {

		struct mbuf *mb = mbuf_alloc(2048);
		struct sip_msg *msg;

		assert_non_null(mb);
		(void)mbuf_printf(mb, template, sub->rtag, sub->ltag,
				  sub->callid, sub->cseq + 1 + i);

		for (unsigned k=0; k<1 + i % 4; k++) {
			rng = rng * 1664525 + 1013904223;
			mb->buf[(rng >> 8) % mb->end] =
				i % 3 ? "\r\n ;=<>:\"\\,0a\0"[(rng >> 20) % 14]
				: (uint8_t)(rng >> 24);
		}
		mb->pos = 0;

		if (!sip_msg_decode(&msg, mb)) {
			msg->src = f.n->laddr;
			msg->dst = f.laddr;
			msg->tp  = SIP_TRANSP_UDP;
			(void)blf_request(f.blf, msg, server_handler, &f);
			mem_deref(msg);
		}
		mem_deref(mb);

		assert_true(f.factv[0].state == LAMP_FREE ||
			    f.factv[0].state == LAMP_PARKED);
	}

	assert_false(blf_request(f.blf, NULL, server_handler, &f));
	assert_false(blf_request(NULL, NULL, NULL, NULL));

	/* and it lives */
	go(&f);
	WAIT(&f, f.livec == 1);
	WAIT(&f, f.factv[0].state == LAMP_FREE);
	fix_close(&f);
}


static void test_many(void **state)
{
	unsigned retriedc;
	static struct fix f;
	(void)state;

	start(&f, LAMPS);
	f.n->how.auth = true;
	go(&f);
	WAIT(&f, f.livec == LAMPS);

	/* one challenge for all, and none was asked twice */
	assert_int_equal(f.n->initialc, LAMPS + 1);
	assert_int_equal(f.n->challengec, 1);
	assert_int_equal(f.authc, 1);

	/* told: in the beginning, and that it is free */
	assert_int_equal(f.factc, 2 * LAMPS);

	/* the refreshes of five minutes: each once, spread, none is lost.
	   In steps, as a clock does */
	for (unsigned s=0; s<240; s++) {
		const unsigned before = f.n->subscribec;

		move(&f, 1000);
		retriedc = f.n->subscribec - before;
		if (s > 150 && retriedc > 120)
			fail_msg("second %u: %u refreshes", s, retriedc);
	}
	WAIT(&f, f.n->subscribec >= 2 * LAMPS + 1);
	assert_int_equal(f.n->initialc, LAMPS + 1);
	assert_int_equal(f.livec, LAMPS);
	assert_int_equal(f.factc, 2 * LAMPS);

	fix_close(&f);
}


/* The same over a connection */
static void test_tcp(void **state)
{
	static struct fix f;
	struct sa tcp;
	(void)state;

	fix_open(&f, 20);
	assert_int_equal(sa_set_str(&tcp, "127.0.0.1", 0), 0);
	assert_int_equal(sip_transp_add(f.sip, SIP_TRANSP_TCP, &tcp), 0);
	for (unsigned i=0; i<20; i++)
		(void)re_snprintf(f.targetv[i], sizeof(f.targetv[i]),
				  "sip:%s@%J;transport=tcp", f.spotv[i],
				  &f.n->tcp);
	fix_panel(&f, 20);
	f.n->how.auth = true;
	go(&f);
	WAIT(&f, f.livec == 20);
	assert_non_null(strstr(f.n->seen.contact, ";transport=tcp"));
	WAIT(&f, f.n->okc == 20);

	/* the refreshes find the connection again */
	fake_clock_add(&f.fc, 240000);
	blf_poll(f.blf);
	WAIT(&f, f.n->okc == 40);
	assert_int_equal(f.n->initialc, 21);
	assert_int_equal(f.livec, 20);

	blf_close(f.blf, done, &f);
	WAIT(&f, f.closed);
	assert_int_equal(f.n->byec, 20);

	fix_close(&f);
}


/* What happens to one account is not the other's business */
static void test_accounts(void **state)
{
	static struct fix f;
	struct blf_account accv[2];
	(void)state;

	fix_open(&f, 20);
	for (unsigned i=0; i<20; i++)
		f.specv[i].account = i % 2;
	accv[0] = f.acc;
	accv[1] = f.acc;
	accv[1].aor = "sip:102@pbx";
	assert_int_equal(blf_alloc(&f.blf, &f.fc.clock, &f.prm, accv, 2,
				   f.specv, 20, lamp_handler, &f), 0);

	blf_registered(f.blf, 1, true, true, NULL);
	WAIT(&f, f.livec == 10);
	SHOWS(&f, 0, LAMP_UNKNOWN, false, "not registered");
	SHOWS(&f, 1, LAMP_FREE, false, "");
	assert_int_equal(f.factv[1].account, 1);

	blf_registered(f.blf, 0, true, true, NULL);
	WAIT(&f, f.livec == 20);
	flush(&f);
	assert_int_equal(f.n->initialc, 20);

	blf_registered(f.blf, 1, false, false, NULL);
	SHOWS(&f, 0, LAMP_FREE, false, "");
	SHOWS(&f, 1, LAMP_FREE, true, "not registered");
	assert_int_equal(f.livec, 10);

	fix_close(&f);
}


/* A handler may ask for things while it is told */
static void eager_handler(const struct lamp_fact *fact, void *arg)
{
	struct fix *f = arg;

	lamp_handler(fact, arg);

	if (f->factc % 3 == 0 && f->factc < 15) {
		(void)blf_resubscribe(f->blf, fact->spot);
		(void)blf_resubscribe(f->blf, NULL);
		blf_poll(f->blf);
	}
}


static void test_eager(void **state)
{
	static struct fix f;
	(void)state;

	fix_open(&f, 10);
	assert_int_equal(blf_alloc(&f.blf, &f.fc.clock, &f.prm, &f.acc, 1,
				   f.specv, 10, eager_handler, &f), 0);
	go(&f);
	WAIT(&f, f.livec == 10);
	blf_registered(f.blf, 0, false, false, "lost");
	assert_int_equal(f.livec, 0);
	go(&f);
	WAIT(&f, f.livec == 10);
	fix_close(&f);
}


static void test_alloc(void **state)
{
	struct blf *blf = NULL;
	static struct fix f;
	(void)state;

	fix_open(&f, 3);
	assert_int_equal(blf_alloc(NULL, &f.fc.clock, NULL, &f.acc, 1,
				   f.specv, 1, lamp_handler, &f), EINVAL);
	assert_int_equal(blf_alloc(&blf, &f.fc.clock, NULL, &f.acc, 0,
				   f.specv, 1, lamp_handler, &f), EINVAL);

	/* an account that there is not */
	f.specv[2].account = 1;
	assert_int_equal(blf_alloc(&blf, &f.fc.clock, NULL, &f.acc, 1,
				   f.specv, 3, lamp_handler, &f), EINVAL);
	assert_null(blf);
	f.specv[2].account = 0;
	f.specv[1].target = NULL;
	assert_int_equal(blf_alloc(&blf, &f.fc.clock, NULL, &f.acc, 1,
				   f.specv, 3, lamp_handler, &f), EINVAL);
	f.acc.aor = NULL;
	assert_int_equal(blf_alloc(&blf, &f.fc.clock, NULL, &f.acc, 1,
				   f.specv, 1, lamp_handler, &f), EINVAL);
	f.acc.aor = "sip:101@pbx";

	/* a panel without lamps */
	assert_int_equal(blf_alloc(&blf, &f.fc.clock, NULL, &f.acc, 1,
				   NULL, 0, lamp_handler, &f), 0);
	blf_registered(blf, 0, true, true, NULL);
	assert_int_equal(blf_resubscribe(blf, NULL), 0);
	mem_deref(blf);

	fix_close(&f);
}


#define blf_test(f) cmocka_unit_test_setup_teardown(f, NULL, teardown)

/* ------------------------------------------------------------------------ */

struct told {
	unsigned c;
	char body[64];
};

static struct told told;


static void told_handler(unsigned account, const void *body, size_t len,
			 void *arg)
{
	(void)arg;

	assert_int_equal(account, 0);
	assert_true(len < sizeof(told.body));
	memcpy(told.body, body, len);
	told.body[len] = '\0';
	++told.c;
}


/* What is parked on the account itself: a subscription of another package
   that is no lamp */
static void test_call_info(void **state)
{
	static const struct {
		const char *event, *ctype, *body;
		uint16_t scode;
		bool told;
	} rowv[] = {
		{"call-info", "application/x-broadworks-callpark-info+xml",
		 "<one/>", 200, true},
		{"call-info", NULL, "", 200, false},
		{"dialog", "application/dialog-info+xml", "<x/>", 489, false},
		{"call-info", "application/dialog-info+xml", "<x/>", 415,
		 false},
		{"call-info", "application/X-BroadWorks-callpark-info+xml",
		 "<two/>", 200, true},
	};
	static struct fix f;
	char uri[64], rest[512];
	(void)state;

	memset(&told, 0, sizeof(told));
	start(&f, 0);
	f.n->how.stateless = true;
	(void)re_snprintf(uri, sizeof(uri), "sip:101@%J", &f.n->laddr);

	blf_set_info_handler(f.blf, told_handler);
	assert_int_equal(blf_watch_info(f.blf, 1, uri), EINVAL);
	assert_int_equal(blf_watch_info(f.blf, 0, NULL), EINVAL);
	assert_int_equal(blf_watch_info(f.blf, 0, uri), 0);
	assert_int_equal(blf_watch_info(f.blf, 0, uri), EALREADY);

	go(&f);
	WAIT(&f, f.n->initialc == 1);
	flush(&f);
	assert_string_equal(f.n->seen.event, "call-info");
	assert_string_equal(f.n->seen.accept,
			    "application/x-broadworks-callpark-info+xml");
	assert_string_equal(f.n->seen.ruri, uri);

	for (size_t i=0; i<ROWS(rowv); i++) {

		struct notifier_sub *sub = notifier_last(f.n, 0);
		const unsigned answerc = f.n->answerc, c = told.c;

		(void)re_snprintf(rest, sizeof(rest), "Event: %s\r\n"
				  "Subscription-State: active;expires=300\r\n"
				  "%s%s%sContent-Length: %zu\r\n\r\n%s",
				  rowv[i].event,
				  rowv[i].ctype ? "Content-Type: " : "",
				  rowv[i].ctype ? rowv[i].ctype : "",
				  rowv[i].ctype ? "\r\n" : "",
				  strlen(rowv[i].body), rowv[i].body);
		notifier_raw(f.n, sub, ++sub->cseq, rest);
		WAIT(&f, f.n->answerc > answerc);

		row_uint(i, rowv[i].scode, f.n->scode);
		row_uint(i, rowv[i].told, told.c - c);
		if (rowv[i].told)
			row_str(i, rowv[i].body, told.body);
	}

	/* it is no lamp: nobody is told of one */
	assert_int_equal(f.factc, 0);

	/* kept alive and ended as the others */
	blf_registered(f.blf, 0, false, false, "gone");
	go(&f);
	WAIT(&f, f.n->initialc == 2);
	assert_string_equal(f.n->seen.event, "call-info");
	fix_close(&f);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		blf_test(test_initial),
		blf_test(test_digest),
		blf_test(test_nonce_once),
		blf_test(test_password),
		blf_test(test_challenge),
		blf_test(test_before_2xx),
		blf_test(test_fork),
		blf_test(test_stranger),
		blf_test(test_brief),
		blf_test(test_refused),
		blf_test(test_refresh_fails),
		blf_test(test_timer_n),
		blf_test(test_silence),
		blf_test(test_hour_down),
		blf_test(test_window),
		blf_test(test_server_restart),
		blf_test(test_signs),
		blf_test(test_cseq),
		blf_test(test_burst),
		blf_test(test_terminated),
		blf_test(test_bad_notify),
		blf_test(test_refused_notify),
		blf_test(test_log_once),
		blf_test(test_details),
		blf_test(test_dialog_of),
		blf_test(test_no_storm),
		blf_test(test_big),
		blf_test(test_registration),
		blf_test(test_call_info),
		blf_test(test_close),
		blf_test(test_repeat),
		blf_test(test_recall),
		blf_test(test_taken),
		blf_test(test_route),
		blf_test(test_unsent),
		blf_test(test_mutated),
		blf_test(test_many),
		blf_test(test_tcp),
		blf_test(test_accounts),
		blf_test(test_eager),
		blf_test(test_alloc),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
