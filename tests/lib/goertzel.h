/**
 * @file tests/lib/goertzel.h  Which tone is in these samples?
 *
 * Pure. All functions take mono samples of 16 bit at 8 to 48 kHz.
 */
#ifndef PARKDECK_TEST_GOERTZEL_H
#define PARKDECK_TEST_GOERTZEL_H

#include <stddef.h>
#include <stdint.h>

enum {
	GOERTZEL_RMS_MIN = 40,      /**< Below, of 32768, is silence      */
	GOERTZEL_HZ_MIN = 100,      /**< Range of goertzel_dominant()     */
	GOERTZEL_HZ_MAX = 3600,
};

/** Loudness, 0 to 32768 */
double goertzel_rms(const int16_t *v, size_t n);

/** Share of the samples' power that is at hz, 0 to 1; 0 for silence. A
 *  window of 1/x seconds tells tones x Hz apart. */
double goertzel_share(const int16_t *v, size_t n, unsigned srate, double hz);

/** The strongest frequency [Hz], to 5 Hz; 0 for silence */
unsigned goertzel_dominant(const int16_t *v, size_t n, unsigned srate);

#endif
