/**
 * @file modules/blf/blf_sip.c  SUBSCRIBE and NOTIFY of one panel over libre
 */
#include <string.h>
#include <re.h>
#include <re_sha.h>
#include "modules/blf/blf_sip.h"
#include "modules/blf/digest_model.h"


#define EVENT "dialog"
#define CTYPE "application/dialog-info+xml"
#define CTYPES_LIST CTYPE ", application/rlmi+xml, multipart/related"
#define CALLPARK "x-broadworks-callpark-info+xml"

/** What SUBSCRIBE says of it */
static const struct {
	const char *event;
	const char *accept;
	const char *headers;
} packv[] = {
	[BLF_PACK_DIALOG]    = {EVENT, CTYPE, ""},
	/* RFC 4662 4.1: without "eventlist" there would be no list. As a
	   demand (Require) it would be refused where there is none */
	[BLF_PACK_LIST]      = {EVENT, CTYPES_LIST,
				"Supported: eventlist\r\n"},
	[BLF_PACK_CALL_INFO] = {"call-info", "application/" CALLPARK, ""},
};

enum {
	GHOST_MS = 32000,       /* 64*T1: so long is a NOTIFY repeated   */
	GHOSTS_MAX = 20000,
	GHOST_HASH = 4096,
	UNASKED_MAX = 64,
	TAG_MAX = 255,          /* of the other side's, [bytes]          */
	TARGET_MAX = 511,
	ROUTES_MAX = 2047,
	ROOM_SZ = 120,          /* enough for nearly all                 */
	RX_SIZE = 65535,        /* largest datagram                      */
	RX_BUFFER = 4 << 20,    /* a burst; the kernel caps it           */
	TRIES_MAX = 6,          /* challenges in a row                   */
	REFUSED_MAX = 2,
	MISS_MAX = 3,           /* nonces used again in vain             */
};

enum kind {
	KIND_SUBSCRIBE = 0,
	KIND_REFRESH,
	KIND_BYE,
};

/** An account */
struct blf_peer {
	struct blf_sip *bs;
	struct blf_account acc;
	struct digest digest;
	char *from;             /* line up to the tag                    */
	char *route;            /* line, or NULL                         */
	struct sa laddr;        /* as last used in a Contact             */
	enum sip_transp tp;
	uint8_t missc;
};

/** A subscription that was, for the repeats of its last NOTIFY */
struct ghost {
	struct le he;
	struct le le;
	struct blf_peer *peer;
	uint64_t until_ms;
	struct blf_order_state order;
	uint8_t pack;
	char callid[33];
	char ltag[17];
	char rtag[TAG_MAX + 1];
};

/** A NOTIFY that belonged to no dialog, for its repeats */
struct unasked {
	uint64_t id;
	uint64_t until_ms;
	uint16_t answer;
};

struct blf_sip {
	const struct clock *clock;
	struct blf_peer *peerv;
	size_t peerc;
	struct hash *ht_dlg;
	struct hash *ht_ghost;
	struct list ghostl;     /* oldest first                          */
	size_t ghostc;
	const void *rx_sock;    /* compared only                         */
	struct unasked unaskedv[UNASKED_MAX];
	unsigned unaskedi;
	struct blf_sip_handlers h;
	void *arg;
};

/** What a NOTIFY is addressed to */
struct ids {
	const struct pl *callid;
	const struct pl *ltag;
	const struct pl *rtag;
};


static void response_handler(int err, const struct sip_msg *msg, void *arg);


static void destructor(void *arg)
{
	struct blf_sip *bs = arg;

	for (size_t i=0; bs->peerv && i<bs->peerc; i++) {
		mem_deref(bs->peerv[i].from);
		mem_deref(bs->peerv[i].route);
	}

	list_flush(&bs->ghostl);
	hash_clear(bs->ht_dlg);
	mem_deref(bs->ht_dlg);
	mem_deref(bs->ht_ghost);
	mem_deref(bs->peerv);
}


static void ghost_destructor(void *arg)
{
	struct ghost *g = arg;

	hash_unlink(&g->he);
	list_unlink(&g->le);
}


static void digest_hash(enum digest_alg alg, const void *p, size_t n,
			uint8_t *md)
{
	if (alg == DIGEST_SHA256)
		(void)SHA256(p, n, md);
	else
		md5(p, n, md);
}


/* Nothing that ends a line or a quoted string */
static int print_dname(struct re_printf *pf, const char *s)
{
	int err = 0;

	for (; s && *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f ||
		    *s == '"' || *s == '\\')
			continue;
		err |= pf->vph(s, 1, pf->arg);
	}

	return err;
}


static int peer_init(struct blf_peer *peer, struct blf_sip *bs,
		     const struct blf_account *acc)
{
	int err;

	if (!acc->sip || !acc->aor || !acc->cuser)
		return EINVAL;

	peer->bs  = bs;
	peer->acc = *acc;

	if (acc->dname && acc->dname[0])
		err = re_sdprintf(&peer->from, "From: \"%H\" <%s>;tag=",
				  print_dname, acc->dname, acc->aor);
	else
		err = re_sdprintf(&peer->from, "From: <%s>;tag=", acc->aor);

	/* RFC 3261 16.12.1: without lr it would be a strict router */
	if (!err && acc->route && acc->route[0])
		err = re_sdprintf(&peer->route, "Route: <%s%s>\r\n",
				  acc->route,
				  strstr(acc->route, ";lr") ? "" : ";lr");

	return err;
}


