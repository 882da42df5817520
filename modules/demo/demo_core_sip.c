/**
 * @file modules/demo/demo_core_sip.c  Built-in PBX: stack, messages, faults
 */
#include <string.h>
#include "app/log.h"
#include "modules/demo/demo_int.h"


enum {
	HASH_SIZE = 64,
	LAYER_FAULTS = 10,
	DATAGRAMS_MAX = 4096,
};

struct job {
	struct le le;
	uint64_t due_ms;
	demo_job_h *h;
	void *arg;
};

struct datagram {
	struct le le;
	struct demo *d;
	struct sa dst;           /* own address: was received            */
	struct mbuf *mb;
};

const char demo_allow[] =
	"OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, INVITE, ACK, BYE, "
	"CANCEL, UPDATE, PRACK, INFO, MESSAGE, REFER";

static const char host[] = "127.0.0.1";


const char *demo_host(void)
{
	return host;
}


uint64_t demo_now(const struct demo *d)
{
	return clock_ms(d->clock);
}


/** A number below n, from the seed (xorshift64) */
uint32_t demo_chance(struct demo *d, uint32_t n)
{
	d->rng ^= d->rng << 13;
	d->rng ^= d->rng >> 7;
	d->rng ^= d->rng << 17;

	return n ? (uint32_t)((d->rng >> 16) % n) : 0;
}


/* ---- jobs: one timer for all ---- */

static void job_destructor(void *data)
{
	struct job *job = data;

	list_unlink(&job->le);
}


static void job_handler(void *arg)
{
	demo_poll(arg);
}


static void job_arm(struct demo *d)
{
	const struct job *job = list_ledata(d->jobl.head);
	const uint64_t now = demo_now(d);

	if (!job)
		tmr_cancel(&d->tmr_job);
	else
		tmr_start(&d->tmr_job,
			  job->due_ms > now ? job->due_ms - now : 0,
			  job_handler, d);
}


/** Do something later; `arg` must cancel it before it goes */
int demo_job(struct demo *d, uint32_t delay_ms, demo_job_h *h, void *arg)
{
	struct job *job = mem_zalloc(sizeof(*job), job_destructor);
	struct le *le;

	if (!job)
		return ENOMEM;

	job->due_ms = demo_now(d) + delay_ms;
	job->h = h;
	job->arg = arg;

	for (le = d->jobl.tail; le; le = le->prev) {

		const struct job *other = le->data;

		if (other->due_ms <= job->due_ms)
			break;
	}

	if (le)
		list_insert_after(&d->jobl, le, &job->le, job);
	else
		list_prepend(&d->jobl, &job->le, job);

	job_arm(d);

	return 0;
}


/** @param h Or NULL: all jobs of `arg` */
void demo_job_cancel(struct demo *d, demo_job_h *h, const void *arg)
{
	struct le *le = d->jobl.head;

	while (le) {

		struct job *job = le->data;

		le = le->next;

		if (job->arg == arg && (!h || job->h == h))
			mem_deref(job);
	}
}


void demo_poll(struct demo *d)
{
	struct job *job;

	if (!d)
		return;

	mem_ref(d);

	while ((job = list_ledata(d->jobl.head)) != NULL) {

		if (job->due_ms > demo_now(d))
			break;

		list_unlink(&job->le);
		job->h(job->arg);
		mem_deref(job);
	}

	if (mem_nrefs(d) > 1)
		job_arm(d);

	mem_deref(d);
}


/* ---- faults of the wire ---- */

static void datagram_destructor(void *data)
{
	struct datagram *dg = data;

	demo_job_cancel(dg->d, NULL, dg);
	list_unlink(&dg->le);
	mem_deref(dg->mb);
}


static void datagram_handler(void *arg)
{
	struct datagram *dg = arg;
	struct demo *d = dg->d;

	if (d->us && !d->down && !d->fault.silent)
		(void)udp_send_helper(d->us, &dg->dst, dg->mb, d->uh);

	mem_deref(dg);
}


