#include "upstream/wire.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void wires_init(struct wires *ws, struct event_base *base,
                void (*on_ready)(void *owner, int fd, bool readable, bool writable), void *owner)
{
    *ws = (struct wires){.base = base, .on_ready = on_ready, .owner = owner};
    TAILQ_INIT(&ws->idle);
}

struct wire *wires_get(const struct wires *ws, int fd)
{
    return fd >= 0 && (size_t)fd < ws->room ? ws->by_fd[fd] : NULL;
}

/* Makes room for an entry of FD. */
static bool grow(struct wires *ws, int fd)
{
    size_t room = ws->room ? ws->room : 64;

    while (room <= (size_t)fd)
        room *= 2;
    if (room == ws->room)
        return true;
    struct wire **by_fd = realloc(ws->by_fd, room * sizeof(struct wire *));
    if (!by_fd)
        return false;
    memset(by_fd + ws->room, 0, (room - ws->room) * sizeof(struct wire *));
    ws->by_fd = by_fd;
    ws->room = room;
    return true;
}

static void unlist_idle(struct wire *w)
{
    if (!w->idle)
        return;
    w->idle = false;
    TAILQ_REMOVE(&w->table->idle, w, by_age);
    w->table->idle_at[w->endpoint->number]--;
}

static void enlist_idle(struct wire *w)
{
    w->idle = true;
    TAILQ_INSERT_TAIL(&w->table->idle, w, by_age);
    w->table->idle_at[w->endpoint->number]++;
}

static void stop_reading(struct wire *w)
{
    if (w->reading)
        event_del(&w->read);
    w->reading = false;
}

static void stop_writing(struct wire *w)
{
    if (w->writing)
        event_del(&w->write);
    w->writing = false;
}

/*
 * W is no good any more.  What has come in is dropped and both directions
 * are shut, so that whoever keeps W sees at a glance that it is dead.
 */
static void retire(struct wire *w)
{
    char junk[4096];

    w->dead = true;
    unlist_idle(w);
    stop_reading(w);
    for (int i = 0; i < 16 && recv(w->fd, junk, sizeof junk, MSG_DONTWAIT) > 0; i++)
        ;
    shutdown(w->fd, SHUT_RDWR);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct wire *w = arg;

    (void)what;
    if (w->wants_read)
        w->table->on_ready(w->table->owner, fd, true, false);
    else if (w->idle)
        retire(w);
    else
        stop_reading(w);
}

/*
 * A reset makes a wire both readable and writable, and writing would then
 * lose a reply that came before it: reading is always tried first.
 */
static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct wire *w = arg;

    (void)what;
    w->table->on_ready(w->table->owner, fd, w->wants_read, true);
}

/* A wire for FD that has no name yet; NULL: no memory. */
static struct wire *add(struct wires *ws, int fd)
{
    struct wire *w = grow(ws, fd) ? calloc(1, sizeof *w) : NULL;

    if (!w)
        return NULL;
    w->table = ws;
    w->fd = fd;
    event_assign(&w->read, ws->base, fd, EV_READ | EV_PERSIST, on_readable, w);
    event_assign(&w->write, ws->base, fd, EV_WRITE | EV_PERSIST, on_writable, w);
    LIST_INSERT_HEAD(&ws->unnamed, w, by_name);
    ws->by_fd[fd] = w;
    return w;
}

static void drop(struct wire *w)
{
    unlist_idle(w);
    stop_reading(w);
    stop_writing(w);
    LIST_REMOVE(w, by_name);
    w->table->by_fd[w->fd] = NULL;
    endpoint_unref(&w->endpoint);
    free(w);
}

void wires_fini(struct wires *ws)
{
    for (size_t fd = 0; fd < ws->room; fd++) {
        struct wire *w = ws->by_fd[fd];

        if (w && w->foreign)
            drop(w);
        else if (w)
            wires_close(ws, (int)fd);
    }
    free(ws->by_fd);
    ws->by_fd = NULL;
    ws->room = 0;
}

/* Writes the address at FROM to END_OUT; false where it is no IP address. */
static bool read_end(const struct sockaddr *from, struct wire_end *end_out)
{
    const struct sockaddr_in *v4 = (const void *)from;
    const struct sockaddr_in6 *v6 = (const void *)from;
    const void *address =
        from->sa_family == AF_INET ? (const void *)&v4->sin_addr : (const void *)&v6->sin6_addr;

    if (from->sa_family != AF_INET && from->sa_family != AF_INET6)
        return false;
    end_out->port = ntohs(from->sa_family == AF_INET ? v4->sin_port : v6->sin6_port);
    return inet_ntop(from->sa_family, address, end_out->ip, sizeof end_out->ip) != NULL;
}

/* What tells the socket FD from all others; 0 if it is none. */
static uint64_t cookie_of(int fd)
{
    uint64_t cookie = 0;
    socklen_t len = sizeof cookie;

    return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) == 0 ? cookie : 0;
}

