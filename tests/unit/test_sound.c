/**
 * @file tests/unit/test_sound.c  The driver as baresip uses it
 *
 * The functions of PortAudio are replaced by those below: devices that come
 * and go at will, and fill or empty the rings from a thread of their own at
 * the pace of the clock.
 */
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <portaudio.h>
#include <re.h>
#include <rem.h>
#include <baresip.h>
#include "app/event.h"
#include "app/log.h"
#include "modules/audio/sound.h"
#include "modules/audio/sound_mix_model.h"
#include "modules/audio/sound_wav_file.h"
#include "tests/lib/goertzel.h"

enum {
	HEAR_MAX = SOUND_SRATE * 2,     /* Samples a call keeps           */
	PATIENCE_MS = 20000,            /* Then a test has failed         */
	FACTS_MAX = 32,
	STREAMS_MAX = 4,
};

static char dir[64] = "/tmp/parkdeck-sound-XXXXXX";
static char wav_path[128];
static char log_path[128];


/* --- PortAudio as it is needed here ------------------------------------- */

struct fake_stream {
	bool used;
	bool input;
	PaStreamCallback *h;
	PaStreamFinishedCallback *finishedh;
	void *arg;
	pthread_t thread;
	bool started;
	atomic_bool stop;
	atomic_bool hang;               /* Runs, but calls nobody         */
};

static struct {
	pthread_mutex_t lock;
	atomic_bool mic, speaker;       /* Plugged in                     */
	atomic_bool refuse;             /* Devices are there, open fails  */
	atomic_bool hang_abort;         /* Closing does not come back     */
	bool seen_mic, seen_speaker;    /* When PortAudio was initialized */
	atomic_bool initialized;
	unsigned inits;
	atomic_uint open;               /* Streams                        */
	struct fake_stream streamv[STREAMS_MAX];
	unsigned mic_hz;
	int16_t heard[SOUND_SRATE / 5]; /* What the speaker played last   */
	size_t pos;
} fake = {.lock = PTHREAD_MUTEX_INITIALIZER};

static PaDeviceInfo info_mic = {
	.name = "Fake Mic", .maxInputChannels = 1,
};

static PaDeviceInfo info_speaker = {
	.name = "Fake \033[2J Speaker", .maxOutputChannels = 2,
};


PaError Pa_Initialize(void)
{
	static const char noise[] = "ALSA lib noise\n";

	(void)!write(STDERR_FILENO, noise, sizeof(noise) - 1);

	pthread_mutex_lock(&fake.lock);
	fake.seen_mic = fake.mic;
	fake.seen_speaker = fake.speaker;
	fake.initialized = true;
	++fake.inits;
	pthread_mutex_unlock(&fake.lock);

	return paNoError;
}


PaError Pa_Terminate(void)
{
	pthread_mutex_lock(&fake.lock);
	fake.initialized = false;
	pthread_mutex_unlock(&fake.lock);

	return paNoError;
}


PaDeviceIndex Pa_GetDeviceCount(void)
{
	return 2;
}


const PaDeviceInfo *Pa_GetDeviceInfo(PaDeviceIndex i)
{
	if (i == 0)
		return fake.seen_mic ? &info_mic : NULL;

	return i == 1 && fake.seen_speaker ? &info_speaker : NULL;
}


PaDeviceIndex Pa_GetDefaultInputDevice(void)
{
	return fake.seen_mic ? 0 : paNoDevice;
}


PaDeviceIndex Pa_GetDefaultOutputDevice(void)
{
	return fake.seen_speaker ? 1 : paNoDevice;
}


const char *Pa_GetErrorText(PaError err)
{
	return err == paDeviceUnavailable ? "Device unavailable" : "?";
}


const PaHostErrorInfo *Pa_GetLastHostErrorInfo(void)
{
	return NULL;
}


PaError Pa_OpenStream(PaStream **sp, const PaStreamParameters *in,
		      const PaStreamParameters *out, double srate,
		      unsigned long n, PaStreamFlags flags,
		      PaStreamCallback *h, void *arg)
{
	(void)flags;

	if (!fake.initialized || srate != SOUND_SRATE || n != 480 ||
	    !in == !out || fake.refuse)
		return paDeviceUnavailable;

	/* The list of devices may be old, the device is not there */
	if (!(in ? fake.mic : fake.speaker))
		return paDeviceUnavailable;

	for (size_t i = 0; i < STREAMS_MAX; i++) {

		struct fake_stream *s = &fake.streamv[i];

		if (s->used)
			continue;

		memset(s, 0, sizeof(*s));
		s->used = true;
		s->input = in != NULL;
		s->h = h;
		s->arg = arg;
		*sp = s;
		atomic_fetch_add(&fake.open, 1);

		return paNoError;
	}

	return paInsufficientMemory;
}


PaError Pa_SetStreamFinishedCallback(PaStream *stream,
				     PaStreamFinishedCallback *h)
{
	((struct fake_stream *)stream)->finishedh = h;

	return paNoError;
}


static void heard_put(const int16_t *v, size_t n)
{
	pthread_mutex_lock(&fake.lock);

	for (size_t i = 0; i < n; i++) {
		fake.heard[fake.pos] = v[i];
		fake.pos = (fake.pos + 1) % ARRAY_SIZE(fake.heard);
	}

	pthread_mutex_unlock(&fake.lock);
}


