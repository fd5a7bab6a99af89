/*
 * memory.h - what memory the process may use, and what it does
 *
 * The limit is the least of the control groups' that hold the process,
 * version 2 or 1.  What is used is the resident size: it is looked at often
 * and cheaply by one thread, which tells all others through a pressure.  What
 * was freed stays resident until it is given back; the same thread does that
 * when much of the load has gone, and when memory runs short.
 */
#ifndef SERVER_MEMORY_H
#define SERVER_MEMORY_H

#include "base/pressure.h"

#include <stddef.h>
#include <stdint.h>

struct event_base;
struct memory_watch;

/*
 * The bytes that the control groups allow, as told by proc/self/cgroup and
 * sys/fs/cgroup below ROOT ("" for the real ones); 0 if there is no limit.
 */
uint64_t memory_allowed(const char *root);

/* The resident bytes of the process whose proc/PID/statm is open as STATM; 0: nobody tells. */
uint64_t memory_resident(int statm);

/* How it stands with USED bytes of LIMIT. */
enum pressure_level memory_level(uint64_t used, uint64_t limit);

/* What a watch looks at and tells. */
struct memory_view {
    uint64_t limit;                    /* bytes; 0: none, and there is never pressure */
    struct pressure *pressure;         /* where it says how it stands */
    size_t (*load)(const void *owner); /* how many things hold memory now */
    const void *owner;
};

/* Watches the process from BASE; what VIEW names outlives it.  NULL: no memory, or errno tells. */
struct memory_watch *memory_watch_new(struct event_base *base, const struct memory_view *view);

/* Stops watching; sets *W to NULL. */
void memory_watch_free(struct memory_watch **w);

#endif
