#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/chance.h"

enum { DIGITS = 32, IDS = 2000 };

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, DIGITS);
}

static void ids_are_hex_and_all_different(void **state)
{
    static char ids[IDS][DIGITS];

    (void)state;
    for (size_t i = 0; i < IDS; i++) {
        chance_hex(ids[i], DIGITS);
        for (size_t at = 0; at < DIGITS; at++)
            assert_non_null(memchr("0123456789abcdef", ids[i][at], 16));
        assert_memory_not_equal(ids[i], "00", 2);
    }
    qsort(ids, IDS, DIGITS, compare);
    for (size_t i = 1; i < IDS; i++)
        assert_memory_not_equal(ids[i - 1], ids[i], DIGITS);
}

static void every_digit_comes_everywhere(void **state)
{
    unsigned seen[DIGITS] = {0};
    char id[DIGITS];

    (void)state;
    for (size_t i = 0; i < IDS; i++) {
        chance_hex(id, DIGITS);
        for (size_t at = 0; at < DIGITS; at++)
            seen[at] |= 1u << (id[at] <= '9' ? id[at] - '0' : id[at] - 'a' + 10);
    }
    assert_int_equal(seen[0], 0xffff);
    assert_int_equal(seen[1], 0xaaaa); /* the first byte is odd */
    for (size_t at = 2; at < DIGITS; at++)
        assert_int_equal(seen[at], 0xffff);
}

static void no_more_than_asked_for_is_written(void **state)
{
    char to[] = "xxxxxxxx";

    (void)state;
    chance_hex(to, 0);
    assert_string_equal(to, "xxxxxxxx");
    chance_hex(to + 2, 4);
    assert_memory_equal(to, "xx", 2);
    assert_string_equal(to + 6, "xx");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_hex_and_all_different),
        cmocka_unit_test(every_digit_comes_everywhere),
        cmocka_unit_test(no_more_than_asked_for_is_written),
    };

    return cmocka_run_group_tests_name("base/chance", tests, NULL, NULL);
}
