/**
 * @file modules/blf/blf_list.c  Lists of the panel: lamps that grow
 *
 * A list is a subscription like that of a lamp; what its NOTIFYs hold is
 * taken apart by list_model. Lists are younger than lamps, and each server
 * has its own way of failing at them: each is found out, said once, and the
 * lamps subscribe one by one.
 */
#include <string.h>
#include <re.h>
#include "app/log.h"
#include "modules/blf/blf.h"
#include "modules/blf/blf_int.h"
#include "modules/blf/list_model.h"


enum {
	LAMPS_LIMIT = 20000,
	STRIKES = 2,           /* cut, refused by us or flow lost        */
	WHOLE_MS = BLF_N_MS,   /* time for the whole list to be told     */
};

/** What a list is beyond its subscription */
struct blf_roster {
	struct rls *rls;
	char *name;
	char *watch;
	const struct lamp_rules *rules;
	enum lamp_kind kind;
	uint64_t part_ms;      /* told in part only since; 0: not        */
	uint64_t shown;        /* what its lamps were told of it         */
	uint8_t cutc;          /* messages cut, in a row                 */
	uint8_t badc;          /* bodies not understood, in a row        */
	uint8_t flowc;         /* connections lost while it was awaited  */
	bool answered;         /* told, or refused: nobody waits for it  */
	bool freed;            /* a lamp of it has to see for itself     */
	bool dead;             /* given up                               */
	bool said;
};

/** A NOTIFY in hand */
struct notice {
	struct watch *list;
	uint64_t now_ms;
	bool ask;
};


static void roster_destructor(void *arg)
{
	struct blf_roster *ro = arg;

	rls_free(ro->rls);
	mem_deref(ro->name);
	mem_deref(ro->watch);
}


/* ------------------------------------------------------------------------ */
/* Its lamps                                                                 */

static struct watch *member(const struct watch *list, size_t i)
{
	struct watch *w = rls_user(list->roster->rls, i, NULL);

	return w && w->feeder == list ? w : NULL;
}


#define FOR_MEMBERS(w, list)						\
	for (size_t i_=0; i_<rls_count((list)->roster->rls); i_++)	\
		if (((w) = member((list), i_)))


/* Nobody waits for it any more, this way or that */
static void answered(struct watch *list, uint64_t now_ms)
{
	list->roster->answered = true;
	list->roster->freed    = false;

	if (!blf_list_awaited(list->blf, list->acct))
		blf_acct_release(list->blf, list->acct, now_ms);
}


/* The lamp is told by the list from now on */
static void adopt(struct watch *list, struct watch *w, uint64_t now_ms)
{
	const bool quiet = w->quiet;

	w->feeder = list;
	w->listed = false;
	w->many   = false;

	w->quiet = true;
	blf_leg_quit(&w->root, now_ms);
	w->quiet = quiet;

	w->why = WHY_NONE;
	blf_watch_unfeed(w);
	(void)lamp_reset(&w->lamp, "");
}


static void disown(struct watch *w)
{
	w->feeder  = NULL;
	w->listed  = false;
	w->pending = false;
	(void)lamp_reset(&w->lamp, "");
}


/* ------------------------------------------------------------------------ */
/* Failures                                                                  */

static void say(struct watch *list, const char *why)
{
	struct blf_roster *ro = list->roster;
	char text[REASON_SZ];

	(void)re_snprintf(text, sizeof(text), "list %s: %s; its lamps are"
			  " watched one by one", ro->name, why);
	applog(APPLOG_WARN, "blf: %s", text);

	if (!ro->said && list->blf->sayh) {
		ro->said = true;
		++list->blf->depth;
		list->blf->sayh(text, list->blf->arg);
		--list->blf->depth;
	}
}


/* Single subscriptions take its place. `dead`: it is too large or broken,
   and asking again would do harm; else it is asked again, slowly */
static void fall(struct watch *list, const char *why, bool dead,
		 uint64_t now_ms)
{
	struct watch *w;

	if (list->blf->closing)
		return;

	say(list, why);

	if (dead) {
		list->roster->dead = true;
		blf_leg_quit(&list->root, now_ms);
	}

	FOR_MEMBERS(w, list)
		disown(w);

	answered(list, now_ms);
	blf_acct_release(list->blf, list->acct, now_ms);
}


