/* coded_requests.c - request bodies in a content coding go up without it, no faster than they are
 * read */
#include "exchange/coders.h"
#include "exchange/stage.h"
#include "exchange/suites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define PRODUCTS  "/api/v1/accounts/a/data-products"
#define HOST_LINE "Host: api.example.com\r\nX-Request-Id: r-1\r\n"

enum { HIGH = 4096, LOW = 1024, WINDOW = 16 * 1024 };

/* A POST to PATH of TYPE in CODING, in chunks or (not 0) with LENGTH; it may grow RATIO times. */
static void begin_within(uint64_t ratio, struct stage *s, const char *path, const char *type,
                         const char *coding, size_t length)
{
    char head[512], framing[64] = "Transfer-Encoding: chunked";

    if (length)
        snprintf(framing, sizeof framing, "Content-Length: %zu", length);
    stage_open(s, &scene_get_roomy);
    s->host.limits.buffer_high = HIGH;
    s->host.limits.buffer_low = LOW;
    s->host.limits.body_json = 1 << 20;
    s->host.limits.request_buffer = 1024;
    s->host.limits.coding = (struct coding_limits){.ratio = ratio, .ratio_from = 64 * 1024};
    snprintf(head, sizeof head,
             "POST %s HTTP/1.1\r\n" HOST_LINE "Content-Type: %s\r\nContent-Encoding: %s\r\n"
             "%s\r\n\r\n",
             path, type, coding, framing);
    stage_begin_with(s, head);
}

static void begin(struct stage *s, const char *path, const char *type, const char *coding,
                  size_t length)
{
    begin_within(100, s, path, type, coding, length);
}

static void end(struct stage *s)
{
    stage_head(s, 204, HTTP_NO_BODY, 0, "");
    fake_upstream_done(stage_transfer(s), &(struct http_fields){0});
    s->client->body_over = true;
    stage_finish(s);
    assert_int_equal(s->outcome, OUTCOME_OK);
    stage_close(s);
}

static void a_held_body_goes_up_plain(void **state)
{
    struct stage s;

    (void)state;
    for (size_t i = 0; i < CODERS; i++) {
        struct text coded = coder_code(&coders[i], TEXT(CLIENT_JSON));

        for (unsigned chunked = 0; chunked < 2; chunked++) {
            begin(&s, PRODUCTS, "application/json", coders[i].name, chunked ? 0 : coded.len);
            for (size_t at = 0; at < coded.len; at++)
                fake_front_piece(s.client, text_of(coded.at + at, 1));
            fake_front_body_end(s.client);
            struct upstream_transfer *t = stage_transfer(&s);
            assert_true(text_eq(t->whole, TEXT(SERVICE_JSON)));
            assert_int_equal(t->request.length, strlen(SERVICE_JSON));
            assert_null(fake_upstream_field(t, "Content-Encoding", 0));
            assert_int_equal(s.ex->up.received, coded.len);
            end(&s);
        }
        free((char *)coded.at);
    }
}

static void an_empty_body_is_none(void **state)
{
    struct stage s;

    (void)state;
    begin(&s, PRODUCTS, "application/json", "gzip", 0);
    fake_front_body_end(s.client);
    assert_int_equal(stage_transfer(&s)->request.framing, HTTP_NO_BODY);
    end(&s);
}

/* The service takes ROOM bytes at a time; the most that ever waited for it. */
static size_t take_slowly(struct stage *s, size_t room)
{
    size_t most = 0;

    for (;;) {
        size_t waits = s->ex->up.valve.level;

        most = waits > most ? waits : most;
        if (fake_upstream_want(stage_transfer(s), room) != UPSTREAM_GIVE_BYTES)
            return most;
    }
}

/* One piece that stands for much goes up as fast as the service takes it, and no faster. */
static void a_slow_service_holds_the_decoder_up(void **state)
{
    struct text plain = dense_json(400000);
    struct stage s;

    (void)state;
    for (size_t i = 1; i < plain.len - 1; i++)
        ((char *)plain.at)[i] = ' ';
    for (size_t i = 0; i < CODERS; i++)
        for (unsigned end_first = 0; end_first < 2; end_first++) {
            struct text coded = coder_code(&coders[i], plain);

            begin_within(1000000, &s, PRODUCTS, "application/json", coders[i].name, 0);
            fake_front_piece(s.client, coded);
            assert_int_equal(stage_transfer(&s)->request.framing, HTTP_CHUNKED);
            assert_false(s.client->reading);
            if (end_first)
                fake_front_body_end(s.client);
            assert_int_equal(s.ex->phase, EXCHANGE_SENDING);
            assert_true(take_slowly(&s, 1000) <= HIGH + 2 * WINDOW);
            assert_int_equal(stage_transfer(&s)->ended, end_first);
            if (!end_first) {
                assert_true(s.client->reading);
                fake_front_body_end(s.client);
                take_slowly(&s, 1000);
            }
            assert_int_equal(s.ex->phase, EXCHANGE_WAITING);
            assert_true(stage_transfer(&s)->ended);
            assert_true(text_eq(buf_text(&stage_transfer(&s)->received), plain));
            end(&s);
            free((char *)coded.at);
        }
    free((char *)plain.at);
}

