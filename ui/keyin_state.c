/**
 * @file ui/keyin_state.c  Bytes from a terminal -> keys
 *
 * ECMA-48 sequences as sent by xterm and its kin, the Linux console, rxvt,
 * screen and tmux; mouse reports in SGR and X10 form; bracketed paste.
 */
#include <string.h>
#include "ui/keyin_state.h"
#include "ui/text.h"


enum state {
	GROUND = 0,
	UTF8,              /* inside a character                          */
	ESCAPE,            /* ESC                                         */
	CSI,               /* ESC [                                       */
	CSI_LINUX,         /* ESC [ [: F1 to F5 of the Linux console      */
	SS3,               /* ESC O                                       */
	MOUSE_X10,         /* ESC [ M: three bytes follow                 */
	STRING,            /* OSC, DCS, SOS, PM, APC                      */
	STRING_ESC,
	PASTE,             /* ESC [ 200 ~                                 */
	HELD,              /* a key, or the rest of what was given up     */
};

static const char paste_end[] = "\033[201~";


void keyin_init(struct keyin *in)
{
	memset(in, 0, sizeof(*in));
}


uint32_t keyin_id(const struct key *key)
{
	return key->code | (uint32_t)key->mods << 24;
}


static void ground(struct keyin *in)
{
	in->state = GROUND;
	in->alt = false;
	in->seqn = 0;
	in->match = 0;
	in->drop = false;
}


static void emit(struct keyin *in, uint32_t code, unsigned mods,
		 keyin_h *h, void *arg)
{
	struct key key;

	memset(&key, 0, sizeof(key));
	key.code = code;
	key.mods = mods | (in->alt ? KEYIN_ALT : 0u);

	ground(in);
	h(&key, arg);
}


static void emit_mouse(struct keyin *in, unsigned b, int x, int y,
		       keyin_h *h, void *arg)
{
	struct key key;

	memset(&key, 0, sizeof(key));
	key.code = KEYIN_MOUSE;
	key.x = x - 1;
	key.y = y - 1;

	ground(in);

	/* bits 4, 8, 16 are shift, alt and ctrl; 32 is movement */
	switch (b & ~(4u | 8u | 16u)) {

	case 0:  key.button = KEYIN_PRESS;      break;
	case 64: key.button = KEYIN_WHEEL_UP;   break;
	case 65: key.button = KEYIN_WHEEL_DOWN; break;
	default: return;
	}

	if (x >= 1 && y >= 1)
		h(&key, arg);
}


static void emit_paste(struct keyin *in, keyin_h *h, void *arg)
{
	struct key key;
	char text[KEYIN_PASTE_SZ];
	bool drop;

	in->paste[in->pasten < sizeof(in->paste) ? in->pasten :
		  sizeof(in->paste) - 1] = '\0';
	text_clean(text, sizeof(text), in->paste, false);

	memset(&key, 0, sizeof(key));
	key.code = KEYIN_PASTE;
	key.text = text;

	drop = in->drop;
	in->pasten = 0;
	ground(in);
	if (!drop)
		h(&key, arg);
}


/** A single byte below 0x80 that stands for itself */
static void plain(struct keyin *in, uint8_t c, keyin_h *h, void *arg)
{
	switch (c) {

	case '\r': case '\n': emit(in, KEYIN_ENTER, 0, h, arg);     return;
	case '\t':            emit(in, KEYIN_TAB, 0, h, arg);       return;
	case '\b': case 0x7f: emit(in, KEYIN_BACKSPACE, 0, h, arg); return;
	case 0:               emit(in, ' ', KEYIN_CTRL, h, arg);    return;
	case 0x1b:            emit(in, KEYIN_ESC, 0, h, arg);       return;
	default:
		break;
	}

	if (c < 0x1b)
		emit(in, 'a' + c - 1u, KEYIN_CTRL, h, arg);
	else if (c < 0x20)
		emit(in, c + 0x40u, KEYIN_CTRL, h, arg);
	else
		emit(in, c, 0, h, arg);
}


/** Key of a number before '~', '^', '$' or '@' */
static uint32_t tilde(unsigned n)
{
	switch (n) {

	case 1: case 7: return KEYIN_HOME;
	case 2:         return KEYIN_INSERT;
	case 3:         return KEYIN_DELETE;
	case 4: case 8: return KEYIN_END;
	case 5:         return KEYIN_PGUP;
	case 6:         return KEYIN_PGDN;
	default:
		break;
	}

	if (n >= 11 && n <= 15)
		return KEYIN_F1 + n - 11;
	if (n >= 17 && n <= 21)
		return KEYIN_F1 + 5 + n - 17;
	if (n >= 23 && n <= 24)
		return KEYIN_F1 + 10 + n - 23;

	return KEYIN_NONE;
}


