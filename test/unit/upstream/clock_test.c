#include "watcher.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void say_nothing(struct line *line)
{
    (void)line;
}

static void answer(struct line *line)
{
    say(line, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

static struct upstream_request hurried(uint64_t first_byte_ms, uint64_t between_bytes_ms)
{
    struct upstream_request request = usual_request(HTTP_POST, "/");

    request.first_byte_ms = first_byte_ms;
    request.between_bytes_ms = between_bytes_ms;
    return request;
}

/* Runs W and says how long it took until it broke as too slow. */
static uint64_t time_to_slow(struct rig *rig, struct watcher *w,
                             const struct upstream_request *request)
{
    uint64_t start = now_ms();

    fetch(w, rig, request);
    assert_int_equal(w->brokes, 1);
    assert_int_equal(w->why, UPSTREAM_SLOW);
    return now_ms() - start;
}

static void a_reply_that_does_not_begin_is_slow(void **state)
{
    struct rig rig;
    struct watcher w = {.heads = 0};
    struct upstream_request request = hurried(150, 20);

    (void)state;
    rig_open(&rig, say_nothing);
    assert_in_range(time_to_slow(&rig, &w, &request), 140, 1000);
    assert_true(run_until(&rig, &rig.service.lines[0]->ended, 2000));
    rig_shut(&rig);
}

static void begin_only(struct line *line)
{
    say(line, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na");
}

static void a_reply_that_stops_is_slow(void **state)
{
    struct rig rig;
    struct watcher w = {.heads = 0};
    struct upstream_request request = hurried(5000, 150);

    (void)state;
    rig_open(&rig, begin_only);
    assert_in_range(time_to_slow(&rig, &w, &request), 140, 1000);
    assert_int_equal(w.heads, 1);
    rig_shut(&rig);
}

static void the_wait_between_bytes_can_be_changed(void **state)
{
    (void)state;
    for (int longer = 0; longer < 2; longer++) {
        struct rig rig;
        struct watcher w = {.heads = 0};
        struct upstream_request request = hurried(5000, longer ? 100 : 60000);
        bool never = false;

        rig_open(&rig, begin_only);
        watch(&w, &rig, &request);
        while (w.heads == 0)
            run_until(&rig, &never, 5);
        upstream_set_between_bytes(w.transfer, longer ? 60000 : 100);
        run_until(&rig, &w.over, longer ? 250 : 2000);
        assert_int_equal(w.brokes, longer ? 0 : 1);
        upstream_cancel(&w.transfer);
        rig_shut(&rig);
    }
}

static void no_limit_is_none(void **state)
{
    struct rig rig;
    struct watcher w = {.heads = 0};
    struct upstream_request request = hurried(0, 0);

    (void)state;
    rig_open(&rig, begin_only);
    watch(&w, &rig, &request);
    settle_for(&rig, 200);
    assert_int_equal(w.brokes, 0);
    upstream_cancel(&w.transfer);
    rig_shut(&rig);
}

static void stop_reading(struct line *line)
{
    bufferevent_disable(line->bev, EV_READ);
}

static void an_upstream_that_stops_reading_is_slow(void **state)
{
    struct rig rig;
    struct watcher w = {.to_give = 1u << 30};
    struct upstream_request request = hurried(5000, 150);

    (void)state;
    request.framing = HTTP_CHUNKED;
    rig_open(&rig, say_nothing);
    rig.service.on_request = stop_reading;
    assert_in_range(time_to_slow(&rig, &w, &request), 140, 3000);
    rig_shut(&rig);
}

static void the_clock_stands_while_the_owner_gives_nothing(void **state)
{
    struct rig rig;
    struct watcher w = {.to_give = 10, .later_for_good = true};
    struct upstream_request request = hurried(80, 80);

    (void)state;
    request.framing = HTTP_CHUNKED;
    rig_open(&rig, answer);
    watch(&w, &rig, &request);
    settle_for(&rig, 300);
    assert_int_equal(w.brokes, 0);
    w.later_for_good = false;
    upstream_more(w.transfer);
    assert_true(run_until(&rig, &w.over, 2000));
    assert_int_equal(w.dones, 1);
    rig_shut(&rig);
}

static void it_runs_again_when_the_owner_goes_on(void **state)
{
    struct rig rig;
    struct watcher w = {.to_give = 10, .later_for_good = true};
    struct upstream_request request = hurried(80, 80);

    (void)state;
    request.framing = HTTP_CHUNKED;
    rig_open(&rig, say_nothing);
    watch(&w, &rig, &request);
    settle_for(&rig, 200);
    w.later_for_good = false;
    upstream_more(w.transfer);
    uint64_t start = now_ms();
    assert_true(run_until(&rig, &w.over, 2000));
    assert_int_equal(w.brokes, 1);
    assert_in_range(now_ms() - start, 70, 1000);
    rig_shut(&rig);
}

static void answer_long(struct line *line)
{
    static char bytes[100000];

    memset(bytes, 'l', sizeof bytes);
    say(line, "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n");
    say_n(line, bytes, sizeof bytes);
}

static void the_clock_stands_while_the_owner_takes_nothing(void **state)
{
    struct rig rig;
    struct watcher w = {.pause_on_piece = true};
    struct upstream_request request = hurried(5000, 80);

    (void)state;
    rig_open(&rig, answer_long);
    watch(&w, &rig, &request);
    settle_for(&rig, 300);
    assert_int_equal(w.brokes, 0);
    assert_int_equal(w.pieces, 1);
    w.pause_on_piece = false;
    upstream_resume(w.transfer);
    uint64_t start = now_ms();
    assert_true(run_until(&rig, &w.over, 2000)); /* the second half never comes */
    assert_int_equal(w.why, UPSTREAM_SLOW);
    assert_int_equal(w.bytes, 100000);
    assert_in_range(now_ms() - start, 70, 1000);
    rig_shut(&rig);
}

static void a_port_where_nobody_listens_refuses(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, answer);
    service_shut(&rig.service);
    struct watcher w = fetch_usual(&rig);
    assert_int_equal(w.brokes, 1);
    assert_int_equal(w.why, UPSTREAM_REFUSED);
    rig_shut(&rig);
}

static void a_name_that_does_not_resolve_refuses(void **state)
{
    struct event_base *base = event_base_new();
    struct upstream_limits limits = usual_limits("http://no-such-host.invalid");
    struct rig rig = {.base = base, .upstream = upstream_new(base, &limits)};

    (void)state;
    struct watcher w = fetch_usual(&rig);
    assert_int_equal(w.brokes, 1);
    assert_int_equal(w.why, UPSTREAM_REFUSED);
    upstream_free(&rig.upstream);
    event_base_free(base);
}

static void a_name_that_resolves_is_used(void **state)
{
    struct rig rig;
    char url[64];

    (void)state;
    rig_open(&rig, answer);
    upstream_free(&rig.upstream);
    snprintf(url, sizeof url, "http://localhost:%d", rig.service.port);
    struct upstream_limits limits = usual_limits(url);
    rig.upstream = upstream_new(rig.base, &limits);
    for (int i = 0; i < 3; i++)
        assert_int_equal(fetch_usual(&rig).dones, 1);
    assert_int_equal(rig.service.connections, 1);
    rig_shut(&rig);
}

static int stale_calls;

/* In place of the system's, for libevent too: counts what is asked of descriptors that are closed.
 */
int epoll_ctl(int set, int op, int fd, struct epoll_event *event)
{
    stale_calls += fcntl(fd, F_GETFD) < 0;
    return (int)syscall(SYS_epoll_ctl, set, op, fd, event);
}

static void hurried_connect(struct upstream_limits *limits)
{
    limits->connect_ms = 150;
}

/* A listener whose queue is full leaves connections waiting. */
static void a_connection_that_takes_too_long_refuses(void **state)
{
    struct rig rig;
    int filling[16];
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    (void)state;
    rig_open_with(&rig, answer, hurried_connect);
    event_del(rig.service.listening);
    listen(rig.service.fd, 0);
    at.sin_port = htons((uint16_t)rig.service.port);
    for (int i = 0; i < 16; i++) {
        filling[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(filling[i], (struct sockaddr *)&at, sizeof at);
    }
    settle_for(&rig, 50);
    uint64_t start = now_ms();
    stale_calls = 0;
    struct watcher w = fetch_usual(&rig);
    assert_int_equal(w.brokes, 1);
    assert_int_equal(w.why, UPSTREAM_REFUSED);
    assert_in_range(now_ms() - start, 140, 1000);
    struct watcher gone = {0};
    struct upstream_request request = usual_request(HTTP_GET, "/");
    watch(&gone, &rig, &request);
    settle_for(&rig, 50);
    upstream_cancel(&gone.transfer);
    settle_for(&rig, 50);
    /* By then the number may be another thread's. */
    assert_int_equal(stale_calls, 0);
    for (int i = 0; i < 16; i++)
        close(filling[i]);
    rig_shut(&rig);
}

static void the_proxy_of_the_environment_is_not_asked(void **state)
{
    struct rig rig;

    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    rig_open(&rig, answer);
    assert_int_equal(fetch_usual(&rig).dones, 1);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    rig_shut(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_that_does_not_begin_is_slow),
        cmocka_unit_test(a_reply_that_stops_is_slow),
        cmocka_unit_test(the_wait_between_bytes_can_be_changed),
        cmocka_unit_test(no_limit_is_none),
        cmocka_unit_test(an_upstream_that_stops_reading_is_slow),
        cmocka_unit_test(the_clock_stands_while_the_owner_gives_nothing),
        cmocka_unit_test(it_runs_again_when_the_owner_goes_on),
        cmocka_unit_test(the_clock_stands_while_the_owner_takes_nothing),
        cmocka_unit_test(a_port_where_nobody_listens_refuses),
        cmocka_unit_test(a_name_that_does_not_resolve_refuses),
        cmocka_unit_test(a_name_that_resolves_is_used),
        cmocka_unit_test(a_connection_that_takes_too_long_refuses),
        cmocka_unit_test(the_proxy_of_the_environment_is_not_asked),
    };

    return cmocka_run_group_tests(tests, start_library, end_library);
}
