/*
 * openapi_document.h - an OpenAPI description as it was written
 *
 * The bytes of the file and the tree over them, whose nodes know their bytes:
 * what is derived from a description is its source with pieces exchanged.
 * JSON is read as well, since it is YAML.
 *
 * Knows nothing of mappings, and of OpenAPI only what its first key and its
 * references look like.
 */
#ifndef CLI_OPENAPI_DOCUMENT_H
#define CLI_OPENAPI_DOCUMENT_H

#include "base/buf.h"
#include "conf/yaml_tree.h"

enum { OPENAPI_ARENA_BYTES = 1024 * 1024 * 1024 };

struct openapi_document {
    const char *file; /* borrowed */
    struct text source;
    const struct yaml_node *root;
    size_t nodes;        /* numbers of nodes run below this */
    struct text newline; /* "\n" or "\r\n", as the first line ends */
};

/*
 * The bytes of FILE ("-" is standard input) as TO, which the caller frees in any
 * case, up to a description's ceiling.  False, with a complaint in D, if they
 * can't be read.
 */
bool openapi_document_bytes(const char *file, struct buf *to, struct diag *d);

/*
 * Reads FILE ("-" is standard input) into DOCUMENT_OUT, with memory from
 * ARENA.  False, with complaints in D, if it can't be read or is no OpenAPI
 * 3 description.
 */
bool openapi_document_read(struct arena *arena, const char *file,
                           struct openapi_document *document_out, struct diag *d);

/* The same of SOURCE, which FILE holds or is going to hold. */
bool openapi_document_parse(struct arena *arena, const char *file, struct text source,
                            struct openapi_document *document_out, struct diag *d);

/* The member of NODE called KEY; NULL if NODE is NULL, no map, or has none. */
const struct yaml_node *openapi_member(const struct yaml_node *node, const char *key);

/* The first member or element of NODE; NULL if NODE is NULL or a scalar. */
const struct yaml_node *openapi_first(const struct yaml_node *node);

/* True if NODE is a string, or "" quoted, and not NULL. */
bool openapi_is_text(const struct yaml_node *node);

/* The text of NODE if it is text; else an absent one. */
struct text openapi_text(const struct yaml_node *node);

/*
 * Takes the next token off *POINTER ("/components/schemas/X"), its escapes
 * (~0, ~1 and %XX) undone, into ARENA.  Absent at its end or without memory.
 */
struct text openapi_token(struct arena *arena, struct text *pointer);

/* What the reference REF ("#/components/schemas/X") of D stands for, or NULL. */
const struct yaml_node *openapi_resolve(const struct openapi_document *document,
                                        struct arena *arena, struct text ref);

#endif
