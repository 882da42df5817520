/**
 * @file tests/unit/test_blf_state.c  Life of one subscription: the table
 */
#include "tests/lib/test.h"
#include "modules/blf/blf_gate_model.h"
#include "modules/blf/blf_state.h"


#define ANY UINT64_MAX      /* due in: not looked at                      */
#define OFFDUE (ANY - 1)    /* due in: never                              */

/** A step: what happens `wait_ms` after the one before, and what must be */
struct row {
	uint32_t wait_ms;
	enum blf_event ev;
	uint32_t val_s;
	enum blf_action action;
	enum blf_state state;
	uint64_t lo, hi;    /* due in, from and to [ms]                   */
	bool fresh;
};

#define EXACT(ms) (ms), (ms)
#define NEVER EXACT(OFFDUE)
#define EV(x) BLF_EV_ ## x
#define ACT(x) BLF_ACT_ ## x
#define ST(x) BLF_ ## x

static void run(const char *name, const struct row *rowv, size_t n)
{
	/* the jitter must not decide whether a test passes */
	for (uint32_t seed=0; seed<50; seed++) {

		struct blf_sub sub;
		uint64_t now = 1000000;

		blf_sub_init(&sub, 300, seed);

		for (size_t i=0; i<n; i++) {

			const struct row *r = &rowv[i];
			enum blf_action action;
			uint64_t due;

			/* "when it is due" */
			now = r->wait_ms == UINT32_MAX ? sub.due_ms
				: now + r->wait_ms;

			action = blf_step(&sub, r->ev, r->val_s, now);

			if (action != r->action || sub.state != r->state ||
			    sub.fresh != r->fresh)
				fail_msg("%s row %zu seed %u: expected %s, "
					 "%s, fresh %d; got %s, %s, fresh %d",
					 name, i, seed,
					 blf_action_name(r->action),
					 blf_state_name(r->state), r->fresh,
					 blf_action_name(action),
					 blf_state_name(sub.state),
					 sub.fresh);

			if (r->lo == ANY)
				continue;

			due = sub.due_ms == BLF_NEVER ? OFFDUE
				: sub.due_ms - now;
			if (due < r->lo || due > r->hi)
				fail_msg("%s row %zu seed %u: expected due "
					 "in %llu to %llu, got %llu", name,
					 i, seed, (unsigned long long)r->lo,
					 (unsigned long long)r->hi,
					 (unsigned long long)due);
		}
	}
}

#define RUN(rowv) run(#rowv, rowv, ROWS(rowv))
#define DUE_TIME UINT32_MAX

/* The way to LIVE with 300 s */
#define TO_LIVE								\
	{0, EV(START),  0,   ACT(QUEUE),     ST(QUEUED), NEVER, false},	\
	{5, EV(SLOT),   0,   ACT(SUBSCRIBE), ST(WAIT),   EXACT(32000),	\
	 false},							\
	{9, EV(NOTIFY), 300, ACT(NONE),      ST(LIVE),   150000, 240000,\
	 true}

#define TO_REFRESH							\
	TO_LIVE,							\
	{DUE_TIME, EV(DUE),  0, ACT(QUEUE),   ST(RENEW), 60000, 150000,	\
	 true},								\
	{7,        EV(SLOT), 0, ACT(REFRESH), ST(REFRESH), EXACT(32000),\
	 true}


