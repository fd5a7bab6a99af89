#include "http/grammar.h"
#include "http/head.h"

#include <stdlib.h>

/*
 * Escapes are undone until nothing changes by keeping the decoded bytes on a
 * stack: whenever the top three are an escape they become its byte, which may
 * end another.  No two escapes overlap, so the order does not matter, and
 * every step but a push makes the stack shorter: the work is linear.
 */
struct decoded {
    char *at;
    size_t len;
};

static void push(struct decoded *d, char byte)
{
    d->at[d->len++] = byte;
    while (d->len >= 3 && d->at[d->len - 3] == '%' && http_is(d->at[d->len - 2], IN_HEX) &&
           http_is(d->at[d->len - 1], IN_HEX)) {
        unsigned high = http_hex(d->at[d->len - 2]);

        d->at[d->len - 3] = (char)(high << 4 | http_hex(d->at[d->len - 1]));
        d->len -= 2;
    }
}

/* True if LEAD and NEXT begin a UTF-8 sequence longer than it need be. */
static bool is_overlong(unsigned char lead, unsigned char next)
{
    if (lead == 0xc0 || lead == 0xc1)
        return true;
    return (lead == 0xe0 && next < 0xa0) || (lead == 0xf0 && next < 0x90) ||
           (lead == 0xf8 && next < 0x88) || (lead == 0xfc && next < 0x84);
}

static bool is_dots(struct text piece)
{
    return text_eq(piece, TEXT(".")) || text_eq(piece, TEXT(".."));
}

/* True for a byte that nothing depends on, as most are. */
static bool is_plain(char byte)
{
    unsigned char c = (unsigned char)byte;

    return c != 0 && c < 0xc0 && c != '/' && c != '\\' && c != ';';
}

/* Judges PATH, whose escapes are undone. */
static bool pieces_safe(struct text path)
{
    size_t start = 0;
    size_t cut = SIZE_MAX; /* the first ";" of the piece */

    for (size_t i = 0; i <= path.len; i++) {
        char c = i < path.len ? path.at[i] : '/';

        if (is_plain(c))
            continue;
        char next = i + 1 < path.len ? path.at[i + 1] : 0;

        if (c == 0 || is_overlong((unsigned char)c, (unsigned char)next))
            return false;
        if (c == ';' && cut == SIZE_MAX)
            cut = i;
        if (c != '/' && c != '\\')
            continue;
        if (is_dots(text_of(path.at + start, (cut < i ? cut : i) - start)))
            return false;
        start = i + 1;
        cut = SIZE_MAX;
    }
    return true;
}

static bool has_empty_segment(struct text path)
{
    for (size_t i = 1; i < path.len; i++)
        if (path.at[i] == '/' && path.at[i - 1] == '/')
            return true;
    return false;
}

bool http_path_safe(struct text path)
{
    char small[512];
    struct decoded decoded = {small, 0};

    if (has_empty_segment(path))
        return false;
    if (text_find(path, '%') == path.len)
        return pieces_safe(path);
    if (path.len > sizeof small && !(decoded.at = malloc(path.len)))
        return false;
    for (size_t i = 0; i < path.len; i++)
        push(&decoded, path.at[i]);
    bool safe = pieces_safe(text_of(decoded.at, decoded.len));
    if (decoded.at != small)
        free(decoded.at);
    return safe;
}
