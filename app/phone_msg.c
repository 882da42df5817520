/**
 * @file app/phone_msg.c  First look at requests and responses of the phone
 *
 * Who may ask us anything, which account is meant, and who the far end is
 * told to be.
 */
#include <string.h>
#include <re.h>
#include <baresip.h>
#include "log.h"
#include "phone_int.h"
#include "siphook.h"
#include "text_model.h"


enum {
	PRIO_GUARD  = 0,        /* strangers end here                   */
	PRIO_METHOD = 5,
	PRIO_ROUTE  = 10,
	PRIO_REFER  = 20,
	PRIO_CALL   = 30,
};


/* The higher, the harder it is to speak in another's name */
static unsigned safety(enum sip_transp tp)
{
	switch (tp) {

	case SIP_TRANSP_TLS:
	case SIP_TRANSP_WSS:
		return 2;

	case SIP_TRANSP_TCP:
	case SIP_TRANSP_WS:
		return 1;

	default:
		return 0;
	}
}


bool phone_server_proven(const struct phone *phone, unsigned idx,
			 const struct sip_msg *msg)
{
	const struct acct *acct;

	if (!phone || !msg || idx >= phone->acctc)
		return false;

	acct = phone->acctv[idx];

	return acct->server_known && safety(msg->tp) >= safety(acct->server_tp)
		&& sa_cmp(&acct->server, &msg->src, SA_ADDR);
}


bool phone_server_account(const struct phone *phone, unsigned idx,
			  const struct sip_msg *msg)
{
	if (!phone || !msg || idx >= phone->acctc)
		return false;

	return phone->requests_any || phone_server_proven(phone, idx, msg);
}


bool phone_from_server(const struct phone *phone, const struct sip_msg *msg)
{
	for (unsigned i = 0; phone && i < phone->acctc; i++) {

		if (phone_server_account(phone, i, msg))
			return true;
	}

	return false;
}


/*
 * A NOTIFY that belongs to nothing gets what any subscriber gives it, so
 * that it tells a stranger nothing of us: 489 for a package that we do not
 * know (RFC 6665 4.1.3), else 481
 */
static void notify_refuse(const struct sip_msg *msg)
{
	static const char *const knownv[] = {"dialog", "park-info", "refer"};
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_EVENT);
	struct sipevent_event event;

	if (hdr && !sipevent_event_decode(&event, &hdr->val)) {

		for (size_t i = 0; i < ARRAY_SIZE(knownv); i++) {

			if (pl_strcasecmp(&event.event, knownv[i]))
				continue;

			(void)sip_reply(uag_sip(), msg, 481,
					"Subscription Does Not Exist");
			return;
		}
	}

	(void)sip_replyf(uag_sip(), msg, 489, "Bad Event",
			 "Allow-Events: dialog, refer\r\n"
			 "Content-Length: 0\r\n\r\n");
}


/*
 * Requests that open something are taken from the server that registered us
 * and from nobody else: ghost calls, forged park-info and forged identities
 * end here. Within a dialog the tags prove who asks.
 */
static bool guard_hook(const struct sip_msg *msg, void *arg)
{
	const struct phone *phone = arg;

	if (pl_isset(&msg->to.tag) || !pl_strcmp(&msg->met, "ACK"))
		return false;

	if (phone_from_server(phone, msg))
		return false;

	applog(APPLOG_WARN, "guard: %r from %J refused: not from the server"
	       " that we are registered with", &msg->met, &msg->src);

	if (!pl_strcmp(&msg->met, "NOTIFY"))
		notify_refuse(msg);
	else
		(void)sip_reply(uag_sip(), msg, 403, "Forbidden");

	return true;
}


/*
 * RFC 3261 8.2.1: a method that we do not support is 405, with those that we
 * do. libre would say 501 and print on standard error; baresip would leave a
 * SUBSCRIBE without an answer.
 */
static bool method_hook(const struct sip_msg *msg, void *arg)
{
	static const char *const metv[] = {
		"INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "INFO", "NOTIFY"
	};
	(void)arg;

	for (size_t i = 0; i < ARRAY_SIZE(metv); i++) {
		if (!pl_strcmp(&msg->met, metv[i]))
			return false;
	}

	(void)sip_replyf(uag_sip(), msg, 405, "Method Not Allowed",
			 "Allow: INVITE,ACK,BYE,CANCEL,OPTIONS,INFO,NOTIFY\r\n"
			 "Content-Length: 0\r\n\r\n");

	return true;
}


