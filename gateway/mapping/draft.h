/*
 * draft.h - what a builder has been told so far; for this room only
 *
 * Entries are kept in the order they came, their texts in the arena of the
 * mapping to be, everything else in one that goes with the builder.
 */
#ifndef MAPPING_DRAFT_H
#define MAPPING_DRAFT_H

#include "mapping/builder.h"
#include "mapping/inside.h"

struct draft_field {
    struct draft_field *next;
    struct written client, upstream; /* no upstream: removes the wider one */
    struct text renamed[2];          /* by enum direction: to what, as a JSON string */
    bool acts[2];
    struct written at;
    struct json_path path;
};

struct draft_opaque {
    struct draft_opaque *next;
    struct written at;
    struct json_path path;
};

/* One pair of a map, of `words` or of `headers`. */
struct draft_couple {
    struct draft_couple *next;
    struct written client, upstream;
};

struct draft_couples {
    struct draft_couple *first, **end;
    size_t count;
};

/* One name or glob of `watch`. */
struct draft_watched {
    struct draft_watched *next;
    struct written as;
};

struct draft_watch {
    struct draft_watched *first, **end;
    size_t count;
    struct lookup told; /* what has been listed, by number in that order */
};

struct draft_value {
    struct draft_value *next;
    struct written at;
    struct json_path path;
    enum value_kind kind;
    bool acts[2];
    struct draft_couples map;
    bool compiled; /* MAP into TABLES */
    struct exchange_table tables[2];
};

/* One window of `brownout`. */
struct draft_brownout {
    struct draft_brownout *next;
    struct written from, to;
};

enum scope_kind { SCOPE_GLOBAL, SCOPE_ROUTE, SCOPE_RESOURCE, SCOPE_PASSTHROUGH };

struct mapping_scope {
    struct mapping_builder *builder;
    struct mapping_scope *next;  /* in file order */
    struct mapping_scope *wider; /* NULL for the global one */
    enum scope_kind kind;
    bool broken; /* its paths were complained about */
    struct written client, upstream;
    struct pattern client_pattern, upstream_pattern;
    struct where method_where[HTTP_METHOD_COUNT];
    bool listed[HTTP_METHOD_COUNT];
    enum http_method upstream_method[HTTP_METHOD_COUNT];
    size_t methods, resources; /* how many it was told of */

    struct draft_field *fields, **fields_end;
    struct draft_opaque *opaque, **opaque_end;
    struct draft_value *values, **values_end, *last_value;
    struct lookup field_names; /* the client names in FIELDS, by number in that order */
    bool has_collisions[2];
    enum collision_policy collisions[2];
    bool has_rules; /* fields, opaque, values or collisions of its own */
    const struct rules *rules;

    bool has_body;
    enum route_body body;
    uint64_t timeout_ms, max_body; /* 0: none of its own */
    struct written service;        /* absent: none of its own */

    struct announcement announced; /* of a passthrough, like the rest */
    struct draft_brownout *brownouts, **brownouts_end;
    size_t brownout_count;
    struct pattern successor_pattern;
    const struct deprecation *deprecation;
};

struct mapping_builder {
    struct diag *complaints;
    size_t errors_before; /* in COMPLAINTS when the builder was made */
    struct arena *arena;  /* the mapping's */
    struct arena *scratch;
    const char *told_file; /* that the last entry came from */
    bool no_memory;
    struct mapping *mapping;
    struct mapping_scope global;
    struct mapping_scope spare; /* stands for scopes that found no memory */
    struct mapping_scope *scopes, **scopes_end;
    struct draft_couples words, headers;
    struct draft_watch watched, ignored;
    struct draft_couples names_in; /* both sides alike */
    struct lookup told;            /* faults already complained about on another route */
    const char *file, *file_copy;  /* the last file name made to last */
};

/* BYTES bytes from OFFSET of the scalar WRITTEN, as a place of their own. */
struct where draft_part(struct written written, size_t offset, size_t bytes);

/* True the first time that a fault between HERE and OTHER is met, so that it is told once. */
bool draft_tell(struct mapping_builder *b, struct where here, struct where other);

/* SIZE times COUNT cleared bytes from ARENA (one of B's); NULL, and B knows, if there are none. */
void *draft_zero(struct mapping_builder *b, struct arena *arena, size_t count, size_t size);

/* The number of T in L, added if new; LOOKUP_NONE, and B knows, if there is no memory. */
size_t draft_number(struct mapping_builder *b, struct lookup *l, struct text t);

/* A copy of T in lower case that lasts as long as the mapping; "", and B knows: no memory. */
struct text draft_lower(struct mapping_builder *b, struct text t);

/* The name T as a JSON string, quotes included, lasting as long; "", and B knows: no memory. */
struct text draft_json(struct mapping_builder *b, struct text t);

/* WHERE with a file name that lasts as long as the mapping. */
struct where draft_lasting(struct mapping_builder *b, struct where where);

#endif
