/**
 * @file modules/demo/demo_media_sip.c  Built-in PBX: RTP with G.711, 20 ms
 */
#include <string.h>
#include "modules/demo/demo_int.h"


enum {
	RTP_HDR = 12,
	RTP_MAX = 1500,
	FRAME_MS = 20,
	LATE_MS = 200,           /**< Slept too long: do not catch up    */
	EVEN_TRIES = 16,
};

struct demo_media {
	struct demo_leg *leg;
	struct udp_sock *us;
	uint16_t port;
	uint32_t ssrc;
	uint32_t ts;
	uint16_t seq;
	bool started;
	struct demo_tone tone;
	struct demo_ear ear;     /**< What the telephone says            */
	uint64_t heard_ms;
	uint32_t key_ts;         /**< Of the last keypad tone            */
	bool key;                /**< There was one                      */
};


static void media_destructor(void *data)
{
	struct demo_media *m = data;

	mem_deref(m->us);
}


/** A keypad tone: all packets of one have its timestamp (RFC 4733 2.2.1) */
static void key_heard(struct demo_media *m, const uint8_t *pkt,
		      const uint8_t *event)
{
	static const char keyv[] = "0123456789*#ABCD";
	const uint32_t ts = (uint32_t)pkt[4] << 24 | (uint32_t)pkt[5] << 16 |
		(uint32_t)pkt[6] << 8 | pkt[7];

	if (!m->leg->party || event[0] >= sizeof(keyv) - 1 ||
	    (m->key && ts == m->key_ts))
		return;

	m->key = true;
	m->key_ts = ts;
	(void)demo_books_key(&m->leg->d->books, m->leg->party->id,
			     keyv[event[0]]);
}


/** Any RTP packet (RFC 3550 5.1): header, list of sources, extension */
static void recv_handler(const struct sa *src, struct mbuf *mb, void *arg)
{
	struct demo_media *m = arg;
	const struct demo_leg *leg = m->leg;
	int16_t sampv[DEMO_FRAME * 4] = {0};
	const uint8_t *p = mbuf_buf(mb);
	size_t len = mbuf_get_left(mb), hdr, i, n;
	(void)src;

	if (len < RTP_HDR || p[0] >> 6 != 2)
		return;

	hdr = RTP_HDR + 4 * (size_t)(p[0] & 0x0f);

	if (p[0] & 0x10) {

		if (len < hdr + 4)
			return;

		hdr += 4 + 4 * ((size_t)p[hdr + 2] << 8 | p[hdr + 3]);
	}

	if (len <= hdr)
		return;

	if (p[0] & 0x20) {

		size_t pad = p[len - 1];

		if (pad >= len - hdr)
			return;

		len -= pad;
	}

	if (leg->rsdp_set && leg->rsdp.pt_event >= 0 && len == hdr + 4 &&
	    (p[1] & 0x7f) == leg->rsdp.pt_event) {
		key_heard(m, p, p + hdr);
		return;
	}

	/* RTCP, what was not agreed upon */
	if (!leg->rsdp_set || (p[1] & 0x7f) != leg->rsdp.pt)
		return;

	n = MIN(len - hdr, ARRAY_SIZE(sampv));
	for (i = 0; i < n; i++)
		sampv[i] = leg->rsdp.pt == DEMO_PT_ALAW
			? demo_alaw_decode(p[hdr + i])
			: demo_ulaw_decode(p[hdr + i]);

	demo_ear_hear(&m->ear, sampv, n);
	m->heard_ms = tmr_jiffies();

	if (leg->party && n == DEMO_FRAME)
		demo_switch_heard(leg->party, sampv);
}


static void tick_handler(void *arg)
{
	demo_media_tick(arg);
}


