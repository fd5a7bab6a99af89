#include "exchange/stage.h"
#include "exchange/suites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define PRODUCTS  "/api/v1/accounts/a/data-products"
#define HOST_LINE "Host: api.example.com\r\nX-Request-Id: r-1\r\n"
#define JSON      "Content-Type: application/json\n"
#define JSON_UP   "Content-Type: application/json\r\n"

/* Begins METHOD PATH with LINES behind roomy buffers. */
static void begin(struct stage *s, const char *head)
{
    stage_open(s, &scene_get_roomy);
    stage_begin_with(s, head);
}

static void begin_get(struct stage *s)
{
    begin(s, "GET " PRODUCTS "/p1 HTTP/1.1\r\n" HOST_LINE "\r\n");
}

/* The service ends its reply, and everything leaves. */
static void end(struct stage *s)
{
    fake_upstream_done(stage_transfer(s), &(struct http_fields){0});
    s->client->body_over = true;
    stage_finish(s);
    stage_close(s);
}

/* --- replies without a body ------------------------------------------------- */

static void expect_no_body(const struct stage *s, bool has_length, uint64_t length)
{
    assert_true(s->client->replied);
    assert_int_equal(s->client->reply.framing, HTTP_NO_BODY);
    assert_int_equal(s->client->reply.has_length, has_length);
    if (has_length)
        assert_int_equal(s->client->reply.length, length);
}

/* A 205 has no body; without a length a client would wait for one (RFC 9110, 15.3.6). */
static void a_205_is_empty(void **state)
{
    struct stage s;

    (void)state;
    begin_get(&s);
    stage_head(&s, 205, HTTP_CHUNKED, 0, JSON);
    expect_no_body(&s, true, 0);
    fake_upstream_piece(stage_transfer(&s), TEXT("{}"));
    end(&s);

    begin_get(&s);
    stage_head(&s, 205, HTTP_LENGTH, 9, "");
    expect_no_body(&s, true, 0);
    fake_upstream_piece(stage_transfer(&s), TEXT("123456789"));
    end(&s);

    begin_get(&s);
    stage_head(&s, 205, HTTP_NO_BODY, 0, JSON);
    expect_no_body(&s, true, 0);
    end(&s);
}

/* The length of a body that would have been translated is not vouched for. */
static void lengths_without_a_body(void **state)
{
    struct stage s;

    (void)state;
    begin(&s, "HEAD " PRODUCTS "/p1 HTTP/1.1\r\n" HOST_LINE "\r\n");
    assert_int_equal(stage_transfer(&s)->request.method, HTTP_HEAD);
    stage_head(&s, 200, HTTP_NO_BODY, 77, JSON);
    expect_no_body(&s, false, 0);
    end(&s);

    begin(&s, "HEAD " PRODUCTS "/p1 HTTP/1.1\r\n" HOST_LINE "\r\n");
    stage_head(&s, 200, HTTP_NO_BODY, 77, "Content-Type: text/csv\n");
    expect_no_body(&s, true, 77);
    end(&s);

    begin_get(&s);
    stage_head(&s, 304, HTTP_NO_BODY, 77, JSON);
    expect_no_body(&s, false, 0);
    end(&s);

    begin_get(&s);
    stage_head(&s, 204, HTTP_NO_BODY, 0, "");
    expect_no_body(&s, false, 0);
    end(&s);
}

/* Not even a length of 0 (RFC 9110, 8.6). */
static void a_204_has_no_length(void **state)
{
    struct http_field type = {TEXT("Content-Type"), TEXT("text/csv")};
    struct upstream_head head = {
        .status = 204, .fields = {&type, 1}, .framing = HTTP_NO_BODY, .has_length = true};
    struct stage s;

    (void)state;
    begin_get(&s);
    fake_upstream_head(stage_transfer(&s), &head);
    expect_no_body(&s, false, 0);
    end(&s);
}

/* --- held or not --------------------------------------------------------------- */

