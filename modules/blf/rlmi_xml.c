/**
 * @file modules/blf/rlmi_xml.c  List meta-information: which elements mean
 *                               what
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "modules/blf/rlmi.h"
#include "modules/blf/saxdoc.h"

/** Where in the document we are */
enum place {
	AT_LIST = SAXDOC_ROOT,
	AT_LIST_NAME = SAXDOC_OWN,
	AT_RESOURCE,
	AT_NAME,
	AT_INSTANCE,
};

static const struct saxdoc_element elementv[] = {
	{SAXDOC_TOP,  "list",     AT_LIST,      false},
	{AT_LIST,     "name",     AT_LIST_NAME, true},
	{AT_LIST,     "resource", AT_RESOURCE,  false},
	{AT_RESOURCE, "name",     AT_NAME,      true},
	{AT_RESOURCE, "instance", AT_INSTANCE,  false},
};

struct rlmi_decoder {
	struct saxdoc *doc;

	/* The rest is of one document */
	struct rlmi *rl;
	struct saxdoc_arena arena;
};

static const char *const statev[RLMI_STATES] = {
	[RLMI_ACTIVE]     = "active",
	[RLMI_PENDING]    = "pending",
	[RLMI_TERMINATED] = "terminated",
};

static const char *const truev[] = {NULL, "true", "1"};


static void attr_keep(struct rlmi_decoder *dec, const char **strp,
		      const struct saxdoc_attrs *attrs, const char *name)
{
	saxdoc_attr_keep(dec->doc, &dec->arena, strp, attrs, name, false);
}


static void enter_list(struct rlmi_decoder *dec,
		       const struct saxdoc_attrs *attrs)
{
	struct rlmi *rl = dec->rl;
	const char *p;
	size_t len;

	p = saxdoc_attr(attrs, "version", &len);
	if (p)
		rl->version_known = saxdoc_num(&rl->version, p, len);

	p = saxdoc_attr(attrs, "fullState", &len);
	rl->full = p && SAXDOC_WORD(p, len, truev);

	attr_keep(dec, &rl->uri, attrs, "uri");
}


static void enter_resource(struct rlmi_decoder *dec,
			   const struct saxdoc_attrs *attrs)
{
	struct rlmi *rl = dec->rl;
	struct rlmi_resource *res;

	if (rl->resourcec == RLMI_RESOURCES_MAX) {
		saxdoc_refuse(dec->doc, "The list has too many resources");
		return;
	}

	res = &rl->resourcev[rl->resourcec++];
	res->uri       = "";
	res->name      = "";
	res->first     = rl->instancec;
	res->instancec = 0;
	attr_keep(dec, &res->uri, attrs, "uri");
}


static void enter_instance(struct rlmi_decoder *dec,
			   const struct saxdoc_attrs *attrs)
{
	struct rlmi *rl = dec->rl;
	struct rlmi_instance *inst;
	const char *p;
	size_t len;

	if (rl->instancec == RLMI_INSTANCES_MAX) {
		saxdoc_refuse(dec->doc, "The list has too many instances");
		return;
	}

	inst = &rl->instancev[rl->instancec++];
	inst->id     = "";
	inst->cid    = "";
	inst->reason = "";
	++rl->resourcev[rl->resourcec - 1].instancec;

	attr_keep(dec, &inst->id, attrs, "id");
	attr_keep(dec, &inst->cid, attrs, "cid");
	attr_keep(dec, &inst->reason, attrs, "reason");

	p = saxdoc_attr(attrs, "state", &len);
	inst->state = p ? SAXDOC_WORD(p, len, statev) : RLMI_UNKNOWN;
}


static void enter(int place, const struct saxdoc_attrs *attrs, void *arg)
{
	struct rlmi_decoder *dec = arg;

	switch (place) {

	case AT_LIST:
		enter_list(dec, attrs);
		break;

	case AT_RESOURCE:
		enter_resource(dec, attrs);
		break;

	case AT_INSTANCE:
		enter_instance(dec, attrs);
		break;

	default:
		break;
	}
}


static void leave(int place, const char *p, size_t len, bool cut, void *arg)
{
	struct rlmi_decoder *dec = arg;
	struct rlmi *rl = dec->rl;
	const char **strp;
	(void)cut;

	switch (place) {

	case AT_LIST_NAME:
		strp = &rl->name;
		break;

	case AT_NAME:
		strp = &rl->resourcev[rl->resourcec - 1].name;
		break;

	default:
		return;
	}

	if (!**strp)
		*strp = saxdoc_keep(dec->doc, &dec->arena, p, len, true,
				    NULL);
}


static const struct saxdoc_vocabulary vocabulary = {
	.ns       = "urn:ietf:params:xml:ns:rlmi",
	.stranger = "The document is not a list",
	.elementv = elementv,
	.elementc = sizeof(elementv) / sizeof(elementv[0]),
	.size_max = RLMI_SIZE_MAX,
	.enterh   = enter,
	.leaveh   = leave,
};


int rlmi_decoder_alloc(struct rlmi_decoder **decp)
{
	struct rlmi_decoder *dec;
	int err;

	if (!decp)
		return EINVAL;

	dec = calloc(1, sizeof(*dec));
	if (!dec)
		return ENOMEM;

	err = saxdoc_alloc(&dec->doc, &vocabulary, dec);
	if (err)
		rlmi_decoder_free(dec);
	else
		*decp = dec;

	return err;
}


void rlmi_decoder_free(struct rlmi_decoder *dec)
{
	if (!dec)
		return;

	saxdoc_free(dec->doc);
	free(dec);
}


static void clear(struct rlmi *rl)
{
	rl->err = 0;
	rl->reason = "";
	rl->version_known = false;
	rl->version = 0;
	rl->full = false;
	rl->uri = "";
	rl->name = "";
	rl->resourcec = 0;
	rl->instancec = 0;
}


int rlmi_decode(struct rlmi *rl, struct rlmi_decoder *dec, const void *body,
		size_t len)
{
	const char *reason;
	int err;

	if (!rl || !dec || (!body && len))
		return EINVAL;

	clear(rl);
	dec->rl = rl;
	dec->arena.buf = rl->arena;
	dec->arena.size = sizeof(rl->arena);
	dec->arena.used = 0;

	err = saxdoc_read(dec->doc, &reason, body, len);
	if (err) {
		clear(rl);
		rl->err = err;
		rl->reason = reason;
	}
	dec->rl = NULL;

	return err;
}
