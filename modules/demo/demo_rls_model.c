/**
 * @file modules/demo/demo_rls_model.c  Bodies of a list's NOTIFY (RFC 4662),
 *                                      written
 */
#include <stdarg.h>
#include <stdio.h>
#include "modules/demo/demo_rls_model.h"


struct out {
	char *buf;
	size_t sz;
	size_t n;
	bool full;               /**< No room: the whole is void         */
};


static void put(struct out *o, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));


static void put(struct out *o, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (o->full)
		return;

	va_start(ap, fmt);
	n = vsnprintf(o->buf + o->n, o->sz - o->n, fmt, ap);
	va_end(ap);

	if (n < 0 || (size_t)n >= o->sz - o->n)
		o->full = true;
	else
		o->n += (size_t)n;
}


size_t demo_rls_write(char *buf, size_t sz, const struct demo_rls *rls)
{
	struct out o = { .buf = buf, .sz = sz };
	size_t i;

	if (!buf || !sz || !rls)
		return 0;

	put(&o, "--" DEMO_RLS_BOUNDARY "\r\n"
	    "Content-ID: <list@%s>\r\n"
	    "Content-Type: application/rlmi+xml;charset=\"UTF-8\"\r\n\r\n"
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<list xmlns=\"urn:ietf:params:xml:ns:rlmi\" uri=\"sip:%s\""
	    " version=\"%u\" fullState=\"%s\">\n",
	    rls->host, rls->uri, rls->version, rls->full ? "true" : "false");

	for (i = 0; i < rls->partc; i++) {

		const struct demo_rls_part *part = &rls->partv[i];

		put(&o, " <resource uri=\"sip:%s\">\n  <name>%s</name>\n",
		    part->uri, part->name);

		/* RFC 4662 5.3: without an instance nothing is known yet */
		if (part->doc)
			put(&o, "  <instance id=\"%s\" state=\"active\""
			    " cid=\"%u.%s@%s\"/>\n", part->name,
			    rls->version, part->name, rls->host);
		put(&o, " </resource>\n");
	}

	put(&o, "</list>\n\r\n");

	for (i = 0; i < rls->partc; i++) {

		const struct demo_rls_part *part = &rls->partv[i];

		if (part->doc)
			put(&o, "--" DEMO_RLS_BOUNDARY "\r\n"
			    "Content-ID: <%u.%s@%s>\r\n"
			    "Content-Type: application/dialog-info+xml\r\n"
			    "\r\n%s\r\n", rls->version, part->name,
			    rls->host, part->doc);
	}

	put(&o, "--" DEMO_RLS_BOUNDARY "--\r\n");

	return o.full ? 0 : o.n;
}
