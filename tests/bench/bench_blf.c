/**
 * @file tests/bench/bench_blf.c  Bench: the panel of lamps
 *
 * Answers, for 100 and for 10,000 lamps: how long until all are subscribed
 * (with digest), what does a NOTIFY cost, what does a lamp take in memory?
 * Beside it the floor: a bare libre program that parses the body with
 * libxml2 and answers with sip_treply(), and knows no subscription.
 *
 * The notifier is another process; times are of this one's CPU alone. A
 * NOTIFY is measured from the end of one to the end of the next within a
 * burst, so reading, decoding, timers and the answer are in it.
 *
 * And for a list of 1,000 resources (RFC 4662), told once: what does a
 * NOTIFY cost that one of them has changed, beside one of a single lamp?
 *
 * usage: bench_blf [LAMPS...]
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <re.h>
#include <libxml/parser.h>
#include "app/clock.h"
#include "app/log.h"
#include "modules/blf/blf.h"
#include "tests/lib/notifier.h"
#include "tests/lib/notifier_list.h"


enum {
	NOTIFIES = 20000,
	BURST = 50,
	LAMPS_MAX = NOTIFIER_SUBS,
	WAIT_MS = 120000,
	LIST_LAMPS = 1000,
	LIST_STEP = 100,       /* that fit a datagram                    */
};

/** What is measured */
enum mode {
	MODE_BARE = 0,
	MODE_PANEL,
	MODE_LIST,
};

struct bench {
	struct sip *sip;
	struct sip_lsnr *lsnr;
	struct sa srv;
	struct sa laddr;
	struct blf *blf;
	struct blf_spec *specv;
	struct tmr tmr;
	uint32_t *nsv;
	size_t nsc;
	size_t size;
	uint64_t last_ns;
	unsigned notifyc;
	unsigned pongc;
	unsigned livec;
	unsigned factc;
	bool *livev;
	bool measure;
	pid_t pid;
};


static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);

	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}


static int compare(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}


/* ------------------------------------------------------------------------ */
/* The notifier's process                                                    */

/* "Subject: N": send a burst of N, each to another subscription. Those that
   the floor has not got are made up */
static void ping_handler(struct notifier *n, const struct sip_msg *msg,
			 void *arg)
{
	static size_t next;
	static unsigned long round_no;
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_SUBJECT);
	const struct sip_hdr *contact = sip_msg_hdr(msg, SIP_HDR_CONTACT);
	const uint32_t count = hdr ? pl_u32(&hdr->val) : 0;
	const size_t *lampcp = arg;

	while (contact && n->subc < *lampcp) {

		struct notifier_sub *sub = &n->subv[n->subc];

		(void)re_snprintf(sub->user, sizeof(sub->user), "%zu",
				  100000 + n->subc);
		(void)re_snprintf(sub->callid, sizeof(sub->callid),
				  "%032zx", n->subc);
		str_ncpy(sub->ltag, "0123456789abcdef", sizeof(sub->ltag));
		str_ncpy(sub->rtag, "fedcba9876543210", sizeof(sub->rtag));
		(void)pl_strcpy(&contact->val, sub->contact,
				sizeof(sub->contact));
		sub->expires_s = 300;
		++n->subc;
	}

	for (uint32_t i=0; i<count && n->subc; i++) {

		notifier_tell(n, &n->subv[next], round_no % 2
			      ? "terminated" : "confirmed");
		if (++next >= n->subc) {
			next = 0;
			++round_no;
		}
	}
}


static struct notifier_list resources = {
	.first = 100000, .count = LIST_LAMPS, .host = "pbx",
};


static bool list_handler(struct notifier *n, const struct sip_msg *msg,
			 struct notifier_sub *sub, void *arg)
{
	(void)arg;

	if (!sub)
		notifier_list_reset(&resources);

	sub = notifier_accept(n, msg, 200, "Require: eventlist\r\n");

	for (unsigned i=0; sub && i<resources.count; i += LIST_STEP)
		notifier_list_notify(n, sub, &resources, false, i, LIST_STEP);

	return true;
}


