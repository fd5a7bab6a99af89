/* Event streams: what leaves, and when. */
#include "unit/translate/golden.h"

#include "translate/translator.h"

static const char RULES[] = "field dataProductId workspaceId\n"
                            "field dataProduct workspace\n"
                            "map $..kind\nto data_product workspace\n";

static const size_t CEILINGS[] = {0, 7, 60, 1 << 20};
enum { CEILING_COUNT = 4 };

static struct translate_limits limits_of(size_t ceiling)
{
    struct translate_limits limits = CUT_LIMITS;

    limits.event = ceiling;
    return limits;
}

/* --- golden cases ------------------------------------------------------------------ */

static cut_maker *maker(struct text head)
{
    (void)head;
    return event_stream_new;
}

static void golden_cases(void **state)
{
    static const struct golden_kind EVENTS = {"test/golden/event-stream", maker};

    (void)state;
    golden_run(&EVENTS);
}

/* --- streams made in both dialects side by side -------------------------------------- */

enum { EVENTS_MADE = 40, LINE_ENDS = 3 };

struct making {
    uint32_t seed;
    struct buf in, out;
    unsigned line_end; /* which, or LINE_ENDS for any */
    /* Behind which byte of IN how much of OUT must have left. */
    struct {
        size_t in, out;
    } done[EVENTS_MADE];
};

static uint32_t pick(struct making *m, uint32_t n)
{
    return cut_random(&m->seed) % n;
}

static void both(struct making *m, const char *text)
{
    buf_add(&m->in, text_from(text));
    buf_add(&m->out, text_from(text));
}

static void end_line(struct making *m)
{
    static const char *const ENDS[] = {"\n", "\r", "\r\n"};
    const char *end = ENDS[m->line_end < LINE_ENDS ? m->line_end : pick(m, LINE_ENDS)];

    /* An LF here would only be the rest of the CR before it. */
    if (*end == '\n' && m->in.len > 0 && m->in.at[m->in.len - 1] == '\r')
        end = "\r\n";
    both(m, end);
}

static void other_line(struct making *m)
{
    static const char *const LINES[] = {
        "event: workspace", "id: 12",    ": data: {\"workspaceId\":1}",
        "retry:1000",       ":",         "id",
        "datum: {}",        "Data: [1,", "datas:}",
        " data: ]"};

    both(m, LINES[pick(m, 10)]);
    end_line(m);
}

/* Between two tokens: nothing, a blank, or a new line of data. */
static void gap(struct making *m)
{
    switch (pick(m, 8)) {
    case 0:
        both(m, " ");
        break;
    case 1:
        end_line(m);
        while (pick(m, 3) == 0)
            other_line(m);
        if (pick(m, 4) == 0) {
            both(m, "data");
            end_line(m);
        }
        both(m, pick(m, 2) ? "data:" : "data: ");
        break;
    default:
        break;
    }
}

static void make_key(struct making *m)
{
    static const char *const KEYS[][2] = {{"\"workspaceId\"", "\"dataProductId\""},
                                          {"\"workspace\"", "\"dataProduct\""},
                                          {"\"workspace\\u0049d\"", "\"dataProductId\""},
                                          {"\"workspaces\"", "\"workspaces\""},
                                          {"\"delta\"", "\"delta\""},
                                          {"\"\"", "\"\""}};
    unsigned i = pick(m, 6);

    buf_add(&m->in, text_from(KEYS[i][0]));
    buf_add(&m->out, text_from(KEYS[i][1]));
}

static void make_leaf(struct making *m)
{
    static const char *const LEAVES[] = {"1",
                                         "-1.50E+3",
                                         "true",
                                         "null",
                                         "\"workspaceId\"",
                                         "\"a \\\" \\u0000 b\"",
                                         "\"data:\"",
                                         "[]",
                                         "{}",
                                         "12345678901234567890"};

    both(m, LEAVES[pick(m, 10)]);
}

static void make_members(struct making *m, unsigned depth)
{
    both(m, "{");
    for (unsigned i = 0, n = 1 + pick(m, 3); i < n; i++) {
        if (i > 0)
            both(m, ",");
        gap(m);
        make_key(m);
        gap(m);
        both(m, ":");
        gap(m);
        if (depth > 0 && pick(m, 2)) {
            both(m, "[");
            make_members(m, depth - 1);
            gap(m);
            both(m, "]");
        } else {
            make_leaf(m);
        }
    }
    gap(m);
    both(m, "}");
}

