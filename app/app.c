/**
 * @file app/app.c  The phone as a whole: wiring, start and end
 *
 * Order of things: desk model first (it hears every fact before the others
 * look at it), then the phone, registrations, lamps, parking, control socket
 * and screen. What ends goes the other way round, each part with a limit.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <re.h>
#include "app.h"
#include "app_check.h"
#include "app_cmd.h"
#include "app_demo_cmd.h"
#include "clock.h"
#include "cmd.h"
#include "ctl.h"
#include "desk_model.h"
#include "event.h"
#include "log.h"
#include "pass_cmd.h"
#include "phone.h"
#include "phone_wrap.h"
#include "siphook.h"
#include "status.h"
#include "modules/audio/sound.h"
#include "modules/blf/blf.h"
#include "modules/blf/lamp_model.h"
#include "modules/blf/parkinfo.h"
#include "modules/demo/demo.h"
#include "modules/demo/demo_hint_model.h"
#include "modules/park/park.h"
#include "modules/park/profile_model.h"
#include "modules/reg/reg_sip.h"
#include "ui/ui.h"


enum {
	UUID_LEN    = 36,
	REG_STOP_MS = 1500,
	PARK_POLL_MS = 100,
	NOTIFY_PRIO = 8,         /* behind the guard, and before the phone
				    writes another user into the URI    */
	TRIM_MS      = 15000,
	TRIM_FROM    = 4 << 20,  /* bytes that lie idle                 */
	PASS_CMD_MS = 10000,
};

#define BUSY_TEXT "not while calls are up: it would end them; nothing was" \
	" changed"

/** What is about to happen once all has come to rest */
enum after {
	AFTER_QUIT = 0,
	AFTER_RESTART,
};

struct app_account {
	struct app *app;
	unsigned idx;
	struct regc *regc;
};

struct app {
	const struct app_prm *prm;
	const struct clock *clock;
	struct profile ways;         /* profile and configuration       */
	struct cfg *cfg;
	struct cfg *next;            /* to restart with                 */
	struct pass_cmd *pass_cmd;   /* asks for the passwords of one   */
	struct bus *bus;
	struct desk desk;
	struct commands *commands;
	struct status_prm status;
	struct app_cmd call_cmd;
	struct phone *phone;
	struct blf *blf;
	struct park *park;
	struct ctl *ctl;
	struct ui *ui;
	struct app_account accountv[ACCOUNTS_MAX];
	size_t accountc;
	char uuid[UUID_LEN + 1];
	int lock_fd;                 /* held while the phone runs; 0: none */
	struct demo_hint hint;       /* what to press next, in a demo   */
	struct tmr tmr_stop;
	struct tmr tmr_quit;
	struct tmr tmr_trim;
	unsigned stopping;           /* parts that have not come to rest */
	bool down;                   /* phone is being stopped          */
	bool quitting;               /* it was asked for                */
	size_t quit_failc;           /* parks that had failed by then   */
	enum after after;
	int start_err;               /* of the passwords at the start   */
	char start_text[2 * REASON_SZ];
};

static struct app *the_app;          /* for the signal handler alone    */


static int  up(struct app *app, char *err_text, size_t errsz);
static void down(struct app *app, enum after after);
static void settings_apply(struct app *app, const struct cfg *old);


/* --- the phone's own uuid -------------------------------------------- */

static bool uuid_valid(const char *s)
{
	size_t i;

	for (i = 0; i < UUID_LEN; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' : !strchr("0123456789abcdef", s[i]) ||
		    !s[i])
			return false;
	}

	return true;
}


static void uuid_make(char *uuid, size_t size)
{
	/* RFC 4122 4.4: version 4, random */
	(void)re_snprintf(uuid, size, "%08x-%04x-4%03x-%04x-%08x%04x",
			  rand_u32(), rand_u16(), rand_u16() & 0xfff,
			  (rand_u16() & 0x3fff) | 0x8000,
			  rand_u32(), rand_u16());
}


/*
 * Stored, so that a restarted phone is the same Contact to a registrar that
 * allows only one. The file is locked while the phone runs: a second one of
 * the same folder would take its calls, whatever runtime folder the control
 * socket is in.
 */
static int uuid_load(struct app *app)
{
	char path[512], buf[UUID_LEN + 1] = "";
	int fd;

	(void)re_snprintf(path, sizeof(path), "%s/uuid", app->cfg->dir);

	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		applog(APPLOG_WARN, "cannot store %s (%m): the PBX sees"
		       " another phone at each start", path, errno);
		uuid_make(app->uuid, sizeof(app->uuid));
		return 0;
	}

	if (flock(fd, LOCK_EX | LOCK_NB)) {
		(void)close(fd);
		return EADDRINUSE;
	}

	app->lock_fd = fd;

	if (read(fd, buf, UUID_LEN) == UUID_LEN && uuid_valid(buf)) {
		str_ncpy(app->uuid, buf, sizeof(app->uuid));
		return 0;
	}

	uuid_make(app->uuid, sizeof(app->uuid));
	if (ftruncate(fd, 0) ||
	    pwrite(fd, app->uuid, UUID_LEN, 0) != UUID_LEN)
		applog(APPLOG_WARN, "cannot write %s: %m", path, errno);

	return 0;
}


/* --- registration ---------------------------------------------------- */

static void account_emit(struct app *app, unsigned idx, bool registered,
			 const char *reason)
{
	const struct phone_account *acc = phone_account(app->phone, idx);
	struct event ev = {.type = EVENT_ACCOUNT};

	ev.u.account.idx = idx;
	ev.u.account.registered = registered;
	str_ncpy(ev.u.account.aor, acc ? acc->aor : "",
		 sizeof(ev.u.account.aor));
	str_ncpy(ev.u.account.reason, reason, sizeof(ev.u.account.reason));

	bus_emit(app->bus, &ev);
}


