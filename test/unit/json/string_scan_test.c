/* The string scanner against a slow, independent reading of RFC 8259 and RFC 3629. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "json/string_scan.h"

struct found {
    enum string_end end;
    size_t at;
};

/* Scans T in pieces of SIZE bytes, each copied so that reading past one is seen. */
static struct found in_pieces(struct text t, bool utf8, size_t size)
{
    struct string_scan scan = {.utf8 = utf8};

    string_scan_begin(&scan);
    for (size_t from = 0; from < t.len; from += size) {
        size_t n = t.len - from < size ? t.len - from : size;
        char *piece = test_malloc(n);
        const char *at = piece;

        memcpy(piece, t.at + from, n);
        enum string_end end = string_scan(&scan, &at, piece + n);
        size_t stopped = from + (size_t)(at - piece);
        test_free(piece);
        if (end != STRING_OPEN)
            return (struct found){end, stopped};
        assert_int_equal(stopped, from + n);
    }
    return (struct found){STRING_OPEN, t.len};
}

/* True if some byte after the LEN bytes at AT can still make them a whole character. */
static bool may_begin_character(const unsigned char *at, size_t len)
{
    /* Fill up with each extreme of the bytes to come and look at the code point's range. */
    unsigned lead = at[0];
    size_t whole = lead < 0x80       ? 1
                   : lead >> 5 == 6  ? 2
                   : lead >> 4 == 14 ? 3
                   : lead >> 3 == 30 ? 4
                                     : 0;
    unsigned low, high;

    if (whole == 0 || len > whole)
        return false;
    low = high = whole == 1 ? lead : lead & (0xffu >> (whole + 1));
    for (size_t i = 1; i < whole; i++) {
        if (i < len && at[i] >> 6 != 2)
            return false;
        low = low << 6 | (i < len ? at[i] & 0x3fu : 0);
        high = high << 6 | (i < len ? at[i] & 0x3fu : 0x3f);
    }
    static const unsigned LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    if (high < LEAST[whole] || low > 0x10ffff)
        return false;
    return !(low >= 0xd800 && high <= 0xdfff);
}

static struct found slowly(struct text t, bool utf8)
{
    const unsigned char *c = (const unsigned char *)t.at;
    size_t i = 0;

    while (i < t.len) {
        if (c[i] == '"')
            return (struct found){STRING_CLOSED, i};
        if (c[i] < 0x20)
            return (struct found){STRING_BROKEN, i};
        if (c[i] == '\\') {
            if (++i == t.len)
                break;
            if (c[i] == 'u') {
                i++;
                for (int digit = 0; digit < 4; digit++, i++) {
                    if (i == t.len)
                        return (struct found){STRING_OPEN, t.len};
                    if (!strchr("0123456789abcdefABCDEF", c[i]) || c[i] == 0)
                        return (struct found){STRING_BROKEN, i};
                }
                continue;
            }
            if (c[i] == 0 || !strchr("\"\\/bfnrt", c[i]))
                return (struct found){STRING_BROKEN, i};
            i++;
        } else if (c[i] >= 0x80 && utf8) {
            size_t whole = c[i] < 0xe0 ? 2 : c[i] < 0xf0 ? 3 : 4;

            for (size_t n = 1; n <= whole; n++) {
                if (i + n > t.len)
                    return (struct found){STRING_OPEN, t.len};
                if (!may_begin_character(c + i, n))
                    return (struct found){STRING_BROKEN, i + n - 1};
            }
            i += whole;
        } else {
            i++;
        }
    }
    return (struct found){STRING_OPEN, t.len};
}

static void check(struct text t)
{
    for (int utf8 = 0; utf8 < 2; utf8++) {
        struct found want = slowly(t, utf8);

        for (size_t size = 1; size <= t.len; size++) {
            struct found got = in_pieces(t, utf8, size);

            assert_int_equal(got.end, want.end);
            assert_int_equal(got.at, want.at);
        }
    }
}

static void every_byte_behind_a_run(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++)
        for (size_t run = 0; run < 40; run += run < 18 ? 1 : 7) {
            char t[64];

            memset(t, 'x', sizeof t);
            t[run] = (char)byte;
            t[run + 1] = 'u';
            t[run + 8] = '"';
            check(text_of(t, run + 9));
        }
}

static void every_character_of_two_bytes_and_the_edges_of_the_longer(void **state)
{
    (void)state;
    for (unsigned a = 0x80; a < 256; a++)
        for (unsigned b = 0x7e; b < 0xc2; b++) {
            const char t[] = {(char)a, (char)b, (char)0x80, (char)0xbf, 'x', 'y', 'z', '"'};

            check(text_of(t, sizeof t));
        }
}

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void random_texts(void **state)
{
    static const char *const PARTS[] = {"a",
                                        "bc",
                                        "plain text, long enough for a row",
                                        "\\n",
                                        "\\u00e9",
                                        "\\ud83d\\ude00",
                                        "\xc3\xa9",
                                        "\xe2\x82\xac",
                                        "\xf0\x9f\x98\x80",
                                        "\xed\x9f\xbf",
                                        "\xed\xa0\x80",
                                        "\xc0\xaf",
                                        "\xf4\x90\x80\x80",
                                        "\\x",
                                        "\\u12g4",
                                        "\x1f",
                                        "\"",
                                        "\xe2\x82",
                                        "\xff",
                                        "\\"};
    uint32_t seed = 7;

    (void)state;
    for (int round = 0; round < 4000; round++) {
        char t[256];
        size_t len = 0, parts = next(&seed) % 7 + 1;

        for (size_t i = 0; i < parts; i++) {
            /* Mostly well-formed parts, so that texts get long. */
            const char *part = PARTS[next(&seed) % (next(&seed) % 3 ? 10 : 20)];

            memcpy(t + len, part, strlen(part));
            len += strlen(part);
        }
        check(text_of(t, len));
    }
}

static void phrases_name_the_fault(void **state)
{
    static const struct {
        const char *text, *phrase;
    } CASES[] = {{"a\n", "a control character in a string"},
                 {"\\a", "a malformed escape in a string"},
                 {"\\u00x", "a malformed escape in a string"},
                 {"\xff", "malformed UTF-8 in a string"},
                 {"\xe2\x82x", "malformed UTF-8 in a string"}};

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct string_scan scan = {.utf8 = true};
        const char *at = CASES[i].text;

        string_scan_begin(&scan);
        assert_int_equal(string_scan(&scan, &at, at + strlen(at)), STRING_BROKEN);
        assert_string_equal(string_scan_fault(&scan), CASES[i].phrase);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_behind_a_run),
        cmocka_unit_test(every_character_of_two_bytes_and_the_edges_of_the_longer),
        cmocka_unit_test(random_texts), cmocka_unit_test(phrases_name_the_fault)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
