#include "server/server.h"

#include "base/log.h"
#include "front/tls.h"
#include "server/admin.h"
#include "server/callers.h"
#include "server/console.h"
#include "server/drift.h"
#include "server/guests.h"
#include "server/limits.h"
#include "server/log_writer.h"
#include "server/memory.h"
#include "server/notify.h"
#include "server/privileges.h"
#include "server/regime.h"
#include "server/reload.h"
#include "server/sockets.h"
#include "server/watchdog.h"
#include "server/worker.h"
#include "upstream/health.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_CUT_SHORT = 1, FOLLOW_SECONDS = 2 };

struct server {
    const struct settings *settings; /* as they were at the start */
    struct conf *conf;
    struct regime *regime;                    /* in force */
    struct health *health[CONF_SERVICES_MAX]; /* of the endpoints of each of its pools */
    struct reload *reload;
    struct console console;
    struct event_base *base;
    struct sockets sockets;
    struct endpoint_way ways[ADDRESSES_MAX]; /* of the client sockets */
    struct tls_set *proven;                  /* certificates that the next handshakes will use */
    struct worker **workers;
    size_t worker_count, workers_done;
    struct worker_common common;
    struct memory_watch *memory;
    struct admin *admin;
    struct log_writer *log;
    struct watchdog *watchdog;
    struct event *signals;
    int signal_fd;
    struct event *done;     /* a worker's thread has ended */
    struct event *drain_by; /* the drain's limit */
    int done_pipe[2];
    uint64_t drain_ms;
    bool draining;
};

/* --- workers -------------------------------------------------------------- */

/* The first worker takes the bound sockets themselves, the others join them. */
static struct worker *new_worker(struct server *s, size_t index)
{
    int fds[ADDRESSES_MAX];

    if (index == 0)
        sockets_take(&s->sockets, fds);
    else if (!sockets_join(&s->sockets, fds))
        return NULL;
    return worker_new(s->regime, &s->common, fds, s->sockets.client_count);
}

/* The last to join is the first to take the sockets. */
static bool make_workers(struct server *s)
{
    size_t count = s->settings->workers;

    s->workers = calloc(count, sizeof(struct worker *));
    if (!s->workers)
        return false;
    for (size_t i = count; i-- > 0;) {
        s->workers[i] = new_worker(s, i);
        if (!s->workers[i])
            return false;
    }
    return true;
}

static bool start_workers(struct server *s)
{
    for (; s->worker_count < s->settings->workers; s->worker_count++)
        if (!worker_start(s->workers[s->worker_count], s->done_pipe[1]))
            return false;
    return true;
}

static void tell_workers(struct server *s, enum worker_order order)
{
    for (size_t i = 0; i < s->worker_count; i++)
        worker_tell(s->workers[i], order);
}

static void on_worker_done(evutil_socket_t fd, short what, void *owner)
{
    struct server *s = owner;
    char byte;

    (void)what;
    while (read(fd, &byte, 1) == 1)
        s->workers_done++;
    if (s->workers_done == s->worker_count)
        event_base_loopbreak(s->base);
}

/* --- signals -------------------------------------------------------------- */

static void on_drain_limit(evutil_socket_t fd, short what, void *owner)
{
    struct server *s = owner;

    (void)fd, (void)what;
    LOG(LOG_WARN, "drain limit reached", LOG_N("limit_ms", s->drain_ms));
    tell_workers(s, WORKER_CUT);
}

static void on_stop(struct server *s, int signal)
{
    uint64_t ms = reload_conf(s->reload)->settings.timeouts.drain;
    struct timeval limit = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};

    if (s->draining) {
        LOG(LOG_WARN, "stopped at once", LOG_N("signal", signal));
        log_flush();
        _exit(EXIT_CUT_SHORT);
    }
    s->draining = s->console.draining = true;
    s->drain_ms = ms;
    notify_stopping();
    LOG(LOG_INFO, "draining", LOG_N("signal", signal), LOG_N("limit_ms", ms));
    if (ms)
        event_add(s->drain_by, &limit);
    tell_workers(s, WORKER_DRAIN);
}

static void on_hangup(struct server *s)
{
    reload_now(s->reload, "signal", NULL);
}

/* Opens the log's file, new or not.  False, and that is said, if it can't be. */
static bool turn_log(struct server *s)
{
    const char *file = s->settings->log_file.at;
    int fd = log_writer_open(file);

    if (fd >= 0)
        log_writer_turn_to(s->log, fd);
    else
        LOG(LOG_ERROR, "log file not opened", LOG_S("file", file),
            LOG_S("reason", strerror(errno)));
    return fd >= 0;
}

static void on_rotated(struct server *s)
{
    if (s->settings->log_file.at && turn_log(s))
        LOG(LOG_INFO, "log file opened", LOG_T("file", s->settings->log_file));
}

/* Lines leave by a thread of their own, to the file if there is one. */
static int open_log(struct server *s)
{
    s->log = log_writer_new(STDERR_FILENO);
    if (!s->log)
        return EX_OSERR;
    if (!s->settings->log_file.at)
        return 0;
    if (!turn_log(s))
        return EX_CANTCREAT;
    log_set_priorities(false);
    return 0;
}

