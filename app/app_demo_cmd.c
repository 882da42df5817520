/**
 * @file app/app_demo_cmd.c  The command `demo`: steer the built-in PBX
 *
 * For tests and for whoever wants to see what the phone does when the
 * telephone system misbehaves. Nothing here knows the phone.
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "app_demo_cmd.h"
#include "jsonw.h"
#include "modules/demo/demo.h"


enum {
	RESTART_MS = 3000,
	DOWN_MAX_MS = 600000,
	ROWS_MAX = 200,          /**< Latest rows of the books told      */
};

static const char phone_ext[] = "101";

/** What the number after a fault's name is */
enum amount {
	AMOUNT_NONE = 0,
	AMOUNT_TIMES,            /**< So many times; without: always     */
	AMOUNT_PERCENT,
	AMOUNT_DELAY_MS,         /**< From here on: times                */
	AMOUNT_JITTER_MS,
	AMOUNT_LAMPS_MS,
};

struct fault_row {
	const char *name;
	struct demo_fault fault;
	enum amount amount;
	uint32_t def;
	const char *help;
};

static const struct fault_row faultv[] = {
	{"register-503", {.refuse = {[DEMO_REGISTER] = 503}}, AMOUNT_TIMES, 0,
	 "REGISTER is refused"},
	{"register-403", {.refuse = {[DEMO_REGISTER] = 403}}, AMOUNT_TIMES, 0,
	 "REGISTER is forbidden"},
	{"invite-503", {.refuse = {[DEMO_INVITE] = 503}}, AMOUNT_TIMES, 0,
	 "calls that the phone makes are refused"},
	{"reinvite-488", {.refuse = {[DEMO_REINVITE] = 488}}, AMOUNT_TIMES, 0,
	 "hold and resume are refused"},
	{"subscribe-503", {.refuse = {[DEMO_SUBSCRIBE] = 503}}, AMOUNT_TIMES,
	 0, "SUBSCRIBE is refused"},
	{"refer-403", {.refuse = {[DEMO_REFER] = 403}}, AMOUNT_TIMES, 0,
	 "REFER is forbidden"},
	{"refer-603", {.refuse = {[DEMO_REFER] = 603}}, AMOUNT_TIMES, 0,
	 "REFER is declined"},
	{"refer-unanswered", {.refer = DEMO_REFER_UNANSWERED}, AMOUNT_NONE,
	 0, "REFER is not answered, nothing is parked"},
	{"refer-nothing", {.refer = DEMO_REFER_NOTHING}, AMOUNT_NONE, 0,
	 "202, nothing is parked, silence"},
	{"refer-no-sipfrag", {.refer = DEMO_REFER_NO_FRAG}, AMOUNT_NONE, 0,
	 "202, parked, no sipfrag"},
	{"sipfrag-486", {.refer = DEMO_REFER_FRAG_FAILS, .frag_code = 486},
	 AMOUNT_NONE, 0, "202, nothing is parked, sipfrag 486"},
	{"sipfrag-503", {.refer = DEMO_REFER_FRAG_FAILS, .frag_code = 503},
	 AMOUNT_NONE, 0, "the same with 503"},
	{"sipfrag-603", {.refer = DEMO_REFER_FRAG_FAILS, .frag_code = 603},
	 AMOUNT_NONE, 0, "the same with 603"},
	{"sipfrag-503-bare",
	 {.refer = DEMO_REFER_FRAG_BARE, .frag_code = 503},
	 AMOUNT_NONE, 0, "the same without a phrase"},
	{"sipfrag-bare", {.refer = DEMO_REFER_FRAG_BARE}, AMOUNT_NONE, 0,
	 "parked, sipfrag without a phrase"},
	{"sipfrag-swapped", {.refer = DEMO_REFER_FRAG_SWAPPED}, AMOUNT_NONE,
	 0, "parked, the final sipfrag before 100"},
	{"sipfrag-after-bye", {.refer = DEMO_REFER_BYE_FIRST}, AMOUNT_NONE,
	 0, "parked, BYE, then the sipfrags"},
	{"bye-only", {.refer = DEMO_REFER_BYE_ONLY}, AMOUNT_NONE, 0,
	 "parked, BYE instead of a sipfrag"},
	{"caller-gone", {.refer = DEMO_REFER_CALLER_GONE}, AMOUNT_NONE, 0,
	 "the caller hangs up while being parked"},
	{"spot-raced", {.refer = DEMO_REFER_RACE}, AMOUNT_NONE, 0,
	 "the spot is taken right before the park"},
	{"no-room", {.refer = DEMO_REFER_NO_ROOM}, AMOUNT_NONE, 0,
	 "the lot is full, the spot is taken"},
	{"no-room-unnamed",
	 {.refer = DEMO_REFER_NO_ROOM, .no_identity = true}, AMOUNT_NONE, 0,
	 "the same, and nobody is told who the other is"},
	{"bounced", {.refer = DEMO_REFER_BOUNCED}, AMOUNT_NONE, 0,
	 "said to be parked, and the caller rings the one who did"},
	{"cut", {.refer = DEMO_REFER_CUT}, AMOUNT_NONE, 0,
	 "parked, and the network is gone for three seconds (UDP)"},
	{"silent", {.silent = true}, AMOUNT_NONE, 0,
	 "the PBX neither hears nor speaks (UDP)"},
	{"loss", {.drop_rx_pm = 0}, AMOUNT_PERCENT, 20,
	 "datagrams get lost, N percent each way (UDP)"},
	{"delay", {.delay_ms = 0}, AMOUNT_DELAY_MS, 200,
	 "all that it sends comes late (UDP)"},
	{"jitter", {.jitter_ms = 0}, AMOUNT_JITTER_MS, 100,
	 "late by up to N ms each way: out of order (UDP)"},
	{"lamps-late", {.notify_delay_ms = 0}, AMOUNT_LAMPS_MS, 2000,
	 "lamps are told late"},
	{"lamps-silent", {.no_notify = true}, AMOUNT_NONE, 0,
	 "lamps are not told at all"},
	{"no-first-notify", {.no_first_notify = true}, AMOUNT_NONE, 0,
	 "SUBSCRIBE is answered, no more"},
	{"forget-subs", {.forget_subs = true}, AMOUNT_NONE, 0,
	 "a refresh hears 481"},
	{"version-back", {.version_back = true}, AMOUNT_NONE, 0,
	 "documents' versions begin anew"},
	{"no-identity", {.no_identity = true}, AMOUNT_NONE, 0,
	 "nobody is told who the other is, neither by re-INVITE"},
	{"deaf", {.deaf_answer = true}, AMOUNT_NONE, 0,
	 "calls are answered, no sound is sent"},
};


