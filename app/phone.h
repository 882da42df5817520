/**
 * @file app/phone.h  The one bridge to libbaresip: accounts, calls, network
 *
 * Everything that touches baresip's API stands in app/phone*.c. A call's
 * events are ours from its first moment on: baresip itself would hang up a
 * call whose transfer fails.
 */
#ifndef PARKDECK_PHONE_H
#define PARKDECK_PHONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "cfg.h"
#include "clock.h"
#include "event.h"

struct phone;
struct sa;
struct sip;
struct sip_msg;

/** One account as others need it; read only, lives as long as the phone */
struct phone_account {
	unsigned idx;
	char *aor;            /**< "sip:101@pbx"                         */
	char *user;           /**< "101"                                 */
	char *hostport;       /**< "pbx:5080", as in the AOR             */
	char *params;         /**< ";transport=tls", or ""               */
	char *uri;            /**< Of the server: "sip:pbx;transport=tls" */
	char *dname;          /**< Display name, or NULL                 */
	char *cuser;          /**< Contact user: the stored uuid         */
	char *route;          /**< Outbound proxy, or NULL               */
	uint32_t regint_s;    /**< 0: does not register                  */
	bool registered;
	bool password;        /**< One is configured                     */
	bool refused;         /**< Its password is wrong: ask nothing    */
	void *p;              /**< Of app/phone.c                        */
};

struct phone_prm {
	const struct clock *clock;   /**< Borrowed                       */
	/** Goes on while the machine sleeps, borrowed; NULL: sleep is not
	    noticed */
	const struct clock *boot_clock;
	struct bus *bus;             /**< Borrowed                       */
	const struct cfg *cfg;       /**< Borrowed during the call       */
	const char *uuid;            /**< Stored uuid of this phone      */
	const char *software;        /**< User-Agent                     */
	/** Put a call's sound, by its device name, to the background */
	void (*backgroundh)(const char *dev, bool on);
	/** Our address changed, or the machine has slept; accounts must
	    register anew */
	void (*neth)(void *arg);
	void *arg;
};

/**
 * Start the SIP stack and make the accounts; nothing is registered yet
 *
 * @param phonep Set on return
 * @param err    Set to one sentence on failure
 *
 * @return 0 or an errno
 */
int  phone_alloc(struct phone **phonep, const struct phone_prm *prm,
		 char *err, size_t errsz);

/**
 * End all calls and the SIP stack; `exith` is called when the last
 * transaction is over, within two seconds
 */
void phone_stop(struct phone *phone, void (*exith)(void *arg), void *arg);

/** The same at once: nobody is told good-bye. For the end of the program */
void phone_close(struct phone *phone);

/** @return True if an interface of this machine has that address */
bool phone_own_address(const struct sa *sa);

struct sip *phone_sip(const struct phone *phone);
size_t phone_accountc(const struct phone *phone);
struct phone_account *phone_account(const struct phone *phone, unsigned idx);

/** As sip_auth_h, arg is the phone_account */
int  phone_auth(char **user, char **pass, const char *realm, void *arg);

/**
 * An account's registration, as the registrar's answer told it
 *
 * @param msg The 2xx, or NULL. Its source is the server from which requests
 *            are taken from now on
 */
void phone_registered(struct phone *phone, unsigned idx, bool registered,
		      const struct sip_msg *msg);

/** Whether an account's server says nothing at all, not even no */
void phone_server_silent(struct phone *phone, unsigned idx, bool silent);

/** Our password was refused for good, or is worth a try again */
void phone_refused(struct phone *phone, unsigned idx, bool refused);

/** @return True if a message comes from a server that registered us */
bool phone_from_server(const struct phone *phone, const struct sip_msg *msg);

/**
 * Does a message come from the server of this account?
 *
 * Its source is the address whose 2xx registered the account, and it came
 * no less safely than that 2xx: a datagram's source is easily forged, so
 * over TCP or TLS only a connection counts, over TLS only one of TLS.
 *
 * @param idx Of the account that the message is meant for
 *
 * @return False also for an account that is not known, or whose server is
 *         not; always true with the setting requests=any
 */
bool phone_server_account(const struct phone *phone, unsigned idx,
			  const struct sip_msg *msg);

/** The same, whatever the setting: for what only the server may say */
bool phone_server_proven(const struct phone *phone, unsigned idx,
			 const struct sip_msg *msg);

/**
 * Make a SIP URI of what a user types or a template gives
 *
 * A number ("701", "*59", "#72") gets the account's server and transport,
 * characters that a user part may not hold are escaped (RFC 3261 25.1);
 * "user@host" gets "sip:"; a "sip:" URI stays.
 *
 * @return 0, EINVAL (nothing dialable in it), ENOMEM (does not fit)
 */
int  phone_uri(char *buf, size_t size, const struct phone_account *acc,
	       const char *where);

/** Find an account by what names it: "102", "102@pbx" or "sip:102@pbx"

    @return 0, ENOENT (none), EEXIST (several) */
int  phone_account_find(const struct phone *phone, unsigned *idxp,
			const char *name);

/* Calls */

/** @return True if as many calls are up as max_calls allows; who is parked,
	    or recalled, is taken all the same */
bool phone_full(const struct phone *phone);

enum phone_phase {
	PHONE_PHASE_NONE = 0,
	PHONE_PHASE_PARKING,
	PHONE_PHASE_RETRIEVING,
};

