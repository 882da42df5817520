/**
 * @file modules/blf/blf_state.h  Life of one subscription, as a table
 *
 * RFC 6665 clause 4.1. Nothing here sends, waits or looks at a clock: each
 * step returns what the caller must do and sets the time of the next
 * BLF_EV_DUE. All times are of one monotonic clock [ms].
 */
#ifndef PARKDECK_BLF_STATE_H
#define PARKDECK_BLF_STATE_H

#include <stdbool.h>
#include <stdint.h>

#define BLF_NEVER UINT64_MAX

enum {
	BLF_N_MS = 32000,          /**< Timer N: 64*T1 without a NOTIFY  */
	BLF_RETRY_MIN_MS = 1000,   /**< First wait is one to two of them */
	BLF_RETRY_MAX_MS = 60000,
	BLF_SLOW_MS = 300000,      /**< Refused: ask again so seldom     */
	BLF_ASK_MS = 30000,        /**< Full state not asked more often  */
	BLF_STEADY_MS = 30000,     /**< Lived so long: back-off forgotten */
	BLF_CLOSE_MS = 1000,       /**< Wait so long for the last answer */
	BLF_LAST_MS = 200,         /**< and for the NOTIFY after it      */
	BLF_EXPIRES_S = 300,
	BLF_EXPIRES_MAX_S = 3600,  /**< Not doubled beyond, after a 423  */
	BLF_MIN_EXPIRES_S = 86400, /**< Largest Min-Expires we go along  */
	BLF_AFTER_MAX_S = 3600,    /**< Longest Retry-After we honour    */
};

enum blf_state {
	BLF_OFF = 0,     /**< Nothing is asked: not registered           */
	BLF_QUEUED,      /**< Wants a place in the window to SUBSCRIBE   */
	BLF_WAIT,        /**< SUBSCRIBE sent, no NOTIFY yet              */
	BLF_LIVE,        /**< NOTIFY came; due is the refresh            */
	BLF_RENEW,       /**< Wants a place in the window to refresh     */
	BLF_REFRESH,     /**< Refresh sent, its NOTIFY not here yet      */
	BLF_DOUBT,       /**< Refresh failed, but it has not expired yet */
	BLF_RETRY,       /**< Lost; due is the next try                  */
	BLF_REFUSED,     /**< The server does not want; due is far away  */
	BLF_CLOSING,     /**< Un-SUBSCRIBE sent                          */
	BLF_CLOSED,      /**< Over                                       */

	BLF_STATES
};

enum blf_event {
	BLF_EV_NONE = 0,
	BLF_EV_START,    /**< Registered anew, or the user asks          */
	BLF_EV_STOP,     /**< Registration lost                          */
	BLF_EV_SLOT,     /**< A place in the window                      */
	BLF_EV_DUE,      /**< due_ms has come                            */
	BLF_EV_ASK,      /**< Full state is wanted                       */
	BLF_EV_CLOSE,    /**< Un-SUBSCRIBE                               */
	/* the answer to our SUBSCRIBE; at most one each */
	BLF_EV_OK,       /**< 2xx; val is its Expires                    */
	BLF_EV_BRIEF,    /**< 423; val is its Min-Expires                */
	BLF_EV_GONE,     /**< Of a refresh: the subscription is no more  */
	BLF_EV_ERROR,    /**< Another failure; val is Retry-After        */
	BLF_EV_REFUSED,  /**< It makes no sense to ask again soon        */
	BLF_EV_TIMEOUT,  /**< None at all                                */
	/* NOTIFY */
	BLF_EV_NOTIFY,   /**< active or pending; val is expires          */
	BLF_EV_AGAIN,    /**< Over, subscribe at once                    */
	BLF_EV_ENDED,    /**< Over, subscribe later; val is retry-after  */
	/* made here, out of BLF_EV_DUE */
	BLF_EV_EXPIRED,  /**< The subscription's time is over            */

	BLF_EVENTS
};

enum blf_action {
	BLF_ACT_NONE = 0,
	BLF_ACT_QUEUE,       /**< Queue for the window                   */
	BLF_ACT_SUBSCRIBE,   /**< Drop the dialog, new Call-ID, send     */
	BLF_ACT_REFRESH,     /**< Send inside the dialog                 */
	BLF_ACT_FORGET,      /**< Drop the dialog and what is under way  */
	BLF_ACT_UNSUBSCRIBE, /**< Send Expires 0 if there is a dialog; in
				  another state than BLF_CLOSING nobody
				  waits for the answer, so forget it     */

	BLF_ACTIONS
};

