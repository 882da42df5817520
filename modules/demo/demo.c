/**
 * @file modules/demo/demo.c  The built-in PBX: start, scripts, life
 */
#include <string.h>
#include "app/log.h"
#include "modules/demo/demo_int.h"


enum {
	SPOTS_DEFAULT = 6,
	FIRST_CALL_MS = 800,     /**< Well below the three seconds       */
	LIFE_MIN_MS = 12000,     /**< Between two happenings             */
	LIFE_MAX_MS = 30000,
	PATIENCE_MS = 25000,
	TALK_MS = 8000,
	HABIT_MS = 20000,        /**< A colleague talks so long          */
	CUT_MS = 3000,           /**< Connections are lost so long       */
	WAIT_MS = 200,           /**< Look again for a registration      */
};

static const struct {
	const char *number;
	const char *name;
	bool bot;
} extv[] = {
	{"101", "You",          false},
	{"102", "Ben Carter",   true},
	{"103", "Carla Diaz",   true},
	{"104", "David Engel",  true},
	{"105", "Emma Fischer", true},
	{"106", "Second phone", false},
	{"107", "Third phone",  false},
};

/* people who call from outside: numbers reserved for drama */
static const struct {
	const char *name;
	const char *number;
} peoplev[] = {
	{"Anna Berg",       "015550101"},
	{"Jonas Meyer",     "015550102"},
	{"Sofia Rossi",     "015550103"},
	{"Liam O'Neill",    "015550104"},
	{"Marie Dubois",    "015550105"},
	{"Tomás Herrera",   "015550106"},
	{"Yuki Tanaka",     "015550107"},
	{"Olga Petrova",    "015550108"},
	{"Noah Williams",   "015550109"},
	{"Fatima Haddad",   "015550110"},
};


static void ext_destructor(void *data)
{
	struct demo_ext *ext = data;

	list_unlink(&ext->le);
	list_flush(&ext->bindl);
}


static void legs_forget(struct demo *d)
{
	struct le *le;

	for (le = d->legl.head; le; le = le->next) {

		struct demo_leg *leg = le->data;

		if (leg->party)
			leg->party->leg = NULL;
		leg->party = NULL;
	}

	list_flush(&d->legl);
}


static void demo_destructor(void *data)
{
	struct demo *d = data;

	tmr_cancel(&d->tmr_job);
	tmr_cancel(&d->tmr_rtp);

	legs_forget(d);
	list_flush(&d->partyl);
	list_flush(&d->toldl);

	/* requests under way hold references to subscriptions */
	if (d->sip)
		sip_close(d->sip, true);

	list_flush(&d->subl);
	list_flush(&d->datagraml);
	list_flush(&d->jobl);
	list_flush(&d->extl);

	mem_deref(d->lreq);
	mem_deref(d->lresp);
	mem_deref(d->uh);
	mem_deref(d->us);
	mem_deref(d->sip);
}


static int extensions(struct demo *d)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(extv); i++) {

		struct demo_ext *ext = mem_zalloc(sizeof(*ext),
						  ext_destructor);
		if (!ext)
			return ENOMEM;

		str_ncpy(ext->number, extv[i].number, sizeof(ext->number));
		str_ncpy(ext->name, extv[i].name, sizeof(ext->name));
		ext->bot = extv[i].bot;
		ext->hz = DEMO_HZ_COLLEAGUE + 30 * (int)i;
		ext->habit.answer_ms = 1500;
		rand_str(ext->pass, sizeof(ext->pass));
		list_append(&d->extl, &ext->le, ext);
	}

	return 0;
}


/* Calls are parked on the extensions */
static void personal(struct demo *d)
{
	struct le *le;

	d->spotc = 0;
	for (le = d->extl.head; le; le = le->next) {

		const struct demo_ext *ext = le->data;

		str_ncpy(d->spotv[d->spotc++], ext->number, DEMO_TEXT);
	}
}


