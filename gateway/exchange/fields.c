#include "exchange/fields.h"

#include "base/chance.h"

enum { ADDED_FIELDS_MAX = 12, ID_BYTES_MAX = 128, MADE_DIGITS = 32 };

const struct name_set fields_digests =
    FIELD_NAMES(FIELD_NAME("content-md5"), FIELD_NAME("digest"), FIELD_NAME("content-digest"),
                FIELD_NAME("repr-digest"));

/* Fields whose value is a list of field names. */
static const struct name_set name_lists = FIELD_NAMES(
    FIELD_NAME("vary"), FIELD_NAME("access-control-allow-headers"),
    FIELD_NAME("access-control-expose-headers"), FIELD_NAME("access-control-request-headers"));

bool fields_in(struct name_set set, struct text name)
{
    for (size_t i = 0; i < set.count; i++)
        if (text_eq_nocase(set.at[i], name))
            return true;
    return false;
}

bool fields_auto(const struct exchange *ex)
{
    return !ex->route->passthrough && ex->route->body == ROUTE_BODY_AUTO;
}

/* --- one list ------------------------------------------------------------- */

struct field_list fields_list(struct exchange *ex, size_t count)
{
    struct field_list list = {.ex = ex};

    list.at = arena_zero(ex->arena, count + ADDED_FIELDS_MAX, sizeof *list.at);
    list.failed = !list.at;
    return list;
}

void fields_add(struct field_list *list, struct text name, struct text value)
{
    if (!value.at)
        list->failed = true;
    if (!list->failed)
        list->at[list->count++] = (struct http_field){name, value};
}

bool fields_done(const struct field_list *list, struct http_fields *fields_out)
{
    *fields_out = (struct http_fields){list->at, list->count};
    return !list->failed;
}

struct text fields_keep(struct exchange *ex, struct buf *to)
{
    struct text kept = to->failed ? (struct text){0} : arena_copy(ex->arena, buf_text(to));

    buf_fini(to);
    return kept;
}

/* --- names ---------------------------------------------------------------- */

/* The comma list VALUE with each mapped field name in it replaced; else VALUE itself. */
static struct text map_names(struct exchange *ex, enum direction d, struct text value)
{
    struct text list = value, member;
    bool changed = false;
    struct buf to;

    buf_init(&to, FIELDS_VALUE_MAX);
    while (http_list_next(&list, &member)) {
        struct text mapped = rules_header(ex->route->rules, d, member);

        changed = changed || mapped.at;
        if (to.len)
            buf_add(&to, TEXT(", "));
        buf_add(&to, mapped.at ? mapped : member);
    }
    if (changed)
        return fields_keep(ex, &to);
    buf_fini(&to);
    return value;
}

void fields_add_mapped(struct field_list *list, enum direction d, const struct http_field *field,
                       struct text value)
{
    struct text name = rules_header(list->ex->route->rules, d, field->name);

    if (value.at && fields_in(name_lists, field->name))
        value = map_names(list->ex, d, value);
    fields_add(list, name.at ? name : field->name, value);
}

bool fields_conflict(const struct exchange *ex)
{
    const struct http_fields *fields = &ex->request.head.fields;

    for (size_t i = 0; i < fields->count; i++) {
        struct text to = rules_header(ex->route->rules, REQUEST, fields->at[i].name);

        if (to.at && http_find(fields, to))
            return true;
    }
    return false;
}

/* --- the request's id ----------------------------------------------------- */

static bool id_is_sane(struct text id)
{
    if (id.len == 0 || id.len > ID_BYTES_MAX)
        return false;
    for (size_t i = 0; i < id.len; i++)
        if (id.at[i] <= ' ' || id.at[i] > '~' || id.at[i] == '"' || id.at[i] == '\\')
            return false;
    return true;
}

struct text fields_request_id(struct exchange *ex)
{
    const struct http_field *given = http_find(&ex->request.head.fields, TEXT("x-request-id"));
    char made[MADE_DIGITS];

    if (given && id_is_sane(given->value))
        return given->value;
    chance_hex(made, sizeof made);
    return arena_copy(ex->arena, text_of(made, sizeof made));
}