static void test_life(void **state)
{
	static const struct row normal[] = {
		TO_REFRESH,
		{3, EV(OK),     300, ACT(NONE), ST(REFRESH), EXACT(31997),
		 true},
		{2, EV(NOTIFY), 299, ACT(NONE), ST(LIVE), 149000, 240000,
		 true},
		{5, EV(CLOSE),  0, ACT(UNSUBSCRIBE), ST(CLOSING),
		 EXACT(1000), false},
		{3, EV(OK),     0, ACT(NONE),   ST(CLOSING), EXACT(200),
		 false},
		{1, EV(ENDED),  0, ACT(FORGET), ST(CLOSED),  NEVER, false},
		{1, EV(START),  0, ACT(NONE),   ST(CLOSED),  NEVER, false},
	};
	static const struct row notify_after_2xx[] = {
		{0, EV(START),  0,  ACT(QUEUE),     ST(QUEUED), NEVER, false},
		{0, EV(SLOT),   0,  ACT(SUBSCRIBE), ST(WAIT), EXACT(32000),
		 false},
		{9, EV(OK),     60, ACT(NONE), ST(WAIT), EXACT(31991), false},
		/* no expires in the NOTIFY: that of the 2xx, from then */
		{1, EV(NOTIFY), 0,  ACT(NONE), ST(LIVE), 29999, 48000, true},
	};
	static const struct row notify_before_2xx[] = {
		TO_LIVE,
		/* the smaller one counts, whichever was first */
		{9, EV(OK), 100, ACT(NONE), ST(LIVE), 50000, 80000, true},
		{9, EV(OK), 900, ACT(NONE), ST(LIVE), 49000, 80000, true},
	};
	static const struct row cut_short[] = {
		TO_LIVE,
		{1000, EV(NOTIFY), 20, ACT(NONE), ST(LIVE), 10000, 16000,
		 true},
	};
	static const struct row nothing_told[] = {
		{0, EV(START),  0, ACT(QUEUE),     ST(QUEUED), NEVER, false},
		{0, EV(SLOT),   0, ACT(SUBSCRIBE), ST(WAIT), EXACT(32000),
		 false},
		{9, EV(NOTIFY), 0, ACT(NONE), ST(LIVE), 150000, 240000,
		 true},
	};
	static const struct row closes[] = {
		{0, EV(CLOSE), 0, ACT(FORGET), ST(CLOSED), NEVER, false},
	};
	static const struct row closes_queued[] = {
		{0, EV(START), 0, ACT(QUEUE),  ST(QUEUED), NEVER, false},
		{0, EV(CLOSE), 0, ACT(FORGET), ST(CLOSED), NEVER, false},
	};
	static const struct row closes_waiting[] = {
		{0, EV(START), 0, ACT(QUEUE),     ST(QUEUED), NEVER, false},
		{0, EV(SLOT),  0, ACT(SUBSCRIBE), ST(WAIT), EXACT(32000),
		 false},
		{0, EV(CLOSE), 0, ACT(UNSUBSCRIBE), ST(CLOSING), EXACT(1000),
		 false},
		{999, EV(DUE), 0, ACT(NONE),   ST(CLOSING), EXACT(1), false},
		{1,   EV(DUE), 0, ACT(FORGET), ST(CLOSED), NEVER, false},
	};
	static const struct row closes_unheard[] = {
		TO_LIVE,
		{0, EV(CLOSE), 0, ACT(UNSUBSCRIBE), ST(CLOSING), EXACT(1000),
		 false},
		{9, EV(TIMEOUT), 0, ACT(FORGET), ST(CLOSED), NEVER, false},
	};
	(void)state;

	RUN(normal);
	RUN(notify_after_2xx);
	RUN(notify_before_2xx);
	RUN(cut_short);
	RUN(nothing_told);
	RUN(closes);
	RUN(closes_queued);
	RUN(closes_waiting);
	RUN(closes_unheard);
}


