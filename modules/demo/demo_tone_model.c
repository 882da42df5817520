/**
 * @file modules/demo/demo_tone_model.c  Tones: made, coded, recognised
 */
#include <math.h>
#include <string.h>
#include "modules/demo/demo_tone_model.h"


enum {
	AMPLITUDE = 6000,        /**< -14.7 dBov: loud enough, not more  */
	HEARD_MIN = 200,         /**< Mean amplitude of silence, at most */
	HZ_MIN = 200,
	HZ_MAX = 3500,
	HZ_STEP = 10,
};

#define TWO_PI 6.283185307179586476925


/**
 * Write n samples of a sine
 *
 * @param hz 0: silence
 */
void demo_tone_fill(struct demo_tone *tone, int16_t *sampv, size_t n,
		    int hz)
{
	size_t i;

	for (i = 0; i < n; i++) {

		if (hz <= 0) {
			sampv[i] = 0;
			continue;
		}

		sampv[i] = (int16_t)lrint(AMPLITUDE *
				sin(TWO_PI * tone->phase / DEMO_RATE));
		tone->phase = (tone->phase + (uint32_t)hz) % DEMO_RATE;
	}
}


/**
 * The stand-in for a voice that speaks a number: a tone for each digit
 *
 * @param at_ms  Since it began
 * @param all_ms How long the whole number takes
 *
 * @return Frequency, 0 in the gaps and after the end
 */
int demo_tone_digit(const char *digits, uint32_t at_ms, uint32_t all_ms)
{
	size_t n = strlen(digits);
	uint32_t each;
	size_t i;

	if (!n || at_ms >= all_ms)
		return 0;

	each = all_ms / (uint32_t)n;
	if (!each)
		return 0;

	i = at_ms / each;
	if (i >= n || digits[i] < '0' || digits[i] > '9')
		return 0;

	/* the last quarter is a gap */
	if (at_ms % each >= each - each / 4)
		return 0;

	return DEMO_HZ_DIGIT + 40 * (digits[i] - '0');
}


void demo_ear_hear(struct demo_ear *ear, const int16_t *sampv, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		ear->sampv[ear->pos] = sampv[i];
		ear->pos = (ear->pos + 1) % DEMO_EAR;
		if (ear->fill < DEMO_EAR)
			++ear->fill;
	}
}


/**
 * Which tone is it? (Goertzel over the last 200 ms)
 *
 * @return Frequency in steps of 10 Hz; 0 if silent, if less than 200 ms
 *         were heard, or if no single tone has most of the energy
 */
int demo_ear_hz(const struct demo_ear *ear)
{
	double energy = 0, best = 0;
	int hz, best_hz = 0;
	size_t i;

	if (ear->fill < DEMO_EAR)
		return 0;

	for (i = 0; i < DEMO_EAR; i++)
		energy += (double)ear->sampv[i] * ear->sampv[i];

	if (energy < (double)DEMO_EAR * HEARD_MIN * HEARD_MIN)
		return 0;

	for (hz = HZ_MIN; hz <= HZ_MAX; hz += HZ_STEP) {

		double c = 2 * cos(TWO_PI * hz / DEMO_RATE);
		double s0, s1 = 0, s2 = 0, power;

		for (i = 0; i < DEMO_EAR; i++) {
			s0 = ear->sampv[i] + c * s1 - s2;
			s2 = s1;
			s1 = s0;
		}

		power = s1 * s1 + s2 * s2 - c * s1 * s2;
		if (power > best) {
			best = power;
			best_hz = hz;
		}
	}

	/* a pure sine of N samples has N/2 of its energy as power */
	return best > 0.7 * energy * DEMO_EAR / 2 ? best_hz : 0;
}


/** G.711 mu-law */
uint8_t demo_ulaw_encode(int16_t samp)
{
	int sign = 0, exp = 7, mant, v = samp;

	if (v < 0) {
		sign = 0x80;
		v = -v;
	}

	if (v > 32635)
		v = 32635;

	v += 132;

	while (exp > 0 && !(v & (0x80 << exp)))
		--exp;

	mant = (v >> (exp + 3)) & 0x0f;

	return (uint8_t)~(sign | exp << 4 | mant);
}


int16_t demo_ulaw_decode(uint8_t octet)
{
	int u = ~octet & 0xff;
	int v = (((u & 0x0f) << 3) + 132) << ((u & 0x70) >> 4);

	return (int16_t)(u & 0x80 ? 132 - v : v - 132);
}


/** G.711 A-law */
uint8_t demo_alaw_encode(int16_t samp)
{
	int sign = 0x80, exp = 7, v = samp >> 3, mant;

	if (v < 0) {
		sign = 0;
		v = -v - 1;
	}

	if (v > 4095)
		v = 4095;

	while (exp > 0 && !(v & (0x10 << exp)))
		--exp;

	mant = exp < 2 ? v >> 1 & 0x0f : v >> exp & 0x0f;

	return (uint8_t)((sign | exp << 4 | mant) ^ 0x55);
}


int16_t demo_alaw_decode(uint8_t octet)
{
	int a = octet ^ 0x55;
	int exp = (a & 0x70) >> 4;
	int v = (a & 0x0f) << 4;

	v += exp ? 0x108 : 8;
	if (exp > 1)
		v <<= exp - 1;

	return (int16_t)(a & 0x80 ? v : -v);
}
