#include "exchange/life.h"
#include "http/accept.h"

/* A coded reply that declares less than this is not worth coding again. */
enum { CODE_FROM_BYTES = 1024 };

/* --- the head ------------------------------------------------------------- */

static struct text value_of(const struct upstream_head *head, struct text name)
{
    const struct http_field *field = http_find(&head->fields, name);

    return field ? field->value : (struct text){0};
}

/* The kind of body, for the rules of the route; MEDIA_OTHER where they don't touch bodies. */
static enum media media_for(const struct exchange *ex, const struct upstream_head *head)
{
    if (ex->route->passthrough || ex->route->body != ROUTE_BODY_AUTO)
        return MEDIA_OTHER;
    return media_of(value_of(head, TEXT("content-type")));
}

static bool is_event_stream(const struct upstream_head *head)
{
    return media_of(value_of(head, TEXT("content-type"))) == MEDIA_EVENT_STREAM;
}

/*
 * Decides whose coding the reply has.  A body that is translated is decoded,
 * and so is one in a coding that the client did not ask for; a part of one
 * can't be.  False: it would
 * have to be decoded and can't.
 */
static bool plan_codings(struct exchange *ex, const struct upstream_head *head, enum media media)
{
    struct downlink *down = &ex->down;
    const struct http_fields *accepts = &ex->request.head.fields;
    struct text name = value_of(head, TEXT("content-encoding"));

    down->coding = unpack_coding(&head->fields);
    if (ex->route->passthrough || ex->route->body != ROUTE_BODY_AUTO ||
        down->coding == CODING_IDENTITY || head->status == 206)
        return true;
    if (media == MEDIA_OTHER &&
        (down->coding == CODING_UNKNOWN || http_accepts_coding(accepts, name)))
        return true;
    if (down->coding == CODING_UNKNOWN)
        return false;
    down->decoded = true;
    down->coded = media != MEDIA_OTHER && http_accepts_coding(accepts, TEXT("gzip")) &&
                  (!head->has_length || head->length >= CODE_FROM_BYTES);
    return true;
}

static enum http_framing framing_for(const struct upstream_head *head, bool has_body, bool changed)
{
    if (!has_body)
        return HTTP_NO_BODY;
    return head->framing == HTTP_LENGTH && !changed ? HTTP_LENGTH : HTTP_CHUNKED;
}

/* Fills the framing of the reply in from what the service framed. */
static void frame(struct exchange *ex, const struct upstream_head *head, enum media media)
{
    struct downlink *down = &ex->down;
    struct front_reply *reply = &down->reply;
    bool has_body = head->framing != HTTP_NO_BODY && head->status != 205;
    bool changed = media != MEDIA_OTHER || down->decoded;

    down->translated = media != MEDIA_OTHER && has_body;
    down->held = has_body && head->framing == HTTP_LENGTH && media != MEDIA_EVENT_STREAM &&
                 head->length <= ex->host->limits.reply_buffer;
    reply->framing = framing_for(head, has_body, changed);
    reply->length = head->length;
    /* A length that stands for a body which a GET would get changed is not vouched for. */
    reply->has_length = head->has_length && (!changed || head->length == 0);
    if (head->status == 204) /* has no body, and must not say so (RFC 9110, 8.6) */
        reply->has_length = false;
    if (head->status == 205) { /* has no body, and must say so (RFC 9110, 15.3.6) */
        reply->has_length = true;
        reply->length = 0;
    }
}

static void on_translated(void *owner, struct text span)
{
    struct exchange *ex = owner;

    buf_add(&ex->down.piece, span);
}

static bool on_plain(void *owner, struct text bytes);

/* Makes what the body passes on its way: decoder, translator, encoder.  False: no memory. */
static bool prepare(struct exchange *ex, enum media media, struct text content_type)
{
    struct downlink *down = &ex->down;
    bool has_body = down->reply.framing != HTTP_NO_BODY;
    struct translator_task task = {
        .rules = ex->route->rules,
        .direction = RESPONSE,
        .limits = &ex->host->limits.translate,
        .scene = &ex->scene,
        .sink = {.take = on_translated, .owner = ex},
        .content_type = content_type,
    };

    if (!unpack_init(&down->unpack, down->decoded && has_body ? down->coding : CODING_IDENTITY,
                     &ex->host->limits.coding, on_plain, ex))
        return false;
    if (down->translated) {
        task.watcher = tally_begin(&ex->tally[RESPONSE], task.rules, &ex->sightings);
        down->translator = translator_new(media, &task);
    }
    if (down->translated && !down->translator)
        return false;
    if (!down->coded || !has_body)
        return true;
    down->encoder = down->events ? encoder_new_small() : encoder_new();
    return down->encoder;
}

