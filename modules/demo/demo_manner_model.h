/**
 * @file modules/demo/demo_manner_model.h  Manners: a PBX's habits as data
 *
 * A manner is a personality: addresses, state words, shapes of documents,
 * what it answers when. A fault is what goes wrong on top, on command.
 * Nothing in the built-in PBX asks for a manner's name.
 */
#ifndef PARKDECK_DEMO_MANNER_MODEL_H
#define PARKDECK_DEMO_MANNER_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** State of a spot's dialog while a call waits there */
enum demo_word {
	DEMO_WORD_CONFIRMED = 0,
	DEMO_WORD_EARLY,
};

/** Document of a free spot */
enum demo_free {
	DEMO_FREE_TERMINATED = 0, /**< One dialog, state terminated      */
	DEMO_FREE_EMPTY,          /**< First: no dialog at all;
				       later: one that is terminated     */
	DEMO_FREE_NEVER,          /**< No dialog at all, always          */
};

/** What a spot's document says of the caller */
enum demo_who {
	DEMO_WHO_NOBODY = 0,      /**< Only id and state                 */
	DEMO_WHO_SPOT,            /**< "park" as name, the spot as target */
	DEMO_WHO_CALLER,          /**< The caller's name and number      */
};

/** How a document is laid out */
enum demo_shape {
	DEMO_SHAPE_PLAIN = 0,     /**< id is the number watched          */
	DEMO_SHAPE_KAMAILIO,      /**< version padded; of a parked call
				       id, call-id and tags of its own,
				       the caller as local               */
};

/** A REFER to a spot's own number */
enum demo_bare {
	DEMO_BARE_PARKS = 0,      /**< Parks there                       */
	DEMO_BARE_PICKS_UP,       /**< Tries to take a call from there   */
	DEMO_BARE_UNKNOWN,        /**< 404: only codes lead there        */
};

/** A park to a spot that is taken */
enum demo_taken {
	DEMO_TAKEN_DROPS = 0,     /**< sipfrag 503, the caller is lost   */
	DEMO_TAKEN_BOUNCES,       /**< The caller rings the parker       */
	DEMO_TAKEN_REFUSES,       /**< sipfrag 486, both stay together   */
};

/** A park to a lot without room */
enum demo_full {
	DEMO_FULL_REJOINS = 0,    /**< re-INVITE to the parker, sipfrag 200
				       a little later; 503 after his BYE */
	DEMO_FULL_REFUSES,        /**< sipfrag 503, both stay together   */
};

/** How the one who retrieves learns the caller's identity */
enum demo_tell {
	DEMO_TELL_LATER = 0,      /**< UPDATE if allowed, else re-INVITE */
	DEMO_TELL_IN_200,         /**< P-Asserted-Identity in the 200    */
	DEMO_TELL_NOT,            /**< Never                             */
};

/** Retrieving from an empty spot */
enum demo_empty {
	DEMO_EMPTY_VOICE = 0,     /**< 200, a voice, BYE 5.5 s later     */
	DEMO_EMPTY_REFUSES,       /**< A refusal, demo_manner.empty_code */
};

/** The subscription that REFER makes (RFC 3515 2.4.4) */
enum demo_frag {
	DEMO_FRAG_LATE = 0,       /**< 100 and final after the spoken number */
	DEMO_FRAG_AT_ONCE,        /**< The final one alone, at once          */
};

/** Methods that can be refused */
enum demo_method {
	DEMO_REGISTER = 0,
	DEMO_INVITE,
	DEMO_REINVITE,
	DEMO_SUBSCRIBE,
	DEMO_REFER,
	DEMO_BYE,

	DEMO_METHODS
};

/** What goes wrong with the next parks */
enum demo_refer_fault {
	DEMO_REFER_FINE = 0,
	DEMO_REFER_UNANSWERED,    /**< REFER is not answered; no park    */
	DEMO_REFER_NO_FRAG,       /**< 202, park, then silence           */
	DEMO_REFER_NOTHING,       /**< 202, no park, then silence        */
	DEMO_REFER_FRAG_FAILS,    /**< 202, no park, sipfrag `frag_code` */
	DEMO_REFER_FRAG_BARE,     /**< As it goes, or with `frag_code` no
				       park, but without a phrase        */
	DEMO_REFER_FRAG_SWAPPED,  /**< Final sipfrag before 100          */
	DEMO_REFER_BYE_FIRST,     /**< BYE, then the sipfrags            */
	DEMO_REFER_BYE_ONLY,      /**< BYE instead of sipfrags           */
	DEMO_REFER_CALLER_GONE,   /**< The caller hangs up meanwhile     */
	DEMO_REFER_RACE,          /**< The spot is taken right before    */
	DEMO_REFER_NO_ROOM,       /**< Nothing is free any more          */
	DEMO_REFER_BOUNCED,       /**< sipfrag 200, and the caller rings the
				       parker                            */
	DEMO_REFER_CUT,           /**< Parked, and the network is gone for a
				       while (UDP)                       */
};

