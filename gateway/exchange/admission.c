#include "exchange/life.h"

/* True if the body's Content-Encoding is one this version can read: none. */
static bool coding_known(const struct http_fields *fields)
{
    const struct http_field *coding = http_find(fields, TEXT("content-encoding"));

    return !coding || coding->value.len == 0 || text_eq_nocase(coding->value, TEXT("identity"));
}

/* True if the request body is to pass a translator. */
static bool is_translated(const struct exchange *ex)
{
    const struct http_head *head = &ex->request.head;
    const struct http_field *type = http_find(&head->fields, TEXT("content-type"));

    return !ex->route->passthrough && ex->route->body == ROUTE_BODY_AUTO &&
           head->framing != HTTP_NO_BODY && type && media_of(type->value) == MEDIA_JSON;
}

static enum outcome judge_body(struct exchange *ex)
{
    const struct http_head *head = &ex->request.head;
    bool translated = is_translated(ex);

    ex->up.whole = translated;
    ex->up.limit = translated ? ex->host->limits.body_json : ex->host->limits.body_other;
    if (ex->route->max_body)
        ex->up.limit = ex->route->max_body;
    if (head->framing == HTTP_LENGTH && head->length > ex->up.limit)
        return OUTCOME_BODY_TOO_LARGE;
    return translated && !coding_known(&head->fields) ? OUTCOME_UNSUPPORTED_CODING : OUTCOME_OK;
}

static enum outcome judge_route(struct exchange *ex)
{
    const struct http_head *head = &ex->request.head;

    if (!http_path_safe(head->path))
        return OUTCOME_BAD_PATH;
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
    return OUTCOME_OK;
}

enum outcome admission_judge(struct exchange *ex)
{
    const struct http_head *head = &ex->request.head;

    if (ex->host->open > ex->host->limits.exchanges)
        return OUTCOME_OVERLOADED;
    if (http_list_has(&head->fields, TEXT("upgrade"), TEXT("websocket")))
        return OUTCOME_NOT_IMPLEMENTED;
    if (head->form == HTTP_ASTERISK_FORM)
        return OUTCOME_OK;
    enum outcome outcome = judge_route(ex);
    return outcome == OUTCOME_OK ? judge_body(ex) : outcome;
}
