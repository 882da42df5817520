/**
 * @file modules/park/profile_model.c  Habits of PBX families, as data
 */
#include <errno.h>
#include <string.h>
#include "profile_model.h"


static const struct profile profilev[] = {
	{
		.name     = "asterisk",
		.lot      = "700",
		/* a stock dialplan takes a REFER to a bare spot for a
		   retrieval, reports success and drops the caller */
		.park     = NULL,
		.retrieve = "{spot}",
		.watch    = "{spot}",
		.announce = true,
		.recall_s = 45,
		.lists    = true,
		.source   = "wire captures of Asterisk 22",
		.help     = "Asterisk with res_parking: park on the lot 700,"
			    " parkinghints=yes for the lamps. Where the"
			    " dialplan parks at a chosen spot, say how:"
			    " park *{spot}",
	},
	{
		.name     = "generic",
		.lot      = NULL,
		.park     = "{spot}",
		.retrieve = "{spot}",
		.watch    = "{spot}",
		.lists    = true,
		.source   = "RFC 4235, RFC 3515",
		.help     = "A transfer to the spot parks there, dialling the"
			    " spot takes the call back",
	},
	{
		.name     = "portsip",
		.lot      = "*68",
		.park     = "*68{spot}",
		.group    = "*58",
		.retrieve = "*88{spot}",
		.pickup   = "*97{ext}",
		.personal = true,
		.several  = true,
		.recall_s = 300,
		.told     = PROFILE_TOLD_PARK_INFO,
		.untested = true,
		.source   = "the vendor's pages; the body of park-info is not"
			    " published",
		.help     = "PortSIP: calls are parked on an extension, one's"
			    " own or a colleague's, or on the group",
	},
};


const struct profile *profile_find(const char *name)
{
	const struct profile *p;

	for (size_t i = 0; name && (p = profile_at(i)); i++) {
		if (!strcmp(p->name, name))
			return p;
	}

	return NULL;
}


const struct profile *profile_at(size_t i)
{
	return i < sizeof(profilev) / sizeof(profilev[0]) ?
		&profilev[i] : NULL;
}


int profile_expand(char *buf, size_t size, const char *tmpl, const char *spot)
{
	size_t n = 0;

	if (!buf || !size || !tmpl || !*tmpl || !spot)
		return EINVAL;

	while (*tmpl) {

		const char *src = tmpl;
		size_t len = 1;

		if (!strncmp(tmpl, "{spot}", 6)) {
			src = spot;
			len = strlen(spot);
			tmpl += 6;
		}
		else if (!strncmp(tmpl, "{ext}", 5)) {
			src = spot;
			len = strlen(spot);
			tmpl += 5;
		}
		else if (*tmpl == '{' || *tmpl == '}')
			return EINVAL;
		else
			++tmpl;

		if (n + len >= size)
			return ENOMEM;

		memcpy(&buf[n], src, len);
		n += len;
	}

	buf[n] = '\0';

	return 0;
}
