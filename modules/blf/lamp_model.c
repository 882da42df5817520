/**
 * @file modules/blf/lamp_model.c  What a lamp shows, out of documents
 *
 * Thousands of lamps are mostly idle: an idle one has one table without
 * rows, and a row is one small block with its texts behind it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "modules/blf/lamp_model.h"

enum {
	TAG_ROOM = 40,               /* Enough for nearly all            */

	/* Nothing is parked for longer: a duration beyond it is no such */
	DURATION_MAX_S = 7 * 24 * 3600,
};

/** Texts of a row, one after the other */
enum row_text {
	ROW_ID = 0,
	ROW_WHO,
	ROW_NUMBER,
	ROW_PARKER,
	ROW_TARGET,
	ROW_CALL_ID,
	ROW_LOCAL_TAG,
	ROW_REMOTE_TAG,

	ROW_TEXTS
};

/** A dialog that lives */
struct lamp_row {
	struct lamp_row *next;
	uint64_t since_ms;
	uint8_t state;               /* enum dialoginfo_state            */
	uint8_t direction;           /* enum dialoginfo_direction        */
	bool held;
	bool at_least;
	bool touched;                /* Named by the document in hand    */
	bool unsure;                 /* Not named since one was lost     */
	uint16_t offv[ROW_TEXTS];
	char text[];
};

/** The dialogs of one subscription */
struct lamp_table {
	struct lamp_row *rows;
	const char *doubt;           /* Why what it holds is old         */
	uint32_t version;
	bool version_known;
	bool seen;                   /* A document was taken             */
	bool full;                   /* Complete since a full document   */
	bool asked;                  /* For full state                   */
	bool asked_low;              /* After a version that went back   */
	bool trusted;                /* Asked, and partial all the same  */
	bool short_of;               /* A dialog found no room           */
	bool roomy;                  /* Has TAG_ROOM for the tag         */
	char tag[];
};

/** What is to be done with a document by its version */
enum turn {
	TURN_DROP = 0,
	TURN_TAKE,
	TURN_GAP,                    /* Take it; others were lost        */
	TURN_RESTART,                /* Take it; all before is void      */
};

#define BIT(state) (1u << (state))

static const char PART[] = "Only a part of the state is known";

const struct lamp_rules lamp_rules_default = {
	.parked = BIT(DIALOGINFO_EARLY) | BIT(DIALOGINFO_CONFIRMED),
};

const struct lamp_rules lamp_rules_early = {
	.parked = BIT(DIALOGINFO_EARLY),
};

const struct lamp_rules lamp_rules_confirmed = {
	.parked = BIT(DIALOGINFO_CONFIRMED),
};

const struct lamp_rules lamp_rules_any = {
	.parked = BIT(DIALOGINFO_EARLY) | BIT(DIALOGINFO_CONFIRMED) |
		BIT(DIALOGINFO_TERMINATED),
};


/* ---- Text ------------------------------------------------------------ */


static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}


/** Does `s` begin with `head`, in any case? */
static bool begins(const char *s, const char *head)
{
	for (; *head; ++s, ++head) {

		if (lower(*s) != lower(*head))
			return false;
	}

	return true;
}


static bool same(const char *a, const char *b)
{
	return begins(a, b) && strlen(a) == strlen(b);
}


/** Copy, cut at a whole UTF-8 character */
static void copy(char *buf, size_t sz, const char *s)
{
	size_t n = strlen(s);

	if (n >= sz) {
		n = sz - 1;
		while (n && ((unsigned char)s[n] & 0xc0) == 0x80)
			--n;
	}

	memcpy(buf, s, n);
	buf[n] = '\0';
}


static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';

	c = lower(c);

	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}


/**
 * User part of a SIP or tel URI, unescaped ("%23300" is "#300")
 *
 * Only what is printable ASCII is unescaped: neither controls nor broken
 * UTF-8 can come in that way. "sip:701" is a user, "sip:pbx" a host.
 */
