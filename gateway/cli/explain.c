#include "base/buf.h"
#include "cli/cli.h"
#include "cli/colour.h"
#include "cli/explanation.h"
#include "cli/refusal.h"
#include "cli/request.h"
#include "cli/source.h"
#include "translate/target.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum {
    TARGET_BYTES_MAX = 1024 * 1024,
    JSON_BYTES_MAX = 256 * 1024 * 1024,
    READ_BYTES = 64 * 1024,
    EXIT_NO_ROUTE = 1
};

static const char help[] =
    "usage: dpgw explain METHOD PATH[?QUERY] [OPTION]...\n"
    "\n"
    "Shows what would happen to a request: its route, the upstream URL, and every\n"
    "rule and limit in force, each with the line that says so.\n"
    "\n"
    "      --body FILE         a JSON body (- for standard input): lists each rename\n"
    "      --format text|json  lines to read, or one JSON object\n"
    "  -c, --config FILE       the settings file, which names the mapping\n"
    "      --set KEY=VALUE     a setting that goes before the file's\n"
    "  -h, --help              this text\n"
    "\n"
    "example: dpgw explain POST '/api/v1/accounts/a/data-products/7/chat?dataProductId=7'\n"
    "\n"
    "exit status: 0 a route serves it, 1 none does, 64 wrong usage, 65 the body is\n"
    "refused, 66 it cannot be opened, 74 cannot write, 78 bad configuration\n";

struct options {
    struct cli_source source;
    const char *body;
    bool json, help;
    struct cli_request request;
};

/* What is told, and where JSON of it is kept until all of it is known. */
struct teller {
    struct explanation what;
    struct buf json;
};

/* --- a body --------------------------------------------------------------- */

static void tell(struct teller *teller, const struct explain_change *change)
{
    if (teller->what.json)
        explain_json_change(change, &teller->json);
    else
        explain_text_change(&teller->what, change);
}

static void on_renamed(void *owner, const struct pair *pair, struct body_place place)
{
    tell(owner, &(struct explain_change){EXPLAIN_RENAME, pair->client, pair->upstream, place,
                                         pair->where});
}

static void on_revalued(void *owner, const struct value_rule *rule, struct body_place place)
{
    tell(owner, &(struct explain_change){EXPLAIN_VALUE, TEXT("a value"),
                                         text_from(explain_kind(rule->kind)), place, rule->where});
}

static void on_collided(void *owner, const struct pair *pair, struct body_place place)
{
    tell(owner, &(struct explain_change){EXPLAIN_COLLISION, TEXT("collision"), pair->client, place,
                                         pair->where});
}

static void drop(void *owner, struct text span)
{
    (void)owner, (void)span;
}

static void tell_fault(const struct teller *teller, const struct translate_fault *fault)
{
    fflush(stdout);
    if (teller->what.json)
        refusal_print_json(fault, REQUEST, stderr);
    else
        fprintf(stderr, "dpgw explain: body refused at %" PRIu64 ":%" PRIu64 ": %s\n",
                fault->place.line, fault->place.column, fault->what ? fault->what : "no memory");
}