void blf_list_refused(struct watch *w, uint16_t scode, uint64_t now_ms)
{
	char why[80];

	/* of the account, not of the list */
	if (scode == 401 || scode == 407)
		return;

	if (scode)
		(void)re_snprintf(why, sizeof(why), "the server refuses it"
				  " with %u", scode);
	else
		str_ncpy(why, "the server has ended it", sizeof(why));

	fall(w, why, false, now_ms);
}


void blf_list_due(struct watch *w, enum blf_state was, uint64_t now_ms)
{
	const bool waited = was == BLF_WAIT || was == BLF_REFRESH;

	/* Asterisk says 200 and sends no NOTIFY if it is too large for a
	   datagram. One that was told before may have lost just this one */
	if (waited && w->why == WHY_STATELESS &&
	    (was == BLF_WAIT || !rls_is_complete(w->roster->rls)))
		fall(w, "the server accepts it, but tells nothing", true,
		     now_ms);
}


void blf_list_flow(struct watch *w, uint64_t now_ms)
{
	const struct leg *leg = &w->root;

	if (w->roster->dead || !leg->dlg.accepted ||
	    (leg->sub.state != BLF_WAIT && leg->sub.state != BLF_REFRESH))
		return;

	/* libre closes a connection at a message above 64 kB, and the
	   registration goes with it */
	if (++w->roster->flowc >= STRIKES)
		fall(w, "the connection breaks when it is told", true,
		     now_ms);
}


bool blf_list_wanted(const struct watch *w)
{
	return !w->roster || !w->roster->dead;
}


void blf_list_revive(struct watch *w)
{
	struct blf_roster *ro = w->roster;

	if (!ro)
		return;

	ro->dead    = false;
	ro->part_ms = 0;
	ro->cutc    = 0;
	ro->badc    = 0;
	ro->flowc   = 0;
}


bool blf_list_awaited(const struct blf *blf, const struct acct *acct)
{
	for (size_t i=0; i<blf->listc; i++) {

		const struct watch *w = blf->listv[i];

		if (w->acct == acct && !w->roster->dead &&
		    !w->roster->answered)
			return true;
	}

	return false;
}


bool blf_list_is(const struct watch *w, const char *name)
{
	return w->roster && !str_cmp(w->roster->name, name);
}


/* ------------------------------------------------------------------------ */
/* Life with its subscription                                                */

void blf_list_reset(struct watch *list)
{
	struct watch *w;

	if (!list->roster)
		return;

	rls_reset(list->roster->rls);
	list->roster->part_ms = 0;

	FOR_MEMBERS(w, list) {
		w->listed = false;
		(void)lamp_reset(&w->lamp, "");
	}
}


void blf_list_lost(struct watch *list)
{
	struct watch *w;

	if (!list->roster)
		return;

	FOR_MEMBERS(w, list)
		(void)lamp_lost(&w->lamp, "");
}


void blf_list_overdue(struct watch *list, uint64_t now_ms)
{
	struct watch *w;

	FOR_MEMBERS(w, list) {
		if (w->taken_ms) {
			blf_watch_overdue(w, now_ms);
			blf_watch_tell(w);
		}
	}
}


void blf_list_tell(struct watch *list)
{
	struct blf_roster *ro = list->roster;
	char reason[REASON_SZ] = "";
	uint64_t state;
	struct watch *w;

	if (!list->root.sub.fresh)
		blf_watch_reason(reason, sizeof(reason), list);

	state = 2ull * hash_joaat_str(reason) + list->root.sub.fresh + 1;
	if (state == ro->shown)
		return;

	ro->shown = state;

	FOR_MEMBERS(w, list)
		blf_watch_tell(w);
}


/* ------------------------------------------------------------------------ */
/* Resources                                                                 */

/* "park+{spot}" and "park+701" give "701". What stands after '@' does not
   count. @return False: it is not of that form */