int blf_sip_alloc(struct blf_sip **bsp, const struct clock *clock,
		  const struct blf_account *accv, size_t accc, size_t size,
		  const struct blf_sip_handlers *h, void *arg)
{
	struct blf_sip *bs;
	int err = 0;

	if (!bsp || !clock || !accv || !accc || !h)
		return EINVAL;

	bs = mem_zalloc(sizeof(*bs), destructor);
	if (!bs)
		return ENOMEM;

	bs->clock = clock;
	bs->h     = *h;
	bs->arg   = arg;
	bs->peerc = accc;
	bs->peerv = mem_zalloc(accc * sizeof(*bs->peerv), NULL);
	if (!bs->peerv) {
		err = ENOMEM;
		goto out;
	}

	for (size_t i=0; i<accc; i++) {
		err = peer_init(&bs->peerv[i], bs, &accv[i]);
		if (err)
			goto out;
	}

	size = hash_valid_size((uint32_t)MAX(size, 16));

	/* ghosts are few, but for half a minute after a restart */
	err  = hash_alloc(&bs->ht_dlg, (uint32_t)size);
	err |= hash_alloc(&bs->ht_ghost, (uint32_t)MIN(size, GHOST_HASH));

 out:
	if (err)
		mem_deref(bs);
	else
		*bsp = bs;

	return err;
}


void blf_sip_fresh(struct blf_sip *bs, unsigned account)
{
	struct blf_peer *peer;

	if (!bs || account >= bs->peerc)
		return;

	peer = &bs->peerv[account];
	memset(&peer->digest, 0, sizeof(peer->digest));
	peer->missc = 0;
}


/* ------------------------------------------------------------------------ */
/* Pieces of messages                                                        */

/* The number a header's value begins with; 0 if none does or too large */
static uint32_t number(const struct pl *pl)
{
	uint64_t n = 0;
	size_t i = 0;

	if (!pl || !pl->p)
		return 0;

	while (i < pl->l && (pl->p[i] == ' ' || pl->p[i] == '\t'))
		++i;

	for (; i < pl->l && pl->p[i] >= '0' && pl->p[i] <= '9'; i++) {
		n = 10 * n + (uint32_t)(pl->p[i] - '0');
		if (n > UINT32_MAX)
			return UINT32_MAX;
	}

	return (uint32_t)n;
}


static uint32_t hdr_number(const struct sip_msg *msg, enum sip_hdrid id)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, id);

	return hdr ? number(&hdr->val) : 0;
}


/* A folded header holds line breaks; none may get into our own message */
static bool printable(const struct pl *pl, size_t max)
{
	if (!pl->p || !pl->l || pl->l > max)
		return false;

	for (size_t i=0; i<pl->l; i++) {
		if ((unsigned char)pl->p[i] < 0x20 || pl->p[i] == 0x7f)
			return false;
	}

	return true;
}


static bool word(const struct pl *pl, size_t max)
{
	return printable(pl, max) && !memchr(pl->p, ' ', pl->l);
}


static const char *remote_target(const struct blf_dlg *dlg)
{
	return dlg->remote + strlen(dlg->remote) + 1;
}


static const char *remote_routes(const struct blf_dlg *dlg)
{
	const char *target = remote_target(dlg);

	return target + strlen(target) + 1;
}


static bool route_handler(const struct sip_hdr *hdr,
			  const struct sip_msg *msg, void *arg)
{
	struct mbuf *mb = arg;
	(void)msg;

	if (!printable(&hdr->val, ROUTES_MAX))
		return true;

	return mb->end > ROUTES_MAX ||
		0 != mbuf_printf(mb, "Route: %r\r\n", &hdr->val);
}


/* RFC 3261 12.1: remote tag, remote target, route set. With `routes` these
   stay: only the target may change later (12.2.1.2) */
static int remote_make(struct mbuf **mbp, const struct sip_msg *msg,
		       const char *uri, const char *routes)
{
	const struct pl *tag = msg->req ? &msg->from.tag : &msg->to.tag;
	const struct sip_hdr *contact;
	struct sip_addr addr;
	struct pl target;
	struct mbuf *mb;
	int err;

	contact = sip_msg_hdr(msg, SIP_HDR_CONTACT);
	if (contact && !sip_addr_decode(&addr, &contact->val))
		target = addr.auri;
	else if (contact)
		return EBADMSG;
	else
		pl_set_str(&target, uri);

	if (!word(tag, TAG_MAX) || !word(&target, TARGET_MAX))
		return EBADMSG;

	mb = mbuf_alloc(256);
	if (!mb)
		return ENOMEM;

	err  = mbuf_printf(mb, "%r%c%r%c", tag, 0, &target, 0);
	if (routes)
		err |= mbuf_write_str(mb, routes);
	else if (sip_msg_hdr_apply(msg, msg->req, SIP_HDR_RECORD_ROUTE,
				   route_handler, mb))
		err = EBADMSG;
	err = err ? err : mbuf_write_u8(mb, 0);

	if (err)
		mem_deref(mb);
	else
		*mbp = mb;

	return err;
}


/* Takes the mbuf over. What is there already is used again: thousands of
   small blocks that stay, amid transactions that go, would hold a page of
   memory each */
static int remote_put(struct blf_dlg *dlg, struct mbuf *mb)
{
	int err = 0;

	if (mb->end > dlg->room_sz) {

		char *room = mem_alloc(mb->end, NULL);

		if (!room) {
			err = ENOMEM;
			goto out;
		}

		mem_deref(dlg->room);
		dlg->room    = room;
		dlg->room_sz = (uint16_t)mb->end;
	}

	memcpy(dlg->room, mb->buf, mb->end);
	dlg->remote = dlg->room;

 out:
	mem_deref(mb);

	return err;
}


