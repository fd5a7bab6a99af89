/* PROXY headers before requests, cut everywhere. */
#include "unit/front/stage.h"

#define V1 "PROXY TCP4 192.0.2.7 192.0.2.1 1234 80\r\n"
#define V2                                                                                         \
    "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\xc0\0\x02\x01\x04\xd2\0P" /* the same */

static const struct text headers[] = {{V1, sizeof V1 - 1}, {V2, sizeof V2 - 1}};

static struct stage stage;
static struct client client;
static unsigned untold[FRONT_UNTOLD_COUNT], named, left;

static enum front_entry on_arrival(void *owner, struct text peer)
{
    (void)owner;
    assert_int_equal(peer.len, 0);
    return FRONT_WELCOME;
}

static enum front_entry on_named(void *owner, struct text peer, enum front_entry entry)
{
    (void)owner;
    assert_true(text_eq(peer, TEXT("192.0.2.7")));
    named++;
    return entry;
}

static void on_untold(void *owner, enum front_untold why)
{
    (void)owner;
    untold[why]++;
}

static void on_departure(void *owner, struct text peer, enum front_entry entry)
{
    (void)owner, (void)peer, (void)entry;
    left++;
}

static void on_announced(void *owner, struct front_request *request, const struct http_head *head)
{
    unsigned port;

    assert_true(text_eq(front_peer(request, &port), TEXT("192.0.2.7")));
    assert_int_equal(port, 1234);
    on_request(owner, request, head);
}

static int open_all(void **state)
{
    struct front_host host = {
        .on_connect = on_arrival,
        .on_named = on_named,
        .on_untold = on_untold,
        .on_leave = on_departure,
        .on_request = on_announced,
        .on_refused = on_refused,
        .owner = &stage,
    };

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    memset(untold, 0, sizeof untold);
    named = left = 0;
    stage = (struct stage){.limits = usual_limits()};
    stage.base = event_base_new();
    stage.front = front_new(stage.base, &stage.limits, &host);
    assert_non_null(stage.front);
    stage.listening = address_listen(TEXT("127.0.0.1:0"), stage.bound);
    assert_true(
        front_listen(stage.front, stage.listening, &(struct endpoint_way){.proxy_protocol = true}));
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    stage_close(&stage);
    return 0;
}

/* A client whose first bytes, ALL up to CUT, have been looked at. */
static void begin(struct text all, size_t cut)
{
    client_open(&client, &stage);
    UNTIL(&stage, front_connections(stage.front) == 1);
    assert_int_equal(send(client.fd, all.at, cut, 0), (ssize_t)cut);
    for (int turn = 0; turn < 4; turn++)
        event_base_loop(stage.base, EVLOOP_NONBLOCK);
}

static void end(void)
{
    client_close(&client);
    UNTIL(&stage, front_connections(stage.front) == 0);
}

/* Nothing of the request behind it is lost or taken for the header's. */
static void a_header_may_be_cut_anywhere(void **state)
{
    static const struct text request = TEXT("GET /get/1 HTTP/1.1\r\nHost: a\r\n\r\n");
    unsigned served = 0;

    (void)state;
    for (size_t h = 0; h < 2; h++) {
        struct buf all;

        buf_init(&all, SIZE_MAX);
        buf_add(&all, headers[h]);
        buf_add(&all, request);
        for (size_t cut = 0; cut <= all.len; cut++) {
            begin(buf_text(&all), cut);
            assert_int_equal(named, served + (cut >= headers[h].len));
            send(client.fd, all.at + cut, all.len - cut, 0);
            UNTIL(&stage, got(&client, "/get/1 0"));
            assert_int_equal(named, ++served);
            end();
        }
        buf_fini(&all);
    }
    assert_int_equal(stage.count, served);
    assert_int_equal(left, served);
}

static void a_header_may_end_nowhere(void **state)
{
    unsigned ended = 0;

    (void)state;
    for (size_t h = 0; h < 2; h++)
        for (size_t cut = 0; cut < headers[h].len; cut++) {
            begin(headers[h], cut);
            shutdown(client.fd, SHUT_WR);
            UNTIL(&stage, client_over(&client));
            assert_int_equal(untold[FRONT_UNTOLD_CLOSED], ++ended);
            end();
        }
    assert_int_equal(named + untold[FRONT_UNTOLD_MALFORMED], 0);
    assert_int_equal(left, ended);
}

/* Another byte in a place that has but one is no header, however much came before. */
static void what_is_no_header_is_refused_at_once(void **state)
{
    static const size_t fixed[] = {6, 13}; /* "PROXY ", the signature and the version */
    unsigned refused = 0;

    (void)state;
    for (size_t h = 0; h < 2; h++)
        for (size_t at = 0; at < fixed[h]; at++) {
            char wrong[64];

            memcpy(wrong, headers[h].at, headers[h].len);
            wrong[at] = 'z';
            begin(text_of(wrong, headers[h].len), at);
            send(client.fd, wrong + at, headers[h].len - at, 0);
            UNTIL(&stage, client_over(&client));
            assert_int_equal(untold[FRONT_UNTOLD_MALFORMED], ++refused);
            end();
        }
    assert_int_equal(named, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_header_may_be_cut_anywhere),
        CASE(a_header_may_end_nowhere),
        CASE(what_is_no_header_is_refused_at_once),
    };
    (void)stage_listen;
    (void)on_connect;
    (void)on_leave;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
