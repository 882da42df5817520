/**
 * @file modules/audio/sound_wav_file.c  WAV files: 16 bit PCM
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "sound_wav_file.h"

enum {
	HEADER_SZ = 44,
	CHUNKS_MAX = 64,          /**< Before the samples; music has tags */
	FORMAT_PCM = 1,
	FORMAT_EXTENSIBLE = 0xfffe,
	PIECE = 1024,             /**< Samples converted at once          */
	BYTES_MAX = 0x7fffff00,   /**< Of samples: header sizes are 32 bit,
				       some readers take them as signed   */
};


static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}


static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v);
	put16(p + 2, v >> 16);
}


static uint32_t get16(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}


static uint32_t get32(const uint8_t *p)
{
	return get16(p) | get16(p + 2) << 16;
}


/* Never waits: a pipe or a device under this name is refused */
static int file_open(struct sound_wav *wav, const char *path, int flags,
		     const char *mode)
{
	struct stat st;
	int fd, err = 0;

	memset(wav, 0, sizeof(*wav));

	fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
	if (fd < 0)
		return errno;

	if (fstat(fd, &st))
		err = errno;
	else if (!S_ISREG(st.st_mode))
		err = ENOTSUP;
	if (err)
		goto out;

	wav->f = fdopen(fd, mode);
	if (!wav->f)
		err = errno;

 out:
	if (err)
		(void)close(fd);

	return err;
}


static int fmt_decode(struct sound_wav *wav, const uint8_t *p, size_t len)
{
	uint32_t format = get16(p);

	/* Extensible: the format proper opens the sub format's GUID */
	if (format == FORMAT_EXTENSIBLE && len >= 40)
		format = get16(p + 24);

	wav->ch = get16(p + 2);
	wav->srate = get32(p + 4);

	if (format != FORMAT_PCM || get16(p + 14) != 16 ||
	    !wav->ch || wav->ch > SOUND_WAV_CH_MAX ||
	    wav->srate < SOUND_WAV_SRATE_MIN ||
	    wav->srate > SOUND_WAV_SRATE_MAX)
		return ENOTSUP;

	return 0;
}


/* Leaves the file at the first sample */
static int header_read(struct sound_wav *wav)
{
	uint8_t buf[40];
	long end;

	if (fseek(wav->f, 0, SEEK_END))
		return errno;
	end = ftell(wav->f);
	rewind(wav->f);

	if (fread(buf, 1, 12, wav->f) != 12 || memcmp(buf, "RIFF", 4) ||
	    memcmp(buf + 8, "WAVE", 4))
		return EBADMSG;

	for (unsigned i = 0; i < CHUNKS_MAX; i++) {

		uint32_t len;
		long at;

		if (fread(buf, 1, 8, wav->f) != 8)
			return EBADMSG;

		len = get32(buf + 4);
		at = ftell(wav->f);

		if (!memcmp(buf, "data", 4)) {

			if (!wav->srate)
				return EBADMSG;

			if (!len || len > end - at)
				len = (uint32_t)(end - at > UINT32_MAX ?
						 UINT32_MAX : end - at);

			wav->start = at;
			wav->len = len / 2 / wav->ch * wav->ch;

			return wav->len ? 0 : ENODATA;
		}

		if (!memcmp(buf, "fmt ", 4)) {

			size_t n = len < sizeof(buf) ? len : sizeof(buf);
			int err;

			if (n < 16 || fread(buf, 1, n, wav->f) != n)
				return EBADMSG;

			err = fmt_decode(wav, buf, n);
			if (err)
				return err;
		}

		/* Chunks begin at even offsets */
		if (len > end - at ||
		    fseek(wav->f, at + (long)len + (len & 1), SEEK_SET))
			return EBADMSG;
	}

	return EBADMSG;
}


int sound_wav_open(struct sound_wav *wav, const char *path)
{
	int err;

	err = file_open(wav, path, O_RDONLY, "rb");
	if (err)
		return err;

	err = header_read(wav);
	if (err)
		sound_wav_close(wav);

	return err;
}


