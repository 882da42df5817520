/**
 * @file tests/unit/test_sound_mix.c  Mixing, tones and loudness
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include "modules/audio/sound_mix_model.h"
#include "tests/lib/goertzel.h"

enum {
	VOICES_MAX = 4,
	FRAMES_MAX = 500,
};


static void fill(int16_t v[SOUND_FRAME], int s)
{
	for (size_t i = 0; i < SOUND_FRAME; i++)
		v[i] = (int16_t)s;
}


static void test_sum(void **state)
{
	static const struct {
		int voicev[VOICES_MAX];
		unsigned shift;
		int sum;
		unsigned peak;
	} rowv[] = {
		{{     0,      0,      0,      0}, 0,      0,     0},
		{{   100,   -300,      0,      0}, 0,   -200,   200},
		{{ 20000,  20000,      0,      0}, 0,  32767, 32767},
		{{-20000, -20000,      0,      0}, 0, -32768, 32768},
		/* saturated at the end only, not voice by voice */
		{{ 30000,  30000, -30000, -20000}, 0,  10000, 10000},
		{{ 32767,  32767,  32767,  32767}, 0,  32767, 32767},
		{{  4000,  -8000,      0,      0}, 2,  -1000,  1000},
		{{-32768,      0,      0,      0}, 99,    -1,     1},
	};

	(void)state;

	for (size_t i = 0; i < sizeof(rowv) / sizeof(rowv[0]); i++) {

		struct sound_mix mix;
		int16_t v[SOUND_FRAME];

		sound_mix_reset(&mix);
		for (size_t k = 0; k < VOICES_MAX; k++) {
			fill(v, rowv[i].voicev[k]);
			sound_mix_add(&mix, v, rowv[i].shift);
		}
		sound_mix_read(&mix, v);

		for (size_t k = 0; k < SOUND_FRAME; k++) {
			if (v[k] != rowv[i].sum)
				fail_msg("row %zu, sample %zu: expected %d, "
					 "got %d", i, k, rowv[i].sum, v[k]);
		}

		if (sound_peak(v, SOUND_FRAME) != rowv[i].peak)
			fail_msg("row %zu: expected peak %u, got %u", i,
				 rowv[i].peak, sound_peak(v, SOUND_FRAME));
	}
}


static void test_osc(void **state)
{
	static const struct {
		unsigned hz;
		unsigned amplitude;
		unsigned peak_min, peak_max;
	} rowv[] = {
		{  440,  8000,  7990,  8000},
		{ 1000,  8000,  7990,  8000},
		{ 3400, 32767, 32700, 32767},
		{  440, 99999, 32700, 32767},
		{    0,  8000,     0,     0},
		{   19,  8000,     0,     0},
		{20001,  8000,     0,     0},
	};
	static int16_t v[SOUND_SRATE / 5];

	(void)state;

	for (size_t i = 0; i < sizeof(rowv) / sizeof(rowv[0]); i++) {

		const size_t n = sizeof(v) / sizeof(v[0]);
		struct sound_osc osc;
		unsigned peak;
		double share;

		/* in frames: no jump between them, or other tones appear */
		sound_osc_init(&osc, rowv[i].hz, rowv[i].amplitude);
		for (size_t k = 0; k < n; k += SOUND_FRAME)
			sound_osc_read(&osc, &v[k], SOUND_FRAME);

		peak = sound_peak(v, n);
		if (peak < rowv[i].peak_min || peak > rowv[i].peak_max)
			fail_msg("row %zu: expected peak %u to %u, got %u", i,
				 rowv[i].peak_min, rowv[i].peak_max, peak);

		share = goertzel_share(v, n, SOUND_SRATE, rowv[i].hz);
		if (rowv[i].peak_min && share < 0.99)
			fail_msg("row %zu: expected %u Hz, its share is %.3f",
				 i, rowv[i].hz, share);
	}
}


