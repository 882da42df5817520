/**
 * @file tests/unit/test_book_file.c  Names of parked callers survive a crash
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../lib/test.h"
#include "modules/park/book_file.h"


static char path[64];


static void write_text(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(0, fclose(f));
}


static void test_round(void **state)
{
	struct book_fact in[2] = {
		{.spot = "701", .account = 1, .who = "Anna Berg",
		 .number = "5550100", .by = "me", .note = "calls\tback\n",
		 .since_ms = 40000},
		{.spot = "*5901", .who = "", .number = "7", .by = "me",
		 .since_ms = 100000},
	};
	struct book_fact out[4];
	struct stat st;
	(void)state;

	assert_int_equal(0, book_file_save(path, in, 2, 100000, 1000000));
	assert_int_equal(0, stat(path, &st));
	assert_int_equal(0600, st.st_mode & 07777);

	/* the phone comes back 20 s later, on a clock that goes on */
	assert_int_equal(2, book_file_load(path, out, 4, 120000, 1000020));
	assert_string_equal("701", out[0].spot);
	assert_int_equal(1, out[0].account);
	assert_string_equal("Anna Berg", out[0].who);
	assert_string_equal("5550100", out[0].number);
	assert_string_equal("calls back ", out[0].note);
	assert_int_equal(40000, out[0].since_ms);
	assert_string_equal("*5901", out[1].spot);
	assert_int_equal(100000, out[1].since_ms);

	/* ... or after a boot, on a clock that has just begun */
	assert_int_equal(1, book_file_load(path, out, 1, 5000, 1000020));
	assert_int_equal(0, out[0].since_ms);

	/* none left: no file */
	assert_int_equal(0, book_file_save(path, NULL, 0, 0, 0));
	assert_int_equal(-1, stat(path, &st));
	assert_int_equal(0, book_file_load(path, out, 4, 0, 0));
	assert_int_equal(0, book_file_save(path, NULL, 0, 0, 0));
}


static void test_bad_lines(void **state)
{
	static const struct {
		const char *text;
		size_t want;
	} rowv[] = {
		{"", 0},
		{"\n", 0},
		{"701\n", 0},
		{"701\t0\t1000\tA\t5\tme\t\n", 1},
		{"701\t0\t1000\tA\t5\tme\n", 0},                 /* six    */
		{"701\t0\t1000\tA\t5\tme\t\tx\n", 0},            /* eight  */
		{"\t0\t1000\tA\t5\tme\t\n", 0},                  /* no spot */
		{"701\tx\t1000\tA\t5\tme\t\n", 0},
		{"701\t0\tx\tA\t5\tme\t\n", 0},
		{"701\t0\t-5\tA\t5\tme\t\n", 0},
		{"701\t0\t1000\tA\t5\tme\t", 0},                 /* cut    */
		{"x\n701\t0\t1000\tA\t5\tme\t\nx\n", 1},
		{"701\t0\t1000\t\x1b[2J\xff\t5\tme\t\n", 1},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct book_fact out[4];

		write_text(rowv[i].text);
		row_uint(i, rowv[i].want,
			 book_file_load(path, out, 4, 5000000, 2000));
		if (rowv[i].want)
			row_true(i, !strchr(out[0].who, '\x1b'));
	}
}


static void test_no_place(void **state)
{
	struct book_fact b = {.spot = "701"};
	(void)state;

	assert_int_equal(ENOENT, book_file_save("/nonexistent/parked", &b, 1,
						0, 0));
	assert_int_equal(EINVAL, book_file_save(NULL, &b, 1, 0, 0));
}


static int setup(void **state)
{
	(void)state;
	(void)snprintf(path, sizeof(path), "/tmp/parkdeck-book-%d",
		       (int)getpid());
	return 0;
}


static int teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	return 0;
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_round),
		unit_test(test_bad_lines),
		unit_test(test_no_place),
	};

	return cmocka_run_group_tests(testv, setup, teardown);
}
