#include "server/regime.h"

#include "server/limits.h"

#include <stdlib.h>

/* The pool that R has for the service called NAME; NULL: it has none, or there is no R. */
static struct pool *named(const struct regime *r, struct text name)
{
    for (size_t i = 0; r && i < r->pool_count; i++)
        if (text_eq(r->pools[i]->name, name))
            return r->pools[i];
    return NULL;
}

static bool make_pools(struct regime *r, const struct regime *before)
{
    const struct conf *conf = r->conf;

    for (size_t i = 0; i < conf->service_count; i++) {
        const struct conf_service *service = &conf->services[i];
        struct pool_settings settings =
            limits_pool(&service->settings, service->name, &service->tls);

        r->pools[i] = pool_new(&settings, named(before, service->name));
        if (!r->pools[i])
            return false;
        r->pool_count++;
    }
    return true;
}

/* Finds the pool of each service that the mapping's routes go to. */
static bool route_pools(struct regime *r)
{
    size_t count;

    mapping_services(r->conf->mapping, &count);
    r->routed = calloc(count, sizeof(struct pool *));
    for (size_t i = 0; r->routed && i < count; i++)
        r->routed[i] = r->pools[r->conf->routed[i] - r->conf->services];
    return r->routed;
}

struct regime *regime_new(struct conf *conf, struct regime *before)
{
    struct regime *r = calloc(1, sizeof *r);

    if (!r)
        return NULL;
    atomic_init(&r->references, 1);
    r->conf = conf_ref(conf);
    if (!make_pools(r, before) || !route_pools(r)) {
        regime_unref(&r);
        return NULL;
    }
    for (size_t i = 0; before && i < before->pool_count; i++)
        pool_retire(before->pools[i], named(r, before->pools[i]->name));
    return r;
}

struct regime *regime_ref(struct regime *r)
{
    atomic_fetch_add_explicit(&r->references, 1, memory_order_relaxed);
    return r;
}

void regime_unref(struct regime **owned)
{
    struct regime *r = *owned;

    *owned = NULL;
    if (!r || atomic_fetch_sub_explicit(&r->references, 1, memory_order_acq_rel) > 1)
        return;
    for (size_t i = 0; i < r->pool_count; i++)
        pool_unref(&r->pools[i]);
    free(r->routed);
    conf_unref(&r->conf);
    free(r);
}
