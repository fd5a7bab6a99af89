#include "conf/conf_mapping.h"

#include "conf/expect.h"
#include "conf/units.h"
#include "http/method.h"

enum { WHAT_BYTES = 96 };

struct telling {
    struct mapping_builder *builder;
    struct diag *d;
};

#define KEYS(known_, later_)                                                                       \
    {                                                                                              \
        .known = (known_), .known_count = sizeof(known_) / sizeof(known_)[0], .later = (later_),   \
        .later_count = sizeof(later_) / sizeof(later_)[0]                                          \
    }
#define KEYS_ONLY(known_)                                                                          \
    {                                                                                              \
        .known = (known_), .known_count = sizeof(known_) / sizeof(known_)[0]                       \
    }

static bool is_key(const struct yaml_node *member, const char *key)
{
    return text_eq(member->key, text_from(key));
}

/* The text T as it stands at WHERE, behind its opening quote if it is not PLAIN. */
static struct written written_at(struct text t, bool plain, struct where where)
{
    if (!plain && where.width > 2) {
        where.column++;
        where.width -= 2;
    }
    return (struct written){t, where};
}

static struct written written_value(const struct yaml_node *scalar)
{
    return written_at(scalar->text, scalar->plain, scalar->where);
}

static struct written written_key(const struct yaml_node *member)
{
    return written_at(member->key, member->plain_key, member->key_where);
}

/* True if nothing stands where a map or a list may: all its entries are comments, say. */
static bool is_empty(const struct yaml_node *node)
{
    return node->kind == YAML_SCALAR && yaml_sense(node) == YAML_NULL;
}

/* The name of MEMBER in quotes, for messages. */
static const char *name_of(const struct yaml_node *member, char *to)
{
    int shown = member->key.len > WHAT_BYTES / 2 ? WHAT_BYTES / 2 : (int)member->key.len;

    snprintf(to, WHAT_BYTES, "\"%.*s\"", shown, member->key.at);
    return to;
}

/* NODE's first element or member if it is a LIST (or else a map), NULL if empty or wrong. */
static const struct yaml_node *entries(const struct telling *t, const struct yaml_node *node,
                                       bool list)
{
    char what[WHAT_BYTES];

    if (!node || is_empty(node))
        return NULL;
    name_of(node, what);
    if (list ? expect_list(node, what, t->d) : expect_map(node, what, t->d))
        return node->first;
    return NULL;
}

/* The text of MAP's member KEY; absent if it has none, with a complaint if it is NEEDED. */
static struct written text_member(const struct telling *t, const struct yaml_node *map,
                                  const char *what, const char *key, bool needed)
{
    const struct yaml_node *member = yaml_member(map, text_from(key));
    char name[WHAT_BYTES];

    if (member && expect_text(member, name_of(member, name), t->d))
        return written_value(member);
    if (!member && needed)
        expect_missing(map, what, key, t->d);
    return (struct written){.where = map->where};
}

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
    char what[WHAT_BYTES];

    return expect_text(member, name_of(member, what), t->d);
}

/* {PUT: POST}: client methods and what they are sent as. */
static void tell_method_pairs(const struct telling *t, struct mapping_scope *scope,
                              const struct yaml_node *map)
{
    if (!map->first)
        expect_other(map, "a method", "text, or {PUT: POST}", t->d);
    for (const struct yaml_node *m = map->first; m; m = m->next)
        if (is_pair(t, m))
            mapping_scope_method(scope, written_key(m), written_value(m));
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
                mapping_scope_method(scope, written_value(n), same);
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
    static const struct expect_keys keys = KEYS_ONLY(known);
    const struct written none = {0};
    char what[WHAT_BYTES];
    enum reach reach;

    if (is_empty(field)) {
        mapping_scope_field(scope, written_key(field), (struct written){.where = field->where},
                            REACH_BOTH, none);
    } else if (field->kind == YAML_MAP) {
        expect_only(field, &keys, t->d);
        struct written upstream = text_member(t, field, name_of(field, what), "upstream", true);
        struct written at = text_member(t, field, what, "at", false);
        if (read_reach(t, field, &reach) && upstream.text.at)
            mapping_scope_field(scope, written_key(field), upstream, reach, at);
    } else if (is_pair(t, field)) {
        mapping_scope_field(scope, written_key(field), written_value(field), REACH_BOTH, none);
    }
}

