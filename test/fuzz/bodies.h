/*
 * bodies.h - bodies in the targets that translate them
 *
 * The first byte of an input says how the rest is translated, so that one
 * corpus holds both directions, roomy and tight limits, and both ways with
 * collisions.  Any byte is good; seeds use '0' to '?'.
 */
#ifndef TEST_FUZZ_BODIES_H
#define TEST_FUZZ_BODIES_H

#include "fuzz/fuzz.h"
#include "unit/translate/rules_text.h"

enum { BODY_RESPONSE = 1, BODY_TIGHT = 2, BODY_KEEP = 4, BODY_OTHER = 8 };

/* The rules of all targets that translate bodies; those the oracle knows too stand first. */
#define BODY_RULES                                                                                 \
    "field dataProductId workspaceId\n"                                                            \
    "field dataProduct workspace\n"                                                                \
    "field größe si\"ze\n"                                                                       \
    "field up above request\n"                                                                     \
    "field down below response\n"                                                                  \
    "field productId wid both $.items[*]\n"                                                        \
    "opaque $..rows\n"                                                                             \
    "opaque $.dataProduct.raw\n"                                                                   \
    "map $..kind\n"                                                                                \
    "to data_product workspace\n"                                                                  \
    "to é e\n"                                                                                    \
    "name $.field\n"                                                                               \
    "url $..links.*\n"                                                                             \
    "words $..message\n"                                                                           \
    "word data product = workspace\n"                                                              \
    "names_in sort\n"                                                                              \
    "route /d/{x} /w/{x}\n"

static const struct translate_limits BODY_ROOMY = {.json_depth = 3000,
                                                   .json_number = 1 << 16,
                                                   .json_value = 65536,
                                                   .event = 65536,
                                                   .record = 65536};
static const struct translate_limits BODY_NARROW = {
    .json_depth = 6, .json_number = 17, .json_value = 20, .event = 48, .record = 48};

struct body {
    cut_maker *make;
    const struct mapping *mapping;
    enum direction direction;
    const struct translate_limits *limits;
};

/* The mapping of BODY_RULES with one policy in both directions, made once. */
static inline const struct mapping *body_mapping(bool keep)
{
    static struct mapping *made[2];

    if (!made[keep])
        made[keep] = rules_text(keep ? TEXT(BODY_RULES "collisions request keep\n"
                                                       "collisions response keep\n")
                                     : TEXT(BODY_RULES "collisions request reject\n"
                                                       "collisions response reject\n"));
    return made[keep];
}

/* What FLAGS say about a body that MAKE translates. */
static inline struct body body_of(cut_maker *make, int flags)
{
    return (struct body){.make = make,
                         .mapping = body_mapping(flags & BODY_KEEP),
                         .direction = flags & BODY_RESPONSE ? RESPONSE : REQUEST,
                         .limits = flags & BODY_TIGHT ? &BODY_NARROW : &BODY_ROOMY};
}

static inline void body_tell_place(struct buf *told, const char *word, struct body_place p)
{
    fuzz_tell(told, word, (int64_t)p.offset);
    fuzz_tell(told, "line", (int64_t)p.line);
    fuzz_tell(told, "column", (int64_t)p.column);
}

/* A fuzz_run: what leaves, the verdict, the fault and what the watcher saw. */
static inline void body_run(void *owner, struct text input, struct cut cut, struct buf *told)
{
    const struct body *b = owner;
    struct translated t = cut_kind(b->make, b->mapping, b->direction, b->limits, input, cut);

    buf_add(told, buf_text(&t.out));
    fuzz_tell(told, "verdict", t.code);
    if (t.code != TRANSLATE_OK) {
        FUZZ_REQUIRE(t.fault.code == t.code && t.fault.what, "verdict %d", (int)t.code);
        FUZZ_REQUIRE(t.fault.place.offset <= input.len, "offset %" PRIu64, t.fault.place.offset);
        fuzz_tell(told, t.fault.what, 0);
        body_tell_place(told, "offset", t.fault.place);
        buf_add(told, t.fault.name);
        body_tell_place(told, "first", t.fault.first);
    }
    fuzz_tell(told, "renamed", (int64_t)t.counts.renamed);
    fuzz_tell(told, "revalued", (int64_t)t.counts.revalued);
    fuzz_tell(told, "collided", (int64_t)t.counts.collided);
    fuzz_tell(told, "passed name", (int64_t)t.counts.passed_name);
    fuzz_tell(told, "passed value", (int64_t)t.counts.passed_value);
    fuzz_tell(told, "passed event", (int64_t)t.counts.passed_event);
    fuzz_tell(told, "offsets", (int64_t)t.counts.offsets);
    cut_fini(&t);
}

#endif
