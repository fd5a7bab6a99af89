/* accept_test.c - the Accept-Encoding values that clients send, and what they take */
#include "http/accept.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    const char *value; /* NULL: no such field */
    const char *coding;
    bool accepted;
} rows[] = {
    {NULL, "gzip", false},
    {NULL, "identity", true},
    {"", "gzip", false},
    {"", "identity", true},
    {"gzip", "gzip", true},
    {"GZIP", "gzip", true},
    {"gzip, deflate, br", "br", true},
    {"gzip, deflate, br", "zstd", false},
    {"gzip;q=0", "gzip", false},
    {"gzip;q=0.000", "gzip", false},
    {"gzip;q=0.001", "gzip", true},
    {"gzip ; Q=0.5", "gzip", true},
    {"*", "br", true},
    {"*;q=0", "br", false},
    {"*;q=0", "identity", false},
    {"gzip, *;q=0", "gzip", true},
    {"gzip;q=0, *", "gzip", false},
    {"gzip;q=0, *", "br", true},
    {"identity;q=0, gzip", "identity", false},
    {"deflate, gzip;q=1.0, *;q=0.5", "identity", true},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_field field = {TEXT("Accept-Encoding"), text_from(rows[i].value)};
        struct http_fields fields = {&field, rows[i].value ? 1 : 0};

        if (http_accepts_coding(&fields, text_from(rows[i].coding)) != rows[i].accepted)
            fail_msg("row %zu: \"%s\" and %s", i, rows[i].value, rows[i].coding);
    }
}

static void test_two_fields_are_one_list(void **state)
{
    struct http_field at[] = {{TEXT("accept-encoding"), TEXT("br;q=0")},
                              {TEXT("Accept-Encoding"), TEXT("gzip")}};
    struct http_fields fields = {at, 2};

    (void)state;
    assert_true(http_accepts_coding(&fields, TEXT("gzip")));
    assert_false(http_accepts_coding(&fields, TEXT("br")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_two_fields_are_one_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
