/**
 * @file tests/unit/test_bigmsg.c  Messages over TCP, of any size, in pieces
 *
 * A SIP stack on loopback and a plain socket: it writes a stream in pieces,
 * the stack says which messages it saw.
 */
#include "tests/lib/test.h"
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <re.h>
#include "app/bigmsg.h"
#include "app/log.h"


enum {
	PATIENCE_MS = 30000,
	SEEN_SZ = 256,
};

struct fix {
	struct sip *sip;
	struct sip_lsnr *lsnr;
	struct tcp_sock *ts;      /* where the stack connects to          */
	struct tcp_conn *tc;
	struct sa laddr;
	struct sa peer;
	struct tmr tmr;
	int fd;
	struct mbuf *out;         /* still to be written                  */
	size_t piece;             /* at most so much at once, 0: random   */
	uint32_t rng;
	char seen[SEEN_SZ];       /* "method:body length" of each         */
	size_t bad;               /* bodies that were not as sent         */
	bool closed;
	bool more;                /* more of `out` was written            */
};


static uint32_t rnd(struct fix *f, uint32_t n)
{
	f->rng = f->rng * 1664525 + 1013904223;

	return (f->rng >> 8) % n;
}


/* Not so regular that a piece left out could not be seen */
static char pattern(size_t i)
{
	return "ab\r\n\r\nNOTIFY x SIP/2.0\r\n"[(i * 7 + i / 251) % 24];
}


static bool request_handler(const struct sip_msg *msg, void *arg)
{
	struct fix *f = arg;
	const size_t n = strlen(f->seen);
	const char *body = (const char *)mbuf_buf(msg->mb);

	(void)re_snprintf(f->seen + n, sizeof(f->seen) - n, "%s%r:%zu",
			  n ? " " : "", &msg->met, mbuf_get_left(msg->mb));
	for (size_t i=0; i<mbuf_get_left(msg->mb); i++)
		f->bad += body[i] != pattern(i);
	re_cancel();

	return true;
}


/* One message; `head` between its first line and Content-Length */
static void put(struct mbuf *mb, const char *met, const char *head,
		size_t len)
{
	(void)mbuf_printf(mb, "%s sip:me@127.0.0.1 SIP/2.0\r\n"
			  "Via: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK%zu\r\n"
			  "To: <sip:me@127.0.0.1>\r\n"
			  "From: <sip:x@127.0.0.1>;tag=y\r\nCall-ID: z\r\n"
			  "CSeq: 1 %s\r\n%s%zu\r\n\r\n", met, mb->end, met,
			  head, len);
	for (size_t i=0; i<len; i++)
		(void)mbuf_write_u8(mb, (uint8_t)pattern(i));
}


static void tick(void *arg)
{
	struct fix *f = arg;
	const size_t left = mbuf_get_left(f->out);
	size_t n = f->piece ? f->piece : 1 + rnd(f, 20000);
	char buf[4096];
	ssize_t sent;

	tmr_start(&f->tmr, left ? 1 : 20, tick, f);

	if (left && f->fd >= 0) {
		n = MIN(n, left);
		sent = send(f->fd, mbuf_buf(f->out), n,
			    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent > 0)
			f->out->pos += (size_t)sent;
	}

	if (f->fd >= 0) {
		sent = recv(f->fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (!sent || (sent < 0 && errno == ECONNRESET)) {
			f->closed = true;
			f->out->pos = f->out->end;
		}
	}

	re_cancel();
}


#define WAIT(f, cond) do {						\
	const uint64_t end_ = tmr_jiffies() + PATIENCE_MS;		\
	while (!(cond)) {						\
		if (tmr_jiffies() > end_)				\
			fail_msg("waited in vain for " #cond ": \"%s\"",\
				 (f)->seen);				\
		(void)re_main(NULL);					\
	}								\
} while (0)


