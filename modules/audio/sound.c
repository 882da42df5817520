/**
 * @file modules/audio/sound.c  Sound that never fails a call
 *
 *      call 1  <-- ausrc --.                        .-- ring <-- microphone
 *      call 2  <-- ausrc --+-- one frame per tick <-+-- tone, WAV, nothing
 *
 *      call 1  -- auplay --.
 *      call 2  -- auplay --+-> mix, one per tick  --+-> ring --> speaker
 *      bell, ringback  ----'                        '-> WAV, nothing
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include <rem.h>
#include <baresip.h>
#include "app/log.h"
#include "sound.h"
#include "sound_mix_model.h"
#include "sound_pa.h"
#include "sound_pace_model.h"
#include "sound_wav_file.h"

enum {
	DEVICE_SZ = 64,           /* Of a call's device string            */
	ARG_SZ = 512,             /* Of what follows "portaudio," etc.    */
	POLL_MS = 20,             /* For the end of a job                 */
	IDLE_MS = 3000,
	RETRY_MS = 5000,
	HANG_MS = 5000,
	HANG_POLL_MS = 1000,
	SYNC_FRAMES = 10,         /* A recording's header is this old     */
	PREFILL = 2,              /* Frames of reserve for the speaker    */
	RING_SHIFT = 2,           /* A bell beside a call: by 2^2 quieter */
	QUIET_PEAK = 300,         /* Of 32768: nobody misses this frame   */
	TONE_AMPLITUDE = 8000,
	CH_MAX = 8,
	SRATE_MIN = 1000,
	SRATE_MAX = 192000,
};

enum kind {
	KIND_NONE = 0,
	KIND_PORTAUDIO,
	KIND_TONE,
	KIND_WAV,
};

/** What the user configured for one direction */
struct device {
	enum kind kind;
	unsigned hz;              /**< Of KIND_TONE                       */
	char arg[ARG_SZ];         /**< Behind the comma, or ""            */
	char reason[REASON_SZ];   /**< Why it does not work, or ""        */
};

/** The format that a call wants, and the way from and to ours */
struct format {
	uint32_t srate;
	unsigned ch;
	enum aufmt fmt;
	size_t sampc;             /**< Samples of 20 ms, all channels     */
	bool deaf;                /**< No conversion: silence             */
	struct auresamp rs;       /**< Unused when the format is ours     */
	int16_t *sampv;           /**< Room for 20 ms in 16 bit           */
	void *rawv;               /**< 20 ms as the call has it, or NULL:
				       that is 16 bit                     */
};

struct ausrc_st {
	struct le le;
	char dev[DEVICE_SZ];
	bool background;
	struct format format;
	ausrc_read_h *rh;
	void *arg;
};

struct auplay_st {
	struct le le;
	char dev[DEVICE_SZ];
	bool background;
	struct format format;
	auplay_write_h *wh;
	void *arg;
};

/** Loop's side of one direction of PortAudio */
struct end {
	bool run;                 /**< The stream may be used             */
	bool lost;                /**< To be told to the next job         */
	unsigned starved;         /**< Counter of the callback, seen last */
	struct sound_steer steer;
	struct sound_watch watch;
};

struct sound {
	struct bus *bus;
	struct ausrc *ausrc;
	struct auplay *auplay;
	struct list srcl;         /**< struct ausrc_st                    */
	struct list playl;        /**< struct auplay_st                   */
	char backv[CALLS_MAX][DEVICE_SZ]; /**< In the background; "" free */

	struct device source;
	struct device player;
	struct sound_osc osc;     /**< Source tone,HZ                     */
	struct sound_wav src_wav;
	struct auresamp src_rs;   /**< From the file's rate to ours       */
	struct sound_wav play_wav;
	unsigned unsynced;        /**< Frames since the header was right  */
	uint64_t stopped_us;      /**< When the last tick was             */

	struct sound_cadence cadence;

	bool ticking;
	struct sound_pace pace;
	struct tmr tmr_tick;
	struct tmr tmr_idle;
	struct tmr tmr_poll;
	struct tmr tmr_retry;

	bool told;                /**< fact was emitted                   */
	struct sound_fact fact;

	struct end endv[SOUND_PA_DIRS];
	uint64_t reopened_us;     /**< When a loss last made us open      */
	struct sound_pa *pa;
	uint64_t job_us;          /**< When the job was started           */
};

/* baresip's handlers to allocate have no argument of ours */
static struct sound *sound;

static struct sound_times times;


static void need_update(struct sound *so);
static void poll_handler(void *arg);
static void retry_handler(void *arg);


