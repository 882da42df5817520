/**
 * @file modules/demo/demo_lamp_sip.c  Built-in PBX: notifier of lamps
 */
#include <string.h>
#include "app/log.h"
#include "modules/demo/demo_int.h"
#include "modules/demo/demo_rls_model.h"


/** What a lamp shows, to see that it changed */
struct shown {
	enum demo_lamp lamp;
	unsigned id;             /**< Whose call                         */
};

/** A resource of a list that is watched */
struct res {
	struct shown shown;
	uint32_t version;
	bool told;
};

struct demo_sub {
	struct le le;
	struct demo *d;
	struct demo_dlg *dlg;
	char number[DEMO_TEXT];  /**< Spot, extension or list            */
	struct res *resv;        /**< Of a list: each spot               */
	bool info;               /**< Who is parked on him, not dialogs  */
	bool mute;               /**< ... which he did not ask to be told */
	uint64_t due_ms;
	uint32_t version;
	bool told;               /**< First document was sent            */
	struct shown shown;
};


static void sub_destructor(void *data)
{
	struct demo_sub *sub = data;

	demo_job_cancel(sub->d, NULL, sub);
	list_unlink(&sub->le);
	mem_deref(sub->dlg);
	mem_deref(sub->resv);
}


/* ---- what there is to see ---- */

static struct shown look(const struct demo *d, const char *number,
			 struct demo_info *info)
{
	struct shown shown = {DEMO_LAMP_FREE, 0};
	const struct demo_row *r;
	size_t i;

	r = d->m.personal ? NULL : demo_books_at(&d->books, number);
	if (r) {
		shown.lamp = DEMO_LAMP_PARKED;
		shown.id = r->id;
		info->who = r->name;
		info->number = r->number;
		info->local_name = number;
		info->call = r->id;
		return shown;
	}

	for (i = 0; i < DEMO_ROWS && shown.lamp != DEMO_LAMP_CONFIRMED; i++) {

		const struct demo_row *other;

		r = &d->books.rowv[i];

		if (!r->id || r->place == DEMO_ENDED ||
		    r->place == DEMO_NOWHERE || r->kind == DEMO_CALLER ||
		    strcmp(r->number, number))
			continue;

		if (r->place != DEMO_RUNG) {
			shown.lamp = DEMO_LAMP_CONFIRMED;
			shown.id = 0;
			continue;
		}

		other = demo_books_get(&d->books, r->with);
		shown.lamp = DEMO_LAMP_EARLY;
		shown.id = r->id;
		info->who = other ? other->name : "";
		info->number = other ? other->number : "";
		info->local_name = r->name;
	}

	return shown;
}


/* ---- NOTIFY ---- */

static void sub_drop(struct demo_sub *sub)
{
	if (!sub->le.list)
		return;

	/* requests under way may keep it for a while */
	list_unlink(&sub->le);
	demo_job_cancel(sub->d, NULL, sub);
	mem_deref(sub);
}


static void notify_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct demo_sub *sub = arg;

	/* RFC 6665 4.2.2: no such dialog there, or nobody at all */
	if (err ? err == ETIMEDOUT : msg->scode == 481)
		sub_drop(sub);

	mem_deref(sub);  /* the request's own */
}


/** What a subscription shows */
static struct shown look_sub(const struct demo_sub *sub)
{
	const struct demo_row *r;
	struct demo_info info;

	memset(&info, 0, sizeof(info));
	if (!sub->info)
		return look(sub->d, sub->number, &info);

	r = demo_books_at(&sub->d->books, sub->number);

	return r ? (struct shown){DEMO_LAMP_PARKED, r->id}
		: (struct shown){DEMO_LAMP_FREE, 0};
}


