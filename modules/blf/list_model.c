/**
 * @file modules/blf/list_model.c  What a NOTIFY of a resource list says of
 *                                 each resource
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "modules/blf/list_model.h"

enum {
	TABLE_MIN = 64,           /* Places, a power of two              */
	TOP = 0,                  /* Index of the list subscribed to     */
};

/** A resource */
struct entry {
	char *uri;
	void *user;
	uint32_t hash;
	uint16_t in;              /* Index of the list that it is in     */
	uint16_t list;            /* If it is a list: its index, else 0  */
	bool mentioned;           /* By the list in hand                 */
	bool gone;
	bool doubted;             /* Not named since then                */
};

/** A list: the one subscribed to, or one within */
struct level {
	uint32_t version;
	bool version_known;
	bool asked;               /* For full state                      */
	bool asked_low;           /* After a version that went back      */
	bool complete;            /* Seen from its beginning, or full    */
	uint8_t lowc;             /* Discarded in a row                  */
};

struct rls {
	struct level levelv[RLS_LISTS_MAX];
	size_t levelc;
	struct entry **entryv;
	size_t entryc;
	uint32_t *tablev;         /* Index + 1 of an entry, 0: free      */
	size_t tablec;
};

struct rls_work {
	struct room {
		struct rlmi *rl;
		struct multipart mp;
	} roomv[RLS_DEPTH_MAX];
};

/** A step under way */
struct run {
	struct rls *rls;
	struct rls_work *work;
	const struct rls_io *io;
	const char *reason;
	unsigned out;
	bool doubted;             /* Something that was not so before    */
};

/** A body and what it claims to be */
struct doc {
	struct multipart_span type;
	struct multipart_span params;
	const char *body;
	size_t len;
};


/* ---- Room to work in ------------------------------------------------- */


int rls_work_alloc(struct rls_work **workp)
{
	if (!workp)
		return EINVAL;

	*workp = calloc(1, sizeof(**workp));

	return *workp ? 0 : ENOMEM;
}


void rls_work_free(struct rls_work *work)
{
	size_t i;

	if (!work)
		return;

	for (i = 0; i < RLS_DEPTH_MAX; i++) {
		free(work->roomv[i].rl);
		free(work->roomv[i].mp.partv);
	}
	free(work);
}


static struct room *room_get(struct rls_work *work, size_t depth)
{
	struct room *room = &work->roomv[depth];

	if (!room->rl)
		room->rl = malloc(sizeof(*room->rl));

	if (!room->mp.partv) {
		room->mp.partv = malloc(MULTIPART_PARTS_MAX *
					sizeof(*room->mp.partv));
		room->mp.size = MULTIPART_PARTS_MAX;
	}

	return room->rl && room->mp.partv ? room : NULL;
}


/* ---- Resources ------------------------------------------------------- */


static uint32_t hash_uri(const char *s)
{
	uint32_t h = 0x811c9dc5u;

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 0x01000193u;

	return h;
}


/** @return Where its index stands, or where there is room for it */
static uint32_t *slot_find(const struct rls *rls, const char *uri,
			   uint32_t hash)
{
	size_t i = hash & (rls->tablec - 1);

	for (;; i = (i + 1) & (rls->tablec - 1)) {

		const uint32_t idx = rls->tablev[i];
		const struct entry *e = idx ? rls->entryv[idx - 1] : NULL;

		if (!e || (e->hash == hash && !strcmp(e->uri, uri)))
			return &rls->tablev[i];
	}
}


/** Room for one more; the table is never more than half full */
static int grow(struct rls *rls)
{
	const size_t size = rls->tablec ? 2 * rls->tablec : TABLE_MIN;
	uint32_t *tablev;
	void *v;
	size_t i;

	if (2 * (rls->entryc + 1) <= rls->tablec)
		return 0;

	v = realloc(rls->entryv, size / 2 * sizeof(*rls->entryv));
	if (!v)
		return ENOMEM;
	rls->entryv = v;

	tablev = calloc(size, sizeof(*tablev));
	if (!tablev)
		return ENOMEM;

	free(rls->tablev);
	rls->tablev = tablev;
	rls->tablec = size;

	for (i = 0; i < rls->entryc; i++) {

		const struct entry *e = rls->entryv[i];

		*slot_find(rls, e->uri, e->hash) = (uint32_t)i + 1;
	}

	return 0;
}


/** @return The resource, made if it is new; NULL: no room for it */
static struct entry *entry_get(struct rls *rls, const char *uri)
{
	const uint32_t hash = hash_uri(uri);
	struct entry *e;
	uint32_t *slot;
	size_t n;

