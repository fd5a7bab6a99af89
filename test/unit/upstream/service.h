/*
 * service.h - a scripted service and a watching owner, in one event loop
 *
 * The service listens on a free loopback port and calls a script for every
 * request head; the script says raw bytes, ends or resets the connection.  A
 * watcher owns one transfer and remembers all it was told.
 */
#ifndef TEST_UPSTREAM_SERVICE_H
#define TEST_UPSTREAM_SERVICE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "upstream/upstream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAYBE_UNUSED __attribute__((unused))

enum { SERVICE_CONNECTIONS = 256, HEAD_ROOM = 16384 };

struct service;

struct line { /* one connection to the service */
    struct service *service;
    struct bufferevent *bev;
    unsigned number;      /* from 1 */
    unsigned requests;    /* heads so far */
    char head[HEAD_ROOM]; /* the last one, NUL-terminated */
    uint64_t body;        /* bytes after it that were read */
    char tail[8];         /* the last of them */
    uint64_t length;      /* what the head declares */
    bool chunked;         /* likewise */
    bool ends, closes;    /* when its output is empty */
    bool ended;           /* the other side closed */
};

typedef void (*script_fn)(struct line *line);

struct service {
    struct event_base *base;
    struct event *listening;
    int fd;
    int port;
    unsigned connections;
    unsigned requests;
    script_fn on_request; /* a head came */
    script_fn on_body;    /* more of a body came */
    script_fn on_whole;   /* a request came to its end */
    script_fn on_accept;
    void *note; /* the test's */
    const char *said;
    struct line *lines[SERVICE_CONNECTIONS];
};

struct rig {
    struct event_base *base;
    struct upstream *upstream;
    struct service service;
    char url[64];
};

struct watcher {
    struct rig *rig;
    struct upstream_transfer *transfer;
    unsigned hints, heads, pieces, dones, brokes, wants;
    int status;
    enum http_framing framing;
    bool has_length;
    uint64_t length;
    enum upstream_failure why;
    uint64_t bytes;
    uint64_t sum; /* of a rolling digest */
    char text[4096];
    size_t text_len;
    char fields[4096]; /* "name: value\n" of the last head */
    char trailers[512];
    bool over; /* done or broke */
    /* what it does */
    uint64_t to_give; /* bytes of body still to give */
    size_t give_at_once;
    bool later_next; /* answers LATER once between gives */
    bool later_for_good;
    unsigned laters;
    bool pause_on_piece, pause_on_head;
    char cancel_in; /* 'h'ead, 'p'iece, 'd'one, 'b'roke, 'w'ant, 'i'nterim, or 0 */
    bool keep;      /* not cancelled by itself at the end */
    void (*on_over)(struct watcher *w);
};

/* --- the service --------------------------------------------------------------- */

static MAYBE_UNUSED void say(struct line *line, const char *bytes)
{
    bufferevent_write(line->bev, bytes, strlen(bytes));
}

static MAYBE_UNUSED void say_n(struct line *line, const char *bytes, size_t n)
{
    bufferevent_write(line->bev, bytes, n);
}

static MAYBE_UNUSED void hang_up(struct line *line)
{
    struct service *s = line->service;

    for (unsigned i = 0; i < SERVICE_CONNECTIONS; i++)
        if (s->lines[i] == line)
            s->lines[i] = NULL;
    bufferevent_free(line->bev);
    free(line);
}

static void line_drained(struct bufferevent *bev, void *arg)
{
    struct line *line = arg;

    if (line->ends)
        shutdown(bufferevent_getfd(bev), SHUT_WR);
    if (line->closes)
        hang_up(line);
}

/* Ends its side, or closes, when all that was said has been written. */
static MAYBE_UNUSED void end_after(struct line *line, bool close_too)
{
    line->ends = true;
    line->closes = close_too;
    if (evbuffer_get_length(bufferevent_get_output(line->bev)) == 0)
        line_drained(line->bev, line);
}

