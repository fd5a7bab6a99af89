#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/buf.h"
#include "unit/mapping/making.h"

#define A "/api/v1/accounts/"

static const char product[] = //
    "field dataProductId workspaceId\n"
    "route " A "{accountId}/data-products " A "{accountId}/workspaces GET,POST\n"
    "route " A "{accountId}/data-products/{dataProductId} "
    "" A "{accountId}/workspaces/{dataProductId} GET,PATCH,DELETE\n"
    "timeout 7\n"
    "resource semantic-models/** GET,POST,PATCH\n"
    "resource data-assets GET,PATCH\n"
    "field dataProductId -\n"
    "resource chat POST\n"
    "resource chat/stream POST\n"
    "timeout 300\n"
    "max_body 9\n"
    "raw\n"
    "resource skills/** GET,PUT:POST,DELETE\n"
    "pass " A "{accountId}/workspaces/**\n";

static struct mapping *make(const char *lines)
{
    struct diag *complaints = diag_new();
    struct mapping *m = make_mapping(lines, complaints);

    diag_print(complaints, stderr, false);
    diag_free(&complaints);
    assert_non_null(m);
    return m;
}

/* What METHOD PATH becomes: "METHOD PATH", or "404", or "405 Allow"; in a static buffer. */
static const char *served(const struct mapping *m, const char *method, const char *path)
{
    static char line[512];
    enum http_method client;
    const struct route *route;
    struct buf to;

    buf_init(&to, sizeof line - 1);
    assert_true(http_method_find(text_from(method), &client));
    switch (mapping_route(m, client, text_from(path), &route)) {
    case ROUTE_NOT_FOUND:
        assert_null(route);
        buf_add(&to, TEXT("404"));
        break;
    case ROUTE_NO_METHOD:
        buf_add(&to, TEXT("405 "));
        route_allow(route, &to);
        break;
    case ROUTE_FOUND:
        buf_add(&to, http_method_name(route_upstream_method(route, client)));
        buf_add_byte(&to, ' ');
        route_upstream_path(route, text_from(path), &to);
    }
    snprintf(line, sizeof line, "%.*s", TEXT_ARG(buf_text(&to)));
    buf_fini(&to);
    return line;
}

struct request {
    const char *method, *path, *becomes;
};

static void check(const char *lines, const struct request *requests, size_t count)
{
    struct mapping *m = make(lines);

    for (size_t i = 0; i < count; i++) {
        const char *becomes = served(m, requests[i].method, requests[i].path);

        if (strcmp(becomes, requests[i].becomes) != 0)
            fail_msg("%s %s: %s", requests[i].method, requests[i].path, becomes);
    }
    mapping_unref(&m);
}
#define CHECK(lines, table) check((lines), (table), sizeof(table) / sizeof(table)[0])

static void the_mirrored_api_is_served(void **state)
{
    static const struct request table[] = {
        {"GET", A "a/data-products", "GET " A "a/workspaces"},
        {"HEAD", A "a/data-products", "HEAD " A "a/workspaces"},
        {"OPTIONS", A "a/data-products", "OPTIONS " A "a/workspaces"},
        {"PUT", A "a/data-products", "405 GET, HEAD, POST, OPTIONS"},
        {"PATCH", A "a/data-products/p", "PATCH " A "a/workspaces/p"},
        {"POST", A "a/data-products/p", "405 GET, HEAD, PATCH, DELETE, OPTIONS"},
        {"POST", A "a/data-products/p%2Fq/chat/stream", "POST " A "a/workspaces/p%2Fq/chat/stream"},
        {"HEAD", A "a/data-products/p/chat", "405 POST, OPTIONS"},
        {"OPTIONS", A "a/data-products/p/chat", "OPTIONS " A "a/workspaces/p/chat"},
        {"PUT", A "a/data-products/p/skills/s", "POST " A "a/workspaces/p/skills/s"},
        {"POST", A "a/data-products/p/skills/s", "405 GET, HEAD, PUT, DELETE, OPTIONS"},
        {"GET", A "a/data-products/p/semantic-models", "GET " A "a/workspaces/p/semantic-models"},
        {"GET", A "a/data-products/p/semantic-models/", "GET " A "a/workspaces/p/semantic-models/"},
        {"GET", A "a/data-products/p/semantic-models/x/y;v=1/%20",
         "GET " A "a/workspaces/p/semantic-models/x/y;v=1/%20"},
        {"GET", A "a/data%2Dproducts/p", "GET " A "a/workspaces/p"},
        {"GET", A "a/data%2dproduct%73/p", "GET " A "a/workspaces/p"},
        /* a path that is not listed, and shapes that are near to one that is */
        {"GET", A "a/data-products/", "404"},
        {"GET", A "a/data-products/p/", "404"},
        {"GET", A "a/data-products/p/unknown", "404"},
        {"GET", A "a/data-products/p/data-assets/x", "404"},
        {"GET", A "a/Data-Products", "404"},
        {"GET", A "a/data%252Dproducts/p", "404"},
        {"GET", A "a/data-products;v=1", "404"},
        {"GET", A "/data-products", "404"},
        {"GET", "/", "404"},
        {"GET", "*", "404"},
        {"GET", "", "404"},
        {"GET", A "a", "404"},
        /* passthrough */
        {"DELETE", A "a/workspaces/w", "DELETE " A "a/workspaces/w"},
        {"GET", A "a/workspaces", "GET " A "a/workspaces"},
        {"GET", A "a/%77orkspaces/%2F", "GET " A "a/%77orkspaces/%2F"},
    };

    (void)state;
    CHECK(product, table);
}

