#include "base/quote.h"
#include "cli/cli.h"
#include "cli/colour.h"
#include "cli/source.h"
#include "cli/trial.h"

#include <getopt.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

enum { ARENA_BYTES = 256 * 1024 * 1024, WHY_BYTES_MAX = 64 * 1024, NAME_BYTES = 200 };
enum { OPTION_FILTER = 512, OPTION_FORMAT };

static const char help[] =
    "usage: dpgw test [OPTION]... FILE...\n"
    "\n"
    "Runs mapping tests: what the mapping should make of a body or of a request.\n"
    "Bytes are compared exactly; a failure shows where they differ first.\n"
    "\n"
    "  version: 1\n"
    "  mapping: ../mapping.yaml      # relative to this file; without it as by -c\n"
    "  tests:\n"
    "    - name: create\n"
    "      request:  {route: \"POST /api/v1/things\", type: application/json}\n"
    "      input:    '{\"dataProductId\":1}'     # or input_file: FILE\n"
    "      expected: '{\"workspaceId\":1}'       # or expected_file: FILE\n"
    "    - name: both names\n"
    "      request:  {route: \"POST /api/v1/things\"}\n"
    "      input:    '{\"dataProductId\":1,\"workspaceId\":2}'\n"
    "      refused:  {code: CONFLICTING_FIELDS, at: 19}\n"
    "    - name: where it goes\n"
    "      explain:  \"GET /api/v1/things?dataProductId=1\"\n"
    "      upstream: \"GET /api/v1/stuff?workspaceId=1\"\n"
    "\n"
    "`response:` is for replies; without `route` only the rules that hold everywhere\n"
    "do.  `upstream:` and `client:` beside `mapping:` are the two origins for URLs.\n"
    "\n"
    "      --filter TEXT       only tests with TEXT in their names\n"
    "      --format text|json  failures to read, or one JSON object a test\n"
    "  -c, --config FILE       the settings file, whose mapping and limits are used\n"
    "                          in place of the mapping each test file names\n"
    "      --set KEY=VALUE     a setting that goes before the file's\n"
    "  -h, --help              this text\n"
    "\n"
    "example: dpgw test config/tests/*.yaml\n"
    "\n"
    "exit status: 0 all passed, 1 some failed, 64 wrong usage, 65 a test file is\n"
    "unusable, 71 no memory, 74 cannot write, 78 a mapping is unusable\n";

struct options {
    struct cli_source source;
    const char *filter;
    bool json, help;
};

struct run {
    const struct options *options;
    struct conf *conf; /* the one for files that name no mapping, or for all; NULL: not yet */
    size_t passed, failed;
    int code; /* the worst so far; files that could be used were */
};

/* --- results ---------------------------------------------------------------------- */

static void print_json(const struct trial *t, bool passed, struct text why)
{
    struct buf line;

    buf_init(&line, SIZE_MAX);
    buf_add(&line, TEXT("{\"file\":"));
    quote_json(&line, text_from(t->where.file), SIZE_MAX);
    buf_add(&line, TEXT(",\"line\":"));
    buf_add_u64(&line, t->where.line);
    buf_add(&line, TEXT(",\"name\":"));
    quote_json(&line, t->name, SIZE_MAX);
    buf_add(&line, passed ? TEXT(",\"passed\":true,\"message\":")
                          : TEXT(",\"passed\":false,\"message\":"));
    if (passed)
        buf_add(&line, TEXT("null"));
    else
        quote_json(&line, why, SIZE_MAX);
    buf_add(&line, TEXT("}\n"));
    if (!line.failed)
        fwrite(line.at, 1, line.len, stdout);
    buf_fini(&line);
}

static void print_failure(const struct trial *t, struct text why)
{
    struct buf name;

    buf_init(&name, SIZE_MAX);
    quote_plain(&name, t->name, NAME_BYTES);
    printf("%s:%u: failed: %.*s\n%.*s", t->where.file, t->where.line, TEXT_ARG(buf_text(&name)),
           TEXT_ARG(why));
    buf_fini(&name);
}

static void worsen(struct run *run, int code)
{
    if (code > run->code)
        run->code = code;
}

/* --- tests ------------------------------------------------------------------------ */

