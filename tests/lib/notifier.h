/**
 * @file tests/lib/notifier.h  A notifier of dialog state, as bad as needed
 *
 * A second SIP stack on loopback, in the same loop, port chosen by the
 * system. Each SUBSCRIBE is recorded; what happens to it is set by flags or
 * by a handler of the test.
 */
#ifndef PARKDECK_TESTS_NOTIFIER_H
#define PARKDECK_TESTS_NOTIFIER_H

#include <re.h>

enum {
	NOTIFIER_SUBS = 20000,
	NOTIFIER_NONCES = 1000,
};

/** A subscription as the notifier sees it, or one branch of a fork */
struct notifier_sub {
	struct le he;
	char user[64];         /**< Who is watched                       */
	char callid[64];
	char ltag[32];         /**< The notifier's                       */
	char rtag[32];
	char contact[128];
	enum sip_transp tp;    /**< It came over                         */
	uint32_t cseq;         /**< Of the last NOTIFY                   */
	uint32_t version;      /**< Of the next document                 */
	uint32_t expires_s;
	bool over;
};

/** What was read of the last SUBSCRIBE */
struct notifier_seen {
	char ruri[128];
	char callid[64];
	char ftag[32];
	char ttag[32];         /**< "": initial                          */
	char event[64];
	char accept[128];
	char contact[128];
	char supported[64];
	char route[256];
	uint32_t cseq;
	uint32_t expires_s;
	bool expires;          /**< There was such a header              */
	bool auth;
};

struct notifier;

/**
 * A SUBSCRIBE came (recorded already, authenticated if so wished)
 *
 * @param sub In a dialog: the subscription, else NULL
 *
 * @return True if the test has dealt with it
 */
typedef bool (notifier_h)(struct notifier *n, const struct sip_msg *msg,
			  struct notifier_sub *sub, void *arg);

/** All zero: 200, then NOTIFY "terminated" */
struct notifier_how {
	bool auth;             /**< Challenge (password "secret")        */
	bool proxy;            /**< with 407                             */
	bool once;             /**< A nonce is good for one request      */
	bool unknown_first;    /**< Two challenges, one not understood   */
	bool sha256;
	bool silent;           /**< No answer at all                     */
	bool stateless;        /**< No NOTIFY                            */
	bool first;            /**< NOTIFY before the 2xx                */
	bool parked;           /**< State "confirmed"                    */
	uint16_t scode;        /**< 0: 200                               */
	const char *hdrs;      /**< More headers of the answer           */
	uint32_t expires_s;    /**< At most, 0: as asked                 */
};

/** OPTIONS came; it is answered when this comes back */
typedef void (notifier_ping_h)(struct notifier *n, const struct sip_msg *msg,
			       void *arg);

struct notifier {
	struct sip *sip;
	struct sip_lsnr *lsnr;
	struct sip_lsnr *lsnr_resp;
	struct sa laddr;       /**< UDP                                  */
	struct sa tcp;
	struct hash *ht;
	struct notifier_sub *subv;
	size_t subc;
	struct notifier_how how;
	notifier_h *h;
	notifier_ping_h *pingh;
	void *arg;
	struct notifier_seen seen;
	uint64_t nonce;        /**< The one that is valid                */
	unsigned issuedc;      /**< Or those good for one request        */
	bool usedv[NOTIFIER_NONCES];
	unsigned subscribec;   /**< SUBSCRIBEs                           */
	unsigned initialc;     /**< of them without To tag               */
	unsigned byec;         /**< of them with Expires 0               */
	unsigned challengec;   /**< 401 and 407 sent                     */
	unsigned usedc;        /**< Credentials with a nonce used before */
	unsigned badpassc;     /**< Credentials that were wrong          */
	unsigned pingc;        /**< OPTIONS                              */
	unsigned okc;          /**< 2xx to our NOTIFYs                   */
	uint16_t scode;        /**< Last answer to a NOTIFY, 0: none     */
	unsigned answerc;      /**< Answers to NOTIFYs                   */
};

int  notifier_alloc(struct notifier **np);

/** @return Subscription number i from the end, 0: the latest */
struct notifier_sub *notifier_last(const struct notifier *n, unsigned i);

/** Answer, with a To tag; on success make the subscription */
struct notifier_sub *notifier_accept(struct notifier *n,
				     const struct sip_msg *msg,
				     uint16_t scode, const char *hdrs);

/** One more branch of the same SUBSCRIBE */
struct notifier_sub *notifier_fork(struct notifier *n,
				   const struct notifier_sub *of,
				   const char *ltag);

/** NOTIFY with the next CSeq; `state` is that of the one dialog, NULL: no
    body; `substate` as in the header */
void notifier_notify(struct notifier *n, struct notifier_sub *sub,
		     const char *substate, const char *state);

/** As notifier_notify(), but sent once and its answer not looked for */
void notifier_tell(struct notifier *n, struct notifier_sub *sub,
		   const char *state);

/** NOTIFY with whatever the test wants; `rest` begins after CSeq */
void notifier_raw(struct notifier *n, const struct notifier_sub *sub,
		  uint32_t cseq, const char *rest);

/** As notifier_raw(), but sent once and its answer not looked for */
void notifier_tell_raw(struct notifier *n, const struct notifier_sub *sub,
		       uint32_t cseq, const char *rest);

#endif
