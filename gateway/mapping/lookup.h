/*
 * lookup.h - texts numbered from 0 and found by their bytes
 *
 * A lookup is filled once and then only read.  It numbers each different
 * text in the order of arrival; the caller keeps what belongs to a text in an
 * array by that number.  It copies nothing: the texts must outlive it.
 */
#ifndef MAPPING_LOOKUP_H
#define MAPPING_LOOKUP_H

#include "base/arena.h"
#include "base/text.h"

#define LOOKUP_NONE SIZE_MAX

struct lookup {
    struct arena *arena;
    struct text *texts; /* by number */
    uint32_t *slots;    /* number + 1; 0 is free */
    size_t count, room; /* of texts; slots are twice as many as room */
};

/* Makes L empty; it will take its memory from ARENA. */
void lookup_init(struct lookup *l, struct arena *arena);

/* The number of T, a new one if T was not there yet; LOOKUP_NONE: no memory. */
size_t lookup_add(struct lookup *l, struct text t);

/* The number of T, or LOOKUP_NONE if it is not there. */
size_t lookup_find(const struct lookup *l, struct text t);

/* A 64-bit hash of T's bytes, going on from SEED; the same in every run and on every machine. */
uint64_t lookup_hash(uint64_t seed, struct text t);

#endif
