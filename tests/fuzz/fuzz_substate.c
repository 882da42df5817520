/**
 * @file tests/fuzz/fuzz_substate.c  Fuzz: the headers Event and
 *                                   Subscription-State
 *
 * First line: the value of Event, the rest: that of Subscription-State.
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "app/log.h"
#include "tests/lib/notify_feed.h"

enum {
	VALUES_MAX = 4096,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void fact_handler(const struct lamp_fact *fact)
{
	/* no document ever comes: whatever is said, nothing is known */
	if (fact->state != LAMP_UNKNOWN)
		abort();
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct notify_how how = {.list = size & 1};
	char rest[VALUES_MAX + 128];
	struct notify_feed *feed;
	const uint8_t *lf;
	int n;

	if (size > VALUES_MAX)
		return 0;

	if (!ready && (libre_init() || applog_open(NULL, APPLOG_ERROR)))
		abort();
	ready = true;

	/* its own panel for each: what is found can be played again */
	if (notify_feed_alloc(&feed, fact_handler))
		abort();

	lf = size ? memchr(data, '\n', size) : NULL;
	if (!lf)
		lf = data + size;

	n = re_snprintf(rest, sizeof(rest), "Event: %b\r\n"
			"Subscription-State: %b\r\n"
			"Content-Length: 0\r\n\r\n",
			data, (size_t)(lf - data), lf < data + size ? lf + 1
			: lf, lf < data + size ?
			size - (size_t)(lf - data) - 1 : 0);
	if (n > 0)
		(void)notify_feed(feed, &how, (uint8_t *)rest, (size_t)n);

	mem_deref(feed);

	return 0;
}
