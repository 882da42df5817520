/**
 * @file ui/keymap.c  Keys -> actions: the one table
 */
#include <errno.h>
#include <string.h>
#include "ui/keymap.h"
#include "ui/text.h"


#define SPOT_ROW(n, digit) \
	{ACTION_SPOT_1 + (n) - 1, "spot-" #n, "F" #n digit, NULL, \
	 "spot key of the lamp with that label, at once", false}

static const struct keymap_row rowv[] = {
	SPOT_ROW(1, " Alt-1"), SPOT_ROW(2, " Alt-2"), SPOT_ROW(3, " Alt-3"),
	SPOT_ROW(4, " Alt-4"), SPOT_ROW(5, " Alt-5"), SPOT_ROW(6, " Alt-6"),
	SPOT_ROW(7, " Alt-7"), SPOT_ROW(8, " Alt-8"), SPOT_ROW(9, " Alt-9"),
	SPOT_ROW(10, " Alt-0"), SPOT_ROW(11, ""), SPOT_ROW(12, ""),

	{ACTION_ENTER, "enter", "Enter", NULL,
	 "spot key of the selected lamp; answer or resume a call", false},

	{ACTION_PARK, "park", "p", "park",
	 "park the active call on the lot or a free spot", true},
	{ACTION_PARK_WHERE, "park-where", "P", NULL,
	 "park, ask where", false},
	{ACTION_RETRIEVE, "retrieve", "r", "retrieve",
	 "take the call that has waited longest", true},
	{ACTION_LIST, "parked", "R", "parked calls",
	 "list all parked calls", true},
	{ACTION_UNDO, "undo", "u", "undo park",
	 "take back what I parked last", true},
	{ACTION_NOTE, "note", "e", "note",
	 "write a note on a parked call", false},
	{ACTION_COPY, "copy", "c", NULL,
	 "copy what to dial for the call parked last", true},

	{ACTION_ANSWER, "answer", "a", "answer",
	 "answer", true},
	{ACTION_HANGUP, "hangup", "b", "hang up",
	 "hang up, or refuse a call that rings", true},
	{ACTION_HOLD, "hold", "x", "hold",
	 "hold or resume", true},
	{ACTION_MUTE, "mute", "m", "mute",
	 "mute the microphone or open it again", true},
	{ACTION_TRANSFER, "transfer", "t", "transfer",
	 "blind transfer, ask where", false},
	{ACTION_ATTENDED, "attended", "T", NULL,
	 "attended transfer: ask where, then join", false},
	{ACTION_KEYPAD, "keypad", "k", "keypad",
	 "keypad: digits are tones until Esc; so do * and #", true},
	{ACTION_DIAL, "dial", "d", "dial",
	 "dial a number; two digits open this line too", false},

	{ACTION_LEFT, "left", "Left Alt-h", NULL, "move left", false},
	{ACTION_DOWN, "down", "Down Alt-j", NULL, "move down", false},
	{ACTION_UP, "up", "Up Alt-k", NULL, "move up", false},
	{ACTION_RIGHT, "right", "Right Alt-l", NULL, "move right", false},
	{ACTION_PAGE_UP, "page-up", "PgUp", NULL, "page back", false},
	{ACTION_PAGE_DOWN, "page-down", "PgDn", NULL, "next page", false},
	{ACTION_FIRST, "first", "g Home", NULL, "first", false},
	{ACTION_LAST, "last", "G End", NULL, "last", false},
	{ACTION_PANE, "pane", "Tab Shift-Tab", NULL,
	 "lamps or calls", false},
	{ACTION_FIND, "find", "/", "find",
	 "find a lamp by number, label, caller or note", false},
	{ACTION_FIND_NEXT, "find-next", "n", NULL, "find the next", false},
	{ACTION_FIND_PREV, "find-previous", "N", NULL,
	 "find the one before", false},

	{ACTION_COMMAND, "command", ":", NULL, "command line", false},
	{ACTION_HELP, "help", "?", "help", "this help", true},
	{ACTION_BACK, "back", "Esc", NULL,
	 "close what is open, the keypad, a message", false},
	{ACTION_REDRAW, "redraw", "Ctrl-L", NULL,
	 "draw the screen anew", false},
	{ACTION_QUIT, "quit", "q Ctrl-C", "quit",
	 "quit; asks while calls are up or wait", false},

	{ACTION_NONE, NULL, NULL, NULL, NULL, false}
};

