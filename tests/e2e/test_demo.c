/**
 * @file tests/e2e/test_demo.c  Test: the demo, from first ring to quit
 *
 * By keys alone, in three sizes at the same time, each in a process of its
 * own. What is pressed is what the screen says.
 */
#include <sys/wait.h>
#include <unistd.h>
#include <re.h>
#include "tests/lib/test.h"
#include "tests/lib/vt.h"

enum {
	PATIENCE_MS = 45000,     /* for a colleague who parks             */
	FLASHES = 4,
	RING_MS = 3000,
};

static const struct size {
	int w, h;
	int w2, h2;              /* resized to in the middle              */
} sizev[] = {
	{ 80, 24, 120, 30},
	{200, 60,  80, 24},
	{ 40, 10,  60, 16},
};


/* ---- what is seen ---- */

/** Cell of the sign of a spot's lamp: above, or left of, its name */
static bool lamp_sign(const struct vt *vt, const char *spot, int *x, int *y)
{
	/* the status line may hold the digits too */
	if (!vt_find(vt, spot, 1, x, y))
		return false;

	if (!strcmp(vt_char(vt, *x - 2, *y), "●") ||
	    !strcmp(vt_char(vt, *x - 2, *y), "○")) {
		*x -= 2;
		return true;
	}

	*x -= 2;
	++*y;

	return true;
}


/** Is a call waiting there? A colleague may park and take others */
static bool is_parked(const struct vt *vt, char digit)
{
	const char spot[] = {'7', '0', digit, '\0'};
	int x, y;

	return lamp_sign(vt, spot, &x, &y) && !strcmp(vt_char(vt, x, y), "●");
}


/** @return Digit of the first spot where a call waits, or 0 */
static char parked_digit(const struct vt *vt)
{
	for (char c = '1'; c <= '6'; c++) {
		if (is_parked(vt, c))
			return c;
	}

	return 0;
}


/** @return Digit of the spot where we parked, as the hint says, or 0 */
static char my_digit(const struct vt *vt)
{
	char text[] = "701 flashes";

	for (char c = '1'; c <= '6'; c++) {

		text[2] = c;
		if (vt_has(vt, text))
			return c;
	}

	return 0;
}


/** Does a lamp's cell change its looks, and back, again and again? */
static void expect_flash(struct vt *vt, char digit)
{
	const char spot[] = {'7', '0', digit, '\0'};
	uint64_t begin, firstv[2] = {0, 0}, last;
	int x, y, changes = 0;

	/* resized: until it is drawn anew, the old picture is there */
	free(vt_rows_at_rest(vt));
	vt_check(vt, lamp_sign(vt, spot, &x, &y));
	last = firstv[0] = vt_look(vt, x, y);
	begin = vt_now();

	while (changes < FLASHES) {

		/* a picture may be read while it is written */
		vt_until(vt, !strcmp(vt_char(vt, x, y), "●") &&
			 vt_look(vt, x, y) != last);
		last = vt_look(vt, x, y);
		++changes;

		/* two looks, no more */
		if (changes == 1)
			firstv[1] = last;
		vt_check(vt, last == firstv[changes % 2]);
	}

	/* half a second each; the first was cut, the last just began, and
	   one may have been read late */
	vt_check(vt, vt_now() - begin >= (FLASHES - 2) * 500 - 100);
}


/** The whole picture drawn anew is the one that was there: nobody else
    has written on it */
static void expect_own_frame(struct vt *vt)
{
	for (int i = 0; ; i++) {

		char *before = vt_rows_at_rest(vt), *after;
		const size_t bytes = vt->bytes;
		bool same;

		/* all cells are sent again: more bytes than cells hold */
		vt_send(vt, "\014");
		vt_until(vt, vt->bytes > bytes + (size_t)vt->h);

		after = vt_rows_at_rest(vt);
		same = !strcmp(before, after);
		if (!same && i == 3)
			print_error("before:\n%safter:\n%s", before, after);
		free(before);
		free(after);
		if (same)
			return;

		/* life goes on: it may have changed meanwhile */
		vt_check(vt, i < 3);
	}
}


