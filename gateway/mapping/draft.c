#include "mapping/draft.h"

#include "base/utf8.h"
#include "mapping/builder.h"
#include "json/escape.h"

struct where draft_part(struct written written, size_t offset, size_t bytes)
{
    struct where where = written.where;

    if (offset > written.text.len)
        offset = written.text.len;
    if (bytes > written.text.len - offset)
        bytes = written.text.len - offset;
    where.column += (unsigned)utf8_count(text_of(written.text.at, offset));
    where.width = (unsigned)utf8_count(text_of(written.text.at + offset, bytes));
    return where;
}

bool draft_tell(struct mapping_builder *b, struct where here, struct where other)
{
    unsigned key[] = {here.line, here.column, other.line, other.column};
    struct text text = text_of((const char *)key, sizeof key);

    if (lookup_find(&b->told, text) != LOOKUP_NONE)
        return false;
    text = arena_copy(b->scratch, text);
    if (text.at)
        draft_number(b, &b->told, text);
    return true;
}

void *draft_zero(struct mapping_builder *b, struct arena *arena, size_t count, size_t size)
{
    void *at = arena_zero(arena, count, size);

    if (!at)
        b->no_memory = true;
    return at;
}

size_t draft_number(struct mapping_builder *b, struct lookup *l, struct text t)
{
    size_t number = lookup_add(l, t);

    if (number == LOOKUP_NONE)
        b->no_memory = true;
    return number;
}

struct where draft_lasting(struct mapping_builder *b, struct where where)
{
    if (where.file && where.file != b->file) {
        struct text copy = arena_copy(b->arena, text_from(where.file));

        if (!copy.at)
            b->no_memory = true;
        b->file = where.file;
        b->file_copy = copy.at;
    }
    if (where.file)
        where.file = b->file_copy;
    return where;
}

struct text draft_lower(struct mapping_builder *b, struct text t)
{
    struct text copy = arena_copy(b->arena, t);
    char *at = (char *)copy.at;

    if (!copy.at) {
        b->no_memory = true;
        return TEXT("");
    }
    for (size_t i = 0; i < copy.len; i++)
        if (at[i] >= 'A' && at[i] <= 'Z')
            at[i] |= 0x20;
    return copy;
}

struct text draft_json(struct mapping_builder *b, struct text t)
{
    char space[ESCAPE_MAX * MAPPING_NAME_MAX + 2];
    struct buf json = {.at = space, .capacity = sizeof space, .max = sizeof space};

    escape_write(t, &json);
    struct text copy = arena_copy(b->arena, buf_text(&json));
    if (copy.at)
        return copy;
    b->no_memory = true;
    return TEXT("");
}
