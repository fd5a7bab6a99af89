#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"

static void writes_add_up(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1000);
    buf_add(&b, TEXT("GET "));
    buf_add_byte(&b, '/');
    buf_add_u64(&b, 0);
    buf_add_byte(&b, ' ');
    buf_add_u64(&b, UINT64_MAX);
    buf_add(&b, (struct text){0});
    assert_true(text_eq(buf_text(&b), TEXT("GET /0 18446744073709551615")));
    assert_false(b.failed);
    buf_fini(&b);
}

static void millionths_are_a_decimal_fraction(void **state)
{
    static const struct {
        uint64_t micro;
        const char *written;
    } cases[] = {{0, "0.000000"},         {1, "0.000001"},
                 {999999, "0.999999"},    {1000000, "1.000000"},
                 {70004020, "70.004020"}, {UINT64_MAX, "18446744073709.551615"}};
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf_clear(&b);
        buf_add_micro(&b, cases[i].micro);
        assert_true(text_eq(buf_text(&b), text_from(cases[i].written)));
    }
    buf_fini(&b);
}

static void an_empty_one_is_an_empty_text(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 10);
    assert_non_null(buf_text(&b).at);
    assert_int_equal(buf_text(&b).len, 0);
    buf_drop(&b, 0);
    buf_fini(&b);
}

static void the_ceiling_holds_and_failure_sticks(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 8);
    buf_add(&b, TEXT("12345678"));
    assert_false(b.failed);
    buf_add_byte(&b, '9');
    assert_true(b.failed);
    assert_true(text_eq(buf_text(&b), TEXT("12345678")));
    buf_drop(&b, 8);
    buf_add_byte(&b, '9');
    assert_int_equal(b.len, 0);
    buf_clear(&b);
    buf_add_byte(&b, '9');
    assert_false(b.failed);
    assert_true(text_eq(buf_text(&b), TEXT("9")));
    buf_fini(&b);
}

static void a_write_past_the_ceiling_leaves_nothing_of_itself(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 8);
    buf_add(&b, TEXT("123456"));
    buf_add(&b, TEXT("789"));
    assert_true(b.failed);
    assert_true(text_eq(buf_text(&b), TEXT("123456")));
    buf_fini(&b);
}

static void growth_keeps_what_was_there(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100000);
    for (unsigned i = 0; i < 100000; i++)
        buf_add_byte(&b, (char)(i % 251));
    assert_false(b.failed);
    assert_int_equal(b.len, 100000);
    for (unsigned i = 0; i < 100000; i++)
        assert_int_equal((unsigned char)b.at[i], i % 251);
    assert_int_equal(b.capacity, 100000);
    buf_fini(&b);
}

static void dropped_bytes_go_from_the_front(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    buf_add(&b, TEXT("abcdef"));
    buf_drop(&b, 2);
    assert_true(text_eq(buf_text(&b), TEXT("cdef")));
    buf_drop(&b, 4);
    assert_int_equal(b.len, 0);
    buf_fini(&b);
}

static void room_is_counted_only_when_it_is_used(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    char *room = buf_room(&b, 100);
    assert_non_null(room);
    memset(room, 'x', 100);
    assert_int_equal(b.len, 0);
    b.len = 100;
    assert_null(buf_room(&b, 1));
    assert_true(b.failed);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_add_up),
        cmocka_unit_test(millionths_are_a_decimal_fraction),
        cmocka_unit_test(an_empty_one_is_an_empty_text),
        cmocka_unit_test(the_ceiling_holds_and_failure_sticks),
        cmocka_unit_test(a_write_past_the_ceiling_leaves_nothing_of_itself),
        cmocka_unit_test(growth_keeps_what_was_there),
        cmocka_unit_test(dropped_bytes_go_from_the_front),
        cmocka_unit_test(room_is_counted_only_when_it_is_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
