/**
 * @file tests/lib/notifier_list.c  A list of the notifier (RFC 4662)
 */
#include <string.h>
#include <re.h>
#include "tests/lib/notifier_list.h"


void notifier_list_reset(struct notifier_list *list)
{
	list->version = 0;
	memset(list->versionv, 0, sizeof(list->versionv));
}


/* Whatever is sent, as a string: the caller frees it */
static char *compose(const char *ctype, uint32_t expires_s, const char *body)
{
	char *rest = NULL;

	(void)re_sdprintf(&rest, "Event: dialog\r\n"
			  "Subscription-State: active;expires=%u\r\n"
			  "Require: eventlist\r\n"
			  "Content-Type: %s\r\n"
			  "Content-Length:  %zu\r\n\r\n%s",
			  expires_s, ctype, strlen(body), body);

	return rest;
}


static int print_document(struct mbuf *mb, struct notifier_list *list,
			  unsigned i)
{
	return mbuf_printf(mb, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			   "<dialog-info xmlns=\"urn:ietf:params:xml:ns:"
			   "dialog-info\" version=\"%u\" state=\"full\" "
			   "entity=\"sip:%u@%s\">\n"
			   " <dialog id=\"%u\">\n  <state>%s</state>\n"
			   " </dialog>\n</dialog-info>\n",
			   list->versionv[i]++, list->first + i, list->host,
			   list->first + i, list->parkedv[i] ? "confirmed"
			   : "terminated");
}


static int print_part(struct mbuf *mb, unsigned id, const char *type,
		      const struct mbuf *part)
{
	return mbuf_printf(mb, "--bndry\r\nContent-ID: <p%u@pbx>\r\n"
			   "Content-Type: %s\r\nContent-Length:  %zu\r\n"
			   "\r\n%b\r\n", id, type, part->end, part->buf,
			   part->end);
}


char *notifier_list_body(struct notifier_list *list, bool full,
			 unsigned from, unsigned count)
{
	struct mbuf *mb = mbuf_alloc(65536), *part = mbuf_alloc(65536);
	const unsigned serial = list->serial;
	char *body = NULL;

	list->serial += count + 1;

	if (!mb || !part)
		goto out;

	(void)mbuf_printf(part, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			  "<list xmlns=\"urn:ietf:params:xml:ns:rlmi\" "
			  "uri=\"sip:parking@%s\" version=\"%u\" "
			  "fullState=\"%s\">\n <name>parking</name>\n",
			  list->host, list->version++,
			  full ? "true" : "false");
	for (unsigned i=from; i<from + count; i++)
		(void)mbuf_printf(part, " <resource uri=\"sip:%u@%s\">\n"
				  "  <name>%u</name>\n  <instance id=\"i%u\" "
				  "state=\"active\" cid=\"p%u@pbx\" />\n"
				  " </resource>\n", list->first + i,
				  list->host, list->first + i,
				  serial + i - from, serial + i - from);
	(void)mbuf_write_str(part, "</list>\n");

	(void)mbuf_write_str(mb, "\r\n");
	(void)print_part(mb, list->serial - 1, "application/rlmi+xml", part);

	for (unsigned i=from; i<from + count; i++) {
		mbuf_rewind(part);
		(void)print_document(part, list, i);
		(void)print_part(mb, serial + i - from,
				 "application/dialog-info+xml", part);
	}
	(void)mbuf_printf(mb, "--bndry--\r\n");

	list->bytes = mb->end;
	mb->pos = 0;
	(void)mbuf_strdup(mb, &body, mb->end);

 out:
	mem_deref(mb);
	mem_deref(part);

	return body;
}


static char *list_rest(const struct notifier_sub *sub,
		       struct notifier_list *list, bool full, unsigned from,
		       unsigned count)
{
	char *body = notifier_list_body(list, full, from, count), *rest;

	rest = body ? compose(NOTIFIER_LIST_CTYPE, sub->expires_s, body)
		: NULL;
	mem_deref(body);

	return rest;
}


void notifier_list_notify(struct notifier *n, struct notifier_sub *sub,
			  struct notifier_list *list, bool full,
			  unsigned from, unsigned count)
{
	char *rest = list_rest(sub, list, full, from, count);

	if (rest)
		notifier_raw(n, sub, ++sub->cseq, rest);
	mem_deref(rest);
}


void notifier_list_tell(struct notifier *n, struct notifier_sub *sub,
			struct notifier_list *list, bool full,
			unsigned from, unsigned count)
{
	char *rest = list_rest(sub, list, full, from, count);

	if (rest)
		notifier_tell_raw(n, sub, ++sub->cseq, rest);
	mem_deref(rest);
}


void notifier_list_raw(struct notifier *n, struct notifier_sub *sub,
		       const char *ctype, const char *body)
{
	char *rest = compose(ctype, sub->expires_s, body);

	if (rest)
		notifier_raw(n, sub, ++sub->cseq, rest);
	mem_deref(rest);
}