static uint64_t now_us(void)
{
	/* monotonic, unlike tmr_jiffies() */
	return tmr_jiffies_usec();
}


static unsigned hang_ms(void)
{
	return times.hang_ms ? times.hang_ms : HANG_MS;
}


static bool needed(const struct sound *so)
{
	return !list_isempty(&so->srcl) || !list_isempty(&so->playl) ||
		so->cadence.tone != SOUND_TONE_NONE;
}


static bool uses_pa(const struct sound *so)
{
	return so->source.kind == KIND_PORTAUDIO ||
		so->player.kind == KIND_PORTAUDIO;
}


/* --- What the user is told ---------------------------------------------- */

static void dir_text(char *buf, size_t sz, const struct device *dev,
		     const struct sound_pa_end *end)
{
	switch (dev->kind) {

	case KIND_PORTAUDIO:
		(void)re_snprintf(buf, sz, "%s", end->name);
		break;

	case KIND_TONE:
		(void)re_snprintf(buf, sz, "tone of %u Hz", dev->hz);
		break;

	case KIND_WAV:
		(void)re_snprintf(buf, sz, "file %s", dev->arg);
		break;

	default:
		(void)re_snprintf(buf, sz, "none");
		break;
	}
}


/* Why a direction does not work, or "" */
static const char *dir_reason(const struct device *dev,
			      const struct sound_pa_end *end)
{
	if (dev->kind == KIND_PORTAUDIO)
		return end->reason;

	return dev->reason;
}


static void fact_emit(struct sound *so, const struct sound_fact *fact)
{
	struct event ev;

	if (so->told && fact->ok == so->fact.ok &&
	    !strcmp(fact->text, so->fact.text))
		return;

	so->told = true;
	so->fact = *fact;

	applog(fact->ok ? APPLOG_INFO : APPLOG_WARN, "sound: %s\n",
	       fact->text);

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_SOUND;
	ev.u.sound = *fact;
	bus_emit(so->bus, &ev);
}


/* Only between two jobs: looks at what the job's thread writes */
static void report(struct sound *so)
{
	const char *in, *out;
	char src[SOUND_PA_NAME_SZ], play[SOUND_PA_NAME_SZ];
	struct sound_fact fact;

	in = dir_reason(&so->source, &so->pa->endv[SOUND_PA_IN]);
	out = dir_reason(&so->player, &so->pa->endv[SOUND_PA_OUT]);

	memset(&fact, 0, sizeof(fact));
	fact.ok = !in[0] && !out[0];

	if (in[0] && out[0]) {
		(void)re_snprintf(fact.text, sizeof(fact.text),
				  "no sound device: calls go on silently"
				  " (%s)", out);
	}
	else if (in[0]) {
		(void)re_snprintf(fact.text, sizeof(fact.text),
				  "no microphone: the other side hears"
				  " nothing (%s)", in);
	}
	else if (out[0]) {
		(void)re_snprintf(fact.text, sizeof(fact.text),
				  "no speaker: calls and the bell are not"
				  " heard (%s)", out);
	}
	else {
		dir_text(src, sizeof(src), &so->source,
			 &so->pa->endv[SOUND_PA_IN]);
		dir_text(play, sizeof(play), &so->player,
			 &so->pa->endv[SOUND_PA_OUT]);
		(void)re_snprintf(fact.text, sizeof(fact.text),
				  "microphone: %s, speaker: %s", src, play);
	}

	fact_emit(so, &fact);
}


/* --- Jobs of the PortAudio thread --------------------------------------- */

static bool all_run(const struct sound *so)
{
	for (unsigned d = 0; d < SOUND_PA_DIRS; d++) {
		if (so->pa->endv[d].used && !so->endv[d].run)
			return false;
	}

	return true;
}


static void retry_later(struct sound *so)
{
	tmr_start(&so->tmr_retry, times.retry_ms ? times.retry_ms : RETRY_MS,
		  retry_handler, so);
}


static void job_start(struct sound *so, enum sound_pa_job job)
{
	int err;

	if (so->pa->busy)
		return;

	for (unsigned d = 0; d < SOUND_PA_DIRS; d++) {

		if (so->endv[d].lost)
			so->pa->endv[d].lost = true;

		so->endv[d].lost = false;
	}

	if (job == SOUND_PA_CLOSE) {
		so->endv[SOUND_PA_IN].run = false;
		so->endv[SOUND_PA_OUT].run = false;
	}

	err = sound_pa_start(so->pa, job);
	if (err) {
		applog(APPLOG_WARN, "sound: no thread (%m)\n", err);
		retry_later(so);
		return;
	}

	so->job_us = now_us();
	tmr_start(&so->tmr_poll, POLL_MS, poll_handler, so);
}


