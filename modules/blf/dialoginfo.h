/**
 * @file modules/blf/dialoginfo.h  Decode a dialog-info document (RFC 4235)
 *
 * Servers differ more than the standard allows, so the decoder takes what
 * can be understood only one way (names in any namespace, attributes in any
 * order, several spellings) and refuses the rest with a reason. A document
 * that was refused must change nothing that is shown but its freshness.
 *
 * What is taken though it is wrong:
 *  - no, another or an unknown namespace; elements of the root's vocabulary
 *    count, foreign ones are skipped with all they hold
 *  - no or several XML declarations, white space or a BOM before them, any
 *    declared encoding: bytes that are not UTF-8 are read as ISO 8859-1
 *  - a repeated xmlns attribute; bytes after the root element
 *  - root without version or entity; `notify-state` for `state`; neither:
 *    full, as RFC 4235 4.1 knows no document without one. Another word:
 *    partial, since nothing is then taken away by a guess
 *  - state words in any case and padded; `sip.rendering` with or without
 *    plus, `pval` or `pvalue`; a target's URI as its text
 * What is refused, since reading it would be guessing: all else that is not
 * well-formed (a bare `&`, `</ state>`, a repeated attribute, unquoted
 * values), a DOCTYPE, another root element, more than the limits below.
 */
#ifndef PARKDECK_DIALOGINFO_H
#define PARKDECK_DIALOGINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "modules/blf/saxdoc.h"

enum {
	DIALOGINFO_SIZE_MAX = SAXDOC_SIZE_MAX,   /**< A body [bytes]     */
	DIALOGINFO_DEPTH_MAX = SAXDOC_DEPTH_MAX, /**< Of elements        */
	DIALOGINFO_ATTRS_MAX = SAXDOC_ATTRS_MAX, /**< Of an element      */
	DIALOGINFO_STR_MAX = SAXDOC_STR_MAX,     /**< [bytes, no NUL]    */
	DIALOGINFO_DIALOGS_MAX = 32,   /**< Dialogs of a document        */
	DIALOGINFO_ARENA_SZ = 65536,   /**< All strings of a document    */
};

/** State of a dialog (RFC 4235 3.7.1); zero: missing or another word */
enum dialoginfo_state {
	DIALOGINFO_UNKNOWN = 0,
	DIALOGINFO_TRYING,
	DIALOGINFO_PROCEEDING,
	DIALOGINFO_EARLY,
	DIALOGINFO_CONFIRMED,
	DIALOGINFO_TERMINATED,

	DIALOGINFO_STATES
};

/** What led to a state (RFC 4235 4.1.2); zero: not told */
enum dialoginfo_event {
	DIALOGINFO_EV_NONE = 0,
	DIALOGINFO_EV_CANCELLED,
	DIALOGINFO_EV_REJECTED,
	DIALOGINFO_EV_REPLACED,
	DIALOGINFO_EV_LOCAL_BYE,
	DIALOGINFO_EV_REMOTE_BYE,
	DIALOGINFO_EV_ERROR,
	DIALOGINFO_EV_TIMEOUT,

	DIALOGINFO_EVENTS
};

enum dialoginfo_direction {
	DIALOGINFO_DIR_UNKNOWN = 0,
	DIALOGINFO_INITIATOR,          /**< The entity called            */
	DIALOGINFO_RECIPIENT,          /**< The entity was called        */
};

/** Value of (+)sip.rendering (RFC 4235 5.2) */
enum dialoginfo_rendering {
	DIALOGINFO_RENDER_UNKNOWN = 0,
	DIALOGINFO_RENDER_NO,          /**< Hears nothing: on hold       */
	DIALOGINFO_RENDER_YES,
};

/** One side of a dialog */
struct dialoginfo_party {
	bool identity;           /**< There was an identity element      */
	bool target;             /**< There was a target element         */
	const char *display;     /**< Of identity, else of target        */
	const char *uri;         /**< Text of identity, as sent          */
	const char *target_uri;
	enum dialoginfo_rendering rendering;
};

/** A dialog; strings are "" where the document has none */
struct dialoginfo_dialog {
	const char *id;
	const char *call_id;
	const char *local_tag;
	const char *remote_tag;
	enum dialoginfo_direction direction;
	enum dialoginfo_state state;
	enum dialoginfo_event event;
	unsigned code;           /**< SIP status of the event, or 0      */
	bool duration_known;
	uint32_t duration_s;
	bool referred;           /**< There was a referred-by element    */
	const char *referred_display;
	const char *referred_uri;
	const char *replaces_call_id;
	const char *replaces_local_tag;
	const char *replaces_remote_tag;
	struct dialoginfo_party local;
	struct dialoginfo_party remote;
};

/**
 * A decoded document, reusable. Large (70 kB): not for the stack.
 *
 * All strings end with NUL, are valid UTF-8, hold no control or
 * direction-changing characters, no white space at the ends, and at most
 * DIALOGINFO_STR_MAX bytes: a display name is cut there, a URI or tag is
 * left out, since a part of one means something else.
 */
struct dialoginfo {
	int err;                 /**< What dialoginfo_decode() returned  */
	const char *reason;      /**< Why, static text; "" if err is 0   */
	bool version_known;
	uint32_t version;
	bool full;               /**< state="full" or not told           */
	const char *entity;
	struct dialoginfo_dialog dialogv[DIALOGINFO_DIALOGS_MAX];
	size_t dialogc;

	size_t used;             /**< Private: bytes of arena            */
	char arena[DIALOGINFO_ARENA_SZ];
};

struct dialoginfo_decoder;

/**
 * Make a decoder: one serves all documents, one after the other
 *
 * @param decp Set on success; dialoginfo_decoder_free() it
 *
 * @return 0, ENOMEM
 */
int dialoginfo_decoder_alloc(struct dialoginfo_decoder **decp);

/** Free a decoder; NULL is fine */
void dialoginfo_decoder_free(struct dialoginfo_decoder *dec);

/**
 * Decode one body
 *
 * @param di   Caller's memory, overwritten; its strings live in it
 * @param dec  Decoder, borrowed
 * @param body Bytes from the network; need not end with NUL
 * @param len  Number of them [bytes]
 *
 * @return 0; ENODATA: there is no body (legal in the last NOTIFY, RFC 6665
 *         4.1.2.3); EBADMSG: refused, di->reason says why; ENOMEM; EINVAL.
 *         di->err holds the same. After an error di has no dialogs.
 */
int dialoginfo_decode(struct dialoginfo *di, struct dialoginfo_decoder *dec,
		      const void *body, size_t len);

#endif
