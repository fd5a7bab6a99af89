/* Records: what leaves, when, and that nothing of a bad one does. */
#include "unit/translate/golden.h"
#include "unit/translate/heap.h"

#include "translate/translator.h"

static const char RULES[] = "field dataProductId workspaceId\n"
                            "field dataProduct workspace\n"
                            "map $..kind\nto data_product workspace\n";

static const size_t CEILINGS[] = {0, 9, 50, 1 << 20};
enum { CEILING_COUNT = 4 };

static cut_maker *const MAKERS[] = {records_new, json_seq_new};
enum { LINES, SEQUENCE, MAKER_COUNT };

static struct translate_limits limits_of(size_t ceiling)
{
    struct translate_limits limits = CUT_LIMITS;

    limits.record = ceiling;
    return limits;
}

/* --- golden cases ------------------------------------------------------------------ */

static cut_maker *maker(struct text head)
{
    return MAKERS[memmem(head.at, head.len, " sequence", 9) ? SEQUENCE : LINES];
}

static void golden_cases(void **state)
{
    static const struct golden_kind RECORDS = {"test/golden/records", maker};

    (void)state;
    golden_run(&RECORDS);
}

/* --- records made in both dialects side by side ---------------------------------------- */

enum { RECORDS_MADE = 30 };

struct making {
    uint32_t seed;
    bool sequence;
    struct buf in, out;
    /* Where the line feed of each record ends. */
    struct {
        size_t in, out;
    } done[RECORDS_MADE];
};

static void both(struct making *m, const char *text)
{
    buf_add(&m->in, text_from(text));
    buf_add(&m->out, text_from(text));
}

static void make_record(struct making *m)
{
    static const char *const RECORDS[][2] = {
        {"{\"workspaceId\":1}", "{\"dataProductId\":1}"},
        {"{ \"workspace\\u0049d\" : [ {\"workspace\":\"workspace\"} ] }",
         "{ \"dataProductId\" : [ {\"dataProduct\":\"workspace\"} ] }"},
        {"{\"a\":1,\"kind\":\"workspace\"}", "{\"a\":1,\"kind\":\"data_product\"}"},
        {"[1.10,1E400,{\"workspaces\":null}]", "[1.10,1E400,{\"workspaces\":null}]"},
        {" 1234567890123456789", " 1234567890123456789"},
        {"false ", "false "},
        {"\"workspaceId\"", "\"workspaceId\""},
        {" ", " "},
        {"", ""}};
    uint32_t i = cut_random(&m->seed) % 9;

    if (m->sequence)
        both(m, cut_random(&m->seed) % 5 ? "\x1e" : "\x1e\x1e");
    buf_add(&m->in, text_from(RECORDS[i][0]));
    buf_add(&m->out, text_from(RECORDS[i][1]));
    both(m, cut_random(&m->seed) % 3 ? "\n" : "\r\n");
}

static struct making make_body(uint32_t seed, bool sequence)
{
    struct making m = {.seed = seed * 2654435761u, .sequence = sequence};

    buf_init(&m.in, 1 << 20);
    buf_init(&m.out, 1 << 20);
    for (unsigned i = 0; i < RECORDS_MADE; i++) {
        make_record(&m);
        m.done[i].in = m.in.len;
        m.done[i].out = m.out.len;
    }
    assert_false(m.in.failed || m.out.failed);
    return m;
}

static void making_fini(struct making *m)
{
    buf_fini(&m->in);
    buf_fini(&m->out);
}

static void bodies_made_in_both_dialects(void **state)
{
    struct mapping *rules = rules_text(text_from(RULES));

    (void)state;
    for (uint32_t seed = 0; seed < 400; seed++) {
        struct making m = make_body(seed / 2, seed % MAKER_COUNT == SEQUENCE);
        struct translate_limits limits = limits_of(CEILINGS[seed / 2 % CEILING_COUNT]);

        for (uint32_t i = 0; i <= CUT_WAYS; i += 1 + seed % 7) {
            struct cut cut = i == 0 ? (struct cut){.size = SIZE_MAX} : cut_way(i - 1);
            struct translated t = cut_kind(MAKERS[m.sequence ? SEQUENCE : LINES], rules, RESPONSE,
                                           &limits, buf_text(&m.in), cut);

            if (t.code != TRANSLATE_OK || !text_eq(buf_text(&t.out), buf_text(&m.out)))
                fail_msg("code %d: of\n%.*s\nleft\n%.*s", (int)t.code, TEXT_ARG(buf_text(&m.in)),
                         TEXT_ARG(buf_text(&t.out)));
            cut_fini(&t);
        }
        making_fini(&m);
    }
    mapping_unref(&rules);
}

