/* Which paths are safe to match. */
#include "http/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka wants the above first */
#include <cmocka.h>
#include <time.h>

static const char *const safe[] = {
    "/",
    "/a",
    "/a/",
    "/a/b.c",
    "/...",
    "/a..b",
    "/.a",
    "/a.",
    "/..a",
    "/p%2Fq",
    "/a%20b",
    "/a;v=1",
    "/a;..",
    "/%c3%a9",
    "/%e2%82%ac",
    "/%f0%9f%98%80",
    "/a%25b",
    "/a%2525",
    "/%2",
    "/%25zz",
    "/a%3b..",
    "*",
    "/%e0%a0%80",
    "/a%2f%2fb",
    "/%",
    "/..%3f",
    "/..%23x",
    "/%ef%bc%8e%ef%bc%8e",
    "/a%ef%bc%8f..",
};

static const char *const unsafe[] = {
    "/.",
    "/..",
    "/a/..",
    "/a/../b",
    "/./a",
    "/..;x",
    "/a/.;x/b",
    "/..;/b",
    "/a/..;v=1;w",
    "/%2e",
    "/%2e%2e",
    "/%2E.",
    "/.%2e/",
    "/a%2f..",
    "/a%2F..%2Fb",
    "/a%5c..",
    "/..%5cb",
    "/%252e%252e",
    "/%25252e.",
    "/%25%32%65%2e",
    "/..%2f",
    "/..%252f",
    "/..%3bx",
    "/..%253bx",
    "/%2e%2e%3bx",
    "/a%2f.",
    "/.%5c",
    "/%00",
    "/a%00b",
    "/%2500",
    "/%c0%ae",
    "/%c1%9c",
    "/%e0%80%ae",
    "/%f0%80%80%ae",
    "/%f8%80%80%80%ae",
    "/%fc%80%80%80%80%ae",
    "/%25c0%25ae",
    "//",
    "/a//b",
    "/%%32e.",
    "/%2e%2e/",
    "/a%2f..%2f..%2fb",
};

static void verdicts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof safe / sizeof safe[0]; i++)
        if (!http_path_safe(text_from(safe[i])))
            fail_msg("refused: %s", safe[i]);
    for (size_t i = 0; i < sizeof unsafe / sizeof unsafe[0]; i++)
        if (http_path_safe(text_from(unsafe[i])))
            fail_msg("accepted: %s", unsafe[i]);
}

/* Undoes escapes pass by pass, the slow way, and compares. */
static bool slow_is_dots(char *path)
{
    for (bool changed = true; changed;) {
        char *to = path;

        changed = false;
        for (char *at = path; *at;) {
            char digits[3] = {at[1], at[1] ? at[2] : 0, 0};
            char *end;
            long byte = strtol(digits, &end, 16);

            if (*at == '%' && strchr("0123456789abcdef", digits[0]) && digits[0] &&
                end == digits + 2) {
                *to++ = (char)byte;
                at += 3;
                changed = true;
            } else {
                *to++ = *at++;
            }
        }
        *to = 0;
    }
    return strcmp(path, "/.") == 0 || strcmp(path, "/..") == 0;
}

static void nested_escapes_agree_with_repeated_passes(void **state)
{
    static const char letters[] = "%%%%222255ee.3";
    int dots = 0;
    uint32_t seed = 7;

    (void)state;
    for (int i = 0; i < 400000; i++) {
        char path[16] = "/";
        int len = 1 + i % 10;

        for (int k = 1; k <= len; k++)
            path[k] = letters[((seed = seed * 1664525 + 1013904223) >> 8) % (sizeof letters - 1)];
        bool judged = http_path_safe(text_from(path));
        char copy[16];
        memcpy(copy, path, sizeof copy);
        bool expected = !slow_is_dots(copy);
        dots += !expected;
        if (judged != expected)
            fail_msg("%s: %d, not %d", path, judged, expected);
    }
    assert_true(dots > 100);
}

static void nesting_costs_linear_time(void **state)
{
    size_t len = 4 * 1024 * 1024;
    char *path = malloc(len);

    (void)state;
    path[0] = '/';
    path[1] = '%';
    for (size_t i = 2; i + 2 <= len; i += 2)
        memcpy(path + i, "25", 2);
    clock_t start = clock();
    assert_true(http_path_safe(text_of(path, len)));
    assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts),
        cmocka_unit_test(nested_escapes_agree_with_repeated_passes),
        cmocka_unit_test(nesting_costs_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