static int remote_set(struct blf_dlg *dlg, const struct sip_msg *msg)
{
	struct mbuf *mb;
	int err;

	err = remote_make(&mb, msg, dlg->uri, NULL);

	return err ? err : remote_put(dlg, mb);
}


/* Each NOTIFY and 2xx may name a new target; nearly always it is the old */
static void remote_update(struct blf_dlg *dlg, const struct sip_msg *msg)
{
	const struct sip_hdr *contact = sip_msg_hdr(msg, SIP_HDR_CONTACT);
	struct sip_addr addr;
	struct mbuf *mb;

	if (!contact || sip_addr_decode(&addr, &contact->val) ||
	    !pl_strcmp(&addr.auri, remote_target(dlg)))
		return;

	if (!remote_make(&mb, msg, dlg->uri, remote_routes(dlg)))
		(void)remote_put(dlg, mb);
}


/* libre sends to "sip:" only, and takes TLS by the transport parameter */
static int next_hop(struct uri *hop, const struct pl *uri)
{
	int err = uri_decode(hop, uri);

	if (!err && !pl_strcasecmp(&hop->scheme, "sips")) {
		pl_set_str(&hop->scheme, "sip");
		pl_set_str(&hop->params, ";transport=tls");
	}

	return err;
}


static int route_hop(struct uri *hop, const char *routes)
{
	struct sip_addr addr;
	struct pl pl;
	int err;

	pl.p = routes + sizeof("Route: ") - 1;
	pl.l = strcspn(pl.p, "\r");

	err = sip_addr_decode(&addr, &pl);
	if (err)
		return err;

	return next_hop(hop, &addr.auri);
}


static int contact_print(struct mbuf *mb, const struct blf_peer *peer)
{
	struct sip_contact contact;

	sip_contact_set(&contact, peer->acc.cuser, &peer->laddr, peer->tp);

	return mbuf_printf(mb, "%H", sip_contact_print, &contact);
}


static int send_handler(enum sip_transp tp, const struct sa *src,
			const struct sa *dst, struct mbuf *mb, void *arg)
{
	struct blf_dlg *dlg = arg;
	(void)dst;

	dlg->peer->laddr = *src;
	dlg->peer->tp    = tp;

	return contact_print(mb, dlg->peer);
}


static int auth_print(struct mbuf *mb, struct blf_dlg *dlg, const char *uri)
{
	struct digest *digest = &dlg->peer->digest;
	char line[DIGEST_HDR_SZ];
	int err = 0;

	dlg->gen = 0;

	/* some servers take a nonce once only: do not offer it in vain */
	if (!dlg->tries && dlg->peer->missc >= MISS_MAX)
		return 0;

	for (size_t i=0; i<digest->credc && !err; i++) {
		struct digest_cred *cred = &digest->credv[i];

		err = digest_print(line, sizeof(line), cred, "SUBSCRIBE",
				   uri, rand_u64(), digest_hash);
		if (!err)
			err = mbuf_write_str(mb, line);

		dlg->gen = MAX(dlg->gen, cred->age);
	}

	return err;
}


static int send_request(struct blf_dlg *dlg, enum blf_bye bye,
			uint64_t now_ms)
{
	struct blf_peer *peer = dlg->peer;
	const char *uri = dlg->uri, *routes = peer->route;
	const bool wait = bye == BLF_BYE_WAIT;
	struct mbuf *mb;
	struct uri hop;
	struct pl pl;
	int err;

	if (dlg->remote && dlg->kind != KIND_SUBSCRIBE) {
		uri    = remote_target(dlg);
		routes = remote_routes(dlg);
	}

	if (routes && routes[0]) {
		err = route_hop(&hop, routes);
	}
	else {
		pl_set_str(&pl, uri);
		err = next_hop(&hop, &pl);
	}
	if (err)
		return err;

	mb = mbuf_alloc(1024);
	if (!mb)
		return ENOMEM;

	/* nobody would be there to print it later */
	err  = wait ? 0 : contact_print(mb, peer);
	err |= mbuf_write_str(mb, "Max-Forwards: 70\r\n");
	if (routes)
		err |= mbuf_write_str(mb, routes);
	err |= mbuf_printf(mb, "To: <%s>", dlg->uri);
	if (dlg->remote && dlg->kind != KIND_SUBSCRIBE)
		err |= mbuf_printf(mb, ";tag=%s", dlg->remote);
	err |= mbuf_printf(mb, "\r\n%s%s\r\nCall-ID: %s\r\n"
			   "CSeq: %u SUBSCRIBE\r\n",
			   peer->from, dlg->ltag, dlg->callid, dlg->lseq++);
	err |= auth_print(mb, dlg, uri);
	err |= mbuf_printf(mb, "Event: %s\r\n"
			   "Accept: %s\r\n%s"
			   "Expires: %u\r\n"
			   "Content-Length: 0\r\n\r\n",
			   packv[dlg->pack].event, packv[dlg->pack].accept,
			   packv[dlg->pack].headers,
			   dlg->kind == KIND_BYE ? 0 : dlg->expires_s);
	if (err)
		goto out;

	mb->pos = 0;

	err = sip_request(wait ? &dlg->req : NULL, peer->acc.sip,
			  bye != BLF_BYE_ONCE, "SUBSCRIBE", -1, uri, -1,
			  &hop, mb, hash_fast_str(peer->acc.aor),
			  wait ? send_handler : NULL,
			  wait ? response_handler : NULL, dlg);
	if (!err)
		dlg->sent_ms = now_ms;

 out:
	mem_deref(mb);

	return err;
}


