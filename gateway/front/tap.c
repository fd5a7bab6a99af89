#include "front/tap.h"

#include "front/door.h"
#include "front/tls.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

struct text tap_side(const struct tap *tap)
{
    return text_from_offset(buf_text(&tap->side), tap->side_from);
}

/* Room that is empty is given back, so that idle connections hold none. */
void tap_side_drop(struct tap *tap, size_t n)
{
    tap->side_from += n;
    if (tap->side_from == tap->side.len) {
        buf_fini(&tap->side);
        tap->side_from = 0;
    } else if (tap->side_from > tap->side.len / 2) {
        buf_drop(&tap->side, tap->side_from);
        tap->side_from = 0;
    }
}

/* Bytes came in: keeps them aside, or drops them where nobody waits for them. */
static void take_in(struct tap *tap, struct text bytes)
{
    tap_wake(tap);
    if (tap->phase == TAP_LINGER) {
        tap->lingered += bytes.len;
        return;
    }
    buf_add(&tap->side, bytes);
    tap->lost |= tap->side.failed;
    tap->read_full = bytes.len >= TAP_READ_STEP;
}

/* Bytes came in through the bufferevent: takes them in and does nothing else. */
static void on_input(struct evbuffer *input, const struct evbuffer_cb_info *info, void *arg)
{
    struct tap *tap = arg;
    size_t len = evbuffer_get_length(input);

    if (info->n_added == 0 || tap->handing)
        return;
    take_in(tap, text_of((const char *)evbuffer_pullup(input, -1), len));
    evbuffer_drain(input, len);
}

/*
 * Bytes came in on the bare socket.  Read through the bufferevent they would
 * cost two system calls and a buffer more, and four where evhttp stops and
 * starts it: 4 of 45 microseconds a request.
 */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct tap *tap = arg;
    char step[TAP_READ_STEP];
    ssize_t got = recv(fd, step, sizeof step, 0);

    (void)what;
    if (got > 0) {
        take_in(tap, text_of(step, (size_t)got));
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        event_del(&tap->readable);
        tap_on_event(tap->bev, BEV_EVENT_READING | (got == 0 ? BEV_EVENT_EOF : BEV_EVENT_ERROR),
                     tap);
    }
}

/*
 * One step is read a turn.  Where a body streams in, more of it is read here,
 * for a fraction of the system calls.  The end of the stream is left to be
 * found again; an error is told only once.
 */
static void read_more(struct tap *tap)
{
    tap->read_full = false;
    if (!tap->raw || tap->phase != TAP_BODY || tap->paused || tap_side(tap).len > TAP_READ_STEP)
        return;
    char *to = buf_room(&tap->side, TAP_READ_MORE);
    if (!to) {
        tap->lost = true;
        return;
    }
    ssize_t got = recv(bufferevent_getfd(tap->bev), to, TAP_READ_MORE, 0);
    if (got > 0)
        tap->side.len += (size_t)got;
    else if (got < 0 && errno != EAGAIN && errno != EINTR)
        tap->lost = true;
}

/* Bytes of the reply left through the bufferevent. */
static void on_output(struct evbuffer *output, const struct evbuffer_cb_info *info, void *arg)
{
    struct tap *tap = arg;

    (void)output;
    if (info->n_deleted == 0)
        return;
    tap->reply_since_ms = tap_now_ms();
    if (!tap->working)
        tap_wake(tap);
}

static void on_work(evutil_socket_t fd, short what, void *arg);

static size_t side_max(const struct front_limits *limits)
{
    size_t head = limits->head.head + limits->head.request_line;

    return (head > limits->buffer_high ? head : limits->buffer_high) +
           2 * (TAP_READ_STEP + TAP_READ_MORE);
}

void tap_fit(struct tap *tap)
{
    size_t max = side_max(&tap->front->limits);

    if (max > tap->side.max) /* what is there already may be more than the new limits allow */
        tap->side.max = max;
}

struct tap *tap_new(struct front *front, struct bufferevent *bev, const struct endpoint_way *way)
{
    struct tap *tap = calloc(1, sizeof *tap);

    if (!tap)
        return NULL;
    tap->front = front;
    tap->bev = bev;
    tap->way = *way;
    tap->announcing = way->proxy_protocol;
    tap->handshaking = way->tls;
    bufferevent_incref(bev); /* until the first turn */
    buf_init(&tap->side, side_max(&front->limits));
    tap->input_cb = evbuffer_add_cb(bufferevent_get_input(bev), on_input, tap);
    tap->output_cb = evbuffer_add_cb(bufferevent_get_output(bev), on_output, tap);
    evtimer_assign(&tap->work, front->base, on_work, tap);
    evtimer_assign(&tap->timer, front->base, tap_on_timer, tap);
    event_assign(&tap->readable, front->base, -1, 0, on_readable, tap);
    tap->next = front->taps;
    tap->link = &front->taps;
    if (tap->next)
        tap->next->link = &tap->next;
    front->taps = tap;
    tap->entry = FRONT_CLOSE;
    front->connections++;
    tap->phase_since_ms = tap_now_ms();
    tap_clock(tap, tap_idle_ms(tap));
    tap_wake(tap);
    return tap;
}