static unsigned starved_count(struct sound *so, enum sound_pa_dir dir)
{
	return atomic_load_explicit(&so->pa->endv[dir].starved,
				    memory_order_relaxed);
}


/* What waits in the rings is old: begin with the usual reserve */
static void end_restart(struct sound *so, enum sound_pa_dir dir)
{
	static const int16_t zerov[PREFILL * SOUND_FRAME];
	struct sound_pa_end *pe = &so->pa->endv[dir];
	struct end *end = &so->endv[dir];

	sound_steer_init(&end->steer);
	sound_watch_init(&end->watch,
			 atomic_load_explicit(&pe->beats,
					      memory_order_relaxed));
	end->starved = starved_count(so, dir);

	if (dir == SOUND_PA_IN)
		(void)sound_ring_skip(&pe->ring, SOUND_RING_SZ);
	else if (sound_ring_fill(&pe->ring) < SOUND_FRAME)
		(void)sound_ring_push(&pe->ring, zerov, ARRAY_SIZE(zerov));
}


static void retry_handler(void *arg)
{
	struct sound *so = arg;

	if (needed(so) && !all_run(so))
		job_start(so, SOUND_PA_OPEN);
}


static bool lost_tell(struct sound *so)
{
	bool lost = false;

	for (unsigned d = 0; d < SOUND_PA_DIRS; d++) {

		struct sound_pa_end *pe = &so->pa->endv[d];

		if (!so->endv[d].lost)
			continue;

		lost = true;
		(void)re_snprintf(pe->reason, sizeof(pe->reason),
				  "%s was lost", pe->name);
	}

	return lost;
}


/* At once, but not again and again when the device fails as soon as it runs */
static void lost_reopen(struct sound *so)
{
	const uint64_t now = now_us();

	if (so->reopened_us &&
	    now - so->reopened_us < (uint64_t)RETRY_MS * 1000) {
		retry_later(so);
		return;
	}

	so->reopened_us = now;
	job_start(so, SOUND_PA_OPEN);
}


/* The job's thread is gone: take over what it did, see what is next */
static void job_done(struct sound *so)
{
	const enum sound_pa_job job = so->pa->job;
	bool lost;

	for (unsigned d = 0; d < SOUND_PA_DIRS; d++) {

		const bool open = so->pa->endv[d].open && !so->endv[d].lost;

		if (open && !so->endv[d].run)
			end_restart(so, d);

		so->endv[d].run = open;
	}

	lost = lost_tell(so);
	report(so);

	if (needed(so) && !all_run(so)) {

		/* A call may have come while another job was under way */
		if (lost)
			lost_reopen(so);
		else if (job != SOUND_PA_OPEN)
			job_start(so, SOUND_PA_OPEN);
		else
			retry_later(so);
	}
	else if (!needed(so) && job == SOUND_PA_OPEN &&
		 !tmr_isrunning(&so->tmr_idle)) {
		job_start(so, SOUND_PA_CLOSE);
	}
}


/* The job's thread writes the reasons: they cannot be told */
static void hang_tell(struct sound *so)
{
	struct sound_fact fact;

	memset(&fact, 0, sizeof(fact));
	str_ncpy(fact.text, "no sound device: calls go on silently (the"
		 " sound system does not answer)", sizeof(fact.text));
	fact_emit(so, &fact);
}


static void poll_handler(void *arg)
{
	struct sound *so = arg;

	if (sound_pa_poll(so->pa)) {
		job_done(so);
		return;
	}

	if (!so->pa->busy)
		return;

	if (now_us() - so->job_us < hang_ms() * 1000ULL) {
		tmr_start(&so->tmr_poll, POLL_MS, poll_handler, so);
		return;
	}

	/* PortAudio waits ten minutes for a JACK server that has died */
	if (!all_run(so))
		hang_tell(so);
	tmr_start(&so->tmr_poll, HANG_POLL_MS, poll_handler, so);
}


/* A stream has ended by itself, or its callback hangs */
static void end_lose(struct sound *so, enum sound_pa_dir dir)
{
	so->endv[dir].run = false;
	so->endv[dir].lost = true;

	/* Another job is under way: job_done() goes on from here */
	if (so->pa->busy)
		return;

	(void)lost_tell(so);
	report(so);
	lost_reopen(so);
}