static void fix_open(struct fix *f)
{
	memset(f, 0, sizeof(*f));
	f->fd  = -1;
	f->rng = 1;
	assert_int_equal(applog_open(NULL, APPLOG_ERROR), 0);
	assert_int_equal(libre_init(), 0);
	assert_int_equal(sip_alloc(&f->sip, NULL, 16, 16, 16, "test", NULL,
				   NULL), 0);
	assert_int_equal(sa_set_str(&f->laddr, "127.0.0.1", 0), 0);
	assert_int_equal(sip_transp_add(f->sip, SIP_TRANSP_TCP, &f->laddr),
			 0);
	assert_int_equal(sip_transp_laddr(f->sip, &f->laddr, SIP_TRANSP_TCP,
					  NULL), 0);
	assert_int_equal(sip_listen(&f->lsnr, f->sip, true, request_handler,
				    f), 0);
	f->out = mbuf_alloc(1024);
	assert_non_null(f->out);
	tick(f);
}


static void hang_up(struct fix *f)
{
	if (f->fd >= 0)
		(void)close(f->fd);
	f->fd = -1;
}


static void fix_close(struct fix *f)
{
	hang_up(f);
	tmr_cancel(&f->tmr);
	mem_deref(f->out);
	mem_deref(f->lsnr);
	sip_close(f->sip, true);
	mem_deref(f->sip);
	bigmsg_close();
	libre_close();
	applog_close();
}


static void dial(struct fix *f)
{
	hang_up(f);
	f->closed  = false;
	f->seen[0] = '\0';
	f->bad     = 0;
	f->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(f->fd >= 0);
	assert_int_equal(connect(f->fd, &f->laddr.u.sa, f->laddr.len), 0);
	mbuf_rewind(f->out);
}


static void send_all(struct fix *f)
{
	f->out->pos = 0;
	WAIT(f, !mbuf_get_left(f->out));
}


#define CLEN "Content-Length: "

/* Streams, each written in pieces of several sizes */
static void test_streams(void **state)
{
	static const struct {
		struct {
			const char *met, *head;
			size_t len;
		} msgv[6];
		const char *seen;
	} rowv[] = {
		{{{"A", CLEN, 0}}, "A:0"},
		{{{"A", CLEN, 3}, {"B", CLEN, 5}, {"C", CLEN, 0}},
		 "A:3 B:5 C:0"},
		/* libre's limit is 65,536 */
		{{{"A", CLEN, 70000}, {"B", CLEN, 10}}, "A:70000 B:10"},
		{{{"A", CLEN, 7}, {"B", "l : ", 300000}, {"C", CLEN, 65536},
		  {"D", CLEN, 1}}, "A:7 B:300000 C:65536 D:1"},
		{{{"A", "content-LENGTH:\t", 1000000}, {"B", CLEN, 2}},
		 "A:1000000 B:2"},
		/* too large for us: left out, and what comes after it is not */
		{{{"A", CLEN, 4}, {"B", CLEN, 1100000}, {"C", CLEN, 9},
		  {"D", CLEN, 2000000}, {"E", CLEN, 90000}},
		 "A:4 C:9 E:90000"},
	};
	static const size_t piecev[] = {0, 1460, 100000};
	static struct fix f;
	(void)state;

	fix_open(&f);

	for (size_t i=0; i<ROWS(rowv); i++) {

		for (size_t k=0; k<ROWS(piecev); k++) {

			dial(&f);
			f.piece = piecev[k];
			if (f.piece == 1460 && i > 4)
				f.piece = 14600;
			(void)mbuf_write_str(f.out, "\r\n\r\n");
			for (size_t m=0; rowv[i].msgv[m].met; m++)
				put(f.out, rowv[i].msgv[m].met,
				    rowv[i].msgv[m].head,
				    rowv[i].msgv[m].len);
			send_all(&f);
			WAIT(&f, strlen(f.seen) >= strlen(rowv[i].seen));
			row_str(i, rowv[i].seen, f.seen);
			row_uint(i, 0, f.bad);
			row_false(i, f.closed);

			/* the connection lives */
			mbuf_rewind(f.out);
			put(f.out, "Z", CLEN, 1);
			send_all(&f);
			WAIT(&f, strstr(f.seen, " Z:1"));
		}
	}

	fix_close(&f);
}


