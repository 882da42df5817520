/**
 * @file ui/view_calls.c  Calls: state, who, direction, how long
 */
#include <stdio.h>
#include <string.h>
#include "ui/text.h"
#include "ui/view.h"


enum {
	STATE_W = 11,
	DIR_W = 4,
	SPAN_W = 7,
	FLAGS_W = 17,      /* "muted, their hold" */
	FLAGS_FROM = 64,   /* narrower: no column for them */
	HINT_ROWS = 2,
};


static enum role call_role(const struct view *v, const struct call_fact *c)
{
	switch (c->state) {

	case DESKCALL_INCOMING:
		return view_flash(v, SCREEN_FLASH_FAST_MS) ?
			ROLE_RINGING_ON : ROLE_RINGING;
	case DESKCALL_ACTIVE:     return ROLE_ACTIVE;
	case DESKCALL_HELD:       return ROLE_HELD;
	case DESKCALL_PARKING:
	case DESKCALL_RETRIEVING: return ROLE_PARKED;
	default:                  return ROLE_TEXT;
	}
}


/** A call that rings and comes from a spot: nobody took it there */
static bool is_recall(const struct call_fact *c)
{
	return c->state == DESKCALL_INCOMING && c->spot[0];
}


/** Name and number, and where it is parked to or taken from */
static void who_draw(struct grid *grid, const struct view *v, int x, int y,
		     int w, bool on, const struct call_fact *c)
{
	char text[3 * TEXT_SZ] = "", user[TEXT_SZ], peer[TEXT_SZ];
	const int end = x + w;
	const char *name;
	size_t n;

	/* of an address the user part tells who it is */
	if (strncmp(c->peer, "sip", 3))
		text_print(peer, sizeof(peer), "%s", c->peer);
	else
		view_user(peer, sizeof(peer), c->peer);
	name = c->name[0] ? c->name : peer[0] ? peer : "unknown caller";

	x = view_text(grid, v, x, y, w, on ? ROLE_RINGING_ON : ROLE_TEXT,
		      name) + 1;

	if (strcmp(name, peer))
		text_print(text, sizeof(text), "%s", peer);

	n = strlen(text);
	if ((c->state == DESKCALL_PARKING ||
	     c->state == DESKCALL_RETRIEVING || is_recall(c)) &&
	    c->spot[0] && strcmp(name, c->spot))
		text_print(text + n, sizeof(text) - n, " %s %s",
			   theme_sign(v->theme, c->state == DESKCALL_PARKING ?
				      SIGN_TO : SIGN_FROM), c->spot);

	/* which line was called matters only where there are several */
	n = strlen(text);
	if (v->desk->accountc > 1 && c->account < v->desk->accountc)
		text_print(text + n, sizeof(text) - n, " (%s)",
			   view_user(user, sizeof(user),
				     v->desk->accountv[c->account].aor));

	view_text(grid, v, x, y, end - x, on ? ROLE_RINGING_ON : ROLE_DIM,
		  text);
}


static void flags_print(char *buf, size_t sz, const struct view *v,
			const struct call_fact *c)
{
	text_print(buf, sz, "%s%s%s", c->muted ? "muted" : "",
		   c->muted && c->held_remote ? ", " : "",
		   c->held_remote ? "their hold" : "");

	if (!buf[0] && keyguard_keypad(&v->screen->guard, v->desk) == c->id)
		text_print(buf, sz, "keypad");
}


