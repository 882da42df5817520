/**
 * @file modules/park/profile_model.h  Habits of PBX families, as data
 *
 * A template is dialled or subscribed to after `{spot}` in it is replaced.
 */
#ifndef PARKDECK_PROFILE_MODEL_H
#define PARKDECK_PROFILE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** How a lamp's document tells that a call waits at a spot */
enum profile_states {
	PROFILE_STATES_BOTH = 0, /**< early or confirmed                 */
	PROFILE_STATES_EARLY,
	PROFILE_STATES_CONFIRMED,
	PROFILE_STATES_ANY,      /**< Any dialog, also a terminated one  */
};

/** How the PBX tells who is parked where */
enum profile_told {
	PROFILE_TOLD_DIALOG = 0, /**< SUBSCRIBE, Event: dialog           */
	PROFILE_TOLD_PARK_INFO,  /**< NOTIFY that nobody subscribed to   */
	PROFILE_TOLD_CALL_INFO,  /**< SUBSCRIBE to oneself, Event:
				      call-info (BroadWorks)             */
};

/**
 * One family; every field can be overridden in the configuration
 *
 * Where calls are parked on extensions (`personal`), an empty {spot} is
 * one's own extension: "*68{spot}" is "*68" for a call parked on oneself.
 */
struct profile {
	const char *name;
	const char *lot;       /**< REFER to it: the PBX chooses the spot */
	const char *park;      /**< REFER to it parks at that spot; NULL:
				    impossible, a bare spot would lose the
				    caller                               */
	const char *retrieve;  /**< Dialling it takes the call           */
	const char *watch;     /**< SUBSCRIBE to it (RFC 4235); NULL:
				    spots are told otherwise, or it is
				    not known                            */
	const char *group;     /**< REFER to it: parked for one's group;
				    NULL: none                           */
	const char *pickup;    /**< Dialling it takes what rings at {ext};
				    NULL: none is known                  */
	const char *voicemail; /**< {ext}'s voicemail; NULL: unknown     */
	bool personal;         /**< Parked on extensions, not at spots   */
	bool several;          /**< A spot holds several calls           */
	bool hold;             /**< Wants the call on hold before a REFER */
	bool announce;         /**< The lot speaks the spot's number     */
	uint32_t recall_s;     /**< Gives the call back after; 0 unknown */
	enum profile_states states;
	enum profile_told told;
	bool lists;            /**< Serves lists of lamps (RFC 4662)     */
	bool untested;         /**< Its wire format was not published: a
				    mock of our own is no proof          */
	const char *spots;     /**< Usual range, for a sample; NULL: none
				    to configure                         */
	const char *source;    /**< Where the habits are known from      */
	const char *help;      /**< One sentence for the administrator   */
};

/** @return The family, or NULL */
const struct profile *profile_find(const char *name);

/** @return The i-th family, NULL after the last */
const struct profile *profile_at(size_t i);

/**
 * Replace {spot} (or {ext}, the same) in a template
 *
 * @return 0, EINVAL (an unknown {name} or no template), ENOMEM (too long)
 */
int profile_expand(char *buf, size_t size, const char *tmpl,
		   const char *spot);

#endif
