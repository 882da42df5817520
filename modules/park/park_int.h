/**
 * @file modules/park/park_int.h  Inside of parking: what its files share
 *
 *   park.c       commands, what others tell, start and end
 *   park_out.c   parks and transfers under way
 *   park_back.c  retrievals under way
 *   park_person.c  colleagues: pickup, transfer, voicemail
 *   park_deed.c  what a lamp's key would do now
 *   park_book.c  who was parked by us
 *   park_told.c  whom the PBX told us of
 */
#ifndef PARKDECK_PARK_INT_H
#define PARKDECK_PARK_INT_H

#include <re.h>
#include "park.h"
#include "park_state.h"
#include "profile_model.h"
#include "retrieve_state.h"
#include "told_model.h"


enum {
	BOUNCE_MS = 10000,      /* from our park to its INVITE back     */
	CANDIDATES_MAX = 4,
	URI_SZ = 1024,
};

struct way {
	enum lamp_kind kind;
	unsigned account;
	char *spot;
	char *park;
	char *retrieve;
};

/** A spot of an account: two PBXs may both have a 701 */
struct place {
	unsigned account;
	char spot[TEXT_SZ];
	unsigned told;              /* call that the PBX told us of; 0: any */
};

/** A park under way */
struct parking {
	struct le le;
	struct park *park;
	struct park_life life;
	struct park_habit habit;
	struct tmr tmr;
	unsigned id;                /* of the call                      */
	unsigned account;
	uint64_t start_ms;
	char chosen[TEXT_SZ];       /* the spot asked for, "" for a lot */
	char who[TEXT_SZ];
	char number[TEXT_SZ];
	char reason[REASON_SZ];
	char spotv[CANDIDATES_MAX][TEXT_SZ];
	size_t spotc;               /* spots that turned occupied       */
	char beside[TEXT_SZ];       /* turned occupied just before the
				       chosen one, or ""                */
	size_t told;                /* spots that the user was told of  */
	char uri[URI_SZ];           /* Refer-To                         */
	uint32_t rx;                /* packets heard when we listen     */
	bool spoke;                 /* something came from him all the
				       time: silence says that he is
				       not there                        */
	bool elsewhere;             /* he is on another call of ours    */
	bool renewed;               /* a re-INVITE came after the REFER */
	int err;                    /* of sending the REFER             */
	bool bye;                   /* we ended the leg ourselves       */
	bool transfer;              /* to a person, no park             */
};

/** A retrieval under way */
struct retrieving {
	struct le le;
	struct park *park;
	struct retrieve_life life;
	struct tmr tmr;
	unsigned id;
	unsigned held;              /* the call held for it, or 0       */
	uint64_t start_ms;
	unsigned account;
	char spot[TEXT_SZ];
	char target[TEXT_SZ];       /* what is dialled for it           */
	char who[TEXT_SZ];          /* the caller, as far as known ...  */
	char number[TEXT_SZ];       /* ... when the spot was dialled    */
	unsigned told;              /* id, if the PBX told us of it     */
	bool told_gone;             /* ... and that it was taken        */
	bool occupied;              /* its lamp showed a call           */
	bool known;                 /* the 200 names just him           */
	char reason[REASON_SZ];     /* why it was closed                */
	bool pickup;                /* rings at a colleague's: an answer
				       is proof enough                  */
};

/** A call that we parked */
struct booked {
	struct le le;
	struct book_fact fact;
	bool unseen;                /* the PBX says so, but its lamp, which
				       is known, does not yet: told to
				       nobody                           */
};

/** Lamp of an account's own extension, where calls are parked on it */
struct told_lamp {
	bool registered;
	bool heard;                 /* the PBX said a word               */
	uint64_t since_ms;          /* nobody waits                      */
	char reason[REASON_SZ];
};

struct park {
	const struct clock *clock;
	struct bus *bus;
	struct phone *phone;
	const struct desk *desk;
	struct commands *commands;
	const struct profile *ways; /* the site's                       */
	bool blind;
	park_dialog_h *dialogh;
	void *dialogarg;
	uint32_t announce_s;
	struct way *wayv;
	size_t wayc;
	struct list parkingl;
	struct list retrievingl;
	struct list bookl;          /* oldest first                     */
	struct told told;
	struct told_lamp told_lampv[ACCOUNTS_MAX];
	size_t told_lampc;
	struct tmr tmr_told;
	char *book_path;            /* NULL: not kept on disk           */
	struct park_failure failure;
	struct book_fact gone;      /* the last that left its spot ...  */
	uint64_t gone_ms;           /* ... and when; 0: none            */
	struct book_fact sent;      /* the last that no lamp showed ... */
	uint64_t sent_ms;
};


/* park.c */

/** @return A lamp's own ways, or NULL: as the site's */
const struct way *park_way_find(const struct park *park, unsigned account,
				const char *spot);

/**
 * Which spot does a user mean?
 *
 * "701", or "701@1" for the one of account 1. Of several with the same
 * number: where a call waits, longest first; else the one of the account
 * that is in a call; else the first.
 *
 * @return True if the user named the account
 */
bool park_place(struct place *place, const struct park *park,
		const char *arg);

/** @return True if that is a word of the PBX for a place, no caller */
bool park_is_place(const struct park *park, const char *number);

/**
 * @return The lamp of a place where calls are parked, or NULL. That of a
 *         colleague tells of his own calls, not of those parked on him
 */
const struct desk_lamp *park_lamp(const struct park *park, unsigned account,
				  const char *spot);

/* park_out.c */

/** Step a park; it is gone afterwards if that ended it */
void park_out_event(struct parking *pk, enum park_event ev);