/* ------------------------------------------------------------------------ */
/* Dialogs                                                                   */

void blf_dlg_init(struct blf_dlg *dlg, struct blf_sip *bs, unsigned account,
		  const char *uri)
{
	if (!dlg || !bs || account >= bs->peerc)
		return;

	memset(dlg, 0, sizeof(*dlg));
	dlg->peer = &bs->peerv[account];
	dlg->uri  = uri;

	/* else it will be made when it is needed */
	dlg->room = mem_alloc(ROOM_SZ, NULL);
	dlg->room_sz = dlg->room ? ROOM_SZ : 0;
}


void blf_dlg_close(struct blf_dlg *dlg, uint64_t now_ms)
{
	if (!dlg)
		return;

	blf_dlg_forget(dlg, now_ms);
	dlg->room = mem_deref(dlg->room);
	dlg->room_sz = 0;
}


static void ghosts_expire(struct blf_sip *bs, uint64_t now_ms)
{
	struct ghost *g;

	while ((g = list_ledata(bs->ghostl.head)) &&
	       (g->until_ms <= now_ms || bs->ghostc > GHOSTS_MAX)) {
		mem_deref(g);
		--bs->ghostc;
	}
}


static void remember(struct blf_dlg *dlg, uint64_t now_ms)
{
	struct blf_sip *bs = dlg->peer->bs;
	struct ghost *g;

	ghosts_expire(bs, now_ms);

	/* one that we ended gets a last NOTIFY, perhaps its first */
	if (!dlg->remote || (!dlg->order.answer && dlg->kind != KIND_BYE))
		return;

	g = mem_zalloc(sizeof(*g), ghost_destructor);
	if (!g)
		return;

	g->peer     = dlg->peer;
	g->until_ms = now_ms + GHOST_MS;
	g->order    = dlg->order;
	g->pack     = dlg->pack;
	str_ncpy(g->callid, dlg->callid, sizeof(g->callid));
	str_ncpy(g->ltag, dlg->ltag, sizeof(g->ltag));
	str_ncpy(g->rtag, dlg->remote, sizeof(g->rtag));

	hash_append(bs->ht_ghost, hash_joaat_str(g->callid), &g->he, g);
	list_append(&bs->ghostl, &g->le, g);
	++bs->ghostc;
}


void blf_dlg_forget(struct blf_dlg *dlg, uint64_t now_ms)
{
	if (!dlg || !dlg->peer)
		return;

	if (dlg->he.list)
		remember(dlg, now_ms);

	hash_unlink(&dlg->he);
	dlg->req     = mem_deref(dlg->req);
	dlg->remote  = NULL;
	dlg->by_resp = false;
	memset(&dlg->order, 0, sizeof(dlg->order));
}


static void request_init(struct blf_dlg *dlg, enum kind kind)
{
	/* at most one under way; a late answer is of no use any more */
	dlg->req      = mem_deref(dlg->req);
	dlg->kind     = kind;
	dlg->tries    = 0;
	dlg->refusedc = 0;
	dlg->accepted = false;
}


void blf_dlg_cancel(struct blf_dlg *dlg)
{
	if (dlg)
		dlg->req = mem_deref(dlg->req);
}


int blf_dlg_subscribe(struct blf_dlg *dlg, uint32_t expires_s,
		      uint64_t now_ms)
{
	if (!dlg || !dlg->peer)
		return EINVAL;

	blf_dlg_forget(dlg, now_ms);
	request_init(dlg, KIND_SUBSCRIBE);

	(void)re_snprintf(dlg->callid, sizeof(dlg->callid), "%016llx%016llx",
			  rand_u64(), rand_u64());
	(void)re_snprintf(dlg->ltag, sizeof(dlg->ltag), "%016llx",
			  rand_u64());
	dlg->lseq      = rand_u16();
	dlg->expires_s = expires_s;
	dlg->born_ms   = now_ms;

	hash_append(dlg->peer->bs->ht_dlg, hash_joaat_str(dlg->callid),
		    &dlg->he, dlg);

	return send_request(dlg, BLF_BYE_WAIT, now_ms);
}


int blf_dlg_refresh(struct blf_dlg *dlg, uint32_t expires_s,
		    uint64_t now_ms)
{
	if (!dlg || !dlg->remote)
		return ENOTCONN;

	request_init(dlg, KIND_REFRESH);
	dlg->expires_s = expires_s;

	return send_request(dlg, BLF_BYE_WAIT, now_ms);
}


int blf_dlg_unsubscribe(struct blf_dlg *dlg, enum blf_bye bye,
			uint64_t now_ms)
{
	if (!dlg || !dlg->remote)
		return ENOTCONN;

	/* no SUBSCRIBE of ours was ever sent: no Contact is known */
	if (bye != BLF_BYE_WAIT && !sa_isset(&dlg->peer->laddr, SA_ADDR))
		return ENOTCONN;

	request_init(dlg, KIND_BYE);

	return send_request(dlg, bye, now_ms);
}


/* ------------------------------------------------------------------------ */
/* Answers to SUBSCRIBE                                                      */

struct challenge {
	struct blf_dlg *dlg;
	const struct digest_cred *donev[DIGEST_REALMS];
	size_t donec;
	bool refused;           /* what we sent for a realm was not taken */
	bool no_password;
	int err;
};


