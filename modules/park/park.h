/**
 * @file modules/park/park.h  Park, retrieve, and who was parked by us
 *
 * Takes the commands park, retrieve, undo, spot and note.
 */
#ifndef PARKDECK_PARK_H
#define PARKDECK_PARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "app/clock.h"
#include "app/cmd.h"
#include "app/desk_model.h"
#include "app/event.h"
#include "app/phone.h"

struct park;
struct profile;

/** A lamp's own ways; strings are copied, NULL: as the site's */
struct park_spot {
	enum lamp_kind kind;
	unsigned account;
	const char *spot;
	const char *park;        /**< Template                           */
	const char *retrieve;    /**< Template                           */
};

/** A dialog that rings at a colleague's, to be taken (RFC 3891) */
struct park_dialog {
	char target[256];            /**< Whom to call for it            */
	char call_id[256];
	char to_tag[256];
	char from_tag[256];
};

/** @return 0, or ENOENT: the server does not tell of one */
typedef int (park_dialog_h)(struct park_dialog *dlg, unsigned account,
			    const char *spot, void *arg);

struct park_prm {
	const struct clock *clock;   /**< Borrowed                       */
	struct bus *bus;             /**< Borrowed                       */
	struct phone *phone;         /**< Borrowed; its call handler is
					  taken over                     */
	const struct desk *desk;     /**< Borrowed                       */
	struct commands *commands;   /**< Borrowed                       */
	const struct profile *ways;  /**< Borrowed: the site's          */
	bool blind;                  /**< A colleague's key transfers at
					  once, without a word           */
	uint32_t announce_s;         /**< Listen to it for so long       */
	park_dialog_h *dialogh;      /**< What rings at a lamp; or NULL  */
	void *arg;
	const char *book_path;       /**< Where names of parked callers are
					  kept; NULL: nowhere            */
};

int  park_alloc(struct park **parkp, const struct park_prm *prm,
		const struct park_spot *spotv, size_t spotc);

/** What the PBX told of a call that it parked; texts may be NULL or "" */
struct park_info {
	const char *who;             /**< Name of who is parked          */
	const char *number;          /**< His number                     */
	const char *by;              /**< Who parked him                 */
	const char *place;           /**< Extension; none: one's own     */
	const char *retrieve;        /**< What to dial to take him       */
	bool cleared;                /**< He does not wait any more      */
};

/** The PBX told an account of a call */
void park_told(struct park *park, unsigned account,
	       const struct park_info *info);

/**
 * @return How many lamps parking itself has, which come before all others
 *         in the grid: one an account where calls are parked on extensions
 */
size_t park_lampc(const struct profile *ways, size_t accountc);

/**
 * What the command `spot` would do with that lamp now, to be asked before
 *
 * @param to Set to the lot with DEED_PARK_LOT
 *
 * @return DEED_NONE: nothing, the command says why
 */
enum deed park_deed(const struct park *park, const struct desk_lamp *lamp,
		    char *to, size_t sz);

/** @return Parks and transfers under way: quitting now may lose callers */
size_t park_pending(const struct park *park);

/** A caller that the user has again, since his park or transfer failed */
struct park_failure {
	size_t count;            /**< So many since the start; 0: none   */
	unsigned id;             /**< Of the last one's call             */
	char who[TEXT_SZ];       /**< "the caller" if nobody knows       */
	char reason[REASON_SZ];
};

/** @return The last one, borrowed; counts on with each */
const struct park_failure *park_failure(const struct park *park);

/**
 * Let go of a call that the user ends himself
 *
 * @return 0; EBUSY: it is being parked and nothing confirms it yet;
 *         EINPROGRESS: it is parked, says the PBX, and ends by itself as soon
 *         as nobody is heard on the line
 */
int  park_user_hangup(struct park *park, unsigned id);

#endif
