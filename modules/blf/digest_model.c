/**
 * @file modules/blf/digest_model.c  Digest authentication, one cache for
 *                                   all requests of an account
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "modules/blf/digest_model.h"


/* What is hashed and what is printed: URI, user and pass among it */
enum {
	TEXT_MAX = 1536,
};

static const size_t mdszv[DIGEST_ALGS] = {
	[DIGEST_MD5]    = 16,
	[DIGEST_SHA256] = 32,
};

static const char *const algv[DIGEST_ALGS] = {
	[DIGEST_MD5]    = "MD5",
	[DIGEST_SHA256] = "SHA-256",
};

struct span {
	const char *p;
	size_t n;
};


static bool space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}


static bool token(char c)
{
	return c > 0x20 && c < 0x7f && !strchr("()<>@,;:\\\"/[]?={}", c);
}


static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}


/* The same word, in any case? */
static bool is(const struct span *s, const char *text)
{
	if (s->n != strlen(text))
		return false;

	for (size_t i=0; i<s->n; i++) {
		if (lower(s->p[i]) != lower(text[i]))
			return false;
	}

	return true;
}


/* A value is printed inside quotes again: nothing that would end them */
static int copy(char *dst, size_t sz, const struct span *s)
{
	bool escape = false;

	if (s->n >= sz)
		return EOVERFLOW;

	for (size_t i=0; i<s->n; i++) {

		const unsigned char c = (unsigned char)s->p[i];

		if (c < 0x20 || c == 0x7f || c == '"')
			return EBADMSG;

		/* an escape at the end would take our closing quote along */
		escape = !escape && c == '\\';
	}

	if (escape)
		return EBADMSG;

	memcpy(dst, s->p, s->n);
	dst[s->n] = '\0';

	return 0;
}


/* "auth,auth-int" holds auth, "auth-int" does not */
static bool holds_auth(const struct span *s)
{
	size_t i = 0;

	while (i < s->n) {
		struct span word;

		while (i < s->n && (space(s->p[i]) || s->p[i] == ','))
			++i;

		word.p = s->p + i;
		while (i < s->n && !space(s->p[i]) && s->p[i] != ',')
			++i;
		word.n = (size_t)(s->p + i - word.p);

		if (is(&word, "auth"))
			return true;
	}

	return false;
}


static int param(struct digest_chal *chal, bool *nonce, bool *realm,
		 const struct span *name, const struct span *val)
{
	if (is(name, "realm")) {
		*realm = true;
		return copy(chal->realm, sizeof(chal->realm), val);
	}

	if (is(name, "nonce")) {
		*nonce = true;
		return copy(chal->nonce, sizeof(chal->nonce), val);
	}

	if (is(name, "opaque"))
		return copy(chal->opaque, sizeof(chal->opaque), val);

	if (is(name, "stale"))
		chal->stale = is(val, "true");

	if (is(name, "qop")) {
		chal->qop = holds_auth(val);
		return chal->qop ? 0 : ENOTSUP;
	}

	if (is(name, "algorithm")) {
		chal->alg_named = true;

		for (unsigned i=0; i<DIGEST_ALGS; i++) {
			if (is(val, algv[i])) {
				chal->alg = i;
				return 0;
			}
		}

		return ENOTSUP;
	}

	return 0;
}


int digest_chal_decode(struct digest_chal *chal, bool proxy,
		       const char *p, size_t n)
{
	bool nonce = false, realm = false;
	struct span scheme;
	size_t i = 0;
	int err;

	if (!chal || !p)
		return EINVAL;

	memset(chal, 0, sizeof(*chal));
	chal->proxy = proxy;

	while (i < n && space(p[i]))
		++i;

	scheme.p = p + i;
	while (i < n && !space(p[i]))
		++i;
	scheme.n = (size_t)(p + i - scheme.p);

	if (!is(&scheme, "Digest"))
		return ENOTSUP;

	for (;;) {
		struct span name, val;

		while (i < n && (space(p[i]) || p[i] == ','))
			++i;
		if (i == n)
			break;

		name.p = p + i;
		while (i < n && token(p[i]))
			++i;
		name.n = (size_t)(p + i - name.p);

		while (i < n && space(p[i]))
			++i;
		if (!name.n || i == n || p[i] != '=')
			return EBADMSG;
		++i;
		while (i < n && space(p[i]))
			++i;

		if (i < n && p[i] == '"') {
			val.p = p + ++i;
			while (i < n && p[i] != '"')
				i += p[i] == '\\' ? 2 : 1;
			if (i >= n)
				return EBADMSG;
			val.n = (size_t)(p + i++ - val.p);
		}
		else {
			val.p = p + i;
			while (i < n && !space(p[i]) && p[i] != ',')
				++i;
			val.n = (size_t)(p + i - val.p);
		}

		err = param(chal, &nonce, &realm, &name, &val);
		if (err)
			return err;
	}

	return nonce && realm ? 0 : EBADMSG;
}


