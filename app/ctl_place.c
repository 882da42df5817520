/**
 * @file app/ctl_place.c  Where the control socket of a folder is
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "app/ctl.h"


/* FNV-1a, 64 bit: two folders of one user never meet in practice */
static uint64_t name_hash(const char *str)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *str; str++) {
		h ^= (unsigned char)*str;
		h *= UINT64_C(0x100000001b3);
	}

	return h;
}


/* Ours, a folder, no symbolic link */
static int check_folder(const char *path, mode_t forbidden)
{
	struct stat st;
	int err = 0, fd;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? ENOENT : EPERM;

	if (fstat(fd, &st))
		err = errno;
	else if (st.st_uid != geteuid())
		err = EPERM;
	else if (st.st_mode & forbidden && fchmod(fd, 0700))
		err = EPERM;

	(void)close(fd);

	return err;
}


/* Folder that must be there already; "" for /tmp, which nobody owns */
static int base(char *buf, size_t size, unsigned n)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");
	const unsigned uid = (unsigned)geteuid();
	int len;

	switch (n) {

	case 0:
		if (!xdg || xdg[0] != '/')
			return ENOENT;

		len = snprintf(buf, size, "%s", xdg);
		break;

	case 1:
		len = snprintf(buf, size, "/run/user/%u", uid);
		break;

	case 2:
		buf[0] = '\0';
		return 0;

	default:
		return ENOENT;
	}

	return len < 0 || (size_t)len >= size ? ENAMETOOLONG : 0;
}


int ctl_place(struct ctl_place *place, unsigned n, const char *dir,
	      bool make)
{
	char folder[CTL_PATH_SZ], root[CTL_PATH_SZ];
	int err, len, l1, l2;
	uint64_t h;

	if (!place || !dir)
		return EINVAL;

	err = base(root, sizeof(root), n);
	if (err)
		return err;

	if (root[0]) {
		/* its modes are the login manager's business, not ours */
		err = check_folder(root, 0);
		if (err)
			return err;

		len = snprintf(folder, sizeof(folder), "%s/parkdeck", root);
	}
	else {
		len = snprintf(folder, sizeof(folder), "/tmp/parkdeck-%u",
			       (unsigned)geteuid());
	}

	if (len < 0 || (size_t)len >= sizeof(folder))
		return ENAMETOOLONG;

	/* name first: a folder that cannot hold it is not made */
	h = name_hash(dir);
	l1 = snprintf(place->sock, sizeof(place->sock),
		      "%.*s/%016" PRIx64 ".sock", len, folder, h);
	l2 = snprintf(place->lock, sizeof(place->lock),
		      "%.*s/%016" PRIx64 ".lock", len, folder, h);
	if (l1 < 0 || (size_t)l1 >= sizeof(place->sock) ||
	    l2 < 0 || (size_t)l2 >= sizeof(place->lock))
		return ENAMETOOLONG;

	if (make && mkdir(folder, 0700) && errno != EEXIST)
		return errno;

	return check_folder(folder, S_IRWXG | S_IRWXO);
}
