#include "exchange/forwarded.h"
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
        exchange_starve(ex);
    return !conflict && ex->up.target.at;
}

/*
 * Finds who is asked, if it is not the first time someone else; what is sent
 * depends on it.  False: EX has failed, for the service has enough to do.
 */
static bool pick(struct exchange *ex)
{
    struct endpoint *asked = upstream_pick(ex->host->upstream, exchange_pool(ex), ex->up.asked);

    if (!asked) {
        exchange_fail(ex, OUTCOME_OVERLOADED, NULL);
        return false;
    }
    ex->up.asked = asked;
    ex->scene.asked_origin = text_from(asked->url);
    ex->scene.sent_host = forwarded_host(ex);
    return true;
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
        .fresh = ex->up.again, /* the next kept connection may be as dead as the last */
        .pool = exchange_pool(ex),
    };

    if (!pick(ex))
        return;
    request.endpoint = ex->up.asked;
    ex->up.framing = framing;
    if (fields_up(ex, &request.fields))
        ex->upstream = upstream_start(ex->host->upstream, &request, &exchange_from_upstream, ex);
    else
        upstream_unpick(request.pool, request.endpoint);
    if (ex->upstream)
        times_asked(ex);
    else
        exchange_starve(ex);
}

/* The whole body is in hand: it goes up with its exact length. */
static void start_whole(struct exchange *ex)
{
    size_t length = evbuffer_get_length(ex->up.bytes);
    const char *bytes = length ? (const char *)evbuffer_pullup(ex->up.bytes, -1) : "";

    if (!bytes)
        exchange_starve(ex);
    else
        start_transfer(ex, length ? HTTP_LENGTH : HTTP_NO_BODY, text_of(bytes, length));
}

/* The request is complete and all of it can be sent as before. */
static bool is_at_hand(const struct exchange *ex)
{
    return ex->phase == EXCHANGE_WAITING &&
           (ex->up.whole || ex->request.head.framing == HTTP_NO_BODY);
}

/* True if the request may go up a second time after one was SENT, or had no connection. */
static bool may_repeat(const struct exchange *ex, bool sent)
{
    enum http_method method = route_upstream_method(ex->route, ex->request.head.method);

    if (!sent && exchange_pool(ex)->count > 1)
        return true;
    return is_at_hand(ex) && http_method_idempotent(method);
}

bool uplink_start_again(struct exchange *ex, bool sent)
{
    if (ex->up.again || !may_repeat(ex, sent))
        return false;
    ex->up.again = true;
    upstream_cancel(&ex->upstream);
    if (ex->up.whole)
        start_whole(ex);
    else
        start_transfer(ex, ex->up.framing, (struct text){0});
    return true;
}

static void on_translated(void *owner, struct text span)
{
    struct exchange *ex = owner;

    if (evbuffer_add(ex->up.bytes, span.at, span.len) != 0)
        ex->up.failed = true;
}

static bool on_plain(void *owner, struct text bytes);

/* Makes what the body passes on its way: decoder, translator, buffer.  False: no memory. */
static bool prepare(struct exchange *ex)
{
    struct uplink *up = &ex->up;
    const struct http_field *type = http_find(&ex->request.head.fields, TEXT("content-type"));
    struct translator_task task = {
        .rules = ex->route->rules,
        .direction = REQUEST,
        .limits = &ex->host->limits.translate,
        .scene = &ex->scene,
        .sink = {.take = on_translated, .owner = ex},
        .content_type = type ? type->value : (struct text){0},
    };

    up->bytes = evbuffer_new();
    if (!up->bytes || !unpack_init(&up->unpack, up->decoded ? up->coding : CODING_IDENTITY,
                                   &ex->host->limits.coding, on_plain, ex))
        return false;
    up->translated = up->media != MEDIA_OTHER;
    if (!up->translated)
        return true;
    task.watcher = tally_begin(&ex->tally[REQUEST], task.rules, &ex->sightings);
    up->translator = translator_new(up->media, &task);
    return up->translator;
}

/* How the body goes up if it goes as it comes. */
static enum http_framing streamed(const struct exchange *ex)
{
    return ex->up.media == MEDIA_OTHER ? ex->request.head.framing : HTTP_CHUNKED;
}

