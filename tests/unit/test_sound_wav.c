/**
 * @file tests/unit/test_sound_wav.c  WAV files
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "modules/audio/sound_wav_file.h"

static char dir[64] = "/tmp/parkdeck-wav-XXXXXX";
static char path[128];


static int setup(void **state)
{
	(void)state;

	if (!mkdtemp(dir))
		return -1;

	(void)snprintf(path, sizeof(path), "%s/a.wav", dir);

	return 0;
}


static int teardown(void **state)
{
	(void)state;
	(void)unlink(path);

	return rmdir(dir);
}


static void file_put(const void *p, size_t n)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}


#define RIFF "RIFF\x24\0\0\0WAVE"
#define FMT(tag, ch, rate, bits) \
	"fmt \x10\0\0\0" tag ch rate "\0\0\0\0" "\0\0" bits
#define PCM "\1\0"
#define MONO "\1\0"
#define STEREO "\2\0"
#define R8000 "\x40\x1f\0\0"
#define R48000 "\x80\xbb\0\0"
#define B16 "\x10\0"
#define DATA4 "data\4\0\0\0\1\0\xff\xff"
#define EXT "fmt \x28\0\0\0\xfe\xff" MONO R8000 "\0\0\0\0\0\0" B16 \
	"\x16\0\0\0\0\0\0\0"

static void test_headers(void **state)
{
#define TEXT(s) s, sizeof(s) - 1
	static const struct {
		const char *bytes;
		size_t len;
		int err;
		unsigned samples;
		uint32_t srate;
		unsigned ch;
	} rowv[] = {
		/* fit to be played */
		{TEXT(RIFF FMT(PCM, MONO, R8000, B16) DATA4),
		 0, 2, 8000, 1},
		{TEXT(RIFF FMT(PCM, STEREO, R48000, B16) DATA4),
		 0, 2, 48000, 2},
		{TEXT(RIFF "LIST\3\0\0\0abc\0" FMT(PCM, MONO, R8000, B16)
		      DATA4), 0, 2, 8000, 1},
		{TEXT(RIFF EXT "\1\0" "\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b"
		      "\x71" DATA4), 0, 2, 8000, 1},

		/* length unknown or beyond the end: what is there */
		{TEXT(RIFF FMT(PCM, MONO, R8000, B16)
		      "data\0\0\0\0\1\0\2\0\3\0"), 0, 3, 8000, 1},
		{TEXT(RIFF FMT(PCM, MONO, R8000, B16)
		      "data\xff\xff\xff\xff\1\0\2\0\3\0\4"), 0, 3, 8000, 1},
		{TEXT(RIFF FMT(PCM, STEREO, R8000, B16)
		      "data\6\0\0\0\1\0\2\0\3\0"), 0, 2, 8000, 2},

		/* no samples */
		{TEXT(RIFF FMT(PCM, MONO, R8000, B16) "data\0\0\0\0"),
		 ENODATA, 0, 0, 0},
		{TEXT(RIFF FMT(PCM, MONO, R8000, B16) "data\4\0\0\0x"),
		 ENODATA, 0, 0, 0},

		/* another kind of sound */
		{TEXT(RIFF FMT("\3\0", MONO, R8000, B16) DATA4),
		 ENOTSUP, 0, 0, 0},
		{TEXT(RIFF FMT(PCM, "\0\0", R8000, B16) DATA4),
		 ENOTSUP, 0, 0, 0},
		{TEXT(RIFF FMT(PCM, "\3\0", R8000, B16) DATA4),
		 ENOTSUP, 0, 0, 0},
		{TEXT(RIFF FMT(PCM, MONO, R8000, "\x08\0") DATA4),
		 ENOTSUP, 0, 0, 0},
		{TEXT(RIFF FMT(PCM, MONO, "\0\0\0\0", B16) DATA4),
		 ENOTSUP, 0, 0, 0},
		{TEXT(RIFF FMT(PCM, MONO, "\xff\xff\xff\xff", B16) DATA4),
		 ENOTSUP, 0, 0, 0},
		{TEXT(RIFF EXT "\3\0" "\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b"
		      "\x71" DATA4), ENOTSUP, 0, 0, 0},

		/* no WAV file at all, or not a whole one */
		{TEXT(""), EBADMSG, 0, 0, 0},
		{TEXT("RIFF"), EBADMSG, 0, 0, 0},
		{TEXT("RIFX\x24\0\0\0WAVE" FMT(PCM, MONO, R8000, B16) DATA4),
		 EBADMSG, 0, 0, 0},
		{TEXT("RIFF\x24\0\0\0AVI " FMT(PCM, MONO, R8000, B16) DATA4),
		 EBADMSG, 0, 0, 0},
		{TEXT(RIFF), EBADMSG, 0, 0, 0},
		{TEXT(RIFF "fmt \x10\0\0\0" PCM), EBADMSG, 0, 0, 0},
		{TEXT(RIFF "fmt \x04\0\0\0" PCM MONO DATA4),
		 EBADMSG, 0, 0, 0},
		{TEXT(RIFF DATA4), EBADMSG, 0, 0, 0},
		{TEXT(RIFF "LIST\xff\xff\xff\xff" "x"), EBADMSG, 0, 0, 0},
		{TEXT(RIFF "LIST\xff\xff\xff\x7f" "x"), EBADMSG, 0, 0, 0},
	};

	(void)state;

	for (size_t i = 0; i < sizeof(rowv) / sizeof(rowv[0]); i++) {

		struct sound_wav wav;
		int16_t v[8];
		size_t n = 0;
		int err;

		file_put(rowv[i].bytes, rowv[i].len);

		err = sound_wav_open(&wav, path);
		if (err != rowv[i].err)
			fail_msg("row %zu: expected error %d, got %d", i,
				 rowv[i].err, err);
		if (err) {
			assert_null(wav.f);
			continue;
		}

		n = sound_wav_read(&wav, v, 8);
		if (n != rowv[i].samples || wav.srate != rowv[i].srate ||
		    wav.ch != rowv[i].ch)
			fail_msg("row %zu: expected %u samples, %u Hz, %u "
				 "channels, got %zu, %u, %u", i,
				 rowv[i].samples, rowv[i].srate, rowv[i].ch,
				 n, wav.srate, wav.ch);
		if (v[0] != 1)
			fail_msg("row %zu: expected sample 1, got %d", i,
				 v[0]);

		sound_wav_close(&wav);
	}
}