static uint32_t letter(uint8_t c)
{
	switch (c) {

	case 'A': case 'a': return KEYIN_UP;
	case 'B': case 'b': return KEYIN_DOWN;
	case 'C': case 'c': return KEYIN_RIGHT;
	case 'D': case 'd': return KEYIN_LEFT;
	case 'H':           return KEYIN_HOME;
	case 'F':           return KEYIN_END;
	case 'P':           return KEYIN_F1;
	case 'Q':           return KEYIN_F1 + 1;
	case 'R':           return KEYIN_F1 + 2;
	case 'S':           return KEYIN_F1 + 3;
	default:            return KEYIN_NONE;
	}
}


/** The number of a modifier parameter: 1 + bits, xterm's way */
static unsigned modifiers(unsigned param)
{
	const unsigned bits = param ? param - 1 : 0;

	return (bits & 1 ? KEYIN_SHIFT : 0u) |
	       (bits & (2 | 8 | 32) ? KEYIN_ALT : 0u) |
	       (bits & 4 ? KEYIN_CTRL : 0u);
}


/** Give out a key that was sent by its number (CSI u, modifyOtherKeys) */
static void emit_number(struct keyin *in, unsigned n, unsigned mods,
			keyin_h *h, void *arg)
{
	switch (n) {

	case 8: case 127: emit(in, KEYIN_BACKSPACE, mods, h, arg); return;
	case 9:           emit(in, KEYIN_TAB, mods, h, arg);       return;
	case 13:          emit(in, KEYIN_ENTER, mods, h, arg);     return;
	case 27:          emit(in, KEYIN_ESC, mods, h, arg);       return;
	default:
		break;
	}

	/* 57344 and up: keys of the kitty protocol that have no character */
	if (text_cp_width(n) < 1 || (n >= 57344 && n <= 63743)) {
		ground(in);
		return;
	}

	if (mods & KEYIN_SHIFT && n >= 'a' && n <= 'z')
		n -= 0x20;

	emit(in, n, mods & ~(unsigned)KEYIN_SHIFT, h, arg);
}


struct params {
	char prefix;               /* '<', '?', … or 0                    */
	bool inter;                /* an intermediate byte was there      */
	unsigned v[4];
	unsigned event;            /* sub-parameter of the second: kitty  */
	size_t n;                  /* parameters that were there          */
};


static void params_decode(struct params *p, const char *s, size_t len)
{
	bool sub = false;
	size_t i = 0;

	memset(p, 0, sizeof(*p));

	if (len && strchr("<=>?", s[0]))
		p->prefix = s[i++];
	if (i < len)
		p->n = 1;

	for (; i < len; i++) {

		unsigned *v = sub ? &p->event :
			&p->v[p->n > 4 ? 3 : p->n - 1];

		if (s[i] >= '0' && s[i] <= '9') {
			if ((!sub || p->n == 2) && p->n <= 4 && *v < 1000000)
				*v = *v * 10 + (unsigned)(s[i] - '0');
		}
		else if (s[i] == ';') {
			++p->n;
			sub = false;
		}
		else if (s[i] == ':') {
			sub = true;
		}
		else {
			p->inter = true;
		}
	}
}


static void csi_final(struct keyin *in, uint8_t c, keyin_h *h, void *arg)
{
	struct params p;
	uint32_t code = KEYIN_NONE;
	unsigned mods;

	if (in->seqn > sizeof(in->seq) || in->drop) {
		ground(in);
		return;
	}

	params_decode(&p, in->seq, in->seqn);
	mods = modifiers(p.v[1]);

	if (p.prefix == '<' && p.n == 3 && !p.inter) {
		if (c == 'M')
			emit_mouse(in, p.v[0], (int)p.v[1], (int)p.v[2],
				   h, arg);
		else
			ground(in);
		return;
	}

	/* kitty: a key that was released */
	if (p.prefix || p.inter || p.event == 3) {
		ground(in);
		return;
	}

	switch (c) {

	case '~':
		if (p.v[0] == 200) {
			ground(in);
			in->state = PASTE;
			in->pasten = 0;
			return;
		}
		if (p.v[0] == 27 && p.n == 3) {
			emit_number(in, p.v[2], mods, h, arg);
			return;
		}
		code = tilde(p.v[0]);
		break;

	case '$':
		code = tilde(p.v[0]);
		mods = KEYIN_SHIFT;
		break;

	case '^':
		code = tilde(p.v[0]);
		mods = KEYIN_CTRL;
		break;

	case '@':
		code = tilde(p.v[0]);
		mods = KEYIN_CTRL | KEYIN_SHIFT;
		break;

	case 'u':
		if (p.n) {
			emit_number(in, p.v[0], mods, h, arg);
			return;
		}
		break;

	case 'Z':
		code = KEYIN_TAB;
		mods = KEYIN_SHIFT;
		break;

	case 'a': case 'b': case 'c': case 'd':
		code = letter(c);
		mods = KEYIN_SHIFT;
		break;

	default:
		/* "5;10R" would be a cursor report, not Shift-F3 */
		if (p.n == 0 || (p.v[0] <= 1 && p.n <= 2))
			code = letter(c);
		break;
	}

	if (code == KEYIN_NONE)
		ground(in);
	else
		emit(in, code, mods, h, arg);
}


