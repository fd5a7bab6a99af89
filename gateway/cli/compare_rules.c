#include "cli/compare.h"
#include "cli/path_cover.h"

static const struct json_path *read_path(struct comparison *c, struct text written)
{
    struct json_path *path = arena_alloc(c->arena, sizeof *path);
    struct json_path_fault fault;

    if (path && json_path_read(c->arena, written, path, &fault))
        return path;
    c->changes->no_memory = true; /* it was read before, when the mapping was built */
    return NULL;
}

static struct change_place place_at(const struct rules_pair *pair, const struct where *old,
                                    const struct where *new)
{
    struct change_place place = pair->place;

    place.old = old ? *old : (struct where){0};
    place.new = new ? *new : (struct where){0};
    return place;
}

static const char *direction_word(enum direction d)
{
    return d == REQUEST ? "requests" : "replies";
}

/* --- fields ------------------------------------------------------------------------- */

/* The pairs of R that act in D; without a body only those that queries go by. */
static struct couples fields_of(struct comparison *c, const struct rules *r, enum direction d,
                                bool raw)
{
    struct couples fields = {.at = compare_room(c, rules_pair_count(r), sizeof *fields.at)};

    for (size_t i = 0; fields.at && i < rules_pair_count(r); i++) {
        const struct pair *p = rules_pair_at(r, i);

        if (p->acts[d] && !(raw && p->scoped))
            fields.at[fields.count++] =
                (struct couple){.client = p->client,
                                .upstream = p->upstream,
                                .where = p->where,
                                .at = p->scoped ? read_path(c, p->at) : NULL};
    }
    return fields;
}

static void compare_fields(struct comparison *c, const struct rules_pair *pair, enum direction d)
{
    struct couples old = fields_of(c, pair->old, d, pair->raw);
    struct couples new = fields_of(c, pair->new, d, pair->raw);
    struct couples_about about = {
        .d = d, .first = CHANGE_FIELD_REQUEST_CHANGED, .noun = "field", .place = pair->place};

    if (!c->changes->no_memory)
        compare_couples(c, &old, &new, &about);
}

/* --- opaque paths ------------------------------------------------------------------- */

static bool is_hidden(struct comparison *c, const struct rules *r, const struct json_path *path)
{
    size_t count;
    const struct opaque_path *opaque = rules_opaque(r, &count);

    for (size_t i = 0; i < count; i++) {
        const struct json_path *above = read_path(c, opaque[i].at);

        if (above && path && path_covers(above, path, true))
            return true;
    }
    return false;
}

/* What ONE leaves alone and OTHER does not. */
static void compare_opaque(struct comparison *c, const struct rules_pair *pair,
                           const struct rules *one, const struct rules *other, bool added)
{
    size_t count;
    const struct opaque_path *opaque = rules_opaque(one, &count);

    for (size_t i = 0; i < count; i++) {
        const struct where *where = &opaque[i].where;

        if (is_hidden(c, other, read_path(c, opaque[i].at)))
            continue;
        change_add(c->changes, added ? CHANGE_OPAQUE_ADDED : CHANGE_OPAQUE_REMOVED,
                   place_at(pair, added ? NULL : where, added ? where : NULL),
                   added ? "%.*s is no longer translated" : "%.*s is translated by now",
                   TEXT_ARG(opaque[i].at));
    }
}

/* --- values ------------------------------------------------------------------------- */

/* A rule that some string gets to. */
struct active {
    const struct value_rule *rule;
    const struct json_path *path;
    size_t twin; /* the number of its like in the other mapping, plus 1; 0: it has none */
};

struct actives {
    struct active *at;
    size_t count;
};

static bool is_shadowed(const struct actives *before, const struct json_path *path)
{
    for (size_t i = 0; i < before->count; i++)
        if (path_covers(before->at[i].path, path, false))
            return true;
    return false;
}

static struct actives values_of(struct comparison *c, const struct rules *r, enum direction d)
{
    struct actives values = {.at = compare_room(c, rules_value_count(r), sizeof *values.at)};

    for (size_t i = 0; values.at && i < rules_value_count(r); i++) {
        const struct value_rule *rule = rules_value_at(r, i);
        const struct json_path *path = rule->acts[d] ? read_path(c, rule->at) : NULL;

        if (path && !is_shadowed(&values, path))
            values.at[values.count++] = (struct active){.rule = rule, .path = path};
    }
    return values;
}

static bool same_path(const struct json_path *a, const struct json_path *b)
{
    return path_covers(a, b, false) && path_covers(b, a, false);
}

static void find_twins(struct actives *old, struct actives *new)
{
    for (size_t i = 0; i < old->count; i++)
        for (size_t j = 0; j < new->count && !old->at[i].twin; j++)
            if (old->at[i].rule->kind == new->at[j].rule->kind && !new->at[j].twin &&
                same_path(old->at[i].path, new->at[j].path)) {
                old->at[i].twin = j + 1;
                new->at[j].twin = i + 1;
            }
}

/* The map of V; an empty one if V is NULL. */
static struct couples map_of(struct comparison *c, const struct value_rule *v)
{
    struct couples map = {0};
    struct text client, upstream;
    size_t n = 0;