/** Misbehaviour; all zero is none */
struct demo_fault {
	uint16_t refuse[DEMO_METHODS];  /**< Code, or 0                  */
	unsigned refuse_n;        /**< So many times; 0: always          */
	enum demo_refer_fault refer;
	uint16_t frag_code;       /**< Of DEMO_REFER_FRAG_FAILS; 503     */
	bool silent;              /**< Neither hears nor speaks          */
	bool no_first_notify;     /**< SUBSCRIBE is answered, no more    */
	bool no_notify;           /**< No NOTIFY of lamps at all         */
	bool forget_subs;         /**< Refresh: 481                      */
	int32_t cseq_step;        /**< Added to the CSeq of NOTIFYs      */
	bool version_back;        /**< Documents' version starts anew    */
	uint16_t drop_rx_pm;      /**< Loss towards the PBX [per mille]  */
	uint16_t drop_tx_pm;      /**< Loss from the PBX [per mille]     */
	uint32_t delay_ms;        /**< Added to all it sends (UDP)       */
	uint32_t jitter_ms;       /**< Up to this on top: reorders       */
	uint32_t rx_jitter_ms;    /**< The same of what it hears         */
	uint32_t notify_delay_ms; /**< Lamps are told late               */
	bool no_identity;         /**< Nobody is told who the other is   */
	bool deaf_answer;         /**< Answers calls without sending RTP */
};

/** A PBX's habits */
struct demo_manner {
	const char *name;
	const char *source;       /**< Where the habits are known from   */
	const char *software;     /**< Server and User-Agent             */
	const char *realm;
	const char *cuser;        /**< Contact user of calls it makes    */

	/* addresses */
	const char *lot;          /**< Number that picks a spot; NULL    */
	unsigned first;           /**< First spot                        */
	const char *spot_prefix;  /**< In front of a spot's number: "*"  */
	const char *park_prefix;  /**< Parks right there: "*701"; NULL   */
	const char *retrieve_prefix; /**< Takes a call: "*1701"; NULL: the
				       number alone does                 */
	const char *watch_prefix; /**< Wanted in SUBSCRIBE; NULL: none   */
	const char *list;         /**< Its spots as a list (RFC 4662);
				       NULL: none                        */
	unsigned list_step;       /**< Resources in a NOTIFY, at most    */
	bool personal;            /**< Its spots are the extensions; a
				       code alone means one's own        */
	const char *group;        /**< Parks on a colleague's; NULL      */
	const char *info_event;   /**< Package that tells who is parked
				       on oneself: "call-info"; NULL     */
	bool several;             /**< A spot takes several calls, first
				       come first served                 */
	enum demo_bare bare;
	enum demo_taken taken;
	enum demo_full full;

	/* lamps */
	enum demo_word word;
	enum demo_free free;
	enum demo_who who;
	enum demo_shape shape;
	bool direction;           /**< Direction of a parked call told   */
	bool partial;             /**< Changes as partial documents      */
	bool same_version;        /**< Last NOTIFY repeats the version   */
	uint16_t sub_code;        /**< 200 or 202                        */
	uint16_t fetch_code;      /**< To an initial Expires 0; 200 is a
				       fetch                             */
	uint16_t nohint_code;
	const char *nohint_reason;
	uint32_t sub_min_s;       /**< Below: 423; 0: any                */
	uint32_t sub_max_s;       /**< Above: cut                        */
	bool min_expires;         /**< 423 carries Min-Expires           */
	const char *unsub_reason; /**< reason= of the last NOTIFY; NULL  */

	/* calls */
	enum demo_tell tell;
	enum demo_frag frag;
	enum demo_empty empty;
	uint16_t empty_code;
	bool challenge_refer;     /**< REFER wants digest too            */
	bool refer_expires;       /**< Expires: 600 in the 202           */
	bool bye_parker;          /**< BYE to the parker after sipfrag   */
	bool session_expires;     /**< Session-Expires in its INVITEs    */
	uint32_t announce_ms;     /**< Spoken number, lot only           */
	uint32_t connect_ms;      /**< From 200 to the caller            */
	uint32_t invalid_ms;      /**< "Invalid", then BYE               */
	uint32_t refused_ms;      /**< Caller of a failed transfer       */
	uint32_t park_s;          /**< Recall after                      */
	uint32_t comeback_s;      /**< Recall rings for                  */
	uint32_t parker_s;        /**< BYE to a parker that stays        */
	const char *recall_name;  /**< Before the caller's name; NULL    */
	bool recall_spot;         /**< ... the spot instead of his name  */
	bool recall_returns;      /**< Nobody takes it: parked again     */
	uint16_t badauth_code;    /**< To a wrong password               */
	uint32_t reg_min_s;
	uint32_t reg_max_s;
	uint32_t nonce_s;         /**< Then stale=true                   */
	const char *profile;      /**< Word for the `pbx` setting        */
	struct demo_fault fault;  /**< How it misbehaves at all times    */
};

const struct demo_manner *demo_manner_find(const char *name);
const struct demo_manner *demo_manner_at(size_t i);

#endif
