/**
 * @file tests/fuzz/fuzz_notify.c  Fuzz: whole NOTIFYs, through libre
 *
 * The input is one or more NOTIFYs, parted by a byte 0xff. Each begins with
 * letters on a line of their own that say how it comes:
 *
 *   L  of the list's dialog, not of the spot's
 *   N  without a To tag: of no dialog, as park-info
 *   X  from a stranger, not from the server
 *   T  over TCP
 *   0 to 9  which From tag of the notifier's
 *   =  with the same CSeq again   -  one step back   <  far back
 *   W  what follows is the message from its first line on, with $C $T $F $N
 *      for Call-ID, our tag, the notifier's tag and CSeq; without W, what
 *      follows are the headers after CSeq, an empty line, the body
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "app/log.h"
#include "tests/lib/notify_feed.h"

enum {
	MESSAGES_MAX = 12,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void fact_handler(const struct lamp_fact *fact)
{
	if ((unsigned)fact->state >= LAMP_STATES ||
	    strlen(fact->who) >= TEXT_SZ || strlen(fact->spot) >= TEXT_SZ ||
	    (fact->stale && !fact->reason[0])) {
		fprintf(stderr, "a fact that cannot be\n");
		abort();
	}
}


/* @return Length of the line */
static size_t letters(struct notify_how *how, const uint8_t *p, size_t len)
{
	size_t i;

	memset(how, 0, sizeof(*how));

	for (i = 0; i < len && p[i] != '\n'; i++) {

		switch (p[i]) {

		case 'L': how->list     = true;    break;
		case 'N': how->alone    = true;    break;
		case 'X': how->stranger = true;    break;
		case 'T': how->tcp      = true;    break;
		case 'W': how->whole    = true;    break;
		case '=': how->step     = -1;      break;
		case '-': how->step     = -2;      break;
		case '<': how->step     = -100000; break;

		default:
			if (p[i] >= '0' && p[i] <= '9')
				how->tag = p[i] - '0';
			break;
		}
	}

	return i < len ? i + 1 : i;
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct notify_feed *feed;

	if (!ready && (libre_init() || applog_open(NULL, APPLOG_ERROR)))
		abort();
	ready = true;

	/* its own panel for each: what is found can be played again */
	if (notify_feed_alloc(&feed, fact_handler))
		abort();

	for (unsigned i = 0; size && i < MESSAGES_MAX; i++) {

		const uint8_t *end = memchr(data, 0xff, size);
		const size_t len = end ? (size_t)(end - data) : size;
		struct notify_how how;
		const size_t n = letters(&how, data, len);

		(void)notify_feed(feed, &how, data + n, len - n);
		if (!end)
			break;
		data += len + 1;
		size -= len + 1;
	}

	mem_deref(feed);

	return 0;
}
