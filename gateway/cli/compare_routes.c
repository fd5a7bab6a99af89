#include "cli/compare.h"

#include "base/buf.h"
#include "cli/sample.h"
#include "mapping/lookup.h"

#include <inttypes.h>

enum { PATH_BYTES_MAX = 64 * 1024, METHODS_BYTES_MAX = 256 };

struct matching {
    struct comparison *c;
    struct lookup seen; /* the pairs, as bytes, by number */
    struct route_pair *pairs;
    size_t count, room;
};

static struct change_place place_of(const struct route_pair *p)
{
    const struct where nowhere = {0};

    return (struct change_place){.old = p->old ? p->old->where : nowhere,
                                 .new = p->new ? p->new->where : nowhere};
}

/* --- methods ---------------------------------------------------------------------- */

static bool takes(const struct route *r, enum http_method method)
{
    if (r->passthrough || method == HTTP_OPTIONS)
        return true;
    return r->listed[method] || (method == HTTP_HEAD && r->listed[HTTP_GET]);
}

/* Adds the methods that R takes and OTHER (or, if it is NULL, none) does not. */
static void add_methods(struct buf *to, const struct route *r, const struct route *other)
{
    for (enum http_method m = 0; m < HTTP_METHOD_COUNT; m++) {
        if (!takes(r, m) || (other ? takes(other, m) : m == HTTP_OPTIONS))
            continue;
        buf_add(to, to->len ? TEXT(", ") : TEXT(""));
        buf_add(to, http_method_name(m));
    }
}

static void compare_methods(struct comparison *c, const struct route_pair *p, struct text label)
{
    struct buf lost, won;

    buf_init(&lost, METHODS_BYTES_MAX);
    buf_init(&won, METHODS_BYTES_MAX);
    add_methods(&lost, p->old, p->new);
    add_methods(&won, p->new, p->old);
    if (lost.len)
        change_add(c->changes, CHANGE_METHOD_REMOVED, place_of(p), "%.*s no longer takes %.*s",
                   TEXT_ARG(label), TEXT_ARG(buf_text(&lost)));
    if (won.len)
        change_add(c->changes, CHANGE_METHOD_ADDED, place_of(p), "%.*s takes %.*s", TEXT_ARG(label),
                   TEXT_ARG(buf_text(&won)));
    buf_fini(&lost);
    buf_fini(&won);
    for (enum http_method m = 0; m < HTTP_METHOD_COUNT; m++) {
        if (!takes(p->old, m) || !takes(p->new, m))
            continue;
        struct text was = http_method_name(route_upstream_method(p->old, m));
        struct text is = http_method_name(route_upstream_method(p->new, m));

        if (!text_eq(was, is))
            change_add(c->changes, CHANGE_METHOD_UPSTREAM, place_of(p),
                       "%.*s %.*s goes up as %.*s, was %.*s", TEXT_ARG(http_method_name(m)),
                       TEXT_ARG(label), TEXT_ARG(is), TEXT_ARG(was));
    }
}

/* --- the service's side, limits ----------------------------------------------------- */

/* Where a reply's link to UPSTREAM leads in both. */
static void compare_links(struct comparison *c, const struct route_pair *p, struct text upstream)
{
    struct buf old, new;

    buf_init(&old, PATH_BYTES_MAX);
    buf_init(&new, PATH_BYTES_MAX);
    if (mapping_path(c->old, RESPONSE, upstream, &old) &&
        mapping_path(c->new, RESPONSE, upstream, &new) && !text_eq(buf_text(&old), buf_text(&new)))
        change_add(c->changes, CHANGE_LINK_CHANGED, place_of(p),
                   "a link to the service's %.*s leads to %.*s, was %.*s", TEXT_ARG(upstream),
                   TEXT_ARG(buf_text(&new)), TEXT_ARG(buf_text(&old)));
    buf_fini(&old);
    buf_fini(&new);
}

static void compare_upstream(struct comparison *c, const struct route_pair *p, struct text path,
                             struct text label)
{
    struct buf old, new;

