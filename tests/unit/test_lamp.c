/**
 * @file tests/unit/test_lamp.c  Test: what a lamp shows, out of documents
 *
 * The model is compiled in here, so that its memory can be made to fail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <cmocka.h>

static void *failing_calloc(size_t n, size_t sz);

#define calloc failing_calloc
#include "modules/blf/lamp_model.c"
#undef calloc

static unsigned long allocs, alloc_fail;
static struct dialoginfo info;


static void *failing_calloc(size_t n, size_t sz)
{
	return ++allocs == alloc_fail ? NULL : calloc(n, sz);
}


/* ---- A document in one line ------------------------------------------ */


static const char *arena_put(const char *s)
{
	char *p = info.arena + info.used;

	strcpy(p, s);
	info.used += strlen(s) + 1;

	return p;
}


static unsigned find_word(const char *s, const char * const *v, unsigned c)
{
	unsigned i;

	for (i = 0; i < c; i++) {
		if (v[i] && !strcmp(s, v[i]))
			return i;
	}

	fail_msg("test: unknown word %s", s);
	return 0;
}


/** "id:early,recipient,who=Jo,num=5,lwho=,lnum=,by=,ev=,dur=,to=,
    cid=,lt=,rt=,hold" */
static void add_dialog(char *s)
{
	static const char * const statev[] = {
		"unknown", "trying", "proceeding", "early", "confirmed",
		"terminated",
	};
	static const char * const eventv[] = {
		"", "cancelled", "rejected", "replaced", "local-bye",
		"remote-bye", "error", "timeout",
	};
	struct dialoginfo_dialog *d = &info.dialogv[info.dialogc++];
	char *opt, *save, *colon = strchr(s, ':');
	char uri[128];

	memset(d, 0, sizeof(*d));
	d->id = d->call_id = d->local_tag = d->remote_tag = "";
	d->referred_display = d->referred_uri = "";
	d->replaces_call_id = "";
	d->replaces_local_tag = d->replaces_remote_tag = "";
	d->local.display = d->local.uri = d->local.target_uri = "";
	d->remote.display = d->remote.uri = d->remote.target_uri = "";

	assert_non_null(colon);
	*colon = '\0';
	d->id = arena_put(s);

	opt = strtok_r(colon + 1, ",", &save);
	d->state = find_word(opt, statev, 6);

	while ((opt = strtok_r(NULL, ",", &save))) {

		char *val = strchr(opt, '=');

		if (!strcmp(opt, "recipient"))
			d->direction = DIALOGINFO_RECIPIENT;
		else if (!strcmp(opt, "initiator"))
			d->direction = DIALOGINFO_INITIATOR;
		else if (!strcmp(opt, "hold"))
			d->local.rendering = DIALOGINFO_RENDER_NO;
		else if (!val)
			fail_msg("test: unknown option %s", opt);
		else {
			*val++ = '\0';
			snprintf(uri, sizeof(uri), "sip:%s@x.example", val);

			if (!strcmp(opt, "who")) {
				d->remote.identity = true;
				d->remote.display = arena_put(val);
			}
			else if (!strcmp(opt, "num")) {
				d->remote.identity = true;
				d->remote.uri = arena_put(uri);
			}
			else if (!strcmp(opt, "uri")) {
				d->remote.identity = true;
				d->remote.uri = arena_put(val);
			}
			else if (!strcmp(opt, "lwho")) {
				d->local.identity = true;
				d->local.display = arena_put(val);
			}
			else if (!strcmp(opt, "lnum")) {
				d->local.identity = true;
				d->local.uri = arena_put(uri);
			}
			else if (!strcmp(opt, "to")) {
				d->remote.target = true;
				d->remote.target_uri = arena_put(uri);
			}
			else if (!strcmp(opt, "cid")) {
				d->call_id = arena_put(val);
			}
			else if (!strcmp(opt, "lt")) {
				d->local_tag = arena_put(val);
			}
			else if (!strcmp(opt, "rt")) {
				d->remote_tag = arena_put(val);
			}
			else if (!strcmp(opt, "by")) {
				d->referred = true;
				d->referred_display = arena_put(val);
			}
			else if (!strcmp(opt, "bynum")) {
				d->referred = true;
				d->referred_uri = arena_put(uri);
			}
			else if (!strcmp(opt, "ev")) {
				d->event = find_word(val, eventv, 8);
			}
			else if (!strcmp(opt, "dur")) {
				d->duration_known = true;
				d->duration_s = (uint32_t)strtoul(val, NULL,
								  10);
			}
			else {
				fail_msg("test: unknown option %s", opt);
			}
		}
	}
}


/** "VERSION full|partial DIALOG…"; version "-": not known */
static void set_document(char *s)
{
	char *save, *tok = strtok_r(s, " ", &save);

	info.err = 0;
	info.reason = "";
	info.entity = "";
	info.dialogc = 0;
	info.used = 0;
	info.version_known = strcmp(tok, "-") != 0;
	info.version = info.version_known ?
		(uint32_t)strtoul(tok, NULL, 10) : 0;

	tok = strtok_r(NULL, " ", &save);
	assert_non_null(tok);
	info.full = !strcmp(tok, "full");
	assert_true(info.full || !strcmp(tok, "partial"));

	while ((tok = strtok_r(NULL, " ", &save)))
		add_dialog(tok);
}


/** "[@TAG ]DOCUMENT", or refused, nobody, reset, lost, doubt TAG,
    forget TAG */
static unsigned apply(struct lamp *lamp, const char *line, uint64_t now_ms)
{
	char buf[2048], *s = buf, *tag = NULL;

	assert_true(strlen(line) < sizeof(buf));
	strcpy(buf, line);

	if (!strcmp(s, "reset"))
		return lamp_reset(lamp, "New subscription");
	if (!strcmp(s, "lost"))
		return lamp_lost(lamp, "Lost");
	if (!strncmp(s, "doubt ", 6))
		return lamp_doubt(lamp, s + 6, "Doubt");
	if (!strncmp(s, "forget ", 7))
		return lamp_forget(lamp, s + 7, "Ended", now_ms);

	if (!strcmp(s, "refused") || !strcmp(s, "nobody")) {
		info.err = *s == 'r' ? EBADMSG : ENODATA;
		info.reason = "Refused";
		info.dialogc = 0;
		return lamp_step(lamp, NULL, &info, now_ms);
	}

	if (*s == '@') {
		tag = s + 1;
		s = strchr(s, ' ');
		*s++ = '\0';
	}

	set_document(s);

	return lamp_step(lamp, tag, &info, now_ms);
}


