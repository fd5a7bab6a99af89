#include "exchange/stage.h"
#include "exchange/suites.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/*
 * Tries every order of up to ORDER_MAX happenings that two real rooms could
 * tell.  An order is played from the start each time; what may follow it is
 * asked at its end; then a good client and a good service bring it to an end.
 */
enum { ORDER_MAX = 6 };

struct order {
    enum happening steps[ORDER_MAX];
    bool next[ORDER_MAX + 1][HAPPENING_COUNT]; /* what may follow the first N steps */
    unsigned length;
};

static void play(const struct scene *scene, struct order *order)
{
    struct stage s;

    stage_open(&s, scene);
    stage_begin(&s);
    stage_check(&s);
    for (unsigned i = 0; i < order->length; i++)
        stage_do(&s, order->steps[i]);
    for (enum happening h = 0; h < HAPPENING_COUNT; h++)
        order->next[order->length][h] = s.ex && stage_may(&s, h);
    stage_finish(&s);
    stage_close(&s);
}

/* Moves ORDER on to the next one, depth first.  False: that was the last. */
static bool advance(struct order *order)
{
    unsigned h = 0;

    for (;;) {
        const bool *next = order->next[order->length];

        while (h < HAPPENING_COUNT && (order->length == ORDER_MAX || !next[h]))
            h++;
        if (h < HAPPENING_COUNT) {
            order->steps[order->length++] = h;
            return true;
        }
        if (order->length == 0)
            return false;
        h = order->steps[--order->length] + 1;
    }
}

static void every_order(void **state)
{
    struct order order = {.length = 0};
    unsigned long played = 0;

    do {
        play(*state, &order);
        played++;
    } while (advance(&order));
    print_message("# %s: %lu orders\n", ((const struct scene *)*state)->name, played);
    assert_true(played > 1000);
}

int run_orders(void)
{
    static const struct scene *const scenes[] = {
        &scene_get,    &scene_get_roomy,  &scene_post_small, &scene_post_streaming,
        &scene_upload, &scene_chunked,    &scene_roomy,      &scene_declared,
        &scene_delete, &scene_put_as_post};
    enum { SCENES = sizeof scenes / sizeof scenes[0] };
    struct CMUnitTest tests[SCENES];

    for (size_t i = 0; i < SCENES; i++)
        tests[i] = (struct CMUnitTest){
            .name = scenes[i]->name, .test_func = every_order, .initial_state = (void *)scenes[i]};
    return cmocka_run_group_tests_name("orders", tests, NULL, NULL);
}
