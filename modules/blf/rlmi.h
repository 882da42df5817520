/**
 * @file modules/blf/rlmi.h  Decode a document of list meta-information
 *                           (RFC 4662 5)
 *
 * Which resources a list has, and which part of the NOTIFY tells the state
 * of which. As with dialog-info, what can be understood only one way is
 * taken, the rest is refused with a reason:
 *  - a list or resource without uri, an instance without id
 *  - `fullState` true, 1, false or 0 in any case; missing or another word:
 *    partial, since nothing is then taken away by a guess
 *  - a second `name` is left out
 */
#ifndef PARKDECK_RLMI_H
#define PARKDECK_RLMI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "modules/blf/saxdoc.h"

enum {
	RLMI_SIZE_MAX = 4 * SAXDOC_SIZE_MAX, /**< A body [bytes]         */
	RLMI_RESOURCES_MAX = 2048,
	RLMI_INSTANCES_MAX = 4096,  /**< Of all resources together       */
	/** All strings: a body in ISO 8859-1 has at most twice its bytes */
	RLMI_ARENA_SZ = 2 * RLMI_SIZE_MAX + SAXDOC_STR_MAX + 1,
};

/** RFC 4662 5.5; zero: missing or another word */
enum rlmi_state {
	RLMI_UNKNOWN = 0,
	RLMI_ACTIVE,
	RLMI_PENDING,
	RLMI_TERMINATED,

	RLMI_STATES
};

/** One subscription behind the list */
struct rlmi_instance {
	const char *id;
	const char *cid;          /**< Content-ID of its part, or ""     */
	enum rlmi_state state;
	const char *reason;       /**< Of terminated, as sent, or ""     */
};

struct rlmi_resource {
	const char *uri;
	const char *name;
	size_t first;             /**< Its instances: instancev[first …  */
	size_t instancec;         /**< … first + instancec - 1]          */
};

/**
 * A decoded document, reusable. Large (750 kB): not for the stack.
 *
 * Strings are as those of struct dialoginfo.
 */
struct rlmi {
	int err;                  /**< What rlmi_decode() returned       */
	const char *reason;       /**< Why, static text; "" if err is 0  */
	bool version_known;
	uint32_t version;
	bool full;
	const char *uri;
	const char *name;
	struct rlmi_resource resourcev[RLMI_RESOURCES_MAX];
	size_t resourcec;
	struct rlmi_instance instancev[RLMI_INSTANCES_MAX];
	size_t instancec;
	char arena[RLMI_ARENA_SZ];
};

struct rlmi_decoder;

/**
 * Make a decoder: one serves all documents, one after the other
 *
 * @return 0, EINVAL, ENOMEM
 */
int rlmi_decoder_alloc(struct rlmi_decoder **decp);

/** Free a decoder; NULL is fine */
void rlmi_decoder_free(struct rlmi_decoder *dec);

/**
 * Decode one document
 *
 * @param rl   Caller's memory, overwritten; its strings live in it
 * @param body Bytes from the network
 *
 * @return 0; ENODATA: nothing there; EBADMSG: refused; ENOMEM; EINVAL.
 *         After an error rl has no resources.
 */
int rlmi_decode(struct rlmi *rl, struct rlmi_decoder *dec, const void *body,
		size_t len);

#endif