static const char *outcome(char *buf, size_t sz, unsigned out)
{
	snprintf(buf, sz, "%s%s%s%s%s",
		 out ? "" : "same",
		 out & LAMP_OUT_CHANGED ? " changed" : "",
		 out & LAMP_OUT_DISCARDED ? " discarded" : "",
		 out & LAMP_OUT_REFRESH_WANTED ? " refresh" : "",
		 out & LAMP_OUT_NOT_UNDERSTOOD ? " not-understood" : "");

	return *buf == ' ' ? buf + 1 : buf;
}


/** "STATE[~] SINCE[+] [who/number] [by PARKER] …": ~ stale, + at least */
static const char *show(char *buf, size_t sz, const struct lamp *lamp)
{
	static const char * const statev[LAMP_STATES] = {
		"UNKNOWN", "FREE", "PARKED", "RINGING", "BUSY",
	};
	struct lamp_dialog d;
	struct lamp_fact f;
	int n;

	memset(&f, 0, sizeof(f));
	lamp_view(lamp, &f);

	n = snprintf(buf, sz, "%s%s", statev[f.state], f.stale ? "~" : "");
	if (f.state != LAMP_UNKNOWN)
		n += snprintf(buf + n, sz - (size_t)n, " %lu%s",
			      (unsigned long)f.since_ms,
			      f.at_least ? "+" : "");
	if (*f.who || *f.number)
		n += snprintf(buf + n, sz - (size_t)n, " %s/%s", f.who,
			      f.number);
	if (*f.by)
		n += snprintf(buf + n, sz - (size_t)n, " by %s", f.by);
	if (lamp_dialog(lamp, &d) && *d.target)
		n += snprintf(buf + n, sz - (size_t)n, " to %s", d.target);
	if (f.held)
		n += snprintf(buf + n, sz - (size_t)n, " held");
	if (f.calls > 1)
		n += snprintf(buf + n, sz - (size_t)n, " x%u", f.calls);
	if (f.ended)
		n += snprintf(buf + n, sz - (size_t)n, " ended: %s",
			      lamp_end_name(f.ended));
	if (*f.reason)
		snprintf(buf + n, sz - (size_t)n, " (%s)", f.reason);

	return buf;
}


/* ---- Stories --------------------------------------------------------- */


#define PART   "Only a part of the state is known"
#define TALKS  "A call is there, but does not wait"
#define COMING "A call to it is being set up"
#define NOWORD "The server does not tell the state"

struct row {
	uint64_t now_ms;
	const char *line;        /* NULL: the story's end                */
	const char *outcome;
	const char *shown;
};

struct story {
	const char *name;
	enum lamp_kind kind;
	const struct lamp_rules *rules;
	struct row rowv[14];
};

