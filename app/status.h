/**
 * @file app/status.h  The desk model as JSON
 */
#ifndef PARKDECK_STATUS_H
#define PARKDECK_STATUS_H

#include <stddef.h>
#include <stdint.h>

struct clock;
struct command;
struct desk;
struct event;
struct re_printf;

/**
 * Say what to dial to take a call from a spot
 *
 * @param buf     Filled in; "" if it is not known
 * @param size    Size of buf
 * @param spot    The spot
 * @param account Index of its account
 * @param arg     Handler argument
 */
typedef void (status_retrieve_h)(char *buf, size_t size, const char *spot,
				 unsigned account, void *arg);

/** What a status is made of; all borrowed */
struct status_prm {
	const struct desk *desk;
	const struct clock *clock;
	status_retrieve_h *retrieveh;   /**< Or NULL: "retrieve" is ""   */
	void *arg;
};

/**
 * Print the whole desk as one JSON object
 *
 * {"accounts":[{"aor","registered","reason"}],
 *  "calls":[{"id","state","peer","name","direction","seconds","held"}],
 *  "lamps":[{"spot","label","state","reason","who","since_s"}],
 *  "parked":[{"where","who","by","retrieve","since_s"}],
 *  "message"}
 *
 * and more members beside them. "seconds" is how long the call has been
 * talked on, 0 before; "since_s" is null when it is not known. "parked"
 * holds every lamp that shows a waiting call and all that our book knows.
 */
int status_print(struct re_printf *pf, const struct status_prm *prm);

/** A command_h for COMMAND_STATUS; `arg` is a struct status_prm */
int status_command(const struct command *cmd, struct re_printf *reply,
		   void *arg);

/** A fact and the time that its ages are told for */
struct status_event {
	const struct event *ev;
	uint64_t now_ms;
};

/**
 * Print handler for %H: a fact as one JSON object, {"event":"lamp",...},
 * its members named as in the status
 */
int status_event_print(struct re_printf *pf, const struct status_event *se);

#endif
