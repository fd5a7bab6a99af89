#include "upstream/curl_transfer.h"

#include "base/log.h"

#include <errno.h>
#include <unistd.h>

/* True if ERROR is for want of something that may be there again shortly. */
static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct upstream_transfer *t = arg;
    struct upstream *u = t->upstream;
    int fd = wires_open(&u->wires, t, &to->addr, to->socktype, to->protocol);

    (void)purpose;
    t->starved = fd < 0 && is_shortage(errno);
    if (t->starved && !u->complained)
        LOG(LOG_ERROR, "upstream_socket_failed", LOG_S("why", strerror(errno)));
    u->complained = t->starved;
    t->opened[1] = t->opened[0];
    t->opened[0] = fd;
    return fd;
}

static int on_close(void *arg, curl_socket_t fd)
{
    struct upstream *u = arg;
    struct wire *w = wires_get(&u->wires, fd);

    if (!w)
        return close(fd); /* it was let go */
    if (w->transfer) {
        w->transfer->heard |= transfer_is_plain(w->transfer) && wire_heard(w);
        w->transfer->wire = NULL;
    }
    wires_close(&u->wires, fd);
    return 0;
}

bool transfer_is_plain(const struct upstream_transfer *t)
{
    return t->wire && strncmp(t->endpoint->url, "http:", 5) == 0;
}

CURLcode transfer_sockets(struct upstream_transfer *t)
{
    CURLcode failed = curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, on_open);

    failed |= curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETDATA, t);
    failed |= curl_easy_setopt(t->easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    failed |= curl_easy_setopt(t->easy, CURLOPT_CLOSESOCKETDATA, t->upstream);
    return failed;
}

void transfer_let_go(const struct upstream_transfer *t)
{
    for (size_t i = 0; t->sends == 0 && i < sizeof t->opened / sizeof *t->opened; i++)
        wires_let_go(&t->upstream->wires, t->opened[i], t);
}
