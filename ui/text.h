/**
 * @file ui/text.h  Text as columns: UTF-8, display width, cutting, cleaning
 *
 * Names and reasons come from the network. What passed text_clean() cannot
 * move the cursor, change colours, turn the direction of writing or hide
 * what stands beside it.
 *
 * Width: combining marks 0, East Asian Wide and Fullwidth 2, all else 1,
 * ambiguous ones too. Sequences that terminals disagree about (joined and
 * toned emoji, variation selectors) are taken apart by the cleaning.
 */
#ifndef PARKDECK_UI_TEXT_H
#define PARKDECK_UI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TEXT_BAD = 0xfffd,       /**< Stands for what is no UTF-8        */
	TEXT_MARKS = 2,          /**< Combining marks kept per character */
	TEXT_GRAPHEME_SZ = 13,   /**< Character, marks and NUL [bytes]   */
};

/**
 * Decode one code point
 *
 * @param cp  Set; TEXT_BAD if the bytes are no UTF-8 (overlong forms and
 *            surrogates are none either)
 * @param s   Bytes, need not end with NUL
 * @param len Number of bytes, at least 1
 *
 * @return Bytes eaten, at least 1; 0 only if len is 0
 */
size_t text_decode(uint32_t *cp, const char *s, size_t len);

/** @return Bytes written to buf (1..4), no NUL; 0 if cp is none */
size_t text_encode(char buf[4], uint32_t cp);

/** @return Columns: 0 combining, 1, 2; -1: must never reach the screen */
int text_cp_width(uint32_t cp);

/**
 * Take the next character with its combining marks
 *
 * @param buf   Set to it, NUL-terminated, marks beyond TEXT_MARKS left out
 * @param width Set to its columns, 1 or 2
 * @param s     Position in a string
 *
 * @return Bytes eaten; 0 at the end. What must never reach the screen
 *         comes out as "?"
 */
size_t text_next(char buf[TEXT_GRAPHEME_SZ], int *width, const char *s);

/** @return Columns that the string takes */
size_t text_width(const char *s);

/**
 * Make foreign text harmless
 *
 * Escape sequences, control bytes, bidirectional controls, invisible and
 * tag characters go; white space becomes a blank; bytes that are no UTF-8
 * become U+FFFD. Ends are trimmed, runs of blanks become one.
 *
 * @param out   NUL-terminated, cut between characters if it is too small
 * @param outsz Its size, at least 1
 * @param in    Text; NULL counts as ""
 * @param ascii Leave ASCII alone: accents are dropped, the rest is '?'
 *
 * @return out
 */
char *text_clean(char *out, size_t outsz, const char *in, bool ascii);

/**
 * Cut to a width, with an ellipsis where something was left out
 *
 * @param out   As with text_clean()
 * @param outsz Its size, at least 1
 * @param in    Text
 * @param cols  Columns that may be used
 * @param ascii ".." rather than "…"
 *
 * @return Columns used, at most `cols`
 */
size_t text_cut(char *out, size_t outsz, const char *in, size_t cols,
		bool ascii);

/**
 * A span of time in at most six columns: "2:05", "1h02", "3d04h", ">99d"
 *
 * @return buf
 */
char *text_duration(char *buf, size_t sz, uint64_t ms);

/** @return True if `needle` stands in `hay`, upper and lower case alike */
bool text_find(const char *hay, const char *needle);

/** Like snprintf(), but what does not fit is cut between characters */
void text_print(char *buf, size_t sz, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
