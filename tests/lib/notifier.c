/**
 * @file tests/lib/notifier.c  A notifier of dialog state, as bad as needed
 */
#include <string.h>
#include <re.h>
#include <re_sha.h>
#include "tests/lib/notifier.h"


static void destructor(void *arg)
{
	struct notifier *n = arg;

	mem_deref(n->lsnr);
	mem_deref(n->lsnr_resp);
	if (n->sip)
		sip_close(n->sip, true);
	mem_deref(n->sip);
	hash_clear(n->ht);
	mem_deref(n->ht);
	mem_deref(n->subv);
}


static void copy(char *dst, size_t sz, const struct pl *pl)
{
	if (pl && pl->p)
		(void)pl_strcpy(pl, dst, sz);
	else
		dst[0] = '\0';
}


static void copy_hdr(char *dst, size_t sz, const struct sip_msg *msg,
		     enum sip_hdrid id)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, id);

	copy(dst, sz, hdr ? &hdr->val : NULL);
}


static void see(struct notifier *n, const struct sip_msg *msg)
{
	struct notifier_seen *s = &n->seen;

	memset(s, 0, sizeof(*s));
	copy(s->ruri, sizeof(s->ruri), &msg->ruri);
	copy(s->callid, sizeof(s->callid), &msg->callid);
	copy(s->ftag, sizeof(s->ftag), &msg->from.tag);
	copy(s->ttag, sizeof(s->ttag), &msg->to.tag);
	copy_hdr(s->event, sizeof(s->event), msg, SIP_HDR_EVENT);
	copy_hdr(s->accept, sizeof(s->accept), msg, SIP_HDR_ACCEPT);
	copy_hdr(s->contact, sizeof(s->contact), msg, SIP_HDR_CONTACT);
	copy_hdr(s->supported, sizeof(s->supported), msg, SIP_HDR_SUPPORTED);
	copy_hdr(s->route, sizeof(s->route), msg, SIP_HDR_ROUTE);
	s->cseq      = msg->cseq.num;
	s->expires   = pl_isset(&msg->expires);
	s->expires_s = s->expires ? pl_u32(&msg->expires) : 0;
	s->auth      = sip_msg_hdr(msg, SIP_HDR_AUTHORIZATION) ||
		sip_msg_hdr(msg, SIP_HDR_PROXY_AUTHORIZATION);
}


static bool cmp_handler(struct le *le, void *arg)
{
	const struct notifier_sub *sub = le->data;
	const struct sip_msg *msg = arg;

	return !pl_strcmp(&msg->callid, sub->callid) &&
		!pl_strcmp(&msg->to.tag, sub->ltag);
}


static struct notifier_sub *sub_add(struct notifier *n)
{
	if (n->subc >= NOTIFIER_SUBS)
		return NULL;

	return &n->subv[n->subc++];
}


struct notifier_sub *notifier_last(const struct notifier *n, unsigned i)
{
	return i < n->subc ? &n->subv[n->subc - 1 - i] : NULL;
}


static void sha256_print(char *dst, const char *fmt, ...)
{
	uint8_t md[32];
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	(void)re_vsdprintf(&s, fmt, ap);
	va_end(ap);

	(void)SHA256((const uint8_t *)s, str_len(s), md);
	(void)re_snprintf(dst, 65, "%w", md, sizeof(md));
	mem_deref(s);
}