static void uri_user(char *buf, size_t sz, const char *uri)
{
	const char *p = strchr(uri, '<'), *end, *at;
	bool sip = true;
	size_t n = 0;

	p = p ? p + 1 : uri;

	if (begins(p, "sip:"))
		p += 4;
	else if (begins(p, "sips:"))
		p += 5;
	else {
		sip = false;
		if (begins(p, "tel:"))
			p += 4;
	}

	at = memchr(p, '@', strcspn(p, ">"));
	end = p + strcspn(p, at ? ":;@" : ":;?>");

	if (sip && !at && strspn(p, "0123456789*#+") < (size_t)(end - p))
		end = p;

	while (p < end && n + 1 < sz) {

		const int hi = *p == '%' && p + 2 < end ? hex(p[1]) : -1;
		const int lo = hi >= 0 ? hex(p[2]) : -1;
		const int c = lo >= 0 ? hi * 16 + lo : 0;

		if (c > 0x20 && c < 0x7f) {
			buf[n++] = (char)c;
			p += 3;
		}
		else {
			buf[n++] = *p++;
		}
	}

	/* Cut in the middle of a character? Then it goes as a whole */
	if (p < end) {
		while (n && ((unsigned char)*p & 0xc0) == 0x80) {
			--p;
			--n;
		}
	}

	buf[n] = '\0';
}


static bool is_nobody(const char *s)
{
	return same(s, "anonymous") || same(s, "invalid") ||
		same(s, "unknown") || same(s, "unavailable") ||
		same(s, "(null)");
}


/** A code and the spot behind it, as Kazoo's "*3101" */
static bool is_code(const struct lamp *lamp, const char *s)
{
	const size_t len = strlen(s), tail = strlen(lamp->spot);

	return (*s == '*' || *s == '#') && len > tail &&
		same(s + len - tail, lamp->spot);
}


/**
 * What servers write into a parked call for lack of a caller. The near end is
 * no better: with some it is who is parked, with others who parked him
 */
static bool is_placeholder(const struct lamp *lamp, const char *s,
			   const char *local)
{
	return same(s, "park") || same(s, "parked") || begins(s, "park+") ||
		same(s, lamp->spot) || is_code(lamp, s) ||
		(*local && same(s, local));
}


/** Name and number of the other party, as far as they say something */
static void party_text(const struct lamp *lamp,
		       const struct dialoginfo_dialog *dlg,
		       char *who, char *number)
{
	char local[TEXT_SZ];
	bool anonymous;

	copy(who, TEXT_SZ, dlg->remote.display);
	uri_user(number, TEXT_SZ, dlg->remote.uri);
	uri_user(local, sizeof(local), dlg->local.uri);

	if (lamp->kind == LAMP_SPOT) {

		if (is_placeholder(lamp, who, dlg->local.display))
			*who = '\0';

		if (is_placeholder(lamp, number, local))
			*number = '\0';
	}

	anonymous = same(number, "anonymous");
	if (is_nobody(number))
		*number = '\0';

	/* That somebody hides the number is worth showing */
	if (same(who, number) || (is_nobody(who) && !same(who, "anonymous")))
		*who = '\0';
	if (!*who && anonymous)
		copy(who, TEXT_SZ, "anonymous");
}


/* ---- Rows ------------------------------------------------------------ */


static const char *row_text(const struct lamp_row *row, enum row_text i)
{
	return row ? row->text + row->offv[i] : "";
}


/**
 * What one dialog makes of a lamp
 *
 * @return LAMP_FREE: it is over. LAMP_UNKNOWN: it decides nothing
 */
static enum lamp_state dialog_state(const struct lamp *lamp, unsigned state,
				    unsigned direction)
{
	if (lamp->kind == LAMP_SPOT) {

		if (lamp->rules->parked & BIT(state))
			return LAMP_PARKED;

		return state == DIALOGINFO_TERMINATED ? LAMP_FREE :
			LAMP_UNKNOWN;
	}

	switch (state) {

	case DIALOGINFO_EARLY:
		return direction == DIALOGINFO_INITIATOR ? LAMP_BUSY :
			LAMP_RINGING;

	case DIALOGINFO_TRYING:
	case DIALOGINFO_PROCEEDING:
	case DIALOGINFO_CONFIRMED:
		return LAMP_BUSY;

	case DIALOGINFO_TERMINATED:
		return LAMP_FREE;

	default:
		return LAMP_UNKNOWN;
	}
}