static void end_watch(struct sound *so, enum sound_pa_dir dir)
{
	struct sound_pa_end *pe = &so->pa->endv[dir];
	struct end *end = &so->endv[dir];
	unsigned beats;

	if (!end->run)
		return;

	beats = atomic_load_explicit(&pe->beats, memory_order_relaxed);

	if (sound_watch_step(&end->watch, beats) ||
	    atomic_load(&pe->finished))
		end_lose(so, dir);
}


/* --- Formats ------------------------------------------------------------ */

static bool fmt_known(enum aufmt fmt)
{
	return fmt == AUFMT_S16LE || fmt == AUFMT_FLOAT ||
		fmt == AUFMT_S24_3LE;
}


static void format_free(struct format *fm)
{
	fm->sampv = mem_deref(fm->sampv);
	fm->rawv = mem_deref(fm->rawv);
}


/* playing: from the call's format to ours, else from ours to the call's */
static int format_init(struct format *fm, uint32_t srate, unsigned ch,
		       int fmt, bool playing)
{
	size_t sampsz, room;
	int err;

	if (srate < SRATE_MIN || srate > SRATE_MAX || !ch || ch > CH_MAX)
		return EINVAL;

	sampsz = aufmt_sample_size(fmt);
	if (!sampsz)
		return EINVAL;

	fm->srate = srate;
	fm->ch = ch;
	fm->fmt = fmt;
	fm->sampc = (size_t)srate * SOUND_PTIME / 1000 * ch;

	auresamp_init(&fm->rs);
	if (playing)
		err = auresamp_setup(&fm->rs, srate, ch, SOUND_SRATE, 1);
	else
		err = auresamp_setup(&fm->rs, SOUND_SRATE, 1, srate, ch);

	fm->deaf = err || srate > SOUND_SRATE || !fmt_known(fmt);

	/* The resampler filters in place before it leaves samples out */
	room = fm->sampc > SOUND_FRAME ? fm->sampc : SOUND_FRAME;

	fm->sampv = mem_zalloc(room * sizeof(*fm->sampv), NULL);
	if (!fm->sampv)
		return ENOMEM;

	if (fm->fmt != AUFMT_S16LE) {
		fm->rawv = mem_zalloc(fm->sampc * sampsz, NULL);
		if (!fm->rawv)
			return ENOMEM;
	}

	if (fm->deaf)
		applog(APPLOG_WARN, "sound: %u Hz, %u channels, %s:"
		       " cannot convert, silence\n", srate, ch,
		       aufmt_name(fmt));

	return 0;
}


static void *format_buf(struct format *fm)
{
	return fm->rawv ? fm->rawv : fm->sampv;
}


/* One frame of ours to the call's format, in format_buf() */
static void format_put(struct format *fm, const int16_t v[SOUND_FRAME])
{
	size_t n = SOUND_FRAME > fm->sampc ? SOUND_FRAME : fm->sampc;

	if (!fm->rs.resample)
		memcpy(fm->sampv, v, SOUND_FRAME * sizeof(*v));
	else
		(void)auresamp(&fm->rs, fm->sampv, &n, v, SOUND_FRAME);

	if (fm->rawv)
		auconv_from_s16(fm->fmt, fm->rawv, fm->sampv, fm->sampc);
}


/* What is in format_buf() to one frame of ours */
static void format_get(struct format *fm, int16_t v[SOUND_FRAME])
{
	size_t n = SOUND_FRAME;

	if (fm->rawv)
		auconv_to_s16(fm->sampv, fm->fmt, fm->rawv, fm->sampc);

	if (!fm->rs.resample)
		memcpy(v, fm->sampv, SOUND_FRAME * sizeof(*v));
	else
		(void)auresamp(&fm->rs, v, &n, fm->sampv, fm->sampc);
}


/* --- One tick: from the microphone to the calls ------------------------- */

static void wav_frame(struct sound *so, int16_t v[SOUND_FRAME])
{
	struct sound_wav *wav = &so->src_wav;
	int16_t rawv[SOUND_FRAME * SOUND_WAV_CH_MAX];
	size_t n, got, room = SOUND_FRAME;

	n = (size_t)wav->srate * SOUND_PTIME / 1000 * wav->ch;

	got = sound_wav_read(wav, rawv, n);
	if (got < n && !sound_wav_rewind(wav))
		got += sound_wav_read(wav, rawv + got, n - got);

	memset(rawv + got, 0, (n - got) * sizeof(*rawv));

	if (!so->src_rs.resample)
		memcpy(v, rawv, SOUND_FRAME * sizeof(*v));
	else
		(void)auresamp(&so->src_rs, v, &room, rawv, n);
}