/* @return True if the credentials are right */
static bool authorized(struct notifier *n, const struct sip_msg *msg)
{
	struct httpauth_digest_resp resp;
	const struct sip_hdr *hdr;
	uint8_t ha1[MD5_SIZE];
	char nonce[32];

	hdr = sip_msg_hdr(msg, n->how.proxy ? SIP_HDR_PROXY_AUTHORIZATION
			  : SIP_HDR_AUTHORIZATION);
	if (!hdr || httpauth_digest_response_decode(&resp, &hdr->val))
		return false;

	if (n->how.once) {
		const uint32_t i = pl_u32(&resp.nonce);

		if (i >= n->issuedc)
			return false;

		if (n->usedv[i]) {
			++n->usedc;
			return false;
		}

		n->usedv[i] = true;
		(void)re_snprintf(nonce, sizeof(nonce), "%u", i);
	}
	else {
		(void)re_snprintf(nonce, sizeof(nonce), "%016llx", n->nonce);
	}

	if (pl_strcmp(&resp.nonce, nonce) || pl_cmp(&resp.uri, &msg->ruri))
		return false;

	if (n->how.sha256) {
		char a1[65], a2[65], want[65];

		sha256_print(a1, "%r:pbx:secret", &resp.username);
		sha256_print(a2, "SUBSCRIBE:%r", &msg->ruri);
		sha256_print(want, "%s:%s:%r:%r:auth:%s", a1, nonce,
			     &resp.nc, &resp.cnonce, a2);
		if (!pl_strcmp(&resp.response, want))
			return true;
	}
	else {
		(void)md5_printf(ha1, "%r:pbx:secret", &resp.username);
		if (!httpauth_digest_response_auth(&resp, &msg->met, ha1))
			return true;
	}

	++n->badpassc;

	return false;
}


static void challenge(struct notifier *n, const struct sip_msg *msg)
{
	const char *name = n->how.proxy ? "Proxy" : "WWW";
	char other[128] = "", nonce[32];

	if (!n->nonce)
		n->nonce = rand_u64();

	(void)re_snprintf(nonce, sizeof(nonce), "%016llx", n->nonce);
	if (n->how.once && n->issuedc < NOTIFIER_NONCES)
		(void)re_snprintf(nonce, sizeof(nonce), "%u", n->issuedc++);

	++n->challengec;

	if (n->how.unknown_first)
		(void)re_snprintf(other, sizeof(other),
				  "%s-Authenticate: Digest realm=\"pbx\", "
				  "nonce=\"x\", algorithm=SHA-512-256\r\n",
				  name);

	(void)sip_replyf(n->sip, msg, n->how.proxy ? 407 : 401, "No",
			 "%s%s-Authenticate: Digest realm=\"pbx\", "
			 "nonce=\"%s\", qop=\"auth\", algorithm=%s\r\n"
			 "Content-Length: 0\r\n\r\n", other, name, nonce,
			 n->how.sha256 ? "SHA-256" : "MD5");
}


struct self {
	const struct notifier *n;
	const struct notifier_sub *sub;
};


/* Our Contact, as the subscription's transport needs it */
static int print_self(struct re_printf *pf, const struct self *self)
{
	if (self->sub->tp == SIP_TRANSP_TCP)
		return re_hprintf(pf, "%J;transport=tcp", &self->n->tcp);

	return re_hprintf(pf, "%J", &self->n->laddr);
}


struct notifier_sub *notifier_accept(struct notifier *n,
				     const struct sip_msg *msg,
				     uint16_t scode, const char *hdrs)
{
	struct notifier_sub *sub;
	struct sip_addr addr;
	const struct sip_hdr *hdr;
	uint32_t expires_s = n->seen.expires_s;
	struct self self = {n, NULL};

	sub = list_ledata(hash_lookup(n->ht, hash_joaat_pl(&msg->callid),
				      cmp_handler, (void *)msg));
	if (!sub) {
		sub = sub_add(n);
		if (!sub)
			return NULL;

		copy(sub->user, sizeof(sub->user), &msg->uri.user);
		copy(sub->callid, sizeof(sub->callid), &msg->callid);
		copy(sub->rtag, sizeof(sub->rtag), &msg->from.tag);
		(void)re_snprintf(sub->ltag, sizeof(sub->ltag), "%016llx",
				  msg->tag);
		sub->cseq = 100 + rand_u16();
		sub->tp = msg->tp;
		hash_append(n->ht, hash_joaat_str(sub->callid), &sub->he,
			    sub);
	}

	hdr = sip_msg_hdr(msg, SIP_HDR_CONTACT);
	if (hdr && !sip_addr_decode(&addr, &hdr->val))
		copy(sub->contact, sizeof(sub->contact), &addr.auri);

	self.sub = sub;

	if (n->how.expires_s && expires_s > n->how.expires_s)
		expires_s = n->how.expires_s;
	sub->expires_s = expires_s;

	if (n->how.first && !n->how.stateless)
		notifier_notify(n, sub, NULL, n->how.parked ? "confirmed"
				: "terminated");

	(void)sip_replyf(n->sip, msg, scode, "OK",
			 "%sContact: <sip:%H>\r\nExpires: %u\r\n"
			 "Content-Length: 0\r\n\r\n",
			 hdrs ? hdrs : "", print_self, &self, expires_s);

	return sub;
}


