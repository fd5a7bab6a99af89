/*
 * metrics.h - the page that Prometheus reads
 *
 * Every label is a text of the configuration, a method, a status or an outcome,
 * never anything a client or the service wrote; but for the callers of
 * deprecated routes, whose names are made plain and are few (server/callers).
 */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include "base/buf.h"
#include "base/pressure.h"
#include "front/front.h"
#include "server/callers.h"
#include "server/ledger.h"
#include "server/regime.h"

struct tls;

/* How the process is at the moment, and what it has counted outside of exchanges. */
struct metrics_gauges {
    size_t connections, connections_most;
    size_t exchanges, exchanges_most, event_streams;
    enum pressure_level pressure; /* of memory */
    bool draining;
    uint64_t welcomed, refused; /* connections */
    uint64_t untold[FRONT_UNTOLD_COUNT];
    uint64_t log_lost; /* lines */
    size_t unmapped;   /* names on the drift list */
};

/* The mapping in force, and how it came to be. */
struct metrics_mapping {
    struct text digest;
    int64_t loaded; /* seconds since the epoch */
    size_t routes;
    uint64_t reloads[2]; /* refused, taken */
    bool last_taken;     /* the newest reload, if there was one */
};

/* Writes every family about the gateway: LEDGER added up from all workers. */
void metrics_write(struct buf *to, const struct ledger *ledger, const struct metrics_gauges *gauges,
                   const struct metrics_mapping *mapping, struct callers *callers);

/* Writes the families about each endpoint of REGIME, called as the settings call it. */
void metrics_write_endpoints(struct buf *to, const struct regime *regime);

/* Writes the families about TLS with clients. */
void metrics_write_tls(struct buf *to, struct tls *tls);

/* Writes the process_* families, as client libraries of Prometheus have them. */
void metrics_write_process(struct buf *to);

#endif