static void make_event(struct making *m)
{
    static const char *const TEXTS[] = {"[DONE]", "plain text", "{\"a\":", "[1,]",
                                        "\"",     "",           "12 13"};
    unsigned kind = pick(m, 6);

    while (pick(m, 3) == 0)
        other_line(m);
    if (kind > 1) {
        both(m, pick(m, 2) ? "data:" : "data: ");
        if (kind == 2)
            both(m, TEXTS[pick(m, 7)]);
        else
            make_members(m, 2);
        end_line(m);
    }
    while (pick(m, 3) == 0)
        other_line(m);
    end_line(m);
}

static struct making make_stream(uint32_t seed)
{
    struct making m = {.seed = seed * 2654435761u, .line_end = seed % (LINE_ENDS + 1)};

    buf_init(&m.in, 1 << 20);
    buf_init(&m.out, 1 << 20);
    if (seed % 5 == 0)
        both(&m, "\xef\xbb\xbf");
    for (unsigned i = 0; i < EVENTS_MADE; i++) {
        make_event(&m);
        size_t rest = m.in.at[m.in.len - 1] == '\n' && m.in.len > 1 &&
                      m.in.at[m.in.len - 2] == '\r'; /* the LF may leave later */
        m.done[i].in = m.in.len - rest;
        m.done[i].out = m.out.len - rest;
    }
    assert_false(m.in.failed || m.out.failed);
    return m;
}

static void making_fini(struct making *m)
{
    buf_fini(&m->in);
    buf_fini(&m->out);
}

static void expect_stream(const struct mapping *rules, const struct making *m, size_t ceiling,
                          struct cut cut)
{
    struct translate_limits limits = limits_of(ceiling);
    struct translated t =
        cut_kind(event_stream_new, rules, RESPONSE, &limits, buf_text(&m->in), cut);

    assert_int_equal(t.code, TRANSLATE_OK);
    if (!text_eq(buf_text(&t.out), buf_text(&m->out))) {
        print_error("of\n%.*s\nleft\n%.*s\n", TEXT_ARG(buf_text(&m->in)),
                    TEXT_ARG(buf_text(&t.out)));
        fail_msg("ceiling %zu, cut %zu %u", ceiling, cut.size, (unsigned)cut.seed);
    }
    cut_fini(&t);
}

static void streams_made_in_both_dialects(void **state)
{
    struct mapping *rules = rules_text(text_from(RULES));

    (void)state;
    for (uint32_t seed = 0; seed < 200; seed++) {
        struct making m = make_stream(seed);

        for (size_t c = 0; c < CEILING_COUNT; c++) {
            expect_stream(rules, &m, CEILINGS[c], (struct cut){.size = SIZE_MAX});
            expect_stream(rules, &m, CEILINGS[c], (struct cut){.size = 1});
            expect_stream(rules, &m, CEILINGS[c], (struct cut){.size = 2 + seed % 30});
            expect_stream(rules, &m, CEILINGS[c], (struct cut){.seed = seed});
        }
        making_fini(&m);
    }
    mapping_unref(&rules);
}

/* --- when it leaves ---------------------------------------------------------------------- */

/* A translator fed a byte at a time. */
struct dripping {
    struct translate_limits limits;
    struct translate_scene scene;
    struct buf out;
    struct translator *translator;
};

static void drip_begin(struct dripping *d, const struct mapping *rules, size_t ceiling)
{
    *d = (struct dripping){.limits = limits_of(ceiling), .scene = {.mapping = rules}};
    buf_init(&d->out, 1 << 20);
    struct translator_task task = {.rules = mapping_global(rules),
                                   .direction = RESPONSE,
                                   .limits = &d->limits,
                                   .scene = &d->scene,
                                   .sink = {cut_take, &d->out}};
    d->translator = event_stream_new(&task);
    assert_non_null(d->translator);
}

static void drip(struct dripping *d, struct text bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        assert_int_equal(translator_piece(d->translator, text_of(bytes.at + i, 1)), TRANSLATE_OK);
}

