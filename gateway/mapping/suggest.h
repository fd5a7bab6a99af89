/*
 * suggest.h - what clients might call a name of the service
 *
 * A mapping's own vocabulary says how its client dialect is spoken: where
 * `workspace` is `dataProduct` and `Workspace` is `Data product`, a new
 * `workspaceRole` is likely `dataProductRole`, `X-Workspace-Role` likely
 * `X-Data-Product-Role`, and `WORKSPACE_ROLE` likely `DATA_PRODUCT_ROLE`.
 * A proposal for people to look at; nothing is translated by it.
 */
#ifndef MAPPING_SUGGEST_H
#define MAPPING_SUGGEST_H

#include "base/buf.h"
#include "mapping/rules.h"

/*
 * Appends what NAME might become for clients by the words and fields of R,
 * and returns true; false, with nothing appended, where they know no part of it.
 */
bool suggest_client(const struct rules *r, struct text name, struct buf *to);

#endif
