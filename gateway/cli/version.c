#include "cli/cli.h"

#include <stdio.h>
#include <sysexits.h>

int cli_version(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        fputs("usage: dpgw version\n", stderr);
        return EX_USAGE;
    }
    puts("dpgw " DPGW_VERSION);
    return 0;
}