static bool number_of(struct pl *number, const struct pl *user,
		      const char *tmpl)
{
	static const char *const markv[] = {"{spot}", "{ext}"};
	size_t head, tail, n;
	const char *mark = NULL;

	if (!tmpl)
		return false;

	if (!strncmp(tmpl, "sip:", 4))
		tmpl += 4;

	for (size_t i=0; !mark && i<ARRAY_SIZE(markv); i++) {
		mark = strstr(tmpl, markv[i]);
		n = strlen(markv[i]);
	}
	if (!mark)
		return false;

	head = (size_t)(mark - tmpl);
	tail = strcspn(mark + n, "@;");

	if (user->l <= head + tail || memcmp(user->p, tmpl, head) ||
	    memcmp(user->p + user->l - tail, mark + n, tail))
		return false;

	number->p = user->p + head;
	number->l = user->l - head - tail;

	return true;
}


/* The server's own URI of a resource seldom says how to get there */
static int single_target(char *buf, size_t sz, const struct watch *list,
			 const struct uri *uri, const char *text)
{
	struct uri own;
	struct pl pl;

	pl_set_str(&pl, list->target);

	if (pl_isset(&uri->params) || uri_decode(&own, &pl))
		return re_snprintf(buf, sz, "%s", text) < 0 ? ENOMEM : 0;

	return re_snprintf(buf, sz, "%s%r", text, &own.params) < 0 ? ENOMEM
		: 0;
}


/* No lamp has that number: one more, at the grid's end */
static struct watch *sprout(struct watch *list, const struct uri *uri,
			    const char *text, const struct pl *number,
			    const char *name)
{
	struct blf *blf = list->blf;
	char spot[3 * TEXT_SZ], target[512];
	struct blf_spec spec = {
		.kind    = list->roster->kind,
		.account = list->acct->idx,
		.spot    = spot,
		.target  = target,
		.rules   = list->roster->rules,
	};
	struct watch *w;

	if (blf->watchc >= LAMPS_LIMIT)
		return NULL;

	if (re_snprintf(spot, sizeof(spot), "%H", uri_user_unescape,
			number) < 0 || strlen(spot) >= TEXT_SZ ||
	    single_target(target, sizeof(target), list, uri, text))
		return NULL;

	/* such a name says nothing that the number does not */
	if (strcmp(name, spot))
		spec.label = name;

	if (blf_watch_alloc(&w, blf, &spec, NULL))
		return NULL;

	w->grown = true;
	w->quiet = true;

	if (blf_watch_append(blf, w))
		w = mem_deref(w);

	return w;
}


/* A resource's lamp; NULL: it can have none */
static struct watch *resource(struct watch *list, const char *text,
			      const char *name)
{
	struct pl pl, number;
	struct watch *w;
	struct uri uri;

	pl_set_str(&pl, text);

	/* it will be a Request-URI */
	if (uri_decode(&uri, &pl) || !pl_isset(&uri.user) ||
	    strpbrk(text, " <>\"\\") || (pl_strcasecmp(&uri.scheme, "sip") &&
					 pl_strcasecmp(&uri.scheme, "sips")))
		return NULL;

	if (!number_of(&number, &uri.user, list->roster->watch))
		number = uri.user;

	w = blf_watch_find(list->blf, list->acct, &uri.user, &number);

	return w ? w : sprout(list, &uri, text, &number, name);
}


static const char *ended_text(const char *word)
{
	static const char *const textv[][2] = {
		{"deactivated", "the list has ended it: deactivated"},
		{"probation",   "the list has ended it: probation"},
		{"rejected",    "the list may not watch it"},
		{"timeout",     "the list has ended it: timeout"},
		{"giveup",      "the list has given it up"},
		{"noresource",  "the list knows of no such number"},
		{"invariant",   "the list has ended it: invariant"},
	};

	for (size_t i=0; i<ARRAY_SIZE(textv); i++) {
		if (!strcmp(textv[i][0], word))
			return textv[i][1];
	}

	return "the list has ended it";
}


