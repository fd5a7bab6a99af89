#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "unit/mapping/making.h"

/* One complaint that LINES must bring, and no other error. */
struct refusal {
    const char *lines;
    unsigned line, column;
    const char *message; /* a part of it */
};

static void check_refusals(const struct refusal *refusals, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct refusal *r = &refusals[i];
        struct diag *complaints = diag_new();
        struct mapping *m = make_mapping(r->lines, complaints);
        size_t n;
        const struct complaint *list = diag_list(complaints, &n);

        if (m || n != 1 || list[0].where.line != r->line || list[0].where.column != r->column ||
            !strstr(list[0].message, r->message)) {
            diag_print(complaints, stderr, false);
            fail_msg("expected %u:%u %s of:\n%s", r->line, r->column, r->message, r->lines);
        }
        mapping_unref(&m);
        diag_free(&complaints);
    }
}
#define CHECK(table) check_refusals((table), sizeof(table) / sizeof(table)[0])

#define BASE "route /a /b GET\n"

static void paths_must_be_sound(void **state)
{
    static const struct refusal table[] = {
        {"route a /b GET", 1, 7, "begins with \"/\""},
        {"route /a b GET", 1, 10, "begins with \"/\""},
        {"route /a//b /b GET", 1, 10, "empty segment"},
        {"route /a/ /b GET", 1, 10, "empty segment"},
        {"route /a/./b /b GET", 1, 10, "dot segments"},
        {"route /a/..;v=1 /b GET", 1, 10, "dot segments"},
        {"route /a%2Fb /b GET", 1, 9, "percent escapes"},
        {"route /a?x=1 /b GET", 1, 9, "ends before"},
        {"route /a#x /b GET", 1, 9, "ends before"},
        {"route /a\\b /b GET", 1, 9, "cannot stand in a path"},
        {"route /a/x\xC3\xA9 /b GET", 1, 11, "cannot stand in a path"},
        {"route /a/*/b /b GET", 1, 10, "only in a last segment"},
        {"route /a/**/b /b GET", 1, 10, "only in the last place"},
        {"route /a/x{y} /b GET", 1, 11, "whole segment"},
        {"route /a/{} /b GET", 1, 10, "a parameter's name"},
        {"route /a/{x~y} /b GET", 1, 10, "a parameter's name"},
        {"route /{x}/{x} /{x} GET", 1, 12, "of that name already"},
        {"route /{x} /b GET", 1, 8, "\"x\" is not in the upstream path"},
        {"route /b /{x} GET", 1, 11, "\"x\" is not in the client path"},
        {"route /a/** /b GET", 1, 13, "the other path ends in \"**\""},
        {"route /a /b/** GET", 1, 7, "the other path ends in \"**\""},
        {BASE "resource /x GET", 2, 10, "does not begin with \"/\""},
        {BASE "resource x/ GET", 2, 12, "empty segment"},
        {BASE "resource {x}/{x} GET", 2, 14, "of that name already"},
        {"route /a/** /b/** GET\nresource x GET", 2, 10, "mirrored below"},
        {"pass a", 1, 6, "begins with \"/\""},
        {"route /a/{1}/{2}/{3}/{4}/{5}/{6}/{7}/{8}/{9}/{10}/{11}/{12}/{13}/{14}/{15}/{16}/{17} /b "
         "GET",
         1, 81, "at most 16 parameters"},
        {"pass /1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1"
         "/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/65/66",
         1, 135, "at most 64 segments"},
    };

    (void)state;
    CHECK(table);
}

static void a_column_counts_characters(void **state)
{
    static const struct refusal table[] = {
        {"opaque $.\xC3\xA9\xC3\xA9[0]", 1, 13, "indexes"},
        {"opaque $['\xE2\x82\xAC'][?x]", 1, 15, "filters"},
    };

    (void)state;
    CHECK(table);
}

static void methods_must_be_sound(void **state)
{
    static const struct refusal table[] = {
        {"route /a /b GET,get", 1, 17, "no such method: \"get\""},
        {"route /a /b FETCH", 1, 13, "no such method: \"FETCH\""},
        {"route /a /b PUT:POTS", 1, 17, "no such method: \"POTS\""},
        {"route /a /b GET,GET", 1, 17, "listed already (line 1)"},
        {"route /a /b GET:HEAD", 1, 13, "HEAD and OPTIONS"},
        {"route /a /b OPTIONS:GET", 1, 13, "HEAD and OPTIONS"},
        {"route /a /b", 1, 7, "no methods and no resources"},
        {BASE "resource x", 2, 10, "lists no methods"},
    };

    (void)state;
    CHECK(table);
}