static void test_lost(void **state)
{
	static const struct row timer_n[] = {
		{0, EV(START), 0, ACT(QUEUE),     ST(QUEUED), NEVER, false},
		{0, EV(SLOT),  0, ACT(SUBSCRIBE), ST(WAIT), EXACT(32000),
		 false},
		{9, EV(OK),  300, ACT(NONE), ST(WAIT), EXACT(31991), false},
		{31990, EV(DUE), 0, ACT(NONE), ST(WAIT), EXACT(1), false},
		{1, EV(DUE), 0, ACT(UNSUBSCRIBE), ST(RETRY), 1000, 2000,
		 false},
		{DUE_TIME, EV(DUE), 0, ACT(QUEUE), ST(QUEUED), NEVER, false},
		{0, EV(SLOT),  0, ACT(SUBSCRIBE), ST(WAIT), EXACT(32000),
		 false},
		{32000, EV(DUE), 0, ACT(UNSUBSCRIBE), ST(RETRY), 2000, 4000,
		 false},
	};
	static const struct row backoff[] = {
		{0, EV(START), 0, ACT(QUEUE), ST(QUEUED), NEVER, false},
#define FAIL(lo, hi)							\
		{0, EV(SLOT), 0, ACT(SUBSCRIBE), ST(WAIT), EXACT(32000),\
		 false},						\
		{32000, EV(TIMEOUT), 0, ACT(FORGET), ST(RETRY), lo, hi,	\
		 false},						\
		{DUE_TIME, EV(DUE), 0, ACT(QUEUE), ST(QUEUED), NEVER, false}
		FAIL(1000, 2000), FAIL(2000, 4000), FAIL(4000, 8000),
		FAIL(8000, 16000), FAIL(16000, 32000), FAIL(45000, 60000),
		FAIL(45000, 60000), FAIL(45000, 60000),
	};
	static const struct row refresh_silent[] = {
		TO_REFRESH,
		{32000, EV(TIMEOUT), 0, ACT(FORGET), ST(RETRY), 1000, 2000,
		 false},
	};
	static const struct row refresh_stateless[] = {
		TO_REFRESH,
		{3, EV(OK), 300, ACT(NONE), ST(REFRESH), EXACT(31997), true},
		{31997, EV(DUE), 0, ACT(UNSUBSCRIBE), ST(RETRY), 1000, 2000,
		 false},
	};
	/* other failures leave it valid until it expires */
	static const struct row refresh_error[] = {
		TO_REFRESH,
		{3, EV(ERROR), 0, ACT(NONE), ST(DOUBT), 1000, 2000, false},
		{DUE_TIME, EV(DUE), 0, ACT(QUEUE), ST(RENEW), ANY, ANY,
		 false},
		{0, EV(SLOT), 0, ACT(REFRESH), ST(REFRESH), EXACT(32000),
		 false},
		{0, EV(ERROR), 0, ACT(NONE), ST(DOUBT), 2000, 4000, false},
		{9, EV(NOTIFY), 0, ACT(NONE), ST(LIVE), 1991, 3991, true},
	};
	static const struct row refresh_error_to_the_end[] = {
		TO_REFRESH,
		{3, EV(ERROR), 3600, ACT(NONE), ST(DOUBT), 59000, 150000,
		 false},
		/* it runs out, but the server's Retry-After goes on */
		{DUE_TIME, EV(DUE), 0, ACT(FORGET), ST(RETRY), 3300000,
		 3960000, false},
		{DUE_TIME, EV(DUE), 0, ACT(QUEUE), ST(QUEUED), NEVER, false},
	};
	static const struct row refresh_error_at_the_end[] = {
		TO_REFRESH,
		{3, EV(ERROR), 0, ACT(NONE), ST(DOUBT), 1000, 2000, false},
		{DUE_TIME, EV(DUE), 0, ACT(QUEUE), ST(RENEW), 1000, 150000,
		 false},
		{DUE_TIME, EV(DUE), 0, ACT(QUEUE), ST(QUEUED), NEVER, false},
	};
	static const struct row window_full[] = {
		TO_LIVE,
		{DUE_TIME, EV(DUE), 0, ACT(QUEUE), ST(RENEW), 60000, 150000,
		 true},
		{DUE_TIME, EV(DUE), 0, ACT(QUEUE), ST(QUEUED), NEVER, false},
	};
	static const struct row gone[] = {
		TO_REFRESH,
		{3, EV(GONE), 0, ACT(FORGET), ST(RETRY), EXACT(0), false},
		{0, EV(DUE),  0, ACT(QUEUE), ST(QUEUED), NEVER, false},
		{0, EV(SLOT), 0, ACT(SUBSCRIBE), ST(WAIT), EXACT(32000),
		 false},
		{3, EV(REFUSED), 0, ACT(FORGET), ST(REFUSED), 300000, 330000,
		 false},
	};
	static const struct row gone_after_notify[] = {
		TO_REFRESH,
		{3, EV(NOTIFY), 5, ACT(NONE), ST(LIVE), 2500, 4000, true},
		{3, EV(GONE), 0, ACT(FORGET), ST(RETRY), EXACT(0), false},
	};
	static const struct row unanswered_after_notify[] = {
		TO_REFRESH,
		{3, EV(NOTIFY), 299, ACT(NONE), ST(LIVE), 149000, 240000,
		 true},
		{31997, EV(TIMEOUT), 0, ACT(NONE), ST(DOUBT), 1000, 2000,
		 false},
	};
	static const struct row registration[] = {
		TO_LIVE,
		{5, EV(STOP),   0, ACT(NONE),  ST(OFF), NEVER, false},
		{5, EV(NOTIFY), 9, ACT(NONE),  ST(OFF), NEVER, false},
		{5, EV(SLOT),   0, ACT(NONE),  ST(OFF), NEVER, false},
		{5, EV(DUE),    0, ACT(NONE),  ST(OFF), NEVER, false},
		{5, EV(START),  0, ACT(QUEUE), ST(QUEUED), NEVER, false},
		{5, EV(STOP),   0, ACT(NONE),  ST(OFF), NEVER, false},
		{5, EV(START),  0, ACT(QUEUE), ST(QUEUED), NEVER, false},
		{5, EV(SLOT),   0, ACT(SUBSCRIBE), ST(WAIT), EXACT(32000),
		 false},
		{5, EV(STOP),   0, ACT(FORGET), ST(OFF), NEVER, false},
	};
	static const struct row new_address[] = {
		TO_REFRESH,
		{5, EV(START), 0, ACT(QUEUE), ST(QUEUED), NEVER, false},
	};
	(void)state;

	RUN(timer_n);
	RUN(backoff);
	RUN(refresh_silent);
	RUN(refresh_stateless);
	RUN(refresh_error);
	RUN(refresh_error_to_the_end);
	RUN(refresh_error_at_the_end);
	RUN(window_full);
	RUN(gone);
	RUN(gone_after_notify);
	RUN(unanswered_after_notify);
	RUN(registration);
	RUN(new_address);
}