static MAYBE_UNUSED void reset_line(struct line *line)
{
    struct linger now = {1, 0};

    setsockopt(bufferevent_getfd(line->bev), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    hang_up(line);
}

static void read_framing(struct line *line)
{
    const char *length = strstr(line->head, "\r\nContent-Length: ");

    line->chunked = strstr(line->head, "\r\nTransfer-Encoding: chunked\r\n") != NULL;
    line->length = length ? strtoull(length + 18, NULL, 10) : 0;
    line->body = 0;
    memset(line->tail, 0, sizeof line->tail);
}

static bool is_whole(const struct line *line)
{
    return line->chunked ? memcmp(line->tail, "\r\n0\r\n\r\n", 7) == 0 : line->body >= line->length;
}

static void take_body(struct line *line, struct evbuffer *in)
{
    char bytes[4096];
    int n;

    while ((n = evbuffer_remove(in, bytes, sizeof bytes)) > 0) {
        line->body += (uint64_t)n;
        for (int i = n > 7 ? n - 7 : 0; i < n; i++) {
            memmove(line->tail, line->tail + 1, 6);
            line->tail[6] = bytes[i];
        }
    }
}

static bool is_live(const struct service *s, unsigned number)
{
    return s->lines[number - 1] != NULL;
}

/* Takes one head off IN; false if it is not whole. */
static bool take_head_bytes(struct line *line, struct evbuffer *in)
{
    struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
    size_t len = (size_t)end.pos + 4;

    if (end.pos < 0 || len >= HEAD_ROOM)
        return false;
    evbuffer_remove(in, line->head, len);
    line->head[len] = '\0';
    line->requests++;
    line->service->requests++;
    read_framing(line);
    return true;
}

/* A head begins with a capital; all else is body. */
static void line_readable(struct bufferevent *bev, void *arg)
{
    struct line *line = arg;
    struct service *s = line->service;
    unsigned number = line->number;
    struct evbuffer *in = bufferevent_get_input(bev);
    char first;

    while (is_live(s, number) && evbuffer_copyout(in, &first, 1) == 1) {
        bool head = first >= 'A' && first <= 'Z';

        if (head && !take_head_bytes(line, in))
            return;
        if (!head)
            take_body(line, in);
        script_fn fn = head ? s->on_request : s->on_body;
        if (fn)
            fn(line);
        bool whole = is_live(s, number) && (!head || (!line->chunked && line->length == 0)) &&
                     is_whole(line);
        if (whole && s->on_whole)
            s->on_whole(line);
    }
}

static void line_event(struct bufferevent *bev, short what, void *arg)
{
    struct line *line = arg;

    (void)bev;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) {
        line->ended = true;
        bufferevent_disable(line->bev, EV_READ);
    }
}

static void service_accept(evutil_socket_t fd, short what, void *arg)
{
    struct service *s = arg;
    int at = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct line *line = calloc(1, sizeof *line);

    (void)what;
    assert_true(at >= 0);
    assert_non_null(line);
    assert_true(s->connections < SERVICE_CONNECTIONS);
    line->service = s;
    line->bev = bufferevent_socket_new(s->base, at, BEV_OPT_CLOSE_ON_FREE);
    s->lines[s->connections] = line;
    line->number = ++s->connections;
    bufferevent_setcb(line->bev, line_readable, line_drained, line_event, line);
    bufferevent_enable(line->bev, EV_READ | EV_WRITE);
    if (s->on_accept)
        s->on_accept(line);
}

static void service_open(struct service *s, struct event_base *base)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;

    s->base = base;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(s->fd, 128), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &len), 0);
    s->port = ntohs(at.sin_port);
    s->listening = event_new(base, s->fd, EV_READ | EV_PERSIST, service_accept, s);
    event_add(s->listening, NULL);
}