/** Write a number's document */
static size_t document(const struct demo_sub *sub, const char *number,
		       struct shown *shown, uint32_t version, bool first,
		       char *buf, size_t sz)
{
	const struct demo *d = sub->d;
	char entity[DEMO_TEXT + 32];
	struct demo_info info;

	memset(&info, 0, sizeof(info));
	*shown = look(d, number, &info);

	(void)re_snprintf(entity, sizeof(entity), "%s%s@%J",
			  d->m.shape == DEMO_SHAPE_KAMAILIO &&
			  demo_is_spot(d, number) ? d->m.watch_prefix : "",
			  number, sub->dlg->tp == SIP_TRANSP_TCP ? &d->tcp
			  : &d->udp);

	info.entity = entity;
	info.id = number;
	info.host = demo_host();
	info.version = version;
	info.first = first;
	info.lamp = shown->lamp;

	return demo_info_write(buf, sz, &info, &d->m);
}


static void notify(struct demo_sub *sub, const char *state, bool last,
		   const char *ctype, const char *body, size_t n)
{
	struct demo *d = sub->d;
	int err;

	sub->dlg->lseq += (uint32_t)d->fault.cseq_step;

	err = demo_request(d, NULL, "NOTIFY", sub->dlg, 0, "", ctype, body, n,
			   last ? NULL : notify_handler,
			   last ? NULL : mem_ref(sub),
			   "Event: %s\r\n"
			   "Subscription-State: %s\r\n"
			   "%s"
			   "Allow-Events: presence, dialog, "
			   "message-summary, refer\r\n",
			   sub->info ? d->m.info_event : "dialog", state,
			   sub->resv ? "Require: eventlist\r\n" : "");
	if (err) {
		applog(APPLOG_DEBUG, "demo: NOTIFY %s: %m\n", sub->number,
		       err);
		if (!last)
			mem_deref(sub);
	}
}


static void sub_notify(struct demo_sub *sub, const char *state, bool last)
{
	struct demo *d = sub->d;
	char doc[DEMO_INFO_MAX];
	size_t n;

	if (sub->resv || sub->mute) {    /* the last one says no more */
		notify(sub, state, last, NULL, NULL, 0);
		return;
	}

	if (sub->info) {

		const struct demo_row *r = demo_books_at(&d->books,
							 sub->number);

		sub->shown = look_sub(sub);
		n = demo_info_park(doc, sizeof(doc), r ? r->name : NULL,
				   r ? r->number : NULL, demo_host());
		notify(sub, state, last, "application/"
		       "x-broadworks-callpark-info+xml", doc, n);
		return;
	}

	if (d->fault.version_back)
		sub->version = 0;
	else if (sub->told && !(last && d->m.same_version))
		++sub->version;

	n = document(sub, sub->number, &sub->shown, sub->version, !sub->told,
		     doc, sizeof(doc));
	sub->told = true;

	notify(sub, state, last, "application/dialog-info+xml", doc, n);
}


static void state_active(const struct demo_sub *sub, char *buf, size_t sz)
{
	const uint64_t now = demo_now(sub->d);

	(void)re_snprintf(buf, sz, "active;expires=%llu",
			  sub->due_ms > now ? (sub->due_ms - now) / 1000 : 0);
}


/* ---- lists (RFC 4662) ---- */

/**
 * One NOTIFY of a list
 *
 * @param full All resources are named
 * @param docv Which of them with their document: index by index
 */
