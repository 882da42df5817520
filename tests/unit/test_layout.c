/**
 * @file tests/unit/test_layout.c  Who gets which part of the screen
 */
#include "tests/lib/test.h"
#include "ui/layout.h"


static void test_sizes(void **state)
{
	static const struct {
		int w, h;
		size_t lamps;
		int cols, cell_h, pitch;
		size_t per_page, pages;
		int calls_h;
	} rowv[] = {
		/* the standard: the more lamps, the denser */
		{ 80, 24,    0,  3, 3, 4,  12,   1, 15},
		{ 80, 24,    4,  3, 3, 4,  12,   1, 11},
		{ 80, 24,   12,  3, 3, 4,  12,   1,  3},
		{ 80, 24,   16,  4, 3, 4,  16,   1,  3},
		{ 80, 24,   20,  4, 3, 3,  20,   1,  3},
		{ 80, 24,   28,  4, 2, 2,  28,   1,  4},
		{ 80, 24,   29,  4, 2, 2,  28,   2,  3},
		{ 80, 24,  300,  4, 2, 2,  28,  11,  3},

		/* a big one has calls beside the lamps */
		{200, 60,   20,  4, 3, 4,  56,   1, 56},
		{200, 60,  100,  6, 3, 3, 108,   1, 56},
		{200, 60,  300,  6, 2, 2, 162,   2, 56},

		/* small ones: no headings, one row a lamp */
		{ 40, 10,   20,  2, 1, 1,  10,   2,  2},
		{ 40, 10,    4,  2, 1, 1,  10,   1,  5},
		{ 30,  6,    4,  1, 1, 1,   2,   2,  1},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		struct layout lay;

		layout_make(&lay, rowv[i].w, rowv[i].h, rowv[i].lamps);
		row_int(i, rowv[i].cols, lay.cols);
		row_int(i, rowv[i].cell_h, lay.cell_h);
		row_int(i, rowv[i].pitch, lay.pitch);
		row_uint(i, rowv[i].per_page, lay.per_page);
		row_uint(i, rowv[i].pages, lay.pages);
		row_int(i, rowv[i].calls_h, lay.calls.h);
		row_false(i, lay.small);
	}
}


static void test_small(void **state)
{
	static const struct {
		int w, h;
		bool small;
	} rowv[] = {
		{30, 6, false}, {29, 6, true}, {30, 5, true}, {1, 1, true},
		{300, 5, true}, {29, 100, true},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		struct layout lay;

		layout_make(&lay, rowv[i].w, rowv[i].h, 20);
		row_bool(i, rowv[i].small, lay.small);
		row_int(i, rowv[i].w, lay.message.w);
	}
}


/** Mark a part on the map; it lies inside and on nothing else */
static void part(const char *what, unsigned char *map, int w, int h,
		 const struct rect *r)
{
	int x, y;

	if (!r->w || !r->h)
		return;

	if (r->x < 0 || r->y < 0 || r->w < 0 || r->h < 0 ||
	    r->x + r->w > w || r->y + r->h > h)
		row_fail(w * 1000 + h, "%s %d,%d %dx%d is not inside %dx%d",
			 what, r->x, r->y, r->w, r->h, w, h);

	for (y = r->y; y < r->y + r->h; y++) {
		for (x = r->x; x < r->x + r->w; x++) {
			if (map[y * w + x]++)
				row_fail(w * 1000 + h, "%s overlaps at %d,%d "
					 "of %dx%d", what, x, y, w, h);
		}
	}
}


/** All sizes: inside, no overlap, cells inside the lamps, one line at least */
static void test_all_sizes(void **state)
{
	static const size_t lampv[] = {0, 1, 7, 20, 100, 20000};
	static unsigned char map[300 * 100];
	(void)state;

	for (int w = 1; w <= 300; w++) {
		for (int h = 1; h <= 100; h++) {

			const size_t n = lampv[(size_t)(w + h) % 6];
			struct layout lay;
			size_t used;

			layout_make(&lay, w, h, n);
			memset(map, 0, (size_t)w * (size_t)h);
			part("status", map, w, h, &lay.status);
			part("lamps title", map, w, h, &lay.lamps_title);
			part("lamps", map, w, h, &lay.lamps);
			part("detail", map, w, h, &lay.detail);
			part("calls title", map, w, h, &lay.calls_title);
			part("calls", map, w, h, &lay.calls);
			part("message", map, w, h, &lay.message);
			part("footer", map, w, h, &lay.footer);

			row_int(w * 1000 + h, 1, lay.message.h);
			row_true(w * 1000 + h, lay.per_page >= 1);
			if (lay.small)
				continue;

			row_true(w * 1000 + h,
				 lay.pages * lay.per_page >= n);
			row_true(w * 1000 + h, lay.calls.h >= 1);

			memset(map, 0, (size_t)w * (size_t)h);
			used = n < lay.per_page ? n : lay.per_page;
			for (size_t i = 0; i < used; i++) {
				const struct rect r = layout_cell(&lay, i);
				const struct rect in =
					rect_clip(&r, &lay.lamps);

				part("cell", map, w, h, &r);
				row_int(i, r.w, in.w);
				row_int(i, r.h, in.h);
				row_int(i, (int)i, layout_cell_at(
					&lay, r.x + r.w - 1,
					r.y + r.h - 1));
			}
		}
	}
}


static void test_cell_at(void **state)
{
	static const struct {
		int x, y, cell;
	} rowv[] = {
		{0, 2, 0}, {18, 4, 0}, {19, 2, -1}, {20, 2, 1}, {79, 2, -1},
		{0, 5, 4}, {0, 1, -1}, {0, 0, -1}, {0, 17, -1}, {60, 16, 19},
		{-1, 2, -1}, {80, 2, -1},
	};
	struct layout lay;
	(void)state;

	layout_make(&lay, 80, 24, 20);
	for (size_t i = 0; i < ROWS(rowv); i++)
		row_int(i, rowv[i].cell, layout_cell_at(&lay, rowv[i].x,
							rowv[i].y));
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_sizes),
		unit_test(test_small),
		unit_test(test_all_sizes),
		unit_test(test_cell_at),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