void uplink_begin(struct exchange *ex)
{
    if (!make_target(ex))
        return;
    if (ex->request.head.framing == HTTP_NO_BODY) {
        ex->up.complete = true;
        exchange_enter(ex, EXCHANGE_WAITING);
        start_transfer(ex, HTTP_NO_BODY, (struct text){0});
        return;
    }
    if (!prepare(ex)) {
        exchange_starve(ex);
        return;
    }
    front_continue(ex->client);
    if (!ex->up.whole)
        start_transfer(ex, streamed(ex), (struct text){0});
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

/* After bytes were buffered: start, offer, and stop the client if that is too much. */
static void pass_on(struct exchange *ex)
{
    struct uplink *up = &ex->up;

    if (up->whole && up->plain <= ex->host->limits.request_buffer)
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

static bool is_open(const struct exchange *ex)
{
    return ex->phase < EXCHANGE_FLUSHING && !ex->up.dropped && !ex->up.complete;
}

static void refuse(struct exchange *ex)
{
    const struct translate_fault *fault = translator_fault(ex->up.translator);

    ex->invalid[REQUEST] = fault->code != TRANSLATE_NO_MEMORY;
    exchange_fail(ex, exchange_request_fault(fault), fault);
}

/* Decoded bytes of the body.  False: no more for now. */
static bool on_plain(void *owner, struct text bytes)
{
    struct exchange *ex = owner;
    struct uplink *up = &ex->up;

    up->plain += bytes.len;
    if (!up->translator)
        on_translated(ex, bytes);
    if (up->plain > up->limit)
        exchange_fail(ex, OUTCOME_BODY_TOO_LARGE, NULL);
    else if (up->translator && translator_piece(up->translator, bytes) != TRANSLATE_OK)
        refuse(ex);
    else if (up->failed)
        exchange_starve(ex);
    else
        pass_on(ex);
    return is_open(ex) && !up->valve.shut;
}

/* Frees what the body passes on its way; the reply may take long to end. */
static void fini_passage(struct uplink *up)
{
    translator_free(&up->translator);
    unpack_fini(&up->unpack);
}

/* All has come and been decoded: the service may have the end. */
static void finish(struct exchange *ex)
{
    struct uplink *up = &ex->up;

    up->complete = true;
    if (unpack_end(&up->unpack) != UNPACKED_ALL) {
        exchange_fail(ex, OUTCOME_BAD_BODY_CODING, NULL);
        return;
    }
    if (up->translator && translator_end(up->translator) != TRANSLATE_OK) {
        refuse(ex);
        return;
    }
    fini_passage(up);
    if (ex->phase == EXCHANGE_SENDING)
        exchange_enter(ex, EXCHANGE_WAITING);
    if (up->failed)
        exchange_starve(ex);
    else if (up->whole)
        start_whole(ex);
    else
        offer(ex);
}

/* What came of decoding: goes on, ends the body, or fails the exchange. */
static void conclude(struct exchange *ex, enum unpacked result)
{
    if (!is_open(ex))
        return;
    switch (result) {
    case UNPACKED_ALL:
        if (ex->up.ended)
            finish(ex);
        break;
    case UNPACKED_STOPPED:
        break;
    case UNPACKED_BAD:
        exchange_fail(ex, OUTCOME_BAD_BODY_CODING, NULL);
        break;
    case UNPACKED_BOMB:
        exchange_fail(ex, OUTCOME_BODY_TOO_LARGE, NULL);
        break;
    case UNPACKED_NO_MEMORY:
        exchange_starve(ex);
        break;
    }
}

void uplink_piece(struct exchange *ex, struct text piece)
{
    if (!is_open(ex))
        return;
    ex->up.received += piece.len;
    conclude(ex, unpack_piece(&ex->up.unpack, piece));
}

void uplink_complete(struct exchange *ex)
{
    if (!is_open(ex))
        return;
    ex->up.ended = true;
    if (!ex->up.unpack.stopped)
        finish(ex);
}

enum upstream_give uplink_give(struct exchange *ex, char *to, size_t room, size_t *length_out)
{
    struct uplink *up = &ex->up;
    int taken = evbuffer_remove(up->bytes, to, room);

    if (taken <= 0) {
        up->wanted = !up->complete;
        return up->complete ? UPSTREAM_GIVE_END : UPSTREAM_GIVE_LATER;
    }
    *length_out = (size_t)taken;
    if (ex->client)
        front_moved(ex->client);
    if (!valve_settle(&up->valve, evbuffer_get_length(up->bytes)) || !ex->client)
        return UPSTREAM_GIVE_BYTES;
    if (up->unpack.stopped)
        conclude(ex, unpack_go_on(&up->unpack));
    if (ex->phase < EXCHANGE_FLUSHING && !up->valve.shut)
        front_read(ex->client, true);
    return UPSTREAM_GIVE_BYTES;
}

void uplink_drop(struct exchange *ex)
{
    ex->up.dropped = true;
    if (ex->up.valve.shut)
        front_read(ex->client, true);
}

void uplink_fini(struct uplink *up)
{
    fini_passage(up);
    if (up->bytes)
        evbuffer_free(up->bytes);
}
