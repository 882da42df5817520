/**
 * @file tests/unit/test_lineedit.c  One line that is typed into
 */
#include "tests/lib/test.h"
#include "ui/lineedit_model.h"
#include "ui/keymap.h"


/** Type keys by name, blanks between: "a b Left Ctrl-W" */
static void type(struct lineedit *le, const char *keys)
{
	while (*keys) {
		const size_t n = strcspn(keys, " ");
		const uint32_t id = keymap_key_decode(keys, n);
		struct key key;

		assert_int_not_equal(0, id);
		memset(&key, 0, sizeof(key));
		key.code = id & 0xffffff;
		key.mods = id >> 24;
		lineedit_key(le, &key);
		keys += n;
		keys += strspn(keys, " ");
	}
}


static void test_keys(void **state)
{
	static const struct {
		const char *start, *keys, *text;
		size_t pos;
	} rowv[] = {
		{"", "7 0 1", "701", 3},
		{"701", "Left Left x", "7x01", 2},
		{"701", "Home x", "x701", 1},
		{"701", "Home End x", "701x", 4},
		{"701", "Backspace", "70", 2},
		{"701", "Home Backspace", "701", 0},
		{"701", "Home Delete", "01", 0},
		{"701", "Delete", "701", 3},
		{"701", "Right", "701", 3},
		{"701", "Home Left", "701", 0},
		{"701", "Left Ctrl-K", "70", 2},
		{"701", "Left Ctrl-U", "1", 0},
		{"one two", "Ctrl-W", "one ", 4},
		{"one two", "Ctrl-W Ctrl-W", "", 0},
		{"", "Ctrl-W Ctrl-U Ctrl-K Ctrl-D Ctrl-H", "", 0},
		{"ab", "Ctrl-A Ctrl-F Ctrl-D", "a", 1},
		{"ab", "Ctrl-B Space", "a b", 2},
		{"ab", "Alt-x F1 Up Ctrl-Z", "ab", 2},

		/* whole characters: two bytes, a combining mark, wide */
		{"Jörg", "Left Left Backspace", "Jrg", 1},
		{"Jo\xcc\x88rg", "Left Left Backspace", "Jrg", 1},
		{"Jo\xcc\x88rg", "Home Right Delete", "Jrg", 1},
		{"王小明", "Left Left x", "王x小明", 4},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		struct lineedit le;

		lineedit_set(&le, rowv[i].start);
		type(&le, rowv[i].keys);
		row_str(i, rowv[i].text, le.text);
		row_uint(i, rowv[i].pos, le.pos);
	}
}


static void test_full(void **state)
{
	struct lineedit le;
	struct key key;
	size_t i;
	(void)state;

	memset(&key, 0, sizeof(key));
	key.code = 0xf6;
	lineedit_set(&le, "");
	for (i = 0; i < 1000; i++)
		lineedit_key(&le, &key);

	assert_int_equal(254, strlen(le.text));
	assert_false(lineedit_insert(&le, "xy"));
	assert_true(lineedit_insert(&le, "x"));
	assert_int_equal(255, strlen(le.text));
}


static void test_hostile_set(void **state)
{
	struct lineedit le;
	(void)state;

	lineedit_set(&le, "\x1b[31m701\n\xe2\x80\xae");
	assert_string_equal("701", le.text);
	assert_int_equal(3, le.pos);
}


static void test_history(void **state)
{
	static const struct {
		int step;
		const char *text;
	} rowv[] = {
		{1, "703"}, {1, "702"}, {1, "701"}, {1, "701"},
		{-1, "702"}, {-1, "703"}, {-1, "own"}, {-1, "own"},
		{1, "703"},
	};
	static struct history hist;
	struct lineedit le;
	char line[16];
	(void)state;

	memset(&hist, 0, sizeof(hist));
	history_add(&hist, "701");
	history_add(&hist, "702");
	history_add(&hist, "702");
	history_add(&hist, "");
	history_add(&hist, "703");

	lineedit_set(&le, "own");
	for (size_t i = 0; i < ROWS(rowv); i++) {
		history_move(&hist, &le, rowv[i].step);
		row_str(i, rowv[i].text, le.text);
	}

	for (int i = 0; i < 100; i++) {
		snprintf(line, sizeof(line), "%d", i);
		history_add(&hist, line);
	}
	for (int i = 0; i < 100; i++)
		history_move(&hist, &le, 1);
	assert_string_equal("84", le.text);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_keys),
		unit_test(test_full),
		unit_test(test_hostile_set),
		unit_test(test_history),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
