#include "cli/cli.h"

#include "cli/colour.h"
#include "cli/source.h"
#include "conf/conf.h"

#include <getopt.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

extern char **environ;

static const char usage[] =
    "usage: dpgw check [-c FILE] [--set KEY=VALUE]... [--print] [--format text|json]\n";

static const char help[] =
    "\n"
    "Reads the settings file and the mapping file it names, and prints every\n"
    "complaint about either, with its line.  Starts nothing.\n"
    "\n"
    "  -c, --config FILE      the settings file; else $DPGW_CONFIG, else\n"
    "                         config/gateway.yaml, else " SYSCONFDIR "/dpgw/gateway.yaml\n"
    "      --set KEY=VALUE    a setting over all others, such as log.level=debug\n"
    "      --print            also print each setting and where it came from\n"
    "      --format text|json complaints as text, or one JSON object a line\n"
    "  -h, --help             this text\n"
    "\n"
    "exit: 0 no error, 1 errors, 64 wrong usage\n"
    "\n"
    "example:\n"
    "  dpgw check -c config/gateway.yaml --set limits.json_depth=64 --print\n";

enum { OPTION_SET = 256, OPTION_PRINT, OPTION_FORMAT };

struct check {
    const char *given; /* -c, or NULL */
    const char **set;  /* room for all arguments */
    size_t set_count;
    bool print, json, help;
};

/* True if the arguments make sense. */
static bool read_arguments(int argc, char **argv, struct check *c)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"set", required_argument, NULL, OPTION_SET},
        {"print", no_argument, NULL, OPTION_PRINT},
        {"format", required_argument, NULL, OPTION_FORMAT},
        {"help", no_argument, NULL, 'h'},
        {0},
    };

    optind = 0; /* glibc: begin anew */
    for (int option; (option = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
        if (option == 'c')
            c->given = optarg;
        else if (option == OPTION_SET)
            c->set[c->set_count++] = optarg;
        else if (option == OPTION_PRINT)
            c->print = true;
        else if (option == OPTION_FORMAT && strcmp(optarg, "json") == 0)
            c->json = true;
        else if (option == OPTION_FORMAT && strcmp(optarg, "text") == 0)
            c->json = false;
        else if (option == 'h')
            c->help = true;
        else
            return false;
    }
    return optind == argc;
}

static void print_complaints(struct diag *d, bool json)
{
    if (json)
        diag_print_json(d, stderr);
    else
        diag_print(d, stderr, colour_wanted(STDERR_FILENO));
}

static void print_summary(const struct conf *conf)
{
    size_t routes;

    mapping_routes(conf->mapping, &routes);
    printf("%s: ok (%zu %s, mapping %.*s)\n", conf->file, routes, routes == 1 ? "route" : "routes",
           TEXT_ARG(mapping_digest(conf->mapping)));
}

static int no_memory(void)
{
    fputs("dpgw check: not enough memory\n", stderr);
    return EXIT_FAILURE;
}

static int check(const struct check *c, const char *file)
{
    const struct conf_overrides overrides = {c->set, c->set_count};
    struct diag *complaints = diag_new();

    if (!complaints)
        return no_memory();
    struct conf *conf = conf_load(file, &overrides, environ, complaints);
    if (conf && !cli_tls_proven(conf, complaints))
        conf_unref(&conf);
    print_complaints(complaints, c->json);
    if (conf && c->print)
        conf_print(conf, stdout);
    if (conf)
        print_summary(conf);
    int status = conf ? EXIT_SUCCESS : EXIT_FAILURE;
    conf_unref(&conf);
    diag_free(&complaints);
    if (fflush(stdout) != 0 || ferror(stdout))
        status = EXIT_FAILURE;
    return status;
}

static int no_file(void)
{
    fputs("dpgw check: no settings file: give one with -c FILE\n", stderr);
    return EXIT_FAILURE;
}

int cli_check(int argc, char **argv)
{
    struct check c = {.set = calloc((size_t)argc + 1, sizeof *c.set)};
    int status = EX_USAGE;

    if (!c.set)
        return no_memory();
    if (!read_arguments(argc, argv, &c)) {
        fputs(usage, stderr);
    } else if (c.help) {
        fputs(usage, stdout);
        fputs(help, stdout);
        status = EXIT_SUCCESS;
    } else {
        const char *file = conf_find(c.given);

        if (file)
            status = check(&c, file);
        else
            status = no_file();
    }
    free(c.set);
    return status;
}
