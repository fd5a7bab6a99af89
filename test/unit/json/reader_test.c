/* The reader: what it refuses and where, what leaves, the same at every cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/json/cut_runs.h"

struct refused {
    const char *text;
    unsigned offset;
    const char *leaves; /* what leaves before the refusal; NULL: the text up to OFFSET */
};

static void expect_refused(const struct refused *c)
{
    struct run run;
    struct text t = text_from(c->text);
    struct text leaves = c->leaves ? text_from(c->leaves) : text_of(c->text, c->offset);

    run_all(&run, t, true, false);
    if (run.verdict != READER_INVALID || run.fault.place.offset != c->offset ||
        !text_eq(buf_text(&run.out), leaves))
        fail_msg("%s: verdict %d at %u, left %.*s", c->text, (int)run.verdict,
                 (unsigned)run.fault.place.offset, TEXT_ARG(buf_text(&run.out)));
    buf_fini(&run.out);
}

static void expect_unchanged(const char *text)
{
    struct run run;

    run_all(&run, text_from(text), true, false);
    if (run.verdict != READER_OK || !text_eq(buf_text(&run.out), text_from(text)))
        fail_msg("%s: verdict %d, %s, left %.*s", text, (int)run.verdict,
                 run.fault.what ? run.fault.what : "", TEXT_ARG(buf_text(&run.out)));
    assert_int_equal(run.opens, run.closes);
    buf_fini(&run.out);
}

static void good_texts_leave_as_they_came(void **state)
{
    static const char *const TEXTS[] = {
        "",
        " \t\r\n ",
        "0",
        " -1.5e+7\n",
        "true",
        "null ",
        "\"\"",
        "\"text\"",
        "[]",
        "{}",
        "[ 1 , 2.50 ,\t-0 , 1E400 ]",
        "{\"a\":{\"b\":[[]]}}",
        "{\"key\":\"\\u00e9\\ud800 \xc3\xa9\",\"key\":null}",
        "[12345678901234567890]",
        "{\"a key that nobody wants whole\":\"x\", \"exactly 12 b\":1}",
        "[true,false,null,\"\",0]",
        "[\"//\",\"/*\",\"\\/\"]"};

    (void)state;
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++)
        expect_unchanged(TEXTS[i]);
}

