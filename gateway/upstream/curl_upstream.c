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

struct upstream *upstream_new(struct event_base *base, const struct upstream_limits *limits)
{
    struct upstream *u = calloc(1, sizeof *u);

    if (!u)
        return NULL;
    u->base = base;
    u->limits = *limits;
    u->limits.url = NULL;
    if (limits->url)
        u->own = endpoint_new(text_from(limits->url));
    if (!loop_init(u) || (limits->url && !u->own))
        upstream_free(&u);
    return u;
}

void upstream_set_limits(struct upstream *u, const struct upstream_limits *limits)
{
    size_t kept = u->limits.connections_kept;

    u->limits = *limits;
    u->limits.url = NULL;
    u->limits.connections_kept = kept;
}

void upstream_free(struct upstream **u)
{
    if (!*u)
        return;
    loop_fini(*u);
    endpoint_unref(&(*u)->own);
    free(*u);
    *u = NULL;
}

/* --- who is asked ----------------------------------------------------------------------- */

void upstream_forget_gone(struct upstream *u)
{
    wires_forget_gone(&u->wires);
}

struct endpoint *upstream_pick(struct upstream *u, struct pool *pool, const struct endpoint *avoid)
{
    const struct pool_asker asker = {.now_ms = loop_now(),
                                     .avoid = avoid,
                                     .idle = u->wires.idle_at,
                                     .idle_count = ENDPOINTS_MAX,
                                     .turn = &u->pick_turn};

    return pool_take(pool, &asker);
}

void upstream_unpick(struct pool *pool, struct endpoint *endpoint)
{
    pool_connected(pool);
    pool_give(pool, endpoint, POOL_UNKNOWN, 0);
}

uint64_t upstream_clock_ms(void)
{
    return loop_now();
}

const struct endpoint *upstream_own(const struct upstream *u)
{
    return u->own;
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
    bool counted = request->pool && !request->uncounted;

    if (t && !transfer_request(t, request))
        transfer_free(&t);
    if (!t) {
        if (counted)
            upstream_unpick(request->pool, request->endpoint);
        return NULL;
    }
    if (counted)
        t->pool = pool_ref(request->pool);
    t->pending = counted;
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
    transfer_give_back(*t, POOL_UNKNOWN);
    loop_attend((*t)->upstream, *t);
    *t = NULL;
}
