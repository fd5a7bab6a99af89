#include "watcher.h"

#include <sys/resource.h>

static void answer(struct line *line)
{
    char bytes[128];

    snprintf(bytes, sizeof bytes, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n%04u",
             line->service->requests);
    say(line, bytes);
}

static void kept_connections_are_used_again(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, answer);
    for (unsigned i = 0; i < 50; i++)
        assert_int_equal(fetch_usual(&rig).dones, 1);
    assert_int_equal(rig.service.connections, 1);
    assert_int_equal(rig.service.requests, 50);
    rig_shut(&rig);
}

static void keep_none(struct upstream_limits *limits)
{
    limits->connections_kept = 0;
}

static void no_connection_is_kept_where_none_may_be(void **state)
{
    struct rig rig;

    (void)state;
    rig_open_with(&rig, answer, keep_none);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(fetch_usual(&rig).dones, 1);
    assert_int_equal(rig.service.connections, 5);
    rig_shut(&rig);
}

static const char poison[] = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL";

/* The bytes come so late that the idle wire could not be looked at before the next request. */
static void bytes_on_an_idle_connection_are_never_a_reply(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        struct rig rig;

        rig_open(&rig, answer);
        assert_string_equal(fetch_usual(&rig).text, "0001");
        int fd = bufferevent_getfd(rig.service.lines[0]->bev);
        assert_int_equal(send(fd, poison, strlen(poison), 0), strlen(poison));
        struct watcher w = fetch_usual(&rig);
        assert_int_equal(w.dones, 1);
        assert_string_equal(w.text, "0002");
        assert_int_equal(rig.service.connections, 2);
        rig_shut(&rig);
    }
}

static void bytes_on_an_idle_connection_retire_it(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, answer);
    fetch_usual(&rig);
    say(rig.service.lines[0], poison);
    assert_true(run_until(&rig, &rig.service.lines[0]->ended, 2000));
    assert_string_equal(fetch_usual(&rig).text, "0002");
    assert_int_equal(rig.service.connections, 2);
    rig_shut(&rig);
}

/* The library reads head and body apart, so that what follows stays in the socket. */
static void answer_with_more(struct line *line)
{
    answer(line);
    if (line->service->requests == 1)
        say(line, poison);
}

static void bytes_after_a_reply_are_never_the_next_reply(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, answer_with_more);
    assert_string_equal(fetch_usual(&rig).text, "0001");
    assert_string_equal(fetch_usual(&rig).text, "0002");
    assert_int_equal(rig.service.connections, 2);
    rig_shut(&rig);
}

static void answer_chunked_with_more(struct line *line)
{
    say(line, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP");
}

/* The library drops what it has read after the last chunk, and would go on with the rest. */
static void bytes_after_the_last_chunk_forbid_reuse(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, answer_chunked_with_more);
    assert_int_equal(fetch_usual(&rig).dones, 1);
    assert_int_equal(fetch_usual(&rig).dones, 1);
    assert_int_equal(rig.service.connections, 2);
    rig_shut(&rig);
}

static void answer_no_body_with_one(struct line *line)
{
    say(line, "HTTP/1.1 204 No Content\r\n\r\n<html>");
}

static void a_body_where_there_can_be_none_forbids_reuse(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, answer_no_body_with_one);
    assert_int_equal(fetch_usual(&rig).dones, 1);
    assert_int_equal(fetch_usual(&rig).dones, 1);
    assert_int_equal(rig.service.connections, 2);
    rig_shut(&rig);
}

static void answer_no_body(struct line *line)
{
    say(line, "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
}

static void replies_without_a_body_keep_their_connection(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, answer_no_body);
    for (int i = 0; i < 5; i++) {
        struct watcher w = fetch_usual(&rig);
        assert_int_equal(w.dones, 1);
        assert_int_equal(w.hints, 1);
    }
    assert_int_equal(rig.service.connections, 1);
    rig_shut(&rig);
}

static void an_end_on_an_idle_connection_costs_nothing(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, answer);
    fetch_usual(&rig);
    shutdown(bufferevent_getfd(rig.service.lines[0]->bev), SHUT_WR);
    struct watcher w = fetch_usual(&rig);
    assert_string_equal(w.text, "0002");
    assert_int_equal(rig.service.connections, 2);
    rig_shut(&rig);
}

static double cpu_seconds(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return (double)used.ru_utime.tv_sec + (double)used.ru_stime.tv_sec +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void an_end_on_an_idle_connection_does_not_spin(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, answer);
    fetch_usual(&rig);
    settle_for(&rig, 20);
    bufferevent_disable(rig.service.lines[0]->bev, EV_READ);
    shutdown(bufferevent_getfd(rig.service.lines[0]->bev), SHUT_WR);
    double before = cpu_seconds();
    settle_for(&rig, 400);
    assert_true(cpu_seconds() - before < 0.1);
    rig_shut(&rig);
}

