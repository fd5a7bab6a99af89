#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/guests.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

enum { THREADS = 4, ROUNDS = 2000 };

static void beyond_all_connections_few_get_an_answer(void **state)
{
    struct guests *g = guests_new(3, 0, GUESTS_TURNED_AWAY_MAX);
    struct text peer = TEXT("192.0.2.1");

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(guests_enter(g, peer), FRONT_WELCOME);
    for (int i = 0; i < GUESTS_TURNED_AWAY_MAX; i++)
        assert_int_equal(guests_enter(g, peer), FRONT_REFUSE);
    assert_int_equal(guests_enter(g, peer), FRONT_CLOSE);
    guests_leave(g, peer, FRONT_REFUSE);
    assert_int_equal(guests_enter(g, peer), FRONT_REFUSE);
    guests_leave(g, peer, FRONT_WELCOME);
    assert_int_equal(guests_enter(g, peer), FRONT_WELCOME);
    for (int i = 0; i < GUESTS_TURNED_AWAY_MAX; i++)
        guests_leave(g, peer, FRONT_REFUSE);
    for (int i = 0; i < 3; i++)
        guests_leave(g, peer, FRONT_WELCOME);
    guests_free(&g);
    assert_null(g);
}

/* Enters as PEER and says whether that was welcome; a refused one leaves at once. */
static bool enters(struct guests *g, const char *peer)
{
    enum front_entry entry = guests_enter(g, text_from(peer));

    if (entry == FRONT_REFUSE)
        guests_leave(g, text_from(peer), entry);
    return entry == FRONT_WELCOME;
}

static void each_client_has_its_share(void **state)
{
    struct guests *g = guests_new(100, 2, GUESTS_TURNED_AWAY_MAX);

    (void)state;
    assert_true(enters(g, "192.0.2.1") && enters(g, "192.0.2.1"));
    assert_false(enters(g, "192.0.2.1"));
    assert_true(enters(g, "192.0.2.2"));
    guests_leave(g, TEXT("192.0.2.1"), FRONT_WELCOME);
    assert_true(enters(g, "192.0.2.1"));
    assert_false(enters(g, "::ffff:192.0.2.1")); /* the same */
    assert_int_equal(guests_welcomed(g), 4);
    assert_int_equal(guests_refused(g), 2);
    assert_int_equal(guests_count(g), 3);
    assert_int_equal(guests_most(g), 100);
    guests_leave(g, TEXT("192.0.2.1"), FRONT_WELCOME);
    guests_leave(g, TEXT("192.0.2.1"), FRONT_WELCOME);
    guests_leave(g, TEXT("192.0.2.2"), FRONT_WELCOME);
    guests_free(&g);
}

static void a_site_of_ipv6_is_one_client(void **state)
{
    static const char *const site[] = {"2001:db8:1:2::1", "2001:db8:1:2:ffff::9"};
    struct guests *g = guests_new(100, 2, GUESTS_TURNED_AWAY_MAX);

    (void)state;
    assert_true(enters(g, site[0]) && enters(g, site[1]));
    assert_false(enters(g, "2001:db8:1:2::7"));
    assert_true(enters(g, "2001:db8:1:3::7"));
    for (int i = 0; i < 2; i++)
        guests_leave(g, text_from(site[i]), FRONT_WELCOME);
    guests_leave(g, TEXT("2001:db8:1:3::7"), FRONT_WELCOME);
    guests_free(&g);
}

/* Those of a unix socket can't be told apart, and of all there are no more than all. */
static void unix_clients_have_no_share(void **state)
{
    struct guests *g = guests_new(3, 1, GUESTS_TURNED_AWAY_MAX);

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_true(enters(g, "unix"));
    assert_false(enters(g, "unix"));
    for (int i = 0; i < 3; i++)
        guests_leave(g, TEXT("unix"), FRONT_WELCOME);
    guests_free(&g);
}

static void *come_and_go(void *owner)
{
    struct guests *g = owner;
    static atomic_uint threads;
    unsigned me = atomic_fetch_add(&threads, 1);
    char peer[32];

    for (unsigned i = 0; i < ROUNDS; i++) {
        snprintf(peer, sizeof peer, "10.0.%u.%u", me % 2, i % 50);
        enum front_entry entry = guests_enter(g, text_from(peer));
        if (entry != FRONT_CLOSE)
            guests_leave(g, text_from(peer), entry);
    }
    return NULL;
}

/* Who is told apart only later counts among all at once, and as a client from then on. */
static void one_may_be_named_later(void **state)
{
    struct guests *g = guests_new(3, 1, 1);
    struct text peer = TEXT("192.0.2.1"), nobody = TEXT("");

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(guests_enter(g, nobody), FRONT_WELCOME);
    assert_int_equal(guests_enter(g, nobody), FRONT_REFUSE);
    assert_int_equal(guests_name(g, peer, FRONT_REFUSE), FRONT_REFUSE);
    assert_int_equal(guests_welcomed(g), 0);
    assert_int_equal(guests_name(g, peer, FRONT_WELCOME), FRONT_WELCOME);
    assert_int_equal(guests_name(g, peer, FRONT_WELCOME), FRONT_CLOSE);
    assert_int_equal(guests_welcomed(g), 1);
    guests_leave(g, peer, FRONT_REFUSE);
    assert_int_equal(guests_name(g, peer, FRONT_WELCOME), FRONT_REFUSE);
    guests_leave(g, peer, FRONT_REFUSE);
    guests_leave(g, peer, FRONT_WELCOME);
    assert_int_equal(guests_count(g), 0);
    assert_int_equal(guests_enter(g, nobody), FRONT_WELCOME);
    guests_note_untold(g, FRONT_UNTOLD_TIMEOUT);
    guests_leave(g, nobody, FRONT_WELCOME);
    assert_int_equal(guests_untold(g, FRONT_UNTOLD_TIMEOUT), 1);
    assert_int_equal(guests_untold(g, FRONT_UNTOLD_CLOSED), 0);
    guests_free(&g);
}

/* guests_free asserts that all have left. */
static void threads_come_and_go(void **state)
{
    struct guests *g = guests_new(3, 1, GUESTS_TURNED_AWAY_MAX);
    pthread_t threads[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, g), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    guests_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_may_be_named_later),
        cmocka_unit_test(beyond_all_connections_few_get_an_answer),
        cmocka_unit_test(each_client_has_its_share),
        cmocka_unit_test(a_site_of_ipv6_is_one_client),
        cmocka_unit_test(unix_clients_have_no_share),
        cmocka_unit_test(threads_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
