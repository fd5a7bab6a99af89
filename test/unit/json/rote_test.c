/* Forms known by heart: which texts have them, and that nothing is judged less for it. */
#include "json/rote.h"

#include "unit/json/cut_runs.h"

static const struct skeleton *skeleton_of(struct text text)
{
    static struct skeleton s;
    struct string_scan scan = {.utf8 = true};

    skeleton_make(&s, &scan, text.at, text.at + text.len, 20);
    return &s;
}

static const struct rote *form_of(struct text text)
{
    return rote_find(skeleton_of(text));
}

static void learn(struct text text, const char *score)
{
    static struct refrain f;

    refrain_init(&f);
    for (; *score; score++)
        refrain_tell(&f, *score);
    rote_learn(skeleton_of(text), &f);
}

static void texts_of_one_form_have_one_score(void **state)
{
    const struct rote *form;

    (void)state;
    learn(TEXT("{\"id\":123,\"of\":[\"a\",{}]}"), "okvc");
    form = form_of(TEXT("{\"name\":987,\"\":[\"b \\\" {\",{}]}"));
    assert_non_null(form);
    assert_int_equal(form->events, 4);
    assert_memory_equal(form->score, "okvc", 4);
    assert_int_equal(form->depth, 3);
    assert_null(form_of(TEXT("{\"id\":0,\"of\":[\"a\",{}]}")));
    assert_null(form_of(TEXT("{\"id\":1,\"of\":[\"a\",{}]")));
    assert_null(form_of(TEXT("{\"id\":1,\"of\":[\"a\",{}]}\n")));
    assert_null(form_of(TEXT("")));
}

static void the_oldest_form_makes_room(void **state)
{
    char text[] = "[[{},1]] ";

    (void)state;
    learn(TEXT("[[[]]]"), "");
    for (unsigned i = 0; i < ROTE_FORMS; i++) {
        assert_non_null(form_of(TEXT("[[[]]]")));
        text[6] = (char)(i % 2 ? '0' : '1');
        text[8] = (char)(i % 2 ? '\t' : '\n');
        learn(text_from(text), "");
    }
    assert_null(form_of(TEXT("[[[]]]")));
}

static void long_texts_are_not_learnt(void **state)
{
    char text[ROTE_BYTES + 2];

    (void)state;
    memset(text, '\n', sizeof text);
    text[0] = '[';
    text[ROTE_BYTES - 1] = ']';
    learn(text_of(text, ROTE_BYTES), "oc");
    assert_non_null(form_of(text_of(text, ROTE_BYTES)));
    learn(text_of(text, ROTE_BYTES + 1), "oc");
    assert_null(form_of(text_of(text, ROTE_BYTES + 1)));
    memset(text, 'e', ROTE_EVENTS + 1);
    text[ROTE_EVENTS + 1] = '\0';
    learn(TEXT("[[[[]]]]"), text);
    assert_null(form_of(TEXT("[[[[]]]]")));
}

static enum reader_verdict read_whole(struct run *run, const char *text, size_t depth)
{
    struct reader_limits limits = {.depth = depth, .number = 20};
    struct text t = text_from(text);
    struct reader r;

    assert_true(reader_init(&r, &limits, true, false, WANTED, &EVENTS, run));
    run_cut(&r, run, t, (struct cut){.size = t.len});
    reader_fini(&r);
    buf_fini(&run->out);
    return run->verdict;
}

/* Each text but the first would pass if the form of its start were all that is looked at. */
static void what_is_known_by_heart_ends_where_it_ends(void **state)
{
    static const struct {
        const char *text;
        unsigned fault; /* the place of what follows; 0: nothing does */
    } CASES[] = {{"{\"a\":[1,\"x\"]}", 0},       {"{\"b\":[2,\"y\"]}", 0},
                 {"{\"a\":[1,\"x\"]}}", 13},     {"{\"a\":[1,\"x\"]}7", 13},
                 {"{\"a\":[1,\"x\"]}\"abc", 13}, {"{\"a\":[1,\"x\"]}\f", 13},
                 {"{\"a\":[1,\"x\"]},{}", 13},   {"{\"a\":[1,\"x\"]}{\"a\":[1,\"x\"]}", 13},
                 {"{\"a\":[1,\"x\"]}null", 13},  {"{\"a\":[01,\"x\"]}", 7},
                 {"{\"a\":[1,\"x\"]}:", 13}};
    struct run run;

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        run_all(&run, text_from(CASES[i].text), true, false);
        assert_int_equal(run.verdict, CASES[i].fault ? READER_INVALID : READER_OK);
        assert_int_equal(run.fault.place.offset, CASES[i].fault);
        buf_fini(&run.out);
    }
}

static void another_depth_may_be_too_deep_for_it(void **state)
{
    struct run run;

    (void)state;
    assert_int_equal(read_whole(&run, "[[[[{}]]]]", 5), READER_OK);
    assert_int_equal(read_whole(&run, "[[[[{}]]]]", 4), READER_INVALID);
    assert_int_equal(run.fault.place.offset, 4);
    assert_int_equal(read_whole(&run, "[[[[{}]]]]", 5), READER_OK);
    assert_int_equal(run.opens, 5);
    assert_int_equal(run.closes, 5);
}

static void its_owner_can_stop_it(void **state)
{
    struct run run;

    (void)state;
    assert_int_equal(read_whole(&run, "{\"x\":{\"y\":0}}", 4), READER_OK);
    assert_int_equal(read_whole(&run, "{\"x\":{\"stop\":0}}", 4), READER_STOPPED);
    assert_int_equal(run.fault.place.offset, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(texts_of_one_form_have_one_score),
                                       cmocka_unit_test(the_oldest_form_makes_room),
                                       cmocka_unit_test(long_texts_are_not_learnt),
                                       cmocka_unit_test(what_is_known_by_heart_ends_where_it_ends),
                                       cmocka_unit_test(another_depth_may_be_too_deep_for_it),
                                       cmocka_unit_test(its_owner_can_stop_it)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