static void *stream_thread(void *arg)
{
	struct fake_stream *s = arg;
	struct sound_osc osc;
	struct timespec due;

	sound_osc_init(&osc, fake.mic_hz, 8000);
	(void)clock_gettime(CLOCK_MONOTONIC, &due);

	while (!s->stop && (s->input ? fake.mic : fake.speaker)) {

		int16_t v[480];

		if (s->input)
			sound_osc_read(&osc, v, ARRAY_SIZE(v));

		if (!s->hang)
			(void)s->h(s->input ? v : NULL, s->input ? NULL : v,
				   ARRAY_SIZE(v), NULL, 0, s->arg);

		if (!s->input && !s->hang)
			heard_put(v, ARRAY_SIZE(v));

		due.tv_nsec += 10 * 1000 * 1000;
		if (due.tv_nsec >= 1000 * 1000 * 1000) {
			due.tv_nsec -= 1000 * 1000 * 1000;
			++due.tv_sec;
		}
		(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due,
				      NULL);
	}

	s->finishedh(s->arg);

	return NULL;
}


PaError Pa_StartStream(PaStream *stream)
{
	struct fake_stream *s = stream;

	s->started = !pthread_create(&s->thread, NULL, stream_thread, s);

	return s->started ? paNoError : paInsufficientMemory;
}


PaError Pa_AbortStream(PaStream *stream)
{
	const struct timespec ms = {.tv_nsec = 1000000};
	struct fake_stream *s = stream;

	while (fake.hang_abort)
		(void)nanosleep(&ms, NULL);

	s->stop = true;
	if (s->started)
		(void)pthread_join(s->thread, NULL);
	s->started = false;

	return paNoError;
}


PaError Pa_CloseStream(PaStream *stream)
{
	struct fake_stream *s = stream;

	if (s->started)
		return paInternalError;

	s->used = false;
	atomic_fetch_sub(&fake.open, 1);

	return paNoError;
}


/* --- Calls -------------------------------------------------------------- */

/** What a call hears from its source, or says to its player */
struct voice {
	struct ausrc_st *src;
	struct auplay_st *play;
	uint32_t srate;
	unsigned ch;
	int fmt;
	double pos;                     /* Of the sine it says            */
	unsigned hz;
	unsigned frames;
	unsigned bad;                   /* Frames of the wrong shape      */
	unsigned until;                 /* Frames; then it ends itself    */
	size_t n;
	int16_t v[HEAR_MAX];            /* First channel                  */
};


static void frame_check(struct voice *vo, const struct auframe *af)
{
	++vo->frames;

	if (af->sampc != vo->srate / 50 * vo->ch || af->fmt != vo->fmt)
		++vo->bad;
}


static void read_handler(struct auframe *af, void *arg)
{
	struct voice *vo = arg;

	frame_check(vo, af);

	for (size_t i = 0; i < af->sampc && vo->n < HEAR_MAX; i += vo->ch) {

		if (af->fmt == AUFMT_FLOAT)
			vo->v[vo->n++] = (int16_t)
				(((float *)af->sampv)[i] * 32767.0f);
		else
			vo->v[vo->n++] = ((int16_t *)af->sampv)[i];
	}

	/* a handler may change the frame that it gets, for its call only */
	memset(af->sampv, 0x55, auframe_size(af));

	if (vo->until && vo->frames >= vo->until)
		vo->src = mem_deref(vo->src);
}


static void write_handler(struct auframe *af, void *arg)
{
	struct voice *vo = arg;

	frame_check(vo, af);

	for (size_t i = 0; i < af->sampc; i += vo->ch) {

		const double s = vo->hz ? sin(vo->pos) / 4 : 0;

		for (unsigned c = 0; c < vo->ch; c++) {
			if (af->fmt == AUFMT_FLOAT)
				((float *)af->sampv)[i + c] = (float)s;
			else
				((int16_t *)af->sampv)[i + c] =
					(int16_t)(s * 32767);
		}

		vo->pos += 2 * 3.14159265358979 * vo->hz / vo->srate;
	}

	if (vo->until && vo->frames >= vo->until)
		vo->play = mem_deref(vo->play);
}


static void voice_hear(struct voice *vo, const char *dev, uint32_t srate,
		       uint8_t ch, int fmt)
{
	struct ausrc_prm prm = {srate, ch, 20, fmt};

	vo->srate = srate;
	vo->ch = ch;
	vo->fmt = fmt;
	assert_int_equal(ausrc_alloc(&vo->src, baresip_ausrcl(), NULL,
				     "parkdeck", &prm, dev, read_handler,
				     NULL, vo), 0);
}


static void voice_say(struct voice *vo, const char *dev, uint32_t srate,
		      uint8_t ch, int fmt, unsigned hz)
{
	struct auplay_prm prm = {srate, ch, 20, fmt};

	vo->srate = srate;
	vo->ch = ch;
	vo->fmt = fmt;
	vo->hz = hz;
	assert_int_equal(auplay_alloc(&vo->play, baresip_auplayl(),
				      "parkdeck", &prm, dev, write_handler,
				      vo), 0);
}


