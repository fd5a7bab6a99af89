#include "server/drift.h"

#include "base/log.h"
#include "mapping/watch.h"

#include <pthread.h>
#include <stdlib.h>

enum { DIGEST_BYTES = 8 };

struct drift {
    pthread_mutex_t lock;
    char digest[DIGEST_BYTES];                    /* of the mapping in force */
    struct drift_entry *entries[DRIFT_NAMES_MAX]; /* by route, kind and name */
    size_t count;
    uint64_t left_out;
};

const char *drift_kind(enum unmapped kind)
{
    switch (kind) {
    case UNMAPPED_KEY:
        return "key";
    case UNMAPPED_QUERY:
        return "query";
    case UNMAPPED_HEADER:
        return "header";
    case UNMAPPED_PATH:
        return "path";
    }
    return "";
}

/* --- entries, in order ------------------------------------------------------------- */

static int compare_texts(struct text a, struct text b)
{
    int order = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare(const struct drift_entry *a, const struct drift_entry *b)
{
    int order = compare_texts(a->route, b->route);

    if (order == 0)
        order = (a->kind > b->kind) - (a->kind < b->kind);
    return order ? order : compare_texts(a->name, b->name);
}

/* Where KEY is, or would be. */
static size_t place_of(const struct drift *d, const struct drift_entry *key)
{
    size_t low = 0, high = d->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare(d->entries[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct text append(char **at, struct text t)
{
    struct text copy = text_of(*at, t.len);

    if (t.len)
        memcpy(*at, t.at, t.len);
    *at += t.len;
    return copy;
}

/* An entry like KEY with texts of its own; NULL: no memory. */
static struct drift_entry *copy_of(const struct drift_entry *key)
{
    struct drift_entry *e = malloc(sizeof *e + key->route.len + key->name.len + key->path.len);
    char *texts = (char *)(e + 1);

    if (!e)
        return NULL;
    *e = *key;
    e->route = append(&texts, key->route);
    e->name = append(&texts, key->name);
    e->path = append(&texts, key->path);
    return e;
}

/* --- sightings ------------------------------------------------------------------------ */

enum noted { NOTED_AGAIN, NOTED_NEW, NOTED_LEFT_OUT, NOTED_FULL /* the first to be left out */ };

static enum noted leave_out(struct drift *d, uint64_t count)
{
    bool first = d->left_out == 0;

    d->left_out += count;
    return first ? NOTED_FULL : NOTED_LEFT_OUT;
}

static enum noted enter(struct drift *d, const struct drift_entry *key)
{
    size_t place = place_of(d, key);

    if (place < d->count && compare(d->entries[place], key) == 0) {
        d->entries[place]->count += key->count;
        return NOTED_AGAIN;
    }
    struct drift_entry *made = d->count < DRIFT_NAMES_MAX ? copy_of(key) : NULL;
    if (!made)
        return leave_out(d, key->count);
    memmove(&d->entries[place + 1], &d->entries[place],
            (d->count - place) * sizeof d->entries[place]);
    d->entries[place] = made;
    d->count++;
    return NOTED_NEW;
}

static bool is_of(const struct drift *d, const struct mapping *mapping)
{
    return memcmp(d->digest, mapping_digest(mapping).at, DIGEST_BYTES) == 0;
}

void drift_note(struct drift *d, const struct sighting *s)
{
    struct drift_entry key = {.route = s->route->client,
                              .kind = s->kind,
                              .name = s->name,
                              .path = s->path,
                              .count = s->count};
    enum noted noted = NOTED_AGAIN;

    pthread_mutex_lock(&d->lock);
    if (is_of(d, s->mapping))
        noted = enter(d, &key);
    pthread_mutex_unlock(&d->lock);
    if (noted == NOTED_NEW)
        LOG(LOG_INFO, "drift", LOG_T("http.route", key.route), LOG_S("kind", drift_kind(key.kind)),
            LOG_T("name", key.name), LOG_T("path", key.path));
    else if (noted == NOTED_FULL)
        LOG(LOG_WARN, "drift list is full", LOG_N("names", DRIFT_NAMES_MAX),
            LOG_S("hint", "map or ignore what dpgw drift lists; the rest is only counted"));
}

/* --- another mapping ------------------------------------------------------------------- */

static const struct route *route_of(const struct mapping *m, struct text client)
{
    size_t count;
    const struct route *const *routes = mapping_routes(m, &count);

    for (size_t i = 0; i < count; i++)
        if (!routes[i]->passthrough && text_eq(routes[i]->client, client))
            return routes[i];
    return NULL;
}

/* True if some pair of R, wherever it holds, gives clients another name for NAME. */
static bool has_rule(const struct rules *r, struct text name)
{
    const struct name *known = rules_find(r, RESPONSE, name);

    for (size_t i = 0; known && i < known->pair_count; i++)
        if (text_eq(pair_from(known->pairs[i], RESPONSE), name))
            return true;
    return false;
}

/*
 * True if E may still be told of on ROUTE.  Where a rule has a narrower place
 * than E's, E comes again; so does a segment, whose URL is not known here.
 */
static bool stays(const struct drift_entry *e, const struct route *route)
{
    const struct watch *watch = route ? rules_watch(route->rules) : NULL;

    if (!watch || !watch_sees(watch, e->name))
        return false;
    switch (e->kind) {
    case UNMAPPED_KEY:
        return !has_rule(route->rules, e->name);
    case UNMAPPED_QUERY: {
        const struct pair *pair = rules_parameter(route->rules, REQUEST, e->name);

        return !pair || !text_eq(pair->upstream, e->name);
    }
    case UNMAPPED_HEADER:
        return !rules_header(route->rules, RESPONSE, e->name).at;
    case UNMAPPED_PATH:
        break;
    }
    return false;
}

static void forget(struct drift *d, const struct mapping *mapping)
{
    const struct route *route = NULL;
    size_t kept = 0;

    for (size_t i = 0; i < d->count; i++) {
        struct drift_entry *e = d->entries[i];

        if (!route || !text_eq(route->client, e->route))
            route = route_of(mapping, e->route);
        if (stays(e, route))
            d->entries[kept++] = e;
        else
            free(e);
    }
    d->count = kept;
    d->left_out = 0;
}

void drift_follow(struct drift *d, const struct mapping *mapping)
{
    pthread_mutex_lock(&d->lock);
    if (!is_of(d, mapping)) {
        memcpy(d->digest, mapping_digest(mapping).at, DIGEST_BYTES);
        forget(d, mapping);
    }
    pthread_mutex_unlock(&d->lock);
}

/* --- looking ----------------------------------------------------------------------------- */

size_t drift_count(struct drift *d)
{
    pthread_mutex_lock(&d->lock);
    size_t count = d->count;
    pthread_mutex_unlock(&d->lock);
    return count;
}

uint64_t drift_left_out(struct drift *d)
{
    pthread_mutex_lock(&d->lock);
    uint64_t left_out = d->left_out;
    pthread_mutex_unlock(&d->lock);
    return left_out;
}

void drift_visit(struct drift *d, void (*visit)(void *owner, const struct drift_entry *entry),
                 void *owner)
{
    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; i < d->count; i++)
        visit(owner, d->entries[i]);
    pthread_mutex_unlock(&d->lock);
}

/* --- life ---------------------------------------------------------------------------------- */

struct drift *drift_new(const struct mapping *mapping)
{
    struct drift *d = calloc(1, sizeof *d);

    if (!d)
        return NULL;
    pthread_mutex_init(&d->lock, NULL);
    memcpy(d->digest, mapping_digest(mapping).at, DIGEST_BYTES);
    return d;
}

void drift_free(struct drift **d)
{
    if (!*d)
        return;
    for (size_t i = 0; i < (*d)->count; i++)
        free((*d)->entries[i]);
    pthread_mutex_destroy(&(*d)->lock);
    free(*d);
    *d = NULL;
}
