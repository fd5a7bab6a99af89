/*
 * colour.h - when a command may colour what it prints
 *
 * On a terminal only, and not where NO_COLOR is set and not empty.
 */
#ifndef CLI_COLOUR_H
#define CLI_COLOUR_H

#include <stdbool.h>

#define COLOUR_LABEL "\033[1m"
#define COLOUR_PLACE "\033[2m"
#define COLOUR_END   "\033[0m"

/* True if what goes to the descriptor FD may be coloured. */
bool colour_wanted(int fd);

#endif