static void a_held_reply_has_the_length_it_leaves_with(void **state)
{
    struct stage s;

    (void)state;
    begin_get(&s);
    stage_head(&s, 200, HTTP_LENGTH, 17, JSON);
    assert_false(s.client->replied);
    fake_upstream_piece(stage_transfer(&s), TEXT("{\"works"));
    fake_upstream_piece(stage_transfer(&s), TEXT("paceId\":1}"));
    assert_false(s.client->replied);
    fake_upstream_done(stage_transfer(&s), NULL);
    assert_int_equal(s.client->reply.framing, HTTP_LENGTH);
    assert_int_equal(s.client->reply.length, 19);
    assert_true(text_eq(buf_text(&s.client->body), TEXT("{\"dataProductId\":1}")));
    stage_finish(&s);
    stage_close(&s);
}

static void a_long_reply_is_not_held(void **state)
{
    struct stage s;

    (void)state;
    begin_get(&s);
    stage_head(&s, 200, HTTP_LENGTH, 33, JSON);
    assert_int_equal(s.client->reply.framing, HTTP_CHUNKED);
    s.begun_bytes = s.replies = false;
    end(&s);

    begin_get(&s);
    stage_head(&s, 200, HTTP_TO_CLOSE, 0, "Content-Type: text/csv\n");
    assert_int_equal(s.client->reply.framing, HTTP_CHUNKED);
    end(&s);
}

static void a_raw_reply_keeps_its_length(void **state)
{
    struct stage s;

    (void)state;
    begin_get(&s);
    stage_head(&s, 200, HTTP_LENGTH, 40, "Content-Type: text/csv\n");
    assert_int_equal(s.client->reply.framing, HTTP_LENGTH);
    assert_int_equal(s.client->reply.length, 40);
    fake_upstream_piece(stage_transfer(&s), TEXT("workspaceId,workspaceId,workspaceId,1234"));
    end(&s);
}

/* An event stream leaves at once, and may be silent for longer unless its route says how long. */
static void an_event_stream_is_not_held(void **state)
{
    static const char events[] = "Content-Type: text/event-stream; charset=utf-8\n";
    struct stage s;

    (void)state;
    begin_get(&s);
    stage_head(&s, 200, HTTP_LENGTH, 8, events);
    assert_true(s.client->replied);
    assert_int_equal(stage_transfer(&s)->silence_ms, 300000);
    fake_upstream_piece(stage_transfer(&s), TEXT("data: 1\n"));
    assert_int_equal(s.client->body.len, 8);
    end(&s);

    begin(&s,
          "POST " PRODUCTS "/p1/chat HTTP/1.1\r\n" HOST_LINE "Accept: text/event-stream\r\n\r\n");
    assert_true(stage_transfer(&s)->request.event_stream);
    assert_int_equal(stage_transfer(&s)->request.first_byte_ms, 300000);
    assert_int_equal(stage_transfer(&s)->request.between_bytes_ms, 300000);
    stage_head(&s, 200, HTTP_CHUNKED, 0, events);
    assert_false(stage_transfer(&s)->silence_set);
    end(&s);
}

/* What can't be read can't be translated. */
static void replies_that_cannot_be_translated(void **state)
{
    struct stage s;

    (void)state;
    begin_get(&s);
    stage_head(&s, 200, HTTP_CHUNKED, 0, JSON "Content-Encoding: compress\n");
    assert_int_equal(s.client->reply.status, 502);
    stage_finish(&s);
    assert_int_equal(s.outcome, OUTCOME_UPSTREAM_INVALID);
    stage_close(&s);

    begin_get(&s);
    stage_head(&s, 206, HTTP_CHUNKED, 0, JSON);
    assert_int_equal(s.client->reply.status, 502);
    stage_finish(&s);
    stage_close(&s);

    begin(&s, "GET /api/v1/accounts/a/workspaces/w HTTP/1.1\r\n" HOST_LINE "\r\n");
    stage_head(&s, 206, HTTP_CHUNKED, 0, JSON "Content-Encoding: gzip\n");
    assert_int_equal(s.client->reply.status, 206);
    fake_upstream_piece(stage_transfer(&s), TEXT("{\"workspaceId\":1}"));
    assert_true(text_eq(buf_text(&s.client->body), TEXT("{\"workspaceId\":1}")));
    end(&s);
}

