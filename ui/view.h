/**
 * @file ui/view.h  The views: each draws its part of the desk into the grid
 *
 * Pure: what is drawn depends on `struct view` alone. All text from outside
 * goes through view_text(), which cleans it.
 */
#ifndef PARKDECK_UI_VIEW_H
#define PARKDECK_UI_VIEW_H

#include <stdint.h>
#include "app/desk_model.h"
#include "ui/grid.h"
#include "ui/screen_state.h"
#include "ui/theme.h"

/** All that a picture is made of; borrowed */
struct view {
	const struct screen *screen;
	const struct desk *desk;
	const struct theme *theme;
	const char *title;         /**< Left of the status line          */
	const char *banner;        /**< In the heading of the calls, or NULL */
	const char *clock;         /**< "hh:mm", right of it             */
	uint64_t now_ms;
};

/** Draw everything; the grid has the size the screen was told */
void view_draw(struct grid *grid, const struct view *v);

void view_status_draw(struct grid *grid, const struct view *v);
void view_lamps_draw(struct grid *grid, const struct view *v);
void view_calls_draw(struct grid *grid, const struct view *v);
void view_message_draw(struct grid *grid, const struct view *v);
void view_footer_draw(struct grid *grid, const struct view *v);
void view_line_draw(struct grid *grid, const struct view *v);
void view_help_draw(struct grid *grid, const struct view *v);
void view_parked_draw(struct grid *grid, const struct view *v);

/**
 * Write cleaned text into `w` columns, with an ellipsis if it is longer
 *
 * @return Column behind it
 */
int view_text(struct grid *grid, const struct view *v, int x, int y, int w,
	      enum role role, const char *text);

/** Same, flush right: ends before column `x` */
void view_text_right(struct grid *grid, const struct view *v, int x, int y,
		     int w, enum role role, const char *text);

/** Draw the heading of a pane: "─ Lamps ── right ─" */
void view_heading(struct grid *grid, const struct view *v,
		  const struct rect *rect, enum role role, const char *left,
		  const char *right);

/**
 * Write text broken at blanks, a blank at either side
 *
 * @param grid NULL: only count
 * @param rows Rows there are; the last one cuts what is left
 *
 * @return Rows it takes
 */
int view_wrap(struct grid *grid, const struct view *v,
	      const struct rect *rect, enum role role, const char *text,
	      int rows);

/** @return The message row is free for other things than messages */
bool view_message_free(const struct view *v);

/** @return Area of an overlay, all between status line and message */
struct rect view_overlay(struct grid *grid, const struct view *v);

/** @return True in the bright half of a flash; all flash in phase */
bool view_flash(const struct view *v, uint64_t half_ms);

/** Print how long since then, "≥" before it if that is all we know */
void view_since(char *buf, size_t sz, const struct view *v,
		uint64_t since_ms, bool at_least);

/** @return How a parked call of that age looks, between its flashes */
enum role view_age_role(enum desk_age age);

/**
 * Print how long, with a sign of the age before it that needs no colour:
 * "0:10", "!0:30", "!!0:44"
 */
void view_age(char *buf, size_t sz, const struct view *v, uint64_t since_ms,
	      bool at_least, enum desk_age age);

/** Print "back in 0:20", or "" if that is not known */
void view_recall(char *buf, size_t sz, const struct view *v,
		 uint64_t recall_ms, bool at_least);

/** @return "101" of "sip:101@pbx", in buf */
char *view_user(char *buf, size_t sz, const char *aor);

#endif
