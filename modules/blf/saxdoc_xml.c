/**
 * @file modules/blf/saxdoc_xml.c  A small XML document by libxml2's SAX parser
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
#include "modules/blf/saxdoc.h"

enum {
	/* NONET and the rest of the armour is for a libxml2 that gets more
	   to see than today. NOENT: without it "&amp;" in an attribute
	   arrives as "&#38;"; no other entity can exist. RECOVER: goes on
	   after errors, on_error() below says after which. */
	OPTIONS = XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_RECOVER |
		XML_PARSE_IGNORE_ENC | XML_PARSE_NOCDATA,

	DICT_MAX = 256,        /* Names known; honest servers need 60    */
};

struct saxdoc {
	const struct saxdoc_vocabulary *voc;
	void *arg;
	xmlParserCtxtPtr ctxt;       /* Kept between documents, or NULL  */
	char *utf8;                  /* Made at the first need           */

	/* The rest is of one document */
	const char *reason;          /* Refused, if set                  */
	bool nomem;
	bool closed;                 /* The root element's end was seen  */
	const xmlChar *root_prefix;
	const xmlChar *root_uri;
	const struct saxdoc_element *placev[SAXDOC_DEPTH_MAX + 1];
	size_t depth;
	char text[SAXDOC_TEXT_MAX];
	size_t textc;
	bool text_cut;
};

/** The part of a body that is the root element */
struct span {
	const char *p;
	size_t len;
	bool latin1;                 /* Declared as such                 */
};

/** Attributes as SAX2 gives them: five pointers each */
struct saxdoc_attrs {
	const struct saxdoc *doc;
	const xmlChar *name;         /* Of the element                   */
	const xmlChar **v;
	int c;
};

static const struct saxdoc_element top = {
	SAXDOC_FOREIGN, "", SAXDOC_TOP, false
};

static const struct saxdoc_element foreign = {
	SAXDOC_FOREIGN, "", SAXDOC_FOREIGN, false
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

		if (attrc > SAXDOC_ATTRS_MAX)
			return "An element has too many attributes";

		if (lt[1] == '/') {
			if (!depth)
				return "The body is not XML";
			--depth;
		}
		else {
			if (depth == SAXDOC_DEPTH_MAX)
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

		uint64_t eight;
		size_t n;

		/* nearly all of nearly all documents is ASCII */
		if (end - p >= (ptrdiff_t)sizeof(eight)) {
			memcpy(&eight, p, sizeof(eight));
			if (!(eight & 0x8080808080808080ull)) {
				p += sizeof(eight);
				continue;
			}
		}

		n = utf8_len(p, (size_t)(end - p));
		if (!n)
			return false;

		p += n;
	}

	return true;
}


static size_t size_max(const struct saxdoc *doc)
{
	return doc->voc->size_max ? doc->voc->size_max : SAXDOC_SIZE_MAX;
}


