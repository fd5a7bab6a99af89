/*
 * notify.h - what the service manager is told
 *
 * systemd hears when the gateway is ready, reads its configuration again,
 * drains, and that it is alive.  Elsewhere, without $NOTIFY_SOCKET, nothing
 * happens.  Called by the server's thread alone.
 */
#ifndef SERVER_NOTIFY_H
#define SERVER_NOTIFY_H

#include "base/text.h"

/* The gateway serves by the mapping of this DIGEST; REMARK is added to that, or empty. */
void notify_ready(struct text digest, const char *remark);

/* The configuration is read again; notify_ready follows, whatever came of it. */
void notify_reloading(void);

/* The gateway drains: from now on no other state is told. */
void notify_stopping(void);

/* After how many microseconds without notify_alive the manager acts; 0: it does not watch. */
uint64_t notify_watchdog_us(void);

/* All workers answer. */
void notify_alive(void);

#endif
