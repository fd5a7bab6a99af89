#include "server/console.h"

#include "base/log.h"
#include "base/quote.h"
#include "server/callers.h"
#include "server/deprecated_page.h"
#include "server/drift.h"
#include "server/drift_page.h"
#include "server/guests.h"
#include "server/log_writer.h"
#include "server/metrics.h"
#include "upstream/upstream.h"

#include <stdatomic.h>
#include <time.h>

enum { VALUE_BYTES_MAX = 4096 };

/* --- health ---------------------------------------------------------------------- */

static int healthz(struct buf *body)
{
    buf_add(body, TEXT("ok\n"));
    return 200;
}

/* Ready or not, and what the service has been like: a gateway alone can't mend that. */
/* How many of the endpoints of each service are up. */
static void tell_endpoints(const struct regime *regime, struct buf *body)
{
    uint64_t now_ms = upstream_clock_ms();

    for (size_t i = 0; i < regime->pool_count; i++) {
        const struct pool *p = regime->pools[i];
        uint64_t up = 0;

        for (size_t e = 0; e < p->count; e++)
            up += endpoint_is_up(p->endpoints[e], now_ms);
        buf_add(body, TEXT("endpoints up "));
        buf_add(body, p->name);
        buf_add_byte(body, ' ');
        buf_add_u64(body, up);
        buf_add(body, TEXT(" of "));
        buf_add_u64(body, p->count);
        buf_add_byte(body, '\n');
    }
}

static int readyz(const struct console *c, struct buf *body)
{
    const struct upstream_state *upstream = &c->common->upstream;

    buf_add(body, c->draining ? TEXT("draining\n") : TEXT("ready\n"));
    buf_add(body, TEXT("mapping "));
    buf_add(body, mapping_digest(reload_conf(c->reload)->mapping));
    buf_add(body, TEXT("\nservice "));
    buf_add(body, text_from(upstream_state_word(upstream)));
    buf_add_byte(body, '\n');
    tell_endpoints(*c->regime, body);
    return c->draining ? 503 : 200;
}

/* --- metrics --------------------------------------------------------------------- */

static struct metrics_gauges gauges_of(const struct console *c)
{
    const struct worker_common *common = c->common;
    struct metrics_gauges gauges = {
        .connections = guests_count(common->guests),
        .connections_most = guests_most(common->guests),
        .exchanges = quota_taken(&common->exchanges),
        .exchanges_most = common->exchanges.most,
        .event_streams = atomic_load(&common->event_streams),
        .pressure = pressure_level(&common->pressure),
        .draining = c->draining,
        .welcomed = guests_welcomed(common->guests),
        .refused = guests_refused(common->guests),
        .log_lost = log_writer_lost(),
        .unmapped = drift_count(common->drift),
    };

    for (int i = 0; i < FRONT_UNTOLD_COUNT; i++)
        gauges.untold[i] = guests_untold(common->guests, (enum front_untold)i);
    return gauges;
}

static int metrics(const struct console *c, struct buf *body)
{
    const struct conf *conf = reload_conf(c->reload);
    struct reload_counts reloads = reload_counts(c->reload);
    struct metrics_mapping mapping = {.digest = mapping_digest(conf->mapping),
                                      .loaded = mapping_loaded(conf->mapping),
                                      .reloads = {reloads.refused, reloads.taken},
                                      .last_taken = reloads.last_taken};
    struct metrics_gauges gauges = gauges_of(c);
    struct ledger sum;

    if (!ledger_init(&sum))
        return 503;
    for (size_t i = 0; i < c->worker_count; i++)
        ledger_add(&sum, worker_ledger(c->workers[i]));
    mapping_routes(conf->mapping, &mapping.routes);
    metrics_write(body, &sum, &gauges, &mapping, c->common->callers);
    metrics_write_tls(body, c->common->tls);
    metrics_write_endpoints(body, *c->regime);
    metrics_write_process(body);
    ledger_fini(&sum);
    return 200;
}

/* --- JSON ------------------------------------------------------------------------ */

/* Adds ,"NAME": or "NAME": where it is the first. */
static void add_name(struct buf *to, const char *name, bool first)
{
    if (!first)
        buf_add_byte(to, ',');
    buf_add_byte(to, '"');
    buf_add(to, text_from(name));
    buf_add(to, TEXT("\":"));
}

static void add_string(struct buf *to, const char *name, struct text value, bool first)
{
    add_name(to, name, first);
    quote_json(to, value, VALUE_BYTES_MAX);
}

static void add_place(struct buf *to, const struct where *where)
{
    add_string(to, "file", text_from(where->file), false);
    add_name(to, "line", false);
    buf_add_u64(to, where->line);
}

/* Each method that clients may use, and what the service gets for it. */
static void add_methods(struct buf *to, const struct route *route)
{
    bool first = true;

    add_name(to, "methods", false);
    buf_add_byte(to, '{');
    for (int m = 0; m < HTTP_METHOD_COUNT; m++) {
        if (!route->listed[m])
            continue;
        if (!first)
            buf_add_byte(to, ',');
        quote_json(to, http_method_name((enum http_method)m), VALUE_BYTES_MAX);
        buf_add_byte(to, ':');
        quote_json(to, http_method_name(route->upstream_method[m]), VALUE_BYTES_MAX);
        first = false;
    }
    buf_add_byte(to, '}');
}

