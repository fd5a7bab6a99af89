/* Keys of session tickets and their time. */
#include "front/tls_tickets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
/* cmocka wants the above first */
#include <cmocka.h>
#include <string.h>

enum { START_S = 1000, SEALS_S = TLS_TICKET_SEALS_S, OPENS_S = TLS_TICKET_OPENS_S };

static int make(void **state)
{
    return (*state = tls_tickets_new()) ? 0 : -1;
}

static int drop(void **state)
{
    struct tls_tickets *t = *state;

    tls_tickets_free(&t);
    return t != NULL;
}

static struct tls_ticket_key sealing(struct tls_tickets *t, uint64_t now_s)
{
    struct tls_ticket_key key;

    assert_true(tls_tickets_sealing(t, now_s, &key));
    return key;
}

static bool same(const struct tls_ticket_key *a, const struct tls_ticket_key *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* How KEY opens at NOW_S: '-' not, '+' as the one that seals, 'o' as an old one. */
static char opening(struct tls_tickets *t, uint64_t now_s, const struct tls_ticket_key *key)
{
    struct tls_ticket_key found;
    bool old;

    if (!tls_tickets_opening(t, now_s, key->name, &found, &old))
        return '-';
    assert_true(same(&found, key));
    return old ? 'o' : '+';
}

static void a_key_seals_for_its_hour(void **state)
{
    struct tls_ticket_key first = sealing(*state, START_S);
    struct tls_ticket_key last = sealing(*state, START_S + SEALS_S - 1);
    struct tls_ticket_key next = sealing(*state, START_S + SEALS_S);

    assert_true(same(&first, &last));
    assert_memory_not_equal(first.name, next.name, sizeof first.name);
    assert_memory_not_equal(first.aes, next.aes, sizeof first.aes);
    assert_memory_not_equal(first.hmac, next.hmac, sizeof first.hmac);
}

static void the_one_before_opens_for_an_hour_more(void **state)
{
    struct tls_ticket_key first = sealing(*state, START_S), second;

    assert_int_equal(opening(*state, START_S + SEALS_S - 1, &first), '+');
    assert_int_equal(opening(*state, START_S + SEALS_S, &first), 'o');
    second = sealing(*state, START_S + SEALS_S);
    assert_int_equal(opening(*state, START_S + SEALS_S, &second), '+');
    assert_int_equal(opening(*state, START_S + OPENS_S - 1, &first), 'o');
    assert_int_equal(opening(*state, START_S + OPENS_S, &first), '-');
}

/* Nobody came for long: what was sealed last is too old all the same. */
static void time_passes_without_a_handshake(void **state)
{
    struct tls_ticket_key first = sealing(*state, START_S);

    assert_int_equal(opening(*state, START_S + OPENS_S - 1, &first), 'o');
    assert_int_equal(opening(*state, START_S + OPENS_S, &first), '-');
    sealing(*state, START_S + 10 * OPENS_S);
    assert_int_equal(opening(*state, START_S + 10 * OPENS_S, &first), '-');
}

static void a_third_key_leaves_the_second(void **state)
{
    struct tls_ticket_key first = sealing(*state, START_S);
    struct tls_ticket_key second = sealing(*state, START_S + SEALS_S);
    struct tls_ticket_key third = sealing(*state, START_S + 2 * SEALS_S);

    assert_int_equal(opening(*state, START_S + 2 * SEALS_S, &first), '-');
    assert_int_equal(opening(*state, START_S + 2 * SEALS_S, &second), 'o');
    assert_int_equal(opening(*state, START_S + 2 * SEALS_S, &third), '+');
}

static void nothing_opens_before_the_first_key(void **state)
{
    static const struct tls_ticket_key none;

    assert_int_equal(opening(*state, 1, &none), '-');
    sealing(*state, START_S);
    assert_int_equal(opening(*state, START_S, &none), '-');
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_key_seals_for_its_hour),           CASE(the_one_before_opens_for_an_hour_more),
        CASE(time_passes_without_a_handshake),    CASE(a_third_key_leaves_the_second),
        CASE(nothing_opens_before_the_first_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