static void mic_frame(struct sound *so, int16_t v[SOUND_FRAME])
{
	struct sound_ring *ring = &so->pa->endv[SOUND_PA_IN].ring;
	struct end *end = &so->endv[SOUND_PA_IN];
	size_t fill = sound_ring_fill(ring);

	memset(v, 0, SOUND_FRAME * sizeof(*v));

	/* Less than a frame: send silence and let it grow meanwhile */
	if (fill < SOUND_FRAME) {
		(void)sound_steer_step(&end->steer, 0, true, false);
		return;
	}

	(void)sound_ring_pop(ring, v, SOUND_FRAME);

	if (SOUND_STEER_DROP ==
	    sound_steer_step(&end->steer, fill - SOUND_FRAME, false,
			     sound_peak(v, SOUND_FRAME) < QUIET_PEAK))
		(void)sound_ring_pop(ring, v, SOUND_FRAME);
}


static void source_frame(struct sound *so, int16_t v[SOUND_FRAME])
{
	if (so->source.kind == KIND_TONE)
		sound_osc_read(&so->osc, v, SOUND_FRAME);
	else if (so->source.kind == KIND_WAV && so->src_wav.f)
		wav_frame(so, v);
	else if (so->endv[SOUND_PA_IN].run)
		mic_frame(so, v);
	else
		memset(v, 0, SOUND_FRAME * sizeof(*v));
}


static void src_tick(struct ausrc_st *st, const int16_t v[SOUND_FRAME],
		     uint64_t ts)
{
	struct format *fm = &st->format;
	struct auframe af;

	auframe_init(&af, fm->fmt, format_buf(fm), fm->sampc);
	af.timestamp = ts;

	if (st->background || fm->deaf)
		auframe_mute(&af);
	else
		format_put(fm, v);

	st->rh(&af, st->arg);
}


/* --- One tick: from the calls to the speaker ---------------------------- */

static void play_tick(struct auplay_st *st, struct sound_mix *mix,
		      uint64_t ts)
{
	struct format *fm = &st->format;
	int16_t v[SOUND_FRAME];
	struct auframe af;

	auframe_init(&af, fm->fmt, format_buf(fm), fm->sampc);
	af.timestamp = ts;

	/* Also when nobody hears it: the call's buffer must not fill up */
	st->wh(&af, st->arg);

	if (st->background || fm->deaf)
		return;

	format_get(fm, v);
	sound_mix_add(mix, v, 0);
}


static bool foreground(const struct sound *so)
{
	for (struct le *le = list_head(&so->playl); le; le = le->next) {

		const struct auplay_st *st = le->data;

		if (!st->background)
			return true;
	}

	return false;
}


static void tone_tick(struct sound *so, struct sound_mix *mix)
{
	int16_t v[SOUND_FRAME];
	unsigned shift = 0;

	if (so->cadence.tone == SOUND_TONE_NONE)
		return;

	if (so->cadence.tone == SOUND_TONE_RING && foreground(so))
		shift = RING_SHIFT;

	sound_cadence_read(&so->cadence, v);
	sound_mix_add(mix, v, shift);
}


static void speaker_frame(struct sound *so, const int16_t v[SOUND_FRAME])
{
	struct sound_ring *ring = &so->pa->endv[SOUND_PA_OUT].ring;
	struct end *end = &so->endv[SOUND_PA_OUT];
	const unsigned starved = starved_count(so, SOUND_PA_OUT);
	enum sound_steer_act act;

	act = sound_steer_step(&end->steer, sound_ring_fill(ring),
			       starved != end->starved,
			       sound_peak(v, SOUND_FRAME) < QUIET_PEAK);
	end->starved = starved;

	if (act != SOUND_STEER_DROP)
		(void)sound_ring_push(ring, v, SOUND_FRAME);

	if (act == SOUND_STEER_ADD)
		(void)sound_ring_push(ring, v, SOUND_FRAME);
}


static void record_end(struct sound *so, int err)
{
	applog(APPLOG_WARN, "sound: %s: recording ends (%m)\n",
	       so->player.arg, err);
	sound_wav_close(&so->play_wav);
}


static void record_frame(struct sound *so, const int16_t v[SOUND_FRAME])
{
	int err;

	err = sound_wav_write(&so->play_wav, v, SOUND_FRAME);

	if (!err && ++so->unsynced >= SYNC_FRAMES) {
		so->unsynced = 0;
		err = sound_wav_sync(&so->play_wav);
	}

	if (err)
		record_end(so, err);
}


/* The recording runs on in real time while there is nothing to record */
static void record_gap(struct sound *so, uint64_t now)
{
	const uint64_t gap_us = now - so->stopped_us;
	int err;

	if (!so->play_wav.f || !so->stopped_us || now < so->stopped_us)
		return;

	err = sound_wav_silence(&so->play_wav,
				gap_us / 1000 * (SOUND_SRATE / 1000));
	if (err)
		record_end(so, err);
}