static enum lamp_state row_state(const struct lamp *lamp,
				 const struct lamp_row *row)
{
	return dialog_state(lamp, row->state, row->direction);
}


/** Which state shows if several dialogs have different ones */
static unsigned rank(enum lamp_state state)
{
	static const unsigned rankv[LAMP_STATES] = {
		[LAMP_FREE]    = 0,
		[LAMP_UNKNOWN] = 1,
		[LAMP_BUSY]    = 2,
		[LAMP_PARKED]  = 3,
		[LAMP_RINGING] = 4,
	};

	return rankv[state];
}


/** @return Where the row of that id hangs, or the list's end */
static struct lamp_row **row_find(struct lamp_row **rowp, const char *id)
{
	while (*rowp && strcmp(row_text(*rowp, ROW_ID), id))
		rowp = &(*rowp)->next;

	return rowp;
}


/** Take a row out; what is shown lives on until something else is */
static void row_drop(struct lamp *lamp, struct lamp_row **rowp)
{
	struct lamp_row *row = *rowp;

	*rowp = row->next;

	if (row == lamp->lead) {
		free(lamp->kept);
		lamp->kept = row;
		row->next = NULL;
	}
	else {
		free(row);
	}
}


static struct lamp_row *row_alloc(const char *textv[ROW_TEXTS])
{
	struct lamp_row *row;
	size_t i, n = 0;

	for (i = 0; i < ROW_TEXTS; i++)
		n += strlen(textv[i]) + 1;

	row = calloc(1, sizeof(*row) + n);
	if (!row)
		return NULL;

	for (i = 0, n = 0; i < ROW_TEXTS; i++) {

		const size_t sz = strlen(textv[i]) + 1;

		row->offv[i] = (uint16_t)n;
		memcpy(row->text + n, textv[i], sz);
		n += sz;
	}

	return row;
}


static bool has_duration(const struct dialoginfo_dialog *dlg)
{
	return dlg->duration_known && dlg->duration_s <= DURATION_MAX_S;
}


/**
 * Since when is this dialog in this state?
 *
 * RFC 4235 4.1.3: duration counts from the dialog's first state on, so it
 * tells nothing about a state that we saw begin (`begun`). After a time in
 * which nothing was seen (`blind`), the same state with the same party is
 * taken for the same call.
 */
static void row_time(const struct lamp *lamp, struct lamp_row *row,
		     const struct dialoginfo_dialog *dlg, bool blind,
		     bool begun, uint64_t now_ms)
{
	if (begun) {
		row->since_ms = now_ms;
		row->at_least = false;
	}
	else if (has_duration(dlg)) {

		const uint64_t ms = (uint64_t)dlg->duration_s * 1000;

		/* Older than the clock: as old as can be said */
		row->since_ms = ms < now_ms ? now_ms - ms : 0;
		row->at_least = ms > now_ms;
	}
	else if (blind && lamp->lead &&
		 lamp->state == row_state(lamp, row) &&
		 !strcmp(row_text(lamp->lead, ROW_WHO),
			 row_text(row, ROW_WHO)) &&
		 !strcmp(row_text(lamp->lead, ROW_NUMBER),
			 row_text(row, ROW_NUMBER))) {

		row->since_ms = lamp->since_ms;
		row->at_least = lamp->at_least;
	}
	else {
		row->since_ms = now_ms;
		row->at_least = blind;
	}
}


static const char *either(const char *s, const struct lamp_row *old,
			  enum row_text i)
{
	return *s ? s : row_text(old, i);
}


/**
 * Bring a row up to date, or make it if *rowp is NULL
 *
 * RFC 4235 4.1.6: identity and target stay if a document does not repeat
 * them.
 */
