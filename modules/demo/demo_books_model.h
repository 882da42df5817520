/**
 * @file modules/demo/demo_books_model.h  Books: who is where, every fate
 *
 * The books are the built-in PBX's truth: whoever takes part in a call has
 * a row, from the first ring to the end. Tests believe them, not the phone.
 */
#ifndef PARKDECK_DEMO_BOOKS_MODEL_H
#define PARKDECK_DEMO_BOOKS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DEMO_ROWS = 1024,        /**< Rows kept; ended ones make room    */
	DEMO_TEXT = 64,
};

enum demo_kind {
	DEMO_CALLER = 0,         /**< From outside, played by the PBX    */
	DEMO_COLLEAGUE,          /**< An extension, played by the PBX    */
	DEMO_PHONE,              /**< A leg to a real telephone          */
};

enum demo_place {
	DEMO_NOWHERE = 0,        /**< Between two places; must not last  */
	DEMO_RINGING,            /**< Calls, `with` rings                */
	DEMO_RUNG,               /**< Rings, `with` calls                */
	DEMO_TALKING,            /**< With `with`                        */
	DEMO_PARKED,             /**< At `spot`, hears music             */
	DEMO_SERVED,             /**< Hears a voice or an echo           */
	DEMO_ENDED,

	DEMO_PLACES
};

enum demo_fate {
	DEMO_LIVES = 0,
	DEMO_LEFT,               /**< Hung up by himself                 */
	DEMO_HUNG_UP,            /**< The other hung up                  */
	DEMO_REFUSED,            /**< Busy, declined, not there          */
	DEMO_UNANSWERED,
	DEMO_DROPPED,            /**< The PBX ended it; nobody wished so */
	DEMO_LOST,               /**< Signalling died: nobody knows      */

	DEMO_FATES
};

struct demo_row {
	unsigned id;             /**< From 1, never used twice           */
	enum demo_kind kind;
	enum demo_place place;
	enum demo_fate fate;
	char name[DEMO_TEXT];
	char number[DEMO_TEXT];  /**< Caller's number or extension       */
	unsigned with;           /**< The other one's id, or 0           */
	char spot[DEMO_TEXT];    /**< Parked at                          */
	char by[DEMO_TEXT];      /**< Extension that parked or retrieved */
	char reason[DEMO_TEXT];  /**< Why ended                          */
	bool held;               /**< Held by the other: hears music     */
	unsigned talked_n;       /**< How often he began to talk         */
	unsigned parked_n;       /**< How often parked so far            */
	unsigned retrieved_n;
	unsigned recalled_n;
	char keys[DEMO_TEXT];    /**< Keypad tones that he sent          */
	int plays_hz;            /**< His own tone                       */
	int hears_hz;            /**< Dominant tone in his ear; 0: none  */
	uint64_t since_ms;       /**< In this place since                */
};

struct demo_books {
	struct demo_row rowv[DEMO_ROWS];
	bool several;            /**< A spot takes several calls         */
	unsigned last;           /**< Last id given                      */
	unsigned fatev[DEMO_FATES]; /**< Callers that ended, each fate   */
};

void demo_books_init(struct demo_books *b);
struct demo_row *demo_books_add(struct demo_books *b, enum demo_kind kind,
				const char *name, const char *number,
				uint64_t now_ms);
struct demo_row *demo_books_find(struct demo_books *b, unsigned id);
const struct demo_row *demo_books_get(const struct demo_books *b,
				      unsigned id);
const struct demo_row *demo_books_number(const struct demo_books *b,
					 const char *number);
const struct demo_row *demo_books_at(const struct demo_books *b,
				     const char *spot);

/**
 * Moves. Each takes the row out of where it was; the one it was with is
 * left DEMO_NOWHERE, and the caller of these places it at once.
 *
 * @return 0; ENOENT no such row; EALREADY has ended; EBUSY spot taken;
 *         EINVAL the same one twice
 */
int demo_books_ring(struct demo_books *b, unsigned caller, unsigned callee,
		    uint64_t now_ms);
int demo_books_talk(struct demo_books *b, unsigned a, unsigned c,
		    uint64_t now_ms);
int demo_books_park(struct demo_books *b, unsigned id, const char *spot,
		    const char *by, uint64_t now_ms);
int demo_books_serve(struct demo_books *b, unsigned id, uint64_t now_ms);
int demo_books_free(struct demo_books *b, unsigned id, uint64_t now_ms);
int demo_books_key(struct demo_books *b, unsigned id, char key);
int demo_books_end(struct demo_books *b, unsigned id, enum demo_fate fate,
		   const char *reason, uint64_t now_ms);

/**
 * Is every caller accounted for?
 *
 * @param buf What is wrong, one sentence; "" if all is well
 *
 * @return 0, or EPROTO
 */
int demo_books_consistent(const struct demo_books *b, char *buf, size_t sz);

const char *demo_place_name(enum demo_place place);
const char *demo_fate_name(enum demo_fate fate);

#endif
