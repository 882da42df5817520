/**
 * @file modules/demo/demo_rls_model.h  Bodies of a list's NOTIFY (RFC 4662),
 *                                      written
 *
 * Only writes: nothing here is shared with the phone, which reads them.
 */
#ifndef PARKDECK_DEMO_RLS_MODEL_H
#define PARKDECK_DEMO_RLS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DEMO_RLS_MAX = 60000,    /**< A body, at most [bytes]            */
};

/** What is put between its parts */
#define DEMO_RLS_BOUNDARY "ucm5c2e"

/** One resource; strings are borrowed, URIs without scheme */
struct demo_rls_part {
	const char *uri;
	const char *name;
	const char *doc;         /**< Its document; NULL: not yet        */
};

/** A NOTIFY of the list */
struct demo_rls {
	const char *uri;         /**< Of the list                        */
	const char *host;        /**< In Content-IDs                     */
	uint32_t version;
	bool full;               /**< All resources are in partv         */
	const struct demo_rls_part *partv;
	size_t partc;
};

/** @return Bytes written, 0 if there was no room */
size_t demo_rls_write(char *buf, size_t sz, const struct demo_rls *rls);

#endif
