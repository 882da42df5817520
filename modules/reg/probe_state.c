/**
 * @file modules/reg/probe_state.c  Does the server still live?
 */
#include "probe_state.h"


enum {
	KEEPALIVE_MS = 25 * 1000,
	ANSWER_MS    = 8 * 1000,
	FIRST_MS     = 1,
};


void probe_start(struct probe *probe, uint64_t now_ms)
{
	if (probe->running)
		return;

	probe->running = true;
	probe->open = false;
	probe->due_ms = now_ms + (probe->answers ? KEEPALIVE_MS : FIRST_MS);
}


void probe_stop(struct probe *probe)
{
	probe->running = false;
	probe->open = false;
	probe->due_ms = 0;
}


enum probe_action probe_due(struct probe *probe, uint64_t now_ms)
{
	if (!probe->running || now_ms < probe->due_ms)
		return PROBE_ACT_NONE;

	if (probe->open && probe->answers) {
		/* if it registers us again it has merely ceased to answer
		   this: not the same every half minute */
		probe->answers = false;
		probe_stop(probe);
		return PROBE_ACT_DEAD;
	}

	probe->open = true;
	probe->due_ms = now_ms + (probe->answers ? ANSWER_MS : KEEPALIVE_MS);

	return PROBE_ACT_ASK;
}


void probe_answered(struct probe *probe, uint64_t now_ms)
{
	if (!probe->running)
		return;

	probe->answers = true;
	probe->open = false;
	probe->due_ms = now_ms + KEEPALIVE_MS;
}