/* --- The tick ----------------------------------------------------------- */

/*
 * baresip's handlers may end the call that they are called for: a reference
 * keeps the list's element until its successor has been read.
 */
static void frame(struct sound *so, uint64_t ts)
{
	int16_t v[SOUND_FRAME];
	struct sound_mix mix;
	struct le *le;

	sound_mix_reset(&mix);

	for (le = list_head(&so->playl); le;) {

		struct auplay_st *st = mem_ref(le->data);

		play_tick(st, &mix, ts);
		le = le->next;
		mem_deref(st);
	}

	tone_tick(so, &mix);
	sound_mix_read(&mix, v);

	if (so->play_wav.f)
		record_frame(so, v);
	else if (so->endv[SOUND_PA_OUT].run)
		speaker_frame(so, v);

	source_frame(so, v);

	for (le = list_head(&so->srcl); le;) {

		struct ausrc_st *st = mem_ref(le->data);

		src_tick(st, v, ts);
		le = le->next;
		mem_deref(st);
	}
}


static void tick_handler(void *arg)
{
	struct sound *so = arg;
	const uint64_t now = now_us();
	unsigned n;

	for (n = sound_pace_step(&so->pace, now); n && so->ticking; n--)
		frame(so, now);

	so->stopped_us = now;

	for (unsigned d = 0; d < SOUND_PA_DIRS; d++)
		end_watch(so, d);

	if (so->ticking)
		tmr_start(&so->tmr_tick,
			  sound_pace_wait_ms(&so->pace, now_us()),
			  tick_handler, so);
}


static void idle_handler(void *arg)
{
	struct sound *so = arg;

	/* A job under way: job_done() closes then */
	if (!needed(so))
		job_start(so, SOUND_PA_CLOSE);
}


static void tick_begin(struct sound *so)
{
	const uint64_t now = now_us();

	so->ticking = true;
	record_gap(so, now);
	sound_pace_init(&so->pace, now);
	tmr_cancel(&so->tmr_idle);
	tmr_start(&so->tmr_tick, 0, tick_handler, so);

	if (!uses_pa(so))
		return;

	for (unsigned d = 0; d < SOUND_PA_DIRS; d++) {
		if (so->endv[d].run)
			end_restart(so, d);
	}

	if (!all_run(so))
		job_start(so, SOUND_PA_OPEN);
}


static void tick_end(struct sound *so)
{
	so->ticking = false;
	tmr_cancel(&so->tmr_tick);
	tmr_cancel(&so->tmr_retry);

	if (so->play_wav.f) {
		so->unsynced = 0;
		(void)sound_wav_sync(&so->play_wav);
	}

	if (uses_pa(so))
		tmr_start(&so->tmr_idle,
			  times.idle_ms ? times.idle_ms : IDLE_MS,
			  idle_handler, so);
}


static void need_update(struct sound *so)
{
	const bool need = needed(so);

	if (need && !so->ticking)
		tick_begin(so);
	else if (!need && so->ticking)
		tick_end(so);
}


/* --- What baresip calls ------------------------------------------------- */

static bool in_background(const struct sound *so, const char *dev)
{
	for (size_t i = 0; i < ARRAY_SIZE(so->backv); i++) {
		if (dev[0] && !strcmp(so->backv[i], dev))
			return true;
	}

	return false;
}


static void src_destructor(void *arg)
{
	struct ausrc_st *st = arg;
	const bool linked = st->le.list != NULL;

	list_unlink(&st->le);
	format_free(&st->format);

	if (linked && sound)
		need_update(sound);
}


static int src_alloc(struct ausrc_st **stp, const struct ausrc *as,
		     struct media_ctx **ctx, struct ausrc_prm *prm,
		     const char *device, ausrc_read_h *rh,
		     ausrc_error_h *errh, void *arg)
{
	struct ausrc_st *st;
	int err;

	(void)as;
	(void)ctx;
	(void)errh;

	if (!stp || !prm || !rh || !sound)
		return EINVAL;

	st = mem_zalloc(sizeof(*st), src_destructor);
	if (!st)
		return ENOMEM;

	st->rh = rh;
	st->arg = arg;
	str_ncpy(st->dev, device ? device : "", sizeof(st->dev));
	st->background = in_background(sound, st->dev);

	err = format_init(&st->format, prm->srate, prm->ch, prm->fmt, false);
	if (err)
		goto out;

	list_append(&sound->srcl, &st->le, st);
	need_update(sound);

 out:
	if (err)
		mem_deref(st);
	else
		*stp = st;

	return err;
}


