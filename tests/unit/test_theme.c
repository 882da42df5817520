/**
 * @file tests/unit/test_theme.c  No state is told by colour alone
 */
#include "tests/lib/test.h"
#include "ui/text.h"
#include "ui/theme.h"


/** One column each, ASCII where it must be */
static void sign_check(size_t i, const struct theme *theme, const char *s)
{
	row_uint(i, 1, text_width(s));
	if (theme->ascii || theme->plain_glyphs)
		row_uint(i, 1, strlen(s));
}


static void test_signs(void **state)
{
	static const struct theme themev[] = {
		{.ascii = false}, {.ascii = true}, {.plain_glyphs = true},
	};
	(void)state;

	for (size_t t = 0; t < ROWS(themev); t++) {

		const struct theme *th = &themev[t];

		for (int i = 0; i < LAMP_STATES; i++) {
			const char *s = theme_lamp(th, (enum lamp_state)i,
						   false);

			sign_check(t * 100 + (size_t)i, th, s);
			row_true(i, strcmp(s, theme_lamp(th, (enum lamp_state)
							 i, true)) != 0);
			for (int k = 0; k < i; k++)
				row_true(i, strcmp(s, theme_lamp(
					th, (enum lamp_state)k, false)) != 0);
		}
		for (int i = 0; i < DESKCALL_STATES; i++)
			sign_check(t * 100 + 50 + (size_t)i, th,
				   theme_call(th, (enum deskcall_state)i));
		for (int i = 0; i < SIGNS; i++)
			sign_check(t * 100 + 80 + (size_t)i, th,
				   theme_sign(th, (enum sign)i));
	}
}


static bool same(struct style a, struct style b)
{
	return a.fg == b.fg && a.bg == b.bg && a.attr == b.attr;
}


static void test_styles(void **state)
{
	static const struct theme colour = {0}, mono = {.mono = true};
	static const enum role flashv[][2] = {
		{ROLE_PARKED, ROLE_PARKED_ON},
		{ROLE_RINGING, ROLE_RINGING_ON},
	};
	(void)state;

	for (int i = 0; i < ROLES; i++) {
		const enum role role = (enum role)i;
		const struct style m = theme_style(&mono, role, false);

		row_int(i, -1, m.fg);
		row_int(i, -1, m.bg);

		/* the selection is seen on whatever it lies */
		row_false(i, same(theme_style(&mono, role, false),
				  theme_style(&mono, role, true)));
		row_false(i, same(theme_style(&colour, role, false),
				  theme_style(&colour, role, true)));
	}

	/* a flash is seen without colours */
	for (size_t i = 0; i < ROWS(flashv); i++)
		row_false(i, same(theme_style(&mono, flashv[i][0], false),
				  theme_style(&mono, flashv[i][1], false)));
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_signs),
		unit_test(test_styles),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