static void service_shut(struct service *s)
{
    for (unsigned i = 0; i < SERVICE_CONNECTIONS; i++)
        if (s->lines[i])
            hang_up(s->lines[i]);
    if (s->listening)
        event_free(s->listening);
    s->listening = NULL;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

/* --- the rig ---------------------------------------------------------------------- */

static MAYBE_UNUSED struct upstream_limits usual_limits(const char *url)
{
    return (struct upstream_limits){.url = url,
                                    .response_head = 65536,
                                    .response_fields = 200,
                                    .chunked = {.line = 4096, .trailers = 8192},
                                    .connections_kept = 64,
                                    .connect_ms = 3000,
                                    .idle_ms = 30000};
}

static MAYBE_UNUSED void rig_open_with(struct rig *rig, script_fn on_whole,
                                       void (*change)(struct upstream_limits *limits))
{
    struct event_config *config = event_config_new();

    memset(rig, 0, sizeof *rig);
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    rig->base = event_base_new_with_config(config);
    event_config_free(config);
    rig->service.on_whole = on_whole;
    service_open(&rig->service, rig->base);
    snprintf(rig->url, sizeof rig->url, "http://127.0.0.1:%d", rig->service.port);
    struct upstream_limits limits = usual_limits(rig->url);
    if (change)
        change(&limits);
    rig->upstream = upstream_new(rig->base, &limits);
    assert_non_null(rig->upstream);
}

static MAYBE_UNUSED void rig_open(struct rig *rig, script_fn on_whole)
{
    rig_open_with(rig, on_whole, NULL);
}

static MAYBE_UNUSED void rig_shut(struct rig *rig)
{
    upstream_free(&rig->upstream);
    service_shut(&rig->service);
    event_base_free(rig->base);
}

static void on_alarm(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    *(bool *)arg = true;
}

/* Runs the loop until *FLAG, or for MS milliseconds; says which. */
static MAYBE_UNUSED bool run_until(struct rig *rig, const bool *flag, unsigned ms)
{
    bool late = false;
    struct timeval wait = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};
    struct event *alarm_event = evtimer_new(rig->base, on_alarm, &late);

    evtimer_add(alarm_event, &wait);
    while (!*flag && !late)
        event_base_loop(rig->base, EVLOOP_ONCE);
    event_free(alarm_event);
    return *flag;
}

/* Lets everything that is under way happen. */
static MAYBE_UNUSED void settle_for(struct rig *rig, unsigned ms)
{
    bool never = false;

    run_until(rig, &never, ms);
}

/* --- the watcher -------------------------------------------------------------------- */

static void maybe_cancel(struct watcher *w, char where)
{
    if (w->cancel_in == where) {
        upstream_cancel(&w->transfer);
        w->over = true;
    }
}

static void note_fields(char *to, size_t room, const struct http_fields *fields)
{
    size_t len = 0;

    to[0] = '\0';
    for (size_t i = 0; i < fields->count && len < room; i++)
        len += (size_t)snprintf(to + len, room - len, "%.*s: %.*s\n", TEXT_ARG(fields->at[i].name),
                                TEXT_ARG(fields->at[i].value));
}

static enum upstream_give watch_want(void *owner, char *to, size_t room, size_t *length_out)
{
    struct watcher *w = owner;

    w->wants++;
    assert_int_equal(w->brokes + w->dones, 0);
    maybe_cancel(w, 'w');
    if (w->over)
        return UPSTREAM_GIVE_LATER;
    if (w->later_for_good && w->to_give == 0) {
        w->laters++;
        return UPSTREAM_GIVE_LATER;
    }
    if (w->to_give == 0)
        return UPSTREAM_GIVE_END;
    if (w->later_next) {
        w->later_next = false;
        w->laters++;
        return UPSTREAM_GIVE_LATER;
    }
    size_t n = w->give_at_once && w->give_at_once < room ? w->give_at_once : room;
    if (n > w->to_give)
        n = (size_t)w->to_give;
    memset(to, 'b', n);
    *length_out = n;
    w->to_give -= n;
    w->later_next = w->give_at_once > 0;
    return UPSTREAM_GIVE_BYTES;
}

