/**
 * @file modules/demo/demo_tone_model.h  Tones: made, coded, recognised
 *
 * Whoever takes part in a call of the built-in PBX plays a tone of his
 * own, so that a test can ask who hears whom.
 */
#ifndef PARKDECK_DEMO_TONE_MODEL_H
#define PARKDECK_DEMO_TONE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DEMO_RATE = 8000,
	DEMO_FRAME = 160,        /**< 20 ms                              */
	DEMO_EAR = 1600,         /**< 200 ms: multiples of 10 Hz are
				      orthogonal in it                   */

	/* what the PBX itself plays */
	DEMO_HZ_MUSIC = 260,
	DEMO_HZ_INVALID = 320,
	DEMO_HZ_RING = 420,
	DEMO_HZ_CALLER = 500,    /**< + 30 for each next caller          */
	DEMO_HZ_COLLEAGUE = 2200, /**< + 30 for each next colleague      */
	DEMO_HZ_DIGIT = 2800,    /**< + 40 for each: 0 to 9              */
};

/** A tone generator; zero it to start */
struct demo_tone {
	uint32_t phase;          /**< In units of 1/RATE Hz              */
};

/** The last 200 ms that somebody heard */
struct demo_ear {
	int16_t sampv[DEMO_EAR];
	size_t pos;
	size_t fill;
};

void demo_tone_fill(struct demo_tone *tone, int16_t *sampv, size_t n,
		    int hz);
int  demo_tone_digit(const char *digits, uint32_t at_ms, uint32_t all_ms);

void demo_ear_hear(struct demo_ear *ear, const int16_t *sampv, size_t n);
int  demo_ear_hz(const struct demo_ear *ear);

uint8_t demo_ulaw_encode(int16_t samp);
int16_t demo_ulaw_decode(uint8_t octet);
uint8_t demo_alaw_encode(int16_t samp);
int16_t demo_alaw_decode(uint8_t octet);

#endif
