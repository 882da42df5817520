/**
 * @file app/cfg.h  Configuration: what the files say, checked
 *
 * Syntax: one `key value` a line, baresip's own keys among them. A value may
 * stand in "double quotes" (\" and \\ inside). `#` starts a comment only at
 * the line's start or after white space, since `#72` and passwords exist.
 * Every wrong line is reported with its file, number and what was expected;
 * the rest is still checked.
 */
#ifndef PARKDECK_CFG_H
#define PARKDECK_CFG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "cfg_lex_model.h"
#include "event.h"

enum {
	CFG_ACCOUNTS_MAX = 16,  /**< As many as the desk model shows      */
	CFG_LAMPS_MAX = 20000,
	CFG_LISTS_MAX = 64,
	CFG_LIST_MAX = 200,     /**< A list's name or address [bytes]     */
	CFG_INCLUDE_DEPTH = 8,  /**< Files inside one another             */
	CFG_FILES_MAX = 64,     /**< Files in all                         */
	CFG_FILE_MAX = 4 << 20, /**< One file [bytes]                     */
	CFG_ERRORS_MAX = 200,   /**< More are counted, not kept           */
};

/** One account line, in baresip's account syntax */
struct cfg_account {
	char *addr;             /**< Whole "…<sip:…>;params", no auth_pass
				     and no auth_pass_cmd in it           */
	char *aor;              /**< "sip:101@pbx.example.com"            */
	char *pass;             /**< auth_pass, or NULL                   */
	char *pass_cmd;         /**< auth_pass_cmd, or NULL               */
	char *name;             /**< Short name: its user part            */
	unsigned file, line;    /**< Where it stands                      */
};

/** One lamp: a spot or a colleague's extension */
struct cfg_lamp {
	enum lamp_kind kind;
	char *spot;             /**< Number, "701" or "*5901"             */
	char *label;            /**< Or NULL; shorter than TEXT_SZ        */
	char *watch;            /**< Template or target; NULL: profile's  */
	char *park;             /**< Same                                 */
	char *retrieve;         /**< Same                                 */
	unsigned account;       /**< Index; 0 unless ;account= names one  */
};

/** A list of the server's, of which lamps grow (RFC 4662) */
struct cfg_list {
	char *target;           /**< "parking-all", "sip:parking@pbx"     */
	char *label;            /**< Or NULL                              */
	enum lamp_kind kind;    /**< Of lamps that are not configured     */
	unsigned account;       /**< Index; 0 unless ;account= names one  */
	char *account_name;     /**< As named, or NULL                    */
	unsigned file, line;    /**< Where it stands                      */
};

/** A key with a value from the option table, checked by its type */
struct cfg_setting {
	char *key;
	char *val;
	unsigned file, line;    /**< Where it stands                      */
};

/** A line `key`; which actions and keys there are the screen knows */
struct cfg_key {
	char *action;
	char *keys;             /**< Blanks between                       */
	unsigned file, line;    /**< Where it stands                      */
};

/** One mistake found */
struct cfg_error {
	char *file;
	unsigned line;          /**< From 1; 0: the file as a whole       */
	char *text;             /**< What was wrong, what was expected    */
};

struct re_printf;

struct cfg {
	struct cfg_account *accountv;  size_t accountc;
	struct cfg_lamp    *lampv;     size_t lampc;
	struct cfg_list    *listv;     size_t listc;
	struct cfg_setting *settingv;  size_t settingc;
	struct cfg_key     *keyv;      size_t keyc;
	struct cfg_error   *errorv;    size_t errorc;
	struct cfg_error   *doubtv;    size_t doubtc;  /**< May be right  */
	char              **filev;     size_t filec;   /**< Files read    */
	char *baresip;          /**< baresip's own lines, as its parser
				     wants them; "" if none               */
	char *dir;              /**< Folder the configuration is in       */
	bool found;             /**< There was a file at all              */
};

