/*
 * refrain.h - what was accepted once need not be asked again
 *
 * The rows of a list look alike: in a skeleton, which has no text and next to
 * no digits, they are the same bytes.  A verse is a stretch that begins right
 * behind a closing bracket and ends with the next one of the same depth.  The
 * grammar stands where it stood before it, so the same bytes right behind it
 * are accepted as well, and mean the same.
 *
 * A refrain knows the last verses of one skeleton, and for each its part of
 * the score: what the grammar said of it, an event a byte.  It judges nothing
 * itself.
 */
#ifndef JSON_REFRAIN_H
#define JSON_REFRAIN_H

#include "base/text.h"
#include "json/skeleton.h"

enum {
    REFRAIN_DEPTHS = 16, /* rows nested deeper are not looked for */
    REFRAIN_VERSES = 8,
    REFRAIN_WORTH = 256 /* bytes of a skeleton; in a shorter one to look costs more than it saves */
};

struct verse {
    unsigned from, len;     /* in the skeleton */
    unsigned first, events; /* in the score */
    unsigned depth;         /* open containers around it */
    bool in_array;          /* the innermost of them is one */
};

struct refrain {
    struct {
        unsigned at, told; /* behind the last bracket that closed to this depth; 0: none */
    } closed[REFRAIN_DEPTHS];
    struct verse verses[REFRAIN_VERSES];
    unsigned learnt; /* the last one is at LEARNT - 1, going round */
    unsigned told;
    char score[SKELETON_BYTES]; /* a token is an event at most */
};

/* Makes F that of a new skeleton. */
void refrain_init(struct refrain *f);

/* The grammar said EVENT. */
static inline void refrain_tell(struct refrain *f, char event)
{
    f->score[f->told++] = event;
}

/*
 * The bytes of S up to AT are accepted, and end in a bracket, the first one
 * that closed since the depth was BEFORE.  Now DEPTH containers are open.
 */
void refrain_close(struct refrain *f, size_t at, size_t before, size_t depth, bool in_array);

/* A verse came again, and ends at AT; DEPTH containers are open. */
static inline void refrain_again(struct refrain *f, size_t at, size_t depth)
{
    f->closed[depth].at = (unsigned)at;
    f->closed[depth].told = f->told;
}

/* The verse that comes again at AT of S, right behind a bracket; NULL if none does. */
const struct verse *refrain_find(const struct refrain *f, const struct skeleton *s, size_t at,
                                 size_t depth, bool in_array);

#endif
