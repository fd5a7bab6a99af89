#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/valve.h"

static void it_shuts_at_high_and_says_so_once(void **state)
{
    struct valve v;

    (void)state;
    valve_init(&v, 100, 40);
    assert_false(valve_fill(&v, 99));
    assert_false(v.shut);
    assert_true(valve_fill(&v, 1));
    assert_true(v.shut);
    assert_false(valve_fill(&v, 50));
    assert_int_equal(v.level, 150);
}

static void it_opens_at_low_and_says_so_once(void **state)
{
    struct valve v;

    (void)state;
    valve_init(&v, 100, 40);
    valve_fill(&v, 100);
    assert_false(valve_settle(&v, 41));
    assert_true(v.shut);
    assert_true(valve_settle(&v, 40));
    assert_false(v.shut);
    assert_false(valve_settle(&v, 0));
}

static void between_low_and_high_it_stays_as_it_is(void **state)
{
    struct valve v;

    (void)state;
    valve_init(&v, 100, 40);
    assert_false(valve_fill(&v, 70));
    assert_false(valve_settle(&v, 60));
    assert_false(v.shut);
    assert_true(valve_fill(&v, 40));
    assert_false(valve_settle(&v, 60));
    assert_true(v.shut);
}

static void low_may_be_nothing(void **state)
{
    struct valve v;

    (void)state;
    valve_init(&v, 1, 0);
    assert_true(valve_fill(&v, 1));
    assert_true(valve_settle(&v, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_shuts_at_high_and_says_so_once),
        cmocka_unit_test(it_opens_at_low_and_says_so_once),
        cmocka_unit_test(between_low_and_high_it_stays_as_it_is),
        cmocka_unit_test(low_may_be_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
