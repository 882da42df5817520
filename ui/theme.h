/**
 * @file ui/theme.h  Roles -> colours and attributes; the characters used
 *
 * Pure. No state is told by colour alone: each lamp and call also has a
 * character and a word. Backgrounds are the terminal's own but where
 * something flashes or warns.
 */
#ifndef PARKDECK_UI_THEME_H
#define PARKDECK_UI_THEME_H

#include <stdbool.h>
#include <stdint.h>
#include "app/event.h"
#include "ui/grid.h"

enum style_attr {
	STYLE_BOLD = 1,
	STYLE_DIM = 2,
	STYLE_REVERSE = 4,
	STYLE_UNDERLINE = 8,
};

struct style {
	int8_t fg, bg;             /**< 0..7 as in ECMA-48, -1: default  */
	uint8_t attr;              /**< enum style_attr                  */
};

struct theme {
	bool ascii;                /**< Text: nothing beyond ASCII       */
	bool plain_glyphs;         /**< Signs and lines of ASCII only    */
	bool mono;
};

/** @return How a cell of that role looks */
struct style theme_style(const struct theme *theme, enum role role,
			 bool selected);

const char *theme_lamp(const struct theme *theme, enum lamp_state state,
		       bool stale);
const char *theme_call(const struct theme *theme, enum deskcall_state state);

/** Signs that are not of a state */
enum sign {
	SIGN_SELECTED = 0,
	SIGN_NOTE,
	SIGN_AT_LEAST,
	SIGN_RULE,
	SIGN_TO,
	SIGN_FROM,
	SIGN_WARN,

	SIGNS
};

const char *theme_sign(const struct theme *theme, enum sign sign);

#endif