/*
 * Our Contact user is a stored uuid, baresip's a number of its own: say
 * which account is meant in its words. The message is ours alone until the
 * next listener is asked.
 */
static bool route_hook(const struct sip_msg *msg, void *arg)
{
	const struct phone *phone = arg;
	struct sip_msg *m = (struct sip_msg *)msg;

	for (size_t i = 0; i < phone->acctc; i++) {

		const struct acct *acct = phone->acctv[i];

		if (0 == pl_strcasecmp(&msg->uri.user, acct->pub.cuser)) {
			pl_set_str(&m->uri.user, ua_local_cuser(acct->ua));
			break;
		}
	}

	return false;
}


static bool refer_hook(const struct sip_msg *msg, void *arg)
{
	struct phone *phone = arg;

	if (pl_strcmp(&msg->met, "NOTIFY"))
		return false;

	return phone_refer_notify(phone, msg);
}


static void clean(char *buf, size_t size)
{
	char tmp[TEXT_SZ];

	str_ncpy(tmp, buf, sizeof(tmp));
	(void)uchar_clean(buf, size, tmp, str_len(tmp));
}


static void user_of(char *buf, size_t size, const struct uri *uri)
{
	struct pl user = uri->user;
	size_t n = 0;

	/* a user part's parameters are no part of the number */
	for (size_t i = 0; i < user.l; i++) {
		if (user.p[i] == ';') {
			user.l = i;
			break;
		}
	}

	for (size_t i = 0; i < user.l && n + 1 < size; i++) {

		if (user.p[i] == '%' && i + 2 < user.l) {
			struct pl hex = {&user.p[i+1], 2};

			buf[n++] = (char)pl_x32(&hex);
			i += 2;
		}
		else
			buf[n++] = user.p[i];
	}
	buf[n] = '\0';

	if (!n && pl_isset(&uri->host))
		(void)pl_strcpy(&uri->host, buf, size);

	clean(buf, size);
}


static bool addr_identity(struct identity *id, const struct pl *val)
{
	struct sip_addr addr;
	char *p;

	if (sip_addr_decode(&addr, val))
		return false;

	(void)pl_strcpy(&addr.dname, id->name, sizeof(id->name));
	for (p = id->name; *p; p++) {     /* quoted-pair, RFC 3261 25.1 */
		if (*p == '\\' && p[1])
			memmove(p, p + 1, strlen(p));
	}
	clean(id->name, sizeof(id->name));
	user_of(id->number, sizeof(id->number), &addr.uri);

	return true;
}


/* RFC 3325 9.1: P-Asserted-Identity; older servers: Remote-Party-ID */
static void identity_of(struct identity *id, const struct sip_msg *msg)
{
	static const enum sip_hdrid paid = SIP_HDR_P_ASSERTED_IDENTITY;
	const struct sip_hdr *hdr;

	memset(id, 0, sizeof(*id));

	hdr = sip_msg_hdr(msg, paid);
	if (!hdr)
		hdr = sip_msg_xhdr(msg, "Remote-Party-ID");
	if (hdr && addr_identity(id, &hdr->val)) {
		id->asserted = true;
	}
	else if (msg->req) {
		(void)addr_identity(id, &msg->from.val);
	}

	hdr = sip_msg_hdr(msg, SIP_HDR_REFERRED_BY);
	if (hdr) {
		struct sip_addr addr;

		if (!sip_addr_decode(&addr, &hdr->val))
			user_of(id->referred_by, sizeof(id->referred_by),
				&addr.uri);
	}
}


/* An attended transfer names a dialog by its tags (RFC 3891 3) */
static void tags_of(struct pcall *pc, const struct sip_msg *msg)
{
	const struct pl *ltag = msg->req ? &msg->to.tag : &msg->from.tag;
	const struct pl *rtag = msg->req ? &msg->from.tag : &msg->to.tag;

	if (ltag->l >= sizeof(pc->ltag) || rtag->l >= sizeof(pc->rtag))
		return;

	(void)pl_strcpy(ltag, pc->ltag, sizeof(pc->ltag));
	(void)pl_strcpy(rtag, pc->rtag, sizeof(pc->rtag));
}


/* We look before libre compares: a Call-ID alone is no proof of a dialog */
static bool our_tag(const struct pcall *pc, const struct pl *tag)
{
	return !pc->ltag[0] || !pl_strcmp(tag, pc->ltag);
}


static bool ack_hook(const struct sip_msg *msg, void *arg)
{
	struct pcall *pc;

	if (pl_strcmp(&msg->met, "ACK"))
		return false;

	pc = phone_pcall_msg(arg, msg);
	if (pc && our_tag(pc, &msg->to.tag))
		tags_of(pc, msg);

	return false;
}


