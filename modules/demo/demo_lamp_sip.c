/**
 * @file modules/demo/demo_lamp_sip.c  Built-in PBX: notifier of lamps
 */
#include <string.h>
#include "app/log.h"
#include "modules/demo/demo_int.h"


/** What a lamp shows, to see that it changed */
struct shown {
	enum demo_lamp lamp;
	unsigned id;             /**< Whose call                         */
};

struct demo_sub {
	struct le le;
	struct demo *d;
	struct demo_dlg *dlg;
	char number[DEMO_TEXT];  /**< Spot or extension                  */
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
}


/* ---- what there is to see ---- */

static struct shown look(const struct demo *d, const char *number,
			 struct demo_info *info)
{
	struct shown shown = {DEMO_LAMP_FREE, 0};
	const struct demo_row *r;
	size_t i;

	r = demo_books_at(&d->books, number);
	if (r) {
		shown.lamp = DEMO_LAMP_PARKED;
		shown.id = r->id;
		info->who = r->name;
		info->number = r->number;
		info->local_name = number;
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


static void sub_notify(struct demo_sub *sub, const char *state, bool last)
{
	struct demo *d = sub->d;
	struct demo_info info;
	char entity[DEMO_TEXT + 32], doc[DEMO_INFO_MAX];
	size_t n;
	int err;

	memset(&info, 0, sizeof(info));
	sub->shown = look(d, sub->number, &info);

	if (d->fault.version_back)
		sub->version = 0;
	else if (sub->told && !(last && d->m.same_version))
		++sub->version;

	(void)re_snprintf(entity, sizeof(entity), "%s@%J", sub->number,
			  sub->dlg->tp == SIP_TRANSP_TCP ? &d->tcp : &d->udp);

	info.entity = entity;
	info.id = sub->number;
	info.host = demo_host();
	info.version = sub->version;
	info.first = !sub->told;
	info.lamp = sub->shown.lamp;
	sub->told = true;

	n = demo_info_write(doc, sizeof(doc), &info, &d->m);

	sub->dlg->lseq += (uint32_t)d->fault.cseq_step;

	err = demo_request(d, NULL, "NOTIFY", sub->dlg, 0, "",
			   "application/dialog-info+xml", doc, n,
			   last ? NULL : notify_handler,
			   last ? NULL : mem_ref(sub),
			   "Event: dialog\r\n"
			   "Subscription-State: %s\r\n"
			   "Allow-Events: presence, dialog, "
			   "message-summary, refer\r\n", state);
	if (err) {
		applog(APPLOG_DEBUG, "demo: NOTIFY %s: %m\n", sub->number,
		       err);
		if (!last)
			mem_deref(sub);
	}
}


static void sub_active(struct demo_sub *sub)
{
	const uint64_t now = demo_now(sub->d);
	char state[64];

	if (sub->d->fault.no_notify)
		return;

	(void)re_snprintf(state, sizeof(state), "active;expires=%llu",
			  sub->due_ms > now ? (sub->due_ms - now) / 1000 : 0);
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

	while (le) {

		struct demo_sub *sub = le->data;
		struct demo_info info;
		struct shown now;

		le = le->next;
		memset(&info, 0, sizeof(info));
		now = look(d, sub->number, &info);

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
	spot = demo_is_spot(d, number);
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
			 "Expires: %u\r\n"
			 "Contact: <sip:%J%s>\r\n"
			 "Allow: %s\r\n"
			 "Supported: 100rel, timer, replaces, "
			 "norefersub\r\n",
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

	if (demo_auth(d, &ext, msg))
		return;

	hdr = sip_msg_hdr(msg, SIP_HDR_EVENT);
	if (!hdr || sipevent_event_decode(&ev, &hdr->val) ||
	    pl_strcmp(&ev.event, "dialog")) {
		code = 489;
		goto out;
	}

	if (!watched(d, number, sizeof(number), &msg->uri.user)) {
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
	str_ncpy(sub->number, number, sizeof(sub->number));

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
		struct demo_info info;

		memset(&info, 0, sizeof(info));
		sub->shown = look(d, number, &info);
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
