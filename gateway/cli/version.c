#include "cli/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

static const char help[] = "usage: dpgw version\n"
                           "\n"
                           "Prints the version.\n"
                           "\n"
                           "  -h, --help  this text\n"
                           "\n"
                           "example: dpgw version\n"
                           "\n"
                           "exit status: 0, 64 wrong usage\n";

int cli_version(int argc, char **argv)
{
    static const struct option known[] = {{"help", no_argument, NULL, 'h'}, {0}};
    int option;

    optind = 0; /* glibc: begin anew */
    option = getopt_long(argc, argv, "h", known, NULL);
    if (option == 'h') {
        fputs(help, stdout);
        return EX_OK;
    }
    if (option == '?' || optind < argc) {
        fputs("usage: dpgw version\n", stderr);
        return EX_USAGE;
    }
    puts("dpgw " DPGW_VERSION);
    return EX_OK;
}
