#include "service.h"

#include <sys/resource.h>

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

static void on_nudge(evutil_socket_t fd, short what, void *arg)
{
    struct watcher *w = arg;

    (void)fd;
    (void)what;
    if (w->transfer)
        upstream_more(w->transfer);
}

/* Says every millisecond that there is more. */
static struct event *nudge(struct rig *rig, struct watcher *w)
{
    struct timeval wait = {0, 1000};
    struct event *ev = event_new(rig->base, -1, EV_PERSIST, on_nudge, w);

    event_add(ev, &wait);
    return ev;
}

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
        assert_int_equal(w.why, UPSTREAM_BROKE);
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

/* --- down ---------------------------------------------------------------------------- */

enum { BIG = 50 << 20 };

static void drained(struct bufferevent *bev, void *arg)
{
    static char bytes[65536];
    struct line *line = arg;

    memset(bytes, 'd', sizeof bytes);
    if (line->body < BIG) {
        line->body += sizeof bytes;
        bufferevent_write(bev, bytes, sizeof bytes);
    }
}

static void line_ended(struct bufferevent *bev, short what, void *arg)
{
    (void)bev;
    (void)what;
    (void)arg;
}

static void answer_big(struct line *line)
{
    say(line, "HTTP/1.1 200 OK\r\nContent-Length: 52428800\r\n\r\n");
    line->body = 0;
    bufferevent_setcb(line->bev, NULL, drained, line_ended, line);
}

/* Sanitizers hold on to what was freed. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { HONEST_MEMORY = 0 };
#else
enum { HONEST_MEMORY = 1 };
#endif

static long resident_kb(void)
{
    char words[128] = "";
    FILE *f = fopen("/proc/self/statm", "r");

    if (!f || !fgets(words, sizeof words, f))
        return 0;
    fclose(f);
    char *second = strchr(words, ' ');
    return second ? strtol(second, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024) : 0;
}

/* Resumes WATCHER once in every round of the loop. */
struct resumer {
    struct watcher *watcher;
    struct event *event;
};

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
    struct resumer *r = arg;
    struct timeval soon = {0, 0};

    (void)fd;
    (void)what;
    if (r->watcher->transfer)
        upstream_resume(r->watcher->transfer);
    event_add(r->event, &soon);
}

static void resume_often(struct resumer *r, struct rig *rig, struct watcher *w)
{
    r->watcher = w;
    r->event = event_new(rig->base, -1, 0, on_resume, r);
    on_resume(-1, 0, r);
}

static void a_large_reply_to_a_slow_owner_stays_small(void **state)
{
    struct rig rig;
    struct watcher w = {.pause_on_piece = true};
    struct upstream_request request = usual_request(HTTP_GET, "/big");

    (void)state;
    rig_open(&rig, answer_big);
    long before = resident_kb();
    watch(&w, &rig, &request);
    settle_for(&rig, 300);
    assert_int_equal(w.pieces, 1); /* and then it was paused */
    struct resumer resumer;
    resume_often(&resumer, &rig, &w);
    assert_true(run_until(&rig, &w.over, 60000));
    event_free(resumer.event);
    assert_int_equal(w.dones, 1);
    assert_int_equal(w.bytes, BIG);
    if (HONEST_MEMORY)
        assert_true(resident_kb() - before < 8192);
    rig_shut(&rig);
}