static int row_update(struct lamp *lamp, struct lamp_row **rowp,
		      const struct dialoginfo_dialog *dlg, bool blind,
		      uint64_t now_ms)
{
	char who[TEXT_SZ], number[TEXT_SZ], parker[TEXT_SZ];
	struct lamp_row *old = *rowp, *row = old;
	const char *textv[ROW_TEXTS];
	bool known = false, moved = true;
	size_t i;

	textv[ROW_ID] = dlg->id;
	textv[ROW_WHO] = row_text(old, ROW_WHO);
	textv[ROW_NUMBER] = row_text(old, ROW_NUMBER);
	textv[ROW_PARKER] = row_text(old, ROW_PARKER);
	textv[ROW_TARGET] = row_text(old, ROW_TARGET);
	textv[ROW_CALL_ID] = either(dlg->call_id, old, ROW_CALL_ID);
	textv[ROW_LOCAL_TAG] = either(dlg->local_tag, old, ROW_LOCAL_TAG);
	textv[ROW_REMOTE_TAG] = either(dlg->remote_tag, old, ROW_REMOTE_TAG);

	if (dlg->remote.identity || *dlg->remote.display) {
		party_text(lamp, dlg, who, number);
		textv[ROW_WHO] = who;
		textv[ROW_NUMBER] = number;
	}

	if (dlg->referred) {
		copy(parker, sizeof(parker), dlg->referred_display);
		if (!*parker)
			uri_user(parker, sizeof(parker), dlg->referred_uri);
		textv[ROW_PARKER] = parker;
	}

	if (dlg->remote.target)
		textv[ROW_TARGET] = dlg->remote.target_uri;

	for (i = 0; old && i < ROW_TEXTS; i++) {
		if (strcmp(textv[i], row_text(old, i)))
			break;
	}

	if (!old || i < ROW_TEXTS) {
		row = row_alloc(textv);
		if (!row)
			return ENOMEM;
	}

	if (old) {
		known = !blind;
		moved = row_state(lamp, old) !=
			dialog_state(lamp, dlg->state, dlg->direction);
		row->since_ms = old->since_ms;
		row->at_least = old->at_least;
		row->next = old->next;
	}

	row->state = (uint8_t)dlg->state;
	row->direction = (uint8_t)dlg->direction;
	row->held = dlg->local.rendering == DIALOGINFO_RENDER_NO;
	row->touched = true;
	row->unsure = false;

	if (moved)
		row_time(lamp, row, dlg, blind, known, now_ms);
	else if (row->at_least && has_duration(dlg))
		row_time(lamp, row, dlg, blind, false, now_ms);

	if (row != old) {
		*rowp = row;
		if (lamp->lead == old && old)
			lamp->lead = row;
		free(old);
	}

	return 0;
}


/* ---- Tables ---------------------------------------------------------- */


static struct lamp_table **table_find(struct lamp *lamp, const char *tag)
{
	size_t i;

	for (i = 0; i < LAMP_FORKS_MAX; i++) {

		if (lamp->tablev[i] && !strcmp(lamp->tablev[i]->tag, tag))
			return &lamp->tablev[i];
	}

	return NULL;
}


static int table_add(struct lamp_table **tp, struct lamp *lamp,
		     const char *tag)
{
	const size_t sz = strlen(tag) + 1;
	size_t i;

	for (i = 0; i < LAMP_FORKS_MAX; i++) {

		if (lamp->tablev[i])
			continue;

		if (lamp->spare && sz <= TAG_ROOM) {
			*tp = lamp->spare;
			lamp->spare = NULL;
		}
		else {
			*tp = calloc(1, sizeof(**tp) + sz);
			if (!*tp)
				return ENOMEM;
		}

		memcpy((*tp)->tag, tag, sz);
		lamp->tablev[i] = *tp;
		return 0;
	}

	return ENOSPC;
}


static void table_empty(struct lamp *lamp, struct lamp_table *t)
{
	while (t->rows)
		row_drop(lamp, &t->rows);
}


static void table_drop(struct lamp *lamp, struct lamp_table **tp)
{
	if (!*tp)
		return;

	table_empty(lamp, *tp);

	if ((*tp)->roomy && !lamp->spare) {
		memset(*tp, 0, sizeof(**tp));
		(*tp)->roomy = true;
		lamp->spare = *tp;
	}
	else {
		free(*tp);
	}

	*tp = NULL;
}


