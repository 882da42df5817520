/**
 * @file tests/fuzz/fuzz_notify.c  Fuzz: whole NOTIFYs, through libre
 *
 * The input is one or more NOTIFYs after their CSeq: further headers, an
 * empty line, the body; parted by a byte 0xff. Each begins with the letter
 * L: of the list's dialog, or another: of the spot's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "app/log.h"
#include "tests/lib/notify_feed.h"

enum {
	ROUNDS = 500,          /* libre's transactions end with the stack */
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


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct notify_feed *feed;
	static unsigned rounds;

	if (!feed) {
		if ((!rounds && (libre_init() ||
				 applog_open(NULL, APPLOG_ERROR))) ||
		    notify_feed_alloc(&feed, fact_handler))
			abort();
	}

	while (size) {

		const uint8_t *end = memchr(data, 0xff, size);
		const size_t len = end ? (size_t)(end - data) : size;

		if (len)
			(void)notify_feed(feed, *data == 'L', data + 1,
					  len - 1);
		if (!end)
			break;
		data += len + 1;
		size -= len + 1;
	}

	if (++rounds % ROUNDS == 0)
		feed = mem_deref(feed);

	return 0;
}
