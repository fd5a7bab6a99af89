/*
 * route.c - what is accepted stays inside the mapped prefixes, however it is spelled
 *
 * The first line of an input is a request target, the second a URL or a field
 * value of a reply.  A path that is served is read as the most lenient
 * service would: escapes undone to any depth, overlong UTF-8 taken, either
 * slash, parameters of segments dropped, empty and dot segments resolved.
 */
#include "fuzz/bodies.h"
#include "http/head.h"
#include "translate/cookie.h"
#include "translate/link.h"
#include "translate/refresh.h"
#include "translate/target.h"
#include "unit/translate/lenient.h"

static const char ROUTES[] = "field dataProductId workspaceId\n"
                             "names_in sort\n"
                             "word data product = workspace\n"
                             "route /d/{x} /w/{x}\n"
                             "route /d/{x}/skills/** /w/{x}/skills/**\n"
                             "route /d/{x}/{y}/u /w/{y}/v/{x}\n"
                             "route /all/** /any/**\n";
static const char *const PREFIXES[] = {"/w/", "/any/"};

static const struct mapping *route_mapping(void)
{
    static struct mapping *made;

    if (!made)
        made = rules_text(text_from(ROUTES));
    return made;
}

static bool begins_mapped(struct text path)
{
    for (size_t i = 0; i < sizeof PREFIXES / sizeof *PREFIXES; i++)
        if (text_starts(path, text_from(PREFIXES[i])))
            return true;
    return false;
}

static void check_upstream_path(struct text sent)
{
    struct buf path, resolved;
    bool more = true;

    buf_init(&path, FUZZ_TOLD_MAX);
    buf_add(&path, sent);
    while (more) {
        buf_init(&resolved, FUZZ_TOLD_MAX);
        FUZZ_REQUIRE(lenient_resolve(buf_text(&path), &resolved) &&
                         begins_mapped(buf_text(&resolved)),
                     "%.*s is %.*s", TEXT_ARG(sent), TEXT_ARG(buf_text(&resolved)));
        FUZZ_REQUIRE(!path.at || !memchr(path.at, 0, path.len), "a NUL in %.*s", TEXT_ARG(sent));
        buf_fini(&resolved);
        more = lenient_undo(&path);
    }
    buf_fini(&path);
}

/* --- a request --------------------------------------------------------------------------- */

static void check_target(const struct http_head *head)
{
    const struct route *route;
    struct buf target, path;

    if (head->form == HTTP_ASTERISK_FORM || !http_path_safe(head->path) ||
        mapping_route(route_mapping(), head->method, head->path, &route) != ROUTE_FOUND)
        return;
    buf_init(&target, FUZZ_TOLD_MAX);
    buf_init(&path, FUZZ_TOLD_MAX);
    route_upstream_path(route, head->path, &path);
    check_upstream_path(buf_text(&path));
    if (!target_upstream(route, head->path, head->query, &target)) {
        struct text sent = buf_text(&target);

        FUZZ_REQUIRE(text_starts(sent, buf_text(&path)), "%.*s", TEXT_ARG(sent));
        FUZZ_REQUIRE(text_find(sent, ' ') == sent.len && text_find(sent, '#') == sent.len &&
                         text_find(sent, '\r') == sent.len && text_find(sent, '\n') == sent.len,
                     "%.*s", TEXT_ARG(sent));
        FUZZ_REQUIRE(sent.len == path.len ? !head->query.at : sent.at[path.len] == '?', "%.*s",
                     TEXT_ARG(sent));
    }
    path.len = 0;
    if (mapping_path(route_mapping(), REQUEST, head->path, &path))
        check_upstream_path(buf_text(&path));
    buf_fini(&path);
    buf_fini(&target);
}

static void check_request(struct text target)
{
    static const struct http_head_limits limits = {1 << 20, 1 << 20, 4};
    struct http_field fields[4];
    struct http_head head;
    const char *reason;
    struct buf bytes;

    buf_init(&bytes, FUZZ_TOLD_MAX);
    buf_add(&bytes, TEXT("GET "));
    buf_add(&bytes, target);
    buf_add(&bytes, TEXT(" HTTP/1.1\r\nHost: "));
    size_t authority = text_starts(target, TEXT("http://")) ? 7 : target.len;
    struct text host = text_from_offset(target, authority);
    buf_add(&bytes, authority < target.len ? text_of(host.at, text_find(host, '/')) : TEXT("a"));
    buf_add(&bytes, TEXT("\r\n\r\n"));
    if (http_head_parse(buf_text(&bytes), &limits, fields, &head, &reason) == 0)
        check_target(&head);
    buf_fini(&bytes);
}

/* --- a reply ------------------------------------------------------------------------------ */

/* A field that was a field's value is one when it leaves, too. */
static void check_field(bool changed, struct text value, const struct buf *to)
{
    FUZZ_REQUIRE(changed || to->len == 0, "%.*s", TEXT_ARG(buf_text(to)));
    FUZZ_REQUIRE(!http_field_value_ok(value) || http_field_value_ok(buf_text(to)), "%.*s",
                 TEXT_ARG(buf_text(to)));
}

/* Words are replaced, or VALUE stays as it is. */
static void check_words(const struct mapping *m, struct text value, struct buf *to)
{
    bool changed = target_words(mapping_global(m), RESPONSE, value, to);

    FUZZ_REQUIRE(changed || text_eq(buf_text(to), value), "%.*s", TEXT_ARG(buf_text(to)));
}

static void check_reply(struct text value)
{
    static bool (*const FIELDS[])(const struct translate_scene *, struct text, struct buf *) = {
        link_translate, cookie_translate, refresh_translate};
    const struct mapping *m = route_mapping();
    struct translate_scene scene = {.mapping = m,
                                    .upstream_origin = TEXT("http://service:9000"),
                                    .client_origin = TEXT("https://api.example")};

    for (size_t i = 0; i < 6; i++) {
        struct buf to;

        buf_init(&to, FUZZ_TOLD_MAX);
        if (i < 3)
            check_field(FIELDS[i](&scene, value, &to), value, &to);
        else if (i == 5)
            check_words(m, value, &to);
        else
            check_field(target_url(&scene, i == 3 ? RESPONSE : REQUEST, value, &to), value, &to);
        buf_fini(&to);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text input = text_of((const char *)bytes, len);
    struct text first = text_of(input.at, text_find(input, '\n'));

    if (len == 0)
        return 0;
    check_request(first);
    if (first.len < len)
        check_reply(text_from_offset(input, first.len + 1));
    return 0;
}
