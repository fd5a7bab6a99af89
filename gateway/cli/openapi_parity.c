#include "cli/openapi_parity.h"

#include "cli/openapi_mirror.h"
#include "mapping/remarks.h"

struct comparing {
    const struct mapping *mapping;
    const struct openapi_document *document;
    struct arena *arena;
    struct diag *d;
    struct openapi_parity *parity;
};

/* --- the service's operations --------------------------------------------- */

static bool has_reason(const struct mapping *m, enum http_method method, struct text path)
{
    size_t count;
    const struct unmirrored *u = mapping_unmirrored(m, &count);

    for (size_t i = 0; i < count; i++)
        if (unmirrored_covers(&u[i], method, path))
            return true;
    return false;
}

/* The next segment of *PATH, which begins with "/". */
static struct text take(struct text *path)
{
    struct text rest = text_from_offset(*path, 1);
    struct text segment = text_of(rest.at, text_find(rest, '/'));

    *path = text_from_offset(rest, segment.len);
    return segment;
}

/* True if PATH is at or below the one that the template ABOVE stands for. */
static bool is_below(struct text above, struct text path)
{
    while (above.len && !text_eq(above, TEXT("/**"))) {
        if (path.len == 0)
            return false;
        struct text wanted = take(&above), segment = take(&path);
        if (!text_starts(wanted, TEXT("{")) && !text_eq(wanted, segment))
            return false;
    }
    return true;
}

/* True if a route mirrors what PATH is at or below of: then clients expect PATH to be mirrored too.
 */
static bool is_expected(const struct mapping *m, struct text path)
{
    size_t count;
    const struct route *const *routes = mapping_routes(m, &count);

    for (size_t i = 0; i < count; i++)
        if (!routes[i]->passthrough && is_below(routes[i]->upstream, path))
            return true;
    return false;
}

static bool is_passed(const struct mapping *m, enum http_method method, struct text path)
{
    const struct route *route;

    return mapping_route(m, method, path, &route) == ROUTE_FOUND && route->passthrough;
}

static void judge_operation(struct comparing *c, const struct yaml_node *item,
                            const struct yaml_node *operation, enum http_method method)
{
    struct text path = item->key, name = http_method_name(method);

    if (openapi_mirror(c->mapping, c->arena, path, method).route) {
        c->parity->mirrored++;
    } else if (has_reason(c->mapping, method, path)) {
        c->parity->unmirrored++;
    } else if (is_expected(c->mapping, path)) {
        diag_error(c->d, operation->key_where, "not-mirrored", "no route mirrors %.*s %.*s",
                   TEXT_ARG(name), TEXT_ARG(path));
        diag_hint(c->d, "add it to a route, or to \"unmirrored\" with a reason");
    } else if (is_passed(c->mapping, method, path)) {
        c->parity->passed++;
    } else {
        diag_error(c->d, operation->key_where, "not-served", "clients can't reach %.*s %.*s",
                   TEXT_ARG(name), TEXT_ARG(path));
        diag_hint(c->d, "mirror it by a route, pass it through, or add it to \"unmirrored\" with a "
                        "reason");
    }
}

/* --- the mapping's -------------------------------------------------------- */

/* True if an operation of the service is what clients of ROUTE reach by METHOD. */
static bool leads_somewhere(struct comparing *c, const struct route *route, enum http_method method)
{
    for (const struct yaml_node *i = openapi_first(openapi_member(c->document->root, "paths")); i;
         i = i->next)
        for (const struct yaml_node *n = openapi_first(i); n; n = n->next) {
            enum http_method upstream;

            if (openapi_method(n->key, &upstream) && upstream == route->upstream_method[method] &&
                openapi_mirror(c->mapping, c->arena, i->key, upstream).route == route)
                return true;
        }
    return false;
}

static void judge_route(struct comparing *c, const struct route *route)
{
    for (enum http_method m = 0; m < HTTP_METHOD_COUNT && !route->passthrough; m++) {
        if (!route->listed[m] || m == HTTP_OPTIONS || m == HTTP_HEAD ||
            leads_somewhere(c, route, m))
            continue;
        diag_error(c->d, route->where, "no-operation", "%.*s %.*s leads to no operation of %s",
                   TEXT_ARG(http_method_name(m)), TEXT_ARG(route->client), c->document->file);
        diag_hint(c->d, "describe %.*s %.*s there, or take the method out",
                  TEXT_ARG(http_method_name(route->upstream_method[m])), TEXT_ARG(route->upstream));
    }
}

/* True if U is about an operation of the service that no route mirrors. */
static bool is_needed(struct comparing *c, const struct unmirrored *u)
{
    for (const struct yaml_node *i = openapi_first(openapi_member(c->document->root, "paths")); i;
         i = i->next)
        for (const struct yaml_node *n = openapi_first(i); n; n = n->next) {
            enum http_method method;

            if (openapi_method(n->key, &method) && unmirrored_covers(u, method, i->key) &&
                !openapi_mirror(c->mapping, c->arena, i->key, method).route)
                return true;
        }
    return false;
}

void openapi_parity(const struct mapping *m, struct arena *arena,
                    const struct openapi_document *document, struct diag *d,
                    struct openapi_parity *parity_out)
{
    struct comparing c = {m, document, arena, d, parity_out};
    enum http_method method;
    size_t count;

    *parity_out = (struct openapi_parity){0};
    for (const struct yaml_node *i = openapi_first(openapi_member(document->root, "paths")); i;
         i = i->next)
        for (const struct yaml_node *n = openapi_first(i); n; n = n->next)
            if (text_starts(i->key, TEXT("/")) && openapi_method(n->key, &method))
                judge_operation(&c, i, n, method);
    const struct route *const *routes = mapping_routes(m, &count);
    for (size_t r = 0; r < count; r++)
        judge_route(&c, routes[r]);
    const struct unmirrored *u = mapping_unmirrored(m, &count);
    for (size_t i = 0; i < count; i++)
        if (!is_needed(&c, &u[i]))
            diag_error(d, u[i].where, "needless",
                       "every operation of %s at \"%.*s\" is mirrored, "
                       "or there is none",
                       document->file, TEXT_ARG(u[i].path));
}