static void voice_end(struct voice *vo)
{
	vo->src = mem_deref(vo->src);
	vo->play = mem_deref(vo->play);
}


/* Share of a frequency in the last fifth of a second */
static double voice_share(const struct voice *vo, unsigned hz)
{
	const size_t n = vo->srate / 5;

	if (vo->n < n)
		return 0;

	return goertzel_share(&vo->v[vo->n - n], n, vo->srate, hz);
}


/* --- Events and the loop ------------------------------------------------ */

static struct bus *bus;
static struct sound_fact factv[FACTS_MAX];
static unsigned factc;


static void event_handler(const struct event *ev, void *arg)
{
	(void)arg;

	if (ev->type != EVENT_SOUND)
		return;

	if (factc < FACTS_MAX)
		factv[factc] = ev->u.sound;
	++factc;
}


typedef bool (until_h)(void *arg);

struct until {
	struct tmr tmr;
	until_h *h;
	void *arg;
	uint64_t end_us;
	bool ok;
};


static void until_handler(void *arg)
{
	struct until *u = arg;

	u->ok = u->h(u->arg);

	if (u->ok || tmr_jiffies_usec() > u->end_us)
		re_cancel();
	else
		tmr_start(&u->tmr, 2, until_handler, u);
}


/* Run the loop until it is so; false: it was not within PATIENCE_MS */
static bool run_until(until_h *h, void *arg)
{
	struct until u = {.h = h, .arg = arg};

	u.end_us = tmr_jiffies_usec() + PATIENCE_MS * 1000ULL;
	tmr_init(&u.tmr);
	tmr_start(&u.tmr, 0, until_handler, &u);
	(void)re_main(NULL);
	tmr_cancel(&u.tmr);

	return u.ok;
}


static bool frames_20(void *arg)
{
	return ((struct voice *)arg)->frames >= 20;
}


static bool frames_more(void *arg)
{
	struct voice *vo = arg;

	return vo->n >= HEAR_MAX || vo->frames >= 60;
}


static bool facts_are(void *arg)
{
	return factc >= *(unsigned *)arg;
}


static void expect_fact(unsigned n, bool ok, const char *text)
{
	if (!run_until(facts_are, &n))
		fail_msg("expected fact %u '%s', there are %u", n, text,
			 factc);

	if (factv[n - 1].ok != ok || strcmp(factv[n - 1].text, text))
		fail_msg("fact %u: expected %s '%s', got %s '%s'", n,
			 ok ? "ok" : "not ok", text,
			 factv[n - 1].ok ? "ok" : "not ok",
			 factv[n - 1].text);
}


static bool inits_are(void *arg)
{
	bool is;

	pthread_mutex_lock(&fake.lock);
	is = fake.inits >= *(unsigned *)arg;
	pthread_mutex_unlock(&fake.lock);

	return is;
}


static bool streams_are(void *arg)
{
	return fake.open == *(unsigned *)arg;
}


static bool mic_heard(void *arg)
{
	return voice_share(arg, fake.mic_hz) > 0.9;
}


static bool played(void *arg)
{
	int16_t v[ARRAY_SIZE(fake.heard)];
	size_t first;

	pthread_mutex_lock(&fake.lock);
	first = ARRAY_SIZE(v) - fake.pos;
	memcpy(v, &fake.heard[fake.pos], first * sizeof(*v));
	memcpy(v + first, fake.heard, fake.pos * sizeof(*v));
	pthread_mutex_unlock(&fake.lock);

	return goertzel_share(v, ARRAY_SIZE(v), SOUND_SRATE,
			      *(unsigned *)arg) > 0.9;
}


/* --- Set-up ------------------------------------------------------------- */

static int group_setup(void **state)
{
	(void)state;

	if (!mkdtemp(dir))
		return -1;

	(void)snprintf(wav_path, sizeof(wav_path), "%s/a.wav", dir);
	(void)snprintf(log_path, sizeof(log_path), "%s/log", dir);

	log_enable_stdout(false);

	return libre_init() || applog_open(log_path, APPLOG_DEBUG);
}


static int group_teardown(void **state)
{
	(void)state;
	applog_close();
	libre_close();
	(void)unlink(wav_path);
	(void)unlink(log_path);

	return rmdir(dir);
}


static int setup(void **state)
{
	const struct sound_times t = {
		.idle_ms = 100, .retry_ms = 50, .hang_ms = PATIENCE_MS,
	};

	(void)state;

	fake.mic = fake.speaker = true;
	fake.refuse = fake.hang_abort = false;
	fake.inits = 0;
	fake.mic_hz = 1000;
	factc = 0;
	memset(factv, 0, sizeof(factv));
	sound_set_times(&t);

	return bus_alloc(&bus) || bus_listen(bus, event_handler, NULL);
}


/* Nothing of the driver is left, whatever the test did */
static int teardown(void **state)
{
	(void)state;
	sound_close();
	bus_unlisten(bus, event_handler, NULL);
	bus = mem_deref(bus);

	if (fake.open || fake.initialized || baresip_ausrcl()->head ||
	    baresip_auplayl()->head)
		return -1;

	return 0;
}


/* --- Tests -------------------------------------------------------------- */

