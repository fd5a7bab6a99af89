/* Who is asked next, who is left alone and for how long; the time is the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "upstream/pool.h"

/* A constant text. */
#define NAME(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

enum { START_MS = 1000000 };

static const struct text names[] = {NAME("http://127.0.0.1:9001"), NAME("http://127.0.0.1:9002"),
                                    NAME("http://127.0.0.1:9003"), NAME("http://127.0.0.1:9004")};

struct bench {
    struct pool *pool;
    unsigned idle[ENDPOINTS_MAX];
    unsigned turn;
    uint64_t now_ms;
};

static struct pool_settings like(const struct text *url, size_t count)
{
    return (struct pool_settings){
        .name = TEXT("upstream"),
        .url = url,
        .url_count = count,
        .ejection = {.failures = 3, .base_ms = 1000, .longest_ms = 6000, .share = 50}};
}

static struct bench open_bench(size_t count)
{
    struct pool_settings settings = like(names, count);
    struct bench b = {.pool = pool_new(&settings, NULL), .now_ms = START_MS};

    assert_non_null(b.pool);
    return b;
}

static void shut(struct bench *b)
{
    for (size_t i = 0; i < b->pool->count; i++)
        assert_int_equal(b->pool->endpoints[i]->outstanding, 0);
    pool_unref(&b->pool);
    assert_null(b->pool);
}

static size_t index_of(const struct bench *b, const struct endpoint *e)
{
    size_t i = 0;

    while (b->pool->endpoints[i] != e)
        i++;
    return i;
}

static size_t take_but(struct bench *b, const struct endpoint *avoid)
{
    struct pool_asker asker = {.now_ms = b->now_ms,
                               .avoid = avoid,
                               .idle = b->idle,
                               .idle_count = ENDPOINTS_MAX,
                               .turn = &b->turn};

    return index_of(b, pool_take(b->pool, &asker));
}

static size_t take(struct bench *b)
{
    return take_but(b, NULL);
}

static void give(struct bench *b, size_t i, enum pool_verdict verdict)
{
    pool_give(b->pool, b->pool->endpoints[i], verdict, b->now_ms);
}

/* One request at the endpoint I ends with VERDICT. */
static void one(struct bench *b, size_t i, enum pool_verdict verdict)
{
    b->pool->endpoints[i]->outstanding++;
    give(b, i, verdict);
}

static bool is_up(const struct bench *b, size_t i)
{
    return endpoint_is_up(b->pool->endpoints[i], b->now_ms);
}

static void eject(struct bench *b, size_t i)
{
    for (int n = 0; n < 3; n++)
        one(b, i, POOL_BAD);
}

static void equals_take_turns(void **state)
{
    struct bench b = open_bench(3);
    unsigned taken[3] = {0};

    (void)state;
    for (int n = 0; n < 30; n++) {
        size_t i = take(&b);
        taken[i]++;
        give(&b, i, POOL_GOOD);
    }
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(taken[i], 10);
        assert_int_equal(b.pool->endpoints[i]->picks, 10);
    }
    shut(&b);
}

static void the_one_with_the_fewest_outstanding_is_next(void **state)
{
    struct bench b = open_bench(3);
    unsigned held[3] = {0};

    (void)state;
    for (int n = 0; n < 31; n++)
        held[take(&b)]++;
    for (size_t i = 0; i < 3; i++)
        assert_in_range(held[i], 10, 11);
    for (int n = 0; n < 5; n++)
        give(&b, 1, POOL_GOOD);
    for (int n = 0; n < 5; n++)
        assert_int_equal(take(&b), 1);
    for (size_t i = 0; i < 3; i++)
        for (unsigned n = 0; n < held[i]; n++)
            give(&b, i, POOL_UNKNOWN);
    shut(&b);
}

static void a_warm_connection_decides_among_equals_only(void **state)
{
    struct bench b = open_bench(3);

    (void)state;
    b.idle[b.pool->endpoints[2]->number] = 1;
    for (int n = 0; n < 4; n++) {
        assert_int_equal(take(&b), 2);
        give(&b, 2, POOL_GOOD);
    }
    assert_int_equal(take(&b), 2);
    assert_int_not_equal(take(&b), 2);
    give(&b, 2, POOL_GOOD);
    for (size_t i = 0; i < 2; i++)
        if (b.pool->endpoints[i]->outstanding)
            give(&b, i, POOL_GOOD);
    shut(&b);
}

