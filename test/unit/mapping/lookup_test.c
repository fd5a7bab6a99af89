#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "mapping/lookup.h"

static void texts_are_numbered_in_order_and_found_again(void **state)
{
    enum { COUNT = 3000 };
    static char texts[COUNT][16];
    struct arena *arena = arena_new(1 << 20);
    struct lookup l;

    (void)state;
    lookup_init(&l, arena);
    assert_true(lookup_find(&l, TEXT("x")) == LOOKUP_NONE);
    for (size_t i = 0; i < COUNT; i++) {
        snprintf(texts[i], sizeof texts[i], "name%zu", i);
        assert_int_equal(lookup_add(&l, text_from(texts[i])), i);
    }
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(lookup_find(&l, text_from(texts[i])), i);
        assert_int_equal(lookup_add(&l, text_from(texts[i])), i);
    }
    assert_true(lookup_find(&l, TEXT("name3000")) == LOOKUP_NONE);
    assert_true(lookup_find(&l, TEXT("")) == LOOKUP_NONE);
    assert_int_equal(l.count, COUNT);
    arena_free(&arena);
}

static void bytes_count_not_strings(void **state)
{
    struct arena *arena = arena_new(1 << 16);
    struct lookup l;

    (void)state;
    lookup_init(&l, arena);
    assert_int_equal(lookup_add(&l, TEXT("a\0b")), 0);
    assert_int_equal(lookup_add(&l, TEXT("a\0c")), 1);
    assert_int_equal(lookup_add(&l, TEXT("a")), 2);
    assert_int_equal(lookup_add(&l, TEXT("")), 3);
    assert_int_equal(lookup_find(&l, TEXT("a\0c")), 1);
    assert_int_equal(lookup_find(&l, TEXT("")), 3);
    arena_free(&arena);
}

/* The digest of a mapping rests on it: a change would look like a changed mapping. */
static void a_hash_is_the_same_everywhere(void **state)
{
    (void)state;
    assert_true(lookup_hash(0, TEXT("dataProductId")) == lookup_hash(0, TEXT("dataProductId")));
    assert_true(lookup_hash(0, TEXT("dataProductId")) != lookup_hash(1, TEXT("dataProductId")));
    assert_true(lookup_hash(0, TEXT("a")) != lookup_hash(0, TEXT("a\0")));
    assert_true(lookup_hash(0, TEXT("")) != lookup_hash(0, TEXT("\0")));
}

static void no_memory_is_told(void **state)
{
    struct arena *arena = arena_new(100);
    struct lookup l;

    (void)state;
    lookup_init(&l, arena);
    assert_true(lookup_add(&l, TEXT("a")) == LOOKUP_NONE);
    assert_true(lookup_find(&l, TEXT("a")) == LOOKUP_NONE);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_numbered_in_order_and_found_again),
        cmocka_unit_test(bytes_count_not_strings),
        cmocka_unit_test(a_hash_is_the_same_everywhere),
        cmocka_unit_test(no_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
