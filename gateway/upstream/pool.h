/*
 * pool.h - one named upstream: its endpoints, and which of them is next
 *
 * Of the endpoints that are up the one with the fewest requests outstanding
 * is next; among equals one to which the asking worker has an idle
 * connection; among those they take turns.  Where none is up all count as up
 * (Envoy's panic): to ask is better than not to.  Requests are counted for
 * the whole process, by atomics: no worker waits for another.
 *
 * A pool never changes but for these counts, and is shared by threads.  One
 * that follows another on a reload takes over what is known of each endpoint
 * that stays.  Knows no socket and no request; it is told the time.
 */
#ifndef UPSTREAM_POOL_H
#define UPSTREAM_POOL_H

#include "upstream/endpoint.h"

#include <stddef.h>

enum { POOL_ENDPOINTS_MAX = 32 };

/* TLS with those endpoints whose URL begins with https://. */
struct pool_tls {
    struct text ca, certificate, key; /* PEM; absent: the system's authorities, none, none */
    struct text server_name;          /* absent: the URL's host */
    bool verify;
    uint64_t mark; /* another one for other settings; not 0 */
};

/* How endpoints are checked. */
struct checking {
    struct text path; /* and query that are asked for; empty: they are not checked */
    uint64_t interval_ms, timeout_ms;
    unsigned healthy, unhealthy; /* checks in a row that make it so */
};

struct pool_settings {
    struct text name;       /* "upstream", or as `upstreams:` has it */
    const struct text *url; /* as endpoint_new takes them */
    size_t url_count;       /* at least 1, at most POOL_ENDPOINTS_MAX */
    bool client_host;       /* the client's Host goes up, not the endpoint's */
    struct ejection ejection;
    struct pool_tls tls; /* copied */
    struct checking checking;
    size_t connections_max; /* in use at once, one for each request; 0: any number */
    size_t pending_max;     /* of them not connected yet; 0: any number */
    uint64_t refresh_ms;    /* age of a connection at which a name is looked up anew */
};

/* What a pool and those that follow it under its name have in common. */
struct pool_common;

struct pool {
    atomic_uint references;
    struct text name;
    bool client_host;
    struct ejection ejection;
    struct pool_tls tls; /* texts in `texts` */
    struct arena *texts;
    struct checking checking; /* its path is the pool's own */
    size_t connections_max, pending_max;
    uint64_t refresh_ms;
    struct pool_common *common;
    size_t count;
    struct endpoint *endpoints[POOL_ENDPOINTS_MAX];
};

/* How requests end, as far as it says something about an endpoint. */
enum pool_verdict {
    POOL_GOOD,   /* the endpoint gave a whole reply, whatever its status */
    POOL_BAD,    /* it gave none, or not in time, or one that is no reply */
    POOL_UNKNOWN /* the gateway or its client gave up for reasons of their own */
};

/* Who asks for an endpoint. */
struct pool_asker {
    uint64_t now_ms;
    const struct endpoint *avoid; /* another one if there is one; or NULL */
    const unsigned *idle;         /* connections that wait for a request, by endpoint number */
    size_t idle_count;            /* entries of that */
    unsigned *turn;               /* of the asker; moved on */
};

/*
 * A new pool of SETTINGS with one reference, which takes over from BEFORE
 * (may be NULL).  NULL: no memory.
 */
struct pool *pool_new(const struct pool_settings *settings, struct pool *before);

struct pool *pool_ref(struct pool *p);

/* Gives back the reference at *P, the last one frees it, and sets *P to NULL. */
void pool_unref(struct pool **p);

/* Every endpoint of P that NEXT (may be NULL) does not have is gone. */
void pool_retire(struct pool *p, const struct pool *next);

/*
 * The endpoint for the next request, which is counted until pool_give, and as
 * pending until pool_connected.  Borrowed: it lives as long as P.  NULL: P
 * has as many requests as it may have (a circuit breaker, as Envoy has it).
 */
struct endpoint *pool_take(struct pool *p, const struct pool_asker *asker);

/* A request that was taken has its connection, or will get none; once for each. */
void pool_connected(struct pool *p);

/* The request counted at E has ended, as VERDICT says; it is not pending any more. */
void pool_give(struct pool *p, struct endpoint *e, enum pool_verdict verdict, uint64_t now_ms);

/* How P is, for those who watch it. */
struct pool_counts {
    size_t connections, pending;
    uint64_t refused; /* requests, for want of a place */
};

struct pool_counts pool_counts(const struct pool *p);

#endif
