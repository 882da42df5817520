/**
 * @file app/text_model.h  Text from outside: UTF-8, control bytes, near words
 *
 * Pure. What comes from a file, a socket or the network is never trusted to
 * be UTF-8, nor to be free of bytes that move a terminal's cursor.
 */
#ifndef PARKDECK_TEXT_MODEL_H
#define PARKDECK_TEXT_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Decode one character of UTF-8 (RFC 3629)
 *
 * @param cp   Set to its code point; may be NULL
 * @param p    Text
 * @param len  Bytes that may be read
 *
 * @return Bytes of the character, or 0: none begins here (over-long,
 *         surrogate, beyond U+10FFFF, cut off, or no bytes left)
 */
size_t uchar_decode(uint32_t *cp, const char *p, size_t len);

/** @return True for C0, DEL and C1: characters that command a terminal */
bool uchar_control(uint32_t cp);

/** What is wrong with a text, see uchar_check() */
enum uchar_fault {
	UCHAR_OK = 0,
	UCHAR_INVALID,          /**< Not UTF-8                            */
	UCHAR_CONTROL,          /**< A control character in it            */
};

/** Look for the first fault in `len` bytes */
enum uchar_fault uchar_check(const char *p, size_t len);

/**
 * Copy a text so that it can be shown: what is not UTF-8 becomes U+FFFD,
 * a control character becomes a blank; never cuts a character in two
 *
 * @param dst  Always ends with a NUL
 * @param size Size of dst, at least 1
 * @param src  Text, `len` bytes
 * @param len  Bytes of src
 *
 * @return Bytes written, without the NUL
 */
size_t uchar_clean(char *dst, size_t size, const char *src, size_t len);

/**
 * Are two telephone numbers the same, however they are written?
 *
 * "+49 30 1234567", "0049301234567" and "030/1234567" are: of numbers of
 * unequal length the last seven digits or more decide. Without a digit in
 * both, letter by letter.
 */
bool number_same(const char *a, const char *b);

/**
 * Count the slips between two words: a letter too many, missing, wrong, or
 * two neighbours swapped count one each; case is ignored
 */
unsigned near_distance(const char *a, const char *b);

/** @return True if `b` is what the writer of `a` may have meant */
bool near_enough(const char *a, const char *b, unsigned distance);

#endif