struct digest_cred *digest_find(struct digest *digest,
				const struct digest_chal *chal)
{
	if (!digest || !chal)
		return NULL;

	for (size_t i=0; i<digest->credc; i++) {
		struct digest_cred *cred = &digest->credv[i];

		if (cred->chal.proxy == chal->proxy &&
		    !strcmp(cred->chal.realm, chal->realm))
			return cred;
	}

	return NULL;
}


static void hex(char *dst, const uint8_t *md, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i=0; i<n; i++) {
		*dst++ = digits[md[i] >> 4];
		*dst++ = digits[md[i] & 15];
	}
	*dst = '\0';
}


static int hashtext(char *dst, enum digest_alg alg, digest_h *h,
		    const char *text, int n)
{
	uint8_t md[DIGEST_MD_MAX];

	if (n < 0 || n >= TEXT_MAX)
		return EOVERFLOW;

	h(alg, text, (size_t)n, md);
	hex(dst, md, mdszv[alg]);

	return 0;
}


int digest_take(struct digest *digest, const struct digest_chal *chal,
		const char *user, const char *pass, digest_h *h)
{
	struct digest_cred *cred, made;
	char text[TEXT_MAX];
	int err;

	if (!digest || !chal || !h)
		return EINVAL;

	cred = digest_find(digest, chal);

	if (user) {
		const struct span s = {user, strlen(user)};

		memset(&made, 0, sizeof(made));
		err = copy(made.user, sizeof(made.user), &s);
		if (err)
			return err;

		err = hashtext(made.ha1, chal->alg, h, text,
			       snprintf(text, sizeof(text), "%s:%s:%s", user,
					chal->realm, pass ? pass : ""));
		memset(text, 0, sizeof(text));
		if (err)
			return err;
	}
	else {
		/* the hash of user and pass is of one algorithm */
		if (!cred || cred->chal.alg != chal->alg)
			return ENOENT;
		made = *cred;
	}

	if (!cred) {
		cred = digest->credv;

		if (digest->credc < DIGEST_REALMS) {
			cred = &digest->credv[digest->credc++];
		}
		else for (size_t i=1; i<DIGEST_REALMS; i++) {
			if (digest->credv[i].age < cred->age)
				cred = &digest->credv[i];
		}
	}

	*cred = made;
	cred->chal = *chal;
	cred->nc   = 0;
	cred->age  = ++digest->age;

	return 0;
}


int digest_print(char *buf, size_t sz, struct digest_cred *cred,
		 const char *met, const char *uri, uint64_t cnonce,
		 digest_h *h)
{
	char ha2[2 * DIGEST_MD_MAX + 1], resp[2 * DIGEST_MD_MAX + 1];
	char text[TEXT_MAX], cn[17] = "", nc[9] = "";
	const struct digest_chal *chal;
	int err, n;

	if (!buf || !cred || !met || !uri || !h)
		return EINVAL;

	chal = &cred->chal;

	err = hashtext(ha2, chal->alg, h, text,
		       snprintf(text, sizeof(text), "%s:%s", met, uri));
	if (err)
		return err;

	++cred->nc;

	if (chal->qop) {
		(void)snprintf(cn, sizeof(cn), "%016" PRIx64, cnonce);
		(void)snprintf(nc, sizeof(nc), "%08" PRIx32, cred->nc);
		n = snprintf(text, sizeof(text), "%s:%s:%s:%s:auth:%s",
			     cred->ha1, chal->nonce, nc, cn, ha2);
	}
	else {
		n = snprintf(text, sizeof(text), "%s:%s:%s",
			     cred->ha1, chal->nonce, ha2);
	}

	err = hashtext(resp, chal->alg, h, text, n);
	if (err)
		return err;

	n = snprintf(buf, sz, "%sAuthorization: Digest username=\"%s\", "
		     "realm=\"%s\", nonce=\"%s\", uri=\"%s\", "
		     "response=\"%s\"%s%s%s%s%s%s%s%s%s\r\n",
		     chal->proxy ? "Proxy-" : "", cred->user,
		     chal->realm, chal->nonce, uri, resp,
		     chal->opaque[0] ? ", opaque=\"" : "", chal->opaque,
		     chal->opaque[0] ? "\"" : "",
		     chal->alg_named ? ", algorithm=" : "",
		     chal->alg_named ? algv[chal->alg] : "",
		     chal->qop ? ", cnonce=\"" : "", cn,
		     chal->qop ? "\", qop=auth, nc=" : "", nc);

	return n < 0 || (size_t)n >= sz ? EOVERFLOW : 0;
}
