#include "translate/collisions.h"

#include <assert.h>
#include <stdlib.h>

enum { PAIRS_A_BYTE = 4, FIRST_ROOM = 64 };

void collisions_init(struct collisions *c, size_t pair_count)
{
    *c = (struct collisions){.pair_count = pair_count};
}

void collisions_fini(struct collisions *c)
{
    free(c->bits);
    free(c->seen);
    collisions_init(c, c->pair_count);
}

void collisions_clear(struct collisions *c)
{
    c->bits_len = c->seen_len = 0;
}

/* AT with room for at least NEED elements of SIZE bytes; NULL: no memory, AT as it was. */
static void *grow(void *at, size_t need, size_t size, size_t *room)
{
    size_t more = *room ? *room : FIRST_ROOM;

    if (need <= *room)
        return at;
    while (more < need)
        more *= 2;
    void *grown = realloc(at, more * size);
    if (grown)
        *room = more;
    return grown;
}

static bool open_row(struct collisions *c, struct collisions_row *row)
{
    size_t bytes = (c->pair_count + PAIRS_A_BYTE - 1) / PAIRS_A_BYTE;
    unsigned char *bits = grow(c->bits, c->bits_len + bytes, 1, &c->bits_room);

    if (!bits)
        return false;
    c->bits = bits;
    *row = (struct collisions_row){true, c->bits_len, c->seen_len};
    memset(bits + c->bits_len, 0, bytes);
    c->bits_len += bytes;
    return true;
}

bool collisions_note(struct collisions *c, struct collisions_row *row, const struct pair *pair,
                     enum side side, enum side *first_out)
{
    assert(pair->id < c->pair_count);
    if (!row->open && !open_row(c, row))
        return false;
    unsigned char *bits = &c->bits[row->bits_from + pair->id / PAIRS_A_BYTE];
    unsigned shift = pair->id % PAIRS_A_BYTE * 2;

    *first_out = (enum side)(*bits >> shift & 3u);
    if (*first_out == SIDE_NONE)
        *bits |= (unsigned char)((unsigned)side << shift);
    return true;
}

bool collisions_place(struct collisions *c, const struct pair *pair, struct body_place place)
{
    struct seen *seen = grow(c->seen, c->seen_len + 1, sizeof *seen, &c->seen_room);

    if (!seen)
        return false;
    c->seen = seen;
    seen[c->seen_len++] = (struct seen){pair->id, place};
    return true;
}

struct body_place collisions_first(const struct collisions *c, const struct collisions_row *row,
                                   const struct pair *pair)
{
    size_t i = row->seen_from;

    while (i < c->seen_len && c->seen[i].pair != pair->id)
        i++;
    assert(i < c->seen_len);
    return c->seen[i].place;
}
