/**
 * @file app/app_cmd.c  Commands on calls: dial, answer, hold, …
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "app_cmd.h"
#include "jsonw.h"
#include "modules/park/park.h"


/* The call that an optional argument names, else the first of the states */
static const struct call_fact *pick(const struct app_cmd *ac,
				    const struct command *cmd,
				    const enum deskcall_state *statev,
				    size_t statec, struct re_printf *reply)
{
	const struct call_fact *call;

	if (cmd->argc) {
		char *end;
		unsigned long id = strtoul(cmd->argv[0], &end, 10);

		call = *end ? NULL : phone_call(ac->phone, (unsigned)id);
		if (!call)
			(void)re_hprintf(reply, "there is no call %s",
					 cmd->argv[0]);
		return call;
	}

	for (size_t i = 0; i < statec; i++) {
		call = phone_first(ac->phone, statev[i]);
		if (call)
			return call;
	}

	(void)re_hprintf(reply, "no call to %s", cmd->id == COMMAND_HANGUP ?
			 "hang up" : command_name(cmd->id));

	return NULL;
}


static int result(int err, const struct command *cmd,
		  const struct call_fact *call, struct re_printf *reply)
{
	if (!err)
		return 0;

	if (err == ENOTCONN || err == EALREADY)
		(void)re_hprintf(reply, "cannot %s: the call is %s",
				 command_name(cmd->id), call ?
				 deskcall_state_name(call->state) : "over");
	else
		(void)re_hprintf(reply, "cannot %s: %m",
				 command_name(cmd->id), err);

	return err;
}


static int dial(const struct command *cmd, struct re_printf *reply, void *arg)
{
	struct app_cmd *ac = arg;
	char err_text[REASON_SZ];
	unsigned id, account = 0;
	int err;

	if (cmd->argc > 1) {
		err = phone_account_find(ac->phone, &account, cmd->argv[1]);
		if (err) {
			(void)re_hprintf(reply, "account %s: there %s; %s",
					 cmd->argv[1], err == ENOENT ?
					 "is none" : "are several",
					 err == ENOENT ? "`status` lists them"
					 : "write USER@HOST");
			return err;
		}
	}

	if (phone_full(ac->phone)) {
		(void)re_hprintf(reply, "as many calls are up as max_calls"
				 " allows; hang one up first");
		return EBUSY;
	}

	err = phone_dial(ac->phone, account, cmd->argv[0], &id, err_text,
			 sizeof(err_text));
	if (err)
		(void)re_hprintf(reply, "%s", err_text);
	else
		(void)re_hprintf(reply, "{\"id\":%u}", id);

	return err;
}


static int answer(const struct command *cmd, struct re_printf *reply,
		  void *arg)
{
	static const enum deskcall_state statev[] = {DESKCALL_INCOMING};
	struct app_cmd *ac = arg;
	const struct call_fact *call;

	call = pick(ac, cmd, statev, ARRAY_SIZE(statev), reply);
	if (!call)
		return ENOENT;

	return result(phone_answer(ac->phone, call->id), cmd, call, reply);
}


static int hangup(const struct command *cmd, struct re_printf *reply,
		  void *arg)
{
	static const enum deskcall_state statev[] = {
		DESKCALL_ACTIVE, DESKCALL_RETRIEVING, DESKCALL_DIALING,
		DESKCALL_RINGING, DESKCALL_INCOMING, DESKCALL_HELD
	};
	struct app_cmd *ac = arg;
	const struct call_fact *call;
	unsigned id;
	int err;

	call = pick(ac, cmd, statev, ARRAY_SIZE(statev), reply);
	if (!call)
		return ENOENT;

	id = call->id;
	err = park_user_hangup(ac->park, id);
	if (err == EINPROGRESS)
		return 0;
	if (err) {
		(void)re_hprintf(reply, "call %u is on its way to another and"
				 " the PBX has not confirmed it: hanging up"
				 " now could lose the caller", id);
		return EBUSY;
	}

	return result(phone_hangup(ac->phone, id, 0), cmd, NULL, reply);
}


