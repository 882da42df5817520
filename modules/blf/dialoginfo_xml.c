/**
 * @file modules/blf/dialoginfo_xml.c  dialog-info by libxml2's SAX parser
 *
 * Two steps. `scan` finds the root element by itself and refuses whatever
 * could make the parser do more than read it: declarations (DTD, entities),
 * depth, too many attributes (libxml2 compares each with each), NUL. Only
 * the root element, as UTF-8, is then given to libxml2, so that nothing of
 * prolog, encodings, catalogues or entities is ever its business.
 *
 * Measured for the 227 bytes of an Asterisk spot: this way 2.5 us, libxml2's
 * push parser 1.6 us, its tree alone 3.2 us. Not push, since it tells lack
 * of memory and a broken document not apart.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <libxml/parser.h>
#include "modules/blf/dialoginfo.h"

enum {
	/* NONET and the rest of the armour is for a libxml2 that gets more
	   to see than today. NOENT: without it "&amp;" in an attribute
	   arrives as "&#38;"; no other entity can exist. RECOVER: goes on
	   after errors, on_error() below says after which. */
	OPTIONS = XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_RECOVER |
		XML_PARSE_IGNORE_ENC | XML_PARSE_NOCDATA,

	TEXT_MAX = 1024,       /* Text of an element [bytes]             */
	DICT_MAX = 256,        /* Names known; honest servers need 60    */
};

static const char NAMESPACE[] = "urn:ietf:params:xml:ns:dialog-info";

/** Where in the document we are; zero: in something foreign */
enum place {
	AT_FOREIGN = 0,
	AT_TOP,
	AT_ROOT,
	AT_DIALOG,
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

struct dialoginfo_decoder {
	xmlParserCtxtPtr ctxt;       /* Kept between documents, or NULL  */
	char *utf8;                  /* Made at the first need           */

	/* The rest is of one document */
	struct dialoginfo *di;
	const char *reason;          /* Refused, if set                  */
	bool nomem;
	bool closed;                 /* The root element's end was seen  */
	const xmlChar *root_prefix;
	const xmlChar *root_uri;
	enum place placev[DIALOGINFO_DEPTH_MAX + 1];
	size_t depth;
	struct dialoginfo_dialog *dlg;
	struct dialoginfo_party *party;
	char text[TEXT_MAX];
	size_t textc;
	bool text_cut;
};

/** The part of a body that is the root element */
struct span {
	const char *p;
	size_t len;
	bool latin1;                 /* Declared as such                 */
};

/* Attributes as SAX2 gives them: five pointers each */
struct attrs {
	const xmlChar **v;
	int c;
};


static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}


/* ---- Step 1: find the root element --------------------------------- */


static const char *find(const char *p, const char *end, const char *mark)
{
	const size_t n = strlen(mark);

	for (; (size_t)(end - p) >= n; ++p) {

		p = memchr(p, mark[0], (size_t)(end - p) - n + 1);
		if (!p)
			return NULL;

		if (!memcmp(p, mark, n))
			return p;
	}

	return NULL;
}


static bool begins(const char *p, const char *end, const char *mark)
{
	const size_t n = strlen(mark);

	return (size_t)(end - p) >= n && !memcmp(p, mark, n);
}


/** Does an XML declaration name an 8 bit encoding? */
static bool declares_latin1(const char *p, const char *end)
{
	static const char * const namev[] = {
		"iso-8859-", "iso_8859-", "latin", "windows-125", "cp125",
	};
	size_t i;

	p = find(p, end, "encoding");
	if (!p)
		return false;

	for (p += 8; p < end && (is_space(*p) || *p == '='); ++p)
		;
	if (p == end || (*p != '"' && *p != '\''))
		return false;
	++p;

	for (i = 0; i < sizeof(namev) / sizeof(namev[0]); i++) {

		const size_t n = strlen(namev[i]);

		if ((size_t)(end - p) >= n && !strncasecmp(p, namev[i], n))
			return true;
	}

	return false;
}


/**
 * Find the end of a start tag
 *
 * @return Its '>', or NULL: there is none
 */
static const char *tag_end(const char *p, const char *end, size_t *attrc)
{
	char quote = 0;

	*attrc = 0;

	for (; p < end; ++p) {

		if (quote) {
			if (*p == quote)
				quote = 0;
		}
		else if (*p == '"' || *p == '\'') {
			quote = *p;
		}
		else if (*p == '=') {
			++*attrc;
		}
		else if (*p == '>') {
			return p;
		}
	}

	return NULL;
}


