/**
 * @file modules/blf/parkinfo.h  What a park-info NOTIFY says
 *
 * PortSIP's server tells a telephone of a call parked for it by a NOTIFY
 * with `Event: park-info` that nobody subscribed to. Its body is not
 * published. So nothing is asked of it: XML of any names, JSON, or lines
 * of `name: value` are read by what the names mean, and of a body that is
 * none of these it is known all the same that a call was parked.
 */
#ifndef PARKDECK_PARKINFO_H
#define PARKDECK_PARKINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PARKINFO_SZ = 96,        /**< Each text [bytes with NUL]         */
	PARKINFO_MAX = 65536,    /**< Of a longer body the beginning     */
};

/** What was found; a text that was not is "". All is valid UTF-8 without
    control characters, and nothing like "(null)" is left */
struct parkinfo {
	char who[PARKINFO_SZ];      /**< Name of who is parked           */
	char number[PARKINFO_SZ];   /**< His number                      */
	char by[PARKINFO_SZ];       /**< Name, else number, of the parker */
	char place[PARKINFO_SZ];    /**< Extension that he is parked on  */
	char retrieve[PARKINFO_SZ]; /**< What to dial to take him        */
	bool cleared;               /**< He does not wait there any more */
	bool understood;            /**< Something was found             */
};

/**
 * Read a body
 *
 * @param pi   Filled in; never fails
 * @param body May be NULL if len is 0
 */
void parkinfo_decode(struct parkinfo *pi, const void *body, size_t len);

#endif
