/**
 * @file modules/blf/blf_sched_model.h  Who is due next, for one timer
 *
 * libre keeps its timers in one sorted list that every new one walks; with
 * a timer for each of thousands of subscriptions that walk is most of the
 * work. This is a heap: O(log n) to move a time, O(1) to see the next.
 */
#ifndef PARKDECK_BLF_SCHED_MODEL_H
#define PARKDECK_BLF_SCHED_MODEL_H

#include <stddef.h>
#include <stdint.h>

#define BLF_SCHED_NEVER UINT64_MAX

/** A place in the schedule; all zero while not in it */
struct blf_sched_item {
	uint64_t due_ms;
	uint32_t pos;        /**< From 1; 0: not in the schedule         */
	int kind;            /**< The owner's own                        */
};

struct blf_sched {
	struct blf_sched_item **itemv;  /**< The items are borrowed       */
	size_t itemc;
	size_t size;
};

void blf_sched_init(struct blf_sched *sched);

/** Forget all items; they must still be there */
void blf_sched_reset(struct blf_sched *sched);

/** Make room for n items. @return 0 or ENOMEM; then nothing changed */
int blf_sched_reserve(struct blf_sched *sched, size_t n);

/**
 * Put in, move or (BLF_SCHED_NEVER) take out
 *
 * @return 0 or ENOMEM, never if there was room
 */
int blf_sched_set(struct blf_sched *sched, struct blf_sched_item *item,
		  uint64_t due_ms);

/** @return The item due at now_ms longest, still in, or NULL */
struct blf_sched_item *blf_sched_due(const struct blf_sched *sched,
				     uint64_t now_ms);

/** @return Time of the next one, or BLF_SCHED_NEVER */
uint64_t blf_sched_next_ms(const struct blf_sched *sched);

#endif