/** Names of keys; the first name of a code is the one that is shown */
static const struct {
	const char *name;
	uint32_t code;
} namev[] = {
	{"Enter", KEYIN_ENTER},   {"Return", KEYIN_ENTER},
	{"Tab", KEYIN_TAB},       {"Backspace", KEYIN_BACKSPACE},
	{"Esc", KEYIN_ESC},       {"Escape", KEYIN_ESC},
	{"Up", KEYIN_UP},         {"Down", KEYIN_DOWN},
	{"Left", KEYIN_LEFT},     {"Right", KEYIN_RIGHT},
	{"Home", KEYIN_HOME},     {"End", KEYIN_END},
	{"PgUp", KEYIN_PGUP},     {"PgDn", KEYIN_PGDN},
	{"Insert", KEYIN_INSERT}, {"Delete", KEYIN_DELETE},
	{"F1", KEYIN_F1},         {"F2", KEYIN_F1 + 1},
	{"F3", KEYIN_F1 + 2},     {"F4", KEYIN_F1 + 3},
	{"F5", KEYIN_F1 + 4},     {"F6", KEYIN_F1 + 5},
	{"F7", KEYIN_F1 + 6},     {"F8", KEYIN_F1 + 7},
	{"F9", KEYIN_F1 + 8},     {"F10", KEYIN_F1 + 9},
	{"F11", KEYIN_F1 + 10},   {"F12", KEYIN_F1 + 11},
	{"Space", ' '},
};

static const struct {
	const char *name;
	unsigned mod;
} modv[] = {
	{"Ctrl-", KEYIN_CTRL},
	{"Alt-", KEYIN_ALT},
	{"Shift-", KEYIN_SHIFT},
};

#define COUNT(v) (sizeof(v) / sizeof((v)[0]))


static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 0x20) : c;
}


static bool same_word(const char *a, size_t an, const char *b)
{
	size_t i;

	if (strlen(b) != an)
		return false;

	for (i = 0; i < an; i++) {
		if (lower(a[i]) != lower(b[i]))
			return false;
	}

	return true;
}


const struct keymap_row *keymap_rows(void)
{
	return rowv;
}


const struct keymap_row *keymap_row(enum action action)
{
	const struct keymap_row *row;

	for (row = rowv; row->action != ACTION_NONE; row++) {
		if (row->action == action)
			return row;
	}

	return NULL;
}


uint32_t keymap_key_decode(const char *name, size_t len)
{
	unsigned mods = 0;
	uint32_t cp;
	size_t i;

	for (i = 0; i < COUNT(modv); ) {
		const size_t n = strlen(modv[i].name);

		if (len > n && same_word(name, n, modv[i].name)) {
			mods |= modv[i].mod;
			name += n;
			len -= n;
			i = 0;
		}
		else {
			++i;
		}
	}

	for (i = 0; i < COUNT(namev); i++) {
		if (same_word(name, len, namev[i].name))
			return namev[i].code | (uint32_t)mods << 24;
	}

	if (!len || text_decode(&cp, name, len) != len ||
	    text_cp_width(cp) < 1)
		return 0;

	/* a terminal tells Ctrl-P and Ctrl-p by the same byte */
	if (mods & KEYIN_CTRL && cp >= 'A' && cp <= 'Z')
		cp += 0x20;
	if (mods & KEYIN_SHIFT)
		return 0;

	return cp | (uint32_t)mods << 24;
}


char *keymap_key_print(char buf[KEYMAP_NAME_SZ], uint32_t id)
{
	const uint32_t code = id & 0xffffff;
	const unsigned mods = id >> 24;
	size_t i, n = 0;

	for (i = 0; i < COUNT(modv); i++) {
		if (mods & modv[i].mod) {
			memcpy(buf + n, modv[i].name, strlen(modv[i].name));
			n += strlen(modv[i].name);
		}
	}
	buf[n] = '\0';

	for (i = 0; i < COUNT(namev); i++) {
		if (namev[i].code == code) {
			memcpy(buf + n, namev[i].name,
			       strlen(namev[i].name) + 1);
			return buf;
		}
	}

	if (mods & KEYIN_CTRL && code >= 'a' && code <= 'z')
		n += text_encode(buf + n, code - 0x20);
	else if (code)
		n += text_encode(buf + n, code);
	buf[n] = '\0';

	return buf;
}


