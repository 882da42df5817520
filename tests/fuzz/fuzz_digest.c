/**
 * @file tests/fuzz/fuzz_digest.c  Fuzz: a challenge, and what answers it
 *
 * Checked is what must hold whatever a server sends: the header that we
 * print is one line, and its quoted strings end where we end them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "modules/blf/digest_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


/* Not a hash, but all of what is hashed is read */
static void sum(enum digest_alg alg, const void *p, size_t n, uint8_t *md)
{
	const uint8_t *b = p;

	memset(md, 0, alg == DIGEST_MD5 ? 16 : 32);

	for (size_t i=0; i<n; i++)
		md[i % 16] = (uint8_t)(md[i % 16] * 31 + b[i]);
}


static void check_line(const char *line)
{
	const size_t len = strlen(line);
	bool quoted = false;

	for (size_t i=0; i<len; i++) {

		const char c = line[i];

		if (quoted && c == '\\')
			++i;
		else if (c == '"')
			quoted = !quoted;
		else if ((unsigned char)c < 0x20 && i < len - 2)
			abort();
	}

	if (quoted || len < 3 || strcmp(line + len - 2, "\r\n"))
		abort();
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct digest digest;
	struct digest_chal chal;
	char line[DIGEST_HDR_SZ];

	if (digest_chal_decode(&chal, size % 2, (const char *)data, size))
		return 0;

	if (digest_take(&digest, &chal, size % 3 ? "101" : NULL, "secret",
			sum))
		return 0;

	if (!digest_print(line, sizeof(line), digest_find(&digest, &chal),
			  "SUBSCRIBE", "sip:701@pbx", size, sum))
		check_line(line);

	return 0;
}
