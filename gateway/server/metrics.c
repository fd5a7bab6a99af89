#include "server/metrics.h"

#include "server/exposition.h"

#include <stdio.h>

enum { NUMBER_TEXT = 24 };

#define FAMILY(to, name, type, help) exposition_family((to), "dpgw_" name, (type), (help))

static void one(struct buf *to, const char *name, const char *type, const char *help,
                uint64_t value)
{
    exposition_family(to, name, type, help);
    exposition_sample(to, name, "", NULL, 0, value);
}

static const char *direction_word(enum direction d)
{
    return d == REQUEST ? "request" : "response";
}

/* The label of ROUTE: requests that no route serves have one of their own. */
static struct label route_label(const struct route_count *route)
{
    return (struct label){"route", route->route.len ? route->route : TEXT("none")};
}

/* --- requests ------------------------------------------------------------------ */

static void write_answers(struct buf *to, const struct ledger *ledger)
{
    char status[NUMBER_TEXT];

    FAMILY(to, "requests_total", "counter",
           "Requests that have ended; status 0: the client went away before an answer.");
    for (const struct route_count *r = ledger->routes; r; r = r->hh.next)
        for (const struct answer_count *a = r->answers; a; a = a->next) {
            bool other = a->status == LEDGER_STATUS_OTHER;
            snprintf(status, sizeof status, "%d", a->status);
            struct label labels[] = {route_label(r),
                                     {"method", a->method.len ? a->method : TEXT("none")},
                                     {"status", other ? TEXT("other") : text_from(status)}};
            exposition_sample(to, "dpgw_requests_total", "", labels, 3, a->count);
        }
}

static void write_histogram(struct buf *to, const char *name, struct label route,
                            const struct histogram *h)
{
    char bound[NUMBER_TEXT];
    uint64_t count = 0;

    for (size_t i = 0; i < LEDGER_BUCKETS; i++) {
        count += h->counts[i];
        if (i < LEDGER_BUCKETS - 1)
            snprintf(bound, sizeof bound, "%g", (double)ledger_bounds_us[i] / 1e6);
        struct label labels[] = {route,
                                 {"le", i < LEDGER_BUCKETS - 1 ? text_from(bound) : TEXT("+Inf")}};
        exposition_sample(to, name, "_bucket", labels, 2, count);
    }
    exposition_micro(to, name, "_sum", &route, 1, h->sum_us);
    exposition_sample(to, name, "_count", &route, 1, count);
}

static void write_durations(struct buf *to, const struct ledger *ledger)
{
    static const struct {
        const char *name, *help;
        size_t offset;
    } families[] = {
        {"dpgw_request_duration_seconds",
         "From a request's complete head until its reply has left, by route.",
         offsetof(struct route_count, duration)},
        {"dpgw_upstream_duration_seconds",
         "While a request to the service was open, from sending it to the end of its reply.",
         offsetof(struct route_count, upstream)},
        {"dpgw_gateway_duration_seconds",
         "That the gateway itself worked on a request, waiting for nobody.",
         offsetof(struct route_count, own)},
    };

    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        exposition_family(to, families[i].name, "histogram", families[i].help);
        for (const struct route_count *r = ledger->routes; r; r = r->hh.next)
            write_histogram(
                to, families[i].name, route_label(r),
                (const struct histogram *)(const void *)((const char *)r + families[i].offset));
    }
}

static void write_outcomes(struct buf *to, const struct ledger *ledger)
{
    FAMILY(to, "outcomes_total", "counter", "How requests ended, as the log says it.");
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        struct label label = {"outcome", text_from(outcome_row((enum outcome)i)->name)};

        exposition_sample(to, "dpgw_outcomes_total", "", &label, 1, ledger->outcomes[i]);
    }
}

