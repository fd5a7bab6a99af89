#include "mapping/mapping.h"

#include "base/buf.h"
#include "mapping/inside.h"

#include <assert.h>
#include <stdlib.h>

struct mapping *mapping_ref(struct mapping *m)
{
    atomic_fetch_add_explicit(&m->references, 1, memory_order_relaxed);
    return m;
}

void mapping_unref(struct mapping **m)
{
    struct mapping *last = *m;

    *m = NULL;
    if (!last || atomic_fetch_sub_explicit(&last->references, 1, memory_order_acq_rel) > 1)
        return;
    arena_free(&last->arena);
    free(last);
}

struct text mapping_digest(const struct mapping *m)
{
    return text_of(m->digest, sizeof m->digest - 1);
}

const struct service_name *mapping_services(const struct mapping *m, size_t *count_out)
{
    *count_out = m->service_numbers.count;
    return m->services;
}

int64_t mapping_loaded(const struct mapping *m)
{
    return m->loaded;
}

const struct rules *mapping_global(const struct mapping *m)
{
    return m->global;
}

static bool takes(const struct route *route, enum http_method method)
{
    if (route->passthrough || method == HTTP_OPTIONS)
        return true;
    return route->listed[method] || (method == HTTP_HEAD && route->listed[HTTP_GET]);
}

enum route_verdict mapping_route(const struct mapping *m, enum http_method method, struct text path,
                                 const struct route **route_out)
{
    bool fenced;
    const struct served *served = trie_find(&m->client, path, &fenced);

    *route_out = NULL;
    if (!served && !fenced)
        served = trie_find(&m->passthrough, path, &fenced);
    if (!served)
        return ROUTE_NOT_FOUND;
    *route_out = &served->route;
    return takes(&served->route, method) ? ROUTE_FOUND : ROUTE_NO_METHOD;
}

enum http_method route_upstream_method(const struct route *route, enum http_method method)
{
    if (route->passthrough || method == HTTP_OPTIONS)
        return method;
    if (route->listed[method])
        return route->upstream_method[method];
    assert(method == HTTP_HEAD && route->listed[HTTP_GET]);
    enum http_method get = route->upstream_method[HTTP_GET];
    return get == HTTP_GET ? HTTP_HEAD : get;
}

void route_allow(const struct route *route, struct buf *to)
{
    const char *separator = "";

    for (enum http_method method = 0; method < HTTP_METHOD_COUNT; method++) {
        if (!takes(route, method))
            continue;
        buf_add(to, text_from(separator));
        buf_add(to, http_method_name(method));
        separator = ", ";
    }
}

void route_upstream_path(const struct route *route, struct text path, struct buf *to)
{
    const struct served *served = (const struct served *)route;

    if (route->passthrough)
        buf_add(to, path);
    else
        pattern_carry(&served->client, &served->upstream, path, to);
}

bool mapping_successor(const struct mapping *m, const struct route *route, enum http_method method,
                       struct text path, struct buf *to)
{
    const struct served *served = (const struct served *)route;
    const struct route *successor;
    size_t start = to->len;

    if (!route->deprecation || !route->deprecation->successor.text.at)
        return false;
    pattern_carry(&served->client, &served->successor, path, to);
    if (!to->failed &&
        mapping_route(m, method, text_from_offset(buf_text(to), start), &successor) ==
            ROUTE_FOUND &&
        !successor->passthrough)
        return true;
    to->len = start;
    return false;
}

const struct route *mapping_path(const struct mapping *m, enum direction d, struct text path,
                                 struct buf *to)
{
    bool fenced;
    const struct served *served =
        trie_find(d == REQUEST ? &m->client : &m->upstream, path, &fenced);

    if (!served)
        return NULL;
    if (d == REQUEST)
        pattern_carry(&served->client, &served->upstream, path, to);
    else
        pattern_carry(&served->upstream, &served->client, path, to);
    return &served->route;
}

const struct route *const *mapping_routes(const struct mapping *m, size_t *count_out)
{
    *count_out = m->route_count;
    return m->routes;
}
