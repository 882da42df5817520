/**
 * @file modules/park/told_model.h  Parked calls that the PBX told us of
 *
 * Pure. Where calls are parked on extensions nothing is subscribed to: the
 * PBX sends a word when a call is parked for us, and perhaps another when it
 * is not any more. So a call that was told of is believed for a time only.
 */
#ifndef PARKDECK_TOLD_MODEL_H
#define PARKDECK_TOLD_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "app/event.h"

enum {
	TOLD_MAX = 64,           /**< With more the oldest is forgotten  */
};

/** One call */
struct told_call {
	unsigned id;             /**< From 1, never used twice           */
	unsigned account;
	char place[TEXT_SZ];     /**< Extension that it is parked on     */
	char who[TEXT_SZ];
	char number[TEXT_SZ];
	char by[TEXT_SZ];
	char retrieve[TEXT_SZ];  /**< What to dial, as told; or ""       */
	uint64_t since_ms;
	uint64_t until_ms;       /**< Then it is not believed any more   */
};

/** All of them, oldest first; zero is none */
struct told {
	struct told_call v[TOLD_MAX];
	size_t c;
	unsigned last_id;
};

enum told_outcome {
	TOLD_NOTHING = 0,
	TOLD_NEW,
	TOLD_CHANGED,            /**< More is known of a call            */
	TOLD_GONE,
};

/**
 * Take in that a call was parked
 *
 * The same place and the same number are the same call; so is one of which
 * nothing more is known than the place, where one such waits already.
 *
 * @param info `id` and times are not looked at
 * @param ttl_ms It is believed for so long
 * @param call Set to the call that is new or changed
 */
enum told_outcome told_park(struct told *t, const struct told_call *info,
			    uint64_t ttl_ms, uint64_t now_ms,
			    struct told_call *call);

/**
 * Take in that a call does not wait any more
 *
 * @param info Which: by number or name where they are known, else the
 *             oldest at that place, since that is the one which a PBX gives
 *             to who asks for the place
 * @param call Set to the call that is gone
 */
enum told_outcome told_clear(struct told *t, const struct told_call *info,
			     struct told_call *call);

/** The call with that id is gone. The same as told_clear() */
enum told_outcome told_remove(struct told *t, unsigned id,
			      struct told_call *call);

/** Take out one whose time is over; TOLD_NOTHING: there is none */
enum told_outcome told_expire(struct told *t, uint64_t now_ms,
			      struct told_call *call);

/** @return When told_expire() has something to do; UINT64_MAX: never */
uint64_t told_due_ms(const struct told *t);

/** @return The call with that id, borrowed, or NULL */
const struct told_call *told_find(const struct told *t, unsigned id);

/** @return The oldest at that place, borrowed, or NULL */
const struct told_call *told_at(const struct told *t, unsigned account,
				const char *place);

/** @return How many of that account wait */
size_t told_count(const struct told *t, unsigned account);

#endif