static void the_most_specific_path_wins_in_any_order(void **state)
{
    static const char forwards[] = "route /a/** /tail/** GET\n"
                                   "route /a/{x} /one/{x} GET\n"
                                   "route /a/{x}/c /one-c/{x} GET\n"
                                   "route /a/{x}/** /one-tail/{x}/** GET\n"
                                   "route /a/b/{y} /b-one/{y} POST\n"
                                   "route /a/b /b GET\n"
                                   "route /a /a GET\n"
                                   "pass /**\n";
    static const char backwards[] = "pass /**\n"
                                    "route /a /a GET\n"
                                    "route /a/b /b GET\n"
                                    "route /a/b/{y} /b-one/{y} POST\n"
                                    "route /a/{x}/** /one-tail/{x}/** GET\n"
                                    "route /a/{x}/c /one-c/{x} GET\n"
                                    "route /a/{x} /one/{x} GET\n"
                                    "route /a/** /tail/** GET\n";
    static const struct request table[] = {
        {"GET", "/a", "GET /a"},
        {"GET", "/a/b", "GET /b"},
        {"GET", "/a/x", "GET /one/x"},
        {"GET", "/a/x/c", "GET /one-c/x"},
        {"GET", "/a/x/d", "GET /one-tail/x/d"},
        {"GET", "/a/x/", "GET /one-tail/x/"},
        {"GET", "/a/", "GET /tail/"},
        /* methods play no part: this is /a/b/{y}, which has only POST */
        {"GET", "/a/b/c", "405 POST, OPTIONS"},
        /* back from a literal that led nowhere */
        {"GET", "/a/b/c/d", "GET /one-tail/b/c/d"},
        {"GET", "/other/x", "GET /other/x"},
        {"GET", "/", "GET /"},
    };

    (void)state;
    CHECK(forwards, table);
    CHECK(backwards, table);
}

static void below_a_route_nothing_passes_through(void **state)
{
    static const struct request table[] = {
        {"GET", "/a/b", "GET /x/b"}, {"GET", "/a", "GET /a"}, {"GET", "/a/", "GET /a/"},
        {"GET", "/a/b/c", "404"},    {"GET", "/a/b/", "404"}, {"GET", "/%61/b/c", "404"},
        {"GET", "/p/r", "GET /q/r"}, {"GET", "/p", "404"},    {"GET", "/p/s", "404"},
        {"GET", "/z/p", "GET /z/p"},
    };

    (void)state;
    CHECK("pass /**\nroute /a/{x} /x/{x} GET\nroute /p /q\nresource r GET", table);
}

static void parameters_bind_by_name(void **state)
{
    static const struct request table[] = {
        {"GET", "/1/x/2/y", "GET /2/z/1"},
        {"GET", "/%31/x/a;b/y", "GET /a;b/z/%31"},
    };

    (void)state;
    CHECK("route /{a}/x/{b}/y /{b}/z/{a} GET", table);
}

