/**
 * @file modules/blf/dialoginfo_xml.c  dialog-info: which elements mean what
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "modules/blf/dialoginfo.h"
#include "modules/blf/saxdoc.h"

static const char NAMESPACE[] = "urn:ietf:params:xml:ns:dialog-info";

/** Where in the document we are */
enum place {
	AT_ROOT = SAXDOC_ROOT,
	AT_DIALOG = SAXDOC_OWN,
	AT_STATE,
	AT_DURATION,
	AT_REPLACES,
	AT_REFERRED_BY,
	AT_LOCAL,
	AT_REMOTE,
	AT_IDENTITY,
	AT_TARGET,
	AT_PARAM,
};

static const struct saxdoc_element elementv[] = {
	{SAXDOC_TOP, "dialog-info", AT_ROOT,        false},
	{AT_ROOT,    "dialog",      AT_DIALOG,      false},
	{AT_DIALOG,  "state",       AT_STATE,       true},
	{AT_DIALOG,  "local",       AT_LOCAL,       false},
	{AT_DIALOG,  "remote",      AT_REMOTE,      false},
	{AT_DIALOG,  "duration",    AT_DURATION,    true},
	{AT_DIALOG,  "replaces",    AT_REPLACES,    false},
	{AT_DIALOG,  "referred-by", AT_REFERRED_BY, true},
	{AT_LOCAL,   "identity",    AT_IDENTITY,    true},
	{AT_LOCAL,   "target",      AT_TARGET,      true},
	{AT_REMOTE,  "identity",    AT_IDENTITY,    true},
	{AT_REMOTE,  "target",      AT_TARGET,      true},
	{AT_TARGET,  "param",       AT_PARAM,       false},
};

struct dialoginfo_decoder {
	struct saxdoc *doc;

	/* The rest is of one document */
	struct dialoginfo *di;
	struct saxdoc_arena arena;
	struct dialoginfo_dialog *dlg;
	struct dialoginfo_party *party;
};


static const char * const statev[DIALOGINFO_STATES] = {
	[DIALOGINFO_TRYING]     = "trying",
	[DIALOGINFO_PROCEEDING] = "proceeding",
	[DIALOGINFO_EARLY]      = "early",
	[DIALOGINFO_CONFIRMED]  = "confirmed",
	[DIALOGINFO_TERMINATED] = "terminated",
};

static const char * const eventv[DIALOGINFO_EVENTS] = {
	[DIALOGINFO_EV_CANCELLED]  = "cancelled",
	[DIALOGINFO_EV_REJECTED]   = "rejected",
	[DIALOGINFO_EV_REPLACED]   = "replaced",
	[DIALOGINFO_EV_LOCAL_BYE]  = "local-bye",
	[DIALOGINFO_EV_REMOTE_BYE] = "remote-bye",
	[DIALOGINFO_EV_ERROR]      = "error",
	[DIALOGINFO_EV_TIMEOUT]    = "timeout",
};

static const char * const directionv[] = {
	[DIALOGINFO_INITIATOR] = "initiator",
	[DIALOGINFO_RECIPIENT] = "recipient",
};

static const char * const renderingv[] = {
	[DIALOGINFO_RENDER_NO]  = "no",
	[DIALOGINFO_RENDER_YES] = "yes",
};


static const char *keep(struct dialoginfo_decoder *dec, const char *s,
			size_t len)
{
	return saxdoc_keep(dec->doc, &dec->arena, s, len, false, NULL);
}


static void attr_keep(struct dialoginfo_decoder *dec, const char **strp,
		      const struct saxdoc_attrs *attrs, const char *name,
		      bool cut)
{
	saxdoc_attr_keep(dec->doc, &dec->arena, strp, attrs, name, cut);
}


static void enter_root(struct dialoginfo_decoder *dec,
		       const struct saxdoc_attrs *attrs)
{
	static const char * const fullv[] = {NULL, "full"};
	struct dialoginfo *di = dec->di;
	const char *p;
	size_t len;

	p = saxdoc_attr(attrs, "version", &len);
	if (p)
		di->version_known = saxdoc_num(&di->version, p, len);

	/* RFC 4235 4.1: "state"; its first example has "notify-state" */
	p = saxdoc_attr(attrs, "state", &len);
	if (!p)
		p = saxdoc_attr(attrs, "notify-state", &len);
	di->full = !p || SAXDOC_WORD(p, len, fullv);

	attr_keep(dec, &di->entity, attrs, "entity", false);
}


