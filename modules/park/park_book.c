/**
 * @file modules/park/park_book.c  Who was parked by us
 */
#include <string.h>
#include <time.h>
#include <re.h>
#include "app/log.h"
#include "app/text_model.h"
#include "book_file.h"
#include "park_int.h"


enum {
	UNSEEN_MS = 60000,      /* a lamp may come late, not so late    */
	DAY_MS = 24 * 3600000,
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

		if (!bk->unseen)
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


static struct booked *find(const struct park *park, unsigned account,
			   const char *spot)
{
	struct le *le;

	for (le = park->bookl.head; le; le = le->next) {

		struct booked *bk = le->data;

		if (bk->fact.account == account &&
		    !strcmp(bk->fact.spot, spot))
			return bk;
	}

	return NULL;
}


struct booked *park_book_find(const struct park *park, unsigned account,
			      const char *spot)
{
	struct booked *bk = find(park, account, spot);

	return bk && !bk->unseen ? bk : NULL;
}


struct booked *park_book_last(const struct park *park)
{
	struct le *le;

	for (le = park->bookl.tail; le; le = le->prev) {

		struct booked *bk = le->data;

		if (!bk->unseen)
			return bk;
	}

	return NULL;
}


struct booked *park_book_caller(const struct park *park, unsigned account,
				const char *number)
{
	struct le *le;

	for (le = park->bookl.tail; le; le = le->prev) {

		struct booked *bk = le->data;

		if (bk->fact.account == account &&
		    number_same(bk->fact.number, number))
			return bk;
	}

	return NULL;
}


void park_book_remove(struct park *park, unsigned account, const char *spot)
{
	struct booked *bk = find(park, account, spot);

	if (!bk)
		return;

	if (!bk->unseen)
		park_book_emit(park, &bk->fact, true);
	mem_deref(bk);
	park_book_save(park);
}


static void tell(struct park *park, const struct booked *bk)
{
	park_book_emit(park, &bk->fact, false);
	park_book_save(park);
	park_told_own(park, &bk->fact);
}


void park_book_add(struct park *park, const struct parking *pk,
		   const char *spot, bool unseen)
{
	struct booked *bk;

	park_book_remove(park, pk->account, spot);

	bk = mem_zalloc(sizeof(*bk), booked_destructor);
	if (!bk)
		return;

	str_ncpy(bk->fact.spot, spot, sizeof(bk->fact.spot));
	str_ncpy(bk->fact.who, pk->who, sizeof(bk->fact.who));
	str_ncpy(bk->fact.number, pk->number, sizeof(bk->fact.number));
	str_ncpy(bk->fact.by, "me", sizeof(bk->fact.by));
	bk->fact.account  = pk->account;
	bk->fact.since_ms = pk->start_ms;
	(void)park_told_target(park, bk->fact.retrieve,
			       sizeof(bk->fact.retrieve), pk->account, spot,
			       0);
	bk->unseen = unseen;

	list_append(&park->bookl, &bk->le, bk);
	if (!unseen)
		tell(park, bk);
}


void park_book_seen(struct park *park, const struct lamp_fact *lamp)
{
	struct booked *bk = find(park, lamp->account, lamp->spot);

	if (!bk || !bk->unseen)
		return;

	if (lamp->at_least || lamp->since_ms < bk->fact.since_ms ||
	    lamp->since_ms > bk->fact.since_ms + UNSEEN_MS) {
		mem_deref(bk);
		return;
	}

	bk->unseen = false;
	tell(park, bk);
	bus_message(park->bus, MESSAGE_INFO, "%s is parked at %s",
		    bk->fact.who[0] ? bk->fact.who : bk->fact.number[0] ?
		    bk->fact.number : "the caller", lamp->spot);
}


/*
 * What a phone that fell over knew. However old, it is shown: only the spot's
 * first NOTIFY can tell whether somebody waits there. A spot that nobody
 * watches tells nothing; its entry goes when it was tried to take the call
 * back, or the day after.
 */
int park_book_load(struct park *park)
{
	struct book_fact *factv;
	const uint64_t now = clock_ms(park->clock);
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

		if (now - factv[i].since_ms > DAY_MS ||
		    find(park, factv[i].account, factv[i].spot))
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
