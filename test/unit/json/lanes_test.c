/* Rows of bytes are judged as single bytes would be, in both ways of doing it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The header as this machine has it. */
#define LANES              WIDE_LANES
#define LANES_ROWS         WIDE_ROWS
#define lanes_first        wide_first
#define lanes_stops_string wide_stops_string
#define lanes_stops_gap    wide_stops_gap
#define lanes_equal        wide_equal
#define lanes_gap          wide_gap
#define lanes_in_string    wide_in_string
#define lanes_in_gap       wide_in_gap
#define lanes_level_digits wide_level_digits
#define lanes_line_feeds   wide_line_feeds
#include "json/lanes.h"

/* The same header once more, as a machine without SSE2 has it. */
#undef JSON_LANES_H
#undef LANES
#undef LANES_ROWS
#undef lanes_stops_string
#undef lanes_stops_gap
#undef lanes_equal
#undef lanes_gap
#undef lanes_in_string
#undef lanes_in_gap
#undef lanes_level_digits
#undef lanes_line_feeds
#undef LANES_ALL
#define LANES_PORTABLE
#define LANES              PORTABLE_LANES
#define LANES_ROWS         PORTABLE_ROWS
#define lanes_stops_string portable_stops_string
#define lanes_stops_gap    portable_stops_gap
#define lanes_equal        portable_equal
#define lanes_gap          portable_gap
#define lanes_in_string    portable_in_string
#define lanes_in_gap       portable_in_gap
#define lanes_level_digits portable_level_digits
#define lanes_line_feeds   portable_line_feeds
#include "json/lanes.h"

struct way {
    size_t lanes;
    size_t (*in_string)(const char *, bool);
    void (*in_gap)(const char *, unsigned *stop, unsigned *digit, unsigned *zero, unsigned *blank);
    void (*level_digits)(char *);
    size_t (*line_feeds)(const char *, size_t);
};

static void gap_wide(const char *p, unsigned *stop, unsigned *digit, unsigned *zero,
                     unsigned *blank)
{
    struct wide_gap gap = wide_in_gap(p);

    *stop = gap.stop;
    *digit = gap.digit;
    *zero = gap.zero;
    *blank = gap.blank;
}

static void gap_portable(const char *p, unsigned *stop, unsigned *digit, unsigned *zero,
                         unsigned *blank)
{
    struct portable_gap gap = portable_in_gap(p);

    *stop = gap.stop;
    *digit = gap.digit;
    *zero = gap.zero;
    *blank = gap.blank;
}

static const struct way WAYS[] = {
    {WIDE_LANES, wide_in_string, gap_wide, wide_level_digits, wide_line_feeds},
    {PORTABLE_LANES, portable_in_string, gap_portable, portable_level_digits, portable_line_feeds}};

static bool ends_string(unsigned char c, bool ascii)
{
    return c < 32 || c == 34 || c == 92 || (ascii && c > 127);
}

static bool ends_gap(unsigned char c)
{
    return c == 34 || c == 11 || c == 12 || c == 47;
}

static void check(const struct way *w, const char *row)
{
    unsigned stop, digit, zero, blank;
    size_t feeds = 0;

    for (int ascii = 0; ascii < 2; ascii++) {
        size_t n = 0;
        while (n < w->lanes && !ends_string((unsigned char)row[n], ascii))
            n++;
        assert_int_equal(w->in_string(row, ascii), n);
    }
    w->in_gap(row, &stop, &digit, &zero, &blank);
    for (size_t i = 0; i < w->lanes; i++) {
        assert_int_equal(stop >> i & 1, ends_gap((unsigned char)row[i]));
        assert_int_equal(digit >> i & 1, row[i] >= 48 && row[i] <= 57);
        assert_int_equal(zero >> i & 1, row[i] == 48);
        assert_int_equal(blank >> i & 1, row[i] == 32);
        feeds += row[i] == 10;
    }
    assert_int_equal((stop | digit | zero | blank) >> w->lanes, 0);
    assert_int_equal(w->line_feeds(row, 1), feeds);
    char level[16];
    memcpy(level, row, sizeof level);
    w->level_digits(level);
    for (size_t i = 0; i < w->lanes; i++)
        assert_int_equal(level[i], row[i] > 49 && row[i] <= 57 ? 49 : row[i]);
}

static void line_feeds_are_summed_over_many_rows(void **state)
{
    static char rows[WIDE_ROWS * 16];

    (void)state;
    memset(rows, 10, sizeof rows);
    for (size_t way = 0; way < 2; way++)
        assert_int_equal(WAYS[way].line_feeds(rows, WIDE_ROWS), WIDE_ROWS * WAYS[way].lanes);
}

static void every_byte_at_every_lane(void **state)
{
    (void)state;
    for (size_t way = 0; way < 2; way++)
        for (unsigned byte = 0; byte < 256; byte++)
            for (size_t lane = 0; lane < WAYS[way].lanes; lane++) {
                char row[16];

                memset(row, 'x', sizeof row);
                row[lane] = (char)byte;
                check(&WAYS[way], row);
            }
}

static void pairs_of_neighbours(void **state)
{
    (void)state;
    /* A borrow in word arithmetic may spill from one byte into the next. */
    for (size_t way = 0; way < 2; way++)
        for (unsigned a = 0; a < 256; a++)
            for (unsigned b = 0; b < 256; b++) {
                char row[16];

                memset(row, 'x', sizeof row);
                row[2] = (char)a;
                row[3] = (char)b;
                check(&WAYS[way], row);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_byte_at_every_lane),
                                       cmocka_unit_test(pairs_of_neighbours),
                                       cmocka_unit_test(line_feeds_are_summed_over_many_rows)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
