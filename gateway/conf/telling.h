/*
 * telling.h - what the readers of the mapping file have in common
 *
 * A reader walks the tree of the file and tells the builder each entry it
 * meets; these hand it the parts of an entry as they were written, or
 * complain.  For the files of this room that read the mapping.
 */
#ifndef CONF_TELLING_H
#define CONF_TELLING_H

#include "conf/expect.h"
#include "mapping/builder.h"

enum { TELLING_NAME_BYTES = 96 };

/* Who is told, and where complaints go. */
struct telling {
    struct mapping_builder *builder;
    struct diag *d;
};

/* The keys a map may have, from an array of them. */
#define TELLING_KEYS(known_)                                                                       \
    {                                                                                              \
        .known = (known_), .known_count = sizeof(known_) / sizeof(known_)[0]                       \
    }

/* True if MEMBER's key is KEY. */
bool telling_is(const struct yaml_node *member, const char *key);

/* SCALAR's text, and MEMBER's key, with the place of their first character. */
struct written telling_value(const struct yaml_node *scalar);
struct written telling_key(const struct yaml_node *member);

/* True if nothing stands where a map or a list may: all its entries are comments, say. */
bool telling_empty(const struct yaml_node *node);

/* The name of MEMBER in quotes, for messages, in TO, which has TELLING_NAME_BYTES. */
const char *telling_name(const struct yaml_node *member, char *to);

/* NODE's first element or member if it is a LIST (or else a map), NULL if empty or wrong. */
const struct yaml_node *telling_entries(const struct telling *t, const struct yaml_node *node,
                                        bool list);

/*
 * The text of the member KEY of MAP, which messages call WHAT; absent if it has
 * none, with a complaint if it is NEEDED.
 */
struct written telling_text(const struct telling *t, const struct yaml_node *map, const char *what,
                            const char *key, bool needed);

/* Tells the `service` that ENTRY names for SCOPE, if it does. */
void telling_service(const struct telling *t, struct mapping_scope *scope,
                     const struct yaml_node *entry);

/* Tells what is served unchanged: ENTRY of `passthrough`. */
void telling_passthrough(const struct telling *t, const struct yaml_node *entry);

#endif
