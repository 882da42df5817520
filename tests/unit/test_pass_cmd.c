/**
 * @file tests/unit/test_pass_cmd.c  Passwords that a command prints
 */
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../lib/test.h"
#include <re.h>
#include "app/cfg.h"
#include "app/pass_cmd.h"

enum {
	LIMIT_MS = 30000,
	SHORT_MS = 300,          /* for those that would never end       */
};

struct result {
	struct pass_cmd *pc;
	unsigned calls;
	char text[400];
};

static char dir[] = "/tmp/parkdeck-pass-XXXXXX";


static const char *path(const char *name)
{
	static char buf[128];

	(void)snprintf(buf, sizeof(buf), "%s/%s", dir, name);

	return buf;
}


static struct cfg *config(const char *text)
{
	struct cfg *cfg = NULL;
	FILE *f = fopen(path("config"), "w");

	assert_non_null(f);
	assert_int_equal(0, fchmod(fileno(f), 0600));
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(0, fclose(f));
	assert_int_equal(0, cfg_load(&cfg, dir, "/dev/null"));
	assert_int_equal(0, cfg->errorc);

	return cfg;
}


static void handler(const char *text, void *arg)
{
	struct result *r = arg;

	++r->calls;
	(void)snprintf(r->text, sizeof(r->text), "%s", text ? text : "");
	r->pc = mem_deref(r->pc);        /* as the users do */
	re_cancel();
}


static void run(struct result *r, struct cfg *cfg, uint32_t limit_ms)
{
	memset(r, 0, sizeof(*r));
	assert_int_equal(0, pass_cmd_alloc(&r->pc, cfg, limit_ms, handler,
					   r));
	assert_int_equal(0, re_main(NULL));
	assert_int_equal(1, r->calls);
}


static void test_commands(void **state)
{
	static const struct {
		const char *cmd;
		const char *pass;       /* NULL: there is none           */
		const char *words;      /* in the sentence               */
	} rowv[] = {
		{"echo secret",                   "secret", ""},
		{"printf secret",                 "secret", ""},
		{"printf 'a b#c\\r\\nlogin: x\\n'", "a b#c", ""},
		{"echo oops >&2; echo s",         "s",      ""},
		{"cat; echo s",                   "s",      ""},
		/* who stays behind is not waited for */
		{"sleep 30 2>/dev/null & echo s",           "s",      ""},
		{"head -c 100000 /dev/zero | tr '\\0' x | fold -w 60",
		 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		 ""},

		{"true",                NULL, "its first line is empty"},
		{"echo; echo s",        NULL, "its first line is empty"},
		{"echo s; exit 3",      NULL, "it ended with 3"},
		{"/nonexistent/pass",   NULL, "it ended with 127"},
		{"kill -9 $$",          NULL, "signal 9"},
		{"sleep 1000",          NULL, "did not end within"},
		{"echo s; exec >&-; sleep 1000", NULL, "did not end within"},
		{"head -c 600 /dev/zero | tr '\\0' x", NULL, "too long"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		char text[400];
		struct result r;
		struct cfg *cfg;

		(void)snprintf(text, sizeof(text), "# a line\naccount"
			       " <sip:101@pbx>;auth_pass_cmd=\"");
		for (const char *p = rowv[i].cmd; *p; p++) {
			const size_t n = strlen(text);

			(void)snprintf(&text[n], sizeof(text) - n,
				       *p == '\\' || *p == '"' ? "\\%c" :
				       "%c", *p);
		}
		strcat(text, "\"\n");

		cfg = config(text);
		row_str(i, rowv[i].cmd, cfg->accountv[0].pass_cmd);
		row_true(i, pass_cmd_wanted(cfg));
		run(&r, cfg, strstr(rowv[i].words, "not end") ? SHORT_MS :
		    LIMIT_MS);
		row_str(i, rowv[i].pass, cfg->accountv[0].pass);
		if (!strstr(r.text, rowv[i].words) ||
		    !rowv[i].pass != (r.text[0] != '\0'))
			row_fail(i, "said \"%s\"", r.text);
		if (r.text[0] && !strstr(r.text, "config:2: "))
			row_fail(i, "no place in \"%s\"", r.text);
		mem_deref(cfg);
	}
}


static int word(const char *name)
{
	char buf[32] = "";
	FILE *f = fopen(path(name), "r");

	if (!f)
		return 0;

	(void)!fgets(buf, sizeof(buf), f);
	(void)fclose(f);

	return atoi(buf);
}


/* One after the other; the one that hangs dies with what it has started */
static void test_several(void **state)
{
	char text[600];
	struct result r;
	struct cfg *cfg;
	int pid;
	(void)state;

	(void)snprintf(text, sizeof(text),
		       "account <sip:101@pbx>;auth_pass=p1\n"
		       "account <sip:102@pbx>;auth_pass_cmd=\"echo p2\"\n"
		       "account <sip:103@pbx>;auth_pass_cmd=\"sleep 1000 &"
		       " echo $! >%s/pid; wait\"\n"
		       "account <sip:104@pbx>;auth_pass_cmd=\"touch"
		       " %s/never; echo p4\"\n", dir, dir);
	cfg = config(text);
	run(&r, cfg, 3000);
	assert_non_null(strstr(r.text, "sip:103@pbx"));
	assert_string_equal("p1", cfg->accountv[0].pass);
	assert_string_equal("p2", cfg->accountv[1].pass);
	assert_null(cfg->accountv[2].pass);
	assert_null(cfg->accountv[3].pass);
	assert_int_equal(-1, access(path("never"), F_OK));

	/* killed; until it is reaped it is a zombie */
	pid = word("pid");
	assert_true(pid > 1);
	for (int i = 0; !kill(pid, 0) && i < 6000; i++) {

		char proc[64], line[256] = "";
		FILE *f;

		(void)snprintf(proc, sizeof(proc), "/proc/%d/stat", pid);
		f = fopen(proc, "r");
		if (!f)
			break;
		(void)!fgets(line, sizeof(line), f);
		(void)fclose(f);
		if (strstr(line, ") Z "))
			break;
		(void)usleep(10000);
		assert_true(i < 5999);
	}
	mem_deref(cfg);

	/* known ones are not asked for */
	cfg = config("account <sip:101@pbx>;auth_pass=p1\n");
	assert_false(pass_cmd_wanted(cfg));
	assert_int_equal(ENOENT, pass_cmd_alloc(&r.pc, cfg, LIMIT_MS, handler,
						&r));
	mem_deref(cfg);
}


/* Let go of while one runs: it is killed, nothing is told */
static void test_let_go(void **state)
{
	struct result r = {.pc = NULL};
	struct cfg *cfg;
	(void)state;

	cfg = config("account <sip:101@pbx>;auth_pass_cmd=\"sleep 1000\"\n");
	assert_int_equal(0, pass_cmd_alloc(&r.pc, cfg, LIMIT_MS, handler,
					   &r));
	r.pc = mem_deref(r.pc);
	assert_int_equal(0, r.calls);
	mem_deref(cfg);
}


static int setup(void **state)
{
	(void)state;

	return libre_init() || !mkdtemp(dir) ? -1 : 0;
}


static int teardown(void **state)
{
	static const char *const namev[] = {"config", "pid", "never"};
	(void)state;

	for (size_t i = 0; i < ROWS(namev); i++)
		(void)unlink(path(namev[i]));
	(void)rmdir(dir);
	libre_close();

	return 0;
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_commands),
		unit_test(test_several),
		unit_test(test_let_go),
	};

	return cmocka_run_group_tests(testv, setup, teardown);
}
