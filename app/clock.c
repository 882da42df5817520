/**
 * @file app/clock.c  One clock, so that tests can move time
 */
#include <time.h>
#include "app/clock.h"


static uint64_t system_ms(void *arg)
{
	struct timespec ts = {0, 0};
	(void)arg;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);

	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}


static const struct clock sysclock = {system_ms, NULL};


static uint64_t fake_ms(void *arg)
{
	const struct fake_clock *fc = arg;

	return fc->ms;
}


uint64_t clock_ms(const struct clock *clock)
{
	if (!clock || !clock->now_ms)
		return 0;

	return clock->now_ms(clock->arg);
}


const struct clock *clock_system(void)
{
	return &sysclock;
}


void fake_clock_init(struct fake_clock *fc, uint64_t start_ms)
{
	if (!fc)
		return;

	fc->clock.now_ms = fake_ms;
	fc->clock.arg    = fc;
	fc->ms           = start_ms;
}


void fake_clock_add(struct fake_clock *fc, uint64_t ms)
{
	if (fc)
		fc->ms += ms;
}
