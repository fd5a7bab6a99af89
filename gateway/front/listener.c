#include "front/listener.h"

#include "base/log.h"
#include "front/door.h"

#include <assert.h>
#include <errno.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    ACCEPTS_PER_TURN = 64,
    HOPS_MAX = 255, /* the greatest hop limit */
    PAUSE_MS = 100, /* without descriptors */
    SETTLE_MS = 200 /* for handshakes under way when draining begins */
};

struct listener {
    struct listener *next;
    struct evconnlistener *accepting;
    struct evhttp_bound_socket *bound; /* evhttp's hold on it */
    int fd;
    struct endpoint_way way;
    bool shared; /* with others, who go on with it */
};

/*
 * Who owns a listener, for its error callback: the argument it gets is
 * evhttp's.  A slot belongs to one listener at a time and is read by its own
 * thread alone, which is the one that set it or began after that.
 */
struct owner_slot {
    _Atomic(struct evconnlistener *) key;
    struct listeners *owner;
};

static struct owner_slot owners[1024];

enum { OWNERS = sizeof owners / sizeof owners[0] };

static bool enlist(struct evconnlistener *accepting, struct listeners *l)
{
    for (int i = 0; i < OWNERS; i++) {
        struct evconnlistener *none = NULL;

        if (!atomic_compare_exchange_strong(&owners[i].key, &none, accepting))
            continue;
        owners[i].owner = l;
        return true;
    }
    return false;
}

static struct owner_slot *find_slot(const struct evconnlistener *accepting)
{
    for (int i = 0; i < OWNERS; i++)
        if (atomic_load(&owners[i].key) == accepting)
            return &owners[i];
    return NULL;
}

static void delist(const struct evconnlistener *accepting)
{
    struct owner_slot *slot = find_slot(accepting);

    if (slot)
        atomic_store(&slot->key, NULL);
}

static void set_accepting(struct listeners *l, bool on)
{
    for (struct listener *one = l->first; one; one = one->next)
        if (on)
            evconnlistener_enable(one->accepting);
        else
            evconnlistener_disable(one->accepting);
}

static void pause_for(struct listeners *l, int ms)
{
    struct timeval wait = {.tv_usec = ms * 1000};

    set_accepting(l, false);
    event_add(&l->resume, &wait);
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
    struct listeners *l = arg;

    (void)fd;
    (void)what;
    l->accepted = 0;
    set_accepting(l, true);
}

static int open_reserve(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* With the reserve given up, turns away one client that would else hang. */
static void shed_one(struct listeners *l, int fd)
{
    if (l->reserve < 0)
        return;
    close(l->reserve);
    int refused = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    if (refused >= 0)
        close(refused);
    l->reserve = open_reserve();
}

/* Says that accept failed: once a minute in the process, however many listeners find it so. */
static void complain(int error)
{
    static atomic_uint_fast64_t said_ms;

    if (tap_once_a_minute(&said_ms))
        LOG(LOG_ERROR, "accept_failed", LOG_S("why", strerror(error)),
            LOG_S("hint", error == EMFILE ? "accepting pauses; raise LimitNOFILE" : ""));
}

/* accept failed; the argument is evhttp's, so the owner is looked up. */
static void on_accept_error(struct evconnlistener *accepting, void *arg)
{
    int error = errno;
    struct owner_slot *slot = find_slot(accepting);

    (void)arg;
    assert(slot);
    struct listeners *l = slot->owner;
    complain(error);
    if (error == EMFILE || error == ENFILE)
        shed_one(l, evconnlistener_get_fd(accepting));
    pause_for(l, PAUSE_MS);
}

void listeners_count(struct listeners *l)
{
    if (++l->accepted == ACCEPTS_PER_TURN)
        pause_for(l, 0);
}

static void unlink_path(int fd)
{
    struct sockaddr_un a = {.sun_family = AF_UNSPEC};
    socklen_t len = sizeof a;

    if (getsockname(fd, (struct sockaddr *)&a, &len) == 0 && a.sun_family == AF_UNIX &&
        a.sun_path[0])
        unlink(a.sun_path);
}

/* From now on FD hears only segments with a hop limit of LEAST or more. */
static void set_least_hops(int fd, int least)
{
    setsockopt(fd, IPPROTO_IP, IP_MINTTL, &least, sizeof least);
    setsockopt(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, &least, sizeof least);
}

/*
 * The filter of a TCP socket sees the segment from its TCP header on: byte 13
 * holds the flags.  Sockets accepted later inherit it, which harms none.
 * Where a process without privileges may not attach one, the hop limit does
 * it: no system sends the greatest one by default (RFC 5082 relies on that).
 * That is inherited too, and taken back by listener_welcome.
 */
static void refuse_handshakes(int fd)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x12),       /* SYN and ACK */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x02, 0, 1), /* SYN alone? */
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};

    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
        set_least_hops(fd, HOPS_MAX);
}

