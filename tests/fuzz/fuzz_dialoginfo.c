/**
 * @file tests/fuzz/fuzz_dialoginfo.c  Fuzz: bytes of a NOTIFY to a lamp
 *
 * The input is a sequence of bodies, parted by a byte 0xff (never a part of
 * UTF-8), as one subscription would get them; decoder and lamps live on
 * between inputs, as they do in the phone. Checked is what dialoginfo.h
 * promises of strings, and that lamps never take a refused document.
 *
 * By hand, from the top of the tree:
 *   clang -std=gnu11 -g -O1 -fsanitize=fuzzer,address,undefined \
 *     -fno-sanitize-recover=all -I. $(xml2-config --cflags) \
 *     tests/fuzz/fuzz_dialoginfo.c modules/blf/dialoginfo_xml.c \
 *     modules/blf/lamp_model.c -lxml2 -o fuzz_dialoginfo
 *   ./fuzz_dialoginfo -max_len=8192 -max_total_time=60 -timeout=2 NEW \
 *     tests/data/dialog-info
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "modules/blf/dialoginfo.h"
#include "modules/blf/lamp_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct dialoginfo info;
static struct dialoginfo_decoder *decoder;


#define CHECK(cond) check(cond, #cond)


static void check(bool cond, const char *text)
{
	if (cond)
		return;

	fprintf(stderr, "not true: %s\n", text);
	abort();
}


/** Valid UTF-8, nothing that moves a cursor or turns a line around */
static void check_text(const char *s, size_t max)
{
	const size_t len = strlen(s);
	size_t i = 0, k, n;

	CHECK(len <= max);
	CHECK(!len || (s[0] != ' ' && s[len - 1] != ' '));

	while (i < len) {

		const unsigned char *p = (const unsigned char *)s + i;
		uint32_t c;

		if (p[0] < 0x80) {
			n = 1;
			c = p[0];
		}
		else if (p[0] >= 0xc2 && p[0] < 0xe0) {
			n = 2;
			c = p[0] & 0x1f;
		}
		else if (p[0] >= 0xe0 && p[0] < 0xf0) {
			n = 3;
			c = p[0] & 0x0f;
		}
		else {
			CHECK(p[0] >= 0xf0 && p[0] < 0xf5);
			n = 4;
			c = p[0] & 0x07;
		}

		CHECK(i + n <= len);
		for (k = 1; k < n; k++) {
			CHECK((p[k] & 0xc0) == 0x80);
			c = c << 6 | (p[k] & 0x3f);
		}

		CHECK(c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0));
		CHECK(!(c >= 0x202a && c <= 0x202e));
		CHECK(!(c >= 0x2066 && c <= 0x2069));
		CHECK(!(c >= 0xd800 && c < 0xe000) && c < 0x110000);
		i += n;
	}
}


static void check_string(const char *s)
{
	const bool inside = s >= info.arena &&
		s < info.arena + sizeof(info.arena);

	CHECK(inside || !*s);
	check_text(s, DIALOGINFO_STR_MAX);
}


static void check_document(int err)
{
	size_t i, j;

	CHECK(err == 0 || err == ENODATA || err == EBADMSG);
	CHECK(info.err == err);
	CHECK(!err == !*info.reason);
	CHECK(!err || !info.dialogc);
	CHECK(info.dialogc <= DIALOGINFO_DIALOGS_MAX);
	CHECK(info.used <= sizeof(info.arena));
	check_string(info.entity);

	for (i = 0; i < info.dialogc; i++) {

		const struct dialoginfo_dialog *d = &info.dialogv[i];
		const char * const strv[] = {
			d->id, d->call_id, d->local_tag, d->remote_tag,
			d->referred_display, d->referred_uri,
			d->replaces_call_id, d->replaces_local_tag,
			d->replaces_remote_tag,
			d->local.display, d->local.uri, d->local.target_uri,
			d->remote.display, d->remote.uri,
			d->remote.target_uri,
		};

		for (j = 0; j < sizeof(strv) / sizeof(strv[0]); j++)
			check_string(strv[j]);

		CHECK(d->state < DIALOGINFO_STATES);
		CHECK(d->event < DIALOGINFO_EVENTS);
		CHECK(!d->code || (d->code >= 100 && d->code < 700));
	}
}


static void step(struct lamp *lamp, int err, uint64_t now_ms)
{
	const enum lamp_state state = lamp->state;
	struct lamp_fact fact;
	unsigned out;

	memset(&fact, 0, sizeof(fact));
	out = lamp_step(lamp, now_ms % 3 ? "one" : "two", &info, now_ms);
	lamp_view(lamp, &fact);

	CHECK((err == EBADMSG) == !!(out & LAMP_OUT_NOT_UNDERSTOOD));
	CHECK(!err || lamp->state == state);
	CHECK(!(out & LAMP_OUT_DISCARDED) || lamp->state == state);
	CHECK(fact.since_ms <= now_ms);
	CHECK(fact.state == LAMP_UNKNOWN || fact.stale == !!*fact.reason);

	/* A name that is cut may end with a space */
	CHECK(strlen(fact.who) < TEXT_SZ && strlen(fact.number) < TEXT_SZ);
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lamp spot, extension;
	uint64_t now_ms = 1000;

	if (!decoder && dialoginfo_decoder_alloc(&decoder))
		abort();

	lamp_init(&spot, LAMP_SPOT, "701", NULL);
	lamp_init(&extension, LAMP_EXTENSION, "701", NULL);

	for (;;) {

		const uint8_t *end = size ? memchr(data, 0xff, size) : NULL;
		const size_t len = end ? (size_t)(end - data) : size;
		uint8_t *body = malloc(len ? len : 1);
		int err;

		/* A copy, so that one byte too far is seen */
		if (!body)
			abort();
		if (len)
			memcpy(body, data, len);
		err = dialoginfo_decode(&info, decoder, body, len);
		free(body);

		check_document(err);
		now_ms += 1000;
		step(&spot, err, now_ms);
		step(&extension, err, now_ms);

		if (!end)
			break;

		data += len + 1;
		size -= len + 1;
	}

	lamp_close(&spot);
	lamp_close(&extension);

	return 0;
}