int demo_alloc(struct demo **dp, const struct demo_prm *prm)
{
	const struct demo_manner *m;
	struct demo *d;
	unsigned i;
	int err;

	if (!dp || !prm)
		return EINVAL;

	m = prm->own ? prm->own : demo_manner_find(prm->manner);
	if (!m)
		return ENOENT;

	if (prm->spots > DEMO_SPOTS_MAX)
		return EINVAL;

	d = mem_zalloc(sizeof(*d), demo_destructor);
	if (!d)
		return ENOMEM;

	d->m = *m;
	d->fault = m->fault;
	d->clock = prm->clock ? prm->clock : clock_system();
	d->rng = 0x9e3779b97f4a7c15ull * (prm->seed ? prm->seed : 1);
	rand_str(d->secret, sizeof(d->secret));
	tmr_init(&d->tmr_job);
	tmr_init(&d->tmr_rtp);
	demo_books_init(&d->books);
	d->books.several = d->m.several;

	if (prm->park_s)
		d->m.park_s = prm->park_s;
	if (prm->comeback_s)
		d->m.comeback_s = prm->comeback_s;
	if (prm->announce_ms)
		d->m.announce_ms = prm->announce_ms;

	err = extensions(d);
	if (err)
		goto out;

	d->spotc = prm->spots ? prm->spots : SPOTS_DEFAULT;
	for (i = 0; i < d->spotc; i++)
		(void)re_snprintf(d->spotv[i], sizeof(d->spotv[i]), "%s%u",
				  d->m.spot_prefix, d->m.first + i);

	/* nothing that parks: there are no spots */
	if (!d->m.lot && !d->m.park_prefix && d->m.bare != DEMO_BARE_PARKS)
		d->spotc = 0;

	if (d->m.personal)
		personal(d);

	err = demo_core_open(d);
	if (err)
		goto out;

	/* there is no log yet: nothing of it for the terminal */
	applog(APPLOG_DEBUG, "demo: PBX in the manner of %s at %J",
	       d->m.name, &d->udp);

 out:
	if (err)
		mem_deref(d);
	else
		*dp = d;

	return err;
}


uint16_t demo_port(const struct demo *d, bool tcp)
{
	return d ? sa_port(tcp ? &d->tcp : &d->udp) : 0;
}


const char *demo_password(const struct demo *d, const char *ext)
{
	const struct demo_ext *e = d && ext ? demo_ext_find(d, ext) : NULL;

	return e ? e->pass : NULL;
}


const char *demo_spot(const struct demo *d, unsigned i)
{
	return d && i < d->spotc ? d->spotv[i] : NULL;
}


unsigned demo_spots(const struct demo *d)
{
	return d ? d->spotc : 0;
}


const struct demo_manner *demo_manner(const struct demo *d)
{
	return d ? &d->m : NULL;
}


unsigned demo_bindings(const struct demo *d, const char *ext)
{
	const struct demo_ext *e = d && ext ? demo_ext_find(d, ext) : NULL;

	if (!e || !demo_binding(d, e))
		return 0;

	return list_count(&e->bindl);
}


unsigned demo_legs(const struct demo *d)
{
	return d ? list_count(&d->legl) : 0;
}


int demo_config(const struct demo *d, const char *ext, bool tcp, char *buf,
		size_t sz)
{
	const struct demo_ext *me = d && ext ? demo_ext_find(d, ext) : NULL;
	struct mbuf *mb;
	struct le *le;
	int err;

	if (!me || !buf)
		return EINVAL;

	mb = mbuf_alloc(1024);
	if (!mb)
		return ENOMEM;

	err = mbuf_printf(mb, "account   <sip:%s@%s:%u;transport=%s>;"
			  "auth_pass=%s\n"
			  "pbx       %s\n",
			  me->number, demo_host(), demo_port(d, tcp),
			  tcp ? "tcp" : "udp", me->pass, d->m.profile);

	if (d->spotc && !d->m.personal)
		err |= mbuf_printf(mb, "spots     %s-%s\n", d->spotv[0],
				   d->spotv[d->spotc - 1]);

	if (d->m.list)
		err |= mbuf_printf(mb, "list      %s\n", d->m.list);

	for (le = d->extl.head; le; le = le->next) {

		const struct demo_ext *e = le->data;

		if (e->bot)
			err |= mbuf_printf(mb, "lamp      %s;label=\"%s\"\n",
					   e->number, e->name);
	}

	/* a countdown is only true if the PBX keeps to it */
	if (d->m.park_s)
		err |= mbuf_printf(mb, "recall_time %u\n", d->m.park_s);

	if (!err && mb->end >= sz)
		err = EOVERFLOW;

	if (!err) {
		memcpy(buf, mb->buf, mb->end);
		buf[mb->end] = '\0';
	}

	mem_deref(mb);

	return err;
}


int demo_set_colleague(struct demo *d, const char *ext,
		       const struct demo_colleague *c)
{
	struct demo_ext *e = d && ext ? demo_ext_find(d, ext) : NULL;

	if (!e || !c)
		return e ? EINVAL : ENOENT;

	e->habit = *c;

	return 0;
}


void demo_set_fault(struct demo *d, const struct demo_fault *fault)
{
	if (!d)
		return;

	d->fault = fault ? *fault : d->m.fault;
}


static void up_handler(void *arg)
{
	struct demo *d = arg;

	d->down = false;

	if (demo_core_up(d))
		applog(APPLOG_WARN, "demo: TCP is gone for good\n");

	demo_lamps_again(d);
}


