/**
 * @file modules/park/book_file.h  Who was parked by us, kept on disk
 *
 * So that names and notes survive a crash of the phone. One line a call,
 * fields with a tab between; the file is replaced as a whole.
 */
#ifndef PARKDECK_BOOK_FILE_H
#define PARKDECK_BOOK_FILE_H

#include <stddef.h>
#include <stdint.h>
#include "app/event.h"

enum {
	BOOK_FILE_MAX = 512,     /**< Calls; more lines are not read     */
};

/**
 * Write all entries
 *
 * @param path     File, made with mode 0600
 * @param factv    Entries; since_ms on the clock of `now_ms`
 * @param factc    Number of them; with none the file is removed
 * @param now_ms   Monotonic time [ms]
 * @param now_unix The same moment, seconds since 1970
 *
 * @return 0, or errno; then the old file stands
 */
int book_file_save(const char *path, const struct book_fact *factv,
		   size_t factc, uint64_t now_ms, int64_t now_unix);

/**
 * Read them; a line that is none is passed over
 *
 * @param factv Filled in, since_ms on the clock of `now_ms` (0 if it is
 *              before that clock began)
 * @param max   Room in factv
 *
 * @return Number of entries; 0 also if there is no file
 */
size_t book_file_load(const char *path, struct book_fact *factv, size_t max,
		      uint64_t now_ms, int64_t now_unix);

#endif
