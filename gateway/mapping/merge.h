/*
 * merge.h - the one table of a scope and all wider ones; for this room only
 *
 * Resource over route over global: a field replaces the wider one of the same
 * client name or removes it, opaque paths and value rules add up with the
 * narrower first.
 */
#ifndef MAPPING_MERGE_H
#define MAPPING_MERGE_H

#include "mapping/draft.h"

struct merged {
    const struct draft_field **fields;
    size_t field_count;
    const struct draft_opaque **opaque;
    size_t opaque_count;
    struct draft_value **values;
    size_t value_count;
    enum collision_policy collisions[2];
};

/* Merges SCOPE into MERGED_OUT, from B's scratch memory, and proves its fields a bijection. */
void merge_scope(struct mapping_builder *b, const struct mapping_scope *scope,
                 struct merged *merged_out);

#endif