    buf_init(&old, PATH_BYTES_MAX);
    buf_init(&new, PATH_BYTES_MAX);
    route_upstream_path(p->old, path, &old);
    route_upstream_path(p->new, path, &new);
    if (!text_eq(buf_text(&old), buf_text(&new)))
        change_add(c->changes, CHANGE_ROUTE_UPSTREAM, place_of(p), "%.*s goes to %.*s, was %.*s",
                   TEXT_ARG(label), TEXT_ARG(p->new->upstream), TEXT_ARG(p->old->upstream));
    else if (!p->old->passthrough && !p->new->passthrough)
        compare_links(c, p, buf_text(&old));
    buf_fini(&old);
    buf_fini(&new);
}

static struct text service_of(const struct mapping *m, const struct route *r)
{
    size_t count;

    return mapping_services(m, &count)[r->service].name;
}

static void compare_service(struct comparison *c, const struct route_pair *p, struct text label)
{
    struct text was = service_of(c->old, p->old), is = service_of(c->new, p->new);

    if (!text_eq(was, is))
        change_add(c->changes, CHANGE_ROUTE_SERVICE, place_of(p),
                   "%.*s goes to the service \"%.*s\", was \"%.*s\"", TEXT_ARG(label), TEXT_ARG(is),
                   TEXT_ARG(was));
}

static void compare_timeouts(struct comparison *c, const struct route_pair *p, struct text label)
{
    uint64_t was = p->old->timeout_ms, is = p->new->timeout_ms;

    if (was == is)
        return;
    if (was == 0 || is == 0)
        change_add(c->changes, CHANGE_TIMEOUT_SOURCE, place_of(p),
                   is ? "%.*s has a timeout of its own, %" PRIu64 " ms"
                      : "%.*s has no timeout of its own, was %" PRIu64 " ms",
                   TEXT_ARG(label), is ? is : was);
    else
        change_add(c->changes, is > was ? CHANGE_TIMEOUT_RAISED : CHANGE_TIMEOUT_LOWERED,
                   place_of(p), "%.*s has a timeout of %" PRIu64 " ms, was %" PRIu64 " ms",
                   TEXT_ARG(label), is, was);
}

static void compare_max_body(struct comparison *c, const struct route_pair *p, struct text label)
{
    uint64_t was = p->old->max_body, is = p->new->max_body;

    if (was == is)
        return;
    if (is == UINT64_MAX)
        change_add(c->changes, CHANGE_MAX_BODY_RAISED, place_of(p), "%.*s takes a body of any size",
                   TEXT_ARG(label));
    else if (was == 0 || is == 0)
        change_add(c->changes, CHANGE_MAX_BODY_SOURCE, place_of(p),
                   is ? "%.*s has a max_body of its own, %" PRIu64 " bytes"
                      : "%.*s has no max_body of its own, was %" PRIu64 " bytes",
                   TEXT_ARG(label), is ? is : was);
    else
        change_add(c->changes, is > was ? CHANGE_MAX_BODY_RAISED : CHANGE_MAX_BODY_LOWERED,
                   place_of(p), "%.*s takes a body of %" PRIu64 " bytes, was %" PRIu64 " bytes",
                   TEXT_ARG(label), is, was);
}

/* How much of a route's traffic is translated. */
static int depth(const struct route *r)
{
    return r->passthrough ? 0 : r->body == ROUTE_BODY_RAW ? 1 : 2;
}

static void compare_depth(struct comparison *c, const struct route_pair *p, struct text label)
{
    static const char *const words[] = {"passed through", "translated but for its bodies",
                                        "translated"};
    int was = depth(p->old), is = depth(p->new);

    if (was != is)
        change_add(c->changes, is > was ? CHANGE_TRANSLATION_BEGUN : CHANGE_TRANSLATION_ENDED,
                   place_of(p), "%.*s is %s, was %s", TEXT_ARG(label), words[is], words[was]);
}

/* --- pairs ------------------------------------------------------------------------ */

static void tell_removed(struct comparison *c, const struct route_pair *p, struct text path,
                         struct text label)
{
    struct buf methods, upstream, now;

