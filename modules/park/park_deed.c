/**
 * @file modules/park/park_deed.c  What a lamp's key would do now
 */
#include <string.h>
#include <re.h>
#include "park_int.h"


static enum deed person(const struct park *park, const struct desk_lamp *lamp)
{
	const struct call_fact *call = phone_active(park->phone);

	if (!lamp->f.stale && lamp->f.state == LAMP_RINGING)
		return DEED_PICKUP;

	if (!call || !park_person_near(park, call->account, lamp->f.account))
		return DEED_DIAL;

	if (!lamp->f.stale && lamp->f.state == LAMP_BUSY &&
	    park->ways->voicemail)
		return DEED_NONE;

	return park->blind ? DEED_TRANSFER : DEED_ATTENDED;
}


enum deed park_deed(const struct park *park, const struct desk_lamp *lamp,
		    char *to, size_t sz)
{
	if (!park || !lamp)
		return DEED_NONE;

	if (lamp->f.kind == LAMP_EXTENSION)
		return person(park, lamp);

	if (lamp->f.state == LAMP_PARKED)
		return DEED_RETRIEVE;

	if (lamp->f.state != LAMP_FREE || lamp->f.stale ||
	    !phone_active(park->phone))
		return DEED_NONE;

	if (park_out_template(park, lamp->f.account, lamp->f.spot))
		return DEED_PARK;

	str_ncpy(to, park->ways->lot ? park->ways->lot : "", sz);

	return park->ways->lot ? DEED_PARK_LOT : DEED_NONE;
}
