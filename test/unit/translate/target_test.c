#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/buf.h"
#include "translate/target.h"
#include "unit/mapping/making.h"

#define A "/api/v1/accounts/"

static const char product[] = //
    "field dataProduct workspace\n"
    "field dataProductId workspaceId\n"
    "field asked put request\n"
    "field given got response\n"
    "field scoped narrow $.x\n"
    "field na&me n=m\n"
    "names_in sort\nnames_in fields\nnames_in dataProduct\n"
    "word data~product workspace\nword data~products workspaces\n"
    "word Data~product Workspace\nword +e~ -e~\n"
    "route " A "{accountId}/data-products/{id} " A "{accountId}/workspaces/{id} GET\n"
    "resource chat/stream POST\n"
    "pass /plain/**\n";

static struct mapping *make(const char *lines)
{
    struct diag *complaints = diag_new();
    struct mapping *m = make_mapping(lines, complaints);

    diag_print(complaints, stderr, false);
    diag_free(&complaints);
    assert_non_null(m);
    return m;
}

struct change {
    const char *from, *to;
};

static void check_queries(const char *lines, enum direction d, const struct change *changes,
                          size_t count)
{
    struct mapping *m = make(lines);

    for (size_t i = 0; i < count; i++) {
        struct buf to;

        buf_init(&to, 1 << 16);
        assert_null(target_query(mapping_global(m), d, text_from(changes[i].from), &to));
        if (!text_eq(buf_text(&to), text_from(changes[i].to)))
            fail_msg("%s became %.*s", changes[i].from, TEXT_ARG(buf_text(&to)));
        buf_fini(&to);
    }
    mapping_unref(&m);
}
#define CHECK_QUERIES(lines, d, table)                                                             \
    check_queries((lines), (d), (table), sizeof(table) / sizeof(table)[0])

static void names_in_a_query_are_renamed_and_nothing_else(void **state)
{
    static const struct change table[] = {
        {"", ""},
        {"dataProductId=7", "workspaceId=7"},
        {"dataProductId", "workspaceId"},
        {"dataProductId=", "workspaceId="},
        {"a=1&dataProductId=%2F+x&b", "a=1&workspaceId=%2F+x&b"},
        {"a=dataProductId", "a=dataProductId"},
        {"data%50roductId=7", "workspaceId=7"},
        {"dataproductid=7", "dataproductid=7"},
        {"dataProductIds=7", "dataProductIds=7"},
        {"workspaceId=7", "workspaceId=7"},
        {"&&=&==&dataProductId==&", "&&=&==&workspaceId==&"},
        {"filter[dataProductId]=1", "filter[workspaceId]=1"},
        {"filter%5BdataProductId%5d=1", "filter%5BworkspaceId%5d=1"},
        {"dataProduct[dataProductId][]=1", "workspace[workspaceId][]=1"},
        {"a[b][%64ataProduct]=%41&%41=1", "a[b][workspace]=%41&%41=1"},
        {"[dataProduct", "[workspace"},
        {"asked=1", "put=1"},
        {"given=1&got=1", "given=1&got=1"},
        {"scoped=1", "scoped=1"},
        {"na%26me=1", "n%3Dm=1"},
        {"dataProduct%=1", "dataProduct%=1"},
        {"dataProduct%0=1", "dataProduct%0=1"},
        {"dataProduct%00=1", "dataProduct%00=1"},
        {"dataProduct+=1", "dataProduct+=1"},
        {"dataProductId=1&dataProductId=2", "workspaceId=1&workspaceId=2"},
        /* a list: the name is mapped, and what it lists */
        {"sort=dataProductId", "sort=workspaceId"},
        {"sort=-dataProductId,name", "sort=-workspaceId,name"},
        {"sort=+dataProductId%2C%2DdataProduct", "sort=+workspaceId%2C%2Dworkspace"},
        {"sort=%2BdataProduct,--dataProduct", "sort=%2Bworkspace,--dataProduct"},
        {"fields=dataProduct.dataProductId.x", "fields=workspace.workspaceId.x"},
        {"fields=a%2EdataProduct,,.dataProduct.", "fields=a%2Eworkspace,,.workspace."},
        {"fields[dataProduct]=dataProductId", "fields[workspace]=workspaceId"},
        {"fields[]=data%50roduct,%6eame", "fields[]=workspace,%6eame"},
        {"dataProduct=dataProduct", "workspace=workspace"},
        {"sort", "sort"},
        {"sort=", "sort="},
        {"sort=scoped,workspaceId", "sort=scoped,workspaceId"},
        {"%73ort=dataProductId", "%73ort=workspaceId"},
        {"asort=dataProductId", "asort=dataProductId"},
    };

    (void)state;
    CHECK_QUERIES(product, REQUEST, table);
}

