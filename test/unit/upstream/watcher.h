/*
 * watcher.h - an owner of one transfer that remembers all it was told
 *
 * A rig is an upstream and a scripted service in one event loop; a watcher
 * starts a transfer on it, gives its body, pauses, resumes or cancels as it
 * was told to, and checks that its end is told once and last.
 */
#ifndef TEST_UPSTREAM_WATCHER_H
#define TEST_UPSTREAM_WATCHER_H

#include "service.h"

#include "upstream/upstream.h"

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
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
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

/* --- helpers that go on by themselves ------------------------------------------- */

static void on_nudge(evutil_socket_t fd, short what, void *arg)
{
    struct watcher *w = arg;

    (void)fd;
    (void)what;
    if (w->transfer)
        upstream_more(w->transfer);
}

/* Says every millisecond that there is more. */
static MAYBE_UNUSED struct event *nudge(struct rig *rig, struct watcher *w)
{
    struct timeval wait = {0, 1000};
    struct event *ev = event_new(rig->base, -1, EV_PERSIST, on_nudge, w);

    event_add(ev, &wait);
    return ev;
}

#endif
