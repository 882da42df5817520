/**
 * @file modules/blf/parkinfo.c  What a park-info NOTIFY says
 */
#include <string.h>
#include "modules/blf/parkinfo_model.h"
#include "modules/blf/parkinfo_xml.h"


void parkinfo_decode(struct parkinfo *pi, const void *body, size_t len)
{
	struct parkinfo_reader rd;
	const char *p = body;
	bool empty = false;
	size_t n = 0;

	if (!pi)
		return;

	parkinfo_begin(&rd, pi);

	if (!body)
		len = 0;
	if (len > PARKINFO_MAX)
		len = PARKINFO_MAX;

	if (len >= 3 && !memcmp(p, "\xef\xbb\xbf", 3))
		n = 3;
	while (n < len && (p[n] == ' ' || p[n] == '\t' || p[n] == '\r' ||
			   p[n] == '\n'))
		++n;

	if (n < len) {
		if (p[n] == '<')
			(void)parkinfo_xml(&rd, &empty, p, len);
		else if (p[n] == '{' || p[n] == '[')
			parkinfo_json(&rd, p + n, len - n);
		else
			parkinfo_lines(&rd, p + n, len - n);
	}

	parkinfo_end(&rd);

	if (empty && !pi->understood)
		pi->understood = pi->cleared = true;
}
