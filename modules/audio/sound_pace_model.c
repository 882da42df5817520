/**
 * @file modules/audio/sound_pace_model.c  When a frame is due
 */
#include "sound_mix_model.h"
#include "sound_pace_model.h"

enum {
	FRAME_US = SOUND_PTIME * 1000,
	STEER_FRAMES = 1000 / SOUND_PTIME,
	SPARE_HIGH = SOUND_FRAME * 3 / 2,  /**< Always more: one too many  */
	SPARE_MAX = SOUND_FRAME * 12,      /**< 240 ms: no device needs it */
	WATCH_TICKS = 2000 / SOUND_PTIME,
};


void sound_pace_init(struct sound_pace *pace, uint64_t now_us)
{
	pace->next_us = now_us;
}


unsigned sound_pace_step(struct sound_pace *pace, uint64_t now_us)
{
	uint64_t due;

	if (now_us < pace->next_us) {
		if (pace->next_us - now_us > FRAME_US)
			pace->next_us = now_us + FRAME_US;
		return 0;
	}

	due = (now_us - pace->next_us) / FRAME_US + 1;
	if (due > SOUND_BURST_MAX) {
		pace->next_us = now_us + FRAME_US;
		return SOUND_BURST_MAX;
	}

	pace->next_us += due * FRAME_US;

	return (unsigned)due;
}


unsigned sound_pace_wait_ms(const struct sound_pace *pace, uint64_t now_us)
{
	if (now_us >= pace->next_us)
		return 0;

	return (unsigned)((pace->next_us - now_us + 999) / 1000);
}


void sound_steer_init(struct sound_steer *steer)
{
	steer->n = 0;
	steer->least = SIZE_MAX;
}


enum sound_steer_act sound_steer_step(struct sound_steer *steer,
				      size_t spare, bool starved, bool quiet)
{
	if (starved) {
		sound_steer_init(steer);
		return SOUND_STEER_ADD;
	}

	if (spare > SPARE_MAX) {
		sound_steer_init(steer);
		return SOUND_STEER_DROP;
	}

	if (spare < steer->least)
		steer->least = spare;

	if (++steer->n < STEER_FRAMES)
		return SOUND_STEER_KEEP;

	/* Wait a second for a quiet frame, unless it is much */
	if (steer->least > SPARE_HIGH &&
	    (quiet || steer->least > 2 * SPARE_HIGH ||
	     steer->n >= 2 * STEER_FRAMES)) {
		sound_steer_init(steer);
		return SOUND_STEER_DROP;
	}

	if (steer->least <= SPARE_HIGH)
		sound_steer_init(steer);

	return SOUND_STEER_KEEP;
}


void sound_watch_init(struct sound_watch *watch, unsigned beats)
{
	watch->beats = beats;
	watch->still = 0;
}


bool sound_watch_step(struct sound_watch *watch, unsigned beats)
{
	if (beats != watch->beats) {
		sound_watch_init(watch, beats);
		return false;
	}

	if (watch->still < WATCH_TICKS)
		++watch->still;

	return watch->still >= WATCH_TICKS;
}
