/**
 * @file tests/unit/test_told_model.c  Calls that the PBX told us of
 */
#include "tests/lib/test.h"
#include "modules/park/told_model.h"


enum op { PARK, CLEAR, EXPIRE };


static void set(char *dst, const char *src)
{
	snprintf(dst, TEXT_SZ, "%s", src);
}


static void test_story(void **state)
{
	static const struct {
		uint64_t now_ms;
		enum op op;
		unsigned account;
		const char *place, *who, *number;
		enum told_outcome want;
		unsigned id;          /* of the call that it was about   */
		size_t left;          /* of account 0                    */
	} rowv[] = {
		{0,    PARK,  0, "101", "Anna", "1", TOLD_NEW,     1, 1},
		{10,   PARK,  0, "101", "Anna", "1", TOLD_NOTHING, 1, 1},
		{20,   PARK,  0, "101", "Anna Berg", "1", TOLD_CHANGED, 1, 1},
		{30,   PARK,  0, "101", "Ben", "2",  TOLD_NEW,     2, 2},
		/* another place, another account: other calls */
		{40,   PARK,  0, "102", "Anna", "1", TOLD_NEW,     3, 3},
		{50,   PARK,  1, "101", "Anna", "1", TOLD_NEW,     4, 3},
		/* nothing known: one such at a place */
		{60,   PARK,  0, "101", "", "",      TOLD_NEW,     5, 4},
		{70,   PARK,  0, "101", "", "",      TOLD_NOTHING, 5, 4},
		/* cleared by number, by name */
		{80,   CLEAR, 0, "101", "", "2",     TOLD_GONE,    2, 3},
		{90,   CLEAR, 0, "101", "Anna Berg", "", TOLD_GONE, 1, 2},
		/* of a caller that we never heard of: who is nameless */
		{100,  CLEAR, 0, "101", "", "7",     TOLD_GONE,    5, 1},
		{110,  CLEAR, 0, "101", "", "7",     TOLD_NOTHING, 0, 1},
		{120,  CLEAR, 0, "102", "", "7",     TOLD_NOTHING, 0, 1},
		/* no word which: the oldest there */
		{130,  PARK,  0, "102", "Ben", "2",  TOLD_NEW,     6, 2},
		{140,  CLEAR, 0, "102", "", "",      TOLD_GONE,    3, 1},
		{150,  CLEAR, 0, "103", "", "",      TOLD_NOTHING, 0, 1},
		/* time over: 1000 ms after the last word */
		{1049, EXPIRE, 0, "", "", "",        TOLD_NOTHING, 0, 1},
		{1050, EXPIRE, 0, "", "", "",        TOLD_GONE,    4, 1},
		{1129, EXPIRE, 0, "", "", "",        TOLD_NOTHING, 0, 1},
		{1130, EXPIRE, 0, "", "", "",        TOLD_GONE,    6, 0},
		{9999, EXPIRE, 0, "", "", "",        TOLD_NOTHING, 0, 0},
	};
	static struct told t;
	(void)state;

	memset(&t, 0, sizeof(t));
	assert_true(told_due_ms(&t) == UINT64_MAX);

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct told_call info = {.account = rowv[i].account}, call;
		enum told_outcome got = TOLD_NOTHING;

		call.id = 0;
		set(info.place, rowv[i].place);
		set(info.who, rowv[i].who);
		set(info.number, rowv[i].number);

		switch (rowv[i].op) {

		case PARK:
			got = told_park(&t, &info, 1000, rowv[i].now_ms,
					&call);
			break;

		case CLEAR:
			got = told_clear(&t, &info, &call);
			break;

		case EXPIRE:
			got = told_expire(&t, rowv[i].now_ms, &call);
			break;
		}

		row_int(i, rowv[i].want, got);
		row_uint(i, rowv[i].id, call.id);
		row_uint(i, rowv[i].left, told_count(&t, 0));
		row_true(i, told_due_ms(&t) > rowv[i].now_ms);
	}
}


static void test_look(void **state)
{
	static struct told t;
	struct told_call info = {.account = 0}, call;
	(void)state;

	memset(&t, 0, sizeof(t));

	for (unsigned i = 0; i < TOLD_MAX + 3; i++) {
		set(info.place, "101");
		snprintf(info.number, sizeof(info.number), "%u", i);
		assert_int_equal(TOLD_NEW, told_park(&t, &info, 10, i,
						     &call));
		assert_int_equal(i + 1, call.id);
	}

	/* the oldest made room */
	assert_int_equal(TOLD_MAX, t.c);
	assert_null(told_find(&t, 3));
	assert_non_null(told_find(&t, 4));
	assert_int_equal(4, told_at(&t, 0, "101")->id);
	assert_null(told_at(&t, 1, "101"));
	assert_null(told_at(&t, 0, "102"));

	assert_int_equal(TOLD_GONE, told_remove(&t, 4, &call));
	assert_string_equal("3", call.number);
	assert_int_equal(TOLD_NOTHING, told_remove(&t, 4, &call));
	assert_int_equal(5, told_at(&t, 0, "101")->id);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_story),
		unit_test(test_look),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
