#include "exchange/stage.h"
#include "exchange/suites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define HOST_LINE "Host: api.example.com\r\nX-Request-Id: r-1\r\n"
#define PLAIN     "The page, as it was written, in so many words that they do not fit."
#define CODED     "its gzip"

static const struct local_reply replies[] = {
    {.route = {.client = {"/docs", 5}, .passthrough = true},
     .type = {"text/html", 9},
     .policy = {"default-src 'none'", 18},
     .plain = {.bytes = {PLAIN, sizeof PLAIN - 1}, .tag = "\"plain\""},
     .coded = {.bytes = {CODED, sizeof CODED - 1}, .tag = "\"coded\""}},
    {.route = {.client = {"/openapi.json", 13}, .passthrough = true},
     .type = {"application/json", 16},
     .plain = {.bytes = {"{}", 2}, .tag = "\"small\""}},
};

/* Three pieces and a bit, for a slow reader. */
static char large[3 * 16384 + 5];
static struct local_reply slow = {.route = {.client = {"/docs", 5}, .passthrough = true},
                                  .type = {"text/html", 9},
                                  .plain = {.bytes = {large, sizeof large}, .tag = "\"large\""}};

/* METHOD_PATH with LINES to a host that has both replies. */
static void begin(struct stage *s, const char *method_path, const char *lines)
{
    char head[512];

    snprintf(head, sizeof head, "%s HTTP/1.1\r\n" HOST_LINE "%s\r\n", method_path, lines);
    stage_open(s, &scene_get_roomy);
    s->host.local = (struct local_replies){replies, 2};
    stage_begin_with(s, head);
}

/* All of it leaves. */
static void end(struct stage *s, enum outcome outcome)
{
    assert_true(s->client->finished);
    s->client->body_over = true;
    stage_finish(s);
    assert_int_equal(s->outcome, outcome);
    assert_int_equal(s->upstream.started, 0);
    stage_close(s);
}

static void expect_field(const struct stage *s, const char *name, const char *value)
{
    const char *found = fake_front_field(s->client, name, 0);

    if (value && found)
        assert_string_equal(found, value);
    else
        assert_ptr_equal(found, value);
}

static void expect(const struct stage *s, int status, const char *body)
{
    assert_int_equal(s->client->reply.status, status);
    assert_int_equal(s->client->body.len, strlen(body));
    assert_memory_equal(buf_text(&s->client->body).at, body, strlen(body));
    if (*body)
        assert_int_equal(s->client->reply.length, strlen(body));
}

static void it_is_answered_without_the_service(void **state)
{
    struct stage s;

    (void)state;
    begin(&s, "GET /docs?from=here", "");
    expect(&s, 200, PLAIN);
    expect_field(&s, "Content-Type", "text/html");
    expect_field(&s, "ETag", "\"plain\"");
    expect_field(&s, "Vary", "Accept-Encoding");
    expect_field(&s, "Cache-Control", "no-cache");
    expect_field(&s, "X-Content-Type-Options", "nosniff");
    expect_field(&s, "Content-Security-Policy", "default-src 'none'");
    expect_field(&s, "X-Request-Id", "r-1");
    expect_field(&s, "Content-Encoding", NULL);
    assert_false(s.client->reply.close);
    end(&s, OUTCOME_OK);
}

static void the_form_is_one_that_the_client_takes(void **state)
{
    struct stage s;

    (void)state;
    begin(&s, "GET /docs", "Accept-Encoding: br, gzip;q=0.5\r\n");
    expect(&s, 200, CODED);
    expect_field(&s, "Content-Encoding", "gzip");
    expect_field(&s, "ETag", "\"coded\"");
    end(&s, OUTCOME_OK);

    begin(&s, "GET /docs", "Accept-Encoding: gzip;q=0\r\n");
    expect(&s, 200, PLAIN);
    end(&s, OUTCOME_OK);

    begin(&s, "GET /openapi.json", "Accept-Encoding: gzip\r\n"); /* has no coded form */
    expect(&s, 200, "{}");
    expect_field(&s, "Content-Encoding", NULL);
    expect_field(&s, "Content-Security-Policy", NULL);
    end(&s, OUTCOME_OK);
}

static void what_the_client_has_is_not_sent_again(void **state)
{
    static const char *const known[] = {"\"plain\"", "W/\"plain\"", "\"x\", W/\"y\",\"plain\"",
                                        "*"};
    static const char *const unknown[] = {"\"coded\"", "plain", "\"plai\"", "\"x\" \"plain\""};
    char line[128];
    struct stage s;

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        snprintf(line, sizeof line, "If-None-Match: %s\r\n", known[i]);
        begin(&s, "GET /docs", line);
        expect(&s, 304, "");
        assert_int_equal(s.client->reply.framing, HTTP_NO_BODY);
        assert_false(s.client->reply.has_length);
        expect_field(&s, "ETag", "\"plain\"");
        expect_field(&s, "Vary", "Accept-Encoding");
        expect_field(&s, "Content-Type", NULL);
        end(&s, OUTCOME_OK);
    }
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        snprintf(line, sizeof line, "If-None-Match: %s\r\n", unknown[i]);
        begin(&s, "GET /docs", line);
        expect(&s, 200, PLAIN);
        end(&s, OUTCOME_OK);
    }
}

