#include "front/door.h"

#include <assert.h>
#include <stdlib.h>

static struct front_request *request_new(struct tap *tap, struct text head)
{
    struct front_request *request = calloc(1, sizeof *request + head.len);

    if (!request)
        return NULL;
    request->tap = tap;
    memcpy(request->bytes, head.at, head.len);
    return request;
}

/* Copies the fields that were judged in the front's scratch room. */
static bool keep_fields(struct front_request *request)
{
    struct http_fields *fields = &request->head.fields;

    if (fields->count == 0)
        return true;
    request->fields = malloc(fields->count * sizeof *fields->at);
    if (!request->fields)
        return false;
    memcpy(request->fields, fields->at, fields->count * sizeof *fields->at);
    fields->at = request->fields;
    return true;
}

/* Hands over the request whose head is HEAD, refused with STATUS if not 0. */
static void hand(struct tap *tap, struct text head, int status, const char *reason)
{
    struct front *f = tap->front;
    struct front_request *request = request_new(tap, head);

    if (!request) {
        tap->lost = true;
        return;
    }
    if (status == 0)
        status = http_head_parse(text_of(request->bytes, head.len), &f->limits.head, f->scratch,
                                 &request->head, &reason);
    if (request->head.framing == HTTP_NO_BODY)
        request->head.expect_continue = false; /* nothing to wait for */
    request->refused = status;
    request->reason = reason;
    tap->request = request;
    tap->requests++;
    tap_side_drop(tap, head.len);
    tap->scanned = 0;
    tap->idle_expired = false;
    tap->head_expired = false;
    if (!keep_fields(request)) {
        tap->lost = true;
        return;
    }
    door_hand(tap);
}

/* True if no more came than an empty line, which some send after a body. */
static bool says_nothing(struct text side)
{
    return side.len <= 2 && memcmp(side.at, "\r\n", side.len) == 0;
}

void tap_read_head(struct tap *tap)
{
    struct text side = tap_side(tap);
    size_t from = tap->scanned;
    size_t end = http_head_end(side, &tap->scanned);
    const char *reason = "The request head took too long.";
    int status = 0;

    if (end == 0 && side.len > 0)
        status = http_head_early(side, from, &tap->front->limits.head, &reason);
    if (end == 0 && status == 0 && tap->head_expired) {
        status = 408;
        reason = "The request head took too long.";
    }
    if (end > 0 || status) {
        hand(tap, text_of(side.at, end), status, reason);
    } else if (!says_nothing(side) && tap->phase == TAP_IDLE) {
        tap->phase = TAP_HEAD;
        tap->idle_expired = false;
        tap->phase_since_ms = tap_now_ms();
        tap_clock(tap, tap->front->limits.request_head_ms);
    }
}

static void begin_body(struct tap *tap)
{
    const struct http_head *head = &tap->request->head;

    tap->paused = false;
    tap->body_expired = false;
    tap->body_since_ms = tap_now_ms();
    tap->reply_since_ms = tap->body_since_ms;
    tap->told_empty = true;
    tap->above_low = false;
    tap->body_bytes = 0;
    tap->body_left = head->framing == HTTP_LENGTH ? head->length : 0;
    tap->phase = TAP_BODY;
    if (head->framing == HTTP_CHUNKED) {
        chunked_init(&tap->chunked, &tap->front->limits.chunked);
        tap->chunked_ready = true;
    }
    if (head->framing != HTTP_NO_BODY && !tap->request->refused)
        tap_clock_body(tap);
}

void tap_dispatch(struct tap *tap)
{
    struct front_request *request = tap->request;
    const struct front_host *host = &tap->front->host;

    begin_body(tap);
    if (request->refused) {
        tap->phase = TAP_HOLD;
        host->on_refused(host->owner, request, request->refused, request->reason);
    } else {
        host->on_request(host->owner, request, &request->head);
    }
    assert(request->events);
}

void front_attach(struct front_request *request, const struct front_events *events, void *owner)
{
    request->events = events;
    request->owner = owner;
}

void front_read(struct front_request *request, bool on)
{
    struct tap *tap = request->tap;

    if (tap->paused == !on)
        return;
    tap->paused = !on;
    uint64_t now = tap_now_ms();
    if (!on) {
        tap->paused_at_ms = now;
        return;
    }
    uint64_t read_ms = tap->paused_at_ms - tap->read_since_ms;
    if (tap->phase == TAP_BODY)
        tap_clock_body(tap);
    tap->read_since_ms = now - read_ms;
    tap_wake(tap);
}

void front_moved(struct front_request *request)
{
    if (request->tap->eof)
        request->tap->moved_since_ms = tap_now_ms();
}

/* True if the owner is still to hear of the request body. */
static bool owner_listens(const struct front_request *request)
{
    return request->reply != REPLY_FINISHED && !request->body_broken && !request->tap->lost;
}

static void body_end(struct tap *tap)
{
    static const struct http_fields none;
    struct front_request *request = tap->request;

    tap->phase = TAP_HOLD;
    if (owner_listens(request))
        request->events->on_body_end(request->owner,
                                     tap->chunked_ready ? &tap->chunked.trailers : &none);
}

static void body_broke(struct tap *tap, int status, const char *reason)
{
    struct front_request *request = tap->request;
    bool tell = owner_listens(request);

    request->body_broken = true;
    if (tell)
        request->events->on_body_broken(request->owner, status, reason);
}

static void give(struct tap *tap, struct text piece)
{
    struct front_request *request = tap->request;

    tap->body_bytes += piece.len;
    if (owner_listens(request))
        request->events->on_piece(request->owner, piece);
}

static void read_length(struct tap *tap)
{
    struct text side = tap_side(tap);

    if (side.len > tap->body_left)
        side.len = (size_t)tap->body_left;
    tap->body_left -= side.len;
    if (side.len > 0)
        give(tap, side);
    tap_side_drop(tap, side.len);
    if (tap->body_left == 0)
        body_end(tap);
}

static void read_chunked(struct tap *tap)
{
    struct text side = tap_side(tap);
    struct text rest = side;
    struct text content;
    enum chunked_step step = chunked_next(&tap->chunked, &rest, &content);

    if (step == CHUNKED_CONTENT)
        give(tap, content);
    tap_side_drop(tap, side.len - rest.len);
    if (step == CHUNKED_END)
        body_end(tap);
    else if (step == CHUNKED_BAD)
        body_broke(tap, tap->chunked.starved ? 503 : 400, "The chunked body is malformed.");
}

/* True if the body may be read on, by its owner or to be dropped. */
static bool body_moves(const struct tap *tap)
{
    const struct front_request *request = tap->request;

    return tap->phase == TAP_BODY && !tap->lost && !request->body_broken &&
           (!tap->paused || request->reply == REPLY_FINISHED);
}

void tap_read_body(struct tap *tap)
{
    if (tap->body_expired && !tap->request->body_broken) {
        body_broke(tap, 408, "The request body took too long.");
        return;
    }
    if (tap->request->head.framing == HTTP_NO_BODY) {
        body_end(tap);
        return;
    }
    if (tap_side(tap).len > 0)
        tap->body_since_ms = tap_now_ms();
    while (body_moves(tap) && tap_side(tap).len > 0)
        if (tap->chunked_ready)
            read_chunked(tap);
        else
            read_length(tap);
}