static void short_idle(struct upstream_limits *limits)
{
    limits->idle_ms = 60;
}

static void idle_connections_end_at_their_age(void **state)
{
    struct rig rig;

    (void)state;
    rig_open_with(&rig, answer, short_idle);
    fetch_usual(&rig);
    assert_false(rig.service.lines[0]->ended);
    assert_true(run_until(&rig, &rig.service.lines[0]->ended, 2000));
    assert_string_equal(fetch_usual(&rig).text, "0002");
    assert_int_equal(rig.service.connections, 2);
    rig_shut(&rig);
}

/* Answers the first request of a connection, and ends it at the second. */
static void answer_once(struct line *line)
{
    if (line->requests == 1)
        answer(line);
    else
        hang_up(line);
}

static void reset_second(struct line *line)
{
    if (line->requests == 1)
        answer(line);
    else
        reset_line(line);
}

/* How often METHOD is seen when its kept connection dies under it. */
static void dies_once(script_fn script, enum http_method method, int body)
{
    struct rig rig;
    struct watcher w = {.to_give = 5};
    struct upstream_request request = usual_request(method, "/second");

    rig_open(&rig, script);
    fetch_usual(&rig);
    request.framing = body == 0 ? HTTP_NO_BODY : body == 3 ? HTTP_CHUNKED : HTTP_LENGTH;
    request.length = body == 0 ? 0 : 5;
    if (body == 1)
        request.whole = TEXT("abcde");
    fetch(&w, &rig, &request);
    settle_for(&rig, 20);
    assert_int_equal(w.brokes, 1);
    assert_int_equal(w.why, UPSTREAM_BROKE);
    assert_int_equal(w.heads, 0);
    assert_int_equal(rig.service.requests, 2);
    rig_shut(&rig);
}

static void a_request_is_never_sent_twice(void **state)
{
    (void)state;
    for (int body = 0; body < 4; body++) {
        dies_once(answer_once, HTTP_POST, body);
        dies_once(reset_second, HTTP_POST, body);
        dies_once(answer_once, HTTP_PUT, body);
    }
    dies_once(answer_once, HTTP_GET, 0);
    dies_once(answer_once, HTTP_HEAD, 0);
    dies_once(reset_second, HTTP_DELETE, 0);
}

static void answer_old(struct line *line)
{
    say(line, "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n");
}

/* The library would refuse to send a chunked body on a connection of the old version. */
static void an_old_connection_is_not_kept(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, answer_old);
    for (int i = 0; i < 3; i++) {
        struct watcher w = {.to_give = 5};
        struct upstream_request request = usual_request(HTTP_POST, "/");

        request.framing = HTTP_CHUNKED;
        fetch(&w, &rig, &request);
        assert_int_equal(w.dones, 1);
    }
    assert_int_equal(rig.service.connections, 3);
    rig_shut(&rig);
}

static void many_at_once_each_get_their_own_reply(void **state)
{
    enum { MANY = 60, ROUNDS = 5 };
    static struct watcher w[MANY];
    struct rig rig;

    (void)state;
    rig_open(&rig, answer);
    for (int round = 0; round < ROUNDS; round++) {
        bool seen[MANY * ROUNDS + 1] = {false};

        memset(w, 0, sizeof w);
        for (int i = 0; i < MANY; i++) {
            struct upstream_request request = usual_request(HTTP_GET, "/");
            watch(&w[i], &rig, &request);
        }
        for (int i = 0; i < MANY; i++) {
            assert_true(run_until(&rig, &w[i].over, 5000));
            assert_int_equal(w[i].dones, 1);
            int number = (int)strtol(w[i].text, NULL, 10);
            assert_in_range(number, round * MANY + 1, round * MANY + MANY);
            assert_false(seen[number]);
            seen[number] = true;
        }
    }
    assert_in_range(rig.service.connections, 1, MANY + 10);
    rig_shut(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_connections_are_used_again),
        cmocka_unit_test(no_connection_is_kept_where_none_may_be),
        cmocka_unit_test(bytes_on_an_idle_connection_are_never_a_reply),
        cmocka_unit_test(bytes_on_an_idle_connection_retire_it),
        cmocka_unit_test(bytes_after_a_reply_are_never_the_next_reply),
        cmocka_unit_test(bytes_after_the_last_chunk_forbid_reuse),
        cmocka_unit_test(a_body_where_there_can_be_none_forbids_reuse),
        cmocka_unit_test(replies_without_a_body_keep_their_connection),
        cmocka_unit_test(an_end_on_an_idle_connection_costs_nothing),
        cmocka_unit_test(an_end_on_an_idle_connection_does_not_spin),
        cmocka_unit_test(idle_connections_end_at_their_age),
        cmocka_unit_test(a_request_is_never_sent_twice),
        cmocka_unit_test(an_old_connection_is_not_kept),
        cmocka_unit_test(many_at_once_each_get_their_own_reply),
    };

    return cmocka_run_group_tests(tests, start_library, end_library);
}
