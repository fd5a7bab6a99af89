/* coding_test.c - what other encoders wrote is read at every cut, and nothing else is */
#include "coding/coding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <brotli/encode.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum { CODED_MAX = 1 << 20, PLAIN_MAX = 64 << 20 };

static const struct coding_limits usual = {.ratio = 100, .ratio_from = 1 << 20};

struct coded {
    enum coding coding;
    const char *name;
    char *at;
    size_t len;
};

/* --- peers: the libraries' own encoders ------------------------------------- */

static size_t by_zlib(int bits, struct text plain, char *to)
{
    z_stream s = {0};

    assert_int_equal(deflateInit2(&s, 9, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    s.next_in = (Bytef *)(uintptr_t)plain.at;
    s.avail_in = (uInt)plain.len;
    s.next_out = (Bytef *)to;
    s.avail_out = CODED_MAX;
    assert_int_equal(deflate(&s, Z_FINISH), Z_STREAM_END);
    deflateEnd(&s);
    return s.total_out;
}

static size_t code(enum coding coding, struct text plain, char *to)
{
    size_t len = CODED_MAX;

    switch (coding) {
    case CODING_GZIP:
        return by_zlib(MAX_WBITS + 16, plain, to);
    case CODING_DEFLATE:
        return by_zlib(MAX_WBITS, plain, to);
    case CODING_BR:
        assert_true(BrotliEncoderCompress(5, 18, BROTLI_MODE_TEXT, plain.len,
                                          (const uint8_t *)plain.at, &len, (uint8_t *)to));
        return len;
    case CODING_ZSTD:
        return ZSTD_compress(to, CODED_MAX, plain.at, plain.len, 3);
    case CODING_IDENTITY:
    case CODING_UNKNOWN:
        break;
    }
    fail();
    return 0;
}

/* --- pulling ------------------------------------------------------------------ */

/* Decodes CODED in pieces of SIZE bytes; the first step that is neither MORE nor BYTES, or MORE. */
static enum coding_step pull(enum coding coding, struct text coded, size_t size,
                             const struct coding_limits *limits, struct buf *plain, bool *complete)
{
    struct decoder *d = decoder_new(coding, limits);
    enum coding_step step = CODING_MORE;

    assert_non_null(d);
    while (coded.len > 0 && step == CODING_MORE) {
        struct text piece = text_of(coded.at, coded.len < size ? coded.len : size), out;

        coded = text_from_offset(coded, piece.len);
        while ((step = decoder_next(d, &piece, &out)) == CODING_BYTES)
            buf_add(plain, out);
        if (step == CODING_MORE)
            assert_int_equal(piece.len, 0);
    }
    *complete = decoder_complete(d);
    decoder_free(&d);
    return step;
}

static const enum coding all[] = {CODING_GZIP, CODING_DEFLATE, CODING_BR, CODING_ZSTD};

static void fill(char *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = "{\"workspaceId\":\"7\",\"text\":\"\xc3\xa4\"}"[i * i % 31 % 29];
}

static void test_every_cut(void **state)
{
    char plain[3000], *coded = malloc(CODED_MAX);

    (void)state;
    fill(plain, sizeof plain);
    for (size_t c = 0; c < 4; c++) {
        size_t len = code(all[c], text_of(plain, sizeof plain), coded);

        for (size_t size = 1; size <= len; size++) {
            struct buf out;
            bool complete;

            buf_init(&out, SIZE_MAX);
            assert_int_equal(pull(all[c], text_of(coded, len), size, &usual, &out, &complete),
                             CODING_MORE);
            assert_true(complete);
            assert_true(text_eq(buf_text(&out), text_of(plain, sizeof plain)));
            buf_fini(&out);
        }
    }
    free(coded);
}

static void test_cut_short_is_not_complete(void **state)
{
    char plain[500], *coded = malloc(CODED_MAX);

    (void)state;
    fill(plain, sizeof plain);
    for (size_t c = 0; c < 4; c++) {
        size_t len = code(all[c], text_of(plain, sizeof plain), coded);

        for (size_t cut = 1; cut < len; cut++) {
            struct buf out;
            bool complete;

            buf_init(&out, SIZE_MAX);
            assert_int_equal(pull(all[c], text_of(coded, cut), 7, &usual, &out, &complete),
                             CODING_MORE);
            assert_false(complete);
            buf_fini(&out);
        }
    }
    free(coded);
}

static void test_garbage_and_what_follows(void **state)
{
    char *coded = malloc(CODED_MAX);
    struct buf out;
    bool complete;

    (void)state;
    buf_init(&out, SIZE_MAX);
    for (size_t c = 0; c < 4; c++) {
        struct text garbage = TEXT("\xff\xff\xff this was never coded by anyone \xff\xff\xff");
        assert_int_equal(pull(all[c], garbage, 5, &usual, &out, &complete), CODING_BAD);
        for (size_t content = 0; content < 2; content++) {
            size_t len = code(all[c], content ? TEXT("once") : TEXT(""), coded);
            memcpy(coded + len, "trailing", 8);
            for (size_t size = 1; size <= len + 8; size++)
                assert_int_equal(
                    pull(all[c], text_of(coded, len + 8), size, &usual, &out, &complete),
                    CODING_BAD);
        }
    }
    buf_fini(&out);
    free(coded);
}

/*
 * A zstd frame that declares 64 bytes of content (RFC 8878, 3.1.1.1.4) and has
 * none, and one in the form from before the RFC, which the library may know.
 */
static void test_frames_of_other_making_are_bad(void **state)
{
    static const struct text frames[] = {
        {"\x28\xb5\x2f\xfd\x24\x40\x01\x00\x00\x99\xe9\xd8\x51", 13},
        {"\x26\xb5\x2f\xfd\x04\x58\x09\x00\x00\x61\x5b\x6e\x8c\xa9", 14}};

    (void)state;
    for (size_t size = 1; size <= 28; size++) {
        struct text frame = frames[size % 2];
        struct buf out;
        bool complete;

        buf_init(&out, SIZE_MAX);
        assert_int_equal(pull(CODING_ZSTD, frame, (size + 1) / 2, &usual, &out, &complete),
                         CODING_BAD);
        buf_fini(&out);
    }
}

/* Two gzip members (RFC 1952, 2.2) and two zstd frames (RFC 8878, 3) are one body. */
static void test_two_members(void **state)
{
    char *coded = malloc(CODED_MAX);

    (void)state;
    for (size_t c = 0; c < 4; c += 3) {
        size_t len = code(all[c], TEXT("first "), coded);

        len += code(all[c], TEXT(""), coded + len);
        len += code(all[c], TEXT("second"), coded + len);
        for (size_t size = 1; size <= len; size++) {
            struct buf out;
            bool complete;

            buf_init(&out, SIZE_MAX);
            assert_int_equal(pull(all[c], text_of(coded, len), size, &usual, &out, &complete),
                             CODING_MORE);
            assert_true(complete);
            assert_true(text_eq(buf_text(&out), TEXT("first second")));
            buf_fini(&out);
        }
    }
    free(coded);
}

static void test_bare_deflate(void **state)
{
    char *coded = malloc(CODED_MAX);
    size_t len = by_zlib(-MAX_WBITS, TEXT("without the zlib header"), coded);
    struct buf out;
    bool complete;

    (void)state;
    buf_init(&out, SIZE_MAX);
    assert_int_equal(pull(CODING_DEFLATE, text_of(coded, len), 1, &usual, &out, &complete),
                     CODING_MORE);
    assert_true(complete);
    assert_true(text_eq(buf_text(&out), TEXT("without the zlib header")));
    buf_fini(&out);
    free(coded);
}

static void test_bombs(void **state)
{
    char *coded = malloc(CODED_MAX), *zeros = calloc(1, PLAIN_MAX);

    (void)state;
    for (size_t c = 0; c < 4; c++) {
        size_t len = code(all[c], text_of(zeros, PLAIN_MAX), coded);
        struct buf out;
        bool complete;

        buf_init(&out, SIZE_MAX);
        assert_int_equal(pull(all[c], text_of(coded, len), 4096, &usual, &out, &complete),
                         CODING_BOMB);
        assert_true(out.len < PLAIN_MAX / 2);
        buf_fini(&out);
    }
    free(coded);
    free(zeros);
}

static void test_a_step_gives_a_bounded_window(void **state)
{
    char *coded = malloc(CODED_MAX), *zeros = calloc(1, PLAIN_MAX);
    struct coding_limits none = {.ratio = UINT64_MAX, .ratio_from = UINT64_MAX};

    (void)state;
    for (size_t c = 0; c < 4; c++) {
        size_t len = code(all[c], text_of(zeros, PLAIN_MAX), coded);
        struct decoder *d = decoder_new(all[c], &none);
        struct text piece = text_of(coded, len), out;
        size_t total = 0;

        while (decoder_next(d, &piece, &out) == CODING_BYTES) {
            assert_true(out.len <= 64 * 1024);
            total += out.len;
        }
        assert_int_equal(total, PLAIN_MAX);
        decoder_free(&d);
    }
    free(coded);
    free(zeros);
}

static void test_names(void **state)
{
    (void)state;
    assert_int_equal(coding_find((struct text){0}), CODING_IDENTITY);
    assert_int_equal(coding_find(TEXT("GZip ")), CODING_GZIP);
    assert_int_equal(coding_find(TEXT("x-gzip")), CODING_GZIP);
    assert_int_equal(coding_find(TEXT("br")), CODING_BR);
    assert_int_equal(coding_find(TEXT("zstd")), CODING_ZSTD);
    assert_int_equal(coding_find(TEXT("deflate")), CODING_DEFLATE);
    assert_int_equal(coding_find(TEXT("gzip, br")), CODING_UNKNOWN);
    assert_int_equal(coding_find(TEXT("compress")), CODING_UNKNOWN);
}

/* What leaves at a flush can be read at once; the whole is one gzip body. */
static void flush_three_times(struct encoder *e)
{
    struct decoder *d = decoder_new(CODING_GZIP, &usual);
    struct buf coded, plain;

    buf_init(&coded, SIZE_MAX);
    buf_init(&plain, SIZE_MAX);
    for (int i = 0; i < 3; i++) {
        struct text out;

        buf_clear(&coded);
        buf_clear(&plain);
        assert_true(encoder_put(e, TEXT("data: one event\n\n"), ENCODER_FLUSH, &coded));
        struct text piece = buf_text(&coded);
        while (decoder_next(d, &piece, &out) == CODING_BYTES)
            buf_add(&plain, out);
        assert_true(text_eq(buf_text(&plain), TEXT("data: one event\n\n")));
        assert_false(decoder_complete(d));
    }
    buf_clear(&coded);
    assert_true(encoder_put(e, TEXT(""), ENCODER_END, &coded));
    struct text piece = buf_text(&coded), out;
    while (decoder_next(d, &piece, &out) == CODING_BYTES)
        assert_int_equal(out.len, 0);
    assert_true(decoder_complete(d));
    buf_fini(&coded);
    buf_fini(&plain);
    encoder_free(&e);
    decoder_free(&d);
}

static void test_encoder_flushes(void **state)
{
    (void)state;
    flush_three_times(encoder_new());
    flush_three_times(encoder_new_small());
}

/* What the small one forgets is coded anew: text that comes again from afar. */
static void test_small_encoder_keeps_far_text(void **state)
{
    struct encoder *e = encoder_new_small();
    struct decoder *d = decoder_new(CODING_GZIP, &usual);
    struct buf plain, coded, back;
    struct text out;

    (void)state;
    buf_init(&plain, SIZE_MAX);
    buf_init(&coded, SIZE_MAX);
    buf_init(&back, SIZE_MAX);
    for (uint64_t i = 0; i < 20000; i++)
        buf_add_u64(&plain, i * i % 1009);
    assert_true(encoder_put(e, buf_text(&plain), ENCODER_END, &coded));
    struct text piece = buf_text(&coded);
    while (decoder_next(d, &piece, &out) == CODING_BYTES)
        buf_add(&back, out);
    assert_true(decoder_complete(d));
    assert_true(text_eq(buf_text(&plain), buf_text(&back)));
    buf_fini(&plain);
    buf_fini(&coded);
    buf_fini(&back);
    encoder_free(&e);
    decoder_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_cut_short_is_not_complete),
        cmocka_unit_test(test_garbage_and_what_follows),
        cmocka_unit_test(test_frames_of_other_making_are_bad),
        cmocka_unit_test(test_two_members),
        cmocka_unit_test(test_bare_deflate),
        cmocka_unit_test(test_bombs),
        cmocka_unit_test(test_a_step_gives_a_bounded_window),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_encoder_flushes),
        cmocka_unit_test(test_small_encoder_keeps_far_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
