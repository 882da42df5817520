/**
 * @file modules/park/park_state.h  Life of one park, from REFER to the lamp
 *
 * Pure. The rule above all: the caller is never lost. The leg to him is only
 * ended when something positive says that the PBX has him, and nothing is
 * heard from it; whatever else happens gives him back to the user.
 */
#ifndef PARKDECK_PARK_STATE_H
#define PARKDECK_PARK_STATE_H

#include <stdbool.h>
#include <stdint.h>

enum park_state {
	PARK_IDLE = 0,
	PARK_HOLDING,        /**< Hold sent, not answered yet            */
	PARK_REFERRED,       /**< REFER sent                             */
	PARK_ACCEPTED,       /**< 2xx to the REFER: proves nothing yet   */
	PARK_CHECKING,       /**< ... nor for too long: is he on the line? */
	PARK_REJOINED,       /**< The PBX joined us again: lot full?     */
	PARK_SHOWN,          /**< A lamp shows the call; leg muted       */
	PARK_VACANT,         /**< Its lamp is dark again: hung up, taken  */
	PARK_DOUBT,          /**< ... and the sipfrag says that it failed */
	PARK_PROVEN,         /**< sipfrag 2xx, no lamp: hear the number  */
	PARK_CONFIRMED,      /**< All is well; a moment for a last word  */
	PARK_LISTENING,      /**< Is anybody left on the line?           */
	PARK_LEFT,           /**< BYE from the PBX, neither lamp nor frag */
	PARK_DONE,           /**< The PBX has the caller                 */
	PARK_UNKNOWN,        /**< The leg is gone, nothing shows where   */
	PARK_FAILED,         /**< The caller is with the user            */
	PARK_GONE,           /**< The caller hung up                     */
	PARK_VACATED,        /**< He was parked and has left: the leg is
				  most likely empty                      */

	PARK_STATES
};

enum park_event {
	PARK_EV_START = 0,
	PARK_EV_HELD,        /**< Our hold was answered                  */
	PARK_EV_NOT_HELD,    /**< ... refused                            */
	PARK_EV_ACCEPTED,    /**< 2xx to the REFER                       */
	PARK_EV_REFUSED,     /**< 3xx-6xx to it                          */
	PARK_EV_TIMEOUT,     /**< No answer to it                        */
	PARK_EV_FRAG_TRYING, /**< sipfrag 1xx: it goes on                */
	PARK_EV_FRAG_OK,     /**< sipfrag 2xx (RFC 3515 2.4.5)           */
	PARK_EV_FRAG_FAIL,   /**< sipfrag 3xx-6xx                        */
	PARK_EV_LAMP,        /**< A spot turned occupied                 */
	PARK_EV_DARK,        /**< The spot that was his is free again    */
	PARK_EV_REJOIN,      /**< re-INVITE: the far end may be the caller */
	PARK_EV_BYE,         /**< The leg ended, not by us               */
	PARK_EV_TAKEN,       /**< We have the caller on another call     */
	PARK_EV_HANGUP,      /**< The user wants it to end               */
	PARK_EV_DUE,
	PARK_EV_DUE_DARK,    /**< The same, and the lamps that we watch
				  do not show the call                   */
	PARK_EV_DUE_HEARD,   /**< The same, and the caller is on the line,
				  or nothing says that he is not         */

	PARK_EVENTS
};

enum park_action {
	PARK_ACT_NONE = 0,
	PARK_ACT_HOLD,       /**< Put the call on hold first             */
	PARK_ACT_REFER,      /**< Send the REFER                         */
	PARK_ACT_BACKGROUND, /**< Mute the leg, free the user            */
	PARK_ACT_HEAR,       /**< Into the user's ear, if it is free     */
	PARK_ACT_LISTEN,     /**< Count what comes from the line         */
	PARK_ACT_BYE,        /**< End the leg: the PBX has the caller    */
	PARK_ACT_GIVE_BACK,  /**< Leg to the user, with the reason       */
	PARK_ACT_LOOK,       /**< The same, and end it if it is silent   */
	PARK_ACT_END,        /**< Nothing is left but to tell            */
};

/** One park; zero is a fresh one */
struct park_life {
	enum park_state state;
	uint64_t due_ms;     /**< When PARK_EV_DUE is wanted; 0 = never  */
};

/** What the profile knows of the target */
struct park_habit {
	bool hold;           /**< Wants the call on hold before a REFER  */
	bool announce;       /**< The PBX speaks the spot's number       */
	uint32_t announce_ms; /**< For how long to listen to it          */
};

/**
 * Step the life of a park
 *
 * @return What the caller must do; an event without meaning changes nothing
 */
enum park_action park_step(struct park_life *life, enum park_event ev,
			   const struct park_habit *habit, uint64_t now_ms);

bool park_ended(enum park_state state);
const char *park_state_name(enum park_state state);
const char *park_event_name(enum park_event ev);

#endif
