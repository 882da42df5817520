/**
 * @file tests/unit/test_text.c  Text as columns
 */
#include "tests/lib/test.h"
#include "ui/text.h"


static void test_width(void **state)
{
	static const struct {
		const char *s;
		unsigned cols;
	} rowv[] = {
		{"", 0},
		{"Anna", 4},
		{"Jörg", 4},
		{"Jo\xcc\x88rg", 4},  /* o and a combining mark */
		{"王小明", 6},
		{"ｶﾅ", 2},  /* halfwidth katakana */
		{"Ａ", 2},  /* fullwidth A */
		{"한국", 4},
		{"●○♪■▸≥✎─→", 9},  /* ambiguous is narrow */
		{"😀", 2},
		{"\xff\xfe", 2},                /* each bad byte is one '?'  */
		{"\x1b", 1},
		{"\xcc\x88", 1},  /* a mark without a letter */
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++)
		row_uint(i, rowv[i].cols, text_width(rowv[i].s));
}


static void test_cp_width(void **state)
{
	static const struct {
		uint32_t cp;
		int w;
	} rowv[] = {
		{0x00, -1}, {0x1b, -1}, {0x20, 1}, {0x7e, 1}, {0x7f, -1},
		{0x9b, -1}, {0xa0, 1}, {0xad, -1}, {0x301, 0}, {0x34f, -1},
		{0x1100, 2}, {0x1161, 0}, {0x115f, -1}, {0x200b, -1},
		{0x200d, -1}, {0x202e, -1}, {0x2028, -1}, {0x2066, -1},
		{0x20ac, 1}, {0x25cf, 1}, {0x3000, 2}, {0x4e00, 2},
		{0xac00, 2}, {0xd800, -1}, {0xfe0f, -1}, {0xfeff, -1},
		{0xfffd, 1}, {0xfffe, -1}, {0xffff, -1}, {0x1f3fb, -1},
		{0x1f600, 2}, {0x20000, 2}, {0xe0041, -1}, {0x10ffff, -1},
		{0x110000, -1}, {0xffffffff, -1},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++)
		row_int(i, rowv[i].w, text_cp_width(rowv[i].cp));
}


static void test_clean(void **state)
{
	static const struct {
		const char *in, *fine, *ascii;
	} rowv[] = {
		{NULL, "", ""},
		{"Anna", "Anna", "Anna"},
		{"  Anna \t Smith\r\n", "Anna Smith", "Anna Smith"},
		{"Müller & Söhne", "Müller & Söhne", "Muller & Sohne"},
		{"Łukasz “Q” – x", "Łukasz “Q” – x", "Lukasz \"Q\" - x"},
		{"王小明", "王小明", "???"},

		/* escape sequences and control bytes */
		{"a\x1b[31mred", "ared", "ared"},
		{"a\x1b[2J\x1b[1;1Hb", "ab", "ab"},
		{"a\x1b]0;title\ab", "ab", "ab"},
		{"a\x1b]0;title\x1b\\b", "ab", "ab"},
		{"a\x1bPq#0\x1b\\b", "ab", "ab"},
		{"a\x1b(0b", "a(0b", "a(0b"},
		{"a\x1b[31", "a", "a"},
		{"a\x1b", "a", "a"},
		{"a\x1b[3\nb", "a b", "a b"},
		{"a\x07\x08\x7f\x01z", "az", "az"},
		{"a\xc2\x9b" "31mz", "a31mz", "a31mz"},
		{"a\xc2\x85z", "a z", "a z"},

		/* direction, invisible, tags, joined and toned emoji */
		{"ab\xe2\x80\xaeyx", "abyx", "abyx"},
		{"a\xe2\x81\xa6\xe2\x80\x8b\xef\xbb\xbfz", "az", "az"},
		{"a\xf3\xa0\x81\x81z", "az", "az"},
		{"👍🏽", "👍", "?"},
		{"❤\xef\xb8\x8f", "❤", "?"},
		{"a\xe2\x80\xa8z", "a z", "a z"},

		/* not UTF-8: overlong, surrogate, cut off, stray */
		{"a\xc0\xafz", "a��z", "a??z"},
		{"a\xed\xa0\x80z", "a���z", "a???z"},
		{"a\xe2\x82", "a��", "a??"},
		{"\xff", "�", "?"},

		/* towers of marks, marks without a letter */
		{"Z\xcc\x81\xcc\x82\xcc\x83\xcc\x84z",
		 "Z\xcc\x81\xcc\x82z", "Zz"},
		{"\xcc\x81" "a \xcc\x81" "b", "a b", "a b"},
	};
	char buf[256];
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		row_str(i, rowv[i].fine,
			text_clean(buf, sizeof(buf), rowv[i].in, false));
		row_str(i, rowv[i].ascii,
			text_clean(buf, sizeof(buf), rowv[i].in, true));
	}
}


