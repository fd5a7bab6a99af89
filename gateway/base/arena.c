#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>

enum { BLOCK_BYTES = 4096 };

struct block {
    struct block *next;
    size_t used, size;
    alignas(max_align_t) char bytes[];
};

struct arena {
    size_t ceiling, handed_out, taken;
    bool full;
    struct block *newest;
};

struct arena *arena_new(size_t ceiling)
{
    struct arena *a = calloc(1, sizeof *a);

    if (a)
        a->ceiling = ceiling;
    return a;
}

void arena_free(struct arena **a)
{
    if (!*a)
        return;
    for (struct block *b = (*a)->newest, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(*a);
    *a = NULL;
}

static struct block *block_for(struct arena *a, size_t size)
{
    size_t room = BLOCK_BYTES - sizeof(struct block);

    if (a->newest && a->newest->size - a->newest->used >= size)
        return a->newest;
    if (room < size)
        room = size;
    struct block *b = malloc(sizeof *b + room);
    if (!b)
        return NULL;
    *b = (struct block){.next = a->newest, .size = room};
    a->taken += sizeof *b + room;
    a->newest = b;
    return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
    size_t align = alignof(max_align_t);

    if (size <= a->ceiling)
        size = (size + align - 1) / align * align;
    if (size > a->ceiling - a->handed_out) {
        a->full = true;
        return NULL;
    }
    struct block *b = block_for(a, size);
    if (!b)
        return NULL;
    void *piece = b->bytes + b->used;
    b->used += size;
    a->handed_out += size;
    return piece;
}

void *arena_zero(struct arena *a, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        return NULL;
    void *piece = arena_alloc(a, count * size);
    return piece ? memset(piece, 0, count * size) : NULL;
}

struct text arena_copy(struct arena *a, struct text t)
{
    char *copy = arena_alloc(a, t.len + 1);

    if (!copy)
        return (struct text){0};
    if (t.len)
        memcpy(copy, t.at, t.len);
    copy[t.len] = 0;
    return text_of(copy, t.len);
}

bool arena_full(const struct arena *a)
{
    return a->full;
}

size_t arena_bytes(const struct arena *a)
{
    return a->taken;
}
