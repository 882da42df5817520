/**
 * @file tests/unit/test_sound_pace.c  When a frame is due; two clocks
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include "modules/audio/sound_mix_model.h"
#include "modules/audio/sound_pace_model.h"


/* One pace, asked at these times [ms] */
static void test_pace(void **state)
{
	static const struct {
		uint64_t now_ms;
		unsigned due;
		unsigned wait_ms;
	} rowv[] = {
		{ 1000, 1, 20},       /* the first at once               */
		{ 1000, 0, 20},
		{ 1019, 0,  1},
		{ 1020, 1, 20},
		{ 1041, 1, 19},       /* late by one: the next is not    */
		{ 1060, 1, 20},
		{ 1139, 3,  1},       /* a short stall: all is made up   */
		{ 1140, 1, 20},
		{ 1239, 4,  1},
		{ 9000, 5, 20},       /* a long one: five, no more       */
		{ 9019, 0,  1},
		{ 9020, 1, 20},
		{ 3000, 0, 20},       /* clock set back: goes on at once */
		{ 3020, 1, 20},
	};
	struct sound_pace pace;

	(void)state;
	sound_pace_init(&pace, 1000 * 1000);

	for (size_t i = 0; i < sizeof(rowv) / sizeof(rowv[0]); i++) {

		const uint64_t now_us = rowv[i].now_ms * 1000;
		const unsigned due = sound_pace_step(&pace, now_us);
		const unsigned wait_ms = sound_pace_wait_ms(&pace, now_us);

		if (due != rowv[i].due || wait_ms != rowv[i].wait_ms)
			fail_msg("row %zu: expected %u due, then %u ms, got "
				 "%u and %u", i, rowv[i].due, rowv[i].wait_ms,
				 due, wait_ms);
	}
}


/* An hour of ticks that are late by 0 to 9 ms: not one frame too few */
static void test_no_drift(void **state)
{
	const uint64_t hour_us = 3600ULL * 1000 * 1000;
	struct sound_pace pace;
	uint64_t now_us = 5;
	unsigned n = 0, late = 0;

	(void)state;
	sound_pace_init(&pace, now_us);

	while (now_us < hour_us) {
		n += sound_pace_step(&pace, now_us);
		now_us += sound_pace_wait_ms(&pace, now_us) * 1000 + late;
		late = (late + 1717) % 9000;
	}

	assert_in_range(n, 180000 - 1, 180000 + 1);
}


/* Rows run on one steer, each for some frames; what it did in all of them */
static void test_steer(void **state)
{
	static const struct {
		unsigned frames;
		size_t spare;
		bool starved;
		bool quiet;
		unsigned drops;
		unsigned adds;
	} rowv[] = {
		{500,  960, false, true,   0,  0},  /* as it should be    */
		{500,    0, false, true,   0,  0},  /* tight, but enough  */
		{  3,    0, true,  true,   0,  3},
		{100, 1920, false, true,   2,  0},  /* one a second       */
		{ 99, 1920, false, false,  0,  0},  /* not in a word ...  */
		{  1, 1920, false, false,  1,  0},  /* ... but some time  */
		{ 50, 9600, false, false,  1,  0},  /* much: at once      */
		{ 10, 20000, false, false, 10, 0},
		{ 49, 1920, false, true,   0,  0},  /* a new second       */
		{  1,  100, false, true,   0,  0},  /* but once too little*/
		{ 49, 1920, false, true,   0,  0},
	};
	struct sound_steer steer;

	(void)state;
	sound_steer_init(&steer);

	for (size_t i = 0; i < sizeof(rowv) / sizeof(rowv[0]); i++) {

		unsigned drops = 0, adds = 0;

		for (unsigned k = 0; k < rowv[i].frames; k++) {

			const enum sound_steer_act act = sound_steer_step(
				&steer, rowv[i].spare, rowv[i].starved,
				rowv[i].quiet);

			drops += act == SOUND_STEER_DROP;
			adds += act == SOUND_STEER_ADD;
		}

		if (drops != rowv[i].drops || adds != rowv[i].adds)
			fail_msg("row %zu: expected %u drops and %u adds, got "
				 "%u and %u", i, rowv[i].drops, rowv[i].adds,
				 drops, adds);
	}
}


/*
 * Ten minutes with a speaker whose clock and portions differ from ours. The
 * reserve stays bounded and the speaker seldom runs dry.
 */
static void test_steer_drift(void **state)
{
	static const struct {
		int ppm;
		size_t portion;           /* Samples taken at once */
		size_t spare_max;
		unsigned dry_max;
	} rowv[] = {
		{    0,  480, 3 * SOUND_FRAME,  1},
		{  300,  480, 4 * SOUND_FRAME, 15},
		{ -300,  480, 5 * SOUND_FRAME,  1},
		{  100, 4800, 9 * SOUND_FRAME, 10},
		{ -100, 4800, 9 * SOUND_FRAME,  6},
	};

	(void)state;

	for (size_t i = 0; i < sizeof(rowv) / sizeof(rowv[0]); i++) {

		const double rate = SOUND_FRAME * (1 + rowv[i].ppm * 1e-6);
		size_t fill = 2 * SOUND_FRAME, spare_max = 0;
		struct sound_steer steer;
		bool starved = false;
		unsigned dry = 0;
		double owed = 0;

		sound_steer_init(&steer);

		for (unsigned k = 0; k < 600 * 50; k++) {

			const enum sound_steer_act act = sound_steer_step(
				&steer, fill, starved, k % 100 < 40);

			starved = false;
			if (fill > spare_max)
				spare_max = fill;

			if (act != SOUND_STEER_DROP)
				fill += SOUND_FRAME;
			if (act == SOUND_STEER_ADD)
				fill += SOUND_FRAME;

			for (owed += rate; owed >= (double)rowv[i].portion;
			     owed -= (double)rowv[i].portion) {

				if (fill < rowv[i].portion) {
					starved = true;
					++dry;
					fill = 0;
				}
				else {
					fill -= rowv[i].portion;
				}
			}
		}

		if (spare_max > rowv[i].spare_max || dry > rowv[i].dry_max)
			fail_msg("row %zu: expected at most %zu samples and "
				 "%u times dry, got %zu and %u", i,
				 rowv[i].spare_max, rowv[i].dry_max,
				 spare_max, dry);
	}
}


static void test_watch(void **state)
{
	static const struct {
		unsigned ticks;
		bool beats;               /* A callback in each tick */
		bool dead;                /* After the last of them  */
	} rowv[] = {
		{ 10, true,  false},
		{ 99, false, false},
		{  1, true,  false},
		{ 99, false, false},
		{  1, false, true},
		{500, false, true},
		{  1, true,  false},
	};
	struct sound_watch watch;
	unsigned beats = UINT32_MAX - 5;

	(void)state;
	sound_watch_init(&watch, beats);

	for (size_t i = 0; i < sizeof(rowv) / sizeof(rowv[0]); i++) {

		bool dead = false;

		for (unsigned k = 0; k < rowv[i].ticks; k++) {
			beats += rowv[i].beats;
			dead = sound_watch_step(&watch, beats);
		}

		if (dead != rowv[i].dead)
			fail_msg("row %zu: expected %s, got %s", i,
				 rowv[i].dead ? "dead" : "alive",
				 dead ? "dead" : "alive");
	}
}


int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pace),
		cmocka_unit_test(test_no_drift),
		cmocka_unit_test(test_steer),
		cmocka_unit_test(test_steer_drift),
		cmocka_unit_test(test_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
