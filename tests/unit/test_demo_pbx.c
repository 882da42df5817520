/**
 * @file tests/unit/test_demo_pbx.c  Test: the built-in PBX on the wire
 *
 * Telephones are played with libre's own registration, session and event
 * clients: nothing here is shared with the phone, and the PBX uses none of
 * the three. All on loopback, in one loop; the PBX's clock is real time
 * plus what a test adds to it.
 */
#include <re.h>
#include <rem.h>
#include "tests/lib/test.h"
#include "tests/lib/goertzel.h"
#include "app/log.h"
#include "modules/demo/demo.h"
#include "modules/demo/demo_tone_model.h"

enum {
	UAS = 3,
	CALLS = 6,
	SUBS = 16,
	FRAGS = 8,
	LOG_MAX = 800,
	LIMIT_MS = 8000,         /* longer than any wait of a good run    */
	EAR = 1600,
	RETRANSMITS_MS = 20000,  /* ... with losses                       */
};

struct ua;

struct uacall {
	struct ua *ua;
	struct sipsess *sess;
	struct sipsub *refer;
	struct udp_sock *rtp;
	uint16_t port;
	struct sa peer;
	const char *dir;         /* what we offer                         */
	int pt;
	bool used, ringing, up, closed, told;
	uint16_t code;
	char from[96], pai[96], refby[96];
	uint16_t fragv[FRAGS];
	size_t fragc;
	bool frag_bare;
	bool refer_closed;
	uint16_t refer_code;
	int refer_err;
	int16_t earv[EAR];
	size_t ear;
	unsigned heard;
	struct demo_tone tone;
	int hz;
	uint16_t seq;
	uint32_t ts;
};

struct uasub {
	struct sipsub *sub;
	struct ua *ua;
	unsigned n;
	char body[2048];
	char state[64];
	bool closed;
	int err;
	uint16_t code;
};

struct ua {
	struct sip *sip;
	struct sip_lsnr *lsnr;
	struct sipsess_sock *ss;
	struct sipevent_sock *es;
	struct sipreg *reg;
	struct tmr tmr;
	char ext[16], aor[64], registrar[64];
	char pass[64];
	bool tcp, update;
	bool forgot;             /* all subscriptions: 481 to NOTIFY      */
	uint16_t regcode;
	int regerr;
	unsigned regc;
	struct uacall callv[CALLS];
	struct uasub subv[SUBS];
	char *logv[LOG_MAX];     /* received, in order                    */
	size_t logc;
	char oob[512];           /* NOTIFY that nobody asked for          */
};

static bool wire;                /* print every message                   */

static struct {
	struct demo *d;
	struct clock clock;
	uint64_t add_ms;
	struct ua uav[UAS];
} fx;


/* ---- the loop and the clock ---- */

static uint64_t fx_now(void *arg)
{
	(void)arg;
	return tmr_jiffies() + fx.add_ms;
}


static void add(uint64_t ms)
{
	fx.add_ms += ms;
	demo_poll(fx.d);
}


static void cancel_handler(void *arg)
{
	(void)arg;
	re_cancel();
}


static void turn(void)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, 2, cancel_handler, NULL);
	(void)re_main(NULL);
	tmr_cancel(&tmr);
}


#define UNTIL_MS(row, limit, expr) do {					\
	const uint64_t end_ = tmr_jiffies() + (limit);			\
	while (!(expr)) {						\
		if (tmr_jiffies() > end_)				\
			row_fail(row, "never: %s", #expr);		\
		turn();							\
	}								\
} while (0)

#define UNTIL(expr) UNTIL_MS(0, LIMIT_MS, expr)
#define ROW_UNTIL(row, expr) UNTIL_MS(row, LIMIT_MS, expr)

/* It must not become true for a while: only for what nothing announces */
#define NEVER(ms, expr) do {						\
	const uint64_t end_ = tmr_jiffies() + (ms);			\
	while (tmr_jiffies() < end_) {					\
		if (expr)						\
			row_fail(0, "happened: %s", #expr);		\
		turn();							\
	}								\
} while (0)


/* ---- a telephone ---- */

static int auth_handler(char **user, char **pass, const char *realm,
			void *arg)
{
	struct ua *ua = arg;
	(void)realm;

	return str_dup(user, ua->ext) | str_dup(pass, ua->pass);
}


static void trace_handler(bool tx, enum sip_transp tp, const struct sa *src,
			  const struct sa *dst, const uint8_t *pkt,
			  size_t len, void *arg)
{
	struct ua *ua = arg;
	char *s;
	(void)tp;
	(void)src;
	(void)dst;

	if (wire)
		(void)re_fprintf(stderr, "%s %s\n%b\n", ua->ext,
				 tx ? "->" : "<-", pkt, len);

	if (tx || ua->logc >= LOG_MAX)
		return;

	s = malloc(len + 1);
	assert_non_null(s);
	memcpy(s, pkt, len);
	s[len] = '\0';
	ua->logv[ua->logc++] = s;
}


static void header(char *buf, size_t sz, const struct sip_msg *msg,
		   enum sip_hdrid id)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, id);

	if (hdr)
		(void)pl_strcpy(&hdr->val, buf, sz);
}


static void rtp_handler(const struct sa *src, struct mbuf *mb, void *arg)
{
	struct uacall *c = arg;
	(void)src;

	if (mbuf_get_left(mb) <= 12)
		return;

	c->pt = mbuf_buf(mb)[1] & 0x7f;

	for (size_t i = 12; i < mbuf_get_left(mb); i++) {

		uint8_t o = mbuf_buf(mb)[i];

		c->earv[c->ear] = c->pt == 8 ? g711_alaw2pcm(o)
			: g711_ulaw2pcm(o);
		c->ear = (c->ear + 1) % EAR;
		++c->heard;
	}
}


/** Tone in the telephone's ear, over the last 200 ms; 0: silence */
static int hears(const struct uacall *c)
{
	if (c->heard < EAR)
		return 0;

	return (int)goertzel_dominant(c->earv, EAR, 8000);
}


/** Forget what was heard: the next answer is about what comes now */
static void deafen(struct uacall *c)
{
	c->heard = 0;
	c->ear = 0;
	memset(c->earv, 0, sizeof(c->earv));
}


static void rtp_tick(void *arg)
{
	struct ua *ua = arg;

	tmr_start(&ua->tmr, 20, rtp_tick, ua);

	for (size_t n = 0; n < CALLS; n++) {

		struct uacall *c = &ua->callv[n];
		int16_t sampv[160];
		uint8_t pkt[172] = {0x80};
		struct mbuf mb = {.buf = pkt, .size = 172, .end = 172};

		if (!c->used || !c->up || !c->hz || !c->rtp ||
		    !sa_isset(&c->peer, SA_ALL) ||
		    strncmp(c->dir, "send", 4))
			continue;

		demo_tone_fill(&c->tone, sampv, 160, c->hz);
		pkt[1] = 0;
		pkt[2] = (uint8_t)(c->seq >> 8);
		pkt[3] = (uint8_t)c->seq++;
		for (size_t i = 0; i < 160; i++)
			pkt[12 + i] = g711_pcm2ulaw(sampv[i]);

		(void)udp_send(c->rtp, &c->peer, &mb);
	}
}


static struct mbuf *sdp(struct uacall *c, const char *codecs)
{
	struct mbuf *mb = mbuf_alloc(512);

	assert_non_null(mb);
	assert_int_equal(0, mbuf_printf(mb,
		"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
		"c=IN IP4 127.0.0.1\r\nt=0 0\r\n"
		"m=audio %u RTP/AVP %s 101\r\n"
		"a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
		"a=rtpmap:101 telephone-event/8000\r\na=%s\r\n",
		c->port, codecs, c->dir));
	mb->pos = 0;

	return mb;
}


static void learn(struct uacall *c, const struct sip_msg *msg)
{
	struct pl port;

	if (mbuf_get_left(msg->mb) &&
	    !re_regex((const char *)mbuf_buf(msg->mb),
		      mbuf_get_left(msg->mb), "m=audio [0-9]+", &port))
		(void)sa_set_str(&c->peer, "127.0.0.1",
				 (uint16_t)pl_u32(&port));

	header(c->pai, sizeof(c->pai), msg, SIP_HDR_P_ASSERTED_IDENTITY);
}


static struct uacall *call_new(struct ua *ua)
{
	struct sa la;
	size_t i;

	for (i = 0; i < CALLS && ua->callv[i].used; i++)
		;
	assert_true(i < CALLS);

	struct uacall *c = &ua->callv[i];

	memset(c, 0, sizeof(*c));
	c->used = true;
	c->ua = ua;
	c->dir = "sendrecv";
	assert_int_equal(0, sa_set_str(&la, "127.0.0.1", 0));
	assert_int_equal(0, udp_listen(&c->rtp, &la, rtp_handler, c));
	assert_int_equal(0, udp_local_get(c->rtp, &la));
	c->port = sa_port(&la);

	return c;
}


static int offer_handler(struct mbuf **descp, const struct sip_msg *msg,
			 void *arg)
{
	struct uacall *c = arg;

	c->told = true;
	learn(c, msg);
	*descp = sdp(c, "0");

	return 0;
}


static int answer_handler(const struct sip_msg *msg, void *arg)
{
	learn(arg, msg);
	return 0;
}


static void progress_handler(const struct sip_msg *msg, void *arg)
{
	struct uacall *c = arg;

	if (msg->scode == 180)
		c->ringing = true;
}


static void estab_handler(const struct sip_msg *msg, void *arg)
{
	struct uacall *c = arg;
	(void)msg;

	c->up = true;
}


static void close_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct uacall *c = arg;

	c->closed = true;
	c->up = false;
	c->code = err ? 1 : msg && !msg->req ? msg->scode : 0;
	c->sess = mem_deref(c->sess);
}


static const char *allow(const struct ua *ua)
{
	return ua->update
		? "Allow: INVITE, ACK, BYE, CANCEL, UPDATE, NOTIFY, REFER\r\n"
		: "Allow: INVITE, ACK, BYE, CANCEL, NOTIFY, REFER\r\n";
}


static void conn_handler(const struct sip_msg *msg, void *arg)
{
	struct ua *ua = arg;
	struct uacall *c = call_new(ua);

	learn(c, msg);
	header(c->from, sizeof(c->from), msg, SIP_HDR_FROM);
	header(c->refby, sizeof(c->refby), msg, SIP_HDR_REFERRED_BY);
	c->ringing = true;

	assert_int_equal(0, sipsess_accept(&c->sess, ua->ss, msg, 180,
					   "Ringing", ua->ext,
					   "application/sdp", NULL,
					   auth_handler, ua, false,
					   offer_handler, answer_handler,
					   estab_handler, NULL, NULL,
					   close_handler, c, NULL));
}


static bool request_handler(const struct sip_msg *msg, void *arg)
{
	struct ua *ua = arg;

	if (!pl_strcmp(&msg->met, "UPDATE")) {

		for (size_t i = 0; i < CALLS; i++) {

			struct uacall *c = &ua->callv[i];

			if (!c->used || !c->sess ||
			    !sip_dialog_cmp(sipsess_dialog(c->sess), msg))
				continue;

			assert_true(ua->update);
			c->told = true;
			learn(c, msg);
			(void)sip_treplyf(NULL, NULL, ua->sip, msg, false,
					  200, "OK",
					  "Contact: <sip:%s@127.0.0.1>\r\n"
					  "Content-Length: 0\r\n\r\n",
					  ua->ext);
			return true;
		}
	}

	if (!pl_strcmp(&msg->met, "NOTIFY") && ua->forgot) {
		(void)sip_treply(NULL, ua->sip, msg, 481, "Gone");
		return true;
	}

	if (!pl_strcmp(&msg->met, "NOTIFY") && !pl_isset(&msg->to.tag)) {
		(void)re_snprintf(ua->oob, sizeof(ua->oob), "%b",
				  mbuf_buf(msg->mb), mbuf_get_left(msg->mb));
		(void)sip_treply(NULL, ua->sip, msg, 200, "OK");
		return true;
	}

	return false;
}


static void reg_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct ua *ua = arg;

	ua->regerr = err;
	ua->regcode = msg ? msg->scode : 0;
	++ua->regc;
}


static void reg(struct ua *ua, uint32_t expires)
{
	ua->reg = mem_deref(ua->reg);
	ua->regc = 0;
	assert_int_equal(0, sipreg_register(&ua->reg, ua->sip, ua->registrar,
					    ua->aor, NULL, ua->aor, expires,
					    ua->ext, NULL, 0, 0,
					    auth_handler, ua, false,
					    reg_handler, ua, NULL, NULL));
}


static struct ua *ua_start(size_t i, const char *ext, bool tcp)
{
	struct ua *ua = &fx.uav[i];
	struct sa la;

