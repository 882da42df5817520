/**
 * @file tests/unit/test_digest_model.c  Digest authentication
 */
#include "tests/lib/test.h"
#include <errno.h>
#include <openssl/evp.h>
#include "modules/blf/digest_model.h"


static void hash(enum digest_alg alg, const void *p, size_t n, uint8_t *md)
{
	unsigned len = DIGEST_MD_MAX;

	assert_true(EVP_Digest(p, n, md, &len, alg == DIGEST_MD5
			       ? EVP_md5() : EVP_sha256(), NULL));
}


static int decode(struct digest_chal *chal, const char *s)
{
	return digest_chal_decode(chal, false, s, strlen(s));
}


static void test_decode(void **state)
{
	static const struct {
		const char *text;
		int err;
		const char *realm, *nonce, *opaque;
		enum digest_alg alg;
		bool qop, stale;
	} testv[] = {
		/* Asterisk 22 */
		{"Digest realm=\"asterisk-lab\",nonce=\"1795331879/fad8\","
		 "opaque=\"6b306b5547c1bc9a\",algorithm=MD5,qop=\"auth\"",
		 0, "asterisk-lab", "1795331879/fad8", "6b306b5547c1bc9a",
		 DIGEST_MD5, true, false},
		{"digest  realm=pbx , nonce=x", 0, "pbx", "x", "",
		 DIGEST_MD5, false, false},
		{"Digest realm=\"a, b=c\", nonce=\"\", stale=TRUE", 0,
		 "a, b=c", "", "", DIGEST_MD5, false, true},
		{"Digest\r\n realm=\"r\",\r\n\tnonce=\"n\"", 0, "r", "n", "",
		 DIGEST_MD5, false, false},
		{"Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256, "
		 "qop=\"auth-int,auth\"", 0, "r", "n", "", DIGEST_SHA256,
		 true, false},
		{"Digest realm=\"say \\\"a\\\\\", nonce=\"n\"", EBADMSG,
		 NULL, NULL, NULL, 0, false, false},
		{"Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256",
		 ENOTSUP, NULL, NULL, NULL, 0, false, false},
		{"Digest realm=\"r\", nonce=\"n\", algorithm=MD5-sess",
		 ENOTSUP, NULL, NULL, NULL, 0, false, false},
		{"Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"",
		 ENOTSUP, NULL, NULL, NULL, 0, false, false},
		{"Basic realm=\"r\"", ENOTSUP, NULL, NULL, NULL, 0, false,
		 false},
		{"Digestrealm=\"r\", nonce=\"n\"", ENOTSUP, NULL, NULL,
		 NULL, 0, false, false},
		{"", ENOTSUP, NULL, NULL, NULL, 0, false, false},
		{"Digest", EBADMSG, NULL, NULL, NULL, 0, false, false},
		{"Digest ", EBADMSG, NULL, NULL, NULL, 0, false, false},
		{"Digest realm=\"r\"", EBADMSG, NULL, NULL, NULL, 0, false,
		 false},
		{"Digest realm=\"r, nonce=n", EBADMSG, NULL, NULL, NULL, 0,
		 false, false},
		{"Digest realm, nonce=n", EBADMSG, NULL, NULL, NULL, 0,
		 false, false},
		{"Digest realm=\"r\", nonce=\"a\nb\"", EBADMSG, NULL, NULL,
		 NULL, 0, false, false},
		{"Digest realm=r, nonce=\"a\\", EBADMSG, NULL, NULL, NULL,
		 0, false, false},
		{"Digest realm=r, nonce=n\\", EBADMSG, NULL, NULL, NULL, 0,
		 false, false},
		{"Digest realm=r, nonce=n\\\\", 0, "r", "n\\\\", "",
		 DIGEST_MD5, false, false},
		{"Digest realm=r, nonce=n\\\\\\", EBADMSG, NULL, NULL, NULL, 0,
		 false, false},
	};
	struct digest_chal chal;
	char big[DIGEST_NONCE_SZ + 64];
	(void)state;

	for (size_t i=0; i<ROWS(testv); i++) {

		const int err = decode(&chal, testv[i].text);

		if (err != testv[i].err)
			fail_msg("row %zu: expected %d, got %d", i,
				 testv[i].err, err);
		if (err)
			continue;

		if (strcmp(chal.realm, testv[i].realm) ||
		    strcmp(chal.nonce, testv[i].nonce) ||
		    strcmp(chal.opaque, testv[i].opaque) ||
		    chal.alg != testv[i].alg || chal.qop != testv[i].qop ||
		    chal.stale != testv[i].stale)
			fail_msg("row %zu: got realm '%s' nonce '%s' opaque "
				 "'%s' alg %d qop %d stale %d", i,
				 chal.realm, chal.nonce, chal.opaque,
				 chal.alg, chal.qop, chal.stale);
	}

	(void)snprintf(big, sizeof(big), "Digest realm=r, nonce=%0*d",
		       DIGEST_NONCE_SZ, 1);
	assert_int_equal(decode(&chal, big), EOVERFLOW);
}


