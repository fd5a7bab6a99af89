/*
 * exposition.h - the text format in which Prometheus reads metrics
 *
 * Version 0.0.4 of the format: a family is a HELP and a TYPE line and then
 * its samples.  Values of labels are escaped; names are taken as they are.
 */
#ifndef SERVER_EXPOSITION_H
#define SERVER_EXPOSITION_H

#include "base/buf.h"

#include <stdint.h>

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct label {
    const char *name;
    struct text value;
};

/* Begins the family NAME of TYPE ("counter", "gauge", "histogram"); HELP says what it is. */
void exposition_family(struct buf *to, const char *name, const char *type, const char *help);

/* A sample of NAME with COUNT LABELS; SUFFIX ("_bucket", "") follows the name. */
void exposition_sample(struct buf *to, const char *name, const char *suffix,
                       const struct label *labels, size_t count, uint64_t value);

/* The same with a value in millionths: seconds from microseconds. */
void exposition_micro(struct buf *to, const char *name, const char *suffix,
                      const struct label *labels, size_t count, uint64_t micro);

#endif
