#include "server/worker.h"

#include "base/log.h"
#include "front/front.h"
#include "server/callers.h"
#include "server/drift.h"
#include "server/generation.h"
#include "server/guests.h"
#include "server/limits.h"
#include "server/loop.h"
#include "upstream/upstream.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { DRAIN_LOOK_MS = 20, CUT_GRACE_MS = 1000 };

struct worker {
    struct event_base *base;
    struct front *front;
    struct upstream *upstream;
    struct generation *newest; /* exchanges, by the configuration they began under */
    struct ledger ledger;      /* of exchanges that have ended */
    struct worker_common *common;
    int mailbox; /* eventfd: orders wait */
    atomic_uint orders;
    atomic_bool silent;                      /* it was asked for a beat and has not answered */
    _Atomic(struct regime *) next;           /* what to go on with, its reference in it */
    _Atomic(const struct regime *) followed; /* the last that was tried */
    sem_t news;                              /* of that, and of the end */
    struct event *mail;
    struct event *reaper;
    struct event *look; /* while draining: is anything left? */
    struct event *grace;
    pthread_t thread;
    bool started;
    atomic_bool ended; /* its loop */
    int done_fd;
};

/* --- what the rooms below tell -------------------------------------------- */

static enum front_entry on_connect(void *owner, struct text peer)
{
    struct worker *w = owner;

    return guests_enter(w->common->guests, peer);
}

static enum front_entry on_named(void *owner, struct text peer, enum front_entry entry)
{
    struct worker *w = owner;

    return guests_name(w->common->guests, peer, entry);
}

static void on_untold(void *owner, enum front_untold why)
{
    struct worker *w = owner;

    guests_note_untold(w->common->guests, why);
}

static void on_leave(void *owner, struct text peer, enum front_entry entry)
{
    struct worker *w = owner;

    guests_leave(w->common->guests, peer, entry);
}

static void on_request(void *owner, struct front_request *request, const struct http_head *head)
{
    struct worker *w = owner;

    exchange_begin(&w->newest->host, request, head);
}

static void on_refused(void *owner, struct front_request *request, int status, const char *reason)
{
    struct worker *w = owner;

    exchange_refuse(&w->newest->host, request, status, reason);
}

static void on_bury(void *owner)
{
    struct worker *w = owner;

    event_active(w->reaper, 0, 0);
}

static void on_reap(evutil_socket_t fd, short what, void *owner)
{
    struct worker *w = owner;

    (void)fd, (void)what;
    generations_reap(w->newest);
}

static void on_ended(void *owner, const struct exchange_report *report)
{
    struct worker *w = owner;

    if (report->caller.at)
        callers_note(w->common->callers, report->route->client, report->caller, time(NULL));
    ledger_enter(&w->ledger, report);
    upstream_state_note(&w->common->upstream, report);
}

static void on_sighted(void *owner, const struct sighting *sighting)
{
    struct worker *w = owner;

    drift_note(w->common->drift, sighting);
}

/* What exchanges of this worker borrow, whatever the configuration. */
static struct exchange_host like_exchanges(struct worker *w)
{
    return (struct exchange_host){
        .base = w->base,
        .upstream = w->upstream,
        .exchanges = &w->common->exchanges,
        .event_streams = &w->common->event_streams,
        .pressure = &w->common->pressure,
        .bury = on_bury,
        .ended = on_ended,
        .sighted = on_sighted,
        .owner = w,
    };
}

/* --- orders --------------------------------------------------------------- */

static struct timeval after_ms(unsigned ms)
{
    return (struct timeval){ms / 1000, (suseconds_t)(ms % 1000 * 1000)};
}

static void on_look(evutil_socket_t fd, short what, void *owner)
{
    struct worker *w = owner;

    (void)fd, (void)what;
    if (front_connections(w->front) == 0 && generations_open(w->newest) == 0)
        event_base_loopbreak(w->base);
}

static void on_grace_over(evutil_socket_t fd, short what, void *owner)
{
    struct worker *w = owner;

    (void)fd, (void)what;
    front_abort_all(w->front);
}

static void drain(struct worker *w)
{
    struct timeval every = after_ms(DRAIN_LOOK_MS);

    front_drain(w->front);
    event_add(w->look, &every);
}

static void cut(struct worker *w)
{
    struct timeval grace = after_ms(CUT_GRACE_MS);

    generations_end_all(w->newest, OUTCOME_DRAINING);
    event_add(w->grace, &grace);
}

/* Goes on with NEXT, if there is memory for it; else with what there is. */
static void follow(struct worker *w, struct regime *next)
{
    const struct settings *s = &next->conf->settings;
    struct front_limits front = limits_front(s);
    struct upstream_limits upstream = limits_upstream(s, s->workers);
    struct exchange_host like = like_exchanges(w);

    if (!front_set_limits(w->front, &front) || !generation_begin(&w->newest, next, &like))
        LOG(LOG_ERROR, "no memory for a reload", LOG_S("hint", "reload again"));
    else
        upstream_set_limits(w->upstream, &upstream);
    upstream_forget_gone(w->upstream);
    generations_reap(w->newest);
    atomic_store(&w->followed, next);
    sem_post(&w->news);
    regime_unref(&next);
}

