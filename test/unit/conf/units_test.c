#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/units.h"

struct expected {
    const char *written;
    enum units_verdict verdict;
    uint64_t number;
};

static void check(enum units_verdict (*read)(struct text, uint64_t *), const struct expected *cases,
                  size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t number = 0;
        enum units_verdict verdict = read(text_from(cases[i].written), &number);

        if (verdict != cases[i].verdict || (verdict == UNITS_OK && number != cases[i].number))
            fail_msg("\"%s\" is read as %d, %llu", cases[i].written, (int)verdict,
                     (unsigned long long)number);
    }
}

static void times_carry_a_unit(void **state)
{
    static const struct expected cases[] = {
        {"1ms", UNITS_OK, 1},
        {"30s", UNITS_OK, 30000},
        {"30 s", UNITS_OK, 30000},
        {"5m", UNITS_OK, 300000},
        {"2h", UNITS_OK, 7200000},
        {"0", UNITS_OK, 0},
        {"0s", UNITS_OK, 0},
        {"30", UNITS_NO_UNIT, 0},
        {"30  s", UNITS_WRONG_UNIT, 0},
        {"30 ", UNITS_WRONG_UNIT, 0},
        {"30S", UNITS_WRONG_UNIT, 0},
        {"30sec", UNITS_WRONG_UNIT, 0},
        {"1d", UNITS_WRONG_UNIT, 0},
        {"1.5s", UNITS_WRONG_UNIT, 0},
        {"1h30m", UNITS_WRONG_UNIT, 0},
        {"", UNITS_NOT_A_NUMBER, 0},
        {"s", UNITS_NOT_A_NUMBER, 0},
        {"-1s", UNITS_NOT_A_NUMBER, 0},
        {" 1s", UNITS_NOT_A_NUMBER, 0},
        {"18446744073709551615ms", UNITS_OK, UINT64_MAX},
        {"18446744073709551616ms", UNITS_TOO_LARGE, 0},
        {"18446744073709551615s", UNITS_TOO_LARGE, 0},
        {"5124095576031h", UNITS_TOO_LARGE, 0},
        {"5124095576030h", UNITS_OK, UINT64_C(5124095576030) * 3600000},
    };

    (void)state;
    check(units_time, cases, sizeof cases / sizeof cases[0]);
}

static void sizes_are_bytes_or_powers_of_1024(void **state)
{
    static const struct expected cases[] = {
        {"0", UNITS_OK, 0},
        {"8192", UNITS_OK, 8192},
        {"8KiB", UNITS_OK, 8192},
        {"8 KiB", UNITS_OK, 8192},
        {"16MiB", UNITS_OK, 16777216},
        {"3GiB", UNITS_OK, UINT64_C(3221225472)},
        {"8KB", UNITS_WRONG_UNIT, 0},
        {"8kib", UNITS_WRONG_UNIT, 0},
        {"8k", UNITS_WRONG_UNIT, 0},
        {"8B", UNITS_WRONG_UNIT, 0},
        {"1TiB", UNITS_WRONG_UNIT, 0},
        {"unlimited", UNITS_NOT_A_NUMBER, 0},
        {"17179869183GiB", UNITS_OK, UINT64_C(17179869183) << 30},
        {"17179869184GiB", UNITS_TOO_LARGE, 0},
    };

    (void)state;
    check(units_size, cases, sizeof cases / sizeof cases[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_carry_a_unit),
        cmocka_unit_test(sizes_are_bytes_or_powers_of_1024),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
