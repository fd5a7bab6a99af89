/*
 * bare_curl.c - curl's multi interface alone: what the service's side costs at least
 *
 *   bare_curl URL SECONDS TRANSFERS [BODY]
 *
 * Keeps TRANSFERS under way on libevent for SECONDS, each easy handle used
 * again at once; with the file BODY it posts that.  Prints requests and the
 * process's CPU time as one line of JSON.
 */
#include <assert.h>
#include <curl/curl.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static CURLM *multi;
static struct event_base *base;
static struct event *timer;
static struct timespec end;
static unsigned long requests, failures;
static int running;

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool over(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec > end.tv_sec || (t.tv_sec == end.tv_sec && t.tv_nsec >= end.tv_nsec);
}

static size_t drop(char *at, size_t size, size_t n, void *unused)
{
    (void)at, (void)unused;
    return size * n;
}

/* What has ended is asked again. */
static void look(void)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(multi, &left))) {
        CURL *easy = message->easy_handle;

        failures += message->data.result != CURLE_OK;
        requests++;
        curl_multi_remove_handle(multi, easy);
        if (!over())
            curl_multi_add_handle(multi, easy);
        else
            event_base_loopbreak(base);
    }
}

static void on_socket(evutil_socket_t fd, short what, void *unused)
{
    int flags = (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0);

    (void)unused;
    curl_multi_socket_action(multi, fd, flags, &running);
    look();
}

static void on_timer(evutil_socket_t fd, short what, void *unused)
{
    (void)fd, (void)what, (void)unused;
    curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    look();
}

static int set_timer(CURLM *m, long ms, void *unused)
{
    struct timeval in = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    (void)m, (void)unused;
    if (ms < 0)
        evtimer_del(timer);
    else
        evtimer_add(timer, &in);
    return 0;
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *unused, void *known)
{
    struct event *event = known;

    (void)easy, (void)unused;
    if (event)
        event_del(event);
    if (what == CURL_POLL_REMOVE) {
        if (event)
            event_free(event);
        curl_multi_assign(multi, fd, NULL);
        return 0;
    }
    short kind = (short)((what & CURL_POLL_IN ? EV_READ : 0) |
                         (what & CURL_POLL_OUT ? EV_WRITE : 0) | EV_PERSIST);
    if (event)
        event_assign(event, base, fd, kind, on_socket, NULL);
    else
        event = event_new(base, fd, kind, on_socket, NULL);
    event_add(event, NULL);
    curl_multi_assign(multi, fd, event);
    return 0;
}

static char *read_file(const char *path, size_t *len_out)
{
    FILE *from = fopen(path, "rb");
    assert(from);
    fseek(from, 0, SEEK_END);
    *len_out = (size_t)ftell(from);
    char *text = malloc(*len_out + 1);
    rewind(from);
    assert(text && fread(text, 1, *len_out, from) == *len_out);
    fclose(from);
    return text;
}

int main(int argc, char **argv)
{
    size_t body_len = 0;

    assert(argc == 4 || argc == 5);
    char *body = argc == 5 ? read_file(argv[4], &body_len) : NULL;
    struct event_config *config = event_config_new();
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    base = event_base_new_with_config(config);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi = curl_multi_init();
    assert(base && multi);
    timer = evtimer_new(base, on_timer, NULL);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, set_socket);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer);
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += (int)strtoul(argv[2], NULL, 10);
    struct curl_slist *fields = curl_slist_append(NULL, "Content-Type: application/json");
    for (int i = 0; i < (int)strtoul(argv[3], NULL, 10); i++) {
        CURL *easy = curl_easy_init();
        assert(easy);
        curl_easy_setopt(easy, CURLOPT_URL, argv[1]);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        if (body) {
            curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fields);
            curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
            curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)body_len);
        }
        curl_multi_add_handle(multi, easy);
    }
    double from = cpu_seconds();
    event_base_dispatch(base);
    printf("{\"requests\":%lu,\"cpu_seconds\":%.6f,\"errors\":%lu}\n", requests,
           cpu_seconds() - from, failures);
    return 0;
}