static void test_device_strings(void **state)
{
	static const struct {
		const char *source;
		const char *player;
		int err;
		bool ok;
		const char *text;
	} rowv[] = {
		{"none", "none", 0, true,
		 "microphone: none, speaker: none"},
		{"tone,440", "none", 0, true,
		 "microphone: tone of 440 Hz, speaker: none"},
		{"portaudio", "portaudio", 0, true,
		 "microphone: Fake Mic, speaker: Fake  [2J Speaker"},
		{"portaudio,mic", "none", 0, true,
		 "microphone: Fake Mic, speaker: none"},
		{"portaudio,Headset", "none", 0, false,
		 "no microphone: the other side hears nothing "
		 "(no device 'Headset')"},
		{"portaudio,mic", "portaudio,Fake Mic", 0, false,
		 "no speaker: calls and the bell are not heard "
		 "(no device 'Fake Mic')"},
		{"wav,/nonexistent/a.wav", "none", 0, false,
		 "no microphone: the other side hears nothing "
		 "(/nonexistent/a.wav: No such file or directory)"},
		{"none", "wav,/nonexistent/a.wav", 0, false,
		 "no speaker: calls and the bell are not heard "
		 "(/nonexistent/a.wav: No such file or directory)"},
		{"alsa", "none", EINVAL, false,
		 "no microphone: the other side hears nothing "
		 "(audio_source alsa is no device)"},
		{"none", "tone,440", EINVAL, false,
		 "no speaker: calls and the bell are not heard "
		 "(audio_player tone,440 is no device)"},
		{"tone,19", "none", EINVAL, false, NULL},
		{"tone,20001", "none", EINVAL, false, NULL},
		{"tone,44x", "none", EINVAL, false, NULL},
		{"tone,-44", "none", EINVAL, false, NULL},
		{"tone,99999999999999", "none", EINVAL, false, NULL},
		{"tone,", "none", EINVAL, false, NULL},
		{"tone", "none", EINVAL, false, NULL},
		{"wav", "none", EINVAL, false, NULL},
		{"wav,", "none", EINVAL, false, NULL},
		{"none,", "none", EINVAL, false, NULL},
		{"portaudio,", "none", EINVAL, false, NULL},
		{"portaudio2", "none", EINVAL, false, NULL},
		{"", "none", EINVAL, false, NULL},
		{NULL, "none", EINVAL, false, NULL},
		{"alsa", "", EINVAL, false,
		 "no sound device: calls go on silently "
		 "(audio_player  is no device)"},
	};

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(rowv); i++) {

		unsigned one = 1;
		int err;

		factc = 0;
		err = sound_init(bus, rowv[i].source, rowv[i].player);
		if (err != rowv[i].err)
			fail_msg("row %zu: expected error %d, got %d", i,
				 rowv[i].err, err);

		/* also a wrong string leaves a driver, a silent one */
		assert_int_equal(sound_init(bus, "none", "none"), EALREADY);
		assert_non_null(ausrc_find(baresip_ausrcl(), "parkdeck"));
		assert_non_null(auplay_find(baresip_auplayl(), "parkdeck"));

		if (!run_until(facts_are, &one))
			fail_msg("row %zu: nothing was told", i);
		if (factv[0].ok != rowv[i].ok ||
		    (rowv[i].text && strcmp(factv[0].text, rowv[i].text)))
			fail_msg("row %zu: expected '%s', got '%s'", i,
				 rowv[i].text ? rowv[i].text : "not ok",
				 factv[0].text);

		sound_close();
		sound_close();
	}
}


/* Every codec's format gets the source's tone, in frames of 20 ms */
static void test_source_formats(void **state)
{
	static const struct {
		uint32_t srate;
		uint8_t ch;
		int fmt;
		double share_min;         /* 0: silence */
	} rowv[] = {
		{ 8000, 1, AUFMT_S16LE, 0.95},
		{16000, 1, AUFMT_S16LE, 0.95},
		{24000, 1, AUFMT_S16LE, 0.95},
		{48000, 1, AUFMT_S16LE, 0.95},
		{48000, 2, AUFMT_S16LE, 0.95},
		{ 8000, 2, AUFMT_S16LE, 0.95},
		{ 8000, 1, AUFMT_FLOAT, 0.95},
		{44100, 1, AUFMT_S16LE, 0},
		{96000, 1, AUFMT_S16LE, 0},
		{48000, 6, AUFMT_S16LE, 0},
	};
	struct voice *vov = calloc(ARRAY_SIZE(rowv), sizeof(*vov));
	struct ausrc_prm prm = {0, 1, 20, AUFMT_S16LE};
	struct ausrc_st *st = NULL;

	(void)state;
	assert_non_null(vov);
	assert_int_equal(sound_init(bus, "tone,600", "none"), 0);

	for (size_t i = 0; i < ARRAY_SIZE(rowv); i++)
		voice_hear(&vov[i], "call-1", rowv[i].srate, rowv[i].ch,
			   rowv[i].fmt);

	assert_int_equal(ausrc_alloc(&st, baresip_ausrcl(), NULL, "parkdeck",
				     &prm, "", read_handler, NULL, NULL),
			 EINVAL);
	assert_true(run_until(frames_20, &vov[ARRAY_SIZE(rowv) - 1]));

	for (size_t i = 0; i < ARRAY_SIZE(rowv); i++) {

		const struct voice *vo = &vov[i];
		const double share = voice_share(vo, 600);

		if (vo->bad || vo->frames < 20)
			fail_msg("row %zu: %u frames, %u of wrong shape", i,
				 vo->frames, vo->bad);
		if (share < rowv[i].share_min ||
		    (rowv[i].share_min <= 0 && sound_peak(vo->v, vo->n)))
			fail_msg("row %zu: expected a share of %.2f at "
				 "600 Hz, got %.2f", i, rowv[i].share_min,
				 share);
		voice_end(&vov[i]);
	}

	free(vov);
}


