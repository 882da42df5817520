/**
 * @file ui/ui.h  The screen: lamps, calls, one message, one footer
 *
 * Draws the desk model, at once when something changed but once per frame
 * at most, into a grid of cells; term_curses.c puts the cells on the
 * terminal. Keys become commands.
 */
#ifndef PARKDECK_UI_H
#define PARKDECK_UI_H

#include <stdbool.h>
#include "app/clock.h"
#include "app/cmd.h"
#include "app/desk_model.h"
#include "app/event.h"

enum {
	/** Between two pictures, at least. A change that comes just after a
	    flash has been drawn waits so long: no user shall see that */
	UI_FRAME_MS = 16,
};

struct ui;

/** What the screen is made with; all borrowed while it lives */
struct ui_prm {
	const struct clock *clock;
	const struct desk *desk;
	struct bus *bus;
	struct commands *commands;
	const char *title;         /**< Left of the status line          */
	const char *banner;        /**< Said in a heading at all times, or
					NULL                             */
	int out;                   /**< Descriptor of the terminal to
					write to; 0: standard output. (The
					program's own standard output goes
					to the log under a screen)       */
	bool bell;                 /**< Ring it when a call comes in     */
	bool ascii;                /**< No character beyond ASCII        */
	bool mono;                 /**< No colour                        */
	bool colour;               /**< Colour also with NO_COLOR set    */
	bool no_mouse;             /**< Leave it to the terminal         */
	bool digits_phone;         /**< Digits are DTMF in every call    */
	bool park_asks;            /**< Calls are parked on extensions   */
	deed_h *deedh;             /**< What a lamp's key does now, or NULL */
	void *deedarg;
	bool park_one;             /**< A chosen spot takes one call     */
	bool voicemail;            /**< A colleague's can be reached     */
	uint32_t reminder_s;       /**< Tell of parked calls every so
					often; 0: never                  */
	bool reminder_all;         /**< Also of those that others parked */
	const char *keys;          /**< Other keys than those of the
					table, one action a line: "park p
					Ctrl-P"; or NULL. What is wrong
					with it is said on the screen    */
};

/**
 * Open the terminal and start to draw
 *
 * @param uip mem_deref() it: the terminal is restored
 *
 * @return 0, ENOTTY: standard input or output is no terminal, ENOTSUP: the
 *         terminal cannot position its cursor, or the errno of what
 *         failed; the terminal is then as it was
 */
int  ui_alloc(struct ui **uip, const struct ui_prm *prm);

/**
 * Go on with other settings: bell, ascii, mono, colour, no_mouse,
 * digits_phone, park_asks, park_one, voicemail, reminder and keys; the rest of prm is as it was
 */
void ui_configure(struct ui *ui, const struct ui_prm *prm);

/** @return One sentence for an error of ui_alloc() */
const char *ui_strerror(int err);

/** Restore the terminal; safe at any time, also in a signal handler */
void ui_restore_terminal(void);

#endif
