#include "cli/trial.h"

#include "cli/byte_diff.h"
#include "cli/refusal.h"
#include "exchange/outcome.h"
#include "http/head.h"
#include "translate/target.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { RESULT_BYTES_MAX = 64 * 1024 * 1024, LINE_BYTES = 512 };

/* What came of a trial: bytes, or a refusal. */
struct result {
    struct buf bytes;
    const char *refused; /* the public code, or NULL */
    struct translate_fault fault;
};

static void say(struct buf *why, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct buf *why, const char *format, ...)
{
    char line[LINE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    int n = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    buf_add(why, text_of(line, n < 0 ? 0 : (size_t)n < sizeof line ? (size_t)n : sizeof line - 1));
}

static const char *code_of(enum outcome o)
{
    return outcome_row(o)->code;
}

/* --- doing it ----------------------------------------------------------------------- */

/* The route that serves T's request; NULL, and REFUSED_OUT says with what, if none does. */
static const struct route *find_route(const struct trial *t, const struct mapping *m,
                                      const char **refused_out)
{
    const struct route *route;

    if (!http_path_safe(t->at.path)) {
        *refused_out = code_of(OUTCOME_BAD_PATH);
        return NULL;
    }
    switch (mapping_route(m, t->at.method, t->at.path, &route)) {
    case ROUTE_FOUND:
        return route;
    case ROUTE_NOT_FOUND:
        *refused_out = code_of(OUTCOME_NO_ROUTE);
        break;
    case ROUTE_NO_METHOD:
        *refused_out = code_of(OUTCOME_NO_METHOD);
        break;
    }
    return NULL;
}

static void explain(const struct trial *t, const struct conf *conf, struct result *result)
{
    const struct route *route = find_route(t, conf->mapping, &result->refused);

    if (!route)
        return;
    buf_add(&result->bytes, http_method_name(route_upstream_method(route, t->at.method)));
    buf_add_byte(&result->bytes, ' ');
    if (target_upstream(route, t->at.path, t->at.query, &result->bytes))
        result->refused = code_of(OUTCOME_CONFLICTING_FIELDS);
}

static void on_bytes(void *owner, struct text span)
{
    buf_add(owner, span);
}

/* Passes T's whole body through a translator for TASK. */
static void pump(const struct trial *t, enum media media, const struct translator_task *task,
                 struct result *result)
{
    struct translator *translator = translator_new(media, task);
    enum translate_code code =
        translator ? translator_piece(translator, t->input) : TRANSLATE_NO_MEMORY;

    if (code == TRANSLATE_OK)
        code = translator_end(translator);
    if (code != TRANSLATE_OK) {
        result->refused = refusal_code(t->kind == TRIAL_RESPONSE ? RESPONSE : REQUEST, code);
        if (translator)
            result->fault = *translator_fault(translator);
    }
    translator_free(&translator);
}

static void translate(const struct trial *t, const struct conf *conf, const struct trials *from,
                      struct result *result)
{
    const struct settings *s = &conf->settings;
    const struct route *route = t->routed ? find_route(t, conf->mapping, &result->refused) : NULL;
    const struct translate_limits limits = {.json_depth = s->limits.json_depth,
                                            .json_number = s->limits.json_number,
                                            .json_value = s->limits.json_value,
                                            .event = s->limits.sse_event,
                                            .record = s->limits.record};
    const struct translate_scene scene = {
        .mapping = conf->mapping,
        .upstream_origin =
            from->upstream.at ? from->upstream : conf_service_of(conf, route)->settings.url.at[0],
        .client_origin = from->client};
    const struct translator_task task = {.rules =
                                             route ? route->rules : mapping_global(conf->mapping),
                                         .direction = t->kind == TRIAL_REQUEST ? REQUEST : RESPONSE,
                                         .limits = &limits,
                                         .scene = &scene,
                                         .sink = {.take = on_bytes, .owner = &result->bytes},
                                         .content_type = t->type};
    enum media media = media_of(t->type);

    if (result->refused)
        return;
    if (media == MEDIA_OTHER || (route && (route->passthrough || route->body == ROUTE_BODY_RAW)))
        buf_add(&result->bytes, t->input);
    else
        pump(t, media, &task, result);
}

/* --- judging it ---------------------------------------------------------------------- */

static void tell_refusal(const struct result *result, struct buf *why)
{
    const struct translate_fault *fault = &result->fault;

    say(why, "refused with %s", result->refused);
    if (fault->code != TRANSLATE_OK)
        say(why, " at byte %" PRIu64 " (line %" PRIu64 ", column %" PRIu64 ")", fault->place.offset,
            fault->place.line, fault->place.column);
    if (fault->what)
        say(why, ": %s", fault->what);
}

static bool judge_refusal(const struct trial *t, const struct result *result, struct buf *why)
{
    bool code = result->refused && strcmp(result->refused, t->refused) == 0;

    if (code && (!t->has_offset || t->offset == result->fault.place.offset))
        return true;
    buf_add(why, TEXT("  "));
    if (result->refused)
        tell_refusal(result, why);
    else
        buf_add(why, TEXT("it was not refused"));
    say(why, "\n  expected %s", t->refused);
    if (t->has_offset)
        say(why, " at byte %" PRIu64, t->offset);
    buf_add_byte(why, '\n');
    return false;
}

static bool judge(const struct trial *t, const struct result *result, struct buf *why)
{
    if (t->refused)
        return judge_refusal(t, result, why);
    if (result->refused) {
        buf_add(why, TEXT("  "));
        tell_refusal(result, why);
        buf_add_byte(why, '\n');
        return false;
    }
    if (result->bytes.failed) {
        buf_add(why, TEXT("  not enough memory for what came of it\n"));
        return false;
    }
    if (text_eq(t->expected, buf_text(&result->bytes)))
        return true;
    byte_diff(t->expected, buf_text(&result->bytes), why);
    return false;
}

bool trial_run(const struct trial *t, const struct conf *conf, const struct trials *from,
               struct buf *why)
{
    struct result result = {0};

    buf_init(&result.bytes, RESULT_BYTES_MAX);
    if (t->kind == TRIAL_EXPLAIN)
        explain(t, conf, &result);
    else
        translate(t, conf, from, &result);
    bool passed = judge(t, &result, why);
    buf_fini(&result.bytes);
    return passed;
}
