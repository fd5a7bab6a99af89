/*
 * caller.c - asks for one thing many times, in step or at a rate, and looks at every reply
 *
 *   caller ADDRESS PORT REQUEST EXPECTED bytes|length RATE COUNT CONNECTIONS
 *
 * REQUEST is a file with a whole request, EXPECTED one with the body that
 * must come, or one as long.  At RATE 0 each connection asks again once it
 * has its reply.  Else COUNT requests are due at random times, RATE a second
 * on average, whatever becomes of those before (an open loop), and each
 * one's latency counts from when it was due.  Prints one line of JSON; a
 * wrong reply is counted, a broken connection ends the program.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_MAX = 16 << 10, TAKES = 256 << 10, EVENTS = 64 };
static const int64_t SECOND = 1000000000;

enum part { IDLE, HEAD, BODY, SIZE, CHUNK, CHUNK_CRLF, TRAILER };

struct connection {
    int fd;
    enum part part;
    char line[HEAD_MAX]; /* the head, or a line of the chunked coding, so far */
    size_t line_len;
    uint64_t left; /* bytes of this body or chunk */
    size_t got;    /* bytes of content so far */
    bool wrong;
    int64_t due;
};

struct file {
    char *at;
    size_t len;
};

static struct sockaddr_in place;
static struct file request, expected;
static bool to_the_byte;
static struct connection *connections;
static size_t connection_count, connections_max;
static size_t count, started, ended, wrong;
static int64_t *due, *latency; /* due: absent in a closed loop */
static int poll_fd;

static void fail(const char *what)
{
    fprintf(stderr, "caller: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * SECOND + t.tv_nsec;
}

static struct file read_file(const char *path)
{
    FILE *from = fopen(path, "rb");
    struct file file;

    if (!from || fseek(from, 0, SEEK_END) != 0)
        fail(path);
    file.len = (size_t)ftell(from);
    file.at = malloc(file.len + 1);
    rewind(from);
    if (!file.at || fread(file.at, 1, file.len, from) != file.len)
        fail(path);
    fclose(from);
    return file;
}

/* --- connections ------------------------------------------------------------- */

static struct connection *connection_new(void)
{
    struct connection *c = &connections[connection_count++];
    int yes = 1;

    memset(c, 0, sizeof *c);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&place, sizeof place) != 0)
        fail("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, c->fd, &event) != 0)
        fail("epoll_ctl");
    return c;
}

static struct connection *connection_idle(void)
{
    for (size_t i = 0; i < connection_count; i++)
        if (connections[i].part == IDLE)
            return &connections[i];
    return connection_count < connections_max ? connection_new() : NULL;
}

static void ask(struct connection *c, int64_t when)
{
    c->part = HEAD;
    c->line_len = c->got = 0;
    c->wrong = false;
    c->due = when;
    started++;
    for (size_t sent = 0; sent < request.len;) {
        ssize_t n = send(c->fd, request.at + sent, request.len - sent, MSG_NOSIGNAL);

        if (n < 0)
            fail("send");
        sent += (size_t)n;
    }
}

static void replied(struct connection *c)
{
    latency[ended++] = now() - c->due;
    wrong += c->wrong || c->got != expected.len;
    c->part = IDLE;
    if (!due && started < count)
        ask(c, now());
}

/* --- replies: read leniently, as any client does -------------------------------- */

static void content(struct connection *c, const char *at, size_t len)
{
    if (c->got + len > expected.len || (to_the_byte && memcmp(expected.at + c->got, at, len) != 0))
        c->wrong = true;
    c->got += len;
}

static void head_whole(struct connection *c)
{
    const char *length = strcasestr(c->line, "\r\nContent-Length:");

    c->wrong = strncmp(c->line, "HTTP/1.1 200 ", 13) != 0;
    if (strcasestr(c->line, "\r\nTransfer-Encoding: chunked")) {
        c->part = SIZE;
    } else if (length) {
        c->part = BODY;
        c->left = strtoull(length + 17, NULL, 10);
    } else {
        fprintf(stderr, "caller: a reply without a length: %s\n", c->line);
        exit(1);
    }
    c->line_len = 0;
}

/* Adds a byte to the line; true once it ends as ENDING says. */
static bool line_byte(struct connection *c, char byte, const char *ending)
{
    size_t want = strlen(ending);

    if (c->line_len + 1 >= HEAD_MAX)
        fail("a line too long");
    c->line[c->line_len++] = byte;
    c->line[c->line_len] = '\0';
    return c->line_len >= want && memcmp(c->line + c->line_len - want, ending, want) == 0;
}

