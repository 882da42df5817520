/**
 * @file modules/blf/parkinfo_xml.c  A park-info that is XML, of any names
 */
#include <stdio.h>
#include <string.h>
#include "modules/blf/parkinfo_xml.h"
#include "modules/blf/saxdoc.h"


enum {
	PATH_SZ = 256,
	AT_ANY = SAXDOC_OWN,
};

static const struct saxdoc_element elementv[] = {
	{SAXDOC_TOP,  NULL, SAXDOC_ROOT, true},
	{SAXDOC_ROOT, NULL, AT_ANY,      true},
	{AT_ANY,      NULL, AT_ANY,      true},
};

struct walk {
	struct parkinfo_reader *rd;
	char path[PATH_SZ];
	size_t lenv[SAXDOC_DEPTH_MAX + 1]; /* path without each element  */
	size_t depth;
	size_t elements;
	bool said;                 /* There was a value at all           */
};


static void pair(struct walk *w, const char *attr, const char *value,
		 size_t len)
{
	char path[PATH_SZ + 64], val[2 * PARKINFO_SZ];

	(void)snprintf(path, sizeof(path), "%s%s%s", w->path,
		       attr ? "@" : "", attr ? attr : "");
	if (len >= sizeof(val))
		len = sizeof(val) - 1;
	memcpy(val, value, len);
	val[len] = '\0';

	w->said |= val[0] != '\0';
	parkinfo_pair(w->rd, path, val);
}


static void enter(int place, const struct saxdoc_attrs *attrs, void *arg)
{
	struct walk *w = arg;
	const char *name, *value;
	const size_t n = strlen(w->path);
	size_t len;

	w->lenv[w->depth++] = n;
	++w->elements;

	/* the root is the whole: its name says nothing of its parts */
	if (place != SAXDOC_ROOT)
		(void)snprintf(w->path + n, sizeof(w->path) - n, "/%s",
			       saxdoc_name(attrs));

	for (int i = 0; (value = saxdoc_attr_at(attrs, i, &name, &len)); i++) {
		if (strcmp(name, "version"))
			pair(w, name, value, len);
	}
}


static void leave(int place, const char *text, size_t len, bool cut,
		  void *arg)
{
	struct walk *w = arg;
	(void)place;
	(void)cut;

	if (len)
		pair(w, NULL, text, len);

	w->path[w->lenv[--w->depth]] = '\0';
}


static const struct saxdoc_vocabulary voc = {
	.ns       = NULL,
	.stranger = "",
	.elementv = elementv,
	.elementc = sizeof(elementv) / sizeof(elementv[0]),
	.enterh   = enter,
	.leaveh   = leave,
};


int parkinfo_xml(struct parkinfo_reader *rd, bool *emptyp, const char *body,
		 size_t len)
{
	struct walk w = {.rd = rd};
	struct saxdoc *doc;
	const char *reason;
	int err;

	err = saxdoc_alloc(&doc, &voc, &w);
	if (err)
		return err;

	err = saxdoc_read(doc, &reason, body, len);
	saxdoc_free(doc);

	*emptyp = !err && w.elements > 1 && !w.said;

	return err;
}
