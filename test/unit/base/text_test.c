#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

static void views_compare_bytes_and_length(void **state)
{
    (void)state;
    assert_true(text_eq(TEXT("a\0b"), text_of("a\0b", 3)));
    assert_false(text_eq(TEXT("a\0b"), TEXT("a\0c")));
    assert_false(text_eq(TEXT("ab"), TEXT("abc")));
    assert_true(text_eq(TEXT(""), (struct text){0}));
}

static void case_is_ignored_for_ascii_letters_only(void **state)
{
    (void)state;
    assert_true(text_eq_nocase(TEXT("Content-TYPE"), TEXT("content-type")));
    assert_false(text_eq_nocase(TEXT("@"), TEXT("`")));
    assert_false(text_eq_nocase(TEXT("["), TEXT("{")));
    assert_false(text_eq_nocase(TEXT("\xc4"), TEXT("\xe4")));
    assert_false(text_eq_nocase(TEXT("a"), TEXT("ab")));
}

static void an_absent_text_differs_from_none(void **state)
{
    (void)state;
    assert_null(text_from(NULL).at);
    assert_non_null(text_from("").at);
    assert_int_equal(text_from("").len, 0);
}

static void prefixes_and_bytes_are_found(void **state)
{
    (void)state;
    assert_true(text_starts(TEXT("unix:/x"), TEXT("unix:")));
    assert_false(text_starts(TEXT("uni"), TEXT("unix:")));
    assert_true(text_starts(TEXT("x"), TEXT("")));
    assert_int_equal(text_find(TEXT("a,b,c"), ','), 1);
    assert_int_equal(text_find(TEXT("abc"), ','), 3);
    assert_int_equal(text_find((struct text){0}, ','), 0);
}

static void only_spaces_and_tabs_are_trimmed(void **state)
{
    (void)state;
    assert_true(text_eq(text_trim(TEXT(" \t a b \t")), TEXT("a b")));
    assert_true(text_eq(text_trim(TEXT("\na\r")), TEXT("\na\r")));
    assert_int_equal(text_trim(TEXT(" \t ")).len, 0);
}

static void numbers_are_digits_that_fit(void **state)
{
    static const struct {
        const char *written;
        uint64_t number;
    } good[] = {{"0", 0}, {"007", 7}, {"18446744073709551615", UINT64_MAX}};
    static const char *const bad[] = {
        "", "+1", "-1", " 1", "1 ", "0x1", "1_0", "18446744073709551616", "99999999999999999999",
    };
    uint64_t number;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(text_to_u64(text_from(good[i].written), &number));
        assert_true(number == good[i].number);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(text_to_u64(text_from(bad[i]), &number));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_compare_bytes_and_length),
        cmocka_unit_test(case_is_ignored_for_ascii_letters_only),
        cmocka_unit_test(an_absent_text_differs_from_none),
        cmocka_unit_test(prefixes_and_bytes_are_found),
        cmocka_unit_test(only_spaces_and_tabs_are_trimmed),
        cmocka_unit_test(numbers_are_digits_that_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