static void failures_in_a_row_eject_and_a_success_starts_anew(void **state)
{
    struct bench b = open_bench(3);

    (void)state;
    for (int n = 0; n < 10; n++) {
        one(&b, 0, POOL_BAD);
        one(&b, 0, POOL_BAD);
        one(&b, 0, POOL_GOOD);
    }
    assert_true(is_up(&b, 0));
    one(&b, 0, POOL_BAD);
    one(&b, 0, POOL_UNKNOWN); /* says nothing */
    one(&b, 0, POOL_BAD);
    assert_true(is_up(&b, 0));
    one(&b, 0, POOL_BAD);
    assert_false(is_up(&b, 0));
    for (int n = 0; n < 12; n++) {
        size_t i = take(&b);
        assert_int_not_equal(i, 0);
        give(&b, i, POOL_GOOD);
    }
    assert_int_equal(b.pool->endpoints[0]->ejections, 1);
    assert_int_equal(b.pool->endpoints[0]->failed, 23);
    shut(&b);
}

/* How long the endpoint 0 is away from now on. */
static uint64_t away_ms(struct bench *b)
{
    uint64_t since_ms = b->now_ms;

    while (!is_up(b, 0))
        b->now_ms++;
    return b->now_ms - since_ms;
}

static void return_all(struct bench *b)
{
    for (size_t i = 0; i < b->pool->count; i++)
        give(b, take(b), POOL_UNKNOWN);
}

static void each_ejection_soon_after_another_lasts_twice_as_long(void **state)
{
    struct bench b = open_bench(2);
    static const uint64_t lengths[] = {1000, 2000, 4000, 6000, 6000};

    (void)state;
    eject(&b, 0);
    for (size_t n = 0; n < sizeof lengths / sizeof lengths[0]; n++) {
        assert_int_equal(away_ms(&b), lengths[n]);
        return_all(&b);
        one(&b, 0, POOL_BAD); /* one is enough: it is on trial */
        assert_false(is_up(&b, 0));
    }
    shut(&b);
}

static void who_has_stayed_long_enough_begins_anew(void **state)
{
    struct bench b = open_bench(2);

    (void)state;
    eject(&b, 0);
    assert_int_equal(away_ms(&b), 1000);
    return_all(&b);
    one(&b, 0, POOL_GOOD);
    b.now_ms += 1999; /* less than it would be away next time */
    eject(&b, 0);
    assert_int_equal(away_ms(&b), 2000);
    return_all(&b);
    one(&b, 0, POOL_GOOD);
    b.now_ms += 4000;
    eject(&b, 0);
    assert_int_equal(away_ms(&b), 1000);
    shut(&b);
}

static void no_more_than_a_share_is_ejected(void **state)
{
    static const struct {
        size_t count;
        unsigned share;
        size_t ejected;
    } cases[] = {{1, 100, 0}, {2, 50, 1}, {2, 100, 2}, {3, 1, 1},  {3, 50, 1},
                 {3, 67, 2},  {4, 50, 2}, {4, 49, 1},  {4, 75, 3}, {4, 100, 4}};

    (void)state;
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        struct bench b = open_bench(cases[n].count);
        size_t ejected = 0;

        b.pool->ejection.share = cases[n].share;
        for (size_t i = 0; i < cases[n].count; i++)
            eject(&b, i);
        for (size_t i = 0; i < cases[n].count; i++)
            ejected += !is_up(&b, i);
        assert_int_equal(ejected, cases[n].ejected);
        shut(&b);
    }
}

static void where_none_is_up_all_are_asked(void **state)
{
    struct bench b = open_bench(2);
    unsigned taken[2] = {0};

    (void)state;
    b.pool->endpoints[0]->unhealthy = b.pool->endpoints[1]->unhealthy = true;
    for (int n = 0; n < 10; n++) {
        size_t i = take(&b);
        taken[i]++;
        give(&b, i, POOL_GOOD);
    }
    assert_int_equal(taken[0], 5);
    assert_int_equal(taken[1], 5);
    b.pool->endpoints[1]->unhealthy = false;
    for (int n = 0; n < 4; n++) {
        assert_int_equal(take(&b), 1);
        give(&b, 1, POOL_GOOD);
    }
    shut(&b);
}

static void the_one_to_avoid_is_asked_only_where_it_is_alone(void **state)
{
    struct bench b = open_bench(2);

    (void)state;
    assert_int_equal(take_but(&b, b.pool->endpoints[0]), 1);
    assert_int_equal(take_but(&b, b.pool->endpoints[0]), 1);
    give(&b, 1, POOL_GOOD);
    give(&b, 1, POOL_GOOD);
    eject(&b, 1); /* rather one that is out than the one that has just failed */
    assert_int_equal(take_but(&b, b.pool->endpoints[0]), 1);
    give(&b, 1, POOL_GOOD);
    shut(&b);
    struct bench alone = open_bench(1);
    assert_int_equal(take_but(&alone, alone.pool->endpoints[0]), 0);
    give(&alone, 0, POOL_GOOD);
    shut(&alone);
}

