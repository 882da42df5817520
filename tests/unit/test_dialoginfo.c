/**
 * @file tests/unit/test_dialoginfo.c  Test: the dialog-info decoder
 *
 * tests/data/dialog-info holds documents as servers send them. Each has a
 * golden text: what was decoded, and what a spot's and an extension's lamp
 * show after it. To write the golden texts anew, and then read them:
 *
 *   GOLDEN=write build/dev/tests/test_unit_dialoginfo
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <libxml/parser.h>
#include "modules/blf/dialoginfo.h"
#include "modules/blf/lamp_model.h"

#define DIR_NAME TEST_DATA "/dialog-info"

enum {
	CORPUS_MIN = 80,         /* Documents; fewer means they got lost  */
	DUMP_SZ = 65536,
	NOW_MS = 1000000000,
};

/** libxml2's memory: counted, and failing on demand */
static struct {
	unsigned long live;      /* Blocks in use                        */
	unsigned long n;         /* Allocations so far                   */
	unsigned long fail;      /* The one that fails; 0: none          */
} mem;

static struct dialoginfo_decoder *decoder;
static struct dialoginfo info, info2;
static char dump_buf[DUMP_SZ], dump_buf2[DUMP_SZ];


static bool mem_fails(void)
{
	return ++mem.n == mem.fail;
}


static void *xmem_alloc(size_t sz)
{
	void *p = mem_fails() ? NULL : malloc(sz);

	mem.live += p != NULL;

	return p;
}


static void *xmem_realloc(void *old, size_t sz)
{
	void *p = mem_fails() ? NULL : realloc(old, sz);

	mem.live += p && !old;

	return p;
}


static char *xmem_strdup(const char *s)
{
	char *p = mem_fails() ? NULL : strdup(s);

	mem.live += p != NULL;

	return p;
}


static void xmem_free(void *p)
{
	mem.live -= p != NULL;
	free(p);
}


/* ---- Dump ------------------------------------------------------------ */


struct out {
	char *buf;
	size_t sz;
	size_t n;
};


static void put(struct out *out, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));


static void put(struct out *out, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out->buf + out->n, out->sz - out->n, fmt, ap);
	va_end(ap);

	assert_true(n >= 0 && (size_t)n < out->sz - out->n);
	out->n += (size_t)n;
}


static const char *state_word(enum dialoginfo_state state)
{
	static const char * const v[DIALOGINFO_STATES] = {
		"unknown", "trying", "proceeding", "early", "confirmed",
		"terminated",
	};

	return v[state];
}


static void put_text(struct out *out, const char *name, const char *s)
{
	if (*s)
		put(out, " %s=\"%s\"", name, s);
}


static void put_party(struct out *out, const char *name,
		      const struct dialoginfo_party *party)
{
	static const char * const renderv[] = {"", "no", "yes"};

	if (!party->identity && !party->target)
		return;

	put(out, "  %s", name);
	if (party->identity)
		put(out, " identity");
	put_text(out, "display", party->display);
	put_text(out, "uri", party->uri);
	if (party->target)
		put(out, " target");
	put_text(out, "uri", party->target_uri);
	put_text(out, "rendering", renderv[party->rendering]);
	put(out, "\n");
}


static void put_dialog(struct out *out, const struct dialoginfo_dialog *dlg)
{
	static const char * const dirv[] = {"", "initiator", "recipient"};
	static const char * const eventv[DIALOGINFO_EVENTS] = {
		"", "cancelled", "rejected", "replaced", "local-bye",
		"remote-bye", "error", "timeout",
	};

	put(out, "dialog \"%s\" %s", dlg->id, state_word(dlg->state));
	put_text(out, "event", eventv[dlg->event]);
	if (dlg->code)
		put(out, " code=%u", dlg->code);
	put_text(out, "direction", dirv[dlg->direction]);
	if (dlg->duration_known)
		put(out, " duration=%u", (unsigned)dlg->duration_s);
	put(out, "\n");

	if (*dlg->call_id || *dlg->local_tag || *dlg->remote_tag) {
		put(out, "  dialog-id");
		put_text(out, "call-id", dlg->call_id);
		put_text(out, "local-tag", dlg->local_tag);
		put_text(out, "remote-tag", dlg->remote_tag);
		put(out, "\n");
	}

	if (*dlg->replaces_call_id) {
		put(out, "  replaces");
		put_text(out, "call-id", dlg->replaces_call_id);
		put_text(out, "local-tag", dlg->replaces_local_tag);
		put_text(out, "remote-tag", dlg->replaces_remote_tag);
		put(out, "\n");
	}

	if (dlg->referred) {
		put(out, "  referred-by");
		put_text(out, "display", dlg->referred_display);
		put_text(out, "uri", dlg->referred_uri);
		put(out, "\n");
	}

	put_party(out, "local", &dlg->local);
	put_party(out, "remote", &dlg->remote);
}


