/**
 * @file tests/unit/test_multipart_model.c  Test: multipart bodies
 */
#include <errno.h>
#include "tests/lib/test.h"
#include "modules/blf/multipart_model.h"

enum {
	PARTS = 8,
};

static struct multipart_part partv[MULTIPART_PARTS_MAX];


static struct multipart_span span(const char *s)
{
	return (struct multipart_span){s, strlen(s)};
}


/* Parts as one line: "id|type|params|body" each, a blank between */
static const char *dump(const struct multipart *mp)
{
	static char buf[1024];
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < mp->partc; i++) {

		const struct multipart_part *p = &mp->partv[i];

		n += (size_t)snprintf(buf + n, sizeof(buf) - n,
				      "%s%.*s|%.*s|%.*s|%.*s%s",
				      i ? " " : "",
				      (int)p->id.len, p->id.p ? p->id.p : "",
				      (int)p->type.len,
				      p->type.p ? p->type.p : "",
				      (int)p->params.len,
				      p->params.p ? p->params.p : "",
				      (int)p->body.len, p->body.p,
				      p->encoded ? "|encoded" : "");
	}

	return buf;
}


static void test_decode(void **state)
{
	static const struct {
		const char *params, *body;
		int err;
		bool closed;
		const char *parts;
	} rowv[] = {
		/* as Asterisk writes it */
		{";type=\"application/rlmi+xml\";boundary=aarnl",
		 "\r\n--aarnl\r\nContent-ID: <a@b>\r\n"
		 "Content-Type: application/rlmi+xml\r\n"
		 "Content-Length:  3\r\n\r\none\r\n--aarnl\r\n"
		 "Content-ID: <c@d>\r\nContent-Type: text/x;y=z\r\n\r\ntwo"
		 "\r\n--aarnl--\r\n", 0, true,
		 "a@b|application/rlmi+xml||one c@d|text/x|;y=z|two"},
		/* quoted, with what a token may not hold; LF alone */
		{"; boundary=\"a b:c\"", "pre\n--a b:c\n\nx\n--a b:c--\nepi",
		 0, true, "|||x"},
		/* the parameter's name and a header's in any case, folded */
		{";BOUNDARY=b", "--b\r\ncontent-type:\r\n text/x ;\r\n\tq=1"
		 "\r\n\r\nx\r\n--b--", 0, true, "|text/x|;\r\n\tq=1|x"},
		/* white space after a delimiter is none of it */
		{";boundary=b", "--b \t\r\n\r\nx\r\n--b--", 0, true, "|||x"},
		/* one that only begins like it is no delimiter */
		{";boundary=b", "--b\n\nx\n--bc\ny --b\n--b--", 0, true,
		 "|||x\n--bc\ny --b"},
		/* empty parts, empty lines at a part's end are its own */
		{";boundary=b", "--b\r\n\r\n\r\n--b\r\n\r\n--b\r\n\r\nx\r\n"
		 "\r\n--b--", 0, true, "||| ||| |||x\r\n"},
		/* headers alone */
		{";boundary=b", "--b\r\nContent-ID: <x>\r\n--b--", 0, true,
		 "x|||"},
		/* cut short: what there is */
		{";boundary=b", "--b\r\n\r\nx\r\n--b\r\n\r\nhal", 0, false,
		 "|||x |||hal"},
		{";boundary=b", "--b\r\nContent-Type: te", 0, false,
		 "|te||"},
		{";boundary=b", "--b", 0, false, ""},
		{";boundary=b", "nothing", 0, false, ""},
		{";boundary=b", "", 0, false, ""},
		{";boundary=b", "--b--", 0, true, ""},
		/* nested: the inner one is the part's body */
		{";boundary=o", "--o\r\nContent-Type: multipart/related;"
		 "boundary=oi\r\n\r\n--oi\r\n\r\nx\r\n--oi--\r\n--o--", 0,
		 true, "|multipart/related|;boundary=oi|--oi\r\n\r\nx\r\n"
		 "--oi--"},
		{";boundary=b", "--b\r\nContent-Transfer-Encoding: base64"
		 "\r\n\r\neA==\r\n--b\r\nContent-Transfer-Encoding: 8BIT"
		 "\r\n\r\ny\r\n--b--", 0, true, "|||eA==|encoded |||y"},
		/* a Content-Length that lies changes nothing */
		{";boundary=b", "--b\r\nContent-Length: 99999\r\n\r\nx\r\n"
		 "--b--", 0, true, "|||x"},
		{"", "--b\r\n\r\nx", EBADMSG, false, ""},
		{";boundary=", "--b\r\n\r\nx", EBADMSG, false, ""},
		{";boundary=\"\"", "--b\r\n\r\nx", EBADMSG, false, ""},
		/* one more than there is room for */
		{";boundary=b", "--b\n--b\n--b\n--b\n--b\n--b\n--b\n--b\n"
		 "--b\n--b--", EBADMSG, false, NULL},
	};
	struct multipart mp = {.partv = partv, .size = PARTS};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		const size_t len = strlen(rowv[i].body);
		char *body = malloc(len + 1);  /* bounds are watched */
		const char *reason = NULL;

		assert_non_null(body);
		memcpy(body, rowv[i].body, len);
		row_int(i, rowv[i].err, multipart_decode(&mp,
			span(rowv[i].params), body, len, &reason));
		row_bool(i, rowv[i].err != 0, reason && *reason);
		if (rowv[i].parts) {
			row_str(i, rowv[i].parts, dump(&mp));
			row_bool(i, rowv[i].closed, mp.closed);
		}
		free(body);
	}
}


