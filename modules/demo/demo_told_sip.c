/**
 * @file modules/demo/demo_told_sip.c  Built-in PBX: who is told of a call
 *                                     parked on his extension
 *
 * By a NOTIFY with `Event: park-info` that nobody subscribed to. Its body is
 * not published: these are invented, in several shapes, so that a telephone
 * that knows only one of them is found out.
 */
#include <string.h>
#include "app/log.h"
#include "modules/demo/demo_int.h"


/** A call that was told of */
struct told {
	struct le le;
	unsigned id;             /* row in the books                     */
	bool group;
	char spot[DEMO_TEXT];
	char name[DEMO_TEXT];
	char number[DEMO_TEXT];
	char by[DEMO_TEXT];
};

/** A body of one shape: of a parked call, and of one that has left */
static const struct {
	const char *word;
	const char *ctype;
	const char *parked;
	const char *left;
} shapev[DEMO_BODIES] = {
	[DEMO_BODY_XML] = {"xml", "application/park-info+xml",
		"<?xml version=\"1.0\"?>\r\n<park-info><parked display=\"%s\""
		" uri=\"sip:%s@pbx\"/><parker display=\"%s\"/>"
		"<extension>%s</extension><retrieve>*88%s</retrieve>"
		"<state>parked</state></park-info>\r\n",
		"<?xml version=\"1.0\"?>\r\n<park-info><parked display=\"%s\""
		" uri=\"sip:%s@pbx\"/><parker display=\"%s\"/>"
		"<extension>%s</extension><retrieve>*88%s</retrieve>"
		"<state>retrieved</state></park-info>\r\n"},
	[DEMO_BODY_JSON] = {"json", "application/json",
		"{\"callerName\":\"%s\",\"callerNumber\":\"%s\","
		"\"parkedBy\":\"%s\",\"parkedExtension\":\"%s\","
		"\"retrieveCode\":\"*88%s\",\"event\":\"parked\"}",
		"{\"callerName\":\"%s\",\"callerNumber\":\"%s\","
		"\"parkedBy\":\"%s\",\"parkedExtension\":\"%s\","
		"\"retrieveCode\":\"*88%s\",\"event\":\"unparked\"}"},
	[DEMO_BODY_LINES] = {"lines", "text/plain",
		"Parked: \"%s\" <sip:%s@pbx>\r\nParker: %s\r\n"
		"Extension: %s\r\nRetrieve: *88%s\r\nStatus: parked\r\n",
		"Parked: \"%s\" <sip:%s@pbx>\r\nParker: %s\r\n"
		"Extension: %s\r\nRetrieve: *88%s\r\nStatus: cleared\r\n"},
	[DEMO_BODY_OPAQUE] = {"opaque", "application/octet-stream",
		"A call waits for you.", NULL},
	[DEMO_BODY_EMPTY] = {"empty", "text/plain", "", NULL},
};


static void destructor(void *data)
{
	struct told *t = data;

	list_unlink(&t->le);
}


static void notify(struct demo *d, const char *ext, const struct told *t,
		   bool left)
{
	const struct demo_binding *b;
	const struct demo_ext *e = demo_ext_find(d, ext);
	const char *fmt = left ? shapev[d->body].left :
		shapev[d->body].parked;
	char body[512];

	b = e ? demo_binding(d, e) : NULL;
	if (!b || !fmt)
		return;

	(void)re_snprintf(body, sizeof(body), fmt, t->name, t->number,
			  d->parker_unknown ? "(null)" : t->by, t->spot,
			  t->spot);

	(void)demo_notify(d, ext, "park-info", shapev[d->body].ctype, body);
}


/* One's own, or the whole group's; the parker is told as a member only */
static void tell(struct demo *d, const struct told *t, bool left)
{
	struct le *le;

	if (left && d->never_clears)
		return;

	for (le = d->extl.head; le; le = le->next) {

		const struct demo_ext *ext = le->data;

		if (t->group || !strcmp(ext->number, t->spot))
			notify(d, ext->number, t, left);
	}
}


static struct told *told_find(const struct demo *d, unsigned id)
{
	struct le *le;

	for (le = d->toldl.head; le; le = le->next) {

		struct told *t = le->data;

		if (t->id == id)
			return t;
	}

	return NULL;
}


static const char *name_of(const struct demo *d, const char *number)
{
	const struct demo_ext *ext = demo_ext_find(d, number);

	return ext ? ext->name : number;
}


/** Tell whoever is to know of what has changed */
void demo_told(struct demo *d)
{
	struct le *le;

	/* others have to subscribe */
	if (!d->m.personal || d->m.info_event)
		return;

	le = d->toldl.head;
	while (le) {
		struct told *t = le->data;
		const struct demo_row *row = demo_books_get(&d->books, t->id);

		le = le->next;

		if (row && row->place == DEMO_PARKED &&
		    !strcmp(row->spot, t->spot))
			continue;

		tell(d, t, true);
		mem_deref(t);
	}

	for (le = d->partyl.head; le; le = le->next) {

		const struct demo_party *p = le->data;
		const struct demo_row *row = demo_row(p);
		struct told *t;

		if (!row || row->place != DEMO_PARKED ||
		    told_find(d, p->id))
			continue;

		t = mem_zalloc(sizeof(*t), destructor);
		if (!t)
			return;

		t->id = p->id;
		t->group = p->group;
		str_ncpy(t->spot, row->spot, sizeof(t->spot));
		str_ncpy(t->name, row->name, sizeof(t->name));
		str_ncpy(t->number, row->number, sizeof(t->number));
		str_ncpy(t->by, name_of(d, row->by), sizeof(t->by));
		list_append(&d->toldl, &t->le, t);
		tell(d, t, false);
	}
}


int demo_set_body(struct demo *d, const char *word)
{
	for (size_t i = 0; d && word && i < ARRAY_SIZE(shapev); i++) {
		if (!strcmp(shapev[i].word, word)) {
			d->body = (enum demo_body)i;
			return 0;
		}
	}

	return EINVAL;
}


void demo_set_told(struct demo *d, bool parker_unknown, bool never_clears)
{
	if (!d)
		return;

	d->parker_unknown = parker_unknown;
	d->never_clears = never_clears;
}
