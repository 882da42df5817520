/**
 * @file tests/lib/test.h  What every unit test includes first
 *
 * cmocka with its own includes in the right order, assertions for rows of
 * a table, and a leak check after each test (in the asan build).
 *
 *	for (size_t i = 0; i < ROWS(rowv); i++) {
 *		row_int(i, rowv[i].want, step(rowv[i].in));
 *		row_str(i, rowv[i].text, name(rowv[i].in));
 *	}
 *
 *	const struct CMUnitTest testv[] = {
 *		unit_test(test_step),
 *	};
 *	return cmocka_run_group_tests(testv, NULL, NULL);
 */
#ifndef PARKDECK_TESTS_TEST_H
#define PARKDECK_TESTS_TEST_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#define ROWS(v) (sizeof(v) / sizeof((v)[0]))

/** Signed values and enums: row, expected, actual */
#define row_int(row, want, got) \
	row_int_(__FILE__, __LINE__, (row), #got, (want), (got))

/** Unsigned values */
#define row_uint(row, want, got) \
	row_uint_(__FILE__, __LINE__, (row), #got, (want), (got))

#define row_true(row, got) \
	row_bool_(__FILE__, __LINE__, (row), #got, true, (got))

#define row_false(row, got) \
	row_bool_(__FILE__, __LINE__, (row), #got, false, (got))

#define row_bool(row, want, got) \
	row_bool_(__FILE__, __LINE__, (row), #got, (want), (got))

/** Texts; NULL equals NULL only */
#define row_str(row, want, got) \
	row_str_(__FILE__, __LINE__, (row), #got, (want), (got))

/** Bytes: the first difference is told */
#define row_mem(row, want, wantsz, got, gotsz) \
	row_mem_(__FILE__, __LINE__, (row), #got, (want), (wantsz), \
		 (got), (gotsz))

/** Fail with a sentence of the test's own, as printf */
#define row_fail(row, ...) do { \
	print_error("%s:%d: row %zu: ", __FILE__, __LINE__, (size_t)(row)); \
	print_error(__VA_ARGS__); \
	print_error("\n"); \
	_fail(__FILE__, __LINE__); \
} while (0)

/** A test after which nothing may be lost (cmocka's own is long obsolete) */
#undef unit_test
#define unit_test(f) \
	cmocka_unit_test_setup_teardown(f, NULL, test_leaks)

static inline void row_int_(const char *file, int line, size_t row,
			    const char *expr, intmax_t want, intmax_t got)
{
	if (want == got)
		return;

	print_error("%s:%d: row %zu: %s: expected %" PRIdMAX
		    ", got %" PRIdMAX "\n", file, line, row, expr, want, got);
	_fail(file, line);
}

static inline void row_uint_(const char *file, int line, size_t row,
			     const char *expr, uintmax_t want, uintmax_t got)
{
	if (want == got)
		return;

	print_error("%s:%d: row %zu: %s: expected %" PRIuMAX
		    ", got %" PRIuMAX "\n", file, line, row, expr, want, got);
	_fail(file, line);
}

static inline void row_bool_(const char *file, int line, size_t row,
			     const char *expr, bool want, bool got)
{
	if (want == got)
		return;

	print_error("%s:%d: row %zu: %s: expected %s, got %s\n", file, line,
		    row, expr, want ? "true" : "false",
		    got ? "true" : "false");
	_fail(file, line);
}

static inline void row_str_(const char *file, int line, size_t row,
			    const char *expr, const char *want,
			    const char *got)
{
	if (want == got || (want && got && !strcmp(want, got)))
		return;

	print_error("%s:%d: row %zu: %s:\n  expected \"%s\"\n  got      "
		    "\"%s\"\n", file, line, row, expr,
		    want ? want : "(NULL)", got ? got : "(NULL)");
	_fail(file, line);
}

static inline void row_mem_(const char *file, int line, size_t row,
			    const char *expr, const void *want,
			    size_t wantsz, const void *got, size_t gotsz)
{
	const uint8_t *w = want, *g = got;

	if (wantsz != gotsz) {
		print_error("%s:%d: row %zu: %s: expected %zu bytes, "
			    "got %zu\n", file, line, row, expr, wantsz,
			    gotsz);
		_fail(file, line);
	}

	for (size_t i = 0; i < wantsz; i++) {
		if (w[i] == g[i])
			continue;

		print_error("%s:%d: row %zu: %s: byte %zu: expected 0x%02x, "
			    "got 0x%02x\n", file, line, row, expr, i, w[i],
			    g[i]);
		_fail(file, line);
	}
}

/** Teardown: fails the test that lost memory, and only that one */
static inline int test_leaks(void **state)
{
	(void)state;
#ifdef __SANITIZE_ADDRESS__
	static bool seen;

	/* What is lost stays lost: the later tests are not to blame */
	if (!seen && __lsan_do_recoverable_leak_check()) {
		seen = true;
		print_error("this test lost memory: see LeakSanitizer\n");
		return -1;
	}
#endif
	return 0;
}

#endif
