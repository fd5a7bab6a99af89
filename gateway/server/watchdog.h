/*
 * watchdog.h - the service manager hears from the gateway while it works
 *
 * A process whose threads are stuck looks alive from outside.  So at each
 * turn of a timer every worker is asked for a beat, and only when all have
 * answered the turn before, the manager is told.
 */
#ifndef SERVER_WATCHDOG_H
#define SERVER_WATCHDOG_H

#include <stddef.h>

struct event_base;
struct watchdog;
struct worker;

/*
 * A watchdog on BASE over the COUNT WORKERS, which outlive it, four turns in
 * each interval that the manager allows; one that does nothing where none is
 * set.  NULL: no memory.
 */
struct watchdog *watchdog_new(struct event_base *base, struct worker **workers, size_t count);

/* Frees the watchdog at *W, if any, and sets *W to NULL. */
void watchdog_free(struct watchdog **w);

#endif
