/* What happens when a client is slow; all limits are short here. */
#include "unit/front/stage.h"

#define GET_HEAD(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static struct stage stage;
static struct client client;
static uint64_t start_ms;

static int open_all(void **state)
{
    struct front_limits limits = usual_limits();

    (void)state;
    limits.request_head_ms = 200;
    limits.request_body_ms = 300;
    limits.reply_ms = 400;
    limits.keep_alive_ms = 250;
    limits.half_close_ms = 350;
    stage_open(&stage, &limits);
    client_open(&client, &stage);
    start_ms = now_ms();
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    client_close(&client);
    stage_close(&stage);
    return 0;
}

/* True if about MS have passed since the start. */
static bool took(uint64_t ms)
{
    uint64_t passed = now_ms() - start_ms;

    return passed + 20 >= ms && passed < ms + 400;
}

static void silence_is_closed(void **state)
{
    (void)state;
    UNTIL(&stage, client_over(&client));
    assert_true(client.eof && client.got.len == 0 && took(250));
    assert_int_equal(stage.count, 0);
}

static void an_idle_connection_is_closed(void **state)
{
    (void)state;
    client_says(&client, GET_HEAD("/get/1"));
    UNTIL(&stage, got(&client, "/get/1 0"));
    run_for(&stage, 150);
    client_says(&client, GET_HEAD("/get/2"));
    UNTIL(&stage, got(&client, "/get/2 0"));
    assert_false(client_over(&client));
    start_ms = now_ms();
    UNTIL(&stage, client_over(&client));
    assert_true(client.eof && took(250));
}

/* An empty line after a body is no head: no 408 for it. */
static void an_empty_line_is_silence(void **state)
{
    (void)state;
    client_says(&client, GET_HEAD("/get/1") "\r\n");
    UNTIL(&stage, client_over(&client));
    assert_true(client.eof && !got(&client, "408"));
    assert_int_equal(stage.count, 1);
}

/* The wait for a head is absolute: trickling does not help. */
static void a_slow_head_is_408(void **state)
{
    static const char words[] = "GET /get/1 HTTP/1.1\r\nHost: a\r\nX: ";

    (void)state;
    client_says(&client, words);
    while (!client_over(&client) && now_ms() - start_ms < 3000) {
        if (!got(&client, "HTTP"))
            client_says(&client, "y");
        run_for(&stage, 10);
    }
    assert_true(took(200));
    assert_true(got(&client, "HTTP/1.1 408 ") && got(&client, "Connection: close\r\n"));
    assert_string_equal(heard(stage.exchanges), "rE");
    assert_int_equal(stage.exchanges->status, 408);
}