static const struct story storyv[] = {

{"a spot of Asterisk", LAMP_SPOT, NULL, {
	{100, "0 full 701:terminated",  "changed", "FREE 100+"},
	{200, "1 full 701:confirmed",   "changed", "PARKED 200"},
	{300, "2 full 701:terminated",  "changed", "FREE 300"},
	{400, "3 full 701:terminated",  "same",    "FREE 300"},
}},
{"seen first while somebody waits", LAMP_SPOT, NULL, {
	{100, "5 full 701:confirmed",   "changed", "PARKED 100+"},
	{900, "6 full 701:confirmed",   "same",    "PARKED 100+"},
	{950, "7 full",                 "changed", "FREE 950"},
}},
{"a spot of FreeSWITCH", LAMP_SPOT, NULL, {
	{100, "0 full", "changed", "FREE 100+"},
	{200, "1 full 701:early,recipient,who=park,uri=701,lwho=park,lnum=701,"
	      "to=park+701,hold",
	      "changed", "PARKED 200 to sip:park+701@x.example held"},
	{300, "2 full 701:terminated", "changed", "FREE 300"},
}},
{"FreeSWITCH, hold state terminated", LAMP_SPOT, &lamp_rules_any, {
	{100, "0 full",                "changed", "FREE 100+"},
	{200, "1 full 701:terminated", "changed", "PARKED 200"},
	{300, "2 full 701:terminated", "same",    "PARKED 200"},
	{400, "3 full",                "changed", "FREE 400"},
	{500, "4 partial 701:terminated", "changed", "PARKED 500"},
}},
{"early only", LAMP_SPOT, &lamp_rules_early, {
	{100, "0 full",                "changed", "FREE 100+"},
	{200, "1 full 701:early",      "changed", "PARKED 200"},
	{300, "2 full 701:confirmed",  "changed", "PARKED~ 200 (" TALKS ")"},
	{400, "3 full 701:terminated", "changed", "FREE 400+"},
}},
{"confirmed only", LAMP_SPOT, &lamp_rules_confirmed, {
	{100, "0 full",                "changed", "FREE 100+"},
	{200, "1 full 701:early",      "changed", "FREE~ 100+ (" COMING ")"},
	{300, "2 full 701:confirmed",  "changed", "PARKED 300"},
	{400, "3 full 701:terminated", "changed", "FREE 400"},
}},
{"the rules are of spots", LAMP_EXTENSION, &lamp_rules_any, {
	{100, "0 full 102:terminated", "changed", "FREE 100+"},
	{200, "1 full 102:early",      "changed", "RINGING 200"},
}},
{"nobody waits yet", LAMP_SPOT, NULL, {
	{100, "0 full",                "changed", "FREE 100+"},
	{200, "1 full a:trying",       "changed", "FREE~ 100+ (" COMING ")"},
	{300, "2 full a:proceeding",   "same",    "FREE~ 100+ (" COMING ")"},
	{400, "3 full a:early",        "changed", "PARKED 400"},
	{500, "4 full a:unknown",      "changed", "PARKED~ 400 (" NOWORD ")"},
	{600, "5 full",                "changed", "FREE 600+"},
	{700, "6 full a:unknown b:confirmed", "changed", "PARKED 700"},
}},
{"no state word at all", LAMP_SPOT, NULL, {
	{100, "0 full 701:unknown",    "changed", "UNKNOWN (" NOWORD ")"},
}},
{"an extension", LAMP_EXTENSION, NULL, {
	{100, "0 full 102:terminated", "changed", "FREE 100+"},
	{200, "1 full 102:early,recipient,who=Jo,num=5", "changed",
	      "RINGING 200 Jo/5"},
	/* The name stays with the dialog, RFC 4235 4.1.6 */
	{300, "2 full 102:confirmed",  "changed", "BUSY 300 Jo/5"},
	{400, "3 full 102:terminated", "changed", "FREE 400"},
	{500, "4 full 102:early",      "changed", "RINGING 500"},
	{600, "5 full 102:early,initiator", "changed", "BUSY 600"},
	{700, "6 full 102:trying",     "same", "BUSY 600"},
	{800, "7 full 102:proceeding,recipient", "same", "BUSY 600"},
	{900, "8 full 102:unknown",    "changed", "BUSY~ 600 (" NOWORD ")"},
	{950, "9 full", "changed", "FREE 950+"},
}},
{"ringing shows before busy", LAMP_EXTENSION, NULL, {
	{100, "0 full a:confirmed,who=Al b:early,recipient,who=Bo",
	      "changed", "RINGING 100+ Bo/"},
	{200, "1 partial b:terminated", "changed", "BUSY 100+ Al/"},
	{300, "2 partial c:early,who=Cy", "changed", "RINGING 300 Cy/"},
	{400, "3 partial c:confirmed",  "changed", "BUSY 100+ Al/ x2"},
	{500, "4 partial a:terminated", "changed", "BUSY 400 Cy/"},
}},
{"several wait: the longest is shown", LAMP_SPOT, NULL, {
	{100, "0 full", "changed", "FREE 100+"},
	{200, "1 partial a:confirmed,who=Al", "changed", "PARKED 200 Al/"},
	{300, "2 partial b:confirmed,who=Bo", "changed", "PARKED 200 Al/ x2"},
	{400, "3 partial a:terminated", "changed", "PARKED 300 Bo/"},
	{500, "4 partial b:terminated", "changed", "FREE 500"},
}},
{"another call in the same spot", LAMP_SPOT, NULL, {
	{100, "0 full a:confirmed,who=Al", "changed", "PARKED 100+ Al/"},
	{200, "1 full b:confirmed,who=Bo", "changed", "PARKED 200 Bo/"},
}},
{"versions", LAMP_SPOT, NULL, {
	{100, "10 full",                 "changed", "FREE 100+"},
	{200, "11 partial a:confirmed",  "changed", "PARKED 200"},
	/* The same again */
	{210, "11 partial a:confirmed",  "discarded", "PARKED 200"},
	/* Late */
	{220, "10 full",                 "discarded refresh", "PARKED 200"},
	{230, "12 full a:confirmed",     "same",    "PARKED 200"},
	/* A full one counts though its number was there */
	{240, "12 full",                 "changed", "FREE 240"},
	{250, "13 partial a:early",      "changed", "PARKED 250"},
}},
{"a document was lost", LAMP_SPOT, NULL, {
	{100, "1 full a:confirmed",      "changed", "PARKED 100+"},
	{200, "3 partial b:confirmed",   "changed refresh",
	      "PARKED 100+ x2"},
	{300, "4 full b:confirmed",      "changed", "PARKED 100+"},
}},
{"what was lost may have been a call", LAMP_SPOT, NULL, {
	{100, "1 full a:confirmed",      "changed", "PARKED 100+"},
	{200, "3 partial a:terminated",  "changed refresh",
	      "PARKED~ 100+ (" PART ")"},
	{300, "4 full",                  "changed", "FREE 300+"},
}},
{"what was lost may have been its end", LAMP_SPOT, NULL, {
	{100, "1 full a:confirmed",      "changed", "PARKED 100+"},
	{200, "3 partial b:terminated",  "changed refresh",
	      "PARKED~ 100+ (" PART ")"},
	{300, "4 partial b:confirmed",   "changed", "PARKED 100+ x2"},
	{400, "5 full a:confirmed",      "changed", "PARKED 100+"},
}},
{"a full document after a gap needs no refresh", LAMP_SPOT, NULL, {
	{100, "1 full",                  "changed", "FREE 100+"},
	{200, "5 full a:confirmed,who=Al", "changed", "PARKED 200+ Al/"},
	/* It may be another one: the name was not told again */
	{300, "9 full a:confirmed",      "changed", "PARKED 300+"},
}},
{"a notifier that only sends partial ones", LAMP_SPOT, NULL, {
	{100, "7 partial a:terminated",  "changed refresh",
	      "UNKNOWN (" PART ")"},
	{200, "8 partial a:terminated",  "changed", "FREE 200+"},
	{300, "9 partial a:confirmed",   "changed", "PARKED 300"},
	{400, "10 partial a:terminated", "changed", "FREE 400"},
}},
{"partial ones, counted over all subscriptions", LAMP_SPOT, NULL, {
	{100, "100 partial a:confirmed", "changed refresh", "PARKED 100+"},
	{200, "140 partial a:confirmed", "same",    "PARKED 100+"},
	{300, "170 partial a:terminated", "changed", "FREE 300+"},
	{400, "199 partial a:confirmed", "changed", "PARKED 400+"},
}},
{"a notifier that does not count", LAMP_SPOT, NULL, {
	{100, "0 full",                  "changed", "FREE 100+"},
	{200, "0 full a:confirmed",      "changed", "PARKED 200"},
	{300, "0 partial a:terminated",  "discarded refresh", "PARKED 200"},
	{400, "0 partial a:terminated",  "changed", "FREE 400"},
	{500, "0 full a:confirmed",      "changed", "PARKED 500"},
	{600, "0 full",                  "changed", "FREE 600"},
}},
{"a notifier that began to count anew", LAMP_SPOT, NULL, {
	{100, "40 full a:confirmed,who=Al", "changed", "PARKED 100+ Al/"},
	{200, "0 full",                  "discarded refresh",
	      "PARKED 100+ Al/"},
	{300, "1 full",                  "changed", "FREE 300+"},
	{400, "2 full b:confirmed",      "changed", "PARKED 400"},
	{500, "3 partial b:terminated",  "changed", "FREE 500"},
}},
{"one late document is not a new count", LAMP_SPOT, NULL, {
	{100, "5 full",                  "changed", "FREE 100+"},
	{200, "4 full a:confirmed",      "discarded refresh", "FREE 100+"},
	{300, "6 full",                  "same",    "FREE 100+"},
	{400, "4 full a:confirmed",      "discarded refresh", "FREE 100+"},
	{500, "7 full",                  "same",    "FREE 100+"},
}},
{"nor are two with a partial one between", LAMP_SPOT, NULL, {
	{100, "5 full",                  "changed", "FREE 100+"},
	{200, "4 partial a:confirmed",   "discarded refresh", "FREE 100+"},
	{300, "6 partial b:terminated",  "same",    "FREE 100+"},
	{400, "4 partial a:confirmed",   "discarded", "FREE 100+"},
	{500, "7 full a:early",          "changed", "PARKED 500"},
}},
{"the count goes round", LAMP_SPOT, NULL, {
	{100, "4294967295 full",         "changed", "FREE 100+"},
	{200, "0 partial a:confirmed",   "changed", "PARKED 200"},
	{300, "1 partial a:terminated",  "changed", "FREE 300"},
}},
{"no version", LAMP_SPOT, NULL, {
	{100, "- full",                  "changed", "FREE 100+"},
	{200, "- partial a:confirmed",   "changed", "PARKED 200"},
	{300, "9 partial a:terminated",  "changed", "FREE 300"},
	{400, "- partial a:confirmed",   "changed", "PARKED 400"},
	{500, "10 partial a:terminated", "changed", "FREE 500"},
}},
{"a document that cannot be read", LAMP_SPOT, NULL, {
	{100, "refused", "changed not-understood", "UNKNOWN (Refused)"},
	{200, "0 full a:confirmed",      "changed", "PARKED 200+"},
	{300, "refused", "changed not-understood", "PARKED~ 200+ (Refused)"},
	{400, "nobody",                  "same",   "PARKED~ 200+ (Refused)"},
	{500, "2 full a:confirmed",      "changed", "PARKED 200+"},
	{600, "refused", "changed not-understood", "PARKED~ 200+ (Refused)"},
	{700, "4 partial a:terminated",  "changed refresh",
	      "PARKED~ 200+ (" PART ")"},
	{800, "5 full",                  "changed", "FREE 800+"},
}},
{"what one branch tells does not mend the other", LAMP_SPOT, NULL, {
	{100, "@x 0 full",               "changed", "FREE 100+"},
	{150, "@y 0 full",               "same",    "FREE 100+"},
	{200, "doubt x",                 "changed", "FREE~ 100+ (Doubt)"},
	{300, "@y 1 full",               "same",    "FREE~ 100+ (Doubt)"},
	{400, "@y 2 full a:confirmed",   "changed", "PARKED~ 400 (Doubt)"},
	{500, "@x 2 full",               "changed", "PARKED 400"},
	/* one that has told nothing yet */
	{600, "doubt z",                 "changed", "PARKED~ 400 (Doubt)"},
	{700, "@y 3 full a:confirmed",   "same",    "PARKED~ 400 (Doubt)"},
	{800, "@z 0 full",               "changed", "PARKED 400"},
}},
{"no body changes nothing", LAMP_SPOT, NULL, {
	{100, "nobody",                  "same", "UNKNOWN"},
	{200, "0 full",                  "changed", "FREE 200+"},
	{300, "nobody",                  "same", "FREE 200+"},
}},
{"a new subscription", LAMP_SPOT, NULL, {
	{100, "0 full",                  "changed", "FREE 100+"},
	{200, "1 full a:confirmed,who=Al,num=5", "changed",
	      "PARKED 200 Al/5"},
	{300, "reset", "changed", "PARKED~ 200 Al/5 (New subscription)"},
	/* The same caller: it is the same call */
	{400, "0 full x:confirmed,who=Al,num=5", "changed",
	      "PARKED 200 Al/5"},
	{500, "reset", "changed", "PARKED~ 200 Al/5 (New subscription)"},
	{600, "0 full x:confirmed,who=Bo,num=6", "changed",
	      "PARKED 600+ Bo/6"},
	{700, "reset", "changed", "PARKED~ 600+ Bo/6 (New subscription)"},
	{800, "0 full", "changed", "FREE 800+"},
	{850, "reset", "changed", "FREE~ 800+ (New subscription)"},
	{900, "0 full", "changed", "FREE 800+"},
	{950, "reset", "changed", "FREE~ 800+ (New subscription)"},
	{990, "0 full a:early", "changed", "PARKED 990+"},
}},
{"never known, never stale", LAMP_SPOT, NULL, {
	{100, "lost",                    "changed", "UNKNOWN (Lost)"},
	{200, "reset", "changed", "UNKNOWN (New subscription)"},
}},
{"lost and found", LAMP_SPOT, NULL, {
	{100, "0 full", "changed", "FREE 100+"},
	{200, "lost",   "changed", "FREE~ 100+ (Lost)"},
	{210, "lost",   "same",    "FREE~ 100+ (Lost)"},
	{300, "1 partial a:confirmed", "changed", "PARKED 300+"},
	{400, "2 partial a:terminated", "changed", "FREE 400"},
}},
{"duration", LAMP_SPOT, NULL, {
	{100000, "0 full a:confirmed,dur=75", "changed", "PARKED 25000"},
	{200000, "1 full a:confirmed,dur=9", "same", "PARKED 25000"},
	{300000, "2 full a:confirmed b:confirmed,dur=290", "changed",
		 "PARKED 10000 x2"},
	{400000, "3 full c:confirmed,dur=500", "changed", "PARKED 0+"},
	{500000, "4 full d:confirmed,dur=604801", "changed",
		 "PARKED 500000"},
	{500000, "5 full d:early,dur=0", "same", "PARKED 500000"},
}},
{"a duration told later", LAMP_SPOT, NULL, {
	{100000, "0 full a:confirmed", "changed", "PARKED 100000+"},
	{101000, "1 full a:confirmed,dur=50", "changed", "PARKED 51000"},
	{102000, "2 full a:confirmed,dur=60", "same",    "PARKED 51000"},
}},
{"duration counts from the first ring, not from this state",
 LAMP_EXTENSION, NULL, {
	{100000, "0 full", "changed", "FREE 100000+"},
	{200000, "1 full a:early,dur=0", "changed", "RINGING 200000"},
	{210000, "2 full a:confirmed,dur=10", "changed", "BUSY 210000"},
}},
{"who parked it", LAMP_SPOT, NULL, {
	{100, "0 full a:confirmed,who=Al,by=Kim", "changed",
	      "PARKED 100+ Al/ by Kim"},
	{200, "1 partial a:confirmed", "same", "PARKED 100+ Al/ by Kim"},
	{300, "2 partial a:confirmed,bynum=104", "changed",
	      "PARKED 100+ Al/ by 104"},
	{400, "3 partial a:terminated,ev=replaced", "changed",
	      "FREE 400 ended: taken"},
}},
{"why it emptied", LAMP_SPOT, NULL, {
	{100, "0 full a:terminated,ev=remote-bye", "changed", "FREE 100+"},
	{200, "1 full a:confirmed", "changed", "PARKED 200"},
	{300, "2 full a:terminated,ev=remote-bye", "changed",
	      "FREE 300 ended: caller hung up"},
	{400, "3 full a:confirmed", "changed", "PARKED 400"},
	{500, "4 full a:terminated,ev=timeout", "changed",
	      "FREE 500 ended: timed out"},
	{600, "5 full a:confirmed", "changed", "PARKED 600"},
	{700, "6 full a:terminated,ev=local-bye", "changed",
	      "FREE 700 ended: ended by the server"},
	{800, "7 full a:confirmed", "changed", "PARKED 800"},
	{900, "8 full", "changed", "FREE 900"},
}},
{"identity comes and stays", LAMP_SPOT, NULL, {
	{100, "0 full a:confirmed", "changed", "PARKED 100+"},
	{200, "1 partial a:confirmed,who=Al,num=5", "changed",
	      "PARKED 100+ Al/5"},
	{300, "2 partial a:confirmed", "same", "PARKED 100+ Al/5"},
	{400, "3 partial a:confirmed,num=6", "changed", "PARKED 100+ /6"},
	{500, "4 full a:confirmed,to=park+701", "same",
	      "PARKED 100+ /6 to sip:park+701@x.example"},
	{600, "5 full a:confirmed", "same",
	      "PARKED 100+ /6 to sip:park+701@x.example"},
}},
{"on hold", LAMP_EXTENSION, NULL, {
	{100, "0 full a:confirmed",      "changed", "BUSY 100+"},
	{200, "1 full a:confirmed,hold", "changed", "BUSY 100+ held"},
	{300, "2 full a:confirmed",      "changed", "BUSY 100+"},
}},
{"an id used twice", LAMP_SPOT, NULL, {
	{100, "0 full a:confirmed a:terminated", "changed", "PARKED 100+"},
	{200, "1 full a:terminated a:early",  "same", "PARKED 100+"},
	{300, "2 partial a:confirmed a:terminated", "same", "PARKED 100+"},
	{400, "3 partial a:terminated a:confirmed", "changed", "PARKED 400"},
	{500, "4 full a:terminated a:terminated", "changed", "FREE 500"},
}},
{"forked: any table makes it parked", LAMP_SPOT, NULL, {
	{100, "@one 0 full",             "changed", "FREE 100+"},
	{200, "@two 5 full a:confirmed", "changed", "PARKED 200+"},
	{300, "@one 1 full a:confirmed", "changed", "PARKED 200+ x2"},
	{400, "@two 6 full",             "changed", "PARKED 300"},
	{500, "@one 2 full",             "changed", "FREE 500"},
	{600, "@two 7 partial b:early",  "changed", "PARKED 600"},
	{700, "forget two",              "changed", "FREE 700"},
	{800, "forget two",              "same",    "FREE 700"},
	{900, "forget one",              "changed", "FREE~ 700 (Ended)"},
	{950, "@three 0 full a:early",   "changed", "PARKED 950+"},
}},
{"forked: free needs all to be known", LAMP_SPOT, NULL, {
	{100, "@one 0 full",             "changed", "FREE 100+"},
	{200, "@two 5 partial",          "changed refresh",
	      "FREE~ 100+ (" PART ")"},
	{300, "@two 6 full",             "changed", "FREE 100+"},
}},
{"forked: four tables", LAMP_SPOT, NULL, {
	{100, "@a 0 full",               "changed", "FREE 100+"},
	{200, "@b 0 full",               "same", "FREE 100+"},
	{300, "@c 0 full",               "same", "FREE 100+"},
	{400, "@d 0 full",               "same", "FREE 100+"},
	/* what the fifth says is not known: nor is it at all */
	{500, "@e 0 full x:confirmed",   "changed discarded",
	      "FREE~ 100+ (Too many branches)"},
	{550, "@a 1 full",               "same",
	      "FREE~ 100+ (Too many branches)"},
	{560, "@b 1 full",               "same",
	      "FREE~ 100+ (Too many branches)"},
	{570, "@c 1 full",               "same",
	      "FREE~ 100+ (Too many branches)"},
	{600, "@d 1 full x:confirmed",   "changed", "PARKED 600"},
	{700, "forget a",                "same", "PARKED 600"},
	{800, "@e 0 full y:confirmed",   "changed", "PARKED 600 x2"},
}},
{"forked: ringing before busy", LAMP_EXTENSION, NULL, {
	{100, "@one 0 full a:confirmed", "changed", "BUSY 100+"},
	{200, "@two 0 full a:early",     "changed", "RINGING 200+"},
	{300, "reset",                   "changed",
	      "RINGING~ 200+ (New subscription)"},
	{400, "@two 0 full a:early",     "changed", "RINGING 200+"},
}},
};


