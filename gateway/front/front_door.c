#include "front/door.h"
#include "front/tls.h"

#include <assert.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

static const char canonical_head[] = "GET / HTTP/1.1\r\n\r\n";

/* The bufferevent of a connection that got no tap: closes it before a byte was read. */
static void on_untapped(evutil_socket_t fd, short what, void *arg)
{
    struct bufferevent *bev = arg;
    void *connection;

    (void)fd, (void)what;
    bufferevent_getcb(bev, NULL, NULL, NULL, &connection);
    if (connection)
        evhttp_connection_free(connection);
    bufferevent_decref(bev);
}

/*
 * A connection was accepted: evhttp asks for its bufferevent.  Without one it
 * would make its own and read the client's bytes by itself, so there is one
 * even where there is no memory for a tap.
 */
static struct bufferevent *on_accepted(struct event_base *base, void *arg)
{
    struct door *door = arg;
    struct front *f = door->front;
    struct bufferevent *bev = NULL;
    struct tap *tap = NULL;

    listeners_count(&f->listeners);
    if (door->way.tls)
        bev = tls_accept(f->host.tls, base);
    if (bev || !door->way.tls) {
        bev = bev ? bev : bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
        tap = tap_new(f, bev, &door->way);
    }
    if (!bev)
        bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    assert(bev);
    if (!tap) {
        bufferevent_incref(bev);
        event_base_once(base, -1, EV_TIMEOUT, on_untapped, bev, NULL);
    }
    return bev;
}

/* evhttp has read a canonical head. */
static void on_canonical(struct evhttp_request *canonical, void *arg)
{
    struct front *f = ((struct door *)arg)->front;
    struct tap *tap = f->handing;

    assert(tap && evhttp_request_get_connection(canonical) == tap->connection);
    tap->canonical = canonical;
    bufferevent_setcb(tap->bev, NULL, NULL, tap_on_event, tap);
    if (!tap->raw)
        tap->reading = false; /* evhttp stopped it */
    tap_dispatch(tap);
}

/* True if the client would take a plain close for the end of a whole reply. */
static bool close_would_lie(const struct tap *tap)
{
    return tap->request && tap->request->reply != REPLY_NONE &&
           tap->request->framing == HTTP_TO_CLOSE;
}

/*
 * evhttp is about to shut CONNECTION's socket down, which the client takes
 * for a clean end, and to free it.  Where that must not be, dissolving the
 * socket's association sends RST before.
 */
static void on_closed(struct evhttp_connection *connection, void *arg)
{
    struct tap *tap = arg;
    struct sockaddr none = {.sa_family = AF_UNSPEC};

    (void)connection;
    if (tap->reset || close_would_lie(tap))
        connect(bufferevent_getfd(tap->bev), &none, sizeof none);
    tap_free(tap);
}

struct door *door_for(struct front *f, const struct endpoint_way *way)
{
    return &f->doors[way->tls + 2 * way->proxy_protocol];
}

bool door_open(struct front *f)
{
    for (size_t i = 0; i < DOORS; i++) {
        struct endpoint_way way = {.tls = i & 1, .proxy_protocol = i & 2};
        struct door *door = door_for(f, &way);

        *door = (struct door){.front = f, .way = way, .http = evhttp_new(f->base)};
        if (!door->http)
            return false;
        evhttp_set_bevcb(door->http, on_accepted, door);
        evhttp_set_gencb(door->http, on_canonical, door);
    }
    return true;
}

void door_shut(struct front *f)
{
    for (size_t i = 0; i < DOORS; i++) {
        if (f->doors[i].http)
            evhttp_free(f->doors[i].http);
        f->doors[i].http = NULL;
    }
    while (f->taps) { /* accepted, but never started */
        struct bufferevent *bev = f->taps->bev;

        tap_free(f->taps);
        bufferevent_decref(bev);
    }
}

struct evhttp_bound_socket *door_bind(struct door *door, struct evconnlistener *listener)
{
    return evhttp_bind_listener(door->http, listener);
}

