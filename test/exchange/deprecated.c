#include "exchange/stage.h"
#include "exchange/suites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define BASE     "/api/v1/accounts/a"
#define HOST     "Host: api.example.com\r\nX-Request-Id: r-1\r\n"
#define OURS     "Via: 1.1 dpgw\nX-Request-Id: r-1\n"
#define DATE     "Deprecation: @1772409600\n"
#define SUNSET   "Sunset: Tue, 02 Mar 2027 00:00:00 GMT\n"
#define LINK(to) "Link: <" BASE to ">; rel=\"successor-version\"\n"

/* A request on a path, a reply of the service's, and what the client is told. */
struct telling {
    const char *name, *method, *path;
    int status;
    enum http_framing framing;
    const char *came, *left;
};

/* clang-format off */
static const struct telling tellings[] = {
    {"a path that a route takes over", "GET", "/rooms/r", 200, HTTP_CHUNKED,
     "X-A: 1\n", "X-A: 1\n" DATE LINK("/data-products/r") SUNSET OURS},
    {"HEAD as GET", "HEAD", "/rooms/r", 200, HTTP_NO_BODY,
     "", DATE LINK("/data-products/r") SUNSET OURS},
    {"OPTIONS as any", "OPTIONS", "/rooms", 204, HTTP_NO_BODY,
     "Allow: GET\n", "Allow: GET\n" DATE LINK("/data-products") SUNSET OURS},
    {"a query plays no part", "GET", "/rooms/r?workspaceId=1", 200, HTTP_CHUNKED,
     "", DATE LINK("/data-products/r") SUNSET OURS},
    {"escapes stay", "GET", "/room%73/a%2Fb;v=1,%C3%A9", 200, HTTP_CHUNKED,
     "", DATE LINK("/data-products/a%2Fb;v=1,%C3%A9") SUNSET OURS},
    {"no route has the path", "GET", "/rooms/r/threads", 200, HTTP_CHUNKED,
     "", DATE SUNSET OURS},
    {"no route has the method", "DELETE", "/rooms", 200, HTTP_CHUNKED,
     "", DATE SUNSET OURS},
    {"a method that goes up as another", "PUT", "/rooms/r/skills/s", 200, HTTP_CHUNKED,
     "", DATE LINK("/data-products/r/skills/s") SUNSET OURS},
    {"an error of the service", "GET", "/rooms/r", 404, HTTP_CHUNKED,
     "", DATE LINK("/data-products/r") SUNSET OURS},
    {"nothing has changed", "GET", "/rooms/r", 304, HTTP_NO_BODY,
     "ETag: \"v\"\n", "ETag: \"v\"\n" DATE LINK("/data-products/r") SUNSET OURS},
    {"links of the service stay before it", "GET", "/rooms/r", 200, HTTP_CHUNKED,
     "Link: </x>; rel=next\nLink: </y>\n",
     "Link: </x>; rel=next\nLink: </y>\n" DATE LINK("/data-products/r") SUNSET OURS},
    {"days of the service make way", "GET", "/rooms/r", 200, HTTP_CHUNKED,
     "deprecation: @1\nSUNSET: Sun, 06 Nov 1994 08:49:37 GMT\n",
     DATE LINK("/data-products/r") SUNSET OURS},
    {"a path that is not deprecated tells the service's own", "GET", "/workspaces/w", 200,
     HTTP_CHUNKED, "Deprecation: @1\nSunset: x\n", "Deprecation: @1\nSunset: x\n" OURS},
    {"a translated route tells of none", "GET", "/data-products/p", 200, HTTP_CHUNKED,
     "Deprecation: @1\nSunset: x\n", OURS},
};
/* clang-format on */

