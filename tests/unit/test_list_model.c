/**
 * @file tests/unit/test_list_model.c  Test: rules of lists (RFC 4662)
 *
 * Each row is a NOTIFY in a small language of the test's own, which stands
 * for the XML: "F3 a=1 b c!noresource d?" is a full list of version 3 with
 * the resources a (active, document in part 1), b (no instance), c
 * (terminated) and d (pending).
 */
#include "tests/lib/test.h"
#include "modules/blf/list_model.h"

static char told[1024];


/* As a decoder of XML would fill it in */
static int decode(struct rlmi *rl, const void *body, size_t len, void *arg)
{
	char *p = rl->arena, *end, *word;
	(void)arg;

	memset(rl, 0, offsetof(struct rlmi, arena));
	rl->reason = "";
	if (!len || len >= 512)
		return rl->reason = "bad", -1;
	memcpy(p, body, len);
	p[len] = '\0';

	rl->full = *p == 'F';
	rl->version_known = p[1] != 'x';
	rl->version = (uint32_t)strtoul(p + 1, &end, 10);
	if (*end == 'x')
		++end;

	for (word = strtok(end, " "); word; word = strtok(NULL, " ")) {

		struct rlmi_resource *r = &rl->resourcev[rl->resourcec++];
		char *op = word + strcspn(word, "=!?");

		r->uri = word;
		r->name = "";
		r->first = rl->instancec;

		while (*op) {
			struct rlmi_instance *in =
				&rl->instancev[rl->instancec++];
			const char kind = *op;
			char *next = op + 1 + strcspn(op + 1, "=!?");

			*op = '\0';
			++r->instancec;
			in->id = in->cid = in->reason = "";
			in->state = kind == '=' ? RLMI_ACTIVE : kind == '!'
				? RLMI_TERMINATED : RLMI_PENDING;
			if (kind == '!')
				in->reason = op + 1;
			else if (kind == '=')
				in->id = in->cid = op + 1;
			op = next;
		}
	}

	return 0;
}


static void item(const struct rls_item *it, void *arg)
{
	static const char markv[] = {
		[RLS_UNKNOWN] = ' ', [RLS_ACTIVE] = '=', [RLS_PENDING] = '?',
		[RLS_TERMINATED] = '!', [RLS_GONE] = '-', [RLS_DOUBT] = '~',
	};
	const size_t n = strlen(told);
	(void)arg;

	/* the owner's own stays with its resource */
	if (*it->userp)
		assert_string_equal(*(char **)it->userp, it->uri);
	else
		*it->userp = strdup(it->uri);

	assert_true(it->state != RLS_DOUBT || *it->reason);
	snprintf(told + n, sizeof(told) - n, "%s%s%c%.*s%s%s%s", n ? " " : "",
		 it->uri, markv[it->state], (int)it->len,
		 it->body ? it->body : "", it->state == RLS_TERMINATED
		 ? it->reason : "", *it->tag ? "#" : "",
		 it->tag);
}


static void rls_close(struct rls *rls)
{
	for (size_t i = 0; i < rls_count(rls); i++)
		free(rls_user(rls, i, NULL));
	rls_free(rls);
}


static struct multipart_span span(const char *s)
{
	return (struct multipart_span){s, strlen(s)};
}


/* "F0 a=1 b=2|1:one|2:two": the list, then parts with their ids; after ";"
   one of another type, after "%" one that is encoded. "(" and ")" in a part
   stand for a multipart within */