static void test_stories(void **state)
{
	size_t i, j;
	(void)state;

	for (i = 0; i < sizeof(storyv) / sizeof(storyv[0]); i++) {

		const struct story *story = &storyv[i];
		struct lamp lamp;

		lamp_init(&lamp, story->kind, "701", story->rules);

		for (j = 0; story->rowv[j].line; j++) {

			const struct row *row = &story->rowv[j];
			char obuf[64], sbuf[512];
			const char *o, *s;

			o = outcome(obuf, sizeof(obuf),
				    apply(&lamp, row->line, row->now_ms));
			s = show(sbuf, sizeof(sbuf), &lamp);

			if (strcmp(o, row->outcome) || strcmp(s, row->shown))
				fail_msg("%s, row %zu (%s)\n"
					 "expected %s: %s\nactual   %s: %s",
					 story->name, j, row->line,
					 row->outcome, row->shown, o, s);
		}

		lamp_close(&lamp);
		lamp_close(&lamp);
	}
}


/* ---- Who ------------------------------------------------------------- */


static void test_who(void **state)
{
	static const struct {
		enum lamp_kind kind;
		const char *display, *uri, *local_display, *local_uri;
		const char *who, *number;
	} rowv[] = {
#define S LAMP_SPOT
#define E LAMP_EXTENSION
	/* A caller */
	{S, "Jo Ek", "sip:0301@x.example",      "", "",  "Jo Ek", "0301"},
	{S, "", "sip:0301@x.example;user=phone", "", "", "", "0301"},
	{S, "", "sips:jo@[2001:db8::1]:5061",   "", "",  "", "jo"},
	{S, "", "SIP:%2b49301@x",               "", "",  "", "+49301"},
	{S, "", "tel:+49-301;phone-context=x",  "", "",  "", "+49-301"},
	{S, "", "Jo <sip:0302@x>;tag=5",        "", "",  "", "0302"},
	{S, "", "<sip:0302>",                   "", "",  "", "0302"},
	{S, "", "0303@x.example",               "", "",  "", "0303"},
	{S, "", "0303",                         "", "",  "", "0303"},
	{S, "", "sip:0304",                     "", "",  "", "0304"},
	{S, "", "sip:gw.example.com",           "", "",  "", ""},
	{S, "", "sip:192.0.2.1",                "", "",  "", ""},
	{S, "", "sip:@x",                       "", "",  "", ""},
	{S, "", "sip:",                         "", "",  "", ""},
	{S, "", "",                             "", "",  "", ""},
	{S, "", "sip:jo:pw@x",                  "", "",  "", "jo"},
	{S, "", "sip:0305;isub=1@x",            "", "",  "", "0305"},
	{S, "", "sip:%23300%2A@x",              "", "",  "", "#300*"},
	{S, "", "sip:a%0ab%1b%00%7f%20@x",      "", "",
		"", "a%0ab%1b%00%7f%20"},
	{S, "", "sip:a%c3%a4@x",                "", "",  "", "a%c3%a4"},
	{S, "", "sip:a%4@x",                    "", "",  "", "a%4"},
	{S, "", "sip:a%@x",                     "", "",  "", "a%"},
	{S, "", "sip:a%zz%2525@x",              "", "",  "", "a%zz%25"},
	{S, "0301", "sip:0301@x",               "", "",  "", "0301"},

	/* No caller, but the spot */
	{S, "park", "701", "park", "sip:701@x;proto=park", "", ""},
	{S, "Park", "sip:park+701@x",           "", "",  "", ""},
	{S, "701", "sip:701@x",                 "", "",  "", ""},
	{S, "", "sip:parked@x",                 "", "",  "", ""},
	{S, "Lot 1", "sip:lot1@x", "Lot 1", "sip:lot1@x", "", ""},
	{S, "Jo", "sip:701@x",                  "", "",  "Jo", ""},
	{S, "park", "sip:0301@x",               "", "",  "", "0301"},
	{S, "*3701", "sip:*3701@x",             "", "",  "", ""},
	{S, "#701", "sip:%23701@x",             "", "",  "", ""},
	{S, "*3711", "sip:*3711@x",             "", "",  "", "*3711"},
	{S, "*3701", "sip:*3701@x", "0301", "sip:0301@x", "", ""},
	{S, "701", "sip:701@x", "Jo Ek", "sip:0301@x",  "", ""},
	{S, "Parker Jo", "sip:7011@x",          "", "",  "Parker Jo", "7011"},

	/* A colleague may well be called like that */
	{E, "Park", "sip:park@x",               "", "",  "", "park"},
	{E, "Ji Park", "sip:701@x",             "", "",  "Ji Park", "701"},

	/* Nobody */
	{E, "Anonymous", "sip:anonymous@anonymous.invalid", "", "",
		"Anonymous", ""},
	{E, "", "sip:anonymous@anonymous.invalid", "", "", "anonymous", ""},
	{E, "(null)", "sip:(null)@x",           "", "",  "", ""},
	{E, "unknown", "sip:unknown@unknown.invalid", "", "", "", ""},
	{E, "", "sip:invalid@x",                "", "",  "", ""},
#undef S
#undef E
	};
	size_t i;
	(void)state;

	for (i = 0; i < sizeof(rowv) / sizeof(rowv[0]); i++) {

		struct dialoginfo_dialog *d = &info.dialogv[0];
		struct lamp_fact f;
		struct lamp lamp;
		char doc[] = "0 full a:confirmed";

		set_document(doc);
		d->remote.identity = true;
		d->remote.display = rowv[i].display;
		d->remote.uri = rowv[i].uri;
		d->local.display = rowv[i].local_display;
		d->local.uri = rowv[i].local_uri;

		lamp_init(&lamp, rowv[i].kind, "701", NULL);
		lamp_step(&lamp, "t", &info, 1);
		memset(&f, 0, sizeof(f));
		lamp_view(&lamp, &f);
		lamp_close(&lamp);

		if (strcmp(f.who, rowv[i].who) ||
		    strcmp(f.number, rowv[i].number))
			fail_msg("row %zu: expected %s/%s, actual %s/%s", i,
				 rowv[i].who, rowv[i].number, f.who,
				 f.number);
	}
}