static bool done(const struct challenge *c, const struct digest_cred *cred)
{
	for (size_t i=0; i<c->donec; i++) {
		if (c->donev[i] == cred)
			return true;
	}

	return false;
}


static bool challenge_handler(const struct sip_hdr *hdr,
			      const struct sip_msg *msg, void *arg)
{
	struct challenge *c = arg;
	struct blf_peer *peer = c->dlg->peer;
	char *user = NULL, *pass = NULL;
	struct digest_cred *cred;
	struct digest_chal chal;
	int err;
	(void)msg;

	/* what we do not understand is not for us: RFC 8760 2.4 */
	if (digest_chal_decode(&chal,
			       hdr->id == SIP_HDR_PROXY_AUTHENTICATE,
			       hdr->val.p, hdr->val.l))
		return false;

	/* the server prefers the first of a realm that we know */
	cred = digest_find(&peer->digest, &chal);
	if (cred && done(c, cred))
		return false;

	if (cred && !chal.stale) {
		if (c->dlg->tries)
			c->refused = true;
		else if (c->dlg->gen >= cred->age && peer->missc < MISS_MAX)
			++peer->missc;
	}

	/* a refused password may have been changed meanwhile */
	if (!cred || c->refused || cred->chal.alg != chal.alg) {
		err = peer->acc.authh ? peer->acc.authh(&user, &pass,
				chal.realm, peer->acc.arg) : EAUTH;
		if (err || !str_isset(user) || !pass) {
			c->err = err ? err : EAUTH;
			c->no_password = true;
			goto out;
		}
	}

	err = digest_take(&peer->digest, &chal, user, pass, digest_hash);
	if (err) {
		c->err = err;
		goto out;
	}

	if (c->donec < ARRAY_SIZE(c->donev))
		c->donev[c->donec++] = digest_find(&peer->digest, &chal);

 out:
	mem_deref(user);
	mem_deref(pass);

	return false;
}


/* Give credentials for what it asks; an error says that it makes no sense,
   and dlg->deny why */
static int authenticate(struct blf_dlg *dlg, const struct sip_msg *msg)
{
	struct challenge c = {.dlg = dlg};

	(void)sip_msg_hdr_apply(msg, true, SIP_HDR_WWW_AUTHENTICATE,
				challenge_handler, &c);
	(void)sip_msg_hdr_apply(msg, true, SIP_HDR_PROXY_AUTHENTICATE,
				challenge_handler, &c);
	if (!c.donec) {
		dlg->deny = c.no_password ? BLF_DENY_PASSWORD
			: BLF_DENY_METHOD;
		return c.err ? c.err : ENOTSUP;
	}

	if ((c.refused && ++dlg->refusedc >= REFUSED_MAX) ||
	    ++dlg->tries > TRIES_MAX) {
		/* nobody shall offer these unasked */
		memset(&dlg->peer->digest, 0, sizeof(dlg->peer->digest));
		dlg->deny = BLF_DENY_REFUSED;
		return EAUTH;
	}

	return 0;
}


static void rx_prepare(struct blf_sip *bs, const struct sip_msg *msg)
{
	if (msg->tp != SIP_TRANSP_UDP || !msg->sock)
		return;

	/* libre reads 8 kB by default and drops the rest without a word */
	udp_rxsz_set(msg->sock, RX_SIZE);

	if (bs->rx_sock != msg->sock) {
		bs->rx_sock = msg->sock;
		(void)udp_sockbuf_set(msg->sock, RX_BUFFER);
	}
}


static void response_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct blf_dlg *dlg = arg;
	struct blf_sip *bs = dlg->peer->bs;
	const uint64_t now_ms = clock_ms(bs->clock);
	enum blf_event ev;
	uint32_t val_s = 0;

	if (err || !msg) {
		bs->h.answerh(dlg, BLF_EV_TIMEOUT, 0, 0, now_ms, bs->arg);
		return;
	}

	if (msg->scode < 200)
		return;

	rx_prepare(bs, msg);

	ev = blf_classify(msg->scode, dlg->kind != KIND_SUBSCRIBE);

	switch (msg->scode) {

	case 401:
	case 407:
		ev = BLF_EV_REFUSED;
		if (authenticate(dlg, msg))
			break;
		if (!send_request(dlg, BLF_BYE_WAIT, now_ms))
			return;
		bs->h.answerh(dlg, BLF_EV_TIMEOUT, 0, 0, now_ms, bs->arg);
		return;

	case 423:
		val_s = hdr_number(msg, SIP_HDR_MIN_EXPIRES);
		break;

	default:
		if (ev != BLF_EV_OK) {
			val_s = hdr_number(msg, SIP_HDR_RETRY_AFTER);
			break;
		}

		val_s = number(&msg->expires);
		dlg->accepted = true;

		if (!dlg->tries && dlg->gen)
			dlg->peer->missc = 0;

		/* RFC 6665 4.1.2.4: the NOTIFY makes the dialog. What the
		   2xx tells is good enough to end it, until one comes */
		if (!dlg->remote)
			dlg->by_resp = 0 == remote_set(dlg, msg);
		else if (!pl_strcmp(&msg->to.tag, dlg->remote))
			remote_update(dlg, msg);
		break;
	}

	bs->h.answerh(dlg, ev, msg->scode, val_s, now_ms, bs->arg);
}


/* ------------------------------------------------------------------------ */
/* NOTIFY                                                                    */

