#include "base/instant.h"
#include "base/quote.h"
#include "cli/explanation.h"

static void add_key(struct buf *to, const char *key)
{
    if (to->len && !strchr("{[,", to->at[to->len - 1]))
        buf_add_byte(to, ',');
    quote_json(to, text_from(key), SIZE_MAX);
    buf_add_byte(to, ':');
}

static void add_text(struct buf *to, const char *key, struct text value)
{
    add_key(to, key);
    quote_json(to, value, SIZE_MAX);
}

static void add_word(struct buf *to, const char *key, bool value)
{
    add_key(to, key);
    buf_add(to, value ? TEXT("true") : TEXT("false"));
}

/* UINT64_MAX, which is no limit, is null. */
static void add_number(struct buf *to, const char *key, uint64_t value)
{
    add_key(to, key);
    if (value == UINT64_MAX)
        buf_add(to, TEXT("null"));
    else
        buf_add_u64(to, value);
}

static void add_where(struct buf *to, struct where where)
{
    if (!where.line)
        return;
    add_text(to, "file", text_from(where.file));
    add_number(to, "line", where.line);
}

static void begin(struct buf *to, const char *key, char bracket)
{
    add_key(to, key);
    buf_add_byte(to, bracket);
}

/* Begins an object in a list. */
static void begin_item(struct buf *to)
{
    if (to->len && to->at[to->len - 1] != '[')
        buf_add_byte(to, ',');
    buf_add_byte(to, '{');
}

static void add_pair(struct buf *to, struct text client, struct text upstream)
{
    add_text(to, "client", client);
    add_text(to, "upstream", upstream);
}

static void add_acts(struct buf *to, const bool acts[2])
{
    add_word(to, "request", acts[REQUEST]);
    add_word(to, "response", acts[RESPONSE]);
}

/* --- the rules ------------------------------------------------------------------------- */

static void add_fields(const struct rules *rules, struct buf *to)
{
    for (size_t i = 0; i < rules_pair_count(rules); i++) {
        const struct pair *pair = rules_pair_at(rules, i);

        begin_item(to);
        add_pair(to, pair->client, pair->upstream);
        add_acts(to, pair->acts);
        if (pair->scoped)
            add_text(to, "at", pair->at);
        add_where(to, pair->where);
        buf_add_byte(to, '}');
    }
}

static void add_opaque(const struct rules *rules, struct buf *to)
{
    size_t count;
    const struct opaque_path *opaque = rules_opaque(rules, &count);

    for (size_t i = 0; i < count; i++) {
        begin_item(to);
        add_text(to, "at", opaque[i].at);
        add_where(to, opaque[i].where);
        buf_add_byte(to, '}');
    }
}

static void add_map(const struct value_rule *rule, struct buf *to)
{
    struct text client, upstream;

    begin(to, "map", '[');
    for (size_t i = 0; rules_map_at(rule, i, &client, &upstream); i++) {
        begin_item(to);
        add_pair(to, client, upstream);
        buf_add_byte(to, '}');
    }
    buf_add_byte(to, ']');
}

static void add_values(const struct rules *rules, struct buf *to)
{
    for (size_t i = 0; i < rules_value_count(rules); i++) {
        const struct value_rule *rule = rules_value_at(rules, i);

        begin_item(to);
        add_text(to, "at", rule->at);
        add_text(to, "kind", text_from(explain_kind(rule->kind)));
        if (rule->kind == VALUE_MAP)
            add_map(rule, to);
        add_acts(to, rule->acts);
        add_where(to, rule->where);
        buf_add_byte(to, '}');
    }
}

static void add_plain_pairs(const struct rules *rules, explain_pairs_at *at,
                            struct where (*where)(const struct rules *, size_t), struct buf *to)
{
    struct text client, upstream;

    for (size_t i = 0; at(rules, i, &client, &upstream); i++) {
        begin_item(to);
        add_pair(to, client, upstream);
        add_where(to, where(rules, i));
        buf_add_byte(to, '}');
    }
}

static void add_words(const struct rules *rules, struct buf *to)
{
    add_plain_pairs(rules, rules_word_at, rules_word_where, to);
}

static void add_headers(const struct rules *rules, struct buf *to)
{
    add_plain_pairs(rules, rules_header_at, rules_header_where, to);
}

static void add_names_in(const struct rules *rules, struct buf *to)
{
    struct text name;

    for (size_t i = 0; (name = rules_names_in_at(rules, i)).at; i++) {
        begin_item(to);
        add_text(to, "name", name);
        add_where(to, rules_names_in_where(rules, i));
        buf_add_byte(to, '}');
    }
}

