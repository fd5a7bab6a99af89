/* Back-pressure: neither side makes the front hold more than it declares. */
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

/* The most memory held so far; the sanitizers' own keeps it from telling. */
static size_t peak_kb(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return 0;
#else
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (size_t)usage.ru_maxrss;
#endif
}

/* Sends what the socket takes of a body of *LEFT bytes. */
static void send_some(struct client *c, size_t *left)
{
    static char block[64 * 1024];

    while (*left > 0) {
        size_t len = *left < sizeof block ? *left : sizeof block;
        ssize_t n = send(c->fd, block, len, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n <= 0)
            break;
        *left -= (size_t)n;
    }
}

enum { UPLOAD = 100 * 1000 * 1000 };

/* The owner takes one piece at a time, and pauses the reading in between. */
static void upload_to_a_slow_owner(const char *head, const char *tail, size_t bytes)
{
    size_t left = bytes;
    size_t before = peak_kb();

    client_says(&client, head);
    UNTIL(&stage, stage.count == 1);
    struct exchange *ex = stage.exchanges;
    for (uint64_t until = now_ms() + 60000; left > 0 && now_ms() < until;) {
        send_some(&client, &left);
        event_base_loop(stage.base, EVLOOP_NONBLOCK);
        size_t had = ex->bytes;
        event_base_loop(stage.base, EVLOOP_NONBLOCK);
        assert_int_equal(ex->bytes, had); /* paused: nothing comes */
        front_read(ex->request, true);
        assert_int_equal(ex->bytes, had); /* nor inside the call */
    }
    client_says(&client, tail);
    for (uint64_t until = now_ms() + 60000; !ex->body_ended && now_ms() < until;) {
        event_base_loop(stage.base, EVLOOP_NONBLOCK);
        if (ex->request)
            front_read(ex->request, true);
    }
    assert_int_equal(ex->bytes, bytes);
    UNTIL(&stage, got(&client, "HTTP/1.1 200 OK"));
    assert_true(peak_kb() - before < 4096);
}

static void a_large_upload_stays_small(void **state)
{
    char head[128];

    (void)state;
    snprintf(head, sizeof head, "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n",
             UPLOAD);
    upload_to_a_slow_owner(head, "", UPLOAD);
}

static void a_large_chunked_upload_stays_small(void **state)
{
    (void)state;
    upload_to_a_slow_owner("POST /slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "5f5e100\r\n",
                           "\r\n0\r\n\r\n", UPLOAD);
}

/* Reading stops near the high mark and goes on when the owner wants more. */
static void a_paused_body_stops_the_client(void **state)
{
    size_t left = 20 * 1000 * 1000;
    size_t sent;
    int size = 64 * 1024;

    (void)state;
    setsockopt(client.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    client_says(&client, "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n");
    UNTIL(&stage, stage.count == 1);
    front_read(stage.exchanges->request, false);
    for (int i = 0; i < 2000; i++) {
        send_some(&client, &left);
        event_base_loop(stage.base, EVLOOP_NONBLOCK);
    }
    sent = 20 * 1000 * 1000 - left;
    assert_int_equal(stage.exchanges->bytes, 0);
    assert_true(sent > 200 * 1024 && sent < 10 * 1000 * 1000); /* high mark and socket buffers */
    front_read(stage.exchanges->request, true);
    UNTIL(&stage, stage.exchanges->bytes > 0);
}

/* Small pieces held back do not take much more memory than their bytes. */
static void tiny_pieces_are_held_cheaply(void **state)
{
    struct client some[20];

    (void)state;
    for (int i = 0; i < 20; i++) {
        client_open(&some[i], &stage);
        client_says(&some[i], "POST /hang HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n");
    }
    UNTIL(&stage, stage.count == 20);
    for (struct exchange *ex = stage.exchanges; ex; ex = ex->next)
        front_read(ex->request, false);
    size_t before = peak_kb();
    for (int n = 0; n < 2000; n++)
        for (int i = 0; i < 20; i++) {
            client_says(&some[i], "x");
            event_base_loop(stage.base, EVLOOP_NONBLOCK);
        }
    assert_true(peak_kb() - before < 1024); /* 40 000 bytes came */
    for (int i = 0; i < 20; i++)
        client_close(&some[i]);
    UNTIL(&stage, stage.gone == 20);
}

/* A slow reader: the owner is told when to go on, and nothing piles up. */
static void a_large_download_to_a_slow_reader(void **state)
{
    size_t before = peak_kb();
    size_t bytes = 0;
    char block[16 * 1024];
    uint64_t until = now_ms() + 60000;

    (void)state;
    client_says(&client, GET_HEAD("/big?50000000"));
    while (now_ms() < until && stage.ended == 0) {
        event_base_loop(stage.base, EVLOOP_NONBLOCK);
        ssize_t n = recv(client.fd, block, sizeof block, MSG_DONTWAIT);
        bytes += n > 0 ? (size_t)n : 0;
    }
    assert_int_equal(stage.ended, 1);
    assert_true(bytes > 40 * 1000 * 1000);
    assert_true(stage.exchanges->most_waiting < 256 * 1024 + 33 * 1024);
    assert_true(peak_kb() - before < 4096);
}

/* Pipelined bytes wait aside under a ceiling while a reply is under way. */
static void pipelined_bytes_have_a_ceiling(void **state)
{
    size_t left = 20 * 1000 * 1000;

    (void)state;
    client_says(&client, GET_HEAD("/hang"));
    UNTIL(&stage, stage.count == 1);
    size_t before = peak_kb();
    for (int i = 0; i < 2000; i++) {
        send_some(&client, &left);
        event_base_loop(stage.base, EVLOOP_NONBLOCK);
    }
    assert_true(left > 10 * 1000 * 1000);
    assert_true(peak_kb() - before < 2048);
    client_close(&client);
}

/* One client that pipelines without end does not keep others waiting. */
static void pipelining_shares_the_loop(void **state)
{
    struct buf many;
    struct client other;

    (void)state;
    buf_init(&many, SIZE_MAX);
    for (int i = 0; i < 1000; i++)
        buf_add(&many, TEXT(GET_HEAD("/get/1")));
    client_open(&other, &stage);
    client_send(&client, buf_text(&many));
    client_says(&other, GET_HEAD("/get/2"));
    UNTIL(&stage, got(&other, "/get/2 0"));
    UNTIL(&stage, times_got(&client, "/get/1 0") == 1000);
    size_t later = 0;
    for (struct exchange *ex = stage.exchanges; strcmp(ex->path, "/get/2") != 0; ex = ex->next)
        later++;
    assert_in_range(later, 930, 1000); /* requests of the first that came after it */
    client_close(&other);
    buf_fini(&many);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_paused_body_stops_the_client),     TEST(tiny_pieces_are_held_cheaply),
        TEST(pipelined_bytes_have_a_ceiling),     TEST(a_large_upload_stays_small),
        TEST(a_large_chunked_upload_stays_small), TEST(a_large_download_to_a_slow_reader),
        TEST(pipelining_shares_the_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
