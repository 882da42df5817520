/**
 * @file modules/reg/reg_sip.c  Registration client
 */
#include <string.h>
#include <re.h>
#include "app/log.h"
#include "probe_state.h"
#include "reg_sip.h"
#include "reg_state.h"


enum {
	/* libre's own keepalive closes the connection after 10 s without a
	   pong, which most servers do not send: it is only used to hear of
	   the connection's end, its own ping is put off for ever */
	NO_PING_S    = 1000000,
	DNS_MS       = 10 * 1000,     /* libre's own limit is 76 s      */
	ASK_S        = 300,           /* how often OPTIONS, if that is all */
};

struct regc {
	const struct clock *clock;    /* borrowed                       */
	struct sip *sip;              /* borrowed                       */
	struct regc_life life;
	struct tmr tmr;
	struct tmr tmr_ka;
	struct tmr tmr_dns;
	struct sip_dialog *dlg;
	struct sip_auth *auth;
	struct sip_request *req;
	struct sip_keepalive *ka;
	struct sip_dialog *probe_dlg; /* of the OPTIONS                 */
	struct sip_request *options;  /* OPTIONS under way              */
	struct probe probe;
	struct sip_loopstate ls;
	char *aor;
	char *cuser;
	char *instance;
	void (*reasonh)(char *buf, size_t size);
	uint32_t expires_s;           /* 0: OPTIONS instead of REGISTER */
	bool unregister;
	bool answered;                /* the last request was           */
	bool sent;                    /* the server's address is known  */
	bool credentials;             /* the last request had them      */
	bool proven;                  /* they were good before          */
	enum sip_transp tp;
	regc_h *h;
	void *arg;
	void (*stoph)(void *arg);
	void *stoparg;
};


static void step(struct regc *regc, enum regc_event ev,
		 const struct regc_arg *arg, const struct sip_msg *msg,
		 const char *reason);


static void destructor(void *data)
{
	struct regc *regc = data;

	tmr_cancel(&regc->tmr);
	tmr_cancel(&regc->tmr_ka);
	tmr_cancel(&regc->tmr_dns);
	regc->ka = mem_deref(regc->ka);
	mem_deref(regc->req);
	mem_deref(regc->options);
	mem_deref(regc->dlg);
	mem_deref(regc->probe_dlg);
	mem_deref(regc->auth);
	mem_deref(regc->aor);
	mem_deref(regc->cuser);
	mem_deref(regc->instance);
}


static void probe_arm(struct regc *regc);


static void probe_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct regc *regc = arg;

	if (err || !msg || msg->scode < 200)
		return;

	probe_answered(&regc->probe, clock_ms(regc->clock));
	probe_arm(regc);
}


static int probe_send_handler(enum sip_transp tp, const struct sa *src,
			      const struct sa *dst, struct mbuf *mb, void *arg)
{
	struct regc *regc = arg;
	(void)dst;

	return mbuf_printf(mb, "Contact: <sip:%s@%J%s>\r\n", regc->cuser,
			   src, sip_transp_param(tp));
}


static void probe_due_handler(void *arg)
{
	struct regc *regc = arg;

	switch (probe_due(&regc->probe, clock_ms(regc->clock))) {

	case PROBE_ACT_DEAD:
		regc->options = mem_deref(regc->options);
		regc->answered = false;
		applog(APPLOG_WARN, "reg: %s: the server stopped answering",
		       regc->aor);
		step(regc, REGC_EV_FLOW, NULL, NULL,
		     "no answer from the server");
		return;

	case PROBE_ACT_ASK:
		regc->options = mem_deref(regc->options);

		/* a connection that fell must not be opened anew by this */
		if (regc->tp != SIP_TRANSP_UDP && !regc->ka)
			break;

		(void)sip_drequestf(&regc->options, regc->sip, true, "OPTIONS",
				    regc->probe_dlg, 0, NULL,
				    probe_send_handler, probe_handler, regc,
				    "Accept: application/sdp\r\n"
				    "Content-Length: 0\r\n\r\n");
		break;

	case PROBE_ACT_NONE:
		break;
	}

	probe_arm(regc);
}


static void probe_arm(struct regc *regc)
{
	const uint64_t now = clock_ms(regc->clock);
	const uint64_t due = regc->probe.due_ms;

	if (due)
		tmr_start(&regc->tmr_ka, due > now ? due - now : 0,
			  probe_due_handler, regc);
	else
		tmr_cancel(&regc->tmr_ka);
}