/* The certificates of CONF are kept ready, if they are sound. */
static bool on_prove(void *owner, const struct conf *conf, struct diag *d)
{
    struct server *s = owner;

    tls_set_free(&s->proven);
    s->proven = tls_set_new(&conf->tls, d);
    bool proven = s->proven;
    for (size_t i = 0; i < conf->service_count; i++)
        proven = tls_service_proven(&conf->services[i].tls, d) && proven;
    return proven;
}

static void stop_health(struct server *s)
{
    for (size_t i = 0; i < CONF_SERVICES_MAX; i++)
        health_free(&s->health[i]);
}

/* Endpoints are checked as the regime in force says from now on.  False: no memory. */
static bool check_health(struct server *s)
{
    struct upstream_limits limits = limits_upstream(&s->regime->conf->settings, 1);
    bool sound = true;

    stop_health(s);
    for (size_t i = 0; sound && i < s->regime->pool_count; i++)
        sound = (s->health[i] = health_new(s->base, &limits, s->regime->pools[i]));
    if (!sound)
        LOG(LOG_ERROR, "no memory for health checks", LOG_S("hint", "reload again"));
    return sound;
}

/*
 * A new configuration is in force: for the workers too, each as soon as it
 * gets to it.  That is waited for, so that whoever asked for it knows.
 */
static void on_taken(void *owner, struct conf *conf)
{
    struct server *s = owner;
    struct regime *next = regime_new(conf, s->regime);
    struct timespec by;
    size_t late = 0;

    if (!next) {
        LOG(LOG_ERROR, "no memory for a reload", LOG_S("hint", "reload again"));
        return;
    }
    regime_unref(&s->regime);
    s->regime = next;
    tls_take(s->common.tls, &s->proven);
    check_health(s);
    admin_follow(s->admin, conf);
    drift_follow(s->common.drift, conf->mapping);
    for (size_t i = 0; i < s->worker_count; i++)
        worker_follow(s->workers[i], next);
    clock_gettime(CLOCK_MONOTONIC, &by);
    by.tv_sec += FOLLOW_SECONDS;
    for (size_t i = 0; i < s->worker_count; i++)
        late += !worker_follows(s->workers[i], next, &by);
    if (late > 0)
        LOG(LOG_WARN, "workers are late to follow", LOG_N("workers", late),
            LOG_S("hint", "each takes the new configuration as soon as it gets to it"));
}

static sigset_t signals_heard(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    return set;
}

static void on_signal(evutil_socket_t fd, short what, void *owner)
{
    struct server *s = owner;
    struct signalfd_siginfo heard;

    (void)what;
    while (read(fd, &heard, sizeof heard) == sizeof heard) {
        if (heard.ssi_signo == SIGHUP)
            on_hangup(s);
        else if (heard.ssi_signo == SIGUSR1)
            on_rotated(s);
        else
            on_stop(s, (int)heard.ssi_signo);
    }
}

