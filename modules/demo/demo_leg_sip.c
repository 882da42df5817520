/**
 * @file modules/demo/demo_leg_sip.c  Built-in PBX: INVITE dialogs, sipfrags
 *
 * A leg says what happened to the switch and does what the switch wants.
 * It may outlive its party: to acknowledge what crossed a CANCEL.
 */
#include <string.h>
#include "app/log.h"
#include "modules/demo/demo_int.h"


enum {
	GLARE_MS = 2100,         /**< RFC 3261 14.1: we own the Call-ID  */
};


static void invite_handler(int err, const struct sip_msg *msg, void *arg);
static void tell(struct demo_leg *leg);


static void leg_destructor(void *data)
{
	struct demo_leg *leg = data;

	demo_job_cancel(leg->d, NULL, leg);
	list_unlink(&leg->le);
	tmr_cancel(&leg->tmr_ok);
	tmr_cancel(&leg->tmr_re);
	mem_deref(leg->req);
	mem_deref(leg->st);
	mem_deref(leg->msg);
	mem_deref(leg->ok);
	mem_deref(leg->media);
	mem_deref(leg->dlg);
}


static int leg_alloc(struct demo_leg **legp, struct demo *d)
{
	struct demo_leg *leg;

	if (list_count(&d->legl) >= DEMO_LEGS_MAX)
		return EUSERS;

	leg = mem_zalloc(sizeof(*leg), leg_destructor);
	if (!leg)
		return ENOMEM;

	leg->d = d;
	leg->cuser = "";
	leg->sess = rand_u32() & 0x7fffffff;
	leg->sver = leg->sess;
	leg->dir = DEMO_SENDRECV;
	tmr_init(&leg->tmr_ok);
	tmr_init(&leg->tmr_re);
	list_append(&d->legl, &leg->le, leg);

	*legp = leg;

	return 0;
}


/** Its party is told and goes; the leg may be gone after this */
static void leg_over(struct demo_leg *leg, enum demo_fate fate,
		     const char *reason)
{
	struct demo_party *party = leg->party;

	if (!party)
		return;

	leg->party = NULL;
	party->leg = NULL;
	demo_switch_end(party, fate, reason);
}


/** Does the one at this leg hold, as far as his last description says? */
bool demo_leg_holds(const struct demo_leg *leg)
{
	return leg->rsdp_set && !(leg->rsdp.dir & DEMO_RECVONLY);
}


/* ---- descriptions ---- */

static size_t offer(struct demo_leg *leg, char *buf, size_t sz)
{
	++leg->sver;
	leg->dir = DEMO_SENDRECV;

	/* once agreed, always the same codec */
	if (leg->rsdp_set)
		return demo_sdp_answer(buf, sz, demo_host(),
				       demo_media_port(leg->media),
				       leg->sess, leg->sver, leg->rsdp.pt,
				       leg->rsdp.pt_event, leg->dir);

	return demo_sdp_offer(buf, sz, demo_host(),
			      demo_media_port(leg->media), leg->sess,
			      leg->sver, false);
}


static size_t answer(struct demo_leg *leg, char *buf, size_t sz)
{
	++leg->sver;
	leg->dir = demo_dir_reverse(leg->rsdp.dir);

	return demo_sdp_answer(buf, sz, demo_host(),
			       demo_media_port(leg->media), leg->sess,
			       leg->sver, leg->rsdp.pt, leg->rsdp.pt_event,
			       leg->dir);
}


/** @return 0; ENOENT there is none; EBADMSG it is of no use */
static int learn_sdp(struct demo_leg *leg, const struct sip_msg *msg)
{
	struct demo_sdp sdp;
	int err;

	if (!mbuf_get_left(msg->mb))
		return ENOENT;

	if (!msg_ctype_cmp(&msg->ctyp, "application", "sdp"))
		return EBADMSG;

	err = demo_sdp_decode(&sdp, (const char *)mbuf_buf(msg->mb),
			      mbuf_get_left(msg->mb));
	if (err)
		return err;

	leg->rsdp = sdp;
	leg->rsdp_set = true;

	return 0;
}


static void learn_allow(struct demo_leg *leg, const struct sip_msg *msg)
{
	if (sip_msg_hdr(msg, SIP_HDR_ALLOW))
		leg->update = sip_msg_hdr_has_value(msg, SIP_HDR_ALLOW,
						    "UPDATE");
}