struct notifier_sub *notifier_fork(struct notifier *n,
				   const struct notifier_sub *of,
				   const char *ltag)
{
	struct notifier_sub *sub = sub_add(n);

	if (!sub)
		return NULL;

	*sub = *of;
	memset(&sub->he, 0, sizeof(sub->he));
	str_ncpy(sub->ltag, ltag, sizeof(sub->ltag));
	sub->version = 0;
	hash_append(n->ht, hash_joaat_str(sub->callid), &sub->he, sub);

	return sub;
}


static bool request_handler(const struct sip_msg *msg, void *arg)
{
	struct notifier *n = arg;
	struct notifier_sub *sub;

	if (!pl_strcmp(&msg->met, "OPTIONS")) {
		++n->pingc;
		if (n->pingh)
			n->pingh(n, msg, n->arg);
		(void)sip_reply(n->sip, msg, 200, "OK");
		return true;
	}

	if (pl_strcmp(&msg->met, "SUBSCRIBE"))
		return false;

	++n->subscribec;
	see(n, msg);
	if (!n->seen.ttag[0])
		++n->initialc;
	if (n->seen.expires && !n->seen.expires_s)
		++n->byec;

	re_cancel();

	if (n->how.silent)
		return true;

	/* as Asterisk: not inside a dialog */
	if (n->how.auth && !n->seen.ttag[0] && !authorized(n, msg)) {
		challenge(n, msg);
		return true;
	}

	sub = list_ledata(hash_lookup(n->ht, hash_joaat_pl(&msg->callid),
				      cmp_handler, (void *)msg));

	if (n->h && n->h(n, msg, sub, n->arg))
		return true;

	if (n->how.scode >= 300) {
		(void)sip_replyf(n->sip, msg, n->how.scode, "No",
				 "%sContent-Length: 0\r\n\r\n",
				 n->how.hdrs ? n->how.hdrs : "");
		return true;
	}

	if (n->seen.ttag[0] && (!sub || sub->over)) {
		(void)sip_reply(n->sip, msg, 481, "Unknown");
		return true;
	}

	sub = notifier_accept(n, msg, n->how.scode ? n->how.scode : 200,
			      n->how.hdrs);

	if (sub && !n->how.first && !n->how.stateless)
		notifier_notify(n, sub, sub->expires_s ? NULL : "terminated",
				n->how.parked ? "confirmed" : "terminated");
	if (sub && !sub->expires_s)
		sub->over = true;

	return true;
}


/* To what was sent without a transaction; libre would print a line each */
static bool stray_handler(const struct sip_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;

	return true;
}


