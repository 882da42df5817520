/**
 * @file tests/unit/test_text_model.c  UTF-8, control bytes, near words
 */
#include "tests/lib/test.h"
#include "app/text_model.h"


static void test_decode(void **state)
{
	static const struct {
		const char *p;
		size_t len;
		size_t n;
		uint32_t cp;
	} rowv[] = {
		/* bytes             len  eaten  code point                 */
		{"a",                  1,    1,  'a'},
		{"\0",                 1,    1,  0},
		{"",                   0,    0,  0},
		{"\xc3\xa4",           2,    2,  0xe4},
		{"\xc3\xa4",           1,    0,  0},      /* cut off        */
		{"\xe2\x82\xac",       3,    3,  0x20ac},
		{"\xf0\x9f\x93\x9e",   4,    4,  0x1f4de},
		{"\xc0\xaf",           2,    0,  0},      /* over-long      */
		{"\xe0\x80\xaf",       3,    0,  0},
		{"\xf0\x80\x80\xaf",   4,    0,  0},
		{"\xed\xa0\x80",       3,    0,  0},      /* surrogate      */
		{"\xf4\x90\x80\x80",   4,    0,  0},      /* beyond 10ffff  */
		{"\xf8\x88\x80\x80",   4,    0,  0},
		{"\x80",               1,    0,  0},
		{"\xe2\x28\xa1",       3,    0,  0},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		uint32_t cp = 0;

		row_uint(i, rowv[i].n,
			 uchar_decode(&cp, rowv[i].p, rowv[i].len));
		row_uint(i, rowv[i].cp, cp);
	}
}


static void test_check(void **state)
{
	static const struct {
		const char *p;
		enum uchar_fault want;
	} rowv[] = {
		{"",                 UCHAR_OK},
		{"M\xc3\xbcller",    UCHAR_OK},
		{"a\tb",             UCHAR_CONTROL},
		{"a\x1b[2J",         UCHAR_CONTROL},
		{"a\x7f",            UCHAR_CONTROL},
		{"a\xc2\x9b" "2J",   UCHAR_CONTROL},    /* C1: CSI          */
		{"a\xff",            UCHAR_INVALID},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++)
		row_int(i, rowv[i].want,
			uchar_check(rowv[i].p, strlen(rowv[i].p)));
}


static void test_clean(void **state)
{
	static const struct {
		const char *src;
		size_t size;
		const char *want;
	} rowv[] = {
		{"plain",            16, "plain"},
		{"a\x1b[2J",         16, "a [2J"},
		{"a\xff" "b",        16, "a\xef\xbf\xbd" "b"},
		{"a\xc2\x9b" "b",    16, "a b"},
		{"abcdef",            4, "abc"},
		{"a\xc3\xa4",         3, "a"},          /* not cut in two   */
		{"a\xc3\xa4",         4, "a\xc3\xa4"},
		{"a",                 1, ""},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		char buf[16];

		row_uint(i, strlen(rowv[i].want),
			 uchar_clean(buf, rowv[i].size, rowv[i].src,
				     strlen(rowv[i].src)));
		row_str(i, rowv[i].want, buf);
	}
}


static void test_near(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned dist;
		bool near;
	} rowv[] = {
		{"park",     "park",     0, true},
		{"prak",     "park",     1, true},   /* swapped          */
		{"PARK",     "park",     0, true},
		{"parkk",    "park",     1, true},
		{"prk",      "park",     1, true},
		{"retreive", "retrieve", 1, true},
		{"xyz",      "park",     4, false},
		{"",         "park",     4, false},
		{"lamps",    "lamp",     1, true},
		{"a",        "b",        1, false},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		const unsigned d = near_distance(rowv[i].a, rowv[i].b);

		row_uint(i, rowv[i].dist, d);
		row_uint(i, d, near_distance(rowv[i].b, rowv[i].a));
		row_bool(i, rowv[i].near,
			 near_enough(rowv[i].a, rowv[i].b, d));
	}
}


static void test_number(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rowv[] = {
		{"5550101",        "5550101",       true},
		{"+49 30 1234567", "0049301234567", true},
		{"030/123 45-67",  "+49301234567",  true},
		{"1234567",        "0301234567",    true},
		{"101",            "101",           true},
		{"101",            "0101",          false},
		{"101",            "030123101",     false},
		{"5550101",        "5550102",       false},
		{"015550101",      "015550102",     false},
		{"anna",           "anna",          true},
		{"anna",           "anton",         false},
		{"",               "",              false},
		{"",               "5550101",       false},
		{"+",              "-",             false},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		row_bool(i, rowv[i].same, number_same(rowv[i].a, rowv[i].b));
		row_bool(i, rowv[i].same, number_same(rowv[i].b, rowv[i].a));
	}
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_decode),
		unit_test(test_check),
		unit_test(test_clean),
		unit_test(test_near),
		unit_test(test_number),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
