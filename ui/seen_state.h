/**
 * @file ui/seen_state.h  For how long something has been in the picture
 *
 * Pure. What a key does depends on what is shown, so it must not act on
 * what the user cannot have seen. An event alone is not seen: the page may
 * be turned, covered by a list, or the terminal may be slow to take it.
 */
#ifndef PARKDECK_UI_SEEN_STATE_H
#define PARKDECK_UI_SEEN_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "app/desk_model.h"

enum {
	SEEN_MS = 700,             /**< Shown for so long, it was seen   */
	SEEN_LATE_MS = 100,        /**< A picture comes sooner after a
					fact                             */
};

/** What is drawn of the lamps */
struct seen_page {
	int w, h;                  /**< Of the screen                    */
	size_t lampc;              /**< All there are                    */
	size_t first, count;       /**< On this page                     */
};

/** A parked call that a key chooses by itself */
struct seen_choice {
	unsigned account;
	char spot[TEXT_SZ];        /**< "": there is none                */
	uint64_t parked_ms;        /**< When that call was parked        */
	uint64_t since_ms;         /**< In the picture; 0: long ago      */
};

/** Zero is the beginning; the rest is private */
struct seen {
	struct seen_page page;
	bool on;                   /**< The lamps are in the picture     */
	uint64_t from_ms;          /**< Since then, if they are          */
	uint64_t known_ms;         /**< States of this page that are older
					have been seen, covered or not   */
	uint64_t drawn_ms;
	struct seen_choice longest;
	struct seen_choice mine;
};

/**
 * A picture has been drawn, and the terminal has it
 *
 * @param page What it shows, NULL: no lamps at all
 */
void seen_drawn(struct seen *seen, const struct seen_page *page,
		const struct desk *desk, uint64_t now_ms);

/**
 * @param page What the next picture shows: it may be another page
 *
 * @return For how long the state of that lamp has been in the picture without
 *         a break, now or before something covered it [ms]; for one of
 *         another page, since when it is so
 */
uint64_t seen_lamp(const struct seen *seen, const struct seen_page *page,
		   const struct desk *desk, const struct desk_lamp *lamp,
		   uint64_t now_ms);

/**
 * @return For how long the choice has been this one [ms]
 */
uint64_t seen_choice(const struct seen_choice *choice, unsigned account,
		     const char *spot, uint64_t now_ms);

#endif
