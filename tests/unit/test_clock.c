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


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_fake),
		unit_test(test_system),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
