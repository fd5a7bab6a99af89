/* How connections end: half-closed, gone, aborted, lingering. */
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

/* FIN after the request: the reply still goes out, even a late one. */
static void a_half_closed_client_gets_its_reply(void **state)
{
    (void)state;
    client_says(&client, GET_HEAD("/hang"));
    shutdown(client.fd, SHUT_WR);
    UNTIL(&stage, stage.count == 1);
    run_for(&stage, 300);
    assert_non_null(stage.exchanges->request);
    answer(stage.exchanges, 200, TEXT("late"));
    UNTIL(&stage, client_over(&client));
    assert_true(client.eof && got(&client, "\r\n\r\nlate"));
    assert_string_equal(heard(stage.exchanges), "qeE");
}

static void pipelined_and_half_closed(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        client_says(&client, GET_HEAD("/get/1"));
    shutdown(client.fd, SHUT_WR);
    UNTIL(&stage, client_over(&client));
    assert_true(client.eof);
    assert_int_equal(times_got(&client, "/get/1 0"), 10);
    UNTIL(&stage, front_connections(stage.front) == 0);
}

/* A big reply to a half-closed client arrives whole. */
static void half_closed_and_big(void **state)
{
    (void)state;
    client_says(&client, GET_HEAD("/big?8000000"));
    shutdown(client.fd, SHUT_WR);
    UNTIL(&stage, client_over(&client));
    assert_true(client.eof && client.got.len > 8000000 && got(&client, "\r\n0\r\n\r\n"));
}

static void eof_before_the_end_is_gone(void **state)
{
    static const char *const cut[] = {
        "POST /keep HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell",
        "POST /keep HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
        "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cut / sizeof cut[0]; i++) {
        struct client one;

        client_open(&one, &stage);
        client_says(&one, cut[i]);
        UNTIL(&stage, stage.count == i + 1);
        run_for(&stage, 5);
        shutdown(one.fd, SHUT_WR);
        UNTIL(&stage, stage.gone == i + 1);
        UNTIL(&stage, client_over(&one));
        assert_string_equal(heard(stage.exchanges), "qpG");
        assert_false(got(&one, "HTTP/1.1"));
        client_close(&one);
    }
}

static void a_cut_head_is_nobodys(void **state)
{
    (void)state;
    client_says(&client, "GET / HTTP/1.1\r\nHost: a\r\n");
    run_for(&stage, 5);
    shutdown(client.fd, SHUT_WR);
    UNTIL(&stage, client_over(&client));
    assert_int_equal(stage.count, 0);
    UNTIL(&stage, front_connections(stage.front) == 0);
}

static void reset(struct client *c)
{
    struct linger now = {1, 0};

    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(c->fd);
    c->fd = -1;
}

