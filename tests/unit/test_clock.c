/**
 * @file tests/unit/test_clock.c  Time: the machine's, and one that we move
 */
#include "tests/lib/test.h"
#include "app/clock.h"


static void test_fake(void **state)
{
	struct fake_clock fc;
	(void)state;

	fake_clock_init(&fc, 1000);
	assert_int_equal(1000, clock_ms(&fc.clock));
	assert_int_equal(1000, clock_ms(&fc.clock));

	fake_clock_add(&fc, 32000);
	assert_int_equal(33000, clock_ms(&fc.clock));
}


static void test_system(void **state)
{
	const uint64_t first = clock_ms(clock_system());
	(void)state;

	assert_true(first > 0);

	/* monotonic, and it goes: a clock in seconds would not end this */
	while (clock_ms(clock_system()) < first + 2)
		;
	assert_true(clock_ms(clock_system()) >= first + 2);
	assert_int_equal(0, clock_ms(NULL));
}


static void test_sleep(void **state)
{
	static const struct {
		uint64_t mono_ms, boot_ms;      /* that pass             */
		uint64_t slept_ms;
	} rowv[] = {
		{   0,     0,     0},
		{5000,  5000,     0},
		{5000, 65000, 60000},
		{5000,  5000,     0},   /* told once                     */
		{5000,  5003,     3},
		{5003,  5000,     0},
	};
	struct fake_clock mono, boot;
	struct clock_gap gap = {0};
	(void)state;

	/* it has slept before we looked for the first time */
	fake_clock_init(&mono, 1000);
	fake_clock_init(&boot, 900000);

	for (size_t i = 0; i < ROWS(rowv); i++) {

		fake_clock_add(&mono, rowv[i].mono_ms);
		fake_clock_add(&boot, rowv[i].boot_ms);
		row_uint(i, rowv[i].slept_ms,
			 clock_slept_ms(&gap, &mono.clock, &boot.clock));
	}

	assert_int_equal(0, clock_slept_ms(&gap, &mono.clock, NULL));
	assert_true(clock_ms(clock_boot()) + 5 >= clock_ms(clock_system()));
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_fake),
		unit_test(test_system),
		unit_test(test_sleep),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
