#include "exchange/forwarded.h"

enum { FORWARDED_BYTES_MAX = 64 * 1024 };

static bool is_trusted(const struct exchange *ex)
{
    const struct networks *trusted = &ex->host->limits.trusted_hops;
    unsigned port;

    return trusted->count > 0 && networks_hold(trusted, front_peer(ex->client, &port));
}

struct text forwarded_value(struct exchange *ex, struct text name, struct text own)
{
    const struct http_fields *fields = &ex->request.head.fields;
    struct text joined = own;
    struct buf to;

    if (!is_trusted(ex) || !http_find(fields, name))
        return own;
    buf_init(&to, FORWARDED_BYTES_MAX);
    for (size_t i = 0; i < fields->count; i++) {
        struct text value = fields->at[i].value;

        if (!text_eq_nocase(fields->at[i].name, name) || value.len == 0)
            continue;
        buf_add(&to, value);
        buf_add(&to, TEXT(", "));
    }
    buf_add(&to, own);
    joined = to.failed ? (struct text){0} : arena_copy(ex->arena, buf_text(&to));
    buf_fini(&to);
    return joined;
}

struct text forwarded_host(const struct exchange *ex)
{
    if (exchange_pool(ex)->client_host && ex->request.head.host.len)
        return ex->request.head.host;
    return ex->up.asked->authority;
}

/* --- as what it came ------------------------------------------------------------ */

/* The first member of the list NAME, which the hop nearest to the client wrote; or absent. */
static struct text first_of(const struct exchange *ex, struct text name)
{
    const struct http_field *field = http_find(&ex->request.head.fields, name);
    struct text list = field ? field->value : (struct text){0};
    struct text member;

    return http_list_next(&list, &member) ? member : (struct text){0};
}

static bool is_host(struct text host)
{
    for (size_t i = 0; i < host.len; i++) {
        char c = host.at[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c && strchr(".-_:[]", c))))
            return false;
    }
    return host.len > 0;
}

/* The scheme and authority under which clients see the gateway; absent if they told none. */
static void seen_as(const struct exchange *ex, struct text *scheme_out, struct text *host_out)
{
    bool trusted = is_trusted(ex);
    struct text proto = trusted ? first_of(ex, TEXT("x-forwarded-proto")) : (struct text){0};
    struct text host = trusted ? first_of(ex, TEXT("x-forwarded-host")) : (struct text){0};
    bool secure = front_secure(ex->client);

    if (text_eq_nocase(proto, TEXT("https")))
        secure = true;
    else if (text_eq_nocase(proto, TEXT("http")))
        secure = false;
    *scheme_out = secure ? TEXT("https://") : TEXT("http://");
    *host_out = is_host(host) ? host : ex->request.head.host;
}

bool forwarded_scene(struct exchange *ex)
{
    struct text scheme, host;
    struct buf origin;

    ex->scene = (struct translate_scene){.mapping = ex->mapping};
    seen_as(ex, &scheme, &host);
    if (host.len == 0)
        return true;
    buf_init(&origin, FORWARDED_BYTES_MAX);
    buf_add(&origin, scheme);
    buf_add(&origin, host);
    if (!origin.failed)
        ex->scene.client_origin = arena_copy(ex->arena, buf_text(&origin));
    buf_fini(&origin);
    return ex->scene.client_origin.at;
}