static void routes_must_not_meet(void **state)
{
    static const struct refusal table[] = {
        {BASE "route /a /c POST", 2, 7, "same set of paths as \"/a\" (line 1)"},
        {"route /a/{x} /b/{x} GET\nroute /a/{y} /c/{y} POST", 2, 7, "(line 1)"},
        {"route /a/** /b/** GET\nroute /a/** /c/** GET", 2, 7, "(line 1)"},
        {BASE "resource x GET\nroute /a/x /c GET", 3, 7, "\"/a/x\" (line 2)"},
        {"pass /a/{x}\npass /a/{y}", 2, 6, "(line 1)"},
        {BASE "pass /a", 2, 6, "no path can reach this entry"},
        {BASE "pass /a/x/**", 2, 6, "belong to the route \"/a\" (line 1)"},
        {"pass /a/**\nroute /a /b GET", 1, 6, "belong to the route \"/a\" (line 2)"},
        {"route /{x} /b/{x} GET\npass /z", 2, 6, "belong to the route \"/{x}\""},
        {"route /a/**  /b/** GET\npass /a/{z}", 2, 6, "no path can reach"},
    };

    (void)state;
    CHECK(table);
}

static void fields_must_be_a_bijection(void **state)
{
    static const struct refusal table[] = {
        {"field a x\nfield b x", 2, 7,
         "upstream name \"x\" is already the target of \"a\" (line 1)"},
        {"field a x $.p\nfield b x $.q", 2, 7, "already the target"},
        {"field a x\nfield b x request", 2, 7, "already the target"},
        {"field a x\nfield a y", 2, 7, "\"a\" is mapped here already (line 1)"},
        {"field a a", 1, 7, "\"a\" is mapped to itself"},
        {"field a b\nfield b c", 2, 7, "\"b\" stands on both sides"},
        {"field b c\nfield a b", 1, 7, "upstream name of \"a\" (line 2)"},
        {"field a b request\nfield b c response", 2, 7, "stands on both sides"},
        {"field a -", 1, 7, "no wider entry \"a\""},
        {"field abcd x\n" BASE "field abce -", 3, 7, "no wider entry \"abce\""},
        {"field a x\n" BASE "field b x", 3, 7, "already the target of \"a\" (line 1)"},
        {"field a x\n" BASE "resource r GET\nfield b x", 4, 7, "(line 1)"},
        {BASE "field a x\nresource r GET\nfield b x\nresource s GET", 4, 7, "(line 2)"},
        {"field a x\n" BASE "field x y", 3, 7, "stands on both sides"},
        /* told once, though each of three tables has the fault */
        {"field a x\nfield b x\n" BASE "opaque $.o\nresource r GET\nopaque $.p", 2, 7, "(line 1)"},
    };

    (void)state;
    CHECK(table);
}

static void tables_that_are_bijections_pass(void **state)
{
    static const char *const good[] = {
        "field a x request\nfield b x response",
        "field a x\n" BASE "field a y",
        "field a x\n" BASE "field a -\nfield b x",
        "field a x\nfield c z\n" BASE "field a z\nfield c -",
        "word a x\nfield b x",
        BASE "pass /**",
        BASE "pass /{x}",
        BASE "pass /b\npass /c/**\npass /c/{x}\npass /c",
        "route /a /b\nresource x GET",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct diag *complaints = diag_new();
        struct mapping *m = make_mapping(good[i], complaints);
        size_t n;

        diag_list(complaints, &n);
        if (!m || n) {
            diag_print(complaints, stderr, false);
            fail_msg("refused:\n%s", good[i]);
        }
        mapping_unref(&m);
        diag_free(&complaints);
    }
}

