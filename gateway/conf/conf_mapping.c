#include "conf/conf_mapping.h"

#include "conf/telling.h"
#include "conf/units.h"
#include "http/method.h"

/* The direction MAP's entry acts in; false if it is none. */
static bool read_reach(const struct telling *t, const struct yaml_node *map, enum reach *reach_out)
{
    static const char *const words[] = {
        [REACH_BOTH] = "both", [REACH_REQUEST] = "request", [REACH_RESPONSE] = "response"};
    const struct yaml_node *member = yaml_member(map, TEXT("direction"));
    int reach = member ? expect_choice(member, "\"direction\"", words, 3, t->d) : REACH_BOTH;

    *reach_out = reach < 0 ? REACH_BOTH : (enum reach)reach;
    return reach >= 0;
}

/* --- the keys of a scope ---------------------------------------------------------- */

/* One pair of names or values: a member whose value is text. */
static bool is_pair(const struct telling *t, const struct yaml_node *member)
{
    char what[TELLING_NAME_BYTES];

    return expect_text(member, telling_name(member, what), t->d);
}

/* {PUT: POST}: client methods and what they are sent as. */
static void tell_method_pairs(const struct telling *t, struct mapping_scope *scope,
                              const struct yaml_node *map)
{
    if (!map->first)
        expect_other(map, "a method", "text, or {PUT: POST}", t->d);
    for (const struct yaml_node *m = map->first; m; m = m->next)
        if (is_pair(t, m))
            mapping_scope_method(scope, telling_key(m), telling_value(m));
}

/* True if MAP is a table of methods and not of a resource's keys. */
static bool is_method_table(const struct yaml_node *map)
{
    enum http_method method;

    return map->kind == YAML_MAP && map->first && http_method_find(map->first->key, &method);
}

static void tell_methods(const struct telling *t, struct mapping_scope *scope,
                         const struct yaml_node *first)
{
    const struct written same = {0};

    for (const struct yaml_node *n = first; n; n = n->next) {
        if (n->kind == YAML_SCALAR) {
            if (expect_text(n, "a method", t->d))
                mapping_scope_method(scope, telling_value(n), same);
            continue;
        }
        if (n->kind != YAML_MAP) {
            expect_other(n, "a method", "text, or {PUT: POST}", t->d);
            continue;
        }
        tell_method_pairs(t, scope, n);
    }
}

static void tell_field(const struct telling *t, struct mapping_scope *scope,
                       const struct yaml_node *field)
{
    static const char *const known[] = {"upstream", "direction", "at"};
    static const struct expect_keys keys = TELLING_KEYS(known);
    const struct written none = {0};
    char what[TELLING_NAME_BYTES];
    enum reach reach;

    if (telling_empty(field)) {
        mapping_scope_field(scope, telling_key(field), (struct written){.where = field->where},
                            REACH_BOTH, none);
    } else if (field->kind == YAML_MAP) {
        expect_only(field, &keys, t->d);
        struct written upstream =
            telling_text(t, field, telling_name(field, what), "upstream", true);
        struct written at = telling_text(t, field, what, "at", false);
        if (read_reach(t, field, &reach) && upstream.text.at)
            mapping_scope_field(scope, telling_key(field), upstream, reach, at);
    } else if (is_pair(t, field)) {
        mapping_scope_field(scope, telling_key(field), telling_value(field), REACH_BOTH, none);
    }
}

static void tell_opaque(const struct telling *t, struct mapping_scope *scope,
                        const struct yaml_node *first)
{
    for (const struct yaml_node *n = first; n; n = n->next)
        if (expect_text(n, "a path", t->d))
            mapping_scope_opaque(scope, telling_value(n));
}

/* The kind of the `values` entry ENTRY; false, with a complaint, if it is not clear. */
static bool read_value_kind(const struct telling *t, const struct yaml_node *entry,
                            enum value_kind *kind_out)
{
    static const char *const words[] = {"url", "words", "name"};
    static const enum value_kind kinds[] = {VALUE_URL, VALUE_WORDS, VALUE_NAME};
    const struct yaml_node *map = yaml_member(entry, TEXT("map"));
    const struct yaml_node *rewrite = yaml_member(entry, TEXT("rewrite"));

