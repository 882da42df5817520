/**
 * @file modules/blf/multipart_model.h  Take a multipart body apart
 *                                      (RFC 2046 5.1, RFC 2387)
 *
 * Pure: no copy is made, parts point into the body. Taken as well: lines
 * that end with LF alone, a body without its last delimiter, parts without
 * headers. A Content-Length of a part is not looked at: the delimiter
 * counts.
 */
#ifndef PARKDECK_MULTIPART_MODEL_H
#define PARKDECK_MULTIPART_MODEL_H

#include <stdbool.h>
#include <stddef.h>

enum {
	MULTIPART_PARTS_MAX = 2048,
	MULTIPART_HEADER_MAX = 4096, /**< Headers of a part [bytes]      */
	MULTIPART_BOUNDARY_MAX = 200, /**< RFC 2046 says 70 [bytes]      */
};

/** Bytes in the body, not ended by NUL; p may be NULL if len is 0 */
struct multipart_span {
	const char *p;
	size_t len;
};

struct multipart_part {
	struct multipart_span id;     /**< Content-ID without <>         */
	struct multipart_span type;   /**< "type/subtype"                */
	struct multipart_span params; /**< Of Content-Type: ";a=b;c=d"   */
	struct multipart_span body;
	bool encoded;                 /**< base64 or the like: no use    */
	bool used;                    /**< The caller's own              */
};

/** Parts of one body; memory of the caller, reusable */
struct multipart {
	struct multipart_part *partv; /**< Caller's, `size` of them      */
	size_t size;
	size_t partc;
	bool closed;                  /**< The last delimiter was there  */
};

/**
 * Take a body apart
 *
 * @param mp      partv and size set; the rest is overwritten
 * @param params  Content-Type's parameters, with the boundary
 * @param reasonp Set to static text if there is an error
 *
 * @return 0 (there may be no part), EBADMSG (no boundary, more parts than
 *         there is room for, headers too long), EINVAL
 */
int multipart_decode(struct multipart *mp, struct multipart_span params,
		     const char *body, size_t len, const char **reasonp);

/**
 * Find a part by its Content-ID
 *
 * @param hint Search begins at this index: nearly always the one after the
 *             last that was found
 *
 * @return Index, or partc: there is none
 */
size_t multipart_find(const struct multipart *mp, const char *cid,
		      size_t hint);

/** @return The part to begin with (RFC 2387 3.2): `start`, or the first of
	    that type, or NULL */
const struct multipart_part *multipart_root(const struct multipart *mp,
					    struct multipart_span params,
					    const char *type);

/** @return True if span is that text, in any case */
bool multipart_is(struct multipart_span span, const char *text);

/**
 * Find a parameter of a header's value: ";name=value" or ;name="value"
 *
 * @return The value without quotes (escapes stay as they are); p is NULL if
 *         it is not there
 */
struct multipart_span multipart_param(struct multipart_span params,
				      const char *name);

#endif
