#include "front/door.h"
#include "front/tls.h"
#include "http/status.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>

static struct evbuffer *output_of(const struct tap *tap)
{
    return bufferevent_get_output(tap->bev);
}

size_t tap_waiting(const struct tap *tap)
{
    return evbuffer_get_length(output_of(tap));
}

/* Puts T behind what waits. */
static void put(struct tap *tap, struct text t)
{
    if (evbuffer_add(output_of(tap), t.at, t.len) != 0)
        tap_lose(tap);
}

static void on_writable(evutil_socket_t fd, short what, void *arg);

/*
 * A bufferevent of TLS writes all there is as one piece and tells of no
 * progress until it has left, so it is not asked to.
 */
static void set_tls_writing(struct tap *tap, bool on)
{
    if (on && !tap->writable)
        tap->writable = event_new(tap->front->base, bufferevent_getfd(tap->bev),
                                  EV_WRITE | EV_PERSIST, on_writable, tap);
    if (!on)
        event_del(tap->writable);
    else if (!tap->writable || event_add(tap->writable, NULL) != 0)
        tap->lost = true;
}

static void set_writing(struct tap *tap, bool on)
{
    if (tap->writing == on)
        return;
    tap->writing = on;
    if (tap->way.tls)
        set_tls_writing(tap, on);
    else if (on)
        bufferevent_enable(tap->bev, EV_WRITE);
    else
        bufferevent_disable(tap->bev, EV_WRITE);
}

/* One write without waiting; what the socket does not take stays. */
static void write_now(struct tap *tap)
{
    struct evbuffer *output = output_of(tap);

    if (tap->way.tls) {
        tap->lost |= !tls_write(tap->bev);
        return;
    }
    evbuffer_unfreeze(output, 1);
    int wrote = evbuffer_write(output, bufferevent_getfd(tap->bev));
    bool failed = wrote < 0 && errno != EAGAIN && errno != EINTR;
    evbuffer_freeze(output, 1);
    if (failed)
        tap->lost = true;
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct tap *tap = arg;

    (void)fd, (void)what;
    write_now(tap);
    tap_wake(tap);
}

void tap_flush(struct tap *tap)
{
    if (tap_waiting(tap) > 0 && !tap->writing)
        write_now(tap);
    size_t waiting = tap_waiting(tap);
    if (waiting > 0 && !tap->writing)
        tap_clock(tap, tap->front->limits.reply_ms);
    set_writing(tap, waiting > 0);
}

void front_continue(struct front_request *request)
{
    struct tap *tap = request->tap;

    if (!request->head.expect_continue || request->continued || request->reply != REPLY_NONE ||
        tap->phase != TAP_BODY)
        return;
    request->continued = true;
    tap_clock_body(tap);
    put(tap, TEXT("HTTP/1.1 100 Continue\r\n\r\n"));
    tap_wake(tap);
}

static void add_fields(struct buf *line, const struct http_fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        if (!http_field_value_ok(fields->at[i].value))
            continue;
        buf_add(line, fields->at[i].name);
        buf_add(line, TEXT(": "));
        buf_add(line, fields->at[i].value);
        buf_add(line, TEXT("\r\n"));
    }
}

static void add_status(struct buf *line, int status, struct text reason)
{
    buf_add(line, TEXT("HTTP/1.1 "));
    buf_add_u64(line, (uint64_t)status);
    buf_add(line, TEXT(" "));
    buf_add(line, reason.len > 0 && http_field_value_ok(reason) ? reason : http_reason(status));
    buf_add(line, TEXT("\r\n"));
}

static void put_line(struct tap *tap, struct buf *line)
{
    buf_add(line, TEXT("\r\n"));
    if (line->failed)
        tap_lose(tap);
    else
        put(tap, buf_text(line));
}

void front_hints(struct front_request *request, const struct http_fields *fields)
{
    struct tap *tap = request->tap;
    struct buf *line = &tap->front->line;

    if (request->head.minor == 0 || request->reply != REPLY_NONE || request->refused)
        return;
    buf_clear(line);
    add_status(line, 103, TEXT(""));
    add_fields(line, fields);
    put_line(tap, line);
    tap_wake(tap);
}

/* True if more of the request body must come than may be waited for. */
static bool body_is_far(const struct front_request *request, int status)
{
    const struct tap *tap = request->tap;

    if (tap->phase != TAP_BODY || request->head.framing == HTTP_NO_BODY)
        return false;
    if (request->head.expect_continue && !request->continued)
        return true;
    if (request->head.framing == HTTP_LENGTH && tap->body_left <= tap_side(tap).len)
        return false;
    return status >= 400;
}