static void test_ended(void **state)
{
	static const struct row again_at_once[] = {
		TO_LIVE,
		{5, EV(AGAIN), 0, ACT(FORGET), ST(RETRY), EXACT(0), false},
		{0, EV(DUE),   0, ACT(QUEUE),  ST(QUEUED), NEVER, false},
		{0, EV(SLOT),  0, ACT(SUBSCRIBE), ST(WAIT), EXACT(32000),
		 false},
		/* a server that does nothing but that is not hammered */
		{0, EV(NOTIFY), 300, ACT(NONE), ST(LIVE), 150000, 240000,
		 true},
		{5, EV(AGAIN), 0, ACT(FORGET), ST(RETRY), 2000, 4000, false},
		{DUE_TIME, EV(DUE), 0, ACT(QUEUE), ST(QUEUED), NEVER, false},
		{0, EV(SLOT),  0, ACT(SUBSCRIBE), ST(WAIT), EXACT(32000),
		 false},
		{0, EV(NOTIFY), 300, ACT(NONE), ST(LIVE), 150000, 240000,
		 true},
		{30000, EV(AGAIN), 0, ACT(FORGET), ST(RETRY), EXACT(0),
		 false},
	};
	static const struct row later[] = {
		TO_LIVE,
		{5, EV(ENDED), 0, ACT(FORGET), ST(RETRY), 1000, 2000, false},
	};
	static const struct row retry_after[] = {
		TO_LIVE,
		{5, EV(ENDED), 120, ACT(FORGET), ST(RETRY), 120000, 132000,
		 false},
		{0, EV(START), 0, ACT(QUEUE), ST(QUEUED), NEVER, false},
	};
	static const struct row retry_after_hostile[] = {
		TO_LIVE,
		{5, EV(ENDED), UINT32_MAX, ACT(FORGET), ST(RETRY), 3600000,
		 3960001, false},
	};
	static const struct row refused[] = {
		TO_LIVE,
		{5, EV(REFUSED), 0, ACT(FORGET), ST(REFUSED), 300000, 330001,
		 false},
		{0, EV(NOTIFY), 9, ACT(NONE), ST(REFUSED), ANY, ANY, false},
		{0, EV(STOP), 0, ACT(NONE), ST(OFF), NEVER, false},
	};
	static const struct row refused_asked[] = {
		TO_LIVE,
		{5, EV(REFUSED), 900, ACT(FORGET), ST(REFUSED), 900000,
		 990001, false},
		{5, EV(START), 0, ACT(QUEUE), ST(QUEUED), NEVER, false},
	};
	static const struct row busy_503[] = {
		{0, EV(START), 0, ACT(QUEUE), ST(QUEUED), NEVER, false},
		{0, EV(SLOT),  0, ACT(SUBSCRIBE), ST(WAIT), EXACT(32000),
		 false},
		{1, EV(ERROR), 30, ACT(FORGET), ST(RETRY), 30000, 33001,
		 false},
	};
	static const struct row denied_in_queue[] = {
		{0, EV(START), 0, ACT(QUEUE), ST(QUEUED), NEVER, false},
		{0, EV(REFUSED), 0, ACT(FORGET), ST(REFUSED), 300000, 330001,
		 false},
		{DUE_TIME, EV(DUE), 0, ACT(QUEUE), ST(QUEUED), NEVER, false},
	};
	(void)state;

	RUN(again_at_once);
	RUN(later);
	RUN(retry_after);
	RUN(retry_after_hostile);
	RUN(refused);
	RUN(refused_asked);
	RUN(busy_503);
	RUN(denied_in_queue);
}


static void test_ask(void **state)
{
	static const struct row once[] = {
		TO_LIVE,
		{1, EV(ASK), 0, ACT(QUEUE), ST(RENEW), EXACT(299999), true},
		{1, EV(ASK), 0, ACT(NONE),  ST(RENEW), EXACT(299998), true},
		{1, EV(NOTIFY), 100, ACT(NONE), ST(RENEW), EXACT(100000),
		 true},
		{1, EV(SLOT), 0, ACT(REFRESH), ST(REFRESH), EXACT(32000),
		 true},
		{1, EV(NOTIFY), 300, ACT(NONE), ST(LIVE), 150000, 240000,
		 true},
		/* not again within 30 s, but then */
		{1, EV(ASK), 0, ACT(NONE), ST(LIVE), EXACT(29995), true},
		{29995, EV(DUE), 0, ACT(QUEUE), ST(RENEW), ANY, ANY, true},
		{0, EV(SLOT), 0, ACT(REFRESH), ST(REFRESH), EXACT(32000),
		 true},
		{1, EV(NOTIFY), 300, ACT(NONE), ST(LIVE), 150000, 240000,
		 true},
	};
	struct blf_sub sub;
	(void)state;

	RUN(once);

	/* a nudge moves the refresh, and only to earlier */
	blf_sub_init(&sub, 300, 1);
	(void)blf_step(&sub, BLF_EV_START, 0, 0);
	(void)blf_step(&sub, BLF_EV_SLOT, 0, 0);
	(void)blf_step(&sub, BLF_EV_NOTIFY, 300, 0);
	blf_nudge(&sub, 45000, false);
	assert_int_equal(sub.due_ms, 45000);
	blf_nudge(&sub, 90000, false);
	assert_int_equal(sub.due_ms, 45000);
	assert_int_equal(blf_step(&sub, BLF_EV_DUE, 0, 45000), BLF_ACT_QUEUE);

	/* and the next try of a lost one, of a refused one if wanted */
	(void)blf_step(&sub, BLF_EV_ENDED, 0, 46000);
	blf_nudge(&sub, 46500, false);
	assert_int_equal(sub.due_ms, 46500);
	(void)blf_step(&sub, BLF_EV_DUE, 0, 46500);
	(void)blf_step(&sub, BLF_EV_REFUSED, 0, 47000);
	blf_nudge(&sub, 48000, false);
	assert_true(sub.due_ms >= 347000);
	blf_nudge(&sub, 48000, true);
	assert_int_equal(sub.due_ms, 48000);

	/* but not before the server wants it */
	(void)blf_step(&sub, BLF_EV_DUE, 0, 48000);
	(void)blf_step(&sub, BLF_EV_SLOT, 0, 48000);
	(void)blf_step(&sub, BLF_EV_ERROR, 60, 50000);
	assert_true(sub.due_ms >= 110000);
	blf_nudge(&sub, 51000, true);
	assert_int_equal(sub.due_ms, 110000);
	(void)blf_step(&sub, BLF_EV_DUE, 0, 110000);
	(void)blf_step(&sub, BLF_EV_SLOT, 0, 110000);
	(void)blf_step(&sub, BLF_EV_REFUSED, 900, 110000);
	blf_nudge(&sub, 111000, true);
	assert_int_equal(sub.due_ms, 1010000);

	/* a new registration does not wait; what was asked for is over */
	assert_int_equal(blf_step(&sub, BLF_EV_START, 0, 112000),
			 BLF_ACT_QUEUE);
	(void)blf_step(&sub, BLF_EV_SLOT, 0, 112000);
	(void)blf_step(&sub, BLF_EV_ERROR, 0, 112000);
	blf_nudge(&sub, 112001, false);
	assert_int_equal(sub.due_ms, 112001);
}


