/**
 * @file modules/demo/demo_hint_model.h  The demo's hint line
 *
 * Tells a newcomer what to press next, from the facts alone: answer, park,
 * see it flash, take it back, take a colleague's call, help. A step ends
 * when it was done, whoever pressed what; a step that came to nothing (the
 * caller hung up) goes back to where it makes sense again. Pure.
 */
#ifndef PARKDECK_DEMO_HINT_MODEL_H
#define PARKDECK_DEMO_HINT_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include "app/event.h"

enum {
	DEMO_HINT_LAMPS = 32,    /**< Parked calls kept in mind          */
};

enum demo_hint_step {
	DEMO_HINT_WAIT = 0,      /**< Nothing rings yet                  */
	DEMO_HINT_ANSWER,
	DEMO_HINT_PARK,
	DEMO_HINT_PARKING,       /**< Watch the lamps                    */
	DEMO_HINT_TAKE,          /**< It flashes: take it back           */
	DEMO_HINT_COLLEAGUE,     /**< Take what a colleague parked       */
	DEMO_HINT_HELP,
	DEMO_HINT_DONE,          /**< No more hints                      */

	DEMO_HINT_STEPS
};

/** A spot with a call in it */
struct demo_hint_lamp {
	bool used;
	unsigned idx;
	char spot[TEXT_SZ];
	char who[TEXT_SZ];
};

struct demo_hint {
	enum demo_hint_step step;
	unsigned call;           /**< The call that the hint is about    */
	char who[TEXT_SZ];       /**< Its caller                         */
	bool booked;                 /**< The call at `mine` is in the book */
	char mine[TEXT_SZ];      /**< Spot where I parked, or ""         */
	struct demo_hint_lamp lampv[DEMO_HINT_LAMPS];
	char text[REASON_SZ];
};

void demo_hint_init(struct demo_hint *hint);

/**
 * Take a fact in
 *
 * @return True if the text is another one now
 */
bool demo_hint_event(struct demo_hint *hint, const struct event *ev);

/** No more hints; @return True if the text is another one now */
bool demo_hint_skip(struct demo_hint *hint);

/** @return The hint, "" if there is none; borrowed */
const char *demo_hint_text(const struct demo_hint *hint);

#endif