    while (v && rules_map_at(v, n, &client, &upstream))
        n++;
    map.at = compare_room(c, n, sizeof *map.at);
    for (; map.at && map.count < n; map.count++) {
        rules_map_at(v, map.count, &client, &upstream);
        map.at[map.count] =
            (struct couple){.client = client, .upstream = upstream, .where = v->where};
    }
    return map;
}

static void compare_maps(struct comparison *c, const struct rules_pair *pair, enum direction d,
                         const struct value_rule *old, const struct value_rule *new)
{
    struct couples olds = map_of(c, old), news = map_of(c, new);
    struct couples_about about = {.d = d,
                                  .first = CHANGE_VALUE_REQUEST_CHANGED,
                                  .noun = "value",
                                  .where = new ? new->at : old->at,
                                  .place = pair->place};

    if (!c->changes->no_memory)
        compare_couples(c, &olds, &news, &about);
}

/* A rule that only one mapping has: the OLD or the NEW one, the other is NULL. */
static void tell_value(struct comparison *c, const struct rules_pair *pair, enum direction d,
                       const struct value_rule *old, const struct value_rule *new)
{
    static const enum change_kind kinds[2][2] = {
        [REQUEST] = {CHANGE_REWRITE_REQUEST_REMOVED, CHANGE_REWRITE_REQUEST_ADDED},
        [RESPONSE] = {CHANGE_REWRITE_REPLY_REMOVED, CHANGE_REWRITE_REPLY_ADDED}};
    const struct value_rule *rule = new ? new : old;
    const char *what = rule->kind == VALUE_URL ? "URLs" : "names";

    if (rule->kind == VALUE_MAP)
        compare_maps(c, pair, d, old, new);
    else
        change_add(
            c->changes, rule->kind == VALUE_WORDS ? CHANGE_WORDS_CHANGED : kinds[d][new != NULL],
            place_at(pair, old ? &old->where : NULL, new ? &new->where : NULL),
            "%s at %.*s in %s are %s", rule->kind == VALUE_WORDS ? "words" : what,
            TEXT_ARG(rule->at), direction_word(d), new ? "rewritten" : "no longer rewritten");
}

/* Two rules of which a string can have only the first, and the first has become the other. */
static void compare_order(struct comparison *c, const struct rules_pair *pair, enum direction d,
                          const struct actives *old, const struct actives *new)
{
    for (size_t i = 0; i < old->count; i++)
        for (size_t j = i + 1; j < old->count; j++) {
            const struct active *a = &old->at[i], *b = &old->at[j];

            if (a->twin && b->twin && a->twin > b->twin && path_meets(a->path, b->path))
                change_add(c->changes, CHANGE_VALUES_REORDERED,
                           place_at(pair, &a->rule->where, &new->at[b->twin - 1].rule->where),
                           "in %s the rule at %.*s goes before the one at %.*s", direction_word(d),
                           TEXT_ARG(b->rule->at), TEXT_ARG(a->rule->at));
        }
}

static void compare_values(struct comparison *c, const struct rules_pair *pair, enum direction d)
{
    struct actives old = values_of(c, pair->old, d), new = values_of(c, pair->new, d);

    find_twins(&old, &new);
    for (size_t i = 0; i < old.count; i++) {
        const struct active *one = &old.at[i];

        if (!one->twin)
            tell_value(c, pair, d, one->rule, NULL);
        else if (one->rule->kind == VALUE_MAP)
            compare_maps(c, pair, d, one->rule, new.at[one->twin - 1].rule);
    }
    for (size_t i = 0; i < new.count; i++)
        if (!new.at[i].twin)
            tell_value(c, pair, d, NULL, new.at[i].rule);
    compare_order(c, pair, d, &old, &new);
}

/* --- all of it ---------------------------------------------------------------------- */

static void compare_collisions(struct comparison *c, const struct rules_pair *pair,
                               enum direction d)
{
    enum collision_policy old = rules_collisions(pair->old, d);
    enum collision_policy new = rules_collisions(pair->new, d);

    if (old != new)
        change_add(c->changes,
                   new == COLLISION_REJECT ? CHANGE_COLLISIONS_STRICTER : CHANGE_COLLISIONS_LAXER,
                   pair->place, "collisions in %s: %s", direction_word(d),
                   new == COLLISION_REJECT ? "reject" : "keep");
}

void compare_rules(struct comparison *c, const struct rules_pair *pair)
{
    compare_fields(c, pair, REQUEST);
    compare_collisions(c, pair, REQUEST);
    if (pair->raw)
        return;
    compare_fields(c, pair, RESPONSE);
    compare_collisions(c, pair, RESPONSE);
    compare_opaque(c, pair, pair->old, pair->new, false);
    compare_opaque(c, pair, pair->new, pair->old, true);
    for (int d = REQUEST; d <= RESPONSE; d++)
        compare_values(c, pair, (enum direction)d);
    if (rules_digest(pair->old) != rules_digest(pair->new))
        change_add(c->changes, CHANGE_ETAGS, pair->place, "replies are marked anew in ETag");
}