static void each_reply_tells(void **state)
{
    const struct telling *t = *state;
    char head[256];
    struct stage s;

    stage_open(&s, &scene_get_roomy);
    snprintf(head, sizeof head, "%s " BASE "%s HTTP/1.1\r\n" HOST "\r\n", t->method, t->path);
    stage_begin_with(&s, head);
    stage_head(&s, t->status, t->framing, 0, t->came);
    struct text told = buf_text(&s.client->fields);
    if (!text_eq(told, text_from(t->left)))
        wrong("what goes down is\n%.*snot\n%s", TEXT_ARG(told), t->left);
    stage_do(&s, GONE);
    stage_close(&s);
}

/* The body is the service's, whatever its type and its names. */
static void bodies_are_left_alone(void **state)
{
    static const char body[] = "{\"workspaceId\":1}";
    struct stage s;

    (void)state;
    stage_open(&s, &scene_get_roomy);
    stage_begin_with(&s, "GET " BASE "/rooms/r HTTP/1.0\r\n\r\n");
    stage_head(&s, 200, HTTP_CHUNKED, 0, "Content-Type: application/json\n");
    fake_upstream_piece(stage_transfer(&s), text_from(body));
    fake_upstream_done(stage_transfer(&s), &(struct http_fields){0});
    assert_true(text_eq(buf_text(&s.client->body), text_from(body)));
    assert_non_null(fake_front_field(s.client, "Deprecation", 0));
    s.client->body_over = true;
    stage_finish(&s);
    stage_close(&s);
}

/* The gateway's own errors tell too, once it knows the route. */
static void errors_of_the_gateway_tell(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, &scene_get_roomy);
    stage_begin_with(&s, "GET " BASE "/rooms/r HTTP/1.1\r\n" HOST "\r\n");
    fake_upstream_broke(stage_transfer(&s), UPSTREAM_SLOW);
    assert_int_equal(s.client->reply.status, 504);
    assert_string_equal(fake_front_field(s.client, "Deprecation", 0), "@1772409600");
    assert_string_equal(fake_front_field(s.client, "Link", 0),
                        "<" BASE "/data-products/r>; rel=\"successor-version\"");
    assert_string_equal(fake_front_field(s.client, "Sunset", 0), "Tue, 02 Mar 2027 00:00:00 GMT");
    s.client->body_over = true;
    stage_finish(&s);
    stage_close(&s);
}

/* In a window the service is not asked, and the reply says what takes over. */
static void a_switched_off_path_is_gone(void **state)
{
    static const struct {
        const char *head, *details, *link;
        bool close;
    } rows[] = {
        {"GET " BASE "/halls/h%2F1 HTTP/1.1\r\n" HOST "\r\n",
         ",\"successor\":\"" BASE "/data-products/h%2F1\"",
         "<" BASE "/data-products/h%2F1>; rel=\"successor-version\"", false},
        {"PUT " BASE "/halls/h HTTP/1.1\r\n" HOST "\r\n", "", NULL, false},
        {"POST " BASE "/halls HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n",
         ",\"successor\":\"" BASE "/data-products\"",
         "<" BASE "/data-products>; rel=\"successor-version\"", true},
    };
    char body[512];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct stage s;

        stage_open(&s, &scene_get_roomy);
        stage_begin_with(&s, rows[i].head);
        assert_int_equal(s.upstream.started, 0);
        assert_int_equal(s.client->reply.status, 410);
        assert_int_equal(s.client->reply.close, rows[i].close);
        snprintf(body, sizeof body,
                 "{\"ok\":false,\"error\":{\"code\":\"GONE\",\"message\":\"This deprecated API is "
                 "switched off for a while; it is "
                 "going away.\",\"details\":{\"requestId\":\"r-1\"%s}}}",
                 rows[i].details);
        assert_true(text_eq(buf_text(&s.client->body), text_from(body)));
        assert_string_equal(fake_front_field(s.client, "Cache-Control", 0), "no-store");
        assert_string_equal(fake_front_field(s.client, "Deprecation", 0), "@1772409600");
        const char *link = fake_front_field(s.client, "Link", 0);
        assert_int_equal(link != NULL, rows[i].link != NULL);
        if (link)
            assert_string_equal(link, rows[i].link);
        s.client->body_over = true;
        stage_finish(&s);
        assert_int_equal(s.outcome, OUTCOME_BROWNOUT);
        stage_close(&s);
    }
}

