/*
 * What a splicer takes from the heap: the same for a long text as for a short
 * one; and when the heap gives nothing, it says so and gives all back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "translate/splicer.h"
#include "unit/translate/heap.h"
#include "unit/translate/rules_text.h"

#ifdef TEST_HEAP

static const char RULES[] = "route /api/data-products/{id} /api/workspaces/{id}\n"
                            "field dataProductId workspaceId\n"
                            "field dataProduct workspace\n"
                            "word data product = workspace\n"
                            "map $..kind\nto a b\n"
                            "name $..name\n"
                            "url $..url\n"
                            "words $..text\n"
                            "collisions request reject\n";

static const struct translate_limits LIMITS = {
    .json_depth = 256, .json_number = 1024, .json_value = 65536};

static void count_bytes(void *owner, struct text span)
{
    *(uint64_t *)owner += span.len;
}

static enum translate_code run_pieces(struct splicer *s, struct text body, size_t piece)
{
    enum translate_code code = TRANSLATE_OK;

    for (size_t at = 0; at < body.len && code == TRANSLATE_OK; at += piece)
        code =
            splicer_piece(s, text_of(body.at + at, body.len - at < piece ? body.len - at : piece));
    return code == TRANSLATE_OK ? splicer_end(s) : code;
}

static enum translate_code run_text(const struct mapping *m, struct text body, size_t piece,
                                    uint64_t *left)
{
    static struct splicer s;
    struct translate_scene scene = {
        .mapping = m, .upstream_origin = TEXT("http://a"), .client_origin = TEXT("http://b")};
    struct sink sink = {count_bytes, left};
    enum translate_code code = TRANSLATE_NO_MEMORY;

    if (splicer_init(&s, mapping_global(m), REQUEST, &LIMITS, &scene, NULL, sink))
        code = run_pieces(&s, body, piece);
    splicer_fini(&s);
    return code;
}

static void every_allocation_may_fail(void **state)
{
    struct mapping *m = rules_text(text_from(RULES));
    struct text body =
        TEXT("{\"data\\u0050roductId\":1,\"a\":[[[[[[[[[[{\"dataProduct\":12345}]]]]]]]]]],"
             "\"kind\":\"\\u0061\",\"name\":\"dataProduct\",\"text\":\"a data product\","
             "\"url\":\"http://b/api/data-products/7\"}");
    static const size_t PIECES[] = {1, 7, 1000};

    (void)state;
    for (size_t p = 0; p < 3; p++) {
        size_t granted = 0;
        uint64_t left;

        do {
            size_t live = heap.live;

            left = 0;
            heap.until_none = ++granted;
            heap.refused = false;
            enum translate_code code = run_text(m, body, PIECES[p], &left);
            heap.until_none = 0;
            assert_int_equal(code, heap.refused ? TRANSLATE_NO_MEMORY : TRANSLATE_OK);
            assert_int_equal(heap.live, live);
        } while (heap.refused && granted < 1000);
        heap.refused = false;
        assert_in_range(granted, 5, 100);
        assert_true(left > 100);
    }
    mapping_unref(&m);
}

/* COUNT times the text UNIT between BEFORE and AFTER. */
static struct buf repeat(const char *before, const char *unit, size_t count, const char *after)
{
    struct buf b;

    buf_init(&b, 1 << 26);
    buf_add(&b, text_from(before));
    for (size_t i = 0; i < count; i++)
        buf_add(&b, text_from(unit));
    buf_add(&b, text_from(after));
    assert_false(b.failed);
    return b;
}

static void the_peak_does_not_grow_with_the_text(void **state)
{
    static const struct {
        const char *before, *unit, *after;
    } TEXTS[] = {{"{\"note\":\"", "a long string goes on, ", "\"}"},
                 {"{\"", "a long key goes on, ", "\":1}"},
                 {"{\"text\":\"", "a long value at a path, ", "\"}"},
                 {"{\"text\":\"", "\\u0061\\n\\ud83d\\ude00", "\"}"},
                 {"[0", ",-12345.678e9", "]"},
                 {"[0", ",{\"dataProductId\":[\"x\",{\"dataProduct\":true}]}", "]"},
                 {"[", "                                  ", "]"},
                 {"{\"dataProductId\":0", ",\"dataProductId\":0", "}"}};
    static const size_t PIECES[] = {1448, 1 << 26};
    struct mapping *m = rules_text(text_from(RULES));

    (void)state;
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++)
        for (size_t p = 0; p < 2; p++) {
            struct buf b = repeat(TEXTS[i].before, TEXTS[i].unit, 200000, TEXTS[i].after);
            uint64_t left = 0;
            size_t live = heap.peak = heap.live;

            assert_int_equal(run_text(m, buf_text(&b), PIECES[p], &left), TRANSLATE_OK);
            assert_in_range(left, b.len / 2, b.len * 2);
            /* A value held up to its ceiling, in a buffer that doubles. */
            assert_in_range(heap.peak - live, 1, 2 * LIMITS.json_value + 16384);
            buf_fini(&b);
        }
    mapping_unref(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail),
                                       cmocka_unit_test(the_peak_does_not_grow_with_the_text)};

    return heap_is_ours() ? cmocka_run_group_tests(tests, NULL, NULL) : heap_passes_over();
}

#else

int main(void)
{
    return heap_passes_over();
}

#endif
