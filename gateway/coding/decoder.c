#include "coding/coding.h"

#include "coding/engine.h"

#include <assert.h>
#include <stdlib.h>

enum { WINDOW_BYTES = 16 * 1024 };

struct decoder {
    const struct engine_kind *kind;
    struct engine *engine;
    struct coding_limits limits;
    uint64_t taken, given;
    bool begun;
    bool ended;
    char window[WINDOW_BYTES];
};

static const struct {
    struct text name;
    enum coding coding;
} names[] = {
    {{"identity", 8}, CODING_IDENTITY}, {{"gzip", 4}, CODING_GZIP}, {{"x-gzip", 6}, CODING_GZIP},
    {{"deflate", 7}, CODING_DEFLATE},   {{"br", 2}, CODING_BR},     {{"zstd", 4}, CODING_ZSTD},
};

enum coding coding_find(struct text value)
{
    value = text_trim(value);
    if (value.len == 0)
        return CODING_IDENTITY;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (text_eq_nocase(value, names[i].name))
            return names[i].coding;
    return CODING_UNKNOWN;
}

static const struct engine_kind *kind_of(enum coding coding)
{
    switch (coding) {
    case CODING_GZIP:
        return &engine_gzip;
    case CODING_DEFLATE:
        return &engine_deflate;
    case CODING_BR:
        return &engine_br;
    case CODING_ZSTD:
        return &engine_zstd;
    case CODING_IDENTITY:
    case CODING_UNKNOWN:
        break;
    }
    return NULL;
}

struct decoder *decoder_new(enum coding coding, const struct coding_limits *limits)
{
    struct decoder *d = malloc(sizeof *d);

    if (!d)
        return NULL;
    *d = (struct decoder){.kind = kind_of(coding), .limits = *limits};
    assert(d->kind);
    d->engine = d->kind->make();
    if (!d->engine)
        decoder_free(&d);
    return d;
}

void decoder_free(struct decoder **d)
{
    if (!*d)
        return;
    if ((*d)->engine)
        (*d)->kind->destroy((*d)->engine);
    free(*d);
    *d = NULL;
}

/* True if what was given is out of proportion to what was taken. */
static bool is_bomb(const struct decoder *d)
{
    return d->given > d->limits.ratio_from && d->given / d->limits.ratio > d->taken;
}

enum coding_step decoder_next(struct decoder *d, struct text *piece, struct text *out)
{
    size_t before = piece->len, given = 0;

    if (piece->len > 0) {
        if (d->ended && d->kind != &engine_gzip && d->kind != &engine_zstd)
            return CODING_BAD; /* only these two may be followed by another member or frame */
        d->begun = true;
        d->ended = false;
    } else if (d->ended || !d->begun) {
        return CODING_MORE;
    }
    enum coding_step step =
        d->kind->step(d->engine, piece, d->window, sizeof d->window, &given, &d->ended);
    d->taken += before - piece->len;
    d->given += given;
    *out = text_of(d->window, given);
    if (step == CODING_BYTES && is_bomb(d))
        return CODING_BOMB;
    return step;
}

bool decoder_complete(const struct decoder *d)
{
    return d->ended || !d->begun;
}
