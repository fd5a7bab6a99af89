#include "front/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 4096 }; /* the kernel caps it at net.core.somaxconn */

union any_address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
};

static const struct text unix_prefix = {"unix:", 5};

static bool parse_unix(struct text path, union any_address *a, socklen_t *len)
{
    if (path.len == 0 || path.len >= sizeof a->un.sun_path || text_find(path, 0) < path.len)
        return false;
    a->un.sun_family = AF_UNIX;
    memcpy(a->un.sun_path, path.at, path.len);
    *len = (socklen_t)sizeof a->un;
    return true;
}

static bool parse_host(struct text host, union any_address *a, socklen_t *len)
{
    bool six = host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']';
    char name[INET6_ADDRSTRLEN];

    if (six)
        host = text_of(host.at + 1, host.len - 2);
    if (host.len >= sizeof name || text_find(host, 0) < host.len)
        return false;
    memcpy(name, host.at, host.len);
    name[host.len] = 0;
    a->any.sa_family = six ? AF_INET6 : AF_INET;
    *len = six ? sizeof a->in6 : sizeof a->in;
    return inet_pton(a->any.sa_family, name, six ? (void *)&a->in6.sin6_addr : &a->in.sin_addr) ==
           1;
}

static bool parse(struct text address, union any_address *a, socklen_t *len)
{
    uint64_t port;
    size_t colon = address.len;

    memset(a, 0, sizeof *a);
    if (text_starts(address, unix_prefix))
        return parse_unix(text_from_offset(address, unix_prefix.len), a, len);
    while (colon > 0 && address.at[colon - 1] != ':')
        colon--;
    if (colon == 0 || !text_to_u64(text_from_offset(address, colon), &port) || port > 65535)
        return false;
    if (!parse_host(text_of(address.at, colon - 1), a, len))
        return false;
    if (a->any.sa_family == AF_INET6)
        a->in6.sin6_port = htons((uint16_t)port);
    else
        a->in.sin_port = htons((uint16_t)port);
    return true;
}

bool address_valid(struct text address)
{
    union any_address a;
    socklen_t len;

    return parse(address, &a, &len);
}

static bool set(int fd, int level, int option)
{
    int on = 1;

    return setsockopt(fd, level, option, &on, sizeof on) == 0;
}

/* Writes what FD is bound to, as in the configuration, to OUT. */
static bool print_bound(int fd, char *out)
{
    union any_address a;
    socklen_t len = sizeof a;
    char host[INET6_ADDRSTRLEN];

    memset(&a, 0, sizeof a);
    if (getsockname(fd, &a.any, &len) != 0)
        return false;
    if (a.any.sa_family == AF_UNIX) {
        bool named = a.un.sun_path[0] || len <= offsetof(struct sockaddr_un, sun_path);

        snprintf(out, ADDRESS_TEXT_MAX, named ? "unix:%s" : "unix:@%s",
                 a.un.sun_path + (named ? 0 : 1));
        return true;
    }
    bool six = a.any.sa_family == AF_INET6;
    if (!inet_ntop(a.any.sa_family, six ? (void *)&a.in6.sin6_addr : &a.in.sin_addr, host,
                   sizeof host))
        return false;
    snprintf(out, ADDRESS_TEXT_MAX, six ? "[%s]:%u" : "%s:%u", host,
             ntohs(six ? a.in6.sin6_port : a.in.sin_port));
    return true;
}

/* Closes FD with errno kept; returns -1. */
static int give_up(int fd)
{
    int error = errno;

    if (fd >= 0)
        close(fd);
    errno = error;
    return -1;
}

/* True if A is a socket file that nobody listens on, and it is removed. */
static bool remove_stale(const union any_address *a, socklen_t len)
{
    struct stat st;

    if (lstat(a->un.sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    bool stale = connect(fd, &a->any, len) != 0 && errno == ECONNREFUSED;
    close(fd);
    return stale && unlink(a->un.sun_path) == 0;
}

static bool bind_to(int fd, const union any_address *a, socklen_t len)
{
    if (a->any.sa_family == AF_UNIX) {
        if (bind(fd, &a->any, len) == 0)
            return true;
        return errno == EADDRINUSE && (remove_stale(a, len) || (errno = EADDRINUSE, false)) &&
               bind(fd, &a->any, len) == 0;
    }
    if (!set(fd, SOL_SOCKET, SO_REUSEADDR) || !set(fd, IPPROTO_TCP, TCP_NODELAY))
        return false;
    if (a->any.sa_family == AF_INET6 && !set(fd, IPPROTO_IPV6, IPV6_V6ONLY))
        return false;
    return bind(fd, &a->any, len) == 0;
}

int address_listen(struct text address, char *bound_out)
{
    union any_address a;
    socklen_t len;

    if (!parse(address, &a, &len)) {
        errno = EINVAL;
        return -1;
    }
    int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || !bind_to(fd, &a, len) || listen(fd, BACKLOG) != 0)
        return give_up(fd);
    if (a.any.sa_family != AF_UNIX && !set(fd, SOL_SOCKET, SO_REUSEPORT))
        return give_up(fd);
    return print_bound(fd, bound_out) ? fd : give_up(fd);
}

static int socket_fact(int fd, int option)
{
    int value = -1;
    socklen_t len = sizeof value;

    return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 ? value : -1;
}

bool address_adopt(int fd, char *bound_out)
{
    int family = socket_fact(fd, SO_DOMAIN), flags = fcntl(fd, F_GETFL);
    bool tcp = family == AF_INET || family == AF_INET6;

    if (family < 0 || flags < 0)
        return false;
    if ((!tcp && family != AF_UNIX) || socket_fact(fd, SO_TYPE) != SOCK_STREAM ||
        socket_fact(fd, SO_ACCEPTCONN) != 1) {
        errno = EINVAL;
        return false;
    }
    if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return false;
    return (!tcp || set(fd, IPPROTO_TCP, TCP_NODELAY)) && print_bound(fd, bound_out);
}

int address_share(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

int address_join(int fd)
{
    union any_address a;
    socklen_t len = sizeof a;

    if (getsockname(fd, &a.any, &len) != 0)
        return -1;
    if (a.any.sa_family == AF_UNIX)
        return address_share(fd);
    int joined = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (joined < 0 || !set(joined, SOL_SOCKET, SO_REUSEPORT) || !bind_to(joined, &a, len) ||
        listen(joined, BACKLOG) != 0)
        return give_up(joined);
    return joined;
}