static void key(struct vt *vt, char c)
{
	const char text[2] = {c, '\0'};

	vt_send(vt, text);
}


/**
 * Take a call that a colleague parked
 *
 * The lamp must have been seen, else its key asks; and another colleague
 * takes it after a while, then the next one will do.
 */
static void take_his(struct vt *vt, bool hint)
{
	const uint64_t end = vt_now() + PATIENCE_MS;

	while (!vt_has(vt, "► active")) {

		char his;

		vt_check(vt, vt_now() < end);
		his = parked_digit(vt);
		if (!his) {
			vt_turn(50);
			continue;
		}

		vt_pause(750);
		if (hint && is_parked(vt, his) &&
		    !vt_has(vt, "A colleague parked"))
			vt_until(vt, vt_has(vt, "A colleague parked") ||
				 !is_parked(vt, his));

		key(vt, his);
		vt_until(vt, vt_has(vt, "► active") ||
			 vt_has(vt, "is free, and there is") ||
			 vt_has(vt, "by another phone") ||
			 vt_has(vt, "has just changed") ||
			 vt_has(vt, "no call was waiting"));
		if (vt_has(vt, "has just changed"))
			key(vt, 'n');
	}
}


/* ---- one size ---- */

static void walk(const struct size *size, const struct vt_home *home)
{
	const struct vt_prm prm = {
		.home = home, .w = size->w, .h = size->h, .argv = {"demo"},
	};
	const uint64_t begin = vt_now();
	uint64_t registered;
	const bool roomy = size->w >= 80;
	struct vt *vt = NULL;
	char mine, row[VT_ROW_SZ], *rows;

	assert_int_equal(0, vt_alloc(&vt, &prm));

	/* the first call, within three seconds of the registration: with
	   what a machine that does other things too may add */
	vt_wait(vt, " ok ");
	registered = vt_now();
	vt_wait(vt, "incoming");
	print_message("%dx%d: rings %u ms after the registration\n", size->w,
		      size->h, (unsigned)(vt_now() - registered));
	vt_check(vt, vt_now() - registered < RING_MS);
	vt_check(vt, vt->alt && vt->mouse && vt_paste_on(vt));
	vt_check(vt, strstr(vt_row(vt, 0, row), "demo"));
	if (roomy)
		vt_check(vt, vt_has(vt, "not connected to a telephone "
				    "system"));
	vt_wait(vt, "Press a to answer");
	vt_until(vt, vt->bells > 0);

	/* libraries that print do it elsewhere */
	vt_check(vt, !strstr(vt_fd_path(vt, 1), "/pts/"));
	vt_check(vt, !strstr(vt_fd_path(vt, 2), "/pts/"));

	key(vt, 'a');
	vt_wait(vt, "► active");
	vt_wait(vt, "Press p to park");

	key(vt, 'p');
	vt_until(vt, (mine = my_digit(vt)) != 0);
	vt_wait_gone(vt, "parking ");
	expect_flash(vt, mine);

	vt_resize(vt, size->w2, size->h2);
	vt_until(vt, is_parked(vt, mine));
	vt_wait(vt, "? help");
	expect_flash(vt, mine);
	expect_own_frame(vt);

	/* back again by its digit */
	if (size->w2 >= 80) {
		char text[] = "press 1";

		text[6] = mine;
		vt_wait(vt, text);
	}
	key(vt, mine);
	vt_wait(vt, "► active");
	vt_until(vt, !is_parked(vt, mine));
	expect_own_frame(vt);

	key(vt, 'b');
	vt_wait(vt, "no call");

	take_his(vt, size->w2 >= 80);
	expect_own_frame(vt);

	vt_wait(vt, "Press ? for help");
	key(vt, '?');
	vt_wait(vt, "PgUp PgDn");
	vt_check(vt, vt_has(vt, "Keys"));
	vt_resize(vt, size->w, size->h);
	vt_wait(vt, "PgUp PgDn");

	/* where it covers the heading that says so, in any size */
	vt_wait(vt, "not connected to a telephone system");
	key(vt, 'z');
	vt_wait_gone(vt, "PgUp PgDn");

	/* that was the last hint */
	vt_check(vt, !vt_has(vt, "Press ? for help"));

	key(vt, 'q');
	vt_wait(vt, "Quit?");
	key(vt, 'n');
	vt_wait_gone(vt, "Quit?");
	vt_wait(vt, "► active");
	key(vt, 'q');
	vt_wait(vt, "Quit?");
	key(vt, 'y');
	vt_expect_exit(vt, 0);

	/* on the screen that was there before, nothing was written */
	rows = vt_rows(vt);
	vt_check(vt, strspn(rows, "\n") == strlen(rows));
	free(rows);

	print_message("%dx%d: %u s\n", size->w, size->h,
		      (unsigned)(vt_now() - begin) / 1000);
	vt_nothing_left(vt);
	vt_end(vt);
}


