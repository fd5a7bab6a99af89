/*
 * utf8.h - one character at a time, as RFC 3629 allows it
 *
 * For the places that count or print characters: complaints, the log, the
 * readers of configuration.  Bodies have a faster check of their own.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/text.h"

/*
 * The number of bytes of the character T begins with, 1 to 4, and its code
 * point in CODE_OUT.  0 if T is empty or begins with anything malformed:
 * overlong, a surrogate, above U+10FFFF, or cut short.
 */
size_t utf8_char(struct text t, uint32_t *code_out);

/* The index of the first malformed byte of T, or T's length if it has none. */
size_t utf8_valid(struct text t);

/* The number of characters in T; a malformed byte counts as one. */
size_t utf8_count(struct text t);

#endif
