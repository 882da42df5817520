/**
 * @file tests/lib/tonecheck.c  Is that tone in this recording?
 *
 * tonecheck FILE.wav HZ [MIN_SECONDS]
 *
 * Exit status 0: the tone makes up most of what is heard for at least so
 * long (0.2 s) all in all; 1: it does not; 2: wrong use or unreadable file.
 * Prints the strongest frequency of each 200 ms, equal ones in one line.
 * The file may still be growing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "modules/audio/sound_wav_file.h"
#include "tests/lib/goertzel.h"

enum {
	WINDOWS_S = 5,                  /* In a second */
	WINDOW_MAX = SOUND_WAV_SRATE_MAX / WINDOWS_S,
};

static const double share_min = 0.5;


static void print_run(unsigned from, unsigned to, unsigned hz)
{
	if (from == to)
		return;

	(void)printf("%8.1f s  %5.1f s  ", (double)from / WINDOWS_S,
		     (double)(to - from) / WINDOWS_S);

	if (hz)
		(void)printf("%u Hz\n", hz);
	else
		(void)printf("silence\n");
}


/* One window of the first channel; 0 at the end of the file */
static size_t window_read(struct sound_wav *wav, int16_t *v)
{
	static int16_t rawv[WINDOW_MAX * SOUND_WAV_CH_MAX];
	const size_t n = wav->srate / WINDOWS_S;

	if (sound_wav_read(wav, rawv, n * wav->ch) < n * wav->ch)
		return 0;

	for (size_t i = 0; i < n; i++)
		v[i] = rawv[i * wav->ch];

	return n;
}


static double listen(struct sound_wav *wav, double hz)
{
	static int16_t v[WINDOW_MAX];
	unsigned i, from = 0, run_hz = 0, heard = 0;
	size_t n;

	for (i = 0; (n = window_read(wav, v)); i++) {

		const unsigned now_hz = goertzel_dominant(v, n, wav->srate);

		if (now_hz != run_hz) {
			print_run(from, i, run_hz);
			from = i;
			run_hz = now_hz;
		}

		if (goertzel_share(v, n, wav->srate, hz) >= share_min)
			++heard;
	}

	print_run(from, i, run_hz);

	return (double)heard / WINDOWS_S;
}


int main(int argc, char *argv[])
{
	struct sound_wav wav;
	double hz, min_s, heard_s;
	char *end1 = NULL, *end2 = NULL;
	int err;

	if (argc < 3 || argc > 4)
		goto usage;

	hz = strtod(argv[2], &end1);
	min_s = argc == 4 ? strtod(argv[3], &end2) : 1.0 / WINDOWS_S;
	if (*end1 || end1 == argv[2] || !(hz > 0) ||
	    (end2 && (*end2 || end2 == argv[3])))
		goto usage;

	err = sound_wav_open(&wav, argv[1]);
	if (err && err != ENODATA) {
		(void)fprintf(stderr, "tonecheck: %s: %s\n", argv[1],
			      strerror(err));
		return 2;
	}

	heard_s = listen(&wav, hz);
	sound_wav_close(&wav);

	(void)printf("%g Hz for %.1f s, asked for %.1f s\n", hz, heard_s,
		     min_s);

	return heard_s + 1e-6 >= min_s ? 0 : 1;

 usage:
	(void)fprintf(stderr, "usage: tonecheck FILE.wav HZ [MIN_SECONDS]\n");
	return 2;
}
