/**
 * @file app/event.h  Facts: what happened, told to whoever shows it
 *
 * Modules emit, the desk model, the screen and the control socket listen.
 * A fact is a full picture of one thing (an account, a call, a lamp), never
 * a difference and never a text to be parsed back.
 */
#ifndef PARKDECK_EVENT_H
#define PARKDECK_EVENT_H

#include <stdbool.h>
#include <stdint.h>

enum {
	TEXT_SZ = 96,        /**< Names, labels, numbers [bytes, UTF-8]  */
	REASON_SZ = 160,     /**< One sentence for the user [bytes]      */
	CALLS_MAX = 64,      /**< Calls at once; more INVITEs get 486    */
	CALLS_SPARE = 4,     /**< Of these kept free for recalls         */
};

/** Life of a call as the user sees it; zero is "no call" */
enum deskcall_state {
	DESKCALL_NONE = 0,
	DESKCALL_DIALING,    /**< INVITE sent, nothing heard yet         */
	DESKCALL_RINGING,    /**< The far end rings (18x)                */
	DESKCALL_INCOMING,   /**< Rings here                             */
	DESKCALL_ACTIVE,     /**< The one the user talks on              */
	DESKCALL_HELD,       /**< Held by us                             */
	DESKCALL_PARKING,    /**< REFER sent; the caller is not lost yet */
	DESKCALL_RETRIEVING, /**< Spot dialled, caller not proven yet    */
	DESKCALL_CLOSED,     /**< Over; the last fact of this call       */

	DESKCALL_STATES
};

/** What a lamp stands for */
enum lamp_kind {
	LAMP_SPOT = 0,       /**< A place where calls are parked         */
	LAMP_EXTENSION,      /**< A colleague                            */
};

/**
 * What is known of a lamp. LAMP_UNKNOWN until the first NOTIFY
 * (RFC 6665 4.1.2.4: neutral state), never "free" by default.
 */
enum lamp_state {
	LAMP_UNKNOWN = 0,
	LAMP_FREE,
	LAMP_PARKED,         /**< A call waits there (spots only)        */
	LAMP_RINGING,        /**< Extension rings                        */
	LAMP_BUSY,           /**< Extension talks                        */

	LAMP_STATES
};

/** Why a lamp went free, if the server told (RFC 4235 4.1.2) */
enum lamp_end {
	LAMP_END_NONE = 0,
	LAMP_END_TAKEN,      /**< Picked up: replaced by another dialog  */
	LAMP_END_CALLER,     /**< The caller hung up                     */
	LAMP_END_SERVER,     /**< The server, or the colleague, hung up  */
	LAMP_END_REJECTED,
	LAMP_END_TIMEOUT,
	LAMP_END_ERROR,

	LAMP_ENDS
};

/** Registration of one account */
struct account_fact {
	unsigned idx;              /**< Position in the configuration    */
	char aor[TEXT_SZ];
	bool registered;
	char reason[REASON_SZ];    /**< Why not, "403 Forbidden"; or ""  */
};

/** One call */
struct call_fact {
	unsigned id;               /**< From 1, never used twice         */
	unsigned account;          /**< Index of its account             */
	enum deskcall_state state;
	bool outgoing;
	bool held;                 /**< Held by us                       */
	bool held_remote;          /**< Held by the far end              */
	bool muted;
	bool early_media;          /**< The far end plays its own tones  */
	char peer[TEXT_SZ];        /**< Number or address of the far end */
	char name[TEXT_SZ];        /**< Its display name, or ""          */
	char spot[TEXT_SZ];        /**< Spot parked to or taken from     */
	char referred_by[TEXT_SZ]; /**< Who sent the caller here, or ""  */
	char reason[REASON_SZ];    /**< Why it closed, or ""             */
	uint64_t since_ms;         /**< Start of this state              */
	uint64_t answered_ms;      /**< When talk began; 0 = not yet     */
};

