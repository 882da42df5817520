/**
 * @file modules/audio/sound_pa.c  The sound devices, by PortAudio
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include <portaudio.h>
#include "sound_mix_model.h"
#include "sound_pa.h"

enum {
	PORTION = SOUND_SRATE / 100,  /* Samples a callback: 10 ms */
	WAIT_MS = 2,
};

/* Of a job. Who comes second, thread or loop, cleans up. */
enum progress {
	WORKING = 0,
	DONE,                         /* The thread may be joined      */
	LEFT,                         /* The loop does not want it any
					 more: the thread frees all    */
};

/* Asked of the device [s]. Less makes sound servers stumble; more is heard
 * as a delay in every call. */
static const double latency = 0.040;


/* --- Callbacks, in PortAudio's thread: only the ring and the counters --- */

static int in_handler(const void *input, void *output, unsigned long n,
		      const PaStreamCallbackTimeInfo *ti,
		      PaStreamCallbackFlags flags, void *arg)
{
	struct sound_pa_end *end = arg;

	(void)output;
	(void)ti;
	(void)flags;

	/* A full ring means that nobody listens: the rest is dropped */
	if (input)
		(void)sound_ring_push(&end->ring, input, n);

	atomic_fetch_add_explicit(&end->beats, 1, memory_order_relaxed);

	return paContinue;
}


static int out_handler(const void *input, void *output, unsigned long n,
		       const PaStreamCallbackTimeInfo *ti,
		       PaStreamCallbackFlags flags, void *arg)
{
	struct sound_pa_end *end = arg;
	int16_t *v = output;
	size_t got;

	(void)input;
	(void)ti;
	(void)flags;

	got = sound_ring_pop(&end->ring, v, n);
	if (got < n) {
		memset(v + got, 0, (n - got) * sizeof(*v));
		atomic_fetch_add_explicit(&end->starved, 1,
					  memory_order_relaxed);
	}

	atomic_fetch_add_explicit(&end->beats, 1, memory_order_relaxed);

	return paContinue;
}


static void finished_handler(void *arg)
{
	struct sound_pa_end *end = arg;

	atomic_store(&end->finished, true);
}


/* --- In the job's thread ------------------------------------------------ */

/*
 * PortAudio's back ends (ALSA, JACK) write dozens of lines to standard
 * error, over the screen of a terminal program. There is no switch for all
 * of them, so the descriptor points elsewhere while they work.
 *
 * Returns what is to be given to stderr_restore()
 */
static int stderr_silence(void)
{
	int saved, null;

	saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (saved < 0)
		return -1;

	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null < 0) {
		(void)close(saved);
		return -1;
	}

	(void)fflush(stderr);
	(void)dup2(null, STDERR_FILENO);
	(void)close(null);

	return saved;
}


/* By the thread, or by the loop when the thread hangs */
static void stderr_restore(struct sound_pa *pa)
{
	const int saved = atomic_exchange(&pa->saved, -1);

	if (saved < 0)
		return;

	(void)fflush(stderr);
	(void)dup2(saved, STDERR_FILENO);
	(void)close(saved);
}


/* Names come from drivers and hot-plugged hardware: no control bytes */
static void copy_clean(char *dst, size_t sz, const char *src)
{
	size_t i;

	for (i = 0; src && src[i] && i + 1 < sz; i++)
		dst[i] = iscntrl((unsigned char)src[i]) ? ' ' : src[i];

	/* not through the middle of a UTF-8 character */
	if (src && src[i]) {
		while (i && ((unsigned char)src[i] & 0xc0) == 0x80)
			--i;
	}

	dst[i] = '\0';
}


static void end_reason(struct sound_pa_end *end, PaError err)
{
	const PaHostErrorInfo *info = NULL;

	if (err == paUnanticipatedHostError)
		info = Pa_GetLastHostErrorInfo();

	copy_clean(end->reason, sizeof(end->reason),
		   info && info->errorText && info->errorText[0] ?
		   info->errorText : Pa_GetErrorText(err));
}


static bool dir_usable(const PaDeviceInfo *info, enum sound_pa_dir dir)
{
	if (!info || !info->name)
		return false;

	return (dir == SOUND_PA_IN ? info->maxInputChannels
				   : info->maxOutputChannels) > 0;
}


static bool name_has(const char *name, const char *part)
{
	const size_t len = strlen(part);

	for (; *name; name++) {
		if (!strncasecmp(name, part, len))
			return true;
	}

	return false;
}


