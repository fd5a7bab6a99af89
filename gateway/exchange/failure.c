#include "base/quote.h"
#include "exchange/deprecated.h"

enum { ERROR_BODY_MAX = 8192, ERROR_TEXT_MAX = 512, ALLOW_MAX = 128 };

enum outcome exchange_request_fault(const struct translate_fault *fault)
{
    switch (fault->code) {
    case TRANSLATE_OK:
        break;
    case TRANSLATE_INVALID_JSON:
        return OUTCOME_INVALID_JSON;
    case TRANSLATE_INVALID_FORM:
        return OUTCOME_BAD_REQUEST;
    case TRANSLATE_CONFLICT:
        return OUTCOME_CONFLICTING_FIELDS;
    case TRANSLATE_NO_MEMORY:
        return OUTCOME_EXHAUSTED;
    }
    return OUTCOME_OK;
}

/* --- the error body ------------------------------------------------------- */

static void add_string(struct buf *to, struct text name, struct text value)
{
    buf_add_byte(to, '"');
    buf_add(to, name);
    buf_add(to, TEXT("\":"));
    quote_json(to, value, ERROR_TEXT_MAX);
}

static void add_number(struct buf *to, struct text name, uint64_t number)
{
    buf_add(to, TEXT(",\""));
    buf_add(to, name);
    buf_add(to, TEXT("\":"));
    buf_add_u64(to, number);
}

static void add_place(struct buf *to, const struct body_place *place)
{
    add_number(to, TEXT("offset"), place->offset);
    add_number(to, TEXT("line"), place->line);
    add_number(to, TEXT("column"), place->column);
}

static void add_fault(struct buf *to, const struct translate_fault *fault)
{
    if (fault->what) {
        buf_add_byte(to, ',');
        add_string(to, TEXT("reason"), text_from(fault->what));
    }
    if (fault->code == TRANSLATE_CONFLICT) {
        buf_add_byte(to, ',');
        add_string(to, TEXT("field"), fault->name);
    }
    if (fault->place.line == 0)
        return; /* not in a body */
    add_place(to, &fault->place);
    if (fault->code != TRANSLATE_CONFLICT)
        return;
    add_number(to, TEXT("firstOffset"), fault->first.offset);
    add_number(to, TEXT("firstLine"), fault->first.line);
    add_number(to, TEXT("firstColumn"), fault->first.column);
}

/* Writes the service's own envelope for the gateway's own error. */
static void write_body(struct buf *to, struct text id, const struct outcome_row *row,
                       const struct translate_fault *fault, struct text successor)
{
    buf_add(to, TEXT("{\"ok\":false,\"error\":{"));
    add_string(to, TEXT("code"), text_from(row->code));
    buf_add_byte(to, ',');
    add_string(to, TEXT("message"), text_from(row->message));
    buf_add(to, TEXT(",\"details\":{"));
    add_string(to, TEXT("requestId"), id);
    if (fault)
        add_fault(to, fault);
    if (successor.at && successor.len <= ERROR_TEXT_MAX) {
        buf_add_byte(to, ',');
        add_string(to, TEXT("successor"), successor);
    }
    buf_add(to, TEXT("}}}"));
}

/* --- the error reply ------------------------------------------------------ */

/* The fields of an error reply; ALLOW holds the methods for a 405. */
static void error_fields(struct exchange *ex, enum outcome outcome, const struct buf *allow,
                         struct http_field *at, struct http_fields *fields_out)
{
    size_t n = 0;

    at[n++] = (struct http_field){TEXT("Content-Type"), TEXT("application/json")};
    at[n++] = (struct http_field){TEXT("Via"), TEXT("1.1 dpgw")};
    if (ex->request.id.at)
        at[n++] = (struct http_field){TEXT("X-Request-Id"), ex->request.id};
    if (outcome == OUTCOME_NO_METHOD)
        at[n++] = (struct http_field){TEXT("Allow"), buf_text(allow)};
    if (outcome_row(outcome)->status == 503)
        at[n++] = (struct http_field){TEXT("Retry-After"), TEXT("1")};
    if (outcome == OUTCOME_BROWNOUT) /* caches may keep a 410 (RFC 9110, 15.5.11) */
        at[n++] = (struct http_field){TEXT("Cache-Control"), TEXT("no-store")};
    n += deprecated_fields(ex, at + n);
    *fields_out = (struct http_fields){at, n};
}

/*
 * True if the connection can't carry another request after this answer: the
 * head was refused, as a whole or for its path, or its body is still coming.
 */