/* Forgets the request; after this its owner hears nothing more. */
static void request_end(struct tap *tap, bool gone)
{
    struct front_request *request = tap->request;

    tap->request = NULL;
    if (tap->chunked_ready)
        chunked_fini(&tap->chunked);
    tap->chunked_ready = false;
    if (!request)
        return;
    if (request->events && gone)
        request->events->on_gone(request->owner);
    else if (request->events)
        request->events->on_end(request->owner);
    free(request->fields);
    free(request);
}

void tap_free(struct tap *tap)
{
    request_end(tap, true);
    evbuffer_remove_cb_entry(bufferevent_get_input(tap->bev), tap->input_cb);
    evbuffer_remove_cb_entry(bufferevent_get_output(tap->bev), tap->output_cb);
    event_del(&tap->work);
    event_del(&tap->timer);
    event_del(&tap->readable);
    *tap->link = tap->next;
    if (tap->next)
        tap->next->link = tap->link;
    if (tap->entry != FRONT_CLOSE && tap->front->host.on_leave)
        tap->front->host.on_leave(tap->front->host.owner, tap_peer(tap), tap->entry);
    tap->front->connections--;
    free(tap->subject);
    if (tap->writable)
        event_free(tap->writable);
    buf_fini(&tap->side);
    free(tap);
}

struct text tap_peer(const struct tap *tap)
{
    return tap->announcing ? TEXT("") : text_from(tap->peer);
}

void tap_wake(struct tap *tap)
{
    if (tap->woken || tap->working)
        return;
    tap->woken = true;
    event_active(&tap->work, EV_TIMEOUT, 0);
}

void tap_lose(struct tap *tap)
{
    tap->lost = true;
    tap_wake(tap);
}

/* The handshake is done: the connection is as one without TLS from now on. */
static void handshake_done(struct tap *tap)
{
    tap->handshaking = false;
    tap->idle_expired = false;
    tap->phase_since_ms = tap_now_ms();
    tap_clock(tap, tap_idle_ms(tap));
    if (!tls_welcome(tap->front->host.tls, tap->bev, &tap->subject))
        tap->lost = true;
}

void tap_on_event(struct bufferevent *bev, short what, void *arg)
{
    struct tap *tap = arg;

    (void)bev;
    if (what & BEV_EVENT_CONNECTED)
        handshake_done(tap);
    if (what & BEV_EVENT_READING)
        tap->reading = false; /* the bufferevent stopped it */
    if (what & BEV_EVENT_ERROR)
        tap->lost = true;
    if (what & BEV_EVENT_EOF)
        tap->eof = true;
    tap->reply_since_ms = tap_now_ms();
    tap_wake(tap);
}

static void set_reading(struct tap *tap, bool on)
{
    if (tap->reading == on)
        return;
    tap->reading = on;
    if (tap->raw && on && event_add(&tap->readable, NULL) != 0)
        tap_lose(tap);
    else if (tap->raw && !on)
        event_del(&tap->readable);
    else if (!tap->raw && on)
        bufferevent_enable(tap->bev, EV_READ);
    else if (!tap->raw)
        bufferevent_disable(tap->bev, EV_READ);
}

void tap_start_reading(struct tap *tap)
{
    tap->raw = !tap->way.tls;
    tap->reading = tap->way.tls; /* the bufferevent's handshake began it */
    if (!tap->raw)
        return;
    event_assign(&tap->readable, tap->front->base, bufferevent_getfd(tap->bev),
                 EV_READ | EV_PERSIST, on_readable, tap);
    set_reading(tap, true);
    bufferevent_disable(tap->bev, EV_READ);
}

/* Reads on while there is room aside, or someone who takes the bytes. */
static void settle_reading(struct tap *tap)
{
    bool room = tap_side(tap).len < tap->front->limits.buffer_high;

    set_reading(tap, !tap->eof && (room || tap->phase == TAP_LINGER));
    if (tap->request && !tap->reading)
        tap_clock(tap, TAP_LOOK_MS);
}

/* True if the socket holds bytes that nobody has read. */
static bool bytes_unread(const struct tap *tap)
{
    int unread = 0;

    return ioctl(bufferevent_getfd(tap->bev), FIONREAD, &unread) == 0 && unread > 0;
}

/* Tells the client that no byte will follow, or that later. */
static void say_goodbye(struct tap *tap)
{
    tap->goodbye_due = tap->way.tls && !tls_goodbye(tap->bev);
    if (tap->goodbye_due)
        tap_clock(tap, TAP_GOODBYE_MS);
}

/*
 * Ends the connection so that the last reply arrives.  CERTAIN: the client
 * has said that it sends no more.
 */
static void close_gently(struct tap *tap, bool certain)
{
    bool over = tap->eof || (certain && tap_side(tap).len == 0 && !bytes_unread(tap));

    say_goodbye(tap);
    if (over && !tap->goodbye_due) {
        door_close(tap);
        return;
    }
    if (!tap->goodbye_due)
        shutdown(bufferevent_getfd(tap->bev), SHUT_WR);
    tap->phase = TAP_LINGER;
    tap->phase_since_ms = tap_now_ms();
    tap_side_drop(tap, tap_side(tap).len);
    tap_clock(tap, TAP_LINGER_MS);
    set_reading(tap, !tap->eof);
}