static void answer_numbered(struct line *line)
{
    static char bytes[200001];

    for (int i = 0; i < 200000; i++)
        bytes[i] = (char)('a' + i % 23);
    say(line, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n30d40\r\n");
    say_n(line, bytes, 200000);
    say(line, "\r\n0\r\n\r\n");
}

static uint64_t numbered_sum(void)
{
    uint64_t sum = 0;

    for (int i = 0; i < 200000; i++)
        sum = sum * 31 + (unsigned char)('a' + i % 23);
    return sum;
}

static void pausing_neither_repeats_nor_drops_a_byte(void **state)
{
    (void)state;
    for (int stream = 0; stream < 2; stream++) {
        struct rig rig;
        struct watcher w = {.pause_on_piece = true, .pause_on_head = true};
        struct upstream_request request = usual_request(HTTP_GET, "/");
        struct resumer resumer;

        request.event_stream = stream;
        rig_open(&rig, answer_numbered);
        watch(&w, &rig, &request);
        resume_often(&resumer, &rig, &w);
        assert_true(run_until(&rig, &w.over, 10000));
        event_free(resumer.event);
        assert_int_equal(w.dones, 1);
        assert_int_equal(w.bytes, 200000);
        assert_true(w.sum == numbered_sum());
        w.over = false;
        assert_int_equal(fetch_usual(&rig).dones, 1);
        assert_int_equal(rig.service.connections, 1); /* a paused one is kept all the same */
        rig_shut(&rig);
    }
}

static void begin_large(struct line *line)
{
    static char bytes[60000];

    memset(bytes, 'l', sizeof bytes);
    say(line, "HTTP/1.1 200 OK\r\n\r\n");
    say_n(line, bytes, sizeof bytes);
}

/* The library takes one state for both directions. */
static void resuming_one_direction_leaves_the_other_alone(void **state)
{
    struct rig rig;
    struct watcher w = {.pause_on_piece = true, .later_for_good = true};
    struct upstream_request request = upload(HTTP_CHUNKED, 0);

    (void)state;
    rig_open(&rig, NULL);
    rig.service.on_request = begin_large;
    watch(&w, &rig, &request);
    settle_for(&rig, 50);
    assert_int_equal(w.pieces, 1);
    assert_int_equal(w.wants, 1);
    upstream_resume(w.transfer);
    settle_for(&rig, 20);
    assert_int_equal(w.pieces, 2);
    assert_int_equal(w.wants, 1); /* not asked */
    upstream_more(w.transfer);
    settle_for(&rig, 20);
    assert_int_equal(w.pieces, 2); /* not told */
    assert_int_equal(w.wants, 2);
    upstream_cancel(&w.transfer);
    rig_shut(&rig);
}

/* Interest while the owner has paused must not spin either. */
static void a_paused_reply_costs_no_time(void **state)
{
    struct rig rig;
    struct watcher w = {.pause_on_piece = true};
    struct upstream_request request = usual_request(HTTP_GET, "/big");
    struct rusage a, b;

    (void)state;
    rig_open(&rig, answer_big);
    watch(&w, &rig, &request);
    settle_for(&rig, 100);
    getrusage(RUSAGE_SELF, &a);
    settle_for(&rig, 300);
    getrusage(RUSAGE_SELF, &b);
    long us =
        (b.ru_utime.tv_sec - a.ru_utime.tv_sec + b.ru_stime.tv_sec - a.ru_stime.tv_sec) * 1000000 +
        b.ru_utime.tv_usec - a.ru_utime.tv_usec + b.ru_stime.tv_usec - a.ru_stime.tv_usec;
    assert_true(us < 50000);
    assert_int_equal(w.pieces, 1);
    upstream_cancel(&w.transfer);
    rig_shut(&rig);
}

/* --- cancelled ------------------------------------------------------------------------- */

static void answer_with_hints(struct line *line)
{
    say(line, "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
              "2\r\nok\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n");
}

static void a_transfer_may_be_cancelled_in_each_callback(void **state)
{
    (void)state;
    for (const char *where = "wihpd"; *where; where++) {
        struct rig rig;
        struct watcher w = {.cancel_in = *where, .to_give = 100};
        struct upstream_request request = upload(HTTP_CHUNKED, 0);

        rig_open(&rig, answer_with_hints);
        fetch(&w, &rig, &request);
        assert_null(w.transfer);
        settle_for(&rig, 20);
        assert_int_equal(w.dones, *where == 'd');
        assert_int_equal(w.brokes, 0);
        assert_int_equal(w.heads, *where == 'h' || *where == 'p' || *where == 'd');
        assert_int_equal(w.pieces, *where == 'p' ? 1 : *where == 'd' ? 2 : 0);
        fetch_usual(&rig);
        assert_int_equal(rig.service.connections, *where == 'd' ? 1 : 2);
        rig_shut(&rig);
    }
}

static void hang_up_now(struct line *line)
{
    hang_up(line);
}

static void a_transfer_may_be_cancelled_as_it_breaks_and_before_it_began(void **state)
{
    struct rig rig;
    struct watcher w = {.cancel_in = 'b'};
    struct upstream_request request = usual_request(HTTP_GET, "/");

    (void)state;
    rig_open(&rig, hang_up_now);
    fetch(&w, &rig, &request);
    assert_int_equal(w.brokes, 1);
    struct watcher never = {.rig = &rig};
    watch(&never, &rig, &request);
    upstream_cancel(&never.transfer);
    settle_for(&rig, 20);
    assert_int_equal(never.brokes + never.dones + never.heads, 0);
    watch(&never, &rig, &request);
    event_base_loop(rig.base, EVLOOP_NONBLOCK); /* connecting */
    upstream_cancel(&never.transfer);
    rig_shut(&rig);
}

static void trailers_and_hints_are_told(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, answer_with_hints);
    struct watcher w = fetch_usual(&rig);
    assert_int_equal(w.hints, 1);
    assert_string_equal(w.text, "okok");
    assert_string_equal(w.trailers, "X-T: 1\n");
    rig_shut(&rig);
}