/* --- words ------------------------------------------------------------- */

static bool number_arg(uint32_t *np, const char *s, uint32_t top)
{
	char *end;
	unsigned long n = strtoul(s, &end, 10);

	if (!*s || *end || strspn(s, "0123456789") != strlen(s) || n > top)
		return false;

	*np = (uint32_t)n;

	return true;
}


static int failed(struct re_printf *reply, int err, const char *what,
		  const char *whom)
{
	(void)re_hprintf(reply, "demo %s %s: %m", what, whom, err);

	return err;
}


/* --- who does what ----------------------------------------------------- */

static int call_what(struct demo *d, const struct command *cmd,
		     struct re_printf *reply)
{
	const char *ext = cmd->argc > 3 ? cmd->argv[3] : phone_ext;
	unsigned id = 0;
	int err;

	err = demo_call(d, ext, cmd->argv[1], cmd->argv[2], 0, &id);
	if (err) {
		(void)re_hprintf(reply, err == ENOTCONN ?
				 "demo call: %s is not there or busy" :
				 "demo call: %s: %m", ext, err);
		return err;
	}

	return re_hprintf(reply, "{\"id\":%u}", id);
}


static int hangup_what(struct demo *d, const struct command *cmd,
		       struct re_printf *reply)
{
	const struct demo_row *row;

	row = demo_books_number(demo_books(d), cmd->argv[1]);
	if (!row || row->place == DEMO_ENDED) {
		(void)re_hprintf(reply, "demo hangup: nobody with the number"
				 " %s is in a call", cmd->argv[1]);
		return ENOENT;
	}

	return demo_hangup(d, row->id);
}


static int park_what(struct demo *d, const struct command *cmd,
		     struct re_printf *reply)
{
	const char *spot = cmd->argc > 4 ? cmd->argv[4] : NULL;
	unsigned id = 0;
	int err;

	err = demo_park_by_colleague(d, cmd->argv[1], spot, cmd->argv[2],
				     cmd->argv[3], &id);
	if (err) {
		(void)re_hprintf(reply, err == EBUSY ?
				 "demo park: no room%s%s" :
				 "demo park: no such colleague or spot",
				 spot ? " at " : "", spot ? spot : "");
		return err;
	}