/** @param src Where it came from, if it was received */
static bool delay(struct demo *d, uint32_t ms, const struct sa *src,
		  const struct sa *dst, struct mbuf *mb)
{
	struct datagram *dg;

	if (!ms || list_count(&d->datagraml) >= DATAGRAMS_MAX)
		return false;

	dg = mem_zalloc(sizeof(*dg), datagram_destructor);
	if (!dg)
		return false;

	dg->d = d;
	dg->dst = *dst;
	dg->mb = mbuf_alloc(mbuf_get_left(mb) + sizeof(*src));

	if (!dg->mb ||
	    (src && mbuf_write_mem(dg->mb, (const uint8_t *)src,
				   sizeof(*src))) ||
	    mbuf_write_mem(dg->mb, mbuf_buf(mb), mbuf_get_left(mb)) ||
	    demo_job(d, ms, datagram_handler, dg)) {
		mem_deref(dg);
		return false;
	}

	dg->mb->pos = 0;
	list_append(&d->datagraml, &dg->le, dg);

	return true;
}


static bool deaf(struct demo *d)
{
	return d->down || d->fault.silent;
}


static bool tx_handler(int *err, struct sa *dst, struct mbuf *mb, void *arg)
{
	struct demo *d = arg;

	*err = 0;

	if (deaf(d))
		return true;

	if (d->fault.drop_tx_pm &&
	    demo_chance(d, 1000) < d->fault.drop_tx_pm)
		return true;

	return delay(d, d->fault.delay_ms +
		     demo_chance(d, d->fault.jitter_ms), NULL, dst, mb);
}


/*
 * What is to be heard later is sent to ourselves when its time has come,
 * behind the address that it came from: libre has no other door for it
 */
static bool unwrap(struct demo *d, struct sa *src, struct mbuf *mb)
{
	if (!sa_cmp(src, &d->udp, SA_ALL) ||
	    mbuf_get_left(mb) < sizeof(*src))
		return false;

	memcpy(src, mbuf_buf(mb), sizeof(*src));
	mbuf_advance(mb, sizeof(*src));

	return true;
}


static bool rx_handler(struct sa *src, struct mbuf *mb, void *arg)
{
	struct demo *d = arg;

	if (deaf(d))
		return true;

	if (unwrap(d, src, mb))
		return false;

	if (d->fault.drop_rx_pm &&
	    demo_chance(d, 1000) < d->fault.drop_rx_pm)
		return true;

	return delay(d, demo_chance(d, d->fault.rx_jitter_ms), src, &d->udp,
		     mb);
}


/*
 * libre does not tell its UDP socket; every message that came through it
 * does. Nothing of interest is sent before the first one came.
 */
static void learn_socket(struct demo *d, const struct sip_msg *msg)
{
	if (d->us || msg->tp != SIP_TRANSP_UDP || !msg->sock)
		return;

	d->us = mem_ref(msg->sock);

	if (udp_register_helper(&d->uh, d->us, LAYER_FAULTS, tx_handler,
				rx_handler, d))
		applog(APPLOG_WARN, "demo: faults cannot be played\n");
}


/* ---- dialogs ---- */

/** A URI's user part as it is dialled: "#58", not "%2358" */
int demo_number(char *buf, size_t sz, const struct pl *user)
{
	return re_snprintf(buf, sz, "%H", uri_user_unescape, user) < 0
		? EOVERFLOW : 0;
}


void demo_tag(char *buf)
{
	(void)re_snprintf(buf, DEMO_TAG_SZ, "%016llx", rand_u64());
}


static void dlg_destructor(void *data)
{
	struct demo_dlg *dlg = data;

	mem_deref(dlg->callid);
	mem_deref(dlg->ltag);
	mem_deref(dlg->rtag);
	mem_deref(dlg->local);
	mem_deref(dlg->remote);
	mem_deref(dlg->target);
}


/**
 * A dialog that we begin
 *
 * @param local  From, remote: To, both without tag
 * @param target Request-URI
 * @param dst    Where the other is really reached
 */