static void reg_handler(const struct regc_report *report, void *arg)
{
	struct app_account *aa = arg;
	struct app *app = aa->app;
	const struct phone_account *acc = phone_account(app->phone, aa->idx);
	const char *reason = report->reason;

	/* it was only asked who the server is */
	if (!acc->regint_s) {
		if (report->msg)
			phone_registered(app->phone, aa->idx, true,
					 report->msg);
		return;
	}

	if (report->refused && acc && !acc->password)
		reason = "the server wants a password: none is configured"
			" (auth_pass)";

	phone_registered(app->phone, aa->idx, report->registered,
			 report->msg);
	phone_refused(app->phone, aa->idx, report->refused);
	phone_server_silent(app->phone, aa->idx, report->silent);
	account_emit(app, aa->idx, report->registered, reason);
	blf_registered(app->blf, aa->idx, report->registered, report->fresh,
		       reason);

	if (report->refused)
		bus_message(app->bus, MESSAGE_ERROR, "not registered: %s",
			    reason);
}


static int reg_start(struct app *app, unsigned idx)
{
	const struct phone_account *acc = phone_account(app->phone, idx);
	struct app_account *aa = &app->accountv[idx];
	struct regc_prm prm;

	aa->app = app;
	aa->idx = idx;
	app->accountc = idx + 1;

	prm = (struct regc_prm){
		.sip       = phone_sip(app->phone),
		.aor       = acc->aor,
		.uri       = acc->uri,
		.dname     = acc->dname,
		.cuser     = acc->cuser,
		.instance  = app->uuid,
		.route     = acc->route,
		.expires_s = acc->regint_s,
		.authh     = phone_auth,
		.authp     = (void *)acc,
		.reasonh   = phone_wrap_tls_reason,
	};

	if (acc->regint_s)
		account_emit(app, idx, false, "registering");
	else {
		account_emit(app, idx, true, "does not register (regint=0)");
		phone_registered(app->phone, idx, true, NULL);
		blf_registered(app->blf, idx, true, true, "");
	}

	return regc_alloc(&aa->regc, app->clock, &prm, reg_handler, aa);
}


static void net_handler(void *arg)
{
	struct app *app = arg;

	for (size_t i = 0; i < app->accountc; i++)
		regc_net_changed(app->accountv[i].regc);
}


/* --- facts ----------------------------------------------------------- */

static void tones(const struct app *app)
{
	enum sound_tone tone = SOUND_TONE_NONE;

	for (size_t i = 0; i < app->desk.callc; i++) {

		const struct call_fact *call = &app->desk.callv[i];

		switch (call->state) {

		/* who talks is not rung into the ear */
		case DESKCALL_ACTIVE:
			sound_set_tone(SOUND_TONE_NONE);
			return;

		case DESKCALL_INCOMING:
			if (cfg_get_bool(app->cfg, "ringtone"))
				tone = SOUND_TONE_RING;
			break;

		case DESKCALL_RINGING:
			if (!call->early_media && tone == SOUND_TONE_NONE)
				tone = SOUND_TONE_RINGBACK;
			break;

		default:
			break;
		}
	}

	sound_set_tone(tone);
}


static void hint_emit(struct app *app)
{
	struct event ev = {.type = EVENT_HINT};

	str_ncpy(ev.u.message.text, demo_hint_text(&app->hint),
		 sizeof(ev.u.message.text));
	bus_emit(app->bus, &ev);
}


static void desk_handler(const struct event *ev, void *arg)
{
	struct app *app = arg;
	const struct call_fact *old = ev->type == EVENT_CALL ?
		desk_call(&app->desk, ev->u.call.id) : NULL;

	/* its end is part of a park, which is told as such */
	const bool parking = old && old->state == DESKCALL_PARKING;
	const bool retrieving = old && old->state == DESKCALL_RETRIEVING;

	if (desk_step(&app->desk, ev, clock_ms(app->clock)))
		applog(APPLOG_ERROR, "desk: out of memory");

	if (app->prm->demo && demo_hint_event(&app->hint, ev))
		hint_emit(app);

	switch (ev->type) {

	case EVENT_CALL:
		tones(app);
		/* proven to be ours: the spot cannot hold it any more */
		if (retrieving && ev->u.call.spot[0] &&
		    (ev->u.call.state == DESKCALL_ACTIVE ||
		     ev->u.call.state == DESKCALL_HELD))
			blf_taken(app->blf, ev->u.call.account,
				  ev->u.call.spot);
		if (ev->u.call.state == DESKCALL_CLOSED && !parking &&
		    ev->u.call.reason[0])
			bus_message(app->bus, MESSAGE_INFO,
				    "call with %s ended: %s",
				    ev->u.call.name[0] ? ev->u.call.name :
				    ev->u.call.peer, ev->u.call.reason);
		break;

	case EVENT_MESSAGE:
		applog(APPLOG_INFO, "message: %s", ev->u.message.text);
		break;

	case EVENT_SOUND:
		applog(ev->u.sound.ok ? APPLOG_INFO : APPLOG_WARN,
		       "sound: %s", ev->u.sound.text);
		if (!ev->u.sound.ok)
			bus_message(app->bus, MESSAGE_WARN, "%s",
				    ev->u.sound.text);
		break;

	default:
		break;
	}
}


static size_t told_lamps(const struct app *app)
{
	return park_lampc(&app->ways, phone_accountc(app->phone));
}


/* Lamps of parking itself come first in the grid */
static void lamp_handler(const struct lamp_fact *fact, void *arg)
{
	struct app *app = arg;
	struct event ev = {.type = EVENT_LAMP};

	ev.u.lamp = *fact;
	ev.u.lamp.idx += (unsigned)told_lamps(app);
	bus_emit(app->bus, &ev);
}


