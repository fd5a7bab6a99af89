/*
 * chance.h - hex digits that nobody can guess, for ids
 *
 * They come from the system's generator, a batch for each thread at a time:
 * one system call serves some six requests, where three a request took 2 % of
 * its time.
 */
#ifndef BASE_CHANCE_H
#define BASE_CHANCE_H

#include <stddef.h>

/* Writes COUNT hex digits, an even number, to TO; the first two are not both 0. */
void chance_hex(char *to, size_t count);

#endif
