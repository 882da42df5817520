/**
 * @file ui/screen_state.h  What the user looks at, and what a key does there
 *
 * Pure: keys and times go in, wishes come out (command lines for the one
 * table of commands). Selection, panes, pages, the line one types into, the
 * question that waits for an answer, the overlays, the bell.
 */
#ifndef PARKDECK_UI_SCREEN_STATE_H
#define PARKDECK_UI_SCREEN_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "app/desk_model.h"
#include "ui/keyguard_state.h"
#include "ui/keyin_state.h"
#include "ui/keymap.h"
#include "ui/layout.h"
#include "ui/lineedit_model.h"
#include "ui/seen_state.h"

enum {
	SCREEN_FLASH_SLOW_MS = 500,    /**< Half period: parked          */
	SCREEN_FLASH_FAST_MS = 200,    /**< Half period: ringing         */
	SCREEN_BELL_MS = 2000,         /**< While a call rings           */
	SCREEN_CLICK_MS = 400,         /**< Double click                 */
	SCREEN_DEAF_MS = 700,          /**< Pause that ends a typed text */
	SCREEN_INFO_MS = 15000,        /**< Then a message goes          */
	SCREEN_WARN_MS = 60000,        /**< Same; errors stay            */
	SCREEN_READ_MS = 2000,         /**< A message has been read then */
	SCREEN_KEYS = 12,              /**< Lamps of a page with a key   */
	SCREEN_WISHES = 8,
	SCREEN_ASK_SZ = 512,
	SCREEN_PARKED_MAX = 256,       /**< Rows of the list             */
	SCREEN_HELP_EXTRA = 12,        /**< Rows that are in no table    */
};

enum screen_pane {
	SCREEN_LAMPS = 0,
	SCREEN_CALLS,
};

/** What has the keys */
enum screen_mode {
	SCREEN_PANES = 0,
	SCREEN_LINE,
	SCREEN_ASK,
	SCREEN_HELP,
	SCREEN_PARKED,

	SCREEN_MODES
};

/** What the line is for */
enum screen_line {
	SCREEN_LINE_DIAL = 0,
	SCREEN_LINE_PARK,
	SCREEN_LINE_TRANSFER,
	SCREEN_LINE_ATTENDED,
	SCREEN_LINE_NOTE,
	SCREEN_LINE_FIND,
	SCREEN_LINE_COMMAND,

	SCREEN_LINES
};

enum screen_ask {
	SCREEN_ASK_SPOT = 0,
	SCREEN_ASK_QUIT,
};

enum wish_kind {
	WISH_NONE = 0,
	WISH_COMMAND,              /**< Run `line`; an error is told     */
	WISH_TYPED,                /**< Same, and its reply is shown     */
	WISH_REDRAW,
	WISH_COPY,                 /**< `line` to the clipboard          */
};

struct wish {
	enum wish_kind kind;
	char line[2 * LINEEDIT_SZ + TEXT_SZ];
};

/** A call that waits: its lamp, or what our book knows if there is none */
struct parked {
	const struct desk_lamp *lamp;    /**< Borrowed, or NULL          */
	const struct book_fact *book;    /**< Borrowed, or NULL          */
	uint64_t since_ms;
};

/** What the screen is made with */
struct screen_prm {
	bool digits_phone;         /**< Digits are DTMF in every call    */
	bool bell_off;
	bool park_asks;            /**< Calls are parked on extensions: `p`
					asks for one; again: the group   */
	deed_h *deedh;             /**< What a lamp's key does now; NULL: as
					its state and the calls say      */
	void *deedarg;
	bool park_one;             /**< Parked at a spot of one's choice, one
					call each: a taken one is not tried */
	bool voicemail;            /**< A colleague's can be reached     */
	uint32_t reminder_s;       /**< Tell of parked calls every so
					often; 0: never                  */
	bool reminder_all;         /**< Also of those that others parked */
};

/** Begin with screen_init(); to be read by the views only */
struct screen {
	struct screen_prm prm;
	struct layout lay;
	int w, h;
	struct keymap keymap;
	struct keyguard guard;
	struct seen seen;
	uint32_t mode_key;         /**< Has changed the mode: rests until it
					is pressed anew; 0: none         */
	bool digit_tone;           /**< The digit that waits is a tone   */
	unsigned digit_account;    /**< Of the spot that it was for ...  */
	char digit_spot[TEXT_SZ];  /**< ... or "": it begins a number    */

