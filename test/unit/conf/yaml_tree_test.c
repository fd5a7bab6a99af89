#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/buf.h"
#include "conf/yaml_tree.h"

/* One text, read. */
struct reading {
    struct arena *arena;
    struct diag *d;
    struct yaml_node *root;
};

static struct reading read_text(struct text source)
{
    struct reading r = {.arena = arena_new(YAML_ARENA_BYTES), .d = diag_new()};

    r.root = yaml_tree_read(r.arena, "t.yaml", source, &yaml_configuration, r.d);
    return r;
}

static void done(struct reading *r)
{
    arena_free(&r->arena);
    diag_free(&r->d);
}

static const struct complaint *complaint(const struct reading *r, size_t number)
{
    size_t count;
    const struct complaint *list = diag_list(r->d, &count);

    assert_true(number < count);
    return &list[number];
}

/* SOURCE has one complaint, CODE, at LINE and COLUMN. */
static void refused(struct text source, const char *code, unsigned line, unsigned column)
{
    struct reading r = read_text(source);

    assert_int_equal(diag_errors(r.d), 1);
    assert_string_equal(complaint(&r, 0)->code, code);
    assert_int_equal(complaint(&r, 0)->where.line, line);
    assert_int_equal(complaint(&r, 0)->where.column, column);
    done(&r);
}

static void assert_text(struct text t, const char *expected)
{
    assert_int_equal(t.len, strlen(expected));
    assert_memory_equal(t.at, expected, t.len);
}

static void nodes_know_their_places(void **state)
{
    struct reading r = read_text(TEXT("a: [x, \"y z\"]\n'\xc3\xbc b':\n  c: d\n"));
    const struct yaml_node *a = r.root->first, *b = a->next, *c = b->first;

    (void)state;
    assert_int_equal(r.root->kind, YAML_MAP);
    assert_int_equal(r.root->count, 2);
    assert_text(a->key, "a");
    assert_int_equal(a->kind, YAML_LIST);
    assert_int_equal(a->where.column, 4);
    assert_int_equal(a->count, 2);
    assert_text(a->first->text, "x");
    assert_int_equal(a->first->style, YAML_PLAIN);
    assert_text(a->first->next->text, "y z");
    assert_int_not_equal(a->first->next->style, YAML_PLAIN);
    assert_int_equal(a->first->next->where.column, 8);
    assert_int_equal(a->first->next->where.width, 5);
    assert_text(b->key, "\xc3\xbc b");
    assert_int_not_equal(b->key_style, YAML_PLAIN);
    assert_int_equal(b->key_where.line, 2);
    assert_int_equal(b->key_where.width, 5);
    assert_int_equal(c->where.line, 3);
    assert_int_equal(c->where.column, 6);
    assert_int_equal(c->key_style, YAML_PLAIN);
    assert_int_equal(diag_errors(r.d), 0);
    done(&r);
}

/* What NODE's value, or its key, is written with in SOURCE. */
static void assert_span(struct text source, struct yaml_span span, const char *written)
{
    assert_true(span.from <= span.to && span.to <= source.len);
    assert_text(text_of(source.at + span.from, span.to - span.from), written);
}

/* The member KEY of SOURCE's map is written as KEY_WRITTEN and WRITTEN. */
static void spans(struct text source, const char *key, const char *key_written, const char *written)
{
    struct reading r = read_text(source);
    const struct yaml_node *node = r.root ? yaml_member(r.root, text_from(key)) : NULL;

    assert_int_equal(diag_errors(r.d), 0);
    assert_non_null(node);
    assert_span(source, node->key_span, key_written);
    assert_span(source, node->span, written);
    done(&r);
}

static void spans_count_bytes_not_characters(void **state)
{
    (void)state;
    spans(TEXT("\xc3\xa9: \xe2\x82\xac\nk: v\n"), "\xc3\xa9", "\xc3\xa9", "\xe2\x82\xac");
    spans(TEXT("\xc3\xa9: \xe2\x82\xac\nk: v\n"), "k", "k", "v");
    spans(TEXT("\xf0\x9f\x98\x80: '\xc3\xbc' # \xc3\xbc\n\"k\": \"\\xe9\"\n"), "k", "\"k\"",
          "\"\\xe9\"");
    spans(TEXT("\xef\xbb\xbfk: v\nl: w\n"), "k", "k", "v");
    spans(TEXT("\xef\xbb\xbf\xc3\xa9: v\r\nl: w\r\n"), "l", "l", "w");
}

