#include "upstream/pool.h"

#include "base/arena.h"

#include "base/log.h"

#include <stdlib.h>

struct pool_common {
    atomic_uint references;
    atomic_flag ejecting; /* somebody counts who is ejected */
    atomic_size_t connections, pending;
    atomic_uint_fast64_t refused;
};

/* --- life -------------------------------------------------------------------- */

static struct pool_common *common_new(void)
{
    struct pool_common *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    atomic_init(&c->references, 1);
    atomic_flag_clear(&c->ejecting);
    return c;
}

static struct pool_common *common_ref(struct pool_common *c)
{
    atomic_fetch_add_explicit(&c->references, 1, memory_order_relaxed);
    return c;
}

static void common_unref(struct pool_common *c)
{
    if (c && atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel) == 1)
        free(c);
}

static struct endpoint *find(const struct pool *p, struct text name)
{
    for (size_t i = 0; p && i < p->count; i++)
        if (text_eq(p->endpoints[i]->name, name))
            return p->endpoints[i];
    return NULL;
}

static bool add(struct pool *p, struct text name, const struct pool *before)
{
    struct endpoint *known = find(before, name);
    struct endpoint *e = known ? endpoint_ref(known) : endpoint_new(name);

    if (e)
        p->endpoints[p->count++] = e;
    return e;
}

enum { TEXTS_BYTES_MAX = 4 * 1024 * 1024 };

/* Keeps a copy of T, if it is there, in P.  False: no memory. */
static bool keep(struct pool *p, struct text *t)
{
    if (t->at)
        *t = arena_copy(p->texts, *t);
    else
        return true;
    return t->at;
}

static bool keep_tls(struct pool *p, const struct pool_tls *tls)
{
    p->tls = *tls;
    p->texts = arena_new(TEXTS_BYTES_MAX);
    return p->texts && keep(p, &p->tls.ca) && keep(p, &p->tls.certificate) &&
           keep(p, &p->tls.key) && keep(p, &p->tls.server_name);
}

struct pool *pool_new(const struct pool_settings *settings, struct pool *before)
{
    struct text path = settings->checking.path;
    struct pool *p = calloc(1, sizeof *p + settings->name.len + path.len + 1);

    if (!p)
        return NULL;
    atomic_init(&p->references, 1);
    memcpy(p + 1, settings->name.at, settings->name.len);
    p->name = text_of((const char *)(p + 1), settings->name.len);
    p->checking = settings->checking;
    p->checking.path = text_of(p->name.at + p->name.len, path.len);
    if (path.len > 0)
        memcpy((char *)(p + 1) + p->name.len, path.at, path.len);
    p->client_host = settings->client_host;
    p->ejection = settings->ejection;
    p->connections_max = settings->connections_max;
    p->pending_max = settings->pending_max;
    p->refresh_ms = settings->refresh_ms;
    p->common = before ? common_ref(before->common) : common_new();
    bool sound = p->common && keep_tls(p, &settings->tls);
    for (size_t i = 0; sound && i < settings->url_count; i++)
        sound = add(p, settings->url[i], before);
    if (!sound)
        pool_unref(&p);
    return p;
}

struct pool *pool_ref(struct pool *p)
{
    atomic_fetch_add_explicit(&p->references, 1, memory_order_relaxed);
    return p;
}

void pool_unref(struct pool **owned)
{
    struct pool *p = *owned;

    *owned = NULL;
    if (!p || atomic_fetch_sub_explicit(&p->references, 1, memory_order_acq_rel) > 1)
        return;
    for (size_t i = 0; i < p->count; i++)
        endpoint_unref(&p->endpoints[i]);
    common_unref(p->common);
    if (p->texts)
        arena_free(&p->texts);
    free(p);
}

void pool_retire(struct pool *p, const struct pool *next)
{
    for (size_t i = 0; i < p->count; i++)
        if (!find(next, p->endpoints[i]->name))
            atomic_store(&p->endpoints[i]->gone, true);
}

/* --- who is next --------------------------------------------------------------- */

/* A rank; the least is chosen. */
static uint64_t rank(const struct endpoint *e, const struct pool_asker *asker)
{
    uint64_t outstanding = atomic_load_explicit(&e->outstanding, memory_order_relaxed);
    bool warm = e->number < asker->idle_count && asker->idle[e->number] > 0;

    return outstanding * 2 + !warm;
}