static void flow_handler(int err, void *arg)
{
	struct regc *regc = arg;

	regc->ka = mem_deref(regc->ka);

	applog(APPLOG_WARN, "reg: %s: connection to the server fell (%m)",
	       regc->aor, err);

	step(regc, REGC_EV_FLOW, NULL, NULL, "connection to the server lost");
}


static void watch_flow(struct regc *regc, const struct sip_msg *msg)
{
	regc->tp = msg->tp;

	if (msg->tp != SIP_TRANSP_UDP) {
		regc->ka = mem_deref(regc->ka);
		(void)sip_keepalive_start(&regc->ka, regc->sip, msg,
					  NO_PING_S, flow_handler, regc);
	}

	probe_start(&regc->probe, clock_ms(regc->clock));
	probe_arm(regc);
}


/* What the 2xx grants our own binding (RFC 3261 10.3: it lists them all) */
struct granted {
	const char *cuser;
	uint32_t expires_s;
};


static bool binding_handler(const struct sip_hdr *hdr,
			    const struct sip_msg *msg, void *arg)
{
	struct granted *granted = arg;
	struct sip_addr addr;
	struct pl pl;
	(void)msg;

	if (sip_addr_decode(&addr, &hdr->val))
		return false;

	if (pl_strcasecmp(&addr.uri.user, granted->cuser))
		return false;

	if (!msg_param_decode(&addr.params, "expires", &pl))
		granted->expires_s = pl_u32(&pl);

	return true;
}


static uint32_t retry_after(const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_RETRY_AFTER);

	return hdr ? pl_u32(&hdr->val) : 0;
}


static int request(struct regc *regc, bool first);


static const char dns_text[] = "the name servers do not answer (DNS)";


static void dns_handler(void *arg)
{
	struct regc *regc = arg;

	if (regc->sent || !regc->req)
		return;

	regc->req = mem_deref(regc->req);
	regc->answered = false;
	step(regc, REGC_EV_FAIL, NULL, NULL, dns_text);
}


static void response_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct regc *regc = arg;
	struct regc_arg a = {0};
	char reason[160] = "";

	if (err || !msg) {
		regc->answered = false;
		if (regc->reasonh)
			regc->reasonh(reason, sizeof(reason));
		if (!reason[0] && err == ETIMEDOUT && !regc->sent)
			str_ncpy(reason, dns_text, sizeof(reason));
		else if (!reason[0] && err == ETIMEDOUT)
			str_ncpy(reason, "no answer from the server",
				 sizeof(reason));
		else if (!reason[0] && err == EDESTADDRREQ)
			str_ncpy(reason, "the server's name is unknown (DNS)",
				 sizeof(reason));
		else if (!reason[0])
			(void)re_snprintf(reason, sizeof(reason),
					  "cannot reach the server: %m", err);

		step(regc, REGC_EV_FAIL, &a, NULL, reason);
		return;
	}

	if (msg->scode < 200)
		return;

	(void)re_snprintf(reason, sizeof(reason), "%u %r",
			  msg->scode, &msg->reason);
	regc->answered = true;

	/* whatever it says: it is there, and who it is */
	if (!regc->expires_s) {
		a.expires_s = ASK_S;
		step(regc, REGC_EV_OK, &a, msg, "");
		return;
	}

	if (msg->scode < 300) {
		struct granted granted = {
			.cuser = regc->cuser, .expires_s = regc->expires_s
		};

		if (pl_isset(&msg->expires))
			granted.expires_s = pl_u32(&msg->expires);

		(void)sip_msg_hdr_apply(msg, true, SIP_HDR_CONTACT,
					binding_handler, &granted);

		a.expires_s = granted.expires_s;
		regc->proven = regc->proven || regc->credentials;
		if (!regc->unregister)
			watch_flow(regc, msg);
		step(regc, REGC_EV_OK, &a, msg, "");
		return;
	}

	switch (msg->scode) {

	case 401:
	case 407:
		if (sip_request_loops(&regc->ls, msg->scode)) {
			step(regc, REGC_EV_FAIL, &a, NULL, reason);
			return;
		}

		err = sip_auth_authenticate(regc->auth, msg);
		if (!err) {
			regc->credentials = true;
			err = request(regc, false);
		}
		if (!err)
			return;

		/* the realm was known and its nonce not stale: it is the
		   password that is refused */
		if (err == EAUTH) {
			step(regc, REGC_EV_PASSWORD, &a, NULL, reason);
			return;
		}
		break;

	case 423: {
		const struct sip_hdr *hdr;
		uint32_t v;

		/* RFC 3261 10.2.8; without Min-Expires double it */
		hdr = sip_msg_hdr(msg, SIP_HDR_MIN_EXPIRES);
		v = hdr ? pl_u32(&hdr->val) : 2 * regc->expires_s;
		if (v > regc->expires_s && v <= 86400 && !regc->unregister) {
			regc->expires_s = v;
			if (!request(regc, false))
				return;
		}
		break;
	}

	case 403:
		/* how FreeSWITCH and Kamailio tell a wrong password (RFC 3261
		   22.1 wants 401 again). Not if they have been good before:
		   then it is something else, which may pass */
		if (regc->credentials && !regc->proven) {
			step(regc, REGC_EV_PASSWORD, &a, NULL, reason);
			return;
		}
		a.slow = true;
		break;

	case 405: case 410: case 416: case 420: case 482: case 501: case 505:
	case 603: case 606:
		a.slow = true;
		break;

	default:
		break;
	}

	a.retry_after_s = retry_after(msg);
	step(regc, REGC_EV_FAIL, &a, NULL, reason);
}