static void bad_texts_are_refused_at_their_token(void **state)
{
    static const struct refused CASES[] = {
        /* cut short: the end of the input; the unfinished token does not leave */
        {"{", 1, NULL},
        {"[1", 2, NULL},
        {"[1,", 3, NULL},
        {"{\"a\"", 4, NULL},
        {"{\"a", 3, "{"},
        {"{\"a key that nobody wants", 25, NULL},
        {"tru", 3, ""},
        {"-", 1, ""},
        {"[1.", 3, "["},
        {"[\"x", 3, NULL},
        {"[\"x\\", 4, NULL},
        /* tokens that do not fit */
        {"]", 0, NULL},
        {"{]", 1, NULL},
        {"[}", 1, NULL},
        {"[,", 1, NULL},
        {"[1,]", 3, NULL},
        {"[1 2]", 3, NULL},
        {"[1\"x\"]", 2, NULL},
        {"[\"x\"1]", 4, NULL},
        {"[\"x\"\"y\"]", 4, NULL},
        {"[1,,2]", 3, NULL},
        {"[1:2]", 2, NULL},
        {"[1{}]", 2, NULL},
        {"[[]1]", 3, NULL},
        {"[[]{}]", 3, NULL},
        {"{\"a\":1\"b\":2}", 6, NULL},
        {"{\"a\":1,}", 7, NULL},
        {"{\"a\":1]", 6, NULL},
        {"{\"a\",1}", 4, NULL},
        {"{\"a\"1}", 4, NULL},
        {"{\"a\"::1}", 5, NULL},
        {"{\"a\":}", 5, NULL},
        {"{1:1}", 1, NULL},
        {"{\"a\":\"b\" \"c", 9, NULL},
        {"{\"a\":\"b\":1}", 8, NULL},
        {"[true false]", 6, NULL},
        {"[truefalse]", 5, NULL},
        {"[1true]", 2, NULL},
        {"[01]", 2, NULL},
        {"[-01]", 3, NULL},
        {"[1-2]", 2, NULL},
        {"[trux]", 1, NULL},
        {"[True]", 1, NULL},
        {"[nul]", 1, NULL},
        {"[1.e5]", 1, NULL},
        {"[1e]", 1, NULL},
        {"[1.5.6]", 4, NULL},
        {"[+1]", 1, NULL},
        {"[.5]", 1, NULL},
        {"[NaN]", 1, NULL},
        {"[1,#]", 3, NULL},
        {"[1#]", 2, NULL},
        {"[\xff]", 1, NULL},
        {"'a'", 0, NULL},
        {"[1,\n tru\n]", 5, NULL},
        /* what yajl would have taken */
        {"[1,/* c */2]", 3, NULL},
        {"[1// c\n]", 2, NULL},
        {"/", 0, NULL},
        {"[1,/", 3, NULL},
        {"[\f1]", 1, NULL},
        {"[1\v]", 2, NULL},
        {"\f", 0, NULL},
        {"{}\f", 2, NULL},
        {"{\"a\":1}\"abc", 7, NULL},
        {"{}{}", 2, NULL},
        {"{} []", 3, NULL},
        {"1 2", 2, NULL},
        {"1\"x", 1, NULL},
        {"{}x", 2, NULL},
        {"{} tru", 3, NULL},
        {"\"a\"b", 3, NULL},
        {"\"a\",", 3, NULL},
        {"null]", 4, NULL},
        /* strings: at their opening quote; what streamed has left */
        {"[\"ab\x01\"]", 1, "[\"ab"},
        {"[\"\\x\"]", 1, "[\"\\"},
        {"[\"\\u12G4\"]", 1, "[\"\\u12"},
        {"[\"\xc0\xaf\"]", 1, "[\""},
        {"[\"\xed\xa0\x80\"]", 1, "[\"\xed"},
        {"[\"\xf4\x90\x80\x80\"]", 1, "[\"\xf4"},
        {"[\"\xe2\x82\"]", 1, "[\"\xe2\x82"},
        {"{\"ab\x01\":1}", 1, "{"},
        {"{\"a key that nobody\n\":1}", 1, "{\"a key that nobody"},
        /* the earliest error wins */
        {"[1 2 \"\\x\"]", 3, NULL},
        {"[1 \"\\x\"]", 3, NULL},
        {"{\"a\" \"\\x\"}", 5, NULL},
        {"[1,,\f]", 3, NULL},
        {"{}\"\\x", 2, NULL},
        /* limits */
        {"[[[[1]]]]x", 9, NULL},
        {"[[[[[1]]]]]", 4, NULL},
        {"[[[[{", 4, NULL},
        {"[123456789012345678901]", 1, NULL},
        {"[1,123456789012345678901234567890123456789012345678901", 3, NULL},
        {"[12345678901234567.89e]", 1, NULL},
        {"[123456789012345678901.]", 1, NULL},
        {"[truetruetruetruetruetruetrue]", 5, NULL},
        /* a mark that is not allowed */
        {"\xef\xbb\xbf{}", 0, NULL},
        {"\xef\xbb{}", 0, NULL},
        {"\xef", 0, NULL},
        {"[\xef\xbb\xbf]", 1, NULL}};

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        expect_refused(&CASES[i]);
}

static void a_long_number_is_called_so_at_every_cut(void **state)
{
    struct run run;

    (void)state;
    run_all(&run, TEXT("[1234567890123456789012345678901234567890.]"), true, false);
    assert_string_equal(run.fault.what, "a number is too long");
    buf_fini(&run.out);
}

static void lines_and_columns_count_from_one(void **state)
{
    struct run run;

    (void)state;
    run_all(&run, TEXT("{\n  \"a\": 1,\r\n  \"b\": }"), true, false);
    assert_int_equal(run.fault.place.offset, 20);
    assert_int_equal(run.fault.place.line, 3);
    assert_int_equal(run.fault.place.column, 8);
    buf_fini(&run.out);
    run_all(&run, TEXT("[\n1,\n2\n"), true, false);
    assert_int_equal(run.fault.place.line, 4);
    assert_int_equal(run.fault.place.column, 1);
    buf_fini(&run.out);
}