	if (rls->tablec) {
		slot = slot_find(rls, uri, hash);
		if (*slot)
			return rls->entryv[*slot - 1];
	}

	if (rls->entryc >= RLS_RESOURCES_MAX || grow(rls))
		return NULL;

	n = strlen(uri) + 1;
	e = calloc(1, sizeof(*e) + n);
	if (!e)
		return NULL;

	e->uri = (char *)(e + 1);
	memcpy(e->uri, uri, n);
	e->hash = hash;

	slot = slot_find(rls, uri, hash);
	rls->entryv[rls->entryc++] = e;
	*slot = (uint32_t)rls->entryc;

	return e;
}


int rls_alloc(struct rls **rlsp)
{
	struct rls *rls;

	if (!rlsp)
		return EINVAL;

	rls = calloc(1, sizeof(*rls));
	if (!rls)
		return ENOMEM;

	rls->levelc = 1;
	*rlsp = rls;

	return 0;
}


void rls_free(struct rls *rls)
{
	size_t i;

	if (!rls)
		return;

	for (i = 0; i < rls->entryc; i++)
		free(rls->entryv[i]);
	free(rls->entryv);
	free(rls->tablev);
	free(rls);
}


void rls_reset(struct rls *rls)
{
	if (rls)
		memset(rls->levelv, 0, sizeof(rls->levelv));
}


bool rls_is_complete(const struct rls *rls)
{
	return rls && rls->levelv[TOP].complete;
}


size_t rls_count(const struct rls *rls)
{
	return rls ? rls->entryc : 0;
}


void *rls_user(const struct rls *rls, size_t i, const char **urip)
{
	if (!rls || i >= rls->entryc)
		return NULL;

	if (urip)
		*urip = rls->entryv[i]->uri;

	return rls->entryv[i]->user;
}


/* ---- Versions -------------------------------------------------------- */


/** RFC 4662 5.6: is this the list's turn, by its version alone? */
static bool in_turn(const struct level *lv, const struct rlmi *rl)
{
	return !rl->version_known || !lv->version_known ||
		rl->version > lv->version;
}


static void ask(bool *asked, unsigned *out)
{
	if (!*asked)
		*out |= RLS_OUT_REFRESH_WANTED;
	*asked = true;
}


/** @return True if it is to be taken in; `lostp` is set if another was lost
	    that may have told of any resource */
static bool turn(struct level *lv, const struct rlmi *rl, bool *lostp,
		 unsigned *out)
{
	bool gap;

	if (!in_turn(lv, rl) && ++lv->lowc < 2) {
		ask(&lv->asked_low, out);
		return false;
	}

	/* before the first full list there is nothing to add to */
	gap = rl->version_known &&
		(!lv->version_known || rl->version != lv->version + 1);

	if (rl->full)
		lv->asked = false;
	else if (gap)
		ask(&lv->asked, out);

	*lostp = gap && !rl->full && lv->version_known;

	/* a server that tells a few in each, from version 0 on */
	if (rl->full || (!lv->version_known && !rl->version))
		lv->complete = true;

	lv->lowc          = 0;
	lv->asked_low     = false;
	lv->version       = rl->version;
	lv->version_known = rl->version_known;

	return true;
}


/* ---- One document ---------------------------------------------------- */


static void step_list(struct run *run, size_t depth, size_t idx,
		      const struct doc *doc);


static void not_understood(struct run *run, const char *reason)
{
	run->out |= RLS_OUT_NOT_UNDERSTOOD;
	if (!*run->reason)
		run->reason = reason;
}


/* RFC 6665 4.1.3 */
static const char *known_reason(const char *s)
{
	static const char *const wordv[] = {
		"deactivated", "probation", "rejected", "timeout", "giveup",
		"noresource", "invariant",
	};
	const struct multipart_span span = {s, strlen(s)};
	size_t i;

	for (i = 0; i < sizeof(wordv) / sizeof(wordv[0]); i++) {
		if (multipart_is(span, wordv[i]))
			return wordv[i];
	}

	return "";
}


static enum rls_state state_of(const struct rlmi_instance *inst)
{
	switch (inst->state) {

	case RLMI_PENDING:
		return RLS_PENDING;

	case RLMI_TERMINATED:
		return RLS_TERMINATED;

	default:
		/* another word, but a document: as good as active */
		return inst->state == RLMI_ACTIVE || *inst->cid ?
			RLS_ACTIVE : RLS_UNKNOWN;
	}
}


