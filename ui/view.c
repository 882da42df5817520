/**
 * @file ui/view.c  What the views have in common, and the whole picture
 */
#include <string.h>
#include "ui/text.h"
#include "ui/view.h"


int view_text(struct grid *grid, const struct view *v, int x, int y, int w,
	      enum role role, const char *text)
{
	char clean[SCREEN_ASK_SZ], cut[SCREEN_ASK_SZ];
	const struct rect clip = {x, y, w, 1};

	if (w <= 0)
		return x;

	text_clean(clean, sizeof(clean), text, v->theme->ascii);
	text_cut(cut, sizeof(cut), clean, (size_t)w, v->theme->ascii);

	return grid_text(grid, &clip, x, y, role, cut);
}


void view_text_right(struct grid *grid, const struct view *v, int x, int y,
		     int w, enum role role, const char *text)
{
	char clean[SCREEN_ASK_SZ];
	int n;

	text_clean(clean, sizeof(clean), text, v->theme->ascii);
	n = (int)text_width(clean);
	if (n > w)
		n = w;

	view_text(grid, v, x - n, y, n, role, clean);
}


/** Bytes of `text` that fit into `w` columns, broken at a blank if one is */
static size_t break_at(const char *text, int w)
{
	char g[TEXT_GRAPHEME_SZ];
	size_t n, pos = 0, blank = 0;
	int gw, cols = 0;

	while ((n = text_next(g, &gw, text + pos))) {
		if (cols + gw > w)
			return blank ? blank : pos ? pos : n;
		if (text[pos] == ' ' && pos)
			blank = pos;
		cols += gw;
		pos += n;
	}

	return pos;
}


int view_wrap(struct grid *grid, const struct view *v,
	      const struct rect *rect, enum role role, const char *text,
	      int rows)
{
	char clean[SCREEN_ASK_SZ], part[SCREEN_ASK_SZ];
	const int w = rect->w - 2;
	const char *p = clean;
	int n = 0;

	text_clean(clean, sizeof(clean), text, v->theme->ascii);

	while (*p && n < rows && w > 0) {

		const size_t len = break_at(p, w);

		/* the last row takes all the rest, and cuts it */
		text_print(part, sizeof(part), "%.*s", n + 1 < rows ?
			   (int)len : (int)strlen(p), p);
		if (grid)
			(void)view_text(grid, v, rect->x + 1, rect->y + n, w,
					role, part);
		p += len;
		p += strspn(p, " ");
		++n;
	}

	return n;
}


/** A sign of the theme: ours, nothing to clean */
static int sign(struct grid *grid, const struct view *v, int x, int y,
		enum role role, enum sign which)
{
	return grid_text(grid, NULL, x, y, role, theme_sign(v->theme, which));
}


void view_heading(struct grid *grid, const struct view *v,
		  const struct rect *rect, enum role role, const char *left,
		  const char *right)
{
	const int end = rect->x + rect->w;
	int x, w;

	if (!rect->h)
		return;

	grid_fill(grid, rect, ROLE_DIM, theme_sign(v->theme, SIGN_RULE));

	x = grid_text(grid, rect, rect->x + 1, rect->y, role, " ");
	x = view_text(grid, v, x, rect->y, end - x, role, left);
	x = grid_text(grid, rect, x, rect->y, role, " ");

	if (!right || !*right)
		return;

	w = (int)text_width(right);
	if (w + 3 > end - x)
		return;

	grid_text(grid, rect, end - w - 3, rect->y, ROLE_TEXT, " ");
	view_text(grid, v, end - w - 2, rect->y, w, ROLE_TEXT, right);
	grid_text(grid, rect, end - 2, rect->y, ROLE_TEXT, " ");
	sign(grid, v, end - 1, rect->y, ROLE_DIM, SIGN_RULE);
}


struct rect view_overlay(struct grid *grid, const struct view *v)
{
	const struct rect r = {0, 1, grid->w, screen_body_h(v->screen)};

	grid_fill(grid, &r, ROLE_BOX, " ");

	return r;
}


bool view_flash(const struct view *v, uint64_t half_ms)
{
	return v->now_ms / half_ms % 2 == 0;
}


void view_since(char *buf, size_t sz, const struct view *v,
		uint64_t since_ms, bool at_least)
{
	char span[16];

	text_duration(span, sizeof(span),
		      v->now_ms > since_ms ? v->now_ms - since_ms : 0);
	text_print(buf, sz, "%s%s", at_least ?
		   theme_sign(v->theme, SIGN_AT_LEAST) : "", span);
}


enum role view_age_role(enum desk_age age)
{
	return age == DESK_AGE_DUE ? ROLE_PARKED_DUE :
		age == DESK_AGE_LONG ? ROLE_PARKED_LONG : ROLE_PARKED;
}


void view_age(char *buf, size_t sz, const struct view *v, uint64_t since_ms,
	      bool at_least, enum desk_age age)
{
	char span[32];

	view_since(span, sizeof(span), v, since_ms, at_least);
	text_print(buf, sz, "%s%s", age == DESK_AGE_DUE ? "!!" :
		   age == DESK_AGE_LONG ? "!" : "", span);
}


void view_recall(char *buf, size_t sz, const struct view *v,
		 uint64_t recall_ms, bool at_least)
{
	char span[16];
	(void)v;

	buf[0] = '\0';
	if (!recall_ms)
		return;

	/* a second that has begun is not over */
	text_duration(span, sizeof(span), recall_ms + 999);
	text_print(buf, sz, "back in %s%s", at_least ? "at most " : "", span);
}


char *view_user(char *buf, size_t sz, const char *aor)
{
	const char *p = strchr(aor, ':');

	p = p ? p + 1 : aor;
	text_print(buf, sz, "%.*s", (int)strcspn(p, "@;"), p);

	return buf;
}


static void too_small(struct grid *grid, const struct view *v)
{
	char text[REASON_SZ];
	const struct call_fact *in;

	in = desk_call_in(v->desk, DESKCALL_INCOMING);
	if (in)
		text_print(text, sizeof(text), "%s rings", in->name[0] ?
			   in->name : in->peer);
	else
		text_print(text, sizeof(text), "%dx%d is too small, "
			   "need %dx%d", grid->w, grid->h, LAYOUT_W_MIN,
			   LAYOUT_H_MIN);

	view_text(grid, v, 0, 0, grid->w, ROLE_WARN, text);
}


void view_draw(struct grid *grid, const struct view *v)
{
	grid_clear(grid);

	if (v->screen->lay.small) {
		too_small(grid, v);
		return;
	}

	view_status_draw(grid, v);
	view_footer_draw(grid, v);

	switch (v->screen->mode) {

	case SCREEN_HELP:
		view_help_draw(grid, v);
		view_message_draw(grid, v);
		return;

	case SCREEN_PARKED:
		view_parked_draw(grid, v);
		view_message_draw(grid, v);
		return;

	default:
		break;
	}

	view_lamps_draw(grid, v);
	if (v->screen->mode == SCREEN_PANES)
		view_message_draw(grid, v);
	view_calls_draw(grid, v);
	if (v->screen->mode != SCREEN_PANES)
		view_line_draw(grid, v);
}
