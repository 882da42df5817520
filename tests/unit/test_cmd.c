/**
 * @file tests/unit/test_cmd.c  Commands: words, names, who carries them out
 */
#include "tests/lib/test.h"
#include <errno.h>
#include <re.h>
#include "app/cmd.h"


static void test_decode(void **state)
{
	static const struct {
		const char *line;
		enum command_id id;
		size_t argc;
		const char *a0, *a1;
	} rowv[] = {
		{"status",                COMMAND_STATUS,   0, NULL, NULL},
		{"  status  ",            COMMAND_STATUS,   0, NULL, NULL},
		{"stat",                  COMMAND_STATUS,   0, NULL, NULL},
		{"dial 100",              COMMAND_DIAL,     1, "100", NULL},
		{"di   100 ",             COMMAND_DIAL,     1, "100", NULL},
		{"dial 100 102@pbx",      COMMAND_DIAL,     2, "100", "102@pbx"},
		{"dial \"#72\"",          COMMAND_DIAL,     1, "#72", NULL},
		{"dial a\"b c\"d",        COMMAND_DIAL,     1, "ab cd", NULL},
		{"dial \"a\\\"b\\\\c\\d\"", COMMAND_DIAL,   1, "a\"b\\c\\d",
		 NULL},
		{"dial a\\b",             COMMAND_DIAL,     1, "a\\b", NULL},
		{"park",                  COMMAND_PARK,     0, NULL, NULL},
		{"park 701",              COMMAND_PARK,     1, "701", NULL},
		{"retr *5901",            COMMAND_RETRIEVE, 1, "*5901", NULL},
		{"note 701",              COMMAND_NOTE,     1, "701", NULL},
		{"note 701 call  back at 5", COMMAND_NOTE,  2, "701",
		 "call back at 5"},
		{"note 701 \"call  back\" soon", COMMAND_NOTE, 2, "701",
		 "call  back soon"},
		{"note 701 \"\"",         COMMAND_NOTE,     2, "701", ""},
		{"note 701 M\xc3\xbcller", COMMAND_NOTE,    2, "701",
		 "M\xc3\xbcller"},
		{"mute on",               COMMAND_MUTE,     1, "on", NULL},
		{"\"status\"",            COMMAND_STATUS,   0, NULL, NULL},
		{"quit",                  COMMAND_QUIT,     0, NULL, NULL},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct command cmd;
		char err[200];

		row_int(i, 0, command_decode(&cmd, rowv[i].line, err,
					     sizeof(err)));
		row_str(i, "", err);
		row_int(i, rowv[i].id, cmd.id);
		row_uint(i, rowv[i].argc, cmd.argc);
		row_str(i, rowv[i].a0, cmd.argv[0]);
		row_str(i, rowv[i].a1, cmd.argv[1]);
	}
}


static void test_wrong(void **state)
{
	static char longline[COMMAND_LINE + 1];
	static const struct {
		const char *line;
		int err;
		const char *text;
	} rowv[] = {
		{"", EINVAL, "a command is expected; 'help' lists them"},
		{"   ", EINVAL, "a command is expected; 'help' lists them"},
		{"prak", EINVAL,
		 "unknown command 'prak'; did you mean 'park'?"},
		{"retreive 701", EINVAL,
		 "unknown command 'retreive'; did you mean 'retrieve'?"},
		{"xyzzy", EINVAL, "unknown command 'xyzzy'; 'help' lists"
		 " them"},
		{"d 100", EINVAL, "'d' can be dial, dtmf or demo: write more"
		 " of it"},
		{"re", EINVAL, "'re' can be resume, retrieve, resubscribe or"
		 " reload: write more of it"},
		{"park 701 702", EINVAL, "park takes at most 1 word ([SPOT]),"
		 " 2 given"},
		{"undo 1 2 3 4 5 6 7 8 9 10", EINVAL, "undo takes no words,"
		 " 10 given"},
		{"dial", EINVAL, "dial needs WHERE [ACCOUNT]"},
		{"note", EINVAL, "note needs SPOT [TEXT]"},
		{"dial \"\"", EINVAL, "dial: an empty word is given, WHERE"
		 " [ACCOUNT] expected"},
		{"undo \"\"", EINVAL, "undo: an empty word is given, nothing"
		 " expected"},
		{"dial \"100", EINVAL, "dial: a quote is left open, \""
		 " expected"},
		{"note 701 a \"b", EINVAL, "note: a quote is left open, \""
		 " expected"},
		{"\"dial", EINVAL, "a quote is left open, \" expected"},
		{"dial 1\n", EINVAL, "the line holds a control character:"
		 " only text is expected"},
		{"dial\t1", EINVAL, "the line holds a control character:"
		 " only text is expected"},
		{"dial \x7f", EINVAL, "the line holds a control character:"
		 " only text is expected"},
		{"dial \xc2\x9b", EINVAL, "the line holds a control"
		 " character: only text is expected"},
		{"dial \xff", EINVAL, "the line is not valid UTF-8: only text"
		 " is expected"},
		{longline, E2BIG, "the line is too long: a command has at"
		 " most 1023 bytes"},
	};
	(void)state;

	memset(longline, 'x', sizeof(longline) - 1);

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct command cmd;
		char err[200];

		row_int(i, rowv[i].err, command_decode(&cmd, rowv[i].line,
						       err, sizeof(err)));
		row_str(i, rowv[i].text, err);
		row_int(i, COMMAND_NONE, cmd.id);
		row_uint(i, 0, cmd.argc);
	}
}


