/*
 * deprecated.h - what a request of a deprecated route comes to
 *
 * Worked out once, when the route is known: which path takes over from this
 * very one, and who calls.  Every reply on such a route tells of its end, the
 * service's and the gateway's own; bodies and all other fields are left alone.
 *
 * A caller's name is the one thing of a client that metrics and the log show
 * as it came, so it is cut and made plain here.
 */
#ifndef EXCHANGE_DEPRECATED_H
#define EXCHANGE_DEPRECATED_H

#include "exchange/life.h"

enum {
    DEPRECATED_FIELDS_MAX = 3,  /* Deprecation, Link, Sunset */
    DEPRECATED_CALLER_MAX = 48, /* bytes of a caller's name */
};

/*
 * Works out what EX's route, which is deprecated, has to say to this request.
 * False: no memory.
 */
bool deprecated_begin(struct exchange *ex);

/* True if EX's route is switched off just now, in one of its windows. */
bool deprecated_browned_out(const struct exchange *ex);

/* Writes the fields that tell of the end of EX's route to AT; how many: 0 if it has none. */
size_t deprecated_fields(const struct exchange *ex, struct http_field at[DEPRECATED_FIELDS_MAX]);

/* True if the service's own field NAME makes way for one of those. */
bool deprecated_replaces(const struct exchange *ex, struct text name);

#endif