static void tell_opaque(const struct telling *t, struct mapping_scope *scope,
                        const struct yaml_node *first)
{
    for (const struct yaml_node *n = first; n; n = n->next)
        if (expect_text(n, "a path", t->d))
            mapping_scope_opaque(scope, written_value(n));
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
    static const struct expect_keys keys = KEYS_ONLY(known);
    enum value_kind kind;
    enum reach reach;

    if (!expect_map(entry, "an entry of \"values\"", t->d))
        return;
    expect_only(entry, &keys, t->d);
    struct written at = text_member(t, entry, "this entry", "at", true);
    bool sound = read_value_kind(t, entry, &kind);
    sound = read_reach(t, entry, &reach) && sound;
    if (!sound || !at.text.at)
        return;
    mapping_scope_value(scope, at, kind, reach);
    if (kind != VALUE_MAP)
        return;
    for (const struct yaml_node *m = yaml_member(entry, TEXT("map"))->first; m; m = m->next)
        if (is_pair(t, m))
            mapping_scope_value_pair(scope, written_key(m), written_value(m));
}

static void tell_collisions(const struct telling *t, struct mapping_scope *scope,
                            const struct yaml_node *first)
{
    static const char *const known[] = {"request", "response"};
    static const struct expect_keys keys = KEYS_ONLY(known);
    static const char *const words[] = {[COLLISION_REJECT] = "reject", [COLLISION_KEEP] = "keep"};
    char what[WHAT_BYTES];

    for (const struct yaml_node *m = first; m; m = m->next) {
        if (!expect_key(m, &keys, t->d))
            continue;
        int policy = expect_choice(m, name_of(m, what), words, 2, t->d);
        if (policy >= 0)
            mapping_scope_collisions(scope, is_key(m, "request") ? REQUEST : RESPONSE,
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
    char what[WHAT_BYTES];

    name_of(node, what);
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
    int shown = node->text.len > WHAT_BYTES / 2 ? WHAT_BYTES / 2 : (int)node->text.len;
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
        if (is_key(m, "fields"))
            for (const struct yaml_node *n = entries(t, m, false); n; n = n->next)
                tell_field(t, scope, n);
        else if (is_key(m, "opaque"))
            tell_opaque(t, scope, entries(t, m, true));
        else if (is_key(m, "values"))
            for (const struct yaml_node *n = entries(t, m, true); n; n = n->next)
                tell_value(t, scope, n);
        else if (is_key(m, "collisions"))
            tell_collisions(t, scope, entries(t, m, false));
    }
}

/* ... and what stands only under a route or resource. */
static void tell_scope(const struct telling *t, struct mapping_scope *scope,
                       const struct yaml_node *map)
{
    tell_rules(t, scope, map);
    for (const struct yaml_node *m = map->first; m; m = m->next) {
        if (is_key(m, "methods") && is_method_table(m))
            tell_method_pairs(t, scope, m);
        else if (is_key(m, "methods"))
            tell_methods(t, scope, entries(t, m, true));
        else if (is_key(m, "body"))
            tell_body(t, scope, m);
        else if (is_key(m, "timeout") || is_key(m, "max_body"))
            tell_quantity(t, scope, m, is_key(m, "timeout"));
    }
}

/* --- routes ------------------------------------------------------------------------ */

static void tell_resource(const struct telling *t, struct mapping_scope *route,
                          const struct yaml_node *resource)
{
    static const char *const known[] = {"methods",    "opaque", "fields",  "values",
                                        "collisions", "body",   "timeout", "max_body"};
    static const struct expect_keys keys = KEYS_ONLY(known);
    char what[WHAT_BYTES];

    if (resource->kind != YAML_LIST && resource->kind != YAML_MAP) {
        expect_other(resource, name_of(resource, what), "a list of methods, or a map", t->d);
        return;
    }
    struct mapping_scope *scope = mapping_builder_resource(route, written_key(resource));
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
    static const char *const known[] = {"client", "upstream", "methods", "resources",
                                        "opaque", "fields",   "values",  "collisions",
                                        "body",   "timeout",  "max_body"};
    static const struct expect_keys keys = KEYS_ONLY(known);

    if (!expect_map(route, "a route", t->d))
        return;
    expect_only(route, &keys, t->d);
    struct written client = text_member(t, route, "this route", "client", true);
    struct written upstream = text_member(t, route, "this route", "upstream", true);
    if (!client.text.at || !upstream.text.at)
        return;
    struct mapping_scope *scope = mapping_builder_route(t->builder, client, upstream);
    tell_scope(t, scope, route);
    for (const struct yaml_node *r = entries(t, yaml_member(route, TEXT("resources")), false); r;
         r = r->next)
        tell_resource(t, scope, r);
}

static void tell_passthrough(const struct telling *t, const struct yaml_node *entry)
{
    static const char *const known[] = {"path"};
    static const char *const later[] = {"deprecated", "successor", "sunset"};
    static const struct expect_keys keys = KEYS(known, later);

    if (!expect_map(entry, "an entry of \"passthrough\"", t->d))
        return;
    expect_only(entry, &keys, t->d);
    struct written path = text_member(t, entry, "this entry", "path", true);
    if (path.text.at)
        mapping_builder_passthrough(t->builder, path);
}

/* --- the whole file ------------------------------------------------------------------ */

static void tell_query(const struct telling *t, const struct yaml_node *query)
{
    static const char *const known[] = {"names_in"};
    static const struct expect_keys keys = KEYS_ONLY(known);

    if (!entries(t, query, false))
        return;
    expect_only(query, &keys, t->d);
    for (const struct yaml_node *n = entries(t, yaml_member(query, TEXT("names_in")), true); n;
         n = n->next)
        if (expect_text(n, "a parameter's name", t->d))
            mapping_builder_names_in(t->builder, written_value(n));
}

static void tell_watch(const struct telling *t, const struct yaml_node *watch)
{
    static const char *const known[] = {"names", "ignore"};
    static const struct expect_keys keys = KEYS_ONLY(known);

    if (!entries(t, watch, false))
        return;
    expect_only(watch, &keys, t->d);
    for (const struct yaml_node *n = entries(t, yaml_member(watch, TEXT("names")), true); n;
         n = n->next)
        if (expect_text(n, "a glob", t->d))
            mapping_builder_watch(t->builder, written_value(n));
    for (const struct yaml_node *n = entries(t, yaml_member(watch, TEXT("ignore")), true); n;
         n = n->next)
        if (expect_text(n, "a name", t->d))
            mapping_builder_ignore(t->builder, written_value(n));
}

/* One top-level key that is not a rule. */
static void tell_member(const struct telling *t, const struct yaml_node *m)
{
    if (is_key(m, "routes")) {
        for (const struct yaml_node *n = entries(t, m, true); n; n = n->next)
            tell_route(t, n);
    } else if (is_key(m, "passthrough")) {
        for (const struct yaml_node *n = entries(t, m, true); n; n = n->next)
            tell_passthrough(t, n);
    } else if (is_key(m, "words")) {
        for (const struct yaml_node *n = entries(t, m, false); n; n = n->next)
            if (is_pair(t, n))
                mapping_builder_word(t->builder, written_key(n), written_value(n));
    } else if (is_key(m, "headers")) {
        for (const struct yaml_node *n = entries(t, m, false); n; n = n->next)
            if (is_pair(t, n))
                mapping_builder_header(t->builder, written_key(n), written_value(n));
    } else if (is_key(m, "query")) {
        tell_query(t, m);
    } else if (is_key(m, "watch")) {
        tell_watch(t, m);
    }
}

void conf_mapping_tell(const struct yaml_node *root, struct mapping_builder *builder,
                       struct diag *d)
{
    static const char *const known[] = {"version", "routes",     "passthrough", "fields",
                                        "opaque",  "values",     "words",       "query",
                                        "headers", "collisions", "watch"};
    static const struct expect_keys keys = KEYS_ONLY(known);
    const struct telling t = {builder, d};

    if (!expect_file(root, d))
        return;
    expect_only(root, &keys, d);
    tell_rules(&t, mapping_builder_global(builder), root);
    for (const struct yaml_node *m = root->first; m; m = m->next)
        tell_member(&t, m);
}
