/**
 * @file tests/unit/test_profile.c  PBX families and their templates
 */
#include <errno.h>
#include "../lib/test.h"
#include "modules/park/profile_model.h"


static void test_expand(void **state)
{
	static const struct {
		const char *tmpl;
		const char *spot;
		int err;
		const char *want;
	} rowv[] = {
		{"{spot}",       "701",   0,      "701"},
		{"*{spot}",      "701",   0,      "*701"},
		{"park+{spot}",  "*5901", 0,      "park+*5901"},
		{"*88{ext}",     "102",   0,      "*88102"},
		{"{spot}{spot}", "7",     0,      "77"},
		{"700",          "701",   0,      "700"},
		{"{spott}",      "701",   EINVAL, NULL},
		{"{spot",        "701",   EINVAL, NULL},
		{"x}",           "701",   EINVAL, NULL},
		{"",             "701",   EINVAL, NULL},
		{"{spot}-123456789", "701", ENOMEM, NULL},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		char buf[12];
		int err = profile_expand(buf, sizeof(buf), rowv[i].tmpl,
					 rowv[i].spot);

		row_int(i, rowv[i].err, err);
		if (!err)
			row_str(i, rowv[i].want, buf);
	}

	assert_int_equal(EINVAL, profile_expand(NULL, 0, "x", "y"));
}


/* A bare spot of a stock Asterisk drops the caller: no template of its
   profile may name one */
static void test_asterisk_never_parks_at_a_bare_spot(void **state)
{
	const struct profile *p = profile_find("asterisk");
	(void)state;

	assert_non_null(p);
	assert_null(p->park);
	assert_string_equal("700", p->lot);
}


/* Every row must be of use: a way to park, to retrieve and to watch */
static void test_rows(void **state)
{
	const struct profile *p;
	char own[16];
	size_t i;
	(void)state;

	for (i = 0; (p = profile_at(i)); i++) {

		char buf[64];

		row_true(i, p->lot || p->park);
		row_int(i, 0, profile_expand(buf, sizeof(buf), p->retrieve,
					     "701"));
		row_int(i, p->told == PROFILE_TOLD_DIALOG ? 0 : EINVAL,
			profile_expand(buf, sizeof(buf), p->watch, "701"));
		row_true(i, p->source && strlen(p->source) > 5);
		row_true(i, p->help && strlen(p->help) > 10);
		row_true(i, profile_find(p->name) == p);
	}

	assert_true(i >= 2);
	/* parked on oneself, and taken back from there */
	p = profile_find("portsip");
	assert_non_null(p);
	assert_true(p->personal);
	assert_int_equal(0, profile_expand(own, sizeof(own), p->retrieve,
					   ""));
	assert_string_equal("*88", own);

	assert_null(profile_find("none"));
	assert_null(profile_find(NULL));
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_expand),
		unit_test(test_asterisk_never_parks_at_a_bare_spot),
		unit_test(test_rows),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