static void call_draw(struct grid *grid, const struct view *v,
		      const struct rect *r, int y,
		      const struct call_fact *c)
{
	const bool selected = v->screen->pane == SCREEN_CALLS &&
		v->screen->call == c->id;
	const struct rect row = {r->x, y, r->w, 1};
	const enum role role = call_role(v, c);
	char text[32], flags[64];
	int x = r->x, end = r->x + r->w;

	if (role == ROLE_RINGING_ON)
		grid_fill(grid, &row, role, " ");

	if (selected)
		grid_text(grid, r, x, y, ROLE_KEY,
			  theme_sign(v->theme, SIGN_SELECTED));
	x += 2;
	x = grid_text(grid, r, x, y, role, theme_call(v->theme, c->state));
	x += 1;
	view_text(grid, v, x, y, STATE_W - 1, role,
		  is_recall(c) ? "recall" : deskcall_state_name(c->state));
	x += STATE_W;

	flags_print(flags, sizeof(flags), v, c);
	if (r->w >= FLAGS_FROM) {
		end -= FLAGS_W + 1;
		view_text(grid, v, end + 1, y, FLAGS_W,
			  role == ROLE_RINGING_ON ? role : ROLE_WARN, flags);
	}
	else if (flags[0]) {
		/* no room: one letter each, M(uted) H(eld) K(eypad) */
		text_print(text, sizeof(text), "%s%s",
			   c->muted ? "M" : "", c->held_remote ? "H" :
			   c->muted ? "" : "K");
		end -= 3;
		view_text(grid, v, end + 1, y, 2, ROLE_WARN, text);
	}

	view_since(text, sizeof(text), v, c->state == DESKCALL_ACTIVE &&
		   c->answered_ms ? c->answered_ms : c->since_ms, false);
	view_text_right(grid, v, end, y, SPAN_W, role, text);
	end -= SPAN_W;

	view_text(grid, v, end - DIR_W, y, DIR_W, role,
		  c->outgoing ? "out" : "in");
	end -= DIR_W + 1;

	who_draw(grid, v, x, y, end - x, role == ROLE_RINGING_ON, c);

	if (selected)
		grid_select(grid, &row);
}


/** What to press next, in the rows that no call and no message needs */
static void hint(struct grid *grid, const struct view *v)
{
	struct rect r = v->screen->lay.calls;
	const int calls = (int)v->desk->callc;
	const int rows = calls < r.h ? r.h - calls : 0;
	int room = rows, n;

	/* the message's row is the next below */
	if (rows < HINT_ROWS && view_message_free(v)) {
		++r.h;
		++room;
	}

	if (!v->desk->hint[0] || room < 1)
		return;

	n = view_wrap(NULL, v, &r, ROLE_KEY, v->desk->hint,
		      room < HINT_ROWS ? room : HINT_ROWS);
	r.y += r.h - n;
	r.h = n;
	grid_fill(grid, &r, ROLE_TEXT, " ");
	(void)view_wrap(grid, v, &r, ROLE_KEY, v->desk->hint, n);
}


void view_calls_draw(struct grid *grid, const struct view *v)
{
	const struct layout *lay = &v->screen->lay;
	const struct desk *desk = v->desk;
	const size_t rows = (size_t)lay->calls.h;
	const size_t top = screen_calls_top(v->screen, desk, rows);
	char right[64] = "", left[128];
	size_t i;

	if (desk->callc > rows)
		snprintf(right, sizeof(right), "%zu-%zu of %zu", top + 1,
			 top + rows, desk->callc);
	else if (desk->callc)
		snprintf(right, sizeof(right), "%zu", desk->callc);

	text_print(left, sizeof(left), "Calls%s%s%s", v->banner ? " (" : "",
		   v->banner ? v->banner : "", v->banner ? ")" : "");
	view_heading(grid, v, &lay->calls_title,
		     v->screen->pane == SCREEN_CALLS ? ROLE_TITLE_FOCUS :
		     ROLE_TITLE, left, right);

	if (!desk->callc)
		view_text(grid, v, lay->calls.x + 2, lay->calls.y,
			  lay->calls.w - 2, ROLE_DIM, "no call");

	for (i = 0; i < rows && top + i < desk->callc; i++)
		call_draw(grid, v, &lay->calls, lay->calls.y + (int)i,
			  &desk->callv[top + i]);

	hint(grid, v);

	if (v->screen->pane == SCREEN_CALLS && !grid->cursor_shown) {
		for (i = 0; i < rows && top + i < desk->callc; i++) {
			if (desk->callv[top + i].id == v->screen->call) {
				grid->cursor_x = lay->calls.x;
				grid->cursor_y = lay->calls.y + (int)i;
			}
		}
	}
}
