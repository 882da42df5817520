/**
 * @file app/cfg_file.h  A configuration file as bytes, and who can touch it
 */
#ifndef PARKDECK_CFG_FILE_H
#define PARKDECK_CFG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A file that was read */
struct cfg_file {
	char *buf;              /**< len bytes, no NUL after them         */
	size_t len;
	uint64_t dev, ino;      /**< Tell two names of one file           */
	bool private;           /**< Nobody else may read or write it     */
	bool ours;              /**< Only we (or root) could write it     */
};

/**
 * Read a file at once
 *
 * @param max More bytes are EFBIG
 *
 * @return 0; EFBIG; EINVAL: no plain file (/dev/null is an empty one);
 *         ENOMEM, or errno of open(2) and read(2)
 */
int  cfg_file_read(struct cfg_file *file, const char *path, size_t max);

/** Wipe the bytes and free them; safe twice */
void cfg_file_close(struct cfg_file *file);

#endif
