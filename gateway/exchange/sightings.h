/*
 * sightings.h - unmapped names that one exchange lets out
 *
 * A name is handed on when it is first met, with where it stood; then it is
 * only counted, and the count handed on at the end or when others take its
 * place.  So a stream that goes on for hours tells of a name at once, and a
 * document that is full of one asks nobody twice.  What is held is bounded,
 * and nothing is held before there is something to tell.
 */
#ifndef EXCHANGE_SIGHTINGS_H
#define EXCHANGE_SIGHTINGS_H

#include "mapping/mapping.h"
#include "translate/translate.h"

enum {
    SIGHTINGS_HELD = 16,       /* names that are counted before they are handed on */
    SIGHTINGS_BYTES = 5 * 1024 /* of memory, at most */
};

/* COUNT more names of KIND on ROUTE. */
struct sighting {
    const struct mapping *mapping;
    const struct route *route;
    enum unmapped kind;
    struct text name;
    struct text path; /* where the first of them stood; absent: not asked again, or nowhere */
    uint64_t count;
};

struct sightings {
    const struct mapping *mapping;
    const struct route *route;
    /* Takes what is handed on; its texts live until it returns.  NULL: nobody wants it. */
    void (*sighted)(void *owner, const struct sighting *sighting);
    void *owner;
    struct translate_watcher watcher; /* of what is no body: it knows no other event */
    struct text field;                /* the header field at hand, which URLs stand in */
    struct sightings_held *held;      /* SIGHTINGS_HELD of them, or NULL: there was none yet */
    size_t count;
    uint64_t all; /* names that were met, each time */
};

/*
 * Makes S ready for an exchange on ROUTE under MAPPING; both outlive it.
 * SIGHTED may be NULL: nothing is looked for then.
 */
void sightings_begin(struct sightings *s, const struct mapping *mapping, const struct route *route,
                     void (*sighted)(void *owner, const struct sighting *sighting), void *owner);

/* The watcher for URLs outside of bodies, or NULL if nothing is looked for. */
const struct translate_watcher *sightings_watcher(const struct sightings *s);

/* translate_watcher's unmapped; OWNER is a struct sightings. */
void sightings_note(void *owner, enum unmapped kind, struct text name, const struct trail *trail);

/* The name of a header field of a reply that goes down under it. */
void sightings_header(struct sightings *s, struct text name);

/* Hands on what is held and frees it; a zeroed S is fine. */
void sightings_end(struct sightings *s);

#endif
