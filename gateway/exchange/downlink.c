#include "exchange/life.h"

/* --- the head ------------------------------------------------------------- */

static bool has_type(const struct upstream_head *head, enum media media)
{
    const struct http_field *type = http_find(&head->fields, TEXT("content-type"));

    return type && media_of(type->value) == media;
}

static bool is_event_stream(const struct upstream_head *head)
{
    const struct http_field *type = http_find(&head->fields, TEXT("content-type"));

    return type && text_eq_nocase(text_of(type->value.at, text_find(type->value, ';')),
                                  TEXT("text/event-stream"));
}

static bool is_coded(const struct upstream_head *head)
{
    const struct http_field *coding = http_find(&head->fields, TEXT("content-encoding"));

    return coding && coding->value.len > 0 && !text_eq_nocase(coding->value, TEXT("identity"));
}

/* True if a body of this reply would be one that the rules of the route change. */
static bool is_translated_type(const struct exchange *ex, const struct upstream_head *head)
{
    return !ex->route->passthrough && ex->route->body == ROUTE_BODY_AUTO &&
           has_type(head, MEDIA_JSON);
}

static void on_translated(void *owner, struct text span)
{
    struct exchange *ex = owner;

    buf_add(&ex->down.piece, span);
}

/* The status that tells the client of an invalid reply whose own status was STATUS. */
static void fail_invalid(struct exchange *ex, int status)
{
    exchange_fail_as(ex, OUTCOME_UPSTREAM_INVALID, status >= 400 ? status : 502);
}

/* Fills the framing of the reply in from what the service framed. */
static void frame(struct exchange *ex, const struct upstream_head *head, bool typed)
{
    struct downlink *down = &ex->down;
    struct front_reply *reply = &down->reply;
    bool has_body = head->framing != HTTP_NO_BODY && head->status != 205;

    down->translated = typed && has_body;
    down->held = has_body && head->framing == HTTP_LENGTH && !is_event_stream(head) &&
                 head->length <= ex->host->limits.reply_buffer;
    reply->framing = HTTP_CHUNKED;
    if (!has_body)
        reply->framing = HTTP_NO_BODY;
    else if (head->framing == HTTP_LENGTH && !typed)
        reply->framing = HTTP_LENGTH;
    reply->length = head->length;
    /* A length that stands for a body which a GET would get translated is not vouched for. */
    reply->has_length = head->has_length && (!typed || head->length == 0);
    if (head->status == 205) { /* has no body, and must say so (RFC 9110, 15.3.6) */
        reply->has_length = true;
        reply->length = 0;
    }
}

static bool prepare(struct exchange *ex)
{
    if (!ex->down.translated)
        return true;
    ex->down.translator =
        translator_new(ex->route->rules, RESPONSE, &ex->host->limits.translate, &ex->scene, NULL,
                       (struct sink){.take = on_translated, .owner = ex});
    return ex->down.translator;
}

static void begin_reply(struct exchange *ex)
{
    ex->down.begun = true;
    ex->down.reply.close = !ex->up.complete; /* what still comes is no next request */
    ex->status = ex->down.reply.status;
    front_reply(ex->client, &ex->down.reply);
}

void downlink_begin(struct exchange *ex, const struct upstream_head *head)
{
    struct downlink *down = &ex->down;
    bool typed = is_translated_type(ex, head);

    down->reply.status = head->status;
    down->reply.reason = arena_copy(ex->arena, head->reason);
    frame(ex, head, typed);
    if (down->translated && (is_coded(head) || head->status == 206)) {
        fail_invalid(ex, head->status);
        return;
    }
    if (!prepare(ex) || !fields_down(ex, head, typed, &down->reply.fields)) {
        exchange_fail(ex, OUTCOME_INTERNAL, NULL);
        return;
    }
    if (is_event_stream(head) && !ex->route->timeout_ms)
        upstream_set_between_bytes(ex->upstream, ex->host->limits.stream_ms);
    if (!down->held)
        begin_reply(ex);
}

/* --- the body ------------------------------------------------------------- */

/* Gives what has been translated to the client, and pauses the service if that is too much. */
static void pass_on(struct exchange *ex, struct text bytes)
{
    struct downlink *down = &ex->down;

    if (bytes.len == 0)
        return;
    ex->sent_bytes += bytes.len;
    down->valve.level = front_send(ex->client, bytes);
    if (valve_fill(&down->valve, 0) && ex->upstream)
        upstream_pause(ex->upstream);
}

static void refuse(struct exchange *ex)
{
    if (translator_fault(ex->down.translator)->code == TRANSLATE_NO_MEMORY)
        exchange_fail(ex, OUTCOME_INTERNAL, NULL);
    else
        fail_invalid(ex, ex->down.reply.status);
}

/* Ends the piece under way: a held reply keeps it, another one sends it. */
static void settle(struct exchange *ex)
{
    struct downlink *down = &ex->down;

    if (down->piece.failed) {
        exchange_fail(ex, OUTCOME_INTERNAL, NULL);
    } else if (!down->held) {
        pass_on(ex, buf_text(&down->piece));
        buf_clear(&down->piece);
    }
}

void downlink_piece(struct exchange *ex, struct text piece)
{
    struct downlink *down = &ex->down;

    if (ex->phase != EXCHANGE_REPLYING || down->reply.framing == HTTP_NO_BODY)
        return;
    if (!down->translated && !down->held) {
        pass_on(ex, piece);
        return;
    }
    if (!down->translated)
        buf_add(&down->piece, piece);
    else if (translator_piece(down->translator, piece) != TRANSLATE_OK) {
        refuse(ex);
        return;
    }
    settle(ex);
}

/* The held reply is complete: head and body leave in one write. */
static void send_held(struct exchange *ex)
{
    struct text body = buf_text(&ex->down.piece);

    ex->down.reply.framing = HTTP_LENGTH;
    ex->down.reply.length = body.len;
    begin_reply(ex);
    pass_on(ex, body);
}

void downlink_complete(struct exchange *ex, const struct http_fields *trailers)
{
    struct downlink *down = &ex->down;
    struct http_fields mapped = {0};

    if (ex->phase != EXCHANGE_REPLYING)
        return;
    if (down->translated && translator_end(down->translator) != TRANSLATE_OK) {
        refuse(ex);
        return;
    }
    settle(ex);
    if (ex->phase != EXCHANGE_REPLYING)
        return;
    if (trailers && !fields_beside(ex, trailers, down->translated, &mapped)) {
        exchange_fail(ex, OUTCOME_INTERNAL, NULL);
        return;
    }
    if (down->held)
        send_held(ex);
    exchange_enter(ex, EXCHANGE_FLUSHING);
    front_finish(ex->client, &mapped);
}

void downlink_drained(struct exchange *ex, size_t waiting)
{
    if (valve_settle(&ex->down.valve, waiting) && ex->upstream)
        upstream_resume(ex->upstream); /* may deliver a piece before it returns */
}

void downlink_fini(struct downlink *down)
{
    translator_free(&down->translator);
    buf_fini(&down->piece);
}
