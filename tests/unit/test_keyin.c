/**
 * @file tests/unit/test_keyin.c  Bytes from a terminal -> keys
 */
#include "tests/lib/test.h"
#include "ui/keyin_state.h"
#include "ui/keymap.h"


/** Keys as text: "Up <paste:701> <press:3,4>" */
struct heard {
	char text[512];
};


static void hear(const struct key *key, void *arg)
{
	struct heard *h = arg;
	char name[KEYMAP_NAME_SZ], item[320];
	size_t n = strlen(h->text);

	if (key->code == KEYIN_PASTE)
		snprintf(item, sizeof(item), "<paste:%s>", key->text);
	else if (key->code == KEYIN_MOUSE)
		snprintf(item, sizeof(item), "<%s:%d,%d>",
			 key->button == KEYIN_PRESS ? "press" :
			 key->button == KEYIN_WHEEL_UP ? "up" : "down",
			 key->x, key->y);
	else
		snprintf(item, sizeof(item), "%s",
			 keymap_key_print(name, keyin_id(key)));

	snprintf(h->text + n, sizeof(h->text) - n, "%s%s", n ? " " : "",
		 item);
}


struct row {
	const char *bytes, *keys;
};

/** Sequences of xterm, Linux console, rxvt, screen, tmux, kitty */
static const struct row seqv[] = {
	{"\033[A", "Up"}, {"\033[B", "Down"}, {"\033[C", "Right"},
	{"\033[D", "Left"}, {"\033OA", "Up"}, {"\033OB", "Down"},
	{"\033OC", "Right"}, {"\033OD", "Left"}, {"\033[H", "Home"},
	{"\033[F", "End"}, {"\033OH", "Home"}, {"\033OF", "End"},
	{"\033[1~", "Home"}, {"\033[4~", "End"}, {"\033[7~", "Home"},
	{"\033[8~", "End"}, {"\033[2~", "Insert"}, {"\033[3~", "Delete"},
	{"\033[5~", "PgUp"}, {"\033[6~", "PgDn"},
	{"\033OP", "F1"}, {"\033OQ", "F2"}, {"\033OR", "F3"},
	{"\033OS", "F4"}, {"\033[P", "F1"}, {"\033[11~", "F1"},
	{"\033[12~", "F2"}, {"\033[13~", "F3"}, {"\033[14~", "F4"},
	{"\033[15~", "F5"}, {"\033[17~", "F6"}, {"\033[18~", "F7"},
	{"\033[19~", "F8"}, {"\033[20~", "F9"}, {"\033[21~", "F10"},
	{"\033[23~", "F11"}, {"\033[24~", "F12"},
	{"\033[[A", "F1"}, {"\033[[B", "F2"}, {"\033[[C", "F3"},
	{"\033[[D", "F4"}, {"\033[[E", "F5"},
	{"\033[Z", "Shift-Tab"},

	/* with modifiers */
	{"\033[1;2A", "Shift-Up"}, {"\033[1;3A", "Alt-Up"},
	{"\033[1;5C", "Ctrl-Right"}, {"\033[1;7D", "Ctrl-Alt-Left"},
	{"\033[1;5P", "Ctrl-F1"}, {"\033O5P", "Ctrl-F1"},
	{"\033[3;5~", "Ctrl-Delete"}, {"\033[15;3~", "Alt-F5"},
	{"\033[5^", "Ctrl-PgUp"}, {"\033[5$", "Shift-PgUp"},
	{"\033[5@", "Ctrl-Shift-PgUp"}, {"\033[a", "Shift-Up"},
	{"\033Oa", "Ctrl-Up"}, {"\033\033[A", "Alt-Up"},
	{"\033\033OP", "Alt-F1"},

	/* by number: CSI u, modifyOtherKeys */
	{"\033[97u", "a"}, {"\033[97;3u", "Alt-a"},
	{"\033[97;5u", "Ctrl-A"}, {"\033[112;2u", "P"},
	{"\033[13;5u", "Ctrl-Enter"}, {"\033[27u", "Esc"},
	{"\033[27;5;108~", "Ctrl-L"}, {"\033[246u", "ö"},
	{"\033[97;1:3u", ""},             /* kitty: a release          */
	{"\033[57358u", ""}, {"\033[u", ""},

	/* application keypad */
	{"\033Op", "0"}, {"\033Oy", "9"}, {"\033OM", "Enter"},
	{"\033Oj", "*"}, {"\033Ok", "+"}, {"\033On", "."},

	/* mouse */
	{"\033[<0;1;1M", "<press:0,0>"}, {"\033[<0;80;24M", "<press:79,23>"},
	{"\033[<0;1;1m", ""}, {"\033[<2;1;1M", ""},
	{"\033[<64;5;6M", "<up:4,5>"}, {"\033[<65;5;6M", "<down:4,5>"},
	{"\033[<4;3;3M", "<press:2,2>"}, {"\033[<32;3;3M", ""},
	{"\033[<0;0;0M", ""}, {"\033[M !!", "<press:0,0>"},
	{"\033[M#!!", ""}, {"\033[M`%&", "<up:4,5>"},

	/* pastes */
	{"\033[200~701\033[201~", "<paste:701>"},
	{"\033[200~a\033[31mb\n\033[201~", "<paste:ab>"},
	{"\033[200~\033[201~", "<paste:>"},
	{"\033[200~1\033[201x2\033[201~", "<paste:12>"},
	{"\033[200~1\033\033[201~", "<paste:1>"},
	{"\033[201~", ""},

	/* unknown ones, answers of terminals, focus: no keys at all */
	{"\033[?1;2c", ""}, {"\033[5;10R", ""}, {"\033[I", ""},
	{"\033[O", ""}, {"\033[999~", ""}, {"\033[12;34;56;78;90q", ""},
	{"\033[?2026;2$y", ""}, {"\033[>0;276;0c", ""}, {"\033OX", ""},
	{"\033[[Z", ""}, {"\033[E", ""}, {"\033[?u", ""},
	{"\033]11;rgb:0000/1111/2222\033\\", ""},
	{"\033]11;rgb:1/2/3\a", ""}, {"\033P>|tmux 3.3a\033\\", ""},
	{"\033_Gi=1;OK\033\\", ""},
	{"\033[111111111111111111111111111111111111111111111111A", ""},
	{"\033[99999999999999999999;5A", ""},

	/* characters */
	{"ö", "ö"}, {"王", "王"}, {"😀", "😀"},
};