static void put_step(struct out *out, const char *name, struct lamp *lamp,
		     const struct dialoginfo *doc)
{
	static const char * const statev[LAMP_STATES] = {
		"UNKNOWN", "FREE", "PARKED", "RINGING", "BUSY",
	};
	struct lamp_dialog d;
	struct lamp_fact fact;
	unsigned ret;

	memset(&fact, 0, sizeof(fact));
	ret = lamp_step(lamp, "tag", doc, NOW_MS);
	lamp_view(lamp, &fact);

	put(out, "%s %s", name, statev[fact.state]);
	if (fact.state != LAMP_UNKNOWN)
		put(out, " for %s%lu s", fact.at_least ? "at least " : "",
		    (unsigned long)(NOW_MS - fact.since_ms) / 1000);
	put_text(out, "who", fact.who);
	put_text(out, "number", fact.number);
	put_text(out, "parker", fact.by);
	if (lamp_dialog(lamp, &d))
		put_text(out, "target", d.target);
	if (fact.calls > 1)
		put(out, " calls=%u", fact.calls);
	if (fact.held)
		put(out, " held");
	put_text(out, "reason", fact.reason);
	if (fact.stale)
		put(out, " stale");
	if (ret & LAMP_OUT_REFRESH_WANTED)
		put(out, " refresh");
	if (ret & LAMP_OUT_DISCARDED)
		put(out, " discarded");
	if (ret & LAMP_OUT_NOT_UNDERSTOOD)
		put(out, " not-understood");
	put(out, "\n");
}


static void put_lamp(struct out *out, const char *name, enum lamp_kind kind,
		     const struct lamp_rules *rules,
		     const struct dialoginfo *doc)
{
	struct lamp lamp;

	lamp_init(&lamp, kind, "701", rules);
	put_step(out, name, &lamp, doc);
	lamp_close(&lamp);
}


static const char *dump(char *buf, const struct dialoginfo *doc)
{
	struct out out = {buf, DUMP_SZ, 0};
	size_t i;

	switch (doc->err) {

	case 0:
		put(&out, "document %s", doc->full ? "full" : "partial");
		if (doc->version_known)
			put(&out, " version=%lu",
			    (unsigned long)doc->version);
		put_text(&out, "entity", doc->entity);
		put(&out, "\n");
		break;

	case ENODATA:
		put(&out, "no body: %s\n", doc->reason);
		break;

	case EBADMSG:
		put(&out, "refused: %s\n", doc->reason);
		break;

	default:
		put(&out, "error %d\n", doc->err);
		break;
	}

	for (i = 0; i < doc->dialogc; i++)
		put_dialog(&out, &doc->dialogv[i]);

	put_lamp(&out, "spot", LAMP_SPOT, NULL, doc);
	put_lamp(&out, "extension", LAMP_EXTENSION, NULL, doc);

	return buf;
}


/* ---- Corpus ---------------------------------------------------------- */


static char *load(const char *path, size_t *len)
{
	char *buf = NULL;
	FILE *f = fopen(path, "rb");
	size_t sz = 0, n;

	*len = 0;
	if (!f)
		return NULL;

	do {
		sz += 65536;
		buf = realloc(buf, sz);
		assert_non_null(buf);
		n = fread(buf + *len, 1, sz - *len - 1, f);
		*len += n;
	} while (n);

	fclose(f);
	buf[*len] = '\0';

	return buf;
}


static bool ends(const char *s, const char *tail)
{
	const size_t n = strlen(s), k = strlen(tail);

	return n >= k && !strcmp(s + n - k, tail);
}


