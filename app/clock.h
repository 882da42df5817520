/**
 * @file app/clock.h  One clock, so that tests can move time
 */
#ifndef PARKDECK_CLOCK_H
#define PARKDECK_CLOCK_H

#include <stdint.h>

/** Monotonic time [ms]; read once per event, the value is passed down */
struct clock {
	uint64_t (*now_ms)(void *arg);
	void *arg;
};

/** A clock that stands still until it is moved; nothing fires by itself */
struct fake_clock {
	struct clock clock;
	uint64_t ms;
};

/** @return The time now [ms]; 0 if there is no clock */
uint64_t clock_ms(const struct clock *clock);

/** @return The machine's monotonic clock; stands still in no test */
const struct clock *clock_system(void);

/** Set up a clock that shows `start_ms`; `fc` must not be moved in memory */
void fake_clock_init(struct fake_clock *fc, uint64_t start_ms);

/** Move time on by `ms` */
void fake_clock_add(struct fake_clock *fc, uint64_t ms);

#endif