/* The device of that name, else the first whose name has it as a part */
static PaDeviceIndex device_find(const char *want, enum sound_pa_dir dir)
{
	PaDeviceIndex found = paNoDevice;

	if (!want[0])
		return dir == SOUND_PA_IN ? Pa_GetDefaultInputDevice()
					  : Pa_GetDefaultOutputDevice();

	for (PaDeviceIndex i = 0; i < Pa_GetDeviceCount(); i++) {

		const PaDeviceInfo *info = Pa_GetDeviceInfo(i);

		if (!dir_usable(info, dir))
			continue;

		if (!strcmp(info->name, want))
			return i;

		if (found == paNoDevice && name_has(info->name, want))
			found = i;
	}

	return found;
}


static PaDeviceIndex end_find(struct sound_pa_end *end, enum sound_pa_dir dir)
{
	PaDeviceIndex idx = device_find(end->want, dir);
	const PaDeviceInfo *info = NULL;

	if (idx != paNoDevice)
		info = Pa_GetDeviceInfo(idx);

	end->found = dir_usable(info, dir);
	if (!end->found) {
		end->name[0] = '\0';
		if (end->want[0])
			(void)snprintf(end->reason, sizeof(end->reason),
				       "no device '%s'", end->want);
		else
			(void)snprintf(end->reason, sizeof(end->reason),
				       "the system has no device");
		return paNoDevice;
	}

	copy_clean(end->name, sizeof(end->name), info->name);
	end->reason[0] = '\0';

	return idx;
}


static void end_close(struct sound_pa_end *end)
{
	if (end->stream) {
		(void)Pa_AbortStream(end->stream);
		(void)Pa_CloseStream(end->stream);
		end->stream = NULL;
	}

	end->open = false;
	end->lost = false;
}


static void end_open(struct sound_pa_end *end, enum sound_pa_dir dir)
{
	const bool in = dir == SOUND_PA_IN;
	PaStreamParameters prm;
	PaDeviceIndex idx;
	double low;
	PaError err;

	idx = end_find(end, dir);
	if (idx == paNoDevice)
		return;

	low = in ? Pa_GetDeviceInfo(idx)->defaultLowInputLatency
		 : Pa_GetDeviceInfo(idx)->defaultLowOutputLatency;

	memset(&prm, 0, sizeof(prm));
	prm.device           = idx;
	prm.channelCount     = 1;
	prm.sampleFormat     = paInt16;
	prm.suggestedLatency = low > latency ? low : latency;

	/* No callback runs yet */
	sound_ring_init(&end->ring);
	atomic_store(&end->finished, false);

	err = Pa_OpenStream(&end->stream, in ? &prm : NULL, in ? NULL : &prm,
			    SOUND_SRATE, PORTION, paNoFlag,
			    in ? in_handler : out_handler, end);
	if (err != paNoError) {
		end->stream = NULL;
		goto out;
	}

	err = Pa_SetStreamFinishedCallback(end->stream, finished_handler);
	if (err != paNoError)
		goto out;

	err = Pa_StartStream(end->stream);

 out:
	if (err != paNoError) {
		end_reason(end, err);
		end_close(end);
	}
	else {
		end->open = true;
	}
}


static void pa_end(struct sound_pa *pa)
{
	for (unsigned d = 0; d < SOUND_PA_DIRS; d++)
		end_close(&pa->endv[d]);

	if (pa->running)
		(void)Pa_Terminate();

	pa->running = false;
}


static bool pa_begin(struct sound_pa *pa)
{
	PaError err;

	if (pa->running)
		return true;

	err = Pa_Initialize();
	pa->running = err == paNoError;

	for (unsigned d = 0; d < SOUND_PA_DIRS && !pa->running; d++) {
		pa->endv[d].found = false;
		end_reason(&pa->endv[d], err);
	}

	return pa->running;
}


static void probe(struct sound_pa *pa)
{
	if (!pa_begin(pa))
		return;

	for (unsigned d = 0; d < SOUND_PA_DIRS; d++) {
		if (pa->endv[d].used && !pa->endv[d].open)
			(void)end_find(&pa->endv[d], d);
	}
}


