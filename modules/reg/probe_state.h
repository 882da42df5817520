/**
 * @file modules/reg/probe_state.h  Does the server still live?
 *
 * Over UDP nothing else tells that before the registration runs out, and
 * lamps would go on to show what is no longer known. The questions keep the
 * NAT binding too. Pure: no clock, no I/O.
 */
#ifndef PARKDECK_PROBE_STATE_H
#define PARKDECK_PROBE_STATE_H

#include <stdbool.h>
#include <stdint.h>

enum probe_action {
	PROBE_ACT_NONE = 0,
	PROBE_ACT_ASK,       /**< Send OPTIONS; drop one that is open    */
	PROBE_ACT_DEAD,      /**< It answered before and does no more    */
};

/** Zero is a fresh one, at rest */
struct probe {
	bool running;
	bool answers;        /**< It has answered one of ours            */
	bool open;           /**< Not answered yet                       */
	uint64_t due_ms;     /**< When to call probe_due(); 0: never     */
};

/**
 * The server registered us: ask from now on, at once if it is not known
 * yet whether it answers at all. Nothing new while we ask already
 */
void probe_start(struct probe *probe, uint64_t now_ms);

/** We are not registered any more */
void probe_stop(struct probe *probe);

/**
 * The time has come
 *
 * Asked every 25 s, since NAT bindings fall after 30. A server that has
 * answered before, and gives no answer within 8 s (that is four datagrams
 * lost, RFC 3261 17.1.2.2), is dead; one that never answered an OPTIONS is
 * not taken for dead when it does not. After a verdict it begins anew.
 */
enum probe_action probe_due(struct probe *probe, uint64_t now_ms);

/** Any answer came: it proves that the server lives, a refusal too */
void probe_answered(struct probe *probe, uint64_t now_ms);

#endif
