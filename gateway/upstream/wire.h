/*
 * wire.h - the descriptors under the upstream's connections
 *
 * The library that speaks HTTP keeps idle connections and believes in them;
 * a wire is what we know of one by ourselves: its two addresses, whether it
 * has carried a request, whether a byte or an end came while it was idle.
 * Read interest stays registered from one request to the next, so that an
 * idle wire on which something happens is noticed, retired and left alone.
 *
 * Descriptors that others opened (a resolver's) are only watched.  Knows
 * neither HTTP nor the library.
 */
#ifndef UPSTREAM_WIRE_H
#define UPSTREAM_WIRE_H

#include "upstream/endpoint.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

struct upstream_transfer;

struct wire_end {
    char ip[INET6_ADDRSTRLEN]; /* as inet_ntop writes it */
    int port;
};

struct wire {
    struct wires *table;
    int fd;
    uint64_t cookie; /* of the socket: another one may get its number */
    struct event read, write;
    bool reading, writing;  /* which of the two are registered */
    bool wants_read;        /* by the one that moves the bytes */
    bool foreign;           /* not opened here */
    bool used;              /* has carried a request */
    bool dead;              /* must carry no other */
    bool idle;              /* on the idle list */
    uint64_t counted;       /* bytes that were read off it */
    uint32_t segments;      /* with bytes that had come in when it was taken last */
    uint64_t acked;         /* bytes that the other end said it has, when last asked */
    uint64_t idle_since_ms; /* while idle */
    struct wire_end local, remote;
    struct upstream_transfer *opener;   /* that it was opened for; may be gone */
    struct upstream_transfer *transfer; /* that uses it, or NULL */
    struct endpoint *endpoint;          /* at its other end, a reference; NULL: not used yet */
    LIST_ENTRY(wire) by_name;
    TAILQ_ENTRY(wire) by_age;
};

LIST_HEAD(wire_names, wire);
TAILQ_HEAD(wire_ages, wire);

enum { WIRE_BUCKETS = 256 };

struct wires {
    struct event_base *base;
    struct wire **by_fd;
    size_t room; /* entries of by_fd */
    struct wire_names unnamed;
    struct wire_names by_port[WIRE_BUCKETS];
    struct wire_ages idle;           /* longest idle first */
    unsigned idle_at[ENDPOINTS_MAX]; /* how many of them, by the number of their endpoint */
    /* FD became readable or writable, and somebody wants to know. */
    void (*on_ready)(void *owner, int fd, bool readable, bool writable);
    void *owner;
};

/* Makes WS empty, on BASE. */
void wires_init(struct wires *ws, struct event_base *base,
                void (*on_ready)(void *owner, int fd, bool readable, bool writable), void *owner);

/* Closes and frees all that is left. */
void wires_fini(struct wires *ws);

/* A new non-blocking socket for OPENER that will connect to TO; -1: none. */
int wires_open(struct wires *ws, struct upstream_transfer *opener, const struct sockaddr *to,
               int type, int protocol);

/* Closes FD, which wires_open gave. */
void wires_close(struct wires *ws, int fd);

/*
 * FD is no wire any more if it was opened for OPENER and has carried nothing:
 * whoever has it may close it without a word, after which its number may be
 * another thread's.
 */
void wires_let_go(struct wires *ws, int fd, const struct upstream_transfer *opener);

/* The wire under FD, or NULL. */
struct wire *wires_get(const struct wires *ws, int fd);

/* Says what is wanted of FD from now on.  False: no memory. */
bool wires_want(struct wires *ws, int fd, bool read, bool write);

/*
 * Nothing is wanted of FD any more; a foreign one may be closed next, and one
 * that never connected may have been closed without a word.
 */
void wires_forget(struct wires *ws, int fd);

/* The wire from LOCAL to REMOTE, or NULL. */
struct wire *wires_find(struct wires *ws, const struct wire_end *local,
                        const struct wire_end *remote);

/*
 * Retires wires that have been idle for AGE_MS at NOW_MS.  Returns when the
 * next one will be, or UINT64_MAX.
 */
uint64_t wires_expire(struct wires *ws, uint64_t now_ms, uint64_t age_ms);

/* Retires the idle wires to endpoints that are gone. */
void wires_forget_gone(struct wires *ws);

/* True if W may carry a request: not retired, and nothing waits to be read. */
bool wire_clean(const struct wire *w);

/* True if the other end has closed W, or W is broken. */
bool wire_ended(const struct wire *w);

/* W carries a request of TRANSFER to ENDPOINT from now on. */
void wire_take(struct wire *w, struct upstream_transfer *transfer, struct endpoint *endpoint);

/* W is idle from NOW_MS on, or retired where its endpoint is gone. */
void wire_leave(struct wire *w, uint64_t now_ms);

/* True if more bytes came in on W than were counted; plain connections only. */
bool wire_has_excess(const struct wire *w);

/* True if a byte came in on W since it was taken, read or not; plain connections only. */
bool wire_heard(const struct wire *w);

/*
 * True if more bytes have arrived at W's other end since it was taken, or
 * since this was asked last; how long ago it said something goes to AGO_MS_OUT.
 */
bool wire_delivers(struct wire *w, uint64_t *ago_ms_out);

#endif
