/**
 * @file modules/demo/demo_sdp_model.h  Session descriptions, one audio stream
 */
#ifndef PARKDECK_DEMO_SDP_MODEL_H
#define PARKDECK_DEMO_SDP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DEMO_PT_ULAW = 0,
	DEMO_PT_ALAW = 8,
	DEMO_SDP_MAX = 512,      /**< What we write, at most [bytes]     */
};

/** Directions, as bits seen by who wrote the description */
enum demo_dir {
	DEMO_INACTIVE = 0,
	DEMO_RECVONLY = 1,
	DEMO_SENDONLY = 2,
	DEMO_SENDRECV = 3,
};

struct demo_sdp {
	char host[48];           /**< Dotted, of c=                      */
	uint16_t port;           /**< 0: stream refused                  */
	enum demo_dir dir;
	bool ulaw, alaw;
	int pt;                  /**< First of those two, or -1          */
	int pt_event;            /**< telephone-event at 8 kHz, or -1    */
};

int  demo_sdp_decode(struct demo_sdp *sdp, const char *buf, size_t len);
size_t demo_sdp_offer(char *buf, size_t sz, const char *host, uint16_t port,
		      uint32_t sess, uint32_t version, bool alaw_first);
size_t demo_sdp_answer(char *buf, size_t sz, const char *host,
		       uint16_t port, uint32_t sess, uint32_t version,
		       int pt, int pt_event, enum demo_dir dir);
enum demo_dir demo_dir_reverse(enum demo_dir dir);

#endif
