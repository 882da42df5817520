/**
 * @file tests/unit/test_app_check.c  The configuration, by those who use it
 */
#include <sys/stat.h>
#include <unistd.h>
#include "../lib/test.h"
#include <re.h>
#include "app/app_check.h"
#include "app/cfg.h"

static char dir[] = "/tmp/parkdeck-check-XXXXXX";
static char file[64];


static struct cfg *load(const char *text)
{
	struct cfg *cfg = NULL;
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	assert_true(fputs("account <sip:101@pbx>\n", f) >= 0);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(0, fclose(f));
	assert_int_equal(0, app_cfg_load(&cfg, dir, "/dev/null"));

	return cfg;
}


static void test_check(void **state)
{
	static const struct {
		const char *text;
		unsigned line;          /* 0: nothing is said            */
		bool doubt;
		const char *words;
	} rowv[] = {
		{"", 0, false, NULL},
		{"pbx asterisk\nkey park p Ctrl-P\naudio_source none\n"
		 "audio_player portaudio,USB\nnet_interface lo\n"
		 "tls_ca /dev/null\n", 0, false, NULL},
		{"pbx \"\"\naudio_source wav,/a.wav\nnet_interface 127.0.0.1\n"
		 "audio_player wav,x\ntls_ca \"\"\n", 0, false, NULL},

		{"expires 300\npbx asterix\n", 3, false, "pbx 'asterix' is not"
		 " known; one of these is expected: asterisk"},
		{"key prk p\n", 2, false, "no action is called \"prk\""},
		{"expires 300\nkey park Strg-P\n", 3, false, "\"Strg-P\" is no"
		 " key"},
		{"key park 7\n", 2, false, "7 is a lamp's label"},
		{"audio_source alsa,default\n", 2, false, "audio_source"
		 " alsa,default: portaudio, portaudio,NAME, none, tone,HZ (20"},
		{"audio_player tone,440\n", 2, false, "audio_player tone,440:"
		 " portaudio, portaudio,NAME, none, or wav,FILE is expected"},
		{"tls_ca /nonexistent.pem\n", 2, false, "tls_ca"
		 " /nonexistent.pem: a file that can be read is expected"},
		{"tls_ca \"/a b\"\n", 2, false, "a path without blanks"},
		{"net_interface eth/0\n", 2, false, "the name of an"},

		/* may come up later */
		{"expires 300\nnet_interface tun77\n", 3, true, "net_interface"
		 " tun77: there is no such interface or own address now; there"
		 " are: lo 127.0.0.1"},
		{"net_interface 192.0.2.199\n", 2, true, "net_interface"
		 " 192.0.2.199: there is no such interface or own address"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct cfg *cfg = load(rowv[i].text);
		const struct cfg_error *e = rowv[i].doubt ? cfg->doubtv :
			cfg->errorv;

		row_uint(i, rowv[i].line && !rowv[i].doubt, cfg->errorc);
		row_uint(i, rowv[i].line && rowv[i].doubt, cfg->doubtc);
		if (rowv[i].line) {
			row_uint(i, rowv[i].line, e->line);
			row_str(i, file, e->file);
			if (!strstr(e->text, rowv[i].words))
				row_str(i, rowv[i].words, e->text);
		}
		mem_deref(cfg);
	}
}


static void test_keys(void **state)
{
	struct cfg *cfg;
	char *keys;
	(void)state;

	cfg = load("");
	assert_int_equal(0, app_cfg_keys(&keys, cfg));
	assert_null(keys);
	mem_deref(cfg);

	cfg = load("key park p Ctrl-P\nkey undo F9\n");
	assert_int_equal(0, app_cfg_keys(&keys, cfg));
	assert_string_equal("park p Ctrl-P\nundo F9", keys);
	mem_deref(keys);
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
		unit_test(test_check),
		unit_test(test_keys),
	};

	return cmocka_run_group_tests(testv, setup, teardown);
}
