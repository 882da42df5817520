/**
 * @file modules/blf/blf_gate_model.h  How many SUBSCRIBEs an account may
 *                                     have under way
 *
 * A panel has thousands of subscriptions and the server one patience. A few
 * go ahead; only when one of them is answered the others follow. A refused
 * password is not tried again by every lamp: servers lock out whole offices
 * for that.
 */
#ifndef PARKDECK_BLF_GATE_MODEL_H
#define PARKDECK_BLF_GATE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define BLF_GATE_NEVER UINT64_MAX

enum {
	BLF_GATE_PROBES = 4,          /**< Ahead of the others           */
	BLF_GATE_STEP_MS = 500,       /**< From one probe to the next    */
	BLF_GATE_FORBIDDEN = 8,       /**< So many 403 in a row: denied  */
	BLF_GATE_DENIED_MS = 290000,  /**< Then one probe                */
	BLF_GATE_SIGNS = 6,           /**< Together: it was restarted    */
	BLF_GATE_SIGN_MS = 10000,     /**< Within so long of the first   */
};

/** How much a subscription's end tells of all others. One number may have
    been deleted by the administrator; three at once were not */
enum blf_gate_sign {
	BLF_SIGN_OF_ONE = 2,    /**< Ended by NOTIFY, to be asked again  */
	BLF_SIGN_OF_NUMBER = 3, /**< 404 and the like to a refresh       */
	BLF_SIGN_OF_ALL = 6,    /**< It has forgotten, or counts anew    */
};

enum blf_gate_mode {
	BLF_GATE_SHUT = 0,   /**< Not registered: nothing is sent        */
	BLF_GATE_PROBE,      /**< Nobody knows whether it answers        */
	BLF_GATE_OPEN,       /**< It answers: the whole window           */
	BLF_GATE_DENIED,     /**< It does not accept us                  */
};

/** What was learned of the server */
enum blf_gate_news {
	BLF_GATE_SILENCE = 0, /**< A request was never answered          */
	BLF_GATE_ALIVE,       /**< Any final answer, or a NOTIFY         */
	BLF_GATE_ACCEPTED,    /**< 2xx                                   */
	BLF_GATE_FORBID,      /**< 403                                   */
	BLF_GATE_PASSWORD,    /**< Refused twice                         */
};

/** All zero is BLF_GATE_SHUT */
struct blf_gate {
	uint64_t sent_ms;     /**< Last SUBSCRIBE                        */
	uint64_t alive_ms;    /**< Last sign of life                     */
	uint64_t until_ms;    /**< While denied: no probe before         */
	uint64_t sign_ms;     /**< First of the signs of a restart       */
	uint32_t busy;        /**< Under way                             */
	uint8_t forbidc;
	uint8_t signs;        /**< Sum of enum blf_gate_sign             */
	uint8_t mode;         /**< enum blf_gate_mode                    */
};

void blf_gate_shut(struct blf_gate *gate);

/** Registered: forget what was thought of the server */
void blf_gate_start(struct blf_gate *gate);

/** @return True if one more may be sent now */
bool blf_gate_may(const struct blf_gate *gate, uint64_t now_ms);

/** @return When blf_gate_may() may turn true by itself, or never */
uint64_t blf_gate_due_ms(const struct blf_gate *gate);

void blf_gate_sent(struct blf_gate *gate, uint64_t now_ms);
void blf_gate_done(struct blf_gate *gate);

/**
 * @param sent_ms When the request was sent; of BLF_GATE_SILENCE only: a
 *                single spot that never answers is not the server's silence
 *                if others were answered meanwhile
 *
 * @return True if the gate has opened just now: wake those who wait
 */
bool blf_gate_step(struct blf_gate *gate, enum blf_gate_news news,
		   uint64_t sent_ms, uint64_t now_ms);

/**
 * A subscription that was live has ended in a way that may not be its own
 * affair only
 *
 * @return True if the server seems to have been restarted: look at the others
 */
bool blf_gate_sign(struct blf_gate *gate, enum blf_gate_sign sign,
		   uint64_t now_ms);

/** @return What the answer to a refresh, or 0 for a NOTIFY, says of others */
enum blf_gate_sign blf_gate_sign_of(uint16_t scode);

#endif
