/**
 * @file app/pass_cmd.h  Passwords that a command prints (auth_pass_cmd)
 */
#ifndef PARKDECK_PASS_CMD_H
#define PARKDECK_PASS_CMD_H

#include <stdbool.h>
#include <stdint.h>

struct cfg;
struct pass_cmd;

/**
 * All commands have ended
 *
 * @param text NULL: each account has its password (its `pass`). Else one
 *             sentence for the user: which one failed, and how
 */
typedef void (pass_cmd_h)(const char *text, void *arg);

/** @return True if an account has a command whose password is not known */
bool pass_cmd_wanted(const struct cfg *cfg);

/**
 * Run the commands of a configuration's accounts, one after the other
 *
 * Each is run by /bin/sh without a terminal, its standard input is
 * /dev/null, its standard error is ours. The first line that it prints is
 * the password. One that does not end in time is killed with all that it has
 * started.
 *
 * @param pcp      Set on return; mem_deref() it, also from `h`: what still
 *                 runs is then killed
 * @param cfg      Held until the end; its accounts get their passwords
 * @param limit_ms For each of them
 * @param h        Called once, from the loop
 *
 * @return 0, ENOENT (nothing is wanted), or an errno
 */
int pass_cmd_alloc(struct pass_cmd **pcp, struct cfg *cfg, uint32_t limit_ms,
		   pass_cmd_h *h, void *arg);

#endif
