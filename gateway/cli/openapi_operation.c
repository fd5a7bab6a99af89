#include "cli/openapi_derivation.h"
#include "cli/openapi_words.h"
#include "translate/target.h"

enum { NAME_BYTES_MAX = 64 * 1024 };

/* --- bodies --------------------------------------------------------------- */

/* The names of examples and links, which are seen where they are chosen from. */
static void decide_name(struct openapi_derivation *dv, const struct yaml_node *node)
{
    struct buf name;

    buf_init(&name, NAME_BYTES_MAX);
    openapi_identifier(dv->mapping, node->key, &name);
    openapi_decide_key(dv, node, openapi_keep(dv, &name));
}

/* One of `examples`: an Example Object with a whole body, or a value in USE if TYPE is absent. */
static void walk_example(struct openapi_derivation *dv, const struct yaml_node *example,
                         struct openapi_use use, struct text type)
{
    const struct yaml_node *value = openapi_member(example, "value");

    openapi_decide_words(dv, example);
    if (value && type.at)
        openapi_walk_sample(dv, value, use, type);
    else if (value)
        openapi_walk_instance(dv, value, use);
}

/* The walkers of examples that stand behind a reference, for one of the kinds of bodies. */
static void walk_value_example(struct openapi_derivation *dv, const struct yaml_node *example,
                               struct openapi_use use)
{
    walk_example(dv, example, use, (struct text){0});
}

/* `example` and `examples` of NODE; TYPE is that of a body, absent for a value in USE. */
static void walk_examples(struct openapi_derivation *dv, const struct yaml_node *node,
                          struct openapi_use use, struct text type)
{
    const struct yaml_node *one = openapi_member(node, "example");
    struct openapi_use inside = type.at ? openapi_use_body(use, type) : use;

    if (one && type.at)
        openapi_walk_sample(dv, one, use, type);
    else if (one)
        openapi_walk_instance(dv, one, use);
    for (const struct yaml_node *n = openapi_first(openapi_member(node, "examples")); n;
         n = n->next) {
        decide_name(dv, n);
        if (!openapi_follow(dv, n, walk_value_example, inside))
            walk_example(dv, n, use, type);
    }
}

static void walk_headers(struct openapi_derivation *dv, const struct yaml_node *headers,
                         struct openapi_use use);

/* `encoding`: by the names of the properties of the body. */
static void walk_encoding(struct openapi_derivation *dv, const struct yaml_node *encoding,
                          struct openapi_use use)
{
    struct text becomes;

    for (const struct yaml_node *n = openapi_first(encoding); n; n = n->next) {
        openapi_use_member(use, n->key, &becomes);
        openapi_decide_key(dv, n, becomes);
        walk_headers(dv, openapi_member(n, "headers"), use);
    }
}

void openapi_walk_content(struct openapi_derivation *dv, const struct yaml_node *content,
                          struct openapi_use use)
{
    for (const struct yaml_node *n = openapi_first(content); n; n = n->next) {
        struct openapi_use inside = openapi_use_body(use, n->key);
        const struct yaml_node *schema = openapi_member(n, "schema");
        const struct yaml_node *item = openapi_member(n, "itemSchema");

        if (schema)
            openapi_walk_schema(dv, schema, inside);
        if (item)
            openapi_walk_schema(dv, item, inside);
        walk_encoding(dv, openapi_member(n, "encoding"), inside);
        walk_examples(dv, n, use, n->key);
    }
}

void openapi_walk_request(struct openapi_derivation *dv, const struct yaml_node *body,
                          struct openapi_use use)
{
    use.direction = REQUEST;
    if (openapi_follow(dv, body, openapi_walk_request, use) ||
        !openapi_first_time(dv, body, openapi_walk_request, use))
        return;
    openapi_decide_words(dv, body);
    openapi_walk_content(dv, openapi_member(body, "content"), use);
}

/* --- header fields -------------------------------------------------------- */

static void walk_header(struct openapi_derivation *dv, const struct yaml_node *header,
                        struct openapi_use use)
{
    const struct yaml_node *schema = openapi_member(header, "schema");

    if (openapi_follow(dv, header, walk_header, use))
        return;
    openapi_decide_words(dv, header);
    if (schema)
        openapi_walk_schema(dv, schema, use);
    walk_examples(dv, header, use, (struct text){0});
}

static void walk_headers(struct openapi_derivation *dv, const struct yaml_node *headers,
                         struct openapi_use use)
{
    for (const struct yaml_node *n = openapi_first(headers); n; n = n->next) {
        bool url = text_eq_nocase(n->key, TEXT("location")) ||
                   text_eq_nocase(n->key, TEXT("content-location"));

        use.manner = url                                    ? MANNER_URL
                     : text_eq_nocase(n->key, TEXT("link")) ? MANNER_LINK
                                                            : MANNER_NONE;
        openapi_decide_key(dv, n, rules_header(use.route->rules, RESPONSE, n->key));
        walk_header(dv, n, use);
    }
}

/* --- parameters ----------------------------------------------------------- */

/* The name of a query parameter, as the gateway would translate it in a URL. */
static struct text query_name(struct openapi_derivation *dv, const struct rules *rules,
                              struct text name)
{
    struct buf made;

