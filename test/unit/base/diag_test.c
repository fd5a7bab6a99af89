#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/diag.h"

static struct where at(const char *file, unsigned line, unsigned column, unsigned width)
{
    return (struct where){.file = file, .line = line, .column = column, .width = width};
}

/* What D prints, on the heap. */
static char *printed(struct diag *d, void (*print)(struct diag *, FILE *))
{
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    print(d, to);
    fclose(to);
    char *copy = strdup(text);
    free(text);
    return copy;
}

static void print_plain(struct diag *d, FILE *to)
{
    diag_print(d, to, false);
}

static void print_coloured(struct diag *d, FILE *to)
{
    diag_print(d, to, true);
}

static void check(struct diag *d, void (*print)(struct diag *, FILE *), const char *expected)
{
    char *text = printed(d, print);

    assert_string_equal(text, expected);
    free(text);
}

static void a_complaint_reads_like_a_compilers(void **state)
{
    struct diag *d = diag_new();

    (void)state;
    diag_source(d, "m.yaml", TEXT("fields:\n  productId: workspaceId\n"));
    diag_error(d, at("m.yaml", 2, 3, 9), "taken", "upstream name \"%s\" is taken", "workspaceId");
    diag_hint(d, "did you mean \"%s\"?", "product");
    check(d, print_plain,
          "m.yaml:2:3: error: upstream name \"workspaceId\" is taken\n"
          "    2 |   productId: workspaceId\n"
          "      |   ^~~~~~~~~\n"
          "      = did you mean \"product\"?\n");
    check(d, print_coloured,
          "\033[1mm.yaml:2:3: \033[31merror:\033[0m upstream name \"workspaceId\" is taken\n"
          "    2 |   productId: workspaceId\n"
          "      |   \033[1;32m^~~~~~~~~\033[0m\n"
          "      = did you mean \"product\"?\n");
    check(d, diag_print_json,
          "{\"file\":\"m.yaml\",\"line\":2,\"column\":3,\"severity\":\"error\",\"code\":\"taken\","
          "\"message\":\"upstream name \\\"workspaceId\\\" is taken\","
          "\"hint\":\"did you mean \\\"product\\\"?\"}\n");
    assert_int_equal(diag_errors(d), 1);
    diag_free(&d);
    assert_null(d);
}

static void a_whole_file_has_no_line_to_show(void **state)
{
    struct diag *d = diag_new();

    (void)state;
    diag_warning(d, at("g.yaml", 0, 0, 0), "w", "odd");
    diag_error(d, at("unread.yaml", 3, 0, 0), "e", "bad");
    check(d, print_plain, "g.yaml: warning: odd\nunread.yaml:3: error: bad\n");
    check(d, diag_print_json,
          "{\"file\":\"g.yaml\",\"line\":0,\"column\":0,\"severity\":\"warning\",\"code\":\"w\","
          "\"message\":\"odd\",\"hint\":null}\n"
          "{\"file\":\"unread.yaml\",\"line\":3,\"column\":0,\"severity\":\"error\",\"code\":\"e\","
          "\"message\":\"bad\",\"hint\":null}\n");
    assert_int_equal(diag_errors(d), 1);
    diag_free(&d);
}

static void columns_count_characters(void **state)
{
    struct diag *d = diag_new();

    (void)state;
    diag_source(d, "m", TEXT("gr\xc3\xbc\xc3\x9f: x\n\ta: y\r\n\xff\x1b: z"));
    diag_error(d, at("m", 1, 7, 1), "e", "one");
    diag_error(d, at("m", 2, 5, 1), "e", "two");
    diag_error(d, at("m", 3, 5, 1), "e", "three");
    check(d, print_plain,
          "m:1:7: error: one\n    1 | gr\xc3\xbc\xc3\x9f: x\n      |       ^\n"
          "m:2:5: error: two\n    2 |  a: y\n      |     ^\n"
          "m:3:5: error: three\n    3 | ??: z\n      |     ^\n");
    diag_free(&d);
}

static void places_past_a_line_are_drawn_at_its_end(void **state)
{
    struct diag *d = diag_new();

    (void)state;
    diag_source(d, "m", TEXT("ab\n"));
    diag_error(d, at("m", 1, 9, 9), "e", "past the line");
    diag_error(d, at("m", 1, 1, 900), "e", "wider than the line");
    diag_error(d, at("m", 7, 1, 1), "e", "past the file");
    check(d, print_plain,
          "m:1:1: error: wider than the line\n    1 | ab\n      | ^~\n"
          "m:1:9: error: past the line\n    1 | ab\n      |   ^\n"
          "m:7:1: error: past the file\n");
    diag_free(&d);
}

static void a_long_line_is_shown_around_the_caret(void **state)
{
    static char line[100000];
    struct diag *d = diag_new();

    (void)state;
    memset(line, 'x', sizeof line);
    memcpy(line + 50000, "HERE", 4);
    diag_source(d, "m", text_of(line, sizeof line));
    for (int i = 0; i < 100; i++)
        diag_error(d, at("m", 1, 50001, 4), "e", "there");
    char *text = printed(d, print_plain);
    assert_in_range(strlen(text), 100 * 100, 100 * 400);
    const char *shown = strstr(text, "HERE"), *caret = strstr(text, "^~~~");
    const char *first = strstr(text, "1 | "), *second = strstr(text, "  | ");
    assert_int_equal(shown - first, caret - second);
    free(text);
    diag_free(&d);
}

