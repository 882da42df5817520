/**
 * @file ui/grid.h  A screen of cells in memory
 *
 * Pure: views draw into it, term_curses.c puts it on the terminal, tests
 * read it. Each row always has exactly `w` columns: a wide character takes
 * a cell of width 2 and one of width 0 behind it, and who overwrites one
 * half blanks the other.
 */
#ifndef PARKDECK_UI_GRID_H
#define PARKDECK_UI_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ui/text.h"

enum {
	GRID_W_MAX = 1000,
	GRID_H_MAX = 500,
};

/** What a text is; ui/theme.h says how that looks */
enum role {
	ROLE_TEXT = 0,
	ROLE_DIM,            /**< Of lesser weight: rules, hints         */
	ROLE_BAR,            /**< The status line                        */
	ROLE_BAR_GOOD,
	ROLE_BAR_BAD,
	ROLE_TITLE,          /**< Heading of a pane                      */
	ROLE_TITLE_FOCUS,    /**< Heading of the pane that has the keys  */
	ROLE_KEY,            /**< A key to press                         */
	ROLE_LABEL,          /**< Name of a lamp                         */
	ROLE_FREE,
	ROLE_PARKED,
	ROLE_PARKED_LONG,    /**< Same, half of its time is over         */
	ROLE_PARKED_DUE,     /**< Same, it is given back any moment      */
	ROLE_PARKED_ON,      /**< The bright half of the flash           */
	ROLE_PARKED_DUE_ON,
	ROLE_RINGING,
	ROLE_RINGING_ON,
	ROLE_BUSY,
	ROLE_UNKNOWN,
	ROLE_STALE,
	ROLE_ACTIVE,         /**< The call one talks on                  */
	ROLE_HELD,
	ROLE_INFO,
	ROLE_WARN,
	ROLE_ERROR,
	ROLE_PROMPT,         /**< A line to type into, a question        */
	ROLE_BOX,            /**< An overlay                             */

	ROLES
};

/** No holes in it and always filled whole, so that memcmp() tells */
struct cell {
	char ch[TEXT_GRAPHEME_SZ];   /**< "" behind a wide character     */
	uint8_t width;               /**< 1, 2; 0 behind a wide one      */
	uint8_t role;                /**< enum role                      */
	uint8_t selected;            /**< 1: under the cursor bar        */
};

struct rect {
	int x, y, w, h;
};

struct grid {
	int w, h;
	struct cell *cellv;          /**< w * h, row by row              */
	int cursor_x, cursor_y;      /**< Where the terminal's cursor is */
	bool cursor_shown;
};

void grid_init(struct grid *grid);
void grid_reset(struct grid *grid);

/**
 * Set the size; the content is blank afterwards
 *
 * @return 0, EINVAL (not 1x1 to GRID_W_MAX x GRID_H_MAX), or ENOMEM: then
 *         nothing changed
 */
int grid_resize(struct grid *grid, int w, int h);

/** Blank all cells, hide the cursor */
void grid_clear(struct grid *grid);

/**
 * Write text at a place
 *
 * @param grid Cells
 * @param clip Nothing is written outside of it; NULL: the whole grid
 * @param x    Column; may lie left of the clip
 * @param y    Row
 * @param role Look
 * @param s    Text; what is no printable UTF-8 shows as '?'
 *
 * @return Column behind the text, whether or not it was seen
 *
 * A wide character that is cut by the clip's edge leaves a blank.
 */
int grid_text(struct grid *grid, const struct rect *clip, int x, int y,
	      enum role role, const char *s);

/** Fill a rectangle with a character of width 1 */
void grid_fill(struct grid *grid, const struct rect *rect, enum role role,
	       const char *ch);

/** Put the selection bar over a rectangle */
void grid_select(struct grid *grid, const struct rect *rect);

/** @return True if row `y` is the same in both; sizes must be equal */
bool grid_row_same(const struct grid *a, const struct grid *b, int y);

/** @return The cell, borrowed, or NULL: outside */
const struct cell *grid_cell(const struct grid *grid, int x, int y);

/**
 * Read a row as text
 *
 * @param buf  NUL-terminated, cut between characters
 * @param sz   At least 1; w * (TEXT_GRAPHEME_SZ - 1) + 1 takes every row
 * @param grid Cells
 * @param y    Row
 *
 * @return Columns read: the grid's width if all is well
 */
int grid_row_print(char *buf, size_t sz, const struct grid *grid, int y);

/** @return True if (x, y) lies inside */
bool rect_has(const struct rect *rect, int x, int y);

/** @return What both have; w or h 0 if nothing */
struct rect rect_clip(const struct rect *a, const struct rect *b);

#endif
