/**
 * @file app/cfg_lex_model.c  Lexer of the configuration
 */
#include <string.h>
#include "app/cfg_lex_model.h"
#include "app/text_model.h"

enum {
	DIGITS_MAX = 18,        /* Fit into 64 bits                       */
};


const char *cfg_fault_text(enum cfg_fault fault)
{
	static const char *const textv[CFG_FAULTS] = {
		[CFG_FINE]       = "nothing is wrong",
		[CFG_BLANK]      = "a value is missing",
		[CFG_TOO_LONG]   = "the line is too long: at most 4096 bytes"
				   " are expected",
		[CFG_NUL]        = "a NUL byte: only text is expected",
		[CFG_CONTROL]    = "a control character: only text is"
				   " expected",
		[CFG_NOT_UTF8]   = "not valid UTF-8: save the file as UTF-8",
		[CFG_BAD_KEY]    = "a key of a-z, 0-9 and _ is expected at"
				   " the line's start",
		[CFG_QUOTE_OPEN] = "a quote is left open: \" is expected"
				   " before the line's end (a \" inside"
				   " quotes is written \\\")",
		[CFG_ANGLE_OPEN] = "> is expected after <",
		[CFG_NO_NAME]    = "a name is expected after ;",
		[CFG_NO_VALUE]   = "=VALUE is expected after the name",
		[CFG_HAS_BLANK]  = "a blank in the value: put the value in"
				   " \"quotes\", or is a ; missing?",
		[CFG_TOO_MANY]   = "too many parameters: at most 31 are"
				   " expected",
		[CFG_NO_DIGITS]  = "a range needs a number on both sides,"
				   " such as 701-720 or *5901-*5910",
		[CFG_PREFIX]     = "both ends of a range must begin alike,"
				   " such as *5901-*5910",
		[CFG_BACKWARDS]  = "the range's first number is greater than"
				   " its last",
		[CFG_WIDTH]      = "both ends of a range with leading zeros"
				   " must have as many digits, such as"
				   " 001-020",
	};

	return (unsigned)fault < CFG_FAULTS ? textv[fault] : "?";
}


static bool blank(char c)
{
	return c == ' ' || c == '\t';
}


static bool digit(char c)
{
	return c >= '0' && c <= '9';
}


static bool alnum(char c)
{
	return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}


static void trim(struct cfg_piece *pc)
{
	while (pc->l && blank(pc->p[0])) {
		++pc->p;
		--pc->l;
	}

	while (pc->l && blank(pc->p[pc->l - 1]))
		--pc->l;
}


/* Where in a value we are: inside quotes everything but \" and \\ is text */
struct quote {
	bool open;
	bool esc;
};


/* @return True if `c` is part of a quote, the quote signs among it */
static bool quote_step(struct quote *q, char c, char next)
{
	if (q->esc) {
		q->esc = false;
		return true;
	}

	if (c == '"') {
		q->open = !q->open;
		return true;
	}

	if (q->open && c == '\\' && (next == '"' || next == '\\'))
		q->esc = true;

	return q->open;
}


static char next_char(struct cfg_piece pc, size_t i)
{
	return i + 1 < pc.l ? pc.p[i + 1] : '\0';
}


bool cfg_lex_next(struct cfg_piece *line, struct cfg_piece *text)
{
	const char *nl;

	if (!text->l)
		return false;

	nl = memchr(text->p, '\n', text->l);

	line->p = text->p;
	line->l = nl ? (size_t)(nl - text->p) : text->l;

	text->p += line->l + (nl ? 1 : 0);
	text->l -= line->l + (nl ? 1 : 0);

	if (line->l && line->p[line->l - 1] == '\r')
		--line->l;

	return true;
}


static enum cfg_fault check_bytes(struct cfg_piece raw)
{
	size_t i, n;

	if (memchr(raw.p, '\0', raw.l))
		return CFG_NUL;

	for (i = 0; i < raw.l; i += n) {

		uint32_t cp = 0;

		n = uchar_decode(&cp, raw.p + i, raw.l - i);
		if (!n)
			return CFG_NOT_UTF8;

		if (uchar_control(cp) && cp != '\t')
			return CFG_CONTROL;
	}

	return CFG_FINE;
}


enum cfg_fault cfg_lex_line(struct cfg_line *line, struct cfg_piece raw)
{
	struct quote q = {false, false};
	enum cfg_fault fault;
	size_t i, k;

