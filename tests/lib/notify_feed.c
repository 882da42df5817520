/**
 * @file tests/lib/notify_feed.c  A panel that is fed NOTIFYs by hand
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>
#include <re.h>
#include "app/clock.h"
#include "app/log.h"
#include "modules/blf/blf.h"
#include "tests/lib/notify_feed.h"


/** What a SUBSCRIBE told */
struct dialog {
	char callid[64];
	char tag[64];
	uint32_t knownm;               /* notifier's tags the panel knows */
};

struct notify_feed {
	struct sip *sip;
	struct blf *blf;
	struct fake_clock fc;
	struct sa peer;
	int fd;
	struct dialog dlgv[2];         /* spot, list                     */
	uint32_t cseq;
	bool forged;                   /* nothing may come of it         */
	bool stranger;         /* the NOTIFY in hand is of one          */
	volatile uint8_t sum;
	void (*h)(const struct lamp_fact *fact);
};


static void destructor(void *arg)
{
	struct notify_feed *feed = arg;

	mem_deref(feed->blf);
	if (feed->sip)
		sip_close(feed->sip, true);
	mem_deref(feed->sip);
	if (feed->fd >= 0)
		(void)close(feed->fd);
}


static void check(bool cond, const char *text)
{
	if (cond)
		return;

	(void)fprintf(stderr, "not true: %s\n", text);
	abort();
}


static void lamp_handler(const struct lamp_fact *fact, void *arg)
{
	struct notify_feed *feed = arg;

	check(!feed->forged, "a stranger changed a lamp");
	feed->h(fact);
}


/* All of what is handed over can be read */
static void info_handler(unsigned account, const void *body, size_t len,
			 void *arg)
{
	struct notify_feed *feed = arg;
	const uint8_t *p = body;

	check(!feed->forged, "a stranger told of a parked call");
	check(account == 0, "no such account");

	for (size_t i = 0; i < len; i++)
		feed->sum = (uint8_t)(feed->sum + p[i]);
}