/** What servers tell that follow another rule than most */
static void dump_ruled(char *buf, const char *name,
		       const struct dialoginfo *doc)
{
	static const struct {
		const char *name, *text;
		const struct lamp_rules *rules;
	} rulev[] = {
		{"01-",  "spot by early",     &lamp_rules_early},
		{"02-",  "spot by any",       &lamp_rules_any},
		{"07-",  "spot by any",       &lamp_rules_any},
		{"08-",  "spot by early",     &lamp_rules_early},
		{"08-",  "spot by confirmed", &lamp_rules_confirmed},
		{"09-",  "spot by early",     &lamp_rules_early},
		{"09-",  "spot by confirmed", &lamp_rules_confirmed},
		{"09b-", "spot by any",       &lamp_rules_any},
		{"14-",  "spot by any",       &lamp_rules_any},
	};
	struct out out = {buf, DUMP_SZ, strlen(buf)};
	size_t i;

	for (i = 0; i < sizeof(rulev) / sizeof(rulev[0]); i++) {
		if (!strncmp(name, rulev[i].name, strlen(rulev[i].name)))
			put_lamp(&out, rulev[i].text, LAMP_SPOT,
				 rulev[i].rules, doc);
	}
}


/** What comes after another document depends on its version */
static void dump_after(char *buf, const char *name)
{
	static const char * const namev[] = {
		"100-", "101-", "102-", "103-", "104-",
	};
	struct out out = {buf, DUMP_SZ, strlen(buf)};
	char path[512], *body;
	struct lamp lamp;
	size_t i, len;

	for (i = 0; i < sizeof(namev) / sizeof(namev[0]); i++) {
		if (!strncmp(name, namev[i], strlen(namev[i])))
			break;
	}
	if (i == sizeof(namev) / sizeof(namev[0]))
		return;

	snprintf(path, sizeof(path), "%s/01-asterisk-parked.xml", DIR_NAME);
	body = load(path, &len);
	assert_non_null(body);
	assert_int_equal(dialoginfo_decode(&info2, decoder, body, len), 0);
	free(body);

	lamp_init(&lamp, LAMP_SPOT, "701", NULL);
	(void)lamp_step(&lamp, "tag", &info2, NOW_MS - 5000);
	put_step(&out, "spot after 01", &lamp, &info);
	lamp_close(&lamp);
}


static int is_document(const struct dirent *de)
{
	return ends(de->d_name, ".xml");
}


static int is_golden(const struct dirent *de)
{
	return ends(de->d_name, ".txt");
}


static void file_path(char *path, size_t sz, const char *name,
		      const char *ext)
{
	snprintf(path, sz, "%s/%.*s%s", DIR_NAME, (int)strlen(name) - 4,
		 name, ext);
}


static void test_corpus(void **state)
{
	struct dirent **dev;
	const bool rewrite = getenv("GOLDEN") &&
		!strcmp(getenv("GOLDEN"), "write");
	int i, n, bad = 0;
	(void)state;

	n = scandir(DIR_NAME, &dev, is_document, alphasort);
	if (n < CORPUS_MIN)
		fail_msg("%s: %d documents, expected %d or more", DIR_NAME,
			 n, CORPUS_MIN);

	for (i = 0; i < n; i++) {

		struct dialoginfo_decoder *fresh = NULL;
		char path[512], *body, *golden;
		size_t len, glen;

		file_path(path, sizeof(path), dev[i]->d_name, ".xml");
		body = load(path, &len);
		assert_non_null(body);

		(void)dialoginfo_decode(&info, decoder, body, len);
		dump(dump_buf, &info);

		/* What came before must not matter */
		assert_int_equal(dialoginfo_decoder_alloc(&fresh), 0);
		(void)dialoginfo_decode(&info2, fresh, body, len);
		assert_string_equal(dump(dump_buf2, &info2), dump_buf);
		dialoginfo_decoder_free(fresh);

		dump_ruled(dump_buf, dev[i]->d_name, &info);
		dump_after(dump_buf, dev[i]->d_name);

		file_path(path, sizeof(path), dev[i]->d_name, ".txt");
		if (rewrite) {
			FILE *f = fopen(path, "wb");

			assert_non_null(f);
			fputs(dump_buf, f);
			fclose(f);
		}

		golden = load(path, &glen);
		if (!golden) {
			print_error("%s: no golden text\n", dev[i]->d_name);
			++bad;
		}
		else if (strcmp(golden, dump_buf)) {
			print_error("%s: expected\n%sactual\n%s\n",
				    dev[i]->d_name, golden, dump_buf);
			++bad;
		}

		free(golden);
		free(body);
		free(dev[i]);
	}
	free(dev);

	assert_int_equal(bad, 0);
}


static void test_goldens_have_documents(void **state)
{
	struct dirent **dev;
	int i, n, bad = 0;
	(void)state;

	n = scandir(DIR_NAME, &dev, is_golden, alphasort);
	assert_true(n >= CORPUS_MIN);

	for (i = 0; i < n; i++) {

		char path[512];

		file_path(path, sizeof(path), dev[i]->d_name, ".xml");
		if (access(path, R_OK)) {
			print_error("%s: no document\n", dev[i]->d_name);
			++bad;
		}
		free(dev[i]);
	}
	free(dev);

	assert_int_equal(bad, 0);
}


