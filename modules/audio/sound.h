/**
 * @file modules/audio/sound.h  Sound that never fails a call
 *
 * baresip ends a call whose sound device does not open. This driver always
 * opens: without a device the call goes on silently and the phone says so.
 *
 * Calls are mixed in the loop at 48 kHz, mono, 16 bit, one frame of 20 ms a
 * tick; the device's callback (another thread: no lock, no allocation, no
 * log) only moves samples between the device and a lock-free ring. While
 * there is neither a call nor a tone nothing runs at all, and after 3 s the
 * devices are closed.
 *
 * Device strings: `portaudio` (the default device), `portaudio,NAME` (name
 * or a part of it), `none` (silence), for tests and scripts `tone,HZ` as a
 * source and `wav,FILE` as source (looped) or player (recorded).
 *
 * What baresip is to be given:
 *
 * - audio_source and audio_player "parkdeck", so that each call's audio asks
 *   here; the device string is the call's own, by audio_set_devicename()
 *   after the call was made and before its media start.
 * - ausrc_srate, auplay_srate, ausrc_channels and auplay_channels 0: then a
 *   call comes with its codec's own rate and is converted here. With a fixed
 *   rate baresip sets its own converter up once in a call and goes on with
 *   it when a re-INVITE changes the codec: noise.
 * - audio_txmode "poll" and a jitter buffer that is "off" or "fixed": the
 *   other modes encode or decode in threads of their own.
 */
#ifndef PARKDECK_SOUND_H
#define PARKDECK_SOUND_H

#include <stdbool.h>
#include "app/event.h"

struct bus;

enum sound_tone {
	SOUND_TONE_NONE = 0,
	SOUND_TONE_RING,        /**< A call rings here                  */
	SOUND_TONE_RINGBACK,    /**< The far end rings, no early media  */
	SOUND_TONE_BUSY,
};

/** Times; zero takes the default */
struct sound_times {
	unsigned idle_ms;       /**< Unused devices are closed after: 3 s */
	unsigned retry_ms;      /**< A missing one is tried again: 5 s    */
	unsigned hang_ms;       /**< Not waited longer for a device: 5 s  */
};

/** @return True if a device string is one; whether it is there is not asked */
bool sound_device_ok(const char *str, bool player);

/**
 * Register the driver as baresip's ausrc and auplay "parkdeck"
 *
 * Returns at once: whether the devices are there is found out in a thread
 * and told by EVENT_SOUND, as is each change later on. Until sound_close()
 * that thread may, while it works, let standard error lead nowhere.
 *
 * @param bus    Borrowed; gets EVENT_SOUND when the device changes
 * @param source Device string of the microphone
 * @param player Device string of the speaker
 *
 * @return 0, ENOMEM, EALREADY, or EINVAL: a device string that is none (said
 *         in the log; the driver then is silent, the phone runs)
 */
int  sound_init(struct bus *bus, const char *source, const char *player);

/** Close the devices, waiting for them, but for 10 s at most. Safe after a
 *  failed init, twice, and while calls still have sound: they get no more of
 *  it. Not from a listener of the bus. */
void sound_close(void);

/** Change the times, for tests; NULL: the defaults. Before or after init. */
void sound_set_times(const struct sound_times *times);

/**
 * Play a tone until the next call of this function
 *
 * Opens the speaker also when there is no call. Calls are heard over it, and
 * SOUND_TONE_RING is played more quietly while one is in the foreground. The
 * tone that plays already goes on undisturbed.
 */
void sound_set_tone(enum sound_tone tone);

/**
 * Put a call's sound to the background: not played, silence sent
 *
 * May come before the call's media start, and outlasts their being stopped
 * and started by hold or by a change of codec. It ends with on = false,
 * which the caller owes at the latest when the call is over.
 *
 * @param dev  The device string that the call's audio was given; each
 *             call has its own, "call-ID"
 */
void sound_set_background(const char *dev, bool on);

#endif