	memset(ua, 0, sizeof(*ua));
	ua->tcp = tcp;
	snprintf(ua->ext, sizeof(ua->ext), "%s", ext);
	snprintf(ua->pass, sizeof(ua->pass), "%s",
		 demo_password(fx.d, ext) ? demo_password(fx.d, ext) : "");
	snprintf(ua->aor, sizeof(ua->aor), "sip:%s@127.0.0.1:%u%s", ext,
		 demo_port(fx.d, tcp), tcp ? ";transport=tcp" : "");
	snprintf(ua->registrar, sizeof(ua->registrar), "sip:127.0.0.1:%u%s",
		 demo_port(fx.d, tcp), tcp ? ";transport=tcp" : "");

	assert_int_equal(0, sa_set_str(&la, "127.0.0.1", 0));
	assert_int_equal(0, sip_alloc(&ua->sip, NULL, 32, 32, 32, "ua", NULL,
				      ua));
	assert_int_equal(0, sip_transp_add(ua->sip, tcp ? SIP_TRANSP_TCP
					   : SIP_TRANSP_UDP, &la));
	sip_set_trace_handler(ua->sip, trace_handler);
	assert_int_equal(0, sip_listen(&ua->lsnr, ua->sip, true,
				       request_handler, ua));
	assert_int_equal(0, sipsess_listen(&ua->ss, ua->sip, 32,
					   conn_handler, ua));
	assert_int_equal(0, sipevent_listen(&ua->es, ua->sip, 32, 32, NULL,
					    NULL));
	tmr_init(&ua->tmr);
	rtp_tick(ua);

	return ua;
}


static void ua_stop(struct ua *ua)
{
	static const struct demo_fault none;

	if (!ua->sip)
		return;

	for (size_t i = 0; i < SUBS; i++)
		mem_deref(ua->subv[i].sub);

	for (size_t i = 0; i < CALLS; i++) {
		ua->callv[i].refer = mem_deref(ua->callv[i].refer);
		ua->callv[i].sess = mem_deref(ua->callv[i].sess);
	}

	mem_deref(ua->reg);

	/* what they say on leaving is answered; then nothing is left */
	demo_set_fault(fx.d, &none);
	for (int i = 0; i < 20 || demo_subscriptions(fx.d, NULL); i++) {
		assert_true(i < 2000);
		turn();
	}

	tmr_cancel(&ua->tmr);
	for (size_t i = 0; i < CALLS; i++)
		mem_deref(ua->callv[i].rtp);

	sipsess_close_all(ua->ss);
	mem_deref(ua->ss);
	mem_deref(ua->es);
	mem_deref(ua->lsnr);
	sip_close(ua->sip, true);
	mem_deref(ua->sip);

	for (size_t i = 0; i < ua->logc; i++)
		free(ua->logv[i]);

	memset(ua, 0, sizeof(*ua));
}


/** A registered telephone */
static struct ua *phone(size_t i, const char *ext)
{
	struct ua *ua = ua_start(i, ext, false);

	reg(ua, 300);
	UNTIL(ua->regc);
	assert_int_equal(200, ua->regcode);

	return ua;
}


static struct uacall *dial_with(struct ua *ua, const char *number,
				const char *codecs)
{
	struct uacall *c = call_new(ua);
	struct mbuf *mb = sdp(c, codecs);
	char to[80];

	snprintf(to, sizeof(to), "sip:%s@%s", number, ua->registrar + 4);
	assert_int_equal(0, sipsess_connect(&c->sess, ua->ss, to, "Tester",
					    ua->aor, ua->ext, NULL, 0,
					    "application/sdp", mb,
					    auth_handler, ua, false,
					    offer_handler, answer_handler,
					    progress_handler, estab_handler,
					    NULL, NULL, close_handler, c,
					    "%s", allow(ua)));
	mem_deref(mb);

	return c;
}


static struct uacall *dial(struct ua *ua, const char *number)
{
	return dial_with(ua, number, "0");
}


/** The call that rings here, or NULL */
static struct uacall *rings(struct ua *ua)
{
	for (size_t i = 0; i < CALLS; i++) {

		struct uacall *c = &ua->callv[i];

		if (c->used && c->ringing && c->sess && !c->up && c->from[0])
			return c;
	}

	return NULL;
}


static void answer(struct uacall *c)
{
	struct mbuf *mb = sdp(c, "0");

	assert_int_equal(0, sipsess_answer(c->sess, 200, "OK", mb, "%s",
					   allow(c->ua)));
	mem_deref(mb);
}


static void hangup(struct uacall *c)
{
	c->up = false;
	c->closed = true;
	c->sess = mem_deref(c->sess);
}


static void forget(struct uacall *c)
{
	if (c->sess)
		hangup(c);
	c->refer = mem_deref(c->refer);
	c->rtp = mem_deref(c->rtp);
	memset(c, 0, sizeof(*c));
}


static void modify(struct uacall *c, const char *dir)
{
	struct mbuf *mb;

	c->dir = dir;
	mb = sdp(c, "0");
	assert_int_equal(0, sipsess_modify(c->sess, mb));
	mem_deref(mb);
}


static void frag_handler(struct sip *sip, const struct sip_msg *msg,
			 void *arg)
{
	struct uacall *c = arg;
	struct pl code, rest = PL_INIT;

	assert_int_equal(0, re_regex((const char *)mbuf_buf(msg->mb),
				     mbuf_get_left(msg->mb),
				     "SIP/2.0 [0-9]+[^\r\n]*", &code, &rest));
	if (c->fragc < FRAGS)
		c->fragv[c->fragc++] = (uint16_t)pl_u32(&code);
	c->frag_bare = !rest.l;
	(void)sip_treply(NULL, sip, msg, 200, "OK");
}


static void refer_close_handler(int err, const struct sip_msg *msg,
				const struct sipevent_substate *ss, void *arg)
{
	struct uacall *c = arg;
	(void)ss;

	c->refer_closed = true;
	c->refer_err = err;
	c->refer_code = msg && !msg->req ? msg->scode : 0;
	c->refer = mem_deref(c->refer);
}


static void refer(struct uacall *c, const char *target)
{
	c->refer = mem_deref(c->refer);
	c->fragc = 0;
	c->refer_closed = false;
	assert_int_equal(0, sipevent_drefer(&c->refer, c->ua->es,
					    sipsess_dialog(c->sess),
					    c->ua->ext, auth_handler, c->ua,
					    false, frag_handler,
					    refer_close_handler, c,
					    "Refer-To: <sip:%s@%s>\r\n"
					    "Referred-By: <%s>\r\n", target,
					    c->ua->registrar + 4,
					    c->ua->aor));
}


static void notify_handler(struct sip *sip, const struct sip_msg *msg,
			   void *arg)
{
	struct uasub *s = arg;

	++s->n;
	(void)re_snprintf(s->body, sizeof(s->body), "%b", mbuf_buf(msg->mb),
			  mbuf_get_left(msg->mb));
	header(s->state, sizeof(s->state), msg, SIP_HDR_SUBSCRIPTION_STATE);
	(void)sip_treply(NULL, sip, msg, 200, "OK");
}


static void sub_close_handler(int err, const struct sip_msg *msg,
			      const struct sipevent_substate *ss, void *arg)
{
	struct uasub *s = arg;
	(void)ss;

	s->closed = true;
	s->err = err;
	s->code = msg && !msg->req ? msg->scode : 0;
	s->sub = mem_deref(s->sub);
}


static struct uasub *subscribe_to(struct ua *ua, const char *target,
				  const char *event, uint32_t expires)
{
	char uri[96];
	size_t i;

	for (i = 0; i < SUBS && (ua->subv[i].ua); i++)
		;
	assert_true(i < SUBS);

	struct uasub *s = &ua->subv[i];

	memset(s, 0, sizeof(*s));
	s->ua = ua;
	snprintf(uri, sizeof(uri), "sip:%s@%s", target, ua->registrar + 4);
	assert_int_equal(0, sipevent_subscribe(&s->sub, ua->es, uri, NULL,
					       ua->aor, event, NULL, expires,
					       ua->ext, NULL, 0,
					       auth_handler, ua, false, NULL,
					       notify_handler,
					       sub_close_handler, s,
					       "Accept: application/"
					       "dialog-info+xml\r\n"));
	return s;
}


/** Subscribed and told for the first time */
static struct uasub *watch(struct ua *ua, const char *target)
{
	struct uasub *s = subscribe_to(ua, target, "dialog", 300);

	UNTIL(s->n || s->closed);
	assert_true(s->n == 1);

	return s;
}


static bool shows(const struct uasub *s, const char *text)
{
	return strstr(s->body, text) != NULL;
}


static int setup(void **state)
{
	(void)state;
	memset(&fx, 0, sizeof(fx));
	fx.clock.now_ms = fx_now;

	return 0;
}


static void start(const struct demo_prm *prm)
{
	struct demo_prm p = *prm;

	p.clock = &fx.clock;
	assert_int_equal(0, demo_alloc(&fx.d, &p));
}


static int teardown(void **state)
{
	for (size_t i = 0; i < UAS; i++)
		ua_stop(&fx.uav[i]);

	fx.d = mem_deref(fx.d);

	return test_leaks(state);
}


/** The books must agree with themselves */
#define BOOKS(row) do {							\
	char text_[256];						\
	if (demo_books_check(fx.d, text_, sizeof(text_)))		\
		row_fail(row, "%s", text_);				\
} while (0)


static const struct demo_row *who(unsigned id)
{
	return demo_books_get(demo_books(fx.d), id);
}


static const struct demo_prm fast = {.announce_ms = 300};

#define CALLER(n) (DEMO_HZ_CALLER + 30 * (n))


/** A call from outside, answered: phone and caller talk */
static struct uacall *talk(struct ua *ua, const char *name, unsigned *idp)
{
	struct uacall *c;

	assert_int_equal(0, demo_call(fx.d, ua->ext, name, "015550101", 0,
				      idp));
	UNTIL(rings(ua));
	c = rings(ua);
	answer(c);
	UNTIL(c->up && who(*idp)->place == DEMO_TALKING);

	return c;
}


/* ---- registrar ---- */

static void test_register(void **state)
{
	(void)state;
	static const struct {
		const char *manner;
		const char *ext;
		bool right;              /* password                      */
		uint16_t code;
	} rowv[] = {
		{"asterisk",   "101", true,  200},
		{"asterisk",   "106", true,  200},
		{"asterisk",   "101", false, 401},
		{"asterisk",   "999", false, 401},
		{"freeswitch", "101", false, 403},
		{"freeswitch", "101", true,  200},
	};

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct demo_prm prm = {.manner = rowv[i].manner};
		struct ua *ua;

		start(&prm);
		ua = ua_start(0, rowv[i].ext, false);
		if (!rowv[i].right)
			snprintf(ua->pass, sizeof(ua->pass), "wrong");

		reg(ua, 300);
		ROW_UNTIL(i, ua->regc);

		row_uint(i, rowv[i].code, ua->regcode);
		row_uint(i, rowv[i].code == 200,
			 demo_bindings(fx.d, rowv[i].ext));

		ua_stop(ua);
		fx.d = mem_deref(fx.d);
	}
}


/* A nonce that grew old is told so; bindings end with their time */
static void test_register_time(void **state)
{
	(void)state;
	struct ua *ua;
	size_t seen;

	start(&fast);
	ua = phone(0, "101");

	add(40 * 1000);
	seen = ua->logc;
	ua->regc = 0;
	assert_int_equal(0, demo_call(fx.d, "101", "A", "01", 0, NULL));
	UNTIL(rings(ua));
	forget(rings(ua));

	/* within its time; libre's client has the nonce in its memory */
	reg(ua, 120);
	UNTIL(ua->regc);
	assert_int_equal(200, ua->regcode);
	assert_true(ua->logc > seen);

	add(119 * 1000);
	assert_int_equal(1, demo_bindings(fx.d, "101"));
	add(2 * 1000);
	assert_int_equal(0, demo_bindings(fx.d, "101"));
	assert_int_equal(ENOTCONN, demo_call(fx.d, "101", "A", "01", 0,
					     NULL));
	BOOKS(0);
}


static bool logged(const struct ua *ua, const char *a, const char *b)
{
	for (size_t i = 0; i < ua->logc; i++) {

		if (strstr(ua->logv[i], a) && strstr(ua->logv[i], b))
			return true;
	}

	return false;
}


static void test_nonce_stale(void **state)
{
	(void)state;
	struct uasub *s;
	struct ua *ua;

	start(&fast);
	ua = phone(0, "101");
	s = watch(ua, "701");
	assert_false(logged(ua, "SIP/2.0 401", "stale=true"));

	/* REFER needs no digest here, a call does: its client is new each
	   time, so the registration's is let grow old instead */
	add(33 * 1000);
	mem_deref(ua->reg);             /* un-REGISTER, old nonce         */
	ua->reg = NULL;
	UNTIL(!demo_bindings(fx.d, "101"));
	assert_true(logged(ua, "SIP/2.0 401", "stale=true"));
	assert_false(s->closed);
}


/* ---- calls ---- */

