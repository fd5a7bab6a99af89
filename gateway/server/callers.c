#include "server/callers.h"

#include "base/arena.h"

#include <pthread.h>
#include <stdlib.h>

#define HASH_NONFATAL_OOM 1 /* a route that finds no place is not counted */
#include <uthash.h>

enum { CALLERS_BYTES_MAX = 64 * 1024 * 1024 };

/* Those of one route. */
struct callers_of {
    UT_hash_handle hh;
    struct text route;
    struct caller named[CALLERS_PER_ROUTE];
    size_t count; /* of them */
    struct caller other;
};

struct callers {
    pthread_mutex_t lock;
    struct arena *texts;       /* names, routes and their entries */
    struct callers_of *routes; /* a uthash table */
    uint64_t lost;
};

struct callers *callers_new(void)
{
    struct callers *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    pthread_mutex_init(&c->lock, NULL);
    c->texts = arena_new(CALLERS_BYTES_MAX);
    if (!c->texts)
        callers_free(&c);
    return c;
}

void callers_free(struct callers **c)
{
    if (!*c)
        return;
    HASH_CLEAR(hh, (*c)->routes);
    arena_free(&(*c)->texts);
    pthread_mutex_destroy(&(*c)->lock);
    free(*c);
    *c = NULL;
}

/* Those of ROUTE; NULL: no memory. */
static struct callers_of *those_of(struct callers *c, struct text route)
{
    struct callers_of *those;

    HASH_FIND(hh, c->routes, route.at, route.len, those);
    if (those)
        return those;
    struct text copy = arena_copy(c->texts, route);
    those = arena_zero(c->texts, 1, sizeof *those);
    if (!copy.at || !those)
        return NULL;
    those->route = copy;
    those->other = (struct caller){.route = copy, .name = TEXT("other")};
    HASH_ADD_KEYPTR(hh, c->routes, copy.at, copy.len, those);
    return those->hh.tbl ? those : NULL;
}

/* The entry of NAME among THOSE; NULL: no memory. */
static struct caller *entry_of(struct callers *c, struct callers_of *those, struct text name)
{
    for (size_t i = 0; i < those->count; i++)
        if (text_eq(those->named[i].name, name))
            return &those->named[i];
    if (those->count == CALLERS_PER_ROUTE || text_eq(name, those->other.name))
        return &those->other;
    struct text copy = arena_copy(c->texts, name);
    if (!copy.at)
        return NULL;
    struct caller *made = &those->named[those->count++];
    *made = (struct caller){.route = those->route, .name = copy};
    return made;
}

void callers_note(struct callers *c, struct text route, struct text name, int64_t now)
{
    pthread_mutex_lock(&c->lock);
    struct callers_of *those = those_of(c, route);
    struct caller *entry = those ? entry_of(c, those, name) : NULL;
    if (entry) {
        entry->count++;
        entry->last = now;
    } else {
        c->lost++;
    }
    pthread_mutex_unlock(&c->lock);
}

uint64_t callers_lost(struct callers *c)
{
    pthread_mutex_lock(&c->lock);
    uint64_t lost = c->lost;
    pthread_mutex_unlock(&c->lock);
    return lost;
}

void callers_visit(struct callers *c, void (*visit)(void *owner, const struct caller *caller),
                   void *owner)
{
    pthread_mutex_lock(&c->lock);
    for (const struct callers_of *r = c->routes; r; r = r->hh.next) {
        for (size_t i = 0; i < r->count; i++)
            visit(owner, &r->named[i]);
        if (r->other.count)
            visit(owner, &r->other);
    }
    pthread_mutex_unlock(&c->lock);
}
