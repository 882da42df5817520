/**
 * @file ui/screen_state.c  What the user looks at, and what a key does there
 */
#include <stdlib.h>
#include <string.h>
#include "ui/screen_state.h"
#include "ui/text.h"


enum {
	SAME_PARK_MS = 500,    /* between two words for its beginning     */
};

static const char *const promptv[SCREEN_LINES] = {
	[SCREEN_LINE_DIAL]     = "Dial: ",
	[SCREEN_LINE_PARK]     = "Park on: ",
	[SCREEN_LINE_TRANSFER] = "Transfer to: ",
	[SCREEN_LINE_ATTENDED] = "Attended transfer to: ",
	[SCREEN_LINE_NOTE]     = "Note for ",
	[SCREEN_LINE_FIND]     = "/",
	[SCREEN_LINE_COMMAND]  = ":",
};


void screen_init(struct screen *s, const struct screen_prm *prm)
{
	memset(s, 0, sizeof(*s));
	s->prm = *prm;
	keymap_init(&s->keymap);
	keyguard_init(&s->guard, prm->digits_phone);
	layout_make(&s->lay, 0, 0, 0);
}


void screen_configure(struct screen *s, const struct screen_prm *prm)
{
	s->prm = *prm;
	keymap_init(&s->keymap);
	keyguard_init(&s->guard, prm->digits_phone);
}


/* Wishes */

static struct wish *wish_add(struct screen *s, enum wish_kind kind)
{
	struct wish *w;

	if (s->wishc >= SCREEN_WISHES)
		return NULL;

	w = &s->wishv[s->wishc++];
	memset(w, 0, sizeof(*w));
	w->kind = kind;

	return w;
}


/** Append a word to a command line, in quotes if it needs them */
static void word_add(char *line, size_t sz, const char *word)
{
	static const char bare[] = "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+*#@.:;=_-/";
	size_t n = strlen(line);

	if (*word && !word[strspn(word, bare)]) {
		text_print(line + n, sz - n, " %s", word);
		return;
	}

	text_print(line + n, sz - n, " \"");
	n += strlen(line + n);
	for (; *word && n + 4 < sz; word++) {
		if (*word == '"' || *word == '\\')
			line[n++] = '\\';
		line[n++] = *word;
	}
	line[n++] = '"';
	line[n] = '\0';
}


/** Wish for a command with up to two words; NULL: no word */
static void wish_words(struct screen *s, const char *name, const char *a,
		       const char *b)
{
	struct wish *w = wish_add(s, WISH_COMMAND);

	if (!w)
		return;

	text_print(w->line, sizeof(w->line), "%s", name);
	if (a)
		word_add(w->line, sizeof(w->line), a);
	if (b)
		word_add(w->line, sizeof(w->line), b);
}


static void wish_arg(struct screen *s, const char *name, const char *arg)
{
	wish_words(s, name, arg, NULL);
}


static void wish_call(struct screen *s, const char *name, unsigned id)
{
	char arg[16];

	text_print(arg, sizeof(arg), "%u", id);
	wish_arg(s, name, id ? arg : NULL);
}


bool screen_wish(struct screen *s, struct wish *wish)
{
	if (!s->wishc)
		return false;

	*wish = s->wishv[0];
	memmove(s->wishv, s->wishv + 1, --s->wishc * sizeof(*s->wishv));

	return true;
}


/* Messages */

static void sooner(uint64_t *due, uint64_t t)
{
	if (t && (!*due || t < *due))
		*due = t;
}


static uint64_t message_end(const struct screen *s)
{
	if (!s->message.text[0])
		return 0;

	switch (s->message.level) {

	case MESSAGE_INFO: return s->message_ms + SCREEN_INFO_MS;
	case MESSAGE_WARN: return s->message_ms + SCREEN_WARN_MS;
	default:           return 0;
	}
}


static void message_show(struct screen *s, const struct message_fact *m,
			 bool own, uint64_t now_ms)
{
	s->message = *m;
	s->message_ms = now_ms;
	s->message_own = own;
	s->message_read = false;
}


/** Must what stands there be read before a message of that level? */
static bool message_keeps(const struct screen *s, enum message_level level,
			  uint64_t now_ms)
{
	if (!s->message.text[0] || s->message_read)
		return false;

	if (now_ms - s->message_ms < SCREEN_READ_MS)
		return s->message_own || level < s->message.level;

	/* an error that nobody has seen is not covered by chatter */
	return s->message.level == MESSAGE_ERROR && !s->message_own &&
		level == MESSAGE_INFO;
}


/** One waits at most: the worse, else the later */
static void message_wait(struct screen *s, const struct message_fact *m,
			 uint64_t now_ms)
{
	if (s->next.text[0] && m->level < s->next.level)
		return;

	s->next = *m;
	s->next_ms = now_ms;
}


void screen_message(struct screen *s, enum message_level level,
		    const char *text, uint64_t now_ms)
{
	struct message_fact m;

	if (s->message.level == MESSAGE_ERROR && !s->message_own &&
	    message_keeps(s, MESSAGE_INFO, now_ms))
		message_wait(s, &s->message, now_ms);

	memset(&m, 0, sizeof(m));
	m.level = level;
	text_print(m.text, sizeof(m.text), "%s", text);
	message_show(s, &m, true, now_ms);
}


static void message_told(struct screen *s, const struct message_fact *m,
			 uint64_t now_ms)
{
	if (message_keeps(s, m->level, now_ms))
		message_wait(s, m, now_ms);
	else
		message_show(s, m, false, now_ms);
}


static void message_step(struct screen *s, uint64_t now_ms)
{
	const uint64_t due = message_end(s);

	if (due && now_ms >= due)
		s->message.text[0] = '\0';

	if (!s->next.text[0] || message_keeps(s, s->next.level, now_ms))
		return;

	/* what is only chatter is no news any more */
	if (s->next.level != MESSAGE_INFO ||
	    now_ms - s->next_ms < SCREEN_INFO_MS)
		message_show(s, &s->next, false, now_ms);
	s->next.text[0] = '\0';
}


static uint64_t message_due(const struct screen *s)
{
	uint64_t due = message_end(s);

	if (!s->next.text[0])
		return due;

	if (!message_keeps(s, s->next.level, s->message_ms + SCREEN_READ_MS))
		sooner(&due, s->message_read ? s->message_ms :
		       s->message_ms + SCREEN_READ_MS);

	return due;
}


/** A key is pressed: whoever does that has read what was there */
static void message_key(struct screen *s, uint64_t now_ms)
{
	s->message_read |= s->message_own ||
		now_ms - s->message_ms >= SCREEN_READ_MS;
}


/* What is selected */

size_t screen_page(const struct screen *s)
{
	return s->lamp / s->lay.per_page;
}


size_t screen_lamps(const struct screen *s, const struct desk *desk,
		    size_t *first)
{
	size_t n;

	*first = screen_page(s) * s->lay.per_page;
	if (s->lay.small || *first >= desk->lampc)
		return 0;

	n = desk->lampc - *first;

	return n < s->lay.per_page ? n : s->lay.per_page;
}


static size_t call_index(const struct screen *s, const struct desk *desk)
{
	size_t i;

	for (i = 0; i < desk->callc; i++) {
		if (desk->callv[i].id == s->call)
			return i;
	}

	return 0;
}


size_t screen_calls_top(const struct screen *s, const struct desk *desk,
			size_t rows)
{
	const size_t at = call_index(s, desk);

	if (desk->callc <= rows || at < rows)
		return 0;

	return at - rows + 1;
}


static int parked_cmp(const void *a, const void *b)
{
	const struct parked *pa = a, *pb = b;

	if (pa->since_ms != pb->since_ms)
		return pa->since_ms < pb->since_ms ? -1 : 1;

	return strcmp(parked_spot(pa), parked_spot(pb));
}