static bool same(const struct pl *pl, const char *s)
{
	return pl->p && 0 == pl_strcmp(pl, s);
}


static bool dlg_cmp(struct le *le, void *arg)
{
	const struct blf_dlg *dlg = le->data;
	const struct ids *ids = arg;

	return same(ids->callid, dlg->callid) &&
		same(ids->ltag, dlg->ltag) &&
		dlg->remote && same(ids->rtag, dlg->remote);
}


static bool root_cmp(struct le *le, void *arg)
{
	const struct blf_dlg *dlg = le->data;
	const struct ids *ids = arg;

	return !dlg->fork && same(ids->callid, dlg->callid) &&
		same(ids->ltag, dlg->ltag);
}


static bool ghost_cmp(struct le *le, void *arg)
{
	const struct ghost *g = le->data;
	const struct ids *ids = arg;

	return same(ids->callid, g->callid) && same(ids->ltag, g->ltag) &&
		same(ids->rtag, g->rtag);
}


static const char *phrase(uint16_t scode)
{
	switch (scode) {

	case 200: return "OK";
	case 415: return "Unsupported Media Type";
	case 481: return "Subscription Does Not Exist";
	case 489: return "Bad Event";
	default:  return "Bad Request";
	}
}


/* Stateless (RFC 3261 8.2.7): a server transaction would hold 5 kB for 32 s
   for each NOTIFY. The same request must then get the same answer again */
static void reply(struct blf_peer *peer, uint8_t pack,
		  const struct sip_msg *msg, uint16_t scode)
{
	if (scode == 415)
		(void)sip_replyf(peer->acc.sip, msg, scode, phrase(scode),
				 "Accept: %s\r\n"
				 "Content-Length: 0\r\n\r\n",
				 packv[pack].accept);
	else if (scode == 489)
		(void)sip_replyf(peer->acc.sip, msg, scode, phrase(scode),
				 "Allow-Events: %s\r\n"
				 "Content-Length: 0\r\n\r\n",
				 packv[pack].event);
	else
		(void)sip_reply(peer->acc.sip, msg, scode, phrase(scode));
}


/* First word of a value; `params` begins at the first ';' or is empty */
static void split(const struct pl *val, struct pl *first, struct pl *params)
{
	size_t n = 0;

	while (n < val->l && val->p[n] != ';' && val->p[n] != ' ' &&
	       val->p[n] != '\t' && val->p[n] != '\r' && val->p[n] != '\n')
		++n;

	first->p = val->p;
	first->l = n;

	while (n < val->l && val->p[n] != ';')
		++n;

	params->p = val->p + n;
	params->l = val->l - n;
}


static bool event_is(const struct sip_msg *msg, const char *name)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_EVENT);
	struct pl event, params;

	if (!hdr || !hdr->val.l)
		return false;

	split(&hdr->val, &event, &params);

	return !pl_strcasecmp(&event, name);
}


/* RFC 6665 4.1.3 */
static const struct {
	const char *word;
	enum blf_event ev;
} reasonv[] = {
	{"deactivated", BLF_EV_AGAIN},
	{"timeout",     BLF_EV_AGAIN},
	{"probation",   BLF_EV_ENDED},
	{"giveup",      BLF_EV_ENDED},
	{"rejected",    BLF_EV_REFUSED},
	{"noresource",  BLF_EV_REFUSED},
	{"invariant",   BLF_EV_REFUSED},
};


static int substate_decode(struct blf_notify *n, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr;
	struct pl state, params, val;

	hdr = sip_msg_hdr(msg, SIP_HDR_SUBSCRIPTION_STATE);
	if (!hdr || !hdr->val.l)
		return EBADMSG;

	split(&hdr->val, &state, &params);
	if (!state.l)
		return EBADMSG;

	n->reason = "";

	if (pl_strcasecmp(&state, "terminated")) {
		/* an extension word counts as active */
		n->ev      = BLF_EV_NOTIFY;
		n->pending = !pl_strcasecmp(&state, "pending");

		if (!msg_param_decode(&params, "expires", &val))
			n->val_s = number(&val);
		return 0;
	}

	n->ev = BLF_EV_ENDED;

	if (!msg_param_decode(&params, "reason", &val)) {
		for (size_t i=0; i<ARRAY_SIZE(reasonv); i++) {
			if (pl_strcasecmp(&val, reasonv[i].word))
				continue;
			n->ev     = reasonv[i].ev;
			n->reason = reasonv[i].word;
		}
	}

	/* deactivated and timeout say "at once", whatever else is said */
	if (n->ev != BLF_EV_AGAIN &&
	    !msg_param_decode(&params, "retry-after", &val))
		n->val_s = number(&val);

	return 0;
}


static bool body_kind(struct blf_notify *n, const struct sip_msg *msg,
		      uint8_t pack)
{
	const bool list = pack == BLF_PACK_LIST;

	n->params = msg->ctyp.params;

	if (pack == BLF_PACK_CALL_INFO) {
		n->kind = BLF_BODY_CALLPARK;
		return msg_ctype_cmp(&msg->ctyp, "application", CALLPARK);
	}

	if (msg_ctype_cmp(&msg->ctyp, "application", "dialog-info+xml"))
		n->kind = BLF_BODY_DIALOG;
	else if (list && msg_ctype_cmp(&msg->ctyp, "multipart", "related"))
		n->kind = BLF_BODY_MULTIPART;
	else if (list && msg_ctype_cmp(&msg->ctyp, "application", "rlmi+xml"))
		n->kind = BLF_BODY_RLMI;
	else
		return false;

	return true;
}


