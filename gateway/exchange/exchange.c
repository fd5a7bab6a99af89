#include "exchange/exchange.h"

#include "base/log.h"
#include "exchange/forwarded.h"
#include "exchange/life.h"

#include <assert.h>
#include <event2/event.h>
#include <stdlib.h>
#include <time.h>

/* --- phases --------------------------------------------------------------- */

static const bool edges[][EXCHANGE_ENDED + 1] = {
    [EXCHANGE_SENDING] = {[EXCHANGE_WAITING] = true,
                          [EXCHANGE_REPLYING] = true,
                          [EXCHANGE_FLUSHING] = true,
                          [EXCHANGE_ENDED] = true},
    [EXCHANGE_WAITING] =
        {[EXCHANGE_REPLYING] = true, [EXCHANGE_FLUSHING] = true, [EXCHANGE_ENDED] = true},
    [EXCHANGE_REPLYING] = {[EXCHANGE_FLUSHING] = true, [EXCHANGE_ENDED] = true},
    [EXCHANGE_FLUSHING] = {[EXCHANGE_ENDED] = true},
    [EXCHANGE_ENDED] = {false},
};

void exchange_enter(struct exchange *ex, enum exchange_phase phase)
{
    assert(edges[ex->phase][phase]);
    ex->phase = phase;
}

void exchange_decide(struct exchange *ex, enum outcome outcome)
{
    if (ex->decided)
        return;
    ex->decided = true;
    ex->outcome = outcome;
}

static struct exchange_report report_of(const struct exchange *ex)
{
    return (struct exchange_report){.mapping = ex->mapping,
                                    .route = ex->route,
                                    .method = ex->request.method,
                                    .status = ex->status,
                                    .outcome = ex->outcome,
                                    .duration_us = times_now() - ex->times.began,
                                    .upstream_us = ex->times.upstream,
                                    .own_us = times_own(ex),
                                    .received = ex->up.received,
                                    .sent = ex->sent_bytes,
                                    .transfers = ex->transfers,
                                    .on_kept = ex->on_kept,
                                    .event_stream = ex->down.events,
                                    .invalid = {ex->invalid[REQUEST], ex->invalid[RESPONSE]},
                                    .tally = {&ex->tally[REQUEST], &ex->tally[RESPONSE]},
                                    .caller = ex->deprecated.caller,
                                    .unmapped = ex->sightings.all};
}

/* The pairs of the log's line, without those that this exchange has no value for. */
struct pairs {
    struct log_pair at[20];
    size_t count;
};

static void add_text(struct pairs *p, const char *name, struct text value)
{
    if (value.len)
        p->at[p->count++] = (struct log_pair)LOG_T(name, value);
}

static void add_number(struct pairs *p, const char *name, uint64_t value)
{
    p->at[p->count++] = (struct log_pair)LOG_N(name, value);
}

static void add_seconds(struct pairs *p, const char *name, uint64_t us)
{
    p->at[p->count++] = (struct log_pair)LOG_MICRO(name, us);
}

/* What was asked and answered, in OpenTelemetry's words for it. */
static void add_http(struct pairs *p, const struct exchange *ex, const struct exchange_report *r)
{
    struct text route = ex->route ? ex->route->client : TEXT("");

    add_text(p, "http.request.method", r->method);
    add_text(p, "http.route", route);
    add_text(p, "url.path", route); /* never the path itself: it holds names and ids */
    if (r->method.len)
        add_text(p, "network.protocol.version", ex->request.head.minor ? TEXT("1.1") : TEXT("1.0"));
    if (r->status)
        add_number(p, "http.response.status_code", (uint64_t)r->status);
    add_number(p, "http.request.body.size", r->received);
    add_number(p, "http.response.body.size", r->sent);
    add_seconds(p, "http.server.request.duration", r->duration_us);
    if (r->transfers)
        add_seconds(p, "http.client.request.duration", r->upstream_us);
    if (r->transfers)
        add_number(p, "http.request.resend_count", r->transfers - 1);
}

