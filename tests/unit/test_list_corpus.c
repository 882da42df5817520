/**
 * @file tests/unit/test_list_corpus.c  Test: NOTIFYs of lists, from the body
 *                                      to the lamps
 *
 * tests/data/multipart holds what servers send: each file is the NOTIFYs of
 * one subscription, one after the other, begun by a line of "=====" and the
 * Content-Type. Each has a golden text: what rls_step() says, and what a
 * spot's lamp shows after it. Lines end with LF there; with CRLF, as on the
 * wire, all must come out the same. To write the golden texts anew, and then
 * read them:
 *
 *   GOLDEN=write build/dev/tests/test_unit_list_corpus
 */
#include <dirent.h>
#include <errno.h>
#include "tests/lib/test.h"
#include "modules/blf/dialoginfo.h"
#include "modules/blf/lamp_model.h"
#include "modules/blf/list_model.h"

#define DIR_NAME TEST_DATA "/multipart"
#define MARK "=====\n"

enum {
	CORPUS_MIN = 10,
	DUMP_SZ = 32768,
	LAMPS_MAX = 64,
};

/** A subscription, and the lamps of what it tells */
struct run {
	struct rls *rls;
	struct rls_work *work;
	struct rlmi_decoder *rlmi;
	struct dialoginfo_decoder *dec;
	struct lamp lampv[LAMPS_MAX];
	size_t lampc;
	uint64_t now_ms;
	FILE *out;
};

static struct dialoginfo info;
static char text[DUMP_SZ], text2[DUMP_SZ];


static int decode(struct rlmi *rl, const void *body, size_t len, void *arg)
{
	const struct run *run = arg;

	return rlmi_decode(rl, run->rlmi, body, len);
}


static void show(struct run *run, const struct lamp *lamp)
{
	static const char *const statev[LAMP_STATES] = {
		"UNKNOWN", "FREE", "PARKED", "RINGING", "BUSY",
	};
	struct lamp_fact f;

	memset(&f, 0, sizeof(f));
	lamp_view(lamp, &f);
	fprintf(run->out, " -> %s%s%s%s%s%s\n", statev[f.state],
		f.stale ? " stale" : "", *f.who ? " who=" : "", f.who,
		*f.reason ? ": " : "", f.reason);
}


/* As modules/blf/blf_list.c does it */
static void item(const struct rls_item *it, void *arg)
{
	static const char *const statev[] = {
		[RLS_UNKNOWN] = "unknown", [RLS_ACTIVE] = "active",
		[RLS_PENDING] = "pending", [RLS_TERMINATED] = "terminated",
		[RLS_GONE] = "gone", [RLS_DOUBT] = "doubt",
	};
	struct run *run = arg;
	struct lamp *lamp = *it->userp;

	if (!lamp) {
		assert_true(run->lampc < LAMPS_MAX);
		lamp = *it->userp = &run->lampv[run->lampc++];
		lamp_init(lamp, LAMP_SPOT, "", NULL);
	}

	fprintf(run->out, "  %s%s%s %s%s%s%s%s", it->uri,
		*it->name ? " " : "", it->name, statev[it->state],
		*it->tag ? " #" : "", it->tag, *it->reason ? " " : "",
		it->reason);

	switch (it->state) {

	case RLS_ACTIVE:
	case RLS_PENDING:
		if (!it->body)
			break;
		(void)dialoginfo_decode(&info, run->dec, it->body, it->len);
		(void)lamp_step(lamp, it->tag, &info, run->now_ms);
		break;

	case RLS_DOUBT:
		(void)lamp_doubt(lamp, it->instancec ? it->tag : NULL,
				 it->reason);
		break;

	default:
		(void)lamp_reset(lamp, "");
		break;
	}

	show(run, lamp);
}


static struct multipart_span span(const char *p, size_t len)
{
	return (struct multipart_span){p, len};
}


