/*
 * lines.h - which line and column an offset is on
 *
 * Lines are counted on demand: whoever needs a place hands over the bytes
 * that went by since the last one, so a byte is looked at once however many
 * places are asked for.
 */
#ifndef JSON_LINES_H
#define JSON_LINES_H

#include "base/text.h"

/* A place in the body as it came in. */
struct body_place {
    uint64_t offset; /* bytes, from 0 */
    uint64_t line;   /* from 1 */
    uint64_t column; /* bytes of the line, from 1 */
};

struct lines {
    uint64_t offset; /* bytes counted so far */
    uint64_t line;   /* of the byte at that offset, from 1 */
    uint64_t start;  /* the offset at which that line begins */
};

/* Stands at the start of a body. */
void lines_init(struct lines *l);

/* Goes on over BYTES, the next ones of the body. */
void lines_pass(struct lines *l, struct text bytes);

/* Where L stands. */
struct body_place lines_place(const struct lines *l);

#endif
