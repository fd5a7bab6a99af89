/*
 * proof.h - a table that can be read both ways
 *
 * Pairs of `fields`, `map`, `words` and `headers` must be bijections in each
 * direction, and no text may stand on both sides: otherwise a reply could not
 * be told from what it was translated from.
 */
#ifndef MAPPING_PROOF_H
#define MAPPING_PROOF_H

#include "mapping/draft.h"

struct proof_row {
    struct written client, upstream;
    struct text client_key, upstream_key; /* what is compared */
    bool acts[2];
};

/*
 * Complains of everything that keeps the COUNT ROWS from being a bijection.
 * NOUN is what a row holds: "name", "value", "word", "field name".
 */
void proof_bijection(struct mapping_builder *b, const struct proof_row *rows, size_t count,
                     const char *noun);

#endif
