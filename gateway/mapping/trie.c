#include "mapping/trie.h"

#include <assert.h>

enum { FIRST_ROOM = 16, NODE_BYTES = sizeof(uint32_t) };

struct trie_node {
    uint32_t param;    /* the node behind {x}; 0: none */
    const void *end;   /* serves paths that end here */
    const void *tail;  /* serves paths that end here or go on */
    const void *fence; /* owns all of them */
};

/* One way a search may go on: at NODE, the path's REST to be matched. */
struct trial {
    uint32_t node;
    struct text rest;
    bool by_tail;
};

/* Doubles an array of SIZE-byte elements in ARENA; NULL: no memory. */
static void *doubled(struct arena *arena, const void *old, size_t *room, size_t size)
{
    size_t wider = *room ? 2 * *room : FIRST_ROOM;
    void *at = arena_zero(arena, wider, size);

    if (at && *room)
        memcpy(at, old, *room * size);
    if (at)
        *room = wider;
    return at;
}

static bool new_node(struct trie *t, uint32_t *node_out)
{
    if (t->count == t->room) {
        struct trie_node *nodes = doubled(t->arena, t->nodes, &t->room, sizeof *nodes);

        if (!nodes)
            return false;
        t->nodes = nodes;
    }
    *node_out = (uint32_t)t->count++;
    return true;
}

bool trie_init(struct trie *t, struct arena *arena)
{
    uint32_t root;

    *t = (struct trie){.arena = arena};
    lookup_init(&t->edges, arena);
    return new_node(t, &root);
}

/* The key of the edge from NODE by LITERAL, written to KEY. */
static struct text edge_key(char *key, uint32_t node, struct text literal)
{
    memcpy(key, &node, NODE_BYTES);
    memcpy(key + NODE_BYTES, literal.at, literal.len);
    return text_of(key, NODE_BYTES + literal.len);
}

static bool add_literal(struct trie *t, uint32_t *node, struct text literal)
{
    char key[NODE_BYTES + PATTERN_LITERAL_MAX];
    struct text edge = edge_key(key, *node, literal);
    size_t known = lookup_find(&t->edges, edge);

    if (known != LOOKUP_NONE) {
        *node = t->leads_to[known];
        return true;
    }
    if (t->edges.count == t->leads_to_room) {
        uint32_t *wider = doubled(t->arena, t->leads_to, &t->leads_to_room, sizeof *wider);

        if (!wider)
            return false;
        t->leads_to = wider;
    }
    edge = arena_copy(t->arena, edge);
    if (!edge.at || lookup_add(&t->edges, edge) == LOOKUP_NONE || !new_node(t, node))
        return false;
    t->leads_to[t->edges.count - 1] = *node;
    return true;
}

static bool add_param(struct trie *t, uint32_t *node)
{
    uint32_t behind = t->nodes[*node].param;

    if (!behind && !new_node(t, &behind))
        return false;
    t->nodes[*node].param = behind;
    *node = behind;
    return true;
}

static struct trie_node *node_for(struct trie *t, const struct pattern *pattern)
{
    uint32_t node = 0;

    for (size_t i = 0; i < pattern->count; i++) {
        const struct segment *s = &pattern->segments[i];

        if (s->is_param ? !add_param(t, &node) : !add_literal(t, &node, s->text))
            return NULL;
    }
    return &t->nodes[node];
}

const void **trie_entry(struct trie *t, const struct pattern *pattern)
{
    struct trie_node *node = node_for(t, pattern);

    if (!node)
        return NULL;
    return pattern->tail ? &node->tail : &node->end;
}

const void **trie_fence(struct trie *t, const struct pattern *pattern)
{
    struct trie_node *node = node_for(t, pattern);

    return node ? &node->fence : NULL;
}

static uint32_t behind_literal(const struct trie *t, uint32_t node, struct text literal)
{
    char key[NODE_BYTES + PATTERN_LITERAL_MAX];
    size_t edge = lookup_find(&t->edges, edge_key(key, node, literal));

    return edge == LOOKUP_NONE ? 0 : t->leads_to[edge];
}

/* Adds the ways on from NODE for a path that goes on, the most specific one last. */
static size_t branch(const struct trie *t, struct trial now, struct trial *trials)
{
    char decoded[PATTERN_LITERAL_MAX];
    const struct trie_node *node = &t->nodes[now.node];
    struct text rest = now.rest;
    struct text segment = pattern_take_segment(&rest);
    size_t n = 0;

    if (node->tail)
        trials[n++] = (struct trial){now.node, now.rest, true};
    if (node->param && segment.len)
        trials[n++] = (struct trial){node->param, rest, false};
    struct text literal = pattern_decode(segment, decoded);
    uint32_t behind = literal.at ? behind_literal(t, now.node, literal) : 0;
    if (behind)
        trials[n++] = (struct trial){behind, rest, false};
    return n;
}

const void *trie_find(const struct trie *t, struct text path, bool *fenced_out)
{
    struct trial trials[3 * (PATTERN_SEGMENTS_MAX + 1)];
    size_t n = 0;

    *fenced_out = false;
    if (path.len == 0 || path.at[0] != '/')
        return NULL;
    trials[n++] = (struct trial){0, path, false};
    while (n) {
        struct trial now = trials[--n];
        const struct trie_node *node = &t->nodes[now.node];
        bool at_root = now.node == 0 && path.len == 1;

        if (now.by_tail)
            return node->tail;
        *fenced_out |= node->fence != NULL;
        if (now.rest.len == 0 || at_root) {
            if (node->end || node->tail)
                return node->end ? node->end : node->tail;
        } else {
            n += branch(t, now, trials + n);
        }
        assert(n + 3 <= sizeof trials / sizeof trials[0]);
    }
    return NULL;
}

const void *trie_enclosing(const struct trie *t, const struct pattern *pattern)
{
    struct {
        uint32_t node;
        size_t depth;
    } trials[2 * (PATTERN_SEGMENTS_MAX + 1)] = {{0, 0}};
    size_t n = 1;

    while (n) {
        uint32_t node = trials[--n].node;
        size_t depth = trials[n].depth;

        if (t->nodes[node].fence)
            return t->nodes[node].fence;
        if (depth == pattern->count)
            continue;
        const struct segment *s = &pattern->segments[depth];
        uint32_t behind = s->is_param ? 0 : behind_literal(t, node, s->text);
        if (t->nodes[node].param) {
            trials[n].node = t->nodes[node].param;
            trials[n++].depth = depth + 1;
        }
        if (behind) {
            trials[n].node = behind;
            trials[n++].depth = depth + 1;
        }
    }
    return NULL;
}
