/*
 * openapi_groups.h - tags of the mirrored API in a group of their own; for openapi_*.c only
 */
#ifndef CLI_OPENAPI_GROUPS_H
#define CLI_OPENAPI_GROUPS_H

#include "cli/openapi_derivation.h"
#include "cli/openapi_edits.h"
#include "cli/openapi_outline.h"

/* Puts all tags that stay into one group, in the place of the groups that are there. */
void openapi_splice_groups(const struct openapi_derivation *dv, struct openapi_edits *edits);

/* Shows a tag that got a new name only to be told from another by its old one (x-displayName). */
void openapi_splice_tags(const struct openapi_derivation *dv, struct openapi_edits *edits);

/* Puts that group before the service's, which is made of all its tags if it has none. */
void openapi_combine_groups(const struct openapi_derivation *dv, struct openapi_edits *edits);

/* The group of all tags that stay, as an element of `x-tagGroups`; false if there are none. */
bool openapi_add_group(const struct openapi_derivation *dv, struct openapi_outline *o);

#endif
