/**
 * @file app/cmd.c  Wishes: the table of commands, decoding, carrying out
 */
#include <string.h>
#include <re.h>
#include "app/cmd.h"
#include "app/text_model.h"

/** A row of the table; the order is the order of the help */
struct row {
	const char *name;
	size_t min, max;        /* Words after the name                  */
	bool rest;              /* The last word takes all that follows  */
	const char *args;
	const char *help;
};

static const struct row rowv[COMMAND_IDS] = {
	[COMMAND_STATUS] = {"status", 0, 0, false, "",
		"Tell all that the phone knows: accounts, calls, lamps, "
		"parked calls"},
	[COMMAND_DIAL] = {"dial", 1, 2, false, "WHERE [ACCOUNT]",
		"Call a number or a SIP address, by the first account or the "
		"one named"},
	[COMMAND_ANSWER] = {"answer", 0, 1, false, "[CALL]",
		"Answer the call that rings, or the one with that id"},
	[COMMAND_HANGUP] = {"hangup", 0, 1, false, "[CALL]",
		"End the call in hand, or refuse the one that rings"},
	[COMMAND_HOLD] = {"hold", 0, 1, false, "[CALL]",
		"Put the call on hold"},
	[COMMAND_RESUME] = {"resume", 0, 1, false, "[CALL]",
		"Talk again on a call that is on hold"},
	[COMMAND_MUTE] = {"mute", 0, 1, false, "[on|off]",
		"Switch the microphone off and on"},
	[COMMAND_DTMF] = {"dtmf", 1, 1, false, "KEYS",
		"Send keypad tones: 0-9 * # A-D"},
	[COMMAND_TRANSFER] = {"transfer", 1, 1, false, "WHERE",
		"Give the call in hand to another number (blind)"},
	[COMMAND_ATTENDED] = {"attended", 0, 1, false, "[WHERE]",
		"Transfer after a word: with WHERE, hold the call and dial "
		"there; then, without, join the two and leave."},
	[COMMAND_VOICEMAIL] = {"voicemail", 1, 1, false, "EXT",
		"Send the call in hand to a colleague's voicemail; without "
		"one call it"},
	[COMMAND_PARK] = {"park", 0, 1, false, "[SPOT]",
		"Park the call in hand: on that spot, else where the "
		"profile says"},
	[COMMAND_RETRIEVE] = {"retrieve", 0, 2, false, "[SPOT [CALL]]",
		"Take a parked call: from that spot, else the one that has "
		"waited longest. CALL: which of several there"},
	[COMMAND_UNDO] = {"undo", 0, 0, false, "",
		"Take back what I parked last"},
	[COMMAND_SPOT] = {"spot", 1, 1, false, "SPOT",
		"Press a spot's key: park there, retrieve, dial or pick up, "
		"as its state allows"},
	[COMMAND_NOTE] = {"note", 1, 2, true, "SPOT [TEXT]",
		"Write a note on a parked call; without text it is wiped"},
	[COMMAND_RESUBSCRIBE] = {"resubscribe", 0, 1, false, "[SPOT]",
		"Ask the PBX anew for a lamp, or for all that are lost"},
	[COMMAND_RELOAD] = {"reload", 0, 0, false, "",
		"Read the configuration again and apply what changed"},
	[COMMAND_EVENTS] = {"events", 0, 0, false, "",
		"Print every change as one JSON object a line "
		"(control socket only)"},
	[COMMAND_SKIP] = {"skip", 0, 0, false, "",
		"Show no more hints what to press next."},
	[COMMAND_DEMO] = {"demo", 1, 6, false, "WHAT [ARGS]",
		"Steer the built-in PBX, in the demo only: call, hangup, "
		"park, retrieve, colleague, restart, fault, life, books, "
		"check"},
	[COMMAND_HELP] = {"help", 0, 1, false, "[COMMAND]",
		"Show keys and commands"},
	[COMMAND_QUIT] = {"quit", 0, 0, false, "",
		"End the phone"},
};

struct commands {
	struct {
		command_h *h;
		void *arg;
	} handlerv[COMMAND_IDS];
};


const char *command_name(enum command_id id)
{
	return id > COMMAND_NONE && id < COMMAND_IDS ? rowv[id].name : NULL;
}


const char *command_args(enum command_id id)
{
	return id > COMMAND_NONE && id < COMMAND_IDS ? rowv[id].args : NULL;
}


const char *command_help(enum command_id id)
{
	return id > COMMAND_NONE && id < COMMAND_IDS ? rowv[id].help : NULL;
}