static void the_root_is_a_path(void **state)
{
    static const struct request table[] = {
        {"GET", "/", "GET /base"}, {"GET", "/x", "GET /base/x"}, {"GET", "/y/z", "GET /y2/z"},
        {"GET", "/y", "GET /y2"},  {"GET", "/up", "GET /"},      {"GET", "/up/", "GET /"},
    };

    (void)state;
    CHECK("route / /base GET\nresource x GET\nroute /y/** /y2/** GET\nroute /up/** /** GET", table);
}

static void keys_hold_for_the_resources_of_a_route(void **state)
{
    struct mapping *m = make(product);
    size_t count;
    const struct route *const *routes = mapping_routes(m, &count);
    static const struct {
        uint64_t timeout_ms, max_body;
        enum route_body body;
        size_t pairs;
        unsigned line;
    } expected[] = {
        {0, 0, ROUTE_BODY_AUTO, 1, 2},  {7, 0, ROUTE_BODY_AUTO, 1, 3},
        {7, 0, ROUTE_BODY_AUTO, 1, 5},  {7, 0, ROUTE_BODY_AUTO, 0, 6},
        {7, 0, ROUTE_BODY_AUTO, 1, 8},  {300, 9, ROUTE_BODY_RAW, 1, 9},
        {7, 0, ROUTE_BODY_AUTO, 1, 13}, {0, 0, ROUTE_BODY_RAW, 1, 14},
    };

    (void)state;
    assert_int_equal(count, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(routes[i]->timeout_ms, expected[i].timeout_ms);
        assert_int_equal(routes[i]->max_body, expected[i].max_body);
        assert_int_equal(routes[i]->body, expected[i].body);
        assert_int_equal(rules_pair_count(routes[i]->rules), expected[i].pairs);
        assert_int_equal(routes[i]->where.line, expected[i].line);
        assert_int_equal(routes[i]->passthrough, i == count - 1);
    }
    assert_true(text_eq(routes[5]->client,
                        TEXT(A "{accountId}/data-products/{dataProductId}/chat/stream")));
    assert_true(
        text_eq(routes[5]->upstream, TEXT(A "{accountId}/workspaces/{dataProductId}/chat/stream")));
    mapping_unref(&m);
}

static const char *other_side(const struct mapping *m, enum direction d, const char *path,
                              const struct route **route_out)
{
    static char line[512];
    struct buf to;

    buf_init(&to, sizeof line - 1);
    *route_out = mapping_path(m, d, text_from(path), &to);
    snprintf(line, sizeof line, "%.*s", TEXT_ARG(buf_text(&to)));
    buf_fini(&to);
    return line;
}

static void paths_go_backwards(void **state)
{
    struct mapping *m = make(product);
    const struct route *route;

    (void)state;
    assert_string_equal(other_side(m, RESPONSE, A "a/workspaces/w%2F", &route),
                        A "a/data-products/w%2F");
    assert_non_null(route);
    assert_string_equal(other_side(m, RESPONSE, A "a/workspace%73/w/skills/x/", &route),
                        A "a/data-products/w/skills/x/");
    assert_string_equal(other_side(m, REQUEST, A "a/data-products/w", &route), A "a/workspaces/w");
    assert_string_equal(other_side(m, RESPONSE, A "a/workspaces/w/unlisted", &route), "");
    assert_null(route);
    assert_string_equal(other_side(m, REQUEST, A "a/workspaces/w", &route), "");
    assert_null(route);
    mapping_unref(&m);
}

static void backwards_the_first_in_the_file_wins_among_equals(void **state)
{
    struct mapping *m = make("route /b/{x} /u/{x} GET\n"
                             "route /a/{y} /u/{y} POST\n"
                             "route /c /u/lit GET\n");
    const struct route *route;

    (void)state;
    assert_string_equal(other_side(m, RESPONSE, "/u/1", &route), "/b/1");
    assert_string_equal(other_side(m, RESPONSE, "/u/lit", &route), "/c");
    mapping_unref(&m);
}

/* The path that takes over from PATH for METHOD, or "-". */
static const char *taken_over(const struct mapping *m, const char *method, const char *path)
{
    static char line[512];
    enum http_method client;
    const struct route *route;
    struct buf to;

    buf_init(&to, sizeof line - 1);
    buf_add_byte(&to, '<');
    assert_true(http_method_find(text_from(method), &client));
    assert_int_equal(mapping_route(m, client, text_from(path), &route), ROUTE_FOUND);
    bool found = mapping_successor(m, route, client, text_from(path), &to);
    assert_int_equal(found, to.len > 1);
    snprintf(line, sizeof line, "%.*s", found ? (int)to.len - 1 : 1, found ? to.at + 1 : "-");
    buf_fini(&to);
    return line;
}

