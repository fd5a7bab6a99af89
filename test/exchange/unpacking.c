/* unpacking.c - a coded body comes out whole, at every cut and however often its reader stops */
#include "exchange/coders.h"
#include "exchange/suites.h"
#include "exchange/unpack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct coding_limits lenient = {.ratio = 1000000, .ratio_from = 1 << 20};
static const struct coding_limits usual = {.ratio = 100, .ratio_from = 1 << 20};

struct reader {
    struct buf got;
    uint64_t length;   /* of what came, where it is not kept */
    size_t stop_after; /* takes until a stop; 0: never says stop */
    size_t takes;
    bool counts_only;
};

static bool take(void *owner, struct text bytes)
{
    struct reader *r = owner;

    if (!r->counts_only)
        buf_add(&r->got, bytes);
    r->length += bytes.len;
    return r->stop_after == 0 || ++r->takes % r->stop_after != 0;
}

static struct unpack open_unpack(struct reader *r, enum coding coding,
                                 const struct coding_limits *limits)
{
    struct unpack u;

    buf_init(&r->got, 1 << 24);
    assert_true(unpack_init(&u, coding, limits, take, r));
    return u;
}

/* Goes on until nothing waits; how often that took. */
static unsigned go_on(struct unpack *u)
{
    unsigned times = 0;

    while (u->stopped) {
        enum unpacked result = unpack_go_on(u);

        assert_true(result == UNPACKED_ALL || result == UNPACKED_STOPPED);
        assert_int_equal(u->stopped, result == UNPACKED_STOPPED);
        times++;
    }
    return times;
}

/* --- whole ---------------------------------------------------------------------- */

static void every_cut(void **state)
{
    struct text plain = dense_json(40000);

    (void)state;
    for (size_t i = 0; i < CODERS; i++) {
        struct text coded = coder_code(&coders[i], plain);

        for (size_t size = 1; size < 40; size += 6) {
            struct reader r = {.stop_after = size % 5};
            struct unpack u = open_unpack(&r, coders[i].coding, &usual);

            for (size_t at = 0; at < coded.len; at += size) {
                size_t len = coded.len - at < size ? coded.len - at : size;

                unpack_piece(&u, text_of(coded.at + at, len));
                go_on(&u);
            }
            assert_int_equal(unpack_end(&u), UNPACKED_ALL);
            assert_true(text_eq(buf_text(&r.got), plain));
            unpack_fini(&u);
            buf_fini(&r.got);
        }
        free((char *)coded.at);
    }
    free((char *)plain.at);
}

/* Pieces that come while the reader has stopped wait, in order. */
static void pieces_wait(void **state)
{
    struct text plain = dense_json(90000);

    (void)state;
    for (size_t i = 0; i < CODERS; i++) {
        struct text coded = coder_code(&coders[i], plain);
        struct reader r = {.stop_after = 1};
        struct unpack u = open_unpack(&r, coders[i].coding, &usual);

        for (size_t at = 0; at < coded.len; at += 1000)
            unpack_piece(&u, text_of(coded.at + at, coded.len - at < 1000 ? coded.len - at : 1000));
        assert_true(u.stopped);
        assert_true(r.got.len <= 16 * 1024);
        assert_true(go_on(&u) >= 4);
        assert_int_equal(unpack_end(&u), UNPACKED_ALL);
        assert_true(text_eq(buf_text(&r.got), plain));
        assert_int_equal(unpack_go_on(&u), UNPACKED_ALL);
        unpack_fini(&u);
        buf_fini(&r.got);
        free((char *)coded.at);
    }
    free((char *)plain.at);
}

/* However much waits, it is the coded bytes that do, and only so many of them. */
static void waiting_has_a_ceiling(void **state)
{
    static char piece[64 * 1024];
    struct text coded = coder_code(&coders[0], TEXT("0123456789"));
    struct reader r = {.stop_after = 1};
    struct unpack u = open_unpack(&r, CODING_GZIP, &usual);
    enum unpacked result = unpack_piece(&u, coded);

    (void)state;
    assert_int_equal(result, UNPACKED_STOPPED);
    for (unsigned i = 0; i < 20 && result == UNPACKED_STOPPED; i++)
        result = unpack_piece(&u, text_of(piece, sizeof piece));
    assert_int_equal(result, UNPACKED_NO_MEMORY);
    unpack_fini(&u);
    buf_fini(&r.got);
    free((char *)coded.at);
}

static void without_a_coding_pieces_pass(void **state)
{
    struct reader r = {.stop_after = 1};
    struct unpack u = open_unpack(&r, CODING_IDENTITY, &usual);

    (void)state;
    assert_int_equal(unpack_piece(&u, TEXT("ab")), UNPACKED_ALL);
    assert_int_equal(unpack_piece(&u, TEXT("cd")), UNPACKED_ALL);
    assert_false(u.stopped);
    assert_int_equal(unpack_end(&u), UNPACKED_ALL);
    assert_true(text_eq(buf_text(&r.got), TEXT("abcd")));
    unpack_fini(&u);
    buf_fini(&r.got);
}

