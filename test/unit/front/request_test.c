/* Requests in, replies out: framing, keep-alive, pipelining, refusals. */
#include "unit/front/stage.h"

#define GET_HEAD(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static struct stage stage;
static struct client client;

static int open_all(void **state)
{
    (void)state;
    stage_open(&stage, NULL);
    client_open(&client, &stage);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    client_close(&client);
    stage_close(&stage);
    return 0;
}

static void a_get_is_answered(void **state)
{
    (void)state;
    client_says(&client, GET_HEAD("/get/1"));
    UNTIL(&stage, got(&client, "/get/1 0"));
    assert_string_equal(client.got.at, "HTTP/1.1 200 OK\r\nX-Stage: yes\r\nContent-Length: 8\r\n"
                                       "\r\n/get/1 0");
    UNTIL(&stage, stage.ended == 1);
    assert_string_equal(heard(stage.exchanges), "qeE");
    assert_int_equal(front_connections(stage.front), 1);
}

/* Head and small body leave in one write. */
static void head_and_body_leave_together(void **state)
{
    char block[1024];

    (void)state;
    client_says(&client, GET_HEAD("/get/1"));
    ssize_t n = -1;
    UNTIL(&stage, (n = recv(client.fd, block, sizeof block, MSG_DONTWAIT)) > 0);
    assert_non_null(memmem(block, (size_t)n, "/get/1 0", 8));
}

