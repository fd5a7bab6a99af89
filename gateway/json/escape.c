#include "json/escape.h"

#include "json/lanes.h"

static unsigned hex_digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
}

/* The code unit of the \uXXXX at AT. */
static unsigned code_unit(const char *at)
{
    return hex_digit(at[2]) << 12 | hex_digit(at[3]) << 8 | hex_digit(at[4]) << 4 |
           hex_digit(at[5]);
}

static void add_utf8(unsigned code, struct buf *to)
{
    if (code < 0x80) {
        buf_add_byte(to, (char)code);
        return;
    }
    if (code < 0x800) {
        buf_add_byte(to, (char)(0xc0 | code >> 6));
    } else {
        if (code < 0x10000) {
            buf_add_byte(to, (char)(0xe0 | code >> 12));
        } else {
            buf_add_byte(to, (char)(0xf0 | code >> 18));
            buf_add_byte(to, (char)(0x80 | (code >> 12 & 0x3f)));
        }
        buf_add_byte(to, (char)(0x80 | (code >> 6 & 0x3f)));
    }
    buf_add_byte(to, (char)(0x80 | (code & 0x3f)));
}

/* Reads the \u escape at AT, with its other half if that follows; returns its length. */
static size_t read_code(const char *at, const char *end, struct buf *to)
{
    unsigned code = code_unit(at);

    if (code >= 0xd800 && code < 0xdc00 && end - at >= 12 && at[6] == '\\' && at[7] == 'u') {
        unsigned low = code_unit(at + 6);

        if (low >= 0xdc00 && low < 0xe000) {
            add_utf8(0x10000 + ((code - 0xd800) << 10 | (low - 0xdc00)), to);
            return 12;
        }
    }
    add_utf8(code, to);
    return 6;
}

static char short_escape(char letter)
{
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return letter;
    }
}

void escape_read(struct text raw, struct buf *to)
{
    const char *at = raw.at, *end = raw.at + raw.len;

    while (at < end) {
        size_t plain = text_find(text_of(at, (size_t)(end - at)), '\\');

        buf_add(to, text_of(at, plain));
        at += plain;
        if (at == end)
            break;
        if (at[1] == 'u') {
            at += read_code(at, end, to);
        } else {
            buf_add_byte(to, short_escape(at[1]));
            at += 2;
        }
    }
}

static void write_code(unsigned code, struct buf *to)
{
    static const char DIGITS[] = "0123456789abcdef";
    char escape[6] = {'\\',
                      'u',
                      DIGITS[code >> 12 & 0xf],
                      DIGITS[code >> 8 & 0xf],
                      DIGITS[code >> 4 & 0xf],
                      DIGITS[code & 0xf]};

    buf_add(to, text_of(escape, sizeof escape));
}

static void write_special(unsigned char c, struct buf *to)
{
    static const char CONTROLS[] = "\b\f\n\r\t", LETTERS[] = "bfnrt";
    const char *control = c ? strchr(CONTROLS, c) : NULL;

    if (c == '"' || c == '\\' || control) {
        buf_add_byte(to, '\\');
        buf_add_byte(to, control ? LETTERS[control - CONTROLS] : (char)c);
    } else {
        write_code(c, to);
    }
}

/* True if the three bytes of a lone surrogate begin at T. */
static bool is_surrogate(struct text t)
{
    return t.len >= 3 && (unsigned char)t.at[0] == 0xed && (unsigned char)t.at[1] >= 0xa0 &&
           ((unsigned char)t.at[1] & 0xc0) == 0x80 && ((unsigned char)t.at[2] & 0xc0) == 0x80;
}

/* True if no byte of TEXT needs an escape, as in most names. */
static bool is_plain(struct text text)
{
    size_t at = 0;

    while (at < text.len && (unsigned char)text.at[at] != 0xed &&
           !lanes_stops_string((unsigned char)text.at[at], false))
        at++;
    return at == text.len;
}

static void write_plain(struct text text, struct buf *to)
{
    char *at = buf_room(to, text.len + 2);

    if (!at)
        return;
    at[0] = '"';
    memcpy(at + 1, text.at, text.len);
    at[1 + text.len] = '"';
    to->len += text.len + 2;
}

void escape_write(struct text text, struct buf *to)
{
    size_t from = 0, at = 0;

    if (is_plain(text)) {
        write_plain(text, to);
        return;
    }
    buf_add_byte(to, '"');
    while (at < text.len) {
        unsigned char c = (unsigned char)text.at[at];
        bool surrogate = c == 0xed && is_surrogate(text_from_offset(text, at));

        if (!surrogate && !lanes_stops_string(c, false)) {
            at++;
            continue;
        }
        buf_add(to, text_of(text.at + from, at - from));
        if (surrogate)
            write_code(0xd000u | ((unsigned char)text.at[at + 1] & 0x3fu) << 6 |
                           ((unsigned char)text.at[at + 2] & 0x3fu),
                       to);
        else
            write_special(c, to);
        at += surrogate ? 3 : 1;
        from = at;
    }
    buf_add(to, text_of(text.at + from, text.len - from));
    buf_add_byte(to, '"');
}
