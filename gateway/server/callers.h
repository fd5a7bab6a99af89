/*
 * callers.h - who still calls what is deprecated, process-wide
 *
 * One entry for each caller of each deprecated route: how often it has called
 * and when last.  The names are clients' own, so a route has at most
 * CALLERS_PER_ROUTE of them, and all who come later are one more, "other".
 * Nothing is forgotten, so that no count falls and no name changes hands:
 * there are as many routes as there have been deprecated ones.
 */
#ifndef SERVER_CALLERS_H
#define SERVER_CALLERS_H

#include "base/text.h"

enum { CALLERS_PER_ROUTE = 50 };

struct callers;

struct caller {
    struct text route; /* the client template */
    struct text name;
    uint64_t count;
    int64_t last; /* seconds since the epoch */
};

/* A new, empty list.  NULL: no memory. */
struct callers *callers_new(void);

/* Frees the list at *C, if any, and sets *C to NULL. */
void callers_free(struct callers **c);

/* Counts a call by NAME of ROUTE at NOW, in seconds since the epoch; from any thread. */
void callers_note(struct callers *c, struct text route, struct text name, int64_t now);

/* How many calls were not counted for want of memory. */
uint64_t callers_lost(struct callers *c);

/* Shows all entries to VISIT, those of one route together; none changes meanwhile. */
void callers_visit(struct callers *c, void (*visit)(void *owner, const struct caller *caller),
                   void *owner);

#endif
