#include "translate/cookie.h"
#include "unit/translate/field_urls.h"

static void paths_go_through_the_routes(void **state)
{
    static const struct field_row rows[] = {
        {"s=1; Path=" W, "s=1; Path=" P},
        {"s=1; Path=" W "/", "s=1; Path=" P "/"},
        {"s=1; Path=" W "/7/skills/x; Secure; HttpOnly",
         "s=1; Path=" P "/7/skills/x; Secure; HttpOnly"},
        {"s=1;path = " W "/7 ;Max-Age=5", "s=1;path = " P "/7 ;Max-Age=5"},
        {"s=1; Path=/; Path=" W ";", "s=1; Path=/; Path=" P ";"},
        {"s=1; Path=" W "; PATH=" W "/7", "s=1; Path=" P "; PATH=" P "/7"},
        {"Path=" W "; Path=" W, "Path=" W "; Path=" P},
        {"; Path=" W, "; Path=" P},
    };

    (void)state;
    CHECK_ROWS(cookie_translate, rows);
}

static void anything_else_stays(void **state)
{
    static const struct field_row rows[] = {
        {"", NULL},
        {"s=1", NULL},
        {"s=1; Path", NULL},
        {"s=1; Path=", NULL},
        {"s=1; Path=/", NULL},
        {"s=1; Path=/api/v1/accounts/a", NULL},
        {"s=1; Path=/api/v1/accounts/a/", NULL},
        {"s=1; Path=\"" W "\"", NULL},
        {"s=1; Path=" W "/..", NULL},
        {"s=1; Path=" W "//", NULL},
        {"s=1; Path=" P, NULL},
        {"s=1; XPath=" W, NULL},
        {"s=1; Domain=" W, NULL},
        {"s=" W, NULL},
        {"Path=" W, NULL},
    };

    (void)state;
    CHECK_ROWS(cookie_translate, rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_go_through_the_routes),
        cmocka_unit_test(anything_else_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
