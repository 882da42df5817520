/**
 * @file app/cfg_load.h  Inside of the configuration: what is known only
 *                       while it is being read
 */
#ifndef PARKDECK_CFG_LOAD_H
#define PARKDECK_CFG_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "cfg.h"
#include "cfg_lex_model.h"

/** Where something was said */
struct cfg_place {
	unsigned file;          /**< Each file read has its own number    */
	unsigned line;
};

/** Beside each lamp */
struct cfg_lamp_note {
	struct cfg_place place;
	bool ranged;            /**< From a range: a spot line refines it */
	char *account;          /**< As ;account= named it, or NULL       */
	size_t next;            /**< Of the same hash, index + 1; 0: none */
};

/** One of baresip's own keys */
struct cfg_foreign_line {
	const struct cfg_foreign *key;
	char *val;
	struct cfg_place place;
};

/** A reading under way */
struct cfg_load {
	struct cfg *cfg;
	struct cfg_place place;         /**< The line in hand             */
	const char *path;               /**< The file in hand             */
	unsigned depth;
	uint64_t stackv[CFG_INCLUDE_DEPTH][2];

	struct cfg_lamp_note *notev;    /**< One for each lamp            */
	size_t lampcap;
	size_t *hashv;                  /**< Number to lamp, index + 1    */

	struct cfg_place *settingv;     /**< One for each setting         */
	struct cfg_place *accountv;     /**< One for each account         */

	struct cfg_foreign_line *foreignv;
	size_t foreignc;

	bool accounts_seen;             /**< A line account, right or not */
	bool pass_seen;                 /**< In the file in hand          */
	bool cmd_seen;                  /**< In the file in hand          */
	unsigned errors_more;           /**< Beyond CFG_ERRORS_MAX        */
};

/**
 * Report a mistake in the line in hand
 *
 * @return 0, or ENOMEM
 */
int cfg_mistake(struct cfg_load *ld, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** Report a lexer's fault in `what` (may be NULL) */
int cfg_fault(struct cfg_load *ld, enum cfg_fault fault, const char *what);

/** Grow an array of libre's heap by one place, filled with zeros */
int cfg_grow(void **vp, size_t n, size_t size);

/** Wipe a string of libre's heap and free it; returns NULL */
void *cfg_wipe(char *str);

/** Carry a line `account` out. 0 (it may have been wrong) or ENOMEM */
int cfg_account_line(struct cfg_load *ld, struct cfg_piece val);

/** Carry a line `spots`, `spot`, `lamp` or `list` out, the same */
int cfg_list_line(struct cfg_load *ld, struct cfg_piece val);
int cfg_spots_line(struct cfg_load *ld, struct cfg_piece val);
int cfg_lamp_line(struct cfg_load *ld, struct cfg_piece val,
		  enum lamp_kind kind);

/** All lines are read: give each lamp and list the account that it names */
int cfg_lamps_finish(struct cfg_load *ld);

/** Print where something was said, for "first in …" */
const char *cfg_place_text(char *buf, size_t size, const struct cfg_load *ld,
			   const struct cfg_place *place);

#endif
