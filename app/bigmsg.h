/**
 * @file app/bigmsg.h  Messages over a connection that are larger than libre
 *                     takes
 *
 * Up to 1 MB are taken over TCP and TLS; what is larger is left out without
 * an answer, and the connection goes on.
 */
#ifndef PARKDECK_BIGMSG_H
#define PARKDECK_BIGMSG_H

/** Forget connections that are no more; they go at the next new one too */
void bigmsg_close(void);

#endif
