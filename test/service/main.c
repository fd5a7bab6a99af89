/*
 * main.c - a small Workspaces service: arguments, socket, loop, signals
 *
 * One thread does everything.  The loop waits for the library's descriptor,
 * for a signal and for the next pause of a stream to be over.
 */
#include "request.h"

#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_USAGE = 64, EXIT_CANNOT_BIND = 69, EXIT_BAD_FILE = 78 };
enum { CONNECTIONS_MAX = 4096, CONNECTION_MEMORY = 128 * 1024, DRAIN_MS = 5000 };

static const char usage[] =
    "usage: workspaces-service [--listen HOST:PORT] [--ids FILE] [--now TIME] [--pause 200ms]\n"
    "                          [--bearer]\n";

struct options {
    const char *listen;
    const char *ids;
    const char *now;
    long pause_ms;
    bool bearer;
};

/* "200ms" or "2s" in milliseconds, -1 if TEXT is neither. */
static long parse_pause(const char *text)
{
    char *unit = NULL;

    errno = 0;
    long number = strtol(text, &unit, 10);
    if (unit == text || errno != 0 || number < 0 || number > 1000000)
        return -1;
    if (strcmp(unit, "s") == 0)
        return number * 1000;
    return strcmp(unit, "ms") == 0 ? number : -1;
}

/* Takes the arguments.  False: the usage is wrong. */
static bool parse_options(int argc, char **argv, struct options *o)
{
    static const struct option names[] = {
        {"listen", required_argument, NULL, 'l'}, {"ids", required_argument, NULL, 'i'},
        {"now", required_argument, NULL, 'n'},    {"pause", required_argument, NULL, 'p'},
        {"bearer", no_argument, NULL, 'b'},       {NULL, 0, NULL, 0},
    };
    int name;

    while ((name = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (name == 'l')
            o->listen = optarg;
        else if (name == 'i')
            o->ids = optarg;
        else if (name == 'n')
            o->now = optarg;
        else if (name == 'p')
            o->pause_ms = parse_pause(optarg);
        else if (name == 'b')
            o->bearer = true;
        else
            return false;
    }
    return optind == argc && o->pause_ms >= 0;
}

/* A listening socket for "HOST:PORT" or "[HOST]:PORT"; -1: told on standard error. */
static int listen_on(const char *address)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    char host[256];
    const char *colon = strrchr(address, ':');
    const int on = 1;
    int fd = -1;

    if (colon == NULL || (size_t)(colon - address) >= sizeof host) {
        fprintf(stderr, "%s: expected HOST:PORT\n", address);
        return -1;
    }
    bool brackets = address[0] == '[' && colon > address + 1 && colon[-1] == ']';
    snprintf(host, sizeof host, "%.*s", (int)(colon - address) - (brackets ? 2 : 0),
             address + (brackets ? 1 : 0));

    int error = getaddrinfo(host[0] == '\0' ? NULL : host, colon + 1, &hints, &found);
    if (error != 0) {
        fprintf(stderr, "%s: %s\n", address, gai_strerror(error));
        return -1;
    }
    fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, SOMAXCONN) != 0) {
        fprintf(stderr, "%s: %s\n", address, strerror(errno));
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    freeaddrinfo(found);
    return fd;
}

/* Prints the line that tells where the service listens. */
static void tell_address(int fd)
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    char host[NI_MAXHOST] = "";
    char port[NI_MAXSERV] = "";

    getsockname(fd, (struct sockaddr *)&bound, &size);
    getnameinfo((struct sockaddr *)&bound, size, host, sizeof host, port, sizeof port,
                NI_NUMERICHOST | NI_NUMERICSERV);
    printf(bound.ss_family == AF_INET6 ? "listening address=[%s]:%s\n"
                                       : "listening address=%s:%s\n",
           host, port);
    fflush(stdout);
}

static void *on_target(void *owner, const char *target, struct MHD_Connection *connection)
{
    (void)connection;
    return request_new(owner, target);
}

