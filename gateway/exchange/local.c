#include "exchange/life.h"
#include "exchange/validators.h"
#include "http/accept.h"

enum { FIELDS_MAX = 12, PIECE_BYTES = 16 * 1024 };

const struct local_reply *local_find(const struct exchange *ex, struct text path)
{
    const struct local_replies *replies = &ex->host->local;

    for (size_t i = 0; i < replies->count; i++)
        if (text_eq(replies->at[i].route.client, path))
            return &replies->at[i];
    return NULL;
}

bool local_takes(enum http_method method)
{
    return method == HTTP_GET || method == HTTP_HEAD;
}

void local_allow(struct buf *to)
{
    buf_add(to, TEXT("GET, HEAD"));
}

/* --- the head --------------------------------------------------------------------- */

/* The representation that suits the client. */
static const struct local_form *form_for(const struct exchange *ex)
{
    const struct local_reply *local = ex->local;
    bool gzip = http_accepts_coding(&ex->request.head.fields, TEXT("gzip"));

    return gzip && local->coded.bytes.len > 0 ? &local->coded : &local->plain;
}

/* True if the client has FORM already. */
static bool is_known(const struct exchange *ex, const struct local_form *form)
{
    const struct http_field *known = http_find(&ex->request.head.fields, TEXT("if-none-match"));

    return known && validators_known(known->value, text_from(form->tag));
}

static void add(struct http_fields *to, struct http_field *space, struct text name,
                struct text value)
{
    space[to->count++] = (struct http_field){name, value};
    to->at = space;
}

/* A 304 has the fields that a cache keeps, a 200 those that tell of the body too. */
static void fill_fields(const struct exchange *ex, const struct local_form *form,
                        struct http_field *space, struct front_reply *reply)
{
    struct http_fields *to = &reply->fields;

    add(to, space, TEXT("ETag"), text_from(form->tag));
    add(to, space, TEXT("Cache-Control"), TEXT("no-cache"));
    add(to, space, TEXT("Vary"), TEXT("Accept-Encoding"));
    add(to, space, TEXT("Via"), TEXT("1.1 dpgw"));
    add(to, space, TEXT("X-Request-Id"), ex->request.id);
    if (reply->status == 304)
        return;
    add(to, space, TEXT("Content-Type"), ex->local->type);
    add(to, space, TEXT("X-Content-Type-Options"), TEXT("nosniff"));
    if (form == &ex->local->coded)
        add(to, space, TEXT("Content-Encoding"), TEXT("gzip"));
    if (ex->local->policy.len == 0)
        return;
    add(to, space, TEXT("Content-Security-Policy"), ex->local->policy);
    add(to, space, TEXT("Referrer-Policy"), TEXT("no-referrer"));
}

/* --- the body --------------------------------------------------------------------- */

/* What comes of the request's body is of no interest; a next request can't follow it. */
static void pass_over_body(struct exchange *ex)
{
    ex->up.complete = ex->request.head.framing == HTTP_NO_BODY;
    uplink_drop(ex);
}

void local_begin(struct exchange *ex)
{
    const struct local_form *form = form_for(ex);
    struct http_field space[FIELDS_MAX];
    struct front_reply reply = {
        .status = is_known(ex, form) ? 304 : 200,
        .framing = HTTP_LENGTH,
        .length = form->bytes.len,
        .has_length = true,
    };

    pass_over_body(ex);
    fill_fields(ex, form, space, &reply);
    reply.has_length = reply.status == 200;
    reply.close = !ex->up.complete;
    if (reply.status == 304 || ex->request.head.method == HTTP_HEAD)
        reply.framing = HTTP_NO_BODY;
    else
        ex->local_left = form->bytes;
    ex->status = reply.status;
    ex->down.begun = true;
    exchange_enter(ex, EXCHANGE_REPLYING);
    front_reply(ex->client, &reply);
    local_go_on(ex);
}

void local_go_on(struct exchange *ex)
{
    struct valve *valve = &ex->down.valve;
    struct text *left = &ex->local_left;

    while (left->len > 0 && !valve->shut) {
        struct text piece = text_of(left->at, left->len < PIECE_BYTES ? left->len : PIECE_BYTES);

        *left = text_from_offset(*left, piece.len);
        ex->sent_bytes += piece.len;
        valve->level = front_send(ex->client, piece);
        valve_fill(valve, 0);
    }
    if (left->len > 0)
        return;
    exchange_enter(ex, EXCHANGE_FLUSHING);
    front_finish(ex->client, NULL);
}