enum phone_call_event {
	PHONE_CALL_ESTABLISHED = 0,
	PHONE_CALL_CLOSED,       /**< `scode` and text say why           */
	PHONE_CALL_IDENTITY,     /**< The far end is told to be another  */
	PHONE_CALL_REINVITE,     /**< The far end sent a re-INVITE       */
	PHONE_CALL_HELD,         /**< Our hold was answered; 2xx or not  */
};

/** `text`: reason phrase; for IDENTITY the number, `scode` of the answer that
    gave it or 0; for REINVITE the number that the server asserts in it
    (RFC 3325, RFC 4916), or "" */
typedef void (phone_call_h)(enum phone_call_event ev, unsigned id,
			    unsigned scode, const char *text, void *arg);

/** One listener hears of all calls; a second takes its place */
void phone_set_call_handler(struct phone *phone, phone_call_h *h, void *arg);

/**
 * Is a call wanted although as many are up as are allowed?
 *
 * @param account     Index of the account that is called
 * @param number      The caller's, "" if it is withheld
 * @param referred_by Who sent him here (RFC 3892), or ""
 */
typedef bool (phone_wanted_h)(unsigned account, const char *number,
			      const char *referred_by, void *arg);

/** One is asked for all calls; a second takes its place */
void phone_set_wanted_handler(struct phone *phone, phone_wanted_h *h,
			      void *arg);

/**
 * Dial; an active call is held first
 *
 * @param idp Set to the call's id, may be NULL
 * @param err Set to one sentence on failure
 */
int  phone_dial(struct phone *phone, unsigned account, const char *where,
		unsigned *idp, char *err, size_t errsz);

/** A dialog as its far end sees it (RFC 3891 3) */
struct phone_replaces {
	const char *call_id;
	const char *to_tag;
	const char *from_tag;
};

/**
 * Call somebody to take the place of another in a call of his
 *
 * With Require: replaces, so that a server which cannot do it refuses instead
 * of making a second call of it. Else as phone_dial().
 *
 * @return Also EINVAL: tags or Call-ID are none (RFC 3261 25.1)
 */
int  phone_dial_replaces(struct phone *phone, unsigned account,
			 const char *where,
			 const struct phone_replaces *replaces,
			 unsigned *idp, char *err, size_t errsz);
int  phone_answer(struct phone *phone, unsigned id);

/** @param scode Of the refusal of a ringing call; 0: 486 */
int  phone_hangup(struct phone *phone, unsigned id, unsigned scode);
int  phone_hold(struct phone *phone, unsigned id, bool hold);
int  phone_mute(struct phone *phone, unsigned id, bool mute);
int  phone_dtmf(struct phone *phone, unsigned id, const char *keys);

/** Neither heard nor hearing: the next call does not wait for it */
int  phone_background(struct phone *phone, unsigned id, bool on);

/**
 * How much was heard of a call
 *
 * @return RTP packets received so far [RFC 3550]; 0 also for no such call
 */
uint32_t phone_heard(const struct phone *phone, unsigned id);

/** End this call if nothing is heard from it for so long [s]; 0: as all */
int  phone_watch(struct phone *phone, unsigned id, uint32_t timeout_s);
int  phone_set_phase(struct phone *phone, unsigned id,
		     enum phone_phase phase, const char *spot);

/** Say who the far end is, where the server did not */
int  phone_set_peer(struct phone *phone, unsigned id, const char *name,
		    const char *number);

/** Hold whatever is active, except that call; @return id held, or 0 */
unsigned phone_hold_active(struct phone *phone, unsigned except);

/** The call's present fact, borrowed, or NULL */
const struct call_fact *phone_call(const struct phone *phone, unsigned id);

/** The call the user talks on, or NULL */
const struct call_fact *phone_active(const struct phone *phone);

/** First call that satisfies, in order of ids; NULL h: any */
const struct call_fact *phone_first(const struct phone *phone,
				    enum deskcall_state state);

/* Transfer (RFC 3515) */

enum phone_refer_event {
	PHONE_REFER_ACCEPTED = 0,  /**< 2xx to the REFER                 */
	PHONE_REFER_REFUSED,       /**< `scode`, text                    */
	PHONE_REFER_TIMEOUT,       /**< No answer within Timer F         */
	PHONE_REFER_LOST,          /**< It did not get there: text       */
	PHONE_REFER_FRAG,          /**< sipfrag: its `scode`, its phrase */
};

typedef void (phone_refer_h)(enum phone_refer_event ev, unsigned id,
			     unsigned scode, const char *text, void *arg);

/**
 * Send REFER in the call's dialog
 *
 * @param uri Refer-To, a SIP URI without brackets
 *
 * @return 0, ENOENT (no such call), ENOTCONN (not established), EALREADY
 */
int  phone_refer(struct phone *phone, unsigned id, const char *uri,
		 phone_refer_h *h, void *arg);

/**
 * The address of a call's far end, with the Replaces header that lets
 * another take our place in it (RFC 3891, RFC 5589 7)
 *
 * @return 0, ENOENT, ENOTCONN (not established), ENOMEM (does not fit)
 */
int  phone_replaces_uri(char *buf, size_t size, const struct phone *phone,
			unsigned id);

/**
 * Hear no more of a call's REFER; its NOTIFYs are answered all the same
 *
 * Who sent a REFER must call this, also after the call has closed.
 */
void phone_refer_forget(struct phone *phone, unsigned id);

#endif