int demo_dlg_uac(struct demo_dlg **dlgp, const char *local,
		 const char *remote, const char *target,
		 const struct sa *dst, enum sip_transp tp)
{
	struct demo_dlg *dlg = mem_zalloc(sizeof(*dlg), dlg_destructor);
	char tag[DEMO_TAG_SZ];
	int err;

	if (!dlg)
		return ENOMEM;

	dlg->lseq = 1 + (rand_u16() & 0x7fff);
	dlg->rseq = -1;
	dlg->dst = *dst;
	dlg->tp = tp;

	demo_tag(tag);
	err  = str_dup(&dlg->ltag, tag);
	err |= re_sdprintf(&dlg->callid, "%016llx%016llx", rand_u64(),
			   rand_u64());
	err |= str_dup(&dlg->local, local);
	err |= str_dup(&dlg->remote, remote);
	err |= str_dup(&dlg->target, target);

	if (err)
		mem_deref(dlg);
	else
		*dlgp = dlg;

	return err;
}


/* Addresses are said again without port and parameters, as the PBX that
   was captured does */
static int address(char **sp, const struct sip_taddr *addr)
{
	if (pl_isset(&addr->dname))
		return re_sdprintf(sp, "\"%r\" <sip:%r@%r>", &addr->dname,
				   &addr->uri.user, &addr->uri.host);

	if (pl_isset(&addr->uri.user))
		return re_sdprintf(sp, "<sip:%r@%r>", &addr->uri.user,
				   &addr->uri.host);

	return re_sdprintf(sp, "<sip:%r>", &addr->uri.host);
}


static int target(char **sp, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_CONTACT);
	struct sip_addr addr;
	int err;

	if (!hdr || sip_addr_decode(&addr, &hdr->val))
		return EBADMSG;

	err = pl_strdup(sp, &addr.auri);

	return err;
}


/** A dialog that the other begins; EBADMSG if it has no Contact */
int demo_dlg_uas(struct demo_dlg **dlgp, const struct sip_msg *msg)
{
	struct demo_dlg *dlg = mem_zalloc(sizeof(*dlg), dlg_destructor);
	char tag[DEMO_TAG_SZ];
	int err;

	if (!dlg)
		return ENOMEM;

	dlg->lseq = 1 + (rand_u16() & 0x7fff);
	dlg->rseq = msg->cseq.num;
	dlg->dst = msg->src;
	dlg->tp = msg->tp;

	demo_tag(tag);
	err = target(&dlg->target, msg);
	if (err)
		goto out;

	err  = str_dup(&dlg->ltag, tag);
	err |= pl_strdup(&dlg->callid, &msg->callid);
	err |= pl_strdup(&dlg->rtag, &msg->from.tag);
	err |= address(&dlg->local, &msg->to);
	err |= address(&dlg->remote, &msg->from);

 out:
	if (err)
		mem_deref(dlg);
	else
		*dlgp = dlg;

	return err;
}


/** Take tag, Contact and address from what the other said */
int demo_dlg_learn(struct demo_dlg *dlg, const struct sip_msg *msg)
{
	char *uri = NULL;

	if (!dlg->rtag) {

		const struct pl *tag = msg->req ? &msg->from.tag
			: &msg->to.tag;
		int err = pl_isset(tag) ? pl_strdup(&dlg->rtag, tag)
			: EBADMSG;
		if (err)
			return err;
	}

	if (!target(&uri, msg)) {
		mem_deref(dlg->target);
		dlg->target = uri;
	}

	if (msg->tp == dlg->tp)
		dlg->dst = msg->src;

	return 0;
}


bool demo_dlg_match(const struct demo_dlg *dlg, const struct sip_msg *msg)
{
	const struct pl *ltag = msg->req ? &msg->to.tag : &msg->from.tag;
	const struct pl *rtag = msg->req ? &msg->from.tag : &msg->to.tag;

	return !pl_strcmp(&msg->callid, dlg->callid) &&
		!pl_strcmp(ltag, dlg->ltag) &&
		(!dlg->rtag || !pl_strcmp(rtag, dlg->rtag));
}


/* ---- messages out ---- */