size_t sound_wav_read(struct sound_wav *wav, int16_t *v, size_t n)
{
	size_t done = 0;

	if (!wav->f || wav->writing)
		return 0;

	if (n > wav->len - wav->pos)
		n = (size_t)(wav->len - wav->pos);

	while (done < n) {

		uint8_t buf[2 * PIECE];
		size_t want = n - done < PIECE ? n - done : PIECE;
		size_t got = fread(buf, 2, want, wav->f);

		for (size_t i = 0; i < got; i++) {
			const int s = (int)get16(buf + 2 * i);

			v[done + i] = (int16_t)(s < 0x8000 ? s : s - 0x10000);
		}

		done += got;
		if (got < want)
			break;
	}

	wav->pos += done;

	return done;
}


int sound_wav_rewind(struct sound_wav *wav)
{
	if (!wav->f || wav->writing)
		return EBADF;

	if (fseek(wav->f, wav->start, SEEK_SET))
		return errno;

	wav->pos = 0;

	return 0;
}


static int header_write(struct sound_wav *wav)
{
	const uint32_t bytes = (uint32_t)(2 * wav->len);
	uint8_t h[HEADER_SZ];

	memcpy(h, "RIFF", 4);
	put32(h + 4, HEADER_SZ - 8 + bytes);
	memcpy(h + 8, "WAVEfmt ", 8);
	put32(h + 16, 16);
	put16(h + 20, FORMAT_PCM);
	put16(h + 22, wav->ch);
	put32(h + 24, wav->srate);
	put32(h + 28, wav->srate * wav->ch * 2);
	put16(h + 32, wav->ch * 2);
	put16(h + 34, 16);
	memcpy(h + 36, "data", 4);
	put32(h + 40, bytes);

	if (fseek(wav->f, 0, SEEK_SET) ||
	    fwrite(h, 1, sizeof(h), wav->f) != sizeof(h))
		return errno ? errno : EIO;

	return 0;
}


int sound_wav_create(struct sound_wav *wav, const char *path,
		     uint32_t srate, unsigned ch)
{
	int err;

	if (srate < SOUND_WAV_SRATE_MIN || srate > SOUND_WAV_SRATE_MAX ||
	    !ch || ch > SOUND_WAV_CH_MAX) {
		memset(wav, 0, sizeof(*wav));
		return EINVAL;
	}

	err = file_open(wav, path, O_RDWR | O_CREAT | O_TRUNC, "w+b");
	if (err)
		return err;

	wav->writing = true;
	wav->srate = srate;
	wav->ch = ch;
	wav->start = HEADER_SZ;

	err = sound_wav_sync(wav);
	if (err)
		sound_wav_close(wav);

	return err;
}


static int room_check(const struct sound_wav *wav, uint64_t n)
{
	if (!wav->f || !wav->writing)
		return EBADF;

	return n > BYTES_MAX / 2 - wav->len ? EFBIG : 0;
}


int sound_wav_write(struct sound_wav *wav, const int16_t *v, size_t n)
{
	int err;

	err = room_check(wav, n);

	for (size_t done = 0; !err && done < n;) {

		uint8_t buf[2 * PIECE];
		size_t m = n - done < PIECE ? n - done : PIECE;

		for (size_t i = 0; i < m; i++)
			put16(buf + 2 * i, (uint16_t)v[done + i]);

		if (fwrite(buf, 2, m, wav->f) != m)
			return errno ? errno : EIO;

		done += m;
		wav->len += m;
	}

	return err;
}


int sound_wav_silence(struct sound_wav *wav, uint64_t n)
{
	static const int16_t zero[1];
	int err;

	if (!n)
		return 0;

	err = room_check(wav, n);
	if (err)
		return err;

	/* The file system fills the gap with zeros */
	if (fseek(wav->f, (long)((n - 1) * 2), SEEK_CUR))
		return errno;

	wav->len += n - 1;

	return sound_wav_write(wav, zero, 1);
}


int sound_wav_sync(struct sound_wav *wav)
{
	int err;

	if (!wav->f || !wav->writing)
		return EBADF;

	/* Samples first: the header never tells of more than there are */
	if (fflush(wav->f))
		return errno;

	err = header_write(wav);
	if (err)
		return err;

	if (fflush(wav->f) || fseek(wav->f, 0, SEEK_END))
		return errno;

	return 0;
}


void sound_wav_close(struct sound_wav *wav)
{
	if (!wav->f)
		return;

	if (wav->writing)
		(void)sound_wav_sync(wav);

	(void)fclose(wav->f);
	wav->f = NULL;
}
