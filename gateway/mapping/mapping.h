/*
 * mapping.h - all rules of one mapping file: compiled, immutable, counted
 *
 * A mapping answers which route serves a path and, backwards, what client
 * path shows an upstream one.  It is never changed after it was built, so
 * threads share it without a lock; the last mapping_unref frees it.
 */
#ifndef MAPPING_MAPPING_H
#define MAPPING_MAPPING_H

#include "base/diag.h"
#include "base/text.h"
#include "http/method.h"
#include "mapping/deprecation.h"
#include "mapping/rules.h"

struct mapping;

enum { ROUTE_PARAMS_MAX = 16 };

enum route_body { ROUTE_BODY_AUTO, ROUTE_BODY_RAW };

struct route {
    struct text client;   /* the whole client template, resource tail included */
    struct text upstream; /* the whole upstream template */
    bool passthrough;     /* served unchanged, all methods */
    struct where where;
    bool listed[HTTP_METHOD_COUNT];                      /* by client method */
    enum http_method upstream_method[HTTP_METHOD_COUNT]; /* where listed */
    enum route_body body;
    uint64_t timeout_ms; /* for the first byte and between bytes; 0: the global ones */
    uint64_t max_body;   /* bytes; 0: the global limit */
    size_t service;      /* who is asked: a number of mapping_services */
    const struct rules *rules;
    const struct deprecation *deprecation; /* of a passthrough; NULL: it is not deprecated */
};

enum route_verdict {
    ROUTE_FOUND,
    ROUTE_NOT_FOUND, /* 404 */
    ROUTE_NO_METHOD  /* 405; route_out is the route whose methods Allow lists */
};

/* A service that routes name, and where one does first. */
struct service_name {
    struct text name;
    struct where where;
};

/* One more reference to M. */
struct mapping *mapping_ref(struct mapping *m);

/* Gives back the reference at *M (frees on the last) and sets *M to NULL. */
void mapping_unref(struct mapping **m);

/* The mapping's version: 8 hex digits of a digest of its content. */
struct text mapping_digest(const struct mapping *m);

/*
 * The services that routes of M go to, COUNT_OUT of them.  Number 0 is
 * "upstream", which is where routes go that name none.
 */
const struct service_name *mapping_services(const struct mapping *m, size_t *count_out);

/* When M was built, in seconds since the epoch. */
int64_t mapping_loaded(const struct mapping *m);

/* The rules that hold where no route does (`translate` without --route). */
const struct rules *mapping_global(const struct mapping *m);

/*
 * Finds the route for METHOD and the raw, safe PATH (no query).  HEAD goes
 * where GET is listed; OPTIONS is forwarded on every listed path.
 */
enum route_verdict mapping_route(const struct mapping *m, enum http_method method, struct text path,
                                 const struct route **route_out);

/* The method ROUTE sends upstream for client METHOD (HEAD as GET's). */
enum http_method route_upstream_method(const struct route *route, enum http_method method);

/* Writes the value of Allow for ROUTE, such as "GET, HEAD, POST, OPTIONS". */
struct buf;
void route_allow(const struct route *route, struct buf *to);

/*
 * Appends the upstream path for PATH, which ROUTE serves: literal segments
 * replaced, all other bytes as they came.
 */
void route_upstream_path(const struct route *route, struct text path, struct buf *to);

/*
 * Appends the path that takes over from PATH, which ROUTE serves, and returns
 * true; or appends nothing and returns false, where ROUTE is not deprecated,
 * names no successor, or no translated route serves that path with METHOD.
 */
bool mapping_successor(const struct mapping *m, const struct route *route, enum http_method method,
                       struct text path, struct buf *to);

/*
 * Backwards and for URLs in values.  If some route has the raw PATH on the
 * side that D renames from (upstream for RESPONSE, client for REQUEST),
 * appends its other side and returns the route, else NULL.  Methods play no
 * part; passthrough routes do not count.
 */
const struct route *mapping_path(const struct mapping *m, enum direction d, struct text path,
                                 struct buf *to);

/* All routes in file order, COUNT_OUT of them. */
const struct route *const *mapping_routes(const struct mapping *m, size_t *count_out);

#endif
