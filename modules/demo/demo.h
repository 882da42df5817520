/**
 * @file modules/demo/demo.h  The built-in PBX
 *
 * A small telephone system in the phone's process and loop, on 127.0.0.1
 * and ports of the system's choice: registrar, callers, colleagues, spots,
 * lamps. `./run demo` plays on it, and it is the peer of the tests, able
 * to misbehave on command. It shares no code with the phone.
 *
 * Everything runs in the loop's thread. Times of its own (recall, life)
 * are on the given clock; SIP's timers and RTP are in real time.
 */
#ifndef PARKDECK_DEMO_H
#define PARKDECK_DEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "app/clock.h"
#include "modules/demo/demo_books_model.h"
#include "modules/demo/demo_manner_model.h"

struct demo;

enum {
	DEMO_SPOTS_MAX = 99,
	DEMO_CONFIG_MAX = 8192,  /**< Configuration text, at most        */
};

/** How to start; zero takes the default */
struct demo_prm {
	const char *manner;          /**< "asterisk"                     */
	const struct demo_manner *own; /**< Instead of a named one, copied */
	const struct clock *clock;   /**< Borrowed; the system's         */
	unsigned seed;               /**< Of all chance; 1               */
	unsigned spots;              /**< Size of the lot; 6             */
	uint32_t park_s;             /**< Recall after; the manner's     */
	uint32_t comeback_s;         /**< Recall rings for; the manner's */
	uint32_t announce_ms;        /**< Spoken number; the manner's    */
};

/** How a colleague behaves */
struct demo_colleague {
	uint16_t refuse;             /**< 486, 480, 603; 0: answers      */
	uint32_t answer_ms;          /**< Rings so long; UINT32_MAX: never
					  answers                        */
	uint32_t talk_ms;            /**< Then hangs up; 0: never        */
};

/** What a restart forgets */
enum {
	DEMO_KEEP_SUBS = 1,          /**< Subscriptions live on          */
	DEMO_KEEP_BINDINGS = 2,
};

/**
 * Start the PBX
 *
 * @param dp  mem_deref() it: all its sockets close at once, nothing is
 *            said to the phones
 *
 * @return 0; ENOENT no such manner; errno of the sockets
 */
int demo_alloc(struct demo **dp, const struct demo_prm *prm);

/* what to configure a phone with */
uint16_t    demo_port(const struct demo *d, bool tcp);
const char *demo_password(const struct demo *d, const char *ext);
const char *demo_spot(const struct demo *d, unsigned i);
unsigned    demo_spots(const struct demo *d);
const struct demo_manner *demo_manner(const struct demo *d);

/**
 * Write the configuration of a phone that is extension 101
 *
 * @param buf DEMO_CONFIG_MAX bytes are enough
 *
 * @return 0, or EOVERFLOW
 */
int demo_config(const struct demo *d, const char *ext, bool tcp, char *buf,
		size_t sz);

/** @return Number of addresses that an extension is registered from */
unsigned demo_bindings(const struct demo *d, const char *ext);

/** @return Number of live subscriptions, of one number or of all (NULL) */
unsigned demo_subscriptions(const struct demo *d, const char *number);

/** @return Number of dialogs (legs) that live */
unsigned demo_legs(const struct demo *d);

/**
 * Let somebody call an extension
 *
 * @param patience_ms He gives up after; 0: 60 s
 * @param idp         His id in the books, or NULL
 *
 * @return 0; ENOTCONN nobody is registered there: a fate in the books too
 */
int demo_call(struct demo *d, const char *ext, const char *name,
	      const char *number, uint32_t patience_ms, unsigned *idp);

/** He hangs up of his own will */
int demo_hangup(struct demo *d, unsigned id);

/**
 * A colleague parks a call of his
 *
 * @param spot Where; NULL: the first that is free
 *
 * @return 0; EBUSY taken, or the lot is full; ENOENT no such colleague
 */
int demo_park_by_colleague(struct demo *d, const char *ext,
			   const char *spot, const char *name,
			   const char *number, unsigned *idp);

/** @return 0; ENOENT nobody waits there, or no such colleague */
int demo_retrieve_by_colleague(struct demo *d, const char *ext,
			       const char *spot, uint32_t talk_ms);

int demo_set_colleague(struct demo *d, const char *ext,
		       const struct demo_colleague *c);

/**
 * Fall over: all calls are gone, nothing is heard for `down_ms`, TCP
 * connections end and are refused so long. Not from within a SIP handler.
 */
int demo_restart(struct demo *d, unsigned keep, uint32_t down_ms);

/** @return True until a demo_restart() is over */
bool demo_down(const struct demo *d);

/** Misbehave from now on, in place of what the manner does; NULL: as the
    manner does */
void demo_set_fault(struct demo *d, const struct demo_fault *fault);

/**
 * A NOTIFY that nobody subscribed to
 *
 * @return 0; ENOTCONN nobody is registered there
 */
int demo_notify(struct demo *d, const char *ext, const char *event,
		const char *ctype, const char *body);

/** @return What the last demo_notify() was answered; 0: nothing yet */
uint16_t demo_notify_answer(const struct demo *d);

/**
 * Shape of the bodies of park-info: "xml", "json", "lines", "opaque" (words
 * that mean nothing) or "empty"
 *
 * @return 0; EINVAL no such shape
 */
int demo_set_body(struct demo *d, const char *word);

/**
 * @param parker_unknown Its parker is "(null)"
 * @param never_clears   Nothing is told when a call has left
 */
void demo_set_told(struct demo *d, bool parker_unknown, bool never_clears);

/** Run what is due now; for clocks that stand still */
void demo_poll(struct demo *d);

/** @return The books, with what everybody hears at this moment */
const struct demo_books *demo_books(struct demo *d);

/**
 * Do the books agree with themselves and with the signalling?
 *
 * @param buf What is wrong; "" if all is well
 *
 * @return 0, or EPROTO
 */
int demo_books_check(struct demo *d, char *buf, size_t sz);

/** What a step of a script does */
enum demo_what {
	DEMO_STEP_END = 0,
	DEMO_STEP_CALL,          /**< a: extension, b: name, c: number,
				      n: patience [ms]                   */
	DEMO_STEP_HANGUP,        /**< c: number of who hangs up          */
	DEMO_STEP_PARK,          /**< a: colleague, b: name, c: number,
				      n: spot's index + 1, 0: any        */
	DEMO_STEP_RETRIEVE,      /**< a: colleague, n: spot's index + 1,
				      0: the one that waits longest      */
	DEMO_STEP_RESTART,       /**< n: down [ms]                       */
	DEMO_STEP_FAULT,         /**< fault: or NULL                     */
};

struct demo_step {
	uint32_t at_ms;          /**< Since the script began             */
	enum demo_what what;
	const char *a, *b, *c;
	uint32_t n;
	const struct demo_fault *fault;
};

/**
 * Play a script; it begins when `ext` is registered
 *
 * @param stepv Borrowed, ends with DEMO_STEP_END; times must not fall
 */
int demo_run(struct demo *d, const char *ext, const struct demo_step *stepv);

/**
 * Let life go on: a first call within three seconds of the registration,
 * then a call now and then, a colleague who parks, one who retrieves
 *
 * @param ext NULL: no more of it; calls under way go on
 */
int demo_life(struct demo *d, const char *ext);

#endif