static bool server_handler(unsigned account, const struct sip_msg *msg,
			   void *arg)
{
	const struct app *app = arg;

	return phone_server_account(app->phone, account, msg);
}


/* What nobody has asked for proves itself by where it comes from only, also
   where everybody may call */
static bool proven_handler(unsigned account, const struct sip_msg *msg,
			   void *arg)
{
	const struct app *app = arg;

	return phone_server_proven(app->phone, account, msg);
}


/* A NOTIFY of a lamp; where it comes from was checked by the guard, or its
   dialog's tags prove it */
static bool notify_hook(const struct sip_msg *msg, void *arg)
{
	struct app *app = arg;

	return blf_request(app->blf, msg, server_handler, app) ||
		blf_unsolicited(app->blf, msg, proven_handler, app);
}


/* --- lamps and parking ------------------------------------------------ */

static const struct profile *site_profile(const struct cfg *cfg)
{
	const char *name = cfg_get(cfg, "pbx");

	return profile_find(name && *name ? name : "generic");
}


/* A setting of the configuration itself, not its default */
static bool is_set(const struct cfg *cfg, const char *key)
{
	for (size_t i = 0; i < cfg->settingc; i++) {
		if (!strcmp(cfg->settingv[i].key, key))
			return true;
	}

	return false;
}


static void override(const char **val, const struct cfg *cfg, const char *key)
{
	const char *own = cfg_get(cfg, key);

	if (str_isset(own))
		*val = own;
}


/* The profile, and what the configuration says otherwise */
static void ways_init(struct profile *ways, const struct cfg *cfg)
{
	static const struct {
		const char *word;
		enum profile_states states;
	} statev[] = {
		{"both",      PROFILE_STATES_BOTH},
		{"early",     PROFILE_STATES_EARLY},
		{"confirmed", PROFILE_STATES_CONFIRMED},
		{"any",       PROFILE_STATES_ANY},
	};
	const char *hold = cfg_get(cfg, "hold");
	const char *several = cfg_get(cfg, "several");

	*ways = *site_profile(cfg);

	override(&ways->lot, cfg, "lot");
	override(&ways->park, cfg, "park");
	override(&ways->retrieve, cfg, "retrieve");
	override(&ways->watch, cfg, "watch");
	override(&ways->group, cfg, "group");
	override(&ways->pickup, cfg, "pickup");
	override(&ways->voicemail, cfg, "voicemail");

	if (strcmp(hold, "profile"))
		ways->hold = cfg_get_bool(cfg, "hold");

	if (strcmp(several, "profile"))
		ways->several = cfg_get_bool(cfg, "several");

	if (is_set(cfg, "announce"))
		ways->announce = cfg_get_u32(cfg, "announce") > 0;

	if (cfg_get_u32(cfg, "recall_time"))
		ways->recall_s = cfg_get_u32(cfg, "recall_time");

	for (size_t i = 0; i < ARRAY_SIZE(statev); i++) {
		if (!strcmp(cfg_get(cfg, "states"), statev[i].word))
			ways->states = statev[i].states;
	}
}


/* How lamps are read, of what the site's servers say */
static const struct lamp_rules *lamp_rules_of(const struct profile *ways)
{
	switch (ways->states) {

	case PROFILE_STATES_EARLY:     return &lamp_rules_early;
	case PROFILE_STATES_CONFIRMED: return &lamp_rules_confirmed;
	case PROFILE_STATES_ANY:       return &lamp_rules_any;
	default:                       return &lamp_rules_default;
	}
}


static void retrieve_way(char *buf, size_t size, const char *spot,
			 unsigned account, void *arg)
{
	const struct app *app = arg;
	const char *tmpl = app->ways.retrieve;

	for (size_t i = 0; i < app->cfg->lampc; i++) {

		const struct cfg_lamp *lamp = &app->cfg->lampv[i];

		if (lamp->retrieve && lamp->account == account &&
		    !strcmp(lamp->spot, spot))
			tmpl = lamp->retrieve;
	}

	if (profile_expand(buf, size, tmpl, spot) && size)
		buf[0] = '\0';
}


static void grow_handler(size_t lampc, void *arg)
{
	struct app *app = arg;
	struct event ev = {.type = EVENT_LAMPS};

	ev.u.lamps = (unsigned)(told_lamps(app) + lampc);
	bus_emit(app->bus, &ev);
}


/* What is parked on ourselves, where that is subscribed to */
static int info_start(struct app *app)
{
	int err = 0;

	if (app->ways.told != PROFILE_TOLD_CALL_INFO)
		return 0;

	for (size_t i = 0; !err && i < phone_accountc(app->phone); i++) {

		const struct phone_account *acc;
		char uri[512];

		acc = phone_account(app->phone, (unsigned)i);
		err = phone_uri(uri, sizeof(uri), acc, acc->user);
		err = err ? err : blf_watch_info(app->blf, (unsigned)i, uri);
	}

	return err;
}


/* Told of a call parked on an account */
static void info_handler(unsigned account, const void *body, size_t len,
			 void *arg)
{
	struct app *app = arg;
	struct parkinfo pi;

	parkinfo_decode(&pi, body, len);

	park_told(app->park, account, &(struct park_info){
			  .who      = pi.who,
			  .number   = pi.number,
			  .by       = pi.by,
			  .place    = pi.place,
			  .retrieve = pi.retrieve,
			  .cleared  = pi.cleared,
		  });
}


static void lamps_say_handler(const char *text, void *arg)
{
	struct app *app = arg;

	bus_message(app->bus, MESSAGE_WARN, "%s", text);
}


/* A registrar that begins anew does not know us: it could not give us a call
   before the next REGISTER, which may be minutes away */