/** Ask for full state, unless that was done and is not answered yet */
static unsigned table_ask(struct lamp_table *t)
{
	if (t->asked)
		return 0;

	t->asked = true;

	return LAMP_OUT_REFRESH_WANTED;
}


/** Would a partial document change the table? */
static bool table_differs(const struct lamp *lamp, struct lamp_table *t,
			  const struct dialoginfo *doc)
{
	size_t i;

	for (i = 0; i < doc->dialogc; i++) {

		const struct dialoginfo_dialog *dlg = &doc->dialogv[i];
		const struct lamp_row *row = *row_find(&t->rows, dlg->id);
		const bool over = LAMP_FREE == dialog_state(lamp, dlg->state,
							dlg->direction);

		if (over ? row != NULL : !row || row->state != dlg->state ||
		    row->direction != dlg->direction)
			return true;
	}

	return false;
}


/** RFC 4235 4.3, and what it leaves open */
static enum turn table_turn(const struct lamp *lamp, struct lamp_table *t,
			    const struct dialoginfo *doc, unsigned *out)
{
	if (!t->seen || !doc->version_known || !t->version_known)
		return TURN_TAKE;

	/* From 2^32-1 on to 0 */
	if (doc->version == t->version + 1)
		return TURN_TAKE;

	if (doc->version > t->version)
		return TURN_GAP;

	if (doc->version == t->version) {

		if (doc->full || !table_differs(lamp, t, doc))
			return doc->full ? TURN_TAKE : TURN_DROP;

		/* Two different documents of one number: the notifier does
		   not count, if it was asked and goes on like that */
		if (t->asked)
			return TURN_TAKE;

		*out |= table_ask(t);
		return TURN_DROP;
	}

	/* Late, or counted anew: then the next one is low as well */
	if (t->asked_low)
		return TURN_RESTART;

	t->asked_low = true;
	*out |= table_ask(t);

	return TURN_DROP;
}


/** Apply the dialogs of a document; on errors as many as went well */
static int table_apply(struct lamp *lamp, struct lamp_table *t,
		       const struct dialoginfo *doc, bool blind,
		       uint64_t now_ms)
{
	struct lamp_row *row, **rowp;
	size_t i, n = 0;
	int err = 0;

	for (row = t->rows; row; row = row->next) {
		row->touched = false;
		++n;
	}

	for (i = 0; i < doc->dialogc && !err; i++) {

		const struct dialoginfo_dialog *dlg = &doc->dialogv[i];
		const enum lamp_state state = dialog_state(lamp, dlg->state,
							   dlg->direction);

		rowp = row_find(&t->rows, dlg->id);
		row = *rowp;

		/* An id used twice in one document: the livelier one */
		if (row && row->touched &&
		    rank(state) <= rank(row_state(lamp, row)))
			continue;

		if (state == LAMP_FREE) {
			if (row && !doc->full) {
				row_drop(lamp, rowp);
				--n;
			}
			continue;
		}

		if (!row && !doc->full && n >= LAMP_ROWS_MAX) {
			err = EOVERFLOW;
			break;
		}

		err = row_update(lamp, rowp, dlg, blind, now_ms);
		if (!row && !err)
			++n;
	}

	for (rowp = &t->rows; doc->full && *rowp; ) {

		if ((*rowp)->touched)
			rowp = &(*rowp)->next;
		else
			row_drop(lamp, rowp);
	}

	return err;
}


/* ---- The lamp -------------------------------------------------------- */


/** What is shown, to be compared; zeroed, so memcmp() does */
static void shown_get(struct lamp_fact *shown, const struct lamp *lamp)
{
	memset(shown, 0, sizeof(*shown));
	lamp_view(lamp, shown);
}


static unsigned shown_compare(const struct lamp_fact *before,
			      const struct lamp *lamp)
{
	struct lamp_fact after;

	shown_get(&after, lamp);

	return memcmp(before, &after, sizeof(after)) ? LAMP_OUT_CHANGED :
		LAMP_OUT_SAME;
}


