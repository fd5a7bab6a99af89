/*
 * source.h - where a command's configuration comes from
 *
 * The options -c and --set, which every command that reads the configuration
 * has, and the load that prints what is wrong with it.
 */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include "conf/conf.h"

enum { CLI_SETS_MAX = 64, CLI_OPTION_SET = 0x100 };

/* The rows for getopt_long that cli_source_option knows; -c takes an argument. */
#define CLI_SOURCE_OPTIONS                                                                         \
    {"config", required_argument, NULL, 'c'},                                                      \
    {                                                                                              \
        "set", required_argument, NULL, CLI_OPTION_SET                                             \
    }

struct cli_source {
    const char *file; /* NULL: searched for */
    const char *sets[CLI_SETS_MAX];
    size_t set_count;
};

/* Takes OPTION with ARGUMENT if it is one of the above.  False if it is not, or one --set too many.
 */
bool cli_source_option(struct cli_source *source, int option, const char *argument);

/* Reads the argument of --format: JSON_OUT tells json from text.  False if it is neither. */
bool cli_source_format(const char *word, bool *json_out);

/* True if all files of TLS that C names are what they should be; else COMPLAINTS say why not. */
bool cli_tls_proven(const struct conf *c, struct diag *complaints);

/*
 * Loads SOURCE's configuration for the command called COMMAND.  Complaints go
 * to standard error.  NULL: it is unusable, and the command exits with 78.
 */
struct conf *cli_source_load(const struct cli_source *source, const char *command);

#endif
