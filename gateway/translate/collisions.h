/*
 * collisions.h - which spelling of a pair an object had first
 *
 * Within one object, a key spelled as one side of a pair and another key
 * spelled as the other would leave under one name.  For every open object
 * two bits a pair tell which side came first; that decides for the rest of
 * the object.  Where collisions are refused, the place of the first one is
 * kept too, so that both can be named.
 *
 * Objects close in the opposite order of opening, so all this is one stack.
 */
#ifndef TRANSLATE_COLLISIONS_H
#define TRANSLATE_COLLISIONS_H

#include "mapping/rules.h"
#include "json/lines.h"

/* The sides of a pair, as seen from one direction. */
enum side { SIDE_NONE, SIDE_FROM, SIDE_TO };

struct seen {
    unsigned pair; /* id */
    struct body_place place;
};

struct collisions {
    size_t pair_count;
    unsigned char *bits; /* four pairs a byte, row after row */
    size_t bits_len, bits_room;
    struct seen *seen;
    size_t seen_len, seen_room;
};

/* What one object has in C; all zero, it has had no pair yet. */
struct collisions_row {
    bool open;
    size_t bits_from, seen_from;
};

/* An empty stack for rules of PAIR_COUNT pairs; takes no memory yet. */
void collisions_init(struct collisions *c, size_t pair_count);
void collisions_fini(struct collisions *c);

/* Forgets all objects. */
void collisions_clear(struct collisions *c);

/*
 * The side of PAIR that came first in the object of ROW, the innermost open
 * one: SIDE_NONE if this is the first time, and then SIDE is remembered.
 * False: no memory.
 */
bool collisions_note(struct collisions *c, struct collisions_row *row, const struct pair *pair,
                     enum side side, enum side *first_out);

/* Remembers where the first spelling of PAIR stood.  False: no memory. */
bool collisions_place(struct collisions *c, const struct pair *pair, struct body_place place);

/* Where the first spelling of PAIR stood in the object of ROW; it has been remembered. */
struct body_place collisions_first(const struct collisions *c, const struct collisions_row *row,
                                   const struct pair *pair);

/* The object of ROW, the innermost open one, closes. */
static inline void collisions_close(struct collisions *c, const struct collisions_row *row)
{
    if (!row->open)
        return;
    c->bits_len = row->bits_from;
    c->seen_len = row->seen_from;
}

#endif
