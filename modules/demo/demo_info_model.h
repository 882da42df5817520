/**
 * @file modules/demo/demo_info_model.h  Dialog-info documents, written
 *
 * Only writes: nothing here is shared with the phone, which reads them.
 */
#ifndef PARKDECK_DEMO_INFO_MODEL_H
#define PARKDECK_DEMO_INFO_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "modules/demo/demo_manner_model.h"

enum {
	DEMO_INFO_MAX = 4096,    /**< A document, at most [bytes]        */
};

enum demo_lamp {
	DEMO_LAMP_FREE = 0,
	DEMO_LAMP_EARLY,         /**< Extension rings                    */
	DEMO_LAMP_CONFIRMED,     /**< Extension talks                    */
	DEMO_LAMP_PARKED,        /**< A call waits at this spot          */
};

/** What a document tells; strings are borrowed, escaped here */
struct demo_info {
	const char *entity;      /**< "701@127.0.0.1:5060", no scheme    */
	const char *id;          /**< Of the one dialog                  */
	const char *host;        /**< "127.0.0.1"                        */
	uint32_t version;
	bool first;              /**< First document of the subscription */
	enum demo_lamp lamp;
	const char *who;         /**< Remote: name and number            */
	const char *number;
	const char *local_name;  /**< Of an extension that rings         */
	unsigned call;           /**< Id of the call that is parked      */
};

/** As BroadWorks tells whom a call is parked on; who NULL: none is */
size_t demo_info_park(char *buf, size_t sz, const char *who,
		      const char *number, const char *host);

size_t demo_info_write(char *buf, size_t sz, const struct demo_info *info,
		       const struct demo_manner *m);

#endif
