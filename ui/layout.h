/**
 * @file ui/layout.h  Who gets which part of the screen
 *
 * Pure: a function of the size and the number of lamps alone, so that a
 * call that comes or goes moves nothing under the user's fingers.
 *
 * 80x24 is the standard; from 140 columns on the calls stand beside the
 * lamps; below 14 rows headings go and a lamp has one row; below
 * LAYOUT_W_MIN x LAYOUT_H_MIN there is one line that says so.
 */
#ifndef PARKDECK_UI_LAYOUT_H
#define PARKDECK_UI_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include "ui/grid.h"

enum {
	LAYOUT_W_MIN = 30,
	LAYOUT_H_MIN = 6,
};

/** A part that does not exist has w or h 0; no two parts overlap */
struct layout {
	bool small;                /**< Only `message` exists            */
	struct rect status;
	struct rect lamps_title;
	struct rect lamps;         /**< The cells' area                  */
	struct rect detail;        /**< More about the selected lamp     */
	struct rect calls_title;
	struct rect calls;
	struct rect message;       /**< Also the line one types into     */
	struct rect footer;

	int cols, rows;            /**< Cells on a page                  */
	int cell_w;                /**< From one cell to the next        */
	int cell_h;                /**< Rows that are written: 3, 2, 1   */
	int pitch;                 /**< From one cell to the one below   */
	size_t per_page;           /**< At least 1                       */
	size_t pages;              /**< At least 1                       */
};

void layout_make(struct layout *lay, int w, int h, size_t lampc);

/** @return Where cell `i` of the page is, the gap to its right excluded */
struct rect layout_cell(const struct layout *lay, size_t i);

/** @return The cell of the page at (x, y), or -1 */
int layout_cell_at(const struct layout *lay, int x, int y);

#endif
