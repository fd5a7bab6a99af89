/*
 * trail.h - the way from the top of a JSON text to where its walker stands
 *
 * Kept while names are watched out for, and written down only where one is
 * met.  To keep it costs nothing for a member whose value is no object or
 * array: of a key only its place in the piece is noted, until the piece ends.
 *
 * What is written is a path as `at:` takes it.  It has a limit; the steps
 * beyond it, and keys too long to be known, are left out, and ".." stands
 * where they were.
 */
#ifndef TRANSLATE_TRAIL_H
#define TRANSLATE_TRAIL_H

#include "base/buf.h"

enum {
    TRAIL_STEPS_MAX = 32,  /* open containers that are remembered */
    TRAIL_BYTES_MAX = 192, /* of their keys, all together */
    TRAIL_KEY_MAX = 64,    /* of one of them */
};

/* One open container, and how it was come to. */
struct trail_step {
    bool object;
    bool known;         /* its key is, if it is a member's value */
    unsigned from, len; /* that key, in BYTES */
};

struct trail {
    struct text key;       /* of the member at hand; absent: not known */
    size_t depth;          /* open containers */
    size_t used;           /* of BYTES */
    const char *from, *to; /* the piece at hand, which may hold KEY */
    struct trail_step steps[TRAIL_STEPS_MAX];
    char bytes[TRAIL_BYTES_MAX];
    char kept[TRAIL_KEY_MAX]; /* KEY, where it has no other place to last */
};

/* Makes T that of a new text. */
void trail_restart(struct trail *t);

/* PIECE is at hand, until trail_piece_end. */
void trail_piece(struct trail *t, struct text piece);
void trail_piece_end(struct trail *t);

/* A member begins; its key is not known yet, and may never be. */
static inline void trail_member(struct trail *t)
{
    t->key = (struct text){0};
}

/* KEY goes on in memory of T's own, or is not known. */
void trail_keep(struct trail *t, struct text key);

/* KEY is the key of the member at hand, as clients know it.  LASTS: longer than the text does. */
static inline void trail_key(struct trail *t, struct text key, bool lasts)
{
    if (lasts || (key.at >= t->from && key.at < t->to))
        t->key = key;
    else
        trail_keep(t, key);
}

/* The value at hand is an OBJECT or else an array, and opens. */
void trail_open(struct trail *t, bool object);
void trail_close(struct trail *t);

/* Appends the path of the member NAME of the innermost object. */
void trail_write(const struct trail *t, struct text name, struct buf *to);

#endif
