/**
 * @file modules/blf/blf.h  Lamps: one subscription each to the Dialog Event
 *                          package (RFC 4235), kept alive for months
 */
#ifndef PARKDECK_BLF_H
#define PARKDECK_BLF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "app/clock.h"
#include "app/event.h"

struct sip;
struct sip_msg;
struct lamp_rules;

/** Who subscribes; strings and arg are borrowed while the blf lives */
struct blf_account {
	struct sip *sip;
	const char *aor;       /**< From, "sip:101@pbx"                  */
	const char *dname;     /**< Display name, or NULL                */
	const char *cuser;     /**< Contact user: the stored uuid        */
	const char *route;     /**< Outbound proxy URI, or NULL          */
	/** As sip_auth_h: gives user and password for a realm */
	int (*authh)(char **user, char **pass, const char *realm, void *arg);
	void *arg;
	/** Dialog state that nobody subscribed to is taken too */
	bool unsolicited;
};

/** One lamp to watch; strings are copied */
struct blf_spec {
	enum lamp_kind kind;
	unsigned account;      /**< Index into the accounts              */
	const char *spot;
	const char *label;     /**< Or NULL                              */
	const char *target;    /**< Request-URI of the SUBSCRIBE         */
	const struct lamp_rules *rules; /**< Borrowed, of the server's
					     family; NULL: most servers  */
};

/** A resource list of the server (RFC 4662) of which lamps grow by
    themselves; strings are copied */
struct blf_list {
	unsigned account;      /**< Index into the accounts              */
	const char *name;      /**< Of the list, for the user            */
	const char *target;    /**< Request-URI of the SUBSCRIBE         */
	enum lamp_kind kind;   /**< Of lamps that grow                   */
	const char *watch;     /**< How a spot's number makes what is
				    watched: "park+{spot}"; or NULL      */
	const struct lamp_rules *rules; /**< As those of a lamp          */
};

/** Times; zero takes the default */
struct blf_prm {
	uint32_t expires_s;    /**< 300                                  */
	uint32_t recall_s;     /**< Parked for longer: refresh now; 0 off */
	uint32_t window;       /**< SUBSCRIBEs under way at once, 32     */
	unsigned seed;         /**< Of the jitter; 0: random             */
};

struct blf;

/**
 * Something of a lamp changed; `fact` is borrowed for the call
 *
 * Each lamp is told once in the beginning, from the loop or the first
 * blf_registered(), never from within blf_alloc().
 */
typedef void (blf_h)(const struct lamp_fact *fact, void *arg);

/**
 * Lamps have grown at the end of the grid: it has `lampc` from now on
 *
 * Called before the first fact of the new ones.
 */
typedef void (blf_grow_h)(size_t lampc, void *arg);

/** One sentence for the user */
typedef void (blf_say_h)(const char *text, void *arg);

/**
 * Make the panel; nothing is sent before blf_registered()
 *
 * @param blfp  mem_deref() it, not within `h` and before the SIP stack:
 *              un-SUBSCRIBEs go out, their answers are not waited for
 * @param clock Borrowed; a clock that stands still stops all life here
 * @param prm   May be NULL
 * @param accv  Accounts, copied; accc of them
 * @param specv Lamps; specc of them. lamp_fact.idx counts along
 * @param h     Told of every change, in the loop
 */
int blf_alloc(struct blf **blfp, const struct clock *clock,
	      const struct blf_prm *prm,
	      const struct blf_account *accv, size_t accc,
	      const struct blf_spec *specv, size_t specc,
	      blf_h *h, void *arg);

/**
 * Give the panel its lists; once, before the first blf_registered()
 *
 * A lamp of the same account whose number, or whose target's user, is that
 * of a resource is told by the list and not subscribed to; the other
 * resources become lamps. A list that does not work is given up: `sayh` says
 * so once, its lamps are then subscribed to one by one.
 *
 * @param growh,sayh With the arg of blf_alloc()
 *
 * @return 0, EINVAL, EALREADY, ENOMEM
 */
int blf_set_lists(struct blf *blf, const struct blf_list *listv,
		  size_t listc, blf_grow_h *growh, blf_say_h *sayh);

/**
 * An account's registration changed
 *
 * @param fresh True: new address, new server or back after a loss:
 *              subscribe anew at once. False: only a refresh
 *
 * Not registered: its lamps turn stale at once, nothing is sent.
 */