/* The first record that is broken, by a byte that no JSON text has there, stops all from it on. */
static void records_before_a_bad_one_have_left(void **state)
{
    struct mapping *rules = rules_text(text_from(RULES));
    struct translate_limits limits = limits_of(1 << 20);

    (void)state;
    for (uint32_t seed = 0; seed < 300; seed++) {
        bool sequence = seed % MAKER_COUNT == SEQUENCE;
        struct making m = make_body(seed, sequence);
        size_t bad = seed % RECORDS_MADE;
        size_t begin = bad ? m.done[bad - 1].in : 0, end = m.done[bad].in;

        m.in.at[end - 1] = '}'; /* in place of its line feed */
        struct translated t = cut_kind(MAKERS[sequence ? SEQUENCE : LINES], rules, RESPONSE,
                                       &limits, buf_text(&m.in), cut_way(seed % CUT_WAYS));
        assert_int_equal(t.code, TRANSLATE_INVALID_JSON);
        assert_in_range(t.fault.place.offset, begin, end);
        size_t before = bad ? m.done[bad - 1].out : 0;
        /* Of two separators in a row the first has nothing to wait for. */
        assert_in_range(t.out.len, before, before + sequence);
        assert_memory_equal(buf_text(&t.out).at, m.out.at, t.out.len);
        cut_fini(&t);
        making_fini(&m);
    }
    mapping_unref(&rules);
}

static void a_record_leaves_with_its_line_feed(void **state)
{
    struct mapping *rules = rules_text(text_from(RULES));

    (void)state;
    for (uint32_t seed = 0; seed < 100; seed++) {
        bool sequence = seed % MAKER_COUNT == SEQUENCE;
        struct making m = make_body(seed, sequence);
        struct translate_limits limits = limits_of(CEILINGS[seed / 2 % CEILING_COUNT]);
        struct translate_scene scene = {.mapping = rules};
        struct buf out;
        struct translator_task task = {.rules = mapping_global(rules),
                                       .direction = RESPONSE,
                                       .limits = &limits,
                                       .scene = &scene,
                                       .sink = {cut_take, &out}};
        struct translator *t = MAKERS[sequence ? SEQUENCE : LINES](&task);

        buf_init(&out, 1 << 20);
        for (size_t at = 0, i = 0; i < RECORDS_MADE; i++) {
            for (; at < m.done[i].in; at++)
                assert_int_equal(translator_piece(t, text_of(m.in.at + at, 1)), TRANSLATE_OK);
            assert_int_equal(out.len, m.done[i].out);
        }
        translator_free(&t);
        buf_fini(&out);
        making_fini(&m);
    }
    mapping_unref(&rules);
}

/* --- any bytes ------------------------------------------------------------------------------ */

static struct buf make_rubbish(uint32_t seed)
{
    static const char *const PARTS[] = {"{",
                                        "}",
                                        "[",
                                        "]",
                                        ",",
                                        ":",
                                        "\"a\"",
                                        "\"kind\"",
                                        "1",
                                        "tru",
                                        "null",
                                        "\"",
                                        "\\",
                                        "\n",
                                        "\r\n",
                                        "\n\x1e",
                                        "\x1e",
                                        " ",
                                        "\xef\xbb\xbf",
                                        "\xef",
                                        "{\"a\":",
                                        "{\"kind\":\"b\"}",
                                        "[1]",
                                        "\n\x1e[1]\n",
                                        "12 ",
                                        "{\"b\":[{}]}",
                                        "\n{\"a\":1}\n",
                                        "\xff",
                                        "0e"};
    struct buf b;

    buf_init(&b, 1 << 16);
    seed = seed * 2654435761u;
    for (uint32_t i = 0, n = cut_random(&seed) % 30; i < n; i++)
        buf_add(&b, text_from(PARTS[cut_random(&seed) % (sizeof PARTS / sizeof *PARTS)]));
    return b;
}

/* What left of a refused body ends with a whole record, if records are held. */
static void expect_whole_records(const struct translated *t, struct text body, bool sequence)
{
    struct text left = buf_text(&t->out);

    if (t->code == TRANSLATE_OK || left.len == 0)
        return;
    bool next = left.len < body.len && body.at[left.len] == '\x1e';
    assert_true(left.at[left.len - 1] == '\n' || (sequence && next));
}

static void rubbish_is_the_same_at_every_cut(void **state)
{
    struct mapping *rules = rules_text(TEXT("field b a\nmap $..kind\nto c b\n"));

    (void)state;
    for (uint32_t seed = 0; seed < 8000; seed++) {
        struct buf b = make_rubbish(seed);
        bool sequence = seed / 4 % MAKER_COUNT == SEQUENCE;
        cut_maker *make = MAKERS[sequence ? SEQUENCE : LINES];
        struct translate_limits limits = limits_of(CEILINGS[seed % CEILING_COUNT]);
        enum direction d = seed % 3 ? RESPONSE : REQUEST;
        struct translated whole =
            cut_kind(make, rules, d, &limits, buf_text(&b), (struct cut){.size = SIZE_MAX});

        if (limits.record > b.len * 2)
            expect_whole_records(&whole, buf_text(&b), sequence);
        for (uint32_t i = 0; i < 4; i++) {
            struct translated other =
                cut_kind(make, rules, d, &limits, buf_text(&b), cut_way((seed + i * i) % CUT_WAYS));
            if (!cut_same(&whole, &other))
                fail_msg("seed %u: of %.*s left %.*s or %.*s", (unsigned)seed,
                         TEXT_ARG(buf_text(&b)), TEXT_ARG(buf_text(&whole.out)),
                         TEXT_ARG(buf_text(&other.out)));
            cut_fini(&other);
        }
        cut_fini(&whole);
        buf_fini(&b);
    }
    mapping_unref(&rules);
}

