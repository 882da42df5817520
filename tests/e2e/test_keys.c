/**
 * @file tests/e2e/test_keys.c  Test: every guard of the keys, on real calls
 *
 * The program runs in a terminal, its PBX in this process: what a key did is
 * read in the PBX's books. Where an answer depends on how fast the machine
 * is, the time that has passed tells whether it can be judged; if not, the
 * scene is played again.
 */
#include <re.h>
#include "tests/lib/test.h"
#include "tests/lib/e2e.h"
#include "ui/keymap.h"

#define F1 "\033OP"
#define ESC "\033"
#define PASTE(text) "\033[200~" text "\033[201~"

enum {
	/* as promised to users, not as written in the program */
	DIGIT_MS = 200,
	SEEN_MS = 700,
	DEAD_MS = 1000,
	HELD_MS = 700,
	SHOWN_MS = SEEN_MS + 50,

	LATE_MS = 1000,          /* before the phone gives the lamp up    */
	TAKES = 8,               /* of a scene on a slow machine          */
};


/** What stands in the row above the footer */
static char *message(const struct e2e *e, char buf[VT_ROW_SZ])
{
	return vt_row(e->vt, e->vt->h - 2, buf);
}


static void hang_up(struct e2e *e, const char *number)
{
	vt_send(e->vt, "b");
	vt_until(e->vt, e2e_gone(e, number));
	vt_wait(e->vt, "no call");
}


/* ---- digits ---- */

static void test_lone_digit(void **state)
{
	struct e2e *e = *state;
	uint64_t begin;

	e2e_park(e, E2E_ANNA, "701");
	vt_pause(SHOWN_MS);

	begin = vt_now();
	vt_send(e->vt, "1");
	vt_until(e->vt, e2e_talks(e, E2E_ANNA));
	vt_check(e->vt, vt_now() - begin >= DIGIT_MS);
	vt_wait(e->vt, "► active");
	vt_check(e->vt, !vt_has(e->vt, "Dial:"));

	/* Esc takes a digit back that waits; it needs half as long */
	vt_send(e->vt, "2" ESC);
	vt_pause(DIGIT_MS + 100);
	e2e_at_rest(e);
	vt_check(e->vt, e2e_talks(e, E2E_ANNA));
}


/** F-keys and Alt-digits wait for nothing */
static void test_at_once(void **state)
{
	static const struct {
		const char *key;
		const char *spot;
	} keyv[] = {
		{"\033OR", "703"}, {"\0334", "704"}, {"\033[15~", "705"},
		{"\0336", "706"}, {"\033OQ", "702"}, {"\0331", "701"},
	};
	struct e2e *e = *state;
	uint64_t best = UINT64_MAX;

	for (unsigned take = 0; best >= DIGIT_MS; take++) {

		vt_check(e->vt, take < TAKES);
		vt_pause(DEAD_MS + SHOWN_MS);

		for (size_t i = 0; i < ROWS(keyv); i++) {

			const uint64_t begin = vt_now();
			char text[64];

			(void)snprintf(text, sizeof(text), "%s is free, and "
				       "there is no active call",
				       keyv[i].spot);
			vt_send(e->vt, keyv[i].key);
			vt_wait(e->vt, text);
			if (vt_now() - begin < best)
				best = vt_now() - begin;
		}
	}

	/* also while a line is open */
	vt_pause(DEAD_MS);
	vt_send(e->vt, "d");
	vt_wait(e->vt, "Dial:");
	vt_send(e->vt, "\033OR");
	vt_wait(e->vt, "703 is free, and there is no active call");
	vt_check(e->vt, !vt_has(e->vt, "Dial:"));
}


