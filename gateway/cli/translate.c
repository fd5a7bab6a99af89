#include "translate/translate.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/refusal.h"
#include "cli/request.h"
#include "cli/source.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum { READ_BYTES = 64 * 1024 };

static const char help[] =
    "usage: dpgw translate --request|--response [OPTION]... [FILE|-]\n"
    "\n"
    "Translates one body, as the gateway would, to standard output.\n"
    "\n"
    "      --request         from the client's names to the service's\n"
    "      --response        from the service's names to the client's\n"
    "      --route 'METHOD PATH'  with the rules of the route that serves it\n"
    "                        (else only the rules that hold everywhere)\n"
    "      --type MEDIA      the body's media type (application/json)\n"
    "      --format text|json  how a refusal is told on standard error: lines to\n"
    "                        read, or one JSON object\n"
    "  -c, --config FILE     the settings file, which names the mapping\n"
    "      --set KEY=VALUE   a setting that goes before the file's\n"
    "  -h, --help            this text\n"
    "\n"
    "example: echo '{\"dataProductId\":7}' | dpgw translate --request -\n"
    "\n"
    "exit status: 0 done, 64 wrong usage, 65 body refused (what was printed is not\n"
    "to be used), 66 it cannot be opened, 74 it cannot be read or written, 78 bad\n"
    "configuration\n";

struct options {
    struct cli_source source;
    bool request, response, json, help;
    const char *route, *type, *file;
};

/* False: wrong usage, said on standard error. */
static bool read_options(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {CLI_SOURCE_OPTIONS,
                                          {"request", no_argument, NULL, 'q'},
                                          {"response", no_argument, NULL, 's'},
                                          {"route", required_argument, NULL, 'r'},
                                          {"type", required_argument, NULL, 't'},
                                          {"format", required_argument, NULL, 'f'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    int option;

    while ((option = getopt_long(argc, argv, "c:h", known, NULL)) != -1) {
        if (option == 'q')
            o->request = true;
        else if (option == 's')
            o->response = true;
        else if (option == 'r')
            o->route = optarg;
        else if (option == 't')
            o->type = optarg;
        else if (option == 'f' && cli_source_format(optarg, &o->json))
            continue;
        else if (option == 'h')
            o->help = true;
        else if (!cli_source_option(&o->source, option, optarg))
            return false;
    }
    o->file = optind < argc ? argv[optind] : "-";
    if (o->help || (o->request != o->response && argc - optind <= 1))
        return true;
    fputs("dpgw translate: give one of --request and --response, and at most one file\n", stderr);
    return false;
}

static void on_bytes(void *owner, struct text span)
{
    fwrite(span.at, 1, span.len, owner);
}

static const char *shown_name(const struct options *o)
{
    return text_eq(text_from(o->file), TEXT("-")) ? "standard input" : o->file;
}

static int refuse(const struct options *o, const struct translate_fault *fault)
{
    fflush(stdout);
    if (o->json)
        refusal_print_json(fault, o->request ? REQUEST : RESPONSE, stderr);
    else
        refusal_print(fault, shown_name(o), stderr);
    return refusal_exit(fault->code);
}

/* Passes FROM through T (as it is if T is NULL) up to its end, a fault or a failed write. */
static enum translate_code pass(FILE *from, struct translator *t)
{
    static char piece[READ_BYTES];
    enum translate_code code = TRANSLATE_OK;
    struct progress progress;
    uint64_t done = 0;
    size_t n;

    progress_begin(&progress, fileno(from));
    while (code == TRANSLATE_OK && !ferror(stdout) &&
           (n = fread(piece, 1, sizeof piece, from)) > 0) {
        if (t)
            code = translator_piece(t, text_of(piece, n));
        else
            on_bytes(stdout, text_of(piece, n));
        progress_step(&progress, done += n);
    }
    progress_end(&progress);
    return code;
}

/* Passes FROM through T, and tells how it ended.  The exit code. */
static int pump(FILE *from, const struct options *o, struct translator *t)
{
    enum translate_code code = pass(from, t);

    if (ferror(from)) {
        fprintf(stderr, "dpgw translate: cannot read %s: %s\n", shown_name(o), strerror(errno));
        return EX_IOERR;
    }
    if (code == TRANSLATE_OK && t)
        code = translator_end(t);
    if (code != TRANSLATE_OK)
        return refuse(o, translator_fault(t));
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EX_OK;
    fprintf(stderr, "dpgw translate: cannot write: %s\n", strerror(errno));
    return EX_IOERR;
}

/* The rules that hold for O's body; NULL if the route it names does not exist. */
static const struct rules *rules_for(const struct conf *conf, const struct options *o, bool *raw)
{
    struct cli_request request;

    if (!o->route)
        return mapping_global(conf->mapping);
    if (!cli_request_parse(text_from(o->route), &request)) {
        fputs("dpgw translate: --route takes 'METHOD PATH', such as 'GET /api/v1/things'\n",
              stderr);
        return NULL;
    }
    const struct route *route = cli_request_route(conf->mapping, &request, "translate");
    if (route)
        *raw = route->passthrough || route->body == ROUTE_BODY_RAW;
    return route ? route->rules : NULL;
}

static int translate(const struct conf *conf, const struct options *o, FILE *from)
{
    const struct settings *s = &conf->settings;
    struct translate_limits limits = {.json_depth = s->limits.json_depth,
                                      .json_number = s->limits.json_number,
                                      .json_value = s->limits.json_value,
                                      .event = s->limits.sse_event,
                                      .record = s->limits.record};
    struct translate_scene scene = {.mapping = conf->mapping,
                                    .upstream_origin = s->upstream.url.at[0],
                                    .client_origin = TEXT("")};
    struct text type = text_from(o->type ? o->type : "application/json");
    enum media media = media_of(type);
    bool raw = media == MEDIA_OTHER;
    const struct rules *rules = rules_for(conf, o, &raw);
    struct translator_task task = {.rules = rules,
                                   .direction = o->request ? REQUEST : RESPONSE,
                                   .limits = &limits,
                                   .scene = &scene,
                                   .sink = {.take = on_bytes, .owner = stdout},
                                   .content_type = type};
    struct translator *t = NULL;

    if (!rules)
        return EX_USAGE;
    if (!raw)
        t = translator_new(media, &task);
    if (!raw && !t) {
        fputs("dpgw translate: no memory\n", stderr);
        return EX_OSERR;
    }
    int code = pump(from, o, t);
    translator_free(&t);
    return code;
}

int cli_translate(int argc, char **argv)
{
    struct options o = {0};

    if (!read_options(argc, argv, &o)) {
        fputs("see dpgw translate --help\n", stderr);
        return EX_USAGE;
    }
    if (o.help) {
        fputs(help, stdout);
        return EX_OK;
    }
    struct conf *conf = cli_source_load(&o.source, "translate");
    if (!conf)
        return EX_CONFIG;
    FILE *from = text_eq(text_from(o.file), TEXT("-")) ? stdin : fopen(o.file, "rb");
    int code = EX_NOINPUT;
    if (from)
        code = translate(conf, &o, from);
    else
        fprintf(stderr, "dpgw translate: cannot open %s: %s\n", o.file, strerror(errno));
    if (from && from != stdin)
        fclose(from);
    conf_unref(&conf);
    return code;
}