static const struct row plainv[] = {
	{"p", "p"}, {"P", "P"}, {"1", "1"}, {" ", "Space"},
	{"\r", "Enter"}, {"\n", "Enter"}, {"\t", "Tab"},
	{"\177", "Backspace"}, {"\b", "Backspace"}, {"\001", "Ctrl-A"},
	{"\003", "Ctrl-C"}, {"\014", "Ctrl-L"}, {"\034", "Ctrl-\\"},
	{"\033p", "Alt-p"}, {"\0331", "Alt-1"}, {"\033\r", "Alt-Enter"},
	{"\033ö", "Alt-ö"}, {"\033\177", "Alt-Backspace"},
	{"abc", "a b c"}, {"701\r", "7 0 1 Enter"},
	{"\xff\xfe", ""}, {"\x9b" "A", "A"}, {"\xc3(", "("},
	{"\xe2\x82p", "p"}, {"\xed\xa0\x80", ""}, {"\xe2\x80\xae", ""},

	/* a key or a control byte ends what stays unfinished */
	{"\033[\033[A", "Up"}, {"\033[1;\rq", "Enter q"},
	{"\033O\003", "Ctrl-C"}, {"\033[1\303\266", "ö"},
};


/** Feed with `gap_ms` after byte `split` (SIZE_MAX: none) */
static void feed(struct keyin *in, struct heard *h, const char *bytes,
		 size_t split, uint64_t gap_ms, uint64_t *now)
{
	size_t i, n = strlen(bytes);

	for (i = 0; i < n; i++) {
		if (i == split) {
			const uint64_t end = *now + gap_ms;

			/* the timer fires when it is due, as in the loop */
			while (keyin_due_ms(in) && keyin_due_ms(in) <= end) {
				*now = keyin_due_ms(in);
				keyin_timeout(in, *now, hear, h);
			}
			*now = end;
		}
		keyin_step(in, (uint8_t)bytes[i], *now, hear, h);
	}
}


static void test_whole(void **state)
{
	(void)state;

	for (size_t k = 0; k < 2; k++) {

		const struct row *v = k ? plainv : seqv;
		const size_t n = k ? ROWS(plainv) : ROWS(seqv);

		for (size_t i = 0; i < n; i++) {
			struct heard h = {""};
			uint64_t now = 5000;
			struct keyin in;

			keyin_init(&in);
			feed(&in, &h, v[i].bytes, SIZE_MAX, 0, &now);
			row_str(i, v[i].keys, h.text);
			row_uint(i, 0, keyin_due_ms(&in));
		}
	}
}


