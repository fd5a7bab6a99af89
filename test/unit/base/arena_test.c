#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdalign.h>

#include "base/arena.h"

static void pieces_are_aligned_and_apart(void **state)
{
    struct arena *a = arena_new(100000);
    char *before = NULL;

    (void)state;
    for (size_t size = 1; size < 200; size += 7) {
        char *piece = arena_alloc(a, size);

        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % alignof(max_align_t), 0);
        memset(piece, (int)size, size);
        if (before)
            assert_int_equal(*before, (char)(size - 7));
        before = piece;
    }
    arena_free(&a);
    assert_null(a);
}

static void nothing_is_handed_out_past_the_ceiling(void **state)
{
    struct arena *a = arena_new(64);

    (void)state;
    assert_null(arena_alloc(a, 65));
    assert_non_null(arena_alloc(a, 48));
    assert_null(arena_alloc(a, 32));
    assert_non_null(arena_alloc(a, 16));
    assert_null(arena_alloc(a, 1));
    assert_null(arena_alloc(a, SIZE_MAX));
    assert_null(arena_alloc(a, SIZE_MAX - 8));
    arena_free(&a);
}

static void products_that_overflow_are_refused(void **state)
{
    struct arena *a = arena_new(SIZE_MAX);

    (void)state;
    assert_null(arena_zero(a, SIZE_MAX / 2, 3));
    assert_null(arena_zero(a, 3, SIZE_MAX / 2));
    arena_free(&a);
}

static void cleared_pieces_are_clear(void **state)
{
    struct arena *a = arena_new(4096);
    char *piece = arena_zero(a, 10, 30);

    (void)state;
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(piece[i], 0);
    arena_free(&a);
}

static void copies_end_with_nul_and_outlive_their_source(void **state)
{
    struct arena *a = arena_new(4096);
    char source[] = "ab\0c";
    struct text copy = arena_copy(a, text_of(source, 4));

    (void)state;
    memset(source, 'x', sizeof source);
    assert_true(text_eq(copy, TEXT("ab\0c")));
    assert_int_equal(copy.at[4], 0);
    assert_null(arena_copy(a, text_of(source, 5000)).at);
    arena_free(&a);
}

static void a_big_piece_gets_a_block_of_its_own(void **state)
{
    struct arena *a = arena_new(1 << 20);
    char *big = arena_alloc(a, 100000);

    (void)state;
    assert_non_null(big);
    memset(big, 1, 100000);
    assert_non_null(arena_alloc(a, 10));
    assert_true(arena_bytes(a) >= 100010);
    assert_true(arena_bytes(a) < 120000);
    arena_free(&a);
}

static void only_the_ceiling_makes_it_full(void **state)
{
    struct arena *a = arena_new(100);

    (void)state;
    assert_non_null(arena_alloc(a, 96));
    assert_false(arena_full(a));
    assert_null(arena_alloc(a, 5));
    assert_true(arena_full(a));
    arena_free(&a);
}

static void no_arena_is_freed_in_peace(void **state)
{
    struct arena *a = NULL;

    (void)state;
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_apart),
        cmocka_unit_test(nothing_is_handed_out_past_the_ceiling),
        cmocka_unit_test(products_that_overflow_are_refused),
        cmocka_unit_test(cleared_pieces_are_clear),
        cmocka_unit_test(copies_end_with_nul_and_outlive_their_source),
        cmocka_unit_test(a_big_piece_gets_a_block_of_its_own),
        cmocka_unit_test(only_the_ceiling_makes_it_full),
        cmocka_unit_test(no_arena_is_freed_in_peace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
