/*
 * trie.h - which of many patterns serves a path
 *
 * The most specific one: segment by segment a literal goes before {x}, and
 * {x} before a tail `**`.  A search looks at each node of the trie at most
 * once, and only as deep as the path is.
 */
#ifndef MAPPING_TRIE_H
#define MAPPING_TRIE_H

#include "mapping/lookup.h"
#include "mapping/pattern.h"

struct trie_node;

struct trie {
    struct arena *arena;
    struct lookup edges; /* node number and literal; edge i leads to node leads_to[i] */
    uint32_t *leads_to;
    size_t leads_to_room;
    struct trie_node *nodes; /* the root is node 0 */
    size_t count, room;
};

/* Makes T empty, with its memory from ARENA.  False: no memory. */
bool trie_init(struct trie *t, struct arena *arena);

/*
 * The place in T for what serves the paths of PATTERN: NULL in it until the
 * caller writes there.  Valid until the next call; NULL: no memory.
 */
const void **trie_entry(struct trie *t, const struct pattern *pattern);

/* Likewise, the place for what owns all paths at and below PATTERN. */
const void **trie_fence(struct trie *t, const struct pattern *pattern);

/*
 * What serves PATH, or NULL.  Then FENCED_OUT tells whether PATH is at or
 * below a pattern with a fence.
 */
const void *trie_find(const struct trie *t, struct text path, bool *fenced_out);

/* The fence that encloses every path of PATTERN, or NULL. */
const void *trie_enclosing(const struct trie *t, const struct pattern *pattern);

#endif
