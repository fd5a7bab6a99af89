/*
 * valve.h - when to stop taking bytes in, and when to start again
 *
 * A valve counts bytes that have been accepted but not yet passed on.  It
 * shuts when the level reaches HIGH and opens again only when the level has
 * fallen to LOW, so that a slow reader does not make the writer flutter.
 * It moves no bytes itself and knows nothing about sockets.
 */
#ifndef BASE_VALVE_H
#define BASE_VALVE_H

#include <stdbool.h>
#include <stddef.h>

struct valve {
    size_t level; /* bytes accepted and not yet passed on */
    size_t high;  /* shut at or above this level */
    size_t low;   /* open again at or below this level */
    bool shut;
};

/* Makes V empty and open; LOW is less than HIGH. */
void valve_init(struct valve *v, size_t high, size_t low);

/* Counts N more bytes in.  True if this is what shut the valve. */
bool valve_fill(struct valve *v, size_t n);

/* Sets the level to LEVEL, seen from outside.  True if this opened the valve. */
bool valve_settle(struct valve *v, size_t level);

#endif