/* The query of a URL in a reply is one that a request may bring. */
static void a_reply_reads_the_request_table_backwards(void **state)
{
    static const struct change table[] = {
        {"workspaceId=7", "dataProductId=7"},
        {"put=1&got=1", "asked=1&got=1"},
        {"filter[workspace]=1", "filter[dataProduct]=1"},
        {"n%3Dm=1", "na%26me=1"},
        {"sort=-workspaceId", "sort=-dataProductId"},
        {"workspace=workspaceId", "dataProduct=dataProductId"},
    };

    (void)state;
    CHECK_QUERIES(product, RESPONSE, table);
}

static void two_parameters_under_one_name_are_a_conflict(void **state)
{
    static const struct change table[] = {
        {"dataProductId=1&workspaceId=2", "dataProductId"},
        {"workspaceId=1&a=b&data%50roductId=2", "dataProductId"},
        {"f[workspace]=1&f%5BdataProduct%5D=2", "dataProduct"},
        {"dataProductId=1&dataProduct=1&f[workspaceId]=2&workspace=1", "dataProduct"},
        {"dataProductId=1&dataProductId=2&dataProduct=3", NULL},
        {"f[dataProductId]=1&workspaceId=2&g[dataProductId]", NULL},
        {"a=1&a=2", NULL},
    };
    struct mapping *m = make(product);

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct buf to;

        buf_init(&to, 1 << 16);
        const struct pair *pair =
            target_query(mapping_global(m), REQUEST, text_from(table[i].from), &to);
        assert_int_equal(pair != NULL, table[i].to != NULL);
        assert_true(!pair || text_eq(pair->client, text_from(table[i].to)));
        buf_fini(&to);
    }
    mapping_unref(&m);
}

static void kept_collisions_leave_under_the_other_name(void **state)
{
    static const struct change table[] = {
        {"dataProductId=1&workspaceId=2", "workspaceId=1&dataProductId=2"},
        {"workspaceId=1&dataProductId=2", "workspaceId=1&dataProductId=2"},
        {"workspaceId=1&dataProductId=2&workspaceId=3",
         "workspaceId=1&dataProductId=2&workspaceId=3"},
        {"f[dataProductId]=1&f[workspaceId]=2", "f[workspaceId]=1&f[dataProductId]=2"},
    };

    (void)state;
    CHECK_QUERIES("field dataProductId workspaceId\ncollisions request keep", REQUEST, table);
}

/* Thousands of names that each could meet another must not cost their square. */
static void many_parameters_take_linear_time(void **state)
{
    struct mapping *m = make(product);
    struct buf query, to;
    char parameter[64];

    (void)state;
    buf_init(&query, 16 << 20);
    buf_init(&to, 16 << 20);
    for (int i = 0; i < 100000; i++) {
        snprintf(parameter, sizeof parameter, "f[dataProductId][%d]=%d&", i, i);
        buf_add(&query, text_from(parameter));
    }
    assert_null(target_query(mapping_global(m), REQUEST, buf_text(&query), &to));
    assert_int_equal(to.len, query.len - 100000 * 2);
    buf_fini(&query);
    buf_fini(&to);
    mapping_unref(&m);
}

static void a_query_survives_the_round_trip(void **state)
{
    static const char *const pieces[] = {
        "dataProductId", "asked",  "[", "]", "=", "&",   "%5B",
        "%26",           "sort=",  ",", "-", "+", "x",   "dataProduct",
        "na%26me",       "scoped", ".", "%", "1", "&a=", "fields="};
    enum { PIECES = sizeof pieces / sizeof pieces[0] };
    struct mapping *m = make(product);
    unsigned seed = 11;

    (void)state;
    for (int round = 0; round < 5000; round++) {
        struct buf query, up, back;

        buf_init(&query, 4096);
        buf_init(&up, 4096);
        buf_init(&back, 4096);
        for (int i = 0; i < 12; i++) {
            seed = seed * 1664525 + 1013904223;
            buf_add(&query, text_from(pieces[(seed >> 8) % PIECES]));
        }
        buf_add_byte(&query, '&');
        assert_null(target_query(mapping_global(m), REQUEST, buf_text(&query), &up));
        assert_null(target_query(mapping_global(m), RESPONSE, buf_text(&up), &back));
        if (!text_eq(buf_text(&query), buf_text(&back)))
            fail_msg("%.*s came back as %.*s", TEXT_ARG(buf_text(&query)),
                     TEXT_ARG(buf_text(&back)));
        buf_fini(&query);
        buf_fini(&up);
        buf_fini(&back);
    }
    mapping_unref(&m);
}

