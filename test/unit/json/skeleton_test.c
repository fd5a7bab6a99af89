/* A skeleton has the tokens of its stretch, one for one, and knows where they came from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "json/reader.h"
#include "json/skeleton.h"
#include "json/token.h"

static uint32_t next(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % below;
}

/* What stands in a skeleton for BYTE. */
static char bone_of(char byte)
{
    return byte > '1' && byte <= '9' ? '1' : byte;
}

/*
 * Walks TEXT, which has no strings, beside its skeleton, up to the first token
 * that is surely refused: a broken one, or one right behind another atom.
 */
static void compare_tokens(const struct skeleton *s, struct text text)
{
    struct text bones = text_of(s->bytes, s->len);
    struct token bone = {0}, token = {0};

    for (size_t end = SIZE_MAX;; end = token.end) {
        bool more = token_next(bones, bone.end, &bone);

        assert_int_equal(token_next(text, token.end, &token), more);
        if (!more)
            return;
        assert_int_equal(bones.at[bone.start], bone_of(text.at[token.start]));
        assert_ptr_equal(skeleton_origin(s, bone.start), text.at + token.start);
        if (token.start == end && token_is_atom(text.at[end]) && token_is_atom(text.at[end - 1]))
            return;
        assert_int_equal(bone.broken, token.broken);
        if (bone.broken)
            return;
    }
}

static void numbers_keep_their_tokens(void **state)
{
    static const char LIKELY[] = "0000123456789000112233445566,,  .-e[]\n";
    static struct skeleton s;
    uint32_t seed = 11;
    size_t shorter = 0;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        char text[300];
        struct string_scan scan = {0};
        size_t len = next(&seed, sizeof text - 1) + 1;
        uint32_t kinds = next(&seed, 4) ? 28 : sizeof LIKELY - 1;

        for (size_t i = 0; i < len; i++)
            text[i] = next(&seed, 12) ? LIKELY[next(&seed, kinds)]
                                      : LIKELY[next(&seed, sizeof LIKELY - 1)];
        text[len - 1] = ',';
        skeleton_make(&s, &scan, text, text + len, 340);
        assert_int_equal(s.stop, SKELETON_RAN_OUT);
        assert_ptr_equal(s.end, text + len);
        assert_true(s.len <= len);
        shorter += len - s.len;
        compare_tokens(&s, text_of(text, len));
    }
    assert_true(shorter > 100000);
}

static void too_many_digits_end_a_skeleton(void **state)
{
    static struct skeleton s;

    (void)state;
    for (size_t most = 0; most < 100; most++)
        for (size_t pad = 0; pad < 40; pad++) {
            char text[200];
            struct string_scan scan = {0};

            memset(text, ' ', sizeof text);
            text[pad] = '-';
            memset(text + pad + 1, '7', most);
            skeleton_make(&s, &scan, text, text + sizeof text, most);
            assert_ptr_equal(s.end, text + sizeof text);
            text[pad + 1 + most] = '7';
            skeleton_make(&s, &scan, text, text + sizeof text, most);
            assert_ptr_equal(s.end, text + pad);
        }
}

/* --- the same seen from the reader ---------------------------------------------------- */

static bool on_open(void *owner, bool object)
{
    (void)owner;
    (void)object;
    return true;
}

static void on_close(void *owner)
{
    (void)owner;
}

static size_t on_string(void *owner, enum json_role role)
{
    (void)owner;
    (void)role;
    return 0;
}

static void on_take(void *owner, struct text span)
{
    *(size_t *)owner += span.len;
}

static const struct reader_events EVENTS = {
    .on_open = on_open, .on_close = on_close, .on_string = on_string, .take = on_take};

static enum reader_verdict read_whole(struct text t, size_t piece, size_t *left_out)
{
    struct reader r;
    struct reader_limits limits = {.depth = 8, .number = 1024};
    enum reader_verdict verdict = READER_OK;

    *left_out = 0;
    assert_true(reader_init(&r, &limits, true, false, 1, &EVENTS, left_out));
    for (size_t at = 0; at < t.len && verdict == READER_OK; at += piece)
        verdict = reader_piece(&r, text_of(t.at + at, t.len - at < piece ? t.len - at : piece));
    if (verdict == READER_OK)
        verdict = reader_end(&r);
    if (verdict != READER_OK)
        assert_int_equal(r.fault.place.offset, 3);
    reader_fini(&r);
    return verdict;
}

/* Numbers of up to the limit pass, one byte more is refused, however its digits are spread. */
static void the_longest_number(void **state)
{
    static const size_t PIECES[] = {SIZE_MAX / 2, 1, 7, 500, 1024, 1025};

    (void)state;
    for (size_t whole = 1; whole < 1020; whole += 113)
        for (size_t len = 1023; len <= 1026; len++)
            for (size_t p = 0; p < 6; p++) {
                char t[1100];
                size_t left;

                memset(t, '0', sizeof t);
                memcpy(t, "[0,-9", 5);
                memset(t + 5, '8', whole);
                memcpy(t + 4 + whole, ".", 1);
                memcpy(t + 3 + len - 1, "1]", 2);
                enum reader_verdict verdict = read_whole(text_of(t, len + 4), PIECES[p], &left);
                assert_int_equal(verdict, len <= 1024 ? READER_OK : READER_INVALID);
                assert_int_equal(left, len <= 1024 ? len + 4 : 3);
            }
}

static void a_leading_zero_takes_no_digits(void **state)
{
    static const char *const GOOD[] = {"[1,0.00000000000000000000000000000000000000]",
                                       "[1,1000000000000000000000000000000000000000]",
                                       "[1,1e00000000000000000000000000000000000000]"};
    struct reader r;
    struct reader_limits limits = {.depth = 8, .number = 1024};
    size_t left;

    (void)state;
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++)
        assert_int_equal(read_whole(text_from(GOOD[i]), SIZE_MAX / 2, &left), READER_OK);
    assert_true(reader_init(&r, &limits, true, false, 1, &EVENTS, &left));
    struct text bad = TEXT("[1,0000000000000000000000000000000000000000]");
    assert_int_equal(reader_piece(&r, bad), READER_INVALID);
    assert_int_equal(r.fault.place.offset, 4);
    reader_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_keep_their_tokens),
                                       cmocka_unit_test(too_many_digits_end_a_skeleton),
                                       cmocka_unit_test(the_longest_number),
                                       cmocka_unit_test(a_leading_zero_takes_no_digits)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