void listener_welcome(int fd)
{
    set_least_hops(fd, 0);
}

static void close_at(struct listeners *l, struct listener **at)
{
    struct listener *one = *at;

    *at = one->next;
    delist(one->accepting);
    door_unbind(door_for(l->front, &one->way), one->bound);
    free(one);
}

static bool anyone_queued(const struct listeners *l)
{
    for (const struct listener *one = l->first; one; one = one->next) {
        struct pollfd ready = {.fd = one->fd, .events = POLLIN};

        if (poll(&ready, 1, 0) > 0)
            return true;
    }
    return false;
}

/* Handshakes have settled: closes, unless someone is still in a queue. */
static void on_closing(evutil_socket_t fd, short what, void *arg)
{
    struct listeners *l = arg;
    struct timeval soon = {.tv_usec = 1000};

    (void)fd;
    (void)what;
    if (anyone_queued(l)) {
        event_add(&l->closing, &soon);
        return;
    }
    while (l->first)
        close_at(l, &l->first);
}

static void close_shared(struct listeners *l)
{
    struct listener **at = &l->first;

    while (*at)
        if ((*at)->shared)
            close_at(l, at);
        else
            at = &(*at)->next;
}

void listeners_drain(struct listeners *l)
{
    struct timeval settle = {.tv_usec = SETTLE_MS * 1000};

    if (l->draining)
        return;
    l->draining = true;
    close_shared(l);
    for (struct listener *one = l->first; one; one = one->next) {
        unlink_path(one->fd);
        refuse_handshakes(one->fd);
    }
    event_add(&l->closing, &settle);
}

void listeners_init(struct listeners *l, struct front *front)
{
    *l = (struct listeners){.front = front, .reserve = open_reserve()};
    evtimer_assign(&l->resume, front->base, on_resume, l);
    evtimer_assign(&l->closing, front->base, on_closing, l);
}

void listeners_fini(struct listeners *l)
{
    while (l->first)
        close_at(l, &l->first);
    event_del(&l->resume);
    event_del(&l->closing);
    if (l->reserve >= 0)
        close(l->reserve);
}

static bool add(struct listeners *l, int fd, const struct endpoint_way *way, bool shared)
{
    struct listener *one = malloc(sizeof *one);
    unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC;

    if (one)
        one->accepting = evconnlistener_new(l->front->base, NULL, NULL, flags, 0, fd);
    if (!one || !one->accepting) {
        free(one);
        close(fd);
        errno = ENOMEM;
        return false;
    }
    one->fd = fd;
    one->way = *way;
    one->shared = shared;
    bool known = enlist(one->accepting, l);
    one->bound = known ? door_bind(door_for(l->front, way), one->accepting) : NULL;
    if (!one->bound) {
        delist(one->accepting);
        evconnlistener_free(one->accepting);
        free(one);
        errno = ENOMEM;
        return false;
    }
    evconnlistener_set_error_cb(one->accepting, on_accept_error);
    one->next = l->first;
    l->first = one;
    return true;
}

bool listeners_add(struct listeners *l, int fd, const struct endpoint_way *way)
{
    return add(l, fd, way, false);
}

bool listeners_share(struct listeners *l, int fd, const struct endpoint_way *way)
{
    return add(l, fd, way, true);
}
