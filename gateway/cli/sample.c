#include "cli/sample.h"

#include "base/buf.h"
#include "mapping/lookup.h"

enum { PATH_BYTES_MAX = 64 * 1024 };

/* A client template taken apart. */
struct sketch {
    struct text written;   /* absent: what lies below an entry */
    struct text *segments; /* an absent one is a parameter */
    size_t count;
    bool tail;
    struct text key; /* the same for the same set of paths */
};

struct sketches {
    struct sketch *at;
    size_t count;
    struct lookup keys;
};

struct sampler {
    struct arena *arena;
    struct sketches sides[2];
    const struct samples_sink *sink;
    struct buf path;
    bool no_memory;
};

/* --- templates -------------------------------------------------------------------- */

static struct text take_segment(struct text *rest)
{
    struct text after = text_from_offset(*rest, 1);
    struct text segment = text_of(after.at, text_find(after, '/'));

    *rest = text_from_offset(after, segment.len);
    return segment;
}

static void make_key(struct sampler *s, struct sketch *k)
{
    buf_clear(&s->path);
    for (size_t i = 0; i < k->count; i++) {
        buf_add_byte(&s->path, '/');
        buf_add(&s->path, k->segments[i].at ? k->segments[i] : TEXT("{}"));
    }
    if (k->tail)
        buf_add(&s->path, TEXT("/**"));
    k->key = arena_copy(s->arena, buf_text(&s->path));
    if (!k->key.at || s->path.failed)
        s->no_memory = true;
}

/* TEMPLATE's paths, or those below it. */
static struct sketch take_apart(struct sampler *s, struct text template, bool below)
{
    struct sketch k = {.written = below ? (struct text){0} : template, .tail = below};
    size_t count = 0;

    for (size_t i = 0; i < template.len; i++)
        count += template.at[i] == '/';
    k.segments = arena_zero(s->arena, count + 1, sizeof *k.segments);
    s->no_memory |= !k.segments;
    for (struct text rest = template; k.segments && rest.len > 0;) {
        struct text segment = take_segment(&rest);

        if (text_eq(segment, TEXT("**")))
            k.tail = true;
        else if (text_starts(segment, TEXT("{")))
            k.count++;
        else
            k.segments[k.count++] = segment;
    }
    make_key(s, &k);
    return k;
}

static void sketch_side(struct sampler *s, int side, const struct mapping *m)
{
    struct sketches *all = &s->sides[side];
    size_t count;
    const struct route *const *routes = mapping_routes(m, &count);

    lookup_init(&all->keys, s->arena);
    all->at = arena_zero(s->arena, 2 * count + 1, sizeof *all->at);
    s->no_memory |= !all->at;
    for (size_t i = 0; i < 2 * count && !s->no_memory; i++) {
        struct sketch k = take_apart(s, routes[i / 2]->client, i % 2);
        size_t number = lookup_add(&all->keys, k.key);

        s->no_memory |= number == LOOKUP_NONE;
        if (number == all->count) /* else what lies below is an entry itself */
            all->at[all->count++] = k;
    }
}

/* --- paths ------------------------------------------------------------------------ */

static void add_segment(struct sampler *s, struct text segment)
{
    buf_add_byte(&s->path, '/');
    buf_add(&s->path, segment.at ? segment : TEXT("{any}"));
}

static void give(struct sampler *s, struct text label)
{
    struct text path = buf_text(&s->path);

    if (s->path.failed)
        s->no_memory = true;
    else if (path.len > 0)
        s->sink->take(s->sink->owner, path, label.at ? label : path);
}

static struct text segment_at(const struct sketch *k, size_t i)
{
    return i < k->count ? k->segments[i] : (struct text){0};
}

/* The first COUNT segments of K, and EXTRA more. */
static void give_path(struct sampler *s, const struct sketch *k, size_t count, size_t extra,
                      struct text label)
{
    buf_clear(&s->path);
    for (size_t i = 0; i < count + extra; i++)
        add_segment(s, i < count ? k->segments[i] : (struct text){0});
    give(s, label);
}

/* Paths of K alone, but for its own one. */
static void give_others(struct sampler *s, const struct sketch *k)
{
    for (size_t count = 0; count < k->count; count++)
        give_path(s, k, count, 1, (struct text){0});
    for (size_t extra = 0; k->tail && extra <= 2; extra++)
        give_path(s, k, k->count, extra, (struct text){0});
}

/* A path of both A and B, with EXTRA segments that neither names. */
static void give_overlap(struct sampler *s, const struct sketch *a, const struct sketch *b,
                         size_t extra)
{
    size_t count = a->count > b->count ? a->count : b->count;

    if ((a->count < count && !a->tail) || (b->count < count && !b->tail))
        return;
    buf_clear(&s->path);
    for (size_t i = 0; i < count + extra; i++) {
        struct text one = segment_at(a, i), other = segment_at(b, i);

        if (one.at && other.at && !text_eq(one, other))
            return;
        add_segment(s, one.at ? one : other);
    }
    give(s, (struct text){0});
}

static void give_overlaps(struct sampler *s, const struct sketch *k)
{
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < s->sides[side].count && !s->no_memory; i++) {
            const struct sketch *other = &s->sides[side].at[i];

            give_overlap(s, k, other, 0);
            if (k->tail && other->tail)
                give_overlap(s, k, other, 1);
        }
}

bool samples_give(struct arena *arena, const struct mapping *a, const struct mapping *b,
                  const struct samples_sink *sink)
{
    struct sampler s = {.arena = arena, .sink = sink};

    buf_init(&s.path, PATH_BYTES_MAX);
    sketch_side(&s, 0, a);
    sketch_side(&s, 1, b);
    for (int side = 0; side < 2 && !s.no_memory; side++)
        for (size_t i = 0; i < s.sides[side].count; i++) {
            const struct sketch *k = &s.sides[side].at[i];

            if (k->written.at)
                give_path(&s, k, k->count, k->tail, k->written);
        }
    for (int side = 0; side < 2 && !s.no_memory; side++)
        for (size_t i = 0; i < s.sides[side].count; i++) {
            const struct sketch *k = &s.sides[side].at[i];

            give_others(&s, k);
            if (lookup_find(&s.sides[1 - side].keys, k->key) == LOOKUP_NONE)
                give_overlaps(&s, k);
        }
    buf_fini(&s.path);
    return !s.no_memory;
}