/** @return The park under way of that call, or NULL */
struct parking *park_out_find(const struct park *park, unsigned id);

/** The server sent a re-INVITE that names `number`, or nobody: "" */
void park_out_reinvite(struct parking *pk, const char *number);

/**
 * Somebody calls: is it one whom the PBX did not keep where we sent him?
 *
 * @param by_us We are said to have sent him
 *
 * @return True: the user was told
 */
bool park_out_bounced(struct park *park, const struct call_fact *call,
		      bool by_us);

/** That caller is on another call of ours now: his old line is empty */
void park_out_taken(struct park *park, const struct call_fact *call);

/** @return How to park at that spot, or NULL: it cannot be chosen */
const char *park_out_template(const struct park *park, unsigned account,
			      const char *spot);

/**
 * Park the active call, at a spot of its own account
 *
 * @param spot As a user names it; NULL: on the lot, or at a free spot
 */
int  park_out_start(struct park *park, const char *spot,
		    struct re_printf *reply);

/** Transfer the active call to a person, at once */
int  park_out_transfer(struct park *park, const char *dest,
		       struct re_printf *reply);

/** The user hangs up its call himself. @return EBUSY: it could lose the
    caller; EINPROGRESS: it ends as soon as nobody is heard on it */
int  park_out_let_go(struct parking *pk);

/** Send the call on hold to the one in hand (RFC 5589 7.1) */
int  park_out_join(struct park *park, struct re_printf *reply);

/** Call somebody before a call is transferred to him */
int  park_out_consult(struct park *park, unsigned account, const char *dest,
		      struct re_printf *reply);

/** A spot turned occupied: was it one of our parks? */
void park_out_occupied(struct park *park, const struct lamp_fact *lamp);

/* park_back.c */

/** Step a retrieval; it is gone afterwards if that ended it */
void park_back_event(struct retrieving *rt, enum retrieve_event ev);

/** It was answered */
void park_back_answered(struct retrieving *rt);

/** 18x or 200 say that the far end is `number` */
void park_back_named(struct retrieving *rt, const char *number);

/** The server sent a re-INVITE that names `number`, or nobody: "" */
void park_back_reinvite(struct retrieving *rt, const char *number);

/** @return The retrieval under way by that call, or NULL */
struct retrieving *park_back_find(const struct park *park, unsigned id);

/** @return True if that spot is being retrieved from */
bool park_back_under_way(const struct park *park, unsigned account,
			 const char *spot);

/** Take the call from a place; NULL: who has waited longest */
int  park_back_start(struct park *park, const struct place *wanted,
		     struct re_printf *reply);

/** Take the call that rings at a colleague's */
int  park_back_pickup(struct park *park, const struct place *at,
		      struct re_printf *reply);

/* park_person.c */

/** Press a colleague's key; what it does is told by his lamp and our call */
int  park_person_key(struct park *park, const struct desk_lamp *lamp,
		     struct re_printf *reply);

/** Send the active call to somebody's voicemail; without one dial it */
int  park_person_voicemail(struct park *park, const struct place *at,
			   struct re_printf *reply);

/* park_book.c */
int  park_book_load(struct park *park);
void park_book_save(const struct park *park);
void park_book_emit(struct park *park, const struct book_fact *fact,
		    bool gone);

/** @return An entry that was told, or NULL */
struct booked *park_book_find(const struct park *park, unsigned account,
			      const char *spot);

/** @return What we parked last and still waits, or NULL */
struct booked *park_book_last(const struct park *park);

void park_book_remove(struct park *park, unsigned account, const char *spot);

/** @param unseen Its lamp does not show it yet: tell nobody until it does */
void park_book_add(struct park *park, const struct parking *pk,
		   const char *spot, bool unseen);

/** A lamp shows a call now: is it one that was not seen yet? */
void park_book_seen(struct park *park, const struct lamp_fact *lamp);

/** @return The entry of a caller who is not where it says, or NULL */
struct booked *park_book_caller(const struct park *park, unsigned account,
				const char *number);

/* park_told.c */

/** What `park` takes for the group's code, in place of an extension */
#define PARK_GROUP "group"

/** @return What a template takes for that extension: "" for one's own */
const char *park_told_spot(const struct park *park, unsigned account,
			   const char *spot);

/** @return Where the call waits that we were told of first; our own extension
    if there is none */
struct place park_told_longest(const struct park *park);

/** Which of several: `id` as the user names it. @return ENOENT */
int park_told_place(struct place *place, const struct park *park,
		    const char *id);

/** @return True if dialling `target` may bring another caller of that place:
    the PBX chooses */
bool park_told_shared(const struct park *park, unsigned account,
		      const char *place, const char *target);

/** Who waits there, TEXT_SZ each. @return False if we were not told */
bool park_told_who(const struct park *park, unsigned account,
		   const char *place, unsigned id, char *who, char *number);

/** An account's registration changed */
void park_told_account(struct park *park, const struct account_fact *acc);

/**
 * What to dial for a call: as told, else by the profile
 *
 * @param id Of a call that we were told of; 0: the oldest at that place
 */
int  park_told_target(const struct park *park, char *buf, size_t size,
		      unsigned account, const char *place, unsigned id);

/** A call was taken from there, by us or by another */
void park_told_taken(struct park *park, unsigned account, const char *place,
		     unsigned id);

/** A call that we parked was written into the book */
void park_told_own(struct park *park, const struct book_fact *fact);

/** @return True if a call of account `a` can be given to somebody of `b` */
bool park_person_near(const struct park *park, unsigned a, unsigned b);

#endif