/* 50 frames a second, neither more nor fewer; none without a call */
static void test_pace(void **state)
{
	struct voice *vo = calloc(1, sizeof(*vo));
	uint64_t start_us, took_us;

	(void)state;
	assert_non_null(vo);
	assert_int_equal(sound_init(bus, "tone,600", "none"), 0);

	voice_hear(vo, "call-1", 8000, 1, AUFMT_S16LE);
	start_us = tmr_jiffies_usec();
	assert_true(run_until(frames_more, vo));
	took_us = tmr_jiffies_usec() - start_us;
	voice_end(vo);

	/* never early; how late depends on the machine's load */
	assert_in_range(took_us, 59 * 20000 - 5000, 3000000);

	free(vo);
}


static double wav_share(double from_s, double to_s, unsigned hz)
{
	static int16_t v[SOUND_SRATE * 10];
	struct sound_wav wav;
	size_t n, from;

	assert_int_equal(sound_wav_open(&wav, wav_path), 0);
	assert_int_equal(wav.srate, SOUND_SRATE);
	assert_int_equal(wav.ch, 1);
	n = sound_wav_read(&wav, v, ARRAY_SIZE(v));
	sound_wav_close(&wav);

	from = (size_t)(from_s * SOUND_SRATE);
	assert_true(n >= (size_t)(to_s * SOUND_SRATE));

	return goertzel_share(&v[from],
			      (size_t)((to_s - from_s) * SOUND_SRATE),
			      SOUND_SRATE, hz);
}


static size_t wav_len(void)
{
	struct sound_wav wav;
	size_t n;

	if (sound_wav_open(&wav, wav_path))
		return 0;

	n = (size_t)wav.len;
	sound_wav_close(&wav);

	return n;
}


static bool wav_longer(void *arg)
{
	return wav_len() >= *(size_t *)arg;
}


/* Where the recording is now, and after 0.4 s more of it */
static void record(double *from, double *to)
{
	size_t now = wav_len(), then;

	then = now + SOUND_SRATE * 4 / 10;
	assert_true(run_until(wav_longer, &then));

	*from = (double)now / SOUND_SRATE;
	*to = (double)then / SOUND_SRATE;
}


/* Two calls in different formats are heard together; one in the background
 * is not; the tones are heard over them */
static void test_mix_and_background(void **state)
{
	static const struct {
		bool back1, back2;
		enum sound_tone tone;
		/* Least and largest share of each */
		double min1, max1, min2, max2, tone_min, tone_max;
	} rowv[] = {
		{false, false, SOUND_TONE_NONE,     .4, .6,  .4, .6,  0, .01},
		{true,  false, SOUND_TONE_NONE,      0, .01, .9, 1,   0, .01},
		{false, true,  SOUND_TONE_NONE,     .9, 1,   0, .01,  0, .01},
		{true,  true,  SOUND_TONE_RINGBACK,  0, .01, 0, .01, .9, 1},
		{true,  true,  SOUND_TONE_NONE,      0,  0,   0,  0,  0,  0},
		{false, false, SOUND_TONE_RINGBACK, .3, .6,  .3, .6, .1, .3},
	};
	struct voice *v1 = calloc(1, sizeof(*v1));
	struct voice *v2 = calloc(1, sizeof(*v2));
	char player[160];

	(void)state;
	assert_non_null(v1);
	assert_non_null(v2);

	(void)snprintf(player, sizeof(player), "wav,%s", wav_path);
	assert_int_equal(sound_init(bus, "none", player), 0);

	voice_say(v1, "call-1", 48000, 2, AUFMT_S16LE, 700);
	voice_say(v2, "call-2", 8000, 1, AUFMT_FLOAT, 1900);

	for (size_t i = 0; i < ARRAY_SIZE(rowv); i++) {

		double from, to, s1, s2, st;

		sound_set_background("call-1", rowv[i].back1);
		sound_set_background("call-2", rowv[i].back2);
		sound_set_tone(rowv[i].tone);

		/* what was under way at the change is not looked at */
		record(&from, &to);
		record(&from, &to);

		s1 = wav_share(from, to, 700);
		s2 = wav_share(from, to, 1900);
		st = wav_share(from, to, 425); /* 1 s of it */

		if (s1 < rowv[i].min1 || s1 > rowv[i].max1 ||
		    s2 < rowv[i].min2 || s2 > rowv[i].max2 ||
		    st < rowv[i].tone_min || st > rowv[i].tone_max)
			fail_msg("row %zu: shares of calls %.3f, %.3f and "
				 "tone %.3f", i, s1, s2, st);
	}

	assert_int_equal(v1->bad + v2->bad, 0);
	voice_end(v1);
	voice_end(v2);
	free(v1);
	free(v2);
}


