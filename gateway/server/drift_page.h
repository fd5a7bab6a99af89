/*
 * drift_page.h - the list of unmapped names, for tools and for pasting
 *
 * As JSON for tools; as YAML for people: each name with what clients might
 * call it, under the keys of the mapping file where it would be settled.
 */
#ifndef SERVER_DRIFT_PAGE_H
#define SERVER_DRIFT_PAGE_H

#include "base/buf.h"
#include "server/drift.h"

/* Writes D; suggestions are made by the words and fields of MAPPING. */
void drift_page_json(struct drift *d, const struct mapping *mapping, struct buf *to);
void drift_page_yaml(struct drift *d, const struct mapping *mapping, struct buf *to);

#endif