static int send_handler(enum sip_transp tp, const struct sa *src,
			const struct sa *dst, struct mbuf *mb, void *arg)
{
	struct regc *regc = arg;
	int err;
	(void)dst;

	regc->tp = tp;
	regc->sent = true;

	if (!regc->expires_s)
		return probe_send_handler(tp, src, dst, mb, regc);

	err = mbuf_printf(mb, "Contact: <sip:%s@%J%s>;expires=%u",
			  regc->cuser, src, sip_transp_param(tp),
			  regc->unregister ? 0 : regc->expires_s);
	if (regc->instance)
		err |= mbuf_printf(mb, ";+sip.instance=\"<urn:uuid:%s>\"",
				   regc->instance);
	err |= mbuf_printf(mb, "\r\n");

	return err;
}


static int request(struct regc *regc, bool first)
{
	if (first) {
		sip_loopstate_reset(&regc->ls);
		/* a known realm without stale=true would be taken for a
		   refused password */
		sip_auth_reset(regc->auth);
		regc->credentials = false;
	}

	regc->req = mem_deref(regc->req);
	regc->sent = false;
	tmr_start(&regc->tmr_dns, DNS_MS, dns_handler, regc);

	/* a reason that is left over is of another's failure */
	if (regc->reasonh) {
		char old[160];

		regc->reasonh(old, sizeof(old));
	}

	if (!regc->expires_s)
		return sip_drequestf(&regc->req, regc->sip, true, "OPTIONS",
				     regc->probe_dlg, 0, NULL, send_handler,
				     response_handler, regc,
				     "Accept: application/sdp\r\n"
				     "Content-Length: 0\r\n\r\n");

	return sip_drequestf(&regc->req, regc->sip, true, "REGISTER",
			     regc->dlg, 0, regc->auth, send_handler,
			     response_handler, regc,
			     "Expires: %u\r\n"
			     "Supported: gruu\r\n"
			     "Content-Length: 0\r\n"
			     "\r\n",
			     regc->unregister ? 0 : regc->expires_s);
}


static void due_handler(void *arg)
{
	struct regc *regc = arg;

	step(regc, REGC_EV_DUE, NULL, NULL, NULL);
}


static void report(struct regc *regc, bool was, const struct sip_msg *msg,
		   const char *reason)
{
	const bool is = regc_registered(&regc->life);
	struct regc_report r = {
		.registered = is,
		.fresh      = is && !was,
		.refused    = regc->life.state == REGC_REFUSED,
		.silent     = !is && !regc->answered,
		.msg        = msg,
	};

	if (regc->life.state == REGC_REFUSED)
		(void)re_snprintf(r.reason, sizeof(r.reason),
				  "%s: the user name or the password is"
				  " refused; correct it, then :reload",
				  reason ? reason : "");
	else
		str_ncpy(r.reason, reason ? reason : "", sizeof(r.reason));

	regc->h(&r, regc->arg);
}


/* What the kernel and libre say when there is no way to the server yet */
static bool no_way(int err)
{
	return err == ENETUNREACH || err == EHOSTUNREACH || err == EINVAL ||
		err == EADDRNOTAVAIL || err == EPROTONOSUPPORT;
}