static void a_head_tells_the_length(void **state)
{
    struct stage s;

    (void)state;
    begin(&s, "HEAD /docs", "Accept-Encoding: gzip\r\n");
    expect(&s, 200, "");
    assert_int_equal(s.client->reply.framing, HTTP_NO_BODY);
    assert_true(s.client->reply.has_length);
    assert_int_equal(s.client->reply.length, sizeof CODED - 1);
    expect_field(&s, "Content-Encoding", "gzip");
    end(&s, OUTCOME_OK);
}

static void other_methods_are_told_which_there_are(void **state)
{
    static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    char line[64];
    struct stage s;

    (void)state;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        snprintf(line, sizeof line, "%s /docs", methods[i]);
        begin(&s, line, "");
        assert_int_equal(s.client->reply.status, 405);
        expect_field(&s, "Allow", "GET, HEAD");
        end(&s, OUTCOME_NO_METHOD);
    }
}

/* Only these very paths, and before any route. */
static void other_paths_are_routes(void **state)
{
    static const char *const paths[] = {"GET /docs/", "GET /docsx", "GET /openapi.yaml"};
    struct stage s;

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        begin(&s, paths[i], "");
        assert_int_equal(s.client->reply.status, 404);
        end(&s, OUTCOME_NO_ROUTE);
    }
}

/* What can't leave yet waits where it is, not in the gateway's buffers. */
static void a_slow_reader_gets_it_as_it_reads(void **state)
{
    struct stage s;

    (void)state;
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (char)('a' + i % 23);
    stage_open(&s, &scene_get_roomy);
    s.host.local = (struct local_replies){&slow, 1};
    s.host.limits.buffer_high = 16384 + 1;
    stage_begin_with(&s, "GET /docs HTTP/1.1\r\n" HOST_LINE "\r\n");
    assert_int_equal(s.client->body.len, 2 * 16384);
    fake_front_drained(s.client, 16384); /* not low enough */
    assert_int_equal(s.client->body.len, 2 * 16384);
    fake_front_drained(s.client, 4);
    assert_int_equal(s.client->body.len, 3 * 16384);
    assert_false(s.client->finished);
    fake_front_drained(s.client, 0);
    assert_true(s.client->finished);
    assert_int_equal(s.client->body.len, sizeof large);
    assert_memory_equal(s.client->body.at, large, sizeof large);
    end(&s, OUTCOME_OK);

    stage_open(&s, &scene_get_roomy);
    s.host.local = (struct local_replies){&slow, 1};
    s.host.limits.buffer_high = 16384;
    stage_begin_with(&s, "GET /docs HTTP/1.1\r\n" HOST_LINE "\r\n");
    assert_int_equal(s.client->body.len, 16384);
    s.client->body_over = true;
    fake_front_gone(s.client);
    stage_reap(&s);
    assert_int_equal(s.outcome, OUTCOME_CLIENT_GONE);
    stage_close(&s);
}

/* A request's body is read and dropped; nothing follows it on the connection. */
static void a_body_is_passed_over(void **state)
{
    struct stage s;

    (void)state;
    begin(&s, "GET /docs", "Content-Length: 4\r\n");
    expect(&s, 200, PLAIN);
    assert_true(s.client->reply.close);
    fake_front_piece(s.client, TEXT("ab"));
    fake_front_piece(s.client, TEXT("cd"));
    fake_front_body_end(s.client);
    end(&s, OUTCOME_OK);

    begin(&s, "GET /docs", "Content-Length: 4\r\n");
    fake_front_body_broken(s.client, 408);
    end(&s, OUTCOME_OK);
}

int run_local(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_answered_without_the_service),
        cmocka_unit_test(the_form_is_one_that_the_client_takes),
        cmocka_unit_test(what_the_client_has_is_not_sent_again),
        cmocka_unit_test(a_head_tells_the_length),
        cmocka_unit_test(other_methods_are_told_which_there_are),
        cmocka_unit_test(other_paths_are_routes),
        cmocka_unit_test(a_slow_reader_gets_it_as_it_reads),
        cmocka_unit_test(a_body_is_passed_over),
    };
    return cmocka_run_group_tests_name("local", tests, NULL, NULL);
}