/* --- not whole -------------------------------------------------------------------- */

static void cut_short_at_every_byte(void **state)
{
    struct text plain = dense_json(300);

    (void)state;
    for (size_t i = 0; i < CODERS; i++) {
        struct text coded = coder_code(&coders[i], plain);

        for (size_t at = 0; at <= coded.len; at++) {
            struct reader r = {.stop_after = 0};
            struct unpack u = open_unpack(&r, coders[i].coding, &usual);

            if (at > 0)
                assert_int_equal(unpack_piece(&u, text_of(coded.at, at)), UNPACKED_ALL);
            assert_int_equal(unpack_end(&u),
                             at == 0 || at == coded.len ? UNPACKED_ALL : UNPACKED_BAD);
            unpack_fini(&u);
            buf_fini(&r.got);
        }
        free((char *)coded.at);
    }
    free((char *)plain.at);
}

static void bytes_behind_the_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < CODERS; i++) {
        struct text coded = coder_code(&coders[i], TEXT("{}"));
        struct reader r = {.stop_after = 1};
        struct unpack u = open_unpack(&r, coders[i].coding, &usual);

        unpack_piece(&u, coded);
        enum unpacked result = unpack_piece(&u, TEXT("garbage"));
        while (result == UNPACKED_STOPPED)
            result = unpack_go_on(&u);
        if (result == UNPACKED_ALL)
            result = unpack_end(&u);
        assert_int_equal(result, UNPACKED_BAD);
        unpack_fini(&u);
        buf_fini(&r.got);
        free((char *)coded.at);
    }
}

/* --- too much ----------------------------------------------------------------------- */

static void bombs(void **state)
{
    enum { SIZE = 20 << 20 };
    char *zeros = calloc(1, SIZE);

    (void)state;
    assert_non_null(zeros);
    for (size_t i = 0; i < CODERS; i++) {
        struct text coded = coder_code(&coders[i], text_of(zeros, SIZE));
        struct reader r = {.counts_only = true, .stop_after = 1};
        struct unpack u = open_unpack(&r, coders[i].coding, &usual);
        enum unpacked result = unpack_piece(&u, coded);

        while (result == UNPACKED_STOPPED)
            result = unpack_go_on(&u);
        assert_int_equal(result, UNPACKED_BOMB);
        uint64_t most = (uint64_t)coded.len * usual.ratio;
        assert_true(r.length <= (most > usual.ratio_from ? most : usual.ratio_from));
        unpack_fini(&u);

        r = (struct reader){.counts_only = true};
        u = open_unpack(&r, coders[i].coding, &lenient);
        assert_int_equal(unpack_piece(&u, coded), UNPACKED_ALL);
        assert_int_equal(unpack_end(&u), UNPACKED_ALL);
        assert_int_equal(r.length, SIZE);
        unpack_fini(&u);
        free((char *)coded.at);
    }
    free(zeros);
}

/* --- what Content-Encoding says -------------------------------------------------------- */

static enum coding coding_in(const char *one, const char *two)
{
    struct http_field at[] = {{TEXT("Content-Encoding"), text_from(one)},
                              {TEXT("content-encoding"), text_from(two ? two : "")}};
    struct http_fields fields = {at, two ? 2 : 1};

    return unpack_coding(&fields);
}

static void content_encoding(void **state)
{
    (void)state;
    assert_int_equal(unpack_coding(&(struct http_fields){0}), CODING_IDENTITY);
    assert_int_equal(coding_in("GZip", NULL), CODING_GZIP);
    assert_int_equal(coding_in("x-gzip", NULL), CODING_GZIP);
    assert_int_equal(coding_in("identity", "br"), CODING_BR);
    assert_int_equal(coding_in("gzip", "gzip"), CODING_UNKNOWN);
    assert_int_equal(coding_in("gzip, br", NULL), CODING_UNKNOWN);
    assert_int_equal(coding_in("compress", NULL), CODING_UNKNOWN);
}

int run_unpacking(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut),
        cmocka_unit_test(pieces_wait),
        cmocka_unit_test(waiting_has_a_ceiling),
        cmocka_unit_test(without_a_coding_pieces_pass),
        cmocka_unit_test(cut_short_at_every_byte),
        cmocka_unit_test(bytes_behind_the_end),
        cmocka_unit_test(bombs),
        cmocka_unit_test(content_encoding),
    };
    return cmocka_run_group_tests_name("unpacking", tests, NULL, NULL);
}