static int pai_print(struct re_printf *pf, const struct demo_row *who)
{
	if (!who)
		return 0;

	return re_hprintf(pf, "P-Asserted-Identity: \"%s\" <sip:%s@%s>\r\n",
			  who->name, who->number, demo_host());
}


static int session_print(struct re_printf *pf, const struct demo *d)
{
	if (!d->m.session_expires)
		return 0;

	return re_hprintf(pf, "Session-Expires: 1800\r\nMin-SE: 90\r\n");
}


/* ---- calls that the PBX makes ---- */

static int invite(struct demo_leg *leg, const char *name,
		  const char *number, const char *referred_by)
{
	struct demo *d = leg->d;
	char sdp[DEMO_SDP_MAX];
	const size_t n = offer(leg, sdp, sizeof(sdp));
	struct demo_row who;
	char refby[160] = "";

	if (!n)
		return EOVERFLOW;

	memset(&who, 0, sizeof(who));
	str_ncpy(who.name, name, sizeof(who.name));
	str_ncpy(who.number, number, sizeof(who.number));

	if (referred_by)
		(void)re_snprintf(refby, sizeof(refby),
				  "Referred-By: <sip:%s@%J>\r\n",
				  referred_by, &d->udp);

	leg->cseq = leg->dlg->lseq++;

	return demo_request(d, &leg->req, "INVITE", leg->dlg, leg->cseq,
			    leg->cuser, "application/sdp", sdp, n,
			    invite_handler, leg,
			    "Allow: %s\r\n"
			    "Supported: 100rel, timer, replaces, "
			    "norefersub, histinfo\r\n"
			    "%H%H%s", demo_allow, session_print, d,
			    pai_print, d->m.tell == DEMO_TELL_NOT &&
			    referred_by ? NULL : &who, refby);
}


static void ack(struct demo_leg *leg, uint32_t cseq)
{
	(void)demo_request(leg->d, NULL, "ACK", leg->dlg, cseq, NULL, NULL,
			   NULL, 0, NULL, NULL, NULL);
}


static void bye_done(int err, const struct sip_msg *msg, void *arg)
{
	(void)err;
	(void)msg;
	(void)arg;
}


static void bye(struct demo_leg *leg, unsigned cause)
{
	(void)demo_request(leg->d, NULL, "BYE", leg->dlg, 0, NULL, NULL,
			   NULL, 0, bye_done, NULL,
			   "Reason: Q.850;cause=%u\r\n", cause);
}


static void glare_handler(void *arg)
{
	tell(arg);
}


static void reinvite_failed(struct demo_leg *leg, uint16_t code)
{
	if (code == 491)
		tmr_start(&leg->tmr_re, GLARE_MS, glare_handler, leg);
	else
		leg->tell = false;

	/* the dialog is dead there (RFC 3261 14.1) */
	if (code == 481 || code == 408) {
		leg_over(leg, DEMO_LOST, "re-INVITE: no such dialog there");
		mem_deref(leg);
	}
}


/** Responses to INVITE and re-INVITE */
static void invite_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct demo_leg *leg = arg;
	struct demo_party *party = leg->party;
	const uint16_t code = err ? 408 : msg->scode;

	if (err == ECONNABORTED)
		return;                 /* the PBX closes */

	if (code < 200) {

		if (code > 100 && party && leg->state == DEMO_LEG_CALLING)
			demo_switch_ringing(party);
		return;
	}

	if (code >= 300) {

		if (leg->state == DEMO_LEG_UP) {
			reinvite_failed(leg, code);
			return;
		}

		leg->party = NULL;
		if (party) {
			party->leg = NULL;
			demo_switch_refused(party, code);
		}
		mem_deref(leg);
		return;
	}

	if (demo_dlg_learn(leg->dlg, msg)) {
		leg_over(leg, DEMO_LOST, "200 without tag");
		mem_deref(leg);
		return;
	}

	ack(leg, leg->cseq);
	learn_allow(leg, msg);

	if (leg->state == DEMO_LEG_CANCELLED || !party) {
		bye(leg, 16);
		mem_deref(leg);
		return;
	}

	if (learn_sdp(leg, msg)) {
		bye(leg, 88);
		leg_over(leg, DEMO_DROPPED, "no use of the answer");
		mem_deref(leg);
		return;
	}

	leg->dir = demo_dir_reverse(leg->rsdp.dir);

	if (leg->state == DEMO_LEG_UP) {
		leg->tell = false;
		return;
	}

	leg->state = DEMO_LEG_UP;
	demo_switch_answered(party);
}


