/* Accepting: unix sockets, too many, no descriptors, and draining. */
#include "unit/front/stage.h"

#include <linux/filter.h>
#include <pthread.h>
#include <stdatomic.h>

#define GET_HEAD(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

enum { IDLE_FOR_LONG_MS = 1100 }; /* so that a drain closes it at once */

static struct stage stage;

static int open_all(void **state)
{
    (void)state;
    stage_open(&stage, NULL);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    stage_close(&stage);
    return 0;
}

static void unix_clients_are_served(void **state)
{
    char dir[] = "/tmp/dpgw-listener-XXXXXX";
    char address[80];
    struct client one;
    unsigned port = 1;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(address, sizeof address, "unix:%s/s", dir);
    stage_listen(&stage, address);
    client_open(&one, &stage);
    client_says(&one, GET_HEAD("/get/1") GET_HEAD("/hang"));
    UNTIL(&stage, got(&one, "/get/1 0") && stage.count == 2);
    assert_true(text_eq(front_peer(stage.exchanges->request, &port), TEXT("unix")));
    assert_int_equal(port, 0);
    client_close(&one);
    UNTIL(&stage, front_connections(stage.front) == 0 || stage.exchanges->request);
    front_drain(stage.front);
    UNTIL(&stage, access(address + 5, F_OK) != 0);
    rmdir(dir);
}

static void one_too_many_is_refused(void **state)
{
    struct stage small;
    struct client some[4];

    (void)state;
    stage_open(&small, NULL);
    small.room = 3;
    for (int i = 0; i < 4; i++)
        client_open(&some[i], &small);
    for (int i = 0; i < 3; i++) {
        client_says(&some[i], GET_HEAD("/get/1"));
        UNTIL(&small, got(&some[i], "/get/1 0"));
    }
    UNTIL(&small, client_over(&some[3]));
    assert_int_equal(some[3].got.len, 0);
    assert_int_equal(front_connections(small.front), 3);
    client_close(&some[0]);
    UNTIL(&small, front_connections(small.front) == 2);
    client_close(&some[3]);
    client_open(&some[3], &small);
    client_says(&some[3], GET_HEAD("/get/1"));
    UNTIL(&small, got(&some[3], "/get/1 0"));
    for (int i = 1; i < 4; i++)
        client_close(&some[i]);
    stage_close(&small);
}

/* Some of those too many are told so; their connection ends with it. */
static void the_next_are_told_why(void **state)
{
    struct stage small;
    struct client some[3];

    (void)state;
    stage_open(&small, NULL);
    small.room = small.refuse_room = 1;
    for (int i = 0; i < 3; i++)
        client_open(&some[i], &small);
    UNTIL(&small, client_over(&some[2])); /* no room for a refusal either */
    assert_int_equal(some[2].got.len, 0);
    client_says(&some[1], GET_HEAD("/get/1") GET_HEAD("/get/2"));
    UNTIL(&small, client_over(&some[1]));
    assert_true(got(&some[1], "HTTP/1.1 503 ") && got(&some[1], "Connection: close\r\n"));
    assert_int_equal(times_got(&some[1], "HTTP/1.1"), 1);
    client_says(&some[0], GET_HEAD("/get/1"));
    UNTIL(&small, got(&some[0], "/get/1 0"));
    for (int i = 0; i < 3; i++)
        client_close(&some[i]);
    stage_close(&small);
}

/* Neither silence nor half a head holds a place for long. */
static void an_unwelcome_client_has_to_be_quick(void **state)
{
    struct stage small;
    struct client some[2];

    (void)state;
    stage_open(&small, NULL);
    small.room = 0;
    small.refuse_room = 2;
    for (int i = 0; i < 2; i++)
        client_open(&some[i], &small);
    client_says(&some[1], "GET /get/1 HTT");
    UNTIL(&small, client_over(&some[0]) && client_over(&some[1]));
    assert_int_equal(some[0].got.len, 0);
    assert_true(got(&some[1], "HTTP/1.1 408 "));
    for (int i = 0; i < 2; i++)
        client_close(&some[i]);
    stage_close(&small);
}