/* "Subject: N": N times one resource has changed */
static void list_ping_handler(struct notifier *n, const struct sip_msg *msg,
			      void *arg)
{
	static unsigned next;
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_SUBJECT);
	const uint32_t count = hdr ? pl_u32(&hdr->val) : 0;
	(void)arg;

	for (uint32_t i=0; i<count && n->subc; i++) {

		const unsigned k = next++ % LIST_LAMPS;

		resources.parkedv[k] = !resources.parkedv[k];
		notifier_list_tell(n, notifier_last(n, 0), &resources, false,
				   k, 1);
	}
}


static void child(int fd, size_t lampc, enum mode mode)
{
	struct notifier *n;
	char text[64];

	if (libre_init() || notifier_alloc(&n))
		_exit(2);

	n->how.auth = true;
	n->pingh    = mode == MODE_LIST ? list_ping_handler : ping_handler;
	n->h        = mode == MODE_LIST ? list_handler : NULL;
	n->arg      = &lampc;

	(void)re_snprintf(text, sizeof(text), "%J", &n->laddr);
	if (write(fd, text, strlen(text) + 1) < 0)
		_exit(2);
	(void)close(fd);

	/* until it is killed; re_cancel() is the tests' way of looking */
	for (;;)
		(void)re_main(NULL);
}


/* ------------------------------------------------------------------------ */
/* This process                                                              */

static void tick(void *arg)
{
	struct bench *b = arg;

	tmr_start(&b->tmr, 100, tick, b);
	re_cancel();
}


static int fail(const char *what)
{
	(void)fprintf(stderr, "bench_blf: %s\n", what);

	return 1;
}


static bool wait_for(const unsigned *p, unsigned want)
{
	const uint64_t end = tmr_jiffies() + WAIT_MS;

	while (*p < want && tmr_jiffies() < end)
		(void)re_main(NULL);

	return *p >= want;
}


static bool floor_request(struct bench *b, const struct sip_msg *msg)
{
	xmlDocPtr doc;

	doc = xmlReadMemory((char *)mbuf_buf(msg->mb),
			    (int)mbuf_get_left(msg->mb), NULL, NULL,
			    XML_PARSE_NONET | XML_PARSE_NOERROR |
			    XML_PARSE_NOWARNING);
	xmlFreeDoc(doc);

	(void)sip_treply(NULL, b->sip, msg, 200, "OK");

	return true;
}


static bool server_handler(unsigned account, const struct sip_msg *msg,
			   void *arg)
{
	(void)account;
	(void)msg;
	(void)arg;

	return true;
}


static bool request_handler(const struct sip_msg *msg, void *arg)
{
	struct bench *b = arg;
	uint64_t ns;

	if (b->blf ? !blf_request(b->blf, msg, server_handler, b) : !floor_request(b, msg))
		return false;

	++b->notifyc;

	if (b->measure) {
		ns = cpu_ns();
		if (b->last_ns && b->nsc < b->size)
			b->nsv[b->nsc++] = (uint32_t)(ns - b->last_ns);
		b->last_ns = ns;
		if (b->notifyc % BURST == 0)
			re_cancel();
	}

	return true;
}


static void pong_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct bench *b = arg;

	if (!err && msg && msg->scode == 200)
		++b->pongc;
	re_cancel();
}


static int ping(struct bench *b, unsigned count)
{
	char uri[64];

	(void)re_snprintf(uri, sizeof(uri), "sip:ping@%J", &b->srv);

	return sip_requestf(NULL, b->sip, true, "OPTIONS", uri, NULL, NULL,
			    NULL, pong_handler, b,
			    "To: <%s>\r\nFrom: <%s>;tag=x\r\n"
			    "Call-ID: ping%u\r\nCSeq: 1 OPTIONS\r\n"
			    "Contact: sip:x@%J\r\nSubject: %u\r\n"
			    "Content-Length: 0\r\n\r\n",
			    uri, uri, b->pongc, &b->laddr, count);
}


static int auth_handler(char **user, char **pass, const char *realm,
			void *arg)
{
	(void)realm;
	(void)arg;

	return str_dup(user, "101") | str_dup(pass, "secret");
}


