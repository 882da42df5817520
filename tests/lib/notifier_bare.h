/**
 * @file tests/lib/notifier_bare.h  A notifier of a UDP socket, for benchmarks
 *
 * Registrar and notifier without a SIP stack: whatever it is told it answers
 * at once, it keeps no transaction and repeats nothing, so that next to none
 * of the time that passes is its own. Only libre's parser is used, no loop.
 * It counts what the other side repeats.
 */
#ifndef PARKDECK_TESTS_NOTIFIER_BARE_H
#define PARKDECK_TESTS_NOTIFIER_BARE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <re.h>

enum {
	BARE_SUBS = 20000,
	BARE_EXPIRES_S = 300,
};

/** One subscription, or somebody who gets NOTIFYs without any */
struct bare_sub {
	struct le he;
	char user[32];
	char callid[64];
	char ltag[24];         /**< The notifier's                       */
	char rtag[64];
	char contact[128];
	struct sockaddr_in peer;
	uint32_t cseq;         /**< Of the last NOTIFY                   */
	uint32_t version;      /**< Of the next document                 */
	uint32_t lseq;         /**< Of the last SUBSCRIBE                */
	unsigned nonce;        /**< That it may use                      */
	bool live;
};

struct bare {
	int fd;
	char addr[32];         /**< "127.0.0.1:5060"                     */
	struct hash *ht;
	struct bare_sub *subv;
	size_t subc;
	bool once;             /**< A nonce is good for one SUBSCRIBE    */
	uint32_t expires_s;    /**< At most; 0: as asked                 */
	size_t livec;          /**< Subscribed, and told their state     */
	unsigned registerc;
	unsigned subscribec;
	unsigned challengec;
	unsigned repeatc;      /**< Same SUBSCRIBE once more             */
	unsigned notifyc;      /**< Sent                                 */
	unsigned answerc;      /**< Of them answered with 200            */
	unsigned wrongc;       /**< Answered otherwise                   */
	unsigned pongc;        /**< Answers to other requests            */
	uint64_t first_ns;     /**< When the first SUBSCRIBE was read    */
	uint64_t answer_ns;    /**< When the last datagram came, by the
				    kernel: however late it is read. Both
				    are bench_wall_ns()                  */
	/** If set: gives the first NOTIFYs of a subscription itself */
	void (*firsth)(struct bare *bare, struct bare_sub *sub, void *arg);
	void *arg;
};

int  bare_open(struct bare *bare);
void bare_close(struct bare *bare);

/** Take all that has come; does not wait */
void bare_read(struct bare *bare);

/** Add somebody who gets NOTIFYs, with a made-up dialog */
struct bare_sub *bare_add(struct bare *bare, const char *user,
			  const struct sockaddr_in *peer);

/** Send NOTIFY: the dialog's state, who is there ("" or NULL: nobody) */
void bare_notify(struct bare *bare, struct bare_sub *sub, const char *state,
		 const char *who);

/** Send NOTIFY with a body of that type */
void bare_notify_body(struct bare *bare, struct bare_sub *sub,
		      const char *ctype, const char *hdrs, const char *body,
		      size_t len);

/** Write the message that bare_notify_body() sends. @return Its length, or 0:
    no room */
size_t bare_message(char *buf, size_t sz, struct bare *bare,
		    struct bare_sub *sub, const char *ctype, const char *hdrs,
		    const char *body, size_t len);

/** Write the document that bare_notify() sends. @return Its length */
size_t bare_body(char *buf, size_t sz, struct bare_sub *sub,
		 const char *state, const char *who);

/** Send OPTIONS, without a dialog */
void bare_ping(struct bare *bare, const struct sockaddr_in *peer,
	       const char *user);

#endif
