#include "upstream/curl_loop.h"

#include "upstream/curl_transfer.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

enum {
    SPARE_MAX = 64,     /* handles kept for later requests */
    WATCH_GRAIN_MS = 20 /* deadlines are looked at no more often */
};

uint64_t loop_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void arm(struct event *ev, uint64_t due_ms)
{
    uint64_t now_ms = loop_now();
    uint64_t wait_ms = due_ms > now_ms ? due_ms - now_ms : 0;
    struct timeval wait = {(time_t)(wait_ms / 1000), (suseconds_t)(wait_ms % 1000 * 1000)};

    event_add(ev, &wait);
}

static void call_turn(struct upstream *u)
{
    event_active(&u->turn, EV_TIMEOUT, 1);
}

void loop_attend(struct upstream *u, struct upstream_transfer *t)
{
    t->again = true;
    if (t->on_agenda)
        return;
    t->on_agenda = true;
    STAILQ_INSERT_TAIL(&u->agenda, t, agenda_link);
    call_turn(u);
}

void loop_watch(struct upstream *u, uint64_t due_ms)
{
    if (due_ms >= u->watch_ms)
        return;
    u->watch_ms = due_ms;
    arm(&u->watch, due_ms);
}

/* --- out of the library's hands ---------------------------------------------- */

/* Takes T back from the library.  Never inside its callbacks. */
static void take_out(struct upstream_transfer *t)
{
    struct upstream *u = t->upstream;

    transfer_let_go(t);
    if (t->in_multi)
        curl_multi_remove_handle(u->multi, t->easy);
    t->in_multi = false;
    if (t->complete_counted)
        u->complete_waiting--;
    t->complete_counted = false;
    if (!t->wire)
        return;
    uint64_t now_ms = loop_now();
    wire_leave(t->wire, now_ms);
    t->wire = NULL;
    if (u->limits.idle_ms > 0)
        loop_watch(u, now_ms + u->limits.idle_ms);
}

static void bury(struct upstream_transfer *t)
{
    struct upstream *u = t->upstream;

    take_out(t);
    t->on_agenda = false;
    TAILQ_REMOVE(&u->live, t, link);
    transfer_clear(t);
    if (u->spare_count < SPARE_MAX) {
        u->spare_count++;
        TAILQ_INSERT_HEAD(&u->spare, t, link);
    } else {
        transfer_free(&t);
    }
}

/* The library has ended T with RESULT. */
static void conclude(struct upstream_transfer *t, CURLcode result)
{
    take_out(t);
    if (t->cancelled || t->told)
        return;
    if (t->stale && !t->fresh) {
        transfer_renew(t);
        loop_attend(t->upstream, t);
    } else {
        transfer_tell_end(t, result);
    }
}

static void read_messages(struct upstream *u)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(u->multi, &left))) {
        struct upstream_transfer *t = NULL;
        CURLcode result = message->data.result;

        assert(message->msg == CURLMSG_DONE);
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t);
        conclude(t, result);
    }
}

/* --- driving ------------------------------------------------------------------ */

/* Makes sure that the library is called when it wants to be. */
static void arm_timer(struct upstream *u)
{
    if (u->complete_waiting > 0)
        call_turn(u);
    if (u->due_ms >= u->armed_ms)
        return;
    u->armed_ms = u->due_ms;
    arm(&u->timer, u->due_ms);
}

static void drive(struct upstream *u, int fd, int what)
{
    int running;

    curl_multi_socket_action(u->multi, fd, what, &running);
    read_messages(u);
}

/* Lets the library do what has come due; it does not always say what comes next. */
static void drive_time(struct upstream *u)
{
    long wait_ms = -1;

    drive(u, CURL_SOCKET_TIMEOUT, 0);
    curl_multi_timeout(u->multi, &wait_ms);
    u->due_ms = wait_ms < 0 ? UINT64_MAX : wait_ms == 0 ? 0 : loop_now() + (uint64_t)wait_ms;
}

