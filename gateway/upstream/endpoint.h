/*
 * endpoint.h - one address of a service, and how it has been lately
 *
 * An endpoint is shared by all threads of the process: what it is never
 * changes, how it is are atomic counts.  It is up, or ejected for a while
 * because too many requests in a row failed there (Envoy calls it outlier
 * detection), or found unhealthy by checks (health.h).  Each ejection that
 * follows soon after another lasts twice as long.
 *
 * Chooses nothing and measures no time: it is told the time.  Knows no socket.
 */
#ifndef UPSTREAM_ENDPOINT_H
#define UPSTREAM_ENDPOINT_H

#include "base/text.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { ENDPOINTS_MAX = 1024 }; /* alive at once in a process */

struct endpoint {
    atomic_uint references;
    unsigned number;       /* below ENDPOINTS_MAX; no other living endpoint has it */
    struct text name;      /* as it was configured, and as logs and metrics call it */
    const char *url;       /* scheme and authority, for a unix socket "http://localhost" */
    const char *path;      /* of the unix socket; NULL: there is none */
    struct text authority; /* of the url: what Host says */
    bool by_name;          /* the host is a name, and may mean another address tomorrow */
    atomic_bool gone;      /* no configuration has it any more */

    atomic_uint outstanding; /* requests that have not ended */
    atomic_uint_fast64_t picks;

    atomic_uint failures;                   /* in a row */
    atomic_uint backoff;                    /* ejections that followed each other soon */
    atomic_uint_fast64_t ejected_until_ms;  /* 0: it is not ejected */
    atomic_uint_fast64_t returned_ms;       /* when the last ejection ended; 0: none has */
    atomic_uint_fast64_t ejections, failed; /* in all */

    unsigned against; /* checks in a row that speak against what it is; whoever checks owns it */
    atomic_bool unhealthy;          /* by its checks */
    atomic_uint_fast64_t checks[2]; /* failed, passed */
};

/* How long an endpoint is ejected, and after what. */
struct ejection {
    unsigned failures;   /* in a row; 0: it never is */
    uint64_t base_ms;    /* the first time; twice as long each time after that */
    uint64_t longest_ms; /* never longer */
    unsigned share;      /* percent of a pool's endpoints that may be ejected at once */
};

/*
 * A new endpoint for NAME: "http://host:port" or "unix:/path", checked
 * before.  One reference.  NULL: no memory, or there are ENDPOINTS_MAX.
 */
struct endpoint *endpoint_new(struct text name);

struct endpoint *endpoint_ref(struct endpoint *e);

/* Gives back the reference at *E, the last one frees it, and sets *E to NULL. */
void endpoint_unref(struct endpoint **e);

/* True while E is ejected at NOW_MS. */
bool endpoint_is_ejected(const struct endpoint *e, uint64_t now_ms);

/* True if E may be chosen at NOW_MS without need. */
bool endpoint_is_up(const struct endpoint *e, uint64_t now_ms);

/* A request came to a good end at E. */
void endpoint_succeed(struct endpoint *e);

/* One more request failed at E in a row.  True: that is enough for HOW to eject it. */
bool endpoint_fail(struct endpoint *e, const struct ejection *how);

/* Ejects E at NOW_MS and returns for how long, in milliseconds; 0: it was already. */
uint64_t endpoint_eject(struct endpoint *e, const struct ejection *how, uint64_t now_ms);

/*
 * True once for each ejection that is over at NOW_MS.  The first failure
 * after that ejects E again.
 */
bool endpoint_return(struct endpoint *e, uint64_t now_ms);

#endif