/** Where requests come from and responses go */
static const struct sa *laddr(const struct demo *d, enum sip_transp tp)
{
	return tp == SIP_TRANSP_TCP ? &d->tcp : &d->udp;
}


/**
 * Send a request in a dialog
 *
 * @param reqp  Or NULL; ACK is sent without a transaction
 * @param cseq  0: the next one
 * @param cuser Contact user, "" for none, NULL for no Contact
 * @param fmt   Further header lines
 */
int demo_request(struct demo *d, struct sip_request **reqp,
		 const char *met, struct demo_dlg *dlg, uint32_t cseq,
		 const char *cuser, const char *ctype, const char *body,
		 size_t blen, sip_resp_h *resph, void *arg,
		 const char *fmt, ...)
{
	const bool ack = !strcmp(met, "ACK");
	struct uri route;
	struct mbuf *mb;
	char *hop = NULL;
	struct pl pl;
	va_list ap;
	int err;

	mb = mbuf_alloc(1024 + blen);
	if (!mb)
		return ENOMEM;

	err  = mbuf_printf(mb, "From: %s;tag=%s\r\n", dlg->local, dlg->ltag);
	err |= mbuf_printf(mb, "To: %s%s%s\r\n", dlg->remote,
			   dlg->rtag ? ";tag=" : "",
			   dlg->rtag ? dlg->rtag : "");
	if (cuser)
		err |= mbuf_printf(mb, "Contact: <sip:%s%s%J%s>\r\n", cuser,
				   *cuser ? "@" : "", laddr(d, dlg->tp),
				   sip_transp_param(dlg->tp));
	err |= mbuf_printf(mb, "Call-ID: %s\r\n", dlg->callid);
	err |= mbuf_printf(mb, "CSeq: %u %s\r\n", cseq ? cseq : dlg->lseq++,
			   met);

	if (fmt) {
		va_start(ap, fmt);
		err |= mbuf_vprintf(mb, fmt, ap);
		va_end(ap);
	}

	err |= mbuf_printf(mb, "Max-Forwards: 70\r\nUser-Agent: %s\r\n",
			   d->m.software);
	if (ctype)
		err |= mbuf_printf(mb, "Content-Type: %s\r\n", ctype);
	err |= mbuf_printf(mb, "Content-Length: %zu\r\n\r\n", blen);
	if (blen)
		err |= mbuf_write_mem(mb, (const uint8_t *)body, blen);
	if (err)
		goto out;

	/* where it came from counts, not what the Contact says */
	err = re_sdprintf(&hop, "sip:%J%s", &dlg->dst,
			  sip_transp_param(dlg->tp));
	if (err)
		goto out;

	pl_set_str(&pl, hop);
	err = uri_decode(&route, &pl);
	if (err)
		goto out;

	if (deaf(d) && dlg->tp == SIP_TRANSP_TCP) {
		err = ECONNREFUSED;
		goto out;
	}

	mb->pos = 0;
	err = sip_request(reqp, d->sip, !ack, met, -1, dlg->target, -1,
			  &route, mb, 0, NULL, resph, arg);

 out:
	mem_deref(hop);
	mem_deref(mb);

	return err;
}


static int via(struct mbuf *mb, const struct sip_msg *msg, bool *rportp)
{
	bool first = true;
	struct le *le;
	int err = 0;

	for (le = msg->hdrl.head; le; le = le->next) {

		const struct sip_hdr *hdr = le->data;
		struct pl rp;

		if (hdr->id != SIP_HDR_VIA)
			continue;

		if (!first) {
			err |= mbuf_printf(mb, "Via: %r\r\n", &hdr->val);
			continue;
		}

		first = false;
		err |= mbuf_write_str(mb, "Via: ");

		if (!msg_param_exists(&msg->via.params, "rport", &rp)) {
			err |= mbuf_write_pl_skip(mb, &hdr->val, &rp);
			err |= mbuf_printf(mb, ";rport=%u",
					   sa_port(&msg->src));
			*rportp = true;
		}
		else {
			err |= mbuf_write_pl(mb, &hdr->val);
		}

		err |= mbuf_printf(mb, ";received=%j\r\n", &msg->src);
	}

	return err;
}