static void drip_end(struct dripping *d)
{
    translator_free(&d->translator);
    buf_fini(&d->out);
}

static void an_event_leaves_with_its_blank_line(void **state)
{
    struct mapping *rules = rules_text(text_from(RULES));

    (void)state;
    for (uint32_t seed = 0; seed < 100; seed++) {
        struct making m = make_stream(seed);
        struct dripping d;
        size_t fed = 0;

        drip_begin(&d, rules, CEILINGS[seed % CEILING_COUNT]);
        for (unsigned i = 0; i < EVENTS_MADE; i++) {
            drip(&d, text_of(m.in.at + fed, m.done[i].in - fed));
            fed = m.done[i].in;
            assert_int_equal(d.out.len, m.done[i].out);
        }
        drip_end(&d);
        making_fini(&m);
    }
    mapping_unref(&rules);
}

static void heartbeats_leave_as_they_come(void **state)
{
    static const char *const BEATS[] = {
        ":\n", "\n", ": ping\r\n", "\r", "event: ping\n", ":a comment without an end yet",
        "\r",  "\n", "da",         "\n"};
    struct mapping *rules = rules_text(text_from(RULES));
    struct dripping d;
    size_t len = 0;

    (void)state;
    drip_begin(&d, rules, 1 << 20);
    for (size_t i = 0; i < sizeof BEATS / sizeof *BEATS; i++) {
        drip(&d, text_from(BEATS[i]));
        len += strlen(BEATS[i]);
        assert_int_equal(d.out.len, len);
    }
    drip_end(&d);
    mapping_unref(&rules);
}

static void nothing_of_an_unfinished_event_leaves_before_it_is_judged(void **state)
{
    struct mapping *rules = rules_text(text_from(RULES));
    struct dripping d;

    (void)state;
    drip_begin(&d, rules, 1 << 20);
    drip(&d, TEXT("data: {\"workspaceId\":1,\n: beat\ndata:"));
    assert_true(text_eq(buf_text(&d.out), TEXT("data: ")));
    drip(&d, TEXT("}\n"));
    assert_true(text_eq(buf_text(&d.out), TEXT("data: ")));
    drip(&d, TEXT("\n"));
    assert_true(text_eq(buf_text(&d.out), TEXT("data: {\"workspaceId\":1,\n: beat\ndata:}\n\n")));
    drip_end(&d);
    mapping_unref(&rules);
}

/* --- any bytes ------------------------------------------------------------------------------ */

static struct buf make_rubbish(uint32_t seed)
{
    static const char *const PARTS[] = {"data",
                                        ":",
                                        " ",
                                        "\n",
                                        "\r",
                                        "\r\n",
                                        "{",
                                        "}",
                                        "[",
                                        "]",
                                        ",",
                                        "\"a\"",
                                        "1",
                                        "-",
                                        "tru",
                                        "null",
                                        "\"kin",
                                        "d\"",
                                        "\\u",
                                        "\\",
                                        "\"",
                                        "data:",
                                        "\ndata: ",
                                        "\xef\xbb\xbf",
                                        "\xef",
                                        "\xbb",
                                        "\xff",
                                        "id: 1",
                                        "{\"kind\":\"x",
                                        "\"kind\"",
                                        "0.5e",
                                        "\n\n",
                                        "\x01",
                                        "\"kind\":\"b\\n\"",
                                        "x"};
    struct buf b;

    buf_init(&b, 1 << 16);
    seed = seed * 2654435761u;
    for (uint32_t i = 0, n = cut_random(&seed) % 60; i < n; i++)
        buf_add(&b, text_from(PARTS[cut_random(&seed) % (sizeof PARTS / sizeof *PARTS)]));
    return b;
}