static void test_brief(void **state)
{
	static const struct {
		uint32_t have, min, want;   /* want 0: refused            */
	} testv[] = {
		{  300,      0,   600},
		{  600,      0,  1200},
		{ 2400,      0,  3600},
		{ 3600,      0,     0},
		{ 5000,      0,     0},
		{  300,    900,   900},
		{  300,  86400, 86400},
		{  300,  86401,     0},
		/* a Min-Expires that was kept to */
		{  300,    300,   600},
		{  300,     60,   600},
		{ 3600,   7200,  7200},
	};
	(void)state;

	for (size_t i=0; i<ROWS(testv); i++) {

		struct blf_sub sub;
		enum blf_state want;

		blf_sub_init(&sub, testv[i].have, 1);
		(void)blf_step(&sub, BLF_EV_START, 0, 1);
		(void)blf_step(&sub, BLF_EV_SLOT, 0, 1);
		(void)blf_step(&sub, BLF_EV_BRIEF, testv[i].min, 1);

		want = testv[i].want ? BLF_QUEUED : BLF_REFUSED;
		if (sub.state != want || (testv[i].want &&
					  sub.expires_s != testv[i].want))
			fail_msg("row %zu: expected %s %u, got %s %u", i,
				 blf_state_name(want), testv[i].want,
				 blf_state_name(sub.state), sub.expires_s);
	}
}


static void test_classify(void **state)
{
	static const struct {
		uint16_t scode;
		enum blf_event first, refresh;
	} testv[] = {
		{200, EV(OK),      EV(OK)},
		{202, EV(OK),      EV(OK)},
		{302, EV(REFUSED), EV(ERROR)},
		{400, EV(REFUSED), EV(ERROR)},
		{403, EV(REFUSED), EV(ERROR)},
		{404, EV(REFUSED), EV(GONE)},
		{405, EV(REFUSED), EV(GONE)},
		{408, EV(ERROR),   EV(ERROR)},
		{410, EV(REFUSED), EV(GONE)},
		{416, EV(REFUSED), EV(GONE)},
		{423, EV(BRIEF),   EV(BRIEF)},
		{480, EV(ERROR),   EV(GONE)},
		{481, EV(ERROR),   EV(GONE)},
		{482, EV(REFUSED), EV(GONE)},
		{483, EV(REFUSED), EV(GONE)},
		{484, EV(REFUSED), EV(GONE)},
		{485, EV(REFUSED), EV(GONE)},
		{486, EV(ERROR),   EV(ERROR)},
		{489, EV(REFUSED), EV(GONE)},
		{491, EV(ERROR),   EV(ERROR)},
		{500, EV(ERROR),   EV(ERROR)},
		{501, EV(REFUSED), EV(GONE)},
		{503, EV(ERROR),   EV(ERROR)},
		{603, EV(REFUSED), EV(ERROR)},
		{604, EV(REFUSED), EV(GONE)},
		{699, EV(ERROR),   EV(ERROR)},
	};
	(void)state;

	for (size_t i=0; i<ROWS(testv); i++) {

		const enum blf_event a = blf_classify(testv[i].scode, false);
		const enum blf_event b = blf_classify(testv[i].scode, true);

		if (a != testv[i].first || b != testv[i].refresh)
			fail_msg("row %zu: %u: expected %s and %s, got %s "
				 "and %s", i, testv[i].scode,
				 blf_event_name(testv[i].first),
				 blf_event_name(testv[i].refresh),
				 blf_event_name(a), blf_event_name(b));
	}
}


