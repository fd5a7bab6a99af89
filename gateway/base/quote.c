#include "base/quote.h"

#include "base/utf8.h"

enum style { STYLE_JSON, STYLE_LOGFMT, STYLE_PLAIN };

static void add_hex(struct buf *to, uint32_t code, int digits)
{
    while (digits-- > 0)
        buf_add_byte(to, "0123456789abcdef"[code >> (4 * digits) & 15]);
}

/* The letter after the backslash for the characters that have one, or 0. */
static char short_escape(uint32_t code)
{
    switch (code) {
    case '"':
        return '"';
    case '\\':
        return '\\';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

/* Controls, and the separators and marks that turn a terminal's line around. */
static bool is_unsafe(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200e && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0xfeff;
}

static void add_malformed(struct buf *to, char byte, enum style style)
{
    if (style == STYLE_JSON) {
        buf_add(to, TEXT("\\ufffd"));
        return;
    }
    buf_add(to, TEXT("\\x"));
    add_hex(to, (unsigned char)byte, 2);
}

static void add_char(struct buf *to, struct text bytes, uint32_t code, enum style style)
{
    char letter = short_escape(code);

    if (letter && (style != STYLE_PLAIN || code < 0x20)) {
        buf_add_byte(to, '\\');
        buf_add_byte(to, letter);
    } else if (is_unsafe(code)) {
        buf_add(to, TEXT("\\u"));
        add_hex(to, code, 4);
    } else {
        buf_add(to, bytes);
    }
}

static void add_escaped(struct buf *to, struct text t, size_t max, enum style style)
{
    size_t at = 0;

    while (at < t.len && !to->failed) {
        struct text rest = text_from_offset(t, at);
        uint32_t code;
        size_t n = utf8_char(rest, &code);

        if (at + (n ? n : 1) > max) {
            buf_add(to, TEXT("\xe2\x80\xa6"));
            return;
        }
        if (n)
            add_char(to, text_of(rest.at, n), code, style);
        else
            add_malformed(to, *rest.at, style);
        at += n ? n : 1;
    }
}

void quote_json(struct buf *to, struct text t, size_t max)
{
    buf_add_byte(to, '"');
    add_escaped(to, t, max, STYLE_JSON);
    buf_add_byte(to, '"');
}

/* True if T can stand bare as the value of a pair: printable ASCII that means nothing else. */
static bool is_bare(struct text t, size_t max)
{
    if (t.len == 0 || t.len > max)
        return false;
    for (size_t i = 0; i < t.len; i++) {
        unsigned char byte = (unsigned char)t.at[i];

        if (byte <= ' ' || byte >= 0x7f || byte == '"' || byte == '\\' || byte == '=')
            return false;
    }
    return true;
}

void quote_logfmt(struct buf *to, struct text t, size_t max)
{
    if (is_bare(t, max)) {
        buf_add(to, t);
        return;
    }
    buf_add_byte(to, '"');
    add_escaped(to, t, max, STYLE_LOGFMT);
    buf_add_byte(to, '"');
}

void quote_plain(struct buf *to, struct text t, size_t max)
{
    add_escaped(to, t, max, STYLE_PLAIN);
}

/* The first and the last place of LINE that are to be hidden; the same if there are none. */
static void find_user(struct text line, size_t *begin_out, size_t *end_out)
{
    struct text mark = TEXT("://");
    size_t begin = 0, end = line.len;

    while (begin < line.len && !text_starts(text_from_offset(line, begin), mark))
        begin++;
    while (end > begin && line.at[end - 1] != '@')
        end--;
    *begin_out = begin + mark.len;
    *end_out = end > *begin_out ? end - 1 : *begin_out;
}

size_t quote_hide_user(char *at, size_t len)
{
    size_t to = 0, from = 0;

    while (from < len) {
        struct text rest = text_of(at + from, len - from);
        size_t line = text_find(rest, '\n'), begin, end;

        find_user(text_of(rest.at, line), &begin, &end);
        for (size_t i = 0; i < line; i++) {
            bool hidden = i >= begin && i < end;

            if (!hidden || ((unsigned char)rest.at[i] & 0xc0) != 0x80)
                at[to++] = hidden ? '*' : rest.at[i];
        }
        from += line;
        if (from < len)
            at[to++] = at[from++];
    }
    return to;
}