static void cut_handler(void *arg)
{
	struct demo *d = arg;

	d->down = false;
}


/** The network is gone for a while (UDP) */
void demo_cut(struct demo *d)
{
	d->down = true;
	(void)demo_job(d, CUT_MS, cut_handler, d);
}


int demo_restart(struct demo *d, unsigned keep, uint32_t down_ms)
{
	struct le *le;
	int err;

	if (!d)
		return EINVAL;

	d->down = true;
	legs_forget(d);

	while (d->partyl.head) {

		struct demo_party *p = d->partyl.head->data;

		(void)demo_books_end(&d->books, p->id, DEMO_DROPPED,
				     "restart", demo_now(d));
		mem_deref(p);
	}

	if (!(keep & DEMO_KEEP_SUBS))
		demo_lamps_forget(d);

	for (le = d->extl.head; le && !(keep & DEMO_KEEP_BINDINGS);
	     le = le->next) {

		struct demo_ext *ext = le->data;

		list_flush(&ext->bindl);
	}

	rand_str(d->secret, sizeof(d->secret));
	demo_job_cancel(d, up_handler, d);

	err = demo_core_down(d);
	if (err)
		return err;

	return demo_job(d, down_ms, up_handler, d);
}


bool demo_down(const struct demo *d)
{
	return d && d->down;
}


static void notify_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct demo *d = arg;

	if (!err && msg->scode >= 200)
		d->notify_code = msg->scode;
}


uint16_t demo_notify_answer(const struct demo *d)
{
	return d ? d->notify_code : 0;
}


int demo_notify(struct demo *d, const char *ext, const char *event,
		const char *ctype, const char *body)
{
	const struct demo_ext *e = d && ext ? demo_ext_find(d, ext) : NULL;
	const struct demo_binding *b = e ? demo_binding(d, e) : NULL;
	struct demo_dlg *dlg = NULL;
	char *addr = NULL;
	int err;

	if (!e || !event || !body)
		return EINVAL;

	if (!b)
		return ENOTCONN;

	err = re_sdprintf(&addr, "<sip:%s@%s>", e->number, demo_host());
	if (err)
		return err;

	err = demo_dlg_uac(&dlg, addr, addr, b->uri, &b->src, b->tp);
	d->notify_code = 0;
	if (!err)
		err = demo_request(d, NULL, "NOTIFY", dlg, 0, "", ctype,
				   body, strlen(body), notify_handler, d,
				   "Event: %s\r\n"
				   "Subscription-State: active\r\n", event);

	mem_deref(addr);
	mem_deref(dlg);

	return err;
}


/* ---- scripts ---- */

static void script_handler(void *arg);


static const char *oldest(const struct demo *d)
{
	const struct demo_row *row = NULL;
	unsigned i;

	for (i = 0; i < d->spotc; i++) {

		const struct demo_row *r = demo_books_at(&d->books,
							 d->spotv[i]);

		if (r && (!row || r->since_ms < row->since_ms))
			row = r;
	}

	return row ? row->spot : NULL;
}


static void play(struct demo *d, const struct demo_step *step)
{
	const struct demo_row *row;
	const char *spot = step->n ? demo_spot(d, step->n - 1) : NULL;
	int err = 0;

	switch (step->what) {

	case DEMO_STEP_CALL:
		err = demo_call(d, step->a, step->b, step->c, step->n, NULL);
		break;

	case DEMO_STEP_HANGUP:
		row = demo_books_number(&d->books, step->c);
		err = row ? demo_hangup(d, row->id) : ENOENT;
		break;

	case DEMO_STEP_PARK:
		err = demo_park_by_colleague(d, step->a, spot, step->b,
					     step->c, NULL);
		break;

	case DEMO_STEP_RETRIEVE:
		err = demo_retrieve_by_colleague(d, step->a, step->n ? spot
						 : oldest(d), TALK_MS);
		break;

	case DEMO_STEP_RESTART:
		err = demo_restart(d, DEMO_KEEP_SUBS | DEMO_KEEP_BINDINGS,
				   step->n);
		break;

	case DEMO_STEP_FAULT:
		demo_set_fault(d, step->fault);
		break;

	case DEMO_STEP_END:
		break;
	}

	if (err)
		applog(APPLOG_INFO, "demo: step at %u ms: %m\n",
		       step->at_ms, err);
}


static void script_handler(void *arg)
{
	struct demo *d = arg;
	const struct demo_step *step = d->stepv;
	uint32_t wait;

	play(d, step);

	wait = step[1].at_ms - step->at_ms;
	d->stepv = step + 1;

	if (d->stepv->what == DEMO_STEP_END)
		d->stepv = NULL;
	else
		(void)demo_job(d, wait, script_handler, d);
}


