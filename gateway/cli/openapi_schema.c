#include "cli/openapi_derivation.h"
#include "cli/openapi_words.h"

enum { SAMPLE_BYTES_MAX = 8 * 1024 * 1024 };

/* --- examples ------------------------------------------------------------- */

static void walk_string(struct openapi_derivation *dv, const struct yaml_node *node,
                        struct openapi_use use)
{
    if (openapi_is_text(node))
        openapi_decide_value(dv, node, openapi_use_string(dv, use, node->text));
}

void openapi_walk_instance(struct openapi_derivation *dv, const struct yaml_node *node,
                           struct openapi_use use)
{
    struct text becomes;

    if (node->kind == YAML_SCALAR)
        walk_string(dv, node, use);
    for (const struct yaml_node *n = openapi_first(node); n; n = n->next) {
        if (node->kind == YAML_LIST) {
            openapi_walk_instance(dv, n, openapi_use_element(use));
            continue;
        }
        struct openapi_use below = openapi_use_member(use, n->key, &becomes);
        openapi_decide_key(dv, n, becomes);
        openapi_walk_instance(dv, n, below);
    }
}

static void walk_instances(struct openapi_derivation *dv, const struct yaml_node *list,
                           struct openapi_use use)
{
    for (const struct yaml_node *n = openapi_first(list); n; n = n->next)
        openapi_walk_instance(dv, n, use);
}

static void take(void *owner, struct text span)
{
    buf_add(owner, span);
}

/* BODY of the type TYPE as the gateway translates it; false if it refuses it. */
static bool translated(struct openapi_derivation *dv, struct openapi_use use, struct text type,
                       struct text body, struct buf *to)
{
    static const struct translate_limits limits = {YAML_DEPTH_MOST, 1024, 64 * 1024,
                                                   SAMPLE_BYTES_MAX, SAMPLE_BYTES_MAX};
    struct translate_scene scene = {
        .mapping = dv->mapping, .upstream_origin = dv->origin, .client_origin = dv->origin};
    struct translator_task task = {.rules = use.route->rules,
                                   .direction = RESPONSE,
                                   .limits = &limits,
                                   .scene = &scene,
                                   .sink = {take, to},
                                   .content_type = type};
    struct translator *t = translator_new(media_of(type), &task);
    bool sound =
        t && translator_piece(t, body) == TRANSLATE_OK && translator_end(t) == TRANSLATE_OK;

    dv->no_memory |= !t;
    translator_free(&t);
    return sound && !to->failed;
}

/* True if TEXT may be a JSON object or array. */
static bool looks_like_json(struct text text)
{
    size_t n = 0;

    while (n < text.len && strchr(" \t\r\n", text.at[n]))
        n++;
    return n < text.len && (text.at[n] == '{' || text.at[n] == '[');
}

void openapi_walk_sample(struct openapi_derivation *dv, const struct yaml_node *node,
                         struct openapi_use use, struct text type)
{
    struct openapi_use inside = openapi_use_body(use, type);
    struct buf body;

    if (!openapi_is_text(node) || inside.manner == MANNER_NONE || inside.manner == MANNER_PARTS ||
        (media_of(type) == MEDIA_JSON && !looks_like_json(node->text))) {
        openapi_walk_instance(dv, node, inside);
        return;
    }
    buf_init(&body, SAMPLE_BYTES_MAX);
    if (translated(dv, use, type, node->text, &body))
        openapi_decide_value(dv, node, openapi_keep(dv, &body));
    buf_fini(&body);
}

/* --- schemas -------------------------------------------------------------- */

static void walk_each(struct openapi_derivation *dv, const struct yaml_node *of,
                      struct openapi_use use)
{
    for (const struct yaml_node *n = openapi_first(of); n; n = n->next)
        openapi_walk_schema(dv, n, use);
}

/* Schemas by the name of the member they are for. */
static void walk_properties(struct openapi_derivation *dv, const struct yaml_node *map,
                            struct openapi_use use)
{
    struct text becomes;

    for (const struct yaml_node *n = openapi_first(map); n; n = n->next) {
        struct openapi_use below = openapi_use_member(use, n->key, &becomes);

        openapi_decide_key(dv, n, becomes);
        openapi_walk_schema(dv, n, below);
    }
}

/* A list of names of members. */
static void walk_names(struct openapi_derivation *dv, const struct yaml_node *list,
                       struct openapi_use use)
{
    struct text becomes;

    for (const struct yaml_node *n = openapi_first(list); n; n = n->next)
        if (openapi_is_text(n)) {
            openapi_use_member(use, n->text, &becomes);
            openapi_decide_value(dv, n, becomes);
        }
}

/* Lists of names by name. */
static void walk_dependent(struct openapi_derivation *dv, const struct yaml_node *map,
                           struct openapi_use use)
{
    struct text becomes;

    for (const struct yaml_node *n = openapi_first(map); n; n = n->next) {
        openapi_use_member(use, n->key, &becomes);
        openapi_decide_key(dv, n, becomes);
        walk_names(dv, n, use);
    }
}

