/*
 * date.h - HTTP dates, in the three forms they come in (RFC 9110, 5.6.7)
 */
#ifndef HTTP_DATE_H
#define HTTP_DATE_H

#include "base/text.h"

/*
 * Reads T ("Sun, 06 Nov 1994 08:49:37 GMT", or one of the two obsolete forms)
 * into seconds since the epoch.  A year of two digits is taken as one of the
 * fifty years before or after NOW, also such seconds.  False if T is no date.
 */
bool http_date(struct text t, int64_t now, int64_t *seconds_out);

#endif
