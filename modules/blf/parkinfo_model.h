/**
 * @file modules/blf/parkinfo_model.h  What the names in a park-info mean
 *
 * Pure. Whatever the body's syntax, it comes here as pairs of a path and a
 * value: "parked/identity@display", "Anna Berg".
 */
#ifndef PARKDECK_PARKINFO_MODEL_H
#define PARKDECK_PARKINFO_MODEL_H

#include "modules/blf/parkinfo.h"

enum {
	PARKINFO_PAIRS_MAX = 256, /**< Of a body; more are passed over    */
};

/** A body being read */
struct parkinfo_reader {
	struct parkinfo *pi;
	unsigned pairc;
	bool by_named;           /**< pi->by is a name, no number        */
	bool parked;             /**< It says in words that one waits    */
	bool cleared;
};

/** Begin; nothing is known */
void parkinfo_begin(struct parkinfo_reader *rd, struct parkinfo *pi);

/**
 * A pair
 *
 * @param path  Names from the outermost on, with '/' between and '@' before
 *              an attribute's. Case, punctuation and camelCase do not count
 * @param value Ended by NUL; the first value for a meaning stays
 */
void parkinfo_pair(struct parkinfo_reader *rd, const char *path,
		   const char *value);

/** Lines of `name: value` or `name=value` */
void parkinfo_lines(struct parkinfo_reader *rd, const char *p, size_t len);

/**
 * JSON (RFC 8259), read without judging it: what came before a fault counts
 *
 * A scanner of our own, since libre's decoder makes a double of any row of
 * digits and that an integer, whatever its size, and prints what it does not
 * know.
 */
void parkinfo_json(struct parkinfo_reader *rd, const char *p, size_t len);

/** All was read */
void parkinfo_end(struct parkinfo_reader *rd);

#endif
