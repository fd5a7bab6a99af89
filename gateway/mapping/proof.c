#include "mapping/proof.h"

/* One side of the rows, by text: the first row that has it, then the next ones. */
struct side {
    struct lookup keys;
    uint32_t *first; /* by key: row + 1 */
    uint32_t *next;  /* by row: the next row of the same key + 1 */
};

struct proof {
    struct mapping_builder *builder;
    const struct proof_row *rows;
    const char *noun;
    struct side client, upstream;
};

static bool overlap(const struct proof_row *a, const struct proof_row *b)
{
    return (a->acts[REQUEST] && b->acts[REQUEST]) || (a->acts[RESPONSE] && b->acts[RESPONSE]);
}

/* True if A was written after B. */
static bool is_later(const struct proof_row *a, const struct proof_row *b)
{
    struct where left = a->client.where, right = b->client.where;

    return left.line != right.line ? left.line > right.line : left.column > right.column;
}

static void complain_of_target(struct proof *p, const struct proof_row *a,
                               const struct proof_row *b)
{
    const struct proof_row *late = is_later(a, b) ? a : b, *early = late == a ? b : a;

    if (!draft_tell(p->builder, late->client.where, early->client.where))
        return;
    diag_error(p->builder->complaints, late->client.where, "two-to-one",
               "upstream %s \"%.*s\" is already the target of \"%.*s\" (line %u)", p->noun,
               TEXT_ARG(late->upstream.text), TEXT_ARG(early->client.text),
               early->client.where.line);
    diag_hint(p->builder->complaints,
              "a reply could not tell which of the two it stands for; remove one, or give them "
              "opposite directions");
}

static void complain_of_source(struct proof *p, const struct proof_row *a,
                               const struct proof_row *b)
{
    const struct proof_row *late = is_later(a, b) ? a : b, *early = late == a ? b : a;

    if (!draft_tell(p->builder, late->client.where, early->client.where))
        return;
    diag_error(p->builder->complaints, late->client.where, "one-to-two",
               "client %s \"%.*s\" already becomes \"%.*s\" (line %u)", p->noun,
               TEXT_ARG(late->client.text), TEXT_ARG(early->upstream.text),
               early->client.where.line);
    diag_hint(p->builder->complaints, "keep one of the two lines");
}

/* ROW has as client side what OTHER has as upstream side. */
static void complain_of_both_sides(struct proof *p, const struct proof_row *row,
                                   const struct proof_row *other)
{
    if (!draft_tell(p->builder, row->client.where, other->client.where))
        return;
    if (row == other) {
        diag_error(p->builder->complaints, row->client.where, "both-sides",
                   "%s \"%.*s\" is mapped to itself", p->noun, TEXT_ARG(row->client.text));
        diag_hint(p->builder->complaints, "what has no entry stays as it is: remove the line");
        return;
    }
    diag_error(p->builder->complaints, row->client.where, "both-sides",
               "%s \"%.*s\" stands on both sides: client %s here, upstream %s of \"%.*s\" "
               "(line %u)",
               p->noun, TEXT_ARG(row->client.text), p->noun, p->noun, TEXT_ARG(other->client.text),
               other->client.where.line);
    diag_hint(p->builder->complaints, "rename or remove one of the two");
}

static bool make_side(struct side *s, struct arena *scratch, size_t count)
{
    lookup_init(&s->keys, scratch);
    s->first = arena_zero(scratch, count, sizeof *s->first);
    s->next = arena_zero(scratch, count, sizeof *s->next);
    return s->first && s->next;
}

/* Adds ROW to S under KEY; NULL, or the row that already had the key and acts in a same direction.
 */
static const struct proof_row *add(struct proof *p, struct side *s, struct text key, size_t row)
{
    size_t number = lookup_add(&s->keys, key);
    const struct proof_row *before = NULL;

    if (number == LOOKUP_NONE) {
        p->builder->no_memory = true;
        return NULL;
    }
    for (uint32_t i = s->first[number]; i && !before; i = s->next[i - 1])
        if (overlap(&p->rows[i - 1], &p->rows[row]))
            before = &p->rows[i - 1];
    if (!before) { /* so that a chain has at most one row a direction */
        s->next[row] = s->first[number];
        s->first[number] = (uint32_t)row + 1;
    }
    return before;
}

void proof_bijection(struct mapping_builder *b, const struct proof_row *rows, size_t count,
                     const char *noun)
{
    struct proof p = {.builder = b, .rows = rows, .noun = noun};

    if (count == 0)
        return;
    if (!make_side(&p.client, b->scratch, count) || !make_side(&p.upstream, b->scratch, count)) {
        b->no_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct proof_row *before = add(&p, &p.client, rows[i].client_key, i);

        if (before)
            complain_of_source(&p, &rows[i], before);
        before = add(&p, &p.upstream, rows[i].upstream_key, i);
        if (before)
            complain_of_target(&p, &rows[i], before);
    }
    for (size_t i = 0; i < count; i++) {
        size_t other = lookup_find(&p.upstream.keys, rows[i].client_key);

        if (other != LOOKUP_NONE && p.upstream.first[other])
            complain_of_both_sides(&p, &rows[i], &rows[p.upstream.first[other] - 1]);
    }
}
