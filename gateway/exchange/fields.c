#include "exchange/life.h"
#include "http/hop.h"
#include "translate/target.h"

#include <event2/util.h>
#include <stdio.h>

enum { ADDED_FIELDS_MAX = 8, ID_BYTES_MAX = 128, VALUE_BYTES_MAX = 64 * 1024 };

/* --- sets of names -------------------------------------------------------- */

struct name_set {
    const struct text *at;
    size_t count;
};

#define NAMES(...)                                                                                 \
    {                                                                                              \
        (const struct text[]){__VA_ARGS__},                                                        \
            sizeof((const struct text[]){__VA_ARGS__}) / sizeof(struct text)                       \
    }

#define N(name)                                                                                    \
    {                                                                                              \
        name, sizeof(name) - 1                                                                     \
    }

/* Set by the gateway itself on every request that goes up. */
static const struct name_set set_up =
    NAMES(N("host"), N("content-length"), N("expect"), N("x-request-id"), N("x-forwarded-for"),
          N("x-forwarded-proto"), N("x-forwarded-host"));

/* Never sent up on a translated route: they would route past the mapping or ask for less. */
static const struct name_set translated_up =
    NAMES(N("x-http-method-override"), N("x-original-url"), N("x-rewrite-url"), N("range"),
          N("if-range"), N("accept-encoding"));

/* Set by the gateway itself on every reply. */
static const struct name_set set_down =
    NAMES(N("x-request-id"), N("content-length"), N("transfer-encoding"));

/* Not true of a translated route, or told by the gateway in its own words. */
static const struct name_set translated_down =
    NAMES(N("deprecation"), N("sunset"), N("accept-ranges"));

/* Digests of a body that is about to change (RFC 9530, 2 and 3; RFC 2616, 14.15). */
static const struct name_set digests =
    NAMES(N("content-md5"), N("digest"), N("content-digest"), N("repr-digest"));

/* Fields whose value is a URL of the service. */
static const struct name_set urls = NAMES(N("location"), N("content-location"));

/* Fields whose value is a list of field names. */
static const struct name_set name_lists =
    NAMES(N("vary"), N("access-control-allow-headers"), N("access-control-expose-headers"),
          N("access-control-request-headers"));

static bool holds(struct name_set set, struct text name)
{
    for (size_t i = 0; i < set.count; i++)
        if (text_eq_nocase(set.at[i], name))
            return true;
    return false;
}

/* --- values --------------------------------------------------------------- */

/* A copy of what TO holds, in EX's arena; absent if either had no memory. */
static struct text keep(struct exchange *ex, struct buf *to)
{
    struct text kept = to->failed ? (struct text){0} : arena_copy(ex->arena, buf_text(to));

    buf_fini(to);
    return kept;
}

/* The comma list VALUE with each mapped field name in it replaced; else VALUE itself. */
static struct text map_names(struct exchange *ex, enum direction d, struct text value)
{
    struct text list = value, member;
    bool changed = false;
    struct buf to;

    buf_init(&to, VALUE_BYTES_MAX);
    while (http_list_next(&list, &member)) {
        struct text mapped = rules_header(ex->route->rules, d, member);

        changed = changed || mapped.at;
        if (to.len)
            buf_add(&to, TEXT(", "));
        buf_add(&to, mapped.at ? mapped : member);
    }
    if (changed)
        return keep(ex, &to);
    buf_fini(&to);
    return value;
}

static struct text map_url(struct exchange *ex, struct text value)
{
    struct buf to;

    buf_init(&to, VALUE_BYTES_MAX);
    if (target_url(&ex->scene, RESPONSE, value, &to))
        return keep(ex, &to);
    buf_fini(&to);
    return value;
}

/* The client methods whose upstream methods VALUE, an upstream Allow, lists. */
static struct text map_allow(struct exchange *ex, struct text value)
{
    struct http_field allow = {TEXT("allow"), value};
    struct http_fields fields = {&allow, 1};
    struct buf to;

    buf_init(&to, VALUE_BYTES_MAX);
    for (enum http_method m = 0; m < HTTP_METHOD_COUNT; m++) {
        bool listed = m == HTTP_OPTIONS || ex->route->listed[m] ||
                      (m == HTTP_HEAD && ex->route->listed[HTTP_GET]);

        if (!listed || !http_list_has(&fields, allow.name,
                                      http_method_name(route_upstream_method(ex->route, m))))
            continue;
        if (to.len)
            buf_add(&to, TEXT(", "));
        buf_add(&to, http_method_name(m));
    }
    return keep(ex, &to);
}

/* --- one list ------------------------------------------------------------- */

struct field_list {
    struct http_field *at;
    size_t count;
    bool failed;
};

static struct field_list list_for(struct exchange *ex, size_t count)
{
    struct field_list list = {0};

    list.at = arena_zero(ex->arena, count + ADDED_FIELDS_MAX, sizeof *list.at);
    list.failed = !list.at;
    return list;
}

static void add(struct field_list *list, struct text name, struct text value)
{
    if (!value.at)
        list->failed = true;
    if (!list->failed)
        list->at[list->count++] = (struct http_field){name, value};
}

static bool done(const struct field_list *list, struct http_fields *fields_out)
{
    *fields_out = (struct http_fields){list->at, list->count};
    return !list->failed;
}

