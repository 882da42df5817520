/**
 * @file tests/fuzz/fuzz_multipart.c  Fuzz: multipart bodies
 *
 * The first line is the Content-Type's parameters, the rest is the body.
 * Checked is that parts lie within the body, in order, and do not overlap.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "modules/blf/multipart_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define CHECK(cond) check(cond, #cond)


static void check(bool cond, const char *text)
{
	if (cond)
		return;

	fprintf(stderr, "not true: %s\n", text);
	abort();
}


static void check_span(struct multipart_span s, const char *body, size_t len)
{
	if (!s.len)
		return;

	CHECK(s.p >= body && s.len <= len);
	CHECK((size_t)(s.p - body) <= len - s.len);
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct multipart_part partv[MULTIPART_PARTS_MAX];
	struct multipart mp = {.partv = partv, .size = MULTIPART_PARTS_MAX};
	const uint8_t *lf = size ? memchr(data, '\n', size) : NULL;
	struct multipart_span params = {(const char *)data, 0};
	const char *reason = NULL, *after;
	char *body, cid[64];
	size_t len;
	int err;

	if (!lf)
		return 0;

	params.len = (size_t)(lf - data);
	len = size - params.len - 1;

	/* a copy, so that one byte too far is seen */
	body = malloc(len ? len : 1);
	if (!body)
		abort();
	if (len)
		memcpy(body, lf + 1, len);

	err = multipart_decode(&mp, params, body, len, &reason);
	CHECK(reason && !err == !*reason);
	CHECK(mp.partc <= MULTIPART_PARTS_MAX);

	after = body;
	for (size_t i = 0; i < mp.partc; i++) {

		const struct multipart_part *p = &partv[i];

		check_span(p->id, body, len);
		check_span(p->type, body, len);
		check_span(p->params, body, len);
		check_span(p->body, body, len);
		CHECK(p->body.p >= after);
		CHECK(p->body.p + p->body.len <= body + len);
		after = p->body.p + p->body.len;

		if (p->id.len && p->id.len < sizeof(cid) &&
		    !memchr(p->id.p, 0, p->id.len)) {
			memcpy(cid, p->id.p, p->id.len);
			cid[p->id.len] = '\0';
			CHECK(multipart_find(&mp, cid, i) <= mp.partc);
		}
	}

	(void)multipart_root(&mp, params, "application/rlmi+xml");
	free(body);

	return 0;
}
