/* Lists of rows that look alike are read as if each was judged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/json/cut_runs.h"
#include "json/refrain.h"

static unsigned below(uint32_t *seed, unsigned most)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % most;
}

/* Appends rows that look alike: few shapes, in objects and arrays, one in another. */
static void add_rows(struct buf *to, uint32_t *seed, unsigned depth)
{
    static const char *const SHAPES[] = {"{\"old\":1,\"b\":\"x\"}",
                                         "{\"old\":7,\"b\":\"longer\"}",
                                         "[0.5,-2e3]",
                                         "{}",
                                         "{ \"k\": [true], \"old\": {}}",
                                         "[9.5,-4e7]"};
    bool object = below(seed, 2);
    unsigned first = below(seed, 6);

    buf_add_byte(to, object ? '{' : '[');
    for (unsigned i = 0, rows = below(seed, 9); i < rows; i++) {
        buf_add(to, text_from(i ? "," : ""));
        buf_add(to, text_from(object ? "\"m\":" : ""));
        if (depth < 2 && below(seed, 2))
            add_rows(to, seed, depth + 1);
        else
            buf_add(to, text_from(SHAPES[below(seed, 4) ? first : below(seed, 6)]));
    }
    buf_add_byte(to, object ? '}' : ']');
}

/* A piece of one byte has no rows, so what is left out of a whole text shows. */
static void rows_that_come_again_are_judged_at_every_cut(void **state)
{
    static const char SPOILERS[] = "{}[],:\"01. ex";
    uint32_t seed = 5;
    size_t good = 0, bad = 0;

    (void)state;
    for (int round = 0; round < 3000; round++) {
        struct buf t;
        struct run run;

        buf_init(&t, 1 << 16);
        buf_add_byte(&t, '[');
        while (t.len < REFRAIN_WORTH)
            buf_add(&t, TEXT("0,"));
        add_rows(&t, &seed, 1);
        buf_add_byte(&t, ']');
        if (below(&seed, 3))
            t.at[REFRAIN_WORTH + below(&seed, (unsigned)t.len - REFRAIN_WORTH)] =
                SPOILERS[below(&seed, sizeof SPOILERS - 1)];
        run_all(&run, buf_text(&t), true, false);
        good += run.verdict == READER_OK;
        bad += run.verdict == READER_INVALID;
        buf_fini(&run.out);
        buf_fini(&t);
    }
    assert_true(good > 500 && bad > 500);
}

static void the_owner_can_stop_a_row_that_comes_again(void **state)
{
    struct run run;
    struct buf t;

    (void)state;
    buf_init(&t, 1 << 16);
    buf_add_byte(&t, '[');
    while (t.len < 4 * REFRAIN_WORTH)
        buf_add(&t, TEXT("{\"a\":1},"));
    size_t behind = t.len;
    buf_add(&t, TEXT("{\"stop\":5},{\"f\":6}]"));
    run_all(&run, buf_text(&t), true, false);
    assert_int_equal(run.verdict, READER_STOPPED);
    assert_int_equal(run.fault.place.offset, behind + 1);
    buf_fini(&run.out);
    buf_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_that_come_again_are_judged_at_every_cut),
        cmocka_unit_test(the_owner_can_stop_a_row_that_comes_again)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
