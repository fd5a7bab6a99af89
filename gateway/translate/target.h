/*
 * target.h - paths, query strings and URLs from one dialect to the other
 */
#ifndef TRANSLATE_TARGET_H
#define TRANSLATE_TARGET_H

#include "base/buf.h"
#include "translate/translate.h"

/*
 * Appends the raw QUERY (without "?") translated in direction D: parameter
 * names that decode to a field name (bracketed parts too), and the lists of
 * names in `names_in` parameters.  All other bytes stay as they came.
 * Returns NULL, or, where collisions of D are to be rejected, the pair under
 * one of whose names two different parameters would leave (then what was
 * appended is not to be used).
 */
const struct pair *target_query(const struct rules *rules, enum direction d, struct text query,
                                struct buf *to);

/*
 * Appends the whole upstream request target for PATH and QUERY (absent: no
 * "?") of a request that ROUTE serves.  On passthrough: the bytes as they
 * came.  Returns what target_query returns: not NULL is CONFLICTING_FIELDS.
 */
const struct pair *target_upstream(const struct route *route, struct text path, struct text query,
                                   struct buf *to);

/*
 * Translates one decoded URL or path value by `rewrite: url` (mapping.md).
 * Appends the result and returns true, or returns false and appends nothing
 * where the value stays as it is.
 */
bool target_url(const struct translate_scene *scene, enum direction d, struct text url,
                struct buf *to);

/* Appends TEXT with `words` and field names replaced (rewrite: words); true if it changed. */
bool target_words(const struct rules *rules, enum direction d, struct text text, struct buf *to);

#endif