static void step(struct run *run, unsigned no, const char *type,
		 const char *body, size_t len)
{
	const struct rls_io io = {decode, item, run};
	const size_t n = strcspn(type, "; ");
	const char *reason = NULL;
	unsigned out;

	fprintf(run->out, "NOTIFY %u\n", no);
	run->now_ms += 1000;
	out = rls_step(run->rls, run->work, &io, span(type, n),
		       span(type + n, strlen(type + n)), body, len, &reason);
	fprintf(run->out, " %s%s%s%s%s%s%s\n",
		out & RLS_OUT_FULL ? " full" : "",
		out & RLS_OUT_DISCARDED ? " discarded" : "",
		out & RLS_OUT_REFRESH_WANTED ? " refresh" : "",
		out & RLS_OUT_NOT_UNDERSTOOD ? " not-understood" : "",
		out & RLS_OUT_UNREADABLE ? " unreadable" : "",
		*reason ? ": " : out ? "" : " taken", reason);
}


/* Each LF of the body becomes CRLF */
static char *crlf(const char *p, size_t *lenp)
{
	char *buf = malloc(2 * *lenp + 1);
	size_t n = 0;

	assert_non_null(buf);
	for (size_t i = 0; i < *lenp; i++) {
		if (p[i] == '\n')
			buf[n++] = '\r';
		buf[n++] = p[i];
	}
	*lenp = n;

	return buf;
}


static const char *play(char *buf, const char *file, bool wire)
{
	struct run run;
	unsigned no = 0;
	const char *p;

	memset(&run, 0, sizeof(run));
	run.out = fmemopen(buf, DUMP_SZ, "w");
	assert_non_null(run.out);
	assert_int_equal(0, rls_alloc(&run.rls));
	assert_int_equal(0, rls_work_alloc(&run.work));
	assert_int_equal(0, rlmi_decoder_alloc(&run.rlmi));
	assert_int_equal(0, dialoginfo_decoder_alloc(&run.dec));

	for (p = strstr(file, MARK); p; ) {

		const char *head = p + strlen(MARK), *body;
		char type[256], *whole;
		size_t len;

		body = strchr(head, '\n');
		assert_non_null(body);
		assert_true((size_t)(body - head) < sizeof(type));
		memcpy(type, head, (size_t)(body - head));
		type[body - head] = '\0';
		++body;

		p   = strstr(body, "\n" MARK);
		len = p ? (size_t)(++p - body) : strlen(body);

		whole = wire ? crlf(body, &len) : NULL;
		step(&run, ++no, type, whole ? whole : body, len);
		free(whole);
	}

	assert_true(no > 0);
	for (size_t i = 0; i < run.lampc; i++)
		lamp_close(&run.lampv[i]);
	dialoginfo_decoder_free(run.dec);
	rlmi_decoder_free(run.rlmi);
	rls_work_free(run.work);
	rls_free(run.rls);
	fclose(run.out);

	return buf;
}


static char *load(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *buf;
	size_t n;

	if (!f)
		return NULL;

	buf = malloc(DUMP_SZ);
	assert_non_null(buf);
	n = fread(buf, 1, DUMP_SZ - 1, f);
	buf[n] = '\0';
	fclose(f);

	return buf;
}


static int is_body(const struct dirent *de)
{
	const size_t n = strlen(de->d_name);

	return n > 5 && !strcmp(de->d_name + n - 5, ".mime");
}


static void test_corpus(void **state)
{
	const char *env = getenv("GOLDEN");
	struct dirent **dev;
	int n, bad = 0;
	(void)state;

	n = scandir(DIR_NAME, &dev, is_body, alphasort);
	assert_true(n >= CORPUS_MIN);

	for (int i = 0; i < n; i++) {

		char path[512], *file, *golden;

		snprintf(path, sizeof(path), "%s/%s", DIR_NAME,
			 dev[i]->d_name);
		file = load(path);
		assert_non_null(file);
		play(text, file, true);
		assert_string_equal(text, play(text2, file, false));
		free(file);

		strcpy(path + strlen(path) - 4, "txt");
		if (env && !strcmp(env, "write")) {
			FILE *f = fopen(path, "wb");

			assert_non_null(f);
			fputs(text, f);
			fclose(f);
		}

		golden = load(path);
		if (!golden || strcmp(golden, text)) {
			print_error("%s: expected\n%sactual\n%s\n",
				    dev[i]->d_name, golden ? golden : "",
				    text);
			++bad;
		}
		free(golden);
		free(dev[i]);
	}
	free(dev);

	assert_int_equal(0, bad);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_corpus),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