static unsigned parked_account(const struct parked *p)
{
	return p->lamp ? p->lamp->f.account : p->book->account;
}


const char *parked_spot(const struct parked *p)
{
	return p->lamp ? p->lamp->f.spot : p->book->spot;
}


static unsigned parked_call(const struct parked *p)
{
	return p->book ? p->book->id : 0;
}


/* Of a call with a row of its own: the book's, where several may wait at one
   place, else the lamp's */
static bool lamp_has_row(const struct desk *desk, const struct book_fact *b)
{
	const struct desk_lamp *l = desk_lamp_of(desk, b->account, b->spot);

	return !b->id && l && l->f.kind == LAMP_SPOT && !l->f.booked;
}


size_t screen_parked(struct parked *v, size_t n, const struct desk *desk)
{
	size_t i, k = 0;

	for (i = 0; i < desk->lampc && k < n; i++) {

		const struct desk_lamp *l = &desk->lampv[i];

		if (l->f.kind != LAMP_SPOT || l->f.state != LAMP_PARKED ||
		    l->f.booked)
			continue;

		v[k].lamp = l;
		v[k].book = l->book;
		v[k++].since_ms = desk_lamp_since(l);
	}

	for (i = 0; i < desk->bookc && k < n; i++) {

		const struct book_fact *b = &desk->bookv[i];

		if (lamp_has_row(desk, b))
			continue;

		v[k].lamp = NULL;
		v[k].book = b;
		v[k++].since_ms = b->since_ms;
	}

	qsort(v, k, sizeof(*v), parked_cmp);

	return k;
}


const struct book_fact *screen_copy(const struct desk *desk)
{
	const struct book_fact *best = NULL;

	for (size_t i = 0; i < desk->bookc; i++) {

		const struct book_fact *b = &desk->bookv[i];
		const bool mine = !b->id;

		if (!b->retrieve[0])
			continue;

		if (!best || (mine && best->id) ||
		    (mine == !best->id && b->since_ms >= best->since_ms))
			best = b;
	}

	return best;
}


static void list_select(struct screen *s, const struct parked *p)
{
	s->list_account = p ? parked_account(p) : 0;
	text_print(s->list_spot, sizeof(s->list_spot), "%s",
		   p ? parked_spot(p) : "");
	s->list_call = p ? parked_call(p) : 0;
}


/** Follow the list of parked calls while it changes */
static void list_follow(struct screen *s, const struct desk *desk,
			uint64_t now_ms)
{
	struct parked v[SCREEN_PARKED_MAX];
	const size_t n = screen_parked(v, SCREEN_PARKED_MAX, desk);
	size_t i;

	for (i = 0; i < n; i++) {
		if (parked_call(&v[i]) == s->list_call &&
		    parked_account(&v[i]) == s->list_account &&
		    !strcmp(parked_spot(&v[i]), s->list_spot)) {
			s->list_at = i;
			return;
		}
	}

	/* it is gone; what stands in its place was not chosen by the user */
	if (s->list_at >= n)
		s->list_at = n ? n - 1 : 0;
	list_select(s, n ? &v[s->list_at] : NULL);
	s->list_ms = now_ms;
}


static void list_open(struct screen *s, const struct desk *desk,
		      uint64_t now_ms)
{
	s->mode = SCREEN_PARKED;
	s->list_at = 0;
	list_select(s, NULL);
	list_follow(s, desk, now_ms);
	s->list_ms = 0;
	s->list_open_ms = now_ms;
}


static void list_move(struct screen *s, const struct desk *desk, long step)
{
	struct parked v[SCREEN_PARKED_MAX];
	const size_t n = screen_parked(v, SCREEN_PARKED_MAX, desk);
	const long at = (long)s->list_at + step;

	if (!n)
		return;

	s->list_at = at < 0 ? 0 : at >= (long)n ? n - 1 : (size_t)at;
	list_select(s, &v[s->list_at]);
	s->list_ms = 0;
}


static void clamp(struct screen *s, const struct desk *desk)
{
	layout_make(&s->lay, s->w, s->h, desk->lampc);

	if (s->lamp >= desk->lampc)
		s->lamp = desk->lampc ? desk->lampc - 1 : 0;

	if (!desk_call(desk, s->call)) {
		const struct call_fact *c;

		c = desk_call_in(desk, DESKCALL_INCOMING);
		if (!c)
			c = desk_call_in(desk, DESKCALL_ACTIVE);
		if (!c && desk->callc)
			c = &desk->callv[0];
		s->call = c ? c->id : 0;
	}
}


void screen_resize(struct screen *s, const struct desk *desk, int w, int h)
{
	s->w = w;
	s->h = h;
	clamp(s, desk);
}


void screen_event(struct screen *s, const struct desk *desk,
		  const struct event *ev, uint64_t now_ms)
{
	switch (ev->type) {

	case EVENT_CALL:
		keyguard_desk(&s->guard, desk, now_ms);
		clamp(s, desk);
		break;

	case EVENT_LAMPS:
		clamp(s, desk);
		break;

	case EVENT_MESSAGE:
		message_told(s, &desk->message, now_ms);
		break;

	case EVENT_QUIT:
		screen_message(s, MESSAGE_INFO, "ending", now_ms);
		break;

	default:
		break;
	}
}


/** Say why no line opens; the text that follows must not become keys */
static void refuse(struct screen *s, const char *text, uint64_t now_ms)
{
	screen_message(s, MESSAGE_WARN, text, now_ms);
	s->mode = SCREEN_PANES;
	s->deaf_ms = now_ms;
}


static bool deaf(struct screen *s, const struct key *key, uint64_t now_ms)
{
	if (!s->deaf_ms)
		return false;

	if (now_ms - s->deaf_ms < SCREEN_DEAF_MS && !key->mods &&
	    (key->code < KEYIN_NONE || key->code == KEYIN_BACKSPACE)) {
		s->deaf_ms = now_ms;
		return true;
	}

	/* Enter would have ended the text */
	return now_ms - s->deaf_ms < SCREEN_DEAF_MS &&
		key->code == KEYIN_ENTER;
}


/* Spot keys */

static struct seen_page page_now(const struct screen *s,
				 const struct desk *desk)
{
	struct seen_page page;

	memset(&page, 0, sizeof(page));
	page.w = s->w;
	page.h = s->h;
	page.lampc = desk->lampc;
	page.count = screen_lamps(s, desk, &page.first);

	return page;
}


static uint64_t lamp_seen(const struct screen *s, const struct desk *desk,
			  const struct desk_lamp *lamp, uint64_t now_ms)
{
	const struct seen_page page = page_now(s, desk);

	return seen_lamp(&s->seen, &page, desk, lamp, now_ms);
}


static const char *call_who(const struct call_fact *c)
{
	return c->name[0] ? c->name : c->peer[0] ? c->peer : "the call";
}


/** As far as its state and the calls tell */
static enum deed deed_guess(const struct desk *desk,
			    const struct desk_lamp *lamp)
{
	const bool call = desk_call_in(desk, DESKCALL_ACTIVE) != NULL;

	if (lamp->f.kind == LAMP_EXTENSION)
		return lamp->f.state == LAMP_RINGING ? DEED_PICKUP :
			call ? DEED_TRANSFER : DEED_DIAL;

	return lamp->f.state == LAMP_PARKED ? DEED_RETRIEVE :
		call ? DEED_PARK : DEED_NONE;
}