/* Without a name of the table in it a stream leaves as it came, whatever it is. */
static void rubbish_leaves_as_it_came(void **state)
{
    struct mapping *rules =
        rules_text(TEXT("field rare seldom\nmap $..kind\nto never neverever\n"));

    (void)state;
    for (uint32_t seed = 0; seed < 6000; seed++) {
        struct buf b = make_rubbish(seed);
        struct translate_limits limits = limits_of(CEILINGS[seed % CEILING_COUNT]);
        struct cut cut = seed % 3 == 0 ? (struct cut){.size = SIZE_MAX} : cut_way(seed % CUT_WAYS);
        struct translated t = cut_kind(event_stream_new, rules, seed % 7 ? RESPONSE : REQUEST,
                                       &limits, buf_text(&b), cut);

        assert_int_equal(t.code, TRANSLATE_OK);
        if (!text_eq(buf_text(&t.out), buf_text(&b)))
            fail_msg("seed %u: of %.*s left %.*s", (unsigned)seed, TEXT_ARG(buf_text(&b)),
                     TEXT_ARG(buf_text(&t.out)));
        cut_fini(&t);
        buf_fini(&b);
    }
    mapping_unref(&rules);
}

/* With names in it, every cut makes the same of it. */
static void rubbish_is_the_same_at_every_cut(void **state)
{
    struct mapping *rules = rules_text(TEXT("field rare a\nmap $..kind\nto never x\n"));

    (void)state;
    for (uint32_t seed = 0; seed < 3000; seed++) {
        struct buf b = make_rubbish(seed);
        struct translate_limits limits = limits_of(CEILINGS[seed % CEILING_COUNT]);
        struct translated whole = cut_kind(event_stream_new, rules, RESPONSE, &limits, buf_text(&b),
                                           (struct cut){.size = SIZE_MAX});

        for (uint32_t i = 0; i < 4; i++) {
            struct translated other = cut_kind(event_stream_new, rules, RESPONSE, &limits,
                                               buf_text(&b), cut_way((seed + i * i) % CUT_WAYS));
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

/* --- what is counted ------------------------------------------------------------------------- */

struct expected_counts {
    const char *stream;
    size_t ceiling, renamed, collided, passed_event;
    uint64_t offsets;
};

static void renames_and_events_let_pass_are_counted(void **state)
{
    static const struct expected_counts CASES[] = {
        {"data: {\"workspaceId\":1}\n\n", 1000, 1, 0, 0, 7},
        {"data: {\"workspaceId\":1}\n\n", 0, 1, 0, 0, 7},
        {"\n\ndata: {\ndata: \"workspaceId\":1}\n\n", 1000, 1, 0, 0, 16},
        {"data: {\"workspaceId\":1,}\n\n", 1000, 0, 0, 0, 0},
        {"data: {\"workspaceId\":1,}\n\n", 0, 1, 0, 1, 7 + 23},
        {"data: {\"workspaceId\":1,}\n", 0, 1, 0, 0, 7},
        {"data: {\"workspaceId\":1,\n\n", 0, 1, 0, 1, 7 + 24},
        {"data: {\"workspaceId\":1,\"dataProductId\":2}\n\n", 1000, 0, 1, 0, 23},
        {"data: {\"workspaceId\":1,\"dataProductId\":2}\n\n", 0, 1, 1, 0, 7 + 23},
        {"data: [DONE]\n\n", 1000, 0, 0, 0, 0},
        {"data: [DONE]\n\n", 0, 0, 0, 1, 7}};
    struct mapping *rules =
        rules_text(TEXT("field dataProductId workspaceId\ncollisions response reject\n"));

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const struct expected_counts *c = &CASES[i];
        struct translate_limits limits = limits_of(c->ceiling);
        struct translated t = cut_kind(event_stream_new, rules, RESPONSE, &limits,
                                       text_from(c->stream), (struct cut){.size = 3});

        if (t.counts.renamed != c->renamed || t.counts.collided != c->collided ||
            t.counts.passed_event != c->passed_event || t.counts.offsets != c->offsets)
            fail_msg("%s: %zu %zu %zu, %u", c->stream, t.counts.renamed, t.counts.collided,
                     t.counts.passed_event, (unsigned)t.counts.offsets);
        cut_fini(&t);
    }
    mapping_unref(&rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_cases),
        cmocka_unit_test(streams_made_in_both_dialects),
        cmocka_unit_test(an_event_leaves_with_its_blank_line),
        cmocka_unit_test(heartbeats_leave_as_they_come),
        cmocka_unit_test(nothing_of_an_unfinished_event_leaves_before_it_is_judged),
        cmocka_unit_test(rubbish_leaves_as_it_came),
        cmocka_unit_test(rubbish_is_the_same_at_every_cut),
        cmocka_unit_test(renames_and_events_let_pass_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