/** Give the span as UTF-8, in the reader's memory if it was not */
static int to_utf8(struct saxdoc *doc, struct span *span)
{
	const uint8_t *p = (const uint8_t *)span->p;
	size_t i, n = 0;

	if (!span->latin1 && utf8_valid(span->p, span->len))
		return 0;

	if (!doc->utf8) {
		doc->utf8 = malloc(2 * size_max(doc));
		if (!doc->utf8)
			return ENOMEM;
	}

	for (i = 0; i < span->len; i++) {

		if (p[i] < 0x80) {
			doc->utf8[n++] = (char)p[i];
		}
		else {
			doc->utf8[n++] = (char)(0xc0 | p[i] >> 6);
			doc->utf8[n++] = (char)(0x80 | (p[i] & 0x3f));
		}
	}

	span->p = doc->utf8;
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


const char *saxdoc_keep(struct saxdoc *doc, struct saxdoc_arena *arena,
			const char *s, size_t len, bool cut, bool *longp)
{
	const uint8_t *p, *end;
	char *out = arena->buf + arena->used;
	size_t n = 0, space = 0;

	trim(&s, &len);
	p = (const uint8_t *)s;
	end = p + len;

	if (arena->size - arena->used <= SAXDOC_STR_MAX) {
		saxdoc_refuse(doc, "The document holds too much text");
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

			if (n + space + k > SAXDOC_STR_MAX) {
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
	arena->used += n + 1;

	return out;
}


bool saxdoc_num(uint32_t *v, const char *p, size_t len)
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


unsigned saxdoc_word(const char *p, size_t len, const char *const *wordv,
		     unsigned wordc)
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


/* ---- Step 2: SAX ---------------------------------------------------- */


void saxdoc_refuse(struct saxdoc *doc, const char *reason)
{
	if (doc && !doc->reason)
		doc->reason = reason;
}


/** Is a name of the root's vocabulary, whatever that is called? */
static bool is_own(const struct saxdoc *doc, const xmlChar *prefix,
		   const xmlChar *uri)
{
	if (!doc->voc->ns)
		return true;

	if (uri) {
		return uri == doc->root_uri ||
			xmlStrEqual(uri, doc->root_uri) ||
			!strcmp((const char *)uri, doc->voc->ns);
	}

	/* A prefix that nothing declares */
	return !prefix || xmlStrEqual(prefix, doc->root_prefix);
}


const char *saxdoc_attr(const struct saxdoc_attrs *attrs, const char *name,
			size_t *len)
{
	int i;

	for (i = 0; i < attrs->c; i++) {

		const xmlChar **a = &attrs->v[5 * i];

		if (strcmp((const char *)a[0], name))
			continue;

		if (a[1] && !is_own(attrs->doc, a[1], a[2]))
			continue;

		*len = (size_t)(a[4] - a[3]);
		return (const char *)a[3];
	}

	*len = 0;
	return NULL;
}


const char *saxdoc_name(const struct saxdoc_attrs *attrs)
{
	return (const char *)attrs->name;
}


const char *saxdoc_attr_at(const struct saxdoc_attrs *attrs, int i,
			   const char **name, size_t *len)
{
	const xmlChar **a;

	if (i < 0 || i >= attrs->c)
		return NULL;

	a = &attrs->v[5 * i];
	*name = (const char *)a[0];
	*len = (size_t)(a[4] - a[3]);

	return (const char *)a[3];
}


void saxdoc_attr_keep(struct saxdoc *doc, struct saxdoc_arena *arena,
		      const char **strp, const struct saxdoc_attrs *attrs,
		      const char *name, bool cut)
{
	size_t len;
	const char *p;

	if (**strp)
		return;

	p = saxdoc_attr(attrs, name, &len);
	if (p)
		*strp = saxdoc_keep(doc, arena, p, len, cut, NULL);
}


static const struct saxdoc_element *place_of(const struct saxdoc *doc,
					     const char *name)
{
	const struct saxdoc_vocabulary *voc = doc->voc;
	const int in = doc->placev[doc->depth]->place;
	size_t i;

	for (i = 0; i < voc->elementc; i++) {

		const struct saxdoc_element *el = &voc->elementv[i];

		if (el->in == in && (!el->name || !strcmp(el->name, name)))
			return el;
	}

	return &foreign;
}


static void on_start(void *arg, const xmlChar *name, const xmlChar *prefix,
		     const xmlChar *uri, int nsc, const xmlChar **nsv,
		     int attrc, int defc, const xmlChar **attrv)
{
	struct saxdoc *doc = arg;
	const struct saxdoc_attrs attrs = {doc, name, attrv, attrc};
	const struct saxdoc_element *el = &foreign;
	(void)nsc;
	(void)nsv;
	(void)defc;

	if (doc->reason || doc->depth >= SAXDOC_DEPTH_MAX) {
		xmlStopParser(doc->ctxt);
		return;
	}

	if (!doc->depth) {
		doc->root_prefix = prefix;
		doc->root_uri = uri;
	}

	if (is_own(doc, prefix, uri))
		el = place_of(doc, (const char *)name);

	if (!doc->depth && el->place != SAXDOC_ROOT) {
		doc->reason = doc->voc->stranger;
		return;
	}

	doc->placev[++doc->depth] = el;

	/* What is inside of an element with text must not eat it */
	if (el->text) {
		doc->textc = 0;
		doc->text_cut = false;
	}

	if (el->place != SAXDOC_FOREIGN)
		doc->voc->enterh(el->place, &attrs, doc->arg);
}


static void on_end(void *arg, const xmlChar *name, const xmlChar *prefix,
		   const xmlChar *uri)
{
	struct saxdoc *doc = arg;
	const struct saxdoc_element *el;
	(void)name;
	(void)prefix;
	(void)uri;

	if (doc->reason || !doc->depth) {
		xmlStopParser(doc->ctxt);
		return;
	}

	el = doc->placev[doc->depth--];
	if (el->place != SAXDOC_FOREIGN)
		doc->voc->leaveh(el->place, doc->text,
				 el->text ? doc->textc : 0, doc->text_cut,
				 doc->arg);

	doc->closed = !doc->depth;
}


static void on_text(void *arg, const xmlChar *s, int len)
{
	struct saxdoc *doc = arg;
	const char *p = (const char *)s;
	size_t n = len > 0 ? (size_t)len : 0;

	if (!doc->placev[doc->depth]->text)
		return;

	for (; n; ++p, --n) {

		/* Padding, however long, takes no room */
		if (is_space(*p) && (!doc->textc ||
				     is_space(doc->text[doc->textc - 1])))
			continue;

		if (doc->textc == sizeof(doc->text)) {
			doc->text_cut = true;
			return;
		}
		doc->text[doc->textc++] = *p;
	}
}


/**
 * All of the document is in memory: the parser need not look for more of it
 * with each word, which grows its buffer as often (a quarter of its time)
 */
static void on_begin(void *arg)
{
	const struct saxdoc *doc = arg;
	xmlParserInputPtr input = doc->ctxt->input;

	if (input && input->buf)
		input->buf->readcallback = NULL;
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
	struct saxdoc *doc = arg;

	if (!error || doc->closed)
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
		doc->nomem = true;

	if (!doc->reason)
		doc->reason = "The document is not well-formed XML";
}


/** Takes what the parser or an older libxml2 would print */
static void on_print(void *arg, const char *fmt, ...)
{
	(void)arg;
	(void)fmt;
}


static int ctxt_alloc(struct saxdoc *doc)
{
	xmlSAXHandler *sax;

	doc->ctxt = xmlNewParserCtxt();
	if (!doc->ctxt)
		return ENOMEM;

	/* No tree, no entities, no subsets: what is not here is not done */
	sax = doc->ctxt->sax;
	memset(sax, 0, sizeof(*sax));
	sax->initialized         = XML_SAX2_MAGIC;
	sax->startDocument       = on_begin;
	sax->startElementNs      = on_start;
	sax->endElementNs        = on_end;
	sax->characters          = on_text;
	sax->ignorableWhitespace = on_text;
	sax->warning             = on_print;
	sax->error               = on_print;
	sax->fatalError          = on_print;
	sax->serror              = on_error;
	doc->ctxt->userData      = doc;

	return 0;
}


static void ctxt_free(struct saxdoc *doc)
{
	if (doc->ctxt)
		xmlFreeParserCtxt(doc->ctxt);
	doc->ctxt = NULL;
}


static int parse(struct saxdoc *doc, const struct span *span)
{
	int err;

	if (!doc->ctxt) {
		err = ctxt_alloc(doc);
		if (err)
			return err;
	}

	/* There is no tree; should there be one, it must not leak */
	xmlFreeDoc(xmlCtxtReadMemory(doc->ctxt, span->p, (int)span->len,
				     NULL, NULL, OPTIONS));

	if (doc->nomem)
		err = ENOMEM;
	else if (doc->reason)
		err = EBADMSG;
	else if (!doc->closed)
		err = ENOMEM;        /* The parser did not even start */
	else
		err = 0;

	/* The context remembers every name it ever saw, and, after an error,
	   open namespaces of this document (libxml2 2.9) */
	if (err || xmlDictSize(doc->ctxt->dict) > DICT_MAX)
		ctxt_free(doc);

	return err;
}


int saxdoc_alloc(struct saxdoc **docp, const struct saxdoc_vocabulary *voc,
		 void *arg)
{
	struct saxdoc *doc;
	int err;

	if (!docp || !voc)
		return EINVAL;

	/* Errors that know of no parser, as those of memory, would go to
	   stderr, which is the screen. We alone use libxml2. */
	xmlSetGenericErrorFunc(NULL, on_print);
	xmlInitParser();

	doc = calloc(1, sizeof(*doc));
	if (!doc)
		return ENOMEM;

	doc->voc = voc;
	doc->arg = arg;

	err = ctxt_alloc(doc);
	if (err)
		saxdoc_free(doc);
	else
		*docp = doc;

	return err;
}


void saxdoc_free(struct saxdoc *doc)
{
	if (!doc)
		return;

	ctxt_free(doc);
	free(doc->utf8);
	free(doc);
}


static bool is_blank(const char *p, size_t len)
{
	trim(&p, &len);

	return !len;
}


int saxdoc_read(struct saxdoc *doc, const char **reasonp, const void *body,
		size_t len)
{
	const char *p = body;
	struct span span;
	int err = 0;

	if (!doc || !reasonp || (!body && len))
		return EINVAL;

	doc->reason = NULL;
	doc->nomem = false;
	doc->closed = false;
	doc->root_prefix = NULL;
	doc->root_uri = NULL;
	doc->placev[0] = &top;
	doc->depth = 0;
	doc->textc = 0;
	doc->text_cut = false;

	if (len && begins(p, p + len, "\xef\xbb\xbf")) {
		p += 3;
		len -= 3;
	}

	if (is_blank(p, len)) {
		err = ENODATA;
		doc->reason = "There is no body";
		goto out;
	}

	if (len > size_max(doc)) {
		err = EBADMSG;
		doc->reason = "The document is too large";
		goto out;
	}

	doc->reason = scan(&span, p, len);
	if (doc->reason) {
		err = EBADMSG;
		goto out;
	}

	err = to_utf8(doc, &span);
	if (err)
		goto out;

	err = parse(doc, &span);

 out:
	if (!err)
		*reasonp = "";
	else
		*reasonp = err == ENOMEM ? "Out of memory" : doc->reason;

	return err;
}
