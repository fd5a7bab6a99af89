#include "watcher.h"

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
                assert_int_equal(w.why, at == 0 ? UPSTREAM_BROKE : UPSTREAM_CUT);
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
        cmocka_unit_test(cut_replies_are_never_done),
        cmocka_unit_test(replies_that_the_grammar_forbids_break_the_transfer),
        cmocka_unit_test(endless_heads_break_the_transfer),
    };

    return cmocka_run_group_tests(tests, start_library, end_library);
}
