/**
 * @file tests/e2e/test_escape.c  Test: sequences split anywhere are no keys
 *
 * A slow line may cut an escape sequence at any byte. What comes later is
 * the rest of the one key that was pressed, or nothing, but never a digit
 * that takes a parked call or a letter that opens a line. A call rings all
 * the time, so that there is something to spoil; what was pressed is told by
 * the lamp that is selected. The work is shared by several processes, since
 * most of it is waiting.
 */
#include <sys/wait.h>
#include <unistd.h>
#include <re.h>
#include "tests/lib/test.h"
#include "tests/lib/e2e.h"

enum {
	SHARES = 4,
	START = 705,             /* selected before each sequence         */
	LATE_MS = 130,           /* ESC is taken for the key after 100 ms */
	SHOWN_MS = 750,          /* what has just changed asks             */
	BURST = 4000,
	SHORT = 1,               /* flag: behind an ESC that came late a
				    byte alone would be a key            */
};

/** spot: selected then; 0: no key, nothing happens */
static const struct row {
	const char *bytes;
	int spot;
	int flags;
} rowv[] = {
	{"\033[A", 701, 0},  {"\033[B", 709, 0},    /* four in a row     */
	{"\033[C", 706, 0},  {"\033[D", 704, 0},
	{"\033OA", 701, 0},  {"\033OD", 704, 0},
	{"\033[1~", 701, 0}, {"\033[H", 701, 0},    /* Home              */

	{"\033OP", 701, 0},   {"\033OQ", 702, 0},
	{"\033OR", 703, 0},   {"\033OS", 704, 0},
	{"\033[15~", 705, 0}, {"\033[17~", 706, 0},
	{"\033[18~", 707, 0}, {"\033[19~", 708, 0},
	{"\033[20~", 709, 0}, {"\033[21~", 710, 0},
	{"\033[23~", 711, 0}, {"\033[24~", 712, 0},
	{"\033[11~", 701, 0}, {"\033[[B", 702, 0},  /* rxvt, Linux       */

	{"\0331", 701, 0}, {"\0336", 706, 0}, {"\0330", 710, 0},

	/* mouse: 702 is pressed; released; the old form; elsewhere */
	{"\033[<0;25;3M", 702, 0}, {"\033[<0;25;3m", 0, 0},
	{"\033[M \071\043", 702, 0},
	{"\033[<2;5;3M", 0, 0}, {"\033[<35;41;7M", 0, 0},

	/* keys without a meaning, answers of terminals, junk */
	{"\033[1;5C", 0, 0}, {"\033[1;2P", 0, 0}, {"\033[25~", 0, 0},
	{"\033[99~", 0, 0}, {"\033[?1;2c", 0, 0}, {"\033[5;10R", 0, 0},
	{"\033[I", 0, 0}, {"\033[1;2;3;4;5;6;7;8;9q", 0, 0},
	{"\033[?2004;1$y", 0, 0}, {"\033Oz", 0, 0}, {"\033[E", 0, 0},
	{"\033[57399;1:3u", 0, 0}, {"\033[[1", 0, 0},
	{"\033]11;rgb:1a1a/2b2b/1p1r\033\\", 0, SHORT},
	{"\033P1+r5\033\\", 0, SHORT},
};


static void select_start(struct e2e *e)
{
	vt_send(e->vt, "g\033[C\033[C\033[C\033[C");
	vt_wait(e->vt, "705: free");
}


static void expect_row(struct e2e *e, size_t row, size_t cut)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%d: free",
		       rowv[row].spot ? rowv[row].spot : START);

	/* a key that should not have come: would be seen by now */
	e2e_settle(e);

	if (!vt_has(e->vt, text))
		vt_fail(e->vt, __FILE__, __LINE__, "row %zu, cut after %zu: "
			"expected the selection \"%s\"", row, cut, text);
	if (vt_has(e->vt, "Quit?") || !e2e_rings(e, E2E_ANNA))
		vt_fail(e->vt, __FILE__, __LINE__, "row %zu, cut after %zu: "
			"a key came of it", row, cut);
}


/**
 * How much to send of what is left, if `n` bytes are wished: an ESC alone
 * that waits for the machine would be the key
 */