static void walk_same_properties(struct openapi_derivation *dv, const struct yaml_node *map,
                                 struct openapi_use use)
{
    struct text becomes;

    for (const struct yaml_node *n = openapi_first(map); n; n = n->next) {
        openapi_use_member(use, n->key, &becomes);
        openapi_decide_key(dv, n, becomes);
        openapi_walk_schema(dv, n, use);
    }
}

static struct openapi_use unknown_member(struct openapi_use use)
{
    struct text becomes;

    return openapi_use_member(use, TEXT(""), &becomes);
}

static void walk_unknown(struct openapi_derivation *dv, const struct yaml_node *schema,
                         struct openapi_use use)
{
    openapi_walk_schema(dv, schema, unknown_member(use));
}

static void walk_patterns(struct openapi_derivation *dv, const struct yaml_node *map,
                          struct openapi_use use)
{
    walk_each(dv, map, unknown_member(use));
}

/* `items`: one schema, or a list of them. */
static void walk_items(struct openapi_derivation *dv, const struct yaml_node *node,
                       struct openapi_use use)
{
    if (node->kind == YAML_LIST)
        walk_each(dv, node, openapi_use_element(use));
    else
        openapi_walk_schema(dv, node, openapi_use_element(use));
}

/* The schema that a discriminator's value means, by reference or by its bare name. */
static void follow_mapping(struct openapi_derivation *dv, const struct yaml_node *node,
                           struct openapi_use use)
{
    struct buf name;

    if (text_find(node->text, '#') < node->text.len ||
        text_find(node->text, '/') < node->text.len) {
        openapi_follow_text(dv, node, openapi_walk_schema, use);
        return;
    }
    buf_init(&name, SAMPLE_BYTES_MAX);
    openapi_identifier(dv->mapping, node->text, &name);
    openapi_decide_value(dv, node, openapi_keep(dv, &name));
}

static void walk_discriminator(struct openapi_derivation *dv, const struct yaml_node *node,
                               struct openapi_use use)
{
    const struct yaml_node *name = openapi_member(node, "propertyName");
    struct openapi_use below = use;
    struct text becomes = {0};

    if (openapi_is_text(name)) {
        below = openapi_use_member(use, name->text, &becomes);
        openapi_decide_value(dv, name, becomes);
    }
    for (const struct yaml_node *n = openapi_first(openapi_member(node, "mapping")); n;
         n = n->next) {
        openapi_decide_key(dv, n, openapi_use_string(dv, below, n->key));
        if (openapi_is_text(n))
            follow_mapping(dv, n, use);
    }
}

static void walk_ref(struct openapi_derivation *dv, const struct yaml_node *node,
                     struct openapi_use use)
{
    if (openapi_is_text(node))
        openapi_follow_text(dv, node, openapi_walk_schema, use);
}

/* What a string holds: events and records are JSON texts, strings inside of one are left alone. */
static void walk_contents(struct openapi_derivation *dv, const struct yaml_node *schema,
                          struct openapi_use use)
{
    if (use.manner != MANNER_JSON || use.place != rules_root(use.route->rules)) {
        use.manner = MANNER_NONE;
        use.place = NULL;
    }
    openapi_walk_schema(dv, schema, use);
}

static const struct {
    const char *keyword;
    openapi_walker *walk;
} keywords[] = {
    {"$ref", walk_ref},
    {"properties", walk_properties},
    {"required", walk_names},
    {"items", walk_items},
    {"allOf", walk_each},
    {"anyOf", walk_each},
    {"oneOf", walk_each},
    {"enum", walk_instances},
    {"examples", walk_instances},
    {"example", openapi_walk_instance},
    {"default", openapi_walk_instance},
    {"const", openapi_walk_instance},
    {"discriminator", walk_discriminator},
    {"additionalProperties", walk_unknown},
    {"unevaluatedProperties", walk_unknown},
    {"patternProperties", walk_patterns},
    {"dependentSchemas", walk_same_properties},
    {"dependentRequired", walk_dependent},
    {"prefixItems", walk_items},
    {"contains", walk_items},
    {"unevaluatedItems", walk_items},
    {"not", openapi_walk_schema},
    {"contentSchema", walk_contents},
    {"if", openapi_walk_schema},
    {"then", openapi_walk_schema},
    {"else", openapi_walk_schema},
};

void openapi_walk_schema(struct openapi_derivation *dv, const struct yaml_node *schema,
                         struct openapi_use use)
{
    use.path = (struct text){0};
    if (schema->kind != YAML_MAP || !openapi_first_time(dv, schema, openapi_walk_schema, use))
        return;
    openapi_decide_words(dv, schema);
    for (const struct yaml_node *n = schema->first; n; n = n->next)
        for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
            if (text_eq(n->key, text_from(keywords[i].keyword)))
                keywords[i].walk(dv, n, use);
}
