/*
 * path_cover.h - which of two paths (`at:`, `opaque:`) selects more
 *
 * Paths are compared by what they select in any JSON text there could be, not
 * by how they are written: `$.a[*]` is `$.a.*`.
 */
#ifndef CLI_PATH_COVER_H
#define CLI_PATH_COVER_H

#include "json/path.h"

/*
 * True if WIDE selects all that NARROW does or, where BELOW is set, something
 * above it.  In doubt (very long paths) false.
 */
bool path_covers(const struct json_path *wide, const struct json_path *narrow, bool below);

/* True if some value could be selected by both A and B.  In doubt true. */
bool path_meets(const struct json_path *a, const struct json_path *b);

#endif