void door_unbind(struct door *door, struct evhttp_bound_socket *bound)
{
    evhttp_del_accept_socket(door->http, bound);
}

static void note_peer(struct tap *tap)
{
    char *address;
    uint16_t port;
    const struct sockaddr *sa = evhttp_connection_get_addr(tap->connection);

    evhttp_connection_get_peer(tap->connection, &address, &port);
    bool local = sa->sa_family == AF_UNIX;
    snprintf(tap->peer, sizeof tap->peer, "%s", local ? "unix" : address);
    tap->port = local ? 0 : port;
}

/* Asks the host.  False: the connection closes. */
static bool let_in(struct tap *tap)
{
    const struct front_host *host = &tap->front->host;

    tap->entry = FRONT_WELCOME;
    if (host->on_connect)
        tap->entry = host->on_connect(host->owner, tap_peer(tap));
    if (tap->entry == FRONT_REFUSE)
        tap_clock(tap, TAP_REFUSE_MS);
    return tap->entry != FRONT_CLOSE;
}

/*
 * The callbacks' argument is the evhttp_connection: that is how 2.1.12 is
 * made, and the only way to it before a request.  None: evhttp gave up.
 */
bool door_start(struct tap *tap)
{
    struct bufferevent *bev = tap->bev;
    bufferevent_data_cb read_cb;
    bufferevent_data_cb write_cb;
    bufferevent_event_cb event_cb;
    void *argument;

    bufferevent_getcb(bev, &read_cb, &write_cb, &event_cb, &argument);
    if (!argument) {
        tap_free(tap);
        bufferevent_decref(bev);
        return false;
    }
    tap->connection = argument;
    assert(evhttp_connection_get_bufferevent(tap->connection) == bev);
    evhttp_connection_set_closecb(tap->connection, on_closed, tap);
    bufferevent_decref(bev);
    tap->front->callbacks = (struct door_callbacks){read_cb, write_cb, event_cb};
    bufferevent_setcb(bev, NULL, NULL, tap_on_event, tap);
    bufferevent_setwatermark(bev, EV_READ, 1, 0);
    bufferevent_set_max_single_read(bev, TAP_READ_STEP);
    bufferevent_set_max_single_write(bev, TAP_WRITE_MAX);
    if (tap->announcing)
        tap_await_announcement(tap);
    else
        tap_start_reading(tap);
    note_peer(tap);
    if (tap->front->draining)
        listener_welcome(bufferevent_getfd(bev));
    if (let_in(tap))
        return true;
    door_close(tap);
    return false;
}

/*
 * The head is consumed before anything else can be read: put in front of the
 * (empty) input and read at once, in an event that is neither the input's
 * own nor evhttp's completion.
 */
void door_hand(struct tap *tap)
{
    struct front *f = tap->front;
    struct door_callbacks *evhttp = &f->callbacks;

    f->handing = tap;
    tap->handing = true;
    bufferevent_setcb(tap->bev, evhttp->read_cb, evhttp->write_cb, evhttp->event_cb,
                      tap->connection);
    evbuffer_prepend(bufferevent_get_input(tap->bev), canonical_head, sizeof canonical_head - 1);
    bufferevent_trigger(tap->bev, EV_READ, 0);
    tap->handing = false;
    f->handing = NULL;
    assert(tap->canonical);
}

/*
 * evhttp has sent nothing itself and the output is empty, so it completes at
 * once and awaits the next canonical head.
 */
bool door_next(struct tap *tap)
{
    struct evhttp_request *canonical = tap->canonical;
    struct front *f = tap->front;
    size_t connections = f->connections;

    tap->canonical = NULL;
    evhttp_send_reply_end(canonical);
    if (f->connections != connections)
        return false;
    bufferevent_setcb(tap->bev, NULL, NULL, tap_on_event, tap);
    if (tap->raw)
        bufferevent_disable(tap->bev, EV_READ); /* evhttp enabled it */
    else
        tap->reading = true;
    tap->writing = false;
    return true;
}

void door_close(struct tap *tap)
{
    evhttp_connection_free(tap->connection);
}