static void test_call(void **state)
{
	(void)state;
	struct uacall *c;
	unsigned id, id2;
	struct ua *ua;

	start(&fast);
	ua = phone(0, "101");

	c = talk(ua, "Anna Berg", &id);
	assert_non_null(strstr(c->from, "\"Anna Berg\" <sip:015550101@"));
	assert_non_null(strstr(c->pai, "\"Anna Berg\" <sip:015550101@"));
	c->hz = 3000;

	/* each hears the other */
	UNTIL(hears(c) == CALLER(0));
	UNTIL(who(id)->hears_hz == 3000);
	BOOKS(0);

	/* hold: the caller hears music, the phone nothing */
	modify(c, "sendonly");
	c->hz = 0;
	UNTIL(who(id)->held && who(id)->hears_hz == DEMO_HZ_MUSIC);
	deafen(c);
	NEVER(150, c->heard > 0);

	modify(c, "sendrecv");
	c->hz = 3000;
	UNTIL(!who(id)->held && who(id)->hears_hz == 3000);
	UNTIL(hears(c) == CALLER(0));

	/* the phone hangs up */
	hangup(c);
	UNTIL(who(id)->place == DEMO_ENDED);
	assert_int_equal(DEMO_HUNG_UP, who(id)->fate);
	assert_int_equal(0, demo_legs(fx.d));

	/* the caller hangs up */
	c = talk(ua, "Jonas", &id2);
	assert_int_equal(CALLER(1), who(id2)->plays_hz);
	assert_int_equal(0, demo_hangup(fx.d, id2));
	UNTIL(c->closed);
	assert_int_equal(DEMO_LEFT, who(id2)->fate);
	BOOKS(0);
}


/* Calls that come to nothing */
static void test_call_fate(void **state)
{
	(void)state;
	static const struct {
		enum { DECLINE, TIRED, GIVES_UP } how;
		enum demo_fate fate;
	} rowv[] = {
		{DECLINE,  DEMO_REFUSED},
		{TIRED,    DEMO_UNANSWERED},
		{GIVES_UP, DEMO_LEFT},
	};

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct uacall *c;
		struct ua *ua;
		unsigned id;

		start(&fast);
		ua = phone(0, "101");
		assert_int_equal(0, demo_call(fx.d, "101", "A", "01", 10000,
					      &id));
		ROW_UNTIL(i, rings(ua));
		c = rings(ua);
		row_int(i, DEMO_RINGING, who(id)->place);

		switch (rowv[i].how) {

		case DECLINE:
			(void)sipsess_reject(c->sess, 486, "Busy Here", NULL);
			hangup(c);
			break;
		case TIRED:    add(10001); break;
		case GIVES_UP: demo_hangup(fx.d, id); break;
		}

		ROW_UNTIL(i, who(id)->place == DEMO_ENDED && c->closed);
		row_int(i, rowv[i].fate, who(id)->fate);
		ROW_UNTIL(i, !demo_legs(fx.d));
		BOOKS(i);

		ua_stop(ua);
		fx.d = mem_deref(fx.d);
	}
}


/* CANCEL and 200 cross: the PBX acknowledges and hangs up */
static void test_cancel_crossed(void **state)
{
	(void)state;
	struct uacall *c;
	struct ua *ua;
	unsigned id;

	start(&fast);
	ua = phone(0, "101");
	assert_int_equal(0, demo_call(fx.d, "101", "A", "01", 0, &id));
	UNTIL(rings(ua));
	c = rings(ua);

	answer(c);              /* on its way, and now ...               */
	demo_hangup(fx.d, id);

	UNTIL(c->closed && !demo_legs(fx.d));
	assert_int_equal(DEMO_LEFT, who(id)->fate);
	BOOKS(0);
}


static void test_dial(void **state)
{
	(void)state;
	static const struct {
		const char *number;
		uint16_t refuse;         /* habit of 102                  */
		const char *codecs;
		uint16_t code;           /* 0: answered                   */
		int hz;
	} rowv[] = {
		{"102", 0,   "0",  0,   DEMO_HZ_COLLEAGUE + 30},
		{"103", 0,   "8",  0,   DEMO_HZ_COLLEAGUE + 60},
		{"102", 486, "0",  486, 0},
		{"102", 603, "0",  603, 0},
		{"106", 0,   "0",  480, 0},
		{"555", 0,   "0",  404, 0},
		{"102", 0,   "18", 488, 0},
		{"600", 0,   "0",  0,   3100},
	};

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct demo_colleague habit = {rowv[i].refuse, 20, 0};
		struct uacall *c;
		struct ua *ua;

		start(&fast);
		assert_int_equal(0, demo_set_colleague(fx.d, "102", &habit));
		habit.refuse = 0;
		assert_int_equal(0, demo_set_colleague(fx.d, "103", &habit));
		ua = phone(0, "101");

		c = dial_with(ua, rowv[i].number, rowv[i].codecs);
		c->hz = 3100;
		ROW_UNTIL(i, c->up || c->closed);
		row_uint(i, rowv[i].code, c->code);
		row_bool(i, rowv[i].code == 0, c->up);
		if (c->up) {
			ROW_UNTIL(i, hears(c) == rowv[i].hz);
			row_int(i, rowv[i].codecs[0] - '0', c->pt);
			BOOKS(i);
		}

		forget(c);
		ROW_UNTIL(i, !demo_legs(fx.d));
		BOOKS(i);
		ua_stop(ua);
		fx.d = mem_deref(fx.d);
	}
}


/* Two telephones talk through the PBX, one parks the other */
static void test_two_phones(void **state)
{
	(void)state;
	struct ua *a, *b;
	struct uacall *ca, *cb;
	const struct demo_row *row;

	start(&fast);
	a = phone(0, "101");
	b = phone(1, "106");

	ca = dial(a, "106");
	UNTIL(rings(b) && ca->ringing);
	cb = rings(b);
	assert_non_null(strstr(cb->from, "<sip:101@"));
	answer(cb);
	UNTIL(ca->up && cb->up);
	ca->hz = 3000;
	cb->hz = 3100;
	UNTIL(hears(ca) == 3100 && hears(cb) == 3000);
	BOOKS(0);

	refer(cb, "700");
	UNTIL(cb->refer_closed);
	hangup(cb);
	row = demo_books_at(demo_books(fx.d), "701");
	assert_non_null(row);
	assert_string_equal("101", row->number);
	UNTIL(hears(ca) == DEMO_HZ_MUSIC);
	BOOKS(0);

	/* taken back: both are told of each other */
	cb = dial(b, "701");
	cb->hz = 3100;
	UNTIL(cb->told && ca->told);
	assert_non_null(strstr(cb->pai, "<sip:101@"));
	assert_non_null(strstr(ca->pai, "<sip:106@"));
	UNTIL(hears(ca) == 3100 && hears(cb) == 3000);

	hangup(ca);
	UNTIL(cb->closed);
	BOOKS(0);
}


/* ---- lamps ---- */

static void test_subscribe(void **state)
{
	(void)state;
	static const struct {
		const char *manner, *target, *event;
		uint32_t expires;
		uint16_t code;           /* 0: told                       */
		const char *text;        /* in the first document         */
	} rowv[] = {
		{"asterisk", "701", "dialog", 300, 0, "<state>terminated"},
		{"asterisk", "102", "dialog", 300, 0, "<state>terminated"},
		{"asterisk", "701", "dialog", 1, 0, "version=\"0\""},
		{"asterisk", "799", "dialog", 300, 404, ""},
		{"asterisk", "700", "dialog", 300, 404, ""},
		{"asterisk", "701", "presence", 300, 489, ""},
		{"freeswitch", "park+6001", "dialog", 300, 0,
		 "entity=\"sip:6001@127.0.0.1"},
		{"freeswitch", "6001", "dialog", 300, 481, ""},
		{"freeswitch", "park+102", "dialog", 300, 481, ""},
		{"fusionpbx", "park+*5901", "dialog", 300, 0,
		 "entity=\"sip:*5901@127.0.0.1"},
		{"generic", "701", "dialog", 300, 0, "<state>terminated"},
		{"broken", "701", "dialog", 300, 0, "state=\"full\""},
		{"broken", "799", "dialog", 300, 403, ""},
		{"broken", "701", "dialog", 60, 423, ""},
		{"portsip", "701", "dialog", 300, 404, ""},
	};

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct demo_prm prm = {.manner = rowv[i].manner};
		struct uasub *s;
		struct ua *ua;

		start(&prm);
		ua = phone(0, "101");
		s = subscribe_to(ua, rowv[i].target, rowv[i].event,
				 rowv[i].expires);
		ROW_UNTIL(i, s->n || s->closed);
		row_uint(i, rowv[i].code, s->code);
		row_uint(i, rowv[i].code == 0, s->n);
		row_true(i, shows(s, rowv[i].text));
		row_uint(i, rowv[i].code == 0,
			 demo_subscriptions(fx.d, NULL));

		ua_stop(ua);
		fx.d = mem_deref(fx.d);
	}
}


/* 423 with Min-Expires: libre's client asks again by itself */
static void test_subscribe_min(void **state)
{
	(void)state;
	static const struct demo_prm prm = {.manner = "generic"};
	struct uasub *s;
	struct ua *ua;

	start(&prm);
	ua = phone(0, "101");
	s = subscribe_to(ua, "701", "dialog", 30);
	UNTIL(s->n);
	assert_true(logged(ua, "SIP/2.0 423", "Min-Expires: 60"));
}


static void test_subscribe_life(void **state)
{
	(void)state;
	struct uasub *s, *t;
	struct ua *ua;
	unsigned id;

	start(&fast);
	ua = phone(0, "101");
	s = watch(ua, "701");
	t = watch(ua, "702");
	assert_true(!strncmp(s->state, "active;expires=", 15));

	/* lamps change in the same turn as the books */
	assert_int_equal(0, demo_park_by_colleague(fx.d, "102", "701", "A",
						   "01", &id));
	UNTIL(s->n == 2);
	assert_true(shows(s, "<state>confirmed") && shows(s, "version=\"1\""));
	assert_int_equal(1, t->n);

	demo_hangup(fx.d, id);
	UNTIL(s->n == 3);
	assert_true(shows(s, "<state>terminated"));
	assert_true(shows(s, "version=\"2\""));

	/* leaving: one more, with the state */
	mem_deref(t->sub);
	t->sub = NULL;
	UNTIL(logged(ua, "Subscription-State: terminated\r\n", "id=\"702\""));
	UNTIL(demo_subscriptions(fx.d, NULL) == 1);

	/* not refreshed: ended by the PBX */
	add(301 * 1000);
	UNTIL(s->closed);
	assert_string_equal("terminated;reason=timeout", s->state);
	assert_int_equal(0, demo_subscriptions(fx.d, NULL));
}


/* A subscriber that knows nothing of it (481) is forgotten */
static void test_subscriber_gone(void **state)
{
	(void)state;
	struct ua *ua;

	start(&fast);
	ua = phone(0, "101");
	(void)watch(ua, "701");
	(void)watch(ua, "702");

	ua->forgot = true;
	assert_int_equal(0, demo_park_by_colleague(fx.d, "102", "701", "A",
						   "01", NULL));
	UNTIL(!demo_subscriptions(fx.d, "701"));
	assert_int_equal(1, demo_subscriptions(fx.d, NULL));
	BOOKS(0);
	ua->forgot = false;
}


/* What a subscriber may meet */
static void test_lamp_faults(void **state)
{
	(void)state;
	static const struct demo_fault forward = {.cseq_step = 1000};
	static const struct {
		struct demo_fault fault;
		const char *manner;
		unsigned first;          /* documents after SUBSCRIBE     */
		unsigned then;           /* ... and after a park          */
		const char *text;        /* in the last one               */
		const char *wire;        /* in a message received         */
	} rowv[] = {
		{{.no_notify = true}, "asterisk", 0, 0, "", "Expires: 300"},
		{{.no_first_notify = true}, "asterisk", 0, 1,
		 "<state>confirmed", "version=\"0\""},
		{{.notify_delay_ms = 4000}, "asterisk", 1, 2,
		 "<state>confirmed", "version=\"1\""},
		{{.version_back = true}, "asterisk", 1, 2,
		 "<state>confirmed", "version=\"0\""},
		/* libre's client answers a step back with 500: not told */
		{{.cseq_step = -10}, "asterisk", 1, 1, "<state>terminated",
		 "<state>confirmed"},
		{{.cseq_step = 50}, "asterisk", 1, 2, "<state>confirmed",
		 "version=\"1\""},
		{{.silent = false}, "generic", 1, 2, "state=\"partial\"",
		 "state=\"full\""},
		{{.silent = false}, "broken", 1, 2, "<state>early",
		 "state=\"full\""},
	};

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct demo_prm prm = {.manner = rowv[i].manner};
		struct uasub *s;
		struct ua *ua;

		start(&prm);
		ua = phone(0, "101");
		demo_set_fault(fx.d, &rowv[i].fault);
		s = subscribe_to(ua, "701", "dialog", 300);
		ROW_UNTIL(i, demo_subscriptions(fx.d, "701") == 1);
		ROW_UNTIL(i, s->n == rowv[i].first &&
			  logged(ua, "SIP/2.0 200", "SUBSCRIBE\r\n"));

		row_int(i, 0, demo_park_by_colleague(fx.d, "102", "701",
						     "A", "01", NULL));
		if (rowv[i].fault.notify_delay_ms) {
			NEVER(30, s->n > 1);
			add(4001);
		}
		ROW_UNTIL(i, logged(ua, rowv[i].wire, ""));
		ROW_UNTIL(i, s->n == rowv[i].then);
		NEVER(20, s->n > rowv[i].then);
		row_true(i, shows(s, rowv[i].text));
		BOOKS(i);

		/* a last NOTIFY that libre's client believes in */
		demo_set_fault(fx.d, &forward);
		s->sub = mem_deref(s->sub);
		ROW_UNTIL(i, !demo_subscriptions(fx.d, NULL));

		ua_stop(ua);
		fx.d = mem_deref(fx.d);
	}
}


