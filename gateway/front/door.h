/*
 * door.h - the door to evhttp, and the front behind it
 *
 * All that is ever asked of evhttp: take a connection, see one canonical
 * head a request, and either be ready for the next or close.  Only
 * front_*.c behind this header include it.
 */
#ifndef FRONT_DOOR_H
#define FRONT_DOOR_H

#include "front/listener.h"
#include "front/tap.h"

struct evhttp;
struct evhttp_bound_socket;
struct evconnlistener;

/* evhttp's own callbacks, the same for all its connections. */
struct door_callbacks {
    void (*read_cb)(struct bufferevent *bev, void *connection);
    void (*write_cb)(struct bufferevent *bev, void *connection);
    void (*event_cb)(struct bufferevent *bev, short what, void *connection);
};

/* One evhttp for each way to speak: it does not tell which listener a connection came from. */
struct door {
    struct front *front;
    struct endpoint_way way;
    struct evhttp *http;
};

enum { DOORS = 4 };

struct front {
    struct event_base *base;
    struct door doors[DOORS];
    struct door_callbacks callbacks;
    struct front_limits limits;
    struct front_host host;
    struct listeners listeners;
    struct tap *taps;
    size_t connections;
    struct tap *handing;        /* whose canonical head evhttp reads just now */
    struct http_field *scratch; /* limits.head.fields entries, for judging heads */
    struct buf line;            /* for putting reply heads together */
    bool draining;
};

/* Opens F's doors on its base.  False: no memory. */
bool door_open(struct front *f);

/* Closes evhttp, all its connections and listeners. */
void door_shut(struct front *f);

/* The door of F for connections that speak in WAY. */
struct door *door_for(struct front *f, const struct endpoint_way *way);

/* Lets evhttp take the connections that LISTENER accepts, and owns it then. */
struct evhttp_bound_socket *door_bind(struct door *door, struct evconnlistener *listener);

/* Closes and frees the listener of BOUND. */
void door_unbind(struct door *door, struct evhttp_bound_socket *bound);

/*
 * TAP's first turn: takes its bufferevent over from evhttp.  False: the
 * connection failed before or is one too many; TAP is freed.
 */
bool door_start(struct tap *tap);

/* Gives evhttp a canonical head; it calls tap_dispatch before this returns. */
void door_hand(struct tap *tap);

/* Completes the request that was handed over.  False: TAP is freed. */
bool door_next(struct tap *tap);

/* Closes TAP's connection, by reset if TAP says so; TAP is freed. */
void door_close(struct tap *tap);

#endif