/** Say what `name` would do with a lamp now */
static void spot_deed(char *buf, size_t sz, const struct screen *s,
		      const struct desk *desk, const struct desk_lamp *lamp,
		      const char *name)
{
	const struct call_fact *c = desk_call_in(desk, DESKCALL_ACTIVE);
	const char *mine = c ? call_who(c) : "the call";
	const char *who = desk_lamp_who(lamp), *spot = lamp->f.spot;
	char to[TEXT_SZ] = "";
	enum deed deed;

	if (!strcmp(name, "voicemail")) {
		text_print(buf, sz, "Send %s to the voicemail?", mine);
		return;
	}

	if (!strcmp(name, "retrieve"))
		deed = DEED_RETRIEVE;
	else if (!strcmp(name, "park"))
		deed = DEED_PARK;
	else if (s->prm.deedh)
		deed = s->prm.deedh(lamp, to, sizeof(to), s->prm.deedarg);
	else
		deed = deed_guess(desk, lamp);

	switch (deed) {

	case DEED_RETRIEVE:
		text_print(buf, sz, "Retrieve %s from %s?",
			   who[0] ? who : "the call", spot);
		break;

	case DEED_PARK:
		text_print(buf, sz, "Park %s on %s?", mine, spot);
		break;

	case DEED_PARK_LOT:
		text_print(buf, sz, "Park %s on the lot %s, where the PBX "
			   "chooses the spot?", mine, to);
		break;

	case DEED_DIAL:
		text_print(buf, sz, "Dial %s?", spot);
		break;

	case DEED_PICKUP:
		text_print(buf, sz, "Pick up the call for %s?", spot);
		break;

	case DEED_TRANSFER:
		text_print(buf, sz, "Transfer %s to %s?", mine, spot);
		break;

	case DEED_ATTENDED:
		text_print(buf, sz, "Hold %s and call %s, to join the two?",
			   mine, spot);
		break;

	case DEED_NONE:
		text_print(buf, sz, "%s is %s. Go on?", spot,
			   lamp_state_name(lamp->f.state, lamp->f.stale));
		break;
	}
}


/** @param why First sentence; NULL: the lamp itself has changed */
static void ask_lamp(struct screen *s, const struct desk *desk,
		     const struct desk_lamp *lamp, const char *name,
		     const char *why, uint64_t now_ms)
{
	char deed[REASON_SZ + TEXT_SZ], changed[REASON_SZ];

	text_print(changed, sizeof(changed), "%s %s.", lamp->f.spot,
		   now_ms - lamp->shown_ms < KEYGUARD_SHOWN_MS ?
		   "has just changed" : "was not in view");
	spot_deed(deed, sizeof(deed), s, desk, lamp, name);
	text_print(s->ask_text, sizeof(s->ask_text), "%s %s y/n",
		   why ? why : changed, deed);
	if (name != s->ask_line)
		text_print(s->ask_line, sizeof(s->ask_line), "%s", name);
	s->ask_account = lamp->f.account;
	text_print(s->ask_spot, sizeof(s->ask_spot), "%s", lamp->f.spot);
	s->ask_shown_ms = lamp->shown_ms;
	s->ask = SCREEN_ASK_SPOT;
	s->mode = SCREEN_ASK;
}


static void at_work(struct screen *s, const char *spot, uint64_t now_ms)
{
	char text[REASON_SZ];

	text_print(text, sizeof(text), "%s is at work, its key rests until "
		   "a second after", spot);
	screen_message(s, MESSAGE_INFO, text, now_ms);
}


/** The guard agrees, or the user has said yes */
static void lamp_act(struct screen *s, const struct desk *desk,
		     const struct desk_lamp *lamp, const char *name,
		     uint64_t now_ms)
{
	const struct call_fact *c = desk_call_in(desk, DESKCALL_ACTIVE);
	char spot[TEXT_SZ + 16];

	desk_spot_print(spot, sizeof(spot), desk, lamp->f.account,
			lamp->f.spot);
	keyguard_acted(&s->guard, lamp->f.spot, c ? c->id : 0, now_ms);
	wish_arg(s, name, spot);
}


/** Whoever is in a call would hear of another one; there is a better place */
static bool busy_colleague(const struct screen *s, const struct desk *desk,
			   const struct desk_lamp *lamp, const char *name)
{
	return s->prm.voicemail && !strcmp(name, "spot") &&
		lamp->f.kind == LAMP_EXTENSION &&
		lamp->f.state == LAMP_BUSY && !lamp->f.stale &&
		desk_call_in(desk, DESKCALL_ACTIVE);
}


/**
 * Let a lamp's key do `name` ("spot", "retrieve") if the guard agrees
 *
 * @param seen_ms For how long its state has been seen
 */
static void lamp_do(struct screen *s, const struct desk *desk,
		    const struct desk_lamp *lamp, const char *name,
		    uint64_t seen_ms, uint64_t now_ms)
{
	char why[REASON_SZ];

	if (!lamp->f.spot[0])
		return;

	if (s->mode == SCREEN_ASK)
		s->mode = SCREEN_PANES;

	switch (keyguard_spot(&s->guard, lamp, seen_ms, now_ms)) {

	case KEYGUARD_DROP:
		at_work(s, lamp->f.spot, now_ms);
		break;

	case KEYGUARD_ASK:
		ask_lamp(s, desk, lamp, name, NULL, now_ms);
		break;

	case KEYGUARD_ACT:
		if (lamp->f.state == LAMP_PARKED && !strcmp(name, "spot") &&
		    lamp->f.booked && lamp->f.calls > 1) {
			list_open(s, desk, now_ms);
			break;
		}
		if (busy_colleague(s, desk, lamp, name)) {
			text_print(why, sizeof(why), "%s is busy.",
				   lamp->f.spot);
			ask_lamp(s, desk, lamp, "voicemail", why, now_ms);
			break;
		}
		lamp_act(s, desk, lamp, name, now_ms);
		break;
	}
}


/** Park at a spot of the user's choice; is it taken, offer the next one */
static void park_where(struct screen *s, const struct desk *desk,
		       const char *spot, uint64_t now_ms)
{
	const struct call_fact *c = desk_call_in(desk, DESKCALL_ACTIVE);
	const struct desk_lamp *lamp, *next = NULL;
	char why[REASON_SZ];

	lamp = c ? desk_lamp_of(desk, c->account, spot) : NULL;

	if (s->prm.park_one && desk_lamp_parked(lamp))
		next = desk_lamp_free(desk, c->account, NULL, spot);

	if (!next) {
		wish_arg(s, "park", spot);
		return;
	}

	text_print(why, sizeof(why), "%s is taken.", spot);
	ask_lamp(s, desk, next, "park", why, now_ms);
}


/** Take the call that has waited longest: who that is may just have changed */
static void retrieve(struct screen *s, const struct desk *desk,
		     uint64_t now_ms)
{
	const struct desk_lamp *l = desk_longest(desk);

	if (!l) {
		wish_arg(s, "retrieve", NULL);
		return;
	}

	if (seen_choice(&s->seen.longest, l->f.account, l->f.spot, now_ms) <
	    KEYGUARD_SHOWN_MS &&
	    keyguard_spot(&s->guard, l, KEYGUARD_SHOWN_MS, now_ms) !=
	    KEYGUARD_DROP)
		ask_lamp(s, desk, l, "retrieve", "Who waits longest has just "
			 "changed.", now_ms);
	else
		lamp_do(s, desk, l, "retrieve",
			lamp_seen(s, desk, l, now_ms), now_ms);
}


/** @return The call whose park is younger than all of the book */
static const struct call_fact *on_its_way(const struct desk *desk,
					  const struct book_fact *b)
{
	size_t i;

	for (i = 0; i < desk->callc; i++) {

		const struct call_fact *c = &desk->callv[i];

		if (c->state == DESKCALL_PARKING &&
		    (!b || b->since_ms + SAME_PARK_MS < c->since_ms))
			return c;
	}

	return NULL;
}


/** Take back what I parked last; that I have just parked it is no reason to
    ask, that it was taken meanwhile is */