static unsigned step(struct rls *rls, struct rls_work *work, const char *s)
{
	static const struct rls_io io = {decode, item, NULL};
	const char *reason = NULL;
	char body[2048];
	unsigned depth = 0, out;
	size_t n;

	n = (size_t)sprintf(body, "--b0\nContent-Type: application/rlmi+xml"
			    "\n\n");
	for (; *s; s++) {

		switch (*s) {

		case '|':
			n += (size_t)sprintf(body + n, "\n--b%u\nContent-ID:"
					     " <", depth);
			break;

		case ':':
			n += (size_t)sprintf(body + n, s[1] == '('
				? ">\n" : ">\nContent-Type: application/"
				"dialog-info+xml\n\n");
			break;

		case ';':
			n += (size_t)sprintf(body + n, ">\nContent-Type: "
					     "application/pidf+xml\n\n");
			break;

		case '%':
			n += (size_t)sprintf(body + n, ">\nContent-Type: "
				"application/dialog-info+xml\n"
				"Content-Transfer-Encoding: base64\n\n");
			break;

		case '(':
			++depth;
			n += (size_t)sprintf(body + n, "Content-Type: "
				"multipart/related;boundary=b%u\n\n--b%u\n"
				"Content-Type: application/rlmi+xml\n\n",
				depth, depth);
			break;

		case ')':
			n += (size_t)sprintf(body + n, "\n--b%u--", depth--);
			break;

		default:
			body[n++] = *s;
			break;
		}
	}
	n += (size_t)sprintf(body + n, "\n--b0--\n");

	told[0] = '\0';
	out = rls_step(rls, work, &io, span("multipart/related"),
		       span(";boundary=b0"), body, n, &reason);
	assert_non_null(reason);
	assert_true(!!*reason == !!(out & RLS_OUT_NOT_UNDERSTOOD));

	return out;
}


enum {
	FULL = RLS_OUT_FULL,
	LATE = RLS_OUT_DISCARDED,
	ASK  = RLS_OUT_REFRESH_WANTED,
	BAD  = RLS_OUT_NOT_UNDERSTOOD,
	NONE = RLS_OUT_UNREADABLE,
};