static void log_exchange(const struct exchange *ex, const struct exchange_report *r)
{
    struct pairs p = {.count = 0};

    if (!log_wants(LOG_INFO))
        return;
    add_http(&p, ex, r);
    add_seconds(&p, "dpgw.gateway.duration", r->own_us);
    add_text(&p, "outcome", text_from(outcome_row(r->outcome)->name));
    if (r->caller.at)
        add_text(&p, "deprecated", TEXT("true"));
    add_text(&p, "caller", r->caller);
    add_text(&p, "mapping", mapping_digest(r->mapping));
    add_text(&p, "request_id", ex->request.id);
    add_text(&p, "trace_id", trace_id(&ex->request.trace));
    log_write(LOG_INFO, "exchange", p.at, p.count);
}

void exchange_end(struct exchange *ex, enum outcome outcome)
{
    if (ex->phase == EXCHANGE_ENDED)
        return;
    exchange_decide(ex, outcome);
    exchange_enter(ex, EXCHANGE_ENDED);
    times_answered(ex);
    upstream_cancel(&ex->upstream);
    sightings_end(&ex->sightings);
    struct exchange_report report = report_of(ex);
    log_exchange(ex, &report);
    if (ex->host->ended)
        ex->host->ended(ex->host->owner, &report);
    if (ex->down.events && ex->host->event_streams)
        atomic_fetch_sub_explicit(ex->host->event_streams, 1, memory_order_relaxed);
    ex->host->open--;
    if (ex->placed)
        quota_give(ex->host->exchanges);
    LIST_REMOVE(ex, link);
    LIST_INSERT_HEAD(&ex->host->dead, ex, link);
    ex->host->bury(ex->host->owner);
}

/* --- the client's side ---------------------------------------------------- */

static void on_client_piece(void *owner, struct text piece)
{
    struct exchange *ex = owner;

    times_work(ex);
    uplink_piece(ex, piece);
    times_rest(ex);
}

static void on_client_body_end(void *owner, const struct http_fields *trailers)
{
    struct exchange *ex = owner;

    (void)trailers; /* request trailers are not forwarded (RFC 9110, 6.5.1) */
    times_work(ex);
    uplink_complete(ex);
    times_rest(ex);
}

/* The outcome of a body that can't be read on, which the front gives STATUS. */
static enum outcome outcome_of_broken(int status)
{
    if (status == 503)
        return OUTCOME_EXHAUSTED;
    return status == 400 ? OUTCOME_BAD_BODY_FRAMING : outcome_of_refusal(status);
}

static void on_client_body_broken(void *owner, int status, const char *reason)
{
    struct exchange *ex = owner;

    (void)reason;
    if (ex->up.dropped) /* an early answer goes on; the connection closes behind it */
        return;
    exchange_fail(ex, outcome_of_broken(status), NULL);
}

static void on_client_drained(void *owner, size_t waiting)
{
    struct exchange *ex = owner;

    times_work(ex);
    downlink_drained(ex, waiting);
    times_rest(ex);
}

static void on_client_gone(void *owner)
{
    struct exchange *ex = owner;

    ex->client = NULL;
    exchange_end(ex, OUTCOME_CLIENT_GONE);
}

static void on_client_end(void *owner)
{
    struct exchange *ex = owner;

    ex->client = NULL;
    exchange_end(ex, OUTCOME_OK);
}

static const struct front_events from_client = {
    .on_piece = on_client_piece,
    .on_body_end = on_client_body_end,
    .on_body_broken = on_client_body_broken,
    .on_drained = on_client_drained,
    .on_gone = on_client_gone,
    .on_end = on_client_end,
};

/* --- birth ---------------------------------------------------------------- */

static void on_deadline(evutil_socket_t fd, short what, void *owner)
{
    struct exchange *ex = owner;

    (void)fd, (void)what;
    exchange_fail(ex, OUTCOME_UPSTREAM_SLOW, NULL);
}

static bool start_deadline(struct exchange *ex)
{
    uint64_t ms = ex->host->limits.exchange_ms;

    if (ms == 0)
        return true;
    struct timeval after = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};
    ex->deadline = evtimer_new(ex->host->base, on_deadline, ex);
    return ex->deadline && evtimer_add(ex->deadline, &after) == 0;
}

