/**
 * @file ui/term_curses.h  The terminal: the only file that touches it
 *
 * There is one terminal, so there is no handle. curses makes the output,
 * into memory; it is written without ever blocking, because a terminal that
 * stands still (Ctrl-S, a slow line) must not silence the calls. Input is
 * read as raw bytes.
 *
 * The terminal is as before after term_close(), exit(3) and every signal
 * that ends the program.
 */
#ifndef PARKDECK_UI_TERM_CURSES_H
#define PARKDECK_UI_TERM_CURSES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "ui/grid.h"
#include "ui/theme.h"

/** What a terminal can do */
struct term_ability {
	bool utf8;             /**< Its locale is UTF-8                  */
	bool colours;
	bool linux_console;    /**< Few signs in its font                */
};

/** News from term_signal() */
enum term_signal {
	TERM_SIGNAL_NONE = 0,
	TERM_SIGNAL_RESIZED,   /**< Ask term_size(), draw anew           */
	TERM_SIGNAL_HANGUP,    /**< The terminal is gone                 */
};

/**
 * Take the terminal over: keys from standard input, output to `out`
 *
 * @param able  Set on success
 * @param out   Descriptor of the terminal, borrowed until term_close()
 * @param mouse Ask for clicks and the wheel
 *
 * @return 0, ENOTTY: is none; ENOTSUP: it cannot position its cursor, or
 *         is not known; or another errno. Then nothing has changed
 */
int  term_open(struct term_ability *able, int out, bool mouse);

/** Ask for clicks and the wheel from now on, or leave them alone */
void term_mouse(bool on);

/** Give it back; safe without term_open() and twice */
void term_close(void);

/** Same from a signal handler: nothing is freed */
void term_restore(void);

/** @return One sentence for an error of term_open() */
const char *term_strerror(int err);

void term_size(int *w, int *h);

/** @return To listen on for reading: term_signal() then has news */
int  term_signal_fd(void);
enum term_signal term_signal(void);

/** @return Bytes read from the keyboard, 0: none now, -1: it is gone */
ssize_t term_read(char *buf, size_t sz);

/** Put the cells that differ from what is shown on the screen */
void term_draw(const struct grid *grid, const struct theme *theme);

/** Forget what is shown: the next term_draw() writes everything */
void term_redraw(void);

void term_bell(void);

/**
 * Put a text into the clipboard (OSC 52), where the terminal lets us
 *
 * @param base64 The text, so encoded; `n` characters
 */
void term_copy(const char *base64, size_t n);

/** @return To listen on for writing while term_flush() is EAGAIN */
int  term_out_fd(void);

/** Write what waits; @return 0: all is written, EAGAIN, or errno */
int  term_flush(void);

/** @return Bytes that term_draw() and the rest have made so far */
size_t term_bytes(void);

/** @return Pictures that were put on the terminal so far, each of which
	    changed something */
size_t term_pictures(void);

#endif
