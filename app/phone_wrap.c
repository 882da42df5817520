/**
 * @file app/phone_wrap.c  What the libraries' public API does not reach
 */
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <re.h>
#include <baresip.h>
#include "phone_wrap.h"


/* libre's own files shadow the struct in the same way ("inheritance") */
struct tls_conn {
	SSL *ssl;
};

static struct {
	struct sip_dialog *dlg;
	bool capture;
	bool no_ca;
	char tls_reason[160];
	rtcp_recv_h *rtcph;      /* baresip's                            */
	phone_wrap_rtcp_h *heardh;
	void *heardarg;
} wrap;


int __real_sipevent_drefer(struct sipsub **subp, struct sipevent_sock *sock,
			   struct sip_dialog *dlg, const char *cuser,
			   sip_auth_h *authh, void *aarg, bool aref,
			   sipsub_notify_h *notifyh,
			   sipsub_close_h *closeh, void *arg,
			   const char *fmt, ...);
int __wrap_sipevent_drefer(struct sipsub **subp, struct sipevent_sock *sock,
			   struct sip_dialog *dlg, const char *cuser,
			   sip_auth_h *authh, void *aarg, bool aref,
			   sipsub_notify_h *notifyh,
			   sipsub_close_h *closeh, void *arg,
			   const char *fmt, ...);
int __real_sip_auth_authenticate(struct sip_auth *auth,
				 const struct sip_msg *msg);
int __wrap_sip_auth_authenticate(struct sip_auth *auth,
				 const struct sip_msg *msg);
int __real_tls_set_verify_server(struct tls_conn *tc, const char *host);
int __wrap_tls_set_verify_server(struct tls_conn *tc, const char *host);
int __wrap_gettimeofday(struct timeval *tv, void *tz);
int __real_rtp_listen(struct rtp_sock **rsp, int proto, const struct sa *ip,
		      uint16_t min_port, uint16_t max_port, bool enable_rtcp,
		      rtp_recv_h *recvh, rtcp_recv_h *rtcph, void *arg);
int __wrap_rtp_listen(struct rtp_sock **rsp, int proto, const struct sa *ip,
		      uint16_t min_port, uint16_t max_port, bool enable_rtcp,
		      rtp_recv_h *recvh, rtcp_recv_h *rtcph, void *arg);
int __real_SSL_connect(SSL *ssl);
int __wrap_SSL_connect(SSL *ssl);


/* Of the phone's own calls none goes out: baresip's REFER lacks the angle
   brackets and Referred-By, and it ends the call when the transfer fails.
   Ours is sent by app/phone_refer.c; this only gives the dialog away */
int __wrap_sipevent_drefer(struct sipsub **subp, struct sipevent_sock *sock,
			   struct sip_dialog *dlg, const char *cuser,
			   sip_auth_h *authh, void *aarg, bool aref,
			   sipsub_notify_h *notifyh,
			   sipsub_close_h *closeh, void *arg,
			   const char *fmt, ...)
{
	va_list ap;
	int err;

	if (wrap.capture) {
		wrap.dlg = dlg;
		return 0;
	}

	va_start(ap, fmt);
	err = __real_sipevent_drefer(subp, sock, dlg, cuser, authh, aarg,
				     aref, notifyh, closeh, arg, "%v", fmt,
				     &ap);
	va_end(ap);

	return err;
}


struct sip_dialog *phone_wrap_dialog(struct call *call)
{
	struct sip_dialog *dlg;

	wrap.capture = true;
	(void)call_transfer(call, "sip:none@invalid");
	wrap.capture = false;

	dlg = wrap.dlg;
	wrap.dlg = NULL;

	return dlg;
}


static bool challenge_usable(const struct sip_hdr *hdr)
{
	struct httpauth_digest_chall ch;

	if (httpauth_digest_challenge_decode(&ch, &hdr->val))
		return false;

	return !pl_isset(&ch.algorithm) ||
		!pl_strcasecmp(&ch.algorithm, "md5");
}


/*
 * A server may offer several algorithms (RFC 8760 2.4), the strongest first;
 * libre gives up at the first that it does not know. Hide those from it, as
 * long as one is left that it does know.
 */
