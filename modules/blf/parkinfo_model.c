/**
 * @file modules/blf/parkinfo_model.c  What the names in a park-info mean
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "app/text_model.h"
#include "modules/blf/parkinfo_model.h"


enum {
	PATH_SZ = 256,
	NAME_SZ = 64,
	JSON_DEPTH = 16,
};

/** What a pair is about */
enum about {
	ABOUT_NOTHING = 0,
	ABOUT_RETRIEVE,
	ABOUT_PARKER,
	ABOUT_CALLER,
	ABOUT_PLACE,
	ABOUT_STATE,
};

struct stem {
	const char *text;
	enum about about;
};

/*
 * Looked for in this order in the whole path, with all but letters and
 * digits left out. The order decides where two fit: "parkedBy" is the
 * parker, "parkedExtension" the place, "callerExtension" the caller.
 */
static const struct stem stemv[] = {
	{"retriev",     ABOUT_RETRIEVE},
	{"unpark",      ABOUT_RETRIEVE},
	{"pickup",      ABOUT_RETRIEVE},
	{"accesscode",  ABOUT_RETRIEVE},
	{"featurecode", ABOUT_RETRIEVE},

	{"parkedby",    ABOUT_PARKER},
	{"parker",      ABOUT_PARKER},
	{"parkingparty", ABOUT_PARKER},
	{"parkinguser", ABOUT_PARKER},
	{"referredby",  ABOUT_PARKER},
	{"referrer",    ABOUT_PARKER},
	{"transferor",  ABOUT_PARKER},
	{"transferredby", ABOUT_PARKER},
	{"initiator",   ABOUT_PARKER},

	{"parkee",      ABOUT_CALLER},
	{"parkedparty", ABOUT_CALLER},
	{"parkeduser",  ABOUT_CALLER},
	{"caller",      ABOUT_CALLER},
	{"calling",     ABOUT_CALLER},
	{"remoteparty", ABOUT_CALLER},
	{"customer",    ABOUT_CALLER},

	{"extension",   ABOUT_PLACE},
	{"exten",       ABOUT_PLACE},
	{"orbit",       ABOUT_PLACE},
	{"slot",        ABOUT_PLACE},
	{"spot",        ABOUT_PLACE},
	{"place",       ABOUT_PLACE},
	{"location",    ABOUT_PLACE},
	{"parkedat",    ABOUT_PLACE},
	{"parkedon",    ABOUT_PLACE},
	{"parkedto",    ABOUT_PLACE},
	{"parkat",      ABOUT_PLACE},
	{"parkon",      ABOUT_PLACE},
	{"parkto",      ABOUT_PLACE},
	{"target",      ABOUT_PLACE},
	{"destination", ABOUT_PLACE},

	{"state",       ABOUT_STATE},
	{"status",      ABOUT_STATE},
	{"event",       ABOUT_STATE},
	{"action",      ABOUT_STATE},
	{"operation",   ABOUT_STATE},

	{"parked",      ABOUT_CALLER},
	{"identity",    ABOUT_CALLER},
};

/* Names of the whole, that say nothing of what is in it */
static const char *const wholev[] = {
	"parkinfo", "callpark", "parkcall", "parkedcall", "parkedcalls",
	"callparkinfo", "parknotify", "xbroadworkscallparkinfo", "parkevent",
	"parkinformation", "parkedcallinfo", "parknotification",
};

static const char *const nothingv[] = {
	"(null)", "null", "nil", "none", "unknown", "undefined", "n/a", "-",
	"<null>", "(none)",
};

static const char *const clearedv[] = {
	"retrieved", "unparked", "unpark", "cleared", "clear", "removed",
	"remove", "released", "cancelled", "canceled", "cancel", "terminated",
	"ended", "end", "expired", "timeout", "recalled", "recall",
	"abandoned", "free", "idle", "pickedup", "resumed", "deleted",
	"delete", "hangup", "disconnected", "retrieve", "false", "no", "0",
};

static const char *const parkedv[] = {
	"parked", "park", "active", "confirmed", "early", "held", "holding",
	"waiting", "new", "added", "add", "start", "started", "true", "yes",
	"1",
};

static const char *const truthv[] = {
	"true", "false", "yes", "no", "1", "0",
};