static void test_number(void **state)
{
	struct e2e *e = *state;
	char buf[VT_ROW_SZ];

	e2e_park(e, E2E_ANNA, "701");
	vt_pause(SHOWN_MS);

	vt_send(e->vt, "70");
	vt_wait(e->vt, "Dial: 70");
	vt_send(e->vt, "55");
	vt_wait(e->vt, "Dial: 7055");
	vt_send(e->vt, "\177\b");
	vt_wait_gone(e->vt, "7055");
	row_str(0, " Dial: 70", message(e, buf));
	vt_check(e->vt, e2e_parked(e, E2E_ANNA, "701"));

	/* no spot's key: cancelled */
	vt_send(e->vt, ESC);
	vt_wait_gone(e->vt, "Dial:");
	vt_check(e->vt, e2e_parked(e, E2E_ANNA, "701"));
	vt_pause(HELD_MS);

	vt_send(e->vt, "701");
	vt_wait(e->vt, "Dial: 701");
	vt_send(e->vt, "\r");
	vt_until(e->vt, e2e_talks(e, E2E_ANNA));
	vt_wait(e->vt, "► active");
	hang_up(e, E2E_ANNA);

	/* a number that is no lamp is dialled as it is */
	vt_send(e->vt, "+49 (171) 23\r");
	vt_wait(e->vt, "+4917123");
}


static void test_paste(void **state)
{
	/* what is pasted, what the dial line holds then; NULL: no line */
	static const struct {
		const char *bytes;
		const char *line;
	} rowv[] = {
		{PASTE("1"),                  " Dial: 1"},
		{PASTE("01555 0177"),         " Dial: 01555 0177"},
		{PASTE("0155\rbq\r"),         " Dial: 0155 bq"},
		{PASTE("a1b"),                " Dial: a1b"},
		{PASTE("abq\rpxmy"),          NULL},
		{PASTE("\033OP5"),            " Dial: OP5"},
		{PASTE(""),                   NULL},
	};
	struct e2e *e = *state;

	e2e_ring(e, E2E_ANNA);

	for (size_t i = 0; i < ROWS(rowv); i++) {

		const char *bytes = rowv[i].bytes;
		char buf[VT_ROW_SZ];

		/* at once, then byte for byte */
		for (int split = 0; split < 2; split++) {

			if (!split)
				vt_send(e->vt, bytes);
			for (size_t k = 0; split && bytes[k]; k++) {
				vt_send_n(e->vt, bytes + k, 1);
				vt_turn(2);
			}

			if (!rowv[i].line) {
				e2e_at_rest(e);
				vt_check(e->vt, !vt_has(e->vt, "Quit?"));
			}
			else {
				vt_wait(e->vt, "Dial: ");
				vt_wait(e->vt, rowv[i].line);
				row_str(i, rowv[i].line, message(e, buf));
				vt_send(e->vt, ESC);
				vt_wait_gone(e->vt, "Dial:");
			}
			vt_check(e->vt, e2e_rings(e, E2E_ANNA));
		}
	}

	/* into a line that is open */
	vt_send(e->vt, ":no");
	vt_wait(e->vt, ":no");
	vt_send(e->vt, PASTE("te\r701"));
	vt_wait(e->vt, ":note 701");
	vt_send(e->vt, ESC);
	vt_wait_gone(e->vt, ":note");
	e2e_settle(e);
	vt_check(e->vt, e2e_rings(e, E2E_ANNA));
}


/* ---- a spot's key is a toggle ---- */

static void test_just_changed(void **state)
{
	struct e2e *e = *state;

	for (unsigned take = 0; ; take++) {

		const uint64_t begin = vt_now();
		bool asked;

		vt_check(e->vt, take < TAKES);
		e2e_park(e, E2E_ANNA, "701");
		vt_send(e->vt, F1);
		vt_until(e->vt, vt_has(e->vt, "has just changed") ||
			 e2e_talks(e, E2E_ANNA));

		asked = vt_has(e->vt, "has just changed");
		if (asked)
			break;

		/* acted: right only if the machine was that slow */
		vt_check(e->vt, vt_now() - begin >= SEEN_MS);
		vt_wait(e->vt, "► active");
		hang_up(e, E2E_ANNA);
		vt_pause(DEAD_MS + SHOWN_MS);
	}

	/* what it says is what it would do; no other key is an answer */
	vt_check(e->vt, vt_has(e->vt, "from 701? y/n"));
	vt_send(e->vt, "b1r\rx5");
	vt_pause(DIGIT_MS + 100);
	vt_check(e->vt, vt_has(e->vt, "from 701? y/n"));
	vt_check(e->vt, e2e_parked(e, E2E_ANNA, "701"));

	vt_send(e->vt, "n");
	vt_wait_gone(e->vt, "has just changed");
	e2e_at_rest(e);
	vt_check(e->vt, e2e_parked(e, E2E_ANNA, "701"));

	/* by now it has been shown for long enough */
	vt_pause(SHOWN_MS);
	vt_send(e->vt, F1);
	vt_until(e->vt, e2e_talks(e, E2E_ANNA));
}


