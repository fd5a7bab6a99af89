/*
 * inside.h - what a mapping and its tables are made of; for this room only
 *
 * Everything here lives in the mapping's arena and is never changed once the
 * mapping was given away.
 */
#ifndef MAPPING_INSIDE_H
#define MAPPING_INSIDE_H

#include "mapping/lookup.h"
#include "mapping/mapping.h"
#include "mapping/pattern.h"
#include "mapping/places.h"
#include "mapping/trie.h"
#include "mapping/watch.h"

#include <stdatomic.h>

/* All names of one table in one direction. */
struct name_table {
    struct lookup spelled;
    struct name *names;  /* by number in SPELLED */
    uint64_t likely[64]; /* by length: which pairs of outer bytes some name has */
    size_t longest;
};

/* One table of texts that become others, by number. */
struct exchange_table {
    struct lookup from;
    struct text *to;
    const struct where *where; /* the lines they were written on; of `words` and `headers` */
};

/* What is the same on all routes, by direction where there are two. */
struct vocabulary {
    struct exchange_table words[2];
    struct exchange_table headers[2]; /* from: in lower case */
    struct lookup names_in;
    struct watch watch;
    struct where *names_in_where;
};

struct mapped_value {
    struct value_rule rule; /* first: a value_rule of kind VALUE_MAP is the start of this */
    struct exchange_table map[2];
};

/* Which lengths a word to be replaced can have, longest first. */
struct word_lengths {
    size_t *at;
    size_t count;
    bool begins[256]; /* some word begins with this byte */
};

struct rules {
    const struct vocabulary *vocabulary;
    struct pair *pairs;
    size_t pair_count;
    struct mapped_value *values;
    size_t value_count;
    struct opaque_path *opaque;
    size_t opaque_count;
    struct name_table names[2];
    struct places places;
    struct word_lengths word_lengths[2];
    enum collision_policy collisions[2];
    bool idle[2];
    uint64_t digest;
};

/* A route with its patterns. */
struct served {
    struct route route; /* first: a route is the start of this */
    struct pattern client, upstream;
    struct pattern successor; /* where route.deprecation names one */
};

/* What is said about descriptions (remarks.h). */
struct remarks {
    struct unmirrored *unmirrored;
    struct allowed *allowed;
    size_t unmirrored_count, allowed_count;
};

struct mapping {
    atomic_uint references;
    struct arena *arena;
    char digest[9];
    int64_t loaded; /* seconds since the epoch */
    struct vocabulary vocabulary;
    const struct rules *global;
    const struct route **routes;
    size_t route_count;
    struct remarks remarks;
    struct lookup service_numbers; /* names of services */
    struct service_name *services; /* by that number */
    struct trie client;            /* struct served, by client path */
    struct trie upstream;          /* struct served, by upstream path */
    struct trie passthrough;       /* struct served */
};

/* The text that FROM becomes by T, or an absent one. */
static inline struct text exchange_find(const struct exchange_table *t, struct text from)
{
    size_t number = lookup_find(&t->from, from);

    return number == LOOKUP_NONE ? (struct text){0} : t->to[number];
}

/* Which bit of name_table.likely stands for KEY's outer bytes, at which length. */
static inline size_t likely_row(struct text key)
{
    return key.len < 63 ? key.len : 63;
}
static inline uint64_t likely_bit(struct text key)
{
    unsigned first = key.len ? (unsigned char)key.at[0] : 0;
    unsigned last = key.len ? (unsigned char)key.at[key.len - 1] : 0;

    return (uint64_t)1 << ((first * 7 + last) & 63);
}

#endif
