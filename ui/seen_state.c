/**
 * @file ui/seen_state.c  For how long something has been in the picture
 */
#include <stdio.h>
#include <string.h>
#include "ui/seen_state.h"


static bool choice_is(const struct seen_choice *c, unsigned account,
		      const char *spot)
{
	return c->spot[0] && c->account == account && !strcmp(c->spot, spot);
}


static void choose(struct seen_choice *c, unsigned account, const char *spot,
		   uint64_t parked_ms, uint64_t since_ms)
{
	if (choice_is(c, account, spot))
		return;

	c->account = account;
	snprintf(c->spot, sizeof(c->spot), "%s", spot);
	c->parked_ms = parked_ms;
	c->since_ms = since_ms;
}


static void choices(struct seen *seen, const struct desk *desk,
		    uint64_t now_ms)
{
	const struct desk_lamp *l = desk_longest(desk);
	const struct book_fact *b = desk_mine(desk);
	struct seen_choice *mine = &seen->mine;

	if (l)
		choose(&seen->longest, l->f.account, l->f.spot, 0, now_ms);
	else
		seen->longest.spot[0] = '\0';

	/* my own newer park is no surprise, an older that remains is */
	if (b)
		choose(mine, b->account, b->spot, b->since_ms,
		       mine->spot[0] && b->since_ms < mine->parked_ms ?
		       now_ms : 0);
	else
		mine->spot[0] = '\0';
}


/** Did something come into the picture long after it happened? */
static bool late(const struct seen *seen, const struct desk *desk,
		 uint64_t now_ms)
{
	const size_t end = seen->page.first + seen->page.count;
	size_t i;

	for (i = seen->page.first; i < end && i < desk->lampc; i++) {

		const uint64_t shown_ms = desk->lampv[i].shown_ms;

		if (shown_ms > seen->drawn_ms &&
		    now_ms > shown_ms + SEEN_LATE_MS)
			return true;
	}

	return false;
}


void seen_drawn(struct seen *seen, const struct seen_page *page,
		const struct desk *desk, uint64_t now_ms)
{
	if (page && memcmp(page, &seen->page, sizeof(*page))) {
		seen->page = *page;
		seen->on = false;
		seen->known_ms = 0;
	}

	/* what it showed until now */
	if (seen->on && now_ms >= seen->from_ms + SEEN_MS &&
	    !late(seen, desk, now_ms))
		seen->known_ms = now_ms - SEEN_MS;

	if (!page) {
		seen->on = false;
	}
	else if (!seen->on || late(seen, desk, now_ms)) {
		seen->from_ms = now_ms;
		seen->on = true;
	}

	choices(seen, desk, now_ms);
	seen->drawn_ms = now_ms;
}


uint64_t seen_lamp(const struct seen *seen, const struct seen_page *page,
		   const struct desk *desk, const struct desk_lamp *lamp,
		   uint64_t now_ms)
{
	const size_t at = (size_t)(lamp - desk->lampv);
	uint64_t since_ms = lamp->shown_ms;

	if (at < page->first || at >= page->first + page->count)
		return now_ms - since_ms;

	/* it is to be drawn yet */
	if (memcmp(page, &seen->page, sizeof(*page)))
		return 0;

	if (since_ms > seen->known_ms) {

		if (!seen->on)
			return 0;
		if (since_ms < seen->from_ms)
			since_ms = seen->from_ms;
	}

	return now_ms - since_ms;
}


uint64_t seen_choice(const struct seen_choice *choice, unsigned account,
		     const char *spot, uint64_t now_ms)
{
	return choice_is(choice, account, spot) ? now_ms - choice->since_ms :
		0;
}