/* A call in the background sends silence, also when its source is anew; the
 * other one is not changed by what the first one's handler does */
static void test_background_source(void **state)
{
	struct voice *v1 = calloc(1, sizeof(*v1));
	struct voice *v2 = calloc(1, sizeof(*v2));

	(void)state;
	assert_non_null(v1);
	assert_non_null(v2);
	assert_int_equal(sound_init(bus, "tone,600", "none"), 0);

	sound_set_background("call-1", true);
	voice_hear(v1, "call-1", 8000, 1, AUFMT_S16LE);
	voice_hear(v2, "call-2", 8000, 1, AUFMT_S16LE);
	assert_true(run_until(frames_20, v2));
	assert_int_equal(sound_peak(v1->v, v1->n), 0);
	assert_true(voice_share(v2, 600) > 0.95);

	/* hold and resume */
	voice_end(v1);
	v1->frames = 0;
	v1->n = 0;
	voice_hear(v1, "call-1", 16000, 1, AUFMT_S16LE);
	assert_true(run_until(frames_20, v1));
	assert_int_equal(sound_peak(v1->v, v1->n), 0);

	sound_set_background("call-1", false);
	v1->frames = 0;
	v1->n = 0;
	assert_true(run_until(frames_20, v1));
	assert_true(voice_share(v1, 600) > 0.95);

	voice_end(v1);
	voice_end(v2);

	/* forgotten names do not fill the table up */
	for (unsigned i = 0; i < 3 * CALLS_MAX; i++) {

		char dev[32];

		(void)snprintf(dev, sizeof(dev), "call-%u", 100 + i);
		sound_set_background(dev, true);
	}
	v1->frames = 0;
	v1->n = 0;
	sound_set_background("call-9", true);
	voice_hear(v1, "call-9", 8000, 1, AUFMT_S16LE);
	assert_true(run_until(frames_20, v1));
	assert_int_equal(sound_peak(v1->v, v1->n), 0);

	voice_end(v1);
	free(v1);
	free(v2);
}


/* A source file is played in a loop, whatever its format */
static void test_wav_source(void **state)
{
	static const struct {
		uint32_t srate;
		unsigned ch;
	} rowv[] = {
		{8000, 1}, {16000, 2}, {48000, 1}, {48000, 2},
	};
	struct voice *vo = calloc(1, sizeof(*vo));
	char source[160];

	(void)state;
	assert_non_null(vo);
	(void)snprintf(source, sizeof(source), "wav,%s", wav_path);

	for (size_t i = 0; i < ARRAY_SIZE(rowv); i++) {

		struct sound_wav wav;

		/* 0.1 s: 50 periods of 500 Hz, so that the loop fits */
		assert_int_equal(sound_wav_create(&wav, wav_path,
						  rowv[i].srate, rowv[i].ch),
				 0);
		for (size_t k = 0; k < rowv[i].srate / 10 * rowv[i].ch; k++) {

			const int16_t s = (int16_t)(8000 * sin(
				2 * 3.14159265358979 * 500 *
				(double)(k / rowv[i].ch) / rowv[i].srate));

			assert_int_equal(sound_wav_write(&wav, &s, 1), 0);
		}
		sound_wav_close(&wav);

		memset(vo, 0, sizeof(*vo));
		assert_int_equal(sound_init(bus, source, "none"), 0);
		voice_hear(vo, "call-1", 16000, 1, AUFMT_S16LE);
		assert_true(run_until(frames_20, vo));
		if (voice_share(vo, 500) < 0.95)
			fail_msg("row %zu: expected 500 Hz, its share is "
				 "%.2f", i, voice_share(vo, 500));
		voice_end(vo);
		sound_close();
	}

	free(vo);
}


/* The recording runs in real time also while there is nothing to hear */
static void test_recording_gap(void **state)
{
	struct voice *vo = calloc(1, sizeof(*vo));
	char player[160];
	size_t before, after, n = SOUND_SRATE / 2;
	uint64_t t0, t1;
	unsigned none = 0;

	(void)state;
	assert_non_null(vo);
	(void)snprintf(player, sizeof(player), "wav,%s", wav_path);
	assert_int_equal(sound_init(bus, "portaudio", player), 0);

	voice_say(vo, "call-1", 8000, 1, AUFMT_S16LE, 700);
	assert_true(run_until(wav_longer, &n));
	voice_end(vo);
	before = wav_len();
	t0 = tmr_jiffies_usec();

	/* something of known length: the devices are closed when idle */
	assert_true(run_until(streams_are, &none));

	t1 = tmr_jiffies_usec();
	vo->frames = 0;
	voice_say(vo, "call-1", 8000, 1, AUFMT_S16LE, 700);
	assert_true(run_until(frames_20, vo));
	after = wav_len();

	/* up to 10 frames are not in the header yet */
	assert_in_range(after - before,
			(t1 - t0) * 48 / 1000 + 18 * SOUND_FRAME,
			(t1 - t0) * 48 / 1000 + 200 * SOUND_FRAME);

	voice_end(vo);
	free(vo);
}