	memset(line, 0, sizeof(*line));

	if (raw.l > CFG_LINE_MAX)
		return CFG_TOO_LONG;

	trim(&raw);
	if (!raw.l || raw.p[0] == '#')
		return CFG_BLANK;

	fault = check_bytes(raw);
	if (fault)
		return fault;

	for (k = 0; k < raw.l && !blank(raw.p[k]); k++) {

		const char c = raw.p[k];

		if (!alnum(c) && c != '_' && c != '.' && c != '-')
			return CFG_BAD_KEY;

		if (k + 1 >= sizeof(line->key))
			return CFG_BAD_KEY;

		line->key[k] = c;
	}

	raw.p += k;
	raw.l -= k;

	for (i = 0; i < raw.l; i++) {

		if (quote_step(&q, raw.p[i], next_char(raw, i)))
			continue;

		if (raw.p[i] == '#' && i && blank(raw.p[i - 1])) {
			line->comment = true;
			raw.l = i;
		}
	}

	if (q.open)
		return CFG_QUOTE_OPEN;

	trim(&raw);
	line->val = raw;

	return CFG_FINE;
}


enum cfg_fault cfg_lex_text(char *dst, size_t size, struct cfg_piece raw)
{
	struct quote q = {false, false};
	size_t i, n = 0;

	if (!size)
		return CFG_TOO_LONG;

	for (i = 0; i < raw.l; i++) {

		const bool esc = q.esc;

		(void)quote_step(&q, raw.p[i], next_char(raw, i));

		if (q.esc || (raw.p[i] == '"' && !esc))
			continue;

		if (n + 1 >= size) {
			dst[0] = '\0';
			return CFG_TOO_LONG;
		}

		dst[n++] = raw.p[i];
	}

	dst[n] = '\0';

	return q.open ? CFG_QUOTE_OPEN : CFG_FINE;
}


enum cfg_fault cfg_lex_split(struct cfg_piece *pv, size_t *pcp,
			     struct cfg_piece raw)
{
	struct quote q = {false, false};
	size_t i, start = 0, n = 0;
	bool angle = false;

	*pcp = 0;

	for (i = 0; i <= raw.l; i++) {

		if (i < raw.l) {
			if (quote_step(&q, raw.p[i], next_char(raw, i)))
				continue;

			if (raw.p[i] == '<')
				angle = true;
			else if (raw.p[i] == '>')
				angle = false;

			if (raw.p[i] != ';' || angle)
				continue;
		}

		if (n >= CFG_PIECES_MAX)
			return CFG_TOO_MANY;

		pv[n].p = raw.p + start;
		pv[n].l = i - start;
		trim(&pv[n]);
		++n;
		start = i + 1;
	}

	*pcp = n;

	if (q.open)
		return CFG_QUOTE_OPEN;

	return angle ? CFG_ANGLE_OPEN : CFG_FINE;
}


enum cfg_fault cfg_lex_param(struct cfg_piece *name, char *val, size_t size,
			     struct cfg_piece piece)
{
	struct quote q = {false, false};
	struct cfg_piece v;
	const char *eq;
	size_t i;

	eq = piece.l ? memchr(piece.p, '=', piece.l) : NULL;

	*name = piece;
	if (eq)
		name->l = (size_t)(eq - piece.p);
	trim(name);

	if (size)
		val[0] = '\0';

	if (!name->l)
		return CFG_NO_NAME;

	for (i = 0; i < name->l; i++) {

		if (blank(name->p[i]))
			return CFG_HAS_BLANK;
		if (!alnum(name->p[i]) && name->p[i] != '_' &&
		    name->p[i] != '-')
			return CFG_NO_NAME;
	}

	if (!eq)
		return CFG_NO_VALUE;

	v.p = eq + 1;
	v.l = piece.l - (size_t)(v.p - piece.p);
	trim(&v);

	for (i = 0; i < v.l; i++) {

		if (!quote_step(&q, v.p[i], next_char(v, i)) &&
		    blank(v.p[i]))
			return CFG_HAS_BLANK;
	}

	return cfg_lex_text(val, size, v);
}


