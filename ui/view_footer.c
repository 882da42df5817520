/**
 * @file ui/view_footer.c  The keys that make sense now
 */
#include <string.h>
#include "ui/text.h"
#include "ui/view.h"


/** Where the next item goes; nothing is shown in part */
struct footer {
	struct grid *grid;
	const struct view *v;
	int x, end;
	int kept;                  /* columns for the help, the last way out */
};


static void item(struct footer *f, const char *key, const char *word)
{
	const int y = f->v->screen->lay.footer.y;
	const int w = (int)(text_width(key) + 1 + text_width(word));

	if (!*key || f->x + w > f->end - f->kept)
		return;

	f->x = view_text(f->grid, f->v, f->x, y, w, ROLE_KEY, key) + 1;
	f->x = view_text(f->grid, f->v, f->x, y, w, ROLE_DIM, word) + 2;
}


static void action(struct footer *f, enum action which, const char *word)
{
	const struct keymap_row *row = keymap_row(which);
	char key[KEYMAP_NAME_SZ];

	keymap_first_print(key, &f->v->screen->keymap, which);
	item(f, key, word ? word : row && row->word ? row->word : "");
}


/** Keep room for an item that must be there whatever comes before it */
static void keep(struct footer *f, enum action which)
{
	const struct keymap_row *row = keymap_row(which);
	char key[KEYMAP_NAME_SZ];

	keymap_first_print(key, &f->v->screen->keymap, which);
	f->kept = (int)(text_width(key) + 1 + text_width(row->word)) + 2;
}


static void panes(struct footer *f)
{
	const struct desk *desk = f->v->desk;
	const struct screen *s = f->v->screen;
	const struct call_fact *active, *held, *in;
	const struct desk_lamp *lamp = s->lamp < desk->lampc ?
		&desk->lampv[s->lamp] : NULL;
	bool mine = false;
	size_t i;

	active = desk_call_in(desk, DESKCALL_ACTIVE);
	held = desk_call_in(desk, DESKCALL_HELD);
	in = desk_call_in(desk, DESKCALL_INCOMING);

	for (i = 0; i < desk->bookc; i++)
		mine |= !strcmp(desk->bookv[i].by, "me");

	keep(f, ACTION_HELP);

	if (keyguard_keypad(&s->guard, desk)) {
		item(f, "0-9*#", "tones");
		action(f, ACTION_BACK, "leave keypad");
	}
	if (in) {
		action(f, ACTION_ANSWER, NULL);
		action(f, ACTION_HANGUP, active ? NULL : "refuse");
	}
	if (active)
		action(f, ACTION_PARK, NULL);
	if (desk_longest(desk)) {
		action(f, ACTION_RETRIEVE, NULL);
		if (!active)
			action(f, ACTION_LIST, NULL);
	}
	if (mine && !active)
		action(f, ACTION_UNDO, NULL);
	if (active) {
		action(f, ACTION_HOLD, NULL);
		action(f, ACTION_MUTE, active->muted ? "unmute" : NULL);
		action(f, ACTION_TRANSFER, NULL);
	}
	else if (held) {
		action(f, ACTION_HOLD, "resume");
	}
	if (desk->callc && !in)
		action(f, ACTION_HANGUP, NULL);
	if (lamp && !active && lamp->f.kind == LAMP_SPOT &&
	    (lamp->f.state == LAMP_PARKED || lamp->book))
		action(f, ACTION_NOTE, NULL);

	action(f, ACTION_DIAL, NULL);
	if (desk->lampc && !active)
		action(f, ACTION_FIND, NULL);

	f->kept = 0;
	action(f, ACTION_HELP, NULL);
	action(f, ACTION_QUIT, NULL);
}


void view_footer_draw(struct grid *grid, const struct view *v)
{
	const struct rect *r = &v->screen->lay.footer;
	struct footer f = {grid, v, r->x + 1, r->x + r->w, 0};

	switch (v->screen->mode) {

	case SCREEN_LINE:
		item(&f, "Enter", "go");
		item(&f, "Esc", "cancel");
		if (v->screen->line != SCREEN_LINE_NOTE &&
		    v->screen->line != SCREEN_LINE_FIND &&
		    v->screen->line != SCREEN_LINE_PARK)
			item(&f, "Up", "earlier ones");
		break;

	case SCREEN_ASK:
		item(&f, "y", "yes");
		item(&f, "n", "no");
		break;

	case SCREEN_HELP:
		item(&f, "Up Down PgUp PgDn", "scroll");
		item(&f, "any other key", "closes");
		break;

	case SCREEN_PARKED:
		action(&f, ACTION_ENTER, "retrieve");
		action(&f, ACTION_NOTE, NULL);
		action(&f, ACTION_BACK, "close");
		break;

	default:
		panes(&f);
		break;
	}
}