/** Ring a telephone; it belongs to `party` from now on */
int demo_leg_call(struct demo_leg **legp, struct demo_party *party,
		  struct demo_ext *ext, const char *name,
		  const char *number, const char *referred_by)
{
	struct demo *d = party->d;
	const struct demo_binding *b = demo_binding(d, ext);
	char *local = NULL, *remote = NULL;
	struct demo_leg *leg;
	int err;

	if (!b)
		return ENOTCONN;

	err = leg_alloc(&leg, d);
	if (err)
		return err;

	leg->ext = ext;
	leg->cuser = d->m.cuser;

	err  = re_sdprintf(&local, "\"%s\" <sip:%s@%s>", name, number,
			   demo_host());
	err |= re_sdprintf(&remote, "<sip:%s@%s>", ext->number, demo_host());
	if (err)
		goto out;

	err = demo_dlg_uac(&leg->dlg, local, remote, b->uri, &b->src, b->tp);
	if (err)
		goto out;

	err = demo_media_alloc(&leg->media, leg);
	if (err)
		goto out;

	err = invite(leg, name, number, referred_by);

 out:
	mem_deref(local);
	mem_deref(remote);

	if (err) {
		mem_deref(leg);
	}
	else {
		leg->party = party;
		*legp = leg;
	}

	return err;
}


/* ---- calls that telephones make ---- */

static void cancel_handler(void *arg)
{
	struct demo_leg *leg = arg;

	(void)demo_reply(leg->d, &leg->st, NULL, leg->msg, leg->dlg->ltag,
			 487, NULL, NULL, NULL, 0, NULL);
	leg->st = NULL;
	leg_over(leg, DEMO_LEFT, "cancelled");
	mem_deref(leg);
}


/** RFC 3261 13.3.1.4: the 2xx until there is an ACK */
static void ok_handler(void *arg)
{
	struct demo_leg *leg = arg;

	if (++leg->okc > 10) {
		bye(leg, 102);
		leg_over(leg, DEMO_LOST, "no ACK");
		mem_deref(leg);
		return;
	}

	(void)sip_send(leg->d->sip, leg->msg ? leg->msg->sock : NULL,
		       leg->dlg->tp, &leg->ok_dst, leg->ok);
	leg->ok->pos = 0;
	tmr_start(&leg->tmr_ok, MIN(SIP_T1 << leg->okc, SIP_T2), ok_handler,
		  leg);
}


static void ok_sent(struct demo_leg *leg, const struct sip_msg *msg,
		    struct mbuf *mb)
{
	mem_deref(leg->ok);
	leg->ok = mb;
	leg->okc = 0;
	sip_reply_addr(&leg->ok_dst, msg, true);

	if (leg->msg != msg) {
		mem_deref(leg->msg);
		leg->msg = mem_ref((void *)msg);
	}

	tmr_start(&leg->tmr_ok, SIP_T1, ok_handler, leg);
}


/** A telephone calls somebody (INVITE outside a dialog) */
void demo_leg_invited(struct demo *d, const struct sip_msg *msg)
{
	struct demo_leg *leg = NULL;
	struct demo_party *party;
	struct demo_ext *ext;
	char number[DEMO_TEXT];
	uint16_t code = 0;
	int err;

	if (demo_refuses(d, DEMO_INVITE, msg))
		return;

	if (demo_auth(d, &ext, msg))
		return;

	if (demo_number(number, sizeof(number), &msg->uri.user)) {
		code = 404;
		goto out;
	}

	if (leg_alloc(&leg, d)) {
		code = 503;
		goto out;
	}

	leg->ext = ext;
	leg->state = DEMO_LEG_ASKED;

	if (demo_dlg_uas(&leg->dlg, msg)) {
		code = 400;
		goto out;
	}

	if (demo_media_alloc(&leg->media, leg)) {
		code = 500;
		goto out;
	}

	err = learn_sdp(leg, msg);
	if (err && err != ENOENT) {
		code = 488;
		goto out;
	}

	learn_allow(leg, msg);
	leg->msg = mem_ref((void *)msg);

	if (sip_strans_alloc(&leg->st, d->sip, msg, cancel_handler, leg)) {
		code = 500;
		goto out;
	}

	(void)demo_reply(d, &leg->st, NULL, msg, leg->dlg->ltag, 100, NULL,
			 NULL, NULL, 0, NULL);

	party = demo_party_alloc(d, DEMO_PHONE, ext, ext->name, ext->number);
	if (!party) {
		demo_leg_reject(leg, 503);
		return;
	}

	party->leg = leg;
	leg->party = party;

	code = demo_switch_call(party, number, DEMO_ERRAND_CALL);
	if (code)
		demo_switch_refused(party, code);

	return;

 out:
	mem_deref(leg);
	(void)demo_reply(d, NULL, NULL, msg, NULL, code, NULL, NULL, NULL, 0,
			 NULL);
}