/* Byte by byte: no place to cut is special */
static void test_bytes(void **state)
{
	static struct fix f;
	(void)state;

	fix_open(&f);
	dial(&f);
	f.piece = 1;
	put(f.out, "A", CLEN, 3);
	(void)mbuf_write_str(f.out, "\r\n\r\n");
	put(f.out, "B", "X: y\r\n" CLEN, 4);
	put(f.out, "C", CLEN, 0);
	send_all(&f);
	WAIT(&f, !strcmp(f.seen, "A:3 B:4 C:0"));
	assert_int_equal(0, f.bad);

	fix_close(&f);
}


/* What libre does not like ends the connection as ever, and nothing of it is
   kept for long */
static void test_bad(void **state)
{
	static const char *const rowv[] = {
		"A sip:x SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1\r\n\r\n",
		"A sip:x SIP/2.0\r\nContent-Length: 900000000\r\n\r\n",
	};
	static struct fix f;
	(void)state;

	fix_open(&f);

	for (size_t i=0; i<ROWS(rowv); i++) {

		dial(&f);
		f.piece = 9000;
		(void)mbuf_write_str(f.out, rowv[i]);
		for (unsigned k=0; k<100000; k++)
			(void)mbuf_write_u8(f.out, 'x');
		f.out->pos = 0;
		WAIT(&f, f.closed);
	}

	/* no SIP at all: libre has it as it comes */
	dial(&f);
	f.piece = 1000;
	for (unsigned k=0; k<100000; k++)
		(void)mbuf_write_u8(f.out, k % 70 ? 'X' : '\n');
	f.out->pos = 0;
	WAIT(&f, f.closed);

	fix_close(&f);
}


static void estab_handler(void *arg)
{
	(void)arg;
	re_cancel();
}


static void recv_handler(struct mbuf *mb, void *arg)
{
	struct fix *f = arg;

	(void)re_snprintf(f->seen, sizeof(f->seen), "%b", mbuf_buf(mb),
			  mbuf_get_left(mb));
	re_cancel();
}


static void close_handler(int err, void *arg)
{
	struct fix *f = arg;
	(void)err;

	f->closed = true;
	re_cancel();
}


static void conn_handler(const struct sa *peer, void *arg)
{
	struct fix *f = arg;
	(void)peer;

	assert_int_equal(tcp_accept(&f->tc, f->ts, NULL, recv_handler,
				    close_handler, f), 0);
	re_cancel();
}


/* Others use connections too: what they get is not ours to keep */
static void test_others(void **state)
{
	static const char *const textv[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab",
		"\x01\x02rest of a name server's answer",
		"{\"json\":true}",
	};
	static struct fix f;
	struct tcp_conn *tc;
	struct sa laddr;
	struct mbuf mb;
	(void)state;

	fix_open(&f);
	assert_int_equal(sa_set_str(&laddr, "127.0.0.1", 0), 0);
	assert_int_equal(tcp_listen(&f.ts, &laddr, conn_handler, &f), 0);
	assert_int_equal(tcp_local_get(f.ts, &laddr), 0);

	for (size_t i=0; i<ROWS(textv); i++) {

		f.seen[0] = '\0';
		assert_int_equal(tcp_connect(&tc, &laddr, estab_handler,
					     NULL, NULL, &f), 0);
		WAIT(&f, f.tc);
		mbuf_init(&mb);
		(void)mbuf_write_str(&mb, textv[i]);
		mb.pos = 0;
		assert_int_equal(tcp_send(tc, &mb), 0);
		WAIT(&f, f.seen[0]);
		row_str(i, textv[i], f.seen);
		mbuf_reset(&mb);
		tc   = mem_deref(tc);
		f.tc = mem_deref(f.tc);
	}

	f.ts = mem_deref(f.ts);
	fix_close(&f);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_streams),
		unit_test(test_bytes),
		unit_test(test_bad),
		unit_test(test_others),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
