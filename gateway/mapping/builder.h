/*
 * builder.h - a mapping put together line by line, then proven and compiled
 *
 * The reader of the configuration (or a test) tells a builder each entry it
 * finds, in file order, with the place it was written at.  The builder copies
 * what it is told, collects every complaint, and gives back a mapping only if
 * there is none.  It knows nothing of YAML: types, unknown keys and duplicate
 * keys are the reader's business; what names, paths and rules mean is the
 * builder's.
 */
#ifndef MAPPING_BUILDER_H
#define MAPPING_BUILDER_H

#include "mapping/mapping.h"

struct mapping_builder;

/* Where rules hold: the whole mapping, one route, or one resource of a route. */
struct mapping_scope;

/* Names of fields, headers, words and query parameters are at most this long, in bytes. */
enum { MAPPING_NAME_MAX = 256 };

/*
 * One scalar as it was written.  WHERE is the place of the first character of
 * TEXT itself (behind an opening quote), so that a fault inside a path can be
 * shown at its own column.  An absent text stands for an absent entry.
 */
struct written {
    struct text text;
    struct where where;
};

/* The directions an entry acts in. */
enum reach { REACH_BOTH, REACH_REQUEST, REACH_RESPONSE };

/* A new, empty builder that adds to COMPLAINTS; NULL if there is no memory. */
struct mapping_builder *mapping_builder_new(struct diag *complaints);

/* Drops the builder at *B unfinished, and sets *B to NULL. */
void mapping_builder_free(struct mapping_builder **b);

/*
 * Proves and compiles all that *B was told, frees it and sets *B to NULL.
 * Returns the mapping with one reference, or NULL if *B had any complaint
 * (they are all in COMPLAINTS by then; "no memory" is one of them).
 */
struct mapping *mapping_builder_finish(struct mapping_builder **b);

/* The scope of the whole mapping.  Scopes are never NULL and live as long as B. */
struct mapping_scope *mapping_builder_global(struct mapping_builder *b);

/*
 * Adds a route from the CLIENT template to the UPSTREAM template.  Its
 * methods follow by mapping_scope_method; a route with none serves only its
 * resources.
 */
struct mapping_scope *mapping_builder_route(struct mapping_builder *b, struct written client,
                                            struct written upstream);

/* Adds the resource TAIL ("chat/stream"), mirrored below both paths of ROUTE. */
struct mapping_scope *mapping_builder_resource(struct mapping_scope *route, struct written tail);

/* Adds PATH, served unchanged with all methods.  Its scope takes the next two calls and a service
 * only. */
struct mapping_scope *mapping_builder_passthrough(struct mapping_builder *b, struct written path);

/* What an entry says of its end; what it does not say is absent. */
struct announcement {
    struct written deprecated; /* the day since when: "2026-03-02" */
    struct written sunset;     /* the day it ends */
    struct written successor;  /* the path that takes over, with parameters of the entry's */
    struct written caller;     /* the request field that names the client */
};

/* Sets what SCOPE, a passthrough's, says of its end. */
void mapping_scope_announce(struct mapping_scope *scope, const struct announcement *announced);

/* Adds a window in which SCOPE is switched off, from and to instants: "2026-12-01T09:00:00Z". */
void mapping_scope_brownout(struct mapping_scope *scope, struct written from, struct written to);

/*
 * Lists CLIENT, the name of a method, under a route or resource; it is sent
 * as UPSTREAM, or as itself where that is absent.
 */
void mapping_scope_method(struct mapping_scope *scope, struct written client,
                          struct written upstream);

/*
 * Adds a `fields` entry.  An absent UPSTREAM removes the wider entry of the
 * same client name (`null`).  AT is its path, or absent.
 */
void mapping_scope_field(struct mapping_scope *scope, struct written client,
                         struct written upstream, enum reach reach, struct written at);

/* Adds an `opaque` path. */
void mapping_scope_opaque(struct mapping_scope *scope, struct written path);

/* Adds a `values` entry; the pairs of a VALUE_MAP follow by mapping_scope_value_pair. */
void mapping_scope_value(struct mapping_scope *scope, struct written at, enum value_kind kind,
                         enum reach reach);

/* Adds one pair to the map of the `values` entry that was added last to SCOPE. */
void mapping_scope_value_pair(struct mapping_scope *scope, struct written client,
                              struct written upstream);

/* Sets what SCOPE does with collisions in direction D. */
void mapping_scope_collisions(struct mapping_scope *scope, enum direction d,
                              enum collision_policy policy);

/* Sets whether SCOPE's bodies are translated.  Routes and resources only, like the next two. */
void mapping_scope_body(struct mapping_scope *scope, enum route_body body);

/* Sets the time for the first byte and between bytes, in milliseconds. */
void mapping_scope_timeout(struct mapping_scope *scope, uint64_t ms);

/* Sets the largest body, in bytes. */
void mapping_scope_max_body(struct mapping_scope *scope, uint64_t bytes);

/* Sets the service that SCOPE's requests go to, a passthrough's too. */
void mapping_scope_service(struct mapping_scope *scope, struct written name);

/* Adds a pair of `words`. */
void mapping_builder_word(struct mapping_builder *b, struct written client,
                          struct written upstream);

/* Adds CLIENT_NAME to `query: names_in`. */
void mapping_builder_names_in(struct mapping_builder *b, struct written client_name);

/* Adds a pair of `headers`. */
void mapping_builder_header(struct mapping_builder *b, struct written client,
                            struct written upstream);

/*
 * Adds operations of the service to `unmirrored`: those of PATH with METHODS.
 * AT is added to the places of a description where `openapi: allow` lets the
 * service's words stand.
 */
void mapping_builder_unmirrored(struct mapping_builder *b, struct written path,
                                const bool methods[HTTP_METHOD_COUNT], struct written reason);
void mapping_builder_allow(struct mapping_builder *b, struct written at);

/* Adds GLOB to `watch: names`, and NAME to `watch: ignore`. */
void mapping_builder_watch(struct mapping_builder *b, struct written glob);
void mapping_builder_ignore(struct mapping_builder *b, struct written name);

#endif
