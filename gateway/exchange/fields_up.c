#include "exchange/fields.h"
#include "exchange/forwarded.h"
#include "exchange/validators.h"
#include "http/hop.h"

/* Set by the gateway itself on every request that goes up. */
static const struct name_set set_up = FIELD_NAMES(
    FIELD_NAME("host"), FIELD_NAME("content-length"), FIELD_NAME("expect"),
    FIELD_NAME("x-request-id"), FIELD_NAME("x-forwarded-for"), FIELD_NAME("x-forwarded-proto"),
    FIELD_NAME("x-forwarded-host"), FIELD_NAME("traceparent"), FIELD_NAME("tracestate"));

/* Never sent up on a translated route: they would route past the mapping or ask for less. */
static const struct name_set translated_up =
    FIELD_NAMES(FIELD_NAME("x-http-method-override"), FIELD_NAME("x-original-url"),
                FIELD_NAME("x-rewrite-url"), FIELD_NAME("range"), FIELD_NAME("if-range"));

/*
 * True if a service could take NAME for SUBJECT, the field that tells it who a
 * verified client is: many see no difference between a dash and an underscore.
 */
static bool is_subject(struct text subject, struct text name)
{
    if (subject.len == 0 || name.len != subject.len)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i] == '_' ? '-' : name.at[i];

        if (!text_eq_nocase(text_of(&c, 1), text_of(&subject.at[i], 1)))
            return false;
    }
    return true;
}

/* The gateway's alone to send, whatever a client calls it or the mapping makes of that. */
static bool is_forged(const struct exchange *ex, struct text name)
{
    struct text subject = ex->host->limits.subject_field;
    struct text mapped =
        ex->route->passthrough ? (struct text){0} : rules_header(ex->route->rules, REQUEST, name);

    return is_subject(subject, name) || is_subject(subject, mapped);
}

static bool goes_up(const struct exchange *ex, struct text name)
{
    if (fields_in(set_up, name) || is_forged(ex, name))
        return false;
    if (ex->route->passthrough)
        return true;
    if (ex->up.decoded && text_eq_nocase(name, TEXT("content-encoding")))
        return false;
    if ((ex->up.translated || ex->up.decoded) && fields_in(fields_digests, name))
        return false;
    if (fields_auto(ex) && text_eq_nocase(name, TEXT("accept-encoding")))
        return false;
    return !fields_in(translated_up, name);
}

/* --- conditions ----------------------------------------------------------- */

/* True if a condition may only choose whether a body is sent, not whether a change is made. */
static bool is_read(const struct exchange *ex)
{
    enum http_method method = ex->request.head.method;

    return method == HTTP_GET || method == HTTP_HEAD;
}

/* The tags of the condition FIELD as the service knows them; absent if the field is dropped. */
static struct text restore(struct field_list *list, const struct http_field *field, bool current)
{
    struct exchange *ex = list->ex;
    struct text value = field->value;
    struct buf to;

    buf_init(&to, FIELDS_VALUE_MAX);
    switch (current ? validators_current(value, rules_digest(ex->route->rules), &to)
                    : validators_restore(value, &to)) {
    case VALIDATORS_STAYS:
        break;
    case VALIDATORS_CHANGED:
        value = fields_keep(ex, &to);
        list->failed = list->failed || !value.at;
        break;
    case VALIDATORS_DROPPED:
        value = (struct text){0};
        break;
    }
    list->failed = list->failed || to.failed;
    buf_fini(&to);
    return value;
}

/*
 * If-Modified-Since counts only beside no If-None-Match (RFC 9110, 13.1.3),
 * so it must not come into force because that was dropped.
 */
static bool is_since_sound(const struct exchange *ex, struct text since)
{
    return !http_find(&ex->request.head.fields, TEXT("if-none-match")) &&
           validators_since(since, mapping_loaded(ex->mapping));
}

/* What FIELD's value becomes on a translated route; absent if it is dropped. */
static struct text value_up(struct field_list *list, const struct http_field *field)
{
    bool reads = is_read(list->ex);

    if (text_eq_nocase(field->name, TEXT("if-match")))
        return restore(list, field, false);
    if (!fields_auto(list->ex))
        return field->value;
    if (text_eq_nocase(field->name, TEXT("if-none-match")))
        return restore(list, field, reads);
    if (reads && text_eq_nocase(field->name, TEXT("if-modified-since")) &&
        !is_since_sound(list->ex, field->value))
        return (struct text){0};
    return field->value;
}

/* --- the whole head --------------------------------------------------------- */

static void add_trace(struct field_list *list)
{
    struct exchange *ex = list->ex;
    const struct trace *trace = &ex->request.trace;
    struct text state = trace_state(trace, &ex->request.head.fields, ex->arena);

    fields_add(list, TEXT("traceparent"), trace_parent(trace, ex->arena));
    if (!state.at || state.len)
        fields_add(list, TEXT("tracestate"), state);
}

static void add_forwarding(struct field_list *list)
{
    struct exchange *ex = list->ex;
    const struct http_head *head = &ex->request.head;
    unsigned port;
    struct text scheme = front_secure(ex->client) ? TEXT("https") : TEXT("http");

    fields_add(list, TEXT("Via"), head->minor ? TEXT("1.1 dpgw") : TEXT("1.0 dpgw"));
    fields_add(list, TEXT("X-Forwarded-For"),
               forwarded_value(ex, TEXT("x-forwarded-for"), front_peer(ex->client, &port)));
    fields_add(list, TEXT("X-Forwarded-Proto"),
               forwarded_value(ex, TEXT("x-forwarded-proto"), scheme));
    if (head->host.at)
        fields_add(list, TEXT("X-Forwarded-Host"),
                   forwarded_value(ex, TEXT("x-forwarded-host"), head->host));
    fields_add(list, TEXT("X-Request-Id"), ex->request.id);
    struct text subject = front_subject(ex->client);
    if (subject.at && ex->host->limits.subject_field.at)
        fields_add(list, ex->host->limits.subject_field, subject);
    add_trace(list);
}

bool fields_up(struct exchange *ex, struct http_fields *fields_out)
{
    const struct http_fields *from = &ex->request.head.fields;
    struct field_list list = fields_list(ex, from->count);
    struct http_hop hop;

    list.failed |= !http_hop_init(&hop, from);
    fields_add(&list, TEXT("Host"), forwarded_host(ex));
    for (size_t i = 0; i < from->count && !list.failed; i++) {
        const struct http_field *field = &from->at[i];

        if (http_hop_stops(&hop, i) || !goes_up(ex, field->name))
            continue;
        struct text value = ex->route->passthrough ? field->value : value_up(&list, field);
        if (ex->route->passthrough)
            fields_add(&list, field->name, value);
        else if (value.at)
            fields_add_mapped(&list, REQUEST, field, value);
    }
    http_hop_fini(&hop);
    if (fields_auto(ex))
        fields_add(&list, TEXT("Accept-Encoding"), TEXT("gzip, br, zstd, deflate"));
    add_forwarding(&list);
    return fields_done(&list, fields_out);
}
