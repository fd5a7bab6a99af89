#include "mapping/pattern.h"

#include "base/utf8.h"

#include <assert.h>

/* One pattern while it is read. */
struct reading {
    struct diag *complaints;
    struct written written;
    struct pattern *pattern;
    bool good;
};

static struct where place_in(const struct reading *r, size_t offset, size_t bytes)
{
    struct text text = r->written.text;
    struct where where = r->written.where;

    if (bytes > text.len - offset)
        bytes = text.len - offset;
    where.column += (unsigned)utf8_count(text_of(text.at, offset));
    where.width = (unsigned)utf8_count(text_of(text.at + offset, bytes));
    return where;
}

static void fault(struct reading *r, size_t offset, size_t bytes, const char *what,
                  const char *hint)
{
    diag_error(r->complaints, place_in(r, offset, bytes), "bad-path", "%s", what);
    if (hint)
        diag_hint(r->complaints, "%s", hint);
    r->good = false;
}

/* pchar of RFC 3986 without escapes. */
static bool is_literal_byte(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~!$&'()*+,;=:@", c));
}

static bool is_param_byte(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

static bool is_dot_segment(struct text t)
{
    t.len = text_find(t, ';');
    return text_eq(t, TEXT(".")) || text_eq(t, TEXT(".."));
}

static void check_literal(struct reading *r, struct text literal, size_t offset)
{
    if (literal.len > PATTERN_LITERAL_MAX)
        fault(r, offset, literal.len, "a literal segment is at most 255 bytes long", NULL);
    if (is_dot_segment(literal))
        fault(r, offset, literal.len, "a path cannot have dot segments",
              "paths with dot segments are refused before they are matched");
    for (size_t i = 0; i < literal.len; i++) {
        char c = literal.at[i];

        if (is_literal_byte(c) && c != '*')
            continue;
        if (c == '%')
            fault(r, offset + i, 1, "a literal segment cannot have percent escapes",
                  "write the plain characters: paths are matched percent-decoded");
        else if (c == '?' || c == '#')
            fault(r, offset + i, 1, "a path ends before \"?\" and \"#\"",
                  "query names are translated by `fields`");
        else if (c == '*')
            fault(r, offset + i, 1, "\"*\" stands only in a last segment \"**\"",
                  "\"{name}\" is any one segment, a last \"**\" any number of them");
        else if (c == '{' || c == '}')
            fault(r, offset + i, 1, "a parameter is a whole segment: \"{name}\"", NULL);
        else
            fault(r, offset + i, 1, "this character cannot stand in a path", NULL);
        return;
    }
}

static const struct segment *param_called(const struct pattern *t, struct text name)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->segments[i].is_param && text_eq(t->segments[i].text, name))
            return &t->segments[i];
    return NULL;
}

static void check_param(struct reading *r, struct text name, size_t offset)
{
    size_t params = 0;
    size_t good = 0;

    while (good < name.len && is_param_byte(name.at[good]))
        good++;
    if (name.len == 0 || good < name.len)
        fault(r, offset - 1, name.len + 2,
              "a parameter's name is letters, digits, \"_\", \"-\" and \".\"", NULL);
    if (param_called(r->pattern, name))
        fault(r, offset - 1, name.len + 2, "this path has a parameter of that name already", NULL);
    for (size_t i = 0; i < r->pattern->count; i++)
        params += r->pattern->segments[i].is_param;
    if (params == ROUTE_PARAMS_MAX)
        fault(r, offset - 1, name.len + 2, "a path has at most 16 parameters", NULL);
}

static void add_segment(struct reading *r, struct text written, size_t offset)
{
    struct pattern *t = r->pattern;
    struct segment s = {.text = written, .where = place_in(r, offset, written.len)};

    s.is_param = written.len >= 2 && written.at[0] == '{' && written.at[written.len - 1] == '}';
    if (s.is_param) {
        s.text = text_of(written.at + 1, written.len - 2);
        check_param(r, s.text, offset + 1);
    } else {
        check_literal(r, written, offset);
    }
    t->segments[t->count++] = s;
}

static void read_segment(struct reading *r, struct text segment, size_t offset, bool last)
{
    struct pattern *t = r->pattern;

    if (text_eq(segment, TEXT("**"))) {
        if (!last)
            fault(r, offset, 2, "\"**\" stands only in the last place", NULL);
        t->tail = true;
    } else if (segment.len == 0) {
        fault(r, offset, 1, "an empty segment", "a path has single slashes and none at its end");
    } else if (t->count == PATTERN_SEGMENTS_MAX) {
        if (r->good)
            fault(r, offset, segment.len, "a path has at most 64 segments", NULL);
    } else {
        add_segment(r, segment, offset);
    }
}

static void read_segments(struct reading *r, size_t offset)
{
    struct text written = r->written.text;

    for (;;) {
        struct text rest = text_from_offset(written, offset);
        size_t len = text_find(rest, '/');

        read_segment(r, text_of(rest.at, len), offset, len == rest.len);
        if (len == rest.len)
            return;
        offset += len + 1;
    }
}

/* The most segments that ABOVE (or none) and WRITTEN make together. */
static size_t segments_of(const struct pattern *above, struct text written)
{
    size_t n = above ? above->count + 1 : 1;

    for (size_t i = 0; i < written.len; i++)
        n += written.at[i] == '/';
    return n < PATTERN_SEGMENTS_MAX ? n : PATTERN_SEGMENTS_MAX;
}

/* Copies ABOVE's segments, or none, and makes room for all that WRITTEN can add. */
static bool begin(struct pattern *t, struct arena *arena, const struct pattern *above,
                  struct text written)
{
    struct buf whole;

