/**
 * @file modules/park/told_model.c  Parked calls that the PBX told us of
 */
#include <string.h>
#include "told_model.h"


static bool at(const struct told_call *call, unsigned account,
	       const char *place)
{
	return call->account == account && !strcmp(call->place, place);
}


static bool nameless(const struct told_call *call)
{
	return !call->number[0] && !call->who[0];
}


/* Numbers decide; where one of them is missing the names do */
static bool same_caller(const struct told_call *a, const struct told_call *b)
{
	if (a->number[0] && b->number[0])
		return !strcmp(a->number, b->number);

	return a->who[0] && b->who[0] && !strcmp(a->who, b->who);
}


static enum told_outcome take_out(struct told *t, size_t i,
				  struct told_call *call)
{
	*call = t->v[i];
	--t->c;
	memmove(&t->v[i], &t->v[i + 1], (t->c - i) * sizeof(t->v[0]));

	return TOLD_GONE;
}


static bool learn(char *dst, const char *src)
{
	if (!src[0] || !strcmp(dst, src))
		return false;

	memcpy(dst, src, TEXT_SZ);

	return true;
}


enum told_outcome told_park(struct told *t, const struct told_call *info,
			    uint64_t ttl_ms, uint64_t now_ms,
			    struct told_call *call)
{
	struct told_call *old = NULL;
	bool changed;

	for (size_t i = 0; i < t->c && !old; i++) {

		struct told_call *c = &t->v[i];

		if (at(c, info->account, info->place) &&
		    (same_caller(c, info) || (nameless(c) && nameless(info))))
			old = c;
	}

	if (!old) {
		if (t->c == TOLD_MAX)
			(void)take_out(t, 0, call);

		old = &t->v[t->c++];
		*old = *info;
		old->id = ++t->last_id;
		old->since_ms = now_ms;
		old->until_ms = now_ms + ttl_ms;
		*call = *old;

		return TOLD_NEW;
	}

	changed  = learn(old->who, info->who);
	changed |= learn(old->number, info->number);
	changed |= learn(old->by, info->by);
	changed |= learn(old->retrieve, info->retrieve);
	old->until_ms = now_ms + ttl_ms;
	*call = *old;

	return changed ? TOLD_CHANGED : TOLD_NOTHING;
}


enum told_outcome told_clear(struct told *t, const struct told_call *info,
			     struct told_call *call)
{
	/* one whose caller is known otherwise is another call; one that we
	   know nothing of may be meant */
	for (int pass = 0; pass < 2; pass++) {

		for (size_t i = 0; i < t->c; i++) {

			const struct told_call *c = &t->v[i];

			if (!at(c, info->account, info->place))
				continue;

			if (pass ? nameless(info) || nameless(c) :
			    same_caller(c, info))
				return take_out(t, i, call);
		}
	}

	return TOLD_NOTHING;
}


enum told_outcome told_remove(struct told *t, unsigned id,
			      struct told_call *call)
{
	for (size_t i = 0; i < t->c; i++) {
		if (t->v[i].id == id)
			return take_out(t, i, call);
	}

	return TOLD_NOTHING;
}


enum told_outcome told_expire(struct told *t, uint64_t now_ms,
			      struct told_call *call)
{
	for (size_t i = 0; i < t->c; i++) {
		if (t->v[i].until_ms <= now_ms)
			return take_out(t, i, call);
	}

	return TOLD_NOTHING;
}


uint64_t told_due_ms(const struct told *t)
{
	uint64_t due = UINT64_MAX;

	for (size_t i = 0; i < t->c; i++) {
		if (t->v[i].until_ms < due)
			due = t->v[i].until_ms;
	}

	return due;
}


const struct told_call *told_find(const struct told *t, unsigned id)
{
	for (size_t i = 0; i < t->c; i++) {
		if (t->v[i].id == id)
			return &t->v[i];
	}

	return NULL;
}


const struct told_call *told_at(const struct told *t, unsigned account,
				const char *place)
{
	for (size_t i = 0; i < t->c; i++) {
		if (at(&t->v[i], account, place))
			return &t->v[i];
	}

	return NULL;
}


size_t told_count(const struct told *t, unsigned account)
{
	size_t n = 0;

	for (size_t i = 0; i < t->c; i++)
		n += t->v[i].account == account;

	return n;
}
