#include "exchange/sightings.h"

#include "mapping/watch.h"
#include "translate/trail.h"

#include <stdlib.h>

enum { PATH_BYTES_MAX = 1024 };

struct sightings_held {
    enum unmapped kind;
    size_t len;
    uint64_t count; /* not handed on yet */
    char name[WATCH_NAME_MAX];
};

_Static_assert(SIGHTINGS_HELD * sizeof(struct sightings_held) <= SIGHTINGS_BYTES,
               "what is held is as small as it is said to be");

static void hand_on(const struct sightings *s, enum unmapped kind, struct text name,
                    struct text path, uint64_t count)
{
    struct sighting sighting = {.mapping = s->mapping,
                                .route = s->route,
                                .kind = kind,
                                .name = name,
                                .path = path,
                                .count = count};

    s->sighted(s->owner, &sighting);
}

static void hand_on_held(struct sightings *s)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct sightings_held *held = &s->held[i];

        if (held->count)
            hand_on(s, held->kind, text_of(held->name, held->len), (struct text){0}, held->count);
    }
    s->count = 0;
}

static struct sightings_held *find(const struct sightings *s, enum unmapped kind, struct text name)
{
    for (size_t i = 0; i < s->count; i++) {
        struct sightings_held *held = &s->held[i];

        if (held->kind == kind && text_eq(text_of(held->name, held->len), name))
            return held;
    }
    return NULL;
}

/* Holds NAME, whose first sighting has been handed on; without memory each one is. */
static void hold(struct sightings *s, enum unmapped kind, struct text name)
{
    if (s->count == SIGHTINGS_HELD)
        hand_on_held(s);
    if (!s->held)
        s->held = malloc(SIGHTINGS_HELD * sizeof *s->held);
    if (!s->held)
        return;
    struct sightings_held *held = &s->held[s->count++];
    held->kind = kind;
    held->len = name.len;
    held->count = 0;
    memcpy(held->name, name.at, name.len);
}

/* A name stands at TRAIL, or in the value of the field at hand, or nowhere in particular. */
static void tell_first(const struct sightings *s, enum unmapped kind, struct text name,
                       const struct trail *trail)
{
    char space[PATH_BYTES_MAX];
    struct buf path = {.at = space, .capacity = sizeof space, .max = sizeof space};

    if (trail)
        trail_write(trail, name, &path);
    else
        buf_add(&path, s->field);
    hand_on(s, kind, name, path.failed ? TEXT("") : buf_text(&path), 1);
}

void sightings_note(void *owner, enum unmapped kind, struct text name, const struct trail *trail)
{
    struct sightings *s = owner;
    struct sightings_held *held = find(s, kind, name);

    s->all++;
    if (held) {
        held->count++;
        return;
    }
    tell_first(s, kind, name, trail);
    hold(s, kind, name);
}

void sightings_header(struct sightings *s, struct text name)
{
    const struct watch *watch = rules_watch(s->route->rules);

    if (s->sighted && watch && watch_sees(watch, name))
        sightings_note(s, UNMAPPED_HEADER, name, NULL);
}

const struct translate_watcher *sightings_watcher(const struct sightings *s)
{
    return s->sighted ? &s->watcher : NULL;
}

void sightings_begin(struct sightings *s, const struct mapping *mapping, const struct route *route,
                     void (*sighted)(void *owner, const struct sighting *sighting), void *owner)
{
    *s = (struct sightings){.mapping = mapping,
                            .route = route,
                            .sighted = sighted,
                            .owner = owner,
                            .watcher = {.unmapped = sightings_note, .owner = s}};
}

void sightings_end(struct sightings *s)
{
    hand_on_held(s);
    free(s->held);
    s->held = NULL;
}
