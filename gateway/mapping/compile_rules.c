#include "mapping/compile.h"
#include "mapping/merge.h"

enum { SCRATCH_BYTES_MAX = 256 << 20 };

/* One table while it is compiled. */
struct table {
    struct mapping_builder *builder;
    struct merged merged;
    struct rules *rules;
    struct lookup letters; /* names in paths */
};

static void make_pairs(struct table *t)
{
    struct mapping_builder *b = t->builder;
    struct rules *r = t->rules;

    r->pair_count = t->merged.field_count;
    r->pairs = draft_zero(b, b->arena, r->pair_count, sizeof *r->pairs);
    for (size_t i = 0; r->pairs && i < r->pair_count; i++) {
        const struct draft_field *f = t->merged.fields[i];

        r->pairs[i] = (struct pair){.client = f->client.text,
                                    .upstream = f->upstream.text,
                                    .renamed = {f->renamed[REQUEST], f->renamed[RESPONSE]},
                                    .acts = {f->acts[REQUEST], f->acts[RESPONSE]},
                                    .scoped = f->at.text.at != NULL,
                                    .id = (unsigned)i,
                                    .at = f->at.text,
                                    .where = draft_lasting(b, f->client.where)};
    }
}

/* The tables of V's map, made once for all the scopes it is merged into. */
static void compile_map(struct mapping_builder *b, struct draft_value *v)
{
    if (v->compiled)
        return;
    v->compiled = true;
    compile_couples(b, v->tables, &v->map, v->acts, "value", false);
    if (v->map.count > 0)
        return;
    diag_error(b->complaints, v->at.where, "empty-map", "this map has no pairs");
    diag_hint(b->complaints, "write {client value: upstream value}");
}

static void make_values(struct table *t)
{
    struct mapping_builder *b = t->builder;
    struct rules *r = t->rules;

    r->value_count = t->merged.value_count;
    r->values = draft_zero(b, b->arena, r->value_count, sizeof *r->values);
    for (size_t i = 0; r->values && i < r->value_count; i++) {
        struct draft_value *v = t->merged.values[i];
        struct mapped_value *to = &r->values[i];

        to->rule = (struct value_rule){.kind = v->kind,
                                       .acts = {v->acts[REQUEST], v->acts[RESPONSE]},
                                       .id = (unsigned)i,
                                       .at = v->at.text,
                                       .where = draft_lasting(b, v->at.where)};
        if (v->kind == VALUE_MAP)
            compile_map(b, v);
        memcpy(to->map, v->tables, sizeof to->map);
    }
}

static void make_opaque(struct table *t)
{
    struct mapping_builder *b = t->builder;
    struct rules *r = t->rules;

    r->opaque_count = t->merged.opaque_count;
    r->opaque = draft_zero(b, b->arena, r->opaque_count, sizeof *r->opaque);
    for (size_t i = 0; r->opaque && i < r->opaque_count; i++) {
        const struct written *at = &t->merged.opaque[i]->at;

        r->opaque[i] = (struct opaque_path){at->text, draft_lasting(b, at->where)};
    }
}

static void add_letters(struct table *t, const struct json_path *path)
{
    for (size_t i = 0; i < path->count; i++)
        if (path->steps[i].kind != JSON_STEP_ANY)
            draft_number(t->builder, &t->letters, path->steps[i].name);
}

/* Opaque paths first, then values in order of precedence, then scoped pairs. */
static struct place_rule *collect_paths(struct table *t, struct arena *scratch, size_t *count_out)
{
    const struct merged *m = &t->merged;
    struct place_rule *rules = draft_zero(
        t->builder, scratch, m->opaque_count + m->value_count + m->field_count, sizeof *rules);
    size_t n = 0;