static void destroy(struct exchange *ex)
{
    if (ex->deadline)
        event_free(ex->deadline);
    uplink_fini(&ex->up);
    downlink_fini(&ex->down);
    sightings_end(&ex->sightings);
    tally_fini(&ex->tally[REQUEST]);
    tally_fini(&ex->tally[RESPONSE]);
    mapping_unref(&ex->mapping);
    arena_free(&ex->arena);
    free(ex);
}

/* A new exchange, attached to REQUEST; NULL if there is no memory for one. */
static struct exchange *begin(struct exchange_host *host, struct front_request *request)
{
    struct exchange *ex = calloc(1, sizeof *ex);

    if (!ex)
        return NULL;
    ex->host = host;
    ex->client = request;
    ex->mapping = mapping_ref(host->mapping);
    ex->times.began = times_now();
    ex->arena = arena_new(EXCHANGE_ARENA_BYTES);
    if (!ex->arena || !start_deadline(ex)) {
        destroy(ex);
        return NULL;
    }
    valve_init(&ex->up.valve, host->limits.buffer_high, host->limits.buffer_low);
    valve_init(&ex->down.valve, host->limits.buffer_high, host->limits.buffer_low);
    buf_init(&ex->down.piece, SIZE_MAX); /* downlink.c lets it go before it grows */
    buf_init(&ex->down.recoded, SIZE_MAX);
    host->open++;
    LIST_INSERT_HEAD(&host->living, ex, link);
    front_attach(request, &from_client, ex);
    return ex;
}

/* A route was found: begins its way up, and looks out for what comes down. */
static void go_up(struct exchange *ex)
{
    if (!ex->route->passthrough)
        sightings_begin(&ex->sightings, ex->mapping, ex->route, ex->host->sighted, ex->host->owner);
    ex->scene.upstream_origin = text_from(exchange_pool(ex)->endpoints[0]->url);
    ex->scene.watcher = sightings_watcher(&ex->sightings);
    uplink_begin(ex);
}

void exchange_begin(struct exchange_host *host, struct front_request *request,
                    const struct http_head *head)
{
    struct exchange *ex = begin(host, request);

    if (!ex) {
        exchange_turn_away(request);
        return;
    }
    times_work(ex);
    ex->request.head = *head;
    ex->request.method = http_method_name(head->method);
    ex->request.id = fields_request_id(ex);
    trace_begin(&ex->request.trace, &ex->request.head.fields);
    bool seen = forwarded_scene(ex);
    enum outcome outcome = seen ? admission_judge(ex) : OUTCOME_OK;
    if (!seen)
        exchange_starve(ex);
    else if (outcome != OUTCOME_OK)
        exchange_fail(ex, outcome, NULL);
    else if (head->form == HTTP_ASTERISK_FORM)
        exchange_answer_empty(ex, 204);
    else if (ex->local)
        local_begin(ex);
    else
        go_up(ex);
    times_rest(ex);
}

void exchange_refuse(struct exchange_host *host, struct front_request *request, int status,
                     const char *reason)
{
    struct exchange *ex = begin(host, request);

    if (!ex) {
        exchange_turn_away(request);
        return;
    }
    (void)reason;
    times_work(ex);
    ex->request.method = TEXT("");
    ex->request.id = fields_request_id(ex);
    trace_begin(&ex->request.trace, &ex->request.head.fields);
    exchange_fail(ex, outcome_of_refusal(status), NULL);
    times_rest(ex);
}

/* --- death ---------------------------------------------------------------- */

void exchange_end_all(struct exchange_host *host, enum outcome outcome)
{
    struct exchange *next;

    for (struct exchange *ex = LIST_FIRST(&host->living); ex; ex = next) {
        next = LIST_NEXT(ex, link);
        exchange_fail(ex, outcome, NULL);
    }
}

void exchange_reap(struct exchange_host *host)
{
    struct exchange *ex;

    while ((ex = LIST_FIRST(&host->dead))) {
        LIST_REMOVE(ex, link);
        destroy(ex);
    }
}
