/* What a token costs grows with its length, not with how often it was cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "json/reader.h"

/* An owner that wants values of up to WANTED bytes whole, and changes none. */
struct owner {
    size_t wanted, left;
};

static size_t on_string(void *owner, enum json_role role)
{
    return role == JSON_VALUE ? ((struct owner *)owner)->wanted : 0;
}

static bool on_whole(void *owner, const struct json_string *string, struct text *instead_out)
{
    (void)owner;
    (void)string;
    (void)instead_out;
    return true;
}

static void on_take(void *owner, struct text span)
{
    ((struct owner *)owner)->left += span.len;
}

static const struct reader_events EVENTS = {
    .on_string = on_string, .on_whole = on_whole, .take = on_take};

/* CPU time of FIRST, LEN times BYTE, and LAST, each a piece: the least of three runs. */
static double seconds(const char *first, const char *byte, size_t len, const char *last,
                      size_t wanted)
{
    const struct reader_limits limits = {.depth = 4, .number = 4 << 20};
    double least = 1e9;

    for (int i = 0; i < 3; i++) {
        struct owner owner = {.wanted = wanted};
        struct reader r;
        clock_t from = clock();

        assert_true(reader_init(&r, &limits, true, false, 4 << 20, &EVENTS, &owner));
        assert_int_equal(reader_piece(&r, text_from(first)), READER_OK);
        for (size_t at = 0; at < len; at++)
            assert_int_equal(reader_piece(&r, text_from(byte)), READER_OK);
        assert_int_equal(reader_piece(&r, text_from(last)), READER_OK);
        assert_int_equal(reader_end(&r), READER_OK);
        assert_int_equal(owner.left, strlen(first) + len + strlen(last));
        reader_fini(&r);
        double took = (double)(clock() - from) / CLOCKS_PER_SEC;
        least = took < least ? took : least;
    }
    return least;
}

/* yajl alone goes over all of a cut token again with each piece: 64 times as long for 8. */
static void eight_times_the_length_costs_about_eight_times(void **state)
{
    static const struct {
        const char *first, *byte, *last;
        size_t wanted;
    } TOKENS[] = {
        {"\"", "x", "\"", 0}, {"\"", "x", "\"", 4 << 20}, {"1", "2", " ", 0}, {" ", " ", "1 ", 0}};

    (void)state;
    for (size_t i = 0; i < sizeof TOKENS / sizeof *TOKENS; i++) {
        double few =
            seconds(TOKENS[i].first, TOKENS[i].byte, 1 << 17, TOKENS[i].last, TOKENS[i].wanted);
        double many =
            seconds(TOKENS[i].first, TOKENS[i].byte, 1 << 20, TOKENS[i].last, TOKENS[i].wanted);

        assert_true(many < 24 * few);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_times_the_length_costs_about_eight_times)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
