/**
 * @file ui/view_lamps.c  The grid of lamps
 */
#include <stdio.h>
#include <string.h>
#include "ui/text.h"
#include "ui/view.h"


enum {
	KEY_W = 3,         /* "F11"                                       */
	TEXT_X = 5,        /* sign of the selection, key, blank           */
	WHO_FROM = 24,     /* cells this wide have state and who abreast  */
};

/** A cell while it is drawn */
struct cell_view {
	struct grid *grid;
	const struct view *v;
	const struct desk_lamp *lamp;
	struct rect r;
	enum desk_age age;
	enum role role;            /* of its state                       */
	bool on;                   /* the bright half: all in that role  */
	char span[32];             /* how long, or ""                    */
};


static enum role lamp_role(const struct view *v, const struct lamp_fact *f,
			   enum desk_age age, bool *on)
{
	*on = false;

	if (f->stale)
		return ROLE_STALE;

	switch (f->state) {

	case LAMP_PARKED:
		*on = view_flash(v, SCREEN_FLASH_SLOW_MS);
		return !*on ? view_age_role(age) : age == DESK_AGE_DUE ?
			ROLE_PARKED_DUE_ON : ROLE_PARKED_ON;

	case LAMP_RINGING:
		*on = view_flash(v, SCREEN_FLASH_FAST_MS);
		return *on ? ROLE_RINGING_ON : ROLE_RINGING;

	case LAMP_FREE: return ROLE_FREE;
	case LAMP_BUSY: return ROLE_BUSY;
	default:        return ROLE_UNKNOWN;
	}
}


/** Its word: the state, how old it is, how many make it */
static void state_print(char *buf, size_t sz, const struct lamp_fact *f,
			enum desk_age age)
{
	const char *word = lamp_state_name(f->state, f->stale);

	if (f->stale) {
		text_print(buf, sz, f->state != LAMP_UNKNOWN ? "stale: %s" :
			   "%s", lamp_state_name(f->state,
						 f->state == LAMP_UNKNOWN));
		return;
	}

	if (f->state == LAMP_PARKED && age == DESK_AGE_LONG)
		word = "waits long";
	else if (f->state == LAMP_PARKED && age == DESK_AGE_DUE)
		word = "back soon";
	else if (f->state == LAMP_BUSY && f->held)
		word = "on hold";

	if (f->state >= LAMP_PARKED && f->calls > 1)
		text_print(buf, sz, "%u %s", f->calls,
			   lamp_state_name(f->state, false));
	else
		text_print(buf, sz, "%s", word);
}


static bool has_span(const struct lamp_fact *f)
{
	return !f->stale && f->state >= LAMP_PARKED;
}


static void span_print(char *buf, size_t sz, const struct view *v,
		       const struct desk_lamp *l)
{
	const uint64_t since = desk_lamp_since(l);

	buf[0] = '\0';
	if (has_span(&l->f))
		view_age(buf, sz, v, since,
			 l->f.at_least && since == l->f.since_ms,
			 desk_lamp_age(v->desk, l, v->now_ms, NULL));
}


/** A lamp that says free is not contradicted */
static bool book_holds(const struct desk_lamp *l)
{
	return l->book && (l->f.state != LAMP_FREE || l->f.stale);
}


/** Who is there and what is noted on him, who has just gone, or why nothing
    is known */
static void third_line(char *buf, size_t sz, const struct view *v,
		       const struct desk_lamp *l)
{
	const char *who = desk_lamp_who(l), *why;
	size_t n;

	buf[0] = '\0';
	if (l->f.state >= LAMP_PARKED && who[0]) {
		text_print(buf, sz, "%s", who);
	}
	else if (l->f.stale || l->f.state == LAMP_UNKNOWN) {
		text_print(buf, sz, "%s", l->f.reason);
		return;
	}
	else if (desk_lamp_left(l, v->now_ms, &why)[0]) {
		text_print(buf, sz, "%s%s%s", desk_lamp_left(l, v->now_ms,
							     NULL),
			   why[0] ? ": " : " is gone", why);
		return;
	}

	n = strlen(buf);
	if (l->f.state == LAMP_PARKED && !l->f.stale && l->book &&
	    l->book->note[0])
		text_print(buf + n, sz - n, "%s%s %s", n ? " " : "",
			   theme_sign(v->theme, SIGN_NOTE), l->book->note);
}


static void put(const struct cell_view *c, int x, int row, int w,
		enum role role, const char *text)
{
	const int room = c->r.w - x;

	if (row < c->r.h)
		view_text(c->grid, c->v, c->r.x + x, c->r.y + row,
			  w < room ? w : room, c->on ? c->role : role, text);
}


