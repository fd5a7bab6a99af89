/* Headers of the PROXY protocol at every cut, and what is none. */
#include "http/proxy_header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka wants the above first */
#include <cmocka.h>
#include <stdio.h>

struct row {
    const char *bytes;
    size_t len;
    const char *address; /* NULL: malformed */
    unsigned port;
};

#define GOOD(bytes, address, port)                                                                 \
    {                                                                                              \
        bytes, sizeof(bytes) - 1, address, port                                                    \
    }
#define BAD(bytes)                                                                                 \
    {                                                                                              \
        bytes, sizeof(bytes) - 1, NULL, 0                                                          \
    }
#define V2   "\r\n\r\n\0\r\nQUIT\n"
#define FOUR "\xc0\x00\x02\x01\xc0\x00\x02\x02\x9c\x40\x01\xbb"
#define SIX                                                                                        \
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"                                                   \
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\x9c\x40\x01\xbb"
#define X10 "xxxxxxxxxx"
#define ZERO54                                                                                     \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" \
    "\0\0\0\0\0\0\0\0"

static const struct row rows[] = {
    GOOD("PROXY TCP4 192.0.2.1 192.0.2.2 40000 443\r\n", "192.0.2.1", 40000),
    GOOD("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255", 65535),
    GOOD("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", "0.0.0.0", 0),
    GOOD("PROXY TCP6 2001:db8::1 2001:db8::2 40000 443\r\n", "2001:db8::1", 40000),
    GOOD("PROXY TCP6 2001:0DB8:0:0:0:0:0:1 ::1 1 2\r\n", "2001:db8::1", 1),
    GOOD("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535),
    GOOD("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", "::ffff:192.0.2.1", 1),
    GOOD("PROXY UNKNOWN\r\n", "", 0),
    GOOD("PROXY UNKNOWN 192.0.2.1 192.0.2.2 1 2\r\n", "", 0),
    /* 107 bytes, and one more */
    GOOD("PROXY UNKNOWN " X10 X10 X10 X10 X10 X10 X10 X10 X10 "x\r\n", "", 0),
    BAD("PROXY UNKNOWN " X10 X10 X10 X10 X10 X10 X10 X10 X10 "xx\r\n"),
    BAD("PROXY UNKNOWN\n"),
    BAD("PROXY UNKNOWN\rx"),
    BAD("PROXY UNKNOWN\r\r\n"),
    BAD("PROXY UNKNOWNS\r\n"),
    BAD("PROXY unknown\r\n"),
    BAD("PROXY  UNKNOWN\r\n"),
    BAD("PROXY\tUNKNOWN"),
    BAD("proxy UNKNOWN"),
    BAD(" PROXY"),
    BAD("PROXY \r\n"),
    BAD("PROXY TCP4\r\n"),
    BAD("PROXY TCP4 \r\n"),
    BAD("PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n"),
    BAD("PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n"),
    BAD("PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n"),
    BAD("PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n"),
    BAD("PROXY TCP4 192.0.2.1 192.0.2.2 1 \r\n"),
    BAD("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n"),
    BAD("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n"),
    BAD("PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n"),
    BAD("PROXY TCP4 192.0.2.1 192.0.2.2 100000 1\r\n"),
    BAD("PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n"),
    BAD("PROXY TCP4 192.0.2.1 192.0.2.2 1 02\r\n"),
    BAD("PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n"),
    BAD("PROXY TCP4 192.0.2.1 192.0.2.2 1 2x\r\n"),
    BAD("PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n"),
    BAD("PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n"),
    BAD("PROXY TCP4 192.0.2 192.0.2.2 1 2\r\n"),
    BAD("PROXY TCP4 192.0.2.1\0 192.0.2.2 1 2\r\n"),
    BAD("PROXY TCP4 ::1 ::1 1 2\r\n"),
    BAD("PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n"),
    BAD("PROXY TCP6 [::1] ::1 1 2\r\n"),
    BAD("PROXY TCP6 fe80::1%1 ::1 1 2\r\n"),
    BAD("PROXY TCP6 ::1 g:: 1 2\r\n"),
    BAD("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    BAD("\x16\x03\x01"),
    GOOD(V2 "\x21\x11\0\x0c" FOUR, "192.0.2.1", 40000),
    GOOD(V2 "\x21\x21\0\x24" SIX, "2001:db8::1", 40000),
    GOOD(V2 "\x21\x11\0\x13" FOUR "\x04\0\x04nope", "192.0.2.1", 40000), /* with a further part */
    GOOD(V2 "\x21\x11\0\x0d" FOUR "\xff", "192.0.2.1", 40000),
    GOOD(V2 "\x21\x31\0\xd8" ZERO54 ZERO54 ZERO54 ZERO54, "unix", 0),
    GOOD(V2 "\x21\0\0\0", "", 0),
    GOOD(V2 "\x21\0\0\x03xyz", "", 0),
    GOOD(V2 "\x20\0\0\0", "", 0),
    GOOD(V2 "\x20\x11\0\x0c" FOUR, "", 0),
    GOOD(V2 "\x20\xff\0\x02xy", "", 0), /* of the balancer's own connection nothing counts */
    BAD(V2 "\x21\x11\0\x0b"),
    BAD(V2 "\x21\x21\0\x23"),
    BAD(V2 "\x21\x31\0\xd7"),
    BAD(V2 "\x21\x12\0\x0c"),
    BAD(V2 "\x21\x22\0\x24"),
    BAD(V2 "\x21\x41\0\x0c"),
    BAD(V2 "\x21\x10\0\x0c"),
    BAD(V2 "\x21\x01\0\0"),
    BAD(V2 "\x22\x11\0\x0c"),
    BAD(V2 "\x11\x11\0\x0c"),
    BAD(V2 "\x31\x11\0\x0c"),
    BAD(V2 "\x21\x11\x10\0"),
    BAD(V2 "\x20\0\xff\xff"),
    BAD("\r\n\r\n\0\r\nQUIT\r"),
    BAD("\r\n\r\n\r\n"),
};

/* What the first LEN bytes of ROW are; they are a copy, so that no byte behind them is seen. */
static enum proxy_header_step read_some(const struct row *row, size_t len, struct proxy_header *h)
{
    char *copy = malloc(len ? len : 1);

    assert_non_null(copy);
    memcpy(copy, row->bytes, len);
    enum proxy_header_step step = proxy_header_read(text_of(copy, len), h);
    free(copy);
    if (step == PROXY_HEADER_MALFORMED)
        assert_true(h->fault && h->len == 0 && !h->address[0]);
    return step;
}

static void test_rows(void **state)
{
    struct proxy_header h;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        enum proxy_header_step step = read_some(row, row->len, &h);

        if (step != (row->address ? PROXY_HEADER_WHOLE : PROXY_HEADER_MALFORMED))
            fail_msg("row %zu: %d (%s)", i, step, h.fault ? h.fault : "");
        if (!row->address)
            continue;
        assert_string_equal(h.address, row->address);
        assert_int_equal(h.port, row->port);
        assert_int_equal(h.len, row->len);
    }
}

/* A cut header wants more, up to its last byte; what is malformed once remains so. */
static void test_cuts(void **state)
{
    struct proxy_header h;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool seen_bad = false;

        for (size_t len = 0; len < rows[i].len; len++) {
            enum proxy_header_step step = read_some(&rows[i], len, &h);

            assert_true(step != PROXY_HEADER_WHOLE);
            seen_bad |= step == PROXY_HEADER_MALFORMED;
            if (seen_bad != (step == PROXY_HEADER_MALFORMED) || (seen_bad && rows[i].address))
                fail_msg("row %zu at %zu: %d", i, len, step);
        }
    }
}

