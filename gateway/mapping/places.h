/*
 * places.h - all paths of one table, followed at once
 *
 * The paths (`at:` and `opaque:`) are made into one automaton: its states are
 * the places a walker can stand in, its letters the client names that paths
 * mention; every other name and every array element is letter 0.  Following
 * it costs one array access a member, however many paths there are.
 */
#ifndef MAPPING_PLACES_H
#define MAPPING_PLACES_H

#include "mapping/lookup.h"
#include "mapping/rules.h"
#include "json/path.h"

enum {
    PLACES_MAX = 4096,         /* states */
    PLACES_CELLS_MAX = 1 << 22 /* states times letters */
};

/* One path and what it selects: a value rule, a pair, or (neither) an opaque subtree. */
struct place_rule {
    struct json_path path;
    const struct value_rule *value;
    const struct pair *pair;
};

struct places {
    struct place *at;      /* by state; the root is 0 */
    const uint16_t **next; /* by state, then by letter */
    size_t count;
    size_t letters;
};

enum places_verdict { PLACES_OK, PLACES_TOO_MANY, PLACES_NO_MEMORY };

/*
 * Builds PLACES_OUT from the COUNT RULES, in order of precedence.  LETTERS
 * has the names that stand in paths; a name's letter is its number plus 1.
 * What lasts is taken from ARENA, what does not from SCRATCH.
 */
enum places_verdict places_build(struct places *places_out, struct arena *arena,
                                 struct arena *scratch, const struct place_rule *rules,
                                 size_t count, const struct lookup *letters);

#endif