static void test_rules(void **state)
{
	static const struct {
		const char *notify;      /* NULL: a new subscription     */
		unsigned out;
		bool complete;
		const char *told;
	} rowv[] = {
		/* full, then changes one by one */
		{"F0 a=1 b=2|1:one|2:two", FULL, true, "a=one b=two"},
		{"P1 b=1|1:three", 0, true, "b=three"},
		{"P2 c=1|1:new", 0, true, "c=new"},
		/* 5.6.2: not greater is discarded, a gap is taken */
		{"P2 c=1|1:late", LATE | ASK, true, ""},
		{"P4 a=1|1:gap", ASK, true, "a=gap b~ c~"},
		/* asked already, and nothing more is in doubt */
		{"P6 a=1|1:gap", 0, true, "a=gap b~ c~"},
		{"P7 b=1|1:new", 0, true, "b=new"},
		/* b is in doubt again */
		{"P9 a=1|1:gap", ASK, true, "a=gap b~ c~"},
		/* 5.6.1: full must be greater; who is not in it is gone */
		{"F9 a=1|1:x", LATE | ASK, true, ""},
		{"F12 a=1|1:x", FULL, true, "a=x b- c-"},
		{"F13 a=1 b=2|1:x|2:y", FULL, true, "a=x b=y"},
		/* one that counts anew: the second in a row is believed */
		{"F0 a=1 b=2|1:x|2:y", LATE | ASK, true, ""},
		{"F1 a=1 b=2|1:x|2:y", FULL, true, "a=x b=y"},
		{"P2 a=1|1:z", 0, true, "a=z"},
		/* states */
		{"P3 a! b!noresource c? d", 0, true,
		 "a! b!noresource c? d "},
		{"P4 a!Timeout b!evil", 0, true, "a!timeout b!"},
		/* an instance without a document, a part that is missing */
		{"P5 a=", BAD, true, "a~"},
		{"P6 a=9 b=1|1:x", BAD, true, "a~ b=x"},
		/* several instances: ids part them */
		{"P7 a=1=2|1:x|2:y", 0, true, "a=x#1 a=y#2"},
		/* a part counts for the first that names it */
		{"P8 a=1 b=1|1:x", BAD, true, "a=x b~"},
		/* of another type, encoded */
		{"P9 a=1 b=2|1;x|2%x", BAD, true, "a~ b~"},
		/* no version: nothing to go by */
		{"Px a=1|1:x", 0, true, "a=x"},

		/* a new subscription counts anew */
		{NULL, 0, false, NULL},
		/* in parts from version 0 on: complete, asked once */
		{"P0 a=1|1:x", ASK, true, "a=x"},
		{"P1 b=1|1:x", 0, true, "b=x"},
		{NULL, 0, false, NULL},
		/* the first one was lost */
		{"P1 a=1|1:x", ASK, false, "a=x"},
		{"P2 a=1|1:x", 0, false, "a=x"},
		{"F3 a=1|1:x", FULL, true, "a=x b- c- d-"},

		/* a list within: its resources count, not itself */
		{NULL, 0, false, NULL},
		{"F0 a=1 sub=2|1:x|2:(F0 k=3 l=4|3:y|4:z)", FULL, true,
		 "a=x k=y l=z"},
		{"P1 sub=2|2:(P1 l=1|1:n)", 0, true, "l=n"},
		{"P2 sub=2|2:(P1 l=1|1:late)", ASK, true, ""},
		{"P3 sub=2|2:(F5 k=1|1:x)", 0, true, "k=x l-"},
		/* what is said of a list is said of all in it */
		{"P4 sub!", 0, true, "k!"},
		/* cids of another level mean nothing */
		{"P5 sub=2|2:(P6 k=1)|1:x", BAD, true, "k~"},
		{"P6 sub=2|2:(P7 k=1 m=2|1:x|2:y)", 0, true, "k=x m=y"},
		/* a gap within, and one of the whole */
		{"P7 sub=2|2:(P9 k=1|1:x)", ASK, true, "k=x m~"},
		{"P9 a=1|1:x", ASK, true, "a=x k~ m~"},
		/* its part is missing, or cannot be read */
		{"P10 sub=2", BAD, true, "k~ m~"},
		{"P11 sub=2|2:(", BAD, true, "k~ m~"},
		{"P12 sub", 0, true, "k  m "},
		/* nothing of the whole can be read */
		{"", BAD | NONE, true, "a~ k~ m~"},
		{"F13 a=1|1:x", FULL, true, "a=x k- m-"},
		/* too deep */
		{"F14 s1=1|1:(F0 s2=1|1:(F0 s3=1|1:(F0 s4=1|1:(F0 z))))",
		 FULL | BAD, true, "a-"},
	};
	struct rls_work *work;
	struct rls *rls;
	(void)state;

	assert_int_equal(0, rls_alloc(&rls));
	assert_int_equal(0, rls_work_alloc(&work));

	for (size_t i = 0; i < ROWS(rowv); i++) {

		if (!rowv[i].notify)
			rls_reset(rls);
		else {
			row_uint(i, rowv[i].out, step(rls, work,
						      rowv[i].notify));
			row_str(i, rowv[i].told, told);
		}
		row_bool(i, rowv[i].complete, rls_is_complete(rls));
	}

	rls_close(rls);
	rls_work_free(work);
}


/* Thousands of them are found again; then no more are taken */
static void test_many(void **state)
{
	struct rls_work *work;
	struct rls *rls;
	const char *uri;
	char text[64];
	(void)state;

	assert_int_equal(0, rls_alloc(&rls));
	assert_int_equal(0, rls_work_alloc(&work));

	for (unsigned i = 0; i < RLS_RESOURCES_MAX; i++) {
		snprintf(text, sizeof(text), "P%u r%u", i, i);
		assert_int_equal(i ? 0 : ASK, step(rls, work, text));
	}
	assert_int_equal(RLS_RESOURCES_MAX, rls_count(rls));
	snprintf(text, sizeof(text), "P%u one-more r7", RLS_RESOURCES_MAX);
	assert_int_equal(BAD, step(rls, work, text));
	assert_string_equal("r7 ", told);
	assert_string_equal("r9", rls_user(rls, 9, &uri));
	assert_string_equal("r9", uri);
	assert_null(rls_user(rls, RLS_RESOURCES_MAX, NULL));

	rls_close(rls);
	rls_work_free(work);
	rls_free(NULL);
	rls_work_free(NULL);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_rules),
		unit_test(test_many),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
