/**
 * @file app/bigmsg_wrap.c  Messages over a connection that are larger than
 *                          libre takes
 *
 * libre closes a TCP or TLS connection, and the registration goes with it,
 * when more than 64 kB of a message have come in pieces. A list of 150 lamps
 * is larger. What comes in one piece it takes at any size, so a message is
 * collected here, above TLS, and handed on as a whole. One that is larger
 * than anything we want is left out, and the connection lives.
 *
 * What is no SIP (DNS and HTTP use the same functions) is never touched.
 * However this cuts the stream, libre reads it as the same messages: the
 * worst that a mistake here can do is to keep something for too long.
 */
#include <string.h>
#include <re.h>
#include "bigmsg.h"
#include "log.h"


enum {
	LAYER = 10,               /* TLS has 0                           */
	HEADERS_MAX = 65536,      /* libre's own limit                   */
	MESSAGE_MAX = 1 << 20,
	SKIP_MAX = 64 << 20,      /* no server means that                */
	HELD_MAX = 4 << 20,       /* of all connections together         */
};

/** A connection */
struct flow {
	struct le le;
	struct tcp_helper *th;    /* referred to: see sweep()            */
	struct mbuf *mb;          /* what waits for its rest, or NULL    */
	size_t need;              /* no use to look before it is so long */
	size_t skip;              /* still to be left out [bytes]        */
	bool raw;                 /* none of our business                */
};

/** What a stream begins with */
struct cut {
	size_t whole;             /* bytes that are whole messages       */
	size_t need;              /* so many until there is one more     */
	size_t skip;              /* after those: one to be left out     */
	bool raw;
};

static struct list flowl;


int __real_tcp_connect(struct tcp_conn **tcp, const struct sa *peer,
		       tcp_estab_h *eh, tcp_recv_h *rh, tcp_close_h *ch,
		       void *arg);
int __wrap_tcp_connect(struct tcp_conn **tcp, const struct sa *peer,
		       tcp_estab_h *eh, tcp_recv_h *rh, tcp_close_h *ch,
		       void *arg);
int __real_tcp_accept(struct tcp_conn **tcp, struct tcp_sock *ts,
		      tcp_estab_h *eh, tcp_recv_h *rh, tcp_close_h *ch,
		      void *arg);
int __wrap_tcp_accept(struct tcp_conn **tcp, struct tcp_sock *ts,
		      tcp_estab_h *eh, tcp_recv_h *rh, tcp_close_h *ch,
		      void *arg);


/* ------------------------------------------------------------------------ */
/* Where messages end                                                        */

/* After the empty line, as libre finds it; 0: it is not there yet */
static size_t headers_end(const char *p, size_t len)
{
	const char *nl = p, *end = p + len;

	while ((nl = memchr(nl, '\n', (size_t)(end - nl)))) {

		const char *q = ++nl;

		while (q < end && *q == '\r')
			++q;
		if (q < end && *q == '\n')
			return (size_t)(q + 1 - p);
	}

	return 0;
}


/* The last one counts, as in libre. @return False: there is none */
static bool content_length(uint32_t *clen, const char *p, size_t len)
{
	const char *end = p + len, *nl = p;
	bool found = false;

	while ((nl = memchr(nl, '\n', (size_t)(end - nl)))) {

		static const char *const namev[] = {"Content-Length", "l"};
		struct pl pl;

		++nl;

		for (size_t i=0; i<ARRAY_SIZE(namev); i++) {

			const size_t n = strlen(namev[i]);
			const char *q = nl + n;

			if ((size_t)(end - nl) <= n ||
			    strncasecmp(nl, namev[i], n))
				continue;

			while (q < end && (*q == ' ' || *q == '\t'))
				++q;
			if (q == end || *q++ != ':')
				continue;
			while (q < end && (*q == ' ' || *q == '\t'))
				++q;

			pl.p = q;
			pl.l = 0;
			while (q + pl.l < end && pl.l < 10 &&
			       q[pl.l] >= '0' && q[pl.l] <= '9')
				++pl.l;
			if (pl.l) {
				*clen = pl_u32(&pl);
				found = true;
			}
		}
	}

	return found;
}


static struct cut cut_find(const char *p, size_t len)
{
	struct cut cut = {0};

	for (;;) {

		const char *q;
		size_t left, head;
		uint32_t clen;

		/* keepalives (RFC 5626 3.5.1) */
		while (len - cut.whole >= 2 &&
		       !memcmp(p + cut.whole, "\r\n", 2))
			cut.whole += 2;

		q    = p + cut.whole;
		left = len - cut.whole;
		cut.need = len + 1;

		if (!left || (left == 1 && *q == '\r'))
			return cut;

		/* a method or "SIP/2.0" */
		if (*q < 'A' || *q > 'Z' ||
		    (left >= 5 && !memcmp(q, "HTTP/", 5)))
			break;

		head = headers_end(q, left);
		if (!head && left < HEADERS_MAX)
			return cut;

		if (!head || !content_length(&clen, q, head))
			break;

		if (head + (size_t)clen > MESSAGE_MAX) {
			if (clen > SKIP_MAX)
				break;
			cut.skip = head + (size_t)clen;
			return cut;
		}

		if (left < head + clen) {
			cut.need = cut.whole + head + clen;
			return cut;
		}

		cut.whole += head + clen;
	}

