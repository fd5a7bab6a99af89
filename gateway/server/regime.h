/*
 * regime.h - what is in force: a configuration, and the pools made of it
 *
 * A reload makes a new regime; the pools of services that stay take over what
 * the old ones know of their endpoints.  A regime never changes and is
 * counted, like the configuration in it: each worker's generation holds one.
 */
#ifndef SERVER_REGIME_H
#define SERVER_REGIME_H

#include "conf/conf.h"
#include "upstream/pool.h"

struct regime {
    atomic_uint references;
    struct conf *conf;                     /* one reference */
    struct pool *pools[CONF_SERVICES_MAX]; /* one reference each, as conf->services */
    size_t pool_count;
    struct pool **routed; /* by the number that a route's service has */
};

/*
 * A new regime of CONF, of which it takes a reference, that follows BEFORE
 * (NULL: it is the first): endpoints that are no more are gone from now on.
 * NULL: no memory.
 */
struct regime *regime_new(struct conf *conf, struct regime *before);

struct regime *regime_ref(struct regime *r);

/* Gives back the reference at *R (the last one frees it, from any thread) and sets *R to NULL. */
void regime_unref(struct regime **r);

#endif
