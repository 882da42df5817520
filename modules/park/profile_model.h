/**
 * @file modules/park/profile_model.h  Habits of PBX families, as data
 *
 * A template is dialled or subscribed to after `{spot}` in it is replaced.
 */
#ifndef PARKDECK_PROFILE_MODEL_H
#define PARKDECK_PROFILE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** One family; every field can be overridden in the configuration */
struct profile {
	const char *name;
	const char *lot;       /**< REFER to it: the PBX chooses the spot */
	const char *park;      /**< REFER to it parks at that spot; NULL:
				    impossible, a bare spot would lose the
				    caller                               */
	const char *retrieve;  /**< Dialling it takes the call           */
	const char *watch;     /**< SUBSCRIBE to it (RFC 4235)           */
	bool announce;         /**< The lot speaks the spot's number     */
	uint32_t recall_s;     /**< Gives the call back after; 0 unknown */
	const char *help;      /**< One sentence for the administrator   */
};

/** @return The family, or NULL */
const struct profile *profile_find(const char *name);

/** @return The i-th family, NULL after the last */
const struct profile *profile_at(size_t i);

/**
 * Replace {spot} (or {ext}, the same) in a template
 *
 * @return 0, EINVAL (an unknown {name} or no template), ENOMEM (too long)
 */
int profile_expand(char *buf, size_t size, const char *tmpl,
		   const char *spot);

#endif