	cut.raw   = true;
	cut.whole = len;

	return cut;
}


/* ------------------------------------------------------------------------ */
/* Connections                                                               */

static void destructor(void *arg)
{
	struct flow *flow = arg;

	list_unlink(&flow->le);
	mem_deref(flow->th);
	mem_deref(flow->mb);
}


/* A connection does not tell when it goes, but lets go of its helper */
static void sweep(void)
{
	struct le *le = flowl.head;

	while (le) {
		struct flow *flow = le->data;

		le = le->next;

		if (mem_nrefs(flow->th) < 2)
			mem_deref(flow);
	}
}


static size_t held(void)
{
	size_t n = 0;

	for (const struct le *le = flowl.head; le; le = le->next) {

		const struct flow *flow = le->data;

		n += flow->mb ? flow->mb->end : 0;
	}

	return n;
}


/* Bytes to be left out of what has come */
static void skip(struct flow *flow, struct mbuf *mb)
{
	const size_t n = MIN(flow->skip, mbuf_get_left(mb));

	flow->skip -= n;
	mb->pos    += n;
}


/* Keep what has no end yet. @return 0 or ENOMEM */
static int keep(struct flow *flow, const uint8_t *p, size_t len)
{
	if (!len)
		return 0;

	if (!flow->mb)
		flow->mb = mbuf_alloc(len);

	return flow->mb ? mbuf_write_mem(flow->mb, p, len) : ENOMEM;
}


/* All that has come so far begins in the kept one: put it into `mb` */
static int unite(struct flow *flow, struct mbuf *mb)
{
	int err;

	err = keep(flow, mbuf_buf(mb), mbuf_get_left(mb));
	if (err)
		return err;

	mb->pos = mb->end = 0;
	err = mbuf_write_mem(mb, flow->mb->buf, flow->mb->end);
	mb->pos  = 0;
	flow->mb = mem_deref(flow->mb);

	return err;
}


/* @return True if there is nothing for libre yet */
static bool recv_handler(int *errp, struct mbuf *mb, bool *estab, void *arg)
{
	struct flow *flow = arg;
	struct cut cut;
	(void)estab;

	if (flow->raw)
		return false;

	skip(flow, mb);

	if (flow->mb) {

		const bool full = held() + mbuf_get_left(mb) > HELD_MAX;

		if (!full && flow->mb->end + mbuf_get_left(mb) < flow->need) {
			*errp = keep(flow, mbuf_buf(mb), mbuf_get_left(mb));
			return true;
		}

		*errp = unite(flow, mb);
		if (*errp)
			return true;

		if (full) {
			flow->raw = true;
			return false;
		}
	}

	for (;;) {
		size_t rest;

		cut = cut_find((const char *)mbuf_buf(mb),
			       mbuf_get_left(mb));
		if (!cut.skip)
			break;

		applog(APPLOG_WARN, "net: a message of %zu bytes is too"
		       " large and was left out", cut.skip);

		/* what stands before it, and after it, goes on */
		rest = mbuf_get_left(mb) - cut.whole;
		flow->skip = cut.skip > rest ? cut.skip - rest : 0;
		rest      -= MIN(cut.skip, rest);
		memmove(mbuf_buf(mb) + cut.whole, mb->buf + mb->end - rest,
			rest);
		mb->end = mb->pos + cut.whole + rest;
	}

	flow->raw  = cut.raw;
	flow->need = cut.need - cut.whole;

	*errp = keep(flow, mbuf_buf(mb) + cut.whole,
		     mbuf_get_left(mb) - cut.whole);
	mb->end = mb->pos + cut.whole;

	return *errp || !mbuf_get_left(mb);
}


/* Without it, a connection is as libre made it */
static void watch(struct tcp_conn *tc)
{
	struct tcp_helper *th;
	struct flow *flow;

	sweep();

	flow = mem_zalloc(sizeof(*flow), destructor);
	if (!flow)
		return;

	if (tcp_register_helper(&th, tc, LAYER, NULL, NULL, recv_handler,
				flow)) {
		mem_deref(flow);
		return;
	}

	flow->th = mem_ref(th);
	list_append(&flowl, &flow->le, flow);
}


int __wrap_tcp_connect(struct tcp_conn **tcp, const struct sa *peer,
		       tcp_estab_h *eh, tcp_recv_h *rh, tcp_close_h *ch,
		       void *arg)
{
	const int err = __real_tcp_connect(tcp, peer, eh, rh, ch, arg);

	if (!err)
		watch(*tcp);

	return err;
}


int __wrap_tcp_accept(struct tcp_conn **tcp, struct tcp_sock *ts,
		      tcp_estab_h *eh, tcp_recv_h *rh, tcp_close_h *ch,
		      void *arg)
{
	const int err = __real_tcp_accept(tcp, ts, eh, rh, ch, arg);

	if (!err)
		watch(*tcp);

	return err;
}


void bigmsg_close(void)
{
	sweep();
}
