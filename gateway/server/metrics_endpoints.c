#include "server/exposition.h"
#include "server/metrics.h"
#include "upstream/upstream.h"

static uint64_t up(const struct endpoint *e)
{
    return endpoint_is_up(e, upstream_clock_ms());
}

static uint64_t ejected(const struct endpoint *e)
{
    return endpoint_is_ejected(e, upstream_clock_ms());
}

static uint64_t outstanding(const struct endpoint *e)
{
    return atomic_load(&e->outstanding);
}

static uint64_t picks(const struct endpoint *e)
{
    return atomic_load(&e->picks);
}

static uint64_t failed(const struct endpoint *e)
{
    return atomic_load(&e->failed);
}

static uint64_t ejections(const struct endpoint *e)
{
    return atomic_load(&e->ejections);
}

static uint64_t checks_failed(const struct endpoint *e)
{
    return atomic_load(&e->checks[false]);
}

static uint64_t checks_passed(const struct endpoint *e)
{
    return atomic_load(&e->checks[true]);
}

static uint64_t healthy(const struct endpoint *e)
{
    return !atomic_load(&e->unhealthy);
}

static const struct family {
    const char *name, *type, *help;
    uint64_t (*value)(const struct endpoint *e);
} families[] = {
    {"dpgw_endpoint_up", "gauge", "1 unless the endpoint is ejected or its checks fail.", up},
    {"dpgw_endpoint_ejected", "gauge", "1 while it is ejected, for failures in a row.", ejected},
    {"dpgw_endpoint_outstanding", "gauge", "Requests to it that have not ended.", outstanding},
    {"dpgw_endpoint_picks_total", "counter", "Requests that it was picked for.", picks},
    {"dpgw_endpoint_failures_total", "counter",
     "Requests that it gave no reply to, or not in time, or one that is none.", failed},
    {"dpgw_endpoint_healthy", "gauge", "0 once its checks fail.", healthy},
    {"dpgw_endpoint_checks_failed_total", "counter", "Checks of it that failed.", checks_failed},
    {"dpgw_endpoint_checks_passed_total", "counter", "Checks of it that passed.", checks_passed},
    {"dpgw_endpoint_ejections_total", "counter", "Times that it was ejected.", ejections},
};

static void write_pool(struct buf *to, const struct family *family, const struct pool *p)
{
    for (size_t i = 0; i < p->count; i++) {
        struct label labels[] = {{"upstream", p->name}, {"endpoint", p->endpoints[i]->name}};

        exposition_sample(to, family->name, "", labels, 2, family->value(p->endpoints[i]));
    }
}

/* --- of a pool as a whole ------------------------------------------------------------- */

static uint64_t connections(struct pool_counts counts)
{
    return counts.connections;
}

static uint64_t pending(struct pool_counts counts)
{
    return counts.pending;
}

static uint64_t refused(struct pool_counts counts)
{
    return counts.refused;
}

static const struct pool_family {
    const char *name, *type, *help;
    uint64_t (*value)(struct pool_counts counts);
} pool_families[] = {
    {"dpgw_upstream_connections", "gauge",
     "Connections in use, one for each request to the service.", connections},
    {"dpgw_upstream_pending", "gauge", "Of them not connected yet.", pending},
    {"dpgw_upstream_refused_total", "counter",
     "Requests refused because the service has as many as it may have.", refused},
};

static void write_counts(struct buf *to, const struct pool_family *family, const struct pool *p)
{
    struct label label = {"upstream", p->name};

    exposition_sample(to, family->name, "", &label, 1, family->value(pool_counts(p)));
}

void metrics_write_endpoints(struct buf *to, const struct regime *regime)
{
    for (size_t i = 0; i < sizeof pool_families / sizeof pool_families[0]; i++) {
        const struct pool_family *family = &pool_families[i];

        exposition_family(to, family->name, family->type, family->help);
        for (size_t n = 0; n < regime->pool_count; n++)
            write_counts(to, family, regime->pools[n]);
    }
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        exposition_family(to, families[i].name, families[i].type, families[i].help);
        for (size_t n = 0; n < regime->pool_count; n++)
            write_pool(to, &families[i], regime->pools[n]);
    }
}