/* A refresh that the PBX knows nothing of */
static void test_lamp_forgotten(void **state)
{
	(void)state;
	static const struct demo_fault fault = {.forget_subs = true};
	struct ua *ua;

	start(&fast);
	ua = phone(0, "101");
	(void)watch(ua, "701");
	demo_set_fault(fx.d, &fault);
	ua->subv[0].sub = mem_deref(ua->subv[0].sub);
	UNTIL(logged(ua, "SIP/2.0 481", "SUBSCRIBE\r\n"));
	assert_int_equal(0, demo_subscriptions(fx.d, NULL));
}


static void test_extension_lamp(void **state)
{
	(void)state;
	struct demo_colleague habit = {0, 50, 0};
	struct uasub *s, *me;
	struct uacall *c;
	struct ua *ua;

	start(&fast);
	assert_int_equal(0, demo_set_colleague(fx.d, "102", &habit));
	ua = phone(0, "101");
	s = watch(ua, "102");
	me = watch(ua, "101");

	c = dial(ua, "102");
	UNTIL(s->n == 2);
	assert_true(shows(s, "<state>early"));
	assert_true(shows(s, "direction=\"recipient\""));
	assert_true(shows(s, "sip:101@127.0.0.1"));
	UNTIL(c->up && s->n == 3);
	assert_true(shows(s, "<state>confirmed") && !shows(s, "direction"));
	assert_true(shows(me, "<state>confirmed"));

	hangup(c);
	UNTIL(s->n == 4 && shows(me, "terminated"));
	assert_true(shows(s, "<state>terminated"));
}


/* ---- parking ---- */

/*
 *   Phone                PBX             watcher
 *     |  REFER 700  ----->|                 |
 *     |<------------ 202  |                 |
 *     |                   |  NOTIFY  ------>|  701 confirmed
 *     |<== "7" "0" "1" ===|                 |  tones for the voice
 *     |<-- NOTIFY 100 ----|                 |
 *     |<-- NOTIFY 200 ----|                 |
 */
static void test_park(void **state)
{
	(void)state;
	static const struct {
		const char *manner, *target, *spot, *watch, *text;
		bool announced;
		uint16_t frag[2];
		bool bye;                /* from the PBX                  */
	} rowv[] = {
		{"asterisk", "700", "701", "701", "<state>confirmed",
		 true, {100, 200}, false},
		{"asterisk", "*702", "702", "702", "<state>confirmed",
		 false, {100, 200}, false},
		{"freeswitch", "6002", "6002", "park+6002", "<state>early",
		 false, {200}, true},
		{"fusionpbx", "*5900", "*5901", "park+*5901", "recipient",
		 false, {200}, true},
		{"fusionpbx", "*5903", "*5903", "park+*5903",
		 "<state>early", false, {200}, true},
		{"generic", "702", "702", "702", "Anna Berg", false,
		 {100, 200}, false},
		{"broken", "700", "701", "701", "<state>early", true,
		 {100, 200}, false},
	};

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct demo_prm prm = {.manner = rowv[i].manner,
			.announce_ms = rowv[i].announced ? 900 : 0};
		const struct demo_row *row;
		struct uasub *s;
		struct uacall *c;
		struct ua *ua;
		unsigned id;

		start(&prm);
		ua = phone(0, "101");
		s = watch(ua, rowv[i].watch);
		c = talk(ua, "Anna Berg", &id);

		refer(c, rowv[i].target);
		ROW_UNTIL(i, who(id)->place == DEMO_PARKED);
		ROW_UNTIL(i, s->n == 2);
		row_true(i, shows(s, rowv[i].text));
		row_int(i, DEMO_HZ_MUSIC, who(id)->hears_hz);

		/* the spot's number is spoken, digit by digit */
		for (const char *p = rowv[i].spot;
		     rowv[i].announced && *p; p++)
			ROW_UNTIL(i, hears(c) == DEMO_HZ_DIGIT +
				  40 * (*p - '0'));

		ROW_UNTIL(i, c->refer_closed);
		for (size_t n = 0; n < 2 && rowv[i].frag[n]; n++)
			row_uint(i, rowv[i].frag[n], c->fragv[n]);

		row = demo_books_at(demo_books(fx.d), rowv[i].spot);
		row_true(i, row && row->id == id);
		row_str(i, "101", row->by);

		if (rowv[i].bye)
			ROW_UNTIL(i, c->closed);
		else
			row_false(i, c->closed);
		BOOKS(i);

		/* told late that nobody hung up: the PBX does */
		if (!rowv[i].bye) {
			demo_hangup(fx.d, id);
			add(61 * 1000);
			ROW_UNTIL(i, c->closed);
		}

		forget(c);
		ua_stop(ua);
		fx.d = mem_deref(fx.d);
	}
}


/* Where a spot's number alone leads nowhere: a code before it parks, and
   another one takes the call */
static void test_codes(void **state)
{
	(void)state;
	static const struct {
		const char *manner, *bare, *park, *spot, *retrieve;
	} rowv[] = {
		{"3cx",        "4",    "*04",     "4",    "*14"},
		{"yeastar",    "6002", "*056002", "6002", "6002"},
		{"kazoo",      "202",  "*3202",   "202",  "*5202"},
		{"vodia",      "72",   "*8572",   "72",   "*8672"},
		{"broadworks", NULL,   "*68",     "101",  "*88"},
		{"broadworks", NULL,   "*68103",  "103",  "*88103"},
		/* the group: the first colleague */
		{"broadworks", NULL,   "%2358",   "102",  "*88102"},
	};

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct demo_prm prm = {.manner = rowv[i].manner};
		struct uacall *c;
		struct ua *ua;
		unsigned id;

		start(&prm);
		ua = phone(0, "101");
		c = talk(ua, "Anna Berg", &id);

		if (rowv[i].bare) {
			refer(c, rowv[i].bare);
			ROW_UNTIL(i, c->refer_closed);
			row_int(i, DEMO_TALKING, who(id)->place);
		}

		refer(c, rowv[i].park);
		ROW_UNTIL(i, who(id)->place == DEMO_PARKED);
		row_str(i, rowv[i].spot, who(id)->spot);
		BOOKS(i);

		c = dial(ua, rowv[i].retrieve);
		c->hz = 3000;
		ROW_UNTIL(i, c->up);
		ROW_UNTIL(i, who(id)->hears_hz == 3000);
		row_uint(i, 1, who(id)->retrieved_n);
		BOOKS(i);

		hangup(c);
		ROW_UNTIL(i, who(id)->fate == DEMO_HUNG_UP);
		ua_stop(ua);
		fx.d = mem_deref(fx.d);
	}
}


/* What goes wrong on command: whose caller is where, what was said */
static void test_park_faults(void **state)
{
	(void)state;
	static const struct {
		struct demo_fault fault;
		const char *manner, *target;
		uint16_t code;           /* of REFER; 0: 202              */
		uint16_t frag;           /* the last one; 0: none         */
		bool bare;
		bool bye;                /* from the PBX                  */
		enum demo_place place;   /* of the caller                 */
		enum demo_fate fate;
	} rowv[] = {
		{{.refuse = {[DEMO_REFER] = 403}}, "asterisk", "700", 403, 0,
		 false, false, DEMO_TALKING, DEMO_LIVES},
		{{.refuse = {[DEMO_REFER] = 603}}, "asterisk", "700", 603, 0,
		 false, false, DEMO_TALKING, DEMO_LIVES},
		{{.refer = DEMO_REFER_UNANSWERED}, "asterisk", "700", 0, 0,
		 false, false, DEMO_TALKING, DEMO_LIVES},
		{{.refer = DEMO_REFER_NOTHING}, "asterisk", "700", 0, 0,
		 false, false, DEMO_TALKING, DEMO_LIVES},
		{{.refer = DEMO_REFER_NO_FRAG}, "asterisk", "700", 0, 0,
		 false, false, DEMO_PARKED, DEMO_LIVES},
		{{.refer = DEMO_REFER_FRAG_FAILS}, "asterisk", "700", 0, 503,
		 false, false, DEMO_TALKING, DEMO_LIVES},
		{{.refer = DEMO_REFER_FRAG_FAILS, .frag_code = 486},
		 "asterisk", "700", 0, 486, false, false, DEMO_TALKING,
		 DEMO_LIVES},
		{{.refer = DEMO_REFER_FRAG_BARE}, "asterisk", "700", 0, 200,
		 true, false, DEMO_PARKED, DEMO_LIVES},
		{{.refer = DEMO_REFER_FRAG_SWAPPED}, "asterisk", "700", 0,
		 200, false, false, DEMO_PARKED, DEMO_LIVES},
		{{.refer = DEMO_REFER_BYE_FIRST}, "asterisk", "700", 0, 200,
		 false, true, DEMO_PARKED, DEMO_LIVES},
		{{.refer = DEMO_REFER_BYE_ONLY}, "asterisk", "700", 0, 0,
		 false, true, DEMO_PARKED, DEMO_LIVES},
		{{.refer = DEMO_REFER_CALLER_GONE}, "asterisk", "700", 0,
		 200, false, false, DEMO_ENDED, DEMO_LEFT},
		{{.refer = DEMO_REFER_RACE}, "asterisk", "700", 0, 200,
		 false, false, DEMO_PARKED, DEMO_LIVES},
		{{.refer = DEMO_REFER_RACE}, "asterisk", "*703", 0, 503,
		 false, false, DEMO_ENDED, DEMO_DROPPED},
		{{.refer = DEMO_REFER_RACE}, "generic", "703", 0, 486,
		 false, false, DEMO_TALKING, DEMO_LIVES},
		{{.refer = DEMO_REFER_RACE}, "freeswitch", "6003", 0, 200,
		 false, true, DEMO_RINGING, DEMO_LIVES},
		{{.refer = 0}, "asterisk", "888", 404, 0, false, false,
		 DEMO_TALKING, DEMO_LIVES},
		/* a bare spot of stock Asterisk is no place to park */
		{{.refer = 0}, "asterisk", "701", 0, 200, false, false,
		 DEMO_ENDED, DEMO_DROPPED},
	};

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct demo_prm prm = {.manner = rowv[i].manner,
			.announce_ms = 200};
		struct uacall *c;
		struct ua *ua;
		unsigned id;

		start(&prm);
		ua = phone(0, "101");
		c = talk(ua, "Anna", &id);
		demo_set_fault(fx.d, &rowv[i].fault);
		refer(c, rowv[i].target);

		if (rowv[i].code) {
			ROW_UNTIL(i, c->refer_closed);
			row_uint(i, rowv[i].code, c->refer_code);
		}
		else if (rowv[i].frag) {
			ROW_UNTIL(i, c->refer_closed);
			row_uint(i, rowv[i].frag, c->fragv[c->fragc - 1]);
			row_bool(i, rowv[i].bare, c->frag_bare);
		}
		else if (rowv[i].fault.refer == DEMO_REFER_UNANSWERED) {
			NEVER(700, logged(ua, "REFER\r\n", "SIP/2.0 "));
		}
		else {
			ROW_UNTIL(i, logged(ua, " REFER\r\n",
					    "SIP/2.0 202"));
			NEVER(300, c->fragc > 0);
		}

		if (rowv[i].bye)
			ROW_UNTIL(i, c->closed);
		else
			row_false(i, c->closed);

		if (rowv[i].fate == DEMO_DROPPED)
			add(5001);
		row_int(i, rowv[i].place, who(id)->place);
		row_int(i, rowv[i].fate, who(id)->fate);
		if (rowv[i].place == DEMO_TALKING) {
			c->hz = 3000;
			deafen(c);
			ROW_UNTIL(i, who(id)->hears_hz == 3000);
			ROW_UNTIL(i, hears(c) == who(id)->plays_hz);
		}
		BOOKS(i);

		forget(c);
		demo_set_fault(fx.d, NULL);
		ua_stop(ua);
		fx.d = mem_deref(fx.d);
	}
}


/* The parker leaves before the number was spoken: the park stands, the
   sipfrags come after his BYE */
