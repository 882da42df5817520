/**
 * @file tests/bench/bench_dialoginfo.c  Bench: from a body to a lamp
 *
 * Answers: what does a NOTIFY's body cost, and what a lamp's memory? Prints
 * n, median and 99th percentile for documents of the corpus, then the bytes
 * that 10,000 idle lamps and 10,000 occupied ones take.
 *
 * usage: bench_dialoginfo [FOLDER OF dialog-info]
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "modules/blf/dialoginfo.h"
#include "modules/blf/lamp_model.h"
#include "tests/lib/bench.h"

enum {
	ROUNDS = 20000,
	WARM_UP = 500,
	LAMPS = 10000,
	BODY_MAX = 65536,
};

static struct dialoginfo info;


static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);

	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}


static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}


static int load(char *buf, size_t *len, const char *dir, const char *name)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.xml", dir, name);
	f = fopen(path, "rb");
	if (!f) {
		perror(path);
		return -1;
	}

	*len = fread(buf, 1, BODY_MAX, f);
	fclose(f);

	return 0;
}


static void report(const char *name, size_t len, uint64_t *ns)
{
	qsort(ns, ROUNDS, sizeof(ns[0]), compare);
	printf("%-32s %6zu B  n=%d  median %6lu ns  p99 %6lu ns\n", name,
	       len, ROUNDS, (unsigned long)ns[ROUNDS / 2],
	       (unsigned long)ns[ROUNDS - ROUNDS / 100]);
}


static int bench_decode(struct dialoginfo_decoder *dec, const char *dir,
			const char *name)
{
	static uint64_t ns[ROUNDS];
	static char body[BODY_MAX];
	size_t len;
	int i;

	if (load(body, &len, dir, name))
		return -1;

	for (i = -WARM_UP; i < ROUNDS; i++) {

		const uint64_t start = now_ns();

		(void)dialoginfo_decode(&info, dec, body, len);
		if (i >= 0)
			ns[i] = now_ns() - start;
	}

	report(name, len, ns);

	return 0;
}


static void bench_step(struct dialoginfo_decoder *dec)
{
	static uint64_t ns[ROUNDS];
	struct lamp lamp;
	int i;

	lamp_init(&lamp, LAMP_SPOT, "701", NULL);

	for (i = -WARM_UP; i < ROUNDS; i++) {

		char body[256];
		int n = snprintf(body, sizeof(body), "<dialog-info "
				 "version='%d' state='full'><dialog id='701'>"
				 "<state>%s</state></dialog></dialog-info>",
				 i + WARM_UP, i & 1 ? "confirmed" :
				 "terminated");
		uint64_t start;

		(void)dialoginfo_decode(&info, dec, body, (size_t)n);

		start = now_ns();
		lamp_step(&lamp, "tag", &info, (uint64_t)i);
		if (i >= 0)
			ns[i] = now_ns() - start;
	}

	report("lamp_step alone", 0, ns);
	lamp_close(&lamp);
}


static int bench_memory(struct dialoginfo_decoder *dec, const char *dir,
			const char *name)
{
	static char body[BODY_MAX];
	struct lamp *lampv;
	size_t before, len, i;

	if (load(body, &len, dir, name))
		return -1;
	if (dialoginfo_decode(&info, dec, body, len))
		return -1;

	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	lampv = malloc(LAMPS * sizeof(*lampv));
	if (!lampv)
		return -1;

	for (i = 0; i < LAMPS; i++) {
		lamp_init(&lampv[i], LAMP_SPOT, "701", NULL);
		lamp_step(&lampv[i], "7f9c2ba4e88f827d616045507605853e",
			  &info, 1);
	}

	printf("%-32s %d lamps  %lu B each\n", name, LAMPS,
	       (unsigned long)((mallinfo2().uordblks + mallinfo2().hblkhd -
				before) / LAMPS));

	for (i = 0; i < LAMPS; i++)
		lamp_close(&lampv[i]);
	free(lampv);

	return 0;
}


int main(int argc, char *argv[])
{
	static const char * const decodev[] = {
		"01-asterisk-parked", "03-asterisk-ringing",
		"08-freeswitch-parked-early", "13-kamailio",
		"14-opensips-empty", "25-rfc5359-target-text",
		"23-cucm-park", "68-bare-ampersand", "95-billion-laughs",
	};
	static const char * const memoryv[] = {
		"02-asterisk-free", "01-asterisk-parked",
		"91-spot-with-caller",
	};
	const char *dir = argc > 1 ? argv[1] : "tests/data/dialog-info";
	struct dialoginfo_decoder *dec;
	size_t i;
	int err = 0;

	bench_begin("bench_dialoginfo");

	if (dialoginfo_decoder_alloc(&dec))
		return 1;

	for (i = 0; i < sizeof(decodev) / sizeof(decodev[0]) && !err; i++)
		err = bench_decode(dec, dir, decodev[i]);

	bench_step(dec);

	for (i = 0; i < sizeof(memoryv) / sizeof(memoryv[0]) && !err; i++)
		err = bench_memory(dec, dir, memoryv[i]);

	dialoginfo_decoder_free(dec);

	return err ? 1 : 0;
}
