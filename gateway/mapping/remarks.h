/*
 * remarks.h - what a mapping says to those who judge descriptions of the API
 *
 * Which operations of the service are left unmirrored on purpose, and where
 * in a description the service's words may stand.  Nothing here changes a
 * request or a reply, so it is no part of the mapping's digest.
 */
#ifndef MAPPING_REMARKS_H
#define MAPPING_REMARKS_H

#include "mapping/mapping.h"
#include "json/path.h"

/* Operations of the service that no route is to mirror. */
struct unmirrored {
    struct text path, reason;
    bool methods[HTTP_METHOD_COUNT];
    struct where where;
};

/* A place in a description, as a path like those of `opaque`. */
struct allowed {
    struct text at;
    struct json_path path;
    struct where where;
};

/* All of them in file order, COUNT_OUT of them. */
const struct unmirrored *mapping_unmirrored(const struct mapping *m, size_t *count_out);
const struct allowed *mapping_allowed(const struct mapping *m, size_t *count_out);

/* True if U is about METHOD of PATH, a template of the service: {x} stands for any segment. */
bool unmirrored_covers(const struct unmirrored *u, enum http_method method, struct text path);

#endif