static void test_park_early_bye(void **state)
{
	(void)state;
	struct demo_prm prm = {.announce_ms = 5000};
	struct uacall *c;
	struct ua *ua;
	unsigned id;

	start(&prm);
	ua = phone(0, "101");
	c = talk(ua, "Anna", &id);
	refer(c, "700");
	UNTIL(who(id)->place == DEMO_PARKED);
	assert_int_equal(0, c->fragc);
	hangup(c);
	UNTIL(c->refer_closed);
	assert_int_equal(2, c->fragc);
	assert_int_equal(200, c->fragv[1]);
	assert_int_equal(DEMO_PARKED, who(id)->place);
	BOOKS(0);
}


/*
 *   Phone                PBX
 *     |  REFER 700  ----->|
 *     |<------------ 202  |
 *     |<------ re-INVITE  |  the two are together again
 *     |  BYE ------------>|
 *     |<-- NOTIFY 503 ----|
 */
static void test_lot_full(void **state)
{
	(void)state;
	static const struct demo_prm prm = {.spots = 2, .announce_ms = 200};
	struct uacall *c;
	struct ua *ua;
	unsigned id;

	start(&prm);
	ua = phone(0, "101");
	assert_int_equal(0, demo_park_by_colleague(fx.d, "102", NULL, "A",
						   "1", NULL));
	assert_int_equal(0, demo_park_by_colleague(fx.d, "102", NULL, "B",
						   "2", NULL));
	assert_int_equal(EBUSY, demo_park_by_colleague(fx.d, "102", NULL,
						       "C", "3", NULL));

	c = talk(ua, "Anna", &id);
	refer(c, "700");

	/* put together again: a re-INVITE, and not a word about REFER */
	UNTIL(c->told);
	assert_non_null(strstr(c->pai, "\"Anna\""));
	c->hz = 3000;
	UNTIL(hears(c) == who(id)->plays_hz && who(id)->hears_hz == 3000);
	assert_int_equal(0, c->fragc);
	assert_int_equal(DEMO_TALKING, who(id)->place);
	BOOKS(0);

	hangup(c);
	UNTIL(c->refer_closed);
	assert_int_equal(503, c->fragv[c->fragc - 1]);
	assert_int_equal(DEMO_HUNG_UP, who(id)->fate);
	BOOKS(0);
}


/* ---- retrieving ---- */

static void test_retrieve(void **state)
{
	(void)state;
	static const struct {
		const char *manner, *spot;
		bool update;             /* the telephone allows it       */
		bool told;
		bool in_200;
	} rowv[] = {
		{"asterisk",   "701",   false, true,  false},
		{"asterisk",   "701",   true,  true,  false},
		{"freeswitch", "6001",  false, false, true},
		{"fusionpbx",  "*5901", false, false, true},
		{"generic",    "701",   true,  true,  false},
		{"broken",     "701",   false, false, false},
	};

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct demo_prm prm = {.manner = rowv[i].manner,
			.announce_ms = 200};
		struct uacall *c;
		struct ua *ua;
		unsigned id;

		start(&prm);
		ua = phone(0, "101");
		ua->update = rowv[i].update;
		row_int(i, 0, demo_park_by_colleague(fx.d, "102", NULL,
						     "Olga", "017", &id));
		row_str(i, rowv[i].spot, who(id)->spot);

		c = dial(ua, rowv[i].spot);
		c->hz = 3000;
		ROW_UNTIL(i, c->up);
		row_bool(i, rowv[i].in_200,
			 strstr(c->pai, "\"Olga\" <sip:017@") != NULL);
		ROW_UNTIL(i, hears(c) == who(id)->plays_hz);
		ROW_UNTIL(i, who(id)->hears_hz == 3000);
		ROW_UNTIL(i, c->told == rowv[i].told);
		if (rowv[i].told) {
			row_true(i, strstr(c->pai, "\"Olga\" <sip:017@")
				 != NULL);
			row_bool(i, rowv[i].update,
				 logged(ua, "UPDATE sip:", "Olga"));
		}
		row_uint(i, 1, who(id)->retrieved_n);
		row_str(i, "101", who(id)->by);
		BOOKS(i);

		hangup(c);
		ROW_UNTIL(i, who(id)->fate == DEMO_HUNG_UP);
		ua_stop(ua);
		fx.d = mem_deref(fx.d);
	}
}


/*
 *   A                    PBX               B
 *     |  INVITE 701 ----->|<---- INVITE 701 |
 *     |<------------ 200  |  200 ---------->|
 *     |<-- re-INVITE PAI -|                 |
 *     |<===== caller =====|=== "invalid" ==>|
 *     |                   |  BYE ---------->|  5.5 s later
 */
static void test_race(void **state)
{
	(void)state;
	struct uacall *w, *l;
	struct ua *a, *b;
	unsigned id;

	start(&fast);
	a = phone(0, "101");
	b = phone(1, "106");
	assert_int_equal(0, demo_park_by_colleague(fx.d, "102", "701",
						   "Olga", "017", &id));
	w = dial(a, "701");
	l = dial(b, "701");

	/* 200 for both; one has her, the other hears "invalid" */
	UNTIL(w->up && l->up);
	UNTIL(w->told || l->told);
	if (l->told) {
		struct uacall *tmp = w;

		w = l;
		l = tmp;
	}
	UNTIL(hears(w) == who(id)->plays_hz);
	UNTIL(hears(l) == DEMO_HZ_INVALID);
	assert_false(l->told);
	BOOKS(0);

	add(5501);
	UNTIL(l->closed);
	assert_true(logged(l->ua, "BYE sip:", "Reason: Q.850;cause=0"));
	assert_false(w->closed);
	BOOKS(0);
}


/* The winner hangs up before he is put through: the caller waits on */
static void test_retrieve_regretted(void **state)
{
	(void)state;
	struct uacall *c;
	struct ua *ua;
	unsigned id;

	start(&fast);
	ua = phone(0, "101");
	assert_int_equal(0, demo_park_by_colleague(fx.d, "102", "701",
						   "Olga", "017", &id));
	c = dial(ua, "701");
	UNTIL(c->up);
	hangup(c);
	UNTIL(!demo_legs(fx.d));
	assert_int_equal(DEMO_PARKED, who(id)->place);
	BOOKS(0);
	forget(c);

	/* ... and she can be taken, or leave in that very moment */
	c = dial(ua, "701");
	UNTIL(c->up);
	demo_hangup(fx.d, id);
	UNTIL(hears(c) == DEMO_HZ_INVALID);
	BOOKS(0);
}


static void test_retrieve_empty(void **state)
{
	(void)state;
	static const struct {
		const char *manner, *spot;
		uint16_t code;
	} rowv[] = {
		{"asterisk",   "701",   0},
		{"freeswitch", "6001",  480},
		{"generic",    "701",   404},
	};

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct demo_prm prm = {.manner = rowv[i].manner};
		struct uacall *c;
		struct ua *ua;

		start(&prm);
		ua = phone(0, "101");
		c = dial(ua, rowv[i].spot);
		ROW_UNTIL(i, c->up || c->closed);
		row_uint(i, rowv[i].code, c->code);
		if (c->up) {
			ROW_UNTIL(i, hears(c) == DEMO_HZ_INVALID);
			row_false(i, c->told);
			add(5501);
			ROW_UNTIL(i, c->closed);
		}
		BOOKS(i);
		ua_stop(ua);
		fx.d = mem_deref(fx.d);
	}
}


/* ---- recall, hang-up ---- */

static void test_recall(void **state)
{
	(void)state;
	static const struct {
		const char *manner;
		enum { TAKES, IGNORES, BUSY } how;
		enum demo_place place;
		enum demo_fate fate;
		const char *from;
	} rowv[] = {
		{"asterisk",  TAKES,   DEMO_TALKING, DEMO_LIVES,
		 "\"Anna\" <sip:015550101@"},
		{"asterisk",  IGNORES, DEMO_ENDED,   DEMO_DROPPED,
		 "\"Anna\" <sip:015550101@"},
		{"asterisk",  BUSY,    DEMO_ENDED,   DEMO_DROPPED,
		 "\"Anna\" <sip:015550101@"},
		{"fusionpbx", TAKES,   DEMO_TALKING, DEMO_LIVES,
		 "\"park#Anna\" <sip:015550101@"},
	};

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct demo_prm prm = {.manner = rowv[i].manner,
			.announce_ms = 100};
		const struct demo_manner *m;
		struct uasub *s;
		struct uacall *c;
		char target[32];
		struct ua *ua;
		unsigned id;

		start(&prm);
		m = demo_manner(fx.d);
		ua = phone(0, "101");
		snprintf(target, sizeof(target), "%s%s", m->watch_prefix
			 ? m->watch_prefix : "", demo_spot(fx.d, 0));
		s = watch(ua, target);
		c = talk(ua, "Anna", &id);
		refer(c, m->lot);
		ROW_UNTIL(i, c->refer_closed && s->n == 2);
		forget(c);
		ROW_UNTIL(i, !demo_legs(fx.d));

		/* the registration must outlive the park: that of fusionpbx
		   is long */
		reg(ua, 3600);
		ROW_UNTIL(i, ua->regc);
		add(m->park_s * 1000ull - 2000);
		row_int(i, DEMO_PARKED, who(id)->place);
		add(2001);
		ROW_UNTIL(i, rings(ua));
		c = rings(ua);
		row_true(i, strstr(c->from, rowv[i].from) != NULL);
		row_true(i, strstr(c->pai, "<sip:015550101@") != NULL);
		row_true(i, strstr(c->refby, "<sip:101@127.0.0.1:") != NULL);
		row_int(i, DEMO_RINGING, who(id)->place);
		BOOKS(i);

		switch (rowv[i].how) {

		case TAKES:
			answer(c);
			ROW_UNTIL(i, hears(c) == who(id)->plays_hz);
			row_uint(i, 1, who(id)->recalled_n);
			break;
		case IGNORES:
			add(m->comeback_s * 1000 + 1);
			break;
		case BUSY:
			(void)sipsess_reject(c->sess, 486, "Busy Here", NULL);
			hangup(c);
			break;
		}

		ROW_UNTIL(i, who(id)->place == rowv[i].place);
		row_int(i, rowv[i].fate, who(id)->fate);
		BOOKS(i);
		forget(c);
		ua_stop(ua);
		fx.d = mem_deref(fx.d);
	}
}


static void test_hangup_while_parked(void **state)
{
	(void)state;
	struct uasub *s;
	struct uacall *c;
	struct ua *ua;
	unsigned id;

	start(&fast);
	ua = phone(0, "101");
	s = watch(ua, "701");
	c = talk(ua, "Anna", &id);
	refer(c, "700");
	UNTIL(c->refer_closed && s->n == 2);

	demo_hangup(fx.d, id);
	UNTIL(s->n == 3);
	assert_true(shows(s, "<state>terminated"));
	assert_int_equal(DEMO_LEFT, who(id)->fate);
	BOOKS(0);

	/* no recall of one who is gone */
	add(60 * 1000);
	NEVER(50, rings(ua));
}


/* ---- transfers ---- */

static void test_transfer(void **state)
{
	(void)state;
	static const struct {
		struct demo_colleague habit;
		uint16_t frag;
		enum demo_place place;
	} rowv[] = {
		{{0, 30, 0},           200, DEMO_TALKING},
		{{486, 30, 0},         486, DEMO_ENDED},
		{{0, UINT32_MAX, 0},   408, DEMO_ENDED},
	};

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct uacall *c;
		struct ua *ua;
		unsigned id;

		start(&fast);
		row_int(i, 0, demo_set_colleague(fx.d, "102",
						 &rowv[i].habit));
		ua = phone(0, "101");
		c = talk(ua, "Anna", &id);
		refer(c, "102");
		if (rowv[i].habit.answer_ms == UINT32_MAX) {
			ROW_UNTIL(i, who(id)->place == DEMO_RINGING);
			add(31 * 1000);
		}
		ROW_UNTIL(i, c->refer_closed);
		row_uint(i, rowv[i].frag, c->fragv[c->fragc - 1]);
		row_int(i, rowv[i].place, who(id)->place);
		if (rowv[i].place == DEMO_TALKING)
			row_int(i, DEMO_HZ_COLLEAGUE + 30,
				who(id)->hears_hz);
		forget(c);
		ROW_UNTIL(i, !demo_legs(fx.d));
		BOOKS(i);
		ua_stop(ua);
		fx.d = mem_deref(fx.d);
	}
}


/** The tags of a dialog, from what the PBX sent in it */
static void replaces(char *buf, size_t sz, const struct ua *ua,
		     const char *callid)
{
	for (size_t i = ua->logc; i--; ) {

		struct pl to, from;

		if (!strstr(ua->logv[i], callid) ||
		    strncmp(ua->logv[i], "SIP/2.0 200", 11) ||
		    re_regex(ua->logv[i], strlen(ua->logv[i]),
			     "From: [^;]+;tag=[^\r\n;]+", NULL, &from) ||
		    re_regex(ua->logv[i], strlen(ua->logv[i]),
			     "To: [^;]+;tag=[^\r\n;]+", NULL, &to))
			continue;

		/* we dialled: From is ours, To is the PBX's */
		(void)re_snprintf(buf, sz, "%s%%3Bto-tag%%3D%r%%3Bfrom-tag"
				  "%%3D%r", callid, &to, &from);
		return;
	}

	fail();
}


