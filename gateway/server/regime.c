#include "server/regime.h"

#include "server/limits.h"

#include <stdlib.h>

struct regime *regime_new(struct conf *conf, struct regime *before)
{
    struct regime *r = calloc(1, sizeof *r);

    if (!r)
        return NULL;
    atomic_init(&r->references, 1);
    r->conf = conf_ref(conf);
    struct pool_settings settings =
        limits_pool(&conf->settings.upstream, TEXT("upstream"), &conf->service_tls);
    r->pool = pool_new(&settings, before ? before->pool : NULL);
    if (!r->pool)
        regime_unref(&r);
    else if (before)
        pool_retire(before->pool, r->pool);
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
    pool_unref(&r->pool);
    conf_unref(&r->conf);
    free(r);
}
