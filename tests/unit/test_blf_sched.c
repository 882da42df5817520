/**
 * @file tests/unit/test_blf_sched.c  Who is due next
 */
#include "tests/lib/test.h"
#include "modules/blf/blf_sched_model.h"


enum {
	ITEMS = 20000,
};

static struct blf_sched_item itemv[ITEMS];


static void test_order(void **state)
{
	/* set item to due; then who is first, at what time; -1: none */
	static const struct {
		unsigned item;
		uint64_t due_ms;
		int first;
		uint64_t next_ms;
	} testv[] = {
		{0, 500, 0, 500},
		{1, 400, 1, 400},
		{2, 600, 1, 400},
		{1, 700, 0, 500},
		{0, BLF_SCHED_NEVER, 2, 600},
		{0, BLF_SCHED_NEVER, 2, 600},
		{3, 0, 3, 0},
		{3, BLF_SCHED_NEVER, 2, 600},
		{2, BLF_SCHED_NEVER, 1, 700},
		{1, BLF_SCHED_NEVER, -1, BLF_SCHED_NEVER},
	};
	struct blf_sched sched;
	(void)state;

	memset(itemv, 0, sizeof(itemv));
	blf_sched_init(&sched);

	for (size_t i=0; i<ROWS(testv); i++) {

		struct blf_sched_item *first;
		int got;

		assert_int_equal(blf_sched_set(&sched,
					       &itemv[testv[i].item],
					       testv[i].due_ms), 0);

		first = blf_sched_due(&sched, BLF_SCHED_NEVER);
		got   = first ? (int)(first - itemv) : -1;

		if (got != testv[i].first ||
		    blf_sched_next_ms(&sched) != testv[i].next_ms)
			fail_msg("row %zu: expected item %d at %llu, got %d "
				 "at %llu", i, testv[i].first,
				 (unsigned long long)testv[i].next_ms, got,
				 (unsigned long long)
				 blf_sched_next_ms(&sched));

		/* a moment before, nothing is due */
		if (testv[i].next_ms && testv[i].first >= 0)
			assert_null(blf_sched_due(&sched,
						  testv[i].next_ms - 1));
	}

	blf_sched_reset(&sched);
}


static void check(const struct blf_sched *sched)
{
	for (size_t i=0; i<sched->itemc; i++) {

		assert_int_equal(sched->itemv[i]->pos, i + 1);

		if (i && sched->itemv[(i - 1) / 2]->due_ms >
		    sched->itemv[i]->due_ms)
			fail_msg("place %zu comes before its parent", i);
	}
}


static int cmp(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}


/* As many as the largest panel: all come out, and in order */
static void test_many(void **state)
{
	static uint64_t duev[ITEMS];
	struct blf_sched sched;
	uint64_t rng = 42;
	size_t n = 0;
	(void)state;

	memset(itemv, 0, sizeof(itemv));
	blf_sched_init(&sched);
	assert_int_equal(blf_sched_reserve(&sched, ITEMS), 0);

	for (unsigned round=0; round<4; round++) {
		for (size_t i=0; i<ITEMS; i++) {

			uint64_t due;

			rng = rng * 6364136223846793005ull + 1;
			due = (rng >> 33) % 300000;
			if ((rng >> 20) % 9 == 0)
				due = BLF_SCHED_NEVER;

			assert_int_equal(blf_sched_set(&sched, &itemv[i],
						       due), 0);
		}
		check(&sched);
	}

	for (size_t i=0; i<ITEMS; i++) {
		if (itemv[i].pos)
			duev[n++] = itemv[i].due_ms;
	}
	qsort(duev, n, sizeof(duev[0]), cmp);

	assert_int_equal(sched.itemc, n);

	for (size_t i=0; i<n; i++) {

		struct blf_sched_item *item;

		assert_int_equal(blf_sched_next_ms(&sched), duev[i]);
		item = blf_sched_due(&sched, duev[i]);
		assert_non_null(item);
		assert_int_equal(blf_sched_set(&sched, item,
					       BLF_SCHED_NEVER), 0);
		assert_int_equal(item->pos, 0);
		if (i % 1000 == 0)
			check(&sched);
	}

	assert_null(blf_sched_due(&sched, BLF_SCHED_NEVER));
	blf_sched_reset(&sched);
}


static void test_reset(void **state)
{
	struct blf_sched sched;
	(void)state;

	memset(itemv, 0, sizeof(itemv));
	blf_sched_init(&sched);

	/* grows by itself */
	for (unsigned i=0; i<100; i++)
		assert_int_equal(blf_sched_set(&sched, &itemv[i], i), 0);

	blf_sched_reset(&sched);
	blf_sched_reset(&sched);

	for (unsigned i=0; i<100; i++)
		assert_int_equal(itemv[i].pos, 0);

	assert_int_equal(blf_sched_next_ms(&sched), BLF_SCHED_NEVER);
	assert_int_not_equal(blf_sched_set(NULL, &itemv[0], 1), 0);
	assert_int_not_equal(blf_sched_set(&sched, NULL, 1), 0);
	assert_int_not_equal(blf_sched_reserve(&sched, SIZE_MAX), 0);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_order),
		unit_test(test_many),
		unit_test(test_reset),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