    *t = (struct pattern){0};
    t->segments = arena_zero(arena, segments_of(above, written), sizeof *t->segments);
    if (!t->segments)
        return false;
    if (above && above->count) {
        memcpy(t->segments, above->segments, above->count * sizeof *t->segments);
        t->count = above->count;
    }
    buf_init(&whole, SIZE_MAX);
    if (above && above->count)
        buf_add(&whole, above->text);
    if (above)
        buf_add_byte(&whole, '/');
    buf_add(&whole, written);
    t->text = whole.failed ? (struct text){0} : arena_copy(arena, buf_text(&whole));
    buf_fini(&whole);
    return t->text.at != NULL;
}

bool pattern_read(struct pattern *pattern_out, struct arena *arena, struct diag *complaints,
                  const struct pattern *above, struct written written, bool *no_memory_out)
{
    struct reading r = {complaints, written, pattern_out, true};

    if (!begin(pattern_out, arena, above, written.text)) {
        *no_memory_out = true;
        return false;
    }
    if (above && above->tail)
        fault(&r, 0, written.text.len, "nothing can be mirrored below a path that ends in \"**\"",
              NULL);
    else if (!above && !text_starts(written.text, TEXT("/")))
        fault(&r, 0, 1, "a path begins with \"/\"", NULL);
    else if (above && text_starts(written.text, TEXT("/")))
        fault(&r, 0, 1, "a resource does not begin with \"/\"",
              "it is added below both paths of its route");
    else if (above && written.text.len == 0)
        fault(&r, 0, 1, "an empty resource", "the route's own path has its `methods` itself");
    else if (above || written.text.len > 1)
        read_segments(&r, above ? 0 : 1);
    return r.good;
}

static bool bind_one_way(struct pattern *from, const struct pattern *to, struct diag *complaints,
                         struct where to_where, const char *noun, const char *hint)
{
    bool good = true;

    for (size_t i = 0; i < from->count; i++) {
        struct segment *s = &from->segments[i];

        if (!s->is_param)
            continue;
        const struct segment *peer = param_called(to, s->text);
        if (peer) {
            s->peer = (size_t)(peer - to->segments);
            continue;
        }
        diag_error(complaints, s->where, "unbound-parameter",
                   "parameter \"%.*s\" is not in the %s path (line %u)", TEXT_ARG(s->text), noun,
                   to_where.line);
        diag_hint(complaints, "%s", hint);
        good = false;
    }
    return good;
}

bool pattern_bind(struct pattern *client, struct pattern *upstream, struct diag *complaints,
                  struct where client_where, struct where upstream_where)
{
    static const char hint[] = "both paths have the same parameters, each once";
    bool good = bind_one_way(client, upstream, complaints, upstream_where, "upstream", hint);

    good &= bind_one_way(upstream, client, complaints, client_where, "client", hint);
    if (client->tail != upstream->tail) {
        diag_error(complaints, client->tail ? upstream_where : client_where, "unbound-parameter",
                   "the other path ends in \"**\" (line %u), this one does not",
                   client->tail ? client_where.line : upstream_where.line);
        good = false;
    }
    return good;
}

bool pattern_derive(struct pattern *made, const struct pattern *from, struct diag *complaints,
                    struct where made_where, struct where from_where, const char *noun)
{
    bool good = bind_one_way(made, from, complaints, from_where, noun,
                             "its parameters are bound from that path, by their names");

    if (made->tail && !from->tail) {
        diag_error(complaints, made_where, "unbound-parameter",
                   "this path ends in \"**\", the %s path (line %u) does not", noun,
                   from_where.line);
        good = false;
    }
    return good;
}

bool pattern_meets(const struct pattern *a, const struct pattern *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        const struct segment *s = &a->segments[i], *t = &b->segments[i];

        if (!s->is_param && !t->is_param && !text_eq(s->text, t->text))
            return false;
    }
    return a->count == b->count || (a->count > b->count ? b->tail : a->tail);
}

struct text pattern_take_segment(struct text *rest)
{
    assert(rest->len > 0 && rest->at[0] == '/');
    *rest = text_from_offset(*rest, 1);
    struct text segment = text_of(rest->at, text_find(*rest, '/'));
    *rest = text_from_offset(*rest, segment.len);
    return segment;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct text pattern_decode(struct text segment, char *to)
{
    size_t len = 0;

    for (size_t i = 0; i < segment.len; i++) {
        char c = segment.at[i];

        if (len == PATTERN_LITERAL_MAX)
            return (struct text){0};
        if (c == '%' && segment.len - i > 2 && hex_digit(segment.at[i + 1]) >= 0 &&
            hex_digit(segment.at[i + 2]) >= 0) {
            c = (char)(hex_digit(segment.at[i + 1]) << 4 | hex_digit(segment.at[i + 2]));
            i += 2;
        }
        to[len++] = c;
    }
    return text_of(to, len);
}

void pattern_carry(const struct pattern *from_side, const struct pattern *to_side, struct text path,
                   struct buf *to)
{
    struct text raw[PATTERN_SEGMENTS_MAX];
    struct text rest = path;
    size_t start = to->len;

    for (size_t i = 0; i < from_side->count; i++)
        raw[i] = pattern_take_segment(&rest);
    for (size_t i = 0; i < to_side->count; i++) {
        const struct segment *s = &to_side->segments[i];

        buf_add_byte(to, '/');
        buf_add(to, s->is_param ? raw[s->peer] : s->text);
    }
    if (from_side->tail && to_side->tail)
        buf_add(to, rest);
    if (to->len == start)
        buf_add_byte(to, '/');
}
