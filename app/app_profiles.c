/**
 * @file app/app_profiles.c  `parkdeck profiles`: what is known of each PBX
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <re.h>
#include "app.h"
#include "jsonw.h"
#include "modules/park/profile_model.h"


enum {
	COLUMNS = 78,
	LABEL = 12,              /**< Where the text begins              */
};

static const char *const statev[] = {
	[PROFILE_STATES_BOTH]      = "both",
	[PROFILE_STATES_EARLY]     = "early",
	[PROFILE_STATES_CONFIRMED] = "confirmed",
	[PROFILE_STATES_ANY]       = "any",
};

static const char *const toldv[] = {
	[PROFILE_TOLD_DIALOG]    = "dialog",
	[PROFILE_TOLD_PARK_INFO] = "park-info",
	[PROFILE_TOLD_CALL_INFO] = "call-info",
};


/* Words of a text, lines broken before the edge; column is where we are */
static void flow(const char *text, int column)
{
	int at = column;

	while (*text) {

		const int len = (int)strcspn(text, " ");

		if (at > column && at + 1 + len > COLUMNS) {
			(void)printf("\n%*s", column, "");
			at = column;
		}
		else if (at > column) {
			(void)printf(" ");
			++at;
		}

		(void)printf("%.*s", len, text);
		at += len;
		text += len;
		text += strspn(text, " ");
	}

	(void)printf("\n");
}


static void line(const char *label, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));


static void line(const char *label, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);

	(void)printf("%-*s", LABEL, label);
	flow(text, LABEL);
}


static const char *or_dash(const char *s)
{
	return s ? s : "-";
}


static void table(void)
{
	const struct profile *p;

	(void)printf("%-16s %-6s %-10s %-10s %-12s %6s\n", "pbx", "lot",
		     "park", "retrieve", "watch", "recall");

	for (size_t i = 0; (p = profile_at(i)); i++) {

		char recall[16] = "-";

		if (p->recall_s)
			(void)snprintf(recall, sizeof(recall), "%u s",
				       p->recall_s);

		(void)printf("%-16s %-6s %-10s %-10s %-12s %6s%s\n", p->name,
			     or_dash(p->lot), or_dash(p->park),
			     or_dash(p->retrieve),
			     p->told == PROFILE_TOLD_DIALOG ?
			     or_dash(p->watch) : toldv[p->told], recall,
			     p->untested ? "  untested" : "");
	}

	(void)printf("\n");
	flow("lot: a transfer to it parks where the PBX likes. park, retrieve:"
	     " transfer to it parks at {spot}, dialling it takes the call"
	     " back. watch: what a lamp subscribes to. recall: when the PBX"
	     " gives the call back. - is: not there, or not known.", 0);
	flow("untested: no maker's document and no capture tells how this"
	     " system tells its lamps or takes these codes by transfer; only"
	     " an imitation of our own was there to try against.", 0);
	flow("`parkdeck profiles NAME` explains one and gives a sample.", 0);
}


/* The first of the usual spots, or a colleague where calls are parked on
   extensions */
static const char *sample_spot(const struct profile *p, char *buf,
			       size_t size)
{
	const char *spots = p->spots ? p->spots : "102";
	const size_t len = strcspn(spots, "-");

	(void)snprintf(buf, size, "%.*s", (int)len, spots);

	return buf;
}


static const char *expanded(char *buf, size_t size, const char *tmpl,
			    const char *spot)
{
	return profile_expand(buf, size, tmpl, spot) ? "?" : buf;
}


static void explain_park(const struct profile *p, const char *spot)
{
	char park[64];

	if (p->personal)
		line("p parks", "on your own extension: transfer to %s;"
		     " on a colleague's, %s: to %s%s%s", p->lot, spot,
		     expanded(park, sizeof(park), p->park, spot),
		     p->group ? "; for your group: to " : "",
		     p->group ? p->group : "");
	else if (p->lot)
		line("p parks", "on the lot: transfer to %s, the PBX chooses"
		     " the spot%s", p->lot, p->announce ?
		     " and speaks its number; the lamps tell it too" : "");
	else
		line("p parks", "at a free spot that the phone chooses by the"
		     " lamps: %s by transfer to %s", spot,
		     expanded(park, sizeof(park), p->park, spot));

	if (p->personal)
		return;

	if (p->park)
		line("P, spot key", "park at the spot of your choice: %s by"
		     " transfer to %s", spot,
		     expanded(park, sizeof(park), p->park, spot));
	else
		line("P, spot key", "cannot park at a spot of your choice: a"
		     " transfer to %s itself would lose the caller, so it is"
		     " never sent", spot);
}


static void explain_lamp(const struct profile *p, const char *spot)
{
	char watch[64];

	switch (p->told) {

	case PROFILE_TOLD_PARK_INFO:
		line("lamps", "nothing is subscribed to: the PBX sends a"
		     " NOTIFY, Event: park-info, when a call is parked for"
		     " you");
		return;

	case PROFILE_TOLD_CALL_INFO:
		line("lamps", "a subscription to yourself, Event: call-info,"
		     " tells of calls parked for you");
		return;

	default:
		break;
	}

	if (!p->watch)
		line("lamps", "not known: what %s's lamp subscribes to was not"
		     " published; `watch` says it", spot);
	else
		line("lamps", "%s's lamp subscribes to %s, Event: dialog;"
		     " %s means that a call waits there", spot,
		     expanded(watch, sizeof(watch), p->watch, spot),
		     p->states == PROFILE_STATES_BOTH ? "early or confirmed" :
		     p->states == PROFILE_STATES_ANY ? "any dialog" :
		     statev[p->states]);
}


