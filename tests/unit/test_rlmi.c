/**
 * @file tests/unit/test_rlmi.c  Test: the decoder of lists
 *
 * tests/data/rlmi holds documents; each has a golden text beside it. To
 * write the golden texts anew, and then read them:
 *
 *   GOLDEN=write build/dev/tests/test_unit_rlmi
 */
#include <dirent.h>
#include <errno.h>
#include "tests/lib/test.h"
#include "modules/blf/rlmi.h"

#define DIR_NAME TEST_DATA "/rlmi"

enum {
	CORPUS_MIN = 25,
	DUMP_SZ = 16384,
};

static struct rlmi list, list2;
static char text[DUMP_SZ], text2[DUMP_SZ];


static const char *dump(char *buf, const struct rlmi *rl)
{
	static const char *const statev[RLMI_STATES] = {
		"unknown", "active", "pending", "terminated",
	};
	FILE *f = fmemopen(buf, DUMP_SZ, "w");

	assert_non_null(f);

	if (rl->err) {
		fprintf(f, "refused: %s\n", rl->reason);
		fclose(f);
		return buf;
	}

	fprintf(f, "list %s", rl->full ? "full" : "partial");
	if (rl->version_known)
		fprintf(f, " version=%u", (unsigned)rl->version);
	fprintf(f, " uri=\"%s\" name=\"%s\"\n", rl->uri, rl->name);

	for (size_t i = 0; i < rl->resourcec; i++) {

		const struct rlmi_resource *r = &rl->resourcev[i];

		fprintf(f, "resource \"%s\" name=\"%s\"\n", r->uri, r->name);
		for (size_t k = 0; k < r->instancec; k++) {

			const struct rlmi_instance *in =
				&rl->instancev[r->first + k];

			fprintf(f, "  instance \"%s\" %s cid=\"%s\""
				" reason=\"%s\"\n", in->id,
				statev[in->state], in->cid, in->reason);
		}
	}
	fclose(f);

	return buf;
}


static char *load(const char *path, size_t *len)
{
	static char buf[DUMP_SZ];
	FILE *f = fopen(path, "rb");
	char *p;

	if (!f)
		return NULL;
	*len = fread(buf, 1, sizeof(buf) - 1, f);
	fclose(f);

	/* one byte too far is seen */
	p = malloc(*len + 1);
	if (p) {
		memcpy(p, buf, *len);
		p[*len] = '\0';
	}

	return p;
}


static int is_document(const struct dirent *de)
{
	const size_t n = strlen(de->d_name);

	return n > 4 && !strcmp(de->d_name + n - 4, ".xml");
}


static void test_corpus(void **state)
{
	const char *golden_env = getenv("GOLDEN");
	struct rlmi_decoder *dec, *fresh;
	struct dirent **dev;
	int i, n, bad = 0;
	(void)state;

	assert_int_equal(0, rlmi_decoder_alloc(&dec));
	n = scandir(DIR_NAME, &dev, is_document, alphasort);
	assert_true(n >= CORPUS_MIN);

	for (i = 0; i < n; i++) {

		char path[512], *body, *golden;
		size_t len, glen;

		snprintf(path, sizeof(path), DIR_NAME "/%s", dev[i]->d_name);
		body = load(path, &len);
		assert_non_null(body);
		(void)rlmi_decode(&list, dec, body, len);
		dump(text, &list);

		/* what came before must not matter */
		assert_int_equal(0, rlmi_decoder_alloc(&fresh));
		(void)rlmi_decode(&list2, fresh, body, len);
		assert_string_equal(text, dump(text2, &list2));
		rlmi_decoder_free(fresh);
		free(body);

		strcpy(path + strlen(path) - 3, "txt");
		if (golden_env && !strcmp(golden_env, "write")) {
			FILE *f = fopen(path, "wb");

			assert_non_null(f);
			fputs(text, f);
			fclose(f);
		}

		golden = load(path, &glen);
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
	rlmi_decoder_free(dec);

	assert_int_equal(0, bad);
}


/* As many as there is room for, and one more; long texts, two bytes each */
static void test_limits(void **state)
{
	static const struct {
		const char *head, *unit;
		unsigned n;
		int err;
		const char *reason;
	} rowv[] = {
		{"", "<resource uri='1'/>", RLMI_RESOURCES_MAX, 0, ""},
		{"", "<resource uri='1'/>", RLMI_RESOURCES_MAX + 1, EBADMSG,
		 "The list has too many resources"},
		{"<resource uri='1'>", "<instance/>", RLMI_INSTANCES_MAX, 0,
		 ""},
		{"<resource uri='1'>", "<instance/>", RLMI_INSTANCES_MAX + 1,
		 EBADMSG, "The list has too many instances"},
		{"<resource uri='1'>", "<instance id='\xe4\xe4\xe4\xe4'/>",
		 2900, 0, ""},
		/* a list of 1,500 as servers write it */
		{"", "<resource uri='sip:1234@pbx.example.com'><name>1234"
		 "</name><instance id='abcdefghijklmnop' state='active' cid='"
		 "abcdefghijklmnop@pbx.example.com'/></resource>", 1500, 0,
		 ""},
		{"", "<resource uri='sip:1234@pbx.example.com'><name>1234"
		 "</name><instance id='abcdefghijklmnop' state='active' cid='"
		 "abcdefghijklmnop@pbx.example.com'/></resource>", 2000,
		 EBADMSG, "The document is too large"},
	};
	struct rlmi_decoder *dec;
	(void)state;

	assert_int_equal(0, rlmi_decoder_alloc(&dec));

	for (size_t i = 0; i < ROWS(rowv); i++) {

		static char body[400000];
		size_t n = (size_t)sprintf(body, "<list version='0'"
					   " fullState='true'>%s",
					   rowv[i].head);

		for (unsigned k = 0; k < rowv[i].n; k++)
			n += (size_t)sprintf(body + n, "%s", rowv[i].unit);
		n += (size_t)sprintf(body + n, "%s</list>", rowv[i].head[0] ?
				     "</resource>" : "");

		row_int(i, rowv[i].err, rlmi_decode(&list, dec, body, n));
		row_str(i, rowv[i].reason, list.reason);
	}

	assert_int_equal(EINVAL, rlmi_decode(NULL, dec, "x", 1));
	assert_int_equal(EINVAL, rlmi_decode(&list, dec, NULL, 1));
	assert_int_equal(EINVAL, rlmi_decoder_alloc(NULL));
	rlmi_decoder_free(NULL);
	rlmi_decoder_free(dec);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_corpus),
		unit_test(test_limits),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
