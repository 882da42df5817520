/**
 * @file tests/sip/test_resume.c  The machine has slept: the phone notices
 */
#include <sys/stat.h>
#include <unistd.h>
#include "tests/lib/test.h"
#include <re.h>
#include "app/cfg.h"
#include "app/clock.h"
#include "app/event.h"
#include "app/phone.h"

enum {
	LIMIT_MS = 60000,        /* only a failing run reaches it        */
};

struct ahead {
	uint64_t ms;             /* of the machine's clock               */
};

static char dir[] = "/tmp/parkdeck-resume-XXXXXX";
static char file[64];


static uint64_t ahead_ms(void *arg)
{
	const struct ahead *ahead = arg;

	return clock_ms(clock_boot()) + ahead->ms;
}


static void net_handler(void *arg)
{
	++*(unsigned *)arg;
	re_cancel();
}


static void limit_handler(void *arg)
{
	(void)arg;
	re_cancel();
}


static struct cfg *config(void)
{
	struct cfg *cfg = NULL;
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	assert_true(fputs("account <sip:101@127.0.0.1:9>\n"
			  "net_interface 127.0.0.1\n", f) >= 0);
	assert_int_equal(0, fclose(f));
	assert_int_equal(0, cfg_load(&cfg, dir, "/dev/null"));

	return cfg;
}


static void test_resume(void **state)
{
	struct ahead ahead = {0};
	const struct clock boot = {ahead_ms, &ahead};
	struct phone_prm prm = {
		.clock = clock_system(),
		.boot_clock = &boot,
		.uuid = "9b8c6f5e-0000-4000-8000-000000000001",
		.software = "test",
		.neth = net_handler,
	};
	struct cfg *cfg = config();
	struct phone *phone = NULL;
	unsigned told = 0;
	char err[200];
	struct tmr tmr;
	(void)state;

	tmr_init(&tmr);
	assert_int_equal(0, bus_alloc(&prm.bus));
	prm.cfg = cfg;
	prm.arg = &told;
	assert_int_equal(0, phone_alloc(&phone, &prm, err, sizeof(err)));

	/* awake all the while: two looks find nothing */
	tmr_start(&tmr, 11000, limit_handler, NULL);
	(void)re_main(NULL);
	assert_int_equal(0, told);

	ahead.ms = 3600000;
	tmr_start(&tmr, LIMIT_MS, limit_handler, NULL);
	(void)re_main(NULL);
	assert_int_equal(1, told);

	tmr_cancel(&tmr);
	phone_close(phone);
	mem_deref(phone);
	mem_deref(prm.bus);
	mem_deref(cfg);
}


static int setup(void **state)
{
	(void)state;

	if (libre_init() || !mkdtemp(dir))
		return -1;

	(void)snprintf(file, sizeof(file), "%s/config", dir);

	return 0;
}


static int teardown(void **state)
{
	(void)state;
	(void)unlink(file);
	(void)rmdir(dir);
	libre_close();

	return 0;
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_resume),
	};

	return cmocka_run_group_tests(testv, setup, teardown);
}