/** Split a list of keys; @return how many, or -1: `bad` is none */
static int keys_decode(uint32_t keyv[KEYMAP_KEYS], const char *keys,
		       const char **bad)
{
	int n = 0;

	memset(keyv, 0, sizeof(*keyv) * KEYMAP_KEYS);

	for (;;) {
		size_t len;

		keys += strspn(keys, " ");
		if (!*keys)
			return n;

		len = strcspn(keys, " ");
		*bad = keys;
		if (n == KEYMAP_KEYS)
			return -1;

		keyv[n] = keymap_key_decode(keys, len);
		if (!keyv[n++])
			return -1;

		keys += len;
	}
}


void keymap_init(struct keymap *km)
{
	const struct keymap_row *row;
	const char *bad;

	memset(km, 0, sizeof(*km));

	for (row = rowv; row->action != ACTION_NONE; row++)
		(void)keys_decode(km->keyv[row->action], row->keys, &bad);
}


enum action keymap_find(const struct keymap *km, const struct key *key)
{
	const uint32_t id = keyin_id(key);
	size_t a, k;

	for (a = 1; a < ACTIONS; a++) {
		for (k = 0; k < KEYMAP_KEYS; k++) {
			if (km->keyv[a][k] == id)
				return (enum action)a;
		}
	}

	return ACTION_NONE;
}


/** Take a key away from whoever has it; the others move up */
static void unbind(struct keymap *km, uint32_t id)
{
	size_t a, k, n;

	for (a = 1; a < ACTIONS; a++) {
		for (k = n = 0; k < KEYMAP_KEYS; k++) {
			const uint32_t have = km->keyv[a][k];

			if (have && have != id)
				km->keyv[a][n++] = have;
		}
		while (n < KEYMAP_KEYS)
			km->keyv[a][n++] = 0;
	}
}


int keymap_bind(struct keymap *km, const char *name, const char *keys,
		char *err, size_t errsz)
{
	const struct keymap_row *row;
	uint32_t keyv[KEYMAP_KEYS];
	const char *bad = "";
	int i, n;

	for (row = rowv; row->action != ACTION_NONE; row++) {
		if (!strcmp(row->name, name))
			break;
	}
	if (row->action == ACTION_NONE) {
		text_print(err, errsz, "no action is called \"%s\"; the help "
			   "(?) lists them", name);
		return ENOENT;
	}

	n = keys_decode(keyv, keys, &bad);
	if (n < 0) {
		text_print(err, errsz, "\"%.*s\" is no key, or more than %d "
			   "keys; expected keys like p Ctrl-P Alt-1 F9 PgUp",
			   (int)strcspn(bad, " "), bad, KEYMAP_KEYS);
		return EINVAL;
	}

	for (i = 0; i < n; i++) {
		if (keyv[i] >= '0' && keyv[i] <= '9') {
			text_print(err, errsz, "%c is a lamp's label and "
				   "cannot be bound", (char)keyv[i]);
			return EINVAL;
		}
	}

	for (i = 0; i < n; i++)
		unbind(km, keyv[i]);
	memcpy(km->keyv[row->action], keyv, sizeof(keyv));

	return 0;
}


char *keymap_keys_print(char *buf, size_t sz, const struct keymap *km,
			enum action action)
{
	char name[KEYMAP_NAME_SZ];
	size_t k, n = 0;

	buf[0] = '\0';

	for (k = 0; k < KEYMAP_KEYS && km->keyv[action][k]; k++) {
		text_print(buf + n, sz - n, "%s%s", k ? " " : "",
			   keymap_key_print(name, km->keyv[action][k]));
		n += strlen(buf + n);
	}

	return buf;
}


char *keymap_first_print(char buf[KEYMAP_NAME_SZ], const struct keymap *km,
			 enum action action)
{
	return keymap_key_print(buf, km->keyv[action][0]);
}
