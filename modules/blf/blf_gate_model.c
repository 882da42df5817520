/**
 * @file modules/blf/blf_gate_model.c  How many SUBSCRIBEs an account may
 *                                     have under way
 */
#include <stddef.h>
#include "modules/blf/blf_gate_model.h"


void blf_gate_shut(struct blf_gate *gate)
{
	if (gate)
		gate->mode = BLF_GATE_SHUT;
}


void blf_gate_start(struct blf_gate *gate)
{
	if (!gate)
		return;

	gate->mode     = BLF_GATE_PROBE;
	gate->sent_ms  = 0;
	gate->alive_ms = 0;
	gate->forbidc  = 0;
}


bool blf_gate_may(const struct blf_gate *gate, uint64_t now_ms)
{
	if (!gate)
		return false;

	switch (gate->mode) {

	case BLF_GATE_OPEN:
		return true;

	case BLF_GATE_PROBE:
		return gate->busy < BLF_GATE_PROBES &&
			(!gate->sent_ms ||
			 now_ms >= gate->sent_ms + BLF_GATE_STEP_MS);

	case BLF_GATE_DENIED:
		return !gate->busy && now_ms >= gate->until_ms;

	default:
		return false;
	}
}


uint64_t blf_gate_due_ms(const struct blf_gate *gate)
{
	if (gate && gate->mode == BLF_GATE_PROBE &&
	    gate->sent_ms && gate->busy < BLF_GATE_PROBES)
		return gate->sent_ms + BLF_GATE_STEP_MS;

	return BLF_GATE_NEVER;
}


void blf_gate_sent(struct blf_gate *gate, uint64_t now_ms)
{
	if (!gate)
		return;

	++gate->busy;
	gate->sent_ms = now_ms ? now_ms : 1;
}


void blf_gate_done(struct blf_gate *gate)
{
	if (gate && gate->busy)
		--gate->busy;
}


static void deny(struct blf_gate *gate, uint64_t now_ms)
{
	gate->mode     = BLF_GATE_DENIED;
	gate->until_ms = now_ms + BLF_GATE_DENIED_MS;
	gate->forbidc  = 0;
}


bool blf_gate_step(struct blf_gate *gate, enum blf_gate_news news,
		   uint64_t sent_ms, uint64_t now_ms)
{
	bool opened = false;

	if (!gate || gate->mode == BLF_GATE_SHUT)
		return false;

	switch (news) {

	case BLF_GATE_SILENCE:
		if (gate->mode == BLF_GATE_OPEN && gate->alive_ms <= sent_ms)
			gate->mode = BLF_GATE_PROBE;
		return false;

	case BLF_GATE_PASSWORD:
		deny(gate, now_ms);
		return false;

	case BLF_GATE_FORBID:
		gate->alive_ms = now_ms;
		if (gate->mode == BLF_GATE_DENIED ||
		    ++gate->forbidc >= BLF_GATE_FORBIDDEN) {
			deny(gate, now_ms);
			return false;
		}
		break;

	case BLF_GATE_ACCEPTED:
		gate->forbidc = 0;
		opened = gate->mode == BLF_GATE_DENIED;
		break;

	default:
		break;
	}

	gate->alive_ms = now_ms;

	if (gate->mode == BLF_GATE_PROBE)
		opened = true;

	if (opened)
		gate->mode = BLF_GATE_OPEN;

	return opened;
}


bool blf_gate_sign(struct blf_gate *gate, enum blf_gate_sign sign,
		   uint64_t now_ms)
{
	if (!gate)
		return false;

	if (now_ms - gate->sign_ms > BLF_GATE_SIGN_MS || !gate->signs) {
		gate->sign_ms = now_ms;
		gate->signs   = 0;
	}

	gate->signs = (uint8_t)(gate->signs + sign);
	if (gate->signs < BLF_GATE_SIGNS)
		return false;

	gate->signs = 0;

	return true;
}


enum blf_gate_sign blf_gate_sign_of(uint16_t scode)
{
	switch (scode) {

	case 0:
		return BLF_SIGN_OF_ONE;

	/* it knows nothing of the subscription, or of the event any more */
	case 405: case 481: case 489: case 501:
		return BLF_SIGN_OF_ALL;

	default:
		return BLF_SIGN_OF_NUMBER;
	}
}
