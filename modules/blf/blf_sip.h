/**
 * @file modules/blf/blf_sip.h  SUBSCRIBE and NOTIFY of one panel over libre
 *
 * Adapter: the SIP side of each subscription, a dialog of its own, since
 * libre's sipevent has no Timer N, answers 500 for ever after a step back of
 * the CSeq, and holds a timer and a transaction for each NOTIFY.
 */
#ifndef PARKDECK_BLF_SIP_H
#define PARKDECK_BLF_SIP_H

#include <re.h>
#include "app/clock.h"
#include "modules/blf/blf.h"
#include "modules/blf/blf_state.h"

struct blf_sip;
struct blf_peer;

/** What is subscribed to */
enum blf_pack {
	BLF_PACK_DIALOG = 0,   /**< RFC 4235                             */
	BLF_PACK_LIST,         /**< The same of a list, RFC 4662         */
	BLF_PACK_CALL_INFO,    /**< Calls parked on oneself, BroadWorks  */
};

/** Why a challenge was not answered, or not well enough */
enum blf_deny {
	BLF_DENY_REFUSED = 0,  /**< What we answered is not accepted     */
	BLF_DENY_METHOD,       /**< None of it is known here             */
	BLF_DENY_PASSWORD,     /**< There is none for that realm         */
};

/** SIP side of one subscription; in the owner's memory */
struct blf_dlg {
	struct le he;                  /**< By Call-ID                   */
	struct blf_peer *peer;         /**< Its account                  */
	const char *uri;               /**< Who is watched; borrowed     */
	const char *remote;            /**< Remote tag, target, routes:
					    three strings; NULL: none    */
	char *room;                    /**< For them                     */
	uint16_t room_sz;
	struct sip_request *req;       /**< Under way, or NULL           */
	struct blf_order_state order;
	uint64_t born_ms;              /**< First SUBSCRIBE was sent     */
	uint64_t sent_ms;              /**< Last one                     */
	uint32_t lseq;
	uint32_t expires_s;            /**< As last asked for            */
	uint32_t gen;                  /**< Of the nonce that was used   */
	uint8_t kind;                  /**< Of the request under way     */
	uint8_t tries;                 /**< Challenges answered          */
	uint8_t refusedc;              /**< Credentials not accepted     */
	uint8_t by_resp;               /**< Made by a 2xx, not a NOTIFY  */
	uint8_t fork;
	uint8_t accepted;              /**< The last SUBSCRIBE got a 2xx */
	uint8_t deny;                  /**< enum blf_deny, of a final 401 or
					    407                          */
	uint8_t pack;                  /**< enum blf_pack; set it after
					    blf_dlg_init()               */
	char callid[33];
	char ltag[17];
};

/** What a NOTIFY's body is */
enum blf_body {
	BLF_BODY_DIALOG = 0,   /**< application/dialog-info+xml          */
	BLF_BODY_MULTIPART,    /**< multipart/related; of lists only     */
	BLF_BODY_RLMI,         /**< application/rlmi+xml; the same       */
	BLF_BODY_CALLPARK,     /**< Of BLF_PACK_CALL_INFO                */
};

/** A NOTIFY, answered already; borrowed for the call */
struct blf_notify {
	enum blf_event ev;     /**< NOTIFY, AGAIN, ENDED or REFUSED      */
	uint32_t val_s;        /**< expires or retry-after, 0: none      */
	const char *reason;    /**< Of terminated: known word, or ""     */
	const void *body;      /**< Document, or NULL                    */
	size_t len;
	enum blf_body kind;
	struct pl params;      /**< Of its Content-Type                  */
	bool pending;
	const char *bad;       /**< Refused, static text says why: use
				    nothing but an end; else NULL        */
	bool cut;              /**< The network delivered a part only    */
	bool late;             /**< Overtaken: use nothing of it         */
	bool restart;          /**< The notifier counts anew             */
};

