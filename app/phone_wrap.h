/**
 * @file app/phone_wrap.h  What the libraries' public API does not reach
 *
 * Link-time wraps (-Wl,--wrap=f) of libre's own functions; no copy of them.
 */
#ifndef PARKDECK_PHONE_WRAP_H
#define PARKDECK_PHONE_WRAP_H

#include <stdbool.h>
#include <stddef.h>

struct call;
struct sip_dialog;
struct stream;

/** A stream has received an RTCP packet of any kind */
typedef void (phone_wrap_rtcp_h)(const struct stream *strm, void *arg);

/** Be told of them; one listener, NULL: nobody */
void phone_wrap_rtcp(phone_wrap_rtcp_h *h, void *arg);

/**
 * The SIP dialog of a call
 *
 * @return Borrowed from the call, NULL if it has none yet
 */
struct sip_dialog *phone_wrap_dialog(struct call *call);

/** No CA is known, so that no certificate can be checked: say so with the
    reason */
void phone_wrap_no_ca(bool none);

/**
 * Why the last TLS handshake failed, and forget it
 *
 * @param buf  Set to one phrase, "" if no handshake failed
 *
 * libre prints the reason on standard error only.
 */
void phone_wrap_tls_reason(char *buf, size_t size);

#endif
