/**
 * @file app/log.h  The log: one file, never the terminal
 *
 * Format as libre's re_printf: %m an errno, %r a struct pl, %j an address.
 * A line is "2026-11-22T16:50:01.123 INFO text", local time. Whatever the
 * text holds, it stays one line of clean UTF-8: control characters become
 * blanks, so bytes from the network may be logged as they are.
 */
#ifndef PARKDECK_LOG_H
#define PARKDECK_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum applog_level {
	APPLOG_DEBUG = 0,
	APPLOG_INFO,
	APPLOG_WARN,
	APPLOG_ERROR,
};

/**
 * Open the log
 *
 * @param path  File, appended, mode 0600; no symbolic link is followed.
 *              NULL: standard error
 * @param min   Lesser levels are dropped
 *
 * @return 0, ENAMETOOLONG, EINVAL (not a plain file), or errno of open(2);
 *         on failure the log stays where it was
 */
int  applog_open(const char *path, enum applog_level min);

/** Drop lesser levels from now on */
void applog_level(enum applog_level min);

/** Back to standard error; safe twice */
void applog_close(void);

/**
 * Bound the file: when a line would make it longer, it becomes PATH.1 (an
 * older PATH.1 is replaced) and a new one is begun
 *
 * @param bytes Limit, at least 4096; 0: 5 MB, as from the start
 */
void applog_limit(size_t bytes);

/**
 * Write a line
 *
 * Goes to standard error before applog_open(); leaves errno as it was.
 * From the loop's thread only.
 */
void applog(enum applog_level level, const char *fmt, ...);

#endif