/** Called in the loop; may end the dialog they are called for */
struct blf_sip_handlers {
	/** Final answer to SUBSCRIBE; scode 0: none came */
	void (*answerh)(struct blf_dlg *dlg, enum blf_event ev,
			uint16_t scode, uint32_t val_s, uint64_t now_ms,
			void *arg);
	void (*notifyh)(struct blf_dlg *dlg, const struct blf_notify *n,
			uint64_t now_ms, void *arg);
	/** A fork: give it a blf_dlg, set up with blf_dlg_init(), or NULL */
	struct blf_dlg *(*forkh)(struct blf_dlg *root, void *arg);
	/** True if that document is not newer than what is shown */
	bool (*knownh)(struct blf_dlg *dlg, const struct blf_notify *n,
		       void *arg);
};

/**
 * @param clock Borrowed
 * @param accv  Copied; what it points to is borrowed
 * @param size  Number of subscriptions to be fast for
 * @param h     Copied
 */
int  blf_sip_alloc(struct blf_sip **bsp, const struct clock *clock,
		   const struct blf_account *accv, size_t accc, size_t size,
		   const struct blf_sip_handlers *h, void *arg);

/** Look at a request; see blf_request() */
bool blf_sip_request(struct blf_sip *bs, const struct sip_msg *msg,
		     blf_server_h *serverh, void *arg);

/** A NOTIFY that belongs to no dialog; borrowed from the message */
struct blf_unasked {
	unsigned account;      /**< Whose Contact it is addressed to     */
	bool info;             /**< park-info; else dialog               */
	uint16_t scode;        /**< Due answer if its lamp is known      */
	struct blf_notify n;   /**< Of dialog: its body, or what is bad  */
	const struct pl *user; /**< Of its From                          */
	const struct pl *callid;
	uint64_t id;           /**< Private                              */
};

/**
 * Look at a request that belongs to no dialog; see blf_unsolicited()
 *
 * @param u Set if `handled` is not: the owner has to answer it
 *
 * @param handled Set if it was a repeat (RFC 3261 17.1.2.2): it got the
 *                answer again
 *
 * @return False: it is none of ours, or not from where it may come
 */
bool blf_sip_unasked(struct blf_sip *bs, struct blf_unasked *u,
		     bool *handled, const struct sip_msg *msg,
		     blf_server_h *serverh, void *arg);

/** Answer it, and its repeats for 32 s */
void blf_sip_unasked_answer(struct blf_sip *bs, const struct blf_unasked *u,
			    const struct sip_msg *msg, uint16_t scode);

/** Forget what this account's server taught: nonces */
void blf_sip_fresh(struct blf_sip *bs, unsigned account);

/** Begin: no dialog yet; blf_dlg_close() it */
void blf_dlg_init(struct blf_dlg *dlg, struct blf_sip *bs, unsigned account,
		  const char *uri);

/** Drop the dialog and the request under way. Repeats of its last NOTIFY
    get the same answer for 32 s (RFC 3261 8.2.7) */
void blf_dlg_forget(struct blf_dlg *dlg, uint64_t now_ms);

/** The same, and free what the dialog holds: blf_dlg_init() made it */
void blf_dlg_close(struct blf_dlg *dlg, uint64_t now_ms);

/** Do not wait for the answer to the request under way any more */
void blf_dlg_cancel(struct blf_dlg *dlg);

/** Forget, then SUBSCRIBE with a new Call-ID and From tag */
int  blf_dlg_subscribe(struct blf_dlg *dlg, uint32_t expires_s,
		       uint64_t now_ms);

int  blf_dlg_refresh(struct blf_dlg *dlg, uint32_t expires_s,
		     uint64_t now_ms);

/** How much a goodbye is worth */
enum blf_bye {
	BLF_BYE_WAIT = 0,    /**< answerh is called                      */
	BLF_BYE_LEAVE,       /**< Repeated by libre, nobody waits        */
	BLF_BYE_ONCE,        /**< One datagram                           */
};

/** @return 0; ENOTCONN: there is no dialog to end */
int  blf_dlg_unsubscribe(struct blf_dlg *dlg, enum blf_bye bye,
			 uint64_t now_ms);

#endif
