#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/yaml_json.h"

/* One text on its way to JSON. */
struct writing {
    struct arena *arena;
    struct diag *d;
    struct buf json;
    bool sound;
};

static struct writing write_text(struct text source)
{
    struct writing w = {.arena = arena_new(YAML_ARENA_BYTES), .d = diag_new()};
    struct yaml_node *root = yaml_tree_read(w.arena, "t.yaml", source, &yaml_description, w.d);

    buf_init(&w.json, 1 << 24);
    w.sound = root && yaml_json_write(root, &w.json, w.d);
    return w;
}

static void done(struct writing *w)
{
    buf_fini(&w->json);
    arena_free(&w->arena);
    diag_free(&w->d);
}

static void becomes(const char *yaml, const char *json)
{
    struct writing w = write_text(text_from(yaml));

    if (!w.sound || !text_eq(buf_text(&w.json), text_from(json)))
        fail_msg("%s: %.*s", yaml, TEXT_ARG(buf_text(&w.json)));
    assert_int_equal(diag_errors(w.d), 0);
    done(&w);
}

/* YAML has one complaint, at LINE and COLUMN, that begins with MESSAGE. */
static void refused(const char *yaml, unsigned line, unsigned column, const char *message)
{
    struct writing w = write_text(text_from(yaml));
    size_t count;
    const struct complaint *list = diag_list(w.d, &count);

    assert_false(w.sound);
    assert_int_equal(count, 1);
    assert_string_equal(list[0].message, message);
    assert_int_equal(list[0].where.line, line);
    assert_int_equal(list[0].where.column, column);
    done(&w);
}

static void scalars_mean_what_the_core_schema_says(void **state)
{
    (void)state;
    becomes("[~, null, Null, NULL, ]", "[null,null,null,null]");
    becomes("a:", "{\"a\":null}");
    becomes("[true, True, TRUE, false, False, FALSE]", "[true,true,true,false,false,false]");
    becomes("[yes, no, on, off, y, tRUE]", "[\"yes\",\"no\",\"on\",\"off\",\"y\",\"tRUE\"]");
    becomes("['true', \"1\", 'null', '~', '1.5', '']",
            "[\"true\",\"1\",\"null\",\"~\",\"1.5\",\"\"]");
    becomes("[2026-03-02, 12:30, 1_000, 0b1, 1.2.3, '2026-03-02']",
            "[\"2026-03-02\",\"12:30\",\"1_000\",\"0b1\",\"1.2.3\",\"2026-03-02\"]");
    becomes("", "null");
}

static void numbers_keep_their_digits(void **state)
{
    (void)state;
    becomes("[0, 7, -7, +7, 007, -007, 00, -0]", "[0,7,-7,7,7,-7,0,-0]");
    becomes("[123456789012345678901234567890]", "[123456789012345678901234567890]");
    becomes("[0x0, 0xfF, 0o17, 0xffffffffffffffff, 0o1777777777777777777777]",
            "[0,255,15,18446744073709551615,18446744073709551615]");
    becomes("[1.5, -1.50, +1.5, 01.5, .5, -.5, 2., 2.e3, .5e1, 1e5, 1E+5, 1e-05]",
            "[1.5,-1.50,1.5,1.5,0.5,-0.5,2.0,2.0e3,0.5e1,1e5,1E+5,1e-05]");
    becomes("[0.1000000000000000055511151231257827]", "[0.1000000000000000055511151231257827]");
}

static void what_json_has_no_number_for_is_refused(void **state)
{
    (void)state;
    refused("a: .inf", 1, 4, "JSON has no such number");
    refused("- 1\n- -.Inf", 2, 3, "JSON has no such number");
    refused("{a: {b: .NaN}}", 1, 9, "JSON has no such number");
    refused("a: 0x10000000000000000", 1, 4, "this number has more than 64 bits");
    refused("a: 0o2000000000000000000000", 1, 4, "this number has more than 64 bits");
}

static void maps_and_lists_keep_their_order(void **state)
{
    (void)state;
    becomes("b: 1\na: [x, {c: [], d: {}}]\n200: ok\ntrue: t\n",
            "{\"b\":1,\"a\":[\"x\",{\"c\":[],\"d\":{}}],\"200\":\"ok\",\"true\":\"t\"}");
    becomes("- - a\n  - b\n- c", "[[\"a\",\"b\"],\"c\"]");
}

static void texts_are_written_as_json_has_them(void **state)
{
    (void)state;
    becomes("a: |\n  one \"two\"\n  \\three\n", "{\"a\":\"one \\\"two\\\"\\n\\\\three\\n\"}");
    becomes("a: >-\n  one\n  two\n", "{\"a\":\"one two\"}");
    becomes("\"\\u00e9 \\t\": \xc3\xa9 \xf0\x9f\x98\x80",
            "{\"\xc3\xa9 \\t\":\"\xc3\xa9 \xf0\x9f\x98\x80\"}");
    becomes("a: \"\\x07\\e\"", "{\"a\":\"\\u0007\\u001b\"}");
}

/* A description is deeper and larger than a configuration, and has an end all the same. */
static void a_description_has_ceilings_of_its_own(void **state)
{
    struct buf yaml;

    (void)state;
    buf_init(&yaml, 1 << 24);
    for (size_t i = 0; i < yaml_description.depth; i++)
        buf_add_byte(&yaml, '[');
    for (size_t i = 0; i < yaml_description.depth; i++)
        buf_add_byte(&yaml, ']');
    struct writing w = write_text(buf_text(&yaml));
    assert_true(w.sound && text_eq(buf_text(&w.json), buf_text(&yaml)));
    done(&w);

    buf_clear(&yaml);
    for (size_t i = 0; i <= yaml_description.depth; i++)
        buf_add(&yaml, TEXT("[\n"));
    w = write_text(buf_text(&yaml));
    assert_false(w.sound);
    done(&w);

    buf_clear(&yaml);
    for (size_t i = 0; i + 1 < yaml_description.nodes; i++)
        buf_add(&yaml, TEXT("- a word\n"));
    w = write_text(buf_text(&yaml));
    assert_true(w.sound);
    done(&w);
    buf_add(&yaml, TEXT("- one more\n"));
    w = write_text(buf_text(&yaml));
    assert_false(w.sound);
    done(&w);
    buf_fini(&yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_mean_what_the_core_schema_says),
        cmocka_unit_test(numbers_keep_their_digits),
        cmocka_unit_test(what_json_has_no_number_for_is_refused),
        cmocka_unit_test(maps_and_lists_keep_their_order),
        cmocka_unit_test(texts_are_written_as_json_has_them),
        cmocka_unit_test(a_description_has_ceilings_of_its_own),
    };
    return cmocka_run_group_tests_name("yaml_json", tests, NULL, NULL);
}
