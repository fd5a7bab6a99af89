#include "mapping/places.h"

#include <stdlib.h>

enum { WORK_MAX = 1 << 25 }; /* steps of building; more is as bad as too many states */

/*
 * How far a path has been followed: its step INDEX comes next, or none does
 * and the path selects this very value.
 */
struct point {
    enum json_step_kind kind;
    uint32_t letter; /* of the step's name */
    bool selects;
    const struct place_rule *rule;
};

/* A state is a sorted set of points; sets are kept as texts of point numbers. */
struct building {
    struct places places;
    struct arena *arena, *scratch;
    struct point *points;
    size_t point_count;
    struct lookup sets; /* set i is state i */
    uint32_t *set;      /* the one being made */
    size_t set_count;
    uint32_t *letter_met; /* by letter: the state that last asked for it, plus 1 */
    size_t room;          /* of places.at and places.next */
    size_t work;
    enum places_verdict verdict;
};

static const uint32_t opaque_point = UINT32_MAX;

static bool give_up(struct building *b, enum places_verdict why)
{
    if (b->verdict == PLACES_OK)
        b->verdict = why;
    return false;
}

static bool make_points(struct building *b, const struct place_rule *rules, size_t count,
                        const struct lookup *letters)
{
    size_t total = 0;

    for (size_t i = 0; i < count; i++)
        total += rules[i].path.count + 1;
    b->points = arena_zero(b->scratch, total + 1, sizeof *b->points);
    b->set = arena_zero(b->scratch, 2 * total + 1, sizeof *b->set);
    b->letter_met = arena_zero(b->scratch, letters->count + 1, sizeof *b->letter_met);
    if (!b->points || !b->set || !b->letter_met)
        return give_up(b, PLACES_NO_MEMORY);
    for (size_t i = 0; i < count; i++) {
        b->set[b->set_count++] = (uint32_t)b->point_count;
        for (size_t k = 0; k < rules[i].path.count; k++) {
            const struct json_step *step = &rules[i].path.steps[k];
            struct point *p = &b->points[b->point_count++];

            *p = (struct point){.kind = step->kind, .rule = &rules[i]};
            if (step->kind != JSON_STEP_ANY)
                p->letter = (uint32_t)lookup_find(letters, step->name) + 1;
        }
        b->points[b->point_count++] = (struct point){.selects = true, .rule = &rules[i]};
    }
    return true;
}

static bool is_opaque(const struct point *p)
{
    return p->selects && !p->rule->value && !p->rule->pair;
}

/* Points are met in rising order and each adds itself or the next one. */
static void put(struct building *b, uint32_t point)
{
    if (b->set_count == 0 || b->set[b->set_count - 1] != point)
        b->set[b->set_count++] = point;
}

/* Makes the set that LETTER leads to from STATE. */
static void follow(struct building *b, struct text state, uint32_t letter)
{
    size_t n = state.len / sizeof(uint32_t);

    b->set_count = 0;
    b->work += n;
    for (size_t i = 0; i < n; i++) {
        uint32_t at;

        memcpy(&at, state.at + i * sizeof at, sizeof at);
        const struct point *p = &b->points[at];
        if (p->selects)
            continue;
        if (p->kind == JSON_STEP_DEEP)
            put(b, at);
        if (p->kind == JSON_STEP_ANY || (letter && p->letter == letter))
            put(b, at + 1);
    }
}

/* An opaque subtree is one state, whatever else its root would be. */
static void close_if_opaque(struct building *b)
{
    for (size_t i = 0; i < b->set_count; i++)
        if (is_opaque(&b->points[b->set[i]])) {
            b->set[0] = opaque_point;
            b->set_count = 1;
            return;
        }
}

static int by_pair_id(const void *a, const void *b)
{
    const struct pair *left = *(const struct pair *const *)a;
    const struct pair *right = *(const struct pair *const *)b;

    return left->id < right->id ? -1 : left->id > right->id;
}

static bool fill_scoped(struct building *b, struct place *place)
{
    const struct pair **pairs = arena_zero(b->arena, b->set_count, sizeof *pairs);
    size_t n = 0;

    if (!pairs)
        return give_up(b, PLACES_NO_MEMORY);
    for (size_t i = 0; i < b->set_count; i++) {
        const struct point *p = &b->points[b->set[i]];

        if (p->selects && p->rule->pair)
            pairs[n++] = p->rule->pair;
    }
    qsort(pairs, n, sizeof *pairs, by_pair_id);
    place->scoped = pairs;
    place->scoped_count = n;
    return true;
}