/**
 * Split at every byte, with pauses from short to far beyond the time-out of
 * a lone ESC: the same key, or that key after an Esc; never other keys
 */
static void test_split(void **state)
{
	static const uint64_t gapv[] = {0, 1, 99, 100, 300, 1500};
	(void)state;

	for (size_t i = 0; i < ROWS(seqv); i++) {

		const size_t n = strlen(seqv[i].bytes);

		for (size_t s = 1; s < n; s++) {
			for (size_t g = 0; g < ROWS(gapv); g++) {

				const char *b = seqv[i].bytes;
				struct heard h = {""};
				const char *got = h.text;
				uint64_t now = 5000;
				struct keyin in;

				/* only a sequence has no time limit here */
				if (gapv[g] >= KEYIN_ESC_MS && b[0] == 033 &&
				    (s == 1 || b[1] == 033) &&
				    b[1] != '[' && b[1] != 'O')
					continue;

				keyin_init(&in);
				feed(&in, &h, b, s, gapv[g], &now);

				if (gapv[g] >= KEYIN_ESC_MS &&
				    !strncmp(got, "Esc", 3) &&
				    strcmp(seqv[i].keys, got)) {
					got += 3;
					got += *got == ' ';
				}
				if (strcmp(seqv[i].keys, got))
					row_fail(i, "split after %zu, %u ms: "
						 "expected \"%s\", got "
						 "\"%s\"", s,
						 (unsigned)gapv[g],
						 seqv[i].keys, h.text);
			}
		}
	}
}


/** One byte at a time over a slow line, each 90 ms after the other */
static void test_slow(void **state)
{
	(void)state;

	for (size_t i = 0; i < ROWS(seqv); i++) {
		struct heard h = {""};
		uint64_t now = 5000;
		struct keyin in;

		keyin_init(&in);
		for (const char *p = seqv[i].bytes; *p; p++) {
			now += 90;
			keyin_timeout(&in, now, hear, &h);
			keyin_step(&in, (uint8_t)*p, now, hear, &h);
		}
		row_str(i, seqv[i].keys, h.text);
	}
}