static void begin_reply(struct exchange *ex)
{
    ex->down.begun = true;
    ex->down.reply.close = !ex->up.complete; /* what still comes is no next request */
    ex->status = ex->down.reply.status;
    front_reply(ex->client, &ex->down.reply);
}

/* The status that tells the client of an invalid reply is the service's own if that is an error. */
static void fail_invalid(struct exchange *ex)
{
    int status = ex->down.reply.status;

    exchange_fail_as(ex, OUTCOME_UPSTREAM_INVALID, status >= 400 ? status : 502);
}

void downlink_begin(struct exchange *ex, const struct upstream_head *head)
{
    struct downlink *down = &ex->down;
    enum media media = media_for(ex, head);
    struct text type = arena_copy(ex->arena, value_of(head, TEXT("content-type")));
    bool plannable = plan_codings(ex, head, media);

    down->reply.status = head->status;
    down->reply.reason = arena_copy(ex->arena, head->reason);
    down->events = is_event_stream(head);
    if (down->events && ex->host->event_streams)
        atomic_fetch_add_explicit(ex->host->event_streams, 1, memory_order_relaxed);
    down->prompt = down->events || media == MEDIA_RECORDS || media == MEDIA_JSON_SEQ;
    frame(ex, head, media);
    if (down->translated && (!plannable || head->status == 206)) {
        fail_invalid(ex);
        return;
    }
    if (!prepare(ex, media, type) ||
        !fields_down(ex, head, media != MEDIA_OTHER, &down->reply.fields)) {
        exchange_starve(ex);
        return;
    }
    if (down->events && !ex->route->timeout_ms)
        upstream_set_between_bytes(ex->upstream, ex->host->limits.stream_ms);
    if (!down->held)
        begin_reply(ex);
}

/* --- the body ------------------------------------------------------------- */

/* Gives BYTES to the client, and pauses the service if that is too much. */
static void give(struct exchange *ex, struct text bytes)
{
    struct downlink *down = &ex->down;

    if (bytes.len == 0)
        return;
    ex->sent_bytes += bytes.len;
    down->valve.level = front_send(ex->client, bytes);
    if (!valve_fill(&down->valve, 0) || !ex->upstream || down->paused)
        return;
    down->paused = true;
    upstream_pause(ex->upstream);
}

/* What was in B has left.  An event stream may stay open for long: it holds none between events. */
static void empty(const struct downlink *down, struct buf *b)
{
    if (down->events)
        buf_fini(b);
    else
        buf_clear(b);
}

/* Gives BYTES to the client in the coding the reply has. */
static void deliver(struct exchange *ex, struct text bytes, enum encoder_until until)
{
    struct downlink *down = &ex->down;

    if (!down->encoder) {
        give(ex, bytes);
        return;
    }
    if (encoder_put(down->encoder, bytes, until, &down->recoded))
        give(ex, buf_text(&down->recoded));
    else
        exchange_starve(ex);
    empty(down, &down->recoded);
}

/* Ends the piece under way: a held reply keeps it while it is small, another one sends it. */
static void settle(struct exchange *ex)
{
    struct downlink *down = &ex->down;

    if (down->piece.failed) {
        exchange_starve(ex);
        return;
    }
    if (down->held && down->piece.len <= ex->host->limits.buffer_high)
        return;
    if (down->held) {
        down->held = false;
        down->reply.framing = HTTP_CHUNKED;
        begin_reply(ex);
    }
    if (down->piece.len)
        deliver(ex, buf_text(&down->piece), down->prompt ? ENCODER_FLUSH : ENCODER_GO_ON);
    empty(down, &down->piece);
}

