/*
 * drift.h - names of the service that got past the mapping, process-wide
 *
 * One entry for each name on each route: how often it was met, and where
 * first.  A new entry is logged once.  There are at most DRIFT_NAMES_MAX;
 * what comes after that is counted and left out, so neither memory nor the
 * log can be filled by whoever makes up names.
 *
 * The list is of the mapping in force: a new one forgets the names that it
 * has a rule for or ignores, and exchanges that began under another one
 * change nothing.  Never holds a value.
 */
#ifndef SERVER_DRIFT_H
#define SERVER_DRIFT_H

#include "exchange/sightings.h"

enum { DRIFT_NAMES_MAX = 1000 };

struct drift;

struct drift_entry {
    struct text route; /* the client template */
    enum unmapped kind;
    struct text name;
    struct text path; /* where it stood first: in a JSON text, or which header field; or empty */
    uint64_t count;
};

/* "key", "query", "header" or "path". */
const char *drift_kind(enum unmapped kind);

/* A new, empty list under MAPPING.  NULL: no memory. */
struct drift *drift_new(const struct mapping *mapping);

/* Frees the list at *D, if any, and sets *D to NULL. */
void drift_free(struct drift **d);

/* Counts SIGHTING; from any thread. */
void drift_note(struct drift *d, const struct sighting *sighting);

/* MAPPING is in force now. */
void drift_follow(struct drift *d, const struct mapping *mapping);

/* How many entries there are, and how many sightings found no place among them. */
size_t drift_count(struct drift *d);
uint64_t drift_left_out(struct drift *d);

/* Shows all entries to VISIT, by route, kind and name; none changes meanwhile. */
void drift_visit(struct drift *d, void (*visit)(void *owner, const struct drift_entry *entry),
                 void *owner);

#endif
