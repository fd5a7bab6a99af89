/*
 * arena.h - memory that is given back all at once
 *
 * An arena hands out pieces from blocks it grows as needed and frees them
 * together.  It has a ceiling: past it, or when the system has no memory,
 * arena_alloc returns NULL, and the owner ends what it was doing.  It is
 * not for buffers that grow without bound.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/text.h"

struct arena;

/* A new, empty arena that hands out at most CEILING bytes; NULL if no memory. */
struct arena *arena_new(size_t ceiling);

/* Frees the arena at *A and all it handed out, and sets *A to NULL. */
void arena_free(struct arena **a);

/* SIZE bytes, aligned for any type, not cleared; NULL past the ceiling. */
void *arena_alloc(struct arena *a, size_t size);

/* COUNT times SIZE bytes, cleared; NULL past the ceiling or on overflow. */
void *arena_zero(struct arena *a, size_t count, size_t size);

/* A copy of T with a NUL after it; absent past the ceiling. */
struct text arena_copy(struct arena *a, struct text t);

/* True if the ceiling has refused a piece. */
bool arena_full(const struct arena *a);

/* The bytes taken from the system so far, for the memory that is printed. */
size_t arena_bytes(const struct arena *a);

#endif
