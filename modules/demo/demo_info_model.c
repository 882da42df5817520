/**
 * @file modules/demo/demo_info_model.c  Dialog-info documents, written
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "modules/demo/demo_info_model.h"


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


static void esc(struct out *o, const char *s)
{
	for (; s && *s; s++) {

		switch (*s) {

		case '&': put(o, "&amp;");  break;
		case '<': put(o, "&lt;");   break;
		case '>': put(o, "&gt;");   break;
		case '"': put(o, "&quot;"); break;
		default:
			if ((unsigned char)*s >= ' ')
				put(o, "%c", *s);
			break;
		}
	}
}


static void party(struct out *o, const char *tag, const char *name,
		  const char *uri, const char *target)
{
	put(o, "  <%s>\n   <identity display=\"", tag);
	esc(o, name);
	put(o, "\">sip:");
	esc(o, uri);
	put(o, "</identity>\n   <target uri=\"sip:");
	esc(o, target);
	put(o, "\" />\n  </%s>\n", tag);
}


/* As mod_sofia does for a valet slot: the slot is both ends */
static void slot(struct out *o, const struct demo_info *info)
{
	put(o, "  <local>\n   <identity display=\"park\">sip:");
	esc(o, info->id);
	put(o, "@%s;proto=park</identity>\n   <target uri=\"sip:",
	    info->host);
	esc(o, info->id);
	put(o, "@%s\">\n    <param pname=\"+sip.rendering\" "
	    "pvalue=\"no\"/>\n   </target>\n  </local>\n", info->host);
	put(o, "  <remote>\n   <identity display=\"park\">sip:");
	esc(o, info->id);
	put(o, "</identity>\n   <target uri=\"sip:park+");
	esc(o, info->id);
	put(o, "@%s\"/>\n  </remote>\n", info->host);
}


/* As Kamailio's module for Kazoo does from what cf_park publishes: the call's
   own tags, the caller as the local end, the slot as the other */
static void published(struct out *o, const struct demo_info *info,
		      const char *state)
{
	put(o, "<dialog id=\"%08x5a1e%08x\" call-id=\"%08x5a1e%08x\" "
	    "local-tag=\"lt%u\" remote-tag=\"rt%u\" "
	    "direction=\"recipient\"><state>%s</state><local><identity"
	    " display=\"", info->call, info->call, info->call, info->call,
	    info->call, info->call, state);
	esc(o, info->number);
	put(o, "\">sip:");
	esc(o, info->number);
	put(o, "@%s</identity></local><remote><identity display=\"",
	    info->host);
	esc(o, info->id);
	put(o, "\">sip:");
	esc(o, info->entity);
	put(o, "</identity></remote></dialog>\n");
}


static void dialog(struct out *o, const struct demo_info *info,
		   const struct demo_manner *m)
{
	static const char *const statev[] = {
		[DEMO_LAMP_FREE]      = "terminated",
		[DEMO_LAMP_EARLY]     = "early",
		[DEMO_LAMP_CONFIRMED] = "confirmed",
	};
	const char *state;
	bool told;

	if (info->lamp == DEMO_LAMP_PARKED)
		state = m->word == DEMO_WORD_EARLY ? "early" : "confirmed";
	else
		state = statev[info->lamp];

	if (m->shape == DEMO_SHAPE_KAMAILIO &&
	    info->lamp == DEMO_LAMP_PARKED) {
		published(o, info, state);
		return;
	}

	told = info->lamp == DEMO_LAMP_EARLY ||
		(info->lamp == DEMO_LAMP_PARKED && m->direction);

	put(o, " <dialog id=\"");
	esc(o, info->id);
	put(o, "\"%s>\n", told ? " direction=\"recipient\"" : "");

	if (info->lamp == DEMO_LAMP_EARLY ||
	    (info->lamp == DEMO_LAMP_PARKED &&
	     m->who == DEMO_WHO_CALLER)) {

		char uri[160];

		(void)snprintf(uri, sizeof(uri), "%s@%s",
			       info->number ? info->number : "",
			       info->host);
		party(o, "remote", info->who, uri, uri);

		(void)snprintf(uri, sizeof(uri), "%s@%s", info->id,
			       info->host);
		party(o, "local", info->local_name, uri, info->entity);
	}
	else if (info->lamp == DEMO_LAMP_PARKED && m->who == DEMO_WHO_SPOT) {
		slot(o, info);
	}

	put(o, "  <state>%s</state>\n </dialog>\n", state);
}


/**
 * Write a document
 *
 * @return Bytes written, 0 if there was no room
 */
size_t demo_info_write(char *buf, size_t sz, const struct demo_info *info,
		       const struct demo_manner *m)
{
	struct out o = { .buf = buf, .sz = sz };
	bool empty;

	if (!buf || !sz)
		return 0;

	empty = info->lamp == DEMO_LAMP_FREE &&
		(m->free == DEMO_FREE_NEVER ||
		 (m->free == DEMO_FREE_EMPTY && info->first));

	put(&o, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\""
	    " version=\"%u\"%s state=\"%s\" entity=\"sip:",
	    info->version, m->shape == DEMO_SHAPE_KAMAILIO ? "         " : "",
	    m->partial && !info->first ? "partial" : "full");
	esc(&o, info->entity);
	put(&o, "\">\n");

	if (!empty)
		dialog(&o, info, m);

	put(&o, "</dialog-info>\n");

	return o.full ? 0 : o.n;
}


size_t demo_info_park(char *buf, size_t sz, const char *who,
		      const char *number, const char *host)
{
	struct out o = { .buf = buf, .sz = sz };

	if (!buf || !sz)
		return 0;

	put(&o, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<x-broadworks-callpark-info xmlns="
	    "\"http://schema.broadsoft.com/callpark\">");

	if (who) {
		put(&o, "<callpark><parked><identity display=\"");
		esc(&o, who);
		put(&o, "\">sip:");
		esc(&o, number);
		put(&o, "@%s;user=phone</identity></parked></callpark>",
		    host);
	}
	else {
		put(&o, "<callpark/>");
	}

	put(&o, "</x-broadworks-callpark-info>\n");

	return o.full ? 0 : o.n;
}
