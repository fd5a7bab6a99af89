#include "server/watchdog.h"

#include "base/log.h"
#include "server/notify.h"
#include "server/worker.h"

#include <event2/event.h>
#include <stdlib.h>

enum { TURNS = 4 };

struct watchdog {
    struct event *turn; /* NULL: nobody watches */
    struct worker **workers;
    size_t count;
    bool silent; /* a worker did not answer, and that was said */
};

static bool all_answered(const struct watchdog *w)
{
    for (size_t i = 0; i < w->count; i++)
        if (!worker_beats(w->workers[i]))
            return false;
    return true;
}

static void on_turn(evutil_socket_t fd, short what, void *owner)
{
    struct watchdog *w = owner;
    bool answered = all_answered(w);

    (void)fd, (void)what;
    if (answered)
        notify_alive();
    if (!answered && !w->silent)
        LOG(LOG_WARN, "a worker does not answer",
            LOG_S("hint", "the watchdog is not fed until it does"));
    w->silent = !answered;
    for (size_t i = 0; i < w->count; i++)
        worker_ask_beat(w->workers[i]);
}

struct watchdog *watchdog_new(struct event_base *base, struct worker **workers, size_t count)
{
    struct watchdog *w = calloc(1, sizeof *w);
    uint64_t us = notify_watchdog_us() / TURNS;
    struct timeval every = {(time_t)(us / 1000000), (suseconds_t)(us % 1000000)};

    if (!w)
        return NULL;
    w->workers = workers;
    w->count = count;
    if (us == 0)
        return w;
    w->turn = event_new(base, -1, EV_PERSIST, on_turn, w);
    if (!w->turn || event_add(w->turn, &every) != 0)
        watchdog_free(&w);
    return w;
}

void watchdog_free(struct watchdog **w)
{
    if (!*w)
        return;
    if ((*w)->turn)
        event_free((*w)->turn);
    free(*w);
    *w = NULL;
}