static void lead_set(struct lamp *lamp, struct lamp_row *lead)
{
	lamp->lead = lead;

	if (lamp->kept != lead) {
		free(lamp->kept);
		lamp->kept = NULL;
	}
}


static void set_stale(struct lamp *lamp, const char *reason)
{
	/* Nothing that is known cannot be old */
	lamp->stale = lamp->state != LAMP_UNKNOWN;
	lamp->reason = reason;
}


/** Find the state out of all tables */
static void evaluate(struct lamp *lamp, enum dialoginfo_event ev, bool blind,
		     uint64_t now_ms)
{
	enum lamp_state state = LAMP_FREE;
	struct lamp_row *lead = NULL;
	const char *doubt = NULL;
	const char *why = "The server does not tell the state";
	bool known = true, undecided = false, sure = false;
	uint16_t calls = 0;
	size_t i, tablec = 0;

	for (i = 0; i < LAMP_FORKS_MAX; i++) {

		const struct lamp_table *t = lamp->tablev[i];
		struct lamp_row *row;

		if (!t)
			continue;

		++tablec;
		if (t->short_of || (!t->full && !t->trusted))
			known = false;
		if (t->doubt)
			doubt = t->doubt;

		for (row = t->rows; row; row = row->next) {

			const enum lamp_state s = row_state(lamp, row);

			if (s == LAMP_UNKNOWN) {
				undecided = true;
				if (row->state == DIALOGINFO_CONFIRMED)
					why = "A call is there, but does not"
						" wait";
				else if (row->state != DIALOGINFO_UNKNOWN)
					why = "A call to it is being set up";
				continue;
			}

			if (rank(s) > rank(state)) {
				calls = 0;
				sure = false;
			}
			if (rank(s) >= rank(state)) {
				++calls;
				sure |= !row->unsure || t->full || t->trusted;
			}

			if (!lead || rank(s) > rank(state) ||
			    (s == state && row->since_ms < lead->since_ms)) {
				lead = row;
				state = s;
			}
		}
	}

	if (lead) {
		lamp->state = state;
		lamp->since_ms = lead->since_ms;
		lamp->at_least = lead->at_least;
		lamp->ended = DIALOGINFO_EV_NONE;
	}
	else if (undecided) {
		set_stale(lamp, doubt ? doubt : why);
		return;
	}
	else if (!known || !tablec) {
		set_stale(lamp, doubt ? doubt : PART);
		return;
	}
	else if (doubt) {
		set_stale(lamp, doubt);
		return;
	}
	else if (lamp->state != LAMP_FREE) {
		lamp->ended = lamp->state == LAMP_UNKNOWN ?
			DIALOGINFO_EV_NONE : ev;
		lamp->at_least = blind || lamp->stale ||
			lamp->state == LAMP_UNKNOWN;
		lamp->state = LAMP_FREE;
		lamp->since_ms = now_ms;
	}

	lamp->calls = calls;
	lamp->stale = false;
	lamp->reason = "";
	lead_set(lamp, lead);

	if (doubt || (lead && !sure))
		set_stale(lamp, doubt ? doubt : PART);
}


/** The event that ended dialogs of this document */
static enum dialoginfo_event doc_event(const struct dialoginfo *doc)
{
	enum dialoginfo_event ev = DIALOGINFO_EV_NONE;
	size_t i;

	for (i = 0; i < doc->dialogc; i++) {

		if (doc->dialogv[i].state == DIALOGINFO_TERMINATED &&
		    doc->dialogv[i].event)
			ev = doc->dialogv[i].event;
	}

	return ev;
}