/* Short of memory, a connection ends with its reply. */
static void pressure_ends_keep_alive(void **state)
{
    struct client one;

    (void)state;
    client_open(&one, &stage);
    client_says(&one, GET_HEAD("/get/1"));
    UNTIL(&stage, got(&one, "/get/1 0"));
    assert_false(got(&one, "Connection: close"));
    pressure_say(&stage.pressure, PRESSURE_HIGH);
    client_says(&one, GET_HEAD("/get/2"));
    UNTIL(&stage, client_over(&one));
    assert_true(one.eof && got(&one, "/get/2 0") && got(&one, "Connection: close\r\n"));
    client_close(&one);
}

/* Without descriptors the loop rests, and goes on when there are some. */
static void no_descriptors_do_not_spin(void **state)
{
    struct rlimit before;
    struct rlimit few;
    struct client some[8];
    struct rusage usage;

    (void)state;
    for (int i = 0; i < 8; i++)
        client_open(&some[i], &stage);
    getrlimit(RLIMIT_NOFILE, &before);
    few = before;
    few.rlim_cur = (rlim_t)some[7].fd + 3; /* two or so can be accepted */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    getrusage(RUSAGE_SELF, &usage);
    uint64_t cpu_us = (uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec +
                      1000000u * (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec);
    struct timeval rest = {.tv_usec = 350000};
    event_base_loopexit(stage.base, &rest);
    event_base_loop(stage.base, 0);
    getrusage(RUSAGE_SELF, &usage);
    uint64_t after_us = (uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec +
                        1000000u * (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec);
    assert_true(after_us - cpu_us < 100000);
    size_t served = front_connections(stage.front);
    assert_in_range(served, 1, 6);
    setrlimit(RLIMIT_NOFILE, &before);
    run_for(&stage, 250);
    size_t answered = 0;
    for (int i = 0; i < 8; i++)
        if (!client_over(&some[i])) {
            client_says(&some[i], GET_HEAD("/get/1"));
            UNTIL(&stage, got(&some[i], "/get/1 0"));
            answered++;
        }
    assert_true(answered > served); /* those that waited were accepted then */
    for (int i = 0; i < 8; i++)
        client_close(&some[i]);
}

static void idle_connections_close_and_busy_ones_finish(void **state)
{
    struct client idle;
    struct client busy;
    struct client fresh;

    (void)state;
    client_open(&idle, &stage);
    client_says(&idle, GET_HEAD("/get/1"));
    UNTIL(&stage, got(&idle, "/get/1 0"));
    client_open(&busy, &stage);
    client_says(&busy, GET_HEAD("/hang"));
    client_open(&fresh, &stage);
    UNTIL(&stage, stage.count == 2 && front_connections(stage.front) == 3);
    front_drain(stage.front);
    front_drain(stage.front);
    client_says(&fresh, GET_HEAD("/get/2")); /* on its way when draining began */
    UNTIL(&stage, client_over(&fresh));
    assert_true(fresh.eof && got(&fresh, "/get/2 0") && got(&fresh, "Connection: close\r\n"));
    UNTIL(&stage, client_over(&idle));
    assert_true(idle.eof && times_got(&idle, "HTTP/1.1 ") == 1);
    assert_false(client_over(&busy));
    for (struct exchange *ex = stage.exchanges; ex; ex = ex->next)
        if (ex->request)
            answer(ex, 200, TEXT("done"));
    UNTIL(&stage, client_over(&busy));
    assert_true(busy.eof && got(&busy, "done") && got(&busy, "Connection: close\r\n"));
    client_close(&idle);
    client_close(&busy);
    client_close(&fresh);
    UNTIL(&stage, front_connections(stage.front) == 0);
    assert_int_equal(connect_to(stage.bound), -1);
}

/* A kept connection on which a request waits to be read: it is no idle one. */
static void a_request_that_has_arrived_is_answered(void **state)
{
    struct client kept;

    (void)state;
    client_open(&kept, &stage);
    client_says(&kept, GET_HEAD("/get/1"));
    UNTIL(&stage, got(&kept, "/get/1 0"));
    run_for(&stage, IDLE_FOR_LONG_MS);
    client_says(&kept, GET_HEAD("/get/2"));
    front_drain(stage.front);
    UNTIL(&stage, client_over(&kept));
    assert_true(kept.eof && got(&kept, "/get/2 0") && got(&kept, "Connection: close\r\n"));
    client_close(&kept);
}

/* Who used it a moment ago may be about to do so again, and is told with that reply. */
static void a_connection_just_used_waits_a_moment(void **state)
{
    struct client kept;

    (void)state;
    client_open(&kept, &stage);
    client_says(&kept, GET_HEAD("/get/1"));
    UNTIL(&stage, got(&kept, "/get/1 0"));
    front_drain(stage.front);
    run_for(&stage, 100);
    assert_false(client_over(&kept));
    client_says(&kept, GET_HEAD("/get/2"));
    UNTIL(&stage, client_over(&kept));
    assert_true(kept.eof && got(&kept, "/get/2 0") && got(&kept, "Connection: close\r\n"));
    client_close(&kept);
}

/* A reply that began before the drain could not say that its connection will close. */
static void behind_a_reply_under_way_one_more_is_answered(void **state)
{
    struct client kept;

    (void)state;
    client_open(&kept, &stage);
    client_says(&kept, GET_HEAD("/hang"));
    UNTIL(&stage, stage.count == 1);
    start(stage.exchanges, 200, HTTP_CHUNKED, 0);
    put(stage.exchanges, TEXT("half"));
    UNTIL(&stage, got(&kept, "half"));
    front_drain(stage.front);
    run_for(&stage, 20);
    finish(stage.exchanges, NULL);
    UNTIL(&stage, got(&kept, "\r\n0\r\n\r\n"));
    client_says(&kept, GET_HEAD("/get/2"));
    UNTIL(&stage, client_over(&kept));
    assert_true(kept.eof && got(&kept, "/get/2 0") && got(&kept, "Connection: close\r\n"));
    client_close(&kept);
}

/*
 * Clients in a thread of their own, connecting without end while the front
 * drains.  Each connection that was made ends in an answer or a clean close.
 */
struct crowd {
    const char *bound;
    atomic_int connected;
    atomic_int stop;
    int answered;
    int clean;
    int refused;
    int broken;
};

static void one_visit(struct crowd *crowd)
{
    struct sockaddr_in in = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons((uint16_t)atol(strrchr(crowd->bound, ':') + 1)),
    };
    struct timeval patience = {2, 0};
    char block[512];
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&in, sizeof in) != 0) {
        crowd->refused++; /* refused or without an answer: never established */
        close(fd);
        return;
    }
    crowd->connected++;
    ssize_t sent = send(fd, GET_HEAD("/get/1"), sizeof GET_HEAD("/get/1") - 1, MSG_NOSIGNAL);
    ssize_t n = sent > 0 ? recv(fd, block, sizeof block, 0) : -1;
    if (n > 0)
        crowd->answered++;
    else if (n == 0)
        crowd->clean++;
    else
        crowd->broken++;
    close(fd);
}

