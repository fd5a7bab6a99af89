/*
 * reading.h - one value on its way into a setting's field
 *
 * What is common to all kinds of settings, and the kinds that are numbers.
 * For the files that read settings only.
 */
#ifndef CONF_READING_H
#define CONF_READING_H

#include "conf/settings.h"

struct reading {
    const struct setting *setting;
    struct text value;
    struct where where;
    struct settings *to;
    struct diag *d;
};

/* The field that the value goes into. */
void *reading_field(const struct reading *r);

/* Complains that the value can't be, WHY; always false. */
bool reading_refuse(const struct reading *r, const char *why);

/* Each reads a value of its kind; false after a complaint. */
bool reading_count(const struct reading *r);
bool reading_size(const struct reading *r);
bool reading_memory(const struct reading *r);
bool reading_time(const struct reading *r);
bool reading_workers(const struct reading *r);

#endif