static int contact_print(struct re_printf *pf, const struct demo_leg *leg)
{
	const struct demo *d = leg->d;

	return re_hprintf(pf, "Contact: <sip:%s%s%J%s>\r\n", leg->cuser,
			  *leg->cuser ? "@" : "",
			  leg->dlg->tp == SIP_TRANSP_TCP ? &d->tcp : &d->udp,
			  sip_transp_param(leg->dlg->tp));
}


void demo_leg_ring(struct demo_leg *leg)
{
	const struct demo_row *row, *who;

	if (!leg || leg->state != DEMO_LEG_ASKED || !leg->st)
		return;

	row = demo_row(leg->party);
	who = row ? demo_books_get(&leg->d->books, row->with) : NULL;

	(void)demo_reply(leg->d, &leg->st, NULL, leg->msg, leg->dlg->ltag,
			 180, NULL, NULL, NULL, 0, "%HAllow: %s\r\n%H",
			 contact_print, leg, demo_allow, pai_print,
			 leg->d->m.tell == DEMO_TELL_NOT ? NULL : who);
}


/**
 * Answer a telephone's call
 *
 * @param who Identity to be told in the answer, or NULL
 */
int demo_leg_answer(struct demo_leg *leg, const struct demo_row *who)
{
	struct mbuf *mb = NULL;
	char sdp[DEMO_SDP_MAX];
	size_t n;
	int err;

	if (!leg || leg->state != DEMO_LEG_ASKED || !leg->st)
		return EINVAL;

	leg->offered = !leg->rsdp_set;
	n = leg->offered ? offer(leg, sdp, sizeof(sdp))
		: answer(leg, sdp, sizeof(sdp));
	if (!n)
		return EOVERFLOW;

	err = demo_reply(leg->d, &leg->st, &mb, leg->msg, leg->dlg->ltag,
			 200, NULL, "application/sdp", sdp, n,
			 "Allow: %s\r\n%H"
			 "Supported: 100rel, timer, replaces, norefersub\r\n"
			 "%H", demo_allow, contact_print, leg,
			 pai_print, who);
	leg->st = NULL;
	leg->state = DEMO_LEG_UP;
	if (err)
		return err;

	ok_sent(leg, leg->msg, mb);

	return 0;
}


/** Refuse a telephone's call; the leg is gone after this */
void demo_leg_reject(struct demo_leg *leg, uint16_t code)
{
	if (!leg)
		return;

	if (leg->party) {
		leg->party->leg = NULL;
		leg->party = NULL;
	}

	if (leg->st) {
		(void)demo_reply(leg->d, &leg->st, NULL, leg->msg,
				 leg->dlg->ltag, code, NULL, NULL, NULL, 0,
				 NULL);
		leg->st = NULL;
	}

	mem_deref(leg);
}


/** End a call in whatever state; the leg is no longer its party's */
void demo_leg_hangup(struct demo_leg *leg, unsigned cause)
{
	if (!leg)
		return;

	if (leg->party) {
		leg->party->leg = NULL;
		leg->party = NULL;
	}

	switch (leg->state) {

	case DEMO_LEG_CALLING:
		leg->state = DEMO_LEG_CANCELLED;
		sip_request_cancel(leg->req);
		return;

	case DEMO_LEG_CANCELLED:
		return;

	case DEMO_LEG_ASKED:
		demo_leg_reject(leg, cause == 17 ? 486 : 480);
		return;

	case DEMO_LEG_UP:
		bye(leg, cause);
		if (leg->owed.pending &&
		    leg->d->fault.refer != DEMO_REFER_BYE_ONLY)
			demo_leg_frag(leg, leg->owed.code);
		mem_deref(leg);
		return;
	}
}