/**
 * Find the root element
 *
 * @return NULL, or why there is none to be parsed
 */
static const char *scan(struct span *span, const char *p, size_t len)
{
	static const char cut_short[] = "The document is cut short";
	const char *end = p + len;
	size_t depth = 0;

	span->p = NULL;
	span->latin1 = false;

	for (;;) {
		const char *lt = memchr(p, '<', (size_t)(end - p));
		size_t attrc;

		if (!depth) {
			while (p < (lt ? lt : end) && is_space(*p))
				++p;
			if (p != lt)
				return "The body is not XML";
		}
		if (!lt)
			return cut_short;

		if (begins(lt, end, "<!--")) {
			p = find(lt + 4, end, "-->");
			if (!p)
				return cut_short;
			p += 3;
			continue;
		}

		if (depth && begins(lt, end, "<![CDATA[")) {
			p = find(lt + 9, end, "]]>");
			if (!p)
				return cut_short;
			p += 3;
			continue;
		}

		if (begins(lt, end, "<!"))
			return "The document has a DOCTYPE or declaration";

		if (begins(lt, end, "<?")) {
			p = find(lt + 2, end, "?>");
			if (!p)
				return cut_short;
			if (!depth && begins(lt, end, "<?xml") &&
			    declares_latin1(lt, p))
				span->latin1 = true;
			p += 2;
			continue;
		}

		p = tag_end(lt, end, &attrc);
		if (!p)
			return cut_short;

		if (attrc > DIALOGINFO_ATTRS_MAX)
			return "An element has too many attributes";

		if (lt[1] == '/') {
			if (!depth)
				return "The body is not XML";
			--depth;
		}
		else {
			if (depth == DIALOGINFO_DEPTH_MAX)
				return "The elements are nested too deep";
			if (!depth)
				span->p = lt;
			if (p[-1] != '/')
				++depth;
		}

		++p;
		if (!depth) {
			span->len = (size_t)(p - span->p);
			if (memchr(span->p, 0, span->len))
				return "The document holds a NUL byte";
			return NULL;
		}
	}
}


/**
 * Length of the UTF-8 sequence at p (RFC 3629)
 *
 * @return 1 to 4 [bytes], 0 if it is none
 */
static size_t utf8_len(const uint8_t *p, size_t len)
{
	size_t i, n;

	if (p[0] < 0x80)
		return 1;
	else if (p[0] < 0xc2)
		return 0;
	else if (p[0] < 0xe0)
		n = 2;
	else if (p[0] < 0xf0)
		n = 3;
	else if (p[0] < 0xf5)
		n = 4;
	else
		return 0;

	if (n > len)
		return 0;

	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}

	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;

	return n;
}


static bool utf8_valid(const char *s, size_t len)
{
	const uint8_t *p = (const uint8_t *)s, *end = p + len;

	while (p < end) {

		const size_t n = utf8_len(p, (size_t)(end - p));
		if (!n)
			return false;

		p += n;
	}

	return true;
}


/** Give the span as UTF-8, in the decoder's memory if it was not */
static int to_utf8(struct dialoginfo_decoder *dec, struct span *span)
{
	const uint8_t *p = (const uint8_t *)span->p;
	size_t i, n = 0;

	if (!span->latin1 && utf8_valid(span->p, span->len))
		return 0;

	if (!dec->utf8) {
		dec->utf8 = malloc(2 * DIALOGINFO_SIZE_MAX);
		if (!dec->utf8)
			return ENOMEM;
	}

	for (i = 0; i < span->len; i++) {

		if (p[i] < 0x80) {
			dec->utf8[n++] = (char)p[i];
		}
		else {
			dec->utf8[n++] = (char)(0xc0 | p[i] >> 6);
			dec->utf8[n++] = (char)(0x80 | (p[i] & 0x3f));
		}
	}

	span->p = dec->utf8;
	span->len = n;

	return 0;
}


/* ---- Values --------------------------------------------------------- */


static void trim(const char **p, size_t *len)
{
	while (*len && is_space(**p)) {
		++*p;
		--*len;
	}
	while (*len && is_space((*p)[*len - 1]))
		--*len;
}