/* Returns false if no stream runs, though one should */
static bool open_missing(struct sound_pa *pa)
{
	bool open = false, failed = false;

	for (unsigned d = 0; d < SOUND_PA_DIRS; d++) {

		struct sound_pa_end *end = &pa->endv[d];

		if (!end->used)
			continue;

		if (!end->open)
			end_open(end, d);

		if (end->open)
			open = true;
		else
			failed = true;
	}

	return open || !failed;
}


static void open_all(struct sound_pa *pa)
{
	const bool old = pa->running;

	for (unsigned d = 0; d < SOUND_PA_DIRS; d++) {
		if (pa->endv[d].lost)
			end_close(&pa->endv[d]);
	}

	if (!pa_begin(pa) || open_missing(pa) || !old)
		return;

	/* PortAudio lists what was plugged in when it began. Never begin
	 * anew under a stream that runs: it would be heard. */
	pa_end(pa);
	if (pa_begin(pa))
		(void)open_missing(pa);
}


static void job_do(struct sound_pa *pa)
{
	atomic_store(&pa->saved, stderr_silence());

	switch (pa->job) {

	case SOUND_PA_PROBE:
		probe(pa);
		break;

	case SOUND_PA_OPEN:
		open_all(pa);
		break;

	case SOUND_PA_CLOSE:
		for (unsigned d = 0; d < SOUND_PA_DIRS; d++)
			end_close(&pa->endv[d]);
		break;

	case SOUND_PA_END:
		pa_end(pa);
		break;
	}

	stderr_restore(pa);
}


static void *job_thread(void *arg)
{
	struct sound_pa *pa = arg;

	job_do(pa);

	/* Left behind, but it did come to an end: finish the work */
	if (atomic_exchange(&pa->progress, DONE) == LEFT) {
		pa_end(pa);
		free(pa);
	}

	return NULL;
}


/* --- In the loop -------------------------------------------------------- */

static void end_init(struct sound_pa_end *end, const char *want)
{
	memset(end, 0, sizeof(*end));

	atomic_init(&end->beats, 0);
	atomic_init(&end->starved, 0);
	atomic_init(&end->finished, false);
	sound_ring_init(&end->ring);

	end->used = want != NULL;
	copy_clean(end->want, sizeof(end->want), want);
}


int sound_pa_alloc(struct sound_pa **pap, const char *in, const char *out)
{
	struct sound_pa *pa = calloc(1, sizeof(*pa));

	if (!pa)
		return ENOMEM;

	end_init(&pa->endv[SOUND_PA_IN], in);
	end_init(&pa->endv[SOUND_PA_OUT], out);
	atomic_init(&pa->progress, DONE);
	atomic_init(&pa->saved, -1);

	*pap = pa;

	return 0;
}


int sound_pa_start(struct sound_pa *pa, enum sound_pa_job job)
{
	sigset_t all, old;
	int err;

	if (pa->busy)
		return EBUSY;

	pa->job = job;
	atomic_store(&pa->progress, WORKING);

	/* Signals belong to the loop, also those that come meanwhile to a
	 * thread that PortAudio starts from the job's */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&pa->thread, NULL, job_thread, pa);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);

	pa->busy = !err;

	return err;
}


bool sound_pa_poll(struct sound_pa *pa)
{
	if (!pa->busy || atomic_load(&pa->progress) != DONE)
		return false;

	(void)pthread_join(pa->thread, NULL);
	pa->busy = false;

	return true;
}


/* Returns false if the job goes on; pa then belongs to its thread */
static bool job_await(struct sound_pa *pa, unsigned wait_ms)
{
	const struct timespec ts = {.tv_nsec = WAIT_MS * 1000000};

	for (unsigned ms = 0; pa->busy && ms < wait_ms; ms += WAIT_MS) {

		if (!sound_pa_poll(pa))
			(void)nanosleep(&ts, NULL);
	}

	if (!pa->busy)
		return true;

	(void)pthread_detach(pa->thread);
	stderr_restore(pa);

	/* It may have ended in this moment */
	if (atomic_exchange(&pa->progress, LEFT) == WORKING)
		return false;

	pa->busy = false;

	return true;
}


void sound_pa_free(struct sound_pa *pa, unsigned wait_ms)
{
	if (!pa)
		return;

	if (!job_await(pa, wait_ms))
		return;

	if (pa->running) {

		/* Without a thread the loop does it itself */
		if (sound_pa_start(pa, SOUND_PA_END)) {
			pa->job = SOUND_PA_END;
			job_do(pa);
		}
		else if (!job_await(pa, wait_ms)) {
			return;
		}
	}

	free(pa);
}
