/**
 * @file tests/unit/test_cfg.c  Configuration: lines, files, mistakes
 */
#include "tests/lib/test.h"
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include <re.h>
#include "app/cfg.h"
#include "app/desk_model.h"

#define ACC "account <sip:101@pbx.example.com>\n"

static char dir[64];
static char pathv[8][96];       /* Files made by put(), to be removed    */
static size_t pathc;


static int setup(void **state)
{
	(void)state;

	strcpy(dir, "/tmp/parkdeck-test-XXXXXX");
	pathc = 0;

	return mkdtemp(dir) ? 0 : -1;
}


static void clear(void)
{
	while (pathc)
		(void)unlink(pathv[--pathc]);
}


static int teardown(void **state)
{
	clear();
	if (rmdir(dir))
		return -1;

	return test_leaks(state);
}


static const char *put_mem(const char *name, const char *p, size_t len,
			   mode_t mode)
{
	char *path = pathv[pathc++];
	FILE *f;

	snprintf(path, sizeof(pathv[0]), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(len, fwrite(p, 1, len, f));
	assert_int_equal(0, fclose(f));
	assert_int_equal(0, chmod(path, mode));

	return path;
}


static const char *put(const char *name, const char *str)
{
	return put_mem(name, str, strlen(str), 0600);
}


static struct cfg *load(const char *site)
{
	struct cfg *cfg = NULL;

	assert_int_equal(0, cfg_load(&cfg, dir, site ? site : "/dev/null"));
	assert_non_null(cfg);

	return cfg;
}


/* All mistakes as "LINE text|LINE text" */
static const char *errors(const struct cfg *cfg)
{
	static char buf[65536];
	size_t pos = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < cfg->errorc; i++)
		pos += (size_t)snprintf(buf + pos, sizeof(buf) - pos,
					"%s%u %s", i ? "|" : "",
					cfg->errorv[i].line,
					cfg->errorv[i].text);

	return buf;
}


/* Lamps as "701 702 lamp:102(label,watch,park,retrieve,account)" */
static const char *lamps(const struct cfg *cfg)
{
	static char buf[65536];
	size_t pos = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < cfg->lampc; i++) {

		const struct cfg_lamp *l = &cfg->lampv[i];

		pos += (size_t)snprintf(buf + pos, sizeof(buf) - pos,
					"%s%s%s", i ? " " : "",
					l->kind == LAMP_SPOT ? "" : "lamp:",
					l->spot);

		if (!l->label && !l->watch && !l->park && !l->retrieve &&
		    !l->account)
			continue;

		pos += (size_t)snprintf(buf + pos, sizeof(buf) - pos,
					"(%s,%s,%s,%s,%u)",
					l->label ? l->label : "",
					l->watch ? l->watch : "",
					l->park ? l->park : "",
					l->retrieve ? l->retrieve : "",
					l->account);
	}

	return buf;
}


static void test_none(void **state)
{
	struct cfg *cfg = load(NULL);
	(void)state;

	assert_true(cfg->found);        /* site is /dev/null: it is there */
	mem_deref(cfg);

	assert_int_equal(0, cfg_load(&cfg, dir, "/dev/null/none"));
	mem_deref(cfg);

	char none[80];
	snprintf(none, sizeof(none), "%s/none", dir);
	assert_int_equal(0, cfg_load(&cfg, dir, none));
	assert_false(cfg->found);
	assert_string_equal("", errors(cfg));
	assert_string_equal("", cfg->baresip);
	assert_string_equal(dir, cfg->dir);
	assert_string_equal("300", cfg_get(cfg, "expires"));
	mem_deref(cfg);

	/* the folder itself need not be there */
	assert_int_equal(0, cfg_load(&cfg, none, none));
	assert_false(cfg->found);
	assert_string_equal(none, cfg->dir);
	mem_deref(cfg);
}


static void test_accounts(void **state)
{
	static const struct {
		const char *line;
		const char *addr, *aor, *name, *pass, *cmd;
	} rowv[] = {
		{"account <sip:101@pbx>", "<sip:101@pbx>", "sip:101@pbx",
		 "101", NULL, NULL},
		{"account <sip:101@pbx.example.com:5070;transport=tls>"
		 ";auth_pass=secret   # mine",
		 "<sip:101@pbx.example.com:5070;transport=tls>",
		 "sip:101@pbx.example.com:5070", "101", "secret", NULL},
		{"account <sip:101@[::1]:5060>", "<sip:101@[::1]:5060>",
		 "sip:101@[::1]:5060", "101", NULL, NULL},
		{"account Anna <sip:101@pbx>;auth_pass=\"a b;c#\\\"d\"",
		 "\"Anna\" <sip:101@pbx>", "sip:101@pbx", "101",
		 "a b;c#\"d", NULL},
		{"account \"Anna \\\"B\\\" C\" <sip:101@pbx>;regint=60",
		 "\"Anna \\\"B\\\" C\" <sip:101@pbx>;regint=60",
		 "sip:101@pbx", "101", NULL, NULL},
		{"account <sip:101@pbx>;auth_pass_cmd=\"pass show sip\"",
		 "<sip:101@pbx>", "sip:101@pbx", "101", NULL,
		 "pass show sip"},
		{"account <sip:101@pbx> ; auth_pass = p#w\\x ; auth_user=u",
		 "<sip:101@pbx>;auth_user=u", "sip:101@pbx", "101", "p#w\\x",
		 NULL},
		{"account <sip:101@pbx>;outbound=\"sip:proxy;lr\""
		 ";audio_codecs=opus/48000/2,G722,pcma/8000;mediaenc=srtp-mand"
		 ";dtmfmode=info",
		 "<sip:101@pbx>;outbound=\"sip:proxy;lr\""
		 ";audio_codecs=opus/48000/2,g722/16000/1,pcma/8000/1"
		 ";mediaenc=srtp-mand"
		 ";dtmfmode=info", "sip:101@pbx", "101", NULL, NULL},
		{"account \"<sip:101@pbx>;auth_pass=x\"", "<sip:101@pbx>",
		 "sip:101@pbx", "101", "x", NULL},
		{"\xef\xbb\xbf" "account <sip:101@pbx>\r", "<sip:101@pbx>",
		 "sip:101@pbx", "101", NULL, NULL},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		const struct cfg_account *a;
		struct cfg *cfg;

		put("config", rowv[i].line);
		cfg = load(NULL);
		row_str(i, "", errors(cfg));
		row_uint(i, 1, cfg->accountc);
		a = cfg->accountv;
		row_str(i, rowv[i].addr, a->addr);
		row_str(i, rowv[i].aor, a->aor);
		row_str(i, rowv[i].name, a->name);
		row_str(i, rowv[i].pass, a->pass);
		row_str(i, rowv[i].cmd, a->pass_cmd);

		/* libre reads the same address out of it */
		struct sip_addr sa;
		struct pl pl;

		pl_set_str(&pl, a->addr);
		row_int(i, 0, sip_addr_decode(&sa, &pl));
		row_int(i, 0, pl_strcmp(&sa.uri.user, "101"));

		mem_deref(cfg);
		clear();
	}
}


