#include "watcher.h"

#include <sys/resource.h>

static struct upstream_request upload(enum http_framing framing, uint64_t length)
{
    struct upstream_request request = usual_request(HTTP_POST, "/up");

    request.framing = framing;
    request.length = length;
    return request;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_reply_to_a_slow_owner_stays_small),
        cmocka_unit_test(pausing_neither_repeats_nor_drops_a_byte),
        cmocka_unit_test(resuming_one_direction_leaves_the_other_alone),
        cmocka_unit_test(a_paused_reply_costs_no_time),
        cmocka_unit_test(a_transfer_may_be_cancelled_in_each_callback),
        cmocka_unit_test(a_transfer_may_be_cancelled_as_it_breaks_and_before_it_began),
        cmocka_unit_test(trailers_and_hints_are_told),
    };

    return cmocka_run_group_tests(tests, start_library, end_library);
}
