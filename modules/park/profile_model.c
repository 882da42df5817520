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
		.spots    = "701-720",
		.source   = "wire captures of Asterisk 22",
		.help     = "res_parking.conf: parkinghints=yes, else there"
			    " are no lamps; pjsip.conf: subscribe_context"
			    " (or context) is the lot's, send_pai=yes for"
			    " callers' names after they are taken back."
			    " Where the dialplan parks at a chosen spot,"
			    " see asterisk-spots.",
	},
	{
		.name     = "asterisk-spots",
		.lot      = "700",
		.park     = "*{spot}",
		.retrieve = "{spot}",
		.watch    = "{spot}",
		.announce = true,
		.recall_s = 45,
		.lists    = true,
		.spots    = "701-720",
		.source   = "wire captures of Asterisk 22 with a dialplan of"
			    " our own",
		.help     = "As asterisk, and the dialplan parks what is sent"
			    " to *701 at 701: exten => _*7XX,1,Set(PARKINGEXTEN"
			    "=${EXTEN:1}), then Park(). If it does so for"
			    " transfers to the bare 701, say `park {spot}`; if"
			    " it does not, a call sent there is lost.",
	},
	{
		.name     = "freepbx",
		.lot      = "70",
		.park     = NULL,
		.retrieve = "{spot}",
		.watch    = "{spot}",
		.pickup   = "**{ext}",
		.voicemail = "*{ext}",
		.announce = true,
		.recall_s = 45,
		.spots    = "71-78",
		.source   = "FreePBX and Sangoma pages; wire as Asterisk's",
		.help     = "Parking module: the lot's number (70, or 700 in"
			    " newer ones: `lot 700`), number of slots, and"
			    " BLF capabilities on, else there are no lamps."
			    " VitalPBX and Issabel: the same with their"
			    " numbers.",
	},
	{
		.name     = "freeswitch",
		/* 6000 of the vanilla dialplan asks for the spot to take a
		   call from: no lot, the phone chooses a free spot */
		.lot      = NULL,
		.park     = "{spot}",
		/* not the document's target: park+{spot} is a queue there */
		.retrieve = "{spot}",
		.watch    = "park+{spot}",
		.pickup   = "**{ext}",
		.recall_s = 0,
		.spots    = "6001-6010",
		.source   = "sources of FreeSWITCH, its vanilla dialplan",
		.help     = "mod_valet_parking at 6001-6099, as in the vanilla"
			    " dialplan; manage-presence on in the profile."
			    " A parked call looks as one that rings unless"
			    " presence-hold-state says otherwise; with"
			    " `terminated` there, say `states any`. A recall"
			    " comes with valet_parking_timeout only.",
	},
	{
		.name     = "fusionpbx",
		.lot      = "*5900",
		.park     = "{spot}",
		.retrieve = "{spot}",
		.watch    = "park+{spot}",
		.pickup   = "**{ext}",
		.voicemail = "*99{ext}",
		.recall_s = 900,
		.spots    = "*5901-*5910",
		.source   = "dialplans of FusionPBX",
		.help     = "Dialplan valet_park: on, as it is after an"
			    " installation. A spot's number begins with its"
			    " star.",
	},
	{
		.name     = "3cx",
		.lot      = NULL,
		.park     = "*0{spot}",
		.retrieve = "*1{spot}",
		.watch    = NULL,
		.several  = true,
		.recall_s = 0,
		.spots    = "0-9",
		.untested = true,
		.source   = "the vendor's pages; what lamps subscribe to is"
			    " not published",
		.help     = "Park orbits 0-9. How their lamps are watched is"
			    " not published: with a capture at hand, `watch`"
			    " says what to subscribe to; without, they stay"
			    " unknown and `p` asks where.",
	},
	{
		.name     = "yeastar",
		.lot      = "*5",
		.park     = "*05{spot}",
		.retrieve = "{spot}",
		.watch    = "{spot}",
		.pickup   = "*04{ext}",
		.voicemail = "*12{ext}",
		.announce = true,
		.recall_s = 60,
		.spots    = "6000-6009",
		.untested = true,
		.source   = "the vendor's pages (P-Series); the lamps' documents"
			    " are not published",
		.help     = "Feature codes of call parking on, and the range of"
			    " parking numbers as `spots`. Cloud PBX of before:"
			    " `lot *6`, `park *06{spot}`, 6900-6999.",
	},
	{
		.name     = "grandstream-ucm",
		.lot      = "700",
		.park     = NULL,
		.retrieve = "{spot}",
		.watch    = "{spot}",
		.announce = true,
		.recall_s = 45,
		.lists    = true,
		.spots    = "701-720",
		.untested = true,
		.source   = "the vendor's pages on event lists; parking as"
			    " Asterisk's, not published",
		.help     = "The lot and its range as in Call Features. With an"
			    " event list of them, one line `list NAME` brings"
			    " all lamps; about three come in a message.",
	},
	{
		.name     = "broadworks",
		.lot      = "*68",
		.park     = "*68{spot}",
		.group    = "#58",
		.retrieve = "*88{spot}",
		.pickup   = "*97{ext}",
		.voicemail = "*55{ext}",
		.personal = true,
		.recall_s = 45,
		.told     = PROFILE_TOLD_CALL_INFO,
		.lists    = true,
		.untested = true,
		.source   = "providers' pages; an Asterisk module that speaks"
			    " call-info",
		.help     = "Calls are parked on an extension, or on the group"
			    " (#58, some providers *58: `group *58`). Call"
			    " park extensions are watched as lamps of"
			    " colleagues: `lamp 1415`.",
	},
	{
		.name     = "kazoo",
		/* *4 chooses a slot, but tells its lamp under "*4" */
		.lot      = NULL,
		.park     = "*3{spot}",
		.retrieve = "*5{spot}",
		.watch    = "*3{spot}",
		.voicemail = "**{ext}",
		.recall_s = 120,
		.spots    = "801-810",
		.source   = "sources of Kazoo (cf_park) and of its portal",
		.help     = "Feature codes park_and_retrieve (*3) and retrieve"
			    " (*5) on. A slot is any number that is nobody's"
			    " extension. `retrieve *3{spot}` works too, but"
			    " parks yourself where nobody waits.",
	},
	{
		.name     = "vodia",
		.lot      = NULL,
		.park     = "*85{spot}",
		.retrieve = "*86{spot}",
		.watch    = "{spot}",
		.recall_s = 0,
		.spots    = "71-78",
		.untested = true,
		.source   = "the vendor's pages; the lamps' documents are not"
			    " published",
		.help     = "Park orbits are accounts with numbers of their"
			    " own, which are `spots`. A park at one that is"
			    " taken fails.",
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
	{
		.name     = "generic",
		.lot      = NULL,
		.park     = "{spot}",
		.retrieve = "{spot}",
		.watch    = "{spot}",
		.lists    = true,
		.spots    = "701-720",
		.source   = "RFC 4235, RFC 3515",
		.help     = "A transfer to the spot parks there, dialling the"
			    " spot takes the call back",
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
