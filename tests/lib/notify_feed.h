/**
 * @file tests/lib/notify_feed.h  A panel that is fed NOTIFYs by hand
 *
 * One spot and one list, whose SUBSCRIBEs go to a socket of our own on
 * loopback: their Call-ID and tag are read there, and a NOTIFY is made of
 * them. The loop never runs, the clock moves a second with each NOTIFY.
 */
#ifndef PARKDECK_TESTS_NOTIFY_FEED_H
#define PARKDECK_TESTS_NOTIFY_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "app/event.h"

struct notify_feed;

/** How a NOTIFY comes; all zero: of the spot's dialog, from the server, one
    CSeq further on */
struct notify_how {
	bool list;             /**< Of the list's dialog                 */
	bool stranger;         /**< Not from the server                  */
	bool alone;            /**< Without a To tag: of no dialog       */
	bool whole;            /**< `rest` is the message: $C stands for
				    the Call-ID, $T for our tag, $F for
				    the notifier's, $N for the CSeq      */
	bool tcp;
	unsigned tag;          /**< Of the notifier's, below 32          */
	int32_t step;          /**< Added to the next CSeq               */
};

/** `h` is told each fact; it must hold for whatever came in */
int  notify_feed_alloc(struct notify_feed **feedp,
		       void (*h)(const struct lamp_fact *fact));

/**
 * Feed one NOTIFY; ends the program if a stranger, who does not know a
 * dialog's tags, can change a lamp or is heard without a dialog
 *
 * @param rest Headers after CSeq, an empty line, the body
 *
 * @return True if libre took it for a message and the panel answered
 */
bool notify_feed(struct notify_feed *feed, const struct notify_how *how,
		 const uint8_t *rest, size_t len);

#endif