static bool blank(char c)
{
	return c == ' ';
}


/* Cut one word at *pp into *dp, quotes taken off; false: quote left open */
static bool cut_word(const char **pp, char **dp, bool *quoted)
{
	const char *p = *pp;
	char *d = *dp;
	bool open = false;

	*quoted = false;

	for (; *p && (open || !blank(*p)); p++) {

		if (*p == '"') {
			open = !open;
			*quoted = true;
		}
		else if (open && *p == '\\' &&
			 (p[1] == '"' || p[1] == '\\')) {
			*d++ = *++p;
		}
		else {
			*d++ = *p;
		}
	}

	*d++ = '\0';
	*pp  = p;
	*dp  = d;

	return !open;
}


/* All commands that begin with `name` into a sentence: "a, b or c" */
static void list_matches(char *buf, size_t size, const char *name)
{
	size_t len = strlen(name), n = 0, i, k = 0, pos = 0;

	for (i = 1; i < COMMAND_IDS; i++)
		n += !strncmp(rowv[i].name, name, len);

	buf[0] = '\0';

	for (i = 1; i < COMMAND_IDS; i++) {

		int w;

		if (strncmp(rowv[i].name, name, len))
			continue;

		++k;
		w = re_snprintf(buf + pos, size - pos, "%s%s",
				k == 1 ? "" : k == n ? " or " : ", ",
				rowv[i].name);
		if (w < 0)
			break;
		pos += (size_t)w;
	}
}


static int find_command(enum command_id *idp, const char *name,
			char *err, size_t errsz)
{
	const size_t len = strlen(name);
	enum command_id found = COMMAND_NONE, near = COMMAND_NONE;
	unsigned best = 0;
	size_t i, n = 0;

	for (i = 1; i < COMMAND_IDS; i++) {

		if (!strcmp(rowv[i].name, name)) {
			*idp = (enum command_id)i;
			return 0;
		}

		if (len && !strncmp(rowv[i].name, name, len)) {
			found = (enum command_id)i;
			++n;
		}
	}

	if (n == 1) {
		*idp = found;
		return 0;
	}

	if (n > 1) {
		char list[160];

		list_matches(list, sizeof(list), name);
		(void)re_snprintf(err, errsz, "'%s' can be %s: write more of"
				  " it", name, list);
		return EINVAL;
	}

	for (i = 1; i < COMMAND_IDS; i++) {

		const unsigned d = near_distance(name, rowv[i].name);

		if (near_enough(name, rowv[i].name, d) &&
		    (near == COMMAND_NONE || d < best)) {
			near = (enum command_id)i;
			best = d;
		}
	}

	if (near)
		(void)re_snprintf(err, errsz, "unknown command '%b'; did you"
				  " mean '%s'?", name, min(len, (size_t)40),
				  rowv[near].name);
	else
		(void)re_snprintf(err, errsz, "unknown command '%b'; 'help'"
				  " lists them", name, min(len, (size_t)40));

	return EINVAL;
}


static int check_line(const char *line, char *err, size_t errsz)
{
	const size_t len = str_len(line);

	if (len >= COMMAND_LINE) {
		(void)re_snprintf(err, errsz, "the line is too long: a"
				  " command has at most %u bytes",
				  (unsigned)COMMAND_LINE - 1);
		return E2BIG;
	}

	switch (uchar_check(line, len)) {

	case UCHAR_OK:
		return 0;

	case UCHAR_CONTROL:
		(void)re_snprintf(err, errsz, "the line holds a control"
				  " character: only text is expected");
		return EINVAL;

	case UCHAR_INVALID:
		break;
	}

	(void)re_snprintf(err, errsz, "the line is not valid UTF-8: only text"
			  " is expected");
	return EINVAL;
}


/* What follows the last word's place becomes that word, blanks squeezed */
static bool cut_rest(const char **pp, char **dp)
{
	bool quoted;

	for (;;) {
		if (!cut_word(pp, dp, &quoted))
			return false;

		while (blank(**pp))
			++*pp;

		if (!**pp)
			return true;

		(*dp)[-1] = ' ';
	}
}


