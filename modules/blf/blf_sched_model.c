/**
 * @file modules/blf/blf_sched_model.c  Who is due next, for one timer
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "modules/blf/blf_sched_model.h"


void blf_sched_init(struct blf_sched *sched)
{
	if (sched)
		memset(sched, 0, sizeof(*sched));
}


void blf_sched_reset(struct blf_sched *sched)
{
	if (!sched)
		return;

	for (size_t i=0; i<sched->itemc; i++)
		sched->itemv[i]->pos = 0;

	free(sched->itemv);
	memset(sched, 0, sizeof(*sched));
}


int blf_sched_reserve(struct blf_sched *sched, size_t n)
{
	struct blf_sched_item **itemv;

	if (!sched || n > UINT32_MAX / 2)
		return EINVAL;

	if (n <= sched->size)
		return 0;

	itemv = realloc(sched->itemv, n * sizeof(*itemv));
	if (!itemv)
		return ENOMEM;

	sched->itemv = itemv;
	sched->size  = n;

	return 0;
}


static void put(struct blf_sched *sched, size_t i,
		struct blf_sched_item *item)
{
	sched->itemv[i] = item;
	item->pos = (uint32_t)i + 1;
}


static void up(struct blf_sched *sched, size_t i)
{
	struct blf_sched_item *item = sched->itemv[i];

	while (i) {
		const size_t parent = (i - 1) / 2;

		if (sched->itemv[parent]->due_ms <= item->due_ms)
			break;

		put(sched, i, sched->itemv[parent]);
		i = parent;
	}

	put(sched, i, item);
}


static void down(struct blf_sched *sched, size_t i)
{
	struct blf_sched_item *item = sched->itemv[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= sched->itemc)
			break;

		if (child + 1 < sched->itemc &&
		    sched->itemv[child + 1]->due_ms <
		    sched->itemv[child]->due_ms)
			++child;

		if (item->due_ms <= sched->itemv[child]->due_ms)
			break;

		put(sched, i, sched->itemv[child]);
		i = child;
	}

	put(sched, i, item);
}


static void take_out(struct blf_sched *sched, struct blf_sched_item *item)
{
	const size_t i = item->pos - 1;
	struct blf_sched_item *last;

	item->pos = 0;

	last = sched->itemv[--sched->itemc];
	if (last == item)
		return;

	put(sched, i, last);
	up(sched, i);
	down(sched, last->pos - 1);
}


int blf_sched_set(struct blf_sched *sched, struct blf_sched_item *item,
		  uint64_t due_ms)
{
	int err;

	if (!sched || !item)
		return EINVAL;

	if (due_ms == BLF_SCHED_NEVER) {
		if (item->pos)
			take_out(sched, item);
		item->due_ms = due_ms;
		return 0;
	}

	if (!item->pos) {
		if (sched->itemc == sched->size) {
			err = blf_sched_reserve(sched, sched->size
						? 2 * sched->size : 16);
			if (err)
				return err;
		}

		item->due_ms = due_ms;
		put(sched, sched->itemc++, item);
	}

	item->due_ms = due_ms;
	up(sched, item->pos - 1);
	down(sched, item->pos - 1);

	return 0;
}


struct blf_sched_item *blf_sched_due(const struct blf_sched *sched,
				     uint64_t now_ms)
{
	if (!sched || !sched->itemc || sched->itemv[0]->due_ms > now_ms)
		return NULL;

	return sched->itemv[0];
}


uint64_t blf_sched_next_ms(const struct blf_sched *sched)
{
	return sched && sched->itemc ? sched->itemv[0]->due_ms
		: BLF_SCHED_NEVER;
}
