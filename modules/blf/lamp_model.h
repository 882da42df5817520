/**
 * @file modules/blf/lamp_model.h  What a lamp shows, out of documents
 *
 * Pure. A lamp has the dialog table of its subscription (RFC 4235 4.3), or
 * several if the SUBSCRIBE was forked (RFC 6665 4.1.4, RFC 4235 3.9): one
 * for each From tag, and all of them together make the state.
 *
 * The state word alone says little: a parked call is "confirmed" with one
 * server and "early", as if it rang, with the next. So:
 *
 *  spot       PARKED  a dialog is in a state that lamp_rules names
 *             FREE    else, all is known and no dialog is left
 *             else the last state stays and turns stale. trying and
 *             proceeding are such: somebody calls the spot, but nobody
 *             waits there yet and nobody can be fetched
 *  extension  RINGING a dialog is early and not the entity's own call
 *             BUSY    else, any dialog is confirmed, trying, proceeding,
 *                     or early as initiator
 *             FREE    as above
 *             Ringing before busy: who talks and is called again can be
 *             helped out, which is what a desk phone shows too
 *
 * "All is known" means: each table began with a full document and missed
 * none since, or the notifier was asked for one and still sends partial
 * ones (some do so always).
 *
 * Of several dialogs that make the state, the one that waits longest gives
 * name, number and time.
 */
#ifndef PARKDECK_LAMP_MODEL_H
#define PARKDECK_LAMP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "app/event.h"
#include "modules/blf/dialoginfo.h"

enum {
	LAMP_FORKS_MAX = 4,      /**< Tables of a lamp                   */
	LAMP_ROWS_MAX = 32,      /**< Dialogs of a table                 */
};

/** How one family of servers tells that a spot is taken */
struct lamp_rules {
	unsigned parked;         /**< Bits: 1u << enum dialoginfo_state  */
};

/** early or confirmed */
extern const struct lamp_rules lamp_rules_default;

/** One of them: the other says that a call is there, but does not wait yet
    or any more */
extern const struct lamp_rules lamp_rules_early;
extern const struct lamp_rules lamp_rules_confirmed;

/**
 * FreeSWITCH with presence-hold-state=terminated: any dialog is a call,
 * free is a full document with none
 */
extern const struct lamp_rules lamp_rules_any;

/** What a document did; bits */
enum lamp_outcome {
	LAMP_OUT_SAME = 0,           /**< Nothing that is shown          */
	LAMP_OUT_CHANGED = 1,        /**< lamp_view() gives another fact */
	LAMP_OUT_DISCARDED = 2,      /**< Out of turn, was not used      */
	LAMP_OUT_REFRESH_WANTED = 4, /**< Refresh: full state is needed  */
	LAMP_OUT_NOT_UNDERSTOOD = 8, /**< Refused or no memory: stale    */
};

struct lamp_row;
struct lamp_table;

/** Private; here so that thousands of them can be embedded */
struct lamp {
	const char *spot;
	const struct lamp_rules *rules;
	struct lamp_table *tablev[LAMP_FORKS_MAX];
	struct lamp_table *spare;    /* For the first one                */
	struct lamp_row *lead;       /* Shown: in a table, or `kept`     */
	struct lamp_row *kept;       /* Shown, but in no table any more  */
	const char *reason;
	uint64_t since_ms;
	enum lamp_kind kind;
	enum lamp_state state;
	enum dialoginfo_event ended;
	uint16_t calls;
	bool at_least;
	bool stale;
	bool blind;                  /* Time passed that we did not see  */
};

/**
 * Begin: state unknown, no tables
 *
 * @param lamp  Caller's memory; lamp_close() it
 * @param spot  Its number, "701"; borrowed while the lamp lives
 * @param rules Borrowed as well; NULL: lamp_rules_default
 */
void lamp_init(struct lamp *lamp, enum lamp_kind kind, const char *spot,
	       const struct lamp_rules *rules);

/** Free all that the lamp holds */
void lamp_close(struct lamp *lamp);

/**
 * A new subscription begins: versions count anew (RFC 4235 4.1)
 *
 * What is shown stays, stale, until the first document.
 *
 * @param reason Static text: why, or ""
 *
 * @return LAMP_OUT_CHANGED or LAMP_OUT_SAME
 */
unsigned lamp_reset(struct lamp *lamp, const char *reason);

/**
 * The subscription is lost or in doubt, but may go on
 *
 * @param reason Static text
 *
 * @return LAMP_OUT_CHANGED or LAMP_OUT_SAME
 */
unsigned lamp_lost(struct lamp *lamp, const char *reason);

/**
 * Something came for one of the forked subscriptions that cannot be read
 *
 * The lamp is stale until the next document of that one, whatever the
 * others tell.
 *
 * @param tag    As of lamp_step(); NULL: it may be for any
 * @param reason Static text
 *
 * @return LAMP_OUT_CHANGED or LAMP_OUT_SAME
 */
unsigned lamp_doubt(struct lamp *lamp, const char *tag, const char *reason);

/**
 * Take a document in
 *
 * @param lamp   The lamp
 * @param tag    From tag of the NOTIFY: which of the forked subscriptions.
 *               Copied. A fifth one is discarded, and
 *               all the others are in doubt.
 * @param doc    As dialoginfo_decode() left it, also if it refused
 *               (doc->err). Borrowed for the call.
 * @param now_ms Monotonic time [ms], one clock for all calls
 *
 * @return enum lamp_outcome bits. REFRESH_WANTED comes once until a full
 *         document arrives, so a notifier that never sends one is not
 *         asked for ever.
 *
 * RFC 4235 4.3: the version one above the last is taken; a higher one too,
 * but if partial, full state is to be fetched; a lower one is discarded.
 * Where the RFC is silent: the same version again counts if full. A second
 * lower one in a row is a notifier that began to count anew.
 */
unsigned lamp_step(struct lamp *lamp, const char *tag,
		   const struct dialoginfo *doc, uint64_t now_ms);

/**
 * One of the forked subscriptions ended, others may go on
 *
 * @param reason Static text: shown if it was the last
 *
 * @return LAMP_OUT_CHANGED or LAMP_OUT_SAME
 */
unsigned lamp_forget(struct lamp *lamp, const char *tag, const char *reason,
		     uint64_t now_ms);

/**
 * Write what is shown into a fact
 *
 * Sets state, stale, reason, who, number, by, since_ms, at_least, held,
 * calls and ended; the rest is not touched. For a spot, who and number are
 * never what servers put there for lack of a caller: "park", the spot
 * itself, its own identity. `by` is the Referred-By of RFC 4235 4.1.4, held
 * is RFC 7463 8.2: the local side hears nothing.
 */
void lamp_view(const struct lamp *lamp, struct lamp_fact *fact);

/** A dialog as its observer names it; texts are "" if not told */
struct lamp_dialog {
	enum dialoginfo_state state;
	enum dialoginfo_direction direction;
	const char *call_id;
	const char *local_tag;
	const char *remote_tag;
	const char *target;      /**< Remote target's URI                */
};

/**
 * The dialog that makes the state: of several, the one that is shown
 *
 * @param dlg Set; its texts are borrowed until the lamp's next step
 *
 * @return False if there is none
 */
bool lamp_dialog(const struct lamp *lamp, struct lamp_dialog *dlg);

#endif