/* An early answer while coded bytes wait: the rest is thrown away, and the reply goes down. */
static void an_early_answer_while_stopped(void **state)
{
    struct text plain = dense_json(100000);
    struct text coded = coder_code(&coders[0], plain);
    struct stage s;

    (void)state;
    begin(&s, PRODUCTS, "application/json", "gzip", 0);
    fake_front_piece(s.client, coded);
    assert_false(s.client->reading);
    stage_head(&s, 413, HTTP_LENGTH, 2, "Content-Type: application/json\n");
    assert_true(s.client->reading);
    fake_front_piece(s.client, coded);
    fake_front_body_end(s.client);
    assert_int_equal(fake_upstream_want(stage_transfer(&s), 100), UPSTREAM_GIVE_BYTES);
    fake_upstream_piece(stage_transfer(&s), TEXT("{}"));
    fake_upstream_done(stage_transfer(&s), &(struct http_fields){0});
    assert_int_equal(s.client->reply.status, 413);
    assert_true(s.client->reply.close);
    stage_finish(&s);
    assert_int_equal(s.outcome, OUTCOME_OK);
    stage_close(&s);
    free((char *)coded.at);
    free((char *)plain.at);
}

/* --- refused ---------------------------------------------------------------------------- */

static void expect_refusal(struct stage *s, int status, enum outcome outcome)
{
    assert_int_equal(s->client->reply.status, status);
    assert_null(fake_upstream_live(&s->upstream));
    s->client->body_over = true;
    stage_finish(s);
    assert_int_equal(s->outcome, outcome);
    stage_close(s);
}

static void cut_short_is_400(void **state)
{
    struct text plain = dense_json(3000);
    struct stage s;

    (void)state;
    for (size_t i = 0; i < CODERS; i++) {
        struct text coded = coder_code(&coders[i], plain);

        begin(&s, PRODUCTS, "application/json", coders[i].name, 0);
        fake_front_piece(s.client, text_of(coded.at, coded.len - 1));
        if (fake_upstream_live(&s.upstream))
            take_slowly(&s, 1000);
        fake_front_body_end(s.client);
        expect_refusal(&s, 400, OUTCOME_BAD_BODY_CODING);
        free((char *)coded.at);
    }
    free((char *)plain.at);
}

/* Broken in the middle, while the service reads: it never gets an end. */
static void garbled_is_400(void **state)
{
    struct text plain = dense_json(60000);
    struct stage s;

    (void)state;
    struct text coded = coder_code(&coders[0], plain);
    memset((char *)coded.at + coded.len - 300, 0xff, 300);
    begin(&s, PRODUCTS, "application/json", "gzip", 0);
    fake_front_piece(s.client, coded);
    fake_front_body_end(s.client);
    while (fake_upstream_live(&s.upstream))
        assert_int_not_equal(fake_upstream_want(stage_transfer(&s), 3000), UPSTREAM_GIVE_END);
    expect_refusal(&s, 400, OUTCOME_BAD_BODY_CODING);
    free((char *)coded.at);
    free((char *)plain.at);
}

/* Too much after decoding, by the limit of bodies or by that of codings: 413. */
static void bombs_are_413(void **state)
{
    struct text plain = dense_json(2 << 20);
    struct stage s;

    (void)state;
    for (size_t i = 1; i < plain.len - 1; i++)
        ((char *)plain.at)[i] = ' ';
    for (size_t i = 0; i < CODERS; i++)
        for (unsigned by_limit = 0; by_limit < 2; by_limit++) {
            struct text coded = coder_code(&coders[i], plain);

            begin_within(by_limit ? 1000000 : 100, &s, PRODUCTS, "application/json", coders[i].name,
                         0);
            fake_front_piece(s.client, coded);
            while (fake_upstream_live(&s.upstream))
                fake_upstream_want(stage_transfer(&s), 16384);
            expect_refusal(&s, 413, OUTCOME_BODY_TOO_LARGE);
            free((char *)coded.at);
        }
    free((char *)plain.at);
}

static void unknown_is_415(void **state)
{
    static const char *const unknown[] = {"compress", "gzip, gzip", "*", "gzip;q=1"};
    struct stage s;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        begin(&s, PRODUCTS, "application/json", unknown[i], 9);
        assert_int_equal(s.upstream.started, 0);
        expect_refusal(&s, 415, OUTCOME_UNSUPPORTED_CODING);
    }
}

/* What isn't translated isn't decoded, whatever its coding. */
static void others_go_up_coded(void **state)
{
    static const char *const names[] = {"gzip", "compress"};
    struct stage s;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        begin(&s, PRODUCTS "/p/assets", "text/csv", names[i], 5);
        assert_string_equal(fake_upstream_field(stage_transfer(&s), "Content-Encoding", 0),
                            names[i]);
        assert_int_equal(stage_transfer(&s)->request.length, 5);
        fake_front_piece(s.client, TEXT("12345"));
        fake_upstream_want(stage_transfer(&s), 5);
        assert_true(text_eq(buf_text(&stage_transfer(&s)->received), TEXT("12345")));
        fake_front_body_end(s.client);
        end(&s);
    }
}

int run_coded_requests(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_held_body_goes_up_plain),
        cmocka_unit_test(an_empty_body_is_none),
        cmocka_unit_test(a_slow_service_holds_the_decoder_up),
        cmocka_unit_test(an_early_answer_while_stopped),
        cmocka_unit_test(cut_short_is_400),
        cmocka_unit_test(garbled_is_400),
        cmocka_unit_test(bombs_are_413),
        cmocka_unit_test(unknown_is_415),
        cmocka_unit_test(others_go_up_coded),
    };
    return cmocka_run_group_tests_name("coded requests", tests, NULL, NULL);
}
