/**
 * @file ui/view_message.c  One sentence for the user
 */
#include <string.h>
#include "ui/text.h"
#include "ui/view.h"


bool view_message_free(const struct view *v)
{
	return !v->screen->message.text[0] && v->screen->mode == SCREEN_PANES;
}


/** In full, or without its first word, which the status line has */
static void banner(struct grid *grid, const struct view *v, int x)
{
	const struct rect *r = &v->screen->lay.message;
	const char *text = v->banner, *rest = strstr(text, ", ");

	if (rest && (int)text_width(text) > r->w - 2)
		text = rest + 2;

	view_text(grid, v, x, r->y, r->w - 2, ROLE_DIM, text);
}


void view_message_draw(struct grid *grid, const struct view *v)
{
	const struct message_fact *m = &v->screen->message;
	const struct rect *r = &v->screen->lay.message;
	const bool covered = v->screen->mode == SCREEN_HELP ||
		v->screen->mode == SCREEN_PARKED;
	enum role role = ROLE_INFO;
	int x = r->x + 1;

	if (!m->text[0]) {
		/* where no heading says it; a hint stands here first */
		if (v->banner && (covered || (!v->desk->hint[0] &&
					      !v->screen->lay.calls_title.h)))
			banner(grid, v, x);
		return;
	}

	if (m->level != MESSAGE_INFO) {
		role = m->level == MESSAGE_ERROR ? ROLE_ERROR : ROLE_WARN;
		x = grid_text(grid, r, x, r->y, role,
			      theme_sign(v->theme, SIGN_WARN)) + 1;
	}

	view_text(grid, v, x, r->y, r->x + r->w - 1 - x, role, m->text);
}