/* A reset is heard of at once, whatever is going on. */
static void a_reset_is_gone_at_once(void **state)
{
    static const char *const words[] = {
        GET_HEAD("/hang"),
        GET_HEAD("/big?100000000"),
        "POST /keep HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell",
        GET_HEAD("/close"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct client one;

        client_open(&one, &stage);
        client_says(&one, words[i]);
        UNTIL(&stage, stage.count == i + 1);
        run_for(&stage, 5);
        uint64_t start_ms = now_ms();
        reset(&one);
        UNTIL(&stage, stage.gone == i + 1);
        assert_true(now_ms() - start_ms < 1000);
        client_close(&one);
    }
    client_close(&client);
    UNTIL(&stage, front_connections(stage.front) == 0);
}

/* Even while the owner lets nothing be read, a reset is noticed soon. */
static void a_reset_while_paused_is_noticed(void **state)
{
    static char block[64 * 1024];

    (void)state;
    client_says(&client, "POST /hang HTTP/1.1\r\nHost: a\r\nContent-Length: 90000000\r\n\r\n");
    UNTIL(&stage, stage.count == 1);
    front_read(stage.exchanges->request, false);
    for (uint64_t until = now_ms() + 200; now_ms() < until;) {
        send(client.fd, block, sizeof block, MSG_DONTWAIT | MSG_NOSIGNAL);
        event_base_loop(stage.base, EVLOOP_NONBLOCK);
    }
    reset(&client);
    uint64_t start_ms = now_ms();
    UNTIL(&stage, stage.gone == 1);
    assert_true(now_ms() - start_ms < 2000);
}

/* An aborted chunked reply lacks its last chunk. */
static void an_aborted_chunked_reply_is_truncated(void **state)
{
    (void)state;
    client_says(&client, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "3\r\nabc\r\n");
    UNTIL(&stage, got(&client, "3\r\nabc\r\n"));
    abort_it(stage.exchanges);
    UNTIL(&stage, client_over(&client));
    assert_false(got(&client, "\r\n0\r\n"));
    assert_int_equal(stage.gone, 1);
    assert_string_equal(heard(stage.exchanges), "qpdG");
}

/* One that ends with the connection ends by reset. */
static void an_aborted_close_delimited_reply_is_reset(void **state)
{
    (void)state;
    for (size_t i = 1; i <= 30; i++) {
        struct client one;

        client_open(&one, &stage);
        client_says(&one, GET_HEAD("/close"));
        UNTIL(&stage, got(&one, "partial"));
        abort_it(stage.exchanges);
        UNTIL(&stage, client_over(&one));
        assert_false(one.eof);
        assert_int_equal(one.error, ECONNRESET);
        assert_int_equal(stage.gone, i);
        client_close(&one);
    }
}

static void a_finished_close_delimited_reply_ends_cleanly(void **state)
{
    (void)state;
    client_says(&client, GET_HEAD("/close"));
    UNTIL(&stage, got(&client, "partial"));
    assert_true(got(&client, "Connection: close\r\n\r\npartial"));
    finish(stage.exchanges, NULL);
    UNTIL(&stage, client_over(&client));
    assert_true(client.eof);
    assert_int_equal(stage.ended, 1);
}

/* A length that is not kept is an abort. */
static void a_wrong_length_is_truncated(void **state)
{
    (void)state;
    client_says(&client, GET_HEAD("/hang"));
    UNTIL(&stage, stage.count == 1);
    start(stage.exchanges, 200, HTTP_LENGTH, 10);
    put(stage.exchanges, TEXT("short"));
    finish(stage.exchanges, NULL);
    UNTIL(&stage, client_over(&client));
    assert_int_equal(stage.gone, 1);
    assert_false(got(&client, "short") && client.got.len > 100);
    struct client one;
    client_open(&one, &stage);
    client_says(&one, GET_HEAD("/hang"));
    UNTIL(&stage, stage.count == 2);
    start(stage.exchanges, 200, HTTP_LENGTH, 3);
    put(stage.exchanges, TEXT("too long"));
    UNTIL(&stage, client_over(&one));
    assert_int_equal(stage.gone, 2);
    assert_false(got(&one, "too long"));
    client_close(&one);
}

static void abort_inside_a_piece(void **state)
{
    (void)state;
    client_says(&client,
                "POST /abort-in-piece HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    UNTIL(&stage, client_over(&client));
    assert_string_equal(heard(stage.exchanges), "qpG");
}

static void abort_before_any_reply(void **state)
{
    (void)state;
    client_says(&client, GET_HEAD("/hang"));
    UNTIL(&stage, stage.count == 1);
    abort_it(stage.exchanges);
    UNTIL(&stage, client_over(&client));
    assert_int_equal(client.got.len, 0);
}

/*
 * An error reply to a client that is still sending arrives, 30 of 30, though
 * the client sends much more than is ever read and reads only afterwards.
 */
static void early_error_replies_arrive(void **state)
{
    static char block[64 * 1024];

    (void)state;
    for (int i = 0; i < 30; i++) {
        struct client one;

        client_open(&one, &stage);
        client_says(&one, i % 2
                              ? "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n"
                              : "POST /early HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                                "\r\nffffff\r\n");
        for (int n = 0; n < 8; n++) {
            client_send(&one, text_of(block, sizeof block));
            event_base_loop(stage.base, EVLOOP_NONBLOCK);
        }
        UNTIL(&stage, client_over(&one));
        assert_true(one.eof);
        assert_true(got(&one, "HTTP/1.1 413 ") && got(&one, "Connection: close\r\n"));
        assert_true(got(&one, "\r\n\r\ntoo much"));
        client_close(&one);
        UNTIL(&stage, stage.ended == (size_t)i + 1);
    }
}

/* The same for heads that are refused while their body comes. */
static void refusals_arrive(void **state)
{
    static char block[64 * 1024];

    (void)state;
    for (int i = 0; i < 30; i++) {
        struct client one;

        client_open(&one, &stage);
        client_says(&one, "POST / HTTP/1.1\r\nContent-Length: 900000\r\n\r\n");
        for (int n = 0; n < 8; n++) {
            client_send(&one, text_of(block, sizeof block));
            event_base_loop(stage.base, EVLOOP_NONBLOCK);
        }
        UNTIL(&stage, client_over(&one));
        assert_true(one.eof && got(&one, "HTTP/1.1 400 "));
        client_close(&one);
    }
}

/* Lingering ends: after two seconds, or a mebibyte. */
static void lingering_is_bounded(void **state)
{
    static char block[64 * 1024];
    struct client one;

    (void)state;
    client_says(&client, "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
    UNTIL(&stage, client_over(&client));
    uint64_t start_ms = now_ms();
    assert_int_equal(front_connections(stage.front), 1);
    UNTIL(&stage, front_connections(stage.front) == 0);
    assert_true(now_ms() - start_ms > 1000 && now_ms() - start_ms < 4000);

    client_open(&one, &stage);
    client_says(&one, "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 90000000\r\n\r\n");
    UNTIL(&stage, got(&one, "413"));
    start_ms = now_ms();
    while (send(one.fd, block, sizeof block, MSG_DONTWAIT | MSG_NOSIGNAL) > 0 || errno == EAGAIN)
        event_base_loop(stage.base, EVLOOP_NONBLOCK);
    assert_true(now_ms() - start_ms < 1500);
    UNTIL(&stage, front_connections(stage.front) == 0);
    client_close(&one);
}

static void freeing_the_front_tells_everyone(void **state)
{
    static const char *const words[] = {GET_HEAD("/hang"), GET_HEAD("/close"),
                                        GET_HEAD("/big?10000000")};
    struct client some[3];
    struct stage mine;

    (void)state;
    stage_open(&mine, NULL);
    for (int i = 0; i < 3; i++) {
        client_open(&some[i], &mine);
        client_says(&some[i], words[i]);
    }
    UNTIL(&mine, mine.count == 3);
    stage_close(&mine); /* asserts that all have ended */
    for (int i = 0; i < 3; i++) {
        client_poll(&some[i]);
        client_close(&some[i]);
    }
}

static void abort_all_closes_everyone(void **state)
{
    (void)state;
    client_says(&client, GET_HEAD("/hang"));
    UNTIL(&stage, stage.count == 1);
    front_abort_all(stage.front);
    assert_int_equal(stage.gone, 0);
    UNTIL(&stage, stage.gone == 1);
    assert_int_equal(front_connections(stage.front), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_half_closed_client_gets_its_reply),
        TEST(pipelined_and_half_closed),
        TEST(half_closed_and_big),
        TEST(eof_before_the_end_is_gone),
        TEST(a_cut_head_is_nobodys),
        TEST(a_reset_is_gone_at_once),
        TEST(a_reset_while_paused_is_noticed),
        TEST(an_aborted_chunked_reply_is_truncated),
        TEST(an_aborted_close_delimited_reply_is_reset),
        TEST(a_finished_close_delimited_reply_ends_cleanly),
        TEST(a_wrong_length_is_truncated),
        TEST(abort_inside_a_piece),
        TEST(abort_before_any_reply),
        TEST(early_error_replies_arrive),
        TEST(refusals_arrive),
        TEST(lingering_is_bounded),
        TEST(freeing_the_front_tells_everyone),
        TEST(abort_all_closes_everyone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
