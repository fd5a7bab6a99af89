#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "json/path.h"

/* Steps as text: "=name" a child, "*" any, "^name" at any depth, each between angle brackets. */
static void write_steps(const struct json_path *path, struct buf *to)
{
    static const char *const marks[] = {"=", "*", "^"};

    for (size_t i = 0; i < path->count; i++) {
        buf_add_byte(to, '<');
        buf_add(to, text_from(marks[path->steps[i].kind]));
        if (path->steps[i].name.at)
            buf_add(to, path->steps[i].name);
        buf_add_byte(to, '>');
    }
}

static void paths_are_read_as_their_steps(void **state)
{
    static const struct {
        const char *written, *steps;
    } cases[] = {
        {"$", ""},
        {"$.a", "<=a>"},
        {"$.a.b_1", "<=a><=b_1>"},
        {"$..rows", "<^rows>"},
        {"$.*", "<*>"},
        {"$[*]", "<*>"},
        {"$.data..dataAssets[*]", "<=data><^dataAssets><*>"},
        {"$..links.*", "<^links><*>"},
        {"$['a']", "<=a>"},
        {"$[\"a\"]", "<=a>"},
        {"$[ 'a' ]", "<=a>"},
        {"$['a.b']['c d']", "<=a.b><=c d>"},
        {"$..['x-y'].z", "<^x-y><=z>"},
        {"$['']", "<=>"},
        {"$['it\\'s']", "<=it's>"},
        {"$[\"say \\\"x\\\"\"]", "<=say \"x\">"},
        {"$['\"']", "<=\">"},
        {"$['\\\\\\/\\b\\f\\n\\r\\t']", "<=\\/\b\f\n\r\t>"},
        {"$['\\u0041\\u00e9\\u20AC']", "<=A\xC3\xA9\xE2\x82\xAC>"},
        {"$['\\uD83D\\uDE00']", "<=\xF0\x9F\x98\x80>"},
        {"$.\xC3\xA9t\xC3\xA9", "<=\xC3\xA9t\xC3\xA9>"},
        {"$['$']['*']", "<=$><=*>"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena *arena = arena_new(1 << 16);
        struct json_path path;
        struct json_path_fault fault;
        struct buf steps;

        buf_init(&steps, 4096);
        if (!json_path_read(arena, text_from(cases[i].written), &path, &fault))
            fail_msg("%s: %s", cases[i].written, fault.what);
        write_steps(&path, &steps);
        buf_add_byte(&steps, 0);
        assert_string_equal(steps.at, cases[i].steps);
        buf_fini(&steps);
        arena_free(&arena);
    }
}

static void other_paths_are_refused_at_their_byte(void **state)
{
    static const struct {
        const char *written;
        size_t offset;
        const char *what;
    } cases[] = {
        {"", 0, "begins with \"$\""},
        {"a.b", 0, "begins with \"$\""},
        {"$a", 1, "\".\" or \"[\""},
        {"$.", 2, "a name is expected"},
        {"$..", 3, "a name is expected"},
        {"$.a.", 4, "a name is expected"},
        {"$...a", 3, "a name is expected"},
        {"$.1a", 2, "a name is expected"},
        {"$.a-b", 3, "plain name"},
        {"$.a b", 3, "plain name"},
        {"$.a$", 3, "plain name"},
        {"$..*", 3, "select everything"},
        {"$..[*]", 4, "select everything"},
        {"$[0]", 2, "indexes"},
        {"$.a[-1]", 4, "indexes"},
        {"$[1:2]", 2, "slices"},
        {"$[:2]", 2, "slices"},
        {"$[?(@.a)]", 2, "filters"},
        {"$[(@.length-1)]", 2, "scripts"},
        {"$[a]", 2, "quoted name"},
        {"$[", 2, "quoted name"},
        {"$['a','b']", 5, "several selectors"},
        {"$['a'", 5, "\"]\" is expected"},
        {"$['a", 2, "no end"},
        {"$['a\\", 2, "no end"},
        {"$['a\\']", 2, "no end"},
        {"$['a\"]", 2, "no end"},
        {"$['\\x']", 3, "no such escape"},
        {"$['\\\"']", 3, "no such escape"},
        {"$[\"\\'\"]", 3, "no such escape"},
        {"$['\\u12']", 7, "four hex digits"},
        {"$['\\uD800']", 3, "surrogate"},
        {"$['\\uDC00']", 3, "surrogate"},
        {"$['\\uD800\\u0041']", 3, "surrogate"},
        {"$['a\nb']", 4, "control character"},
        {"$ .a", 1, "\".\" or \"[\""},
        {"$.*a", 3, "\".\" or \"[\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena *arena = arena_new(1 << 16);
        struct json_path path;
        struct json_path_fault fault;

        if (json_path_read(arena, text_from(cases[i].written), &path, &fault))
            fail_msg("%s was accepted", cases[i].written);
        if (fault.offset != cases[i].offset || !strstr(fault.what, cases[i].what))
            fail_msg("%s: %zu %s", cases[i].written, fault.offset, fault.what);
        arena_free(&arena);
    }
}

/* A long row of quoted names takes memory in proportion to its length. */
static void a_long_path_takes_little_memory(void **state)
{
    enum { NAMES = 10000 };
    struct buf written;
    struct arena *arena = arena_new(4 << 20);
    struct json_path path;
    struct json_path_fault fault;

    (void)state;
    buf_init(&written, 1 << 20);
    buf_add(&written, TEXT("$"));
    for (int i = 0; i < NAMES; i++)
        buf_add(&written, TEXT("['ab']"));
    assert_true(json_path_read(arena, buf_text(&written), &path, &fault));
    assert_int_equal(path.count, NAMES);
    buf_fini(&written);
    arena_free(&arena);
}

static void no_memory_is_a_fault(void **state)
{
    struct json_path path;
    struct json_path_fault fault;
    struct text written = TEXT("$.abc['defghi']..jklmnop");
    bool good = false;
    size_t ceiling = 0;

    (void)state;
    for (; !good; ceiling += 16) {
        struct arena *arena = arena_new(ceiling);

        good = json_path_read(arena, written, &path, &fault);
        if (!good)
            assert_string_equal(fault.what, "no memory");
        arena_free(&arena);
    }
    assert_true(ceiling > 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_read_as_their_steps),
        cmocka_unit_test(other_paths_are_refused_at_their_byte),
        cmocka_unit_test(a_long_path_takes_little_memory),
        cmocka_unit_test(no_memory_is_a_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