int wires_open(struct wires *ws, struct upstream_transfer *opener, const struct sockaddr *to,
               int type, int protocol)
{
    int fd = socket(to->sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    struct wire *w = fd >= 0 ? add(ws, fd) : NULL;

    if (!w && fd >= 0)
        close(fd);
    if (!w)
        return -1;
    read_end(to, &w->remote);
    w->cookie = cookie_of(fd);
    w->opener = opener;
    return fd;
}

void wires_close(struct wires *ws, int fd)
{
    struct wire *w = wires_get(ws, fd);

    assert(w && !w->foreign);
    drop(w);
    close(fd);
}

void wires_let_go(struct wires *ws, int fd, const struct upstream_transfer *opener)
{
    struct wire *w = wires_get(ws, fd);

    if (w && !w->foreign && !w->used && w->opener == opener)
        drop(w);
}

bool wires_want(struct wires *ws, int fd, bool read, bool write)
{
    struct wire *w = wires_get(ws, fd);

    if (!w) {
        w = add(ws, fd);
        if (!w)
            return false;
        w->foreign = true;
    }
    w->wants_read = read;
    if (read && !w->reading)
        w->reading = event_add(&w->read, NULL) == 0;
    if (!write)
        stop_writing(w);
    else if (!w->writing)
        w->writing = event_add(&w->write, NULL) == 0;
    return w->reading >= read && w->writing >= write;
}

void wires_forget(struct wires *ws, int fd)
{
    struct wire *w = wires_get(ws, fd);

    if (w && (w->foreign || (!w->used && w->cookie != cookie_of(fd)))) {
        drop(w);
    } else if (w) {
        w->wants_read = false;
        stop_writing(w);
    }
}

/* Names the wires whose local address is known by now. */
static void name_all(struct wires *ws)
{
    struct wire *next;

    for (struct wire *w = LIST_FIRST(&ws->unnamed); w; w = next) {
        struct sockaddr_storage local;
        socklen_t len = sizeof local;

        next = LIST_NEXT(w, by_name);
        if (w->foreign || getsockname(w->fd, (struct sockaddr *)&local, &len) != 0 ||
            !read_end((struct sockaddr *)&local, &w->local) || w->local.port == 0)
            continue;
        LIST_REMOVE(w, by_name);
        LIST_INSERT_HEAD(&ws->by_port[w->local.port % WIRE_BUCKETS], w, by_name);
    }
}

static bool same_end(const struct wire_end *a, const struct wire_end *b)
{
    return a->port == b->port && strcmp(a->ip, b->ip) == 0;
}

struct wire *wires_find(struct wires *ws, const struct wire_end *local,
                        const struct wire_end *remote)
{
    struct wire *w;

    if (!LIST_EMPTY(&ws->unnamed))
        name_all(ws);
    LIST_FOREACH(w, &ws->by_port[(unsigned)local->port % WIRE_BUCKETS], by_name)
    if (same_end(&w->local, local) && same_end(&w->remote, remote))
        return w;
    return NULL;
}

uint64_t wires_expire(struct wires *ws, uint64_t now_ms, uint64_t age_ms)
{
    struct wire *w;

    while ((w = TAILQ_FIRST(&ws->idle)) && now_ms - w->idle_since_ms >= age_ms)
        retire(w);
    return w ? w->idle_since_ms + age_ms : UINT64_MAX;
}

void wires_forget_gone(struct wires *ws)
{
    struct wire *next;

    for (struct wire *w = TAILQ_FIRST(&ws->idle); w; w = next) {
        next = TAILQ_NEXT(w, by_age);
        if (atomic_load(&w->endpoint->gone))
            retire(w);
    }
}

bool wire_clean(const struct wire *w)
{
    char byte;

    if (w->dead)
        return false;
    return recv(w->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

bool wire_ended(const struct wire *w)
{
    char byte;
    ssize_t n = recv(w->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

/* TCP_ESTABLISHED; the header that names it knows nothing of tcpi_bytes_received. */
enum { ESTABLISHED = 1 };

/* What the system knows of W's connection; all zero if it tells less. */
static struct tcp_info info_of(const struct wire *w)
{
    struct tcp_info info;
    socklen_t len = sizeof info;

    if (getsockopt(w->fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0 ||
        len < offsetof(struct tcp_info, tcpi_data_segs_in) + sizeof info.tcpi_data_segs_in)
        return (struct tcp_info){.tcpi_state = ESTABLISHED};
    return info;
}

void wire_take(struct wire *w, struct upstream_transfer *transfer, struct endpoint *endpoint)
{
    unlist_idle(w);
    if (w->endpoint != endpoint) {
        endpoint_unref(&w->endpoint);
        w->endpoint = endpoint_ref(endpoint);
    }
    if (w->used) {
        struct tcp_info info = info_of(w);

        w->segments = info.tcpi_data_segs_in;
        w->acked = info.tcpi_bytes_acked;
    }
    w->used = true;
    w->transfer = transfer;
}

void wire_leave(struct wire *w, uint64_t now_ms)
{
    w->transfer = NULL;
    w->idle_since_ms = now_ms;
    if (w->idle || w->dead)
        return;
    if (atomic_load(&w->endpoint->gone)) {
        retire(w);
        return;
    }
    enlist_idle(w);
    if (!w->reading)
        w->reading = event_add(&w->read, NULL) == 0;
}

bool wire_has_excess(const struct wire *w)
{
    struct tcp_info info = info_of(w);
    /* The other end's FIN is counted as a byte; after a reset nobody knows if there was one. */
    uint64_t ends = info.tcpi_state == ESTABLISHED ? 0 : 1;

    return info.tcpi_bytes_received > w->counted + ends;
}

bool wire_heard(const struct wire *w)
{
    return info_of(w).tcpi_data_segs_in != w->segments;
}

bool wire_delivers(struct wire *w, uint64_t *ago_ms_out)
{
    struct tcp_info info = info_of(w);
    bool more = info.tcpi_bytes_acked > w->acked;

    w->acked = info.tcpi_bytes_acked;
    *ago_ms_out = info.tcpi_last_ack_recv;
    return more;
}