/* Is it another than the dialog began with? */
static bool new_from(const struct pcall *pc, const struct identity *id)
{
	char number[TEXT_SZ];
	struct uri uri;
	struct pl pl;

	pl_set_str(&pl, call_peeruri(pc->call));
	if (!id->number[0] || uri_decode(&uri, &pl))
		return false;

	user_of(number, sizeof(number), &uri);

	return strcmp(number, id->number) != 0;
}


/* RFC 3261 21.4.24. A call that we parked and that comes back is taken all
   the same: its caller has nowhere else to go */
static bool busy(struct phone *phone, const struct sip_msg *msg,
		 const struct identity *id)
{
	unsigned account = 0;

	if (list_count(&phone->calll) < phone->max_calls ||
	    phone_pcall_msg(phone, msg))
		return false;

	for (size_t i = 0; i < phone->acctc; i++) {
		if (!pl_strcmp(&msg->uri.user,
			       ua_local_cuser(phone->acctv[i]->ua)))
			account = (unsigned)i;
	}

	if (phone->wantedh && phone->wantedh(account, id->number,
					     id->referred_by,
					     phone->wantedarg))
		return false;

	applog(APPLOG_INFO, "call: \"%s\" %s hears busy: %u calls are up",
	       id->name, id->number, list_count(&phone->calll));
	(void)sip_reply(uag_sip(), msg, 486, "Busy Here");

	return true;
}


static bool invite_hook(const struct sip_msg *msg, void *arg)
{
	struct phone *phone = arg;
	struct identity id;
	struct pcall *pc;

	if (pl_strcmp(&msg->met, "INVITE"))
		return false;

	identity_of(&id, msg);

	if (!pl_isset(&msg->to.tag)) {
		if (busy(phone, msg, &id))
			return true;

		phone->invite = id;
		(void)pl_strcpy(&msg->callid, phone->invite_callid,
				sizeof(phone->invite_callid));
		return false;
	}

	pc = phone_pcall_msg(phone, msg);
	if (!pc || !our_tag(pc, &msg->to.tag))
		return false;

	/* RFC 4916 3.1: From may change within a dialog, without a PAI */
	if (!id.asserted)
		id.asserted = new_from(pc, &id);

	if (id.asserted)
		phone_call_identity(pc, &id, 0);

	phone_call_tell(pc, PHONE_CALL_REINVITE, 0,
			id.asserted ? id.number : "");

	return false;
}


static bool answer_hook(const struct sip_msg *msg, void *arg)
{
	struct phone *phone = arg;
	struct identity id;
	struct pcall *pc;

	if (pl_strcmp(&msg->cseq.met, "INVITE") || msg->scode <= 100)
		return false;

	pc = phone_pcall_msg(phone, msg);
	if (!pc || !our_tag(pc, &msg->from.tag))
		return false;

	if (msg->scode >= 200 && msg->scode < 300)
		tags_of(pc, msg);

	identity_of(&id, msg);
	if (id.asserted && msg->scode < 300)
		phone_call_identity(pc, &id, msg->scode);

	/* baresip tells nothing of a refused hold */
	if (pc->hold_asked && msg->scode >= 200 && msg->scode != 401 &&
	    msg->scode != 407 && msg->scode != 491) {
		char reason[REASON_SZ];

		pc->hold_asked = false;
		(void)pl_strcpy(&msg->reason, reason, sizeof(reason));
		phone_call_tell(pc, PHONE_CALL_HELD, msg->scode, reason);
	}

	return false;
}


int phone_msg_init(struct phone *phone)
{
	int err;

	err  = siphook_add(true, PRIO_GUARD, guard_hook, phone);
	err |= siphook_add(true, PRIO_METHOD, method_hook, phone);
	err |= siphook_add(true, PRIO_ROUTE, route_hook, phone);
	err |= siphook_add(true, PRIO_REFER, refer_hook, phone);
	err |= siphook_add(true, PRIO_CALL, invite_hook, phone);
	err |= siphook_add(true, PRIO_CALL, ack_hook, phone);
	err |= siphook_add(false, PRIO_CALL, answer_hook, phone);

	return err;
}


void phone_msg_close(struct phone *phone)
{
	siphook_del(guard_hook, phone);
	siphook_del(method_hook, phone);
	siphook_del(route_hook, phone);
	siphook_del(refer_hook, phone);
	siphook_del(invite_hook, phone);
	siphook_del(ack_hook, phone);
	siphook_del(answer_hook, phone);
}