/* Cut "PREFIX" and "DIGITS" off a range's end */
static bool cut_number(struct cfg_piece *prefix, uint64_t *num,
		       unsigned *width, bool *zero, struct cfg_piece pc)
{
	size_t n = 0, i;

	while (n < pc.l && digit(pc.p[pc.l - n - 1]))
		++n;

	if (!n || n > DIGITS_MAX)
		return false;

	prefix->p = pc.p;
	prefix->l = pc.l - n;
	*width = (unsigned)n;
	*zero = n > 1 && pc.p[prefix->l] == '0';

	for (*num = 0, i = prefix->l; i < pc.l; i++)
		*num = *num * 10 + (uint64_t)(pc.p[i] - '0');

	return true;
}


enum cfg_fault cfg_lex_range(struct cfg_range *range, struct cfg_piece *list,
			     struct cfg_piece *item)
{
	struct cfg_piece a, b, pa, pb;
	unsigned wa = 0, wb = 0;
	bool za = false, zb = false;
	const char *comma, *dash;

	memset(range, 0, sizeof(*range));
	item->p = list->p;
	item->l = 0;

	if (!list->l)
		return CFG_BLANK;

	comma = memchr(list->p, ',', list->l);
	item->l = comma ? (size_t)(comma - list->p) : list->l;
	list->p += item->l + (comma ? 1 : 0);
	list->l -= item->l + (comma ? 1 : 0);
	trim(item);

	a = b = *item;
	dash = item->l ? memchr(item->p, '-', item->l) : NULL;
	if (dash) {
		a.l = (size_t)(dash - item->p);
		b.p = dash + 1;
		b.l = item->l - a.l - 1;
		trim(&a);
		trim(&b);
	}

	if (!cut_number(&pa, &range->first, &wa, &za, a) ||
	    !cut_number(&pb, &range->last, &wb, &zb, b))
		return CFG_NO_DIGITS;

	if (pa.l + (wa > wb ? wa : wb) >= CFG_NUMBER_MAX)
		return CFG_TOO_LONG;

	/* the prefix need not be repeated: *5901-5910 */
	if (pb.l && (pa.l != pb.l || memcmp(pa.p, pb.p, pa.l)))
		return CFG_PREFIX;

	if ((za || zb) && wa != wb)
		return CFG_WIDTH;

	if (range->first > range->last)
		return CFG_BACKWARDS;

	memcpy(range->prefix, pa.p, pa.l);
	range->prefix[pa.l] = '\0';
	range->width = wa;

	return CFG_FINE;
}


void cfg_range_number(char *buf, const struct cfg_range *range, uint64_t n)
{
	const size_t len = strnlen(range->prefix, CFG_NUMBER_MAX - 1);
	uint64_t num = range->first + n;
	char digitv[DIGITS_MAX + 2];
	size_t i = sizeof(digitv), k;

	do {
		digitv[--i] = (char)('0' + num % 10);
		num /= 10;
	} while (i && (num || sizeof(digitv) - i < range->width));

	k = sizeof(digitv) - i;
	if (len + k >= CFG_NUMBER_MAX)
		k = CFG_NUMBER_MAX - 1 - len;

	memcpy(buf, range->prefix, len);
	memcpy(buf + len, digitv + i, k);
	buf[len + k] = '\0';
}


/* RFC 3261 25.1: what may stand in a user part, and '#', which is dialled
   and escaped on the wire */
bool cfg_number_ok(const char *number)
{
	size_t i;

	if (!number || !number[0])
		return false;

	for (i = 0; number[i]; i++) {

		if (i + 1 >= CFG_NUMBER_MAX)
			return false;

		if (!alnum(number[i]) && !strchr("-_.!~*'()&=+$#", number[i]))
			return false;
	}

	return true;
}


const char *cfg_template_fault(const char *text)
{
	static const char *const namev[] = {"{spot}", "{ext}"};
	size_t i, k;

	for (i = 0; text[i]; i++) {

		if (text[i] == ' ' || text[i] == '"' ||
		    text[i] == '<' || text[i] == '>')
			return "a number or address without blanks, quotes"
				" and < > is expected";

		if (text[i] == '}')
			return "{ is expected before }";

		if (text[i] != '{')
			continue;

		for (k = 0; k < sizeof(namev) / sizeof(namev[0]); k++) {

			const size_t len = strlen(namev[k]);

			if (!strncmp(text + i, namev[k], len)) {
				i += len - 1;
				break;
			}
		}

		if (k == sizeof(namev) / sizeof(namev[0]))
			return "only {spot} and {ext} are known in braces";
	}

	return NULL;
}
