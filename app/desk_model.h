/**
 * @file app/desk_model.h  All that is shown, built from facts alone
 *
 * The screen, the control socket's `status` and the tests read this one
 * model. Pure: no clock, no I/O. Whatever can be derived is not stored.
 */
#ifndef PARKDECK_DESK_MODEL_H
#define PARKDECK_DESK_MODEL_H

#include <stddef.h>
#include "event.h"

enum {
	ACCOUNTS_MAX = 16,
	LAMPS_MAX = 20000,   /**< More are cut off                       */
	BOOK_MAX = 1024,     /**< Entries; more are refused              */
};

/** What a lamp's key does, as its state and the site allow */
enum deed {
	DEED_NONE = 0,
	DEED_RETRIEVE,
	DEED_PARK,           /**< At this spot                           */
	DEED_PARK_LOT,       /**< Where the PBX chooses                  */
	DEED_DIAL,
	DEED_PICKUP,
	DEED_TRANSFER,       /**< At once                                */
	DEED_ATTENDED,       /**< After a word with him                  */
};

/** How long a parked call has waited, as the user should feel it */
enum desk_age {
	DESK_AGE_NONE = 0,   /**< Nobody waits, or that is not known     */
	DESK_AGE_FRESH,
	DESK_AGE_LONG,       /**< Half of the time before its recall     */
	DESK_AGE_DUE,        /**< It will be given back any moment       */
};

enum {
	DESK_LONG_S = 120,   /**< Where no recall is known               */
	DESK_DUE_S = 15,     /**< Before the recall, or the last quarter */
	DESK_GRACE_MS = 5000, /**< The recall may come so much later     */
	DESK_LEFT_MS = 10000, /**< So long a lamp tells who has gone     */
};

/** A lamp and what we know beyond its subscription */
struct desk_lamp {
	struct lamp_fact f;
	bool told;                /**< `f` holds: the lamp has spoken  */
	const struct book_fact *book; /**< What our book says of it, in
				       `bookv`; NULL: nothing          */
	uint64_t shown_ms;        /**< When f.state was last changed   */
	char left[TEXT_SZ];       /**< Who has gone from there, or ""  */
	uint64_t left_ms;         /**< When                            */
	bool recalled;            /**< He rings here again             */
	uint32_t wait;            /**< Private: place in `waitv`, from 1;
				       0: nobody waits here            */
};

/** Private: a lamp where a call waits, and what tells who came first */
struct desk_wait {
	uint64_t since_ms;
	uint32_t lamp;
	bool at_least;
};

/** @return What the key of that lamp does now; `to`: where, if elsewhere */
typedef enum deed (deed_h)(const struct desk_lamp *lamp, char *to,
			   size_t sz, void *arg);

struct desk {
	struct account_fact accountv[ACCOUNTS_MAX];
	size_t accountc;
	struct call_fact callv[CALLS_MAX];   /**< In order of their ids   */
	size_t callc;                        /**< Closed ones are gone    */
	struct desk_lamp *lampv;             /**< Owned; lampc entries    */
	size_t lampc;
	struct desk_wait *waitv;             /**< Owned: a heap, who waits
						  longest first        */
	size_t waitc;                        /**< Lamps that are parked  */
	struct book_fact *bookv;             /**< Owned; also entries of
						  spots without a lamp */
	size_t bookc;
	char hint[REASON_SZ];                /**< What to press next, or "" */
	struct message_fact message;         /**< The latest              */
	struct sound_fact sound;
	struct site_fact site;
	uint64_t version;                    /**< Grows with every change */
};

/** Begin with nothing known */
void desk_init(struct desk *desk);

/** Forget everything and free it; `version` goes on */
void desk_reset(struct desk *desk);

/**
 * Take a fact in
 *
 * @param desk   The model
 * @param ev     The fact
 * @param now_ms Monotonic time [ms]
 *
 * @return 0, or ENOMEM (then nothing changed)
 *
 * A lamp or account outside the bounds, or a state that is none, changes
 * nothing. EVENT_LAMPS with more lamps than before adds them at the end of
 * the grid, else it is made anew: all lamps are unknown until they tell
 * themselves; the book of our parked calls is kept.
 */
int desk_step(struct desk *desk, const struct event *ev, uint64_t now_ms);

/** @return The call with that id, borrowed, or NULL */
const struct call_fact *desk_call(const struct desk *desk, unsigned id);

/** @return First call in that state, borrowed, or NULL */
const struct call_fact *desk_call_in(const struct desk *desk,
				     enum deskcall_state state);

/** @return First lamp of that spot (its number), borrowed, or NULL */
const struct desk_lamp *desk_lamp(const struct desk *desk, const char *spot);

/** @return That account's lamp of that spot, borrowed, or NULL */
const struct desk_lamp *desk_lamp_of(const struct desk *desk,
				     unsigned account, const char *spot);

/**
 * A spot to park at, of those that are known to be free and that no park of
 * ours is on its way to
 *
 * @param account Whose spots
 * @param own     Own extension: two desks that look at the same moment take
 *                two spots, as a rule. NULL: the first
 * @param after   The spot that is taken: the next one behind it; or NULL
 *
 * @return Its lamp, borrowed, or NULL: none is known to be free
 */
const struct desk_lamp *desk_lamp_free(const struct desk *desk,
				       unsigned account, const char *own,
				       const char *after);

/**
 * The parked call that has waited longest and is known to wait now
 *
 * @return Its lamp, borrowed, or NULL: nothing is parked. Costs nothing
 *         however many lamps there are; desk->waitc of them are parked
 */
const struct desk_lamp *desk_longest(const struct desk *desk);

/**
 * What I parked last and still waits, as far as that is known
 *
 * @return Its entry in the book, borrowed, or NULL
 */
const struct book_fact *desk_mine(const struct desk *desk);

/**
 * Name a spot in a command: "701", or "701@1" where another account has a
 * lamp of that name too
 */
void desk_spot_print(char *buf, size_t sz, const struct desk *desk,
		     unsigned account, const char *spot);

/**
 * Since when the lamp is in its state; for a parked call that was there
 * before we looked, what our book knows [clock]; 0: unknown
 */
uint64_t desk_lamp_since(const struct desk_lamp *lamp);

/**
 * How long a call has waited
 *
 * @param since_ms  Since when [clock]
 * @param recall_ms Set to the time that is left until the PBX gives the call
 *                  back [ms]; 0: not known, or over. May be NULL
 */
enum desk_age desk_age(const struct desk *desk, uint64_t since_ms,
		       uint64_t now_ms, uint64_t *recall_ms);

/** Same for a lamp */
enum desk_age desk_lamp_age(const struct desk *desk,
			    const struct desk_lamp *lamp, uint64_t now_ms,
			    uint64_t *recall_ms);

/**
 * Who has just gone from a lamp that is free now, and why
 *
 * @param why Set to it, "" if that is not known; may be NULL
 *
 * @return His name, or "": nobody, or too long ago
 */
const char *desk_lamp_left(const struct desk_lamp *lamp, uint64_t now_ms,
			   const char **why);

/** @return Who parked it, "me" or a name, or "": our book first */
const char *desk_lamp_by(const struct desk_lamp *lamp);

/** @return Caller's name, else number, else "": our book first */
const char *desk_lamp_who(const struct desk_lamp *lamp);

/** @return True if the lamp shows a waiting call (not stale) */
bool desk_lamp_parked(const struct desk_lamp *lamp);

#endif
