#include "cli/openapi_derivation.h"
#include "cli/openapi_words.h"
#include "translate/link.h"
#include "translate/target.h"

enum { STRING_BYTES_MAX = 1024 * 1024 };

/* --- names ---------------------------------------------------------------- */

static const struct rules *rules_of(struct openapi_use use)
{
    return use.route->rules;
}

/* The member KEY of the object at USE's place: what it becomes, and the place below. */
static struct openapi_use json_member(struct openapi_use use, struct text key,
                                      struct text *becomes_out)
{
    const struct rules *rules = rules_of(use);
    const struct name *name = rules_find(rules, use.direction, key);
    const struct pair *pair = name ? rules_pair(rules, use.place, use.direction, name) : NULL;

    if (pair && text_eq(pair->upstream, key)) {
        *becomes_out = pair->client;
        name = rules_find(rules, use.direction, pair->client); /* paths have the client's names */
    }
    use.place = rules_member(rules, use.place, use.direction, name, pair);
    return use;
}

static struct text form_name(struct openapi_use use, struct text key)
{
    const struct pair *pair = rules_parameter(rules_of(use), use.direction, key);

    return pair && text_eq(pair->upstream, key) ? pair->client : (struct text){0};
}

struct openapi_use openapi_use_member(struct openapi_use use, struct text key,
                                      struct text *becomes_out)
{
    *becomes_out = (struct text){0};
    switch (use.manner) {
    case MANNER_JSON:
        return json_member(use, key, becomes_out);
    case MANNER_PARTS:
        *becomes_out = form_name(use, key);
        use.manner = MANNER_JSON;
        use.place = rules_root(rules_of(use));
        return use;
    case MANNER_FORM:
        *becomes_out = form_name(use, key);
        return use;
    case MANNER_NONE:
    case MANNER_NAMES:
    case MANNER_URL:
    case MANNER_LINK:
        break;
    }
    return use;
}

struct openapi_use openapi_use_element(struct openapi_use use)
{
    if (use.manner == MANNER_JSON)
        use.place = rules_element(rules_of(use), use.place);
    return use;
}

struct openapi_use openapi_use_body(struct openapi_use use, struct text type)
{
    use.manner = MANNER_NONE;
    use.place = NULL;
    if (use.route->body == ROUTE_BODY_RAW)
        return use;
    switch (media_of(type)) {
    case MEDIA_JSON:
    case MEDIA_EVENT_STREAM:
    case MEDIA_RECORDS:
    case MEDIA_JSON_SEQ:
        use.manner = MANNER_JSON;
        use.place = rules_root(rules_of(use));
        break;
    case MEDIA_FORM:
        use.manner = MANNER_FORM;
        break;
    case MEDIA_MULTIPART:
        use.manner = MANNER_PARTS;
        break;
    case MEDIA_OTHER:
        break;
    }
    return use;
}

/* --- strings -------------------------------------------------------------- */

static struct text mapped(const struct value_rule *rule, struct text value)
{
    struct text client, upstream;

    for (size_t i = 0; rules_map_at(rule, i, &client, &upstream); i++)
        if (text_eq(upstream, value))
            return client;
    return (struct text){0};
}

/* VALUE, a list of names, by way of a query string with one of the parameters that hold such. */
static bool add_names(const struct rules *rules, struct text value, struct buf *to)
{
    struct text carrier = rules_names_in_at(rules, 0);
    struct buf query, made;

    for (size_t i = 0; i < value.len; i++)
        if (strchr("&=%#; ", value.at[i]))
            return false;
    if (!carrier.at)
        return false;
    buf_init(&query, STRING_BYTES_MAX);
    buf_init(&made, STRING_BYTES_MAX);
    buf_add(&query, carrier);
    buf_add_byte(&query, '=');
    buf_add(&query, value);
    bool sound = !target_query(rules, RESPONSE, buf_text(&query), &made) && !made.failed &&
                 text_find(buf_text(&made), '=') < made.len;
    if (sound)
        buf_add(to, text_from_offset(buf_text(&made), text_find(buf_text(&made), '=') + 1));
    buf_fini(&query);
    buf_fini(&made);
    return sound;
}

static bool add_valued(const struct translate_scene *scene, struct openapi_use use,
                       struct text value, struct buf *to)
{
    const struct value_rule *rule = use.place->opaque ? NULL : use.place->value[use.direction];
    struct text becomes = {0};

    if (!rule)
        return false;
    switch (rule->kind) {
    case VALUE_MAP:
        becomes = mapped(rule, value);
        break;
    case VALUE_URL:
        return target_url(scene, RESPONSE, value, to);
    case VALUE_WORDS:
        return target_words(rules_of(use), RESPONSE, value, to);
    case VALUE_NAME:
        becomes = openapi_field(rules_of(use), value);
        break;
    }
    if (becomes.at)
        buf_add(to, becomes);
    return becomes.at != NULL;
}

struct text openapi_use_string(struct openapi_derivation *dv, struct openapi_use use,
                               struct text text)
{
    struct translate_scene scene = {
        .mapping = dv->mapping, .upstream_origin = dv->origin, .client_origin = dv->origin};
    struct buf to;
    bool changed = false;

    buf_init(&to, STRING_BYTES_MAX);
    switch (use.manner) {
    case MANNER_JSON:
        changed = add_valued(&scene, use, text, &to);
        break;
    case MANNER_NAMES:
        changed = add_names(rules_of(use), text, &to);
        break;
    case MANNER_URL:
        changed = target_url(&scene, RESPONSE, text, &to);
        break;
    case MANNER_LINK:
        changed = link_translate(&scene, text, &to);
        break;
    case MANNER_NONE:
    case MANNER_FORM:
    case MANNER_PARTS:
        break;
    }
    if (changed)
        return openapi_keep(dv, &to);
    buf_fini(&to);
    return (struct text){0};
}
