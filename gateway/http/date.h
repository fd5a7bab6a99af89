/*
 * date.h - HTTP dates, in the three forms they come in (RFC 9110, 5.6.7)
 */
#ifndef HTTP_DATE_H
#define HTTP_DATE_H

#include "base/text.h"

enum { HTTP_DATE_BYTES = 30 }; /* of one written, with a byte to spare */

/*
 * Reads T ("Sun, 06 Nov 1994 08:49:37 GMT", or one of the two obsolete forms)
 * into seconds since the epoch.  A year of two digits is taken as one of the
 * fifty years before or after NOW, also such seconds.  False if T is no date.
 */
bool http_date(struct text t, int64_t now, int64_t *seconds_out);

/* Writes SECONDS, of the years 1970 to 9999, in the first of the forms to TO, of HTTP_DATE_BYTES.
 */
struct text http_date_write(int64_t seconds, char *to);

#endif
