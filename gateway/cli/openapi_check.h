/*
 * openapi_check.h - is a description fit to be given to clients
 *
 * It is if none of the names that the mapping watches out for stands in it,
 * in comments either, but for those and where the mapping allows them, and if
 * each reference leads somewhere.
 */
#ifndef CLI_OPENAPI_CHECK_H
#define CLI_OPENAPI_CHECK_H

#include "cli/openapi_document.h"
#include "mapping/mapping.h"

struct openapi_checked {
    size_t watched;    /* names that are complained of */
    size_t allowed;    /* names that `openapi: allow` let through */
    size_t references; /* that lead somewhere */
};

/* Adds each reference of DOCUMENT that leads nowhere to D. */
void openapi_check_references(struct arena *arena, const struct openapi_document *document,
                              struct diag *d, struct openapi_checked *checked_out);

/* Adds all that M has against DOCUMENT to D. */
void openapi_check(const struct mapping *m, struct arena *arena,
                   const struct openapi_document *document, struct diag *d,
                   struct openapi_checked *checked_out);

#endif