static void undo(struct screen *s, const struct desk *desk, uint64_t now_ms)
{
	const struct book_fact *b = desk_mine(desk);
	const struct call_fact *c = on_its_way(desk, b);
	const struct desk_lamp *l;
	char text[REASON_SZ], spot[TEXT_SZ + 16];

	if (c) {
		text_print(text, sizeof(text), "%s is still being parked; "
			   "then u takes the call back", call_who(c));
		screen_message(s, MESSAGE_WARN, text, now_ms);
		return;
	}

	if (!b) {
		wish_arg(s, "undo", NULL);
		return;
	}

	l = desk_lamp_of(desk, b->account, b->spot);
	if (l && seen_choice(&s->seen.mine, b->account, b->spot, now_ms) <
	    KEYGUARD_SHOWN_MS) {
		ask_lamp(s, desk, l, "retrieve", "What you parked last is "
			 "gone.", now_ms);
		return;
	}

	if (l) {
		lamp_act(s, desk, l, "retrieve", now_ms);
		return;
	}

	desk_spot_print(spot, sizeof(spot), desk, b->account, b->spot);
	wish_arg(s, "retrieve", spot);
}


/** The spot key of a lamp */
static void lamp_key(struct screen *s, const struct desk *desk,
		     const struct desk_lamp *lamp, uint64_t now_ms)
{
	s->lamp = (size_t)(lamp - desk->lampv);
	s->pane = SCREEN_LAMPS;
	lamp_do(s, desk, lamp, "spot", lamp_seen(s, desk, lamp, now_ms),
		now_ms);
}


/** The spot key with label `n` (from 0) of this page */
static bool spot_key(struct screen *s, const struct desk *desk, size_t n,
		     uint64_t now_ms)
{
	size_t first;

	if (n >= screen_lamps(s, desk, &first))
		return false;

	lamp_key(s, desk, &desk->lampv[first + n], now_ms);

	return true;
}


/* The line one types into */

const char *screen_prompt(const struct screen *s, char *buf, size_t sz)
{
	if (s->line == SCREEN_LINE_PARK && s->prm.park_asks)
		text_print(buf, sz, "Park for (p the group, Enter me): ");
	else if (s->line == SCREEN_LINE_NOTE)
		text_print(buf, sz, "%s%s: ", promptv[s->line],
			   s->note_spot);
	else
		text_print(buf, sz, "%s", promptv[s->line]);

	return buf;
}


static struct history *line_history(struct screen *s)
{
	switch (s->line) {

	case SCREEN_LINE_DIAL: case SCREEN_LINE_TRANSFER:
	case SCREEN_LINE_ATTENDED:
		return &s->dialled;
	case SCREEN_LINE_COMMAND:
		return &s->commands;
	default:
		return NULL;
	}
}


static void line_open(struct screen *s, enum screen_line line,
		      const char *text)
{
	struct history *hist;

	s->mode = SCREEN_LINE;
	s->line = line;
	lineedit_set(&s->edit, text);

	hist = line_history(s);
	if (hist)
		history_rewind(hist);
}


/** Take blanks and brackets out of "+49 (171) 23-45" */
static void number_strip(char *out, size_t sz, const char *in)
{
	static const char deco[] = " -()/.";
	size_t n = 0, digits = 0;
	const char *p;

	for (p = in; *p; p++) {
		if (strchr("0123456789+*#", *p))
			++digits;
		else if (!strchr(deco, *p))
			break;
	}

	if (*p || !digits) {
		text_print(out, sz, "%s", in);
		return;
	}

	for (p = in; *p && n + 1 < sz; p++) {
		if (!strchr(deco, *p))
			out[n++] = *p;
	}
	out[n] = '\0';
}


static bool lamp_matches(const struct desk_lamp *l, const char *text)
{
	return text_find(l->f.spot, text) || text_find(l->f.label, text) ||
	       text_find(desk_lamp_who(l), text) ||
	       text_find(l->f.number, text) ||
	       (l->book && (text_find(l->book->note, text) ||
			      text_find(l->book->number, text)));
}


/** Select the next lamp that matches, from `from` on, in steps of +1, -1 */
static bool find_from(struct screen *s, const struct desk *desk, size_t from,
		      bool back)
{
	size_t i;

	if (!s->find[0] || !desk->lampc)
		return false;

	for (i = 0; i < desk->lampc; i++) {

		const size_t at = (back ? from + desk->lampc - i : from + i)
			% desk->lampc;

		if (lamp_matches(&desk->lampv[at], s->find)) {
			s->lamp = at;
			s->pane = SCREEN_LAMPS;
			return true;
		}
	}

	return false;
}


static void find_again(struct screen *s, const struct desk *desk, bool back,
		       uint64_t now_ms)
{
	char text[REASON_SZ];

	if (!s->find[0]) {
		screen_message(s, MESSAGE_INFO, "nothing to find yet; "
			       "/ asks what", now_ms);
		return;
	}

	if (find_from(s, desk, back ? s->lamp + desk->lampc - 1 :
		      s->lamp + 1, back))
		return;

	text_print(text, sizeof(text), "no lamp with \"%s\"", s->find);
	screen_message(s, MESSAGE_WARN, text, now_ms);
}


static void line_enter(struct screen *s, const struct desk *desk,
		       uint64_t now_ms)
{
	struct history *hist = line_history(s);
	char text[LINEEDIT_SZ], number[LINEEDIT_SZ];
	const struct desk_lamp *lamp;
	struct wish *w;

	text_clean(text, sizeof(text), s->edit.text, false);
	number_strip(number, sizeof(number), text);
	s->mode = SCREEN_PANES;
	if (hist)
		history_add(hist, text);

	if (!text[0] && s->line == SCREEN_LINE_PARK && s->prm.park_asks) {
		wish_arg(s, "park", NULL);
		return;
	}

	if (!text[0] && s->line != SCREEN_LINE_NOTE)
		return;

	switch (s->line) {

	case SCREEN_LINE_DIAL:
		lamp = desk_lamp(desk, number);
		if (lamp)
			lamp_key(s, desk, lamp, now_ms);
		else
			wish_arg(s, "dial", number);
		break;

	case SCREEN_LINE_PARK:
		park_where(s, desk, number, now_ms);
		break;

	case SCREEN_LINE_TRANSFER:
		wish_arg(s, "transfer", number);
		break;

	case SCREEN_LINE_ATTENDED:
		wish_arg(s, "attended", number);
		break;

	case SCREEN_LINE_NOTE:
		wish_words(s, "note", s->note_spot, text[0] ? text : NULL);
		break;

	case SCREEN_LINE_FIND:
		if (!find_from(s, desk, s->lamp, false))
			find_again(s, desk, false, now_ms);
		break;

	case SCREEN_LINE_COMMAND:
		if (!strcmp(text, "help")) {
			s->mode = SCREEN_HELP;
			s->help_top = 0;
			break;
		}
		w = wish_add(s, WISH_TYPED);
		if (w)
			text_print(w->line, sizeof(w->line), "%s", text);
		break;

	case SCREEN_LINES:
		break;
	}
}


static void line_key(struct screen *s, const struct desk *desk,
		     const struct key *key, uint64_t now_ms)
{
	struct history *hist = line_history(s);

	switch (key->code) {

	case KEYIN_ENTER:
		line_enter(s, desk, now_ms);
		return;

	case KEYIN_UP:
		if (hist)
			history_move(hist, &s->edit, 1);
		return;

	case KEYIN_DOWN:
		if (hist)
			history_move(hist, &s->edit, -1);
		return;

	case KEYIN_BACKSPACE:
		/* as in an editor: nothing left to delete closes the line */
		if (!s->edit.text[0]) {
			s->mode = SCREEN_PANES;
			return;
		}
		break;

	default:
		break;
	}

	if (key->mods == KEYIN_CTRL &&
	    (key->code == 'c' || key->code == 'g')) {
		s->mode = SCREEN_PANES;
		return;
	}

	/* the key that opened the line once more: to the number typed, and
	   without one to the group */
	if (s->line == SCREEN_LINE_PARK && s->prm.park_asks &&
	    keymap_find(&s->keymap, key) == ACTION_PARK) {
		if (s->edit.text[0])
			line_enter(s, desk, now_ms);
		else {
			s->mode = SCREEN_PANES;
			wish_arg(s, "park", "group");
		}
		return;
	}

	lineedit_key(&s->edit, key);

	if (s->line == SCREEN_LINE_FIND) {
		memcpy(s->find, s->edit.text, sizeof(s->find));
		(void)find_from(s, desk, s->lamp, false);
	}
}


