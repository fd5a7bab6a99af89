#include "cli/openapi_edits.h"

#include <stdlib.h>

static bool grow(struct openapi_edits *e)
{
    size_t room = e->room ? e->room * 2 : 64;
    struct openapi_edit *at = arena_zero(e->arena, room, sizeof *at);

    if (!at)
        return false;
    if (e->count)
        memcpy(at, e->at, e->count * sizeof *at);
    e->at = at;
    e->room = room;
    return true;
}

void openapi_edit(struct openapi_edits *e, struct yaml_span span, struct text with)
{
    struct text kept = arena_copy(e->arena, with);

    if (!kept.at || (e->count == e->room && !grow(e))) {
        e->failed = true;
        return;
    }
    e->at[e->count] = (struct openapi_edit){span, kept, e->count};
    e->count++;
    e->sorted = false;
}

static bool is_put_in(const struct openapi_edit *e)
{
    return e->span.from == e->span.to;
}

/*
 * By place; of those that begin at one first what is put in, then the widest,
 * then in the order they were told.
 */
static int by_place(const void *left, const void *right)
{
    const struct openapi_edit *a = left, *b = right;

    if (a->span.from != b->span.from)
        return a->span.from < b->span.from ? -1 : 1;
    if (is_put_in(a) != is_put_in(b))
        return is_put_in(a) ? -1 : 1;
    if (a->span.to != b->span.to)
        return a->span.to > b->span.to ? -1 : 1;
    return a->order < b->order ? -1 : 1;
}

static void sort(struct openapi_edits *e)
{
    if (!e->sorted && e->count)
        qsort(e->at, e->count, sizeof *e->at, by_place);
    e->sorted = true;
}

/* The first edit that begins at FROM or behind it. */
static size_t first_from(const struct openapi_edits *e, size_t from)
{
    size_t low = 0, high = e->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (e->at[middle].span.from < from)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void openapi_edits_write(struct openapi_edits *e, struct text source, struct yaml_span span,
                         struct buf *to)
{
    size_t at = span.from;

    sort(e);
    for (size_t i = first_from(e, span.from); i < e->count && e->at[i].span.from <= span.to; i++) {
        const struct openapi_edit *edit = &e->at[i];

        if (edit->span.from < at || edit->span.to > span.to)
            continue; /* in a piece that is gone, or of a wider one */
        if (is_put_in(edit) && edit->span.from == span.from && span.from > 0 && span.to > span.from)
            continue; /* at the end of what stands before */
        buf_add(to, text_of(source.at + at, edit->span.from - at));
        buf_add(to, edit->with);
        at = edit->span.to;
    }
    buf_add(to, text_of(source.at + at, span.to - at));
    to->failed |= e->failed;
}

bool openapi_edits_touch(struct openapi_edits *e, struct yaml_span span)
{
    sort(e);
    size_t first = first_from(e, span.from);
    return first < e->count && e->at[first].span.to <= span.to;
}
