/**
 * @file ui/lineedit_model.h  One line that is typed into
 *
 * Pure. Moves and deletes by whole characters, combining marks included.
 */
#ifndef PARKDECK_UI_LINEEDIT_MODEL_H
#define PARKDECK_UI_LINEEDIT_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include "ui/keyin_state.h"

enum {
	LINEEDIT_SZ = 256,         /**< Text and NUL [bytes]             */
	LINEEDIT_HISTORY = 16,
};

struct lineedit {
	char text[LINEEDIT_SZ];    /**< Printable UTF-8                  */
	size_t pos;                /**< Of the cursor [bytes]            */
};

/** Lines entered before, the latest first */
struct history {
	char linev[LINEEDIT_HISTORY][LINEEDIT_SZ];
	size_t linec;
	size_t at;                 /**< 0: the new line, 1: the latest … */
	char own[LINEEDIT_SZ];     /**< The new line, while one browses  */
};

/** Take over a text; the cursor goes behind it */
void lineedit_set(struct lineedit *le, const char *text);

/**
 * Insert text at the cursor; it is cleaned first
 *
 * @return False if it did not fit: nothing changed
 */
bool lineedit_insert(struct lineedit *le, const char *text);

/**
 * Take a key
 *
 * Characters and pastes are inserted; Left Right Home End Backspace Delete
 * and Ctrl-A E B F H D K U W do what they do in a shell.
 *
 * @return False if the key means nothing here
 */
bool lineedit_key(struct lineedit *le, const struct key *key);

/** Remember a line that was entered; empty and repeated ones are not */
void history_add(struct history *hist, const char *line);

/** Up and Down: put the line before (+1) or after (-1) into the editor */
void history_move(struct history *hist, struct lineedit *le, int step);

/** Begin to browse anew */
void history_rewind(struct history *hist);

#endif