/* --- cut and refused, on the wire --------------------------------------------------------- */

static const char *const wholes[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nT: 1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
};

struct cut {
    const char *bytes;
    size_t at;
    bool reset;
};

static void answer_cut(struct line *line)
{
    const struct cut *cut = line->service->note;

    say_n(line, cut->bytes, cut->at);
    end_after(line, false);
}

static void cut_replies_are_never_done(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, answer_cut);
    for (size_t i = 0; i < sizeof wholes / sizeof wholes[0]; i++) {
        size_t whole = strlen(wholes[i]);
        const char *last = strstr(wholes[i], "HTTP/1.1 200");
        size_t head = (size_t)(strstr(last, "\r\n\r\n") + 4 - wholes[i]);

        for (size_t at = 0; at <= whole; at++) {
            struct cut cut = {wholes[i], at, false};

            rig.service.note = &cut;
            service_shut(&rig.service);
            rig.service.connections = 0;
            upstream_free(&rig.upstream);
            service_open(&rig.service, rig.base);
            snprintf(rig.url, sizeof rig.url, "http://127.0.0.1:%d", rig.service.port);
            struct upstream_limits limits = usual_limits(rig.url);
            rig.upstream = upstream_new(rig.base, &limits);
            struct watcher w = fetch_usual(&rig);
            bool to_close = i == 2 && at >= head;
            assert_int_equal(w.heads, at >= head);
            assert_int_equal(w.dones, at == whole || to_close);
            assert_int_equal(w.brokes, !w.dones);
            if (w.brokes)
                assert_int_equal(w.why, UPSTREAM_BROKE);
        }
    }
    rig_shut(&rig);
}

static const char *const refused[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nContent-Length: 3abc\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc",
    "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc",
    "HTTP/1.1 200 OK\r\nContent-Length: 3\n\r\nabc",
    "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 3\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nContent-Length : 3\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 3\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3junk\r\nabc\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcde\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nno colon\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nabc",
    "HTTP/2 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    "HTTP/1.1 20 OK\r\nContent-Length: 3\r\n\r\nabc",
    "nothing like a reply\r\n\r\n",
};

static void answer_refused(struct line *line)
{
    say(line, line->service->note);
}

static void replies_that_the_grammar_forbids_break_the_transfer(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, answer_refused);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        rig.service.note = (void *)refused[i];
        struct watcher w = fetch_usual(&rig);
        if (w.brokes != 1 || w.why != UPSTREAM_INVALID)
            fail_msg("%u dones, why %d: %s", w.dones, w.why, refused[i]);
        assert_int_equal(rig.service.connections, i + 1);
    }
    rig_shut(&rig);
}

static void answer_endless_line(struct line *line)
{
    static char x[200000];

    memset(x, 'x', sizeof x);
    say(line, "HTTP/1.1 200 OK\r\nX: ");
    say_n(line, x, sizeof x);
}

static void answer_many_interims(struct line *line)
{
    for (int i = 0; i < 11; i++)
        say(line, "HTTP/1.1 100 Continue\r\n\r\n");
    say(line, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

static void endless_heads_break_the_transfer(void **state)
{
    static const script_fn scripts[] = {answer_endless_line, answer_many_interims};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct rig rig;

        rig_open(&rig, scripts[i]);
        struct watcher w = fetch_usual(&rig);
        assert_int_equal(w.brokes, 1);
        assert_int_equal(w.why, UPSTREAM_INVALID);
        rig_shut(&rig);
    }
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
        cmocka_unit_test(a_large_reply_to_a_slow_owner_stays_small),
        cmocka_unit_test(pausing_neither_repeats_nor_drops_a_byte),
        cmocka_unit_test(a_refusal_ends_the_asking),
        cmocka_unit_test(resuming_one_direction_leaves_the_other_alone),
        cmocka_unit_test(a_paused_reply_costs_no_time),
        cmocka_unit_test(a_transfer_may_be_cancelled_in_each_callback),
        cmocka_unit_test(a_transfer_may_be_cancelled_as_it_breaks_and_before_it_began),
        cmocka_unit_test(trailers_and_hints_are_told),
        cmocka_unit_test(cut_replies_are_never_done),
        cmocka_unit_test(replies_that_the_grammar_forbids_break_the_transfer),
        cmocka_unit_test(endless_heads_break_the_transfer),
    };

    return cmocka_run_group_tests(tests, start_library, end_library);
}