static void play_destructor(void *arg)
{
	struct auplay_st *st = arg;
	const bool linked = st->le.list != NULL;

	list_unlink(&st->le);
	format_free(&st->format);

	if (linked && sound)
		need_update(sound);
}


static int play_alloc(struct auplay_st **stp, const struct auplay *ap,
		      struct auplay_prm *prm, const char *device,
		      auplay_write_h *wh, void *arg)
{
	struct auplay_st *st;
	int err;

	(void)ap;

	if (!stp || !prm || !wh || !sound)
		return EINVAL;

	st = mem_zalloc(sizeof(*st), play_destructor);
	if (!st)
		return ENOMEM;

	st->wh = wh;
	st->arg = arg;
	str_ncpy(st->dev, device ? device : "", sizeof(st->dev));
	st->background = in_background(sound, st->dev);

	err = format_init(&st->format, prm->srate, prm->ch, prm->fmt, true);
	if (err)
		goto out;

	list_append(&sound->playl, &st->le, st);
	need_update(sound);

 out:
	if (err)
		mem_deref(st);
	else
		*stp = st;

	return err;
}


/* --- Configuration ------------------------------------------------------ */

/* kind[,arg]; an argument that is there is not empty */
static int device_decode(struct device *dev, const char *str, bool playing)
{
	const char *comma = str ? strchr(str, ',') : NULL;
	const char *arg = comma ? comma + 1 : "";
	const size_t len = comma ? (size_t)(comma - str) : str_len(str);
	enum kind kind = KIND_NONE;
	bool ok = false;

	memset(dev, 0, sizeof(*dev));

	if (len == 4 && !memcmp(str, "none", len)) {
		ok = !comma;
	}
	else if (len == 9 && !memcmp(str, "portaudio", len)) {
		kind = KIND_PORTAUDIO;
		ok = (!comma || arg[0]) && strlen(arg) < SOUND_PA_NAME_SZ;
	}
	else if (len == 3 && !memcmp(str, "wav", len)) {
		kind = KIND_WAV;
		ok = arg[0] && strlen(arg) < sizeof(dev->arg);
	}
	else if (len == 4 && !memcmp(str, "tone", len) && !playing) {
		kind = KIND_TONE;
		ok = arg[0] && strlen(arg) <= 5 &&
			strspn(arg, "0123456789") == strlen(arg);
		dev->hz = ok ? (unsigned)strtoul(arg, NULL, 10) : 0;
		ok = dev->hz >= SOUND_HZ_MIN && dev->hz <= SOUND_HZ_MAX;
	}

	if (!ok)
		return EINVAL;

	dev->kind = kind;
	str_ncpy(dev->arg, arg, sizeof(dev->arg));

	return 0;
}


bool sound_device_ok(const char *str, bool player)
{
	struct device dev;

	return !device_decode(&dev, str, player);
}


static int device_init(struct device *dev, const char *str, bool playing)
{
	if (!device_decode(dev, str, playing))
		return 0;

	(void)re_snprintf(dev->reason, sizeof(dev->reason),
			  "audio_%s %s is no device",
			  playing ? "player" : "source", str ? str : "");
	applog(APPLOG_ERROR, "sound: audio_%s %s: expected portaudio,"
	       " portaudio,NAME, none, %swav,FILE\n",
	       playing ? "player" : "source", str ? str : "",
	       playing ? "" : "tone,HZ (20 to 20000), ");

	return EINVAL;
}


static void source_open(struct sound *so)
{
	struct device *dev = &so->source;
	int err;

	if (dev->kind == KIND_TONE)
		sound_osc_init(&so->osc, dev->hz, TONE_AMPLITUDE);

	if (dev->kind != KIND_WAV)
		return;

	err = sound_wav_open(&so->src_wav, dev->arg);
	if (!err) {
		auresamp_init(&so->src_rs);
		err = auresamp_setup(&so->src_rs, so->src_wav.srate,
				     so->src_wav.ch, SOUND_SRATE, 1);
		if (err)
			sound_wav_close(&so->src_wav);
	}

	if (err)
		(void)re_snprintf(dev->reason, sizeof(dev->reason),
				  "%s: %m", dev->arg, err);
}


static void player_open(struct sound *so)
{
	struct device *dev = &so->player;
	int err;

	if (dev->kind != KIND_WAV)
		return;

	err = sound_wav_create(&so->play_wav, dev->arg, SOUND_SRATE, 1);
	if (err)
		(void)re_snprintf(dev->reason, sizeof(dev->reason),
				  "%s: %m", dev->arg, err);
}


