/**
 * @file modules/blf/multipart_model.c  Take a multipart body apart
 */
#include <errno.h>
#include <string.h>
#include "modules/blf/multipart_model.h"


static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}


static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}


static bool is_space(char c)
{
	return is_blank(c) || c == '\r' || c == '\n';
}


static struct multipart_span trim(struct multipart_span s)
{
	while (s.len && is_space(*s.p)) {
		++s.p;
		--s.len;
	}
	while (s.len && is_space(s.p[s.len - 1]))
		--s.len;

	return s;
}


bool multipart_is(struct multipart_span span, const char *text)
{
	size_t i;

	if (span.len != strlen(text))
		return false;

	for (i = 0; i < span.len; i++) {
		if (lower(span.p[i]) != lower(text[i]))
			return false;
	}

	return true;
}


/* ---- Parameters ------------------------------------------------------ */


/** @return The end of a quoted string that begins at p, or end */
static const char *quoted_end(const char *p, const char *end)
{
	for (++p; p < end && *p != '"'; ++p) {
		if (*p == '\\' && p + 1 < end)
			++p;
	}

	return p;
}


/** Take the next ";name=value" off the front */
static bool next_param(struct multipart_span *rest,
		       struct multipart_span *name,
		       struct multipart_span *val)
{
	const char *p = rest->p, *end = p + rest->len;

	while (p < end && (*p == ';' || is_space(*p)))
		++p;
	if (p == end)
		return false;

	name->p = p;
	while (p < end && *p != '=' && *p != ';')
		++p;
	name->len = (size_t)(p - name->p);
	*name = trim(*name);

	val->p = p;
	val->len = 0;

	if (p < end && *p == '=') {

		for (++p; p < end && is_space(*p); ++p)
			;

		if (p < end && *p == '"') {
			val->p = p + 1;
			p = quoted_end(p, end);
			val->len = (size_t)(p - val->p);
			while (p < end && *p != ';')
				++p;
		}
		else {
			val->p = p;
			while (p < end && *p != ';')
				++p;
			val->len = (size_t)(p - val->p);
			*val = trim(*val);
		}
	}

	rest->p = p;
	rest->len = (size_t)(end - p);

	return true;
}


struct multipart_span multipart_param(struct multipart_span params,
				      const char *want)
{
	struct multipart_span name, val, none = {NULL, 0};

	if (!params.p)
		return none;

	while (next_param(&params, &name, &val)) {
		if (multipart_is(name, want))
			return val;
	}

	return none;
}


/* ---- Headers of a part ----------------------------------------------- */


/** @return The line's end (its LF, or end), and where the next begins */
static const char *line_end(const char *p, const char *end,
			    const char **next)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));

	*next = lf ? lf + 1 : end;

	return lf ? lf : end;
}


/** Type and parameters; both may be empty */
static void ctype_take(struct multipart_part *part, struct multipart_span val)
{
	const char *semi = val.len ? memchr(val.p, ';', val.len) : NULL;

	part->type = val;
	if (semi) {
		part->type.len = (size_t)(semi - val.p);
		part->params.p = semi;
		part->params.len = val.len - part->type.len;
	}
	part->type = trim(part->type);
}


static void id_take(struct multipart_part *part, struct multipart_span val)
{
	if (val.len >= 2 && val.p[0] == '<' && val.p[val.len - 1] == '>') {
		++val.p;
		val.len -= 2;
	}

	part->id = trim(val);
}


static void header_take(struct multipart_part *part,
			struct multipart_span name, struct multipart_span val)
{
	if (multipart_is(name, "content-id"))
		id_take(part, val);
	else if (multipart_is(name, "content-type") ||
		 multipart_is(name, "c"))
		ctype_take(part, val);
	else if (multipart_is(name, "content-transfer-encoding"))
		part->encoded = !multipart_is(val, "7bit") &&
			!multipart_is(val, "8bit") &&
			!multipart_is(val, "binary");
	else if (multipart_is(name, "content-encoding"))
		part->encoded = part->encoded ||
			!multipart_is(val, "identity");
}


/**
 * Headers up to the empty line
 *
 * @return Where the part's body begins, or NULL: they are too long
 */
static const char *headers_take(struct multipart_part *part, const char *p,
				const char *end)
{
	const char *start = p;

	while (p < end) {

		struct multipart_span name, val;
		const char *next, *eol = line_end(p, end, &next), *colon;

		if (eol == p || (*p == '\r' && eol == p + 1))
			return next;

		/* folded: RFC 5322 2.2.3 */
		while (next < end && is_blank(*next))
			eol = line_end(next, end, &next);

		if ((size_t)(next - start) > MULTIPART_HEADER_MAX)
			return NULL;

		colon = memchr(p, ':', (size_t)(eol - p));
		if (colon) {
			name.p = p;
			name.len = (size_t)(colon - p);
			val.p = colon + 1;
			val.len = (size_t)(eol - val.p);
			header_take(part, trim(name), trim(val));
		}

		p = next;
	}

	return p;
}