    *kind_out = VALUE_MAP;
    if (map && rewrite) {
        diag_error(t->d, rewrite->key_where, "contradiction",
                   "\"map\" and \"rewrite\" exclude each other");
        return false;
    }
    if (map)
        return expect_map(map, "\"map\"", t->d);
    if (!rewrite) {
        expect_missing(entry, "this entry", "map\" or \"rewrite", t->d);
        return false;
    }
    int kind = expect_choice(rewrite, "\"rewrite\"", words, 3, t->d);
    *kind_out = kind < 0 ? VALUE_MAP : kinds[kind];
    return kind >= 0;
}

static void tell_value(const struct telling *t, struct mapping_scope *scope,
                       const struct yaml_node *entry)
{
    static const char *const known[] = {"at", "map", "rewrite", "direction"};
    static const struct expect_keys keys = TELLING_KEYS(known);
    enum value_kind kind;
    enum reach reach;

    if (!expect_map(entry, "an entry of \"values\"", t->d))
        return;
    expect_only(entry, &keys, t->d);
    struct written at = telling_text(t, entry, "this entry", "at", true);
    bool sound = read_value_kind(t, entry, &kind);
    sound = read_reach(t, entry, &reach) && sound;
    if (!sound || !at.text.at)
        return;
    mapping_scope_value(scope, at, kind, reach);
    if (kind != VALUE_MAP)
        return;
    for (const struct yaml_node *m = yaml_member(entry, TEXT("map"))->first; m; m = m->next)
        if (is_pair(t, m))
            mapping_scope_value_pair(scope, telling_key(m), telling_value(m));
}

static void tell_collisions(const struct telling *t, struct mapping_scope *scope,
                            const struct yaml_node *first)
{
    static const char *const known[] = {"request", "response"};
    static const struct expect_keys keys = TELLING_KEYS(known);
    static const char *const words[] = {[COLLISION_REJECT] = "reject", [COLLISION_KEEP] = "keep"};
    char what[TELLING_NAME_BYTES];

    for (const struct yaml_node *m = first; m; m = m->next) {
        if (!expect_key(m, &keys, t->d))
            continue;
        int policy = expect_choice(m, telling_name(m, what), words, 2, t->d);
        if (policy >= 0)
            mapping_scope_collisions(scope, telling_is(m, "request") ? REQUEST : RESPONSE,
                                     (enum collision_policy)policy);
    }
}

static void tell_body(const struct telling *t, struct mapping_scope *scope,
                      const struct yaml_node *node)
{
    static const char *const words[] = {[ROUTE_BODY_AUTO] = "auto", [ROUTE_BODY_RAW] = "raw"};
    int body = expect_choice(node, "\"body\"", words, 2, t->d);

    if (body >= 0)
        mapping_scope_body(scope, (enum route_body)body);
}

/* `timeout` and `max_body`: a number with a unit, above 0. */
static void tell_quantity(const struct telling *t, struct mapping_scope *scope,
                          const struct yaml_node *node, bool time)
{
    uint64_t number = 0;
    char what[TELLING_NAME_BYTES];

    telling_name(node, what);
    if (node->kind != YAML_SCALAR || yaml_sense(node) == YAML_NULL) {
        expect_other(node, what, time ? "a time such as 300s" : "a size such as 64MiB", t->d);
        return;
    }
    if (!time && text_eq(node->text, TEXT("unlimited"))) {
        mapping_scope_max_body(scope, UINT64_MAX);
        return;
    }
    enum units_verdict verdict =
        time ? units_time(node->text, &number) : units_size(node->text, &number);
    bool bare_size = !time && verdict == UNITS_NO_UNIT;
    int shown =
        node->text.len > TELLING_NAME_BYTES / 2 ? TELLING_NAME_BYTES / 2 : (int)node->text.len;
    if (verdict != UNITS_OK && !bare_size)
        diag_error(t->d, node->where, "bad-value", "%s can't be \"%.*s\": %s", what, shown,
                   node->text.at, units_complaint(verdict, time));
    else if (number == 0)
        diag_error(t->d, node->where, "bad-value", "%s must be more than 0", what);
    else if (time)
        mapping_scope_timeout(scope, number);
    else
        mapping_scope_max_body(scope, number);
}

