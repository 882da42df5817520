/**
 * @file app/phone_refer.c  Transfer: REFER and its sipfrags (RFC 3515)
 *
 * Our own, in the dialog of baresip's call: baresip hangs up when a transfer
 * fails and when it succeeds, sends neither brackets nor Referred-By, refuses
 * a sipfrag without a reason phrase, and tells nothing of a REFER that is
 * never answered.
 */
#include <string.h>
#include <re.h>
#include <baresip.h>
#include "log.h"
#include "phone_int.h"
#include "phone_wrap.h"
#include "text_model.h"


enum {
	LINGER_MS = 32000,      /* RFC 3261 17.1.2.2: repeats of a NOTIFY */
};

struct refer {
	struct le le;
	struct phone *phone;
	struct acct *acct;
	struct sip_dialog *dlg;
	struct sip_auth *auth;
	struct sip_request *req;
	struct sip_loopstate ls;
	struct tmr tmr;
	char *uri;
	unsigned id;            /**< Of the call                         */
	uint32_t seq;           /**< CSeq of the REFER, 0: no answer yet */
	uint32_t cseq;          /**< Of the last NOTIFY                  */
	bool notified;
	bool final;             /**< A final sipfrag came                */
	phone_refer_h *h;       /**< NULL: nobody wants to hear          */
	void *arg;
};


static int request(struct refer *refer);


static void destructor(void *data)
{
	struct refer *refer = data;

	tmr_cancel(&refer->tmr);
	list_unlink(&refer->le);
	mem_deref(refer->req);
	mem_deref(refer->auth);
	mem_deref(refer->dlg);
	mem_deref(refer->uri);
}


static void linger_handler(void *arg)
{
	mem_deref(arg);
}


static void tell(struct refer *refer, enum phone_refer_event ev,
		 unsigned scode, const struct pl *phrase)
{
	char text[REASON_SZ] = "";

	if (phrase && pl_isset(phrase))
		(void)uchar_clean(text, sizeof(text), phrase->p, phrase->l);

	if (refer->h)
		refer->h(ev, refer->id, scode, text, refer->arg);
}


static void response_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct refer *refer = arg;

	if (err || !msg) {
		char text[REASON_SZ];
		struct pl pl;

		applog(APPLOG_WARN, "refer: call %u: no answer (%m)",
		       refer->id, err);

		/* Timer F, or a connection that is gone (RFC 3261 17.1.4) */
		(void)re_snprintf(text, sizeof(text), "%m", err);
		pl_set_str(&pl, text);
		tell(refer, !err || err == ETIMEDOUT ? PHONE_REFER_TIMEOUT :
		     PHONE_REFER_LOST, 0, &pl);
		return;
	}

	refer->seq = msg->cseq.num;

	if (msg->scode < 200)
		return;

	if ((msg->scode == 401 || msg->scode == 407) &&
	    !sip_request_loops(&refer->ls, msg->scode)) {

		err = sip_auth_authenticate(refer->auth, msg);
		if (!err)
			err = request(refer);
		if (!err)
			return;
	}

	applog(APPLOG_INFO, "refer: call %u: %u %r", refer->id, msg->scode,
	       &msg->reason);

	tell(refer, msg->scode < 300 ? PHONE_REFER_ACCEPTED :
	     PHONE_REFER_REFUSED, msg->scode, &msg->reason);
}


static int send_handler(enum sip_transp tp, const struct sa *src,
			const struct sa *dst, struct mbuf *mb, void *arg)
{
	struct refer *refer = arg;
	struct sip_contact contact;
	(void)dst;

	sip_contact_set(&contact, refer->acct->pub.cuser, src, tp);

	return mbuf_printf(mb, "%H", sip_contact_print, &contact);
}


static int request(struct refer *refer)
{
	return sip_drequestf(&refer->req, uag_sip(), true, "REFER",
			     refer->dlg, 0, refer->auth, send_handler,
			     response_handler, refer,
			     "Refer-To: <%s>\r\n"
			     "Referred-By: <%s>\r\n"
			     "Content-Length: 0\r\n\r\n",
			     refer->uri, refer->acct->pub.aor);
}


int phone_refer(struct phone *phone, unsigned id, const char *uri,
		phone_refer_h *h, void *arg)
{
	struct pcall *pc = phone_pcall(phone, id);
	struct sip_dialog *dlg;
	struct refer *refer;
	struct le *le;
	int err;

	if (!pc)
		return ENOENT;

	if (!str_isset(uri))
		return EINVAL;

	if (call_state(pc->call) != CALL_STATE_ESTABLISHED)
		return ENOTCONN;

	dlg = phone_wrap_dialog(pc->call);
	if (!dlg)
		return ENOTCONN;

	for (le = phone->referl.head; le; le = le->next) {

		struct refer *r = le->data;

		if (r->id == id && r->req)
			return EALREADY;
	}

	/* a new REFER of the same call takes over: the events of an older
	   one would be mistaken for its own */
	phone_refer_forget(phone, id);

	refer = mem_zalloc(sizeof(*refer), destructor);
	if (!refer)
		return ENOMEM;

	refer->phone = phone;
	refer->acct  = pc->acct;
	refer->dlg   = mem_ref(dlg);
	refer->id    = id;
	refer->h     = h;
	refer->arg   = arg;
	list_append(&phone->referl, &refer->le, refer);

	err  = str_dup(&refer->uri, uri);
	err |= sip_auth_alloc(&refer->auth, phone_auth, &pc->acct->pub,
			      false);
	if (err)
		goto out;

	err = request(refer);

 out:
	if (err)
		mem_deref(refer);

	return err;
}