static void restart_handler(unsigned account, void *arg)
{
	struct app *app = arg;

	if (account < app->accountc)
		regc_retry(app->accountv[account].regc);
}


static int lists_start(struct app *app)
{
	const struct cfg *cfg = app->cfg;
	struct blf_list *listv;
	size_t n = 0;
	int err = 0;

	if (!cfg->listc)
		return 0;

	listv = mem_zalloc(cfg->listc * sizeof(*listv), NULL);
	if (!listv)
		return ENOMEM;

	for (size_t i = 0; !err && i < cfg->listc; i++) {

		const struct cfg_list *list = &cfg->listv[i];
		const struct phone_account *acc;
		char uri[512], *dup;

		acc = phone_account(app->phone, list->account);

		if (!acc || phone_uri(uri, sizeof(uri), acc, list->target)) {
			bus_message(app->bus, MESSAGE_ERROR, "list %s is"
				    " nothing to subscribe to",
				    list->target);
			continue;
		}

		/* by the account's transport, also if given as an address */
		err = re_sdprintf(&dup, "%s%s", uri,
				  strchr(uri, ';') ? "" : acc->params);
		if (err)
			break;

		listv[n++] = (struct blf_list){
			.account = list->account,
			.name    = list->label ? list->label : list->target,
			.target  = dup,
			.kind    = list->kind,
			.watch   = app->ways.watch,
			.rules   = lamp_rules_of(&app->ways),
		};
	}

	err = err ? err : blf_set_lists(app->blf, listv, n, grow_handler,
					lamps_say_handler);

	for (size_t i = 0; i < n; i++)
		mem_deref((void *)listv[i].target);
	mem_deref(listv);

	return err;
}


static int lamps_start(struct app *app)
{
	const struct cfg *cfg = app->cfg;
	struct blf_account accv[ACCOUNTS_MAX];
	struct blf_spec *specv = NULL;
	struct event ev = {.type = EVENT_LAMPS};
	struct blf_prm prm = {0};
	size_t i, n = 0, unwatched = 0;
	int err = 0;

	memset(accv, 0, sizeof(accv));
	for (i = 0; i < phone_accountc(app->phone); i++) {

		struct phone_account *acc;

		acc = phone_account(app->phone, (unsigned)i);
		accv[i] = (struct blf_account){
			.sip   = phone_sip(app->phone),
			.aor   = acc->aor,
			.dname = acc->dname,
			.cuser = acc->cuser,
			.route = acc->route,
			.authh = phone_auth,
			.arg   = acc,
			.unsolicited = cfg_get_bool(cfg,
						    "unsolicited_dialog"),
		};
	}

	if (cfg->lampc) {
		specv = mem_zalloc(cfg->lampc * sizeof(*specv), NULL);
		if (!specv)
			return ENOMEM;
	}

	for (i = 0; i < cfg->lampc; i++) {

		const struct cfg_lamp *lamp = &cfg->lampv[i];
		const struct phone_account *acc;
		char target[256], uri[512], *dup;
		const char *tmpl;

		tmpl = lamp->watch ? lamp->watch :
			lamp->kind == LAMP_SPOT ? app->ways.watch : "{ext}";
		acc = phone_account(app->phone, lamp->account);

		/* a family of which that is not known: said once */
		if (!tmpl && app->ways.told == PROFILE_TOLD_DIALOG) {
			if (!unwatched++)
				bus_message(app->bus, MESSAGE_WARN, "pbx %s:"
					    " what a spot's lamp subscribes to"
					    " is not known; `watch` in the"
					    " configuration says it",
					    app->ways.name);
			continue;
		}

		err = profile_expand(target, sizeof(target), tmpl,
				     lamp->spot);
		err = err ? err : phone_uri(uri, sizeof(uri), acc, target);
		if (err) {
			bus_message(app->bus, MESSAGE_ERROR, "lamp %s: '%s'"
				    " is nothing to subscribe to",
				    lamp->spot, tmpl ? tmpl : "");
			err = 0;
			continue;
		}

		err = str_dup(&dup, uri);
		if (err)
			goto out;

		specv[n++] = (struct blf_spec){
			.kind    = lamp->kind,
			.account = lamp->account,
			.spot    = lamp->spot,
			.label   = lamp->label,
			.target  = dup,
			.rules   = lamp_rules_of(&app->ways),
		};
	}

	ev.u.lamps = (unsigned)(told_lamps(app) + n);
	bus_emit(app->bus, &ev);

	prm.expires_s = cfg_get_u32(cfg, "expires");
	prm.recall_s = app->ways.recall_s;

	err = blf_alloc(&app->blf, app->clock, &prm, accv,
			phone_accountc(app->phone), specv, n, lamp_handler,
			app);
	err = err ? err : lists_start(app);
	err = err ? err : info_start(app);
	blf_set_info_handler(app->blf, info_handler);
	blf_set_restart_handler(app->blf, restart_handler);

 out:
	for (i = 0; i < n; i++)
		mem_deref((void *)specv[i].target);
	mem_deref(specv);

	return err;
}


/* What rings at a colleague's, if the server tells enough of it */
static int dialog_handler(struct park_dialog *dlg, unsigned account,
			  const char *spot, void *arg)
{
	const struct app *app = arg;
	struct blf_dialog d;
	int err = blf_dialog_of(app->blf, account, spot, &d);

	if (err)
		return err;

	str_ncpy(dlg->target, d.target, sizeof(dlg->target));
	str_ncpy(dlg->call_id, d.call_id, sizeof(dlg->call_id));
	str_ncpy(dlg->to_tag, d.to_tag, sizeof(dlg->to_tag));
	str_ncpy(dlg->from_tag, d.from_tag, sizeof(dlg->from_tag));

	return 0;
}