static void other_tables_must_be_bijections_too(void **state)
{
    static const struct refusal table[] = {
        {"word a x\nword b x", 2, 6, "upstream word \"x\" is already the target of \"a\""},
        {"word a x\nword a y", 2, 6, "client word \"a\" already becomes \"x\" (line 1)"},
        {"word a b\nword b c", 2, 6, "stands on both sides"},
        {"map $.v a=x,b=x", 1, 13, "upstream value \"x\""},
        {"map $.v a=x,a=y", 1, 13, "client value \"a\""},
        {"map $.v a=a", 1, 9, "value \"a\" is mapped to itself"},
        {"map $.v", 1, 5, "no pairs"},
        {"map $.v a=x,b=x\n" BASE "opaque $.o", 1, 13, "upstream value \"x\""},
        {"header X-A X-B\nheader x-C x-b", 2, 8, "upstream header \"x-b\""},
        {"header X-A X-B\nheader x-a x-D", 2, 8, "client header \"x-a\""},
        {"header X-A x-a", 1, 8, "mapped to itself"},
    };

    (void)state;
    CHECK(table);
}

static void names_must_be_sound(void **state)
{
    static char long_name[300], line[400];
    static const struct refusal table[] = {
        {"header Host X-B", 1, 8, "Host cannot be mapped"},
        {"header X-B content-LENGTH", 1, 12, "content-LENGTH cannot be mapped"},
        {"header Transfer-Encoding X", 1, 8, "cannot be mapped"},
        {"header Connection X", 1, 8, "cannot be mapped"},
        {"header Keep-Alive X", 1, 8, "cannot be mapped"},
        {"header TE X", 1, 8, "cannot be mapped"},
        {"header Trailer X", 1, 8, "cannot be mapped"},
        {"header Upgrade X", 1, 8, "cannot be mapped"},
        {"header Expect X", 1, 8, "cannot be mapped"},
        {"header Proxy-Anything X", 1, 8, "cannot be mapped"},
        {"header authorization X", 1, 8, "cannot be mapped"},
        {"header X:A X-B", 1, 8, "not a header name"},
        {line, 1, 7, "at most 256 bytes"},
    };

    (void)state;
    memset(long_name, 'x', sizeof long_name - 1);
    snprintf(line, sizeof line, "field %s y", long_name);
    CHECK(table);
    struct diag *complaints = diag_new();
    struct mapping_builder *b = mapping_builder_new(complaints);
    struct written empty = {TEXT(""), {"test", 4, 2, 1}}, name = {TEXT("n"), {"test", 4, 9, 1}};
    mapping_scope_field(mapping_builder_global(b), empty, name, REACH_BOTH, (struct written){0});
    mapping_scope_field(mapping_builder_global(b), name, empty, REACH_BOTH, (struct written){0});
    mapping_builder_names_in(b, empty);
    assert_null(mapping_builder_finish(&b));
    assert_int_equal(diag_errors(complaints), 3);
    diag_free(&complaints);
}

static void paths_in_values_must_be_sound(void **state)
{
    static const struct refusal table[] = {
        {"opaque rows", 1, 8, "begins with \"$\""},
        {"url $.a[0]", 1, 9, "indexes"},
        {"field a b $..*", 1, 14, "select everything"},
    };

    (void)state;
    CHECK(table);
}

/* Each path doubles what has to be told apart. */
static void paths_that_explode_are_refused(void **state)
{
    struct buf lines;
    struct diag *complaints = diag_new();
    char line[64];

    (void)state;
    buf_init(&lines, 1 << 16);
    for (int i = 0; i < 20; i++) {
        snprintf(line, sizeof line, "opaque $..a%d..b%d\n", i, i);
        buf_add(&lines, text_from(line));
    }
    buf_add_byte(&lines, 0);
    assert_null(make_mapping(lines.at, complaints));
    size_t n;
    const struct complaint *list = diag_list(complaints, &n);
    assert_int_equal(n, 1);
    assert_non_null(strstr(list[0].message, "too many to be followed"));
    buf_fini(&lines);
    diag_free(&complaints);
}

static void an_upstream_name_in_a_path_is_warned_of(void **state)
{
    struct diag *complaints = diag_new();
    struct mapping *m =
        make_mapping("field dataProduct workspace\nopaque $..workspace.rows", complaints);
    size_t n;
    const struct complaint *list = diag_list(complaints, &n);

    (void)state;
    assert_non_null(m);
    assert_int_equal(n, 1);
    assert_int_equal(list[0].severity, SEVERITY_WARNING);
    assert_string_equal(list[0].hint, "write \"dataProduct\" (line 1)");
    mapping_unref(&m);
    diag_free(&complaints);
}

