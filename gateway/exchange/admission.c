#include "exchange/deprecated.h"

/* The kind of body, for the rules of the route; MEDIA_OTHER where they don't touch bodies. */
static enum media media_for(const struct exchange *ex)
{
    const struct http_head *head = &ex->request.head;
    const struct http_field *type = http_find(&head->fields, TEXT("content-type"));

    if (ex->route->passthrough || ex->route->body != ROUTE_BODY_AUTO ||
        head->framing == HTTP_NO_BODY || !type)
        return MEDIA_OTHER;
    return media_of(type->value);
}

/* The most bytes a body of MEDIA may have on EX's route. */
static uint64_t limit_for(const struct exchange *ex, enum media media)
{
    if (ex->route->max_body)
        return ex->route->max_body;
    switch (media) {
    case MEDIA_JSON:
    case MEDIA_RECORDS:
    case MEDIA_JSON_SEQ:
    case MEDIA_FORM:
        return ex->host->limits.body_json;
    case MEDIA_EVENT_STREAM:
    case MEDIA_MULTIPART:
    case MEDIA_OTHER:
        break;
    }
    return ex->host->limits.body_other;
}

static enum outcome judge_body(struct exchange *ex)
{
    const struct http_head *head = &ex->request.head;
    struct uplink *up = &ex->up;

    up->media = media_for(ex);
    up->whole = up->media == MEDIA_JSON || up->media == MEDIA_FORM;
    up->limit = limit_for(ex, up->media);
    if (head->framing == HTTP_LENGTH && head->length > up->limit)
        return OUTCOME_BODY_TOO_LARGE;
    if (up->media == MEDIA_OTHER)
        return OUTCOME_OK;
    up->coding = unpack_coding(&head->fields);
    up->decoded = up->coding != CODING_IDENTITY;
    return up->coding == CODING_UNKNOWN ? OUTCOME_UNSUPPORTED_CODING : OUTCOME_OK;
}

/* True if the gateway itself answers at this path. */
static bool is_local(struct exchange *ex)
{
    ex->local = local_find(ex, ex->request.head.path);
    if (ex->local)
        ex->route = &ex->local->route;
    return ex->local;
}

/* What comes of a request on a route that is to go away. */
static enum outcome judge_deprecated(struct exchange *ex)
{
    if (!deprecated_begin(ex))
        return exchange_starved(ex);
    return deprecated_browned_out(ex) ? OUTCOME_BROWNOUT : OUTCOME_OK;
}

static enum outcome judge_route(struct exchange *ex)
{
    const struct http_head *head = &ex->request.head;

    if (!http_path_safe(head->path))
        return OUTCOME_BAD_PATH;
    if (is_local(ex))
        return local_takes(head->method) ? OUTCOME_OK : OUTCOME_NO_METHOD;
    switch (mapping_route(ex->mapping, head->method, head->path, &ex->route)) {
    case ROUTE_NOT_FOUND:
        return OUTCOME_NO_ROUTE;
    case ROUTE_NO_METHOD:
        return OUTCOME_NO_METHOD;
    case ROUTE_FOUND:
        break;
    }
    if (!ex->route->passthrough && fields_conflict(ex))
        return OUTCOME_BAD_HEADER_PAIR;
    return ex->route->deprecation ? judge_deprecated(ex) : OUTCOME_OK;
}

/* False: this request is one too many. */
static bool take_place(struct exchange *ex)
{
    if (front_unwelcome(ex->client) || pressure_level(ex->host->pressure) == PRESSURE_FULL)
        return false;
    ex->placed = quota_take(ex->host->exchanges);
    return ex->placed;
}

enum outcome admission_judge(struct exchange *ex)
{
    const struct http_head *head = &ex->request.head;

    if (!take_place(ex))
        return OUTCOME_OVERLOADED;
    if (http_list_has(&head->fields, TEXT("upgrade"), TEXT("websocket")))
        return OUTCOME_NOT_IMPLEMENTED;
    if (head->form == HTTP_ASTERISK_FORM)
        return OUTCOME_OK;
    enum outcome outcome = judge_route(ex);
    return outcome == OUTCOME_OK ? judge_body(ex) : outcome;
}