/* Ready for the next head, which may be aside already. */
static void begin_again(struct tap *tap)
{
    static const struct timeval next_turn = {0, 0};

    if (!door_next(tap))
        return;
    tap->phase = TAP_IDLE;
    tap->phase_since_ms = tap_now_ms();
    tap_clock(tap, tap->front->limits.keep_alive_ms);
    settle_reading(tap);
    if (tap_side(tap).len == 0 && !tap->eof && !tap->front->draining)
        return;
    if (tap->requests % TAP_REQUESTS_PER_TURN == 0)
        event_add(&tap->work, &next_turn);
    else
        tap_wake(tap);
}

/* The reply has left whole. */
static void request_done(struct tap *tap)
{
    bool certain =
        !tap->request->head.keep_alive && tap->phase == TAP_HOLD && !tap->request->refused;
    bool keep = !tap->request->close && !tap->request->body_broken && tap->phase == TAP_HOLD;

    request_end(tap, false);
    if (keep)
        begin_again(tap);
    else
        close_gently(tap, certain);
}

/* Tells the owner how much waits, when that is news. */
static void tell_drained(struct tap *tap)
{
    struct front_request *request = tap->request;
    size_t waiting = tap_waiting(tap);
    bool low = tap->above_low && waiting <= tap->front->limits.buffer_low;
    bool empty = !tap->told_empty && waiting == 0;

    if (request->reply != REPLY_STARTED || (!low && !empty))
        return;
    tap->above_low &= !low;
    tap->told_empty |= empty;
    request->events->on_drained(request->owner, waiting);
}

/* True if the request can never come whole any more. */
static bool cut_short(const struct tap *tap)
{
    const struct front_request *request = tap->request;

    if (!tap->eof || tap->phase != TAP_BODY || request->body_broken)
        return false;
    if (request->head.framing == HTTP_LENGTH)
        return tap->body_left > tap_side(tap).len;
    return tap_side(tap).len == 0;
}

/* The connection is lost: what waits may leave, unless it must not. */
static void end_lost(struct tap *tap)
{
    bool ended = tap->request->reply == REPLY_FINISHED;

    if (!tap->reset && !ended)
        tap_flush(tap);
    door_close(tap); /* tells the owner */
}

static void turn_request(struct tap *tap)
{
    if (tap->read_full)
        read_more(tap);
    if (tap->phase == TAP_BODY && !tap->lost)
        tap_read_body(tap);
    tap_flush(tap);
    tap->working = false;
    bool finished = tap->request->reply == REPLY_FINISHED;
    if (!tap->lost && finished && tap_waiting(tap) == 0) {
        request_done(tap);
        return;
    }
    if (tap->lost || (!finished && cut_short(tap))) {
        end_lost(tap);
        return;
    }
    settle_reading(tap);
    if (tap->eof)
        tap_clock(tap, tap->front->limits.half_close_ms);
    tell_drained(tap);
}

/* The handshake came to nothing, or took too long. */
static void end_handshake(struct tap *tap, bool too_long)
{
    tls_dismiss(tap->front->host.tls, tap->bev, too_long, text_from(tap->peer));
    door_close(tap);
}

static void turn_waiting(struct tap *tap)
{
    tap_read_head(tap);
    if (tap->request) {
        turn_request(tap);
        return;
    }
    tap->working = false;
    bool over = tap->lost || tap->eof;
    if (tap->handshaking && (over || tap->idle_expired)) {
        end_handshake(tap, !over);
        return;
    }
    if (over) {
        door_close(tap);
        return;
    }
    bool idle = tap->phase == TAP_IDLE;
    if (idle && tap->idle_expired && !bytes_unread(tap)) {
        close_gently(tap, false);
        return;
    }
    if (idle && tap->front->draining)
        tap_clock(tap, TAP_DRAIN_GRACE_MS);
    settle_reading(tap);
}

static void turn_lingering(struct tap *tap)
{
    tap->working = false;
    if (tap->goodbye_due && !tap->lost) {
        say_goodbye(tap);
        if (!tap->goodbye_due)
            shutdown(bufferevent_getfd(tap->bev), SHUT_WR);
    }
    if ((tap->eof && !tap->goodbye_due) || tap->lost || tap->linger_over ||
        tap->lingered > TAP_LINGER_BYTES)
        door_close(tap);
}

static void on_work(evutil_socket_t fd, short what, void *arg)
{
    struct tap *tap = arg;

    (void)fd;
    (void)what;
    tap->woken = false;
    if (!tap->connection && !door_start(tap))
        return;
    tap->working = true;
    if (tap->announcing) {
        tap_turn_announcing(tap);
    } else if (tap->phase == TAP_LINGER) {
        turn_lingering(tap);
    } else if (tap->request) {
        turn_request(tap);
    } else {
        turn_waiting(tap);
    }
}