/** Tell the same of a resource or, if it is a list, of all in it */
static void tell(struct run *run, struct entry *e, size_t depth,
		 enum rls_state state, const char *reason)
{
	struct rls_item item = {
		.uri = e->uri, .name = "", .state = state, .tag = "",
		.reason = reason, .userp = &e->user,
	};
	struct rls *rls = run->rls;
	size_t i;

	if (e->gone)
		return;

	e->gone = state == RLS_GONE;

	if (state == RLS_DOUBT && !e->doubted) {
		e->doubted = true;
		run->doubted = true;
	}

	if (!e->list) {
		run->io->itemh(&item, run->io->arg);
		return;
	}

	for (i = 0; depth < RLS_DEPTH_MAX && i < rls->entryc; i++) {
		if (rls->entryv[i]->in == e->list)
			tell(run, rls->entryv[i], depth + 1, state, reason);
	}
}


/** The same of a list's resources, or of those that it has not named */
static void tell_list(struct run *run, size_t idx, size_t depth, bool rest,
		      enum rls_state state, const char *reason)
{
	struct rls *rls = run->rls;
	size_t i;

	for (i = 0; i < rls->entryc; i++) {

		struct entry *e = rls->entryv[i];

		if (e->in == idx && (!rest || !e->mentioned))
			tell(run, e, depth, state, reason);
	}
}


static const char ENCODED[] = "A part of the list is encoded";


/** Nothing can be read of a list: it may have told of any resource */
static void unreadable(struct run *run, size_t idx, size_t depth,
		       const char *reason)
{
	not_understood(run, reason);
	if (!depth)
		run->out |= RLS_OUT_UNREADABLE;

	tell_list(run, idx, depth, false, RLS_DOUBT, reason);
}


static bool is_list(const struct multipart_part *part)
{
	return multipart_is(part->type, "multipart/related") ||
		multipart_is(part->type, "application/rlmi+xml");
}


/** A resource that is a list: what is in it is told instead of it */
static void nested(struct run *run, struct entry *e, size_t depth,
		   const struct multipart_part *part)
{
	const struct doc doc = {
		part->type, part->params, part->body.p, part->body.len
	};
	struct rls *rls = run->rls;

	if (!e->list) {
		if (rls->levelc >= RLS_LISTS_MAX) {
			not_understood(run, "There are too many lists");
			return;
		}
		e->list = (uint16_t)rls->levelc++;
	}

	if (part->encoded)
		unreadable(run, e->list, depth + 1, ENCODED);
	else if (depth + 1 >= RLS_DEPTH_MAX)
		unreadable(run, e->list, depth + 1,
			   "The lists are nested too deep");
	else
		step_list(run, depth + 1, e->list, &doc);
}


static void instance(struct run *run, struct entry *e, size_t depth,
		     const struct rlmi_resource *res,
		     const struct rlmi_instance *inst, size_t *hint)
{
	struct multipart *mp = &run->work->roomv[depth].mp;
	struct multipart_part *part = NULL;
	struct rls_item item = {
		.uri = e->uri, .name = res->name, .state = RLS_UNKNOWN,
		.instancec = res->instancec, .tag = "", .reason = "",
		.userp = &e->user,
	};
	const char *doubt = NULL;
	size_t i;

	if (inst) {
		item.state  = state_of(inst);
		item.tag    = res->instancec > 1 ? inst->id : "";
		item.reason = known_reason(inst->reason);

		i = multipart_find(mp, inst->cid, *hint);
		if (i < mp->partc && !mp->partv[i].used) {
			part = &mp->partv[i];
			/* once only: or a few bytes make work for hours */
			part->used = true;
			*hint = i + 1;
		}
		else if (*inst->cid || item.state == RLS_ACTIVE) {
			doubt = "A part of the list is missing";
		}
	}

	if (part && is_list(part)) {
		nested(run, e, depth, part);
		return;
	}

	if (part && part->encoded) {
		doubt = ENCODED;
	}
	else if (part && !multipart_is(part->type,
				       "application/dialog-info+xml")) {
		doubt = "A part of the list is of another type";
	}
	else if (part) {
		item.body = part->body.p;
		item.len  = part->body.len;
	}

	/* what has ended has no state to be in doubt */
	if (doubt && item.state != RLS_TERMINATED) {
		not_understood(run, doubt);
		item.state  = RLS_DOUBT;
		item.reason = doubt;
	}

	/* known as a list: then this is said of all in it */
	if (e->list) {
		if (item.state != RLS_PENDING)
			tell(run, e, depth, item.state, item.reason);
		return;
	}

	run->io->itemh(&item, run->io->arg);
}


