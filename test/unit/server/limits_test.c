#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/admin.h"
#include "server/guests.h"
#include "server/limits.h"

static struct settings settings_with(uint64_t connections, uint64_t exchanges)
{
    struct settings s;

    settings_standard(&s);
    s.workers = 2;
    s.limits.connections = connections;
    s.limits.exchanges = exchanges;
    s.limits.upstream_connections = 10;
    return s;
}

/* With as many descriptors as are said to be needed, all connections have theirs. */
static void enough_is_enough(void **state)
{
    struct settings s = settings_with(10000, 4096);
    uint64_t needed = limits_descriptors(&s);

    (void)state;
    assert_true(needed > 10000 + 4096 + 10 + GUESTS_TURNED_AWAY_MAX);
    assert_int_equal(limits_connections(&s, needed), 10000);
    assert_int_equal(limits_connections(&s, needed - 1), 9999);
    assert_int_equal(limits_connections(&s, UINT64_MAX), 10000);
    s.workers = 200;
    assert_true(limits_descriptors(&s) > needed + 198 * 8); /* what a worker has open */
    s.admin.at[s.admin.count++] = TEXT("127.0.0.1:1");
    assert_true(limits_descriptors(&s) > needed + 198 * 8 + ADMIN_CONNECTIONS_MAX);
}

/* With few, one for the service is left to each. */
static void few_are_shared_out(void **state)
{
    struct settings s = settings_with(10000, 4096);
    uint64_t besides = limits_descriptors(&s) - 10000 - 4096 - 10;

    (void)state;
    assert_int_equal(limits_connections(&s, besides + 600), 300);
    assert_int_equal(limits_connections(&s, besides + 2), 1);
    assert_int_equal(limits_connections(&s, besides), 1);
    assert_int_equal(limits_connections(&s, 0), 1);
    s = settings_with(10000, 50);
    assert_int_equal(limits_connections(&s, besides + 600), 540);
    s = settings_with(100, 50);
    assert_int_equal(limits_connections(&s, besides + 600), 100);
}

/* Whatever is set larger makes the worst worse; what can't be told is told as the largest number.
 */
static void the_worst_follows_the_limits(void **state)
{
    struct settings s = settings_with(10000, 100);
    uint64_t worst = limits_worst_bytes(&s);

    (void)state;
    assert_true(worst >= 100 * (3 * s.limits.buffer_high + 2 * s.limits.record));
    s.limits.record += 1 << 20;
    assert_true(limits_worst_bytes(&s) >= worst + 100 * 2 * (1 << 20));
    worst = limits_worst_bytes(&s);
    s.limits.buffer_high += 1 << 20;
    assert_int_equal(limits_worst_bytes(&s), worst + 100 * 3 * (1 << 20));
    s.limits.exchanges = UINT64_MAX;
    assert_true(limits_worst_bytes(&s) == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enough_is_enough),
        cmocka_unit_test(few_are_shared_out),
        cmocka_unit_test(the_worst_follows_the_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