static void what_stays_keeps_its_state_and_what_goes_is_gone(void **state)
{
    struct bench b = open_bench(3);
    struct pool_settings settings = like(names + 1, 3);

    (void)state;
    eject(&b, 1);
    one(&b, 2, POOL_GOOD);
    b.pool->endpoints[2]->picks = 7;
    struct pool *next = pool_new(&settings, b.pool);
    assert_non_null(next);
    pool_retire(b.pool, next);
    assert_true(b.pool->endpoints[0]->gone);
    assert_ptr_equal(next->endpoints[0], b.pool->endpoints[1]);
    assert_ptr_equal(next->endpoints[1], b.pool->endpoints[2]);
    assert_false(next->endpoints[0]->gone || next->endpoints[1]->gone || next->endpoints[2]->gone);
    assert_false(endpoint_is_up(next->endpoints[0], b.now_ms));
    assert_int_equal(next->endpoints[1]->picks, 7);
    shut(&b);
    assert_int_equal(next->endpoints[0]->references, 1);
    pool_unref(&next);
}

static void an_endpoint_is_what_its_name_says(void **state)
{
    static const struct {
        struct text name;
        const char *url, *path, *authority;
        bool by_name;
    } cases[] = {
        {NAME("http://h:80"), "http://h:80", NULL, "h:80", true},
        {NAME("http://h/"), "http://h", NULL, "h", true},
        {NAME("http://10.0.0.1:9000"), "http://10.0.0.1:9000", NULL, "10.0.0.1:9000", false},
        {NAME("http://10.0.0.1.nip.test"), "http://10.0.0.1.nip.test", NULL, "10.0.0.1.nip.test",
         true},
        {NAME("http://[::1]:81/"), "http://[::1]:81", NULL, "[::1]:81", false},
        {NAME("unix:/run/service.sock"), "http://localhost", "/run/service.sock", "localhost",
         false},
    };

    (void)state;
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        struct endpoint *e = endpoint_new(cases[n].name);

        assert_non_null(e);
        assert_true(text_eq(e->name, cases[n].name));
        assert_string_equal(e->url, cases[n].url);
        assert_true(text_eq(e->authority, text_from(cases[n].authority)));
        assert_int_equal(e->by_name, cases[n].by_name);
        assert_int_equal(!e->path, !cases[n].path);
        if (e->path)
            assert_string_equal(e->path, cases[n].path);
        endpoint_unref(&e);
        assert_null(e);
    }
}

static void there_are_so_many_numbers_and_they_come_back(void **state)
{
    static struct endpoint *all[ENDPOINTS_MAX];
    static bool seen[ENDPOINTS_MAX];

    (void)state;
    for (size_t i = 0; i < ENDPOINTS_MAX; i++) {
        all[i] = endpoint_new(names[0]);
        assert_non_null(all[i]);
        assert_false(seen[all[i]->number]);
        seen[all[i]->number] = true;
    }
    assert_null(endpoint_new(names[0]));
    unsigned freed = all[7]->number;
    endpoint_unref(&all[7]);
    all[7] = endpoint_new(names[0]);
    assert_non_null(all[7]);
    assert_int_equal(all[7]->number, freed);
    for (size_t i = 0; i < ENDPOINTS_MAX; i++)
        endpoint_unref(&all[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_take_turns),
        cmocka_unit_test(the_one_with_the_fewest_outstanding_is_next),
        cmocka_unit_test(a_warm_connection_decides_among_equals_only),
        cmocka_unit_test(failures_in_a_row_eject_and_a_success_starts_anew),
        cmocka_unit_test(each_ejection_soon_after_another_lasts_twice_as_long),
        cmocka_unit_test(who_has_stayed_long_enough_begins_anew),
        cmocka_unit_test(no_more_than_a_share_is_ejected),
        cmocka_unit_test(where_none_is_up_all_are_asked),
        cmocka_unit_test(the_one_to_avoid_is_asked_only_where_it_is_alone),
        cmocka_unit_test(what_stays_keeps_its_state_and_what_goes_is_gone),
        cmocka_unit_test(an_endpoint_is_what_its_name_says),
        cmocka_unit_test(there_are_so_many_numbers_and_they_come_back),
    };

    log_setup(LOG_ERROR, LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