static unsigned take(struct lamp *lamp, struct lamp_table *t,
		     const struct dialoginfo *doc, enum turn turn,
		     uint64_t now_ms)
{
	const bool blind = lamp->blind || !t->seen || turn != TURN_TAKE;
	const bool missed = !t->seen || turn != TURN_TAKE || t->doubt;
	struct lamp_row *row;
	unsigned out = 0;
	int err;

	if (t->asked)
		t->trusted = true;

	/* What is void, or was not seen to go on, starts anew */
	if (turn == TURN_RESTART || (turn == TURN_GAP && doc->full))
		table_empty(lamp, t);

	if (doc->full) {
		t->full = true;
		t->asked = t->asked_low = t->trusted = false;
		t->short_of = false;
	}
	else if (missed) {
		t->full = false;
		out |= table_ask(t);

		/* What was lost may have been the end of any of them */
		for (row = t->rows; row; row = row->next)
			row->unsure = true;
	}
	t->doubt = NULL;

	err = table_apply(lamp, t, doc, blind, now_ms);
	if (err) {
		t->short_of = true;
		out |= table_ask(t);
	}

	t->seen = true;
	t->asked_low = false;
	if (doc->version_known) {
		t->version = doc->version;
		t->version_known = true;
	}

	lamp->blind = false;
	evaluate(lamp, doc_event(doc), blind, now_ms);

	if (err == ENOMEM) {
		set_stale(lamp, "Out of memory");
		lamp->blind = true;
		out |= LAMP_OUT_NOT_UNDERSTOOD;
	}

	return out;
}


void lamp_init(struct lamp *lamp, enum lamp_kind kind, const char *spot,
	       const struct lamp_rules *rules)
{
	if (!lamp)
		return;

	memset(lamp, 0, sizeof(*lamp));
	lamp->kind = kind;
	lamp->spot = spot ? spot : "";
	lamp->rules = rules ? rules : &lamp_rules_default;
	lamp->reason = "";
	lamp->blind = true;

	/* Made now, not amid the thousands of blocks of a wave of
	   SUBSCRIBEs, which would leave each in a page of its own. Without
	   memory there is none yet */
	lamp->spare = calloc(1, sizeof(*lamp->spare) + TAG_ROOM);
	if (lamp->spare)
		lamp->spare->roomy = true;
}


void lamp_close(struct lamp *lamp)
{
	size_t i;

	if (!lamp)
		return;

	lamp->lead = NULL;
	for (i = 0; i < LAMP_FORKS_MAX; i++)
		table_drop(lamp, &lamp->tablev[i]);
	free(lamp->spare);
	lamp->spare = NULL;
	free(lamp->kept);
	lamp->kept = NULL;
}


unsigned lamp_reset(struct lamp *lamp, const char *reason)
{
	struct lamp_fact before;
	size_t i;

	shown_get(&before, lamp);

	for (i = 0; i < LAMP_FORKS_MAX; i++)
		table_drop(lamp, &lamp->tablev[i]);

	lamp->blind = true;
	set_stale(lamp, reason);

	return shown_compare(&before, lamp);
}


unsigned lamp_lost(struct lamp *lamp, const char *reason)
{
	struct lamp_fact before;

	shown_get(&before, lamp);
	lamp->blind = true;
	set_stale(lamp, reason);

	return shown_compare(&before, lamp);
}


unsigned lamp_doubt(struct lamp *lamp, const char *tag, const char *reason)
{
	struct lamp_table **tp, *t;
	size_t i;

	if (!lamp)
		return LAMP_OUT_SAME;

	for (i = 0; i < LAMP_FORKS_MAX; i++) {

		t = lamp->tablev[i];
		if (t && (!tag || !strcmp(t->tag, tag)))
			t->doubt = reason;
	}

	tp = tag ? table_find(lamp, tag) : NULL;
	if (tag && !tp && !table_add(&t, lamp, tag))
		t->doubt = reason;

	return lamp_lost(lamp, reason);
}