static int park_start(struct app *app)
{
	const struct cfg *cfg = app->cfg;
	struct park_spot *spotv = NULL;
	struct park_prm prm;
	char book[512];
	int err;

	(void)re_snprintf(book, sizeof(book), "%s/parked", cfg->dir);

	if (cfg->lampc) {
		spotv = mem_zalloc(cfg->lampc * sizeof(*spotv), NULL);
		if (!spotv)
			return ENOMEM;
	}

	for (size_t i = 0; i < cfg->lampc; i++) {
		spotv[i] = (struct park_spot){
			.kind     = cfg->lampv[i].kind,
			.account  = cfg->lampv[i].account,
			.spot     = cfg->lampv[i].spot,
			.park     = cfg->lampv[i].park,
			.retrieve = cfg->lampv[i].retrieve,
		};
	}

	prm = (struct park_prm){
		.clock      = app->clock,
		.bus        = app->bus,
		.phone      = app->phone,
		.desk       = &app->desk,
		.commands   = app->commands,
		.ways       = &app->ways,
		.blind      = !strcmp(cfg_get(cfg, "colleague"), "blind"),
		.announce_s = cfg_get_u32(cfg, "announce"),
		.dialogh    = dialog_handler,
		.arg        = app,
		.book_path  = book,
	};

	err = park_alloc(&app->park, &prm, spotv, cfg->lampc);
	app->call_cmd.park = app->park;
	mem_deref(spotv);

	return err;
}


/* --- start and end ---------------------------------------------------- */

static void site_emit(struct app *app)
{
	struct event ev = {.type = EVENT_SITE};

	ev.u.site.recall_s = app->ways.recall_s;
	bus_emit(app->bus, &ev);
}


static int up(struct app *app, char *err_text, size_t errsz)
{
	struct phone_prm prm = {
		.clock       = app->clock,
		.boot_clock  = clock_boot(),
		.bus         = app->bus,
		.cfg         = app->cfg,
		.uuid        = app->uuid,
		.software    = "parkdeck/" PARKDECK_VERSION,
		.backgroundh = sound_set_background,
		.neth        = net_handler,
		.arg         = app,
	};
	int err;

	ways_init(&app->ways, app->cfg);

	err = phone_alloc(&app->phone, &prm, err_text, errsz);
	if (err)
		return err;

	app->call_cmd.phone = app->phone;
	site_emit(app);

	(void)sound_init(app->bus, cfg_get(app->cfg, "audio_source"),
			 cfg_get(app->cfg, "audio_player"));

	err  = lamps_start(app);
	err |= park_start(app);
	err |= siphook_add(true, NOTIFY_PRIO, notify_hook, app);
	if (err) {
		(void)re_snprintf(err_text, errsz, "cannot start: %m", err);
		return err;
	}

	app_cmd_attach(app->commands, &app->call_cmd);

	for (size_t i = 0; i < phone_accountc(app->phone); i++) {

		err = reg_start(app, (unsigned)i);
		if (err) {
			(void)re_snprintf(err_text, errsz,
					  "cannot register %s: %m",
					  app->cfg->accountv[i].aor, err);
			return err;
		}
	}

	return 0;
}


/* All that up() makes, but the phone */
static void parts_free(struct app *app)
{
	tmr_cancel(&app->tmr_stop);
	app->stopping = 0;

	siphook_del(notify_hook, app);

	for (size_t i = 0; i < app->accountc; i++)
		app->accountv[i].regc = mem_deref(app->accountv[i].regc);
	app->accountc = 0;

	app->park = mem_deref(app->park);
	app->call_cmd.park = NULL;
	app->blf = mem_deref(app->blf);

	/* the devices may be others after a reload */
	sound_close();
}


static void phone_free(struct app *app)
{
	phone_close(app->phone);
	app->phone = mem_deref(app->phone);
	app->call_cmd.phone = NULL;
}


/* As up(), but nothing is left of what failed */
static int up_whole(struct app *app, char *err_text, size_t errsz)
{
	const int err = up(app, err_text, errsz);

	if (err) {
		parts_free(app);
		phone_free(app);
		desk_reset(&app->desk);
	}

	return err;
}


/* What only shows with the ports open must not leave a desk without phone */
static void restart(struct app *app)
{
	char err_text[REASON_SZ] = "", old_text[REASON_SZ] = "";
	struct cfg *old = app->cfg;

	app->cfg = app->next;
	app->next = NULL;
	desk_reset(&app->desk);

	if (!up_whole(app, err_text, sizeof(err_text))) {
		settings_apply(app, old);
		mem_deref(old);
		return;
	}

	applog(APPLOG_ERROR, "reload: %s", err_text);

	mem_deref(app->cfg);
	app->cfg = old;

	if (!up_whole(app, old_text, sizeof(old_text)))
		bus_message(app->bus, MESSAGE_ERROR, "the old configuration"
			    " is in use again, the new one cannot be: %s",
			    err_text);
	else
		bus_message(app->bus, MESSAGE_ERROR, "THE PHONE DOES NOT WORK:"
			    " %s; correct the configuration, then :reload",
			    old_text);
}


static void phone_down_handler(void *arg)
{
	struct app *app = arg;

	app->phone = mem_deref(app->phone);
	app->call_cmd.phone = NULL;
	app->down = false;

	if (app->after == AFTER_QUIT)
		re_cancel();
	else
		restart(app);
}


static void parts_stopped(struct app *app)
{
	parts_free(app);
	phone_stop(app->phone, phone_down_handler, app);
}


static void parts_timeout(void *arg)
{
	parts_stopped(arg);
}


static void part_stopped(void *arg)
{
	struct app *app = arg;

	/* from within the part that stops: it must not be freed yet */
	if (app->stopping && !--app->stopping)
		tmr_start(&app->tmr_stop, 0, parts_timeout, app);
}


