/**
 * @file tests/unit/test_hosts.c  Names of the hosts file
 */
#include <unistd.h>
#include "../lib/test.h"
#include <re.h>
#include "app/hosts.h"


static void test_find(void **state)
{
	static const char text[] =
		"# a comment\n"
		"127.0.0.1\tlocalhost loop\n"
		"192.0.2.5   pbx pbx.office  # pbx2\n"
		"2001:db8::7 six\n"
		"192.0.2.6 pbx\n"
		"nonsense here\n"
		"192.0.2.9";
	static const struct {
		const char *name;
		const char *addr;
	} rowv[] = {
		{"localhost",  "127.0.0.1"},
		{"loop",       "127.0.0.1"},
		{"pbx",        "192.0.2.5"},
		{"PBX.Office", "192.0.2.5"},
		{"six",        "2001:db8::7"},
		{"pbx2",       NULL},
		{"here",       NULL},
		{"192.0.2.9",  NULL},
		{"",           NULL},
	};
	char path[64];
	FILE *f;
	(void)state;

	(void)snprintf(path, sizeof(path), "/tmp/parkdeck-hosts-%d",
		       (int)getpid());
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(0, fclose(f));

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct sa addr, want;

		row_bool(i, rowv[i].addr != NULL,
			 hosts_find(&addr, path, rowv[i].name));
		if (!rowv[i].addr)
			continue;
		assert_int_equal(0, sa_set_str(&want, rowv[i].addr, 0));
		row_true(i, sa_cmp(&want, &addr, SA_ADDR));
	}

	(void)unlink(path);
	assert_false(hosts_find(&(struct sa){0}, path, "pbx"));
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_find),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
