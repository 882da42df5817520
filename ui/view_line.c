/**
 * @file ui/view_line.c  The line one types into, and questions
 */
#include <string.h>
#include "ui/text.h"
#include "ui/view.h"


enum {
	ASK_ROWS = 4,
};


/** The editor; scrolls sideways so that the cursor is always seen */
static void line(struct grid *grid, const struct view *v)
{
	const struct rect *r = &v->screen->lay.message;
	const struct lineedit *le = &v->screen->edit;
	char prompt[TEXT_SZ + 32], clean[TEXT_SZ + 32], head[LINEEDIT_SZ];
	struct rect clip = *r;
	int x, cursor, shift;

	screen_prompt(v->screen, prompt, sizeof(prompt));
	text_clean(clean, sizeof(clean), prompt, v->theme->ascii);

	/* the cleaning trims the blank behind "Dial:" */
	x = view_text(grid, v, r->x + 1, r->y, r->w / 2, ROLE_PROMPT, clean);
	if (prompt[strlen(prompt) - 1] == ' ')
		++x;

	clip.x = x;
	clip.w = r->x + r->w - 1 - x;
	if (clip.w < 1)
		return;

	text_print(head, sizeof(head), "%.*s", (int)le->pos, le->text);
	cursor = (int)text_width(head);
	shift = cursor >= clip.w ? cursor - clip.w + 1 : 0;

	grid_text(grid, &clip, x - shift, r->y, ROLE_TEXT, le->text);

	grid->cursor_x = x + cursor - shift;
	grid->cursor_y = r->y;
	grid->cursor_shown = true;
}


static void question(struct grid *grid, const struct view *v)
{
	const struct rect *r = &v->screen->lay.message;
	struct rect box = *r;

	box.h = view_wrap(NULL, v, r, ROLE_PROMPT, v->screen->ask_text,
			  r->y < ASK_ROWS ? r->y : ASK_ROWS);
	box.y -= box.h - 1;
	grid_fill(grid, &box, ROLE_PROMPT, " ");
	(void)view_wrap(grid, v, &box, ROLE_PROMPT, v->screen->ask_text,
			box.h);

	/* behind the last word, where a screen reader looks */
	grid->cursor_y = r->y;
	grid->cursor_x = r->x + r->w - 1;
	while (grid->cursor_x > r->x &&
	       !strcmp(grid_cell(grid, grid->cursor_x - 1, r->y)->ch, " "))
		--grid->cursor_x;
	grid->cursor_shown = true;
}


void view_line_draw(struct grid *grid, const struct view *v)
{
	if (v->screen->mode == SCREEN_ASK)
		question(grid, v);
	else
		line(grid, v);
}
