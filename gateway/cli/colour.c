#include "cli/colour.h"

#include <stdlib.h>
#include <unistd.h>

bool colour_wanted(int fd)
{
    const char *no_colour = getenv("NO_COLOR");

    return isatty(fd) && !(no_colour && *no_colour);
}