static void sample(const struct profile *p)
{
	(void)printf("\nA configuration:\n\n"
		     "    account  <sip:101@pbx.example.com>;auth_pass=secret\n"
		     "    pbx      %s\n", p->name);

	if (p->spots)
		(void)printf("    spots    %s\n", p->spots);

	if (p->told == PROFILE_TOLD_DIALOG && !p->watch)
		(void)printf("    watch    {spot}          # if that is what"
			     " a capture shows\n");

	(void)printf("    lamp     102;label=\"Anna\"\n");
}


static void explain(const struct profile *p)
{
	char spot[64], buf[64];

	(void)sample_spot(p, spot, sizeof(spot));

	(void)printf("%s%s\n\n", p->name, p->untested ? "  (untested)" : "");

	explain_park(p, spot);
	explain_lamp(p, spot);
	line("taken back", "by dialling %s%s%s",
	     expanded(buf, sizeof(buf), p->retrieve, p->personal ? "" : spot),
	     p->personal ? "; from a colleague's, with his number behind" :
	     "", p->several ? "; several calls may wait there" : "");
	if (p->hold)
		line("hold", "the call is put on hold before it is sent");
	if (p->recall_s)
		line("recall", "after %u s, unless set otherwise there"
		     " (`recall_time`)", p->recall_s);
	else
		line("recall", "the time is not known: `recall_time` says it,"
		     " and the lamp counts down");
	if (p->pickup)
		line("pickup", "%s takes what rings at 102",
		     expanded(buf, sizeof(buf), p->pickup, "102"));
	else
		line("pickup", "no code is known: `pickup` says it");
	if (p->voicemail)
		line("voicemail", "%s reaches 102's",
		     expanded(buf, sizeof(buf), p->voicemail, "102"));
	else
		line("voicemail", "no code is known: `voicemail` says it");
	if (p->lists)
		line("lists", "one subscription for many lamps is possible:"
		     " `list NAME`");
	line("there", "%s", p->help);
	line("known from", "%s%s", p->source, p->untested ?
	     ". Untested: tried against an imitation of our own only, which"
	     " proves nothing of the real one" : "");

	sample(p);
}


static void json_str(struct jsonw *js, const char *name, const char *s)
{
	if (s)
		jsonw_str(js, name, s);
	else
		jsonw_null(js, name);
}


static int json_print(struct re_printf *pf, void *arg)
{
	const struct profile *p;
	struct jsonw js;
	(void)arg;

	jsonw_init(&js, pf);
	jsonw_open(&js, NULL, '[');

	for (size_t i = 0; (p = profile_at(i)); i++) {

		jsonw_open(&js, NULL, '{');
		jsonw_str(&js, "name", p->name);
		json_str(&js, "lot", p->lot);
		json_str(&js, "park", p->park);
		json_str(&js, "retrieve", p->retrieve);
		json_str(&js, "watch", p->watch);
		json_str(&js, "group", p->group);
		json_str(&js, "pickup", p->pickup);
		json_str(&js, "voicemail", p->voicemail);
		jsonw_bool(&js, "personal", p->personal);
		jsonw_bool(&js, "several", p->several);
		jsonw_bool(&js, "hold", p->hold);
		jsonw_bool(&js, "announce", p->announce);
		jsonw_int(&js, "recall_s", p->recall_s);
		jsonw_str(&js, "states", statev[p->states]);
		jsonw_str(&js, "told", toldv[p->told]);
		jsonw_bool(&js, "lists", p->lists);
		jsonw_bool(&js, "untested", p->untested);
		json_str(&js, "spots", p->spots);
		jsonw_str(&js, "source", p->source);
		jsonw_str(&js, "help", p->help);
		jsonw_close(&js, '}');
	}

	jsonw_close(&js, ']');

	return js.err;
}


int app_profiles(int argc, char *argv[])
{
	const struct profile *p;

	if (argc == 1 && !strcmp(argv[0], "--json")) {
		(void)re_printf("%H\n", json_print, NULL);
		return fflush(stdout) ? 1 : 0;
	}

	if (argc > 1) {
		(void)fprintf(stderr, "parkdeck: one name is enough:"
			      " parkdeck profiles [NAME | --json]\n");
		return 2;
	}

	p = argc ? profile_find(argv[0]) : NULL;
	if (argc && !p) {
		(void)fprintf(stderr, "parkdeck: pbx '%s' is not known; one of"
			      " these is:", argv[0]);
		for (size_t i = 0; profile_at(i); i++)
			(void)fprintf(stderr, " %s", profile_at(i)->name);
		(void)fprintf(stderr, "\n");
		return 2;
	}

	if (p)
		explain(p);
	else
		table();

	return fflush(stdout) ? 1 : 0;
}
