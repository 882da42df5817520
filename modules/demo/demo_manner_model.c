/**
 * @file modules/demo/demo_manner_model.c  Manners: the table
 */
#include <string.h>
#include "modules/demo/demo_manner_model.h"


#define COMMON						\
	.invalid_ms = 5500, .refused_ms = 5000, .parker_s = 60,	\
	.reg_min_s = 1, .reg_max_s = 3600


/* What PJSIP of Asterisk 22 does, whatever its dialplan */
#define ASTERISK						\
	COMMON,							\
	.software = "Asterisk PBX", .realm = "asterisk",	\
	.cuser = "asterisk", .spot_prefix = "",			\
	.bare = DEMO_BARE_PICKS_UP,				\
	.taken = DEMO_TAKEN_DROPS, .full = DEMO_FULL_REJOINS,	\
	.word = DEMO_WORD_CONFIRMED, .free = DEMO_FREE_TERMINATED, \
	.who = DEMO_WHO_NOBODY, .same_version = true,		\
	.fetch_code = 400, .min_expires = false,		\
	.tell = DEMO_TELL_LATER, .frag = DEMO_FRAG_LATE,	\
	.empty = DEMO_EMPTY_VOICE, .refer_expires = true,	\
	.session_expires = true,				\
	.announce_ms = 2600, .connect_ms = 500,			\
	.sub_code = 200, .nohint_code = 404,			\
	.nohint_reason = "Not Found", .sub_max_s = 3600,	\
	.empty_code = 404, .comeback_s = 30,			\
	.badauth_code = 401, .nonce_s = 32

/* What mod_valet_parking and mod_sofia do: a parked call looks as a ringing
   phone, a free spot has no dialog at first */
#define FREESWITCH						\
	COMMON,							\
	.cuser = "mod_sofia", .watch_prefix = "park+",		\
	.bare = DEMO_BARE_PARKS,				\
	.taken = DEMO_TAKEN_BOUNCES, .full = DEMO_FULL_REFUSES,	\
	.word = DEMO_WORD_EARLY, .free = DEMO_FREE_EMPTY,	\
	.who = DEMO_WHO_SPOT, .direction = true,		\
	.sub_code = 202, .nohint_code = 481,			\
	.nohint_reason = "INVALID SUBSCRIPTION",		\
	.sub_max_s = 31536000, .unsub_reason = "noresource",	\
	.tell = DEMO_TELL_IN_200, .frag = DEMO_FRAG_AT_ONCE,	\
	.empty = DEMO_EMPTY_REFUSES, .empty_code = 480,		\
	.bye_parker = true, .badauth_code = 403,		\
	.fetch_code = 200, .min_expires = true, .connect_ms = 100, \
	.comeback_s = 30, .nonce_s = 32

/* What nobody published, filled in so that there is something to play */
#define INVENTED						\
	COMMON,							\
	.cuser = "pbx", .spot_prefix = "",			\
	.full = DEMO_FULL_REFUSES,				\
	.word = DEMO_WORD_CONFIRMED, .free = DEMO_FREE_TERMINATED, \
	.empty = DEMO_EMPTY_REFUSES, .empty_code = 404,		\
	.sub_code = 200, .fetch_code = 200, .sub_max_s = 3600,	\
	.nohint_code = 404, .nohint_reason = "Not Found",	\
	.min_expires = true, .connect_ms = 100, .comeback_s = 30, \
	.badauth_code = 401, .nonce_s = 32