static void test_asked_and_yes(void **state)
{
	struct e2e *e = *state;

	for (unsigned take = 0; ; take++) {

		vt_check(e->vt, take < TAKES);
		e2e_park(e, E2E_ANNA, "702");
		vt_send(e->vt, "\0332");
		vt_until(e->vt, vt_has(e->vt, "has just changed") ||
			 e2e_talks(e, E2E_ANNA));
		if (vt_has(e->vt, "has just changed"))
			break;

		vt_wait(e->vt, "► active");
		hang_up(e, E2E_ANNA);
		vt_pause(DEAD_MS + SHOWN_MS);
	}

	vt_send(e->vt, "y");
	vt_until(e->vt, e2e_talks(e, E2E_ANNA));
}


/** The key that parked must not take the call back by a second press */
static void test_dead_time(void **state)
{
	const struct demo_fault late = {.notify_delay_ms = LATE_MS};
	struct e2e *e = *state;
	unsigned taken = 0;

	vt_pause(SHOWN_MS);
	e2e_talk(e, E2E_ANNA);

	/* two keys of the same spot, typed in one; the lamps are told late,
	   so that the park takes its time */
	demo_set_fault(e->demo, &late);
	vt_send(e->vt, F1 "\0331");
	vt_wait(e->vt, "701 is at work, its key rests");
	vt_until(e->vt, e2e_parked(e, E2E_ANNA, "701"));
	vt_wait(e->vt, "is parked at 701");

	for (unsigned take = 0; ; take++) {

		const uint64_t begin = e2e_since(e, E2E_ANNA);

		vt_check(e->vt, take < TAKES);

		/* right after it ended, which was after it began */
		vt_send(e->vt, take % 2 ? "\0331" : F1);
		vt_until(e->vt, vt_has(e->vt, "its key rests") ||
			 vt_has(e->vt, "has just changed") ||
			 vt_has(e->vt, "701 is free") ||
			 e2e_talks(e, E2E_ANNA));
		if (vt_has(e->vt, "its key rests"))
			break;

		/* too late for that: right only if so much time went by */
		vt_check(e->vt, vt_now() - begin >= DEAD_MS);
		if (vt_has(e->vt, "has just changed")) {
			vt_send(e->vt, "n");
			vt_wait_gone(e->vt, "has just changed");
			e2e_settle(e);
		}
		if (!e2e_talks(e, E2E_ANNA)) {
			vt_until(e->vt, vt_has(e->vt, "● parked"));
			vt_pause(DEAD_MS + SHOWN_MS);
			vt_send(e->vt, F1);
			vt_until(e->vt, e2e_talks(e, E2E_ANNA));
		}
		vt_wait(e->vt, "► active");
		++taken;
		vt_pause(HELD_MS);
		vt_send(e->vt, "p");
		vt_until(e->vt, e2e_parked(e, E2E_ANNA, "701"));
		vt_wait(e->vt, "is parked at 701");
	}

	vt_pause(DEAD_MS + SHOWN_MS);
	vt_check(e->vt, e2e_parked(e, E2E_ANNA, "701"));
	vt_check(e->vt, demo_books_number(demo_books(e->demo), E2E_ANNA)
		 ->retrieved_n == taken);

	vt_send(e->vt, F1);
	vt_until(e->vt, e2e_talks(e, E2E_ANNA));
}


/* ---- keys held down ---- */

