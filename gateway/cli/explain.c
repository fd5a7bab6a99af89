#include "base/buf.h"
#include "cli/cli.h"
#include "cli/request.h"
#include "cli/source.h"
#include "translate/target.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum { TARGET_BYTES_MAX = 1024 * 1024, READ_BYTES = 64 * 1024, EXIT_NO_ROUTE = 1 };

static const char help[] =
    "usage: dpgw explain METHOD PATH[?QUERY] [OPTION]...\n"
    "\n"
    "Shows what would happen to a request: its route, the upstream URL, and every\n"
    "rule and limit in force, each with the line that says so.\n"
    "\n"
    "      --body FILE       a JSON body (- for standard input): lists each rename\n"
    "  -c, --config FILE     the settings file, which names the mapping\n"
    "      --set KEY=VALUE   a setting that goes before the file's\n"
    "  -h, --help            this text\n"
    "\n"
    "example: dpgw explain POST '/api/v1/accounts/a/data-products/7/chat?dataProductId=7'\n"
    "\n"
    "exit status: 0 a route serves it, 1 none does, 64 wrong usage, 65 the body is\n"
    "refused, 66 it cannot be opened, 78 bad configuration\n";

struct options {
    struct cli_source source;
    const char *body;
    bool help;
    struct cli_request request;
};

/* --- the parts of an explanation ------------------------------------------ */

static void print_line(const char *label, struct text text)
{
    printf("%-10s  %.*s\n", label, TEXT_ARG(text));
}

static void print_where(struct where where)
{
    if (where.line)
        printf("  %s:%u", where.file, where.line);
    putchar('\n');
}

/* False, said on standard error: two parameters of the query conflict. */
static bool print_target(const struct conf *conf, const struct route *route,
                         const struct cli_request *request)
{
    enum http_method method = route_upstream_method(route, request->method);
    struct buf target;

    buf_init(&target, TARGET_BYTES_MAX);
    const struct pair *conflict = target_upstream(route, request->path, request->query, &target);
    if (conflict)
        fprintf(stderr, "dpgw explain: 400, two query parameters mean \"%.*s\"\n",
                TEXT_ARG(conflict->client));
    else
        printf("%-10s  %.*s %.*s%.*s\n", "upstream", TEXT_ARG(http_method_name(method)),
               TEXT_ARG(conf->settings.upstream_url), TEXT_ARG(buf_text(&target)));
    buf_fini(&target);
    return !conflict;
}

static const char *arrow(const bool acts[2])
{
    return acts[REQUEST] && acts[RESPONSE] ? "<->" : acts[REQUEST] ? "-->" : "<--";
}

static void print_pairs(const struct rules *rules)
{
    for (size_t i = 0; i < rules_pair_count(rules); i++) {
        const struct pair *pair = rules_pair_at(rules, i);

        printf("%-10s  %.*s %s %.*s", i ? "" : "fields", TEXT_ARG(pair->client), arrow(pair->acts),
               TEXT_ARG(pair->upstream));
        if (pair->scoped)
            printf("  at %.*s", TEXT_ARG(pair->at));
        print_where(pair->where);
    }
}

static const char *kind_word(enum value_kind kind)
{
    switch (kind) {
    case VALUE_MAP:
        return "map";
    case VALUE_URL:
        return "rewrite url";
    case VALUE_WORDS:
        return "rewrite words";
    case VALUE_NAME:
        return "rewrite name";
    }
    return "";
}

static void print_map(const struct value_rule *rule)
{
    struct text client, upstream;

    for (size_t i = 0; rules_map_at(rule, i, &client, &upstream); i++)
        printf("%s%.*s:%.*s", i ? ", " : " ", TEXT_ARG(client), TEXT_ARG(upstream));
}

static void print_values(const struct rules *rules)
{
    for (size_t i = 0; i < rules_value_count(rules); i++) {
        const struct value_rule *rule = rules_value_at(rules, i);

        printf("%-10s  %.*s %s %s", i ? "" : "values", TEXT_ARG(rule->at), arrow(rule->acts),
               kind_word(rule->kind));
        if (rule->kind == VALUE_MAP)
            print_map(rule);
        print_where(rule->where);
    }
}

