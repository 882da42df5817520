/**
 * @file ui/layout.c  Who gets which part of the screen
 */
#include <string.h>
#include "ui/layout.h"


enum {
	TALL = 14,         /* from here on headings and the detail line */
	WIDE = 140,        /* from here on the calls stand to the right */
	CELL_WIDE = 26,
	CELL_NARROW = 20,
};

/** Ways to show lamps, the roomiest first */
static const struct density {
	int width, height, gap;
} densityv[] = {
	{CELL_WIDE,   3, 1},
	{CELL_NARROW, 3, 1},
	{CELL_NARROW, 3, 0},
	{CELL_NARROW, 2, 0},
};

static const struct density flat = {CELL_NARROW, 1, 0};


static struct rect rect(int x, int y, int w, int h)
{
	const struct rect r = {x, y, w, h > 0 ? h : 0};

	return r;
}


static void apply(struct layout *lay, const struct density *d, int w, int h)
{
	lay->cols = w / d->width;
	if (lay->cols < 1)
		lay->cols = 1;

	lay->pitch = d->height + d->gap;
	lay->rows = (h + d->gap) / lay->pitch;
	if (lay->rows < 1)
		lay->rows = 1;

	lay->cell_w = w / lay->cols;
	lay->cell_h = d->height;
	lay->per_page = (size_t)lay->cols * (size_t)lay->rows;
}


/**
 * Choose how lamps are shown in w x h
 *
 * @return Rows of the screen that they take
 */
static int fit(struct layout *lay, int w, int h, size_t lampc, bool tall)
{
	const size_t n = sizeof(densityv) / sizeof(densityv[0]);
	size_t i, used;

	if (!tall) {
		apply(lay, &flat, w, h);
	}
	else {
		for (i = 0; i < n; i++) {
			apply(lay, &densityv[i], w, h);
			if (lampc <= lay->per_page)
				break;
		}
	}

	lay->pages = (lampc + lay->per_page - 1) / lay->per_page;
	if (lay->pages < 1)
		lay->pages = 1;
	if (lay->pages > 1)
		return h;

	used = (lampc + (size_t)lay->cols - 1) / (size_t)lay->cols;
	if (used < 1)
		used = 1;

	return (int)used * lay->pitch - (lay->pitch - lay->cell_h);
}


void layout_make(struct layout *lay, int w, int h, size_t lampc)
{
	const bool tall = h >= TALL, wide = tall && w >= WIDE;
	const int body = h - 3;      /* status, message, footer */
	int calls_h, lamps_h, left = w, right, y = 1;

	memset(lay, 0, sizeof(*lay));
	lay->cols = lay->rows = lay->cell_h = lay->pitch = 1;
	lay->cell_w = w;
	lay->per_page = lay->pages = 1;

	if (w < LAYOUT_W_MIN || h < LAYOUT_H_MIN) {
		lay->small = true;
		lay->message = rect(0, 0, w, h > 0 ? 1 : 0);
		return;
	}

	lay->status  = rect(0, 0, w, 1);
	lay->message = rect(0, h - 2, w, 1);
	lay->footer  = rect(0, h - 1, w, 1);

	if (wide) {
		right = w * 35 / 100;
		if (right > 80)
			right = 80;
		left = w - right - 1;

		lay->calls_title = rect(left + 1, y, right, 1);
		lay->calls = rect(left + 1, y + 1, right, body - 1);

		lay->lamps_title = rect(0, y, left, 1);
		fit(lay, left, body - 2, lampc, true);
		lay->lamps  = rect(0, y + 1, left, body - 2);
		lay->detail = rect(0, y + body - 1, left, 1);
		return;
	}

	if (tall) {
		calls_h = h / 8;
		if (calls_h < 3)
			calls_h = 3;

		lamps_h = fit(lay, w, body - 3 - calls_h, lampc, true);

		lay->lamps_title = rect(0, y++, w, 1);
		lay->lamps = rect(0, y, w, lamps_h);
		y += lamps_h;
		lay->detail = rect(0, y++, w, 1);
		lay->calls_title = rect(0, y++, w, 1);
	}
	else {
		calls_h = h < 8 ? 1 : 2;
		lamps_h = fit(lay, w, body - calls_h, lampc, false);
		lay->lamps = rect(0, y, w, lamps_h);
		y += lamps_h;
	}

	lay->calls = rect(0, y, w, h - 2 - y);
}


struct rect layout_cell(const struct layout *lay, size_t i)
{
	const int col = (int)(i % (size_t)lay->cols);
	const int row = (int)(i / (size_t)lay->cols);

	return rect(lay->lamps.x + col * lay->cell_w,
		    lay->lamps.y + row * lay->pitch,
		    lay->cell_w - (lay->cols > 1), lay->cell_h);
}


int layout_cell_at(const struct layout *lay, int x, int y)
{
	size_t i;

	if (!rect_has(&lay->lamps, x, y))
		return -1;

	for (i = 0; i < lay->per_page; i++) {
		const struct rect r = layout_cell(lay, i);

		if (rect_has(&r, x, y))
			return (int)i;
	}

	return -1;
}
