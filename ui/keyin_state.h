/**
 * @file ui/keyin_state.h  Bytes from a terminal -> keys
 *
 * Pure; each byte comes with the time it was read. A sequence may be split
 * anywhere (slow SSH): its bytes are either the one key they mean or nothing,
 * never keys of their own. A lone ESC is the key Esc after KEYIN_ESC_MS; if
 * the rest of a sequence comes later still, it is recognised all the same.
 * What may be such a rest or a key waits KEYIN_MORE_MS: a rest comes in one,
 * a key alone.
 */
#ifndef PARKDECK_UI_KEYIN_STATE_H
#define PARKDECK_UI_KEYIN_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	KEYIN_ESC_MS = 100,        /**< ESC with nothing behind it       */
	KEYIN_SEQ_MS = 10000,      /**< A sequence that never ends       */
	KEYIN_STRING_MS = 2000,    /**< OSC, DCS …: answers of terminals */
	KEYIN_MORE_MS = 20,        /**< More bytes of the same           */
	KEYIN_PASTE_SZ = 256,      /**< More pasted bytes are dropped    */
};

/** A key without a character; stands above Unicode */
enum keyin_code {
	KEYIN_NONE = 0x110000,
	KEYIN_ENTER,
	KEYIN_TAB,
	KEYIN_BACKSPACE,
	KEYIN_ESC,
	KEYIN_UP,
	KEYIN_DOWN,
	KEYIN_LEFT,
	KEYIN_RIGHT,
	KEYIN_HOME,
	KEYIN_END,
	KEYIN_PGUP,
	KEYIN_PGDN,
	KEYIN_INSERT,
	KEYIN_DELETE,
	KEYIN_F1,
	KEYIN_F12 = KEYIN_F1 + 11,
	KEYIN_PASTE,               /**< struct key: text                 */
	KEYIN_MOUSE,               /**< struct key: x, y, button         */
};

enum keyin_mod {
	KEYIN_SHIFT = 1,           /**< Not with characters: "P", not p  */
	KEYIN_ALT = 2,
	KEYIN_CTRL = 4,
};

enum keyin_button {
	KEYIN_PRESS = 0,           /**< Left button                      */
	KEYIN_WHEEL_UP,
	KEYIN_WHEEL_DOWN,
};

struct key {
	uint32_t code;             /**< Code point or enum keyin_code    */
	unsigned mods;             /**< enum keyin_mod                   */
	enum keyin_button button;
	int x, y;                  /**< From 0                           */
	const char *text;          /**< UTF-8, borrowed for the call     */
};

/** A key was pressed; `key` is borrowed for the call */
typedef void (keyin_h)(const struct key *key, void *arg);

/** Begin with keyin_init(); the rest is private to keyin_state.c */
struct keyin {
	int state;
	bool alt;                  /**< ESC ESC or ESC and a character   */
	bool late;                 /**< Esc was given out, rest may come */
	int rest;                  /**< State that was given up, whose rest
					may come; 0: none                */
	uint8_t held;              /**< Its first byte, or a key         */
	bool drop;                 /**< This is a rest: it means nothing */
	uint64_t last_ms;          /**< When the last byte came          */
	char seq[32];              /**< Parameters of a sequence         */
	size_t seqn;               /**< Bytes in it; more: too long      */
	char paste[KEYIN_PASTE_SZ];
	size_t pasten;
	size_t match;              /**< Bytes of the paste's end seen    */
};

void keyin_init(struct keyin *in);

/** Take one byte in; `h` is called for the keys that are now complete */
void keyin_step(struct keyin *in, uint8_t byte, uint64_t now_ms,
		keyin_h *h, void *arg);

/** Let time pass: a lone ESC becomes a key, a broken sequence is dropped */
void keyin_timeout(struct keyin *in, uint64_t now_ms, keyin_h *h, void *arg);

/** @return When keyin_timeout() wants to be called, or 0: never */
uint64_t keyin_due_ms(const struct keyin *in);

/** @return The key as one number, for tables: code | mods << 24 */
uint32_t keyin_id(const struct key *key);

#endif