/* Handlers that end their own call in mid-tick */
static void test_handler_ends_call(void **state)
{
	struct voice *vov = calloc(4, sizeof(*vov));

	(void)state;
	assert_non_null(vov);
	assert_int_equal(sound_init(bus, "tone,600", "none"), 0);

	for (unsigned i = 0; i < 3; i++) {
		vov[i].until = 2 + i;
		if (i & 1)
			voice_say(&vov[i], "call", 8000, 1, AUFMT_S16LE, 700);
		else
			voice_hear(&vov[i], "call", 8000, 1, AUFMT_S16LE);
	}

	voice_hear(&vov[3], "call", 8000, 1, AUFMT_S16LE);
	assert_true(run_until(frames_20, &vov[3]));

	for (unsigned i = 0; i < 3; i++) {
		assert_null(vov[i].src);
		assert_null(vov[i].play);
		assert_int_equal(vov[i].frames, 2 + i);
	}

	voice_end(&vov[3]);
	free(vov);
}


/* Calls that outlive the driver are not called any more, and end well */
static void test_close_with_calls(void **state)
{
	struct voice *v1 = calloc(1, sizeof(*v1));

	(void)state;
	assert_non_null(v1);
	assert_int_equal(sound_init(bus, "portaudio", "portaudio"), 0);
	voice_hear(v1, "call-1", 8000, 1, AUFMT_S16LE);
	voice_say(v1, "call-1", 8000, 1, AUFMT_S16LE, 0);
	assert_true(run_until(frames_20, v1));

	sound_close();
	sound_set_tone(SOUND_TONE_RING);
	sound_set_background("call-1", true);
	voice_end(v1);
	free(v1);
}


/* --- Devices ------------------------------------------------------------ */

static const char ok_text[] =
	"microphone: Fake Mic, speaker: Fake  [2J Speaker";


/* Opened by the first call, shared, closed some time after the last */
static void test_device_use(void **state)
{
	struct voice *v1 = calloc(1, sizeof(*v1));
	struct voice *v2 = calloc(1, sizeof(*v2));
	unsigned hz = 700, two = 2, none = 0;

	(void)state;
	assert_non_null(v1);
	assert_non_null(v2);
	assert_int_equal(sound_init(bus, "portaudio", "portaudio"), 0);
	expect_fact(1, true, ok_text);
	assert_int_equal(fake.open, 0);

	voice_hear(v1, "call-1", 48000, 1, AUFMT_S16LE);
	voice_say(v1, "call-1", 48000, 1, AUFMT_S16LE, 700);
	voice_hear(v2, "call-2", 8000, 1, AUFMT_S16LE);
	assert_true(run_until(streams_are, &two));
	assert_true(run_until(mic_heard, v1));
	assert_true(run_until(played, &hz));
	assert_true(voice_share(v2, 1000) > 0.9);

	voice_end(v1);
	voice_end(v2);
	assert_true(run_until(streams_are, &none));

	/* a bell without a call */
	hz = 425;
	sound_set_tone(SOUND_TONE_RINGBACK);
	assert_true(run_until(played, &hz));
	sound_set_tone(SOUND_TONE_NONE);
	assert_true(run_until(streams_are, &none));

	assert_int_equal(fake.inits, 1);
	assert_int_equal(factc, 1);

	free(v1);
	free(v2);
}


/* No device: frames go on, it is told once; plugged in: it is used */
static void test_device_missing(void **state)
{
	struct voice *vo = calloc(1, sizeof(*vo));
	unsigned four = 4;

	(void)state;
	assert_non_null(vo);
	fake.mic = fake.speaker = false;
	assert_int_equal(sound_init(bus, "portaudio", "portaudio"), 0);
	expect_fact(1, false, "no sound device: calls go on silently "
		    "(the system has no device)");

	voice_hear(vo, "call-1", 48000, 1, AUFMT_S16LE);
	assert_true(run_until(frames_20, vo));
	assert_int_equal(sound_peak(vo->v, vo->n), 0);
	assert_true(run_until(inits_are, &four));
	assert_int_equal(factc, 1);

	vo->n = 0;
	fake.mic = fake.speaker = true;
	expect_fact(2, true, ok_text);
	assert_true(run_until(mic_heard, vo));

	voice_end(vo);
	free(vo);
}


/* Half of it missing: the other half goes on without a gap */
static void test_device_half(void **state)
{
	struct voice *vo = calloc(1, sizeof(*vo));
	unsigned hz = 700, inits;

	(void)state;
	assert_non_null(vo);
	fake.mic = false;
	assert_int_equal(sound_init(bus, "portaudio", "portaudio"), 0);
	expect_fact(1, false, "no microphone: the other side hears nothing "
		    "(the system has no device)");

	voice_say(vo, "call-1", 48000, 1, AUFMT_S16LE, 700);
	assert_true(run_until(played, &hz));
	inits = fake.inits;
	vo->frames = 0;
	assert_true(run_until(frames_20, vo));
	assert_int_equal(fake.inits, inits);
	assert_int_equal(fake.open, 1);

	voice_end(vo);
	free(vo);
}


