/**
 * @file modules/audio/sound_mix_model.h  Mixing, tones and loudness
 *
 * All at 48 kHz, mono, 16 bit, in frames of 20 ms.
 */
#ifndef PARKDECK_SOUND_MIX_MODEL_H
#define PARKDECK_SOUND_MIX_MODEL_H

#include <stddef.h>
#include <stdint.h>
#include "modules/audio/sound.h"

enum {
	SOUND_SRATE = 48000,     /**< [Hz]                                */
	SOUND_PTIME = 20,        /**< Length of a frame [ms]              */
	SOUND_FRAME = 960,       /**< Samples in a frame                  */
	SOUND_HZ_MIN = 20,       /**< Of an oscillator                    */
	SOUND_HZ_MAX = 20000,
};

/** Sum of one frame; wide enough for 65,000 voices at full level */
struct sound_mix {
	int32_t accv[SOUND_FRAME];
};

void sound_mix_reset(struct sound_mix *mix);

/** Add a frame, divided by 2^shift (0: as it is) */
void sound_mix_add(struct sound_mix *mix, const int16_t v[SOUND_FRAME],
		   unsigned shift);

/** The sum, each sample saturated to 16 bit */
void sound_mix_read(const struct sound_mix *mix, int16_t v[SOUND_FRAME]);

/** Largest absolute value of n samples: 0 (silence) to 32768 */
unsigned sound_peak(const int16_t *v, size_t n);

/** A sine; without jumps as long as its settings stay */
struct sound_osc {
	double pos;              /**< In the period, 0 to below 1         */
	double step;             /**< Per sample                          */
	double amplitude;
};

/** hz 0 or beyond SOUND_HZ_MIN..MAX: silence */
void sound_osc_init(struct sound_osc *osc, unsigned hz, unsigned amplitude);
void sound_osc_read(struct sound_osc *osc, int16_t *v, size_t n);

/** A cadence being played */
struct sound_cadence {
	enum sound_tone tone;
	unsigned row;            /**< Of the tone's table                 */
	size_t pos;              /**< Samples played of the row           */
	struct sound_osc osc;
};

/** Start a tone from the beginning of its cadence */
void sound_cadence_init(struct sound_cadence *cad, enum sound_tone tone);

/** The tone's next frame; silence for SOUND_TONE_NONE and in its pauses */
void sound_cadence_read(struct sound_cadence *cad, int16_t v[SOUND_FRAME]);

#endif