static void print_opaque(const struct rules *rules)
{
    size_t count;
    const struct opaque_path *opaque = rules_opaque(rules, &count);

    for (size_t i = 0; i < count; i++) {
        printf("%-10s  %.*s", i ? "" : "opaque", TEXT_ARG(opaque[i].at));
        print_where(opaque[i].where);
    }
}

/* The pairs of `words` or `headers`, several on a line. */
static void print_plain_pairs(const char *label, const struct rules *rules,
                              bool (*at)(const struct rules *, size_t, struct text *,
                                         struct text *))
{
    struct text client, upstream;
    size_t i = 0;

    for (; at(rules, i, &client, &upstream); i++)
        printf("%s%.*s <-> %.*s", i ? ", " : label, TEXT_ARG(client), TEXT_ARG(upstream));
    if (i)
        putchar('\n');
}

static void print_names_in(const struct rules *rules)
{
    struct text name;
    size_t i = 0;

    for (; (name = rules_names_in_at(rules, i)).at; i++)
        printf("%s%.*s", i ? ", " : "query       names in ", TEXT_ARG(name));
    if (i)
        putchar('\n');
}

static const char *policy_word(enum collision_policy policy)
{
    return policy == COLLISION_REJECT ? "reject" : "keep";
}

static void print_size(const char *what, uint64_t bytes)
{
    if (bytes == UINT64_MAX)
        printf("%s unlimited", what);
    else
        printf("%s %" PRIu64 " bytes", what, bytes);
}

static void print_limits(const struct settings *s, const struct route *route)
{
    uint64_t first = route->timeout_ms ? route->timeout_ms : s->timeouts.upstream_first_byte;
    uint64_t between = route->timeout_ms ? route->timeout_ms : s->timeouts.upstream_between_bytes;

    printf("%-10s  ", "limits");
    print_size("JSON body", route->max_body ? route->max_body : s->limits.body_json);
    print_size(", other body", route->max_body ? route->max_body : s->limits.body_other);
    printf(", depth %" PRIu64 "\n", s->limits.json_depth);
    printf("%-10s  first byte %" PRIu64 " ms, between bytes %" PRIu64 " ms\n", "timeouts", first,
           between);
}

static void print_rules(const struct route *route)
{
    const struct rules *rules = route->rules;

    if (route->passthrough || route->body == ROUTE_BODY_RAW)
        print_line("body", route->passthrough ? TEXT("passes unchanged, byte for byte")
                                              : TEXT("raw: bodies pass unchanged"));
    if (route->passthrough)
        return;
    print_pairs(rules);
    print_opaque(rules);
    print_values(rules);
    print_plain_pairs("words       ", rules, rules_word_at);
    print_names_in(rules);
    print_plain_pairs("headers     ", rules, rules_header_at);
    printf("%-10s  request %s, response %s\n", "collisions",
           policy_word(rules_collisions(rules, REQUEST)),
           policy_word(rules_collisions(rules, RESPONSE)));
}

/* --- a body --------------------------------------------------------------- */

static void print_change(struct body_place place, struct text from, struct text to,
                         struct where where)
{
    printf("%-10s  %" PRIu64 ":%" PRIu64 " %.*s --> %.*s", "rename", place.line, place.column,
           TEXT_ARG(from), TEXT_ARG(to));
    print_where(where);
}

static void on_renamed(void *owner, const struct pair *pair, struct body_place place)
{
    (void)owner;
    print_change(place, pair->client, pair->upstream, pair->where);
}

static void on_revalued(void *owner, const struct value_rule *rule, struct body_place place)
{
    (void)owner;
    print_change(place, TEXT("a value"), text_from(kind_word(rule->kind)), rule->where);
}

static void on_collided(void *owner, const struct pair *pair, struct body_place place)
{
    (void)owner;
    print_change(place, TEXT("collision"), pair->client, pair->where);
}

static void drop(void *owner, struct text span)
{
    (void)owner, (void)span;
}

