#include "base/instant.h"
#include "cli/colour.h"
#include "cli/explanation.h"

#include <inttypes.h>
#include <stdio.h>

/* LABEL, or its width of blanks if it is "". */
static void print_label(const struct explanation *e, const char *label)
{
    bool colour = e->colour && *label;

    printf("%s%-10s%s  ", colour ? COLOUR_LABEL : "", label, colour ? COLOUR_END : "");
}

static void print_where(const struct explanation *e, struct where where)
{
    if (where.line)
        printf("  %s%s:%u%s", e->colour ? COLOUR_PLACE : "", where.file, where.line,
               e->colour ? COLOUR_END : "");
    putchar('\n');
}

static const char *arrow(const bool acts[2])
{
    return acts[REQUEST] && acts[RESPONSE] ? "<->" : acts[REQUEST] ? "-->" : "<--";
}

static void print_pairs(const struct explanation *e)
{
    const struct rules *rules = e->route->rules;

    for (size_t i = 0; i < rules_pair_count(rules); i++) {
        const struct pair *pair = rules_pair_at(rules, i);

        print_label(e, i ? "" : "fields");
        printf("%.*s %s %.*s", TEXT_ARG(pair->client), arrow(pair->acts), TEXT_ARG(pair->upstream));
        if (pair->scoped)
            printf("  at %.*s", TEXT_ARG(pair->at));
        print_where(e, pair->where);
    }
}

static void print_map(const struct value_rule *rule)
{
    struct text client, upstream;

    for (size_t i = 0; rules_map_at(rule, i, &client, &upstream); i++)
        printf("%s%.*s:%.*s", i ? ", " : " ", TEXT_ARG(client), TEXT_ARG(upstream));
}

static void print_values(const struct explanation *e)
{
    const struct rules *rules = e->route->rules;

    for (size_t i = 0; i < rules_value_count(rules); i++) {
        const struct value_rule *rule = rules_value_at(rules, i);

        print_label(e, i ? "" : "values");
        printf("%.*s %s %s", TEXT_ARG(rule->at), arrow(rule->acts), explain_kind(rule->kind));
        if (rule->kind == VALUE_MAP)
            print_map(rule);
        print_where(e, rule->where);
    }
}

static void print_opaque(const struct explanation *e)
{
    size_t count;
    const struct opaque_path *opaque = rules_opaque(e->route->rules, &count);

    for (size_t i = 0; i < count; i++) {
        print_label(e, i ? "" : "opaque");
        printf("%.*s", TEXT_ARG(opaque[i].at));
        print_where(e, opaque[i].where);
    }
}

/* The pairs of `words` or `headers`, several on a line. */
static void print_plain_pairs(const struct explanation *e, const char *label, explain_pairs_at *at)
{
    struct text client, upstream;
    size_t i = 0;

    for (; at(e->route->rules, i, &client, &upstream); i++) {
        if (i == 0)
            print_label(e, label);
        printf("%s%.*s <-> %.*s", i ? ", " : "", TEXT_ARG(client), TEXT_ARG(upstream));
    }
    if (i)
        putchar('\n');
}

static void print_names_in(const struct explanation *e)
{
    struct text name;
    size_t i = 0;

    for (; (name = rules_names_in_at(e->route->rules, i)).at; i++) {
        if (i == 0)
            print_label(e, "query");
        printf("%s%.*s", i ? ", " : "names in ", TEXT_ARG(name));
    }
    if (i)
        putchar('\n');
}

static void print_size(const char *what, uint64_t bytes)
{
    if (bytes == UINT64_MAX)
        printf("%s unlimited", what);
    else
        printf("%s %" PRIu64 " bytes", what, bytes);
}

static void print_limits(const struct explanation *e)
{
    struct explain_limits limits = explain_limits(e);

    print_label(e, "limits");
    print_size("JSON body", limits.body_json);
    print_size(", other body", limits.body_other);
    printf(", depth %" PRIu64 "\n", limits.json_depth);
    print_label(e, "timeouts");
    printf("first byte %" PRIu64 " ms, between bytes %" PRIu64 " ms\n", limits.first_byte_ms,
           limits.between_bytes_ms);
}

static void print_announced(const struct explanation *e, const char *label,
                            const struct announced *announced)
{
    if (!announced->text.at)
        return;
    print_label(e, label);
    printf("%.*s", TEXT_ARG(announced->text));
    print_where(e, announced->where);
}

static void print_successor(const struct explanation *e, const struct announced *successor)
{
    if (!successor->text.at)
        return;
    print_label(e, "successor");
    if (e->successor.at)
        printf("%.*s", TEXT_ARG(e->successor));
    else
        printf("none for this path and method, of %.*s", TEXT_ARG(successor->text));
    print_where(e, successor->where);
}

static void print_deprecation(const struct explanation *e)
{
    const struct deprecation *d = e->route->deprecation;
    char from[INSTANT_BYTES], to[INSTANT_BYTES];

    print_announced(e, "deprecated", &d->since);
    print_announced(e, "sunset", &d->sunset);
    print_successor(e, &d->successor);
    print_announced(e, "caller", &d->caller);
    for (size_t i = 0; i < d->brownout_count; i++) {
        print_label(e, i ? "" : "brownout");
        printf("%.*s to %.*s", TEXT_ARG(instant_write(d->brownouts[i].from, from)),
               TEXT_ARG(instant_write(d->brownouts[i].to, to)));
        print_where(e, d->brownouts[i].where);
    }
}

static void print_rules(const struct explanation *e)
{
    const struct route *route = e->route;

    if (!explain_translates(route)) {
        print_label(e, "body");
        puts(route->passthrough ? "passes unchanged, byte for byte" : "raw: bodies pass unchanged");
    }
    if (route->deprecation)
        print_deprecation(e);
    if (route->passthrough)
        return;
    print_pairs(e);
    print_opaque(e);
    print_values(e);
    print_plain_pairs(e, "words", rules_word_at);
    print_names_in(e);
    print_plain_pairs(e, "headers", rules_header_at);
    print_label(e, "collisions");
    printf("request %s, response %s\n", explain_policy(route->rules, REQUEST),
           explain_policy(route->rules, RESPONSE));
}

void explain_text(const struct explanation *e)
{
    print_label(e, "route");
    printf("%.*s%s", TEXT_ARG(e->route->client), e->route->passthrough ? " (passthrough)" : "");
    print_where(e, e->route->where);
    const struct conf_service *service = conf_service_of(e->conf, e->route);

    if (service->where.line) {
        print_label(e, "service");
        printf("%.*s", TEXT_ARG(service->name));
        print_where(e, service->where);
    }
    print_label(e, "upstream");
    printf("%.*s %.*s%.*s\n", TEXT_ARG(http_method_name(e->method)),
           TEXT_ARG(service->settings.url.at[0]), TEXT_ARG(e->target));
    print_rules(e);
    print_limits(e);
}

void explain_text_change(const struct explanation *e, const struct explain_change *change)
{
    print_label(e, "rename");
    printf("%" PRIu64 ":%" PRIu64 " %.*s --> %.*s", change->place.line, change->place.column,
           TEXT_ARG(change->from), TEXT_ARG(change->to));
    print_where(e, change->where);
}
