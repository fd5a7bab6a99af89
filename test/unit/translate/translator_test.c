/* Media types, ceilings and what the watcher is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/translate/cutting.h"
#include "unit/translate/rules_text.h"

static void json_is_known_by_its_type(void **state)
{
    static const char *const JSON[] = {
        "application/json",    "Application/JSON",          "application/json; charset=utf-8",
        "application/json ;x", " application/problem+json", "application/vnd.a.b+JSON;v=1"};
    static const char *const OTHER[] = {"",
                                        "json",
                                        "+json",
                                        "x+json",
                                        "application/jsonp",
                                        "application/json-patch",
                                        "text/plain",
                                        "text/html; application/json",
                                        "application/x-json"};
    (void)state;
    for (size_t i = 0; i < sizeof JSON / sizeof *JSON; i++)
        assert_int_equal(media_of(text_from(JSON[i])), MEDIA_JSON);
    for (size_t i = 0; i < sizeof OTHER / sizeof *OTHER; i++)
        assert_int_equal(media_of(text_from(OTHER[i])), MEDIA_OTHER);
    assert_int_equal(media_of((struct text){0}), MEDIA_OTHER);
}

/* BODY at every cut under LIMITS; all agree.  The caller frees what it gets. */
static struct translated everywhere(const struct mapping *m, enum direction d,
                                    const struct translate_limits *limits, struct text body)
{
    struct translated whole = cut_limited(m, d, limits, body, (struct cut){.size = SIZE_MAX});

    for (uint32_t i = 0; i < CUT_WAYS; i++) {
        struct translated other = cut_limited(m, d, limits, body, cut_way(i));

        assert_true(cut_same(&whole, &other));
        cut_fini(&other);
    }
    return whole;
}

static void a_value_past_its_ceiling_passes_untouched(void **state)
{
    struct translate_limits limits = {.json_depth = 8, .json_number = 8, .json_value = 9};
    struct mapping *m = rules_text(TEXT("map $.v\nto 123456789 x\nto é e\n"));

    (void)state;
    struct translated t = everywhere(m, REQUEST, &limits, TEXT("{\"v\":\"123456789\"}"));
    assert_true(text_eq(buf_text(&t.out), TEXT("{\"v\":\"x\"}")));
    assert_int_equal(t.counts.revalued, 1);
    assert_int_equal(t.counts.passed_value, 0);
    assert_int_equal(t.counts.offsets, 5);
    cut_fini(&t);
    /* The ceiling is of the bytes as they stand: with an escape this is 14. */
    t = everywhere(m, REQUEST, &limits, TEXT("{\"v\":\"12345678\\u0039\"}"));
    assert_true(text_eq(buf_text(&t.out), TEXT("{\"v\":\"12345678\\u0039\"}")));
    assert_int_equal(t.counts.revalued, 0);
    assert_int_equal(t.counts.passed_value, 1);
    cut_fini(&t);
    t = everywhere(m, REQUEST, &limits, TEXT("{\"v\":\"\\u00e9\"}"));
    assert_true(text_eq(buf_text(&t.out), TEXT("{\"v\":\"e\"}")));
    cut_fini(&t);
    mapping_unref(&m);
}

static void the_longest_name_may_be_escaped_in_full(void **state)
{
    struct mapping *m = rules_text(TEXT("field abc x\nfield größe size\n"));
    struct text body = TEXT("{\"\\u0061\\u0062\\u0063\":1,\"gr\\u00f6\\u00dfe\":2}");

    (void)state;
    struct translated t = everywhere(m, REQUEST, &CUT_LIMITS, body);
    assert_true(text_eq(buf_text(&t.out), TEXT("{\"x\":1,\"size\":2}")));
    assert_int_equal(t.counts.renamed, 2);
    cut_fini(&t);
    mapping_unref(&m);
}

static void names_that_had_arrived_already_are_counted(void **state)
{
    struct mapping *m = rules_text(TEXT("field a x\nfield b y request\n"
                                        "collisions request keep\n"));

    (void)state;
    struct translated t =
        everywhere(m, REQUEST, &CUT_LIMITS, TEXT("{\"x\":{\"y\":1},\"a\":2,\"x\":3,\"b\":4}"));
    assert_true(text_eq(buf_text(&t.out), TEXT("{\"x\":{\"y\":1},\"a\":2,\"x\":3,\"y\":4}")));
    assert_int_equal(t.counts.passed_name, 3);
    assert_int_equal(t.counts.collided, 1);
    assert_int_equal(t.counts.renamed, 1);
    cut_fini(&t);
    mapping_unref(&m);
}

