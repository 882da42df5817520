/**
 * @file ui/keyguard_state.h  What must not happen by a slip of the finger
 *
 * Pure. A digit alone is a spot key, more are a number. A spot's key does
 * what its state allows, so it must not act on a state the user has not
 * seen, nor twice because a key was held down.
 */
#ifndef PARKDECK_UI_KEYGUARD_STATE_H
#define PARKDECK_UI_KEYGUARD_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include "app/desk_model.h"
#include "ui/seen_state.h"

enum {
	KEYGUARD_DIGIT_MS = 200,   /**< A lone digit acts after that     */
	KEYGUARD_SHOWN_MS = SEEN_MS,
	KEYGUARD_DEAD_MS = 1000,   /**< After a park or retrieve ended   */
	KEYGUARD_HELD_MS = 700,    /**< First repeat of a held key: up to */
	KEYGUARD_REPEAT_MS = 95,   /**< Next repeats: up to              */
	KEYGUARD_BUNCH_MS = 5,     /**< Typed, but came in one packet    */
};

/** What a spot key may do */
enum keyguard_verdict {
	KEYGUARD_DROP = 0,         /**< Nothing: its park goes on        */
	KEYGUARD_ACT,
	KEYGUARD_ASK,              /**< The lamp has just changed        */
};

/** What to do with a digit */
enum keyguard_digit {
	KEYGUARD_DIGIT_DROP = 0,   /**< A held key                       */
	KEYGUARD_DIGIT_WAIT,       /**< See keyguard_step()              */
	KEYGUARD_DIGIT_NUMBER,     /**< A number is typed: dial line     */
	KEYGUARD_DIGIT_TONE,       /**< Send it now                      */
};

/** A spot whose key is dead */
struct keyguard_dead {
	char spot[TEXT_SZ];
	unsigned call;             /**< Call in hand when its key acted,
					0: none. On a lot the PBX chooses:
					its spot is not the key's        */
	bool busy;                 /**< Parks or retrieves now           */
	uint64_t until_ms;         /**< If not busy; 0: unused           */
};

/** Begin with keyguard_init(); the rest is private */
struct keyguard {
	char digit;                /**< Waits until due_ms; 0: none      */
	uint64_t due_ms;
	char last_digit;
	uint64_t last_digit_ms;
	uint32_t last_id;
	uint64_t last_id_ms;
	struct keyguard_dead deadv[CALLS_MAX];
	bool digits_phone;
	unsigned keypad;           /**< Call whose keypad is open, or 0  */
	unsigned donev[CALLS_MAX]; /**< Calls that had theirs opened     */
	size_t donec;
};

/** @param digits_phone The keypad opens in every call, not only in those
 *                      that we dialled */
void keyguard_init(struct keyguard *kg, bool digits_phone);

/** Look at the desk: parks that begin and end, keypads that open */
void keyguard_desk(struct keyguard *kg, const struct desk *desk,
		   uint64_t now_ms);

/**
 * Any key was pressed
 *
 * @param id keyin_id()
 *
 * @return True if that seems to be the same key, held down
 */
bool keyguard_press(struct keyguard *kg, uint32_t id, uint64_t now_ms);

/**
 * A digit was pressed where it is no text
 *
 * @param kg   The guard
 * @param c    '0' to '9', '*', '#'
 * @param tone The keypad is open
 *
 * @return What to do; with KEYGUARD_DIGIT_NUMBER keyguard_flush() gives
 *         the digit before it
 */
enum keyguard_digit keyguard_digit(struct keyguard *kg, char c, bool tone,
				   uint64_t now_ms);

/** @return The digit that has waited long enough and acts now, or 0 */
char keyguard_step(struct keyguard *kg, uint64_t now_ms);

/** @return The digit that waits, or 0; it waits no more */
char keyguard_flush(struct keyguard *kg);

/** @return When keyguard_step() wants to be called, or 0: never */
uint64_t keyguard_due_ms(const struct keyguard *kg);

/**
 * @param seen_ms For how long the state of the lamp has been seen
 *
 * @return What its key may do now
 */
enum keyguard_verdict keyguard_spot(const struct keyguard *kg,
				    const struct desk_lamp *lamp,
				    uint64_t seen_ms, uint64_t now_ms);

/**
 * The key of a spot has acted
 *
 * @param call Id of the call that it may have sent there, or 0: the key
 *             rests as long as that call is on its way
 */
void keyguard_acted(struct keyguard *kg, const char *spot, unsigned call,
		    uint64_t now_ms);

/** @return Id of the active call whose keypad is open, or 0 */
unsigned keyguard_keypad(const struct keyguard *kg, const struct desk *desk);

/** Open the keypad for a call; 0 closes it */
void keyguard_set_keypad(struct keyguard *kg, unsigned id);

#endif
