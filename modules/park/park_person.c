/**
 * @file modules/park/park_person.c  Colleagues: pickup, transfer, voicemail
 */
#include <string.h>
#include <re.h>
#include "park_int.h"


static const char *caller(const struct call_fact *call)
{
	return call->name[0] ? call->name :
		call->peer[0] ? call->peer : "the call";
}


int park_person_voicemail(struct park *park, const struct place *at,
			  struct re_printf *reply)
{
	const struct call_fact *call = phone_active(park->phone);
	char target[256];

	if (profile_expand(target, sizeof(target), park->ways->voicemail,
			   at->spot)) {
		(void)re_hprintf(reply, "where the voicemail of %s is, is not"
				 " known: `voicemail` in the configuration"
				 " says it", at->spot);
		return ENOTSUP;
	}

	if (!call)
		return park_out_consult(park, at->account, target, reply);

	return park_out_transfer(park, target, reply);
}


/* A call is given to somebody on its own server only: there "102" is he */
bool park_person_near(const struct park *park, unsigned a, unsigned b)
{
	const struct phone_account *acca = phone_account(park->phone, a);
	const struct phone_account *accb = phone_account(park->phone, b);

	return a == b || (acca && accb &&
			  !strcasecmp(acca->hostport, accb->hostport));
}


int park_person_key(struct park *park, const struct desk_lamp *lamp,
		    struct re_printf *reply)
{
	const struct call_fact *call = phone_active(park->phone);
	struct place at = {.account = lamp->f.account};

	/* the desk's own memory changes with the events that follow */
	str_ncpy(at.spot, lamp->f.spot, sizeof(at.spot));

	if (!lamp->f.stale && lamp->f.state == LAMP_RINGING)
		return park_back_pickup(park, &at, reply);

	if (!call || !park_person_near(park, call->account, at.account))
		return park_out_consult(park, at.account, at.spot, reply);

	if (!lamp->f.stale && lamp->f.state == LAMP_BUSY &&
	    park->ways->voicemail) {
		(void)re_hprintf(reply, "%s is busy: `voicemail %s` sends %s"
				 " to the voicemail, `transfer %s` there all"
				 " the same", at.spot, at.spot, caller(call),
				 at.spot);
		return EBUSY;
	}

	if (park->blind)
		return park_out_transfer(park, at.spot, reply);

	/* Replaces names a dialog of the same server */
	return park_out_consult(park, call->account, at.spot, reply);
}