static void test_attended(void **state)
{
	(void)state;
	struct demo_colleague habit = {0, 10, 0};
	char val[256], target[400];
	struct uacall *c, *o;
	struct ua *ua;
	unsigned id;

	start(&fast);
	assert_int_equal(0, demo_set_colleague(fx.d, "102", &habit));
	ua = phone(0, "101");
	c = talk(ua, "Anna", &id);
	modify(c, "sendonly");
	UNTIL(who(id)->held);
	o = dial(ua, "102");
	UNTIL(o->up);

	replaces(val, sizeof(val), ua,
		 sip_dialog_callid(sipsess_dialog(o->sess)));
	snprintf(target, sizeof(target), "102@127.0.0.1:%u?Replaces=%s",
		 demo_port(fx.d, false), val);

	assert_int_equal(0, sipevent_drefer(&c->refer, ua->es,
					    sipsess_dialog(c->sess),
					    ua->ext, auth_handler, ua, false,
					    frag_handler,
					    refer_close_handler, c,
					    "Refer-To: <sip:%s>\r\n",
					    target));
	UNTIL(c->refer_closed && o->closed);
	assert_int_equal(200, c->fragv[c->fragc - 1]);
	assert_int_equal(DEMO_TALKING, who(id)->place);
	assert_int_equal(DEMO_HZ_COLLEAGUE + 30, who(id)->hears_hz);
	hangup(c);
	UNTIL(!demo_legs(fx.d));
	BOOKS(0);
}


/* ---- colleagues, restart, scripts ---- */

static void test_colleague_retrieves(void **state)
{
	(void)state;
	struct uasub *s;
	struct ua *ua;
	unsigned id;

	start(&fast);
	ua = phone(0, "101");
	s = watch(ua, "701");
	assert_int_equal(ENOENT, demo_retrieve_by_colleague(fx.d, "103",
							    "701", 0));
	assert_int_equal(0, demo_park_by_colleague(fx.d, "102", "701", "A",
						   "01", &id));
	assert_int_equal(EBUSY, demo_park_by_colleague(fx.d, "102", "701",
						       "B", "02", NULL));
	assert_int_equal(0, demo_retrieve_by_colleague(fx.d, "103", "701",
						       1000));
	UNTIL(s->n == 3);
	assert_int_equal(DEMO_TALKING, who(id)->place);
	assert_string_equal("103", who(id)->by);
	BOOKS(0);
	add(1001);
	assert_int_equal(DEMO_HUNG_UP, who(id)->fate);
	BOOKS(0);
}


static void test_restart(void **state)
{
	(void)state;
	static const struct {
		unsigned keep;
		bool told;               /* by itself, next version       */
		uint16_t code;           /* to the refresh                */
	} rowv[] = {
		{DEMO_KEEP_SUBS | DEMO_KEEP_BINDINGS, true, 200},
		{0, false, 481},
	};

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct uasub *s;
		struct uacall *c;
		struct ua *ua;
		unsigned id, parked;

		start(&fast);
		ua = phone(0, "101");
		s = watch(ua, "701");
		row_int(i, 0, demo_park_by_colleague(fx.d, "102", "701",
						     "A", "01", &parked));
		ROW_UNTIL(i, s->n == 2);
		c = talk(ua, "Anna", &id);

		row_int(i, 0, demo_restart(fx.d, rowv[i].keep, 3000));
		row_int(i, DEMO_DROPPED, who(id)->fate);
		row_int(i, DEMO_DROPPED, who(parked)->fate);
		row_uint(i, 0, demo_legs(fx.d));
		BOOKS(i);

		/* down: nothing is heard; up: the call is unknown there */
		hangup(c);
		NEVER(50, logged(ua, "SIP/2.0", "BYE\r\n"));
		add(3001);
		UNTIL_MS(i, LIMIT_MS, logged(ua, "SIP/2.0 481", "BYE\r\n"));

		if (rowv[i].told) {
			ROW_UNTIL(i, s->n == 3);
			row_true(i, shows(s, "<state>terminated"));
			row_true(i, shows(s, "version=\"2\""));
		}
		row_uint(i, rowv[i].told, demo_subscriptions(fx.d, NULL));
		row_uint(i, rowv[i].told, demo_bindings(fx.d, "101"));

		/* leaving asks the PBX for the subscription's sake */
		mem_deref(s->sub);
		s->sub = NULL;
		ROW_UNTIL(i, logged(ua, rowv[i].code == 200 ? "SIP/2.0 200"
				    : "SIP/2.0 481", "SUBSCRIBE\r\n"));
		ua_stop(ua);
		fx.d = mem_deref(fx.d);
	}
}


static void test_script(void **state)
{
	(void)state;
	static const struct demo_fault fault = {.no_notify = true};
	static const struct demo_step stepv[] = {
		{.at_ms = 0, .what = DEMO_STEP_PARK, .a = "102", .b = "A",
		 .c = "01"},
		{.at_ms = 0, .what = DEMO_STEP_PARK, .a = "103", .b = "B",
		 .c = "02", .n = 4},
		{.at_ms = 1000, .what = DEMO_STEP_CALL, .a = "101",
		 .b = "C", .c = "03", .n = 9000},
		{.at_ms = 2000, .what = DEMO_STEP_RETRIEVE, .a = "104"},
		{.at_ms = 3000, .what = DEMO_STEP_HANGUP, .c = "02"},
		{.at_ms = 3000, .what = DEMO_STEP_FAULT, .fault = &fault},
		{.what = DEMO_STEP_END},
	};
	struct uasub *s;
	struct ua *ua;

	start(&fast);
	assert_int_equal(0, demo_run(fx.d, "101", stepv));
	add(5000);                      /* nobody is registered yet      */
	assert_null(demo_books_number(demo_books(fx.d), "01"));

	ua = phone(0, "101");
	s = watch(ua, "704");
	add(200);
	add(0);
	UNTIL(demo_books_at(demo_books(fx.d), "704"));
	assert_non_null(demo_books_at(demo_books(fx.d), "701"));

	add(1000);
	UNTIL(rings(ua));
	add(1000);
	assert_null(demo_books_at(demo_books(fx.d), "701"));
	assert_int_equal(DEMO_TALKING, demo_books_number(demo_books(fx.d),
							 "01")->place);
	UNTIL(s->n == 2);
	add(1000);
	assert_int_equal(DEMO_LEFT, demo_books_number(demo_books(fx.d),
						      "02")->fate);
	UNTIL(s->n == 3);
	assert_int_equal(0, demo_park_by_colleague(fx.d, "102", "704", "D",
						   "04", NULL));
	NEVER(50, s->n > 3);
	BOOKS(0);
}


/** How often the phone was rung so far */
static unsigned calls_of(void)
{
	unsigned n = 0;

	for (size_t i = 0; i < DEMO_ROWS; i++)
		n += demo_books(fx.d)->rowv[i].kind == DEMO_PHONE;

	return n;
}


/* Life goes on by itself: the first call within three seconds */
static void test_life(void **state)
{
	(void)state;
	unsigned calls = 0, parked = 0, taken = 0;
	struct ua *ua;
	uint64_t t0;

	start(&fast);
	assert_int_equal(0, demo_life(fx.d, "101"));
	ua = phone(0, "101");
	t0 = tmr_jiffies();
	UNTIL(rings(ua));
	assert_true(tmr_jiffies() - t0 < 3000);

	/* half an hour, which nobody attends to */
	for (int i = 0; i < 1800; i++) {

		add(1000);
		if (!(i % 10))
			turn();
		if (!(i % 200)) {
			reg(ua, 300);
			UNTIL(ua->regc);
		}
		for (size_t n = 0; n < CALLS; n++)
			if (ua->callv[n].used && ua->callv[n].closed)
				forget(&ua->callv[n]);
		BOOKS(i);

		/* the first gave up after 25 s: the next one is there */
		if (i == 30)
			row_true(calls_of(), calls_of() >= 2);
	}
	calls = calls_of();

	for (size_t i = 0; i < DEMO_ROWS; i++) {

		const struct demo_row *r = &demo_books(fx.d)->rowv[i];

		parked += r->parked_n;
		taken += r->retrieved_n;
	}

	assert_in_range(calls, 10, 200);
	assert_in_range(parked, 10, 200);
	assert_in_range(taken, 5, 200);
	for (size_t n = 0; n < CALLS; n++)
		if (ua->callv[n].used)
			forget(&ua->callv[n]);
}


static void test_oob_notify(void **state)
{
	(void)state;
	struct ua *ua;

	start(&fast);
	assert_int_equal(ENOTCONN, demo_notify(fx.d, "101", "park-info",
					       "text/plain", "x"));
	ua = phone(0, "101");
	assert_int_equal(0, demo_notify(fx.d, "101", "park-info",
					"text/plain", "parked: 017"));
	UNTIL(ua->oob[0]);
	assert_string_equal("parked: 017", ua->oob);
	assert_true(logged(ua, "Event: park-info\r\n", "NOTIFY sip:101@"));
	UNTIL(demo_notify_answer(fx.d) == 200);
}


/* ---- refusals ---- */

static void test_refusals(void **state)
{
	(void)state;
	static const struct {
		enum demo_method met;
		uint16_t code;
		const char *cseq;
	} rowv[] = {
		{DEMO_REGISTER,  503, "REGISTER\r\n"},
		{DEMO_INVITE,    503, "INVITE\r\n"},
		{DEMO_REINVITE,  488, "INVITE\r\n"},
		{DEMO_SUBSCRIBE, 403, "SUBSCRIBE\r\n"},
		{DEMO_BYE,       500, "BYE\r\n"},
	};

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct demo_fault fault = {.refuse_n = 1};
		struct uacall *c, *o = NULL;
		char want[32];
		struct ua *ua;
		unsigned id;

		start(&fast);
		ua = phone(0, "101");
		c = talk(ua, "Anna", &id);

		fault.refuse[rowv[i].met] = rowv[i].code;
		demo_set_fault(fx.d, &fault);

		switch (rowv[i].met) {

		case DEMO_REGISTER:  reg(ua, 300); break;
		case DEMO_INVITE:    o = dial(ua, "600"); break;
		case DEMO_REINVITE:  modify(c, "sendonly"); break;
		case DEMO_BYE:       hangup(c); break;
		default:
			(void)subscribe_to(ua, "701", "dialog", 300);
			break;
		}

		snprintf(want, sizeof(want), "SIP/2.0 %u", rowv[i].code);
		ROW_UNTIL(i, logged(ua, want, rowv[i].cseq));
		row_int(i, DEMO_TALKING, who(id)->place);
		row_false(i, who(id)->held);
		BOOKS(i);

		/* once only */
		if (o) {
			ROW_UNTIL(i, o->closed);
			forget(o);
			o = dial(ua, "600");
			ROW_UNTIL(i, o->up);
			forget(o);
		}
		if (rowv[i].met == DEMO_REINVITE) {
			modify(c, "sendonly");
			ROW_UNTIL(i, who(id)->held);
		}

		ua_stop(ua);
		fx.d = mem_deref(fx.d);
	}
}


/* A manner of the test's own: REFER wants digest as well */
static void test_own_manner(void **state)
{
	(void)state;
	struct demo_manner m = *demo_manner_find("generic");
	struct demo_prm prm = {.own = &m};
	struct uacall *c;
	struct ua *ua;
	unsigned id;

	m.challenge_refer = true;
	m.first = 21;
	m.lot = "20";
	start(&prm);
	memset(&m, 0, sizeof(m));       /* it was copied                 */

	assert_string_equal("21", demo_spot(fx.d, 0));
	ua = phone(0, "101");
	c = talk(ua, "Anna", &id);
	refer(c, "20");
	UNTIL(c->refer_closed);
	assert_true(logged(ua, "SIP/2.0 401", "REFER\r\n"));
	assert_string_equal("21", who(id)->spot);
}


/* ---- bad wires ---- */

/* Dead for a while: nothing is heard, nothing said, then all is well */
static void test_silent(void **state)
{
	(void)state;
	static const struct demo_fault fault = {.silent = true};
	struct uacall *c;
	struct ua *ua;
	unsigned id;
	size_t seen;

	start(&fast);
	ua = phone(0, "101");
	c = talk(ua, "Anna", &id);
	UNTIL(hears(c) == CALLER(0));

	demo_set_fault(fx.d, &fault);
	seen = ua->logc;
	deafen(c);
	hangup(c);
	NEVER(100, ua->logc > seen || c->heard > 160);

	demo_set_fault(fx.d, NULL);
	UNTIL(who(id)->fate == DEMO_HUNG_UP);
}


struct order {
	unsigned n, back;
	uint32_t last;
};


