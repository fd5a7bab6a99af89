#include "exchange/deprecated.h"
#include "exchange/fields.h"
#include "exchange/validators.h"
#include "translate/cookie.h"
#include "translate/link.h"
#include "translate/refresh.h"
#include "translate/target.h"

/* Set by the gateway itself on every reply. */
static const struct name_set set_down = FIELD_NAMES(
    FIELD_NAME("x-request-id"), FIELD_NAME("content-length"), FIELD_NAME("transfer-encoding"));

/* Not true of a translated route, or told by the gateway in its own words. */
static const struct name_set translated_down =
    FIELD_NAMES(FIELD_NAME("deprecation"), FIELD_NAME("sunset"), FIELD_NAME("accept-ranges"));

/* What the gateway does to a reply, as its fields must tell. */
struct remaking {
    bool changed;    /* the body is translated */
    bool recoded;    /* its coding is undone, or made by the gateway */
    bool marks_tags; /* its entity tag is that of what clients get */
    bool weakens;    /* they don't get the same bytes each time */
    bool is_304;     /* it is about what the client has */
};

/* What is done to bodies, known while their trailers come too. */
static struct remaking remaking_of(const struct exchange *ex, bool changed)
{
    const struct downlink *down = &ex->down;
    bool recoded = down->decoded || down->coded;

    return (struct remaking){
        .changed = changed,
        .recoded = recoded,
        .marks_tags = changed || recoded,
        .weakens = down->coded || (down->decoded && !changed),
    };
}

/* --- values --------------------------------------------------------------- */

static bool url_translate(const struct translate_scene *scene, struct text value, struct buf *to)
{
    return target_url(scene, RESPONSE, value, to);
}

/* Fields that name places of the service, and what makes them places of the gateway. */
static const struct {
    struct text name;
    bool (*translate)(const struct translate_scene *scene, struct text value, struct buf *to);
} places[] = {
    {FIELD_NAME("location"), url_translate},      {FIELD_NAME("content-location"), url_translate},
    {FIELD_NAME("link"), link_translate},         {FIELD_NAME("refresh"), refresh_translate},
    {FIELD_NAME("set-cookie"), cookie_translate},
};

/* FIELD's value with its places as clients know them. */
static struct text map_places(struct exchange *ex, const struct http_field *field)
{
    struct buf to;

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (!text_eq_nocase(field->name, places[i].name))
            continue;
        buf_init(&to, FIELDS_VALUE_MAX);
        if (places[i].translate(&ex->scene, field->value, &to) || to.failed)
            return fields_keep(ex, &to);
        buf_fini(&to);
    }
    return field->value;
}

/* The client methods whose upstream methods VALUE, an upstream Allow, lists. */
static struct text map_allow(struct exchange *ex, struct text value)
{
    struct http_field allow = {TEXT("allow"), value};
    struct http_fields fields = {&allow, 1};
    struct buf to;

    buf_init(&to, FIELDS_VALUE_MAX);
    for (enum http_method m = 0; m < HTTP_METHOD_COUNT; m++) {
        bool listed = m == HTTP_OPTIONS || ex->route->listed[m] ||
                      (m == HTTP_HEAD && ex->route->listed[HTTP_GET]);

        if (!listed || !http_list_has(&fields, allow.name,
                                      http_method_name(route_upstream_method(ex->route, m))))
            continue;
        if (to.len)
            buf_add(&to, TEXT(", "));
        buf_add(&to, http_method_name(m));
    }
    return fields_keep(ex, &to);
}

/*
 * True if the client, which asks for no more than it has, has the body of the
 * strong TAG in a coding of the gateway: a cache finds it by that weak tag only.
 */
static bool is_held_weakly(const struct exchange *ex, struct text tag)
{
    const struct http_fields *fields = &ex->request.head.fields;

    for (size_t i = 0; i < fields->count; i++)
        if (text_eq_nocase(fields->at[i].name, TEXT("if-none-match")) &&
            validators_weakly(fields->at[i].value, tag))
            return true;
    return false;
}

static struct text mark_tag(struct exchange *ex, const struct remaking *remaking, struct text tag)
{
    uint64_t digest = rules_digest(ex->route->rules);
    struct buf to;

    buf_init(&to, FIELDS_VALUE_MAX);
    enum validators_verdict verdict = validators_mark(tag, digest, remaking->weakens, &to);
    if (remaking->is_304 && is_held_weakly(ex, buf_text(&to))) {
        buf_clear(&to);
        verdict = validators_mark(tag, digest, true, &to);
    }
    if (verdict == VALIDATORS_CHANGED)
        return fields_keep(ex, &to);
    buf_fini(&to);
    return tag;
}