/** One lamp, as its subscription tells it */
struct lamp_fact {
	unsigned idx;              /**< Position in the grid             */
	enum lamp_kind kind;
	unsigned account;          /**< Index of its account             */
	char spot[TEXT_SZ];        /**< Its number, "701"                */
	char label[TEXT_SZ];       /**< Text of the key, or ""           */
	enum lamp_state state;     /**< Last known                       */
	bool stale;                /**< Subscription lost: state is old  */
	char reason[REASON_SZ];    /**< Why unknown or stale, or ""      */
	char who[TEXT_SZ];         /**< Caller by the document, or ""    */
	char number[TEXT_SZ];      /**< Caller's number, or ""           */
	char by[TEXT_SZ];          /**< Who parked it, or ""             */
	uint64_t since_ms;         /**< Start of this state [clock]      */
	bool at_least;             /**< Was so before we looked          */
	bool held;                 /**< That call is on hold             */
	unsigned calls;            /**< That make the state              */
	bool booked;               /**< Each of them has an entry of its own
					in the book                      */
	enum lamp_end ended;       /**< Why it went free                 */
};

/** What we know of a parked call beyond its lamp: we parked it, or the PBX
    told us of it */
struct book_fact {
	char spot[TEXT_SZ];
	unsigned account;
	unsigned id;               /**< Of a call told of by the PBX: several
					may wait at one place. 0: parked by
					us, one at a spot                */
	bool gone;                 /**< Forget the entry                 */
	char who[TEXT_SZ];
	char number[TEXT_SZ];
	char by[TEXT_SZ];          /**< "me", or who parked it           */
	char retrieve[TEXT_SZ];    /**< What to dial; "": as the site's  */
	char note[TEXT_SZ];        /**< Typed by the user                */
	uint64_t since_ms;
};

/** What the site's PBX does, as far as the screen tells it */
struct site_fact {
	uint32_t recall_s;         /**< It gives a parked call back after;
					0: not known                     */
};

enum message_level {
	MESSAGE_INFO = 0,
	MESSAGE_WARN,
	MESSAGE_ERROR,             /**< The user should act              */
};

/** One sentence for the user */
struct message_fact {
	enum message_level level;
	char text[REASON_SZ];
};

/** Sound device */
struct sound_fact {
	bool ok;
	char text[REASON_SZ];      /**< Device in use, or what is wrong  */
};

enum event_type {
	EVENT_NONE = 0,
	EVENT_ACCOUNT,
	EVENT_CALL,
	EVENT_LAMP,
	EVENT_LAMPS,               /**< The grid has n lamps from now on;
					more than before: at its end     */
	EVENT_BOOK,
	EVENT_MESSAGE,
	EVENT_SOUND,
	EVENT_HINT,                /**< What to press next; message.text,
					"" for none                      */
	EVENT_SITE,
	EVENT_HELP,                /**< The user has opened the help     */
	EVENT_QUIT,                /**< The program ends                 */

	EVENT_TYPES
};

/** A fact; `u` is borrowed for the time of the handler's call */
struct event {
	enum event_type type;
	union {
		struct account_fact account;
		struct call_fact call;
		struct lamp_fact lamp;
		unsigned lamps;
		struct book_fact book;
		struct message_fact message;
		struct sound_fact sound;
		struct site_fact site;
	} u;
};

/**
 * Receive a fact
 *
 * May emit further facts; must not add or remove handlers.
 */
typedef void (event_h)(const struct event *ev, void *arg);

struct bus;

int  bus_alloc(struct bus **busp);
int  bus_listen(struct bus *bus, event_h *h, void *arg);
void bus_unlisten(struct bus *bus, event_h *h, void *arg);
void bus_emit(struct bus *bus, const struct event *ev);
void bus_message(struct bus *bus, enum message_level level,
		 const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

const char *deskcall_state_name(enum deskcall_state state);
const char *lamp_state_name(enum lamp_state state, bool stale);

/** @return One or two words for the user; "" for LAMP_END_NONE */
const char *lamp_end_name(enum lamp_end end);

#endif
