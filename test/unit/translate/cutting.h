/*
 * cutting.h - one body through a translator, in pieces, for tests
 *
 * Each piece is a copy of its own, so that reading past it is seen by the
 * sanitizers, and whatever the translator keeps of it must be its own.
 */
#ifndef TEST_CUTTING_H
#define TEST_CUTTING_H

#include "base/buf.h"
#include "mapping/lookup.h"
#include "translate/trail.h"
#include "translate/translate.h"

#include <assert.h>
#include <stdlib.h>

/* How a body is cut: every SIZE bytes, or at random from SEED where SIZE is 0. */
struct cut {
    size_t size;
    uint32_t seed;
};

struct counts {
    size_t renamed, revalued, collided, passed_name, passed_value, passed_event;
    uint64_t offsets; /* of all of these, added up */
    size_t unmapped;
    uint64_t paths; /* of those, one after the other */
};

/* What became of a body; cut_fini frees it. */
struct translated {
    struct buf out;
    enum translate_code code;
    struct translate_fault fault;
    struct counts counts;
};

static inline uint32_t cut_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static inline size_t cut_next(struct cut *cut)
{
    return cut->size ? cut->size : cut_random(&cut->seed) % 40;
}

static inline void cut_take(void *owner, struct text span)
{
    assert(span.len > 0);
    buf_add(owner, span);
}

static inline void cut_renamed(void *owner, const struct pair *pair, struct body_place place)
{
    struct counts *c = owner;

    (void)pair;
    c->renamed++;
    c->offsets += place.offset;
}

static inline void cut_revalued(void *owner, const struct value_rule *rule, struct body_place place)
{
    struct counts *c = owner;

    (void)rule;
    c->revalued++;
    c->offsets += place.offset;
}

static inline void cut_collided(void *owner, const struct pair *pair, struct body_place place)
{
    struct counts *c = owner;

    (void)pair;
    c->collided++;
    c->offsets += place.offset;
}

static inline void cut_passed_name(void *owner, const struct pair *pair, struct body_place place)
{
    struct counts *c = owner;

    (void)pair;
    c->passed_name++;
    c->offsets += place.offset;
}

static inline void cut_passed_value(void *owner, const struct value_rule *rule,
                                    struct body_place place)
{
    struct counts *c = owner;

    (void)rule;
    c->passed_value++;
    c->offsets += place.offset;
}

static inline void cut_passed_event(void *owner, const struct translate_fault *fault)
{
    struct counts *c = owner;

    c->passed_event++;
    c->offsets += fault->place.offset;
}

static inline void cut_unmapped(void *owner, enum unmapped kind, struct text name,
                                const struct trail *trail)
{
    struct counts *c = owner;
    struct buf path;

    buf_init(&path, 4096);
    buf_add_byte(&path, (char)kind);
    if (trail)
        trail_write(trail, name, &path);
    else
        buf_add(&path, name);
    assert(!path.failed);
    c->paths = lookup_hash(c->paths, buf_text(&path));
    c->unmapped++;
    buf_fini(&path);
}

static const struct translate_limits CUT_LIMITS = {
    .json_depth = 256, .json_number = 1024, .json_value = 65536};

/* Makes a translator of one kind, such as json_body_new. */
typedef struct translator *cut_maker(const struct translator_task *task);

/* BODY through a translator that MAKE makes. */
static inline struct translated cut_kind(cut_maker *make, const struct mapping *m, enum direction d,
                                         const struct translate_limits *limits, struct text body,
                                         struct cut cut)
{
    struct translated t = {0};
    struct translate_watcher watcher = {.renamed = cut_renamed,
                                        .revalued = cut_revalued,
                                        .collided = cut_collided,
                                        .passed_name = cut_passed_name,
                                        .passed_value = cut_passed_value,
                                        .passed_event = cut_passed_event,
                                        .unmapped = cut_unmapped,
                                        .owner = &t.counts};
    struct translate_scene scene = {.mapping = m,
                                    .upstream_origin = TEXT("http://service:9000"),
                                    .client_origin = TEXT("https://api.example"),
                                    .watcher = &watcher};
    buf_init(&t.out, SIZE_MAX / 2);
    struct translator_task task = {.rules = mapping_global(m),
                                   .direction = d,
                                   .limits = limits,
                                   .scene = &scene,
                                   .watcher = &watcher,
                                   .sink = {cut_take, &t.out}};
    struct translator *translator = make(&task);

    assert(translator);
    while (body.len > 0 && t.code == TRANSLATE_OK) {
        size_t n = cut_next(&cut);
        n = n < body.len ? n : body.len;
        char *piece = malloc(n ? n : 1);

        assert(piece);
        memcpy(piece, body.at, n);
        t.code = translator_piece(translator, text_of(piece, n));
        free(piece);
        body = text_from_offset(body, n);
    }
    if (t.code == TRANSLATE_OK)
        t.code = translator_end(translator);
    t.fault = *translator_fault(translator);
    translator_free(&translator);
    return t;
}

static inline struct translator *cut_json(const struct translator_task *task)
{
    return translator_new(MEDIA_JSON, task);
}

static inline struct translated cut_limited(const struct mapping *m, enum direction d,
                                            const struct translate_limits *limits, struct text body,
                                            struct cut cut)
{
    return cut_kind(cut_json, m, d, limits, body, cut);
}

static inline struct translated cut_translate(const struct mapping *m, enum direction d,
                                              struct text body, struct cut cut)
{
    return cut_limited(m, d, &CUT_LIMITS, body, cut);
}

static inline void cut_fini(struct translated *t)
{
    buf_fini(&t->out);
}

static inline bool cut_same_place(struct body_place a, struct body_place b)
{
    return a.offset == b.offset && a.line == b.line && a.column == b.column;
}

/* True if A and B left the same bytes, with the same verdict, fault and counts. */
static inline bool cut_same(const struct translated *a, const struct translated *b)
{
    return a->code == b->code && text_eq(buf_text(&a->out), buf_text(&b->out)) &&
           memcmp(&a->counts, &b->counts, sizeof a->counts) == 0 &&
           cut_same_place(a->fault.place, b->fault.place) && a->fault.what == b->fault.what &&
           text_eq(a->fault.name, b->fault.name) && cut_same_place(a->fault.first, b->fault.first);
}

/*
 * The I-th way to cut a body, from 0 on: every 1 to 31 bytes, then at random.
 * The body whole is {.size = SIZE_MAX}.
 */
static inline struct cut cut_way(uint32_t i)
{
    return i < 31 ? (struct cut){.size = i + 1} : (struct cut){.seed = i * 7919};
}

enum { CUT_WAYS = 31 + 20 };

#endif
