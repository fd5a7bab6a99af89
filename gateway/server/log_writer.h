/*
 * log_writer.h - the log leaves by a thread of its own
 *
 * Whoever reads the log may be slow, stopped or gone, and a disk may be full:
 * none of that may hold up a request.  So lines wait here for a thread that
 * writes them, whole lines in pieces that a pipe takes at once.  What finds
 * no room is dropped, and so is what can't be written; where lines are
 * missing, a line says how many, as soon as one can be written again.
 */
#ifndef SERVER_LOG_WRITER_H
#define SERVER_LOG_WRITER_H

#include <stdbool.h>
#include <stdint.h>

struct log_writer;

/*
 * From now on all lines of the log go to FD through a thread of their own.
 * There is one writer at most.  NULL: no memory, or errno tells.
 */
struct log_writer *log_writer_new(int fd);

/*
 * Opens FILE for a log, at its end: a descriptor, or -1 and errno tells.  A
 * new file is for its owner alone to write and its group to read.
 */
int log_writer_open(const char *file);

/*
 * Lines from now on go to FD, which W owns then; those that wait go where they
 * were going, and then the descriptor before FD is closed, if W owns it.
 */
void log_writer_turn_to(struct log_writer *w, int fd);

/*
 * Lines go straight to standard error again.  What waits is written first,
 * unless FD takes nothing for a second: then it is given up, and the thread
 * with it.  Sets *W to NULL.
 */
void log_writer_free(struct log_writer **w);

/* The lines that were dropped since the process began; for any thread. */
uint64_t log_writer_lost(void);

#endif
