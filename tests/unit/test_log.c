/**
 * @file tests/unit/test_log.c  The log: lines, modes, links, rotation
 */
#include "tests/lib/test.h"
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include <re.h>
#include "app/log.h"

static char dir[64], path[80], old[84];


static int setup(void **state)
{
	(void)state;

	strcpy(dir, "/tmp/parkdeck-test-XXXXXX");
	if (!mkdtemp(dir))
		return -1;

	snprintf(path, sizeof(path), "%s/log", dir);
	snprintf(old, sizeof(old), "%s.1", path);

	return 0;
}


static int teardown(void **state)
{
	applog_close();
	applog_limit(0);
	(void)unlink(path);
	(void)unlink(old);
	if (rmdir(dir))
		return -1;

	return test_leaks(state);
}


/* The whole file; "" if there is none */
static const char *content(const char *name)
{
	static char buf[65536];
	size_t n = 0;
	FILE *f = fopen(name, "r");

	if (f) {
		n = fread(buf, 1, sizeof(buf) - 1, f);
		fclose(f);
	}

	buf[n] = '\0';

	return buf;
}


static void test_lines(void **state)
{
	static const struct {
		enum applog_level level;
		const char *text;
		const char *want;       /* From the level on; "" dropped */
	} rowv[] = {
		{APPLOG_DEBUG, "not shown",        ""},
		{APPLOG_INFO,  "hello",            "INFO hello\n"},
		{APPLOG_WARN,  "line end\r\n",     "WARN line end\n"},
		{APPLOG_ERROR, "two\nlines",       "ERROR two lines\n"},
		{APPLOG_INFO,  "esc \x1b[2J",      "INFO esc  [2J\n"},
		{APPLOG_INFO,  "csi \xc2\x9b" "m", "INFO csi  m\n"},
		{APPLOG_INFO,  "bad \xff",         "INFO bad \xef\xbf\xbd\n"},
		{APPLOG_INFO,  "M\xc3\xbcller",    "INFO M\xc3\xbcller\n"},
		{APPLOG_INFO,  "",                 "INFO \n"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		const char *line;
		int y, mo, d, h, mi, s, ms, end = 0;

		(void)unlink(path);
		assert_int_equal(0, applog_open(path, APPLOG_INFO));
		errno = 77;
		applog(rowv[i].level, "%s", rowv[i].text);
		row_int(i, 77, errno);
		applog_close();

		line = content(path);
		if (!rowv[i].want[0]) {
			row_str(i, "", line);
			continue;
		}

		row_int(i, 7, sscanf(line, "%4d-%2d-%2dT%2d:%2d:%2d.%3d %n",
				     &y, &mo, &d, &h, &mi, &s, &ms, &end));
		row_int(i, 24, end);
		row_str(i, rowv[i].want, line + end);
	}
}


static void test_long_line(void **state)
{
	char text[10000];
	const char *got;
	(void)state;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';

	assert_int_equal(0, applog_open(path, APPLOG_DEBUG));
	applog(APPLOG_DEBUG, "%s", text);
	applog(APPLOG_DEBUG, "%m", ENOENT);
	applog_close();

	got = content(path);
	assert_int_equal(24 + 6 + 4096 + 1,
			 (int)(strchr(got, '\n') - got) + 1);
	assert_non_null(strstr(got, "DEBUG No such file"));
}


static void test_open(void **state)
{
	struct stat st;
	char sub[100];
	(void)state;

	/* made private whatever the umask, made private again */
	const mode_t mask = umask(0);

	assert_int_equal(0, applog_open(path, APPLOG_INFO));
	assert_int_equal(0, stat(path, &st));
	assert_int_equal(0600, st.st_mode & 0777);
	applog(APPLOG_INFO, "first");
	applog_close();

	assert_int_equal(0, chmod(path, 0644));
	assert_int_equal(0, applog_open(path, APPLOG_INFO));
	assert_int_equal(0, stat(path, &st));
	assert_int_equal(0600, st.st_mode & 0777);
	applog(APPLOG_INFO, "second");
	(void)umask(mask);

	/* appended, and a failed open leaves the log where it was */
	assert_int_equal(0, symlink(path, old));
	assert_int_equal(ELOOP, applog_open(old, APPLOG_INFO));
	assert_int_equal(EINVAL, applog_open("/dev/null", APPLOG_INFO));
	snprintf(sub, sizeof(sub), "%s/none/log", dir);
	assert_int_equal(ENOENT, applog_open(sub, APPLOG_INFO));
	applog(APPLOG_INFO, "third");

	assert_non_null(strstr(content(path), "first\n"));
	assert_non_null(strstr(content(path), "second\n"));
	assert_non_null(strstr(content(path), "third\n"));
}


static void test_rotation(void **state)
{
	struct stat st;
	(void)state;

	applog_limit(1);        /* the least: 4096 */
	assert_int_equal(0, applog_open(path, APPLOG_INFO));

	/* 64 bytes a line: 64 lines fill the file */
	for (unsigned i = 0; i < 160; i++)
		applog(APPLOG_INFO, "%034u", i);

	assert_int_equal(0, stat(path, &st));
	row_int(0, 32 * 64, st.st_size);
	assert_int_equal(0600, st.st_mode & 0777);
	assert_int_equal(0, stat(old, &st));
	row_int(1, 64 * 64, st.st_size);

	/* the newest lines are in the file, those before in the other */
	assert_non_null(strstr(content(path), "0000159\n"));
	assert_non_null(strstr(content(path), "0000128\n"));
	assert_non_null(strstr(content(old), "0000127\n"));
	assert_null(strstr(content(old), "0000063\n"));

	/* the size is known anew after the next start */
	applog_close();
	assert_int_equal(0, applog_open(path, APPLOG_INFO));
	for (unsigned i = 0; i < 33; i++)
		applog(APPLOG_INFO, "%034u", i);
	assert_int_equal(0, stat(path, &st));
	row_int(2, 64, st.st_size);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_line, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_open, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rotation, setup,
						teardown),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
