#include "mapping/merge.h"

#include "mapping/proof.h"

static void count_all(const struct mapping_scope *scope, struct merged *m)
{
    for (; scope; scope = scope->wider) {
        m->field_count += scope->field_names.count;
        for (const struct draft_opaque *o = scope->opaque; o; o = o->next)
            m->opaque_count++;
        for (const struct draft_value *v = scope->values; v; v = v->next)
            m->value_count++;
    }
}

static void complain_of_removal(struct mapping_builder *b, const struct mapping_scope *scope,
                                const struct draft_field *field)
{
    const char *candidates[64];
    size_t n = 0;

    diag_error(b->complaints, field->client.where, "nothing-to-remove",
               "there is no wider entry \"%.*s\" to remove", TEXT_ARG(field->client.text));
    for (const struct mapping_scope *s = scope->wider; s; s = s->wider)
        for (const struct draft_field *f = s->fields; f && n < 64; f = f->next)
            candidates[n++] = f->client.text.at; /* a copy: it ends in NUL */
    const char *near = n ? diag_nearest(field->client.text, candidates, n) : NULL;
    if (near)
        diag_hint(b->complaints, "did you mean \"%s\"?", near);
    else
        diag_hint(b->complaints, "null removes an entry of the route or of the whole mapping");
}

static bool is_in_wider(const struct mapping_scope *scope, struct text client)
{
    for (const struct mapping_scope *s = scope->wider; s; s = s->wider)
        if (lookup_find(&s->field_names, client) != LOOKUP_NONE)
            return true;
    return false;
}

static void merge_fields(struct mapping_builder *b, const struct mapping_scope *narrowest,
                         struct merged *m)
{
    struct lookup decided;

    lookup_init(&decided, b->scratch);
    m->field_count = 0;
    for (const struct mapping_scope *s = narrowest; s; s = s->wider)
        for (const struct draft_field *f = s->fields; f; f = f->next) {
            if (s == narrowest && !f->upstream.text.at && !is_in_wider(s, f->client.text))
                complain_of_removal(b, s, f);
            if (lookup_find(&decided, f->client.text) != LOOKUP_NONE)
                continue;
            draft_number(b, &decided, f->client.text);
            if (f->upstream.text.at)
                m->fields[m->field_count++] = f;
        }
}

static void merge_rest(const struct mapping_scope *narrowest, struct merged *m)
{
    bool has_policy[2] = {false, false};

    m->opaque_count = m->value_count = 0;
    for (const struct mapping_scope *s = narrowest; s; s = s->wider) {
        for (const struct draft_opaque *o = s->opaque; o; o = o->next)
            m->opaque[m->opaque_count++] = o;
        for (struct draft_value *v = s->values; v; v = v->next)
            m->values[m->value_count++] = v;
        for (int d = REQUEST; d <= RESPONSE; d++)
            if (!has_policy[d] && (s->has_collisions[d] || s->kind == SCOPE_GLOBAL)) {
                m->collisions[d] = s->collisions[d];
                has_policy[d] = true;
            }
    }
}

static void prove(struct mapping_builder *b, const struct merged *m)
{
    struct proof_row *rows = draft_zero(b, b->scratch, m->field_count, sizeof *rows);

    for (size_t i = 0; rows && i < m->field_count; i++) {
        const struct draft_field *f = m->fields[i];

        rows[i] = (struct proof_row){.client = f->client,
                                     .upstream = f->upstream,
                                     .client_key = f->client.text,
                                     .upstream_key = f->upstream.text,
                                     .acts = {f->acts[REQUEST], f->acts[RESPONSE]}};
    }
    if (rows)
        proof_bijection(b, rows, m->field_count, "name");
}

/* Upstream names that every reply loses, and the fields they are of. */
struct lost_names {
    struct lookup names;
    const struct draft_field **fields;
};

/* A path with such a name can never match a reply. */
static void advise_on_path(struct mapping_builder *b, const struct lost_names *lost,
                           const struct written *at, const struct json_path *path)
{
    for (size_t i = 0; i < path->count; i++) {
        struct text name = path->steps[i].name;
        size_t number = name.at ? lookup_find(&lost->names, name) : LOOKUP_NONE;

        if (number == LOOKUP_NONE)
            continue;
        const struct written *client = &lost->fields[number]->client;
        if (!draft_tell(b, at->where, client->where))
            continue;
        diag_warning(b->complaints, at->where, "upstream-name",
                     "\"%.*s\" is an upstream name; paths are matched with client names",
                     TEXT_ARG(name));
        diag_hint(b->complaints, "write \"%.*s\" (line %u)", TEXT_ARG(client->text),
                  client->where.line);
    }
}

static void advise(struct mapping_builder *b, const struct merged *m)
{
    struct lost_names lost;

    lookup_init(&lost.names, b->scratch);
    lost.fields = draft_zero(b, b->scratch, m->field_count, sizeof *lost.fields);
    for (size_t i = 0; lost.fields && i < m->field_count; i++) {
        const struct draft_field *f = m->fields[i];

        if (!f->acts[RESPONSE] || f->at.text.at)
            continue;
        size_t number = draft_number(b, &lost.names, f->upstream.text);
        if (number != LOOKUP_NONE)
            lost.fields[number] = f;
    }
    for (size_t i = 0; i < m->opaque_count; i++)
        advise_on_path(b, &lost, &m->opaque[i]->at, &m->opaque[i]->path);
    for (size_t i = 0; i < m->value_count; i++)
        advise_on_path(b, &lost, &m->values[i]->at, &m->values[i]->path);
    for (size_t i = 0; i < m->field_count; i++)
        advise_on_path(b, &lost, &m->fields[i]->at, &m->fields[i]->path);
}

void merge_scope(struct mapping_builder *b, const struct mapping_scope *scope,
                 struct merged *merged_out)
{
    struct merged *m = merged_out;

    *m = (struct merged){0};
    count_all(scope, m);
    m->fields = draft_zero(b, b->scratch, m->field_count, sizeof *m->fields);
    m->opaque = draft_zero(b, b->scratch, m->opaque_count, sizeof *m->opaque);
    m->values = draft_zero(b, b->scratch, m->value_count, sizeof *m->values);
    if (b->no_memory) {
        *m = (struct merged){0};
        return;
    }
    merge_fields(b, scope, m);
    merge_rest(scope, m);
    size_t errors = diag_errors(b->complaints);
    prove(b, m);
    if (diag_errors(b->complaints) == errors)
        advise(b, m);
}