/* Questions */

static void quit(struct screen *s, const struct desk *desk)
{
	size_t i, k, n, mine = 0;
	char *p = s->ask_text;
	const size_t sz = sizeof(s->ask_text);

	for (i = 0; i < desk->bookc; i++)
		mine += !strcmp(desk->bookv[i].by, "me");

	if (!desk->callc && !mine) {
		wish_arg(s, "quit", NULL);
		return;
	}

	text_print(p, sz, "Quit?");
	for (i = 0; i < desk->callc; i++) {
		n = strlen(p);
		text_print(p + n, sz - n, "%s %s", i ? "," :
			   desk->callc > 1 ? " It ends the calls with" :
			   " It ends the call with",
			   call_who(&desk->callv[i]));
	}
	n = strlen(p);
	text_print(p + n, sz - n, "%s", desk->callc ? "." : "");

	for (i = k = 0; i < desk->bookc; i++) {

		const struct book_fact *b = &desk->bookv[i];

		if (strcmp(b->by, "me"))
			continue;

		n = strlen(p);
		text_print(p + n, sz - n, "%s %s on %s",
			   k++ ? "," : " You parked",
			   b->who[0] ? b->who :
			   b->number[0] ? b->number : "a call", b->spot);
	}
	n = strlen(p);
	text_print(p + n, sz - n, "%s y/n", k ? "." : "");

	s->ask = SCREEN_ASK_QUIT;
	s->mode = SCREEN_ASK;
}


static void ask_yes(struct screen *s, const struct desk *desk,
		    uint64_t now_ms)
{
	const struct desk_lamp *lamp;

	s->mode = SCREEN_PANES;

	if (s->ask == SCREEN_ASK_QUIT) {
		wish_arg(s, "quit", NULL);
		return;
	}

	lamp = desk_lamp_of(desk, s->ask_account, s->ask_spot);
	if (!lamp)
		return;

	/* it changed once more: the yes was to another question */
	if (lamp->shown_ms != s->ask_shown_ms && !strcmp(s->ask_line, "park")) {
		park_where(s, desk, lamp->f.spot, now_ms);
		return;
	}
	if (lamp->shown_ms != s->ask_shown_ms) {
		ask_lamp(s, desk, lamp, s->ask_line, NULL, now_ms);
		return;
	}

	lamp_act(s, desk, lamp, s->ask_line, now_ms);
}


/* Actions */

static void move_lamp(struct screen *s, const struct desk *desk,
		      enum action action)
{
	const size_t cols = (size_t)s->lay.cols, page = s->lay.per_page;
	const size_t last = desk->lampc ? desk->lampc - 1 : 0;

	switch (action) {

	case ACTION_LEFT:
		s->lamp -= s->lamp > 0;
		break;

	case ACTION_RIGHT:
		s->lamp += s->lamp < last;
		break;

	case ACTION_UP:
		if (s->lamp >= cols)
			s->lamp -= cols;
		break;

	case ACTION_DOWN:
		if (s->lamp / cols < last / cols)
			s->lamp += cols;
		break;

	case ACTION_PAGE_UP:
		if (s->lamp >= page)
			s->lamp -= page;
		break;

	case ACTION_PAGE_DOWN:
		if (s->lamp / page < last / page)
			s->lamp += page;
		break;

	case ACTION_FIRST:
		s->lamp = 0;
		break;

	default:
		s->lamp = last;
		break;
	}

	if (s->lamp > last)
		s->lamp = last;
}


static void move_call(struct screen *s, const struct desk *desk,
		      enum action action)
{
	size_t at = call_index(s, desk);

	if (!desk->callc)
		return;

	switch (action) {

	case ACTION_UP:
	case ACTION_LEFT:
		at -= at > 0;
		break;

	case ACTION_DOWN:
	case ACTION_RIGHT:
		at += at + 1 < desk->callc;
		break;

	case ACTION_FIRST:
	case ACTION_PAGE_UP:
		at = 0;
		break;

	default:
		at = desk->callc - 1;
		break;
	}

	s->call = desk->callv[at].id;
}


/** @return The call that the keys are about, or NULL: the command decides */
static const struct call_fact *call_meant(const struct screen *s,
					  const struct desk *desk)
{
	return s->pane == SCREEN_CALLS ? desk_call(desk, s->call) : NULL;
}


static void enter(struct screen *s, const struct desk *desk, uint64_t now_ms)
{
	const struct call_fact *c = call_meant(s, desk);

	if (s->pane == SCREEN_LAMPS) {
		if (s->lamp < desk->lampc)
			lamp_key(s, desk, &desk->lampv[s->lamp], now_ms);
	}
	else if (c && c->state == DESKCALL_INCOMING) {
		wish_call(s, "answer", c->id);
	}
	else if (c && c->state == DESKCALL_HELD) {
		wish_call(s, "resume", c->id);
	}
}


static void hold(struct screen *s, const struct desk *desk, uint64_t now_ms)
{
	const struct call_fact *c = call_meant(s, desk);
	const unsigned id = c ? c->id : 0;

	if (!c)
		c = desk_call_in(desk, DESKCALL_ACTIVE);
	if (!c)
		c = desk_call_in(desk, DESKCALL_HELD);

	if (c && c->state == DESKCALL_ACTIVE)
		wish_call(s, "hold", id);
	else if (c && c->state == DESKCALL_HELD)
		wish_call(s, "resume", id);
	else
		screen_message(s, MESSAGE_WARN, "no call to hold or resume",
			       now_ms);
}


static void note(struct screen *s, const struct desk *desk, uint64_t now_ms)
{
	const struct desk_lamp *l = NULL;
	char text[REASON_SZ];

	if (s->mode == SCREEN_PARKED)
		l = desk_lamp_of(desk, s->list_account, s->list_spot);
	else if (s->lamp < desk->lampc)
		l = &desk->lampv[s->lamp];

	if (!l || l->f.kind != LAMP_SPOT ||
	    (l->f.state != LAMP_PARKED && !l->book)) {
		text_print(text, sizeof(text), "no call is parked on %s; "
			   "notes are for parked calls",
			   l ? l->f.spot : "anything selected");
		refuse(s, text, now_ms);
		return;
	}

	desk_spot_print(s->note_spot, sizeof(s->note_spot), desk,
			l->f.account, l->f.spot);
	line_open(s, SCREEN_LINE_NOTE, l->book ? l->book->note : "");
}


static void keypad(struct screen *s, const struct desk *desk,
		   uint64_t now_ms)
{
	const struct call_fact *c = desk_call_in(desk, DESKCALL_ACTIVE);

	if (!c)
		screen_message(s, MESSAGE_WARN,
			       "no active call to send tones to", now_ms);
	else if (keyguard_keypad(&s->guard, desk))
		keyguard_set_keypad(&s->guard, 0);
	else
		keyguard_set_keypad(&s->guard, c->id);
}


/** A lamp's state is seen in the list too */
static uint64_t list_seen(const struct screen *s, const struct desk *desk,
			  const struct desk_lamp *lamp, uint64_t now_ms)
{
	const uint64_t since_ms = lamp->shown_ms > s->list_open_ms ?
		lamp->shown_ms : s->list_open_ms;
	const uint64_t seen_ms = lamp_seen(s, desk, lamp, now_ms);

	return now_ms - since_ms > seen_ms ? now_ms - since_ms : seen_ms;
}


