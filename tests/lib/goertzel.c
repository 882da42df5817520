/**
 * @file tests/lib/goertzel.c  Which tone is in these samples?
 */
#include <math.h>
#include "goertzel.h"

enum {
	HZ_STEP = 5,
	SRATE_LOW = 8000,
};


double goertzel_rms(const int16_t *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)v[i] * v[i];

	return n ? sqrt(sum / (double)n) : 0;
}


/* Looks at the mean of each `by` samples: a low pass, crude but sufficient */
static double share(const int16_t *v, size_t n, double srate, double hz,
		    unsigned by)
{
	const double coeff = 2 * cos(2 * 3.14159265358979 * hz * by / srate);
	double s0, s1 = 0, s2 = 0, total = 0;
	size_t m = n / by;

	for (size_t i = 0; i < m; i++) {

		double x = 0;

		for (unsigned j = 0; j < by; j++)
			x += v[i * by + j];

		x /= by;
		total += x * x;
		s0 = x + coeff * s1 - s2;
		s2 = s1;
		s1 = s0;
	}

	if (!m || sqrt(total / (double)m) < GOERTZEL_RMS_MIN)
		return 0;

	s0 = (s1 * s1 + s2 * s2 - coeff * s1 * s2) /
		((double)m / 2 * total);

	return s0 < 1 ? s0 : 1;
}


double goertzel_share(const int16_t *v, size_t n, unsigned srate, double hz)
{
	return share(v, n, srate, hz, 1);
}


unsigned goertzel_dominant(const int16_t *v, size_t n, unsigned srate)
{
	const unsigned by = srate > SRATE_LOW ? srate / SRATE_LOW : 1;
	unsigned best_hz = 0;
	double best = 0;

	if (goertzel_rms(v, n) < GOERTZEL_RMS_MIN)
		return 0;

	for (unsigned hz = GOERTZEL_HZ_MIN; hz <= GOERTZEL_HZ_MAX;
	     hz += HZ_STEP) {

		const double s = share(v, n, srate, hz, by);

		if (s > best) {
			best = s;
			best_hz = hz;
		}
	}

	return best_hz;
}