static void test_order(void **state)
{
	/* each row goes on from the one before */
	static const struct {
		uint32_t wait_ms, cseq;
		bool known;
		enum blf_order want;
	} testv[] = {
		{   0, 15399, true,  BLF_ORDER_NEW},
		{   1, 15399, true,  BLF_ORDER_SAME},
		{   1, 15400, true,  BLF_ORDER_NEW},
		{   1, 15600, false, BLF_ORDER_NEW},
		/* of a burst any may come again, the late one too */
		{   1, 15399, true,  BLF_ORDER_SAME},
		{   1, 15400, false, BLF_ORDER_SAME},
		{   1, 15500, true,  BLF_ORDER_LATE},
		{   1, 15500, true,  BLF_ORDER_SAME},
		{   1, 15600, true,  BLF_ORDER_SAME},
		/* what it says is new, though it counts back */
		{   1, 15501, false, BLF_ORDER_RESTART},
		{   1, 15550, true,  BLF_ORDER_LATE},
		/* the third in a row is no accident */
		{   1, 15551, true,  BLF_ORDER_RESTART},
		{   1, 15700, true,  BLF_ORDER_NEW},
		{   1, 15601, true,  BLF_ORDER_LATE},
		/* too long ago to be remembered */
		{   1, 15399, true,  BLF_ORDER_LATE},
		/* no packet is as late as that */
		{40001, 15650, true,  BLF_ORDER_RESTART},
		{   1, 99999, true,  BLF_ORDER_NEW},
		{   1,     1, true,  BLF_ORDER_RESTART},
		{   1, 0x7fffffff, true, BLF_ORDER_NEW},
		{   1,     0, true,  BLF_ORDER_RESTART},
	};
	struct blf_order_state os;
	uint64_t now = 5000;
	(void)state;

	memset(&os, 0, sizeof(os));

	for (size_t i=0; i<ROWS(testv); i++) {

		enum blf_order order;

		now += testv[i].wait_ms;
		order = blf_order(&os, testv[i].cseq, testv[i].known, now);
		if (order != testv[i].want)
			fail_msg("row %zu: expected %d, got %d", i,
				 testv[i].want, order);

		if (order == BLF_ORDER_NEW || order == BLF_ORDER_LATE)
			blf_order_take(&os, testv[i].cseq,
				       (uint16_t)(200 + i), now);

		/* each with its own answer */
		if (order == BLF_ORDER_SAME)
			row_true(i, blf_order_answer(&os, testv[i].cseq) >=
				 200);
		else if (order == BLF_ORDER_RESTART)
			row_uint(i, 0, blf_order_answer(&os, testv[i].cseq));
		else
			row_uint(i, 200 + i, blf_order_answer(&os,
							testv[i].cseq));
	}

	assert_true(sizeof(os) <= 48);
	assert_int_equal(0, blf_order_answer(NULL, 1));
}


/* Random events with a caller that does what it is told: whatever comes,
   never two SUBSCRIBEs under way, due times that make sense, and LIVE can be
   reached from everywhere */
static void test_property(void **state)
{
	uint32_t rng = 20261122;
	unsigned visitedv[BLF_STATES] = {0};
	(void)state;

	for (unsigned run_no=0; run_no<3000; run_no++) {

		struct blf_sub sub;
		bool under_way = false;
		uint64_t now = 1;

		blf_sub_init(&sub, 300, run_no);

		for (unsigned i=0; i<60; i++) {

			static const uint32_t valv[] = {
				0, 0, 1, 5, 300, 3600, 100000, UINT32_MAX
			};
			enum blf_event ev;
			enum blf_action action;
			enum blf_state from = sub.state;
			uint32_t val;

			rng = rng * 1664525 + 1013904223;
			ev  = 1 + (rng >> 16) % (BLF_EV_EXPIRED - 1);
			val = valv[(rng >> 8) % 8];
			now += (rng >> 4) % 3 ? rng % 3000 : rng % 200000;

			if ((rng >> 12) % 4 == 0 && sub.due_ms != BLF_NEVER) {
				ev  = BLF_EV_DUE;
				now = sub.due_ms > now ? sub.due_ms : now;
			}

			/* an answer only to what was asked; CLOSE is rare */
			if (ev >= BLF_EV_OK && ev <= BLF_EV_TIMEOUT) {
				if (!under_way)
					continue;
				under_way = false;
			}
			if (ev == BLF_EV_CLOSE && rng % 7)
				continue;

			action = blf_step(&sub, ev, val, now);
			++visitedv[sub.state];

			switch (action) {

			case BLF_ACT_SUBSCRIBE:
			case BLF_ACT_REFRESH:
				if (under_way)
					fail_msg("run %u step %u: %s on %s: "
						 "a second SUBSCRIBE", run_no,
						 i, blf_state_name(from),
						 blf_event_name(ev));
				under_way = true;
				break;

			case BLF_ACT_UNSUBSCRIBE:
				under_way = sub.state == BLF_CLOSING;
				break;

			case BLF_ACT_QUEUE:
			case BLF_ACT_FORGET:
				under_way = false;
				break;

			default:
				break;
			}

			if (sub.fresh && sub.state != BLF_LIVE &&
			    sub.state != BLF_RENEW &&
			    sub.state != BLF_REFRESH)
				fail_msg("run %u step %u: fresh while %s",
					 run_no, i,
					 blf_state_name(sub.state));

			if (sub.state != BLF_OFF && sub.state != BLF_QUEUED &&
			    sub.state != BLF_CLOSED &&
			    sub.due_ms == BLF_NEVER)
				fail_msg("run %u step %u: %s waits for ever",
					 run_no, i,
					 blf_state_name(sub.state));

			/* whoever steps all that is due must come to an end */
			for (int n=0; sub.due_ms <= now; n++) {
				if (n > 4)
					fail_msg("run %u step %u: %s is "
						 "always due", run_no, i,
						 blf_state_name(sub.state));
				action = blf_step(&sub, BLF_EV_DUE, 0, now);
				if (action != BLF_ACT_NONE)
					under_way = false;
			}

			if (sub.due_ms != BLF_NEVER &&
			    sub.due_ms > now + (uint64_t)UINT32_MAX * 1000)
				fail_msg("run %u step %u: due in %llu ms",
					 run_no, i, (unsigned long long)
					 (sub.due_ms - now));
		}

		if (sub.state == BLF_CLOSED || sub.state == BLF_CLOSING)
			continue;

		(void)blf_step(&sub, BLF_EV_START, 0, now);
		(void)blf_step(&sub, BLF_EV_SLOT, 0, now);
		(void)blf_step(&sub, BLF_EV_NOTIFY, 300, now);
		if (sub.state != BLF_LIVE || !sub.fresh)
			fail_msg("run %u: no way to LIVE, stuck in %s",
				 run_no, blf_state_name(sub.state));
	}

	for (unsigned i=0; i<BLF_STATES; i++) {
		if (!visitedv[i])
			fail_msg("%s was never reached", blf_state_name(i));
	}
}