/* --- trailers and hints ---------------------------------------------------------- */

static void end_with_trailers(struct stage *s)
{
    struct http_field at[] = {{TEXT("X-Workspace-Id"), TEXT("1")},
                              {TEXT("Content-Digest"), TEXT("sha-256=:x:")},
                              {TEXT("X-Sum"), TEXT("2")}};
    struct http_fields trailers = {at, 3};

    fake_upstream_done(stage_transfer(s), &trailers);
    stage_finish(s);
}

static void trailers_pass_by_the_header_rules(void **state)
{
    struct stage s;

    (void)state;
    begin_get(&s);
    stage_head(&s, 200, HTTP_CHUNKED, 0, JSON);
    end_with_trailers(&s);
    assert_true(text_eq(buf_text(&s.client->trailers), TEXT("X-Data-Product-Id: 1\nX-Sum: 2\n")));
    stage_close(&s);

    begin(&s, "GET /api/v1/accounts/a/workspaces/w HTTP/1.1\r\n" HOST_LINE "\r\n");
    stage_head(&s, 200, HTTP_CHUNKED, 0, JSON);
    end_with_trailers(&s);
    assert_true(text_eq(buf_text(&s.client->trailers),
                        TEXT("X-Workspace-Id: 1\nContent-Digest: sha-256=:x:\nX-Sum: 2\n")));
    stage_close(&s);
}

static void hints_pass_by_the_header_rules(void **state)
{
    struct http_field at[] = {{TEXT("X-Workspace-Id"), TEXT("1")},
                              {TEXT("Link"), TEXT("</a.css>; rel=preload")}};
    struct upstream_head hints = {.status = 103, .fields = {at, 2}};
    struct stage s;

    (void)state;
    begin_get(&s);
    transcript_clear();
    stage_transfer(&s)->events->on_hints(s.ex, &hints);
    assert_string_equal(transcript(), "hints 2");
    assert_true(text_eq(buf_text(&s.client->hints),
                        TEXT("X-Data-Product-Id: 1\nLink: </a.css>; rel=preload\n")));
    stage_finish(&s);
    stage_close(&s);
}

/* --- early answers ------------------------------------------------------------------ */

/* A body that has not been read whole is not the start of the next request. */
static void early_answers_close(void **state)
{
    static const enum happening heads[] = {HEAD_404, HEAD_CHUNKED, HEAD_204};
    struct stage s;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        stage_open(&s, &scene_chunked);
        stage_begin(&s);
        stage_do(&s, heads[i]);
        assert_true(s.client->reply.close);
        stage_finish(&s);
        stage_close(&s);

        stage_open(&s, &scene_chunked);
        stage_begin(&s);
        stage_do(&s, BODY_END);
        stage_do(&s, heads[i]);
        assert_false(s.client->reply.close);
        stage_finish(&s);
        stage_close(&s);
    }
}

/* A client that reads nothing before it has sent everything gets both done. */
static void both_valves_shut(void **state)
{
    static const enum happening steps[] = {PIECE, PIECE, HEAD_CHUNKED, BYTES, WANT,
                                           WANT,  PIECE, PIECE,        WANT};
    struct stage s;

    (void)state;
    stage_open(&s, &scene_chunked);
    stage_begin(&s);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (!stage_may(&s, steps[i]))
            wrong("%s cannot happen", happening_words(steps[i]));
        stage_do(&s, steps[i]);
    }
    assert_true(stage_transfer(&s)->paused);
    stage_finish(&s);
    assert_int_equal(s.outcome, OUTCOME_OK);
    stage_close(&s);
}