/* Lamps and registrations say good-bye to the server, with a time limit */
static void down(struct app *app, enum after after)
{
	if (app->down) {
		app->after = after == AFTER_QUIT ? after : app->after;
		return;
	}

	app->down = true;
	app->after = after;

	if (!app->phone) {
		phone_down_handler(app);
		return;
	}

	/* one for ourselves, so that none ends before all were told */
	app->stopping = 1;
	tmr_start(&app->tmr_stop, REG_STOP_MS, parts_timeout, app);

	if (app->blf) {
		++app->stopping;
		blf_close(app->blf, part_stopped, app);
	}

	for (size_t i = 0; i < app->accountc; i++) {
		if (!app->accountv[i].regc)
			continue;
		++app->stopping;
		regc_stop(app->accountv[i].regc, part_stopped, app);
	}

	part_stopped(app);
}


static void quit_emit(struct app *app)
{
	const struct event ev = {.type = EVENT_QUIT};

	bus_emit(app->bus, &ev);
}


static void quit_now(struct app *app)
{
	tmr_cancel(&app->tmr_quit);
	quit_emit(app);
	down(app, AFTER_QUIT);
}


/* A park that nothing confirms yet: the caller would be lost with our leg.
   Its own state machine ends it within a time that it knows */
static void quit_handler(void *arg)
{
	struct app *app = arg;
	const struct park_failure *failure = park_failure(app->park);

	if (failure->count != app->quit_failc) {
		app->quitting = false;
		bus_message(app->bus, MESSAGE_ERROR, "not quitting: %s is with"
			    " you again, not parked: %s", failure->who,
			    failure->reason);
		return;
	}

	if (park_pending(app->park))
		tmr_start(&app->tmr_quit, PARK_POLL_MS, quit_handler, app);
	else
		quit_now(app);
}


static void quit(struct app *app)
{
	if (app->quitting) {
		/* asked for again: at once */
		if (!app->down)
			quit_now(app);
		return;
	}

	app->quitting = true;
	app->quit_failc = park_failure(app->park)->count;
	tmr_start(&app->tmr_quit, 0, quit_handler, app);

	if (park_pending(app->park))
		bus_message(app->bus, MESSAGE_WARN, "quitting when the PBX has"
			    " confirmed the park; quit again to end now and"
			    " lose the caller");
}


static void signal_handler(int sig)
{
	struct app *app = the_app;
	(void)sig;

	if (app)
		quit(app);
}


/* --- commands --------------------------------------------------------- */

static int quit_command(const struct command *cmd, struct re_printf *reply,
			void *arg)
{
	(void)cmd;
	(void)reply;

	quit(arg);

	return 0;
}


static int resubscribe_command(const struct command *cmd,
			       struct re_printf *reply, void *arg)
{
	struct app *app = arg;
	int err;

	if (app->down) {
		(void)re_hprintf(reply, "the phone is being stopped");
		return EBUSY;
	}

	/* the wish to try again is the same for a refused registration */
	if (!cmd->argc) {
		for (size_t i = 0; i < app->accountc; i++) {
			if (!app->desk.accountv[i].registered)
				regc_retry(app->accountv[i].regc);
		}
	}

	err = blf_resubscribe(app->blf, cmd->argc ? cmd->argv[0] : NULL);
	if (err)
		(void)re_hprintf(reply, "%s is no lamp of this panel",
				 cmd->argc ? cmd->argv[0] : "it");

	return err;
}


/* 0, or the sentence why not */
static int reload_check(const struct app *app, const struct cfg *cfg,
			struct re_printf *reply)
{
	if (cfg->errorc) {
		(void)re_hprintf(reply, "nothing was changed: %s:%u: %s%s",
				 cfg->errorv[0].file, cfg->errorv[0].line,
				 cfg->errorv[0].text, cfg->errorc > 1 ?
				 " (and more, see the log)" : "");
		for (size_t i = 0; i < cfg->errorc; i++)
			applog(APPLOG_ERROR, "%s:%u: %s", cfg->errorv[i].file,
			       cfg->errorv[i].line, cfg->errorv[i].text);
		return EINVAL;
	}

	if (!cfg->found || !cfg->accountc) {
		(void)re_hprintf(reply, "nothing was changed: there is no"
				 " account in %s", cfg->dir);
		return ENOENT;
	}

	if (app->desk.callc) {
		(void)re_hprintf(reply, BUSY_TEXT);
		return EBUSY;
	}

	return 0;
}


static void reload_pass_handler(const char *text, void *arg)
{
	struct app *app = arg;

	app->pass_cmd = mem_deref(app->pass_cmd);

	if (text || app->desk.callc) {
		app->next = mem_deref(app->next);
		bus_message(app->bus, MESSAGE_ERROR, "%s%s", text ?
			    "nothing was changed: " : BUSY_TEXT,
			    text ? text : "");
		return;
	}

	down(app, AFTER_RESTART);
}


static int reload_command(const struct command *cmd, struct re_printf *reply,
			  void *arg)
{
	struct app *app = arg;
	struct cfg *cfg = NULL;
	int err;
	(void)cmd;

	if (app->down || app->pass_cmd) {
		(void)re_hprintf(reply, "a reload is under way");
		return EALREADY;
	}

	err = app_cfg_load(&cfg, app->prm->dir,
			   app->prm->demo ? "/dev/null" : NULL);
	if (err) {
		(void)re_hprintf(reply, "cannot read the configuration: %m",
				 err);
		return err;
	}

	err = reload_check(app, cfg, reply);
	if (err)
		goto out;

	/* before anything ends */
	if (pass_cmd_wanted(cfg)) {
		err = pass_cmd_alloc(&app->pass_cmd, cfg, PASS_CMD_MS,
				     reload_pass_handler, app);
		if (err) {
			(void)re_hprintf(reply, "nothing was changed: %m",
					 err);
			goto out;
		}
	}

	mem_deref(app->next);
	app->next = mem_ref(cfg);
	if (!app->pass_cmd)
		down(app, AFTER_RESTART);

 out:
	mem_deref(cfg);

	return err;
}


