/*
 * compare.h - two mappings, and what a client can notice of the difference
 *
 * Nothing is compared as text.  Paths are routed through both mappings: one
 * for each entry of either, and one for each overlap of an entry that only
 * one has with any other, so that an entry that takes paths from another is
 * seen.  Where both serve a path, the merged tables of the two routes are
 * compared by direction.  Order in a file plays no part where it has no
 * meaning.
 */
#ifndef CLI_COMPARE_H
#define CLI_COMPARE_H

#include "base/arena.h"
#include "cli/change.h"
#include "mapping/mapping.h"

/* What is compared, and what has come of it. */
struct comparison {
    const struct mapping *old, *new;
    const char *old_file, *new_file;
    struct arena *arena; /* for what is needed while comparing */
    struct changes *changes;
};

/* Adds every difference between the two mappings of C, sorted. */
void compare_mappings(struct comparison *c);

/* --- for the files of the comparison ------------------------------------------------ */

/* COUNT times SIZE cleared bytes, at least one; NULL, and C knows, if there are none. */
void *compare_room(struct comparison *c, size_t count, size_t size);

/* Two routes that serve the same paths, one of each mapping. */
struct route_pair {
    const struct route *old, *new;
};

/* Finds all pairs, and adds what is different about routes themselves. */
struct route_pair *compare_routes(struct comparison *c, size_t *count_out);

/* What the two announce differently of their end; LABEL names their paths. */
void compare_deprecation(struct comparison *c, const struct route_pair *pair, struct text label);

/* What the rules of two routes do differently, for all the routes that have the two. */
struct rules_pair {
    const struct rules *old, *new;
    bool raw;                  /* their bodies are not translated */
    struct change_place place; /* of the first of them, how many there are */
};
void compare_rules(struct comparison *c, const struct rules_pair *pair);

/* `words`, `headers`, `names_in` and `watch`. */
void compare_vocabulary(struct comparison *c);

/* One client word and the service's. */
struct couple {
    struct text client, upstream;
    struct where where;
    const struct json_path *at; /* where it acts; NULL: everywhere */
};

struct couples {
    struct couple *at;
    size_t count;
};

/* What two tables of couples are about. */
struct couples_about {
    enum direction d;
    enum change_kind first; /* the first row of CHANGES_OF_PAIRS for this */
    const char *noun;       /* "field" */
    struct text where;      /* the path of a value; absent for others */
    struct change_place place;
};

/* Compares OLD and NEW, two bijections. */
void compare_couples(struct comparison *c, const struct couples *old, const struct couples *new,
                     const struct couples_about *about);

#endif