static int explain_body(const struct conf *conf, const struct route *route, FILE *from)
{
    static char piece[READ_BYTES];
    const struct settings *s = &conf->settings;
    struct translate_limits limits = {.json_depth = s->limits.json_depth,
                                      .json_number = s->limits.json_number,
                                      .json_value = s->limits.json_value};
    struct translate_scene scene = {
        .mapping = conf->mapping, .upstream_origin = s->upstream_url, .client_origin = TEXT("")};
    struct translate_watcher watcher = {
        .renamed = on_renamed, .revalued = on_revalued, .collided = on_collided};
    struct translator_task task = {.rules = route->rules,
                                   .direction = REQUEST,
                                   .limits = &limits,
                                   .scene = &scene,
                                   .watcher = &watcher,
                                   .sink = {.take = drop}};
    struct translator *t = translator_new(MEDIA_JSON, &task);
    enum translate_code code = t ? TRANSLATE_OK : TRANSLATE_NO_MEMORY;
    size_t n;

    while (code == TRANSLATE_OK && (n = fread(piece, 1, sizeof piece, from)) > 0)
        code = translator_piece(t, text_of(piece, n));
    if (code == TRANSLATE_OK)
        code = translator_end(t);
    if (code != TRANSLATE_OK && t) {
        const struct translate_fault *fault = translator_fault(t);
        fprintf(stderr, "dpgw explain: body refused at %" PRIu64 ":%" PRIu64 ": %s\n",
                fault->place.line, fault->place.column, fault->what ? fault->what : "");
    }
    translator_free(&t);
    return code == TRANSLATE_OK ? EX_OK : EX_DATAERR;
}

static int explain_body_file(const struct conf *conf, const struct route *route, const char *file)
{
    bool is_stdin = text_eq(text_from(file), TEXT("-"));
    FILE *from = is_stdin ? stdin : fopen(file, "rb");

    if (!from) {
        fprintf(stderr, "dpgw explain: cannot open %s: %s\n", file, strerror(errno));
        return EX_NOINPUT;
    }
    int code = explain_body(conf, route, from);
    if (!is_stdin)
        fclose(from);
    return code;
}

/* --- the command ---------------------------------------------------------- */

static int explain(const struct conf *conf, const struct options *o)
{
    const struct cli_request *request = &o->request;
    const struct route *route = cli_request_route(conf->mapping, request, "explain");

    if (!route)
        return EXIT_NO_ROUTE;
    printf("%-10s  %.*s%s", "route", TEXT_ARG(route->client),
           route->passthrough ? " (passthrough)" : "");
    print_where(route->where);
    if (!print_target(conf, route, request))
        return EX_DATAERR;
    print_rules(route);
    print_limits(&conf->settings, route);
    if (!o->body || route->passthrough || route->body == ROUTE_BODY_RAW)
        return EX_OK;
    return explain_body_file(conf, route, o->body);
}

static bool read_request(int argc, char **argv, struct options *o)
{
    if (argc - optind != 2 || !http_method_find(text_from(argv[optind]), &o->request.method) ||
        argv[optind + 1][0] != '/')
        return false;
    cli_request_target(text_from(argv[optind + 1]), &o->request);
    return true;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {CLI_SOURCE_OPTIONS,
                                          {"body", required_argument, NULL, 'b'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    int option;

    while ((option = getopt_long(argc, argv, "c:h", known, NULL)) != -1) {
        if (option == 'b')
            o->body = optarg;
        else if (option == 'h')
            o->help = true;
        else if (!cli_source_option(&o->source, option, optarg))
            return false;
    }
    return o->help || read_request(argc, argv, o);
}

int cli_explain(int argc, char **argv)
{
    struct options o = {0};

    if (!read_options(argc, argv, &o)) {
        fputs("dpgw explain: give a method and a path, such as GET /api/v1/things\n"
              "see dpgw explain --help\n",
              stderr);
        return EX_USAGE;
    }
    if (o.help) {
        fputs(help, stdout);
        return EX_OK;
    }
    struct conf *conf = cli_source_load(&o.source, "explain");
    if (!conf)
        return EX_CONFIG;
    int code = explain(conf, &o);
    conf_unref(&conf);
    return code;
}