static void on_mail(evutil_socket_t fd, short what, void *owner)
{
    struct worker *w = owner;
    eventfd_t count;

    (void)what;
    eventfd_read(fd, &count);
    atomic_store(&w->silent, false);
    unsigned orders = atomic_exchange(&w->orders, 0);
    struct regime *next = atomic_exchange(&w->next, NULL);
    if (next)
        follow(w, next);
    if (orders & WORKER_DRAIN)
        drain(w);
    if (orders & WORKER_CUT)
        cut(w);
}

void worker_follow(struct worker *w, struct regime *regime)
{
    struct regime *missed = atomic_exchange(&w->next, regime_ref(regime));

    regime_unref(&missed);
    eventfd_write(w->mailbox, 1);
}

bool worker_follows(struct worker *w, const struct regime *regime, const struct timespec *by)
{
    while (atomic_load(&w->followed) != regime && !atomic_load(&w->ended))
        if (sem_clockwait(&w->news, CLOCK_MONOTONIC, by) != 0 && errno != EINTR)
            return false;
    return true;
}

struct ledger *worker_ledger(struct worker *w)
{
    return &w->ledger;
}

void worker_ask_beat(struct worker *w)
{
    atomic_store(&w->silent, true);
    eventfd_write(w->mailbox, 1);
}

bool worker_beats(const struct worker *w)
{
    return atomic_load(&w->ended) || !atomic_load(&w->silent);
}

void worker_tell(struct worker *w, enum worker_order order)
{
    atomic_fetch_or(&w->orders, (unsigned)order);
    eventfd_write(w->mailbox, 1);
}

/* --- life ----------------------------------------------------------------- */

static bool make_events(struct worker *w)
{
    w->mailbox = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (w->mailbox < 0)
        return false;
    w->mail = event_new(w->base, w->mailbox, EV_READ | EV_PERSIST, on_mail, w);
    w->reaper = event_new(w->base, -1, 0, on_reap, w);
    w->look = event_new(w->base, -1, EV_PERSIST, on_look, w);
    w->grace = event_new(w->base, -1, EV_PERSIST, on_grace_over, w);
    return w->mail && w->reaper && w->look && w->grace && event_add(w->mail, NULL) == 0;
}

static bool make_rooms(struct worker *w, struct regime *regime)
{
    const struct settings *s = &regime->conf->settings;
    struct front_limits front = limits_front(s);
    struct upstream_limits upstream = limits_upstream(s, s->workers);
    struct front_host host = {
        .on_connect = on_connect,
        .on_named = on_named,
        .on_untold = on_untold,
        .on_leave = on_leave,
        .on_request = on_request,
        .on_refused = on_refused,
        .tls = w->common->tls,
        .pressure = &w->common->pressure,
        .owner = w,
    };

    w->upstream = upstream_new(w->base, &upstream);
    w->front = front_new(w->base, &front, &host);
    struct exchange_host like = like_exchanges(w);
    return w->upstream && w->front && generation_begin(&w->newest, regime, &like);
}

static bool listen_on(struct worker *w, int fd, const struct endpoint_way *way)
{
    return w->common->inherited ? front_share(w->front, fd, way) : front_listen(w->front, fd, way);
}

struct worker *worker_new(struct regime *regime, struct worker_common *common, const int *fds,
                          size_t count)
{
    struct worker *w = calloc(1, sizeof *w);
    size_t given = 0;

    if (!w)
        goto fail;
    w->mailbox = -1;
    sem_init(&w->news, 0, 0);
    w->common = common;
    w->base = loop_new();
    if (!w->base || !make_events(w) || !ledger_init(&w->ledger) || !make_rooms(w, regime))
        goto fail;
    for (; given < count; given++)
        if (!listen_on(w, fds[given], &common->ways[given])) {
            given++; /* closed */
            goto fail;
        }
    return w;
fail:
    while (given < count)
        close(fds[given++]);
    worker_free(&w);
    return NULL;
}

static void *run(void *owner)
{
    struct worker *w = owner;

    event_base_loop(w->base, EVLOOP_NO_EXIT_ON_EMPTY);
    atomic_store(&w->ended, true);
    sem_post(&w->news);
    if (write(w->done_fd, "", 1) != 1)
        LOG(LOG_ERROR, "worker end not told", LOG_N("errno", errno));
    return NULL;
}

bool worker_start(struct worker *w, int done_fd)
{
    w->done_fd = done_fd;
    errno = pthread_create(&w->thread, NULL, run, w);
    w->started = errno == 0;
    return w->started;
}

static void free_event(struct event *event)
{
    if (event)
        event_free(event);
}

/* Frees the rooms in the order in which they lean on each other. */
static void free_rooms(struct worker *w)
{
    if (w->front)
        front_free(&w->front);
    generations_free(&w->newest);
    if (w->upstream)
        upstream_free(&w->upstream);
}

void worker_free(struct worker **owned)
{
    struct worker *w = *owned;

    if (!w)
        return;
    if (w->started)
        pthread_join(w->thread, NULL);
    free_rooms(w);
    free_event(w->mail);
    free_event(w->reaper);
    free_event(w->look);
    free_event(w->grace);
    if (w->base)
        event_base_free(w->base);
    if (w->mailbox >= 0)
        close(w->mailbox);
    struct regime *next = atomic_exchange(&w->next, NULL);
    regime_unref(&next);
    ledger_fini(&w->ledger);
    sem_destroy(&w->news);
    free(w);
    *owned = NULL;
}