static void write_bytes(struct buf *to, const struct ledger *ledger)
{
    struct label received = {"direction", TEXT("request")};
    struct label sent = {"direction", TEXT("response")};

    FAMILY(to, "body_bytes_total", "counter", "Bytes of bodies, as clients sent and got them.");
    exposition_sample(to, "dpgw_body_bytes_total", "", &received, 1, ledger->received);
    exposition_sample(to, "dpgw_body_bytes_total", "", &sent, 1, ledger->sent);
}

static void write_caller(void *owner, const struct caller *caller)
{
    struct label labels[] = {{"route", caller->route}, {"client", caller->name}};

    exposition_sample(owner, "dpgw_deprecated_requests_total", "", labels, 2, caller->count);
}

static void write_callers(struct buf *to, struct callers *callers)
{
    FAMILY(to, "deprecated_requests_total", "counter",
           "Requests on deprecated routes by who calls: at most 50 names a route, the rest are "
           "other.");
    callers_visit(callers, write_caller, to);
}

/* --- translation ------------------------------------------------------------------ */

static void write_rules(struct buf *to, const struct ledger *ledger)
{
    static const struct {
        const char *name, *help;
        size_t offset;
    } families[] = {
        {"dpgw_renames_total", "Keys renamed and values changed, by rule.",
         offsetof(struct tally_sums, changed)},
        {"dpgw_collisions_total", "Keys that met the other spelling of their pair in one object.",
         offsetof(struct tally_sums, collided)},
        {"dpgw_passed_total",
         "Keys that had the other side's name already, and values too long to be changed.",
         offsetof(struct tally_sums, passed)},
    };

    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        exposition_family(to, families[i].name, "counter", families[i].help);
        for (const struct rule_count *r = ledger->rules; r; r = r->hh.next) {
            struct label labels[] = {{"name", r->name},
                                     {"at", r->at},
                                     {"direction", text_from(direction_word(r->direction))}};
            const char *sums = (const char *)&r->sums;

            exposition_sample(to, families[i].name, "", labels, 3,
                              *(const uint64_t *)(const void *)(sums + families[i].offset));
        }
    }
}

static void write_leaks(struct buf *to, const struct ledger *ledger)
{
    FAMILY(to, "leaks_total", "counter",
           "Names that the mapping watches out for and that went out to clients, by route.");
    for (const struct route_count *r = ledger->routes; r; r = r->hh.next) {
        struct label label = route_label(r);

        exposition_sample(to, "dpgw_leaks_total", "", &label, 1, r->leaks);
    }
}

static void write_documents(struct buf *to, const struct ledger *ledger)
{
    FAMILY(to, "invalid_documents_total", "counter",
           "Bodies refused by their translation: not JSON, malformed, or in conflict.");
    for (int d = REQUEST; d <= RESPONSE; d++) {
        struct label label = {"direction", text_from(direction_word((enum direction)d))};

        exposition_sample(to, "dpgw_invalid_documents_total", "", &label, 1, ledger->invalid[d]);
    }
    one(to, "dpgw_untranslated_events_total", "counter",
        "Events too long to be held that were not JSON and passed from there on.", ledger->events);
}

/* --- all ------------------------------------------------------------------------------ */

static void write_upstream(struct buf *to, const struct ledger *ledger)
{
    struct label kept = {"connection", TEXT("kept")}, fresh = {"connection", TEXT("new")};

    FAMILY(to, "upstream_requests_total", "counter",
           "Requests to the service, by the kind of connection.");
    exposition_sample(to, "dpgw_upstream_requests_total", "", &kept, 1, ledger->on_kept);
    exposition_sample(to, "dpgw_upstream_requests_total", "", &fresh, 1,
                      ledger->transfers - ledger->on_kept);
    one(to, "dpgw_upstream_retries_total", "counter",
        "Requests sent a second time because the first brought no byte of a reply.",
        ledger->retries);
}

