#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/instant.h"

static void days_and_instants_are_read_and_written(void **state)
{
    static const struct {
        const char *instant;
        int64_t seconds;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2000-02-29T23:59:59Z", 951868799},
        {"2026-03-02T00:00:00Z", 1772409600},
        {"2026-12-01T09:15:00Z", 1796116500},
        {"9999-12-31T23:59:59Z", 253402300799},
    };
    char to[INSTANT_BYTES];
    int64_t seconds;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text instant = text_from(rows[i].instant);
        struct text day = text_of(instant.at, 10);

        assert_true(instant_read(instant, &seconds));
        assert_int_equal(seconds, rows[i].seconds);
        assert_true(text_eq(instant_write(seconds, to), instant));
        assert_true(text_eq(instant_write_day(seconds, to), day));
        assert_true(instant_read_day(day, &seconds));
        assert_int_equal(seconds, rows[i].seconds / 86400 * 86400);
    }
    assert_int_equal(instant_write(253402300800, to).len, 0);
    assert_int_equal(instant_write_day(253402300800, to).len, 0);
}

static void anything_else_is_none(void **state)
{
    static const char *const days[] = {
        "",           "2026",        "2026-03",     "2026-3-2",
        "2026-03-2 ", "2026-03-02 ", " 2026-03-02", "2026/03/02",
        "02-03-2026", "2026-00-02",  "2026-13-02",  "2026-03-00",
        "2026-03-32", "2026-02-29",  "2100-02-29",  "2026-11-31",
        "1969-12-31", "02026-03-02", "-026-03-02",  "2026-03-02T00:00:00Z",
    };
    static const char *const instants[] = {
        "",
        "2026-03-02",
        "2026-03-02T00:00:00",
        "2026-03-02 00:00:00Z",
        "2026-03-02t00:00:00z",
        "2026-03-02T00:00Z",
        "2026-03-02T24:00:00Z",
        "2026-03-02T23:60:00Z",
        "2026-03-02T23:59:60Z",
        "2026-02-29T00:00:00Z",
        "2026-03-02T00:00:00.0Z",
        "2026-03-02T00:00:00+01:00",
        "2026-03-02T00:00:00Z ",
        "1969-12-31T23:59:59Z",
    };
    int64_t seconds;

    (void)state;
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++)
        if (instant_read_day(text_from(days[i]), &seconds))
            fail_msg("the day %s was read", days[i]);
    for (size_t i = 0; i < sizeof instants / sizeof instants[0]; i++)
        if (instant_read(text_from(instants[i]), &seconds))
            fail_msg("the instant %s was read", instants[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_and_instants_are_read_and_written),
        cmocka_unit_test(anything_else_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