	enum screen_mode mode;
	enum screen_pane pane;
	size_t lamp;               /**< Selected, over all pages         */
	unsigned call;             /**< Id of the selected one, or 0     */

	enum screen_line line;
	struct lineedit edit;
	char note_spot[TEXT_SZ];
	struct history dialled, commands;
	char find[LINEEDIT_SZ];

	enum screen_ask ask;
	char ask_text[SCREEN_ASK_SZ];
	char ask_line[TEXT_SZ + 32]; /**< Command that yes stands for    */
	unsigned ask_account;
	char ask_spot[TEXT_SZ];
	uint64_t ask_shown_ms;     /**< Age of the state that was asked  */

	size_t help_top;           /**< First row that is shown          */
	size_t list_at;            /**< Row of the list of parked calls  */
	unsigned list_account;
	char list_spot[TEXT_SZ];   /**< Its spot                         */
	unsigned list_call;        /**< Its id in the book, or 0         */
	uint64_t list_ms;          /**< When the row changed by itself   */
	uint64_t list_open_ms;

	uint64_t deaf_ms;          /**< Last key of a text that was typed
					into a line which did not open;
					0: none                          */

	struct message_fact message;
	uint64_t message_ms;       /**< Since when it is shown           */
	bool message_own;          /**< It answers a key                 */
	bool message_read;         /**< A key was pressed since          */
	struct message_fact next;  /**< Waits until that was read        */
	uint64_t next_ms;          /**< When it came                     */

	size_t click_lamp;
	uint64_t click_ms;         /**< 0: none                          */
	uint64_t bell_ms;          /**< Next one; 0: nothing rings       */
	uint64_t remind_ms;        /**< When it was told last who waits  */

	struct wish wishv[SCREEN_WISHES];
	size_t wishc;
};

void screen_init(struct screen *s, const struct screen_prm *prm);

/** Go on with other settings and the keys of the table; no call is up */
void screen_configure(struct screen *s, const struct screen_prm *prm);
void screen_resize(struct screen *s, const struct desk *desk, int w, int h);

/** A fact came, `desk` knows it already */
void screen_event(struct screen *s, const struct desk *desk,
		  const struct event *ev, uint64_t now_ms);

/**
 * Answer a key in the message line, at once
 *
 * What others say waits until the user could read it, for SCREEN_READ_MS or
 * until his next key; an error of theirs that is not read yet comes again.
 */
void screen_message(struct screen *s, enum message_level level,
		    const char *text, uint64_t now_ms);

/** The picture has been drawn and the terminal has taken it */
void screen_drawn(struct screen *s, const struct desk *desk,
		  uint64_t now_ms);

void screen_key(struct screen *s, const struct desk *desk,
		const struct key *key, uint64_t now_ms);

/**
 * Let time pass: a lone digit acts, messages go
 *
 * @return True: ring the bell
 */
bool screen_step(struct screen *s, const struct desk *desk, uint64_t now_ms);

/**
 * @return When screen_step() must run or the picture changes by itself
 *         (flash, durations); 0: never. Nothing flashes, no call lasts:
 *         no timer
 */
uint64_t screen_due_ms(const struct screen *s, const struct desk *desk,
		       uint64_t now_ms);

/** Take the next wish; @return False if there is none */
bool screen_wish(struct screen *s, struct wish *wish);

/** @return Page shown, from 0 */
size_t screen_page(const struct screen *s);

/** @return Number of lamps of the page shown; `first` set to its first */
size_t screen_lamps(const struct screen *s, const struct desk *desk,
		    size_t *first);

/** @return First call shown when `rows` fit, so that the selected is seen */
size_t screen_calls_top(const struct screen *s, const struct desk *desk,
			size_t rows);

/**
 * List the parked calls, who has waited longest first
 *
 * @param v Filled in
 * @param n Room in it
 *
 * @return Rows filled in
 */
size_t screen_parked(struct parked *v, size_t n, const struct desk *desk);

/** @return Rows of the help: the table of keys and what goes with it */
size_t screen_help_rows(void);

/** @return Rows between the status line and the message: overlays */
int screen_body_h(const struct screen *s);

/** @return The parked call that is copied by a key: what we parked last,
	    else what was told of last; borrowed, or NULL */
const struct book_fact *screen_copy(const struct desk *desk);

/** @return Spot of a row, borrowed */
const char *parked_spot(const struct parked *p);

/** @return Prompt of the line that is open */
const char *screen_prompt(const struct screen *s, char *buf, size_t sz);

#endif
