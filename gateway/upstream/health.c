#include "upstream/health.h"

#include "base/log.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>

/* The checks of one endpoint; its timer says when the next begins, or this one is too late. */
struct check {
    struct health *health;
    struct endpoint *endpoint;
    struct event timer;
    struct upstream_transfer *transfer; /* NULL: none is under way */
    int status;
};

struct health {
    struct pool *pool;
    struct upstream *upstream;
    struct check checks[POOL_ENDPOINTS_MAX];
    size_t count;
};

/* --- what comes of it ---------------------------------------------------------- */

static void say(const struct check *c, const char *event, const char *why)
{
    LOG(LOG_WARN, event, LOG_T("upstream", c->health->pool->name),
        LOG_T("endpoint", c->endpoint->name), LOG_S("reason", why));
}

/* Counts a check that PASSED, and says if that has changed what the endpoint is. */
static void judge(struct check *c, bool passed, const char *why)
{
    const struct checking *how = &c->health->pool->checking;
    struct endpoint *e = c->endpoint;
    bool unhealthy = atomic_load(&e->unhealthy);

    atomic_fetch_add_explicit(&e->checks[passed], 1, memory_order_relaxed);
    e->against = passed == unhealthy ? e->against + 1 : 0;
    if (e->against < (unhealthy ? how->healthy : how->unhealthy))
        return;
    e->against = 0;
    atomic_store(&e->unhealthy, !unhealthy);
    say(c, unhealthy ? "endpoint healthy" : "endpoint unhealthy", why);
}

static void wait_for(struct check *c, uint64_t ms)
{
    struct timeval wait = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};

    event_add(&c->timer, &wait);
}

static void end(struct check *c, bool passed, const char *why)
{
    upstream_cancel(&c->transfer);
    judge(c, passed, why);
    wait_for(c, c->health->pool->checking.interval_ms);
}

/* --- one check ------------------------------------------------------------------- */

static enum upstream_give on_want(void *owner, char *to, size_t room, size_t *length_out)
{
    (void)owner, (void)to, (void)room, (void)length_out;
    return UPSTREAM_GIVE_END;
}

static void on_hints(void *owner, const struct upstream_head *head)
{
    (void)owner, (void)head;
}

static void on_head(void *owner, const struct upstream_head *head)
{
    struct check *c = owner;

    c->status = head->status;
}

static void on_piece(void *owner, struct text piece)
{
    (void)owner, (void)piece;
}

static void on_done(void *owner, const struct http_fields *trailers)
{
    struct check *c = owner;
    bool passed = c->status < 400;

    (void)trailers;
    end(c, passed, passed ? "it answers" : "it answers with an error");
}

static void on_broke(void *owner, enum upstream_failure why)
{
    end(owner, false, why == UPSTREAM_REFUSED ? "no connection" : "no whole answer");
}

static const struct upstream_events events = {.on_want = on_want,
                                              .on_hints = on_hints,
                                              .on_head = on_head,
                                              .on_piece = on_piece,
                                              .on_done = on_done,
                                              .on_broke = on_broke};

static void begin(struct check *c)
{
    const struct checking *how = &c->health->pool->checking;
    struct http_field fields[] = {{TEXT("Host"), c->endpoint->authority},
                                  {TEXT("User-Agent"), TEXT("dpgw health check")}};
    struct upstream_request request = {.pool = c->health->pool,
                                       .uncounted = true,
                                       .endpoint = c->endpoint,
                                       .method = HTTP_GET,
                                       .target = how->path,
                                       .fields = {fields, 2},
                                       .framing = HTTP_NO_BODY,
                                       .fresh = true};

    c->status = 0;
    c->transfer = upstream_start(c->health->upstream, &request, &events, c);
    wait_for(c, c->transfer ? how->timeout_ms : how->interval_ms);
}

static void on_timer(evutil_socket_t fd, short what, void *owner)
{
    struct check *c = owner;

    (void)fd, (void)what;
    if (c->transfer)
        end(c, false, "no answer in time");
    else
        begin(c);
}

/* --- life ------------------------------------------------------------------------- */

static void add(struct health *h, struct event_base *base, struct endpoint *e)
{
    struct check *c = &h->checks[h->count++];

    *c = (struct check){.health = h, .endpoint = e};
    evtimer_assign(&c->timer, base, on_timer, c);
    wait_for(c, 0);
}

struct health *health_new(struct event_base *base, const struct upstream_limits *limits,
                          struct pool *pool)
{
    struct health *h = calloc(1, sizeof *h);

    if (!h)
        return NULL;
    h->pool = pool_ref(pool);
    h->upstream = upstream_new(base, limits);
    if (!h->upstream) {
        health_free(&h);
        return NULL;
    }
    for (size_t i = 0; i < pool->count; i++)
        if (pool->checking.path.len > 0)
            add(h, base, pool->endpoints[i]);
        else
            atomic_store(&pool->endpoints[i]->unhealthy, false);
    return h;
}

void health_free(struct health **owned)
{
    struct health *h = *owned;

    *owned = NULL;
    if (!h)
        return;
    for (size_t i = 0; i < h->count; i++) {
        event_del(&h->checks[i].timer);
        upstream_cancel(&h->checks[i].transfer);
    }
    upstream_free(&h->upstream);
    pool_unref(&h->pool);
    free(h);
}
