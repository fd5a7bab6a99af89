#include "exchange/tally.h"

#include <stdlib.h>

static void on_renamed(void *owner, const struct pair *pair, struct body_place place)
{
    struct tally *t = owner;

    (void)place;
    t->pairs[pair->id].changed++;
}

static void on_revalued(void *owner, const struct value_rule *rule, struct body_place place)
{
    struct tally *t = owner;

    (void)place;
    t->values[rule->id].changed++;
}

static void on_collided(void *owner, const struct pair *pair, struct body_place place)
{
    struct tally *t = owner;

    (void)place;
    t->pairs[pair->id].collided++;
}

static void on_passed_name(void *owner, const struct pair *pair, struct body_place place)
{
    struct tally *t = owner;

    (void)place;
    t->pairs[pair->id].passed++;
}

static void on_passed_value(void *owner, const struct value_rule *rule, struct body_place place)
{
    struct tally *t = owner;

    (void)place;
    t->values[rule->id].passed++;
}

static void on_passed_event(void *owner, const struct translate_fault *fault)
{
    struct tally *t = owner;

    (void)fault;
    t->events++;
}

static void on_unmapped(void *owner, enum unmapped kind, struct text name,
                        const struct trail *trail)
{
    struct tally *t = owner;

    sightings_note(t->sightings, kind, name, trail);
}

const struct translate_watcher *tally_begin(struct tally *t, const struct rules *rules,
                                            struct sightings *sightings)
{
    size_t pairs = rules_pair_count(rules);
    struct tally_row *rows = calloc(pairs + rules_value_count(rules) + 1, sizeof *rows);

    if (!rows)
        return NULL;
    *t = (struct tally){.rules = rules,
                        .pairs = rows,
                        .values = rows + pairs,
                        .sightings = sightings,
                        .watcher = {.placeless = true,
                                    .renamed = on_renamed,
                                    .revalued = on_revalued,
                                    .collided = on_collided,
                                    .passed_name = on_passed_name,
                                    .passed_value = on_passed_value,
                                    .passed_event = on_passed_event,
                                    .unmapped = sightings->sighted ? on_unmapped : NULL,
                                    .owner = t}};
    return &t->watcher;
}

void tally_fini(struct tally *t)
{
    free(t->pairs);
    *t = (struct tally){0};
}