static void add_rules(const struct route *route, struct buf *to)
{
    static const struct {
        const char *key;
        void (*add)(const struct rules *rules, struct buf *to);
    } lists[] = {{"fields", add_fields}, {"opaque", add_opaque},  {"values", add_values},
                 {"words", add_words},   {"query", add_names_in}, {"headers", add_headers}};

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        begin(to, lists[i].key, '[');
        if (!route->passthrough)
            lists[i].add(route->rules, to);
        buf_add_byte(to, ']');
    }
    if (route->passthrough)
        return;
    begin(to, "collisions", '{');
    add_text(to, "request", text_from(explain_policy(route->rules, REQUEST)));
    add_text(to, "response", text_from(explain_policy(route->rules, RESPONSE)));
    buf_add_byte(to, '}');
}

/* --- deprecation --------------------------------------------------------------------- */

static void add_announced(struct buf *to, const char *key, const struct announced *announced)
{
    if (!announced->text.at)
        return;
    begin(to, key, '{');
    add_text(to, "value", announced->text);
    add_where(to, announced->where);
    buf_add_byte(to, '}');
}

static void add_instant(struct buf *to, const char *key, int64_t seconds)
{
    char written[INSTANT_BYTES];

    add_text(to, key, instant_write(seconds, written));
}

static void add_deprecation(const struct explanation *e, struct buf *to)
{
    const struct deprecation *d = e->route->deprecation;

    begin(to, "deprecation", '{');
    add_announced(to, "deprecated", &d->since);
    add_announced(to, "sunset", &d->sunset);
    add_announced(to, "successor", &d->successor);
    if (e->successor.at)
        add_text(to, "link", e->successor);
    add_announced(to, "caller", &d->caller);
    begin(to, "brownout", '[');
    for (size_t i = 0; i < d->brownout_count; i++) {
        begin_item(to);
        add_instant(to, "from", d->brownouts[i].from);
        add_instant(to, "to", d->brownouts[i].to);
        add_where(to, d->brownouts[i].where);
        buf_add_byte(to, '}');
    }
    buf_add(to, TEXT("]}"));
}

/* --- the object ------------------------------------------------------------------------ */

static void add_route(const struct route *route, struct buf *to)
{
    begin(to, "route", '{');
    add_pair(to, route->client, route->upstream);
    add_word(to, "passthrough", route->passthrough);
    add_word(to, "translates", explain_translates(route));
    add_where(to, route->where);
    buf_add_byte(to, '}');
}

static void add_upstream(const struct explanation *e, struct buf *to)
{
    const struct conf_service *service = conf_service_of(e->conf, e->route);
    struct buf url;

    buf_init(&url, SIZE_MAX);
    buf_add(&url, service->settings.url.at[0]);
    buf_add(&url, e->target);
    begin(to, "upstream", '{');
    add_text(to, "service", service->name);
    add_text(to, "method", http_method_name(e->method));
    add_text(to, "url", buf_text(&url));
    buf_add_byte(to, '}');
    to->failed |= url.failed;
    buf_fini(&url);
}

static void add_limits(const struct explanation *e, struct buf *to)
{
    struct explain_limits limits = explain_limits(e);

    begin(to, "limits", '{');
    add_number(to, "body_json", limits.body_json);
    add_number(to, "body_other", limits.body_other);
    add_number(to, "json_depth", limits.json_depth);
    buf_add_byte(to, '}');
    begin(to, "timeouts", '{');
    add_number(to, "first_byte_ms", limits.first_byte_ms);
    add_number(to, "between_bytes_ms", limits.between_bytes_ms);
    buf_add_byte(to, '}');
}

void explain_json(const struct explanation *e, struct buf *to)
{
    buf_add_byte(to, '{');
    add_route(e->route, to);
    add_upstream(e, to);
    if (e->route->deprecation)
        add_deprecation(e, to);
    add_rules(e->route, to);
    add_limits(e, to);
    begin(to, "renames", '[');
}

void explain_json_change(const struct explain_change *change, struct buf *to)
{
    static const struct {
        const char *word, *key;
    } kinds[] = {[EXPLAIN_RENAME] = {"rename", "to"},
                 [EXPLAIN_VALUE] = {"value", "by"},
                 [EXPLAIN_COLLISION] = {"collision", "name"}};

    begin_item(to);
    add_text(to, "kind", text_from(kinds[change->kind].word));
    if (change->kind == EXPLAIN_RENAME)
        add_text(to, "from", change->from);
    add_text(to, kinds[change->kind].key, change->to);
    begin(to, "place", '{');
    add_number(to, "offset", change->place.offset);
    add_number(to, "line", change->place.line);
    add_number(to, "column", change->place.column);
    buf_add_byte(to, '}');
    begin(to, "rule", '{');
    add_where(to, change->where);
    buf_add(to, TEXT("}}"));
}

void explain_json_end(struct buf *to)
{
    buf_add(to, TEXT("]}\n"));
}
