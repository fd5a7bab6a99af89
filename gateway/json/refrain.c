#include "json/refrain.h"

void refrain_init(struct refrain *f)
{
    memset(f->closed, 0, sizeof f->closed);
    f->learnt = f->told = 0;
}

void refrain_close(struct refrain *f, size_t at, size_t before, size_t depth, bool in_array)
{
    for (size_t d = before + 1; d <= depth && d < REFRAIN_DEPTHS; d++)
        f->closed[d].at = 0; /* those have opened since */
    if (depth == 0 || depth >= REFRAIN_DEPTHS)
        return;
    unsigned from = f->closed[depth].at, first = f->closed[depth].told;

    if (from > 0)
        f->verses[f->learnt++ % REFRAIN_VERSES] = (struct verse){
            from, (unsigned)at - from, first, f->told - first, (unsigned)depth, in_array};
    f->closed[depth].at = (unsigned)at;
    f->closed[depth].told = f->told;
}

const struct verse *refrain_find(const struct refrain *f, const struct skeleton *s, size_t at,
                                 size_t depth, bool in_array)
{
    unsigned known = f->learnt < REFRAIN_VERSES ? f->learnt : REFRAIN_VERSES;

    for (unsigned i = 1; i <= known; i++) {
        const struct verse *v = &f->verses[(f->learnt - i) % REFRAIN_VERSES];

        if (v->depth == depth && v->in_array == in_array && v->len <= s->len - at &&
            memcmp(s->bytes + v->from, s->bytes + at, v->len) == 0)
            return v;
    }
    return NULL;
}