	return re_hprintf(reply, "{\"id\":%u,\"spot\":\"%H\"}", id,
			  jsonw_text, demo_books_get(demo_books(d),
						     id)->spot);
}


static int retrieve_what(struct demo *d, const struct command *cmd,
			 struct re_printf *reply)
{
	uint32_t talk_ms = 0;
	int err;

	if (cmd->argc > 3 && !number_arg(&talk_ms, cmd->argv[3], UINT32_MAX)) {
		(void)re_hprintf(reply, "demo retrieve: '%s': for how many"
				 " ms they talk was expected", cmd->argv[3]);
		return EINVAL;
	}

	err = demo_retrieve_by_colleague(d, cmd->argv[1], cmd->argv[2],
					 talk_ms);
	if (err)
		(void)re_hprintf(reply, "demo retrieve: nobody to be had at"
				 " %s, or no such colleague", cmd->argv[2]);

	return err;
}


static int colleague_what(struct demo *d, const struct command *cmd,
			  struct re_printf *reply)
{
	static const struct {
		const char *word;
		struct demo_colleague c;
	} habitv[] = {
		{"answer", {0, 500, 0}},
		{"busy",   {486, 0, 0}},
		{"away",   {480, 0, 0}},
		{"never",  {0, UINT32_MAX, 0}},
	};
	struct demo_colleague c;

	for (size_t i = 0; i < ARRAY_SIZE(habitv); i++) {

		if (strcmp(habitv[i].word, cmd->argv[2]))
			continue;

		c = habitv[i].c;
		if (cmd->argc > 3 &&
		    !number_arg(&c.talk_ms, cmd->argv[3], UINT32_MAX))
			break;

		if (demo_set_colleague(d, cmd->argv[1], &c)) {
			(void)re_hprintf(reply, "demo colleague: there is no"
					 " extension %s", cmd->argv[1]);
			return ENOENT;
		}

		return 0;
	}

	(void)re_hprintf(reply, "demo colleague EXT busy|away|never|answer"
			 " [TALK_MS] was expected");

	return EINVAL;
}


static int restart_what(struct demo *d, const struct command *cmd,
			struct re_printf *reply)
{
	uint32_t down_ms = RESTART_MS;
	unsigned keep = 0;
	int err;

	for (size_t i = 1; i < cmd->argc; i++) {

		if (!strcmp(cmd->argv[i], "keep"))
			keep = DEMO_KEEP_SUBS | DEMO_KEEP_BINDINGS;
		else if (!number_arg(&down_ms, cmd->argv[i], DOWN_MAX_MS)) {
			(void)re_hprintf(reply, "demo restart [DOWN_MS]"
					 " [keep] was expected, not '%s'",
					 cmd->argv[i]);
			return EINVAL;
		}
	}

	err = demo_restart(d, keep, down_ms);

	return err ? failed(reply, err, "restart", "") : 0;
}


static int fault_names(struct re_printf *reply, const char *wrong)
{
	(void)re_hprintf(reply, "demo fault: '%s' is none; off", wrong);
	for (size_t i = 0; i < ARRAY_SIZE(faultv); i++)
		(void)re_hprintf(reply, ", %s", faultv[i].name);
	(void)re_hprintf(reply, " were expected");

	return EINVAL;
}


/* Together with the faults before it on the line; of two that speak of the
   same, the later counts */
static void fault_add(struct demo_fault *f, const struct fault_row *row,
		      uint32_t n)
{
	const struct demo_fault *add = &row->fault;

	for (size_t i = 0; i < DEMO_METHODS; i++) {
		if (add->refuse[i])
			f->refuse[i] = add->refuse[i];
	}

	if (add->refer) {
		f->refer = add->refer;
		f->frag_code = add->frag_code;
	}

	f->silent          |= add->silent;
	f->no_first_notify |= add->no_first_notify;
	f->no_notify       |= add->no_notify;
	f->forget_subs     |= add->forget_subs;
	f->version_back    |= add->version_back;
	f->no_identity     |= add->no_identity;
	f->deaf_answer     |= add->deaf_answer;

	switch (row->amount) {

	case AMOUNT_TIMES:
		f->refuse_n = n;
		break;

	case AMOUNT_PERCENT:
		f->drop_rx_pm = f->drop_tx_pm = (uint16_t)(10 * n);
		break;

	case AMOUNT_DELAY_MS:
		f->delay_ms = n;
		break;

	case AMOUNT_JITTER_MS:
		f->jitter_ms = f->rx_jitter_ms = n;
		break;

	case AMOUNT_LAMPS_MS:
		f->notify_delay_ms = n;
		break;

	case AMOUNT_NONE:
		break;
	}
}


