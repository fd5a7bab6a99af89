/*
 * text.h - a view of bytes that somebody else owns
 *
 * A text is a pointer and a length.  It is never NUL-terminated, may hold
 * any byte, and lives as long as what it points into.  An absent text has
 * a NULL pointer; an empty one has a pointer and length 0.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
    const char *at;
    size_t len;
};

/* A text over a string literal, its length known to the compiler. */
#define TEXT(literal) ((struct text){"" literal, sizeof(literal) - 1})
/* The two printf arguments for "%.*s". */
#define TEXT_ARG(t) (int)(t).len, (t).at

/* The LEN bytes at AT. */
static inline struct text text_of(const char *at, size_t len)
{
    return (struct text){at, len};
}

/* The bytes of the C string S before its NUL; absent if S is NULL. */
static inline struct text text_from(const char *s)
{
    return (struct text){s, s ? strlen(s) : 0};
}

/* True if A and B hold the same bytes. */
static inline bool text_eq(struct text a, struct text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* T without its first N bytes; N is at most its length. */
static inline struct text text_from_offset(struct text t, size_t n)
{
    return (struct text){t.at + n, t.len - n};
}

/* True if A and B are the same but for the case of ASCII letters. */
bool text_eq_nocase(struct text a, struct text b);

/* True if T begins with PREFIX. */
bool text_starts(struct text t, struct text prefix);

/* The index of the first BYTE in T, or T's length where there is none. */
size_t text_find(struct text t, char byte);

/* T without leading and trailing spaces and tabs (OWS of RFC 9110, 5.6.3). */
struct text text_trim(struct text t);

/*
 * Reads T as a decimal number without sign or white space.  False if T is
 * empty, holds anything but digits, or does not fit 64 bits.
 */
bool text_to_u64(struct text t, uint64_t *number_out);

#endif