static const char *pa_name(const struct device *dev)
{
	return dev->kind == KIND_PORTAUDIO ? dev->arg : NULL;
}


static void report_handler(void *arg)
{
	report(arg);
}


static void destructor(void *arg)
{
	struct sound *so = arg;

	tmr_cancel(&so->tmr_tick);
	tmr_cancel(&so->tmr_idle);
	tmr_cancel(&so->tmr_poll);
	tmr_cancel(&so->tmr_retry);

	/* Calls that are not over yet keep theirs, without us */
	list_clear(&so->srcl);
	list_clear(&so->playl);

	mem_deref(so->ausrc);
	mem_deref(so->auplay);

	sound_wav_close(&so->src_wav);
	sound_wav_close(&so->play_wav);
	sound_pa_free(so->pa, hang_ms());
}


int sound_init(struct bus *bus, const char *source, const char *player)
{
	struct sound *so;
	int bad, err;

	if (!bus)
		return EINVAL;

	if (sound)
		return EALREADY;

	so = mem_zalloc(sizeof(*so), destructor);
	if (!so)
		return ENOMEM;

	so->bus = bus;

	bad = device_init(&so->source, source, false);
	if (device_init(&so->player, player, true))
		bad = EINVAL;

	err = sound_pa_alloc(&so->pa, pa_name(&so->source),
			     pa_name(&so->player));
	if (err)
		goto out;


	source_open(so);
	player_open(so);
	so->stopped_us = now_us();

	err = ausrc_register(&so->ausrc, baresip_ausrcl(), "parkdeck",
			     src_alloc);
	if (err)
		goto out;

	err = auplay_register(&so->auplay, baresip_auplayl(), "parkdeck",
			      play_alloc);
	if (err)
		goto out;

	sound = so;

	/* Told from the loop, when all who listen have been set up */
	if (uses_pa(so))
		job_start(so, SOUND_PA_PROBE);
	else
		tmr_start(&so->tmr_poll, 0, report_handler, so);

 out:
	if (err)
		mem_deref(so);

	return err ? err : bad;
}


void sound_close(void)
{
	struct sound *so = sound;

	/* first: what is destroyed now must not start it again */
	sound = NULL;
	mem_deref(so);
}


void sound_set_times(const struct sound_times *t)
{
	static const struct sound_times defaults;

	times = t ? *t : defaults;
}


void sound_set_tone(enum sound_tone tone)
{
	if (!sound || sound->cadence.tone == tone)
		return;

	sound_cadence_init(&sound->cadence, tone);
	need_update(sound);
}


/* --- Background --------------------------------------------------------- */

static bool dev_lives(const struct sound *so, const char *dev)
{
	struct le *le;

	for (le = list_head(&so->srcl); le; le = le->next) {

		const struct ausrc_st *st = le->data;

		if (!strcmp(st->dev, dev))
			return true;
	}

	for (le = list_head(&so->playl); le; le = le->next) {

		const struct auplay_st *st = le->data;

		if (!strcmp(st->dev, dev))
			return true;
	}

	return false;
}


/* A free place, else that of a call which has no sound any more */
static char *back_place(struct sound *so)
{
	for (size_t i = 0; i < ARRAY_SIZE(so->backv); i++) {
		if (!so->backv[i][0])
			return so->backv[i];
	}

	for (size_t i = 0; i < ARRAY_SIZE(so->backv); i++) {
		if (!dev_lives(so, so->backv[i]))
			return so->backv[i];
	}

	return NULL;
}


static void back_set(struct sound *so, const char *dev, bool on)
{
	char *place;

	for (size_t i = 0; i < ARRAY_SIZE(so->backv) && !on; i++) {
		if (!strcmp(so->backv[i], dev))
			so->backv[i][0] = '\0';
	}

	if (!on || in_background(so, dev))
		return;

	place = back_place(so);
	if (place)
		str_ncpy(place, dev, DEVICE_SZ);
}


void sound_set_background(const char *dev, bool on)
{
	struct le *le;

	if (!sound || !str_isset(dev) || strlen(dev) >= DEVICE_SZ)
		return;

	back_set(sound, dev, on);

	for (le = list_head(&sound->srcl); le; le = le->next) {

		struct ausrc_st *st = le->data;

		if (!strcmp(st->dev, dev))
			st->background = on;
	}

	for (le = list_head(&sound->playl); le; le = le->next) {

		struct auplay_st *st = le->data;

		if (!strcmp(st->dev, dev))
			st->background = on;
	}
}