static void test_device_refused(void **state)
{
	struct voice *vo = calloc(1, sizeof(*vo));

	(void)state;
	assert_non_null(vo);
	fake.refuse = true;
	assert_int_equal(sound_init(bus, "portaudio", "portaudio"), 0);
	expect_fact(1, true, ok_text);

	voice_hear(vo, "call-1", 48000, 1, AUFMT_S16LE);
	expect_fact(2, false, "no sound device: calls go on silently "
		    "(Device unavailable)");
	fake.refuse = false;
	expect_fact(3, true, ok_text);
	assert_true(run_until(mic_heard, vo));

	voice_end(vo);
	free(vo);
}


/* Unplugged in a call, by both ways in which it is noticed, and back */
static void test_device_lost(void **state)
{
	struct voice *vo = calloc(1, sizeof(*vo));

	(void)state;
	assert_non_null(vo);
	assert_int_equal(sound_init(bus, "portaudio", "portaudio"), 0);
	expect_fact(1, true, ok_text);

	voice_hear(vo, "call-1", 48000, 1, AUFMT_S16LE);
	assert_true(run_until(mic_heard, vo));

	fake.mic = false;
	expect_fact(2, false, "no microphone: the other side hears nothing "
		    "(Fake Mic was lost)");
	expect_fact(3, false, "no microphone: the other side hears nothing "
		    "(Device unavailable)");

	vo->frames = 0;
	vo->n = 0;
	assert_true(run_until(frames_20, vo));
	assert_int_equal(sound_peak(vo->v, vo->n), 0);

	fake.mic = true;
	expect_fact(4, true, ok_text);
	vo->n = 0;
	assert_true(run_until(mic_heard, vo));

	/* a driver that hangs without a word */
	for (size_t i = 0; i < STREAMS_MAX; i++) {
		if (fake.streamv[i].used && !fake.streamv[i].input)
			fake.streamv[i].hang = true;
	}
	expect_fact(5, false, "no speaker: calls and the bell are not heard "
		    "(Fake  [2J Speaker was lost)");
	expect_fact(6, true, ok_text);

	voice_end(vo);
	free(vo);
}


static bool is_ended(void *arg)
{
	(void)arg;

	return !fake.open && !fake.initialized;
}


/* PortAudio does not come back: calls and program go on, and end */
static void test_device_hangs(void **state)
{
	const struct sound_times t = {.retry_ms = 50, .hang_ms = 200};
	struct voice *vo = calloc(1, sizeof(*vo));

	(void)state;
	assert_non_null(vo);
	assert_int_equal(sound_init(bus, "portaudio", "portaudio"), 0);
	expect_fact(1, true, ok_text);
	voice_hear(vo, "call-1", 48000, 1, AUFMT_S16LE);
	assert_true(run_until(mic_heard, vo));

	sound_set_times(&t);
	fake.hang_abort = true;
	fake.mic = false;
	expect_fact(2, false, "no microphone: the other side hears nothing "
		    "(Fake Mic was lost)");
	expect_fact(3, false, "no sound device: calls go on silently "
		    "(the sound system does not answer)");
	vo->frames = 0;
	assert_true(run_until(frames_20, vo));

	/* it comes back after all */
	fake.mic = true;
	fake.hang_abort = false;
	expect_fact(4, true, ok_text);

	/* it does not, and the program ends */
	fake.hang_abort = true;
	fake.mic = false;
	expect_fact(5, false, "no microphone: the other side hears nothing "
		    "(Fake Mic was lost)");
	voice_end(vo);
	sound_close();
	assert_int_equal(fake.open, 2);

	fake.hang_abort = false;
	assert_true(run_until(is_ended, NULL));
	free(vo);
}


/* The back ends' chatter does not reach the terminal; ours would */
static void test_stderr_silent(void **state)
{
	char path[160], buf[256] = "";
	int saved, fd;
	ssize_t n;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/stderr", dir);

	saved = dup(STDERR_FILENO);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(saved >= 0 && fd >= 0);
	assert_true(dup2(fd, STDERR_FILENO) == STDERR_FILENO);

	if (!sound_init(bus, "portaudio", "portaudio")) {
		unsigned one = 1;

		(void)run_until(facts_are, &one);
	}
	sound_close();

	(void)!write(STDERR_FILENO, "ours", 4);
	(void)dup2(saved, STDERR_FILENO);
	(void)close(saved);

	n = pread(fd, buf, sizeof(buf) - 1, 0);
	(void)close(fd);
	(void)unlink(path);

	assert_int_equal(fake.inits, 1);
	assert_int_equal(n, 4);
	assert_string_equal(buf, "ours");
}


#define UNIT(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_device_strings),
		UNIT(test_source_formats),
		UNIT(test_pace),
		UNIT(test_mix_and_background),
		UNIT(test_background_source),
		UNIT(test_wav_source),
		UNIT(test_recording_gap),
		UNIT(test_handler_ends_call),
		UNIT(test_close_with_calls),
		UNIT(test_device_use),
		UNIT(test_device_missing),
		UNIT(test_device_half),
		UNIT(test_device_refused),
		UNIT(test_device_lost),
		UNIT(test_device_hangs),
		UNIT(test_stderr_silent),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
