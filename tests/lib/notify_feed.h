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

/** `h` is told each fact; it must hold for whatever came in */
int  notify_feed_alloc(struct notify_feed **feedp,
		       void (*h)(const struct lamp_fact *fact));

/**
 * Feed one NOTIFY
 *
 * @param list Of the list's dialog, else of the spot's
 * @param rest Headers after CSeq, an empty line, the body
 *
 * @return True if libre took it for a message and the panel answered
 */
bool notify_feed(struct notify_feed *feed, bool list, const uint8_t *rest,
		 size_t len);

#endif
