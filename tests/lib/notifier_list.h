/**
 * @file tests/lib/notifier_list.h  A list of the notifier (RFC 4662)
 *
 * Bodies as Asterisk 22 writes them: a short boundary, an empty line before
 * the first, instance and content ids drawn anew each time, the parts'
 * Content-Length padded with blanks, one dialog-info for each resource.
 */
#ifndef PARKDECK_TESTS_NOTIFIER_LIST_H
#define PARKDECK_TESTS_NOTIFIER_LIST_H

#include <re.h>
#include "tests/lib/notifier.h"

#define NOTIFIER_LIST_CTYPE "multipart/related;type=\"application/" \
	"rlmi+xml\";boundary=bndry"

enum {
	NOTIFIER_RESOURCES = 2000,
};

struct notifier_list {
	unsigned first;        /**< Number of its first resource         */
	unsigned count;
	uint32_t version;      /**< Of the next NOTIFY                   */
	uint32_t versionv[NOTIFIER_RESOURCES]; /**< Of the next documents */
	bool parkedv[NOTIFIER_RESOURCES];
	unsigned serial;       /**< Of ids                               */
	size_t bytes;          /**< Of the last body                     */
	const char *host;      /**< Of the resources' URIs, "pbx"        */
};

/** A new subscription begins */
void notifier_list_reset(struct notifier_list *list);

/** NOTIFY of some of its resources, `from` counts from 0 */
void notifier_list_notify(struct notifier *n, struct notifier_sub *sub,
			  struct notifier_list *list, bool full,
			  unsigned from, unsigned count);

/** The same, but sent once and its answer not looked for */
void notifier_list_tell(struct notifier *n, struct notifier_sub *sub,
			struct notifier_list *list, bool full,
			unsigned from, unsigned count);

/** @return Body that notifier_list_notify() sends; mem_deref() it */
char *notifier_list_body(struct notifier_list *list, bool full,
			 unsigned from, unsigned count);

/** NOTIFY with that body; `ctype` is the whole Content-Type */
void notifier_list_raw(struct notifier *n, struct notifier_sub *sub,
		       const char *ctype, const char *body);

#endif
