/*
 * service.h - a scripted service in the event loop of the test
 *
 * It listens on a free loopback port and calls a script for every request;
 * the script says raw bytes, ends or resets the connection.
 */
#ifndef TEST_UPSTREAM_SERVICE_H
#define TEST_UPSTREAM_SERVICE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

#endif