static void list_notify(struct demo_sub *sub, bool full, const bool *docv)
{
	struct demo *d = sub->d;
	struct demo_rls_part *partv;
	char (*textv)[2][DEMO_INFO_MAX];
	char state[64], uri[DEMO_TEXT + 32], *body;
	struct demo_rls rls;
	size_t n = 0, len;
	unsigned i;

	partv = mem_zalloc(d->spotc * sizeof(*partv), NULL);
	textv = mem_zalloc(d->spotc * sizeof(*textv), NULL);
	body = mem_alloc(DEMO_RLS_MAX, NULL);
	if (!partv || !textv || !body)
		goto out;

	for (i = 0; i < d->spotc; i++) {

		char *addr = textv[n][0], *doc = textv[n][1];
		struct res *res = &sub->resv[i];

		if (!docv[i] && !full)
			continue;

		(void)re_snprintf(addr, DEMO_INFO_MAX, "%s@%s", d->spotv[i],
				  demo_host());

		partv[n].uri = addr;
		partv[n].name = d->spotv[i];

		if (docv[i]) {
			(void)document(sub, d->spotv[i], &res->shown,
				       res->version++, !res->told, doc,
				       DEMO_INFO_MAX);
			res->told = true;
			partv[n].doc = doc;
		}
		++n;
	}

	(void)re_snprintf(uri, sizeof(uri), "%s@%s", sub->number,
			  demo_host());

	rls = (struct demo_rls){
		.uri = uri, .host = demo_host(), .version = sub->version++,
		.full = full, .partv = partv, .partc = n,
	};

	len = demo_rls_write(body, DEMO_RLS_MAX, &rls);
	state_active(sub, state, sizeof(state));

	if (len)
		notify(sub, state, false, "multipart/related;type="
		       "\"application/rlmi+xml\";boundary="
		       DEMO_RLS_BOUNDARY, body, len);

 out:
	mem_deref(partv);
	mem_deref(textv);
	mem_deref(body);
}


/** As many NOTIFYs as it takes; the first one names all, if wished */
static void list_tell(struct demo_sub *sub, bool full)
{
	const struct demo *d = sub->d;
	const unsigned step = d->m.list_step ? d->m.list_step : d->spotc;
	bool docv[DEMO_SPOTS_MAX];
	unsigned i = 0;

	do {
		unsigned n = 0;

		memset(docv, 0, sizeof(docv));

		for (; i < d->spotc && n < step; i++) {

			struct demo_info info;
			struct shown now;

			memset(&info, 0, sizeof(info));
			now = look(d, d->spotv[i], &info);

			docv[i] = !sub->resv[i].told ||
				now.lamp != sub->resv[i].shown.lamp ||
				now.id != sub->resv[i].shown.id;
			n += docv[i];
		}

		if (n || full)
			list_notify(sub, full, docv);
		full = false;

	} while (i < d->spotc);
}


static void sub_active(struct demo_sub *sub)
{
	char state[64];
	unsigned i;

	if (sub->d->fault.no_notify)
		return;

	if (sub->resv) {
		for (i = 0; i < sub->d->spotc; i++)
			sub->resv[i].told = false;
		list_tell(sub, true);
		return;
	}

	state_active(sub, state, sizeof(state));
	sub_notify(sub, state, false);
}


static void sub_end(struct demo_sub *sub, const char *reason)
{
	char state[64];

	(void)re_snprintf(state, sizeof(state), "terminated%s%s",
			  reason ? ";reason=" : "", reason ? reason : "");

	if (!sub->d->fault.no_notify)
		sub_notify(sub, state, true);

	sub_drop(sub);
}


static void expire_handler(void *arg)
{
	sub_end(arg, "timeout");
}


static void late_handler(void *arg)
{
	sub_active(arg);
}


/** Tell every subscriber of what changed */
void demo_lamps(struct demo *d)
{
	struct le *le = d->subl.head;

	demo_told(d);

	while (le) {

		struct demo_sub *sub = le->data;
		struct shown now;

		le = le->next;

		if (sub->resv) {
			if (!d->fault.no_notify)
				list_tell(sub, false);
			continue;
		}

		now = look_sub(sub);

		if (now.lamp == sub->shown.lamp && now.id == sub->shown.id)
			continue;

		if (d->fault.notify_delay_ms) {
			sub->shown = now;
			(void)demo_job(d, d->fault.notify_delay_ms,
				       late_handler, sub);
		}
		else {
			sub_active(sub);
		}
	}
}


/** Tell all of them, changed or not: after a restart */
void demo_lamps_again(struct demo *d)
{
	struct le *le = d->subl.head;

	while (le) {

		struct demo_sub *sub = le->data;

		le = le->next;
		sub_active(sub);
	}
}