static void order_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct order *o = arg;

	assert_int_equal(0, err);
	assert_int_equal(200, msg->scode);

	++o->n;
	o->back += msg->cseq.num < o->last;
	o->last = msg->cseq.num;
}


/* What it hears late is answered at once: the answers tell in which order
   it was heard. Nothing is lost, and each goes back to who asked */
static void test_rx_jitter(void **state)
{
	(void)state;
	static const struct demo_fault fault = {.rx_jitter_ms = 200};
	struct order order = {0, 0, 0};
	const unsigned asked = 20;
	struct ua *ua;
	char uri[64];

	start(&fast);
	ua = phone(0, "101");
	demo_set_fault(fx.d, &fault);
	(void)re_snprintf(uri, sizeof(uri), "sip:127.0.0.1:%u",
			  demo_port(fx.d, false));

	for (unsigned i = 1; i <= asked; i++)
		assert_int_equal(0, sip_requestf(NULL, ua->sip, true,
			"OPTIONS", uri, NULL, NULL, NULL, order_handler,
			&order,
			"To: <%s>\r\nFrom: <%s>;tag=x\r\nCall-ID: late\r\n"
			"CSeq: %u OPTIONS\r\nContent-Length: 0\r\n\r\n",
			uri, uri, i));

	UNTIL(order.n == asked);
	assert_true(order.back > 0);
}


/* Answered, but no sound */
static void test_no_sound(void **state)
{
	(void)state;
	static const struct demo_fault fault = {.deaf_answer = true};
	struct uacall *c;
	struct ua *ua;
	unsigned id;

	start(&fast);
	ua = phone(0, "101");
	demo_set_fault(fx.d, &fault);
	c = talk(ua, "Anna", &id);
	c->hz = 3000;
	UNTIL(who(id)->hears_hz == 3000);
	assert_int_equal(0, c->heard);
}


/* One in five datagrams is lost, both ways, late and out of order: the
   call, the park and the retrieve come about all the same */
static void test_loss(void **state)
{
	(void)state;
	static const struct demo_fault fault = {.drop_rx_pm = 200,
		.drop_tx_pm = 200, .delay_ms = 5, .jitter_ms = 20};
	struct demo_prm prm = {.seed = 4711, .announce_ms = 100};
	struct uacall *c;
	struct ua *ua;
	unsigned id;

	start(&prm);
	ua = phone(0, "101");
	demo_set_fault(fx.d, &fault);

	assert_int_equal(0, demo_call(fx.d, "101", "Anna", "01", 0, &id));
	UNTIL_MS(1, RETRANSMITS_MS, rings(ua));
	c = rings(ua);
	answer(c);
	UNTIL_MS(2, RETRANSMITS_MS, c->up);
	UNTIL_MS(3, RETRANSMITS_MS, who(id)->place == DEMO_TALKING);
	refer(c, "700");
	UNTIL_MS(4, RETRANSMITS_MS, who(id)->place == DEMO_PARKED);
	UNTIL_MS(5, RETRANSMITS_MS, c->refer_closed);
	forget(c);
	UNTIL_MS(6, RETRANSMITS_MS, !demo_legs(fx.d));
	c = dial(ua, "701");
	UNTIL_MS(7, RETRANSMITS_MS, who(id)->place == DEMO_TALKING);
	UNTIL_MS(8, RETRANSMITS_MS, c->told);
	demo_set_fault(fx.d, NULL);
	hangup(c);
	UNTIL_MS(9, RETRANSMITS_MS, who(id)->fate == DEMO_HUNG_UP);
	BOOKS(0);
}


static void test_tcp(void **state)
{
	(void)state;
	struct uasub *s;
	struct uacall *c;
	struct ua *ua;
	unsigned id;

	start(&fast);
	ua = ua_start(0, "101", true);
	reg(ua, 300);
	UNTIL(ua->regc);
	assert_int_equal(200, ua->regcode);
	s = watch(ua, "701");
	c = talk(ua, "Anna", &id);
	UNTIL(hears(c) == CALLER(0));
	refer(c, "700");
	UNTIL(c->refer_closed && s->n == 2);
	hangup(c);
	c = dial(ua, "701");
	UNTIL(c->told && s->n == 3);
	UNTIL(hears(c) == CALLER(0));
	hangup(c);
	UNTIL(!demo_legs(fx.d));
	BOOKS(0);
}


/* Bytes of any kind: an answer or none, and the PBX lives */
static void test_garbage(void **state)
{
	(void)state;
	static const char *const textv[] = {
		"INVITE sip:701@127.0.0.1 SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\n"
		"From: <sip:101@x>;tag=1\r\nTo: <sip:701@x>\r\n"
		"Call-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n",
		"SUBSCRIBE sip:@127.0.0.1 SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK2\r\n"
		"From: <sip:101@x>\r\nTo: x\r\nCall-ID: \r\n"
		"CSeq: 1 SUBSCRIBE\r\n\r\n",
		"REGISTER sip:127.0.0.1 SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK3\r\n"
		"From: <sip:101@x>;tag=1\r\nTo: <sip:101@x>\r\n"
		"Call-ID: 3\r\nCSeq: 1 REGISTER\r\n"
		"Authorization: Digest username=\"101\",realm=\"asterisk\","
		"nonce=\"/\",uri=\"\",response=\"zz\"\r\n\r\n",
		"NOSUCH sip:x SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK4\r\n"
		"From: <sip:101@x>;tag=1\r\nTo: <sip:101@x>\r\n"
		"Call-ID: 4\r\nCSeq: 1 NOSUCH\r\n\r\n",
		"BYE sip:x SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK5\r\n"
		"From: <sip:101@x>;tag=1\r\nTo: <sip:101@x>;tag=2\r\n"
		"Call-ID: 5\r\nCSeq: 1 BYE\r\n\r\n",
		"ACK sip:x SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK6\r\n"
		"From: <sip:101@x>;tag=1\r\nTo: <sip:101@x>;tag=2\r\n"
		"Call-ID: 6\r\nCSeq: 1 ACK\r\n\r\n",
		"SIP/2.0 200 OK\r\n"
		"Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK7\r\n"
		"From: <sip:101@x>;tag=1\r\nTo: <sip:101@x>;tag=2\r\n"
		"Call-ID: 7\r\nCSeq: 1 INVITE\r\n\r\n",
	};
	struct udp_sock *us;
	struct sa la, dst;
	unsigned x = 3;
	struct ua *ua;

	start(&fast);
	ua = phone(0, "101");
	assert_int_equal(0, sa_set_str(&la, "127.0.0.1", 0));
	assert_int_equal(0, sa_set_str(&dst, "127.0.0.1",
				       demo_port(fx.d, false)));
	assert_int_equal(0, udp_listen(&us, &la, NULL, NULL));

	for (size_t i = 0; i < 400; i++) {

		const char *t = textv[i % ROWS(textv)];
		struct mbuf *mb = mbuf_alloc(1024);

		assert_int_equal(0, mbuf_write_str(mb, t));

		/* whole first, then with a byte changed within a header */
		if (i >= ROWS(textv)) {
			x = x * 1103515245 + 12345;
			mb->buf[60 + (x >> 16) % (mb->end - 64)] =
				(uint8_t)(x >> 8 | 1);
		}
		mb->pos = 0;
		(void)udp_send(us, &dst, mb);
		mem_deref(mb);
		if (!(i % 20))
			turn();
	}

	mem_deref(us);
	reg(ua, 300);
	UNTIL(ua->regc);
	assert_int_equal(200, ua->regcode);
	BOOKS(0);
}


/* ---- the wire, compared with Asterisk's ---- */

static void normal_line(char *dst, size_t sz, const char *src, bool first)
{
	static const char *const wildv[] = {"Via", "Call-ID",
		"Content-Length", "User-Agent", "Server"};
	size_t n = 0, name = strcspn(src, ":");

	for (size_t i = 0; i < ROWS(wildv); i++) {

		if (name == strlen(wildv[i]) &&
		    !strncmp(src, wildv[i], name)) {
			snprintf(dst, sz, "%s: *", wildv[i]);
			return;
		}
	}

	/* of a request's first line only the method */
	if (first && strncmp(src, "SIP/2.0", 7)) {
		snprintf(dst, sz, "%.*s", (int)strcspn(src, " "), src);
		return;
	}

	for (const char *p = src; *p && n + 2 < sz; ) {

		size_t digits = strspn(p, "0123456789");
		const bool all = !strncmp(src, "CSeq", 4) ||
			!strncmp(src, "o=", 2) ||
			!strncmp(src, "Subscription-State", 18);

		/* ids, ports, numbers; versions and times stay */
		if (digits > 2 || (digits && all)) {
			p += digits;
			dst[n++] = '#';
			continue;
		}

		/* an answer echoes the port, which Asterisk drops */
		if (*p == ':' && strspn(p + 1, "0123456789") > 2 &&
		    (!strncmp(src, "From", 4) || !strncmp(src, "To", 2))) {
			p += 1 + strspn(p + 1, "0123456789");
			continue;
		}

		/* tags, names in quotes */
		if (!strncmp(p, "tag=", 4)) {
			p += strcspn(p, ";>");
			dst[n++] = 'T';
			continue;
		}

		if (*p == '"' && strchr(p + 1, '"') &&
		    (p == src || p[-1] == ' ' || n > 8) &&
		    (strstr(p, "\" <sip:") || !strncmp(p - 8, "display=", 8) ||
		     !strncmp(p - 6, "realm=", 6) ||
		     !strncmp(p - 6, "nonce=", 6) ||
		     !strncmp(p - 7, "opaque=", 7))) {
			p = strchr(p + 1, '"') + 1;
			dst[n++] = 'Q';
			continue;
		}

		dst[n++] = *p++;
	}

	dst[n] = '\0';
}


static int cmp_line(const void *a, const void *b)
{
	return strcmp(a, b);
}


enum { SHAPE_LINES = 48, SHAPE_SZ = 240 };

struct shape {
	char linev[SHAPE_LINES][SHAPE_SZ];
	size_t n;
};


/** Headers in any order, then the body in its order */
static void shape_of(struct shape *sh, const char *msg)
{
	bool body = false, sdp_body = strstr(msg, "application/sdp") != NULL;
	size_t start_body = 0;
	char line[1024];

	memset(sh, 0, sizeof(*sh));

	for (const char *p = msg; *p; ) {

		size_t len = strcspn(p, "\n"), cut = len;

		while (cut && (p[cut - 1] == '\r' || p[cut - 1] == ' '))
			--cut;
		snprintf(line, sizeof(line), "%.*s", (int)cut, p);
		p += len + (p[len] == '\n');

		if (!cut && !body) {
			body = true;
			start_body = sh->n;
			continue;
		}

		/* codecs differ: the lab had more of them */
		if (body && (!cut || (sdp_body &&
				      (!strncmp(line, "a=rtpmap", 8) ||
				       !strncmp(line, "a=fmtp", 6)))))
			continue;
		if (body && !strncmp(line, "m=audio ", 8))
			*(strstr(line, "RTP/AVP") + 7) = '\0';

		assert_true(sh->n < SHAPE_LINES);
		normal_line(sh->linev[sh->n], SHAPE_SZ, line, sh->n == 0);
		++sh->n;
	}

	qsort(sh->linev[1], (body ? start_body : sh->n) - 1, SHAPE_SZ,
	      cmp_line);
}


/** One message of the file, by its label */
static char *golden(const char *label)
{
	char want[96], *buf, *p, *end;
	FILE *f = fopen(TEST_DATA "/demo/asterisk22.txt", "r");
	size_t n;

	assert_non_null(f);
	buf = calloc(1, 65536);
	assert_non_null(buf);
	n = fread(buf, 1, 65535, f);
	buf[n] = '\0';
	fclose(f);

	snprintf(want, sizeof(want), "\n===== %s\n", label);
	p = strstr(buf, want);
	if (!p) {
		free(buf);
		return NULL;
	}
	p += strlen(want);
	end = strstr(p, "\n\n=====");
	if (end)
		*end = '\0';
	memmove(buf, p, strlen(p) + 1);

	return buf;
}