static void watch_hints(void *owner, const struct upstream_head *head)
{
    struct watcher *w = owner;

    w->hints++;
    assert_int_equal(head->status, 103);
    note_fields(w->fields, sizeof w->fields, &head->fields);
    maybe_cancel(w, 'i');
}

static void watch_head(void *owner, const struct upstream_head *head)
{
    struct watcher *w = owner;

    w->heads++;
    w->status = head->status;
    w->framing = head->framing;
    w->has_length = head->has_length;
    w->length = head->length;
    note_fields(w->fields, sizeof w->fields, &head->fields);
    if (w->pause_on_head)
        upstream_pause(w->transfer);
    maybe_cancel(w, 'h');
}

static void watch_piece(void *owner, struct text piece)
{
    struct watcher *w = owner;

    assert_int_equal(w->heads, 1);
    assert_int_equal(w->brokes + w->dones, 0);
    w->pieces++;
    w->bytes += piece.len;
    for (size_t i = 0; i < piece.len; i++)
        w->sum = w->sum * 31 + (unsigned char)piece.at[i];
    for (size_t i = 0; i < piece.len && w->text_len < sizeof w->text - 1; i++)
        w->text[w->text_len++] = piece.at[i];
    if (w->pause_on_piece)
        upstream_pause(w->transfer);
    maybe_cancel(w, 'p');
}

static void watch_done(void *owner, const struct http_fields *trailers)
{
    struct watcher *w = owner;

    assert_int_equal(w->heads, 1);
    assert_int_equal(w->brokes + w->dones, 0);
    w->dones++;
    w->over = true;
    note_fields(w->trailers, sizeof w->trailers, trailers);
    maybe_cancel(w, 'd');
    if (w->on_over)
        w->on_over(w);
    if (!w->keep)
        upstream_cancel(&w->transfer);
}

static void watch_broke(void *owner, enum upstream_failure why)
{
    struct watcher *w = owner;

    assert_int_equal(w->brokes + w->dones, 0);
    w->brokes++;
    w->over = true;
    w->why = why;
    maybe_cancel(w, 'b');
    if (w->on_over)
        w->on_over(w);
    if (!w->keep)
        upstream_cancel(&w->transfer);
}

static const struct upstream_events watch_events = {
    .on_want = watch_want,
    .on_hints = watch_hints,
    .on_head = watch_head,
    .on_piece = watch_piece,
    .on_done = watch_done,
    .on_broke = watch_broke,
};

static MAYBE_UNUSED struct upstream_request usual_request(enum http_method method,
                                                          const char *target)
{
    return (struct upstream_request){.method = method,
                                     .target = text_from(target),
                                     .first_byte_ms = 5000,
                                     .between_bytes_ms = 5000};
}

static MAYBE_UNUSED void watch(struct watcher *w, struct rig *rig,
                               const struct upstream_request *request)
{
    w->rig = rig;
    w->transfer = upstream_start(rig->upstream, request, &watch_events, w);
    assert_non_null(w->transfer);
}

/* Sends REQUEST and runs until it is over. */
static MAYBE_UNUSED void fetch(struct watcher *w, struct rig *rig,
                               const struct upstream_request *request)
{
    watch(w, rig, request);
    assert_true(run_until(rig, &w->over, 8000));
}

/* A GET of /, run to its end. */
static MAYBE_UNUSED struct watcher fetch_usual(struct rig *rig)
{
    struct watcher w = {.rig = rig};
    struct upstream_request request = usual_request(HTTP_GET, "/");

    fetch(&w, rig, &request);
    return w;
}

static MAYBE_UNUSED int start_library(void **state)
{
    (void)state;
    return upstream_global_init() ? 0 : -1;
}

static MAYBE_UNUSED int end_library(void **state)
{
    (void)state;
    upstream_global_fini();
    return 0;
}

#endif