/** Texts that are too long are cut between characters */
static void test_long_texts(void **state)
{
	char name[DIALOGINFO_STR_MAX + 1], uri[DIALOGINFO_STR_MAX + 8];
	size_t i;
	(void)state;

	for (i = 0; i < 8; i++) {

		const size_t shift = i / 2;
		const bool as_uri = i % 2;
		char doc[] = "0 full a:confirmed";
		struct lamp_fact f;
		struct lamp lamp;
		const char *text;
		size_t n;

		memset(name, 'x', shift);
		for (n = shift; n + 3 < sizeof(name) - 2; n += 3)
			memcpy(name + n, "\xe2\x82\xac", 3);
		name[n] = '\0';
		snprintf(uri, sizeof(uri), "sip:%s@x", name);

		set_document(doc);
		info.dialogv[0].remote.identity = true;
		info.dialogv[0].remote.display = as_uri ? "" : name;
		info.dialogv[0].remote.uri = as_uri ? uri : "sip:5@x";

		lamp_init(&lamp, LAMP_SPOT, "701", NULL);
		lamp_step(&lamp, "t", &info, 1);
		memset(&f, 0, sizeof(f));
		lamp_view(&lamp, &f);
		lamp_close(&lamp);

		text = as_uri ? f.number : f.who;
		n = shift + (TEXT_SZ - 1 - shift) / 3 * 3;
		if (strlen(text) != n || memcmp(text, name, n))
			fail_msg("row %zu: expected %zu bytes, actual %zu "
				 "bytes: %s", i, n, strlen(text), text);
	}
}