    *count_out = 0;
    if (!rules)
        return NULL;
    for (size_t i = 0; i < m->opaque_count; i++)
        rules[n++] = (struct place_rule){.path = m->opaque[i]->path};
    for (size_t i = 0; i < m->value_count; i++)
        rules[n++] =
            (struct place_rule){.path = m->values[i]->path, .value = &t->rules->values[i].rule};
    for (size_t i = 0; i < m->field_count; i++)
        if (m->fields[i]->at.text.at)
            rules[n++] =
                (struct place_rule){.path = m->fields[i]->path, .pair = &t->rules->pairs[i]};
    for (size_t i = 0; i < n; i++)
        add_letters(t, &rules[i].path);
    *count_out = n;
    return rules;
}

static void complain_of_paths(struct table *t, struct where where)
{
    diag_error(t->builder->complaints, where, "too-many-paths",
               "the paths in force here are too many to be followed at once");
    diag_hint(t->builder->complaints,
              "write fewer paths, or paths from \"$\" in place of \"..\" and \"*\"");
}

static struct where first_path(const struct merged *m)
{
    if (m->opaque_count)
        return m->opaque[0]->at.where;
    if (m->value_count)
        return m->values[0]->at.where;
    for (size_t i = 0; i < m->field_count; i++)
        if (m->fields[i]->at.text.at)
            return m->fields[i]->at.where;
    return (struct where){0};
}

static void make_places(struct table *t)
{
    struct mapping_builder *b = t->builder;
    struct arena *scratch = arena_new(SCRATCH_BYTES_MAX);
    size_t count;
    struct place_rule *rules = scratch ? collect_paths(t, scratch, &count) : NULL;
    enum places_verdict verdict = PLACES_NO_MEMORY;

    if (rules && !b->no_memory)
        verdict = places_build(&t->rules->places, b->arena, scratch, rules, count, &t->letters);
    if (verdict == PLACES_TOO_MANY)
        complain_of_paths(t, first_path(&t->merged));
    else if (verdict == PLACES_NO_MEMORY)
        b->no_memory = true;
    arena_free(&scratch);
}

static void number_names(struct table *t, enum direction d)
{
    struct lookup *spelled = &t->rules->names[d].spelled;

    lookup_init(spelled, t->builder->arena);
    for (size_t i = 0; i < t->rules->pair_count; i++) {
        const struct pair *p = &t->rules->pairs[i];

        if (p->acts[d]) {
            draft_number(t->builder, spelled, p->client);
            draft_number(t->builder, spelled, p->upstream);
        }
    }
    for (size_t i = 0; i < t->letters.count; i++)
        draft_number(t->builder, spelled, t->letters.texts[i]);
}

static unsigned letter_of(const struct table *t, struct text name)
{
    size_t number = lookup_find(&t->letters, name);

    return number == LOOKUP_NONE ? 0 : (unsigned)number + 1;
}

static void describe_name(struct table *t, struct name_table *names, size_t number)
{
    struct text spelled = names->spelled.texts[number];

    names->names[number].spelled = spelled;
    names->names[number].symbol = letter_of(t, spelled);
    names->likely[likely_row(spelled)] |= likely_bit(spelled);
    if (spelled.len > names->longest)
        names->longest = spelled.len;
}

static struct name *name_spelled(struct name_table *names, struct text spelled)
{
    return &names->names[lookup_find(&names->spelled, spelled)];
}

static void count_pairs(struct table *t, enum direction d)
{
    for (size_t i = 0; i < t->rules->pair_count; i++) {
        const struct pair *p = &t->rules->pairs[i];

        if (!p->acts[d])
            continue;
        name_spelled(&t->rules->names[d], p->client)->pair_count++;
        name_spelled(&t->rules->names[d], p->upstream)->pair_count++;
    }
}