static void test_account_mistakes(void **state)
{
	static const struct {
		const char *rest;       /* After "account "              */
		const char *want;       /* Begin of the mistake          */
	} rowv[] = {
		{"sip:101@pbx", "account: <sip:USER@HOST> is expected"},
		{"<101@pbx>", "account: <sip:USER@HOST> is expected"},
		{"<sip:pbx>", "account: <sip:USER@HOST> is expected"},
		{"<sip:101@>", "account: <sip:USER@HOST> is expected"},
		{"<sip:101@pb x>", "account: <sip:USER@HOST> is expected"},
		{"<sip:101@pbx?a=b>", "account: <sip:USER@HOST> is expected"},
		{"<sip:101@pbx> x", "account: <sip:USER@HOST> is expected"},
		{"<sip:101@pbx", "account: > is expected after <"},
		{"<sips:101@pbx>", "account: sips: is not known: write sip:"},
		{"<sip:101:pw@pbx>", "account: a password inside"},
		{"<sip:101@pbx;auth_pass=x>", "account: inside < > only"},
		{"<sip:101@pbx;transport=sctp>", "account: inside < > only"},
		{"<sip:101@pbx>;", "account: a name is expected after ;"},
		{"<sip:101@pbx>;auth_pas=x",
		 "account: unknown parameter 'auth_pas'; did you mean"
		 " 'auth_pass'; known are auth_user, auth_pass,"},
		{"<sip:101@pbx>;nonsense=x",
		 "account: unknown parameter 'nonsense'; known are auth_user"},
		{"<sip:101@pbx>;mwi=no", "account: 'mwi' is decided by"},
		{"<sip:101@pbx>;rwait=90", "account: 'rwait' is decided by"},
		{"<sip:101@pbx>;fbregint=9", "account: 'fbregint' is decided"},
		{"<sip:101@pbx>;regq=0.5", "account: 'regq' is decided by"},
		{"<sip:101@pbx>;prio=1", "account: 'prio' is decided by"},
		{"<sip:101@pbx>;sipnat=outbound", "account: 'sipnat' is deci"},
		{"<sip:101@pbx>;outbound2=sip:b", "account: 'outbound2' is"},
		{"<sip:101@pbx>;extra=x", "account: 'extra' is decided by"},
		{"<sip:101@pbx>;outbound=sip:a;outbound1=sip:b",
		 "account: outbound and outbound1 are the same, one is"},
		{"<sip:101@pbx>;audio_codecs=pcma,pcmx",
		 "account: audio_codecs=pcma,pcmx: some of opus, g722, pcmu"},
		{"<sip:101@pbx>;audio_codecs=opus/4800",
		 "account: audio_codecs=opus/4800: some of opus, g722, pcmu"},
		{"<sip:101@pbx>;audio_codecs=op",
		 "account: audio_codecs=op: some of opus, g722, pcmu"},
		{"<sip:101@pbx>;audio_codecs=\"pcma,\"",
		 "account: audio_codecs=pcma,: some of opus, g722, pcmu"},
		{"<sip:101@pbx>;regint=301",
		 "account: regint=301: a number from 0 to 300 is expected"},
		{"<sip:101@pbx>;auth_pass", "auth_pass: =VALUE is expected"},
		{"<sip:101@pbx>;auth_pass=", "account: a value is expected"},
		{"<sip:101@pbx>;auth_pass=a b", "auth_pass: a blank in the"},
		{"<sip:101@pbx>;auth_pass=a;auth_pass=b",
		 "account: auth_pass is given twice"},
		{"<sip:101@pbx>;auth_pass=a;auth_pass_cmd=b",
		 "account: either auth_pass or"},
		{"<sip:101@pbx>;regint=soon",
		 "account: regint=soon: a number from 0 to 300 is"},
		{"<sip:101@pbx>;regint=4294967297",
		 "account: regint=4294967297: a number"},
		{"<sip:101@pbx>;mediaenc=sdes",
		 "account: mediaenc=sdes: srtp, srtp-mand, srtp-mandf or"
		 " dtls_srtp is expected"},
		{"<sip:101@pbx>;outbound=proxy", "account: outbound: an"},
		{"<sip:101@pbx>;auth_user=\"a\\\"b\"",
		 "account: auth_user: no \" and no \\ can stand"},
		{"<sip:101@pbx>;auth_pass=\"x", "a quote is left open"},
		{"<sip:101@pbx.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa>",
		 "account: the address is too long"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		char file[600];
		struct cfg *cfg;

		/* the line before and the line after are still read */
		snprintf(file, sizeof(file), "account <sip:99@pbx>\n"
			 "account %s\nexpires x\n", rowv[i].rest);
		put("config", file);
		cfg = load(NULL);
		row_uint(i, 2, cfg->errorc);
		row_uint(i, 2, cfg->errorv[0].line);
		if (strncmp(rowv[i].want, cfg->errorv[0].text,
			    strlen(rowv[i].want)))
			row_str(i, rowv[i].want, cfg->errorv[0].text);
		row_uint(i, 3, cfg->errorv[1].line);
		row_uint(i, 1, cfg->accountc);
		mem_deref(cfg);
		clear();
	}
}


static void test_lamps(void **state)
{
	static const struct {
		const char *text;
		const char *lamps, *errors;
	} rowv[] = {
		{"spots 701-703", "701 702 703", ""},
		{"spots 701-702,711,*5901-*5902", "701 702 711 *5901 *5902",
		 ""},
		{"spots 008-011", "008 009 010 011", ""},
		{"spots 701-702;watch=park+{spot};park=*{spot}"
		 ";retrieve=*88{spot}",
		 "701(,park+{spot},*{spot},*88{spot},0)"
		 " 702(,park+{spot},*{spot},*88{spot},0)", ""},
		{"spot *5921;label=\"Front desk\";watch=park+*5921"
		 ";park=*5921;retrieve=*5921;account=102",
		 "*5921(Front desk,park+*5921,*5921,*5921,1)", ""},
		{"lamp 102;label=\"Anna\"\nlamp 103", "lamp:102(Anna,,,,0)"
		 " lamp:103", ""},
		{"spot \"#72\"", "#72", ""},
		/* a range and a line of its own go together, either way */
		{"spots 701-703\nspot 702;label=VIP", "701 702(VIP,,,,0) 703",
		 ""},
		{"spot 702;label=VIP\nspots 701-703", "702(VIP,,,,0) 701 703",
		 ""},
		{"spots 701-702;park=*{spot}\nspot 702;park=9",
		 "701(,,*{spot},,0) 702(,,9,,0)", ""},
		{"spot 702;park=9\nspots 701-702;park=*{spot};watch=w{spot}",
		 "702(,w{spot},9,,0) 701(,w{spot},*{spot},,0)", ""},
		/* the same number of two accounts is two lamps */
		{"spots 701-702\nspots 701-702;account=102",
		 "701 702 701(,,,,1) 702(,,,,1)", ""},
		{"spot 701;account=102@b\nspot 702;account=sip:102@b",
		 "701(,,,,1) 702(,,,,1)", ""},

		{"spot 701\nspot 701", "701",
		 "4 spot 701 is given twice: it was first in line 3"},
		{"spots 701-709\nspots 705-720", "701 702 703 704 705 706 707"
		 " 708 709",
		 "4 spot 705 is given twice: it was first in line 3"},
		{"spot 701\nlamp 701", "701",
		 "4 lamp 701 is given twice: it was first in line 3"},
		{"spot 701\nspots 702-703\nspot 701;account=101",
		 "701 702 703 701",
		 "5 701 is given twice: it was first in line 3"},
		{"spots 720-701", "", "3 spots 720-701: the range's first"
		 " number is greater than its last"},
		{"spots 701-703,x,705", "701 702 703 705", "3 spots x: a"
		 " range needs a number on both sides, such as 701-720 or"
		 " *5901-*5910"},
		{"spots 1-20001", "", "3 spots 1-20001: more than 20000"
		 " lamps"},
		{"spots 1-999999999999999999", "",
		 "3 spots 1-999999999999999999: more than 20000 lamps"},
		{"spots <1-<3", "", "3 spots: > is expected after <"},
		{"spots \"a b1-a b3\"", "", "3 spots a b1-a b3: a range of"
		 " numbers is expected, such as 701-720"},
		{"spots ,", "", "3 spots : a range needs a number on both"
		 " sides, such as 701-720 or *5901-*5910"},
		{"spots 1-2;label=x", "", "3 spots: unknown parameter"
		 " 'label'; known are watch, park, retrieve, account"},
		{"lamp 102;park=1", "", "3 lamp: unknown parameter 'park';"
		 " known are label, watch, retrieve, account"},
		{"spot 701 label=x", "", "3 spot 701 label=x: a number is"
		 " expected, such as 701;label=\"Front desk\""},
		{"spot 701;label=Front desk", "", "3 label: a blank in the"
		 " value: put the value in \"quotes\", or is a ; missing?"},
		{"spot 701;park={slot}", "", "3 spot: park: only {spot} and"
		 " {ext} are known in braces"},
		{"spot 701;label=a;label=b", "", "3 spot: label is given"
		 " twice"},
		{"spot 701;label=", "", "3 spot: label: a value is"
		 " expected"},
		{"spot 701;account=199", "701", "3 account=199: there is no"
		 " such account; the user part of an account line is"
		 " expected"},
		{"spots 701-720;account=199", NULL, "3 account=199: there is"
		 " no such account; the user part of an account line is"
		 " expected"},
		{"account <sip:102@c>\nspot 701;account=102", "701",
		 "4 account=102: there are 2 such accounts: write 102@HOST"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		char file[600];
		struct cfg *cfg;

		snprintf(file, sizeof(file), "account <sip:101@a>\n"
			 "account <sip:102@b>\n%s", rowv[i].text);
		put("config", file);
		cfg = load(NULL);
		row_str(i, rowv[i].errors, errors(cfg));
		if (rowv[i].lamps)
			row_str(i, rowv[i].lamps, lamps(cfg));
		mem_deref(cfg);
		clear();
	}
}


/* Many lamps, all there, and not one more */
static void test_many(void **state)
{
	struct cfg *cfg;
	(void)state;

	put("config", ACC "spots 10000-29998\nspot 5\nspot 6\nspot 7\n");
	cfg = load(NULL);
	assert_string_equal("4 more than 20000 lamps|5 more than 20000"
			    " lamps", errors(cfg));
	assert_int_equal(CFG_LAMPS_MAX, cfg->lampc);
	assert_int_equal(CFG_LAMPS_MAX, LAMPS_MAX);
	assert_string_equal("10000", cfg->lampv[0].spot);
	assert_string_equal("29998", cfg->lampv[19998].spot);
	assert_string_equal("5", cfg->lampv[19999].spot);
	mem_deref(cfg);
}


static void test_settings(void **state)
{
	static const struct {
		const char *text;
		const char *key, *val;
		const char *errors;
	} rowv[] = {
		{"", "pbx", "", ""},
		{"", "expires", "300", ""},
		{"", "nonsense", NULL, ""},
		{"pbx asterisk # ours", "pbx", "asterisk", ""},
		{"lot \"#72\"", "lot", "#72", ""},
		{"lot #72", "lot", "", "2 lot: a value is expected; a value"
		 " that begins with # needs \"quotes\""},
		{"lot", "lot", "", "2 lot: a value is expected"},
		{"lot \"\"", "lot", "", ""},
		{"park *{spot}", "park", "*{spot}", ""},
		{"park *{slot}", "park", "", "2 park *{slot}: only {spot} and"
		 " {ext} are known in braces"},
		{"expires 60", "expires", "60", ""},
		{"expires 59", "expires", "300", "2 expires 59: a number from"
		 " 60 to 86400 is expected"},
		{"expires 86401", "expires", "300", "2 expires 86401: a"
		 " number from 60 to 86400 is expected"},
		{"expires 300s", "expires", "300", "2 expires 300s: a number"
		 " from 60 to 86400 is expected"},
		{"expires -300", "expires", "300", "2 expires -300: a number"
		 " from 60 to 86400 is expected"},
		{"tls_verify off", "tls_verify", "no", ""},
		{"tls_verify TRUE", "tls_verify", "yes", ""},
		{"tls_verify maybe", "tls_verify", "yes", "2 tls_verify"
		 " maybe: yes or no is expected"},
		{"digits phone", "digits", "phone", ""},
		{"digits both", "digits", "spots", "2 digits both: spots or"
		 " phone is expected"},
		{"colour perhaps", "colour", "auto", "2 colour perhaps: auto,"
		 " yes or no is expected"},
		{"audio_source portaudio,USB Headset", "audio_source",
		 "portaudio,USB Headset", ""},
		{"pbx a\npbx b", "pbx", "a", "3 pbx is set twice: it was first"
		 " in line 2"},
		{"pbxx a", "pbx", "", "2 unknown key 'pbxx'; did you mean"
		 " 'pbx'?"},
		{"spost 701", "pbx", "", "2 unknown key 'spost'; did you mean"
		 " 'spots'?"},
		{"lot \"7 00\"", "lot", "", "2 lot 7 00: a number or an address"
		 " without blanks is expected, such as 700"},
		{"lot <700>", "lot", "", "2 lot <700>: a number or an address"
		 " without blanks is expected, such as 700"},
		{"group sip:58@pbx", "group", "sip:58@pbx", ""},
		{"sip_lisen 1", "pbx", "", "2 unknown key 'sip_lisen'; did you"
		 " mean 'sip_listen'?"},
		{"flux_compensator 1", "pbx", "", "2 unknown key"
		 " 'flux_compensator': 'parkdeck options' lists those that are"
		 " known"},
		{"module g711.so", "pbx", "", "2 'module': parkdeck has its"
		 " modules built in, this line of baresip's must go"},
		/* baresip's names for what we have, too */
		{"sip_verify_server no", "tls_verify", "no", ""},
		{"sip_cafile /ca.pem", "tls_ca", "/ca.pem", ""},
		{"call_max_calls 4", "max_calls", "4", ""},
		{"call_max_calls 4\nmax_calls 5", "max_calls", "4",
		 "3 max_calls is set twice: it was first in line 2"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		char file[300];
		struct cfg *cfg;

		snprintf(file, sizeof(file), ACC "%s\n", rowv[i].text);
		put("config", file);
		cfg = load(NULL);
		row_str(i, rowv[i].errors, errors(cfg));
		row_str(i, rowv[i].val, cfg_get(cfg, rowv[i].key));
		mem_deref(cfg);
		clear();
	}

	/* as numbers and truths */
	put("config", ACC "expires 77\nascii on\n");
	struct cfg *cfg = load(NULL);

	assert_int_equal(77, cfg_get_u32(cfg, "expires"));
	assert_int_equal(8, cfg_get_u32(cfg, "announce"));
	assert_int_equal(0, cfg_get_u32(cfg, "nonsense"));
	assert_true(cfg_get_bool(cfg, "ascii"));
	assert_true(cfg_get_bool(cfg, "tls_verify"));
	assert_false(cfg_get_bool(cfg, "sip_trace"));
	assert_false(cfg_get_bool(cfg, "nonsense"));
	assert_int_equal(300, cfg_get_u32(NULL, "expires"));
	mem_deref(cfg);
}


/* "ACTION KEY KEY|…" */
static const char *keys(const struct cfg *cfg)
{
	static char buf[512];
	size_t pos = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < cfg->keyc; i++)
		pos += (size_t)snprintf(buf + pos, sizeof(buf) - pos,
					"%s%u %s %s", i ? "|" : "",
					cfg->keyv[i].line,
					cfg->keyv[i].action,
					cfg->keyv[i].keys);

	return buf;
}


static void test_keys(void **state)
{
	static const struct {
		const char *text, *keys, *errors;
	} rowv[] = {
		{"", "", ""},
		{"key park p Ctrl-P", "2 park p Ctrl-P", ""},
		{"key park p\nkey undo u U", "2 park p|3 undo u U", ""},
		{"key park", "", "2 key: an action and its keys are"
		 " expected, such as: key park p Ctrl-P"},
		{"key", "", "2 key: a value is expected"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		char file[300];
		struct cfg *cfg;

		snprintf(file, sizeof(file), ACC "%s\n", rowv[i].text);
		put("config", file);
		cfg = load(NULL);
		row_str(i, rowv[i].errors, errors(cfg));
		row_str(i, rowv[i].keys, keys(cfg));
		mem_deref(cfg);
		clear();
	}
}


static void test_foreign(void **state)
{
	static const struct {
		const char *text, *baresip, *errors;
	} rowv[] = {
		{"sip_listen 0.0.0.0:5060",
		 "sip_listen\t\"0.0.0.0:5060\"\n", ""},
		{"sip_certificate \"/my certs/a.pem\"",
		 "sip_certificate\t\"/my certs/a.pem\"\n", ""},
		{"rtp_stats on", "rtp_stats\t\"yes\"\n", ""},
		{"rtp_ports 10000-20000", "rtp_ports\t\"10000-20000\"\n", ""},
		{"rtp_ports 20000-10000", "", "2 rtp_ports 20000-10000: two"
		 " numbers MIN-MAX are expected, such as 10000-20000"},
		{"rtp_ports 10000", "", "2 rtp_ports 10000: two numbers"
		 " MIN-MAX are expected, such as 10000-20000"},
		{"audio_buffer 0-0", "", "2 audio_buffer 0-0: two numbers"
		 " MIN-MAX are expected, such as 10000-20000"},
		{"rtp_tos x", "", "2 rtp_tos x: a number is expected"},
		{"auenc_format big", "", "2 auenc_format big: s16, float or"
		 " s24_3le is expected"},
		{"jitter_buffer_type fixed", "", "2 'jitter_buffer_type' is"
		 " decided by parkdeck itself, it must go"},
		{"audio_txmode thread\nvideo_size 1x1\npoll_method select",
		 "", "2 'audio_txmode' is decided by parkdeck itself, it must"
		 " go|3 'video_size' is decided by parkdeck itself, it must go"
		 "|4 'poll_method' is decided by parkdeck itself, it must go"},
		{"dns_server 10.0.0.1:53\ndns_server 10.0.0.2:53",
		 "dns_server\t\"10.0.0.1:53\"\ndns_server\t\"10.0.0.2:53\"\n",
		 ""},
		{"rtp_tos 184\nrtp_tos 0", "rtp_tos\t\"184\"\n", "3 rtp_tos is"
		 " set twice: it was first in line 2"},
		{"sip_certificate \"a\\\"b\"", "", "2 sip_certificate: no \""
		 " and no \\ can stand in this value"},
		{"sip_capath \"\"", "", ""},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		char file[300], val[64], key[32] = "", want[64] = "";
		struct conf *conf = NULL;
		struct cfg *cfg;

		snprintf(file, sizeof(file), ACC "%s\n", rowv[i].text);
		put("config", file);
		cfg = load(NULL);
		row_str(i, rowv[i].errors, errors(cfg));
		row_str(i, rowv[i].baresip, cfg->baresip);

		/* baresip's own parser takes the same value out of it */
		if (sscanf(cfg->baresip, "%31[^\t]\t\"%63[^\"]\"", key,
			   want) == 2) {
			row_int(i, 0, conf_alloc_buf(&conf, (uint8_t *)
						     cfg->baresip,
						     strlen(cfg->baresip)));
			row_int(i, 0, conf_get_str(conf, key, val,
						   sizeof(val)));
			row_str(i, want, val);
			mem_deref(conf);
		}

		mem_deref(cfg);
		clear();
	}
}


/* What a file may hold that is no configuration */
static void test_bytes(void **state)
{
	static char big[3 * CFG_LINE_MAX];
	static const struct {
		const char *p;
		size_t len;
		const char *errors;
	} rowv[] = {
#define T(s) s, sizeof(s) - 1
		{T(ACC "pbx a\0b\nexpires x"), "2 a NUL byte: only text is"
		 " expected|3 expires x: a number from 60 to 86400 is"
		 " expected"},
		{T(ACC "pbx \x1b[2J\r\n"), "2 a control character: only text"
		 " is expected"},
		{T(ACC "pbx \xe4\n"), "2 not valid UTF-8: save the file as"
		 " UTF-8"},
		{T("# \xe4 \x1b \0\n" ACC), ""},
		{T(ACC "= x\n"), "2 a key of a-z, 0-9 and _ is expected at the"
		 " line's start"},
		{T("\xef\xbb\xbf" ACC "\r\n\r\npbx a\r\n"), ""},
		{T(""), "0 no account: a line such as 'account"
		 " <sip:101@pbx.example.com>;auth_pass=secret' is expected"},
		{T("\xef\xbb\xbf"), "0 no account: a line such as 'account"
		 " <sip:101@pbx.example.com>;auth_pass=secret' is expected"},
		{T("\xff\xfe" "a\0c\0"), "1 a NUL byte: only text is expected"
		 "|0 no account: a line such as 'account"
		 " <sip:101@pbx.example.com>;auth_pass=secret' is expected"},
		{big, sizeof(big), "2 the line is too long: at most 4096 bytes"
		 " are expected|3 expires x: a number from 60 to 86400 is"
		 " expected"},
#undef T
	};
	(void)state;

	memset(big, 'x', sizeof(big));
	memcpy(big, ACC "pbx ", sizeof(ACC "pbx ") - 1);
	memcpy(big + sizeof(big) - 11, "\nexpires x\n", 11);

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct cfg *cfg;

		put_mem("config", rowv[i].p, rowv[i].len, 0600);
		cfg = load(NULL);
		row_str(i, rowv[i].errors, errors(cfg));
		mem_deref(cfg);
		clear();
	}
}


static void test_modes(void **state)
{
	static const struct {
		mode_t mode;
		const char *param;
		const char *want;       /* printf of the path            */
	} rowv[] = {
		{0600, ";auth_pass=x", ""},
		{0400, ";auth_pass=x", ""},
		{0644, "", ""},
		{0640, ";auth_pass=x", "0 the file holds a password and"
		 " others can get at it: chmod 600 %s"},
		{0604, ";auth_pass=x", "0 the file holds a password and"
		 " others can get at it: chmod 600 %s"},
		{0604, ";stunpass=x", "0 the file holds a password and"
		 " others can get at it: chmod 600 %s"},
		{0644, ";auth_pass_cmd=x", ""},
		{0664, ";auth_pass_cmd=x", "0 the file holds an auth_pass_cmd"
		 " and others could have written it: make it your own and"
		 " chmod 600 %s"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		char file[100], want[300];
		const char *path;
		struct cfg *cfg;

		snprintf(file, sizeof(file), "account <sip:1@a>%s\n",
			 rowv[i].param);
		path = put_mem("config", file, strlen(file), rowv[i].mode);
		cfg = load(NULL);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(want, sizeof(want), rowv[i].want, path);
#pragma GCC diagnostic pop
		row_str(i, want, errors(cfg));
		mem_deref(cfg);
		clear();
	}

	/* an included file counts for itself; even a wrong line's password */
	const char *path, *path2;
	char want[300];
	struct cfg *cfg;

	path = put_mem("config", "include secret\naccount <sip:1@a>\n", 33,
		       0644);
	path2 = put_mem("secret", "account <sip:2@a>;x=y;auth_pass=z\n", 34,
			0644);
	cfg = load(NULL);
	assert_int_equal(2, cfg->errorc);
	assert_string_equal(path2, cfg->errorv[1].file);
	snprintf(want, sizeof(want), "the file holds a password and others"
		 " can get at it: chmod 600 %s", path2);
	assert_string_equal(want, cfg->errorv[1].text);
	assert_string_not_equal(path, path2);
	mem_deref(cfg);
}


static void test_include(void **state)
{
	char sub[100], file[200];
	struct cfg *cfg;
	(void)state;

	/* relative to the file that names it, not to where we are */
	put("config", "include a.conf\n" ACC "spots 1-2\nexpires x\n");
	put("a.conf", "include b.conf\npbx asterisk\nexpires y\n");
	put("b.conf", "spots 3-4\n");
	cfg = load(NULL);
	assert_string_equal("3 expires y: a number from 60 to 86400 is"
			    " expected|4 expires x: a number from 60 to 86400"
			    " is expected", errors(cfg));
	snprintf(sub, sizeof(sub), "%s/a.conf", dir);
	assert_string_equal(sub, cfg->errorv[0].file);
	snprintf(sub, sizeof(sub), "%s/config", dir);
	assert_string_equal(sub, cfg->errorv[1].file);
	assert_string_equal("3 4 1 2", lamps(cfg));
	assert_string_equal("asterisk", cfg_get(cfg, "pbx"));
	mem_deref(cfg);
	clear();

	/* an absolute path; an empty file is fine */
	snprintf(file, sizeof(file), ACC "include %s/my file.conf\n"
		 "include /dev/null\n", dir);
	put("config", file);
	put("my file.conf", "pbx x\n");
	cfg = load(NULL);
	assert_string_equal("", errors(cfg));
	assert_string_equal("x", cfg_get(cfg, "pbx"));
	mem_deref(cfg);
	clear();

	/* loops, also by another name of the same file */
	snprintf(file, sizeof(file), ACC "include %s/./config\n", dir);
	put("config", file);
	cfg = load(NULL);
	snprintf(file, sizeof(file), "2 include: %s/./config includes itself",
		 dir);
	assert_string_equal(file, errors(cfg));
	mem_deref(cfg);
	clear();

	put("config", ACC "include a.conf\n");
	put("a.conf", "include config\n");
	cfg = load(NULL);
	snprintf(file, sizeof(file), "1 include: %s/config includes itself",
		 dir);
	assert_string_equal(file, errors(cfg));
	mem_deref(cfg);
	clear();

	/* not there, no file at all */
	put("config", ACC "include none\ninclude /\n");
	cfg = load(NULL);
	snprintf(file, sizeof(file), "2 %s/none does not exist|3 / is no"
		 " plain file", dir);
	assert_string_equal(file, errors(cfg));
	mem_deref(cfg);
	clear();
}


/* Files that include the next twice: bounded, not 2 to the power of depth */
static void test_include_bounds(void **state)
{
	char name[20], text[64];
	struct cfg *cfg;
	bool deep = false;
	(void)state;

	put("config", ACC "include f1\n");
	for (unsigned i = 1; i < 8; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		snprintf(text, sizeof(text), "include f%u\ninclude f%u\n",
			 i + 1, i + 1);
		put(name, text);
	}

	cfg = load(NULL);
	assert_true(cfg->errorc > 0);
	for (size_t i = 0; i < cfg->errorc; i++) {
		if (strstr(cfg->errorv[i].text, "more than 64 files"))
			deep = true;
	}
	assert_true(deep);
	mem_deref(cfg);
}


static void test_site(void **state)
{
	const char *site;
	struct cfg *cfg;
	char want[200];
	(void)state;

	site = put("site.conf", "pbx asterisk\nexpires 600\nspots 701-703\n"
		   "dns_server 1.1.1.1\ndns_server 2.2.2.2\nrtp_tos 1\n");
	put("config", ACC "expires 120\nspot 702;label=Mine\n"
	    "spots 703-704;park=9\ndns_server 3.3.3.3\nrtp_tos 2\n");
	cfg = load(site);
	assert_string_equal("", errors(cfg));
	assert_string_equal("asterisk", cfg_get(cfg, "pbx"));
	assert_string_equal("120", cfg_get(cfg, "expires"));
	assert_string_equal("701 702(Mine,,,,0) 703(,,9,,0) 704(,,9,,0)",
			    lamps(cfg));
	assert_string_equal("dns_server\t\"3.3.3.3\"\nrtp_tos\t\"2\"\n",
			    cfg->baresip);
	mem_deref(cfg);
	clear();

	/* a site's file alone is a configuration, but no account is not */
	site = put("site.conf", "pbx asterisk\n");
	cfg = load(site);
	assert_true(cfg->found);
	assert_int_equal(1, cfg->errorc);
	snprintf(want, sizeof(want), "%s/config", dir);
	assert_string_equal(want, cfg->errorv[0].file);
	mem_deref(cfg);
	clear();

	site = put("site.conf", "spot 701\naccount <sip:1@a>\n");
	put("config", "lamp 701\naccount <sip:1@a>\n");
	cfg = load(site);
	snprintf(want, sizeof(want), "1 lamp 701 is given twice: it was first"
		 " in %s line 1|2 account sip:1@a is given twice: it was first"
		 " in %s line 2", site, site);
	assert_string_equal(want, errors(cfg));
	mem_deref(cfg);
}


/* Mistakes are bounded, and the rest is counted */
static void test_errors(void **state)
{
	static char file[30000];
	static char out[40000];
	struct cfg *cfg;
	size_t pos = 0;
	(void)state;

	for (unsigned i = 0; i < 1000; i++)
		pos += (size_t)snprintf(file + pos, sizeof(file) - pos,
					"x y\n");
	put("config", file);
	cfg = load(NULL);
	assert_int_equal(CFG_ERRORS_MAX + 1, cfg->errorc);
	assert_string_equal("800 more mistakes are not shown",
			    cfg->errorv[CFG_ERRORS_MAX].text);

	assert_true(re_snprintf(out, sizeof(out), "%H", cfg_errors_print,
				cfg) > 0);
	assert_non_null(strstr(out, "/config:200: unknown key 'x'"));
	mem_deref(cfg);
	clear();

	/* accounts */
	for (unsigned i = 0, p = 0; i < CFG_ACCOUNTS_MAX + 1; i++)
		p += (unsigned)snprintf(file + p, sizeof(file) - p,
					"account <sip:%u@a>\n", i);
	put("config", file);
	cfg = load(NULL);
	assert_string_equal("17 account: at most 16 accounts are expected",
			    errors(cfg));
	assert_int_equal(CFG_ACCOUNTS_MAX, cfg->accountc);
	assert_int_equal(CFG_ACCOUNTS_MAX, ACCOUNTS_MAX);
	mem_deref(cfg);
}


static void test_dir(void **state)
{
	static const struct {
		const char *dir, *xdg, *home;
		int err;
		const char *want;
	} rowv[] = {
		{"/nowhere/x", NULL, NULL, 0, "/nowhere/x"},
		{"/usr/../usr/./bin", NULL, NULL, 0, "/usr/bin"},
		{NULL, "/nowhere/c", "/h", 0, "/nowhere/c/parkdeck"},
		{NULL, "relative", "/nowhere", 0,
		 "/nowhere/.config/parkdeck"},
		{NULL, NULL, "/nowhere", 0, "/nowhere/.config/parkdeck"},
		{NULL, NULL, NULL, ENOENT, NULL},
		{NULL, "", "", ENOENT, NULL},
	};
	char buf[512], want[600], cwd[512];
	char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	(void)state;

	xdg = xdg ? strdup(xdg) : NULL;
	home = home ? strdup(home) : NULL;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		unsetenv("XDG_CONFIG_HOME");
		unsetenv("HOME");
		if (rowv[i].xdg)
			setenv("XDG_CONFIG_HOME", rowv[i].xdg, 1);
		if (rowv[i].home)
			setenv("HOME", rowv[i].home, 1);

		row_int(i, rowv[i].err, cfg_dir(buf, sizeof(buf),
						rowv[i].dir));
		if (!rowv[i].err)
			row_str(i, rowv[i].want, buf);
	}

	assert_non_null(getcwd(cwd, sizeof(cwd)));
	snprintf(want, sizeof(want), "%s/no-such-folder", cwd);
	assert_int_equal(0, cfg_dir(buf, sizeof(buf), "no-such-folder"));
	assert_string_equal(want, buf);
	assert_int_equal(ENAMETOOLONG, cfg_dir(buf, 5, "/nowhere/x"));

	unsetenv("XDG_CONFIG_HOME");
	unsetenv("HOME");
	if (xdg)
		setenv("XDG_CONFIG_HOME", xdg, 1);
	if (home)
		setenv("HOME", home, 1);
	free(xdg);
	free(home);
}


static void test_lists(void **state)
{
	static const struct {
		const char *text;
		const char *lists, *errors;
	} rowv[] = {
		{"list parking-all", "parking-all(,spot,0)", ""},
		{"list sip:all@pbx;kind=extension;label=\"Colleagues\""
		 ";account=102", "sip:all@pbx(Colleagues,extension,1)", ""},
		{"list a\nlist b;kind=spot\nlist a;account=102",
		 "a(,spot,0) b(,spot,0) a(,spot,1)", ""},
		{"list a\nlist a", "a(,spot,0)",
		 "4 list a is given twice"},
		{"list a;kind=lamp", "", "3 list: kind lamp: spot or"
		 " extension is expected"},
		{"list a;watch=x", "", "3 list: unknown parameter 'watch';"
		 " known are label, account, kind"},
		{"list a;account=199", "a(,spot,0)", "3 account=199: there"
		 " is no such account; the user part of an account line is"
		 " expected"},
		{"list \"a b\"", "", "3 list a b: the list's name or address"
		 " is expected, such as parking-all or"
		 " sip:parking-all@pbx.example.com"},
		{"spot 701;kind=spot", "", "3 spot: unknown parameter 'kind';"
		 " known are label, watch, park, retrieve, account"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		char text[512], list[512] = "";
		struct cfg *cfg;
		size_t n = 0;

		snprintf(text, sizeof(text), "account <sip:101@a>\n"
			 "account <sip:102@a>\n%s\n", rowv[i].text);
		put("config", text);
		cfg = load(NULL);

		for (size_t k = 0; k < cfg->listc; k++) {

			const struct cfg_list *l = &cfg->listv[k];

			n += (size_t)snprintf(list + n, sizeof(list) - n,
				"%s%s(%s,%s,%u)", k ? " " : "", l->target,
				l->label ? l->label : "",
				l->kind == LAMP_SPOT ? "spot" : "extension",
				l->account);
		}
		row_str(i, rowv[i].lists, list);
		row_str(i, rowv[i].errors, errors(cfg));
		mem_deref(cfg);
		clear();
	}
}


/* Every default is a value that the row itself takes, every row has help */
static void test_table(void **state)
{
	static const struct cfg_option *(*tabv[])(void) = {
		cfg_options, cfg_lines, cfg_account_params,
	};
	(void)state;

	for (size_t t = 0; t < ROWS(tabv); t++) {

		const struct cfg_option *o;

		for (o = tabv[t](); o->key; o++) {

			char val[128], err[160];
			const size_t row = (size_t)(o - tabv[t]());

			row_true(row, o->help && strlen(o->help) > 5);
			row_true(row, o->help[strlen(o->help) - 1] == '.');
			row_true(row, o->def != NULL);
			row_bool(row, o->type == CFG_CHOICE,
				 o->choices != NULL);
			snprintf(val, sizeof(val), "%s", o->def);
			if (val[0])
				row_int(row, 0, cfg_option_check(o, val,
					sizeof(val), err, sizeof(err)));
			row_str(row, o->def, val);
		}
	}

	for (const struct cfg_foreign *f = cfg_foreign(); f->key; f++) {
		const size_t row = (size_t)(f - cfg_foreign());

		row_true(row, !cfg_option_find(f->key));
		row_true(row, !f->ours || cfg_option_find(f->ours));
	}
}


/* Files of pieces in any order: mistakes have text, what is kept is whole */
static void test_random(void **state)
{
	static const char *const wordv[] = {
		"account ", "spots ", "spot ", "lamp ", "pbx ", "lot ",
		"include ", "expires ", "rtp_ports ", "sip_listen ",
		"<sip:101@pbx>", "<sip:", ">", ";", "=", "\"", "\\", "#",
		" ", "\n", "\n", "\n", "\r\n", ";auth_pass=", ";account=",
		";label=", ";watch={spot}", "701", "701-709", "-", ",", "*59",
		"config", "x", "\xc3\xa4", "\xff", "\x1b", "yes",
	};
	unsigned seed = 31;
	(void)state;

	for (unsigned n = 0; n < 1500; n++) {

		char file[1024] = "";
		struct cfg *cfg;

		for (size_t pos = 0; pos + 32 < sizeof(file); ) {
			seed = seed * 1103515245u + 12345u;
			pos += (size_t)snprintf(file + pos,
						sizeof(file) - pos, "%s",
						wordv[(seed >> 16) %
						      ROWS(wordv)]);
			if ((seed >> 24) % 100 == 0)
				break;
		}

		put("config", file);
		cfg = load(NULL);

		for (size_t i = 0; i < cfg->errorc; i++)
			row_true(n, cfg->errorv[i].text[0] &&
				 cfg->errorv[i].file[0]);
		for (size_t i = 0; i < cfg->accountc; i++)
			row_str(n, "sip:101@pbx", cfg->accountv[i].aor);
		for (size_t i = 0; i < cfg->lampc; i++)
			row_true(n, cfg_number_ok(cfg->lampv[i].spot));

		mem_deref(cfg);
		clear();
	}
}


#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest testv[] = {
		T(test_none),
		T(test_accounts),
		T(test_account_mistakes),
		T(test_lamps),
		T(test_lists),
		T(test_many),
		T(test_settings),
		T(test_keys),
		T(test_foreign),
		T(test_bytes),
		T(test_modes),
		T(test_include),
		T(test_include_bounds),
		T(test_site),
		T(test_errors),
		T(test_dir),
		T(test_table),
		T(test_random),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
