/**
 * @file app/cmd.h  Wishes: one table of commands for keys, the `:` line,
 *                  the control socket and the tests
 */
#ifndef PARKDECK_CMD_H
#define PARKDECK_CMD_H

#include <stddef.h>

struct re_printf;

/** Every command; the table in cmd.c gives name, arguments and help */
enum command_id {
	COMMAND_NONE = 0,
	COMMAND_STATUS,
	COMMAND_DIAL,        /**< dial WHERE [ACCOUNT]                   */
	COMMAND_ANSWER,      /**< answer [CALL]                          */
	COMMAND_HANGUP,      /**< hangup [CALL]                          */
	COMMAND_HOLD,        /**< hold [CALL]                            */
	COMMAND_RESUME,      /**< resume [CALL]                          */
	COMMAND_MUTE,        /**< mute [on|off]                          */
	COMMAND_DTMF,        /**< dtmf KEYS                              */
	COMMAND_TRANSFER,    /**< transfer WHERE (blind)                 */
	COMMAND_ATTENDED,    /**< attended [WHERE]: consult, then join   */
	COMMAND_VOICEMAIL,   /**< voicemail EXT                          */
	COMMAND_PARK,        /**< park [SPOT]                            */
	COMMAND_RETRIEVE,    /**< retrieve [SPOT]                        */
	COMMAND_UNDO,        /**< take back what I parked last           */
	COMMAND_SPOT,        /**< spot SPOT: what its key does now       */
	COMMAND_NOTE,        /**< note SPOT [TEXT]                       */
	COMMAND_RESUBSCRIBE, /**< resubscribe [SPOT]                     */
	COMMAND_RELOAD,
	COMMAND_EVENTS,      /**< control socket only                    */
	COMMAND_SKIP,        /**< skip: no more hints                    */
	COMMAND_DEMO,        /**< demo WHAT [ARGS]: the built-in PBX     */
	COMMAND_HELP,
	COMMAND_QUIT,

	COMMAND_IDS
};

enum {
	COMMAND_ARGS = 8,
	COMMAND_LINE = 1024,     /**< A longer line is refused [bytes]   */
};

/** One command as typed, cut into words */
struct command {
	enum command_id id;
	size_t argc;                     /**< Words after the name       */
	const char *argv[COMMAND_ARGS];  /**< Into `buf`                 */
	char buf[COMMAND_LINE];
};

/**
 * Carry a command out
 *
 * @param cmd   The command; borrowed
 * @param reply Where to print. On success one JSON object or nothing;
 *              on failure one sentence: what was wrong, what was expected
 * @param arg   Handler argument
 *
 * @return 0, or an errno; then `reply` has the sentence
 */
typedef int (command_h)(const struct command *cmd, struct re_printf *reply,
			void *arg);

struct commands;

/**
 * Decode a line: a name (or its beginning, if only one command begins so)
 * and words; "double quotes" keep blanks, \" and \\ inside them
 *
 * @param cmd   Filled in
 * @param line  The line, no newline
 * @param err   Set to one sentence on failure
 * @param errsz Size of err
 *
 * @return 0, EINVAL (unknown, ambiguous, wrong number of words),
 *         or E2BIG (too long)
 */
int command_decode(struct command *cmd, const char *line,
		   char *err, size_t errsz);

const char *command_name(enum command_id id);
const char *command_args(enum command_id id);
const char *command_help(enum command_id id);

int  commands_alloc(struct commands **csp);

/** Let `h` carry out `id`; a second call replaces the first, NULL detaches */
void commands_attach(struct commands *cs, enum command_id id,
		     command_h *h, void *arg);

/** Decode and carry out; a command nobody attached is ENOSYS */
int  commands_run(struct commands *cs, const char *line,
		  struct re_printf *reply);

/** Same, reply as text; `out` may be NULL */
int  commands_runf(struct commands *cs, char *out, size_t outsz,
		   const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