static void framing_byte(struct connection *c, char byte)
{
    if (!line_byte(c, byte, c->part == HEAD ? "\r\n\r\n" : "\r\n"))
        return;
    if (c->part == HEAD) {
        head_whole(c);
        if (c->part == BODY && c->left == 0)
            replied(c);
        return;
    }
    bool blank = c->line_len == 2;
    c->line_len = 0;
    if (c->part == SIZE) {
        c->left = strtoull(c->line, NULL, 16);
        c->part = c->left ? CHUNK : TRAILER;
    } else if (c->part == CHUNK_CRLF) {
        c->part = SIZE;
    } else if (blank) {
        replied(c);
    }
}

static void take(struct connection *c, const char *at, size_t len)
{
    while (len > 0) {
        if (c->part != BODY && c->part != CHUNK) {
            framing_byte(c, *at++);
            len--;
            continue;
        }
        size_t n = len < c->left ? len : c->left;
        content(c, at, n);
        at += n;
        len -= n;
        c->left -= n;
        if (c->left == 0 && c->part == BODY)
            replied(c);
        else if (c->left == 0)
            c->part = CHUNK_CRLF;
    }
}

static void readable(struct connection *c)
{
    static char piece[TAKES];
    ssize_t n = recv(c->fd, piece, sizeof piece, 0);

    if (n <= 0) {
        fprintf(stderr, "caller: the connection ended within a reply, or between two\n");
        exit(1);
    }
    take(c, piece, (size_t)n);
}

/* --- when --------------------------------------------------------------------- */

/* COUNT moments, RATE a second on average, each as likely as any other. */
static int64_t *moments(double rate)
{
    int64_t *all = malloc(count * sizeof *all);
    double at = 0;

    assert(all);
    srand48(1);
    for (size_t i = 0; i < count; i++) {
        at += -log(1 - drand48()) / rate;
        all[i] = (int64_t)(at * (double)SECOND);
    }
    return all;
}

/* Starts what is due; how long nothing more is, or -1. */
static int64_t start_due(int64_t begun)
{
    while (due && started < count) {
        int64_t ahead = begun + due[started] - now();
        struct connection *c = ahead <= 0 ? connection_idle() : NULL;

        if (!c)
            return ahead > 0 ? ahead : -1;
        ask(c, begun + due[started]);
    }
    return -1;
}

static void run(int64_t begun)
{
    struct epoll_event events[EVENTS];

    while (!due && connection_count < connections_max && started < count)
        ask(connection_new(), now());
    while (ended < count) {
        int64_t ahead = start_due(begun);
        struct timespec wait = {.tv_sec = ahead / SECOND, .tv_nsec = ahead % SECOND};
        int ready = epoll_pwait2(poll_fd, events, EVENTS, ahead < 0 ? NULL : &wait, NULL);

        for (int i = 0; i < ready; i++)
            readable(events[i].data.ptr);
    }
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    if (argc != 9) {
        fprintf(stderr, "usage: caller ADDRESS PORT REQUEST EXPECTED bytes|length RATE COUNT "
                        "CONNECTIONS\n");
        return 64;
    }
    place = (struct sockaddr_in){.sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10))};
    if (inet_pton(AF_INET, argv[1], &place.sin_addr) != 1)
        fail(argv[1]);
    request = read_file(argv[3]);
    expected = read_file(argv[4]);
    to_the_byte = strcmp(argv[5], "bytes") == 0;
    count = strtoull(argv[7], NULL, 10);
    connections_max = strtoull(argv[8], NULL, 10);
    connections = calloc(connections_max, sizeof *connections);
    latency = calloc(count, sizeof *latency);
    poll_fd = epoll_create1(0);
    assert(connections && latency && poll_fd >= 0 && count > 0);
    due = strtod(argv[6], NULL) > 0 ? moments(strtod(argv[6], NULL)) : NULL;
    prctl(PR_SET_TIMERSLACK, 1UL);
    int64_t begun = now();
    run(begun);
    double seconds = (double)(now() - begun) / (double)SECOND;
    qsort(latency, count, sizeof *latency, by_size);
    printf("{\"requests\":%zu,\"seconds\":%.6f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"errors\":%zu}\n",
           count, seconds, (double)latency[count / 2] / 1e3,
           (double)latency[count - 1 - count / 100] / 1e3, wrong);
    return 0;
}