/* The rules that may stand at every width. */
static void tell_rules(const struct telling *t, struct mapping_scope *scope,
                       const struct yaml_node *map)
{
    for (const struct yaml_node *m = map->first; m; m = m->next) {
        if (telling_is(m, "fields"))
            for (const struct yaml_node *n = telling_entries(t, m, false); n; n = n->next)
                tell_field(t, scope, n);
        else if (telling_is(m, "opaque"))
            tell_opaque(t, scope, telling_entries(t, m, true));
        else if (telling_is(m, "values"))
            for (const struct yaml_node *n = telling_entries(t, m, true); n; n = n->next)
                tell_value(t, scope, n);
        else if (telling_is(m, "collisions"))
            tell_collisions(t, scope, telling_entries(t, m, false));
    }
}

/* ... and what stands only under a route or resource. */
static void tell_scope(const struct telling *t, struct mapping_scope *scope,
                       const struct yaml_node *map)
{
    tell_rules(t, scope, map);
    telling_service(t, scope, map);
    for (const struct yaml_node *m = map->first; m; m = m->next) {
        if (telling_is(m, "methods") && is_method_table(m))
            tell_method_pairs(t, scope, m);
        else if (telling_is(m, "methods"))
            tell_methods(t, scope, telling_entries(t, m, true));
        else if (telling_is(m, "body"))
            tell_body(t, scope, m);
        else if (telling_is(m, "timeout") || telling_is(m, "max_body"))
            tell_quantity(t, scope, m, telling_is(m, "timeout"));
    }
}

/* --- routes ------------------------------------------------------------------------ */

static void tell_resource(const struct telling *t, struct mapping_scope *route,
                          const struct yaml_node *resource)
{
    static const char *const known[] = {"methods", "opaque",  "fields",   "values", "collisions",
                                        "body",    "timeout", "max_body", "service"};
    static const struct expect_keys keys = TELLING_KEYS(known);
    char what[TELLING_NAME_BYTES];

    if (resource->kind != YAML_LIST && resource->kind != YAML_MAP) {
        expect_other(resource, telling_name(resource, what), "a list of methods, or a map", t->d);
        return;
    }
    struct mapping_scope *scope = mapping_builder_resource(route, telling_key(resource));
    if (resource->kind == YAML_LIST) {
        tell_methods(t, scope, resource->first);
        return;
    }
    if (is_method_table(resource)) {
        tell_method_pairs(t, scope, resource);
        return;
    }
    expect_only(resource, &keys, t->d);
    tell_scope(t, scope, resource);
}

static void tell_route(const struct telling *t, const struct yaml_node *route)
{
    static const char *const known[] = {"client", "upstream", "methods",  "resources",
                                        "opaque", "fields",   "values",   "collisions",
                                        "body",   "timeout",  "max_body", "service"};
    static const struct expect_keys keys = TELLING_KEYS(known);

    if (!expect_map(route, "a route", t->d))
        return;
    expect_only(route, &keys, t->d);
    struct written client = telling_text(t, route, "this route", "client", true);
    struct written upstream = telling_text(t, route, "this route", "upstream", true);
    if (!client.text.at || !upstream.text.at)
        return;
    struct mapping_scope *scope = mapping_builder_route(t->builder, client, upstream);
    tell_scope(t, scope, route);
    for (const struct yaml_node *r =
             telling_entries(t, yaml_member(route, TEXT("resources")), false);
         r; r = r->next)
        tell_resource(t, scope, r);
}

/* --- the whole file ------------------------------------------------------------------ */

static void tell_query(const struct telling *t, const struct yaml_node *query)
{
    static const char *const known[] = {"names_in"};
    static const struct expect_keys keys = TELLING_KEYS(known);

    if (!telling_entries(t, query, false))
        return;
    expect_only(query, &keys, t->d);
    for (const struct yaml_node *n = telling_entries(t, yaml_member(query, TEXT("names_in")), true);
         n; n = n->next)
        if (expect_text(n, "a parameter's name", t->d))
            mapping_builder_names_in(t->builder, telling_value(n));
}

static void tell_watch(const struct telling *t, const struct yaml_node *watch)
{
    static const char *const known[] = {"names", "ignore"};
    static const struct expect_keys keys = TELLING_KEYS(known);

    if (!telling_entries(t, watch, false))
        return;
    expect_only(watch, &keys, t->d);
    for (const struct yaml_node *n = telling_entries(t, yaml_member(watch, TEXT("names")), true); n;
         n = n->next)
        if (expect_text(n, "a glob", t->d))
            mapping_builder_watch(t->builder, telling_value(n));
    for (const struct yaml_node *n = telling_entries(t, yaml_member(watch, TEXT("ignore")), true);
         n; n = n->next)
        if (expect_text(n, "a name", t->d))
            mapping_builder_ignore(t->builder, telling_value(n));
}