static int explain_body(struct teller *teller, FILE *from)
{
    static char piece[READ_BYTES];
    const struct conf *conf = teller->what.conf;
    const struct settings *s = &conf->settings;
    struct translate_limits limits = {.json_depth = s->limits.json_depth,
                                      .json_number = s->limits.json_number,
                                      .json_value = s->limits.json_value};
    struct translate_scene scene = {
        .mapping = conf->mapping,
        .upstream_origin = conf_service_of(conf, teller->what.route)->settings.url.at[0],
        .client_origin = TEXT("")};
    struct translate_watcher watcher = {
        .owner = teller, .renamed = on_renamed, .revalued = on_revalued, .collided = on_collided};
    struct translator_task task = {.rules = teller->what.route->rules,
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
    if (code != TRANSLATE_OK)
        tell_fault(teller, t ? translator_fault(t) : &(struct translate_fault){.code = code});
    translator_free(&t);
    return refusal_exit(code);
}

static int explain_body_file(struct teller *teller, const char *file)
{
    bool is_stdin = text_eq(text_from(file), TEXT("-"));
    FILE *from = is_stdin ? stdin : fopen(file, "rb");

    if (!from) {
        fprintf(stderr, "dpgw explain: cannot open %s: %s\n", file, strerror(errno));
        return EX_NOINPUT;
    }
    int code = explain_body(teller, from);
    if (!is_stdin)
        fclose(from);
    return code;
}

/* --- the command ---------------------------------------------------------- */

/* All there is to tell, up to a whole JSON object if it is to be one. */
static int explain_all(struct teller *teller, const struct options *o)
{
    const struct explanation *what = &teller->what;
    int code = EX_OK;

    if (o->json)
        explain_json(what, &teller->json);
    else
        explain_text(what);
    if (o->body && explain_translates(what->route))
        code = explain_body_file(teller, o->body);
    if (o->json && code == EX_OK)
        explain_json_end(&teller->json);
    return code;
}

static int write_out(const struct teller *teller)
{
    struct text json = buf_text(&teller->json);

    if (teller->json.failed) {
        fputs("dpgw explain: not enough memory\n", stderr);
        return EX_OSERR;
    }
    fwrite(json.at, 1, json.len, stdout);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EX_OK;
    fprintf(stderr, "dpgw explain: cannot write: %s\n", strerror(errno));
    return EX_IOERR;
}

/* What the gateway itself answers, where docs.serve is on. */
static int explain_local(const struct options *o)
{
    const struct cli_request *request = &o->request;

    if (request->method != HTTP_GET && request->method != HTTP_HEAD) {
        fprintf(stderr, "dpgw explain: 405, %.*s takes GET, HEAD only\n", TEXT_ARG(request->path));
        return EXIT_NO_ROUTE;
    }
    printf(o->json ? "{\"route\":\"%.*s\",\"answered_by\":\"gateway\",\"setting\":\"docs.serve\"}\n"
                   : "route       %.*s\nanswer      by the gateway itself (docs.serve)\n",
           TEXT_ARG(request->path));
    return EX_OK;
}

static int explain(const struct conf *conf, const struct options *o)
{
    const struct cli_request *request = &o->request;
    const struct route *route = cli_request_route(conf->mapping, request, "explain");
    struct teller teller = {
        .what = {
            .conf = conf, .route = route, .json = o->json, .colour = colour_wanted(STDOUT_FILENO)}};
    struct buf target, successor;
    int code = EX_DATAERR;

    if (!route)
        return EXIT_NO_ROUTE;
    buf_init(&teller.json, JSON_BYTES_MAX);
    buf_init(&target, TARGET_BYTES_MAX);
    buf_init(&successor, TARGET_BYTES_MAX);
    const struct pair *conflict = target_upstream(route, request->path, request->query, &target);
    if (conflict) {
        fprintf(stderr, "dpgw explain: 400, two query parameters mean \"%.*s\"\n",
                TEXT_ARG(conflict->client));
    } else {
        teller.what.method = route_upstream_method(route, request->method);
        teller.what.target = buf_text(&target);
        if (mapping_successor(conf->mapping, route, request->method, request->path, &successor))
            teller.what.successor = buf_text(&successor);
        code = explain_all(&teller, o);
    }
    if (code == EX_OK)
        code = write_out(&teller);
    buf_fini(&target);
    buf_fini(&successor);
    buf_fini(&teller.json);
    return code;
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
                                          {"format", required_argument, NULL, 'f'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    int option;

    while ((option = getopt_long(argc, argv, "c:h", known, NULL)) != -1) {
        if (option == 'b')
            o->body = optarg;
        else if (option == 'f' && cli_source_format(optarg, &o->json))
            continue;
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
    int code = docs_are_at(conf->docs, o.request.path) ? explain_local(&o) : explain(conf, &o);
    conf_unref(&conf);
    return code;
}