    buf_init(&methods, METHODS_BYTES_MAX);
    buf_init(&upstream, PATH_BYTES_MAX);
    buf_init(&now, PATH_BYTES_MAX);
    add_methods(&methods, p->old, NULL);
    route_upstream_path(p->old, path, &upstream);
    const struct route *moved =
        p->old->passthrough ? NULL : mapping_path(c->new, RESPONSE, buf_text(&upstream), &now);
    if (moved)
        change_add(c->changes, CHANGE_ROUTE_REMOVED, place_of(p),
                   "%.*s is no longer served (%.*s), it has moved to %.*s", TEXT_ARG(label),
                   TEXT_ARG(buf_text(&methods)), TEXT_ARG(moved->client));
    else
        change_add(c->changes, CHANGE_ROUTE_REMOVED, place_of(p), "%.*s is no longer served (%.*s)",
                   TEXT_ARG(label), TEXT_ARG(buf_text(&methods)));
    buf_fini(&methods);
    buf_fini(&upstream);
    buf_fini(&now);
}

static void tell_added(struct comparison *c, const struct route_pair *p, struct text label)
{
    struct buf methods;

    buf_init(&methods, METHODS_BYTES_MAX);
    add_methods(&methods, p->new, NULL);
    change_add(c->changes, CHANGE_ROUTE_ADDED, place_of(p), "%.*s is served (%.*s)",
               TEXT_ARG(label), TEXT_ARG(buf_text(&methods)));
    buf_fini(&methods);
}

static void compare_pair(struct comparison *c, const struct route_pair *p, struct text path,
                         struct text label)
{
    if (!p->new) {
        tell_removed(c, p, path, label);
    } else if (!p->old) {
        tell_added(c, p, label);
    } else {
        compare_methods(c, p, label);
        compare_upstream(c, p, path, label);
        compare_service(c, p, label);
        compare_depth(c, p, label);
        compare_timeouts(c, p, label);
        compare_max_body(c, p, label);
        compare_deprecation(c, p, label);
    }
}

/* True if PAIR was not seen before; it is kept. */
static bool is_first(struct matching *m, const struct route_pair *pair)
{
    struct text key = text_of((const char *)pair, sizeof *pair);

    if (lookup_find(&m->seen, key) != LOOKUP_NONE)
        return false;
    key = arena_copy(m->c->arena, key);
    if (key.at && lookup_add(&m->seen, key) != LOOKUP_NONE)
        return true;
    m->c->changes->no_memory = true;
    return false;
}

static void keep(struct matching *m, const struct route_pair *pair)
{
    if (m->count == m->room) {
        size_t room = m->room ? 2 * m->room : 64;
        struct route_pair *pairs = arena_zero(m->c->arena, room, sizeof *pairs);

        if (!pairs) {
            m->c->changes->no_memory = true;
            return;
        }
        if (m->count)
            memcpy(pairs, m->pairs, m->count * sizeof *pairs);
        m->pairs = pairs;
        m->room = room;
    }
    m->pairs[m->count++] = *pair;
}

/* OPTIONS goes to whatever serves a path: methods play no part in which entry that is. */
static void on_path(void *owner, struct text path, struct text label)
{
    struct matching *m = owner;
    struct route_pair pair = {0};

    mapping_route(m->c->old, HTTP_OPTIONS, path, &pair.old);
    mapping_route(m->c->new, HTTP_OPTIONS, path, &pair.new);
    if ((!pair.old && !pair.new) || !is_first(m, &pair))
        return;
    compare_pair(m->c, &pair, path, label);
    if (pair.old && pair.new)
        keep(m, &pair);
}

struct route_pair *compare_routes(struct comparison *c, size_t *count_out)
{
    struct matching m = {.c = c};
    const struct samples_sink sink = {.take = on_path, .owner = &m};

    lookup_init(&m.seen, c->arena);
    if (!samples_give(c->arena, c->old, c->new, &sink))
        c->changes->no_memory = true;
    *count_out = m.count;
    return m.pairs;
}
