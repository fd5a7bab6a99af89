/*
 * stage.h - a real front on a loopback socket, an owner that echoes, clients
 *
 * All in one thread: a client is a raw non-blocking socket, and waiting for
 * something means running the event loop until it is so.  What an exchange
 * does is chosen by the first segment of its path (see on_request).  Each
 * exchange notes what it hears in `heard`, a letter an event.
 */
#ifndef FRONT_STAGE_H
#define FRONT_STAGE_H

#include "base/buf.h"
#include "front/address.h"
#include "front/front.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka wants the above first */
#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

struct stage;

struct exchange {
    struct stage *stage;
    struct exchange *next;
    struct front_request *request; /* NULL after its end */
    const char *what;              /* the first segment of the path */
    char path[64];
    struct buf heard; /* q request, r refused, p piece, e body end, b broken,
                         d drained, G gone, E end */
    struct buf body;  /* kept by "keep" */
    size_t bytes;     /* of the body */
    uint64_t digest;
    size_t to_send; /* by "big" */
    size_t most_waiting;
    int status;  /* of a refusal or a broken body */
    bool inside; /* inside a call to the front: no event may come */
    bool body_ended;
    size_t trailers;
};

struct stage {
    struct event_base *base;
    struct front *front;
    struct exchange *exchanges; /* newest first */
    size_t count;
    size_t ended;
    size_t gone;
    struct front_limits limits;
    char bound[ADDRESS_TEXT_MAX];
    int listening;      /* the front's */
    size_t room;        /* connections that are welcome */
    size_t refuse_room; /* those that are refused politely */
    size_t inside[2];   /* of each kind */
    struct pressure pressure;
    bool greedy; /* "slow" owners: read all at once */
};

UNUSED static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void note(struct exchange *ex, char letter)
{
    if (ex->inside)
        fail_msg("event %c inside a call", letter);
    if (letter == 'p' && ex->heard.len > 0 && ex->heard.at[ex->heard.len - 1] == 'p')
        return;
    if (letter == 'd' && ex->heard.len > 0 && ex->heard.at[ex->heard.len - 1] == 'd')
        return;
    buf_add_byte(&ex->heard, letter);
}

UNUSED static const char *heard(struct exchange *ex)
{
    buf_add_byte(&ex->heard, 0);
    ex->heard.len--;
    return ex->heard.at;
}

static bool is(const struct exchange *ex, const char *what)
{
    return strcmp(ex->what, what) == 0;
}

static void start(struct exchange *ex, int status, enum http_framing framing, uint64_t length)
{
    struct http_field fields[] = {{TEXT("X-Stage"), TEXT("yes")}};
    struct front_reply reply = {
        .status = status, .fields = {fields, 1}, .framing = framing, .length = length};

    ex->inside = true;
    front_reply(ex->request, &reply);
    ex->inside = false;
}

static size_t put(struct exchange *ex, struct text piece)
{
    ex->inside = true;
    size_t waiting = front_send(ex->request, piece);
    ex->inside = false;
    if (waiting > ex->most_waiting)
        ex->most_waiting = waiting;
    return waiting;
}

static void finish(struct exchange *ex, const struct http_fields *trailers)
{
    ex->inside = true;
    front_finish(ex->request, trailers);
    ex->inside = false;
}

UNUSED static void abort_it(struct exchange *ex)
{
    ex->inside = true;
    front_abort(ex->request);
    ex->inside = false;
}

static void answer(struct exchange *ex, int status, struct text body)
{
    start(ex, status, HTTP_LENGTH, body.len);
    put(ex, body);
    finish(ex, NULL);
}

/* Sends on until the high mark. */
static void send_more(struct exchange *ex)
{
    static char block[32 * 1024];

    memset(block, 'x', sizeof block);
    while (ex->to_send > 0) {
        size_t len = ex->to_send < sizeof block ? ex->to_send : sizeof block;

        ex->to_send -= len;
        if (put(ex, text_of(block, len)) >= ex->stage->limits.buffer_high)
            break;
    }
    if (ex->to_send == 0)
        finish(ex, NULL);
}

