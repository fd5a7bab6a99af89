#include "mapping/lookup.h"

#include <endian.h>

enum { FIRST_ROOM = 8 };

void lookup_init(struct lookup *l, struct arena *arena)
{
    *l = (struct lookup){.arena = arena};
}

static uint64_t stir(uint64_t h)
{
    h *= 0x9E3779B97F4A7C15u;
    return h ^ h >> 29;
}

static uint64_t eight_bytes(const char *at)
{
    uint64_t number;

    memcpy(&number, at, sizeof number);
    return le64toh(number);
}

/* Up to seven bytes, read as the first of eight. */
static uint64_t few_bytes(const char *at, size_t n)
{
    uint64_t number = 0;

    while (n-- > 0)
        number = number << 8 | (unsigned char)at[n];
    return number;
}

uint64_t lookup_hash(uint64_t seed, struct text t)
{
    const char *at = t.at;
    size_t left = t.len;
    uint64_t h = stir(seed ^ (t.len + 1));

    for (; left >= 8; at += 8, left -= 8)
        h = stir(h ^ eight_bytes(at));
    if (left)
        h = stir(h ^ few_bytes(at, left));
    return stir(h);
}

/* The slot where T stands, or the free one where it would. */
static uint32_t *slot_of(const struct lookup *l, struct text t)
{
    size_t mask = 2 * l->room - 1;
    size_t at = lookup_hash(0, t) & mask;

    while (l->slots[at] && !text_eq(l->texts[l->slots[at] - 1], t))
        at = (at + 1) & mask;
    return &l->slots[at];
}

static bool grow(struct lookup *l)
{
    struct lookup wider = *l;

    wider.room = l->room ? 2 * l->room : FIRST_ROOM;
    if (wider.room > UINT32_MAX / 4)
        return false;
    wider.texts = arena_zero(l->arena, wider.room, sizeof *wider.texts);
    wider.slots = arena_zero(l->arena, 2 * wider.room, sizeof *wider.slots);
    if (!wider.texts || !wider.slots)
        return false;
    for (size_t i = 0; i < l->count; i++) {
        wider.texts[i] = l->texts[i];
        *slot_of(&wider, l->texts[i]) = (uint32_t)i + 1;
    }
    *l = wider;
    return true;
}

size_t lookup_find(const struct lookup *l, struct text t)
{
    if (l->count == 0)
        return LOOKUP_NONE;
    uint32_t number = *slot_of(l, t);
    return number ? number - 1 : LOOKUP_NONE;
}

size_t lookup_add(struct lookup *l, struct text t)
{
    size_t known = lookup_find(l, t);

    if (known != LOOKUP_NONE)
        return known;
    if (l->count == l->room && !grow(l))
        return LOOKUP_NONE;
    l->texts[l->count] = t;
    *slot_of(l, t) = (uint32_t)l->count + 1;
    return l->count++;
}
