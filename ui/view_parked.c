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


static const char *by_of(const struct parked *p)
{
	if (p->book && p->book->by[0])
		return p->book->by;

	return desk_lamp_by(p->lamp);
}


static const char *number_of(const struct parked *p)
{
	if (p->book && p->book->number[0])
		return p->book->number;

	return p->lamp ? p->lamp->f.number : "";
}


/** Was it there before we looked? */
static bool at_least(const struct parked *p)
{
	return p->lamp && p->lamp->f.at_least &&
		p->since_ms == p->lamp->f.since_ms;
}


/** What a row has no room for: when it comes back, who parked it, the note */
static void more_draw(struct grid *grid, const struct view *v, int x, int y,
		      int w, const struct parked *p)
{
	char text[3 * TEXT_SZ], recall[48] = "";
	uint64_t left_ms;
	size_t n;

	if (!p->lamp || !p->lamp->f.stale) {
		(void)desk_age(v->desk, p->since_ms, v->now_ms, &left_ms);
		view_recall(recall, sizeof(recall), v, left_ms, at_least(p));
	}

	text_print(text, sizeof(text), "%s", recall);
	n = strlen(text);
	if (v->screen->w < BY_FROM && by_of(p)[0])
		text_print(text + n, sizeof(text) - n, "%sby %s",
			   n ? ", " : "", by_of(p));
	n = strlen(text);
	if (v->screen->w < NOTE_FROM && p->book && p->book->note[0])
		text_print(text + n, sizeof(text) - n, "%snote: %s",
			   n ? ", " : "", p->book->note);

	view_text(grid, v, x, y, w, ROLE_DIM, text);
}


static void row_draw(struct grid *grid, const struct view *v,
		     const struct rect *r, int y, const struct parked *p,
		     bool selected)
{
	const struct rect row = {r->x, y, r->w, 1};
	const bool stale = p->lamp && p->lamp->f.stale;
	const enum role role = stale ? ROLE_STALE : ROLE_TEXT;
	const enum desk_age age = desk_age(v->desk, p->since_ms, v->now_ms,
					   NULL);
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
		view_age(text, sizeof(text), v, p->since_ms, at_least(p),
			 age);
	view_text_right(grid, v, x + SPAN_W - 2, y, SPAN_W - 1,
			stale || age <= DESK_AGE_FRESH ? role :
			view_age_role(age), text);
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
		text_print(text, sizeof(text), "by %s", by_of(p));
		view_text(grid, v, x, y, BY_W - 1, ROLE_DIM,
			  by_of(p)[0] ? text : "");
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

	if (n && rows > 2) {
		--rows;
		more_draw(grid, v, r.x + 2, r.y + (int)rows, r.w - 3,
			  &list[at < n ? at : n - 1]);
	}

	if (!n)
		view_text(grid, v, r.x + 2, r.y, r.w - 2, ROLE_DIM,
			  "no call is parked");

	top = at >= rows ? at - rows + 1 : 0;
	for (i = 0; i < rows && top + i < n; i++)
		row_draw(grid, v, &r, r.y + (int)i, &list[top + i],
			 top + i == at);
}
