/**
 * @file modules/audio/sound_pa.h  The sound devices, by PortAudio
 *
 * PortAudio probes, opens and closes devices for up to seconds, and may
 * block on a device that was unplugged. So all of that is a job in a thread
 * of its own, one at a time; the loop asks sound_pa_poll() until it is done.
 * Between two jobs no such thread exists. A stream's callback runs in a
 * thread of PortAudio and only moves samples.
 *
 * Everything here is called from the loop.
 */
#ifndef PARKDECK_SOUND_PA_H
#define PARKDECK_SOUND_PA_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include "modules/audio/sound_ring_model.h"

enum {
	SOUND_PA_NAME_SZ = 64,
	SOUND_PA_REASON_SZ = 96,
};

enum sound_pa_dir {
	SOUND_PA_IN = 0,         /**< Microphone                          */
	SOUND_PA_OUT,            /**< Speaker                             */

	SOUND_PA_DIRS
};

enum sound_pa_job {
	SOUND_PA_PROBE = 0,      /**< See whether the devices are there   */
	SOUND_PA_OPEN,           /**< Open what is not open or was lost   */
	SOUND_PA_CLOSE,          /**< Close both streams                  */
	SOUND_PA_END,            /**< Close and let go of PortAudio       */
};

/** One direction. While a job is under way only the atomics and the ring
 *  of an open stream may be touched. */
struct sound_pa_end {
	bool used;               /**< False: this direction is not ours   */
	bool found;              /**< The device was there, last time     */
	bool open;               /**< The stream runs, or ran till lost   */
	bool lost;               /**< Set by the caller: open it anew     */
	char want[SOUND_PA_NAME_SZ];     /**< Asked for; "": the default  */
	char name[SOUND_PA_NAME_SZ];     /**< Of the device found         */
	char reason[SOUND_PA_REASON_SZ]; /**< Why not found or not open   */
	void *stream;
	atomic_uint beats;       /**< Callbacks so far                    */
	atomic_uint starved;     /**< Callbacks that found too little     */
	atomic_bool finished;    /**< PortAudio gave the stream up        */
	struct sound_ring ring;
};

struct sound_pa {
	struct sound_pa_end endv[SOUND_PA_DIRS];
	bool running;            /**< Pa_Initialize() was successful      */
	bool busy;               /**< A job's thread is to be joined      */
	enum sound_pa_job job;
	pthread_t thread;
	atomic_int progress;     /**< Of the job, see sound_pa.c          */
	atomic_int saved;        /**< Standard error meanwhile, or -1     */
};

/**
 * Set up; touches no device yet
 *
 * @param pap  Set to the devices on success; sound_pa_free() ends them
 * @param in   Name of the microphone or a part of it, "" for the default
 *             device, NULL: no microphone is used
 * @param out  The same for the speaker
 *
 * @return 0 or ENOMEM
 */
int  sound_pa_alloc(struct sound_pa **pap, const char *in, const char *out);

/**
 * Start a job
 *
 * SOUND_PA_OPEN starts PortAudio anew when no device could be opened: only
 * so it sees what was plugged in since.
 *
 * @return 0, EBUSY while another job is under way, or errno of
 *         pthread_create(3)
 */
int  sound_pa_start(struct sound_pa *pa, enum sound_pa_job job);

/** True once for each job: it is done, endv tells what came of it */
bool sound_pa_poll(struct sound_pa *pa);

/**
 * Close all and free
 *
 * Waits for the devices, but not longer than wait_ms for a job: PortAudio
 * waits ten minutes for a JACK server that has died. A job that hangs is left
 * behind with its memory.
 *
 * @param pa  May be NULL
 */
void sound_pa_free(struct sound_pa *pa, unsigned wait_ms);

#endif