/* What the points of the set being made mean for a walker. */
static bool fill_place(struct building *b, struct place *place)
{
    bool scoped = false;

    if (b->set_count == 1 && b->set[0] == opaque_point) {
        place->opaque = place->inert = true;
        return true;
    }
    place->inert = b->set_count == 0;
    for (size_t i = 0; i < b->set_count; i++) {
        const struct point *p = &b->points[b->set[i]];

        if (!p->selects)
            continue;
        scoped |= p->rule->pair != NULL;
        for (int d = REQUEST; p->rule->value && d <= RESPONSE; d++)
            if (p->rule->value->acts[d] && !place->value[d])
                place->value[d] = p->rule->value;
    }
    return !scoped || fill_scoped(b, place);
}

static bool widen(struct building *b)
{
    size_t wider = b->room ? 2 * b->room : 4;
    struct place *at = realloc(b->places.at, wider * sizeof *at);

    if (at)
        b->places.at = at;
    const uint16_t **next = at ? realloc(b->places.next, wider * sizeof *next) : NULL;
    if (!next)
        return give_up(b, PLACES_NO_MEMORY);
    b->places.next = next;
    b->room = wider;
    return true;
}

/* The state of the set being made, a new one if there was none. */
static bool state_of_set(struct building *b, uint16_t *state_out)
{
    close_if_opaque(b);
    struct text set = text_of((const char *)b->set, b->set_count * sizeof *b->set);
    size_t known = lookup_find(&b->sets, set);

    if (known != LOOKUP_NONE) {
        *state_out = (uint16_t)known;
        return true;
    }
    size_t state = b->sets.count;
    if (state == PLACES_MAX || (state + 1) * b->places.letters > PLACES_CELLS_MAX)
        return give_up(b, PLACES_TOO_MANY);
    if (state == b->room && !widen(b))
        return false;
    set = arena_copy(b->scratch, set);
    if (!set.at || lookup_add(&b->sets, set) == LOOKUP_NONE)
        return give_up(b, PLACES_NO_MEMORY);
    b->places.at[state] = (struct place){.state = (unsigned)state};
    *state_out = (uint16_t)state;
    return fill_place(b, &b->places.at[state]);
}

/* Makes the row of STATE: where each letter leads. */
static bool make_row(struct building *b, size_t state)
{
    struct text set = b->sets.texts[state];
    uint16_t *row = arena_zero(b->arena, b->places.letters, sizeof *row);
    uint16_t other = (uint16_t)state;

    if (!row)
        return give_up(b, PLACES_NO_MEMORY);
    b->places.next[state] = row;
    if (!b->places.at[state].inert) {
        follow(b, set, 0);
        if (!state_of_set(b, &other))
            return false;
    }
    for (size_t i = 0; i < b->places.letters; i++)
        row[i] = other;
    for (size_t i = 0; !b->places.at[state].inert && i < set.len; i += sizeof(uint32_t)) {
        uint32_t at;

        memcpy(&at, set.at + i, sizeof at);
        uint32_t letter = b->points[at].letter;
        if (!letter || b->letter_met[letter] == state + 1)
            continue;
        b->letter_met[letter] = (uint32_t)state + 1;
        follow(b, set, letter);
        if (!state_of_set(b, &row[letter]))
            return false;
        if (b->work > WORK_MAX)
            return give_up(b, PLACES_TOO_MANY);
    }
    return true;
}

/* Moves what was built from the heap into the arena. */
static bool settle(struct building *b)
{
    size_t count = b->sets.count;
    struct place *at = arena_zero(b->arena, count, sizeof *at);
    const uint16_t **next = arena_zero(b->arena, count, sizeof *next);

    if (!at || !next)
        return give_up(b, PLACES_NO_MEMORY);
    memcpy(at, b->places.at, count * sizeof *at);
    memcpy(next, b->places.next, count * sizeof *next);
    free(b->places.at);
    free(b->places.next);
    b->places.at = at;
    b->places.next = next;
    b->places.count = count;
    return true;
}

enum places_verdict places_build(struct places *places_out, struct arena *arena,
                                 struct arena *scratch, const struct place_rule *rules,
                                 size_t count, const struct lookup *letters)
{
    struct building b = {.arena = arena, .scratch = scratch};
    uint16_t root;
    bool good;

    b.places.letters = letters->count + 1;
    lookup_init(&b.sets, scratch);
    good = make_points(&b, rules, count, letters) && state_of_set(&b, &root);
    for (size_t state = 0; good && state < b.sets.count; state++)
        good = make_row(&b, state);
    if (good && settle(&b)) {
        *places_out = b.places;
        return PLACES_OK;
    }
    free(b.places.at);
    free(b.places.next);
    return b.verdict;
}