static struct text value_down(struct exchange *ex, const struct remaking *remaking,
                              const struct http_field *field)
{
    if (text_eq_nocase(field->name, TEXT("allow")))
        return map_allow(ex, field->value);
    if (remaking->marks_tags && text_eq_nocase(field->name, TEXT("etag")))
        return mark_tag(ex, remaking, field->value);
    return map_places(ex, field);
}

/* --- the whole head --------------------------------------------------------- */

static bool goes_down(const struct exchange *ex, const struct remaking *remaking, struct text name)
{
    if (fields_in(set_down, name))
        return false;
    if (ex->route->passthrough)
        return !deprecated_replaces(ex, name);
    if (remaking->recoded && text_eq_nocase(name, TEXT("content-encoding")))
        return false;
    if ((remaking->changed || remaking->recoded) && fields_in(fields_digests, name))
        return false;
    return !fields_in(translated_down, name);
}

/* Adds FIELD of a route that is translated. */
static void add_translated(struct field_list *list, const struct remaking *remaking,
                           const struct http_field *field)
{
    struct exchange *ex = list->ex;

    ex->sightings.field = field->name;
    fields_add_mapped(list, RESPONSE, field, value_down(ex, remaking, field));
    ex->sightings.field = (struct text){0};
    if (!rules_header(ex->route->rules, RESPONSE, field->name).at)
        sightings_header(&ex->sightings, field->name);
}

/* Adds the fields FROM as they go down. */
static void add_down(struct field_list *list, const struct http_fields *from,
                     const struct remaking *remaking)
{
    struct exchange *ex = list->ex;

    for (size_t i = 0; i < from->count && !list->failed; i++) {
        struct http_field field = from->at[i];

        if (!goes_down(ex, remaking, field.name))
            continue;
        field.name = arena_copy(ex->arena, field.name);
        field.value = arena_copy(ex->arena, field.value);
        if (!field.name.at || !field.value.at)
            list->failed = true;
        else if (ex->route->passthrough)
            fields_add(list, field.name, field.value);
        else
            add_translated(list, remaking, &field);
    }
}

/* Adds WORD to the comma list in the field called NAME, or that field if there is none. */
static void add_to_list(struct field_list *list, struct text name, struct text word)
{
    struct http_fields fields = {list->at, list->count};
    struct http_field *field = NULL;
    struct buf to;

    if (list->failed || http_list_has(&fields, name, word) ||
        http_list_has(&fields, name, TEXT("*")))
        return;
    for (size_t i = 0; i < list->count; i++)
        if (text_eq_nocase(list->at[i].name, name))
            field = &list->at[i];
    if (!field || field->value.len == 0) {
        fields_add(list, name, word);
        return;
    }
    buf_init(&to, FIELDS_VALUE_MAX);
    buf_add(&to, field->value);
    buf_add(&to, TEXT(", "));
    buf_add(&to, word);
    field->value = fields_keep(list->ex, &to);
    list->failed = !field->value.at;
}

/* Tells of the end of a deprecated route. */
static void add_deprecated(struct field_list *list)
{
    struct http_field fields[DEPRECATED_FIELDS_MAX];
    size_t count = deprecated_fields(list->ex, fields);

    for (size_t i = 0; i < count; i++)
        fields_add(list, fields[i].name, fields[i].value);
}

/* True if the reply to HEAD's request depends on the codings that the client takes. */
static bool varies(const struct exchange *ex, const struct upstream_head *head)
{
    const struct http_field *coding = http_find(&head->fields, TEXT("content-encoding"));

    return fields_auto(ex) && coding && coding->value.len > 0 &&
           !text_eq_nocase(coding->value, TEXT("identity"));
}

bool fields_down(struct exchange *ex, const struct upstream_head *head, bool changed,
                 struct http_fields *fields_out)
{
    struct field_list list = fields_list(ex, head->fields.count);
    struct remaking remaking = remaking_of(ex, changed);

    remaking.is_304 = head->status == 304;
    /* A 304 rarely tells a type, and no tag of an untouched body was asked about. */
    if (remaking.is_304 && fields_auto(ex) && !http_find(&head->fields, TEXT("content-type")))
        remaking.marks_tags = true;
    add_down(&list, &head->fields, &remaking);
    if (ex->down.coded)
        fields_add(&list, TEXT("Content-Encoding"), TEXT("gzip"));
    if (ex->down.coded || varies(ex, head))
        add_to_list(&list, TEXT("Vary"), TEXT("Accept-Encoding"));
    add_deprecated(&list);
    fields_add(&list, TEXT("Via"), TEXT("1.1 dpgw"));
    fields_add(&list, TEXT("X-Request-Id"), ex->request.id);
    return fields_done(&list, fields_out);
}

bool fields_beside(struct exchange *ex, const struct http_fields *from, bool changed,
                   struct http_fields *fields_out)
{
    struct field_list list = fields_list(ex, from->count);
    struct remaking remaking = remaking_of(ex, changed);

    add_down(&list, from, &remaking);
    return fields_done(&list, fields_out);
}
