/* Event streams: what an open one takes from the heap, and what it does when there is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/translate/cutting.h"
#include "unit/translate/heap.h"
#include "unit/translate/rules_text.h"

#include "translate/translator.h"

#ifdef TEST_HEAP

static const char RULES[] = "field dataProductId workspaceId\n"
                            "field dataProduct workspace\n"
                            "map $..kind\nto data_product workspace\n";

static const char STREAM[] =
    ": comment\n\nevent: delta\ndata: {\"workspaceId\":1,\ndata: \"a\":2}\n\n"
    "data: {\"kind\":\"\\u0077orkspace\",\"a\":[[[[[[[[[[]]]]]]]]]]}\r\n\r\n"
    "data: [DONE]\n\n";
static const char UNFINISHED[] = "data: {\"workspaceId\":1,\"kind\":\"\\u0077orkspace\"}\n\n: c\n"
                                 "data: [DONE]\n\nid: 1\ndata: {\"workspace\":\ndata: 2";

enum { CEILING = 1 << 20 };

static void count_bytes(void *owner, struct text span)
{
    *(uint64_t *)owner += span.len;
}

struct counting {
    struct translate_limits limits;
    struct translate_scene scene;
    uint64_t left;
};

static struct translator *counting_stream(struct counting *c, const struct mapping *rules)
{
    c->limits = CUT_LIMITS;
    c->limits.event = CEILING;
    c->scene = (struct translate_scene){.mapping = rules};
    struct translator_task task = {.rules = mapping_global(rules),
                                   .direction = RESPONSE,
                                   .limits = &c->limits,
                                   .scene = &c->scene,
                                   .sink = {count_bytes, &c->left}};
    return event_stream_new(&task);
}

static void an_idle_stream_costs_little(void **state)
{
    static struct counting c;
    struct mapping *rules = rules_text(text_from(RULES));
    size_t before = heap.live;
    struct translator *t = counting_stream(&c, rules);

    (void)state;
    for (int i = 0; i < 100; i++)
        assert_int_equal(translator_piece(t, text_from(STREAM)), TRANSLATE_OK);
    size_t idle = heap.live - before;
    assert_int_equal(translator_piece(t, TEXT("data: {\"workspaceId\":1,")), TRANSLATE_OK);
    print_message("an idle event stream: %zu bytes; a short event in it: %zu\n", idle,
                  heap.live - before - idle);
    assert_in_range(idle, 100, 512);
    assert_in_range(heap.live - before - idle, 1, 256);
    translator_free(&t);
    assert_int_equal(heap.live, before);
    mapping_unref(&rules);
}

static void no_event_takes_more_than_the_ceiling(void **state)
{
    static const char *const UNITS[] = {"{\"workspaceId\":\"", "x", "a: b\n", "data: [1,\n"};
    static struct counting c;
    struct mapping *rules = rules_text(text_from(RULES));

    (void)state;
    for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++) {
        struct text unit = text_from(UNITS[i]);
        size_t before = heap.peak = heap.live;
        struct translator *t = counting_stream(&c, rules);

        c.left = 0;
        assert_int_equal(translator_piece(t, TEXT("data: ")), TRANSLATE_OK);
        for (size_t n = 0; n < (8u << 20) / unit.len; n++)
            assert_int_equal(translator_piece(t, unit), TRANSLATE_OK);
        assert_in_range(c.left, 7u << 20, 9u << 20);
        /* What is held, in a buffer that doubles and once moves. */
        assert_in_range(heap.peak - before, 1, (2u << 20) + (1u << 16));
        assert_in_range(heap.live - before, 1, 1u << 17);
        translator_free(&t);
    }
    mapping_unref(&rules);
}

static enum translate_code run_granted(const struct mapping *rules, struct text stream,
                                       size_t piece)
{
    static struct counting c;
    struct translator *t = counting_stream(&c, rules);
    enum translate_code code = t ? TRANSLATE_OK : TRANSLATE_NO_MEMORY;

    for (size_t at = 0; at < stream.len && code == TRANSLATE_OK; at += piece)
        code = translator_piece(
            t, text_of(stream.at + at, stream.len - at < piece ? stream.len - at : piece));
    if (code == TRANSLATE_OK)
        code = translator_end(t);
    if (t)
        assert_int_equal(translator_fault(t)->code, code);
    translator_free(&t);
    return code;
}

static void every_allocation_may_fail(void **state)
{
    struct mapping *rules = rules_text(text_from(RULES));
    size_t granted = 0;

    (void)state;
    do {
        size_t live = heap.live;

        heap.until_none = ++granted;
        heap.refused = false;
        enum translate_code code = run_granted(rules, text_from(UNFINISHED), 1 + granted % 5);
        heap.until_none = 0;
        assert_int_equal(code, heap.refused ? TRANSLATE_NO_MEMORY : TRANSLATE_OK);
        assert_int_equal(heap.live, live);
    } while (heap.refused && granted < 1000);
    heap.refused = false;
    assert_in_range(granted, 10, 100);
    mapping_unref(&rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_idle_stream_costs_little),
                                       cmocka_unit_test(no_event_takes_more_than_the_ceiling),
                                       cmocka_unit_test(every_allocation_may_fail)};

    return heap_is_ours() ? cmocka_run_group_tests(tests, NULL, NULL) : heap_passes_over();
}

#else

int main(void)
{
    return heap_passes_over();
}

#endif