/* @return Status code of the answer */
static uint16_t body_decode(struct blf_notify *n, const struct sip_msg *msg,
			    uint8_t pack)
{
	const size_t left = mbuf_get_left(msg->mb);
	const struct sip_hdr *hdr;
	size_t len = left;

	if (pl_isset(&msg->clen)) {
		len = number(&msg->clen);
		if (len > left) {
			n->cut = true;
			len = left;
		}
	}

	if (!len)
		return 200;

	hdr = sip_msg_hdr(msg, SIP_HDR_CONTENT_ENCODING);

	if (!body_kind(n, msg, pack) ||
	    (hdr && pl_strcasecmp(&hdr->val, "identity"))) {
		n->bad = "the server tells it in an unknown form";
		return 415;
	}

	n->body = mbuf_buf(msg->mb);
	n->len  = len;

	return 200;
}


/* @return Status code of the answer */
static uint16_t notify_decode(struct blf_notify *n, const struct sip_msg *msg,
			      uint8_t pack)
{
	memset(n, 0, sizeof(*n));
	n->ev = BLF_EV_NOTIFY;

	if (!event_is(msg, packv[pack].event)) {
		n->bad = "the server tells of another event";
		return 489;
	}

	if (substate_decode(n, msg)) {
		n->bad = "the server does not tell whether it goes on";
		return 400;
	}

	return body_decode(n, msg, pack);
}


static bool ghost_request(struct blf_sip *bs, const struct ids *ids,
			  const struct sip_msg *msg, uint64_t now_ms)
{
	struct blf_notify n;
	struct ghost *g;
	uint16_t answer;

	ghosts_expire(bs, now_ms);

	g = list_ledata(hash_lookup(bs->ht_ghost, hash_joaat_pl(ids->callid),
				    ghost_cmp, (void *)ids));
	if (!g)
		return false;

	/* the last word of a subscription that we have ended is welcome */
	if ((!g->order.answer || msg->cseq.num > g->order.cseq) &&
	    200 == notify_decode(&n, msg, g->pack) &&
	    n.ev != BLF_EV_NOTIFY)
		blf_order_take(&g->order, msg->cseq.num, 200, now_ms);

	answer = blf_order_answer(&g->order, msg->cseq.num);
	if (!answer)
		return false;

	reply(g->peer, g->pack, msg, answer);

	return true;
}


/* The dialog a NOTIFY belongs to. One that comes before the 2xx, or from
   another branch of a fork, makes it: RFC 6665 4.1.2.4 and 4.1.4 */
static struct blf_dlg *dlg_find(struct blf_sip *bs, const struct ids *ids,
				bool *made)
{
	const uint32_t key = hash_joaat_pl(ids->callid);
	struct blf_dlg *dlg;

	*made = false;

	dlg = list_ledata(hash_lookup(bs->ht_dlg, key, dlg_cmp,
				      (void *)ids));
	if (dlg)
		return dlg;

	*made = true;

	return list_ledata(hash_lookup(bs->ht_dlg, key, root_cmp,
				       (void *)ids));
}


static struct blf_dlg *dlg_make(struct blf_sip *bs, struct blf_dlg *root,
				const struct sip_msg *msg, uint64_t now_ms)
{
	struct blf_dlg *dlg = root;
	struct mbuf *remote;

	if (remote_make(&remote, msg, root->uri, NULL))
		return NULL;

	if (root->remote && !root->by_resp) {

		/* after Timer N no fork is taken in any more */
		dlg = now_ms - root->born_ms > BLF_N_MS ? NULL
			: bs->h.forkh(root, bs->arg);
		if (!dlg) {
			mem_deref(remote);
			return NULL;
		}

		memcpy(dlg->callid, root->callid, sizeof(dlg->callid));
		memcpy(dlg->ltag, root->ltag, sizeof(dlg->ltag));
		dlg->fork      = true;
		dlg->lseq      = root->lseq;
		dlg->expires_s = root->expires_s;
		dlg->born_ms   = root->born_ms;
		hash_append(bs->ht_dlg, hash_joaat_str(dlg->callid),
			    &dlg->he, dlg);
	}

	if (remote_put(dlg, remote))
		return NULL;

	dlg->by_resp = false;

	return dlg;
}


