/**
 * @file tests/lib/vt.h  A terminal to run the program in, and to read it
 *
 * The program of the build ($PARKDECK) runs on a pseudo terminal, its output
 * goes through libvterm, and the cells are read back as text. Home, settings,
 * state, runtime and temporary files are in a folder of its own.
 *
 * All of it is driven by libre's loop, so that a PBX can live in the same
 * process: libre_init() first. Nothing here sleeps; what waits does so for a
 * condition, with a limit that only a failing run reaches.
 */
#ifndef PARKDECK_TESTS_VT_H
#define PARKDECK_TESTS_VT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <termios.h>

struct VTerm;
struct VTermScreen;

enum {
	VT_WAIT_MS = 15000,        /**< Longer than any wait of a good run */
	VT_ROW_SZ = 2048,
};

/** Folder of one run: home, config, state, run, tmp below it */
struct vt_home {
	char dir[64];
};

/** How to start; zero takes the default */
struct vt_prm {
	const struct vt_home *home;
	int w, h;                  /**< 80x24                            */
	const char *argv[6];       /**< After the program's name         */
	const char *term;          /**< "xterm-256color"; "": unset      */
	const char *lang;          /**< "C.UTF-8"; "": unset             */
	bool in_closed;            /**< Standard input is /dev/null      */
	bool out_piped;            /**< Standard output is no terminal   */
	bool err_piped;            /**< Standard error is read apart     */
};

/** To be read by tests; changed by the loop */
struct vt {
	struct VTerm *vterm;
	struct VTermScreen *screen;
	const struct vt_home *home;
	int w, h;
	int master, slave;         /**< -1: closed                       */
	int pipefd;                /**< What is read apart, or -1        */
	int pidfd;
	pid_t pid;                 /**< 0: has ended                     */
	int status;                /**< As of waitpid(), then            */
	struct termios before;     /**< Modes when the program came      */
	size_t bytes;              /**< Written to the terminal          */
	size_t high;               /**< Of those: beyond ASCII           */
	unsigned bells;
	bool alt;                  /**< Alternate screen                 */
	bool cursor;
	int mouse;                 /**< VTERM_PROP_MOUSE_...             */
	char said[8192];           /**< Through the pipe                 */
	size_t saidn;
};

/* the loop */

/** Let things happen: for a while at most, or until something was read */
void vt_turn(uint32_t ms);

/** Let a time pass that is itself what a test is about */
void vt_pause(uint32_t ms);

/** Wait in a test until an expression is true, else fail with the screen */
#define vt_until(vt, expr) do {						\
	const uint64_t end_ = vt_now() + VT_WAIT_MS;			\
	while (!(expr)) {						\
		if (vt_now() > end_)					\
			vt_fail(vt, __FILE__, __LINE__, "never: %s",	\
				#expr);					\
		vt_turn(20);						\
	}								\
} while (0)

#define vt_check(vt, expr) do {						\
	if (!(expr))							\
		vt_fail(vt, __FILE__, __LINE__, "not so: %s", #expr);	\
} while (0)

/** Wait for a text anywhere on the screen */
#define vt_wait(vt, text) \
	vt_wait_(vt, text, true, __FILE__, __LINE__)

/** Wait until a text is nowhere on the screen */
#define vt_wait_gone(vt, text) \
	vt_wait_(vt, text, false, __FILE__, __LINE__)

/** Monotonic time [ms], the program's clock too */
uint64_t vt_now(void);

void vt_wait_(struct vt *vt, const char *text, bool there, const char *file,
	      int line);
_Noreturn void vt_fail(const struct vt *vt, const char *file, int line,
		       const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* folders */

int  vt_home_init(struct vt_home *home);

/** Remove it with all that is in it */
void vt_home_close(struct vt_home *home);

/** Write a file below it, with these permissions */
int  vt_home_write(const struct vt_home *home, const char *name,
		   const char *text, mode_t mode);

/** @return Path of something below it, in a buffer of this function */
const char *vt_home_path(const struct vt_home *home, const char *name);

/** Name what is left in a folder below it; @return Number of files, in
    "tmp" also of folders */
size_t vt_home_left(const struct vt_home *home, const char *name, char *buf,
		    size_t sz);

/** Fail if a demo that has ended left anything in any of the folders */
#define vt_nothing_left(vt) \
	vt_nothing_left_(vt, __FILE__, __LINE__)

void vt_nothing_left_(const struct vt *vt, const char *file, int line);

/* the program */

int  vt_alloc(struct vt **vtp, const struct vt_prm *prm);

/** End it, whatever it does; frees vt. NULL is fine */
void vt_end(struct vt *vt);

/** End all that a failed test has left */
void vt_end_all(void);

/** Type: bytes as they are */
void vt_send(struct vt *vt, const char *text);
void vt_send_n(struct vt *vt, const void *p, size_t n);

void vt_resize(struct vt *vt, int w, int h);

/** Take the terminal away, as when its window is closed */
void vt_hangup(struct vt *vt);

/** Wait for the end of the program and for all that it wrote */
void vt_wait_end(struct vt *vt);

/** Ended by exit(status), terminal as it was before; else fail */
void vt_expect_exit(struct vt *vt, int status);
void vt_expect_signal(struct vt *vt, int sig);

/* the screen */

/** @return A row as text without blanks at its end, in buf */
char *vt_row(const struct vt *vt, int y, char buf[VT_ROW_SZ]);

/** @return All rows, with '\n', in a buffer to free() */
char *vt_rows(const struct vt *vt);

/** As vt_rows(), each digit as '#': times go on, the rest stays */
char *vt_rows_masked(const struct vt *vt);

/** Same, once the picture does not change any more: a picture may be read
    while it is written */
char *vt_rows_at_rest(struct vt *vt);

/** Fail unless the screen comes to rest with these rows; frees them */
#define vt_same_rows(vt, before) \
	vt_same_rows_(vt, before, __FILE__, __LINE__)

void vt_same_rows_(struct vt *vt, char *before, const char *file, int line);

bool vt_has(const struct vt *vt, const char *text);

/** @return Text found from row y0 on; its first cell */
bool vt_find(const struct vt *vt, const char *text, int y0, int *x, int *y);

/** @return Character of a cell, "" if it is the second half of one */
const char *vt_char(const struct vt *vt, int x, int y);

/** @return Colours and attributes of a cell, as one number to compare */
uint64_t vt_look(const struct vt *vt, int x, int y);

/** @return No cell has a colour */
bool vt_colourless(const struct vt *vt);

/** @return The terminal would send pastes in brackets */
bool vt_paste_on(struct vt *vt);

/** @return File that a descriptor of the program is, in a buffer */
const char *vt_fd_path(const struct vt *vt, int fd);

#endif
