/**
 * @file tests/lib/notifier_bare.c  A notifier of a UDP socket
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "tests/lib/bench.h"
#include "tests/lib/notifier_bare.h"


enum {
	NONCE = 0x4f8c2e91,
	DATAGRAM = 65536,
	BUFFER = 4 << 20,      /* the kernel caps it                     */
	HASH = 32768,
};


int bare_open(struct bare *bare)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	socklen_t len = sizeof(sin);
	const int size = BUFFER, on = 1;

	memset(bare, 0, sizeof(*bare));

	bare->subv = calloc(BARE_SUBS, sizeof(*bare->subv));
	if (!bare->subv || hash_alloc(&bare->ht, HASH))
		return ENOMEM;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bare->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			  0);
	if (bare->fd < 0 ||
	    bind(bare->fd, (struct sockaddr *)&sin, sizeof(sin)) ||
	    getsockname(bare->fd, (struct sockaddr *)&sin, &len))
		return errno;

	if (setsockopt(bare->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)))
		return errno;

	/* root may ask for more than the limit */
	if (setsockopt(bare->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
		       sizeof(size)))
		(void)setsockopt(bare->fd, SOL_SOCKET, SO_RCVBUF, &size,
				 sizeof(size));

	(void)re_snprintf(bare->addr, sizeof(bare->addr), "127.0.0.1:%u",
			  ntohs(sin.sin_port));

	return 0;
}


void bare_close(struct bare *bare)
{
	if (bare->fd > 0)
		(void)close(bare->fd);
	hash_clear(bare->ht);
	mem_deref(bare->ht);
	free(bare->subv);
	memset(bare, 0, sizeof(*bare));
}


static void send_to(struct bare *bare, const struct sockaddr_in *peer,
		    const char *p, size_t n)
{
	(void)sendto(bare->fd, p, n, 0, (const struct sockaddr *)peer,
		     sizeof(*peer));
}


static void copy(char *dst, size_t sz, const struct pl *pl)
{
	dst[0] = '\0';
	if (pl->p)
		(void)pl_strcpy(pl, dst, sz);
}


static bool callid_cmp(struct le *le, void *arg)
{
	const struct bare_sub *sub = le->data;

	return !pl_strcmp(arg, sub->callid);
}


struct bare_sub *bare_add(struct bare *bare, const char *user,
			  const struct sockaddr_in *peer)
{
	struct bare_sub *sub;

	if (bare->subc >= BARE_SUBS)
		return NULL;

	sub = &bare->subv[bare->subc++];
	str_ncpy(sub->user, user, sizeof(sub->user));
	(void)re_snprintf(sub->callid, sizeof(sub->callid), "%032zx",
			  bare->subc);
	(void)re_snprintf(sub->ltag, sizeof(sub->ltag), "%016zx",
			  bare->subc);
	str_ncpy(sub->rtag, "fedcba9876543210", sizeof(sub->rtag));
	(void)re_snprintf(sub->contact, sizeof(sub->contact),
			  "sip:0b9e1c4e-0b9e-4c4e-8b9e-0b9e1c4e0b9e@%s:%u",
			  inet_ntoa(peer->sin_addr), ntohs(peer->sin_port));
	sub->peer = *peer;
	sub->cseq = 100;

	return sub;
}


/* Via, To, From, Call-ID and CSeq as they came; the first with a tag */
static void answer(struct bare *bare, const struct sip_msg *msg,
		   const struct sockaddr_in *peer, const char *tag,
		   unsigned scode, const char *hdrs)
{
	static const enum sip_hdrid idv[] = {
		SIP_HDR_VIA, SIP_HDR_TO, SIP_HDR_FROM, SIP_HDR_CALL_ID,
		SIP_HDR_CSEQ,
	};
	char buf[4096];
	int n;

	n = re_snprintf(buf, sizeof(buf), "SIP/2.0 %u OK\r\n", scode);

	for (size_t i=0; i<ARRAY_SIZE(idv) && n > 0; i++) {

		const struct sip_hdr *hdr = sip_msg_hdr(msg, idv[i]);
		const bool add = idv[i] == SIP_HDR_TO &&
			!pl_isset(&msg->to.tag);

		if (hdr)
			n += re_snprintf(buf + n, sizeof(buf) - (size_t)n,
					 "%r: %r%s%s\r\n", &hdr->name,
					 &hdr->val, add ? ";tag=" : "",
					 add ? tag : "");
	}

	n += re_snprintf(buf + n, sizeof(buf) - (size_t)n,
			 "%sContent-Length: 0\r\n\r\n", hdrs);
	send_to(bare, peer, buf, (size_t)n);
}


