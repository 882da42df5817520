/**
 * @file modules/park/book_file.c  Who was parked by us, kept on disk
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "app/text_model.h"
#include "book_file.h"


enum {
	FIELDS = 7,
	LINE_SZ = 6 * TEXT_SZ,
};


/* A tab or a newline in a name would make two fields of it */
static const char *field(char buf[TEXT_SZ], const char *text)
{
	(void)uchar_clean(buf, TEXT_SZ, text, strnlen(text, TEXT_SZ));

	return buf;
}


int book_file_save(const char *path, const struct book_fact *factv,
		   size_t factc, uint64_t now_ms, int64_t now_unix)
{
	char tmp[512];
	FILE *f;
	int fd, err = 0;

	if (!path || (factc && !factv))
		return EINVAL;

	if (!factc)
		return unlink(path) && errno != ENOENT ? errno : 0;

	if (snprintf(tmp, sizeof(tmp), "%s.new", path) >= (int)sizeof(tmp))
		return ENAMETOOLONG;

	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		  0600);
	if (fd < 0)
		return errno;

	f = fdopen(fd, "w");
	if (!f) {
		err = errno;
		(void)close(fd);
		return err;
	}

	for (size_t i = 0; i < factc; i++) {

		const struct book_fact *b = &factv[i];
		char spot[TEXT_SZ], who[TEXT_SZ], number[TEXT_SZ],
			by[TEXT_SZ], note[TEXT_SZ];
		const uint64_t age_ms = now_ms > b->since_ms ?
			now_ms - b->since_ms : 0;

		if (fprintf(f, "%s\t%u\t%" PRId64 "\t%s\t%s\t%s\t%s\n",
			    field(spot, b->spot), b->account,
			    now_unix - (int64_t)(age_ms / 1000),
			    field(who, b->who), field(number, b->number),
			    field(by, b->by), field(note, b->note)) < 0)
			err = EIO;
	}

	/* else a power cut may leave the new name on an empty file */
	if (!err && (fflush(f) || fsync(fd)))
		err = errno;
	if (fclose(f) && !err)
		err = errno;
	if (!err && rename(tmp, path))
		err = errno;
	if (err)
		(void)unlink(tmp);

	return err;
}


static int decode(struct book_fact *b, char *line, uint64_t now_ms,
		  int64_t now_unix)
{
	char *fieldv[FIELDS], *end, *p = line;
	int64_t since, age;
	size_t n = 0;

	line[strcspn(line, "\n")] = '\0';

	while (n < FIELDS && p) {
		fieldv[n++] = p;
		p = strchr(p, '\t');
		if (p)
			*p++ = '\0';
	}

	if (n != FIELDS || p || !fieldv[0][0])
		return EBADMSG;

	memset(b, 0, sizeof(*b));
	b->account = (unsigned)strtoul(fieldv[1], &end, 10);
	if (*end || end == fieldv[1])
		return EBADMSG;

	since = strtoll(fieldv[2], &end, 10);
	if (*end || end == fieldv[2] || since < 0)
		return EBADMSG;

	age = now_unix > since ? now_unix - since : 0;
	b->since_ms = (uint64_t)age < now_ms / 1000 ?
		now_ms - 1000 * (uint64_t)age : 0;

	(void)uchar_clean(b->spot, TEXT_SZ, fieldv[0], strlen(fieldv[0]));
	(void)uchar_clean(b->who, TEXT_SZ, fieldv[3], strlen(fieldv[3]));
	(void)uchar_clean(b->number, TEXT_SZ, fieldv[4], strlen(fieldv[4]));
	(void)uchar_clean(b->by, TEXT_SZ, fieldv[5], strlen(fieldv[5]));
	(void)uchar_clean(b->note, TEXT_SZ, fieldv[6], strlen(fieldv[6]));

	return 0;
}


size_t book_file_load(const char *path, struct book_fact *factv, size_t max,
		      uint64_t now_ms, int64_t now_unix)
{
	char line[LINE_SZ];
	size_t n = 0;
	FILE *f;

	if (!path || !factv)
		return 0;

	f = fopen(path, "re");
	if (!f)
		return 0;

	while (n < max && fgets(line, sizeof(line), f)) {

		if (!strchr(line, '\n')) {      /* too long: none of ours */
			int c;

			while ((c = fgetc(f)) != EOF && c != '\n')
				;
			continue;
		}

		if (!decode(&factv[n], line, now_ms, now_unix))
			++n;
	}

	(void)fclose(f);

	return n;
}
