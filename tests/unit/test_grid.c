/**
 * @file tests/unit/test_grid.c  Cells: clipping, wide characters, sameness
 */
#include "tests/lib/test.h"
#include <errno.h>
#include "ui/grid.h"


static void row_is(size_t i, const struct grid *g, int y, const char *want)
{
	char buf[1024];

	row_int(i, g->w, grid_row_print(buf, sizeof(buf), g, y));
	row_str(i, want, buf);
}


static void test_clip(void **state)
{
	static const struct {
		struct rect clip;
		int x, y;
		const char *s, *row;
		int end;
	} rowv[] = {
		{{0, 0, 8, 1}, 0, 0, "abc",       "abc     ", 3},
		{{0, 0, 8, 1}, 6, 0, "abc",       "      ab", 9},
		{{0, 0, 8, 1}, -1, 0, "abc",      "bc      ", 2},
		{{0, 0, 8, 1}, -9, 0, "abc",      "        ", -6},
		{{0, 0, 8, 1}, 8, 0, "abc",       "        ", 11},
		{{0, 0, 8, 1}, 0, 1, "abc",       "        ", 3},
		{{0, 0, 8, 1}, 0, -1, "abc",      "        ", 3},
		{{2, 0, 3, 1}, 0, 0, "abcdefg",   "  cde   ", 7},
		{{2, 0, 3, 1}, 3, 0, "abcdefg",   "   ab   ", 10},
		{{5, 0, 9, 9}, 4, 0, "abcdefg",   "     bcd", 11},
		{{-3, -3, 5, 5}, 0, 0, "abc",     "ab      ", 3},
		{{0, 0, 0, 0}, 0, 0, "abc",       "        ", 3},

		/* a wide character that is cut leaves a blank */
		{{0, 0, 8, 1}, 0, 0, "王小",      "王小    ", 4},
		{{0, 0, 8, 1}, 7, 0, "王",        "        ", 9},
		{{0, 0, 8, 1}, -1, 0, "王小",     " 小     ", 3},
		{{0, 0, 3, 1}, 0, 0, "王小",      "王      ", 4},
		{{1, 0, 3, 1}, 0, 0, "王小",      "  小    ", 4},

		/* what must not be in a cell */
		{{0, 0, 8, 1}, 0, 0, "a\x1b[m\n", "a?[m?   ", 5},
		{{0, 0, 8, 1}, 0, 0, "a\xff" "b", "a?b     ", 3},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		struct grid g;

		grid_init(&g);
		row_int(i, 0, grid_resize(&g, 8, 1));
		row_int(i, rowv[i].end,
			grid_text(&g, &rowv[i].clip, rowv[i].x, rowv[i].y,
				  ROLE_TEXT, rowv[i].s));
		/* bad bytes come out as U+FFFD or '?': both are one column */
		if (i == ROWS(rowv) - 1)
			row_int(i, 1, grid_cell(&g, 1, 0)->width);
		else
			row_is(i, &g, 0, rowv[i].row);
		grid_reset(&g);
	}
}


/** Who overwrites one half of a wide character blanks the other */
static void test_wide_halves(void **state)
{
	static const struct {
		int x;
		const char *s, *row;
	} rowv[] = {
		{0, "a",  "a 小明 "},
		{1, "a",  " a小明 "},
		{2, "a",  "王a 明 "},
		{1, "ab", " ab 明 "},
		{1, "中", " 中 明 "},
		{5, "a",  "王小 a "},
		{5, "中", "王小 中"},
	};
	struct grid g;
	(void)state;

	grid_init(&g);
	assert_int_equal(0, grid_resize(&g, 7, 1));

	for (size_t i = 0; i < ROWS(rowv); i++) {
		grid_clear(&g);
		grid_text(&g, NULL, 0, 0, ROLE_TEXT, "王小明");
		grid_text(&g, NULL, rowv[i].x, 0, ROLE_TEXT, rowv[i].s);
		row_is(i, &g, 0, rowv[i].row);
	}

	grid_reset(&g);
}