static void enter_dialog(struct dialoginfo_decoder *dec,
			 const struct saxdoc_attrs *attrs)
{
	static const struct dialoginfo_dialog empty = {
		.id = "", .call_id = "", .local_tag = "", .remote_tag = "",
		.referred_display = "", .referred_uri = "",
		.replaces_call_id = "", .replaces_local_tag = "",
		.replaces_remote_tag = "",
		.local  = {.display = "", .uri = "", .target_uri = ""},
		.remote = {.display = "", .uri = "", .target_uri = ""},
	};
	struct dialoginfo *di = dec->di;
	struct dialoginfo_dialog *dlg;
	const char *p;
	size_t len;
	bool too_long = false;

	if (di->dialogc == DIALOGINFO_DIALOGS_MAX) {
		saxdoc_refuse(dec->doc, "The document has too many dialogs");
		return;
	}

	dlg = dec->dlg = &di->dialogv[di->dialogc++];
	*dlg = empty;

	/* The key of the table: two that are cut alike must not be one */
	p = saxdoc_attr(attrs, "id", &len);
	if (p)
		dlg->id = saxdoc_keep(dec->doc, &dec->arena, p, len, false,
				      &too_long);
	if (too_long) {
		saxdoc_refuse(dec->doc, "The id of a dialog is too long");
		return;
	}

	attr_keep(dec, &dlg->call_id, attrs, "call-id", false);
	attr_keep(dec, &dlg->local_tag, attrs, "local-tag", false);
	attr_keep(dec, &dlg->remote_tag, attrs, "remote-tag", false);

	p = saxdoc_attr(attrs, "direction", &len);
	if (p)
		dlg->direction = SAXDOC_WORD(p, len, directionv);
}


static void enter_state(struct dialoginfo_decoder *dec,
			const struct saxdoc_attrs *attrs)
{
	struct dialoginfo_dialog *dlg = dec->dlg;
	const char *p;
	size_t len;
	uint32_t code;

	p = saxdoc_attr(attrs, "event", &len);
	if (p)
		dlg->event = SAXDOC_WORD(p, len, eventv);

	p = saxdoc_attr(attrs, "code", &len);
	if (p && saxdoc_num(&code, p, len) && code >= 100 && code < 700)
		dlg->code = code;
}


static void enter_param(struct dialoginfo_decoder *dec,
			const struct saxdoc_attrs *attrs)
{
	static const char * const namev[] = {
		NULL, "+sip.rendering", "sip.rendering",
	};
	const char *p;
	size_t len;

	p = saxdoc_attr(attrs, "pname", &len);
	if (!p || !SAXDOC_WORD(p, len, namev))
		return;

	/* RFC 4235 4.1.6.2 has "pval" in the text, "pvalue" in the schema */
	p = saxdoc_attr(attrs, "pval", &len);
	if (!p)
		p = saxdoc_attr(attrs, "pvalue", &len);
	if (p)
		dec->party->rendering = SAXDOC_WORD(p, len, renderingv);
}


static void enter(int place, const struct saxdoc_attrs *attrs, void *arg)
{
	struct dialoginfo_decoder *dec = arg;
	struct dialoginfo_dialog *dlg = dec->dlg;

	switch (place) {

	case AT_ROOT:
		enter_root(dec, attrs);
		break;

	case AT_DIALOG:
		enter_dialog(dec, attrs);
		break;

	case AT_STATE:
		enter_state(dec, attrs);
		break;

	case AT_REPLACES:
		attr_keep(dec, &dlg->replaces_call_id, attrs, "call-id",
			  false);
		attr_keep(dec, &dlg->replaces_local_tag, attrs, "local-tag",
			  false);
		attr_keep(dec, &dlg->replaces_remote_tag, attrs,
			  "remote-tag", false);
		break;

	case AT_REFERRED_BY:
		dlg->referred = true;
		attr_keep(dec, &dlg->referred_display, attrs, "display",
			  true);
		break;

	case AT_LOCAL:
		dec->party = &dlg->local;
		break;

	case AT_REMOTE:
		dec->party = &dlg->remote;
		break;

	case AT_IDENTITY:
		dec->party->identity = true;
		attr_keep(dec, &dec->party->display, attrs, "display", true);
		break;

	case AT_TARGET:
		dec->party->target = true;
		attr_keep(dec, &dec->party->target_uri, attrs, "uri", false);
		attr_keep(dec, &dec->party->display, attrs, "display", true);
		break;

	case AT_PARAM:
		enter_param(dec, attrs);
		break;

	default:
		break;
	}
}