static void a_stalled_body_is_408(void **state)
{
    (void)state;
    client_says(&client, "POST /keep HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
    run_for(&stage, 200);
    client_says(&client, "d"); /* progress */
    start_ms = now_ms();
    UNTIL(&stage, client_over(&client));
    assert_true(got(&client, "HTTP/1.1 408 ") && took(300));
    assert_string_equal(heard(stage.exchanges), "qpbE");
}

/* A front on which a body has to bring 1000 bytes a second once it was read for 300 ms. */
static void open_rated(struct stage *rated, struct client *one)
{
    struct front_limits limits = usual_limits();

    limits.request_rate = 1000;
    limits.request_rate_ms = 300;
    stage_open(rated, &limits);
    client_open(one, rated);
}

static void close_rated(struct stage *rated, struct client *one)
{
    client_close(one);
    stage_close(rated);
}

/* A drop now and then is no stall, but too slow all the same. */
static void a_trickled_body_is_408(void **state)
{
    struct stage rated;
    struct client one;

    (void)state;
    open_rated(&rated, &one);
    start_ms = now_ms();
    client_says(&one, "POST /keep HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n");
    while (!client_over(&one) && now_ms() - start_ms < 3000) {
        if (!got(&one, "HTTP"))
            client_says(&one, "a");
        run_for(&rated, 20);
    }
    assert_true(got(&one, "HTTP/1.1 408 ") && took(300));
    assert_string_equal(heard(rated.exchanges), "qpbE");
    close_rated(&rated, &one);
}

/* What came early counts: 500 bytes are good for 500 ms; frames of chunks count for nothing. */
static void a_body_lives_on_what_it_brought(void **state)
{
    struct stage rated;
    struct client one;
    char bytes[500];

    (void)state;
    open_rated(&rated, &one);
    memset(bytes, 'x', sizeof bytes);
    start_ms = now_ms();
    client_says(&one,
                "POST /keep HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                "1f4;x=11111111111111111111111111111111111111111111111111111111111111111\r\n");
    client_send(&one, text_of(bytes, sizeof bytes));
    UNTIL(&rated, client_over(&one));
    assert_true(got(&one, "HTTP/1.1 408 ") && took(500));
    close_rated(&rated, &one);
}

/* It runs only while the body is wanted. */
static void a_paused_body_has_no_rate(void **state)
{
    struct stage rated;
    struct client one;

    (void)state;
    open_rated(&rated, &one);
    client_says(&one, "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n");
    run_for(&rated, 150); /* of 300 */
    client_says(&one, "abc");
    UNTIL(&rated, rated.count == 1 && rated.exchanges->bytes == 3);
    run_for(&rated, 600);
    assert_non_null(rated.exchanges->request);
    start_ms = now_ms();
    front_read(rated.exchanges->request, true);
    UNTIL(&rated, client_over(&one));
    assert_true(got(&one, "HTTP/1.1 408 ") && took(150));
    close_rated(&rated, &one);
}

/* While the owner does not read, the client's clock stands still. */
static void a_paused_body_does_not_stall(void **state)
{
    (void)state;
    client_says(&client, "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
    UNTIL(&stage, stage.count == 1 && stage.exchanges->bytes == 3);
    run_for(&stage, 700);
    assert_non_null(stage.exchanges->request);
    start_ms = now_ms();
    front_read(stage.exchanges->request, true);
    UNTIL(&stage, client_over(&client));
    assert_true(got(&client, "HTTP/1.1 408 ") && took(300));
}

static void a_client_waiting_for_100_does_not_stall(void **state)
{
    (void)state;
    client_says(&client, "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                         "Expect: 100-continue\r\n\r\n");
    run_for(&stage, 700);
    assert_non_null(stage.exchanges->request);
    front_continue(stage.exchanges->request);
    UNTIL(&stage, got(&client, "100 Continue"));
    client_says(&client, "abc");
    UNTIL(&stage, got(&client, "/slow 3"));
}

static void a_reader_that_stalls_is_reset(void **state)
{
    (void)state;
    client_says(&client, GET_HEAD("/big?50000000"));
    UNTIL(&stage, stage.gone == 1);
    assert_true(took(400));
    UNTIL(&stage, client_over(&client));
    assert_int_equal(client.error, ECONNRESET);
}

/* A slow upstream is not the client's fault: no bytes wait for it. */
static void waiting_for_the_owner_is_no_stall(void **state)
{
    (void)state;
    client_says(&client, GET_HEAD("/hang"));
    run_for(&stage, 900);
    assert_non_null(stage.exchanges->request);
    answer(stage.exchanges, 200, TEXT("ok"));
    UNTIL(&stage, got(&client, "\r\n\r\nok"));
}

static void a_half_closed_client_is_gone_when_nothing_moves(void **state)
{
    (void)state;
    client_says(&client, GET_HEAD("/hang"));
    shutdown(client.fd, SHUT_WR);
    UNTIL(&stage, stage.gone == 1);
    assert_true(took(350));
    UNTIL(&stage, client_over(&client));
}

static void a_half_closed_stream_that_moves_goes_on(void **state)
{
    (void)state;
    client_says(&client, "POST /hang HTTP/1.1\r\nHost: a\r\n\r\n");
    shutdown(client.fd, SHUT_WR);
    UNTIL(&stage, stage.count == 1);
    start(stage.exchanges, 200, HTTP_CHUNKED, 0);
    for (int i = 0; i < 6; i++) {
        put(stage.exchanges, TEXT("tick"));
        run_for(&stage, 150);
    }
    finish(stage.exchanges, NULL);
    UNTIL(&stage, client_over(&client));
    assert_true(client.eof && got(&client, "\r\n0\r\n\r\n"));
    assert_int_equal(times_got(&client, "tick"), 6);
}

/* A limit of 0 is off. */
static void limits_can_be_off(void **state)
{
    struct front_limits limits = usual_limits();
    struct stage mine;
    struct client one;

    (void)state;
    limits.request_head_ms = limits.request_body_ms = limits.reply_ms = 0;
    limits.keep_alive_ms = limits.half_close_ms = 0;
    stage_open(&mine, &limits);
    client_open(&one, &mine);
    run_for(&mine, 200);
    client_says(&one, "POST /keep/1 HTTP/1.1\r\nHost: a\r\n");
    run_for(&mine, 200);
    client_says(&one, "Content-Length: 2\r\n\r\na");
    run_for(&mine, 200);
    client_says(&one, "b");
    UNTIL(&mine, got(&one, "/keep/1 2"));
    client_close(&one);
    stage_close(&mine);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(silence_is_closed),
        TEST(an_idle_connection_is_closed),
        TEST(an_empty_line_is_silence),
        TEST(a_slow_head_is_408),
        TEST(a_stalled_body_is_408),
        TEST(a_trickled_body_is_408),
        TEST(a_body_lives_on_what_it_brought),
        TEST(a_paused_body_has_no_rate),
        TEST(a_paused_body_does_not_stall),
        TEST(a_client_waiting_for_100_does_not_stall),
        TEST(a_reader_that_stalls_is_reset),
        TEST(waiting_for_the_owner_is_no_stall),
        TEST(a_half_closed_client_is_gone_when_nothing_moves),
        TEST(a_half_closed_stream_that_moves_goes_on),
        TEST(limits_can_be_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