static int cut_args(struct command *cmd, const struct row *row,
		    const char *p, char *d, char *err, size_t errsz)
{
	size_t n = 0;

	for (;;) {
		char *word = d;
		bool quoted, ok;

		while (blank(*p))
			++p;

		if (!*p)
			break;

		if (row->rest && n + 1 == row->max)
			ok = cut_rest(&p, &d);
		else
			ok = cut_word(&p, &d, &quoted);

		if (!ok) {
			(void)re_snprintf(err, errsz, "%s: a quote is left"
					  " open, \" expected", row->name);
			return EINVAL;
		}

		if (!word[0] && !(row->rest && n + 1 == row->max)) {
			(void)re_snprintf(err, errsz, "%s: an empty word is"
					  " given, %s expected", row->name,
					  row->max ? row->args : "nothing");
			return EINVAL;
		}

		if (n < row->max)
			cmd->argv[n] = word;
		++n;
	}

	if (n < row->min) {
		(void)re_snprintf(err, errsz, "%s needs %s", row->name,
				  row->args);
		return EINVAL;
	}

	if (n > row->max) {
		if (!row->max)
			(void)re_snprintf(err, errsz, "%s takes no words, %zu"
					  " given", row->name, n);
		else
			(void)re_snprintf(err, errsz, "%s takes at most %zu"
					  " word%s (%s), %zu given",
					  row->name, row->max,
					  row->max == 1 ? "" : "s",
					  row->args, n);
		return EINVAL;
	}

	cmd->argc = n;

	return 0;
}


int command_decode(struct command *cmd, const char *line,
		   char *err, size_t errsz)
{
	char none[1];
	bool quoted;
	char *d;
	int e;

	if (!err || !errsz) {
		err = none;
		errsz = sizeof(none);
	}
	err[0] = '\0';

	if (!cmd || !line)
		return EINVAL;

	cmd->id = COMMAND_NONE;
	cmd->argc = 0;
	memset(cmd->argv, 0, sizeof(cmd->argv));
	cmd->buf[0] = '\0';

	e = check_line(line, err, errsz);
	if (e)
		return e;

	while (blank(*line))
		++line;

	if (!*line) {
		(void)re_snprintf(err, errsz, "a command is expected; 'help'"
				  " lists them");
		return EINVAL;
	}

	/* a word takes its bytes and a NUL in place of the blank after it */
	d = cmd->buf;
	if (!cut_word(&line, &d, &quoted)) {
		(void)re_snprintf(err, errsz, "a quote is left open, \""
				  " expected");
		return EINVAL;
	}

	e = find_command(&cmd->id, cmd->buf, err, errsz);
	if (e)
		return e;

	e = cut_args(cmd, &rowv[cmd->id], line, d, err, errsz);
	if (e) {
		cmd->id = COMMAND_NONE;
		cmd->argc = 0;
	}

	return e;
}


int commands_alloc(struct commands **csp)
{
	struct commands *cs;

	if (!csp)
		return EINVAL;

	cs = mem_zalloc(sizeof(*cs), NULL);
	if (!cs)
		return ENOMEM;

	*csp = cs;

	return 0;
}


void commands_attach(struct commands *cs, enum command_id id,
		     command_h *h, void *arg)
{
	if (!cs || id <= COMMAND_NONE || id >= COMMAND_IDS)
		return;

	cs->handlerv[id].h   = h;
	cs->handlerv[id].arg = arg;
}


int commands_run(struct commands *cs, const char *line,
		 struct re_printf *reply)
{
	struct command cmd;
	command_h *h;
	char text[256];
	int err;

	if (!cs || !line || !reply)
		return EINVAL;

	err = command_decode(&cmd, line, text, sizeof(text));
	if (err) {
		(void)re_hprintf(reply, "%s", text);
		return err;
	}

	h = cs->handlerv[cmd.id].h;
	if (!h) {
		(void)re_hprintf(reply, "'%s' cannot be done here",
				 command_name(cmd.id));
		return ENOSYS;
	}

	return h(&cmd, reply, cs->handlerv[cmd.id].arg);
}


struct cut {
	char *p;
	size_t left;
};


static int cut_handler(const char *p, size_t size, void *arg)
{
	struct cut *cut = arg;

	if (size > cut->left)
		size = cut->left;

	if (size) {
		memcpy(cut->p, p, size);
		cut->p    += size;
		cut->left -= size;
	}

	return 0;
}


int commands_runf(struct commands *cs, char *out, size_t outsz,
		  const char *fmt, ...)
{
	struct cut cut = {out, out && outsz ? outsz - 1 : 0};
	struct re_printf pf = {cut_handler, &cut};
	char *line = NULL;
	va_list ap;
	int err;

	if (!cs || !fmt)
		return EINVAL;

	va_start(ap, fmt);
	err = re_vsdprintf(&line, fmt, ap);
	va_end(ap);
	if (err)
		goto out;

	err = commands_run(cs, line, &pf);

 out:
	if (out && outsz)
		*cut.p = '\0';
	mem_deref(line);

	return err;
}