static const struct fault_row *fault_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(faultv); i++) {
		if (!strcmp(faultv[i].name, name))
			return &faultv[i];
	}

	return NULL;
}


static int fault_what(struct demo *d, const struct command *cmd,
		      struct re_printf *reply)
{
	struct demo_fault fault;
	size_t i = 1;

	memset(&fault, 0, sizeof(fault));

	if (!strcmp(cmd->argv[1], "off") && cmd->argc == 2)
		++i;

	while (i < cmd->argc) {

		const struct fault_row *row = fault_find(cmd->argv[i]);
		const char *num;
		uint32_t n;

		if (!row)
			return fault_names(reply, cmd->argv[i]);

		n = row->def;
		++i;

		/* a word that is no fault belongs to the one before it */
		num = i < cmd->argc ? cmd->argv[i] : NULL;
		if (num && !fault_find(num)) {

			if (row->amount == AMOUNT_NONE ||
			    !number_arg(&n, num, row->amount ==
					AMOUNT_PERCENT ? 100 : 600000)) {
				(void)re_hprintf(reply, "demo fault %s: '%s'"
						 " is of no use here (%s)",
						 row->name, num, row->help);
				return EINVAL;
			}
			++i;
		}

		fault_add(&fault, row, n);
	}

	demo_set_fault(d, &fault);

	return 0;
}


static int notify_what(struct demo *d, const struct command *cmd,
		       struct re_printf *reply)
{
	const char *ext = cmd->argc > 4 ? cmd->argv[4] : phone_ext;
	int err;

	err = demo_notify(d, ext, cmd->argv[1], cmd->argv[2], cmd->argv[3]);
	if (err)
		(void)re_hprintf(reply, err == ENOTCONN ?
				 "demo notify: %s is not registered" :
				 "demo notify: there is no extension %s",
				 ext);

	return err;
}


static int told_what(struct demo *d, const struct command *cmd,
		     struct re_printf *reply)
{
	bool nobody = false, forever = false;

	for (size_t i = 2; i < cmd->argc; i++) {

		if (!strcmp(cmd->argv[i], "nobody"))
			nobody = true;
		else if (!strcmp(cmd->argv[i], "forever"))
			forever = true;
		else {
			(void)re_hprintf(reply, "demo told: '%s' is neither"
					 " nobody nor forever", cmd->argv[i]);
			return EINVAL;
		}
	}

	if (demo_set_body(d, cmd->argv[1])) {
		(void)re_hprintf(reply, "demo told: xml, json, lines, opaque"
				 " or empty was expected, not '%s'",
				 cmd->argv[1]);
		return EINVAL;
	}

	demo_set_told(d, nobody, forever);

	return 0;
}


static int life_what(struct demo *d, const struct command *cmd,
		     struct re_printf *reply)
{
	const bool on = !strcmp(cmd->argv[1], "on");

	if (!on && strcmp(cmd->argv[1], "off")) {
		(void)re_hprintf(reply, "demo life on|off was expected");
		return EINVAL;
	}

	return demo_life(d, on ? phone_ext : NULL);
}


/* --- the books --------------------------------------------------------- */

static void put_row(struct jsonw *js, const struct demo_books *b,
		    const struct demo_row *r)
{
	static const char *const kindv[] = {
		[DEMO_CALLER] = "caller", [DEMO_COLLEAGUE] = "colleague",
		[DEMO_PHONE] = "phone",
	};
	const struct demo_row *with = demo_books_get(b, r->with);

	jsonw_open(js, NULL, '{');
	jsonw_int(js, "id", r->id);
	jsonw_str(js, "kind", kindv[r->kind]);
	jsonw_str(js, "name", r->name);
	jsonw_str(js, "number", r->number);
	jsonw_str(js, "place", demo_place_name(r->place));
	jsonw_str(js, "fate", demo_fate_name(r->fate));
	jsonw_str(js, "reason", r->reason);
	jsonw_str(js, "with", with ? with->number : "");
	jsonw_str(js, "spot", r->spot);
	jsonw_str(js, "by", r->by);
	jsonw_bool(js, "held", r->held);
	jsonw_int(js, "parked", r->parked_n);
	jsonw_int(js, "retrieved", r->retrieved_n);
	jsonw_str(js, "keys", r->keys);
	jsonw_int(js, "recalled", r->recalled_n);
	jsonw_int(js, "plays", r->plays_hz);
	jsonw_int(js, "hears", r->hears_hz);
	jsonw_close(js, '}');
}


