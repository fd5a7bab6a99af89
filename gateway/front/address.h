/*
 * address.h - listening addresses, as written in the configuration
 *
 * "0.0.0.0:8080", "[::]:8080", "127.0.0.1:0" or "unix:/run/dpgw.sock".
 */
#ifndef FRONT_ADDRESS_H
#define FRONT_ADDRESS_H

#include "base/text.h"

enum { ADDRESS_TEXT_MAX = 128 };

/*
 * Binds and listens on ADDRESS.  The socket is non-blocking and close-on-exec.
 * It binds WITHOUT SO_REUSEPORT, so that a second instance fails with
 * EADDRINUSE, and sets the option afterwards so that address_join can follow.
 * The address with its real port goes to BOUND_OUT (ADDRESS_TEXT_MAX bytes).
 * Returns the descriptor, or -1 with errno set.
 */
int address_listen(struct text address, char *bound_out);

/*
 * One more listening socket for the address that FD, made by address_listen,
 * is bound to: with SO_REUSEPORT for TCP, a dup for a unix socket.  -1: errno.
 */
int address_join(int fd);

/*
 * Makes a listening stream socket that was inherited as one of ours would be,
 * and writes what it is bound to to BOUND_OUT.  False: errno tells; EINVAL if
 * it is no such socket.
 */
bool address_adopt(int fd, char *bound_out);

/* The same socket once more, with the queue that it has.  -1: errno. */
int address_share(int fd);

/* True if ADDRESS has a form that address_listen takes. */
bool address_valid(struct text address);

#endif
