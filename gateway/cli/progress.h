/*
 * progress.h - how far a long translation is
 *
 * One line on standard error, drawn over and over and taken away at the end:
 * how much was read of how much, how fast, and when it will be done.  It is
 * for a person who waits: it appears where standard error is a terminal and
 * standard output is not the same one, and if the input is large or takes
 * its time.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROGRESS_TEXT_BYTES = 96 };

struct progress {
    bool wanted, drawn;
    uint64_t size;              /* of the whole input in bytes; 0: unknown */
    uint64_t begun_ns, next_ns; /* when it began, and when the line is due */
};

/* Begins the progress of what is read from FROM, to be drawn if anyone can see it. */
void progress_begin(struct progress *p, int from);

/* Draws the line if it is due, after DONE bytes. */
void progress_step(struct progress *p, uint64_t done);

/* Takes the line away, if there is one. */
void progress_end(struct progress *p);

/*
 * The line after DONE of SIZE bytes (0: unknown) in ELAPSED_NS, such as
 * " 50%  12.0 of 24.0 MiB  8.0 MiB/s  0:02 left".  DONE may have passed a
 * SIZE that grows.
 */
void progress_text(uint64_t done, uint64_t size, uint64_t elapsed_ns,
                   char text_out[static PROGRESS_TEXT_BYTES]);

#endif
