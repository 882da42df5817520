/**
 * @file ui/keymap.h  Keys -> actions: the one table
 *
 * The help, the footer and the manual are made from it. Every action takes
 * a list of keys and can be rebound. Bare digits are not in the list: they
 * are the labels of the lamps or the keypad, see ui/keyguard_state.h.
 */
#ifndef PARKDECK_UI_KEYMAP_H
#define PARKDECK_UI_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ui/keyin_state.h"

enum action {
	ACTION_NONE = 0,

	/* the spot key of the 1st to 12th lamp of the page */
	ACTION_SPOT_1,
	ACTION_SPOT_12 = ACTION_SPOT_1 + 11,
	ACTION_ENTER,

	ACTION_PARK,
	ACTION_PARK_WHERE,
	ACTION_RETRIEVE,
	ACTION_LIST,
	ACTION_UNDO,
	ACTION_NOTE,
	ACTION_COPY,

	ACTION_ANSWER,
	ACTION_HANGUP,
	ACTION_HOLD,
	ACTION_MUTE,
	ACTION_TRANSFER,
	ACTION_ATTENDED,
	ACTION_KEYPAD,
	ACTION_DIAL,

	ACTION_LEFT,
	ACTION_RIGHT,
	ACTION_UP,
	ACTION_DOWN,
	ACTION_PAGE_UP,
	ACTION_PAGE_DOWN,
	ACTION_FIRST,
	ACTION_LAST,
	ACTION_PANE,
	ACTION_FIND,
	ACTION_FIND_NEXT,
	ACTION_FIND_PREV,

	ACTION_COMMAND,
	ACTION_HELP,
	ACTION_BACK,
	ACTION_REDRAW,
	ACTION_QUIT,

	ACTIONS
};

enum {
	KEYMAP_KEYS = 4,           /**< Keys of one action               */
	KEYMAP_NAME_SZ = 24,       /**< "Ctrl-Alt-Backspace" and NUL     */
};

/** A row of the table; tables end with ACTION_NONE */
struct keymap_row {
	enum action action;
	const char *name;          /**< To rebind it, "park"             */
	const char *keys;          /**< Default, blanks between          */
	const char *word;          /**< In the footer, or NULL           */
	const char *help;
	bool once;                 /**< A held key must not repeat it    */
};

/** Keys now in force; begin with keymap_init() */
struct keymap {
	uint32_t keyv[ACTIONS][KEYMAP_KEYS];   /**< keyin_id(); 0: none  */
};

/** @return The table, in the order of the help */
const struct keymap_row *keymap_rows(void);

/** @return The row of an action, or NULL */
const struct keymap_row *keymap_row(enum action action);

void keymap_init(struct keymap *km);

/** @return What the key does, or ACTION_NONE */
enum action keymap_find(const struct keymap *km, const struct key *key);

/**
 * Give an action other keys; who had them before loses them
 *
 * @param km    Changed only on success
 * @param name  Action, "park"
 * @param keys  "p Ctrl-P F9", or "" for none
 * @param err   Set to one sentence on failure
 * @param errsz Its size
 *
 * @return 0, EINVAL, or ENOENT: no such action
 */
int keymap_bind(struct keymap *km, const char *name, const char *keys,
		char *err, size_t errsz);

/** Decode "p", "Alt-1", "F11", "PgUp"; @return keyin_id(), 0: is none */
uint32_t keymap_key_decode(const char *name, size_t len);

/** @return buf: the name of a key */
char *keymap_key_print(char buf[KEYMAP_NAME_SZ], uint32_t id);

/** @return buf: the keys of an action, blanks between; "" if none */
char *keymap_keys_print(char *buf, size_t sz, const struct keymap *km,
			enum action action);

/** @return buf: the first key of an action; "" if none */
char *keymap_first_print(char buf[KEYMAP_NAME_SZ], const struct keymap *km,
			 enum action action);

#endif