/* --- who calls ------------------------------------------------------------------------ */

static char caller[128];
static unsigned deprecated, others;

static void on_ended(void *owner, const struct exchange_report *report)
{
    (void)owner;
    if (report->caller.at)
        deprecated++;
    else
        others++;
    snprintf(caller, sizeof caller, "%.*s", TEXT_ARG(report->caller));
}

static void end_of(const char *path, const char *fields)
{
    char head[512];
    struct stage s;

    stage_open(&s, &scene_get_roomy);
    s.host.ended = on_ended;
    snprintf(head, sizeof head, "GET " BASE "%s HTTP/1.1\r\n" HOST "%s\r\n", path, fields);
    stage_begin_with(&s, head);
    stage_do(&s, GONE);
    stage_close(&s);
}

static void a_caller_is_named_in_few_plain_letters(void **state)
{
    static const char *const rows[][2] = {
        {"User-Agent: curl/7.88.1\r\n", "curl"},
        {"User-Agent: python-requests/2.31 (x; y) z/1\r\n", "python-requests"},
        {"User-Agent: Mozilla/5.0 (X11)\r\nX-Client-Name: sales\r\n", "sales"},
        {"User-Agent: curl/7.88.1\r\nX-Client-Name: \r\n", "curl"},
        {"x-client-name: Sales Portal \"2\"\r\n", "Sales_Portal__2_"},
        {"X-Client-Name: a/b\\n\xc3\xa9=,{}\r\n", "a_b_n__"
                                                  "____"},
        {"User-Agent: one two\r\n", "one"},
        {"User-Agent: (comment)\r\n", "_comment_"},
        {"User-Agent: /1.0\r\n", "none"},
        {"User-Agent: \r\n", "none"},
        {"", "none"},
        {"X-Client-Name: "
         "0123456789012345678901234567890123456789012345678901234567890123456789\r\n",
         "012345678901234567890123456789012345678901234567"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        end_of("/rooms/r", rows[i][0]);
        if (strcmp(caller, rows[i][1]) != 0)
            fail_msg("%s is %s, not %s", rows[i][0], caller, rows[i][1]);
    }
}

static void calls_are_told_of_deprecated_routes_only(void **state)
{
    (void)state;
    deprecated = others = 0;
    end_of("/workspaces/w", "User-Agent: curl/7\r\n");
    end_of("/data-products/p", "User-Agent: curl/7\r\n");
    assert_int_equal(deprecated, 0);
    assert_int_equal(others, 2);
    end_of("/rooms/r", "");
    assert_int_equal(deprecated, 1);
}

int run_deprecated(void)
{
    enum { TELLINGS = sizeof tellings / sizeof tellings[0] };
    const struct CMUnitTest rest[] = {
        cmocka_unit_test(bodies_are_left_alone),
        cmocka_unit_test(errors_of_the_gateway_tell),
        cmocka_unit_test(a_switched_off_path_is_gone),
        cmocka_unit_test(a_caller_is_named_in_few_plain_letters),
        cmocka_unit_test(calls_are_told_of_deprecated_routes_only),
    };
    struct CMUnitTest tests[TELLINGS + sizeof rest / sizeof rest[0]];

    for (size_t i = 0; i < TELLINGS; i++)
        tests[i] = (struct CMUnitTest){.name = tellings[i].name,
                                       .test_func = each_reply_tells,
                                       .initial_state = (void *)&tellings[i]};
    memcpy(tests + TELLINGS, rest, sizeof rest);
    return cmocka_run_group_tests_name("deprecated", tests, NULL, NULL);
}