static void put_right(const struct cell_view *c, int row, enum role role,
		      const char *text)
{
	view_text_right(c->grid, c->v, c->r.x + c->r.w, c->r.y + row,
			c->r.w - TEXT_X, c->on ? c->role : role, text);
}


static void label_print(char *buf, size_t sz, const struct lamp_fact *f)
{
	if (f->label[0] && strcmp(f->label, f->spot))
		text_print(buf, sz, "%s %s", f->spot, f->label);
	else
		text_print(buf, sz, "%s", f->spot);
}


static void key_draw(const struct cell_view *c, size_t i, int w)
{
	char key[8] = "";

	if (i < 10)
		snprintf(key, sizeof(key), "%*zu", w, (i + 1) % 10);
	else if (i < SCREEN_KEYS && w >= KEY_W)
		snprintf(key, sizeof(key), "F%zu", i + 1);

	/* leading blanks would be trimmed by the cleaning */
	put(c, 1 + (int)strspn(key, " "), 0, w, ROLE_KEY,
	    key + strspn(key, " "));
}


static void tall_draw(const struct cell_view *c)
{
	const struct desk_lamp *l = c->lamp;
	const bool marked = book_holds(l) && l->book->note[0];
	const int w = c->r.w - TEXT_X;
	char text[2 * TEXT_SZ + 64], state[32], third[3 * TEXT_SZ];
	int span = (int)text_width(c->span);

	third_line(third, sizeof(third), c->v, l);
	label_print(text, sizeof(text), &l->f);
	put(c, TEXT_X, 0, w - 2 * marked, ROLE_LABEL, text);
	if (marked)
		put_right(c, 0, ROLE_KEY,
			  theme_sign(c->v->theme, SIGN_NOTE));

	put(c, 3, 1, 1, c->role,
	    theme_lamp(c->v->theme, l->f.state, l->f.stale));
	put_right(c, 1, c->role, c->span);
	if (span)
		++span;

	state_print(state, sizeof(state), &l->f, c->age);

	if (c->r.h > 2) {
		put(c, TEXT_X, 1, w - span, c->role, state);
		put(c, TEXT_X, 2, w, l->f.stale ||
		    l->f.state == LAMP_UNKNOWN ? ROLE_DIM : ROLE_TEXT,
		    third);
		return;
	}

	/* two rows: who is there says more than the word for the sign */
	if (!third[0] || l->f.stale || l->f.state == LAMP_UNKNOWN)
		text_print(text, sizeof(text), "%s", state);
	else if (c->r.w >= WHO_FROM)
		text_print(text, sizeof(text), "%s %s", state, third);
	else
		text_print(text, sizeof(text), "%s", third);
	put(c, TEXT_X, 1, w - span, c->role, text);
}


/** One row: "▸1 ● 701 Anna   2:05" */
static void flat_draw(const struct cell_view *c)
{
	const struct desk_lamp *l = c->lamp;
	char text[4 * TEXT_SZ], state[32], third[3 * TEXT_SZ];
	const char *who = third;
	int span = (int)text_width(c->span);

	third_line(third, sizeof(third), c->v, l);
	put(c, 3, 0, 1, c->role,
	    theme_lamp(c->v->theme, l->f.state, l->f.stale));
	put_right(c, 0, c->role, c->span);
	if (span)
		++span;

	state_print(state, sizeof(state), &l->f, c->age);
	if (l->f.stale)
		who = state;
	else if (l->f.state == LAMP_FREE && l->f.label[0] && !who[0])
		who = l->f.label;
	else if (l->f.state == LAMP_UNKNOWN || !who[0])
		who = state;
	text_print(text, sizeof(text), "%s %s", l->f.spot, who);
	put(c, TEXT_X, 0, c->r.w - TEXT_X - span, c->role, text);
}


static void lamp_draw(struct grid *grid, const struct view *v, size_t i,
		      size_t at)
{
	struct cell_view c;
	struct rect top;

	memset(&c, 0, sizeof(c));
	c.grid = grid;
	c.v = v;
	c.lamp = &v->desk->lampv[at];
	c.r = layout_cell(&v->screen->lay, i);
	c.age = desk_lamp_age(v->desk, c.lamp, v->now_ms, NULL);
	c.role = lamp_role(v, &c.lamp->f, c.age, &c.on);
	span_print(c.span, sizeof(c.span), v, c.lamp);

	if (c.on)
		grid_fill(grid, &c.r, c.role, " ");

	key_draw(&c, i, c.r.h > 1 ? KEY_W : 1);
	if (c.r.h > 1)
		tall_draw(&c);
	else
		flat_draw(&c);

	if (at != v->screen->lamp)
		return;

	put(&c, 0, 0, 1, ROLE_KEY, theme_sign(v->theme, SIGN_SELECTED));
	grid->cursor_x = c.r.x;
	grid->cursor_y = c.r.y;
	if (v->screen->pane == SCREEN_LAMPS) {
		top = c.r;
		top.h = 1;
		grid_select(grid, &top);
	}
}


