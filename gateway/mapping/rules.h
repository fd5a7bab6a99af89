/*
 * rules.h - what one route does to names and values, ready to be walked
 *
 * The merged table of one route (resource over route over global), compiled
 * and immutable.  A walker of a JSON text keeps one `struct place` for each
 * open object and array: the state of an automaton made of all paths (`at:`
 * and `opaque:`) of the table.  Every key that any rule or path mentions is a
 * `struct name`, found by one look-up of its decoded bytes; all other keys
 * are NULL and cost nothing more.
 *
 * Knows nothing of YAML, of JSON's syntax, or of HTTP.
 */
#ifndef MAPPING_RULES_H
#define MAPPING_RULES_H

#include "base/diag.h"
#include "base/text.h"

struct rules;
struct watch;

enum direction { REQUEST, RESPONSE };
enum collision_policy { COLLISION_REJECT, COLLISION_KEEP };

/* One pair of `fields`: a client name and an upstream name. */
struct pair {
    struct text client, upstream;
    struct text renamed[2]; /* by enum direction: to what, as a JSON string */
    bool acts[2];           /* by enum direction: renamed in that direction */
    bool scoped;            /* has an `at:`: acts only where a place says so */
    unsigned id;            /* from 0, dense within its rules */
    struct text at;         /* the path as written; absent if not scoped */
    struct where where;     /* the line it was written on */
    unsigned symbol;        /* private: the automaton's letter for the client name */
};

/* A key some rule or path knows, as it is spelled in one direction. */
struct name {
    struct text spelled;
    unsigned symbol; /* private: the automaton's letter */
    /*
     * Every pair of this table that has this spelling on either side and acts
     * in this direction; which of them is in force, rules_pair() tells.
     */
    const struct pair *const *pairs;
    size_t pair_count;
};

enum value_kind { VALUE_MAP, VALUE_URL, VALUE_WORDS, VALUE_NAME };

/* One entry of `values`. */
struct value_rule {
    enum value_kind kind;
    bool acts[2];
    unsigned id;    /* from 0, dense within its rules */
    struct text at; /* the path as written */
    struct where where;
};

/* One entry of `opaque`. */
struct opaque_path {
    struct text at; /* the path as written */
    struct where where;
};

/* Where a walker stands in a JSON text. */
struct place {
    bool opaque; /* nothing here or below is touched */
    bool inert;  /* no path can match here or below: place_* keep this place */
    const struct value_rule *value[2]; /* the rule for a string here, by direction; or NULL */
    const struct pair *const *scoped;  /* scoped pairs in force for this object's own members */
    size_t scoped_count;
    unsigned state; /* private */
};

/* The place of a whole JSON text, `$`. */
const struct place *rules_root(const struct rules *r);

/*
 * The place of a member of the object at HERE.  NAME is what rules_find gave
 * for its key (NULL for an unknown key), PAIR what rules_pair gave (or NULL).
 */
const struct place *rules_member(const struct rules *r, const struct place *here, enum direction d,
                                 const struct name *name, const struct pair *pair);

/* The place of any element of the array at HERE. */
const struct place *rules_element(const struct rules *r, const struct place *here);

/* The name spelled KEY (decoded bytes) in direction D; NULL if no rule knows it. */
const struct name *rules_find(const struct rules *r, enum direction d, struct text key);

/*
 * The pair in force for NAME in an object at HERE: the first scoped one that
 * the place selects, else the unscoped one; NULL if none.  NAME may be either
 * side of the pair: it is to be renamed if it is the side that D renames
 * from (pair_from), and takes part in collisions either way.
 */
const struct pair *rules_pair(const struct rules *r, const struct place *here, enum direction d,
                              const struct name *name);

/* The side of PAIR that direction D renames from, and the one it renames to. */
static inline struct text pair_from(const struct pair *p, enum direction d)
{
    return d == REQUEST ? p->client : p->upstream;
}
static inline struct text pair_to(const struct pair *p, enum direction d)
{
    return d == REQUEST ? p->upstream : p->client;
}

/* The decoded length in bytes of the longest name rules_find(D) can find. */
size_t rules_longest_name(const struct rules *r, enum direction d);

/* How many pairs and value rules there are; ids run below these. */
size_t rules_pair_count(const struct rules *r);
size_t rules_value_count(const struct rules *r);

/* The pair and the value rule called ID. */
const struct pair *rules_pair_at(const struct rules *r, size_t id);
const struct value_rule *rules_value_at(const struct rules *r, size_t id);

/* All opaque paths, the narrower scopes' first; COUNT_OUT of them. */
const struct opaque_path *rules_opaque(const struct rules *r, size_t *count_out);

/*
 * The I-th pair, from 0, of `words`, of `headers`, and of the map of V (of
 * kind VALUE_MAP), as written.  False past the last one.
 */
bool rules_word_at(const struct rules *r, size_t i, struct text *client_out,
                   struct text *upstream_out);
bool rules_header_at(const struct rules *r, size_t i, struct text *client_out,
                     struct text *upstream_out);
bool rules_map_at(const struct value_rule *v, size_t i, struct text *client_out,
                  struct text *upstream_out);

/* The I-th name of `names_in`; absent past the last one. */
struct text rules_names_in_at(const struct rules *r, size_t i);

/* The lines those were written on: of the I-th word, header field and name, which exist. */
struct where rules_word_where(const struct rules *r, size_t i);
struct where rules_header_where(const struct rules *r, size_t i);
struct where rules_names_in_where(const struct rules *r, size_t i);

/* What happens where two members would leave under one name. */
enum collision_policy rules_collisions(const struct rules *r, enum direction d);

/* A digest of all that these rules do to bodies; equal in every run for the same rules. */
uint64_t rules_digest(const struct rules *r);

/* True if D changes nothing at all on this route: bodies may pass untouched. */
bool rules_idle(const struct rules *r, enum direction d);

/* VALUE_MAP: what VALUE (decoded) becomes in D; absent if the map has no entry. */
struct text rules_map_value(const struct value_rule *v, enum direction d, struct text value);

/* VALUE_NAME: what the decoded NAME becomes in D by unscoped pairs; absent if it stays. */
struct text rules_rename(const struct rules *r, enum direction d, struct text name);

/*
 * Names in query strings, forms and name lists: the unscoped pair that acts
 * in the direction TABLE and has the decoded NAME on either side, or NULL.
 * The query of a URL in a reply reads the pairs of REQUEST backwards.
 */
const struct pair *rules_parameter(const struct rules *r, enum direction table, struct text name);

/* True if the query parameter with the client name NAME lists field names. */
bool rules_names_in(const struct rules *r, struct text client_name);

/*
 * What the header field NAME (any case) becomes in D; absent if it stays.
 */
struct text rules_header(const struct rules *r, enum direction d, struct text name);

/* The names to be watched out for; NULL if there are none. */
const struct watch *rules_watch(const struct rules *r);

/*
 * VALUE_WORDS: the longest entry of `words` or of the unscoped field names
 * that stands in TEXT at byte AT as a whole word (no letter, digit or "_"
 * adjoining) and is renamed in D.  Returns the number of bytes it replaces
 * and what they become in TO_OUT, or 0.
 */
size_t rules_word(const struct rules *r, enum direction d, struct text text, size_t at,
                  struct text *to_out);

#endif
