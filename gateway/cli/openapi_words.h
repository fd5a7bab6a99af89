/*
 * openapi_words.h - the service's vocabulary in names and prose, as clients know it
 *
 * What a mapping says of names in bodies and paths also tells how a
 * description speaks of them: in prose (`words` and `fields`, and paths that
 * the routes have), in identifiers such as listWorkspaces, and in the
 * parameters of a path.  All of it goes from the service's side to the
 * client's.
 *
 * Knows nothing of YAML or of where a text stands.
 */
#ifndef CLI_OPENAPI_WORDS_H
#define CLI_OPENAPI_WORDS_H

#include "base/buf.h"
#include "mapping/mapping.h"

/* One piece of a text that becomes another. */
struct openapi_change {
    size_t from, to; /* bytes of the text */
    struct text becomes;
};

/*
 * Looks for the next piece of the prose TEXT, at *AT or behind it, that
 * becomes another; false if there is none.  *AT is then behind it.  What it
 * becomes lives as long as the mapping.
 */
bool openapi_prose(const struct mapping *m, struct text text, size_t *at,
                   struct openapi_change *change_out);

/* Appends the prose TEXT as clients are told it; true if it changed. */
bool openapi_prose_all(const struct mapping *m, struct text text, struct buf *to);

/*
 * Appends the identifier NAME (an operationId, a component's name) with the
 * service's nouns exchanged for the client's in its own spelling:
 * listWorkspaces, WorkspaceId, workspace-list.  True if it changed.
 */
bool openapi_identifier(const struct mapping *m, struct text name, struct buf *to);

/* Appends the words of TEXT as one identifier: "Data Products" is DataProducts. */
void openapi_pascal(struct text text, struct buf *to);

/* What the parameter NAME of a query string, form or list is called by clients of RULES. */
struct text openapi_field(const struct rules *rules, struct text name);

#endif