/* --- the heap -----------------------------------------------------------------------------------
 */

#ifdef TEST_HEAP

static void count_bytes(void *owner, struct text span)
{
    *(uint64_t *)owner += span.len;
}

struct counting {
    struct translate_limits limits;
    struct translate_scene scene;
    uint64_t left;
};

static struct translator *counting_body(struct counting *c, const struct mapping *rules,
                                        cut_maker *make)
{
    c->limits = limits_of(1 << 20);
    c->scene = (struct translate_scene){.mapping = rules};
    c->left = 0;
    struct translator_task task = {.rules = mapping_global(rules),
                                   .direction = RESPONSE,
                                   .limits = &c->limits,
                                   .scene = &c->scene,
                                   .sink = {count_bytes, &c->left}};
    return make(&task);
}

static void memory_stays_under_the_ceiling(void **state)
{
    static const char *const FIRST[] = {"[0", "[\"", "{\"a\":0"};
    static const char *const UNITS[] = {",{\"workspaceId\":[1]}", "a long string goes on, ",
                                        ",\"workspaceId\":{}"};
    static struct counting c;
    struct mapping *rules = rules_text(text_from(RULES));

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct text unit = text_from(UNITS[i]);
        size_t before = heap.peak = heap.live;
        struct translator *t = counting_body(&c, rules, records_new);

        assert_int_equal(translator_piece(t, TEXT("{\"workspaceId\":1}\n")), TRANSLATE_OK);
        size_t idle = heap.live - before;
        print_message("a body of records costs %zu bytes between records\n", idle);
        assert_in_range(idle, 1000, 16384);
        assert_int_equal(translator_piece(t, text_from(FIRST[i])), TRANSLATE_OK);
        for (size_t n = 0; n < (8u << 20) / unit.len; n++)
            assert_int_equal(translator_piece(t, unit), TRANSLATE_OK);
        assert_in_range(c.left, 7u << 20, 9u << 20);
        /* What is held, in a buffer that doubles and once moves. */
        assert_in_range(heap.peak - before, 1u << 20, (2u << 20) + (1u << 16));
        assert_in_range(heap.live - before, 1, 1u << 16);
        translator_free(&t);
        assert_int_equal(heap.live, before);
    }
    mapping_unref(&rules);
}

static enum translate_code run_granted(const struct mapping *rules, cut_maker *make,
                                       struct text body, size_t piece)
{
    static struct counting c;
    struct translator *t = counting_body(&c, rules, make);
    enum translate_code code = t ? TRANSLATE_OK : TRANSLATE_NO_MEMORY;

    for (size_t at = 0; at < body.len && code == TRANSLATE_OK; at += piece)
        code = translator_piece(
            t, text_of(body.at + at, body.len - at < piece ? body.len - at : piece));
    if (code == TRANSLATE_OK)
        code = translator_end(t);
    if (t)
        assert_int_equal(translator_fault(t)->code, code);
    translator_free(&t);
    return code;
}

static void every_allocation_may_fail(void **state)
{
    static const struct {
        cut_maker *make;
        const char *body;
    } BODIES[] = {{records_new, "{\"workspaceId\":1,\"kind\":\"\\u0077orkspace\"}\n12\n\n\"a\""},
                  {records_new, "\n"},
                  {json_seq_new, "\x1e{\"workspaceId\":1,\"kind\":\"\\u0077orkspace\"}\n\x1e\"a\""},
                  {json_seq_new, "\x1e"}};
    struct mapping *rules = rules_text(text_from(RULES));

    (void)state;
    for (size_t i = 0; i < sizeof BODIES / sizeof *BODIES; i++) {
        size_t granted = 0;

        do {
            size_t live = heap.live;

            heap.until_none = ++granted;
            heap.refused = false;
            enum translate_code code =
                run_granted(rules, BODIES[i].make, text_from(BODIES[i].body), 1 + granted % 5);
            heap.until_none = 0;
            assert_int_equal(code, heap.refused ? TRANSLATE_NO_MEMORY : TRANSLATE_OK);
            assert_int_equal(heap.live, live);
        } while (heap.refused && granted < 1000);
        heap.refused = false;
        assert_in_range(granted, 4, 100);
    }
    mapping_unref(&rules);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_cases),
        cmocka_unit_test(bodies_made_in_both_dialects),
        cmocka_unit_test(records_before_a_bad_one_have_left),
        cmocka_unit_test(a_record_leaves_with_its_line_feed),
        cmocka_unit_test(rubbish_is_the_same_at_every_cut),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

#ifdef TEST_HEAP
    const struct CMUnitTest heap_tests[] = {
        cmocka_unit_test(memory_stays_under_the_ceiling),
        cmocka_unit_test(every_allocation_may_fail),
    };

    if (heap_is_ours())
        failed += cmocka_run_group_tests(heap_tests, NULL, NULL);
#endif
    return failed;
}
