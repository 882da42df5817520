/**
 * @file app/cfg_file.c  A configuration file as bytes, and who can touch it
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "app/cfg_file.h"


static int read_all(struct cfg_file *file, int fd, size_t size)
{
	/* one byte more: a file that grew in between is seen */
	file->buf = malloc(size + 1);
	if (!file->buf)
		return ENOMEM;

	while (file->len <= size) {

		const ssize_t n = read(fd, file->buf + file->len,
				       size + 1 - file->len);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return errno;
		}

		if (n == 0)
			return 0;

		file->len += (size_t)n;
	}

	return EAGAIN;
}


int cfg_file_read(struct cfg_file *file, const char *path, size_t max)
{
	struct stat st;
	int fd, err;

	if (!file || !path)
		return EINVAL;

	memset(file, 0, sizeof(*file));

	/* a FIFO must not make us wait for its writer */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno;

	if (fstat(fd, &st)) {
		err = errno;
		goto out;
	}

	file->dev = (uint64_t)st.st_dev;
	file->ino = (uint64_t)st.st_ino;
	file->private = !(st.st_mode & (S_IRWXG | S_IRWXO));
	file->ours = !(st.st_mode & (S_IWGRP | S_IWOTH)) &&
		(st.st_uid == 0 || st.st_uid == geteuid());

	if (!S_ISREG(st.st_mode)) {
		err = strcmp(path, "/dev/null") ? EINVAL : 0;
		goto out;
	}

	if (st.st_size < 0 || (uint64_t)st.st_size > max) {
		err = EFBIG;
		goto out;
	}

	err = read_all(file, fd, (size_t)st.st_size);

 out:
	(void)close(fd);
	if (err)
		cfg_file_close(file);

	return err;
}


void cfg_file_close(struct cfg_file *file)
{
	if (!file)
		return;

	if (file->buf)
		explicit_bzero(file->buf, file->len);

	free(file->buf);
	file->buf = NULL;
	file->len = 0;
}