static int hold(const struct command *cmd, struct re_printf *reply, void *arg)
{
	static const enum deskcall_state statev[] = {DESKCALL_ACTIVE};
	struct app_cmd *ac = arg;
	const struct call_fact *call;

	call = pick(ac, cmd, statev, ARRAY_SIZE(statev), reply);
	if (!call)
		return ENOENT;

	return result(call->state == DESKCALL_ACTIVE ||
		      call->state == DESKCALL_HELD ?
		      phone_hold(ac->phone, call->id, true) : ENOTCONN,
		      cmd, call, reply);
}


static int resume(const struct command *cmd, struct re_printf *reply,
		  void *arg)
{
	static const enum deskcall_state statev[] = {DESKCALL_HELD};
	struct app_cmd *ac = arg;
	const struct call_fact *call;

	call = pick(ac, cmd, statev, ARRAY_SIZE(statev), reply);
	if (!call)
		return ENOENT;

	return result(call->state == DESKCALL_ACTIVE ||
		      call->state == DESKCALL_HELD ?
		      phone_hold(ac->phone, call->id, false) : ENOTCONN,
		      cmd, call, reply);
}


static int mute(const struct command *cmd, struct re_printf *reply, void *arg)
{
	struct app_cmd *ac = arg;
	const struct call_fact *call = phone_active(ac->phone);
	bool on;

	if (!call) {
		(void)re_hprintf(reply, "no active call to mute");
		return ENOENT;
	}

	if (!cmd->argc)
		on = !call->muted;
	else if (!strcmp(cmd->argv[0], "on"))
		on = true;
	else if (!strcmp(cmd->argv[0], "off"))
		on = false;
	else {
		(void)re_hprintf(reply, "mute takes on or off, not '%s'",
				 cmd->argv[0]);
		return EINVAL;
	}

	return result(phone_mute(ac->phone, call->id, on), cmd, call, reply);
}


static int dtmf(const struct command *cmd, struct re_printf *reply, void *arg)
{
	static const enum deskcall_state statev[] = {
		DESKCALL_ACTIVE, DESKCALL_RETRIEVING, DESKCALL_RINGING
	};
	struct app_cmd *ac = arg;
	const struct call_fact *call = NULL;
	int err;

	for (size_t i = 0; i < ARRAY_SIZE(statev) && !call; i++)
		call = phone_first(ac->phone, statev[i]);

	if (!call) {
		(void)re_hprintf(reply, "no active call to send keys to");
		return ENOENT;
	}

	err = phone_dtmf(ac->phone, call->id, cmd->argv[0]);
	if (err == EINVAL) {
		(void)re_hprintf(reply, "'%s': only 0-9 * # A-D are keys",
				 cmd->argv[0]);
		return err;
	}

	return result(err, cmd, call, reply);
}


static int help(const struct command *cmd, struct re_printf *reply, void *arg)
{
	struct jsonw js;
	(void)arg;

	jsonw_init(&js, reply);
	jsonw_open(&js, NULL, '{');
	jsonw_open(&js, "commands", '[');

	for (int i = COMMAND_NONE + 1; i < COMMAND_IDS; i++) {

		const char *name = command_name((enum command_id)i);

		if (!name || (cmd->argc && strcmp(cmd->argv[0], name)))
			continue;

		jsonw_open(&js, NULL, '{');
		jsonw_str(&js, "name", name);
		jsonw_str(&js, "args", command_args((enum command_id)i));
		jsonw_str(&js, "help", command_help((enum command_id)i));
		jsonw_close(&js, '}');
	}

	jsonw_close(&js, ']');
	jsonw_close(&js, '}');

	return js.err;
}


void app_cmd_attach(struct commands *cs, struct app_cmd *ac)
{
	static const struct {
		enum command_id id;
		command_h *h;
	} rowv[] = {
		{COMMAND_DIAL,   dial},
		{COMMAND_ANSWER, answer},
		{COMMAND_HANGUP, hangup},
		{COMMAND_HOLD,   hold},
		{COMMAND_RESUME, resume},
		{COMMAND_MUTE,   mute},
		{COMMAND_DTMF,   dtmf},
		{COMMAND_HELP,   help},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rowv); i++)
		commands_attach(cs, rowv[i].id, rowv[i].h, ac);
}
