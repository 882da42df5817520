/**
 * @file modules/reg/reg_sip.h  Registration client
 *
 * Our own, since libre's backs off for up to half an hour, un-REGISTERs when
 * it is asked to try again, and does not tell which connection it stands on.
 */
#ifndef PARKDECK_REG_SIP_H
#define PARKDECK_REG_SIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "app/clock.h"

struct sip;
struct sip_msg;
struct regc;

/** Strings and arg are copied or borrowed as said */
struct regc_prm {
	struct sip *sip;       /**< Borrowed                             */
	const char *aor;       /**< "sip:101@pbx", copied                */
	const char *uri;       /**< Request-URI, "sip:pbx;transport=tls" */
	const char *dname;     /**< Display name, or NULL                */
	const char *cuser;     /**< Contact user, a stored uuid          */
	const char *instance;  /**< uuid of +sip.instance, or NULL       */
	const char *route;     /**< Outbound proxy URI, or NULL          */
	uint32_t expires_s;    /**< Asked for, 300 at most is wise. 0: do
				    not register; ask by OPTIONS who the
				    server is, which any answer tells     */
	/** As sip_auth_h */
	int (*authh)(char **user, char **pass, const char *realm, void *arg);
	void *authp;
	/** Why the transport failed, or "" (may be NULL) */
	void (*reasonh)(char *buf, size_t size);
};

/** What is told of a registration */
struct regc_report {
	bool registered;
	bool fresh;            /**< Registered anew: subscribe anew       */
	bool refused;          /**< Given up until told to try again      */
	bool silent;           /**< The server said nothing, not even no  */
	char reason[160];      /**< "403 Forbidden", "no answer", or ""   */
	/** The 2xx that registered us (any answer, if expires_s is 0), or
	    NULL; valid during the call */
	const struct sip_msg *msg;
};

typedef void (regc_h)(const struct regc_report *report, void *arg);

/**
 * Start to register
 *
 * @param regcp mem_deref() it after regc_stop()
 */
int  regc_alloc(struct regc **regcp, const struct clock *clock,
		const struct regc_prm *prm, regc_h *h, void *arg);

/** Try again now: after a reload, or by the user's wish */
void regc_retry(struct regc *regc);

/** Our own address changed, or we were away: register anew at once */
void regc_net_changed(struct regc *regc);

/** Un-REGISTER; `h` is called once when that is done or pointless */
void regc_stop(struct regc *regc, void (*h)(void *arg), void *arg);

#endif
