#include "http/head.h"
#include "mapping/watch.h"
#include "translate/query.h"
#include "translate/target.h"

/* A URL or path-absolute reference, cut; texts are absent where a part is not there. */
struct url {
    struct text scheme, authority;
    struct text path;
    struct text query;    /* without "?" */
    struct text fragment; /* with "#" */
};

/* "http" or "https" before "://", or absent. */
static struct text scheme_of(struct text url)
{
    static const char *const schemes[] = {"https", "http"};

    for (size_t i = 0; i < 2; i++) {
        struct text scheme = text_from(schemes[i]);

        if (url.len > scheme.len + 3 && text_eq_nocase(text_of(url.at, scheme.len), scheme) &&
            text_eq(text_of(url.at + scheme.len, 3), TEXT("://")))
            return text_of(url.at, scheme.len);
    }
    return (struct text){0};
}

static struct url cut(struct text url)
{
    struct url u = {.scheme = scheme_of(url)};

    if (u.scheme.at) {
        url = text_from_offset(url, u.scheme.len + 3);
        size_t n = 0;
        while (n < url.len && url.at[n] != '/' && url.at[n] != '?' && url.at[n] != '#')
            n++;
        u.authority = text_of(url.at, n);
        url = text_from_offset(url, n);
    }
    size_t hash = text_find(url, '#');
    u.fragment = text_from_offset(url, hash);
    url.len = hash;
    size_t mark = text_find(url, '?');
    u.path = text_of(url.at, mark);
    if (mark < url.len)
        u.query = text_from_offset(url, mark + 1);
    return u;
}

/* AUTHORITY without an empty port and without the default one of SCHEME. */
static struct text without_default_port(struct text scheme, struct text authority)
{
    struct text port = scheme.len == 5 ? TEXT(":443") : TEXT(":80");

    if (authority.len && authority.at[authority.len - 1] == ':')
        authority.len--;
    else if (authority.len > port.len &&
             text_eq(text_of(authority.at + authority.len - port.len, port.len), port))
        authority.len -= port.len;
    return authority;
}

static bool is_at(const struct url *u, struct text origin)
{
    struct text scheme = scheme_of(origin);

    if (!scheme.at)
        return false;
    struct text authority = text_from_offset(origin, scheme.len + 3);
    return text_eq_nocase(without_default_port(u->scheme, u->authority),
                          without_default_port(scheme, authority));
}

/* True if U's authority is HOST, a host with or without a port; absent: no host. */
static bool is_at_host(const struct url *u, struct text host)
{
    return host.len > 0 && text_eq_nocase(without_default_port(u->scheme, u->authority),
                                          without_default_port(u->scheme, host));
}

/* True if U is a place that D translates from. */
static bool is_ours(const struct translate_scene *scene, enum direction d, const struct url *u)
{
    if (d == REQUEST)
        return is_at(u, scene->client_origin);
    return is_at(u, scene->upstream_origin) || is_at(u, scene->asked_origin) ||
           is_at_host(u, scene->sent_host);
}

/* Tells of those parts of LIST, cut at SEPARATOR, that are names to watch out for. */
static void look_at(const struct translate_scene *scene, enum unmapped kind, struct text list,
                    char separator)
{
    const struct watch *watch = rules_watch(mapping_global(scene->mapping));

    while (watch && list.len) {
        struct text part = text_of(list.at, text_find(list, separator));
        struct text name = kind == UNMAPPED_QUERY ? text_of(part.at, text_find(part, '=')) : part;

        if (watch_sees(watch, name))
            scene->watcher->unmapped(scene->watcher->owner, kind, name, NULL);
        list = text_from_offset(list, part.len);
        if (list.len)
            list = text_from_offset(list, 1);
    }
}

/* U is a place of the service that clients are told of and that no route has. */
static void look_at_url(const struct translate_scene *scene, const struct url *u)
{
    if (!scene->watcher)
        return;
    look_at(scene, UNMAPPED_PATH, u->path, '/');
    look_at(scene, UNMAPPED_QUERY, u->query, '&');
}

bool target_url(const struct translate_scene *scene, enum direction d, struct text url,
                struct buf *to)
{
    struct url u = cut(url);
    struct text becomes = d == REQUEST ? scene->upstream_origin : scene->client_origin;
    size_t start = to->len;

    if (u.path.len == 0 || u.path.at[0] != '/' || text_starts(u.path, TEXT("//")))
        return false;
    if (u.scheme.at && (!is_ours(scene, d, &u) || !becomes.at))
        return false;
    if (!http_path_safe(u.path))
        return false;
    if (u.scheme.at)
        buf_add(to, becomes);
    const struct route *route = mapping_path(scene->mapping, d, u.path, to);
    if (route) {
        if (u.query.at) {
            buf_add_byte(to, '?');
            query_translate(route->rules, d, u.query, COLLISION_KEEP, scene->watcher, to);
        }
        buf_add(to, u.fragment);
    } else if (d == RESPONSE) {
        look_at_url(scene, &u);
    }
    if (route && !to->failed && !text_eq(text_of(to->at + start, to->len - start), url))
        return true;
    to->len = start;
    return false;
}