static const struct demo_manner mannerv[] = {

	/* res_parking with hints on and a dialplan of "*7xx" that parks at
	   a spot */
	{
		ASTERISK,
		.name = "asterisk", .profile = "asterisk",
		.source = "wire captures of Asterisk 22",
		.lot = "700", .first = 701, .park_prefix = "*",
		.park_s = 45,
	},

	{
		ASTERISK,
		.name = "asterisk-spots", .profile = "asterisk-spots",
		.source = "wire captures of Asterisk 22",
		.lot = "700", .first = 701, .park_prefix = "*",
		.park_s = 45,
	},

	{
		ASTERISK,
		.name = "freepbx", .profile = "freepbx",
		.source = "wire captures of Asterisk 22, numbers of FreePBX",
		.lot = "70", .first = 71, .park_s = 45,
	},

	/* the vanilla dialplan has no number that parks anywhere */
	{
		FREESWITCH,
		.name = "freeswitch", .profile = "freeswitch",
		.source = "sources of FreeSWITCH",
		.software = "FreeSWITCH-mod_sofia", .realm = "freeswitch",
		.first = 6001, .spot_prefix = "", .park_s = 60,
	},

	/* FusionPBX on FreeSWITCH: *59xx parks and retrieves */
	{
		FREESWITCH,
		.name = "fusionpbx", .profile = "fusionpbx",
		.source = "dialplans of FusionPBX",
		.software = "FreeSWITCH", .realm = "fusionpbx",
		.lot = "*5900", .first = 5901, .spot_prefix = "*",
		.park_s = 900, .recall_name = "park#",
	},

	/* orbits 0 to 9 behind *0 and *1, several calls at one; how lamps
	   are watched and what they say is invented */
	{
		INVENTED,
		.name = "3cx", .profile = "3cx",
		.source = "the vendor's pages; lamps are invented",
		.software = "3CX mock", .realm = "3CXPhoneSystem",
		.first = 0, .park_prefix = "*0", .retrieve_prefix = "*1",
		.watch_prefix = "SP", .several = true,
		.bare = DEMO_BARE_UNKNOWN, .taken = DEMO_TAKEN_REFUSES,
		.tell = DEMO_TELL_IN_200, .frag = DEMO_FRAG_AT_ONCE,
		.bye_parker = true, .park_s = 60,
	},

	/* *5 and *05; the rest is invented, after Asterisk */
	{
		INVENTED,
		.name = "yeastar", .profile = "yeastar",
		.source = "the vendor's pages; documents are invented",
		.software = "Yeastar mock", .realm = "YSAsterisk",
		.lot = "*5", .first = 6000, .park_prefix = "*05",
		.bare = DEMO_BARE_UNKNOWN, .taken = DEMO_TAKEN_REFUSES,
		.tell = DEMO_TELL_LATER, .frag = DEMO_FRAG_LATE,
		.announce_ms = 1500, .park_s = 60,
	},

	/* a list of the spots, three of them in a NOTIFY; the rest as of an
	   Asterisk, which is invented */
	{
		ASTERISK,
		.name = "grandstream-ucm", .profile = "grandstream-ucm",
		.source = "the vendor's pages on event lists; the rest is"
			" invented, after Asterisk",
		.lot = "700", .first = 701, .park_s = 45,
		.list = "parking", .list_step = 3,
	},

	/* calls are parked on extensions; the one it is parked on learns it
	   by a subscription to himself */
	{
		INVENTED,
		.name = "broadworks", .profile = "broadworks",
		.source = "providers' pages, an Asterisk module that speaks"
			" call-info; calls are invented",
		.software = "BroadWorks mock", .realm = "BroadWorks",
		.personal = true, .info_event = "call-info",
		.park_prefix = "*68", .retrieve_prefix = "*88",
		.group = "#58",
		.bare = DEMO_BARE_UNKNOWN, .taken = DEMO_TAKEN_REFUSES,
		.tell = DEMO_TELL_IN_200, .frag = DEMO_FRAG_AT_ONCE,
		.bye_parker = true, .park_s = 45,
	},

	/* cf_park behind FreeSWITCH, lamps by Kamailio's module: a taken
	   slot and a recall nobody takes do not lose the caller */
	{
		COMMON,
		.name = "kazoo", .profile = "kazoo",
		.source = "sources of Kazoo and Kamailio",
		.software = "2600Hz", .realm = "kazoo", .cuser = "kazoo",
		/* not 101: that is an extension here */
		.first = 201, .spot_prefix = "",
		.park_prefix = "*3", .retrieve_prefix = "*5",
		.watch_prefix = "*3",
		.bare = DEMO_BARE_UNKNOWN,
		.taken = DEMO_TAKEN_BOUNCES, .full = DEMO_FULL_REFUSES,
		.word = DEMO_WORD_EARLY, .free = DEMO_FREE_EMPTY,
		.who = DEMO_WHO_CALLER, .shape = DEMO_SHAPE_KAMAILIO,
		.direction = true,
		.sub_code = 202, .nohint_code = 404,
		.nohint_reason = "Not Found", .sub_max_s = 3600,
		.unsub_reason = "timeout",
		.tell = DEMO_TELL_IN_200, .frag = DEMO_FRAG_AT_ONCE,
		.empty = DEMO_EMPTY_VOICE, .empty_code = 480,
		.bye_parker = true, .park_s = 120, .comeback_s = 30,
		.recall_name = "Parking slot ", .recall_spot = true,
		.recall_returns = true,
		.fetch_code = 200, .min_expires = true, .connect_ms = 100,
		.badauth_code = 401, .nonce_s = 32,
	},

	/* *85 and *86 with an orbit; a second park at one fails. What lamps
	   say is invented */
	{
		INVENTED,
		.name = "vodia", .profile = "vodia",
		.source = "the vendor's pages; documents are invented",
		.software = "Vodia mock", .realm = "vodia",
		.first = 71, .park_prefix = "*85", .retrieve_prefix = "*86",
		.bare = DEMO_BARE_UNKNOWN, .taken = DEMO_TAKEN_REFUSES,
		.tell = DEMO_TELL_IN_200, .frag = DEMO_FRAG_AT_ONCE,
		.bye_parker = true, .park_s = 60,
	},

	/* what the RFCs say and no more: names in the document, partial
	   state, spots that park when a call is sent there */
	{
		COMMON,
		.name = "generic", .profile = "generic",
		.source = "RFC 4235, RFC 3515",
		.software = "parkdeck demo", .realm = "demo",
		.cuser = "pbx",
		.lot = "700", .spot_prefix = "", .park_prefix = "",
		.bare = DEMO_BARE_PARKS,
		.taken = DEMO_TAKEN_REFUSES, .full = DEMO_FULL_REFUSES,
		.word = DEMO_WORD_CONFIRMED, .free = DEMO_FREE_TERMINATED,
		.who = DEMO_WHO_CALLER, .direction = true, .partial = true,
		.sub_min_s = 60, .tell = DEMO_TELL_LATER,
		.frag = DEMO_FRAG_LATE, .empty = DEMO_EMPTY_REFUSES,
		.unsub_reason = "timeout", .park_s = 120,
		.first = 701, .sub_code = 200, .fetch_code = 200,
		.nohint_code = 404, .nohint_reason = "Not Found",
		.sub_max_s = 3600, .min_expires = true, .empty_code = 404,
		.connect_ms = 100, .comeback_s = 30, .badauth_code = 401,
		.nonce_s = 32,
	},

	/* no spots to watch; codes and park-info are not played here */
	{
		COMMON,
		.name = "portsip", .profile = "portsip",
		.source = "the vendor's pages; the wire is not published",
		.software = "PortSIP PBX", .realm = "portsip.example",
		.cuser = "portsip",
		.personal = true, .several = true,
		.park_prefix = "*68", .retrieve_prefix = "*88",
		.group = "*58",
		.spot_prefix = "", .bare = DEMO_BARE_UNKNOWN,
		.taken = DEMO_TAKEN_REFUSES, .full = DEMO_FULL_REFUSES,
		.tell = DEMO_TELL_NOT, .frag = DEMO_FRAG_AT_ONCE,
		.empty = DEMO_EMPTY_REFUSES, .bye_parker = true,
		.first = 701, .sub_code = 200, .fetch_code = 200,
		.nohint_code = 404, .nohint_reason = "Not Found",
		.sub_max_s = 3600, .min_expires = true, .empty_code = 404,
		.connect_ms = 100, .park_s = 45, .comeback_s = 30,
		.badauth_code = 401, .nonce_s = 32,
	},

	/* an Asterisk in a bad mood: short times, 423 without a minimum,
	   no identity, documents without a dialog */
	{
		COMMON,
		.name = "broken", .profile = "asterisk",
		.source = "faults seen at several systems together",
		.software = "broken", .realm = "broken",
		.cuser = "x",
		.lot = "700", .spot_prefix = "", .park_prefix = "*",
		.bare = DEMO_BARE_PICKS_UP,
		.taken = DEMO_TAKEN_DROPS, .full = DEMO_FULL_REFUSES,
		.word = DEMO_WORD_EARLY, .free = DEMO_FREE_NEVER,
		.who = DEMO_WHO_NOBODY,
		.fetch_code = 400, .nohint_code = 403,
		.nohint_reason = "Forbidden",
		.sub_min_s = 120, .min_expires = false,
		.tell = DEMO_TELL_NOT, .frag = DEMO_FRAG_LATE,
		.empty = DEMO_EMPTY_VOICE, .announce_ms = 200,
		.park_s = 20, .comeback_s = 10, .nonce_s = 2,
		.first = 701, .sub_code = 200, .sub_max_s = 3600,
		.empty_code = 404, .connect_ms = 100, .badauth_code = 401,
	},
};


/**
 * @param name Or NULL: the first
 *
 * @return A manner, or NULL if there is none of that name
 */
const struct demo_manner *demo_manner_find(const char *name)
{
	size_t i;

	if (!name)
		return &mannerv[0];

	for (i = 0; i < sizeof(mannerv) / sizeof(mannerv[0]); i++) {

		if (!strcmp(mannerv[i].name, name))
			return &mannerv[i];
	}

	return NULL;
}


/** @return The i-th manner, or NULL behind the last */
const struct demo_manner *demo_manner_at(size_t i)
{
	return i < sizeof(mannerv) / sizeof(mannerv[0]) ? &mannerv[i] : NULL;
}
