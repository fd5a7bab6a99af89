#include "json/string_scan.h"

#include "json/lanes.h"

#include <endian.h>

enum step { PLAIN, ESCAPE, HEX, CONTINUATION };

void string_scan_begin(struct string_scan *s)
{
    *s = (struct string_scan){.utf8 = s->utf8};
}

const char *string_scan_fault(const struct string_scan *s)
{
    switch ((enum step)s->step) {
    case PLAIN:
        return "a control character in a string";
    case ESCAPE:
    case HEX:
        return "a malformed escape in a string";
    case CONTINUATION:
        break;
    }
    return "malformed UTF-8 in a string";
}

static bool is_hex(unsigned char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool is_short_escape(unsigned char c)
{
    switch (c) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return true;
    default:
        return false;
    }
}

/* Begins a character with the lead byte C (RFC 3629, 4); false if none begins so. */
static bool lead(struct string_scan *s, unsigned char c)
{
    s->step = CONTINUATION;
    s->least = 0x80;
    s->most = 0xbf;
    if (c < 0xc2 || c > 0xf4)
        return false;
    s->more = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    if (c == 0xe0)
        s->least = 0xa0;
    else if (c == 0xed)
        s->most = 0x9f;
    else if (c == 0xf0)
        s->least = 0x90;
    else if (c == 0xf4)
        s->most = 0x8f;
    return true;
}

/* Takes C where an escape or a character is unfinished; false if it breaks it. */
static bool go_on(struct string_scan *s, unsigned char c)
{
    if (s->step == ESCAPE) {
        s->step = c == 'u' ? HEX : PLAIN;
        s->more = 4;
        if (c == 'u' || is_short_escape(c))
            return true;
        s->step = ESCAPE;
        return false;
    }
    if (s->step == HEX ? !is_hex(c) : c < s->least || c > s->most)
        return false;
    s->least = 0x80;
    s->most = 0xbf;
    if (--s->more == 0)
        s->step = PLAIN;
    return true;
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* The length of the well-formed character beyond ASCII at P (4 bytes readable), or 0. */
static inline size_t character(const char *p)
{
    unsigned char a = (unsigned char)p[0], b = (unsigned char)p[1];

    if (!is_continuation(p[1]) || a < 0xc2)
        return 0;
    if (a < 0xe0)
        return 2;
    if (!is_continuation(p[2]))
        return 0;
    if (a < 0xf0)
        return (a == 0xe0 && b < 0xa0) || (a == 0xed && b > 0x9f) ? 0 : 3;
    if (!is_continuation(p[3]) || a > 0xf4 || (a == 0xf0 && b < 0x90) || (a == 0xf4 && b > 0x8f))
        return 0;
    return 4;
}

/* Past all plain bytes at AT. */
static inline const char *pass_plain(const char *at, const char *end, bool ascii)
{
    while (end - at >= LANES) {
        size_t n = lanes_in_string(at, ascii);

        at += n;
        if (n < LANES)
            return at;
    }
    while (at < end && !lanes_stops_string((unsigned char)*at, ascii))
        at++;
    return at;
}

/*
 * True if a character of three bytes is at P (4 bytes readable) that needs no
 * closer look, as those of most scripts: they come in runs, and one comparison
 * in place of three makes requests in mixed scripts a seventh faster.
 */
static inline bool is_usual_three(const char *p)
{
    uint32_t bytes;

    memcpy(&bytes, p, sizeof bytes);
    bytes = le32toh(bytes);
    return (bytes & 0xc0c0f0) == 0x8080e0 && (bytes & 0xff) != 0xe0 && (bytes & 0xff) != 0xed;
}

/* Past well-formed characters beyond ASCII and the few plain bytes between them. */
static inline const char *pass_characters(const char *at, const char *end)
{
    unsigned plain = 0;

    while (end - at >= 4 && plain < 4) {
        size_t n = 1;

        if (is_usual_three(at)) {
            n = 3;
            plain = 0;
        } else if ((unsigned char)*at >= 0x80) {
            n = character(at);
            plain = 0;
        } else if (lanes_stops_string((unsigned char)*at, true)) {
            return at;
        } else {
            plain++;
        }
        if (n == 0)
            return at;
        at += n;
    }
    return at;
}

enum string_end string_scan(struct string_scan *s, const char **at_in_out, const char *end)
{
    const char *at = *at_in_out;
    enum string_end found = STRING_OPEN;

    while (at < end) {
        if (s->step != PLAIN) {
            if (!go_on(s, (unsigned char)*at)) {
                found = STRING_BROKEN;
                break;
            }
            at++;
            continue;
        }
        at = pass_plain(at, end, s->utf8);
        if (at == end)
            break;
        unsigned char c = (unsigned char)*at;
        if (c == '"') {
            found = STRING_CLOSED;
            break;
        }
        if (c >= 0x80) {
            const char *behind = pass_characters(at, end);

            if (behind == at && !lead(s, c)) {
                found = STRING_BROKEN;
                break;
            }
            at = behind == at ? at + 1 : behind;
        } else if (c == '\\') {
            s->escaped = true;
            s->step = ESCAPE;
            at++;
        } else {
            found = STRING_BROKEN;
            break;
        }
    }
    *at_in_out = at;
    return found;
}
