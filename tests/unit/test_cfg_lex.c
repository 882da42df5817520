/**
 * @file tests/unit/test_cfg_lex.c  Lexer of the configuration
 */
#include "tests/lib/test.h"
#include "app/cfg_lex_model.h"


static struct cfg_piece piece(const char *str)
{
	return (struct cfg_piece){str, strlen(str)};
}


static const char *text(struct cfg_piece pc)
{
	static char buf[CFG_LINE_MAX + 1];

	memcpy(buf, pc.p, pc.l);
	buf[pc.l] = '\0';

	return buf;
}


static void test_next(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *linev[4];
	} rowv[] = {
		{"",               0, {NULL}},
		{"a",              1, {"a"}},
		{"a\n",            1, {"a"}},
		{"a\r\nb\r\n",     2, {"a", "b"}},
		{"a\n\nb",         3, {"a", "", "b"}},
		{"\r\n",           1, {""}},
		{"a\rb\n",         1, {"a\rb"}},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct cfg_piece rest = piece(rowv[i].text), line;
		size_t n = 0;

		while (cfg_lex_next(&line, &rest)) {
			row_true(i, n < rowv[i].n);
			row_str(i, rowv[i].linev[n++], text(line));
		}

		row_uint(i, rowv[i].n, n);
	}
}


static void test_line(void **state)
{
	static const struct {
		const char *line;
		enum cfg_fault fault;
		const char *key, *val;
		bool comment;
	} rowv[] = {
		{"",                    CFG_BLANK, "", NULL, false},
		{"  \t ",               CFG_BLANK, "", NULL, false},
		{"# account x",         CFG_BLANK, "", NULL, false},
		{"   # \xff",           CFG_BLANK, "", NULL, false},
		{"pbx asterisk",        CFG_FINE, "pbx", "asterisk", false},
		{"  pbx\t\tasterisk  ", CFG_FINE, "pbx", "asterisk", false},
		{"pbx",                 CFG_FINE, "pbx", "", false},
		{"pbx a # b",           CFG_FINE, "pbx", "a", true},
		{"pbx a\t#b",           CFG_FINE, "pbx", "a", true},
		{"lot a#b",             CFG_FINE, "lot", "a#b", false},
		{"lot #72",             CFG_FINE, "lot", "", true},
		{"lot \"#72\"",         CFG_FINE, "lot", "\"#72\"", false},
		{"spot 1;label=\"a # b\" # c", CFG_FINE, "spot",
		 "1;label=\"a # b\"", true},
		{"lot \"a\\\" # b\" # c", CFG_FINE, "lot", "\"a\\\" # b\"",
		 true},
		{"lot a\\\"b # c\"",    CFG_FINE, "lot", "a\\\"b # c\"",
		 false},
		{"lot \"a\\\\\" # c",   CFG_FINE, "lot", "\"a\\\\\"", true},
		{"lot \"a",             CFG_QUOTE_OPEN, "lot", NULL, false},
		{"lot \"a\\\"",         CFG_QUOTE_OPEN, "lot", NULL, false},
		{"l\xc3\xb6t 7",        CFG_BAD_KEY, NULL, NULL, false},
		{"<sip:a@b>",           CFG_BAD_KEY, "", NULL, false},
		{"lot=700",             CFG_BAD_KEY, NULL, NULL, false},
		{"lot a\x1b[2J",        CFG_CONTROL, NULL, NULL, false},
		{"lot a\rb",            CFG_CONTROL, NULL, NULL, false},
		{"lot a\xc2\x9b",       CFG_CONTROL, NULL, NULL, false},
		{"lot a\xff",           CFG_NOT_UTF8, NULL, NULL, false},
		{"lot M\xc3\xbcller",   CFG_FINE, "lot", "M\xc3\xbcller",
		 false},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct cfg_line line;

		row_int(i, rowv[i].fault,
			cfg_lex_line(&line, piece(rowv[i].line)));
		if (rowv[i].fault)
			continue;

		row_str(i, rowv[i].key, line.key);
		row_str(i, rowv[i].val, text(line.val));
		row_bool(i, rowv[i].comment, line.comment);
	}

	/* a NUL byte, too long a key, too long a line */
	struct cfg_line line;
	static char big[CFG_LINE_MAX + 2];

	assert_int_equal(CFG_NUL, cfg_lex_line(&line, (struct cfg_piece)
					       {"lot a\0b", 7}));
	memset(big, 'k', sizeof(big) - 1);
	assert_int_equal(CFG_TOO_LONG, cfg_lex_line(&line, piece(big)));
	big[CFG_KEY_MAX] = '\0';
	assert_int_equal(CFG_BAD_KEY, cfg_lex_line(&line, piece(big)));
	big[CFG_KEY_MAX - 1] = '\0';
	assert_int_equal(CFG_FINE, cfg_lex_line(&line, piece(big)));
	memset(big, 'k', sizeof(big) - 1);
	big[1] = ' ';
	big[CFG_LINE_MAX] = '\0';
	assert_int_equal(CFG_FINE, cfg_lex_line(&line, piece(big)));
	assert_int_equal(CFG_LINE_MAX - 2, line.val.l);
}