/* --- requests --------------------------------------------------------------------------- */

static void put(struct stage *s, const char *bytes)
{
    fake_front_piece(s->client, text_from(bytes));
}

static void a_whole_body_has_its_length(void **state)
{
    struct stage s;

    (void)state;
    begin(&s, "POST " PRODUCTS " HTTP/1.1\r\n" HOST_LINE JSON_UP "Content-Length: 19\r\n\r\n");
    put(&s, "{\"dataProd");
    put(&s, "uctId\":1}");
    assert_int_equal(s.upstream.started, 0);
    fake_front_body_end(s.client);
    assert_int_equal(stage_transfer(&s)->request.framing, HTTP_LENGTH);
    assert_int_equal(stage_transfer(&s)->request.length, 17);
    assert_true(text_eq(stage_transfer(&s)->whole, TEXT("{\"workspaceId\":1}")));
    stage_head(&s, 204, HTTP_NO_BODY, 0, "");
    end(&s);

    begin(&s,
          "POST " PRODUCTS " HTTP/1.1\r\n" HOST_LINE JSON_UP "Transfer-Encoding: chunked\r\n\r\n");
    fake_front_body_end(s.client);
    assert_int_equal(stage_transfer(&s)->request.framing, HTTP_NO_BODY);
    stage_head(&s, 204, HTTP_NO_BODY, 0, "");
    end(&s);
}

/* At the limit the body is held, one byte beyond it streams. */
static void the_request_buffer_is_exact(void **state)
{
    struct stage s;

    (void)state;
    for (size_t over = 0; over < 2; over++) {
        stage_open(&s, &scene_get_roomy);
        s.host.limits.request_buffer = 19 - over;
        stage_begin_with(&s, "POST " PRODUCTS " HTTP/1.1\r\n" HOST_LINE JSON_UP
                             "Content-Length: 19\r\n\r\n");
        put(&s, "{\"dataProductId\":1}");
        assert_int_equal(s.upstream.started, over);
        fake_front_body_end(s.client);
        assert_int_equal(stage_transfer(&s)->request.framing, over ? HTTP_CHUNKED : HTTP_LENGTH);
        while (over && fake_upstream_want(stage_transfer(&s), 4) != UPSTREAM_GIVE_END)
            ;
        assert_true(text_eq(buf_text(&stage_transfer(&s)->received), TEXT("{\"workspaceId\":1}")));
        stage_head(&s, 204, HTTP_NO_BODY, 0, "");
        end(&s);
    }
}

/* A body as long as its limit passes, one byte more is refused. */
static void body_limits_are_exact(void **state)
{
    struct stage s;

    (void)state;
    for (unsigned over = 0; over < 2; over++) {
        stage_open(&s, &scene_get_roomy);
        s.host.limits.body_json = 19 - over;
        stage_begin_with(&s, "POST " PRODUCTS " HTTP/1.1\r\n" HOST_LINE JSON_UP
                             "Transfer-Encoding: chunked\r\n\r\n");
        put(&s, "{\"dataProductId\":1}");
        assert_int_equal(s.client->reply.status, over ? 413 : 0);
        stage_do(&s, GONE);
        stage_close(&s);

        stage_open(&s, &scene_get_roomy);
        s.host.limits.body_json = 19 - over;
        stage_begin_with(&s, "POST " PRODUCTS " HTTP/1.1\r\n" HOST_LINE JSON_UP
                             "Content-Length: 19\r\n\r\n");
        assert_int_equal(s.client->reply.status, over ? 413 : 0);
        stage_do(&s, GONE);
        stage_close(&s);
    }
}