static bool authorized(struct bare_sub *sub, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_AUTHORIZATION);
	struct httpauth_digest_resp resp;
	uint8_t ha1[MD5_SIZE];

	if (!hdr || httpauth_digest_response_decode(&resp, &hdr->val) ||
	    pl_x32(&resp.nonce) != sub->nonce)
		return false;

	(void)md5_printf(ha1, "%r:pbx:secret", &resp.username);

	return !httpauth_digest_response_auth(&resp, &msg->met, ha1);
}


static void subscribe(struct bare *bare, const struct sip_msg *msg,
		      const struct sockaddr_in *peer)
{
	uint32_t expires_s = pl_u32(&msg->expires);
	struct bare_sub *sub;
	struct sip_addr addr;
	const struct sip_hdr *hdr;
	char hdrs[256];

	if (!bare->subscribec++)
		bare->first_ns = bench_wall_ns();

	sub = list_ledata(hash_lookup(bare->ht, hash_joaat_pl(&msg->callid),
				      callid_cmp, (void *)&msg->callid));
	if (sub && sub->lseq == msg->cseq.num)
		++bare->repeatc;

	if (!sub) {
		if (bare->subc >= BARE_SUBS)
			return;

		sub = &bare->subv[bare->subc++];
		copy(sub->user, sizeof(sub->user), &msg->uri.user);
		copy(sub->callid, sizeof(sub->callid), &msg->callid);
		copy(sub->rtag, sizeof(sub->rtag), &msg->from.tag);
		(void)re_snprintf(sub->ltag, sizeof(sub->ltag), "%016zx",
				  bare->subc);
		sub->cseq = 100;
		hash_append(bare->ht, hash_joaat_str(sub->callid), &sub->he,
			    sub);
	}
	sub->lseq = msg->cseq.num;

	/* as Asterisk: not within a dialog */
	if (!bare->once)
		sub->nonce = NONCE;
	if (!pl_isset(&msg->to.tag) && !authorized(sub, msg)) {
		sub->nonce = NONCE + ++bare->challengec * bare->once;
		(void)re_snprintf(hdrs, sizeof(hdrs), "WWW-Authenticate: "
				  "Digest realm=\"pbx\", nonce=\"%x\", "
				  "qop=\"auth\", algorithm=MD5\r\n",
				  sub->nonce);
		answer(bare, msg, peer, sub->ltag, 401, hdrs);
		return;
	}
	sub->nonce = 0;

	if (bare->expires_s && expires_s > bare->expires_s)
		expires_s = bare->expires_s;

	hdr = sip_msg_hdr(msg, SIP_HDR_CONTACT);
	if (hdr && !sip_addr_decode(&addr, &hdr->val))
		copy(sub->contact, sizeof(sub->contact), &addr.auri);
	sub->peer = *peer;

	(void)re_snprintf(hdrs, sizeof(hdrs), "Contact: <sip:%s>\r\n"
			  "Expires: %u\r\n%s", bare->addr, expires_s,
			  bare->firsth ? "Require: eventlist\r\n" : "");
	answer(bare, msg, peer, sub->ltag, 200, hdrs);

	if (!expires_s)
		return;

	if (bare->firsth)
		bare->firsth(bare, sub, bare->arg);
	else
		bare_notify(bare, sub, "terminated", NULL);

	if (!sub->live) {
		sub->live = true;
		++bare->livec;
	}
}


static void datagram(struct bare *bare, char *buf, size_t n,
		     const struct sockaddr_in *peer)
{
	struct sip_msg *msg = NULL;
	const struct sip_hdr *hdr;
	struct mbuf *mb;
	char hdrs[256];
	int err;

	/* nearly all: answers to NOTIFY, which nobody needs to take apart */
	if (n > 12 && !memcmp(buf, "SIP/2.0 ", 8)) {
		if (!memmem(buf, n, " NOTIFY\r\n", 9))
			++bare->pongc;
		else if (memcmp(buf + 8, "200", 3))
			++bare->wrongc;
		else
			++bare->answerc;
		return;
	}

	mb = mbuf_alloc(n + 1);
	if (!mb)
		return;

	err = mbuf_write_mem(mb, (const uint8_t *)buf, n);
	mb->pos = 0;
	err = err ? err : sip_msg_decode(&msg, mb);
	mem_deref(mb);
	if (err)
		return;

	if (!pl_strcmp(&msg->met, "SUBSCRIBE")) {
		subscribe(bare, msg, peer);
	}
	else if (!pl_strcmp(&msg->met, "REGISTER")) {
		++bare->registerc;
		hdr = sip_msg_hdr(msg, SIP_HDR_CONTACT);
		(void)re_snprintf(hdrs, sizeof(hdrs), "Contact: %r;"
				  "expires=300\r\nExpires: 300\r\n",
				  hdr ? &hdr->val : &msg->ruri);
		answer(bare, msg, peer, "reg", 200, hdrs);
	}

	mem_deref(msg);
}