static void test_limits(void **state)
{
	struct multipart mp = {.partv = partv, .size = MULTIPART_PARTS_MAX};
	static char body[65536];
	const char *reason;
	size_t n = 0;
	(void)state;

	for (unsigned i = 0; i < MULTIPART_PARTS_MAX; i++)
		n += (size_t)sprintf(body + n, "--b\n\nx\n");
	assert_int_equal(0, multipart_decode(&mp, span(";boundary=b"), body,
					     n, &reason));
	assert_int_equal(MULTIPART_PARTS_MAX, mp.partc);
	n += (size_t)sprintf(body + n, "--b\n\nx\n--b\n\n");
	assert_int_equal(EBADMSG, multipart_decode(&mp, span(";boundary=b"),
						   body, n, &reason));
	assert_string_equal("The body has too many parts", reason);

	n = (size_t)sprintf(body, "--b\nX: ");
	memset(body + n, 'x', MULTIPART_HEADER_MAX);
	n += MULTIPART_HEADER_MAX;
	n += (size_t)sprintf(body + n, "\n\nx\n--b--");
	assert_int_equal(EBADMSG, multipart_decode(&mp, span(";boundary=b"),
						   body, n, &reason));

	assert_int_equal(EINVAL, multipart_decode(NULL, span(""), "", 0,
						  &reason));
	mp.partv = NULL;
	assert_int_equal(EINVAL, multipart_decode(&mp, span(""), "", 0,
						  &reason));
}


static void test_param(void **state)
{
	static const struct {
		const char *params, *name, *val;
	} rowv[] = {
		{";a=b;c=d", "c", "d"},
		{"; a = b ; C = d ", "c", "d"},
		{";a=\"x;c=no\";c=yes", "c", "yes"},
		{";a=\"x\\\";c=no\";c=yes", "c", "yes"},
		{";a=\"open;c=no", "c", NULL},
		{";a;c", "c", ""},
		{"", "c", NULL},
		{";;;", "c", NULL},
		{"c=d", "c", "d"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		const struct multipart_span val =
			multipart_param(span(rowv[i].params), rowv[i].name);
		char buf[64] = "";

		if (val.p)
			snprintf(buf, sizeof(buf), "%.*s", (int)val.len,
				 val.p);
		row_str(i, rowv[i].val, val.p ? buf : NULL);
	}
}


static void test_find(void **state)
{
	static const char body[] = "--b\nContent-ID: <a@x>\n\n--b\n"
		"Content-ID: <b@x>\nContent-Type: application/rlmi+xml\n\n"
		"--b\n\n--b\nContent-ID: c@x\n\n--b--";
	static const struct {
		const char *cid;
		size_t hint, want;
	} rowv[] = {
		{"a@x", 0, 0}, {"a@x", 3, 0}, {"a@x", 99, 0},
		{"cid:b@x", 0, 1}, {"<b@x>", 2, 1}, {"c@x", 1, 3},
		{"", 0, 4}, {"<>", 0, 4}, {"A@x", 0, 4}, {"d@x", 0, 4},
	};
	struct multipart mp = {.partv = partv, .size = PARTS};
	const char *reason;
	(void)state;

	assert_int_equal(0, multipart_decode(&mp, span(";boundary=b"), body,
					     strlen(body), &reason));
	assert_int_equal(4, mp.partc);

	for (size_t i = 0; i < ROWS(rowv); i++)
		row_uint(i, rowv[i].want, multipart_find(&mp, rowv[i].cid,
							 rowv[i].hint));

	assert_ptr_equal(&partv[1], multipart_root(&mp, span(";a=b"),
						   "application/rlmi+xml"));
	assert_ptr_equal(&partv[0], multipart_root(&mp,
		span(";start=\"<a@x>\""), "application/rlmi+xml"));
	assert_ptr_equal(&partv[1], multipart_root(&mp,
		span(";start=\"<z@x>\""), "application/rlmi+xml"));
	assert_null(multipart_root(&mp, span(""), "text/plain"));
	mp.partc = 0;
	assert_int_equal(0, multipart_find(&mp, "a@x", 0));
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_decode),
		unit_test(test_limits),
		unit_test(test_param),
		unit_test(test_find),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