static void test_repeat_letters(void **state)
{
	struct e2e *e = *state;

	e2e_ring(e, E2E_ANNA);
	e2e_ring(e, E2E_BERT);

	/* one call answered, not both */
	vt_send(e->vt, "aaaa");
	vt_until(e->vt, e2e_talks(e, E2E_ANNA));
	vt_wait(e->vt, "► active");
	e2e_at_rest(e);
	vt_check(e->vt, e2e_rings(e, E2E_BERT));

	/* on, not on and off again */
	vt_send(e->vt, "mm");
	vt_wait(e->vt, "muted");
	e2e_settle(e);
	vt_check(e->vt, vt_has(e->vt, "muted"));

	vt_send(e->vt, "xxxx");
	vt_until(e->vt, e2e_held(e, E2E_ANNA));
	vt_wait(e->vt, "held");
	e2e_at_rest(e);
	vt_check(e->vt, e2e_held(e, E2E_ANNA));

	/* one ended, not both */
	vt_send(e->vt, "bbbb");
	vt_until(e->vt, e2e_gone(e, E2E_ANNA) || e2e_gone(e, E2E_BERT));
	e2e_at_rest(e);
	vt_check(e->vt, !e2e_gone(e, E2E_ANNA) || !e2e_gone(e, E2E_BERT));
}


static void test_repeat_digit(void **state)
{
	const struct demo_colleague never = {.answer_ms = UINT32_MAX};
	struct e2e *e = *state;

	vt_pause(SHOWN_MS);
	vt_check(e->vt, !demo_set_colleague(e->demo, "102", &never));

	for (unsigned take = 0; take < TAKES; take++) {

		const uint64_t begin = vt_now();
		char buf[VT_ROW_SZ];

		/* it acts once: 102 is dialled */
		vt_send(e->vt, "7");
		vt_wait(e->vt, "ringing");

		vt_send(e->vt, "7777777d");
		vt_wait(e->vt, "Dial:");
		message(e, buf);

		if (!strcmp(buf, " Dial:")) {
			vt_send(e->vt, ESC);
			vt_wait_gone(e->vt, "Dial:");
			vt_check(e->vt, !vt_has(e->vt, "its key rests"));
			return;
		}

		/* they came too late to be repeats */
		vt_check(e->vt, vt_now() - begin >= HELD_MS);
		vt_send(e->vt, ESC);
		vt_wait_gone(e->vt, "Dial:");
		vt_send(e->vt, "b");
		vt_wait(e->vt, "no call");
		vt_pause(DEAD_MS);
	}

	vt_check(e->vt, !"the machine is too slow to tell");
}


/* ---- the keypad ---- */

static void test_keypad(void **state)
{
	struct e2e *e = *state;

	vt_pause(SHOWN_MS);
	/* opens by itself in a call that we dialled */
	vt_send(e->vt, "103\r");
	vt_until(e->vt, e2e_talks(e, "103"));
	vt_wait(e->vt, "leave keypad");

	/* a digit is a tone there: nobody is parked. The help flushes a
	   digit that would wait */
	vt_send(e->vt, "55");
	vt_pause(DIGIT_MS + 100);
	vt_send(e->vt, "5");
	e2e_settle(e);
	vt_check(e->vt, e2e_talks(e, "103"));
	vt_check(e->vt, !vt_has(e->vt, "Dial:"));
	vt_check(e->vt, vt_has(e->vt, "leave keypad"));
	vt_until(e->vt, !strcmp(e2e_keys(e, "103"), "555"));

	vt_send(e->vt, ESC);
	vt_wait_gone(e->vt, "leave keypad");
	vt_send(e->vt, "*");
	vt_wait(e->vt, "leave keypad");
	vt_until(e->vt, !strcmp(e2e_keys(e, "103"), "555*"));
	vt_send(e->vt, ESC);
	vt_wait_gone(e->vt, "leave keypad");
	vt_send(e->vt, "#");
	vt_wait(e->vt, "leave keypad");
	vt_until(e->vt, !strcmp(e2e_keys(e, "103"), "555*#"));
	vt_send(e->vt, ESC);
	vt_wait_gone(e->vt, "leave keypad");
	vt_send(e->vt, "k");
	vt_wait(e->vt, "leave keypad");
	vt_send(e->vt, ESC);
	vt_wait_gone(e->vt, "leave keypad");

	/* and a spot's key outside of it */
	vt_pause(HELD_MS);
	vt_send(e->vt, "5");
	vt_until(e->vt, e2e_parked(e, "103", "705"));

	/* a call that was answered has none by itself */
	vt_wait(e->vt, "no call");
	e2e_talk(e, E2E_ANNA);
	e2e_settle(e);
	vt_check(e->vt, !vt_has(e->vt, "leave keypad"));
}


