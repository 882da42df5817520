/**
 * @file ui/view_help.c  Help: the table of keys as it is now
 */
#include <stdio.h>
#include <string.h>
#include "ui/text.h"
#include "ui/view.h"


enum {
	KEYS_W = 17,
};

/** One row of the help */
struct help {
	const char *keys;
	const char *text;
};

/** What is in no table, before and after it */
static const struct help headv[] = {
	{"1-9 0", "spot key of that lamp: take the call that waits, or park"},
	{"two digits", "open the dial line; so do a pasted number, + * #"},
	{"F1-F12 Alt-digit", "spot key of that lamp, at once, in every mode"},
};

static const struct help tailv[] = {
	{"mouse", "click selects, double click: spot key, wheel: page"},
	{"", ""},
};

_Static_assert(sizeof(headv) / sizeof(*headv) + sizeof(tailv) /
	       sizeof(*tailv) + 7 == SCREEN_HELP_EXTRA,
	       "screen_help_rows() counts them");


static void row_draw(struct grid *grid, const struct view *v,
		     const struct rect *r, int y, const char *keys,
		     const char *text)
{
	const int keys_w = r->w >= 60 ? KEYS_W : KEYS_W / 2 + 2;

	view_text(grid, v, r->x + 2, y, keys_w - 1, ROLE_KEY, keys);
	view_text(grid, v, r->x + 2 + keys_w, y, r->w - 3 - keys_w,
		  ROLE_TEXT, text);
}


/** Signs of the lamps, one row each */
static void legend(struct grid *grid, const struct view *v,
		   const struct rect *r, int y, size_t i)
{
	static const char *const textv[] = {
		"not known: no answer to the subscription yet",
		"free",
		"parked: a call waits there; flashes slowly",
		"ringing; flashes fast",
		"busy",
		"stale: the subscription is lost, this was the last state",
		"a note is written on the call",
	};
	const char *sign;

	if (i < LAMP_STATES)
		sign = theme_lamp(v->theme, (enum lamp_state)i, false);
	else if (i == LAMP_STATES)
		sign = theme_lamp(v->theme, LAMP_UNKNOWN, true);
	else
		sign = theme_sign(v->theme, SIGN_NOTE);

	row_draw(grid, v, r, y, sign, textv[i]);
}


void view_help_draw(struct grid *grid, const struct view *v)
{
	const size_t headc = sizeof(headv) / sizeof(*headv);
	const size_t tailc = sizeof(tailv) / sizeof(*tailv);
	const size_t rowc = screen_help_rows();
	const size_t tablec = rowc - SCREEN_HELP_EXTRA;
	const struct keymap_row *table = keymap_rows();
	struct rect r = view_overlay(grid, v), head = r;
	const size_t top = v->screen->help_top;
	char keys[KEYMAP_KEYS * KEYMAP_NAME_SZ], right[48];
	size_t i, k;

	while (table->action <= ACTION_SPOT_12)
		++table;

	head.h = 1;
	++r.y;
	--r.h;
	snprintf(right, sizeof(right), "%zu-%zu of %zu", top + 1,
		 top + (size_t)r.h < rowc ? top + (size_t)r.h : rowc, rowc);
	view_heading(grid, v, &head, ROLE_TITLE_FOCUS, "Keys", right);

	for (i = 0; i < (size_t)r.h && top + i < rowc; i++) {

		const int y = r.y + (int)i;

		k = top + i;
		if (k < headc) {
			row_draw(grid, v, &r, y, headv[k].keys,
				 headv[k].text);
			continue;
		}

		k -= headc;
		if (k < tablec) {
			keymap_keys_print(keys, sizeof(keys),
					  &v->screen->keymap,
					  table[k].action);
			row_draw(grid, v, &r, y, keys, table[k].help);
			continue;
		}

		k -= tablec;
		if (k < tailc)
			row_draw(grid, v, &r, y, tailv[k].keys,
				 tailv[k].text);
		else
			legend(grid, v, &r, y, k - tailc);
	}
}
