#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/quote.h"

static void check(void (*quote)(struct buf *, struct text, size_t), struct text t, size_t max,
                  const char *expected)
{
    struct buf b;

    buf_init(&b, 1000);
    quote(&b, t, max);
    buf_add_byte(&b, 0);
    assert_false(b.failed);
    assert_string_equal(b.at, expected);
    buf_fini(&b);
}

static void json_strings_are_json(void **state)
{
    (void)state;
    check(quote_json, TEXT(""), 100, "\"\"");
    check(quote_json, TEXT("a\"b\\c/"), 100, "\"a\\\"b\\\\c/\"");
    check(quote_json, TEXT("\n\r\t\x01\x7f\0"), 100, "\"\\n\\r\\t\\u0001\\u007f\\u0000\"");
    check(quote_json, TEXT("\xc3\xbc\xff\xc3"), 100, "\"\xc3\xbc\\ufffd\\ufffd\"");
}

static void logfmt_values_are_bare_where_they_can_be(void **state)
{
    (void)state;
    check(quote_logfmt, TEXT("127.0.0.1:8080"), 100, "127.0.0.1:8080");
    check(quote_logfmt, TEXT(""), 100, "\"\"");
    check(quote_logfmt, TEXT("a b"), 100, "\"a b\"");
    check(quote_logfmt, TEXT("a=b"), 100, "\"a=b\"");
    check(quote_logfmt, TEXT("a\\b"), 100, "\"a\\\\b\"");
    check(quote_logfmt, TEXT("a\xff"), 100, "\"a\\xff\"");
    check(quote_logfmt, TEXT("\xc3\xbc"), 100, "\"\xc3\xbc\"");
}

static void terminals_are_not_told_what_to_do(void **state)
{
    (void)state;
    check(quote_plain, TEXT("\x1b[31mred"), 100, "\\u001b[31mred");
    check(quote_plain, TEXT("a\nb\\\""), 100, "a\\nb\\\"");
    check(quote_plain, TEXT("\xc2\x9b\xe2\x80\xae\xe2\x80\xa8"), 100, "\\u009b\\u202e\\u2028");
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    check(quote_json, TEXT("abcdef"), 3, "\"abc\xe2\x80\xa6\"");
    check(quote_json, TEXT("abcdef"), 6, "\"abcdef\"");
    check(quote_logfmt, TEXT("abcdef"), 3, "\"abc\xe2\x80\xa6\"");
    check(quote_plain, TEXT("ab\xc3\xbc"), 3, "ab\xe2\x80\xa6");
}

static void users_and_passwords_of_urls_are_stars(void **state)
{
    static const char *const cases[][2] = {
        {"http://u:p@h/", "http://***@h/"},
        {"a http://u:\"p@x\"@h b\nc@d", "a http://*******@h b\nc@d"},
        {"http://\xc3\xa9:\xf0\x9f\x98\x80@h", "http://***@h"},
        {"http://h\nu:p@h", "http://h\nu:p@h"},
        {"://@", "://@"},
        {"://", "://"},
        {"@://", "@://"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *copy = strdup(cases[i][0]);
        size_t len = quote_hide_user(copy, strlen(copy));

        assert_int_equal(len, strlen(cases[i][1]));
        assert_memory_equal(copy, cases[i][1], len);
        free(copy);
    }
}

static void a_full_buffer_fails_stickily(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 10);
    quote_json(&b, TEXT("0123456789"), 100);
    assert_true(b.failed);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_strings_are_json),
        cmocka_unit_test(logfmt_values_are_bare_where_they_can_be),
        cmocka_unit_test(terminals_are_not_told_what_to_do),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(users_and_passwords_of_urls_are_stars),
        cmocka_unit_test(a_full_buffer_fails_stickily),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
