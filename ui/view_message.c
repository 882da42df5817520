/**
 * @file ui/view_message.c  One sentence for the user
 */
#include "ui/view.h"


void view_message_draw(struct grid *grid, const struct view *v)
{
	const struct message_fact *m = &v->screen->message;
	const struct rect *r = &v->screen->lay.message;
	enum role role = ROLE_INFO;
	int x = r->x + 1;

	if (!m->text[0]) {
		/* no row was left for it among the calls */
		if (v->desk->hint[0] && v->desk->callc >=
		    (size_t)v->screen->lay.calls.h)
			(void)view_wrap(grid, v, r, ROLE_KEY, v->desk->hint,
					1);
		return;
	}

	if (m->level != MESSAGE_INFO) {
		role = m->level == MESSAGE_ERROR ? ROLE_ERROR : ROLE_WARN;
		x = grid_text(grid, r, x, r->y, role,
			      theme_sign(v->theme, SIGN_WARN)) + 1;
	}

	view_text(grid, v, x, r->y, r->x + r->w - 1 - x, role, m->text);
}
