/**
 * @file tests/lib/notify_feed.c  A panel that is fed NOTIFYs by hand
 */
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
};

struct notify_feed {
	struct sip *sip;
	struct blf *blf;
	struct fake_clock fc;
	struct sa peer;
	int fd;
	struct dialog dlgv[2];         /* spot, list                     */
	uint32_t cseq;
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


static void lamp_handler(const struct lamp_fact *fact, void *arg)
{
	struct notify_feed *feed = arg;

	feed->h(fact);
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


bool notify_feed(struct notify_feed *feed, bool list, const uint8_t *rest,
		 size_t len)
{
	const struct dialog *dlg = &feed->dlgv[list];
	struct sip_msg *msg = NULL;
	struct mbuf *mb;
	bool taken = false;

	mb = mbuf_alloc(512 + len);
	if (!mb)
		return false;

	if (mbuf_printf(mb, "NOTIFY sip:me@127.0.0.1 SIP/2.0\r\n"
			"Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\n"
			"To: <sip:101@pbx>;tag=%s\r\n"
			"From: <sip:pbx>;tag=notifier\r\n"
			"Call-ID: %s\r\nCSeq: %u NOTIFY\r\n",
			dlg->tag, dlg->callid, ++feed->cseq) ||
	    mbuf_write_mem(mb, rest, len))
		goto out;

	mb->pos = 0;
	fake_clock_add(&feed->fc, 1000);

	if (!sip_msg_decode(&msg, mb)) {
		msg->src = feed->peer;
		msg->tp  = SIP_TRANSP_UDP;
		taken = blf_request(feed->blf, msg, true) ||
			blf_unsolicited(feed->blf, msg, true);
	}

	blf_poll(feed->blf);
	drain(feed);

 out:
	mem_deref(msg);
	mem_deref(mb);

	return taken;
}