/* The methods at NODE, a list; all where it is NULL. */
static void read_methods(const struct telling *t, const struct yaml_node *node,
                         bool methods[HTTP_METHOD_COUNT])
{
    enum http_method method;

    for (size_t i = 0; i < HTTP_METHOD_COUNT; i++)
        methods[i] = !node;
    for (const struct yaml_node *n = node ? telling_entries(t, node, true) : NULL; n; n = n->next) {
        if (!expect_text(n, "a method", t->d))
            continue;
        if (http_method_find(n->text, &method))
            methods[method] = true;
        else
            expect_other(n, "a method", "one such as GET", t->d);
    }
}

static void tell_unmirrored(const struct telling *t, const struct yaml_node *entry)
{
    static const char *const known[] = {"path", "methods", "reason"};
    static const struct expect_keys keys = TELLING_KEYS(known);
    bool methods[HTTP_METHOD_COUNT];

    if (!expect_map(entry, "an entry of \"unmirrored\"", t->d))
        return;
    expect_only(entry, &keys, t->d);
    struct written path = telling_text(t, entry, "this entry", "path", true);
    struct written reason = telling_text(t, entry, "this entry", "reason", true);
    read_methods(t, yaml_member(entry, TEXT("methods")), methods);
    if (path.text.at && reason.text.at)
        mapping_builder_unmirrored(t->builder, path, methods, reason);
}

static void tell_openapi(const struct telling *t, const struct yaml_node *openapi)
{
    static const char *const known[] = {"allow"};
    static const struct expect_keys keys = TELLING_KEYS(known);
    const struct yaml_node *allow;

    if (!telling_entries(t, openapi, false))
        return;
    expect_only(openapi, &keys, t->d);
    allow = yaml_member(openapi, TEXT("allow"));
    for (const struct yaml_node *n = telling_entries(t, allow, true); n; n = n->next)
        if (expect_text(n, "a path", t->d))
            mapping_builder_allow(t->builder, telling_value(n));
}

/* One top-level key that is not a rule. */
static void tell_member(const struct telling *t, const struct yaml_node *m)
{
    if (telling_is(m, "routes")) {
        for (const struct yaml_node *n = telling_entries(t, m, true); n; n = n->next)
            tell_route(t, n);
    } else if (telling_is(m, "passthrough")) {
        for (const struct yaml_node *n = telling_entries(t, m, true); n; n = n->next)
            telling_passthrough(t, n);
    } else if (telling_is(m, "words")) {
        for (const struct yaml_node *n = telling_entries(t, m, false); n; n = n->next)
            if (is_pair(t, n))
                mapping_builder_word(t->builder, telling_key(n), telling_value(n));
    } else if (telling_is(m, "headers")) {
        for (const struct yaml_node *n = telling_entries(t, m, false); n; n = n->next)
            if (is_pair(t, n))
                mapping_builder_header(t->builder, telling_key(n), telling_value(n));
    } else if (telling_is(m, "query")) {
        tell_query(t, m);
    } else if (telling_is(m, "watch")) {
        tell_watch(t, m);
    } else if (telling_is(m, "openapi")) {
        tell_openapi(t, m);
    } else if (telling_is(m, "unmirrored")) {
        for (const struct yaml_node *n = telling_entries(t, m, true); n; n = n->next)
            tell_unmirrored(t, n);
    }
}

void conf_mapping_tell(const struct yaml_node *root, struct mapping_builder *builder,
                       struct diag *d)
{
    static const char *const known[] = {
        "version", "routes",  "passthrough", "fields", "opaque",  "values",    "words",
        "query",   "headers", "collisions",  "watch",  "openapi", "unmirrored"};
    static const struct expect_keys keys = TELLING_KEYS(known);
    const struct telling t = {builder, d};

    if (!expect_file(root, d))
        return;
    expect_only(root, &keys, d);
    tell_rules(&t, mapping_builder_global(builder), root);
    for (const struct yaml_node *m = root->first; m; m = m->next)
        tell_member(&t, m);
}