static void keys_are_spliced_and_placed(void **state)
{
    struct run run;

    (void)state;
    run_all(&run, TEXT(" {\"old\" : \"old\",\n\"x\":[{\"old\":0}], \"a key longer than that\":1}"),
            true, false);
    assert_int_equal(run.verdict, READER_OK);
    struct text want = TEXT(" {\"brand new\" : \"old\",\n\"x\":[{\"brand new\":0}],"
                            " \"a key longer than that\":1}");
    assert_true(text_eq(buf_text(&run.out), want));
    assert_int_equal(run.longs, 1);
    assert_int_equal(run.replaced.offset, 23);
    assert_int_equal(run.replaced.line, 2);
    buf_fini(&run.out);
}

static void the_owner_can_stop(void **state)
{
    struct run run;

    (void)state;
    run_all(&run, TEXT("{\"a\":1, \"stop\":2}"), true, false);
    assert_int_equal(run.verdict, READER_STOPPED);
    assert_int_equal(run.fault.place.offset, 8);
    assert_true(text_eq(buf_text(&run.out), TEXT("{\"a\":1, ")));
    buf_fini(&run.out);
}

static void without_the_check_strings_hold_any_bytes(void **state)
{
    struct run run;
    struct text t = TEXT("\xef\xbb\xbf{\"\xff\xc0\":\"\xed\xa0\x80\xfe\"}");

    (void)state;
    run_all(&run, t, false, true);
    assert_int_equal(run.verdict, READER_OK);
    assert_true(text_eq(buf_text(&run.out), t));
    buf_fini(&run.out);
    run_all(&run, TEXT("\xef\xbb\xbf \n"), false, true);
    assert_int_equal(run.verdict, READER_INVALID);
    assert_int_equal(run.fault.place.offset, 5);
    buf_fini(&run.out);
}

/* More strings, structure and white space than one skeleton holds, valid and then not. */
static void long_texts_take_many_skeletons(void **state)
{
    struct buf t;
    struct run run;

    (void)state;
    buf_init(&t, 1 << 20);
    buf_add(&t, TEXT("[{\"old\":0"));
    for (int i = 0; i < 3000; i++) {
        buf_add(&t, TEXT(",\"k\":\"v\","));
        buf_add(&t, i % 2 ? TEXT("\"n\":1234567890.125") : TEXT("\"n\":[true,1,22,333,false]"));
        buf_add(&t, i % 100 ? TEXT("") : TEXT("                                        \n"));
    }
    buf_add(&t, TEXT("}"));
    size_t cut_short = t.len;
    run_all(&run, buf_text(&t), true, false);
    assert_int_equal(run.verdict, READER_INVALID);
    assert_int_equal(run.fault.place.offset, cut_short);
    assert_int_equal(run.out.len, t.len + 6);
    buf_fini(&run.out);
    buf_add(&t, TEXT(" 1]"));
    run_all(&run, buf_text(&t), true, false);
    assert_int_equal(run.fault.place.offset, cut_short + 1);
    assert_int_equal(run.fault.place.line, 31);
    buf_fini(&run.out);
    buf_fini(&t);
}

/* Where a skeleton is full in the middle of an atom or a string, nothing is lost. */
static void the_bounds_of_a_skeleton_may_fall_anywhere(void **state)
{
    (void)state;
    for (size_t pad = 8140; pad < 8200; pad++) {
        struct buf t;
        struct run run;
        struct reader r;

        buf_init(&t, 1 << 16);
        buf_add_byte(&t, '[');
        for (size_t i = 0; i < pad; i++)
            buf_add_byte(&t, ' ');
        buf_add(&t, TEXT("1234567890123,true,\"string\",{\"old\":-1.5e-7}]"));
        assert_true(reader_init(&r, &LIMITS, true, false, WANTED, &EVENTS, &run));
        run_cut(&r, &run, buf_text(&t), (struct cut){.size = t.len});
        assert_int_equal(run.verdict, READER_OK);
        assert_int_equal(run.out.len, t.len + 6);
        buf_fini(&run.out);
        reader_fini(&r);
        buf_fini(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_texts_leave_as_they_came),
        cmocka_unit_test(bad_texts_are_refused_at_their_token),
        cmocka_unit_test(a_long_number_is_called_so_at_every_cut),
        cmocka_unit_test(lines_and_columns_count_from_one),
        cmocka_unit_test(keys_are_spliced_and_placed),
        cmocka_unit_test(the_owner_can_stop),
        cmocka_unit_test(without_the_check_strings_hold_any_bytes),
        cmocka_unit_test(long_texts_take_many_skeletons),
        cmocka_unit_test(the_bounds_of_a_skeleton_may_fall_anywhere)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