static bool make_events(struct server *s)
{
    sigset_t set = signals_heard();

    s->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (s->signal_fd < 0)
        return false;
    s->signals = event_new(s->base, s->signal_fd, EV_READ | EV_PERSIST, on_signal, s);
    if (!s->signals || event_add(s->signals, NULL) != 0)
        return false;
    if (pipe2(s->done_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    s->done = event_new(s->base, s->done_pipe[0], EV_READ | EV_PERSIST, on_worker_done, s);
    s->drain_by = evtimer_new(s->base, on_drain_limit, s);
    return s->done && s->drain_by && event_add(s->done, NULL) == 0;
}

/* They are heard from a descriptor, and stay blocked as handlers. */
void server_hold_signals(void)
{
    sigset_t set = signals_heard();

    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* --- life ----------------------------------------------------------------- */

static bool make_admin(struct server *s)
{
    struct admin_host host = {
        .answer = console_answer, .token = console_token, .owner = &s->console};

    s->console = (struct console){.reload = s->reload,
                                  .workers = s->workers,
                                  .worker_count = s->settings->workers,
                                  .regime = &s->regime,
                                  .common = &s->common};
    s->admin = admin_new(s->base, s->conf, &host);
    for (size_t i = 0; s->admin && i < s->sockets.admin_count; i++) {
        struct bound *b = &s->sockets.admin[i];
        int fd = b->fd;

        b->fd = -1;
        if (!admin_listen(s->admin, fd, text_from(b->address)))
            return false;
    }
    return s->admin;
}

/* The limit of connections, or fewer and a warning where descriptors are few. */
static size_t connections_there_may_be(const struct settings *settings)
{
    uint64_t allowed = limits_raise_descriptors(), needed = limits_descriptors(settings);
    size_t connections = limits_connections(settings, allowed);

    if (allowed < needed)
        LOG(LOG_WARN, "few file descriptors", LOG_N("needed", needed), LOG_N("allowed", allowed),
            LOG_N("connections", connections),
            LOG_S("hint", "raise LimitNOFILE or lower limits.connections"));
    return connections;
}

static bool make_reload(struct server *s, const struct reload_source *source)
{
    struct reload_host host = {.prove = on_prove, .taken = on_taken, .owner = s};

    s->reload = reload_new(s->base, s->conf, source, &host);
    return s->reload;
}

/* The certificates were proven when the configuration was read, but files are read once only. */
static bool make_tls(struct server *s)
{
    struct diag *d = diag_new();

    s->common.tls = tls_new();
    bool made = d && s->common.tls && on_prove(s, s->conf, d);
    diag_free(&d);
    if (made)
        tls_take(s->common.tls, &s->proven);
    return made;
}

static bool make_common(struct server *s)
{
    const struct settings *settings = s->settings;

    quota_init(&s->common.exchanges, settings->limits.exchanges);
    s->common.guests = guests_new(connections_there_may_be(settings),
                                  settings->limits.connections_per_client, GUESTS_TURNED_AWAY_MAX);
    s->common.drift = drift_new(s->conf->mapping);
    s->common.callers = callers_new();
    s->regime = regime_new(s->conf, NULL);
    return s->common.guests && s->common.drift && s->common.callers && s->regime;
}

/* An exchange holds about as much as four idle connections, or more. */
static size_t load(const void *owner)
{
    const struct worker_common *common = owner;

    return 4 * quota_taken(&common->exchanges) + guests_count(common->guests);
}

/* Watches the memory, whose limit is the one that is set, or the control group's. */
static bool make_watch(struct server *s)
{
    struct memory_view view = {.limit = s->settings->limits.memory,
                               .pressure = &s->common.pressure,
                               .load = load,
                               .owner = &s->common};

    if (view.limit == SETTINGS_AUTO)
        view.limit = memory_allowed("");
    s->memory = memory_watch_new(s->base, &view);
    if (s->memory && view.limit > 0)
        LOG(LOG_INFO, "memory limit", LOG_N("limit_bytes", view.limit));
    return s->memory;
}

static void server_fini(struct server *s)
{
    for (size_t i = 0; s->workers && i < s->settings->workers; i++)
        worker_free(&s->workers[i]);
    free(s->workers);
    admin_free(&s->admin);
    reload_free(&s->reload);
    watchdog_free(&s->watchdog);
    memory_watch_free(&s->memory);
    guests_free(&s->common.guests);
    drift_free(&s->common.drift);
    stop_health(s);
    regime_unref(&s->regime);
    callers_free(&s->common.callers);
    tls_set_free(&s->proven);
    tls_free(&s->common.tls);
    if (s->signals)
        event_free(s->signals);
    if (s->signal_fd >= 0)
        close(s->signal_fd);
    if (s->done)
        event_free(s->done);
    if (s->drain_by)
        event_free(s->drain_by);
    sockets_close(&s->sockets);
    for (size_t i = 0; i < 2; i++)
        if (s->done_pipe[i] >= 0)
            close(s->done_pipe[i]);
    if (s->base)
        event_base_free(s->base);
}

static int boot(struct server *s, const struct reload_source *source)
{
    s->base = event_base_new();
    if (!s->base || !make_events(s) || !make_common(s) || !make_tls(s) || !make_watch(s) ||
        !make_reload(s, source))
        return EX_OSERR;
    if (!sockets_open(&s->sockets, s->settings))
        return EX_UNAVAILABLE;
    sockets_ways(&s->sockets, s->ways);
    s->common.ways = s->ways;
    s->common.inherited = s->sockets.client_count > 0 && s->sockets.client[0].inherited;
    if (!make_workers(s) || !make_admin(s))
        return EX_OSERR;
    if (!privileges_drop(s->settings)) /* all that needs them is open */
        return EX_NOPERM;
    int code = open_log(s);
    if (code != 0)
        return code;
    s->watchdog = watchdog_new(s->base, s->workers, s->settings->workers);
    return s->watchdog && start_workers(s) && check_health(s) ? 0 : EX_OSERR;
}

int server_run(struct conf *conf, const struct reload_source *source)
{
    struct server s = {
        .settings = &conf->settings, .conf = conf, .signal_fd = -1, .done_pipe = {-1, -1}};

    privileges_of_memory(conf->settings.core_dumps);
    int code = upstream_global_init() ? boot(&s, source) : EX_OSERR;
    if (code == EX_OSERR) {
        LOG(LOG_ERROR, "cannot start", LOG_S("reason", strerror(errno)));
        tell_workers(&s, WORKER_DRAIN);
    }
    if (code == 0) {
        sockets_log(&s.sockets);
        LOG(LOG_INFO, "ready", LOG_N("workers", s.worker_count),
            LOG_T("mapping", mapping_digest(conf->mapping)),
            LOG_N("exchange_bytes_worst", limits_worst_bytes(s.settings)));
        notify_ready(mapping_digest(conf->mapping), "");
        event_base_dispatch(s.base);
    }
    server_fini(&s);
    upstream_global_fini();
    if (code == 0)
        log_write(LOG_INFO, "stopped", NULL, 0);
    log_writer_free(&s.log);
    return code;
}