static void heading(struct grid *grid, const struct view *v)
{
	const struct screen *s = v->screen;
	const struct desk_lamp *longest = desk_longest(v->desk);
	char right[128] = "", span[32];
	const size_t n = v->desk->waitc;
	size_t i, off = n, first, count, k = 0;

	count = screen_lamps(s, v->desk, &first);

	for (i = first; i < first + count; i++)
		off -= desk_lamp_parked(&v->desk->lampv[i]);

	if (n) {
		span_print(span, sizeof(span), v, longest);
		snprintf(right, sizeof(right), "%zu parked, longest %s", n,
			 span);
		k = strlen(right);
	}
	if (off) {
		snprintf(right + k, sizeof(right) - k,
			 ", %zu on other pages", off);
		k += strlen(right + k);
	}
	if (s->lay.pages > 1)
		snprintf(right + k, sizeof(right) - k, "%spage %zu/%zu",
			 k ? ", " : "", screen_page(s) + 1, s->lay.pages);

	view_heading(grid, v, &s->lay.lamps_title, s->pane == SCREEN_LAMPS ?
		     ROLE_TITLE_FOCUS : ROLE_TITLE, "Lamps", right);
}


/** Everything about the selected lamp that its cell has no room for */
static void detail(struct grid *grid, const struct view *v)
{
	const struct rect *r = &v->screen->lay.detail;
	char text[SCREEN_ASK_SZ], state[32], span[32], recall[48];
	const char *who, *number, *by, *why;
	const struct desk_lamp *l;
	enum desk_age age;
	uint64_t recall_ms;
	size_t n;

	if (!r->h || v->screen->lamp >= v->desk->lampc)
		return;

	l = &v->desk->lampv[v->screen->lamp];
	age = desk_lamp_age(v->desk, l, v->now_ms, &recall_ms);
	label_print(text, sizeof(text), &l->f);
	state_print(state, sizeof(state), &l->f, age);
	span_print(span, sizeof(span), v, l);
	view_recall(recall, sizeof(recall), v, recall_ms, span[0] && l->f.at_least &&
		    desk_lamp_since(l) == l->f.since_ms);

	n = strlen(text);
	text_print(text + n, sizeof(text) - n, ": %s%s%s%s%s", state,
		   span[0] ? " " : "", span, recall[0] ? ", " : "", recall);

	who = desk_lamp_who(l);
	number = l->book && l->book->number[0] ? l->book->number :
		l->f.number;

	n = strlen(text);
	if (l->f.state >= LAMP_PARKED && who[0])
		text_print(text + n, sizeof(text) - n, ", %s%s%s", who,
			   number[0] && strcmp(number, who) ? " " : "",
			   strcmp(number, who) ? number : "");
	n = strlen(text);
	by = book_holds(l) ? desk_lamp_by(l) : l->f.by;
	if (l->f.state == LAMP_PARKED && by[0])
		text_print(text + n, sizeof(text) - n, ", by %s", by);
	n = strlen(text);
	if (book_holds(l) && l->book->note[0])
		text_print(text + n, sizeof(text) - n, ", note: %s",
			   l->book->note);
	n = strlen(text);
	if (l->f.reason[0] && (l->f.stale || l->f.state == LAMP_UNKNOWN))
		text_print(text + n, sizeof(text) - n, ", %s",
			   l->f.reason);

	n = strlen(text);
	who = desk_lamp_left(l, v->now_ms, &why);
	if (who[0]) {
		view_since(span, sizeof(span), v, l->left_ms, false);
		text_print(text + n, sizeof(text) - n, " since %s, %s: %s",
			   span, who, why[0] ? why : "taken, or hung up");
	}

	view_text(grid, v, r->x + 1, r->y, r->w - 2, ROLE_DIM, text);
}


void view_lamps_draw(struct grid *grid, const struct view *v)
{
	const struct layout *lay = &v->screen->lay;
	size_t i, first, n = screen_lamps(v->screen, v->desk, &first);

	heading(grid, v);

	if (!v->desk->lampc)
		view_text(grid, v, lay->lamps.x + 2, lay->lamps.y,
			  lay->lamps.w - 2, ROLE_DIM,
			  "no lamps: the configuration names no spot");

	for (i = 0; i < n; i++)
		lamp_draw(grid, v, i, first + i);

	detail(grid, v);
}