static void a_target_has_path_and_query(void **state)
{
    static const struct {
        const char *path, *query, *target;
    } cases[] = {
        {A "a/data-products/p%2Fq/chat/stream", "dataProductId=7",
         A "a/workspaces/p%2Fq/chat/stream?workspaceId=7"},
        {A "a/data-products/p/chat/stream", NULL, A "a/workspaces/p/chat/stream"},
        {A "a/data-products/p/chat/stream", "", A "a/workspaces/p/chat/stream?"},
        {"/plain/x", "dataProductId=7&workspaceId=7", "/plain/x?dataProductId=7&workspaceId=7"},
    };
    struct mapping *m = make(product);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct route *route;
        struct buf to;

        buf_init(&to, 4096);
        assert_int_equal(mapping_route(m, HTTP_POST, text_from(cases[i].path), &route),
                         ROUTE_FOUND);
        assert_null(
            target_upstream(route, text_from(cases[i].path), text_from(cases[i].query), &to));
        assert_true(text_eq(buf_text(&to), text_from(cases[i].target)));
        buf_fini(&to);
    }
    mapping_unref(&m);
}

/* TO: what FROM becomes, or NULL where it stays. */
static void check_urls(enum direction d, const char *upstream, const char *client,
                       const struct change *changes, size_t count)
{
    struct mapping *m = make(product);
    struct translate_scene scene = {
        .mapping = m, .upstream_origin = text_from(upstream), .client_origin = text_from(client)};

    for (size_t i = 0; i < count; i++) {
        struct buf to;

        buf_init(&to, 4096);
        buf_add(&to, TEXT("before"));
        bool changed = target_url(&scene, d, text_from(changes[i].from), &to);
        struct text got = text_from_offset(buf_text(&to), 6);
        if (changed != (changes[i].to != NULL) ||
            !text_eq(got, changed ? text_from(changes[i].to) : TEXT("")))
            fail_msg("%s became %.*s", changes[i].from, TEXT_ARG(got));
        buf_fini(&to);
    }
    mapping_unref(&m);
}
#define CHECK_URLS(d, upstream, client, table)                                                     \
    check_urls((d), (upstream), (client), (table), sizeof(table) / sizeof(table)[0])

static void urls_in_replies_become_the_clients(void **state)
{
    static const struct change table[] = {
        {A "a/workspaces/w", A "a/data-products/w"},
        {A "a/workspaces/w%2F?workspaceId=1&next=/api/v1/accounts/a/workspaces/w#workspaceId",
         A "a/data-products/w%2F?dataProductId=1&next=/api/v1/accounts/a/workspaces/w#workspaceId"},
        {A "a/workspaces/w#", A "a/data-products/w#"},
        {A "a/workspaces/w?", A "a/data-products/w?"},
        {A "a/workspaces/w#?workspaceId", A "a/data-products/w#?workspaceId"},
        {"http://up:9000" A "a/workspaces/w", "https://api.example.com" A "a/data-products/w"},
        {"HTTP://UP:9000" A "a/workspaces/w", "https://api.example.com" A "a/data-products/w"},
        {"https://up:9000" A "a/workspaces/w?put=1",
         "https://api.example.com" A "a/data-products/w?asked=1"},
        {"http://up" A "a/workspaces/w", NULL},
        {"http://other:9000" A "a/workspaces/w", NULL},
        {"http://up:9000@evil" A "a/workspaces/w", NULL},
        {"http://u@up:9000" A "a/workspaces/w", NULL},
        {"http://up:9000", NULL},
        {"http://up:9000/", NULL},
        {"http://up:9000?workspaceId=1", NULL},
        {"ftp://up:9000" A "a/workspaces/w", NULL},
        {"//up:9000" A "a/workspaces/w", NULL},
        {"workspaces/w", NULL},
        {"?workspaceId=1", NULL},
        {"", NULL},
        {"/unlisted?workspaceId=1", NULL},
        {A "a/workspaces/..", NULL},
        {A "a/workspaces/%2e%2e", NULL},
        {A "a/data-products/w", NULL},
    };
    static const struct change default_port[] = {
        {"http://up" A "a/workspaces/w", "http://c" A "a/data-products/w"},
        {"http://up:80" A "a/workspaces/w", "http://c" A "a/data-products/w"},
        {"http://up:" A "a/workspaces/w", "http://c" A "a/data-products/w"},
        {"https://up:443" A "a/workspaces/w", "http://c" A "a/data-products/w"},
        {"http://up:443" A "a/workspaces/w", NULL},
    };
    static const struct change nobody[] = {
        {A "a/workspaces/w", A "a/data-products/w"},
        {"http://up" A "a/workspaces/w", NULL},
    };

    (void)state;
    CHECK_URLS(RESPONSE, "http://up:9000", "https://api.example.com", table);
    CHECK_URLS(RESPONSE, "http://up", "http://c", default_port);
    CHECK_URLS(RESPONSE, NULL, "http://c", nobody);
    CHECK_URLS(RESPONSE, "http://up", NULL, nobody);
}