static int skip_command(const struct command *cmd, struct re_printf *reply,
			void *arg)
{
	struct app *app = arg;
	(void)cmd;

	if (!app->prm->demo) {
		(void)re_hprintf(reply, "there are hints in the demo only");
		return ENOENT;
	}

	if (demo_hint_skip(&app->hint))
		hint_emit(app);

	return 0;
}


/* --- main ------------------------------------------------------------- */

static void attach(struct app *app)
{
	app->status = (struct status_prm){
		.desk = &app->desk,
		.clock = app->clock,
		.retrieveh = retrieve_way,
		.arg = app,
	};

	commands_attach(app->commands, COMMAND_STATUS, status_command,
			&app->status);
	commands_attach(app->commands, COMMAND_QUIT, quit_command, app);
	commands_attach(app->commands, COMMAND_RELOAD, reload_command, app);
	commands_attach(app->commands, COMMAND_RESUBSCRIBE,
			resubscribe_command, app);
	commands_attach(app->commands, COMMAND_SKIP, skip_command, app);
	app_demo_cmd_attach(app->commands, app->prm->demo);
}


static void log_place(char *path, size_t size, const struct cfg *cfg,
		      const char *dir)
{
	const char *file = cfg_get(cfg, "log_file");
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (str_isset(file)) {
		str_ncpy(path, file, size);
		return;
	}

	if (dir) {
		(void)re_snprintf(path, size, "%s/parkdeck.log", dir);
		return;
	}

	if (str_isset(state))
		(void)re_snprintf(path, size, "%s/parkdeck", state);
	else
		(void)re_snprintf(path, size, "%s/.local/state/parkdeck",
				  home ? home : "");

	/* each folder on the way */
	for (char *p = path + 1; ; p++) {
		const char c = *p;

		if (c && c != '/')
			continue;
		*p = '\0';
		(void)mkdir(path, 0700);
		*p = c;
		if (!c)
			break;
	}

	(void)re_snprintf(&path[strlen(path)], size - strlen(path),
			  "/log");
}


static enum applog_level log_level(const struct cfg *cfg)
{
	const char *s = cfg_get(cfg, "log_level");

	return !strcmp(s, "debug") ? APPLOG_DEBUG :
		!strcmp(s, "warn") ? APPLOG_WARN :
		!strcmp(s, "error") ? APPLOG_ERROR : APPLOG_INFO;
}


static enum deed deed_handler(const struct desk_lamp *lamp, char *to,
			      size_t sz, void *arg)
{
	const struct app *app = arg;

	return park_deed(app->park, lamp, to, sz);
}


static struct ui_prm ui_settings(const struct cfg *cfg, const char *keys)
{
	const char *colour = cfg_get(cfg, "colour");
	struct profile ways;

	ways_init(&ways, cfg);

	return (struct ui_prm){
		.ascii    = cfg_get_bool(cfg, "ascii"),
		.mono     = !strcmp(colour, "no"),
		.colour   = !strcmp(colour, "yes"),
		.no_mouse = !cfg_get_bool(cfg, "mouse"),
		.keys     = keys,
		.bell     = cfg_get_bool(cfg, "bell"),
		.park_asks = ways.personal,
		.park_one = ways.park && !ways.several && !ways.personal,
		.voicemail = str_isset(ways.voicemail),
		.reminder_s = cfg_get_u32(cfg, "reminder"),
		.reminder_all = !strcmp(cfg_get(cfg, "reminder_of"), "all"),
		.digits_phone = !strcmp(cfg_get(cfg, "digits"), "phone"),
	};
}


static void doubts_tell(const struct app *app)
{
	for (size_t i = 0; i < app->cfg->doubtc; i++) {

		const struct cfg_error *e = &app->cfg->doubtv[i];

		bus_message(app->bus, MESSAGE_WARN, "%s", e->text);
		applog(APPLOG_WARN, "%s:%u: %s", e->file, e->line, e->text);
	}
}


/* After a reload: what is not made anew with the phone */
static void settings_apply(struct app *app, const struct cfg *old)
{
	const bool log = strcmp(cfg_get(old, "log_file"),
				cfg_get(app->cfg, "log_file"));
	struct ui_prm prm;
	char *keys;

	applog_level(log_level(app->cfg));

	if (app->ui && !app_cfg_keys(&keys, app->cfg)) {
		prm = ui_settings(app->cfg, keys);
		ui_configure(app->ui, &prm);
		mem_deref(keys);
	}

	bus_message(app->bus, log ? MESSAGE_WARN : MESSAGE_INFO,
		    "the configuration was read anew%s", log ?
		    ", but log_file counts from the next start on" : "");
	doubts_tell(app);
}


/* Standard output and error as they were */
struct std {
	int out;
	int err;
	bool redirected;
};


/* Libraries print where they like (ALSA, JACK, libre): under a screen their
   words go to the log */
static void redirect(struct std *std, const char *log)
{
	int fd = open(log, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0600);

	if (fd < 0)
		fd = open("/dev/null", O_WRONLY);
	if (fd < 0)
		return;

	(void)dup2(fd, STDOUT_FILENO);
	(void)dup2(fd, STDERR_FILENO);
	(void)close(fd);
	std->redirected = true;
}


static void restore(struct std *std)
{
	if (std->redirected) {
		(void)fflush(stdout);
		(void)fflush(stderr);
		(void)dup2(std->out, STDOUT_FILENO);
		(void)dup2(std->err, STDERR_FILENO);
		std->redirected = false;
	}
}