static void on_piece(void *owner, struct text piece)
{
    struct exchange *ex = owner;

    note(ex, 'p');
    assert_true(piece.len > 0 && ex->request && !ex->body_ended);
    ex->bytes += piece.len;
    for (size_t i = 0; i<piece.len; i += piece.len> 4096 ? 1024 : 1)
        ex->digest = ex->digest * 31 + (unsigned char)piece.at[i];
    if (is(ex, "echo"))
        put(ex, piece);
    if (is(ex, "keep"))
        buf_add(&ex->body, piece);
    if (is(ex, "slow")) {
        ex->inside = true;
        front_read(ex->request, false);
        ex->inside = false;
    }
    if (is(ex, "abort-in-piece"))
        abort_it(ex);
}

static void on_body_end(void *owner, const struct http_fields *trailers)
{
    struct exchange *ex = owner;
    char text[64];

    note(ex, 'e');
    assert_true(ex->request && !ex->body_ended);
    ex->body_ended = true;
    ex->trailers = trailers->count;
    if (is(ex, "echo")) {
        finish(ex, trailers);
    } else if (is(ex, "keep") || is(ex, "slow") || is(ex, "get")) {
        int len = snprintf(text, sizeof text, "%s %zu", ex->path, ex->bytes);

        answer(ex, 200, text_of(text, (size_t)len));
    }
}

static void on_body_broken(void *owner, int status, const char *reason)
{
    struct exchange *ex = owner;

    note(ex, 'b');
    ex->status = status;
    assert_non_null(reason);
    if (!is(ex, "echo"))
        answer(ex, status, TEXT("broken"));
    else
        abort_it(ex);
}

static void on_drained(void *owner, size_t waiting)
{
    struct exchange *ex = owner;

    note(ex, 'd');
    assert_true(waiting <= ex->stage->limits.buffer_low);
    if (ex->to_send > 0)
        send_more(ex);
}

static void on_gone(void *owner)
{
    struct exchange *ex = owner;

    note(ex, 'G');
    assert_non_null(ex->request);
    ex->request = NULL;
    ex->stage->gone++;
}

static void on_end(void *owner)
{
    struct exchange *ex = owner;

    note(ex, 'E');
    assert_non_null(ex->request);
    ex->request = NULL;
    ex->stage->ended++;
}

static const struct front_events events = {on_piece,   on_body_end, on_body_broken,
                                           on_drained, on_gone,     on_end};

static struct exchange *exchange_new(struct stage *stage, struct front_request *request)
{
    struct exchange *ex = calloc(1, sizeof *ex);

    ex->stage = stage;
    ex->request = request;
    ex->next = stage->exchanges;
    stage->exchanges = ex;
    stage->count++;
    buf_init(&ex->heard, SIZE_MAX);
    buf_init(&ex->body, SIZE_MAX);
    front_attach(request, &events, ex);
    return ex;
}

static enum front_entry on_connect(void *owner, struct text peer)
{
    struct stage *stage = owner;
    enum front_entry entry = stage->inside[FRONT_WELCOME] < stage->room         ? FRONT_WELCOME
                             : stage->inside[FRONT_REFUSE] < stage->refuse_room ? FRONT_REFUSE
                                                                                : FRONT_CLOSE;

    assert_true(peer.len > 0);
    if (entry != FRONT_CLOSE)
        stage->inside[entry]++;
    return entry;
}

static void on_leave(void *owner, struct text peer, enum front_entry entry)
{
    struct stage *stage = owner;

    assert_true(peer.len > 0 && entry != FRONT_CLOSE && stage->inside[entry] > 0);
    stage->inside[entry]--;
}

/*
 * echo   200 chunked, each piece back at once; keep, get, slow  200 with path
 * and byte count at the end of the body (slow reads only when told); early
 * an answer at once, before the body; big  a body of the size in the query;
 * hang  nothing; close  a body that ends with the connection, not finished.
 */