/**
 * Answer a request
 *
 * @param stp  Its server transaction; NULL: made here (final answers)
 * @param mbp  The message sent, or NULL
 * @param ltag Our tag; NULL: a new one where To has none
 * @param fmt  Further header lines
 */
int demo_reply(struct demo *d, struct sip_strans **stp, struct mbuf **mbp,
	       const struct sip_msg *msg, const char *ltag, uint16_t code,
	       const char *reason, const char *ctype, const char *body,
	       size_t blen, const char *fmt, ...)
{
	struct mbuf *mb = mbuf_alloc(1024 + blen);
	char tag[DEMO_TAG_SZ];
	bool rport = false;
	struct sa dst;
	va_list ap;
	int err;

	if (!mb)
		return ENOMEM;

	if (!ltag) {
		demo_tag(tag);
		ltag = tag;
	}

	err  = mbuf_printf(mb, "SIP/2.0 %u %s\r\n", code,
			   reason ? reason : demo_reason(code));
	err |= via(mb, msg, &rport);
	err |= mbuf_printf(mb, "Call-ID: %r\r\nFrom: %r\r\nTo: %r",
			   &msg->callid, &msg->from.val, &msg->to.val);
	if (!pl_isset(&msg->to.tag) && code > 100)
		err |= mbuf_printf(mb, ";tag=%s", ltag);
	err |= mbuf_printf(mb, "\r\nCSeq: %u %r\r\n", msg->cseq.num,
			   &msg->cseq.met);

	if (fmt) {
		va_start(ap, fmt);
		err |= mbuf_vprintf(mb, fmt, ap);
		va_end(ap);
	}

	err |= mbuf_printf(mb, "Server: %s\r\n", d->m.software);
	if (ctype)
		err |= mbuf_printf(mb, "Content-Type: %s\r\n", ctype);
	err |= mbuf_printf(mb, "Content-Length: %zu\r\n\r\n", blen);
	if (blen)
		err |= mbuf_write_mem(mb, (const uint8_t *)body, blen);
	if (err)
		goto out;

	mb->pos = 0;
	sip_reply_addr(&dst, msg, rport);

	err = sip_strans_reply(stp, d->sip, msg, &dst, code, mb);

	if (!err && mbp)
		*mbp = mem_ref(mb);

 out:
	mem_deref(mb);

	return err;
}


const char *demo_reason(uint16_t code)
{
	static const struct {
		uint16_t code;
		const char *reason;
	} reasonv[] = {
		{100, "Trying"}, {180, "Ringing"}, {200, "OK"},
		{202, "Accepted"}, {400, "Bad Request"},
		{401, "Unauthorized"}, {403, "Forbidden"},
		{404, "Not Found"}, {405, "Method Not Allowed"},
		{408, "Request Timeout"}, {420, "Bad Extension"},
		{423, "Interval Too Brief"},
		{480, "Temporarily Unavailable"},
		{481, "Call/Transaction Does Not Exist"},
		{486, "Busy Here"}, {487, "Request Terminated"},
		{488, "Not Acceptable Here"}, {489, "Bad Event"},
		{491, "Request Pending"}, {500, "Server Internal Error"},
		{501, "Not Implemented"}, {503, "Service Unavailable"},
		{603, "Decline"},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(reasonv); i++) {

		if (reasonv[i].code == code)
			return reasonv[i].reason;
	}

	return "Failure";
}


/** Refuse a request if a fault says so */
bool demo_refuses(struct demo *d, enum demo_method met,
		  const struct sip_msg *msg)
{
	const uint16_t code = d->fault.refuse[met];

	if (!code)
		return false;

	if (d->fault.refuse_n && !--d->fault.refuse_n)
		memset(d->fault.refuse, 0, sizeof(d->fault.refuse));

	(void)demo_reply(d, NULL, NULL, msg, NULL, code, NULL, NULL, NULL, 0,
			 NULL);
	return true;
}


/* ---- messages in ---- */

