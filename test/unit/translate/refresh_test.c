#include "translate/refresh.h"
#include "unit/translate/field_urls.h"

static void the_url_goes_through_the_routes(void **state)
{
    static const struct field_row rows[] = {
        {"5; url=" W "/7", "5; url=" P "/7"},
        {"0;URL=" W "?workspaceId=1", "0;URL=" P "?dataProductId=1"},
        {" 1.5 , Url = http://127.0.0.1:9000" W " ", " 1.5 , Url = https://api.example.com" P " "},
        {"5; url=\"" W "/7\"", "5; url=\"" P "/7\""},
        {"5; url='" W "/7' x", "5; url='" P "/7' x"},
        {"5; url='" W "/7", "5; url='" P "/7"},
        {"5;" W, "5;" P},
        {"5 " W, "5 " P},
        {".5;" W, ".5;" P},
    };

    (void)state;
    CHECK_ROWS(refresh_translate, rows);
}

static void anything_else_stays(void **state)
{
    static const struct field_row rows[] = {
        {"", NULL},
        {"5", NULL},
        {"5;", NULL},
        {"5; url=", NULL},
        {"5; url='", NULL},
        {"5; url=\"\"", NULL},
        {"url=" W, NULL},
        {";url=" W, NULL},
        {W, NULL},
        {"x; url=" W, NULL},
        {"5x; url=" W, NULL},
        {"-5; url=" W, NULL},
        {"5; uri=" W, NULL},
        {"5; url " W, NULL},
        {"5; url=http://elsewhere" W, NULL},
        {"5; url=/a", NULL},
        {"5; url=\"" P "\"", NULL},
    };

    (void)state;
    CHECK_ROWS(refresh_translate, rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_url_goes_through_the_routes),
        cmocka_unit_test(anything_else_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
