/**
 * @file app/siphook.h  First look at every SIP message of the phone's stack
 *
 * libre asks its listeners in order and its own come first: sipsess eats
 * INVITE, BYE and INFO, sipevent answers 481 or 400 to each NOTIFY that it
 * has no subscription for. The link-time wrap of sip_listen() puts ours in
 * front of them. A built-in PBX has a `struct sip` of its own, which is not
 * touched.
 */
#ifndef PARKDECK_SIPHOOK_H
#define PARKDECK_SIPHOOK_H

#include <stdbool.h>

struct sip;
struct sip_msg;

/** @return True if the message is dealt with: nobody else sees it */
typedef bool (siphook_h)(const struct sip_msg *msg, void *arg);

/** Attach to the next stack that listens (called once, before ua_init) */
void siphook_arm(void);

/** Let go of the stack; all hooks are forgotten */
void siphook_close(void);

/**
 * Add a hook; hooks are asked in the order of `prio`, low first
 *
 * @param req True for requests, false for responses
 *
 * @return 0, or ENOMEM (a fixed number of places)
 */
int  siphook_add(bool req, int prio, siphook_h *h, void *arg);
void siphook_del(siphook_h *h, void *arg);

#endif
