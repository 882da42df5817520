/**
 * @file modules/blf/blf_int.h  Inside of the panel: what blf.c and
 *                              blf_list.c share
 */
#ifndef PARKDECK_BLF_INT_H
#define PARKDECK_BLF_INT_H

#include <re.h>
#include "modules/blf/blf.h"
#include "modules/blf/blf_gate_model.h"
#include "modules/blf/blf_sched_model.h"
#include "modules/blf/blf_sip.h"
#include "modules/blf/blf_state.h"
#include "modules/blf/dialoginfo.h"
#include "modules/blf/lamp_model.h"

struct blf_roster;
struct rlmi_decoder;
struct rls_work;

/** Why a lamp is in doubt */
#define BLF_CUT "the message was cut on its way"

enum item {
	ITEM_LEG = 0,
	ITEM_ACCT,
	ITEM_TELL,
	ITEM_CLOSE,
	ITEM_HOLD,
};

/** Why a lamp is not live */
enum why {
	WHY_NONE = 0,
	WHY_SILENT,            /* no answer                              */
	WHY_UNSENT,            /* could not even be sent                 */
	WHY_STATELESS,         /* answered, but no NOTIFY                */
	WHY_SCODE,             /* refused with watch->scode              */
	WHY_ENDED,             /* by the server, in a NOTIFY             */
	WHY_RAN_OUT,           /* expired                                */
	WHY_RESTARTED,
	WHY_DENIED,            /* the account as a whole                 */
	WHY_METHOD,            /* it asks for a proof unknown here       */
	WHY_PASSWORD,          /* there is none                          */
};

struct watch;

/** One subscription */
struct leg {
	struct blf_sched_item item;
	struct blf_sub sub;
	struct blf_dlg dlg;
	struct le qle;         /* queue for the window                   */
	struct le le;          /* of a fork: in its watch                */
	struct watch *watch;
	uint32_t version;      /* of the last document                   */
	bool version_known;
	bool in_window;
	bool fork;
};

/** One lamp, or one list of which lamps grow */
struct watch {
	struct leg root;
	struct lamp lamp;
	struct list forkl;
	struct blf *blf;
	struct acct *acct;
	struct watch *feeder;  /* list that tells it, or NULL            */
	struct blf_roster *roster; /* this is a list; else NULL          */
	struct le spot_he;     /* by number                              */
	struct le user_he;     /* by the user part of its target         */
	const char *spot;      /* three strings in one block, `text`     */
	const char *label;
	const char *target;
	char *text;
	uint64_t shown;        /* hash of the last fact told             */
	uint64_t taken_ms;     /* by us, and not told since; 0: no       */
	const char *word;      /* of WHY_ENDED: reason, static           */
	const char *logged;    /* why the last document was of no use    */
	char *fed;             /* told unasked, under that Call-ID       */
	unsigned idx;          /* of lamps: position in the grid         */
	uint16_t scode;
	uint8_t why;
	bool pending;          /* the server has still to decide         */
	bool grown;            /* not in the configuration               */
	bool listed;           /* the feeder has told it                 */
	bool many;             /* by several instances                   */
	bool quiet;            /* the owner does not know it yet         */
	bool info;             /* no lamp: calls parked on the account   */
};

struct acct {
	struct blf_gate gate;
	struct blf_sched_item item;
	struct blf_sched_item hold; /* lamps wait for a list, until      */
	struct list renewl;    /* wait for the window: live ones first   */
	struct list newl;
	uint64_t hurried_ms;
	uint32_t expires_s;    /* that this server wants at least        */
	unsigned idx;
	bool silent;           /* nothing was answered of late           */
	char reason[REASON_SZ - 20]; /* "not registered: " goes before it */
};