/* What comes behind a header changes nothing of it. */
static void test_behind(void **state)
{
    static const char behind[] = "GET / HTTP/1.1\r\n";
    struct proxy_header h;
    char both[512];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!rows[i].address)
            continue;
        for (size_t n = 1; n < sizeof behind; n++) {
            struct row row = {.bytes = both, .len = rows[i].len + n};

            assert_true(row.len <= sizeof both);
            memcpy(both, rows[i].bytes, rows[i].len);
            memcpy(both + rows[i].len, behind, n);
            assert_int_equal(read_some(&row, row.len, &h), PROXY_HEADER_WHOLE);
            assert_int_equal(h.len, rows[i].len);
            assert_string_equal(h.address, rows[i].address);
        }
    }
}

/* The longest block there may be. */
static void test_longest(void **state)
{
    static char bytes[PROXY_HEADER_MAX] = V2 "\x21\x11\x0f\xf0" FOUR;
    struct proxy_header h;
    struct row row = {.bytes = bytes, .len = sizeof bytes};

    (void)state;
    assert_int_equal(read_some(&row, sizeof bytes - 1, &h), PROXY_HEADER_MORE);
    assert_int_equal(read_some(&row, sizeof bytes, &h), PROXY_HEADER_WHOLE);
    assert_int_equal(h.len, sizeof bytes);
    bytes[15]++;
    assert_int_equal(read_some(&row, 16, &h), PROXY_HEADER_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_behind),
        cmocka_unit_test(test_longest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
