#include "http/chunked.h"

#include "http/grammar.h"

#include <stdlib.h>

/*
 * Where in the coding the next byte stands.  A chunk-size line goes from
 * AT_SIZE to AT_LINE_FEED; the extension states follow RFC 9112, 7.1.1 with
 * its "bad" white space, which may stand around ";" and "=" and nowhere else.
 */
enum state {
    AT_SIZE, /* the first digit */
    IN_SIZE,
    AT_SEMICOLON, /* behind white space */
    AT_EXT_NAME,
    IN_EXT_NAME,
    AFTER_EXT_NAME, /* behind white space */
    AT_EXT_VALUE,
    IN_EXT_VALUE,
    IN_QUOTES,
    IN_QUOTES_ESCAPED,
    AFTER_QUOTES,
    AT_LINE_FEED,
    IN_CONTENT,
    AT_CONTENT_RETURN,
    AT_CONTENT_FEED,
    IN_TRAILERS,
    ENDED,
    BROKEN
};

void chunked_init(struct chunked *c, const struct chunked_limits *limits)
{
    *c = (struct chunked){.limits = *limits, .state = AT_SIZE};
    buf_init(&c->line, limits->trailers);
}

void chunked_fini(struct chunked *c)
{
    buf_fini(&c->line);
    free(c->trailer_fields);
    c->trailer_fields = NULL;
    c->trailers = (struct http_fields){NULL, 0};
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* The state after C, behind a size, an extension's name or its value. */
static enum state after_part(char c)
{
    if (is_space(c))
        return AT_SEMICOLON;
    return c == ';' ? AT_EXT_NAME : c == '\r' ? AT_LINE_FEED : BROKEN;
}

static enum state after_ext_name(char c)
{
    if (is_space(c))
        return AFTER_EXT_NAME;
    return c == '=' ? AT_EXT_VALUE : after_part(c);
}

static enum state size_digit(struct chunked *c, char digit)
{
    if (c->left > (uint64_t)INT64_MAX >> 4)
        return BROKEN;
    c->left = c->left << 4 | http_hex(digit);
    return IN_SIZE;
}

/* The state after BYTE of a chunk-size line. */
static enum state line_byte(struct chunked *c, enum state state, char byte)
{
    switch (state) {
    case AT_SIZE:
        return http_is(byte, IN_HEX) ? size_digit(c, byte) : BROKEN;
    case IN_SIZE:
        return http_is(byte, IN_HEX) ? size_digit(c, byte) : after_part(byte);
    case AT_SEMICOLON:
        return byte == '\r' ? BROKEN : after_part(byte);
    case AT_EXT_NAME:
        return is_space(byte) ? AT_EXT_NAME : http_is(byte, IN_TOKEN) ? IN_EXT_NAME : BROKEN;
    case IN_EXT_NAME:
        return http_is(byte, IN_TOKEN) ? IN_EXT_NAME : after_ext_name(byte);
    case AFTER_EXT_NAME:
        return byte == '\r' ? BROKEN : after_ext_name(byte);
    case AT_EXT_VALUE:
        if (is_space(byte))
            return AT_EXT_VALUE;
        if (byte == '"')
            return IN_QUOTES;
        return http_is(byte, IN_TOKEN) ? IN_EXT_VALUE : BROKEN;
    case IN_EXT_VALUE:
        return http_is(byte, IN_TOKEN) ? IN_EXT_VALUE : after_part(byte);
    case IN_QUOTES:
        if (byte == '"' || byte == '\\')
            return byte == '"' ? AFTER_QUOTES : IN_QUOTES_ESCAPED;
        return http_is(byte, IN_VALUE) ? IN_QUOTES : BROKEN;
    case IN_QUOTES_ESCAPED:
        return http_is(byte, IN_VALUE) ? IN_QUOTES : BROKEN;
    case AFTER_QUOTES:
        return after_part(byte);
    case AT_LINE_FEED:
        if (byte != '\n')
            return BROKEN;
        c->line_bytes = 0;
        return c->left > 0 ? IN_CONTENT : IN_TRAILERS;
    case IN_CONTENT:
    case AT_CONTENT_RETURN:
    case AT_CONTENT_FEED:
    case IN_TRAILERS:
    case ENDED:
    case BROKEN:
        break;
    }
    return BROKEN;
}

/* Fields that mean nothing, or something dangerous, after the body. */
static bool is_forbidden(struct text name)
{
    static const char *const names[] = {
        "accept",
        "age",
        "authorization",
        "cache-control",
        "connection",
        "cookie",
        "date",
        "expect",
        "expires",
        "forwarded",
        "host",
        "keep-alive",
        "location",
        "max-forwards",
        "pragma",
        "range",
        "retry-after",
        "set-cookie",
        "te",
        "trailer",
        "traceparent",
        "tracestate",
        "upgrade",
        "transfer-encoding",
        "vary",
        "via",
        "warning",
        "x-request-id",
        "www-authenticate",
    };
    static const struct text prefixes[] = {
        {"accept-", 7}, {"content-", 8}, {"if-", 3}, {"proxy-", 6}, {"x-forwarded-", 12},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (text_eq_nocase(name, text_from(names[i])))
            return true;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (name.len > prefixes[i].len &&
            text_eq_nocase(text_of(name.at, prefixes[i].len), prefixes[i]))
            return true;
    return false;
}

/* Reads the whole trailer section, its empty line included. */
static enum state read_trailers(struct chunked *c)
{
    struct text rest = buf_text(&c->line);

    rest.len -= 2;
    if (rest.len == 0)
        return ENDED;
    c->trailer_fields = malloc(CHUNKED_TRAILERS_MAX * sizeof *c->trailer_fields);
    c->starved = !c->trailer_fields;
    if (c->starved)
        return BROKEN;
    c->trailers.at = c->trailer_fields;
    for (size_t lines = 0; rest.len > 0; lines++) {
        struct http_field field;

        if (lines == CHUNKED_TRAILERS_MAX || http_take_field(&rest, &field))
            return BROKEN;
        if (!is_forbidden(field.name))
            c->trailer_fields[c->trailers.count++] = field;
    }
    return ENDED;
}

/* Gathers one line of the trailer section, or what there is of it. */
static enum state trailer_bytes(struct chunked *c, struct text *piece)
{
    size_t feed = text_find(*piece, '\n');
    bool whole = feed < piece->len;
    size_t take = whole ? feed + 1 : feed;

    buf_add(&c->line, text_of(piece->at, take));
    *piece = text_from_offset(*piece, take);
    c->starved = c->line.failed && take <= c->line.max - c->line.len;
    if (c->line.failed)
        return BROKEN;
    if (!whole)
        return IN_TRAILERS;
    struct text line = text_from_offset(buf_text(&c->line), c->line_start);
    struct http_field field;
    c->line_start = c->line.len;
    if (text_eq(line, TEXT("\r\n")))
        return read_trailers(c);
    return http_field_line(line, &field) ? BROKEN : IN_TRAILERS; /* no later than it comes */
}

static struct text take_content(struct chunked *c, struct text *piece)
{
    size_t take = piece->len < c->left ? piece->len : (size_t)c->left;
    struct text content = text_of(piece->at, take);

    *piece = text_from_offset(*piece, take);
    c->left -= take;
    if (c->left == 0)
        c->state = AT_CONTENT_RETURN;
    return content;
}

/* Reads one byte of a line around content. */
static enum state take_byte(struct chunked *c, struct text *piece)
{
    char byte = piece->at[0];

    *piece = text_from_offset(*piece, 1);
    if (c->state == AT_CONTENT_RETURN)
        return byte == '\r' ? AT_CONTENT_FEED : BROKEN;
    if (c->state == AT_CONTENT_FEED)
        return byte == '\n' ? AT_SIZE : BROKEN;
    if (++c->line_bytes > c->limits.line)
        return BROKEN;
    return line_byte(c, (enum state)c->state, byte);
}

enum chunked_step chunked_next(struct chunked *c, struct text *piece, struct text *content_out)
{
    while (c->state != ENDED && c->state != BROKEN && piece->len > 0) {
        if (c->state == IN_CONTENT) {
            *content_out = take_content(c, piece);
            return CHUNKED_CONTENT;
        }
        if (c->state == IN_TRAILERS)
            c->state = trailer_bytes(c, piece);
        else
            c->state = take_byte(c, piece);
    }
    return c->state == ENDED ? CHUNKED_END : c->state == BROKEN ? CHUNKED_BAD : CHUNKED_MORE;
}
