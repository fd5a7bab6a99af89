#include "cli/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MIB       (UINT64_C(1024) * 1024)
#define SECOND_NS UINT64_C(1000000000)

static const char *line(uint64_t done, uint64_t size, uint64_t elapsed_ns)
{
    static char text[PROGRESS_TEXT_BYTES];

    progress_text(done, size, elapsed_ns, text);
    return text;
}

static void of_a_known_size_it_tells_what_is_left(void **state)
{
    (void)state;
    assert_string_equal(line(12 * MIB, 24 * MIB, 3 * SECOND_NS / 2),
                        " 50%  12.0 of 24.0 MiB  8.0 MiB/s  0:02 left");
    assert_string_equal(line(MIB, 1024 * MIB, SECOND_NS),
                        "  0%  1.0 of 1024.0 MiB  1.0 MiB/s  17:03 left");
    assert_string_equal(line(24 * MIB, 24 * MIB, 2 * SECOND_NS),
                        "100%  24.0 of 24.0 MiB  12.0 MiB/s  0:00 left");
}

static void of_an_unknown_size_it_tells_bytes_and_rate(void **state)
{
    (void)state;
    assert_string_equal(line(3 * MIB, 0, 2 * SECOND_NS), "3.0 MiB  1.5 MiB/s");
}

static void the_ends_are_not_divided_by(void **state)
{
    (void)state;
    assert_string_equal(line(0, 0, 0), "0.0 MiB  0.0 MiB/s");
    assert_string_equal(line(0, MIB, 0), "  0%  0.0 of 1.0 MiB  0.0 MiB/s");
    assert_string_equal(line(0, MIB, SECOND_NS), "  0%  0.0 of 1.0 MiB  0.0 MiB/s");
}

static void an_input_that_grew_is_at_its_end(void **state)
{
    (void)state;
    assert_string_equal(line(4 * MIB, 2 * MIB, SECOND_NS),
                        "100%  4.0 of 2.0 MiB  4.0 MiB/s  0:00 left");
}

static void the_largest_numbers_fit(void **state)
{
    (void)state;
    assert_non_null(strstr(line(1, UINT64_MAX, UINT64_MAX), "  6000:00 left"));
    assert_non_null(strstr(line(UINT64_MAX, UINT64_MAX, 1), "MiB/s  0:00 left"));
    assert_non_null(strstr(line(UINT64_MAX, 0, 1), " MiB/s"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_known_size_it_tells_what_is_left),
        cmocka_unit_test(of_an_unknown_size_it_tells_bytes_and_rate),
        cmocka_unit_test(the_ends_are_not_divided_by),
        cmocka_unit_test(an_input_that_grew_is_at_its_end),
        cmocka_unit_test(the_largest_numbers_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