static void on_ready(void *owner, int fd, bool readable, bool writable)
{
    struct upstream *u = owner;

    drive(u, fd, (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0));
    arm_timer(u);
}

static int on_timer_wanted(CURLM *multi, long wait_ms, void *arg)
{
    struct upstream *u = arg;

    (void)multi;
    u->due_ms = wait_ms < 0 ? UINT64_MAX : wait_ms == 0 ? 0 : loop_now() + (uint64_t)wait_ms;
    return 0;
}

/*
 * The library stops reading at the end of a connection, but while its sending
 * is paused it does not end the transfer.
 */
static void suspect_end(struct upstream *u, int fd, int what)
{
    const struct wire *w = wires_get(&u->wires, fd);
    struct upstream_transfer *t = w ? w->transfer : NULL;

    if (!t || !t->send_paused || t->receive_paused || what == CURL_POLL_IN ||
        what == CURL_POLL_INOUT)
        return;
    t->end_suspected = true;
    loop_attend(u, t);
}

static int on_interest(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
    struct upstream *u = arg;

    (void)easy;
    (void)unused;
    suspect_end(u, fd, what);
    if (what == CURL_POLL_REMOVE)
        wires_forget(&u->wires, fd);
    else if (!wires_want(&u->wires, fd, what & CURL_POLL_IN, what & CURL_POLL_OUT))
        return -1;
    return 0;
}

/* --- the turn -------------------------------------------------------------------- */

static void begin(struct upstream_transfer *t)
{
    if (curl_multi_add_handle(t->upstream->multi, t->easy) != CURLM_OK) {
        transfer_fail(t, UPSTREAM_NO_ROOM);
        return;
    }
    t->in_multi = true;
    t->since_ms = loop_now();
    loop_watch(t->upstream, transfer_deadline(t));
}

/* What T needs before the library runs.  False: T is no more. */
static bool prepare(struct upstream_transfer *t)
{
    t->again = false;
    if (t->cancelled) {
        bury(t);
        return false;
    }
    if (t->in_multi) {
        transfer_check_end(t);
        transfer_unpause(t);
    } else if (!t->over && !t->told) {
        begin(t);
    }
    return true;
}

/* What is left to do for T after the library has run. */
static void settle(struct upstream_transfer *t)
{
    t->on_agenda = false;
    if (t->again)
        loop_attend(t->upstream, t);
    if (t->failed && !t->cancelled && !t->told) {
        take_out(t);
        transfer_tell_end(t, CURLE_OK);
    }
}

/*
 * Replies may be complete while the library still wants to send: nobody is
 * waiting for that any more.
 */
static void end_complete(struct upstream *u)
{
    struct upstream_transfer *t;

    TAILQ_FOREACH(t, &u->live, link)
    {
        if (!t->in_multi || t->over || !t->reply.complete)
            continue;
        take_out(t);
        transfer_tell_end(t, CURLE_OK);
    }
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
    struct upstream *u = arg;
    struct transfer_agenda today = STAILQ_HEAD_INITIALIZER(today);
    struct transfer_agenda kept = STAILQ_HEAD_INITIALIZER(kept);
    struct upstream_transfer *t;

    (void)fd;
    (void)what;
    STAILQ_CONCAT(&today, &u->agenda);
    while ((t = STAILQ_FIRST(&today))) {
        STAILQ_REMOVE_HEAD(&today, agenda_link);
        if (prepare(t))
            STAILQ_INSERT_TAIL(&kept, t, agenda_link);
    }
    if (u->due_ms == 0 || u->complete_waiting > 0)
        drive_time(u);
    while ((t = STAILQ_FIRST(&kept))) {
        STAILQ_REMOVE_HEAD(&kept, agenda_link);
        settle(t);
    }
    if (u->complete_waiting > 0)
        end_complete(u);
    arm_timer(u);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct upstream *u = arg;

    (void)fd;
    (void)what;
    u->armed_ms = UINT64_MAX;
    if (loop_now() >= u->due_ms)
        drive_time(u);
    arm_timer(u);
}