/* What is heard of each tone, in 20 ms frames */
static void test_cadence(void **state)
{
	static const struct {
		enum sound_tone tone;
		unsigned from, to;        /* Frames */
		unsigned hz;              /* 0: silence */
	} rowv[] = {
		{SOUND_TONE_NONE,       0, 500,   0},
		{SOUND_TONE_RING,       0,  10, 660},
		{SOUND_TONE_RING,      10,  20, 880},
		{SOUND_TONE_RING,      20,  30, 660},
		{SOUND_TONE_RING,      30,  40, 880},
		{SOUND_TONE_RING,      40, 200,   0},
		{SOUND_TONE_RING,     200, 210, 660},
		{SOUND_TONE_RINGBACK,   0,  50, 425},
		{SOUND_TONE_RINGBACK,  50, 250,   0},
		{SOUND_TONE_RINGBACK, 250, 300, 425},
		{SOUND_TONE_RINGBACK, 300, 500,   0},
		{SOUND_TONE_BUSY,       0,  24, 425},
		{SOUND_TONE_BUSY,      24,  48,   0},
		{SOUND_TONE_BUSY,      48,  72, 425},
		{(enum sound_tone)99,   0, 100,   0},
	};
	static int16_t v[FRAMES_MAX * SOUND_FRAME];

	(void)state;

	for (size_t i = 0; i < sizeof(rowv) / sizeof(rowv[0]); i++) {

		const size_t from = rowv[i].from * SOUND_FRAME;
		const size_t n = rowv[i].to * SOUND_FRAME - from;
		struct sound_cadence cad;
		double share;

		sound_cadence_init(&cad, rowv[i].tone);
		for (size_t k = 0; k < rowv[i].to; k++)
			sound_cadence_read(&cad, &v[k * SOUND_FRAME]);

		if (!rowv[i].hz) {
			if (sound_peak(&v[from], n))
				fail_msg("row %zu: expected silence, peak %u",
					 i, sound_peak(&v[from], n));
			continue;
		}

		share = goertzel_share(&v[from], n, SOUND_SRATE, rowv[i].hz);
		if (share < 0.9)
			fail_msg("row %zu: expected %u Hz, its share is %.3f",
				 i, rowv[i].hz, share);
	}
}


/* A tone begins and ends softly: its first and its last millisecond are far
 * below its loudness, and no two samples in it are far apart */
static void test_no_click(void **state)
{
	static const struct {
		enum sound_tone tone;
		unsigned ms;              /* Of its first step */
	} rowv[] = {
		{SOUND_TONE_RING,      200},
		{SOUND_TONE_RINGBACK, 1000},
		{SOUND_TONE_BUSY,      480},
	};
	const size_t ms = SOUND_SRATE / 1000;
	static int16_t v[FRAMES_MAX * SOUND_FRAME];

	(void)state;

	for (size_t i = 0; i < sizeof(rowv) / sizeof(rowv[0]); i++) {

		const size_t n = rowv[i].ms * ms;
		struct sound_cadence cad;
		unsigned peak, first, last;

		sound_cadence_init(&cad, rowv[i].tone);
		for (size_t k = 0; k < FRAMES_MAX; k++)
			sound_cadence_read(&cad, &v[k * SOUND_FRAME]);

		peak = sound_peak(v, n);
		first = sound_peak(v, ms);
		last = sound_peak(&v[n - ms], ms);
		if (first > peak / 4 || last > peak / 4)
			fail_msg("row %zu: expected less than %u at the ends,"
				 " got %u and %u", i, peak / 4, first, last);

		for (size_t k = 1; k < sizeof(v) / sizeof(v[0]); k++) {
			if (abs(v[k] - v[k - 1]) > 1200)
				fail_msg("row %zu, sample %zu: step from %d "
					 "to %d", i, k, v[k - 1], v[k]);
		}
	}
}


int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sum),
		cmocka_unit_test(test_osc),
		cmocka_unit_test(test_cadence),
		cmocka_unit_test(test_no_click),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
