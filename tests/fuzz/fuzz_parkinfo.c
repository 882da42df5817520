/**
 * @file tests/fuzz/fuzz_parkinfo.c  Fuzz: bodies of park-info
 *
 * Whatever comes, what is found can be shown, and the same body means the
 * same twice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "app/text_model.h"
#include "modules/blf/parkinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void check_text(const char *s)
{
	const size_t n = strlen(s);

	if (n >= PARKINFO_SZ || uchar_check(s, n) != UCHAR_OK)
		abort();
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct parkinfo pi, again;

	memset(&pi, 0xa5, sizeof(pi));
	parkinfo_decode(&pi, data, size);
	parkinfo_decode(&again, data, size);

	check_text(pi.who);
	check_text(pi.number);
	check_text(pi.by);
	check_text(pi.place);
	check_text(pi.retrieve);

	if (strcmp(pi.who, again.who) || strcmp(pi.number, again.number) ||
	    strcmp(pi.by, again.by) || strcmp(pi.place, again.place) ||
	    strcmp(pi.retrieve, again.retrieve) ||
	    pi.cleared != again.cleared ||
	    pi.understood != again.understood)
		abort();

	return 0;
}