static void test_response(void **state)
{
	/* computed by an independent program (Python's hashlib) */
	static const struct {
		const char *chal, *user, *pass, *met, *uri;
		uint64_t cnonce;
		const char *want;
	} testv[] = {
		/* user and nonce of RFC 2617 3.5, without qop */
		{"Digest realm=\"testrealm@host.com\", "
		 "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
		 "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
		 "Mufasa", "Circle Of Life", "GET", "/dir/index.html", 0,
		 "Authorization: Digest username=\"Mufasa\", "
		 "realm=\"testrealm@host.com\", "
		 "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
		 "uri=\"/dir/index.html\", "
		 "response=\"670fd8c2df070c60b045671b8b24ff02\", "
		 "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"\r\n"},
		{"Digest realm=\"asterisk-lab\", nonce=\"n1\", "
		 "algorithm=MD5, qop=\"auth\"",
		 "104", "secret", "SUBSCRIBE", "sip:701@pbx", 0x1234,
		 "Authorization: Digest username=\"104\", "
		 "realm=\"asterisk-lab\", nonce=\"n1\", "
		 "uri=\"sip:701@pbx\", "
		 "response=\"584f7f21d24144023a567c941d3cfb07\", "
		 "algorithm=MD5, "
		 "cnonce=\"0000000000001234\", qop=auth, nc=00000001\r\n"},
		{"Digest realm=\"asterisk-lab\", nonce=\"n1\", "
		 "algorithm=SHA-256, qop=\"auth\"",
		 "104", "secret", "SUBSCRIBE", "sip:701@pbx", 0x1234,
		 "Authorization: Digest username=\"104\", "
		 "realm=\"asterisk-lab\", nonce=\"n1\", "
		 "uri=\"sip:701@pbx\", "
		 "response=\"6767deda30e436338ee91777801806bd"
		 "c9d731c54532888abcf23e227b4b4ac3\", algorithm=SHA-256, "
		 "cnonce=\"0000000000001234\", qop=auth, nc=00000001\r\n"},
	};
	(void)state;

	for (size_t i=0; i<ROWS(testv); i++) {

		struct digest digest;
		struct digest_chal chal;
		char buf[DIGEST_HDR_SZ];

		memset(&digest, 0, sizeof(digest));
		assert_int_equal(decode(&chal, testv[i].chal), 0);
		assert_int_equal(digest_take(&digest, &chal, testv[i].user,
					     testv[i].pass, hash), 0);
		assert_int_equal(digest_print(buf, sizeof(buf),
					      digest_find(&digest, &chal),
					      testv[i].met, testv[i].uri,
					      testv[i].cnonce, hash), 0);
		if (strcmp(buf, testv[i].want))
			fail_msg("row %zu: expected\n%sgot\n%s", i,
				 testv[i].want, buf);
	}
}


static void test_cache(void **state)
{
	struct digest digest;
	struct digest_chal chal, other;
	struct digest_cred *cred;
	char buf[DIGEST_HDR_SZ], ha1[2 * DIGEST_MD_MAX + 1];
	(void)state;

	memset(&digest, 0, sizeof(digest));
	assert_int_equal(decode(&chal, "Digest realm=r, nonce=a, qop=auth"),
			 0);

	/* without a user nothing can be kept */
	assert_int_equal(digest_take(&digest, &chal, NULL, NULL, hash),
			 ENOENT);
	assert_null(digest_find(&digest, &chal));

	/* a user that ends the quotes */
	assert_int_equal(digest_take(&digest, &chal, "a\"b", "p", hash),
			 EBADMSG);

	assert_int_equal(digest_take(&digest, &chal, "u", "p", hash), 0);
	cred = digest_find(&digest, &chal);
	assert_non_null(cred);
	memcpy(ha1, cred->ha1, sizeof(ha1));

	/* each use counts */
	for (unsigned i=1; i<4; i++) {
		char want[32];

		assert_int_equal(digest_print(buf, sizeof(buf), cred, "M",
					      "sip:x", i, hash), 0);
		(void)snprintf(want, sizeof(want), "nc=%08x\r\n", i);
		assert_non_null(strstr(buf, want));
	}

	/* a new nonce: from one again, the password is not asked for */
	assert_int_equal(decode(&other, "Digest realm=r, nonce=b, qop=auth"),
			 0);
	assert_int_equal(digest_take(&digest, &other, NULL, NULL, hash), 0);
	assert_ptr_equal(digest_find(&digest, &other), cred);
	assert_int_equal(digest.credc, 1);
	assert_string_equal(cred->ha1, ha1);
	assert_int_equal(digest_print(buf, sizeof(buf), cred, "M", "sip:x",
				      9, hash), 0);
	assert_non_null(strstr(buf, "nc=00000001\r\n"));
	assert_non_null(strstr(buf, "nonce=\"b\""));

	/* its hash is of one algorithm only */
	assert_int_equal(decode(&other, "Digest realm=r, nonce=c, "
				"algorithm=SHA-256"), 0);
	assert_int_equal(digest_take(&digest, &other, NULL, NULL, hash),
			 ENOENT);

	/* a proxy of that realm is another */
	other = chal;
	other.proxy = true;
	assert_null(digest_find(&digest, &other));
	assert_int_equal(digest_take(&digest, &other, "u", "p", hash), 0);
	assert_int_equal(digest.credc, 2);
	assert_int_equal(digest_print(buf, sizeof(buf),
				      digest_find(&digest, &other), "M",
				      "sip:x", 9, hash), 0);
	assert_memory_equal(buf, "Proxy-Authorization: ", 21);

	/* a server with a new realm each time: the oldest goes */
	for (unsigned i=0; i<20; i++) {
		char text[64];

		(void)snprintf(text, sizeof(text),
			       "Digest realm=r%u, nonce=n", i);
		assert_int_equal(decode(&other, text), 0);
		assert_int_equal(digest_take(&digest, &other, "u", "p",
					     hash), 0);
		assert_non_null(digest_find(&digest, &other));
	}
	assert_int_equal(digest.credc, DIGEST_REALMS);
	assert_null(digest_find(&digest, &chal));

	/* does not fit */
	assert_int_equal(digest_print(buf, 20, digest_find(&digest, &other),
				      "M", "sip:x", 9, hash), EOVERFLOW);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_decode),
		unit_test(test_response),
		unit_test(test_cache),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
