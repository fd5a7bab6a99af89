/*
 * ids.h - where the service's ids and its time come from
 *
 * Left alone, ids are random and the time is the clock's.  A file of named
 * sequences ("workspace: 550e8400-...") fixes the ids: each kind takes its
 * own lines from first to last, and goes on with ids derived from the kind
 * and their number, so that two runs give the same ones.
 *
 * It knows nothing of what the ids are for.
 */
#ifndef SERVICE_IDS_H
#define SERVICE_IDS_H

#include <stdbool.h>
#include <stddef.h>

enum { IDS_ID_SIZE = 37, IDS_TIME_SIZE = 32 };

struct ids;

/* Random ids and real time.  NULL: no memory. */
struct ids *ids_new(void);

/* Frees the ids at *I and sets *I to NULL. */
void ids_free(struct ids **i);

/* Takes sequences from FILE.  False: a complaint has gone to standard error. */
bool ids_read(struct ids *i, const char *file);

/* Stops the clock at TIME, "2026-03-02T12:00:00Z".  False if it has another form. */
bool ids_stop_clock(struct ids *i, const char *time);

/*
 * The next id of KIND, on the heap, the caller's.  External ids look like
 * "ws-1f00aa"; all others are UUIDs.  NULL: no memory.
 */
char *ids_next(struct ids *i, const char *kind);

/* The time as RFC 3339 in UTC, whole seconds, to TIME_OUT. */
void ids_now(const struct ids *i, char time_out[IDS_TIME_SIZE]);

#endif