static void spans_of_values_on_many_lines(void **state)
{
    (void)state;
    spans(TEXT("k: one\r\n  t\xc3\xbcwo\r\n  three # no\r\nl: w\r\n"), "k", "k",
          "one\r\n  t\xc3\xbcwo\r\n  three");
    spans(TEXT("k: one\r\n  two\r\nl: w\r\n"), "l", "l", "w");
    spans(TEXT("k: |\n  \xc3\xa9ne\n\n  two\nl: w\n"), "l", "l", "w");
    spans(TEXT("k: >-\r\n  \xc3\xa9ne\r\n  two\r\n# c\r\nl: w\r\n"), "l", "l", "w");
    spans(TEXT("k: 'a\n\n  \xc3\xa9'\nl: w\n"), "k", "k", "'a\n\n  \xc3\xa9'");
}

static void a_block_is_its_mark_and_its_lines(void **state)
{
    (void)state;
    spans(TEXT("k: |-  # c\n  \xc3\xa9ne\n  two\nl: w\n"), "k", "k",
          "|-  # c\n  \xc3\xa9ne\n  two\n");
    spans(TEXT("k: >\r\n  \xc3\xa9\r\nl: w\r\n"), "k", "k", ">\r\n  \xc3\xa9\r\n");
}

static void spans_of_lists_and_maps(void **state)
{
    (void)state;
    spans(TEXT("\xc3\xa9: {a: [\xc3\xa9, b]}\nk: [ 'x', {y: z} ] # c\n"), "k", "k",
          "[ 'x', {y: z} ]");
    spans(TEXT("\xc3\xa9: {a: [\xc3\xa9, b]}\n"), "\xc3\xa9", "\xc3\xa9", "{a: [\xc3\xa9, b]}");
    spans(TEXT("{\"\xc3\xa9\":1,\"k\":{\"\xc3\xa9\":[]}}"), "k", "\"k\"", "{\"\xc3\xa9\":[]}");
    spans(TEXT("k:\r\n  # \xc3\xa9\r\n  - a\r\n  - \xc3\xa9\r\n# c\r\nl: w\r\n"), "k", "k",
          "- a\r\n  - \xc3\xa9");
    spans(TEXT("k:\n  a: \xc3\xa9\n  b: c\n\nl: w\n"), "k", "k", "a: \xc3\xa9\n  b: c");
}

static void members_are_found_by_key(void **state)
{
    struct reading r = read_text(TEXT("ab: 1\na: 2\n"));

    (void)state;
    assert_text(yaml_member(r.root, TEXT("a"))->text, "2");
    assert_null(yaml_member(r.root, TEXT("b")));
    assert_null(yaml_member(r.root->first, TEXT("a")));
    done(&r);
}

static void scalars_follow_the_core_schema(void **state)
{
    static const struct {
        const char *written;
        enum yaml_sense sense;
    } cases[] = {
        {"true", YAML_SWITCH},   {"FALSE", YAML_SWITCH},    {"yes", YAML_TEXT},
        {"on", YAML_TEXT},       {"off", YAML_TEXT},        {"n", YAML_TEXT},
        {"null", YAML_NULL},     {"~", YAML_NULL},          {"", YAML_NULL},
        {"nil", YAML_TEXT},      {"0", YAML_INT},           {"-12", YAML_INT},
        {"+1", YAML_INT},        {"007", YAML_INT},         {"0o17", YAML_INT},
        {"0o18", YAML_TEXT},     {"0xfF", YAML_INT},        {"0x", YAML_TEXT},
        {"0b1", YAML_TEXT},      {"1_000", YAML_TEXT},      {"1:30", YAML_TEXT},
        {"1.5", YAML_FLOAT},     {".5", YAML_FLOAT},        {"1.", YAML_FLOAT},
        {"-1e9", YAML_FLOAT},    {"1e", YAML_TEXT},         {".", YAML_TEXT},
        {".inf", YAML_FLOAT},    {"-.INF", YAML_FLOAT},     {".nan", YAML_FLOAT},
        {"-.nan", YAML_TEXT},    {"2026-03-02", YAML_TEXT}, {"12:30:45", YAML_TEXT},
        {"\"true\"", YAML_TEXT}, {"'1'", YAML_TEXT},        {"16MiB", YAML_TEXT},
        {"-", YAML_TEXT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char source[64];
        int n = snprintf(source, sizeof source, "[%s]", cases[i].written);

        if (!*cases[i].written || strcmp(cases[i].written, "-") == 0)
            continue; /* not to be written in a list */
        struct reading r = read_text(text_of(source, (size_t)n));
        assert_non_null(r.root);
        if (yaml_sense(r.root->first) != cases[i].sense)
            fail_msg("%s", cases[i].written);
        done(&r);
    }
}

static void a_date_keeps_its_text(void **state)
{
    struct reading r = read_text(TEXT("d: 2026-03-02\nm: 0012\n"));

    (void)state;
    assert_text(r.root->first->text, "2026-03-02");
    assert_text(r.root->first->next->text, "0012");
    done(&r);
}

static void an_empty_file_is_nothing(void **state)
{
    static const char *const empty[] = {"", "\n", "# a comment\n", "---\n", "\xef\xbb\xbf"};

    (void)state;
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        struct reading r = read_text(text_from(empty[i]));

        assert_non_null(r.root);
        assert_int_equal(r.root->kind, YAML_SCALAR);
        assert_int_equal(yaml_sense(r.root), YAML_NULL);
        done(&r);
    }
}