static void complaints_come_in_the_order_of_files_and_lines(void **state)
{
    struct diag *d = diag_new();
    size_t count;

    (void)state;
    diag_source(d, "b", TEXT(""));
    diag_source(d, "a", TEXT(""));
    diag_error(d, at("a", 1, 1, 1), "e", "3");
    diag_error(d, at("b", 2, 5, 1), "e", "1");
    diag_error(d, at("b", 2, 5, 1), "e", "2");
    diag_error(d, at("b", 2, 1, 1), "e", "0");
    diag_hint(d, "belongs to 0");
    const struct complaint *list = diag_list(d, &count);
    assert_int_equal(count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(list[i].message[0], '0' + (int)i);
    assert_string_equal(list[0].hint, "belongs to 0");
    diag_free(&d);
}

static void what_comes_after_a_hundred_is_counted(void **state)
{
    struct diag *d = diag_new();
    size_t count;

    (void)state;
    for (int i = 0; i < 130; i++) {
        diag_error(d, at("m", 1, 1, 1), "e", "number %d", i);
        diag_hint(d, "hint %d", i);
    }
    const struct complaint *list = diag_list(d, &count);
    assert_int_equal(count, DIAG_MAX);
    assert_int_equal(diag_errors(d), 130);
    assert_string_equal(list[99].hint, "hint 99");
    char *text = printed(d, print_plain);
    assert_non_null(strstr(text, "number 99\n"));
    assert_null(strstr(text, "number 100\n"));
    assert_non_null(strstr(text, "\n30 more not shown\n"));
    free(text);
    diag_free(&d);
}

static void messages_are_made_safe_and_short(void **state)
{
    static char name[10000];
    struct diag *d = diag_new();
    size_t count;

    (void)state;
    memset(name, 'n', sizeof name - 1);
    diag_error(d, at("m", 0, 0, 0), "e", "\033[2J%s", "\xff\n");
    diag_error(d, at("m", 0, 0, 0), "e", "%s", name);
    const struct complaint *list = diag_list(d, &count);
    assert_string_equal(list[0].message, "\\u001b[2J\\xff\\n");
    assert_in_range(strlen(list[1].message), 500, 700);
    diag_free(&d);
}

static void a_byte_order_mark_has_no_column(void **state)
{
    struct diag *d = diag_new();

    (void)state;
    diag_source(d, "m",
                TEXT("\xef\xbb\xbf"
                     "ab\n"));
    diag_error(d, at("m", 1, 2, 1), "e", "bad");
    check(d, print_plain, "m:1:2: error: bad\n    1 | ab\n      |  ^\n");
    diag_free(&d);
}

static void names_of_files_may_go_away(void **state)
{
    char name[] = "gone.yaml";
    struct diag *d = diag_new();

    (void)state;
    diag_source(d, name, TEXT("a\n"));
    diag_error(d, at(name, 1, 1, 1), "e", "bad");
    memset(name, 'x', 4);
    check(d, print_plain, "gone.yaml:1:1: error: bad\n    1 | a\n      | ^\n");
    diag_free(&d);
}

static void the_nearest_word_is_near(void **state)
{
    static const char *const words[] = {"json_depth", "json_number", "GET", "PUT", "listen"};
    static const struct {
        const char *word, *nearest;
    } cases[] = {
        {"json_dpeth", "json_depth"},
        {"jsondepth", "json_depth"},
        {"json_deep", "json_depth"},
        {"PTU", "PUT"},
        {"put", "PUT"},
        {"lisen", "listen"},
        {"listens", "listen"},
        {"POST", NULL},
        {"xyz", NULL},
        {"", NULL},
        {"G", NULL},
        {"json_depth", "json_depth"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *nearest = diag_nearest(text_from(cases[i].word), words, 5);

        if (cases[i].nearest)
            assert_string_equal(nearest, cases[i].nearest);
        else
            assert_null(nearest);
    }
}

static void a_word_too_long_to_be_mistyped_is_near_nothing(void **state)
{
    static char word[1 << 20];
    const char *const words[] = {"listen", word};

    (void)state;
    memset(word, 'x', sizeof word - 1);
    assert_null(diag_nearest(text_from(word), words, 2));
    assert_string_equal(diag_nearest(TEXT("listen"), words, 2), "listen");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_complaint_reads_like_a_compilers),
        cmocka_unit_test(a_whole_file_has_no_line_to_show),
        cmocka_unit_test(columns_count_characters),
        cmocka_unit_test(places_past_a_line_are_drawn_at_its_end),
        cmocka_unit_test(a_long_line_is_shown_around_the_caret),
        cmocka_unit_test(complaints_come_in_the_order_of_files_and_lines),
        cmocka_unit_test(what_comes_after_a_hundred_is_counted),
        cmocka_unit_test(messages_are_made_safe_and_short),
        cmocka_unit_test(a_byte_order_mark_has_no_column),
        cmocka_unit_test(names_of_files_may_go_away),
        cmocka_unit_test(the_nearest_word_is_near),
        cmocka_unit_test(a_word_too_long_to_be_mistyped_is_near_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
