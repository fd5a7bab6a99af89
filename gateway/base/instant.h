/*
 * instant.h - days and instants as people write them
 *
 * "2026-03-02" is a day, "2026-12-01T09:00:00Z" an instant: both of UTC, in
 * these forms of RFC 3339 and no other, in the years 1970 to 9999.  Inside
 * both are seconds since the epoch; a day is its first one.
 */
#ifndef BASE_INSTANT_H
#define BASE_INSTANT_H

#include "base/text.h"

enum { INSTANT_BYTES = 21 }; /* of one written, with a byte to spare */

/* Reads T.  False if it is none, or stands in no calendar ("2026-02-30"). */
bool instant_read_day(struct text t, int64_t *seconds_out);
bool instant_read(struct text t, int64_t *seconds_out);

/* Writes the day that SECONDS lie in, or SECONDS as an instant, to TO, of INSTANT_BYTES. */
struct text instant_write_day(int64_t seconds, char *to);
struct text instant_write(int64_t seconds, char *to);

#endif