/** Forget them all; nobody is told */
void demo_lamps_forget(struct demo *d)
{
	while (d->subl.head)
		sub_drop(d->subl.head->data);
}


unsigned demo_subscriptions(const struct demo *d, const char *number)
{
	unsigned n = 0;
	struct le *le;

	for (le = d ? d->subl.head : NULL; le; le = le->next) {

		const struct demo_sub *sub = le->data;

		if (!number || !strcmp(number, sub->number))
			++n;
	}

	return n;
}


/* ---- SUBSCRIBE ---- */

static int arm(struct demo_sub *sub, uint32_t expires_s)
{
	sub->due_ms = demo_now(sub->d) + 1000ull * expires_s;
	demo_job_cancel(sub->d, expire_handler, sub);

	/* the longest that fits; nobody waits for it */
	return demo_job(sub->d, 1000 * MIN(expires_s, 4000000u),
			expire_handler, sub);
}


/** Cut the prefix and see whether there is something to watch */
static bool watched(const struct demo *d, char *number, size_t sz,
		    const struct pl *user)
{
	const char *prefix = d->m.watch_prefix;
	struct pl pl = *user;
	bool spot;

	if (prefix && pl.l > strlen(prefix) &&
	    !strncmp(pl.p, prefix, strlen(prefix)))
		pl_advance(&pl, (ssize_t)strlen(prefix));

	if (pl.l >= sz || pl_strcpy(&pl, number, sz))
		return false;

	/* a spot is known only behind its prefix, an extension only
	   without */
	spot = !d->m.personal && demo_is_spot(d, number);
	if (spot)
		return !prefix || pl.p != user->p;

	return pl.p == user->p && demo_ext_find(d, number);
}


static void accepted(struct demo_sub *sub, const struct sip_msg *msg,
		     uint32_t expires_s)
{
	struct demo *d = sub->d;

	(void)demo_reply(d, NULL, NULL, msg, sub->dlg->ltag, d->m.sub_code,
			 NULL, NULL, NULL, 0,
			 "%s"
			 "Expires: %u\r\n"
			 "Contact: <sip:%J%s>\r\n"
			 "Allow: %s\r\n"
			 "Supported: 100rel, timer, replaces, "
			 "norefersub\r\n",
			 sub->resv ? "Require: eventlist\r\n" : "",
			 expires_s, msg->tp == SIP_TRANSP_TCP ? &d->tcp
			 : &d->udp, sip_transp_param(msg->tp), demo_allow);
}


static uint16_t expires_check(const struct demo *d, uint32_t *sp,
			      const struct sip_msg *msg)
{
	uint32_t s = msg->expires.p ? pl_u32(&msg->expires) : 3600;

	if (s && s < d->m.sub_min_s)
		return 423;

	*sp = MIN(s, d->m.sub_max_s);
	return 0;
}


static void refused(struct demo *d, const struct sip_msg *msg, uint16_t code)
{
	if (code == 423 && d->m.min_expires)
		(void)demo_reply(d, NULL, NULL, msg, NULL, code, NULL, NULL,
				 NULL, 0, "Min-Expires: %u\r\n",
				 d->m.sub_min_s);
	else if (code == 421)
		(void)demo_reply(d, NULL, NULL, msg, NULL, code, NULL, NULL,
				 NULL, 0, "Require: eventlist\r\n");
	else if (code == 489)
		(void)demo_reply(d, NULL, NULL, msg, NULL, code, NULL, NULL,
				 NULL, 0, "Allow-Events: dialog\r\n");
	else
		(void)demo_reply(d, NULL, NULL, msg, NULL, code,
				 code == d->m.nohint_code
				 ? d->m.nohint_reason : NULL, NULL, NULL, 0,
				 NULL);
}