static void *visit(void *arg)
{
    struct crowd *crowd = arg;

    while (!crowd->stop && crowd->refused == 0)
        one_visit(crowd);
    return NULL;
}

static void draining_loses_nobody(void **state)
{
    enum { THREADS = 4 };
    struct crowd crowds[THREADS];
    pthread_t threads[THREADS];
    int connected = 0;

    (void)state;
    memset(crowds, 0, sizeof crowds);
    for (int i = 0; i < THREADS; i++) {
        crowds[i].bound = stage.bound;
        pthread_create(&threads[i], NULL, visit, &crowds[i]);
    }
    UNTIL(&stage, stage.count >= 500);
    front_drain(stage.front);
    UNTIL(&stage, front_connections(stage.front) == 0);
    for (int i = 0; i < THREADS; i++) {
        crowds[i].stop = 1;
        for (uint64_t until = now_ms() + 100; now_ms() < until;)
            event_base_loop(stage.base, EVLOOP_NONBLOCK);
        pthread_join(threads[i], NULL);
        connected += crowds[i].connected;
        assert_int_equal(crowds[i].broken, 0);
    }
    assert_true(connected >= 500);
}

/* Five hundred handshakes are done but nobody is accepted: all are served. */
static void the_queue_is_served_before_the_close(void **state)
{
    enum { CROWD = 500 };
    static struct client some[CROWD];
    int served = 0;

    (void)state;
    for (int i = 0; i < CROWD; i++)
        client_open(&some[i], &stage);
    for (int i = 0; i < CROWD; i++)
        client_says(&some[i], GET_HEAD("/get/1"));
    front_drain(stage.front);
    for (int i = 0; i < CROWD; i++) {
        UNTIL(&stage, client_over(&some[i]));
        if (some[i].error)
            fail_msg("client %d: %s", i, strerror(some[i].error));
        served += got(&some[i], "/get/1 0");
        client_close(&some[i]);
    }
    assert_int_equal(served, CROWD);
    UNTIL(&stage, front_connections(stage.front) == 0);
    assert_int_equal(connect_to(stage.bound), -1);
}

