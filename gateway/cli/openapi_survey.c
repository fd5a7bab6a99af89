/* What of a description is derived: its mirrored operations, and what stands around them. */
#include "cli/openapi_derivation.h"
#include "cli/openapi_words.h"

enum { NAME_BYTES_MAX = 64 * 1024 };

/* --- operations ----------------------------------------------------------- */

static void drop(struct openapi_derivation *dv, const struct yaml_node *node)
{
    openapi_fate(dv, node)->dropped = true;
}

/* Warns where ROUTE serves the operation under a second method, which no path item can say. */
static void warn_of_second_method(struct openapi_derivation *dv, const struct yaml_node *operation,
                                  const struct openapi_mirror *mirror)
{
    enum http_method upstream = mirror->route->upstream_method[mirror->method];

    for (enum http_method m = 0; m < HTTP_METHOD_COUNT; m++)
        if (mirror->route->listed[mirror->method] && m != mirror->method &&
            mirror->route->listed[m] && mirror->route->upstream_method[m] == upstream)
            diag_warning(dv->d, operation->key_where, "second-method",
                         "clients reach this by %.*s too; only %.*s is described",
                         TEXT_ARG(http_method_name(m)), TEXT_ARG(http_method_name(mirror->method)));
}

static void derive_operation(struct openapi_derivation *dv, const struct yaml_node *item,
                             const struct yaml_node *operation, const struct openapi_mirror *mirror)
{
    struct openapi_use use = {.route = mirror->route, .path = item->key};

    warn_of_second_method(dv, operation, mirror);
    openapi_decide_key(dv, item, mirror->path);
    openapi_decide_key(dv, operation, text_from(openapi_method_key(mirror->method)));
    for (const struct yaml_node *n = openapi_first(openapi_member(item, "parameters")); n;
         n = n->next)
        openapi_walk_parameter(dv, n, use);
    openapi_walk_operation(dv, operation, use);
}

/* Derives the operations of ITEM that are mirrored and drops the others; false if none is. */
static bool derive_item(struct openapi_derivation *dv, const struct yaml_node *item)
{
    const struct yaml_node *ref = openapi_member(item, "$ref");
    bool any = false;

    if (ref)
        diag_error(dv->d, ref->where, "item-ref", "a path's operations must stand at the path");
    for (const struct yaml_node *n = openapi_first(item); n; n = n->next) {
        enum http_method method;
        struct openapi_mirror mirror = {0};

        if (openapi_method(n->key, &method))
            mirror = openapi_mirror(dv->mapping, dv->arena, item->key, method);
        else if (!text_eq(n->key, TEXT("trace")))
            continue;
        if (mirror.route)
            derive_operation(dv, item, n, &mirror);
        else
            drop(dv, n);
        any |= mirror.route != NULL;
    }
    openapi_decide_words(dv, item);
    return any;
}

static void derive_paths(struct openapi_derivation *dv)
{
    const struct yaml_node *paths = openapi_member(dv->from.root, "paths");
    size_t kept = 0;

    for (const struct yaml_node *n = openapi_first(paths); n; n = n->next) {
        bool mirrored = text_starts(n->key, TEXT("/")) && derive_item(dv, n);

        if (!mirrored && text_starts(n->key, TEXT("/")))
            drop(dv, n);
        kept += mirrored;
    }
    if (kept == 0)
        diag_error(dv->d, paths ? paths->key_where : dv->from.root->where, "nothing-mirrored",
                   "no route mirrors any operation of this description");
}

/* --- components ----------------------------------------------------------- */

/* Security schemes are used by name, not by reference. */
static bool is_used_by_name(const struct yaml_node *section)
{
    return text_eq(section->key, TEXT("securitySchemes"));
}

static void name_component(struct openapi_derivation *dv, const struct yaml_node *node)
{
    struct buf name;

    buf_init(&name, NAME_BYTES_MAX);
    if (!openapi_identifier(dv->mapping, node->key, &name) && dv->combined) {
        buf_clear(&name);
        openapi_pascal(dv->group, &name);
        buf_add(&name, node->key);
    }
    openapi_decide_key(dv, node, openapi_keep(dv, &name));
}

static void derive_security(struct openapi_derivation *dv, const struct yaml_node *section)
{
    const struct rules *rules = mapping_global(dv->mapping);

    for (const struct yaml_node *n = openapi_first(section); n; n = n->next) {
        const struct yaml_node *name = openapi_member(n, "name");
        struct text in = openapi_text(openapi_member(n, "in"));

        openapi_decide_words(dv, n);
        if (openapi_is_text(name) && text_eq(in, TEXT("header")))
            openapi_decide_value(dv, name, rules_header(rules, RESPONSE, name->text));
        else if (openapi_is_text(name) && text_eq(in, TEXT("query")))
            openapi_decide_value(dv, name, openapi_field(rules, name->text));
    }
}