static void step_csi(struct keyin *in, uint8_t c, keyin_h *h, void *arg)
{
	const bool first = in->seqn == 0;

	if (first && c == '[') {
		in->state = CSI_LINUX;
		return;
	}
	if (first && c == 'M') {
		in->state = MOUSE_X10;
		return;
	}

	/* rxvt ends with '$', which for all others is an intermediate */
	if ((c >= 0x40 && c <= 0x7e) ||
	    (c == '$' && !first && in->seq[0] >= '0' && in->seq[0] <= '9')) {
		csi_final(in, c, h, arg);
		return;
	}

	if (in->seqn < sizeof(in->seq))
		in->seq[in->seqn++] = (char)c;
	else
		in->seqn = sizeof(in->seq) + 1;
}


static void step_ss3(struct keyin *in, uint8_t c, keyin_h *h, void *arg)
{
	/* application keypad: p to y are 0 to 9 */
	static const char padv[] = "*+,-./0123456789";
	unsigned mods = 0;
	uint32_t code;

	if (c >= '0' && c <= '9') {
		/* ESC O 5 P: Ctrl-F1 of old terminals */
		if (in->seqn < sizeof(in->seq))
			in->seq[in->seqn++] = (char)c;
		return;
	}

	if (in->seqn == 1)
		mods = modifiers((unsigned)(in->seq[0] - '0'));

	if (c == 'M')
		code = KEYIN_ENTER;
	else if (c >= 'j' && c <= 'y')
		code = (uint32_t)padv[c - 'j'];
	else
		code = letter(c);

	if (c >= 'a' && c <= 'd')
		mods = KEYIN_CTRL;

	if (code == KEYIN_NONE)
		ground(in);
	else
		emit(in, code, mods, h, arg);
}


static void step_paste(struct keyin *in, uint8_t c, keyin_h *h, void *arg)
{
	const size_t n = sizeof(paste_end) - 1;
	size_t i;

	if (c == (uint8_t)paste_end[in->match]) {
		if (++in->match == n)
			emit_paste(in, h, arg);
		return;
	}

	/* what looked like the end was text; only ESC can begin it anew */
	for (i = 0; i < in->match; i++) {
		if (in->pasten < sizeof(in->paste) - 1)
			in->paste[in->pasten++] = paste_end[i];
	}
	in->match = 0;

	if (c == (uint8_t)paste_end[0])
		in->match = 1;
	else if (in->pasten < sizeof(in->paste) - 1 && c)
		in->paste[in->pasten++] = (char)c;
}


static void step_utf8(struct keyin *in, uint8_t c, keyin_h *h, void *arg)
{
	const uint8_t lead = (uint8_t)in->seq[0];
	const size_t want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
	uint32_t cp;

	in->seq[in->seqn++] = (char)c;
	if (in->seqn < want)
		return;

	if (text_decode(&cp, in->seq, in->seqn) == want &&
	    text_cp_width(cp) >= 0)
		emit(in, cp, 0, h, arg);
	else
		ground(in);
}


static void step_escape(struct keyin *in, uint8_t c, keyin_h *h, void *arg)
{
	switch (c) {

	case '[':
		in->state = CSI;
		return;

	case 'O':
		in->state = SS3;
		return;

	case ']': case 'P': case 'X': case '^': case '_':
		in->state = STRING;
		return;

	case 0x1b:
		in->alt = true;
		return;

	default:
		break;
	}

	in->alt = true;
	in->state = GROUND;

	if (c < 0x80) {
		plain(in, c, h, arg);
	}
	else if (c >= 0xc2 && c <= 0xf4) {
		in->state = UTF8;
		in->seq[in->seqn++] = (char)c;
	}
	else {
		ground(in);
	}
}


/** May this byte be the rest of something that came too late? */
static bool may_be_rest(int rest, uint8_t byte)
{
	switch (rest) {

	case ESCAPE: return byte && strchr("]PX^_", byte) != NULL;
	case CSI:    return byte >= 0x20 && byte <= 0x7e;
	case PASTE:  return byte >= 0x20;
	case STRING: return byte >= 0x20 || byte == 0x1b;
	default:     return false;
	}
}


static bool is_sequence(int state)
{
	return state == CSI || state == CSI_LINUX || state == SS3 ||
	       state == MOUSE_X10;
}


