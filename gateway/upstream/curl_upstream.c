#include "upstream/curl_transfer.h"

#include "base/reserve.h"

#include <signal.h>
#include <stdlib.h>

bool upstream_global_init(void)
{
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
    return curl_global_init_mem(CURL_GLOBAL_DEFAULT, reserve_malloc, reserve_free, reserve_realloc,
                                reserve_strdup, reserve_calloc) == CURLE_OK;
}

void upstream_global_fini(void)
{
    curl_global_cleanup();
}

/* The origin in URL, without a slash at its end. */
static char *copy_origin(const char *url)
{
    struct text origin = text_from(url);

    while (origin.len > 0 && origin.at[origin.len - 1] == '/')
        origin.len--;
    return strndup(origin.at, origin.len);
}

struct upstream *upstream_new(struct event_base *base, const struct upstream_limits *limits)
{
    struct upstream *u = calloc(1, sizeof *u);

    if (!u)
        return NULL;
    u->base = base;
    u->limits = *limits;
    u->limits.url = u->url = copy_origin(limits->url);
    if (!loop_init(u) || !u->url)
        upstream_free(&u);
    return u;
}

void upstream_set_limits(struct upstream *u, const struct upstream_limits *limits)
{
    size_t kept = u->limits.connections_kept;

    u->limits = *limits;
    u->limits.url = u->url;
    u->limits.connections_kept = kept;
}

void upstream_free(struct upstream **u)
{
    if (!*u)
        return;
    loop_fini(*u);
    free((*u)->url);
    free(*u);
    *u = NULL;
}

/* --- transfers, as their owner sees them ------------------------------------------------ */

/* A spare transfer, or a new one. */
static struct upstream_transfer *get_transfer(struct upstream *u)
{
    struct upstream_transfer *t = TAILQ_FIRST(&u->spare);

    if (!t)
        return transfer_new(u);
    TAILQ_REMOVE(&u->spare, t, link);
    u->spare_count--;
    return t;
}

static uint64_t shortest_wait(const struct upstream_request *request)
{
    uint64_t a = request->first_byte_ms ? request->first_byte_ms : UINT64_MAX / 2;
    uint64_t b = request->between_bytes_ms ? request->between_bytes_ms : UINT64_MAX / 2;

    return a < b ? a : b;
}

struct upstream_transfer *upstream_start(struct upstream *u, const struct upstream_request *request,
                                         const struct upstream_events *events, void *owner)
{
    struct upstream_transfer *t = get_transfer(u);

    if (!t)
        return NULL;
    if (!transfer_request(t, request)) {
        transfer_free(&t);
        return NULL;
    }
    t->events = *events;
    t->owner = owner;
    TAILQ_INSERT_TAIL(&u->live, t, link);
    loop_attend(u, t);
    loop_watch(u, loop_now() + shortest_wait(request));
    return t;
}

void upstream_more(struct upstream_transfer *t)
{
    t->more = true;
    if (t->send_paused && !t->over)
        loop_attend(t->upstream, t);
}

bool upstream_on_kept(const struct upstream_transfer *t)
{
    return t->on_kept;
}

void upstream_set_between_bytes(struct upstream_transfer *t, uint64_t ms)
{
    t->between_bytes_ms = ms;
    if (ms)
        loop_watch(t->upstream, loop_now() + ms);
}

void upstream_pause(struct upstream_transfer *t)
{
    t->shut = true;
}

void upstream_resume(struct upstream_transfer *t)
{
    if (!t->shut)
        return;
    t->shut = false;
    t->since_ms = loop_now();
    loop_watch(t->upstream, transfer_deadline(t));
    if (t->receive_paused && !t->over)
        loop_attend(t->upstream, t);
}

void upstream_cancel(struct upstream_transfer **t)
{
    if (!*t)
        return;
    (*t)->cancelled = (*t)->over = true;
    loop_attend((*t)->upstream, *t);
    *t = NULL;
}

struct text upstream_origin(const struct upstream *u)
{
    return text_from(u->url);
}

struct text upstream_authority(const struct upstream *u)
{
    const char *at = strstr(u->url, "://");

    return text_from(at ? at + 3 : u->url);
}