static void depth_is_limited(void **state)
{
    struct mapping *m = rules_text(TEXT("field a x\n"));
    struct buf b;

    (void)state;
    for (size_t depth = 255; depth <= 257; depth++) {
        buf_init(&b, 4096);
        for (size_t i = 0; i < depth; i++)
            buf_add(&b, i % 2 ? TEXT("{\"a\":") : TEXT("["));
        buf_add(&b, TEXT("0"));
        for (size_t i = depth; i-- > 0;)
            buf_add(&b, i % 2 ? TEXT("}") : TEXT("]"));
        struct translated t = everywhere(m, RESPONSE, &CUT_LIMITS, buf_text(&b));
        assert_int_equal(t.code, depth <= 256 ? TRANSLATE_OK : TRANSLATE_INVALID_JSON);
        if (depth > 256)
            assert_int_equal(t.fault.place.offset, 128 * 6);
        cut_fini(&t);
        buf_fini(&b);
    }
    mapping_unref(&m);
}

/* Rows of many pairs, opened and closed at many depths: each object has its own. */
static void every_object_has_its_own_collisions(void **state)
{
    struct buf rules, body, want;
    char line[80];

    (void)state;
    buf_init(&rules, 1 << 16);
    buf_init(&body, 1 << 20);
    buf_init(&want, 1 << 20);
    for (int i = 0; i < 50; i++) {
        snprintf(line, sizeof line, "field c%d u%d\n", i, i);
        buf_add(&rules, text_from(line));
    }
    buf_add(&rules, TEXT("collisions response keep\n"));
    for (int i = 0; i < 50; i++) {
        /* Even ones come upstream name first, odd ones client name first. */
        snprintf(line, sizeof line, "{\"%c%d\":0,\"%c%d\":0,\"o\":", i % 2 ? 'c' : 'u', i,
                 i % 2 ? 'u' : 'c', i);
        buf_add(&body, text_from(line));
        snprintf(line, sizeof line, "{\"%c%d\":0,\"%c%d\":0,\"o\":", 'c', i, 'u', i);
        buf_add(&want, text_from(line));
    }
    buf_add(&body, TEXT("0"));
    buf_add(&want, TEXT("0"));
    for (int i = 49; i >= 0; i--) {
        snprintf(line, sizeof line, ",\"u%d\":1}", i);
        buf_add(&body, text_from(line));
        snprintf(line, sizeof line, ",\"%c%d\":1}", i % 2 ? 'u' : 'c', i);
        buf_add(&want, text_from(line));
    }
    struct mapping *m = rules_text(buf_text(&rules));
    struct translated t = everywhere(m, RESPONSE, &CUT_LIMITS, buf_text(&body));
    assert_int_equal(t.code, TRANSLATE_OK);
    assert_true(text_eq(buf_text(&t.out), buf_text(&want)));
    assert_int_equal(t.counts.collided, 50 + 25);
    cut_fini(&t);
    mapping_unref(&m);
    buf_fini(&rules);
    buf_fini(&body);
    buf_fini(&want);
}

static void rules_that_do_nothing_still_judge(void **state)
{
    struct mapping *m = rules_text(TEXT(""));

    (void)state;
    struct translated t =
        everywhere(m, REQUEST, &CUT_LIMITS, TEXT("{\"a\":\"\\u0041\",\"b\":[1]}"));
    assert_int_equal(t.code, TRANSLATE_OK);
    assert_true(text_eq(buf_text(&t.out), TEXT("{\"a\":\"\\u0041\",\"b\":[1]}")));
    cut_fini(&t);
    t = everywhere(m, REQUEST, &CUT_LIMITS, TEXT("{\"a\":1,}"));
    assert_int_equal(t.code, TRANSLATE_INVALID_JSON);
    assert_int_equal(t.fault.place.offset, 7);
    cut_fini(&t);
    mapping_unref(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(json_is_known_by_its_type),
                                       cmocka_unit_test(a_value_past_its_ceiling_passes_untouched),
                                       cmocka_unit_test(the_longest_name_may_be_escaped_in_full),
                                       cmocka_unit_test(names_that_had_arrived_already_are_counted),
                                       cmocka_unit_test(depth_is_limited),
                                       cmocka_unit_test(every_object_has_its_own_collisions),
                                       cmocka_unit_test(rules_that_do_nothing_still_judge)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
