/*
 * pattern.h - a path with places to fill: "/accounts/{accountId}/users"
 *
 * A pattern is a row of segments, each a literal or a {parameter}, and
 * perhaps a tail `**` that stands for any further segments.  A route has two
 * of them; their parameters bind by name.  Paths are cut and copied raw;
 * only literals are compared percent-decoded.
 */
#ifndef MAPPING_PATTERN_H
#define MAPPING_PATTERN_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "mapping/builder.h"

enum {
    PATTERN_SEGMENTS_MAX = 64,
    PATTERN_LITERAL_MAX = 255 /* bytes of one literal segment */
};

struct segment {
    bool is_param;
    struct text text; /* the literal, or the parameter's name */
    struct where where;
    size_t peer; /* of a parameter: its segment's index on the other side */
};

struct pattern {
    struct text text; /* the whole of it, as written */
    struct segment *segments;
    size_t count;
    bool tail; /* ends in ** */
};

/*
 * Reads WRITTEN, a whole pattern where ABOVE is NULL, else a resource's tail
 * to be added to ABOVE.  Takes memory from ARENA and adds all that is wrong
 * to COMPLAINTS.  False if anything was, or ARENA gives nothing (then
 * NO_MEMORY_OUT is set).
 */
bool pattern_read(struct pattern *pattern_out, struct arena *arena, struct diag *complaints,
                  const struct pattern *above, struct written written, bool *no_memory_out);

/*
 * Binds the parameters of both sides of a route to each other.  False, with a
 * complaint, if the two do not have the same parameters and tail.
 */
bool pattern_bind(struct pattern *client, struct pattern *upstream, struct diag *complaints,
                  struct where client_where, struct where upstream_where);

/*
 * Binds the parameters of MADE, and its tail, to those of FROM, which may have
 * more: a path that FROM matches can then be carried to MADE.  False, with a
 * complaint at MADE_WHERE, if MADE has one that FROM, called NOUN, has not.
 */
bool pattern_derive(struct pattern *made, const struct pattern *from, struct diag *complaints,
                    struct where made_where, struct where from_where, const char *noun);

/* True if some path matches both A and B. */
bool pattern_meets(const struct pattern *a, const struct pattern *b);

/* Takes the next segment off the front of *REST, which begins with "/". */
struct text pattern_take_segment(struct text *rest);

/*
 * Percent-decodes SEGMENT into TO, which has room for PATTERN_LITERAL_MAX
 * bytes; absent if it doesn't fit (no literal is that long).
 */
struct text pattern_decode(struct text segment, char *to);

/* Appends to TO the path that TO_SIDE makes of PATH, which FROM_SIDE matches. */
void pattern_carry(const struct pattern *from_side, const struct pattern *to_side, struct text path,
                   struct buf *to);

#endif