int notifier_alloc(struct notifier **np)
{
	struct notifier *n;
	int err;

	n = mem_zalloc(sizeof(*n), destructor);
	if (!n)
		return ENOMEM;

	n->subv = mem_zalloc(NOTIFIER_SUBS * sizeof(*n->subv), NULL);
	if (!n->subv) {
		err = ENOMEM;
		goto out;
	}

	err = hash_alloc(&n->ht, 16384);
	if (err)
		goto out;

	err = sip_alloc(&n->sip, NULL, 4096, 4096, 4096, "notifier", NULL,
			NULL);
	if (err)
		goto out;

	err = sa_set_str(&n->laddr, "127.0.0.1", 0);
	if (err)
		goto out;

	err = sip_transp_add(n->sip, SIP_TRANSP_UDP, &n->laddr);
	if (err)
		goto out;

	err = sip_transp_laddr(n->sip, &n->laddr, SIP_TRANSP_UDP,
			       &n->laddr);
	if (err)
		goto out;

	err  = sa_set_str(&n->tcp, "127.0.0.1", 0);
	err |= sip_transp_add(n->sip, SIP_TRANSP_TCP, &n->tcp);
	err |= sip_transp_laddr(n->sip, &n->tcp, SIP_TRANSP_TCP, &n->tcp);
	if (err)
		goto out;

	err  = sip_listen(&n->lsnr, n->sip, true, request_handler, n);
	err |= sip_listen(&n->lsnr_resp, n->sip, false, stray_handler, n);

 out:
	if (err)
		mem_deref(n);
	else
		*np = n;

	return err;
}


static void answer_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct notifier *n = arg;

	if (err || !msg || msg->scode < 200)
		return;

	++n->answerc;
	n->scode = msg->scode;
	if (msg->scode < 300)
		++n->okc;
	re_cancel();
}


static void send_notify(struct notifier *n, const struct notifier_sub *sub,
			bool stateful, uint32_t cseq, const char *rest)
{
	(void)sip_requestf(NULL, n->sip, stateful, "NOTIFY", sub->contact,
			   NULL, NULL, NULL, answer_handler, n,
			   "To: <sip:101@pbx>;tag=%s\r\n"
			   "From: <sip:%s@pbx>;tag=%s\r\n"
			   "Call-ID: %s\r\n"
			   "CSeq: %u NOTIFY\r\n"
			   "%s",
			   sub->rtag, sub->user, sub->ltag, sub->callid,
			   cseq, rest);
}


void notifier_raw(struct notifier *n, const struct notifier_sub *sub,
		  uint32_t cseq, const char *rest)
{
	n->scode = 0;
	send_notify(n, sub, true, cseq, rest);
}


void notifier_tell_raw(struct notifier *n, const struct notifier_sub *sub,
		       uint32_t cseq, const char *rest)
{
	send_notify(n, sub, false, cseq, rest);
}


static void print_rest(char *buf, size_t sz, const struct notifier *n,
		       struct notifier_sub *sub, const char *substate,
		       const char *state)
{
	char body[512] = "", active[64];
	struct self self = {n, sub};

	/* as Asterisk 22 writes it */
	if (state)
		(void)re_snprintf(body, sizeof(body),
			"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			"<dialog-info xmlns=\"urn:ietf:params:xml:ns:"
			"dialog-info\" version=\"%u\" state=\"full\" "
			"entity=\"sip:%s@pbx\">\n"
			" <dialog id=\"%s\">\n  <state>%s</state>\n"
			" </dialog>\n</dialog-info>\n",
			sub->version++, sub->user, sub->user, state);

	(void)re_snprintf(active, sizeof(active), "active;expires=%u",
			  sub->expires_s);

	(void)re_snprintf(buf, sz,
			  "Contact: <sip:%H>\r\n"
			  "Event: dialog\r\n"
			  "Subscription-State: %s\r\n"
			  "Allow-Events: presence, dialog, message-summary, "
			  "refer\r\n"
			  "%s"
			  "Content-Length: %zu\r\n\r\n%s",
			  print_self, &self, substate ? substate : active,
			  state ? "Content-Type: "
			  "application/dialog-info+xml\r\n" : "",
			  strlen(body), body);
}


void notifier_notify(struct notifier *n, struct notifier_sub *sub,
		     const char *substate, const char *state)
{
	char rest[1024];

	print_rest(rest, sizeof(rest), n, sub, substate, state);
	notifier_raw(n, sub, ++sub->cseq, rest);
}


void notifier_tell(struct notifier *n, struct notifier_sub *sub,
		   const char *state)
{
	char rest[1024];

	print_rest(rest, sizeof(rest), n, sub, NULL, state);
	send_notify(n, sub, false, ++sub->cseq, rest);
}