static void list_enter(struct screen *s, const struct desk *desk,
		       uint64_t now_ms)
{
	const struct desk_lamp *lamp = desk_lamp_of(desk, s->list_account,
						    s->list_spot);
	char call[16], spot[TEXT_SZ + 16];

	if (!s->list_spot[0]) {
		s->mode = SCREEN_PANES;
		return;
	}

	if (s->list_ms && now_ms - s->list_ms < KEYGUARD_SHOWN_MS) {
		screen_message(s, MESSAGE_WARN, "the list has just changed, "
			       "look again", now_ms);
		return;
	}

	s->mode = SCREEN_PANES;
	if (!s->list_call && lamp && lamp->f.kind == LAMP_SPOT) {
		lamp_do(s, desk, lamp, "retrieve",
			list_seen(s, desk, lamp, now_ms), now_ms);
		return;
	}

	desk_spot_print(spot, sizeof(spot), desk, s->list_account,
			s->list_spot);
	text_print(call, sizeof(call), "%u", s->list_call);
	wish_words(s, "retrieve", spot, s->list_call ? call : NULL);
}


static void park(struct screen *s, const struct desk *desk)
{
	if (s->prm.park_asks && desk_call_in(desk, DESKCALL_ACTIVE))
		line_open(s, SCREEN_LINE_PARK, "");
	else
		wish_arg(s, "park", NULL);
}


static void copy(struct screen *s, const struct desk *desk, uint64_t now_ms)
{
	const struct book_fact *b = screen_copy(desk);
	struct wish *w;

	if (!b) {
		screen_message(s, MESSAGE_WARN, "nothing to copy: no parked"
			       " call is known", now_ms);
		return;
	}

	w = wish_add(s, WISH_COPY);
	if (w)
		text_print(w->line, sizeof(w->line), "%s", b->retrieve);
}


static void act(struct screen *s, const struct desk *desk,
		enum action action, bool held, uint64_t now_ms)
{
	const struct keymap_row *row = keymap_row(action);
	const struct call_fact *c = call_meant(s, desk), *in;

	if (held && row && row->once)
		return;

	if (action >= ACTION_SPOT_1 && action <= ACTION_SPOT_12) {
		if (!held)
			(void)spot_key(s, desk,
				       (size_t)(action - ACTION_SPOT_1),
				       now_ms);
		return;
	}

	switch (action) {

	case ACTION_ENTER:
		if (!held)
			enter(s, desk, now_ms);
		break;

	case ACTION_PARK:     park(s, desk);                          break;
	case ACTION_RETRIEVE: retrieve(s, desk, now_ms);              break;
	case ACTION_UNDO:     undo(s, desk, now_ms);                  break;
	case ACTION_ANSWER:   wish_call(s, "answer", c ? c->id : 0);  break;
	case ACTION_HANGUP:   wish_call(s, "hangup", c ? c->id : 0);  break;
	case ACTION_MUTE:     wish_arg(s, "mute", NULL);              break;
	case ACTION_HOLD:     hold(s, desk, now_ms);                  break;
	case ACTION_NOTE:     note(s, desk, now_ms);                  break;
	case ACTION_KEYPAD:   keypad(s, desk, now_ms);                break;
	case ACTION_QUIT:     quit(s, desk);                          break;

	case ACTION_PARK_WHERE:
		line_open(s, SCREEN_LINE_PARK, "");
		break;

	case ACTION_TRANSFER:
		line_open(s, SCREEN_LINE_TRANSFER, "");
		break;

	case ACTION_ATTENDED:
		/* the first time ask for whom, the second join the two */
		if (desk_call_in(desk, DESKCALL_ACTIVE) &&
		    desk_call_in(desk, DESKCALL_HELD))
			wish_words(s, "attended", NULL, NULL);
		else
			line_open(s, SCREEN_LINE_ATTENDED, "");
		break;

	case ACTION_DIAL:
		line_open(s, SCREEN_LINE_DIAL, "");
		break;

	case ACTION_LIST:     list_open(s, desk, now_ms);             break;
	case ACTION_COPY:     copy(s, desk, now_ms);                  break;

	case ACTION_LEFT: case ACTION_RIGHT: case ACTION_UP:
	case ACTION_DOWN: case ACTION_PAGE_UP: case ACTION_PAGE_DOWN:
	case ACTION_FIRST: case ACTION_LAST:
		if (s->pane == SCREEN_LAMPS)
			move_lamp(s, desk, action);
		else
			move_call(s, desk, action);
		break;

	case ACTION_PANE:
		s->pane = s->pane == SCREEN_LAMPS ? SCREEN_CALLS :
			SCREEN_LAMPS;
		in = desk_call_in(desk, DESKCALL_INCOMING);
		if (in)
			s->call = in->id;
		break;

	case ACTION_FIND:
		line_open(s, SCREEN_LINE_FIND, "");
		break;

	case ACTION_FIND_NEXT:
		find_again(s, desk, false, now_ms);
		break;

	case ACTION_FIND_PREV:
		find_again(s, desk, true, now_ms);
		break;

	case ACTION_COMMAND:
		line_open(s, SCREEN_LINE_COMMAND, "");
		break;

	case ACTION_HELP:
		s->mode = SCREEN_HELP;
		s->help_top = 0;
		break;

	case ACTION_BACK:
		if (keyguard_keypad(&s->guard, desk))
			keyguard_set_keypad(&s->guard, 0);
		else
			s->message.text[0] = '\0';
		break;

	case ACTION_REDRAW:
		(void)wish_add(s, WISH_REDRAW);
		break;

	default:
		break;
	}
}


/* Digits */

static void tone(struct screen *s, char c)
{
	const char arg[2] = {c, '\0'};

	wish_arg(s, "dtmf", arg);
}


/** A digit has waited long enough, or another key follows it */
static void digit_acts(struct screen *s, const struct desk *desk, char c,
		       uint64_t now_ms)
{
	const char text[2] = {c, '\0'};
	const struct desk_lamp *lamp;

	if (!c)
		return;

	/* the keypad closed or opened meanwhile: neither was meant */
	if (s->digit_tone != (keyguard_keypad(&s->guard, desk) != 0))
		return;

	if (s->digit_tone) {
		tone(s, c);
		return;
	}

	/* no lamp has that label: the beginning of a number */
	if (!s->digit_spot[0]) {
		line_open(s, SCREEN_LINE_DIAL, text);
		return;
	}

	/* the lamp that had the label then, wherever it is now */
	lamp = desk_lamp_of(desk, s->digit_account, s->digit_spot);
	if (!lamp)
		return;

	lamp_key(s, desk, lamp, now_ms);
}


/** What will a digit mean that waits from now on? */
static void digit_for(struct screen *s, const struct desk *desk, char c,
		      bool tone)
{
	const size_t i = c == '0' ? 9 : (size_t)(c - '1');
	size_t first;

	s->digit_tone = tone;
	s->digit_spot[0] = '\0';
	if (c < '0' || c > '9' || i >= screen_lamps(s, desk, &first))
		return;

	s->digit_account = desk->lampv[first + i].f.account;
	text_print(s->digit_spot, sizeof(s->digit_spot), "%s",
		   desk->lampv[first + i].f.spot);
}


static void digit_key(struct screen *s, const struct desk *desk, char c,
		      uint64_t now_ms)
{
	const bool tones = keyguard_keypad(&s->guard, desk) != 0;
	char number[3] = "";

	if (tones && s->guard.digit && s->guard.digit != c)
		digit_acts(s, desk, keyguard_flush(&s->guard), now_ms);

	switch (keyguard_digit(&s->guard, c, tones, now_ms)) {

	case KEYGUARD_DIGIT_NUMBER:
		number[0] = keyguard_flush(&s->guard);
		number[1] = c;
		line_open(s, SCREEN_LINE_DIAL, number);
		break;

	case KEYGUARD_DIGIT_TONE:
		digit_acts(s, desk, keyguard_flush(&s->guard), now_ms);
		tone(s, c);
		break;

	case KEYGUARD_DIGIT_WAIT:
		digit_for(s, desk, c, tones);
		break;

	case KEYGUARD_DIGIT_DROP:
		break;
	}
}


