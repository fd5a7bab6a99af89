/*
 * openapi_parity.h - do both APIs have the same operations
 *
 * Each operation of the service is mirrored by a route, left out with a
 * reason (`unmirrored`), or beside all that is mirrored and passed through;
 * and each method of each route leads to an operation.
 */
#ifndef CLI_OPENAPI_PARITY_H
#define CLI_OPENAPI_PARITY_H

#include "cli/openapi_document.h"
#include "mapping/mapping.h"

struct openapi_parity {
    size_t mirrored, passed, unmirrored; /* operations of the service */
};

/* Adds each gap between M and DOCUMENT, the service's description, to D. */
void openapi_parity(const struct mapping *m, struct arena *arena,
                    const struct openapi_document *document, struct diag *d,
                    struct openapi_parity *parity_out);

#endif