/* 10,000 of the same second must not refresh in the same second */
static void test_spread(void **state)
{
	unsigned perv[100] = {0};
	(void)state;

	for (uint32_t i=0; i<10000; i++) {

		struct blf_sub sub;

		blf_sub_init(&sub, 300, 4711 + i);
		(void)blf_step(&sub, BLF_EV_START, 0, 0);
		(void)blf_step(&sub, BLF_EV_SLOT, 0, 0);
		(void)blf_step(&sub, BLF_EV_NOTIFY, 300, 0);

		assert_in_range(sub.due_ms, 150000, 240000);

		/* but many wake us together, 56 of all at once */
		assert_int_equal(0, sub.due_ms % 500);
		++perv[(sub.due_ms - 150000) / 1000];
	}

	/* 111 a second on average */
	for (unsigned i=0; i<90; i++) {
		if (perv[i] < 55 || perv[i] > 222)
			fail_msg("second %u: expected about 111, got %u",
				 i, perv[i]);
	}
}


static void test_gate(void **state)
{
	enum {MAY, SENT, DONE, SILENT, ALIVE, ACCEPT, FORBID, DENY, START,
	      SHUT};
	static const struct {
		uint32_t wait_ms;
		int op;
		bool want;       /* MAY: allowed; news: has opened        */
		enum blf_gate_mode mode;
	} testv[] = {
		{0, MAY,   false, BLF_GATE_SHUT},
		{0, START, false, BLF_GATE_PROBE},
		{0, MAY,   true,  BLF_GATE_PROBE},
		{0, SENT,  false, BLF_GATE_PROBE},
		/* one goes ahead; the next after a while, four at most */
		{0,   MAY, false, BLF_GATE_PROBE},
		{499, MAY, false, BLF_GATE_PROBE},
		{1,   MAY, true,  BLF_GATE_PROBE},
		{0,  SENT, false, BLF_GATE_PROBE},
		{500, MAY, true,  BLF_GATE_PROBE},
		{0,  SENT, false, BLF_GATE_PROBE},
		{500, MAY, true,  BLF_GATE_PROBE},
		{0,  SENT, false, BLF_GATE_PROBE},
		{500, MAY, false, BLF_GATE_PROBE},
		{0,  DONE, false, BLF_GATE_PROBE},
		{0, ALIVE, true,  BLF_GATE_OPEN},
		{0, ALIVE, false, BLF_GATE_OPEN},
		{0,   MAY, true,  BLF_GATE_OPEN},
		/* silent, but others were answered after that was sent */
		{0, SILENT, false, BLF_GATE_OPEN},
		{40000, SILENT, false, BLF_GATE_PROBE},
		{0, ACCEPT, true,  BLF_GATE_OPEN},
		{0, FORBID, false, BLF_GATE_OPEN},
		{0, FORBID, false, BLF_GATE_OPEN},
		{0, ACCEPT, false, BLF_GATE_OPEN},
		{0, FORBID, false, BLF_GATE_OPEN},
		{0, FORBID, false, BLF_GATE_OPEN},
		{0, FORBID, false, BLF_GATE_OPEN},
		{0, FORBID, false, BLF_GATE_OPEN},
		{0, FORBID, false, BLF_GATE_OPEN},
		{0, FORBID, false, BLF_GATE_OPEN},
		{0, FORBID, false, BLF_GATE_OPEN},
		{0, FORBID, false, BLF_GATE_DENIED},
		{0, DONE,   false, BLF_GATE_DENIED},
		{0, DONE,   false, BLF_GATE_DENIED},
		{0, DONE,   false, BLF_GATE_DENIED},
		{0, MAY,    false, BLF_GATE_DENIED},
		{0, ALIVE,  false, BLF_GATE_DENIED},
		{290000, MAY, true, BLF_GATE_DENIED},
		{0, SENT,   false, BLF_GATE_DENIED},
		{0, MAY,    false, BLF_GATE_DENIED},
		{0, DENY,   false, BLF_GATE_DENIED},
		{0, DONE,   false, BLF_GATE_DENIED},
		{289999, MAY, false, BLF_GATE_DENIED},
		{1, MAY,    true,  BLF_GATE_DENIED},
		{0, ACCEPT, true,  BLF_GATE_OPEN},
		{0, SHUT,   false, BLF_GATE_SHUT},
		{0, ACCEPT, false, BLF_GATE_SHUT},
		{0, MAY,    false, BLF_GATE_SHUT},
	};
	struct blf_gate gate;
	uint64_t now = 100000;
	(void)state;

	memset(&gate, 0, sizeof(gate));

	for (size_t i=0; i<ROWS(testv); i++) {

		bool got = false;

		now += testv[i].wait_ms;

		switch (testv[i].op) {

		case MAY:   got = blf_gate_may(&gate, now); break;
		case SENT:  blf_gate_sent(&gate, now); break;
		case DONE:  blf_gate_done(&gate); break;
		case START: blf_gate_start(&gate); break;
		case SHUT:  blf_gate_shut(&gate); break;
		case SILENT:
			got = blf_gate_step(&gate, BLF_GATE_SILENCE,
					    now - 32000, now);
			break;
		case ALIVE:
			got = blf_gate_step(&gate, BLF_GATE_ALIVE, 0, now);
			break;
		case ACCEPT:
			got = blf_gate_step(&gate, BLF_GATE_ACCEPTED, 0, now);
			break;
		case FORBID:
			got = blf_gate_step(&gate, BLF_GATE_FORBID, 0, now);
			break;
		case DENY:
			got = blf_gate_step(&gate, BLF_GATE_PASSWORD, 0, now);
			break;
		}

		if (got != testv[i].want || gate.mode != testv[i].mode)
			fail_msg("row %zu: expected %d mode %d, got %d mode "
				 "%d", i, testv[i].want, testv[i].mode, got,
				 gate.mode);
	}
}


