#include "cli/cli.h"
#include "cli/colour.h"
#include "cli/compare.h"
#include "conf/conf.h"

#include <getopt.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

enum { ARENA_BYTES = 512 * 1024 * 1024, OPTION_FAIL_ON = 256, OPTION_FORMAT };

static const char help[] =
    "usage: dpgw diff [OPTION]... OLD.yaml NEW.yaml\n"
    "\n"
    "Tells what a change from the mapping file OLD to NEW does, and whether a client\n"
    "can notice: breaking (what worked may not, or reads otherwise), compatible, or\n"
    "invisible.  One line a change, with its line in both files.\n"
    "\n"
    "      --fail-on breaking    exit with 1 if anything is breaking\n"
    "      --fail-on compatible  ... or compatible\n"
    "      --format text|json    lines to read, or one JSON object a line\n"
    "  -h, --help                this text\n"
    "\n"
    "What only the service could tell is judged for the worst: a name that is mapped\n"
    "now may have been in replies before.\n"
    "\n"
    "example: dpgw diff --fail-on breaking config/mapping.yaml /tmp/mapping.yaml\n"
    "\n"
    "exit status: 0 done, 1 by --fail-on, 64 wrong usage, 71 no memory, 74 cannot\n"
    "write, 78 a file is unusable\n";

struct options {
    enum effect fail_on; /* this and what is worse; EFFECT_INVISIBLE: never */
    bool json, help;
    const char *old, *new;
};

static bool read_choice(int option, struct text word, struct options *o)
{
    if (option == OPTION_FORMAT) {
        o->json = text_eq(word, TEXT("json"));
        return o->json || text_eq(word, TEXT("text"));
    }
    o->fail_on = text_eq(word, TEXT("breaking")) ? EFFECT_BREAKING : EFFECT_COMPATIBLE;
    return o->fail_on == EFFECT_BREAKING || text_eq(word, TEXT("compatible"));
}

static bool read_options(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {{"fail-on", required_argument, NULL, OPTION_FAIL_ON},
                                          {"format", required_argument, NULL, OPTION_FORMAT},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};

    optind = 0; /* glibc: begin anew */
    for (int option; (option = getopt_long(argc, argv, "h", known, NULL)) != -1;) {
        if (option == 'h')
            o->help = true;
        else if (option == '?' || !read_choice(option, text_from(optarg), o))
            return false;
    }
    if (o->help)
        return true;
    if (argc - optind != 2)
        return false;
    o->old = argv[optind];
    o->new = argv[optind + 1];
    return true;
}

/* Both files; false, with complaints on standard error, if one of them is unusable. */
static bool load(const struct options *o, struct conf **old_out, struct conf **new_out)
{
    struct diag *complaints = diag_new();

    if (!complaints)
        return false;
    *old_out = conf_load_mapping(o->old, complaints);
    *new_out = conf_load_mapping(o->new, complaints);
    if (o->json)
        diag_print_json(complaints, stderr);
    else
        diag_print(complaints, stderr, colour_wanted(STDERR_FILENO));
    diag_free(&complaints);
    return *old_out && *new_out;
}

static int print(const struct options *o, const struct changes *changes)
{
    bool fails = false;

    if (changes->no_memory) {
        fputs("dpgw diff: not enough memory\n", stderr);
        return EX_OSERR;
    }
    if (o->json)
        changes_print_json(changes, stdout);
    else
        changes_print(changes, stdout, colour_wanted(STDOUT_FILENO));
    for (enum effect e = EFFECT_BREAKING; o->fail_on != EFFECT_INVISIBLE && e <= o->fail_on; e++)
        fails |= changes_of(changes, e) > 0;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("dpgw diff: cannot write\n", stderr);
        return EX_IOERR;
    }
    return fails ? EXIT_FAILURE : EX_OK;
}

static int diff(const struct options *o)
{
    struct conf *old = NULL, *new = NULL;
    struct changes changes = {0};
    struct arena *arena = arena_new(ARENA_BYTES);
    int code = EX_CONFIG;

    if (!arena)
        changes.no_memory = true;
    if (load(o, &old, &new)) {
        struct comparison c = {.old = old->mapping,
                               .new = new->mapping,
                               .old_file = o->old,
                               .new_file = o->new,
                               .arena = arena,
                               .changes = &changes};

        if (arena)
            compare_mappings(&c);
        code = print(o, &changes);
    }
    changes_fini(&changes);
    if (arena)
        arena_free(&arena);
    conf_unref(&old);
    conf_unref(&new);
    return code;
}

int cli_diff(int argc, char **argv)
{
    struct options o = {.fail_on = EFFECT_INVISIBLE};

    if (!read_options(argc, argv, &o)) {
        fputs("dpgw diff: give two mapping files, the old and the new one\n"
              "see dpgw diff --help\n",
              stderr);
        return EX_USAGE;
    }
    if (o.help) {
        fputs(help, stdout);
        return EX_OK;
    }
    return diff(&o);
}
