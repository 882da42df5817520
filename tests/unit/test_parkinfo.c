/**
 * @file tests/unit/test_parkinfo.c  Test: what park-info bodies mean
 *
 * tests/data/park-info holds bodies, all made up: the real one is not
 * published. Each has a golden text beside it. To write them anew, and then
 * read them:
 *
 *   GOLDEN=write build/dev/tests/test_unit_parkinfo
 */
#include <dirent.h>
#include "tests/lib/test.h"
#include "app/text_model.h"
#include "modules/blf/parkinfo_model.h"

#define DIR_NAME TEST_DATA "/park-info"

enum {
	CORPUS_MIN = 18,
	BODY_SZ = 16384,
};


static const char *dump(char *buf, size_t size, const struct parkinfo *pi)
{
	(void)snprintf(buf, size, "%s%s\nwho \"%s\"\nnumber \"%s\"\n"
		       "by \"%s\"\nplace \"%s\"\nretrieve \"%s\"\n",
		       pi->cleared ? "cleared" : "parked",
		       pi->understood ? "" : ", not understood", pi->who,
		       pi->number, pi->by, pi->place, pi->retrieve);

	return buf;
}


static char *load(const char *path, size_t *len)
{
	static char buf[BODY_SZ];
	FILE *f = fopen(path, "rb");
	char *p;

	if (!f)
		return NULL;
	*len = fread(buf, 1, sizeof(buf) - 1, f);
	fclose(f);

	/* one byte too far is seen */
	p = malloc(*len + 1);
	if (p) {
		memcpy(p, buf, *len);
		p[*len] = '\0';
	}

	return p;
}


static int is_body(const struct dirent *de)
{
	const char *dot = strrchr(de->d_name, '.');

	return dot && dot != de->d_name && strcmp(dot, ".txt") != 0;
}


static void test_corpus(void **state)
{
	const char *golden_env = getenv("GOLDEN");
	struct dirent **dev;
	int i, n, bad = 0;
	(void)state;

	n = scandir(DIR_NAME, &dev, is_body, alphasort);
	assert_true(n >= CORPUS_MIN);

	for (i = 0; i < n; i++) {

		char path[512], text[1024], *body, *golden;
		struct parkinfo pi;
		size_t len, glen;

		snprintf(path, sizeof(path), DIR_NAME "/%s", dev[i]->d_name);
		body = load(path, &len);
		assert_non_null(body);
		parkinfo_decode(&pi, body, len);
		free(body);
		dump(text, sizeof(text), &pi);

		strcpy(strrchr(path, '.'), ".txt");
		if (golden_env && !strcmp(golden_env, "write")) {
			FILE *f = fopen(path, "wb");

			assert_non_null(f);
			fputs(text, f);
			fclose(f);
		}

		golden = load(path, &glen);
		if (!golden || strcmp(golden, text)) {
			print_error("%s: expected\n%sactual\n%s\n",
				    dev[i]->d_name, golden ? golden : "",
				    text);
			++bad;
		}
		free(golden);
		free(dev[i]);
	}
	free(dev);

	assert_int_equal(0, bad);
}


/* One name and its value */
static void test_names(void **state)
{
	static const struct {
		const char *path;
		const char *value;
		const char *who, *number, *by, *place, *retrieve;
	} rowv[] = {
		{"caller-name", "Anna",         "Anna", "", "", "", ""},
		{"callerName", " \"Anna\" ",    "Anna", "", "", "", ""},
		{"CALLER_NUMBER", "0301",       "", "0301", "", "", ""},
		{"caller", "Anna <sip:0301@x>", "Anna", "0301", "", "", ""},
		{"caller", "\"Anna\" <0301>",   "Anna", "0301", "", "", ""},
		{"caller", "sip:%2b49@x;t=u",   "", "%2b49", "", "", ""},
		{"caller", "tel:+49-30",        "", "+49-30", "", "", ""},
		{"callerExtension", "104",      "", "104", "", "", ""},
		{"parked", "Anna",              "Anna", "", "", "", ""},
		{"parked", "true",              "", "", "", "", ""},
		{"parkedNumber", "0301",        "", "0301", "", "", ""},
		{"parkedBy", "Ben",             "", "", "Ben", "", ""},
		{"parked_by", "(null)",         "", "", "", "", ""},
		{"parker", "NULL",              "", "", "", "", ""},
		{"parker", "sip:102@x",         "", "", "102", "", ""},
		{"parker/extension", "102",     "", "", "102", "", ""},
		{"referred-by", "<sip:102@x>",  "", "", "102", "", ""},
		{"parkedExtension", "101",      "", "", "", "101", ""},
		{"parked-on", "sip:101@x",      "", "", "", "101", ""},
		{"orbit", "*5901",              "", "", "", "*5901", ""},
		{"extension", "a b",            "", "", "", "", ""},
		{"retrieve", "*88101",          "", "", "", "", "*88101"},
		{"retrieveCode", "sip:*88@x",   "", "", "", "", "*88"},
		{"retrieve", "press it",        "", "", "", "", ""},
		{"park-info/@caller", "Anna",   "Anna", "", "", "", ""},
		{"weather", "fine",             "", "", "", "", ""},
		{"", "x",                       "", "", "", "", ""},
		{"///@@", "x",                  "", "", "", "", ""},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct parkinfo_reader rd;
		struct parkinfo pi;

		parkinfo_begin(&rd, &pi);
		parkinfo_pair(&rd, rowv[i].path, rowv[i].value);
		parkinfo_end(&rd);

		row_str(i, rowv[i].who, pi.who);
		row_str(i, rowv[i].number, pi.number);
		row_str(i, rowv[i].by, pi.by);
		row_str(i, rowv[i].place, pi.place);
		row_str(i, rowv[i].retrieve, pi.retrieve);
		row_false(i, pi.cleared);
	}
}


