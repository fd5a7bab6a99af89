#include "front/door.h"

#include <event2/bufferevent.h>
#include <poll.h>
#include <time.h>

enum { MINUTE_MS = 60 * 1000 };

/*
 * One timer a connection.  Each clock is a time when something last moved and
 * a limit; the timer is only ever set earlier, and when it fires all clocks
 * are looked at and it is set for the next.  So a busy connection touches it
 * about once a limit, not once an event.
 */
uint64_t tap_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool tap_once_a_minute(atomic_uint_fast64_t *said_ms)
{
    uint_fast64_t last = atomic_load(said_ms), now = tap_now_ms();

    return (last == 0 || now - last >= MINUTE_MS) &&
           atomic_compare_exchange_strong(said_ms, &last, now);
}

void tap_clock(struct tap *tap, uint64_t ms)
{
    uint64_t at = tap_now_ms() + ms;
    struct timeval wait = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};

    if (ms == 0 || (tap->timer_at_ms > 0 && tap->timer_at_ms <= at))
        return;
    tap->timer_at_ms = at;
    event_add(&tap->timer, &wait);
}

/* True if LIMIT has passed since SINCE; else the timer is set for it. */
static bool passed(struct tap *tap, uint64_t since, uint64_t limit)
{
    uint64_t now = tap_now_ms();

    if (limit == 0)
        return false;
    if (now >= since + limit)
        return true;
    tap_clock(tap, since + limit - now);
    return false;
}

/* LIMIT, but no more than MOST, which is not off. */
static uint64_t at_most(uint64_t limit, uint64_t most)
{
    return limit == 0 || limit > most ? most : limit;
}

/* Waits of LIMIT for a request: no long ones on an unwelcome connection. */
static uint64_t patience(const struct tap *tap, uint64_t limit)
{
    return tap->entry == FRONT_REFUSE ? at_most(limit, TAP_REFUSE_MS) : limit;
}

uint64_t tap_idle_ms(const struct tap *tap)
{
    const struct front_limits *limits = &tap->front->limits;

    return tap->announcing    ? limits->request_head_ms
           : tap->handshaking ? limits->tls_handshake_ms
                              : limits->keep_alive_ms;
}

static bool idle_passed(struct tap *tap)
{
    uint64_t limit = patience(tap, tap_idle_ms(tap));

    if (tap->front->draining)
        limit = at_most(limit, TAP_DRAIN_GRACE_MS);
    return passed(tap, tap->phase_since_ms, limit);
}

/* True if the body came too slowly on average, once that counts. */
static bool rate_passed(struct tap *tap)
{
    const struct front_limits *limits = &tap->front->limits;

    if (limits->request_rate == 0)
        return false;
    uint64_t paid_ms = tap->body_bytes / limits->request_rate * 1000 +
                       tap->body_bytes % limits->request_rate * 1000 / limits->request_rate;
    bool early = paid_ms < limits->request_rate_ms;
    return passed(tap, tap->read_since_ms, early ? limits->request_rate_ms : paid_ms + 1);
}

void tap_clock_body(struct tap *tap)
{
    const struct front_limits *limits = &tap->front->limits;

    tap->body_since_ms = tap->read_since_ms = tap_now_ms();
    tap_clock(tap, limits->request_body_ms);
    if (limits->request_rate > 0)
        tap_clock(tap, limits->request_rate_ms);
}

static bool body_passed(struct tap *tap)
{
    const struct front_request *request = tap->request;
    bool invited = !request->head.expect_continue || request->continued;

    return !tap->paused && invited && request->reply != REPLY_FINISHED && !request->body_broken &&
           (passed(tap, tap->body_since_ms, tap->front->limits.request_body_ms) ||
            rate_passed(tap));
}

static void look_at_phase(struct tap *tap)
{
    switch (tap->phase) {
    case TAP_IDLE:
        tap->idle_expired = idle_passed(tap);
        break;
    case TAP_HEAD:
        tap->head_expired =
            passed(tap, tap->phase_since_ms, patience(tap, tap->front->limits.request_head_ms));
        break;
    case TAP_BODY:
        tap->body_expired = body_passed(tap);
        break;
    case TAP_LINGER:
        tap->linger_over = passed(tap, tap->phase_since_ms, TAP_LINGER_MS);
        break;
    case TAP_HOLD:
        break;
    }
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void look_at_reply(struct tap *tap)
{
    const struct front_limits *limits = &tap->front->limits;
    uint64_t moved = later(tap->reply_since_ms, tap->moved_since_ms);

    if (tap_waiting(tap) > 0 && passed(tap, tap->reply_since_ms, limits->reply_ms)) {
        tap->reset = true;
        tap->lost = true;
    } else if (tap->eof && passed(tap, moved, limits->half_close_ms)) {
        tap->lost = true;
    }
}

/*
 * While nothing is read, and nothing written either, the kernel tells nobody
 * of a reset: it is looked for.
 */
static void look_at_socket(struct tap *tap)
{
    struct pollfd pfd = {.fd = bufferevent_getfd(tap->bev)};

    if (poll(&pfd, 1, 0) > 0 && pfd.revents & (POLLERR | POLLHUP))
        tap->lost = true;
    else
        tap_clock(tap, TAP_LOOK_MS);
}

void tap_on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct tap *tap = arg;

    (void)fd;
    (void)what;
    tap->timer_at_ms = 0;
    look_at_phase(tap);
    if (tap->request)
        look_at_reply(tap);
    if (tap->request && !tap->reading)
        look_at_socket(tap);
    if (tap->idle_expired || tap->head_expired || tap->body_expired || tap->linger_over ||
        tap->goodbye_due || tap->lost)
        tap_wake(tap);
}