/** The dialog that is shown, with what the server told of it at any time */
static void test_dialog(void **state)
{
	static const struct {
		const char *line;
		bool ok;
		const char *is;     /* "call-id local-tag remote-tag target" */
	} rowv[] = {
		{"0 full", false, ""},
		{"1 full a:early,recipient,cid=c1,lt=l1,rt=r1,to=77", true,
		 "c1 l1 r1 sip:77@x.example"},
		/* not told again: as before */
		{"2 partial a:early,recipient", true,
		 "c1 l1 r1 sip:77@x.example"},
		{"3 partial a:early,recipient,rt=r2", true,
		 "c1 l1 r2 sip:77@x.example"},
		{"4 partial b:confirmed,cid=c9,lt=l9,rt=r9", true,
		 "c1 l1 r2 sip:77@x.example"},
		{"5 partial a:terminated", true, "c9 l9 r9 "},
		/* shown, but not there any more */
		{"lost", true, "c9 l9 r9 "},
		{"reset", false, ""},
	};
	struct lamp_dialog d;
	struct lamp lamp;
	char buf[256];
	size_t i;
	(void)state;

	lamp_init(&lamp, LAMP_EXTENSION, "102", NULL);
	assert_false(lamp_dialog(&lamp, &d));

	for (i = 0; i < sizeof(rowv) / sizeof(rowv[0]); i++) {

		apply(&lamp, rowv[i].line, i + 1);
		if (rowv[i].ok != lamp_dialog(&lamp, &d))
			fail_msg("row %zu", i);
		if (!rowv[i].ok)
			continue;
		snprintf(buf, sizeof(buf), "%s %s %s %s", d.call_id,
			 d.local_tag, d.remote_tag, d.target);
		assert_string_equal(rowv[i].is, buf);
	}

	assert_false(lamp_dialog(NULL, &d));
	assert_false(lamp_dialog(&lamp, NULL));
	lamp_close(&lamp);
}


