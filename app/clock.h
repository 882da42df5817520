/**
 * @file app/clock.h  One clock, so that tests can move time
 */
#ifndef PARKDECK_CLOCK_H
#define PARKDECK_CLOCK_H

#include <stdbool.h>
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

/** @return As clock_system(), but it goes on while the machine sleeps */
const struct clock *clock_boot(void);

/** What clock_slept_ms() remembers; zero is a fresh one */
struct clock_gap {
	bool known;
	int64_t ms;          /**< Of the two clocks at the last look     */
};

/**
 * Find out whether the machine has slept since the last look
 *
 * @param gap  Changed
 * @param mono Stands still meanwhile
 * @param boot Goes on; NULL: nothing is ever found
 *
 * @return For how long [ms]; 0 at the first look
 */
uint64_t clock_slept_ms(struct clock_gap *gap, const struct clock *mono,
			const struct clock *boot);

/** Set up a clock that shows `start_ms`; `fc` must not be moved in memory */
void fake_clock_init(struct fake_clock *fc, uint64_t start_ms);

/** Move time on by `ms` */
void fake_clock_add(struct fake_clock *fc, uint64_t ms);

#endif