/* RFC 3261 25.1: what a header in a URI may hold unescaped */
static int hvalue_print(struct re_printf *pf, const char *s)
{
	int err = 0;

	for (; s && *s && !err; s++) {

		const unsigned char c = (unsigned char)*s;

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		    (c >= 'A' && c <= 'Z') || strchr("-_.!~*'()", c))
			err = re_hprintf(pf, "%c", c);
		else
			err = re_hprintf(pf, "%%%02X", c);
	}

	return err;
}


int phone_replaces_uri(char *buf, size_t size, const struct phone *phone,
		       unsigned id)
{
	const struct pcall *pc = phone_pcall(phone, id);
	int n;

	if (!pc)
		return ENOENT;

	if (call_state(pc->call) != CALL_STATE_ESTABLISHED || !pc->rtag[0])
		return ENOTCONN;

	/* to-tag and from-tag as the one who gets the INVITE sees them */
	n = re_snprintf(buf, size, "%s?Replaces=%H%%3Bto-tag%%3D%H"
			"%%3Bfrom-tag%%3D%H", call_peeruri(pc->call),
			hvalue_print, call_id(pc->call),
			hvalue_print, pc->rtag, hvalue_print, pc->ltag);

	return n < 0 ? ENOMEM : 0;
}


/*
 * The latest first: its NOTIFYs are the ones awaited. A second REFER in a
 * dialog is told from the first by its CSeq (RFC 3515 2.4.6): that the first
 * went well in the end must not end the call of the second.
 */
static struct refer *refer_find(const struct phone *phone,
				const struct sip_msg *msg,
				const struct pl *id)
{
	struct refer *latest = NULL;
	struct le *le;

	for (le = phone->referl.tail; le; le = le->prev) {

		struct refer *refer = le->data;

		if (!sip_dialog_cmp(refer->dlg, msg))
			continue;

		if (!pl_isset(id) || !refer->seq || refer->seq == pl_u32(id))
			return refer;

		if (!latest)
			latest = refer;
	}

	return latest;
}


/*
 * A sipfrag begins with a status line (RFC 3515 2.4.5); the reason phrase
 * may be empty (RFC 3261 7.2), some servers leave out the blank too.
 */
static bool sipfrag_decode(unsigned *scode, struct pl *phrase,
			   const char *p, size_t len)
{
	static const char ver[] = "SIP/2.0 ";
	const size_t n = sizeof(ver) - 1;
	size_t l;

	while (len && (*p == '\r' || *p == '\n' || *p == ' ')) {
		++p;
		--len;
	}

	if (len < n + 3 || strncasecmp(p, ver, n))
		return false;

	p += n;
	len -= n;

	*scode = 0;
	for (l = 0; l < 3; l++) {
		if (p[l] < '0' || p[l] > '9')
			return false;
		*scode = 10 * *scode + (unsigned)(p[l] - '0');
	}

	if (*scode < 100 || *scode > 699)
		return false;

	p += 3;
	len -= 3;
	if (len && *p >= '0' && *p <= '9')
		return false;
	while (len && *p == ' ') {
		++p;
		--len;
	}

	for (l = 0; l < len && p[l] != '\r' && p[l] != '\n'; l++)
		;

	phrase->p = p;
	phrase->l = l;

	return true;
}


bool phone_refer_notify(struct phone *phone, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_EVENT);
	struct pl phrase = PL_INIT, event, id = PL_INIT;
	struct refer *refer;
	unsigned scode;

	if (!hdr)
		return false;

	event = hdr->val;
	(void)msg_param_decode(&event, "id", &id);
	for (size_t i = 0; i < event.l; i++) {
		if (event.p[i] == ';' || event.p[i] == ' ') {
			event.l = i;
			break;
		}
	}

	if (pl_strcasecmp(&event, "refer"))
		return false;

	refer = refer_find(phone, msg, &id);
	if (!refer)
		return false;

	(void)sip_reply(uag_sip(), msg, 200, "OK");

	/* a repeat of one that was answered: nothing new */
	if (refer->notified && refer->cseq == msg->cseq.num)
		return true;

	refer->notified = true;
	refer->cseq = msg->cseq.num;

	if (!sipfrag_decode(&scode, &phrase, (char *)mbuf_buf(msg->mb),
			    mbuf_get_left(msg->mb))) {

		if (mbuf_get_left(msg->mb))
			applog(APPLOG_WARN, "refer: call %u: a NOTIFY without"
			       " a sipfrag: %b", refer->id, mbuf_buf(msg->mb),
			       min(mbuf_get_left(msg->mb), 200u));
		return true;
	}

	applog(APPLOG_INFO, "refer: call %u: sipfrag %u %r", refer->id, scode,
	       &phrase);

	/* datagrams overtake each other: 100 after 200 says nothing */
	if (refer->final)
		return true;

	refer->final = scode >= 200;
	tell(refer, PHONE_REFER_FRAG, scode, &phrase);

	return true;
}


/* Its NOTIFYs and their repeats are answered for a while yet */
void phone_refer_forget(struct phone *phone, unsigned id)
{
	struct le *le;

	for (le = phone->referl.head; le; le = le->next) {

		struct refer *refer = le->data;

		if (refer->id != id || !refer->h)
			continue;

		refer->h = NULL;
		tmr_start(&refer->tmr, LINGER_MS, linger_handler, refer);
	}
}


void phone_refer_close(struct phone *phone)
{
	list_flush(&phone->referl);
}