static void urls_in_requests_become_the_upstreams(void **state)
{
    static const struct change table[] = {
        {A "a/data-products/w/chat/stream?dataProductId=1",
         A "a/workspaces/w/chat/stream?workspaceId=1"},
        {"https://api.example.com" A "a/data-products/w", "http://up:9000" A "a/workspaces/w"},
        {"https://api.example.com:443" A "a/data%2Dproducts/w",
         "http://up:9000" A "a/workspaces/w"},
        {"http://up:9000" A "a/data-products/w", NULL},
    };

    (void)state;
    CHECK_URLS(REQUEST, "http://up:9000", "https://api.example.com", table);
}

static void whole_words_are_replaced_longest_first(void **state)
{
    static const struct {
        enum direction d;
        struct change change;
    } cases[] = {
        {RESPONSE, {"", ""}},
        {RESPONSE, {"workspace", "data product"}},
        {RESPONSE, {"The workspace has no workspaces.", "The data product has no data products."}},
        {RESPONSE, {"Workspace", "Data product"}},
        {RESPONSE, {"WORKSPACE", "WORKSPACE"}},
        {RESPONSE, {"workspaceId is unknown", "dataProductId is unknown"}},
        {RESPONSE,
         {"slackWorkspace workspace_x my_workspace workspace2 xworkspace",
          "slackWorkspace workspace_x my_workspace workspace2 xworkspace"}},
        {RESPONSE, {"(workspace)-workspace/workspace", "(data product)-data product/data product"}},
        {RESPONSE, {"\xC3\xA9workspace workspace\xC3\xA9", "\xC3\xA9workspace workspace\xC3\xA9"}},
        {RESPONSE,
         {"\xE2\x80\x9Cworkspace\xE2\x80\x9D \xE2\x80\x94workspace",
          "\xE2\x80\x9C"
          "data product\xE2\x80\x9D \xE2\x80\x94"
          "data product"}},
        {RESPONSE,
         {"\xFFworkspace\xFF", "\xFF"
                               "data product\xFF"}},
        {RESPONSE, {"got put narrow", "given put narrow"}},
        {REQUEST, {"data product", "workspace"}},
        {REQUEST, {"data products data productss", "workspaces data productss"}},
        {REQUEST, {"data  product", "data  product"}},
        {REQUEST, {"dataProduct data product", "workspace workspace"}},
        {REQUEST, {"a +e b x+e +e +e ", "a +e b x+e -e -e "}},
        {REQUEST, {"workspace", "workspace"}},
        {REQUEST, {"asked given scoped", "put given scoped"}},
    };
    struct mapping *m = make(product);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct change *c = &cases[i].change;
        struct buf to;

        buf_init(&to, 4096);
        bool changed = target_words(mapping_global(m), cases[i].d, text_from(c->from), &to);
        if (!text_eq(buf_text(&to), text_from(c->to)) || changed != (strcmp(c->from, c->to) != 0))
            fail_msg("%s became %.*s", c->from, TEXT_ARG(buf_text(&to)));
        buf_fini(&to);
    }
    mapping_unref(&m);
}

static void a_full_buffer_fails_and_no_more(void **state)
{
    struct mapping *m = make(product);
    struct translate_scene scene = {
        .mapping = m, .upstream_origin = TEXT("http://up"), .client_origin = TEXT("http://c")};

    (void)state;
    for (size_t max = 0; max < 40; max++) {
        struct buf to;

        buf_init(&to, max);
        target_query(mapping_global(m), REQUEST,
                     TEXT("filter[dataProductId]=1&sort=dataProductId&x=1234567890"), &to);
        assert_true(to.failed);
        buf_clear(&to);
        assert_false(
            target_url(&scene, RESPONSE, TEXT("http://up" A "a/workspaces/w?workspaceId=1"), &to));
        assert_true(to.failed);
        assert_int_equal(to.len, 0);
        buf_fini(&to);
    }
    mapping_unref(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_in_a_query_are_renamed_and_nothing_else),
        cmocka_unit_test(a_reply_reads_the_request_table_backwards),
        cmocka_unit_test(two_parameters_under_one_name_are_a_conflict),
        cmocka_unit_test(kept_collisions_leave_under_the_other_name),
        cmocka_unit_test(many_parameters_take_linear_time),
        cmocka_unit_test(a_query_survives_the_round_trip),
        cmocka_unit_test(a_target_has_path_and_query),
        cmocka_unit_test(urls_in_replies_become_the_clients),
        cmocka_unit_test(urls_in_requests_become_the_upstreams),
        cmocka_unit_test(whole_words_are_replaced_longest_first),
        cmocka_unit_test(a_full_buffer_fails_and_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