static int screen_start(struct app *app, int out)
{
	struct ui_prm prm;
	char *keys;
	int err;

	err = app_cfg_keys(&keys, app->cfg);
	if (err)
		return err;

	prm = ui_settings(app->cfg, keys);
	prm.deedh = deed_handler;
	prm.deedarg = app;
	prm.clock    = app->clock;
	prm.desk     = &app->desk;
	prm.bus      = app->bus;
	prm.commands = app->commands;
	prm.title    = app->prm->demo ? "parkdeck demo" : "parkdeck";
	prm.out      = out;
	prm.banner   = app->prm->demo ? "demo, not connected to a telephone"
		" system" : NULL;

	err = ui_alloc(&app->ui, &prm);
	mem_deref(keys);

	return err;
}


/* Before the screen: a command may say on the terminal what is wrong */
static void start_pass_handler(const char *text, void *arg)
{
	struct app *app = arg;

	app->pass_cmd = mem_deref(app->pass_cmd);
	if (text) {
		str_ncpy(app->start_text, text, sizeof(app->start_text));
		app->start_err = EACCES;
	}

	re_cancel();
}


/* @return 0, or an errno; ECANCELED: it was quit meanwhile */
static int start_passwords(struct app *app)
{
	int err;

	if (!pass_cmd_wanted(app->cfg))
		return 0;

	err = pass_cmd_alloc(&app->pass_cmd, app->cfg, PASS_CMD_MS,
			     start_pass_handler, app);
	err = err ? err : re_main(signal_handler);
	if (err)
		return err;

	return app->pass_cmd ? ECANCELED : app->start_err;
}


/* A wave of thousands of subscriptions leaves libre's transactions behind for
   seconds. What they took the C library keeps, unless it is told */
static void trim_handler(void *arg)
{
	struct app *app = arg;

	if (mallinfo2().fordblks > TRIM_FROM)
		(void)malloc_trim(0);

	tmr_start(&app->tmr_trim, TRIM_MS, trim_handler, app);
}


int app_main(struct cfg *cfg, const struct app_prm *prm)
{
	char err_text[REASON_SZ * 2] = "", log[512];
	struct std std = {.redirected = false};
	struct app *app;
	int err;

	app = mem_zalloc(sizeof(*app), NULL);
	if (!app)
		return 1;

	app->prm = prm;
	app->cfg = cfg;
	app->clock = clock_system();
	desk_init(&app->desk);
	the_app = app;

	log_place(log, sizeof(log), cfg, prm->dir);
	err = applog_open(log, log_level(cfg));
	if (err) {
		(void)re_snprintf(err_text, sizeof(err_text), "cannot write"
				  " the log %s: %m; log_file names another",
				  log, err);
		goto out;
	}

	applog(APPLOG_INFO, "parkdeck " PARKDECK_VERSION " starts, %s",
	       cfg->dir);

	err  = bus_alloc(&app->bus);
	err |= commands_alloc(&app->commands);
	if (!err)
		err = bus_listen(app->bus, desk_handler, app);
	if (err)
		goto out;

	attach(app);

	/* one phone a folder: ask before anything is sent */
	err = ctl_alloc(&app->ctl, cfg->dir, app->commands, app->bus,
			app->clock, err_text, sizeof(err_text));
	if (err)
		goto out;

	err = uuid_load(app);
	if (err) {
		(void)re_snprintf(err_text, sizeof(err_text), "parkdeck is"
				  " already running for %s (with another"
				  " runtime folder)", cfg->dir);
		goto out;
	}

	err = start_passwords(app);
	if (err) {
		str_ncpy(err_text, app->start_text, sizeof(err_text));
		err = err == ECANCELED ? 0 : err;
		goto out;
	}

	if (!prm->headless) {
		std.out = dup(STDOUT_FILENO);
		std.err = dup(STDERR_FILENO);
		err = screen_start(app, std.out);
		if (err) {
			(void)re_snprintf(err_text, sizeof(err_text), "%s",
					  ui_strerror(err));
			goto out;
		}
		redirect(&std, log);
	}

	err = up(app, err_text, sizeof(err_text));
	if (err)
		goto out;

	tmr_start(&app->tmr_trim, TRIM_MS, trim_handler, app);

	doubts_tell(app);

	if (prm->demo) {
		demo_hint_init(&app->hint);
		hint_emit(app);
		err = prm->no_life ? 0 : demo_life(prm->demo, "101");
		if (err)
			goto out;
	}

	err = re_main(signal_handler);

 out:
	the_app = NULL;
	app->ui = mem_deref(app->ui);
	tmr_cancel(&app->tmr_stop);
	tmr_cancel(&app->tmr_quit);
	tmr_cancel(&app->tmr_trim);
	mem_deref(app->pass_cmd);
	parts_free(app);
	phone_free(app);
	app->ctl = mem_deref(app->ctl);
	mem_deref(app->commands);
	mem_deref(app->bus);
	desk_reset(&app->desk);
	if (app->lock_fd)
		(void)close(app->lock_fd);
	mem_deref(app->next);
	mem_deref(app->cfg);

	restore(&std);
	if (std.out) {
		(void)close(std.out);
		(void)close(std.err);
	}

	if (err) {
		if (!err_text[0])
			(void)re_snprintf(err_text, sizeof(err_text), "%m",
					  err);
		if (app->bus)        /* else there is no log to say it to */
			applog(APPLOG_ERROR, "%s", err_text);
		(void)fprintf(stderr, "parkdeck: %s\n", err_text);
	}

	if (app->bus)
		applog(APPLOG_INFO, "parkdeck ends");
	if (!prm->demo)              /* its PBX has a last word to say  */
		applog_close();
	mem_deref(app);

	return err ? 1 : 0;
}