static void write_gauges(struct buf *to, const struct metrics_gauges *g)
{
    one(to, "dpgw_connections", "gauge", "Client connections open.", g->connections);
    one(to, "dpgw_connections_limit", "gauge", "Client connections there may be.",
        g->connections_most);
    one(to, "dpgw_exchanges", "gauge", "Requests in flight.", g->exchanges);
    one(to, "dpgw_exchanges_limit", "gauge", "Requests there may be in flight.", g->exchanges_most);
    one(to, "dpgw_event_streams", "gauge", "Of them replies that are event streams.",
        g->event_streams);
    one(to, "dpgw_drift_names", "gauge",
        "Names of the service that no rule knows and that were met in replies, by route.",
        g->unmapped);
    one(to, "dpgw_memory_pressure", "gauge",
        "0: none, 1: connections close after a reply, 2: new requests get 503.", g->pressure);
    one(to, "dpgw_draining", "gauge", "1 once the process takes no new connections.", g->draining);
}

static void write_arrivals(struct buf *to, const struct metrics_gauges *g)
{
    struct label refused = {"result", TEXT("refused")}, welcomed = {"result", TEXT("welcomed")};

    FAMILY(to, "accepted_connections_total", "counter",
           "Client connections that came; refused: one too many, for all or for one client.");
    exposition_sample(to, "dpgw_accepted_connections_total", "", &refused, 1, g->refused);
    exposition_sample(to, "dpgw_accepted_connections_total", "", &welcomed, 1, g->welcomed);
}

static void write_untold(struct buf *to, const struct metrics_gauges *g)
{
    FAMILY(to, "proxy_header_failures_total", "counter",
           "Connections that closed before the PROXY header that was due there, by reason.");
    for (int i = 0; i < FRONT_UNTOLD_COUNT; i++) {
        struct label label = {"reason", text_from(front_untold_words[i])};

        exposition_sample(to, "dpgw_proxy_header_failures_total", "", &label, 1, g->untold[i]);
    }
}

static void write_mapping(struct buf *to, const struct metrics_mapping *m)
{
    struct label digest = {"digest", m->digest};
    struct label version = {"version", text_from(DPGW_VERSION)};
    struct label refused = {"result", TEXT("refused")}, taken = {"result", TEXT("taken")};

    FAMILY(to, "build_info", "gauge", "Always 1; the label says which version runs.");
    exposition_sample(to, "dpgw_build_info", "", &version, 1, 1);
    FAMILY(to, "mapping_info", "gauge", "Always 1; the label says which mapping is in force.");
    exposition_sample(to, "dpgw_mapping_info", "", &digest, 1, 1);
    one(to, "dpgw_mapping_loaded_timestamp_seconds", "gauge", "When the mapping was loaded.",
        (uint64_t)m->loaded);
    one(to, "dpgw_mapping_routes", "gauge", "Routes of the mapping in force.", m->routes);
    FAMILY(to, "reloads_total", "counter", "Times that the configuration was read again.");
    exposition_sample(to, "dpgw_reloads_total", "", &refused, 1, m->reloads[false]);
    exposition_sample(to, "dpgw_reloads_total", "", &taken, 1, m->reloads[true]);
    one(to, "dpgw_last_reload_successful", "gauge",
        "1 unless the newest reload was refused and the mapping is older than its file.",
        m->last_taken);
}

void metrics_write(struct buf *to, const struct ledger *ledger, const struct metrics_gauges *gauges,
                   const struct metrics_mapping *mapping, struct callers *callers)
{
    write_answers(to, ledger);
    write_durations(to, ledger);
    write_outcomes(to, ledger);
    write_bytes(to, ledger);
    write_callers(to, callers);
    write_rules(to, ledger);
    write_leaks(to, ledger);
    write_documents(to, ledger);
    write_upstream(to, ledger);
    write_gauges(to, gauges);
    write_arrivals(to, gauges);
    write_untold(to, gauges);
    write_mapping(to, mapping);
    one(to, "dpgw_counts_lost_total", "counter", "Counts for which there was no memory.",
        ledger->lost + callers_lost(callers));
    one(to, "dpgw_log_lines_lost_total", "counter",
        "Lines of the log that found no room or could not be written.", gauges->log_lost);
}