static size_t walk_row;


static struct vt_home walk_home;


static void test_one(void **state)
{
	(void)state;

	assert_int_equal(0, vt_home_init(&walk_home));
	walk(&sizev[walk_row], &walk_home);
}


static int end_one(void **state)
{
	(void)state;
	vt_end_all();
	vt_home_close(&walk_home);

	return 0;
}


/** In a child: the same test runner for one size */
static int walk_alone(size_t row)
{
	const struct CMUnitTest testv[] = {
		cmocka_unit_test_teardown(test_one, end_one),
	};
	int failed;

	walk_row = row;
	if (libre_init())
		return 1;
	failed = cmocka_run_group_tests_name("one size", testv, NULL, NULL);
	libre_close();

	return failed ? 1 : 0;
}


static void test_walk(void **state)
{
	pid_t pidv[ROWS(sizev)];
	(void)state;

	(void)fflush(NULL);
	for (size_t i = 0; i < ROWS(sizev); i++) {
		pidv[i] = fork();
		assert_true(pidv[i] >= 0);
		if (!pidv[i])
			exit(walk_alone(i));
	}

	for (size_t i = 0; i < ROWS(sizev); i++) {

		int status = -1;

		(void)waitpid(pidv[i], &status, 0);
		if (status)
			row_fail(i, "%dx%d failed (wait status 0x%x)",
				 sizev[i].w, sizev[i].h, (unsigned)status);
	}
}


/** Who knows it all gets rid of the hints at once, and for good */
static void test_skip(void **state)
{
	const struct vt_prm prm = {.home = &walk_home, .argv = {"demo"}};
	struct vt *vt = NULL;
	(void)state;

	assert_int_equal(0, vt_home_init(&walk_home));
	assert_int_equal(0, vt_alloc(&vt, &prm));
	vt_wait(vt, "Press a to answer");
	vt_wait(vt, "(:skip ends these hints)");
	vt_send(vt, ":skip\r");
	vt_wait_gone(vt, "Press a to answer");
	key(vt, 'a');
	vt_wait(vt, "► active");
	free(vt_rows_at_rest(vt));
	vt_check(vt, !vt_has(vt, "Press p"));
	vt_send(vt, "q");
	vt_wait(vt, "Quit?");
	vt_send(vt, "y");
	vt_expect_exit(vt, 0);
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
	/* children first: a loop is not shared */
	const struct CMUnitTest walkv[] = {
		cmocka_unit_test(test_walk),
	};
	const struct CMUnitTest skipv[] = {
		cmocka_unit_test_teardown(test_skip, end_one),
	};

	return cmocka_run_group_tests(walkv, NULL, NULL) +
	       cmocka_run_group_tests(skipv, loop_up, loop_down);
}
