#include "exchange/life.h"
#include "translate/target.h"

#include <event2/buffer.h>

enum { TARGET_BYTES_MAX = 128 * 1024 };

/* --- starting the transfer ------------------------------------------------ */

static uint64_t wait_ms(const struct exchange *ex, uint64_t usual_ms)
{
    return ex->route->timeout_ms ? ex->route->timeout_ms : usual_ms;
}

static void fail_query(struct exchange *ex, const struct pair *pair)
{
    struct translate_fault fault = {
        .code = TRANSLATE_CONFLICT,
        .what = "two query parameters mean the same thing",
        .name = pair->client,
    };

    exchange_fail(ex, OUTCOME_CONFLICTING_FIELDS, &fault);
}

/* Makes the target that goes up, before a byte of the body is asked for.  False: EX has failed. */
static bool make_target(struct exchange *ex)
{
    const struct http_head *head = &ex->request.head;
    struct buf target;

    buf_init(&target, TARGET_BYTES_MAX);
    const struct pair *conflict = target_upstream(ex->route, head->path, head->query, &target);
    if (!target.failed)
        ex->up.target = arena_copy(ex->arena, buf_text(&target));
    buf_fini(&target);
    if (conflict)
        fail_query(ex, conflict);
    else if (!ex->up.target.at)
        exchange_fail(ex, OUTCOME_INTERNAL, NULL);
    return !conflict && ex->up.target.at;
}

/* Starts the transfer with a body framed as FRAMING; WHOLE may be absent. */
static void start_transfer(struct exchange *ex, enum http_framing framing, struct text whole)
{
    const struct http_head *head = &ex->request.head;
    struct upstream_request request = {
        .method = route_upstream_method(ex->route, head->method),
        .target = ex->up.target,
        .framing = framing,
        .length = whole.at ? whole.len : head->length,
        .whole = whole,
        .first_byte_ms = wait_ms(ex, ex->host->limits.first_byte_ms),
        .between_bytes_ms = wait_ms(ex, ex->host->limits.between_bytes_ms),
        .event_stream = http_list_has(&head->fields, TEXT("accept"), TEXT("text/event-stream")),
    };

    if (fields_up(ex, &request.fields))
        ex->upstream = upstream_start(ex->host->upstream, &request, &exchange_from_upstream, ex);
    if (!ex->upstream)
        exchange_fail(ex, OUTCOME_INTERNAL, NULL);
}

/* The whole body is in hand: it goes up with its exact length. */
static void start_whole(struct exchange *ex)
{
    size_t length = evbuffer_get_length(ex->up.bytes);
    const char *bytes = length ? (const char *)evbuffer_pullup(ex->up.bytes, -1) : "";

    if (!bytes)
        exchange_fail(ex, OUTCOME_INTERNAL, NULL);
    else
        start_transfer(ex, length ? HTTP_LENGTH : HTTP_NO_BODY, text_of(bytes, length));
}

static void on_translated(void *owner, struct text span)
{
    struct exchange *ex = owner;

    if (evbuffer_add(ex->up.bytes, span.at, span.len) != 0)
        ex->up.failed = true;
}

static bool prepare(struct exchange *ex)
{
    struct uplink *up = &ex->up;

    up->bytes = evbuffer_new();
    if (!up->bytes)
        return false;
    if (!up->whole)
        return true;
    up->translator =
        translator_new(ex->route->rules, REQUEST, &ex->host->limits.translate, &ex->scene, NULL,
                       (struct sink){.take = on_translated, .owner = ex});
    return up->translator;
}

void uplink_begin(struct exchange *ex)
{
    const struct http_head *head = &ex->request.head;

    if (!make_target(ex))
        return;
    if (head->framing == HTTP_NO_BODY) {
        ex->up.complete = true;
        exchange_enter(ex, EXCHANGE_WAITING);
        start_transfer(ex, HTTP_NO_BODY, (struct text){0});
        return;
    }
    if (!prepare(ex)) {
        exchange_fail(ex, OUTCOME_INTERNAL, NULL);
        return;
    }
    front_continue(ex->client);
    if (!ex->up.whole)
        start_transfer(ex, head->framing, (struct text){0});
}

/* --- the body ------------------------------------------------------------- */

/* More is in the buffer, or its end is known: the service may take it. */
static void offer(struct exchange *ex)
{
    if (!ex->up.wanted)
        return;
    ex->up.wanted = false;
    upstream_more(ex->upstream);
}

/* After a piece was buffered: start, offer, and stop the client if full. */
static void pass_on(struct exchange *ex)
{
    struct uplink *up = &ex->up;

    if (up->whole && up->received <= ex->host->limits.request_buffer)
        return;
    up->valve.level = evbuffer_get_length(up->bytes);
    if (valve_fill(&up->valve, 0))
        front_read(ex->client, false);
    if (!up->whole) {
        offer(ex);
        return;
    }
    up->whole = false;
    start_transfer(ex, HTTP_CHUNKED, (struct text){0});
}

/* Translates or copies PIECE into the buffer. */
static enum outcome take(struct exchange *ex, struct text piece)
{
    struct uplink *up = &ex->up;

    up->received += piece.len;
    if (up->received > up->limit)
        return OUTCOME_BODY_TOO_LARGE;
    if (!up->translator)
        on_translated(ex, piece);
    else if (translator_piece(up->translator, piece) != TRANSLATE_OK)
        return exchange_request_fault(translator_fault(up->translator));
    return up->failed ? OUTCOME_INTERNAL : OUTCOME_OK;
}

static bool is_open(const struct exchange *ex)
{
    return ex->phase < EXCHANGE_FLUSHING && !ex->up.dropped && !ex->up.complete;
}

void uplink_piece(struct exchange *ex, struct text piece)
{
    if (!is_open(ex))
        return;
    enum outcome outcome = take(ex, piece);
    if (outcome != OUTCOME_OK)
        exchange_fail(ex, outcome, ex->up.translator ? translator_fault(ex->up.translator) : NULL);
    else
        pass_on(ex);
}

void uplink_complete(struct exchange *ex)
{
    struct uplink *up = &ex->up;

    if (!is_open(ex))
        return;
    up->complete = true;
    if (up->translator && translator_end(up->translator) != TRANSLATE_OK) {
        const struct translate_fault *fault = translator_fault(up->translator);
        exchange_fail(ex, exchange_request_fault(fault), fault);
        return;
    }
    if (ex->phase == EXCHANGE_SENDING)
        exchange_enter(ex, EXCHANGE_WAITING);
    if (up->failed)
        exchange_fail(ex, OUTCOME_INTERNAL, NULL);
    else if (up->whole)
        start_whole(ex);
    else
        offer(ex);
}

enum upstream_give uplink_give(struct exchange *ex, char *to, size_t room, size_t *length_out)
{
    struct uplink *up = &ex->up;
    int taken = evbuffer_remove(up->bytes, to, room);

    if (taken > 0) {
        *length_out = (size_t)taken;
        if (valve_settle(&up->valve, evbuffer_get_length(up->bytes)) && ex->client)
            front_read(ex->client, true);
        return UPSTREAM_GIVE_BYTES;
    }
    up->wanted = !up->complete;
    return up->complete ? UPSTREAM_GIVE_END : UPSTREAM_GIVE_LATER;
}

void uplink_drop(struct exchange *ex)
{
    ex->up.dropped = true;
    if (ex->up.valve.shut)
        front_read(ex->client, true);
}

void uplink_fini(struct uplink *up)
{
    translator_free(&up->translator);
    if (up->bytes)
        evbuffer_free(up->bytes);
}
