/**
 * @file app/ctl_client.h  `parkdeck ctl COMMAND…`: the other end of the
 *                         control socket
 *
 * Blocking, without libre's loop.
 */
#ifndef PARKDECK_CTL_CLIENT_H
#define PARKDECK_CTL_CLIENT_H

#include <stddef.h>
#include <stdio.h>

enum {
	CTL_TIMEOUT_S = 30,     /**< A phone that says nothing for so long
				     is not waited for                    */
};

/**
 * Send one command and print the reply
 *
 * The words are quoted so that the phone sees the same words; a single word
 * is taken as the whole line. On success the reply's JSON goes to `out`
 * (of `status` the status itself, without the member "ok"); on failure the
 * reason goes to `errout` as one sentence. `events` prints one line after
 * another until the phone ends or `out` is closed.
 *
 * @param dir       Configuration folder as cfg_dir() gives it
 * @param argc      Words of the command
 * @param argv      The words
 * @param timeout_s To wait for the reply; 0: CTL_TIMEOUT_S
 * @param out       For the reply
 * @param errout    For the reason
 *
 * @return Exit code: 0 or 1
 */
int  ctl_client(const char *dir, int argc, char *const argv[],
		unsigned timeout_s, FILE *out, FILE *errout);

/**
 * Join words to one line of app/cmd.h, quoted where needed
 *
 * @return 0; E2BIG; EINVAL: a control character, or not UTF-8
 */
int  ctl_client_join(char *line, size_t size, int argc, char *const argv[]);

#endif
