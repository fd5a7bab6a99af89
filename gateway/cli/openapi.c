#include "cli/cli.h"
#include "cli/colour.h"
#include "cli/openapi_check.h"
#include "cli/openapi_derive.h"
#include "cli/openapi_parity.h"
#include "cli/source.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

enum { OPTION_FORMAT = 512, OPTION_COMBINED, OUTPUT_BYTES_MAX = 64 * 1024 * 1024 };

static const char help[] =
    "usage: dpgw openapi derive SOURCE.yaml [-o FILE] [--combined] [OPTION]...\n"
    "       dpgw openapi check DERIVED.yaml [OPTION]...\n"
    "       dpgw openapi parity SOURCE.yaml [OPTION]...\n"
    "\n"
    "derive: prints the description (OpenAPI 3, YAML or JSON) of the mirrored API,\n"
    "made of the service's own SOURCE and the mapping: paths, names, examples and\n"
    "sentences as clients know them, the gateway's own errors added, what no route\n"
    "mirrors left out.  Layout and comments stay.\n"
    "\n"
    "check: complains of names that the mapping watches out for and of references\n"
    "that lead nowhere in DERIVED; one made with --combined has the service's own\n"
    "half in it, names and all.\n"
    "\n"
    "parity: complains of operations of SOURCE that are neither mirrored nor passed\n"
    "through nor listed under \"unmirrored\" in the mapping, and of routes and methods\n"
    "that lead to no operation.\n"
    "\n"
    "  -o, --output FILE       derive: writes to FILE, if all is well\n"
    "      --combined          derive: both APIs in one description, in groups of tags\n"
    "      --format text|json  complaints to read, or one JSON object a line\n"
    "  -c, --config FILE       the settings file, which names the mapping\n"
    "      --set KEY=VALUE     a setting that goes before the file's\n"
    "  -h, --help              this text\n"
    "\n"
    "- reads from standard input.\n"
    "\n"
    "example: dpgw openapi derive openapi/workspaces.yaml -o openapi/data-products.yaml\n"
    "\n"
    "exit status: 0 done, 1 complaints about the description, 64 wrong usage, 71 no\n"
    "memory, 74 cannot write, 78 bad configuration\n";

struct options;

/* What is done with a description; the exit status. */
struct task {
    const char *name;
    int (*run)(const struct options *o, const struct conf *conf, struct diag *d);
};

static int derive(const struct options *o, const struct conf *conf, struct diag *d);
static const struct task *find_task(const char *name);

struct options {
    struct cli_source source;
    const char *output, *file;
    bool combined, json, help;
    const struct task *task;
};

static bool read_options(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {CLI_SOURCE_OPTIONS,
                                          {"output", required_argument, NULL, 'o'},
                                          {"combined", no_argument, NULL, OPTION_COMBINED},
                                          {"format", required_argument, NULL, OPTION_FORMAT},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};

    optind = 0; /* glibc: begin anew */
    for (int option; (option = getopt_long(argc, argv, "c:o:h", known, NULL)) != -1;) {
        if (option == 'h')
            o->help = true;
        else if (option == 'o')
            o->output = optarg;
        else if (option == OPTION_COMBINED)
            o->combined = true;
        else if (option == OPTION_FORMAT && cli_source_format(optarg, &o->json))
            continue;
        else if (!cli_source_option(&o->source, option, optarg))
            return false;
    }
    if (o->help)
        return true;
    if (argc - optind != 2)
        return false;
    o->task = find_task(argv[optind]);
    o->file = argv[optind + 1];
    return o->task && ((!o->output && !o->combined) || o->task->run == derive);
}

/* --- output --------------------------------------------------------------- */

static void print_complaints(const struct options *o, struct diag *d)
{
    if (o->json)
        diag_print_json(d, stderr);
    else
        diag_print(d, stderr, colour_wanted(STDERR_FILENO));
}

/* Writes TEXT to where it was asked for. */
static int write_out(const struct options *o, struct text text)
{
    FILE *to = o->output ? fopen(o->output, "wb") : stdout;
    bool sound = to && fwrite(text.at, 1, text.len, to) == text.len && fflush(to) == 0;
    int error = errno;

    if (to && o->output)
        sound = fclose(to) == 0 && sound;
    if (sound)
        return EX_OK;
    fprintf(stderr, "dpgw openapi: cannot write %s: %s\n", o->output ? o->output : "",
            strerror(error));
    return EX_IOERR;
}

/* --- the commands --------------------------------------------------------- */

static int derive(const struct options *o, const struct conf *conf, struct diag *d)
{
    struct buf source, derived;
    int code = EXIT_FAILURE;

    buf_init(&derived, OUTPUT_BYTES_MAX);
    if (openapi_document_bytes(o->file, &source, d) &&
        openapi_derive(conf->mapping, o->file, buf_text(&source), o->combined, &derived, d))
        code = write_out(o, buf_text(&derived));
    buf_fini(&source);
    buf_fini(&derived);
    return code;
}

/* FILE as a document, with memory that the caller frees; false, with complaints in D. */
static bool read_document(const struct options *o, struct arena **arena_out,
                          struct openapi_document *document_out, struct diag *d)
{
    *arena_out = arena_new(OPENAPI_ARENA_BYTES);
    return *arena_out && openapi_document_read(*arena_out, o->file, document_out, d) &&
           diag_errors(d) == 0;
}

static int verdict(struct arena **arena, const struct diag *d, bool read)
{
    if (*arena)
        arena_free(arena);
    return read && diag_errors(d) == 0 ? EX_OK : EXIT_FAILURE;
}

static int check(const struct options *o, const struct conf *conf, struct diag *d)
{
    struct openapi_document document;
    struct openapi_checked checked;
    struct arena *arena;
    bool read = read_document(o, &arena, &document, d);

    if (read) {
        openapi_check(conf->mapping, arena, &document, d, &checked);
        printf("%s: %zu watched names, %zu let through by openapi.allow, %zu references resolve\n",
               o->file, checked.watched + checked.allowed, checked.allowed, checked.references);
    }
    return verdict(&arena, d, read);
}

static int parity(const struct options *o, const struct conf *conf, struct diag *d)
{
    struct openapi_document document;
    struct openapi_parity found;
    struct arena *arena;
    bool read = read_document(o, &arena, &document, d);

    if (read) {
        openapi_parity(conf->mapping, arena, &document, d, &found);
        printf("%s: %zu operations mirrored, %zu passed through, %zu unmirrored with a reason\n",
               o->file, found.mirrored, found.passed, found.unmirrored);
    }
    return verdict(&arena, d, read);
}

static const struct task *find_task(const char *name)
{
    static const struct task tasks[] = {{"derive", derive}, {"check", check}, {"parity", parity}};

    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++)
        if (text_eq(text_from(name), text_from(tasks[i].name)))
            return &tasks[i];
    return NULL;
}

static int openapi(const struct options *o)
{
    struct conf *conf = cli_source_load(&o->source, "openapi");
    struct diag *d = diag_new();
    int code = d ? EX_CONFIG : EX_OSERR;

    if (conf && d) {
        code = o->task->run(o, conf, d);
        print_complaints(o, d);
    }
    diag_free(&d);
    conf_unref(&conf);
    return code;
}

int cli_openapi(int argc, char **argv)
{
    struct options o = {0};

    if (!read_options(argc, argv, &o)) {
        fputs("dpgw openapi: give derive, check or parity, and a description\n"
              "see dpgw openapi --help\n",
              stderr);
        return EX_USAGE;
    }
    if (o.help) {
        fputs(help, stdout);
        return EX_OK;
    }
    return openapi(&o);
}