#define COUNT(v) (sizeof(v) / sizeof((v)[0]))


/* Letters and digits alone, small */
static void squeeze(char *buf, size_t size, const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 1 < size; i++) {
		if (isalnum((unsigned char)s[i]))
			buf[n++] = (char)tolower((unsigned char)s[i]);
	}

	buf[n] = '\0';
}


static bool listed(const char *word, const char *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(word, v[i]))
			return true;
	}

	return false;
}


/* The path without the names of the whole */
static void path_squeeze(char *buf, size_t size, const char *path)
{
	size_t n = 0;

	buf[0] = '\0';

	while (*path) {

		const size_t len = strcspn(path, "/@");
		char name[NAME_SZ];

		squeeze(name, sizeof(name), path, len);
		if (!listed(name, wholev, COUNT(wholev))) {
			squeeze(buf + n, size - n, name, strlen(name));
			n += strlen(buf + n);
		}

		path += len;
		path += strspn(path, "/@");
	}
}


static enum about about_of(const char *path)
{
	if (!strcmp(path, "by"))
		return ABOUT_PARKER;
	if (!strcmp(path, "to") || !strcmp(path, "at") ||
	    !strcmp(path, "ext") || !strcmp(path, "lot"))
		return ABOUT_PLACE;
	if (!strcmp(path, "code") || !strcmp(path, "fac"))
		return ABOUT_RETRIEVE;
	if (!strcmp(path, "from") || !strcmp(path, "name") ||
	    !strcmp(path, "displayname") || !strcmp(path, "number"))
		return ABOUT_CALLER;

	for (size_t i = 0; i < COUNT(stemv); i++) {
		if (strstr(path, stemv[i].text))
			return stemv[i].about;
	}

	return ABOUT_NOTHING;
}


static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '"' ||
		c == '\'';
}


/* Trimmed, without quotes; "" for words that stand for nothing */
static void value_clean(char *buf, size_t size, const char *s, size_t len)
{
	char word[NAME_SZ];
	size_t n;

	while (len && is_space(*s)) {
		++s;
		--len;
	}
	while (len && (is_space(s[len - 1]) || s[len - 1] == ','))
		--len;

	(void)uchar_clean(buf, size, s, len);

	for (n = 0; buf[n] && n + 1 < sizeof(word); n++)
		word[n] = (char)tolower((unsigned char)buf[n]);
	word[n] = '\0';
	if (!buf[n] && listed(word, nothingv, COUNT(nothingv)))
		buf[0] = '\0';
}


static void keep(char *dst, const char *s, size_t len)
{
	if (!dst[0])
		value_clean(dst, PARKINFO_SZ, s, len);
}


static bool dialable(const char *s)
{
	return *s && strspn(s, "0123456789+*#.-/() ") == strlen(s) &&
		strpbrk(s, "0123456789*#");
}


/* User part of an address, "" if it is none */
static void user_keep(char *dst, const char *s)
{
	const char *p = strstr(s, "sip:");

	if (!p)
		p = strstr(s, "tel:");
	if (!p)
		p = strstr(s, "sips:");
	if (!p)
		return;

	p = strchr(p, ':') + 1;
	keep(dst, p, strcspn(p, "@;>?\" "));
}


/* Name and number out of `"Anna" <sip:5550101@pbx>`, an address, a number
   or a name; `numeric`: the path says that it is no name */
static void party(char *name, char *number, const char *value, bool numeric)
{
	const char *angle = strchr(value, '<');

	if (strstr(value, "sip:") || strstr(value, "sips:") ||
	    strstr(value, "tel:")) {
		user_keep(number, value);
		if (angle && angle != value)
			keep(name, value, (size_t)(angle - value));
		return;
	}

	if (angle && strchr(angle, '>') && angle != value) {
		keep(name, value, (size_t)(angle - value));
		keep(number, angle + 1, strcspn(angle + 1, ">@;"));
		return;
	}

	if (dialable(value)) {
		keep(number, value, strlen(value));
		return;
	}

	if (numeric)
		keep(number, value, strcspn(value, "@"));
	else
		keep(name, value, strlen(value));
}


static bool ends_with(const char *path, const char *const *v, size_t n)
{
	const size_t len = strlen(path);

	for (size_t i = 0; i < n; i++) {

		const size_t l = strlen(v[i]);

		if (len >= l && !strcmp(path + len - l, v[i]))
			return true;
	}

	return false;
}