static int routes(const struct console *c, struct buf *body)
{
    size_t count;
    const struct route *const *all = mapping_routes(reload_conf(c->reload)->mapping, &count);

    buf_add_byte(body, '[');
    for (size_t i = 0; i < count; i++) {
        buf_add(body, i ? TEXT(",\n{") : TEXT("{"));
        add_string(body, "client", all[i]->client, true);
        add_string(body, "upstream", all[i]->upstream, false);
        add_methods(body, all[i]);
        add_name(body, "passthrough", false);
        buf_add(body, all[i]->passthrough ? TEXT("true") : TEXT("false"));
        add_place(body, &all[i]->where);
        buf_add_byte(body, '}');
    }
    buf_add(body, TEXT("]\n"));
    return 200;
}

/* --- unmapped names -------------------------------------------------------------- */

static int drift(const struct console *c, bool yaml, struct buf *body)
{
    const struct mapping *mapping = reload_conf(c->reload)->mapping;

    if (yaml)
        drift_page_yaml(c->common->drift, mapping, body);
    else
        drift_page_json(c->common->drift, mapping, body);
    return 200;
}

/* --- settings and what changes them --------------------------------------------- */

static const char *source_word(enum conf_source source)
{
    switch (source) {
    case CONF_DEFAULT:
        return "default";
    case CONF_FILE:
        return "file";
    case CONF_ENVIRONMENT:
        return "environment";
    case CONF_OVERRIDE:
        return "--set";
    }
    return "";
}

/* No setting is a secret by itself: the token's file is named, and never shown. */
static int config(const struct console *c, struct buf *body)
{
    const struct conf *conf = reload_conf(c->reload);

    buf_add(body, TEXT("{"));
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        const struct conf_origin *origin = &conf->origins[i];

        buf_add(body, i ? TEXT("\n") : TEXT(""));
        add_name(body, settings_table[i].key, i == 0);
        buf_add_byte(body, '{');
        add_string(body, "value", origin->text, true);
        add_string(body, "from", text_from(source_word(origin->source)), false);
        if (origin->source == CONF_FILE)
            add_place(body, &origin->where);
        buf_add_byte(body, '}');
    }
    buf_add(body, TEXT("}\n"));
    return 200;
}

static int log_level(const struct admin_request *request, struct buf *body)
{
    struct text wanted = request->query, key = TEXT("level=");
    enum log_level level = log_level_now();

    if (request->post &&
        (!text_starts(wanted, key) || !log_level_read(text_from_offset(wanted, key.len), &level))) {
        buf_add(body, TEXT("{\"ok\":false,\"message\":\"say ?level= and one of error, warn, info, "
                           "debug\"}\n"));
        return 400;
    }
    if (request->post)
        log_set_level(level);
    buf_add_byte(body, '{');
    add_string(body, "level", text_from(log_level_word(level)), true);
    buf_add(body, TEXT("}\n"));
    return 200;
}

/* LINES, one JSON object each, as the members of an array. */
static void add_lines(struct buf *to, struct text lines)
{
    for (size_t i = 0; i < lines.len; i++)
        if (lines.at[i] != '\n')
            buf_add_byte(to, lines.at[i]);
        else if (i + 1 < lines.len)
            buf_add(to, TEXT(",\n"));
}

static int reload(const struct console *c, const struct admin_request *request, struct buf *body)
{
    struct buf complaints;

    if (!request->post) {
        buf_add(body, TEXT("{\"ok\":false,\"message\":\"POST reloads\"}\n"));
        return 405;
    }
    buf_init(&complaints, SIZE_MAX);
    bool taken = reload_now(c->reload, "asked", &complaints);
    buf_add(body, taken ? TEXT("{\"ok\":true") : TEXT("{\"ok\":false"));
    add_string(body, "mapping", mapping_digest(reload_conf(c->reload)->mapping), false);
    buf_add(body, TEXT(",\"complaints\":["));
    add_lines(body, buf_text(&complaints));
    buf_add(body, TEXT("]}\n"));
    buf_fini(&complaints);
    return taken ? 200 : 422;
}

struct text console_token(void *owner)
{
    const struct console *c = owner;

    return reload_conf(c->reload)->admin_token;
}

int console_answer(void *owner, const struct admin_request *request, struct buf *body)
{
    struct console *c = owner;

    switch (request->page) {
    case ADMIN_HEALTHZ:
        return healthz(body);
    case ADMIN_READYZ:
        return readyz(c, body);
    case ADMIN_METRICS:
        return metrics(c, body);
    case ADMIN_ROUTES:
        return routes(c, body);
    case ADMIN_DRIFT:
        return drift(c, false, body);
    case ADMIN_DRIFT_YAML:
        return drift(c, true, body);
    case ADMIN_DEPRECATED:
        deprecated_page(reload_conf(c->reload)->mapping, c->common->callers, time(NULL), body);
        return 200;
    case ADMIN_CONFIG:
        return config(c, body);
    case ADMIN_LOG_LEVEL:
        return log_level(request, body);
    case ADMIN_RELOAD:
        return reload(c, request, body);
    case ADMIN_PAGE_COUNT:
        break;
    }
    return 404;
}