/* ---- parking and taking back ---- */

static void test_only_established(void **state)
{
	struct e2e *e = *state;

	vt_pause(SHOWN_MS);
	vt_send(e->vt, "p");
	vt_wait(e->vt, "no call to park");

	e2e_ring(e, E2E_ANNA);
	vt_pause(HELD_MS);
	vt_send(e->vt, "p");
	vt_wait(e->vt, "only an active call can be parked, this one is "
		"incoming");
	vt_send(e->vt, F1);
	vt_wait(e->vt, "701 is free, and there is no active call to park");
	vt_check(e->vt, e2e_rings(e, E2E_ANNA));

	vt_send(e->vt, "a");
	vt_until(e->vt, e2e_talks(e, E2E_ANNA));
	vt_wait(e->vt, "► active");
	vt_send(e->vt, "x");
	vt_until(e->vt, e2e_held(e, E2E_ANNA));
	vt_wait(e->vt, "held");
	vt_pause(HELD_MS);
	vt_send(e->vt, "p");
	vt_wait(e->vt, "only an active call can be parked, this one is held");
	vt_check(e->vt, e2e_held(e, E2E_ANNA));
}


static void test_undo(void **state)
{
	struct e2e *e = *state;

	vt_send(e->vt, "u");
	vt_wait(e->vt, "nothing to take back");

	/* a colleague's is not mine */
	e2e_park(e, E2E_BERT, "704");
	vt_pause(HELD_MS);
	vt_send(e->vt, "u");
	e2e_at_rest(e);
	vt_check(e->vt, e2e_parked(e, E2E_BERT, "704"));

	e2e_talk(e, E2E_ANNA);
	vt_send(e->vt, "p");
	vt_until(e->vt, e2e_parked(e, E2E_ANNA, "701"));
	vt_wait(e->vt, "is parked at 701");
	vt_send(e->vt, "u");
	vt_until(e->vt, e2e_talks(e, E2E_ANNA));
	vt_check(e->vt, e2e_parked(e, E2E_BERT, "704"));
}


static void test_retrieve_longest(void **state)
{
	struct e2e *e = *state;

	vt_send(e->vt, "r");
	vt_wait(e->vt, "no parked call");

	e2e_park(e, E2E_BERT, "704");
	e2e_park(e, E2E_ANNA, "701");
	vt_pause(HELD_MS);
	vt_send(e->vt, "r");
	vt_until(e->vt, e2e_talks(e, E2E_BERT));
	vt_check(e->vt, e2e_parked(e, E2E_ANNA, "701"));
}


static void test_list(void **state)
{
	struct e2e *e = *state;
	int x, first, second;

	vt_send(e->vt, "R");
	vt_wait(e->vt, "no call is parked");
	vt_send(e->vt, ESC);
	vt_wait_gone(e->vt, "no call is parked");

	e2e_park(e, E2E_BERT, "704");
	e2e_park(e, E2E_ANNA, "701");
	vt_pause(SHOWN_MS);

	vt_send(e->vt, "R");
	vt_wait(e->vt, "longest first");
	vt_check(e->vt, vt_find(e->vt, "704", 1, &x, &first));
	vt_check(e->vt, vt_find(e->vt, "701", 1, &x, &second));
	vt_check(e->vt, second == first + 1);

	vt_send(e->vt, "\033[B\r");
	vt_until(e->vt, e2e_talks(e, E2E_ANNA));
	vt_wait_gone(e->vt, "longest first");
	vt_check(e->vt, e2e_parked(e, E2E_BERT, "704"));
}


