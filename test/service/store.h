/*
 * store.h - everything the service has been told, as one tree in memory
 *
 * Below an account stands the collection "workspaces"; below each of its
 * items stand named collections with items of their own, to any depth.  So a
 * path below an account is a collection at odd depths and an item at even
 * ones.  An item is a JSON object whose order is the order of creation.
 *
 * It knows nothing of HTTP or of what the items mean.
 */
#ifndef SERVICE_STORE_H
#define SERVICE_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct store;

/* An empty store.  NULL: no memory. */
struct store *store_new(void);

/* Frees the store at *S and sets *S to NULL. */
void store_free(struct store **s);

/* A place below an account: account, then "workspaces", an id, a name, an id ... */
struct place {
    const char *account;
    char *const *at;
    size_t count;
};

/*
 * The depth of the first item on the way to PLACE, itself included, that does
 * not exist: 2 for the workspace.  0 if all exist.
 */
size_t store_missing(const struct store *s, struct place place);

/* The item at PLACE (an even depth), borrowed; NULL if it does not exist. */
json_t *store_item(const struct store *s, struct place place);

/*
 * Puts VALUE (its reference is taken) at PLACE under ID, in place of what was
 * there.  PLACE is a collection whose parent exists.  False: no memory.
 */
bool store_put(struct store *s, struct place place, const char *id, json_t *value);

/* Removes the item at PLACE and all below it, or empties the collection at PLACE. */
void store_remove(struct store *s, struct place place);

/* A walk over the items of the collection at PLACE, in order of creation. */
struct store_walk {
    json_t *collection;
    void *at;
};

/* Starts at the first item. */
void store_walk_init(struct store_walk *w, const struct store *s, struct place place);

/* The next item, borrowed, its id to ID_OUT; NULL after the last. */
json_t *store_walk_next(struct store_walk *w, const char **id_out);

#endif
