#include "translate/link.h"
#include "unit/translate/field_urls.h"

static void targets_and_anchors_are_urls(void **state)
{
    static const struct field_row rows[] = {
        {"<" W "?page=2>; rel=next", "<" P "?page=2>; rel=next"},
        {"<" W "?workspaceId=2&sort=-workspaceId>; rel=\"next\"",
         "<" P "?dataProductId=2&sort=-dataProductId>; rel=\"next\""},
        {"<http://127.0.0.1:9000" W "/7#top>;rel=self",
         "<https://api.example.com" P "/7#top>;rel=self"},
        {"<" W "/1>; rel=prev, <" W "/3>; rel=next, </other>; rel=x",
         "<" P "/1>; rel=prev, <" P "/3>; rel=next, </other>; rel=x"},
        {"</other>; rel=x ,\t<" W ">", "</other>; rel=x ,\t<" P ">"},
        {", ,<" W ">,,", ", ,<" P ">,,"},
        {"<" W ">;", "<" P ">;"},
        {"<" W ">; rel=next; title=\"a, <b>; \\\"c\\\"\"; title*=UTF-8''%e2%82%ac; flag; x = y",
         "<" P ">; rel=next; title=\"a, <b>; \\\"c\\\"\"; title*=UTF-8''%e2%82%ac; flag; x = y"},
        {"<" W "/a,b;c>; rel=next", "<" P "/a,b;c>; rel=next"},
        {"</other>; rel=up; anchor=\"" W "/7\"", "</other>; rel=up; anchor=\"" P "/7\""},
        {"<" W ">; Anchor = \"" W "/\\7\\\"\"; rel=up",
         "<" P ">; Anchor = \"" P "/7\\\"\"; rel=up"},
        {"<" W ">; rel=\"http://127.0.0.1:9000" W "\"",
         "<" P ">; rel=\"http://127.0.0.1:9000" W "\""},
        {"<" W "/1>; anchor=\"" W "/2\"; anchor=\"" W "/3\", <" W ">",
         "<" P "/1>; anchor=\"" P "/2\"; anchor=\"" P "/3\", <" P ">"},
    };

    (void)state;
    CHECK_ROWS(link_translate, rows);
}

static void what_no_route_has_stays(void **state)
{
    static const struct field_row rows[] = {
        {"", NULL},
        {"</a>; rel=preload", NULL},
        {"<>; rel=self", NULL},
        {"<?workspaceId=1>; rel=next", NULL},
        {"<//127.0.0.1:9000" W ">; rel=next", NULL},
        {"<http://elsewhere" W ">; rel=next", NULL},
        {"</a>; rel=x; anchor=\"#top\"; title=\"" W "\"", NULL},
        {"<" P ">; rel=next", NULL},
    };

    (void)state;
    CHECK_ROWS(link_translate, rows);
}

/* Half a change would be worse than none: a malformed value stays whole. */
static void what_does_not_parse_stays(void **state)
{
    static const struct field_row rows[] = {
        {W "; rel=next", NULL},
        {"<" W, NULL},
        {"<" W ">; rel=next, <" W, NULL},
        {"<" W "> rel=next", NULL},
        {"<" W ">; rel=\"next", NULL},
        {"<" W ">; rel=\"next\\", NULL},
        {"<" W ">; rel=\"next\\\"", NULL},
        {"<" W ">; rel=", NULL},
        {"<" W ">; =next", NULL},
        {"<" W ">; rel=a b", NULL},
        {"<" W ">; rel=\"a\" b", NULL},
        {"<" W ">; anchor=/b", NULL},
        {"<" W ">; (rel)", NULL},
        {"<" W "><" W ">", NULL},
        {"<" W ">; anchor=\"" W, NULL},
    };

    (void)state;
    CHECK_ROWS(link_translate, rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_and_anchors_are_urls),
        cmocka_unit_test(what_no_route_has_stays),
        cmocka_unit_test(what_does_not_parse_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
