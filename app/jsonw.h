/**
 * @file app/jsonw.h  JSON, written straight to a print handler (RFC 8259)
 *
 * libre's own encoder passes bytes that are not UTF-8 through; what we
 * print comes from the network and is read by strict parsers.
 */
#ifndef PARKDECK_JSONW_H
#define PARKDECK_JSONW_H

#include <stdbool.h>
#include <stdint.h>

struct re_printf;

/** One document under way; set up with jsonw_init(), no clean-up needed */
struct jsonw {
	struct re_printf *pf;
	bool comma;              /**< A value stands before the next      */
	int err;                 /**< First error of the print handler    */
};

void jsonw_init(struct jsonw *js, struct re_printf *pf);

/*
 * Containers and values. `name` is the member's name inside an object and
 * NULL inside an array (and for the outermost value). Errors stick: after
 * the first nothing more is printed, look at js->err at the end.
 */
void jsonw_open(struct jsonw *js, const char *name, char bracket);
void jsonw_close(struct jsonw *js, char bracket);
void jsonw_str(struct jsonw *js, const char *name, const char *str);
void jsonw_int(struct jsonw *js, const char *name, int64_t num);
void jsonw_bool(struct jsonw *js, const char *name, bool val);
void jsonw_null(struct jsonw *js, const char *name);

/**
 * Print handler for %H: a string's inside, without the quotes
 *
 * What is not UTF-8 becomes U+FFFD; control characters (also U+0080 to
 * U+009F, which command a terminal) are escaped.
 */
int jsonw_text(struct re_printf *pf, const char *str);

#endif
