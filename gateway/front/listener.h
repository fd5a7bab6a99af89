/*
 * listener.h - listening sockets, and closing them without losing anyone
 *
 * A listener that simply closes resets every client whose handshake is done
 * but that was not accepted yet.  Here a draining listener first lets no new
 * handshake begin (a filter on the socket drops bare SYN segments, or a least
 * hop limit all segments that come to the listener itself), then
 * accepts until there is no one left, and closes last.
 *
 * A socket that others hold too is theirs: draining lets go of it at once,
 * changes nothing about it, and leaves who waits in its queue to the next
 * process.
 */
#ifndef FRONT_LISTENER_H
#define FRONT_LISTENER_H

#include "conf/endpoint.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>

struct front;
struct listener;

struct listeners {
    struct front *front;
    struct listener *first;
    struct event resume; /* accepting goes on */
    struct event closing;
    int reserve;  /* a descriptor to give up when there is none left */
    int accepted; /* in this loop turn */
    bool draining;
};

/* Makes L empty; FRONT's base is used. */
void listeners_init(struct listeners *l, struct front *front);

/* Closes all of L at once. */
void listeners_fini(struct listeners *l);

/* Accepts on FD, in WAY, from now on and owns it.  False: errno tells, FD is closed. */
bool listeners_add(struct listeners *l, int fd, const struct endpoint_way *way);

/* The same for a socket that others hold too. */
bool listeners_share(struct listeners *l, int fd, const struct endpoint_way *way);

/* One connection was accepted; after many in a turn others get theirs. */
void listeners_count(struct listeners *l);

/* Starts closing all listeners as above. */
void listeners_drain(struct listeners *l);

/* Lets FD, accepted while its listener drained, hear every segment. */
void listener_welcome(int fd);

#endif
