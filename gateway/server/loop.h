/*
 * loop.h - the event loop of a worker
 *
 * One loop, one thread, no locks.  A turn asks the kernel what has happened
 * and then runs handlers.  A handler may activate another, and two that
 * activate each other, as a fast service and a fast client make those of one
 * reply do, would keep the turn for themselves; so a turn is bounded, and
 * whoever else has something to say is heard after it.
 *
 * Knows nothing of what its events are about.
 */
#ifndef SERVER_LOOP_H
#define SERVER_LOOP_H

struct event_base;

/* Handlers that run before the kernel is asked again. */
enum { LOOP_TURN_MAX = 16 };

/* A loop for one thread; NULL without memory.  The caller frees it. */
struct event_base *loop_new(void);

#endif