static void test_escape(void **state)
{
	static const struct {
		const char *first;
		uint64_t gap_ms;
		const char *then, *keys;
	} rowv[] = {
		{"\033", 99, "", ""},
		{"\033", 100, "", "Esc"},
		{"\033\033", 100, "", "Esc"},
		{"\033", 99, "p", "Alt-p"},
		{"\033", 100, "p", "Esc p"},
		{"\033", 99, "1", "Alt-1"},
		{"\033", 100, "1", "Esc 1"},
		{"\033", 100, "[A", "Esc Up"},
		{"\033", 9000, "[3~", "Esc Delete"},
		{"\033", 9000, "OP", "Esc F1"},
		{"\033", 20000, "[", "Esc ["},
		{"\033", 300, "p[", "Esc p ["},
		{"\033[", 9999, "3~", "Delete"},
		{"\033[", 10000, "a", "a"},
		{"\033O", 10000, "a", "a"},
		{"\033]", 1999, "a", ""},
		{"\033]", 2000, "a", "a"},
		{"\033P", 2000, "q", "q"},
		{"\033[200~70", 9999, "1\033[201~", "<paste:701>"},
		{"\033[200~70", 10000, "1", "<paste:70> 1"},
		/* the rest comes after Esc, or after all was given up */
		{"\033", 150, "]11;rgb:1/2/5\033\\", "Esc"},
		{"\033", 150, "]11;rgb:1/2/5\a5", "Esc 5"},
		{"\033", 150, "P1+r5\033\\", "Esc"},
		{"\033", 150, "_Gi=1\033\\", "Esc"},
		{"\033", 150, "^1\033\\", "Esc"},
		{"\033", 150, "X1\033\\", "Esc"},
		{"\033", 150, "P", "Esc P"},
		{"\033", 150, "]", "Esc ]"},
		{"\033", 20000, "P1", "Esc P 1"},
		{"\033", 300, "p]", "Esc p ]"},
		{"\033[", 10000, "5~p", "p"},
		{"\033[1;", 10000, "5Pq", "q"},
		{"\033[", 10000, "5", "5"},
		{"\033[", 10000, "\033[A", "Up"},
		{"\033]1", 2000, "1p\033\\q", "q"},
		{"\033]1", 2000, "\033\\q", "q"},
		{"\033]1", 2000, "\033", "Esc"},
		{"\033]1", 2000, "\033[A", "Up"},
		{"\033[200~70", 10000, "15\033[201~p", "<paste:70> p"},
		{"\033[200~70", 10000, "\033[201~p", "<paste:70> p"},
		{"\033[200~70", 10000, "\033[A", "<paste:70> Up"},
		{"\303", 9999, "\266", "ö"},
		{"\303", 10000, "p", "p"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		struct heard h = {""};
		uint64_t now = 5000;
		struct keyin in;

		keyin_init(&in);
		feed(&in, &h, rowv[i].first, SIZE_MAX, 0, &now);
		now += rowv[i].gap_ms;
		keyin_timeout(&in, now, hear, &h);
		feed(&in, &h, rowv[i].then, SIZE_MAX, 0, &now);
		if (rowv[i].then[0]) {
			keyin_timeout(&in, now + KEYIN_MORE_MS, hear, &h);
			keyin_timeout(&in, now + KEYIN_ESC_MS, hear, &h);
		}
		row_str(i, rowv[i].keys, h.text);
	}
}


/** The loop was busy: bytes are read late, but with their sequence whole */
static void test_late_read(void **state)
{
	struct heard h = {""};
	struct keyin in;
	(void)state;

	keyin_init(&in);
	keyin_step(&in, 033, 1000, hear, &h);
	/* no keyin_timeout() in between */
	keyin_step(&in, '[', 1500, hear, &h);
	keyin_step(&in, 'A', 1500, hear, &h);
	assert_string_equal("Up", h.text);

	h.text[0] = '\0';
	keyin_step(&in, 033, 2000, hear, &h);
	keyin_step(&in, 'q', 2500, hear, &h);
	assert_string_equal("Esc q", h.text);
}


static void test_long_paste(void **state)
{
	struct heard h = {""};
	struct keyin in;
	size_t i;
	(void)state;

	keyin_init(&in);
	for (i = 0; i < 6; i++)
		keyin_step(&in, (uint8_t)"\033[200~"[i], 1, hear, &h);
	for (i = 0; i < 100000; i++)
		keyin_step(&in, '7', 1, hear, &h);
	for (i = 0; i < 6; i++)
		keyin_step(&in, (uint8_t)"\033[201~"[i], 1, hear, &h);

	assert_int_equal(strlen("<paste:>") + KEYIN_PASTE_SZ - 1,
			 strlen(h.text));
}


static void count(const struct key *key, void *arg)
{
	unsigned *n = arg;

	/* never a control character, never nonsense */
	assert_true(key->code >= KEYIN_NONE ||
		    (key->code >= 0x20 && key->code != 0x7f));
	assert_true(key->code != KEYIN_NONE);
	assert_true(key->code <= KEYIN_MOUSE);
	if (key->code == KEYIN_MOUSE)
		assert_true(key->x >= 0 && key->y >= 0);
	++*n;
}


/** Any bytes at any times: no crash, never stuck for longer than said */
static void test_any_bytes(void **state)
{
	uint32_t seed = 3;
	uint64_t now = 1000;
	unsigned n = 0, before;
	struct keyin in;
	(void)state;

	keyin_init(&in);

	for (size_t i = 0; i < 400000; i++) {

		seed = seed * 1664525 + 1013904223;
		keyin_step(&in, seed & 0x08000000 ? (uint8_t)(seed >> 16) :
			   (uint8_t)"\033\033[<O;0123M~200m\xc3\xb6"
			   [(seed >> 16) % 18], now, count, &n);
		now += (seed >> 8) % 7 ? 0 : (seed >> 9) % 300;

		if (i % 1000)
			continue;

		now += KEYIN_SEQ_MS;
		keyin_timeout(&in, now, count, &n);
		row_uint(i, 0, keyin_due_ms(&in));
		before = n;
		keyin_step(&in, 'p', now, count, &n);
		now += KEYIN_MORE_MS;
		keyin_timeout(&in, now, count, &n);
		row_uint(i, before + 1, n);
	}
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_whole),
		unit_test(test_split),
		unit_test(test_slow),
		unit_test(test_escape),
		unit_test(test_late_read),
		unit_test(test_long_paste),
		unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