static bool must_close(const struct front_request *request, const struct front_reply *reply)
{
    const struct tap *tap = request->tap;
    const struct front *f = tap->front;

    return reply->close || request->refused || request->body_broken || !request->head.keep_alive ||
           request->framing == HTTP_TO_CLOSE || f->draining || tap->entry == FRONT_REFUSE ||
           pressure_level(f->host.pressure) > PRESSURE_NONE ||
           tap->requests >= f->limits.requests_per_connection ||
           body_is_far(request, reply->status);
}

static void decide_framing(struct front_request *request, const struct front_reply *reply)
{
    enum http_framing framing = reply->framing;

    request->bodiless = request->head.method == HTTP_HEAD || reply->status == 204 ||
                        reply->status == 304 || framing == HTTP_NO_BODY;
    if (request->bodiless)
        framing = HTTP_NO_BODY;
    else if (framing == HTTP_CHUNKED && request->head.minor == 0 && !request->refused)
        framing = HTTP_TO_CLOSE;
    request->framing = framing;
    request->reply_left = framing == HTTP_LENGTH ? reply->length : 0;
    request->close = must_close(request, reply);
}

static void add_framing(struct buf *line, const struct front_request *request,
                        const struct front_reply *reply)
{
    if (request->framing == HTTP_CHUNKED) {
        buf_add(line, TEXT("Transfer-Encoding: chunked\r\n"));
    } else if (reply->framing == HTTP_LENGTH || reply->has_length) {
        buf_add(line, TEXT("Content-Length: "));
        buf_add_u64(line, reply->length);
        buf_add(line, TEXT("\r\n"));
    }
    if (request->close)
        buf_add(line, TEXT("Connection: close\r\n"));
    else if (request->head.minor == 0)
        buf_add(line, TEXT("Connection: keep-alive\r\n"));
}

void front_reply(struct front_request *request, const struct front_reply *reply)
{
    struct tap *tap = request->tap;
    struct buf *line = &tap->front->line;

    assert(request->reply == REPLY_NONE);
    request->reply = REPLY_STARTED;
    decide_framing(request, reply);
    buf_clear(line);
    add_status(line, reply->status, reply->reason);
    add_fields(line, &reply->fields);
    add_framing(line, request, reply);
    put_line(tap, line);
    tap->reply_since_ms = tap_now_ms();
    tap_wake(tap);
}

static void put_chunk(struct tap *tap, struct text piece)
{
    static const char digits[] = "0123456789abcdef";
    char size[20];
    size_t at = sizeof size;

    size[--at] = '\n';
    size[--at] = '\r';
    for (size_t left = piece.len; left > 0; left >>= 4)
        size[--at] = digits[left & 15];
    put(tap, text_of(size + at, sizeof size - at));
    put(tap, piece);
    put(tap, TEXT("\r\n"));
}

size_t front_send(struct front_request *request, struct text piece)
{
    struct tap *tap = request->tap;

    assert(request->reply == REPLY_STARTED);
    if (request->framing == HTTP_LENGTH && piece.len > request->reply_left) {
        piece.len = (size_t)request->reply_left;
        request->reply_left = 0;
        tap_lose(tap); /* more than was declared: never a clean end */
    } else if (request->framing == HTTP_LENGTH) {
        request->reply_left -= piece.len;
    }
    if (piece.len == 0 || request->bodiless || tap->lost)
        return tap_waiting(tap);
    if (tap_waiting(tap) == 0)
        tap->reply_since_ms = tap_now_ms();
    tap->told_empty = false;
    if (request->framing == HTTP_CHUNKED)
        put_chunk(tap, piece);
    else
        put(tap, piece);
    size_t waiting = tap_waiting(tap);
    tap->above_low |= waiting > tap->front->limits.buffer_low;
    tap_wake(tap);
    return waiting;
}

void front_finish(struct front_request *request, const struct http_fields *trailers)
{
    struct tap *tap = request->tap;
    struct buf *line = &tap->front->line;

    assert(request->reply == REPLY_STARTED);
    request->reply = REPLY_FINISHED;
    if (request->framing == HTTP_LENGTH && request->reply_left > 0)
        tap_lose(tap); /* less than was declared */
    if (request->framing == HTTP_CHUNKED) {
        buf_clear(line);
        buf_add(line, TEXT("0\r\n"));
        if (trailers)
            add_fields(line, trailers);
        put_line(tap, line);
    }
    tap_wake(tap);
}

void front_abort(struct front_request *request)
{
    tap_lose(request->tap);
}
