/**
 * @file app/ctl.h  Control socket: commands and events for scripts
 *
 * A Unix stream socket of this user's, one for each configuration folder.
 * A line in is a command of app/cmd.h; a line out is one JSON object:
 *
 *	{"ok":true, …}                  members of the command's reply
 *	{"ok":false,"error":"…"}        one sentence
 *
 * `events` is answered so too, and from then on every fact comes as a line
 * of its own, {"event":"lamp",…}. `help` lists the commands.
 */
#ifndef PARKDECK_CTL_H
#define PARKDECK_CTL_H

#include <stdbool.h>
#include <stddef.h>

struct bus;
struct clock;
struct commands;
struct ctl;

enum {
	CTL_PLACES = 3,                 /**< Folders that are tried       */
	CTL_PATH_SZ = 104,              /**< Fits sun_path                */
	CTL_CLIENTS = 32,               /**< At once; more are refused    */
	CTL_REPLY_MAX = 32 << 20,       /**< One reply [bytes]            */
	CTL_BACKLOG = 1 << 20,          /**< Events that wait for a slow
					     reader until it is dropped   */
};

/** Where the socket of one configuration folder is */
struct ctl_place {
	char sock[CTL_PATH_SZ];
	char lock[CTL_PATH_SZ];         /**< Held while the phone runs    */
};

/**
 * Find the n'th place: $XDG_RUNTIME_DIR/parkdeck, /run/user/UID/parkdeck,
 * /tmp/parkdeck-UID
 *
 * @param place Filled in
 * @param n     Below CTL_PLACES
 * @param dir   Configuration folder as cfg_dir() gives it
 * @param make  Make the folder (0700) if it is not there
 *
 * @return 0; ENOENT: not there; EPERM: it is not ours alone, a symbolic
 *         link or no folder; ENAMETOOLONG; or errno of mkdir(2)
 */
int  ctl_place(struct ctl_place *place, unsigned n, const char *dir,
	       bool make);

/**
 * Open the socket
 *
 * @param ctlp     mem_deref() it; the socket is removed
 * @param dir      Configuration folder as cfg_dir() gives it
 * @param commands Borrowed; carry the lines out
 * @param bus      Borrowed; its facts go to readers of events
 * @param clock    Borrowed; ages in the events are told for it
 * @param err      Set to one sentence on failure
 * @param errsz    Size of err
 *
 * @return 0; EADDRINUSE: a phone runs for this folder, its pid is in the
 *         sentence; or an errno
 */
int  ctl_alloc(struct ctl **ctlp, const char *dir, struct commands *commands,
	       struct bus *bus, const struct clock *clock,
	       char *err, size_t errsz);

/** @return Path of the socket, borrowed */
const char *ctl_sock(const struct ctl *ctl);

#endif
