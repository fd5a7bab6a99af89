/*
 * client.h - a client of the front's stage: a raw non-blocking socket
 *
 * A part of stage.h: what it reads and writes is driven by the stage's loop.
 */
#ifndef FRONT_CLIENT_H
#define FRONT_CLIENT_H

struct client {
    struct stage *stage;
    int fd;
    struct buf got;
    bool eof;
    int error; /* errno of a failed read */
};

static int connect_to(const char *bound)
{
    if (strncmp(bound, "unix:", 5) == 0) {
        struct sockaddr_un un = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);

        snprintf(un.sun_path, sizeof un.sun_path, "%.100s", bound + 5);
        return connect(fd, (struct sockaddr *)&un, sizeof un) == 0 ? fd : (close(fd), -1);
    }
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)atol(strrchr(bound, ':') + 1))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    return connect(fd, (struct sockaddr *)&in, sizeof in) == 0 ? fd : (close(fd), -1);
}

UNUSED static void client_open(struct client *c, struct stage *stage)
{
    *c = (struct client){.stage = stage, .fd = connect_to(stage->bound)};
    buf_init(&c->got, SIZE_MAX);
    assert_true(c->fd >= 0);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
}

UNUSED static void client_close(struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    buf_fini(&c->got);
}

/* Reads what is there. */
static void client_poll(struct client *c)
{
    char block[65536];

    while (!c->eof && !c->error) {
        ssize_t n = recv(c->fd, block, sizeof block, MSG_DONTWAIT);

        if (n > 0)
            buf_add(&c->got, text_of(block, (size_t)n));
        else if (n == 0)
            c->eof = true;
        else if (errno == EAGAIN)
            break;
        else
            c->error = errno;
    }
}

UNUSED static bool client_over(struct client *c)
{
    client_poll(c);
    return c->eof || c->error;
}

/* How often WORD is in what C got. */
static size_t times_got(struct client *c, const char *word)
{
    size_t times = 0;

    client_poll(c);
    buf_add_byte(&c->got, 0);
    c->got.len--;
    for (const char *at = c->got.at; (at = strstr(at, word)); at += strlen(word))
        times++;
    return times;
}

UNUSED static bool got(struct client *c, const char *word)
{
    return times_got(c, word) > 0;
}

/* Sends T whole, running the loop while the socket is full. */
static void client_send(struct client *c, struct text t)
{
    uint64_t until = now_ms() + 20000;

    while (t.len > 0) {
        ssize_t n = send(c->fd, t.at, t.len, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n > 0)
            t = text_from_offset(t, (size_t)n);
        else if (errno != EAGAIN || now_ms() > until)
            fail_msg("send: %s", strerror(errno));
        else
            event_base_loop(c->stage->base, EVLOOP_NONBLOCK);
    }
}

UNUSED static void client_says(struct client *c, const char *words)
{
    client_send(c, text_from(words));
}

#endif
