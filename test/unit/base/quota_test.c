#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/quota.h"

#include <pthread.h>

enum { PLACES = 3, THREADS = 4, ROUNDS = 20000 };

static void places_are_taken_and_given_back(void **state)
{
    struct quota q;

    (void)state;
    quota_init(&q, 2);
    assert_true(quota_take(&q) && quota_take(&q));
    assert_false(quota_take(&q));
    assert_int_equal(quota_taken(&q), 2);
    quota_give(&q);
    assert_true(quota_take(&q));
    assert_false(quota_take(&q));
    quota_init(&q, 0);
    assert_false(quota_take(&q));
}

struct crowd {
    struct quota q;
    atomic_size_t inside, most, entered;
};

static void *come_and_go(void *owner)
{
    struct crowd *c = owner;

    for (int i = 0; i < ROUNDS; i++) {
        if (!quota_take(&c->q))
            continue;
        size_t inside = atomic_fetch_add(&c->inside, 1) + 1;
        size_t most = atomic_load(&c->most);
        while (inside > most && !atomic_compare_exchange_weak(&c->most, &most, inside))
            ;
        atomic_fetch_add(&c->entered, 1);
        atomic_fetch_sub(&c->inside, 1);
        quota_give(&c->q);
    }
    return NULL;
}

/* However many threads want one, there are never more than its places. */
static void threads_share_the_places(void **state)
{
    static struct crowd c;
    pthread_t threads[THREADS];

    (void)state;
    quota_init(&c.q, PLACES);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &c), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_in_range(c.most, 1, PLACES);
    assert_true(c.entered >= ROUNDS);
    assert_int_equal(quota_taken(&c.q), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_taken_and_given_back),
        cmocka_unit_test(threads_share_the_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
