/*
 * explanation.h - what `dpgw explain` says of one request, in two forms
 *
 * Lines for people on standard output, the changes of a body as they are met;
 * and one JSON object for programs, in a buffer, with the same in it.
 */
#ifndef CLI_EXPLANATION_H
#define CLI_EXPLANATION_H

#include "base/buf.h"
#include "conf/conf.h"
#include "translate/translate.h"

struct explanation {
    const struct conf *conf;
    const struct route *route;
    enum http_method method; /* the service's */
    struct text target;      /* the service's path and query */
    struct text successor;   /* of a deprecated route: the path that takes over; absent: none */
    bool json, colour;
};

enum explain_doing { EXPLAIN_RENAME, EXPLAIN_VALUE, EXPLAIN_COLLISION };

/* What a rule does at one place of a body. */
struct explain_change {
    enum explain_doing kind;
    struct text from, to; /* RENAME: the names; VALUE: TO is by what; COLLISION: TO is the name */
    struct body_place place;
    struct where where; /* the rule */
};

/* What holds for the route's bodies and replies; UINT64_MAX is no limit. */
struct explain_limits {
    uint64_t body_json, body_other, json_depth, first_byte_ms, between_bytes_ms;
};

/* The I-th of a list of plain pairs; false past the last one. */
typedef bool explain_pairs_at(const struct rules *r, size_t i, struct text *client_out,
                              struct text *upstream_out);

/* Prints all but the changes of a body; then those, one at a time. */
void explain_text(const struct explanation *e);
void explain_text_change(const struct explanation *e, const struct explain_change *change);

/* Appends the object up to its list of changes; then each of those; then its end. */
void explain_json(const struct explanation *e, struct buf *to);
void explain_json_change(const struct explain_change *change, struct buf *to);
void explain_json_end(struct buf *to);

/* --- for both forms --- */

/* True if bodies on ROUTE are translated. */
bool explain_translates(const struct route *route);

struct explain_limits explain_limits(const struct explanation *e);

/* "map", "rewrite url" and so on. */
const char *explain_kind(enum value_kind kind);

/* "reject" or "keep". */
const char *explain_policy(const struct rules *rules, enum direction direction);

#endif
