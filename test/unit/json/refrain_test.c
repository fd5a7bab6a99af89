/* A refrain: what comes again, and where alone it means the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/refrain.h"

static struct skeleton skeleton_of(struct text bones)
{
    struct skeleton s = {.len = bones.len};

    memcpy(s.bytes, bones.at, bones.len);
    return s;
}

static void a_row_is_a_verse_where_it_stands(void **state)
{
    static struct refrain f;
    struct skeleton s = skeleton_of(TEXT("[{},{},{},[]"));
    const struct verse *v;

    (void)state;
    refrain_init(&f);
    refrain_close(&f, 3, 0, 1, true);
    assert_null(refrain_find(&f, &s, 3, 1, true)); /* one bracket is no row yet */
    refrain_tell(&f, 'o');
    refrain_tell(&f, 'c');
    refrain_close(&f, 6, 1, 1, true);
    v = refrain_find(&f, &s, 6, 1, true);
    assert_non_null(v);
    assert_int_equal(v->len, 3);
    assert_int_equal(v->events, 2);
    assert_memory_equal(f.score + v->first, "oc", 2);
    assert_null(refrain_find(&f, &s, 6, 2, true));  /* deeper */
    assert_null(refrain_find(&f, &s, 6, 1, false)); /* in an object */
    assert_null(refrain_find(&f, &s, 9, 1, true));  /* other bytes */
    assert_null(refrain_find(&f, &s, 10, 1, true)); /* too few of them */
}

static void a_row_never_spans_two_containers(void **state)
{
    static struct refrain f;
    struct skeleton s = skeleton_of(TEXT("[[{}],[{}],[{}],[{}]"));

    (void)state;
    refrain_init(&f);
    refrain_close(&f, 4, 0, 2, true); /* [[{} */
    refrain_close(&f, 5, 2, 1, true); /* ] */
    refrain_close(&f, 9, 1, 2, true); /* ,[{} stands in another array than the one at depth 2 did */
    assert_null(refrain_find(&f, &s, 9, 2, true));
    refrain_close(&f, 10, 2, 1, true); /* ] */
    assert_int_equal(f.learnt, 1);
    assert_int_equal(refrain_find(&f, &s, 10, 1, true)->len, 5);
    refrain_again(&f, 15, 1);
    assert_int_equal(refrain_find(&f, &s, 15, 1, true)->len, 5);
}

static void depths_beyond_the_limit_are_left_to_the_grammar(void **state)
{
    static struct refrain f;

    (void)state;
    refrain_init(&f);
    for (unsigned i = 1; i < 9; i++)
        refrain_close(&f, i, REFRAIN_DEPTHS, REFRAIN_DEPTHS, true);
    refrain_close(&f, 9, REFRAIN_DEPTHS, 0, false);
    assert_int_equal(f.learnt, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_a_verse_where_it_stands),
        cmocka_unit_test(a_row_never_spans_two_containers),
        cmocka_unit_test(depths_beyond_the_limit_are_left_to_the_grammar)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
