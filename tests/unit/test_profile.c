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


/* What each family does with its first spot, as its makers say */
static void test_habits(void **state)
{
	static const struct {
		const char *name;
		const char *spot;
		const char *park, *retrieve, *watch;
	} rowv[] = {
		{"asterisk",        "701",   NULL,    "701",   "701"},
		{"asterisk-spots",  "701",   "*701",  "701",   "701"},
		{"freepbx",         "71",    NULL,    "71",    "71"},
		{"freeswitch",      "6001",  "6001",  "6001",  "park+6001"},
		{"fusionpbx",       "*5901", "*5901", "*5901", "park+*5901"},
		{"3cx",             "0",     "*00",   "*10",   NULL},
		{"yeastar",         "6000",  "*056000", "6000", "6000"},
		{"grandstream-ucm", "701",   NULL,    "701",   "701"},
		{"broadworks",      "102",   "*68102", "*88102", NULL},
		{"kazoo",           "801",   "*3801", "*5801", "*3801"},
		{"vodia",           "71",    "*8571", "*8671", "71"},
		{"portsip",         "102",   "*68102", "*88102", NULL},
		{"generic",         "701",   "701",   "701",   "701"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		const struct profile *p = profile_find(rowv[i].name);
		char buf[64];

		row_true(i, p != NULL);
		if (!p)
			continue;

		row_int(i, rowv[i].park ? 0 : EINVAL,
			profile_expand(buf, sizeof(buf), p->park,
				       rowv[i].spot));
		if (rowv[i].park)
			row_str(i, rowv[i].park, buf);
		row_int(i, 0, profile_expand(buf, sizeof(buf), p->retrieve,
					     rowv[i].spot));
		row_str(i, rowv[i].retrieve, buf);
		row_int(i, rowv[i].watch ? 0 : EINVAL,
			profile_expand(buf, sizeof(buf), p->watch,
				       rowv[i].spot));
		if (rowv[i].watch)
			row_str(i, rowv[i].watch, buf);
		if (p->spots)
			row_int(i, 0, strncmp(p->spots, rowv[i].spot,
					      strlen(rowv[i].spot)));
	}

	/* 6000 of FreeSWITCH's dialplan takes a call, it parks none */
	assert_null(profile_find("freeswitch")->lot);
	/* Kazoo's *4 parks where no lamp tells of it */
	assert_null(profile_find("kazoo")->lot);
}


/* Every row must be of use: a way to park, to retrieve and to watch, and
   its sample must be one */
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
		/* what lamps subscribe to may only be unknown where that is
		   said */
		if (p->told != PROFILE_TOLD_DIALOG)
			row_true(i, !p->watch);
		else if (p->watch)
			row_int(i, 0, profile_expand(buf, sizeof(buf),
						     p->watch, "701"));
		else
			row_true(i, p->untested);
		if (p->park)
			row_int(i, 0, profile_expand(buf, sizeof(buf),
						     p->park, "701"));
		if (p->pickup)
			row_int(i, 0, profile_expand(buf, sizeof(buf),
						     p->pickup, "102"));
		if (p->voicemail)
			row_int(i, 0, profile_expand(buf, sizeof(buf),
						     p->voicemail, "102"));
		row_true(i, p->personal == !p->spots);
		row_true(i, p->personal ?
			 p->told != PROFILE_TOLD_DIALOG :
			 p->told == PROFILE_TOLD_DIALOG);
		row_true(i, p->source && strlen(p->source) > 5);
		row_true(i, p->help && strlen(p->help) > 10);
		row_true(i, profile_find(p->name) == p);
	}

	assert_int_equal(13, i);
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
		unit_test(test_habits),
		unit_test(test_rows),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
