#include "store.h"

#include <stdlib.h>

/*
 * A node is {"value": {...}, "below": {name: {id: node}}}.  jansson's objects
 * keep the order of insertion and find a member by its hash.
 */
struct store {
    json_t *accounts; /* account id -> node without a value */
};

struct store *store_new(void)
{
    struct store *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    s->accounts = json_object();
    if (s->accounts == NULL)
        store_free(&s);
    return s;
}

void store_free(struct store **s)
{
    if (*s == NULL)
        return;
    json_decref((*s)->accounts);
    free(*s);
    *s = NULL;
}

/* The node or collection at depth COUNT of PLACE, or NULL. */
static json_t *find(const struct store *s, struct place place, size_t count)
{
    json_t *here = json_object_get(s->accounts, place.account);

    for (size_t depth = 0; depth < count && here != NULL; depth++) {
        if (depth % 2 == 0)
            here = json_object_get(here, "below");
        here = json_object_get(here, place.at[depth]);
    }
    return here;
}

size_t store_missing(const struct store *s, struct place place)
{
    for (size_t depth = 2; depth <= place.count; depth += 2)
        if (find(s, place, depth) == NULL)
            return depth;
    return 0;
}

json_t *store_item(const struct store *s, struct place place)
{
    return json_object_get(find(s, place, place.count), "value");
}

/* The object at NAME in PARENT, made if need be.  NULL: no memory. */
static json_t *need(json_t *parent, const char *name)
{
    json_t *child = json_object_get(parent, name);

    if (child != NULL)
        return child;
    child = json_object();
    return json_object_set_new(parent, name, child) == 0 ? child : NULL;
}

bool store_put(struct store *s, struct place place, const char *id, json_t *value)
{
    json_t *parent =
        place.count == 1 ? need(s->accounts, place.account) : find(s, place, place.count - 1);
    json_t *collection = need(need(parent, "below"), place.at[place.count - 1]);
    json_t *node = need(collection, id);

    return json_object_set_new(node, "value", value) == 0;
}

void store_remove(struct store *s, struct place place)
{
    if (place.count % 2 == 1)
        json_object_clear(find(s, place, place.count));
    else
        json_object_del(find(s, place, place.count - 1), place.at[place.count - 1]);
}

void store_walk_init(struct store_walk *w, const struct store *s, struct place place)
{
    w->collection = find(s, place, place.count);
    w->at = json_object_iter(w->collection);
}

json_t *store_walk_next(struct store_walk *w, const char **id_out)
{
    if (w->at == NULL)
        return NULL;
    json_t *node = json_object_iter_value(w->at);
    *id_out = json_object_iter_key(w->at);
    w->at = json_object_iter_next(w->collection, w->at);
    return json_object_get(node, "value");
}