static void test_asterisk_shapes(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		const char *first;       /* our message begins with this  */
		const char *has;         /* and contains this             */
		const char *has2;
	} rowv[] = {
		{"challenge", "SIP/2.0 401", " SUBSCRIBE\r\n", ""},
		{"subscribed", "SIP/2.0 200", " SUBSCRIBE\r\n",
		 "Expires: 300"},
		{"lamp free", "NOTIFY", "id=\"701\"", "version=\"0\""},
		{"lamp parked", "NOTIFY", "id=\"701\"", "version=\"1\""},
		{"lamp last", "NOTIFY", "id=\"702\"", "State: terminated"},
		{"call", "INVITE", "Anna", "Session-Expires"},
		{"ack", "ACK", "", ""},
		{"refer accepted", "SIP/2.0 202", " REFER\r\n", ""},
		{"sipfrag 100", "NOTIFY", "Event: refer", "100 Trying"},
		{"sipfrag 200", "NOTIFY", "Event: refer", "200 OK"},
		{"bye answered", "SIP/2.0 200", " BYE\r\n", ""},
		{"trying", "SIP/2.0 100", " INVITE\r\n", ""},
		{"retrieve answered", "SIP/2.0 200", " INVITE\r\n",
		 "To: <sip:701@"},
		{"identity by update", "UPDATE", "", ""},
		{"bye", "BYE", "Reason: Q.850;cause=16", ""},
		{"rejoined", "INVITE", "To: <sip:101@127.0.0.1>;tag=", ""},
		{"sipfrag 503", "NOTIFY", "Event: refer", " 503 "},
		{"bye to the loser", "BYE", "Reason: Q.850;cause=0\r\n", ""},
		{"recall", "INVITE", "Referred-By", ""},
		{"ringing", "SIP/2.0 180", "", ""},
		{"call answered", "SIP/2.0 200", " INVITE\r\n",
		 "To: <sip:102@"},
		{"extension early", "NOTIFY", "id=\"102\"", "early"},
		{"extension confirmed", "NOTIFY", "id=\"102\"", "confirmed"},
		{"extension free", "NOTIFY", "id=\"102\"", "version=\"3\""},
		{"lamp gone", "NOTIFY", "id=\"701\"", "version=\"2\""},
		{"fetch refused", "SIP/2.0 400", " SUBSCRIBE\r\n", ""},
		{"no such lamp", "SIP/2.0 404", " SUBSCRIBE\r\n", ""},
	};
	static const struct demo_prm prm = {.spots = 2, .announce_ms = 100};
	struct demo_colleague habit = {0, 30, 0};
	static struct shape want, got;
	struct uasub *s, *s2, *ben;
	struct uacall *c;
	struct ua *ua;
	unsigned id;

	start(&prm);
	assert_int_equal(0, demo_set_colleague(fx.d, "102", &habit));
	ua = phone(0, "101");
	ua->update = true;
	s = watch(ua, "701");
	s2 = watch(ua, "702");
	mem_deref(s2->sub);
	s2->sub = NULL;
	UNTIL(demo_subscriptions(fx.d, NULL) == 1);
	ben = watch(ua, "102");

	/* park, take back, the caller hangs up */
	c = talk(ua, "Anna", &id);
	refer(c, "700");
	UNTIL(c->refer_closed && s->n == 2);
	forget(c);
	c = dial(ua, "701");
	UNTIL(c->told);
	demo_hangup(fx.d, id);
	UNTIL(c->closed);
	forget(c);

	/* park, recall, then a lot that is full, then an empty spot */
	c = talk(ua, "Anna", &id);
	refer(c, "700");
	UNTIL(c->refer_closed);
	forget(c);
	UNTIL(!demo_legs(fx.d));
	add(45001);
	UNTIL(rings(ua));
	c = rings(ua);
	answer(c);
	UNTIL(c->up);
	assert_int_equal(0, demo_park_by_colleague(fx.d, "103", NULL, "X",
						   "01", NULL));
	assert_int_equal(0, demo_park_by_colleague(fx.d, "103", NULL, "Y",
						   "02", NULL));
	c->told = false;
	refer(c, "700");
	UNTIL(c->told);
	hangup(c);
	UNTIL(c->refer_closed);
	forget(c);
	assert_int_equal(0, demo_retrieve_by_colleague(fx.d, "104", "701",
						       0));
	c = dial(ua, "701");
	UNTIL(c->up);
	add(5501);
	UNTIL(c->closed);
	forget(c);

	/* a colleague */
	c = dial(ua, "102");
	UNTIL(c->up && ben->n == 3);
	hangup(c);
	UNTIL(ben->n == 4);

	/* only to look, and at what is not there */
	s2 = subscribe_to(ua, "702", "dialog", 0);
	UNTIL(s2->closed);
	s2 = subscribe_to(ua, "799999", "dialog", 300);
	UNTIL(s2->closed);

	for (size_t i = 0; i < ROWS(rowv); i++) {

		const char *mine = NULL;
		char *text;

		for (size_t n = 0; n < ua->logc && !mine; n++) {

			const char *m = ua->logv[n];

			if (!strncmp(m, rowv[i].first,
				     strlen(rowv[i].first)) &&
			    strstr(m, rowv[i].has) &&
			    strstr(m, rowv[i].has2))
				mine = m;
		}

		text = golden(rowv[i].label);
		row_true(i, mine != NULL);
		row_true(i, text != NULL);
		shape_of(&want, text);
		shape_of(&got, mine);
		free(text);

		for (size_t n = 0; n < want.n || n < got.n; n++) {

			if (strcmp(want.linev[n], got.linev[n]))
				print_error("%s:\n", rowv[i].label);
			row_str(i, want.linev[n], got.linev[n]);
		}
	}
}


/** A manner may misbehave at all times, until told otherwise */
static void test_manner_fault(void **state)
{
	(void)state;
	static const struct demo_fault none;
	struct demo_manner manner = *demo_manner_find("asterisk");
	const struct demo_prm prm = {.own = &manner};
	struct uasub *s;
	struct ua *ua;

	manner.fault.refuse[DEMO_SUBSCRIBE] = 503;
	start(&prm);
	ua = phone(0, "101");
	s = subscribe_to(ua, "701", "dialog", 300);
	UNTIL(s->closed);

	demo_set_fault(fx.d, &none);
	(void)watch(ua, "701");

	demo_set_fault(fx.d, NULL);
	s = subscribe_to(ua, "702", "dialog", 300);
	UNTIL(s->closed);
	assert_int_equal(0, s->n);
}


/* ---- the rest of the interface ---- */

static void test_config(void **state)
{
	(void)state;
	static const struct {
		const char *manner;
		const char *has;
		bool spots;
	} rowv[] = {
		{"asterisk",   "\npbx       asterisk\nspots     701-706\n",
		 true},
		{"fusionpbx",  "\nspots     *5901-*5906\n", true},
		{"freeswitch", "\nspots     6001-6006\n", true},
		{"portsip",    "\npbx       portsip\nlamp", false},
	};

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct demo_prm prm = {.manner = rowv[i].manner};
		char buf[DEMO_CONFIG_MAX], want[128];

		start(&prm);
		row_int(i, 0, demo_config(fx.d, "101", true, buf,
					  sizeof(buf)));
		snprintf(want, sizeof(want), "account   <sip:101@127.0.0.1:"
			 "%u;transport=tcp>;auth_pass=%s\n",
			 demo_port(fx.d, true), demo_password(fx.d, "101"));
		row_true(i, !strncmp(buf, want, strlen(want)));
		row_true(i, strstr(buf, rowv[i].has) != NULL);
		row_true(i, strstr(buf, "\nrecall_time ") != NULL);
		row_bool(i, rowv[i].spots,
			 strstr(buf, "\nspots ") != NULL);
		row_true(i, strstr(buf, "lamp      102;label=\"Ben Carter\"")
			 != NULL);
		row_int(i, EOVERFLOW, demo_config(fx.d, "101", false, buf,
						  20));
		row_int(i, EINVAL, demo_config(fx.d, "999", false, buf,
					       sizeof(buf)));
		fx.d = mem_deref(fx.d);
	}
}


static void test_alloc(void **state)
{
	(void)state;
	static const struct {
		struct demo_prm prm;
		int err;
	} rowv[] = {
		{{.manner = "nobody"}, ENOENT},
		{{.spots = DEMO_SPOTS_MAX + 1}, EINVAL},
		{{.spots = 1, .seed = 9}, 0},
	};

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct demo *d = NULL;

		row_int(i, rowv[i].err, demo_alloc(&d, &rowv[i].prm));
		row_bool(i, rowv[i].err == 0, d != NULL);
		if (d)
			row_true(i, demo_port(d, false) && demo_port(d,
								     true));
		mem_deref(d);
	}
}


/* Closed in the middle of everything */
static void test_close(void **state)
{
	(void)state;
	struct ua *ua;
	unsigned id;

	start(&fast);
	ua = phone(0, "101");
	(void)watch(ua, "701");
	(void)talk(ua, "Anna", &id);
	assert_int_equal(0, demo_call(fx.d, "101", "B", "02", 0, NULL));
	assert_int_equal(0, demo_park_by_colleague(fx.d, "102", NULL, "C",
						   "03", NULL));
	fx.d = mem_deref(fx.d);

	/* so that the telephone can leave too */
	for (size_t i = 0; i < CALLS; i++)
		if (ua->callv[i].used && ua->callv[i].sess)
			sipsess_close_all(ua->ss);
}


/* Happenings at random, three phones' worth: nobody gets lost */
static void test_random(void **state)
{
	(void)state;
	struct demo_prm prm = {.seed = 1, .spots = 3, .announce_ms = 20};
	struct ua *ua;
	unsigned x = 20240229, done = 0;
	char number[16];

	start(&prm);
	ua = phone(0, "101");

	for (size_t i = 0; i < 300; i++) {

		struct uacall *c;
		const char *spot;

		x = x * 1103515245 + 12345;
		c = &ua->callv[(x >> 12) % CALLS];
		spot = demo_spot(fx.d, (x >> 24) % 3);
		snprintf(number, sizeof(number), "01%zu", i);

		switch ((x >> 16) % 9) {

		case 0:
			if (demo_legs(fx.d) < 3)
				(void)demo_call(fx.d, "101", "A", number, 0,
						NULL);
			break;
		case 1:
			if (rings(ua) && !rings(ua)->told) {
				rings(ua)->told = true;
				answer(rings(ua));
			}
			break;
		case 2:
			if (c->used && c->up)
				refer(c, (x >> 20) % 2 ? "700" : "*702");
			break;
		case 3:
			if (c->used && (c->up || c->closed) &&
			    !c->refer)
				forget(c);
			break;
		case 4:
			if (demo_legs(fx.d) < 3)
				(void)dial(ua, spot);
			break;
		case 5:
			(void)demo_park_by_colleague(fx.d, "102", NULL, "B",
						     number, NULL);
			break;
		case 6:
			(void)demo_retrieve_by_colleague(fx.d, "103", spot,
							 500);
			break;
		case 7:
			(void)demo_hangup(fx.d, (x >> 20) % 64);
			break;
		case 8:
			add((x >> 20) % 3000);
			break;
		}

		turn();
		turn();
		BOOKS(i);
		++done;

		/* places for calls are few */
		for (size_t n = 0; n < CALLS; n++) {

			struct uacall *o = &ua->callv[n];

			if (o->used && o->closed && !o->sess && !o->refer)
				forget(o);
		}
		if (ua->logc > LOG_MAX - 50) {
			for (size_t n = 0; n < ua->logc; n++)
				free(ua->logv[n]);
			ua->logc = 0;
		}
	}

	assert_int_equal(300, done);
	assert_int_equal(0, demo_books(fx.d)->fatev[DEMO_LOST]);

	for (size_t n = 0; n < CALLS; n++)
		if (ua->callv[n].used)
			forget(&ua->callv[n]);
	UNTIL(!demo_legs(fx.d));
	BOOKS(0);
}


#define sip_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(int argc, char *argv[])
{
	const struct CMUnitTest testv[] = {
		sip_test(test_alloc),
		sip_test(test_manner_fault),
		sip_test(test_config),
		sip_test(test_register),
		sip_test(test_register_time),
		sip_test(test_nonce_stale),
		sip_test(test_call),
		sip_test(test_call_fate),
		sip_test(test_cancel_crossed),
		sip_test(test_dial),
		sip_test(test_two_phones),
		sip_test(test_subscribe),
		sip_test(test_subscribe_min),
		sip_test(test_subscribe_life),
		sip_test(test_subscriber_gone),
		sip_test(test_lamp_faults),
		sip_test(test_lamp_forgotten),
		sip_test(test_extension_lamp),
		sip_test(test_park),
		sip_test(test_codes),
		sip_test(test_park_faults),
		sip_test(test_park_early_bye),
		sip_test(test_lot_full),
		sip_test(test_retrieve),
		sip_test(test_race),
		sip_test(test_retrieve_regretted),
		sip_test(test_retrieve_empty),
		sip_test(test_recall),
		sip_test(test_hangup_while_parked),
		sip_test(test_transfer),
		sip_test(test_attended),
		sip_test(test_colleague_retrieves),
		sip_test(test_restart),
		sip_test(test_script),
		sip_test(test_life),
		sip_test(test_oob_notify),
		sip_test(test_refusals),
		sip_test(test_own_manner),
		sip_test(test_silent),
		sip_test(test_rx_jitter),
		sip_test(test_no_sound),
		sip_test(test_loss),
		sip_test(test_tcp),
		sip_test(test_garbage),
		sip_test(test_asterisk_shapes),
		sip_test(test_close),
		sip_test(test_random),
	};
	int n;

	if (libre_init())
		return 1;

	(void)applog_open(NULL, APPLOG_WARN);

	/* test_demo_pbx PATTERN [wire] */
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	wire = argc > 2;

	n = cmocka_run_group_tests(testv, NULL, NULL);
	libre_close();

	return n;
}
