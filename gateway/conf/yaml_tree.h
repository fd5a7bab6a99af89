/*
 * yaml_tree.h - one YAML file as a tree whose every node knows its place
 *
 * The only door to libyaml.  What comes out is small and plain: maps, lists
 * and scalars, as deep and as many as a sane file holds, with no anchors, no
 * aliases, no tags, no second document and no duplicate keys; each of those
 * is a complaint.  Scalars are read by the YAML 1.2 core schema whatever the
 * library thinks: a plain date is text, and only true and false are switches.
 *
 * Knows nothing of settings or mappings.
 */
#ifndef CONF_YAML_TREE_H
#define CONF_YAML_TREE_H

#include "base/arena.h"
#include "base/diag.h"

/* How much of a file is read before it is refused. */
struct yaml_ceilings {
    size_t bytes;
    size_t depth; /* of lists and maps inside one another */
    size_t nodes;
};

enum {
    YAML_DEPTH_MOST = 100,               /* of any ceilings */
    YAML_ARENA_BYTES = 128 * 1024 * 1024 /* enough for any tree within either of the below */
};

extern const struct yaml_ceilings yaml_configuration; /* settings, mappings, tests */
extern const struct yaml_ceilings yaml_description;   /* an OpenAPI description */

enum yaml_kind {
    YAML_MAP,
    YAML_LIST,
    YAML_SCALAR,
    YAML_BROKEN /* a complaint was made about it already; readers pass over it */
};

/* How a scalar is written. */
enum yaml_style { YAML_PLAIN, YAML_SINGLE, YAML_DOUBLE, YAML_LITERAL, YAML_FOLDED };

/* Bytes of the source, TO behind the last; of a map or list, from its first entry to its last. */
struct yaml_span {
    size_t from, to;
};

struct yaml_node {
    enum yaml_kind kind;
    bool flow; /* a map or list between brackets, which its span takes in */
    enum yaml_style style, key_style;
    size_t number;          /* from 0, in the order of the file: of all nodes and keys read */
    struct text text;       /* a scalar's characters; a NUL follows them */
    struct yaml_node *next; /* in the map or list this node is in */
    struct yaml_node *first;
    size_t count;           /* members or elements */
    struct text key;        /* of a map's member; absent elsewhere */
    struct where key_where; /* of a map's member; elsewhere that of the node */
    struct where where;
    struct yaml_span key_span, span;
};

/* What a scalar means in the core schema. */
enum yaml_sense { YAML_NULL, YAML_SWITCH, YAML_INT, YAML_FLOAT, YAML_TEXT };

/*
 * Reads SOURCE, the text of FILE, which is to stay below CEILINGS, into nodes
 * in ARENA.  Complaints go to D, which has been given the source; NULL if the
 * file could not be read to its end.  An empty file is a YAML_NULL scalar.
 */
struct yaml_node *yaml_tree_read(struct arena *arena, const char *file, struct text source,
                                 const struct yaml_ceilings *ceilings, struct diag *d);

/* The first syntax error of a YAML text. */
struct yaml_fault {
    bool found;
    unsigned line, context_line; /* from 1; the latter 0 if there is none */
};

/* Looks for a syntax error in SOURCE, up to the first that lies past line UNTIL. */
struct yaml_fault yaml_tree_fault(struct text source, unsigned until);

/* What SCALAR stands for. */
enum yaml_sense yaml_sense(const struct yaml_node *scalar);

/* "a list", "a number", ...: what NODE is, for complaints. */
const char *yaml_what(const struct yaml_node *node);

/* The member of MAP called KEY, or NULL. */
const struct yaml_node *yaml_member(const struct yaml_node *map, struct text key);

#endif