static void step(struct keyin *in, uint8_t byte, keyin_h *h, void *arg)
{
	/* control bytes and ESC end a sequence that stays unfinished */
	if (is_sequence(in->state) && in->state != MOUSE_X10 &&
	    (byte < 0x20 || byte >= 0x7f))
		ground(in);

	if (in->state == UTF8 && (byte & 0xc0) != 0x80)
		ground(in);

	switch (in->state) {

	case GROUND:
		if (byte == 0x1b) {
			in->state = ESCAPE;
		}
		else if (byte < 0x80) {
			plain(in, byte, h, arg);
		}
		else if (byte >= 0xc2 && byte <= 0xf4) {
			in->state = UTF8;
			in->seq[in->seqn++] = (char)byte;
		}
		break;

	case UTF8:
		step_utf8(in, byte, h, arg);
		break;

	case ESCAPE:
		step_escape(in, byte, h, arg);
		break;

	case CSI:
		step_csi(in, byte, h, arg);
		break;

	case CSI_LINUX:
		if (byte >= 'A' && byte <= 'E')
			emit(in, KEYIN_F1 + byte - 'A', 0, h, arg);
		else
			ground(in);
		break;

	case SS3:
		step_ss3(in, byte, h, arg);
		break;

	case MOUSE_X10:
		in->seq[in->seqn++] = (char)byte;
		if (in->seqn == 3)
			emit_mouse(in, (uint8_t)in->seq[0] - 32u,
				   (uint8_t)in->seq[1] - 32,
				   (uint8_t)in->seq[2] - 32, h, arg);
		break;

	case STRING:
		if (byte == '\a')
			ground(in);
		else if (byte == 0x1b)
			in->state = STRING_ESC;
		break;

	case STRING_ESC:
		/* ESC \ ends it, any other ESC begins something new */
		ground(in);
		if (byte != '\\') {
			in->state = ESCAPE;
			step_escape(in, byte, h, arg);
		}
		break;

	case PASTE:
		step_paste(in, byte, h, arg);
		break;

	case HELD:
		break;
	}
}


void keyin_step(struct keyin *in, uint8_t byte, uint64_t now_ms,
		keyin_h *h, void *arg)
{
	const bool late = in->late;

	/* the rest of a sequence is that also if it comes too late */
	if (in->state != ESCAPE || (byte != '[' && byte != 'O'))
		keyin_timeout(in, now_ms, h, arg);

	if (in->state == GROUND && late &&
	    now_ms - in->last_ms < KEYIN_SEQ_MS &&
	    (byte == '[' || byte == 'O'))
		in->state = ESCAPE;

	if (in->state == GROUND && late &&
	    now_ms - in->last_ms >= KEYIN_SEQ_MS)
		in->rest = GROUND;

	in->last_ms = now_ms;
	in->late = false;

	/* more of it in the same moment: nobody types like that */
	if (in->state == HELD) {
		const uint8_t held = in->held;

		ground(in);
		in->state = in->rest;
		in->drop = in->rest != ESCAPE;
		in->rest = GROUND;
		step(in, held, h, arg);
	}
	else if (in->state == GROUND && may_be_rest(in->rest, byte)) {
		in->state = HELD;
		in->held = byte;
		return;
	}
	else if (in->state == GROUND) {
		in->rest = GROUND;
	}

	step(in, byte, h, arg);
}


uint64_t keyin_due_ms(const struct keyin *in)
{
	switch (in->state) {

	case GROUND:
		return 0;

	case ESCAPE:
		return in->last_ms + KEYIN_ESC_MS;

	case HELD:
		return in->last_ms + KEYIN_MORE_MS;

	case STRING: case STRING_ESC:
		return in->last_ms + (in->drop ? KEYIN_ESC_MS :
				      KEYIN_STRING_MS);

	default:
		return in->last_ms + (in->drop ? KEYIN_ESC_MS : KEYIN_SEQ_MS);
	}
}


void keyin_timeout(struct keyin *in, uint64_t now_ms, keyin_h *h, void *arg)
{
	const uint64_t due = keyin_due_ms(in);

	if (!due || now_ms < due)
		return;

	switch (in->state) {

	case ESCAPE:
		in->alt = false;
		in->late = true;
		in->rest = ESCAPE;
		emit(in, KEYIN_ESC, 0, h, arg);
		break;

	case HELD:
		in->rest = GROUND;
		in->state = GROUND;
		step(in, in->held, h, arg);
		break;

	case PASTE:
		in->rest = PASTE;
		emit_paste(in, h, arg);
		break;

	case STRING: case STRING_ESC:
		in->rest = STRING;
		ground(in);
		break;

	case CSI:
		in->rest = CSI;
		ground(in);
		break;

	default:
		ground(in);
		break;
	}
}