/* The best of P's endpoints from FIRST on; NULL: none may be chosen. */
static struct endpoint *best(const struct pool *p, const struct pool_asker *asker, size_t first,
                             bool panic)
{
    struct endpoint *found = NULL;
    uint64_t least = UINT64_MAX;

    for (size_t i = 0; i < p->count; i++) {
        struct endpoint *e = p->endpoints[(first + i) % p->count];

        if (e == asker->avoid || (!panic && !endpoint_is_up(e, asker->now_ms)))
            continue;
        uint64_t mine = rank(e, asker);
        if (mine < least) {
            least = mine;
            found = e;
        }
    }
    return found;
}

static void tell_return(const struct pool *p, struct endpoint *e, uint64_t now_ms)
{
    if (endpoint_return(e, now_ms))
        LOG(LOG_INFO, "endpoint returned", LOG_T("upstream", p->name), LOG_T("endpoint", e->name));
}

/* Counts one more in COUNT; false: there are MOST already. */
static bool enter(atomic_size_t *count, size_t most)
{
    if (atomic_fetch_add_explicit(count, 1, memory_order_relaxed) < (most ? most : SIZE_MAX))
        return true;
    atomic_fetch_sub_explicit(count, 1, memory_order_relaxed);
    return false;
}

static bool enter_pool(struct pool *p)
{
    struct pool_common *c = p->common;

    if (enter(&c->connections, p->connections_max)) {
        if (enter(&c->pending, p->pending_max))
            return true;
        atomic_fetch_sub_explicit(&c->connections, 1, memory_order_relaxed);
    }
    atomic_fetch_add_explicit(&c->refused, 1, memory_order_relaxed);
    return false;
}

struct endpoint *pool_take(struct pool *p, const struct pool_asker *asker)
{
    if (!enter_pool(p))
        return NULL;
    size_t first = (*asker->turn)++ % p->count;
    struct endpoint *e = best(p, asker, first, false);

    if (!e)
        e = best(p, asker, first, true);
    if (!e)
        e = p->endpoints[0]; /* the only one, even if it was to be avoided */
    tell_return(p, e, asker->now_ms);
    atomic_fetch_add_explicit(&e->outstanding, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&e->picks, 1, memory_order_relaxed);
    return e;
}

void pool_connected(struct pool *p)
{
    atomic_fetch_sub_explicit(&p->common->pending, 1, memory_order_relaxed);
}

struct pool_counts pool_counts(const struct pool *p)
{
    return (struct pool_counts){.connections = atomic_load(&p->common->connections),
                                .pending = atomic_load(&p->common->pending),
                                .refused = atomic_load(&p->common->refused)};
}

/* --- how it went ---------------------------------------------------------------- */

/* True if one more endpoint of P may be ejected at NOW_MS; of several, one always may. */
static bool may_eject(const struct pool *p, uint64_t now_ms)
{
    size_t ejected = 1;

    for (size_t i = 0; i < p->count; i++)
        ejected += endpoint_is_ejected(p->endpoints[i], now_ms);
    if (p->count == 1 || ejected > p->count)
        return false;
    return ejected == 1 || ejected * 100 <= p->ejection.share * p->count;
}

/* Whoever comes while another counts leaves it to the next failure. */
static void eject(struct pool *p, struct endpoint *e, uint64_t now_ms)
{
    uint64_t ms = 0;

    if (atomic_flag_test_and_set(&p->common->ejecting))
        return;
    if (may_eject(p, now_ms))
        ms = endpoint_eject(e, &p->ejection, now_ms);
    atomic_flag_clear(&p->common->ejecting);
    if (ms > 0)
        LOG(LOG_WARN, "endpoint ejected", LOG_T("upstream", p->name), LOG_T("endpoint", e->name),
            LOG_N("failures", atomic_load(&e->failures)), LOG_N("for_ms", ms));
}

void pool_give(struct pool *p, struct endpoint *e, enum pool_verdict verdict, uint64_t now_ms)
{
    atomic_fetch_sub_explicit(&e->outstanding, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&p->common->connections, 1, memory_order_relaxed);
    switch (verdict) {
    case POOL_GOOD:
        endpoint_succeed(e);
        break;
    case POOL_BAD:
        if (endpoint_fail(e, &p->ejection) && !endpoint_is_ejected(e, now_ms))
            eject(p, e, now_ms);
        break;
    case POOL_UNKNOWN:
        break;
    }
}