static enum MHD_Result on_request(void *owner, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *piece,
                                  size_t *length, void **request)
{
    (void)owner;
    (void)url;
    (void)version;
    if (*request == NULL)
        return MHD_NO;
    return request_go_on(*request, connection, method, piece, length);
}

static void on_over(void *owner, struct MHD_Connection *connection, void **request,
                    enum MHD_RequestTerminationCode why)
{
    struct request *r = *request;

    (void)owner;
    (void)connection;
    (void)why;
    if (r != NULL)
        request_free(&r);
    *request = NULL;
}

/* Leaves targets as they came: path.c decodes them. */
static size_t on_unescape(void *owner, struct MHD_Connection *connection, char *text)
{
    (void)owner;
    (void)connection;
    return strlen(text);
}

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* How long to wait: the least of the library's, the streams' and MOST_MS (-1: no bound). */
static int wait_ms(struct MHD_Daemon *daemon, const struct service *service, long most_ms)
{
    MHD_UNSIGNED_LONG_LONG daemon_ms = 0;
    long least = most_ms;
    long stream_ms = streams_wait_ms(&service->streams);

    if (stream_ms >= 0 && (least < 0 || stream_ms < least))
        least = stream_ms;
    if (MHD_get_timeout(daemon, &daemon_ms) == MHD_YES &&
        (least < 0 || daemon_ms < (MHD_UNSIGNED_LONG_LONG)least))
        least = (long)daemon_ms;
    return (int)least;
}

/* Runs until a signal comes on SIGNALS, then until the open requests are over or DRAIN_MS pass. */
static void run(struct MHD_Daemon *daemon, struct service *service, int signals)
{
    struct pollfd fds[2] = {
        {.fd = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, .events = POLLIN},
        {.fd = signals, .events = POLLIN},
    };
    long long end = 0;

    while (end == 0 || (service->open > 0 && now_ms() < end)) {
        long most = end == 0 ? -1 : (long)(end - now_ms());
        poll(fds, end == 0 ? 2 : 1, wait_ms(daemon, service, most));
        streams_wake(&service->streams);
        MHD_run(daemon);
        if (end == 0 && fds[1].revents != 0) {
            end = now_ms() + DRAIN_MS;
            close(MHD_quiesce_daemon(daemon));
        }
    }
    streams_close(&service->streams);
    MHD_run(daemon);
}

static int serve(struct service *service, const char *address)
{
    sigset_t mask;
    int fd = listen_on(address);

    if (fd < 0)
        return EXIT_CANNOT_BIND;
    sigemptyset(&mask);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGINT);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    signal(SIGPIPE, SIG_IGN);
    int signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC, 0, NULL, NULL, on_request, service,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK, on_target, service,
        MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_over, NULL,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_END);
    if (daemon == NULL || signals < 0) {
        fprintf(stderr, "the service can't start\n");
        return EXIT_CANNOT_BIND;
    }
    tell_address(fd);
    run(daemon, service, signals);
    MHD_stop_daemon(daemon);
    close(signals);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct options options = {.listen = "127.0.0.1:9000", .pause_ms = 200};
    int code = EXIT_BAD_FILE;

    if (!parse_options(argc, argv, &options)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    struct service service = {
        .store = store_new(),
        .ids = ids_new(),
        .streams = {.pause_ms = options.pause_ms},
        .wants_token = options.bearer,
    };
    if (service.store == NULL || service.ids == NULL)
        fprintf(stderr, "out of memory\n");
    else if (options.now != NULL && !ids_stop_clock(service.ids, options.now))
        fprintf(stderr, "%s: expected a time like 2026-03-02T12:00:00Z\n", options.now);
    else if (options.ids == NULL || ids_read(service.ids, options.ids))
        code = serve(&service, options.listen);
    store_free(&service.store);
    ids_free(&service.ids);
    return code;
}