static void on_request(void *owner, struct front_request *request, const struct http_head *head)
{
    struct stage *stage = owner;
    struct exchange *ex = exchange_new(stage, request);
    struct text first = text_from_offset(head->path, 1);

    first.len = text_find(first, '/');
    snprintf(ex->path, sizeof ex->path, "%.*s", TEXT_ARG(head->path));
    static const char *const known[] = {"echo", "keep", "slow",  "early",          "big",
                                        "hang", "get",  "close", "abort-in-piece", "hints"};
    ex->what = "get";
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (text_eq(first, text_from(known[i])))
            ex->what = known[i];
    note(ex, 'q');
    if (front_unwelcome(request)) {
        answer(ex, 503, TEXT("one too many"));
        return;
    }
    if (is(ex, "echo"))
        start(ex, 200, HTTP_CHUNKED, 0);
    if (is(ex, "echo") || is(ex, "keep"))
        front_continue(request);
    if (is(ex, "early"))
        answer(ex, 413, TEXT("too much"));
    if (is(ex, "big")) {
        start(ex, 200, head->minor == 0 ? HTTP_TO_CLOSE : HTTP_CHUNKED, 0);
        ex->to_send = (size_t)strtoull(head->query.at, NULL, 10);
        send_more(ex);
    }
    if (is(ex, "close")) {
        start(ex, 200, HTTP_TO_CLOSE, 0);
        put(ex, TEXT("partial"));
    }
    if (is(ex, "hints")) {
        struct http_field link = {TEXT("Link"), TEXT("</x>")};
        struct http_fields fields = {&link, 1};

        front_hints(request, &fields);
    }
}

static void on_refused(void *owner, struct front_request *request, int status, const char *reason)
{
    struct exchange *ex = exchange_new(owner, request);

    note(ex, 'r');
    ex->what = "refused";
    ex->status = status;
    answer(ex, status, text_from(reason));
}

static struct front_limits usual_limits(void)
{
    return (struct front_limits){
        .head = {.request_line = 8192, .head = 32768, .fields = 100},
        .chunked = {.line = 4096, .trailers = 8192},
        .buffer_high = 256 * 1024,
        .buffer_low = 64 * 1024,
        .requests_per_connection = 10000,
        .request_head_ms = 10000,
        .request_body_ms = 30000,
        .reply_ms = 30000,
        .keep_alive_ms = 60000,
        .half_close_ms = 5000,
    };
}

static void stage_listen(struct stage *stage, const char *address)
{
    int fd = address_listen(text_from(address), stage->bound);

    if (fd < 0)
        fail_msg("%s: %s", address, strerror(errno));
    stage->listening = fd;
    assert_true(front_listen(stage->front, fd, &(struct endpoint_way){0}));
}

UNUSED static void stage_open(struct stage *stage, const struct front_limits *limits)
{
    struct front_host host = {
        .on_connect = on_connect,
        .on_leave = on_leave,
        .on_request = on_request,
        .on_refused = on_refused,
        .pressure = &stage->pressure,
        .owner = stage,
    };

    signal(SIGPIPE, SIG_IGN);
    *stage = (struct stage){.limits = limits ? *limits : usual_limits(), .room = 10000};
    stage->base = event_base_new();
    stage->front = front_new(stage->base, &stage->limits, &host);
    assert_non_null(stage->front);
    stage_listen(stage, "127.0.0.1:0");
}

/* Closes all; every exchange must have heard exactly one end. */
UNUSED static void stage_close(struct stage *stage)
{
    front_free(&stage->front);
    event_base_loop(stage->base, EVLOOP_NONBLOCK);
    event_base_free(stage->base);
    assert_int_equal(stage->count, stage->ended + stage->gone);
    assert_int_equal(stage->inside[FRONT_WELCOME] + stage->inside[FRONT_REFUSE], 0);
    while (stage->exchanges) {
        struct exchange *ex = stage->exchanges;

        stage->exchanges = ex->next;
        assert_null(ex->request);
        buf_fini(&ex->heard);
        buf_fini(&ex->body);
        free(ex);
    }
}

/* Runs the loop while COND is false, for at most ten seconds. */
#define UNTIL(stage, cond)                                                                         \
    do {                                                                                           \
        uint64_t until_ = now_ms() + 10000;                                                        \
        while (!(cond)) {                                                                          \
            event_base_loop((stage)->base, EVLOOP_NONBLOCK);                                       \
            if (now_ms() > until_)                                                                 \
                fail_msg("never: %s", #cond);                                                      \
        }                                                                                          \
    } while (0)

/* Runs the loop for MS. */
UNUSED static void run_for(struct stage *stage, uint64_t ms)
{
    for (uint64_t end = now_ms() + ms; now_ms() < end;)
        event_base_loop(stage->base, EVLOOP_NONBLOCK);
}

#include "unit/front/client.h"

#endif
