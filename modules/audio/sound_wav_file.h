/**
 * @file modules/audio/sound_wav_file.h  WAV files: 16 bit PCM
 */
#ifndef PARKDECK_SOUND_WAV_FILE_H
#define PARKDECK_SOUND_WAV_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	SOUND_WAV_SRATE_MIN = 8000,
	SOUND_WAV_SRATE_MAX = 48000,
	SOUND_WAV_CH_MAX = 2,
};

/** A file being read or written, in the caller's memory */
struct sound_wav {
	FILE *f;                 /**< NULL: closed                        */
	bool writing;
	uint32_t srate;          /**< [Hz]                                */
	unsigned ch;             /**< Channels, interleaved               */
	long start;              /**< Where the samples begin [bytes]     */
	uint64_t len;            /**< Samples of all channels in the file */
	uint64_t pos;            /**< Of them read                        */
};

/**
 * Open a file for reading
 *
 * A length in the header that is beyond the end of the file is taken as
 * "to the end": the file may still be written, or its writer was killed.
 *
 * @return 0, errno of open(2), EBADMSG: no WAV file, ENODATA: no samples,
 *         ENOTSUP: not 16 bit PCM in the limits above
 */
int  sound_wav_open(struct sound_wav *wav, const char *path);

/**
 * Read samples; at the end of the file fewer than asked for
 *
 * @param wav  An open file
 * @param v    Samples, interleaved
 * @param n    Number of samples of all channels together
 */
size_t sound_wav_read(struct sound_wav *wav, int16_t *v, size_t n);

/** Go back to the first sample */
int  sound_wav_rewind(struct sound_wav *wav);

/**
 * Create a file or empty an old one, readable by its owner only
 *
 * The header is there at once, so that a reader can wait for samples.
 *
 * @return 0, errno of open(2), EINVAL: beyond the limits above
 */
int  sound_wav_create(struct sound_wav *wav, const char *path,
		      uint32_t srate, unsigned ch);

/**
 * Append samples
 *
 * @return 0, errno of write(2), or EFBIG: the format ends at 2 GiB
 */
int  sound_wav_write(struct sound_wav *wav, const int16_t *v, size_t n);

/** Append n samples of silence, without writing them where possible */
int  sound_wav_silence(struct sound_wav *wav, uint64_t n);

/** Bring file and header up to date: readable even if killed now */
int  sound_wav_sync(struct sound_wav *wav);

/** Bring a written file up to date and close. Safe when closed. */
void sound_wav_close(struct sound_wav *wav);

#endif