void blf_registered(struct blf *blf, unsigned account, bool registered,
		    bool fresh, const char *reason);

/** @return True if a message comes from the server of that account */
typedef bool (blf_server_h)(unsigned account, const struct sip_msg *msg,
			    void *arg);

/**
 * Look at an incoming request before anyone else does
 *
 * @param serverh Only the account's own server may make a dialog, as the
 *                first NOTIFY or as a further branch of a fork. Who knows
 *                both tags of a dialog is heard from anywhere
 *
 * @return True if it was a NOTIFY for us: it has been answered
 */
bool blf_request(struct blf *blf, const struct sip_msg *msg,
		 blf_server_h *serverh, void *arg);

/** Body of a park-info that nobody subscribed to, or of a call-info;
    borrowed for the call */
typedef void (blf_info_h)(unsigned account, const void *body, size_t len,
			  void *arg);

/** Who is told of park-info; with the arg of blf_alloc() */
void blf_set_info_handler(struct blf *blf, blf_info_h *h);

/**
 * An account's server seems to have begun anew: it knows a subscription no
 * more, or counts anew. It may have forgotten the registration as well
 */
typedef void (blf_restart_h)(unsigned account, void *arg);

/** Who is told of that, once in half a minute; with the arg of blf_alloc() */
void blf_set_restart_handler(struct blf *blf, blf_restart_h *h);

/**
 * Subscribe to what is parked on an account itself (BroadWorks: Event
 * call-info, a body of callpark-info); before the first blf_registered()
 *
 * What is told goes to the handler of blf_set_info_handler().
 *
 * @param target Request-URI of the SUBSCRIBE, copied
 *
 * @return 0, EINVAL, EALREADY (more than accounts), ENOMEM
 */
int blf_watch_info(struct blf *blf, unsigned account, const char *target);

/**
 * Look at a request that blf_request() did not want
 *
 * A park-info, or of an account that allows it a dialog-info, addressed to
 * an account's Contact and sent by that account's server.
 *
 * A dialog-info is of the lamp whose number, or whose target's user, is that
 * of the document's entity, else of From. It tells that lamp from then on,
 * as long as the account is registered and neither a subscription nor a list
 * tells it. Its versions count within its Call-ID; one out of turn marks the
 * lamp, since nobody can be asked for full state.
 *
 * @param serverh Whose server; nothing else proves such a message
 *
 * @return True if it was such a one: it has been answered. Others are left
 *         to be refused
 */
bool blf_unsolicited(struct blf *blf, const struct sip_msg *msg,
		     blf_server_h *serverh, void *arg);

/** Ask anew: one spot or list, or all that are refused or lost if NULL */
int blf_resubscribe(struct blf *blf, const char *spot);

/** A dialog that can be replaced (RFC 3891), as its peer sees it */
struct blf_dialog {
	char target[256];      /**< Request-URI of the INVITE            */
	char call_id[256];
	char to_tag[256];
	char from_tag[256];
};

/**
 * The dialog that rings at a lamp, to take it with Replaces
 *
 * It is the caller to whom the INVITE goes: RFC 3891 4 forbids to replace
 * an early dialog that its target did not originate. So only a dialog that
 * is early and came in (direction recipient) is given, and as the caller
 * sees it: what the document calls remote is his own tag (RFC 5359 2.15).
 *
 * @return 0, EINVAL, ENOENT: no such lamp, or nothing rings there, or the
 *         server does not tell enough of it, or the lamp is stale
 */
int blf_dialog_of(const struct blf *blf, unsigned account, const char *spot,
		  struct blf_dialog *dlg);

/**
 * We hold the call that waited at a spot; that is proven
 *
 * The server need not tell a subscriber of dialogs that he takes part in
 * (RFC 4235 3.3). If it tells nothing of the spot within two seconds, the
 * lamp is in doubt and full state is asked for.
 */
void blf_taken(struct blf *blf, unsigned account, const char *spot);

/** Do what is due by the clock now; a timer of the loop calls it, tests with
    a clock of their own do so themselves */
void blf_poll(struct blf *blf);

/** Un-SUBSCRIBE all; `h` is called when answered, within 1 s at most */
void blf_close(struct blf *blf, void (*h)(void *arg), void *arg);

#endif