static void test_fill_select(void **state)
{
	const struct rect out = {-5, -5, 7, 7}, all = {-1, -1, 99, 99};
	struct grid g;
	(void)state;

	grid_init(&g);
	assert_int_equal(0, grid_resize(&g, 4, 3));

	grid_fill(&g, &out, ROLE_DIM, "─");
	row_is(0, &g, 0, "──  ");
	row_is(1, &g, 1, "──  ");
	row_is(2, &g, 2, "    ");
	row_int(3, ROLE_DIM, grid_cell(&g, 1, 1)->role);
	row_int(4, ROLE_TEXT, grid_cell(&g, 2, 1)->role);

	grid_select(&g, &out);
	row_int(5, 1, grid_cell(&g, 1, 1)->selected);
	row_int(6, 0, grid_cell(&g, 2, 2)->selected);

	grid_fill(&g, &all, ROLE_TEXT, " ");
	row_int(7, 0, grid_cell(&g, 1, 1)->selected);

	assert_null(grid_cell(&g, -1, 0));
	assert_null(grid_cell(&g, 4, 0));
	assert_null(grid_cell(&g, 0, 3));

	grid_reset(&g);
}


static void test_same(void **state)
{
	struct grid a, b;
	(void)state;

	grid_init(&a);
	grid_init(&b);
	assert_int_equal(0, grid_resize(&a, 9, 2));
	assert_int_equal(0, grid_resize(&b, 9, 2));
	assert_true(grid_row_same(&a, &b, 0));

	grid_text(&a, NULL, 0, 1, ROLE_TEXT, "Jörg");
	assert_true(grid_row_same(&a, &b, 0));
	assert_false(grid_row_same(&a, &b, 1));

	/* the same by another way: longer text before it */
	grid_text(&b, NULL, 0, 1, ROLE_KEY, "Anna 王");
	grid_text(&b, NULL, 0, 1, ROLE_TEXT, "Jörg     ");
	assert_true(grid_row_same(&a, &b, 1));

	grid_text(&b, NULL, 0, 1, ROLE_KEY, "J");
	assert_false(grid_row_same(&a, &b, 1));

	grid_reset(&a);
	grid_reset(&b);
}


static void test_size(void **state)
{
	static const struct {
		int w, h, err;
	} rowv[] = {
		{0, 1, EINVAL}, {1, 0, EINVAL}, {-1, 5, EINVAL}, {1, 1, 0},
		{GRID_W_MAX, 2, 0}, {GRID_W_MAX + 1, 1, EINVAL},
		{2, GRID_H_MAX, 0}, {1, GRID_H_MAX + 1, EINVAL},
	};
	struct grid g;
	(void)state;

	grid_init(&g);
	for (size_t i = 0; i < ROWS(rowv); i++)
		row_int(i, rowv[i].err, grid_resize(&g, rowv[i].w,
						    rowv[i].h));
	grid_reset(&g);
}


/** Random writes: a row always has exactly as many columns as the grid */
static void test_columns(void **state)
{
	static const char *const textv[] = {
		"Anna Smith", "王小明 Wang", "Jo\xcc\x88rg", "😀😀", "\xff\x1b",
		"한국어", "●≥2:05", "",
	};
	uint32_t seed = 7;
	struct grid g;
	(void)state;

	grid_init(&g);

	for (size_t i = 0; i < 300; i++) {

		int w, h;

		seed = seed * 1664525 + 1013904223;
		w = 1 + (int)(seed >> 16) % 40;
		h = 1 + (int)(seed >> 24) % 6;
		assert_int_equal(0, grid_resize(&g, w, h));

		for (int k = 0; k < 60; k++) {
			struct rect r;

			seed = seed * 1664525 + 1013904223;
			r.x = (int)(seed >> 28) - 8;
			r.y = (int)(seed >> 24 & 15) - 4;
			r.w = (int)(seed >> 18 & 63) - 4;
			r.h = (int)(seed >> 12 & 15) - 2;
			if (k % 7 == 6)
				grid_fill(&g, &r, ROLE_DIM, "─");
			else
				grid_text(&g, k & 1 ? &r : NULL,
					  (int)(seed >> 10 & 63) - 16,
					  (int)(seed >> 8 & 7) - 1, ROLE_TEXT,
					  textv[seed >> 4 & 7]);
		}

		for (int y = 0; y < h; y++) {
			char buf[1024];

			row_int(i, w, grid_row_print(buf, sizeof(buf), &g,
						     y));
			row_int(i, w, (int)text_width(buf));
		}
	}

	grid_reset(&g);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_clip),
		unit_test(test_wide_halves),
		unit_test(test_fill_select),
		unit_test(test_same),
		unit_test(test_size),
		unit_test(test_columns),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
