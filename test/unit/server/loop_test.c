#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/loop.h"

#include <event2/event.h>
#include <unistd.h>

enum { FOR_EVER = 100000 };

/* Two events that activate each other, and a pipe with something to read. */
struct greedy {
    struct event *pair[2];
    struct event *other; /* wanted from the first turn on */
    int runs;
    int runs_before_other;
};

static void on_turn(evutil_socket_t fd, short what, void *owner)
{
    struct greedy *g = owner;

    (void)fd;
    (void)what;
    if (g->runs == 0)
        event_add(g->other, NULL);
    if (++g->runs < FOR_EVER)
        event_active(g->pair[g->runs % 2], EV_TIMEOUT, 0);
}

static void on_other(evutil_socket_t fd, short what, void *owner)
{
    struct greedy *g = owner;

    (void)fd;
    (void)what;
    g->runs_before_other = g->runs;
    g->runs = FOR_EVER;
}

static void events_that_activate_each_other_leave_a_turn_to_others(void **state)
{
    struct event_base *base = loop_new();
    struct greedy g = {.runs_before_other = -1};
    int ends[2];

    (void)state;
    assert_non_null(base);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    g.other = event_new(base, ends[0], EV_READ, on_other, &g);
    for (int i = 0; i < 2; i++)
        g.pair[i] = event_new(base, -1, 0, on_turn, &g);
    event_active(g.pair[0], EV_TIMEOUT, 0);
    event_base_dispatch(base);
    assert_in_range(g.runs_before_other, 1, 3 * LOOP_TURN_MAX);
    for (int i = 0; i < 2; i++)
        event_free(g.pair[i]);
    event_free(g.other);
    event_base_free(base);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_that_activate_each_other_leave_a_turn_to_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