static void a_byte_order_mark_counts_for_nothing(void **state)
{
    (void)state;
    refused(TEXT("\xef\xbb\xbf"
                 "a: 1\na: 2\n"),
            "duplicate-key", 2, 1);
    refused(TEXT("\xef\xbb\xbf{a: 1, a: 2}\n"), "duplicate-key", 1, 8);
}

static void line_ends_of_both_kinds_count_the_same(void **state)
{
    (void)state;
    refused(TEXT("a: 1\r\nb: 1\r\na: 2\r\n"), "duplicate-key", 3, 1);
    refused(TEXT("a: 1\nb: 1\ra: 2\n"), "character", 2, 5);
    refused(TEXT("a: \xe2\x80\xa8 1\n"), "character", 1, 4);
    refused(TEXT("a: \xc2\x85 1\n"), "character", 1, 4);
}

static void what_a_sane_file_does_not_hold_is_refused(void **state)
{
    (void)state;
    refused(TEXT("a: &x 1\n"), "anchor", 1, 4);
    refused(TEXT("a: *x\n"), "alias", 1, 4);
    refused(TEXT("a: !!str 1\n"), "tag", 1, 4);
    refused(TEXT("a: ! 1\n"), "tag", 1, 4);
    refused(TEXT("!x a: 1\n"), "tag", 1, 1);
    refused(TEXT("a: !!map {}\n"), "tag", 1, 4);
    refused(TEXT("a: 1\n---\nb: 1\n"), "second-document", 2, 1);
    refused(TEXT("a: 1\n...\n---\n"), "second-document", 3, 1);
    refused(TEXT("{a: 1, [b]: 2}\n"), "bad-key", 1, 8);
    refused(TEXT("? {a: 1}\n: 2\n"), "bad-key", 1, 3);
    refused(TEXT("a: \"x\\0\"\n"), "nul", 1, 4);
    refused(TEXT("\"x\\0\": a\n"), "nul", 1, 1);
    refused(TEXT("a: b\0c\n"), "character", 1, 5);
    refused(TEXT("a: \x1b[0m\n"), "character", 1, 4);
    refused(TEXT("a: \xc0\xaf\n"), "character", 1, 4);
    refused(TEXT("\xff\xfe"
                 "a\0:\0"),
            "character", 1, 1);
}

static void reading_goes_on_after_such_a_complaint(void **state)
{
    struct reading r =
        read_text(TEXT("a: *x\nb: [&y 1, {[k]: v, e: f}]\nb: 2\nc: \"\\0\"\nd: ok\n"));

    (void)state;
    assert_int_equal(diag_errors(r.d), 5);
    assert_int_equal(r.root->first->kind, YAML_BROKEN);
    assert_text(yaml_member(r.root, TEXT("d"))->text, "ok");
    assert_int_equal(yaml_member(r.root, TEXT("b"))->kind, YAML_LIST);
    assert_int_equal(r.root->first->next->next->kind, YAML_BROKEN);
    const struct yaml_node *map = yaml_member(r.root, TEXT("b"))->first->next;
    assert_int_equal(map->count, 1);
    assert_text(map->first->key, "e");
    done(&r);
}

static void keys_are_the_same_whatever_their_quotes(void **state)
{
    (void)state;
    refused(TEXT("a: 1\n\"\\x61\": 2\n"), "duplicate-key", 2, 1);
}

/* COUNT times PIECE. */
static struct buf repeated(const char *piece, size_t count)
{
    struct buf b;

    buf_init(&b, SIZE_MAX);
    while (count-- > 0)
        buf_add(&b, text_from(piece));
    return b;
}

