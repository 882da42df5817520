/**
 * @file ui/view_parked.c  List of all parked calls, longest first
 */
#include <stdio.h>
#include <string.h>
#include "ui/text.h"
#include "ui/view.h"


enum {
	SPOT_W = 8,
	SPAN_W = 8,
	NUMBER_W = 18,
	BY_W = 12,
	NUMBER_FROM = 60,  /* narrower screens leave these columns out */
	BY_FROM = 76,
	NOTE_FROM = 100,
};


static const char *who_of(const struct parked *p)
{
	if (p->lamp)
		return desk_lamp_who(p->lamp);

	return p->book->who[0] ? p->book->who : p->book->number;
}


static const char *number_of(const struct parked *p)
{
	if (p->book && p->book->number[0])
		return p->book->number;

	return p->lamp ? p->lamp->f.number : "";
}


static void row_draw(struct grid *grid, const struct view *v,
		     const struct rect *r, int y, const struct parked *p,
		     bool selected)
{
	const struct rect row = {r->x, y, r->w, 1};
	const bool stale = p->lamp && p->lamp->f.stale;
	const enum role role = stale ? ROLE_STALE : ROLE_TEXT;
	const int end = r->x + r->w - 1;
	char text[TEXT_SZ + 32];
	int x = r->x + 2, w;

	if (selected) {
		grid_text(grid, &row, r->x, y, ROLE_KEY,
			  theme_sign(v->theme, SIGN_SELECTED));
		grid->cursor_x = r->x;
		grid->cursor_y = y;
	}

	view_text(grid, v, x, y, SPOT_W - 1, ROLE_KEY, parked_spot(p));
	x += SPOT_W;

	if (stale)
		text_print(text, sizeof(text), "stale");
	else
		view_since(text, sizeof(text), v, p->since_ms, p->lamp &&
			   p->lamp->f.at_least &&
			   p->since_ms == p->lamp->f.since_ms);
	view_text_right(grid, v, x + SPAN_W - 2, y, SPAN_W - 1, role, text);
	x += SPAN_W;

	w = end - x;
	if (r->w >= NUMBER_FROM)
		w -= NUMBER_W;
	if (r->w >= BY_FROM)
		w -= BY_W;
	if (r->w >= NOTE_FROM)
		w = w * 2 / 5;

	view_text(grid, v, x, y, w - 1, role, who_of(p));
	x += w;

	if (r->w >= NUMBER_FROM) {
		view_text(grid, v, x, y, NUMBER_W - 1, role, number_of(p));
		x += NUMBER_W;
	}
	if (r->w >= BY_FROM) {
		text_print(text, sizeof(text), "by %s",
			   p->book ? p->book->by : "");
		view_text(grid, v, x, y, BY_W - 1, ROLE_DIM,
			  p->book && p->book->by[0] ? text : "");
		x += BY_W;
	}
	if (r->w >= NOTE_FROM)
		view_text(grid, v, x, y, end - x, ROLE_TEXT,
			  p->book ? p->book->note : "");

	if (selected)
		grid_select(grid, &row);
}


void view_parked_draw(struct grid *grid, const struct view *v)
{
	struct parked list[SCREEN_PARKED_MAX];
	const size_t n = screen_parked(list, SCREEN_PARKED_MAX, v->desk);
	struct rect r = view_overlay(grid, v), head = r;
	const size_t at = v->screen->list_at;
	size_t i, rows, top;
	char right[32] = "";

	head.h = 1;
	if (n)
		snprintf(right, sizeof(right), "%zu", n);
	view_heading(grid, v, &head, ROLE_TITLE_FOCUS,
		     "Parked calls, longest first", right);

	++r.y;
	--r.h;
	rows = (size_t)r.h;

	/* the note of the selected one, where rows have no room for it */
	if (n && r.w < NOTE_FROM && rows > 2) {
		const struct parked *p = &list[at < n ? at : n - 1];

		--rows;
		if (p->book && p->book->note[0]) {
			char text[TEXT_SZ + 16];

			text_print(text, sizeof(text), "note: %s",
				   p->book->note);
			view_text(grid, v, r.x + 2, r.y + (int)rows, r.w - 3,
				  ROLE_DIM, text);
		}
	}

	if (!n)
		view_text(grid, v, r.x + 2, r.y, r.w - 2, ROLE_DIM,
			  "no call is parked");

	top = at >= rows ? at - rows + 1 : 0;
	for (i = 0; i < rows && top + i < n; i++)
		row_draw(grid, v, &r, r.y + (int)i, &list[top + i],
			 top + i == at);
}