static void state(struct parkinfo_reader *rd, const char *value)
{
	char word[NAME_SZ];

	squeeze(word, sizeof(word), value, strlen(value));

	if (listed(word, clearedv, COUNT(clearedv)))
		rd->cleared = true;
	else if (listed(word, parkedv, COUNT(parkedv)))
		rd->parked = true;
}


static void parker(struct parkinfo_reader *rd, const char *value,
		   bool numeric)
{
	char name[PARKINFO_SZ] = "", number[PARKINFO_SZ] = "";
	struct parkinfo *pi = rd->pi;

	party(name, number, value, numeric);

	if (name[0] && !rd->by_named) {
		memcpy(pi->by, name, sizeof(pi->by));
		rd->by_named = true;
	}
	else if (number[0] && !pi->by[0]) {
		memcpy(pi->by, number, sizeof(pi->by));
	}
}


void parkinfo_begin(struct parkinfo_reader *rd, struct parkinfo *pi)
{
	memset(pi, 0, sizeof(*pi));
	memset(rd, 0, sizeof(*rd));
	rd->pi = pi;
}


void parkinfo_pair(struct parkinfo_reader *rd, const char *path,
		   const char *value)
{
	static const char *const numericv[] = {
		"number", "num", "uri", "aor", "address", "user", "tel",
		"extension", "ext", "phone",
	};
	struct parkinfo *pi = rd->pi;
	char name[PATH_SZ], val[PARKINFO_SZ];
	bool numeric;

	if (rd->pairc++ >= PARKINFO_PAIRS_MAX)
		return;

	path_squeeze(name, sizeof(name), path);
	value_clean(val, sizeof(val), value, strlen(value));
	if (!val[0])
		return;

	numeric = ends_with(name, numericv, COUNT(numericv));

	switch (about_of(name)) {

	case ABOUT_NOTHING:
		return;

	case ABOUT_RETRIEVE:
		/* "retrieved: true" is a state, a code can be dialled */
		if (strspn(val, "0123456789*#+") == strlen(val) &&
		    strpbrk(val, "*#0123456789") && val[1])
			keep(pi->retrieve, val, strlen(val));
		else if (strstr(val, "sip:"))
			user_keep(pi->retrieve, val);
		else if (strstr(name, "retrieved") || strstr(name, "unparked"))
			rd->cleared |= !strcmp(val, "true") ||
				!strcmp(val, "1") || !strcmp(val, "yes");
		break;

	case ABOUT_PARKER:
		parker(rd, val, numeric);
		break;

	case ABOUT_CALLER:
		if (!strcmp(name, "parked") &&
		    listed(val, truthv, COUNT(truthv)))
			state(rd, val);
		else
			party(pi->who, pi->number, val, numeric);
		break;

	case ABOUT_PLACE:
		if (strstr(val, "sip:") || strchr(val, '<'))
			user_keep(pi->place, val);
		else if (dialable(val) || !strchr(val, ' '))
			keep(pi->place, val, strcspn(val, "@"));
		break;

	case ABOUT_STATE:
		state(rd, val);
		break;
	}
}


void parkinfo_lines(struct parkinfo_reader *rd, const char *p, size_t len)
{
	while (len) {

		const char *nl = memchr(p, '\n', len);
		const size_t n = nl ? (size_t)(nl - p) : len;
		char path[NAME_SZ], value[2 * PARKINFO_SZ];
		size_t k = 0, v;

		while (k < n && p[k] != ':' && p[k] != '=')
			++k;

		if (k && k < n && k < sizeof(path)) {
			memcpy(path, p, k);
			path[k] = '\0';
			v = n - k - 1;
			if (v >= sizeof(value))
				v = sizeof(value) - 1;
			memcpy(value, p + k + 1, v);
			value[v] = '\0';

			/* a NUL ends it, nothing hides behind */
			parkinfo_pair(rd, path, value);
		}

		p += n;
		len -= n;
		if (len) {
			++p;
			--len;
		}
	}
}


/** Bytes of a JSON document that are left */
struct rest {
	const char *p;
	size_t len;
};


