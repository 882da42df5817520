/**
 * @file modules/reg/reg_state.h  Life of one registration (RFC 3261 10.2)
 *
 * Pure: no clock, no I/O. The caller carries the action out and calls again
 * with REGC_EV_DUE when `due_ms` has come.
 */
#ifndef PARKDECK_REG_STATE_H
#define PARKDECK_REG_STATE_H

#include <stdbool.h>
#include <stdint.h>

enum regc_state {
	REGC_OFF = 0,        /**< Not wanted                             */
	REGC_TRYING,         /**< REGISTER under way, not registered     */
	REGC_OK,             /**< Registered                             */
	REGC_REFRESHING,     /**< Registered, REGISTER under way         */
	REGC_RETRY,          /**< Failed; waits for the next try         */
	REGC_REFUSED,        /**< Password refused twice: stays so       */
	REGC_CLOSING,        /**< Un-REGISTER under way                  */

	REGC_STATES
};

enum regc_event {
	REGC_EV_START = 0,   /**< Wanted; also: try again by hand        */
	REGC_EV_OK,          /**< 2xx; `expires_s` counts                */
	REGC_EV_FAIL,        /**< Any other answer, or none              */
	REGC_EV_PASSWORD,    /**< Our credentials were refused           */
	REGC_EV_FLOW,        /**< The connection of the registration fell */
	REGC_EV_NET,         /**< Our own address changed                */
	REGC_EV_DUE,
	REGC_EV_STOP,

	REGC_EVENTS
};

enum regc_action {
	REGC_ACT_NONE = 0,
	REGC_ACT_SEND,       /**< Send REGISTER                          */
	REGC_ACT_CANCEL,     /**< Forget the REGISTER under way          */
	REGC_ACT_UNSEND,     /**< Send REGISTER with Expires 0           */
	REGC_ACT_DONE,       /**< Nothing is left to do                  */
};

/** One registration; zero is a fresh one */
struct regc_life {
	enum regc_state state;
	uint64_t due_ms;     /**< When to send REGC_EV_DUE; 0 = never    */
	unsigned failc;      /**< Failures in a row                      */
	unsigned refusedc;   /**< Passwords refused in a row             */
	uint32_t seed;       /**< Of the jitter                          */
};

/** What an event brings along; zero where it brings nothing */
struct regc_arg {
	uint32_t expires_s;     /**< Granted by the 2xx                  */
	uint32_t retry_after_s; /**< Retry-After of a failure            */
	bool slow;              /**< Refused for good (405, 501 …)       */
};

/**
 * Step the life of a registration
 *
 * @param life   Borrowed, changed in place
 * @param ev     What happened
 * @param arg    What came with it, or NULL
 * @param now_ms Monotonic time [ms]
 *
 * @return What the caller must do. An event without meaning in this state
 *         changes nothing: REGC_ACT_NONE.
 *
 * Failures are tried again after 1, 2, 4 … 60 s with jitter; a server's
 * Retry-After (RFC 3261 20.33) is kept. A lasting refusal is tried every
 * five minutes; a refused password once more and then no more, since
 * servers ban an office for less.
 */
enum regc_action regc_step(struct regc_life *life, enum regc_event ev,
			   const struct regc_arg *arg, uint64_t now_ms);

bool regc_registered(const struct regc_life *life);
const char *regc_state_name(enum regc_state state);
const char *regc_event_name(enum regc_event ev);

#endif
