/**
 * @file ui/grid.c  A screen of cells in memory
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ui/grid.h"


_Static_assert(sizeof(struct cell) == TEXT_GRAPHEME_SZ + 3,
	       "a hole in struct cell would defeat memcmp()");


void grid_init(struct grid *grid)
{
	memset(grid, 0, sizeof(*grid));
}


void grid_reset(struct grid *grid)
{
	free(grid->cellv);
	grid_init(grid);
}


static void cell_set(struct cell *cell, const char *ch, int width,
		     enum role role)
{
	const size_t n = strlen(ch);

	memset(cell, 0, sizeof(*cell));
	memcpy(cell->ch, ch, n < sizeof(cell->ch) ? n : 0);
	cell->width = (uint8_t)width;
	cell->role = (uint8_t)role;
}


static struct cell *cell_at(const struct grid *grid, int x, int y)
{
	return &grid->cellv[(size_t)y * (size_t)grid->w + (size_t)x];
}


int grid_resize(struct grid *grid, int w, int h)
{
	struct cell *v;

	if (w < 1 || h < 1 || w > GRID_W_MAX || h > GRID_H_MAX)
		return EINVAL;

	v = calloc((size_t)w * (size_t)h, sizeof(*v));
	if (!v)
		return ENOMEM;

	free(grid->cellv);
	grid->cellv = v;
	grid->w = w;
	grid->h = h;
	grid_clear(grid);

	return 0;
}


void grid_clear(struct grid *grid)
{
	const size_t n = (size_t)grid->w * (size_t)grid->h;
	struct cell blank;
	size_t i;

	cell_set(&blank, " ", 1, ROLE_TEXT);
	for (i = 0; i < n; i++)
		grid->cellv[i] = blank;

	grid->cursor_shown = false;
	grid->cursor_x = grid->cursor_y = 0;
}


bool rect_has(const struct rect *rect, int x, int y)
{
	return x >= rect->x && x < rect->x + rect->w &&
	       y >= rect->y && y < rect->y + rect->h;
}


struct rect rect_clip(const struct rect *a, const struct rect *b)
{
	const int ax = a->x + a->w, ay = a->y + a->h;
	const int bx = b->x + b->w, by = b->y + b->h;
	struct rect r;

	r.x = a->x > b->x ? a->x : b->x;
	r.y = a->y > b->y ? a->y : b->y;
	r.w = (ax < bx ? ax : bx) - r.x;
	r.h = (ay < by ? ay : by) - r.y;
	if (r.w < 0)
		r.w = 0;
	if (r.h < 0)
		r.h = 0;

	return r;
}


static struct rect whole(const struct grid *grid)
{
	const struct rect r = {0, 0, grid->w, grid->h};

	return r;
}


/** Before (x, y) is overwritten: no half of a wide character may remain */
static void part(struct grid *grid, int x, int y)
{
	struct cell *c = cell_at(grid, x, y);

	if (c->width == 2 && x + 1 < grid->w)
		cell_set(c + 1, " ", 1, (enum role)c[1].role);
	else if (c->width == 0 && x > 0)
		cell_set(c - 1, " ", 1, (enum role)c[-1].role);
}


static void put(struct grid *grid, int x, int y, enum role role,
		const char *ch, int width)
{
	part(grid, x, y);
	if (width == 2)
		part(grid, x + 1, y);

	cell_set(cell_at(grid, x, y), ch, width, role);
	if (width == 2)
		cell_set(cell_at(grid, x + 1, y), "", 0, role);
}


int grid_text(struct grid *grid, const struct rect *clip, int x, int y,
	      enum role role, const char *s)
{
	struct rect r = whole(grid);
	char g[TEXT_GRAPHEME_SZ];
	size_t n;
	int w;

	if (clip)
		r = rect_clip(&r, clip);

	for (; (n = text_next(g, &w, s)); s += n, x += w) {

		const bool first = rect_has(&r, x, y);
		const bool last = rect_has(&r, x + w - 1, y);

		if (first && last)
			put(grid, x, y, role, g, w);
		else if (first)
			put(grid, x, y, role, " ", 1);
		else if (last)
			put(grid, x + w - 1, y, role, " ", 1);

		/* a column number must not overflow */
		if (x > GRID_W_MAX)
			break;
	}

	return x;
}


void grid_fill(struct grid *grid, const struct rect *rect, enum role role,
	       const char *ch)
{
	struct rect r = whole(grid);
	int x, y;

	r = rect_clip(&r, rect);

	for (y = r.y; y < r.y + r.h; y++)
		for (x = r.x; x < r.x + r.w; x++)
			put(grid, x, y, role, ch, 1);
}


void grid_select(struct grid *grid, const struct rect *rect)
{
	struct rect r = whole(grid);
	int x, y;

	r = rect_clip(&r, rect);

	for (y = r.y; y < r.y + r.h; y++)
		for (x = r.x; x < r.x + r.w; x++)
			cell_at(grid, x, y)->selected = 1;
}


bool grid_row_same(const struct grid *a, const struct grid *b, int y)
{
	return !memcmp(cell_at(a, 0, y), cell_at(b, 0, y),
		       sizeof(struct cell) * (size_t)a->w);
}


const struct cell *grid_cell(const struct grid *grid, int x, int y)
{
	if (x < 0 || y < 0 || x >= grid->w || y >= grid->h)
		return NULL;

	return cell_at(grid, x, y);
}


int grid_row_print(char *buf, size_t sz, const struct grid *grid, int y)
{
	int x = 0, cols = 0;
	size_t n = 0;

	if (y >= 0 && y < grid->h) {
		while (x < grid->w) {
			const struct cell *c = cell_at(grid, x, y);
			const size_t k = strlen(c->ch);

			if (n + k >= sz)
				break;
			memcpy(buf + n, c->ch, k);
			n += k;
			cols += c->width;
			++x;
		}
	}

	buf[n] = '\0';

	return cols;
}