static size_t utf8_put(char *buf, uint32_t c)
{
	if (c < 0x80) {
		buf[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		buf[0] = (char)(0xc0 | c >> 6);
		buf[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}

	buf[0] = (char)(0xe0 | c >> 12);
	buf[1] = (char)(0x80 | (c >> 6 & 0x3f));
	buf[2] = (char)(0x80 | (c & 0x3f));

	return 3;
}


/* @return Value of four hexadecimal digits, or -1 */
static int32_t hex4(const struct rest *r)
{
	static const char digitv[] = "0123456789abcdef";
	int32_t v = 0;

	if (r->len < 4)
		return -1;

	for (size_t i = 0; i < 4; i++) {

		const char *d = strchr(digitv,
				       tolower((unsigned char)r->p[i]));

		if (!r->p[i] || !d)
			return -1;
		v = v << 4 | (int32_t)(d - digitv);
	}

	return v;
}


/* Behind the opening quote, to behind the closing one; what does not fit
   is passed over. Surrogates become what is no character */
static void json_string(struct rest *r, char *buf, size_t size)
{
	size_t n = 0;

	while (r->len && *r->p != '"') {

		char c = *r->p, out[3];
		size_t l = 1;
		int32_t v;

		++r->p;
		--r->len;
		out[0] = c;

		if (c == '\\' && r->len) {
			c = *r->p;
			++r->p;
			--r->len;
			out[0] = strchr("nrtbf", c) ? ' ' : c;

			if (c == 'u' && (v = hex4(r)) >= 0) {
				l = utf8_put(out, (uint32_t)v);
				r->p += 4;
				r->len -= 4;
			}
		}

		if (n + l < size) {
			memcpy(buf + n, out, l);
			n += l;
		}
	}

	buf[n] = '\0';
	if (r->len) {
		++r->p;
		--r->len;
	}
}


static void json_word(struct rest *r, char *buf, size_t size)
{
	size_t n = 0;

	while (r->len && !strchr(" \t\r\n,:{}[]\"", *r->p)) {
		if (n + 1 < size)
			buf[n++] = *r->p;
		++r->p;
		--r->len;
	}

	/* a NUL ends it */
	if (r->len && !*r->p) {
		++r->p;
		--r->len;
	}

	buf[n] = '\0';
}


static void path_cut(char *path, size_t len)
{
	path[len] = '\0';
}


static void path_add(char *path, size_t size, const char *name)
{
	const size_t n = strlen(path);

	(void)snprintf(path + n, size - n, "%s%s", n ? "/" : "", name);
}


void parkinfo_json(struct parkinfo_reader *rd, const char *p, size_t len)
{
	struct rest r = {p, len};
	size_t lenv[JSON_DEPTH];     /* path outside of each container   */
	char path[PATH_SZ] = "";
	char word[2 * PARKINFO_SZ] = "";
	size_t depth = 0, base = 0;
	bool have = false;           /* word holds                       */

	while (r.len) {

		const char c = *r.p;

		switch (c) {

		case '"':
			++r.p;
			--r.len;
			json_string(&r, word, sizeof(word));
			have = true;
			continue;

		case ':':
			path_cut(path, base);
			path_add(path, sizeof(path), word);
			have = false;
			break;

		case '{':
		case '[':
			if (depth == JSON_DEPTH)
				return;
			lenv[depth++] = base;
			base = strlen(path);
			have = false;
			break;

		case ',':
		case '}':
		case ']':
			if (have)
				parkinfo_pair(rd, path, word);
			have = false;
			path_cut(path, base);

			if (c == ',')
				break;
			if (!depth)
				return;
			base = lenv[--depth];
			path_cut(path, base);
			break;

		case ' ':
		case '\t':
		case '\r':
		case '\n':
			break;

		default:
			json_word(&r, word, sizeof(word));
			have = true;
			continue;
		}

		++r.p;
		--r.len;
	}

	/* a value that was cut off may be half of it */
}


void parkinfo_end(struct parkinfo_reader *rd)
{
	struct parkinfo *pi = rd->pi;

	pi->cleared = rd->cleared && !rd->parked;
	pi->understood = pi->who[0] || pi->number[0] || pi->by[0] ||
		pi->place[0] || pi->retrieve[0] || rd->cleared || rd->parked;
}