/* Adds FIELD in direction D as a translated route changes it. */
static void add_mapped(struct field_list *list, struct exchange *ex, enum direction d,
                       const struct http_field *field)
{
    struct text name = rules_header(ex->route->rules, d, field->name);
    struct text value = field->value;

    if (holds(name_lists, field->name))
        value = map_names(ex, d, value);
    else if (d == RESPONSE && holds(urls, field->name))
        value = map_url(ex, value);
    else if (d == RESPONSE && text_eq_nocase(field->name, TEXT("allow")))
        value = map_allow(ex, value);
    add(list, name.at ? name : field->name, value);
}

/* --- up ------------------------------------------------------------------- */

bool fields_conflict(const struct exchange *ex)
{
    const struct http_fields *fields = &ex->request.head.fields;

    for (size_t i = 0; i < fields->count; i++) {
        struct text to = rules_header(ex->route->rules, REQUEST, fields->at[i].name);

        if (to.at && http_find(fields, to))
            return true;
    }
    return false;
}

static bool goes_up(const struct exchange *ex, const struct http_hop *hop, struct text name)
{
    if (http_hop_stops(hop, name) || holds(set_up, name))
        return false;
    if (ex->route->passthrough)
        return true;
    return !holds(translated_up, name) && !(ex->up.translator && holds(digests, name));
}

static void add_forwarding(struct field_list *list, struct exchange *ex)
{
    const struct http_head *head = &ex->request.head;
    unsigned port;
    struct text peer = front_peer(ex->client, &port);

    add(list, TEXT("Via"), head->minor ? TEXT("1.1 dpgw") : TEXT("1.0 dpgw"));
    add(list, TEXT("X-Forwarded-For"), peer);
    add(list, TEXT("X-Forwarded-Proto"), front_secure(ex->client) ? TEXT("https") : TEXT("http"));
    if (head->host.at)
        add(list, TEXT("X-Forwarded-Host"), head->host);
    add(list, TEXT("X-Request-Id"), ex->request.id);
}

bool fields_up(struct exchange *ex, struct http_fields *fields_out)
{
    const struct http_fields *from = &ex->request.head.fields;
    struct field_list list = list_for(ex, from->count);
    struct http_hop hop;

    http_hop_init(&hop, from);
    add(&list, TEXT("Host"), upstream_authority(ex->host->upstream));
    for (size_t i = 0; i < from->count; i++) {
        if (!goes_up(ex, &hop, from->at[i].name))
            continue;
        if (ex->route->passthrough)
            add(&list, from->at[i].name, from->at[i].value);
        else
            add_mapped(&list, ex, REQUEST, &from->at[i]);
    }
    if (!ex->route->passthrough)
        add(&list, TEXT("Accept-Encoding"), TEXT("identity"));
    add_forwarding(&list, ex);
    return done(&list, fields_out);
}

/* --- down ----------------------------------------------------------------- */

static bool goes_down(const struct exchange *ex, bool changed, struct text name)
{
    if (holds(set_down, name))
        return false;
    if (ex->route->passthrough)
        return true;
    return !holds(translated_down, name) && !(changed && holds(digests, name));
}

/* Adds the fields FROM as they go down. */
static void add_down(struct field_list *list, struct exchange *ex, const struct http_fields *from,
                     bool changed)
{
    for (size_t i = 0; i < from->count; i++) {
        struct http_field field = from->at[i];

        if (!goes_down(ex, changed, field.name))
            continue;
        field.name = arena_copy(ex->arena, field.name);
        field.value = arena_copy(ex->arena, field.value);
        if (!field.name.at)
            list->failed = true;
        else if (ex->route->passthrough || !field.value.at)
            add(list, field.name, field.value);
        else
            add_mapped(list, ex, RESPONSE, &field);
    }
}

bool fields_down(struct exchange *ex, const struct upstream_head *head, bool changed,
                 struct http_fields *fields_out)
{
    struct field_list list = list_for(ex, head->fields.count);

    add_down(&list, ex, &head->fields, changed);
    add(&list, TEXT("Via"), TEXT("1.1 dpgw"));
    add(&list, TEXT("X-Request-Id"), ex->request.id);
    return done(&list, fields_out);
}

bool fields_beside(struct exchange *ex, const struct http_fields *from, bool changed,
                   struct http_fields *fields_out)
{
    struct field_list list = list_for(ex, from->count);

    add_down(&list, ex, from, changed);
    return done(&list, fields_out);
}

/* --- the request's id ----------------------------------------------------- */

static bool id_is_sane(struct text id)
{
    if (id.len == 0 || id.len > ID_BYTES_MAX)
        return false;
    for (size_t i = 0; i < id.len; i++)
        if (id.at[i] <= ' ' || id.at[i] > '~' || id.at[i] == '"' || id.at[i] == '\\')
            return false;
    return true;
}

struct text fields_request_id(struct exchange *ex)
{
    static const char digits[] = "0123456789abcdef";
    const struct http_field *given = http_find(&ex->request.head.fields, TEXT("x-request-id"));
    unsigned char random[16];
    char hex[2 * sizeof random];

    if (given && id_is_sane(given->value))
        return given->value;
    evutil_secure_rng_get_bytes(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++) {
        hex[2 * i] = digits[random[i] >> 4];
        hex[2 * i + 1] = digits[random[i] & 15];
    }
    return arena_copy(ex->arena, text_of(hex, sizeof hex));
}