int __wrap_sip_auth_authenticate(struct sip_auth *auth,
				 const struct sip_msg *msg)
{
	static const enum sip_hdrid idv[] = {
		SIP_HDR_WWW_AUTHENTICATE, SIP_HDR_PROXY_AUTHENTICATE
	};
	struct sip_hdr *hidev[8];
	size_t hidec = 0, usable = 0;
	struct le *le;
	int err;

	for (le = msg ? msg->hdrl.head : NULL; le; le = le->next) {

		struct sip_hdr *hdr = le->data;

		if (hdr->id != idv[0] && hdr->id != idv[1])
			continue;

		if (challenge_usable(hdr))
			++usable;
		else if (hidec < ARRAY_SIZE(hidev))
			hidev[hidec++] = hdr;
	}

	if (!usable)
		hidec = 0;

	for (size_t i = 0; i < hidec; i++)
		hash_unlink(&hidev[i]->he);

	err = __real_sip_auth_authenticate(auth, msg);

	for (size_t i = 0; i < hidec; i++)
		hash_append(msg->hdrht, hidev[i]->id, &hidev[i]->he, hidev[i]);

	return err;
}


/* libre checks the name of a host, never an IP address (RFC 5922 7.1, 7.3:
   the address must then stand in the certificate as such) */
int __wrap_tls_set_verify_server(struct tls_conn *tc, const char *host)
{
	struct sa sa;
	int err;

	err = __real_tls_set_verify_server(tc, host);
	if (err || !tc || !host)
		return err;

	if (SSL_get_verify_mode(tc->ssl) == SSL_VERIFY_NONE)
		return 0;

	if (0 == sa_set_str(&sa, host, 0) &&
	    1 != X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tc->ssl), host))
		return EPROTO;

	return 0;
}


int __wrap_SSL_connect(SSL *ssl)
{
	int r = __real_SSL_connect(ssl);
	unsigned long e;
	const char *str;
	long v;

	if (r > 0 || SSL_get_error(ssl, r) != SSL_ERROR_SSL)
		return r;

	v = SSL_get_verify_result(ssl);
	e = ERR_peek_last_error();
	str = v != X509_V_OK ? X509_verify_cert_error_string(v) :
		ERR_reason_error_string(e);

	if (v != X509_V_OK && wrap.no_ca)
		str = "no file with CA certificates was found (install"
			" ca-certificates, or set tls_ca)";

	(void)re_snprintf(wrap.tls_reason, sizeof(wrap.tls_reason),
			  "TLS: %s%s", v != X509_V_OK ? "certificate: " : "",
			  str ? str : "handshake failed");

	return r;
}


/* libre's timers run on the time of day: set back by an hour, every timer of
   the phone would stand still for an hour. It asks for nothing else but the
   time stamps of RTCP, which need no epoch (RFC 3550 6.4.1) */
int __wrap_gettimeofday(struct timeval *tv, void *tz)
{
	struct timespec ts;
	(void)tz;

	if (clock_gettime(CLOCK_MONOTONIC, &ts))
		return -1;

	tv->tv_sec  = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;

	return 0;
}


static void rtcp_handler(const struct sa *src, struct rtcp_msg *msg,
			 void *arg)
{
	if (wrap.heardh)
		wrap.heardh(arg, wrap.heardarg);

	wrap.rtcph(src, msg, arg);
}


/* baresip tells of sender reports only; who sends nothing sends receiver
   reports (RFC 3550 6.4), and lives. Its streams are the only ones that
   listen by this, all with one handler, and are its argument */
int __wrap_rtp_listen(struct rtp_sock **rsp, int proto, const struct sa *ip,
		      uint16_t min_port, uint16_t max_port, bool enable_rtcp,
		      rtp_recv_h *recvh, rtcp_recv_h *rtcph, void *arg)
{
	if (rtcph && (!wrap.rtcph || wrap.rtcph == rtcph)) {
		wrap.rtcph = rtcph;
		rtcph = rtcp_handler;
	}

	return __real_rtp_listen(rsp, proto, ip, min_port, max_port,
				 enable_rtcp, recvh, rtcph, arg);
}


void phone_wrap_rtcp(phone_wrap_rtcp_h *h, void *arg)
{
	wrap.heardh = h;
	wrap.heardarg = arg;
}


void phone_wrap_no_ca(bool none)
{
	wrap.no_ca = none;
}


void phone_wrap_tls_reason(char *buf, size_t size)
{
	str_ncpy(buf, wrap.tls_reason, size);
	wrap.tls_reason[0] = '\0';
}