static void refresh(struct demo_sub *sub, const struct sip_msg *msg)
{
	struct demo *d = sub->d;
	uint32_t expires_s = 0;
	uint16_t code;

	/* RFC 3261 12.2.2 */
	if (msg->cseq.num <= sub->dlg->rseq) {
		refused(d, msg, 500);
		return;
	}

	sub->dlg->rseq = msg->cseq.num;

	code = expires_check(d, &expires_s, msg);
	if (code) {
		refused(d, msg, code);
		return;
	}

	(void)demo_dlg_learn(sub->dlg, msg);
	accepted(sub, msg, expires_s);

	if (!expires_s) {
		sub_end(sub, d->m.unsub_reason);
		return;
	}

	(void)arm(sub, expires_s);
	sub_active(sub);
}


static void subscribed(struct demo *d, const struct sip_msg *msg)
{
	struct sipevent_event ev;
	const struct sip_hdr *hdr;
	struct demo_sub *sub = NULL;
	struct demo_ext *ext;
	char number[DEMO_TEXT];
	uint32_t expires_s = 0;
	uint16_t code;
	bool list, info;

	if (demo_auth(d, &ext, msg))
		return;

	hdr = sip_msg_hdr(msg, SIP_HDR_EVENT);
	if (!hdr || sipevent_event_decode(&ev, &hdr->val)) {
		code = 489;
		goto out;
	}

	/* of oneself only */
	info = d->m.info_event && !pl_strcmp(&ev.event, d->m.info_event) &&
		!pl_strcmp(&msg->uri.user, ext->number);
	if (!info && pl_strcmp(&ev.event, "dialog")) {
		code = 489;
		goto out;
	}

	list = d->m.list && !pl_strcmp(&msg->uri.user, d->m.list);
	if (list && !sip_msg_hdr_has_value(msg, SIP_HDR_SUPPORTED,
					   "eventlist")) {
		code = 421;
		goto out;
	}

	if (list)
		str_ncpy(number, d->m.list, sizeof(number));
	else if (!watched(d, number, sizeof(number), &msg->uri.user)) {
		code = d->m.nohint_code;
		goto out;
	}

	code = expires_check(d, &expires_s, msg);
	if (code)
		goto out;

	if (!expires_s && d->m.fetch_code != 200) {
		code = d->m.fetch_code;
		goto out;
	}

	if (list_count(&d->subl) >= DEMO_SUBS_MAX) {
		code = 503;
		goto out;
	}

	sub = mem_zalloc(sizeof(*sub), sub_destructor);
	if (!sub) {
		code = 500;
		goto out;
	}

	sub->d = d;
	sub->info = info;
	sub->mute = info && !sip_msg_hdr_has_value(msg, SIP_HDR_ACCEPT,
		"application/x-broadworks-callpark-info+xml");
	str_ncpy(sub->number, number, sizeof(sub->number));

	if (list) {
		sub->resv = mem_zalloc(d->spotc * sizeof(*sub->resv), NULL);
		if (!sub->resv) {
			code = 500;
			goto out;
		}
	}

	if (demo_dlg_uas(&sub->dlg, msg)) {
		code = 400;
		goto out;
	}

	list_append(&d->subl, &sub->le, sub);
	accepted(sub, msg, expires_s);

	if (!expires_s) {
		sub_end(sub, d->m.unsub_reason);
		return;
	}

	(void)arm(sub, expires_s);

	if (!d->fault.no_first_notify) {
		sub_active(sub);
	}
	else {
		sub->shown = look_sub(sub);
	}

	return;

 out:
	mem_deref(sub);
	refused(d, msg, code);
}


/** @return False if it belongs to a subscription that there is not */
bool demo_subscribe(struct demo *d, const struct sip_msg *msg)
{
	struct le *le;

	if (demo_refuses(d, DEMO_SUBSCRIBE, msg))
		return true;

	if (!pl_isset(&msg->to.tag)) {
		subscribed(d, msg);
		return true;
	}

	for (le = d->subl.head; le; le = le->next) {

		struct demo_sub *sub = le->data;

		if (!demo_dlg_match(sub->dlg, msg))
			continue;

		if (d->fault.forget_subs) {
			sub_drop(sub);
			return false;
		}

		refresh(sub, msg);
		return true;
	}

	return false;
}
