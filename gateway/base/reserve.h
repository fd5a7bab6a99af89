/*
 * reserve.h - memory for libraries that break when there is none
 *
 * libevent crashes on any NULL.  libcurl 7.88 ends a transfer that gets no
 * large piece, but a small one refused may leave its tables such that it
 * later divides by zero.  So small pieces come from a reserve set aside for
 * them when the system has no more.  Where even that is used up, the process
 * says so and ends: that is the one way out which leaves nothing half done.
 */
#ifndef BASE_RESERVE_H
#define BASE_RESERVE_H

#include <stdbool.h>
#include <stddef.h>

enum {
    RESERVE_SMALL_BYTES = 512, /* the largest piece that the reserve stands in for */
    RESERVE_PIECES = 256
};

/* malloc and its kin, for a library as above: NULL only for more than RESERVE_SMALL_BYTES. */
void *reserve_malloc(size_t size);
void *reserve_calloc(size_t count, size_t size);
void *reserve_realloc(void *old, size_t size);
char *reserve_strdup(const char *string);
void reserve_free(void *at);

/* True if the calling thread was refused a piece since it last asked this. */
bool reserve_refused(void);

/* Says on standard error that memory has run out, and ends the process with 71. */
_Noreturn void reserve_give_up(void);

#endif