static void step(struct regc *regc, enum regc_event ev,
		 const struct regc_arg *arg, const struct sip_msg *msg,
		 const char *reason)
{
	const uint64_t now = clock_ms(regc->clock);
	const enum regc_state old = regc->life.state;
	const bool was = regc_registered(&regc->life);
	enum regc_action act;

	act = regc_step(&regc->life, ev, arg, now);

	if (regc->life.state != old)
		applog(APPLOG_INFO, "reg: %s %s -> %s on %s%s%s", regc->aor,
		       regc_state_name(old), regc_state_name(regc->life.state),
		       regc_event_name(ev), str_isset(reason) ? ": " : "",
		       reason ? reason : "");

	tmr_cancel(&regc->tmr);
	if (regc->life.due_ms) {
		const uint64_t due = regc->life.due_ms;

		tmr_start(&regc->tmr, due > now ? due - now : 0,
			  due_handler, regc);
	}

	if (!regc_registered(&regc->life)) {
		probe_stop(&regc->probe);
		probe_arm(regc);
		regc->options = mem_deref(regc->options);
	}

	switch (act) {

	case REGC_ACT_SEND: {
		int err = request(regc, true);

		if (err) {
			char buf[120];

			(void)re_snprintf(buf, sizeof(buf), no_way(err) ?
					  "no network to the server (%m)" :
					  "cannot send: %m", err);
			step(regc, REGC_EV_FAIL, NULL, NULL, buf);
			return;
		}
		break;
	}

	case REGC_ACT_CANCEL:
		regc->req = mem_deref(regc->req);
		break;

	case REGC_ACT_UNSEND:
		regc->unregister = true;
		if (!regc->expires_s || request(regc, true)) {
			step(regc, REGC_EV_FAIL, NULL, NULL, NULL);
			return;
		}
		break;

	case REGC_ACT_DONE:
		/* an answer that still comes must not register us */
		regc->req = mem_deref(regc->req);
		if (regc->stoph) {
			void (*h)(void *) = regc->stoph;

			regc->stoph = NULL;
			h(regc->stoparg);
		}
		return;

	case REGC_ACT_NONE:
		break;
	}

	/* "trying" tells nothing new while the reason of the last failure
	   stands; a refresh that goes well tells the address again */
	if (ev == REGC_EV_OK || ev == REGC_EV_FAIL ||
	    ev == REGC_EV_PASSWORD ||
	    was != regc_registered(&regc->life))
		report(regc, was, msg, reason);
}


int regc_alloc(struct regc **regcp, const struct clock *clock,
	       const struct regc_prm *prm, regc_h *h, void *arg)
{
	const char *routev[1];
	struct regc *regc;
	int err;

	if (!regcp || !clock || !prm || !prm->sip || !prm->aor || !prm->uri ||
	    !prm->cuser || !h)
		return EINVAL;

	regc = mem_zalloc(sizeof(*regc), destructor);
	if (!regc)
		return ENOMEM;

	regc->clock     = clock;
	regc->sip       = prm->sip;
	regc->expires_s = prm->expires_s;
	regc->reasonh   = prm->reasonh;
	regc->h         = h;
	regc->arg       = arg;
	regc->life.seed = rand_u32();

	routev[0] = prm->route;

	err  = sip_dialog_alloc(&regc->dlg, prm->uri, prm->aor, prm->dname,
				prm->aor, prm->route ? routev : NULL,
				prm->route ? 1 : 0);
	err |= sip_dialog_alloc(&regc->probe_dlg, prm->uri, prm->uri,
				prm->dname, prm->aor,
				prm->route ? routev : NULL,
				prm->route ? 1 : 0);
	err |= sip_auth_alloc(&regc->auth, prm->authh, prm->authp, false);
	err |= str_dup(&regc->aor, prm->aor);
	err |= str_dup(&regc->cuser, prm->cuser);
	if (prm->instance)
		err |= str_dup(&regc->instance, prm->instance);
	if (err)
		goto out;

	*regcp = regc;
	step(regc, REGC_EV_START, NULL, NULL, NULL);

	return 0;

 out:
	mem_deref(regc);

	return err;
}


void regc_retry(struct regc *regc)
{
	if (regc)
		step(regc, REGC_EV_START, NULL, NULL, NULL);
}


void regc_net_changed(struct regc *regc)
{
	if (!regc)
		return;

	regc->ka = mem_deref(regc->ka);
	step(regc, REGC_EV_NET, NULL, NULL, "the network changed");
}


void regc_stop(struct regc *regc, void (*h)(void *arg), void *arg)
{
	if (!regc)
		return;

	regc->stoph = h;
	regc->stoparg = arg;
	regc->ka = mem_deref(regc->ka);
	step(regc, REGC_EV_STOP, NULL, NULL, NULL);
}