bool blf_sip_request(struct blf_sip *bs, const struct sip_msg *msg,
		     blf_server_h *serverh, void *arg)
{
	struct blf_notify n;
	struct blf_dlg *dlg;
	struct ids ids;
	uint64_t now_ms;
	uint16_t scode, repeat;
	bool made;

	if (!bs || !msg || !serverh || !msg->req ||
	    pl_strcmp(&msg->met, "NOTIFY"))
		return false;

	if (!pl_isset(&msg->callid) || !pl_isset(&msg->to.tag) ||
	    !pl_isset(&msg->from.tag))
		return false;

	ids.callid = &msg->callid;
	ids.ltag   = &msg->to.tag;
	ids.rtag   = &msg->from.tag;

	now_ms = clock_ms(bs->clock);

	dlg = dlg_find(bs, &ids, &made);
	if (!dlg)
		return ghost_request(bs, &ids, msg, now_ms);

	/* a From tag that nobody has seen proves nothing */
	if (made && !serverh((unsigned)(dlg->peer - bs->peerv), msg, arg))
		return false;

	rx_prepare(bs, msg);

	scode = notify_decode(&n, msg, dlg->pack);

	repeat = made ? 0 : blf_order_answer(&dlg->order, msg->cseq.num);
	if (repeat) {
		reply(dlg->peer, dlg->pack, msg, repeat);
		return true;
	}

	if (!made && dlg->order.answer && msg->cseq.num < dlg->order.cseq) {

		const bool known = !n.body ||
			bs->h.knownh(dlg, &n, bs->arg);

		/* Late: 200, not the 500 of RFC 3261 12.2.2. It has been
		   overtaken by what is shown, and some notifiers take a 500
		   as the end of the subscription */
		n.late    = BLF_ORDER_LATE == blf_order(&dlg->order,
						msg->cseq.num, known, now_ms);
		n.restart = !n.late;
		n.ev      = n.late ? BLF_EV_NOTIFY : BLF_EV_AGAIN;

		if (n.late)
			blf_order_take(&dlg->order, msg->cseq.num, 200,
				       now_ms);
		reply(dlg->peer, dlg->pack, msg, n.late ? 200 : 481);
		bs->h.notifyh(dlg, &n, now_ms, bs->arg);
		return true;
	}

	if (scode != 200) {
		reply(dlg->peer, dlg->pack, msg, scode);
		if (!made)
			blf_order_take(&dlg->order, msg->cseq.num, scode,
				       now_ms);
		/* what it would have told is not known now, and RFC 6665
		   4.2.2 lets the notifier end the subscription. Of a branch
		   that is none of ours yet nothing is lost */
		if (!made || !dlg->remote || dlg->by_resp)
			bs->h.notifyh(dlg, &n, now_ms, bs->arg);
		return true;
	}

	if (made) {
		struct blf_peer *peer = dlg->peer;

		dlg = dlg_make(bs, dlg, msg, now_ms);
		if (!dlg) {
			reply(peer, BLF_PACK_DIALOG, msg, 481);
			return true;
		}
	}
	else if (dlg->by_resp) {
		/* RFC 6665 4.1.2.4: the route set is that of the NOTIFY */
		dlg->by_resp = false;
		(void)remote_set(dlg, msg);
	}
	else {
		remote_update(dlg, msg);
	}

	blf_order_take(&dlg->order, msg->cseq.num, 200, now_ms);
	reply(dlg->peer, dlg->pack, msg, 200);

	bs->h.notifyh(dlg, &n, now_ms, bs->arg);

	return true;
}


static uint64_t mix(uint64_t h, const struct pl *pl)
{
	for (size_t i=0; pl->p && i<pl->l; i++)
		h = (h ^ (uint8_t)pl->p[i]) * 0x100000001b3ull;

	return h * 31 + 1;
}


/* Such a NOTIFY has no dialog to be remembered in: what RFC 3261 17.2.3
   tells requests apart by */
static uint64_t unasked_id(const struct sip_msg *msg)
{
	uint64_t h = 0xcbf29ce484222325ull;

	h = mix(h, &msg->callid);
	h = mix(h, &msg->from.tag);
	h = (h ^ msg->cseq.num) * 0x100000001b3ull;

	return h;
}


bool blf_sip_unasked(struct blf_sip *bs, struct blf_unasked *u,
		     bool *handled, const struct sip_msg *msg,
		     blf_server_h *serverh, void *arg)
{
	struct blf_peer *peer = NULL;
	uint64_t now_ms;

	if (!bs || !u || !handled || !serverh || !msg || !msg->req ||
	    pl_strcmp(&msg->met, "NOTIFY") || pl_isset(&msg->to.tag))
		return false;

	memset(u, 0, sizeof(*u));
	*handled = false;

	u->info = event_is(msg, "park-info");
	if (!u->info && !event_is(msg, EVENT))
		return false;

	for (size_t i=0; i<bs->peerc && !peer; i++) {

		if (!pl_strcmp(&msg->uri.user, bs->peerv[i].acc.cuser) &&
		    (u->info || bs->peerv[i].acc.unsolicited) &&
		    serverh((unsigned)i, msg, arg)) {
			peer       = &bs->peerv[i];
			u->account = (unsigned)i;
		}
	}

	if (!peer)
		return false;

	rx_prepare(bs, msg);

	now_ms    = clock_ms(bs->clock);
	u->id     = unasked_id(msg);
	u->user   = &msg->from.uri.user;
	u->callid = &msg->callid;
	u->scode  = 200;

	for (size_t i=0; i<UNASKED_MAX; i++) {

		const struct unasked *past = &bs->unaskedv[i];

		if (past->id == u->id && past->until_ms > now_ms) {
			reply(peer, false, msg, past->answer);
			*handled = true;
			return true;
		}
	}

	if (!u->info) {
		u->scode = notify_decode(&u->n, msg, false);

		/* nothing goes on here that could end */
		if (u->scode == 400) {
			u->n.bad = NULL;
			u->scode = body_decode(&u->n, msg, false);
		}
	}

	return true;
}


void blf_sip_unasked_answer(struct blf_sip *bs, const struct blf_unasked *u,
			    const struct sip_msg *msg, uint16_t scode)
{
	struct unasked *past;

	if (!bs || !u || !msg || u->account >= bs->peerc)
		return;

	past = &bs->unaskedv[bs->unaskedi];
	bs->unaskedi = (bs->unaskedi + 1) % UNASKED_MAX;

	past->id       = u->id;
	past->until_ms = clock_ms(bs->clock) + GHOST_MS;
	past->answer   = scode;

	reply(&bs->peerv[u->account], false, msg, scode);
}