unsigned lamp_step(struct lamp *lamp, const char *tag,
		   const struct dialoginfo *doc, uint64_t now_ms)
{
	struct lamp_table **tp, *t;
	struct lamp_fact before;
	enum turn turn;
	unsigned out = 0;
	int err = 0;

	/* A NOTIFY without a body says nothing about dialogs */
	if (!lamp || !doc || doc->err == ENODATA)
		return LAMP_OUT_SAME;

	if (!tag)
		tag = "";

	if (doc->err)
		return LAMP_OUT_NOT_UNDERSTOOD |
			lamp_doubt(lamp, tag, doc->reason);

	tp = table_find(lamp, tag);
	if (tp)
		t = *tp;
	else
		err = table_add(&t, lamp, tag);

	if (err == ENOMEM)
		return LAMP_OUT_NOT_UNDERSTOOD |
			lamp_lost(lamp, "Out of memory");
	else if (err)
		return LAMP_OUT_DISCARDED |
			lamp_doubt(lamp, NULL, "Too many branches");

	shown_get(&before, lamp);

	turn = table_turn(lamp, t, doc, &out);
	if (turn == TURN_DROP)
		return out | LAMP_OUT_DISCARDED;

	out |= take(lamp, t, doc, turn, now_ms);

	return out | shown_compare(&before, lamp);
}


unsigned lamp_forget(struct lamp *lamp, const char *tag, const char *reason,
		     uint64_t now_ms)
{
	struct lamp_table **tp;
	struct lamp_fact before;
	size_t i;

	if (!lamp)
		return LAMP_OUT_SAME;

	tp = table_find(lamp, tag ? tag : "");
	if (!tp)
		return LAMP_OUT_SAME;

	shown_get(&before, lamp);
	table_drop(lamp, tp);

	for (i = 0; i < LAMP_FORKS_MAX && !lamp->tablev[i]; i++)
		;

	if (i == LAMP_FORKS_MAX) {
		lamp->blind = true;
		set_stale(lamp, reason);
	}
	else {
		evaluate(lamp, DIALOGINFO_EV_NONE, lamp->blind, now_ms);
	}

	return shown_compare(&before, lamp);
}


/** What the event means for who looks at the lamp */
static enum lamp_end end_of(enum dialoginfo_event ev)
{
	/* The server's end of a parked call is the local one */
	switch (ev) {

	case DIALOGINFO_EV_REPLACED:
		return LAMP_END_TAKEN;
	case DIALOGINFO_EV_REMOTE_BYE:
	case DIALOGINFO_EV_CANCELLED:
		return LAMP_END_CALLER;
	case DIALOGINFO_EV_LOCAL_BYE:
		return LAMP_END_SERVER;
	case DIALOGINFO_EV_REJECTED:
		return LAMP_END_REJECTED;
	case DIALOGINFO_EV_TIMEOUT:
		return LAMP_END_TIMEOUT;
	case DIALOGINFO_EV_ERROR:
		return LAMP_END_ERROR;
	default:
		return LAMP_END_NONE;
	}
}


void lamp_view(const struct lamp *lamp, struct lamp_fact *fact)
{
	if (!lamp || !fact)
		return;

	fact->state = lamp->state;
	fact->stale = lamp->stale;
	copy(fact->reason, sizeof(fact->reason), lamp->reason);
	copy(fact->who, sizeof(fact->who), row_text(lamp->lead, ROW_WHO));
	copy(fact->number, sizeof(fact->number),
	     row_text(lamp->lead, ROW_NUMBER));
	copy(fact->by, sizeof(fact->by), row_text(lamp->lead, ROW_PARKER));
	fact->since_ms = lamp->since_ms;
	fact->at_least = lamp->at_least;
	fact->held = lamp->lead && lamp->lead->held;
	fact->calls = lamp->calls;
	fact->ended = end_of(lamp->ended);
}


bool lamp_dialog(const struct lamp *lamp, struct lamp_dialog *dlg)
{
	const struct lamp_row *row = lamp ? lamp->lead : NULL;

	if (!row || !dlg || row == lamp->kept)
		return false;

	dlg->state = (enum dialoginfo_state)row->state;
	dlg->direction = (enum dialoginfo_direction)row->direction;
	dlg->call_id = row_text(row, ROW_CALL_ID);
	dlg->local_tag = row_text(row, ROW_LOCAL_TAG);
	dlg->remote_tag = row_text(row, ROW_REMOTE_TAG);
	dlg->target = row_text(row, ROW_TARGET);

	return true;
}