/* The longest line there is, cut into the most words: no byte too many */
static void test_bounds(void **state)
{
	char line[COMMAND_LINE];
	struct command cmd;
	char err[200];
	(void)state;

	for (size_t i = 0; i + 1 < sizeof(line); i++)
		line[i] = i % 2 ? 'x' : ' ';
	memcpy(line, "note 7", 6);
	line[sizeof(line) - 1] = '\0';

	assert_int_equal(0, command_decode(&cmd, line, err, sizeof(err)));
	assert_int_equal(2, cmd.argc);
	assert_true(cmd.argv[1] + strlen(cmd.argv[1]) <
		    cmd.buf + sizeof(cmd.buf));

	memcpy(line, "park x", 6);
	assert_int_equal(EINVAL, command_decode(&cmd, line, err,
						sizeof(err)));
	assert_int_equal(EINVAL, command_decode(&cmd, line, NULL, 0));
	assert_int_equal(EINVAL, command_decode(NULL, line, err,
						sizeof(err)));
}


/* Every command: a name of its own, help, and its own beginning is enough */
static void test_table(void **state)
{
	(void)state;

	for (int id = COMMAND_NONE + 1; id < COMMAND_IDS; id++) {

		struct command cmd;
		char line[100], err[200];

		row_true(id, command_name(id) && command_name(id)[0]);
		row_true(id, command_args(id) != NULL);
		row_true(id, command_help(id) && command_help(id)[0]);

		snprintf(line, sizeof(line), "%s%s", command_name(id),
			 command_args(id)[0] && command_args(id)[0] != '[' ?
			 " x" : "");
		row_int(id, 0, command_decode(&cmd, line, err, sizeof(err)));
		row_int(id, id, cmd.id);
	}

	assert_null(command_name(COMMAND_NONE));
	assert_null(command_name(COMMAND_IDS));
	assert_null(command_help(COMMAND_NONE));
	assert_null(command_args(COMMAND_IDS));
}


/* Any bytes: words stay inside the buffer, faults have a sentence */
static void test_random(void **state)
{
	static const char alphabet[] = "park note\"\\ 7\xc3\xa4\xff\x1b";
	unsigned seed = 7;
	(void)state;

	for (unsigned n = 0; n < 50000; n++) {

		struct command cmd;
		char line[80], err[200];
		size_t len;
		int e;

		seed = seed * 1103515245u + 12345u;
		len = (seed >> 16) % (sizeof(line) - 6);
		memcpy(line, n % 2 ? "note " : "park ", 5);
		for (size_t i = 0; i < len; i++) {
			seed = seed * 1103515245u + 12345u;
			line[5 + i] = alphabet[(seed >> 16) %
					       (sizeof(alphabet) - 1)];
		}
		line[5 + len] = '\0';

		e = command_decode(&cmd, line, err, sizeof(err));
		row_bool(n, e != 0, err[0] != '\0');
		row_true(n, cmd.argc <= COMMAND_ARGS);
		for (size_t i = 0; i < cmd.argc; i++)
			row_true(n, strlen(cmd.argv[i]) <= 5 + len);
	}
}


struct hand {
	unsigned runs;
	int err;
	char word[32];
};


static int hand_handler(const struct command *cmd, struct re_printf *reply,
			void *arg)
{
	struct hand *hand = arg;

	++hand->runs;
	str_ncpy(hand->word, cmd->argc ? cmd->argv[0] : "",
		 sizeof(hand->word));
	(void)re_hprintf(reply, hand->err ? "spot %s is occupied" :
			 "{\"spot\":\"%s\"}", hand->word);

	return hand->err;
}


static void test_run(void **state)
{
	struct commands *cs = NULL;
	struct hand a = {0}, b = {0};
	char out[64];
	(void)state;

	assert_int_equal(0, commands_alloc(&cs));

	assert_int_equal(ENOSYS, commands_runf(cs, out, sizeof(out),
					       "park 701"));
	assert_string_equal(out, "'park' cannot be done here");

	commands_attach(cs, COMMAND_PARK, hand_handler, &a);
	commands_attach(cs, COMMAND_IDS, hand_handler, &a);
	commands_attach(cs, COMMAND_NONE, hand_handler, &a);

	assert_int_equal(0, commands_runf(cs, out, sizeof(out), "park %u",
					  701u));
	assert_string_equal(out, "{\"spot\":\"701\"}");
	assert_int_equal(1, a.runs);

	a.err = EBUSY;
	assert_int_equal(EBUSY, commands_runf(cs, out, sizeof(out), "park %s",
					      "702"));
	assert_string_equal(out, "spot 702 is occupied");

	/* a short buffer is filled, not overrun */
	assert_int_equal(EBUSY, commands_runf(cs, out, 5, "park 702"));
	assert_string_equal(out, "spot");
	assert_int_equal(EBUSY, commands_runf(cs, NULL, 0, "park 702"));

	/* the second takes the place of the first, NULL detaches */
	commands_attach(cs, COMMAND_PARK, hand_handler, &b);
	assert_int_equal(0, commands_runf(cs, out, sizeof(out), "park 703"));
	assert_int_equal(1, b.runs);
	assert_int_equal(4, a.runs);
	commands_attach(cs, COMMAND_PARK, NULL, NULL);
	assert_int_equal(ENOSYS, commands_runf(cs, out, sizeof(out),
					       "park"));

	assert_int_equal(EINVAL, commands_runf(cs, out, sizeof(out),
					       "prak"));
	assert_string_equal(out,
			    "unknown command 'prak'; did you mean 'park'?");
	assert_int_equal(1, b.runs);

	mem_deref(cs);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_decode),
		unit_test(test_wrong),
		unit_test(test_bounds),
		unit_test(test_table),
		unit_test(test_random),
		unit_test(test_run),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
