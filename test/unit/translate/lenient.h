/*
 * lenient.h - what the most lenient service makes of a path, for tests
 *
 * It undoes escapes to any depth, takes UTF-8 that is longer than it need be,
 * knows either slash, drops the parameters of segments and resolves empty and
 * dot segments.  It shares nothing with the gateway's own reading of paths.
 */
#ifndef TEST_LENIENT_H
#define TEST_LENIENT_H

#include "base/buf.h"

static inline int lenient_hex(char c)
{
    char small = (char)(c | 0x20);

    return c >= '0' && c <= '9' ? c - '0' : small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

/* Undoes the escapes of PATH once, in place; true if there were any. */
static inline bool lenient_undo_escapes(struct buf *path)
{
    size_t to = 0, from = 0;

    while (from < path->len) {
        int high = from + 2 < path->len ? lenient_hex(path->at[from + 1]) : -1;
        int low = high >= 0 ? lenient_hex(path->at[from + 2]) : -1;

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
static inline size_t lenient_sequence_bytes(unsigned char lead)
{
    return lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* Makes each sequence of PATH that is longer than its character need be one byte, in place. */
static inline void lenient_shorten(struct buf *path)
{
    size_t to = 0;

    for (size_t from = 0, n; from < path->len; from += n) {
        unsigned char lead = (unsigned char)path->at[from];

        n = lenient_sequence_bytes(lead);
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
static inline bool lenient_climb(struct buf *to)
{
    while (to->len > 0 && to->at[to->len - 1] != '/')
        to->len--;
    if (to->len == 0)
        return false;
    to->len--;
    return true;
}

/* Appends to TO what PATH, without escapes, names; false if it climbs above the root. */
static inline bool lenient_resolve(struct text path, struct buf *to)
{
    while (path.len > 0) {
        size_t n = 0;

        while (n < path.len && path.at[n] != '/' && path.at[n] != '\\')
            n++;
        struct text segment = text_of(path.at, n);
        path = text_from_offset(path, n < path.len ? n + 1 : n);
        segment.len = text_find(segment, ';');
        if (text_eq(segment, TEXT("..")) && !lenient_climb(to))
            return false;
        if (segment.len == 0 || text_eq(segment, TEXT(".")) || text_eq(segment, TEXT("..")))
            continue;
        buf_add_byte(to, '/');
        buf_add(to, segment);
    }
    buf_add_byte(to, '/');
    return true;
}

/* One more reading of PATH, in place: its escapes undone, its UTF-8 shortened; false: the last. */
static inline bool lenient_undo(struct buf *path)
{
    bool more = lenient_undo_escapes(path);

    lenient_shorten(path);
    return more;
}

#endif
