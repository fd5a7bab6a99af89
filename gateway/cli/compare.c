#include "cli/compare.h"

#include "mapping/lookup.h"

/* Routes with the same two tables, once for all of them. */
struct tables {
    struct lookup seen; /* the two and whether bodies are translated, as bytes, by number */
    struct rules_pair *at;
};

/* What tells two of them apart; no byte of it is padding. */
struct tables_key {
    const struct rules *old, *new;
    uintptr_t raw;
};

/* Counts PAIR to the tables it has. */
static void add_pair(struct comparison *c, struct tables *tables, const struct route_pair *pair)
{
    bool raw = pair->old->body == ROUTE_BODY_RAW || pair->new->body == ROUTE_BODY_RAW;
    struct tables_key key = {pair->old->rules, pair->new->rules, raw};
    struct text bytes = arena_copy(c->arena, text_of((const char *)&key, sizeof key));
    size_t number = bytes.at ? lookup_add(&tables->seen, bytes) : LOOKUP_NONE;

    if (number == LOOKUP_NONE) {
        c->changes->no_memory = true;
        return;
    }
    struct rules_pair *rules = &tables->at[number];
    if (rules->place.routes++ == 0) {
        rules->old = key.old;
        rules->new = key.new;
        rules->raw = raw;
        rules->place.route = pair->new->client;
        rules->place.old = pair->old->where;
        rules->place.new = pair->new->where;
    }
    c->changes->routes++;
}

void *compare_room(struct comparison *c, size_t count, size_t size)
{
    void *at = arena_zero(c->arena, count ? count : 1, size);

    if (!at)
        c->changes->no_memory = true;
    return at;
}

void compare_mappings(struct comparison *c)
{
    struct tables tables;
    size_t count;
    const struct route_pair *pairs = compare_routes(c, &count);

    lookup_init(&tables.seen, c->arena);
    tables.at = arena_zero(c->arena, count ? count : 1, sizeof *tables.at);
    if (!tables.at)
        c->changes->no_memory = true;
    for (size_t i = 0; i < count && !c->changes->no_memory; i++)
        if (!pairs[i].old->passthrough && !pairs[i].new->passthrough)
            add_pair(c, &tables, &pairs[i]);
    for (size_t i = 0; i < tables.seen.count && !c->changes->no_memory; i++)
        compare_rules(c, &tables.at[i]);
    if (!c->changes->no_memory)
        compare_vocabulary(c);
    changes_sort(c->changes);
}