/** One subscription. Only `expires_s` may be written from outside */
struct blf_sub {
	uint64_t due_ms;      /**< Step BLF_EV_DUE then, or BLF_NEVER    */
	uint64_t exp_ms;      /**< It lasts until, or BLF_NEVER          */
	uint64_t refresh_ms;  /**< Planned refresh                       */
	uint64_t recheck_ms;  /**< Refresh not later than, or BLF_NEVER  */
	uint64_t asked_ms;    /**< Last refresh by BLF_EV_ASK, 0: none   */
	uint64_t live_ms;     /**< First NOTIFY of a good time, 0: none  */
	uint64_t not_before_ms; /**< The server wants rest until, 0: no  */
	uint32_t expires_s;   /**< To ask for                            */
	uint32_t rng;         /**< State of the jitter                   */
	uint8_t state;        /**< enum blf_state                        */
	uint8_t failc;        /**< Failures in a row                     */
	bool fresh;           /**< What the last NOTIFY said holds       */
};

/**
 * @param expires_s Expires to ask for, 0: BLF_EXPIRES_S
 * @param seed      Of the jitter; any value, different for each
 */
void blf_sub_init(struct blf_sub *sub, uint32_t expires_s, uint32_t seed);

/**
 * A fork: subscribed by its first NOTIFY (RFC 6665 4.1.4)
 *
 * @param of  The subscription whose SUBSCRIBE forked
 * @param exp Expires of that NOTIFY or 0
 */
void blf_sub_fork(struct blf_sub *sub, const struct blf_sub *of,
		  uint32_t exp, uint64_t now_ms);

/**
 * Step the life cycle once
 *
 * @param sub    Changed in place
 * @param ev     What happened
 * @param val_s  Seconds that came with it (see enum blf_event), 0: none
 * @param now_ms Monotonic time [ms]
 *
 * @return What the caller must do. An event without meaning here changes
 *         nothing: BLF_ACT_NONE.
 */
enum blf_action blf_step(struct blf_sub *sub, enum blf_event ev,
			 uint32_t val_s, uint64_t now_ms);

/**
 * Look sooner than planned: a refresh while BLF_LIVE, the next try while
 * BLF_RETRY, and while BLF_REFUSED too if `refused`; never sooner than the
 * server's Retry-After or retry-after allows (RFC 3261 20.33, RFC 6665
 * 4.1.3)
 */
void blf_nudge(struct blf_sub *sub, uint64_t at_ms, bool refused);

/** @return Uniform in 0 … n-1, from the subscription's own jitter */
uint32_t blf_jitter(struct blf_sub *sub, uint32_t n);

/**
 * What a final response other than 401 and 407 means
 *
 * @param scode     Status code
 * @param in_dialog True for a refresh (RFC 6665 4.1.2.2)
 */
enum blf_event blf_classify(uint16_t scode, bool in_dialog);

/** What a NOTIFY's CSeq says */
enum blf_order {
	BLF_ORDER_NEW = 0,   /**< Process                                */
	BLF_ORDER_SAME,      /**< A repeat: the same answer, no change   */
	BLF_ORDER_LATE,      /**< Overtaken on the way: never painted    */
	BLF_ORDER_RESTART,   /**< The notifier counts anew               */
};

enum {
	BLF_ORDER_PAST = 4,  /**< So many before the highest are known   */
};

/** Order of a dialog's NOTIFYs; all zero before the first one */
struct blf_order_state {
	uint64_t new_ms;     /**< When the highest came                  */
	uint32_t cseq;       /**< Highest so far                         */
	uint32_t pastv[BLF_ORDER_PAST];   /**< Others that were answered */
	uint16_t answerv[BLF_ORDER_PAST]; /**< with; 0: none             */
	uint16_t answer;     /**< Status code it got; 0: none yet        */
	uint8_t latec;       /**< Late ones since                        */
	uint8_t next;        /**< Place of the next in pastv             */
};

/**
 * Judge a NOTIFY by its CSeq; changes nothing but the count of late ones
 *
 * RFC 3261 12.2.2 wants a lower CSeq answered with 500 and left alone. A
 * notifier that counts anew after a restart would then never be heard again
 * and the lamp would freeze on its last state, so a step back is believed
 * to be a late packet only if it is small, within the 32 s that a request
 * is repeated, not the third in a row, and carries no newer document.
 *
 * @param known True if its document is not newer than the last one
 */
enum blf_order blf_order(struct blf_order_state *os, uint32_t cseq,
			 bool known, uint64_t now_ms);

/**
 * Was that NOTIFY answered already?
 *
 * A burst of them over a network that loses answers is repeated as a burst:
 * a repeat need not be that of the last one (RFC 3261 17.1.2.2).
 *
 * @return Its status code, for the same answer again (8.2.7); 0: it is new
 */
uint16_t blf_order_answer(const struct blf_order_state *os, uint32_t cseq);

/** A NOTIFY was answered. If its CSeq is lower than others' it was late */
void blf_order_take(struct blf_order_state *os, uint32_t cseq,
		    uint16_t answer, uint64_t now_ms);

const char *blf_state_name(enum blf_state state);
const char *blf_event_name(enum blf_event ev);
const char *blf_action_name(enum blf_action act);

#endif
