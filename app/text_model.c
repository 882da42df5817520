/**
 * @file app/text_model.c  Text from outside: UTF-8, control bytes, near words
 */
#include <string.h>
#include "app/text_model.h"

enum {
	NEAR_LEN = 40,          /* Longer words are compared up to here   */
	NEAR_MAX = 3,
	NUMBER_MIN = 7,         /* Shorter ones are extensions            */
};


size_t uchar_decode(uint32_t *cp, const char *p, size_t len)
{
	const unsigned char *u = (const unsigned char *)p;
	uint32_t c, min;
	size_t n, i;

	if (!p || !len)
		return 0;

	if (u[0] < 0x80) {
		n = 1;
		c = u[0];
		min = 0;
	}
	else if ((u[0] & 0xe0) == 0xc0) {
		n = 2;
		c = u[0] & 0x1fu;
		min = 0x80;
	}
	else if ((u[0] & 0xf0) == 0xe0) {
		n = 3;
		c = u[0] & 0x0fu;
		min = 0x800;
	}
	else if ((u[0] & 0xf8) == 0xf0) {
		n = 4;
		c = u[0] & 0x07u;
		min = 0x10000;
	}
	else {
		return 0;
	}

	if (n > len)
		return 0;

	for (i = 1; i < n; i++) {

		if ((u[i] & 0xc0) != 0x80)
			return 0;

		c = c << 6 | (u[i] & 0x3fu);
	}

	if (c < min || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;

	if (cp)
		*cp = c;

	return n;
}


bool uchar_control(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0);
}


enum uchar_fault uchar_check(const char *p, size_t len)
{
	size_t i, n;

	for (i = 0; i < len; i += n) {

		uint32_t cp = 0;

		n = uchar_decode(&cp, p + i, len - i);
		if (!n)
			return UCHAR_INVALID;

		if (uchar_control(cp))
			return UCHAR_CONTROL;
	}

	return UCHAR_OK;
}


size_t uchar_clean(char *dst, size_t size, const char *src, size_t len)
{
	size_t i, n, pos = 0;

	if (!dst || !size)
		return 0;

	for (i = 0; src && i < len; i += n) {

		const char *put = src + i;
		uint32_t cp = 0;
		size_t putlen;

		n = uchar_decode(&cp, src + i, len - i);
		putlen = n;

		if (!n) {
			n = 1;
			put = "\xef\xbf\xbd";
			putlen = 3;
		}
		else if (uchar_control(cp)) {
			put = " ";
			putlen = 1;
		}

		if (pos + putlen >= size)
			break;

		memcpy(dst + pos, put, putlen);
		pos += putlen;
	}

	dst[pos] = '\0';

	return pos;
}


static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}


static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}


/* What a number says, without what is written for the eye; NULL: a word */
static const char *digits(char *buf, size_t size, const char *s)
{
	size_t n = 0;

	for (; *s; s++) {

		if (strchr(" +-./()", *s))
			continue;
		if (*s < '0' || *s > '9' || n + 1 >= size)
			return NULL;

		/* of a trunk or international prefix */
		if (n || *s != '0')
			buf[n++] = *s;
	}

	buf[n] = '\0';

	return buf;
}


bool number_same(const char *a, const char *b)
{
	char bufa[64], bufb[64];
	const char *da, *db;
	size_t la, lb;

	if (!a || !b || !*a || !*b)
		return false;

	if (!strcmp(a, b))
		return true;

	da = digits(bufa, sizeof(bufa), a);
	db = digits(bufb, sizeof(bufb), b);
	if (!da || !db)
		return false;

	la = strlen(da);
	lb = strlen(db);
	if (la < NUMBER_MIN || lb < NUMBER_MIN)
		return false;

	return la > lb ? !strcmp(da + la - lb, db) :
		!strcmp(db + lb - la, da);
}


/* Optimal string alignment: three rows of the table are enough */
unsigned near_distance(const char *a, const char *b)
{
	unsigned row[3][NEAR_LEN + 1];
	size_t la, lb, i, j;

	la = a ? strnlen(a, NEAR_LEN) : 0;
	lb = b ? strnlen(b, NEAR_LEN) : 0;

	for (j = 0; j <= lb; j++)
		row[0][j] = (unsigned)j;

	for (i = 1; i <= la; i++) {

		unsigned *cur = row[i % 3];
		const unsigned *prev = row[(i + 2) % 3];
		const unsigned *prev2 = row[(i + 1) % 3];

		cur[0] = (unsigned)i;

		for (j = 1; j <= lb; j++) {

			const char ca = lower(a[i - 1]);
			const char cb = lower(b[j - 1]);

			cur[j] = least(least(prev[j] + 1, cur[j - 1] + 1),
				       prev[j - 1] + (ca != cb));

			if (i > 1 && j > 1 && ca == lower(b[j - 2]) &&
			    cb == lower(a[i - 2]))
				cur[j] = least(cur[j], prev2[j - 2] + 1);
		}
	}

	return row[la % 3][lb];
}


/* A third of the word may be wrong, but never more than three letters */
bool near_enough(const char *a, const char *b, unsigned distance)
{
	size_t la, lb, len, max;

	if (!a || !b)
		return false;

	la  = strlen(a);
	lb  = strlen(b);
	len = la < lb ? la : lb;
	max = len / 3;

	if (len >= 2 && max < 1)
		max = 1;
	if (len >= 4 && max < 2)
		max = 2;
	if (max > NEAR_MAX)
		max = NEAR_MAX;

	return distance <= max;
}
