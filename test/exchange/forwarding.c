#include "exchange/stage.h"
#include "exchange/suites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define HEAD(more) "GET /api/v1/accounts/a/data-products/p1 HTTP/1.1\r\nHost: inner\r\n" more "\r\n"
#define PASS(more) "GET /api/v1/accounts/a/workspaces/w HTTP/1.1\r\nHost: inner\r\n" more "\r\n"
#define FORWARDED                                                                                  \
    "X-Forwarded-For: 203.0.113.5, 10.0.0.2\r\nX-Forwarded-For: 10.0.0.3\r\n"                      \
    "X-Forwarded-Proto: https\r\nX-Forwarded-Host: api.example.com\r\n"
#define W "/api/v1/accounts/a/workspaces/w"
#define P "/api/v1/accounts/a/data-products/w"

/* An exchange with HEAD from a client at PEER, where HOPS are trusted. */
static void begin(struct stage *s, const char *head, const char *peer, const char *hops)
{
    stage_open(s, &scene_get_roomy);
    if (hops) {
        assert_true(network_read(text_from(hops), &s->host.limits.trusted_hops.at[0]));
        s->host.limits.trusted_hops.count = 1;
    }
    s->client = fake_front_new(head);
    s->client->peer = peer;
}

static void start(struct stage *s)
{
    exchange_begin(&s->host, s->client, &s->client->head);
    s->ex = s->client->owner;
}

static void end(struct stage *s)
{
    stage_do(s, GONE);
    stage_close(s);
}

static void expect_up(const struct stage *s, const char *name, const char *value)
{
    assert_string_equal(fake_upstream_field(stage_transfer(s), name, 0), value);
    assert_null(fake_upstream_field(stage_transfer(s), name, 1));
}

static void trusted_hops_are_added_to(void **state)
{
    static const char *const heads[] = {HEAD(FORWARDED), PASS(FORWARDED)};
    struct stage s;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        begin(&s, heads[i], "192.0.2.7", "192.0.2.0/24");
        start(&s);
        expect_up(&s, "X-Forwarded-For", "203.0.113.5, 10.0.0.2, 10.0.0.3, 192.0.2.7");
        expect_up(&s, "X-Forwarded-Proto", "https, http");
        expect_up(&s, "X-Forwarded-Host", "api.example.com, inner");
        end(&s);
    }
}

static void others_are_replaced(void **state)
{
    static const char *const peers[][2] = {
        {"192.0.2.7", NULL}, {"192.0.2.7", "192.0.3.0/24"}, {"unix", "0.0.0.0/0"}};
    struct stage s;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        begin(&s, HEAD(FORWARDED), peers[i][0], peers[i][1]);
        start(&s);
        expect_up(&s, "X-Forwarded-For", peers[i][0]);
        expect_up(&s, "X-Forwarded-Proto", "http");
        expect_up(&s, "X-Forwarded-Host", "inner");
        end(&s);
    }
}

static void a_trusted_hop_may_tell_nothing(void **state)
{
    struct stage s;

    (void)state;
    begin(&s, HEAD("X-Forwarded-For:\r\n"), "::1", "::1/128");
    start(&s);
    expect_up(&s, "X-Forwarded-For", "::1");
    expect_up(&s, "X-Forwarded-Proto", "http");
    expect_up(&s, "X-Forwarded-Host", "inner");
    end(&s);
}

/* The Location that the client is told where the service says its own. */
static void expect_location(const char *head, const char *hops, const char *location)
{
    struct stage s;

    begin(&s, head, "192.0.2.7", hops);
    start(&s);
    stage_head(&s, 201, HTTP_NO_BODY, 0, "Location: http://127.0.0.1:9000" W "\n");
    assert_string_equal(fake_front_field(s.client, "Location", 0), location);
    end(&s);
}

/* Behind a hop that ends TLS, places are told as clients see them. */
static void places_are_where_the_client_sees_them(void **state)
{
    (void)state;
    expect_location(HEAD(FORWARDED), "192.0.2.7", "https://api.example.com" P);
    expect_location(HEAD(FORWARDED), NULL, "http://inner" P);
    expect_location(HEAD("X-Forwarded-Proto: HTTPS, http\r\n"), "192.0.2.7", "https://inner" P);
    expect_location(HEAD("X-Forwarded-Proto: gopher\r\nX-Forwarded-Host: a/b, c\r\n"), "192.0.2.7",
                    "http://inner" P);
    expect_location(HEAD("X-Forwarded-Host: [::1]:8443 , c\r\n"), "192.0.2.7",
                    "http://[::1]:8443" P);
}

/* Without a host no absolute URL can be told to the client, and none is made up. */
static void an_old_client_has_no_host(void **state)
{
    expect_location("GET /api/v1/accounts/a/data-products/p1 HTTP/1.0\r\n\r\n", NULL,
                    "http://127.0.0.1:9000" W);
    (void)state;
}

static void the_clients_host_may_go_up(void **state)
{
    static const char *const heads[] = {HEAD(""), PASS("")};
    struct stage s;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        begin(&s, heads[i], "192.0.2.7", NULL);
        s.pool.client_host = true;
        start(&s);
        expect_up(&s, "Host", "inner");
        end(&s);
    }
    begin(&s, "GET " P " HTTP/1.0\r\n\r\n", "192.0.2.7", NULL);
    s.pool.client_host = true;
    start(&s);
    expect_up(&s, "Host", "127.0.0.1:9000");
    end(&s);
}

/* Then the service knows itself by that name, and by the scheme it was told. */
static void places_at_the_host_that_was_sent_are_ours(void **state)
{
    static const char *const rows[][2] = {
        {"http://inner" W, "https://inner" P},
        {"https://INNER" W "?workspaceId=1", "https://inner" P "?dataProductId=1"},
        {"https://inner:443" W, "https://inner" P},
        {"http://127.0.0.1:9000" W, "https://inner" P},
        {"http://inner:81" W, "http://inner:81" W},
        {"http://outer" W, "http://outer" W},
    };
    char field[256];
    struct stage s;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(&s, HEAD(""), "192.0.2.7", NULL);
        s.pool.client_host = true;
        s.client->secure = true;
        start(&s);
        snprintf(field, sizeof field, "Location: %s\n", rows[i][0]);
        stage_head(&s, 201, HTTP_NO_BODY, 0, field);
        assert_string_equal(fake_front_field(s.client, "Location", 0), rows[i][1]);
        end(&s);
    }
    /* a name that was not sent is somebody else's */
    begin(&s, HEAD(""), "192.0.2.7", NULL);
    start(&s);
    stage_head(&s, 201, HTTP_NO_BODY, 0, "Location: http://inner" W "\n");
    assert_string_equal(fake_front_field(s.client, "Location", 0), "http://inner" W);
    end(&s);
}

int run_forwarding(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(trusted_hops_are_added_to),
        cmocka_unit_test(others_are_replaced),
        cmocka_unit_test(a_trusted_hop_may_tell_nothing),
        cmocka_unit_test(places_are_where_the_client_sees_them),
        cmocka_unit_test(an_old_client_has_no_host),
        cmocka_unit_test(the_clients_host_may_go_up),
        cmocka_unit_test(places_at_the_host_that_was_sent_are_ours),
    };
    return cmocka_run_group_tests_name("forwarding", tests, NULL, NULL);
}