static void refuse(struct exchange *ex)
{
    ex->invalid[RESPONSE] = translator_fault(ex->down.translator)->code != TRANSLATE_NO_MEMORY;
    if (ex->invalid[RESPONSE])
        fail_invalid(ex);
    else
        exchange_starve(ex);
}

/* Decoded bytes of the body.  False: no more for now. */
static bool on_plain(void *owner, struct text bytes)
{
    struct exchange *ex = owner;
    struct downlink *down = &ex->down;

    if (!down->translated && !down->held)
        deliver(ex, bytes, ENCODER_GO_ON);
    else if (down->translated && translator_piece(down->translator, bytes) != TRANSLATE_OK)
        refuse(ex);
    else {
        if (!down->translated)
            buf_add(&down->piece, bytes);
        settle(ex);
    }
    return ex->phase == EXCHANGE_REPLYING && !down->valve.shut;
}

/* The held reply is complete: head and body leave in one write. */
static void send_held(struct exchange *ex)
{
    struct downlink *down = &ex->down;
    struct text body = buf_text(&down->piece);

    if (down->encoder && !encoder_put(down->encoder, body, ENCODER_END, &down->recoded)) {
        exchange_starve(ex);
        return;
    }
    if (down->encoder)
        body = buf_text(&down->recoded);
    down->reply.framing = HTTP_LENGTH;
    down->reply.length = body.len;
    begin_reply(ex);
    give(ex, body);
}

/* All has come and been decoded: what is held leaves and the reply ends. */
static void finish(struct exchange *ex)
{
    struct downlink *down = &ex->down;

    if (unpack_end(&down->unpack) != UNPACKED_ALL) {
        fail_invalid(ex);
        return;
    }
    if (down->translated && translator_end(down->translator) != TRANSLATE_OK) {
        refuse(ex);
        return;
    }
    settle(ex);
    if (ex->phase == EXCHANGE_REPLYING && down->held)
        send_held(ex);
    else if (ex->phase == EXCHANGE_REPLYING && down->encoder)
        deliver(ex, TEXT(""), ENCODER_END);
    if (ex->phase != EXCHANGE_REPLYING)
        return;
    exchange_enter(ex, EXCHANGE_FLUSHING);
    front_finish(ex->client, &down->trailers);
}

/* What came of decoding: goes on, ends the reply, or fails it. */
static void conclude(struct exchange *ex, enum unpacked result)
{
    if (ex->phase != EXCHANGE_REPLYING)
        return;
    switch (result) {
    case UNPACKED_ALL:
        if (ex->down.ended)
            finish(ex);
        break;
    case UNPACKED_STOPPED:
        break;
    case UNPACKED_BAD:
    case UNPACKED_BOMB:
        fail_invalid(ex);
        break;
    case UNPACKED_NO_MEMORY:
        exchange_starve(ex);
        break;
    }
}

void downlink_piece(struct exchange *ex, struct text piece)
{
    if (ex->phase == EXCHANGE_REPLYING && ex->down.reply.framing != HTTP_NO_BODY)
        conclude(ex, unpack_piece(&ex->down.unpack, piece));
}

void downlink_complete(struct exchange *ex, const struct http_fields *trailers)
{
    struct downlink *down = &ex->down;

    if (ex->phase != EXCHANGE_REPLYING)
        return;
    if (trailers && !fields_beside(ex, trailers, down->translated, &down->trailers)) {
        exchange_starve(ex);
        return;
    }
    down->ended = true;
    if (!down->unpack.stopped)
        finish(ex);
}

void downlink_drained(struct exchange *ex, size_t waiting)
{
    struct downlink *down = &ex->down;

    if (!valve_settle(&down->valve, waiting) || ex->phase != EXCHANGE_REPLYING)
        return;
    if (ex->local) {
        local_go_on(ex);
        return;
    }
    if (down->unpack.stopped)
        conclude(ex, unpack_go_on(&down->unpack));
    if (!ex->upstream || down->valve.shut)
        return;
    down->paused = false;
    upstream_resume(ex->upstream); /* may deliver a piece before it returns */
}

void downlink_fini(struct downlink *down)
{
    translator_free(&down->translator);
    encoder_free(&down->encoder);
    unpack_fini(&down->unpack);
    buf_fini(&down->piece);
    buf_fini(&down->recoded);
}
