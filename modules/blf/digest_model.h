/**
 * @file modules/blf/digest_model.h  Digest authentication, one cache for
 *                                   all requests of an account
 *
 * RFC 8760 and 7616 with MD5 or SHA-256 and qop=auth or none. A nonce is
 * used again as long as the server takes it, with a nonce count of its own,
 * so that thousands of SUBSCRIBEs need not be challenged one by one.
 */
#ifndef PARKDECK_DIGEST_MODEL_H
#define PARKDECK_DIGEST_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DIGEST_REALMS = 4,       /**< Kept per account                   */
	DIGEST_REALM_SZ = 128,
	DIGEST_USER_SZ = 128,
	DIGEST_NONCE_SZ = 512,
	DIGEST_OPAQUE_SZ = 256,
	DIGEST_MD_MAX = 32,      /**< Largest hash [bytes]               */
	DIGEST_HDR_SZ = 2048,    /**< Room for one header line           */
};

enum digest_alg {
	DIGEST_MD5 = 0,
	DIGEST_SHA256,

	DIGEST_ALGS
};

/** Write the hash of n bytes to md: 16 bytes for MD5, 32 for SHA-256 */
typedef void (digest_h)(enum digest_alg alg, const void *p, size_t n,
			uint8_t *md);

/** A challenge that we can answer */
struct digest_chal {
	char realm[DIGEST_REALM_SZ];
	char nonce[DIGEST_NONCE_SZ];
	char opaque[DIGEST_OPAQUE_SZ];
	enum digest_alg alg;
	bool qop;                /**< qop=auth was offered               */
	bool stale;
	bool proxy;              /**< Proxy-Authenticate                 */
	bool alg_named;
};

/** What is kept for one realm */
struct digest_cred {
	struct digest_chal chal; /**< The latest                         */
	char user[DIGEST_USER_SZ];
	char ha1[2 * DIGEST_MD_MAX + 1];
	uint32_t nc;             /**< Uses of this nonce                 */
	uint32_t age;            /**< For eviction                       */
};

struct digest {
	struct digest_cred credv[DIGEST_REALMS];
	size_t credc;
	uint32_t age;
};

/**
 * Decode the value of a WWW- or Proxy-Authenticate header
 *
 * @return 0; ENOTSUP: another scheme, algorithm or qop, look at the next
 *         header (RFC 8760 2.4); EBADMSG; EOVERFLOW
 */
int digest_chal_decode(struct digest_chal *chal, bool proxy,
		       const char *p, size_t n);

/** @return Credentials kept for that challenge's realm, or NULL */
struct digest_cred *digest_find(struct digest *digest,
				const struct digest_chal *chal);

/**
 * Keep a challenge and what answers it, in place of the realm's last one
 *
 * @param user,pass  NULL: those of digest_find() go on to be used
 *
 * @return 0, ENOENT (no user known), EOVERFLOW or EBADMSG (a user name
 *         that cannot be quoted)
 */
int digest_take(struct digest *digest, const struct digest_chal *chal,
		const char *user, const char *pass, digest_h *h);

/**
 * Print the header line that answers, with the next nonce count
 *
 * @param buf    At least DIGEST_HDR_SZ
 * @param cnonce Any number, different for each
 *
 * @return 0 or EOVERFLOW
 */
int digest_print(char *buf, size_t sz, struct digest_cred *cred,
		 const char *met, const char *uri, uint64_t cnonce,
		 digest_h *h);

#endif
