/**
 * @file modules/audio/sound_pace_model.h  When a frame is due, and what to do
 *                                         when the device runs by another
 *                                         clock
 */
#ifndef PARKDECK_SOUND_PACE_MODEL_H
#define PARKDECK_SOUND_PACE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SOUND_BURST_MAX = 5,     /**< Frames at once after a stall        */
};

/** One frame each 20 ms by a monotonic clock, without drift */
struct sound_pace {
	uint64_t next_us;        /**< When the next frame is due          */
};

/** The first frame is due at once */
void sound_pace_init(struct sound_pace *pace, uint64_t now_us);

/**
 * Ask how many frames are due
 *
 * @return 0 to SOUND_BURST_MAX. What a longer stall left undone is given up,
 *         and a clock that was set back is followed.
 */
unsigned sound_pace_step(struct sound_pace *pace, uint64_t now_us);

/** Time until the next frame is due [ms], rounded up; 0: it is due */
unsigned sound_pace_wait_ms(const struct sound_pace *pace, uint64_t now_us);

enum sound_steer_act {
	SOUND_STEER_KEEP = 0,
	SOUND_STEER_DROP,        /**< One frame too many waits: drop one  */
	SOUND_STEER_ADD,         /**< Too little waits: add one frame     */
};

/**
 * Keeps the reserve in a ring between loop and device small but sufficient
 *
 * The device moves samples in portions of a size of its own, so what counts
 * is the least reserve within a second.
 */
struct sound_steer {
	unsigned n;              /**< Frames in this second               */
	size_t least;            /**< Least reserve in it [samples]       */
};

void sound_steer_init(struct sound_steer *steer);

/**
 * Decide about one frame
 *
 * @param spare   Samples in reserve
 * @param starved The reserve was not enough since the last frame
 * @param quiet   This frame can be dropped without being missed
 */
enum sound_steer_act sound_steer_step(struct sound_steer *steer,
				      size_t spare, bool starved, bool quiet);

/** Notices a device whose callback has stopped without a word */
struct sound_watch {
	unsigned beats;          /**< Count of callbacks seen last        */
	unsigned still;          /**< Ticks without a new one             */
};

void sound_watch_init(struct sound_watch *watch, unsigned beats);

/** Look once a tick; returns true if there was no callback for 2 s of
 *  ticks. Time in which the whole program stood still does not count. */
bool sound_watch_step(struct sound_watch *watch, unsigned beats);

#endif
