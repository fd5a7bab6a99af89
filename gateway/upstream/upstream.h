/*
 * upstream.h - the service side: one request up, one reply down
 *
 * An upstream owns one curl multi on one event base and keeps connections to
 * the service.  A transfer tells its story through an event table, from the
 * loop and never from inside a call made by its owner.  Replies are checked
 * as strictly as requests; bodies arrive out of their framing.
 *
 * A request is never sent twice.  Only a kept connection that turns out to be
 * no good before a byte was sent is replaced by a fresh one, unseen.
 *
 * Who is asked is picked from a pool first (pool.h), for its Host goes into
 * the request; how that went is told to the pool when the transfer ends.
 *
 * Knows nothing of clients, mappings or JSON.
 */
#ifndef UPSTREAM_UPSTREAM_H
#define UPSTREAM_UPSTREAM_H

#include "http/chunked.h"
#include "http/head.h"
#include "upstream/pool.h"

struct event_base;
struct upstream;
struct upstream_transfer;

struct upstream_limits {
    const char *url;        /* where requests without an endpoint go, no path; NULL: nowhere */
    size_t response_head;   /* bytes */
    size_t response_fields; /* number */
    struct chunked_limits chunked;
    size_t connections_kept; /* idle ones, for this worker */
    uint64_t connect_ms;
    uint64_t idle_ms; /* age at which a kept connection is closed */
    /* True if bytes of a reply wait in SSL, a connection's, unread; NULL: nobody knows. */
    bool (*tls_pending)(const void *ssl);
};

struct upstream_request {
    struct pool *pool;         /* that the endpoint was picked from; NULL: it was not */
    bool uncounted;            /* a check: it was not picked, and POOL hears nothing of it */
    struct endpoint *endpoint; /* who is asked; NULL: the upstream's own url */
    enum http_method method;
    struct text target;        /* path and query, sent as it is */
    struct http_fields fields; /* end-to-end fields, Host included; not framing ones */
    enum http_framing framing; /* HTTP_NO_BODY, HTTP_LENGTH or HTTP_CHUNKED */
    uint64_t length;           /* of the body where framing is HTTP_LENGTH */
    struct text
        whole; /* the whole body if it is at hand (lives as long as the transfer), or absent */
    uint64_t first_byte_ms;    /* from the request's end to the reply's head; 0: no limit */
    uint64_t between_bytes_ms; /* while neither pause nor LATER holds it up; 0: no limit */
    bool event_stream;         /* small receive buffer */
    bool fresh;                /* not on a kept connection */
};

struct upstream_head {
    int status;
    struct text reason;
    struct http_fields fields; /* all that came but framing and hop-by-hop ones */
    enum http_framing framing; /* HTTP_NO_BODY for HEAD, 204, 304 */
    bool has_length;
    uint64_t length; /* the declared one, for HEAD and 304 too, if has_length */
};

enum upstream_failure {
    UPSTREAM_REFUSED, /* no connection could be made, or not in time: 502 */
    UPSTREAM_BROKE,   /* reset or closed before a byte of a reply came: 502 */
    UPSTREAM_CUT,     /* reset or closed within a reply, interim ones included: 502 */
    UPSTREAM_INVALID, /* a reply that RFC 9112 forbids or beyond a limit: 502 */
    UPSTREAM_SLOW,    /* a deadline passed: 504 */
    UPSTREAM_NO_ROOM  /* the system gave no memory or no descriptor: 503 */
};

enum upstream_give { UPSTREAM_GIVE_BYTES, UPSTREAM_GIVE_LATER, UPSTREAM_GIVE_END };

struct upstream_events {
    /*
     * The body may go on: write up to ROOM bytes to TO, their number (not 0)
     * to LENGTH_OUT, and say BYTES; or LATER (then upstream_more wakes it);
     * or END, if and only if the body is whole.  Not asked for HEAD, for a
     * `whole` body, nor after a final status of 300 or above.  Where the rest
     * of a body is not worth having any more, LATER is the answer: the reply
     * is told whole all the same, and then the connection closes.
     */
    enum upstream_give (*on_want)(void *owner, char *to, size_t room, size_t *length_out);
    /* A 103 (Early Hints) or other 1xx that may be passed on; others are swallowed. */
    void (*on_hints)(void *owner, const struct upstream_head *head);
    /* The final head.  HEAD's texts live until the call returns. */
    void (*on_head)(void *owner, const struct upstream_head *head);
    /* A piece of the body, at most 16 KiB; taken whole. */
    void (*on_piece)(void *owner, struct text piece);
    /* The reply is complete, be the request or not.  The transfer is over. */
    void (*on_done)(void *owner, const struct http_fields *trailers);
    /* The reply will never be complete.  The transfer is over. */
    void (*on_broke)(void *owner, enum upstream_failure why);
};

/*
 * Readies what all upstreams share, once a process and before its threads;
 * from then on SIGPIPE is ignored.  False: it failed.
 */
bool upstream_global_init(void);

/* Gives that back, after the last upstream is gone. */
void upstream_global_fini(void);

/* A new upstream on BASE; LIMITS are copied.  NULL: no memory. */
struct upstream *upstream_new(struct event_base *base, const struct upstream_limits *limits);

/* From now on LIMITS hold, but for the url and the number of kept connections. */
void upstream_set_limits(struct upstream *u, const struct upstream_limits *limits);

/* Frees the upstream at *U; all its transfers have been cancelled. */
void upstream_free(struct upstream **u);

/* Lets go of the idle connections to endpoints that are gone. */
void upstream_forget_gone(struct upstream *u);

/*
 * Picks who of POOL is asked next, if there is another one then not AVOID
 * (may be NULL).  It is counted there from then on: give it to upstream_start,
 * or back with upstream_unpick.  Lives as long as POOL.  NULL: POOL has as
 * many requests as it may have.
 */
struct endpoint *upstream_pick(struct upstream *u, struct pool *pool, const struct endpoint *avoid);
void upstream_unpick(struct pool *pool, struct endpoint *endpoint);

/*
 * Starts one transfer.  Events go to OWNER, on_done or on_broke exactly once
 * unless it is cancelled.  REQUEST's texts are copied, but for `whole`.
 * NULL: no memory, and what was picked is given back.
 */
struct upstream_transfer *upstream_start(struct upstream *u, const struct upstream_request *request,
                                         const struct upstream_events *events, void *owner);

/* More of the body is at hand after UPSTREAM_GIVE_LATER.  From the loop. */
void upstream_more(struct upstream_transfer *t);

/*
 * Stops delivering pieces / goes on.  Pieces that are already read from the
 * wire with the one under way (16 KiB of raw bytes at most) still come, and
 * so do a head and an end; after upstream_resume they come from the loop.
 */
void upstream_pause(struct upstream_transfer *t);
void upstream_resume(struct upstream_transfer *t);

/* From now on the reply may be silent for MS between bytes (0: for ever). */
void upstream_set_between_bytes(struct upstream_transfer *t, uint64_t ms);

/*
 * Ends the transfer at *T without a word and sets *T to NULL; safe inside
 * its callbacks (it is buried at the top of the loop).  Its connection closes
 * unless the reply was complete.  Also call it after on_done and on_broke.
 */
void upstream_cancel(struct upstream_transfer **t);

/* True if the request went out on a kept connection. */
bool upstream_on_kept(const struct upstream_transfer *t);

/* Milliseconds of the clock by which endpoints are ejected; it only goes forward. */
uint64_t upstream_clock_ms(void);

/* The endpoint of the upstream's own url. */
const struct endpoint *upstream_own(const struct upstream *u);

#endif