static int books_what(struct demo *d, const struct command *cmd,
		      struct re_printf *reply)
{
	const struct demo_books *b = demo_books(d);
	const unsigned from = b->last > ROWS_MAX ? b->last - ROWS_MAX : 0;
	struct jsonw js;
	(void)cmd;

	jsonw_init(&js, reply);
	jsonw_open(&js, NULL, '{');
	jsonw_open(&js, "rows", '[');
	for (unsigned id = 1; id <= b->last; id++) {

		const struct demo_row *r = demo_books_get(b, id);

		/* all that live, and the latest of those that do not */
		if (r && (id > from || r->place != DEMO_ENDED))
			put_row(&js, b, r);
	}
	jsonw_close(&js, ']');

	jsonw_open(&js, "fates", '{');
	for (int i = DEMO_LIVES + 1; i < DEMO_FATES; i++)
		jsonw_int(&js, demo_fate_name((enum demo_fate)i),
			  b->fatev[i]);
	jsonw_close(&js, '}');

	jsonw_int(&js, "legs", demo_legs(d));
	jsonw_int(&js, "bindings", demo_bindings(d, phone_ext));
	jsonw_int(&js, "subscriptions", demo_subscriptions(d, NULL));
	jsonw_int(&js, "notify_answer", demo_notify_answer(d));
	jsonw_bool(&js, "down", demo_down(d));
	jsonw_close(&js, '}');

	return js.err;
}


static int check_what(struct demo *d, const struct command *cmd,
		      struct re_printf *reply)
{
	char text[256] = "";
	int err = demo_books_check(d, text, sizeof(text));
	(void)cmd;

	if (err)
		(void)re_hprintf(reply, "the books do not agree: %s", text);

	return err;
}


static const struct {
	const char *word;
	size_t min, max;         /* words after it */
	const char *args;
	int (*h)(struct demo *d, const struct command *cmd,
		 struct re_printf *reply);
} whatv[] = {
	{"call",      2, 3, "NAME NUMBER [EXT]",           call_what},
	{"hangup",    1, 1, "NUMBER",                      hangup_what},
	{"park",      3, 4, "EXT NAME NUMBER [SPOT]",      park_what},
	{"retrieve",  2, 3, "EXT SPOT [TALK_MS]",          retrieve_what},
	{"colleague", 2, 3, "EXT busy|away|never|answer [TALK_MS]",
	 colleague_what},
	{"restart",   0, 2, "[DOWN_MS] [keep]",            restart_what},
	{"fault",     1, 7, "off|NAME [N] [NAME [N]]...",  fault_what},
	{"notify",    3, 4, "EVENT TYPE BODY [EXT]",       notify_what},
	{"told",      1, 3, "SHAPE [nobody] [forever]",    told_what},
	{"life",      1, 1, "on|off",                      life_what},
	{"books",     0, 0, "",                            books_what},
	{"check",     0, 0, "",                            check_what},
};


static int demo_command(const struct command *cmd, struct re_printf *reply,
			void *arg)
{
	struct demo *d = arg;

	if (!d) {
		(void)re_hprintf(reply, "this phone is not on the built-in"
				 " PBX: `demo` works in `parkdeck demo`"
				 " only");
		return ENOTSUP;
	}

	for (size_t i = 0; i < ARRAY_SIZE(whatv); i++) {

		if (strcmp(whatv[i].word, cmd->argv[0]))
			continue;

		if (cmd->argc - 1 < whatv[i].min ||
		    cmd->argc - 1 > whatv[i].max) {
			(void)re_hprintf(reply, "demo %s takes %s",
					 whatv[i].word, whatv[i].max ?
					 whatv[i].args : "nothing");
			return EINVAL;
		}

		return whatv[i].h(d, cmd, reply);
	}

	(void)re_hprintf(reply, "demo: '%s' is not known;", cmd->argv[0]);
	for (size_t i = 0; i < ARRAY_SIZE(whatv); i++)
		(void)re_hprintf(reply, "%s %s%s%s", i ? "," : "",
				 whatv[i].word, *whatv[i].args ? " " : "",
				 whatv[i].args);
	(void)re_hprintf(reply, " were expected");

	return EINVAL;
}


void app_demo_cmd_attach(struct commands *cs, struct demo *demo)
{
	commands_attach(cs, COMMAND_DEMO, demo_command, demo);
}