/** '*', '#' and '+' where they are no text; @return False: not ours */
static bool star_key(struct screen *s, const struct desk *desk, char c,
		     uint64_t now_ms)
{
	const struct call_fact *call = desk_call_in(desk, DESKCALL_ACTIVE);
	char text[3] = "";

	if (call && c != '+') {
		digit_acts(s, desk, keyguard_flush(&s->guard), now_ms);
		keyguard_set_keypad(&s->guard, call->id);
		digit_key(s, desk, c, now_ms);
		return true;
	}

	/* feature codes, "*98", and numbers of the world, "+49" */
	text[0] = keyguard_flush(&s->guard);
	text[text[0] ? 1 : 0] = c;
	line_open(s, SCREEN_LINE_DIAL, text);

	return true;
}


static void paste(struct screen *s, const struct desk *desk,
		  const struct key *key)
{
	const bool number = strpbrk(key->text, "0123456789") != NULL;

	if (!number)
		return;

	if (keyguard_keypad(&s->guard, desk)) {
		char digits[64];

		number_strip(digits, sizeof(digits), key->text);
		if (!digits[strspn(digits, "0123456789*#")]) {
			wish_arg(s, "dtmf", digits);
			return;
		}
	}

	line_open(s, SCREEN_LINE_DIAL, key->text);
}


/* Help */

size_t screen_help_rows(void)
{
	const struct keymap_row *row;
	size_t n = SCREEN_HELP_EXTRA;

	for (row = keymap_rows(); row->action != ACTION_NONE; row++)
		n += row->action > ACTION_SPOT_12;

	return n;
}


int screen_body_h(const struct screen *s)
{
	return s->lay.small ? 0 : s->h - 3;
}


static void help_move(struct screen *s, long step)
{
	/* one row of the body is the heading */
	const long max = (long)screen_help_rows() - (screen_body_h(s) - 1);
	long top = (long)s->help_top + step;

	if (top > max)
		top = max;

	s->help_top = top > 0 ? (size_t)top : 0;
}


/* Mouse */

static void click(struct screen *s, const struct desk *desk,
		  const struct key *key, uint64_t now_ms)
{
	const int cell = layout_cell_at(&s->lay, key->x, key->y);
	size_t first, n = screen_lamps(s, desk, &first), row;
	bool twice;

	if (cell >= 0 && (size_t)cell < n) {
		s->lamp = first + (size_t)cell;
		s->pane = SCREEN_LAMPS;

		twice = s->click_ms && s->click_lamp == s->lamp &&
			now_ms - s->click_ms <= SCREEN_CLICK_MS;
		s->click_ms = twice ? 0 : now_ms;
		s->click_lamp = s->lamp;
		if (twice) {
			s->mode = SCREEN_PANES;
			lamp_key(s, desk, &desk->lampv[s->lamp], now_ms);
		}
		return;
	}

	s->click_ms = 0;
	if (!rect_has(&s->lay.calls, key->x, key->y))
		return;

	row = (size_t)(key->y - s->lay.calls.y) +
		screen_calls_top(s, desk, (size_t)s->lay.calls.h);
	s->pane = SCREEN_CALLS;
	if (row < desk->callc)
		s->call = desk->callv[row].id;
}


static void mouse(struct screen *s, const struct desk *desk,
		  const struct key *key, uint64_t now_ms)
{
	const bool up = key->button == KEYIN_WHEEL_UP;

	switch (s->mode) {

	case SCREEN_ASK:
		if (s->ask == SCREEN_ASK_QUIT)
			break;
		/* fall through */
	case SCREEN_LINE:
	case SCREEN_PANES:
		if (key->button == KEYIN_PRESS)
			click(s, desk, key, now_ms);
		else
			move_lamp(s, desk, up ? ACTION_PAGE_UP :
				  ACTION_PAGE_DOWN);
		break;

	case SCREEN_HELP:
		if (key->button == KEYIN_PRESS)
			s->mode = SCREEN_PANES;
		else
			help_move(s, up ? -3 : 3);
		break;

	case SCREEN_PARKED:
		if (key->button != KEYIN_PRESS)
			list_move(s, desk, up ? -1 : 1);
		break;

	default:
		break;
	}
}


/* Keys */

static void ask_key(struct screen *s, const struct desk *desk,
		    const struct key *key, uint64_t now_ms)
{
	if (key->mods)
		return;

	if (key->code == 'y' || key->code == 'Y')
		ask_yes(s, desk, now_ms);
	else if (key->code == 'n' || key->code == 'N' || key->code == 'q' ||
		 key->code == KEYIN_ESC)
		s->mode = SCREEN_PANES;
}


static void help_key(struct screen *s, enum action action)
{
	const long page = screen_body_h(s) - 2;

	switch (action) {

	case ACTION_UP:        help_move(s, -1);              break;
	case ACTION_DOWN:      help_move(s, 1);               break;
	case ACTION_PAGE_UP:   help_move(s, -page);           break;
	case ACTION_PAGE_DOWN: help_move(s, page);            break;
	case ACTION_FIRST:     help_move(s, -(long)ACTIONS);  break;
	case ACTION_LAST:      help_move(s, ACTIONS);         break;
	default:
		s->mode = SCREEN_PANES;
		break;
	}
}


static void list_key(struct screen *s, const struct desk *desk,
		     enum action action, bool held, uint64_t now_ms)
{
	list_follow(s, desk, now_ms);

	switch (action) {

	case ACTION_UP:        list_move(s, desk, -1);                break;
	case ACTION_DOWN:      list_move(s, desk, 1);                 break;
	case ACTION_PAGE_UP:   list_move(s, desk, -10);               break;
	case ACTION_PAGE_DOWN: list_move(s, desk, 10);                break;
	case ACTION_FIRST:     list_move(s, desk, -(long)LAMPS_MAX);  break;
	case ACTION_LAST:      list_move(s, desk, LAMPS_MAX);         break;

	case ACTION_NOTE:
		note(s, desk, now_ms);
		break;

	case ACTION_ENTER:
	case ACTION_RETRIEVE:
		if (!held)
			list_enter(s, desk, now_ms);
		break;

	case ACTION_LIST: case ACTION_BACK: case ACTION_QUIT:
		s->mode = SCREEN_PANES;
		break;

	default:
		break;
	}
}


static void panes_key(struct screen *s, const struct desk *desk,
		      const struct key *key, enum action action, bool held,
		      uint64_t now_ms)
{
	const uint32_t c = key->mods ? 0 : key->code;

	if (deaf(s, key, now_ms))
		return;
	s->deaf_ms = 0;

	if (key->code == KEYIN_PASTE) {
		paste(s, desk, key);
		return;
	}

	if (c >= '0' && c <= '9') {
		digit_key(s, desk, (char)c, now_ms);
		return;
	}

	if (action == ACTION_NONE && (c == '*' || c == '#' || c == '+') &&
	    star_key(s, desk, (char)c, now_ms))
		return;

	/* Esc takes back a digit that waits, any other key lets it act */
	if (action == ACTION_BACK && s->guard.digit) {
		(void)keyguard_flush(&s->guard);
		return;
	}
	digit_acts(s, desk, keyguard_flush(&s->guard), now_ms);

	act(s, desk, action, held, now_ms);
}