static void resource(struct run *run, size_t depth, size_t idx,
		     const struct rlmi *rl, const struct rlmi_resource *res,
		     size_t *hint)
{
	struct entry *e;
	size_t i;

	if (!*res->uri) {
		not_understood(run, "A resource of the list has no URI");
		return;
	}

	e = entry_get(run->rls, res->uri);
	if (!e) {
		not_understood(run, "The list is too long");
		return;
	}

	e->in        = (uint16_t)idx;
	e->mentioned = true;
	e->gone      = false;
	e->doubted   = false;

	if (!res->instancec)
		instance(run, e, depth, res, NULL, hint);

	for (i = 0; i < res->instancec; i++)
		instance(run, e, depth, res, &rl->instancev[res->first + i],
			 hint);
}


/** Find the list's own document: in a part, or the body itself */
static bool decode(struct run *run, struct room *room, const struct doc *doc,
		   const char **reasonp)
{
	const struct multipart_part *root;
	const char *body = doc->body;
	size_t len = doc->len;
	int err;

	room->mp.partc = 0;

	if (multipart_is(doc->type, "multipart/related")) {

		if (multipart_decode(&room->mp, doc->params, doc->body,
				     doc->len, reasonp))
			return false;

		root = multipart_root(&room->mp, doc->params,
				      "application/rlmi+xml");
		if (!root || root->encoded) {
			*reasonp = "The body holds no list";
			return false;
		}

		body = root->body.p;
		len  = root->body.len;
	}
	else if (!multipart_is(doc->type, "application/rlmi+xml")) {
		*reasonp = "The body is no list";
		return false;
	}

	err = run->io->decodeh(room->rl, body, len, run->io->arg);
	if (err)
		*reasonp = room->rl->reason;

	return !err;
}


static void step_list(struct run *run, size_t depth, size_t idx,
		      const struct doc *doc)
{
	struct room *room = room_get(run->work, depth);
	struct rls *rls = run->rls;
	const struct rlmi *rl;
	const char *reason = "";
	size_t i, hint = 0;
	bool lost = false;

	if (!room) {
		unreadable(run, idx, depth, "Out of memory");
		return;
	}

	if (!decode(run, room, doc, &reason)) {
		unreadable(run, idx, depth, reason);
		return;
	}

	rl = room->rl;

	if (!turn(&rls->levelv[idx], rl, &lost, &run->out)) {
		if (!depth)
			run->out |= RLS_OUT_DISCARDED;
		return;
	}

	if (rl->full && !depth)
		run->out |= RLS_OUT_FULL;

	for (i = 0; (rl->full || lost) && i < rls->entryc; i++) {
		if (rls->entryv[i]->in == idx)
			rls->entryv[i]->mentioned = false;
	}

	for (i = 0; i < rl->resourcec; i++)
		resource(run, depth, idx, rl, &rl->resourcev[i], &hint);

	if (rl->full) {
		tell_list(run, idx, depth, true, RLS_GONE, "");
	}
	else if (lost) {
		run->doubted = false;
		tell_list(run, idx, depth, true, RLS_DOUBT,
			  "A message of the list was lost");
		if (run->doubted)
			run->out |= RLS_OUT_REFRESH_WANTED;
	}
}


unsigned rls_step(struct rls *rls, struct rls_work *work,
		  const struct rls_io *io, struct multipart_span type,
		  struct multipart_span params, const char *body, size_t len,
		  const char **reasonp)
{
	const struct doc doc = {type, params, body, len};
	struct run run = {rls, work, io, "", 0, false};

	if (!rls || !work || !io || !reasonp)
		return RLS_OUT_NOT_UNDERSTOOD;

	step_list(&run, 0, TOP, &doc);

	*reasonp = run.reason;

	return run.out;
}


void rls_doubt(struct rls *rls, const struct rls_io *io, const char *reason)
{
	struct run run = {rls, NULL, io, "", 0, false};

	if (rls && io && reason)
		tell_list(&run, TOP, 0, false, RLS_DOUBT, reason);
}


bool rls_is_newer(const struct rls *rls, struct rls_work *work,
		  const struct rls_io *io, struct multipart_span type,
		  struct multipart_span params, const char *body, size_t len)
{
	const struct doc doc = {type, params, body, len};
	struct run run = {NULL, work, io, "", 0, false};
	const char *reason;
	struct room *room;

	if (!rls || !work || !io)
		return false;

	room = room_get(work, 0);

	return room && decode(&run, room, &doc, &reason) &&
		room->rl->version_known && rls->levelv[0].version_known &&
		room->rl->version > rls->levelv[0].version;
}
