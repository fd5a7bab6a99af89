/*
 * sample.h - a path for each thing two mappings may route differently
 *
 * Gives paths such that two sets of entries which route all of them alike
 * route every path alike: one for each entry and one below it, and one for
 * each overlap of an entry that only one side has with any other entry.
 * Where an entry takes any segment the path has "{any}", which no literal is.
 */
#ifndef CLI_SAMPLE_H
#define CLI_SAMPLE_H

#include "base/arena.h"
#include "mapping/mapping.h"

struct samples_sink {
    /* PATH lasts as long as the call; LABEL names all it stands for. */
    void (*take)(void *owner, struct text path, struct text label);
    void *owner;
};

/* Gives SINK the paths for A and B, the entries' own first.  False: no memory. */
bool samples_give(struct arena *arena, const struct mapping *a, const struct mapping *b,
                  const struct samples_sink *sink);

#endif
