/* Rows of bytes are judged as single bytes would be, in both ways of doing it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/lanes.h"

enum { WIDE = LANES };
static size_t wide_in_string(const char *p, bool ascii)
{
    return lanes_in_string(p, ascii);
}
static size_t wide_copy_gap(char *to, const char *p)
{
    return lanes_copy_gap(to, p);
}
static size_t wide_line_feeds(const char *p)
{
    return lanes_line_feeds(p);
}

/* The same header once more, as a machine without SSE2 has it. */
#undef JSON_LANES_H
#define LANES_PORTABLE
#define LANES              PORTABLE_LANES
#define lanes_stops_string portable_stops_string
#define lanes_stops_gap    portable_stops_gap
#define lanes_equal        portable_equal
#define lanes_in_string    portable_in_string
#define lanes_copy_gap     portable_copy_gap
#define lanes_line_feeds   portable_line_feeds
#include "json/lanes.h"

struct way {
    size_t lanes;
    size_t (*in_string)(const char *, bool);
    size_t (*copy_gap)(char *, const char *);
    size_t (*line_feeds)(const char *);
};

static const struct way WAYS[] = {
    {WIDE, wide_in_string, wide_copy_gap, wide_line_feeds},
    {PORTABLE_LANES, portable_in_string, portable_copy_gap, portable_line_feeds}};

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
    char copy[16];

    for (int ascii = 0; ascii < 2; ascii++) {
        size_t n = 0;
        while (n < w->lanes && !ends_string((unsigned char)row[n], ascii))
            n++;
        assert_int_equal(w->in_string(row, ascii), n);
    }
    size_t n = 0, feeds = 0;
    while (n < w->lanes && !ends_gap((unsigned char)row[n]))
        n++;
    assert_int_equal(w->copy_gap(copy, row), n);
    assert_memory_equal(copy, row, w->lanes);
    for (size_t i = 0; i < w->lanes; i++)
        feeds += row[i] == '\n';
    assert_int_equal(w->line_feeds(row), feeds);
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
                                       cmocka_unit_test(pairs_of_neighbours)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