    for (size_t i = 0; i < name.len; i++)
        if (strchr("&=%+#; ", name.at[i]))
            return (struct text){0};
    buf_init(&made, NAME_BYTES_MAX);
    if (target_query(rules, RESPONSE, name, &made)) {
        buf_fini(&made);
        return (struct text){0};
    }
    return openapi_keep(dv, &made);
}

/* What the parameter NAME, which is IN a part of a request, becomes, and how its values do. */
static struct text parameter_name(struct openapi_derivation *dv, struct text in, struct text name,
                                  struct openapi_use *use)
{
    const struct rules *rules = use->route->rules;
    struct text becomes = {0};

    use->manner = MANNER_NONE;
    if (text_eq(in, TEXT("path")))
        return openapi_path_parameter(use->route, use->path, name);
    if (text_eq(in, TEXT("header")))
        return rules_header(rules, RESPONSE, name);
    if (text_eq(in, TEXT("query"))) {
        becomes = query_name(dv, rules, name);
        use->manner =
            rules_names_in(rules, becomes.at ? becomes : name) ? MANNER_NAMES : MANNER_FORM;
    }
    return becomes;
}

void openapi_walk_parameter(struct openapi_derivation *dv, const struct yaml_node *node,
                            struct openapi_use use)
{
    const struct yaml_node *name = openapi_member(node, "name");
    const struct yaml_node *schema = openapi_member(node, "schema");

    use.direction = REQUEST;
    if (openapi_follow(dv, node, openapi_walk_parameter, use) || !openapi_is_text(name) ||
        !openapi_first_time(dv, node, openapi_walk_parameter, use))
        return;
    openapi_decide_words(dv, node);
    openapi_decide_value(
        dv, name, parameter_name(dv, openapi_text(openapi_member(node, "in")), name->text, &use));
    if (schema)
        openapi_walk_schema(dv, schema, use);
    walk_examples(dv, node, use, (struct text){0});
}

/* --- responses ------------------------------------------------------------ */

/* Links lead to other operations; what they name there is named as it is there. */
static void walk_link(struct openapi_derivation *dv, const struct yaml_node *link,
                      struct openapi_use use)
{
    const struct yaml_node *operation = openapi_member(link, "operationId");
    struct buf name;

    if (openapi_follow(dv, link, walk_link, use))
        return;
    openapi_decide_words(dv, link);
    if (openapi_is_text(operation)) {
        buf_init(&name, NAME_BYTES_MAX);
        openapi_identifier(dv->mapping, operation->text, &name);
        openapi_decide_value(dv, operation, openapi_keep(dv, &name));
    }
    for (const struct yaml_node *n = openapi_first(openapi_member(link, "parameters")); n;
         n = n->next)
        openapi_decide_key(dv, n, openapi_field(use.route->rules, n->key));
}

void openapi_walk_response(struct openapi_derivation *dv, const struct yaml_node *response,
                           struct openapi_use use)
{
    use.direction = RESPONSE;
    if (openapi_follow(dv, response, openapi_walk_response, use) ||
        !openapi_first_time(dv, response, openapi_walk_response, use))
        return;
    openapi_decide_words(dv, response);
    walk_headers(dv, openapi_member(response, "headers"), use);
    openapi_walk_content(dv, openapi_member(response, "content"), use);
    for (const struct yaml_node *n = openapi_first(openapi_member(response, "links")); n;
         n = n->next) {
        decide_name(dv, n);
        walk_link(dv, n, use);
    }
}

/* --- operations ----------------------------------------------------------- */

static void walk_identity(struct openapi_derivation *dv, const struct yaml_node *operation)
{
    const struct yaml_node *id = openapi_member(operation, "operationId");
    const struct yaml_node *deprecated = openapi_member(operation, "deprecated");
    const struct yaml_node *callbacks = openapi_member(operation, "callbacks");
    struct buf name;

    if (openapi_is_text(id)) {
        buf_init(&name, NAME_BYTES_MAX);
        if (!openapi_identifier(dv->mapping, id->text, &name) && dv->combined)
            openapi_pascal(dv->group, &name);
        openapi_decide_value(dv, id, openapi_keep(dv, &name));
    }
    if (deprecated)
        openapi_fate(dv, deprecated)->dropped = true;
    if (callbacks) {
        openapi_fate(dv, callbacks)->dropped = true;
        diag_warning(dv->d, callbacks->key_where, "callbacks",
                     "callbacks are not carried by the gateway, and left out");
    }
}

void openapi_walk_operation(struct openapi_derivation *dv, const struct yaml_node *operation,
                            struct openapi_use use)
{
    const struct yaml_node *body = openapi_member(operation, "requestBody");

    openapi_decide_words(dv, operation);
    walk_identity(dv, operation);
    for (const struct yaml_node *n = openapi_first(openapi_member(operation, "parameters")); n;
         n = n->next)
        openapi_walk_parameter(dv, n, use);
    if (body)
        openapi_walk_request(dv, body, use);
    for (const struct yaml_node *n = openapi_first(openapi_member(operation, "responses")); n;
         n = n->next)
        openapi_walk_response(dv, n, use);
}