static uint64_t arrival_ns(struct msghdr *mh)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {

		struct timespec ts;

		if (c->cmsg_level != SOL_SOCKET ||
		    c->cmsg_type != SCM_TIMESTAMPNS)
			continue;

		memcpy(&ts, CMSG_DATA(c), sizeof(ts));

		return (uint64_t)ts.tv_sec * 1000000000u +
			(uint64_t)ts.tv_nsec;
	}

	return bench_wall_ns();
}


void bare_read(struct bare *bare)
{
	static char buf[DATAGRAM];
	char control[CMSG_SPACE(sizeof(struct timespec))];
	struct sockaddr_in peer;
	struct iovec iov = {buf, sizeof(buf)};

	for (;;) {
		struct msghdr mh = {
			.msg_name = &peer, .msg_namelen = sizeof(peer),
			.msg_iov = &iov, .msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};
		const ssize_t n = recvmsg(bare->fd, &mh, 0);

		if (n <= 0)
			return;

		bare->answer_ns = arrival_ns(&mh);
		datagram(bare, buf, (size_t)n, &peer);
	}
}


size_t bare_message(char *buf, size_t sz, struct bare *bare,
		    struct bare_sub *sub, const char *ctype, const char *hdrs,
		    const char *body, size_t len)
{
	int n;

	n = re_snprintf(buf, sz,
			"NOTIFY %s SIP/2.0\r\n"
			"Via: SIP/2.0/UDP %s;rport;branch=z9hG4bK%08x\r\n"
			"Max-Forwards: 70\r\n"
			"To: <sip:101@pbx>;tag=%s\r\n"
			"From: <sip:%s@pbx>;tag=%s\r\n"
			"Call-ID: %s\r\n"
			"CSeq: %u NOTIFY\r\n"
			"Contact: <sip:%s>\r\n"
			"Event: dialog\r\n"
			"Subscription-State: active;expires=%u\r\n"
			"Allow-Events: presence, dialog, message-summary, "
			"refer\r\n"
			"%s"
			"Content-Type: %s\r\n"
			"Content-Length: %zu\r\n\r\n",
			sub->contact, bare->addr, bare->notifyc, sub->rtag,
			sub->user, sub->ltag, sub->callid, ++sub->cseq,
			bare->addr, bare->expires_s ? bare->expires_s
			: BARE_EXPIRES_S, hdrs, ctype, len);
	if (n < 0 || (size_t)n + len > sz)
		return 0;

	memcpy(buf + n, body, len);

	return (size_t)n + len;
}


void bare_notify_body(struct bare *bare, struct bare_sub *sub,
		      const char *ctype, const char *hdrs, const char *body,
		      size_t len)
{
	static char buf[DATAGRAM];
	const size_t n = bare_message(buf, sizeof(buf), bare, sub, ctype,
				      hdrs, body, len);

	++bare->notifyc;
	send_to(bare, &sub->peer, buf, n);
}


size_t bare_body(char *buf, size_t sz, struct bare_sub *sub,
		 const char *state, const char *who)
{
	char remote[160] = "";
	int n;

	if (str_isset(who))
		(void)re_snprintf(remote, sizeof(remote),
				  "  <remote><identity display=\"%s\">"
				  "sip:0301234567@pbx</identity></remote>\n",
				  who);

	/* as Asterisk 22 writes it */
	n = re_snprintf(buf, sz,
			"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			"<dialog-info xmlns=\"urn:ietf:params:xml:ns:"
			"dialog-info\" version=\"%u\" state=\"full\" "
			"entity=\"sip:%s@pbx\">\n"
			" <dialog id=\"%s\">\n%s  <state>%s</state>\n"
			" </dialog>\n</dialog-info>\n",
			sub->version++, sub->user, sub->user, remote, state);

	return n > 0 ? (size_t)n : 0;
}


void bare_notify(struct bare *bare, struct bare_sub *sub, const char *state,
		 const char *who)
{
	char body[1024];
	const size_t n = bare_body(body, sizeof(body), sub, state, who);

	bare_notify_body(bare, sub, "application/dialog-info+xml", "", body,
			 n);
}


void bare_ping(struct bare *bare, const struct sockaddr_in *peer,
	       const char *user)
{
	static unsigned serial;
	char buf[1024];
	int n;

	++serial;
	n = re_snprintf(buf, sizeof(buf),
			"OPTIONS sip:%s@pbx SIP/2.0\r\n"
			"Via: SIP/2.0/UDP %s;rport;branch=z9hG4bKp%u\r\n"
			"To: <sip:%s@pbx>\r\n"
			"From: <sip:bench@pbx>;tag=1\r\n"
			"Call-ID: ping%u\r\n"
			"CSeq: 1 OPTIONS\r\n"
			"Content-Length: 0\r\n\r\n",
			user, bare->addr, serial, user, serial);
	send_to(bare, peer, buf, (size_t)n);
}