/*
 * The system takes in more than a slow link carries for a while: T has not
 * stalled as long as that arrives.  True if it has moved so since it was due.
 */
static bool still_delivers(struct upstream_transfer *t, uint64_t now_ms)
{
    uint64_t ago_ms;

    if (!t->wire || !wire_delivers(t->wire, &ago_ms) || now_ms - t->since_ms <= ago_ms)
        return false;
    t->since_ms = now_ms - ago_ms;
    return true;
}

static void on_watch(evutil_socket_t fd, short what, void *arg)
{
    struct upstream *u = arg;
    uint64_t now_ms = loop_now();
    uint64_t next_ms = UINT64_MAX;
    struct upstream_transfer *t;

    (void)fd;
    (void)what;
    u->watch_ms = UINT64_MAX;
    TAILQ_FOREACH(t, &u->live, link)
    {
        uint64_t due_ms = transfer_deadline(t);

        if (due_ms <= now_ms && still_delivers(t, now_ms))
            due_ms = transfer_deadline(t);
        if (due_ms <= now_ms)
            transfer_fail(t, t->sends == 0 ? UPSTREAM_REFUSED : UPSTREAM_SLOW);
        else if (due_ms < next_ms)
            next_ms = due_ms;
    }
    if (u->limits.idle_ms > 0) {
        uint64_t due_ms = wires_expire(&u->wires, now_ms, u->limits.idle_ms);

        next_ms = due_ms < next_ms ? due_ms : next_ms;
    }
    if (next_ms != UINT64_MAX)
        loop_watch(u, next_ms > now_ms + WATCH_GRAIN_MS ? next_ms : now_ms + WATCH_GRAIN_MS);
}

/* --- life ------------------------------------------------------------------------- */

static bool set_multi(struct upstream *u)
{
    CURLMcode failed = curl_multi_setopt(u->multi, CURLMOPT_SOCKETFUNCTION, on_interest);
    long kept = u->limits.connections_kept > 0 ? (long)u->limits.connections_kept : 1L;

    failed |= curl_multi_setopt(u->multi, CURLMOPT_SOCKETDATA, u);
    failed |= curl_multi_setopt(u->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
    failed |= curl_multi_setopt(u->multi, CURLMOPT_TIMERDATA, u);
    failed |= curl_multi_setopt(u->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    failed |= curl_multi_setopt(u->multi, CURLMOPT_MAXCONNECTS, kept);
    return failed == CURLM_OK;
}

bool loop_init(struct upstream *u)
{
    u->due_ms = u->armed_ms = u->watch_ms = UINT64_MAX;
    STAILQ_INIT(&u->agenda);
    TAILQ_INIT(&u->live);
    TAILQ_INIT(&u->spare);
    wires_init(&u->wires, u->base, on_ready, u);
    event_assign(&u->turn, u->base, -1, 0, on_turn, u);
    event_assign(&u->timer, u->base, -1, 0, on_timer, u);
    event_assign(&u->watch, u->base, -1, 0, on_watch, u);
    u->multi = curl_multi_init();
    return u->multi && set_multi(u);
}

/* Buries what was cancelled and not yet looked at. */
static void bury_all(struct upstream *u)
{
    struct upstream_transfer *t;

    while ((t = STAILQ_FIRST(&u->agenda))) {
        STAILQ_REMOVE_HEAD(&u->agenda, agenda_link);
        if (t->cancelled)
            bury(t);
    }
    assert(TAILQ_EMPTY(&u->live));
}

void loop_fini(struct upstream *u)
{
    struct upstream_transfer *t;

    bury_all(u);
    while ((t = TAILQ_FIRST(&u->spare))) {
        TAILQ_REMOVE(&u->spare, t, link);
        transfer_free(&t);
    }
    curl_multi_cleanup(u->multi);
    wires_fini(&u->wires);
    event_del(&u->turn);
    event_del(&u->timer);
    event_del(&u->watch);
}
