#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "unit/mapping/making.h"

#define BASE "route /a /b GET\n"

static char *digest_of(const char *lines, char digest[9])
{
    struct diag *complaints = diag_new();
    struct mapping *m = make_mapping(lines, complaints);

    assert_non_null(m);
    assert_int_equal(mapping_digest(m).len, 8);
    memcpy(digest, mapping_digest(m).at, 8);
    digest[8] = 0;
    mapping_unref(&m);
    diag_free(&complaints);
    return digest;
}

static void the_digest_is_of_the_content(void **state)
{
    static const char *const same[][2] = {
        {"field a x\nfield b y\n" BASE, "field  b   y\n\nfield a x\n" BASE},
        {"opaque $.a\nopaque $.b", "opaque $.b\nopaque $.a"},
        {"word a x\nword b y", "word b y\nword a x"},
        {"names_in a\nnames_in b", "names_in b\nnames_in a"},
        {"watch *x*\nwatch *y*\nignore xa\nignore xb",
         "watch *Y*\nignore xb\nignore xa\nwatch *x*"},
    };
    static const char *const different[] = {
        BASE,
        BASE "watch *x*",
        BASE "watch *y*",
        BASE "watch *x*\nignore x",
        "route /a /b GET,POST",
        "route /a /b GET:PUT",
        "route /a /c GET",
        BASE "raw",
        BASE "timeout 5",
        BASE "max_body 5",
        BASE "service other",
        BASE "field a x",
        BASE "field a x request",
        BASE "field a x $.a",
        BASE "field a x $.b",
        BASE "opaque $.a",
        BASE "url $.a",
        BASE "words $.a",
        BASE "collisions request keep",
        BASE "collisions response reject",
        BASE "map $.a a=b",
        BASE "map $.a a=c",
        BASE "word a x",
        BASE "header a x",
        BASE "names_in a",
        BASE "pass /b",
        BASE "pass /b\ndeprecated 2026-03-02",
        BASE "pass /b\ndeprecated 2026-03-03",
        BASE "pass /b\ndeprecated 2026-03-02 2027-03-02",
        BASE "pass /b\ndeprecated 2026-03-02 - /a",
        BASE "pass /b\ndeprecated 2026-03-02 - - a",
        BASE "pass /b\ndeprecated 2026-03-02\nbrownout 2026-12-01T09:00:00Z 2026-12-01T09:15:00Z",
        BASE "pass /b\ndeprecated 2026-03-02\nbrownout 2026-12-01T09:00:00Z 2026-12-01T09:15:01Z",
        BASE "field a x\nfield b y",
        BASE "field a y\nfield b x",
        "field a x\n" BASE,
    };
    enum { COUNT = sizeof different / sizeof different[0] };
    char one[9], two[9], all[COUNT][9];

    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        assert_string_equal(digest_of(same[i][0], one), digest_of(same[i][1], two));
    for (size_t i = 0; i < COUNT; i++) {
        digest_of(different[i], all[i]);
        for (size_t k = 0; k < i; k++)
            if (strcmp(all[i], all[k]) == 0)
                fail_msg("one digest for\n%s\nand\n%s", different[i], different[k]);
    }
}

static uint64_t rules_digest_of(const char *lines)
{
    struct diag *complaints = diag_new();
    struct mapping *m = make_mapping(lines, complaints);
    const struct route *route;

    assert_non_null(m);
    assert_int_equal(mapping_route(m, HTTP_GET, TEXT("/a"), &route), ROUTE_FOUND);
    uint64_t digest = rules_digest(route->rules);
    mapping_unref(&m);
    diag_free(&complaints);
    return digest;
}

/* What a validator of a body rests on: it must change with the body, and should not otherwise. */
static void the_digest_of_rules_is_of_what_bodies_become(void **state)
{
    static const char *const same[][2] = {
        {BASE, BASE "timeout 5"},
        {BASE "field a x", "field a x\n" BASE},
        {BASE "field a x", BASE "field a x\nroute /c /d GET"},
        {BASE "field a x", BASE "field a x\nword b y"},
    };
    static const char *const different[] = {
        BASE,
        BASE "field a x",
        BASE "field a y",
        BASE "opaque $.a",
        BASE "url $.a",
        BASE "url $.a\nroute /c /d GET",
        BASE "words $.a",
        BASE "words $.a\nword a x",
        BASE "name $.a",
        BASE "map $.a a=b",
        BASE "map $.a a=c",
    };
    enum { COUNT = sizeof different / sizeof different[0] };

    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        assert_true(rules_digest_of(same[i][0]) == rules_digest_of(same[i][1]));
    for (size_t i = 0; i < COUNT; i++)
        for (size_t k = 0; k < i; k++)
            if (rules_digest_of(different[i]) == rules_digest_of(different[k]))
                fail_msg("one digest for\n%s\nand\n%s", different[i], different[k]);
}

static void a_mapping_knows_when_it_was_loaded(void **state)
{
    struct diag *complaints = diag_new();
    int64_t before = time(NULL);
    struct mapping *m = make_mapping(BASE, complaints);

    (void)state;
    assert_non_null(m);
    assert_in_range(mapping_loaded(m), before, time(NULL));
    mapping_unref(&m);
    diag_free(&complaints);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_digest_is_of_the_content),
        cmocka_unit_test(the_digest_of_rules_is_of_what_bodies_become),
        cmocka_unit_test(a_mapping_knows_when_it_was_loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
