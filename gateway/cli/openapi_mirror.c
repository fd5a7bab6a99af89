#include "cli/openapi_mirror.h"

#include "base/buf.h"
#include "cli/openapi_words.h"
#include "mapping/watch.h"

enum { PATH_BYTES_MAX = 64 * 1024 };

static const char *const keys[HTTP_METHOD_COUNT] = {
    [HTTP_GET] = "get",     [HTTP_HEAD] = "head",     [HTTP_POST] = "post",      [HTTP_PUT] = "put",
    [HTTP_PATCH] = "patch", [HTTP_DELETE] = "delete", [HTTP_OPTIONS] = "options"};

bool openapi_method(struct text key, enum http_method *method_out)
{
    for (enum http_method method = 0; method < HTTP_METHOD_COUNT; method++)
        if (text_eq(key, text_from(keys[method]))) {
            *method_out = method;
            return true;
        }
    return false;
}

const char *openapi_method_key(enum http_method method)
{
    return keys[method];
}

/* --- parameters ----------------------------------------------------------- */

/* The next segment of *REST, which begins with "/". */
static struct text take(struct text *rest)
{
    struct text behind = text_from_offset(*rest, 1);
    struct text segment = text_of(behind.at, text_find(behind, '/'));

    *rest = text_from_offset(behind, segment.len);
    return segment;
}

static bool is_parameter(struct text segment)
{
    return segment.len > 2 && segment.at[0] == '{' && segment.at[segment.len - 1] == '}';
}

static struct text inside(struct text segment)
{
    return text_of(segment.at + 1, segment.len - 2);
}

/* The route's name for the segment of PATH that is {NAME}; absent if it has none. */
static struct text bound_name(const struct route *route, struct text path, struct text name)
{
    struct text template = route->upstream;

    while (path.len && template.len) {
        struct text segment = take(&path), bound = take(&template);

        if (is_parameter(segment) && text_eq(inside(segment), name))
            return is_parameter(bound) ? inside(bound) : (struct text){0};
    }
    return (struct text){0};
}

struct text openapi_path_parameter(const struct route *route, struct text path, struct text name)
{
    const struct watch *watch = rules_watch(route->rules);
    struct text field = openapi_field(route->rules, name);

    if (field.at || !watch || !watch_sees(watch, name))
        return field;
    return bound_name(route, path, name);
}

/* Appends CLIENT, a path with the parameters of PATH, with their names as clients know them. */
static void add_path(const struct route *route, struct text path, struct text client,
                     struct buf *to)
{
    while (client.len) {
        size_t open = text_find(client, '{');
        size_t close = open + text_find(text_from_offset(client, open), '}');

        if (close >= client.len)
            break;
        struct text name = text_of(client.at + open + 1, close - open - 1);
        struct text becomes = openapi_path_parameter(route, path, name);

        buf_add(to, text_of(client.at, open + 1));
        buf_add(to, becomes.at ? becomes : name);
        client = text_from_offset(client, close);
    }
    buf_add(to, client);
}

/* --- routes backwards ----------------------------------------------------- */

/* The client's method that ROUTE sends as METHOD, itself if it can be; false if there is none. */
static bool method_back(const struct route *route, enum http_method method,
                        enum http_method *method_out)
{
    *method_out = method;
    if (method == HTTP_OPTIONS)
        return true;
    if (method == HTTP_HEAD && !route->listed[HTTP_HEAD])
        return route->listed[HTTP_GET] && route->upstream_method[HTTP_GET] == HTTP_GET;
    if (route->listed[method] && route->upstream_method[method] == method)
        return true;
    for (enum http_method m = 0; m < HTTP_METHOD_COUNT; m++)
        if (route->listed[m] && route->upstream_method[m] == method) {
            *method_out = m;
            return true;
        }
    return false;
}

/* True if a request with METHOD to CLIENT arrives by ROUTE at PATH. */
static bool arrives(const struct mapping *m, const struct route *route, enum http_method method,
                    struct text client, struct text path)
{
    const struct route *found;
    struct buf upstream;

    if (mapping_route(m, method, client, &found) != ROUTE_FOUND || found != route)
        return false;
    buf_init(&upstream, PATH_BYTES_MAX);
    route_upstream_path(route, client, &upstream);
    bool same = !upstream.failed && text_eq(buf_text(&upstream), path);
    buf_fini(&upstream);
    return same;
}

struct openapi_mirror openapi_mirror(const struct mapping *m, struct arena *arena, struct text path,
                                     enum http_method method)
{
    struct openapi_mirror mirror = {0};
    struct buf client, named;

    if (path.len == 0 || path.at[0] != '/')
        return mirror;
    buf_init(&client, PATH_BYTES_MAX);
    buf_init(&named, PATH_BYTES_MAX);
    const struct route *route = mapping_path(m, RESPONSE, path, &client);
    if (route && method_back(route, method, &mirror.method) &&
        arrives(m, route, mirror.method, buf_text(&client), path)) {
        mirror.route = route;
        add_path(route, path, buf_text(&client), &named);
        mirror.path = named.failed ? (struct text){0} : arena_copy(arena, buf_text(&named));
    }
    buf_fini(&client);
    buf_fini(&named);
    return mirror;
}
