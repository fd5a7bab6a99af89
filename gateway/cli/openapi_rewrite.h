/*
 * openapi_rewrite.h - a scalar changed where it stands
 *
 * Only the bytes of what changes are exchanged.  A scalar that could not say
 * its new text in the form it has is written anew between double quotes.
 */
#ifndef CLI_OPENAPI_REWRITE_H
#define CLI_OPENAPI_REWRITE_H

#include "cli/openapi_edits.h"
#include "cli/openapi_scalar.h"
#include "cli/openapi_words.h"

/* Makes COUNT CHANGES, in their order, to S of SOURCE. */
void openapi_rewrite(struct openapi_edits *edits, struct text source,
                     const struct openapi_scalar *s, const struct openapi_change *changes,
                     size_t count);

/* Makes S say BECOMES. */
void openapi_rewrite_whole(struct openapi_edits *edits, struct text source,
                           const struct openapi_scalar *s, struct text becomes);

/* Makes the prose S, and the comments in SPAN, say what clients are told. */
void openapi_rewrite_prose(struct openapi_edits *edits, struct text source,
                           const struct openapi_scalar *s, const struct mapping *m);
void openapi_rewrite_comments(struct openapi_edits *edits, struct text source,
                              struct yaml_span span, const struct mapping *m);

#endif
