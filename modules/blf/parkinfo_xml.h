/**
 * @file modules/blf/parkinfo_xml.h  A park-info that is XML, of any names
 */
#ifndef PARKDECK_PARKINFO_XML_H
#define PARKDECK_PARKINFO_XML_H

#include <stdbool.h>
#include <stddef.h>
#include "modules/blf/parkinfo_model.h"

/**
 * Give each text and attribute to the reader
 *
 * @param emptyp Set to true: a document of elements with nothing in them,
 *               which is how BroadWorks says that no call is parked
 *
 * @return 0, EBADMSG (no XML that can be read: what came before the fault
 *         was given), ENODATA, ENOMEM
 */
int parkinfo_xml(struct parkinfo_reader *rd, bool *emptyp, const char *body,
		 size_t len);

#endif
