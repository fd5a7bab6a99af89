/*
 * escape.h - from the raw inside of a JSON string to its text, and back
 *
 * Reading undoes every escape; writing escapes only what RFC 8259, 7 says
 * must be.  A surrogate escape without its other half has no UTF-8; it is
 * read as the three bytes UTF-8 would have for it, which match no name, and
 * written as an escape again.
 */
#ifndef JSON_ESCAPE_H
#define JSON_ESCAPE_H

#include "base/buf.h"

enum { ESCAPE_MAX = 6 /* bytes of \uXXXX, the longest form of a byte */ };

/* Appends the text of RAW, the checked bytes between two quotes. */
void escape_read(struct text raw, struct buf *to);

/* Appends TEXT as a JSON string, quotes included. */
void escape_write(struct text text, struct buf *to);

#endif