/* ---- who is at the other end ---- */

static void update_handler(int err, const struct sip_msg *msg, void *arg)
{
	(void)err;
	(void)msg;
	(void)arg;
}


static void tell(struct demo_leg *leg)
{
	struct demo *d = leg->d;
	struct demo_row who;
	char sdp[DEMO_SDP_MAX];
	size_t n;

	/* after the 2xx is acknowledged, and one re-INVITE at a time */
	if (!leg->tell || leg->state != DEMO_LEG_UP || leg->req ||
	    tmr_isrunning(&leg->tmr_ok))
		return;

	memset(&who, 0, sizeof(who));
	str_ncpy(who.name, leg->tell_name, sizeof(who.name));
	str_ncpy(who.number, leg->tell_number, sizeof(who.number));

	if (leg->update && !leg->tell_invite) {
		leg->tell = false;
		(void)demo_request(d, NULL, "UPDATE", leg->dlg, 0,
				   leg->cuser, NULL, NULL, 0, update_handler,
				   NULL,
				   "Supported: 100rel, timer, replaces, "
				   "norefersub\r\n%H%H", session_print, d,
				   pai_print, &who);
		return;
	}

	n = offer(leg, sdp, sizeof(sdp));
	if (!n)
		return;

	leg->tell_invite = false;
	leg->cseq = leg->dlg->lseq++;
	(void)demo_request(d, &leg->req, "INVITE", leg->dlg, leg->cseq,
			   leg->cuser, "application/sdp", sdp, n,
			   invite_handler, leg,
			   "Allow: %s\r\n"
			   "Supported: 100rel, timer, replaces, "
			   "norefersub, histinfo\r\n%H%H", demo_allow,
			   session_print, d, pai_print,
			   d->m.tell == DEMO_TELL_NOT ? NULL : &who);
}


/**
 * Tell who the other one is from now on
 *
 * @param invite By re-INVITE in any case: the stream is to start again
 */
void demo_leg_tell(struct demo_leg *leg, const struct demo_row *who,
		   bool invite)
{
	if (!leg || !who)
		return;

	if (leg->d->m.tell != DEMO_TELL_LATER && !invite)
		return;

	if (leg->d->fault.no_identity)
		return;

	str_ncpy(leg->tell_name, who->name, sizeof(leg->tell_name));
	str_ncpy(leg->tell_number, who->number, sizeof(leg->tell_number));
	leg->tell = true;
	leg->tell_invite = invite;
	tell(leg);
}


/* ---- sipfrags (RFC 3515 2.4.4) ---- */

static void frag_handler(int err, const struct sip_msg *msg, void *arg)
{
	(void)err;
	(void)msg;
	(void)arg;
}


static void frag(struct demo_leg *leg, uint16_t code, bool last)
{
	struct demo *d = leg->d;
	const bool bare = last && d->fault.refer == DEMO_REFER_FRAG_BARE;
	uint64_t age_s = (demo_now(d) - leg->owed.since_ms) / 1000;
	char body[64], state[64];
	int n;

	n = re_snprintf(body, sizeof(body), "SIP/2.0 %u%s%s\r\n", code,
			bare ? "" : " ", bare ? "" : demo_reason(code));

	if (last)
		str_ncpy(state, "terminated;reason=noresource",
			 sizeof(state));
	else
		(void)re_snprintf(state, sizeof(state), "active;expires=%llu",
				  age_s < 600 ? 600 - age_s : 0);

	if (n <= 0)
		return;

	(void)demo_request(d, NULL, "NOTIFY", leg->dlg, 0, leg->cuser,
			   "message/sipfrag;version=2.0", body, (size_t)n,
			   frag_handler, NULL,
			   "Event: refer\r\n"
			   "Subscription-State: %s\r\n"
			   "Allow-Events: presence, dialog, "
			   "message-summary, refer\r\n", state);
}


/** From now on the leg is owed sipfrags, with this code if it leaves */
void demo_leg_owe(struct demo_leg *leg, uint16_t code)
{
	leg->owed.pending = true;
	leg->owed.code = code;
}