static void all_complaints_come_in_one_run(void **state)
{
    struct diag *complaints = diag_new();
    size_t n;

    (void)state;
    assert_null(make_mapping("field a x\n"
                             "field b x\n"
                             "opaque $[0]\n"
                             "route /a/../b /c GET\n"
                             "route /d /e BREW\n"
                             "header Host X\n"
                             "pass /d/e\n"
                             "word q q",
                             complaints));
    const struct complaint *list = diag_list(complaints, &n);
    assert_int_equal(n, 7);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(list[i].where.line, i + 2);
    diag_free(&complaints);
}

static void hints_name_the_near_word(void **state)
{
    static const struct {
        const char *lines, *hint;
    } cases[] = {
        {"route /a /b PSOT", "did you mean POST?"},
        {"route /a /b get", "did you mean GET?"},
        {"field dataProduct x\nroute /a /b GET\nfield dataProdcut -",
         "did you mean \"dataProduct\"?"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct diag *complaints = diag_new();
        size_t n;

        assert_null(make_mapping(cases[i].lines, complaints));
        const struct complaint *list = diag_list(complaints, &n);
        assert_int_equal(n, 1);
        assert_string_equal(list[0].hint, cases[i].hint);
        diag_free(&complaints);
    }
}

/* What was told may go away; the mapping keeps its own copies, file names included. */
static void the_mapping_owns_its_texts(void **state)
{
    char *name = strdup("dataProduct"), *upstream = strdup("workspace"), *file = strdup("m.yaml");
    struct diag *complaints = diag_new();
    struct mapping_builder *b = mapping_builder_new(complaints);
    struct where where = {file, 3, 4, 5};

    (void)state;
    mapping_scope_field(mapping_builder_global(b), (struct written){text_from(name), where},
                        (struct written){text_from(upstream), where}, REACH_BOTH,
                        (struct written){0});
    memset(name, 'x', strlen(name));
    memset(upstream, 'x', strlen(upstream));
    free(name);
    free(upstream);
    struct mapping *m = mapping_builder_finish(&b);
    assert_non_null(m);
    diag_free(&complaints);
    memset(file, 'x', strlen(file));
    free(file);
    const struct pair *pair = rules_pair_at(mapping_global(m), 0);
    assert_true(text_eq(pair->client, TEXT("dataProduct")));
    assert_true(text_eq(pair->upstream, TEXT("workspace")));
    assert_string_equal(pair->where.file, "m.yaml");
    struct mapping *second = mapping_ref(m);
    mapping_unref(&m);
    assert_null(m);
    assert_true(text_eq(rules_pair_at(mapping_global(second), 0)->client, TEXT("dataProduct")));
    mapping_unref(&second);
}

static void a_builder_may_be_dropped(void **state)
{
    struct diag *complaints = diag_new();
    struct mapping_builder *b = mapping_builder_new(complaints);

    (void)state;
    mapping_builder_passthrough(b, (struct written){TEXT("/x"), {0}});
    mapping_builder_free(&b);
    assert_null(b);
    mapping_builder_free(&b);
    diag_free(&complaints);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_must_be_sound),
        cmocka_unit_test(a_column_counts_characters),
        cmocka_unit_test(methods_must_be_sound),
        cmocka_unit_test(routes_must_not_meet),
        cmocka_unit_test(fields_must_be_a_bijection),
        cmocka_unit_test(tables_that_are_bijections_pass),
        cmocka_unit_test(other_tables_must_be_bijections_too),
        cmocka_unit_test(names_must_be_sound),
        cmocka_unit_test(paths_in_values_must_be_sound),
        cmocka_unit_test(paths_that_explode_are_refused),
        cmocka_unit_test(an_upstream_name_in_a_path_is_warned_of),
        cmocka_unit_test(all_complaints_come_in_one_run),
        cmocka_unit_test(hints_name_the_near_word),
        cmocka_unit_test(the_mapping_owns_its_texts),
        cmocka_unit_test(a_builder_may_be_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