/* From drain on no new handshake begins, and those done still go on. */
static void drain_and_knock(void)
{
    struct client before;
    struct timeval patience = {.tv_usec = 100000};
    struct sockaddr_in in;
    socklen_t len = sizeof in;

    client_open(&before, &stage);
    getpeername(before.fd, (struct sockaddr *)&in, &len);
    front_drain(stage.front);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof in), -1);
    assert_int_equal(errno, EINPROGRESS); /* unanswered, not refused */
    close(fd);
    client_says(&before, GET_HEAD("/get/1"));
    UNTIL(&stage, got(&before, "/get/1 0"));
    client_close(&before);
    UNTIL(&stage, front_connections(stage.front) == 0);
}

static void the_filter_drops_new_handshakes_only(void **state)
{
    (void)state;
    drain_and_knock();
}

/* Where no filter may be attached, as some kernels have it for plain users. */
static void the_hop_limit_does_the_same(void **state)
{
    int on = 1;

    (void)state;
    assert_int_equal(setsockopt(stage.listening, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof on), 0);
    drain_and_knock();
}

/* A client that was queued is heard, whatever its listener was told meanwhile. */
static void the_queue_is_heard_without_a_filter(void **state)
{
    int on = 1;

    assert_int_equal(setsockopt(stage.listening, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof on), 0);
    the_queue_is_served_before_the_close(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(unix_clients_are_served),
        TEST(one_too_many_is_refused),
        TEST(the_next_are_told_why),
        TEST(an_unwelcome_client_has_to_be_quick),
        TEST(pressure_ends_keep_alive),
        TEST(no_descriptors_do_not_spin),
        TEST(idle_connections_close_and_busy_ones_finish),
        TEST(a_request_that_has_arrived_is_answered),
        TEST(a_connection_just_used_waits_a_moment),
        TEST(behind_a_reply_under_way_one_more_is_answered),
        TEST(draining_loses_nobody),
        TEST(the_queue_is_served_before_the_close),
        TEST(the_filter_drops_new_handshakes_only),
        TEST(the_hop_limit_does_the_same),
        TEST(the_queue_is_heard_without_a_filter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