/* ---- Made documents -------------------------------------------------- */


static const char whole[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" "
	"version=\"4\" state=\"partial\" entity=\"sip:705@pbx.example\">\n"
	" <dialog id=\"x&amp;y\" call-id=\"c1\" local-tag=\"l1\" "
	"remote-tag=\"r1\" direction=\"recipient\">\n"
	"  <state event=\"replaced\" code=\"200\">confirmed</state>\n"
	"  <duration>61</duration>\n"
	"  <referred-by display=\"Kim\">sip:104@pbx.example</referred-by>\n"
	"  <remote><identity display=\"Jo &amp; Co\">sip:0301@pbx.example"
	"</identity></remote>\n"
	" </dialog>\n"
	"</dialog-info>";


/** Every beginning of a document is refused, with a reason */
static void test_cut_short(void **state)
{
	const size_t len = strlen(whole);
	size_t i;
	(void)state;

	for (i = 0; i < len; i++) {

		char *part = malloc(i ? i : 1);
		int err;

		assert_non_null(part);
		memcpy(part, whole, i);
		err = dialoginfo_decode(&info, decoder, part, i);
		free(part);

		if (err != (i ? EBADMSG : ENODATA) || info.err != err ||
		    !*info.reason || info.dialogc)
			fail_msg("%zu bytes: expected EBADMSG, actual %d",
				 i, err);
	}

	assert_int_equal(dialoginfo_decode(&info, decoder, whole, len), 0);
	assert_string_equal(info.reason, "");
	assert_string_equal(info.dialogv[0].id, "x&y");
	assert_string_equal(info.dialogv[0].remote.display, "Jo & Co");
}


/** One byte changed: whatever comes of it, the strings stay in bounds */
static void test_one_byte_wrong(void **state)
{
	static const char bytev[] = {
		0, '<', '>', '"', '\'', '&', '/', '=', ' ', '!', '?', '\x80',
		'\xff', 'a',
	};
	const size_t len = strlen(whole);
	char *body = malloc(len);
	size_t i, j, k;
	(void)state;

	assert_non_null(body);

	for (i = 0; i < len; i++) {
		for (j = 0; j < sizeof(bytev); j++) {

			memcpy(body, whole, len);
			body[i] = bytev[j];
			(void)dialoginfo_decode(&info, decoder, body, len);

			for (k = 0; k < info.dialogc; k++) {

				const char *id = info.dialogv[k].id;

				assert_true(strlen(id) <=
					    DIALOGINFO_STR_MAX);
				assert_null(strpbrk(id, "\n\r\t\x7f"));
			}
		}
	}

	free(body);
}


enum made {
	MADE_ATTRIBUTES,
	MADE_DEPTH,
	MADE_DIALOGS,
	MADE_ID,
	MADE_DISPLAY,
	MADE_STATE_PADDING,
	MADE_TEXT,
	MADE_SIZE,
};


/** A document with n of something */
static char *make(enum made what, size_t n, size_t *len)
{
	static const char end[] = "</dialog-info>";
	const size_t sz = 4096 + n * 64;
	struct out out = {malloc(sz), sz, 0};
	size_t i;

	assert_non_null(out.buf);

	put(&out, "<dialog-info version='1' state='full' entity='sip:7@x'");
	for (i = 3; what == MADE_ATTRIBUTES && i < n; i++)
		put(&out, " a%zu=''", i);
	put(&out, ">");

	switch (what) {

	case MADE_DEPTH:
		for (i = 1; i < n; i++)
			put(&out, "<d>");
		for (i = 1; i < n; i++)
			put(&out, "</d>");
		break;

	case MADE_DIALOGS:
		for (i = 0; i < n; i++)
			put(&out, "<dialog id='%zu'><state>early</state>"
			    "</dialog>", i);
		break;

	case MADE_ID:
		put(&out, "<dialog id='%0*d'/>", (int)n, 7);
		break;

	case MADE_DISPLAY:
		put(&out, "<dialog id='1'><remote><identity display='");
		for (i = 0; i < n; i++)
			put(&out, "\xc3\xa4");
		put(&out, "'>sip:5@x</identity></remote></dialog>");
		break;

	case MADE_STATE_PADDING:
		put(&out, "<dialog id='1'><state>%*searly%*s</state>"
		    "</dialog>", (int)n, "\n", (int)n, "\n");
		break;

	case MADE_TEXT:
		put(&out, "<dialog id='1'><state>early</state><remote>"
		    "<identity>sip:%0*d@x</identity></remote></dialog>",
		    (int)n, 5);
		break;

	case MADE_SIZE:
		put(&out, "<dialog id='1'><state>early</state></dialog>");
		put(&out, "%*s", (int)(n - out.n - strlen(end)), "");
		break;

	default:
		break;
	}

	put(&out, "%s", end);
	*len = out.n;

	return out.buf;
}


static void test_limits(void **state)
{
	static const struct {
		enum made what;
		size_t n;
		int err;
		const char *reason;
	} rowv[] = {
		{MADE_ATTRIBUTES,      32, 0,       ""},
		{MADE_ATTRIBUTES,      33, EBADMSG, "attributes"},
		{MADE_ATTRIBUTES,    5000, EBADMSG, "attributes"},
		{MADE_ATTRIBUTES,  100000, EBADMSG, "large"},
		{MADE_DEPTH,           16, 0,       ""},
		{MADE_DEPTH,           17, EBADMSG, "deep"},
		{MADE_DEPTH,         9000, EBADMSG, "deep"},
		{MADE_DIALOGS,         32, 0,       ""},
		{MADE_DIALOGS,         33, EBADMSG, "dialogs"},
		{MADE_ID,             255, 0,       ""},
		{MADE_ID,             256, EBADMSG, "id"},
		{MADE_DISPLAY,        127, 0,       ""},
		{MADE_DISPLAY,        128, 0,       ""},
		{MADE_DISPLAY,      30000, 0,       ""},
		{MADE_STATE_PADDING, 9000, 0,       ""},
		{MADE_TEXT,           248, 0,       ""},
		{MADE_TEXT,           250, 0,       ""},
		{MADE_TEXT,         60000, 0,       ""},
		{MADE_TEXT,        200000, EBADMSG, "large"},
		{MADE_SIZE,         65536, 0,       ""},
		{MADE_SIZE,         65537, EBADMSG, "large"},
	};
	size_t i;
	(void)state;

	for (i = 0; i < sizeof(rowv) / sizeof(rowv[0]); i++) {

		const struct dialoginfo_dialog *dlg = &info.dialogv[0];
		size_t len, n;
		char *body = make(rowv[i].what, rowv[i].n, &len);
		int err = dialoginfo_decode(&info, decoder, body, len);

		free(body);

		if (err != rowv[i].err ||
		    !strstr(info.reason, rowv[i].reason))
			fail_msg("row %zu: expected %d \"%s\", "
				 "actual %d \"%s\"", i, rowv[i].err,
				 rowv[i].reason, err, info.reason);
		if (err)
			continue;

		switch (rowv[i].what) {

		case MADE_DISPLAY:
			/* Cut at a whole character */
			n = strlen(dlg->remote.display);
			assert_int_equal(n, 254);
			assert_string_equal(dlg->remote.uri, "sip:5@x");
			break;

		case MADE_STATE_PADDING:
			assert_int_equal(dlg->state, DIALOGINFO_EARLY);
			break;

		case MADE_TEXT:
			/* Whole or not at all */
			n = strlen(dlg->remote.uri);
			assert_int_equal(n, rowv[i].n + 6 <= 255 ?
					 rowv[i].n + 6 : 0);
			assert_int_equal(dlg->state, DIALOGINFO_EARLY);
			break;

		case MADE_DIALOGS:
			assert_int_equal(info.dialogc, rowv[i].n);
			break;

		default:
			break;
		}
	}
}


/** Latin 1 doubles in UTF-8, so its strings can overflow the arena */
static void test_arena_overflow(void **state)
{
	static const char * const partv[] = {
		"<dialog call-id='", "' local-tag='", "' remote-tag='",
		"'><replaces call-id='", "' local-tag='", "' remote-tag='",
		"'/><local><identity display='", "'/><target uri='",
		"'/></local><remote><identity display='",
	};
	const size_t sz = DIALOGINFO_SIZE_MAX;
	struct out out = {malloc(sz), sz, 0};
	char text[128];
	size_t i, j;
	(void)state;

	assert_non_null(out.buf);
	memset(text, '\xe4', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';

	put(&out, "<dialog-info version='1'>");
	for (i = 0; i < DIALOGINFO_DIALOGS_MAX; i++) {

		for (j = 0; j < sizeof(partv) / sizeof(partv[0]); j++)
			put(&out, "%s%s", partv[j], text);
		put(&out, "'/></remote></dialog>");
	}
	put(&out, "</dialog-info>");

	assert_int_equal(dialoginfo_decode(&info, decoder, out.buf, out.n),
			 EBADMSG);
	assert_non_null(strstr(info.reason, "too much text"));
	free(out.buf);
}


/**
 * All ways to say the same thing, in all combinations, mean the same
 */
static void test_axes(void **state)
{
	static const char * const declv[] = {
		"",
		"<?xml version=\"1.0\"?>\n",
		"<?xml version='1.0' encoding='utf-8'?>",
		"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\r\n",
		"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
		"\n\t<?xml version=\"1.0\"?><?xml version=\"1.0\"?>\n",
		"<?xml version=\"1.0\"?><!-- it's > a \"comment\" --><?x y?>",
	};
	static const struct {
		const char *prefix, *decl;
	} nsv[] = {
		{"",   " xmlns=@urn:ietf:params:xml:ns:dialog-info@"},
		{"",   " xmlns=@urn:ietf:parmams:xml:ns:dialog-info@"},
		{"",   ""},
		{"",   " xmlns=@urn:ietf:params:xml:ns:dialog-info@"
		       " xmlns=@urn:ietf:params:xml:ns:dialog-info@"},
		{"d:", " xmlns:d=@urn:ietf:params:xml:ns:dialog-info@"},
		{"d:", " xmlns:d=@wrong@"},
		{"d:", ""},
	};
	static const struct {
		const char *root, *dialog;
	} attrv[] = {
		{" version=@9@ state=@full@ entity=@sip:705@x.example@",
		 " id=@a1@ direction=@recipient@"},
		{" entity=@sip:705@x.example@\n state=@FULL@\n version=@9   @",
		 "\tdirection=@Recipient@ other=@>@ id=@ a1@"},
		{" notify-state=@full@ version=@ 9@    entity=@sip:705@x"
		 ".example@ ", " id=@a1@\n direction=@RECIPIENT@ "},
	};
	static const char * const childv[][3] = {
		{"#state>early</#state>",
		 "#remote><#identity display=@Jo@>sip:5@x.example"
		 "</#identity></#remote>",
		 "#local><#target uri=@sip:705@x.example@><#param "
		 "pname=@+sip.rendering@ pvalue=@no@/></#target></#local>"},
		{"#state>\r\n  EARLY\t</#state >",
		 "#remote\n><!-- x --><#identity display=@Jo@>\n"
		 "<![CDATA[sip:5@x.example]]> </#identity></#remote>",
		 "#local><#target>sip:705@x.example<#param pval=@NO@ "
		 "pname=@sip.rendering@></#param></#target></#local>"},
		{"#state xmlns:q=@r@>ear<q:state>confirmed</q:state>ly"
		 "</#state>",
		 "#remote><#target display=@Jo@ uri=@@/>"
		 "<#identity>s&#105;p:5@x.example</#identity></#remote>",
		 "#local><f:x xmlns:f=@u@><#target uri=@no@/></f:x>"
		 "<#target uri=@sip:705@x.example@><#param pname=@+SIP."
		 "rendering@ pval=@no@ /></#target></#local>"},
	};
	static const int orderv[][3] = {
		{0, 1, 2}, {2, 1, 0}, {1, 2, 0},
	};
	static const char * const tailv[] = {
		"", "\r\n\r\n", "\n<dialog-info version='1'/>",
		"@<!DOCTYPE a>",
	};
	size_t i[7], n = 0;
	(void)state;

	for (i[0] = 0; i[0] < 7; i[0]++)
	for (i[1] = 0; i[1] < 7; i[1]++)
	for (i[2] = 0; i[2] < 3; i[2]++)
	for (i[3] = 0; i[3] < 3; i[3]++)
	for (i[4] = 0; i[4] < 3; i[4]++)
	for (i[5] = 0; i[5] < 2; i[5]++)
	for (i[6] = 0; i[6] < 4; i[6]++) {

		static const char quotev[] = {'"', '\''};
		const struct dialoginfo_dialog *d = &info.dialogv[0];
		const char *prefix = nsv[i[1]].prefix, *p;
		char tmp[4096], body[4096];
		size_t k, len = 0;
		int t = 0, err;

		t += snprintf(tmp + t, sizeof(tmp) - (size_t)t,
			      "%s<%sdialog-info%s%s><%sdialog%s>",
			      declv[i[0]], prefix, nsv[i[1]].decl,
			      attrv[i[2]].root, prefix, attrv[i[2]].dialog);
		for (k = 0; k < 3; k++)
			t += snprintf(tmp + t, sizeof(tmp) - (size_t)t,
				      "\n <%s",
				      childv[i[3]][orderv[i[4]][k]]);
		t += snprintf(tmp + t, sizeof(tmp) - (size_t)t,
			      "</%sdialog></%sdialog-info>%s", prefix,
			      prefix, tailv[i[6]]);
		assert_true((size_t)t < sizeof(tmp));

		/* '@' is a quote, unless within a URI; '#' is the prefix */
		for (p = tmp; *p; ++p) {

			if (*p == '#' && p[-1] != '&') {
				len += (size_t)sprintf(body + len, "%s",
						       prefix);
			}
			else if (*p == '@' && strncmp(p, "@x.ex", 5)) {
				body[len++] = quotev[i[5]];
			}
			else {
				body[len++] = *p;
			}
		}

		err = dialoginfo_decode(&info, decoder, body, len);
		if (err || !info.version_known || info.version != 9 ||
		    !info.full || strcmp(info.entity, "sip:705@x.example") ||
		    info.dialogc != 1 || strcmp(d->id, "a1") ||
		    d->direction != DIALOGINFO_RECIPIENT ||
		    d->state != DIALOGINFO_EARLY ||
		    strcmp(d->remote.display, "Jo") ||
		    strcmp(d->remote.uri, "sip:5@x.example") ||
		    strcmp(d->local.target_uri, "sip:705@x.example") ||
		    d->local.rendering != DIALOGINFO_RENDER_NO ||
		    d->remote.rendering != DIALOGINFO_RENDER_UNKNOWN)
			fail_msg("row %zu %zu %zu %zu %zu %zu %zu: %s\n%s\n"
				 "%.*s", i[0], i[1], i[2], i[3], i[4], i[5],
				 i[6], info.reason, dump(dump_buf, &info),
				 (int)len, body);
		++n;
	}

	assert_int_equal(n, 7 * 7 * 3 * 3 * 3 * 2 * 4);
}


static void test_version(void **state)
{
	static const struct {
		const char *text;
		bool known;
		uint32_t version;
	} rowv[] = {
		{"0",                    true,  0},
		{"  17 \n",              true,  17},
		{"007",                  true,  7},
		{"4294967295",           true,  UINT32_MAX},
		{"4294967296",           false, 0},
		{"99999999999999999999", false, 0},
		{"-1",                   false, 0},
		{"+1",                   false, 0},
		{"1.0",                  false, 0},
		{"0x10",                 false, 0},
		{"one",                  false, 0},
		{"",                     false, 0},
		{"  ",                   false, 0},
	};
	size_t i;
	(void)state;

	for (i = 0; i < sizeof(rowv) / sizeof(rowv[0]); i++) {

		char body[128];
		int n = snprintf(body, sizeof(body),
				 "<dialog-info version='%s'/>",
				 rowv[i].text);

		assert_int_equal(dialoginfo_decode(&info, decoder, body,
						   (size_t)n), 0);
		if (info.version_known != rowv[i].known ||
		    info.version != rowv[i].version)
			fail_msg("row %zu: expected %d %lu, actual %d %lu",
				 i, rowv[i].known,
				 (unsigned long)rowv[i].version,
				 info.version_known,
				 (unsigned long)info.version);
	}
}


static void test_arguments(void **state)
{
	(void)state;

	assert_int_equal(dialoginfo_decode(NULL, decoder, "x", 1), EINVAL);
	assert_int_equal(dialoginfo_decode(&info, NULL, "x", 1), EINVAL);
	assert_int_equal(dialoginfo_decode(&info, decoder, NULL, 1), EINVAL);
	assert_int_equal(dialoginfo_decode(&info, decoder, NULL, 0), ENODATA);
	assert_int_equal(dialoginfo_decode(&info, decoder, " \r\n", 3),
			 ENODATA);
	assert_int_equal(dialoginfo_decode(&info, decoder, "\xef\xbb\xbf", 3),
			 ENODATA);
	assert_int_equal(dialoginfo_decoder_alloc(NULL), EINVAL);
	dialoginfo_decoder_free(NULL);
}


/** The parser learns names; what honest servers never send is forgotten */
static void test_memory_is_bounded(void **state)
{
	unsigned long live, max = 0;
	unsigned i;
	(void)state;

	assert_int_equal(dialoginfo_decode(&info, decoder, whole,
					   strlen(whole)), 0);
	live = mem.live;

	for (i = 0; i < 5000; i++) {

		char body[256];
		int n = snprintf(body, sizeof(body), "<dialog-info "
				 "a%u='' xmlns:x%u='urn:%u'><e%u/>"
				 "</dialog-info>", i, i, i, i);

		assert_int_equal(dialoginfo_decode(&info, decoder, body,
						   (size_t)n), 0);
		if (mem.live > max)
			max = mem.live;
	}

	if (max > live + 500)
		fail_msg("%lu blocks within %u documents, expected %lu or so",
			 max, i, live);
}


/** With each allocation failing in turn: an error, and the next one works */
static void test_out_of_memory(void **state)
{
	struct dialoginfo_decoder *dec;
	unsigned long live, n;
	bool done = false;
	(void)state;

	xmlResetLastError();         /* A copy that libxml2 keeps */
	live = mem.live;

	for (n = 1; !done; n++) {

		int err;

		dec = NULL;
		mem.n = 0;
		mem.fail = n;
		err = dialoginfo_decoder_alloc(&dec);
		if (err) {
			assert_int_equal(err, ENOMEM);
			assert_null(dec);
			mem.fail = 0;
			continue;
		}

		err = dialoginfo_decode(&info, dec, whole, strlen(whole));
		done = mem.n < n;
		mem.fail = 0;

		if (err != ENOMEM && (err || info.dialogc != 1))
			fail_msg("allocation %lu: expected ENOMEM, actual %d",
				 n, err);
		if (!done && err)
			assert_int_equal(info.dialogc, 0);

		assert_int_equal(dialoginfo_decode(&info, dec, whole,
						   strlen(whole)), 0);
		assert_int_equal(info.dialogc, 1);
		dialoginfo_decoder_free(dec);
	}

	mem.fail = 0;
	assert_true(n > 10);
	xmlResetLastError();
	assert_int_equal(mem.live, live);
}


/** The screen is on stderr's terminal: nothing may be printed there */
static int quiet_setup(void **state)
{
	FILE *f = tmpfile();
	static int fdv[2];

	if (!f)
		return -1;

	fflush(stderr);
	fdv[0] = dup(STDERR_FILENO);
	fdv[1] = dup(fileno(f));
	fclose(f);
	dup2(fdv[1], STDERR_FILENO);
	*state = fdv;

	return 0;
}


static int quiet_teardown(void **state)
{
	int *fdv = *state;

	fflush(stderr);
	dup2(fdv[0], STDERR_FILENO);
	close(fdv[0]);
	close(fdv[1]);

	return 0;
}


static void test_quiet(void **state)
{
	const int *fdv = *state;
	struct dirent **dev;
	int i, n;

	n = scandir(DIR_NAME, &dev, is_document, alphasort);
	assert_true(n > 0);

	for (i = 0; i < n; i++) {

		char path[512], *body;
		size_t len;

		file_path(path, sizeof(path), dev[i]->d_name, ".xml");
		body = load(path, &len);
		assert_non_null(body);
		(void)dialoginfo_decode(&info, decoder, body, len);
		free(body);
		free(dev[i]);
	}
	free(dev);

	for (i = 1; i < 60; i++) {

		struct dialoginfo_decoder *dec = NULL;

		mem.n = 0;
		mem.fail = (unsigned long)i;
		if (!dialoginfo_decoder_alloc(&dec))
			(void)dialoginfo_decode(&info, dec, whole,
						strlen(whole));
		mem.fail = 0;
		dialoginfo_decoder_free(dec);
	}

	fflush(stderr);
	assert_int_equal(lseek(fdv[1], 0, SEEK_END), 0);
}


static int setup(void **state)
{
	(void)state;

	if (xmlMemSetup(xmem_free, xmem_alloc, xmem_realloc, xmem_strdup))
		return -1;

	return dialoginfo_decoder_alloc(&decoder);
}


static int teardown(void **state)
{
	(void)state;

	dialoginfo_decoder_free(decoder);
	xmlCleanupParser();

	/* All that libxml2 took was given back */
	if (mem.live) {
		print_error("%lu blocks of libxml2 leaked\n", mem.live);
		return -1;
	}

	return 0;
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_goldens_have_documents),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_one_byte_wrong),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_arena_overflow),
		cmocka_unit_test(test_axes),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_memory_is_bounded),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test_setup_teardown(test_quiet, quiet_setup,
						quiet_teardown),
	};

	return cmocka_run_group_tests(testv, setup, teardown);
}