/* Does he wait there? Only a clear word says that he does not */
static void test_states(void **state)
{
	static const struct {
		const char *body;
		bool cleared, understood;
	} rowv[] = {
		{"",                                    false, false},
		{"\n\r\n",                              false, false},
		{"hello",                               false, false},
		{"<x/>",                                false, false},
		{"<x><callpark/></x>",                  true,  true},
		{"<x><callpark a=''/></x>",             true,  true},
		{"<x><callpark><parked/></callpark>",   false, false},
		{"<x><state>parked</state></x>",        false, true},
		{"<x><state>retrieved</state></x>",     true,  true},
		{"<x state='Terminated'><caller>1</caller></x>", true, true},
		{"<x state='weird'/>",                  false, false},
		{"{}",                                  false, false},
		{"{\"state\":\"idle\"}",                true,  true},
		{"{\"parked\":false}",                  true,  true},
		{"{\"parked\":0}",                      true,  true},
		{"{\"retrieved\":true}",                true,  true},
		{"{\"retrieved\":false,\"caller\":\"1\"}", false, true},
		{"event: hangup\n",                     true,  true},
		{"event: park\n",                       false, true},
		{"event: park\nstate: idle\n",          false, true},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct parkinfo pi;

		parkinfo_decode(&pi, rowv[i].body, strlen(rowv[i].body));
		row_bool(i, rowv[i].cleared, pi.cleared);
		row_bool(i, rowv[i].understood, pi.understood);
	}

	parkinfo_decode(NULL, "x", 1);
}


static void check_text(const char *s)
{
	const size_t n = strlen(s);

	assert_true(n < PARKINFO_SZ);
	assert_int_equal(UCHAR_OK, uchar_check(s, n));
	for (size_t i = 0; i < n; i++)
		assert_true((unsigned char)s[i] >= 0x20 && s[i] != 0x7f);
}


/* Long and broken texts are cut at a letter, and nothing is printed raw */
static void test_hostile(void **state)
{
	static char body[70000];
	struct parkinfo pi;
	size_t n;
	(void)state;

	n = (size_t)sprintf(body, "caller: ");
	while (n < sizeof(body) - 4)
		n += (size_t)sprintf(body + n, "\xc3\xa4");
	parkinfo_decode(&pi, body, n);
	check_text(pi.who);
	assert_true(strlen(pi.who) > 80);

	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (char)(i * 7919 % 251 + 5);
	memcpy(body, "caller:", 7);
	parkinfo_decode(&pi, body, sizeof(body));
	check_text(pi.who);
	check_text(pi.number);

	memset(body, '[', sizeof(body));
	parkinfo_decode(&pi, body, sizeof(body));
	assert_false(pi.understood);

	memcpy(body, "<a>", 3);
	for (size_t i = 3; i + 3 <= sizeof(body); i += 3)
		memcpy(body + i, "<a>", 3);
	parkinfo_decode(&pi, body, sizeof(body));
	assert_false(pi.understood);

	parkinfo_decode(&pi, "caller: A\0B", 11);
	assert_string_equal("A", pi.who);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_corpus),
		unit_test(test_names),
		unit_test(test_states),
		unit_test(test_hostile),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