static bool is_wanted(const struct run *run, const struct trial *t)
{
    const char *filter = run->options->filter;

    return !filter || memmem(t->name.at, t->name.len, filter, strlen(filter));
}

static void try_one(struct run *run, const struct trial *t, const struct conf *conf,
                    const struct trials *trials)
{
    struct buf why;

    buf_init(&why, WHY_BYTES_MAX);
    bool passed = trial_run(t, conf, trials, &why);
    if (run->options->json)
        print_json(t, passed, buf_text(&why));
    else if (!passed)
        print_failure(t, buf_text(&why));
    buf_fini(&why);
    run->passed += passed;
    run->failed += !passed;
    if (!passed)
        worsen(run, EXIT_FAILURE);
}

static void print_complaints(const struct run *run, struct diag *complaints)
{
    if (run->options->json)
        diag_print_json(complaints, stderr);
    else
        diag_print(complaints, stderr, colour_wanted(STDERR_FILENO));
}

/* The configuration for TRIALS with one reference; NULL, said on standard error. */
static struct conf *conf_for(struct run *run, const struct trials *trials, struct diag *complaints)
{
    const struct cli_source *source = &run->options->source;

    if (trials->mapping.at && !source->file && !source->set_count)
        return conf_load_mapping(trials->mapping.at, complaints);
    if (!run->conf)
        run->conf = cli_source_load(source, "test");
    return run->conf ? conf_ref(run->conf) : NULL;
}

static void try_file(struct run *run, const char *file, struct arena *arena,
                     struct diag *complaints)
{
    struct trials trials = {0};
    struct conf *conf = NULL;

    if (!trials_read(arena, file, &trials, complaints))
        worsen(run, EX_DATAERR);
    else if (!(conf = conf_for(run, &trials, complaints)))
        worsen(run, EX_CONFIG);
    print_complaints(run, complaints);
    for (const struct trial *t = trials.first; conf && t; t = t->next)
        if (is_wanted(run, t))
            try_one(run, t, conf, &trials);
    conf_unref(&conf);
}

static void test_file(struct run *run, const char *file)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct diag *complaints = diag_new();

    if (arena && complaints)
        try_file(run, file, arena, complaints);
    else
        worsen(run, EX_OSERR);
    diag_free(&complaints);
    if (arena)
        arena_free(&arena);
}

/* --- the command -------------------------------------------------------------------- */

static bool read_options(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {CLI_SOURCE_OPTIONS,
                                          {"filter", required_argument, NULL, OPTION_FILTER},
                                          {"format", required_argument, NULL, OPTION_FORMAT},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};

    optind = 0; /* glibc: begin anew */
    for (int option; (option = getopt_long(argc, argv, "c:h", known, NULL)) != -1;) {
        if (option == 'h')
            o->help = true;
        else if (option == OPTION_FILTER)
            o->filter = optarg;
        else if (option == OPTION_FORMAT && strcmp(optarg, "json") == 0)
            o->json = true;
        else if (option == OPTION_FORMAT && strcmp(optarg, "text") == 0)
            o->json = false;
        else if (!cli_source_option(&o->source, option, optarg))
            return false;
    }
    return o->help || optind < argc;
}

static int finish(struct run *run)
{
    bool found = run->passed + run->failed > 0;

    if (!found && run->options->filter && run->code == EX_OK) {
        fprintf(stderr, "dpgw test: no test has \"%s\" in its name\n", run->options->filter);
        run->code = EXIT_FAILURE;
    }
    if (!run->options->json)
        printf("%zu passed, %zu failed\n", run->passed, run->failed);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("dpgw test: cannot write\n", stderr);
        worsen(run, EX_IOERR);
    }
    conf_unref(&run->conf);
    return run->code;
}

int cli_test(int argc, char **argv)
{
    struct options o = {0};
    struct run run = {.options = &o};

    if (!read_options(argc, argv, &o)) {
        fputs("dpgw test: give one or more files of tests\n"
              "see dpgw test --help\n",
              stderr);
        return EX_USAGE;
    }
    if (o.help) {
        fputs(help, stdout);
        return EX_OK;
    }
    for (int i = optind; i < argc; i++)
        test_file(&run, argv[i]);
    return finish(&run);
}
