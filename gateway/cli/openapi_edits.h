/*
 * openapi_edits.h - pieces of a source exchanged, and what comes of it
 *
 * Edits are told in any order, never overlap except where one lies in a piece
 * that another takes out, and are made when a part of the source is written.
 *
 * Knows nothing of OpenAPI.
 */
#ifndef CLI_OPENAPI_EDITS_H
#define CLI_OPENAPI_EDITS_H

#include "base/arena.h"
#include "base/buf.h"
#include "conf/yaml_tree.h"

struct openapi_edit {
    struct yaml_span span; /* what is taken out; empty where WITH is put in */
    struct text with;
    size_t order; /* among those at one place */
};

struct openapi_edits {
    struct arena *arena;
    struct openapi_edit *at;
    size_t count, room;
    bool sorted, failed; /* FAILED: no memory */
};

/* Takes SPAN out and puts a copy of WITH in its place. */
void openapi_edit(struct openapi_edits *e, struct yaml_span span, struct text with);

/* Appends the part SPAN of SOURCE with all edits that lie in it. */
void openapi_edits_write(struct openapi_edits *e, struct text source, struct yaml_span span,
                         struct buf *to);

/* True if an edit lies in SPAN. */
bool openapi_edits_touch(struct openapi_edits *e, struct yaml_span span);

#endif
