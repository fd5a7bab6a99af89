/*
 * health.h - endpoints are asked how they are, whether requests come or not
 *
 * Every so often each endpoint of a pool gets a GET of its own on a new
 * connection.  A reply below 400 passes, anything else fails, and so does
 * none in time.  So many failures in a row make an endpoint unhealthy, so many
 * passes healthy again; it is healthy to begin with.  What it has come to
 * stays with the endpoint when another health takes over.
 *
 * One health does this for the whole process, on the loop it is given.
 */
#ifndef UPSTREAM_HEALTH_H
#define UPSTREAM_HEALTH_H

#include "upstream/upstream.h"

struct health;

/*
 * A new health on BASE for POOL, if that wants one, and with LIMITS; it takes
 * a reference.  Without a path in its settings POOL's endpoints are healthy
 * from now on.  NULL: no memory.
 */
struct health *health_new(struct event_base *base, const struct upstream_limits *limits,
                          struct pool *pool);

/* Stops all checks of *H, frees it, and sets *H to NULL. */
void health_free(struct health **h);

#endif