struct blf {
	const struct clock *clock;
	struct blf_sip *bs;
	struct blf_sched sched;
	struct tmr tmr;
	uint64_t armed_ms;
	struct acct *acctv;
	size_t acctc;
	struct watch **watchv; /* lamps; more may grow                   */
	size_t watchc;
	size_t watchsz;
	struct watch **listv;
	size_t listc;
	struct watch **infov;  /* one for each account, if any           */
	size_t infoc;
	struct hash *ht_spot;
	struct hash *ht_user;
	struct rls_work *work;
	struct rlmi_decoder *rlmi;
	blf_grow_h *growh;
	blf_say_h *sayh;
	blf_info_h *infoh;
	blf_restart_h *restarth;
	struct list byel;      /* wait for the window to un-SUBSCRIBE    */
	struct blf_sched_item tell;
	struct blf_sched_item close;
	struct dialoginfo *di;
	struct dialoginfo_decoder *dec;
	blf_h *h;
	void *arg;
	void (*closeh)(void *arg);
	void *closearg;
	size_t openc;          /* while closing: legs not closed yet     */
	uint32_t recall_s;
	uint32_t expires_s;
	uint32_t seed;
	uint32_t window;
	uint32_t busy;         /* SUBSCRIBEs under way                   */
	unsigned depth;        /* within a handler or a loop             */
	bool closing;
};


/* blf.c */

/** Step a subscription and do what it says */
void blf_leg_step(struct leg *leg, enum blf_event ev, uint32_t val_s,
		  uint64_t now_ms);

/** It may live at the server */
bool blf_leg_subscribed(const struct leg *leg);

/** Forget a subscription that may live, and say so to the server */
void blf_leg_quit(struct leg *leg, uint64_t now_ms);

/** @return The lamp of a number, or of its target's user; NULL: none */
struct watch *blf_watch_find(const struct blf *blf, const struct acct *acct,
			     const struct pl *user, const struct pl *number);

/** What tells the lamp from now on is something else than before */
void blf_watch_unfeed(struct watch *w);

/** Tell the lamp's fact, or of a list those of all its lamps, if it is
    another than the last one told */
void blf_watch_tell(struct watch *w);

/** What came for it is of no use, or (NULL) is again; the log is told when
    that changes */
void blf_watch_useless(struct watch *w, const char *reason);

/** What we have taken away is still shown: it is not believed any more */
void blf_watch_overdue(struct watch *w, uint64_t now_ms);

/** Print why a lamp or list is not live */
void blf_watch_reason(char *buf, size_t sz, const struct watch *w);

/** Look at a lamp that is parked for longer than the recall takes */
void blf_watch_recall(const struct watch *w, struct leg *leg,
		      uint64_t now_ms);

/** Make a lamp or (roster) list; the caller keeps it */
int  blf_watch_alloc(struct watch **wp, struct blf *blf,
		     const struct blf_spec *spec,
		     struct blf_roster *roster);

/** Give a lamp its place in the grid */
int  blf_watch_append(struct blf *blf, struct watch *w);

/** Lamps, lists and the rest; i from 0 to blf_watch_count() - 1 */
struct watch *blf_watch_at(const struct blf *blf, size_t i);
size_t blf_watch_count(const struct blf *blf);

/** Lamps of the account that nobody tells subscribe for themselves */
void blf_acct_release(struct blf *blf, struct acct *acct, uint64_t now_ms);

/* blf_list.c */

/** A list's subscription begins anew */
void blf_list_reset(struct watch *w);

/** A list is lost or in doubt: so are its lamps */
void blf_list_lost(struct watch *w);

/** Tell all its lamps if the list itself has changed */
void blf_list_tell(struct watch *w);

/** Those of its lamps that we have emptied were not told in time */
void blf_list_overdue(struct watch *w, uint64_t now_ms);

/** A NOTIFY's body. @return True if full state is to be asked for */
bool blf_list_document(struct watch *w, const struct blf_notify *n,
		       uint64_t now_ms);

/** After a NOTIFY was taken in */
void blf_list_notified(struct watch *w, uint64_t now_ms);

/** @return True if that document is not newer than what is shown */
bool blf_list_known(struct watch *w, const struct blf_notify *n);

/** Its due time came while in that state */
void blf_list_due(struct watch *w, enum blf_state was, uint64_t now_ms);

/** The server refused it */
void blf_list_refused(struct watch *w, uint16_t scode, uint64_t now_ms);

/** The account's registration is lost or new; before it is stepped */
void blf_list_flow(struct watch *w, uint64_t now_ms);

/** @return False if it was given up; single subscriptions take its place */
bool blf_list_wanted(const struct watch *w);

/** The user wants to try again */
void blf_list_revive(struct watch *w);

/** @return True if lamps of the account may be told by a list soon */
bool blf_list_awaited(const struct blf *blf, const struct acct *acct);

/** @return True if that is what the user calls the list */
bool blf_list_is(const struct watch *w, const char *name);

#endif