static void document(struct notice *notice, struct watch *w,
		     const struct rls_item *item)
{
	struct blf *blf = w->blf;
	unsigned out;
	int err;

	if (!item->body)
		return;

	/* another number of instances: their tables mean something else */
	if (w->many != (item->instancec > 1)) {
		w->many = item->instancec > 1;
		(void)lamp_reset(&w->lamp, "");
	}

	err = dialoginfo_decode(blf->di, blf->dec, item->body, item->len);
	blf_watch_useless(w, err ? blf->di->reason : NULL);

	out = lamp_step(&w->lamp, item->tag, blf->di, notice->now_ms);
	if (!err)
		w->taken_ms = 0;

	if (out & (LAMP_OUT_REFRESH_WANTED | LAMP_OUT_NOT_UNDERSTOOD))
		notice->ask = true;
}


/* Of a resource that can have no lamp */
static struct watch nobody;


static void item_handler(const struct rls_item *item, void *arg)
{
	struct notice *notice = arg;
	struct watch *list = notice->list, *w = *item->userp;
	const bool ended = item->state == RLS_TERMINATED;

	if (w == &nobody)
		return;

	if (!w) {
		if (item->state == RLS_GONE)
			return;
		w = *item->userp = resource(list, item->uri, item->name);
		if (!w) {
			applog(APPLOG_INFO, "blf: list %s: nothing can be"
			       " shown of %s", list->roster->name, item->uri);
			*item->userp = &nobody;
			return;
		}
	}

	if (!w->feeder && item->state != RLS_GONE)
		adopt(list, w, notice->now_ms);

	/* another list tells it already */
	if (w->feeder != list)
		return;

	w->listed |= item->state != RLS_DOUBT;
	w->pending = item->state == RLS_PENDING;

	switch (item->state) {

	case RLS_DOUBT:
		(void)lamp_doubt(&w->lamp, item->instancec ? item->tag
				 : NULL, item->reason);
		break;

	case RLS_ACTIVE:
	case RLS_PENDING:
		document(notice, w, item);
		break;

	case RLS_GONE:
		/* what the user has configured is watched all the same */
		if (!w->grown) {
			disown(w);
			list->roster->freed = true;
		}
		else
			(void)lamp_reset(&w->lamp,
					 "not in the list any more");
		break;

	default:
		if (item->instancec > 1)
			(void)lamp_forget(&w->lamp, item->tag,
					  ended_text(item->reason),
					  notice->now_ms);
		else
			(void)lamp_reset(&w->lamp, ended
					 ? ended_text(item->reason)
					 : "the list tells no state of it");
		break;
	}

	blf_watch_recall(w, &list->root, notice->now_ms);

	/* of a list that comes back to life all are told, after it */
	if (list->root.sub.fresh)
		blf_watch_tell(w);
}


static int decode_handler(struct rlmi *rl, const void *body, size_t len,
			  void *arg)
{
	const struct notice *notice = arg;

	return rlmi_decode(rl, notice->list->blf->rlmi, body, len);
}


static struct multipart_span span(const char *p, size_t len)
{
	return (struct multipart_span){p, len};
}


static struct multipart_span body_type(const struct blf_notify *n)
{
	const char *type = n->kind == BLF_BODY_MULTIPART
		? "multipart/related" : n->kind == BLF_BODY_RLMI
		? "application/rlmi+xml" : "application/dialog-info+xml";

	return span(type, strlen(type));
}


/* The owner learns of new lamps before they speak */
static void grown(struct blf *blf, size_t before)
{
	if (blf->watchc == before)
		return;

	if (blf->growh) {
		++blf->depth;
		blf->growh(blf->watchc, blf->arg);
		--blf->depth;
	}

	for (size_t i=before; i<blf->watchc; i++) {
		blf->watchv[i]->quiet = false;
		blf_watch_tell(blf->watchv[i]);
	}
}


bool blf_list_document(struct watch *list, const struct blf_notify *n,
		       uint64_t now_ms)
{
	struct notice notice = {list, now_ms, false};
	const struct rls_io io = {decode_handler, item_handler, &notice};
	struct blf_roster *ro = list->roster;
	struct blf *blf = list->blf;
	const size_t before = blf->watchc;
	const char *reason;
	unsigned out;

	if (blf->closing)
		return false;

	if (n->cut || n->bad) {
		uint8_t *countp = n->bad ? &ro->badc : &ro->cutc;

		if (*countp < STRIKES)
			++*countp;
		reason = n->bad ? n->bad : BLF_CUT;
		blf_watch_useless(list, reason);
		rls_doubt(ro->rls, &io, reason);
		return true;
	}

	out = rls_step(ro->rls, blf->work, &io, body_type(n),
		       span(n->params.p, n->params.l), n->body, n->len,
		       &reason);

	blf_watch_useless(list, *reason ? reason : NULL);

	ro->cutc = 0;
	if (!(out & RLS_OUT_UNREADABLE))
		ro->badc = 0;
	else if (ro->badc < STRIKES)
		++ro->badc;

	grown(blf, before);

	return notice.ask ||
		(out & (RLS_OUT_REFRESH_WANTED | RLS_OUT_NOT_UNDERSTOOD));
}