static void key_press(struct screen *s, const struct desk *desk,
		      const struct key *key, bool held, uint64_t now_ms)
{
	const enum action action = keymap_find(&s->keymap, key);

	/* spot keys by F-key and Alt-digit act in every mode */
	if (action >= ACTION_SPOT_1 && action <= ACTION_SPOT_12) {
		if (held ||
		    (s->mode == SCREEN_ASK && s->ask == SCREEN_ASK_QUIT))
			return;
		digit_acts(s, desk, keyguard_flush(&s->guard), now_ms);
		s->mode = SCREEN_PANES;
		act(s, desk, action, held, now_ms);
		return;
	}

	if (action == ACTION_REDRAW) {
		act(s, desk, action, held, now_ms);
		return;
	}

	switch (s->mode) {

	case SCREEN_LINE:
		if (key->code == KEYIN_ESC)
			s->mode = SCREEN_PANES;
		else
			line_key(s, desk, key, now_ms);
		break;

	case SCREEN_ASK:
		ask_key(s, desk, key, now_ms);
		break;

	case SCREEN_HELP:
		help_key(s, action);
		break;

	case SCREEN_PARKED:
		list_key(s, desk, action, held, now_ms);
		break;

	default:
		panes_key(s, desk, key, action, held, now_ms);
		break;
	}
}


void screen_key(struct screen *s, const struct desk *desk,
		const struct key *key, uint64_t now_ms)
{
	const uint32_t id = keyin_id(key);
	const enum screen_mode mode = s->mode;
	bool held;

	if (key->code == KEYIN_MOUSE) {
		mouse(s, desk, key, now_ms);
		return;
	}

	held = keyguard_press(&s->guard, id, now_ms);
	if (!held)
		message_key(s, now_ms);

	/* what it has opened or closed, it does not close or open */
	if (held && id == s->mode_key)
		return;

	key_press(s, desk, key, held, now_ms);
	s->mode_key = s->mode != mode && s->mode != SCREEN_LINE ? id : 0;
}


/* Time */

static uint64_t edge(uint64_t now_ms, uint64_t period_ms)
{
	return (now_ms / period_ms + 1) * period_ms;
}


void screen_drawn(struct screen *s, const struct desk *desk,
		  uint64_t now_ms)
{
	const bool shown = !s->lay.small && s->mode != SCREEN_HELP &&
		s->mode != SCREEN_PARKED;
	const struct seen_page page = page_now(s, desk);

	seen_drawn(&s->seen, shown ? &page : NULL, desk, now_ms);
}


/* Reminder */

/** Who waits, of those that the reminder is about */
struct waiting {
	size_t n;
	char who[TEXT_SZ], spot[TEXT_SZ];   /* of the one longest there */
	uint64_t since_ms;
};


static void waiting_add(struct waiting *w, const char *who, const char *spot,
			uint64_t since_ms)
{
	if (w->n++ && w->since_ms <= since_ms)
		return;

	w->since_ms = since_ms;
	text_print(w->who, sizeof(w->who), "%s", who[0] ? who : "a call");
	text_print(w->spot, sizeof(w->spot), "%s", spot);
}


static void waiting_find(struct waiting *w, const struct screen *s,
			 const struct desk *desk)
{
	const struct desk_lamp *l = desk_longest(desk);
	size_t i;

	memset(w, 0, sizeof(*w));
	if (!s->prm.reminder_s)
		return;

	if (s->prm.reminder_all && l) {
		waiting_add(w, desk_lamp_who(l), l->f.spot,
			    desk_lamp_since(l));
		w->n = desk->waitc;
		return;
	}

	for (i = 0; i < desk->bookc; i++) {

		const struct book_fact *b = &desk->bookv[i];

		if (strcmp(b->by, "me") && !s->prm.reminder_all)
			continue;

		/* a lamp that says otherwise is believed */
		l = desk_lamp_of(desk, b->account, b->spot);
		if (!l || desk_lamp_parked(l))
			waiting_add(w, b->who[0] ? b->who : b->number,
				    b->spot, b->since_ms);
	}
}


/** @return When to tell of them; 0: never, or not now */
static uint64_t reminder_due(const struct screen *s, const struct desk *desk,
			     const struct waiting *w)
{
	uint64_t from_ms = w->since_ms;
	size_t i;

	if (!s->prm.reminder_s || !w->n)
		return 0;

	/* in a call he could do nothing about it, and would be disturbed */
	for (i = 0; i < desk->callc; i++) {

		const enum deskcall_state st = desk->callv[i].state;

		if (st != DESKCALL_HELD && st != DESKCALL_PARKING)
			return 0;
	}

	if (from_ms < s->remind_ms)
		from_ms = s->remind_ms;

	return from_ms + (uint64_t)s->prm.reminder_s * 1000;
}


static bool remind(struct screen *s, const struct desk *desk, uint64_t now_ms)
{
	char text[REASON_SZ], span[16];
	struct message_fact m;
	struct waiting w;
	uint64_t due;

	waiting_find(&w, s, desk);
	due = reminder_due(s, desk, &w);
	if (!due || now_ms < due)
		return false;

	s->remind_ms = now_ms;
	text_duration(span, sizeof(span), now_ms - w.since_ms);
	if (w.n == 1)
		text_print(text, sizeof(text), "%s waits at %s, %s now",
			   w.who, w.spot, span);
	else
		text_print(text, sizeof(text), "%zu parked calls wait, %s at "
			   "%s longest, %s now", w.n, w.who, w.spot, span);

	memset(&m, 0, sizeof(m));
	m.level = MESSAGE_WARN;
	text_print(m.text, sizeof(m.text), "%s", text);
	message_told(s, &m, now_ms);

	return !s->prm.bell_off;
}


bool screen_step(struct screen *s, const struct desk *desk, uint64_t now_ms)
{
	bool bell = false;
	char digit;

	/* elsewhere a digit is text, or nothing */
	digit = keyguard_step(&s->guard, now_ms);
	if (s->mode == SCREEN_PANES)
		digit_acts(s, desk, digit, now_ms);

	if (s->mode == SCREEN_PARKED)
		list_follow(s, desk, now_ms);

	bell = remind(s, desk, now_ms);
	message_step(s, now_ms);

	if (!desk_call_in(desk, DESKCALL_INCOMING)) {
		s->bell_ms = 0;
	}
	else if (now_ms >= s->bell_ms) {
		bell |= !s->prm.bell_off;
		s->bell_ms = now_ms + SCREEN_BELL_MS;
	}

	return bell;
}


uint64_t screen_due_ms(const struct screen *s, const struct desk *desk,
		       uint64_t now_ms)
{
	bool slow = false, fast = false, seconds = desk->callc > 0;
	uint64_t due = keyguard_due_ms(&s->guard);
	size_t i, first, n = screen_lamps(s, desk, &first);

	struct waiting w;

	sooner(&due, message_due(s));

	waiting_find(&w, s, desk);
	sooner(&due, reminder_due(s, desk, &w));

	if (desk_call_in(desk, DESKCALL_INCOMING)) {
		fast = true;
		sooner(&due, s->bell_ms ? s->bell_ms : now_ms);
	}

	/* the heading tells how long the longest waits, on any page */
	if (desk_longest(desk))
		seconds = true;

	for (i = first; i < first + n; i++) {

		const struct lamp_fact *f = &desk->lampv[i].f;

		if (f->stale)
			continue;

		/* who has gone from there is told for a while */
		seconds |= desk_lamp_left(&desk->lampv[i], now_ms,
					  NULL)[0] != '\0';

		slow    |= f->state == LAMP_PARKED;
		fast    |= f->state == LAMP_RINGING;
		seconds |= f->state >= LAMP_PARKED;
	}

	if (slow)
		sooner(&due, edge(now_ms, SCREEN_FLASH_SLOW_MS));
	if (fast)
		sooner(&due, edge(now_ms, SCREEN_FLASH_FAST_MS));
	if (seconds)
		sooner(&due, edge(now_ms, 1000));

	return due;
}