/* ---- Delimiters ------------------------------------------------------ */


/** RFC 2046 5.1.1: "--" boundary, at a line's beginning, and white space */
static bool is_delimiter(const char *p, const char *eol,
			 struct multipart_span boundary, bool *last)
{
	if ((size_t)(eol - p) < boundary.len + 2 || p[0] != '-' ||
	    p[1] != '-' || memcmp(p + 2, boundary.p, boundary.len))
		return false;

	p += boundary.len + 2;

	*last = eol - p >= 2 && p[0] == '-' && p[1] == '-';

	/* what follows the last one on its line is of the epilogue */
	if (*last)
		return true;

	while (p < eol && is_space(*p))
		++p;

	return p == eol;
}


/** The line break before a delimiter is the delimiter's */
static const char *body_end(const char *begin, const char *delim)
{
	if (delim > begin && delim[-1] == '\n')
		--delim;
	if (delim > begin && delim[-1] == '\r')
		--delim;

	return delim;
}


static int part_add(struct multipart *mp, const char *p, const char *end,
		    const char **reasonp)
{
	struct multipart_part *part;

	if (mp->partc >= mp->size || mp->partc >= MULTIPART_PARTS_MAX) {
		*reasonp = "The body has too many parts";
		return EBADMSG;
	}

	part = &mp->partv[mp->partc];
	memset(part, 0, sizeof(*part));

	p = headers_take(part, p, end);
	if (!p) {
		*reasonp = "The headers of a part are too long";
		return EBADMSG;
	}

	part->body.p = p;
	part->body.len = end > p ? (size_t)(end - p) : 0;
	++mp->partc;

	return 0;
}


int multipart_decode(struct multipart *mp, struct multipart_span params,
		     const char *body, size_t len, const char **reasonp)
{
	struct multipart_span boundary;
	const char *p = body, *end, *begin = NULL, *next;
	bool last = false;
	int err;

	if (!mp || !mp->partv || !reasonp || (!body && len))
		return EINVAL;

	mp->partc = 0;
	mp->closed = false;
	*reasonp = "";

	boundary = multipart_param(params, "boundary");
	if (!boundary.len || boundary.len > MULTIPART_BOUNDARY_MAX) {
		*reasonp = "The body has no boundary";
		return EBADMSG;
	}

	if (!len)
		return 0;

	for (end = body + len; p < end && !last; p = next) {

		const char *eol = line_end(p, end, &next);

		if (!is_delimiter(p, eol, boundary, &last))
			continue;

		if (begin) {
			err = part_add(mp, begin, body_end(begin, p),
				       reasonp);
			if (err)
				return err;
		}

		begin = last ? NULL : next;
	}

	mp->closed = last;

	/* cut short, or never closed: what holds the part finds out */
	if (begin && begin < end)
		return part_add(mp, begin, end, reasonp);

	return 0;
}


size_t multipart_find(const struct multipart *mp, const char *cid,
		      size_t hint)
{
	size_t i, k, n;

	if (!mp || !cid || !*cid)
		return mp ? mp->partc : 0;

	/* a URL (RFC 2392) where the identifier alone should be */
	if (!strncmp(cid, "cid:", 4))
		cid += 4;

	n = strlen(cid);
	if (n >= 2 && cid[0] == '<' && cid[n - 1] == '>') {
		++cid;
		n -= 2;
	}

	for (k = 0; k < mp->partc; k++) {

		i = (hint + k) % mp->partc;

		if (mp->partv[i].id.len == n && n &&
		    !memcmp(mp->partv[i].id.p, cid, n))
			return i;
	}

	return mp->partc;
}


const struct multipart_part *multipart_root(const struct multipart *mp,
					    struct multipart_span params,
					    const char *type)
{
	struct multipart_span start;
	size_t i;

	if (!mp)
		return NULL;

	start = multipart_param(params, "start");
	if (start.len >= 2 && start.p[0] == '<') {
		++start.p;
		start.len -= 2;
	}

	for (i = 0; start.len && i < mp->partc; i++) {

		const struct multipart_part *part = &mp->partv[i];

		if (part->id.len == start.len &&
		    !memcmp(part->id.p, start.p, start.len))
			return part;
	}

	for (i = 0; i < mp->partc; i++) {
		if (multipart_is(mp->partv[i].type, type))
			return &mp->partv[i];
	}

	return NULL;
}
