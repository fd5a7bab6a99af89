/*
 * openapi_layout.h - lines and brackets around the entries of a YAML map or list
 *
 * Where an entry with all that belongs to it begins and ends, so that taking
 * it out or putting one in leaves a file that looks as if it had been written
 * so.  Comments straight above an entry, indented like it, belong to it.
 *
 * Knows nothing of OpenAPI.
 */
#ifndef CLI_OPENAPI_LAYOUT_H
#define CLI_OPENAPI_LAYOUT_H

#include "cli/openapi_document.h"
#include "cli/openapi_edits.h"

/* True if an entry of CONTAINER at NODE is to leave. */
typedef bool openapi_leaves(const void *owner, const struct yaml_node *node);

/* Takes all entries out of CONTAINER that are to leave; not all of them are. */
void openapi_layout_drop(const struct openapi_document *document, struct openapi_edits *edits,
                         const struct yaml_node *container, openapi_leaves *leaves,
                         const void *owner);

/* The lines of the block entry NODE, its comments above included; or the bytes of a flow entry. */
struct yaml_span openapi_layout_entry(const struct openapi_document *document,
                                      const struct yaml_node *container,
                                      const struct yaml_node *node);

/* How many spaces stand before the entries of CONTAINER, which has some and is no flow one. */
size_t openapi_layout_indent(const struct openapi_document *document,
                             const struct yaml_node *container);

/* Where an entry can be put at the end of CONTAINER: a line's start, or behind its last entry. */
size_t openapi_layout_end(const struct openapi_document *document,
                          const struct yaml_node *container);

#endif
