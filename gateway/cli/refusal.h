/*
 * refusal.h - how a refused body is told
 *
 * With its place and, for programs, the public code that a client of the
 * gateway would have got.
 */
#ifndef CLI_REFUSAL_H
#define CLI_REFUSAL_H

#include "translate/translate.h"

#include <stdio.h>

/* The public code for a body refused with CODE on its way in DIRECTION; NULL for TRANSLATE_OK. */
const char *refusal_code(enum direction direction, enum translate_code code);

/* Prints lines for people to TO; FILE is what the body is called. */
void refusal_print(const struct translate_fault *fault, const char *file, FILE *to);

/* Prints one JSON object on a line to TO. */
void refusal_print_json(const struct translate_fault *fault, enum direction direction, FILE *to);

/* The exit code that goes with CODE. */
int refusal_exit(enum translate_code code);

#endif