/* All that has been sent: the latest SUBSCRIBE of each counts */
static void drain(struct notify_feed *feed)
{
	char buf[4096];
	ssize_t n;

	while ((n = recv(feed->fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {

		struct mbuf *mb = mbuf_alloc((size_t)n);
		struct sip_msg *msg = NULL;

		if (!mb || mbuf_write_mem(mb, (uint8_t *)buf, (size_t)n)) {
			mem_deref(mb);
			return;
		}
		mb->pos = 0;

		if (!sip_msg_decode(&msg, mb) && msg->req &&
		    !pl_strcmp(&msg->met, "SUBSCRIBE")) {

			struct dialog *dlg =
				&feed->dlgv[!pl_strcmp(&msg->uri.user,
						       "parking")];

			if (pl_strcmp(&msg->callid, dlg->callid))
				dlg->knownm = 0;
			(void)pl_strcpy(&msg->callid, dlg->callid,
					sizeof(dlg->callid));
			(void)pl_strcpy(&msg->from.tag, dlg->tag,
					sizeof(dlg->tag));
		}

		mem_deref(msg);
		mem_deref(mb);
	}
}


static int panel_alloc(struct notify_feed *feed)
{
	const struct blf_account acc = {
		.sip = feed->sip, .aor = "sip:101@pbx", .cuser = "me",
	};
	const struct blf_prm prm = {.seed = 1};
	char spot[64], list[64];
	const struct blf_spec spec = {
		.spot = "701", .target = spot,
	};
	const struct blf_list lspec = {
		.name = "parking", .target = list, .watch = "{spot}",
	};
	int err;

	(void)re_snprintf(spot, sizeof(spot), "sip:701@%J", &feed->peer);
	(void)re_snprintf(list, sizeof(list), "sip:parking@%J", &feed->peer);

	err = blf_alloc(&feed->blf, &feed->fc.clock, &prm, &acc, 1, &spec, 1,
			lamp_handler, feed);
	if (err)
		return err;

	err = blf_set_lists(feed->blf, &lspec, 1, NULL, NULL);
	if (err)
		return err;

	blf_set_info_handler(feed->blf, info_handler);
	blf_registered(feed->blf, 0, true, true, NULL);

	/* the spot does not wait for the list for ever; the probes of a
	   server that has not answered go out one by one */
	fake_clock_add(&feed->fc, 3000);
	blf_poll(feed->blf);
	drain(feed);

	return 0;
}


int notify_feed_alloc(struct notify_feed **feedp,
		      void (*h)(const struct lamp_fact *fact))
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	socklen_t len = sizeof(in);
	struct notify_feed *feed;
	struct sa laddr;
	int err = 0;

	feed = mem_zalloc(sizeof(*feed), destructor);
	if (!feed)
		return ENOMEM;

	feed->h    = h;
	feed->cseq = 1;
	fake_clock_init(&feed->fc, 1000000);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	feed->fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (feed->fd < 0 || bind(feed->fd, (struct sockaddr *)&in, len) ||
	    getsockname(feed->fd, (struct sockaddr *)&in, &len)) {
		err = EIO;
		goto out;
	}

	err  = sa_set_sa(&feed->peer, (struct sockaddr *)&in);
	err |= sip_alloc(&feed->sip, NULL, 64, 64, 64, "feed", NULL, NULL);
	err |= sa_set_str(&laddr, "127.0.0.1", 0);
	if (err)
		goto out;

	err = sip_transp_add(feed->sip, SIP_TRANSP_UDP, &laddr);
	if (err)
		goto out;

	err = panel_alloc(feed);
	if (!err && (!feed->dlgv[0].tag[0] || !feed->dlgv[1].tag[0]))
		err = ENOTCONN;

 out:
	if (err)
		mem_deref(feed);
	else
		*feedp = feed;

	return err;
}


/* Fill in what only we know */
static int write_whole(struct mbuf *mb, const struct dialog *dlg,
		       uint32_t cseq, const uint8_t *p, size_t len)
{
	int err = 0;

	while (len && !err) {

		const uint8_t *at = memchr(p, '$', len);
		const size_t n = at ? (size_t)(at - p) : len;

		err = mbuf_write_mem(mb, p, n);
		p   += n;
		len -= n;
		if (err || !len)
			break;

		switch (len > 1 ? p[1] : 0) {

		case 'C': err = mbuf_write_str(mb, dlg->callid);    break;
		case 'T': err = mbuf_write_str(mb, dlg->tag);       break;
		case 'F': err = mbuf_write_str(mb, "notifier0");    break;
		case 'N': err = mbuf_printf(mb, "%u", cseq);        break;

		default:
			err = mbuf_write_u8(mb, '$');
			++p;
			--len;
			continue;
		}

		p   += 2;
		len -= 2;
	}

	return err;
}


static int write_notify(struct mbuf *mb, const struct dialog *dlg,
			const struct notify_how *how, uint32_t cseq,
			const uint8_t *rest, size_t len)
{
	int err;

	err = mbuf_printf(mb, "NOTIFY sip:me@127.0.0.1 SIP/2.0\r\n"
			  "Via: SIP/2.0/%s 127.0.0.1;branch=z9hG4bK1\r\n"
			  "To: <sip:101@pbx>%s%s\r\n"
			  "From: <sip:pbx>;tag=notifier%u\r\n"
			  "Call-ID: %s\r\nCSeq: %u NOTIFY\r\n",
			  how->tcp ? "TCP" : "UDP",
			  how->alone ? "" : ";tag=", how->alone ? "" :
			  dlg->tag, how->tag, dlg->callid, cseq);

	return err ? err : mbuf_write_mem(mb, rest, len);
}


static bool server_handler(unsigned account, const struct sip_msg *msg,
			   void *arg)
{
	const struct notify_feed *feed = arg;
	(void)msg;

	return account == 0 && !feed->stranger;
}


bool notify_feed(struct notify_feed *feed, const struct notify_how *how,
		 const uint8_t *rest, size_t len)
{
	struct dialog *dlg = &feed->dlgv[how->list];
	const uint32_t bit = 1u << (how->tag & 31);
	struct sip_msg *msg = NULL;
	struct mbuf *mb;
	bool taken = false;
	int err;

	mb = mbuf_alloc(512 + len);
	if (!mb)
		return false;

	feed->cseq += 1 + (uint32_t)how->step;

	err = how->whole ? write_whole(mb, dlg, feed->cseq, rest, len)
		: write_notify(mb, dlg, how, feed->cseq, rest, len);
	if (err)
		goto out;

	mb->pos = 0;
	fake_clock_add(&feed->fc, 1000);

	if (!sip_msg_decode(&msg, mb)) {

		/* a connection that we do not have cannot be written to:
		   the answer is lost, as it would be */
		msg->src = feed->peer;
		msg->tp  = how->tcp ? SIP_TRANSP_TCP : SIP_TRANSP_UDP;

		feed->forged = how->stranger && !how->whole &&
			(how->alone || !(dlg->knownm & bit));

		feed->stranger = how->stranger;
		taken = blf_request(feed->blf, msg, server_handler, feed) ||
			blf_unsolicited(feed->blf, msg, server_handler, feed);

		check(!taken || !feed->forged, "a stranger was answered");
		feed->forged = false;

		/* whoever wrote it whole may have named any tag */
		if (how->whole)
			feed->dlgv[0].knownm = feed->dlgv[1].knownm =
				UINT32_MAX;
		else if (taken && !how->alone)
			dlg->knownm |= bit;
	}

	blf_poll(feed->blf);
	drain(feed);

 out:
	mem_deref(msg);
	mem_deref(mb);

	return taken;
}