static void an_upload_keeps_its_framing(void **state)
{
    struct stage s;

    (void)state;
    begin(&s, "POST " PRODUCTS "/p/assets HTTP/1.1\r\n" HOST_LINE "Content-Length: 9\r\n\r\n");
    assert_int_equal(stage_transfer(&s)->request.framing, HTTP_LENGTH);
    assert_int_equal(stage_transfer(&s)->request.length, 9);
    stage_head(&s, 204, HTTP_NO_BODY, 0, "");
    end(&s);
}

static void methods_and_targets_are_mapped(void **state)
{
    struct stage s;

    (void)state;
    begin(&s, "PUT " PRODUCTS "/p%2Fq/skills/x?dataProductId=7 HTTP/1.1\r\n" HOST_LINE "\r\n");
    assert_int_equal(stage_transfer(&s)->request.method, HTTP_POST);
    assert_true(text_eq(buf_text(&stage_transfer(&s)->target),
                        TEXT("/api/v1/accounts/a/workspaces/p%2Fq/skills/x?workspaceId=7")));
    stage_finish(&s);
    stage_close(&s);

    begin(&s, "GET /api/v1/accounts/a/workspaces/w?dataProductId=7 HTTP/1.1\r\n" HOST_LINE "\r\n");
    assert_true(text_eq(buf_text(&stage_transfer(&s)->target),
                        TEXT("/api/v1/accounts/a/workspaces/w?dataProductId=7")));
    stage_finish(&s);
    stage_close(&s);
}

/* 100 is sent once route, method and limits have been accepted, and not before. */
static void continue_after_admission(void **state)
{
#define EXPECT HOST_LINE "Expect: 100-continue\r\n"
    static const struct {
        const char *head, *does;
    } cases[] = {
        {"POST " PRODUCTS "/p/assets HTTP/1.1\r\n" EXPECT "Content-Length: 9\r\n\r\n",
         "continue start"},
        {"POST " PRODUCTS " HTTP/1.1\r\n" EXPECT JSON_UP "Content-Length: 9\r\n\r\n", "continue"},
        {"POST /nothing HTTP/1.1\r\n" EXPECT "Content-Length: 9\r\n\r\n",
         "reply 404 send error finish"},
        {"PATCH " PRODUCTS " HTTP/1.1\r\n" EXPECT "Content-Length: 9\r\n\r\n",
         "reply 405 send error finish"},
        {"POST " PRODUCTS "/p/assets HTTP/1.1\r\n" EXPECT "Content-Length: 999\r\n\r\n",
         "reply 413 send error finish"},
        {"POST " PRODUCTS "?dataProductId=1&workspaceId=2 HTTP/1.1\r\n" EXPECT
         "Content-Length: 9\r\n\r\n",
         "reply 400 send error finish"},
    };
    struct stage s;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin(&s, cases[i].head);
        assert_string_equal(transcript(), cases[i].does);
        stage_do(&s, GONE);
        stage_close(&s);
    }
}

int run_replies(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_205_is_empty),
        cmocka_unit_test(lengths_without_a_body),
        cmocka_unit_test(a_204_has_no_length),
        cmocka_unit_test(a_held_reply_has_the_length_it_leaves_with),
        cmocka_unit_test(a_long_reply_is_not_held),
        cmocka_unit_test(a_raw_reply_keeps_its_length),
        cmocka_unit_test(an_event_stream_is_not_held),
        cmocka_unit_test(replies_that_cannot_be_translated),
        cmocka_unit_test(trailers_pass_by_the_header_rules),
        cmocka_unit_test(hints_pass_by_the_header_rules),
        cmocka_unit_test(early_answers_close),
        cmocka_unit_test(both_valves_shut),
        cmocka_unit_test(a_whole_body_has_its_length),
        cmocka_unit_test(the_request_buffer_is_exact),
        cmocka_unit_test(body_limits_are_exact),
        cmocka_unit_test(an_upload_keeps_its_framing),
        cmocka_unit_test(methods_and_targets_are_mapped),
        cmocka_unit_test(continue_after_admission),
    };
    return cmocka_run_group_tests_name("replies", tests, NULL, NULL);
}
