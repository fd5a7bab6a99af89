#include "cli/openapi_words.h"

struct text openapi_field(const struct rules *rules, struct text name)
{
    static const enum direction both[] = {RESPONSE, REQUEST};

    for (size_t i = 0; i < 2; i++) {
        const struct pair *pair = rules_parameter(rules, both[i], name);

        if (pair && text_eq(pair->upstream, name))
            return pair->client;
    }
    return (struct text){0};
}

/* --- paths in prose ------------------------------------------------------- */

static struct text next_segment(struct text *rest)
{
    struct text segment = text_of(rest->at, text_find(*rest, '/'));

    *rest = text_from_offset(*rest, segment.len);
    if (rest->len)
        *rest = text_from_offset(*rest, 1);
    return segment;
}

static size_t segments_of(struct text path)
{
    size_t n = 1;

    for (size_t i = 0; i < path.len; i++)
        n += path.at[i] == '/';
    return n;
}

static bool is_literal(struct text segment)
{
    return segment.len > 0 && segment.at[0] != '{' && segment.at[0] != '*';
}

/* What ROUTE makes of the literal SEGMENT; absent if it has no such one. */
static struct text literal_of(const struct route *route, struct text segment)
{
    struct text client = route->client, upstream = route->upstream;

    if (route->passthrough || segments_of(client) != segments_of(upstream))
        return (struct text){0};
    while (upstream.len) {
        struct text from = next_segment(&upstream), to = next_segment(&client);

        if (is_literal(from) && is_literal(to) && text_eq(from, segment) && !text_eq(from, to))
            return to;
    }
    return (struct text){0};
}

static struct text client_segment(const struct mapping *m, struct text segment)
{
    size_t count;
    const struct route *const *routes = mapping_routes(m, &count);
    struct text becomes = {0};

    for (size_t i = 0; i < count && !becomes.at; i++)
        becomes = literal_of(routes[i], segment);
    return becomes;
}

static bool ends_path(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '`' || c == '"' || c == '\'' ||
           c == '(' || c == ')' || c == '<' || c == '>' || c == ',' || c == ';' || c == '|';
}

/* True if TEXT at AT is inside a run that begins with "/" or has "://" in it. */
static bool in_path(struct text text, size_t at)
{
    size_t from = at;

    while (from > 0 && !ends_path(text.at[from - 1]))
        from--;
    struct text run = text_of(text.at + from, at - from);
    return run.len > 0 && (run.at[0] == '/' || text_starts(run, TEXT("http")));
}

/* The segment at AT, behind a "/", as clients know it. */
static bool path_change(const struct mapping *m, struct text text, size_t at,
                        struct openapi_change *change)
{
    size_t end = at;

    if (at >= 2 && text.at[at - 2] == '/')
        return false; /* the name of a host */
    while (end < text.len && !ends_path(text.at[end]) && !strchr("/?#.:{}", text.at[end]))
        end++;
    *change = (struct openapi_change){at, end, client_segment(m, text_of(text.at + at, end - at))};
    return change->becomes.at != NULL;
}

/* --- prose ---------------------------------------------------------------- */

/* `name` between backticks: a field, not a word. */
static bool code_change(const struct rules *rules, struct text text, size_t at,
                        struct openapi_change *change)
{
    struct text rest = text_from_offset(text, at + 1);
    struct text name = text_of(rest.at, text_find(rest, '`'));

    *change = (struct openapi_change){at + 1, at + 1 + name.len, openapi_field(rules, name)};
    return name.len < rest.len && change->becomes.at;
}

static bool word_change(const struct rules *rules, struct text text, size_t at,
                        struct openapi_change *change)
{
    struct text becomes;
    size_t taken = rules_word(rules, RESPONSE, text, at, &becomes);

    *change = (struct openapi_change){at, at + taken, becomes};
    return taken > 0;
}

bool openapi_prose(const struct mapping *m, struct text text, size_t *at,
                   struct openapi_change *change_out)
{
    const struct rules *rules = mapping_global(m);

    for (; *at < text.len; (*at)++) {
        char before = *at ? text.at[*at - 1] : ' ';
        bool found = text.at[*at] == '`' ? code_change(rules, text, *at, change_out)
                     : before == '/' && in_path(text, *at)
                         ? path_change(m, text, *at, change_out)
                         : word_change(rules, text, *at, change_out);

        if (found) {
            *at = change_out->to;
            return true;
        }
    }
    return false;
}

bool openapi_prose_all(const struct mapping *m, struct text text, struct buf *to)
{
    struct openapi_change change;
    size_t at = 0, copied = 0;

    while (openapi_prose(m, text, &at, &change)) {
        buf_add(to, text_of(text.at + copied, change.from - copied));
        buf_add(to, change.becomes);
        copied = change.to;
    }
    buf_add(to, text_from_offset(text, copied));
    return copied > 0;
}