/* Ends that tell of others: some by themselves, some only if they are many */
static void test_signs(void **state)
{
	static const struct {
		uint32_t wait_ms;
		uint16_t scode;          /* 0: by NOTIFY                  */
		bool want;
	} rowv[] = {
		{    0, 481, true}, {   0, 489, true}, {   0, 501, true},
		{    0, 405, true},
		{    0, 404, false}, { 100, 410, true},
		{    0, 404, false}, { 10001, 404, false}, {9999, 480, true},
		{    0, 0, false}, {   5, 0, false}, {   5, 0, true},
		{    0, 0, false}, {   5, 404, false}, {   5, 0, true},
		{    0, 0, false}, {6000, 0, false}, {6000, 0, false},
	};
	struct blf_gate gate;
	uint64_t now = 5000;
	(void)state;

	memset(&gate, 0, sizeof(gate));

	for (size_t i=0; i<ROWS(rowv); i++) {
		now += rowv[i].wait_ms;
		row_bool(i, rowv[i].want, blf_gate_sign(&gate,
			 blf_gate_sign_of(rowv[i].scode), now));
	}

	assert_false(blf_gate_sign(NULL, BLF_SIGN_OF_ALL, 0));
}


static void test_names(void **state)
{
	(void)state;

	for (unsigned i=0; i<BLF_STATES; i++)
		assert_string_not_equal(blf_state_name(i), "?");
	for (unsigned i=0; i<BLF_EVENTS; i++)
		assert_string_not_equal(blf_event_name(i), "?");
	for (unsigned i=0; i<BLF_ACTIONS; i++)
		assert_string_not_equal(blf_action_name(i), "?");

	assert_string_equal(blf_state_name(BLF_STATES), "?");
	assert_string_equal(blf_event_name(BLF_EVENTS), "?");
	assert_string_equal(blf_action_name(BLF_ACTIONS), "?");
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_life),
		unit_test(test_lost),
		unit_test(test_ended),
		unit_test(test_ask),
		unit_test(test_brief),
		unit_test(test_classify),
		unit_test(test_order),
		unit_test(test_property),
		unit_test(test_spread),
		unit_test(test_gate),
		unit_test(test_signs),
		unit_test(test_names),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