static void test_text(void **state)
{
	static const struct {
		const char *raw;
		size_t size;
		enum cfg_fault fault;
		const char *want;
	} rowv[] = {
		{"plain",                 32, CFG_FINE, "plain"},
		{"two words",             32, CFG_FINE, "two words"},
		{"\"two words\"",         32, CFG_FINE, "two words"},
		{"\"a \\\"b\\\" c\"",     32, CFG_FINE, "a \"b\" c"},
		{"\"a\\\\b\"",            32, CFG_FINE, "a\\b"},
		{"\"a\\b\"",              32, CFG_FINE, "a\\b"},
		{"a\\b",                  32, CFG_FINE, "a\\b"},
		{"a\\\\b",                32, CFG_FINE, "a\\\\b"},
		{"portaudio,\"USB A\"",   32, CFG_FINE, "portaudio,USB A"},
		{"\"\"",                  32, CFG_FINE, ""},
		{"\"open",                32, CFG_QUOTE_OPEN, "open"},
		{"abc",                    3, CFG_TOO_LONG, ""},
		{"abc",                    4, CFG_FINE, "abc"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		char buf[32];

		row_int(i, rowv[i].fault, cfg_lex_text(buf, rowv[i].size,
						       piece(rowv[i].raw)));
		row_str(i, rowv[i].want, buf);
	}
}


static void test_split(void **state)
{
	static const struct {
		const char *raw;
		enum cfg_fault fault;
		size_t n;
		const char *pv[4];
	} rowv[] = {
		{"701",             CFG_FINE, 1, {"701"}},
		{"701 ; a=b",       CFG_FINE, 2, {"701", "a=b"}},
		{"<sip:a@b;x=y>;c=d;e=f", CFG_FINE, 3,
		 {"<sip:a@b;x=y>", "c=d", "e=f"}},
		{"1;l=\"a;b\";c=d", CFG_FINE, 3, {"1", "l=\"a;b\"", "c=d"}},
		{"1;l=\"<\";c=d",   CFG_FINE, 3, {"1", "l=\"<\"", "c=d"}},
		{"1;",              CFG_FINE, 2, {"1", ""}},
		{";",               CFG_FINE, 2, {"", ""}},
		{"",                CFG_FINE, 1, {""}},
		{"<sip:a@b;c=d",    CFG_ANGLE_OPEN, 1, {"<sip:a@b;c=d"}},
		{"1;l=\"a",         CFG_QUOTE_OPEN, 0, {NULL}},
		{"0;1;2;3;4;5;6;7;8;9;0;1;2;3;4;5;6;7;8;9;0;1;2;3;4;5;6;7;8;"
		 "9;0;1;2", CFG_TOO_MANY, 0, {NULL}},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct cfg_piece pv[CFG_PIECES_MAX];
		size_t n = 99;

		row_int(i, rowv[i].fault,
			cfg_lex_split(pv, &n, piece(rowv[i].raw)));
		if (rowv[i].fault)
			continue;

		row_uint(i, rowv[i].n, n);
		for (size_t k = 0; k < n; k++)
			row_str(i, rowv[i].pv[k], text(pv[k]));
	}
}


static void test_param(void **state)
{
	static const struct {
		const char *raw;
		enum cfg_fault fault;
		const char *name, *val;
	} rowv[] = {
		{"label=Anna",         CFG_FINE, "label", "Anna"},
		{"label = Anna",       CFG_FINE, "label", "Anna"},
		{"label=\"Front d\"",  CFG_FINE, "label", "Front d"},
		{"label=\"a\\\"b\"",   CFG_FINE, "label", "a\"b"},
		{"pass=a=b",           CFG_FINE, "pass", "a=b"},
		{"pass=a#b",           CFG_FINE, "pass", "a#b"},
		{"label=",             CFG_FINE, "label", ""},
		{"label",              CFG_NO_VALUE, "label", ""},
		{"label=Front desk",   CFG_HAS_BLANK, "label", ""},
		{"label Anna=x",       CFG_HAS_BLANK, "label Anna", ""},
		{"",                   CFG_NO_NAME, "", ""},
		{"=x",                 CFG_NO_NAME, "", ""},
		{"\"label\"=x",        CFG_NO_NAME, "\"label\"", ""},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct cfg_piece name;
		char val[64] = "?";

		row_int(i, rowv[i].fault, cfg_lex_param(&name, val,
							sizeof(val),
							piece(rowv[i].raw)));
		row_str(i, rowv[i].name, text(name));
		row_str(i, rowv[i].val, val);
	}
}


static void test_range(void **state)
{
	static const struct {
		const char *list;
		enum cfg_fault fault;
		const char *first, *last;
		uint64_t count;
		const char *rest;
	} rowv[] = {
		{"701-720",       CFG_FINE, "701", "720", 20, ""},
		{"711",           CFG_FINE, "711", "711", 1, ""},
		{"701-705,711",   CFG_FINE, "701", "705", 5, "711"},
		{" 701 - 702 , 9", CFG_FINE, "701", "702", 2, " 9"},
		{"*5901-*5910",   CFG_FINE, "*5901", "*5910", 10, ""},
		{"*5901-5910",    CFG_FINE, "*5901", "*5910", 10, ""},
		{"park+1-park+3", CFG_FINE, "park+1", "park+3", 3, ""},
		{"001-010",       CFG_FINE, "001", "010", 10, ""},
		{"000-000",       CFG_FINE, "000", "000", 1, ""},
		{"98-101",        CFG_FINE, "98", "101", 4, ""},
		{"0-10",          CFG_FINE, "0", "10", 11, ""},
		{"999999999999999998-999999999999999999", CFG_FINE,
		 "999999999999999998", "999999999999999999", 2, ""},
		{"",              CFG_BLANK, NULL, NULL, 0, ""},
		{",701",          CFG_NO_DIGITS, NULL, NULL, 0, "701"},
		{"701-",          CFG_NO_DIGITS, NULL, NULL, 0, ""},
		{"-701",          CFG_NO_DIGITS, NULL, NULL, 0, ""},
		{"a-b",           CFG_NO_DIGITS, NULL, NULL, 0, ""},
		{"701-720-730",   CFG_PREFIX, NULL, NULL, 0, ""},
		{"9999999999999999999", CFG_NO_DIGITS, NULL, NULL, 0, ""},
		{"*1-#9",         CFG_PREFIX, NULL, NULL, 0, ""},
		{"1-*9",          CFG_PREFIX, NULL, NULL, 0, ""},
		{"720-701,5",     CFG_BACKWARDS, NULL, NULL, 0, "5"},
		{"09-101",        CFG_WIDTH, NULL, NULL, 0, ""},
		{"0123456789012345678901234567890123456789012345678901234567"
		 "x1",            CFG_FINE,
		 "0123456789012345678901234567890123456789012345678901234567"
		 "x1",
		 "0123456789012345678901234567890123456789012345678901234567"
		 "x1", 1, ""},
		{"0123456789012345678901234567890123456789012345678901234567"
		 "xxxxx1",        CFG_TOO_LONG, NULL, NULL, 0, ""},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct cfg_piece list = piece(rowv[i].list), item;
		struct cfg_range range;
		char buf[CFG_NUMBER_MAX];

		row_int(i, rowv[i].fault,
			cfg_lex_range(&range, &list, &item));
		row_str(i, rowv[i].rest, text(list));
		if (rowv[i].fault)
			continue;

		row_uint(i, rowv[i].count, range.last - range.first + 1);
		cfg_range_number(buf, &range, 0);
		row_str(i, rowv[i].first, buf);
		cfg_range_number(buf, &range, range.last - range.first);
		row_str(i, rowv[i].last, buf);
	}
}


static void test_number(void **state)
{
	static const struct {
		const char *number;
		bool ok;
	} rowv[] = {
		{"701", true}, {"*5921", true}, {"park+*5921", true},
		{"#72", true}, {"anna.b-c_d", true}, {"", false},
		{NULL, false}, {"a b", false}, {"a@b", false},
		{"sip:701", false}, {"<701>", false}, {"7;1", false},
		{"M\xc3\xbcller", false},
		{"0123456789012345678901234567890123456789012345678901234567"
		 "89012", true},
		{"0123456789012345678901234567890123456789012345678901234567"
		 "890123", false},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++)
		row_bool(i, rowv[i].ok, cfg_number_ok(rowv[i].number));
}


static void test_template(void **state)
{
	static const struct {
		const char *tmpl;
		bool ok;
	} rowv[] = {
		{"", true}, {"700", true}, {"*{spot}", true},
		{"park+{spot}", true}, {"{spot}{ext}", true},
		{"sip:{spot}@park.example.com", true},
		{"{slot}", false}, {"{spot", false}, {"spot}", false},
		{"{}", false}, {"{{spot}}", false}, {"a b", false},
		{"<{spot}>", false}, {"\"{spot}\"", false},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++)
		row_bool(i, rowv[i].ok, !cfg_template_fault(rowv[i].tmpl));
}


static void test_fault_text(void **state)
{
	(void)state;

	for (int i = 0; i < CFG_FAULTS; i++)
		row_true(i, cfg_fault_text(i) &&
			 strlen(cfg_fault_text(i)) > 5);

	assert_string_equal("?", cfg_fault_text(CFG_FAULTS));
}


/* Any bytes: nothing is read or written beyond, quotes come off whole */
static void test_random(void **state)
{
	static const char alphabet[] = "\"\\;#<>= \ta1-*,{}\xc3\xa4\xff\r";
	unsigned seed = 99;
	(void)state;

	for (unsigned n = 0; n < 50000; n++) {

		struct cfg_piece pv[CFG_PIECES_MAX], raw, item, name;
		struct cfg_range range;
		struct cfg_line line;
		char *buf, val[64];
		size_t len, pc = 0;

		seed = seed * 1103515245u + 12345u;
		len = (seed >> 16) % 60;

		/* on the heap, exactly: the sanitizer sees a byte too many */
		buf = malloc(len + 1);
		assert_non_null(buf);
		memcpy(buf, "k ", len < 2 ? len : 2);
		for (size_t i = 2; i < len; i++) {
			seed = seed * 1103515245u + 12345u;
			buf[i] = alphabet[(seed >> 16) %
					  (sizeof(alphabet) - 1)];
		}
		buf = realloc(buf, len ? len : 1);
		assert_non_null(buf);
		raw.p = buf;
		raw.l = len;

		if (cfg_lex_line(&line, raw) == CFG_FINE) {

			row_true(n, line.val.l <= len);
			row_int(n, CFG_FINE, cfg_lex_text(val, sizeof(val),
							  line.val));
			row_true(n, strlen(val) <= line.val.l);

			if (cfg_lex_split(pv, &pc, line.val) == CFG_FINE) {
				for (size_t i = 0; i < pc; i++)
					(void)cfg_lex_param(&name, val,
							    sizeof(val),
							    pv[i]);
			}

			while (cfg_lex_range(&range, &line.val, &item) !=
			       CFG_BLANK)
				;
		}

		free(buf);
	}
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_next),
		unit_test(test_line),
		unit_test(test_text),
		unit_test(test_split),
		unit_test(test_param),
		unit_test(test_range),
		unit_test(test_number),
		unit_test(test_template),
		unit_test(test_fault_text),
		unit_test(test_random),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
