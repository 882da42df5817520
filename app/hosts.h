/**
 * @file app/hosts.h  Names of the hosts file
 */
#ifndef PARKDECK_HOSTS_H
#define PARKDECK_HOSTS_H

#include <stdbool.h>

struct sa;

/**
 * Look a name up as hosts(5) says: an address, then its names
 *
 * @param addr Set on success, port 0
 * @param path The file
 * @param name Host name; case does not matter
 *
 * @return True if it stands there; the first line counts
 */
bool hosts_find(struct sa *addr, const char *path, const char *name);

#endif
