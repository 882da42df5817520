/**
 * @file ui/theme.c  Roles -> colours and attributes; the characters used
 */
#include "ui/theme.h"


enum {
	DEFAULT = -1, BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE
};

/** Looks in colour, and with attributes alone */
static const struct {
	struct style colour;
	uint8_t mono;
} rolev[ROLES] = {
	[ROLE_TEXT]        = {{DEFAULT, DEFAULT, 0},              0},
	[ROLE_DIM]         = {{DEFAULT, DEFAULT, STYLE_DIM},      0},
	[ROLE_BAR]         = {{DEFAULT, DEFAULT, STYLE_REVERSE},
			      STYLE_REVERSE},
	[ROLE_BAR_GOOD]    = {{DEFAULT, DEFAULT, STYLE_REVERSE},
			      STYLE_REVERSE},
	[ROLE_BAR_BAD]     = {{WHITE, RED, STYLE_BOLD},
			      STYLE_REVERSE | STYLE_BOLD},
	[ROLE_TITLE]       = {{DEFAULT, DEFAULT, 0},              0},
	[ROLE_TITLE_FOCUS] = {{DEFAULT, DEFAULT, STYLE_BOLD},
			      STYLE_BOLD},
	[ROLE_KEY]         = {{DEFAULT, DEFAULT, STYLE_BOLD},
			      STYLE_BOLD},
	[ROLE_LABEL]       = {{DEFAULT, DEFAULT, 0},              0},
	[ROLE_FREE]        = {{GREEN, DEFAULT, 0},                0},
	[ROLE_PARKED]      = {{YELLOW, DEFAULT, 0},
			      STYLE_BOLD},
	[ROLE_PARKED_ON]   = {{BLACK, YELLOW, 0},
			      STYLE_REVERSE},
	[ROLE_PARKED_DUE_ON] = {{WHITE, RED, STYLE_BOLD},
			      STYLE_REVERSE | STYLE_BOLD},
	[ROLE_PARKED_LONG] = {{YELLOW, DEFAULT, STYLE_BOLD},
			      STYLE_BOLD},
	[ROLE_PARKED_DUE]  = {{RED, DEFAULT, STYLE_BOLD},
			      STYLE_BOLD | STYLE_UNDERLINE},
	[ROLE_RINGING]     = {{MAGENTA, DEFAULT, STYLE_BOLD},
			      STYLE_BOLD},
	[ROLE_RINGING_ON]  = {{WHITE, MAGENTA, STYLE_BOLD},
			      STYLE_REVERSE | STYLE_BOLD},
	[ROLE_BUSY]        = {{RED, DEFAULT, 0},                  0},
	[ROLE_UNKNOWN]     = {{DEFAULT, DEFAULT, STYLE_DIM},      0},
	[ROLE_STALE]       = {{DEFAULT, DEFAULT, STYLE_DIM},
			      STYLE_DIM},
	[ROLE_ACTIVE]      = {{GREEN, DEFAULT, STYLE_BOLD},
			      STYLE_BOLD},
	[ROLE_HELD]        = {{CYAN, DEFAULT, 0},                 0},
	[ROLE_INFO]        = {{DEFAULT, DEFAULT, 0},              0},
	[ROLE_WARN]        = {{YELLOW, DEFAULT, 0},
			      STYLE_BOLD},
	[ROLE_ERROR]       = {{RED, DEFAULT, STYLE_BOLD},
			      STYLE_BOLD},
	[ROLE_PROMPT]      = {{DEFAULT, DEFAULT, STYLE_BOLD},
			      STYLE_BOLD},
	[ROLE_BOX]         = {{DEFAULT, DEFAULT, 0},              0},
};

/** Each sign as it is and in ASCII; all are one column wide */
struct pair {
	const char *fine, *plain;
};

static const struct pair lampv[LAMP_STATES] = {
	[LAMP_UNKNOWN] = {"?", "?"},
	[LAMP_FREE]    = {"○", "."},
	[LAMP_PARKED]  = {"●", "*"},
	[LAMP_RINGING] = {"♪", "!"},
	[LAMP_BUSY]    = {"■", "#"},
};

static const struct pair callv[DESKCALL_STATES] = {
	[DESKCALL_NONE]       = {" ", " "},
	[DESKCALL_DIALING]    = {"→", "-"},
	[DESKCALL_RINGING]    = {"→", "-"},
	[DESKCALL_INCOMING]   = {"♪", "!"},
	[DESKCALL_ACTIVE]     = {"►", "@"},
	[DESKCALL_HELD]       = {"‖", "="},
	[DESKCALL_PARKING]    = {"↓", "v"},
	[DESKCALL_RETRIEVING] = {"↑", "^"},
	[DESKCALL_CLOSED]     = {" ", " "},
};

static const struct pair signv[SIGNS] = {
	[SIGN_SELECTED] = {"▸", ">"},
	[SIGN_NOTE]     = {"✎", "+"},
	[SIGN_AT_LEAST] = {"≥", ">"},
	[SIGN_RULE]     = {"─", "-"},
	[SIGN_TO]       = {"→", ">"},
	[SIGN_FROM]     = {"←", "<"},
	[SIGN_WARN]     = {"!", "!"},
};


struct style theme_style(const struct theme *theme, enum role role,
			 bool selected)
{
	struct style st = {DEFAULT, DEFAULT, 0};

	if (role < ROLES) {
		if (theme->mono)
			st.attr = rolev[role].mono;
		else
			st = rolev[role].colour;
	}
	if (selected)
		st.attr ^= STYLE_REVERSE;

	return st;
}


static const char *pick(const struct theme *theme, const struct pair *p)
{
	return theme->ascii || theme->plain_glyphs ? p->plain : p->fine;
}


const char *theme_lamp(const struct theme *theme, enum lamp_state state,
		       bool stale)
{
	if (stale)
		return "~";

	return pick(theme, &lampv[state < LAMP_STATES ? state : 0]);
}


const char *theme_call(const struct theme *theme, enum deskcall_state state)
{
	return pick(theme, &callv[state < DESKCALL_STATES ? state : 0]);
}


const char *theme_sign(const struct theme *theme, enum sign sign)
{
	return pick(theme, &signv[sign]);
}
