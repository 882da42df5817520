/**
 * @file tests/fuzz/fuzz_rlmi.c  Fuzz: lists, and what a whole NOTIFY of one
 *                               says of its resources
 *
 * Each input is decoded as a list by itself, and taken in as a body of
 * multipart/related with the boundary "b" by a list that lives through some
 * of them, parted by a byte 0xff.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "modules/blf/list_model.h"
#include "modules/blf/rlmi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rlmi_decoder *decoder;
static struct rls_work *work;
static struct rlmi list;


#define CHECK(cond) check(cond, #cond)


static void check(bool cond, const char *text)
{
	if (cond)
		return;

	fprintf(stderr, "not true: %s\n", text);
	abort();
}


static void check_string(const char *s)
{
	const size_t n = strlen(s);

	CHECK(n <= SAXDOC_STR_MAX);
	for (size_t i = 0; i < n; i++)
		CHECK((unsigned char)s[i] >= 0x20 && s[i] != 0x7f);
}


static void check_list(const struct rlmi *rl, int err)
{
	CHECK(rl->err == err && !err == !*rl->reason);
	CHECK(!err || !rl->resourcec);
	CHECK(rl->resourcec <= RLMI_RESOURCES_MAX);
	CHECK(rl->instancec <= RLMI_INSTANCES_MAX);
	check_string(rl->uri);
	check_string(rl->name);

	for (size_t i = 0; i < rl->resourcec; i++) {

		const struct rlmi_resource *r = &rl->resourcev[i];

		check_string(r->uri);
		check_string(r->name);
		CHECK(r->first + r->instancec <= rl->instancec);
	}

	for (size_t i = 0; i < rl->instancec; i++) {
		check_string(rl->instancev[i].id);
		check_string(rl->instancev[i].cid);
		check_string(rl->instancev[i].reason);
		CHECK(rl->instancev[i].state < RLMI_STATES);
	}
}


static int decode(struct rlmi *rl, const void *body, size_t len, void *arg)
{
	const int err = rlmi_decode(rl, decoder, body, len);
	(void)arg;

	CHECK(err == 0 || err == ENODATA || err == EBADMSG);
	check_list(rl, err);

	return err;
}


static void item(const struct rls_item *it, void *arg)
{
	size_t *itemc = arg;

	CHECK(*it->uri && it->state <= RLS_DOUBT);
	CHECK(it->state != RLS_DOUBT || *it->reason);
	CHECK(!it->body || it->len <= SAXDOC_SIZE_MAX);
	for (size_t i = 0; it->body && i < it->len; i++)
		CHECK((unsigned char)it->body[i] != 0xff);
	++*itemc;
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char type[] = "multipart/related", params[] =
		";boundary=b";
	size_t itemc = 0;
	const struct rls_io io = {decode, item, &itemc};
	struct rls *rls;

	if (size > SAXDOC_SIZE_MAX)
		return 0;

	if (!decoder && (rlmi_decoder_alloc(&decoder) ||
			 rls_work_alloc(&work)))
		abort();
	if (rls_alloc(&rls))
		abort();

	for (;;) {

		const uint8_t *end = size ? memchr(data, 0xff, size) : NULL;
		const size_t len = end ? (size_t)(end - data) : size;
		char *body = malloc(len ? len : 1);
		const char *reason = NULL;
		unsigned out;

		if (!body)
			abort();
		if (len)
			memcpy(body, data, len);

		(void)decode(&list, body, len, NULL);
		out = rls_step(rls, work, &io,
			(struct multipart_span){type, sizeof(type) - 1},
			(struct multipart_span){params, sizeof(params) - 1},
			body, len, &reason);
		CHECK(reason && !*reason ==
		      !(out & RLS_OUT_NOT_UNDERSTOOD));
		CHECK(rls_count(rls) <= RLS_RESOURCES_MAX);
		free(body);

		if (!end)
			break;
		data += len + 1;
		size -= len + 1;
	}

	rls_free(rls);

	return 0;
}