/* More chunks than any real file has: no endless walk */
static void test_chunks(void **state)
{
	static char buf[12 + 1000 * 8];
	struct sound_wav wav;

	(void)state;

	memcpy(buf, RIFF, 12);
	for (size_t i = 0; i < 1000; i++)
		memcpy(buf + 12 + i * 8, "JUNK\0\0\0\0", 8);

	file_put(buf, sizeof(buf));
	assert_int_equal(sound_wav_open(&wav, path), EBADMSG);
}


static void test_open_errors(void **state)
{
	struct sound_wav wav;

	(void)state;

	(void)unlink(path);
	assert_int_equal(sound_wav_open(&wav, path), ENOENT);
	assert_int_equal(sound_wav_open(&wav, dir), ENOTSUP);
	assert_int_equal(sound_wav_create(&wav, dir, 48000, 1), EISDIR);
	assert_int_equal(sound_wav_create(&wav, path, 7999, 1), EINVAL);
	assert_int_equal(sound_wav_create(&wav, path, 48000, 3), EINVAL);
	assert_int_equal(sound_wav_write(&wav, NULL, 0), EBADF);
	assert_int_equal(sound_wav_read(&wav, NULL, 1), 0);
	sound_wav_close(&wav);

	/* nobody is at the other end of a pipe: no waiting for him */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(sound_wav_open(&wav, path), ENOTSUP);
	assert_int_equal(sound_wav_create(&wav, path, 48000, 1), ENOTSUP);
	(void)unlink(path);
}


/* After a sync another reader has all; without close, as if killed */
static void test_written_is_readable(void **state)
{
	const int16_t v[5] = {0, 1, -1, INT16_MAX, INT16_MIN};
	struct sound_wav out, in;
	struct stat st;
	int16_t w[16];

	(void)state;

	assert_int_equal(sound_wav_create(&out, path, 48000, 1), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(sound_wav_open(&in, path), ENODATA);

	assert_int_equal(sound_wav_write(&out, v, 5), 0);
	assert_int_equal(sound_wav_silence(&out, 0), 0);
	assert_int_equal(sound_wav_silence(&out, 3), 0);
	assert_int_equal(sound_wav_sync(&out), 0);
	assert_int_equal(sound_wav_write(&out, v, 2), 0);

	assert_int_equal(sound_wav_open(&in, path), 0);
	assert_int_equal(in.srate, 48000);
	assert_int_equal(in.ch, 1);
	assert_int_equal(sound_wav_read(&in, w, 16), 8);
	assert_memory_equal(w, v, sizeof(v));
	assert_int_equal(w[5] | w[6] | w[7], 0);

	/* a loop: from the start again */
	assert_int_equal(sound_wav_read(&in, w, 1), 0);
	assert_int_equal(sound_wav_rewind(&in), 0);
	assert_int_equal(sound_wav_read(&in, w, 2), 2);
	assert_int_equal(w[1], 1);
	sound_wav_close(&in);
	sound_wav_close(&in);

	sound_wav_close(&out);
	assert_int_equal(sound_wav_open(&in, path), 0);
	assert_int_equal(in.len, 10);
	sound_wav_close(&in);
}


/* The header's lengths have 32 bits; a long silence takes no space */
static void test_limit(void **state)
{
	const int16_t v[1] = {7};
	struct sound_wav wav;
	struct stat st;

	(void)state;

	assert_int_equal(sound_wav_create(&wav, path, 48000, 1), 0);
	assert_int_equal(sound_wav_silence(&wav, UINT64_MAX), EFBIG);
	assert_int_equal(sound_wav_silence(&wav, 0x7fffff00 / 2 - 1), 0);
	assert_int_equal(sound_wav_write(&wav, v, 1), 0);
	assert_int_equal(sound_wav_write(&wav, v, 1), EFBIG);
	sound_wav_close(&wav);

	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size == 44LL + 0x7fffff00);

	assert_int_equal(sound_wav_open(&wav, path), 0);
	assert_true(wav.len == 0x7fffff00 / 2);
	sound_wav_close(&wav);
}


int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_open_errors),
		cmocka_unit_test(test_written_is_readable),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