static void lamp_handler(const struct lamp_fact *fact, void *arg)
{
	struct bench *b = arg;

	++b->factc;

	if (!b->livev[fact->idx] && fact->state != LAMP_UNKNOWN &&
	    !fact->stale) {
		b->livev[fact->idx] = true;
		++b->livec;
	}
}


static int measure(struct bench *b, const char *name, size_t lampc)
{
	unsigned sent = 0;
	size_t i;
	uint64_t sum = 0;

	b->measure = true;

	/* the first two rounds of bursts warm up */
	while (sent < NOTIFIES) {

		b->last_ns = 0;
		if (sent == 2 * BURST)
			b->nsc = 0;

		b->notifyc = 0;
		if (ping(b, BURST))
			return fail("cannot send");
		if (!wait_for(&b->notifyc, BURST))
			return fail("NOTIFYs were lost");
		sent += BURST;
	}

	for (i=0; i<b->nsc; i++)
		sum += b->nsv[i];
	qsort(b->nsv, b->nsc, sizeof(b->nsv[0]), compare);

	(void)printf("%-22s %5zu lamps  n=%zu  median %6.1f us  p95 %6.1f us"
		     "  p99 %6.1f us  mean %6.1f us\n", name, lampc, b->nsc,
		     b->nsv[b->nsc / 2] / 1e3,
		     b->nsv[b->nsc * 95 / 100] / 1e3,
		     b->nsv[b->nsc * 99 / 100] / 1e3,
		     (double)sum / (double)b->nsc / 1e3);

	return 0;
}


static int panel(struct bench *b, size_t lampc)
{
	const struct blf_account acc = {
		.sip   = b->sip,
		.aor   = "sip:101@pbx",
		.cuser = "0b9e1c4e",
		.authh = auth_handler,
	};
	size_t before, after;
	uint64_t wall, cpu;
	char (*textv)[64];
	int err = 1;

	b->specv = calloc(lampc, sizeof(*b->specv));
	b->livev = calloc(lampc, sizeof(*b->livev));
	textv    = calloc(2 * lampc, sizeof(*textv));
	if (!b->specv || !b->livev || !textv)
		goto out;

	for (size_t i=0; i<lampc; i++) {
		(void)re_snprintf(textv[2*i], 64, "%zu", 100000 + i);
		(void)re_snprintf(textv[2*i + 1], 64, "sip:%zu@%J",
				  100000 + i, &b->srv);
		b->specv[i].spot   = textv[2*i];
		b->specv[i].target = textv[2*i + 1];
	}

	before = mallinfo2().uordblks + mallinfo2().hblkhd;

	if (blf_alloc(&b->blf, clock_system(), NULL, &acc, 1, b->specv,
		      lampc, lamp_handler, b))
		goto out;

	wall = tmr_jiffies();
	cpu  = cpu_ns();
	blf_registered(b->blf, 0, true, true, NULL);
	if (!wait_for(&b->livec, (unsigned)lampc)) {
		err = fail("not all lamps came alive");
		goto out;
	}

	(void)printf("%-22s %5zu lamps  %llu ms, %.0f us of CPU each\n",
		     "all subscribed", lampc,
		     (unsigned long long)(tmr_jiffies() - wall),
		     (double)(cpu_ns() - cpu) / 1e3 / (double)lampc);

	/* libre holds each transaction for Timer K, 5 s */
	wall = tmr_jiffies();
	while (tmr_jiffies() < wall + 5500)
		(void)re_main(NULL);

	after = mallinfo2().uordblks + mallinfo2().hblkhd;
	(void)printf("%-22s %5zu lamps  %zu B each, rows and all\n",
		     "memory", lampc, (after - before) / lampc);

	err = measure(b, "NOTIFY, panel", lampc);

 out:
	b->blf = mem_deref(b->blf);
	free(b->specv);
	free(b->livev);
	free(textv);

	return err;
}


