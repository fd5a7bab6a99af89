/*
 * fuzz.h - what a target is, and what it may say about cuts
 *
 * A target is one function over any bytes that aborts where the gateway
 * breaks a promise.  The same file is linked with a fuzzer, which looks for
 * such bytes, and with replay.c, which runs those that were found before.
 */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include "unit/translate/cutting.h"

#include <inttypes.h>
#include <stdio.h>

/* The target.  Reads LEN BYTES and returns 0, or does not return. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { FUZZ_TOLD_MAX = 1 << 24 };

/* Puts INPUT through a machine of OWNER's in pieces and writes all that came of it to TOLD. */
typedef void fuzz_run(void *owner, struct text input, struct cut cut, struct buf *told);

/* True if CONDITION holds; otherwise says so, with what stands behind it, and aborts. */
#define FUZZ_REQUIRE(condition, ...)                                                               \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "\nbroken: %s\n", #condition);                                         \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fputc('\n', stderr);                                                                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static inline uint32_t fuzz_hash(struct text t)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < t.len; i++)
        hash = (hash ^ (unsigned char)t.at[i]) * 16777619u;
    return hash;
}

/* Appends a line about where and how something ended. */
static inline void fuzz_tell(struct buf *told, const char *word, int64_t number)
{
    char digits[24];

    snprintf(digits, sizeof digits, " %" PRId64, number);
    buf_add_byte(told, '\n');
    buf_add(told, text_from(word));
    buf_add(told, text_from(digits));
}

/* RUN tells the same of INPUT whole, byte by byte, and at two ways of cutting that INPUT picks. */
static inline void fuzz_every_cut(fuzz_run *run, void *owner, struct text input)
{
    uint32_t hash = fuzz_hash(input);
    const struct cut ways[] = {{.size = 1}, {.size = 2 + hash % 30}, {.seed = hash}};
    struct buf whole;

    buf_init(&whole, FUZZ_TOLD_MAX);
    run(owner, input, (struct cut){.size = SIZE_MAX}, &whole);
    assert(!whole.failed);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct buf other;

        buf_init(&other, FUZZ_TOLD_MAX);
        run(owner, input, ways[i], &other);
        FUZZ_REQUIRE(text_eq(buf_text(&whole), buf_text(&other)),
                     "pieces of %zu, seed %u\n--- whole\n%.*s\n--- cut\n%.*s", ways[i].size,
                     ways[i].seed, TEXT_ARG(buf_text(&whole)), TEXT_ARG(buf_text(&other)));
        buf_fini(&other);
    }
    buf_fini(&whole);
}

#endif
