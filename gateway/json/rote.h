/*
 * rote.h - short texts whose form is known by heart
 *
 * The replies of one operation look alike: without the insides of their
 * strings and all but a few digits they are the same bytes.  A thread keeps
 * the skeletons of the last short texts that the grammar took whole, each
 * with its score (what the grammar said, an event a byte), so that the next
 * text with such a skeleton need not be judged: for a body of 1 KB that is a
 * twelfth of a request's cost.
 *
 * It keeps no text, no name and no value, and changes no verdict.
 */
#ifndef JSON_ROTE_H
#define JSON_ROTE_H

#include "json/refrain.h"
#include "json/skeleton.h"

enum {
    ROTE_FORMS = 16,   /* of a thread */
    ROTE_BYTES = 2048, /* of a skeleton */
    ROTE_EVENTS = 1024
};

struct rote {
    unsigned len, events;
    size_t depth; /* the most containers open at once */
    char bytes[ROTE_BYTES];
    char score[ROTE_EVENTS];
};

/* The form that S is, if this thread knows it; else NULL.  Valid until something is learnt. */
const struct rote *rote_find(const struct skeleton *s);

/* S is a whole text, an object or an array, that was accepted with the score of F. */
void rote_learn(const struct skeleton *s, const struct refrain *f);

#endif
