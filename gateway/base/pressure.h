/*
 * pressure.h - how near the process is to the memory it may use
 *
 * One thread looks from time to time and says how it is; all others read it
 * with one atomic load.  Knows neither what memory there is nor who holds it.
 */
#ifndef BASE_PRESSURE_H
#define BASE_PRESSURE_H

#include <stdatomic.h>
#include <stdbool.h>

enum pressure_level {
    PRESSURE_NONE,
    PRESSURE_HIGH, /* keep no connection that could close */
    PRESSURE_FULL  /* take on nothing new */
};

struct pressure {
    _Atomic enum pressure_level level;
};

/* The level that was said last; P may be NULL: none. */
static inline enum pressure_level pressure_level(const struct pressure *p)
{
    return p ? atomic_load_explicit(&p->level, memory_order_relaxed) : PRESSURE_NONE;
}

/* Says LEVEL; true if it is another than before. */
static inline bool pressure_say(struct pressure *p, enum pressure_level level)
{
    return atomic_exchange_explicit(&p->level, level, memory_order_relaxed) != level;
}

#endif
