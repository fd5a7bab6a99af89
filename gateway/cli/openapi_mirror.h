/*
 * openapi_mirror.h - what clients call an operation of the service
 *
 * The routes read backwards, for the templates of a description: its
 * {parameters} pass for segments.  An operation is mirrored only if a request
 * to the client's path with the client's method would come out at it.
 *
 * Knows nothing of YAML.
 */
#ifndef CLI_OPENAPI_MIRROR_H
#define CLI_OPENAPI_MIRROR_H

#include "base/arena.h"
#include "mapping/mapping.h"

struct openapi_mirror {
    const struct route *route; /* NULL: not mirrored */
    struct text path;          /* the client's, parameters named as clients know them */
    enum http_method method;   /* the client's */
};

/* The method of the operation with the KEY ("get"); false if KEY names none the gateway speaks. */
bool openapi_method(struct text key, enum http_method *method_out);

/* The key of operations with METHOD, such as "get". */
const char *openapi_method_key(enum http_method method);

/* The mirror of PATH and METHOD, both the service's; its path is in ARENA. */
struct openapi_mirror openapi_mirror(const struct mapping *m, struct arena *arena, struct text path,
                                     enum http_method method);

/* What clients of ROUTE call the path parameter NAME of PATH, the service's; absent if it stays. */
struct text openapi_path_parameter(const struct route *route, struct text path, struct text name);

#endif