static bool request_handler(const struct sip_msg *msg, void *arg)
{
	struct demo *d = arg;
	const bool in_dialog = pl_isset(&msg->to.tag);
	uint16_t code = 405;

	learn_socket(d, msg);

	if (deaf(d))
		return true;

	/* what every request must have (RFC 3261 8.1.1) */
	if (!msg->callid.p || !pl_isset(&msg->from.tag) ||
	    !msg->from.auri.p || !msg->to.auri.p) {
		code = 400;
	}
	else if (!pl_strcmp(&msg->met, "REGISTER")) {
		demo_register(d, msg);
		return true;
	}
	else if (!pl_strcmp(&msg->met, "SUBSCRIBE")) {
		if (demo_subscribe(d, msg))
			return true;
		code = 481;
	}
	else if (!pl_strcmp(&msg->met, "INVITE") && !in_dialog) {
		demo_leg_invited(d, msg);
		return true;
	}
	else if (!pl_strcmp(&msg->met, "OPTIONS") && !in_dialog) {
		(void)demo_reply(d, NULL, NULL, msg, NULL, 200, NULL, NULL,
				 NULL, 0, "Allow: %s\r\n", demo_allow);
		return true;
	}
	else if (in_dialog) {
		if (demo_leg_request(d, msg))
			return true;
		code = 481;
	}
	else if (!pl_strcmp(&msg->met, "CANCEL")) {
		code = 481;
	}

	if (!pl_strcmp(&msg->met, "ACK"))
		return true;

	if (code == 405)
		(void)demo_reply(d, NULL, NULL, msg, NULL, code, NULL, NULL,
				 NULL, 0, "Allow: %s\r\n", demo_allow);
	else
		(void)demo_reply(d, NULL, NULL, msg, NULL, code, NULL, NULL,
				 NULL, 0, NULL);

	return true;
}


static bool response_handler(const struct sip_msg *msg, void *arg)
{
	struct demo *d = arg;

	learn_socket(d, msg);

	if (!deaf(d))
		(void)demo_leg_response(d, msg);

	/* libre would tell of others on standard error */
	return true;
}


static int core_open(struct demo *d, bool with_tcp)
{
	struct sa udp, tcp;
	int err;

	err  = sa_set_str(&udp, host, sa_port(&d->udp));
	err |= sa_set_str(&tcp, host, sa_port(&d->tcp));
	if (err)
		return err;

	err = sip_alloc(&d->sip, NULL, HASH_SIZE, HASH_SIZE, HASH_SIZE, NULL,
			NULL, NULL);
	if (err)
		return err;

	err = sip_transp_add(d->sip, SIP_TRANSP_UDP, &udp);
	if (!err && with_tcp)
		err = sip_transp_add(d->sip, SIP_TRANSP_TCP, &tcp);
	if (err)
		return err;

	err  = sip_listen(&d->lreq, d->sip, true, request_handler, d);
	err |= sip_listen(&d->lresp, d->sip, false, response_handler, d);

	return err;
}


int demo_core_open(struct demo *d)
{
	struct sa la;
	int err;

	err = sa_set_str(&la, host, 0);
	if (err)
		return err;

	err = core_open(d, true);
	if (err)
		return err;

	err  = sip_transp_laddr(d->sip, &d->udp, SIP_TRANSP_UDP, &la);
	err |= sip_transp_laddr(d->sip, &d->tcp, SIP_TRANSP_TCP, &la);

	return err;
}


/**
 * All transactions and connections end at once; the UDP port stays ours,
 * nobody listens at TCP until demo_core_up()
 */
int demo_core_down(struct demo *d)
{
	list_flush(&d->datagraml);
	d->lreq  = mem_deref(d->lreq);
	d->lresp = mem_deref(d->lresp);
	d->uh = mem_deref(d->uh);
	d->us = mem_deref(d->us);
	sip_close(d->sip, true);
	d->sip = mem_deref(d->sip);

	return core_open(d, false);
}


int demo_core_up(struct demo *d)
{
	return sip_transp_add(d->sip, SIP_TRANSP_TCP, &d->tcp);
}