static void refused_repeated(const char *piece, size_t count, const char *code)
{
    struct buf b = repeated(piece, count);
    struct reading r = read_text(buf_text(&b));

    assert_null(r.root);
    assert_in_range(diag_errors(r.d), 1, 100);
    size_t complaints;
    const struct complaint *list = diag_list(r.d, &complaints);
    bool found = false;
    for (size_t i = 0; i < complaints; i++)
        found = found || strcmp(list[i].code, code) == 0;
    if (!found)
        fail_msg("%s: %s", piece, list[0].message);
    done(&r);
    buf_fini(&b);
}

static void depth_has_an_end(void **state)
{
    struct buf b;

    (void)state;
    refused_repeated("[", 100000, "too-deep");
    refused_repeated("[\n", 100000, "too-deep");
    refused_repeated("{", 100000, "too-deep");
    refused_repeated("{a: ", 100000, "too-deep");
    refused_repeated("- ", 100000, "too-deep");
    refused_repeated("? ", 100000, "too-deep");
    b = repeated("[", yaml_configuration.depth);
    for (size_t i = 0; i < yaml_configuration.depth; i++)
        buf_add_byte(&b, ']');
    struct reading r = read_text(buf_text(&b));
    assert_non_null(r.root);
    done(&r);
    buf_fini(&b);
}

static void size_has_an_end(void **state)
{
    struct buf b = repeated("#", yaml_configuration.bytes);

    (void)state;
    struct reading r = read_text(buf_text(&b));
    assert_int_equal(diag_errors(r.d), 0);
    done(&r);
    buf_add_byte(&b, '#');
    refused(buf_text(&b), "too-big", 0, 0);
    buf_fini(&b);
    refused_repeated("- a\n", yaml_configuration.nodes, "too-many");
}

static void the_number_of_nodes_may_be_reached(void **state)
{
    struct buf b = repeated("- a\n", yaml_configuration.nodes - 1);
    struct reading r = read_text(buf_text(&b));

    (void)state;
    assert_int_equal(r.root->count, yaml_configuration.nodes - 1);
    done(&r);
    buf_fini(&b);
}

static void many_keys_are_compared_in_little_time(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, SIZE_MAX);
    for (unsigned i = 0; i < 40000; i++) {
        buf_add(&b, TEXT("key-"));
        buf_add_u64(&b, i);
        buf_add(&b, TEXT(": 1\n"));
    }
    buf_add(&b, TEXT("key-7: 2\n"));
    refused(buf_text(&b), "duplicate-key", 40001, 1);
    buf_fini(&b);
}

static void every_cut_of_a_file_is_read_or_refused(void **state)
{
    static const char whole[] = "version: 1\nroutes:\n  - {client: \"/a/{x}\", m: [G, 'P''T']}\n"
                                "a: |\n  text\n  more\n# end\nb: >-\n  x\nc: \"\\u00fc\\\n d\"\n";

    (void)state;
    for (size_t cut = 0; cut < sizeof whole; cut++) {
        char *copy = malloc(cut + 1); /* so that reading past the cut is seen */

        memcpy(copy, whole, cut);
        struct reading r = read_text(text_of(copy, cut));
        assert_true(r.root ? diag_errors(r.d) == 0 : diag_errors(r.d) == 1);
        done(&r);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_know_their_places),
        cmocka_unit_test(spans_count_bytes_not_characters),
        cmocka_unit_test(spans_of_values_on_many_lines),
        cmocka_unit_test(a_block_is_its_mark_and_its_lines),
        cmocka_unit_test(spans_of_lists_and_maps),
        cmocka_unit_test(members_are_found_by_key),
        cmocka_unit_test(scalars_follow_the_core_schema),
        cmocka_unit_test(a_date_keeps_its_text),
        cmocka_unit_test(an_empty_file_is_nothing),
        cmocka_unit_test(a_byte_order_mark_counts_for_nothing),
        cmocka_unit_test(line_ends_of_both_kinds_count_the_same),
        cmocka_unit_test(what_a_sane_file_does_not_hold_is_refused),
        cmocka_unit_test(reading_goes_on_after_such_a_complaint),
        cmocka_unit_test(keys_are_the_same_whatever_their_quotes),
        cmocka_unit_test(depth_has_an_end),
        cmocka_unit_test(size_has_an_end),
        cmocka_unit_test(the_number_of_nodes_may_be_reached),
        cmocka_unit_test(many_keys_are_compared_in_little_time),
        cmocka_unit_test(every_cut_of_a_file_is_read_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
