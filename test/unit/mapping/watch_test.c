/* Which names a mapping watches out for, and which globs it takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "mapping/watch.h"
#include "unit/mapping/making.h"

#define BASE "route /a /b GET\n"

/* True if a mapping of LINES looks out for NAME. */
static bool sees(const char *lines, struct text name)
{
    struct diag *complaints = diag_new();
    struct mapping *m = make_mapping(lines, complaints);

    assert_non_null(m);
    const struct watch *watch = rules_watch(mapping_global(m));
    bool seen = watch && watch_sees(watch, name);
    mapping_unref(&m);
    diag_free(&complaints);
    return seen;
}

static void a_glob_matches_whole_names_in_any_case(void **state)
{
    static const struct {
        const char *glob, *name;
        bool seen;
    } TABLE[] = {
        {"*workspace*", "workspace", true},
        {"*workspace*", "externalWorkspaceId", true},
        {"*workspace*", "X-WORKSPACE-ID", true},
        {"*WorkSpace*", "myworkspaces", true},
        {"*workspace*", "workspac", false},
        {"*workspace*", "work_space", false},
        {"*workspace*", "", false},
        {"workspace*", "workspaceId", true},
        {"workspace*", "myWorkspace", false},
        {"*workspace", "myWorkspace", true},
        {"*workspace", "workspaceId", false},
        {"ws", "WS", true},
        {"ws", "wss", false},
        {"ws?d", "wsId", true},
        {"ws?d", "wsd", false},
        {"ws?d", "wsIId", false},
        {"ws?d", "wsäd", true}, /* one character, two bytes */
        {"ws??d", "wsäd", false},
        {"?ws", "äws", true},
        {"*a*b*c", "xaxbxbxc", true},
        {"*a*b*c", "xaxcxb", false},
        {"a**b", "ab", true},
        {"*ab*ab", "abab", true},
        {"*ab*ab", "ab", false},
        {"*@*", "[at] sign", false},
        {"*\xc3\xa4*", "B\xc3\xa4r", true},
        {"*\xc3\xa4*", "B\xc3\x84r", false}, /* case is that of ASCII */
    };
    char lines[128];

    (void)state;
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
        snprintf(lines, sizeof lines, BASE "watch %s", TABLE[i].glob);
        if (sees(lines, text_from(TABLE[i].name)) != TABLE[i].seen)
            fail_msg("%s and %s", TABLE[i].glob, TABLE[i].name);
    }
}

/* Matches by trying everything, to compare with. */
static bool slowly(const char *glob, const char *name)
{
    if (*glob == '*')
        return slowly(glob + 1, name) || (*name && slowly(glob, name + 1));
    if (!*glob || !*name)
        return !*glob && !*name;
    return (*glob == '?' || *glob == *name) && slowly(glob + 1, name + 1);
}

static void every_short_glob_matches_as_if_all_were_tried(void **state)
{
    static const char LETTERS[] = "ab*?";
    struct lookup none = {0};
    size_t tried = 0;

    (void)state;
    for (unsigned g = 0; g < 4096; g++) {
        char glob[7] = {0};

        for (size_t i = 0; i < 1 + g % 6; i++)
            glob[i] = LETTERS[g >> 2 * i & 3];
        struct watch_glob one = watch_glob(text_from(glob));
        struct watch watch = {&one, 1, one.shortest, none};
        for (unsigned n = 0; n < 256; n++) {
            char name[9] = {0};

            for (size_t i = 0; i < n % 9; i++)
                name[i] = n >> i & 1 ? 'b' : 'a';
            if (watch_sees(&watch, text_from(name)) != slowly(glob, name))
                fail_msg("%s and %s", glob, name);
            tried++;
        }
    }
    assert_int_equal(tried, 4096 * 256);
}

static void several_globs_and_what_is_ignored(void **state)
{
    static const char LINES[] = BASE "watch *space*\nwatch ws*\nignore slackSpaceId\nignore wsx\n";

    (void)state;
    assert_true(sees(LINES, TEXT("theSpace")));
    assert_true(sees(LINES, TEXT("wsId")));
    assert_false(sees(LINES, TEXT("slackSpaceId")));
    assert_true(
        sees(LINES, TEXT("slackspaceid"))); /* ignored is what is written, letter by letter */
    assert_false(sees(LINES, TEXT("wsx")));
    assert_false(sees(LINES, TEXT("other")));
    assert_false(sees(BASE, TEXT("other")));
}

static void names_are_bytes_and_have_a_limit(void **state)
{
    char name[WATCH_NAME_MAX + 1];

    (void)state;
    memset(name, 'x', sizeof name);
    memcpy(name + WATCH_NAME_MAX - 2, "ws", 2);
    assert_true(sees(BASE "watch *ws", text_of(name, WATCH_NAME_MAX)));
    assert_false(sees(BASE "watch *ws*", text_of(name, WATCH_NAME_MAX + 1)));
    assert_true(sees(BASE "watch a*b", text_of("a\0b", 3)));
    assert_false(sees(BASE "watch a", text_of("a\0b", 3)));
    assert_true(sees(BASE "watch *ws*", TEXT("\xff\xfews\x80")));
}

static void the_watch_must_be_sound(void **state)
{
    static const struct {
        const char *lines;
        unsigned line, column;
        enum severity severity;
        const char *message;
    } TABLE[] = {
        {"watch *", 1, 7, SEVERITY_ERROR, "\"*\" is every name"},
        {"watch *?**", 1, 7, SEVERITY_ERROR, "\"*?**\" is every name"},
        {"watch work[sS]pace", 1, 11, SEVERITY_ERROR, "\"[\" has no meaning in a glob"},
        {"watch {a,b}*", 1, 7, SEVERITY_ERROR, "\"{\" has no meaning in a glob"},
        {"watch *a*\nwatch *b*\nwatch *A*", 3, 7, SEVERITY_ERROR,
         "glob \"*A*\" is listed already (line 1)"},
        {"watch *a*\nignore ab\nignore ac\nignore ab", 4, 8, SEVERITY_ERROR,
         "name \"ab\" is listed already (line 2)"},
        {"watch *a*\nignore bc", 2, 8, SEVERITY_WARNING, "no glob of \"names\" matches it"},
        {"ignore bc", 1, 8, SEVERITY_WARNING, "no glob of \"names\" matches it"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
        struct diag *complaints = diag_new();
        struct mapping *m = make_mapping(TABLE[i].lines, complaints);
        size_t n;
        const struct complaint *list = diag_list(complaints, &n);

        assert_int_equal(n, 1);
        if (list[0].where.line != TABLE[i].line || list[0].where.column != TABLE[i].column ||
            list[0].severity != TABLE[i].severity || !strstr(list[0].message, TABLE[i].message)) {
            diag_print(complaints, stderr, false);
            fail_msg("expected %s of:\n%s", TABLE[i].message, TABLE[i].lines);
        }
        assert_true((m != NULL) == (TABLE[i].severity == SEVERITY_WARNING));
        mapping_unref(&m);
        diag_free(&complaints);
    }
}

static void a_name_may_be_mapped_and_watched(void **state)
{
    (void)state;
    assert_true(sees(BASE "field dataProduct workspace\nwatch *workspace*", TEXT("workspace")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_glob_matches_whole_names_in_any_case),
        cmocka_unit_test(every_short_glob_matches_as_if_all_were_tried),
        cmocka_unit_test(several_globs_and_what_is_ignored),
        cmocka_unit_test(names_are_bytes_and_have_a_limit),
        cmocka_unit_test(the_watch_must_be_sound),
        cmocka_unit_test(a_name_may_be_mapped_and_watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