static void derive_components(struct openapi_derivation *dv)
{
    const struct yaml_node *components = openapi_member(dv->from.root, "components");

    for (const struct yaml_node *s = openapi_first(components); s; s = s->next) {
        size_t kept = 0;

        if (is_used_by_name(s)) {
            derive_security(dv, s);
            continue;
        }
        for (const struct yaml_node *n = openapi_first(s); n; n = n->next) {
            if (openapi_fate(dv, n)->used)
                name_component(dv, n);
            else
                drop(dv, n);
            kept += openapi_fate(dv, n)->used;
        }
        if (kept == 0 && !text_starts(s->key, TEXT("x-")))
            drop(dv, s);
    }
}

/* --- tags ----------------------------------------------------------------- */

/* What the tag NAME becomes: prose, and a name of its own in any case. */
static struct text tag_name(struct openapi_derivation *dv, struct text name)
{
    struct buf to;

    buf_init(&to, NAME_BYTES_MAX);
    if (!openapi_prose_all(dv->mapping, name, &to)) {
        buf_clear(&to);
        buf_add(&to, dv->group);
        buf_add_byte(&to, ' ');
        buf_add(&to, name);
    }
    return openapi_keep(dv, &to);
}

static const struct yaml_node *tag_called(const struct openapi_derivation *dv, struct text name)
{
    const struct yaml_node *n = openapi_first(openapi_member(dv->from.root, "tags"));

    while (n && !text_eq(openapi_text(openapi_member(n, "name")), name))
        n = n->next;
    return n;
}

static void derive_operation_tags(struct openapi_derivation *dv, const struct yaml_node *operation)
{
    for (const struct yaml_node *n = openapi_first(openapi_member(operation, "tags")); n;
         n = n->next) {
        const struct yaml_node *tag = tag_called(dv, openapi_text(n));

        if (!openapi_is_text(n))
            continue;
        openapi_decide_value(dv, n, tag_name(dv, n->text));
        if (tag)
            openapi_fate(dv, tag)->used = true;
    }
}

static void derive_tags(struct openapi_derivation *dv)
{
    for (const struct yaml_node *i = openapi_first(openapi_member(dv->from.root, "paths")); i;
         i = i->next)
        for (const struct yaml_node *n = openapi_first(i); n; n = n->next)
            if (!openapi_fate(dv, i)->dropped && !openapi_fate(dv, n)->dropped)
                derive_operation_tags(dv, n);
    for (const struct yaml_node *n = openapi_first(openapi_member(dv->from.root, "tags")); n;
         n = n->next) {
        const struct yaml_node *name = openapi_member(n, "name");

        if (!openapi_fate(dv, n)->used)
            drop(dv, n);
        else if (openapi_is_text(name))
            openapi_decide_value(dv, name, tag_name(dv, name->text));
        openapi_decide_prose(dv, openapi_member(n, "x-displayName"));
        openapi_decide_words(dv, n);
    }
}

/* --- the whole ------------------------------------------------------------ */

/* The scheme and authority of the first server's URL; empty if it has none. */
static struct text origin_of(const struct openapi_document *from)
{
    const struct yaml_node *server = openapi_first(openapi_member(from->root, "servers"));
    struct text url = openapi_text(openapi_member(server, "url"));

    for (size_t i = 0; i + 2 < url.len; i++)
        if (text_eq(text_of(url.at + i, 3), TEXT("://"))) {
            struct text rest = text_from_offset(url, i + 3);

            return text_of(url.at, i + 3 + text_find(rest, '/'));
        }
    return TEXT("");
}

static void derive_rest(struct openapi_derivation *dv)
{
    const struct yaml_node *root = dv->from.root, *webhooks = openapi_member(root, "webhooks");

    openapi_decide_words(dv, root);
    openapi_decide_words(dv, openapi_member(root, "info"));
    for (const struct yaml_node *n = openapi_first(openapi_member(root, "servers")); n; n = n->next)
        openapi_decide_words(dv, n);
    if (!webhooks)
        return;
    drop(dv, webhooks);
    diag_warning(dv->d, webhooks->key_where, "webhooks",
                 "webhooks are not carried by the gateway, and left out");
}

void openapi_survey(struct openapi_derivation *dv)
{
    dv->origin = origin_of(&dv->from);
    derive_paths(dv);
    openapi_run_errands(dv);
    derive_components(dv);
    derive_tags(dv);
    derive_rest(dv);
}
