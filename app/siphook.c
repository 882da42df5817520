/**
 * @file app/siphook.c  First look at every SIP message of the phone's stack
 */
#include <re.h>
#include "siphook.h"


enum {
	HOOKS_MAX = 16,
	HASH_SIZE = 4096,    /* transactions: thousands of SUBSCRIBEs  */
};

struct hook {
	siphook_h *h;        /* NULL: free place                        */
	void *arg;
	int prio;
	bool req;
};

static struct {
	bool armed;
	struct sip_lsnr *lsnr_req;
	struct sip_lsnr *lsnr_resp;
	struct hook hookv[HOOKS_MAX];
	size_t hookc;
} siphook;


int __real_sip_listen(struct sip_lsnr **lsnrp, struct sip *sip, bool req,
		      sip_msg_h *msgh, void *arg);
int __wrap_sip_listen(struct sip_lsnr **lsnrp, struct sip *sip, bool req,
		      sip_msg_h *msgh, void *arg);
int __real_sip_alloc(struct sip **sipp, struct dnsc *dnsc, uint32_t ctsz,
		     uint32_t stsz, uint32_t tcsz, const char *software,
		     sip_exit_h *exith, void *arg);
int __wrap_sip_alloc(struct sip **sipp, struct dnsc *dnsc, uint32_t ctsz,
		     uint32_t stsz, uint32_t tcsz, const char *software,
		     sip_exit_h *exith, void *arg);


/* A hook may remove itself or others: places are only emptied here, and a
   hook added meanwhile waits for the next message */
static bool dispatch(bool req, const struct sip_msg *msg)
{
	const size_t n = siphook.hookc;

	for (size_t i = 0; i < n; i++) {

		const struct hook hook = siphook.hookv[i];

		if (!hook.h || hook.req != req)
			continue;

		if (hook.h(msg, hook.arg))
			return true;
	}

	return false;
}


static bool request_handler(const struct sip_msg *msg, void *arg)
{
	(void)arg;
	return dispatch(true, msg);
}


static bool response_handler(const struct sip_msg *msg, void *arg)
{
	(void)arg;
	return dispatch(false, msg);
}


/* sip_alloc() itself listens for its transactions first of all, so the first
   call after siphook_arm() belongs to the phone's stack */
int __wrap_sip_listen(struct sip_lsnr **lsnrp, struct sip *sip, bool req,
		      sip_msg_h *msgh, void *arg)
{
	if (siphook.armed && sip) {

		int err;

		siphook.armed = false;

		err  = __real_sip_listen(&siphook.lsnr_req, sip, true,
					 request_handler, NULL);
		err |= __real_sip_listen(&siphook.lsnr_resp, sip, false,
					 response_handler, NULL);
		if (err)
			return err;
	}

	return __real_sip_listen(lsnrp, sip, req, msgh, arg);
}


/* baresip asks for 16 buckets whatever the number of transactions */
int __wrap_sip_alloc(struct sip **sipp, struct dnsc *dnsc, uint32_t ctsz,
		     uint32_t stsz, uint32_t tcsz, const char *software,
		     sip_exit_h *exith, void *arg)
{
	if (siphook.armed) {
		ctsz = max(ctsz, HASH_SIZE);
		stsz = max(stsz, HASH_SIZE);
	}

	return __real_sip_alloc(sipp, dnsc, ctsz, stsz, tcsz, software,
				exith, arg);
}


void siphook_arm(void)
{
	siphook.armed = true;
}


void siphook_close(void)
{
	siphook.armed = false;
	siphook.lsnr_req = mem_deref(siphook.lsnr_req);
	siphook.lsnr_resp = mem_deref(siphook.lsnr_resp);
	siphook.hookc = 0;
}


int siphook_add(bool req, int prio, siphook_h *h, void *arg)
{
	size_t i, n = 0;

	if (!h)
		return EINVAL;

	/* close the gaps, keep the order */
	for (i = 0; i < siphook.hookc; i++) {
		if (siphook.hookv[i].h)
			siphook.hookv[n++] = siphook.hookv[i];
	}

	siphook.hookc = n;

	if (n >= HOOKS_MAX)
		return ENOMEM;

	for (i = n; i > 0 && siphook.hookv[i-1].prio > prio; i--)
		siphook.hookv[i] = siphook.hookv[i-1];

	siphook.hookv[i] = (struct hook){
		.h = h, .arg = arg, .prio = prio, .req = req
	};
	++siphook.hookc;

	return 0;
}


void siphook_del(siphook_h *h, void *arg)
{
	for (size_t i = 0; i < siphook.hookc; i++) {

		struct hook *hook = &siphook.hookv[i];

		if (hook->h == h && hook->arg == arg)
			hook->h = NULL;
	}
}