/* All by one subscription; it is the bench's to know when they are there */
static int list(struct bench *b)
{
	const struct blf_account acc = {
		.sip   = b->sip,
		.aor   = "sip:101@pbx",
		.cuser = "0b9e1c4e",
		.authh = auth_handler,
	};
	char target[64];
	const struct blf_list spec = {.name = "bench", .target = target};
	uint64_t wall, cpu;
	int err = 1;

	b->livev = calloc(LIST_LAMPS, sizeof(*b->livev));
	if (!b->livev)
		return fail("no memory");

	(void)re_snprintf(target, sizeof(target), "sip:parking@%J", &b->srv);

	if (blf_alloc(&b->blf, clock_system(), NULL, &acc, 1, NULL, 0,
		      lamp_handler, b) ||
	    blf_set_lists(b->blf, &spec, 1, NULL, NULL))
		goto out;

	wall = tmr_jiffies();
	cpu  = cpu_ns();
	blf_registered(b->blf, 0, true, true, NULL);
	if (!wait_for(&b->livec, LIST_LAMPS)) {
		err = fail("not all lamps of the list came alive");
		goto out;
	}

	(void)printf("%-22s %5u lamps  %llu ms, %.0f us of CPU each\n",
		     "all told by a list", (unsigned)LIST_LAMPS,
		     (unsigned long long)(tmr_jiffies() - wall),
		     (double)(cpu_ns() - cpu) / 1e3 / LIST_LAMPS);

	/* the list is asked once for all of it: that is over by now */
	wall = tmr_jiffies();
	while (tmr_jiffies() < wall + 2000)
		(void)re_main(NULL);

	err = measure(b, "NOTIFY, of a list", LIST_LAMPS);

 out:
	b->blf = mem_deref(b->blf);
	free(b->livev);

	return err;
}


static int run(size_t lampc, enum mode mode)
{
	struct bench bench, *b = &bench;
	char text[64] = "";
	int fdv[2], err = 1;

	memset(b, 0, sizeof(*b));
	b->size = NOTIFIES;

	if (pipe(fdv))
		return fail("no pipe");

	(void)fflush(stdout);
	b->pid = fork();
	if (b->pid < 0)
		return fail("no process");

	if (!b->pid) {
		(void)close(fdv[0]);
		child(fdv[1], lampc, mode);
	}
	(void)close(fdv[1]);

	if (read(fdv[0], text, sizeof(text) - 1) <= 0 ||
	    sa_decode(&b->srv, text, strlen(text)))
		goto out;

	b->nsv = calloc(b->size, sizeof(*b->nsv));
	if (!b->nsv || libre_init())
		goto out;

	(void)sa_set_str(&b->laddr, "127.0.0.1", 0);

	if (sip_alloc(&b->sip, NULL, 4096, 4096, 16, "bench", NULL, NULL) ||
	    sip_transp_add(b->sip, SIP_TRANSP_UDP, &b->laddr) ||
	    sip_transp_laddr(b->sip, &b->laddr, SIP_TRANSP_UDP, &b->srv) ||
	    sip_listen(&b->lsnr, b->sip, true, request_handler, b))
		goto out;

	tick(b);

	switch (mode) {

	case MODE_BARE:
		err = measure(b, "NOTIFY, bare libre", lampc);
		break;

	case MODE_PANEL:
		err = panel(b, lampc);
		break;

	case MODE_LIST:
		err = list(b);
		break;
	}

 out:
	tmr_cancel(&b->tmr);
	mem_deref(b->lsnr);
	if (b->sip)
		sip_close(b->sip, true);
	mem_deref(b->sip);
	libre_close();
	free(b->nsv);
	(void)close(fdv[0]);
	(void)kill(b->pid, SIGKILL);
	(void)waitpid(b->pid, NULL, 0);

	return err;
}


int main(int argc, char **argv)
{
	static const size_t lampcv[] = {100, 10000};
	int err = 0;

	(void)applog_open(NULL, APPLOG_ERROR);

	for (int i=1; i<argc && !err; i++) {

		const long lampc = atol(argv[i]);

		if (lampc < 1 || lampc > LAMPS_MAX)
			return fail("LAMPS: 1 to 20000");

		err = run((size_t)lampc, MODE_BARE) ||
			run((size_t)lampc, MODE_PANEL);
	}

	for (size_t i=0; argc < 2 && i<ARRAY_SIZE(lampcv) && !err; i++)
		err = run(lampcv[i], MODE_BARE) ||
			run(lampcv[i], MODE_PANEL);

	if (!err)
		err = run(LIST_LAMPS, MODE_LIST);

	return err;
}
