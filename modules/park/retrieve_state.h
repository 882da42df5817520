/**
 * @file modules/park/retrieve_state.h  Life of one retrieval
 *
 * Pure. A PBX answers 200 to whoever dials a spot, also to the one who comes
 * too late or finds it empty: only what comes after proves that the caller
 * is there. A name in the 200 may be whatever the dialplan says of the spot;
 * it takes the lamp, or time, to make a proof of it.
 */
#ifndef PARKDECK_RETRIEVE_STATE_H
#define PARKDECK_RETRIEVE_STATE_H

#include <stdbool.h>
#include <stdint.h>

enum retrieve_state {
	RETRIEVE_IDLE = 0,
	RETRIEVE_DIALING,    /**< INVITE to the spot sent                */
	RETRIEVE_NAMED,      /**< Not answered, but the caller is named  */
	RETRIEVE_ANSWERED,   /**< 200: not proven yet                    */
	RETRIEVE_CLAIMED,    /**< The same, but the 200 names a caller   */
	RETRIEVE_WAITING,    /**< Long enough, but the spot is occupied  */
	RETRIEVE_WON,        /**< We have the caller                     */
	RETRIEVE_LOST,       /**< Somebody else has, or nobody was there */
	RETRIEVE_FAILED,     /**< The PBX refused                        */

	RETRIEVE_STATES
};

enum retrieve_event {
	RETRIEVE_EV_START = 0,
	RETRIEVE_EV_ANSWERED,  /**< 200 to the INVITE                    */
	RETRIEVE_EV_NAMED,     /**< 18x or 200 name a caller, not the spot */
	RETRIEVE_EV_IDENTITY,  /**< A request after the 200 does so, or the
				    200 names the one who waits there    */
	RETRIEVE_EV_FREE,      /**< The lamp is free, or not watched     */
	RETRIEVE_EV_DUE,       /**< Time is up; lamp free or unknown     */
	RETRIEVE_EV_DUE_PARKED, /**< Time is up; the lamp shows a call   */
	RETRIEVE_EV_CLOSED,    /**< The call ended                       */

	RETRIEVE_EVENTS
};

enum retrieve_action {
	RETRIEVE_ACT_NONE = 0,
	RETRIEVE_ACT_DIAL,
	RETRIEVE_ACT_WON,      /**< Show the caller                      */
	RETRIEVE_ACT_LOST,     /**< Say so, give back what was held      */
	RETRIEVE_ACT_FAILED,   /**< The same, with the PBX's reason      */
};

struct retrieve_life {
	enum retrieve_state state;
	uint64_t due_ms;
};

enum retrieve_action retrieve_step(struct retrieve_life *life,
				   enum retrieve_event ev, uint64_t now_ms);
bool retrieve_ended(enum retrieve_state state);
const char *retrieve_state_name(enum retrieve_state state);
const char *retrieve_event_name(enum retrieve_event ev);

#endif
