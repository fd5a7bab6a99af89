#include "watcher.h"

static void answer(struct line *line)
{
    say(line, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

static struct upstream_request upload(enum http_framing framing, uint64_t length)
{
    struct upstream_request request = usual_request(HTTP_POST, "/up");

    request.framing = framing;
    request.length = length;
    return request;
}

/* --- up --------------------------------------------------------------------- */

static void a_body_may_come_bit_by_bit(void **state)
{
    (void)state;
    for (int chunked = 0; chunked < 2; chunked++) {
        struct rig rig;
        struct watcher w = {.to_give = 3000, .give_at_once = 100};
        struct upstream_request request = upload(chunked ? HTTP_CHUNKED : HTTP_LENGTH, 3000);

        rig_open(&rig, answer);
        struct event *ev = nudge(&rig, &w);
        fetch(&w, &rig, &request);
        assert_int_equal(w.dones, 1);
        assert_in_range(w.laters, 29, 31);
        if (!chunked)
            assert_int_equal(rig.service.lines[0]->body, 3000);
        event_free(ev);
        rig_shut(&rig);
    }
}

static void mute(struct line *line)
{
    bufferevent_disable(line->bev, EV_READ);
}

static void an_upstream_that_does_not_read_stops_the_asking(void **state)
{
    struct rig rig;
    struct watcher w = {.to_give = 1u << 30};
    struct upstream_request request = upload(HTTP_CHUNKED, 0);

    (void)state;
    rig_open(&rig, answer);
    rig.service.on_request = mute;
    watch(&w, &rig, &request);
    settle_for(&rig, 200);
    uint64_t given = (1u << 30) - w.to_give;
    assert_in_range(given, 65536, 64u << 20);
    unsigned wants = w.wants;
    settle_for(&rig, 200);
    assert_int_equal(w.wants, wants);
    upstream_cancel(&w.transfer);
    rig_shut(&rig);
}

static void a_body_shorter_than_declared_breaks_the_transfer(void **state)
{
    struct rig rig;
    struct watcher w = {.to_give = 50};
    struct upstream_request request = upload(HTTP_LENGTH, 100);

    (void)state;
    rig_open(&rig, answer);
    fetch(&w, &rig, &request);
    assert_int_equal(w.brokes, 1);
    struct watcher next = fetch_usual(&rig);
    assert_int_equal(next.dones, 1);
    assert_int_equal(rig.service.connections, 2);
    rig_shut(&rig);
}

/* --- early answers -------------------------------------------------------------- */

struct early {
    const char *bytes;
    bool end; /* the service ends the connection after them */
    unsigned dones;
    const char *text; /* of the body */
};

static const struct early earlies[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false, 1, "ok"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, 1, ""},
    {"HTTP/1.1 204 No Content\r\n\r\n", false, 1, ""},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", false, 1, "ok"},
    {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", false, 1, "ok"},
    {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", true, 1, "ok"},
    {"HTTP/1.1 200 OK\r\n\r\nok", true, 1, "ok"},
    {"HTTP/1.1 413 Big\r\nContent-Length: 2\r\n\r\nno", false, 1, "no"},
    {"HTTP/1.1 413 Big\r\nContent-Length: 0\r\n\r\n", false, 1, ""},
    {"HTTP/1.1 413 Big\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n", false, 1, "no"},
    {"HTTP/1.1 413 Big\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno", true, 1, "no"},
    {"HTTP/1.1 413 Big\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno", false, 1, "no"},
    {"HTTP/1.1 413 Big\r\n\r\nno", true, 1, "no"},
    {"HTTP/1.1 413 Big\r\nConnection: close\r\n\r\nno", true, 1, "no"},
    {"HTTP/1.0 413 Big\r\n\r\nno", true, 1, "no"},
    /* broken ones: never complete, and never without an end */
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok", true, 0, "ok"},
    {"HTTP/1.1 413 Big\r\nContent-Length: 5\r\n\r\nno", true, 0, "no"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", true, 0, "ok"},
    {"HTTP/1.1 200 OK\r\nContent-Le", true, 0, ""},
    {"", true, 0, ""},
};

static void answer_early(struct line *line)
{
    const struct early *early = line->service->note;

    if (line->requests > 1 || line->number > 1) {
        answer(line);
        return;
    }
    say(line, early->bytes);
    if (early->end)
        end_after(line, false);
}

enum early_upload { PAUSED_AT_ONCE, PAUSED_LATER, STILL_COMING, UPLOADS };

/* The library is told of the first early answer; then another request must come through. */
static void try_early(const struct early *early, enum http_framing framing, enum early_upload how)
{
    struct rig rig;
    struct watcher w = {.later_for_good = how != STILL_COMING,
                        .to_give = how == PAUSED_AT_ONCE ? 0
                                   : how == PAUSED_LATER ? 1000
                                                         : 5000,
                        .give_at_once = how == STILL_COMING ? 10 : 0};
    struct upstream_request request = upload(framing, 100000);

    rig_open(&rig, NULL);
    rig.service.on_request = answer_early;
    rig.service.note = (void *)early;
    struct event *ev = nudge(&rig, &w);
    watch(&w, &rig, &request);
    if (!run_until(&rig, &w.over, 3000))
        fail_msg("no end: %s, framing %d, upload %d", early->bytes, framing, how);
    if (w.dones != early->dones)
        fail_msg("%u dones: %s, framing %d, upload %d", w.dones, early->bytes, framing, how);
    assert_string_equal(w.text, early->text);
    if (w.brokes)
        assert_int_equal(w.why, early->bytes[0] ? UPSTREAM_CUT : UPSTREAM_BROKE);
    event_free(ev);
    assert_int_equal(fetch_usual(&rig).dones, 1);
    assert_int_equal(rig.service.connections, 2); /* the first is owed a body */
    rig_shut(&rig);
}

static void an_early_answer_ends_every_upload(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof earlies / sizeof earlies[0]; i++)
        for (int how = 0; how < UPLOADS; how++) {
            try_early(&earlies[i], HTTP_LENGTH, (enum early_upload)how);
            try_early(&earlies[i], HTTP_CHUNKED, (enum early_upload)how);
        }
}

/* A service that begins its reply before the body is over, and echoes its size at the end. */
static void begin_early(struct line *line)
{
    say(line, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n");
}

static void end_late(struct line *line)
{
    say(line, "4\r\nlate\r\n0\r\n\r\n");
}

static void a_reply_may_begin_before_the_body_is_over(void **state)
{
    struct rig rig;
    struct watcher w = {.to_give = 2000, .give_at_once = 100};
    struct upstream_request request = upload(HTTP_CHUNKED, 0);

    (void)state;
    rig_open(&rig, end_late);
    rig.service.on_request = begin_early;
    struct event *ev = nudge(&rig, &w);
    fetch(&w, &rig, &request);
    assert_int_equal(w.dones, 1);
    assert_string_equal(w.text, "oklate");
    assert_int_equal(w.to_give, 0);
    event_free(ev);
    rig.service.on_request = NULL;
    rig.service.on_whole = answer;
    fetch_usual(&rig);
    assert_int_equal(rig.service.connections, 1); /* all of both was said: kept */
    rig_shut(&rig);
}

static void answer_and_close(struct line *line)
{
    if (strncmp(line->head, "GET", 3) == 0) {
        answer(line);
        return;
    }
    bufferevent_disable(line->bev, EV_READ);
    say(line, line->service->note);
    end_after(line, true);
}

/* The service closes with bytes unread, so that a reset follows its answer at once. */
static void an_answer_before_a_reset_is_not_lost(void **state)
{
    static const char *const answers[] = {
        "HTTP/1.1 413 Big\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno",
        "HTTP/1.1 413 Big\r\nContent-Length: 2\r\n\r\nno",
        "HTTP/1.1 413 Big\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0"
        "\r\n\r\n",
    };

    (void)state;
    for (int i = 0; i < 6; i++)
        for (int chunked = 0; chunked < 2; chunked++) {
            struct rig rig;
            struct watcher w = {.to_give = 50u << 20};
            struct upstream_request request =
                upload(chunked ? HTTP_CHUNKED : HTTP_LENGTH, 50u << 20);

            rig_open(&rig, NULL);
            rig.service.on_request = answer_and_close;
            rig.service.note = (void *)answers[i / 2];
            if (i % 2)
                fetch_usual(&rig); /* and then on a kept connection */
            fetch(&w, &rig, &request);
            assert_int_equal(w.dones, 1);
            assert_int_equal(w.status, 413);
            assert_string_equal(w.text, "no");
            assert_in_range(w.to_give, 1, 50u << 20);
            rig_shut(&rig);
        }
}

static void refuse_in_part(struct line *line)
{
    say(line, "HTTP/1.1 413 Big\r\nConnection: close\r\nContent-Length: 2\r\n\r\nn");
}

/* Who has been refused is not asked for more. */
static void a_refusal_ends_the_asking(void **state)
{
    struct rig rig;
    struct watcher w = {.to_give = 1u << 30, .give_at_once = 1000};
    struct upstream_request request = upload(HTTP_CHUNKED, 0);
    bool never = false;

    (void)state;
    rig_open(&rig, NULL);
    rig.service.on_request = refuse_in_part;
    struct event *ev = nudge(&rig, &w);
    watch(&w, &rig, &request);
    while (w.heads == 0)
        run_until(&rig, &never, 10);
    unsigned wants = w.wants;
    settle_for(&rig, 100);
    assert_int_equal(w.wants, wants);
    say(rig.service.lines[0], "o");
    assert_true(run_until(&rig, &w.over, 2000));
    assert_int_equal(w.dones, 1);
    event_free(ev);
    rig_shut(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_may_come_bit_by_bit),
        cmocka_unit_test(an_upstream_that_does_not_read_stops_the_asking),
        cmocka_unit_test(a_body_shorter_than_declared_breaks_the_transfer),
        cmocka_unit_test(an_early_answer_ends_every_upload),
        cmocka_unit_test(a_reply_may_begin_before_the_body_is_over),
        cmocka_unit_test(an_answer_before_a_reset_is_not_lost),
        cmocka_unit_test(a_refusal_ends_the_asking),
    };

    return cmocka_run_group_tests(tests, start_library, end_library);
}
