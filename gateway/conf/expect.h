/*
 * expect.h - what a reader of a tree expects, and the complaint if it isn't so
 *
 * Readers of both files say what they expect of a node; the words of every
 * complaint about types and keys are here, so that they are the same words.
 * Each function passes over broken nodes in silence: they were complained of.
 */
#ifndef CONF_EXPECT_H
#define CONF_EXPECT_H

#include "conf/yaml_tree.h"

/* The keys a map may have. */
struct expect_keys {
    const char *const *known;
    size_t known_count;
    const char *const *later; /* named in the documents, but not in this version */
    size_t later_count;
};

/* True if NODE is a map; otherwise complains that WHAT must be one. */
bool expect_map(const struct yaml_node *node, const char *what, struct diag *d);

/* True if NODE is a list; otherwise complains that WHAT must be one. */
bool expect_list(const struct yaml_node *node, const char *what, struct diag *d);

/* True if NODE is text that is not empty; otherwise complains that WHAT must be. */
bool expect_text(const struct yaml_node *node, const char *what, struct diag *d);

/* Complains that WHAT must be WANTED, which NODE is not. */
void expect_other(const struct yaml_node *node, const char *what, const char *wanted,
                  struct diag *d);

/* True if MEMBER's key is one of KEYS; otherwise complains, with the nearest one. */
bool expect_key(const struct yaml_node *member, const struct expect_keys *keys, struct diag *d);

/* Complains of every member of MAP whose key is none of KEYS. */
void expect_only(const struct yaml_node *map, const struct expect_keys *keys, struct diag *d);

/*
 * The number in COUNT CHOICES of the one that NODE's text is; otherwise
 * complains that WHAT is one of them, and returns -1.
 */
int expect_choice(const struct yaml_node *node, const char *what, const char *const *choices,
                  size_t count, struct diag *d);

/* Complains that the map at NODE, called WHAT, has no KEY. */
void expect_missing(const struct yaml_node *node, const char *what, const char *key,
                    struct diag *d);

/* Complains unless ROOT, a whole file, is a map with `version: 1`; true if it is a map. */
bool expect_file(const struct yaml_node *root, struct diag *d);

#endif
