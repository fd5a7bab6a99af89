#include "http/field.h"

#include "http/grammar.h"

const char *http_take_field(struct text *rest, struct http_field *field_out)
{
    const char *at = rest->at;
    const char *end = at + rest->len;
    const char *name = at;

    while (at < end && http_is(*at, IN_TOKEN))
        at++;
    if (at == end || *at != ':' || at == name)
        return at < end && at == name && (*at == ' ' || *at == '\t')
                   ? "A header line begins with white space."
                   : "A header name is malformed.";
    field_out->name = text_of(name, (size_t)(at - name));
    const char *value = ++at;
    while (at < end && http_is(*at, IN_VALUE))
        at++;
    if (end - at < 2 || at[0] != '\r' || at[1] != '\n')
        return "A header value holds a control byte or a bare line end.";
    field_out->value = text_trim(text_of(value, (size_t)(at - value)));
    *rest = text_of(at + 2, (size_t)(end - at - 2));
    return NULL;
}

const char *http_field_line(struct text line, struct http_field *field_out)
{
    const char *reason = http_take_field(&line, field_out);

    if (!reason && line.len > 0)
        reason = "More than one header line.";
    return reason;
}

bool http_field_value_ok(struct text value)
{
    for (size_t i = 0; i < value.len; i++)
        if (!http_is(value.at[i], IN_VALUE))
            return false;
    return true;
}

bool http_length(struct text value, uint64_t *length_out)
{
    return text_to_u64(value, length_out) && *length_out <= INT64_MAX;
}

const struct http_field *http_find(const struct http_fields *fields, struct text name)
{
    for (size_t i = 0; i < fields->count; i++)
        if (text_eq_nocase(fields->at[i].name, name))
            return &fields->at[i];
    return NULL;
}

bool http_list_next(struct text *list, struct text *member_out)
{
    while (list->len > 0) {
        size_t comma = text_find(*list, ',');

        *member_out = text_trim(text_of(list->at, comma));
        *list = text_from_offset(*list, comma < list->len ? comma + 1 : comma);
        if (member_out->len > 0)
            return true;
    }
    return false;
}

bool http_list_has(const struct http_fields *fields, struct text name, struct text token)
{
    for (size_t i = 0; i < fields->count; i++) {
        struct text list = fields->at[i].value;
        struct text member;

        if (!text_eq_nocase(fields->at[i].name, name))
            continue;
        while (http_list_next(&list, &member))
            if (text_eq_nocase(member, token))
                return true;
    }
    return false;
}
