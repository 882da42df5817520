/**
 * @file modules/demo/demo_sdp_model.c  Session descriptions, one audio stream
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "modules/demo/demo_sdp_model.h"


enum {
	LINE_MAX_SZ = 256,
	PTS_MAX = 32,
};


static const char *const dirv[] = {
	[DEMO_INACTIVE] = "inactive",
	[DEMO_RECVONLY] = "recvonly",
	[DEMO_SENDONLY] = "sendonly",
	[DEMO_SENDRECV] = "sendrecv",
};


struct parser {
	struct demo_sdp *sdp;
	bool audio;              /**< In the first audio section         */
	bool done;
	int ptv[PTS_MAX];
	size_t ptc;
};


static void media(struct parser *p, const char *line)
{
	char *end;
	const char *s;
	unsigned long port;

	if (p->audio)
		p->done = true;

	if (p->done || strncmp(line, "m=audio ", 8))
		return;

	p->audio = true;

	port = strtoul(line + 8, &end, 10);
	if (port > 65535)
		return;

	s = strstr(end, " RTP/AVP ");
	if (!s)
		return;

	p->sdp->port = (uint16_t)port;

	for (s += 9; *s && p->ptc < PTS_MAX; s = end) {

		long pt = strtol(s, &end, 10);

		if (end == s)
			break;

		if (pt < 0 || pt > 127)
			continue;

		p->ptv[p->ptc++] = (int)pt;

		if (pt == DEMO_PT_ULAW)
			p->sdp->ulaw = true;
		else if (pt == DEMO_PT_ALAW)
			p->sdp->alaw = true;
		else
			continue;

		if (p->sdp->pt < 0)
			p->sdp->pt = (int)pt;
	}
}


static void line_decode(struct parser *p, const char *line)
{
	size_t i;
	int pt;

	if (!strncmp(line, "m=", 2)) {
		media(p, line);
		return;
	}

	if (p->done || (line[0] != 'c' && line[0] != 'a'))
		return;

	if (!strncmp(line, "c=IN IP4 ", 9)) {
		(void)snprintf(p->sdp->host, sizeof(p->sdp->host), "%.*s",
			       (int)strcspn(line + 9, " /"), line + 9);
		return;
	}

	for (i = 0; !strncmp(line, "a=", 2) &&
		     i < sizeof(dirv) / sizeof(dirv[0]); i++) {

		if (!strcmp(line + 2, dirv[i]))
			p->sdp->dir = (enum demo_dir)i;
	}

	if (p->audio &&
	    sscanf(line, "a=rtpmap:%3d telephone-event/8000", &pt) == 1 &&
	    strstr(line, "telephone-event/8000") && pt >= 0 && pt < 128)
		p->sdp->pt_event = pt;
}


/**
 * Read the first audio stream
 *
 * @return 0, or EBADMSG: no address, no audio, no G.711
 */
int demo_sdp_decode(struct demo_sdp *sdp, const char *buf, size_t len)
{
	struct parser p;
	char line[LINE_MAX_SZ];
	size_t i, n = 0;

	if (!sdp)
		return EINVAL;

	memset(sdp, 0, sizeof(*sdp));
	memset(&p, 0, sizeof(p));
	p.sdp = sdp;
	sdp->pt = -1;
	sdp->pt_event = -1;
	sdp->dir = DEMO_SENDRECV;

	for (i = 0; buf && i <= len; i++) {

		if (i == len || buf[i] == '\n' || buf[i] == '\r') {
			line[n] = '\0';
			if (n)
				line_decode(&p, line);
			n = 0;
		}
		else if (n < sizeof(line) - 1) {
			line[n++] = buf[i];
		}
	}

	/* the old way to hold (RFC 2543 B.5) */
	if (!strcmp(sdp->host, "0.0.0.0"))
		sdp->dir = (enum demo_dir)(sdp->dir & DEMO_SENDONLY);

	return p.audio && sdp->host[0] && sdp->pt >= 0 ? 0 : EBADMSG;
}


static size_t length(int n, size_t sz)
{
	return n > 0 && (size_t)n < sz ? (size_t)n : 0;
}


/** @return Bytes written, 0 if there was no room */
size_t demo_sdp_offer(char *buf, size_t sz, const char *host, uint16_t port,
		      uint32_t sess, uint32_t version, bool alaw_first)
{
	return length(snprintf(buf, sz,
		"v=0\r\n"
		"o=- %u %u IN IP4 %s\r\n"
		"s=Asterisk\r\n"
		"c=IN IP4 %s\r\n"
		"t=0 0\r\n"
		"m=audio %u RTP/AVP %s 101\r\n"
		"a=rtpmap:0 PCMU/8000\r\n"
		"a=rtpmap:8 PCMA/8000\r\n"
		"a=rtpmap:101 telephone-event/8000\r\n"
		"a=fmtp:101 0-16\r\n"
		"a=ptime:20\r\n"
		"a=maxptime:60\r\n"
		"a=sendrecv\r\n",
		sess, version, host, host, port,
		alaw_first ? "8 0" : "0 8"), sz);
}


/** @return Bytes written, 0 if there was no room */
size_t demo_sdp_answer(char *buf, size_t sz, const char *host,
		       uint16_t port, uint32_t sess, uint32_t version,
		       int pt, int pt_event, enum demo_dir dir)
{
	char ev_m[16] = "", ev_a[80] = "";

	if (pt_event >= 0) {
		(void)snprintf(ev_m, sizeof(ev_m), " %d", pt_event);
		(void)snprintf(ev_a, sizeof(ev_a),
			       "a=rtpmap:%d telephone-event/8000\r\n"
			       "a=fmtp:%d 0-16\r\n", pt_event, pt_event);
	}

	return length(snprintf(buf, sz,
		"v=0\r\n"
		"o=- %u %u IN IP4 %s\r\n"
		"s=Asterisk\r\n"
		"c=IN IP4 %s\r\n"
		"t=0 0\r\n"
		"m=audio %u RTP/AVP %d%s\r\n"
		"a=rtpmap:%d %s/8000\r\n"
		"%s"
		"a=ptime:20\r\n"
		"a=maxptime:140\r\n"
		"a=%s\r\n",
		sess, version, host, host, port, pt, ev_m,
		pt, pt == DEMO_PT_ALAW ? "PCMA" : "PCMU", ev_a,
		dirv[dir & DEMO_SENDRECV]), sz);
}


/** @return The same stream seen from the other end (RFC 3264 6.1) */
enum demo_dir demo_dir_reverse(enum demo_dir dir)
{
	switch (dir) {

	case DEMO_SENDONLY: return DEMO_RECVONLY;
	case DEMO_RECVONLY: return DEMO_SENDONLY;
	default:            return dir;
	}
}