/** Controls, line separators, marks and overrides of direction, BOM */
static bool is_unwanted(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c ||
		(c >= 0x200b && c <= 0x200f) ||
		(c >= 0x2028 && c <= 0x202e) ||
		(c >= 0x2060 && c <= 0x206f) ||
		c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb);
}


static uint32_t utf8_char(const uint8_t *p, size_t n)
{
	switch (n) {

	case 1:
		return p[0];
	case 2:
		return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
	case 3:
		return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 |
			(p[2] & 0x3fu);
	default:
		return (p[0] & 0x07u) << 18 | (p[1] & 0x3fu) << 12 |
			(p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
	}
}


/**
 * Put a string into the arena
 *
 * @param cut Too long: cut it (true) or leave it out (false)
 *
 * @return The string; "" if there is nothing, or too much of it
 */
static const char *keep(struct dialoginfo_decoder *dec,
			const char *s, size_t len, bool cut, bool *longp)
{
	struct dialoginfo *di = dec->di;
	const uint8_t *p, *end;
	char *out = di->arena + di->used;
	size_t n = 0, space = 0;

	trim(&s, &len);
	p = (const uint8_t *)s;
	end = p + len;

	if (sizeof(di->arena) - di->used <= DIALOGINFO_STR_MAX) {
		dec->reason = "The document holds too much text";
		return "";
	}

	while (p < end) {

		const size_t k = utf8_len(p, (size_t)(end - p));
		if (!k)
			break;

		if (is_space((char)*p)) {
			/* A line break or tab in a name is a space; at the
			   ends, also after what is left out, it is none */
			space = n ? 1 : 0;
		}
		else if (!is_unwanted(utf8_char(p, k))) {

			if (n + space + k > DIALOGINFO_STR_MAX) {
				if (longp)
					*longp = true;
				if (!cut)
					return "";
				break;
			}
			if (space)
				out[n++] = ' ';
			space = 0;
			memcpy(out + n, p, k);
			n += k;
		}

		p += k;
	}

	if (!n)
		return "";

	out[n] = '\0';
	di->used += n + 1;

	return out;
}


static bool num(uint32_t *v, const char *p, size_t len)
{
	uint64_t x = 0;

	trim(&p, &len);
	if (!len)
		return false;

	for (; len; ++p, --len) {

		if (*p < '0' || *p > '9')
			return false;

		x = x * 10 + (uint64_t)(*p - '0');
		if (x > UINT32_MAX)
			return false;
	}

	*v = (uint32_t)x;
	return true;
}


/** @return Index of the word in wordv, from 1; 0 if it is not there */
static unsigned word(const char *p, size_t len,
		     const char * const *wordv, unsigned wordc)
{
	unsigned i;

	trim(&p, &len);

	for (i = 1; i < wordc; i++) {

		if (strlen(wordv[i]) == len &&
		    !strncasecmp(p, wordv[i], len))
			return i;
	}

	return 0;
}


#define WORD(p, len, v) word(p, len, v, sizeof(v) / sizeof((v)[0]))


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


/* ---- Step 2: SAX ---------------------------------------------------- */


/** Is a name of the root's vocabulary, whatever that is called? */
static bool is_own(const struct dialoginfo_decoder *dec,
		   const xmlChar *prefix, const xmlChar *uri)
{
	if (uri) {
		return uri == dec->root_uri ||
			xmlStrEqual(uri, dec->root_uri) ||
			!strcmp((const char *)uri, NAMESPACE);
	}

	/* A prefix that nothing declares */
	return !prefix || xmlStrEqual(prefix, dec->root_prefix);
}


/** @return Value of an attribute, not ended by NUL; NULL if not there */
static const char *attr(const struct dialoginfo_decoder *dec,
			const struct attrs *attrs, const char *name,
			size_t *len)
{
	int i;

	for (i = 0; i < attrs->c; i++) {

		const xmlChar **a = &attrs->v[5 * i];

		if (strcmp((const char *)a[0], name))
			continue;

		if (a[1] && !is_own(dec, a[1], a[2]))
			continue;

		*len = (size_t)(a[4] - a[3]);
		return (const char *)a[3];
	}

	*len = 0;
	return NULL;
}


/** Put an attribute into the arena, unless it is there already */
static void attr_keep(struct dialoginfo_decoder *dec, const char **strp,
		      const struct attrs *attrs, const char *name, bool cut)
{
	size_t len;
	const char *p;

	if (**strp)
		return;

	p = attr(dec, attrs, name, &len);
	if (p)
		*strp = keep(dec, p, len, cut, NULL);
}


static void enter_root(struct dialoginfo_decoder *dec,
		       const struct attrs *attrs)
{
	static const char * const fullv[] = {NULL, "partial"};
	struct dialoginfo *di = dec->di;
	const char *p;
	size_t len;

	p = attr(dec, attrs, "version", &len);
	if (p)
		di->version_known = num(&di->version, p, len);

	/* RFC 4235 4.1: "state"; its first example has "notify-state" */
	p = attr(dec, attrs, "state", &len);
	if (!p)
		p = attr(dec, attrs, "notify-state", &len);
	di->full = !p || !WORD(p, len, fullv);

	attr_keep(dec, &di->entity, attrs, "entity", false);
}


static void enter_dialog(struct dialoginfo_decoder *dec,
			 const struct attrs *attrs)
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
		dec->reason = "The document has too many dialogs";
		return;
	}

	dlg = dec->dlg = &di->dialogv[di->dialogc++];
	*dlg = empty;

	/* The key of the table: two that are cut alike must not be one */
	p = attr(dec, attrs, "id", &len);
	if (p)
		dlg->id = keep(dec, p, len, false, &too_long);
	if (too_long) {
		dec->reason = "The id of a dialog is too long";
		return;
	}

	attr_keep(dec, &dlg->call_id, attrs, "call-id", false);
	attr_keep(dec, &dlg->local_tag, attrs, "local-tag", false);
	attr_keep(dec, &dlg->remote_tag, attrs, "remote-tag", false);

	p = attr(dec, attrs, "direction", &len);
	if (p)
		dlg->direction = WORD(p, len, directionv);
}