static void test_quit(void **state)
{
	struct e2e *e = *state;

	e2e_talk(e, E2E_ANNA);
	vt_send(e->vt, "q");
	vt_wait(e->vt, "Quit? It ends the call with Anna. y/n");

	/* no other key is an answer, and none acts */
	vt_send(e->vt, "bpx1\r");
	vt_pause(DIGIT_MS + 100);
	vt_check(e->vt, vt_has(e->vt, "Quit?"));
	vt_check(e->vt, e2e_talks(e, E2E_ANNA));
	vt_send(e->vt, "n");
	vt_wait_gone(e->vt, "Quit?");

	vt_send(e->vt, "p");
	vt_until(e->vt, e2e_parked(e, E2E_ANNA, "701"));
	vt_wait(e->vt, "is parked at 701");
	vt_wait(e->vt, "no call");
	vt_send(e->vt, "q");
	vt_wait(e->vt, "Quit? You parked Anna on 701. y/n");
	vt_send(e->vt, ESC);
	vt_wait_gone(e->vt, "Quit?");
	vt_send(e->vt, "\003");
	vt_wait(e->vt, "Quit? You parked Anna on 701. y/n");
	vt_send(e->vt, "y");
	vt_expect_exit(e->vt, 0);

	/* she waits on: somebody else can take her */
	assert_true(e2e_parked(e, E2E_ANNA, "701"));
}


static void test_quit_idle(void **state)
{
	struct e2e *e = *state;

	vt_send(e->vt, "q");
	vt_expect_exit(e->vt, 0);

	/* its last requests may still be on their way */
	vt_until(e->vt, !demo_bindings(e->demo, "101") &&
		 !demo_subscriptions(e->demo, NULL));
}


/* ---- keys that mean nothing ---- */

static void test_unknown_keys(void **state)
{
	struct e2e *e = *state;
	struct keymap km;
	char *before;
	size_t n = 0;

	keymap_init(&km);
	e2e_talk(e, E2E_ANNA);
	e2e_park(e, E2E_BERT, "704");
	e2e_settle(e);
	before = vt_rows_at_rest(e->vt);

	/* characters, then with Ctrl, then with Alt */
	for (unsigned c = 0; c < 3 * 128; c++) {

		const struct key key = {
			.code = c < 128 ? c : c < 256 ? (c & 127) | 0x60 :
				c & 127,
			.mods = c < 128 ? 0 : c < 256 ? KEYIN_CTRL :
				KEYIN_ALT,
		};
		const char plain = (char)(c & 127), alt[] = {'\033', plain};

		/* ends with a letter's Ctrl, begins with a visible one */
		if (c < 256 && c >= 128 ? (plain < 1 || plain > 26) :
		    (plain <= ' ' || plain > '~'))
			continue;

		/* Backspace, Tab, Enter have names of their own */
		if (keymap_find(&km, &key) ||
		    (c < 128 && strchr("0123456789*#+", plain)) ||
		    (c >= 128 && c < 256 && strchr("\b\t\n\r", plain)) ||
		    (c >= 256 && strchr("[O]PX^_", plain)))
			continue;

		vt_send_n(e->vt, c < 256 ? &plain : alt, c < 256 ? 1 : 2);
		++n;
	}
	vt_check(e->vt, n > 100);

	/* bytes that are no characters, and characters that are no keys */
	vt_send(e->vt, "\x80\xff\xfe\xc0\xc3(\xe2\x82\xf0\x9f"
		"\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80");

	e2e_settle(e);
	vt_pause(DIGIT_MS + 100);
	vt_same_rows(e->vt, before);
	vt_check(e->vt, e2e_talks(e, E2E_ANNA));
	vt_check(e->vt, e2e_parked(e, E2E_BERT, "704"));
}


#define KEYS_TEST(f) \
	cmocka_unit_test_setup_teardown(f, e2e_setup, e2e_teardown)

int main(void)
{
	const struct CMUnitTest testv[] = {
		KEYS_TEST(test_lone_digit),
		KEYS_TEST(test_at_once),
		KEYS_TEST(test_number),
		KEYS_TEST(test_paste),
		KEYS_TEST(test_just_changed),
		KEYS_TEST(test_asked_and_yes),
		KEYS_TEST(test_dead_time),
		KEYS_TEST(test_repeat_letters),
		KEYS_TEST(test_repeat_digit),
		KEYS_TEST(test_keypad),
		KEYS_TEST(test_only_established),
		KEYS_TEST(test_undo),
		KEYS_TEST(test_retrieve_longest),
		KEYS_TEST(test_list),
		KEYS_TEST(test_quit),
		KEYS_TEST(test_quit_idle),
		KEYS_TEST(test_unknown_keys),
	};
	int failed;

	if (libre_init())
		return 1;
	failed = cmocka_run_group_tests(testv, NULL, NULL);
	libre_close();

	return failed;
}
