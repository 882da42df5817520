/**
 * @file app/cfg_lex_model.h  Lexer of the configuration: lines, quotes,
 *                            parameters, ranges of numbers
 *
 * Pure: text in, pieces out. Quoting is the same everywhere: a " opens a
 * quote that keeps blanks, ; and #, and the next " closes it; inside, \"
 * and \\ stand for " and \. Outside quotes a \ is itself.
 */
#ifndef PARKDECK_CFG_LEX_MODEL_H
#define PARKDECK_CFG_LEX_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CFG_LINE_MAX = 4096,    /**< Longer lines are refused [bytes]     */
	CFG_KEY_MAX = 64,       /**< Longer keys are refused [bytes]      */
	CFG_PIECES_MAX = 32,    /**< Head and parameters of one value     */
	CFG_NUMBER_MAX = 64,    /**< A spot's number, with the NUL        */
};

/** What is wrong with a line or a value; zero is "nothing" */
enum cfg_fault {
	CFG_FINE = 0,
	CFG_BLANK,              /**< Nothing but blanks or a comment      */
	CFG_TOO_LONG,
	CFG_NUL,                /**< A NUL byte                           */
	CFG_CONTROL,            /**< Another control character            */
	CFG_NOT_UTF8,
	CFG_BAD_KEY,            /**< Key with other than a-z 0-9 _ . -    */
	CFG_QUOTE_OPEN,
	CFG_ANGLE_OPEN,         /**< < without >                          */
	CFG_NO_NAME,            /**< ; without a name after it            */
	CFG_NO_VALUE,           /**< Parameter without =value             */
	CFG_HAS_BLANK,          /**< Blank in a value outside quotes      */
	CFG_TOO_MANY,           /**< More parameters than CFG_PIECES_MAX  */
	CFG_NO_DIGITS,          /**< Range whose ends are no numbers      */
	CFG_PREFIX,             /**< Range whose ends begin differently   */
	CFG_BACKWARDS,          /**< Range whose last is before its first */
	CFG_WIDTH,              /**< Range of mixed width with zeros      */

	CFG_FAULTS
};

/** @return What was expected, to be put after "line N: " */
const char *cfg_fault_text(enum cfg_fault fault);

/** A part of the text, borrowed */
struct cfg_piece {
	const char *p;
	size_t l;
};

/** One line, taken apart; key and value point into the text */
struct cfg_line {
	char key[CFG_KEY_MAX];
	struct cfg_piece val;   /**< Raw, no blanks around; may be empty  */
	bool comment;           /**< A comment stood after the value      */
};

/**
 * Take the next line off a text: LF, CR LF and no line end at all
 *
 * @param line  Set to the line without its end
 * @param text  The rest; moved on
 *
 * @return False if nothing is left
 */
bool cfg_lex_next(struct cfg_piece *line, struct cfg_piece *text);

/** Cut key, value and comment apart */
enum cfg_fault cfg_lex_line(struct cfg_line *line, struct cfg_piece raw);

/**
 * Take the quotes off a value
 *
 * @param dst  Ends with a NUL
 * @param size Size of dst; raw.l + 1 is always enough
 */
enum cfg_fault cfg_lex_text(char *dst, size_t size, struct cfg_piece raw);

/**
 * Cut a value at each ; that stands outside of quotes and of < >
 *
 * @param pv  CFG_PIECES_MAX places; pv[0] is the head, the others are
 *            parameters; no blanks around any
 * @param pcp Set to the number of pieces, at least 1
 */
enum cfg_fault cfg_lex_split(struct cfg_piece *pv, size_t *pcp,
			     struct cfg_piece raw);

/**
 * Cut a parameter into its name and its value
 *
 * @param name Set, also if the value is wrong; borrowed
 * @param val  Takes the value, quotes off; `size` bytes
 */
enum cfg_fault cfg_lex_param(struct cfg_piece *name, char *val, size_t size,
			     struct cfg_piece piece);

/** A range of numbers as written, "701-720", "*5901-*5910" or "711" */
struct cfg_range {
	char prefix[CFG_NUMBER_MAX];    /**< Before the digits, "*"       */
	unsigned width;                 /**< Digits, leading zeros kept   */
	uint64_t first, last;
};

/**
 * Take the next range off a list with commas
 *
 * @param range Filled in
 * @param list  The rest; moved on, also past a wrong one
 * @param item  Set to the range's text, for the report
 *
 * @return CFG_BLANK at the end of the list
 */
enum cfg_fault cfg_lex_range(struct cfg_range *range, struct cfg_piece *list,
			     struct cfg_piece *item);

/** Print the n'th number of a range; `buf` has CFG_NUMBER_MAX bytes */
void cfg_range_number(char *buf, const struct cfg_range *range, uint64_t n);

/** @return True if a spot or extension may be called so */
bool cfg_number_ok(const char *number);

/**
 * Check a template: text with {spot} and {ext} in it
 *
 * @return NULL, or what was wrong and expected
 */
const char *cfg_template_fault(const char *text);

#endif
