/**
 * @file tests/unit/test_sound_ring.c  Samples from one thread to another
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include "modules/audio/sound_ring_model.h"

enum {
	HAMMER_SAMPLES = 2000000,
	PORTION_MAX = 1500,
};


static int16_t nth(size_t i)
{
	return (int16_t)(uint16_t)(i * 7919 + (i >> 16));
}


/* Rows are run one after the other on one ring */
static void test_steps(void **state)
{
	static const struct {
		char op;              /* p push, g pop, s skip */
		size_t n;
		size_t done;
		size_t fill;
	} rowv[] = {
		{'g',            10,             0,             0},
		{'p',           100,           100,           100},
		{'g',            60,            60,            40},
		{'g',            60,            40,             0},
		{'p', SOUND_RING_SZ, SOUND_RING_SZ, SOUND_RING_SZ},
		{'p',             1,             0, SOUND_RING_SZ},
		{'s',           384,           384,         16000},
		{'p',           500,           384, SOUND_RING_SZ},
		{'g', SOUND_RING_SZ, SOUND_RING_SZ,             0},
		{'s',             5,             0,             0},
		{'p',             0,             0,             0},
	};
	struct sound_ring *ring = malloc(sizeof(*ring));
	int16_t *v = malloc(SOUND_RING_SZ * sizeof(*v));
	size_t wr = 0, rd = 0;

	(void)state;
	assert_non_null(ring);
	assert_non_null(v);
	sound_ring_init(ring);

	for (size_t i = 0; i < sizeof(rowv) / sizeof(rowv[0]); i++) {

		size_t done = 0, fill;

		switch (rowv[i].op) {

		case 'p':
			for (size_t k = 0; k < rowv[i].n; k++)
				v[k] = nth(wr + k);
			done = sound_ring_push(ring, v, rowv[i].n);
			wr += done;
			break;

		case 'g':
			done = sound_ring_pop(ring, v, rowv[i].n);
			for (size_t k = 0; k < done; k++) {
				if (v[k] != nth(rd + k))
					fail_msg("row %zu, sample %zu: "
						 "expected %d, got %d", i, k,
						 nth(rd + k), v[k]);
			}
			rd += done;
			break;

		default:
			done = sound_ring_skip(ring, rowv[i].n);
			rd += done;
			break;
		}

		fill = sound_ring_fill(ring);
		if (done != rowv[i].done || fill != rowv[i].fill)
			fail_msg("row %zu: expected %zu done and %zu in it, "
				 "got %zu and %zu", i, rowv[i].done,
				 rowv[i].fill, done, fill);
	}

	free(v);
	free(ring);
}


/* The counters wrap with size_t: nothing happens there */
static void test_wrap(void **state)
{
	struct sound_ring *ring = malloc(sizeof(*ring));
	int16_t v[100];

	(void)state;
	assert_non_null(ring);
	sound_ring_init(ring);
	atomic_store(&ring->wr, SIZE_MAX - 49);
	atomic_store(&ring->rd, SIZE_MAX - 49);

	for (size_t k = 0; k < 100; k++)
		v[k] = (int16_t)k;

	assert_int_equal(sound_ring_push(ring, v, 100), 100);
	assert_int_equal(sound_ring_fill(ring), 100);
	assert_int_equal(sound_ring_pop(ring, v, 100), 100);

	for (size_t k = 0; k < 100; k++)
		assert_int_equal(v[k], k);

	free(ring);
}


static size_t portion(unsigned *seed)
{
	*seed = *seed * 1103515245 + 12345;

	return 1 + (*seed >> 16) % PORTION_MAX;
}


static void *producer(void *arg)
{
	struct sound_ring *ring = arg;
	int16_t v[PORTION_MAX];
	unsigned seed = 1;

	for (size_t wr = 0; wr < HAMMER_SAMPLES;) {

		size_t n = portion(&seed), done;

		for (size_t k = 0; k < n; k++)
			v[k] = nth(wr + k);

		done = sound_ring_push(ring, v, n);
		wr += done;

		if (sound_ring_fill(ring) > SOUND_RING_SZ)
			return "producer sees more than the ring holds";

		if (!done)
			(void)sched_yield();
	}

	return NULL;
}


/* Two threads at full speed: no sample lost, doubled or in the wrong place */
static void test_threads(void **state)
{
	struct sound_ring *ring = malloc(sizeof(*ring));
	int16_t v[PORTION_MAX];
	size_t rd = 0, bad = 0;
	unsigned seed = 2;
	void *complaint;
	pthread_t thread;

	(void)state;
	assert_non_null(ring);
	sound_ring_init(ring);
	assert_int_equal(pthread_create(&thread, NULL, producer, ring), 0);

	/* All are read even when some are wrong, so that the thread ends */
	while (rd < HAMMER_SAMPLES) {

		size_t n = sound_ring_pop(ring, v, portion(&seed));

		for (size_t k = 0; k < n; k++)
			bad += v[k] != nth(rd + k);

		rd += n;
		if (!n)
			(void)sched_yield();
	}

	assert_int_equal(pthread_join(thread, &complaint), 0);
	if (complaint)
		fail_msg("%s", (const char *)complaint);
	assert_int_equal(bad, 0);

	free(ring);
}


int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
