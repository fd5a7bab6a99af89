/*
 * query.h - the names in a query string or urlencoded form; for this room only
 *
 * Names are compared decoded and part by part (`filter[dataProductId]` has
 * two), and only the parts that are renamed are written anew: every other
 * byte stays as it came.
 */
#ifndef TRANSLATE_QUERY_H
#define TRANSLATE_QUERY_H

#include "base/buf.h"
#include "mapping/rules.h"
#include "translate/translate.h"

/*
 * Appends the raw QUERY, its names exchanged in direction D by the request
 * table of RULES.  Where two different parameters would leave under one
 * name, COLLISION_REJECT returns a pair that makes them meet (what was
 * appended is then of no use), COLLISION_KEEP lets the later one leave under
 * its other name.  Otherwise returns NULL.  WATCHER may be NULL.
 */
const struct pair *query_translate(const struct rules *rules, enum direction d, struct text query,
                                   enum collision_policy policy,
                                   const struct translate_watcher *watcher, struct buf *to);

#endif