static void enter_state(struct dialoginfo_decoder *dec,
			const struct attrs *attrs)
{
	struct dialoginfo_dialog *dlg = dec->dlg;
	const char *p;
	size_t len;
	uint32_t code;

	p = attr(dec, attrs, "event", &len);
	if (p)
		dlg->event = WORD(p, len, eventv);

	p = attr(dec, attrs, "code", &len);
	if (p && num(&code, p, len) && code >= 100 && code < 700)
		dlg->code = code;
}


static void enter_param(struct dialoginfo_decoder *dec,
			const struct attrs *attrs)
{
	static const char * const namev[] = {
		NULL, "+sip.rendering", "sip.rendering",
	};
	const char *p;
	size_t len;

	p = attr(dec, attrs, "pname", &len);
	if (!p || !WORD(p, len, namev))
		return;

	/* RFC 4235 4.1.6.2 has "pval" in the text, "pvalue" in the schema */
	p = attr(dec, attrs, "pval", &len);
	if (!p)
		p = attr(dec, attrs, "pvalue", &len);
	if (p)
		dec->party->rendering = WORD(p, len, renderingv);
}


static void enter(struct dialoginfo_decoder *dec, enum place place,
		  const struct attrs *attrs)
{
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

	/* A param is inside a target and must not eat the target's text */
	if (place != AT_PARAM && place != AT_FOREIGN) {
		dec->textc = 0;
		dec->text_cut = false;
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


static void leave(struct dialoginfo_decoder *dec, enum place place)
{
	struct dialoginfo_dialog *dlg = dec->dlg;
	const char *p = dec->text;
	size_t len = dec->textc;
	enum dialoginfo_state state;

	switch (place) {

	case AT_STATE:
		state = WORD(p, len, statev);
		if (rank(state) > rank(dlg->state))
			dlg->state = state;
		break;

	case AT_DURATION:
		dlg->duration_known = num(&dlg->duration_s, p, len);
		break;

	case AT_REFERRED_BY:
		if (!*dlg->referred_uri && !dec->text_cut)
			dlg->referred_uri = keep(dec, p, len, false, NULL);
		break;

	case AT_IDENTITY:
		if (!*dec->party->uri && !dec->text_cut)
			dec->party->uri = keep(dec, p, len, false, NULL);
		break;

	case AT_TARGET:
		/* RFC 5359 2.15 has the URI as text */
		if (!*dec->party->target_uri && !dec->text_cut)
			dec->party->target_uri = keep(dec, p, len, false,
						      NULL);
		break;

	default:
		break;
	}
}


static enum place place_of(const struct dialoginfo_decoder *dec,
			   const char *name)
{
	static const struct {
		enum place in;
		const char *name;
		enum place place;
	} elementv[] = {
		{AT_TOP,    "dialog-info", AT_ROOT},
		{AT_ROOT,   "dialog",      AT_DIALOG},
		{AT_DIALOG, "state",       AT_STATE},
		{AT_DIALOG, "local",       AT_LOCAL},
		{AT_DIALOG, "remote",      AT_REMOTE},
		{AT_DIALOG, "duration",    AT_DURATION},
		{AT_DIALOG, "replaces",    AT_REPLACES},
		{AT_DIALOG, "referred-by", AT_REFERRED_BY},
		{AT_LOCAL,  "identity",    AT_IDENTITY},
		{AT_LOCAL,  "target",      AT_TARGET},
		{AT_REMOTE, "identity",    AT_IDENTITY},
		{AT_REMOTE, "target",      AT_TARGET},
		{AT_TARGET, "param",       AT_PARAM},
	};
	size_t i;

	for (i = 0; i < sizeof(elementv) / sizeof(elementv[0]); i++) {

		if (elementv[i].in == dec->placev[dec->depth] &&
		    !strcmp(elementv[i].name, name))
			return elementv[i].place;
	}

	return AT_FOREIGN;
}


static void on_start(void *arg, const xmlChar *name, const xmlChar *prefix,
		     const xmlChar *uri, int nsc, const xmlChar **nsv,
		     int attrc, int defc, const xmlChar **attrv)
{
	struct dialoginfo_decoder *dec = arg;
	const struct attrs attrs = {attrv, attrc};
	enum place place = AT_FOREIGN;
	(void)nsc;
	(void)nsv;
	(void)defc;

	if (dec->reason || dec->depth >= DIALOGINFO_DEPTH_MAX) {
		xmlStopParser(dec->ctxt);
		return;
	}

	if (!dec->depth) {
		dec->root_prefix = prefix;
		dec->root_uri = uri;
	}

	if (is_own(dec, prefix, uri))
		place = place_of(dec, (const char *)name);

	if (!dec->depth && place != AT_ROOT) {
		dec->reason = "The document is not a dialog-info";
		return;
	}

	dec->placev[++dec->depth] = place;
	enter(dec, place, &attrs);
}


static void on_end(void *arg, const xmlChar *name, const xmlChar *prefix,
		   const xmlChar *uri)
{
	struct dialoginfo_decoder *dec = arg;
	(void)name;
	(void)prefix;
	(void)uri;

	if (dec->reason || !dec->depth) {
		xmlStopParser(dec->ctxt);
		return;
	}

	leave(dec, dec->placev[dec->depth--]);
	dec->closed = !dec->depth;
}


static void on_text(void *arg, const xmlChar *s, int len)
{
	struct dialoginfo_decoder *dec = arg;
	const char *p = (const char *)s;
	size_t n = len > 0 ? (size_t)len : 0;

	switch (dec->placev[dec->depth]) {

	case AT_STATE:
	case AT_DURATION:
	case AT_REFERRED_BY:
	case AT_IDENTITY:
	case AT_TARGET:
		break;

	default:
		return;
	}

	for (; n; ++p, --n) {

		/* Padding, however long, takes no room */
		if (is_space(*p) && (!dec->textc ||
				     is_space(dec->text[dec->textc - 1])))
			continue;

		if (dec->textc == sizeof(dec->text)) {
			dec->text_cut = true;
			return;
		}
		dec->text[dec->textc++] = *p;
	}
}


/**
 * Which errors are harmless: where no part of the document was lost. All
 * else refuses it, although the parser would go on.
 */
#if LIBXML_VERSION >= 21200
static void on_error(void *arg, const xmlError *error)
#else
static void on_error(void *arg, xmlErrorPtr error)
#endif
{
	struct dialoginfo_decoder *dec = arg;

	if (!error || dec->closed)
		return;

	/* Prefixes that are not declared, namespaces that are no URI */
	if (error->domain == XML_FROM_NAMESPACE ||
	    error->level == XML_ERR_WARNING)
		return;

	/* xmlns, or xmlns:x, twice: the first one holds */
	if (error->code == XML_ERR_ATTRIBUTE_REDEFINED &&
	    error->str1 && !strcmp(error->str1, "xmlns"))
		return;

	if (error->code == XML_ERR_NO_MEMORY)
		dec->nomem = true;

	if (!dec->reason)
		dec->reason = "The document is not well-formed XML";
}


/** Takes what the parser or an older libxml2 would print */
static void on_print(void *arg, const char *fmt, ...)
{
	(void)arg;
	(void)fmt;
}


static int ctxt_alloc(struct dialoginfo_decoder *dec)
{
	xmlSAXHandler *sax;

	dec->ctxt = xmlNewParserCtxt();
	if (!dec->ctxt)
		return ENOMEM;

	/* No tree, no entities, no subsets: what is not here is not done */
	sax = dec->ctxt->sax;
	memset(sax, 0, sizeof(*sax));
	sax->initialized         = XML_SAX2_MAGIC;
	sax->startElementNs      = on_start;
	sax->endElementNs        = on_end;
	sax->characters          = on_text;
	sax->ignorableWhitespace = on_text;
	sax->warning             = on_print;
	sax->error               = on_print;
	sax->fatalError          = on_print;
	sax->serror              = on_error;
	dec->ctxt->userData      = dec;

	return 0;
}


static void ctxt_free(struct dialoginfo_decoder *dec)
{
	if (dec->ctxt)
		xmlFreeParserCtxt(dec->ctxt);
	dec->ctxt = NULL;
}


static int parse(struct dialoginfo_decoder *dec, const struct span *span)
{
	int err;

	if (!dec->ctxt) {
		err = ctxt_alloc(dec);
		if (err)
			return err;
	}

	/* There is no tree; should there be one, it must not leak */
	xmlFreeDoc(xmlCtxtReadMemory(dec->ctxt, span->p, (int)span->len,
				     NULL, NULL, OPTIONS));

	if (dec->nomem)
		err = ENOMEM;
	else if (dec->reason)
		err = EBADMSG;
	else if (!dec->closed)
		err = ENOMEM;        /* The parser did not even start */
	else
		err = 0;

	/* The context remembers every name it ever saw, and, after an error,
	   open namespaces of this document (libxml2 2.9) */
	if (err || xmlDictSize(dec->ctxt->dict) > DICT_MAX)
		ctxt_free(dec);

	return err;
}


int dialoginfo_decoder_alloc(struct dialoginfo_decoder **decp)
{
	struct dialoginfo_decoder *dec;
	int err;

	if (!decp)
		return EINVAL;

	/* Errors that know of no parser, as those of memory, would go to
	   stderr, which is the screen. We alone use libxml2. */
	xmlSetGenericErrorFunc(NULL, on_print);
	xmlInitParser();

	dec = calloc(1, sizeof(*dec));
	if (!dec)
		return ENOMEM;

	err = ctxt_alloc(dec);
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

	ctxt_free(dec);
	free(dec->utf8);
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


static bool is_blank(const char *p, size_t len)
{
	trim(&p, &len);

	return !len;
}


int dialoginfo_decode(struct dialoginfo *di, struct dialoginfo_decoder *dec,
		      const void *body, size_t len)
{
	const char *p = body;
	struct span span;
	int err = 0;

	if (!di || !dec || (!body && len))
		return EINVAL;

	clear(di);
	dec->di = di;
	dec->reason = NULL;
	dec->nomem = false;
	dec->closed = false;
	dec->root_prefix = NULL;
	dec->root_uri = NULL;
	dec->placev[0] = AT_TOP;
	dec->depth = 0;
	dec->dlg = NULL;
	dec->party = NULL;
	dec->textc = 0;
	dec->text_cut = false;

	if (len && begins(p, p + len, "\xef\xbb\xbf")) {
		p += 3;
		len -= 3;
	}

	if (is_blank(p, len)) {
		err = ENODATA;
		dec->reason = "There is no body";
		goto out;
	}

	if (len > DIALOGINFO_SIZE_MAX) {
		err = EBADMSG;
		dec->reason = "The document is too large";
		goto out;
	}

	dec->reason = scan(&span, p, len);
	if (dec->reason) {
		err = EBADMSG;
		goto out;
	}

	err = to_utf8(dec, &span);
	if (err)
		goto out;

	err = parse(dec, &span);

 out:
	if (err) {
		clear(di);
		di->err = err;
		di->reason = err == ENOMEM ? "Out of memory" : dec->reason;
	}
	dec->di = NULL;

	return err;
}
