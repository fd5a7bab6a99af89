/*
 * quota.h - how many there may be at once, counted by several threads
 *
 * A quota is a count with a ceiling: whoever takes a place gives it back.
 * It is exact (a taker is refused only when all places are taken) and costs
 * one atomic operation each way.  It knows nothing of what it counts.
 */
#ifndef BASE_QUOTA_H
#define BASE_QUOTA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct quota {
    atomic_size_t taken;
    size_t most;
};

/* Makes Q one of MOST places, none of them taken. */
void quota_init(struct quota *q, size_t most);

/* Takes a place; false if there is none. */
bool quota_take(struct quota *q);

/* Gives back a place that was taken. */
void quota_give(struct quota *q);

/* The places taken now. */
size_t quota_taken(const struct quota *q);

#endif