/** Strongest first wins if a dialog names several states */
static unsigned rank(enum dialoginfo_state state)
{
	static const unsigned rankv[DIALOGINFO_STATES] = {
		[DIALOGINFO_TERMINATED] = 1,
		[DIALOGINFO_TRYING]     = 2,
		[DIALOGINFO_PROCEEDING] = 3,
		[DIALOGINFO_CONFIRMED]  = 4,
		[DIALOGINFO_EARLY]      = 5,
	};

	return rankv[state];
}


static void leave(int place, const char *p, size_t len, bool cut, void *arg)
{
	struct dialoginfo_decoder *dec = arg;
	struct dialoginfo_dialog *dlg = dec->dlg;
	enum dialoginfo_state state;

	switch (place) {

	case AT_STATE:
		state = SAXDOC_WORD(p, len, statev);
		if (rank(state) > rank(dlg->state))
			dlg->state = state;
		break;

	case AT_DURATION:
		dlg->duration_known = saxdoc_num(&dlg->duration_s, p, len);
		break;

	case AT_REFERRED_BY:
		if (!*dlg->referred_uri && !cut)
			dlg->referred_uri = keep(dec, p, len);
		break;

	case AT_IDENTITY:
		if (!*dec->party->uri && !cut)
			dec->party->uri = keep(dec, p, len);
		break;

	case AT_TARGET:
		/* RFC 5359 2.15 has the URI as text */
		if (!*dec->party->target_uri && !cut)
			dec->party->target_uri = keep(dec, p, len);
		break;

	default:
		break;
	}
}


static const struct saxdoc_vocabulary vocabulary = {
	.ns       = NAMESPACE,
	.stranger = "The document is not a dialog-info",
	.elementv = elementv,
	.elementc = sizeof(elementv) / sizeof(elementv[0]),
	.enterh   = enter,
	.leaveh   = leave,
};


int dialoginfo_decoder_alloc(struct dialoginfo_decoder **decp)
{
	struct dialoginfo_decoder *dec;
	int err;

	if (!decp)
		return EINVAL;

	dec = calloc(1, sizeof(*dec));
	if (!dec)
		return ENOMEM;

	err = saxdoc_alloc(&dec->doc, &vocabulary, dec);
	if (err)
		dialoginfo_decoder_free(dec);
	else
		*decp = dec;

	return err;
}


void dialoginfo_decoder_free(struct dialoginfo_decoder *dec)
{
	if (!dec)
		return;

	saxdoc_free(dec->doc);
	free(dec);
}


static void clear(struct dialoginfo *di)
{
	di->err = 0;
	di->reason = "";
	di->version_known = false;
	di->version = 0;
	di->full = false;
	di->entity = "";
	di->dialogc = 0;
	di->used = 0;
}


int dialoginfo_decode(struct dialoginfo *di, struct dialoginfo_decoder *dec,
		      const void *body, size_t len)
{
	const char *reason;
	int err;

	if (!di || !dec || (!body && len))
		return EINVAL;

	clear(di);
	dec->di = di;
	dec->dlg = NULL;
	dec->party = NULL;
	dec->arena.buf = di->arena;
	dec->arena.size = sizeof(di->arena);
	dec->arena.used = 0;

	err = saxdoc_read(dec->doc, &reason, body, len);
	di->used = dec->arena.used;
	if (err) {
		clear(di);
		di->err = err;
		di->reason = reason;
	}
	dec->di = NULL;

	return err;
}
