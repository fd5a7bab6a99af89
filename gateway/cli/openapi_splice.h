/*
 * openapi_splice.h - fates made into edits of the source; for openapi_*.c only
 */
#ifndef CLI_OPENAPI_SPLICE_H
#define CLI_OPENAPI_SPLICE_H

#include "cli/openapi_derivation.h"
#include "cli/openapi_edits.h"
#include "cli/openapi_errors.h"
#include "cli/openapi_outline.h"

/* Edits all that was decided. */
void openapi_splice(const struct openapi_derivation *dv, struct openapi_edits *edits);

/* Puts the gateway's own errors into the operations that stay; USED are their statuses. */
void openapi_splice_errors(const struct openapi_derivation *dv, struct openapi_edits *edits,
                           bool used[OPENAPI_STATUSES]);

/* Puts the components of those errors in, behind all else that is put there. */
void openapi_splice_components(const struct openapi_derivation *dv, struct openapi_edits *edits,
                               const bool used[OPENAPI_STATUSES]);

/* Puts what DERIVED makes of the source's entries behind them, by WHOLE. */
void openapi_combine(const struct openapi_derivation *dv, struct openapi_edits *derived,
                     struct openapi_edits *whole);

/* An outline for entries at the end of CONTAINER into TO, and what it holds put there. */
struct openapi_outline openapi_outline_in(const struct openapi_derivation *dv,
                                          const struct yaml_node *container, struct buf *to);
void openapi_put_at_end(const struct openapi_derivation *dv, struct openapi_edits *edits,
                        const struct yaml_node *container, struct buf *what);

#endif
