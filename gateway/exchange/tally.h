/*
 * tally.h - how often each rule acted on one body
 *
 * A tally is what a translator's watcher counts into: a row for each pair
 * and each value rule of the route's rules, by their ids.
 */
#ifndef EXCHANGE_TALLY_H
#define EXCHANGE_TALLY_H

#include "exchange/sightings.h"

struct tally_row {
    uint32_t changed;  /* keys renamed, or values changed */
    uint32_t collided; /* keys that met the other spelling in their object */
    uint32_t passed;   /* keys that had the other dialect's name, or values too long to be held */
};

struct tally {
    const struct rules *rules;   /* NULL: nothing was counted */
    struct tally_row *pairs;     /* by pair id */
    struct tally_row *values;    /* by value rule id */
    uint32_t events;             /* events that streamed on although they were no JSON */
    struct sightings *sightings; /* where unmapped names go */
    struct translate_watcher watcher;
};

/*
 * Makes T ready for a body under RULES and returns the watcher that counts
 * into it; NULL if there is no memory, and then nothing is counted.  Unmapped
 * names go to SIGHTINGS.  RULES, T and SIGHTINGS stay where they are until
 * tally_fini.
 */
const struct translate_watcher *tally_begin(struct tally *t, const struct rules *rules,
                                            struct sightings *sightings);

/* Frees what T holds; a zeroed T is fine. */
void tally_fini(struct tally *t);

#endif