/**
 * Read the configuration
 *
 * /etc/parkdeck/site.conf (or `site`) first, then DIR/config. A key set in
 * a later file takes the place of one in an earlier file; twice in one file
 * is a mistake. A `spot` line for a number that a `spots` range, or another
 * file, has given already refines that lamp.
 *
 * A file with a password in it that group or others can read is refused; so
 * is one with auth_pass_cmd that others could have written, since its
 * command is run.
 *
 * @param cfgp  Set on return, also when there are mistakes; mem_deref(),
 *              which wipes the passwords. Nothing may start while errorc
 *              is not 0: accounts and lamps are then incomplete
 * @param dir   Folder, or NULL: $XDG_CONFIG_HOME/parkdeck, else
 *              ~/.config/parkdeck
 * @param site  Site-wide file, or NULL: /etc/parkdeck/site.conf. If it does
 *              not exist it is passed over
 *
 * @return 0 (look at errorc), ENOMEM, ENOENT (no home folder is known), or
 *         ENAMETOOLONG
 */
int cfg_load(struct cfg **cfgp, const char *dir, const char *site);

/**
 * Find the configuration's folder
 *
 * @param buf  Set to an absolute path; of an existing folder it is the
 *             real one, without symbolic links and dots
 * @param size Size of buf
 * @param dir  As given by the user, or NULL as in cfg_load()
 *
 * @return 0, ENOENT (no home folder is known), or ENAMETOOLONG
 */
int cfg_dir(char *buf, size_t size, const char *dir);

/**
 * Report a mistake, or a doubt, that whoever uses a value has found in it
 *
 * @param file Number of the file, as in what is wrong
 * @param line Line
 *
 * @return 0, or ENOMEM
 */
int cfg_report(struct cfg *cfg, bool doubt, unsigned file, unsigned line,
	       const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/** @return Where and how a key is set, or NULL: the default holds */
const struct cfg_setting *cfg_setting_find(const struct cfg *cfg,
					   const char *key);

/**
 * Print the mistakes, one a line: "FILE:LINE: TEXT"; for %H
 */
int cfg_errors_print(struct re_printf *pf, const struct cfg *cfg);

/**
 * @return Value of a setting, else its default from the option table, else
 *         (a key that is in neither) NULL
 */
const char *cfg_get(const struct cfg *cfg, const char *key);

/** @return The same as a number; 0 if it is none */
uint32_t cfg_get_u32(const struct cfg *cfg, const char *key);

/** @return The same as a truth; false if it is none */
bool cfg_get_bool(const struct cfg *cfg, const char *key);

/** Kinds of value that the option table knows */
enum cfg_type {
	CFG_TEXT = 0,
	CFG_U32,                /**< with min and max                     */
	CFG_BOOL,               /**< yes no on off true false             */
	CFG_CHOICE,             /**< one of `choices`, '|' between        */
	CFG_TEMPLATE,           /**< text, {spot} {ext} allowed in it     */
	CFG_RANGE,              /**< MIN-MAX, two numbers                 */
	CFG_DEST,               /**< What can be dialled                  */
	CFG_CODECS,             /**< Names of codecs, ',' between         */
};

/** A row of the option table, also the source of help and manual */
struct cfg_option {
	const char *key;
	enum cfg_type type;
	const char *def;        /**< Default; "" if there is none         */
	uint32_t min, max;      /**< CFG_U32                              */
	const char *choices;    /**< CFG_CHOICE                           */
	const char *help;       /**< Plain sentences, no line breaks      */
};

/** @return The option table; ends with a NULL key */
const struct cfg_option *cfg_options(void);

/** @return The row of that key, or NULL */
const struct cfg_option *cfg_option_find(const char *key);

/**
 * The keys that have a syntax of their own: account, spots, spot, lamp, list,
 * key, include; type, default and range mean nothing. Ends with a NULL key
 */
const struct cfg_option *cfg_lines(void);

/** @return The parameters of an account line, as rows of the same kind */
const struct cfg_option *cfg_account_params(void);

/**
 * Check a value against its row
 *
 * @param val  Value; the booleans on, off, true and false become yes or no,
 *             codecs get their rates
 * @param err  Set to what is expected, if the value is wrong
 *
 * @return 0 or EINVAL
 */
int cfg_option_check(const struct cfg_option *opt, char *val, size_t size,
		     char *err, size_t errsz);

/** A key of baresip's own */
struct cfg_foreign {
	const char *key;
	enum cfg_type type;
	bool many;              /**< May be given several times           */
	const char *choices;
	const char *ours;       /**< Our key that means the same, or NULL */
};

/** @return baresip's keys that are passed on to it; ends with a NULL key */
const struct cfg_foreign *cfg_foreign(void);

#endif
