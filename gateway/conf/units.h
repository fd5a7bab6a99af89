/*
 * units.h - times and sizes as ops write them
 *
 * "300s" and "16MiB": digits, at most one space, a unit.
 */
#ifndef CONF_UNITS_H
#define CONF_UNITS_H

#include "base/text.h"

enum units_verdict {
    UNITS_OK,
    UNITS_NOT_A_NUMBER, /* no digits to begin with */
    UNITS_NO_UNIT,      /* a bare number where a unit is needed */
    UNITS_WRONG_UNIT,
    UNITS_TOO_LARGE /* does not fit 64 bits */
};

/* Reads T as a time (ms, s, m, h) into milliseconds; a bare "0" needs no unit. */
enum units_verdict units_time(struct text t, uint64_t *ms_out);

/* Reads T as a size (KiB, MiB, GiB, or plain bytes) into bytes. */
enum units_verdict units_size(struct text t, uint64_t *bytes_out);

/* What VERDICT means for a time (or else a size), as the end of "... is not a time: ...". */
const char *units_complaint(enum units_verdict verdict, bool time);

#endif