static void test_clean_room(void **state)
{
	static const struct {
		size_t sz;
		const char *out;
	} rowv[] = {
		{1, ""}, {2, "a"}, {3, "a"}, {4, "aö"}, {5, "aö"},
		{6, "aö"}, {7, "aö王"}, {8, "aö王"}, {9, "aö王 b"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		char *buf = malloc(rowv[i].sz);

		text_clean(buf, rowv[i].sz, "aö王 b", false);
		row_str(i, rowv[i].out, buf);
		free(buf);
	}
}


static void test_cut(void **state)
{
	static const struct {
		const char *in;
		unsigned cols;
		const char *fine, *ascii;
	} rowv[] = {
		{"Anna", 10, "Anna", "Anna"},
		{"Anna", 4, "Anna", "Anna"},
		{"Anna", 3, "An…", "A.."},
		{"Anna", 2, "A…", ".."},
		{"Anna", 1, "…", ""},
		{"Anna", 0, "", ""},
		{"", 0, "", ""},
		{"王小明", 6, "王小明", "王小明"},
		{"王小明", 5, "王小…", "王.."},
		{"王小明", 4, "王…", "王.."},
		{"王小明", 3, "王…", ".."},
		{"王小明", 2, "…", ".."},
		{"王", 1, "…", ""},
		{"Jo\xcc\x88rg", 4, "Jo\xcc\x88rg", "Jo\xcc\x88rg"},
		{"Jo\xcc\x88rg", 3, "Jo\xcc\x88…", "J.."},
	};
	char buf[64];
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		size_t w;

		w = text_cut(buf, sizeof(buf), rowv[i].in, rowv[i].cols,
			     false);
		row_str(i, rowv[i].fine, buf);
		row_uint(i, text_width(buf), w);

		w = text_cut(buf, sizeof(buf), rowv[i].in, rowv[i].cols,
			     true);
		row_str(i, rowv[i].ascii, buf);
		row_uint(i, text_width(buf), w);
	}
}


static void test_duration(void **state)
{
	static const struct {
		uint64_t ms;
		const char *s;
	} rowv[] = {
		{0, "0:00"}, {999, "0:00"}, {1000, "0:01"},
		{125000, "2:05"}, {3599999, "59:59"}, {3600000, "1h00"},
		{7500000, "2h05"}, {86399999, "23h59"}, {86400000, "1d00h"},
		{8639999999, "99d23h"}, {8640000000, ">99d"},
		{UINT64_MAX, ">99d"},
	};
	char buf[16];
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++)
		row_str(i, rowv[i].s, text_duration(buf, sizeof(buf),
						    rowv[i].ms));
}


static void test_find(void **state)
{
	static const struct {
		const char *hay, *needle;
		bool found;
	} rowv[] = {
		{"Anna Smith", "smi", true},
		{"Anna Smith", "SMITH", true},
		{"Anna Smith", "smith ", false},
		{"Anna", "", true},
		{"", "a", false},
		{"aab", "ab", true},
		{"Jörg", "JÖRG", true},
		{"МОСКВА", "москва", true},
		{"Ёлка", "ёлка", true},
		{"王小明", "小", true},
		{"\xff\xfe", "x", false},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++)
		row_bool(i, rowv[i].found, text_find(rowv[i].hay,
						     rowv[i].needle));
}


static void test_print(void **state)
{
	static const struct {
		size_t sz;
		const char *s;
	} rowv[] = {
		{1, ""}, {2, "a"}, {3, "a"}, {4, "aö"}, {5, "aö"},
		{6, "aö"}, {7, "aö王"}, {8, "aö王!"}, {9, "aö王!"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		char *buf = malloc(rowv[i].sz);

		text_print(buf, rowv[i].sz, "%s!", "aö王");
		row_str(i, rowv[i].s, buf);
		free(buf);
	}
}


/** Any bytes: what is cleaned stays clean, is UTF-8, and cuts to width */
static void test_any_bytes(void **state)
{
	uint32_t seed = 1;
	(void)state;

	for (size_t i = 0; i < 20000; i++) {

		char in[48], out[64], again[64], cut[64];
		size_t len, pos, used, cols;
		uint32_t cp;

		for (len = 0; len < sizeof(in) - 1; len++) {
			seed = seed * 1664525 + 1013904223;
			/* half of the bytes from what is dangerous */
			in[len] = seed & 0x10000000 ? (char)(seed >> 16) :
				"\x1b[]m\x07\x9b\xe2\x80\xae\xcc\x81 a;1"
				[(seed >> 16) % 15];
		}
		in[len] = '\0';

		text_clean(out, sizeof(out), in, false);
		text_clean(again, sizeof(again), out, false);
		row_str(i, out, again);

		for (pos = 0; pos < strlen(out); pos += used) {
			used = text_decode(&cp, out + pos,
					   strlen(out) - pos);
			row_true(i, text_cp_width(cp) >= 0);
		}

		cols = seed % 20;
		text_cut(cut, sizeof(cut), out, cols, false);
		row_true(i, text_width(cut) <= cols);

		text_clean(out, sizeof(out), in, true);
		for (pos = 0; out[pos]; pos++)
			row_true(i, out[pos] >= 0x20 && out[pos] < 0x7f);
	}
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_width),
		unit_test(test_cp_width),
		unit_test(test_clean),
		unit_test(test_clean_room),
		unit_test(test_cut),
		unit_test(test_duration),
		unit_test(test_find),
		unit_test(test_print),
		unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
