#include "translate/link.h"

#include "translate/target.h"

enum { URL_BYTES_MAX = 128 * 1024 };

/* A value on its way: what is left to read, and what of it is not yet written. */
struct link_reader {
    const struct translate_scene *scene;
    struct text rest;
    const char *unwritten; /* from here to rest.at the bytes stay as they came */
    struct buf *to;
    bool changed;
};

static char peek(const struct link_reader *r)
{
    return r->rest.len ? r->rest.at[0] : 0;
}

static void skip(struct link_reader *r, size_t n)
{
    r->rest = text_from_offset(r->rest, n);
}

static void skip_space(struct link_reader *r)
{
    while (peek(r) == ' ' || peek(r) == '\t')
        skip(r, 1);
}

static void add_quoted(struct buf *to, struct text decoded)
{
    for (size_t i = 0; i < decoded.len; i++) {
        if (decoded.at[i] == '"' || decoded.at[i] == '\\')
            buf_add_byte(to, '\\');
        buf_add_byte(to, decoded.at[i]);
    }
}

/* Writes URL, which stands as the bytes RAW in the value, as clients know it, if they do. */
static void change(struct link_reader *r, struct text raw, struct text url, bool quoted)
{
    struct buf becomes;

    buf_init(&becomes, URL_BYTES_MAX);
    if (target_url(r->scene, RESPONSE, url, &becomes)) {
        buf_add(r->to, text_of(r->unwritten, (size_t)(raw.at - r->unwritten)));
        if (quoted)
            add_quoted(r->to, buf_text(&becomes));
        else
            buf_add(r->to, buf_text(&becomes));
        r->unwritten = raw.at + raw.len;
        r->changed = true;
    }
    r->to->failed = r->to->failed || becomes.failed;
    buf_fini(&becomes);
}

/* "<" URI-Reference ">" */
static bool read_target(struct link_reader *r)
{
    size_t end = text_find(r->rest, '>');

    if (peek(r) != '<' || end == r->rest.len)
        return false;
    struct text url = text_of(r->rest.at + 1, end - 1);
    change(r, url, url, false);
    skip(r, end + 1);
    return true;
}

static bool is_token_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static struct text take_token(struct link_reader *r)
{
    size_t n = 0;

    while (n < r->rest.len && is_token_byte(r->rest.at[n]))
        n++;
    struct text token = text_of(r->rest.at, n);
    skip(r, n);
    return token;
}

/* Takes a quoted string; its raw bytes without the quotes, absent if it does not end. */
static struct text take_quoted(struct link_reader *r)
{
    size_t n = 1;

    while (n < r->rest.len && r->rest.at[n] != '"')
        n += r->rest.at[n] == '\\' ? 2 : 1;
    if (n >= r->rest.len)
        return (struct text){0};
    struct text raw = text_of(r->rest.at + 1, n - 1);
    skip(r, n + 1);
    return raw;
}

/* The anchor whose raw bytes between quotes are RAW: another URL. */
static void change_anchor(struct link_reader *r, struct text raw)
{
    struct buf decoded;

    buf_init(&decoded, URL_BYTES_MAX);
    for (size_t i = 0; i < raw.len; i++) {
        i += raw.at[i] == '\\';
        buf_add_byte(&decoded, raw.at[i]);
    }
    r->to->failed = r->to->failed || decoded.failed;
    if (!decoded.failed)
        change(r, raw, buf_text(&decoded), true);
    buf_fini(&decoded);
}

/* token [ "=" ( token / quoted-string ) ], white space around "=" let pass */
static bool read_parameter(struct link_reader *r)
{
    struct text name = take_token(r);

    skip_space(r);
    if (peek(r) != '=')
        return name.len > 0;
    skip(r, 1);
    skip_space(r);
    if (peek(r) != '"')
        return name.len > 0 && take_token(r).len > 0;
    struct text raw = take_quoted(r);
    if (raw.at && text_eq_nocase(name, TEXT("anchor")))
        change_anchor(r, raw);
    return name.len > 0 && raw.at;
}

static bool read_link(struct link_reader *r)
{
    bool sound = read_target(r);

    for (skip_space(r); sound && peek(r) == ';'; skip_space(r)) {
        skip(r, 1);
        skip_space(r);
        if (peek(r) != ';' && peek(r) != ',' && r->rest.len) /* empty ones are let pass */
            sound = read_parameter(r);
    }
    return sound && (r->rest.len == 0 || peek(r) == ',');
}

bool link_translate(const struct translate_scene *scene, struct text value, struct buf *to)
{
    struct link_reader r = {.scene = scene, .rest = value, .unwritten = value.at, .to = to};
    size_t start = to->len;
    bool sound = true;

    for (skip_space(&r); sound && r.rest.len; skip_space(&r)) {
        if (peek(&r) == ',')
            skip(&r, 1);
        else
            sound = read_link(&r);
    }
    buf_add(to, text_from_offset(value, (size_t)(r.unwritten - value.at)));
    if (sound && r.changed && !to->failed)
        return true;
    to->len = start;
    return false;
}
