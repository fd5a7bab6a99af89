#include "cli/openapi_scalar.h"

#include "base/quote.h"

struct openapi_scalar openapi_key(const struct yaml_node *node)
{
    return (struct openapi_scalar){node->key, node->key_span, node->key_style, true};
}

struct openapi_scalar openapi_value(const struct yaml_node *node)
{
    return (struct openapi_scalar){node->text, node->span, node->style, false};
}

/* --- decoding ------------------------------------------------------------- */

struct decoder {
    struct text source;
    size_t at, end; /* in SOURCE */
    char *shown;
    size_t *from;
    size_t len, room;
};

static char peek(const struct decoder *d, size_t ahead)
{
    return d->at + ahead < d->end ? d->source.at[d->at + ahead] : 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The bytes of the line end N bytes ahead; 0 if there is none. */
static size_t line_end(const struct decoder *d, size_t n)
{
    if (peek(d, n) == '\r')
        return peek(d, n + 1) == '\n' ? 2 : 1;
    return peek(d, n) == '\n' ? 1 : 0;
}

static void show(struct decoder *d, char c, size_t from)
{
    if (d->len < d->room) {
        d->shown[d->len] = c;
        d->from[d->len] = from;
    }
    d->len++;
}

/* The bytes of blanks ahead. */
static size_t blanks(const struct decoder *d)
{
    size_t n = 0;

    while (is_blank(peek(d, n)))
        n++;
    return n;
}

/* Takes a fold, if one is ahead: blanks, a line end, empty lines, and the next line's blanks. */
static bool take_fold(struct decoder *d)
{
    size_t from = d->at, ahead = blanks(d), lines = 0;

    if (!line_end(d, ahead))
        return false;
    for (size_t end; (end = line_end(d, ahead)); ahead = blanks(d)) {
        d->at += ahead + end;
        if (lines++ > 0)
            show(d, '\n', from);
    }
    if (lines == 1)
        show(d, ' ', from);
    d->at += ahead;
    return true;
}

static void decode_plain(struct decoder *d)
{
    while (d->at < d->end)
        if (!take_fold(d)) {
            show(d, peek(d, 0), d->at);
            d->at++;
        }
}

static void decode_single(struct decoder *d)
{
    while (d->at < d->end) {
        if (take_fold(d))
            continue;
        show(d, peek(d, 0), d->at);
        d->at += peek(d, 0) == '\'' ? 2 : 1;
    }
}

static void show_code(struct decoder *d, uint32_t code, size_t from)
{
    if (code < 0x80) {
        show(d, (char)code, from);
    } else if (code < 0x800) {
        show(d, (char)(0xC0 | code >> 6), from);
        show(d, (char)(0x80 | (code & 0x3F)), from);
    } else {
        if (code < 0x10000) {
            show(d, (char)(0xE0 | code >> 12), from);
        } else {
            show(d, (char)(0xF0 | code >> 18), from);
            show(d, (char)(0x80 | (code >> 12 & 0x3F)), from);
        }
        show(d, (char)(0x80 | (code >> 6 & 0x3F)), from);
        show(d, (char)(0x80 | (code & 0x3F)), from);
    }
}

/* The number that the DIGITS bytes behind "\x" are, in base 16. */
static uint32_t hex(const struct decoder *d, size_t digits)
{
    uint32_t code = 0;

    for (size_t i = 0; i < digits; i++) {
        char c = peek(d, 2 + i);

        code = code * 16 + (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return code;
}

static void take_escape(struct decoder *d)
{
    static const struct {
        char written;
        uint32_t code;
    } escapes[] = {{'0', 0},    {'a', 7},      {'b', 8},     {'t', '\t'},  {'\t', '\t'},
                   {'n', '\n'}, {'v', 11},     {'f', 12},    {'r', '\r'},  {'e', 27},
                   {' ', ' '},  {'"', '"'},    {'/', '/'},   {'\\', '\\'}, {'N', 0x85},
                   {'_', 0xA0}, {'L', 0x2028}, {'P', 0x2029}};
    size_t from = d->at, digits = 0;
    char c = peek(d, 1);

    for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++)
        if (escapes[i].written == c)
            show_code(d, escapes[i].code, from);
    if (c == 'x' || c == 'u' || c == 'U') {
        digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
        show_code(d, hex(d, digits), from);
    }
    d->at += 2 + digits;
}

static void decode_double(struct decoder *d)
{
    while (d->at < d->end) {
        bool escape = peek(d, 0) == '\\';

        if (escape && line_end(d, 1)) {
            d->at += 1 + line_end(d, 1);
            d->at += blanks(d);
        } else if (escape) {
            take_escape(d);
        } else if (!take_fold(d)) {
            show(d, peek(d, 0), d->at);
            d->at++;
        }
    }
}

/* Passes the line with "|" or ">" and returns how far the lines behind it are indented. */
static size_t take_header(struct decoder *d)
{
    size_t indent = 0, n = 0;

    while (d->at < d->end && !line_end(d, 0))
        d->at++;
    d->at += line_end(d, 0);
    for (; d->at + n < d->end; n += line_end(d, n), indent = 0) {
        while (peek(d, n) == ' ')
            n++, indent++;
        if (!line_end(d, n))
            break;
    }
    return indent;
}

/* Passes at most INDENT spaces. */
static void take_indent(struct decoder *d, size_t indent)
{
    while (indent-- > 0 && peek(d, 0) == ' ')
        d->at++;
}

static size_t decode_literal(struct decoder *d)
{
    size_t indent = take_header(d);

    while (d->at < d->end) {
        take_indent(d, indent);
        while (d->at < d->end && !line_end(d, 0)) {
            show(d, peek(d, 0), d->at);
            d->at++;
        }
        show(d, '\n', d->at);
        d->at += line_end(d, 0);
    }
    return indent;
}

/* Shows what stands for BREAKS line ends between two lines; LONE: one of them is a space. */
static void show_breaks(struct decoder *d, size_t breaks, bool lone, size_t from)
{
    if (lone && breaks == 1) {
        show(d, ' ', from);
        return;
    }
    for (breaks -= lone; breaks > 0; breaks--)
        show(d, '\n', from);
}

static size_t decode_folded(struct decoder *d)
{
    size_t indent = take_header(d), breaks = 0, ended = d->at;
    bool more = false, begun = false; /* MORE: the line before is indented further */

    while (d->at < d->end) {
        take_indent(d, indent);
        if (!line_end(d, 0)) {
            bool deeper = is_blank(peek(d, 0));

            show_breaks(d, breaks, begun && !more && !deeper, ended);
            while (d->at < d->end && !line_end(d, 0)) {
                show(d, peek(d, 0), d->at);
                d->at++;
            }
            ended = d->at;
            more = deeper;
            begun = true;
            breaks = 0;
        }
        breaks++;
        d->at += line_end(d, 0);
    }
    show_breaks(d, breaks, false, ended);
    return indent;
}

static size_t decode(struct decoder *d, enum yaml_style style)
{
    switch (style) {
    case YAML_LITERAL:
        return decode_literal(d);
    case YAML_FOLDED:
        return decode_folded(d);
    case YAML_PLAIN:
        decode_plain(d);
        break;
    case YAML_SINGLE:
        decode_single(d);
        break;
    case YAML_DOUBLE:
        decode_double(d);
        break;
    }
    return 0;
}

bool openapi_view(struct arena *arena, struct text source, const struct openapi_scalar *s,
                  struct openapi_view *view_out)
{
    size_t quote = s->style == YAML_SINGLE || s->style == YAML_DOUBLE;
    struct decoder d = {.source = source,
                        .at = s->span.from + quote,
                        .end = s->span.to - quote,
                        .room = s->text.len};

    d.shown = arena_alloc(arena, d.room + 1);
    d.from = arena_zero(arena, d.room + 1, sizeof *d.from);
    if (!d.shown || !d.from || s->span.to < s->span.from + 2 * quote)
        return false;
    size_t indent = decode(&d, s->style);
    bool block = s->style == YAML_LITERAL || s->style == YAML_FOLDED;
    /* How many line ends the end of a block leaves is told by its text. */
    if (d.len < d.room || (d.len > d.room && !block))
        return false;
    d.from[d.room] = d.at < d.end ? d.at : d.end;
    *view_out = (struct openapi_view){text_of(d.shown, d.room), d.from, indent};
    return text_eq(view_out->shown, s->text);
}

/* --- writing -------------------------------------------------------------- */

/* True if T has characters that only an escape can write. */
static bool has_controls(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.at[i] < 0x20 || t.at[i] == 0x7F)
            return true;
    return false;
}

static bool is_one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

/* True if T can stand anywhere inside a plain scalar, in brackets too. */
static bool is_tame(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (is_one_of(t.at[i], "#:,[]\"'&*!|>%@`"))
            return false;
    return !has_controls(t) && t.len > 0 && t.at[0] != ' ' && t.at[t.len - 1] != ' ';
}

bool openapi_scalar_plain(struct text text)
{
    struct yaml_node as_read = {.kind = YAML_SCALAR, .style = YAML_PLAIN, .text = text};

    bool dash =
        text.len > 1 && is_one_of(text.at[0], "-?") && text.at[1] != ' ' && text.at[1] != '-';

    return is_tame(text) && (dash || !is_one_of(text.at[0], "-?{}")) &&
           yaml_sense(&as_read) == YAML_TEXT;
}

void openapi_scalar_quoted(struct text text, struct buf *to)
{
    quote_json(to, text, SIZE_MAX);
}

static void add_single(struct text text, struct buf *to)
{
    for (size_t i = 0; i < text.len; i++) {
        buf_add_byte(to, text.at[i]);
        if (text.at[i] == '\'')
            buf_add_byte(to, '\'');
    }
}

static void add_lines(struct text text, size_t indent, struct buf *to)
{
    for (size_t i = 0; i < text.len; i++) {
        buf_add_byte(to, text.at[i]);
        for (size_t n = text.at[i] == '\n' ? indent : 0; n > 0; n--)
            buf_add_byte(to, ' ');
    }
}

static void add_double(struct text text, struct buf *to)
{
    struct buf quoted;

    buf_init(&quoted, to->max);
    openapi_scalar_quoted(text, &quoted);
    to->failed |= quoted.failed;
    if (!quoted.failed)
        buf_add(to, text_of(quoted.at + 1, quoted.len - 2));
    buf_fini(&quoted);
}

/* True if TEXT has line ends and no other controls. */
static bool is_lines(struct text text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] < 0x20 && text.at[i] != '\n' && text.at[i] != '\t')
            return false;
    return true;
}

bool openapi_scalar_inside(enum yaml_style style, size_t indent, struct text text, struct buf *to)
{
    switch (style) {
    case YAML_PLAIN:
        if (text.len > 0 && !is_tame(text))
            return false;
        buf_add(to, text);
        return true;
    case YAML_SINGLE:
        if (has_controls(text))
            return false;
        add_single(text, to);
        return true;
    case YAML_DOUBLE:
        add_double(text, to);
        return true;
    case YAML_LITERAL:
        if (!is_lines(text))
            return false;
        add_lines(text, indent, to);
        return true;
    case YAML_FOLDED:
        if (has_controls(text))
            return false;
        buf_add(to, text);
        return true;
    }
    return false;
}