static void thirty_pipelined_requests_are_answered_in_order(void **state)
{
    char words[128];
    struct buf all;

    (void)state;
    buf_init(&all, SIZE_MAX);
    for (int i = 0; i < 30; i++) {
        snprintf(words, sizeof words, "POST /keep/%02d HTTP/1.1\r\nHost: a\r\n%s", i,
                 i % 3 == 0   ? "\r\n"
                 : i % 3 == 1 ? "Content-Length: 3\r\n\r\nabc"
                              : "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        buf_add(&all, text_from(words));
    }
    client_send(&client, buf_text(&all));
    UNTIL(&stage, stage.ended == 30);
    UNTIL(&stage, times_got(&client, "HTTP/1.1 200") == 30);
    const char *at = client.got.at;
    for (int i = 0; i < 30; i++) {
        snprintf(words, sizeof words, "/keep/%02d %d", i, i % 3 == 0 ? 0 : 3);
        at = strstr(at, words);
        assert_non_null(at);
    }
    buf_fini(&all);
}

/* The same, the bytes cut at every place. */
static void pipelined_requests_at_every_cut(void **state)
{
    static const char words[] =
        "\r\nPOST /keep/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
        "GET /get/2 HTTP/1.1\r\nHost: a\r\n\r\n"
        "GET /get/3 HTTP/1.1\r\nHost: a\r\n\r\n";
    size_t whole = sizeof words - 1;

    (void)state;
    for (size_t cut = 1; cut < whole; cut++) {
        size_t before = stage.ended;

        client_send(&client, text_of(words, cut));
        event_base_loop(stage.base, EVLOOP_NONBLOCK);
        client_send(&client, text_of(words + cut, whole - cut));
        UNTIL(&stage, stage.ended == before + 3);
    }
    UNTIL(&stage, times_got(&client, "/get/3 0") == whole - 1);
    assert_int_equal(times_got(&client, "/keep/1 3"), whole - 1);
}

static void chunked_upload_at_every_cut(void **state)
{
    static const char words[] =
        "POST /keep/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5;a=b\r\nhello\r\n10\r\n, world of bytes\r\n0\r\nX-T: 1\r\n\r\n";
    size_t whole = sizeof words - 1;

    (void)state;
    for (size_t cut = 1; cut < whole; cut++) {
        size_t before = stage.ended;

        client_send(&client, text_of(words, cut));
        event_base_loop(stage.base, EVLOOP_NONBLOCK);
        event_base_loop(stage.base, EVLOOP_NONBLOCK);
        client_send(&client, text_of(words + cut, whole - cut));
        UNTIL(&stage, stage.ended == before + 1);
        assert_true(text_eq(buf_text(&stage.exchanges->body), TEXT("hello, world of bytes")));
        assert_int_equal(stage.exchanges->trailers, 1);
    }
    client_poll(&client);
}

static void a_request_byte_by_byte(void **state)
{
    static const char words[] =
        "POST /keep/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nhello\r\n0\r\n\r\n";

    (void)state;
    for (size_t i = 0; i < sizeof words - 1; i++) {
        client_send(&client, text_of(words + i, 1));
        run_for(&stage, 1);
    }
    UNTIL(&stage, got(&client, "/keep/x 5"));
}

static void echo_streams_both_ways(void **state)
{
    (void)state;
    client_says(&client, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    UNTIL(&stage, got(&client, "Transfer-Encoding: chunked\r\n\r\n"));
    client_says(&client, "3\r\nabc\r\n");
    UNTIL(&stage, got(&client, "\r\n3\r\nabc\r\n"));
    client_says(&client, "0\r\nX-T: v\r\n\r\n");
    UNTIL(&stage, got(&client, "0\r\nX-T: v\r\n\r\n"));
    client_says(&client, GET_HEAD("/get/2"));
    UNTIL(&stage, got(&client, "/get/2 0"));
}

static void head_requests_get_no_body(void **state)
{
    (void)state;
    client_says(&client, "HEAD /get/1 HTTP/1.1\r\nHost: a\r\n\r\n" GET_HEAD("/get/2"));
    UNTIL(&stage, got(&client, "/get/2 0"));
    assert_int_equal(times_got(&client, "Content-Length: 8\r\n\r\n"), 2);
    assert_false(got(&client, "/get/1 0"));
}

static void http_1_0_closes_unless_asked(void **state)
{
    (void)state;
    client_says(&client, "GET /get/1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    UNTIL(&stage, got(&client, "/get/1 0"));
    assert_true(got(&client, "HTTP/1.1 200 OK\r\n"));
    assert_true(got(&client, "Connection: keep-alive\r\n"));
    client_says(&client, "GET /get/2 HTTP/1.0\r\n\r\n");
    UNTIL(&stage, client_over(&client));
    assert_true(client.eof && got(&client, "/get/2 0") && got(&client, "Connection: close\r\n"));
}

/* A chunked reply to HTTP/1.0 ends with the connection. */
static void http_1_0_gets_no_chunks(void **state)
{
    (void)state;
    client_says(&client, "POST /echo HTTP/1.0\r\nContent-Length: 5\r\n"
                         "Connection: keep-alive\r\n\r\nhello");
    UNTIL(&stage, client_over(&client));
    assert_true(client.eof && got(&client, "\r\n\r\nhello"));
    assert_false(got(&client, "chunked"));
    assert_true(got(&client, "Connection: close\r\n"));
}

static void connection_close_is_a_close(void **state)
{
    (void)state;
    client_says(&client, "GET /get/1 HTTP/1.1\r\nHost: a\r\nConnection: x, close\r\n\r\n");
    UNTIL(&stage, client_over(&client));
    assert_true(client.eof && got(&client, "Connection: close\r\n") && got(&client, "/get/1 0"));
    UNTIL(&stage, front_connections(stage.front) == 0);
}

static void refused_heads_have_their_status(void **state)
{
    static const struct {
        const char *words;
        const char *status;
    } cases[] = {
        {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request"},
        {"GET / HTTP/1.1\nHost: a\n\n", "HTTP/1.1 400 "},
        {"\x16\x03\x01\x02", "HTTP/1.1 400 "},
        {"GET / HTTP/1.1\rHost: a\r\r", "HTTP/1.1 400 "},
        {"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 501 "},
        {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", "HTTP/1.1 505 "},
        {"POST / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", "HTTP/1.1 417 "},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
         "0\r\n\r\nGET /get/2 HTTP/1.1\r\nHost: a\r\n\r\n",
         "HTTP/1.1 400 "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct client one;

        client_open(&one, &stage);
        client_says(&one, cases[i].words);
        UNTIL(&stage, client_over(&one));
        assert_true(one.eof);
        if (!got(&one, cases[i].status))
            fail_msg("%s: %s", cases[i].words, one.got.at);
        assert_int_equal(times_got(&one, "X-Stage: "), 1);
        assert_true(got(&one, "Connection: close\r\n"));
        assert_string_equal(heard(stage.exchanges), "rE");
        client_close(&one);
    }
}

static void too_long_heads_are_refused(void **state)
{
    struct buf words;
    struct client one;

    (void)state;
    buf_init(&words, SIZE_MAX);
    buf_add(&words, TEXT("GET /"));
    for (int i = 0; i < 9000; i++)
        buf_add_byte(&words, 'x');
    client_send(&client, buf_text(&words)); /* no line end */
    UNTIL(&stage, client_over(&client));
    assert_true(client.eof && got(&client, "HTTP/1.1 414 "));
    client_open(&one, &stage);
    client_says(&one, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
    for (int i = 0; i < 4; i++)
        client_send(&one, buf_text(&words));
    UNTIL(&stage, client_over(&one));
    assert_true(one.eof && got(&one, "HTTP/1.1 431 "));
    client_close(&one);
    buf_fini(&words);
}

static void continue_is_sent_when_the_owner_says_so(void **state)
{
    (void)state;
    client_says(&client, "POST /keep/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
                         "Expect: 100-continue\r\n\r\n");
    UNTIL(&stage, got(&client, "HTTP/1.1 100 Continue\r\n\r\n"));
    assert_false(got(&client, "200"));
    client_says(&client, "hello");
    UNTIL(&stage, got(&client, "/keep/1 5"));
    assert_int_equal(times_got(&client, "100 Continue"), 1);
    client_says(&client, GET_HEAD("/get/2"));
    UNTIL(&stage, got(&client, "/get/2 0"));
}

/* Refused without 100: nobody knows whether the body will come. */
static void without_continue_the_connection_closes(void **state)
{
    (void)state;
    client_says(&client, "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
                         "Expect: 100-continue\r\n\r\n");
    UNTIL(&stage, client_over(&client));
    assert_true(client.eof && got(&client, "HTTP/1.1 413 "));
    assert_true(got(&client, "Connection: close\r\n") && !got(&client, "100 Continue"));
}

static void hints_precede_the_reply(void **state)
{
    (void)state;
    client_says(&client, GET_HEAD("/hints"));
    UNTIL(&stage, got(&client, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"));
    answer(stage.exchanges, 200, TEXT("ok"));
    UNTIL(&stage, got(&client, "\r\n\r\nok"));
}

/* An early answer to a body that is at hand keeps the connection. */
static void a_short_body_is_passed_over(void **state)
{
    (void)state;
    client_says(
        &client,
        "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" GET_HEAD("/get/2"));
    UNTIL(&stage, got(&client, "/get/2 0"));
    assert_true(got(&client, "HTTP/1.1 413 ") && !got(&client, "Connection: close"));
}

/* An error at once to a request without a body keeps it too, Expect or not. */
static void an_error_to_a_bodiless_request_keeps_the_connection(void **state)
{
    (void)state;
    client_says(&client,
                GET_HEAD("/early") "GET /early HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n"
                                   "\r\n");
    UNTIL(&stage, times_got(&client, "HTTP/1.1 413 ") == 2);
    assert_false(got(&client, "Connection: close"));
    client_says(&client, GET_HEAD("/get/2"));
    UNTIL(&stage, got(&client, "/get/2 0"));
}

static void bad_chunks_break_the_body(void **state)
{
    (void)state;
    client_says(&client, "POST /keep HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "3\r\nabc\r\n3x\r\n");
    UNTIL(&stage, client_over(&client));
    assert_true(client.eof && got(&client, "HTTP/1.1 400 ") && got(&client, "close\r\n"));
    assert_string_equal(heard(stage.exchanges), "qpbE");
}

/* Fields that would split the reply are left out. */
static void no_reply_is_split(void **state)
{
    struct http_field bad[] = {{TEXT("A"), TEXT("x\r\nB: y")}, {TEXT("C"), TEXT("z")}};
    struct front_reply reply = {
        .status = 200, .reason = TEXT("O\nK"), .fields = {bad, 2}, .framing = HTTP_LENGTH};

    (void)state;
    client_says(&client, GET_HEAD("/hang"));
    UNTIL(&stage, stage.count == 1);
    front_reply(stage.exchanges->request, &reply);
    finish(stage.exchanges, NULL);
    UNTIL(&stage, got(&client, "\r\n\r\n"));
    assert_string_equal(client.got.at, "HTTP/1.1 200 OK\r\nC: z\r\nContent-Length: 0\r\n\r\n");
}

static void requests_per_connection_are_counted(void **state)
{
    struct front_limits limits = usual_limits();
    struct stage small;
    struct client one;

    (void)state;
    limits.requests_per_connection = 3;
    stage_open(&small, &limits);
    client_open(&one, &small);
    for (int i = 0; i < 5; i++)
        client_says(&one, GET_HEAD("/get/1"));
    UNTIL(&small, client_over(&one));
    assert_true(one.eof);
    assert_int_equal(times_got(&one, "HTTP/1.1 200"), 3);
    assert_int_equal(times_got(&one, "Connection: close"), 1);
    client_close(&one);
    stage_close(&small);
}

static void the_peer_is_known(void **state)
{
    struct sockaddr_in in;
    socklen_t len = sizeof in;
    unsigned port;

    (void)state;
    client_says(&client, GET_HEAD("/hang"));
    UNTIL(&stage, stage.count == 1);
    assert_true(text_eq(front_peer(stage.exchanges->request, &port), TEXT("127.0.0.1")));
    getsockname(client.fd, (struct sockaddr *)&in, &len);
    assert_int_equal(port, ntohs(in.sin_port));
    assert_false(front_secure(stage.exchanges->request));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_get_is_answered),
        TEST(head_and_body_leave_together),
        TEST(thirty_pipelined_requests_are_answered_in_order),
        TEST(pipelined_requests_at_every_cut),
        TEST(chunked_upload_at_every_cut),
        TEST(a_request_byte_by_byte),
        TEST(echo_streams_both_ways),
        TEST(head_requests_get_no_body),
        TEST(http_1_0_closes_unless_asked),
        TEST(http_1_0_gets_no_chunks),
        TEST(connection_close_is_a_close),
        TEST(refused_heads_have_their_status),
        TEST(too_long_heads_are_refused),
        TEST(continue_is_sent_when_the_owner_says_so),
        TEST(without_continue_the_connection_closes),
        TEST(hints_precede_the_reply),
        TEST(a_short_body_is_passed_over),
        TEST(an_error_to_a_bodiless_request_keeps_the_connection),
        TEST(bad_chunks_break_the_body),
        TEST(no_reply_is_split),
        TEST(requests_per_connection_are_counted),
        TEST(the_peer_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