/** Send what is owed */
void demo_leg_frag(struct demo_leg *leg, uint16_t code)
{
	const struct demo *d;

	if (!leg || !leg->owed.pending)
		return;

	d = leg->d;
	leg->owed.pending = false;

	if (leg->owed.silent)
		return;

	if (d->m.frag == DEMO_FRAG_LATE &&
	    d->fault.refer != DEMO_REFER_FRAG_SWAPPED)
		frag(leg, 100, false);

	frag(leg, code, true);

	if (d->fault.refer == DEMO_REFER_FRAG_SWAPPED)
		frag(leg, 100, false);
}


/* ---- requests within a dialog ---- */

static void modified(struct demo_leg *leg, const struct sip_msg *msg)
{
	const bool inv = !pl_strcmp(&msg->met, "INVITE");
	struct mbuf *mb = NULL;
	char sdp[DEMO_SDP_MAX];
	size_t n = 0;
	int err;

	/* RFC 3261 14.2 */
	if (inv && (leg->req || tmr_isrunning(&leg->tmr_ok))) {
		(void)demo_reply(leg->d, NULL, NULL, msg, NULL, 491, NULL,
				 NULL, NULL, 0, NULL);
		return;
	}

	err = learn_sdp(leg, msg);
	if (err && err != ENOENT) {
		(void)demo_reply(leg->d, NULL, NULL, msg, NULL, 488, NULL,
				 NULL, NULL, 0, NULL);
		return;
	}

	(void)demo_dlg_learn(leg->dlg, msg);
	learn_allow(leg, msg);

	if (!err) {
		leg->offered = false;
		n = answer(leg, sdp, sizeof(sdp));
	}
	else if (inv) {
		leg->offered = true;
		n = offer(leg, sdp, sizeof(sdp));
	}

	err = demo_reply(leg->d, NULL, &mb, msg, leg->dlg->ltag, 200, NULL,
			 n ? "application/sdp" : NULL, sdp, n,
			 "%HAllow: %s\r\n"
			 "Supported: 100rel, timer, replaces, norefersub\r\n",
			 contact_print, leg, demo_allow);
	if (err)
		return;

	if (inv)
		ok_sent(leg, msg, mb);
	else
		mem_deref(mb);
}


static void acked(struct demo_leg *leg, const struct sip_msg *msg)
{
	if (!leg->ok || !leg->msg || msg->cseq.num != leg->msg->cseq.num)
		return;

	tmr_cancel(&leg->tmr_ok);
	leg->ok = mem_deref(leg->ok);

	if (leg->offered) {
		leg->offered = false;
		if (!learn_sdp(leg, msg))
			leg->dir = demo_dir_reverse(leg->rsdp.dir);
	}

	tell(leg);
}


static struct demo_leg *leg_find(const struct demo *d,
				 const struct sip_msg *msg)
{
	struct le *le;

	for (le = d->legl.head; le; le = le->next) {

		struct demo_leg *leg = le->data;

		if (demo_dlg_match(leg->dlg, msg))
			return leg;
	}

	return NULL;
}


/** The leg that a Replaces parameter names (RFC 3891), or NULL */
static struct demo_leg *leg_replaced(const struct demo *d,
				     const struct pl *val)
{
	struct pl raw, callid, params, ltag, rtag;
	char buf[512];
	struct le *le;

	if (re_snprintf(buf, sizeof(buf), "%H", uri_header_unescape, val) < 0)
		return NULL;

	pl_set_str(&raw, buf);
	if (re_regex(raw.p, raw.l, "[^;]+[^]*", &callid, &params))
		return NULL;

	/* tags are named from where the INVITE would arrive: the far end
	   of the telephone's dialog, which is us */
	if (msg_param_decode(&params, "to-tag", &ltag) ||
	    msg_param_decode(&params, "from-tag", &rtag))
		return NULL;

	for (le = d->legl.head; le; le = le->next) {

		struct demo_leg *leg = le->data;

		if (!leg->dlg->rtag || pl_strcmp(&callid, leg->dlg->callid))
			continue;

		if (!pl_strcmp(&ltag, leg->dlg->ltag) &&
		    !pl_strcmp(&rtag, leg->dlg->rtag))
			return leg;
	}

	return NULL;
}


