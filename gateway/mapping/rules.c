#include "mapping/rules.h"

#include "mapping/builder.h"
#include "mapping/inside.h"

#include <assert.h>

const struct place *rules_root(const struct rules *r)
{
    return &r->places.at[0];
}

static const struct place *go(const struct rules *r, const struct place *here, unsigned letter)
{
    return here->inert ? here : &r->places.at[r->places.next[here->state][letter]];
}

const struct place *rules_member(const struct rules *r, const struct place *here, enum direction d,
                                 const struct name *name, const struct pair *pair)
{
    if (d == RESPONSE && pair)
        return go(r, here, pair->symbol);
    return go(r, here, name ? name->symbol : 0);
}

const struct place *rules_element(const struct rules *r, const struct place *here)
{
    return go(r, here, 0);
}

const struct name *rules_find(const struct rules *r, enum direction d, struct text key)
{
    const struct name_table *t = &r->names[d];

    if (!(t->likely[likely_row(key)] & likely_bit(key)) || key.len > t->longest)
        return NULL;
    size_t number = lookup_find(&t->spelled, key);
    return number == LOOKUP_NONE ? NULL : &t->names[number];
}

/* The pairs of a place are sorted by id. */
static bool selects(const struct place *here, const struct pair *pair)
{
    size_t low = 0, high = here->scoped_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (here->scoped[middle]->id < pair->id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < here->scoped_count && here->scoped[low] == pair;
}

const struct pair *rules_pair(const struct rules *r, const struct place *here, enum direction d,
                              const struct name *name)
{
    const struct pair *unscoped = NULL;

    (void)r;
    (void)d; /* the pairs of a name are those of its direction */
    if (here->opaque)
        return NULL;
    for (size_t i = 0; i < name->pair_count; i++) {
        const struct pair *pair = name->pairs[i];

        if (pair->scoped && selects(here, pair))
            return pair;
        if (!pair->scoped && !unscoped)
            unscoped = pair;
    }
    return unscoped;
}

size_t rules_longest_name(const struct rules *r, enum direction d)
{
    return r->names[d].longest;
}

size_t rules_pair_count(const struct rules *r)
{
    return r->pair_count;
}

size_t rules_value_count(const struct rules *r)
{
    return r->value_count;
}

const struct pair *rules_pair_at(const struct rules *r, size_t id)
{
    assert(id < r->pair_count);
    return &r->pairs[id];
}

const struct value_rule *rules_value_at(const struct rules *r, size_t id)
{
    assert(id < r->value_count);
    return &r->values[id].rule;
}

const struct opaque_path *rules_opaque(const struct rules *r, size_t *count_out)
{
    *count_out = r->opaque_count;
    return r->opaque;
}

/* Both directions number a pair alike: it is a bijection. */
static bool couple_at(const struct exchange_table tables[2], size_t i, struct text *client_out,
                      struct text *upstream_out)
{
    if (i >= tables[REQUEST].from.count)
        return false;
    *client_out = tables[RESPONSE].to[i];
    *upstream_out = tables[REQUEST].to[i];
    return true;
}

bool rules_word_at(const struct rules *r, size_t i, struct text *client_out,
                   struct text *upstream_out)
{
    return couple_at(r->vocabulary->words, i, client_out, upstream_out);
}

bool rules_header_at(const struct rules *r, size_t i, struct text *client_out,
                     struct text *upstream_out)
{
    return couple_at(r->vocabulary->headers, i, client_out, upstream_out);
}

bool rules_map_at(const struct value_rule *v, size_t i, struct text *client_out,
                  struct text *upstream_out)
{
    assert(v->kind == VALUE_MAP);
    return couple_at(((const struct mapped_value *)v)->map, i, client_out, upstream_out);
}

struct text rules_names_in_at(const struct rules *r, size_t i)
{
    const struct lookup *names = &r->vocabulary->names_in;

    return i < names->count ? names->texts[i] : (struct text){0};
}

struct where rules_word_where(const struct rules *r, size_t i)
{
    return r->vocabulary->words[REQUEST].where[i];
}

struct where rules_header_where(const struct rules *r, size_t i)
{
    return r->vocabulary->headers[REQUEST].where[i];
}

struct where rules_names_in_where(const struct rules *r, size_t i)
{
    return r->vocabulary->names_in_where[i];
}

enum collision_policy rules_collisions(const struct rules *r, enum direction d)
{
    return r->collisions[d];
}

uint64_t rules_digest(const struct rules *r)
{
    return r->digest;
}

bool rules_idle(const struct rules *r, enum direction d)
{
    return r->idle[d];
}

struct text rules_map_value(const struct value_rule *v, enum direction d, struct text value)
{
    assert(v->kind == VALUE_MAP);
    return exchange_find(&((const struct mapped_value *)v)->map[d], value);
}

static const struct pair *unscoped_pair(const struct rules *r, enum direction d, struct text name)
{
    const struct name *known = rules_find(r, d, name);

    for (size_t i = 0; known && i < known->pair_count; i++)
        if (!known->pairs[i]->scoped)
            return known->pairs[i];
    return NULL;
}

struct text rules_rename(const struct rules *r, enum direction d, struct text name)
{
    const struct pair *pair = unscoped_pair(r, d, name);

    return pair && text_eq(pair_from(pair, d), name) ? pair_to(pair, d) : (struct text){0};
}

const struct pair *rules_parameter(const struct rules *r, enum direction table, struct text name)
{
    return unscoped_pair(r, table, name);
}

bool rules_names_in(const struct rules *r, struct text client_name)
{
    return lookup_find(&r->vocabulary->names_in, client_name) != LOOKUP_NONE;
}

struct text rules_header(const struct rules *r, enum direction d, struct text name)
{
    char lower[MAPPING_NAME_MAX];

    if (name.len > sizeof lower || r->vocabulary->headers[d].from.count == 0)
        return (struct text){0};
    for (size_t i = 0; i < name.len; i++)
        lower[i] = name.at[i] >= 'A' && name.at[i] <= 'Z' ? (char)(name.at[i] | 0x20) : name.at[i];
    return exchange_find(&r->vocabulary->headers[d], text_of(lower, name.len));
}

const struct watch *rules_watch(const struct rules *r)
{
    return r->vocabulary->watch.count ? &r->vocabulary->watch : NULL;
}
