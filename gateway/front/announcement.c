#include "base/log.h"
#include "front/door.h"
#include "http/proxy_header.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <stdio.h>
#include <sys/socket.h>

const char *const front_untold_words[FRONT_UNTOLD_COUNT] = {
#define X(name, word) word,
    FRONT_UNTOLD(X)
#undef X
};

/* Some of it came, or the connection's end. */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    tap_wake(arg);
}

void tap_await_announcement(struct tap *tap)
{
    bufferevent_disable(tap->bev, EV_READ | EV_WRITE); /* a handshake waits, too */
    event_assign(&tap->readable, tap->front->base, bufferevent_getfd(tap->bev),
                 EV_READ | EV_PERSIST, on_readable, tap);
    tap->lost |= event_add(&tap->readable, NULL) != 0;
}

/*
 * Takes what came of the header off the socket, and not a byte behind it:
 * looks first, and while the header is not whole all that came is the header's.
 */
static enum proxy_header_step take(struct tap *tap, struct proxy_header *header)
{
    size_t had = tap->side.len, room = PROXY_HEADER_MAX - had;
    int fd = bufferevent_getfd(tap->bev);
    char *to = buf_room(&tap->side, room);
    ssize_t seen = to ? recv(fd, to, room, MSG_PEEK) : -1;

    tap->eof = seen == 0;
    if (!to || (seen < 0 && errno != EAGAIN && errno != EINTR))
        tap->lost = true;
    if (seen <= 0)
        return PROXY_HEADER_MORE;
    tap->side.len = had + (size_t)seen;
    enum proxy_header_step step = proxy_header_read(buf_text(&tap->side), header);
    if (step == PROXY_HEADER_WHOLE)
        tap->side.len = header->len;
    if (recv(fd, to, tap->side.len - had, 0) != (ssize_t)(tap->side.len - had))
        tap->lost = true;
    return step;
}

/* The connection has no whole header and will get none: says WHY, and what is wrong with it. */
static void dismiss(struct tap *tap, enum front_untold why, const char *fault)
{
    static atomic_uint_fast64_t said_ms;
    const struct front_host *host = &tap->front->host;

    if (host->on_untold)
        host->on_untold(host->owner, why);
    /* Who only connects and goes, as balancers do to see if somebody listens, is no news. */
    if (why != FRONT_UNTOLD_CLOSED && tap_once_a_minute(&said_ms))
        LOG(LOG_WARN, "proxy header refused", LOG_S("peer", tap->peer),
            LOG_S("reason", front_untold_words[why]), LOG_S("detail", fault),
            LOG_S("hint", "an address with proxy_protocol is for balancers that send the header"));
    door_close(tap);
}

/* Asks the host once more, now that the client is known.  False: the connection closes. */
static bool let_on(struct tap *tap)
{
    const struct front_host *host = &tap->front->host;

    if (host->on_named)
        tap->entry = host->on_named(host->owner, text_from(tap->peer), tap->entry);
    if (tap->entry == FRONT_REFUSE)
        tap_clock(tap, TAP_REFUSE_MS);
    return tap->entry != FRONT_CLOSE;
}

/* The header was there: from now on the connection is as any other. */
static void begin(struct tap *tap, const struct proxy_header *header)
{
    event_del(&tap->readable);
    tap_side_drop(tap, tap->side.len);
    if (header->address[0]) {
        snprintf(tap->peer, sizeof tap->peer, "%s", header->address);
        tap->port = header->port;
    }
    tap->announcing = false;
    tap->idle_expired = false;
    tap->phase_since_ms = tap_now_ms();
    tap_clock(tap, tap_idle_ms(tap));
    if (!let_on(tap)) {
        door_close(tap);
        return;
    }
    if (tap->way.tls)
        bufferevent_enable(tap->bev, EV_READ);
    tap_start_reading(tap);
    tap_wake(tap);
}

void tap_turn_announcing(struct tap *tap)
{
    struct proxy_header header = {0};
    enum proxy_header_step step = take(tap, &header);
    bool draining = tap->front->draining;

    tap->working = false;
    if (step == PROXY_HEADER_MALFORMED)
        dismiss(tap, FRONT_UNTOLD_MALFORMED, header.fault);
    else if (tap->lost || tap->eof || (draining && tap->idle_expired))
        dismiss(tap, FRONT_UNTOLD_CLOSED, "");
    else if (step == PROXY_HEADER_WHOLE)
        begin(tap, &header);
    else if (tap->idle_expired)
        dismiss(tap, FRONT_UNTOLD_TIMEOUT, "no whole header");
    else if (draining)
        tap_clock(tap, TAP_DRAIN_GRACE_MS);
}