static void a_successor_is_named_where_a_route_serves_it(void **state)
{
    static const char mapping[] =
        "route " A "{a}/data-products " A "{a}/workspaces GET,POST\n"
        "route " A "{a}/data-products/{p} " A "{a}/workspaces/{p} GET,DELETE\n"
        "resource skills/** GET,PUT:POST\n"
        "pass " A "{a}/workspaces/**\n"
        "deprecated 2026-03-02 - " A "{a}/data-products/**\n"
        "pass /old/{kind}/{id}\n"
        "deprecated 2026-03-02 - " A "all/data-products/{id}\n"
        "pass /tail/{a}/**\n"
        "deprecated 2026-03-02 - " A "{a}/data-products\n"
        "pass /silent\n"
        "deprecated 2026-03-02\n"
        "pass /itself/**\n"
        "deprecated 2026-03-02 - /**\n"
        "pass /fine\n";
    static const struct {
        const char *method, *path, *successor;
    } rows[] = {
        {"GET", A "a/workspaces", A "a/data-products"},
        {"HEAD", A "a/workspaces", A "a/data-products"},
        {"OPTIONS", A "a/workspaces", A "a/data-products"},
        {"POST", A "a/workspaces", A "a/data-products"},
        {"PUT", A "a/workspaces", "-"},
        {"GET", A "a/workspaces/w%2F;v=1", A "a/data-products/w%2F;v=1"},
        {"GET", A "a/work%73paces/w", A "a/data-products/w"},
        {"POST", A "a/workspaces/w", "-"},
        {"DELETE", A "a/workspaces/w", A "a/data-products/w"},
        {"PUT", A "a/workspaces/w/skills/x", A "a/data-products/w/skills/x"},
        {"GET", A "a/workspaces/w/skills/", A "a/data-products/w/skills/"},
        {"GET", A "a/workspaces/", "-"},
        {"GET", A "a/workspaces/w/chat-threads", "-"},
        {"GET", "/old/thing/7", A "all/data-products/7"},
        {"PATCH", "/old/thing/7", "-"},
        {"GET", "/tail/a", A "a/data-products"},
        {"GET", "/tail/a/b/c", A "a/data-products"},
        {"GET", "/silent", "-"},
        {"GET", "/itself/x", "-"}, /* a passthrough is no successor */
        {"GET", "/fine", "-"},
    };
    struct mapping *m = make(mapping);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *successor = taken_over(m, rows[i].method, rows[i].path);

        if (strcmp(successor, rows[i].successor) != 0)
            fail_msg("%s %s: %s", rows[i].method, rows[i].path, successor);
    }
    mapping_unref(&m);
}

