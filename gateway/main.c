/*
 * main.c - the commands, and how a served process begins
 */
#include "base/log.h"
#include "base/reserve.h"
#include "cli/cli.h"
#include "cli/source.h"
#include "conf/conf.h"
#include "server/server.h"

#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

enum { MMAP_FROM_BYTES = 128 * 1024 };

static const char serve_help[] =
    "usage: dpgw serve [-c FILE] [--set KEY=VALUE]...\n"
    "\n"
    "Runs the gateway in the foreground.  SIGTERM or SIGINT drains and ends it;\n"
    "a second one ends it at once.  SIGHUP reads the configuration again, SIGUSR1\n"
    "opens the log file anew.\n"
    "\n"
    "  -c, --config FILE   the settings (else $DPGW_CONFIG, config/gateway.yaml,\n"
    "                      " SYSCONFDIR "/dpgw/gateway.yaml)\n"
    "      --set KEY=VALUE a setting that goes before the file's, such as\n"
    "                      --set listen=127.0.0.1:8081\n"
    "  -h, --help          this text\n"
    "\n"
    "example: dpgw serve -c config/gateway.yaml --set log.level=debug\n"
    "\n"
    "exit status: 0 drained, 69 an address cannot be bound, 71 no memory or\n"
    "threads, 73 the log file cannot be opened, 77 the user cannot be changed,\n"
    "78 bad configuration\n";

/* --- memory: libevent crashes on NULL, so it never sees one ----------------- */

static void *event_malloc(size_t size)
{
    void *at = malloc(size);

    if (!at && size)
        reserve_give_up();
    return at;
}

static void *event_realloc(void *old, size_t size)
{
    void *at = realloc(old, size);

    if (!at && size)
        reserve_give_up();
    return at;
}

/* What else libevent can't go on without, it has told by then. */
static void on_fatal(int error)
{
    (void)error;
    _exit(EX_OSERR);
}

/* --- serve ---------------------------------------------------------------- */

/* Returns 0 to go on, else the exit code plus 1. */
static int read_options(int argc, char **argv, struct cli_source *source)
{
    static const struct option known[] = {
        CLI_SOURCE_OPTIONS, {"help", no_argument, NULL, 'h'}, {0}};
    int option;

    while ((option = getopt_long(argc, argv, "c:h", known, NULL)) != -1) {
        if (option == 'h') {
            fputs(serve_help, stdout);
            return EX_OK + 1;
        }
        if (!cli_source_option(source, option, optarg)) {
            fputs("dpgw serve: wrong usage; see dpgw serve --help\n", stderr);
            return EX_USAGE + 1;
        }
    }
    if (optind == argc)
        return 0;
    fprintf(stderr, "dpgw serve: unexpected argument \"%s\"\n", argv[optind]);
    return EX_USAGE + 1;
}

static int serve(int argc, char **argv)
{
    struct cli_source source = {0};
    int end = read_options(argc, argv, &source);

    if (end)
        return end - 1;
    server_hold_signals();
    struct conf *conf = cli_source_load(&source, "serve");
    if (!conf)
        return EX_CONFIG;
    signal(SIGPIPE, SIG_IGN); /* a log that nobody reads is no reason to end */
    log_setup(conf->settings.log_level, conf->settings.log_format);
    log_set_priorities(log_is_journal());
    LOG(LOG_INFO, "configuration", LOG_S("file", conf->file),
        LOG_T("mapping_file", conf->settings.mapping_file), LOG_S("version", DPGW_VERSION));
    mallopt(M_MMAP_THRESHOLD, MMAP_FROM_BYTES); /* large buffers go back to the system at once */
    event_set_fatal_callback(on_fatal);
    event_set_mem_functions(event_malloc, event_realloc, free);
    struct reload_source again = {
        .file = conf->file, .overrides = {source.sets, source.set_count}, .environment = environ};
    int code = server_run(conf, &again);
    conf_unref(&conf);
    return code;
}

/* --- commands ------------------------------------------------------------- */

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
} commands[] = {
    {"serve", serve, "run the gateway"},
    {"check", cli_check, "complain about both configuration files, with line and caret"},
    {"translate", cli_translate, "translate one body, as the gateway would"},
    {"explain", cli_explain, "show what happens to one request"},
    {"diff", cli_diff, "tell what a change to the mapping does to clients"},
    {"test", cli_test, "run mapping tests"},
    {"drift", cli_drift, "list the service's names that a running gateway has no rule for"},
    {"openapi", cli_openapi, "derive the description of the mirrored API"},
    {"probe", cli_probe, "tell whether a running gateway is healthy"},
    {"version", cli_version, "print the version"},
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void usage(FILE *to)
{
    fputs("usage: dpgw COMMAND [OPTION]...\n\n", to);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(to, "  %-10s  %s\n", commands[i].name, commands[i].what);
    fputs("\n\"dpgw COMMAND --help\" tells more of each.\n", to);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (text_eq(text_from(name), text_from(commands[i].name)))
            return commands[i].run(argc - 1, argv + 1);
    bool asked = text_eq(text_from(name), TEXT("--help")) || text_eq(text_from(name), TEXT("-h"));
    if (text_eq(text_from(name), TEXT("--version")))
        return cli_version(argc - 1, argv + 1);
    if (*name && !asked)
        fprintf(stderr, "dpgw: no command \"%s\"\n\n", name);
    usage(asked ? stdout : stderr);
    return asked ? EX_OK : EX_USAGE;
}
