/*
 * compile.h - from what a builder was told to what a mapping holds; for this room only
 *
 * Each function proves its part of the draft, complains of all that is wrong,
 * and fills the mapping's part as far as it can: the builder gives the
 * mapping away only if nothing was wrong anywhere.
 */
#ifndef MAPPING_COMPILE_H
#define MAPPING_COMPILE_H

#include "mapping/draft.h"

/* `words`, `headers` and `names_in`: the same for all routes. */
void compile_vocabulary(struct mapping_builder *b);

/* One exchange table a direction from COUPLES, for the directions in ACTS; NOCASE: keys in lower
 * case. */
void compile_couples(struct mapping_builder *b, struct exchange_table tables[2],
                     const struct draft_couples *couples, const bool acts[2], const char *noun,
                     bool nocase);

/* The rules of SCOPE, merged with the wider scopes'; those of the wider scope if it has none. */
const struct rules *compile_rules(struct mapping_builder *b, struct mapping_scope *scope);

/*
 * What is announced for S, a passthrough; NULL if nothing is, or it is wrong.
 * The successor's pattern is in S then.
 */
const struct deprecation *compile_deprecation(struct mapping_builder *b, struct mapping_scope *s);

/* All routes and passthroughs, and the tries that find them. */
void compile_routes(struct mapping_builder *b);

/* The digest of one table; the order of its fields and opaque paths plays no part. */
uint64_t digest_rules(const struct mapping_builder *b, const struct rules *r);

/* Writes the digest of the whole mapping. */
void digest_mapping(struct mapping *m);

#endif