static void windows_hold_from_their_first_second_to_their_last(void **state)
{
    struct mapping *m = make("pass /a\n"
                             "deprecated 2026-03-02 2027-03-02\n"
                             "brownout 2026-12-01T09:00:00Z 2026-12-01T09:15:00Z\n"
                             "brownout 2026-12-08T09:00:00Z 2026-12-08T10:00:00Z\n");
    const struct route *route;

    (void)state;
    assert_int_equal(mapping_route(m, HTTP_PUT, TEXT("/a"), &route), ROUTE_FOUND);
    const struct deprecation *d = route->deprecation;
    assert_true(text_eq(d->since.field, TEXT("@1772409600")));
    assert_true(text_eq(d->sunset.field, TEXT("Tue, 02 Mar 2027 00:00:00 GMT")));
    assert_int_equal(d->brownout_count, 2);
    int64_t from = d->brownouts[0].from, to = d->brownouts[0].to;
    assert_int_equal(from, 1796115600);
    assert_int_equal(to - from, 15 * 60);
    assert_null(deprecation_brownout(d, from - 1));
    assert_ptr_equal(deprecation_brownout(d, from), &d->brownouts[0]);
    assert_ptr_equal(deprecation_brownout(d, to - 1), &d->brownouts[0]);
    assert_null(deprecation_brownout(d, to));
    assert_ptr_equal(deprecation_brownout(d, from + 7 * 86400), &d->brownouts[1]);
    mapping_unref(&m);
}

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* Whatever its bytes are, a served path comes back the same. */
static void a_path_survives_the_round_trip(void **state)
{
    static const char *const shapes[] = {
        A "{}/data-products", A "{}/data-products/{}", A "{}/data-products/{}/semantic-models{}",
        A "{}/data-products/{}/skills/{}/{}", A "{}/data-products/{}/chat/stream"};
    static const char bytes[] = "aZ09-._~%2F%20!$&'()*+,;=:@%C3%A9data-productsworkspaces";
    struct mapping *m = make(product);
    unsigned seed = 7;
    size_t returned = 0;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct buf path, up, back;
        const char *shape = shapes[next_random(&seed) % 5];

        buf_init(&path, 4096);
        buf_init(&up, 4096);
        buf_init(&back, 4096);
        for (; *shape; shape++) {
            if (shape[0] != '{') {
                buf_add_byte(&path, *shape);
                continue;
            }
            for (unsigned n = 1 + next_random(&seed) % 12; n; n--)
                buf_add_byte(&path, bytes[next_random(&seed) % (sizeof bytes - 1)]);
            shape++;
        }
        if (mapping_path(m, REQUEST, buf_text(&path), &up)) {
            assert_non_null(mapping_path(m, RESPONSE, buf_text(&up), &back));
            assert_true(text_eq(buf_text(&path), buf_text(&back)));
            returned++;
        }
        buf_fini(&path);
        buf_fini(&up);
        buf_fini(&back);
    }
    assert_true(returned > 1000);
    mapping_unref(&m);
}

/* Each level has a literal and a parameter; a path that fits none must not try all 2^n ways twice.
 */
static void a_search_is_bounded_by_the_routes(void **state)
{
    struct buf lines, path;
    struct mapping *m;
    const struct route *route;

    (void)state;
    buf_init(&lines, 1 << 20);
    for (int i = 0; i < 256; i++) {
        char path_of_i[128] = "", line[512];

        for (int bit = 0; bit < 8; bit++)
            snprintf(path_of_i + strlen(path_of_i), sizeof path_of_i - strlen(path_of_i),
                     i >> bit & 1 ? "/a" : "/{p%d}", bit);
        snprintf(line, sizeof line, "route %s %s GET\n", path_of_i, path_of_i);
        buf_add(&lines, text_from(line));
    }
    buf_add_byte(&lines, 0);
    m = make(lines.at);
    buf_init(&path, 1 << 20);
    for (int i = 0; i < 100000; i++)
        buf_add(&path, TEXT("/a"));
    for (int i = 0; i < 100; i++)
        assert_int_equal(mapping_route(m, HTTP_GET, buf_text(&path), &route), ROUTE_NOT_FOUND);
    path.len = 16;
    assert_int_equal(mapping_route(m, HTTP_GET, buf_text(&path), &route), ROUTE_FOUND);
    assert_true(text_eq(route->client, TEXT("/a/a/a/a/a/a/a/a")));
    mapping_unref(&m);
    buf_fini(&lines);
    buf_fini(&path);
}

static void get_sent_as_another_method_takes_head_along(void **state)
{
    static const struct request table[] = {
        {"GET", "/a", "POST /b"},
        {"HEAD", "/a", "POST /b"},
        {"HEAD", "/h", "HEAD /h2"},
        {"GET", "/h", "405 HEAD, OPTIONS"},
    };

    (void)state;
    CHECK("route /a /b GET:POST\nroute /h /h2 HEAD", table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mirrored_api_is_served),
        cmocka_unit_test(the_most_specific_path_wins_in_any_order),
        cmocka_unit_test(below_a_route_nothing_passes_through),
        cmocka_unit_test(parameters_bind_by_name),
        cmocka_unit_test(the_root_is_a_path),
        cmocka_unit_test(keys_hold_for_the_resources_of_a_route),
        cmocka_unit_test(paths_go_backwards),
        cmocka_unit_test(backwards_the_first_in_the_file_wins_among_equals),
        cmocka_unit_test(a_successor_is_named_where_a_route_serves_it),
        cmocka_unit_test(windows_hold_from_their_first_second_to_their_last),
        cmocka_unit_test(a_path_survives_the_round_trip),
        cmocka_unit_test(a_search_is_bounded_by_the_routes),
        cmocka_unit_test(get_sent_as_another_method_takes_head_along),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
