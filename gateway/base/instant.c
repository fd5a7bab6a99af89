#include "base/instant.h"

#include <stdio.h>
#include <time.h>

static const char day_shape[] = "0000-00-00", instant_shape[] = "0000-00-00T00:00:00Z";

/* True if T has a digit wherever SHAPE has a 0, and else SHAPE's own bytes. */
static bool has_shape(struct text t, struct text shape)
{
    bool same = t.len == shape.len;

    for (size_t i = 0; same && i < t.len; i++)
        same = shape.at[i] == '0' ? t.at[i] >= '0' && t.at[i] <= '9' : t.at[i] == shape.at[i];
    return same;
}

/* The number in COUNT bytes of T from OFFSET, digits all; 0 behind the end of T. */
static int number_at(struct text t, size_t offset, size_t count)
{
    int number = 0;

    for (size_t i = offset; i < offset + count && i < t.len; i++)
        number = 10 * number + (t.at[i] - '0');
    return number;
}

static bool same_time(const struct tm *a, const struct tm *b)
{
    return a->tm_year == b->tm_year && a->tm_mon == b->tm_mon && a->tm_mday == b->tm_mday &&
           a->tm_hour == b->tm_hour && a->tm_min == b->tm_min && a->tm_sec == b->tm_sec;
}

static bool read_shape(struct text t, const char *shape, int64_t *seconds_out)
{
    if (!has_shape(t, text_from(shape)))
        return false;
    struct tm written = {.tm_year = number_at(t, 0, 4) - 1900,
                         .tm_mon = number_at(t, 5, 2) - 1,
                         .tm_mday = number_at(t, 8, 2),
                         .tm_hour = number_at(t, 11, 2),
                         .tm_min = number_at(t, 14, 2),
                         .tm_sec = number_at(t, 17, 2)};
    struct tm normal = written;
    time_t seconds = timegm(&normal); /* 30 February becomes a day of March */

    *seconds_out = seconds;
    return written.tm_year >= 70 && same_time(&written, &normal);
}

bool instant_read_day(struct text t, int64_t *seconds_out)
{
    return read_shape(t, day_shape, seconds_out);
}

bool instant_read(struct text t, int64_t *seconds_out)
{
    return read_shape(t, instant_shape, seconds_out);
}

struct text instant_write(int64_t seconds, char *to)
{
    char space[80]; /* for any six numbers */
    time_t when = (time_t)seconds;
    struct tm utc;

    gmtime_r(&when, &utc);
    int n = snprintf(space, sizeof space, "%04d-%02d-%02dT%02d:%02d:%02dZ", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
    size_t len = (size_t)n < INSTANT_BYTES ? (size_t)n : 0; /* only years beyond 9999 are longer */
    memcpy(to, space, len);
    return text_of(to, len);
}

struct text instant_write_day(int64_t seconds, char *to)
{
    struct text whole = instant_write(seconds, to);

    whole.len = whole.len ? sizeof day_shape - 1 : 0;
    return whole;
}