/* ---- Limits and properties ------------------------------------------- */


/** More dialogs than rows: no more memory, and full state is asked for */
static void test_rows_max(void **state)
{
	struct lamp lamp;
	unsigned i, out, refresh = 0;
	char line[64];
	(void)state;

	lamp_init(&lamp, LAMP_SPOT, "701", NULL);
	assert_int_equal(apply(&lamp, "0 full", 1), LAMP_OUT_CHANGED);

	for (i = 1; i <= LAMP_ROWS_MAX + 8; i++) {
		snprintf(line, sizeof(line), "%u partial d%u:confirmed", i,
			 i);
		out = apply(&lamp, line, i);
		refresh += !!(out & LAMP_OUT_REFRESH_WANTED);
		if ((i > LAMP_ROWS_MAX) != !(out & LAMP_OUT_CHANGED))
			fail_msg("document %u: outcome %u", i, out);
	}

	assert_int_equal(lamp.calls, LAMP_ROWS_MAX);
	assert_int_equal(refresh, 1);

	/* What did not fit may still wait */
	for (i = 1; i <= LAMP_ROWS_MAX; i++) {
		snprintf(line, sizeof(line), "%u partial d%u:terminated",
			 LAMP_ROWS_MAX + 8 + i, i);
		apply(&lamp, line, 100 + i);
	}
	snprintf(line, sizeof(line), "%u full", 2 * LAMP_ROWS_MAX + 9);
	assert_int_equal(apply(&lamp, line, 900), LAMP_OUT_CHANGED);
	assert_int_equal(lamp.state, LAMP_FREE);

	lamp_close(&lamp);
}