void blf_list_notified(struct watch *list, uint64_t now_ms)
{
	struct blf_roster *ro = list->roster;

	/* it was ended, or is not begun: that is another matter */
	if (list->blf->closing || ro->dead || list->pending ||
	    !list->root.sub.fresh)
		return;

	if (ro->cutc >= STRIKES) {
		fall(list, "the network cuts its messages", true, now_ms);
		return;
	}

	if (ro->badc >= STRIKES) {
		fall(list, "what the server tells is no list", true, now_ms);
		return;
	}

	if (rls_is_complete(ro->rls)) {
		ro->part_ms = 0;
		ro->flowc   = 0;
		if (!ro->answered || ro->freed)
			answered(list, now_ms);
		return;
	}

	if (!ro->part_ms)
		ro->part_ms = now_ms ? now_ms : 1;
	else if (now_ms - ro->part_ms >= WHOLE_MS)
		fall(list, "the server never tells the whole of it", true,
		     now_ms);
}


bool blf_list_known(struct watch *list, const struct blf_notify *n)
{
	struct notice notice = {list, 0, false};
	const struct rls_io io = {decode_handler, item_handler, &notice};

	return !rls_is_newer(list->roster->rls, list->blf->work, &io,
			     body_type(n), span(n->params.p, n->params.l),
			     n->body, n->len);
}


/* ------------------------------------------------------------------------ */
/* Making them                                                               */

static int roster_alloc(struct blf_roster **rop, const struct blf_list *spec)
{
	struct blf_roster *ro;
	int err;

	ro = mem_zalloc(sizeof(*ro), roster_destructor);
	if (!ro)
		return ENOMEM;

	ro->kind  = spec->kind;
	ro->rules = spec->rules;

	err  = str_dup(&ro->name, spec->name);
	if (spec->watch)
		err |= str_dup(&ro->watch, spec->watch);
	err |= rls_alloc(&ro->rls);

	if (err)
		mem_deref(ro);
	else
		*rop = ro;

	return err;
}


static int list_add(struct blf *blf, const struct blf_list *list)
{
	const struct blf_spec spec = {
		.account = list->account,
		.spot    = list->name ? list->name : "",
		.target  = list->target,
	};
	struct blf_roster *ro;
	struct watch *w;
	int err;

	if (!list->name || !list->target)
		return EINVAL;

	err = roster_alloc(&ro, list);
	if (err)
		return err;

	err = blf_watch_alloc(&w, blf, &spec, ro);
	if (err) {
		mem_deref(ro);
		return err;
	}

	blf->listv[blf->listc++] = w;

	return 0;
}


int blf_set_lists(struct blf *blf, const struct blf_list *listv,
		  size_t listc, blf_grow_h *growh, blf_say_h *sayh)
{
	int err;

	if (!blf || (listc && !listv))
		return EINVAL;

	if (blf->listv)
		return EALREADY;

	if (!listc)
		return 0;

	blf->growh = growh;
	blf->sayh  = sayh;

	blf->listv = mem_zalloc(listc * sizeof(*blf->listv), NULL);
	if (!blf->listv)
		return ENOMEM;

	err = rls_work_alloc(&blf->work);
	err = err ? err : rlmi_decoder_alloc(&blf->rlmi);
	err = err ? err : blf_sched_reserve(&blf->sched, blf->sched.itemc +
					    blf->watchc + listc +
					    2 * blf->acctc + 8);

	for (size_t i=0; !err && i<listc; i++)
		err = list_add(blf, &listv[i]);

	return err;
}
