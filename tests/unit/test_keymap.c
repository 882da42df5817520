/**
 * @file tests/unit/test_keymap.c  Keys -> actions: the one table
 */
#include "tests/lib/test.h"
#include <errno.h>
#include "ui/keymap.h"


static void test_names(void **state)
{
	static const struct {
		const char *in, *out;      /* out NULL: is no key          */
	} rowv[] = {
		{"p", "p"}, {"P", "P"}, {"?", "?"}, {"ö", "ö"}, {"F1", "F1"},
		{"f12", "F12"}, {"F13", NULL}, {"Alt-1", "Alt-1"},
		{"alt-F4", "Alt-F4"}, {"Ctrl-L", "Ctrl-L"},
		{"ctrl-l", "Ctrl-L"}, {"Shift-Tab", "Shift-Tab"},
		{"Alt-Ctrl-x", "Ctrl-Alt-X"}, {"PgUp", "PgUp"},
		{"Return", "Enter"}, {"Escape", "Esc"}, {"Space", "Space"},
		{"Ctrl-", NULL}, {"", NULL}, {"pp", NULL}, {"Shift-p", NULL},
		{"-", "-"}, {"Alt--", "Alt--"}, {"\x1b", NULL},
		{"\xff", "\xef\xbf\xbd"},
	};
	char name[KEYMAP_NAME_SZ];
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		const uint32_t id = keymap_key_decode(rowv[i].in,
						      strlen(rowv[i].in));

		row_bool(i, rowv[i].out != NULL, id != 0);
		if (id)
			row_str(i, rowv[i].out, keymap_key_print(name, id));
	}
}


static struct key key_of(const char *name)
{
	const uint32_t id = keymap_key_decode(name, strlen(name));
	struct key key;

	memset(&key, 0, sizeof(key));
	key.code = id & 0xffffff;
	key.mods = id >> 24;

	return key;
}


static void test_defaults(void **state)
{
	static const struct {
		const char *key;
		enum action action;
	} rowv[] = {
		{"F1", ACTION_SPOT_1}, {"Alt-1", ACTION_SPOT_1},
		{"Alt-0", ACTION_SPOT_1 + 9}, {"F10", ACTION_SPOT_1 + 9},
		{"F12", ACTION_SPOT_12}, {"Enter", ACTION_ENTER},
		{"p", ACTION_PARK}, {"P", ACTION_PARK_WHERE},
		{"r", ACTION_RETRIEVE}, {"R", ACTION_LIST},
		{"u", ACTION_UNDO}, {"e", ACTION_NOTE},
		{"a", ACTION_ANSWER}, {"b", ACTION_HANGUP},
		{"x", ACTION_HOLD}, {"m", ACTION_MUTE},
		{"t", ACTION_TRANSFER}, {"T", ACTION_ATTENDED},
		{"k", ACTION_KEYPAD}, {"d", ACTION_DIAL},
		{"Alt-h", ACTION_LEFT}, {"Down", ACTION_DOWN},
		{"PgDn", ACTION_PAGE_DOWN}, {"g", ACTION_FIRST},
		{"G", ACTION_LAST}, {"Tab", ACTION_PANE}, {"/", ACTION_FIND},
		{"n", ACTION_FIND_NEXT}, {"N", ACTION_FIND_PREV},
		{":", ACTION_COMMAND}, {"?", ACTION_HELP},
		{"q", ACTION_QUIT}, {"Ctrl-C", ACTION_QUIT},
		{"Ctrl-L", ACTION_REDRAW}, {"Esc", ACTION_BACK},

		/* digits are labels; h j k l alone do not move */
		{"1", ACTION_NONE}, {"h", ACTION_NONE}, {"l", ACTION_NONE},
		{"[", ACTION_NONE}, {"O", ACTION_NONE},
	};
	struct keymap km;
	(void)state;

	keymap_init(&km);
	for (size_t i = 0; i < ROWS(rowv); i++) {
		const struct key key = key_of(rowv[i].key);

		row_int(i, rowv[i].action, keymap_find(&km, &key));
	}
}


/** Every action is in the table once, with a name, help and keys that are */
static void test_table(void **state)
{
	const struct keymap_row *row, *other;
	struct keymap km;
	size_t n = 0;
	(void)state;

	keymap_init(&km);
	for (row = keymap_rows(); row->action != ACTION_NONE; row++, n++) {
		row_true(n, row->name && *row->name);
		row_true(n, row->help && *row->help);
		row_true(n, km.keyv[row->action][0] != 0);
		row_true(n, keymap_row(row->action) == row);

		for (other = keymap_rows(); other != row; other++) {
			row_true(n, other->action != row->action);
			row_true(n, strcmp(other->name, row->name) != 0);
			for (size_t a = 0; a < KEYMAP_KEYS; a++) {
				const uint32_t id = km.keyv[row->action][a];

				for (size_t b = 0; id && b < KEYMAP_KEYS; b++)
					row_true(n, km.keyv[other->action][b]
						 != id);
			}
		}
	}

	assert_int_equal(ACTIONS - 1, n);
}


static void test_bind(void **state)
{
	static const struct {
		const char *name, *keys;
		int err;
		const char *now;           /* keys of that action after it */
	} rowv[] = {
		{"park", "Ctrl-P F9", 0, "Ctrl-P F9"},
		{"hold", "h", 0, "h"},
		{"park", "", 0, ""},
		{"park", "h", 0, "h"},         /* taken from hold         */
		{"hold", "x  y", 0, "x y"},
		{"hold", "nonsense", EINVAL, "x y"},
		{"hold", "a b c d e", EINVAL, "x y"},
		{"hold", "1", EINVAL, "x y"},
		{"hold", "Alt-1", 0, "Alt-1"},
		{"nothing", "x", ENOENT, NULL},
	};
	char err[160], keys[128];
	struct keymap km;
	(void)state;

	keymap_init(&km);
	for (size_t i = 0; i < ROWS(rowv); i++) {
		const struct keymap_row *row;

		err[0] = '\0';
		row_int(i, rowv[i].err, keymap_bind(&km, rowv[i].name,
						    rowv[i].keys, err,
						    sizeof(err)));
		row_bool(i, rowv[i].err != 0, err[0] != '\0');

		for (row = keymap_rows(); rowv[i].now && row->name &&
		     strcmp(row->name, rowv[i].name); row++)
			;
		if (rowv[i].now)
			row_str(i, rowv[i].now,
				keymap_keys_print(keys, sizeof(keys), &km,
						  row->action));
	}

	/* who lost the key has it no more, the rest moved up */
	keymap_keys_print(keys, sizeof(keys), &km, ACTION_SPOT_1);
	assert_string_equal("F1", keys);
	keymap_first_print(keys, &km, ACTION_PARK);
	assert_string_equal("h", keys);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_names),
		unit_test(test_defaults),
		unit_test(test_table),
		unit_test(test_bind),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