int demo_media_alloc(struct demo_media **mp, struct demo_leg *leg)
{
	struct demo_media *m = mem_zalloc(sizeof(*m), media_destructor);
	struct demo *d = leg->d;
	struct sa la;
	int i, err;

	if (!m)
		return ENOMEM;

	m->leg = leg;
	m->ssrc = rand_u32();
	m->seq = rand_u16();

	err = sa_set_str(&la, demo_host(), 0);
	if (err)
		goto out;

	/* an even port: RTCP of the other goes to the next, which must not
	   be somebody's RTP (RFC 3550 11) */
	for (i = 0; i < EVEN_TRIES; i++) {

		m->us = mem_deref(m->us);
		err  = udp_listen(&m->us, &la, recv_handler, m);
		if (err)
			goto out;

		err = udp_local_get(m->us, &la);
		if (err)
			goto out;

		m->port = sa_port(&la);
		sa_set_port(&la, 0);

		if (!(m->port & 1))
			break;
	}

	if (!tmr_isrunning(&d->tmr_rtp)) {
		d->rtp_due = tmr_jiffies() + FRAME_MS;
		tmr_start(&d->tmr_rtp, FRAME_MS, tick_handler, d);
	}

 out:
	if (err)
		mem_deref(m);
	else
		*mp = m;

	return err;
}


uint16_t demo_media_port(const struct demo_media *m)
{
	return m ? m->port : 0;
}


/** Send one frame if the other wants to hear us */
void demo_media_send(struct demo_media *m, const int16_t *sampv)
{
	const struct demo_leg *leg = m->leg;
	uint8_t pkt[RTP_HDR + DEMO_FRAME];
	struct mbuf mb;
	struct sa dst;
	size_t i;

	if (!leg->rsdp_set || !leg->rsdp.port ||
	    !(leg->dir & DEMO_SENDONLY) || leg->d->fault.deaf_answer ||
	    leg->d->fault.silent || leg->d->down)
		return;

	/* never beyond loopback, whatever the description says */
	if (sa_set_str(&dst, leg->rsdp.host, leg->rsdp.port) ||
	    !sa_is_loopback(&dst))
		return;

	pkt[0] = 0x80;
	pkt[1] = (uint8_t)(leg->rsdp.pt | (m->started ? 0 : 0x80));
	pkt[2] = (uint8_t)(m->seq >> 8);
	pkt[3] = (uint8_t)m->seq;
	for (i = 0; i < 4; i++) {
		pkt[4 + i] = (uint8_t)(m->ts >> (24 - 8 * i));
		pkt[8 + i] = (uint8_t)(m->ssrc >> (24 - 8 * i));
	}

	for (i = 0; i < DEMO_FRAME; i++)
		pkt[RTP_HDR + i] = leg->rsdp.pt == DEMO_PT_ALAW
			? demo_alaw_encode(sampv[i])
			: demo_ulaw_encode(sampv[i]);

	m->started = true;
	++m->seq;
	m->ts += DEMO_FRAME;

	mb.buf = pkt;
	mb.size = mb.end = sizeof(pkt);
	mb.pos = 0;
	(void)udp_send(m->us, &dst, &mb);
}


/** @return Tone that the telephone sends, 0 if it has been silent */
int demo_media_hz(const struct demo_media *m)
{
	if (!m || tmr_jiffies() - m->heard_ms > LATE_MS)
		return 0;

	return demo_ear_hz(&m->ear);
}


/** Every 20 ms: a frame for each leg to whom the PBX plays something */
void demo_media_tick(struct demo *d)
{
	const uint64_t now = tmr_jiffies();
	int16_t sampv[DEMO_FRAME];
	bool any = false;
	struct le *le;

	for (le = d->legl.head; le; le = le->next) {

		struct demo_leg *leg = le->data;
		int hz;

		if (!leg->media)
			continue;

		any = true;

		if (leg->state != DEMO_LEG_UP || !leg->party ||
		    demo_switch_alone(leg->party))
			continue;

		/* < 0: another telephone or an echo speaks */
		hz = demo_switch_hz(leg->party);
		if (hz < 0)
			continue;

		demo_tone_fill(&leg->media->tone, sampv, DEMO_FRAME, hz);
		demo_media_send(leg->media, sampv);
	}

	if (!any)
		return;

	d->rtp_due += FRAME_MS;
	if (d->rtp_due + LATE_MS < now)
		d->rtp_due = now;

	tmr_start(&d->tmr_rtp, d->rtp_due > now ? d->rtp_due - now : 0,
		  tick_handler, d);
}
