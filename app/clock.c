/**
 * @file app/clock.c  One clock, so that tests can move time
 */
#include <time.h>
#include "app/clock.h"


static uint64_t read_ms(clockid_t id)
{
	struct timespec ts = {0, 0};

	(void)clock_gettime(id, &ts);

	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}


static uint64_t system_ms(void *arg)
{
	(void)arg;

	return read_ms(CLOCK_MONOTONIC);
}


static uint64_t boot_ms(void *arg)
{
	(void)arg;

	return read_ms(CLOCK_BOOTTIME);
}


static const struct clock sysclock = {system_ms, NULL};
static const struct clock bootclock = {boot_ms, NULL};


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


const struct clock *clock_boot(void)
{
	return &bootclock;
}


uint64_t clock_slept_ms(struct clock_gap *gap, const struct clock *mono,
			const struct clock *boot)
{
	int64_t ms, slept;

	if (!gap || !mono || !boot)
		return 0;

	ms = (int64_t)clock_ms(boot) - (int64_t)clock_ms(mono);
	slept = gap->known ? ms - gap->ms : 0;
	gap->known = true;
	gap->ms = ms;

	return slept > 0 ? (uint64_t)slept : 0;
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