static bool must_close(const struct exchange *ex)
{
    return ex->request.method.len == 0 || ex->outcome == OUTCOME_BAD_PATH ||
           (ex->request.head.framing != HTTP_NO_BODY && !ex->up.complete);
}

/* Says what went wrong; needs no memory, for that may be what went wrong. */
static void reply_error(struct exchange *ex, enum outcome outcome, int status,
                        const struct translate_fault *fault)
{
    struct http_field fields[5 + DEPRECATED_FIELDS_MAX];
    char body_space[ERROR_BODY_MAX], allow_space[ALLOW_MAX];
    struct buf body = {.at = body_space, .capacity = sizeof body_space, .max = sizeof body_space};
    struct buf allow = {
        .at = allow_space, .capacity = sizeof allow_space, .max = sizeof allow_space};
    struct front_reply reply = {.status = status, .framing = HTTP_LENGTH};
    struct text successor = {0};

    if (outcome == OUTCOME_NO_METHOD && ex->local)
        local_allow(&allow);
    else if (outcome == OUTCOME_NO_METHOD)
        route_allow(ex->route, &allow);
    if (outcome == OUTCOME_BROWNOUT)
        successor = ex->deprecated.successor;
    write_body(&body, ex->request.id, outcome_row(outcome), fault, successor);
    error_fields(ex, outcome, &allow, fields, &reply.fields);
    reply.length = body.len;
    reply.has_length = true;
    reply.close = must_close(ex);
    bool is_head = ex->request.head.method == HTTP_HEAD && ex->request.method.len > 0;
    if (is_head)
        reply.framing = HTTP_NO_BODY;
    front_reply(ex->client, &reply);
    if (!is_head) {
        ex->sent_bytes = body.len;
        front_send(ex->client, buf_text(&body));
    }
    ex->status = status;
}

static void fail(struct exchange *ex, enum outcome outcome, int status,
                 const struct translate_fault *fault)
{
    if (ex->phase >= EXCHANGE_FLUSHING)
        return;
    exchange_decide(ex, outcome);
    times_answered(ex);
    upstream_cancel(&ex->upstream);
    exchange_enter(ex, EXCHANGE_FLUSHING);
    if (ex->down.begun) {
        front_abort(ex->client); /* a reply that failed must not look complete */
        return;
    }
    reply_error(ex, outcome, status, fault);
    front_finish(ex->client, NULL);
}

void exchange_fail(struct exchange *ex, enum outcome outcome, const struct translate_fault *fault)
{
    fail(ex, outcome, outcome_row(outcome)->status, fault);
}

enum outcome exchange_starved(const struct exchange *ex)
{
    return arena_full(ex->arena) ? OUTCOME_INTERNAL : OUTCOME_EXHAUSTED;
}

void exchange_starve(struct exchange *ex)
{
    exchange_fail(ex, exchange_starved(ex), NULL);
}

void exchange_fail_as(struct exchange *ex, enum outcome outcome, int status)
{
    fail(ex, outcome, status, NULL);
}

void exchange_answer_empty(struct exchange *ex, int status)
{
    struct http_field fields[2] = {{TEXT("Via"), TEXT("1.1 dpgw")},
                                   {TEXT("X-Request-Id"), ex->request.id}};
    struct front_reply reply = {
        .status = status, .framing = HTTP_NO_BODY, .fields = {fields, 2}, .close = must_close(ex)};

    exchange_enter(ex, EXCHANGE_FLUSHING);
    ex->status = status;
    front_reply(ex->client, &reply);
    front_finish(ex->client, NULL);
}

static void ignore(void *owner)
{
    (void)owner;
}

void exchange_turn_away(struct front_request *request)
{
    static const struct front_events deaf = {.on_gone = ignore, .on_end = ignore};
    struct http_field fields[] = {{TEXT("Content-Type"), TEXT("application/json")},
                                  {TEXT("Via"), TEXT("1.1 dpgw")},
                                  {TEXT("Retry-After"), TEXT("1")}};
    const struct outcome_row *row = outcome_row(OUTCOME_EXHAUSTED);
    char space[ERROR_TEXT_MAX];
    struct buf body = {.at = space, .capacity = sizeof space, .max = sizeof space};

    write_body(&body, TEXT(""), row, NULL, (struct text){0});
    struct front_reply reply = {.status = row->status,
                                .fields = {fields, sizeof fields / sizeof fields[0]},
                                .framing = HTTP_LENGTH,
                                .length = body.len,
                                .has_length = true,
                                .close = true};
    front_attach(request, &deaf, NULL);
    front_reply(request, &reply);
    front_send(request, buf_text(&body));
    front_finish(request, NULL);
}
