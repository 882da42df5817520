/**
 * @file modules/audio/sound_mix_model.c  Mixing, tones and loudness
 */
#include <math.h>
#include <string.h>
#include "sound_mix_model.h"

enum {
	SAMPLES_MS = SOUND_SRATE / 1000,
	RAMP = 5 * SAMPLES_MS,   /**< A sine cut off at once clicks */
	STEPS_MAX = 5,
};

/** One piece of a cadence; hz 0 is a pause */
struct step {
	unsigned hz;
	unsigned ms;
};

/** A tone: its steps one after the other, then again from the first */
struct tone {
	unsigned amplitude;      /**< Of 32767 */
	struct step stepv[STEPS_MAX];
};

/*
 * Ringback and busy are those of most of Europe (ITU-T E.180 Supplement 2).
 * The bell is our own: two notes, so that nobody takes it for the tone of
 * a call.
 */
static const struct tone tonev[] = {
	[SOUND_TONE_NONE]     = {    0, {{0, SOUND_PTIME}}},
	[SOUND_TONE_RING]     = {10000, {{660, 200}, {880, 200}, {660, 200},
					 {880, 200}, {0, 3200}}},
	[SOUND_TONE_RINGBACK] = { 5000, {{425, 1000}, {0, 4000}}},
	[SOUND_TONE_BUSY]     = { 5000, {{425, 480}, {0, 480}}},
};


void sound_mix_reset(struct sound_mix *mix)
{
	memset(mix->accv, 0, sizeof(mix->accv));
}


void sound_mix_add(struct sound_mix *mix, const int16_t v[SOUND_FRAME],
		   unsigned shift)
{
	const int32_t by = (int32_t)1 << (shift < 15 ? shift : 15);

	for (size_t i = 0; i < SOUND_FRAME; i++)
		mix->accv[i] += v[i] / by;
}


void sound_mix_read(const struct sound_mix *mix, int16_t v[SOUND_FRAME])
{
	for (size_t i = 0; i < SOUND_FRAME; i++) {

		int32_t s = mix->accv[i];

		if (s > INT16_MAX)
			s = INT16_MAX;
		else if (s < INT16_MIN)
			s = INT16_MIN;

		v[i] = (int16_t)s;
	}
}


unsigned sound_peak(const int16_t *v, size_t n)
{
	unsigned peak = 0;

	for (size_t i = 0; i < n; i++) {

		const unsigned a = (unsigned)(v[i] < 0 ? -(int)v[i] : v[i]);

		if (a > peak)
			peak = a;
	}

	return peak;
}


void sound_osc_init(struct sound_osc *osc, unsigned hz, unsigned amplitude)
{
	osc->pos = 0;

	if (hz < SOUND_HZ_MIN || hz > SOUND_HZ_MAX) {
		osc->step = 0;
		osc->amplitude = 0;
		return;
	}

	osc->step = (double)hz / SOUND_SRATE;
	osc->amplitude = amplitude < INT16_MAX ? amplitude : INT16_MAX;
}


static double osc_step(struct sound_osc *osc)
{
	const double s = osc->amplitude * sin(2.0 * 3.14159265358979 *
					      osc->pos);

	osc->pos += osc->step;
	if (osc->pos >= 1.0)
		osc->pos -= 1.0;

	return s;
}


void sound_osc_read(struct sound_osc *osc, int16_t *v, size_t n)
{
	if (osc->amplitude <= 0) {
		memset(v, 0, n * sizeof(*v));
		return;
	}

	for (size_t i = 0; i < n; i++)
		v[i] = (int16_t)osc_step(osc);
}


static const struct tone *tone_find(enum sound_tone tone)
{
	if ((size_t)tone >= sizeof(tonev) / sizeof(tonev[0]))
		return &tonev[SOUND_TONE_NONE];

	return &tonev[tone];
}


void sound_cadence_init(struct sound_cadence *cad, enum sound_tone tone)
{
	const struct tone *t = tone_find(tone);

	cad->tone = tone;
	cad->row = 0;
	cad->pos = 0;
	sound_osc_init(&cad->osc, t->stepv[0].hz, t->amplitude);
}


/* Loudness at the position in a step: it swells and fades */
static double envelope(size_t pos, size_t len)
{
	const size_t edge = pos < len - pos ? pos : len - pos;

	return edge < RAMP ? (double)edge / RAMP : 1.0;
}


void sound_cadence_read(struct sound_cadence *cad, int16_t v[SOUND_FRAME])
{
	const struct tone *t = tone_find(cad->tone);

	for (size_t i = 0; i < SOUND_FRAME; i++) {

		const size_t len = t->stepv[cad->row].ms *
			(size_t)SAMPLES_MS;

		v[i] = 0;
		if (cad->osc.amplitude > 0)
			v[i] = (int16_t)(osc_step(&cad->osc) *
					 envelope(cad->pos, len));

		if (++cad->pos < len)
			continue;

		cad->pos = 0;
		if (++cad->row >= STEPS_MAX || !t->stepv[cad->row].ms)
			cad->row = 0;

		sound_osc_init(&cad->osc, t->stepv[cad->row].hz,
			       t->amplitude);
	}
}