static void wait_handler(void *arg)
{
	struct demo *d = arg;

	if (demo_binding(d, d->life))
		(void)demo_job(d, d->stepv->at_ms, script_handler, d);
	else
		(void)demo_job(d, WAIT_MS, wait_handler, d);
}


int demo_run(struct demo *d, const char *ext, const struct demo_step *stepv)
{
	struct demo_ext *e = d && ext ? demo_ext_find(d, ext) : NULL;

	if (!e || !stepv)
		return EINVAL;

	demo_job_cancel(d, script_handler, d);
	demo_job_cancel(d, wait_handler, d);

	if (stepv->what == DEMO_STEP_END)
		return 0;

	d->life = e;
	d->stepv = stepv;

	return demo_job(d, 0, wait_handler, d);
}


/* ---- life ---- */

/** Callers at the spots and in the air, so that the demo does not flood */
static unsigned crowd(const struct demo *d)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < DEMO_ROWS; i++) {

		const struct demo_row *r = &d->books.rowv[i];

		if (r->id && r->kind == DEMO_CALLER &&
		    r->place != DEMO_ENDED)
			++n;
	}

	return n;
}


static bool phone_busy(const struct demo *d)
{
	const struct demo_row *row = demo_books_number(&d->books,
						       d->life->number);

	return row && row->place != DEMO_ENDED;
}


/** Has anybody been talked with, here or before? */
static bool was_answered(const struct demo *d)
{
	size_t i;

	for (i = 0; i < DEMO_ROWS; i++) {

		const struct demo_row *r = &d->books.rowv[i];

		if (r->id && r->kind == DEMO_PHONE && r->talked_n)
			return true;
	}

	return false;
}


static void ring(struct demo *d)
{
	const size_t who = d->turn % ARRAY_SIZE(peoplev);

	(void)demo_call(d, d->life->number, peoplev[who].name,
			peoplev[who].number, PATIENCE_MS, NULL);
}


/** A newcomer who missed the first call must not wait for the next one */
static void missed_handler(void *arg)
{
	struct demo *d = arg;

	if (was_answered(d))
		return;

	if (d->turn > 1 && demo_binding(d, d->life) && !phone_busy(d))
		ring(d);

	(void)demo_job(d, WAIT_MS, missed_handler, d);
}


static void life_handler(void *arg)
{
	struct demo *d = arg;
	const size_t who = d->turn % ARRAY_SIZE(peoplev);
	const char *const colleaguev[] = {"102", "103", "104", "105"};
	const char *colleague = colleaguev[demo_chance(d, 4)];
	uint32_t wait = LIFE_MIN_MS + demo_chance(d, LIFE_MAX_MS -
						  LIFE_MIN_MS);
	const char *spot = oldest(d);

	if (!demo_binding(d, d->life)) {
		(void)demo_job(d, WAIT_MS, life_handler, d);
		return;
	}

	/* call first; then a colleague parks; one retrieves before you do,
	   now and then; never so much that nobody can follow */
	if (!d->turn) {
		wait = FIRST_CALL_MS;
	}
	else if (d->turn == 1 || (d->turn % 3 == 1 && !phone_busy(d))) {
		ring(d);
	}
	else if (d->turn % 3 == 2 && crowd(d) < 4 && demo_spot_free(d)) {
		(void)demo_park_by_colleague(d, colleague, NULL,
					     peoplev[who].name,
					     peoplev[who].number, NULL);
	}
	else if (spot) {
		const struct demo_row *row = demo_books_at(&d->books, spot);

		/* what you parked is yours for a while */
		if (strcmp(row->by, d->life->number) ||
		    demo_now(d) - row->since_ms > LIFE_MAX_MS)
			(void)demo_retrieve_by_colleague(d, colleague, spot,
							 TALK_MS);
	}

	++d->turn;
	(void)demo_job(d, wait, life_handler, d);
}


int demo_life(struct demo *d, const char *ext)
{
	struct demo_ext *e = d && ext ? demo_ext_find(d, ext) : NULL;
	struct le *le;

	if (d && !ext) {
		demo_job_cancel(d, life_handler, d);
		demo_job_cancel(d, missed_handler, d);
		return 0;
	}

	if (!e)
		return EINVAL;

	d->life = e;
	d->turn = 0;
	demo_job_cancel(d, life_handler, d);
	demo_job_cancel(d, missed_handler, d);

	for (le = d->extl.head; le; le = le->next)
		((struct demo_ext *)le->data)->habit.talk_ms = HABIT_MS;

	return demo_job(d, 0, missed_handler, d) ||
		demo_job(d, 0, life_handler, d) ? ENOMEM : 0;
}