static void referred(struct demo_leg *leg, const struct sip_msg *msg)
{
	struct demo *d = leg->d;
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_REFER_TO);
	static const struct pl replaces = PL("Replaces");
	struct demo_party *replaced = NULL;
	struct sip_addr addr;
	char number[DEMO_TEXT];
	struct pl val, rest;
	uint16_t code;

	if (!hdr || sip_addr_decode(&addr, &hdr->val) ||
	    demo_number(number, sizeof(number), &addr.uri.user)) {
		code = 400;
		goto out;
	}

	if (d->m.challenge_refer) {

		struct demo_ext *ext;

		if (demo_auth(d, &ext, msg))
			return;
	}

	if (addr.uri.headers.l &&
	    !uri_header_get(&addr.uri.headers, &replaces, &val)) {

		struct demo_leg *other;

		rest = val;
		other = leg_replaced(d, &rest);
		if (!other || other == leg || !other->party) {
			code = 481;
			goto out;
		}
		replaced = other->party;
	}

	code = leg->party && leg->state == DEMO_LEG_UP
		? replaced ? 0 : demo_switch_refer(leg->party, number)
		: 481;
	if (code)
		goto out;

	(void)demo_reply(d, NULL, NULL, msg, leg->dlg->ltag, 202, NULL, NULL,
			 NULL, 0,
			 d->m.refer_expires
			 ? "Expires: 600\r\n%HAllow: %s\r\nSupported: "
			 "100rel, timer, replaces, norefersub\r\n"
			 : "%HAllow: %s\r\nSupported: 100rel, timer, "
			 "replaces, norefersub\r\n",
			 contact_print, leg, demo_allow);

	leg->owed.since_ms = demo_now(d);
	leg->owed.silent = d->fault.refer == DEMO_REFER_NO_FRAG;
	demo_leg_owe(leg, 503);
	demo_switch_refer_go(leg->party, number, replaced);
	return;

 out:
	(void)demo_reply(d, NULL, NULL, msg, NULL, code, NULL, NULL, NULL, 0,
			 NULL);
}


/** @return False if there is no such dialog */
bool demo_leg_request(struct demo *d, const struct sip_msg *msg)
{
	struct demo_leg *leg = leg_find(d, msg);
	uint16_t code;

	if (!leg)
		return false;

	if (!pl_strcmp(&msg->met, "ACK")) {
		acked(leg, msg);
		return true;
	}

	/* RFC 3261 12.2.2 */
	if (msg->cseq.num <= leg->dlg->rseq) {
		code = 500;
		goto out;
	}

	if (!pl_strcmp(&msg->met, "REFER") &&
	    d->fault.refer == DEMO_REFER_UNANSWERED)
		return true;

	leg->dlg->rseq = msg->cseq.num;

	if (!pl_strcmp(&msg->met, "BYE")) {

		if (demo_refuses(d, DEMO_BYE, msg))
			return true;

		(void)demo_reply(d, NULL, NULL, msg, NULL, 200, NULL, NULL,
				 NULL, 0, NULL);
		leg_over(leg, DEMO_LEFT, "BYE");

		if (leg->owed.pending)
			demo_leg_frag(leg, leg->owed.code);

		mem_deref(leg);
		return true;
	}

	if (leg->state != DEMO_LEG_UP) {
		code = 481;
		goto out;
	}

	if (!pl_strcmp(&msg->met, "INVITE") ||
	    !pl_strcmp(&msg->met, "UPDATE")) {

		if (!demo_refuses(d, DEMO_REINVITE, msg))
			modified(leg, msg);
		return true;
	}

	if (!pl_strcmp(&msg->met, "REFER")) {

		if (!demo_refuses(d, DEMO_REFER, msg))
			referred(leg, msg);
		return true;
	}

	code = !pl_strcmp(&msg->met, "INFO") ||
		!pl_strcmp(&msg->met, "OPTIONS") ||
		!pl_strcmp(&msg->met, "MESSAGE") ? 200 : 405;

 out:
	(void)demo_reply(d, NULL, NULL, msg, NULL, code, NULL, NULL, NULL, 0,
			 NULL);
	return true;
}


/** A 2xx that came again: its ACK was lost (RFC 3261 13.2.2.4) */
bool demo_leg_response(struct demo *d, const struct sip_msg *msg)
{
	struct demo_leg *leg;

	if (pl_strcmp(&msg->cseq.met, "INVITE") || msg->scode < 200 ||
	    msg->scode > 299)
		return false;

	leg = leg_find(d, msg);
	if (!leg || !leg->dlg->rtag)
		return false;

	ack(leg, msg->cseq.num);

	return true;
}
