/**
 * @file modules/park/park_book.c  Who was parked by us
 */
#include <string.h>
#include <time.h>
#include <re.h>
#include "app/log.h"
#include "book_file.h"
#include "park_int.h"


enum {
	BOOK_AGE_S = 900,       /* where the recall time is not known   */
};


static void booked_destructor(void *data)
{
	struct booked *bk = data;

	list_unlink(&bk->le);
}


void park_book_save(const struct park *park)
{
	struct book_fact *factv;
	struct le *le;
	size_t n = 0;
	int err;

	if (!park->book_path)
		return;

	factv = mem_zalloc((list_count(&park->bookl) + 1) * sizeof(*factv),
			   NULL);
	if (!factv)
		return;

	for (le = park->bookl.head; le; le = le->next) {

		const struct booked *bk = le->data;

		factv[n++] = bk->fact;
	}

	err = book_file_save(park->book_path, factv, n,
			     clock_ms(park->clock), (int64_t)time(NULL));
	if (err)
		applog(APPLOG_WARN, "park: cannot write %s: %m",
		       park->book_path, err);

	mem_deref(factv);
}


void park_book_emit(struct park *park, const struct book_fact *fact,
		      bool gone)
{
	struct event ev = {.type = EVENT_BOOK};

	ev.u.book = *fact;
	ev.u.book.gone = gone;
	bus_emit(park->bus, &ev);
}


struct booked *park_book_find(const struct park *park, const char *spot)
{
	struct le *le;

	for (le = park->bookl.head; le; le = le->next) {

		struct booked *bk = le->data;

		if (!strcmp(bk->fact.spot, spot))
			return bk;
	}

	return NULL;
}


void park_book_remove(struct park *park, const char *spot)
{
	struct booked *bk = park_book_find(park, spot);

	if (!bk)
		return;

	park_book_emit(park, &bk->fact, true);
	mem_deref(bk);
	park_book_save(park);
}


void park_book_add(struct park *park, const struct parking *pk,
		     const char *spot)
{
	struct booked *bk;

	park_book_remove(park, spot);

	bk = mem_zalloc(sizeof(*bk), booked_destructor);
	if (!bk)
		return;

	str_ncpy(bk->fact.spot, spot, sizeof(bk->fact.spot));
	str_ncpy(bk->fact.who, pk->who, sizeof(bk->fact.who));
	str_ncpy(bk->fact.number, pk->number, sizeof(bk->fact.number));
	str_ncpy(bk->fact.by, "me", sizeof(bk->fact.by));
	bk->fact.account  = pk->account;
	bk->fact.since_ms = pk->start_ms;

	list_append(&park->bookl, &bk->le, bk);
	park_book_emit(park, &bk->fact, false);
	park_book_save(park);
	park_told_own(park, &bk->fact);
}


/*
 * What a phone that fell over knew. An entry that is older than the PBX's
 * recall is of no use: the call at its spot is another one by now. The
 * spot's first NOTIFY removes it if nobody waits there.
 */
int park_book_load(struct park *park)
{
	struct book_fact *factv;
	const uint64_t now = clock_ms(park->clock);
	const uint64_t limit_ms = 1000ull * (park->ways->recall_s ?
					     park->ways->recall_s : BOOK_AGE_S);
	size_t n;
	int err = 0;

	if (!park->book_path)
		return 0;

	factv = mem_zalloc(BOOK_FILE_MAX * sizeof(*factv), NULL);
	if (!factv)
		return ENOMEM;

	n = book_file_load(park->book_path, factv, BOOK_FILE_MAX, now,
			   (int64_t)time(NULL));

	for (size_t i = 0; i < n; i++) {

		struct booked *bk;

		if (now - factv[i].since_ms > limit_ms ||
		    park_book_find(park, factv[i].spot))
			continue;

		bk = mem_zalloc(sizeof(*bk), booked_destructor);
		if (!bk) {
			err = ENOMEM;
			break;
		}

		bk->fact = factv[i];
		list_append(&park->bookl, &bk->le, bk);
		park_book_emit(park, &bk->fact, false);
	}

	mem_deref(factv);

	return err;
}