/** Each allocation fails in turn: never free by mistake, and it recovers */
static void test_out_of_memory(void **state)
{
	static const char * const linev[] = {
		"0 full a:confirmed,who=Al,num=5",
		"1 partial b:confirmed,who=Bo",
		"2 partial a:confirmed,who=Cy",
		"3 full b:confirmed,by=Kim",
	};
	unsigned long n, failed = 0;
	(void)state;

	for (n = 1; n < 16; n++) {

		struct lamp lamp;
		char buf[512];
		size_t i;

		/* from 8 on without the table that is made in advance */
		allocs = 0;
		alloc_fail = n / 8;
		lamp_init(&lamp, LAMP_SPOT, "701", NULL);
		allocs = 0;

		for (i = 0; i < sizeof(linev) / sizeof(linev[0]); i++) {

			unsigned out;

			alloc_fail = n % 8;
			out = apply(&lamp, linev[i], 100 + i);
			alloc_fail = 0;

			if (out & LAMP_OUT_NOT_UNDERSTOOD)
				++failed;
			if (lamp.state == LAMP_FREE)
				fail_msg("allocation %lu: %s", n,
					 show(buf, sizeof(buf), &lamp));
		}

		apply(&lamp, "9 full z:confirmed,who=Di", 200);
		show(buf, sizeof(buf), &lamp);
		if (strncmp(buf, "PARKED 200+ Di/", 15))
			fail_msg("allocation %lu: then %s", n, buf);
		apply(&lamp, "10 full", 300);
		assert_string_equal(show(buf, sizeof(buf), &lamp),
				    "FREE 300");
		lamp_close(&lamp);
	}

	/* a, b, c, kim; and table, a, b, c, kim */
	assert_int_equal(failed, 4 + 5);
}


static uint32_t rnd(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;

	return *seed;
}


/**
 * Over random documents: a full one in turn decides alone; without one,
 * free is only said of tables that are empty; a discarded one changes
 * nothing; refresh is not asked for twice without a full one between
 */
static void test_random(void **state)
{
	uint32_t seed = 4235, n, took_full = 0, freed = 0;
	uint32_t versionv[2] = {0, 0};
	bool askedv[2] = {false, false};
	struct lamp lamp;
	(void)state;

	lamp_init(&lamp, LAMP_SPOT, "701", NULL);

	for (n = 1; n < 60000; n++) {

		static const char * const wordv[] = {
			"early", "confirmed", "terminated", "terminated",
			"trying", "unknown",
		};
		static const char * const whov[] = {
			"", ",who=Al,num=1", ",num=2", ",by=Kim",
		};
		const uint32_t fork = rnd(&seed) % 2;
		const bool full = rnd(&seed) % 3 == 0;
		bool parked = false, undecided = false;
		struct lamp_fact before, after;
		uint32_t version, i, c = rnd(&seed) % 3;
		char line[512];
		unsigned out;
		int len;

		memset(&before, 0, sizeof(before));
		memset(&after, 0, sizeof(after));

		if (rnd(&seed) % 100 == 0) {
			lamp_reset(&lamp, "Reset");
			memset(askedv, 0, sizeof(askedv));
		}

		version = versionv[fork];
		switch (rnd(&seed) % 12) {

		case 0:
			version += 1 + rnd(&seed) % 3;
			break;
		case 1:
			version -= rnd(&seed) % 2;
			break;
		default:
			++version;
			break;
		}

		len = snprintf(line, sizeof(line), "@t%u %u %s",
			       (unsigned)fork, (unsigned)version,
			       full ? "full" : "partial");
		for (i = 0; i < c; i++) {

			const uint32_t w = rnd(&seed) % 6;

			parked |= w < 2;
			undecided |= w > 3;
			len += snprintf(line + len,
					sizeof(line) - (size_t)len,
					" d%u:%s%s",
					(unsigned)(rnd(&seed) % 4),
					wordv[w], whov[rnd(&seed) % 4]);
		}

		lamp_view(&lamp, &before);
		out = apply(&lamp, line, n);
		lamp_view(&lamp, &after);

		if (!!memcmp(&before, &after, sizeof(after)) >
		    !!(out & LAMP_OUT_CHANGED))
			fail_msg("document %u: changed unsaid: %s", n, line);

		if (out & LAMP_OUT_DISCARDED) {
			if (out & LAMP_OUT_CHANGED)
				fail_msg("document %u: discarded, but "
					 "changed: %s", n, line);
		}
		else {
			versionv[fork] = version;
		}

		if (out & LAMP_OUT_REFRESH_WANTED) {
			if (askedv[fork])
				fail_msg("document %u: asked twice: %s", n,
					 line);
			askedv[fork] = true;
		}
		if (full && !(out & LAMP_OUT_DISCARDED)) {
			askedv[fork] = false;
			++took_full;
			if (parked && lamp.state != LAMP_PARKED)
				fail_msg("document %u: not parked: %s", n,
					 line);
			if (undecided && !parked &&
			    lamp.state == LAMP_FREE && !lamp.stale)
				fail_msg("document %u: free: %s", n, line);
		}

		if (lamp.state == LAMP_FREE && !lamp.stale) {
			++freed;
			for (i = 0; i < LAMP_FORKS_MAX; i++) {
				if (lamp.tablev[i] && lamp.tablev[i]->rows)
					fail_msg("document %u: free with a "
						 "dialog: %s", n, line);
			}
			if (lamp.lead || lamp.kept)
				fail_msg("document %u: leftovers", n);
		}
		else if (lamp.state == LAMP_PARKED && !lamp.stale) {
			if (!lamp.lead || lamp.kept)
				fail_msg("document %u: nothing shown", n);
		}
	}

	lamp_close(&lamp);

	/* The dice did reach what is tested */
	assert_true(took_full > 1000);
	assert_true(freed > 1000);
}


/** 10,000 lamps are to fit in a few megabytes */
static void test_size(void **state)
{
	(void)state;

	assert_true(sizeof(struct lamp) <= 128);
	assert_true(sizeof(struct lamp_table) <= 32);
	assert_true(sizeof(struct lamp_row) <= 40);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_who),
		cmocka_unit_test(test_long_texts),
		cmocka_unit_test(test_dialog),
		cmocka_unit_test(test_rows_max),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_size),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
