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

/* --- the lenient service ---------------------------------------------------------------- */

static int hex(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;

    return c >= '0' && c <= '9' ? c - '0' : at ? (int)(at - digits) : -1;
}

/* Undoes the escapes of PATH once, in place; true if there were any. */
static bool undo_once(struct buf *path)
{
    size_t to = 0, from = 0;

    while (from < path->len) {
        int high = from + 2 < path->len ? hex(path->at[from + 1]) : -1;
        int low = high >= 0 ? hex(path->at[from + 2]) : -1;

        if (path->at[from] == '%' && low >= 0) {
            path->at[to++] = (char)(high * 16 + low);
            from += 3;
        } else {
            path->at[to++] = path->at[from++];
        }
    }
    bool any = to < path->len;
    path->len = to;
    return any;
}

/* The bytes of the UTF-8 sequence that LEAD begins, by its first bits alone. */
static size_t sequence_bytes(unsigned char lead)
{
    return lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* Makes each sequence of PATH that is longer than its character need be one byte, in place. */
static void shorten(struct buf *path)
{
    size_t to = 0;

    for (size_t from = 0, n; from < path->len; from += n) {
        unsigned char lead = (unsigned char)path->at[from];

        n = sequence_bytes(lead);
        n = n <= path->len - from ? n : 1;
        unsigned code = n == 1 ? lead : lead & (0x7fu >> n);
        for (size_t i = 1; i < n; i++)
            code = code << 6 | ((unsigned char)path->at[from + i] & 0x3fu);
        if (n == 1 || code >= 0x80) /* as long as it should be */
            n = 1;
        path->at[to++] = n == 1 ? path->at[from] : (char)code;
    }
    path->len = to;
}

/* Takes the last segment off TO; false if there is none. */
static bool climb(struct buf *to)
{
    while (to->len > 0 && to->at[to->len - 1] != '/')
        to->len--;
    if (to->len == 0)
        return false;
    to->len--;
    return true;
}

/* Appends to TO what PATH, without escapes, names; false if it climbs above the root. */
static bool resolve(struct text path, struct buf *to)
{
    while (path.len > 0) {
        size_t n = 0;

        while (n < path.len && path.at[n] != '/' && path.at[n] != '\\')
            n++;
        struct text segment = text_of(path.at, n);
        path = text_from_offset(path, n < path.len ? n + 1 : n);
        segment.len = text_find(segment, ';');
        if (text_eq(segment, TEXT("..")) && !climb(to))
            return false;
        if (segment.len == 0 || text_eq(segment, TEXT(".")) || text_eq(segment, TEXT("..")))
            continue;
        buf_add_byte(to, '/');
        buf_add(to, segment);
    }
    buf_add_byte(to, '/');
    return true;
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
        FUZZ_REQUIRE(resolve(buf_text(&path), &resolved) && begins_mapped(buf_text(&resolved)),
                     "%.*s is %.*s", TEXT_ARG(sent), TEXT_ARG(buf_text(&resolved)));
        FUZZ_REQUIRE(!path.at || !memchr(path.at, 0, path.len), "a NUL in %.*s", TEXT_ARG(sent));
        buf_fini(&resolved);
        more = undo_once(&path);
        shorten(&path);
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
