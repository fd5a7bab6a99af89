/*
 * sockets.h - what the process listens on: its own sockets or inherited ones
 *
 * A service manager may have opened the sockets already (sd_listen_fds(3)).
 * Those called "admin" take the place of the addresses under `admin`, all
 * others of those under `listen`; a name made of the words that may stand
 * behind an address ("tls") says what they say.  Each of our own TCP sockets is joined by
 * one more for each worker; inherited sockets and unix sockets are shared.
 *
 * An inherited socket outlives the process: the manager holds it too, and who
 * waits in its queue is served by the next one.
 */
#ifndef SERVER_SOCKETS_H
#define SERVER_SOCKETS_H

#include "conf/settings.h"
#include "front/address.h"

struct bound {
    int fd; /* -1: somebody else's by now */
    bool inherited;
    struct endpoint_way way; /* what is spoken there */
    char address[ADDRESS_TEXT_MAX];
};

struct sockets {
    struct bound client[ADDRESSES_MAX], admin[ADDRESSES_MAX];
    size_t client_count, admin_count;
};

/*
 * Opens all that S and the service manager say.  False, after a line in the
 * log, if one can't be had; sockets_close is due in any case.
 */
bool sockets_open(struct sockets *all, const struct settings *s);

/* Writes a line for each address that is listened on. */
void sockets_log(const struct sockets *all);

/* Client sockets for one worker more, into FDS of ADDRESSES_MAX.  False: errno tells. */
bool sockets_join(const struct sockets *all, int *fds);

/* What is spoken on each of the client sockets, into WAYS of ADDRESSES_MAX. */
void sockets_ways(const struct sockets *all, struct endpoint_way *ways);

/* The client sockets themselves, into FDS: the caller's from then on. */
void sockets_take(struct sockets *all, int *fds);

/* Closes what was not taken. */
void sockets_close(struct sockets *all);

#endif