static size_t piece(const struct row *row, const char *p, size_t n)
{
	return row->flags & SHORT && p[n - 1] == '\033' ? n + 1 : n;
}


/** Each sequence cut once, at every place, for so long that ESC alone has
    become a key */
static void cuts(struct e2e *e, size_t row)
{
	const char *bytes = rowv[row].bytes;
	const size_t n = strlen(bytes);

	for (size_t cut = 1; cut < n; cut++) {

		select_start(e);
		vt_send_n(e->vt, bytes, cut);
		vt_pause(LATE_MS);
		vt_send_n(e->vt, bytes + cut, n - cut);
		expect_row(e, row, cut);
	}
}


static void test_share(void **state, size_t share)
{
	struct e2e *e = *state;

	vt_pause(SHOWN_MS);
	e2e_ring(e, E2E_ANNA);

	for (size_t i = share; i < ROWS(rowv); i += SHARES) {

		/* whole, then byte for byte */
		select_start(e);
		vt_send(e->vt, rowv[i].bytes);
		expect_row(e, i, 0);

		select_start(e);
		for (const char *p = rowv[i].bytes; *p; ) {

			const size_t n = piece(&rowv[i], p, 1);

			vt_send_n(e->vt, p, n);
			vt_turn(2);
			p += n;
		}
		expect_row(e, i, 0);

		cuts(e, i);
	}
}


/** All that mean nothing, in pieces of any size */
static void test_burst(void **state)
{
	struct e2e *e = *state;
	char *before;
	unsigned rng = 1;
	size_t sent = 0;

	vt_pause(SHOWN_MS);
	e2e_ring(e, E2E_ANNA);
	select_start(e);
	e2e_settle(e);
	before = vt_rows_at_rest(e->vt);

	while (sent < BURST) {

		const struct row *row;
		const char *p;

		rng = rng * 1103515245u + 12345u;
		row = &rowv[(rng >> 16) % ROWS(rowv)];
		if (row->spot)
			continue;

		for (p = row->bytes; *p; ) {

			const size_t left = strlen(p);
			size_t n;

			rng = rng * 1103515245u + 12345u;
			n = piece(row, p, 1 + (rng >> 16) % left);
			vt_send_n(e->vt, p, n);
			if (rng >> 31)
				vt_turn(1);
			p += n;
			sent += n;
		}
	}

	e2e_settle(e);
	vt_check(e->vt, vt_has(e->vt, "705: free"));
	vt_check(e->vt, e2e_rings(e, E2E_ANNA));
	vt_same_rows(e->vt, before);
}


static size_t my_share;


static void test_mine(void **state)
{
	test_share(state, my_share);
}


#define ESCAPE_TEST(f) \
	cmocka_unit_test_setup_teardown(f, e2e_setup_12, e2e_teardown)

static int share_alone(size_t share)
{
	const struct CMUnitTest testv[] = {
		ESCAPE_TEST(test_mine),
	};
	int failed;

	my_share = share;
	if (libre_init())
		return 1;
	failed = cmocka_run_group_tests_name("share", testv, NULL, NULL);
	libre_close();

	return failed ? 1 : 0;
}


static void test_cuts(void **state)
{
	pid_t pidv[SHARES];
	(void)state;

	(void)fflush(NULL);
	for (size_t i = 0; i < SHARES; i++) {
		pidv[i] = fork();
		assert_true(pidv[i] >= 0);
		if (!pidv[i])
			exit(share_alone(i));
	}

	for (size_t i = 0; i < SHARES; i++) {

		int status = -1;

		(void)waitpid(pidv[i], &status, 0);
		if (status)
			row_fail(i, "a share failed (wait status 0x%x)",
				 (unsigned)status);
	}
}


static int loop_up(void **state)
{
	(void)state;

	return libre_init();
}


static int loop_down(void **state)
{
	(void)state;
	libre_close();

	return 0;
}


int main(void)
{
	const struct CMUnitTest cutv[] = {
		cmocka_unit_test(test_cuts),
	};
	const struct CMUnitTest burstv[] = {
		ESCAPE_TEST(test_burst),
	};

	/* children first: a loop is not shared */
	return cmocka_run_group_tests(cutv, NULL, NULL) +
	       cmocka_run_group_tests(burstv, loop_up, loop_down);
}