/* Gives each name its share of ROOM, which has as many places as count_pairs counted. */
static void share_pairs(struct table *t, enum direction d, const struct pair **room)
{
    struct name_table *names = &t->rules->names[d];
    const struct pair **end = room;

    for (size_t i = 0; i < names->spelled.count; i++) {
        struct name *name = &names->names[i];

        name->pairs = end;
        end += name->pair_count;
        name->pair_count = 0;
    }
    for (size_t i = 0; i < t->rules->pair_count; i++) {
        const struct pair *p = &t->rules->pairs[i];
        struct text sides[2] = {p->client, p->upstream};

        for (int side = 0; p->acts[d] && side < 2; side++) {
            struct name *name = name_spelled(names, sides[side]);

            room[name->pairs - (const struct pair *const *)room + name->pair_count++] = p;
        }
    }
}

static void make_names(struct table *t, enum direction d)
{
    struct mapping_builder *b = t->builder;
    struct name_table *names = &t->rules->names[d];
    const struct pair **room = draft_zero(b, b->arena, 2 * t->rules->pair_count, sizeof *room);

    number_names(t, d);
    names->names = draft_zero(b, b->arena, names->spelled.count, sizeof *names->names);
    if (b->no_memory)
        return;
    for (size_t i = 0; i < names->spelled.count; i++)
        describe_name(t, names, i);
    count_pairs(t, d);
    share_pairs(t, d, room);
}

static void add_word(struct word_lengths *lengths, bool *has, struct text word)
{
    has[word.len] = true;
    lengths->begins[(unsigned char)word.at[0]] = true;
}

static void make_word_lengths(struct table *t, enum direction d)
{
    struct mapping_builder *b = t->builder;
    struct word_lengths *lengths = &t->rules->word_lengths[d];
    const struct lookup *words = &b->mapping->vocabulary.words[d].from;
    bool has[MAPPING_NAME_MAX + 1] = {false};

    for (size_t i = 0; i < words->count; i++)
        add_word(lengths, has, words->texts[i]);
    for (size_t i = 0; i < t->rules->pair_count; i++) {
        const struct pair *p = &t->rules->pairs[i];

        if (p->acts[d] && !p->scoped)
            add_word(lengths, has, pair_from(p, d));
    }
    lengths->at = draft_zero(b, b->arena, MAPPING_NAME_MAX, sizeof *lengths->at);
    for (size_t len = MAPPING_NAME_MAX; lengths->at && len > 0; len--)
        if (has[len])
            lengths->at[lengths->count++] = len;
}

static bool acts_in(const struct rules *r, enum direction d)
{
    for (size_t i = 0; i < r->pair_count; i++)
        if (r->pairs[i].acts[d])
            return true;
    for (size_t i = 0; i < r->value_count; i++)
        if (r->values[i].rule.acts[d])
            return true;
    return false;
}

static void fill(struct table *t)
{
    struct mapping_builder *b = t->builder;
    struct rules *r = t->rules;

    r->vocabulary = &b->mapping->vocabulary;
    memcpy(r->collisions, t->merged.collisions, sizeof r->collisions);
    make_pairs(t);
    make_values(t);
    make_opaque(t);
    if (b->no_memory)
        return;
    make_places(t);
    for (size_t i = 0; i < r->pair_count; i++)
        r->pairs[i].symbol = letter_of(t, r->pairs[i].client);
    for (int d = REQUEST; d <= RESPONSE && !b->no_memory; d++) {
        make_names(t, (enum direction)d);
        make_word_lengths(t, (enum direction)d);
        r->idle[d] = !acts_in(r, (enum direction)d);
    }
    r->digest = digest_rules(b, r);
}

const struct rules *compile_rules(struct mapping_builder *b, struct mapping_scope *scope)
{
    struct table t = {.builder = b};

    if (scope->wider && !scope->has_rules) {
        scope->rules = scope->wider->rules;
        return scope->rules;
    }
    lookup_init(&t.letters, b->scratch);
    merge_scope(b, scope, &t.merged);
    t.rules = draft_zero(b, b->arena, 1, sizeof *t.rules);
    if (t.rules && !b->no_memory)
        fill(&t);
    scope->rules = t.rules;
    return scope->rules;
}
