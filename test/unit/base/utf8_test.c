#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"

static void the_edges_of_each_length_are_read(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        uint32_t code;
    } good[] = {
        {"\x00", 1, 0},
        {"\x7f", 1, 0x7f},
        {"\xc2\x80", 2, 0x80},
        {"\xdf\xbf", 2, 0x7ff},
        {"\xe0\xa0\x80", 3, 0x800},
        {"\xed\x9f\xbf", 3, 0xd7ff},
        {"\xee\x80\x80", 3, 0xe000},
        {"\xef\xbf\xbf", 3, 0xffff},
        {"\xf0\x90\x80\x80", 4, 0x10000},
        {"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        uint32_t code = 1;

        assert_int_equal(utf8_char(text_of(good[i].bytes, good[i].len), &code), good[i].len);
        assert_int_equal(code, good[i].code);
        for (size_t cut = 0; cut < good[i].len; cut++)
            assert_int_equal(utf8_char(text_of(good[i].bytes, cut), &code), 0);
    }
}

static void what_rfc_3629_forbids_is_malformed(void **state)
{
    static const char *const bad[] = {
        "\x80",             /* a trail alone */
        "\xc0\x80",         /* overlong */
        "\xc1\xbf",         /* overlong */
        "\xe0\x9f\xbf",     /* overlong */
        "\xf0\x8f\xbf\xbf", /* overlong */
        "\xed\xa0\x80",     /* a surrogate */
        "\xed\xbf\xbf",     /* a surrogate */
        "\xf4\x90\x80\x80", /* above U+10FFFF */
        "\xf5\x80\x80\x80", /* above U+10FFFF */
        "\xff",
        "\xc2\x41",
        "\xe2\x82\x41",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint32_t code;

        assert_int_equal(utf8_char(text_from(bad[i]), &code), 0);
    }
}

static void characters_are_counted_and_the_first_fault_found(void **state)
{
    (void)state;
    assert_int_equal(utf8_count(TEXT("gr\xc3\xbc\xc3\x9f")), 4);
    assert_int_equal(utf8_count(TEXT("a\xff\xffz")), 4);
    assert_int_equal(utf8_valid(TEXT("gr\xc3\xbc\xc3\x9f")), 6);
    assert_int_equal(utf8_valid(TEXT("ab\xc3")), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_edges_of_each_length_are_read),
        cmocka_unit_test(what_rfc_3629_forbids_is_malformed),
        cmocka_unit_test(characters_are_counted_and_the_first_fault_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
